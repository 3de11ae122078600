/* SPDX-License-Identifier: Apache-2.0 */
/* Deployment sections and the index that finds them by path. Test thread only: no actor runs. */
#include "actor/deploy.h"
#include "actor/router.h"
#include "actor/system.h"
#include "support/probe.h"

/* What DeployerSpec of Pekko has in its configuration, in own words. */
static const char sections[] =
    "pekko.actor.deployment {\n"
    "  /service1 {}\n"
    "  /service-direct2 { router = from-code, nr-of-instances = 20, dispatcher = my-dispatcher }\n"
    "  /dispatched { dispatcher = my-dispatcher }\n"
    "  /boxed { mailbox = my-mailbox }\n"
    "  /service-round-robin { router = round-robin-pool }\n"
    "  /service-random { router = random-pool }\n"
    "  /service-scatter-gather { router = scatter-gather-pool, within = 2 seconds }\n"
    "  /service-consistent-hashing { router = consistent-hashing-pool }\n"
    "  /service-resizer { router = round-robin-pool, resizer { lower-bound = 1, upper-bound = 10 } "
    "}\n"
    "  /some/random-service { router = round-robin-pool }\n"
    "  \"/some/*\" { router = random-pool }\n"
    "  \"/*/some\" { router = scatter-gather-pool }\n"
    "  \"/double/**\" { router = random-pool }\n"
    "  \"/double/more/**\" { router = round-robin-pool }\n"
    "}\n";

static uk_deployments *parse(const char *text, ukko_error *err) {
    ukko_config *cfg = test_config(text), *all = NULL;
    uk_deployments *d = NULL;
    assert_int_equal(ukko_config_load_from(&all, cfg, err), UKKO_OK);
    int rc = uk_deployments_new(&d, all, err);
    assert_true((rc == UKKO_OK) == (d != NULL));
    ukko_config_release(cfg);
    ukko_config_release(all);
    return d;
}
static uk_deployments *parsed(const char *text) {
    ukko_error err = {0};
    uk_deployments *d = parse(text, &err);
    if (!d) fail_msg("%s", err.message);
    return d;
}
static void refused(const char *text, const char *named) {
    ukko_error err = {0};
    assert_null(parse(text, &err));
    assert_int_equal(err.code, UKKO_ECONFIG);
    if (!strstr(err.message, named)) fail_msg("\"%s\" is not named in: %s", named, err.message);
}
static const uk_deploy *find(const uk_deployments *d, const char *path) {
    return uk_deployments_find(d, ukko_str(path));
}
static void assert_kind(const uk_deployments *d, const char *path, ukko_router_kind kind) {
    const uk_deploy *e = find(d, path);
    assert_non_null(e);
    assert_non_null(e->router);
    assert_int_equal(e->router->kind, kind);
}

/* spec: DeployerSpec 1 */
static void test_defaults(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    const uk_deploy *e = find(d, "/service1");
    assert_non_null(e);
    assert_string_equal(e->key, "/service1");
    assert_null(e->router);
    assert_null(e->remote);
    assert_null(e->dispatcher);
    assert_null(e->mailbox);
    assert_false(e->local_scope);
    int64_t n = 0;
    assert_int_equal(ukko_config_int(e->config, "nr-of-instances", &n), UKKO_OK);
    assert_int_equal(n, 1);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 2 */
static void test_undefined(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_null(find(d, "/undefined"));
    assert_null(find(d, "/service1/child"));
    uk_deployments_free(d);
}
/* spec: DeployerSpec 3 */
static void test_dispatcher(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_string_equal(find(d, "/dispatched")->dispatcher, "my-dispatcher");
    uk_deployments_free(d);
}
/* spec: DeployerSpec 4 */
static void test_mailbox(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_string_equal(find(d, "/boxed")->mailbox, "my-mailbox");
    uk_deployments_free(d);
}
/* spec: DeployerSpec 5 */
static void test_bad_instances(void **state) {
    (void)state;
    refused(
        "pekko.actor.deployment { /service { router = round-robin-pool, nr-of-instances = boom } }",
        "nr-of-instances");
}
/* spec: DeployerSpec 6 */
static void test_bad_path(void **state) {
    (void)state;
    refused("pekko.actor.deployment { /gul/ub\303\245t { router = round-robin-pool } }", "/gul/ub");
    refused("pekko.actor.deployment { \"/a//b\" {} }", "empty");
    refused("pekko.actor.deployment { \"/a/$b\" {} }", "/a/$b");
}
/* spec: DeployerSpec 7,8 */
static void test_from_code(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    const uk_deploy *e = find(d, "/service-direct2");
    assert_null(e->router); /* although it has a number of instances */
    assert_string_equal(e->dispatcher, "my-dispatcher");
    uk_deployments_free(d);
}
/* spec: DeployerSpec 9 */
static void test_round_robin(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/service-round-robin", UKKO_ROUTER_ROUND_ROBIN);
    assert_int_equal(find(d, "/service-round-robin")->router->instances, 1);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 10 */
static void test_random(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/service-random", UKKO_ROUTER_RANDOM);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 11 */
static void test_scatter_gather(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/service-scatter-gather", UKKO_ROUTER_SCATTER_GATHER);
    assert_int_equal(find(d, "/service-scatter-gather")->router->within_ms, 2000);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 12 */
static void test_consistent_hashing(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/service-consistent-hashing", UKKO_ROUTER_CONSISTENT_HASHING);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 13 */
static void test_resizer(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    const uk_router_conf *c = find(d, "/service-resizer")->router;
    assert_int_equal(c->resizer, UK_RESIZER_DEFAULT); /* any of its keys switches it on */
    assert_int_equal(c->fixed.lower_bound, 1);
    assert_int_equal(c->fixed.upper_bound, 10);
    assert_int_equal(c->fixed.messages_per_resize, 10);
    uk_deployments_free(d);
    refused("pekko.actor.deployment./a { router = random-pool, resizer { lower-bound = 5, "
            "upper-bound = 4 } }",
            "upper-bound");
    refused("pekko.actor.deployment./a { router = random-pool, resizer.enabled = on, "
            "optimal-size-exploring-resizer.enabled = on }",
            "both");
}
/* spec: DeployerSpec 14 */
static void test_single_wildcards(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/some/random-service", UKKO_ROUTER_ROUND_ROBIN);
    assert_kind(d, "/some/some", UKKO_ROUTER_RANDOM); /* the exact "some" first, no way back */
    assert_kind(d, "/somewildcardmatch/some", UKKO_ROUTER_SCATTER_GATHER);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 15 */
static void test_double_wildcards(void **state) {
    (void)state;
    uk_deployments *d = parsed(sections);
    assert_kind(d, "/double/wildcardmatch", UKKO_ROUTER_RANDOM);
    assert_kind(d, "/double/wildcardmatch/anothermatch", UKKO_ROUTER_RANDOM);
    assert_kind(d, "/double/more/anothermatch", UKKO_ROUTER_ROUND_ROBIN);
    assert_kind(d, "/double/more/anothermatch/andmore", UKKO_ROUTER_ROUND_ROBIN);
    uk_deployments_free(d);
}
/* spec: DeployerSpec 16 */
static void test_router_names(void **state) {
    static const struct {
        const char *name;
        ukko_router_kind kind;
        bool pool, group;
    } types[] = {{"round-robin", UKKO_ROUTER_ROUND_ROBIN, true, true},
                 {"random", UKKO_ROUTER_RANDOM, true, true},
                 {"balancing", UKKO_ROUTER_BALANCING, true, false},
                 {"smallest-mailbox", UKKO_ROUTER_SMALLEST_MAILBOX, true, false},
                 {"broadcast", UKKO_ROUTER_BROADCAST, true, true},
                 {"scatter-gather", UKKO_ROUTER_SCATTER_GATHER, true, true},
                 {"tail-chopping", UKKO_ROUTER_TAIL_CHOPPING, true, true},
                 {"consistent-hashing", UKKO_ROUTER_CONSISTENT_HASHING, true, true}};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int form = 0; form < 4; form++) { /* with and without suffix, pool and group */
            char text[256];
            bool group = form & 1;
            if (group ? !types[i].group : !types[i].pool) continue;
            snprintf(text, sizeof text, "pekko.actor.deployment./a { router = %s%s%s }",
                     types[i].name,
                     form & 2 ? ""
                     : group  ? "-group"
                              : "-pool",
                     group ? ", routees.paths = [/user/b]" : "");
            uk_deployments *d = parsed(text);
            assert_kind(d, "/a", types[i].kind);
            assert_int_equal(find(d, "/a")->router->group, group);
            assert_int_equal(find(d, "/a")->router->n_paths, group);
            uk_deployments_free(d);
        }
    refused("pekko.actor.deployment./a { router = my.own.Router }", "my.own.Router");
}

/* spec: RemoteDeployerSpec 1 */
static void test_remote(void **state) {
    (void)state;
    uk_deployments *d = parsed(
        "pekko.actor.deployment { /service2 { router = round-robin-pool, nr-of-instances = 3, "
        "remote = \"pekko://sys@wallace:7355\", dispatcher = my-dispatcher } }");
    const uk_deploy *e = find(d, "/service2");
    assert_string_equal(e->remote, "pekko://sys@wallace:7355");
    assert_string_equal(e->dispatcher, "my-dispatcher");
    assert_int_equal(e->router->instances, 3);
    uk_deployments_free(d);
    refused("pekko.actor.deployment./a { remote = \"nonsense\" }", "nonsense");
}
static void test_nodes(void **state) {
    (void)state;
    uk_deployments *d = parsed("pekko.actor.deployment { /p { router = random-pool, target.nodes = "
                               "[\"pekko.tcp://A@h:1\", \"pekko.tcp://B@h:2\"] }\n"
                               " /g { router = random-group, routees.paths = [/user/x], "
                               "target.nodes = [\"pekko.tcp://A@h:1\"] }\n"
                               " /r { router = random-pool, remote = \"pekko.tcp://A@h:1\", "
                               "target.nodes = [\"pekko.tcp://A@h:1\"] } }");
    assert_int_equal(find(d, "/p")->router->n_nodes, 2);
    assert_string_equal(find(d, "/p")->router->nodes[1], "pekko.tcp://B@h:2");
    assert_int_equal(find(d, "/g")->router->n_nodes, 0); /* nodes are for pools */
    assert_int_equal(find(d, "/r")->router->n_nodes, 0); /* and remote wins */
    uk_deployments_free(d);
    refused("pekko.actor.deployment./a { target.nodes = [\"x y\"] }", "target.nodes");
}

/* ---- the index; one section a name, told apart by the dispatcher ---- */

static uk_deployments *index_of(const char *const *keys) {
    char text[2048] = "pekko.actor.deployment {\n";
    for (; *keys; keys++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "\"%s\" { dispatcher = \"%s\" }\n", *keys, *keys);
    }
    strcat(text, "}");
    return parsed(text);
}
static void assert_key(const uk_deployments *d, const char *path, const char *key) {
    const uk_deploy *e = find(d, path);
    if (!key) assert_null(e);
    else {
        assert_non_null(e);
        assert_string_equal(e->dispatcher, key);
    }
}
#define INDEX(...) index_of((const char *const[]){__VA_ARGS__, NULL})

/* spec: WildcardIndexSpec 1,2 */
static void test_exact(void **state) {
    (void)state;
    uk_deployments *d = INDEX("/a", "/a/b", "/a/b/c", "/x/y");
    assert_key(d, "/a", "/a");
    assert_key(d, "/a/b", "/a/b");
    assert_key(d, "/a/b/c", "/a/b/c");
    assert_key(d, "/x", NULL);
    assert_key(d, "/x/y", "/x/y");
    assert_key(d, "/d", NULL);
    uk_deployments_free(d);
}
/* spec: WildcardIndexSpec 3 */
static void test_star(void **state) {
    (void)state;
    uk_deployments *d = INDEX("/a/b", "/a/*", "/*/c");
    assert_key(d, "/a/b", "/a/b");
    assert_key(d, "/a/x", "/a/*");
    assert_key(d, "/z/c", "/*/c");
    assert_key(d, "/a/c", "/a/*"); /* the exact "a" is not reconsidered */
    assert_key(d, "/z/x", NULL);
    uk_deployments_free(d);
}
/* spec: WildcardIndexSpec 4 */
static void test_prefix(void **state) {
    (void)state;
    uk_deployments *d = INDEX("/a*", "/a", "/b*/c");
    assert_key(d, "/a", "/a");
    assert_key(d, "/ab", "/a*");
    assert_key(d, "/abc", "/a*");
    assert_key(d, "/bx/c", "/b*/c");
    assert_key(d, "/b/c", "/b*/c");
    assert_key(d, "/bx", NULL);
    uk_deployments_free(d);
    d = INDEX("/p*", "/*");
    assert_key(d, "/px", "/*"); /* a star is tried before prefixes */
    uk_deployments_free(d);
    d = INDEX("/p*", "/p*/q"); /* the later hides the earlier, as in Pekko */
    assert_key(d, "/px", NULL);
    assert_key(d, "/px/q", "/p*/q");
    uk_deployments_free(d);
}
/* spec: WildcardIndexSpec 5 */
static void test_suffix_refused(void **state) {
    (void)state;
    refused("pekko.actor.deployment { \"/a/b**\" {} }", "**");
}
/* spec: WildcardIndexSpec 6 */
static void test_empty(void **state) {
    (void)state;
    ukko_config *none = ukko_config_empty();
    uk_deployments *d = NULL;
    assert_int_equal(uk_deployments_new(&d, none, NULL), UKKO_OK);
    assert_key(d, "/a", NULL);
    assert_key(d, "", NULL);
    uk_deployments_free(d);
    ukko_config_release(none);
}
/* spec: WildcardIndexSpec 7 */
static void test_terminal_double(void **state) {
    (void)state;
    uk_deployments *d = INDEX("/a/**", "/a/b/**", "/x/*", "/x/**");
    assert_key(d, "/a/c", "/a/**");
    assert_key(d, "/a/c/d/e", "/a/**");
    assert_key(d, "/a/b/c/d", "/a/b/**");
    assert_key(d, "/x/y", "/x/*"); /* the single star is asked first */
    assert_key(d, "/x/y/z", "/x/**");
    assert_key(d, "/a", NULL);
    uk_deployments_free(d);
}
/* spec: WildcardIndexSpec 8 */
static void test_inner_double(void **state) {
    (void)state;
    uk_deployments *d = INDEX("/a/**/b");
    assert_key(d, "/a/x/b", NULL);
    assert_key(d, "/a/x/y/b", NULL);
    uk_deployments_free(d);
}

/* ---- whole paths, merging ---- */

static void test_whole_paths(void **state) {
    (void)state;
    ukko_config *cfg = test_config("pekko.actor.deployment { \"/a/b\" {} }");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("deploy", NULL);
    ukko_system *sys;
    o.config = cfg;
    assert_int_equal(ukko_system_new(&sys, &o, NULL), UKKO_OK);
    assert_non_null(uk_deploy_lookup(sys, ukko_str("/user/a/b")));
    assert_non_null(uk_deploy_lookup(sys, ukko_str("/system/a/b")));
    assert_non_null(uk_deploy_lookup(sys, ukko_str("/remote/pekko.tcp/A@h:1/user/a/b")));
    assert_non_null(
        uk_deploy_lookup(sys, ukko_str("/remote/pekko.tcp/B@h:2/remote/pekko.tcp/A@h:1/user/a/b")));
    assert_null(uk_deploy_lookup(sys, ukko_str("/remote/pekko.tcp/A@h:1/system/a/b")));
    assert_null(uk_deploy_lookup(sys, ukko_str("/temp/a/b")));
    assert_null(uk_deploy_lookup(sys, ukko_str("/remote/x")));
    ukko_system_free(sys);
    ukko_config_release(cfg);
}
static void test_bad_config_ends_system(void **state) {
    (void)state;
    ukko_config *cfg =
        test_config("pekko.actor.deployment { \"/a\" { remote = \"pekko.tcp//x\" } }");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("deploy", NULL);
    ukko_system *sys;
    ukko_error err = {0};
    o.config = cfg;
    assert_int_equal(ukko_system_new(&sys, &o, &err), UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "\"/a\".remote"));
    assert_non_null(strstr(err.message, "test: 1"));
    ukko_config_release(cfg);
}
static void test_over(void **state) {
    (void)state;
    uk_deploy d = {.remote = "code", .dispatcher = "d1", .mailbox = "m1"};
    const uk_deploy config = {.key = "/a", .dispatcher = "d2", .has_config = true};
    const uk_deploy scope = {.key = "/b", .remote = "config"};
    uk_deploy_over(&d, NULL);
    uk_deploy_over(&d, &config);
    assert_string_equal(d.remote, "code");
    assert_string_equal(d.dispatcher, "d2");
    assert_string_equal(d.mailbox, "m1");
    uk_deploy_over(&d, &scope);
    assert_string_equal(d.remote, "config");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_dispatcher),
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_bad_instances),
        cmocka_unit_test(test_bad_path),
        cmocka_unit_test(test_from_code),
        cmocka_unit_test(test_round_robin),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_scatter_gather),
        cmocka_unit_test(test_consistent_hashing),
        cmocka_unit_test(test_resizer),
        cmocka_unit_test(test_single_wildcards),
        cmocka_unit_test(test_double_wildcards),
        cmocka_unit_test(test_router_names),
        cmocka_unit_test(test_remote),
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_star),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_suffix_refused),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_terminal_double),
        cmocka_unit_test(test_inner_double),
        cmocka_unit_test(test_whole_paths),
        cmocka_unit_test(test_bad_config_ends_system),
        cmocka_unit_test(test_over),
    };
    return cmocka_run_group_tests_name("deployer", tests, NULL, NULL);
}
