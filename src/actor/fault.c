/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a cell: creation, failure, suspension, restart, termination, as Pekko's FaultHandling
   does it. Everything runs in the cell's own turn. */
#include "actor/inbox.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/mem.h"
#include <string.h>

static void log_life(uk_cell *c, const char *text) {
    uk_log_of(&c->ref, UKKO_LOG_DEBUG, c->props->actor->name, NULL, "%s", text);
}
static inline void debug(uk_cell *c, const char *text) {
    if (__builtin_expect(c->ref.sys->debug.lifecycle, 0)) log_life(c, text);
}
static void suspend_self(uk_cell *c) {
    if (c->suspended < UINT8_MAX) c->suspended++;
}
static void resume_self(uk_cell *c) {
    if (c->suspended) c->suspended--;
}
typedef struct kids { /* a snapshot; each retained */
    ukko_ref **list;
    size_t n;
} kids;
static kids kids_now(uk_cell *c) {
    kids k;
    k.list = uk_kids_all(c, &k.n);
    return k;
}
static void kids_end(kids k) { uk_refs_free(k.list, k.n); }
static bool among(const kids *k, ukko_ref *r) {
    for (size_t i = 0; k && i < k->n; i++)
        if (k->list[i] == r) return true;
    return false;
}
static void tell_kid(ukko_ref *child, uk_sys_kind kind, const ukko_msg *cause) {
    uk_sysmsg *m = uk_sysmsg_new(kind, NULL, NULL);
    m->cause = ukko_msg_retain(cause);
    uk_ref_system(child, m);
}
static void suspend_children(uk_cell *c, ukko_ref *but, const kids *those_neither) {
    kids k = kids_now(c);
    for (size_t i = 0; i < k.n; i++)
        if (!(but && ukko_ref_equal(k.list[i], but)) && !among(those_neither, k.list[i]))
            tell_kid(k.list[i], UK_SYS_SUSPEND, NULL);
    kids_end(k);
}
static void resume_children(uk_cell *c, const ukko_msg *cause, ukko_ref *perpetrator) {
    kids k = kids_now(c);
    for (size_t i = 0; i < k.n; i++)
        tell_kid(k.list[i], UK_SYS_RESUME,
                 perpetrator && ukko_ref_equal(k.list[i], perpetrator) ? cause : NULL);
    kids_end(k);
}

/* ---- failing ---- */

/* What is being handled stays at hand, so that hooks still know message and sender. */
static void keep_current(ukko_ctx *ctx) {
    uk_more *more = uk_cell_more(ctx->cell);
    uk_envelope *e = ctx->current;
    if (more->failed) uk_cell_done(ctx->cell, more->failed);
    more->failed = NULL;
    if (!e) return;
    more->failed = ctx->taken ? uk_envelope_new(ukko_msg_retain(e->msg), e->sender) : e;
    ctx->taken = true;
}
/* The cell itself has failed: it stands still until its parent has decided. Takes cause. */
static void fail_with(ukko_ctx *ctx, int code, ukko_msg *cause, ukko_ref *perpetrator,
                      const kids *not_to_suspend) {
    uk_cell *c = ctx->cell;
    if (c->flags &
        (UK_CELL_FAILED | UK_CELL_TERMINATING)) { /* already reported, or nobody to tell */
        ukko_msg_release(cause);
        return;
    }
    uk_more *more = uk_cell_more(c);
    suspend_self(c);
    c->flags |= UK_CELL_FAILED;
    uk_ref_release(more->perpetrator);
    more->perpetrator = uk_ref_retain(perpetrator ? perpetrator : &c->ref);
    keep_current(ctx);
    suspend_children(c, perpetrator, not_to_suspend);
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_FAILED, &c->ref, NULL);
    m->uid = c->ref.uid;
    m->code = code;
    m->cause = cause;
    uk_ref_system(c->parent, m);
}
void uk_cell_fail_with(ukko_ctx *ctx, int code, ukko_msg *cause, ukko_ref *perpetrator) {
    fail_with(ctx, code, cause, perpetrator, NULL);
}
static ukko_msg *take_failure(ukko_ctx *ctx, int code) {
    ukko_msg *f = ctx->failure;
    ctx->failure = NULL;
    if (!f) f = uk_spawn_failure(ctx, code);
    return f ? f : ukko_msg_throwable(uk_failure_class(code), ukko_strerror(code));
}
void uk_cell_failed(ukko_ctx *ctx, int code) {
    uk_cell_fail_with(ctx, code, take_failure(ctx, code), NULL);
}
void uk_cell_hook_failed(ukko_ctx *ctx, const char *hook) {
    uk_cell *c = ctx->cell;
    const ukko_throwable *t = ukko_msg_get(ctx->failure, &ukko_throwable_type);
    if (t)
        uk_log_of(&c->ref, UKKO_LOG_ERROR, c->props->actor->name, t->class_name, "%s failed: %s",
                  hook, t->message ? t->message : "");
    ukko_msg_release(ctx->failure);
    ctx->failure = NULL;
}
static void clear_failed(uk_cell *c) {
    c->flags &= (uint8_t)~(UK_CELL_FAILED | UK_CELL_FAILED_FATALLY | UK_CELL_FAILED_AGAIN);
    if (!c->more) return;
    uk_ref_release(c->more->perpetrator);
    if (c->more->failed) uk_cell_done(c, c->more->failed);
    c->more->perpetrator = NULL;
    c->more->failed = NULL;
}
/* A hook of a failed actor runs with the message at hand that it failed on. */
static void hook_begin(ukko_ctx *ctx) {
    if (ctx->current || !ctx->cell->more || !ctx->cell->more->failed) return;
    ctx->current = ctx->cell->more->failed;
    ctx->taken = true; /* it belongs to the cell */
}
static void hook_end(ukko_ctx *ctx, const char *hook) {
    if (ctx->cell->more && ctx->current == ctx->cell->more->failed) ctx->current = NULL;
    uk_cell_hook_failed(ctx, hook);
}

/* ---- making and unmaking the state ---- */

static const ukko_msg *const *args_of(const uk_cell *c) {
    return (const ukko_msg *const *)(void *)c->props->args;
}
static void fresh_state(uk_cell *c) {
    size_t n = c->props->actor->state_size;
    if (n) memset(c->state, 0, n);
    c->behavior = &c->props->actor->receive;
    if (c->more) c->more->behaviors.n = 0;
}
static void end_state(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    if (c->flags & UK_CELL_CREATED && c->props->actor->stop) {
        hook_begin(ctx);
        c->props->actor->stop(ctx, c->state);
        if (c->more || ctx->failure) hook_end(ctx, "stop");
    }
    c->flags &= (uint8_t)~UK_CELL_CREATED;
}
/* original: what the restart was for; NULL: the first start. survivors: children from before it. */
static void creation_failed(ukko_ctx *ctx, int code, const ukko_msg *original,
                            const kids *survivors) {
    uk_cell *c = ctx->cell;
    ukko_msg *why = take_failure(ctx, code);
    c->flags |= UK_CELL_CREATED; /* stop() is the last call also on a state whose start failed */
    end_state(ctx);
    fresh_state(c);
    c->flags |= original ? UK_CELL_FAILED_AGAIN : UK_CELL_FAILED_FATALLY;
    fail_with(ctx, UKKO_EINIT, uk_failure_init(&c->ref, why, original), NULL, survivors);
    ukko_msg_release(why);
}
void uk_cell_create(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    fresh_state(c);
    int rc = a->start ? a->start(ctx, c->state, args_of(c), c->props->n_args) : UKKO_OK;
    if (rc < 0) {
        creation_failed(ctx, rc, NULL, NULL);
        return;
    }
    c->flags |= UK_CELL_CREATED;
    debug(c, "started");
}

/* ---- children that are stopping ---- */

static void mark_dying(uk_cell *c, ukko_ref *child) {
    uk_more *more = uk_cell_more(c);
    if (child->vt->kind == UK_REF_CELL) {
        if (uk_cell_of(child)->dying) return;
        uk_cell_of(child)->dying = 1;
        more->n_dying++;
    } else if (uk_set_add(&more->dying, child)) {
        more->n_dying++;
    }
}
static bool unmark_dying(uk_cell *c, ukko_ref *child) {
    if (!c->more || !c->more->n_dying) return false;
    bool was = child->vt->kind == UK_REF_CELL ? uk_cell_of(child)->dying
                                              : uk_set_remove(&c->more->dying, child);
    if (was) c->more->n_dying--;
    return was;
}
void uk_cell_stop_child(uk_cell *c, ukko_ref *child) {
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL);
    if (child == &c->ref) {
        uk_inbox_add_system(c, m); /* its own turn, which looks there before the next message */
        return;
    }
    if (uk_kids_has(c, child)) mark_dying(c, child);
    uk_ref_system(child, m);
}
static void stop_children(uk_cell *c) {
    if (!atomic_load_explicit(&c->kids, memory_order_relaxed)) return; /* its own turn makes them */
    size_t n;
    ukko_ref **all = uk_kids_all(c, &n);
    for (size_t i = 0; i < n; i++) uk_cell_stop_child(c, all[i]);
    uk_refs_free(all, n);
}
/* true: children are still stopping, `then` is done when the last is gone. */
static bool wait_for_children(uk_cell *c, uk_wait then) {
    if (!c->more || !c->more->n_dying) return false;
    c->more->wait = (uint8_t)then;
    return true;
}

/* ---- restart ---- */

static void finish_recreate(ukko_ctx *ctx, ukko_msg *cause) { /* takes cause */
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    ukko_failure why = uk_failure_of(uk_failure_code(cause), cause, NULL);
    kids survivors = kids_now(c); /* before the new state makes its own */
    resume_self(c);
    clear_failed(c);
    fresh_state(c);
    int rc = a->after_restart ? a->after_restart(ctx, c->state, args_of(c), c->props->n_args, &why)
             : a->start       ? a->start(ctx, c->state, args_of(c), c->props->n_args)
                              : UKKO_OK;
    if (rc < 0) {
        creation_failed(ctx, rc, cause, &survivors);
    } else {
        c->flags |= UK_CELL_CREATED;
        uk_cell_touch_receive_timeout(c, NULL);
        debug(c, "restarted");
        for (size_t i = 0; i < survivors.n; i++)
            tell_kid(survivors.list[i], UK_SYS_RECREATE, cause);
    }
    kids_end(survivors);
    ukko_msg_release(cause);
}
static void unwatch_children(uk_cell *c) {
    kids k = kids_now(c);
    for (size_t i = 0; i < k.n; i++) uk_cell_unwatch(c, k.list[i]);
    kids_end(k);
}
/* Takes leave of the old state. */
static void before_restart(ukko_ctx *ctx, const ukko_msg *cause) {
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    if (a->before_restart) {
        ukko_failure why = uk_failure_of(uk_failure_code(cause), cause, NULL);
        hook_begin(ctx);
        a->before_restart(ctx, c->state, &why, ctx->current ? ctx->current->msg : NULL);
        hook_end(ctx, "before_restart");
        c->flags &= (uint8_t)~UK_CELL_CREATED;
    } else {
        unwatch_children(c);
        stop_children(c);
        end_state(ctx);
    }
}
static void fault_create(ukko_ctx *ctx);
static void fault_resume(ukko_ctx *ctx, ukko_msg *cause);

static void log_changing(uk_cell *c, const char *what, const ukko_msg *cause) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    uk_log_of(&c->ref, UKKO_LOG_ERROR, c->props->actor->name, NULL, "changing %s after %s: %s",
              what, t ? t->class_name : "null", t && t->message ? t->message : "");
}
static void fault_recreate(ukko_ctx *ctx, ukko_msg *cause) { /* takes cause */
    uk_cell *c = ctx->cell;
    bool again = c->flags & UK_CELL_FAILED_AGAIN;
    if (!(c->flags & UK_CELL_CREATED) && !again) {
        log_changing(c, "Recreate into Create", cause);
        ukko_msg_release(cause);
        fault_create(ctx);
        return;
    }
    if (!c->suspended || c->flags & UK_CELL_TERMINATING) { /* not asked for, or too late */
        ukko_msg_release(cause);
        if (c->suspended) fault_resume(ctx, NULL); /* keeps the depth balanced */
        return;
    }
    debug(c, "restarting");
    if (!again) before_restart(ctx, cause);
    uk_cell_stop_timers(c, false);
    uk_cell_unstash(c); /* a restart gives stashed messages back to the mailbox */
    if (!cause) cause = ukko_msg_throwable(uk_failure_class(UKKO_EUSER), "restart");
    if (!wait_for_children(c, UK_WAIT_RECREATE)) {
        finish_recreate(ctx, cause);
        return;
    }
    ukko_msg_release(c->more->wait_cause);
    c->more->wait_cause = cause;
}
static void finish_create(ukko_ctx *ctx) {
    resume_self(ctx->cell);
    clear_failed(ctx->cell);
    uk_cell_create(ctx);
}
static void fault_create(ukko_ctx *ctx) {
    uk_cell_stop_timers(ctx->cell, true);
    stop_children(ctx->cell);
    if (!wait_for_children(ctx->cell, UK_WAIT_CREATE)) finish_create(ctx);
}
static void fault_suspend(uk_cell *c) {
    suspend_self(c);
    suspend_children(c, NULL, NULL);
}
static void fault_resume(ukko_ctx *ctx, ukko_msg *cause) { /* cause: it was our own failure */
    uk_cell *c = ctx->cell;
    if (!(c->flags & UK_CELL_CREATED) && c->flags & UK_CELL_FAILED_FATALLY) {
        log_changing(c, "Resume into Create", cause);
        fault_create(ctx);
        return;
    }
    if (c->flags & UK_CELL_FAILED_AGAIN && cause) {
        log_changing(c, "Resume into Restart", cause);
        fault_recreate(ctx, ukko_msg_retain(cause));
        return;
    }
    ukko_ref *perp = c->more ? uk_ref_retain(c->more->perpetrator) : NULL;
    resume_self(c);
    if (cause) clear_failed(c);
    resume_children(c, cause, perp);
    uk_ref_release(perp);
}

/* ---- termination ---- */

/* The parent hears of the end: a child of a cell here lends it the node. */
static void tell_parent(uk_cell *c) {
    if (c->parent->vt->kind == UK_REF_CELL) {
        c->gone = (uk_gone){NULL, UK_SYS_GONE};
        uk_cell_retain_self(c); /* the node's */
        uk_cell_tell_system(c->parent, (uk_sysmsg *)(void *)&c->gone);
        return;
    }
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, &c->ref, NULL);
    m->flag = true;
    uk_ref_system(c->parent, m);
}
/* With its parent the whole system may end, while this thread still tells the watchers: the links to
   other nodes wait for that. */
static void tell_of_end(uk_cell *c) {
    ukko_system *sys = c->ref.sys;
    bool afar = uk_here.dirty || (c->more && c->more->watched_by.n);
    /* relaxed: comes before the parent hears, and so before the end of the system */
    if (afar) atomic_fetch_add_explicit(&sys->ends_untold, 1, memory_order_relaxed);
    tell_parent(c);
    uk_cell_tell_watchers(c);
    if (!afar) return;
    if (uk_here.dirty) sys->provider.flush(sys->provider.self);
    /* release: pairs with the acquire of uk_system_ends_told() */
    atomic_fetch_sub_explicit(&sys->ends_untold, 1, memory_order_release);
}
static void finish_terminate(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    end_state(ctx);
    if (c->more) {
        uk_cell_stop_timers(c, true);
        uk_cell_unstash(c); /* it becomes dead letters with the rest */
        uk_cell_unwatch_all(c);
    }
    clear_failed(c);
    uk_outbox_flush(); /* what stop() has sent goes before the news of the end */
    uk_cell_close(c);
    /* Else the parent frees the name when it hears of the end. Below the guardians any thread makes
       actors: there it is free before any watcher hears. */
    ukko_system *sys = c->ref.sys;
    if (c->parent == &sys->user->ref || c->parent == &sys->system_guardian->ref)
        uk_kids_remove(uk_cell_of(c->parent), &c->ref);
    tell_of_end(c);
    debug(c, "stopped");
}
void uk_cell_terminate(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    bool was = c->flags & UK_CELL_TERMINATING;
    c->flags |= UK_CELL_TERMINATING;
    if (c->more) {
        uk_cell_stop_timers(c, true);
        uk_cell_unwatch_all(c);
    }
    stop_children(c);
    if (!wait_for_children(c, UK_WAIT_TERMINATE)) {
        finish_terminate(ctx);
    } else if (!was) {
        suspend_self(c);
        debug(c, "stopping");
    }
}
/* handleChildTerminated */
static void tell_child_gone(ukko_ctx *ctx, ukko_ref *child) {
    const ukko_supervision *s = ctx->cell->props->actor->supervision;
    if (!s || s->size < offsetof(ukko_supervision, child_gone) + sizeof s->child_gone) return;
    if (!s->child_gone || !(ctx->cell->flags & UK_CELL_CREATED)) return;
    s->child_gone(ctx, ctx->cell->state, child);
    uk_cell_hook_failed(ctx, "child_gone");
}
void uk_cell_child_gone(ukko_ctx *ctx, ukko_ref *child) {
    uk_cell *c = ctx->cell;
    bool was = false;
    if (c->more) {
        was = unmark_dying(c, child);
        uk_cell_forget_child(c, child);
    }
    uk_kids_remove(c, child);
    tell_child_gone(ctx, child);
    if (!was || c->more->n_dying) return;
    uk_wait then = (uk_wait)c->more->wait;
    ukko_msg *cause = c->more->wait_cause;
    c->more->wait = UK_WAIT_NONE;
    c->more->wait_cause = NULL;
    if (then == UK_WAIT_RECREATE) finish_recreate(ctx, cause);
    else ukko_msg_release(cause);
    if (then == UK_WAIT_CREATE) finish_create(ctx);
    if (then == UK_WAIT_TERMINATE) finish_terminate(ctx);
}

/* ---- system messages ---- */

enum { NORMAL, SUSPENDED, WAITING };
static int state_of(const uk_cell *c) {
    if (c->more && (c->more->wait == UK_WAIT_RECREATE || c->more->wait == UK_WAIT_CREATE))
        return WAITING;
    return c->suspended ? SUSPENDED : NORMAL;
}
static bool held_back(const uk_cell *c, const uk_sysmsg *m) {
    switch (m->kind) {
    case UK_SYS_FAILED: return state_of(c) != NORMAL;
    case UK_SYS_RECREATE:
    case UK_SYS_SUSPEND:
    case UK_SYS_RESUME: return state_of(c) == WAITING;
    default: return false;
    }
}
static void hold_back(uk_cell *c, uk_sysmsg *m) {
    uk_sysmsg **p = &uk_cell_more(c)->sys_stash;
    while (*p) p = &(*p)->next;
    *p = m;
}
static ukko_msg *take_cause(uk_sysmsg *m) {
    ukko_msg *cause = m->cause;
    m->cause = NULL;
    return cause;
}
static void supervise(uk_cell *c, uk_sysmsg *m) { /* a child made elsewhere announces itself */
    if (!(c->flags & UK_CELL_TERMINATING) && !uk_kids_has(c, m->a))
        uk_log_of(&c->ref, UKKO_LOG_ERROR, "org.apache.pekko.actor.ActorCell", NULL,
                  "received Supervise from unregistered child %s, this will not end well",
                  uk_ref_text(m->a));
}
static void child_ended(ukko_ctx *ctx, ukko_ref *child) {
    if (ctx->cell->more) uk_cell_notified(ctx, child, true, false);
    else uk_cell_child_gone(ctx, child); /* it watches nobody */
}
static void handle(ukko_ctx *ctx, uk_sysmsg *m) {
    uk_cell *c = ctx->cell;
    switch (m->kind) {
    case UK_SYS_CREATE: break;
    case UK_SYS_RECREATE: fault_recreate(ctx, take_cause(m)); break;
    case UK_SYS_SUSPEND: fault_suspend(c); break;
    case UK_SYS_RESUME: fault_resume(ctx, m->cause); break;
    case UK_SYS_TERMINATE: uk_cell_terminate(ctx); break;
    case UK_SYS_SUPERVISE: supervise(c, m); break;
    case UK_SYS_WATCH: uk_cell_add_watcher(c, m->a, m->b); break;
    case UK_SYS_UNWATCH: uk_cell_remove_watcher(c, m->a, m->b); break;
    case UK_SYS_FAILED: uk_cell_child_failed(ctx, m); break;
    case UK_SYS_GONE: child_ended(ctx, &uk_cell_gone(m)->ref); break;
    case UK_SYS_NOTIFY: uk_cell_notified(ctx, m->a, m->flag, m->flag2); break;
    case UK_SYS_ADDRESS_TERMINATED: uk_cell_address_terminated(ctx, ukko_msg_text(m->cause)); break;
    case UK_SYS_RUN: m->fn(c, m->data); break;
    default: break;
    }
}
void uk_cell_system(ukko_ctx *ctx, uk_sysmsg *m) {
    uk_cell *c = ctx->cell;
    if (!c->more && !c->suspended) { /* nothing is held back, nor has been */
        handle(ctx, m);
        uk_sysmsg_free(m);
        return;
    }
    int before = state_of(c);
    if (held_back(c, m)) {
        hold_back(c, m);
        return;
    }
    handle(ctx, m);
    uk_sysmsg_free(m);
    bool stopped = uk_cell_stopped(c);
    if (!c->more || !c->more->sys_stash || (state_of(c) >= before && !stopped)) return;
    uk_sysmsg *list = c->more->sys_stash;
    c->more->sys_stash = NULL;
    for (uk_sysmsg *next; list; list = next) {
        next = list->next;
        list->next = NULL;
        if (uk_cell_stopped(c)) uk_dead_system(c->ref.sys, list, &c->ref);
        else uk_cell_system(ctx, list);
    }
}
