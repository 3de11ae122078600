/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting, in the same way for systems with threads and for those that are stepped. */
#ifndef UK_TESTKIT_KIT_H
#define UK_TESTKIT_KIT_H
#include <pthread.h>
#include <ukko/testkit.h>

typedef enum uk_kit_mode { UK_KIT_THREADS, UK_KIT_VIRTUAL, UK_KIT_LOOP } uk_kit_mode;

typedef struct uk_kit_wait { /* what others signal when something has changed */
    ukko_system *sys;
    uk_kit_mode mode;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic clock */
} uk_kit_wait;

void uk_kit_init(uk_kit_wait *w, ukko_system *sys);
void uk_kit_fini(uk_kit_wait *w);
uk_kit_mode uk_kit_mode_of(ukko_system *sys);
int64_t uk_kit_now(const uk_kit_wait *w); /* ms: of the system when its clock is virtual */
/* Waits until done gives true, which is called with the lock held; false: not in timeout_ms. */
bool uk_kit_until(uk_kit_wait *w, bool (*done)(void *data), void *data, int64_t timeout_ms);
/* A stepped system goes on by one turn, or to the next timer that is due before `until`. false: it
   does not. */
bool uk_kit_go_on(ukko_system *sys, uk_kit_mode mode, int64_t until);
#endif
