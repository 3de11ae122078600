/* SPDX-License-Identifier: Apache-2.0 */
/* What ukko asks of the operating system, in one place: clocks and waiting by them, random
   numbers, CPU count. Any thread. */
#ifndef UK_BASE_OS_H
#define UK_BASE_OS_H
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
int64_t uk_now_ns(void);   /* monotonic */
int64_t uk_now_ms(void);   /* monotonic */
int64_t uk_wall_ms(void);  /* since 1970 */
/* Waiting by the monotonic clock: a step of the wall clock makes no wait longer. `ns` is a time of
   uk_now_ns(). False: it has come. */
void uk_cond_init(pthread_cond_t *c); /* for the next one */
bool uk_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t ns);
bool uk_sem_wait_until(sem_t *s, int64_t ns);
int64_t uk_ns_after(int64_t ms); /* from now; 0 or less: now */
uint64_t uk_random64(void); /* unpredictable; any thread */
unsigned uk_cpu_count(void); /* those this process may run on; at least 1 */
/* A full memory barrier on every thread of the process that runs now; the others have one before they
   run again. Dear. false from ready: there is none, a fence on both sides is needed. */
bool uk_barrier_all_ready(void);
void uk_barrier_all(void);
/* How often the calling thread has waited, and has been made to let another run. */
typedef struct uk_switches {
    long waits, preempted;
} uk_switches;
void uk_thread_switches(uk_switches *s);
void uk_thread_name(const char *name); /* of the calling thread, cut to 15 characters */
#endif
