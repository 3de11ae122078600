/* SPDX-License-Identifier: Apache-2.0 */
/* The test kit itself: probes, expectations that hold and that do not, virtual time, filters, replay;
   in a stepped system and in one with threads. Test thread, and workers in the latter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/testkit.h>
#include <ukko/ukko.h>

static void silent(void *data, const ukko_log_record *r) { (void)data, (void)r; }

static ukko_system *start(const char *name, int32_t threads, uint64_t seed) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.threads = threads;
    o.seed = seed;
    o.log = silent;
    if (ukko_system_new(&sys, &o, &err) || ukko_system_start(sys, &err)) fail_msg("%s", err.message);
    return sys;
}
/* Says "hello" back, after "later" a second later; anything else is not its business. */
static int greeter(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (!text) return UKKO_UNHANDLED;
    if (!strcmp(text, "later"))
        ukko_timer_start(ctx, 1, 1000, 0, ukko_msg_string("hello"));
    else if (!strcmp(text, "hello")) ukko_reply_text(ctx, "hello yourself");
    else if (!strcmp(text, "warn")) ukko_log(ctx, UKKO_LOG_WARN, "beware of %d", 7);
    else if (!strcmp(text, "fail")) return ukko_fail(ctx, UKKO_EUSER, "as told");
    else return UKKO_UNHANDLED;
    return UKKO_OK;
}
static const ukko_actor greeter_actor = {
    .size = sizeof(ukko_actor), .name = "Greeter", .receive = {NULL, greeter}};
static ukko_ref *spawn(ukko_system *sys, const ukko_actor *kind, const char *name) {
    ukko_ref *r;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &r), UKKO_OK);
    return r;
}
static ukko_probe *probe(ukko_system *sys) {
    ukko_probe *p;
    assert_int_equal(ukko_probe_new(&p, sys, NULL), UKKO_OK);
    return p;
}
static bool is_b(void *data, const ukko_msg *msg) {
    (void)data;
    return ukko_msg_text(msg) && !strcmp(ukko_msg_text(msg), "b");
}

/* ---- expectations, in both kinds of system ---- */

static void expectations(ukko_system *sys) {
    ukko_probe *p = probe(sys);
    ukko_ref *g = spawn(sys, &greeter_actor, "g"), *self = ukko_probe_ref(p);
    ukko_msg *m;
    ukko_probe_tell_text(p, g, "hello");
    assert_int_equal(ukko_probe_expect_text(p, "hello yourself", UKKO_DEFAULT_TIMEOUT), UKKO_OK);
    assert_true(ukko_ref_equal(ukko_probe_sender(p), g));
    ukko_probe_reply_text(p, "hello");
    assert_int_equal(ukko_probe_expect(p, &ukko_string_type, 60000, &m), UKKO_OK);
    ukko_msg_release(m);

    ukko_probe_tell(p, self, &ukko_int_type, &(int32_t){5});
    assert_int_equal(ukko_probe_expect_body(p, &ukko_int_type, &(int32_t){5}, 5000), UKKO_OK);
    ukko_probe_tell(p, self, &ukko_int_type, &(int32_t){5});
    assert_int_equal(ukko_probe_expect_body(p, &ukko_int_type, &(int32_t){6}, 5000), UKKO_ETYPE);
    assert_non_null(strstr(ukko_probe_error(p), "5"));
    ukko_probe_tell_text(p, self, "x");
    assert_int_equal(ukko_probe_expect(p, &ukko_int_type, 60000, &m), UKKO_ETYPE);
    assert_null(m);
    assert_int_equal(ukko_probe_expect_text(p, "never", 20), UKKO_ETIMEOUT);

    assert_int_equal(ukko_probe_expect_none(p, 20), UKKO_OK);
    ukko_probe_tell_text(p, self, "y");
    assert_int_equal(ukko_probe_expect_none(p, 5000), UKKO_EEXISTS);

    const char *set[] = {"b", "a", "c"};
    for (int i = 0; i < 3; i++) ukko_probe_tell_text(p, self, i == 0 ? "a" : i == 1 ? "b" : "c");
    assert_int_equal(ukko_probe_expect_texts(p, set, 3, 5000), UKKO_OK);
    for (int i = 0; i < 3; i++) ukko_probe_tell_text(p, self, i == 0 ? "a" : i == 1 ? "b" : "d");
    assert_int_equal(ukko_probe_expect_texts(p, set, 3, 5000), UKKO_ETYPE);
    for (int i = 0; i < 2; i++) ukko_probe_tell_text(p, self, i == 0 ? "a" : "b");
    assert_int_equal(ukko_probe_fish(p, is_b, NULL, 5000, &m), UKKO_OK);
    assert_string_equal(ukko_msg_text(m), "b");
    ukko_msg_release(m);
    ukko_probe_ignore(p, is_b, NULL);
    ukko_probe_tell_text(p, self, "b");
    ukko_probe_tell_text(p, self, "after");
    assert_int_equal(ukko_probe_expect_text(p, "after", 60000), UKKO_OK);
    assert_int_equal(ukko_probe_waiting(p), 0);

    ukko_probe_watch(p, g);
    ukko_ref_signal(g, UKKO_SIGNAL_TERMINATE, NULL);
    assert_int_equal(ukko_probe_expect_terminated(p, g, 60000), UKKO_OK);
    ukko_ref_release(g);
    ukko_probe_free(p);
}
static void probes_in_a_stepped_system(void **state) {
    (void)state;
    ukko_system *sys = start("kit", 0, 1);
    expectations(sys);
    ukko_system_free(sys);
}
static void probes_in_a_system_with_threads(void **state) {
    (void)state;
    ukko_system *sys = start("kit", 2, 0);
    expectations(sys);
    ukko_system_free(sys);
}

/* ---- time ---- */

static void time_goes_by_only_when_told(void **state) {
    (void)state;
    ukko_system *sys = start("kit", 0, 1);
    ukko_probe *p = probe(sys);
    ukko_ref *g = spawn(sys, &greeter_actor, "g");
    ukko_tell_text(NULL, g, "later");
    ukko_filter *f = ukko_filter_dead(sys, &ukko_string_type, NULL); /* there is no sender */
    assert_int_equal(ukko_filter_expect(f, 0, 999), UKKO_OK);
    ukko_test_advance(sys, 1);
    ukko_test_settle(sys);
    assert_int_equal(ukko_filter_count(f), 1);
    assert_int_equal(ukko_system_now_ms(sys), 1000);
    ukko_filter_free(f);

    ukko_probe_within(p, 500);
    ukko_test_advance(sys, 400);
    assert_int_equal(ukko_probe_expect_text(p, "never", UKKO_DEFAULT_TIMEOUT), UKKO_ETIMEOUT);
    assert_int_equal(ukko_system_now_ms(sys), 1500);
    assert_int_equal(ukko_probe_within_end(p, 501), UKKO_ESTATE);
    ukko_probe_within(p, 500);
    ukko_test_advance(sys, 501);
    assert_int_equal(ukko_probe_within_end(p, 0), UKKO_ETIMEOUT);
    assert_int_equal(ukko_probe_within_end(p, 0), UKKO_ESTATE);
    assert_int_equal(ukko_test_stop(sys, g, 0), UKKO_OK);
    ukko_ref_release(g);
    ukko_probe_free(p);
    ukko_system_free(sys);
}
static bool one_left(void *data) { return ukko_probe_waiting(data) == 1; }
static void awaiting_a_condition(void **state) {
    (void)state;
    for (int threads = 0; threads <= 1; threads++) {
        ukko_system *sys = start("kit", threads, 1);
        ukko_probe *p = probe(sys);
        ukko_probe_tell_text(p, ukko_probe_ref(p), "x");
        assert_int_equal(ukko_test_await(sys, one_left, p, UKKO_DEFAULT_TIMEOUT), UKKO_OK);
        ukko_probe_tell_text(p, ukko_probe_ref(p), "x");
        ukko_probe_receive(p, 5000, NULL);
        ukko_probe_receive(p, 5000, NULL);
        assert_int_equal(ukko_test_await(sys, one_left, p, 10), UKKO_ETIMEOUT);
        ukko_probe_free(p);
        ukko_system_free(sys);
    }
}

/* ---- filters ---- */

static void filters_count_logs_and_letters(void **state) {
    (void)state;
    for (int threads = 0; threads <= 2; threads += 2) {
        ukko_system *sys = start("kit", threads, 1);
        ukko_ref *g = spawn(sys, &greeter_actor, "g");
        ukko_filter *warn = ukko_filter_log(sys, UKKO_LOG_WARN, "*/user/g", "beware of ?");
        ukko_filter *other = ukko_filter_log(sys, UKKO_LOG_WARN, "*/user/h", NULL);
        ukko_filter *error = ukko_filter_log(sys, UKKO_LOG_ERROR, NULL, "as told");
        ukko_filter *lost = ukko_filter_unhandled(sys, NULL, "/user/g");
        for (int i = 0; i < 2; i++) ukko_tell_text(NULL, g, "warn");
        ukko_tell_text(NULL, g, "what");
        ukko_tell_text(NULL, g, "fail");
        assert_int_equal(ukko_filter_expect(warn, 2, 60000), UKKO_OK);
        assert_int_equal(ukko_filter_expect(warn, 1, 10), UKKO_EEXISTS);
        assert_int_equal(ukko_filter_expect(warn, 3, 10), UKKO_ETIMEOUT);
        assert_non_null(strstr(ukko_filter_error(warn), "got 2"));
        assert_int_equal(ukko_filter_expect(lost, 1, 60000), UKKO_OK);
        assert_int_equal(ukko_filter_expect(error, 1, 60000), UKKO_OK);
        assert_int_equal(ukko_filter_expect(other, 0, 10), UKKO_OK);
        ukko_filter_free(warn);
        ukko_filter_free(other);
        ukko_filter_free(error);
        ukko_filter_free(lost);
        ukko_ref_release(g);
        ukko_system_free(sys);
    }
}

/* ---- replay ---- */

/* A ring of actors that pass tokens on, with timers and a receive timeout among them. */
typedef struct hop {
    int32_t seen;
} hop;
static int on_token(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    hop *h = state;
    const int32_t *n = ukko_msg_get(msg, &ukko_int_type);
    char path[32];
    if (!n) return UKKO_OK; /* the receive timeout */
    if (h->seen++ == 0) ukko_receive_timeout(ctx, 30);
    if (!*n) return UKKO_OK;
    snprintf(path, sizeof path, "/user/hop%d", (int)((*n * 7 + h->seen) % 10));
    if (*n % 3) ukko_tell_path(ctx, path, &ukko_int_type, &(int32_t){*n - 1});
    else ukko_timer_start(ctx, (uint64_t)*n, *n % 5, 0, ukko_msg_copy(&ukko_int_type, &(int32_t){*n - 1}));
    return UKKO_OK;
}
static const ukko_actor hop_actor = {.size = sizeof(ukko_actor),
                                     .state_size = sizeof(hop),
                                     .name = "Hop",
                                     .receive = {NULL, on_token}};
static uint64_t order_of(uint64_t seed) {
    ukko_system *sys = start("replay", 0, seed);
    char name[16];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "hop%d", i);
        ukko_ref_release(spawn(sys, &hop_actor, name));
    }
    for (int32_t i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "/user/hop%d", i);
        ukko_ref *r = ukko_system_ref(sys, name);
        ukko_tell(NULL, r, &ukko_int_type, &(int32_t){30 + i});
        ukko_ref_release(r);
    }
    ukko_system_advance(sys, 1000);
    uint64_t order = ukko_system_order(sys);
    ukko_system_free(sys);
    return order;
}
static void the_same_seed_gives_the_same_order(void **state) {
    (void)state;
    uint64_t orders[50];
    for (uint64_t s = 0; s < 50; s++) {
        orders[s] = order_of(s);
        assert_int_equal(orders[s], order_of(s));
        for (uint64_t t = 0; t < s; t++) assert_int_not_equal(orders[s], orders[t]);
    }
}

/* ---- a program's own loop; several systems in one process ---- */

static void a_loop_steps_a_system(void **state) {
    (void)state;
    ukko_system *sys = start("looped", UKKO_THREADS_LOOP, 0);
    struct pollfd fd = {.fd = ukko_system_fd(sys), .events = POLLIN};
    assert_true(fd.fd >= 0);
    assert_int_equal(ukko_system_advance(sys, 1), UKKO_ESTATE);
    while (ukko_system_step(sys, SIZE_MAX)) {}
    assert_int_equal(ukko_system_next_ms(sys), -1);
    assert_int_equal(poll(&fd, 1, 0), 0); /* nothing to do: not readable */
    ukko_ref *g = spawn(sys, &greeter_actor, "first");
    assert_int_equal(poll(&fd, 1, 5000), 1); /* readable: there is */
    assert_int_equal(ukko_system_next_ms(sys), 0);
    expectations(sys);
    ukko_ref_release(g);
    ukko_system_free(sys);
}
static void *teller(void *ref) {
    ukko_tell_text(NULL, ref, "from another thread");
    return NULL;
}
static void another_thread_wakes_the_loop(void **state) {
    (void)state;
    ukko_system *sys = start("looped", UKKO_THREADS_LOOP, 0);
    ukko_probe *p = probe(sys);
    struct pollfd fd = {.fd = ukko_system_fd(sys), .events = POLLIN};
    pthread_t t;
    while (ukko_system_step(sys, SIZE_MAX)) {}
    assert_int_equal(poll(&fd, 1, 0), 0);
    assert_int_equal(pthread_create(&t, NULL, teller, ukko_probe_ref(p)), 0);
    assert_int_equal(poll(&fd, 1, 10000), 1);
    pthread_join(t, NULL);
    while (ukko_system_step(sys, SIZE_MAX)) {}
    assert_int_equal(ukko_probe_waiting(p), 1);
    ukko_probe_free(p);
    ukko_system_free(sys);
}
static void systems_live_side_by_side(void **state) {
    (void)state;
    enum { N = 6 };
    ukko_system *all[N];
    ukko_probe *probes[N];
    for (int i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "side%d", i);
        all[i] = start(name, i % 2 ? 2 : 0, (uint64_t)i);
        probes[i] = probe(all[i]);
    }
    for (int i = 0; i < N; i++) /* also from one to the other */
        ukko_probe_tell_text(probes[i], ukko_probe_ref(probes[(i + 1) % N]), "over");
    for (int i = 0; i < N; i++) {
        int from = (i + N - 1) % N;
        if (from % 2 == 0) ukko_test_settle(all[from]);
        assert_int_equal(ukko_probe_expect_text(probes[i], "over", 60000), UKKO_OK);
        assert_true(ukko_ref_equal(ukko_probe_sender(probes[i]), ukko_probe_ref(probes[from])));
        ukko_probe_receive(probes[i], 0, NULL); /* lets go of the sender */
    }
    for (int i = 0; i < N; i++) {
        ukko_probe_tell_text(probes[i], ukko_probe_ref(probes[i]), "own");
        assert_int_equal(ukko_probe_expect_text(probes[i], "own", 60000), UKKO_OK);
    }
    for (int i = 0; i < N; i++) {
        ukko_probe_free(probes[i]);
        ukko_system_free(all[i]);
    }
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_in_a_stepped_system),
        cmocka_unit_test(probes_in_a_system_with_threads),
        cmocka_unit_test(time_goes_by_only_when_told),
        cmocka_unit_test(awaiting_a_condition),
        cmocka_unit_test(filters_count_logs_and_letters),
        cmocka_unit_test(the_same_seed_gives_the_same_order),
        cmocka_unit_test(a_loop_steps_a_system),
        cmocka_unit_test(another_thread_wakes_the_loop),
        cmocka_unit_test(systems_live_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
