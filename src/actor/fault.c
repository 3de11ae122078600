/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a cell: creation, failure, suspension, restart, termination, as Pekko's FaultHandling
   does it. Everything runs in the cell's own turn. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include <string.h>

static const struct {
    int code;
    const char *class_name;
} classes[] = {
    {UKKO_EKILLED, "org.apache.pekko.actor.ActorKilledException"},
    {UKKO_EINIT, "org.apache.pekko.actor.ActorInitializationException"},
    {UKKO_EDEATHPACT, "org.apache.pekko.actor.DeathPactException"},
};
static const char *class_of(int code) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].code == code) return classes[i].class_name;
    return "java.lang.RuntimeException";
}
int uk_failure_code(const ukko_msg *m) {
    const ukko_throwable *t = ukko_msg_get(m, &ukko_throwable_type);
    const char *name = t ? t->original_class ? t->original_class : t->class_name : "";
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (!strcmp(classes[i].class_name, name)) return classes[i].code;
    return UKKO_EUSER;
}
static void debug(uk_cell *c, const char *text) {
    ukko_system *sys = c->ref.sys;
    if (sys->debug_lifecycle)
        uk_log(sys, UKKO_LOG_DEBUG, uk_ref_text(&c->ref), c->props->actor->name, NULL, NULL, "%s",
               text);
}
static void suspend_self(uk_cell *c) {
    if (c->suspended < UINT8_MAX) c->suspended++;
}
static void resume_self(uk_cell *c) {
    if (c->suspended) c->suspended--;
}
static void each_child(uk_cell *c, uk_sys_kind kind, ukko_msg *cause, ukko_ref *only,
                       ukko_ref * not ) {
    size_t n;
    ukko_ref **all = uk_kids_all(c, &n);
    for (size_t i = 0; i < n; i++) {
        if (not && ukko_ref_equal(all[i], not)) continue;
        uk_sysmsg *m = uk_sysmsg_new(kind, NULL, NULL);
        if (cause && (!only || ukko_ref_equal(all[i], only))) m->cause = ukko_msg_retain(cause);
        uk_ref_system(all[i], m);
    }
    uk_refs_free(all, n);
}

/* ---- failing ---- */

/* The cell itself has failed: it stands still until its parent has decided. Takes cause. */
void uk_cell_fail_with(ukko_ctx *ctx, int code, ukko_msg *cause, ukko_ref *perpetrator) {
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
    ukko_msg_release(more->failed_message);
    more->failed_message = ctx->current ? ukko_msg_retain(ctx->current->msg) : NULL;
    each_child(c, UK_SYS_SUSPEND, NULL, NULL, perpetrator);
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_FAILED, &c->ref, NULL);
    m->uid = c->ref.uid;
    m->code = code;
    m->cause = cause;
    uk_ref_system(c->parent, m);
}
static ukko_msg *take_failure(ukko_ctx *ctx, int code) {
    ukko_msg *f = ctx->failure;
    ctx->failure = NULL;
    return f ? f : ukko_msg_throwable(class_of(code), ukko_strerror(code));
}
void uk_cell_failed(ukko_ctx *ctx, int code) {
    uk_cell_fail_with(ctx, code, take_failure(ctx, code), NULL);
}
static void clear_failed(uk_cell *c) {
    c->flags &= (uint8_t)~(UK_CELL_FAILED | UK_CELL_FAILED_FATALLY);
    if (!c->more) return;
    uk_ref_release(c->more->perpetrator);
    ukko_msg_release(c->more->failed_message);
    c->more->perpetrator = NULL;
    c->more->failed_message = NULL;
}

/* ---- making and unmaking the state ---- */

static const ukko_msg *const *args_of(const uk_cell *c) {
    return (const ukko_msg *const *)(void *)c->props->args;
}
static void fresh_state(uk_cell *c) {
    memset(c->state, 0, c->props->actor->state_size);
    c->behavior = &c->props->actor->receive;
    if (c->more) c->more->behaviors.n = 0;
}
static void end_state(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    if (c->flags & UK_CELL_CREATED && c->props->actor->stop) c->props->actor->stop(ctx, c->state);
    c->flags &= (uint8_t)~UK_CELL_CREATED;
}
static void creation_failed(ukko_ctx *ctx, int code) {
    uk_cell *c = ctx->cell;
    ukko_msg *cause = take_failure(ctx, code);
    const ukko_throwable *why = ukko_msg_get(cause, &ukko_throwable_type);
    ukko_throwable t = {.class_name = class_of(UKKO_EINIT),
                        .message = why->message,
                        .cause = cause,
                        .actor = &c->ref};
    c->flags |= UK_CELL_CREATED; /* stop() is the last call also on a state whose start failed */
    end_state(ctx);
    c->flags |= UK_CELL_FAILED_FATALLY;
    uk_cell_fail_with(ctx, UKKO_EINIT, ukko_msg_copy(&ukko_throwable_type, &t), NULL);
    ukko_msg_release(cause);
}
void uk_cell_create(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    fresh_state(c);
    int rc = a->start ? a->start(ctx, c->state, args_of(c), c->props->n_args) : UKKO_OK;
    if (rc < 0) {
        creation_failed(ctx, rc);
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
    if (uk_kids_has(c, child)) mark_dying(c, child);
    uk_ref_system(child, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
}
static void stop_children(uk_cell *c) {
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

static ukko_failure failure_of(int code, const ukko_msg *cause) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    return (ukko_failure){code, t && t->message ? t->message : "",
                          t ? t->class_name : class_of(code), cause, NULL};
}
static void finish_recreate(ukko_ctx *ctx, ukko_msg *cause) { /* takes cause */
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    ukko_failure why = failure_of(uk_failure_code(cause), cause);
    resume_self(c);
    clear_failed(c);
    fresh_state(c);
    int rc = a->after_restart ? a->after_restart(ctx, c->state, args_of(c), c->props->n_args, &why)
             : a->start       ? a->start(ctx, c->state, args_of(c), c->props->n_args)
                              : UKKO_OK;
    if (rc < 0) {
        creation_failed(ctx, rc);
    } else {
        c->flags |= UK_CELL_CREATED;
        debug(c, "restarted");
        each_child(c, UK_SYS_RECREATE, cause, NULL, NULL); /* those that before_restart let live */
    }
    ukko_msg_release(cause);
}
static void default_before_restart(ukko_ctx *ctx) {
    stop_children(ctx->cell);
    end_state(ctx);
}
static void fault_create(ukko_ctx *ctx);
static void fault_recreate(ukko_ctx *ctx, ukko_msg *cause) { /* takes cause */
    uk_cell *c = ctx->cell;
    const ukko_actor *a = c->props->actor;
    if (!(c->flags & UK_CELL_CREATED)) {
        ukko_msg_release(cause);
        fault_create(ctx);
        return;
    }
    if (!c->suspended ||
        c->flags & UK_CELL_TERMINATING) { /* not asked for: see wire facts on Recreate */
        ukko_msg_release(cause);
        return;
    }
    if (a->before_restart) {
        ukko_failure why = failure_of(uk_failure_code(cause), cause);
        a->before_restart(ctx, c->state, &why, c->more ? c->more->failed_message : NULL);
        c->flags &= (uint8_t)~UK_CELL_CREATED;
    } else {
        default_before_restart(ctx);
    }
    uk_cell_stop_timers(c);
    uk_cell_unstash(c); /* a restart gives stashed messages back to the mailbox */
    if (!cause) cause = ukko_msg_throwable(class_of(UKKO_EUSER), "restart");
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
    stop_children(ctx->cell);
    if (!wait_for_children(ctx->cell, UK_WAIT_CREATE)) finish_create(ctx);
}
static void fault_suspend(uk_cell *c) {
    suspend_self(c);
    each_child(c, UK_SYS_SUSPEND, NULL, NULL, NULL);
}
static void fault_resume(ukko_ctx *ctx, ukko_msg *cause) {
    uk_cell *c = ctx->cell;
    if (!(c->flags & UK_CELL_CREATED)) {
        if (c->flags & UK_CELL_FAILED_FATALLY) fault_create(ctx);
        return;
    }
    ukko_ref *perp = c->more ? uk_ref_retain(c->more->perpetrator) : NULL;
    resume_self(c);
    if (cause) clear_failed(c);
    each_child(c, UK_SYS_RESUME, cause, perp ? perp : &c->ref, NULL);
    uk_ref_release(perp);
}

/* ---- termination ---- */

static void finish_terminate(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    end_state(ctx);
    uk_cell_stop_timers(c);
    uk_cell_drop_stash(c);
    uk_cell_unwatch_all(c);
    clear_failed(c);
    uk_cell_close(c);
    /* the name is free before any watcher hears of the end, however late the parent gets to run */
    if (c->parent->vt->kind == UK_REF_CELL) uk_kids_remove(uk_cell_of(c->parent), &c->ref);
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, &c->ref, NULL);
    m->flag = true;
    uk_ref_system(c->parent, m);
    uk_cell_tell_watchers(c);
    debug(c, "stopped");
}
void uk_cell_terminate(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    bool was = c->flags & UK_CELL_TERMINATING;
    c->flags |= UK_CELL_TERMINATING;
    uk_cell_unwatch_all(c);
    stop_children(c);
    if (!wait_for_children(c, UK_WAIT_TERMINATE)) {
        finish_terminate(ctx);
    } else if (!was) {
        suspend_self(c);
        debug(c, "stopping");
    }
}
void uk_cell_child_gone(ukko_ctx *ctx, ukko_ref *child) {
    uk_cell *c = ctx->cell;
    bool was = unmark_dying(c, child);
    uk_cell_forget_child(c, child);
    uk_kids_remove(c, child);
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
        uk_log(c->ref.sys, UKKO_LOG_ERROR, uk_ref_text(&c->ref), "org.apache.pekko.actor.ActorCell",
               NULL, NULL, "received Supervise from unregistered child %s, this will not end well",
               uk_ref_text(m->a));
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
    case UK_SYS_NOTIFY: uk_cell_notified(ctx, m->a, m->flag, m->flag2); break;
    case UK_SYS_ADDRESS_TERMINATED: uk_cell_address_terminated(ctx, ukko_msg_text(m->cause)); break;
    case UK_SYS_RUN: m->fn(c, m->data); break;
    default: break;
    }
}
void uk_cell_system(ukko_ctx *ctx, uk_sysmsg *m) {
    uk_cell *c = ctx->cell;
    int before = state_of(c);
    if (held_back(c, m)) {
        hold_back(c, m);
        return;
    }
    handle(ctx, m);
    uk_sysmsg_free(m);
    bool stopped = atomic_load_explicit(&c->stopped, memory_order_relaxed);
    if (!c->more || !c->more->sys_stash || (state_of(c) >= before && !stopped)) return;
    uk_sysmsg *list = c->more->sys_stash;
    c->more->sys_stash = NULL;
    for (uk_sysmsg *next; list; list = next) {
        next = list->next;
        list->next = NULL;
        if (atomic_load_explicit(&c->stopped, memory_order_relaxed))
            uk_dead_system(c->ref.sys, list, &c->ref);
        else uk_cell_system(ctx, list);
    }
}
