/* SPDX-License-Identifier: Apache-2.0 */
/* How a loop shares its rounds: of those that have much to read each gets its turn, and the hook after a
   round, posted tasks, timers and the end do not wait until they are done. The test thread posts and waits. */
#include "net/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

enum { READERS = 3, TURNS = 100, MUCH = 1 << 30 };

typedef struct reader {
    uk_task turn;
    int id, turns; /* so many to come; negative: without end */
} reader;

static uk_loop *loop;
static reader readers[READERS];
static int order[READERS * TURNS], n_order; /* [loop] */
static int rounds_at[READERS * TURNS], rounds; /* [loop] */
static sem_t done;

static void wait_for(sem_t *s) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += 20;
    assert_int_equal(sem_timedwait(s, &t), 0);
}

/* It brings as much as a round may, each time. */
static void take_turn(uk_task *t) {
    reader *r = (reader *)(void *)t;
    if (n_order < READERS * TURNS) {
        rounds_at[n_order] = rounds;
        order[n_order++] = r->id;
    }
    assert_true(uk_loop_brought(loop, MUCH));
    if (r->turns < 0 || --r->turns) uk_loop_later(loop, t);
    else sem_post(&done);
}
static int n_turns;
static void begin_reading(uk_task *t) {
    (void)t;
    for (int i = 0; i < READERS; i++) {
        readers[i] = (reader){{NULL, take_turn}, i, n_turns};
        uk_loop_later(loop, &readers[i].turn);
    }
}
static void end_reading(uk_task *t) {
    (void)t;
    for (int i = 0; i < READERS; i++) readers[i].turns = 1;
    sem_post(&done);
}
static uk_task start = {NULL, begin_reading}, stop = {NULL, end_reading};
static void after(void *data, size_t bytes) {
    (void)data, (void)bytes;
    rounds++;
}

static int begin(void **state) {
    (void)state;
    n_order = rounds = 0;
    sem_init(&done, 0, 0);
    assert_int_equal(uk_loop_new(&loop, "test-io", NULL), 0);
    uk_loop_after(loop, after, NULL);
    return 0;
}
static int finish(void **state) {
    (void)state;
    uk_loop_free(loop);
    sem_destroy(&done);
    return 0;
}
static void read_on(int turns) {
    n_turns = turns;
    assert_int_equal(uk_loop_start(loop, NULL), 0);
    uk_loop_post(loop, &start);
}

static void each_gets_its_turn_in_a_round_of_its_own(void **state) {
    (void)state;
    read_on(TURNS);
    for (int i = 0; i < READERS; i++) wait_for(&done);
    uk_loop_stop(loop);
    assert_int_equal(n_order, READERS * TURNS);
    for (int i = 0; i < n_order; i++) assert_int_equal(order[i], i % READERS);
    for (int i = 1; i < n_order; i++) assert_true(rounds_at[i] > rounds_at[i - 1]);
}

static void fire(uk_alarm *a) {
    (void)a;
    sem_post(&done);
}
static uk_alarm alarm_ = {.fire = fire};
static void set_alarm(uk_task *t) {
    (void)t;
    uk_alarm_start(loop, &alarm_, 1);
}
static uk_task arm = {NULL, set_alarm};
static void tasks_and_timers_do_not_wait_for_readers(void **state) {
    (void)state;
    read_on(-1);
    uk_loop_post(loop, &arm);
    wait_for(&done); /* the alarm */
    uk_loop_post(loop, &stop);
    for (int i = 0; i < READERS + 1; i++) wait_for(&done);
}

static void a_loop_ends_while_some_read(void **state) {
    (void)state;
    read_on(-1);
    uk_loop_post(loop, &arm);
    wait_for(&done);
    uk_loop_stop(loop);
    for (int i = 0; i < READERS; i++) readers[i].turns = 1;
    uk_loop_free(loop); /* gives each its last turn */
    loop = NULL;
    for (int i = 0; i < READERS; i++) wait_for(&done);
}

static void a_stepped_loop_is_due_while_some_read(void **state) {
    (void)state;
    n_turns = TURNS;
    uk_loop_start_stepped(loop);
    uk_loop_post(loop, &start);
    uk_loop_poll(loop);
    while (n_order < READERS * TURNS) {
        assert_int_equal(uk_loop_next_ms(loop), 0);
        int before = n_order;
        uk_loop_poll(loop);
        assert_true(n_order > before && n_order <= before + 2); /* it does not stay inside */
    }
    assert_true(uk_loop_next_ms(loop) != 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_gets_its_turn_in_a_round_of_its_own),
        TEST(tasks_and_timers_do_not_wait_for_readers),
        TEST(a_loop_ends_while_some_read),
        TEST(a_stepped_loop_is_due_while_some_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
