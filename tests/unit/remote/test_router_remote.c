/* SPDX-License-Identifier: Apache-2.0 */
/* Routers over several nodes: pools whose routees live elsewhere, pools deployed whole, groups of
   remote paths, and the configurations on both sides. Systems over loopback in one process. */
#include "support/deploy_rig.h"

static ukko_ref *make_router(node *at, const ukko_router_opts *opts, const char *deploy,
                             const char *name) {
    ukko_props *props;
    ukko_error err = {0};
    if (ukko_router_props(&props, opts, opts->group ? NULL : ukko_props_new(&worker), &err))
        fail_msg("%s", err.message);
    if (deploy) assert_int_equal(ukko_props_deploy(props, deploy), UKKO_OK);
    ukko_msg *why = NULL;
    ukko_ref *ref = make_props(at, props, name, &why);
    if (!ref) fail_msg("%s", ukko_msg_text(why));
    return ref;
}

/* ---- who answers, and how often ---- */

typedef struct tally {
    char paths[16][300]; /* without uid */
    size_t counts[16], n;
} tally;

static void note(tally *t, const char *path) {
    size_t len = strcspn(path, "#");
    for (size_t i = 0; i < t->n; i++)
        if (strlen(t->paths[i]) == len && !memcmp(t->paths[i], path, len)) {
            t->counts[i]++;
            return;
        }
    assert_true(t->n < 16 && len < sizeof t->paths[0]);
    memcpy(t->paths[t->n], path, len);
    t->counts[t->n++] = 1;
}
static tally ask_many(ukko_ref *router, size_t times) {
    tally t = {.n = 0};
    for (size_t i = 0; i < times; i++) {
        ukko_msg *answer = NULL;
        assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_string("who?"), 60000, &answer),
                         UKKO_OK);
        note(&t, ukko_msg_text(answer));
        ukko_msg_release(answer);
    }
    return t;
}
static void path_of(char out[300], const node *a, const node *at, const char *below) {
    snprintf(out, 300, "%s/remote/pekko.tcp/%s/user/boss/%s", at->address,
             strstr(a->address, "://") + 3, below);
}
static void expect_in(const tally *t, const node *a, const node *at, const char *below,
                      size_t count) {
    char path[300];
    path_of(path, a, at, below);
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->paths[i], path)) {
            assert_int_equal(t->counts[i], count);
            return;
        }
    fail_msg("nobody answered from %s", path);
}
static size_t routees_of(ukko_ref *router) {
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_new(&ukko_get_routees_type), 60000, &m),
                     UKKO_OK);
    size_t n = ((const ukko_routees *)ukko_msg_get(m, &ukko_routees_type))->n;
    ukko_msg_release(m);
    return n;
}

/* ---- routees elsewhere ---- */

/* spec: RemoteRouterSpec 2 */
/* spec: RemoteRoundRobinSpec 1 */
static void a_pool_spreads_over_nodes(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL),
         c = node_begin("C", "", NULL, NULL), d = node_begin("D", "", NULL, NULL);
    const char *nodes[] = {b.address, c.address, d.address};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 4);
    opts.nodes = nodes;
    opts.n_nodes = 3;
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    tally t = ask_many(router, 40);
    assert_int_equal(t.n, 4);
    expect_in(&t, &a, &b, "p/c1", 10);
    expect_in(&t, &a, &c, "p/c2", 10);
    expect_in(&t, &a, &d, "p/c3", 10);
    expect_in(&t, &a, &b, "p/c4", 10);
    say(a.boss, "stop p");
    probe_expect_text(a.log, "terminated p confirmed");
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
    node_end(&c);
    node_end(&d);
}
#define UNSAFE_OFF "pekko.remote.use-unsafe-remote-features-outside-cluster = off\n"

static node configured_for(const node *b, const char *more) {
    char config[500];
    snprintf(config, sizeof config,
             "%spekko.actor.deployment { /boss/p { router = round-robin-pool, nr-of-instances = 2, "
             "target.nodes = [\"%s\"] } }",
             more, b->address);
    return node_begin("A", config, NULL, NULL);
}
/* spec: RemoteRouterSpec 1 */
/* spec: RemoteFeaturesSpec(multi-jvm) 8 */
static void nodes_from_configuration(void **state) {
    (void)state;
    node b = node_begin("B", "", NULL, NULL), a = configured_for(&b, "");
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    tally t = ask_many(router, 10);
    assert_int_equal(t.n, 2);
    expect_in(&t, &a, &b, "p/c1", 5);
    expect_in(&t, &a, &b, "p/c2", 5);
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteFeaturesSpec(multi-jvm) 8 */
static void without_the_unsafe_features_a_pool_stays_here(void **state) {
    (void)state;
    char here[300];
    node b = node_begin("B", "", NULL, NULL), a = configured_for(&b, UNSAFE_OFF);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0);
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    tally t = ask_many(router, 10);
    snprintf(here, sizeof here, "%s/user/boss/p/", a.address);
    assert_int_equal(t.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(t.paths[i], here, strlen(here));
        assert_int_equal(t.counts[i], 5);
    }
    probe_expect_nothing(b.log);
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteRouterSpec 3 */
/* spec: RemoteRoundRobinSpec 2 */
static void a_resizer_adds_remote_routees(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL),
         c = node_begin("C", "", NULL, NULL);
    const char *nodes[] = {b.address, c.address};
    ukko_default_resizer r = {4, 6, 1, 0.2, 0, 0, 10};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 1);
    opts.nodes = nodes;
    opts.n_nodes = 2;
    opts.resizer = &r;
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    tally t = ask_many(router, 8);
    assert_int_equal(t.n, 4);
    expect_in(&t, &a, &b, "p/c1", 2);
    expect_in(&t, &a, &c, "p/c2", 2);
    expect_in(&t, &a, &b, "p/c3", 2);
    expect_in(&t, &a, &c, "p/c4", 2);
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
    node_end(&c);
}
/* spec: RemoteRandomSpec 1 */
/* spec: RemoteScatterGatherSpec 1 */
static void other_kinds_over_nodes(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL),
         c = node_begin("C", "", NULL, NULL), d = node_begin("D", "", NULL, NULL);
    const char *nodes[] = {b.address, c.address, d.address};
    static const ukko_router_kind kinds[] = {UKKO_ROUTER_RANDOM, UKKO_ROUTER_SCATTER_GATHER,
                                             UKKO_ROUTER_BROADCAST, UKKO_ROUTER_TAIL_CHOPPING,
                                             UKKO_ROUTER_SMALLEST_MAILBOX};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[16];
        ukko_router_opts opts = UKKO_POOL(kinds[i], 3);
        opts.nodes = nodes;
        opts.n_nodes = 3;
        snprintf(name, sizeof name, "p%zu", i);
        ukko_ref *router = make_router(&a, &opts, NULL, name);
        tally t = ask_many(router, 90); /* the first answer of several is taken */
        assert_true(t.n >= 1 && t.n <= 3);
        if (!i) assert_int_equal(t.n, 3);
        ukko_tell_msg(NULL, router, ukko_msg_broadcast(ukko_msg_string("stop")));
        char gone[40];
        snprintf(gone, sizeof gone, "terminated %s confirmed", name);
        probe_expect_text(a.log, gone); /* each of the three has ended, and so the router */
        ukko_ref_release(router);
    }
    node_end(&a);
    node_end(&b);
    node_end(&c);
    node_end(&d);
}
static void group_of_paths(const char *config) {
    node a = node_begin("A", config, NULL, NULL), b = node_begin("B", "", NULL, NULL);
    char one[300], two[300];
    snprintf(one, sizeof one, "%s/user/boss/x", b.address);
    snprintf(two, sizeof two, "%s/user/bo*/y", b.address);
    ukko_ref_release(make_props(&b, ukko_props_new(&worker), "x", NULL));
    ukko_ref_release(make_props(&b, ukko_props_new(&worker), "y", NULL));
    const char *paths[] = {one, two};
    ukko_router_opts opts = UKKO_GROUP(UKKO_ROUTER_ROUND_ROBIN, paths, 2);
    ukko_ref *router = make_router(&a, &opts, NULL, "g");
    tally t = ask_many(router, 10);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.counts[0], 5);
    assert_string_equal(t.paths[0], one);
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteRoundRobinSpec 3 */
/* spec: RemoteFeaturesSpec(multi-jvm) 7 */
static void a_group_of_remote_paths(void **state) {
    (void)state;
    group_of_paths("");
}
/* A group sends only: that is not one of the unsafe features. */
/* spec: RemoteFeaturesSpec(multi-jvm) 7 */
static void without_the_unsafe_features_a_group_is_the_same(void **state) {
    (void)state;
    group_of_paths(UNSAFE_OFF);
}
/* A routee that ends leaves the router; one whose node is lost, too. */
static void routees_are_lost(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    const char *nodes[] = {b.address};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 3);
    opts.nodes = nodes;
    opts.n_nodes = 1;
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    say(router, "stop");
    for (int i = 0; routees_of(router) != 2 && i < 100000; i++) {}
    tally t = ask_many(router, 6);
    expect_in(&t, &a, &b, "p/c2", 3);
    expect_in(&t, &a, &b, "p/c3", 3);
    ukko_tell(NULL, router, &ukko_adjust_pool_size_type, &(ukko_adjust_pool_size){1});
    assert_int_equal(routees_of(router), 3);
    t = ask_many(router, 6);
    expect_in(&t, &a, &b, "p/c4", 2); /* numbers are not used again */
    node_end(&b);
    ukko_msg *m = probe_expect(a.log, &ukko_string_type);
    assert_memory_equal(ukko_msg_text(m), "terminated p", 12);
    ukko_msg_release(m);
    ukko_ref_release(router);
    node_end(&a);
}
/* spec: RemoteRouterSpec 9 */
static void a_strategy_for_remote_routees(void **state) {
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = boss_decide};
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    const char *nodes[] = {b.address};
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 1);
    opts.nodes = nodes;
    opts.n_nodes = 1;
    opts.supervision = &s;
    atomic_store(&decision, UKKO_RESUME);
    ukko_ref *router = make_router(&a, &opts, NULL, "p");
    say(router, "inc");
    say(router, "fail here");
    probe_expect_text(
        a.log, "failed c1: Serialization of [java.lang.IllegalStateException] failed. fail here");
    assert_int_equal(count_of(router), 1); /* resumed: the state is kept */
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}

/* ---- the router elsewhere ---- */

static void expect_whole(ukko_ref *router, const node *a, const node *b, const char *name,
                         size_t n) {
    char path[300], below[40];
    path_of(path, a, b, name);
    assert_memory_equal(ukko_ref_path(router), path, strlen(path));
    tally t = ask_many(router, 4 * n);
    assert_int_equal(t.n, n);
    for (size_t i = 0; i < n; i++) {
        snprintf(below, sizeof below, "%s/$%c", name, (char)('a' + i));
        expect_in(&t, a, b, below, 4);
    }
}
/* spec: RemoteRouterSpec 5 */
static void a_router_deployed_by_code(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 2);
    ukko_ref *router = make_router(&a, &opts, b.address, "r");
    expect_whole(router, &a, &b, "r", 2);
    say(a.boss, "stop r");
    probe_expect_text(a.log, "terminated r confirmed");
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteRouterSpec 4,7,8 */
static void a_router_deployed_by_configuration(void **state) {
    (void)state;
    char config[700];
    node b = node_begin(
        "B",
        "pekko.actor.deployment { /boss/twice { router = round-robin-pool, nr-of-instances = 4 } }",
        NULL, NULL);
    snprintf(config, sizeof config,
             "pekko.actor.deployment { /boss/r { router = round-robin-pool, nr-of-instances = 2, "
             "remote = \"%s\" }\n"
             "/boss/kind { router = round-robin-pool, nr-of-instances = 4 }\n"
             "/boss/twice { router = round-robin-pool, nr-of-instances = 2 } }",
             b.address);
    node a = node_begin("A", config, NULL, NULL);
    ukko_router_opts from_config = UKKO_POOL(UKKO_ROUTER_FROM_CONFIG, 0),
                     random = UKKO_POOL(UKKO_ROUTER_RANDOM, 9);
    ukko_ref *r = make_router(&a, &from_config, NULL, "r");
    expect_whole(r, &a, &b, "r", 2);
    ukko_ref *kind = make_router(&a, &random, b.address, "kind");
    expect_whole(kind, &a, &b, "kind", 4); /* round robin: all equally often */
    ukko_ref *twice = make_router(&a, &random, b.address, "twice");
    expect_whole(twice, &a, &b, "twice", 4); /* the configuration there has the last word */
    ukko_ref_release(r);
    ukko_ref_release(kind);
    ukko_ref_release(twice);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteRouterSpec 6 */
static void configuration_keeps_a_router_here(void **state) {
    (void)state;
    node b = node_begin("B", "", NULL, NULL);
    node a = node_begin(
        "A",
        "pekko.actor.deployment { /boss/r { remote = \"pekko://A\", router = round-robin-pool, "
        "nr-of-instances = 2 } }",
        NULL, NULL);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 5);
    ukko_ref *router = make_router(&a, &opts, b.address, "r");
    assert_true(ukko_ref_is_local(router));
    tally t = ask_many(router, 4);
    assert_int_equal(t.n, 2);
    assert_memory_equal(t.paths[0], a.address, strlen(a.address));
    ukko_ref_release(router);
    node_end(&a);
    node_end(&b);
}
static void what_cannot_travel_is_told(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_SMALLEST_MAILBOX, 2);
    ukko_props *props;
    ukko_msg *why = NULL;
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&worker), NULL), UKKO_OK);
    assert_int_equal(ukko_props_deploy(props, b.address), UKKO_OK);
    assert_null(make_props(&a, props, "r", &why));
    assert_non_null(strstr(ukko_msg_text(why), "smallest-mailbox"));
    ukko_msg_release(why);
    node_end(&a);
    node_end(&b);
}

/* ---- one ring for all ---- */

static void make_hashing(node *at, const char *const *paths, ukko_ref **out) {
    ukko_router_opts opts = UKKO_GROUP(UKKO_ROUTER_CONSISTENT_HASHING, paths, 2);
    *out = make_router(at, &opts, NULL, "ring");
}
static void who_has(ukko_ref *router, int32_t k, char out[300]) {
    ukko_msg *answer = NULL;
    ukko_msg *m = ukko_msg_hashed(ukko_msg_string("who?"), ukko_msg_copy(&ukko_int_type, &k));
    assert_int_equal(ukko_ask_wait_msg(router, m, 60000, &answer), UKKO_OK);
    snprintf(out, 300, "%s", ukko_msg_text(answer));
    ukko_msg_release(answer);
}
/* spec: RemoteConsistentHashingRouterSpec 1 */
static void the_ring_is_the_same_on_each_node(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    char one[300], two[300], from_a[300], from_b[300];
    snprintf(one, sizeof one, "%s/user/boss/x", a.address);
    snprintf(two, sizeof two, "%s/user/boss/x", b.address);
    ukko_ref_release(make_props(&a, ukko_props_new(&worker), "x", NULL));
    ukko_ref_release(make_props(&b, ukko_props_new(&worker), "x", NULL));
    const char *paths[] = {one, two};
    ukko_ref *at_a, *at_b;
    make_hashing(&a, paths, &at_a);
    make_hashing(&b, paths, &at_b);
    for (int32_t k = 0; k < 60; k++) {
        who_has(at_a, k, from_a);
        who_has(at_b, k, from_b);
        assert_string_equal(from_a, from_b);
    }
    ukko_ref_release(at_a);
    ukko_ref_release(at_b);
    node_end(&a);
    node_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_spreads_over_nodes),
        cmocka_unit_test(nodes_from_configuration),
        cmocka_unit_test(without_the_unsafe_features_a_pool_stays_here),
        cmocka_unit_test(a_resizer_adds_remote_routees),
        cmocka_unit_test(other_kinds_over_nodes),
        cmocka_unit_test(a_group_of_remote_paths),
        cmocka_unit_test(without_the_unsafe_features_a_group_is_the_same),
        cmocka_unit_test(routees_are_lost),
        cmocka_unit_test(a_strategy_for_remote_routees),
        cmocka_unit_test(a_router_deployed_by_code),
        cmocka_unit_test(a_router_deployed_by_configuration),
        cmocka_unit_test(configuration_keeps_a_router_here),
        cmocka_unit_test(what_cannot_travel_is_told),
        cmocka_unit_test(the_ring_is_the_same_on_each_node),
    };
    return cmocka_run_group_tests_name("router_remote", tests, NULL, NULL);
}
