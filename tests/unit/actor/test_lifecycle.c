/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of one actor's life, death watch with its exceptions, and references. Test thread and two
   workers; every wait is for a message. */
#include "actor/system.h"
#include "support/boss.h"
#include "support/logs.h"

static logs lines;

static int setup(void **state) {
    (void)state;
    logs_init(&lines);
    sys = test_system("lifecycle", "pekko.loglevel = INFO", logs_sink, &lines);
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

/* ---- hooks: each tells its name and the generation of the state ---- */

static int generations;
static void report(ukko_ctx *ctx, void *state, const char *what) {
    char text[32];
    snprintf(text, sizeof text, "%s %d", what, *(int *)state);
    ukko_tell_text(ctx, p->ref, text);
}
static int life_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)args, (void)n;
    *(int *)state = generations++;
    report(ctx, state, "start");
    return UKKO_OK;
}
static void life_stop(ukko_ctx *ctx, void *state) { report(ctx, state, "stop"); }

static void life_before(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    assert_int_equal(why->code, UKKO_EKILLED);
    assert_ptr_equal(ukko_msg_type(msg), &ukko_kill_type);
    report(ctx, state, "before");
}
static int life_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                      const ukko_failure *why) {
    (void)args, (void)n;
    assert_string_equal(why->class_name, "org.apache.pekko.actor.ActorKilledException");
    *(int *)state = generations++;
    report(ctx, state, "after");
    return UKKO_OK;
}
static int life_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    if (ukko_msg_text(msg)) report(ctx, state, ukko_msg_text(msg));
    return UKKO_OK;
}
STRATEGY_OF(thrice, false, 3, 0, restart_exceptions);
BOSS(boss_kind, thrice);

static void expect_n(const char *what, int n) {
    char text[32];
    snprintf(text, sizeof text, "%s %d", what, n);
    probe_expect_text(p, text);
}
/* spec: ActorLifeCycleSpec 1 */
static void all_hooks_in_order(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .state_size = sizeof(int),
                                    .name = "life",
                                    .receive = {NULL, life_receive},
                                    .start = life_start,
                                    .stop = life_stop,
                                    .before_restart = life_before,
                                    .after_restart = life_again};
    generations = 0;
    ukko_ref *boss = spawn(&boss_kind, "boss"), *r = child_of(boss, &kind);
    expect_n("start", 0);
    for (int i = 0; i < 3; i++) {
        ukko_tell(NULL, r, &ukko_kill_type, NULL);
        expect_n("before", i);
        expect_n("after", i + 1);
        ukko_tell_text(NULL, r, "OK");
        expect_n("OK", i + 1);
    }
    ukko_tell(NULL, r, &ukko_kill_type, NULL);
    expect_n("stop", 3);
    ukko_ref_release(r);
    stop_and_wait(boss);
}
static const ukko_actor plain_life = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(int),
                                      .name = "life",
                                      .receive = {NULL, life_receive},
                                      .start = life_start,
                                      .stop = life_stop};
/* spec: ActorLifeCycleSpec 1 */
static void a_restart_is_stop_and_start_by_default(void **state) {
    (void)state;
    generations = 0;
    ukko_ref *boss = spawn(&boss_kind, "boss"), *r = child_of(boss, &plain_life);
    expect_n("start", 0);
    for (int i = 0; i < 3; i++) {
        ukko_tell(NULL, r, &ukko_kill_type, NULL);
        expect_n("stop", i);
        expect_n("start", i + 1);
        ukko_tell_text(NULL, r, "OK");
        expect_n("OK", i + 1);
    }
    ukko_tell(NULL, r, &ukko_kill_type, NULL);
    expect_n("stop", 3);
    ukko_ref_release(r);
    stop_and_wait(boss);
}
/* spec: ActorLifeCycleSpec 1 */
static void no_restart_hooks_without_a_restart(void **state) {
    (void)state;
    generations = 0;
    ukko_ref *boss = spawn(&boss_kind, "boss"), *r = child_of(boss, &plain_life);
    expect_n("start", 0);
    ukko_tell_text(NULL, r, "OK");
    expect_n("OK", 0);
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    expect_n("stop", 0);
    ukko_ref_release(r);
    stop_and_wait(boss);
    probe_expect_nothing(p);
}
static int silent(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    return UKKO_OK;
}
static const ukko_actor silent_actor = {
    .size = sizeof(ukko_actor), .name = "silent", .receive = {NULL, silent}};
static void hurrah(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_fail(ctx, UKKO_EUSER, "hurrah");
}
/* spec: ActorLifeCycleSpec 1 */
static void a_failing_stop_is_logged(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "hurrah", .receive = {NULL, silent}, .stop = hurrah};
    ukko_ref *r = spawn(&kind, "hurrah");
    ukko_tell(NULL, r, &ukko_poison_pill_type, NULL);
    logs_wait(&lines, "ERROR pekko://lifecycle/user/hurrah | stop failed: hurrah", 1);
    ukko_ref_release(r);
}
static int answer_43(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (!strcmp(ukko_msg_text(msg), "fail")) return ukko_fail(ctx, UKKO_EUSER, "buh");
    ukko_reply_text(ctx, "43");
    return UKKO_OK;
}
static const ukko_behavior other = {NULL, answer_43};
static int answer_42(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    bool change = !strcmp(ukko_msg_text(msg), "become");
    if (change) ukko_push_behavior(ctx, &other);
    ukko_reply_text(ctx, change ? "ok" : "42");
    return UKKO_OK;
}
/* spec: ActorLifeCycleSpec 1 */
static void a_restart_clears_the_behaviours(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "behaviours", .receive = {NULL, answer_42}};
    ukko_ref *r = spawn(&kind, "behaviours");
    expect_answer(r, "hello", "42");
    expect_answer(r, "become", "ok");
    expect_answer(r, "hello", "43");
    ukko_tell_text(NULL, r, "fail");
    expect_answer(r, "hello", "42");
    assert_int_equal(logs_count(&lines, "| buh |"), 1);
    stop_and_wait(r);
}

/* ---- death watch ---- */

static int watcher_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    (void)state;
    if (!who) return UKKO_UNHANDLED;
    ukko_reply_text(ctx, "watching");
    return ukko_watch(ctx, who->ref);
}
static const ukko_actor watcher_actor = {
    .size = sizeof(ukko_actor), .name = "watcher", .receive = {NULL, watcher_receive}};
static void ask_with_ref(ukko_ref *to, ukko_ref *who) {
    ukko_ref_body body = {who};
    assert_int_equal(ukko_ask_wait(to, &ukko_ref_type, &body, 60000, NULL), UKKO_OK);
}
static ukko_directive told_failures(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    if (why->code == UKKO_EDEATHPACT) assert_non_null(strstr(why->message, "Monitored actor [Actor["));
    ukko_tell_text(ctx, p->ref, why->class_name);
    return UKKO_STOP;
}
/* spec: DeathWatchSpec 6 */
static void a_watcher_that_does_not_handle_it_fails(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = told_failures};
    BOSS(kind, s);
    ukko_ref *boss = spawn(&kind, "boss"), *failed = child_of(boss, &silent_actor),
             *brother = child_of(boss, &watcher_actor);
    ask_with_ref(brother, failed);
    probe_watch(p, brother);
    ukko_tell(NULL, failed, &ukko_kill_type, NULL);
    probe_expect_text(p, "org.apache.pekko.actor.ActorKilledException");
    probe_expect_text(p, "org.apache.pekko.actor.DeathPactException");
    expect_end_of(brother);
    ukko_ref_release(failed);
    ukko_ref_release(brother);
    stop_and_wait(boss);
}
static int kid_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static int kid_ended(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    assert_string_equal(ukko_ref_name(((const ukko_terminated *)body)->ref), "kid");
    ukko_tell_text(ctx, p->ref, "GREEN");
    ukko_unbecome(ctx);
    return UKKO_OK;
}
static int nkotb(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    static const ukko_actor kid = {
        .size = sizeof(ukko_actor), .name = "kid", .receive = {NULL, kid_receive}};
    static const ukko_case cases[] = {{&ukko_terminated_type, kid_ended}, {NULL, NULL}};
    static const ukko_behavior waiting = {cases, NULL};
    ukko_ref *current = NULL;
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&kid), "kid", &current);
    if (rc) return rc;
    ukko_watch(ctx, current);
    ukko_forward(ctx, current);
    ukko_push_behavior(ctx, &waiting);
    ukko_ref_release(current);
    return UKKO_OK;
}
/* spec: DeathWatchSpec 7 */
static void a_child_of_the_same_name_can_be_watched(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "nkotb", .receive = {NULL, nkotb}};
    ukko_ref *r = spawn(&kind, "nkotb");
    for (int i = 0; i < 2; i++) {
        ukko_tell_text(NULL, r, "NKOTB");
        probe_expect_text(p, "GREEN");
    }
    stop_and_wait(r);
}
/* spec: DeathWatchSpec 8 */
static void no_terminated_without_a_watch(void **state) {
    (void)state;
    ukko_ref *subject = spawn(&silent_actor, "subject");
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, subject, NULL);
    m->flag = true;
    uk_ref_system(p->ref, m);
    probe_expect_nothing(p);
    stop_and_wait(subject);
}
/* "watch": with a message of its own; "stash": the next message is put aside and taken back. */
typedef struct verifier {
    bool stashing;
} verifier;
static int verifier_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    const char *text = ukko_msg_text(msg);
    verifier *v = state;
    if (v->stashing) {
        v->stashing = false;
        int rc = ukko_stash(ctx);
        ukko_unstash_all(ctx);
        return rc;
    }
    if (who) {
        ukko_msg *mine = ukko_msg_string("gone");
        int rc = ukko_watch_with(ctx, who->ref, ukko_msg_retain(mine));
        assert_int_equal(ukko_watch_with(ctx, who->ref, mine), UKKO_OK); /* the same once more */
        ukko_reply_text(ctx, "watching");
        return rc;
    }
    if (!text) return UKKO_UNHANDLED;
    if (!strcmp(text, "gone")) {
        ukko_tell_text(ctx, p->ref, text);
        ukko_tell_text(ctx, p->ref, ukko_ref_name(ukko_sender(ctx)));
    } else {
        v->stashing = true;
        ukko_reply_text(ctx, "stashing");
    }
    return UKKO_OK;
}
static const ukko_actor verifier_actor = {.size = sizeof(ukko_actor),
                                          .state_size = sizeof(verifier),
                                          .name = "verifier",
                                          .receive = {NULL, verifier_receive}};
static void watch_with(bool stash) {
    ukko_ref *r = spawn(&verifier_actor, "verifier"), *subject = spawn(&silent_actor, "subject");
    ask_with_ref(r, subject);
    if (stash) expect_answer(r, "stash", "stashing");
    ukko_tell(NULL, subject, &ukko_poison_pill_type, NULL);
    probe_expect_text(p, "gone");
    probe_expect_text(p, "subject");
    ukko_ref_release(subject);
    stop_and_wait(r);
}
/* spec: DeathWatchSpec 10 */
static void a_message_in_place_of_terminated(void **state) {
    (void)state;
    watch_with(false);
}
/* spec: DeathWatchSpec 11 */
static void a_message_in_place_of_terminated_can_be_stashed(void **state) {
    (void)state;
    watch_with(true);
}
static int two_ways(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    (void)state;
    if (!who) return UKKO_OK;
    assert_int_equal(ukko_watch(ctx, who->ref), UKKO_OK);
    assert_int_equal(ukko_watch_with(ctx, who->ref, ukko_msg_string("x")), UKKO_ESTATE);
    ukko_unwatch(ctx, who->ref);
    assert_int_equal(ukko_watch_with(ctx, who->ref, ukko_msg_string("x")), UKKO_OK);
    assert_int_equal(ukko_watch(ctx, who->ref), UKKO_ESTATE);
    ukko_reply_text(ctx, "checked");
    return UKKO_OK;
}
static void one_watch_has_one_message(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "two", .receive = {NULL, two_ways}};
    ukko_ref *r = spawn(&kind, "two"), *subject = spawn(&silent_actor, "subject");
    ask_with_ref(r, subject);
    stop_and_wait(subject);
    stop_and_wait(r);
}
/* A Terminated that is stashed counts when it is taken back. */
static int late_reader(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *who = ukko_msg_get(msg, &ukko_ref_type);
    bool *open = state;
    if (who) {
        ukko_reply_text(ctx, "watching");
        return ukko_watch(ctx, who->ref);
    }
    if (ukko_msg_type(msg) == &ukko_terminated_type) {
        ukko_tell_text(ctx, p->ref, *open ? "read" : "stashed");
        return *open ? UKKO_OK : ukko_stash(ctx);
    }
    *open = true;
    ukko_unstash_all(ctx);
    return UKKO_OK;
}
static void a_stashed_terminated_is_not_lost(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .state_size = sizeof(bool),
                                    .name = "late",
                                    .receive = {NULL, late_reader}};
    ukko_ref *r = spawn(&kind, "late"), *subject = spawn(&silent_actor, "subject");
    ask_with_ref(r, subject);
    ukko_tell(NULL, subject, &ukko_poison_pill_type, NULL);
    probe_expect_text(p, "stashed");
    ukko_tell_text(NULL, r, "open");
    probe_expect_text(p, "read");
    ukko_ref_release(subject);
    stop_and_wait(r);
}

/* ---- references ---- */

static int bad_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)ctx, (void)state, (void)args, (void)n;
    return ukko_fail_as(ctx, UKKO_EUSER, "java.lang.IllegalStateException", "b0rked");
}
static const ukko_actor bad_actor = {
    .size = sizeof(ukko_actor), .name = "bad", .receive = {NULL, silent}, .start = bad_start};
static ukko_directive told_init(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    const ukko_throwable *t = ukko_msg_get(why->cause, &ukko_throwable_type);
    (void)state;
    assert_int_equal(why->code, UKKO_EINIT);
    assert_true(ukko_failure_is(why, "org.apache.pekko.actor.ActorInitializationException"));
    assert_true(ukko_failure_is(why, "java.lang.RuntimeException"));
    assert_false(ukko_failure_is(why, "java.lang.Error"));
    assert_true(ukko_ref_equal(t->actor, why->child));
    const ukko_throwable *inner = ukko_msg_get(t->cause, &ukko_throwable_type);
    assert_string_equal(inner->class_name, "java.lang.IllegalStateException");
    ukko_tell_text(ctx, p->ref, why->message);
    return UKKO_STOP;
}
/* spec: ActorRefSpec 2 */
static void the_path_is_in_the_failure_to_start(void **state) {
    (void)state;
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = told_init};
    BOSS(kind, s);
    ukko_ref *boss = spawn(&kind, "boss"), *r = child_on(boss, &bad_actor, "failingActor", NULL);
    probe_expect_text(p, "pekko://lifecycle/user/boss/failingActor: exception during creation, "
                         "root cause message: [b0rked]");
    ukko_ref_release(r);
    stop_and_wait(boss);
}
/* Fails to start after it has made children, good and bad ones, and tried what cannot be. */
static int nest_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    static const ukko_actor no_table = {.size = 0};
    (void)state, (void)args, (void)n;
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(NULL), "x", NULL), UKKO_EINVAL);
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(&no_table), "x", NULL), UKKO_EINVAL);
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(&silent_actor), "good", NULL), UKKO_OK);
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(&bad_actor), "bad", NULL), UKKO_OK);
    return ukko_spawn(ctx, ukko_props_new(&silent_actor), "good", NULL);
}
/* spec: ActorRefSpec 2 */
static void only_spawning_makes_actors(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "nest", .receive = {NULL, silent}, .start = nest_start};
    logs_clear(&lines);
    ukko_ref *r = spawn(&kind, "nest");
    probe_watch(p, r);
    expect_end_of(r);
    /* of the one that failed last the parent has ended: it decides no more */
    assert_int_equal(logs_count(&lines, "/user/nest | actor name [good] is not unique! | "
                                        "org.apache.pekko.actor.ActorInitializationException"), 1);
    ukko_ref_release(r);
}
/* The outer one makes the inner one and forwards to it what it does not know itself. */
static int inner_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref_body me = {ukko_self(ctx)};
    (void)state;
    if (ukko_msg_text(msg) && !strcmp(ukko_msg_text(msg), "innerself"))
        ukko_reply(ctx, &ukko_ref_type, &me);
    else ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor inner_actor = {
    .size = sizeof(ukko_actor), .name = "inner", .receive = {NULL, inner_receive}};
static int outer_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)args, (void)n;
    return ukko_system_spawn(ukko_ctx_system(ctx), ukko_props_new(&inner_actor), NULL, state);
}
static void outer_stop(ukko_ctx *ctx, void *state) {
    ukko_ref **inner = state;
    (void)ctx;
    ukko_ref_signal(*inner, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(*inner);
}
static int outer_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref_body me = {ukko_self(ctx)};
    if (ukko_msg_text(msg) && !strcmp(ukko_msg_text(msg), "self"))
        ukko_reply(ctx, &ukko_ref_type, &me);
    else ukko_forward(ctx, *(ukko_ref **)state);
    return UKKO_OK;
}
static const ukko_actor outer_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(ukko_ref *),
                                       .name = "outer",
                                       .receive = {NULL, outer_receive},
                                       .start = outer_start,
                                       .stop = outer_stop};
static ukko_ref *ask_ref(ukko_ref *to, ukko_msg *question) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, question, 60000, &answer), UKKO_OK);
    ukko_ref *r = ukko_ref_retain(((const ukko_ref_body *)ukko_msg_get(answer, &ukko_ref_type))->ref);
    ukko_msg_release(answer);
    return r;
}
/* spec: ActorRefSpec 2 */
static void actors_are_made_while_others_start(void **state) {
    (void)state;
    ukko_ref *a = spawn(&outer_actor, "outer"), *nested = ask_ref(a, ukko_msg_string("innerself"));
    assert_non_null(nested);
    assert_false(ukko_ref_equal(a, nested));
    ukko_ref_release(nested);
    stop_and_wait(a);
}
/* spec: ActorRefSpec 2 */
static void references_travel_in_messages(void **state) {
    (void)state;
    ukko_ref *a = spawn(&outer_actor, "outer");
    ukko_ref_body body = {a};
    ukko_ref *inner = ask_ref(a, ukko_msg_string("innerself")),
             *echo = ask_ref(a, ukko_msg_copy(&ukko_ref_type, &body)),
             *self = ask_ref(a, ukko_msg_string("self"));
    assert_true(ukko_ref_equal(echo, a) && ukko_ref_equal(self, a) && !ukko_ref_equal(inner, a));
    expect_answer(a, "msg", "msg");
    ukko_ref_release(inner);
    ukko_ref_release(echo);
    ukko_ref_release(self);
    stop_and_wait(a);
}
/* "complex": has a worker do it, which answers the server ("complex") or the client ("complex2"). */
static int work_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const ukko_ref_body *to = ukko_msg_get(msg, &ukko_ref_type);
    (void)state;
    if (to) {
        ukko_tell_text(ctx, to->ref, "complexReply");
        return UKKO_OK;
    }
    ukko_reply_text(ctx, "workDone");
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static int server_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    static const ukko_actor worker = {
        .size = sizeof(ukko_actor), .name = "worker", .receive = {NULL, work_receive}};
    ukko_ref **reply_to = state, *w = NULL;
    ukko_ref_body body = {ukko_sender(ctx)};
    const char *text = ukko_msg_text(msg);
    if (!strcmp(text, "simple")) {
        ukko_reply_text(ctx, "simpleReply");
    } else if (!strcmp(text, "workDone")) {
        ukko_tell_text(ctx, *reply_to, "complexReply");
        ukko_ref_release(*reply_to);
    } else {
        int rc = ukko_spawn(ctx, ukko_props_new(&worker), NULL, &w);
        if (rc) return rc;
        if (!strcmp(text, "complex2")) {
            ukko_tell(ctx, w, &ukko_ref_type, &body);
        } else {
            *reply_to = ukko_ref_retain(ukko_sender(ctx));
            ukko_tell_text(ctx, w, "work");
        }
        ukko_ref_release(w);
    }
    return UKKO_OK;
}
/* spec: ActorRefSpec 2 */
static void replies_go_to_the_sender(void **state) {
    (void)state;
    static const ukko_actor server = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(ukko_ref *),
                                      .name = "server",
                                      .receive = {NULL, server_receive}};
    ukko_ref *r = spawn(&server, "server");
    for (int round = 0; round < 2; round++) {
        int simple = 0, complex = 0;
        ukko_tell_from(r, ukko_msg_string(round ? "complex2" : "complex"), p->ref);
        for (int i = 0; i < 3; i++) ukko_tell_from(r, ukko_msg_string("simple"), p->ref);
        for (int i = 0; i < 4; i++) {
            ukko_msg *m = probe_expect(p, &ukko_string_type);
            simple += !strcmp(ukko_msg_text(m), "simpleReply");
            complex += !strcmp(ukko_msg_text(m), "complexReply");
            ukko_msg_release(m);
        }
        assert_true(simple == 3 && complex == 1);
    }
    stop_and_wait(r);
}
/* spec: ActorRefSpec 2 */
static void a_kind_need_not_be_known_to_the_system(void **state) {
    (void)state;
    ukko_ref *r;
    {
        static const ukko_actor local = {
            .size = sizeof(ukko_actor), .name = "nowhere.registered", .receive = {NULL, inner_receive}};
        r = spawn(&local, NULL);
    }
    ukko_tell_from(r, ukko_msg_string("pigdog"), p->ref);
    probe_expect_text(p, "pigdog");
    stop_and_wait(r);
}
static int five_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_text(ctx, *(const int32_t *)ukko_msg_get(msg, &ukko_int_type) ? "five" : "null");
    return UKKO_OK;
}
/* spec: ActorRefSpec 2 */
static void a_poison_pill_comes_after_what_was_sent_before(void **state) {
    (void)state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "five", .receive = {NULL, five_receive}};
    ukko_ref *r = spawn(&kind, "five");
    probe_watch(p, r);
    for (int32_t n = 5; n >= 0; n -= 5) ukko_tell_from(r, ukko_msg_copy(&ukko_int_type, &n), p->ref);
    ukko_tell(NULL, r, &ukko_poison_pill_type, NULL);
    probe_expect_text(p, "five");
    probe_expect_text(p, "null");
    expect_end_of(r);
    ukko_ref_release(r);
}
/* spec: ActorRefSpec 2 */
static void kill_restarts_under_such_a_strategy(void **state) {
    (void)state;
    generations = 0;
    ukko_ref *boss = spawn(&boss_kind, "boss"), *r = child_of(boss, &plain_life);
    expect_n("start", 0);
    ukko_tell(NULL, r, &ukko_kill_type, NULL);
    expect_n("stop", 0);
    expect_n("start", 1);
    ukko_ref_release(r);
    ukko_ref_signal(boss, UKKO_SIGNAL_TERMINATE, NULL);
    expect_n("stop", 1);
    stop_and_wait(boss);
}
static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    return ukko_spawn(ctx, ukko_props_new(&silent_actor), "child", NULL);
}
static int parent_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_text(ctx, ukko_child(ctx, ukko_msg_text(msg)) ? "yes" : "no");
    return UKKO_OK;
}
/* spec: ActorRefSpec 2 */
static void children_are_known_by_name(void **state) {
    (void)state;
    static const ukko_actor kind = {.size = sizeof(ukko_actor),
                                    .name = "parent",
                                    .receive = {NULL, parent_receive},
                                    .start = parent_start};
    ukko_ref *r = spawn(&kind, "parent");
    expect_answer(r, "child", "yes");
    expect_answer(r, "whatnot", "no");
    stop_and_wait(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_hooks_in_order),
        cmocka_unit_test(a_restart_is_stop_and_start_by_default),
        cmocka_unit_test(no_restart_hooks_without_a_restart),
        cmocka_unit_test(a_failing_stop_is_logged),
        cmocka_unit_test(a_restart_clears_the_behaviours),
        cmocka_unit_test(a_watcher_that_does_not_handle_it_fails),
        cmocka_unit_test(a_child_of_the_same_name_can_be_watched),
        cmocka_unit_test(no_terminated_without_a_watch),
        cmocka_unit_test(a_message_in_place_of_terminated),
        cmocka_unit_test(a_message_in_place_of_terminated_can_be_stashed),
        cmocka_unit_test(one_watch_has_one_message),
        cmocka_unit_test(a_stashed_terminated_is_not_lost),
        cmocka_unit_test(the_path_is_in_the_failure_to_start),
        cmocka_unit_test(only_spawning_makes_actors),
        cmocka_unit_test(actors_are_made_while_others_start),
        cmocka_unit_test(references_travel_in_messages),
        cmocka_unit_test(replies_go_to_the_sender),
        cmocka_unit_test(a_kind_need_not_be_known_to_the_system),
        cmocka_unit_test(a_poison_pill_comes_after_what_was_sent_before),
        cmocka_unit_test(kill_restarts_under_such_a_strategy),
        cmocka_unit_test(children_are_known_by_name),
    };
    return cmocka_run_group_tests_name("lifecycle", tests, setup, teardown);
}
