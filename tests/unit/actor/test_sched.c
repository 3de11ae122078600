/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: nobody starves, nobody burns, work spreads, messages that a handler keeps back leave
   all the same, and who holds a worker up is named. Test thread and workers; waits are for messages. */
#include "support/probe.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <ukko/testkit.h>

static ukko_system *system_of(int threads, const char *text) {
    ukko_system *sys = NULL;
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("sched", NULL);
    o.config = cfg;
    o.threads = threads;
    if (ukko_system_new(&sys, &o, &err) || ukko_system_start(sys, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}
static ukko_ref *spawn(ukko_system *sys, const ukko_actor *kind, const char *name) {
    ukko_ref *r;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &r), UKKO_OK);
    return r;
}

/* ---- fairness ---- */

/* Sends itself the message it got, for ever; two of them play it to each other. */
static _Atomic bool quit;
static int again(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    if (!atomic_load_explicit(&quit, memory_order_relaxed))
        ukko_tell(ctx, ukko_self(ctx), &ukko_done_type, NULL);
    return UKKO_OK;
}
static int back(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    if (!atomic_load_explicit(&quit, memory_order_relaxed))
        ukko_reply(ctx, &ukko_not_used_type, NULL);
    return UKKO_OK;
}
static const ukko_case busy_cases[] = {{&ukko_done_type, again}, {NULL, NULL}};
static const ukko_actor busy_actor = {
    .size = sizeof(ukko_actor), .name = "busy", .receive = {busy_cases, back}};
static int echo(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_reply_text(ctx, "echo");
    return UKKO_OK;
}
static const ukko_actor echo_actor = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo}};

static void nobody_starves(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        ukko_system *sys = system_of(threads, "pekko.loglevel = OFF");
        ukko_ref *busy[8], *quiet[8];
        ukko_probe *p;
        assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
        atomic_store_explicit(&quit, false, memory_order_relaxed);
        for (int i = 0; i < 8; i++) busy[i] = spawn(sys, &busy_actor, NULL);
        for (int i = 0; i < 8; i++) quiet[i] = spawn(sys, &echo_actor, NULL);
        for (int i = 0; i < 4; i++) /* four talk to themselves, four in pairs */
            ukko_tell(NULL, busy[i], &ukko_done_type, NULL);
        for (int i = 4; i < 8; i += 2)
            ukko_tell_from(busy[i], ukko_msg_new(&ukko_not_used_type), busy[i + 1]);
        for (int round = 0; round < 50; round++)
            for (int i = 0; i < 8; i++) {
                ukko_probe_tell_text(p, quiet[i], "are you there");
                assert_int_equal(ukko_probe_expect_text(p, "echo", 20000), UKKO_OK);
            }
        atomic_store_explicit(&quit, true, memory_order_relaxed);
        for (int i = 0; i < 8; i++) {
            ukko_ref_release(busy[i]);
            ukko_ref_release(quiet[i]);
        }
        ukko_probe_free(p);
        ukko_system_free(sys);
    }
}

/* ---- idling ---- */

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}
static void an_idle_system_takes_no_cpu(void **state) {
    (void)state;
    enum { MS = 600 };
    ukko_system *sys = system_of(8, "pekko.loglevel = OFF");
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    ukko_probe_tell_text(p, ukko_probe_ref(p), "awake");
    assert_int_equal(ukko_probe_expect_text(p, "awake", 10000), UKKO_OK);
    double before = cpu_ms();
    assert_int_equal(ukko_probe_expect_none(p, MS), UKKO_OK); /* real time: it is what is measured */
    double took = cpu_ms() - before;
    if (took > MS * 0.05) fail_msg("%.1f ms of CPU in %d ms", took, MS);
    ukko_probe_free(p);
    ukko_system_free(sys);
}

/* ---- spreading ---- */

/* Two handlers that each wait for the other: they end only when two workers run them. */
static _Atomic int inside; /* seq_cst */
static int meet(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    atomic_fetch_add(&inside, 1);
    while (atomic_load(&inside) < 2) sched_yield();
    ukko_reply_text(ctx, "met");
    return UKKO_OK;
}
static const ukko_actor meet_actor = {
    .size = sizeof(ukko_actor), .name = "meet", .receive = {NULL, meet}};
/* Makes both runnable in one turn of one worker, then answers. */
static ukko_ref *pair[2];
static int start_both(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_forward(ctx, pair[0]);
    ukko_forward(ctx, pair[1]);
    return UKKO_OK;
}
static const ukko_actor starter_actor = {
    .size = sizeof(ukko_actor), .name = "starter", .receive = {NULL, start_both}};
static void work_of_one_worker_reaches_another(void **state) {
    (void)state;
    ukko_system *sys = system_of(2, "pekko.loglevel = OFF");
    ukko_ref *s = spawn(sys, &starter_actor, NULL);
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    for (int i = 0; i < 2; i++) pair[i] = spawn(sys, &meet_actor, NULL);
    for (int round = 0; round < 20; round++) {
        atomic_store(&inside, 0);
        ukko_probe_tell_text(p, s, "go");
        assert_int_equal(ukko_probe_expect_text(p, "met", 20000), UKKO_OK);
        assert_int_equal(ukko_probe_expect_text(p, "met", 20000), UKKO_OK);
    }
    for (int i = 0; i < 2; i++) ukko_ref_release(pair[i]);
    ukko_ref_release(s);
    ukko_probe_free(p);
    ukko_system_free(sys);
}

/* ---- what a handler keeps back, and what waits in its worker's slot ---- */

static _Atomic int arrived; /* seq_cst */
static ukko_ref *counter;
static int count_one(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    atomic_fetch_add(&arrived, 1);
    return UKKO_OK;
}
static const ukko_actor counter_actor = {
    .size = sizeof(ukko_actor), .name = "counter", .receive = {NULL, count_one}};
/* Does not return before all that it has sent was handled by another worker. */
static int send_and_wait(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    for (int i = 0; i < 5; i++) ukko_tell(ctx, counter, &ukko_done_type, NULL);
    while (atomic_load(&arrived) < 5) sched_yield();
    ukko_reply_text(ctx, "all arrived");
    return UKKO_OK;
}
static const ukko_actor waiter_actor = {
    .size = sizeof(ukko_actor), .name = "waiter", .receive = {NULL, send_and_wait}};
static void messages_leave_a_handler_that_goes_on(void **state) {
    (void)state;
    ukko_system *sys = system_of(2, "pekko.loglevel = OFF");
    ukko_ref *w = spawn(sys, &waiter_actor, NULL);
    ukko_probe *p;
    counter = spawn(sys, &counter_actor, NULL);
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    for (int round = 0; round < 5; round++) {
        atomic_store(&arrived, 0);
        ukko_probe_tell_text(p, w, "go");
        assert_int_equal(ukko_probe_expect_text(p, "all arrived", 20000), UKKO_OK);
    }
    ukko_ref_release(w);
    ukko_ref_release(counter);
    ukko_probe_free(p);
    ukko_system_free(sys);
}

/* ---- who holds a worker ---- */

static _Atomic bool let_go; /* seq_cst */
static int hold(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    while (!atomic_load(&let_go)) sched_yield();
    ukko_reply_text(ctx, "done");
    return UKKO_OK;
}
static const ukko_actor hold_actor = {
    .size = sizeof(ukko_actor), .name = "hold", .receive = {NULL, hold}};
static void who_holds_a_worker_is_named(void **state) {
    (void)state;
    ukko_system *sys = system_of(2, "pekko.loglevel = WARNING\nukko.scheduler.held-worker-warning = 30ms");
    ukko_ref *h = spawn(sys, &hold_actor, "slow");
    ukko_filter *f = ukko_filter_log(sys, UKKO_LOG_WARN, "*/user/slow", "a handler of *slow*holds*");
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    atomic_store(&let_go, false);
    ukko_probe_tell_text(p, h, "go");
    assert_int_equal(ukko_filter_expect(f, 1, 20000), UKKO_OK);
    atomic_store(&let_go, true);
    assert_int_equal(ukko_probe_expect_text(p, "done", 20000), UKKO_OK);
    assert_int_equal(ukko_filter_expect(f, 1, 100), UKKO_OK); /* once for a turn */
    ukko_filter_free(f);
    ukko_probe_free(p);
    ukko_ref_release(h);
    ukko_system_free(sys);
}
static int start_slowly(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    struct timespec t;
    (void)ctx, (void)state, (void)args, (void)n;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + 60; /* several looks of the watchdog */
    do clock_gettime(CLOCK_MONOTONIC, &t);
    while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < end);
    return UKKO_OK;
}
static const ukko_actor slow_actor = {.size = sizeof(ukko_actor),
                                      .name = "slow",
                                      .receive = {NULL, hold},
                                      .start = start_slowly};
/* The first turn of a worker has not lasted since the machine was started. */
static void a_slow_start_is_no_long_turn(void **state) {
    (void)state;
    ukko_system *sys = system_of(8, "pekko.loglevel = WARNING\nukko.scheduler.held-worker-warning = 10s");
    ukko_filter *f = ukko_filter_log(sys, UKKO_LOG_WARN, "*", "a handler of *holds*");
    ukko_probe *p;
    ukko_ref *slow[8]; /* enough for all workers */
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    atomic_store(&let_go, true);
    for (int i = 0; i < 8; i++) slow[i] = spawn(sys, &slow_actor, NULL);
    for (int i = 0; i < 8; i++) {
        ukko_probe_tell_text(p, slow[i], "go");
        assert_int_equal(ukko_probe_expect_text(p, "done", 20000), UKKO_OK);
        ukko_ref_release(slow[i]);
    }
    assert_int_equal(ukko_filter_expect(f, 0, 0), UKKO_OK);
    ukko_filter_free(f);
    ukko_probe_free(p);
    ukko_system_free(sys);
}
static void a_bad_limit_is_refused(void **state) {
    (void)state;
    ukko_system *sys;
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config("ukko.scheduler.held-worker-warning = -1s");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("sched", NULL);
    o.config = cfg;
    assert_int_equal(ukko_system_new(&sys, &o, &err), UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "held-worker-warning"));
    ukko_config_release(cfg);
    ukko_system_free(system_of(1, "ukko.scheduler.held-worker-warning = off"));
}

/* ---- many system messages at once ---- */

typedef struct grave { /* an actor, and many that have ended */
    ukko_ref **dead;
    int n, heard;
} grave;
static grave graves;
static int end_at_once(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_actor mayfly_actor = {.size = sizeof(ukko_actor), .name = "mayfly",
                                        .start = end_at_once};
static int mourn(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (ukko_msg_get(msg, &ukko_terminated_type)) graves.heard++;
    for (int i = 0; ukko_msg_text(msg) && i < graves.n; i++) ukko_watch(ctx, graves.dead[i]);
    return UKKO_OK;
}
static const ukko_actor mourner_actor = {.size = sizeof(ukko_actor), .name = "mourner",
                                         .receive = {NULL, mourn}};
/* CPU time to hear of the end of n at once, in ms. */
static double mourning_ms(int n) {
    ukko_system *sys = system_of(0, "pekko.loglevel = OFF");
    ukko_ref *mourner = spawn(sys, &mourner_actor, NULL);
    graves = (grave){.dead = calloc((size_t)n, sizeof(ukko_ref *)), .n = n};
    for (int i = 0; i < n; i++) graves.dead[i] = spawn(sys, &mayfly_actor, NULL);
    ukko_system_advance(sys, 1);
    ukko_tell_text(NULL, mourner, "go");
    double before = cpu_ms();
    ukko_system_advance(sys, 1);
    double took = cpu_ms() - before;
    assert_int_equal(graves.heard, n);
    for (int i = 0; i < n; i++) ukko_ref_release(graves.dead[i]);
    free(graves.dead);
    ukko_ref_release(mourner);
    ukko_system_free(sys);
    return took;
}
static void many_system_messages_cost_no_more_each(void **state) {
    (void)state;
    double few = mourning_ms(5000), many = mourning_ms(40000);
    for (int i = 0; i < 2; i++) { /* the least is what it takes */
        double again = mourning_ms(5000);
        if (again < few) few = again;
    }
    if (many > 30 * few) fail_msg("8 times as many take %.1f times as long", many / few);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_starves),
        cmocka_unit_test(an_idle_system_takes_no_cpu),
        cmocka_unit_test(work_of_one_worker_reaches_another),
        cmocka_unit_test(messages_leave_a_handler_that_goes_on),
        cmocka_unit_test(who_holds_a_worker_is_named),
        cmocka_unit_test(a_slow_start_is_no_long_turn),
        cmocka_unit_test(many_system_messages_cost_no_more_each),
        cmocka_unit_test(a_bad_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
