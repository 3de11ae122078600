/* SPDX-License-Identifier: Apache-2.0 */
/* Routers and the configuration of their paths: what beats what, what is missing, what is refused.
   Test thread and two workers; every wait is for a message. */
#include "actor/provider.h"
#include "actor/router.h"
#include "support/router_rig.h"

static const char deployments[] =
    "pekko.actor.deployment {\n"
    "  /config { router = random-pool, nr-of-instances = 4 }\n"
    "  /weird { router = round-robin-pool, nr-of-instances = 3 }\n"
    "  \"/weird/*\" { router = round-robin-pool, nr-of-instances = 2 }\n"
    "  /anyone { router = broadcast-group, routees.paths = [/user/x1, /user/x2] }\n"
    "  /hashed { router = consistent-hashing-pool, nr-of-instances = 3 }\n"
    "  /hash-group { router = consistent-hashing-group, routees.paths = [/user/x1, /user/x2] }\n"
    "  /balanced { router = balancing-pool, nr-of-instances = 5 }\n"
    "  /plain { nr-of-instances = 7 }\n"
    "  /parent/child { router = round-robin-pool, nr-of-instances = 6 }\n"
    "  /strategy { router = round-robin-pool, nr-of-instances = 2 }\n"
    "  /bounded { router = round-robin-pool, resizer { lower-bound = 4, upper-bound = 6 } }\n"
    "}";

static void count_of(ukko_router_kind kind, uint32_t n, const char *name, size_t expected) {
    ukko_ref *router = pool_of(kind, n, name);
    assert_int_equal(routees_of(router), expected);
    end_router(router);
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void code_alone_decides_without_an_entry(void **state) {
    (void)state;
    count_of(UKKO_ROUTER_ROUND_ROBIN, 12, "code", 12);
    count_of(UKKO_ROUTER_ROUND_ROBIN, 5, "plain",
             5); /* an entry from-code says nothing of routers */
}
/* spec: ConfiguredLocalRoutingSpec 1 x2 */
/* spec: RemoteRouterSpec 10 */
static void configuration_beats_code(void **state) {
    (void)state;
    count_of(UKKO_ROUTER_ROUND_ROBIN, 12, "config", 4);
    count_of(UKKO_ROUTER_FROM_CONFIG, 0, "config", 4);
}
/* How many routees a router gets of which the code says `code`, and the deployment that goes with its
   props (as one that another node orders has it) says `given`. */
static size_t deployed(uint32_t code, uint32_t given, const char *name) {
    ukko_router_opts a = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, code), b = UKKO_POOL(UKKO_ROUTER_RANDOM, given);
    ukko_props *props, *other;
    ukko_ref *router;
    ukko_error err;
    char path[64];
    assert_int_equal(ukko_router_props(&props, &a, ukko_props_new(&worker), NULL), UKKO_OK);
    assert_int_equal(ukko_router_props(&other, &b, ukko_props_new(&worker), NULL), UKKO_OK);
    uk_router_conf *says = uk_router_conf_retain(uk_props_router(other));
    snprintf(path, sizeof path, "/user/%s", name);
    const uk_deploy *found = uk_deploy_lookup(sys, ukko_str(path));
    assert_int_equal(uk_router_prepare(NULL, &props, &(uk_deploy){.router = says}, found, &err), UKKO_OK);
    ukko_router_kind kind = uk_props_router(props)->kind;
    assert_int_equal(kind, UKKO_ROUTER_RANDOM); /* what both others say */
    assert_int_equal(ukko_system_spawn(sys, props, name, &router), UKKO_OK);
    size_t n = routees_of(router);
    end_router(router);
    ukko_props_release(other);
    uk_router_conf_release(says);
    return n;
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void an_explicit_deployment_beats_code(void **state) {
    (void)state;
    assert_int_equal(deployed(12, 3, "explicit"), 3);
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void configuration_beats_an_explicit_deployment(void **state) {
    (void)state;
    assert_int_equal(deployed(12, 3, "config"), 4);
}
/* spec: RoutingSpec 1 x2 */
static void a_resizer_of_the_code_yields_to_a_configured_one(void **state) {
    (void)state;
    ukko_default_resizer r = {2, 3, 1, 0.2, 0.3, 0.1, 10};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 0);
    opts.resizer = &r;
    ukko_ref *router = router_of(&opts, &worker, "plain"); /* its entry has none: the code's stays */
    assert_int_equal(routees_of(router), 2);
    end_router(router);
    router = router_of(&opts, &worker, "bounded");
    assert_int_equal(routees_of(router), 4);
    end_router(router);
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void from_config_needs_an_entry(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_props *props;
    ukko_error err;
    ukko_ref *ref;
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&worker), NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(sys, props, "missing", &ref), UKKO_ECONFIG);
    ukko_spawn_error(&err);
    assert_non_null(strstr(err.message, "Configuration missing for router"));
    assert_null(ref);
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void routees_are_no_routers(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 1, "weird");
    char name[64];
    assert_int_equal(routees_of(router), 3);
    ask_who(router, ukko_msg_string("who"), name); /* not swallowed by a router in between */
    assert_string_equal(name, "$a");
    end_router(router);
}
/* spec: ConfiguredLocalRoutingSpec 1 */
static void an_entry_alone_makes_no_router(void **state) {
    (void)state;
    ukko_ref *one = spawn_of(&worker, "config");
    char name[64];
    ask_who(one, ukko_msg_string("who"), name);
    assert_string_equal(name, "config");
    end_router(one);
}
static void a_group_from_configuration(void **state) {
    (void)state;
    ukko_ref *x1 = spawn_of(&worker, "x1"), *x2 = spawn_of(&worker, "x2");
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_ref *router = router_of(&opts, NULL, "anyone");
    unsigned seen = 0;
    ukko_tell_text(NULL, router, "m");
    for (int i = 0; i < 2; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        seen |= 1u << (ukko_msg_text(m)[1] - '0');
        ukko_msg_release(m);
    }
    assert_int_equal(seen, 6);
    end_router(router);
    end_router(x1);
    end_router(x2);
}
/* spec: ConsistentHashingSpec 20 */
static void hashing_from_configuration(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_ref *router = router_of(&opts, &worker, "hashed");
    char first[64], again[64];
    assert_int_equal(routees_of(router), 3);
    ask_who(router, ukko_msg_hashed(ukko_msg_string("who"), ukko_msg_string("k")), first);
    ask_who(router, ukko_msg_hashed(ukko_msg_string("who"), ukko_msg_string("k")), again);
    assert_string_equal(first, again);
    end_router(router);
}
static ukko_msg *same_key(const ukko_msg *msg, void *data) {
    (void)msg;
    return ukko_msg_string(data);
}
static void hashing_keeps_the_mapping_of_the_code(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_CONSISTENT_HASHING, 9);
    char name[64];
    opts.hash_key = same_key;
    opts.hash_data = (char[]){"all"};
    ukko_ref *router = router_of(&opts, &worker, "hashed");
    assert_int_equal(routees_of(router), 3);
    ask_who(router, ukko_msg_string("who"), name);
    end_router(router);
}
static void hashing_wants_hashing(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 2);
    ukko_props *props;
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&worker), NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(sys, props, "hashed", NULL), UKKO_ECONFIG);
}
/* spec: BalancingSpec 24,25 */
static void balancing_from_configuration(void **state) {
    (void)state;
    count_of(UKKO_ROUTER_FROM_CONFIG, 0, "balanced", 5);
    count_of(UKKO_ROUTER_BALANCING, 1, "balanced", 5);
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 1, "balanced");
    size_t counts[64];
    for (int i = 0; i < 100; i++) ukko_tell_text(NULL, router, "m");
    count_texts(100, "m", counts);
    end_router(router);
}

/* ---- below another actor ---- */

static int parent_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 1);
    ukko_props *props;
    ukko_ref *ref;
    if (ukko_router_props(&props, &opts, ukko_props_new(&worker), NULL) ||
        ukko_spawn(ctx, props, "child", &ref))
        return UKKO_EUSER;
    ukko_reply(ctx, &ukko_ref_type, &(ukko_ref_body){ref});
    ukko_ref_release(ref);
    return UKKO_OK;
}
static const ukko_actor parent = {
    .size = sizeof(ukko_actor), .name = "parent", .receive = {NULL, parent_receive}};
static void entries_of_deeper_paths(void **state) {
    (void)state;
    ukko_ref *top = spawn_of(&parent, "parent");
    ukko_msg *m;
    assert_int_equal(ukko_ask_wait_msg(top, ukko_msg_string("go"), 60000, &m), UKKO_OK);
    assert_int_equal(routees_of(((const ukko_ref_body *)ukko_msg_get(m, &ukko_ref_type))->ref), 6);
    ukko_msg_release(m);
    end_router(top);
}
/* spec: RemoteRouterSpec 11 */
static void entries_below_system_actors(void **state) {
    (void)state;
    ukko_ref *top = NULL;
    ukko_msg *m;
    assert_int_equal(uk_system_spawn(sys, ukko_props_new(&parent), "parent", &top), UKKO_OK);
    assert_int_equal(ukko_ask_wait_msg(top, ukko_msg_string("go"), 60000, &m), UKKO_OK);
    ukko_ref *router = ((const ukko_ref_body *)ukko_msg_get(m, &ukko_ref_type))->ref;
    char path[64];
    ukko_ref_print(router, path, sizeof path);
    assert_string_equal(path, "/system/parent/child");
    assert_int_equal(routees_of(router), 6);
    ukko_msg_release(m);
    end_router(top);
}
static ukko_directive resume_all(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    ukko_tell_text(ctx, p->ref, why->message);
    return UKKO_RESUME;
}
/* spec: RoutingSpec 1 */
static void the_strategy_of_the_code_stays(void **state) {
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = resume_all};
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 9);
    opts.supervision = &s;
    ukko_ref *router = router_of(&opts, &worker, "strategy");
    assert_int_equal(routees_of(router), 2);
    ukko_tell_text(NULL, router, "fail");
    probe_expect_text(p, "told to");
    assert_int_equal(routees_of(router), 2);
    end_router(router);
}
/* spec: RoutingSpec 1 */
static void the_strategy_stays_with_a_router_from_configuration(void **state) {
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = resume_all};
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    opts.supervision = &s;
    ukko_ref *router = router_of(&opts, &worker, "strategy");
    ukko_tell_text(NULL, router, "fail");
    probe_expect_text(p, "told to"); /* asked what to do, it resumes: nobody above hears of it */
    assert_int_equal(routees_of(router), 2);
    end_router(router);
}
static int tell_restarted(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                          const ukko_failure *why) {
    char text[80];
    (void)state, (void)args, (void)n;
    snprintf(text, sizeof text, "%s %s", ukko_ref_name(ukko_self(ctx)), why->message);
    ukko_tell_text(ctx, p->ref, text);
    return UKKO_OK;
}
/* spec: RoutingSpec 1 */
static void without_a_strategy_all_routees_restart(void **state) {
    static const ukko_actor reborn = {.size = sizeof(ukko_actor), .name = "reborn",
                                      .receive = {NULL, worker_receive},
                                      .after_restart = tell_restarted};
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 3);
    size_t counts[64];
    char name[64];
    ukko_ref *router = router_of(&opts, &reborn, "escalates");
    ukko_tell_text(NULL, router, "fail"); /* of $a: the router escalates and is restarted */
    count_texts(3, "told to", counts);
    assert_true(counts[0] == 1 && counts[1] == 1 && counts[2] == 1);
    assert_int_equal(routees_of(router), 3);
    ask_who(router, ukko_msg_string("who"), name); /* they are the old ones */
    assert_string_equal(name, "$b");
    end_router(router);
}
/* spec: RoutingSpec 1 */
static void ended_routees_are_evicted(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 2, "evict");
    probe_watch(p, router);
    ukko_tell_text(NULL, router, "die");
    char name[64];
    for (int i = 0; i < 50 && routees_of(router) == 2; i++) {} /* each question gives it a turn */
    ask_who(router, ukko_msg_string("who"), name);
    assert_string_equal(name, "$b");
    ukko_tell_text(NULL, router, "die");
    expect_terminated(router);
    ukko_ref_release(router);
}
/* spec: RouteeCreationSpec 1 */
static void routees_know_their_router(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 100, "many"), *last;
    assert_int_equal(routees_of(router), 100);
    assert_int_equal(ukko_find_wait(sys, "/user/many/$Jb", 60000, &last),
                     UKKO_OK); /* the 100th name */
    ukko_ref_release(last);
    end_router(router);
}
static int call_parent(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    ukko_tell_text(ctx, ukko_parent(ctx), "hello");
    return UKKO_OK;
}
/* spec: RouteeCreationSpec 1 */
static void routees_send_through_their_parent(void **state) {
    static const ukko_actor caller = {.size = sizeof(ukko_actor), .name = "caller",
                                      .receive = {NULL, worker_receive}, .start = call_parent};
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 20);
    size_t counts[64];
    ukko_ref *router = router_of(&opts, &caller, "callers");
    count_texts(20, "hello", counts); /* each a message for one of them */
    for (int i = 0; i < 20; i++) assert_int_equal(counts[i], 1);
    end_router(router);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_alone_decides_without_an_entry),
        cmocka_unit_test(configuration_beats_code),
        cmocka_unit_test(an_explicit_deployment_beats_code),
        cmocka_unit_test(configuration_beats_an_explicit_deployment),
        cmocka_unit_test(a_resizer_of_the_code_yields_to_a_configured_one),
        cmocka_unit_test(from_config_needs_an_entry),
        cmocka_unit_test(routees_are_no_routers),
        cmocka_unit_test(an_entry_alone_makes_no_router),
        cmocka_unit_test(a_group_from_configuration),
        cmocka_unit_test(hashing_from_configuration),
        cmocka_unit_test(hashing_keeps_the_mapping_of_the_code),
        cmocka_unit_test(hashing_wants_hashing),
        cmocka_unit_test(balancing_from_configuration),
        cmocka_unit_test(entries_of_deeper_paths),
        cmocka_unit_test(entries_below_system_actors),
        cmocka_unit_test(the_strategy_of_the_code_stays),
        cmocka_unit_test(the_strategy_stays_with_a_router_from_configuration),
        cmocka_unit_test(without_a_strategy_all_routees_restart),
        cmocka_unit_test(ended_routees_are_evicted),
        cmocka_unit_test(routees_know_their_router),
        cmocka_unit_test(routees_send_through_their_parent),
    };
    rig_config = deployments;
    return cmocka_run_group_tests_name("router_config", tests, rig_setup, rig_teardown);
}
