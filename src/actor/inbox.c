/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of a cell's inbox; the laws are in inbox.h. Telling runs on any thread, keeping back
   several messages to one cell in a handler on workers, taking in the cell's turn. */
#include "actor/inbox.h"
#include "actor/system.h"
#include "actor/worker.h"
#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(uk_envelope, next) == 0 && offsetof(uk_sysmsg, next) == 0,
               "one list of both kinds");
_Static_assert(offsetof(ukko_msg, env) == 0, "the message around an envelope");

/* ---- senders ---- */

/* Pushes a node; false: the inbox is closed. `next` is the node's link, `marked` what points to it. */
static inline bool push(uk_cell *c, void *next, uintptr_t marked) {
    uintptr_t old = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    do {
        if (old == UK_INBOX_CLOSED) return false;
        uintptr_t rest = old == UK_INBOX_IDLE ? 0 : old;
        memcpy(next, &rest, sizeof rest);
    } while (!atomic_compare_exchange_weak_explicit(&c->inbox, &old, marked, memory_order_acq_rel,
                                                    memory_order_relaxed)); /* law 1 */
    if (old == UK_INBOX_IDLE) uk_schedule_fast(c);
    return true;
}
static bool closed(uk_cell *c) {
    return atomic_load_explicit(&c->inbox, memory_order_relaxed) == UK_INBOX_CLOSED;
}
static void dead(uk_cell *c, uk_envelope *e) {
    uk_dead_letter(c->ref.sys, ukko_msg_retain(e->msg), e->sender, &c->ref,
                   "the actor has stopped");
    uk_envelope_free(e);
}
void uk_cell_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    if (msg->type == &uk_selection_type) {
        uk_selection_deliver(to, msg, sender);
        return;
    }
    if (closed(c)) {
        uk_dead_letter(to->sys, msg, sender, to, "the actor has stopped");
        return;
    }
    uk_envelope *e = uk_envelope_new(msg, sender);
    if (!push(c, &e->next, (uintptr_t)e)) dead(c, e);
}
void uk_cell_tell_system(ukko_ref *to, uk_sysmsg *m) {
    if (push(uk_cell_of(to), &m->next, (uintptr_t)m | UK_INBOX_SYSTEM)) return;
    m->next = NULL;
    uk_dead_system(to->sys, m, to);
}

/* ---- several in a row ---- */

void uk_cell_push_chain(uk_cell *to, uk_envelope *first, uk_envelope *last) {
    if (first == last) {
        if (!push(to, &first->next, (uintptr_t)first)) dead(to, first);
        return;
    }
    first->msg = (ukko_msg *)(void *)last; /* law 5; the taker puts it right again */
    if (push(to, &last->next, (uintptr_t)first | UK_INBOX_CHAIN)) return;
    first->msg = (ukko_msg *)(void *)first;
    last->next = NULL;
    for (uk_envelope *next; first; first = next) {
        next = first->next;
        dead(to, first);
    }
}
static void out_flush(uk_worker *w) {
    uk_own_enter(w);
    uk_outbox out = {w->out.to, w->out.first, w->out.last, 0};
    w->out.first = w->out.last = NULL;
    atomic_store_explicit(&w->out.n, 0, memory_order_relaxed);
    uk_own_leave(w);
    if (!out.first) return; /* a watcher was first */
    uk_cell_push_chain(out.to, out.first, out.last);
    uk_ref_release_late(&out.to->ref);
}
void uk_outbox_flush(void) {
    uk_worker *w = uk_here.w;
    if (!w) return;
    if (atomic_load_explicit(&w->out.n, memory_order_relaxed)) out_flush(w);
    w->out.to = NULL;
}
static void keep_back(uk_worker *w, uk_cell *to, uk_envelope *e) {
    uk_own_enter(w);
    uint32_t n = atomic_load_explicit(&w->out.n, memory_order_relaxed) + 1;
    if (w->out.first) {
        w->out.last->next = e;
    } else {
        uk_ref_retain(&to->ref); /* until it is pushed */
        w->out.first = e;
    }
    w->out.last = e;
    atomic_store_explicit(&w->out.n, n, memory_order_relaxed);
    uk_own_leave(w);
    if (n == UK_CHAIN_MAX) out_flush(w);
}
void uk_cell_send(ukko_ctx *ctx, ukko_ref *r, ukko_msg *msg) {
    uk_worker *w = uk_here.w;
    uk_cell *to = uk_cell_of(r);
    if (__builtin_expect(!w || msg->type == &uk_selection_type || closed(to), 0)) {
        uk_ref_tell(r, msg, &ctx->cell->ref);
        return;
    }
    uk_envelope *e = uk_envelope_of(msg, uk_cell_retain_self(ctx->cell));
    if (w->out.to == to && e == &msg->env) {
        keep_back(w, to, e);
        return;
    }
    if (atomic_load_explicit(&w->out.n, memory_order_relaxed)) out_flush(w);
    w->out.to = to->disp == w->d ? to : NULL; /* nobody of another dispatcher pushes late */
    if (!push(to, &e->next, (uintptr_t)e)) dead(to, e);
}

/* ---- the turn ---- */

static void free_handled(uk_envelope *e) {
    uk_ref_release_late(e->sender);
    uk_envelope_drop(e);
}
static uk_envelope *envelope_at(uintptr_t node) {
    return (uk_envelope *)(node & ~(uintptr_t)UK_INBOX_MARKS);
}
void uk_cell_done(uk_cell *c, uk_envelope *e) {
    if (e == envelope_at(c->anchor)) c->anchor_done = 1; /* law 2 */
    else free_handled(e);
}
static void drop_anchor(uk_cell *c) {
    if (c->anchor_done) free_handled(envelope_at(c->anchor));
    c->anchor = 0;
    c->anchor_done = 0;
}
/* Parts the nodes from v to the anchor, newest first, into the two queues, oldest first. */
static void part(uk_cell *c, uintptr_t v) {
    uk_envelope *first = NULL, *last = NULL;
    uk_sysmsg *sys = NULL;
    while (v != c->anchor) {
        void *node = (void *)(v & ~(uintptr_t)UK_INBOX_MARKS);
        uk_envelope *e = node, *end = e;
        uintptr_t next;
        if (v & UK_INBOX_CHAIN) {
            end = (uk_envelope *)(void *)e->msg;
            e->msg = (ukko_msg *)node;
        }
        memcpy(&next, v & UK_INBOX_SYSTEM ? node : end, sizeof next);
        if (v & UK_INBOX_SYSTEM) {
            ((uk_sysmsg *)node)->next = sys;
            sys = node;
        } else {
            end->next = first;
            first = e;
            if (!last) last = end;
        }
        v = next;
    }
    if (first) {
        if (c->head) c->tail->next = first;
        else c->head = first;
        c->tail = last;
    }
    uk_sysmsg **at = &c->sys_head;
    while (*at) at = &(*at)->next;
    *at = sys;
}
void uk_inbox_take(uk_cell *c, uintptr_t newest) {
    if (newest == UK_INBOX_CLOSED) return;
    bool system = newest & UK_INBOX_SYSTEM; /* law 3 */
    if (system) newest = atomic_exchange_explicit(&c->inbox, UK_INBOX_BUSY, memory_order_acquire);
    part(c, newest);
    drop_anchor(c);
    if (!system) c->anchor = newest;
}
bool uk_inbox_idle(uk_cell *c) {
    uintptr_t anchor = c->anchor, now = anchor;
    bool handled = c->anchor_done;
    c->anchor = 0; /* the next turn begins with an inbox of its own */
    c->anchor_done = 0;
    if (!atomic_compare_exchange_strong_explicit(&c->inbox, &now, UK_INBOX_IDLE,
                                                 memory_order_release, memory_order_relaxed)) {
        c->anchor = anchor;
        c->anchor_done = handled;
        return false;
    }
    if (handled) free_handled(envelope_at(anchor));
    return true;
}
void uk_inbox_close(uk_cell *c) {
    uintptr_t v = atomic_exchange_explicit(&c->inbox, UK_INBOX_CLOSED, memory_order_acq_rel);
    if (v > UK_INBOX_CLOSED) part(c, v); /* else it was empty, and there is no anchor */
    drop_anchor(c);
}
