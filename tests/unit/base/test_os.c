/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for some time does not go by the wall clock. Here that is an hour fast, as one that is set
   back is for who has already read it: who went by it would wait for an hour. Test thread. */
#include "base/os.h"
#include "support/probe.h"
#include <sys/syscall.h>
#include <unistd.h>

/* Visible, so that the library takes it. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *t) {
    int rc = (int)syscall(SYS_clock_gettime, id, t);
    if (id == CLOCK_REALTIME) t->tv_sec += 3600;
    return rc;
}
enum { SHORT_MS = 20 };

static void a_condition_is_waited_for(void **state) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    (void)state;
    uk_cond_init(&cond);
    pthread_mutex_lock(&lock);
    int64_t until = uk_ns_after(SHORT_MS);
    while (uk_cond_wait_until(&cond, &lock, until)) {}
    assert_true(uk_now_ns() >= until);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
}
#ifndef __SANITIZE_THREAD__ /* which knows only the wait that goes by the wall clock */
static void a_semaphore_is_waited_for(void **state) {
    (void)state;
    sem_t s;
    sem_init(&s, 0, 1);
    int64_t until = uk_ns_after(SHORT_MS);
    assert_true(uk_sem_wait_until(&s, until));
    assert_false(uk_sem_wait_until(&s, until));
    assert_true(uk_now_ns() >= until);
    sem_destroy(&s);
}
#endif
static void a_system_is_waited_for(void **state) {
    (void)state;
    ukko_system *sys = test_system("S", NULL, NULL, NULL);
    assert_int_equal(ukko_system_wait(sys, SHORT_MS), UKKO_ETIMEOUT);
    assert_int_equal(ukko_shutdown_wait(sys, SHORT_MS, NULL), UKKO_ETIMEOUT);
    ukko_system_terminate(sys);
    assert_int_equal(ukko_system_wait(sys, INT64_MAX), UKKO_OK);
    assert_int_equal(ukko_shutdown_wait(sys, -1, NULL), UKKO_OK);
    ukko_system_free(sys);
}
static void times_after_now(void **state) {
    (void)state;
    int64_t now = uk_now_ns();
    assert_true(uk_ns_after(-5) >= now && uk_ns_after(0) < now + 60 * INT64_C(1000000000));
    assert_true(uk_ns_after(1000) >= now + 1000000000);
    assert_true(uk_ns_after(INT64_MAX) == INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_is_waited_for),
#ifndef __SANITIZE_THREAD__
        cmocka_unit_test(a_semaphore_is_waited_for),
#endif
        cmocka_unit_test(a_system_is_waited_for),
        cmocka_unit_test(times_after_now),
    };
    return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
