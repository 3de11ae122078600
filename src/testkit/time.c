/* SPDX-License-Identifier: Apache-2.0 */
/* Time and waiting in tests: real in a system with threads, virtual in one that is stepped. The
   test's thread. */
#include "testkit/kit.h"
#include <poll.h>
#include <time.h>

enum { DEFAULT_MS = 3000, LOOK_MS = 2 };

uk_kit_mode uk_kit_mode_of(ukko_system *sys) {
    if (ukko_system_fd(sys) >= 0) return UK_KIT_LOOP;
    return ukko_system_advance(sys, -1) == UKKO_ESTATE ? UK_KIT_THREADS : UK_KIT_VIRTUAL;
}
static int64_t now_of(ukko_system *sys) { return ukko_system_now_ms(sys); }
int64_t uk_kit_now(const uk_kit_wait *w) { return now_of(w->sys); }

void uk_kit_init(uk_kit_wait *w, ukko_system *sys) {
    pthread_condattr_t attr;
    w->sys = sys;
    w->mode = uk_kit_mode_of(sys);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attr);
    pthread_condattr_destroy(&attr);
}
void uk_kit_fini(uk_kit_wait *w) {
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
}
bool uk_kit_go_on(ukko_system *sys, uk_kit_mode mode, int64_t until) {
    if (ukko_system_step(sys, 1)) return true;
    int64_t next = ukko_system_next_ms(sys), left = until - now_of(sys);
    if (mode == UK_KIT_LOOP) {
        struct pollfd p = {.fd = ukko_system_fd(sys), .events = POLLIN};
        if (left <= 0) return false;
        poll(&p, 1, (int)(next >= 0 && next < left ? next : left));
        return true;
    }
    if (next >= 0 && next <= left) {
        ukko_system_advance(sys, next);
        return true;
    }
    if (left > 0) ukko_system_advance(sys, left);
    return false;
}
static bool check(uk_kit_wait *w, bool (*done)(void *), void *data) {
    pthread_mutex_lock(&w->lock);
    bool yes = done(data);
    pthread_mutex_unlock(&w->lock);
    return yes;
}
static bool until_threads(uk_kit_wait *w, bool (*done)(void *), void *data, int64_t end) {
    struct timespec t = {end / 1000, end % 1000 * 1000000};
    int rc = 0;
    pthread_mutex_lock(&w->lock);
    bool yes = done(data);
    while (!yes && !rc) {
        rc = pthread_cond_timedwait(&w->changed, &w->lock, &t);
        yes = done(data);
    }
    pthread_mutex_unlock(&w->lock);
    return yes;
}
bool uk_kit_until(uk_kit_wait *w, bool (*done)(void *), void *data, int64_t timeout_ms) {
    int64_t end = uk_kit_now(w) + timeout_ms;
    if (w->mode == UK_KIT_THREADS) return until_threads(w, done, data, end);
    while (!check(w, done, data))
        if (!uk_kit_go_on(w->sys, w->mode, end)) return check(w, done, data);
    return true;
}

/* ---- the interface ---- */

void ukko_test_settle(ukko_system *sys) {
    if (uk_kit_mode_of(sys) == UK_KIT_THREADS) return;
    while (ukko_system_step(sys, SIZE_MAX)) {}
}
static void sleep_ms(int64_t ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}
void ukko_test_advance(ukko_system *sys, int64_t ms) {
    uk_kit_mode mode = uk_kit_mode_of(sys);
    int64_t end = now_of(sys) + ms;
    if (mode == UK_KIT_VIRTUAL) ukko_system_advance(sys, ms);
    else if (mode == UK_KIT_THREADS) sleep_ms(ms);
    else while (uk_kit_go_on(sys, mode, end)) {}
}
int ukko_test_await(ukko_system *sys, bool (*fn)(void *), void *data, int64_t timeout_ms) {
    uk_kit_mode mode = uk_kit_mode_of(sys);
    int64_t end = now_of(sys) + (timeout_ms < 0 ? DEFAULT_MS : timeout_ms);
    for (;;) {
        if (fn(data)) return UKKO_OK;
        if (mode == UK_KIT_THREADS) {
            if (now_of(sys) >= end) return UKKO_ETIMEOUT;
            sleep_ms(LOOK_MS);
        } else if (!uk_kit_go_on(sys, mode, end)) {
            return fn(data) ? UKKO_OK : UKKO_ETIMEOUT;
        }
    }
}
int ukko_test_stop(ukko_system *sys, ukko_ref *ref, int64_t timeout_ms) {
    ukko_probe *p;
    int rc = ukko_probe_new(&p, sys, NULL);
    if (rc) return rc;
    ukko_probe_watch(p, ref);
    ukko_ref_signal(ref, UKKO_SIGNAL_TERMINATE, NULL);
    rc = ukko_probe_expect_terminated(p, ref, timeout_ms);
    ukko_probe_free(p);
    return rc;
}
