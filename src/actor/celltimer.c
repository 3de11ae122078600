/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of an actor and its receive timeout. A shot is what the wheel holds: it outlives the timer
   when it fires at the moment the actor cancels it. Its tick carries a generation, so that the tick
   of a timer that was replaced or cancelled since is ignored. Runs in the cell's turn, but for
   fire(), which runs on the timer thread. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"

typedef struct uk_tick {
    uint64_t generation;
} uk_tick;
const ukko_type uk_tick_type = {sizeof(ukko_type),
                                sizeof(uk_tick),
                                "Tick",
                                NULL,
                                NULL,
                                UKKO_SER_LOCAL,
                                UKKO_TYPE_AUTO | UKKO_TYPE_QUIET |
                                    UKKO_TYPE_NO_TIMEOUT_RESET,
                                0,
                                NULL,
                                NULL,
                                NULL};

typedef struct shot {
    uk_timer timer;
    _Atomic int refs; /* the wheel's and the timer's; acq_rel down */
    ukko_ref *owner;  /* retained */
    uint64_t generation;
} shot;

struct uk_cell_timer {
    uk_cell_timer *next;
    uint64_t key, generation;
    int64_t period_ms;
    ukko_msg *msg;
    shot *shot;
};

static void shot_release(shot *s) {
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    uk_ref_release(s->owner);
    uk_free(s);
}
static void fire(void *data) {
    shot *s = data;
    uk_tick tick = {s->generation};
    uk_ref_tell(s->owner, ukko_msg_copy(&uk_tick_type, &tick), NULL);
    shot_release(s);
}
static uint64_t next_generation(void) {
    static _Atomic uint64_t n; /* relaxed: only uniqueness counts */
    return atomic_fetch_add_explicit(&n, 1, memory_order_relaxed) + 1;
}
static void arm(uk_cell *c, uk_cell_timer *t, int64_t delay_ms) {
    shot *s = uk_zalloc(sizeof *s);
    atomic_init(&s->refs, 2);
    s->owner = uk_ref_retain(&c->ref);
    s->generation = t->generation = next_generation();
    t->shot = s;
    uk_timer_start(c->ref.sys->timers, &s->timer, delay_ms, fire, s);
}
static void disarm(uk_cell *c, uk_cell_timer *t) {
    if (!t->shot) return;
    if (uk_timer_cancel(c->ref.sys->timers, &t->shot->timer)) shot_release(t->shot);
    shot_release(t->shot);
    t->shot = NULL;
}
static void timer_free(uk_cell *c, uk_cell_timer *t) {
    disarm(c, t);
    ukko_msg_release(t->msg);
    uk_free(t);
}
static uk_cell_timer **find_key(uk_cell *c, uint64_t key) {
    uk_cell_timer **p = &c->more->timers;
    while (*p && (*p)->key != key) p = &(*p)->next;
    return p;
}
void ukko_timer_cancel(ukko_ctx *ctx, uint64_t key) {
    if (!ctx->cell->more) return;
    uk_cell_timer **p = find_key(ctx->cell, key), *t = *p;
    if (!t) return;
    *p = t->next;
    timer_free(ctx->cell, t);
}
void ukko_timer_start(ukko_ctx *ctx, uint64_t key, int64_t delay_ms, int64_t period_ms,
                      ukko_msg *msg) {
    uk_cell *c = ctx->cell;
    uk_more *more = uk_cell_more(c);
    ukko_timer_cancel(ctx, key);
    uk_cell_timer *t = uk_zalloc(sizeof *t);
    t->key = key;
    t->period_ms = period_ms > 0 ? period_ms : 0;
    t->msg = msg;
    t->next = more->timers;
    more->timers = t;
    arm(c, t, delay_ms);
}
void ukko_receive_timeout(ukko_ctx *ctx, int64_t timeout_ms) {
    uk_cell *c = ctx->cell;
    uk_more *more = uk_cell_more(c);
    more->receive_timeout_ms = timeout_ms > 0 ? timeout_ms : 0;
    if (more->receive_timer) timer_free(c, more->receive_timer);
    more->receive_timer = NULL;
    if (!more->receive_timeout_ms) return;
    more->receive_timer = uk_zalloc(sizeof *more->receive_timer);
    arm(c, more->receive_timer, timeout_ms);
}
/* Every message begins the time anew, but those that say they do not. m NULL: a restart. */
void uk_cell_touch_receive_timeout(uk_cell *c, const ukko_msg *m) {
    uk_cell_timer *t = c->more ? c->more->receive_timer : NULL;
    if (!t || (m && m->type->flags & UKKO_TYPE_NO_TIMEOUT_RESET)) return;
    disarm(c, t);
    arm(c, t, c->more->receive_timeout_ms);
}
void uk_cell_stop_timers(uk_cell *c, bool receive_timeout) {
    if (!c->more) return;
    for (uk_cell_timer *t = c->more->timers, *next; t; t = next) {
        next = t->next;
        timer_free(c, t);
    }
    c->more->timers = NULL;
    if (!receive_timeout) return;
    if (c->more->receive_timer) timer_free(c, c->more->receive_timer);
    c->more->receive_timer = NULL;
    c->more->receive_timeout_ms = 0;
}
int uk_cell_tick(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    uint64_t generation = UK_BODY(uk_tick, m)->generation;
    if (!c->more) return UKKO_OK;
    if (c->more->receive_timer && c->more->receive_timer->generation == generation)
        return uk_cell_handle(ctx, ukko_msg_new(&ukko_receive_timeout_type));
    uk_cell_timer **p = &c->more->timers;
    while (*p && (*p)->generation != generation) p = &(*p)->next;
    uk_cell_timer *t = *p;
    if (!t) return UKKO_OK;
    ukko_msg *msg = ukko_msg_retain(t->msg);
    if (t->period_ms) {
        disarm(c, t);
        arm(c, t, t->period_ms);
    } else {
        *p = t->next;
        timer_free(c, t);
    }
    return uk_cell_handle(ctx, msg);
}
