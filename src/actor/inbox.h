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
#include "actor/cell.h"

void uk_cell_tell_system(ukko_ref *to, uk_sysmsg *m);
/* The rest is the turn's own. */
void uk_inbox_take(uk_cell *c, uintptr_t newest); /* into the two queues */
static inline void uk_inbox_look(uk_cell *c) { /* law 2 */
    uintptr_t v = atomic_load_explicit(&c->inbox, memory_order_acquire);
    if (v != c->anchor) uk_inbox_take(c, v);
}
bool uk_inbox_idle(uk_cell *c); /* law 4. false: something came meanwhile, the turn goes on */
void uk_inbox_close(uk_cell *c); /* what was in it is in the two queues then */
#endif
