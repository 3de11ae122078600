/* SPDX-License-Identifier: Apache-2.0 */
/* Filters count events of the event stream. Each has a probe that subscribes and keeps nothing: the
   count rises in its turn; the test's thread waits for it. */
#include "testkit/kit.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MS = 3000 };

struct ukko_filter {
    uk_kit_wait wait;
    ukko_probe *probe;
    const ukko_type *event; /* what it is subscribed to */
    ukko_log_level level;
    const ukko_type *type;
    char *source, *text; /* patterns; NULL: any */
    size_t n;            /* under the lock of wait */
    size_t wanted;       /* the test's thread */
    char error[400];
};

static char *copy(const char *text) {
    char *c = text ? strdup(text) : NULL;
    if (text && !c) abort();
    return c;
}
static bool fits(const char *pattern, const char *text) {
    return !pattern || !fnmatch(pattern, text ? text : "", 0);
}
static bool fits_log(const ukko_filter *f, const ukko_log_event *e) {
    return (!f->level || f->level == e->level) && fits(f->source, e->source) &&
           fits(f->text, e->text);
}
static bool fits_dead(const ukko_filter *f, const ukko_dead_letter *d) {
    char path[512];
    ukko_ref_print(d->recipient, path, sizeof path);
    return (!f->type || ukko_msg_type(d->message) == f->type) && fits(f->source, path);
}
static bool on_event(void *data, const ukko_msg *msg) {
    ukko_filter *f = data;
    const void *body = ukko_msg_get(msg, ukko_msg_type(msg));
    bool yes = f->event == &ukko_log_event_type ? fits_log(f, body) : fits_dead(f, body);
    pthread_mutex_lock(&f->wait.lock);
    f->n += yes;
    pthread_cond_signal(&f->wait.changed);
    pthread_mutex_unlock(&f->wait.lock);
    return true; /* the probe does not keep it */
}
static ukko_filter *filter_new(ukko_system *sys, const ukko_type *event, const char *source,
                               const ukko_type *type, ukko_log_level level, const char *text) {
    ukko_filter *f = calloc(1, sizeof *f);
    if (!f) abort();
    uk_kit_init(&f->wait, sys);
    f->event = event;
    f->source = copy(source);
    f->type = type;
    f->level = level;
    f->text = copy(text);
    if (ukko_probe_new(&f->probe, sys, NULL)) abort(); /* the system has ended */
    ukko_probe_ignore(f->probe, on_event, f);
    ukko_subscribe(sys, event, ukko_probe_ref(f->probe));
    return f;
}
ukko_filter *ukko_filter_log(ukko_system *sys, ukko_log_level level, const char *source,
                             const char *text) {
    return filter_new(sys, &ukko_log_event_type, source, NULL, level, text);
}
ukko_filter *ukko_filter_dead(ukko_system *sys, const ukko_type *type, const char *recipient) {
    return filter_new(sys, &ukko_all_dead_letters_type, recipient, type, UKKO_LOG_OFF, NULL);
}
ukko_filter *ukko_filter_unhandled(ukko_system *sys, const ukko_type *type,
                                   const char *recipient) {
    return filter_new(sys, &ukko_unhandled_type, recipient, type, UKKO_LOG_OFF, NULL);
}
size_t ukko_filter_count(ukko_filter *f) {
    pthread_mutex_lock(&f->wait.lock);
    size_t n = f->n;
    pthread_mutex_unlock(&f->wait.lock);
    return n;
}
static bool enough(void *data) {
    const ukko_filter *f = data;
    return f->wanted ? f->n >= f->wanted : f->n > 0;
}
int ukko_filter_expect(ukko_filter *f, size_t n, int64_t timeout_ms) {
    if (timeout_ms < 0) timeout_ms = DEFAULT_MS;
    f->wanted = n;
    uk_kit_until(&f->wait, enough, f, timeout_ms);
    size_t got = ukko_filter_count(f);
    if (got == n) return UKKO_OK;
    snprintf(f->error, sizeof f->error,
             "expected %zu within %lld ms, source or recipient %s, text %s: got %zu", n,
             (long long)timeout_ms, f->source ? f->source : "*", f->text ? f->text : "*", got);
    return got < n ? UKKO_ETIMEOUT : UKKO_EEXISTS;
}
const char *ukko_filter_error(ukko_filter *f) { return f->error; }

void ukko_filter_free(ukko_filter *f) {
    if (!f) return;
    ukko_probe_free(f->probe); /* its subscription ends with it */
    uk_kit_fini(&f->wait);
    free(f->source);
    free(f->text);
    free(f);
}
