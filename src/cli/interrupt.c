/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM: a command that waits ends its wait, prints what it has, and exits with 130. Both
   signals are blocked in all threads, and let in only where something is waited for, so that none
   comes between a look and a wait. The second one ends a command that is slow to end. Main thread;
   interrupt_came() any. */
#include "cli.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Stays true. Relaxed: nothing else is read because of it. Pairs with the loads in this file. */
static atomic_bool came;
static pthread_t main_thread; /* set before there are others */

static void on_signal(int sig) {
    (void)sig;
    atomic_store_explicit(&came, true, memory_order_relaxed);
}

static void on_signal_end(int sig) {
    (void)sig;
    _exit(CLI_INTERRUPTED);
}

void interrupt_set(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

/* What a parent has set to be ignored stays so. */
static void handle(int sig, void (*fn)(int)) {
    struct sigaction old, now = {.sa_handler = fn};
    sigemptyset(&now.sa_mask);
    if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(sig, &now, NULL);
}

void interrupt_prepare(void) {
    sigset_t set;
    interrupt_set(&set);
    main_thread = pthread_self();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    handle(SIGINT, on_signal);
    handle(SIGTERM, on_signal);
}

void interrupt_ends(void) {
    sigset_t set;
    interrupt_set(&set);
    handle(SIGINT, on_signal_end);
    handle(SIGTERM, on_signal_end);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* A wait of the main thread may have begun before: a signal of its own ends that. */
void interrupt_note(void) {
    atomic_store_explicit(&came, true, memory_order_relaxed);
    if (!pthread_equal(pthread_self(), main_thread)) pthread_kill(main_thread, SIGTERM);
}

bool interrupt_came(void) {
    sigset_t set;
    interrupt_set(&set);
    if (!atomic_load_explicit(&came, memory_order_relaxed) &&
        sigtimedwait(&set, NULL, &(struct timespec){0, 0}) > 0)
        interrupt_note();
    return atomic_load_explicit(&came, memory_order_relaxed);
}

int interrupt_poll(struct pollfd *fds, int n, int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    sigset_t mask;
    if (interrupt_came()) {
        errno = EINTR;
        return -1;
    }
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    sigdelset(&mask, SIGTERM);
    return ppoll(fds, (nfds_t)n, ms < 0 ? NULL : &t, &mask);
}

bool interrupt_pause(int64_t ms) {
    int64_t deadline = session_deadline(ms), left = ms;
    while (!interrupt_came() && left > 0) {
        interrupt_poll(NULL, 0, left > 1000000 ? 1000000 : (int)left);
        left = (deadline - clock_ns() + 999999) / 1000000;
    }
    return !interrupt_came();
}

/* ---- Input that an interrupt ends ---------------------------------------------------- */

enum { GROWS_MS = 100 };

static ssize_t read_input(void *cookie, char *to, size_t len) {
    FILE *from = cookie;
    struct pollfd in = {fileno(from), POLLIN, 0};
    if (interrupt_poll(&in, 1, -1) < 0) return interrupt_came() ? 0 : -1;
    return read(fileno(from), to, len);
}

/* What is at its end now may go on. */
static ssize_t read_growing(void *cookie, char *to, size_t len) {
    ssize_t n;
    while ((n = read(fileno((FILE *)cookie), to, len)) == 0 && interrupt_pause(GROWS_MS)) {}
    return n;
}

static int close_input(void *cookie) { return fclose(cookie); }

FILE *interrupt_input(FILE *from) {
    cookie_io_functions_t fns = {.read = read_input, .close = close_input};
    FILE *in = fopencookie(from, "r", fns);
    return in ? in : from;
}

FILE *interrupt_growing(FILE *from) {
    cookie_io_functions_t fns = {.read = read_growing, .close = close_input};
    FILE *in = fopencookie(from, "r", fns);
    return in ? in : from;
}
