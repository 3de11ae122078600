/* SPDX-License-Identifier: Apache-2.0 */
/* The dear side of an asymmetric lock, and what its owner does when there is a claim. Any thread. */
#include "base/asym.h"
#include "base/os.h"
#include <sched.h>

enum { CLAIM_SPINS = 2000 };

bool uk_fences;

void uk_asym_wait(uk_asym *a) {
    do {
        atomic_store_explicit(&a->inside, 0, memory_order_release);
        while (atomic_load_explicit(&a->claimed, memory_order_acquire)) sched_yield();
        /* a claim may come again at once: as in uk_asym_enter(), but dear */
        atomic_store_explicit(&a->inside, 1, memory_order_seq_cst);
    } while (atomic_load_explicit(&a->claimed, memory_order_seq_cst));
}
bool uk_asym_claim(uk_asym *a) {
    uint32_t no = 0;
    if (!atomic_compare_exchange_strong_explicit(&a->claimed, &no, 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return false; /* another has it */
    uk_barrier_all();
    for (int i = 0; i < CLAIM_SPINS; i++)
        if (!atomic_load_explicit(&a->inside, memory_order_acquire)) return true;
    uk_asym_unclaim(a); /* its thread does not run now */
    return false;
}
void uk_asym_unclaim(uk_asym *a) {
    atomic_store_explicit(&a->claimed, 0, memory_order_release);
}
