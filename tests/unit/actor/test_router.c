/* SPDX-License-Identifier: Apache-2.0 */
/* Routers of every kind: where messages go, management messages, how a router ends. Test thread
   and two workers; every wait is for a message. */
#include "support/router_rig.h"
#include <sched.h>
#include <stdatomic.h>

/* Sends n messages through the router; each routee must get its share. */
static void spread(ukko_ref *router, size_t routees, size_t each) {
    size_t counts[64];
    for (size_t i = 0; i < routees * each; i++) ukko_tell_text(NULL, router, "m");
    count_texts(routees * each, "m", counts);
    for (size_t i = 0; i < routees; i++) assert_int_equal(counts[i], each);
    probe_expect_nothing(p);
}
static void shuts_down(ukko_router_kind kind) {
    ukko_router_opts opts = UKKO_POOL(kind, 7);
    size_t counts[64];
    ukko_ref *router = router_of(&opts, &noisy, "shut");
    count_texts(7, "starts", counts);
    probe_watch(p, router);
    ukko_ref_signal(router, UKKO_SIGNAL_TERMINATE, NULL);
    count_texts(7, "stops", counts);
    expect_terminated(router);
    ukko_ref_release(router);
}
static void broadcasts(ukko_router_kind kind) {
    size_t counts[64];
    ukko_ref *router = pool_of(kind, 6, "all");
    ukko_tell_msg(NULL, router, ukko_msg_broadcast(ukko_msg_string("hello")));
    count_texts(6, "hello", counts);
    for (int i = 0; i < 6; i++) assert_int_equal(counts[i], 1);
    probe_expect_nothing(p);
    end_router(router);
}

/* ---- round robin ---- */

/* spec: RoundRobinSpec 1 */
static void round_robin_pool_shuts_down(void **state) {
    (void)state;
    shuts_down(UKKO_ROUTER_ROUND_ROBIN);
}
/* spec: RoundRobinSpec 2 */
static void round_robin_pool_goes_in_turn(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 10, "turn");
    char name[64], expected[8];
    for (int i = 0; i < 20; i++) {
        ask_who(router, ukko_msg_string("who"), name);
        snprintf(expected, sizeof expected, "$%c", 'a' + i % 10);
        assert_string_equal(name, expected);
    }
    spread(router, 10, 10);
    end_router(router);
}
/* spec: RoundRobinSpec 3 */
static void round_robin_pool_broadcasts(void **state) {
    (void)state;
    broadcasts(UKKO_ROUTER_ROUND_ROBIN);
}
/* spec: RoundRobinSpec 4 */
static void routees_come_and_go(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 3, "manage"),
             *extra = spawn_of(&worker, NULL);
    assert_int_equal(routees_of(router), 3);
    ukko_routee added = {extra, NULL};
    ukko_tell(NULL, router, &ukko_add_routee_type, &added);
    assert_int_equal(routees_of(router), 4);
    ukko_tell(NULL, router, &ukko_remove_routee_type, &added);
    assert_int_equal(routees_of(router), 3);
    ukko_adjust_pool_size more = {2}, less = {-4};
    ukko_tell(NULL, router, &ukko_adjust_pool_size_type, &more);
    assert_int_equal(routees_of(router), 5);
    ukko_tell(NULL, router, &ukko_adjust_pool_size_type, &less);
    assert_int_equal(routees_of(router), 1);
    probe_watch(p, router);
    ukko_tell(NULL, router, &ukko_adjust_pool_size_type, &(ukko_adjust_pool_size){1});
    assert_int_equal(routees_of(router), 2);
    ukko_tell_msg(NULL, router, ukko_msg_broadcast(ukko_msg_string("die")));
    expect_terminated(router); /* none is left */
    char name[64];
    ask_who(extra, ukko_msg_string("who"), name); /* no child: it lives on */
    ukko_ref_release(router);
    ukko_ref_release(extra);
}
static void removed_children_get_a_pill(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_RANDOM, 2);
    size_t counts[64];
    ukko_ref *router = router_of(&opts, &noisy, "pill"), *child;
    count_texts(2, "starts", counts);
    assert_int_equal(ukko_find_wait(sys, "/user/pill/$b", 60000, &child), UKKO_OK);
    ukko_routee gone = {child, NULL};
    ukko_tell(NULL, router, &ukko_remove_routee_type, &gone);
    probe_expect_text(p, "$b stops");
    assert_int_equal(routees_of(router), 1);
    ukko_ref_release(child);
    stop_router(router);
    probe_expect_text(p, "$a stops");
}
static ukko_ref *group_of(ukko_router_kind kind, ukko_ref *routees[3]) {
    const char *paths[3] = {"/user/$x0", "/user/g1", "../g2"};
    ukko_router_opts opts = UKKO_GROUP(kind, paths, 3);
    paths[0] = "/user/g0";
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "g%d", i);
        routees[i] = spawn_of(&worker, name);
    }
    return router_of(&opts, NULL, "group");
}
static void end_group(ukko_ref *router, ukko_ref *routees[3]) {
    for (int i = 0; i < 3; i++) {
        probe_watch(p, routees[i]);
        ukko_ref_signal(routees[i], UKKO_SIGNAL_TERMINATE, NULL);
        expect_terminated(routees[i]);
        ukko_ref_release(routees[i]);
    }
    end_router(router);
}
/* spec: RoundRobinSpec 5 */
static void round_robin_group_goes_in_turn(void **state) {
    (void)state;
    ukko_ref *routees[3], *router = group_of(UKKO_ROUTER_ROUND_ROBIN, routees);
    for (int i = 0; i < 9; i++) {
        char name[64], expected[8];
        snprintf(expected, sizeof expected, "g%d", i % 3);
        ask_who(router, ukko_msg_string("who"), name);
        assert_string_equal(name, expected);
    }
    assert_int_equal(routees_of(router), 3);
    end_group(router, routees);
}

/* An actor that routes to children of its own: "more" makes one, the rest goes round among them; it ends
   with the last. Its routing is a group that begins with nobody. */
typedef struct hub {
    ukko_ref *routing;
} hub;
static int hub_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    hub *h = state;
    ukko_router_opts opts = UKKO_GROUP(UKKO_ROUTER_ROUND_ROBIN, NULL, 0);
    ukko_props *props;
    (void)args, (void)n;
    int rc = ukko_router_props(&props, &opts, NULL, NULL);
    if (!rc) rc = ukko_spawn(ctx, props, "routing", &h->routing);
    if (!rc) rc = ukko_watch(ctx, h->routing);
    return rc;
}
static void hub_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((hub *)state)->routing);
}
static int hub_more(ukko_ctx *ctx, hub *h) {
    ukko_routee r = {NULL, NULL};
    int rc = ukko_spawn(ctx, ukko_props_new(&worker), NULL, &r.ref);
    if (rc) return rc;
    ukko_watch(ctx, r.ref);
    ukko_tell(ctx, h->routing, &ukko_add_routee_type, &r);
    ukko_ref_release(r.ref);
    return UKKO_OK;
}
static int hub_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    hub *h = state;
    const ukko_terminated *t = ukko_msg_get(msg, &ukko_terminated_type);
    const char *text = ukko_msg_text(msg);
    if (text && !strcmp(text, "more")) return hub_more(ctx, h);
    if (!t) ukko_forward(ctx, h->routing);
    else if (ukko_ref_equal(t->ref, h->routing)) ukko_stop(ctx, ukko_self(ctx));
    else ukko_tell(ctx, h->routing, &ukko_remove_routee_type, &(ukko_routee){t->ref, NULL});
    return UKKO_OK;
}
/* spec: RoundRobinSpec 6 */
static void an_actor_routes_to_children_of_its_own(void **state) {
    static const ukko_actor kind = {.size = sizeof(ukko_actor), .state_size = sizeof(hub),
                                    .name = "hub", .receive = {NULL, hub_receive},
                                    .start = hub_start, .stop = hub_stop};
    (void)state;
    ukko_ref *top = spawn_of(&kind, "hub");
    char name[64], expected[8];
    probe_watch(p, top);
    for (int i = 0; i < 3; i++) ukko_tell_text(NULL, top, "more");
    assert_int_equal(routees_of(top), 3); /* asked behind the orders that add them */
    for (int i = 0; i < 9; i++) {
        ask_who(top, ukko_msg_string("who"), name);
        snprintf(expected, sizeof expected, "$%c", 'a' + i % 3);
        assert_string_equal(name, expected);
    }
    for (int i = 0; i < 3; i++) ukko_tell_text(NULL, top, "die");
    expect_terminated(top);
    ukko_ref_release(top);
}

/* ---- random, broadcast, smallest mailbox ---- */

/* spec: RandomSpec 7 */
static void random_pool_shuts_down(void **state) {
    (void)state;
    shuts_down(UKKO_ROUTER_RANDOM);
}
/* spec: RandomSpec 8 */
static void random_pool_reaches_all(void **state) {
    (void)state;
    size_t counts[64];
    ukko_ref *router = pool_of(UKKO_ROUTER_RANDOM, 10, "random");
    for (int i = 0; i < 1000; i++) ukko_tell_text(NULL, router, "m");
    count_texts(1000, "m", counts);
    for (int i = 0; i < 10; i++) assert_true(counts[i] > 0);
    end_router(router);
}
/* spec: RandomSpec 9 */
static void random_pool_broadcasts(void **state) {
    (void)state;
    broadcasts(UKKO_ROUTER_RANDOM);
}
/* spec: BroadcastSpec 10,11 */
static void broadcast_group(void **state) {
    (void)state;
    ukko_ref *routees[3], *router = group_of(UKKO_ROUTER_BROADCAST, routees);
    unsigned seen = 0;
    char name[64];
    ukko_tell_text(NULL, router, "m");
    for (int i = 0; i < 3; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        seen |= 1u << (ukko_msg_text(m)[1] - '0');
        ukko_msg_release(m);
    }
    assert_int_equal(seen, 7);
    ask_who(router, ukko_msg_string("who"), name); /* the first answer is taken */
    assert_int_equal(name[0], 'g');
    end_group(router, routees);
}
/* What goes to a router that has ended, and to whom: the place of its routee. */
static ukko_msg *dead_of(ukko_ref *router, ukko_msg *msg, const char *place) {
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    ukko_tell_from(router, msg, NULL);
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    ukko_unsubscribe(sys, &ukko_dead_letter_type, p->ref);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_non_null(strstr(ukko_ref_path(d->recipient), place));
    return m;
}
static void an_ended_router_keeps_the_places(void **state) {
    (void)state;
    static const ukko_router_kind kinds[] = {UKKO_ROUTER_ROUND_ROBIN, UKKO_ROUTER_BROADCAST,
                                             UKKO_ROUTER_SMALLEST_MAILBOX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        ukko_ref *router = pool_of(kinds[i], 1, "ended");
        probe_watch(p, router);
        ukko_ref_signal(router, UKKO_SIGNAL_TERMINATE, NULL);
        expect_terminated(router);
        ukko_msg_release(dead_of(router, ukko_msg_string("late"), "/user/ended/$a#"));
        ukko_msg_release(
            dead_of(router, ukko_msg_broadcast(ukko_msg_string("all")), "/user/ended/$a#"));
        ukko_msg_release(dead_of(router, ukko_msg_new(&ukko_get_routees_type), "/user/ended#"));
        ukko_ref_release(router);
    }
}
static void an_ended_group_still_leads_there(void **state) {
    (void)state;
    ukko_ref *routees[3], *router = group_of(UKKO_ROUTER_ROUND_ROBIN, routees);
    probe_watch(p, router);
    ukko_ref_signal(router, UKKO_SIGNAL_TERMINATE, NULL);
    expect_terminated(router);
    static const char *const names[] = {"g0", "g1", "g2"};
    for (int i = 0; i < 3; i++) {
        ukko_tell_from(router, ukko_msg_string("who"), p->ref);
        probe_expect_text(p, names[i]);
    }
    ukko_ref_release(router);
    for (int i = 0; i < 3; i++) {
        probe_watch(p, routees[i]);
        ukko_ref_signal(routees[i], UKKO_SIGNAL_TERMINATE, NULL);
        expect_terminated(routees[i]);
        ukko_ref_release(routees[i]);
    }
}
/* The answer that nobody waits for is a dead letter of dead letters. */
static void scatter_gather_asks_for_nobody(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_SCATTER_GATHER, 1, "nobody");
    ukko_msg_release(dead_of(router, ukko_msg_string("who"), "/deadLetters"));
    end_router(router);
}
/* Groups that name themselves: what is sent ends as dead letters, not the process. */
static void a_group_of_itself(void **state) {
    (void)state;
    static const char *const paths[2] = {"/user/loop", "/user/loop"};
    const ukko_router_kind kinds[] = {UKKO_ROUTER_ROUND_ROBIN, UKKO_ROUTER_BROADCAST};
    for (size_t i = 0; i < 2; i++) {
        ukko_router_opts opts = UKKO_GROUP(kinds[i], paths, 2);
        ukko_ref *router = router_of(&opts, NULL, "loop");
        ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
        ukko_tell_text(NULL, router, "round");
        ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
        ukko_unsubscribe(sys, &ukko_dead_letter_type, p->ref);
        const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
        assert_string_equal(ukko_msg_text(d->message), "round");
        assert_true(ukko_ref_equal(d->recipient, router));
        ukko_msg_release(m);
        ukko_tell_text(NULL, p->ref, "all seen");
        for (bool end = false; !end; ukko_msg_release(m)) {
            m = probe_take(p, 10000);
            assert_non_null(m);
            end = m && ukko_msg_text(m) && !strcmp(ukko_msg_text(m), "all seen");
        }
        end_router(router);
    }
}
/* spec: SmallestMailboxSpec 12 */
static void smallest_mailbox_prefers_the_idle(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_SMALLEST_MAILBOX, 2, "small");
    char name[64];
    ukko_ref *routees[2];
    assert_int_equal(ukko_find_wait(sys, "/user/small/$a", 60000, &routees[0]), UKKO_OK);
    assert_int_equal(ukko_find_wait(sys, "/user/small/$b", 60000, &routees[1]), UKKO_OK);
    ukko_tell_text(NULL, router, "block");
    while (sem_wait(&entered)) {}
    bool second = !strcmp(blocked, "$b"); /* the first may still have been busy being found */
    ukko_tell_text(NULL, routees[second], "queued");
    for (int i = 0; i < 10; i++) { /* the other routee has at most one message in its hands */
        ask_who(router, ukko_msg_string("who"), name);
        assert_string_equal(name, second ? "$a" : "$b");
    }
    sem_post(&gate);
    probe_expect_text(p, second ? "$b block" : "$a block");
    probe_expect_text(p, second ? "$b queued" : "$a queued");
    ukko_ref_release(routees[0]);
    ukko_ref_release(routees[1]);
    end_router(router);
}

/* ---- scatter-gather ---- */

/* spec: ScatterGatherSpec 13 */
static void scatter_gather_group_broadcasts(void **state) {
    (void)state;
    ukko_ref *routees[3], *router = group_of(UKKO_ROUTER_SCATTER_GATHER, routees);
    unsigned seen = 0;
    ukko_tell_msg(NULL, router, ukko_msg_broadcast(ukko_msg_string("m")));
    for (int i = 0; i < 3; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        seen |= 1u << (ukko_msg_text(m)[1] - '0');
        ukko_msg_release(m);
    }
    assert_int_equal(seen, 7);
    end_group(router, routees);
}
/* spec: ScatterGatherSpec 14 */
static void scatter_gather_answers_although_one_stopped(void **state) {
    (void)state;
    ukko_ref *routees[3], *router = group_of(UKKO_ROUTER_SCATTER_GATHER, routees);
    char name[64];
    probe_watch(p, routees[0]);
    ukko_ref_signal(routees[0], UKKO_SIGNAL_TERMINATE, NULL);
    expect_terminated(routees[0]);
    ask_who(router, ukko_msg_broadcast(ukko_msg_string("who")), name);
    assert_true(!strcmp(name, "g1") || !strcmp(name, "g2"));
    ask_who(router, ukko_msg_string("who"), name);
    assert_true(!strcmp(name, "g1") || !strcmp(name, "g2"));
    end_group(router, routees);
}
static void expect_failure(ukko_ref *router, const char *text, const char *class_name) {
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_string(text), 60000, &m), UKKO_EANSWER);
    const ukko_boxed *b = ukko_msg_get(m, &ukko_status_failure_type);
    assert_non_null(b);
    const ukko_throwable *t = ukko_msg_get(b->value, &ukko_throwable_type);
    assert_string_equal(t->class_name, class_name);
    ukko_msg_release(m);
}
/* spec: ScatterGatherSpec 15 */
static void scatter_gather_without_routees_fails_at_once(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_SCATTER_GATHER, 0);
    opts.within_ms = 3600000;
    ukko_ref *router = router_of(&opts, &worker, "nobody");
    expect_failure(router, "who", "java.util.concurrent.TimeoutException");
    end_router(router);
}
static void scatter_gather_times_out(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_SCATTER_GATHER, 2);
    opts.within_ms = 30;
    ukko_ref *router = router_of(&opts, &worker, "mute");
    expect_failure(router, "silent", "org.apache.pekko.pattern.AskTimeoutException");
    end_router(router);
}

/* ---- tail-chopping ---- */

/* Counts what it gets; answers only when it is not the first of the question. */
static _Atomic int asked;
static int chopped(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    int n = atomic_fetch_add(&asked, 1);
    if (!strcmp(text, "second") && n == 1) ukko_reply_text(ctx, "late but well");
    if (!strcmp(text, "first") && n == 0) ukko_reply_text(ctx, "fast");
    return UKKO_OK;
}
static const ukko_actor chop_actor = {
    .size = sizeof(ukko_actor), .name = "chop", .receive = {NULL, chopped}};
static ukko_ref *chopper(int64_t within, int64_t interval) {
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_TAIL_CHOPPING, 2);
    opts.within_ms = within;
    opts.interval_ms = interval;
    asked = 0;
    return router_of(&opts, &chop_actor, NULL);
}
static void ask_text(ukko_ref *router, const char *text, const char *expected) {
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_string(text), 60000, &m), UKKO_OK);
    assert_string_equal(ukko_msg_text(m), expected);
    ukko_msg_release(m);
}
/* spec: TailChoppingSpec 16 */
static void tail_chopping_broadcasts(void **state) {
    (void)state;
    broadcasts(UKKO_ROUTER_TAIL_CHOPPING);
}
/* spec: TailChoppingSpec 17 */
static void tail_chopping_asks_the_second(void **state) {
    (void)state;
    ukko_ref *router = chopper(10000, 20);
    ask_text(router, "second", "late but well");
    assert_int_equal(asked, 2);
    end_router(router);
}
/* spec: TailChoppingSpec 18 */
static void tail_chopping_fails_after_its_time(void **state) {
    (void)state;
    ukko_ref *router = chopper(1000, 10); /* a hundred times as long: time for the second is left */
    ukko_msg *m = NULL;
    assert_int_equal(ukko_ask_wait_msg(router, ukko_msg_string("nothing"), 60000, &m),
                     UKKO_EANSWER);
    ukko_msg_release(m);
    int64_t until = probe_now_ms() + 60000; /* it may come to the second after the time is over */
    while (asked < 2 && probe_now_ms() < until) sched_yield();
    assert_int_equal(asked, 2);
    end_router(router);
}
/* spec: TailChoppingSpec 19 */
static void tail_chopping_takes_the_fastest(void **state) {
    (void)state;
    ukko_ref *router = chopper(10000, 3600000);
    ask_text(router, "first", "fast");
    assert_int_equal(asked, 1);
    end_router(router);
}

/* ---- consistent hashing ---- */

static ukko_msg *key_of(const ukko_msg *msg, void *data) {
    const char *text = ukko_msg_text(msg), *at = text ? strchr(text, '@') : NULL;
    (void)data;
    return at ? ukko_msg_string(at + 1) : NULL;
}
/* spec: ConsistentHashingSpec 21 */
static void the_key_in_the_message_decides(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_CONSISTENT_HASHING, 5, "hash");
    char first[64], again[64];
    bool differ = false;
    for (int32_t k = 0; k < 20; k++) {
        for (int i = 0; i < 3; i++) {
            ukko_msg *key =
                k % 2 ? ukko_msg_copy(&ukko_int_type, &k) : ukko_msg_string(k % 4 ? "abc" : "xyz7");
            ask_who(router, ukko_msg_hashed(ukko_msg_string("who"), key), i ? again : first);
            if (i) assert_string_equal(first, again);
        }
        differ |= first[1] != 'a';
    }
    assert_true(differ);
    end_router(router);
}
/* spec: ConsistentHashingSpec 22 */
static void the_mapping_decides(void **state) {
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_CONSISTENT_HASHING, 5);
    size_t counts[64], total = 0;
    opts.hash_key = key_of;
    opts.virtual_nodes = 50;
    ukko_ref *router = router_of(&opts, &worker, "mapped");
    for (int i = 0; i < 50; i++) ukko_tell_text(NULL, router, i % 2 ? "x@one" : "y@one");
    count_texts(50, NULL, counts);
    for (int i = 0; i < 5; i++) total += counts[i] == 50;
    assert_int_equal(total, 1);
    ukko_tell_text(NULL, router, "no key"); /* logged, and a dead letter */
    probe_expect_nothing(p);
    end_router(router);
}

/* ---- balancing ---- */

/* spec: BalancingSpec 23,26 */
static void balancing_gives_work_to_whoever_is_free(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_BALANCING, 3, NULL);
    ukko_tell_text(NULL, router, "block");
    while (sem_wait(&entered)) {}
    for (int i = 0; i < 100; i++)
        ukko_tell_text(NULL, router, "m"); /* none waits behind the blocked one */
    char busy = 0;
    size_t counts[64];
    count_texts(100, "m", counts);
    sem_post(&gate);
    ukko_msg *m = probe_expect(p, &ukko_string_type);
    busy = ukko_msg_text(m)[1];
    assert_string_equal(ukko_msg_text(m) + 2, " block");
    ukko_msg_release(m);
    assert_int_equal(counts[busy - 'a'], 0);
    end_router(router);
}
/* spec: BalancingSpec 27 */
static void balancing_with_an_encoded_name(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_BALANCING, 2, "sp%20ace");
    char name[64];
    ask_who(router, ukko_msg_string("who"), name);
    end_router(router);
}
/* Routees end in the middle of the work; what waits in the common mailbox goes to those left. */
static void balancing_leaves_nothing_behind(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_BALANCING, 24, "rush");
    size_t counts[64];
    for (int i = 0; i < 20000; i++) ukko_tell_text(NULL, router, i % 1000 ? "m" : "die");
    count_texts(19980, "m", counts);
    end_router(router);
}

/* ---- supervision ---- */

static int boss_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_BROADCAST, 3);
    ukko_props *props;
    ukko_ref *router;
    if (ukko_router_props(&props, &opts, ukko_props_new(&noisy), NULL) ||
        ukko_spawn(ctx, props, "pool", &router))
        return UKKO_EUSER;
    ukko_ref_body body = {router};
    ukko_reply(ctx, &ukko_ref_type, &body);
    ukko_ref_release(router);
    return UKKO_OK;
}
static ukko_directive boss_decides(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state, (void)why;
    ukko_tell_text(ctx, p->ref, ukko_ref_name(why->child));
    return UKKO_RESTART;
}
static const ukko_supervision boss_strategy = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = boss_decides};
static const ukko_actor boss = {.size = sizeof(ukko_actor),
                                .name = "boss",
                                .receive = {NULL, boss_receive},
                                .supervision = &boss_strategy};
/* A routee fails: the router escalates, its parent restarts the router, and that all routees. */
static void failures_are_the_parents_matter(void **state) {
    (void)state;
    ukko_ref *b = spawn_of(&boss, "boss"), *one;
    ukko_msg *m = NULL;
    size_t counts[64];
    assert_int_equal(ukko_ask_wait_msg(b, ukko_msg_string("go"), 60000, &m), UKKO_OK);
    ukko_ref *router = ((const ukko_ref_body *)ukko_msg_get(m, &ukko_ref_type))->ref;
    count_texts(3, "starts", counts);
    assert_int_equal(ukko_find_wait(sys, "/user/boss/pool/$b", 60000, &one), UKKO_OK);
    ukko_tell_text(NULL, one, "fail");
    probe_expect_text(p, "pool");
    size_t starts = 0, stops = 0;
    for (int i = 0; i < 6; i++) {
        ukko_msg *t = probe_expect(p, &ukko_string_type);
        starts += strstr(ukko_msg_text(t), " starts") != NULL;
        stops += strstr(ukko_msg_text(t), " stops") != NULL;
        ukko_msg_release(t);
    }
    assert_int_equal(starts, 3);
    assert_int_equal(stops, 3);
    assert_int_equal(routees_of(router), 3);
    ukko_tell_text(NULL, router, "m");
    count_texts(3, "m", counts);
    ukko_ref_release(one);
    ukko_msg_release(m);
    stop_router(b);
    count_texts(3, "stops", counts);
}
static ukko_directive resume_all(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)state;
    ukko_tell_text(ctx, p->ref, why->message);
    return UKKO_RESUME;
}
static void a_strategy_of_its_own(void **state) {
    static const ukko_supervision s = {
        .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = resume_all};
    (void)state;
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 1);
    opts.supervision = &s;
    ukko_ref *router = router_of(&opts, &worker, "own");
    char name[64];
    ukko_tell_text(NULL, router, "fail");
    probe_expect_text(p, "told to");
    ask_who(router, ukko_msg_string("who"), name);
    end_router(router);
}

/* ---- many senders while the table changes ---- */

enum { SENDERS = 3, EACH = 4000 };
static void *send_many(void *router) {
    for (int i = 0; i < EACH; i++) ukko_tell_text(NULL, router, "m");
    return NULL;
}
static void sending_while_routees_change(void **state) {
    (void)state;
    ukko_ref *router = pool_of(UKKO_ROUTER_ROUND_ROBIN, 4, "change"),
             *extra = spawn_of(&worker, "extra");
    pthread_t t[SENDERS];
    ukko_routee r = {extra, NULL};
    for (int i = 0; i < SENDERS; i++) pthread_create(&t[i], NULL, send_many, router);
    for (int i = 0; i < 200; i++) {
        ukko_tell(NULL, router, i % 2 ? &ukko_remove_routee_type : &ukko_add_routee_type, &r);
        assert_int_equal(routees_of(router), i % 2 ? 4 : 5);
    }
    for (int i = 0; i < SENDERS; i++) pthread_join(t[i], NULL);
    for (int i = 0; i < SENDERS * EACH; i++) ukko_msg_release(probe_expect(p, &ukko_string_type));
    probe_expect_nothing(p);
    ukko_ref_release(extra);
    end_router(router);
}
static void wrong_options_are_told(void **state) {
    (void)state;
    ukko_props *props;
    ukko_error err = {0};
    ukko_router_opts pool = UKKO_POOL(UKKO_ROUTER_RANDOM, 1),
                     group = UKKO_GROUP(UKKO_ROUTER_BALANCING, NULL, 0);
    assert_int_equal(ukko_router_props(&props, &pool, NULL, &err), UKKO_EINVAL);
    assert_non_null(strstr(err.message, "routee"));
    assert_int_equal(ukko_router_props(&props, &group, NULL, &err), UKKO_EINVAL);
    assert_non_null(strstr(err.message, "kind"));
    const char *nodes[] = {"nonsense"};
    pool.nodes = nodes;
    pool.n_nodes = 1;
    assert_int_equal(ukko_router_props(&props, &pool, ukko_props_new(&worker), &err), UKKO_EINVAL);
    assert_non_null(strstr(err.message, "nodes"));
    assert_null(props);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_robin_pool_shuts_down),
        cmocka_unit_test(round_robin_pool_goes_in_turn),
        cmocka_unit_test(round_robin_pool_broadcasts),
        cmocka_unit_test(routees_come_and_go),
        cmocka_unit_test(removed_children_get_a_pill),
        cmocka_unit_test(round_robin_group_goes_in_turn),
        cmocka_unit_test(an_actor_routes_to_children_of_its_own),
        cmocka_unit_test(random_pool_shuts_down),
        cmocka_unit_test(random_pool_reaches_all),
        cmocka_unit_test(random_pool_broadcasts),
        cmocka_unit_test(broadcast_group),
        cmocka_unit_test(an_ended_router_keeps_the_places),
        cmocka_unit_test(an_ended_group_still_leads_there),
        cmocka_unit_test(scatter_gather_asks_for_nobody),
        cmocka_unit_test(a_group_of_itself),
        cmocka_unit_test(smallest_mailbox_prefers_the_idle),
        cmocka_unit_test(scatter_gather_group_broadcasts),
        cmocka_unit_test(scatter_gather_answers_although_one_stopped),
        cmocka_unit_test(scatter_gather_without_routees_fails_at_once),
        cmocka_unit_test(scatter_gather_times_out),
        cmocka_unit_test(tail_chopping_broadcasts),
        cmocka_unit_test(tail_chopping_asks_the_second),
        cmocka_unit_test(tail_chopping_fails_after_its_time),
        cmocka_unit_test(tail_chopping_takes_the_fastest),
        cmocka_unit_test(the_key_in_the_message_decides),
        cmocka_unit_test(the_mapping_decides),
        cmocka_unit_test(balancing_gives_work_to_whoever_is_free),
        cmocka_unit_test(balancing_with_an_encoded_name),
        cmocka_unit_test(balancing_leaves_nothing_behind),
        cmocka_unit_test(failures_are_the_parents_matter),
        cmocka_unit_test(a_strategy_of_its_own),
        cmocka_unit_test(sending_while_routees_change),
        cmocka_unit_test(wrong_options_are_told),
    };
    return cmocka_run_group_tests_name("router", tests, rig_setup, rig_teardown);
}
