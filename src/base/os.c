/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, waiting, random numbers and CPU count for Linux and other POSIX systems. Any thread. */
#include "base/os.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
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
/* ---- waiting ---- */

static struct timespec time_of(int64_t ns) {
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}
int64_t uk_ns_after(int64_t ms) {
    int64_t now = uk_now_ns();
    if (ms <= 0) return now;
    return ms > (INT64_MAX - now) / 1000000 ? INT64_MAX : now + ms * 1000000;
}
void uk_cond_init(pthread_cond_t *c) {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}
bool uk_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t ns) {
    struct timespec t = time_of(ns);
    return pthread_cond_timedwait(c, lock, &t) != ETIMEDOUT;
}
/* sem_clockwait() is glibc's, and ThreadSanitizer does not know it. */
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ) && !defined(__SANITIZE_THREAD__)
#  if __GLIBC_PREREQ(2, 30)
#    define UK_SEM_CLOCKWAIT 1
#  endif
#endif
bool uk_sem_wait_until(sem_t *s, int64_t ns) {
#ifdef UK_SEM_CLOCKWAIT
    struct timespec t = time_of(ns);
    while (sem_clockwait(s, CLOCK_MONOTONIC, &t))
        if (errno != EINTR) return false;
#else
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t left = ns - uk_now_ns();
    t = time_of((int64_t)t.tv_sec * 1000000000 + t.tv_nsec + (left > 0 ? left : 0));
    while (sem_timedwait(s, &t))
        if (errno != EINTR) return false;
#endif
    return true;
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
void uk_thread_switches(uk_switches *s) {
    struct rusage u = {0};
#ifdef RUSAGE_THREAD
    getrusage(RUSAGE_THREAD, &u);
#endif
    *s = (uk_switches){u.ru_nvcsw, u.ru_nivcsw};
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
