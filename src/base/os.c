/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, random numbers and CPU count for Linux and other POSIX systems. Any thread. */
#include "base/os.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t uk_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t uk_now_ms(void) { return uk_now_ns() / 1000000; }
int64_t uk_wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
uint64_t uk_random64(void) {
    uint64_t v;
    if (getentropy(&v, sizeof v)) abort(); /* only when the kernel has no random source */
    return v;
}
unsigned uk_cpu_count(void) {
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set)) return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}
void uk_thread_name(const char *name) {
    char buf[16];
    snprintf(buf, sizeof buf, "%s", name);
    pthread_setname_np(pthread_self(), buf);
}

/* membarrier(2), by number: the libc has no call for it */
enum { PRIVATE_EXPEDITED = 1 << 3, REGISTER_PRIVATE_EXPEDITED = 1 << 4 };

bool uk_barrier_all_ready(void) {
#ifdef SYS_membarrier
    return !syscall(SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0, 0);
#else
    return false;
#endif
}
void uk_barrier_all(void) {
#ifdef SYS_membarrier
    if (!syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0, 0)) return;
#endif
    atomic_thread_fence(memory_order_seq_cst);
}
