/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inboxes and turns. Laws:
 * 1. inbox is IDLE when nobody has scheduled the cell. A sender that replaces IDLE by its envelope
 *    schedules the cell; the compare-and-swap is acq_rel: release publishes the message, acquire
 *    takes over what the last turn wrote.
 * 2. The running turn takes the whole list by exchange (acquire) and turns it round.
 * 3. A turn ends by inbox BUSY -> IDLE (seq_cst), then looks at sys_inbox (seq_cst). A sender of a
 *    system message pushes (seq_cst) and then tries IDLE -> BUSY (seq_cst): one of the two sees the
 *    other, so no system message stays behind.
 * 4. After IDLE was written the turn does not touch the cell, unless it takes it back.
 * Runs on workers; uk_cell_tell and uk_cell_system_tell on any thread.
 */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

static uk_sysmsg closed_mark; /* its address closes sys_inbox */

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
static size_t round_up(size_t n) { return (n + 15) & ~(size_t)15; }

uk_cell *uk_cell_new(ukko_system *sys, ukko_ref *parent, ukko_props *props, const char *name,
                     int32_t uid, uk_dispatcher *disp) {
    size_t head = round_up(sizeof(uk_cell)), state = round_up(props->actor->state_size);
    size_t len = strlen(name) + 1;
    uint8_t cls;
    uk_cell *c = uk_pool_alloc(head + state + len, &cls);
    memset(c, 0, head + state);
    uk_ref_init(&c->ref, &uk_cell_vt, sys, uid);
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
void uk_cell_discard(uk_cell *c) {
    atomic_fetch_sub_explicit(&c->ref.refs, 1, memory_order_relaxed); /* its life, which never was */
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

static void cell_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    if (msg->type == &uk_selection_type) {
        uk_selection_deliver(to, msg, sender);
        return;
    }
    uintptr_t old = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    if (old == UK_INBOX_CLOSED) {
        uk_dead_letter(to->sys, msg, sender, to, "the actor has stopped");
        return;
    }
    uk_envelope *e = uk_envelope_new(msg, sender);
    do {
        if (old == UK_INBOX_CLOSED) {
            uk_dead_letter(to->sys, ukko_msg_retain(msg), sender, to, "the actor has stopped");
            uk_envelope_free(e);
            return;
        }
        e->next = old == UK_INBOX_IDLE ? NULL : (uk_envelope *)old;
    } while (!atomic_compare_exchange_weak_explicit(&c->inbox, &old, (uintptr_t)e,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (old == UK_INBOX_IDLE) uk_schedule(c);
}
static void cell_system(ukko_ref *to, uk_sysmsg *m) {
    uk_cell *c = uk_cell_of(to);
    uk_sysmsg *old = atomic_load_explicit(&c->sys_inbox, memory_order_relaxed);
    do {
        if (old == &closed_mark) {
            uk_dead_system(to->sys, m, to);
            return;
        }
        m->next = old;
    } while (!atomic_compare_exchange_weak_explicit(&c->sys_inbox, &old, m, memory_order_seq_cst,
                                                    memory_order_relaxed));
    uintptr_t idle = UK_INBOX_IDLE; /* law 3 */
    if (atomic_compare_exchange_strong_explicit(&c->inbox, &idle, UK_INBOX_BUSY,
                                                memory_order_seq_cst, memory_order_relaxed))
        uk_schedule(c);
}
static ukko_ref *cell_parent(ukko_ref *r) { return uk_ref_retain(uk_cell_of(r)->parent); }

static ukko_ref *cell_child(ukko_ref *r, ukko_slice name, int32_t uid) {
    ukko_ref *child = uk_kids_get(uk_cell_of(r), name);
    if (!child && uk_cell_of(r) == r->sys->system_guardian) { /* the runtime's own, which are no cells */
        char key[80];
        int n = snprintf(key, sizeof key, "system/%.*s", (int)(name.len < 64 ? name.len : 64), (const char *)name.ptr);
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
    if (c->parent->vt->print && c->parent->vt->kind != UK_REF_CONTAINER) c->parent->vt->print(c->parent, out);
    uk_buf_byte(out, '/');
    uk_buf_str(out, c->name);
}
const uk_ref_vt uk_cell_vt = {UK_REF_CELL, cell_tell, cell_system, cell_parent, cell_child,
                              cell_print, cell_free, NULL};

bool uk_ref_stopped(const ukko_ref *ref) {
    if (ref->vt->kind != UK_REF_CELL) return ref->vt->kind == UK_REF_EMPTY;
    const uk_cell *c = (const uk_cell *)(const void *)ref;
    return atomic_load_explicit(&c->stopped, memory_order_relaxed);
}

/* ---- the turn ---- */

static void take_inbox(uk_cell *c) { /* law 2 */
    uintptr_t v = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    if (v <= UK_INBOX_CLOSED) return;
    uk_envelope *e = (uk_envelope *)atomic_exchange_explicit(&c->inbox, UK_INBOX_BUSY, memory_order_acquire);
    uk_envelope *first = NULL, *last = e;
    while (e) {
        uk_envelope *next = e->next;
        e->next = first;
        first = e;
        e = next;
    }
    if (c->tail) c->tail->next = first;
    else c->head = first;
    c->tail = last;
}
static void run_system(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    while (atomic_load_explicit(&c->sys_inbox, memory_order_relaxed)) {
        if (atomic_load_explicit(&c->stopped, memory_order_relaxed)) return;
        uk_sysmsg *m = atomic_exchange_explicit(&c->sys_inbox, NULL, memory_order_acquire);
        uk_sysmsg *first = NULL;
        while (m) {
            uk_sysmsg *next = m->next;
            m->next = first;
            first = m;
            m = next;
        }
        while (first) {
            uk_sysmsg *next = first->next;
            first->next = NULL;
            if (atomic_load_explicit(&c->stopped, memory_order_relaxed)) uk_dead_system(c->ref.sys, first, &c->ref);
            else uk_cell_system(ctx, first);
            first = next;
        }
    }
}
/* Handles messages until the budget, the queue or the actor ends. true: there is more to do. */
static bool run_messages(ukko_ctx *ctx, unsigned budget) {
    uk_cell *c = ctx->cell;
    for (;;) {
        run_system(ctx);
        if (atomic_load_explicit(&c->stopped, memory_order_relaxed) || c->suspended) return false;
        if (!c->head) take_inbox(c);
        uk_envelope *e = c->head;
        if (!e) return false;
        if (!budget--) return true;
        c->head = e->next;
        if (!c->head) c->tail = NULL;
        e->next = NULL;
        uk_cell_receive(ctx, e);
    }
}
/* Tries to give the cell up. false: something came meanwhile, the turn goes on. */
static bool go_idle(uk_cell *c) {
    uintptr_t busy = UK_INBOX_BUSY;
    if (c->suspended) take_inbox(c); /* they wait in the queue, not in the inbox */
    if (!atomic_compare_exchange_strong_explicit(&c->inbox, &busy, UK_INBOX_IDLE,
                                                 memory_order_seq_cst, memory_order_relaxed))
        return false;
    if (!atomic_load_explicit(&c->sys_inbox, memory_order_seq_cst)) return true;
    uintptr_t idle = UK_INBOX_IDLE; /* law 3: whoever gets it back runs it */
    return !atomic_compare_exchange_strong_explicit(&c->inbox, &idle, UK_INBOX_BUSY,
                                                    memory_order_seq_cst, memory_order_relaxed);
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
    take_inbox(c);
    uintptr_t v = atomic_exchange_explicit(&c->inbox, UK_INBOX_CLOSED, memory_order_acq_rel);
    uk_envelope *rest = v > UK_INBOX_CLOSED ? (uk_envelope *)v : NULL, *ordered = NULL;
    while (rest) {
        uk_envelope *next = rest->next;
        rest->next = ordered;
        ordered = rest;
        rest = next;
    }
    if (c->tail) c->tail->next = ordered;
    else c->head = ordered;
    for (uk_envelope *e = c->head, *next; e; e = next) {
        next = e->next;
        uk_dead_letter(sys, ukko_msg_retain(e->msg), e->sender, &c->ref, "the actor has stopped");
        uk_envelope_free(e);
    }
    c->head = c->tail = NULL;
    uk_sysmsg *m = atomic_exchange_explicit(&c->sys_inbox, &closed_mark, memory_order_acq_rel);
    for (uk_sysmsg *next; m; m = next) {
        next = m->next;
        m->next = NULL;
        uk_dead_system(sys, m, &c->ref);
    }
}
