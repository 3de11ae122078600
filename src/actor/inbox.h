/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox of a cell: one word that many push to and the turn takes from. Laws:
 * 1. inbox is IDLE when nobody has scheduled the cell. A sender that replaces IDLE by its envelope
 *    schedules the cell; the compare-and-swap is acq_rel: release publishes the message, acquire
 *    takes over what the last turn wrote.
 * 2. A turn takes what is new by a plain load (acquire): all from the inbox down to the anchor, the
 *    newest node it took before. The anchor stays in the inbox, so it must not be freed before it is
 *    replaced by a newer one or the inbox falls idle: no other node can then have its address.
 * 3. System messages come through the same inbox, their pointers marked by a bit, so that a turn can
 *    end with one compare-and-swap. Taking parts the two kinds; system messages go first, and the
 *    turn looks for new ones before each message. When the newest node is a system message the inbox
 *    is emptied by an exchange: only envelopes are anchors.
 * 4. A turn ends by inbox anchor -> IDLE (release). After that it does not touch the cell: another
 *    worker may already have run it to its end.
 * 5. A chain is one node with several envelopes in the order they were sent.
 */
#ifndef UK_ACTOR_INBOX_H
#define UK_ACTOR_INBOX_H
#include "actor/worker.h"
#include <string.h>

void uk_cell_tell_system(ukko_ref *to, uk_sysmsg *m);
void uk_inbox_dead(uk_cell *c, uk_envelope *e); /* it was closed: a dead letter */
static inline bool uk_inbox_closed(uk_cell *c) {
    return atomic_load_explicit(&c->inbox, memory_order_relaxed) == UK_INBOX_CLOSED;
}
/* Pushes a node; false: the inbox is closed. `next` is the node's link, `marked` what points to it. */
static inline bool uk_inbox_push(uk_cell *c, void *next, uintptr_t marked) {
    uintptr_t old = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    do {
        if (__builtin_expect(old == UK_INBOX_CLOSED, 0)) return false;
        uintptr_t rest = old == UK_INBOX_IDLE ? 0 : old;
        memcpy(next, &rest, sizeof rest);
    } while (!atomic_compare_exchange_weak_explicit(&c->inbox, &old, marked, memory_order_acq_rel,
                                                    memory_order_relaxed)); /* law 1 */
    if (old == UK_INBOX_IDLE) uk_schedule_fast(c);
    return true;
}

/* ---- the turn's own ---- */

static inline uk_sysmsg *uk_inbox_pop_system(uk_cell *c) { /* the oldest; there is one */
    uk_sysmsg *last = c->sys_last, *m = last->next;
    last->next = m->next;
    if (m == last) c->sys_last = NULL;
    m->next = NULL;
    return m;
}

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
