/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: keeps a system's log and waits for lines in it. The sink runs on any thread. */
#ifndef TESTS_SUPPORT_LOGS_H
#define TESTS_SUPPORT_LOGS_H
#include "support/probe.h"

enum { LOGS_MAX = 4096, LOGS_WAIT_S = 20 };
typedef struct logs {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    size_t n;
    char *lines[LOGS_MAX]; /* "LEVEL source | text | cause" */
} logs;

static inline void logs_init(logs *l) {
    memset(l, 0, sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->cond, NULL);
}
static inline void logs_fini(logs *l) {
    for (size_t i = 0; i < l->n; i++) free(l->lines[i]);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->cond);
}
static inline void logs_sink(void *data, const ukko_log_record *r) {
    static const char *const names[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG"};
    logs *l = data;
    char *line = NULL;
    if (asprintf(&line, "%s %s | %s | %s", names[r->level], r->source, r->text,
                 r->cause ? r->cause : "") < 0)
        abort();
    pthread_mutex_lock(&l->lock);
    if (l->n < LOGS_MAX) l->lines[l->n++] = line;
    else free(line);
    pthread_cond_broadcast(&l->cond);
    pthread_mutex_unlock(&l->lock);
}
static inline size_t logs_count_locked(const logs *l, const char *text) {
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) n += strstr(l->lines[i], text) != NULL;
    return n;
}
static inline size_t logs_count(logs *l, const char *text) {
    pthread_mutex_lock(&l->lock);
    size_t n = logs_count_locked(l, text);
    pthread_mutex_unlock(&l->lock);
    return n;
}
/* Waits until a line holds text, n times over. */
static inline void logs_wait(logs *l, const char *text, size_t n) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += LOGS_WAIT_S;
    int rc = 0;
    pthread_mutex_lock(&l->lock);
    while (logs_count_locked(l, text) < n && !rc) rc = pthread_cond_timedwait(&l->cond, &l->lock, &t);
    size_t got = logs_count_locked(l, text);
    if (got < n)
        for (size_t i = 0; i < l->n; i++) fprintf(stderr, "    log: %s\n", l->lines[i]);
    pthread_mutex_unlock(&l->lock);
    if (got < n) fail_msg("\"%s\" is in the log %zu times, not %zu", text, got, n);
}
static inline void logs_clear(logs *l) {
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) free(l->lines[i]);
    l->n = 0;
    pthread_mutex_unlock(&l->lock);
}
#endif
