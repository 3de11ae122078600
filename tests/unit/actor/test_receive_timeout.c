/* SPDX-License-Identifier: Apache-2.0 */
/* Receive timeouts, forwarding, and functions as actors. Stepped, on a virtual clock: test thread
   only. */
#include "support/stepped.h"

typedef struct tick {
    int64_t n;
} tick;
static const ukko_type tick_type = {
    .size = sizeof(ukko_type), .body_size = sizeof(tick), .name = "Tick", .serializer = UKKO_SER_LOCAL};
static const ukko_type quiet_tick_type = {.size = sizeof(ukko_type),
                                          .body_size = sizeof(tick),
                                          .name = "QuietTick",
                                          .serializer = UKKO_SER_LOCAL,
                                          .flags = UKKO_TYPE_NO_TIMEOUT_RESET};

static int setup(void **state) {
    (void)state;
    sys = stepped_system("timeouts", "pekko.loglevel = OFF", NULL, NULL);
    p = probe_new(sys, "probe");
    run();
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    return 0;
}
/* An actor with a timeout, -1: none; it tells the probe "timeout" and the names of ticks, and does
   something at each if the test wants it. */
static int64_t first_timeout;
static void (*at_tick)(ukko_ctx *ctx), (*at_timeout)(ukko_ctx *ctx);

static int start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    if (first_timeout >= 0) ukko_receive_timeout(ctx, first_timeout);
    return UKKO_OK;
}
static int on_tick(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    if (at_tick) at_tick(ctx);
    ukko_tell_text(ctx, p->ref, ukko_msg_type(ukko_current(ctx))->name);
    return UKKO_OK;
}
static int on_timeout(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    if (at_timeout) at_timeout(ctx);
    ukko_tell_text(ctx, p->ref, "timeout");
    return UKKO_OK;
}
static const ukko_case cases[] = {{&tick_type, on_tick},
                                  {&quiet_tick_type, on_tick},
                                  {&ukko_receive_timeout_type, on_timeout},
                                  {NULL, NULL}};
static const ukko_actor waiter = {
    .size = sizeof(ukko_actor), .name = "waiter", .receive = {cases, NULL}, .start = start};

static ukko_ref *begin(int64_t timeout, void (*tick_fn)(ukko_ctx *), void (*timeout_fn)(ukko_ctx *)) {
    first_timeout = timeout;
    at_tick = tick_fn;
    at_timeout = timeout_fn;
    ukko_ref *r = born(&waiter, NULL);
    run();
    return r;
}
static void send(ukko_ref *to, const ukko_type *type) {
    ukko_tell(NULL, to, type, &(tick){1});
    run();
}
static void end(ukko_ref *r) {
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    run();
    ukko_ref_release(r);
}

/* ---- receive timeouts ---- */

/* spec: ReceiveTimeoutSpec 1 */
static void what_begins_the_time_anew(void **state) {
    (void)state;
    ukko_ref *r = begin(100, NULL, NULL);
    pass(60);
    send(r, &quiet_tick_type);
    now_text(p, "QuietTick");
    ukko_identify who = {NULL};
    ukko_tell(NULL, r, &ukko_identify_type, &who);
    pass(40);
    now_text(p, "timeout");
    pass(60);
    send(r, &tick_type);
    now_text(p, "Tick");
    pass(99);
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void comes_when_nothing_does(void **state) {
    (void)state;
    ukko_ref *r = begin(500, NULL, NULL);
    pass(499);
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void comes_again_and_again(void **state) { /* each time after the whole duration */
    (void)state;
    ukko_ref *r = begin(500, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        pass(499);
        now_nothing(p);
        pass(1);
        now_text(p, "timeout");
    }
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void messages_put_it_off(void **state) {
    (void)state;
    ukko_ref *r = begin(1000, NULL, NULL);
    for (int i = 0; i < 100; i++) {
        pass(50);
        send(r, &tick_type);
        now_text(p, "Tick");
    }
    pass(999);
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    end(r);
}
static void turn_off(ukko_ctx *ctx) { ukko_receive_timeout(ctx, 0); }
static void turn_on(ukko_ctx *ctx) { ukko_receive_timeout(ctx, 500); }

/* spec: ReceiveTimeoutSpec 1 */
static void can_be_turned_off(void **state) {
    (void)state;
    ukko_ref *r = begin(500, NULL, turn_off);
    send(r, &tick_type);
    now_text(p, "Tick");
    pass(500);
    now_text(p, "timeout");
    pass(60000);
    now_nothing(p);
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void is_off_unless_asked_for(void **state) {
    (void)state;
    ukko_ref *r = begin(-1, NULL, NULL);
    send(r, &tick_type);
    now_text(p, "Tick");
    pass(60000);
    now_nothing(p);
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void comes_between_messages_that_do_not_count(void **state) {
    (void)state;
    ukko_ref *r = begin(1000, NULL, NULL);
    ukko_scheduled *ticks = NULL, *asks = NULL;
    ukko_identify who = {NULL};
    ukko_tell_later(r, ukko_msg_copy(&quiet_tick_type, &(tick){1}), NULL, 100, 100, &ticks);
    ukko_tell_later(r, ukko_msg_copy(&ukko_identify_type, &who), NULL, 100, 100, &asks);
    pass(1050);
    ukko_msg *m;
    int quiet = 0, timeouts = 0;
    while ((m = now_any(p))) {
        bool t = !strcmp(ukko_msg_text(m), "timeout");
        timeouts += t;
        quiet += !t;
        ukko_msg_release(m);
    }
    assert_int_equal(quiet, 10);
    assert_int_equal(timeouts, 1);
    ukko_scheduled_cancel(ticks);
    ukko_scheduled_cancel(asks);
    ukko_scheduled_release(ticks);
    ukko_scheduled_release(asks);
    end(r);
}
static void tick_to_self(ukko_ctx *ctx) {
    ukko_tell(ctx, ukko_self(ctx), &quiet_tick_type, &(tick){1});
}
/* spec: ReceiveTimeoutSpec 1 */
static void comes_again_when_only_those_come(void **state) {
    (void)state;
    ukko_ref *r = begin(1000, NULL, tick_to_self);
    for (int i = 0; i < 2; i++) {
        pass(1000);
        now_text(p, "timeout");
        now_text(p, "QuietTick");
    }
    end(r);
}
static int start_with_timers(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_identify who = {NULL};
    ukko_timer_start(ctx, 1, 100, 100, ukko_msg_copy(&quiet_tick_type, &(tick){1}));
    ukko_timer_start(ctx, 2, 100, 100, ukko_msg_copy(&ukko_identify_type, &who));
    return start(ctx, state, args, n);
}
static int start_with_timer(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_timer_start(ctx, 1, 100, 100, ukko_msg_copy(&tick_type, &(tick){1}));
    return start(ctx, state, args, n);
}
/* How many timeouts come in a second and a bit. */
static int timeouts_with(int (*start_fn)(ukko_ctx *, void *, const ukko_msg *const *, size_t), int *ticks) {
    ukko_actor timed = waiter;
    int n = 0;
    timed.start = start_fn;
    first_timeout = 1000;
    at_tick = at_timeout = NULL;
    ukko_ref *r = born(&timed, NULL);
    pass(1050);
    *ticks = 0;
    for (ukko_msg *m; (m = now_any(p));) {
        bool t = !strcmp(ukko_msg_text(m), "timeout");
        n += t;
        *ticks += !t;
        ukko_msg_release(m);
    }
    end(r);
    return n;
}
/* spec: ReceiveTimeoutSpec 1 */
static void comes_between_timers_that_do_not_count(void **state) {
    int ticks;
    (void)state;
    assert_int_equal(timeouts_with(start_with_timers, &ticks), 1);
    assert_int_equal(ticks, 10);
    assert_int_equal(timeouts_with(start_with_timer, &ticks), 0); /* those count */
    assert_int_equal(ticks, 10);
}
/* spec: ReceiveTimeoutSpec 1 */
static void can_be_turned_on_by_those(void **state) {
    (void)state;
    ukko_ref *r = begin(-1, turn_on, NULL);
    pass(60000);
    now_nothing(p);
    send(r, &quiet_tick_type);
    now_text(p, "QuietTick");
    pass(500);
    now_text(p, "timeout");
    end(r);
}
/* spec: ReceiveTimeoutSpec 1 */
static void can_be_turned_off_by_those(void **state) {
    (void)state;
    ukko_ref *r = begin(500, turn_off, NULL);
    send(r, &quiet_tick_type);
    now_text(p, "QuietTick");
    pass(60000);
    now_nothing(p);
    end(r);
}
static void longer(ukko_ctx *ctx) { ukko_receive_timeout(ctx, 800); }
/* spec: ReceiveTimeoutSpec 1 */
static void can_be_changed_by_those(void **state) {
    (void)state;
    ukko_ref *r = begin(500, longer, NULL);
    pass(400);
    send(r, &quiet_tick_type);
    now_text(p, "QuietTick");
    pass(799); /* the new one begins when it is set */
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    pass(800);
    now_text(p, "timeout");
    end(r);
}
static void to_and_fro(ukko_ctx *ctx) {
    ukko_receive_timeout(ctx, 1000);
    ukko_receive_timeout(ctx, 500);
}
/* spec: ReceiveTimeoutSpec 1 */
static void can_be_changed_twice_by_those(void **state) {
    (void)state;
    ukko_ref *r = begin(500, to_and_fro, NULL);
    pass(250);
    send(r, &quiet_tick_type);
    send(r, &quiet_tick_type);
    now_text(p, "QuietTick");
    now_text(p, "QuietTick");
    pass(499);
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    now_nothing(p);
    end(r);
}
/* One that sets its timeout when it was restarted. */
static bool restarted;
static int restarting_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    ukko_tell_text(ctx, p->ref, restarted ? "restarting" : "starting");
    if (restarted) ukko_receive_timeout(ctx, 500);
    return UKKO_OK;
}
static void restarting_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_tell_text(ctx, p->ref, "stopping");
}
static int crash(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    restarted = true;
    return ukko_fail(ctx, UKKO_EUSER, "boom");
}
static const ukko_case crash_cases[] = {
    {&tick_type, crash}, {&ukko_receive_timeout_type, on_timeout}, {NULL, NULL}};
static const ukko_actor restarting = {.size = sizeof(ukko_actor),
                                      .name = "restarting",
                                      .receive = {crash_cases, NULL},
                                      .start = restarting_start,
                                      .stop = restarting_stop};
/* spec: ReceiveTimeoutSpec 1 */
static void can_be_set_in_a_restart(void **state) {
    (void)state;
    restarted = false;
    at_timeout = NULL;
    ukko_ref *r = born(&restarting, NULL);
    now_text(p, "starting");
    send(r, &tick_type);
    now_text(p, "stopping");
    now_text(p, "restarting");
    pass(499);
    now_nothing(p);
    pass(1);
    now_text(p, "timeout");
    end(r);
    now_text(p, "stopping");
}
static void set_and_stop(ukko_ctx *ctx) {
    ukko_receive_timeout(ctx, 200);
    ukko_stop(ctx, ukko_self(ctx));
}
/* spec: ReceiveTimeoutSpec 1 */
static void ends_with_the_actor(void **state) {
    (void)state;
    ukko_ref *r = begin(-1, set_and_stop, NULL);
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    ukko_subscribe(sys, &ukko_suppressed_dead_letter_type, p->ref);
    send(r, &tick_type);
    now_text(p, "Tick");
    pass(1000);
    now_nothing(p);
    ukko_ref_release(r);
}

/* ---- forwarding ---- */

/* One of a chain: forwards to the next, the last one answers. */
typedef struct link {
    ukko_ref *next;
} link;
static int link_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    link *l = state;
    int64_t left = n ? ((const tick *)ukko_msg_get(args[0], &tick_type))->n - 1 : 0;
    if (left <= 0) return UKKO_OK;
    ukko_props *props = ukko_props_new(ukko_ctx_actor(ctx));
    ukko_props_arg(props, &tick_type, &(tick){left});
    return ukko_spawn(ctx, props, "next", &l->next);
}
static void link_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((link *)state)->next);
}
static int link_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const link *l = state;
    if (l->next) ukko_forward(ctx, l->next);
    else if (!strcmp(ukko_msg_text(msg), "no reply")) ukko_tell_text(ctx, p->ref, "seen");
    else ukko_reply_text(ctx, "reply");
    return UKKO_OK;
}
static const ukko_actor chain = {.size = sizeof(ukko_actor),
                                 .state_size = sizeof(link),
                                 .name = "chain",
                                 .receive = {NULL, link_receive},
                                 .start = link_start,
                                 .stop = link_stop};
static ukko_ref *chain_of(int64_t n) {
    ukko_props *props = ukko_props_new(&chain);
    ukko_ref *r = NULL;
    ukko_props_arg(props, &tick_type, &(tick){n});
    assert_int_equal(ukko_system_spawn(sys, props, "chain", &r), UKKO_OK);
    run();
    return r;
}
/* spec: ForwardActorSpec 1 */
static void forwarding_without_a_reply(void **state) {
    (void)state;
    ukko_ref *r = chain_of(4);
    ukko_tell_text(NULL, r, "no reply");
    now_text(p, "seen");
    end(r);
}
static int64_t answers;
static void count_answer(void *data, int status, const ukko_msg *answer) {
    (void)data;
    assert_int_equal(status, UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), "reply");
    answers++;
}
/* spec: ForwardActorSpec 1 */
static void forwarding_keeps_who_asked(void **state) {
    (void)state;
    answers = 0;
    ukko_ref *r = chain_of(4);
    ukko_ask_async(r, ukko_msg_string("question"), 1000, count_answer, NULL);
    run();
    assert_int_equal(answers, 1);
    ukko_tell_from(r, ukko_msg_string("question"), p->ref); /* and who told */
    now_text(p, "reply");
    assert_string_equal(ukko_ref_name(p->last_sender), "next"); /* the last of the chain */
    end(r);
}

/* ---- functions as actors ---- */

static void pass_on(void *data, const ukko_msg *msg, ukko_ref *sender) {
    ukko_tell_from(data, ukko_msg_retain(msg), sender);
}
static int use_function(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_ref *f = ukko_function_ref(ukko_ctx_system(ctx), pass_on, p->ref);
    ukko_tell_text(ctx, f, "hello");
    ukko_ref_release(f);
    return UKKO_OK;
}
static const ukko_actor user = {.size = sizeof(ukko_actor), .name = "user", .receive = {NULL, use_function}};
static int nest(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref *child = NULL;
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&user), "inner", &child);
    if (!rc) ukko_forward(ctx, child);
    ukko_ref_release(child);
    return rc;
}
static const ukko_actor nested = {.size = sizeof(ukko_actor), .name = "nested", .receive = {NULL, nest}};
static void from_the_actor(const ukko_actor *kind, const char *name) {
    ukko_ref *r = born(kind, "maker");
    send(r, &tick_type);
    now_text(p, "hello"); /* with its sender */
    assert_string_equal(ukko_ref_name(p->last_sender), name);
    end(r);
}
/* spec: FunctionRefSpec 1 */
static void a_function_takes_messages(void **state) {
    (void)state;
    from_the_actor(&user, "maker");
}
/* spec: FunctionRefSpec 1 */
static void a_function_of_a_child_takes_messages(void **state) {
    (void)state;
    from_the_actor(&nested, "inner");
}
/* spec: FunctionRefSpec 1 */
static void a_function_is_found_by_nobody(void **state) { /* its path leads nowhere */
    (void)state;
    ukko_ref *f = ukko_function_ref(sys, pass_on, p->ref);
    ukko_ref *found = ukko_system_ref(sys, ukko_ref_path(f));
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    assert_false(ukko_ref_equal(f, p->ref));
    ukko_tell_text(NULL, found, "lost");
    ukko_msg *m = now_msg(p, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), "lost");
    ukko_msg_release(m);
    ukko_ref_release(found);
    ukko_ref_release(f);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_begins_the_time_anew),
        TEST(comes_when_nothing_does),
        TEST(comes_again_and_again),
        TEST(messages_put_it_off),
        TEST(can_be_turned_off),
        TEST(is_off_unless_asked_for),
        TEST(comes_between_messages_that_do_not_count),
        TEST(comes_again_when_only_those_come),
        TEST(comes_between_timers_that_do_not_count),
        TEST(can_be_turned_on_by_those),
        TEST(can_be_turned_off_by_those),
        TEST(can_be_changed_by_those),
        TEST(can_be_changed_twice_by_those),
        TEST(can_be_set_in_a_restart),
        TEST(ends_with_the_actor),
        TEST(forwarding_without_a_reply),
        TEST(forwarding_keeps_who_asked),
        TEST(a_function_takes_messages),
        TEST(a_function_of_a_child_takes_messages),
        TEST(a_function_is_found_by_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
