/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers and run queues. Laws:
 * 1. A scheduled cell is owned by exactly one queue, or by the worker that runs it.
 * 2. A worker's last-in slot, ring and outbox are its own; another worker takes from them with a
 *    claim (worker.h), and late (steal.c).
 * 3. Who runs out of work rests by the laws of rest.c; no wake-up is lost.
 * 4. In find() a worker that looks at others stops that (uk_stop_looking) before it does anything
 *    else.
 * 5. An I/O thread may run what a round has made runnable itself when all workers sleep, or are
 *    about to (uk_batch_run), as long as that is so and it takes no time. `inline_seq` is odd
 *    meanwhile; while such turns happen, the last worker to fall asleep, or the one that looks,
 *    looks at it, and takes the I/O rounds over when one lasts (UK_WATCH_MS), with the cells that
 *    wait behind it (`held`). Slow turns switch this off for a while.
 * 6. While the I/O thread runs an actor, one worker is free of turns: it sleeps or looks for work,
 *    or stands guard, ready to take the I/O rounds over. So no set of actors that block holds up
 *    the I/O. A worker raises `busy` before it takes a cell and then reads inline_seq; the I/O
 *    thread makes inline_seq odd, has a barrier run on all threads and then reads all `busy`. It
 *    needs neither when all workers sleep.
 * Runs on the worker threads it starts; uk_schedule() on any thread.
 */
#include "actor/sched.h"
#include "actor/crew.h"
#include "actor/dispatchers.h"
#include "actor/inbox.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INJECTOR_EVERY = 61, OWN_RUNS = 60, HELP_MAX = 8, CALLS_MAX = 64 };
enum { GUARD_SPIN_NS = 20000, GUARD_NAP_NS = 100000 };

typedef uk_worker worker;

_Thread_local uk_thread uk_here __attribute__((tls_model("initial-exec")));
#define tls uk_here

static uint64_t next_random(uint64_t *s) { /* xorshift64* */
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return *s * 0x2545f4914f6cdd1du;
}

/* ---- counts of references ---- */

static void credit_return(uk_credit k) {
    if (!k) return;
    uint32_t n = k & ((1u << 20) - 1); /* blocks are 16-aligned */
    uk_ref_release_n((ukko_ref *)(uintptr_t)(k >> 20 << 4), n);
}
void uk_credit_add(worker *w, ukko_ref *r, uint32_t n) {
    uk_credit *k = uk_credit_of(w, r), old = *k;
    uint64_t kept = uk_credit_count(old, r) < UK_CREDIT_MAX ? uk_credit_count(old, r) : 0;
    /* nobody else has it: it goes while it is in the caches; acquire as in uk_ref_release_all() */
    if (atomic_load_explicit(&r->refs, memory_order_acquire) == kept + n) {
        if (kept) *k = 0;
        r->vt->free(r);
        return;
    }
    if (kept + n < UK_CREDIT_MAX && uk_credit_count(old, r) < UK_CREDIT_MAX) {
        *k = old + n;
        return;
    }
    if (n >= UK_CREDIT_MAX) { /* many at once: all but one go straight back */
        uk_ref_release_n(r, n - 1); /* that one keeps r */
        n = 1;
    }
    *k = ((uint64_t)(uintptr_t)r << 16) + n;
    credit_return(old);
}
void uk_ref_release_all(ukko_ref *r, uint32_t n) {
    worker *w = tls.w;
    if (w && w->last_sender == r) {
        n += w->last_count;
        w->last_sender = NULL;
        w->last_count = 0;
    }
    uk_credit *k = w ? uk_credit_of(w, r) : NULL;
    uint64_t kept = k ? uk_credit_count(*k, r) : 0;
    if (kept && kept < UK_CREDIT_MAX) {
        n += (uint32_t)kept;
        *k = 0;
    }
    /* the only owner needs no atomic write; acquire pairs with the releases of earlier owners */
    if (atomic_load_explicit(&r->refs, memory_order_acquire) == n) r->vt->free(r);
    else uk_ref_release_n(r, n);
}
void uk_props_release_late(ukko_props *p) {
    worker *w = tls.w;
    if (!w || p->n_args) { /* with arguments: they end with the last actor */
        ukko_props_release(p);
    } else if (w->props == p) {
        w->props_count++;
    } else {
        ukko_props *old = w->props;
        uint32_t n = w->props_count;
        w->props = p;
        w->props_count = 1;
        uk_props_release_n(old, n);
    }
}
/* A count of p, from those that this worker keeps. */
bool uk_props_take(const ukko_props *p) {
    worker *w = tls.w;
    if (!w || w->props != p || !w->props_count) return false;
    w->props_count--;
    return true;
}
void uk_credits_give(worker *w) {
    tls.w = NULL; /* what ends now gives its own counts back at once */
    if (w->last_sender) uk_credit_add(w, w->last_sender, w->last_count);
    w->last_sender = NULL;
    w->last_count = 0;
    for (size_t i = 0; i < UK_CREDITS; i++) {
        uk_credit k = w->credits[i];
        w->credits[i] = 0;
        credit_return(k);
    }
    uk_props_release_n(w->props, w->props_count);
    w->props = NULL;
    w->props_count = 0;
    tls.w = w;
}
void uk_cell_refill(uk_cell *c) {
    worker *w = tls.w;
    if (w && w->last_sender == &c->ref && w->last_count > 1) {
        uint32_t some = w->last_count - 1;
        c->spare = some;
        w->last_count -= some;
        return;
    }
    uk_credit *k = w ? uk_credit_of(w, &c->ref) : NULL;
    uint64_t n = k ? uk_credit_count(*k, &c->ref) : 0;
    if (n && n < UK_CREDIT_MAX) { /* what others gave back */
        c->spare += (uint32_t)n;
        *k = 0;
        return;
    }
    enum { MORE = 32 };
    atomic_fetch_add_explicit(&c->ref.refs, MORE, memory_order_relaxed);
    c->spare += MORE;
}

/* ---- the injector ---- */

static void drop_counts(uk_cell *c, uk_cell *last) { /* of cells that nobody will take; inbox.h, law 6 */
    for (uk_cell *next; c; c = next) {
        next = c == last ? NULL : c->run_next;
        uk_ref_release(&c->ref);
    }
}
void uk_inject(uk_dispatcher *d, uk_cell *head, uk_cell *tail, size_t n) {
    if (d->home) d = d->home;
    pthread_mutex_lock(&d->lock);
    if (d->over) {
        pthread_mutex_unlock(&d->lock);
        drop_counts(head, tail);
        return;
    }
    tail->run_next = NULL;
    if (d->inj_tail) d->inj_tail->run_next = head;
    else d->inj_head = head;
    d->inj_tail = tail;
    atomic_fetch_add_explicit(&d->inj_n, n, memory_order_seq_cst);
    pthread_mutex_unlock(&d->lock);
    if (d->n) uk_wake(d);
    else uk_step_wake(d->sys);
}
static uk_cell *inj_pop(uk_dispatcher *d) { /* under lock */
    uk_cell *c = d->inj_head;
    if (!c) return NULL;
    d->inj_head = c->run_next;
    if (!d->inj_head) d->inj_tail = NULL;
    atomic_fetch_sub_explicit(&d->inj_n, 1, memory_order_seq_cst);
    return c;
}
static void inj_end(uk_dispatcher *d) { /* of a single worker, which has ended */
    pthread_mutex_lock(&d->lock);
    uk_cell *head = d->inj_head, *tail = d->inj_tail;
    d->over = true;
    d->inj_head = d->inj_tail = NULL;
    atomic_store_explicit(&d->inj_n, 0, memory_order_seq_cst);
    pthread_mutex_unlock(&d->lock);
    if (head) drop_counts(head, tail);
}

/* ---- a worker's own queue: inside ---- */

/* A single worker keeps what does not fit itself: a cell of its own may be in the injector besides.
   The oldest of the ring go there, as they go to the injector with more workers: who comes late
   runs early, and a tree of actors is done branch by branch. */
static void put_behind(worker *w) {
    uint32_t h = atomic_load_explicit(&w->head, memory_order_relaxed);
    for (uint32_t n = 0; n < UK_RING / 2; n++) {
        uk_cell *c = w->ring[(h + n) % UK_RING];
        c->anchor = 0;
        if (w->behind) w->behind_last->anchor = (uintptr_t)c;
        else w->behind = c;
        w->behind_last = c;
    }
    atomic_store_explicit(&w->head, h + UK_RING / 2, memory_order_relaxed);
}
static uk_cell *from_behind(worker *w) {
    uk_cell *c = w->behind;
    if (!c) return NULL;
    w->behind = (uk_cell *)c->anchor;
    c->anchor = 0;
    return c;
}
void uk_ring_refill(worker *w) {
    for (uint32_t n = 0; w->behind && n < UK_STEAL_MAX; n++) uk_ring_put(w, from_behind(w));
}
void uk_ring_full(worker *w, uk_cell *c) { /* half of the ring, and c, to the injector */
    if (w->sole) {
        put_behind(w);
        uk_ring_put(w, c);
        return;
    }
    uint32_t h = atomic_load_explicit(&w->head, memory_order_relaxed);
    uk_cell *head = w->ring[h % UK_RING], *tail = head;
    for (uint32_t n = 1; n < UK_RING / 2; n++) {
        tail->run_next = w->ring[(h + n) % UK_RING];
        tail = tail->run_next;
    }
    atomic_store_explicit(&w->head, h + UK_RING / 2, memory_order_relaxed);
    tail->run_next = c;
    uk_inject(w->d, head, c, UK_RING / 2 + 1);
}
/* ---- finding work ---- */

/* Of c and more, which came out of the injector, the first that is to run; the others follow it. */
static uk_cell *opened(worker *w, uk_cell *c, uk_cell *more[], size_t n) {
    if (!uk_sole_open(c)) c = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!uk_sole_open(more[i])) continue;
        if (c) uk_ring_put(w, more[i]);
        else c = more[i];
    }
    return c;
}
static uk_cell *from_injector(worker *w, bool one) {
    uk_dispatcher *d = w->d;
    if (!atomic_load_explicit(&d->inj_n, memory_order_seq_cst)) return NULL;
    uk_cell *more[UK_STEAL_MAX];
    size_t n = 0, left;
    pthread_mutex_lock(&d->lock);
    uk_cell *c = inj_pop(d);
    size_t share = one ? 0 : atomic_load_explicit(&d->inj_n, memory_order_relaxed) / d->n;
    while (n < share && n < UK_STEAL_MAX) more[n++] = inj_pop(d);
    left = atomic_load_explicit(&d->inj_n, memory_order_relaxed);
    pthread_mutex_unlock(&d->lock);
    if (w->sole) return c ? opened(w, c, more, n) : NULL;
    uk_asym_enter(&w->own);
    for (size_t i = 0; i < n; i++) uk_ring_put(w, more[i]);
    uk_asym_leave(&w->own);
    if (c && (left || n)) uk_wake(d); /* the chain of wake-ups goes on while there is work */
    return c;
}
static inline uk_cell *from_queue(worker *w) {
    uk_cell *c;
    uk_asym_enter(&w->own);
    if (w->lifo < UK_LIFO_RUNS && (c = uk_slot_take(w))) {
        w->lifo++;
    } else {
        w->lifo = 0;
        if (!(c = uk_ring_take(w))) c = uk_slot_take(w);
    }
    atomic_store_explicit(&w->turn, c, memory_order_relaxed);
    uk_asym_leave(&w->own);
    return c;
}
static uk_cell *own_work(worker *w) {
    uk_cell *c;
    if (w->sole) { /* it comes here every OWN_RUNS turns */
        if (++w->to_injector % 2 && (c = from_behind(w))) return c;
        if ((c = from_injector(w, false))) return c;
    } else if (!--w->to_injector) {
        w->to_injector = INJECTOR_EVERY;
        if ((c = from_injector(w, true))) return c;
    }
    c = from_queue(w);
    return c ? c : from_injector(w, false);
}
static uk_cell *steal(worker *w) {
    uk_dispatcher *d = w->d;
    unsigned start = (unsigned)(next_random(&w->rng) % d->n);
    for (unsigned i = 0; i < d->n; i++) {
        worker *o = &d->workers[(start + i) % d->n];
        uk_cell *c = o == w ? NULL : uk_ring_steal(w, o);
        if (c) return c;
    }
    return NULL;
}
/* Does the I/O until its thread is back. */
void uk_assist(worker *w) {
    ukko_system *sys = w->d->sys;
    uk_held_hand_in(sys->dispatcher);
    tls.w = NULL;
    sys->provider.assist(sys->provider.self);
    tls.w = w;
}
static __attribute__((noinline)) bool others_busy(worker *w) {
    uk_dispatcher *d = w->d;
    atomic_thread_fence(memory_order_seq_cst); /* of two workers here one sees the other */
    for (unsigned i = 0; i < d->n; i++)
        if (&d->workers[i] != w &&
            !atomic_load_explicit(&d->workers[i].busy, memory_order_relaxed))
            return false;
    return true;
}
/* The owner's side of law 6: true when the I/O thread is in a turn, and all other workers are
   too. */
static inline bool take_part(worker *w) {
    uk_dispatcher *d = w->d;
    atomic_store_explicit(&w->busy, true, memory_order_relaxed);
    uk_asym_fence();
    /* acquire: what the turns there have written in cells of a single worker */
    bool inline_turn = atomic_load_explicit(&d->inline_seq, memory_order_acquire) & 1;
    return __builtin_expect(inline_turn, 0) && others_busy(w);
}
/* Takes no cell before the turn on the I/O thread has ended; does the I/O when that takes long. */
static void guard(worker *w) {
    uk_dispatcher *d = w->d;
    uint64_t seq = atomic_load_explicit(&d->inline_seq, memory_order_acquire);
    int64_t start = uk_now_ns();
    while (seq & 1 && seq == atomic_load_explicit(&d->inline_seq, memory_order_acquire)) {
        int64_t ns = uk_now_ns() - start;
        if (ns > UK_WATCH_MS * 1000000LL) {
            uk_assist(w);
            return;
        }
        if (ns < GUARD_SPIN_NS) sched_yield();
        else nanosleep(&(struct timespec){0, GUARD_NAP_NS}, NULL);
    }
}
static uk_cell *find(worker *w) {
    for (;;) {
        if (take_part(w)) {
            uk_stop_looking(w);
            guard(w);
        }
        uk_cell *c = own_work(w);
        if (c || (w->looks && (c = uk_look(w)))) {
            uk_stop_looking(w);
            return c;
        }
        /* pushing what another kept back may have made its target runnable here */
        if (atomic_load_explicit(&w->next, memory_order_relaxed)) continue;
        atomic_store_explicit(&w->busy, false, memory_order_release); /* nothing was taken */
        if (atomic_load_explicit(&w->d->stopping, memory_order_seq_cst)) {
            uk_stop_looking(w);
            return NULL;
        }
        uk_rest(w);
        atomic_thread_fence(memory_order_seq_cst); /* pairs with the read in somebody_is_free() */
        uk_watchdog_wake(w->d->sys);
    }
}
/* "uk-default" for pekko.actor.default-dispatcher: names of threads are short */
static void thread_name(char *out, size_t len, const char *id) {
    const char *last = strrchr(id, '.');
    last = last ? last + 1 : id;
    const char *tail = strstr(last, "-dispatcher");
    int n = tail && tail > last ? (int)(tail - last) : (int)strlen(last);
    snprintf(out, len, "uk-%.*s", n, last);
}
void uk_sched_never_waits(void) { tls.never_waits = true; }
bool uk_sched_help(void) {
    worker *w = tls.w;
    if (!w || w->helping == HELP_MAX) return false;
    uk_cell *outer = atomic_load_explicit(&w->turn, memory_order_relaxed);
    uk_cell *c = own_work(w);
    if (!c) c = steal(w);
    /* the outer cell is in its turn, so it lives beyond uk_turn_over() of the inner one */
    atomic_store_explicit(&w->turn, c ? c : outer, memory_order_relaxed);
    if (!c) return false;
    w->helping++;
    uk_cell_run(c);
    w->helping--;
    atomic_store_explicit(&w->turn, outer, memory_order_relaxed);
    return true;
}
static void *worker_main(void *arg) {
    worker *w = arg;
    char name[16];
    thread_name(name, sizeof name, w->d->id);
    uk_thread_name(name);
    tls.w = w;
    uk_watchdog_wake(w->d->sys);
    for (uk_cell *c; (c = find(w));) {
        tls.in_turn = true;
        atomic_store_explicit(&w->turn, c, memory_order_relaxed);
        if (w->sole) uk_turns_own(w, c, OWN_RUNS); /* at once; looks at all else now and then */
        else uk_cell_run(c);
        atomic_store_explicit(&w->busy, false, memory_order_release); /* the turn is over */
        tls.in_turn = false;
    }
    uk_credits_give(w);
    tls.w = NULL;
    if (w->d->pinned) uk_dispatchers_over(w->d->sys, w->d);
    return NULL;
}

/* ---- the interface ---- */

/* Turns on a thread that is no worker of the cell's, nested in what runs there. */
static void run_calling(uk_cell *c) {
    worker *w = tls.w;
    bool was = tls.in_turn;
    tls.w = NULL; /* its slot, outbox and turn are those of the cell around */
    tls.in_turn = true;
    tls.calls++;
    do {
        uk_cell_run(c);
        if ((c = tls.call_head)) tls.call_head = c->run_next;
    } while (c);
    tls.calls--;
    tls.in_turn = was;
    tls.w = w;
}
static void run_or_keep(uk_cell *c, bool again) {
    if (tls.batch || tls.defer || tls.never_waits) {
        uk_inject(c->disp, c, c, 1); /* what the program does might hold this thread up */
    } else if (again || tls.calls == CALLS_MAX) {
        c->run_next = tls.call_head;
        tls.call_head = c;
    } else {
        run_calling(c);
    }
}
void uk_schedule(uk_cell *c) {
    if (!(c->traits & UK_TRAIT_SOLE)) {
        uk_schedule_fast(c);
    } else { /* as if it came out of the injector, or goes there */
        uk_ref_retain(&c->ref);
        if (!tls.w || tls.w->sole != c->disp) uk_schedule_slow(c);
        else if (uk_sole_open(c)) uk_sole_queue(tls.w, c);
    }
}
void uk_schedule_slow(uk_cell *c) { /* not on a worker of its dispatcher */
    if (c->disp->calling) {
        run_or_keep(c, false);
        return;
    }
    if (!tls.batch && !tls.defer) {
        uk_inject(c->disp, c, c, 1);
        return;
    }
    c->run_next = NULL;
    if (tls.batch_tail) tls.batch_tail->run_next = c;
    else tls.batch_head = c;
    tls.batch_tail = c;
}
void uk_reschedule(uk_cell *c) {
    worker *w = tls.w;
    if (!w || w->d != c->disp) {
        if (c->disp->calling) run_or_keep(c, tls.calls > 0);
        else if (c->traits & UK_TRAIT_SOLE) uk_sole_return(c);
        else uk_schedule_slow(c);
        return;
    }
    uk_asym_enter(&w->own);
    uk_ring_put(w, c);
    uk_asym_leave(&w->own);
    uk_wake_if_idle(w);
}
void uk_hand_in(uk_cell *c) {
    while (c) { /* runs of cells of one dispatcher go in at once */
        uk_cell *head = c, *tail = c;
        size_t n = 1;
        for (; tail->run_next && tail->run_next->disp == head->disp; n++) tail = tail->run_next;
        c = tail->run_next;
        uk_inject(head->disp, head, tail, n);
    }
}
void uk_batch_begin(ukko_system *sys) {
    (void)sys;
    tls.batch++;
}
void uk_batch_end(ukko_system *sys) {
    (void)sys;
    if (--tls.batch || tls.defer) return;
    uk_cell *c = tls.batch_head;
    tls.batch_head = tls.batch_tail = NULL;
    uk_hand_in(c);
}
bool uk_in_turn(void) { return tls.in_turn; }
void uk_turn_dirty(void) { tls.dirty = true; }
bool uk_sched_on_worker(void) { return tls.w || tls.in_turn; }
bool uk_sched_alone(void) {
    worker *w = tls.w;
    if (!w) return tls.inline_until && uk_inline_goes_on(); /* law 5 */
    return !atomic_load_explicit(&w->next, memory_order_relaxed) &&
           !uk_ring_count(w) &&
           !atomic_load_explicit(&w->d->inj_n, memory_order_relaxed);
}
void uk_turn_flush(ukko_system *sys) {
    if (!tls.dirty) return;
    tls.dirty = false;
    worker *w = tls.w; /* the answer may be here before the write has come back */
    if (!w) {
        sys->provider.flush(sys->provider.self);
        return;
    }
    atomic_store_explicit(&w->busy, false, memory_order_release);
    if (w->sole) tls.w = NULL; /* its cells may be run by the I/O thread meanwhile */
    sys->provider.flush(sys->provider.self);
    tls.w = w;
    w->flushed = true;
    atomic_store_explicit(&w->busy, true, memory_order_relaxed);
}
bool uk_sched_on_guard(void) { return tls.w && take_part(tls.w); }

uk_dispatcher *uk_dispatcher_new(ukko_system *sys, const uk_dispatcher_opts *o) {
    uk_dispatcher *d = uk_zalloc(sizeof *d);
    if (o->threads && !uk_barrier_all_ready()) uk_fences = true;
    atomic_init(&d->refs, 1);
    d->sys = sys;
    d->id = uk_strdup(o->id);
    d->deadline_ns = o->deadline_ns;
    d->home = o->home;
    d->calling = o->calling;
    d->pinned = o->pinned;
    d->n = o->threads;
    d->sole = d->n == 1;
    d->throughput = o->throughput ? o->throughput : 1;
    d->rng = o->seed * 2 + 1;
    d->order = 0xcbf29ce484222325u;
    sem_init(&d->sleep, 0, 0);
    sem_init(&d->nap, 0, 0);
    pthread_mutex_init(&d->lock, NULL);
    if (d->n && posix_memalign((void **)&d->workers, 64, d->n * sizeof(worker))) abort();
    for (unsigned i = 0; i < d->n; i++) {
        memset(&d->workers[i], 0, sizeof(worker));
        d->workers[i].d = d;
        d->workers[i].rest = &d->rest;
        d->workers[i].rng = uk_random64() | 1;
        d->workers[i].to_injector = INJECTOR_EVERY;
        d->workers[i].sole = d->n == 1 ? d : NULL;
        d->workers[i].throughput = d->throughput;
        d->workers[i].deadline_ns = d->deadline_ns;
    }
    return d;
}
int uk_dispatcher_start(uk_dispatcher *d) {
    for (unsigned i = 0; i < d->n; i++)
        if (pthread_create(&d->workers[i].thread, NULL, worker_main, &d->workers[i])) {
            d->n = i; /* those that run are stopped by the caller */
            d->started = true;
            return UKKO_EIO;
        }
    d->started = true;
    return UKKO_OK;
}
static void join_workers(uk_dispatcher *d) {
    if (!d->started) return;
    d->started = false;
    atomic_store_explicit(&d->stopping, true, memory_order_seq_cst);
    uk_wake_all(d);
    for (unsigned i = 0; i < d->n; i++) pthread_join(d->workers[i].thread, NULL);
}
void uk_dispatcher_stop(uk_dispatcher *d) {
    join_workers(d);
    if (d->sole) inj_end(d);
}
void uk_dispatcher_end(uk_dispatcher *d) {
    atomic_store_explicit(&d->stopping, true, memory_order_seq_cst);
    uk_wake_all(d);
}
uk_dispatcher *uk_dispatcher_retain(uk_dispatcher *d) {
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}
void uk_dispatcher_release(uk_dispatcher *d) {
    if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1) return;
    sem_destroy(&d->sleep);
    sem_destroy(&d->nap);
    pthread_mutex_destroy(&d->lock);
    free(d->workers);
    uk_free(d->id);
    uk_free(d);
}
uk_worker *uk_dispatcher_workers(uk_dispatcher *d, unsigned *n) {
    *n = d->n;
    return d->workers;
}
int64_t uk_dispatcher_deadline(const uk_dispatcher *d) { return d->deadline_ns; }
unsigned uk_dispatcher_throughput(const uk_dispatcher *d) { return d->throughput; }
bool uk_dispatcher_is_sole(const uk_dispatcher *d) { return d->sole; }
const char *uk_dispatcher_id(const uk_dispatcher *d) { return d->id; }

/* Stepping: one of the first 64 queued, drawn from the seed. */
static uk_cell *step_pick(uk_dispatcher *d) {
    pthread_mutex_lock(&d->lock);
    size_t n = atomic_load_explicit(&d->inj_n, memory_order_relaxed);
    size_t k = n > 1 ? next_random(&d->rng) % (n < 64 ? n : 64) : 0;
    uk_cell *prev = NULL, *c = d->inj_head;
    for (; k; k--) {
        prev = c;
        c = c->run_next;
    }
    if (!prev) {
        c = inj_pop(d);
    } else {
        prev->run_next = c->run_next;
        if (d->inj_tail == c) d->inj_tail = prev;
        atomic_fetch_sub_explicit(&d->inj_n, 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&d->lock);
    return c;
}
/* By names, not by hashes or addresses, which differ from run to run. */
static void note_order(uk_dispatcher *d, const uk_cell *c) {
    for (;; c = (const uk_cell *)(const void *)c->parent) {
        for (const char *p = c->name; *p; p++) d->order = (d->order ^ (uint8_t)*p) * 0x100000001b3u;
        d->order = (d->order ^ '/') * 0x100000001b3u;
        if (c->parent->vt->kind != UK_REF_CELL) return;
    }
}
size_t uk_dispatcher_queued(uk_dispatcher *d) {
    return atomic_load_explicit(&d->inj_n, memory_order_seq_cst);
}
uint64_t uk_dispatcher_order(const uk_dispatcher *d) { return d->order; }
size_t uk_dispatcher_step(uk_dispatcher *d, size_t max) {
    size_t done = 0;
    for (uk_cell *c; done < max && (c = step_pick(d)); done++) {
        bool was = tls.in_turn;
        tls.in_turn = true;
        note_order(d, c);
        uk_cell_run(c);
        tls.in_turn = was;
    }
    return done;
}
