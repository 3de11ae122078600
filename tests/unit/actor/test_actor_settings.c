/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of pekko and pekko.actor: each changes what a system does, or what a deployment section
   makes of a router. Stepped, on a virtual clock: test thread only. */
#include "actor/deploy.h"
#include "actor/router.h"
#include "support/logs.h"
#include "support/stepped.h"
#include <stddef.h>

static logs lines;

static void begin(const char *config) {
    logs_init(&lines);
    sys = stepped_system("settings", config, logs_sink, &lines);
    p = probe_new(sys, "probe");
    run();
}
static void finish(void) {
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&lines);
}

/* ---- What is logged. ---- */

static int take(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)ctx;
    (void)state;
    (void)m;
    return UKKO_OK;
}
static const ukko_actor quiet = {.size = sizeof(ukko_actor), .name = "quiet", .receive = {NULL, take}};

/* An actor's whole life, with a message before and one after it. */
static void live(void) {
    ukko_ref *ref = NULL;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&quiet), "a", &ref), UKKO_OK);
    run();
    ukko_tell_text(NULL, ref, "hello");
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    run();
    ukko_tell(NULL, ref, &ukko_poison_pill_type, NULL);
    run();
    ukko_ref_release(ref);
}

/* With the setting the log has a line that it lacks without. */
static void debug_settings(void **state) {
    (void)state;
    static const struct {
        const char *setting, *line;
    } rows[] = {{"receive", "received handled message"},
                {"autoreceive", "AutoReceiveMessage"},
                {"lifecycle", "now supervising"},
                {"event-stream", "subscribing"},
                {"router-misconfiguration", "makes pekko://settings/user/a a router"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int on = 0; on < 2; on++) {
            char text[200];
            snprintf(text, sizeof text, "pekko.loglevel = DEBUG, pekko.actor.debug.%s = %s\n"
                     "pekko.actor.deployment { /a { router = round-robin-pool } }",
                     rows[i].setting, on ? "on" : "off");
            begin(text);
            live();
            size_t n = logs_count(&lines, rows[i].line);
            if ((n > 0) != (on > 0)) fail_msg("%s = %d: %zu times \"%s\"", rows[i].setting, on, n, rows[i].line);
            finish();
        }
    }
}

static void dead_letters_during_shutdown(void **state) {
    (void)state;
    for (int on = 0; on < 2; on++) {
        char text[200];
        snprintf(text, sizeof text,
                 "pekko.loglevel = INFO, pekko.log-dead-letters = on\n"
                 "pekko.log-dead-letters-during-shutdown = %s", on ? "on" : "off");
        begin(text);
        ukko_ref *ref = NULL;
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&quiet), "a", &ref), UKKO_OK);
        run();
        ukko_system_terminate(sys);
        ukko_tell_text(NULL, ref, "one");
        ukko_tell_text(NULL, ref, "two");
        run();
        assert_int_equal(logs_count(&lines, "dead letters") > 0, on);
        ukko_ref_release(ref);
        finish();
    }
}

/* ---- What is done in which order, by whom. ---- */

static char order[1000];

static int note_name(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)state;
    (void)m;
    strncat(order, ukko_ref_name(ukko_self(ctx)), sizeof order - strlen(order) - 1);
    return UKKO_OK;
}
static const ukko_actor noter = {
    .size = sizeof(ukko_actor), .name = "noter", .receive = {NULL, note_name}};

static int changes_in(const char *text) {
    int n = 0;
    for (; *text && text[1]; text++) n += text[0] != text[1];
    return n;
}
/* Two actors with twelve messages each: whether one handles all of them in its turn. (Whose turn
   it is after one message is left to chance in a stepped system.) */
static void throughput(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        char text[100];
        ukko_ref *a, *b;
        snprintf(text, sizeof text, "pekko.actor.default-dispatcher.throughput = %d", i ? 12 : 1);
        begin(text);
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&noter), "a", &a), UKKO_OK);
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&noter), "b", &b), UKKO_OK);
        run();
        *order = 0;
        for (int k = 0; k < 12; k++) ukko_tell_text(NULL, a, "x");
        for (int k = 0; k < 12; k++) ukko_tell_text(NULL, b, "x");
        run();
        assert_int_equal(strlen(order), 24);
        if (i) assert_int_equal(changes_in(order), 1);
        else assert_true(changes_in(order) > 1);
        ukko_ref_release(a);
        ukko_ref_release(b);
        finish();
    }
}

static ukko_msg *text_as_key(const ukko_msg *m, void *data) {
    (void)data;
    return ukko_msg_retain(m);
}
/* Who of three gets each of fifty keys. */
static void hashed_over(const char *config, char *to, size_t len) {
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_CONSISTENT_HASHING, 3);
    ukko_props *props;
    ukko_ref *r;
    opts.hash_key = text_as_key;
    begin(config);
    assert_int_equal(ukko_router_props(&props, &opts, ukko_props_new(&noter), NULL), UKKO_OK);
    assert_int_equal(ukko_system_spawn(sys, props, "r", &r), UKKO_OK);
    run();
    *order = 0;
    for (int i = 0; i < 50; i++) {
        char key[20];
        snprintf(key, sizeof key, "key %d", i);
        ukko_tell_text(NULL, r, key);
        run();
    }
    snprintf(to, len, "%s", order);
    ukko_ref_release(r);
    finish();
}
static void virtual_nodes(void **state) {
    (void)state;
    char ten[200], again[200], one[200];
    hashed_over("", ten, sizeof ten);
    hashed_over("pekko.actor.deployment.default.virtual-nodes-factor = 10", again, sizeof again);
    hashed_over("pekko.actor.deployment.default.virtual-nodes-factor = 1", one, sizeof one);
    assert_int_equal(strlen(ten), 100); /* "$a", "$b", "$c" */
    assert_string_equal(ten, again);
    assert_string_not_equal(ten, one);
}

/* ---- What a deployment section says. ---- */

/* The conf of the router at /r with `more` in its section. */
static const uk_router_conf *conf_of(const char *more) {
    char text[600];
    snprintf(text, sizeof text, "pekko.actor.deployment { /r { router = round-robin-pool\n%s\n } }", more);
    begin(text);
    const uk_deploy *d = uk_deployments_find(sys->deployments, ukko_str("/r"));
    assert_non_null(d);
    return d->router;
}

#define FIXED(field)     offsetof(uk_router_conf, fixed.field)
#define EXPLORING(field) offsetof(uk_router_conf, exploring.field)
typedef struct row {
    const char *name, *value;
    size_t offset;
    char kind; /* i int32, l int64, d double, b bool */
    double expected;
} row;

static double field(const uk_router_conf *c, const row *r) {
    const char *at = (const char *)c + r->offset;
    int32_t i;
    int64_t l;
    double d;
    bool b;
    switch (r->kind) {
    case 'i': memcpy(&i, at, sizeof i); return i;
    case 'l': memcpy(&l, at, sizeof l); return (double)l;
    case 'b': memcpy(&b, at, sizeof b); return b;
    default: memcpy(&d, at, sizeof d); return d;
    }
}
static void rows_change(const row *rows, size_t n, const char *base) {
    for (size_t i = 0; i < n; i++) {
        char text[300];
        double plain = field(conf_of(base), &rows[i]);
        finish();
        snprintf(text, sizeof text, "%s\n%s = %s", base, rows[i].name, rows[i].value);
        double changed = field(conf_of(text), &rows[i]);
        finish();
        if (changed != rows[i].expected || changed == plain)
            fail_msg("%s = %s: %g, without it %g", rows[i].name, rows[i].value, changed, plain);
    }
}

static void resizer_settings(void **state) {
    (void)state;
    static const row rows[] = {
        {"resizer.lower-bound", "3", FIXED(lower_bound), 'i', 3},
        {"resizer.upper-bound", "30", FIXED(upper_bound), 'i', 30},
        {"resizer.pressure-threshold", "4", FIXED(pressure_threshold), 'i', 4},
        {"resizer.rampup-rate", "0.75", FIXED(rampup_rate), 'd', 0.75},
        {"resizer.backoff-threshold", "0.25", FIXED(backoff_threshold), 'd', 0.25},
        {"resizer.backoff-rate", "0.5", FIXED(backoff_rate), 'd', 0.5},
        {"resizer.messages-per-resize", "77", FIXED(messages_per_resize), 'i', 77}};
    rows_change(rows, sizeof rows / sizeof *rows, "resizer.enabled = on");
}

static void exploring_resizer_settings(void **state) {
    (void)state;
#define X(name) "optimal-size-exploring-resizer." name
    static const row rows[] = {
        {X("lower-bound"), "3", EXPLORING(lower_bound), 'i', 3},
        {X("upper-bound"), "30", EXPLORING(upper_bound), 'i', 30},
        {X("chance-of-ramping-down-when-full"), "0.5", EXPLORING(chance_of_ramping_down_when_full),
         'd', 0.5},
        {X("action-interval"), "7 s", EXPLORING(action_interval_ms), 'l', 7000},
        {X("downsize-after-underutilized-for"), "1 h", EXPLORING(downsize_after_underutilized_ms),
         'l', 3600000},
        {X("explore-step-size"), "0.3", EXPLORING(explore_step_size), 'd', 0.3},
        {X("chance-of-exploration"), "0.9", EXPLORING(chance_of_exploration), 'd', 0.9},
        {X("downsize-ratio"), "0.7", EXPLORING(downsize_ratio), 'd', 0.7},
        {X("optimization-range"), "5", EXPLORING(optimization_range), 'i', 5},
        {X("weight-of-latest-metric"), "0.1", EXPLORING(weight_of_latest_metric), 'd', 0.1}};
    rows_change(rows, sizeof rows / sizeof *rows, X("enabled = on"));
#undef X
}

static void which_resizer(void **state) {
    (void)state;
    assert_int_equal(conf_of("")->resizer, UK_RESIZER_NONE);
    finish();
    assert_int_equal(conf_of("resizer.enabled = on")->resizer, UK_RESIZER_DEFAULT);
    finish();
    assert_int_equal(conf_of("optimal-size-exploring-resizer.enabled = on")->resizer,
                     UK_RESIZER_EXPLORING);
    finish();
}

static void router_settings(void **state) {
    (void)state;
    static const row numbers[] = {
        {"nr-of-instances", "6", offsetof(uk_router_conf, instances), 'i', 6},
        {"pool-dispatcher", "{}", offsetof(uk_router_conf, use_pool_dispatcher), 'b', 1}};
    static const row waits[] = {
        {"within", "3 s", offsetof(uk_router_conf, within_ms), 'l', 3000},
        {"tail-chopping-router.interval", "40 ms", offsetof(uk_router_conf, interval_ms), 'l', 40}};
    rows_change(numbers, sizeof numbers / sizeof *numbers, "");
    rows_change(waits, sizeof waits / sizeof *waits, "router = tail-chopping-pool");
    const uk_router_conf *c = conf_of("router = broadcast-group, routees.paths = [/user/x, /user/y]");
    assert_true(c->group);
    assert_int_equal(c->n_paths, 2);
    assert_string_equal(c->paths[1], "/user/y");
    finish();
}

/* A name of one's own for one of the routers. */
static void router_names(void **state) {
    (void)state;
    begin("pekko.actor.router.type-mapping.turn-by-turn = org.apache.pekko.routing.RoundRobinPool\n"
          "pekko.actor.deployment { /r { router = turn-by-turn, nr-of-instances = 2 } }");
    const uk_deploy *d = uk_deployments_find(sys->deployments, ukko_str("/r"));
    assert_non_null(d->router);
    assert_int_equal(d->router->kind, UKKO_ROUTER_ROUND_ROBIN);
    finish();
}

static void texts_of_a_deployment(void **state) {
    (void)state;
    begin("pekko.actor.deployment { /r { dispatcher = my-dispatcher, mailbox = my-mailbox } }");
    const uk_deploy *d = uk_deployments_find(sys->deployments, ukko_str("/r"));
    assert_non_null(d);
    assert_string_equal(d->dispatcher, "my-dispatcher");
    assert_string_equal(d->mailbox, "my-mailbox");
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(debug_settings),
                                       cmocka_unit_test(dead_letters_during_shutdown),
                                       cmocka_unit_test(throughput),
                                       cmocka_unit_test(virtual_nodes),
                                       cmocka_unit_test(resizer_settings),
                                       cmocka_unit_test(exploring_resizer_settings),
                                       cmocka_unit_test(which_resizer),
                                       cmocka_unit_test(router_settings),
                                       cmocka_unit_test(router_names),
                                       cmocka_unit_test(texts_of_a_deployment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
