/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inboxes and turns. Laws:
 * 1. inbox is IDLE when nobody has scheduled the cell. A sender that replaces IDLE by its envelope
 *    schedules the cell; the compare-and-swap is acq_rel: release publishes the message, acquire
 *    takes over what the last turn wrote.
 * 2. The running turn takes the whole list by exchange (acquire) and turns it round.
 * 3. System messages come through the same inbox, their pointers marked by a bit, so that a turn can
 *    end with one compare-and-swap. Taking the inbox parts the two kinds; system messages go first,
 *    and the turn looks for new ones before each message.
 * 4. A turn ends by inbox BUSY -> IDLE (release). After that it does not touch the cell: another
 *    worker may already have run it to its end.
 * Runs on workers; uk_cell_tell and uk_cell_system_tell on any thread.
 */
#include "actor/cell.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pool.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { SYSTEM_BIT = 4 }; /* in an inbox pointer: a uk_sysmsg; blocks are 16-aligned */
_Static_assert(offsetof(uk_envelope, next) == 0 && offsetof(uk_sysmsg, next) == 0,
               "one list of both kinds");

int32_t uk_new_uid(void) {
    static _Thread_local uint64_t state;
    if (!state) state = uk_random64() | 1;
    for (;;) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if ((int32_t)(state >> 16)) return (int32_t)(state >> 16);
    }
}
static const uk_ref_vt router_vt, counted_vt;
static size_t round_up(size_t n) { return (n + 15) & ~(size_t)15; }

uk_cell *uk_cell_new(ukko_system *sys, ukko_ref *parent, ukko_props *props, const char *name,
                     int32_t uid, uk_dispatcher *disp) {
    if (props->router) props = uk_routing_props(props);
    size_t head = round_up(sizeof(uk_cell)), state = round_up(props->actor->state_size);
    size_t len = strlen(name) + 1;
    uint8_t cls;
    uk_cell *c = uk_pool_alloc(head + state + len, &cls);
    memset(c, 0, head + state);
    uk_ref_init(&c->ref,
                props->routing ? &router_vt
                : props->load  ? &counted_vt
                               : &uk_cell_vt,
                sys, uid);
    c->flags =
        (uint8_t)((props->load ? UK_CELL_COUNTED : 0) | (props->shared ? UK_CELL_SHARED : 0));
    atomic_init(&c->ref.refs, 2); /* its life, and the caller's */
    atomic_init(&c->inbox, UK_INBOX_BUSY); /* the first turn creates it */
    c->pool_class = cls;
    c->state = (uint8_t *)c + head;
    c->name = memcpy((uint8_t *)c + head + state, name, len);
    c->rooted = *name == '/'; /* no name has a slash: it is a path from the root */
    if (c->rooted) c->name = strrchr(c->name, '/') + 1;
    c->parent = uk_ref_retain(parent);
    c->props = props;
    c->behavior = &props->actor->receive;
    c->disp = disp;
    return c;
}
void uk_cell_start(uk_cell *c) {
    if (c->props->routing) uk_router_begin(c);
    uk_schedule(c);
}
void uk_cell_discard(uk_cell *c) {
    atomic_fetch_sub_explicit(&c->ref.refs, 1,
                              memory_order_relaxed); /* its life, which never was */
    uk_ref_release(&c->ref);
}
uk_more *uk_cell_more(uk_cell *c) {
    if (!c->more) c->more = uk_zalloc(sizeof *c->more);
    return c->more;
}
static void cell_free(ukko_ref *r) {
    uk_cell *c = uk_cell_of(r);
    uk_kids_free(c);
    if (c->more) {
        uk_more *m = c->more;
        uk_set_fini(&m->watching);
        uk_set_fini(&m->watched_by);
        uk_set_fini(&m->terminated_queued);
        uk_set_fini(&m->dying);
        for (uk_child_stat *s = m->stats, *next; s; s = next) {
            next = s->next;
            uk_ref_release(s->child);
            uk_free(s);
        }
        uk_ref_release(m->perpetrator);
        ukko_msg_release(m->wait_cause);
        ukko_msg_release(m->failed_message);
        uk_free(m);
    }
    ukko_props_release(c->props);
    uk_ref_release(c->parent);
    uk_ref_fini(r);
    uk_pool_free(c, c->pool_class);
}

/* ---- senders ---- */

/* Pushes a node; false: the inbox is closed. `next` is the node's link, `tagged` what points to it. */
static bool push(uk_cell *c, void *next, uintptr_t tagged) {
    uintptr_t old = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    do {
        if (old == UK_INBOX_CLOSED) return false;
        uintptr_t rest = old == UK_INBOX_IDLE ? 0 : old;
        memcpy(next, &rest, sizeof rest);
    } while (!atomic_compare_exchange_weak_explicit(&c->inbox, &old, tagged, memory_order_acq_rel,
                                                    memory_order_relaxed)); /* law 1 */
    if (old == UK_INBOX_IDLE) uk_schedule(c);
    return true;
}
void uk_cell_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    if (msg->type == &uk_selection_type) {
        uk_selection_deliver(to, msg, sender);
        return;
    }
    if (atomic_load_explicit(&c->inbox, memory_order_relaxed) == UK_INBOX_CLOSED) {
        uk_dead_letter(to->sys, msg, sender, to, "the actor has stopped");
        return;
    }
    uk_envelope *e = uk_envelope_new(msg, sender);
    if (push(c, &e->next, (uintptr_t)e)) return;
    uk_dead_letter(to->sys, ukko_msg_retain(msg), sender, to, "the actor has stopped");
    uk_envelope_free(e);
}
static void counted_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_load *l = uk_cell_of(to)->props->load;
    if (msg->type != &uk_selection_type)
        atomic_fetch_add_explicit(&l->queued, 1, memory_order_relaxed);
    uk_cell_tell(to, msg, sender);
}
static void cell_system(ukko_ref *to, uk_sysmsg *m) {
    if (push(uk_cell_of(to), &m->next, (uintptr_t)m | SYSTEM_BIT)) return;
    m->next = NULL;
    uk_dead_system(to->sys, m, to);
}
static ukko_ref *cell_parent(ukko_ref *r) { return uk_ref_retain(uk_cell_of(r)->parent); }

static ukko_ref *cell_child(ukko_ref *r, ukko_slice name, int32_t uid) {
    ukko_ref *child = uk_kids_get(uk_cell_of(r), name);
    if (!child &&
        uk_cell_of(r) == r->sys->system_guardian) { /* the runtime's own, which are no cells */
        char key[80];
        int n = snprintf(key, sizeof key, "system/%.*s", (int)(name.len < 64 ? name.len : 64),
                         (const char *)name.ptr);
        child = uk_top_get(r->sys, (ukko_slice){(const uint8_t *)key, (size_t)n});
    }
    if (child && uid && child->uid != uid) {
        uk_ref_release(child);
        return NULL;
    }
    return child;
}
static void cell_print(ukko_ref *r, uk_buf *out) {
    uk_cell *c = uk_cell_of(r);
    if (c->rooted) {
        size_t before = round_up(sizeof(uk_cell)) + round_up(c->props->actor->state_size);
        uk_buf_str(out, (const char *)c + before);
        return;
    }
    if (c->parent->vt->print && c->parent->vt->kind != UK_REF_CONTAINER)
        c->parent->vt->print(c->parent, out);
    uk_buf_byte(out, '/');
    uk_buf_str(out, c->name);
}
const uk_ref_vt uk_cell_vt = {UK_REF_CELL, uk_cell_tell, cell_system, cell_parent, cell_child,
                              cell_print, cell_free, NULL};
static const uk_ref_vt router_vt = {UK_REF_CELL, uk_router_tell, cell_system, cell_parent,
                                    cell_child,  cell_print,     cell_free,   NULL};
static const uk_ref_vt counted_vt = {UK_REF_CELL, counted_tell, cell_system, cell_parent,
                                     cell_child,  cell_print,   cell_free,   NULL};

bool uk_ref_stopped(const ukko_ref *ref) {
    if (ref->vt->kind != UK_REF_CELL) return ref->vt->kind == UK_REF_EMPTY;
    const uk_cell *c = (const uk_cell *)(const void *)ref;
    return atomic_load_explicit(&c->stopped, memory_order_relaxed);
}

/* ---- the turn ---- */

/* Parts a list of both kinds, newest first, into the two queues, oldest first. */
static void part(uk_cell *c, uintptr_t v) {
    uk_envelope *first = NULL, *last = NULL;
    uk_sysmsg *sys = NULL;
    while (v) {
        void *node = (void *)(v & ~(uintptr_t)SYSTEM_BIT);
        uintptr_t next;
        memcpy(&next, node, sizeof next);
        if (v & SYSTEM_BIT) {
            ((uk_sysmsg *)node)->next = sys;
            sys = node;
        } else {
            ((uk_envelope *)node)->next = first;
            first = node;
            if (!last) last = node;
        }
        v = next;
    }
    if (first) {
        if (c->tail) c->tail->next = first;
        else c->head = first;
        c->tail = last;
    }
    uk_sysmsg **end = &c->sys_head;
    while (*end) end = &(*end)->next;
    *end = sys;
}
static void take_inbox(uk_cell *c) { /* law 2 */
    if (atomic_load_explicit(&c->inbox, memory_order_relaxed) > UK_INBOX_CLOSED)
        part(c, atomic_exchange_explicit(&c->inbox, UK_INBOX_BUSY, memory_order_acquire));
}
static void run_system(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    take_inbox(c);
    while (c->sys_head && !atomic_load_explicit(&c->stopped, memory_order_relaxed)) {
        uk_sysmsg *m = c->sys_head;
        c->sys_head = m->next;
        m->next = NULL;
        uk_cell_system(ctx, m);
        take_inbox(c);
    }
}
/* Handles messages until the budget, the queue or the actor ends. true: there is more to do. */
static bool run_messages(ukko_ctx *ctx, unsigned budget) {
    uk_cell *c = ctx->cell;
    for (;;) {
        run_system(ctx);
        if (atomic_load_explicit(&c->stopped, memory_order_relaxed) || c->suspended) return false;
        uk_envelope *e = c->head;
        if (!e && !(c->flags & UK_CELL_SHARED)) return false;
        if (!budget--) return true;
        if (e) c->head = e->next;
        else if (!(e = uk_shared_take(c->props->shared, c))) return false;
        if (!c->head) c->tail = NULL;
        e->next = NULL;
        uk_cell_receive(ctx, e);
    }
}
/* Tries to give the cell up. false: something came meanwhile, the turn goes on. */
static bool go_idle(uk_cell *c) {
    uintptr_t busy = UK_INBOX_BUSY; /* law 4: release publishes this turn's writes to the next */
    return atomic_compare_exchange_strong_explicit(&c->inbox, &busy, UK_INBOX_IDLE,
                                                   memory_order_release, memory_order_relaxed);
}
void uk_cell_run(uk_cell *c) {
    ukko_ctx ctx = {c, NULL, false, NULL};
    ukko_system *sys = c->ref.sys;
    unsigned budget = uk_dispatcher_throughput(c->disp);
    if (!(c->flags & UK_CELL_BORN)) {
        c->flags |= UK_CELL_BORN;
        uk_cell_create(&ctx);
    }
    for (;;) {
        bool more = run_messages(&ctx, budget);
        if (atomic_load_explicit(&c->stopped, memory_order_relaxed)) {
            uk_turn_flush(sys);
            uk_ref_release(&c->ref); /* its life */
            return;
        }
        uk_turn_flush(sys);
        if (more && !uk_sched_alone()) {
            uk_reschedule(c);
            return;
        }
        if (!more && go_idle(c)) return;
    }
}
void uk_cell_close(uk_cell *c) {
    ukko_system *sys = c->ref.sys;
    atomic_store_explicit(&c->stopped, 1, memory_order_relaxed);
    if (c->flags & UK_CELL_SHARED) uk_shared_leave(c->props->shared, c);
    uintptr_t v = atomic_exchange_explicit(&c->inbox, UK_INBOX_CLOSED, memory_order_acq_rel);
    if (v > UK_INBOX_CLOSED) part(c, v);
    for (uk_envelope *e = c->head, *next; e; e = next) {
        next = e->next;
        uk_dead_letter(sys, ukko_msg_retain(e->msg), e->sender, &c->ref, "the actor has stopped");
        uk_envelope_free(e);
    }
    c->head = c->tail = NULL;
    while (c->sys_head) {
        uk_sysmsg *m = c->sys_head;
        c->sys_head = m->next;
        m->next = NULL;
        uk_dead_system(sys, m, &c->ref);
    }
}
