/* SPDX-License-Identifier: Apache-2.0 */
/* How many routees a pool should have: by pressure (DefaultResizer), or by trying out which size
   has the best throughput (OptimalSizeExploringResizer). In the router's own turn, but for the
   question whether it is time, which senders ask. */
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <math.h>

/* ---- by pressure ---- */

static bool under_pressure(const uk_load *l, int32_t threshold) {
    uint32_t queued = atomic_load_explicit(&l->queued, memory_order_relaxed);
    bool busy = atomic_load_explicit(&l->busy, memory_order_relaxed);
    if (threshold == 1) return busy && queued;
    return threshold < 1 ? busy : queued >= (uint32_t)threshold;
}
static int32_t pressure(const uk_table *t, int32_t threshold) {
    int32_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const uk_load *l = uk_routee_load(&t->list[i]);
        n += l && under_pressure(l, threshold);
    }
    return n;
}
static int32_t whole(double v) {
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

int32_t uk_default_resizer_capacity(const ukko_default_resizer *r, int32_t press, int32_t size) {
    int64_t delta = press < size ? 0 : whole(ceil(r->rampup_rate * size));
    if (r->backoff_threshold > 0 && r->backoff_rate > 0 && size > 0 &&
        (double)press / size < r->backoff_threshold)
        delta += whole(floor(-1.0 * r->backoff_rate * size));
    int64_t proposed = size + delta;
    if (proposed < r->lower_bound) delta += r->lower_bound - proposed;
    else if (proposed > r->upper_bound) delta -= proposed - r->upper_bound;
    return whole((double)delta);
}

/* ---- by trying out ---- */

static double chance(void) { return (double)(uk_random64() >> 11) / 9007199254740992.0; }

static double *speed_at(uk_explorer *e, int32_t size) {
    for (size_t i = 0; i < e->n_log; i++)
        if (e->log[i].size == size) return &e->log[i].ns;
    return NULL;
}
static void note_speed(uk_explorer *e, int32_t size, double ns, double weight) {
    double *old = speed_at(e, size);
    if (old) {
        *old = *old * (1 - weight) + ns * weight;
        return;
    }
    e->log = uk_realloc(e->log, (e->n_log + 1) * sizeof *e->log);
    e->log[e->n_log].size = size;
    e->log[e->n_log++].ns = ns;
}
static void look_at_load(const uk_table *t, int64_t *queue, int32_t *utilized) {
    *queue = *utilized = 0;
    for (size_t i = 0; i < t->n; i++) {
        const uk_load *l = uk_routee_load(&t->list[i]);
        if (!l) continue;
        uint32_t n = atomic_load_explicit(&l->queued, memory_order_relaxed) +
                     atomic_load_explicit(&l->busy, memory_order_relaxed);
        *queue += n;
        *utilized += n > 0;
    }
}
static void update_stats(uk_routing *r, const uk_table *t, int64_t now_ms) {
    uk_explorer *e = &r->explorer;
    int64_t queue, now = uk_now_ns(),
                   last = atomic_load_explicit(&e->check_ns, memory_order_relaxed);
    int32_t utilized;
    uint64_t messages = atomic_load_explicit(&r->count, memory_order_relaxed);
    look_at_load(t, &queue, &utilized);
    bool full = (size_t)utilized == t->n;
    int64_t done = (int64_t)(messages - e->messages) + e->queue - queue;
    if (full && !e->streak_start_ms && last > 0 && done > 0)
        note_speed(e, (int32_t)t->n, (double)(now - last) / (double)done,
                   r->conf->exploring.weight_of_latest_metric);
    if (full) {
        e->streak_start_ms = 0;
        e->streak_highest = 0;
    } else {
        if (!e->streak_start_ms) e->streak_start_ms = now_ms + 1;
        if (utilized > e->streak_highest) e->streak_highest = utilized;
    }
    e->messages = messages;
    e->queue = queue;
    atomic_store_explicit(&e->check_ns, now, memory_order_relaxed);
}
/* The bound of the sizes to look at on one side: the count-th known size from here. */
static int32_t boundary(const uk_explorer *e, int32_t size, int32_t count, bool left) {
    int32_t at = left ? size : size - 1; /* the size itself counts as right */
    for (int32_t k = 0; k < count; k++) {
        int32_t next = at;
        bool found = false;
        for (size_t i = 0; i < e->n_log; i++) {
            int32_t s = e->log[i].size;
            if (left ? s < at && (!found || s > next) : s > at && (!found || s < next)) {
                next = s;
                found = true;
            }
        }
        if (!found) break;
        at = next;
    }
    return at < size && !left ? size : at;
}
static int32_t optimize(const uk_explorer *e, int32_t size, int32_t range) {
    int32_t left = boundary(e, size, range / 2, true), right = boundary(e, size, range / 2, false);
    int32_t best = size;
    double least = INFINITY;
    for (size_t i = 0; i < e->n_log; i++) {
        if (e->log[i].size < left || e->log[i].size > right || e->log[i].ns >= least) continue;
        best = e->log[i].size;
        least = e->log[i].ns;
    }
    double move = (best - size) / 2.0;
    return whole(move < 0 ? floor(move) : ceil(move));
}
static int32_t explore(const ukko_exploring_resizer *x, int32_t size) {
    int32_t span = whole(ceil(size * x->explore_step_size));
    int32_t change = span > 1 ? (int32_t)(uk_random64() % (uint32_t)span) : 0;
    if (change < 1) change = 1;
    return chance() < x->chance_of_ramping_down_when_full ? -change : change;
}
static int32_t exploring_change(uk_routing *r, const uk_table *t, int64_t now_ms) {
    const ukko_exploring_resizer *x = &r->conf->exploring;
    uk_explorer *e = &r->explorer;
    int32_t size = (int32_t)t->n;
    int64_t change;
    update_stats(r, t, now_ms);
    if (e->streak_start_ms &&
        now_ms + 1 - e->streak_start_ms > x->downsize_after_underutilized_ms) {
        change = whole(e->streak_highest * x->downsize_ratio) - size;
        if (change > 0) change = 0;
    } else if (!e->n_log || e->streak_start_ms) {
        change = 0;
    } else {
        change = chance() < x->chance_of_exploration ? explore(x, size)
                                                     : optimize(e, size, x->optimization_range);
    }
    int64_t to = size + change;
    if (to > x->upper_bound) to = x->upper_bound;
    if (to < x->lower_bound) to = x->lower_bound;
    return (int32_t)(to - size);
}

/* ---- either ---- */

bool uk_resizer_time(uk_routing *r, uint64_t count) {
    const uk_router_conf *c = r->conf;
    if (c->resizer == UK_RESIZER_DEFAULT) return count % c->fixed.messages_per_resize == 0;
    int64_t last = atomic_load_explicit(&r->explorer.check_ns, memory_order_relaxed);
    return uk_now_ns() > last + c->exploring.action_interval_ms * 1000000;
}
int32_t uk_resizer_change(uk_routing *r, const uk_table *t, ukko_system *sys) {
    const uk_router_conf *c = r->conf;
    if (c->resizer == UK_RESIZER_EXPLORING)
        return exploring_change(r, t, uk_timers_now(sys->timers));
    int32_t press = pressure(t, (int32_t)c->fixed.pressure_threshold);
    return uk_default_resizer_capacity(&c->fixed, press, (int32_t)t->n);
}
