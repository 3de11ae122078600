/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop on a thread of its own: tasks posted from other threads, timers, a hook that runs
   after each round. Over libuv, which no header shows. Functions marked [loop] run on the loop's
   thread only; [any] on any. Knows nothing of actors or Pekko. */
#ifndef UK_NET_LOOP_H
#define UK_NET_LOOP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include <ukko/base.h>

typedef struct uk_loop uk_loop;

/* Posted at most once at a time; belongs to the poster again once it runs. */
typedef struct uk_task uk_task;
struct uk_task {
    uk_task *next;
    void (*run)(uk_task *task);
};

typedef struct uk_alarm uk_alarm;
struct uk_alarm {
    int64_t at_ms;
    size_t slot; /* position in the heap + 1; 0: not running */
    void (*fire)(uk_alarm *timer);
};

int uk_loop_new(uk_loop **out, const char *thread_name, ukko_error *err); /* owned */
int uk_loop_start(uk_loop *loop, ukko_error *err);                        /* its thread begins */
/* In place of uk_loop_start(): no thread, the caller runs rounds with uk_loop_poll(), always on one
   thread at a time; fd is readable, or next_ms over (-1: never), when a round is due. */
void uk_loop_start_stepped(uk_loop *loop);
void uk_loop_poll(uk_loop *loop); /* never waits */
int uk_loop_fd(const uk_loop *loop);
int64_t uk_loop_next_ms(const uk_loop *loop);
/* Ends and joins the thread. Posted tasks that have not run yet run first. Not on the loop. */
void uk_loop_stop(uk_loop *loop);
void uk_loop_free(uk_loop *loop); /* after stop, or when it never started; NULL is fine */
/* Before start: called on the loop's own thread after each round, when it is not the loop's: it may
   run foreign code there. bytes: what was read in the round. */
void uk_loop_after(uk_loop *loop, void (*after)(void *data, size_t bytes), void *data);
/* [any] Runs the rounds in place of the own thread while that is held up in `after`; returns when
   it comes back, or at once when it is not held up or another thread assists. */
void uk_loop_assist(uk_loop *loop);
/* [loop] run() in the pool of threads for what may block, then done() on the loop; both get data.
   done() comes also when the loop was stopped meanwhile: then from uk_loop_free(). */
void uk_loop_work(uk_loop *loop, void (*run)(void *data), void (*done)(void *data), void *data);
void uk_loop_post(uk_loop *loop, uk_task *task);  /* [any] */
bool uk_loop_is_here(const uk_loop *loop);        /* [any] is this its thread? */
int64_t uk_loop_now(const uk_loop *loop);         /* [loop] monotonic ms, read once a round */
void *uk_loop_uv(uk_loop *loop);                  /* the uv_loop_t, for src/net only */
struct uk_stream **uk_loop_streams(uk_loop *loop); /* [loop] head of the list of open streams */
size_t *uk_loop_stream_count(uk_loop *loop);       /* [loop] its length */
/* A buffer of at least `size` bytes that all readers of this loop share. [loop] */
uint8_t *uk_loop_scratch(uk_loop *loop, size_t size);
/* [loop] n more bytes were read in this round; true: it has brought as many as a round shall, so
   that what they are for is done while they are in the caches. What is left to read waits for
   uk_loop_later(). */
bool uk_loop_brought(uk_loop *loop, size_t n);
/* [loop] Runs the task in one of the next rounds, after those that wait already, and before the
   kernel is asked what there is to read, unless that was long ago. At most once at a time. */
void uk_loop_later(uk_loop *loop, uk_task *task);
/* An empty buffer that was used before, so that its memory is there already; belongs to the caller
   until it is given back. [loop] */
uk_buf uk_loop_buf(uk_loop *loop);
void uk_loop_buf_back(uk_loop *loop, uk_buf *buf);

void uk_alarm_start(uk_loop *loop, uk_alarm *t, int64_t delay_ms); /* [loop] again: restarts */
void uk_alarm_stop(uk_loop *loop, uk_alarm *t); /* [loop] also when not running */
#endif
