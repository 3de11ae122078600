/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: workers that run cells. A cell is in at most one run queue at a time. Each worker
   has a last-in slot (a conversation stays on its core) and a ring that others steal from; threads
   that are no workers hand in through the injector. Idle workers sleep on a semaphore. */
#ifndef UK_ACTOR_SCHED_H
#define UK_ACTOR_SCHED_H
#include <stdbool.h>
#include <stddef.h>
#include <ukko/actor.h>

typedef struct uk_cell uk_cell;
typedef struct uk_dispatcher uk_dispatcher;

typedef struct uk_dispatcher_opts {
    const char *id;
    unsigned threads;    /* 0: stepped by uk_dispatcher_step() */
    unsigned throughput; /* messages a turn while others wait; at least 1 */
    int64_t deadline_ns; /* how long a turn goes on while others wait; 0: as throughput says */
    uint64_t seed;
    uk_dispatcher *home; /* whose queue its cells wait in, when it has no threads; NULL: its own */
    bool calling;        /* cells run on the thread that makes them runnable, where that may be */
    bool pinned;         /* for a single cell, with whose end its thread ends */
} uk_dispatcher_opts;

uk_dispatcher *uk_dispatcher_new(ukko_system *sys, const uk_dispatcher_opts *opts);
int uk_dispatcher_start(uk_dispatcher *d);
void uk_dispatcher_stop(uk_dispatcher *d); /* joins the workers; what is queued stays queued */
/* Made with one count; with the last it is freed, and must have been joined. NULL is fine. */
uk_dispatcher *uk_dispatcher_retain(uk_dispatcher *d);
void uk_dispatcher_release(uk_dispatcher *d);
void uk_dispatcher_end(uk_dispatcher *d); /* pinned: its cell has ended, or never was */
unsigned uk_dispatcher_throughput(const uk_dispatcher *d);
int64_t uk_dispatcher_deadline(const uk_dispatcher *d);
bool uk_dispatcher_is_sole(const uk_dispatcher *d); /* one worker, which runs all of its cells */
const char *uk_dispatcher_id(const uk_dispatcher *d);

/* Makes a cell runnable; the caller has just taken it from idle to scheduled. Any thread. */
void uk_schedule(uk_cell *cell);
/* The same for a cell whose turn ended with work left: it goes behind the others. */
void uk_reschedule(uk_cell *cell);
/* Runs up to max turns on the calling thread (threads 0 only); gives the number run. */
size_t uk_dispatcher_step(uk_dispatcher *d, size_t max);
size_t uk_dispatcher_queued(uk_dispatcher *d); /* likewise: cells that wait for their turn */
uint64_t uk_dispatcher_order(const uk_dispatcher *d); /* likewise: a signature of the turns so far */
/* Nothing queued besides what the calling worker runs now? Then a turn may go on. */
bool uk_sched_alone(void);
/* In a turn on the I/O thread: so many messages more were handled. What they may cost is added to how
   long it may go on. */
void uk_inline_earn(unsigned messages);
/* After uk_turn_flush(): must the calling worker give its cell back, so that somebody is ready to
   take the I/O rounds over? */
bool uk_sched_on_guard(void);
/* Is the calling thread a worker (of any system)? */
bool uk_sched_on_worker(void);
/* On a worker whose turn has to wait: runs another cell meanwhile. false: there is none, or it is no
   worker. */
bool uk_sched_help(void);
void uk_sched_never_waits(void); /* this thread does not wait for room in a mailbox */
/* Before a turn gives its cell up: what was staged for other nodes leaves in order. */
void uk_turn_flush(ukko_system *sys);
#endif
