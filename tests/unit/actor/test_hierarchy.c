/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of supervisors: what a failure does to those above, beside and below, and names that come
   free again. Test thread and two workers; every wait is for a message. */
#include "actor/cell.h"
#include "support/boss.h"
#include "support/logs.h"

static logs lines;

static int setup(void **state) {
    (void)state;
    logs_init(&lines);
    sys = test_system("hierarchy",
                      "pekko.loglevel = INFO\n"
                      "pinned-dispatcher { executor = thread-pool-executor, type = PinnedDispatcher }\n"
                      "test-dispatcher {}\n",
                      logs_sink, &lines);
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
static void tell_name(ukko_ctx *ctx, const char *what) {
    char text[64];
    snprintf(text, sizeof text, "%s %s", ukko_ref_name(ukko_self(ctx)), what);
    ukko_tell_text(ctx, p->ref, text);
}
#define EXPECT_ALL(...)                                                                            \
    probe_expect_all(p, (const char *const[]){__VA_ARGS__},                                        \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* ---- hierarchies ---- */

static int named_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                       const ukko_failure *why) {
    (void)state, (void)args, (void)n, (void)why;
    tell_name(ctx, "restarted");
    return UKKO_OK;
}
#define NAMED(var, strategy)                                                                       \
    static const ukko_actor var = {.size = sizeof(ukko_actor),                                     \
                                   .name = "named",                                                \
                                   .receive = {boss_cases, NULL},                                  \
                                   .before_restart = boss_keeps,                                   \
                                   .after_restart = named_again,                                   \
                                   .supervision = strategy}
STRATEGY_OF(restarting, false, -1, 0, restart_exceptions);
STRATEGY_OF(all_escalating, true, -1, 0, escalate_all);
NAMED(top_kind, &restarting);
NAMED(manager_kind, &all_escalating);
NAMED(worker_kind, NULL);

/* spec: SupervisorHierarchySpec 1 */
static void the_manager_and_all_its_workers_restart(void **state) {
    (void)state;
    ukko_ref *top = spawn(&top_kind, "top"), *manager = child_on(top, &manager_kind, "m", NULL);
    ukko_ref *w[3] = {child_on(manager, &worker_kind, "a", NULL),
                      child_on(manager, &worker_kind, "b", NULL),
                      child_on(manager, &worker_kind, "c", NULL)};
    ukko_tell(NULL, w[0], &ukko_kill_type, NULL);
    EXPECT_ALL("m restarted", "a restarted", "b restarted", "c restarted");
    for (int i = 0; i < 3; i++) ukko_ref_release(w[i]);
    ukko_ref_release(manager);
    stop_and_wait(top);
}
static int crasher_boss_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref *crasher;
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&worker_kind), "crasher", &crasher);
    if (!rc) rc = ukko_watch(ctx, crasher);
    ukko_ref_release(crasher);
    return rc;
}
static int crasher_boss_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (ukko_msg_type(msg) == &ukko_terminated_type) tell_name(ctx, "told of the end");
    else ukko_tell(ctx, ukko_child(ctx, "crasher"), &ukko_kill_type, NULL);
    return UKKO_OK;
}
/* spec: SupervisorHierarchySpec 1 */
static void the_supervisor_is_told_of_a_permanent_failure(void **state) {
    (void)state;
    static const ukko_rule all[] = {{0, "java.lang.Throwable", UKKO_RESTART},
                                    {0, NULL, (ukko_directive)0}};
    STRATEGY_OF(once, false, 1, 3600000, all);
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "boss",
                                    .receive = {NULL, crasher_boss_receive},
                                    .start = crasher_boss_start,
                                    .supervision = &once};
    ukko_ref *boss = spawn(&kind, "boss");
    ukko_tell_text(NULL, boss, "kill crasher");
    ukko_tell_text(NULL, boss, "kill crasher");
    probe_expect_text(p, "crasher restarted");
    probe_expect_text(p, "boss told of the end");
    stop_and_wait(boss);
}
static int resumer_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (!strcmp(ukko_msg_text(msg), "fail")) return ukko_fail(ctx, UKKO_EUSER, "expected");
    ukko_reply_text(ctx, "pong");
    return UKKO_OK;
}
static const ukko_rule resume_all[] = {{0, NULL, UKKO_RESUME}, {0, NULL, (ukko_directive)0}};
STRATEGY_OF(resuming, false, -1, 0, resume_all);
static const ukko_actor resumer = {.size = sizeof(ukko_actor),
                                   .name = "resumer",
                                   .receive = {boss_cases, resumer_receive},
                                   .supervision = &resuming};

/* spec: SupervisorHierarchySpec 1 */
static void children_go_on_when_their_parent_is_resumed(void **state) {
    (void)state;
    ukko_ref *top = spawn(&resumer, "top"), *middle = child_of(top, &resumer),
             *low = child_of(middle, &resumer);
    logs_clear(&lines);
    expect_answer(low, "ping", "pong");
    ukko_tell_text(NULL, middle, "fail");
    expect_answer(middle, "ping", "pong");
    expect_answer(low, "ping", "pong");
    assert_int_equal(logs_count(&lines, "WARN pekko://hierarchy/user/top/$a | expected |"), 1);
    ukko_ref_release(middle);
    ukko_ref_release(low);
    stop_and_wait(top);
}
/* The decider of the slow one waits for the test. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static ukko_directive slow_decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state, (void)why;
    ukko_tell_text(ctx, p->ref, "deciding");
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return UKKO_RESUME;
}
/* Waits until an actor stands still: asks it, as the runtime does, in a turn of its own. */
static void tell_depth(void *cell, void *data) {
    ukko_ref *me = &((uk_cell *)cell)->ref;
    (void)data;
    ukko_tell_from(p->ref, ukko_msg_string(((uk_cell *)cell)->suspended ? "still" : "goes on"), me);
}
static void wait_until_still(ukko_ref *r) {
    for (bool still = false; !still;) {
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_RUN, NULL, NULL);
        m->fn = tell_depth;
        uk_ref_system(r, m);
        ukko_msg *answer = probe_expect(p, &ukko_string_type);
        still = !strcmp(ukko_msg_text(answer), "still");
        ukko_msg_release(answer);
    }
}
/* spec: SupervisorHierarchySpec 1 */
static void children_stand_still_while_the_parent_has_failed(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = slow_decide};
    static const ukko_actor slow = {.size = sizeof(ukko_actor),
                                    .name = "slow",
                                    .receive = {boss_cases, NULL},
                                    .supervision = &s};
    ukko_ref *top = spawn(&slow, "slow"), *boss = child_of(top, &resumer),
             *middle = child_of(boss, &resumer), *low = child_of(middle, &resumer);
    pthread_mutex_lock(&gate);
    ukko_tell_text(NULL, boss, "fail");
    probe_expect_text(p, "deciding");
    wait_until_still(low);
    ukko_tell_from(low, ukko_msg_string("ping"), p->ref);
    wait_until_still(low); /* it has had a turn since */
    probe_expect_nothing(p);
    pthread_mutex_unlock(&gate);
    probe_expect_text(p, "pong");
    ukko_ref_release(boss);
    ukko_ref_release(middle);
    ukko_ref_release(low);
    stop_and_wait(top);
}
static int attempts, again; /* of "late"; ordered by messages */
static int quiet_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    return UKKO_OK;
}
static const ukko_actor quiet = {
    .size = sizeof(ukko_actor), .name = "quiet", .receive = {NULL, quiet_receive}};
static int late_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    int nth = ++attempts;
    if (nth <= 6 && nth % 3 == 0) { /* would be in the way if it outlived a failed start */
        int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "working", NULL);
        if (rc) return rc;
    }
    return nth < 6 ? ukko_fail(ctx, UKKO_EUSER, "OH NO!") : UKKO_OK;
}
static int late_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                      const ukko_failure *why) {
    (void)why;
    again++;
    return late_start(ctx, state, args, n);
}
static int late_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static ukko_directive in_turn(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)ctx, (void)state;
    if (why->code != UKKO_EINIT) return UKKO_ESCALATE;
    return attempts % 2 ? UKKO_RESTART : UKKO_RESUME;
}
static int late_parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    static const ukko_actor late = {.size = sizeof(ukko_actor),
                                    .name = "late",
                                    .receive = {NULL, late_receive},
                                    .start = late_start,
                                    .after_restart = late_again};
    (void)state, (void)args, (void)n;
    return ukko_spawn(ctx, ukko_props_new(&late), "late", NULL);
}
static int late_parent_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_forward(ctx, ukko_child(ctx, "late"));
    return UKKO_OK;
}
/* spec: SupervisorHierarchySpec 1 */
static void failing_starts_that_are_resumed_and_restarted(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = in_turn};
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "parent",
                                    .receive = {NULL, late_parent_receive},
                                    .start = late_parent_start,
                                    .supervision = &s};
    logs_clear(&lines);
    ukko_ref *r = spawn(&kind, "parent");
    expect_answer(r, "blahonga", "blahonga");
    assert_int_equal(attempts, 6);
    assert_int_equal(again, 0); /* never restarted: its start was tried anew */
    assert_int_equal(logs_count(&lines, "changing Recreate into Create after org.apache.pekko."
                                        "actor.ActorInitializationException"), 3);
    assert_int_equal(logs_count(&lines, "changing Resume into Create after"), 2);
    stop_and_wait(r);
}

/* ---- miscellany ---- */

static int status_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (strcmp(ukko_msg_text(msg), "status")) ukko_stop(ctx, ukko_self(ctx));
    else ukko_reply_text(ctx, "OK");
    return UKKO_OK;
}
/* spec: SupervisorMiscSpec 1 */
static void restarts_on_any_dispatcher(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "status",
                                    .receive = {NULL, status_receive},
                                    .after_restart = named_again};
    static const char *const on[] = {"pinned-dispatcher", "pinned-dispatcher", "test-dispatcher",
                                     "pinned-dispatcher"};
    static const char *const names[] = {"1", "2", "3", "4"};
    ukko_ref *boss = spawn(&top_kind, "boss"), *kids[4];
    for (int i = 0; i < 4; i++) kids[i] = child_on(boss, &kind, names[i], on[i]);
    for (int i = 0; i < 4; i++) ukko_tell(NULL, kids[i], &ukko_kill_type, NULL);
    EXPECT_ALL("1 restarted", "2 restarted", "3 restarted", "4 restarted");
    for (int i = 0; i < 4; i++) {
        expect_answer(kids[i], "status", "OK");
        ukko_ref_release(kids[i]);
    }
    stop_and_wait(boss);
}
static int bobs_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "bob", NULL);
    if (!rc) tell_name(ctx, "started");
    return rc;
}
/* spec: SupervisorMiscSpec 1 */
static void named_children_in_start(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "bobs",
                                    .receive = {NULL, resumer_receive},
                                    .start = bobs_start};
    ukko_ref *r = spawn(&kind, "bobs");
    probe_expect_text(p, "bobs started");
    ukko_tell_text(NULL, r, "fail");
    probe_expect_text(p, "bobs started"); /* the first bob had to go before */
    expect_answer(r, "ping", "pong");
    stop_and_wait(r);
}
/* Keeps the reference of the first "foo". */
static int foo_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref **kid = state;
    (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "foo", kid);
    return rc ? rc : ukko_watch(ctx, *kid);
}
static void foo_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(*(ukko_ref **)state);
}
static int foo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref **kid = state, *new_kid = NULL;
    char was[64], is[64];
    if (ukko_msg_type(msg) != &ukko_terminated_type) {
        ukko_stop(ctx, *kid);
        return UKKO_OK;
    }
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "foo", &new_kid);
    if (rc) return rc;
    ukko_ref_print(*kid, was, sizeof was);
    ukko_ref_print(new_kid, is, sizeof is);
    ukko_tell_text(ctx, p->ref,
                   ukko_ref_equal(*kid, new_kid)           ? "the same incarnation"
                   : strcmp(was, is)                       ? "another path"
                   : ukko_child(ctx, "foo") != new_kid     ? "the name means another"
                                                           : "green");
    ukko_ref_release(new_kid);
    return UKKO_OK;
}
/* spec: SupervisorMiscSpec 1 */
static void the_name_is_free_once_terminated_was_told(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .state_size = sizeof(ukko_ref *),
                                    .name = "foo's",
                                    .receive = {NULL, foo_receive},
                                    .start = foo_start,
                                    .stop = foo_stop};
    ukko_ref *r = spawn(&kind, "parent");
    ukko_tell_text(NULL, r, "engage");
    probe_expect_text(p, "green");
    stop_and_wait(r);
}
static int early_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "foo", NULL);
    if (rc) return rc;
    ukko_stop(ctx, ukko_child(ctx, "foo"));
    rc = ukko_spawn(ctx, ukko_props_new(&quiet), "foo", NULL);
    ukko_tell_text(ctx, p->ref, rc == UKKO_EEXISTS ? "green" : "red");
    return UKKO_OK;
}
/* spec: SupervisorMiscSpec 1 */
static void the_name_is_taken_before(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "early", .receive = {NULL, early_receive}};
    for (int i = 0; i < 200; i++) {
        ukko_ref *r = spawn(&kind, NULL);
        ukko_tell_text(NULL, r, "engage");
        probe_expect_text(p, "green");
        stop_and_wait(r);
    }
}
static int robert_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "Robert", NULL);
    if (!rc) ukko_stop(ctx, ukko_child(ctx, "Robert"));
    return rc;
}
static void like_the_last(ukko_ctx *ctx, void *state, ukko_ref *child) {
    ukko_ref *new_kid = NULL;
    (void)state;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), ukko_ref_name(child), &new_kid);
    if (rc) ukko_fail(ctx, rc, "no more of them");
    else ukko_tell_text(ctx, p->ref, ukko_ref_equal(child, new_kid) ? "red" : "green");
    ukko_ref_release(new_kid);
}
/* spec: SupervisorMiscSpec 1 */
static void the_strategy_makes_a_child_like_the_last(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .child_gone = like_the_last};
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "roberts",
                                    .receive = {NULL, robert_receive},
                                    .supervision = &s};
    logs_clear(&lines);
    ukko_ref *r = spawn(&kind, "roberts");
    ukko_tell_text(NULL, r, "engage");
    probe_expect_text(p, "green");
    stop_and_wait(r); /* no child can be made now */
    assert_int_equal(logs_count(&lines, "child_gone failed: no more of them"), 1);
}
static ukko_directive who_was_it(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    char path[64];
    (void)state;
    ukko_ref_print(why->child, path, sizeof path);
    ukko_tell_text(ctx, p->ref, path);
    return UKKO_STOP;
}
static int doit_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref *child = NULL;
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "child", &child);
    if (!rc) ukko_tell(ctx, child, &ukko_kill_type, NULL);
    ukko_ref_release(child);
    return rc;
}
/* spec: SupervisorMiscSpec 1 */
static void the_decider_knows_who_failed(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = who_was_it};
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "whodunit",
                                    .receive = {NULL, doit_receive},
                                    .supervision = &s};
    ukko_ref *r = spawn(&kind, "whodunit");
    ukko_tell_text(NULL, r, "doit");
    probe_expect_text(p, "/user/whodunit/child");
    stop_and_wait(r);
}

/* ---- replies from hooks, and old incarnations ---- */

static void tree_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    (void)state, (void)why, (void)msg;
    tell_name(ctx, "before");
}
/* spec: SupervisorTreeSpec 1 */
static void the_middle_and_all_below_restart(void **state) {
    (void)state;
    STRATEGY_OF(thrice, false, 3, 60000, restart_exceptions);
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "tree",
                                    .receive = {boss_cases, NULL},
                                    .before_restart = tree_before,
                                    .supervision = &thrice};
    ukko_ref *head = spawn(&kind, "head"), *middle = child_on(head, &kind, "middle", NULL),
             *last = child_on(middle, &kind, "last", NULL);
    ukko_tell(NULL, middle, &ukko_kill_type, NULL);
    probe_expect_text(p, "middle before");
    probe_expect_text(p, "last before");
    ukko_ref_release(middle);
    ukko_ref_release(last);
    stop_and_wait(head);
    probe_expect_nothing(p);
}
static int hooked_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    return ukko_fail(ctx, UKKO_EUSER, "test");
}
static void reply_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    (void)state, (void)why, (void)msg;
    ukko_reply_text(ctx, "failure1");
}
static void reply_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_reply_text(ctx, "failure2");
}
static void reply_from_hook(const ukko_supervision *s, const char *want) {
    static const ukko_actor hooked = {.size = sizeof(ukko_actor),
                                      .name = "hooked",
                                      .receive = {NULL, hooked_receive},
                                      .stop = reply_stop,
                                      .before_restart = reply_before};
    ukko_actor kind = {.size = sizeof(ukko_actor),
                       .name = "boss",
                       .receive = {boss_cases, NULL},
                       .supervision = s};
    ukko_ref *boss = spawn(&kind, NULL), *child = child_of(boss, &hooked);
    expect_answer(child, "test", want);
    ukko_ref_release(child);
    stop_and_wait(boss);
}
/* spec: Ticket669Spec 1 */
static void a_reply_from_before_restart(void **state) {
    (void)state;
    STRATEGY_OF(s, true, 5, 60000, restart_exceptions);
    reply_from_hook(&s, "failure1");
}
/* spec: Ticket669Spec 1 */
static void a_reply_from_stop(void **state) {
    (void)state;
    STRATEGY_OF(s, true, 0, 0, restart_exceptions);
    reply_from_hook(&s, "failure2");
}
/* Watches its child; in a restart it lets go of it, and gets a new one of that name. */
static int clash_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref *child = NULL;
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "child", &child);
    if (!rc) rc = ukko_watch(ctx, child);
    ukko_ref_release(child);
    return rc;
}
static int clash_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                       const ukko_failure *why) {
    (void)why;
    ukko_tell_text(ctx, ukko_self(ctx), "ping myself");
    return clash_start(ctx, state, args, n);
}
static void clash_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    ukko_ref *child = ukko_child(ctx, "child");
    (void)state, (void)why, (void)msg;
    ukko_unwatch(ctx, child);
    ukko_stop(ctx, child);
}
static int clash_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (!text) ukko_tell_text(ctx, p->ref, "a Terminated that is not ours");
    else if (!strcmp(text, "restart")) return ukko_fail(ctx, UKKO_EUSER, "restart");
    else if (!strcmp(text, "ping myself")) ukko_tell_text(ctx, ukko_self(ctx), "safe");
    else ukko_tell_text(ctx, p->ref, text);
    return UKKO_OK;
}
/* spec: UidClashTest 1 */
static void no_terminated_of_the_last_incarnation(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "clash",
                                    .receive = {NULL, clash_receive},
                                    .start = clash_start,
                                    .before_restart = clash_before,
                                    .after_restart = clash_again};
    ukko_ref *r = spawn(&kind, "clash");
    for (int i = 0; i < 100; i++) {
        ukko_tell_text(NULL, r, "restart");
        probe_expect_text(p, "safe");
    }
    stop_and_wait(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_and_all_its_workers_restart),
        cmocka_unit_test(the_supervisor_is_told_of_a_permanent_failure),
        cmocka_unit_test(children_go_on_when_their_parent_is_resumed),
        cmocka_unit_test(children_stand_still_while_the_parent_has_failed),
        cmocka_unit_test(failing_starts_that_are_resumed_and_restarted),
        cmocka_unit_test(restarts_on_any_dispatcher),
        cmocka_unit_test(named_children_in_start),
        cmocka_unit_test(the_name_is_free_once_terminated_was_told),
        cmocka_unit_test(the_name_is_taken_before),
        cmocka_unit_test(the_strategy_makes_a_child_like_the_last),
        cmocka_unit_test(the_decider_knows_who_failed),
        cmocka_unit_test(the_middle_and_all_below_restart),
        cmocka_unit_test(a_reply_from_before_restart),
        cmocka_unit_test(a_reply_from_stop),
        cmocka_unit_test(no_terminated_of_the_last_incarnation),
    };
    return cmocka_run_group_tests_name("hierarchy", tests, setup, teardown);
}
