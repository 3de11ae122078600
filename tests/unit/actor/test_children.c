/* SPDX-License-Identifier: Apache-2.0 */
/* The table of children: against a plain model, and with threads that look while children come and go.
   Test thread, two workers, and two threads that look. */
#include "actor/cell.h"
#include "actor/provider.h"
#include "support/probe.h"

static ukko_system *sys;
static probe *p;

static int setup(void **state) {
    (void)state;
    sys = test_system("children", NULL, NULL, NULL);
    p = probe_new(sys, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    return 0;
}
static int nothing(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    return UKKO_OK;
}
static const ukko_actor quiet = {
    .size = sizeof(ukko_actor), .name = "quiet", .receive = {NULL, nothing}};

/* ---- against a model ---- */

enum { NAMES = 200, STEPS = 20000 };

/* Names without actors: the table takes any reference. No other thread knows of this cell. */
static void it_holds_what_was_put_in_and_not_taken_out(void **state) {
    (void)state;
    ukko_ref *refs[NAMES], *r;
    bool in[NAMES] = {false};
    uint32_t random = 12345, live = 0;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&quiet), "table", &r), UKKO_OK);
    uk_cell *c = uk_cell_of(r);
    for (int i = 0; i < NAMES; i++) {
        char path[32];
        snprintf(path, sizeof path, "/none/n%d", i);
        refs[i] = uk_system_nobody(sys, ukko_str(path));
    }
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        int i = (int)(random >> 8) % NAMES;
        ukko_slice name = ukko_str(ukko_ref_name(refs[i]));
        if (random >> 31) {
            assert_int_equal(uk_kids_add(c, name, false, refs[i]), in[i] ? UKKO_EEXISTS : UKKO_OK);
            if (!in[i]) uk_ref_retain(refs[i]);
            live += !in[i];
            in[i] = true;
        } else {
            assert_int_equal(uk_kids_remove(c, refs[i]), in[i]);
            live -= in[i];
            in[i] = false;
        }
        assert_int_equal(uk_kids_count(c), live);
        int k = (int)(random >> 4) % NAMES;
        ukko_ref *got = uk_kids_mine(c, ukko_str(ukko_ref_name(refs[k])));
        assert_ptr_equal(got, in[k] ? refs[k] : NULL);
        assert_int_equal(uk_kids_has(c, refs[k]), in[k]);
        uk_ref_release(got);
    }
    for (int i = 0; i < NAMES; i++) {
        uk_kids_remove(c, refs[i]);
        uk_ref_release(refs[i]);
    }
    assert_int_equal(uk_kids_count(c), 0);
    ukko_ref_release(r);
}

/* ---- while children come and go ---- */

enum { ROUNDS = 10000, KIDS = 24 };
static _Atomic bool over; /* relaxed: nothing but itself is told by it */

static int brood_round(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int *round = state;
    (void)msg;
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%d", (*round * 7 + i) % KIDS);
        ukko_ref *old = ukko_child(ctx, name), *made = NULL;
        if (old) ukko_stop(ctx, old);
        else assert_int_equal(ukko_spawn(ctx, ukko_props_new(&quiet), name, &made), UKKO_OK);
        if (made) assert_ptr_equal(ukko_child(ctx, name), made);
        ukko_ref_release(made);
    }
    ukko_ref *passing;
    assert_int_equal(ukko_spawn(ctx, ukko_props_new(&quiet), NULL, &passing), UKKO_OK);
    ukko_stop(ctx, passing);
    ukko_ref_release(passing);
    if (++*round < ROUNDS) ukko_tell_text(ctx, ukko_self(ctx), "round");
    else ukko_tell_text(ctx, p->ref, "over");
    return UKKO_OK;
}
static int brood_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    return ukko_spawn(ctx, ukko_props_new(&quiet), "stays", NULL);
}
static const ukko_actor brood = {.size = sizeof(ukko_actor),
                                 .state_size = sizeof(int),
                                 .name = "brood",
                                 .receive = {NULL, brood_round},
                                 .start = brood_start};

static size_t wrong; /* of the threads that look; written before they end */
static void *look(void *arg) {
    uk_cell *c = arg;
    size_t bad = 0;
    for (unsigned i = 0; !atomic_load_explicit(&over, memory_order_relaxed); i++) {
        char name[16];
        snprintf(name, sizeof name, "k%u", i % KIDS);
        ukko_ref *r = uk_kids_look(c, ukko_str(name)), *stays = uk_kids_look(c, ukko_str("stays"));
        if (r && strcmp(ukko_ref_name(r), name)) bad++;
        if (!stays || strcmp(ukko_ref_name(stays), "stays")) bad++;
        uk_ref_release(r);
        uk_ref_release(stays);
        size_t n, found = 0;
        if (i % 16) continue; /* so that the owner has the table for himself at times */
        ukko_ref **all = uk_kids_list(c, &n);
        for (size_t k = 0; k < n; k++) found += !strcmp(ukko_ref_name(all[k]), "stays");
        if (found != 1) bad++;
        uk_refs_free(all, n);
        for (unsigned k = 0; k < 2000 && !atomic_load_explicit(&over, memory_order_relaxed); k++) sched_yield();
    }
    __atomic_fetch_add(&wrong, bad, __ATOMIC_RELAXED);
    return NULL;
}
static void others_look_while_children_come_and_go(void **state) {
    pthread_t threads[2];
    ukko_ref *r;
    (void)state;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&brood), "brood", &r), UKKO_OK);
    /* it has started when it answers */
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait(r, &ukko_identify_type, &(ukko_identify){NULL}, 60000, &answer), UKKO_OK);
    ukko_msg_release(answer);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, look, uk_cell_of(r));
    ukko_tell_text(NULL, r, "round");
    probe_expect_text(p, "over");
    atomic_store_explicit(&over, true, memory_order_relaxed);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    probe_watch(p, r);
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    assert_int_equal(uk_kids_count(uk_cell_of(r)), 0);
    ukko_ref_release(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_holds_what_was_put_in_and_not_taken_out, setup, teardown),
        cmocka_unit_test_setup_teardown(others_look_while_children_come_and_go, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
