/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of a cell's inbox; the laws are in inbox.h. Telling runs on any thread, taking in the
   cell's turn. */
#include "actor/inbox.h"
#include "actor/system.h"
#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(uk_envelope, next) == 0 && offsetof(uk_sysmsg, next) == 0,
               "one list of both kinds");
_Static_assert(offsetof(ukko_msg, env) == 0, "the message around an envelope");

/* ---- senders ---- */

void uk_inbox_dead(uk_cell *c, uk_envelope *e) {
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
    if (uk_inbox_closed(c)) {
        uk_dead_letter(to->sys, msg, sender, to, "the actor has stopped");
        return;
    }
    uk_envelope *e = uk_envelope_new(msg, sender);
    uk_worker *w = uk_here.w;
    if (w && c->disp == w->sole) uk_sole_push(w, c, e);
    else if (!uk_inbox_push(c, &e->next, (uintptr_t)e)) uk_inbox_dead(c, e);
}
/* A chain, or one that is both ends of it, behind those in the turn's own ring. */
static void append_system(uk_cell *c, uk_sysmsg *oldest, uk_sysmsg *newest) {
    newest->next = c->sys_last ? c->sys_last->next : oldest;
    if (c->sys_last) c->sys_last->next = oldest;
    c->sys_last = newest;
}
static bool sole_push_system(uk_worker *w, uk_cell *c, uk_sysmsg *m) {
    if (!uk_sole_look(c)) return false;
    append_system(c, m, m);
    uk_sole_activate(w, c);
    return true;
}
void uk_cell_tell_system(ukko_ref *to, uk_sysmsg *m) {
    uk_cell *c = uk_cell_of(to);
    uk_worker *w = uk_here.w;
    if (w && c->disp == w->sole ? sole_push_system(w, c, m)
                                : uk_inbox_push(c, &m->next, (uintptr_t)m | UK_INBOX_SYSTEM))
        return;
    m->next = NULL;
    uk_dead_system(to->sys, m, to);
}

/* ---- several in a row ---- */

void uk_cell_push_chain(uk_cell *to, uk_envelope *first, uk_envelope *last) {
    if (first == last) {
        if (!uk_inbox_push(to, &first->next, (uintptr_t)first)) uk_inbox_dead(to, first);
        return;
    }
    first->msg = (ukko_msg *)(void *)last; /* law 5; the taker puts it right again */
    if (uk_inbox_push(to, &last->next, (uintptr_t)first | UK_INBOX_CHAIN)) return;
    first->msg = (ukko_msg *)(void *)first;
    last->next = NULL;
    for (uk_envelope *next; first; first = next) {
        next = first->next;
        uk_inbox_dead(to, first);
    }
}
/* ---- the turn ---- */

void uk_cell_done(uk_cell *c, uk_envelope *e) { uk_inbox_done(c, e); }
/* Parts the nodes from v to the anchor, newest first, into the two queues, oldest first. */
static void part(uk_cell *c, uintptr_t v, uintptr_t anchor) {
    uk_envelope *first = NULL, *last = NULL;
    uk_sysmsg *sys = NULL, *newest = NULL;
    while (v != anchor) {
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
            if (!newest) newest = sys;
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
    if (sys) append_system(c, sys, newest);
}
void uk_inbox_take(uk_cell *c, uintptr_t newest) {
    if (newest == UK_INBOX_CLOSED) return;
    bool system = newest & UK_INBOX_SYSTEM; /* law 3 */
    if (system) newest = atomic_exchange_explicit(&c->inbox, UK_INBOX_BUSY, memory_order_acquire);
    part(c, newest, c->anchor);
    uk_inbox_set_anchor(c, system ? 0 : newest);
}
void uk_inbox_add_system(uk_cell *c, uk_sysmsg *m) {
    uk_inbox_look(c);
    append_system(c, m, m);
}
void uk_inbox_close(uk_cell *c) {
    uintptr_t v = atomic_exchange_explicit(&c->inbox, UK_INBOX_CLOSED, memory_order_acq_rel);
    if (v > UK_INBOX_OWNED) part(c, v, c->anchor); /* else it was empty, and there is no anchor */
    uk_inbox_set_anchor(c, 0);
}

/* ---- law 6 ---- */

void uk_sole_hand_in(uk_cell *c) { /* any thread */
    uk_ref_retain(&c->ref);
    uk_schedule_slow(c);
}
bool uk_sole_take(uk_cell *c, uintptr_t v) {
    if (v == UK_INBOX_CLOSED) return false;
    if (v > UK_INBOX_OWNED)
        part(c, atomic_exchange_explicit(&c->inbox, UK_INBOX_BUSY, memory_order_acq_rel), 0);
    return true;
}
bool uk_sole_open(uk_cell *c) {
    bool runs = false; /* it is closed in its own turn only, so not meanwhile */
    if (!uk_inbox_closed(c)) {
        runs = !uk_sole_is_active(c);
        atomic_store_explicit(&c->active, 1, memory_order_relaxed);
        uintptr_t v = atomic_exchange_explicit(&c->inbox, UK_INBOX_OWNED, memory_order_acq_rel);
        if (v > UK_INBOX_OWNED) part(c, v, 0);
    }
    uk_ref_release(&c->ref);
    return runs;
}
void uk_sole_return(uk_cell *c) {
    uintptr_t owned = UK_INBOX_OWNED;
    atomic_store_explicit(&c->active, 0, memory_order_release);
    /* else it is in the injector already, or about to come there */
    if (atomic_compare_exchange_strong_explicit(&c->inbox, &owned, UK_INBOX_BUSY,
                                                memory_order_acq_rel, memory_order_relaxed))
        uk_sole_hand_in(c);
}
