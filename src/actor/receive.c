/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to one message: the actor's handlers, the messages that the runtime handles itself,
   and those that nobody handles. Runs in the cell's own turn. */
#include "actor/cell.h"
#include "actor/routing.h"
#include "actor/system.h"

static int unhandled(ukko_ctx *ctx, const ukko_msg *m) {
    if (m->type == &ukko_terminated_type) {
        const ukko_terminated *t = UK_BODY(ukko_terminated, m);
        return ukko_fail_as(ctx, UKKO_EDEATHPACT, uk_failure_class(UKKO_EDEATHPACT),
                            "Monitored actor [Actor[%s]] terminated", uk_ref_text(t->ref));
    }
    ukko_dead_letter d = {ukko_msg_retain(m), ukko_sender(ctx), &ctx->cell->ref, "unhandled"};
    ukko_publish(ctx->cell->ref.sys, &ukko_unhandled_type, &d);
    ukko_msg_release(d.message);
    return UKKO_OK;
}
static void debug_message(ukko_ctx *ctx, const char *what, const ukko_msg *m) {
    char text[512];
    uk_cell *c = ctx->cell;
    ukko_msg_print(m, text, sizeof text);
    uk_log_of(&c->ref, UKKO_LOG_DEBUG, c->props->actor->name, NULL, "received %s %s from Actor[%s]",
              what, text, uk_ref_text(ukko_sender(ctx)));
}
/* A message to the actor's own handlers. */
static int handle(ukko_ctx *ctx, const ukko_msg *m) {
    int rc = uk_cell_dispatch(ctx, ctx->cell, m);
    if (ctx->cell->ref.sys->debug.receive)
        debug_message(ctx, rc == UKKO_UNHANDLED ? "unhandled message" : "handled message", m);
    return rc == UKKO_UNHANDLED ? unhandled(ctx, m) : rc;
}

/* ---- messages of the runtime ---- */

static int received_terminated(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    ukko_ref *who = UK_BODY(ukko_terminated, m)->ref;
    if (!c->more || !uk_set_remove(&c->more->terminated_queued, who))
        return UKKO_OK; /* unwatched since */
    ukko_msg *own = uk_cell_custom_end(c, who);
    return own ? uk_cell_handle(ctx, own) : handle(ctx, m);
}
static int receive_auto(ukko_ctx *ctx, const ukko_msg *m) {
    uk_cell *c = ctx->cell;
    if (m->type == &uk_tick_type) return uk_cell_tick(ctx, m);
    if (m->type == &uk_answer_type) return uk_cell_answered(ctx, m);
    if (c->ref.sys->debug.autoreceive) debug_message(ctx, "AutoReceiveMessage", m);
    if (m->type == &ukko_terminated_type) return received_terminated(ctx, m);
    if (m->type == &ukko_identify_type) {
        uk_answer_identify(c->ref.sys, m, ctx->current->sender, &ctx->cell->ref, NULL);
        return UKKO_OK;
    }
    if (m->type == &ukko_poison_pill_type) {
        uk_ref_system(&c->ref, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
        return UKKO_OK;
    }
    if (m->type == &ukko_kill_type)
        return ukko_fail_as(ctx, UKKO_EKILLED, uk_failure_class(UKKO_EKILLED), "Kill");
    if (m->type == &uk_selection_type) {
        uk_selection_deliver(&c->ref, ukko_msg_retain(m), ctx->current->sender);
        return UKKO_OK;
    }
    return handle(ctx, m);
}
int uk_cell_handle(ukko_ctx *ctx, ukko_msg *m) {
    uk_envelope *was = ctx->current;
    ctx->current = uk_envelope_new(m, was->sender);
    uk_cell_done(ctx->cell, was);
    return m->type->flags & UKKO_TYPE_AUTO ? receive_auto(ctx, m) : handle(ctx, m);
}

/* ---- one message ---- */

/* What a router looks at; relaxed, an estimate. */
static void count(uk_load *l, bool begins) {
    if (begins) atomic_fetch_sub_explicit(&l->queued, 1, memory_order_relaxed);
    atomic_store_explicit(&l->busy, begins, memory_order_relaxed);
}
/* After the handlers: failures, what was sent, the end of the envelope. */
void uk_cell_received(ukko_ctx *ctx, int rc) {
    uk_cell *c = ctx->cell;
    if (rc == UKKO_UNHANDLED) rc = unhandled(ctx, ctx->current->msg);
    if (c->more && c->more->receive_timeout_ms) uk_cell_touch_receive_timeout(c, ctx->current->msg);
    if (rc < 0) uk_cell_failed(ctx, rc);
    uk_outbox_flush();
    if (ctx->failure) { /* recorded, but the handler gave no failure back */
        ukko_msg_release(ctx->failure);
        ctx->failure = NULL;
    }
    if (!ctx->taken) uk_cell_done(c, ctx->current);
    ctx->current = NULL;
}
void uk_cell_receive(ukko_ctx *ctx, uk_envelope *e) {
    uk_cell *c = ctx->cell;
    const ukko_msg *m = e->msg;
    if (c->traits & UK_TRAIT_COUNTED) count(c->props->load, true);
    ctx->current = e;
    ctx->taken = false;
    int rc = m->type->flags & UKKO_TYPE_AUTO ? receive_auto(ctx, m) : handle(ctx, m);
    uk_cell_received(ctx, rc);
    if (c->traits & UK_TRAIT_COUNTED) count(c->props->load, false);
}
