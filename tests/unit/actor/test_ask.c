/* SPDX-License-Identifier: Apache-2.0 */
/* Asking: answers, what goes wrong and what is said of it, temporary names, orderly stops and what
   comes later. Stepped, on a virtual clock: test thread only. */
#include "support/stepped.h"

static int setup(void **state) {
    (void)state;
    sys = stepped_system("asking", "pekko.loglevel = OFF", NULL, NULL);
    p = probe_new(sys, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    return 0;
}

/* ---- a question of the test's own ---- */

static struct {
    int times, status;
    char text[512]; /* of the answer; what went wrong */
    const ukko_type *type;
    char class_name[128];
} got;
static void answered(void *data, int status, const ukko_msg *answer) {
    const ukko_boxed *b = ukko_msg_get(answer, &ukko_status_failure_type);
    const ukko_throwable *t = b ? ukko_msg_get(b->value, &ukko_throwable_type) : NULL;
    (void)data;
    got.times++;
    got.status = status;
    got.type = ukko_msg_type(answer);
    const char *text = t ? t->message : ukko_msg_text(answer);
    snprintf(got.text, sizeof got.text, "%s", text ? text : "");
    snprintf(got.class_name, sizeof got.class_name, "%s", t ? t->class_name : "");
}
static void question(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms) {
    memset(&got, 0, sizeof got);
    ukko_ask_async(to, msg, timeout_ms, answered, NULL);
}
static void question_at(const char *path, ukko_msg *msg, int64_t timeout_ms) {
    ukko_selection *s = ukko_select(sys, path);
    memset(&got, 0, sizeof got);
    ukko_selection_ask_async(s, msg, timeout_ms, answered, NULL);
    ukko_selection_release(s);
}
static void expect_ok(const char *text) {
    run();
    assert_int_equal(got.times, 1);
    assert_int_equal(got.status, UKKO_OK);
    assert_string_equal(got.text, text);
}
static void expect_wrong(int status, const char *class_name, const char *part) {
    assert_int_equal(got.times, 1);
    assert_int_equal(got.status, status);
    assert_string_equal(got.class_name, class_name);
    if (!strstr(got.text, part)) fail_msg("\"%s\" does not say \"%s\"", got.text, part);
}
#define TIMEOUT "org.apache.pekko.pattern.AskTimeoutException"
#define ILLEGAL "java.lang.IllegalArgumentException"

static int echo(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_actor = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo}};
static int silent(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    return UKKO_OK;
}
static const ukko_actor silent_actor = {
    .size = sizeof(ukko_actor), .name = "silent", .receive = {NULL, silent}};
static void end(ukko_ref *r) {
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    run();
    ukko_ref_release(r);
}

/* spec: AskSpec 1 */
static void the_answer_comes_back(void **state) {
    (void)state;
    ukko_ref *r = born(&echo_actor, "echo");
    question(r, ukko_msg_string("ping"), 5000);
    expect_ok("ping");
    ukko_boxed inner = {ukko_msg_string("in it")};
    question(r, ukko_msg_copy(&ukko_status_success_type, &inner), 5000);
    expect_ok("in it");
    ukko_msg_release(inner.value);
    end(r);
    pass(10000);
    assert_int_equal(got.times, 1);
}
/* spec: AskSpec 1 */
static void dead_letters_do_not_answer(void **state) {
    (void)state;
    question(ukko_dead_letters(sys), ukko_msg_string("42"), 1000);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT,
                 "Recipient [Actor[pekko://asking/deadLetters]] had already been terminated. Message "
                 "of type [java.lang.String].");
}
/* spec: AskSpec 1 */
static void nor_does_a_place_where_nobody_lives(void **state) {
    (void)state;
    double pi = 3.14;
    ukko_ref *empty = ukko_system_ref(sys, "/user/unknown");
    assert_int_equal(ukko_subscribe(sys, &ukko_dead_letter_type, p->ref), UKKO_OK);
    question(empty, ukko_msg_copy(&ukko_double_type, &pi), 5000);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "Recipient [Actor[pekko://asking/user/unknown]]");
    ukko_msg_release(now_msg(p, &ukko_dead_letter_type)); /* it was sent all the same */
    ukko_unsubscribe(sys, NULL, p->ref);
    ukko_ref_release(empty);
    ukko_ref *gone = born(&silent_actor, "gone");
    ukko_ref_retain(gone);
    end(gone);
    question(gone, ukko_msg_string("x"), 5000);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "had already been terminated");
    ukko_ref_release(gone);
}
/* spec: AskSpec 1 */
static void no_recipient_at_all(void **state) {
    (void)state;
    double pi = 3.14;
    question(NULL, ukko_msg_copy(&ukko_double_type, &pi), 5000);
    expect_wrong(UKKO_EINVAL, ILLEGAL,
                 "Unsupported recipient type, question not sent to [null]. Message of type "
                 "[java.lang.Double].");
}
static void no_time(int64_t timeout_ms) {
    char want[256];
    ukko_ref *r = born(&echo_actor, "echo");
    question(r, ukko_msg_string("foo"), timeout_ms);
    snprintf(want, sizeof want,
             "Timeout length must be positive, question not sent to [Actor[%s]]. Message of type "
             "[java.lang.String].", ukko_ref_path(r));
    expect_wrong(UKKO_EINVAL, ILLEGAL, want);
    run();
    assert_int_equal(got.times, 1);
    end(r);
}
/* spec: AskSpec 1 */
static void no_time_to_answer(void **state) {
    (void)state;
    no_time(0);
}
/* spec: AskSpec 1 */
static void less_than_no_time(void **state) {
    (void)state;
    no_time(-1000000);
}
/* spec: AskSpec 1 */
static void a_timeout_names_the_target(void **state) {
    (void)state;
    ukko_ref *r = born(&silent_actor, "silent");
    question(r, ukko_msg_string("noreply"), 500);
    pass(499);
    assert_int_equal(got.times, 0);
    pass(1);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "Ask timed out on [Actor[pekko://asking/user/silent#");
    end(r);
}
/* spec: AskSpec 1 */
static void a_timeout_names_the_time(void **state) {
    (void)state;
    ukko_ref *r = born(&silent_actor, "silent");
    question(r, ukko_msg_string("noreply"), 500);
    pass(500);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "after [500 ms]");
    end(r);
}
/* An actor that asks another, in the way that the text says, and reports. */
static int reported(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer, void *data) {
    (void)ctx, (void)state;
    answered(data, status, answer);
    return UKKO_OK;
}
static ukko_ref *asked;
static int asker_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_string q = {"noreply", 0};
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (text && !strcmp(text, "ask")) ukko_ask(ctx, asked, &ukko_string_type, &q, 500, reported, NULL);
    else if (text && !strcmp(text, "pipe"))
        ukko_ask_pipe(ctx, asked, &ukko_string_type, &q, 500, ukko_self(ctx));
    else ukko_tell_msg(ctx, p->ref, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor asker_actor = {
    .size = sizeof(ukko_actor), .name = "asker", .receive = {NULL, asker_receive}};

/* spec: AskSpec 1 */
static void a_timeout_names_the_sender(void **state) {
    char want[256];
    (void)state;
    asked = born(&silent_actor, "silent");
    ukko_ref *r = born(&asker_actor, "asker");
    memset(&got, 0, sizeof got);
    ukko_tell_text(NULL, r, "ask");
    pass(500);
    snprintf(want, sizeof want, " was sent by [Actor[%s]].", ukko_ref_path(r));
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, want);
    end(asked);
    end(r);
}
/* spec: AskSpec 1 */
static void a_timeout_names_the_class_of_the_message(void **state) {
    int32_t n = 17;
    (void)state;
    ukko_ref *r = born(&silent_actor, "silent");
    question(r, ukko_msg_copy(&ukko_int_type, &n), 500);
    pass(500);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "Message of type [java.lang.Integer].");
    end(r);
}
/* spec: AskSpec 1 */
static void a_selection_can_be_asked(void **state) {
    (void)state;
    ukko_identify none = {NULL};
    ukko_ref *r = born(&echo_actor, "select-echo");
    question_at("/user/select-echo", ukko_msg_copy(&ukko_identify_type, &none), 5000);
    run();
    assert_int_equal(got.status, UKKO_OK);
    assert_ptr_equal(got.type, &ukko_identity_type);
    question_at("/user/select-echo", ukko_msg_string("hi"), 5000);
    expect_ok("hi");
    question_at("/user/nowhere", ukko_msg_string("hi"), 500);
    pass(500);
    expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "Ask timed out on [ActorSelection[Anchor(pekko://asking/), "
                                         "Path(/user/nowhere)]] after [500 ms]");
    end(r);
}

/* ---- answers by selection: "%s" in the data is the name of the promise ---- */

static int by_path(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    char path[128];
    (void)state;
    snprintf(path, sizeof path, ukko_ctx_actor(ctx)->data, ukko_ref_name(ukko_sender(ctx)));
    ukko_selection *s = ukko_select(sys, path);
    ukko_selection_tell(s, ukko_msg_retain(msg), ukko_self(ctx));
    ukko_selection_release(s);
    return UKKO_OK;
}
static void answer_at(const char *format, bool arrives) {
    ukko_actor kind = {.size = sizeof(ukko_actor),
                       .name = "by path",
                       .receive = {NULL, by_path},
                       .data = (void *)(uintptr_t)format};
    ukko_ref *r = born(&kind, NULL);
    run();
    assert_int_equal(ukko_subscribe(sys, &ukko_dead_letter_type, p->ref), UKKO_OK);
    question(r, ukko_msg_string("hi"), 500);
    run();
    if (arrives) {
        expect_ok("hi");
        now_nothing(p);
    } else {
        ukko_msg_release(now_msg(p, &ukko_dead_letter_type));
        pass(500);
        expect_wrong(UKKO_ETIMEOUT, TIMEOUT, "Ask timed out");
        now_nothing(p);
    }
    ukko_unsubscribe(sys, NULL, p->ref);
    end(r);
}
/* spec: AskSpec 1 */
static void an_answer_by_its_path(void **state) {
    (void)state;
    answer_at("/temp/%s", true);
}
/* spec: AskSpec 1 */
static void no_answer_by_a_wildcard(void **state) {
    (void)state;
    answer_at("/temp/*", false);
}
/* spec: AskSpec 1 */
static void no_answer_around_a_corner(void **state) {
    (void)state;
    answer_at("/temp/../temp/%s", false);
}
/* spec: AskSpec 1 */
static void no_answer_to_a_missing_child(void **state) {
    (void)state;
    answer_at("/temp/missing", false);
}
/* spec: AskSpec 1 */
static void no_answer_to_a_grandchild(void **state) {
    (void)state;
    answer_at("/temp/%s/missing", false);
}

/* ---- the promise as a reference ---- */

/* spec: AskSpec 1 */
static void a_promise_can_be_watched(void **state) {
    (void)state;
    probe *q = probe_new(sys, "asked");
    question(q->ref, ukko_msg_string("ask"), 300);
    now_text(q, "ask");
    ukko_ref *promise = ukko_ref_retain(q->last_sender);
    now_watch(p, promise);
    now_nothing(p);
    ukko_tell_text(NULL, promise, "complete");
    expect_ok("complete");
    now_end_of(p, promise);
    now_watch(p, promise); /* once more: it has ended */
    now_end_of(p, promise);
    ukko_ref_release(promise);
    question(q->ref, ukko_msg_string("ask"), 300);
    now_text(q, "ask");
    promise = ukko_ref_retain(q->last_sender);
    ukko_ref_signal(promise, UKKO_SIGNAL_TERMINATE, NULL);
    expect_wrong(UKKO_EKILLED, "org.apache.pekko.actor.ActorKilledException", "Stopped");
    ukko_ref_release(promise);
    end(q->ref);
    q->ref = NULL;
    probe_free(q);
}
/* spec: AskSpec 1 */
static void the_name_tells_whom_was_asked(void **state) {
    (void)state;
    probe *q = probe_new(sys, "myName");
    question(q->ref, ukko_msg_string("ask"), 300);
    now_text(q, "ask");
    assert_int_equal(strncmp(ukko_ref_name(q->last_sender), "myName$", 7), 0);
    question_at("/user/myName", ukko_msg_string("ask"), 300);
    now_text(q, "ask");
    assert_int_equal(strncmp(ukko_ref_name(q->last_sender), "_user_myName$", 13), 0);
    end(q->ref);
    q->ref = NULL;
    probe_free(q);
}
static void an_answer_is_piped_to_the_asker_itself(void **state) {
    (void)state;
    asked = born(&echo_actor, "echo");
    ukko_ref *r = born(&asker_actor, "asker");
    ukko_tell_text(NULL, r, "pipe");
    now_text(p, "noreply");
    end(asked);
    asked = born(&silent_actor, "silent");
    ukko_tell_text(NULL, r, "pipe");
    pass(500);
    ukko_msg *m = now_msg(p, &ukko_status_failure_type);
    const ukko_boxed *b = ukko_msg_get(m, &ukko_status_failure_type);
    assert_string_equal(((const ukko_throwable *)ukko_msg_get(b->value, &ukko_throwable_type))->class_name,
                        TIMEOUT);
    ukko_msg_release(m);
    end(asked);
    end(r);
}

/* ---- an orderly stop ---- */

static void stopped(void *data, int status) {
    (void)data;
    got.times++;
    got.status = status;
}
static void stop(ukko_ref *r, ukko_msg *with, int64_t timeout_ms) {
    memset(&got, 0, sizeof got);
    ukko_stop_async(r, with, timeout_ms, stopped, NULL);
    run();
}
/* spec: PatternSpec 2 */
static void a_stop_is_told_when_it_is_done(void **state) {
    (void)state;
    ukko_ref *r = born(&silent_actor, "target");
    stop(r, NULL, 5000);
    assert_int_equal(got.times, 1);
    assert_int_equal(got.status, UKKO_OK);
    ukko_ref_release(r);
}
/* spec: PatternSpec 2 */
static void so_is_that_of_one_that_has_stopped(void **state) {
    (void)state;
    ukko_ref *r = born(&silent_actor, "target");
    stop(r, NULL, 5000);
    stop(r, NULL, 1);
    assert_int_equal(got.times, 1);
    assert_int_equal(got.status, UKKO_OK);
    ukko_ref_release(r);
}
/* spec: PatternSpec 2 */
static void one_that_goes_on_is_a_timeout(void **state) {
    (void)state;
    ukko_ref *r = born(&silent_actor, "target");
    run();
    stop(r, ukko_msg_string("please"), 500); /* it does not listen */
    pass(499);
    assert_int_equal(got.times, 0);
    pass(1);
    assert_int_equal(got.times, 1);
    assert_int_equal(got.status, UKKO_ETIMEOUT);
    end(r);
    assert_int_equal(got.times, 1);
}

/* ---- later ---- */

/* spec: PatternSpec 2 */
static void a_message_comes_later(void **state) {
    (void)state;
    ukko_scheduled *s;
    ukko_tell_later(p->ref, ukko_msg_string("5"), NULL, 1000, 0, &s);
    pass(999);
    now_nothing(p);
    pass(1);
    now_text(p, "5");
    assert_false(ukko_scheduled_cancel(s));
    ukko_scheduled_release(s);
}
/* spec: PatternSpec 2 */
static void a_failure_comes_later(void **state) {
    (void)state;
    ukko_boxed why = {ukko_msg_throwable("java.lang.IllegalStateException", "Mexico")};
    ukko_tell_later(p->ref, ukko_msg_copy(&ukko_status_failure_type, &why), NULL, 1000, 0, NULL);
    ukko_msg_release(why.value);
    pass(1000);
    ukko_msg_release(now_msg(p, &ukko_status_failure_type));
}
static void tick(void *data) { ++*(int *)data; }
static void again_and_again_until_cancelled(void **state) {
    (void)state;
    int n = 0;
    ukko_scheduled *s, *t;
    ukko_ref *r = born(&silent_actor, "target");
    run();
    ukko_call_later(sys, 10, 100, tick, &n, &s);
    ukko_tell_later(r, ukko_msg_string("x"), NULL, 0, 50, &t);
    pass(10);
    assert_int_equal(n, 1);
    pass(1000);
    assert_int_equal(n, 11);
    assert_true(ukko_scheduled_cancel(s));
    assert_false(ukko_scheduled_cancel(s));
    pass(1000);
    assert_int_equal(n, 11);
    ukko_scheduled_release(s);
    end(r); /* with its recipient it ends by itself */
    pass(100);
    assert_false(ukko_scheduled_cancel(t));
    ukko_scheduled_release(t);
    ukko_call_later(sys, 1000000, 1, tick, &n, NULL); /* ends with the system */
    ukko_tell_later(p->ref, ukko_msg_string("x"), NULL, 1000000, 1, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_comes_back),
        cmocka_unit_test(dead_letters_do_not_answer),
        cmocka_unit_test(nor_does_a_place_where_nobody_lives),
        cmocka_unit_test(no_recipient_at_all),
        cmocka_unit_test(no_time_to_answer),
        cmocka_unit_test(less_than_no_time),
        cmocka_unit_test(a_timeout_names_the_target),
        cmocka_unit_test(a_timeout_names_the_time),
        cmocka_unit_test(a_timeout_names_the_sender),
        cmocka_unit_test(a_timeout_names_the_class_of_the_message),
        cmocka_unit_test(a_selection_can_be_asked),
        cmocka_unit_test(an_answer_by_its_path),
        cmocka_unit_test(no_answer_by_a_wildcard),
        cmocka_unit_test(no_answer_around_a_corner),
        cmocka_unit_test(no_answer_to_a_missing_child),
        cmocka_unit_test(no_answer_to_a_grandchild),
        cmocka_unit_test(a_promise_can_be_watched),
        cmocka_unit_test(the_name_tells_whom_was_asked),
        cmocka_unit_test(an_answer_is_piped_to_the_asker_itself),
        cmocka_unit_test(a_stop_is_told_when_it_is_done),
        cmocka_unit_test(so_is_that_of_one_that_has_stopped),
        cmocka_unit_test(one_that_goes_on_is_a_timeout),
        cmocka_unit_test(a_message_comes_later),
        cmocka_unit_test(a_failure_comes_later),
        cmocka_unit_test(again_and_again_until_cancelled),
    };
    return cmocka_run_group_tests_name("ask", tests, setup, teardown);
}
