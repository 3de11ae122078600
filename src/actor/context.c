/* SPDX-License-Identifier: Apache-2.0 */
/* What an actor may do in its turn: the functions that take a ukko_ctx. Runs in the cell's own
   turn. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- who and what ---- */

ukko_ref *ukko_self(ukko_ctx *ctx) { return &ctx->cell->ref; }
ukko_ref *ukko_parent(ukko_ctx *ctx) { return ctx->cell->parent; }
ukko_system *ukko_ctx_system(ukko_ctx *ctx) { return ctx->cell->ref.sys; }
const ukko_actor *ukko_ctx_actor(ukko_ctx *ctx) { return ctx->cell->props->actor; }
const ukko_msg *ukko_current(ukko_ctx *ctx) { return ctx->current ? ctx->current->msg : NULL; }
ukko_ref *ukko_child(ukko_ctx *ctx, const char *name) {
    ukko_ref *r = uk_kids_mine(ctx->cell, ukko_str(name));
    uk_ref_release(r); /* one that ends meanwhile lives on in its notice to this actor */
    return r;
}

/* ---- signals ---- */

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
int ukko_watch(ukko_ctx *ctx, ukko_ref *ref) { return uk_cell_watch(ctx->cell, ref); }
int ukko_watch_with(ukko_ctx *ctx, ukko_ref *ref, ukko_msg *msg) {
    return uk_cell_watch_with(ctx->cell, ref, msg);
}
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
