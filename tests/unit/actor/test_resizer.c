/* SPDX-License-Identifier: Apache-2.0 */
/* Resizers: the arithmetic of the default one, pools that grow and shrink by it, and the bounds of
   the exploring one. Test thread and two workers; every wait is for a message. */
#include "actor/router.h"
#include "actor/routing.h"
#include "support/router_rig.h"

static const ukko_default_resizer usual = {1, 10, 1, 0.2, 0.3, 0.1, 10};
static ukko_default_resizer bounded(uint32_t lower, uint32_t upper) {
    ukko_default_resizer r = usual;
    r.lower_bound = lower;
    r.upper_bound = upper;
    return r;
}
/* spec: ResizerSpec 1 */
static void capacity_stays_within_bounds(void **state) {
    (void)state;
    ukko_default_resizer r = bounded(2, 3);
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 0), 2); /* up to the lower bound */
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 1), 1);
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 2), 0);
    assert_int_equal(uk_default_resizer_capacity(&r, 2, 2), 1);
    assert_int_equal(uk_default_resizer_capacity(&r, 3, 3), 0);
    assert_int_equal(uk_default_resizer_capacity(&r, 9, 9), -6);
}
/* spec: ResizerSpec 1 */
static void rampup_follows_its_rate(void **state) {
    (void)state;
    ukko_default_resizer r = bounded(2, 100);
    assert_int_equal(uk_default_resizer_capacity(&r, 9, 10), 0); /* one is free */
    assert_int_equal(uk_default_resizer_capacity(&r, 5, 5), 1);
    assert_int_equal(uk_default_resizer_capacity(&r, 6, 6), 2);
    r.rampup_rate = 0;
    assert_int_equal(uk_default_resizer_capacity(&r, 6, 6), 0);
}
/* spec: ResizerSpec 1 */
static void backoff_follows_its_rate(void **state) {
    (void)state;
    ukko_default_resizer r = bounded(2, 100);
    assert_int_equal(uk_default_resizer_capacity(&r, 10, 10), 2);
    assert_int_equal(uk_default_resizer_capacity(&r, 4, 10), 0);
    assert_int_equal(uk_default_resizer_capacity(&r, 3, 10), 0);
    assert_int_equal(uk_default_resizer_capacity(&r, 2, 10), -1);
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 10), -1);
    assert_int_equal(uk_default_resizer_capacity(&r, 1, 9), -1);
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 25), -3);
    r.backoff_threshold = 0;
    assert_int_equal(uk_default_resizer_capacity(&r, 0, 10), 0);
}
/* spec: ResizerSpec 1 */
static void given_in_code(void **state) {
    (void)state;
    ukko_default_resizer r = bounded(2, 3);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 0);
    char name[64];
    opts.resizer = &r;
    ukko_ref *router = router_of(&opts, &worker, "code");
    assert_int_equal(routees_of(router), 2); /* before the first message */
    ask_who(router, ukko_msg_string("who"), name);
    assert_int_equal(routees_of(router), 2);
    end_router(router);
}
/* spec: ResizerSpec 1 */
static void given_in_configuration(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_ref *router = router_of(&opts, &worker, "resized");
    assert_int_equal(routees_of(router), 2);
    end_router(router);
    router = router_of(&opts, &worker, "fixed");
    assert_int_equal(routees_of(router), 1);
    end_router(router);
}
/* spec: ResizerSpec 1 */
static void all_its_settings_can_be_configured(void **state) {
    (void)state;
    const uk_deploy *d = uk_deploy_lookup(sys, ukko_str("/user/told"));
    assert_non_null(d);
    const uk_router_conf *c = d->router;
    assert_int_equal(c->resizer, UK_RESIZER_DEFAULT);
    assert_true(c->fixed.lower_bound == 3 && c->fixed.upper_bound == 40);
    assert_true(c->fixed.pressure_threshold == 2 && c->fixed.messages_per_resize == 7);
    assert_true(c->fixed.rampup_rate == 0.5 && c->fixed.backoff_threshold == 0.4 &&
                c->fixed.backoff_rate == 0.25);
    assert_int_equal(uk_default_resizer_capacity(&c->fixed, 4, 4), 2); /* a half more */
    assert_int_equal(uk_default_resizer_capacity(&c->fixed, 3, 8), -2); /* a quarter less */
    d = uk_deploy_lookup(sys, ukko_str("/user/resized")); /* what is not said is the default */
    assert_true(d->router->fixed.messages_per_resize == 10 && d->router->fixed.rampup_rate == 0.2);
}
/* spec: ResizerSpec 1 */
static void two_configured_resizers_are_refused(void **state) {
    (void)state;
    ukko_system *none;
    ukko_error err;
    ukko_config *cfg = test_config(
        "pekko.actor.deployment./both { router = random-pool, resizer.enabled = on\n"
        "optimal-size-exploring-resizer.enabled = on }");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("both", NULL);
    o.config = cfg;
    assert_int_equal(ukko_system_new(&none, &o, &err), UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "/both"));
    ukko_config_release(cfg);
}
static void signal_all(const char *pool, int n, ukko_signal what) {
    for (int i = 0; i < n; i++) {
        char path[64];
        snprintf(path, sizeof path, "/user/%s/$%c", pool, 'a' + i);
        ukko_ref *r = ukko_system_ref(sys, path);
        ukko_ref_signal(r, what, NULL);
        ukko_ref_release(r);
    }
}
/* spec: ResizerSpec 1 */
static void grows_under_pressure(void **state) {
    (void)state;
    ukko_default_resizer r = {1, 5, 2, 0.5, 0, 0, 4};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 2);
    size_t counts[64];
    opts.resizer = &r;
    ukko_ref *router = router_of(&opts, &worker, "grow");
    signal_all("grow", 2, UKKO_SIGNAL_SUSPEND); /* what they are sent waits */
    size_t sent = 0, n = 2; /* a look may come before both stand still: some rounds are allowed */
    for (int round = 0; round < 10 && n == 2; round++) {
        for (int i = 0; i < 4; i++, sent++) ukko_tell_text(NULL, router, "m"); /* one resizing */
        n = routees_of(router);
    }
    assert_int_equal(n, 3);
    signal_all("grow", 2, UKKO_SIGNAL_RESUME);
    count_texts(sent, "m", counts);
    end_router(router);
}
/* spec: ResizerSpec 1 */
static void shrinks_when_idle(void **state) {
    (void)state;
    ukko_default_resizer r = {2, 20, 1, 0.2, 0.3, 0.1, 1};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 10);
    char name[64];
    opts.resizer = &r;
    ukko_ref *router = router_of(&opts, &worker, "shrink");
    for (int i = 0; i < 20; i++) {
        ask_who(router, ukko_msg_string("who"), name);
        routees_of(router); /* the resizing of this message is over */
    }
    assert_int_equal(routees_of(router), 2);
    end_router(router);
}
/* spec: RoutingSpec 1 */
static void a_resizer_keeps_an_empty_router(void **state) {
    (void)state;
    ukko_default_resizer r = bounded(1, 3);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 2);
    size_t counts[64];
    opts.resizer = &r;
    ukko_ref *router = router_of(&opts, &noisy, "kept");
    count_texts(2, "starts", counts);
    ukko_tell_msg(NULL, router, ukko_msg_broadcast(ukko_msg_string("die")));
    count_texts(2, "stops", counts);
    ukko_tell(NULL, router, &ukko_adjust_pool_size_type, &(ukko_adjust_pool_size){1});
    count_texts(1, "starts", counts);
    assert_int_equal(counts[2], 1); /* $c: names are not used again */
    stop_router(router);
    probe_expect_text(p, "$c stops");
}
static void exploring_keeps_its_bounds(void **state) {
    (void)state;
    ukko_exploring_resizer x = UKKO_EXPLORING_RESIZER(2, 4);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 1);
    x.action_interval_ms = 0; /* each message is an occasion */
    x.chance_of_exploration = 1;
    opts.exploring = &x;
    char name[64];
    ukko_ref *router = router_of(&opts, &worker, "explore");
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 3; k++) ukko_tell_text(NULL, router, "silent");
        ask_who(router, ukko_msg_string("who"), name);
        size_t n = routees_of(router);
        assert_true(n >= 2 && n <= 4);
    }
    end_router(router);
}
static void both_resizers_are_refused(void **state) {
    (void)state;
    ukko_exploring_resizer x = UKKO_EXPLORING_RESIZER(2, 4);
    ukko_default_resizer r = usual;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 1);
    ukko_props *props;
    ukko_error err;
    opts.exploring = &x;
    opts.resizer = &r;
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&worker), &err), UKKO_EINVAL);
    opts.exploring = NULL;
    r.messages_per_resize = 0;
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&worker), &err), UKKO_EINVAL);
    assert_non_null(strstr(err.message, "messages-per-resize"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capacity_stays_within_bounds),
        cmocka_unit_test(rampup_follows_its_rate),
        cmocka_unit_test(backoff_follows_its_rate),
        cmocka_unit_test(given_in_code),
        cmocka_unit_test(given_in_configuration),
        cmocka_unit_test(all_its_settings_can_be_configured),
        cmocka_unit_test(two_configured_resizers_are_refused),
        cmocka_unit_test(grows_under_pressure),
        cmocka_unit_test(shrinks_when_idle),
        cmocka_unit_test(a_resizer_keeps_an_empty_router),
        cmocka_unit_test(exploring_keeps_its_bounds),
        cmocka_unit_test(both_resizers_are_refused),
    };
    rig_config = "pekko.actor.deployment { /resized { router = round-robin-pool, resizer { "
                 "lower-bound = 2, upper-bound = 3 } }\n"
                 "/fixed { router = round-robin-pool }\n"
                 "/told { router = random-pool, resizer { enabled = on, lower-bound = 3\n"
                 "upper-bound = 40, pressure-threshold = 2, rampup-rate = 0.5\n"
                 "backoff-threshold = 0.4, backoff-rate = 0.25, messages-per-resize = 7 } } }";
    return cmocka_run_group_tests_name("resizer", tests, rig_setup, rig_teardown);
}
