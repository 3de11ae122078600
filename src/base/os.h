/* SPDX-License-Identifier: Apache-2.0 */
/* What ukko asks of the operating system, in one place: clocks, random numbers, CPU count. */
#ifndef UK_BASE_OS_H
#define UK_BASE_OS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
int64_t uk_now_ns(void);   /* monotonic */
int64_t uk_now_ms(void);   /* monotonic */
int64_t uk_wall_ms(void);  /* since 1970 */
uint64_t uk_random64(void); /* unpredictable; any thread */
unsigned uk_cpu_count(void); /* those this process may run on; at least 1 */
/* A full memory barrier on every thread of the process that runs now; the others have one before they
   run again. Dear. false from ready: there is none, a fence on both sides is needed. */
bool uk_barrier_all_ready(void);
void uk_barrier_all(void);
void uk_thread_name(const char *name); /* of the calling thread, cut to 15 characters */
#endif
