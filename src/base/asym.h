/* SPDX-License-Identifier: Apache-2.0 */
/* An asymmetric lock: its owner, one thread, enters and leaves without an atomic instruction that
   costs; any other thread gets in by a claim, which is dear (a barrier on all threads) and may be
   refused. Owners nest. Fixed to its owner's thread by whoever holds it. */
#ifndef UK_BASE_ASYM_H
#define UK_BASE_ASYM_H
#include "base/os.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { UK_ASYM_SPINS = 2000 };

typedef struct uk_asym {
    _Atomic uint32_t inside;  /* written by the owner */
    _Atomic uint32_t claimed; /* another thread is in, or wants to be */
    unsigned depth;           /* the owner's */
    bool fence;               /* there is no barrier for all threads: the owner fences itself */
} uk_asym;

static inline void uk_asym_init(uk_asym *a) { *a = (uk_asym){.fence = !uk_barrier_all_ready()}; }

/* The store to `inside` and the load of `claimed` are kept in order by the claimant's barrier, or by
   the fence. Acquire here pairs with the release that ends a claim. */
static inline void uk_asym_enter(uk_asym *a) {
    if (a->depth++) return;
    atomic_store_explicit(&a->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(a->fence, 0)) atomic_thread_fence(memory_order_seq_cst);
    while (__builtin_expect(atomic_load_explicit(&a->claimed, memory_order_acquire), 0)) {
        atomic_store_explicit(&a->inside, 0, memory_order_release);
        while (atomic_load_explicit(&a->claimed, memory_order_acquire)) sched_yield();
        /* seq_cst: another claim may come at once, and its barrier was before our store */
        atomic_store_explicit(&a->inside, 1, memory_order_seq_cst);
        atomic_thread_fence(memory_order_seq_cst);
    }
}
/* Release pairs with the claimant's acquire of `inside`. */
static inline void uk_asym_leave(uk_asym *a) {
    if (!--a->depth) atomic_store_explicit(&a->inside, 0, memory_order_release);
}
/* false: the owner is in and does not come out soon, or another has the claim. */
static inline bool uk_asym_claim(uk_asym *a) {
    uint32_t no = 0;
    if (!atomic_compare_exchange_strong_explicit(&a->claimed, &no, 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return false;
    uk_barrier_all();
    for (int i = 0; i < UK_ASYM_SPINS; i++)
        if (!atomic_load_explicit(&a->inside, memory_order_acquire)) return true;
    atomic_store_explicit(&a->claimed, 0, memory_order_release);
    return false;
}
static inline void uk_asym_unclaim(uk_asym *a) {
    atomic_store_explicit(&a->claimed, 0, memory_order_release);
}
#endif
