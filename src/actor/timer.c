/* SPDX-License-Identifier: Apache-2.0 */
/* A wheel of 4096 slots of one millisecond; a timer further away waits in its slot for another
   round. One thread per system sleeps until the next occupied slot. */
#include "actor/timer.h"
#include "actor/sched.h"
#include "base/mem.h"
#include "base/os.h"
#include <pthread.h>
#include <stddef.h>
#include <ukko/base.h>

enum { SLOTS = 4096, WORDS = SLOTS / 64 };

struct uk_timers {
    pthread_mutex_t lock; /* guards all; leaf: callbacks run without it */
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stopping, virtual_clock;
    bool ended; /* written when no thread fires any more */
    int64_t now_ms;      /* virtual clock */
    int64_t done_ms;     /* all slots up to here were visited */
    int64_t sleeping_to; /* the thread sleeps until then; INT64_MAX: for ever; 0: awake */
    void (*on_start)(void *data); /* NULL: nobody asks; constant */
    void *on_start_data;
    uint64_t bits[WORDS];
    uk_timer slots[SLOTS]; /* heads of circular lists */
};

int64_t uk_timers_now(uk_timers *w) {
    if (!w->virtual_clock) return uk_now_ms();
    pthread_mutex_lock(&w->lock);
    int64_t t = w->now_ms;
    pthread_mutex_unlock(&w->lock);
    return t;
}
static unsigned slot_of(int64_t ms) { return (unsigned)(ms & (SLOTS - 1)); }

static void link_timer(uk_timers *w, uk_timer *t) {
    unsigned s = slot_of(t->due_ms);
    uk_timer *h = &w->slots[s];
    t->next = h;
    t->prev = h->prev;
    h->prev->next = t;
    h->prev = t;
    w->bits[s / 64] |= 1ull << (s % 64);
}
static void unlink_timer(uk_timers *w, uk_timer *t) {
    unsigned s = slot_of(t->due_ms);
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->next = t->prev = NULL;
    if (w->slots[s].next == &w->slots[s]) w->bits[s / 64] &= ~(1ull << (s % 64));
}
/* The next occupied slot after done_ms, as a time; a far timer in it only costs a look. */
static int64_t next_stop(const uk_timers *w) {
    for (unsigned i = 1; i <= SLOTS;) {
        unsigned s = slot_of(w->done_ms + i);
        uint64_t word = w->bits[s / 64] >> (s % 64);
        if (word) return w->done_ms + i + __builtin_ctzll(word);
        i += 64 - s % 64;
    }
    return INT64_MAX;
}
/* Fires one timer due at or before `now`; false when there is none. Lock held, dropped inside. */
static bool fire_one(uk_timers *w, int64_t now) {
    for (;;) {
        int64_t at = next_stop(w);
        if (at > now) {
            if (now > w->done_ms) w->done_ms = now;
            return false;
        }
        uk_timer *h = &w->slots[slot_of(at)];
        for (uk_timer *t = h->next; t != h; t = t->next) {
            if (t->due_ms > at) continue;
            unlink_timer(w, t);
            pthread_mutex_unlock(&w->lock);
            t->fn(t->data); /* may free t */
            pthread_mutex_lock(&w->lock);
            return true;
        }
        w->done_ms = at;
    }
}
static void sleep_until(uk_timers *w, int64_t at) {
    w->sleeping_to = at;
    if (at == INT64_MAX) pthread_cond_wait(&w->wake, &w->lock);
    else uk_cond_wait_until(&w->wake, &w->lock, at * 1000000);
    w->sleeping_to = 0;
}
static void *timer_main(void *arg) {
    uk_timers *w = arg;
    uk_thread_name("uk-timer");
    uk_sched_never_waits();
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        if (fire_one(w, uk_now_ms())) continue;
        sleep_until(w, next_stop(w));
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
uk_timers *uk_timers_new(bool virtual_clock) {
    uk_timers *w = uk_zalloc(sizeof *w);
    w->virtual_clock = virtual_clock;
    w->done_ms = virtual_clock ? 0 : uk_now_ms();
    pthread_mutex_init(&w->lock, NULL);
    uk_cond_init(&w->wake);
    for (unsigned i = 0; i < SLOTS; i++) w->slots[i].next = w->slots[i].prev = &w->slots[i];
    return w;
}
int uk_timers_start(uk_timers *w) {
    if (w->virtual_clock) return UKKO_OK;
    if (pthread_create(&w->thread, NULL, timer_main, w)) return UKKO_EIO;
    w->started = true;
    return UKKO_OK;
}
bool uk_timers_ended(const uk_timers *w) { return w->ended; }

void uk_timers_stop(uk_timers *w) {
    if (!w->started) {
        w->ended = true;
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->started = false;
    w->ended = true;
}
void uk_timers_drain(uk_timers *w) {
    for (unsigned s = 0; s < SLOTS; s++)
        for (uk_timer *t; (t = w->slots[s].next) != &w->slots[s];) {
            unlink_timer(w, t);
            t->fn(t->data);
        }
}
void uk_timers_free(uk_timers *w) {
    if (!w) return;
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    uk_free(w);
}
void uk_timer_start(uk_timers *w, uk_timer *t, int64_t delay_ms, void (*fn)(void *), void *data) {
    pthread_mutex_lock(&w->lock);
    int64_t now = w->virtual_clock ? w->now_ms : uk_now_ms();
    if (delay_ms > INT64_MAX / 4) delay_ms = INT64_MAX / 4;
    t->due_ms = now + (delay_ms > 0 ? delay_ms : 0);
    if (t->due_ms <= w->done_ms) t->due_ms = w->done_ms + 1;
    t->fn = fn;
    t->data = data;
    link_timer(w, t);
    if (w->sleeping_to && t->due_ms < w->sleeping_to) pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    if (w->on_start) w->on_start(w->on_start_data);
}
bool uk_timer_cancel(uk_timers *w, uk_timer *t) {
    pthread_mutex_lock(&w->lock);
    bool armed = t->prev != NULL;
    if (armed) unlink_timer(w, t);
    pthread_mutex_unlock(&w->lock);
    return armed;
}
void uk_timers_advance(uk_timers *w, int64_t ms) {
    pthread_mutex_lock(&w->lock);
    int64_t end = w->now_ms + ms;
    for (;;) {
        int64_t at = next_stop(w);
        if (at > end) break;
        w->now_ms = at > w->now_ms ? at : w->now_ms;
        fire_one(w, at);
    }
    w->now_ms = end;
    pthread_mutex_unlock(&w->lock);
}
void uk_timers_fire_due(uk_timers *w) {
    pthread_mutex_lock(&w->lock);
    int64_t now = w->virtual_clock ? w->now_ms : uk_now_ms();
    while (fire_one(w, now)) {}
    pthread_mutex_unlock(&w->lock);
}
void uk_timers_on_start(uk_timers *w, void (*fn)(void *data), void *data) {
    w->on_start = fn;
    w->on_start_data = data;
}
int64_t uk_timers_next(uk_timers *w) {
    pthread_mutex_lock(&w->lock);
    int64_t best = INT64_MAX, now = w->virtual_clock ? w->now_ms : uk_now_ms();
    for (unsigned s = 0; s < SLOTS; s++) {
        if (!w->bits[s / 64]) s |= 63;
        for (uk_timer *t = w->slots[s].next; t != &w->slots[s]; t = t->next)
            if (t->due_ms < best) best = t->due_ms;
    }
    pthread_mutex_unlock(&w->lock);
    return best == INT64_MAX ? -1 : best > now ? best - now : 0;
}
