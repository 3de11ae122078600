/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: systems with remoting in this process, over loopback, with short times, but for the one
   after which a silent node counts as lost: a busy machine is silent, too. An actor that echoes.
   Test thread. */
#ifndef TESTS_SUPPORT_NODES_H
#define TESTS_SUPPORT_NODES_H
#include "support/probe.h"
#include <unistd.h>

static const char nodes_base[] =
    "pekko { loglevel = OFF, actor.provider = remote\n"
    " remote { artery.enabled = off, warn-about-direct-use = off\n"
    "  use-unsafe-remote-features-outside-cluster = on\n"
    "  watch-failure-detector { heartbeat-interval = 100 ms, acceptable-heartbeat-pause = 60 s\n"
    "   unreachable-nodes-reaper-interval = 50 ms, expected-response-after = 100 ms }\n"
    "  classic { retry-gate-closed-for = 200 ms, resend-interval = 300 ms\n"
    "   flush-wait-on-shutdown = 300 ms\n"
    "   netty.tcp { hostname = 127.0.0.1, port = 0 } } } }\n";

typedef struct node_opts {
    const char *config; /* on top of nodes_base; may be NULL */
    ukko_log_fn log;
    void *log_data;
    const ukko_detector *const *detectors; /* ends with NULL; may be NULL */
    ukko_tap_fn tap;
    void *tap_data;
} node_opts;

static inline int node_try(ukko_system **out, const char *name, node_opts opts, ukko_error *err) {
    char all[4000];
    snprintf(all, sizeof all, "%s%s", nodes_base, opts.config ? opts.config : "");
    ukko_config *cfg = test_config(all);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
    o.log = opts.log;
    o.log_data = opts.log_data;
    int rc = ukko_system_new(out, &o, err);
    if (!rc) rc = ukko_remote_enable(*out, err);
    for (size_t i = 0; !rc && opts.detectors && opts.detectors[i]; i++)
        rc = ukko_remote_add_detector(*out, opts.detectors[i]);
    if (!rc && opts.tap) rc = ukko_remote_tap(*out, opts.tap, opts.tap_data);
    if (!rc) rc = ukko_system_start(*out, err);
    ukko_config_release(cfg);
    return rc;
}
static inline ukko_system *node_with(const char *name, node_opts opts) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    if (node_try(&sys, name, opts, &err)) fail_msg("%s", err.message);
    return sys;
}
static inline ukko_system *node_new(const char *name, const char *config) {
    return node_with(name, (node_opts){.config = config});
}
/* A node at the address that another had. */
static inline ukko_system *node_at(const char *name, const char *address, const char *config) {
    char more[2000];
    snprintf(more, sizeof more, "pekko.remote.classic.netty.tcp.port = %s\n%s",
             strrchr(address, ':') + 1, config ? config : "");
    return node_new(name, more);
}

static inline int echo_it(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_kind = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_it}};
static inline void spawn_echo(ukko_system *sys, const char *name) {
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&echo_kind), name, NULL), UKKO_OK);
}
/* The reference by its path alone, owned. */
static inline ukko_ref *ref_at(ukko_system *from, const char *address, const char *path) {
    char text[600];
    snprintf(text, sizeof text, "%s%s", address, path);
    return ukko_system_ref(from, text);
}
static inline bool does_answer(ukko_ref *to, int ms) {
    ukko_msg *answer = NULL;
    int rc = ukko_ask_wait_msg(to, ukko_msg_string("there?"), ms, &answer);
    ukko_msg_release(answer);
    return rc == UKKO_OK;
}
static inline void wait_answer(ukko_ref *to) {
    for (int i = 0; i < 150; i++)
        if (does_answer(to, 200)) return;
    fail_msg("no answer from %s", ukko_ref_path(to));
}
/* The living actor there, owned. */
static inline ukko_ref *find_at(ukko_system *from, const char *address, const char *path) {
    char text[300];
    ukko_ref *ref = NULL;
    snprintf(text, sizeof text, "%s%s", address, path);
    for (int i = 0; i < 150 && !ref; i++) /* behind a gate the answer is "nobody", at once */
        if (ukko_find_wait(from, text, 300, &ref)) usleep(20000);
    assert_non_null(ref);
    return ref;
}
static inline ukko_terminated expect_terminated_of(probe *p, ukko_ref *who) {
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    ukko_terminated copy = *t;
    assert_true(ukko_ref_equal(t->ref, who));
    ukko_msg_release(m);
    return copy;
}
#endif
