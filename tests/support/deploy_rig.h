/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of remote deployment: nodes with a boss that makes, supervises, watches and stops
   workers, which tell a probe on their node what happens to them. Nodes live in the test's process,
   or in one of their own that can be killed. Test thread and worker threads. */
#ifndef TESTS_SUPPORT_DEPLOY_RIG_H
#define TESTS_SUPPORT_DEPLOY_RIG_H
#include "support/probe.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER "test.rig.Actors$Worker"
#define QUICK_WATCH                                                                         \
    "pekko.remote.watch-failure-detector { heartbeat-interval = 100 ms,\n"                  \
    " acceptable-heartbeat-pause = 400 ms, unreachable-nodes-reaper-interval = 100 ms,\n"   \
    " expected-response-after = 200 ms }\n"

/* ---- the worker: "count" is its state ------------------------------------------------ */

static void tell_log(ukko_ctx *ctx, const char *format, ...) UKKO_PRINTF(2, 3);
static void tell_log(ukko_ctx *ctx, const char *format, ...) {
    char text[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ukko_tell_path(ctx, "/user/log", &ukko_string_type, &(ukko_string){text, 0});
}
static int worker_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    char all[1000] = "";
    size_t len = 0;
    (void)state;
    for (size_t i = 0; i < n && len < sizeof all; i++) {
        len += (size_t)snprintf(all + len, sizeof all - len, " ");
        len += ukko_msg_print(args[i], all + len, sizeof all - len);
    }
    tell_log(ctx, "start %s%s", ukko_ref_name(ukko_self(ctx)), all);
    return n && ukko_msg_text(args[0]) && !strcmp(ukko_msg_text(args[0]), "fail")
               ? ukko_fail_as(ctx, UKKO_EUSER, "java.lang.Exception", "told to")
               : UKKO_OK;
}
static void worker_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    tell_log(ctx, "stop %s", ukko_ref_name(ukko_self(ctx)));
}
static void worker_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *m) {
    (void)state, (void)m, (void)why;
    tell_log(ctx, "before %s", ukko_ref_name(ukko_self(ctx)));
}
static int worker_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                        const ukko_failure *why) {
    (void)state, (void)args, (void)n, (void)why;
    tell_log(ctx, "after %s", ukko_ref_name(ukko_self(ctx)));
    return UKKO_OK;
}
static const ukko_actor worker;
static int worker_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    int64_t *n = state;
    if (!text) return UKKO_UNHANDLED;
    if (!strncmp(text, "fail", 4))
        return ukko_fail_as(ctx, UKKO_EUSER, "java.lang.IllegalStateException", "%s", text);
    if (!strcmp(text, "inc")) ++*n;
    else if (!strcmp(text, "get")) ukko_reply(ctx, &ukko_long_type, n);
    else if (!strcmp(text, "stop")) ukko_stop(ctx, ukko_self(ctx));
    else if (!strncmp(text, "child ", 6)) ukko_spawn(ctx, ukko_props_new(&worker), text + 6, NULL);
    else ukko_reply_text(ctx, ukko_ref_path(ukko_self(ctx)));
    return UKKO_OK;
}
static const ukko_actor worker = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(int64_t),
    .name = WORKER,
    .receive = {NULL, worker_receive},
    .start = worker_start,
    .stop = worker_stop,
    .before_restart = worker_before,
    .after_restart = worker_after,
};
static const ukko_actor unlisted = {
    .size = sizeof(ukko_actor), .name = "test.rig.Unlisted", .start = worker_start};

/* ---- the boss ------------------------------------------------------------------------ */

typedef struct make_order { /* what to make; answered with the reference or a text */
    int64_t props;          /* a ukko_props *, taken */
    const char *name;
} make_order;
static const ukko_field make_fields[] = {UKKO_FIELD(make_order, props, UKKO_I64),
                                         UKKO_FIELD(make_order, name, UKKO_STR)};
static const ukko_type make_type = UKKO_TYPE_LOCAL(make_order, make_fields);
static _Atomic int decision = UKKO_RESTART; /* seq_cst: a test's switch */

static int boss_make(ukko_ctx *ctx, void *state, const void *body) {
    const make_order *o = body;
    ukko_ref *child;
    (void)state;
    if (ukko_spawn(ctx, (ukko_props *)(intptr_t)o->props, o->name, &child)) {
        ukko_error why;
        ukko_spawn_error(&why);
        ukko_reply_text(ctx, why.message);
        return UKKO_OK;
    }
    ukko_watch(ctx, child);
    ukko_reply(ctx, &ukko_ref_type, &(ukko_ref_body){child});
    ukko_ref_release(child);
    return UKKO_OK;
}
static int boss_terminated(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_terminated *t = body;
    (void)state;
    tell_log(ctx, "terminated %s %s%s", ukko_ref_name(t->ref),
             t->existence_confirmed ? "confirmed" : "unconfirmed",
             t->address_terminated ? " lost" : "");
    return UKKO_OK;
}
static int boss_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (!text) return UKKO_UNHANDLED;
    if (!strncmp(text, "stop ", 5)) ukko_stop(ctx, ukko_child(ctx, text + 5));
    else ukko_reply_text(ctx, ukko_ref_path(ukko_self(ctx)));
    return UKKO_OK;
}
static ukko_directive boss_decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    tell_log(ctx, "failed %s: %s", ukko_ref_name(why->child), why->message);
    return (ukko_directive)atomic_load(&decision);
}
static void boss_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *m) {
    (void)state, (void)why, (void)m;
    ukko_ref *child = ukko_child(ctx, "w");
    tell_log(ctx, "boss restarts");
    if (!child) return;
    ukko_unwatch(ctx, child);
    ukko_stop(ctx, child);
}
static const ukko_supervision boss_supervision = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = boss_decide};
static const ukko_case boss_cases[] = {
    {&make_type, boss_make}, {&ukko_terminated_type, boss_terminated}, {NULL, NULL}};
static const ukko_actor boss_actor = {.size = sizeof(ukko_actor),
                                      .name = "test.rig.Boss",
                                      .receive = {boss_cases, boss_receive},
                                      .before_restart = boss_before,
                                      .supervision = &boss_supervision};

/* ---- nodes --------------------------------------------------------------------------- */

typedef struct node {
    ukko_system *sys;
    const char *address;
    ukko_ref *boss;
    probe *log; /* NULL: of another process */
} node;
static const ukko_actor *const rig_actors[] = {&worker, &unlisted, NULL};
static const ukko_type *const *rig_types; /* set before node_begin(); NULL: none */

static inline node node_begin(const char *name, const char *more, ukko_log_fn log, void *data) {
    char text[3000];
    ukko_error err = {0};
    node n = {0};
    snprintf(text, sizeof text,
             "pekko { loglevel = %s, actor.provider = remote\n"
             " remote { artery.enabled = off, warn-about-direct-use = off\n"
             "  use-unsafe-remote-features-outside-cluster = on\n"
             "  classic.retry-gate-closed-for = 300 ms\n"
             "  classic.netty.tcp { hostname = 127.0.0.1, port = 0 } } }\n%s",
             log ? "DEBUG" : "OFF", more);
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
    o.actors = rig_actors;
    o.types = rig_types;
    o.log = log;
    o.log_data = data;
    if (ukko_system_new(&n.sys, &o, &err) || ukko_remote_enable(n.sys, &err) ||
        ukko_system_start(n.sys, &err))
        fail_msg("%s", err.message);
    ukko_config_release(cfg);
    n.address = ukko_remote_address(n.sys);
    n.log = probe_new(n.sys, "log");
    assert_int_equal(ukko_system_spawn(n.sys, ukko_props_new(&boss_actor), "boss", &n.boss), 0);
    return n;
}
static inline void node_end(node *n) {
    ukko_system_free(n->sys);
    probe_free(n->log);
    ukko_ref_release(n->boss);
}

/* Gives the reference (owned) or, as *why, the text of the failure (owned). Takes props. */
static inline ukko_ref *make_props(node *at, ukko_props *props, const char *name, ukko_msg **why) {
    ukko_msg *answer = NULL,
             *order = ukko_msg_copy(&make_type, &(make_order){(intptr_t)props, name});
    assert_int_equal(ukko_ask_wait_msg(at->boss, order, 60000, &answer), UKKO_OK);
    const ukko_ref_body *body = ukko_msg_get(answer, &ukko_ref_type);
    ukko_ref *ref = body ? ukko_ref_retain(body->ref) : NULL;
    if (why && !ref) *why = ukko_msg_retain(answer);
    ukko_msg_release(answer);
    return ref;
}
static inline ukko_props *props_at(const ukko_actor *actor, const char *address) {
    ukko_props *props = ukko_props_new(actor);
    assert_int_equal(ukko_props_deploy(props, address), UKKO_OK);
    return props;
}
static inline ukko_ref *make(node *at, const char *address, const char *name) {
    ukko_ref *ref = make_props(at, props_at(&worker, address), name, NULL);
    assert_non_null(ref);
    return ref;
}
static inline int64_t count_of(ukko_ref *w) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(w, ukko_msg_string("get"), 60000, &answer), UKKO_OK);
    const int64_t *n = ukko_msg_get(answer, &ukko_long_type);
    assert_non_null(n);
    int64_t v = *n;
    ukko_msg_release(answer);
    return v;
}
static inline void say(ukko_ref *to, const char *text) { ukko_tell_text(NULL, to, text); }

/* ---- a node that can crash ------------------------------------------------------------ */

typedef struct victim {
    pid_t pid;
    int to, from; /* pipes */
    char address[200];
} victim;

/* Its process: prints its address, then makes "w" on each address it reads. */
static inline void victim_run(const char *name, const char *more, int in, int out) {
    node n = node_begin(name, more, NULL, NULL);
    char line[300] = {0};
    snprintf(line, sizeof line, "%s", n.address);
    while (write(out, line, sizeof line) == sizeof line && read(in, line, sizeof line) > 0)
        ukko_ref_release(make(&n, line, "w"));
    _exit(0);
}
/* Begins before the test's process has threads. */
static inline victim victim_begin(const char *name, const char *more) {
    int to[2], from[2];
    char line[300];
    victim v = {0};
    assert_int_equal(pipe(to) | pipe(from), 0);
    v.pid = fork();
    assert_true(v.pid >= 0);
    if (!v.pid) {
        close(to[1]);
        close(from[0]);
        victim_run(name, more, to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    v.to = to[1];
    v.from = from[0];
    assert_int_equal(read(v.from, line, sizeof line), sizeof line);
    snprintf(v.address, sizeof v.address, "%.199s", line);
    return v;
}
static inline void victim_make(const victim *v, const char *address) {
    char line[300] = {0};
    snprintf(line, sizeof line, "%s", address);
    assert_int_equal(write(v->to, line, sizeof line), sizeof line);
    assert_int_equal(read(v->from, line, sizeof line), sizeof line);
}
static inline void victim_crash(const victim *v) {
    kill(v->pid, SIGKILL);
    waitpid(v->pid, NULL, 0);
    close(v->to);
    close(v->from);
}
#endif
