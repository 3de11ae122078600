/* SPDX-License-Identifier: Apache-2.0 */
/* Looks after workers whose turn lasts: an actor that blocks or computes for long keeps others from
   running. What waits in such a worker's slot or outbox gets another worker, which is woken for it;
   what it has staged for other nodes is sent; after a limit the actor is named in a warning. While
   any worker runs, a timer looks at all of them every LOOK_MS; when all sleep it stops, and the
   next one that is woken starts it again. On the timer thread, but for uk_watchdog_wake(). */
#include "actor/dispatchers.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/error.h"
#include "base/mem.h"
#include <string.h>

struct uk_watchdog {
    ukko_system *sys;
    uk_timer timer;
    int64_t limit_ms;   /* 0: no warnings */
    _Atomic bool armed; /* seq_cst, with the number of idle workers */
    bool closed;        /* after the timer thread has ended */
};

enum { LOOK_MS = 10 };

static void look(void *data);

static void arm(uk_watchdog *g) {
    uk_timer_start(g->sys->timers, &g->timer, LOOK_MS, look, g);
}
static void warn(uk_watchdog *g, uk_worker *w, int64_t ms) {
    if (!uk_asym_claim(&w->own)) return; /* the next look may do */
    uk_cell *c = atomic_load_explicit(&w->turn, memory_order_relaxed);
    bool same = atomic_load_explicit(&w->turns, memory_order_relaxed) == w->seen_turns;
    ukko_ref *ref = c && same ? uk_ref_retain(&c->ref) : NULL; /* it lives while we have the claim */
    uk_asym_unclaim(&w->own);
    if (!ref) return;
    w->warned = true;
    uk_log(g->sys, UKKO_LOG_WARN, uk_ref_text(ref), "ukko.Scheduler", NULL, NULL,
           "a handler of %s holds a worker of dispatcher %s for %lld ms now: what blocks belongs on a "
           "dispatcher of its own (ukko.scheduler.held-worker-warning = %lld ms)",
           uk_ref_text(ref), uk_dispatcher_id(w->d), (long long)ms, (long long)g->limit_ms);
    uk_ref_release(ref);
}
static bool look_at(uk_watchdog *g, uk_worker *w, int64_t now) { /* does it run? */
    uint64_t turns = atomic_load_explicit(&w->turns, memory_order_relaxed);
    bool runs = atomic_load_explicit(&w->turn, memory_order_relaxed) != NULL;
    /* what did not run at the last look has not run since then, however long ago that is */
    if (!runs || !w->seen_running || turns != w->seen_turns) {
        w->seen_turns = turns;
        w->seen_ms = now;
        w->seen_running = runs;
        w->warned = false;
        return runs;
    }
    /* a worker that fell asleep when all did sleeps on; awake, it looks at the others (steal.c) */
    if (atomic_load_explicit(&w->next, memory_order_relaxed) ||
        atomic_load_explicit(&w->out.n, memory_order_relaxed))
        uk_wake(w->d);
    if (g->limit_ms && !w->warned && now - w->seen_ms >= g->limit_ms) warn(g, w, now - w->seen_ms);
    return true;
}
static bool look_at_all(uk_watchdog *g, uk_dispatcher *d) {
    unsigned n;
    uk_worker *all = uk_dispatcher_workers(d, &n);
    int64_t now = uk_timers_now(g->sys->timers);
    bool any = false;
    for (unsigned i = 0; i < n; i++) any |= look_at(g, &all[i], now);
    return any;
}
static bool is_awake(uk_dispatcher *d) {
    unsigned n;
    uk_dispatcher_workers(d, &n);
    return uk_idle_workers(d) < (int)n;
}
static void look(void *data) {
    uk_watchdog *g = data;
    uk_dispatcher **all;
    bool any = false, awake = false;
    if (g->closed) return;
    size_t n = uk_dispatchers_all(g->sys, &all);
    for (size_t i = 0; i < n; i++) any |= look_at_all(g, all[i]);
    if (any && g->sys->has_provider) g->sys->provider.late(g->sys->provider.self);
    if (!any) atomic_store_explicit(&g->armed, false, memory_order_seq_cst);
    /* one that was woken before the flag fell did not start us: look once more */
    for (size_t i = 0; i < n; i++) {
        awake |= is_awake(all[i]);
        uk_dispatcher_release(all[i]);
    }
    uk_free(all);
    bool again =
        any || (awake && !atomic_exchange_explicit(&g->armed, true, memory_order_seq_cst));
    if (again) arm(g);
}

/* ---- the interface ---- */

int uk_watchdog_new(ukko_system *sys, ukko_error *err) {
    const char *path = "ukko.scheduler.held-worker-warning", *text;
    int64_t ms = 0;
    int rc = ukko_config_string(sys->config, path, &text);
    bool off = !rc && (!strcmp(text, "off") || !strcmp(text, "false"));
    if (!rc && !off) rc = ukko_config_duration_ms(sys->config, path, &ms);
    if (!rc && !off && ms <= 0) return uk_error(err, UKKO_ECONFIG, "%s must be positive, or off", path);
    if (rc) return ukko_config_explain(sys->config, path, rc, NULL, err);
    sys->watchdog = uk_zalloc(sizeof *sys->watchdog);
    sys->watchdog->sys = sys;
    sys->watchdog->limit_ms = ms;
    return UKKO_OK;
}
void uk_watchdog_wake(ukko_system *sys) {
    uk_watchdog *g = sys->watchdog;
    if (!g || atomic_load_explicit(&g->armed, memory_order_relaxed)) return;
    if (!atomic_exchange_explicit(&g->armed, true, memory_order_seq_cst)) arm(g);
}
void uk_watchdog_close(ukko_system *sys) {
    uk_watchdog *g = sys->watchdog;
    if (!g) return;
    g->closed = true;
    uk_timer_cancel(sys->timers, &g->timer);
}
void uk_watchdog_free(ukko_system *sys) { uk_free(sys->watchdog); }
