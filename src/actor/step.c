/* SPDX-License-Identifier: Apache-2.0 */
/* Systems without threads of their own: the program steps them. With threads 0 the clock is virtual
   and the order of turns is drawn from a seed, so that a run can be repeated; with
   UKKO_THREADS_LOOP the clock is real, and a file descriptor and a deadline say when to step. All but
   uk_step_wake() runs on the thread that steps. */
#include "actor/system.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- waking a program's loop ---- */

int uk_step_open(ukko_system *sys) {
    uk_stepping *s = &sys->step;
    s->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN};
    if (s->event >= 0 && s->poll >= 0 && !epoll_ctl(s->poll, EPOLL_CTL_ADD, s->event, &e))
        return UKKO_OK;
    uk_step_close(sys);
    return UKKO_EIO;
}
int uk_step_add(ukko_system *sys, int fd) {
    struct epoll_event e = {.events = EPOLLIN};
    return epoll_ctl(sys->step.poll, EPOLL_CTL_ADD, fd, &e) ? UKKO_EIO : UKKO_OK;
}
void uk_step_close(ukko_system *sys) {
    if (sys->step.event >= 0) close(sys->step.event);
    if (sys->step.poll >= 0) close(sys->step.poll);
    sys->step.event = sys->step.poll = -1;
}
void uk_step_wake(ukko_system *sys) {
    uk_stepping *s = &sys->step;
    /* seq_cst: what was queued before is seen by the step that lowers the flag */
    if (s->event < 0 || atomic_exchange_explicit(&s->woken, true, memory_order_seq_cst)) return;
    while (write(s->event, &(uint64_t){1}, sizeof(uint64_t)) < 0 && errno == EINTR) {}
}
static void calm(ukko_system *sys) {
    uint64_t n;
    uk_stepping *s = &sys->step;
    if (!atomic_load_explicit(&s->woken, memory_order_relaxed)) return;
    while (read(s->event, &n, sizeof n) < 0 && errno == EINTR) {}
    atomic_store_explicit(&s->woken, false, memory_order_seq_cst);
}
static void wait_for_work(ukko_system *sys, int64_t ms) {
    struct pollfd p = {.fd = sys->step.poll, .events = POLLIN};
    int64_t next = ukko_system_next_ms(sys);
    if (next >= 0 && next < ms) ms = next;
    poll(&p, 1, (int)ms);
}

/* ---- the interface ---- */

static bool looped(const ukko_system *sys) { return sys->step.event >= 0; }
bool uk_system_is_looped(const ukko_system *sys) { return looped(sys); }
int uk_system_loop_fd(ukko_system *sys, int fd) { return uk_step_add(sys, fd); }

size_t ukko_system_step(ukko_system *sys, size_t max) {
    if (sys->threads) return 0;
    if (!looped(sys)) return uk_dispatcher_step(sys->dispatcher, max);
    calm(sys);
    if (sys->has_provider && sys->provider.poll) sys->provider.poll(sys->provider.self);
    uk_timers_fire_due(sys->timers);
    return uk_dispatcher_step(sys->dispatcher, max);
}
int64_t ukko_system_now_ms(ukko_system *sys) { return uk_timers_now(sys->timers); }

int64_t ukko_system_next_ms(ukko_system *sys) {
    if (sys->threads) return -1;
    if (uk_dispatcher_queued(sys->dispatcher)) return 0;
    int64_t next = uk_timers_next(sys->timers), io = -1;
    if (looped(sys) && sys->has_provider && sys->provider.next_ms)
        io = sys->provider.next_ms(sys->provider.self);
    if (next < 0 || (io >= 0 && io < next)) next = io;
    return next;
}
int ukko_system_fd(ukko_system *sys) { return sys->step.poll; }

uint64_t ukko_system_order(ukko_system *sys) { return uk_dispatcher_order(sys->dispatcher); }

static void run_all(ukko_system *sys) {
    while (uk_dispatcher_step(sys->dispatcher, SIZE_MAX)) {}
}
int ukko_system_advance(ukko_system *sys, int64_t ms) {
    if (sys->threads || looped(sys)) return UKKO_ESTATE;
    if (ms < 0) return UKKO_EINVAL;
    int64_t end = uk_timers_now(sys->timers) + ms;
    run_all(sys);
    for (;;) {
        int64_t next = uk_timers_next(sys->timers), now = uk_timers_now(sys->timers);
        if (next < 0 || next > end - now) break;
        uk_timers_advance(sys->timers, next);
        run_all(sys);
    }
    uk_timers_advance(sys->timers, end - uk_timers_now(sys->timers));
    return UKKO_OK;
}
/* The system has been told to end: steps until it has. */
void uk_step_to_end(ukko_system *sys) {
    enum { LOOK_MS = 100 };
    run_all(sys);
    while (!looped(sys) && uk_coordinate_runs(sys->coordinate)) { /* tasks that take their time */
        int64_t next = uk_timers_next(sys->timers);
        if (next < 0) break;
        uk_timers_advance(sys->timers, next);
        run_all(sys);
    }
    while (looped(sys) && !uk_system_ended(sys)) {
        wait_for_work(sys, LOOK_MS);
        ukko_system_step(sys, SIZE_MAX);
    }
}
