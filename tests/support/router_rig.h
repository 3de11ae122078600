/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of routers: workers that tell a probe what they get and that they stop, and helpers
   to make routers and look at them. */
#ifndef TESTS_SUPPORT_ROUTER_RIG_H
#define TESTS_SUPPORT_ROUTER_RIG_H
#include "support/probe.h"
#include <semaphore.h>

static ukko_system *sys;
static probe *p;
static sem_t gate, entered; /* "block": posts entered, waits at the gate */
static char blocked[32];    /* who waits there; written before entered is posted */

static const char *rig_config; /* set before rig_setup(); NULL: none */

static inline int rig_setup(void **state) {
    (void)state;
    sys = test_system("router", rig_config, NULL, NULL);
    p = probe_new(sys, "probe");
    sem_init(&gate, 0, 0);
    sem_init(&entered, 0, 0);
    return 0;
}
static inline int rig_teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    sem_destroy(&gate);
    sem_destroy(&entered);
    return 0;
}

/* Answers "who" with its name; tells the probe "NAME TEXT" of anything else. */
static inline int worker_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    char out[128];
    (void)state;
    if (!text) return UKKO_UNHANDLED;
    if (!strcmp(text, "who")) {
        ukko_reply_text(ctx, ukko_ref_name(ukko_self(ctx)));
        return UKKO_OK;
    }
    if (!strcmp(text, "silent")) return UKKO_OK;
    if (!strcmp(text, "fail")) return ukko_fail(ctx, UKKO_EUSER - 1, "told to");
    if (!strcmp(text, "die")) {
        ukko_stop(ctx, ukko_self(ctx));
        return UKKO_OK;
    }
    if (!strcmp(text, "block")) {
        snprintf(blocked, sizeof blocked, "%s", ukko_ref_name(ukko_self(ctx)));
        sem_post(&entered);
        while (sem_wait(&gate)) {}
    }
    snprintf(out, sizeof out, "%s %s", ukko_ref_name(ukko_self(ctx)), text);
    ukko_tell_text(ctx, p->ref, out);
    return UKKO_OK;
}
static inline int noisy_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    char out[128];
    (void)state, (void)args, (void)n;
    snprintf(out, sizeof out, "%s starts", ukko_ref_name(ukko_self(ctx)));
    ukko_tell_text(ctx, p->ref, out);
    return UKKO_OK;
}
static inline void noisy_stop(ukko_ctx *ctx, void *state) {
    char out[128];
    (void)state;
    snprintf(out, sizeof out, "%s stops", ukko_ref_name(ukko_self(ctx)));
    ukko_tell_text(ctx, p->ref, out);
}
static const ukko_actor worker = {
    .size = sizeof(ukko_actor), .name = "worker", .receive = {NULL, worker_receive}};
static const ukko_actor noisy = {.size = sizeof(ukko_actor),
                                 .name = "noisy",
                                 .receive = {NULL, worker_receive},
                                 .start = noisy_start,
                                 .stop = noisy_stop};

static inline ukko_ref *spawn_of(const ukko_actor *kind, const char *name) {
    ukko_ref *ref = NULL;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &ref), UKKO_OK);
    return ref;
}
static inline ukko_ref *router_of(const ukko_router_opts *opts, const ukko_actor *kind,
                                  const char *name) {
    ukko_props *props;
    ukko_ref *ref = NULL;
    ukko_error err = {0};
    if (ukko_router_props(&props, opts, kind ? ukko_props_new(kind) : NULL, &err))
        fail_msg("%s", err.message);
    if (ukko_system_spawn(sys, props, name, &ref)) {
        ukko_spawn_error(&err);
        fail_msg("%s", err.message);
    }
    return ref;
}
static inline ukko_ref *pool_of(ukko_router_kind kind, uint32_t n, const char *name) {
    ukko_router_opts opts = UKKO_POOL(kind, n);
    return router_of(&opts, &worker, name);
}
/* How many of the probe's next n texts begin with name; each must end in tail when there is one. */
static inline void count_texts(size_t n, const char *tail, size_t counts[64]) {
    memset(counts, 0, 64 * sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        const char *t = ukko_msg_text(m);
        assert_int_equal(t[0], '$');
        if (tail) assert_string_equal(strchr(t, ' ') + 1, tail);
        assert_true(t[1] >= 'a' && t[1] <= 'z');
        counts[t[1] - 'a']++;
        ukko_msg_release(m);
    }
}
static inline size_t routees_of(ukko_ref *router) {
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_new(&ukko_get_routees_type), 60000, &m),
                     UKKO_OK);
    const ukko_routees *r = ukko_msg_get(m, &ukko_routees_type);
    assert_non_null(r);
    size_t n = r->n;
    ukko_msg_release(m);
    return n;
}
static inline void ask_who(ukko_ref *to, ukko_msg *msg, char name[64]) { /* takes msg */
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, msg, 60000, &m), UKKO_OK);
    assert_non_null(ukko_msg_text(m));
    snprintf(name, 64, "%s", ukko_msg_text(m));
    ukko_msg_release(m);
}
static inline void expect_terminated(ukko_ref *ref) {
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    assert_true(ukko_ref_equal(
        ((const ukko_terminated *)ukko_msg_get(m, &ukko_terminated_type))->ref, ref));
    ukko_msg_release(m);
}
static inline void stop_router(ukko_ref *router) { /* does not wait */
    ukko_ref_signal(router, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(router);
}
/* Nothing else may come to the probe any more. */
static inline void end_router(ukko_ref *router) {
    probe_watch(p, router);
    ukko_ref_signal(router, UKKO_SIGNAL_TERMINATE, NULL);
    expect_terminated(router);
    ukko_ref_release(router);
}
#endif
