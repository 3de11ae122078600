/* SPDX-License-Identifier: Apache-2.0 */
/* Failure detectors: is a peer, from which heartbeats came at these times, still there? Phi accrual
   learns the usual interval; the deadline one has a fixed limit; others are the program's own. A
   registry keeps one per address. Times are milliseconds of a monotonic clock. Pure; one thread at
   a time. */
#ifndef UK_REMOTE_DETECTOR_H
#define UK_REMOTE_DETECTOR_H
#include "base/map.h"
#include <ukko/link.h>

typedef struct uk_detector uk_detector;
typedef struct uk_detector_vt {
    bool (*available)(const uk_detector *d, int64_t now);
    /* A sign of life. Gives the interval in ms if it was suspiciously long (log a WARN), else 0. */
    int64_t (*heartbeat)(uk_detector *d, int64_t now);
    double (*phi)(const uk_detector *d, int64_t now);
    void (*fini)(uk_detector *d);
} uk_detector_vt;
struct uk_detector {
    const uk_detector_vt *vt;
    bool monitoring; /* a heartbeat came */
    int64_t last;    /* the last one */
};

static inline bool uk_detector_available(const uk_detector *d, int64_t now) {
    return d->vt->available(d, now);
}
static inline int64_t uk_detector_heartbeat(uk_detector *d, int64_t now) {
    return d->vt->heartbeat(d, now);
}
static inline double uk_detector_phi(const uk_detector *d, int64_t now) {
    return d->vt->phi(d, now);
}
static inline void uk_detector_fini(uk_detector *d) { d->vt->fini(d); }

/* Available until interval + pause after the last heartbeat. */
typedef struct uk_deadline {
    uk_detector base;
    int64_t limit;
} uk_deadline;
void uk_deadline_init(uk_deadline *d, int64_t interval_ms, int64_t pause_ms);

typedef struct uk_phi_settings {
    double threshold;        /* 10 */
    size_t max_samples;      /* 200; at least 1 */
    int64_t min_deviation;   /* 100 */
    int64_t pause;           /* 10000 */
    int64_t first_interval;  /* heartbeat-interval, the guess before there is an interval: 1000 */
} uk_phi_settings;

/* The last intervals, at most max_samples. */
typedef struct uk_history {
    int64_t *samples;
    size_t max, cap, head, count;
    int64_t sum;
    __extension__ __int128 squares;
} uk_history;
void uk_history_init(uk_history *h, size_t max);
void uk_history_add(uk_history *h, int64_t interval);
double uk_history_mean(const uk_history *h);
double uk_history_variance(const uk_history *h);
void uk_history_fini(uk_history *h);

typedef struct uk_phi {
    uk_detector base;
    uk_phi_settings settings;
    uk_history history;
} uk_phi;
void uk_phi_init(uk_phi *d, const uk_phi_settings *settings);
double uk_phi_now(const uk_phi *d, int64_t now); /* the suspicion; 0 before the first heartbeat */
/* The formula: suspicion after `elapsed` ms of silence. Finite for finite numbers. */
double uk_phi_of(double elapsed, double mean, double deviation);

/* What kind of detector, and its settings: constant once the system has started. */
typedef struct uk_detector_kind {
    const ukko_detector *own;  /* the program's; NULL: a built-in one */
    const ukko_config *config; /* of own; borrowed */
    const char *section;       /* likewise */
    bool deadline;             /* the built-in one with a fixed limit; else phi accrual */
    int64_t interval, pause;   /* of the deadline */
    uk_phi_settings phi;
} uk_detector_kind;
/* Owned: uk_detector_free(). */
uk_detector *uk_detector_new(const uk_detector_kind *kind);
void uk_detector_free(uk_detector *d); /* NULL is fine */
/* Does a detector of this kind start? UKKO_ECONFIG or the program's code, err says why not. */
int uk_detector_try(const uk_detector_kind *kind, ukko_error *err);

/* One detector for each address, made at its first heartbeat. An unknown address counts as
   available. */
typedef struct uk_detectors {
    uk_detector_kind kind;
    uk_map map;
} uk_detectors;
void uk_detectors_init(uk_detectors *r, const uk_detector_kind *kind);
int64_t uk_detectors_heartbeat(uk_detectors *r, ukko_slice address, int64_t now); /* as above */
bool uk_detectors_available(const uk_detectors *r, ukko_slice address, int64_t now);
bool uk_detectors_monitoring(const uk_detectors *r, ukko_slice address);
double uk_detectors_phi(const uk_detectors *r, ukko_slice address, int64_t now); /* unknown: 0 */
void uk_detectors_remove(uk_detectors *r, ukko_slice address);
void uk_detectors_fini(uk_detectors *r);
#endif
