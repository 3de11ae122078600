/* SPDX-License-Identifier: Apache-2.0 */
/* Phi accrual and deadline failure detectors, and the registry of them. The suspicion phi is minus
   the decimal logarithm of the chance that a heartbeat this late still comes, with a logistic
   approximation of the normal distribution of the intervals. Pure; one thread at a time. */
#include "remote/detector.h"
#include "base/error.h"
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
static double deadline_phi(const uk_detector *d, int64_t now) {
    return deadline_available(d, now) ? 0 : INFINITY;
}
static void deadline_fini(uk_detector *d) { d->monitoring = false; }

void uk_deadline_init(uk_deadline *d, int64_t interval_ms, int64_t pause_ms) {
    static const uk_detector_vt vt = {deadline_available, deadline_heartbeat, deadline_phi,
                                      deadline_fini};
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
static double phi_phi(const uk_detector *d, int64_t now) {
    return uk_phi_now((const uk_phi *)d, now);
}
static void phi_fini(uk_detector *d) { uk_history_fini(&((uk_phi *)d)->history); }

void uk_phi_init(uk_phi *d, const uk_phi_settings *settings) {
    static const uk_detector_vt vt = {phi_available, phi_heartbeat, phi_phi, phi_fini};
    assert(settings->min_deviation > 0 && settings->threshold > 0);
    *d = (uk_phi){.base = {.vt = &vt}, .settings = *settings};
    uk_history_init(&d->history, settings->max_samples);
}

/* --- the program's own --- */
typedef struct own_detector {
    uk_detector base;
    const ukko_detector *kind;
    _Alignas(16) uint8_t state[];
} own_detector;

static bool own_available(const uk_detector *d, int64_t now) {
    const own_detector *o = (const own_detector *)d;
    return !d->monitoring || o->kind->available(o->state, now);
}
static int64_t own_heartbeat(uk_detector *d, int64_t now) {
    own_detector *o = (own_detector *)d;
    d->monitoring = true;
    d->last = now;
    return o->kind->heartbeat(o->state, now);
}
static double own_phi(const uk_detector *d, int64_t now) {
    const own_detector *o = (const own_detector *)d;
    if (d->monitoring && o->kind->phi) return o->kind->phi(o->state, now);
    return own_available(d, now) ? 0 : INFINITY;
}
static void own_fini(uk_detector *d) {
    own_detector *o = (own_detector *)d;
    if (o->kind->stop) o->kind->stop(o->state);
}
static int own_new(const uk_detector_kind *k, uk_detector **out, ukko_error *err) {
    static const uk_detector_vt vt = {own_available, own_heartbeat, own_phi, own_fini};
    own_detector *o = uk_zalloc(sizeof *o + k->own->state_size);
    o->base.vt = &vt;
    o->kind = k->own;
    *out = &o->base;
    return k->own->start ? k->own->start(o->state, k->config, k->section, err) : UKKO_OK;
}

/* --- any kind --- */
uk_detector *uk_detector_new(const uk_detector_kind *k) {
    if (k->own) {
        ukko_error err;
        uk_detector *own;
        if (!own_new(k, &own, &err)) return own;
        uk_detector_free(own); /* though it started when the system did, with the same settings */
    }
    if (k->deadline) {
        uk_deadline *d = uk_alloc(sizeof *d);
        uk_deadline_init(d, k->interval, k->pause);
        return &d->base;
    }
    uk_phi *d = uk_alloc(sizeof *d);
    uk_phi_init(d, &k->phi);
    return &d->base;
}
void uk_detector_free(uk_detector *d) {
    if (!d) return;
    uk_detector_fini(d);
    uk_free(d);
}
int uk_detector_try(const uk_detector_kind *k, ukko_error *err) {
    ukko_error why = {0};
    if (!k->own) return UKKO_OK;
    uk_detector *d;
    int rc = own_new(k, &d, &why);
    uk_detector_free(d);
    return rc ? uk_error(err, rc, "%s.implementation-class = %s: %s", k->section, k->own->name,
                         why.message[0] ? why.message : ukko_strerror(rc))
              : UKKO_OK;
}

/* --- registry --- */
typedef struct entry {
    uk_detector *detector;
    size_t len;
    char address[];
} entry;

void uk_detectors_init(uk_detectors *r, const uk_detector_kind *kind) {
    *r = (uk_detectors){.kind = *kind};
}
static entry *lookup(const uk_detectors *r, ukko_slice address) {
    return uk_map_get(&r->map, address.ptr, address.len);
}
static entry *add(uk_detectors *r, ukko_slice address) {
    entry *e = uk_alloc(sizeof *e + address.len + 1);
    e->detector = uk_detector_new(&r->kind);
    e->len = address.len;
    memcpy(e->address, address.ptr, address.len);
    e->address[e->len] = 0;
    uk_map_put(&r->map, e->address, e->len, e);
    return e;
}
static void end(entry *e) {
    uk_detector_free(e->detector);
    uk_free(e);
}
int64_t uk_detectors_heartbeat(uk_detectors *r, ukko_slice address, int64_t now) {
    assert(address.len);
    entry *e = lookup(r, address);
    if (!e) e = add(r, address);
    return uk_detector_heartbeat(e->detector, now);
}
bool uk_detectors_available(const uk_detectors *r, ukko_slice address, int64_t now) {
    const entry *e = lookup(r, address);
    return !e || uk_detector_available(e->detector, now);
}
bool uk_detectors_monitoring(const uk_detectors *r, ukko_slice address) {
    const entry *e = lookup(r, address);
    return e && e->detector->monitoring;
}
double uk_detectors_phi(const uk_detectors *r, ukko_slice address, int64_t now) {
    const entry *e = lookup(r, address);
    return e ? uk_detector_phi(e->detector, now) : 0;
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
