/* SPDX-License-Identifier: Apache-2.0 */
/* A node whose actor holds up the thread it runs on stays alive for its peers: questions to other
   actors are answered and connection heartbeats go on. The held-up actor may run on the I/O thread
   itself. Two systems in one process, over loopback. */
#include "support/probe.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool blocked, release_it;

static int block_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    pthread_mutex_lock(&lock);
    blocked = true;
    pthread_cond_broadcast(&changed);
    while (!release_it) pthread_cond_wait(&changed, &lock);
    blocked = false;
    pthread_mutex_unlock(&lock);
    ukko_reply_text(ctx, "unblocked");
    return UKKO_OK;
}
static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor blocker = {
    .size = sizeof(ukko_actor), .name = "blocker", .receive = {NULL, block_receive}};
static const ukko_actor echo = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_receive}};

static ukko_system *node(const char *name) {
    ukko_error err = {0};
    ukko_system *sys = NULL;
    ukko_config *cfg = test_config(
        "pekko { loglevel = OFF, actor.provider = remote\n"
        " remote { artery.enabled = off, warn-about-direct-use = off\n"
        "  classic { netty.tcp { hostname = 127.0.0.1, port = 0 }\n"
        "   transport-failure-detector { heartbeat-interval = 100 ms, acceptable-heartbeat-pause = 900 ms } } } }");
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
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
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string("there?"), 10000, &answer), UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), "there?");
    ukko_msg_release(answer);
}
static void a_held_up_actor_does_not_hold_up_the_node(void **state) {
    (void)state;
    ukko_system *a = node("A"), *b = node("B");
    probe *events = probe_new(a, "events");
    ukko_subscribe(a, &ukko_disassociated_type, events->ref);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&blocker), "blocker", NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), UKKO_OK);
    ukko_ref *to_echo = remote(a, b, "/user/echo"), *to_blocker = remote(a, b, "/user/blocker");
    ask_echo(to_echo);
    for (int round = 0; round < 3; round++) {
        release_it = false;
        ukko_tell_from(to_blocker, ukko_msg_string("block"), events->ref);
        pthread_mutex_lock(&lock);
        while (!blocked) pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        struct timespec from, now;
        clock_gettime(CLOCK_MONOTONIC, &from);
        do { /* longer than the time after which a silent node counts as lost */
            ask_echo(to_echo);
            clock_gettime(CLOCK_MONOTONIC, &now);
        } while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < 1300);
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
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_held_up_actor_does_not_hold_up_the_node)};
    return cmocka_run_group_tests_name("busy", tests, NULL, NULL);
}
