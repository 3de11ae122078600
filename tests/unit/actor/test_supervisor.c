/* SPDX-License-Identifier: Apache-2.0 */
/* Supervision: retry limits and windows, one for one and all for one, failures of hooks and of
   deciders. Test thread and two workers; every wait is for a message. */
#include "support/boss.h"
#include "support/logs.h"

static logs lines;

static int setup(void **state) {
    (void)state;
    logs_init(&lines);
    sys = test_system("supervisor", "pekko.loglevel = INFO", logs_sink, &lines);
    p = probe_new(sys, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&lines);
    return 0;
}

STRATEGY_OF(one_thrice, false, 3, 5000, restart_exceptions);
STRATEGY_OF(all_thrice, true, 3, 5000, restart_exceptions);
STRATEGY_OF(all_never, true, 0, 0, restart_exceptions);
STRATEGY_OF(all_escalating, true, 3, 5000, escalate_all);
BOSS(one_boss, one_thrice);
BOSS(all_boss, all_thrice);
BOSS(never_boss, all_never);
BOSS(middle_boss, all_escalating);

static ukko_ref *boss, *kids[3];

static void family(const ukko_actor *kind, size_t n) {
    boss = spawn(kind, NULL);
    for (size_t i = 0; i < n; i++) kids[i] = child_of(boss, &pingpong_actor);
}
static void no_family(size_t n) {
    for (size_t i = 0; i < n; i++) ukko_ref_release(kids[i]);
    stop_and_wait(boss);
}
/* top -> kids[0], middle -> kids[1], kids[2]; the middle hands failures up. */
static void nested_family(void) {
    family(&all_boss, 1);
    ukko_ref *middle = child_of(boss, &middle_boss);
    kids[1] = child_of(middle, &pingpong_actor);
    kids[2] = child_of(middle, &pingpong_actor);
    ukko_ref_release(middle);
}

/* ---- how often ---- */

static int master_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref **temp = state;
    (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&pingpong_actor), "temp", temp);
    return rc ? rc : ukko_watch(ctx, *temp);
}
static void master_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(*(ukko_ref **)state);
}
static int master_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_terminated *t = ukko_msg_get(msg, &ukko_terminated_type);
    ukko_ref **temp = state;
    if (t && ukko_ref_equal(t->ref, *temp)) ukko_tell_text(ctx, p->ref, "terminated");
    else ukko_forward(ctx, *temp);
    return UKKO_OK;
}
STRATEGY_OF(one_never, false, 0, 0, restart_exceptions);

/* spec: SupervisorSpec 1 */
static void no_more_restarts_than_permitted(void **state) {
    (void)state;
    static const ukko_actor master = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(ukko_ref *),
                                      .name = "master",
                                      .receive = {NULL, master_receive},
                                      .start = master_start,
                                      .stop = master_stop,
                                      .supervision = &one_never};
    ukko_ref *r = spawn(&master, "master");
    ukko_tell_text(NULL, r, "die");
    probe_expect_text(p, "terminated"); /* and not the text of a restart before it */
    stop_and_wait(r);
    probe_expect_nothing(p);
}

/* A kind whose instances are all the same object: what ukko_actor.data points to. */
typedef struct same {
    int starts, stops, befores, afters;
} same;
static same the_same;
static void tell_nth(ukko_ctx *ctx, const char *what, int n) {
    char text[32];
    snprintf(text, sizeof text, "%s%d", what, n);
    ukko_tell_text(ctx, p->ref, text);
}
static int same_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    tell_nth(ctx, "start", ++((same *)ukko_ctx_actor(ctx)->data)->starts);
    return UKKO_OK;
}
static void same_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    tell_nth(ctx, "stop", ++((same *)ukko_ctx_actor(ctx)->data)->stops);
}
static void same_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    (void)state;
    assert_string_equal(why->message, "Expected");
    assert_string_equal(ukko_msg_text(msg), "crash");
    tell_nth(ctx, "before", ++((same *)ukko_ctx_actor(ctx)->data)->befores);
}
static int same_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                      const ukko_failure *why) {
    (void)state, (void)args, (void)n, (void)why;
    tell_nth(ctx, "after", ++((same *)ukko_ctx_actor(ctx)->data)->afters);
    return UKKO_OK;
}
static int same_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (strcmp(ukko_msg_text(msg), "crash")) {
        ukko_reply_text(ctx, "pong");
        return UKKO_OK;
    }
    ukko_tell_text(ctx, p->ref, "crashed");
    return ukko_fail(ctx, UKKO_EUSER, "Expected");
}
STRATEGY_OF(one_three_times, false, 3, 0, restart_exceptions);
BOSS(three_times_boss, one_three_times);

/* spec: SupervisorSpec 2 */
static void restarts_on_one_object(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "same",
                                    .receive = {NULL, same_receive},
                                    .start = same_start,
                                    .stop = same_stop,
                                    .before_restart = same_before,
                                    .after_restart = same_after,
                                    .data = &the_same};
    logs_clear(&lines);
    family(&three_times_boss, 0);
    ukko_ref *r = child_of(boss, &kind);
    probe_expect_text(p, "start1");
    expect_answer(r, "ping", "pong");
    for (int i = 1; i <= 3; i++) {
        char before[16], after[16];
        snprintf(before, sizeof before, "before%d", i);
        snprintf(after, sizeof after, "after%d", i);
        ukko_tell_text(NULL, r, "crash");
        probe_expect_text(p, "crashed");
        probe_expect_text(p, before);
        probe_expect_text(p, after);
        expect_answer(r, "ping", "pong");
    }
    ukko_tell_text(NULL, r, "crash");
    probe_expect_text(p, "crashed");
    probe_expect_text(p, "stop1");
    ukko_ref_release(r);
    no_family(0);
    assert_int_equal(the_same.starts, 1);
    assert_int_equal(logs_count(&lines, "ERROR"), 4);
}
/* spec: SupervisorSpec 3 */
static void a_temporary_actor_is_not_restarted(void **state) {
    (void)state;
    family(&never_boss, 1);
    kill_for_good(kids[0]);
    no_family(1);
}
/* spec: SupervisorSpec 20 */
static void no_limit_without_number_and_window(void **state) {
    (void)state;
    STRATEGY_OF(s, false, -1, 0, restart_exceptions);
    BOSS(kind, s);
    family(&kind, 1);
    for (int i = 0; i < 7; i++) kill_it(kids[0]);
    ping(kids[0]);
    no_family(1);
}
/* spec: SupervisorSpec 20 */
static void a_window_without_number_means_once(void **state) {
    (void)state;
    STRATEGY_OF(s, false, -1, 3600000, restart_exceptions);
    BOSS(kind, s);
    family(&kind, 1);
    ping(kids[0]);
    kill_it(kids[0]);
    ping(kids[0]);
    kill_for_good(kids[0]);
    no_family(1);
}
/* spec: SupervisorSpec 20 */
static void a_number_without_window_counts_for_ever(void **state) {
    (void)state;
    family(&three_times_boss, 1);
    for (int i = 0; i < 3; i++) kill_it(kids[0]);
    kill_for_good(kids[0]);
    no_family(1);
}

/* ---- one for one, all for one ---- */

/* spec: SupervisorSpec 4 */
static void nested_supervisors_start(void **state) {
    (void)state;
    nested_family();
    ping(kids[0]);
    no_family(3);
    probe_expect_nothing(p);
}
static void kill_one_of(const ukko_actor *kind, size_t n, size_t which, bool call) {
    size_t others = kind == &all_boss ? n - 1 : 0;
    family(kind, n);
    for (size_t i = 0; i < n && call; i++) ping(kids[i]);
    kill_it(kids[which]);
    for (size_t i = 0; i < others; i++) probe_expect_text(p, expected);
    for (size_t i = 0; i < n && call; i++) ping(kids[i]);
    no_family(n);
    probe_expect_nothing(p);
}
/* spec: SupervisorSpec 5 */
static void one_for_one_kill(void **state) {
    (void)state;
    kill_one_of(&one_boss, 1, 0, false);
}
/* spec: SupervisorSpec 6 */
static void one_for_one_call_kill_call(void **state) {
    (void)state;
    kill_one_of(&one_boss, 1, 0, true);
}
/* spec: SupervisorSpec 7 */
static void all_for_one_kill(void **state) {
    (void)state;
    kill_one_of(&all_boss, 1, 0, false);
}
/* spec: SupervisorSpec 8 */
static void all_for_one_call_kill_call(void **state) {
    (void)state;
    kill_one_of(&all_boss, 1, 0, true);
}
/* spec: SupervisorSpec 9 */
static void one_for_one_kill_the_first(void **state) {
    (void)state;
    kill_one_of(&one_boss, 3, 0, false);
}
/* spec: SupervisorSpec 10 */
static void one_for_one_kill_the_last(void **state) {
    (void)state;
    kill_one_of(&one_boss, 3, 2, false);
}
/* spec: SupervisorSpec 11 */
static void one_for_one_several(void **state) {
    (void)state;
    kill_one_of(&one_boss, 3, 1, true);
}
/* spec: SupervisorSpec 12 */
static void all_for_one_kill_the_second(void **state) {
    (void)state;
    kill_one_of(&all_boss, 3, 1, false);
}
/* spec: SupervisorSpec 13 */
static void all_for_one_several(void **state) {
    (void)state;
    kill_one_of(&all_boss, 3, 1, true);
}
/* spec: SupervisorSpec 14 */
static void one_way_kill(void **state) {
    (void)state;
    family(&one_boss, 1);
    ukko_tell_text(NULL, kids[0], "die");
    probe_expect_text(p, expected);
    no_family(1);
}
/* spec: SupervisorSpec 15 */
static void one_way_call_kill_call(void **state) {
    (void)state;
    family(&one_boss, 1);
    ukko_tell_text(NULL, kids[0], "ping");
    ukko_tell_text(NULL, kids[0], "die");
    ukko_tell_text(NULL, kids[0], "ping");
    probe_expect_text(p, "ping");
    probe_expect_text(p, expected);
    probe_expect_text(p, "ping");
    no_family(1);
}
/* spec: SupervisorSpec 16 */
static void a_nested_family_restarts(void **state) {
    (void)state;
    nested_family();
    for (int i = 0; i < 3; i++) ping(kids[i]);
    kill_it(kids[1]); /* the middle restarts, and with it all others below the top */
    probe_expect_text(p, expected);
    probe_expect_text(p, expected);
    for (int i = 0; i < 3; i++) ping(kids[i]);
    no_family(3);
    probe_expect_nothing(p);
}

/* ---- failures of hooks and deciders ---- */

static int inits; /* of "dying": one worker at a time, ordered by messages */
static int dying_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)args, (void)n;
    *(int *)state = inits++;
    return *(int *)state % 3 == 1 ? ukko_fail(ctx, UKKO_EUSER, "Don't want to!") : UKKO_OK;
}
static void dying_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    (void)why, (void)msg;
    if (*(int *)state % 3 == 0) ukko_fail(ctx, UKKO_EUSER, "Not this either!");
}
/* spec: SupervisorSpec 17 */
static void a_failing_restart_is_tried_again(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .state_size = sizeof(int),
                                    .name = "dying",
                                    .receive = {NULL, pingpong},
                                    .start = dying_start,
                                    .before_restart = dying_before};
    logs_clear(&lines);
    family(&one_boss, 0);
    ukko_ref *r = child_of(boss, &kind);
    die(r);
    ping(r);
    assert_int_equal(inits, 3);
    assert_int_equal(logs_count(&lines, expected), 1);
    assert_int_equal(logs_count(&lines, "before_restart failed: Not this either!"), 1);
    assert_int_equal(logs_count(&lines, "| Don't want to! | org.apache.pekko.actor.PostRestart"), 1);
    ukko_ref_release(r);
    no_family(0);
}

/* The decider of this parent fails itself. Its child's queue lives on until the child is stopped. */
static int greened(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (!strcmp(text, "boom")) return ukko_fail(ctx, UKKO_EUSER, "OHNOES");
    ukko_reply_text(ctx, "child green");
    return UKKO_OK;
}
static const ukko_actor green_actor = {
    .size = sizeof(ukko_actor), .name = "green", .receive = {NULL, greened}};
static int fragile_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref *child;
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&green_actor), "child", &child);
    if (!rc) rc = ukko_watch(ctx, child);
    ukko_ref_release(child);
    return rc;
}
static void fragile_before(ukko_ctx *ctx, void *state, const ukko_failure *why,
                           const ukko_msg *msg) {
    (void)state, (void)msg; /* the child stays watched */
    assert_string_equal(why->message, "decider failed");
    ukko_stop(ctx, ukko_child(ctx, "child"));
}
static int fragile_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                         const ukko_failure *why) {
    (void)why;
    int rc = fragile_start(ctx, state, args, n);
    ukko_tell_text(ctx, p->ref, "parent restarted");
    return rc;
}
static ukko_directive fragile_decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    if (strcmp(why->message, "OHNOES")) return UKKO_RESTART;
    return (ukko_directive)ukko_fail(ctx, UKKO_EUSER, "decider failed");
}
static int fragile_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (ukko_msg_type(msg) == &ukko_terminated_type) {
        ukko_tell_text(ctx, p->ref, "child terminated");
    } else if (!strcmp(text, "boom")) { /* both are in the child's queue when it fails */
        ukko_tell_text(ctx, ukko_child(ctx, "child"), "boom");
        ukko_tell_text(ctx, ukko_child(ctx, "child"), "left behind");
    } else if (!strcmp(text, "testchild")) {
        ukko_forward(ctx, ukko_child(ctx, "child"));
    } else {
        ukko_reply_text(ctx, "green");
    }
    return UKKO_OK;
}
/* spec: SupervisorSpec 18 */
static void no_system_message_is_lost_when_a_decider_fails(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = fragile_decide};
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "fragile",
                                    .receive = {NULL, fragile_receive},
                                    .start = fragile_start,
                                    .before_restart = fragile_before,
                                    .after_restart = fragile_after,
                                    .supervision = &s};
    ukko_ref *parent = spawn(&kind, "fragile");
    assert_int_equal(ukko_subscribe(sys, &ukko_dead_letter_type, p->ref), UKKO_OK);
    ukko_tell_text(NULL, parent, "boom");
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), "left behind");
    ukko_msg_release(m);
    probe_expect_text(p, "parent restarted");
    probe_expect_text(p, "child terminated");
    ukko_unsubscribe(sys, &ukko_dead_letter_type, p->ref);
    expect_answer(parent, "test", "green");
    expect_answer(parent, "testchild", "child green");
    stop_and_wait(parent);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_restarts_than_permitted),
        cmocka_unit_test(restarts_on_one_object),
        cmocka_unit_test(a_temporary_actor_is_not_restarted),
        cmocka_unit_test(no_limit_without_number_and_window),
        cmocka_unit_test(a_window_without_number_means_once),
        cmocka_unit_test(a_number_without_window_counts_for_ever),
        cmocka_unit_test(nested_supervisors_start),
        cmocka_unit_test(one_for_one_kill),
        cmocka_unit_test(one_for_one_call_kill_call),
        cmocka_unit_test(all_for_one_kill),
        cmocka_unit_test(all_for_one_call_kill_call),
        cmocka_unit_test(one_for_one_kill_the_first),
        cmocka_unit_test(one_for_one_kill_the_last),
        cmocka_unit_test(one_for_one_several),
        cmocka_unit_test(all_for_one_kill_the_second),
        cmocka_unit_test(all_for_one_several),
        cmocka_unit_test(one_way_kill),
        cmocka_unit_test(one_way_call_kill_call),
        cmocka_unit_test(a_nested_family_restarts),
        cmocka_unit_test(a_failing_restart_is_tried_again),
        cmocka_unit_test(no_system_message_is_lost_when_a_decider_fails),
    };
    return cmocka_run_group_tests_name("supervisor", tests, setup, teardown);
}
