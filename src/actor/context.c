/* SPDX-License-Identifier: Apache-2.0 */
/* What an actor does in its turn: receiving, behaviours, stash, and the functions that take a
   ukko_ctx. Runs in the cell's own turn. */
#include "actor/cell.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- receiving ---- */

static int dispatch(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    const ukko_behavior *b = c->behavior;
    for (const ukko_case *k = b->cases; k && k->type; k++)
        if (k->type == m->type) return k->fn(ctx, c->state, m->body);
    return b->otherwise ? b->otherwise(ctx, c->state, m) : UKKO_UNHANDLED;
}
static int unhandled(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    ukko_system *sys = c->ref.sys;
    if (m->type == &ukko_terminated_type) {
        const ukko_terminated *t = UK_BODY(ukko_terminated, m);
        return ukko_fail_as(ctx, UKKO_EDEATHPACT, "org.apache.pekko.actor.DeathPactException",
                            "Monitored actor [%s] terminated", uk_ref_text(t->ref));
    }
    ukko_dead_letter d = {ukko_msg_retain(m), ukko_sender(ctx), &c->ref, "unhandled"};
    ukko_publish(sys, &ukko_unhandled_type, &d);
    if (sys->debug_unhandled)
        uk_log(sys, UKKO_LOG_DEBUG, uk_ref_text(&c->ref), c->props->actor->name, NULL, NULL,
               "unhandled message of type [%s] from %s", ukko_msg_class(m), uk_ref_text(d.sender));
    ukko_msg_release(d.message);
    return UKKO_OK;
}
static void answer_identify(ukko_ctx *ctx, const ukko_msg *m) {
    ukko_identity answer = {UK_BODY(ukko_identify, m)->id, &ctx->cell->ref};
    if (ctx->current->sender)
        uk_ref_tell(ctx->current->sender, ukko_msg_copy(&ukko_identity_type, &answer),
                    &ctx->cell->ref);
}
static int received_terminated(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    ukko_ref *who = UK_BODY(ukko_terminated, m)->ref;
    if (!c->more || !uk_set_remove(&c->more->terminated_queued, who))
        return UKKO_OK; /* unwatched since */
    int rc = dispatch(ctx, m);
    return rc == UKKO_UNHANDLED ? unhandled(ctx, m) : rc;
}
static int receive_auto(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    if (m->type == &uk_tick_type) return uk_cell_tick(ctx, m);
    if (m->type == &uk_answer_type) return uk_cell_answered(ctx, m);
    if (m->type == &ukko_terminated_type) return received_terminated(ctx, m);
    if (m->type == &ukko_identify_type) {
        answer_identify(ctx, m);
        return UKKO_OK;
    }
    if (m->type == &ukko_poison_pill_type) {
        uk_ref_system(&c->ref, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
        return UKKO_OK;
    }
    if (m->type == &ukko_kill_type)
        return ukko_fail_as(ctx, UKKO_EKILLED, "org.apache.pekko.actor.ActorKilledException",
                            "Kill");
    if (m->type == &uk_selection_type) {
        uk_selection_deliver(&c->ref, ukko_msg_retain(m), ctx->current->sender);
        return UKKO_OK;
    }
    return uk_cell_handle(ctx, m);
}
/* A message to the actor's own handlers; also that of a timer. */
int uk_cell_handle(ukko_ctx *ctx, const ukko_msg *m) {
    int rc = dispatch(ctx, m);
    return rc == UKKO_UNHANDLED ? unhandled(ctx, m) : rc;
}
/* What a router looks at; relaxed, an estimate. */
static void count(uk_load *l, bool begins) {
    if (begins) atomic_fetch_sub_explicit(&l->queued, 1, memory_order_relaxed);
    atomic_store_explicit(&l->busy, begins, memory_order_relaxed);
}
void uk_cell_receive(ukko_ctx *ctx, uk_envelope *e) {
    uk_cell *c = ctx->cell;
    const ukko_msg *m = e->msg;
    if (c->flags & UK_CELL_COUNTED) count(c->props->load, true);
    ctx->current = e;
    ctx->taken = false;
    int rc;
    if (!(m->type->flags & UKKO_TYPE_AUTO)) {
        rc = dispatch(ctx, m);
        if (rc == UKKO_UNHANDLED) rc = unhandled(ctx, m);
    } else {
        rc = receive_auto(ctx, m);
    }
    if (c->more && c->more->receive_timeout_ms) uk_cell_touch_receive_timeout(c, m);
    if (rc < 0) uk_cell_failed(ctx, rc);
    uk_outbox_flush();
    if (ctx->failure) { /* recorded, but the handler gave no failure back */
        ukko_msg_release(ctx->failure);
        ctx->failure = NULL;
    }
    ctx->current = NULL;
    if (!ctx->taken) uk_cell_done(c, e);
    if (c->flags & UK_CELL_COUNTED) count(c->props->load, false);
}

/* ---- who and what ---- */

ukko_ref *ukko_self(ukko_ctx *ctx) { return &ctx->cell->ref; }
ukko_ref *ukko_sender(ukko_ctx *ctx) {
    ukko_ref *s = ctx->current ? ctx->current->sender : NULL;
    return s ? s : ctx->cell->ref.sys->dead;
}
ukko_ref *ukko_parent(ukko_ctx *ctx) { return ctx->cell->parent; }
ukko_system *ukko_ctx_system(ukko_ctx *ctx) { return ctx->cell->ref.sys; }
const ukko_actor *ukko_ctx_actor(ukko_ctx *ctx) { return ctx->cell->props->actor; }
const ukko_msg *ukko_current(ukko_ctx *ctx) { return ctx->current ? ctx->current->msg : NULL; }
ukko_ref *ukko_child(ukko_ctx *ctx, const char *name) {
    ukko_ref *r = uk_kids_get(ctx->cell, ukko_str(name));
    uk_ref_release(r); /* one that ends meanwhile lives on in its notice to this actor */
    return r;
}
int ukko_spawn(ukko_ctx *ctx, ukko_props *props, const char *name, ukko_ref **out) {
    return uk_cell_spawn(ctx->cell->ref.sys, ctx->cell, props, name, out);
}

/* ---- sending ---- */

void ukko_tell_msg(ukko_ctx *ctx, ukko_ref *to, ukko_msg *msg) {
    if (ctx && to->vt == &uk_cell_vt) uk_cell_send(ctx, to, msg);
    else uk_ref_tell(to, msg, ctx ? &ctx->cell->ref : NULL);
}
void ukko_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body) {
    ukko_tell_msg(ctx, to, ukko_msg_copy(type, body));
}
void ukko_tell_text(ukko_ctx *ctx, ukko_ref *to, const char *text) {
    ukko_tell_msg(ctx, to, ukko_msg_string(text));
}
void ukko_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) { uk_ref_tell(to, msg, sender); }
void ukko_reply_msg(ukko_ctx *ctx, ukko_msg *msg) { ukko_tell_msg(ctx, ukko_sender(ctx), msg); }
void ukko_reply(ukko_ctx *ctx, const ukko_type *type, const void *body) {
    ukko_reply_msg(ctx, ukko_msg_copy(type, body));
}
void ukko_reply_text(ukko_ctx *ctx, const char *text) {
    ukko_reply_msg(ctx, ukko_msg_string(text));
}
void ukko_forward(ukko_ctx *ctx, ukko_ref *to) {
    if (ctx->current) uk_ref_tell(to, ukko_msg_retain(ctx->current->msg), ctx->current->sender);
}
void ukko_ref_signal(ukko_ref *ref, ukko_signal signal, ukko_msg *cause) {
    static const uk_sys_kind kinds[] = {0, UK_SYS_TERMINATE, UK_SYS_SUSPEND, UK_SYS_RESUME,
                                        UK_SYS_RECREATE};
    if (signal < UKKO_SIGNAL_TERMINATE || signal > UKKO_SIGNAL_RECREATE) {
        ukko_msg_release(cause);
        return;
    }
    uk_sysmsg *m = uk_sysmsg_new(kinds[signal], NULL, NULL);
    m->cause = cause;
    uk_ref_system(ref, m);
}

/* ---- behaviours ---- */

static void set_top(uk_cell *c) {
    uk_behaviors *b = c->more ? &c->more->behaviors : NULL;
    c->behavior = b && b->n ? b->stack[b->n - 1] : &c->props->actor->receive;
}
void ukko_push_behavior(ukko_ctx *ctx, const ukko_behavior *behavior) {
    uk_behaviors *b = &uk_cell_more(ctx->cell)->behaviors;
    if (b->n == sizeof b->stack / sizeof *b->stack) {
        ukko_log(ctx, UKKO_LOG_ERROR, "more than %zu behaviours pushed; the oldest is forgotten",
                 sizeof b->stack / sizeof *b->stack);
        memmove(b->stack, b->stack + 1, (b->n - 1) * sizeof *b->stack);
        b->n--;
    }
    b->stack[b->n++] = behavior;
    set_top(ctx->cell);
}
void ukko_become(ukko_ctx *ctx, const ukko_behavior *behavior) {
    uk_behaviors *b = &uk_cell_more(ctx->cell)->behaviors;
    if (b->n) b->n--;
    ukko_push_behavior(ctx, behavior);
}
void ukko_unbecome(ukko_ctx *ctx) {
    uk_behaviors *b = ctx->cell->more ? &ctx->cell->more->behaviors : NULL;
    if (b && b->n) b->n--;
    set_top(ctx->cell);
}

/* ---- stopping, watching, failing, logging ---- */

void ukko_stop(ukko_ctx *ctx, ukko_ref *ref) { uk_cell_stop_child(ctx->cell, ref); }
void ukko_watch(ukko_ctx *ctx, ukko_ref *ref) { uk_cell_watch(ctx->cell, ref); }
void ukko_unwatch(ukko_ctx *ctx, ukko_ref *ref) { uk_cell_unwatch(ctx->cell, ref); }

static int fail(ukko_ctx *ctx, int code, const char *class_name, const char *format, va_list ap) {
    char text[1024];
    vsnprintf(text, sizeof text, format, ap);
    ukko_msg_release(ctx->failure);
    ctx->failure = ukko_msg_throwable(class_name, text);
    return code < 0 ? code : UKKO_EUSER;
}
int ukko_fail(ukko_ctx *ctx, int code, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    code = fail(ctx, code, "java.lang.RuntimeException", format, ap);
    va_end(ap);
    return code;
}
int ukko_fail_as(ukko_ctx *ctx, int code, const char *class_name, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    code = fail(ctx, code, class_name, format, ap);
    va_end(ap);
    return code;
}
void ukko_log(ukko_ctx *ctx, ukko_log_level level, const char *format, ...) {
    uk_cell *c = ctx->cell;
    if (!uk_log_enabled(c->ref.sys, level)) return;
    char text[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    uk_log(c->ref.sys, level, uk_ref_text(&c->ref), c->props->actor->name, NULL, NULL, "%s", text);
}

/* ---- stash ---- */

int ukko_stash(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    if (!ctx->current || ctx->taken) return UKKO_ESTATE;
    uk_more *more = uk_cell_more(c);
    ctx->taken = true;
    ctx->current->next = NULL;
    if (more->stash_tail) more->stash_tail->next = ctx->current;
    else more->stash_head = ctx->current;
    more->stash_tail = ctx->current;
    return UKKO_OK;
}
static void unstash(uk_cell *c) { /* in front of what waits */
    uk_more *more = c->more;
    if (!more || !more->stash_head) return;
    more->stash_tail->next = c->head;
    if (!c->head) c->tail = more->stash_tail;
    c->head = more->stash_head;
    more->stash_head = more->stash_tail = NULL;
}
void ukko_unstash_all(ukko_ctx *ctx) { unstash(ctx->cell); }
void uk_cell_unstash(uk_cell *c) { unstash(c); }
void uk_cell_drop_stash(uk_cell *c) { unstash(c); /* and what waits becomes dead letters */ }
