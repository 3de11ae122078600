/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of death watch hold when watcher and watched live on different nodes: two nodes in one
   process, over loopback. The test's thread waits for messages; monitors do what it tells them. */
#include "support/monitor.h"
#include "support/nodes.h"
#include <semaphore.h>

static ukko_system *here, *there;
static probe *p;

static void watch_with(ukko_ctx *ctx, void *ref) {
    assert_int_equal(ukko_watch_with(ctx, ref, ukko_msg_string("it is over")), UKKO_OK);
}

/* The one that is watched: "fail" restarts it, "die" ends it. */
static int subject_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (text && !strcmp(text, "fail")) return ukko_fail(ctx, UKKO_EUSER, "told to");
    if (text && !strcmp(text, "die")) ukko_stop(ctx, ukko_self(ctx));
    ukko_reply_text(ctx, "here");
    return UKKO_OK;
}
static const ukko_actor subject = {.size = sizeof(ukko_actor), .name = "subject", .receive = {NULL, subject_receive}};

static int setup(void **state) {
    (void)state;
    here = node_new("Here", NULL);
    there = node_new("There", NULL);
    p = probe_new(here, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(here);
    ukko_system_free(there);
    probe_free(p);
    return 0;
}
static ukko_ref *monitor_new(const char *name) { return monitor_at(here, name); }
/* One there, as it is known here. */
static ukko_ref *subject_new(const char *name) {
    char path[64];
    assert_int_equal(ukko_system_spawn(there, ukko_props_new(&subject), name, NULL), UKKO_OK);
    snprintf(path, sizeof path, "/user/%s", name);
    return find_at(here, ukko_remote_address(there), path);
}
static void die(ukko_ref *r) { ukko_tell_text(NULL, r, "die"); }
/* Nothing more comes: what was on its way has come when two nodes have talked and all monitors too. */
static void nothing_more(ukko_ref **who, size_t n) {
    spawn_echo(there, NULL);
    ukko_ref *last = subject_new("fence");
    assert_true(does_answer(last, 60000));
    for (size_t i = 0; i < n; i++) does(who[i], unwatch, last);
    ukko_ref_release(last);
    probe_expect_nothing(p);
}
#define NOTHING_MORE(...)                                                                   \
    nothing_more((ukko_ref *[]){__VA_ARGS__}, sizeof((ukko_ref *[]){__VA_ARGS__}) / sizeof(ukko_ref *))

/* spec: RemoteDeathWatchSpec 5 */
static void one_terminated_on_stop(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *s = subject_new("s");
    does(m, watch, s);
    die(s);
    probe_expect_text(p, "m: end of s");
    NOTHING_MORE(m);
    ukko_ref_release(m);
    ukko_ref_release(s);
}
/* spec: RemoteDeathWatchSpec 5 */
static void one_terminated_when_it_has_ended(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *n = monitor_new("n"), *s = subject_new("s");
    does(m, watch, s);
    die(s);
    probe_expect_text(p, "m: end of s");
    does(n, watch, s);
    probe_expect_text(p, "n: end of s");
    NOTHING_MORE(m, n);
    ukko_ref_release(m);
    ukko_ref_release(n);
    ukko_ref_release(s);
}
/* spec: RemoteDeathWatchSpec 5 */
static void every_monitor_gets_one(void **state) {
    static const char *const want[] = {"m: end of s", "n: end of s", "o: end of s"};
    (void)state;
    ukko_ref *m[] = {monitor_new("m"), monitor_new("n"), monitor_new("o")}, *s = subject_new("s");
    for (int i = 0; i < 3; i++) does(m[i], watch, s);
    die(s);
    probe_expect_all(p, want, 3);
    nothing_more(m, 3);
    for (int i = 0; i < 3; i++) ukko_ref_release(m[i]);
    ukko_ref_release(s);
}
/* spec: RemoteDeathWatchSpec 5 */
static void only_those_that_still_watch(void **state) {
    static const char *const want[] = {"m: end of s", "o: end of s"};
    (void)state;
    ukko_ref *m[] = {monitor_new("m"), monitor_new("n"), monitor_new("o")}, *s = subject_new("s");
    for (int i = 0; i < 3; i++) does(m[i], watch, s);
    does(m[1], unwatch, s);
    die(s);
    probe_expect_all(p, want, 2);
    nothing_more(m, 3);
    for (int i = 0; i < 3; i++) ukko_ref_release(m[i]);
    ukko_ref_release(s);
}
/* spec: RemoteDeathWatchSpec 5 */
static void restarts_give_none(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *s = subject_new("s");
    does(m, watch, s);
    for (int i = 0; i < 3; i++) {
        ukko_tell_text(NULL, s, "fail");
        assert_true(does_answer(s, 60000)); /* it lives again */
    }
    does(m, watch, s); /* does nothing */
    probe_expect_nothing(p);
    die(s);
    probe_expect_text(p, "m: end of s");
    NOTHING_MORE(m);
    ukko_ref_release(m);
    ukko_ref_release(s);
}
static const ukko_behavior no_terminated = {deeds, NULL};
static void ignore_ends(ukko_ctx *ctx, void *data) {
    (void)data;
    ukko_become(ctx, &no_terminated);
}
static ukko_directive decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    char text[200];
    (void)state;
    snprintf(text, sizeof text, "%s failed with %s", ukko_ref_name(why->child), why->class_name);
    ukko_tell_text(ctx, p->ref, text);
    return UKKO_STOP;
}
static const ukko_supervision strategy = {.size = sizeof(ukko_supervision), .max_restarts = -1, .decide = decide, .quiet = true};
static const ukko_actor boss = {.size = sizeof(ukko_actor), .name = "boss", .receive = {deeds, on_other}, .supervision = &strategy};
static void spawn_pact(ukko_ctx *ctx, void *out) {
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(&monitor), "pact", out), UKKO_OK);
}
/* spec: RemoteDeathWatchSpec 5 */
static void who_does_not_handle_it_fails(void **state) {
    (void)state;
    ukko_ref *b = NULL, *pact = NULL, *s = subject_new("s");
    assert_int_equal(ukko_system_spawn(here, ukko_props_new(&boss), "boss", &b), UKKO_OK);
    does(b, spawn_pact, &pact);
    does(pact, ignore_ends, NULL);
    does(b, watch, pact);
    does(pact, watch, s);
    die(s);
    probe_expect_text(p, "pact failed with org.apache.pekko.actor.DeathPactException");
    probe_expect_text(p, "boss: end of pact");
    ukko_ref_release(pact);
    ukko_ref_release(b);
    ukko_ref_release(s);
}
/* spec: RemoteDeathWatchSpec 5 */
static void another_of_the_same_name(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *s = subject_new("s");
    does(m, watch, s);
    die(s);
    probe_expect_text(p, "m: end of s");
    ukko_ref *again = subject_new("s");
    assert_false(ukko_ref_equal(again, s));
    does(m, watch, again);
    does(m, unwatch, s); /* the old one */
    die(again);
    probe_expect_text(p, "m: end of s");
    NOTHING_MORE(m);
    ukko_ref_release(m);
    ukko_ref_release(s);
    ukko_ref_release(again);
}
/* spec: RemoteDeathWatchSpec 5 */
static void nothing_unless_watching(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *n = monitor_new("n"), *s = subject_new("s");
    does(n, watch, s);
    ukko_tell_text(NULL, m, "hello");
    probe_expect_text(p, "m: hello");
    die(s);
    probe_expect_text(p, "n: end of s");
    NOTHING_MORE(m, n);
    ukko_ref_release(m);
    ukko_ref_release(n);
    ukko_ref_release(s);
}
static sem_t open_now;
static void wait_open(ukko_ctx *ctx, void *data) {
    (void)ctx, (void)data;
    while (sem_wait(&open_now)) {}
}
/* spec: RemoteDeathWatchSpec 5 */
static void unwatched_before_it_is_handled(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *n = monitor_new("n"), *s = subject_new("s");
    sem_init(&open_now, 0, 0);
    does(m, watch, s);
    does(n, watch, s);
    tell_deed(m, wait_open, NULL); /* while it waits there, the end comes, and the unwatch lies before it */
    tell_deed(m, unwatch, s);
    die(s);
    probe_expect_text(p, "n: end of s"); /* told after m, on the same link */
    sem_post(&open_now);
    NOTHING_MORE(m, n);
    ukko_ref_release(m);
    ukko_ref_release(n);
    ukko_ref_release(s);
    sem_destroy(&open_now);
}
/* spec: RemoteDeathWatchSpec 5 */
static void a_message_of_its_own(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *s = subject_new("s");
    does(m, watch_with, s);
    die(s);
    probe_expect_text(p, "m: it is over");
    NOTHING_MORE(m);
    ukko_ref_release(m);
    ukko_ref_release(s);
}
static int stash_it(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_tell_text(ctx, p->ref, "stashed");
    (void)msg;
    return ukko_stash(ctx);
}
static const ukko_behavior stashing = {deeds, stash_it};
static void stash_all(ukko_ctx *ctx, void *data) {
    (void)data;
    ukko_push_behavior(ctx, &stashing);
}
static void unstash(ukko_ctx *ctx, void *data) {
    (void)data;
    ukko_unbecome(ctx);
    ukko_unstash_all(ctx);
}
/* spec: RemoteDeathWatchSpec 5 */
static void a_message_of_its_own_is_stashed(void **state) {
    (void)state;
    ukko_ref *m = monitor_new("m"), *s = subject_new("s");
    does(m, watch_with, s);
    does(m, stash_all, NULL);
    die(s);
    probe_expect_text(p, "stashed");
    does(m, unstash, NULL);
    probe_expect_text(p, "m: it is over");
    NOTHING_MORE(m);
    ukko_ref_release(m);
    ukko_ref_release(s);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_terminated_on_stop),
        TEST(one_terminated_when_it_has_ended),
        TEST(every_monitor_gets_one),
        TEST(only_those_that_still_watch),
        TEST(restarts_give_none),
        TEST(who_does_not_handle_it_fails),
        TEST(another_of_the_same_name),
        TEST(nothing_unless_watching),
        TEST(unwatched_before_it_is_handled),
        TEST(a_message_of_its_own),
        TEST(a_message_of_its_own_is_stashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
