/* SPDX-License-Identifier: Apache-2.0 */
/* Shared helpers of the benchmark programs: the sizes of the workloads, the clock, memory, one JSON
 * line per result, latencies. */
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

/* Workload constants, the same in every peer (see bench/README.md). */
#define L1_MSGS 4000000ull
#define L2_MSGS 10000000ull
#define L2_BATCH 2048 /* the receiver answers every batch; two are outstanding */
#define L3_SENDERS 8
#define L3_MSGS 8000000ull /* of all senders */
#define L3_BATCH 512
#define L4_LEAVES 1000000
#define L5_RING 503
#define L5_HOPS 5000000ull
#define L6_ACTORS 1000000
#define L7_ACTORS 1000
#define L7_PINGS 4000 /* of each actor; each is answered */
#define R1_ROUNDS 50000
#define R1_WARMUP 2000
#define R1_PAYLOAD 100

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static inline uint64_t xorshift64(uint64_t *s) {
    uint64_t x = *s;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *s = x;
}

/* Resident memory in bytes, now and at most. */
static inline uint64_t rss_field(const char *key) {
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t kb = 0;
    if (!f) return 0;
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key))) kb = strtoull(line + strlen(key), NULL, 10);
    fclose(f);
    return kb * 1024;
}
static inline uint64_t rss_now(void) { return rss_field("VmRSS:"); }
static inline uint64_t rss_peak(void) { return rss_field("VmHWM:"); }

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

/* Remote one-way workloads: size, messages, batch (two batches are outstanding). */
struct r2 {
    const char *name;
    size_t size;
    uint64_t msgs, batch;
};
static inline const struct r2 *r2_find(const char *name) {
    static const struct r2 all[] = {{"R2_100", 100, 2000000, 1024},
                                    {"R2_1k", 1024, 1000000, 1024},
                                    {"R2_10k", 10240, 200000, 128}};
    for (size_t i = 0; i < 3; i++)
        if (!strcmp(all[i].name, name)) return &all[i];
    return NULL;
}
#endif
