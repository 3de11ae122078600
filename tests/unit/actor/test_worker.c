/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker and those that take from it owe each other when one of them stands still in the middle
   of it: a worker that belongs to no dispatcher, with the test's threads in both parts. */
#include "actor/crew.h"
#include "base/os.h"
#include "support/probe.h"
#include <sched.h>

static uk_worker *worker_new(void) {
    void *w = NULL;
    assert_int_equal(posix_memalign(&w, _Alignof(uk_worker), sizeof(uk_worker)), 0);
    memset(w, 0, sizeof(uk_worker));
    return w;
}

/* ---- the lock ---- */

enum { ENTRIES = 20000 };
typedef struct shared {
    uk_asym lock;
    int64_t n, claims; /* guarded by it */
    _Atomic bool over; /* relaxed: a switch */
} shared;
static void *claim_on(void *arg) {
    shared *s = arg;
    /* who only claims, and again at once, leaves hardly a moment to the owner on a busy machine */
    for (; !atomic_load_explicit(&s->over, memory_order_relaxed); sched_yield()) {
        if (!uk_asym_claim(&s->lock)) continue;
        s->n++;
        s->claims++;
        uk_asym_unclaim(&s->lock);
    }
    return NULL;
}
/* Nobody is in it with another: no count gets lost. */
static void one_at_a_time(void **state) {
    shared s = {.n = 0};
    pthread_t t[2];
    (void)state;
    for (int i = 0; i < 2; i++) pthread_create(&t[i], NULL, claim_on, &s);
    for (int64_t i = 0; i < ENTRIES; i++) {
        if (i % 3) uk_asym_enter(&s.lock);
        else while (!uk_asym_try(&s.lock)) sched_yield();
        s.n++;
        uk_asym_leave(&s.lock);
    }
    atomic_store_explicit(&s.over, true, memory_order_relaxed);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    assert_int_equal(s.n, ENTRIES + s.claims);
}

/* ---- the end of a turn ---- */

static void *unclaim(void *arg) {
    uk_worker *w = arg;
    while (atomic_load_explicit(&w->turn, memory_order_relaxed)) sched_yield();
    uk_asym_unclaim(&w->own);
    return NULL;
}
/* A claim is waited for; then the next one is possible, for the worker may do something else for long. */
static void a_turn_ends_during_a_claim(void **state) {
    uk_worker *w = worker_new();
    uk_cell cell;
    pthread_t t;
    (void)state;
    atomic_store_explicit(&w->turn, &cell, memory_order_relaxed);
    assert_true(uk_asym_claim(&w->own));
    pthread_create(&t, NULL, unclaim, w);
    uk_turn_over(w);
    pthread_join(t, NULL);
    assert_null(atomic_load_explicit(&w->turn, memory_order_relaxed));
    assert_true(uk_asym_claim(&w->own));
    uk_asym_unclaim(&w->own);
    free(w);
}

/* ---- what a handler keeps back ---- */

static uk_worker *sender;
static int taken;
static int look(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    assert_true(uk_outbox_any(sender)); /* it still has to wait for us before it sends anything else */
    assert_true(uk_asym_is_claimed(&sender->own));
    taken++;
    return UKKO_OK;
}
static const ukko_actor look_actor = {
    .size = sizeof(ukko_actor), .name = "look", .receive = {NULL, look}};
/* The target runs on the thread that pushes, in the middle of it. */
static void pushed_late_is_pushed_before_the_owner_goes_on(void **state) {
    ukko_ref *to;
    (void)state;
    ukko_system *sys = test_system(
        "W", "calling.type = org.apache.pekko.testkit.CallingThreadDispatcherConfigurator", NULL, NULL);
    ukko_props *props = ukko_props_new(&look_actor);
    assert_int_equal(ukko_props_dispatcher(props, "calling"), UKKO_OK);
    assert_int_equal(ukko_system_spawn(sys, props, "look", &to), UKKO_OK);
    sender = worker_new();
    taken = 0;
    uk_push_late(sender); /* nothing is kept back */
    assert_int_equal(taken, 0);
    uk_envelope *one = uk_envelope_new(ukko_msg_string("one"), NULL),
                *two = uk_envelope_new(ukko_msg_string("two"), NULL);
    one->next = two;
    two->next = NULL;
    sender->out.to = uk_cell_of(uk_ref_retain(to));
    sender->out.first = one;
    sender->out.last = two;
    atomic_store_explicit(&sender->out.n, 2, memory_order_relaxed);
    uk_push_late(sender);
    assert_int_equal(taken, 2);
    assert_false(uk_outbox_any(sender));
    assert_false(uk_asym_is_claimed(&sender->own));
    ukko_ref_release(to); /* the last count: a leak is seen otherwise */
    ukko_system_free(sys);
    free(sender);
}

static int no_threads_yet(void **state) {
    (void)state;
    uk_fences = !uk_barrier_all_ready();
    return 0;
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(a_turn_ends_during_a_claim),
        cmocka_unit_test(pushed_late_is_pushed_before_the_owner_goes_on),
    };
    return cmocka_run_group_tests_name("worker", tests, no_threads_yet, NULL);
}
