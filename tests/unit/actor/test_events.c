/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream, the log and its levels, and the log of dead letters. Stepped, on a virtual clock:
   test thread only. */
#include "support/logs.h"
#include "support/stepped.h"

static logs lines;

static void begin(const char *config) {
    logs_init(&lines);
    sys = stepped_system("events", config, logs_sink, &lines);
    p = probe_new(sys, "probe");
    run();
}
static void finish(void) {
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&lines);
}
static int setup(void **state) {
    (void)state;
    begin("pekko.loglevel = INFO");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    finish();
    return 0;
}

/* ---- types as classes and traits ---- */

#define TYPE(var, parent, ...)                                                                     \
    static const ukko_type *const var##_also[] = {__VA_ARGS__ __VA_OPT__(, ) NULL};                \
    static const ukko_type var = {.size = sizeof(ukko_type),                                       \
                                  .name = #var,                                                    \
                                  .serializer = UKKO_SER_LOCAL,                                    \
                                  .super = parent,                                                 \
                                  .also = var##_also}
TYPE(A, NULL);
TYPE(B2, &A);
TYPE(B3, &A);
TYPE(C, &B2);
TYPE(M, NULL);
TYPE(T, NULL);
TYPE(AT, &T);
TYPE(ATT, &AT);
TYPE(BT, &T);
TYPE(BTT, &BT);
TYPE(CC, NULL);
TYPE(CCATBT, &CC, &ATT, &BTT);

static void publish(const ukko_type *t) { ukko_publish(sys, t, NULL); }
static void heard(probe *q, const ukko_type *t) { ukko_msg_release(now_msg(q, t)); }
static void on(probe *q, const ukko_type *t) {
    assert_int_equal(ukko_subscribe(sys, t, q->ref), UKKO_OK);
}
static void off(probe *q, const ukko_type *t) {
    assert_int_equal(ukko_unsubscribe(sys, t, q->ref), UKKO_OK);
}

static probe *a[4];
static int four(void **state) {
    static const char *const names[] = {"a1", "a2", "a3", "a4"};
    setup(state);
    for (int i = 0; i < 4; i++) a[i] = probe_new(sys, names[i]);
    return 0;
}
static int four_end(void **state) {
    (void)state;
    ukko_system_free(sys);
    for (int i = 0; i < 4; i++) probe_free(a[i]);
    probe_free(p);
    logs_fini(&lines);
    return 0;
}

/* spec: EventStreamSpec 1 */
static void subscriptions_begin_and_end(void **state) {
    (void)state;
    on(p, &M);
    publish(&M);
    heard(p, &M);
    assert_int_equal(ukko_unsubscribe(sys, NULL, p->ref), UKKO_OK);
    publish(&M);
    now_nothing(p);
}
/* spec: EventStreamSpec 1 */
static void null_does_not_subscribe(void **state) {
    (void)state;
    assert_int_equal(ukko_subscribe(sys, &M, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_subscribe(sys, NULL, p->ref), UKKO_EINVAL);
}
/* spec: EventStreamSpec 1 */
static void null_does_not_unsubscribe(void **state) {
    (void)state;
    assert_int_equal(ukko_unsubscribe(sys, &M, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_unsubscribe(sys, NULL, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_unsubscribe(sys, &M, p->ref), UKKO_ENOTFOUND);
}
/* spec: EventStreamSpec 1 */
static void unhandled_messages_are_logged(void **state) {
    (void)state;
    begin("pekko.loglevel = DEBUG\npekko.actor.debug.unhandled = on\npekko.log-dead-letters = off");
    on(p, &ukko_any_type);
    ukko_dead_letter d = {ukko_msg_string("42"), ukko_dead_letters(sys), ukko_dead_letters(sys), NULL};
    ukko_publish(sys, &ukko_unhandled_type, &d);
    ukko_msg_release(d.message);
    ukko_msg *m = now_msg(p, &ukko_log_debug_type);
    const ukko_log_event *e = ukko_msg_get(m, &ukko_log_debug_type);
    assert_string_equal(e->source, "pekko://events/deadLetters");
    assert_string_equal(e->text, "unhandled message from Actor[pekko://events/deadLetters]: 42");
    ukko_msg_release(m);
    heard(p, &ukko_unhandled_type);
    assert_int_equal(ukko_unsubscribe(sys, NULL, p->ref), UKKO_OK);
    finish();
}
/* Logs with every level; what the level lets through is told. */
static void check_level(ukko_log_level level) {
    static const ukko_type *const types[] = {NULL, &ukko_log_error_type, &ukko_log_warning_type,
                                             &ukko_log_info_type, &ukko_log_debug_type};
    for (int l = UKKO_LOG_ERROR; l <= UKKO_LOG_DEBUG; l++)
        ukko_system_log(sys, (ukko_log_level)l, "", "text %d", l);
    for (int l = UKKO_LOG_ERROR; l <= (int)level; l++) {
        ukko_msg *m = now_msg(p, types[l]);
        const ukko_log_event *e = ukko_msg_get(m, types[l]);
        assert_int_equal(e->level, l);
        assert_int_equal(e->text[5] - '0', l);
        ukko_msg_release(m);
    }
    now_nothing(p);
}
/* spec: EventStreamSpec 1 */
static void log_records_are_events_by_level(void **state) {
    static const ukko_log_level levels[] = {UKKO_LOG_WARN, UKKO_LOG_DEBUG, UKKO_LOG_ERROR,
                                            UKKO_LOG_OFF};
    (void)state;
    on(p, &ukko_log_event_type);
    check_level(UKKO_LOG_INFO);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        ukko_system_set_log_level(sys, levels[i]);
        assert_int_equal(ukko_system_log_level(sys), levels[i]);
        check_level(levels[i]);
    }
    ukko_system_set_log_level(sys, UKKO_LOG_INFO);
    off(p, &ukko_log_event_type);
}
/* spec: EventStreamSpec 1 */
static void classes_below_a_class(void **state) {
    (void)state;
    on(p, &B3);
    publish(&C);
    publish(&B3);
    heard(p, &B3);
    on(p, &A);
    assert_int_equal(ukko_subscribe(sys, &A, p->ref), UKKO_EEXISTS);
    publish(&C);
    heard(p, &C);
    publish(&B2);
    heard(p, &B2);
    off(p, &B2);
    publish(&C);
    publish(&B3);
    publish(&A);
    heard(p, &B3);
    heard(p, &A);
    now_nothing(p);
    on(p, &C); /* part of what was taken out, back again */
    publish(&B2);
    publish(&C);
    heard(p, &C);
    assert_int_equal(ukko_subscribe(sys, &A, p->ref), UKKO_OK); /* and now all of it */
    publish(&B2);
    heard(p, &B2);
    now_nothing(p);
}
static void all_on(void) {
    on(a[0], &AT);
    on(a[1], &BT);
    on(a[2], &CC);
    on(a[3], &CCATBT);
}
/* spec: EventStreamSpec 1 */
static void traits_on_subscribe(void **state) {
    (void)state;
    all_on();
    publish(&CC);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    heard(a[1], &CCATBT);
    heard(a[2], &CC);
    heard(a[2], &CCATBT);
    heard(a[3], &CCATBT);
    for (int i = 0; i < 4; i++) now_nothing(a[i]);
    off(a[0], &AT);
    off(a[1], &BT);
    off(a[2], &CC);
    off(a[3], &CCATBT);
}
static void without_the_third(void) {
    publish(&CC);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    heard(a[1], &CCATBT);
    heard(a[3], &CCATBT);
    for (int i = 0; i < 4; i++) now_nothing(a[i]);
}
/* spec: EventStreamSpec 1 */
static void traits_on_unsubscribe(void **state) {
    (void)state;
    all_on();
    off(a[2], &CC);
    without_the_third();
}
/* spec: EventStreamSpec 1 */
static void traits_on_unsubscribe_from_all(void **state) {
    (void)state;
    all_on();
    assert_int_equal(ukko_unsubscribe(sys, NULL, a[2]->ref), UKKO_OK);
    without_the_third();
}
/* spec: EventStreamSpec 1 */
static void traits_on_publish(void **state) {
    (void)state;
    on(a[0], &AT);
    on(a[1], &BT);
    publish(&CC);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    heard(a[1], &CCATBT);
    now_nothing(a[0]);
    now_nothing(a[1]);
}
/* spec: EventStreamSpec 1 */
static void a_class_leaves_and_the_trait_stays(void **state) {
    (void)state;
    on(a[0], &AT);
    on(a[1], &BT);
    on(a[1], &CC);
    on(a[2], &CC);
    off(a[1], &CC);
    off(a[2], &CCATBT);
    publish(&CC);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    heard(a[1], &CCATBT);
    heard(a[2], &CC);
    for (int i = 0; i < 3; i++) now_nothing(a[i]);
}
/* spec: EventStreamSpec 1 */
static void traits_on_a_late_subscribe(void **state) {
    (void)state;
    on(a[0], &AT);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    now_nothing(a[1]);
    on(a[1], &BTT);
    publish(&CCATBT);
    heard(a[0], &CCATBT);
    heard(a[1], &CCATBT);
}

/* ---- subscribers that end ---- */

static int relay(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_tell_msg(ctx, p->ref, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor relay_actor = {
    .size = sizeof(ukko_actor), .name = "relay", .receive = {NULL, relay}};
static void begin_debug(void) {
    begin("pekko.loglevel = DEBUG\npekko.actor.debug.event-stream = on");
}
static void end_relay(ukko_ref *r) {
    ukko_tell(NULL, r, &ukko_poison_pill_type, NULL);
    run();
}
static size_t said(const char *format, ukko_ref *r) { /* how often, with r's path in it */
    char text[256];
    snprintf(text, sizeof text, format, ukko_ref_path(r));
    return logs_count(&lines, text);
}
/* spec: EventStreamSpec 1 */
static void an_actor_is_unsubscribed_when_it_ends(void **state) {
    (void)state;
    begin_debug();
    ukko_ref *r = born(&relay_actor, "to-be-killed");
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_OK);
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_EEXISTS);
    assert_int_equal(said("| subscribing Actor[%s] to channel A |", r), 2);
    publish(&A);
    heard(p, &A);
    end_relay(r);
    assert_int_equal(said("| unsubscribing Actor[%s] from all channels |", r), 1);
    publish(&A);
    now_nothing(p);
    assert_int_equal(ukko_unsubscribe(sys, &A, r), UKKO_ENOTFOUND);
    ukko_ref_release(r);
    finish();
}
/* spec: EventStreamSpec 1 */
static void who_has_ended_cannot_subscribe(void **state) {
    (void)state;
    begin_debug();
    ukko_ref *r = born(&relay_actor, "to-be-killed");
    end_relay(r);
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_ESTOPPED);
    publish(&A);
    now_nothing(p);
    assert_int_equal(ukko_unsubscribe(sys, &A, r), UKKO_ENOTFOUND);
    ukko_ref_release(r);
    finish();
}
/* spec: EventStreamSpec 1 */
static void more_than_one_subscription_ends(void **state) {
    (void)state;
    begin_debug();
    ukko_ref *r = born(&relay_actor, "to-be-killed");
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_OK);
    assert_int_equal(ukko_subscribe(sys, &T, r), UKKO_OK);
    end_relay(r);
    publish(&A);
    publish(&AT);
    now_nothing(p);
    assert_int_equal(ukko_unsubscribe(sys, &A, r), UKKO_ENOTFOUND);
    assert_int_equal(ukko_unsubscribe(sys, &T, r), UKKO_ENOTFOUND);
    ukko_ref_release(r);
    finish();
}
/* spec: EventStreamSpec 1 */
static void the_last_of_two_subscriptions_is_watched_for_too(void **state) {
    (void)state;
    begin_debug();
    ukko_ref *r = born(&relay_actor, "target");
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_OK);
    assert_int_equal(ukko_subscribe(sys, &T, r), UKKO_OK);
    assert_int_equal(ukko_unsubscribe(sys, &A, r), UKKO_OK);
    assert_int_equal(said("| unsubscribing Actor[%s] from channel A |", r), 1);
    publish(&A);
    now_nothing(p);
    publish(&T);
    heard(p, &T);
    end_relay(r);
    publish(&T);
    now_nothing(p);
    assert_int_equal(said("| unsubscribing Actor[%s] from all channels |", r), 1);
    ukko_ref_release(r);
    finish();
}
/* spec: EventStreamSpec 1 */
static void who_has_left_all_channels_is_not_looked_after(void **state) {
    (void)state;
    begin_debug();
    ukko_ref *r = born(&relay_actor, "target");
    assert_int_equal(ukko_subscribe(sys, &A, r), UKKO_OK);
    assert_int_equal(ukko_unsubscribe(sys, NULL, r), UKKO_OK);
    assert_int_equal(ukko_unsubscribe(sys, NULL, r), UKKO_ENOTFOUND);
    publish(&A);
    now_nothing(p);
    end_relay(r);
    ukko_ref_release(r);
    finish();
}
/* A subscriber whose own log lines come from what it is told must not be told of those. */
static void log_a_line(void *data, const ukko_msg *msg, ukko_ref *sender) {
    (void)msg, (void)sender;
    ukko_system_log(data, UKKO_LOG_INFO, "", "in turn");
}
static void log_events_do_not_feed_themselves(void **state) {
    (void)state;
    ukko_ref *f = ukko_function_ref(sys, log_a_line, sys);
    logs_clear(&lines);
    assert_int_equal(ukko_subscribe(sys, &ukko_log_event_type, f), UKKO_OK);
    ukko_system_log(sys, UKKO_LOG_INFO, "", "first");
    assert_int_equal(logs_count(&lines, "in turn"), 1);
    ukko_unsubscribe(sys, NULL, f);
    ukko_ref_release(f);
}

/* ---- the log of dead letters ---- */

static ukko_ref *dead_actor(void) {
    ukko_ref *r = born(&relay_actor, "dead");
    end_relay(r);
    return r;
}
static int no_numbers(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_dead_letter d = {(ukko_msg *)(uintptr_t)msg, ukko_dead_letters(sys), ukko_self(ctx),
                          "Don't like numbers"};
    (void)state;
    if (ukko_msg_type(msg) != &ukko_int_type) return UKKO_UNHANDLED;
    ukko_publish(sys, &ukko_dropped_type, &d);
    return UKKO_OK;
}
static void number(ukko_ref *to, int32_t n) {
    ukko_tell_from(to, ukko_msg_copy(&ukko_int_type, &n), p->ref);
    run();
}
#define LOGGED(count, format, ...)                                                                 \
    do {                                                                                           \
        char want[512];                                                                            \
        snprintf(want, sizeof want, format, __VA_ARGS__);                                          \
        assert_int_equal(logs_count(&lines, want), count);                                         \
    } while (0)

/* spec: DeadLetterSuspensionSpec 3 */
static void the_log_of_dead_letters_rests_and_wakes(void **state) {
    (void)state;
    static const ukko_actor dropper = {
        .size = sizeof(ukko_actor), .name = "dropper", .receive = {NULL, no_numbers}};
    static const ukko_actor nothing = {.size = sizeof(ukko_actor), .name = "nothing"};
    begin("pekko { loglevel = INFO, log-dead-letters = 4, log-dead-letters-suspend-duration = 2s }");
    ukko_ref *dead = dead_actor(), *drops = born(&dropper, "drops"), *un = born(&nothing, "un");
    const char *d = ukko_ref_path(dead), *me = ukko_ref_path(p->ref);
    number(dead, 1);
    LOGGED(1, "INFO pekko://events/user/dead | Message [java.lang.Integer] from Actor[%s] to Actor[%s] "
              "was not delivered. [1] dead letters encountered. If this is not an expected", me, d);
    number(drops, 2);
    LOGGED(1, "| Message [java.lang.Integer] to Actor[%s] was dropped. Don't like numbers. [2] dead "
              "letters encountered. This logging", ukko_ref_path(drops));
    number(un, 3);
    LOGGED(1, "| Message [java.lang.Integer] from Actor[%s] to Actor[%s] was unhandled. [3] dead "
              "letters encountered. This logging", me, ukko_ref_path(un));
    number(dead, 4);
    LOGGED(1, "to Actor[%s] was not delivered. [4] dead letters encountered, no more dead letters will "
              "be logged in next [2.000 s]. ", d);
    number(dead, 5);
    number(drops, 6);
    pass(1999);
    LOGGED(4, "dead letters encountered%s", "");
    pass(1);
    number(dead, 7);
    LOGGED(1, "to Actor[%s] was not delivered. [7] dead letters encountered, of which 2 were not logged. "
              "The counter will be reset now. ", d);
    number(dead, 8);
    LOGGED(2, "to Actor[%s] was not delivered. [1] dead letters encountered. ", d);
    ukko_ref_release(dead);
    ukko_ref_release(drops);
    ukko_ref_release(un);
    finish();
}
static const ukko_type quiet_type = {.size = sizeof(ukko_type),
                                     .name = "Quiet",
                                     .serializer = UKKO_SER_LOCAL,
                                     .flags = UKKO_TYPE_QUIET};
static void expect_letter(probe *q, const ukko_type *event, const ukko_type *type, ukko_ref *to) {
    ukko_msg *m = now_msg(q, event);
    const ukko_dead_letter *d = ukko_msg_get(m, event);
    assert_ptr_equal(ukko_msg_type(d->message), type);
    assert_true(ukko_ref_equal(d->sender, p->ref));
    if (to) assert_true(ukko_ref_equal(d->recipient, to));
    ukko_msg_release(m);
}
static void suppressed_at(ukko_ref *to) {
    on(a[0], &ukko_dead_letter_type);
    on(a[1], &ukko_suppressed_dead_letter_type);
    on(a[2], &ukko_all_dead_letters_type);
    logs_clear(&lines);
    for (int by_selection = 0; by_selection < 2; by_selection++) {
        ukko_msg *quiet = ukko_msg_new(&quiet_type), *normal = ukko_msg_new(&M);
        if (by_selection) {
            char path[64];
            ukko_ref_print(to, path, sizeof path);
            ukko_selection *s = ukko_select(sys, path);
            ukko_selection_tell(s, quiet, p->ref);
            ukko_selection_tell(s, normal, p->ref);
            ukko_selection_release(s);
        } else {
            ukko_tell_from(to, quiet, p->ref);
            ukko_tell_from(to, normal, p->ref);
        }
        ukko_ref *at = by_selection ? NULL : to;
        expect_letter(a[0], &ukko_dead_letter_type, &M, at);
        expect_letter(a[1], &ukko_suppressed_dead_letter_type, &quiet_type, at);
        expect_letter(a[2], &ukko_suppressed_dead_letter_type, &quiet_type, at);
        expect_letter(a[2], &ukko_dead_letter_type, &M, at);
        for (int i = 0; i < 3; i++) now_nothing(a[i]);
    }
    assert_int_equal(logs_count(&lines, "Message [M]"), 2);
    assert_int_equal(logs_count(&lines, "Message [Quiet]"), 0);
}
/* spec: DeadLetterSupressionSpec 3 */
static void suppressed_letters_to_the_dead(void **state) {
    (void)state;
    ukko_ref *dead = dead_actor();
    suppressed_at(dead);
    ukko_ref_release(dead);
}
/* spec: DeadLetterSupressionSpec 3 */
static void suppressed_letters_to_dead_letters(void **state) {
    (void)state;
    suppressed_at(ukko_dead_letters(sys));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(subscriptions_begin_and_end, setup, teardown),
        cmocka_unit_test_setup_teardown(null_does_not_subscribe, setup, teardown),
        cmocka_unit_test_setup_teardown(null_does_not_unsubscribe, setup, teardown),
        cmocka_unit_test(unhandled_messages_are_logged),
        cmocka_unit_test_setup_teardown(log_records_are_events_by_level, setup, teardown),
        cmocka_unit_test_setup_teardown(classes_below_a_class, setup, teardown),
        cmocka_unit_test_setup_teardown(traits_on_subscribe, four, four_end),
        cmocka_unit_test_setup_teardown(traits_on_unsubscribe, four, four_end),
        cmocka_unit_test_setup_teardown(traits_on_unsubscribe_from_all, four, four_end),
        cmocka_unit_test_setup_teardown(traits_on_publish, four, four_end),
        cmocka_unit_test_setup_teardown(a_class_leaves_and_the_trait_stays, four, four_end),
        cmocka_unit_test_setup_teardown(traits_on_a_late_subscribe, four, four_end),
        cmocka_unit_test(an_actor_is_unsubscribed_when_it_ends),
        cmocka_unit_test(who_has_ended_cannot_subscribe),
        cmocka_unit_test(more_than_one_subscription_ends),
        cmocka_unit_test(the_last_of_two_subscriptions_is_watched_for_too),
        cmocka_unit_test(who_has_left_all_channels_is_not_looked_after),
        cmocka_unit_test_setup_teardown(log_events_do_not_feed_themselves, setup, teardown),
        cmocka_unit_test(the_log_of_dead_letters_rests_and_wakes),
        cmocka_unit_test_setup_teardown(suppressed_letters_to_the_dead, four, four_end),
        cmocka_unit_test_setup_teardown(suppressed_letters_to_dead_letters, four, four_end),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
