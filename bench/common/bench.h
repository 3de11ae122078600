/* SPDX-License-Identifier: Apache-2.0 */
/* Shared helpers of the benchmark programs that do not use ukko: the clock, one JSON line per
 * result, latencies. */
#ifndef BENCH_H
#define BENCH_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Workload constants (see bench/README.md). */
#define R1_ROUNDS 50000
#define R1_WARMUP 2000
#define R1_PAYLOAD 100

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* One JSON result line; extra is "" or ",\"key\":value...". */
static inline void report(const char *sys, const char *wl, double v, const char *unit,
                          const char *extra) {
    printf("{\"system\":\"%s\",\"workload\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"%s}\n", sys, wl, v,
           unit, extra);
    fflush(stdout);
}

static inline int cmp_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Sorts lat (nanoseconds) and reports p50 as the value, p99 beside it. */
static inline void report_lat(const char *sys, const char *wl, uint32_t *lat, size_t n) {
    char extra[128];
    qsort(lat, n, sizeof *lat, cmp_u32);
    snprintf(extra, sizeof extra, ",\"p99\":%.3f,\"p999\":%.3f", lat[n * 99 / 100] / 1e3,
             lat[n * 999 / 1000] / 1e3);
    report(sys, wl, lat[n / 2] / 1e3, "us_p50", extra);
}
#endif
