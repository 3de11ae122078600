/* SPDX-License-Identifier: Apache-2.0 */
/* What a parent does about a failed child: decider, retry windows, one-for-one and all-for-one.
   Runs in the parent's turn. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"

static const ukko_supervision default_strategy = {sizeof(ukko_supervision), false, -1, 0, NULL};

static ukko_directive default_decide(int code) {
    return code == UKKO_EINIT || code == UKKO_EKILLED || code == UKKO_EDEATHPACT ? UKKO_STOP
                                                                                 : UKKO_RESTART;
}
static uk_child_stat *stat_of(uk_cell *c, ukko_ref *child) {
    uk_more *more = uk_cell_more(c);
    for (uk_child_stat *s = more->stats; s; s = s->next)
        if (s->child == child || ukko_ref_equal(s->child, child)) return s;
    uk_child_stat *s = uk_zalloc(sizeof *s);
    s->child = uk_ref_retain(child);
    s->next = more->stats;
    return more->stats = s;
}
void uk_cell_forget_child(uk_cell *c, ukko_ref *child) {
    if (!c->more) return;
    for (uk_child_stat **p = &c->more->stats; *p; p = &(*p)->next) {
        uk_child_stat *s = *p;
        if (!ukko_ref_equal(s->child, child)) continue;
        *p = s->next;
        uk_ref_release(s->child);
        uk_free(s);
        return;
    }
}
/* May this child be restarted once more? Counts it. (ChildRestartStats) */
static bool permitted(uk_cell *c, ukko_ref *child, const ukko_supervision *s) {
    if (s->max_restarts == 0) return false;
    if (s->max_restarts < 0 && s->within_ms <= 0) return true;
    uk_child_stat *st = stat_of(c, child);
    int32_t max = s->max_restarts < 0 ? 1 : s->max_restarts;
    if (s->within_ms <= 0) return ++st->restarts <= max;
    int64_t now = uk_timers_now(c->ref.sys->timers);
    if (!st->window_start_ms) st->window_start_ms = now + 1; /* 0 means unset */
    if (now + 1 - st->window_start_ms <= s->within_ms) return ++st->restarts <= max;
    st->restarts = 1;
    st->window_start_ms = now + 1;
    return true;
}
static void restart(ukko_ref *child, ukko_msg *cause, bool suspend_first) {
    if (suspend_first) uk_ref_system(child, uk_sysmsg_new(UK_SYS_SUSPEND, NULL, NULL));
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_RECREATE, NULL, NULL);
    m->cause = ukko_msg_retain(cause);
    uk_ref_system(child, m);
}
static void one_for_one(uk_cell *c, ukko_ref *child, ukko_msg *cause, const ukko_supervision *s,
                        bool again) {
    if (again && permitted(c, child, s)) restart(child, cause, false);
    else uk_cell_stop_child(c, child);
}
static void all_for_one(uk_cell *c, ukko_ref *child, ukko_msg *cause, const ukko_supervision *s,
                        bool again) {
    size_t n;
    ukko_ref **all = uk_kids_all(c, &n);
    for (size_t i = 0; i < n && again; i++) again = permitted(c, all[i], s);
    for (size_t i = 0; i < n; i++) {
        if (again) restart(all[i], cause, !ukko_ref_equal(all[i], child));
        else uk_cell_stop_child(c, all[i]);
    }
    uk_refs_free(all, n);
}
static void log_decision(uk_cell *c, ukko_ref *child, const ukko_failure *why, ukko_directive d) {
    static const char *const logger[] = {"org.apache.pekko.actor.OneForOneStrategy",
                                         "org.apache.pekko.actor.AllForOneStrategy"};
    const ukko_supervision *s = c->props->actor->supervision;
    ukko_log_level level = d == UKKO_RESUME ? UKKO_LOG_WARN : UKKO_LOG_ERROR;
    if (d == UKKO_ESCALATE) return;
    uk_log(c->ref.sys, level, uk_ref_text(child), logger[s && s->all_for_one], NULL,
           why->class_name, "%s", why->message);
}
static void apply(ukko_ctx *ctx, uk_sysmsg *m, ukko_directive d, const ukko_supervision *s) {
    uk_cell *c = ctx->cell;
    void (*process)(uk_cell *, ukko_ref *, ukko_msg *, const ukko_supervision *, bool) =
        s->all_for_one ? all_for_one : one_for_one;
    uk_sysmsg *resume;
    switch (d) {
    case UKKO_RESUME:
        resume = uk_sysmsg_new(UK_SYS_RESUME, NULL, NULL);
        resume->cause = ukko_msg_retain(m->cause);
        uk_ref_system(m->a, resume);
        break;
    case UKKO_RESTART: process(c, m->a, m->cause, s, true); break;
    case UKKO_STOP: process(c, m->a, m->cause, s, false); break;
    default: uk_cell_fail_with(ctx, m->code, ukko_msg_retain(m->cause), m->a);
    }
}
void uk_cell_child_failed(ukko_ctx *ctx, uk_sysmsg *m) {
    uk_cell *c = ctx->cell;
    const ukko_supervision *s = c->props->actor->supervision;
    if (!s) s = &default_strategy;
    if (!uk_kids_has(c, m->a) || m->a->uid != m->uid) {
        uk_log(c->ref.sys, UKKO_LOG_DEBUG, uk_ref_text(&c->ref), "org.apache.pekko.actor.ActorCell",
               NULL, NULL, "dropping Failed from unknown child %s", uk_ref_text(m->a));
        return;
    }
    if (!m->code) m->code = uk_failure_code(m->cause);
    const ukko_throwable *t = ukko_msg_get(m->cause, &ukko_throwable_type);
    ukko_failure why = {m->code, t && t->message ? t->message : "", t ? t->class_name : "null",
                        m->cause, m->a};
    ukko_directive d = s->decide ? s->decide(ctx, c->state, &why) : default_decide(m->code);
    log_decision(c, m->a, &why, d);
    apply(ctx, m, d, s);
}
