/* SPDX-License-Identifier: Apache-2.0 */
/* For benchmark programs: an end with a reason, and the processor time taken so far. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static inline void die(const char *what) {
    perror(what);
    exit(1);
}
/* In seconds, of RUSAGE_SELF or RUSAGE_CHILDREN. */
static inline double cpu_of(int who) {
    struct rusage r;
    getrusage(who, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}
#endif
