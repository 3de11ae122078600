/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a worker that every send and every turn touches, inline. A worker's slot, ring and
   outbox belong to its thread; another thread gets at them by a claim, which is dear, so that the
   owner pays no atomic instruction (base/asym.h). */
#ifndef UK_ACTOR_WORKER_H
#define UK_ACTOR_WORKER_H
#include "actor/cell.h"
#include "base/asym.h"
#include "base/os.h"
#include <stdatomic.h>

enum { UK_RING = 2048, UK_CREDITS = 2048, UK_PLAINS = 16, UK_LIFO_RUNS = 24, UK_CREDIT_MAX = 256, UK_CHAIN_MAX = 64 };
enum { UK_SPARE_MOST = 1 << 20 };

/* Counts of one reference that this worker has been given and not yet given back: the address
   shifted left by 16 (it has at most 48 bits) plus the number, which is below UK_CREDIT_MAX. */
typedef uint64_t uk_credit;

/* Messages of the running handler to one actor that were not pushed yet; see uk_cell_send(). */
typedef struct uk_outbox {
    uk_cell *to; /* whom the last message of this handler went to; not counted */
    uk_envelope *first, *last;
    _Atomic uint32_t n; /* relaxed, but for uk_outbox_any(): others look whether it stands still */
} uk_outbox;

/* A type whose body is copied as it is, with what its messages begin with. */
typedef struct uk_plain {
    const ukko_type *type;
    uk_pool_list *list; /* of this thread */
    uk_msg_head head;
    uint32_t size;
    uint8_t pool_class;
    uint8_t words; /* the size as words of 8 bytes: 0, 1, 2; 3: another one */
} uk_plain;

/* Of another worker; belongs to the one that looks (steal.c). */
typedef struct uk_look_record {
    _Alignas(64) uint64_t turns;
    int64_t since; /* when the present turn was first seen to run, or later */
    uint32_t mark; /* the tail of the ring at mark_ns: what was put in before has waited since then */
    int64_t mark_ns;
    uint64_t mark_turns;
} uk_look_record;

typedef struct uk_worker uk_worker;
struct uk_worker {
    _Alignas(64) uk_asym own;             /* guards its queues and its outbox */
    _Atomic(uk_cell *) next;              /* last-in slot; written by who is inside */
    _Atomic uint32_t head, tail;          /* of the ring; likewise, peeked at by others (relaxed) */
    uk_outbox out;
    ukko_ref *last_sender; /* counts to give back that are in no slot of credits yet */
    uint32_t last_count;
    uint32_t props_count; /* counts of props, likewise */
    ukko_props *props;
    _Atomic bool busy; /* about to take a cell, or in a turn and not only sending; sched.c, law 6 */
    uk_dispatcher *d;
    uk_dispatcher *sole; /* d, when it has no other worker; else NULL */
    bool flushed;        /* `busy` was lowered in a turn: to be followed by a look at law 6 */
    uk_cell *behind, *behind_last; /* what the ring had no room for, chained by the anchors */
    unsigned throughput;
    int64_t deadline_ns;
    unsigned to_injector, lifo; /* turns until a look at the injector; turns from the slot */
    _Atomic(uk_cell *) turn;    /* whose turn runs; see uk_turn_over() */
    _Atomic uint64_t turns;     /* and fresh budgets within one, so far; relaxed */
    uint64_t rng;
    _Atomic int *rest; /* of the dispatcher; see uk_wake_if_idle() */
    /* while it looks at others (rest.c) */
    bool looks, rested;
    int64_t nap_ns, quiet_ns, stole_ns; /* the next nap; a ring was in use; took something */
    uint64_t inline_seen;
    int64_t inline_ns;
    uk_look_record seen; /* what the worker that looks has seen of this one */
    /* what the watcher of long turns has seen, on the timer thread */
    uint64_t seen_turns;
    int64_t seen_ms;
    bool seen_running, warned;
    unsigned helping; /* turns inside the running one; see uk_sched_help() */
    pthread_t thread;
    uk_plain plains[UK_PLAINS]; /* by address of the type */
    uk_cell *ring[UK_RING];
    uk_credit credits[UK_CREDITS];
};

typedef struct uk_thread {
    uk_worker *w; /* NULL: no worker */
    bool in_turn;
    union { /* what the end of a turn looks at, in one word */
        struct {
            bool dirty;     /* something is staged for other nodes */
            bool has_taken; /* `taken` is not 0 */
        };
        uint16_t at_end;
    };
    bool defer; /* an I/O thread: batches wait for uk_batch_run() */
    bool never_waits; /* an I/O or timer thread: it does not wait for room in a mailbox */
    int64_t inline_until; /* an I/O thread in an actor's turn: may go on until then; else 0 */
    int64_t inline_end;   /* and longer while messages are quick, to here; 0: not so */
    uk_switches inline_since;
    unsigned batch; /* nesting depth */
    unsigned calls; /* likewise, of turns of cells that run on the calling thread */
    uk_cell *call_head; /* such cells that wait for the innermost of these turns to end */
    uk_cell *batch_head, *batch_tail;
    uint8_t taken_slot; /* see arrival.h */
    uint64_t taken;     /* bytes of that slot to be told of */
} uk_thread;
extern _Thread_local uk_thread uk_here __attribute__((tls_model("initial-exec")));

uk_worker *uk_dispatcher_workers(uk_dispatcher *d, unsigned *n);
void uk_schedule_slow(uk_cell *c);
/* Turns of c and then of what is in the queues of a worker that is the only one of its dispatcher;
   at most so many. In turn.c. */
void uk_turns_own(uk_worker *w, uk_cell *c, unsigned runs);
void uk_ring_full(uk_worker *w, uk_cell *c);
void uk_wake(uk_dispatcher *d);
int uk_idle_workers(const uk_dispatcher *d);

static inline void uk_turn_counts(uk_worker *w) { /* the watchdog sees that it goes on */
    uint64_t n = atomic_load_explicit(&w->turns, memory_order_relaxed) + 1;
    atomic_store_explicit(&w->turns, n, memory_order_relaxed);
}
/* Before the cell of the running turn may be freed. A claimant that finds `turn` set can rely on it
   until its claim ends: by then we have not come past here. */
static inline void uk_turn_over(uk_worker *w) {
    if (!w) return;
    atomic_store_explicit(&w->turn, NULL, memory_order_relaxed);
    uk_asym_fence();
    if (!uk_asym_is_claimed(&w->own)) return;
    uk_asym_wait(&w->own);
    uk_asym_leave(&w->own); /* else nobody could claim while we stand guard, or do the I/O */
}
/* By its owner: is anything kept back? Acquire pairs with the release in uk_push_late(): what
   another pushed for us comes before what we push next. */
static inline bool uk_outbox_any(uk_worker *w) {
    return atomic_load_explicit(&w->out.n, memory_order_acquire) != 0;
}
void uk_ring_refill(uk_worker *w); /* it is empty, but there are cells behind it */
static inline uk_cell *uk_ring_take(uk_worker *w) { /* inside; NULL: it is empty */
    uint32_t h = atomic_load_explicit(&w->head, memory_order_relaxed);
    uint32_t t = atomic_load_explicit(&w->tail, memory_order_relaxed);
    if (h == t) return NULL;
    atomic_store_explicit(&w->head, h + 1, memory_order_relaxed);
    uintptr_t soon = (uintptr_t)w->ring[(h + 1) % UK_RING]; /* may be none */
    __builtin_prefetch((void *)soon, 1);
    __builtin_prefetch((void *)(soon + UK_POOL_LINE), 1);
    __builtin_prefetch((void *)(soon + UK_POOL_LINE * 2), 1);
    uk_cell *c = w->ring[h % UK_RING];
    if (__builtin_expect(h + 1 == t, 0) && w->behind) uk_ring_refill(w);
    return c;
}
static inline uk_plain *uk_plain_of(uk_worker *w, const ukko_type *type) {
    return &w->plains[(uintptr_t)type / 16 % UK_PLAINS]; /* tables of types lie 80 or 96 bytes apart */
}
static inline void uk_ring_put(uk_worker *w, uk_cell *c) { /* inside */
    uint32_t t = atomic_load_explicit(&w->tail, memory_order_relaxed);
    if (__builtin_expect(t - atomic_load_explicit(&w->head, memory_order_relaxed) >= UK_RING, 0)) {
        uk_ring_full(w, c);
        return;
    }
    w->ring[t % UK_RING] = c;
    atomic_store_explicit(&w->tail, t + 1, memory_order_release);
}
/* On the worker that is the only one of c's dispatcher: nobody else takes from its queues. */
static inline void uk_sole_queue(uk_worker *w, uk_cell *c) {
    __builtin_prefetch((char *)c + UK_POOL_LINE * 2, 1);
    uk_cell *old = atomic_load_explicit(&w->next, memory_order_relaxed);
    atomic_store_explicit(&w->next, c, memory_order_relaxed);
    if (old) uk_ring_put(w, old);
}
/* After work was put where others may take it. Who goes to sleep makes the word positive, has a
   barrier run on all threads, and then looks at the queues: so it sees the work, or we see it
   asleep. Negative: a worker looks at the queues, and will find it (rest.c). */
static inline void uk_wake_if_idle(uk_worker *w) {
    uk_asym_fence();
    if (atomic_load_explicit(w->rest, memory_order_relaxed) > 0) uk_wake(w->d);
}
/* Makes a cell runnable; the caller has just taken it from idle to scheduled. */
static inline void uk_schedule_fast(uk_cell *c) {
    uk_worker *w = uk_here.w;
    if (__builtin_expect(!w || w->d != c->disp, 0)) {
        uk_schedule_slow(c);
        return;
    }
    __builtin_prefetch((char *)c + UK_POOL_LINE, 1);
    __builtin_prefetch((char *)c + UK_POOL_LINE * 2, 1);
    uk_asym_enter(&w->own);
    uk_cell *old = atomic_load_explicit(&w->next, memory_order_relaxed);
    atomic_store_explicit(&w->next, c, memory_order_release);
    if (old) uk_ring_put(w, old);
    uk_asym_leave(&w->own);
    if (old) uk_wake_if_idle(w); /* else it is alone: it runs here next, nobody is woken */
}

/* ---- references of senders ---- */

static inline uk_credit *uk_credit_of(uk_worker *w, const ukko_ref *r) {
    uintptr_t line = (uintptr_t)r / 64;
    return &w->credits[(line ^ line / UK_CREDITS) % UK_CREDITS];
}
static inline uint64_t uk_credit_count(uk_credit k, const ukko_ref *r) { /* large: of another */
    return k - ((uint64_t)(uintptr_t)r << 16);
}
void uk_credit_add(uk_worker *w, ukko_ref *r, uint32_t n);
/* Gives a count of r back, some time before this worker sleeps. r may be NULL. */
static inline void uk_ref_release_late(ukko_ref *r) {
    uk_worker *w = uk_here.w;
    if (__builtin_expect(!w, 0)) {
        uk_ref_release(r);
    } else if (w->last_sender == r) {
        w->last_count++;
    } else {
        ukko_ref *old = w->last_sender;
        uint32_t n = w->last_count;
        w->last_sender = r;
        w->last_count = 1;
        if (old) uk_credit_add(w, old, n);
    }
}
/* Gives n counts of r back at once, with those that this worker keeps: it may be the end of r. */
void uk_ref_release_all(ukko_ref *r, uint32_t n);
/* As uk_ref_release_late(), while the worker runs a cell's turn: a cell of its own keeps the count
   for its next message, one that has ended goes while it is in the caches. */
static inline void uk_sender_release(uk_worker *w, ukko_ref *r) {
    if (r && r->vt == &uk_cell_vt) {
        uk_cell *s = uk_cell_of(r);
        if (s->disp == w->sole && s->spare < UK_SPARE_MOST) {
            s->spare++;
            return;
        }
        if (s->disp == w->sole && s->spare == UK_SPARE_NONE) {
            uk_ref_release_all(r, 1);
            return;
        }
    }
    uk_ref_release_late(r);
}
void uk_cell_refill(uk_cell *c); /* spare counts for a cell in its turn */
/* A count of the cell itself, in its own turn. */
static inline ukko_ref *uk_cell_retain_self(uk_cell *c) {
    if (__builtin_expect(!c->spare, 0)) uk_cell_refill(c);
    c->spare--;
    return &c->ref;
}
#endif
