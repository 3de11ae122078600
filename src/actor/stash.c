/* SPDX-License-Identifier: Apache-2.0 */
/* The stash: messages that an actor puts aside and takes back in front of those that wait. Runs in
   the cell's own turn. */
#include "actor/cell.h"
#include "actor/mailbox.h"
#include "actor/system.h"

static int64_t capacity(uk_cell *c) {
    int64_t max = 0;
    if (c->traits & UK_TRAIT_BOXED) return uk_box_of(c)->kind->stash;
    ukko_config_int(c->ref.sys->config, "pekko.actor.default-mailbox.stash-capacity", &max);
    return max > 0 ? max : 0;
}
static bool full(uk_cell *c) {
    uk_more *more = c->more;
    if (more->stash_max < 0) more->stash_max = capacity(c);
    return more->stash_max > 0 && more->stash_n >= more->stash_max;
}
static void show(const ukko_ref *ref, uk_buf *out) {
    uk_buf_str(out, "Actor[");
    uk_ref_show(ref, out);
    uk_buf_byte(out, ']');
}
static int overflow(ukko_ctx *ctx) {
    uk_buf b = {0};
    uk_buf_printf(&b, "Couldn't enqueue message %s from ", ukko_msg_class(ctx->current->msg));
    show(ukko_sender(ctx), &b);
    uk_buf_str(&b, " to stash of ");
    show(&ctx->cell->ref, &b);
    int rc = ukko_fail_as(ctx, UKKO_ETOOBIG, "org.apache.pekko.actor.StashOverflowException", "%s",
                          uk_buf_text(&b));
    uk_buf_fini(&b);
    return rc;
}
static int stashed_already(ukko_ctx *ctx) {
    char text[300];
    uk_buf b = {0};
    ukko_msg_print(ctx->current->msg, text, sizeof text);
    uk_buf_printf(&b, "Can't stash the same message Envelope(%s,", text);
    show(ukko_sender(ctx), &b);
    uk_buf_str(&b, ") more than once");
    int rc = ukko_fail_as(ctx, UKKO_ESTATE, "java.lang.IllegalStateException", "%s", uk_buf_text(&b));
    uk_buf_fini(&b);
    return rc;
}
int ukko_stash(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    if (!ctx->current) return UKKO_ESTATE;
    if (ctx->taken) return stashed_already(ctx);
    uk_more *more = uk_cell_more(c);
    if (full(c)) return overflow(ctx);
    ctx->taken = true;
    ctx->current->next = NULL;
    if (more->stash_tail) more->stash_tail->next = ctx->current;
    else more->stash_head = ctx->current;
    more->stash_tail = ctx->current;
    more->stash_n++;
    return UKKO_OK;
}
void uk_cell_unstash(uk_cell *c) {
    uk_more *more = c->more;
    if (!more || !more->stash_head) return;
    for (uk_envelope *e = more->stash_head; e; e = e->next)
        if (e->msg->type == &ukko_terminated_type) /* it counts as not seen again */
            uk_set_add(&more->terminated_queued, UK_BODY(ukko_terminated, e->msg)->ref);
    if (c->traits & UK_TRAIT_TAKES) {
        uk_box_unstash(c, more->stash_head, more->stash_tail, more->stash_n);
    } else {
        more->stash_tail->next = c->head;
        if (!c->head) c->tail = more->stash_tail;
        c->head = more->stash_head;
    }
    more->stash_head = more->stash_tail = NULL;
    more->stash_n = 0;
}
void ukko_unstash_all(ukko_ctx *ctx) { uk_cell_unstash(ctx->cell); }
