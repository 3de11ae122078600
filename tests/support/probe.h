/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a system with a quiet log, and a probe, an actor whose messages the test thread takes
   one by one; waiting for things to become so. Test thread and worker threads. */
#ifndef TESTS_SUPPORT_PROBE_H
#define TESTS_SUPPORT_PROBE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ukko/ukko.h>

typedef struct probe_item {
    struct probe_item *next;
    ukko_msg *msg;
    ukko_ref *sender;
} probe_item;
typedef struct probe {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    probe_item *head, *tail;
    ukko_actor kind;
    ukko_ref *ref;
    ukko_system *sys;
    ukko_ref *last_sender; /* of the message that probe_take gave last */
    ukko_ref *watch;       /* what "watch" watches */
} probe;

static inline int64_t probe_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static inline int probe_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    probe *p = ukko_ctx_actor(ctx)->data;
    probe_item *i = calloc(1, sizeof *i);
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (text && !strcmp(text, "\1watch")) {
        ukko_watch(ctx, p->watch);
        ukko_reply_text(ctx, "watching");
        free(i);
        return UKKO_OK;
    }
    i->msg = ukko_msg_retain(msg);
    i->sender = ukko_ref_retain(ukko_sender(ctx));
    pthread_mutex_lock(&p->lock);
    if (p->tail) p->tail->next = i;
    else p->head = i;
    p->tail = i;
    pthread_cond_signal(&p->cond);
    pthread_mutex_unlock(&p->lock);
    return UKKO_OK;
}
static inline probe *probe_new(ukko_system *sys, const char *name) {
    probe *p = calloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->cond, NULL);
    p->sys = sys;
    p->kind = (ukko_actor){
        .size = sizeof(ukko_actor), .name = "probe", .receive = {NULL, probe_receive}, .data = p};
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&p->kind), name, &p->ref), UKKO_OK);
    return p;
}
/* The next message, owned, or NULL after ms. */
static inline ukko_msg *probe_take(probe *p, int ms) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) t.tv_sec++, t.tv_nsec -= 1000000000L;
    pthread_mutex_lock(&p->lock);
    while (!p->head && !pthread_cond_timedwait(&p->cond, &p->lock, &t)) {}
    probe_item *i = p->head;
    if (i) p->head = i->next;
    if (!p->head) p->tail = NULL;
    pthread_mutex_unlock(&p->lock);
    if (!i) return NULL;
    ukko_ref_release(p->last_sender);
    p->last_sender = i->sender;
    ukko_msg *m = i->msg;
    free(i);
    return m;
}
static inline ukko_msg *probe_expect(probe *p, const ukko_type *type) {
    ukko_msg *m = probe_take(p, 60000);
    assert_non_null(m);
    assert_string_equal(ukko_msg_type(m)->name, type->name);
    return m;
}
static inline void probe_expect_text(probe *p, const char *text) {
    ukko_msg *m = probe_expect(p, &ukko_string_type);
    assert_string_equal(ukko_msg_text(m), text);
    ukko_msg_release(m);
}
/* These texts come next, in any order. */
static inline void probe_expect_all(probe *p, const char *const *want, size_t n) {
    bool seen[16] = {false};
    assert_true(n <= sizeof seen);
    for (size_t i = 0; i < n; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        size_t k = 0;
        while (k < n && (seen[k] || strcmp(want[k], ukko_msg_text(m)))) k++;
        if (k == n) fail_msg("unexpected \"%s\"", ukko_msg_text(m));
        seen[k] = true;
        ukko_msg_release(m);
    }
}
/* Nothing else has arrived: shown by a fence, a message that the probe sends itself. */
static inline void probe_expect_nothing(probe *p) {
    ukko_tell_text(NULL, p->ref, "\1fence");
    probe_expect_text(p, "\1fence");
}
static inline void probe_watch(probe *p, ukko_ref *ref) {
    p->watch = ref;
    assert_int_equal(ukko_ask_wait_msg(p->ref, ukko_msg_string("\1watch"), 60000, NULL), UKKO_OK);
}
static inline void probe_free(probe *p) { /* after the system */
    for (probe_item *i = p->head, *next; i; i = next) {
        next = i->next;
        ukko_msg_release(i->msg);
        ukko_ref_release(i->sender);
        free(i);
    }
    ukko_ref_release(p->last_sender);
    ukko_ref_release(p->ref);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->cond);
    free(p);
}

static inline ukko_config *test_config(const char *text) {
    ukko_config *cfg = NULL;
    ukko_error err = {0};
    if (ukko_config_parse(&cfg, ukko_str(text), "test", &err)) fail_msg("%s", err.message);
    return cfg;
}
/* A running local system; text is configuration on top of a silent log. */
static inline ukko_system *test_system(const char *name, const char *text, ukko_log_fn log,
                                       void *log_data) {
    char all[4096];
    ukko_system *sys = NULL;
    ukko_error err = {0};
    snprintf(all, sizeof all, "pekko.loglevel = OFF\n%s", text ? text : "");
    ukko_config *cfg = test_config(all);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.log = log;
    o.log_data = log_data;
    o.threads = 2;
    if (ukko_system_new(&sys, &o, &err)) fail_msg("%s", err.message);
    if (ukko_system_start(sys, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}
/* Looks every 10 ms whether a condition has become true; what: for the report. */
static inline void until(bool (*is_so)(void *data), void *data, const char *what) {
    for (int i = 0; i < 6000; i++) {
        if (is_so(data)) return;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    fail_msg("not within a minute: %s", what);
}
#endif
