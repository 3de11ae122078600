/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How workers without work rest, and how they are woken. Most of what a worker has in its ring is
 * run by itself within microseconds, and faster than two could that pass its cache lines to and
 * fro. So the first worker that runs out of work while others are busy looks at their queues again
 * and again, with naps between the looks, and takes only what goes on waiting (steal.c); all the
 * others sleep. The word `rest` of the dispatcher says who does what: the number of sleepers, LOOKS
 * when one looks, NAP when it naps and may be called. Negative: LOOKS. Laws:
 * 1. At most one worker looks. Who begins replaces a word that has neither LOOKS nor NAP (acquire),
 *    who ends takes LOOKS away (release): what has been seen of others goes from one to the next.
 * 2. No lost wake-up, rings: an owner puts a cell in its ring and then reads the word. Negative:
 *    the worker that looks will find it. Positive: the owner wakes one. Who makes the word
 *    positive, to sleep or for a long nap, has a barrier run on all threads and then looks at the
 *    rings itself.
 * 3. Who stops looking to do something else wakes a sleeper, if there is one, which looks in its
 *    place.
 * 4. No lost wake-up, injector: its count and the word are seq_cst. Who naps or falls asleep has
 *    said so in the word before it looks at the count; who has handed in wakes the napping one, or
 *    one that sleeps. The one that looks and is awake comes to the injector before its next nap.
 * 5. Sleepers in the word + tokens of `sleep` in flight = workers inside park(). Whoever lowers the
 *    word owes or is owed one token. Likewise NAP and the tokens of `nap`.
 * 6. When all others sleep, the one that looks sleeps too: nothing runs then, nobody naps.
 * Runs on workers; uk_wake() on any thread.
 */
#include "actor/crew.h"
#include "actor/system.h"
#include "base/os.h"
#include <errno.h>

#define LOOKS INT32_MIN
enum { NAP = 1 << 30, SLEEPERS = NAP - 1 };
/* Short naps double to the limit; after a while with empty rings they are long, but owners may
   call. */
enum { NAP_NS = 50000, NAP_MAX_NS = 400000, NAP_LONG_NS = 5000000, QUIET_NS = 5000000 };

typedef uk_worker worker;

static int word_of(const uk_dispatcher *d) {
    return atomic_load_explicit(&d->rest, memory_order_seq_cst);
}
static bool word_becomes(uk_dispatcher *d, int *from, int to) { /* false: *from is what it is now */
    return atomic_compare_exchange_strong_explicit(&d->rest, from, to, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}
int uk_idle_workers(const uk_dispatcher *d) {
    return atomic_load_explicit(&d->rest, memory_order_relaxed) & SLEEPERS;
}

/* ---- waking ---- */

static bool lower_idle(uk_dispatcher *d) {
    int v = word_of(d);
    while (v & SLEEPERS)
        if (word_becomes(d, &v, v - 1)) return true;
    return false;
}
static bool end_nap(uk_dispatcher *d) {
    int v = word_of(d);
    while (v & NAP)
        if (word_becomes(d, &v, (v & ~NAP) | LOOKS)) return true;
    return false;
}
static bool call_napping(uk_dispatcher *d) {
    bool naps = end_nap(d);
    if (naps) sem_post(&d->nap);
    return naps;
}
static bool call_sleeping(uk_dispatcher *d) {
    bool sleeps = lower_idle(d);
    if (sleeps) sem_post(&d->sleep);
    return sleeps;
}
void uk_wake(uk_dispatcher *d) {
    if (!call_napping(d) && word_of(d) > 0) call_sleeping(d);
}
void uk_wake_all(uk_dispatcher *d) {
    call_napping(d);
    while (call_sleeping(d)) {}
}

/* ---- waiting ---- */

static void wait_token(sem_t *s) {
    while (sem_wait(s) && errno == EINTR) {}
}
static bool wait_token_for(sem_t *s, int64_t ns) { return uk_sem_wait_until(s, uk_now_ns() + ns); }
static bool stopping(uk_dispatcher *d) {
    return atomic_load_explicit(&d->stopping, memory_order_seq_cst);
}
static bool handed_in(uk_dispatcher *d) {
    return atomic_load_explicit(&d->inj_n, memory_order_seq_cst);
}
bool uk_work_in_sight(uk_dispatcher *d) {
    if (handed_in(d)) return true;
    for (unsigned i = 0; i < d->n; i++)
        if (uk_ring_count(&d->workers[i])) return true;
    return false;
}

/* ---- asleep ---- */

/* The last one asleep, in the word already: looks after turns on the I/O thread (sched.c, law 5).
   Comes back with a token taken. */
static void watch_inline(worker *w) {
    uk_dispatcher *d = w->d;
    uint64_t seen = atomic_load_explicit(&d->inline_seq, memory_order_acquire);
    bool token = false;
    while (!token && atomic_load_explicit(&d->watching, memory_order_seq_cst)) {
        token = wait_token_for(&d->sleep, UK_WATCH_MS * 1000000LL);
        uint64_t now = atomic_load_explicit(&d->inline_seq, memory_order_acquire);
        bool same = now == seen && !token;
        if (same && now & 1 && lower_idle(d)) { /* held up: this thread does the I/O now */
            uk_assist(w);
            return;
        }
        if (token || (same && !(now & 1)))
            atomic_store_explicit(&d->watching, false, memory_order_seq_cst);
        seen = now;
    }
    if (!token) wait_token(&d->sleep);
    else if (atomic_load_explicit(&d->inline_seq, memory_order_seq_cst) & 1) uk_wake(d);
    /* such a turn began while we still looked: another looks on; one that begins now wakes one */
}
/* Asleep, as the word says already. */
static void sleep_now(worker *w, bool last) {
    uk_dispatcher *d = w->d;
    if ((last ? handed_in(d) : uk_work_in_sight(d)) || stopping(d)) {
        if (!lower_idle(d)) wait_token(&d->sleep);
    } else if (last) {
        watch_inline(w);
    } else {
        wait_token(&d->sleep);
    }
}
static void park(worker *w) {
    uk_dispatcher *d = w->d;
    uk_credits_give(w);
    int before = atomic_fetch_add_explicit(&d->rest, 1, memory_order_seq_cst);
    if (before & (LOOKS | NAP)) { /* all queues are its business, by law 3 also when it ends now */
        if (!stopping(d) || !lower_idle(d)) wait_token(&d->sleep);
        return;
    }
    bool last = before + 1 == (int)d->n; /* then nobody puts anything in a ring */
    if (!last) uk_barrier_all();
    sleep_now(w, last);
}

/* ---- looking ---- */

static bool start_looking(worker *w) {
    uk_dispatcher *d = w->d;
    int v = word_of(d);
    do {
        if (v & (LOOKS | NAP) || v + 1 >= (int)d->n) return false; /* one does; nobody is busy */
    } while (!word_becomes(d, &v, v | LOOKS));
    int64_t now = uk_now_ns();
    w->looks = true;
    w->rested = false;
    w->quiet_ns = w->inline_ns = now;
    w->inline_seen = 0;
    if (now - w->stole_ns > w->nap_ns) w->nap_ns = NAP_NS; /* else what it took was not worth it */
    return true;
}
void uk_end_looking(worker *w) {
    w->looks = false;
    int before = atomic_fetch_and_explicit(&w->d->rest, ~LOOKS, memory_order_seq_cst);
    if (before & SLEEPERS) uk_wake(w->d); /* law 3 */
}
/* Law 6. The word says it all: nobody who was awake could have put anything into a ring. */
static bool sleep_as_last(worker *w) {
    uk_dispatcher *d = w->d;
    int v = LOOKS | ((int)d->n - 1);
    if (word_of(d) != v || !word_becomes(d, &v, (int)d->n)) return false;
    w->looks = false;
    sleep_now(w, true);
    return true;
}
static bool inline_held_up(worker *w, int64_t now) {
    uint64_t seq = atomic_load_explicit(&w->d->inline_seq, memory_order_acquire);
    if (!(seq & 1) || seq != w->inline_seen) {
        w->inline_seen = seq;
        w->inline_ns = now;
    }
    return now - w->inline_ns > UK_WATCH_MS * 1000000LL;
}
static bool all_others_sleep(uk_dispatcher *d) {
    return (word_of(d) & SLEEPERS) + 1 == (int)d->n;
}
/* Owners call, too. Long looks that find nothing do not end it. */
static bool nap_long(worker *w) {
    uk_dispatcher *d = w->d;
    int v = word_of(d);
    while (!word_becomes(d, &v, (v & ~LOOKS) | NAP)) {}
    uk_barrier_all();
    bool token = false;
    if (uk_work_in_sight(d) || stopping(d)) return token;
    do token = wait_token_for(&d->nap, NAP_LONG_NS);
    while (!token && !uk_something_late(w) && !all_others_sleep(d) &&
           !(atomic_load_explicit(&d->inline_seq, memory_order_acquire) & 1));
    w->nap_ns = NAP_NS;
    w->quiet_ns = uk_now_ns();
    return token;
}
static bool nap_short(worker *w) {
    uk_dispatcher *d = w->d;
    atomic_fetch_or_explicit(&d->rest, NAP, memory_order_seq_cst);
    if (handed_in(d) || stopping(d)) return false;
    bool token = wait_token_for(&d->nap, w->nap_ns);
    if (!token && (w->nap_ns *= 2) > NAP_MAX_NS) w->nap_ns = NAP_MAX_NS;
    return token;
}
static void nap(worker *w) {
    int64_t now = uk_now_ns();
    if (!w->rested) uk_credits_give(w);
    w->rested = true;
    if (sleep_as_last(w)) return;
    if (inline_held_up(w, now)) {
        uk_stop_looking(w);
        uk_assist(w);
        return;
    }
    bool token = now - w->quiet_ns > QUIET_NS ? nap_long(w) : nap_short(w);
    if (!token && !end_nap(w->d)) wait_token(&w->d->nap); /* it is on its way */
}
void uk_rest(worker *w) {
    if (w->looks) nap(w);
    else if (!start_looking(w)) park(w);
}
