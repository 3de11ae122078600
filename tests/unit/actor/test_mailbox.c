/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes: which one an actor gets, and what the bounded, the control-aware and those with
   priorities do. Most on a stepped system; waiting senders on threads of their own. */
#include "support/logs.h"
#include "support/mailbox_cases.h"
#include "support/stepped.h"
#include <semaphore.h>
#include <ukko/mailbox.h>

/* ---- which one ---- */

static ukko_system *selecting_system(void) {
    ukko_system *made = NULL;
    ukko_error err = {0};
    char text[8192];
    snprintf(text, sizeof text, "pekko.loglevel = OFF\n%s", mailbox_sections);
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("boxes", NULL);
    o.config = cfg;
    o.threads = 2;
    if (ukko_system_new(&made, &o, &err)) fail_msg("%s", err.message);
    assert_int_equal(ukko_system_add_mailbox(made, &own_mailbox), UKKO_OK);
    if (ukko_system_start(made, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return made;
}
static void is_mailbox(void *data, const ukko_actor_info *info) {
    assert_string_equal(info->mailbox, (const char *)data);
    assert_string_equal(info->dispatcher, "pekko.actor.default-dispatcher");
}
/* spec: ActorMailboxSpec 1 x33 */
static void which_mailbox(void **state) {
    (void)state;
    ukko_system *s = selecting_system();
    probe *q = probe_new(s, "probe");
    assert_int_equal(MAILBOX_CASES, 33);
    for (size_t i = 0; i < MAILBOX_CASES; i++) mailbox_check(s, q, i);
    ukko_system_free(s);
    probe_free(q);
}
/* Each requirement that the reference knows, and what its mailbox is; and that the section named
   there is where it comes from. */
static void each_requirement(void **state) {
    (void)state;
    static const struct {
        const char *queue, *section, *type;
    } rows[] = {
        {DISPATCH "UnboundedMessageQueueSemantics", "unbounded-queue-based", "UnboundedMailbox"},
        {DISPATCH "MultipleConsumerSemantics", "unbounded-queue-based", "UnboundedMailbox"},
        {DISPATCH "BoundedMessageQueueSemantics", "bounded-queue-based", "BoundedMailbox"},
        {DISPATCH "DequeBasedMessageQueueSemantics", "unbounded-deque-based", "UnboundedDequeBasedMailbox"},
        {DISPATCH "UnboundedDequeBasedMessageQueueSemantics", "unbounded-deque-based",
         "UnboundedDequeBasedMailbox"},
        {DISPATCH "BoundedDequeBasedMessageQueueSemantics", "bounded-deque-based",
         "BoundedDequeBasedMailbox"},
        {DISPATCH "ControlAwareMessageQueueSemantics", "unbounded-control-aware-queue-based",
         "UnboundedControlAwareMailbox"},
        {DISPATCH "UnboundedControlAwareMessageQueueSemantics", "unbounded-control-aware-queue-based",
         "UnboundedControlAwareMailbox"},
        {DISPATCH "BoundedControlAwareMessageQueueSemantics", "bounded-control-aware-queue-based",
         "BoundedControlAwareMailbox"},
        {"org.apache.pekko.event.LoggerMessageQueueSemantics", "logger-queue",
         "org.apache.pekko.event.LoggerMailboxType"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int broken = 0; broken < 2; broken++) {
            char text[200], want[100];
            ukko_actor asks = ASKS_FOR(rows[i].queue);
            ukko_props *props = ukko_props_new(&asks);
            ukko_ref *r;
            snprintf(text, sizeof text, "pekko.actor.mailbox.%s.mailbox-type = %s",
                     broken ? rows[i].section : "none", "no.Such");
            sys = stepped_system("boxes", text, NULL, NULL);
            int rc = ukko_system_spawn(sys, props, "a", &r);
            assert_int_equal(rc, broken ? UKKO_ECONFIG : UKKO_OK);
            snprintf(want, sizeof want, "%s%s", *rows[i].type == 'o' ? "" : DISPATCH, rows[i].type);
            if (!rc) ukko_inspect_actors(sys, "/user/a", 0, 1, is_mailbox, want);
            ukko_ref_release(r);
            ukko_system_free(sys);
        }
    }
}
static void kinds_of_the_program(void **state) {
    (void)state;
    ukko_system *s = selecting_system();
    static const ukko_mailbox nameless = {.size = sizeof(ukko_mailbox)};
    assert_int_equal(ukko_system_add_mailbox(s, &own_mailbox), UKKO_ESTATE);
    ukko_system_free(s);
    ukko_error err;
    ukko_system_opts o = UKKO_SYSTEM_OPTS("boxes", NULL);
    assert_int_equal(ukko_system_new(&s, &o, &err), UKKO_OK);
    static const ukko_mailbox taken = {.size = sizeof(ukko_mailbox),
                                       .name = DISPATCH "BoundedMailbox"};
    assert_int_equal(ukko_system_add_mailbox(s, &nameless), UKKO_EINVAL);
    assert_int_equal(ukko_system_add_mailbox(s, &taken), UKKO_EEXISTS);
    assert_int_equal(ukko_system_add_mailbox(s, &own_mailbox), UKKO_OK);
    assert_int_equal(ukko_system_add_mailbox(s, &own_mailbox), UKKO_EEXISTS);
    ukko_system_free(s);
}

/* ---- an actor that writes down what it gets ---- */

static char got[20000];

static int note(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    const char *text = ukko_msg_text(m);
    (void)ctx, (void)state;
    if (text && !strcmp(text, "fail")) return ukko_fail(ctx, UKKO_EUSER, "as told");
    strncat(got, text ? text : "control", sizeof got - strlen(got) - 1);
    strncat(got, " ", sizeof got - strlen(got) - 1);
    return UKKO_OK;
}
static const ukko_actor noter = {
    .size = sizeof(ukko_actor), .name = "noter", .receive = {NULL, note}};

typedef struct nothing { int none; } nothing;
static const ukko_type control_type = {.size = sizeof(ukko_type),
                                       .body_size = sizeof(nothing),
                                       .name = "control",
                                       .serializer = UKKO_SER_LOCAL,
                                       .flags = UKKO_TYPE_CONTROL};

static void say(ukko_ref *r, const char *text) { ukko_tell_text(NULL, r, text); }
static int32_t by_first_letter(const ukko_msg *m, void *data) {
    const char *text = ukko_msg_text(m);
    (void)data;
    return text ? *text : 0;
}
static const ukko_mailbox lettered = {.size = sizeof(ukko_mailbox),
                                      .name = "test.Lettered",
                                      .priority = by_first_letter};
static const ukko_mailbox lettered_bounded = {.size = sizeof(ukko_mailbox),
                                              .flags = UKKO_MAILBOX_BOUNDED,
                                              .name = "test.LetteredBounded",
                                              .priority = by_first_letter};
static const char boxes[] =
    "pekko.loglevel = OFF\n"
    "three { mailbox-type = \"" DISPATCH "BoundedMailbox\", mailbox-capacity = 3\n"
    "  mailbox-push-timeout-time = 0s }\n"
    "three-deque = ${three} { mailbox-type = \"" DISPATCH "BoundedDequeBasedMailbox\" }\n"
    "three-never-waits { mailbox-type = \"" DISPATCH "NonBlockingBoundedMailbox\"\n"
    "  mailbox-capacity = 3, mailbox-push-timeout-time = 1d }\n"
    "patient { mailbox-type = \"" DISPATCH "BoundedMailbox\", mailbox-capacity = 1\n"
    "  mailbox-push-timeout-time = 1h }\n"
    "hasty = ${patient} { mailbox-push-timeout-time = 60ms }\n"
    "control { mailbox-type = \"" DISPATCH "UnboundedControlAwareMailbox\" }\n"
    "control-three = ${three} { mailbox-type = \"" DISPATCH "BoundedControlAwareMailbox\" }\n"
    "single { mailbox-type = \"" DISPATCH "SingleConsumerOnlyUnboundedMailbox\" }\n"
    "lettered { mailbox-type = test.Lettered }\n"
    "lettered-three = ${three} { mailbox-type = test.LetteredBounded }\n";

static void begin_with(int threads, const char *config) {
    char text[4096];
    ukko_error err = {0};
    snprintf(text, sizeof text, "%s\n%s", boxes, config);
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("boxes", NULL);
    o.config = cfg;
    o.threads = threads;
    o.seed = 1;
    if (ukko_system_new(&sys, &o, &err)) fail_msg("%s", err.message);
    assert_int_equal(ukko_system_add_mailbox(sys, &lettered), UKKO_OK);
    assert_int_equal(ukko_system_add_mailbox(sys, &lettered_bounded), UKKO_OK);
    if (ukko_system_start(sys, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    p = probe_new(sys, "probe");
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    *got = 0;
}
static void begin(void) { begin_with(0, ""); }
static void finish(void) {
    ukko_system_free(sys);
    probe_free(p);
}
static ukko_ref *boxed(const ukko_actor *kind, const char *mailbox) {
    ukko_props *props = ukko_props_new(kind);
    ukko_ref *r = NULL;
    ukko_props_mailbox(props, mailbox);
    int rc = ukko_system_spawn(sys, props, NULL, &r);
    ukko_error why;
    ukko_spawn_error(&why);
    if (rc) fail_msg("%s", why.message);
    return r;
}
static void now_got(const char *text) {
    run();
    assert_string_equal(got, text);
    *got = 0;
}
static void is_dead(ukko_msg *m, const char *text, const char *reason) { /* takes m */
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_non_null(d);
    assert_string_equal(ukko_msg_text(d->message), text);
    assert_string_equal(d->reason, reason);
    ukko_msg_release(m);
}
static const char full[] = "the mailbox is full", ended[] = "the actor has stopped";

/* ---- bounded ---- */

static void what_is_too_much_is_a_dead_letter(void **state) {
    (void)state;
    static const char *const all[] = {"three", "three-deque", "three-never-waits", "bounded-capacity:3"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        begin();
        ukko_ref *r = boxed(&noter, all[i]);
        run();
        const char *const texts[] = {"a", "b", "c", "d", "e"};
        for (int k = 0; k < 5; k++) say(r, texts[k]);
        is_dead(now_any(p), "d", full);
        is_dead(now_any(p), "e", full);
        now_nothing(p);
        now_got("a b c ");
        for (int k = 0; k < 3; k++) say(r, texts[k]); /* there is room again */
        now_got("a b c ");
        now_nothing(p);
        ukko_ref_release(r);
        finish();
    }
}
static void the_default_mailbox(void **state) {
    (void)state;
    begin_with(0, "pekko.actor.default-mailbox { mailbox-type = \"" DISPATCH "BoundedMailbox\"\n"
                  "mailbox-capacity = 2, mailbox-push-timeout-time = 0s }");
    ukko_ref *r = born(&noter, "plain");
    run();
    say(r, "a");
    say(r, "b");
    say(r, "c");
    is_dead(now_any(p), "c", full);
    now_got("a b ");
    ukko_ref_release(r);
    finish();
}
static void its_own_news_always_find_room(void **state) {
    (void)state;
    begin();
    ukko_ref *r = boxed(&noter, "three"), *other = born(&noter, "other");
    run();
    for (int i = 0; i < 3; i++) say(r, "x");
    ukko_tell_from(r, ukko_msg_new(&ukko_receive_timeout_type), NULL);
    now_nothing(p);
    now_got("x x x control ");
    ukko_ref_release(other);
    ukko_ref_release(r);
    finish();
}

static sem_t gate, reached;
static int wait_at_gate(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    sem_post(&reached);
    while (sem_wait(&gate)) {}
    return note(ctx, state, m);
}
static const ukko_actor gated = {
    .size = sizeof(ukko_actor), .name = "gated", .receive = {NULL, wait_at_gate}};

typedef struct sending {
    ukko_ref *to;
    int64_t took_ms;
} sending;
static void *send_third(void *arg) {
    sending *s = arg;
    int64_t begin_ms = probe_now_ms();
    say(s->to, "third");
    s->took_ms = probe_now_ms() - begin_ms;
    return NULL;
}
/* "first" is being handled, "second" fills the mailbox. */
static ukko_ref *fill(const char *mailbox) {
    sem_init(&gate, 0, 0);
    sem_init(&reached, 0, 0);
    begin_with(2, "");
    ukko_ref *r = boxed(&gated, mailbox);
    say(r, "first");
    while (sem_wait(&reached)) {}
    say(r, "second");
    return r;
}
static void until_somebody_waits(ukko_ref *r) {
    while (!atomic_load(&uk_box_of(uk_cell_of(r))->waiting)) sched_yield();
}
static void a_sender_waits_for_room(void **state) {
    (void)state;
    ukko_ref *r = fill("patient");
    sending s = {r, 0};
    pthread_t t;
    pthread_create(&t, NULL, send_third, &s);
    until_somebody_waits(r);
    probe_expect_nothing(p);
    for (int i = 0; i < 3; i++) sem_post(&gate);
    pthread_join(t, NULL);
    probe_watch(p, r);
    ukko_tell(NULL, r, &ukko_poison_pill_type, NULL);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    assert_string_equal(got, "first second third ");
    ukko_ref_release(r);
    finish();
}
static void a_sender_waits_no_longer_than_told(void **state) {
    (void)state;
    ukko_ref *r = fill("hasty");
    sending s = {r, 0};
    send_third(&s);
    assert_true(s.took_ms >= 55);
    is_dead(probe_expect(p, &ukko_dead_letter_type), "third", full);
    for (int i = 0; i < 2; i++) sem_post(&gate);
    ukko_ref_release(r);
    finish();
}
static void a_sender_learns_that_the_actor_has_ended(void **state) {
    (void)state;
    ukko_ref *r = fill("patient");
    sending s = {r, 0};
    pthread_t t;
    pthread_create(&t, NULL, send_third, &s);
    until_somebody_waits(r);
    uk_ref_system(r, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
    sem_post(&gate);
    pthread_join(t, NULL);
    int second = 0, third = 0;
    for (int i = 0; i < 2; i++) { /* in either order */
        ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
        const char *text = ukko_msg_text(
            ((const ukko_dead_letter *)ukko_msg_get(m, &ukko_dead_letter_type))->message);
        bool is_second = !strcmp(text, "second");
        is_second ? second++ : third++;
        is_dead(m, is_second ? "second" : "third", ended);
    }
    assert_true(second == 1 && third == 1);
    ukko_ref_release(r);
    finish();
}

enum { MANY = 2000 };
static ukko_ref *consumer;
static int send_many(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)state, (void)m;
    for (int32_t i = 0; i < MANY; i++) ukko_tell(ctx, consumer, &ukko_int_type, &i);
    return UKKO_OK;
}
static int take_in_order(ukko_ctx *ctx, void *state, const void *body) {
    int32_t *next = state;
    if (*(const int32_t *)body != *next) return ukko_fail(ctx, UKKO_EUSER, "order");
    if (++*next == MANY) ukko_tell_text(ctx, p->ref, "all");
    return UKKO_OK;
}
static const ukko_actor producer = {
    .size = sizeof(ukko_actor), .name = "producer", .receive = {NULL, send_many}};
static const ukko_case in_order[] = {{&ukko_int_type, take_in_order}, {NULL, NULL}};
static const ukko_actor orderly = {.size = sizeof(ukko_actor),
                                   .state_size = sizeof(int32_t),
                                   .name = "orderly",
                                   .receive = {in_order, NULL}};
/* The only worker waits for room in a handler: it runs the full one meanwhile. */
static void a_worker_that_waits_is_of_use(void **state) {
    (void)state;
    begin_with(1, "");
    consumer = boxed(&orderly, "patient");
    ukko_ref *from = boxed(&producer, "unbounded");
    say(from, "go");
    probe_expect_text(p, "all");
    probe_expect_nothing(p);
    ukko_ref_release(from);
    ukko_ref_release(consumer);
    finish();
}

/* ---- priorities ---- */

static void the_lowest_first(void **state) {
    (void)state;
    begin();
    ukko_ref *r = boxed(&noter, "lettered");
    run();
    static const char *const texts[] = {"c1", "a1", "b1", "c2", "a2", "b2", "a3", "c3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) say(r, texts[i]);
    now_got("a1 a2 a3 b1 b2 c1 c2 c3 ");
    ukko_ref_release(r);
    finish();
}
static void many_priorities(void **state) {
    (void)state;
    begin();
    ukko_ref *r = boxed(&noter, "lettered");
    run();
    char want[5000] = "";
    for (int i = 0; i < 500; i++) {
        char text[8];
        snprintf(text, sizeof text, "%c%03d", 'a' + i * 7 % 26, i);
        say(r, text);
    }
    for (int letter = 0; letter < 26; letter++)
        for (int i = 0; i < 500; i++)
            if (i * 7 % 26 == letter)
                snprintf(want + strlen(want), sizeof want - strlen(want), "%c%03d ", 'a' + letter, i);
    now_got(want);
    ukko_ref_release(r);
    finish();
}
static void bounded_with_priorities(void **state) {
    (void)state;
    begin();
    ukko_ref *r = boxed(&noter, "lettered-three");
    run();
    say(r, "c");
    say(r, "b");
    say(r, "d");
    say(r, "a"); /* no room, whatever its priority */
    is_dead(now_any(p), "a", full);
    now_got("b c d ");
    ukko_ref_release(r);
    finish();
}
static void kept_over_a_restart_and_lost_in_order(void **state) {
    (void)state;
    begin();
    ukko_ref *r = boxed(&noter, "lettered");
    run();
    say(r, "z");
    say(r, "fail");
    say(r, "b");
    now_got("b z ");
    say(r, "z");
    say(r, "b");
    uk_ref_system(r, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
    is_dead(now_any(p), "b", ended);
    is_dead(now_any(p), "z", ended);
    now_got("");
    ukko_ref_release(r);
    finish();
}

/* ---- control-aware ---- */

static void control_messages_overtake(void **state) {
    (void)state;
    static const char *const all[] = {"control", "control-three", "single"};
    for (int i = 0; i < 3; i++) {
        begin();
        ukko_ref *r = boxed(&noter, all[i]);
        run();
        say(r, "a");
        say(r, "b");
        ukko_tell(NULL, r, &control_type, &(nothing){0});
        now_got(i < 2 ? "control a b " : "a b control ");
        ukko_ref_release(r);
        finish();
    }
}

/* ---- with a stash ---- */

static int stash_some(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    const char *text = ukko_msg_text(m);
    if (!strcmp(text, "a-unstash")) {
        ukko_unstash_all(ctx);
        *(bool *)state = true;
    } else if (!*(bool *)state && text[1] == '!') {
        return ukko_stash(ctx);
    }
    return note(ctx, state, m);
}
static const ukko_actor stasher = {.size = sizeof(ukko_actor),
                                   .state_size = sizeof(bool),
                                   .name = "stasher",
                                   .receive = {NULL, stash_some}};
static void what_comes_back_is_in_front_of_its_like(void **state) {
    (void)state;
    static const struct {
        const char *box, *order;
    } rows[] = {{"lettered", "a-unstash b!1 b!2 b3 c!1 c2 "},
                {"control", "a-unstash b!1 c!1 b!2 b3 c2 "},
                {"three-deque", "a-unstash b!1 c!1 b!2 b3 c2 "}};
    for (size_t i = 0; i < 3; i++) {
        begin();
        ukko_ref *r = boxed(&stasher, rows[i].box);
        run();
        say(r, "b!1");
        say(r, "c!1");
        say(r, "b!2");
        now_got("");
        say(r, "a-unstash");
        say(r, "b3");
        say(r, "c2");
        now_got(rows[i].order);
        now_nothing(p);
        ukko_ref_release(r);
        finish();
    }
}

static int stash_all(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)state, (void)m;
    int rc = ukko_stash(ctx);
    return rc ? note(ctx, state, m), UKKO_OK : rc;
}
static const ukko_actor hoarder = {
    .size = sizeof(ukko_actor), .name = "hoarder", .receive = {NULL, stash_all}};
/* The one that does not fit any more is noted. */
static void how_much_may_be_stashed(void **state) {
    (void)state;
    begin_with(0, "pekko.actor.default-mailbox.stash-capacity = 2\n"
                  "roomy = ${control} { stash-capacity = -1 }, four = ${control} { stash-capacity = 4 }");
    static const struct {
        const char *box, *noted;
    } rows[] = {{"unbounded", "c d e "}, {"control", "c d e "}, {"four", "e "}, {"roomy", ""}};
    for (size_t i = 0; i < 4; i++) {
        ukko_ref *r = boxed(&hoarder, rows[i].box);
        run();
        const char *const texts[] = {"a", "b", "c", "d", "e"};
        for (int k = 0; k < 5; k++) say(r, texts[k]);
        now_got(rows[i].noted);
        ukko_ref_release(r);
    }
    finish();
}

/* ---- what is wrong is told ---- */

static void refused(const char *dispatcher, const char *mailbox, const char *named) {
    ukko_props *props = ukko_props_new(&noter);
    ukko_ref *r = (ukko_ref *)1;
    ukko_error why;
    if (dispatcher) ukko_props_dispatcher(props, dispatcher);
    if (mailbox) ukko_props_mailbox(props, mailbox);
    assert_int_equal(ukko_system_spawn(sys, props, "wrong", &r), UKKO_ECONFIG);
    assert_null(r);
    ukko_spawn_error(&why);
    if (!strstr(why.message, named) || !strstr(why.message, "/user/wrong"))
        fail_msg("\"%s\" is not named in: %s", named, why.message);
}
static void settings_that_are_wrong(void **state) {
    (void)state;
    begin_with(0, "none { mailbox-type = \"\" }\nunknown { mailbox-type = no.Such }\n"
                  "zero = ${three} { mailbox-capacity = 0 }\n"
                  "when = ${three} { mailbox-push-timeout-time = soon }\n"
                  "loop-a = loop-b, loop-b = loop-a\nnumber = 7\n"
                  "strange { type = no.SuchDispatcher }\n"
                  "demanding { mailbox-requirement = no.Semantics }\n");
    refused(NULL, "no-such-box", "Mailbox Type [no-such-box] not configured");
    refused(NULL, "none", "The setting mailbox-type, defined in [none] is empty");
    refused(NULL, "unknown", "unknown.mailbox-type = \"no.Such\"");
    refused(NULL, "zero", "mailbox-capacity");
    refused(NULL, "when", "mailbox-push-timeout-time");
    refused(NULL, "bounded-capacity:none", "bounded-capacity:none");
    refused("no-such", NULL, "Dispatcher [no-such] not configured");
    refused("loop-a", NULL, "[loop-a] is an alias");
    refused("number", NULL, "alias at [number]");
    refused("strange", NULL, "strange.type = \"no.SuchDispatcher\"");
    refused("demanding", NULL, "Mailbox Mapping for [no.Semantics] not configured");
    finish();
}
static void one_warning_of_senders_that_wait(void **state) {
    (void)state;
    logs lines;
    logs_init(&lines);
    sys = stepped_system("boxes", "pekko.loglevel = WARNING\n"
                                  "slow { mailbox-type = \"" DISPATCH "BoundedMailbox\" }\n"
                                  "slow2 = ${slow}", logs_sink, &lines);
    ukko_ref *a = boxed(&noter, "slow"), *b = boxed(&noter, "slow2");
    assert_int_equal(logs_count(&lines, "slow.mailbox-push-timeout-time"), 1);
    assert_int_equal(logs_count(&lines, "potentially-blocking"), 1);
    ukko_ref_release(a);
    ukko_ref_release(b);
    ukko_system_free(sys);
    logs_fini(&lines);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_mailbox),
        cmocka_unit_test(each_requirement),
        cmocka_unit_test(kinds_of_the_program),
        cmocka_unit_test(what_is_too_much_is_a_dead_letter),
        cmocka_unit_test(the_default_mailbox),
        cmocka_unit_test(its_own_news_always_find_room),
        cmocka_unit_test(a_sender_waits_for_room),
        cmocka_unit_test(a_sender_waits_no_longer_than_told),
        cmocka_unit_test(a_sender_learns_that_the_actor_has_ended),
        cmocka_unit_test(a_worker_that_waits_is_of_use),
        cmocka_unit_test(the_lowest_first),
        cmocka_unit_test(many_priorities),
        cmocka_unit_test(bounded_with_priorities),
        cmocka_unit_test(kept_over_a_restart_and_lost_in_order),
        cmocka_unit_test(control_messages_overtake),
        cmocka_unit_test(what_comes_back_is_in_front_of_its_like),
        cmocka_unit_test(how_much_may_be_stashed),
        cmocka_unit_test(settings_that_are_wrong),
        cmocka_unit_test(one_warning_of_senders_that_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
