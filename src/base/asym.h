/* SPDX-License-Identifier: Apache-2.0 */
/* An asymmetric lock: its owner, one thread, enters and leaves without an atomic instruction that
   costs; any other thread gets in by a claim, which is dear (a barrier on all threads) and may be
   refused. Owners do not nest. */
#ifndef UK_BASE_ASYM_H
#define UK_BASE_ASYM_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The system has no barrier for all threads: owners need a fence of their own. Set before threads that
   claim are started. */
extern bool uk_fences;

typedef struct uk_asym {
    _Atomic uint32_t inside;  /* the owner is; written by it */
    _Atomic uint32_t claimed; /* another thread is in, or wants to be */
} uk_asym;

void uk_asym_wait(uk_asym *a); /* the owner, outside: until there is no claim; comes back inside */
/* false: the owner is in and does not come out soon, or another has the claim. */
bool uk_asym_claim(uk_asym *a);
void uk_asym_unclaim(uk_asym *a);

/* Keeps a store before it and a load behind it in order, against a thread that has a barrier run on all
   threads in between. */
static inline void uk_asym_fence(void) {
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(uk_fences, 0)) atomic_thread_fence(memory_order_seq_cst);
}
/* Acquire pairs with the release that ends a claim. */
static inline bool uk_asym_is_claimed(uk_asym *a) {
    return __builtin_expect(atomic_load_explicit(&a->claimed, memory_order_acquire), 0);
}
/* The claimant raises `claimed`, has a barrier run on all threads, and only then looks at `inside`. */
static inline void uk_asym_enter(uk_asym *a) {
    atomic_store_explicit(&a->inside, 1, memory_order_relaxed);
    uk_asym_fence();
    if (uk_asym_is_claimed(a)) uk_asym_wait(a);
}
/* Release pairs with the claimant's acquire of `inside`. */
static inline void uk_asym_leave(uk_asym *a) {
    atomic_store_explicit(&a->inside, 0, memory_order_release);
}
/* Enters, unless there is a claim. */
static inline bool uk_asym_try(uk_asym *a) {
    atomic_store_explicit(&a->inside, 1, memory_order_relaxed);
    uk_asym_fence();
    if (!uk_asym_is_claimed(a)) return true;
    uk_asym_leave(a);
    return false;
}
#endif
