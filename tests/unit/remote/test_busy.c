/* SPDX-License-Identifier: Apache-2.0 */
/* A node whose actor holds up the thread it runs on stays alive for its peers: questions to other
   actors are answered and connection heartbeats go on. The held-up actor may run on the I/O thread
   itself. With every thread that runs actors held up, heartbeats of connections and of remote death
   watch are still answered. Two systems in one process, over loopback. A node may
   be silent for three seconds, so that a busy machine is not taken for one that is held up. */
#include "support/probe.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool blocked, release_it;
enum { HELD_MS = 3600 }; /* longer than either failure detector waits */

static int block_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    pthread_mutex_lock(&lock);
    blocked = true;
    pthread_cond_broadcast(&changed);
    while (!release_it) pthread_cond_wait(&changed, &lock);
    blocked = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    ukko_reply_text(ctx, "unblocked");
    return UKKO_OK;
}
/* Waits like the one above, after it has set two others waiting: so the I/O thread, if it runs this
   one, and all workers are held up within a moment. */
static int n_stuck, round_now, released, n_others;
static ukko_ref *others[2];
static int stuck_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (!strcmp(text, "unstuck")) return UKKO_OK; /* the answer of another */
    for (int i = 0; i < n_others && !strcmp(text, "all"); i++) ukko_tell_text(ctx, others[i], "one");
    pthread_mutex_lock(&lock);
    int mine = round_now;
    n_stuck++;
    pthread_cond_broadcast(&changed);
    while (released < mine) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    ukko_reply_text(ctx, "unstuck");
    return UKKO_OK;
}
/* Says something, and waits until that has been heard. */
static int says_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_reply_text(ctx, "said");
    return block_receive(ctx, state, msg);
}
static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
/* Tells two actors of the other node in one turn, so that both messages come there in one round. */
static ukko_ref *both[2];
static int tells_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (strcmp(ukko_msg_text(msg), "both") != 0) return UKKO_OK; /* an answer */
    for (int i = 0; i < 2; i++) ukko_tell_text(ctx, both[i], "go");
    return UKKO_OK;
}
static int frees_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    pthread_mutex_lock(&lock);
    release_it = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return UKKO_OK;
}
static const ukko_actor tells = {
    .size = sizeof(ukko_actor), .name = "tells", .receive = {NULL, tells_receive}};
static const ukko_actor frees = {
    .size = sizeof(ukko_actor), .name = "frees", .receive = {NULL, frees_receive}};
static const ukko_actor blocker = {
    .size = sizeof(ukko_actor), .name = "blocker", .receive = {NULL, block_receive}};
static const ukko_actor says = {
    .size = sizeof(ukko_actor), .name = "says", .receive = {NULL, says_receive}};
static const ukko_actor stuck = {
    .size = sizeof(ukko_actor), .name = "stuck", .receive = {NULL, stuck_receive}};
static const ukko_actor echo = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_receive}};

static ukko_system *node(const char *name, int threads) {
    ukko_error err = {0};
    ukko_system *sys = NULL;
    ukko_config *cfg = test_config(
        "pekko { loglevel = OFF, actor.provider = remote\n"
        " remote { artery.enabled = off, warn-about-direct-use = off\n"
        "  use-unsafe-remote-features-outside-cluster = on\n"
        "  watch-failure-detector { heartbeat-interval = 100 ms, acceptable-heartbeat-pause = 2500 ms\n"
        "   unreachable-nodes-reaper-interval = 50 ms, expected-response-after = 100 ms }\n"
        "  classic { netty.tcp { hostname = 127.0.0.1, port = 0 }\n"
        "   transport-failure-detector { heartbeat-interval = 100 ms, acceptable-heartbeat-pause = 3 s } } } }");
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = threads;
    if (ukko_system_new(&sys, &o, &err) || ukko_remote_enable(sys, &err) ||
        ukko_system_start(sys, &err))
        fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}
static ukko_ref *remote(ukko_system *from, ukko_system *at, const char *path) {
    char text[256];
    snprintf(text, sizeof text, "%s%s", ukko_remote_address(at), path);
    return ukko_system_ref(from, text);
}
static void ask_echo(ukko_ref *to) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string("there?"), 60000, &answer), UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), "there?");
    ukko_msg_release(answer);
}
static void a_held_up_actor_does_not_hold_up_the_node(void **state) {
    (void)state;
    ukko_system *a = node("A", 2), *b = node("B", 2);
    probe *events = probe_new(a, "events");
    ukko_subscribe(a, &ukko_disassociated_type, events->ref);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&blocker), "blocker", NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), UKKO_OK);
    ukko_ref *to_echo = remote(a, b, "/user/echo"), *to_blocker = remote(a, b, "/user/blocker");
    ask_echo(to_echo);
    for (int round = 0; round < 2; round++) {
        release_it = false;
        ukko_tell_from(to_blocker, ukko_msg_string("block"), events->ref);
        pthread_mutex_lock(&lock);
        while (!blocked) pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        int64_t end = probe_now_ms() + HELD_MS;
        do ask_echo(to_echo);
        while (probe_now_ms() < end);
        pthread_mutex_lock(&lock);
        release_it = true;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        probe_expect_text(events, "unblocked"); /* and no Disassociated before it */
    }
    ask_echo(to_echo);
    ukko_ref_release(to_echo);
    ukko_ref_release(to_blocker);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(events);
}
/* In a round of its own for each thread that may run the actor: after questions that the I/O thread
   answered itself, and without. */
static void what_a_handler_says_is_heard_while_it_goes_on(void **state) {
    (void)state;
    ukko_system *a = node("A", 2), *b = node("B", 2);
    probe *hears = probe_new(a, "hears");
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&says), "says", NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), UKKO_OK);
    ukko_ref *to_echo = remote(a, b, "/user/echo"), *to_says = remote(a, b, "/user/says");
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < round * 5; i++) ask_echo(to_echo);
        release_it = false;
        ukko_tell_from(to_says, ukko_msg_string("say"), hears->ref);
        probe_expect_text(hears, "said");
        pthread_mutex_lock(&lock);
        release_it = true;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        probe_expect_text(hears, "unblocked");
    }
    ukko_ref_release(to_echo);
    ukko_ref_release(to_says);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(hears);
}
/* The first of two actors, which the I/O thread would run one after the other, waits for the second. */
static void who_comes_after_a_held_up_one_runs_elsewhere(void **state) {
    (void)state;
    ukko_system *a = node("A", 2), *b = node("B", 2);
    probe *hears = probe_new(a, "hears");
    ukko_ref *teller = NULL;
    assert_int_equal(ukko_system_spawn(a, ukko_props_new(&tells), "tells", &teller), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&blocker), "blocker", NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&frees), "frees", NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), UKKO_OK);
    ukko_ref *to_echo = remote(a, b, "/user/echo");
    both[0] = remote(a, b, "/user/blocker");
    both[1] = remote(a, b, "/user/frees");
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 20; i++) ask_echo(to_echo); /* the I/O thread runs actors now */
        release_it = false;
        ukko_tell_from(teller, ukko_msg_string("both"), hears->ref);
        ask_echo(to_echo);
        pthread_mutex_lock(&lock);
        while (!release_it || blocked) pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
    }
    ukko_ref_release(to_echo);
    for (int i = 0; i < 2; i++) ukko_ref_release(both[i]);
    ukko_ref_release(teller);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(hears);
}
/* Waits until all who can be are stuck: two of the three, or all. */
static void until_stuck(int n) {
    pthread_mutex_lock(&lock);
    while (n_stuck < n) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}
/* The I/O thread, in all likelihood, and n workers are held up. */
static void held_up_and_still_alive(int n, int threads) {
    n_others = n;
    ukko_system *a = node("A", 2), *b = node("B", threads);
    probe *events = probe_new(a, "events"), *watcher = probe_new(a, "watcher");
    ukko_subscribe(a, &ukko_disassociated_type, events->ref);
    ukko_subscribe(a, &ukko_quarantined_type, events->ref);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&stuck), "stuck", NULL), UKKO_OK);
    for (int i = 0; i < n; i++)
        assert_int_equal(ukko_system_spawn(b, ukko_props_new(&stuck), NULL, &others[i]), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), UKKO_OK);
    ukko_ref *to_echo = remote(a, b, "/user/echo"), *to_stuck = remote(a, b, "/user/stuck");
    ukko_ref *watched = NULL;
    char path[256];
    snprintf(path, sizeof path, "%s/user/echo", ukko_remote_address(b));
    assert_int_equal(ukko_find_wait(a, path, 60000, &watched), UKKO_OK);
    probe_watch(watcher, watched);
    for (int round = 0; round < (threads == 2 ? 2 : 1); round++) {
        for (int i = 0; i < 20; i++) ask_echo(to_echo); /* the I/O thread runs actors now */
        pthread_mutex_lock(&lock);
        round_now++;
        n_stuck = 0;
        pthread_mutex_unlock(&lock);
        ukko_tell_from(to_stuck, ukko_msg_string("all"), events->ref);
        until_stuck(n < 2 ? n + 1 : 2);
        int64_t end = probe_now_ms() + HELD_MS;
        while (probe_now_ms() < end) {
            ukko_msg *m = probe_take(events, 100);
            if (m) fail_msg("%s while all actors are held up", ukko_msg_class(m));
        }
        pthread_mutex_lock(&lock);
        released = round_now;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        probe_expect_text(events, "unstuck");
        until_stuck(n + 1);
    }
    probe_expect_nothing(watcher); /* no Terminated */
    ask_echo(to_echo);
    ukko_ref_release(to_echo);
    ukko_ref_release(to_stuck);
    ukko_ref_release(watched);
    for (int i = 0; i < n; i++) ukko_ref_release(others[i]);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(events);
    probe_free(watcher);
}
static void all_held_up_and_still_alive(void **state) {
    (void)state;
    held_up_and_still_alive(2, 2);
}
/* Neither of those that are free is the last to fall asleep. */
static void one_of_several_held_up_and_still_alive(void **state) {
    (void)state;
    held_up_and_still_alive(1, 4);
}
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_held_up_actor_does_not_hold_up_the_node),
                                       cmocka_unit_test(what_a_handler_says_is_heard_while_it_goes_on),
                                       cmocka_unit_test(who_comes_after_a_held_up_one_runs_elsewhere),
                                       cmocka_unit_test(all_held_up_and_still_alive),
                                       cmocka_unit_test(one_of_several_held_up_and_still_alive)};
    return cmocka_run_group_tests_name("busy", tests, NULL, NULL);
}
