/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox of a cell: one word that many push to and the turn takes from. Laws:
 * 1. inbox is IDLE when nobody has scheduled the cell. A sender that replaces IDLE by its envelope
 *    schedules the cell; the compare-and-swap is acq_rel: release publishes the message, acquire
 *    takes over what the last turn wrote.
 * 2. A turn takes what is new by a plain load (acquire): all from the inbox down to the anchor, the
 *    newest node it took before. The anchor stays in the inbox, so it must not be freed before it
 *    is replaced by a newer one or the inbox falls idle: no other node can then have its address.
 * 3. System messages come through the same inbox, their pointers marked by a bit, so that a turn
 *    can end with one compare-and-swap. Taking parts the two kinds; system messages go first, and
 *    the turn looks for new ones before each message. When the newest node is a system message the
 *    inbox is emptied by an exchange: only envelopes are anchors.
 * 4. A turn ends by inbox anchor -> IDLE (release). After that it does not touch the cell: another
 *    worker may already have run it to its end.
 * 5. A chain is one node with several envelopes in the order they were sent.
 * 6. SOLE: the dispatcher of the cell has a single worker. To that the cell's queues are open also
 *    outside of the turn: it puts there what its actors send to each other, with no atomic
 *    instruction, and keeps the cell when it has nothing to do. For all others the inbox is OWNED
 *    then; who replaces that hands the cell to the injector, with a count of it. What takes nodes
 *    from the inbox before they come out of the injector leaves BUSY there; when they come out it
 *    is OWNED again. So a cell is in the injector once at most, and may be runnable besides
 *    (`active`). Who puts something in the queues looks at the inbox first: what was sent before
 *    stays before. The I/O thread runs such a cell only while the worker is free of turns (law 6 of
 *    sched.c), and only one that is not active; it goes by the inbox as all others.
 */
#ifndef UK_ACTOR_INBOX_H
#define UK_ACTOR_INBOX_H
#include "actor/worker.h"
#include <string.h>

void uk_cell_tell_system(ukko_ref *to, uk_sysmsg *m);
void uk_sole_hand_in(uk_cell *c); /* law 6 */
void uk_inbox_dead(uk_cell *c, uk_envelope *e); /* it was closed: a dead letter */
static inline bool uk_inbox_closed(uk_cell *c) {
    return atomic_load_explicit(&c->inbox, memory_order_relaxed) == UK_INBOX_CLOSED;
}
/* Pushes a node; false: the inbox is closed. `next` is the node's link, `marked` what points to
   it. */
static inline bool uk_inbox_push(uk_cell *c, void *next, uintptr_t marked) {
    uintptr_t old = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    do {
        if (__builtin_expect(old == UK_INBOX_CLOSED, 0)) return false;
        uintptr_t rest = old & 1 ? 0 : old; /* IDLE, OWNED */
        memcpy(next, &rest, sizeof rest);
    } while (!atomic_compare_exchange_weak_explicit(&c->inbox, &old, marked, memory_order_acq_rel,
                                                    memory_order_relaxed)); /* law 1 */
    if (old == UK_INBOX_IDLE) uk_schedule_fast(c);
    else if (__builtin_expect(old == UK_INBOX_OWNED, 0)) uk_sole_hand_in(c);
    return true;
}

/* ---- law 6 ---- */

bool uk_sole_take(uk_cell *c, uintptr_t seen); /* its owner: nodes into the queues; false: closed */
/* It came out of the injector; takes its count. true: it is to run, and active now. */
bool uk_sole_open(uk_cell *c);
void uk_sole_return(uk_cell *c); /* the I/O thread has run it, and it has more to do */
static inline bool uk_sole_is_active(uk_cell *c) {
    return atomic_load_explicit(&c->active, memory_order_acquire);
}
/* By the worker that owns it. false: it is closed. */
static inline bool uk_sole_look(uk_cell *c) {
    uintptr_t v = atomic_load_explicit(&c->inbox, memory_order_acquire);
    return __builtin_expect(v == UK_INBOX_OWNED, 1) || uk_sole_take(c, v);
}
static inline void uk_sole_activate(uk_worker *w, uk_cell *c) {
    if (atomic_load_explicit(&c->active, memory_order_relaxed)) return;
    atomic_store_explicit(&c->active, 1, memory_order_relaxed);
    uk_sole_queue(w, c);
}
/* Takes e, whose next is NULL; the inbox has been looked at. */
static inline void uk_sole_append(uk_worker *w, uk_cell *c, uk_envelope *e) {
    if (c->head) c->tail->next = e;
    else c->head = e;
    c->tail = e;
    uk_sole_activate(w, c);
}
/* Takes e. */
static inline void uk_sole_push(uk_worker *w, uk_cell *c, uk_envelope *e) {
    if (!uk_sole_look(c)) {
        uk_inbox_dead(c, e);
        return;
    }
    e->next = NULL;
    uk_sole_append(w, c, e);
}

/* ---- the turn's own ---- */

static inline uk_sysmsg *uk_inbox_pop_system(uk_cell *c) { /* the oldest; there is one */
    uk_sysmsg *last = c->sys_last, *m = last->next;
    last->next = m->next;
    if (m == last) c->sys_last = NULL;
    m->next = NULL;
    return m;
}

void uk_inbox_add_system(uk_cell *c, uk_sysmsg *m); /* behind all that came, without the inbox */

static inline uk_envelope *uk_envelope_at(uintptr_t node) {
    return (uk_envelope *)(node & ~(uintptr_t)UK_INBOX_MARKS);
}
static inline void uk_envelope_free_late(uk_envelope *e) { /* the count of the sender, that is */
    uk_ref_release_late(e->sender);
    uk_envelope_drop(e);
}
static inline void uk_inbox_set_anchor(uk_cell *c, uintptr_t node) {
    uk_envelope *old = c->anchor_done ? uk_envelope_at(c->anchor) : NULL;
    c->anchor = node;
    c->anchor_done = 0;
    if (__builtin_expect(old != NULL, 0)) uk_envelope_free_late(old);
}
void uk_inbox_take(uk_cell *c, uintptr_t newest); /* into the two queues */
static inline void uk_inbox_look(uk_cell *c) { /* law 2 */
    uintptr_t v = atomic_load_explicit(&c->inbox, memory_order_acquire);
    if (v == c->anchor) return;
    if (c->traits & UK_TRAIT_SOLE) {
        if (v > UK_INBOX_OWNED) uk_sole_take(c, v);
        return;
    }
    if (!(v & UK_INBOX_MARKS) && !c->head && (uintptr_t)uk_envelope_at(v)->next == c->anchor) {
        c->head = c->tail = uk_envelope_at(v); /* a single one, the common case */
        c->head->next = NULL;
        uk_inbox_set_anchor(c, v);
    } else {
        uk_inbox_take(c, v);
    }
}
/* Law 4. false: something came meanwhile, the turn goes on. */
static inline bool uk_inbox_idle(uk_cell *c) {
    uintptr_t anchor = c->anchor, now = anchor;
    uk_envelope *handled = c->anchor_done ? uk_envelope_at(anchor) : NULL;
    uint8_t done = c->anchor_done;
    c->anchor = 0; /* the next turn begins with an inbox of its own */
    c->anchor_done = 0;
    if (!atomic_compare_exchange_strong_explicit(&c->inbox, &now, UK_INBOX_IDLE,
                                                 memory_order_release, memory_order_relaxed)) {
        c->anchor = anchor;
        c->anchor_done = done;
        return false;
    }
    if (handled) uk_envelope_free_late(handled);
    return true;
}
/* Frees an envelope that was handled in c's turn. */
static inline void uk_inbox_done(uk_cell *c, uk_envelope *e) {
    if (e == uk_envelope_at(c->anchor)) c->anchor_done = 1; /* law 2 */
    else uk_envelope_free_late(e);
}
void uk_inbox_close(uk_cell *c); /* what was in it is in the two queues then */
#endif
