/* SPDX-License-Identifier: Apache-2.0 */
/* A look into two systems that talk: their actors, and what has passed between them. */
#include "support/probe.h"

static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo = {
    .size = sizeof(ukko_actor), .name = "test.Echo", .receive = {NULL, echo_receive}};

static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    for (int i = 0; i < 3; i++) assert_int_equal(ukko_spawn(ctx, ukko_props_new(&echo), NULL, NULL), 0);
    return UKKO_OK;
}
static const ukko_actor parent = {.size = sizeof(ukko_actor),
                                  .name = "test.Parent",
                                  .receive = {NULL, echo_receive},
                                  .start = parent_start};

static ukko_system *make(const char *name) {
    ukko_error err;
    ukko_config *config = NULL;
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    assert_int_equal(ukko_config_parse(&config, ukko_str("pekko.actor.provider = remote\n"
                                                         "pekko.loglevel = OFF\n"
                                                         "pekko.remote.artery.enabled = off\n"
                                                         "pekko.remote.classic.netty.tcp { hostname "
                                                         "= \"127.0.0.1\", port = 0 }"),
                                       "test", &err), 0);
    opts.config = config;
    assert_int_equal(ukko_system_new(&sys, &opts, &err), 0);
    ukko_config_release(config);
    assert_int_equal(ukko_remote_enable(sys, &err), 0);
    assert_int_equal(ukko_system_start(sys, &err), 0);
    return sys;
}

typedef struct seen {
    int n, echoes;
    char first[64], last[64];
    int32_t deepest;
    size_t children;
} seen;
static void on_actor(void *data, const ukko_actor_info *i) {
    seen *s = data;
    if (!s->n++) {
        strncpy(s->first, i->path, sizeof s->first - 1);
        s->children = i->children;
    }
    strncpy(s->last, i->path, sizeof s->last - 1);
    if (i->kind && !strcmp(i->kind, "test.Echo")) s->echoes++;
    if (i->depth > s->deepest) s->deepest = i->depth;
}

static void test_actors_are_walked(void **state) {
    (void)state;
    ukko_system *sys = make("a");
    ukko_ref *ref;
    ukko_msg *answer = NULL;
    seen s = {0};
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&parent), "p", &ref), 0);
    assert_int_equal(ukko_ask_wait_msg(ref, ukko_msg_string("started?"), 60000, &answer), 0);
    ukko_msg_release(answer);
    assert_int_equal(ukko_inspect_actors(sys, "/user", 10, 100, on_actor, &s), 5);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.echoes, 3);
    assert_int_equal(s.deepest, 2);
    assert_string_equal(s.first, "/user");
    assert_true(!strncmp(s.last, "/user/p/", 8));
    s = (seen){0};
    assert_int_equal(ukko_inspect_actors(sys, "/user/p", 0, 100, on_actor, &s), 1);
    assert_int_equal(s.children, 3);
    s = (seen){0};
    assert_int_equal(ukko_inspect_actors(sys, "/user", 10, 3, on_actor, &s), 3);
    assert_int_equal(ukko_inspect_actors(sys, "/user/nobody", 1, 9, on_actor, &s), UKKO_ENOTFOUND);
    assert_int_equal(ukko_inspect_actors(sys, "user", 1, 9, on_actor, &s), UKKO_EINVAL);
    ukko_ref_release(ref);
    ukko_system_free(sys);
}

static void on_traffic(void *data, const ukko_traffic *t) {
    *(ukko_traffic *)data = *t;
}

static void test_traffic_is_counted_on_both_sides(void **state) {
    (void)state;
    ukko_system *a = make("a"), *b = make("b");
    char path[200];
    ukko_ref *ref = NULL;
    ukko_msg *answer = NULL;
    ukko_traffic here = {0}, there = {0};
    assert_int_equal(ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL), 0);
    snprintf(path, sizeof path, "%s/user/echo", ukko_remote_address(b));
    assert_int_equal(ukko_find_wait(a, path, 60000, &ref), 0);
    char big[5001];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ukko_ask_wait_msg(ref, ukko_msg_string(big), 60000, &answer), 0);
        ukko_msg_release(answer);
    }
    assert_int_equal(ukko_inspect_traffic(a, on_traffic, &here), 1);
    assert_int_equal(ukko_inspect_traffic(b, on_traffic, &there), 1);
    assert_true(here.connections == 1 && there.connections == 1);
    assert_true(here.in_frames >= 10 && there.in_frames >= 10);
    assert_true(here.in_largest_bytes > 5000 && here.in_largest_bytes < 5400);
    /* what is being read now is counted behind it */
    assert_true(here.in_bytes > 45000 && here.out_bytes > 50000);
    assert_true(there.in_bytes > 45000 && there.out_bytes > 50000);
    assert_true(here.dropped == 0 && there.dropped == 0);
#ifdef __linux__
    assert_true(here.round_trip_us > 0 && here.round_trip_us < 60000000);
#endif
    char *huge = calloc(1, 200001); /* longer than a frame may be */
    memset(huge, 'x', 200000);
    ukko_tell_from(ref, ukko_msg_string(huge), NULL);
    free(huge);
    assert_int_equal(ukko_inspect_traffic(a, on_traffic, &here), 1);
    assert_true(here.dropped == 1);
    ukko_ref_release(ref);
    ukko_system_free(a);
    ukko_system_free(b);
}

static void note_gated(void *data, const ukko_link *l) {
    *(bool *)data |= l->state == UKKO_LINK_GATED;
}
static bool is_gated(void *sys) {
    bool gated = false;
    ukko_remote_links(sys, note_gated, &gated);
    return gated;
}
static bool has_dropped_three(void *sys) {
    ukko_traffic t = {0};
    assert_int_equal(ukko_inspect_traffic(sys, on_traffic, &t), 1);
    return t.dropped >= 3;
}

static void test_what_a_gated_peer_misses_is_counted(void **state) {
    (void)state;
    ukko_system *a = make("a");
    ukko_traffic t = {0};
    ukko_ref *ref = NULL;
    /* nobody listens at a port that was free a moment ago */
    ukko_system *gone = make("gone");
    char path[200];
    snprintf(path, sizeof path, "%s/user/x", ukko_remote_address(gone));
    ukko_system_free(gone);
    ref = ukko_system_ref(a, path);
    assert_non_null(ref);
    ukko_tell_from(ref, ukko_msg_string("makes the link connect, and fail"), NULL);
    until(is_gated, a, "the link is gated");
    for (int i = 0; i < 3; i++) ukko_tell_from(ref, ukko_msg_string("is dropped"), NULL);
    /* the link tells that it is gated, and then gives up what it kept */
    until(has_dropped_three, a, "three are dropped");
    assert_int_equal(ukko_inspect_traffic(a, on_traffic, &t), 1);
    assert_true(t.dropped <= 4 && t.round_trip_us == -1);
    ukko_ref_release(ref);
    ukko_system_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actors_are_walked),
        cmocka_unit_test(test_traffic_is_counted_on_both_sides),
        cmocka_unit_test(test_what_a_gated_peer_misses_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
