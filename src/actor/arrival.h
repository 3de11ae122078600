/* SPDX-License-Identifier: Apache-2.0 */
/* How much has arrived from other nodes and waits for its actors. A message that came in carries, in
   one byte, the slot of where it came from and about its size; who takes it out of a mailbox, or drops
   it, adds the size to what was taken of that slot. All systems of the process share the slots. Any
   thread. */
#ifndef UK_ACTOR_ARRIVAL_H
#define UK_ACTOR_ARRIVAL_H
#include "actor/msg.h"

enum { UK_ARRIVAL_SLOTS = 16, UK_ARRIVAL_LEAST = 128 }; /* slot 0: local messages */

typedef struct uk_arrival { /* each on a cache line of its own */
    _Alignas(64) _Atomic uint64_t taken; /* relaxed, both: sums by which nothing else is read */
    _Alignas(64) _Atomic uint64_t sent;
} uk_arrival;
extern uk_arrival uk_arrivals[UK_ARRIVAL_SLOTS];

/* Sizes are rounded up to 128, 256, ... 4194304. */
static inline uint8_t uk_arrival_code(uint64_t bytes) {
    if (bytes <= UK_ARRIVAL_LEAST) return 0;
    int e = 64 - __builtin_clzll((bytes - 1) / UK_ARRIVAL_LEAST);
    return (uint8_t)(e < 15 ? e : 15);
}
static inline uint64_t uk_arrival_size(uint8_t code) { return (uint64_t)UK_ARRIVAL_LEAST << code; }

void uk_msg_taken_from(ukko_msg *m); /* of a message with a slot */
/* What this thread has taken in a turn, and has not told of yet, to save the others' cache lines. */
void uk_arrivals_tell(void);
static inline void uk_msg_taken(ukko_msg *m) {
    /* relaxed: whoever set it gave the message away afterwards */
    if (__builtin_expect(atomic_load_explicit(&m->h.arrival, memory_order_relaxed), 0))
        uk_msg_taken_from(m);
}
/* Bytes of a slot that were not taken yet. */
static inline uint64_t uk_arrival_waits(unsigned slot) {
    uint64_t taken = atomic_load_explicit(&uk_arrivals[slot].taken, memory_order_relaxed);
    uint64_t sent = atomic_load_explicit(&uk_arrivals[slot].sent, memory_order_relaxed);
    return sent > taken ? sent - taken : 0;
}
#endif
