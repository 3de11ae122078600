/* SPDX-License-Identifier: Apache-2.0 */
/* Phi accrual and deadline failure detectors, and the registry of them. The suspicion phi is minus
   the decimal logarithm of the chance that a heartbeat this late still comes, with a logistic
   approximation of the normal distribution of the intervals. Pure; one thread at a time. */
#include "remote/detector.h"
#include "base/mem.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* --- deadline --- */
static bool deadline_available(const uk_detector *d, int64_t now) {
    return !d->monitoring || d->last + ((const uk_deadline *)d)->limit > now;
}
static int64_t deadline_heartbeat(uk_detector *d, int64_t now) {
    d->monitoring = true;
    d->last = now;
    return 0;
}
static void deadline_fini(uk_detector *d) { d->monitoring = false; }

void uk_deadline_init(uk_deadline *d, int64_t interval_ms, int64_t pause_ms) {
    static const uk_detector_vt vt = {deadline_available, deadline_heartbeat, deadline_fini};
    *d = (uk_deadline){.base = {.vt = &vt}, .limit = interval_ms + pause_ms};
}

/* --- history --- */
void uk_history_init(uk_history *h, size_t max) { *h = (uk_history){.max = max ? max : 1}; }
static void count_sample(uk_history *h, int64_t v, int sign) {
    h->sum += sign * v;
    h->squares += (__int128)sign * v * v;
}
static int64_t *sample_slot(uk_history *h) {
    if (h->count == h->max) { /* the oldest gives way */
        int64_t *s = &h->samples[h->head];
        count_sample(h, *s, -1);
        h->head = (h->head + 1) % h->max;
        return s;
    }
    if (h->count == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        if (h->cap > h->max) h->cap = h->max;
        h->samples = uk_realloc(h->samples, h->cap * sizeof *h->samples);
    }
    return &h->samples[h->count++]; /* head stays 0 until it is full */
}
void uk_history_add(uk_history *h, int64_t interval) {
    *sample_slot(h) = interval;
    count_sample(h, interval, 1);
}
double uk_history_mean(const uk_history *h) {
    return h->count ? (double)h->sum / (double)h->count : 0;
}
double uk_history_variance(const uk_history *h) {
    double mean = uk_history_mean(h);
    double v = h->count ? (double)h->squares / (double)h->count - mean * mean : 0;
    return v > 0 ? v : 0; /* rounding */
}
void uk_history_fini(uk_history *h) {
    uk_free(h->samples);
    *h = (uk_history){0};
}

/* --- phi accrual --- */
double uk_phi_of(double elapsed, double mean, double deviation) {
    double y = (elapsed - mean) / deviation;
    double z = y * (1.5976 + 0.070566 * y * y);
    /* -log10(e / (1 + e)) with e = exp(-z), in a form that neither overflows nor loses digits */
    double ln = z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
    return ln / log(10);
}
double uk_phi_now(const uk_phi *d, int64_t now) {
    if (!d->base.monitoring) return 0;
    double deviation = fmax(sqrt(uk_history_variance(&d->history)),
                            (double)d->settings.min_deviation);
    double mean = uk_history_mean(&d->history) + (double)d->settings.pause;
    return uk_phi_of((double)(now - d->base.last), mean, deviation);
}
static bool phi_available(const uk_detector *d, int64_t now) {
    const uk_phi *p = (const uk_phi *)d;
    return uk_phi_now(p, now) < p->settings.threshold;
}
/* An interval that began with a failure is not learned. */
static int64_t phi_heartbeat(uk_detector *d, int64_t now) {
    uk_phi *p = (uk_phi *)d;
    int64_t interval = now - d->last, slow = 0;
    if (!d->monitoring) {
        int64_t guess = p->settings.first_interval, spread = guess / 4;
        uk_history_add(&p->history, guess - spread);
        uk_history_add(&p->history, guess + spread);
    } else if (phi_available(d, now)) {
        if (interval >= p->settings.pause / 3 * 2) slow = interval;
        uk_history_add(&p->history, interval);
    }
    d->monitoring = true;
    d->last = now;
    return slow;
}
static void phi_fini(uk_detector *d) { uk_history_fini(&((uk_phi *)d)->history); }

void uk_phi_init(uk_phi *d, const uk_phi_settings *settings) {
    static const uk_detector_vt vt = {phi_available, phi_heartbeat, phi_fini};
    assert(settings->min_deviation > 0 && settings->threshold > 0);
    *d = (uk_phi){.base = {.vt = &vt}, .settings = *settings};
    uk_history_init(&d->history, settings->max_samples);
}

/* --- registry --- */
typedef struct entry {
    uk_phi phi;
    size_t len;
    char address[];
} entry;

void uk_detectors_init(uk_detectors *r, const uk_phi_settings *settings) {
    *r = (uk_detectors){.settings = *settings};
}
static entry *lookup(const uk_detectors *r, ukko_slice address) {
    return uk_map_get(&r->map, address.ptr, address.len);
}
static entry *add(uk_detectors *r, ukko_slice address) {
    entry *e = uk_alloc(sizeof *e + address.len + 1);
    uk_phi_init(&e->phi, &r->settings);
    e->len = address.len;
    memcpy(e->address, address.ptr, address.len);
    e->address[e->len] = 0;
    uk_map_put(&r->map, e->address, e->len, e);
    return e;
}
static void end(entry *e) {
    uk_detector_fini(&e->phi.base);
    uk_free(e);
}
int64_t uk_detectors_heartbeat(uk_detectors *r, ukko_slice address, int64_t now) {
    assert(address.len);
    entry *e = lookup(r, address);
    if (!e) e = add(r, address);
    return uk_detector_heartbeat(&e->phi.base, now);
}
bool uk_detectors_available(const uk_detectors *r, ukko_slice address, int64_t now) {
    const entry *e = lookup(r, address);
    return !e || uk_detector_available(&e->phi.base, now);
}
bool uk_detectors_monitoring(const uk_detectors *r, ukko_slice address) {
    const entry *e = lookup(r, address);
    return e && e->phi.base.monitoring;
}
double uk_detectors_phi(const uk_detectors *r, ukko_slice address, int64_t now) {
    const entry *e = lookup(r, address);
    return e ? uk_phi_now(&e->phi, now) : 0;
}
void uk_detectors_remove(uk_detectors *r, ukko_slice address) {
    entry *e = uk_map_remove(&r->map, address.ptr, address.len);
    if (e) end(e);
}
void uk_detectors_fini(uk_detectors *r) {
    size_t pos = 0;
    void *e;
    while (uk_map_next(&r->map, &pos, &e)) end(e);
    uk_map_fini(&r->map);
}
