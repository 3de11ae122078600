/* SPDX-License-Identifier: Apache-2.0 */
/* Turns on an I/O thread (sched.c, laws 5 and 6): after a round it runs what that has made runnable
   itself, one after the other, while all workers sleep and the turns are quick. What waits behind
   the running turn is held where a worker finds it, should that turn last. On I/O threads, but for
   uk_held_hand_in(). */
#include "actor/crew.h"
#include "actor/inbox.h"
#include "actor/system.h"
#include "base/os.h"

/* As long as an actor may go on on the I/O thread with what a round has brought. When that is much, it
   may as long as a message takes no longer than this: less than what it costs to give it to another
   thread; to the end of the round's time, in which one more actor may begin. */
enum { INLINE_NS = 20000, INLINE_MESSAGE_NS = 100, INLINE_ALL_NS = 400000 };
/* A turn that was slow once may only have been interrupted; two within few turns are a habit. */
enum { SLOW_NS = 500000, SLOW_COST = 16, SLOW_LIMIT = 20, INLINE_OFF_MS = 1000 };

static bool all_idle(uk_dispatcher *d) {
    if (atomic_load_explicit(&d->rest, memory_order_seq_cst) == (int)d->n) /* asleep, so no ring has any */
        return !atomic_load_explicit(&d->inj_n, memory_order_seq_cst);
    for (unsigned i = 0; i < d->n; i++) {
        uk_worker *w = &d->workers[i];
        if (atomic_load_explicit(&w->busy, memory_order_relaxed) ||
            atomic_load_explicit(&w->next, memory_order_relaxed))
            return false;
    }
    return !uk_work_in_sight(d);
}
static bool may_run_here(ukko_system *sys) {
    uk_dispatcher *d = sys->dispatcher;
    return d->n && sys->provider.assist && uk_now_ms() >= d->inline_off_ms && all_idle(d);
}
/* Before turns on the I/O thread, which have been announced in inline_seq: will somebody be there
   when one lasts? (Law 6) */
static bool somebody_is_free(uk_dispatcher *d) {
    /* seq_cst, and inline_seq before: all sleep, and who is woken after this sees inline_seq odd
       behind its fence in find() */
    if (atomic_load_explicit(&d->rest, memory_order_seq_cst) == (int)d->n) return true;
    uk_barrier_all();
    for (unsigned i = 0; i < d->n; i++)
        if (!atomic_load_explicit(&d->workers[i].busy, memory_order_acquire)) return true;
    return false;
}
static void note_turn(uk_dispatcher *d, int64_t ns) {
    if (ns <= SLOW_NS) {
        if (d->slow) d->slow--;
    } else if ((d->slow += SLOW_COST) > SLOW_LIMIT) {
        d->slow = 0;
        d->inline_off_ms = uk_now_ms() + INLINE_OFF_MS;
    }
}
/* A turn of c; false: it may not run here after all. */
static bool run_here(uk_cell *c) {
    bool sole = c->traits & UK_TRAIT_SOLE;
    /* a cell that is active is in the turn that its worker sends the staged of, or waits for it */
    if (sole && uk_sole_is_active(c)) return false;
    uk_here.in_turn = true;
    uk_here.defer = uk_here.never_waits = false; /* what this turn makes runnable goes to the workers */
    if (!sole || uk_sole_open(c)) uk_cell_run(c);
    uk_here.defer = uk_here.never_waits = true;
    uk_here.in_turn = false;
    return true;
}
static bool only_preempted(const uk_switches *before, const uk_switches *now) {
    return now->waits == before->waits && now->preempted != before->preempted;
}
static uk_cell *next_held(uk_dispatcher *d) {
    pthread_mutex_lock(&d->lock);
    uk_cell *c = d->held;
    if (c) d->held = c->run_next;
    pthread_mutex_unlock(&d->lock);
    return c;
}
void uk_held_hand_in(uk_dispatcher *d) {
    pthread_mutex_lock(&d->lock);
    uk_cell *c = d->held;
    d->held = NULL;
    pthread_mutex_unlock(&d->lock);
    if (c) uk_hand_in(c);
}
/* The turn of c, and how long it took. since: what uk_thread_switches() gave before, in this list or in
   an earlier turn of it, or NULL. With it, the time that the kernel gave to another program, which what
   the turn wrote may have woken, is no part of that; else a busy machine looks like a slow actor. */
static int64_t timed_turn(uk_dispatcher *d, uk_cell *c, uk_switches *since) {
    int64_t start = uk_now_ns();
    uk_here.inline_until = start + INLINE_NS;
    uk_here.inline_end = since ? start + INLINE_ALL_NS : 0;
    if (since) uk_here.inline_since = *since;
    bool ran = run_here(c);
    uk_here.inline_until = uk_here.inline_end = 0;
    int64_t ns = uk_now_ns() - start;
    if (!ran) uk_inject(d, c, c, 1);
    if (!since || ns <= INLINE_NS) return ns;
    uk_switches before = *since;
    uk_thread_switches(since);
    return only_preempted(&before, since) ? INLINE_NS : ns;
}
void uk_inline_earn(unsigned messages) {
    if (!uk_here.inline_end) return;
    int64_t until = uk_here.inline_until + (int64_t)messages * INLINE_MESSAGE_NS;
    uk_here.inline_until = until < uk_here.inline_end ? until : uk_here.inline_end;
}
/* The running turn on the I/O thread may go on (law 5). */
bool uk_inline_goes_on(void) {
    int64_t now = uk_now_ns();
    if (now < uk_here.inline_until) return true;
    if (!uk_here.inline_end) return false;
    uk_switches s;
    uk_thread_switches(&s);
    if (!only_preempted(&uk_here.inline_since, &s)) return false;
    uk_here.inline_since = s;
    uk_here.inline_end += now - uk_here.inline_until;
    uk_here.inline_until = now + INLINE_NS;
    return true;
}
/* One after the other while they are quick and nothing else is there to do; the rest is handed in,
   by a worker when a turn lasts. c: the first of them. */
static void run_held(uk_dispatcher *d, uk_cell *c, bool others_wait, bool much) {
    int64_t took = 0;
    uk_switches since = {0};
    bool exactly = much || d->slow;
    if (exactly) uk_thread_switches(&since);
    do {
        int64_t ns = timed_turn(d, c, exactly ? &since : NULL);
        took += ns;
        note_turn(d, ns);
    } while (others_wait && took < INLINE_ALL_NS && all_idle(d) && (c = next_held(d)));
}
static void run_all_here(uk_dispatcher *d, uk_cell *c, bool much) {
    bool others_wait = c->run_next;
    if (others_wait) {
        pthread_mutex_lock(&d->lock);
        d->held = c->run_next;
        pthread_mutex_unlock(&d->lock);
    }
    atomic_fetch_add_explicit(&d->inline_seq, 1, memory_order_seq_cst);
    bool runs = somebody_is_free(d);
    if (runs && !atomic_load_explicit(&d->watching, memory_order_seq_cst)) {
        atomic_store_explicit(&d->watching, true, memory_order_seq_cst);
        uk_wake(d); /* it falls asleep again, looking */
    }
    if (runs) run_held(d, c, others_wait, much);
    atomic_fetch_add_explicit(&d->inline_seq, 1, memory_order_release);
    if (!runs) uk_inject(d, c, c, 1);
    if (others_wait) uk_held_hand_in(d);
}
/* Takes those of other dispatchers, which are handed in, out of the batch. */
static uk_cell *only_of(uk_dispatcher *d, uk_cell *c) {
    uk_cell *ours = NULL, **last = &ours, *others = NULL, **others_last = &others;
    for (; c; c = c->run_next) {
        uk_cell ***end = c->disp == d ? &last : &others_last;
        **end = c;
        *end = &c->run_next;
    }
    *last = *others_last = NULL;
    if (others) uk_hand_in(others);
    return ours;
}
void uk_batch_run(ukko_system *sys, bool much) {
    uk_here.defer = uk_here.never_waits = true;
    uk_cell *c = uk_here.batch_head;
    uk_here.batch_head = uk_here.batch_tail = NULL;
    if (!c) return;
    if (!may_run_here(sys)) {
        uk_hand_in(c);
        return;
    }
    uk_dispatcher *d = sys->dispatcher;
    c = only_of(d, c);
    if (!c) return;
    run_all_here(d, c, much);
}
