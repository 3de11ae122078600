/* SPDX-License-Identifier: Apache-2.0 */
/* A dispatcher and its workers, for the files that make up the scheduler: sched.c (queues and turns),
   rest.c (waking and sleeping), steal.c (taking from others). Any thread, as each says. */
#ifndef UK_ACTOR_CREW_H
#define UK_ACTOR_CREW_H
#include "actor/worker.h"
#include <pthread.h>
#include <semaphore.h>

enum { UK_STEAL_MAX = 256, UK_WATCH_MS = 10 };

struct uk_dispatcher {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    ukko_system *sys;
    char *id;
    unsigned n, throughput;
    int64_t deadline_ns;
    bool started, calling, pinned;
    bool sole; /* it has one worker; inbox.h, law 6 */
    bool over; /* under lock: that has ended, what is handed in is dropped */
    uk_dispatcher *home; /* NULL: itself */
    uk_worker *workers;
    _Alignas(64) _Atomic int rest; /* who sleeps and who looks; rest.c, its first law */
    /* of the worker that looks: */
    _Alignas(64) int64_t heavy_ns; /* when turns were last seen to be long */
    _Atomic bool stopping;          /* seq_cst with the semaphores */
    sem_t sleep, nap;
    pthread_mutex_t lock; /* guards the injector; leaf */
    uk_cell *inj_head, *inj_tail;
    uk_cell *held; /* under lock; wait for the I/O thread's turns (sched.c, law 5) */
    _Atomic size_t inj_n; /* seq_cst, law 3; written under lock */
    uint64_t rng, order; /* of a system that is stepped */
    _Alignas(64) _Atomic uint64_t
        inline_seq; /* release by the I/O thread, acquire by the watcher; sched.c, law 5 */
    _Atomic bool watching;                    /* the last asleep looks at inline_seq; seq_cst */
    int64_t inline_off_ms;                    /* no turns on the I/O thread before; its own */
    int slow; /* SLOW_COST for each slow turn, less one for each other; likewise */
};

static inline uint32_t uk_ring_count(uk_worker *w) { /* a peek */
    return atomic_load_explicit(&w->tail, memory_order_relaxed) -
           atomic_load_explicit(&w->head, memory_order_relaxed);
}
static inline uk_cell *uk_slot_take(uk_worker *w) { /* inside, or with a claim */
    uk_cell *c = atomic_load_explicit(&w->next, memory_order_relaxed);
    if (c) atomic_store_explicit(&w->next, NULL, memory_order_relaxed);
    return c;
}

/* sched.c */
void uk_credits_give(uk_worker *w); /* all counts of senders that w has go back */
/* Cells from head to tail, n of them, to the injector of d; from there on, by run_next, to those of
   their dispatchers. */
void uk_inject(uk_dispatcher *d, uk_cell *head, uk_cell *tail, size_t n);
void uk_hand_in(uk_cell *cells);
void uk_assist(uk_worker *w);       /* does the I/O until its thread is back */

/* inline.c */
void uk_held_hand_in(uk_dispatcher *d); /* any thread: what waits behind turns of the I/O thread */
bool uk_inline_goes_on(void);           /* may the running turn? On the I/O thread, in one */

/* rest.c */
bool uk_work_in_sight(uk_dispatcher *d);
/* w has found no work: it begins to look at the others, or naps before its next look, or sleeps. */
void uk_rest(uk_worker *w);
void uk_end_looking(uk_worker *w);
static inline void uk_stop_looking(uk_worker *w) { /* before it does anything else */
    if (__builtin_expect(w->looks, 0)) uk_end_looking(w);
}
void uk_wake_all(uk_dispatcher *d);

/* steal.c */
uk_cell *uk_ring_steal(uk_worker *w, uk_worker *from);
void uk_push_late(uk_worker *o); /* what o's handler keeps back; on another thread */
uk_cell *uk_look(uk_worker *w);    /* w looks: takes what has been waiting for long, or NULL */
bool uk_something_late(uk_worker *w); /* likewise: would it take something now? Leaves rings aside */
#endif
