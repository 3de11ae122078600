/* SPDX-License-Identifier: Apache-2.0 */
/* Remoting in systems that a program's loop steps: two nodes in one loop on one thread, one of them
   also with a node that has threads. Loopback only; the test thread is the loop. */
#include "support/probe.h"
#include <dirent.h>
#include <poll.h>

static const char settings[] =
    "pekko { loglevel = OFF, actor.provider = remote, remote { artery.enabled = off, warn-about-direct-use = off\n"
    " use-unsafe-remote-features-outside-cluster = on\n"
    " classic { netty.tcp { hostname = \"127.0.0.1\", port = 0 } } } }";

static ukko_system *node(const char *name, int32_t threads) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_config *cfg = test_config(settings);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = threads;
    if (ukko_system_new(&sys, &o, &err) || ukko_remote_enable(sys, &err) ||
        ukko_system_start(sys, &err))
        fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}
static int threads_now(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}
static int echo(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_actor = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo}};

/* Sends 1, 2, ... to the echo, each when the one before has come back; then watches it. */
enum { ROUNDS = 200 };
static int rounds, ends;
static ukko_ref *far;
static int on_number(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    assert_int_equal(*(const int32_t *)body, rounds);
    if (rounds == ROUNDS) ukko_watch(ctx, far);
    else if (rounds < ROUNDS) ukko_tell(ctx, far, &ukko_int_type, &(int32_t){rounds + 1});
    rounds++;
    return UKKO_OK;
}
static int on_end(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx, (void)state, (void)body;
    ends++;
    return UKKO_OK;
}
static const ukko_case asker_cases[] = {
    {&ukko_int_type, on_number}, {&ukko_terminated_type, on_end}, {NULL, NULL}};
static const ukko_actor asker_actor = {
    .size = sizeof(ukko_actor), .name = "asker", .receive = {asker_cases, NULL}};

static void on_identity(void *data, int status, ukko_ref *ref) {
    (void)data;
    if (!status) far = ukko_ref_retain(ref);
}
/* The loop: waits for whoever of the two has something to do, until *n reaches `wanted`. */
static void loop_until(ukko_system **all, int n_all, const int *n, int wanted, ukko_ref **found) {
    struct pollfd fds[2];
    for (int i = 0; i < 20000; i++) {
        if (found ? *found != NULL : *n >= wanted) return;
        int64_t wait = 1000;
        for (int k = 0; k < n_all; k++) {
            int64_t next = ukko_system_next_ms(all[k]);
            fds[k] = (struct pollfd){ukko_system_fd(all[k]), POLLIN, 0};
            if (next >= 0 && next < wait) wait = next;
        }
        poll(fds, (nfds_t)n_all, (int)wait);
        for (int k = 0; k < n_all; k++) ukko_system_step(all[k], 50);
    }
    fail_msg("nothing came: %d of %d", n ? *n : 0, wanted);
}
static void talk(ukko_system *a, ukko_system *b, ukko_system **looped, int n_looped) {
    char path[256];
    ukko_ref *e, *asker;
    rounds = 1;
    ends = 0;
    far = NULL;
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo_actor), "echo", &e), UKKO_OK);
    assert_int_equal(ukko_system_spawn(a, ukko_props_new(&asker_actor), "asker", &asker), UKKO_OK);
    snprintf(path, sizeof path, "%s/user/echo", ukko_remote_address(b));
    ukko_selection *sel = ukko_select(a, path);
    ukko_selection_find_async(sel, 20000, on_identity, NULL);
    loop_until(looped, n_looped, NULL, 0, &far);
    ukko_tell_from(far, ukko_msg_copy(&ukko_int_type, &(int32_t){1}), asker);
    loop_until(looped, n_looped, &rounds, ROUNDS + 1, NULL);
    ukko_ref_signal(e, UKKO_SIGNAL_TERMINATE, NULL);
    loop_until(looped, n_looped, &ends, 1, NULL);
    ukko_selection_release(sel);
    ukko_ref_release(far);
    ukko_ref_release(asker);
    ukko_ref_release(e);
}
static void two_nodes_in_one_loop(void **state) {
    (void)state;
    int before = threads_now();
    ukko_system *all[2] = {node("a", UKKO_THREADS_LOOP), node("b", UKKO_THREADS_LOOP)};
    assert_int_equal(threads_now(), before); /* no thread was started */
    talk(all[0], all[1], all, 2);
    ukko_system_free(all[0]);
    ukko_system_free(all[1]);
}
static void with_a_node_that_has_threads(void **state) {
    (void)state;
    ukko_system *a = node("a", UKKO_THREADS_LOOP), *b = node("b", 2);
    talk(a, b, &a, 1);
    ukko_system_free(a);
    ukko_system_free(b);
}
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_nodes_in_one_loop),
                                       cmocka_unit_test(with_a_node_that_has_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
