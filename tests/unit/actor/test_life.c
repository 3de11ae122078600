/* SPDX-License-Identifier: Apache-2.0 */
/* The life of actors: start, failure, supervision, restart, stop, death watch, timers, stash,
   behaviours, asking. Test thread and two workers; every wait is for a message. */
#include "support/probe.h"

static ukko_system *sys;
static probe *p;

static int setup(void **state) {
    (void)state;
    sys = test_system("life", NULL, NULL, NULL);
    p = probe_new(sys, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    return 0;
}
static void note(ukko_ctx *ctx, const char *what) {
    char text[128];
    snprintf(text, sizeof text, "%s %s", ukko_ref_name(ukko_self(ctx)), what);
    ukko_tell_text(ctx, p->ref, text);
}

/* A child that tells the probe about its life. "fail": fails; "count": counts and tells. */
typedef struct child_state {
    int count;
} child_state;
static int child_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    note(ctx, "start");
    return UKKO_OK;
}
static void child_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    note(ctx, "stop");
}
static int child_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    child_state *c = state;
    const char *text = ukko_msg_text(msg);
    char out[32];
    if (!text) return UKKO_UNHANDLED;
    if (!strcmp(text, "fail")) return ukko_fail(ctx, UKKO_EUSER - 7, "told to");
    if (!strcmp(text, "die")) ukko_stop(ctx, ukko_self(ctx));
    snprintf(out, sizeof out, "%d", ++c->count);
    note(ctx, out);
    return UKKO_OK;
}
static const ukko_actor child_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(child_state),
                                       .name = "child",
                                       .receive = {NULL, child_receive},
                                       .start = child_start,
                                       .stop = child_stop};

/* A parent with children a and b and a strategy of the test's choice. */
static ukko_directive wanted;
static ukko_directive decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    assert_int_equal(why->code, UKKO_EUSER - 7);
    assert_string_equal(why->message, "told to");
    note(ctx, "decides");
    return wanted;
}
static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    note(ctx, "start");
    int rc = ukko_spawn(ctx, ukko_props_new(&child_actor), "a", NULL);
    return rc ? rc : ukko_spawn(ctx, ukko_props_new(&child_actor), "b", NULL);
}
static int parent_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (!text) return UKKO_UNHANDLED;
    ukko_ref *to = ukko_child(ctx, (char[]){text[0], 0});
    if (to) ukko_tell_text(ctx, to, text + 2); /* "a fail" */
    else note(ctx, "no child");
    return UKKO_OK;
}
#define PARENT(var, strategy)                                                                      \
    static const ukko_actor var = {.size = sizeof(ukko_actor),                                     \
                                   .name = "parent",                                               \
                                   .receive = {NULL, parent_receive},                              \
                                   .start = parent_start,                                          \
                                   .stop = child_stop,                                             \
                                   .supervision = &strategy}
#define STRATEGY(all, max, within)                                                                 \
    {.size = sizeof(ukko_supervision),                                                             \
     .all_for_one = all,                                                                           \
     .max_restarts = max,                                                                          \
     .within_ms = within,                                                                          \
     .decide = decide}
static const ukko_supervision one = STRATEGY(false, -1, 0);
static const ukko_supervision all = STRATEGY(true, -1, 0);
static const ukko_supervision twice = STRATEGY(false, 2, 60000);
PARENT(one_parent, one);
PARENT(all_parent, all);
PARENT(twice_parent, twice);

static ukko_ref *spawn(const ukko_actor *kind, const char *name) {
    ukko_ref *r;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &r), UKKO_OK);
    return r;
}
#define EXPECT_SET(...)                                                                            \
    probe_expect_all(p, (const char *const[]){__VA_ARGS__},                                        \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static ukko_ref *parent_up(const ukko_actor *kind, ukko_directive directive) {
    wanted = directive;
    ukko_ref *r = spawn(kind, "parent");
    EXPECT_SET("parent start", "a start", "b start");
    ukko_tell_text(NULL, r, "a count");
    probe_expect_text(p, "a 1");
    return r;
}
static void end(ukko_ref *r) { /* stops it and waits for that */
    probe_watch(p, r);
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    for (ukko_msg *m; (m = probe_take(p, 60000));) {
        bool last = ukko_msg_get(m, &ukko_terminated_type) != NULL;
        ukko_msg_release(m);
        if (last) break;
    }
    ukko_ref_release(r);
}
static void resume_keeps_the_state(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&one_parent, UKKO_RESUME);
    ukko_tell_text(NULL, r, "a fail");
    ukko_tell_text(NULL, r, "a count");
    probe_expect_text(p, "parent decides");
    probe_expect_text(p, "a 2");
    end(r);
}
static void restart_makes_a_new_state_and_keeps_the_mailbox(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&one_parent, UKKO_RESTART);
    ukko_tell_text(NULL, r, "a fail");
    ukko_tell_text(NULL, r, "a count");
    EXPECT_SET("parent decides", "a stop", "a start", "a 1");
    ukko_tell_text(NULL, r, "b count"); /* one for one: b was left alone */
    probe_expect_text(p, "b 1");
    end(r);
}
static void all_for_one_restarts_the_siblings(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&all_parent, UKKO_RESTART);
    ukko_tell_text(NULL, r, "a fail");
    EXPECT_SET("parent decides", "a stop", "a start", "b stop", "b start");
    end(r);
}
static void stop_ends_the_child(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&one_parent, UKKO_STOP);
    ukko_tell_text(NULL, r, "a fail");
    probe_expect_text(p, "parent decides");
    probe_expect_text(p, "a stop");
    ukko_ref *gone;
    while (!ukko_find_wait(sys, "/user/parent/a", 1000, &gone)) ukko_ref_release(gone);
    ukko_tell_text(NULL, r, "a count");
    probe_expect_text(p, "parent no child");
    end(r);
}
static void escalation_restarts_the_parent(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&one_parent, UKKO_ESCALATE);
    ukko_tell_text(NULL, r, "a fail");
    EXPECT_SET("parent decides", "a stop", "b stop", "parent stop", "parent start", "a start",
               "b start");
    ukko_tell_text(NULL, r, "a count");
    probe_expect_text(p, "a 1");
    end(r);
}
static void retries_are_limited(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&twice_parent, UKKO_RESTART);
    for (int i = 0; i < 2; i++) {
        ukko_tell_text(NULL, r, "a fail");
        EXPECT_SET("parent decides", "a stop", "a start");
    }
    ukko_tell_text(NULL, r, "a fail");
    EXPECT_SET("parent decides", "a stop");
    ukko_tell_text(NULL, r, "b count");
    probe_expect_text(p, "b 1");
    end(r);
}
static void children_stop_before_their_parent(void **state) {
    (void)state;
    ukko_ref *r = parent_up(&one_parent, UKKO_RESTART);
    probe_watch(p, r);
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    EXPECT_SET("a stop", "b stop");
    probe_expect_text(p, "parent stop");
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_true(ukko_ref_equal(t->ref, r) && t->existence_confirmed && !t->address_terminated);
    ukko_msg_release(m);
    ukko_ref_release(r);
}
static void poison_pill_waits_its_turn_and_kill_fails(void **state) {
    (void)state;
    ukko_ref *c = spawn(&child_actor, "c");
    probe_expect_text(p, "c start");
    ukko_tell_text(NULL, c, "count");
    ukko_tell(NULL, c, &ukko_poison_pill_type, NULL);
    probe_expect_text(p, "c 1");
    probe_expect_text(p, "c stop");
    ukko_ref_release(c);
    c = spawn(&child_actor, "k");
    probe_expect_text(p, "k start");
    ukko_tell(NULL, c, &ukko_kill_type, NULL);
    probe_expect_text(p, "k stop"); /* the guardian's decider stops what was killed */
    ukko_ref_release(c);
}
static int bad_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    return ukko_fail(ctx, UKKO_EUSER, "no luck");
}
static void a_failed_start_stops_the_actor(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "bad", .start = bad_start, .stop = child_stop};
    ukko_ref *r = spawn(&kind, "bad");
    probe_expect_text(p, "bad stop"); /* stop() follows a failed start */
    probe_watch(p, r);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    ukko_ref_release(r);
}
static void suspend_and_resume_from_outside(void **state) {
    (void)state;
    ukko_ref *c = spawn(&child_actor, "s");
    probe_expect_text(p, "s start");
    ukko_ref_signal(c, UKKO_SIGNAL_SUSPEND, NULL);
    ukko_tell_text(NULL, c, "count");
    probe_expect_nothing(p);
    ukko_ref_signal(c, UKKO_SIGNAL_RESUME, NULL);
    probe_expect_text(p, "s 1");
    ukko_ref_signal(
        c, UKKO_SIGNAL_RECREATE,
        ukko_msg_throwable("java.lang.IllegalStateException", "x")); /* running: ignored */
    ukko_tell_text(NULL, c, "count");
    probe_expect_text(p, "s 2");
    ukko_ref_signal(c, UKKO_SIGNAL_SUSPEND, NULL);
    ukko_ref_signal(c, UKKO_SIGNAL_RECREATE,
                    ukko_msg_throwable("java.lang.IllegalStateException", "x"));
    EXPECT_SET("s stop", "s start");
    end(c);
}
static int pact_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    (void)state;
    if (!who) return UKKO_UNHANDLED;
    ukko_watch(ctx, who->ref);
    return UKKO_OK;
}
static void an_unhandled_terminated_is_a_death_pact(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "pact",
                                    .receive = {NULL, pact_receive},
                                    .stop = child_stop};
    ukko_ref *r = spawn(&kind, "pact"), *c = spawn(&child_actor, "c");
    probe_expect_text(p, "c start");
    ukko_ref_body body = {c};
    ukko_tell(NULL, r, &ukko_ref_type, &body);
    ukko_tell(NULL, c, &ukko_poison_pill_type, NULL);
    EXPECT_SET("c stop", "pact stop");
    ukko_ref_release(r);
    ukko_ref_release(c);
}
static void watching_the_dead_tells_at_once(void **state) {
    (void)state;
    ukko_ref *r = ukko_system_ref(sys, "/user/never");
    probe_watch(p, r);
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_false(t->existence_confirmed);
    ukko_msg_release(m);
    ukko_ref_release(r);
}
/* stash until "open", then what came before, in order */
static int open_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    note(ctx, ukko_msg_text(msg));
    if (!strcmp(ukko_msg_text(msg), "close")) ukko_unbecome(ctx);
    return UKKO_OK;
}
static const ukko_behavior open_behavior = {NULL, open_receive};
static int closed_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (strcmp(ukko_msg_text(msg), "open")) return ukko_stash(ctx);
    ukko_push_behavior(ctx, &open_behavior);
    ukko_unstash_all(ctx);
    return UKKO_OK;
}
static void stash_and_behaviours(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "door", .receive = {NULL, closed_receive}};
    ukko_ref *r = spawn(&kind, "door");
    static const char *const in[] = {"1", "2", "open", "3", "close", "4", "open", "5"};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) ukko_tell_text(NULL, r, in[i]);
    static const char *const out[] = {"door 1",     "door 2", "door 3",
                                      "door close", "door 4", "door 5"};
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) probe_expect_text(p, out[i]);
    end(r);
}
static int timer_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int *n = state;
    const char *text = ukko_msg_text(msg);
    if (ukko_msg_type(msg) == &ukko_receive_timeout_type) {
        ukko_receive_timeout(ctx, 0);
        note(ctx, "quiet");
    } else if (!strcmp(text, "go")) {
        ukko_timer_start(ctx, 1, 1, 0, ukko_msg_string("replaced"));
        ukko_timer_start(ctx, 1, 5, 0, ukko_msg_string("once"));
        ukko_timer_start(ctx, 2, 1, 0, ukko_msg_string("cancelled"));
        ukko_timer_cancel(ctx, 2);
        ukko_timer_start(ctx, 3, 10, 10, ukko_msg_string("tick"));
    } else if (!strcmp(text, "tick") && ++*n == 3) {
        ukko_timer_cancel(ctx, 3);
        note(ctx, "ticked");
        ukko_receive_timeout(ctx, 5);
    } else if (!strcmp(text, "once") || strcmp(text, "tick")) {
        note(ctx, text);
    }
    return UKKO_OK;
}
static void timers_and_receive_timeout(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .state_size = sizeof(int),
                                    .name = "clock",
                                    .receive = {NULL, timer_receive}};
    ukko_ref *r = spawn(&kind, "clock");
    ukko_tell_text(NULL, r, "go");
    EXPECT_SET("clock once", "clock ticked");
    probe_expect_text(p, "clock quiet");
    end(r);
}
static int answered(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer, void *data) {
    (void)state, (void)data;
    if (status == UKKO_ETIMEOUT) note(ctx, "timeout");
    else if (status == UKKO_EANSWER) note(ctx, "failure");
    else note(ctx, ukko_msg_text(answer));
    return UKKO_OK;
}
static int asker_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    (void)state;
    if (!who) return UKKO_UNHANDLED;
    ukko_ask(ctx, who->ref, &ukko_string_type, &(ukko_string){"question", 0}, 20, answered, NULL);
    return UKKO_OK;
}
static int replier_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int *n = state;
    (void)msg;
    if (++*n == 1) ukko_reply_text(ctx, "answer");
    if (*n == 2) {
        ukko_boxed why = {ukko_msg_throwable("java.lang.Exception", "no")};
        ukko_reply(ctx, &ukko_status_failure_type, &why);
        ukko_msg_release(why.value);
    }
    return UKKO_OK;
}
static void asking_inside_an_actor(void **state) {
    (void)state;
    static const ukko_actor asker = {
        .size = sizeof(ukko_actor), .name = "asker", .receive = {NULL, asker_receive}};
    static const ukko_actor replier = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(int),
                                       .name = "replier",
                                       .receive = {NULL, replier_receive}};
    ukko_ref *a = spawn(&asker, "asker"), *b = spawn(&replier, "replier");
    ukko_ref_body body = {b};
    static const char *const want[] = {"asker answer", "asker failure", "asker timeout"};
    for (int i = 0; i < 3; i++) {
        ukko_tell(NULL, a, &ukko_ref_type, &body);
        probe_expect_text(p, want[i]);
    }
    end(a);
    end(b);
}
static int blocking_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_msg *answer;
    (void)state, (void)msg;
    int rc =
        ukko_ask_wait(ukko_self(ctx), &ukko_string_type, &(ukko_string){"x", 0}, 1000, &answer);
    note(ctx, ukko_err_name(rc));
    return UKKO_OK;
}
static void blocking_in_an_actor_is_refused(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "blocker", .receive = {NULL, blocking_receive}};
    ukko_ref *r = spawn(&kind, "blocker");
    ukko_tell_text(NULL, r, "x");
    probe_expect_text(p, "blocker UKKO_EDEADLOCK");
    end(r);
}
static void spawning_is_checked(void **state) {
    (void)state;
    ukko_ref *r = spawn(&child_actor, "name");
    probe_expect_text(p, "name start");
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&child_actor), "name", NULL),
                     UKKO_EEXISTS);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&child_actor), "a/b", NULL),
                     UKKO_EINVAL);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&child_actor), "$x", NULL), UKKO_EINVAL);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&child_actor), "", NULL), UKKO_EINVAL);
    end(r);
}
static void unhandled_and_dead_letters_are_events(void **state) {
    (void)state;
    probe *e = probe_new(sys, "events");
    ukko_subscribe(sys, &ukko_all_dead_letters_type, e->ref);
    ukko_subscribe(sys, &ukko_unhandled_type, e->ref);
    ukko_ref *c = spawn(&child_actor, "u");
    probe_expect_text(p, "u start");
    ukko_tell(NULL, c, &ukko_long_type, &(int64_t){5});
    ukko_msg *m = probe_expect(e, &ukko_unhandled_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_unhandled_type);
    assert_true(ukko_ref_equal(d->recipient, c));
    assert_int_equal(*(const int64_t *)ukko_msg_get(d->message, &ukko_long_type), 5);
    ukko_msg_release(m);
    end(ukko_ref_retain(c));
    ukko_tell_text(NULL, c, "too late");
    m = probe_expect(e, &ukko_dead_letter_type);
    d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), "too late");
    ukko_msg_release(m);
    ukko_unsubscribe(sys, NULL, e->ref);
    ukko_ref_release(c);
    end(ukko_ref_retain(e->ref));
    probe_free(e);
}
/* 20000 actors spawned, told and stopped; the tree is empty again, with no leak (sanitizers). */
static void many_short_lives(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor), .name = "mayfly"};
    for (int i = 0; i < 20000; i++) {
        ukko_ref *r;
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&kind), NULL, &r), UKKO_OK);
        ukko_tell(NULL, r, &ukko_poison_pill_type, NULL);
        ukko_ref_release(r);
    }
    for (ukko_ref *r; !ukko_find_wait(sys, "/user/$*", 60000, &r);) ukko_ref_release(r);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resume_keeps_the_state),
        cmocka_unit_test(restart_makes_a_new_state_and_keeps_the_mailbox),
        cmocka_unit_test(all_for_one_restarts_the_siblings),
        cmocka_unit_test(stop_ends_the_child),
        cmocka_unit_test(escalation_restarts_the_parent),
        cmocka_unit_test(retries_are_limited),
        cmocka_unit_test(children_stop_before_their_parent),
        cmocka_unit_test(poison_pill_waits_its_turn_and_kill_fails),
        cmocka_unit_test(a_failed_start_stops_the_actor),
        cmocka_unit_test(suspend_and_resume_from_outside),
        cmocka_unit_test(an_unhandled_terminated_is_a_death_pact),
        cmocka_unit_test(watching_the_dead_tells_at_once),
        cmocka_unit_test(stash_and_behaviours),
        cmocka_unit_test(timers_and_receive_timeout),
        cmocka_unit_test(asking_inside_an_actor),
        cmocka_unit_test(blocking_in_an_actor_is_refused),
        cmocka_unit_test(spawning_is_checked),
        cmocka_unit_test(unhandled_and_dead_letters_are_events),
        cmocka_unit_test(many_short_lives),
    };
    return cmocka_run_group_tests_name("life", tests, setup, teardown);
}
