/* SPDX-License-Identifier: Apache-2.0 */
/* What a parent does about a failed child: decider, retry windows, one-for-one and all-for-one.
   Runs in the parent's turn. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <string.h>

enum { MAX_CAUSES = 20 };

static const ukko_rule stop_all[] = {{0, "java.lang.Exception", UKKO_STOP}, {0, NULL, 0}};
const ukko_supervision ukko_stopping = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .rules = stop_all};

/* SupervisorStrategy.defaultDecider */
static ukko_directive default_decide(const ukko_failure *why) {
    if (why->code == UKKO_EINIT || why->code == UKKO_EKILLED || why->code == UKKO_EDEATHPACT)
        return UKKO_STOP;
    return uk_class_is(why->class_name, "java.lang.Error") ? UKKO_ESCALATE : UKKO_RESTART;
}
ukko_supervision uk_supervision_of(const uk_cell *c) {
    const ukko_supervision *given = c->props->actor->supervision;
    ukko_supervision s = {.size = sizeof s, .max_restarts = -1};
    if (given) memcpy(&s, given, given->size < sizeof s ? given->size : sizeof s);
    return s;
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
/* What the log says of a failure: of one at start, the reason behind it. */
static const char *text_of(const ukko_failure *why) {
    const ukko_throwable *t = ukko_msg_get(why->cause, &ukko_throwable_type);
    const ukko_throwable *inner = t ? ukko_msg_get(t->cause, &ukko_throwable_type) : NULL;
    if (inner && uk_class_is(why->class_name, uk_failure_class(UKKO_EINIT)))
        return inner->message ? inner->message : inner->class_name;
    return t && t->message ? t->message : why->class_name;
}
/* "Class: message <- Class: message", from the failure to what is behind it. */
static void put_causes(uk_buf *b, const ukko_failure *why) {
    const ukko_throwable *t = ukko_msg_get(why->cause, &ukko_throwable_type);
    if (!t) uk_buf_str(b, why->class_name);
    for (int depth = 0; t && depth < MAX_CAUSES; depth++) {
        if (depth) uk_buf_str(b, " <- ");
        uk_buf_printf(b, "%s: %s", t->class_name, t->message ? t->message : "null");
        t = ukko_msg_get(t->cause, &ukko_throwable_type);
    }
}
static void log_decision(ukko_ref *child, const ukko_failure *why, ukko_directive d,
                         const ukko_supervision *s) {
    static const char *const logger[] = {"org.apache.pekko.actor.OneForOneStrategy",
                                         "org.apache.pekko.actor.AllForOneStrategy"};
    ukko_log_level level = (ukko_log_level)(d >> UKKO_DIRECTIVE_LEVEL_SHIFT);
    d &= UKKO_DIRECTIVE_MASK;
    if (!level) level = d == UKKO_RESUME ? UKKO_LOG_WARN : UKKO_LOG_ERROR;
    if (s->quiet || (d != UKKO_RESUME && d != UKKO_RESTART && d != UKKO_STOP)) return;
    uk_buf cause = {0};
    put_causes(&cause, why);
    uk_log_of(child, level, logger[s->all_for_one], uk_buf_text(&cause), "%s", text_of(why));
    uk_buf_fini(&cause);
}
static ukko_directive decide(ukko_ctx *ctx, const ukko_failure *why, const ukko_supervision *s) {
    for (const ukko_rule *r = s->rules; r && r->directive; r++)
        if ((!r->code || r->code == why->code) &&
            (!r->class_name || uk_class_is(why->class_name, r->class_name)))
            return r->directive;
    return s->decide ? s->decide(ctx, ctx->cell->state, why) : default_decide(why);
}
static void apply(ukko_ctx *ctx, uk_sysmsg *m, ukko_directive d, const ukko_supervision *s) {
    uk_cell *c = ctx->cell;
    void (*process)(uk_cell *, ukko_ref *, ukko_msg *, const ukko_supervision *, bool) =
        s->all_for_one ? all_for_one : one_for_one;
    uk_sysmsg *resume;
    switch ((int)(d & UKKO_DIRECTIVE_MASK)) {
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
/* true: m->a is a child, and the very one that failed. */
static bool known_child(uk_cell *c, const uk_sysmsg *m) {
    bool known = uk_kids_has(c, m->a);
    if (known && m->a->uid == m->uid) return true;
    uk_log_of(&c->ref, UKKO_LOG_DEBUG, c->props->actor->name, NULL,
              "dropping Failed from %s child %s (uid=%d)", known ? "old" : "unknown",
              uk_ref_text(m->a), m->uid);
    return false;
}
void uk_cell_child_failed(ukko_ctx *ctx, uk_sysmsg *m) {
    ukko_supervision s = uk_supervision_of(ctx->cell);
    if (!known_child(ctx->cell, m)) return;
    if (!m->code) m->code = uk_failure_code(m->cause);
    ukko_failure why = uk_failure_of(m->code, m->cause, m->a);
    ukko_directive d = decide(ctx, &why, &s);
    if (ctx->failure) { /* the decider itself has failed */
        ukko_msg *own = ctx->failure;
        ctx->failure = NULL;
        uk_cell_fail_with(ctx, (int)d < 0 ? (int)d : UKKO_EUSER, own, m->a);
        return;
    }
    log_decision(m->a, &why, d, &s);
    apply(ctx, m, d, &s);
}
