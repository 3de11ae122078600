/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of a system: one wheel, one thread (none with threads 0: then the clock is virtual and
   steps with uk_timers_advance()). The uk_timer lies in the owner's memory. */
#ifndef UK_ACTOR_TIMER_H
#define UK_ACTOR_TIMER_H
#include <stdbool.h>
#include <stdint.h>

typedef struct uk_timers uk_timers;
typedef struct uk_timer uk_timer;
struct uk_timer {
    uk_timer *next, *prev; /* in a slot of the wheel; prev NULL: not armed */
    int64_t due_ms;
    void (*fn)(void *data); /* on the timer thread, with no lock held; must be short */
    void *data;
};

uk_timers *uk_timers_new(bool virtual_clock);
int uk_timers_start(uk_timers *w);
void uk_timers_stop(uk_timers *w); /* joins the thread; armed timers never fire then */
/* After stop: fires all that is still armed, at once and in order, on this thread. */
void uk_timers_drain(uk_timers *w);
bool uk_timers_ended(const uk_timers *w); /* it was stopped: what fires now, is drained */
void uk_timers_free(uk_timers *w);
int64_t uk_timers_now(uk_timers *w); /* ms, monotonic or virtual */
/* Arms t, which must not be armed. The memory of t must stay until it fired or was cancelled. */
void uk_timer_start(uk_timers *w, uk_timer *t, int64_t delay_ms, void (*fn)(void *), void *data);
/* true: it will not fire. false: it was not armed, or is firing or has fired. */
bool uk_timer_cancel(uk_timers *w, uk_timer *t);
/* Virtual clock: moves on by ms, firing what comes due in order. */
void uk_timers_advance(uk_timers *w, int64_t ms);
/* Without a thread: fires what is due. */
void uk_timers_fire_due(uk_timers *w);
/* Without a thread: ms until the next timer, or -1. */
int64_t uk_timers_next(uk_timers *w);
/* Without a thread: fn is called, on any thread, when a timer was started. Before that. */
void uk_timers_on_start(uk_timers *w, void (*fn)(void *data), void *data);
#endif
