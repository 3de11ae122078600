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
                assert_int_equal(ukko_probe_expect_text(p, "echo", 60000), UKKO_OK);
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

/* ---- more than fit into a worker's ring ---- */

/* Runs for ever. Who is the last to run for the second time tells the probe. */
static _Atomic int not_yet; /* relaxed: a count */
static int second_time(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int *times = state;
    (void)msg;
    if (++*times == 2 && atomic_fetch_sub_explicit(&not_yet, 1, memory_order_relaxed) == 1)
        ukko_reply_text(ctx, "all twice");
    if (!atomic_load_explicit(&quit, memory_order_relaxed)) ukko_forward(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_actor twice_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(int),
                                       .name = "twice",
                                       .receive = {NULL, second_time}};
static void nobody_starves_in_a_crowd(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        int n = 2600 * threads;
        ukko_system *sys = system_of(threads, "pekko.loglevel = OFF");
        ukko_ref **crowd = calloc((size_t)n, sizeof(ukko_ref *));
        ukko_probe *p;
        assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
        atomic_store_explicit(&quit, false, memory_order_relaxed);
        atomic_store_explicit(&not_yet, n, memory_order_relaxed);
        for (int i = 0; i < n; i++) crowd[i] = spawn(sys, &twice_actor, NULL);
        for (int i = 0; i < n; i++) ukko_probe_tell_text(p, crowd[i], "go");
        assert_int_equal(ukko_probe_expect_text(p, "all twice", 60000), UKKO_OK);
        atomic_store_explicit(&quit, true, memory_order_relaxed);
        for (int i = 0; i < n; i++) ukko_ref_release(crowd[i]);
        free(crowd);
        ukko_probe_free(p);
        ukko_system_free(sys);
    }
}
/* A tree of 111111 whose leaves end at once, and whose inner actors end with their last child. */
enum { FAN = 10, MOST = 6000 };
static _Atomic int living, most_living; /* relaxed: counts */
typedef struct tree_node {
    int depth, ended;
} tree_node;
static int tree_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    int now = atomic_fetch_add_explicit(&living, 1, memory_order_relaxed) + 1,
        most = atomic_load_explicit(&most_living, memory_order_relaxed);
    (void)ctx, (void)state, (void)args, (void)n;
    while (now > most && !atomic_compare_exchange_weak_explicit(&most_living, &most, now,
                                                                memory_order_relaxed,
                                                                memory_order_relaxed)) {}
    return UKKO_OK;
}
static void tree_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    atomic_fetch_sub_explicit(&living, 1, memory_order_relaxed);
    ukko_tell(ctx, ukko_parent(ctx), &ukko_done_type, NULL);
}
static const ukko_actor tree_actor;
static int tree_grow(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    tree_node *t = state;
    const char *text = ukko_msg_text(msg);
    if (text) t->depth = atoi(text);
    else t->ended++;
    if (text ? !t->depth : t->ended == FAN) ukko_stop(ctx, ukko_self(ctx));
    if (!text) return UKKO_OK;
    for (int i = 0; i < FAN && t->depth; i++) {
        ukko_ref *child;
        char next[12];
        snprintf(next, sizeof next, "%d", t->depth - 1);
        if (ukko_spawn(ctx, ukko_props_new(&tree_actor), NULL, &child)) return -UKKO_EIO;
        ukko_tell_text(ctx, child, next);
        ukko_ref_release(child);
    }
    return UKKO_OK;
}
static const ukko_actor tree_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(tree_node),
                                      .name = "tree",
                                      .receive = {NULL, tree_grow},
                                      .start = tree_start,
                                      .stop = tree_stop};
static void a_tree_grows_in_depth(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        ukko_system *sys = system_of(threads, "pekko.loglevel = OFF");
        ukko_ref *root = spawn(sys, &tree_actor, "root");
        ukko_probe *p;
        assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
        atomic_store_explicit(&most_living, 0, memory_order_relaxed);
        ukko_probe_watch(p, root);
        ukko_probe_tell_text(p, root, "5");
        assert_int_equal(ukko_probe_expect_terminated(p, root, 60000), UKKO_OK);
        assert_int_equal(atomic_load_explicit(&living, memory_order_relaxed), 0);
        int most = atomic_load_explicit(&most_living, memory_order_relaxed);
        if (most > MOST) fail_msg("%d threads: %d actors at a time", threads, most);
        ukko_ref_release(root);
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
static int64_t now_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static void an_idle_system_takes_no_cpu(void **state) {
    (void)state;
    enum { MS = 600 };
    ukko_system *sys = system_of(8, "pekko.loglevel = OFF");
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    ukko_probe_tell_text(p, ukko_probe_ref(p), "awake");
    assert_int_equal(ukko_probe_expect_text(p, "awake", 60000), UKKO_OK);
    double before = cpu_ms();
    int64_t from = now_us(CLOCK_MONOTONIC);
    assert_int_equal(ukko_probe_expect_none(p, MS), UKKO_OK); /* real time: it is what is measured */
    double took = cpu_ms() - before, all = (double)(now_us(CLOCK_MONOTONIC) - from) / 1e3;
    if (took > all * 0.05) fail_msg("%.1f ms of CPU in %.1f ms", took, all);
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
        assert_int_equal(ukko_probe_expect_text(p, "met", 60000), UKKO_OK);
        assert_int_equal(ukko_probe_expect_text(p, "met", 60000), UKKO_OK);
    }
    for (int i = 0; i < 2; i++) ukko_ref_release(pair[i]);
    ukko_ref_release(s);
    ukko_probe_free(p);
    ukko_system_free(sys);
}

/* ---- how soon it spreads, and what does not ---- */

/* The first to run waits until another worker runs the second; then it is known how long that took. */
static _Atomic int64_t began_us, spread_us; /* seq_cst; 0: not yet */
static int first_or_second(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int64_t none = 0, now = now_us(CLOCK_MONOTONIC);
    (void)state, (void)msg;
    if (atomic_compare_exchange_strong(&began_us, &none, now)) {
        while (!atomic_load(&spread_us)) sched_yield();
    } else {
        none = 0;
        atomic_compare_exchange_strong(&spread_us, &none, now - atomic_load(&began_us));
    }
    ukko_reply_text(ctx, "ran");
    return UKKO_OK;
}
static const ukko_actor heavy_actor = {
    .size = sizeof(ukko_actor), .name = "heavy", .receive = {NULL, first_or_second}};
enum { HEAVY = 8 };
static ukko_ref *heavy[HEAVY];
static int start_heavy(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    for (int i = 0; i < HEAVY; i++) ukko_forward(ctx, heavy[i]);
    return UKKO_OK;
}
static const ukko_actor heavy_starter = {
    .size = sizeof(ukko_actor), .name = "starter", .receive = {NULL, start_heavy}};
/* What one actor has set going at once: another worker takes part within a millisecond, when the
   machine has a core for it. So the best of some rounds counts. */
static void long_turns_spread_soon(void **state) {
    (void)state;
    enum { ROUNDS = 200, SOON_US = 1000 };
    for (int threads = 2; threads <= 4; threads += 2) {
        ukko_system *sys = system_of(threads, "pekko.loglevel = OFF");
        ukko_ref *s = spawn(sys, &heavy_starter, NULL);
        ukko_probe *p;
        int64_t best = INT64_MAX;
        assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
        for (int i = 0; i < HEAVY; i++) heavy[i] = spawn(sys, &heavy_actor, NULL);
        for (int round = 0; round < ROUNDS && best > SOON_US; round++) {
            atomic_store(&began_us, 0);
            atomic_store(&spread_us, 0);
            ukko_probe_tell_text(p, s, "go");
            for (int i = 0; i < HEAVY; i++)
                assert_int_equal(ukko_probe_expect_text(p, "ran", 60000), UKKO_OK);
            if (atomic_load(&spread_us) < best) best = atomic_load(&spread_us);
        }
        if (best > SOON_US) fail_msg("%d threads: %lld us at best", threads, (long long)best);
        for (int i = 0; i < HEAVY; i++) ukko_ref_release(heavy[i]);
        ukko_ref_release(s);
        ukko_probe_free(p);
        ukko_system_free(sys);
    }
}
/* Many that talk to each other in short turns: whoever gets a message sends it on to the next one. */
enum { TALKERS = 64, TALKS = 200000 };
static ukko_ref *talkers[TALKERS];
static _Atomic int talks, moves;             /* relaxed: counts */
static _Atomic(const void *) talked_on; /* relaxed: a thread, known by something of its own */
static int talk(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    static _Thread_local char here;
    int n = atomic_fetch_add_explicit(&talks, 1, memory_order_relaxed);
    (void)state;
    if (atomic_load_explicit(&talked_on, memory_order_relaxed) != &here) {
        atomic_store_explicit(&talked_on, &here, memory_order_relaxed);
        atomic_fetch_add_explicit(&moves, 1, memory_order_relaxed);
    }
    if (n < TALKS) ukko_forward(ctx, talkers[(n * 7 + 3) % TALKERS]);
    else if (ukko_msg_text(msg)) ukko_reply_text(ctx, "enough");
    return UKKO_OK;
}
static const ukko_actor talk_actor = {
    .size = sizeof(ukko_actor), .name = "talk", .receive = {NULL, talk}};
static int start_talks(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    for (int i = 0; i < TALKERS / 2; i++) ukko_forward(ctx, talkers[i]);
    return UKKO_OK;
}
static const ukko_actor talk_starter = {
    .size = sizeof(ukko_actor), .name = "starter", .receive = {NULL, start_talks}};
/* A busy machine takes a core from a worker at times, and another takes part for a while: the best of
   some rounds counts. Where a sanitizer makes the turns long, they are rightly spread. */
static void a_conversation_stays_on_its_core(void **state) {
    (void)state;
    enum { ROUNDS = 10, FEW = 20, SHORT_NS = 500 };
    bool any_short = false;
    ukko_system *sys = system_of(2, "pekko.loglevel = OFF");
    ukko_ref *s = spawn(sys, &talk_starter, NULL);
    ukko_probe *p;
    int best = INT32_MAX;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    for (int i = 0; i < TALKERS; i++) talkers[i] = spawn(sys, &talk_actor, NULL);
    for (int round = 0; round < ROUNDS && best > FEW && (any_short || round < 2); round++) {
        atomic_store_explicit(&talks, 0, memory_order_relaxed);
        atomic_store_explicit(&moves, 0, memory_order_relaxed);
        int64_t from = now_us(CLOCK_MONOTONIC);
        ukko_probe_tell_text(p, s, "go");
        for (int i = 0; i < TALKERS / 2; i++)
            assert_int_equal(ukko_probe_expect_text(p, "enough", 60000), UKKO_OK);
        int n = atomic_load_explicit(&moves, memory_order_relaxed);
        if (n < best) best = n;
        any_short |= (now_us(CLOCK_MONOTONIC) - from) * 1000 < (int64_t)TALKS * SHORT_NS;
    }
    if (any_short && best > FEW) fail_msg("%d changes of the core in %d turns, at best", best, TALKS);
    for (int i = 0; i < TALKERS; i++) ukko_ref_release(talkers[i]);
    ukko_ref_release(s);
    ukko_probe_free(p);
    ukko_system_free(sys);
}
/* One actor works for a while; what the other threads take meanwhile is little: of the real time, which is
   longer where others work, too. */
static int work(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    enum { WORK_US = 300000 };
    int64_t from = now_us(CLOCK_THREAD_CPUTIME_ID);
    (void)state, (void)msg;
    while (now_us(CLOCK_THREAD_CPUTIME_ID) - from < WORK_US) {}
    ukko_reply_text(ctx, "worked");
    return UKKO_OK;
}
static const ukko_actor work_actor = {
    .size = sizeof(ukko_actor), .name = "work", .receive = {NULL, work}};
static void those_without_work_take_little_cpu(void **state) {
    (void)state;
    ukko_system *sys = system_of(8, "pekko.loglevel = OFF");
    ukko_ref *r = spawn(sys, &work_actor, NULL);
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    ukko_probe_tell_text(p, ukko_probe_ref(p), "awake");
    assert_int_equal(ukko_probe_expect_text(p, "awake", 60000), UKKO_OK);
    double before = cpu_ms();
    int64_t from = now_us(CLOCK_MONOTONIC);
    for (int i = 0; i < 2; i++) { /* the second waits in a queue while all others have nothing */
        ukko_probe_tell_text(p, r, "go");
        assert_int_equal(ukko_probe_expect_text(p, "worked", 60000), UKKO_OK);
    }
    double took = cpu_ms() - before - 600, all = (double)(now_us(CLOCK_MONOTONIC) - from) / 1e3;
    if (took > all * 0.05)
        fail_msg("%.1f ms of CPU in %.1f ms, beside the 600 of one actor", took, all);
    ukko_ref_release(r);
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
        assert_int_equal(ukko_probe_expect_text(p, "all arrived", 60000), UKKO_OK);
    }
    ukko_ref_release(w);
    ukko_ref_release(counter);
    counter = NULL; /* a count too many would be seen as a leak */
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
    assert_int_equal(ukko_filter_expect(f, 1, 60000), UKKO_OK);
    atomic_store(&let_go, true);
    assert_int_equal(ukko_probe_expect_text(p, "done", 60000), UKKO_OK);
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
        assert_int_equal(ukko_probe_expect_text(p, "done", 60000), UKKO_OK);
        ukko_ref_release(slow[i]);
    }
    assert_int_equal(ukko_filter_expect(f, 0, 0), UKKO_OK);
    ukko_filter_free(f);
    ukko_probe_free(p);
    ukko_system_free(sys);
}
/* ---- many at once ---- */

/* One turn makes all its children runnable, several times as many as a ring holds, while others send to
   them too; each gets all in the order in which it was sent. */
enum { CROWD = 10000, EACH = 3 };
static ukko_ref *crowd[CROWD];
static _Atomic int said; /* seq_cst */
typedef struct counted {
    int64_t seen;
} counted;
static int crowd_hears(ukko_ctx *ctx, void *state, const void *body) {
    counted *c = state;
    (void)ctx;
    if (((const counted *)body)->seen == c->seen++ % EACH) atomic_fetch_add(&said, 1);
    return UKKO_OK;
}
static const ukko_field counted_fields[] = {UKKO_FIELD(counted, seen, UKKO_I64)};
static const ukko_type counted_type = UKKO_TYPE_LOCAL(counted, counted_fields);
static const ukko_case crowd_cases[] = {{&counted_type, crowd_hears}, {NULL, NULL}};
static const ukko_actor crowd_actor = UKKO_ACTOR(counted, "crowd", crowd_cases);
static int call_crowd(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    for (int64_t k = 0; k < EACH; k++)
        for (int i = 0; i < CROWD; i++) ukko_tell(ctx, crowd[i], &counted_type, &(counted){k});
    ukko_reply_text(ctx, "called");
    return UKKO_OK;
}
static const ukko_actor caller_actor = {
    .size = sizeof(ukko_actor), .name = "caller", .receive = {NULL, call_crowd}};
static void a_crowd_runs(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        ukko_system *sys = system_of(threads, "pekko.loglevel = OFF");
        ukko_ref *caller = spawn(sys, &caller_actor, NULL);
        ukko_probe *p;
        assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
        atomic_store(&said, 0);
        for (int i = 0; i < CROWD; i++) crowd[i] = spawn(sys, &crowd_actor, NULL);
        for (int round = 1; round <= 2; round++) {
            ukko_probe_tell_text(p, caller, "go");
            assert_int_equal(ukko_probe_expect_text(p, "called", 60000), UKKO_OK);
            for (int i = 0; i < 100; i++) /* this thread's order: behind what has been sent */
                for (int64_t k = 0; k < EACH; k++)
                    ukko_tell(NULL, crowd[i * 7], &counted_type, &(counted){k});
            while (atomic_load(&said) < round * EACH * (CROWD + 100)) sched_yield();
        }
        assert_int_equal(atomic_load(&said), 2 * EACH * (CROWD + 100));
        for (int i = 0; i < CROWD; i++) ukko_ref_release(crowd[i]);
        ukko_ref_release(caller);
        ukko_probe_free(p);
        ukko_system_free(sys);
    }
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
        cmocka_unit_test(nobody_starves_in_a_crowd),
        cmocka_unit_test(a_tree_grows_in_depth),
        cmocka_unit_test(an_idle_system_takes_no_cpu),
        cmocka_unit_test(work_of_one_worker_reaches_another),
        cmocka_unit_test(long_turns_spread_soon),
        cmocka_unit_test(a_conversation_stays_on_its_core),
        cmocka_unit_test(those_without_work_take_little_cpu),
        cmocka_unit_test(messages_leave_a_handler_that_goes_on),
        cmocka_unit_test(who_holds_a_worker_is_named),
        cmocka_unit_test(a_slow_start_is_no_long_turn),
        cmocka_unit_test(many_system_messages_cost_no_more_each),
        cmocka_unit_test(a_crowd_runs),
        cmocka_unit_test(a_bad_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
