/* SPDX-License-Identifier: Apache-2.0 */
/* Sending from a handler. Of several messages in a row to one cell the first is pushed at once, the
   others are kept back and pushed as one chain: when the handler returns or sends anything else, or
   when there are enough. Should the handler go on for long, another worker pushes them
   (uk_push_late). On workers; on other threads every message is pushed at once. */
#include "actor/inbox.h"
#include "actor/system.h"
#include "base/error.h"

/* ---- several in a row ---- */

static __attribute__((noinline)) void out_flush(uk_worker *w) {
    uk_asym_enter(&w->own);
    uk_outbox out = {w->out.to, w->out.first, w->out.last, 0};
    w->out.first = w->out.last = NULL;
    atomic_store_explicit(&w->out.n, 0, memory_order_relaxed);
    uk_asym_leave(&w->own);
    if (!out.first) return; /* a watcher was first */
    uk_cell_push_chain(out.to, out.first, out.last);
    uk_ref_release_late(&out.to->ref);
}
void uk_outbox_flush(void) {
    uk_worker *w = uk_here.w;
    if (!w) return;
    if (uk_outbox_any(w)) out_flush(w);
    w->out.to = NULL;
}
static inline void keep_back(uk_worker *w, uk_cell *to, uk_envelope *e) {
    uk_asym_enter(&w->own);
    uint32_t n = atomic_load_explicit(&w->out.n, memory_order_relaxed) + 1;
    if (w->out.first) {
        w->out.last->next = e;
    } else {
        uk_ref_retain(&to->ref); /* until it is pushed */
        w->out.first = e;
    }
    w->out.last = e;
    atomic_store_explicit(&w->out.n, n, memory_order_relaxed);
    uk_asym_leave(&w->own);
    if (n == UK_CHAIN_MAX) out_flush(w);
}
static inline void push_first(uk_worker *w, uk_cell *to, uk_envelope *e) {
    if (uk_outbox_any(w)) out_flush(w);
    w->out.to = to->disp == w->d ? to : NULL; /* nobody of another dispatcher pushes late */
    if (!uk_inbox_push(to, &e->next, (uintptr_t)e)) uk_inbox_dead(to, e);
}
/* From a running handler to a plain cell. Takes msg. */
static inline void send(ukko_ctx *ctx, ukko_ref *r, ukko_msg *msg) {
    uk_worker *w = uk_here.w;
    uk_cell *to = uk_cell_of(r);
    if (__builtin_expect(!w || msg->type == &uk_selection_type || uk_inbox_closed(to), 0)) {
        uk_ref_tell(r, msg, &ctx->cell->ref);
        return;
    }
    uk_envelope *e = uk_envelope_of(msg, uk_cell_retain_self(ctx->cell));
    if (to->disp == w->sole) {
        uk_sole_push(w, to, e);
        return;
    }
    if (w->out.to == to && e == &msg->env) {
        keep_back(w, to, e);
        return;
    }
    push_first(w, to, e);
}

/* ---- the interface ---- */

static inline void tell(ukko_ctx *ctx, ukko_ref *to, ukko_msg *msg) {
    if (__builtin_expect(ctx && to->vt == &uk_cell_vt, 1)) send(ctx, to, msg);
    else uk_ref_tell(to, msg, ctx ? &ctx->cell->ref : NULL);
}
static inline ukko_ref *sender(const ukko_ctx *ctx) {
    ukko_ref *s = ctx->current ? ctx->current->sender : NULL;
    return s ? s : ctx->cell->ref.sys->dead;
}
ukko_ref *ukko_sender(ukko_ctx *ctx) { return sender(ctx); }
void ukko_tell_msg(ukko_ctx *ctx, ukko_ref *to, ukko_msg *msg) { tell(ctx, to, msg); }
/* A new message of a plain type, which is p, from a worker's turn to a plain cell. */
static __attribute__((noinline)) void tell_plain(uk_worker *w, const uk_plain *p, ukko_ctx *ctx,
                                                 uk_cell *to, const void *body) {
    ukko_msg *m = uk_pool_take(p->pool_class, sizeof *m + p->size);
    m->h = p->head;
    m->h.env_used = UK_ENV_USED;
    m->type = p->type;
    m->extra = NULL;
    m->env.msg = m;
    m->env.sender = uk_cell_retain_self(ctx->cell);
    if (p->size == 8) memcpy(m->body, body, 8);
    else if (p->size) memcpy(m->body, body, p->size);
    if (w->out.to == to) keep_back(w, to, &m->env);
    else if (to->disp == w->sole) uk_sole_push(w, to, &m->env);
    else push_first(w, to, &m->env);
}
/* The message is made, and the type remembered when it is plain. */
static ukko_msg *make(const ukko_type *type, const void *body) {
    uk_worker *w = uk_here.w;
    size_t n = type->body_size;
    if (w && uk_type_flat(type) && (!n || body)) {
        uint8_t cls = uk_pool_class(sizeof(ukko_msg) + n);
        bool small = n == 0 || n == 8 || n == 16;
        uint8_t words = small && !(type->flags & UKKO_TYPE_AUTO) ? (uint8_t)(n / 8) : 3;
        if (cls != UK_POOL_NONE || !uk_pool_list_of(cls))
            *uk_plain_of(w, type) = (uk_plain){
                type, uk_pool_list_of(cls), {1, cls, UK_ENV_OWN, 0, 0}, (uint32_t)n, cls, words};
    }
    return uk_msg_copy(type, body);
}
/* To a reference that can do without a message: it is written from the body as it lies there. */
static inline bool tell_body(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type,
                             const void *body) {
    if (__builtin_expect(!to->vt->tell_body, 1)) return false;
    uk_outbox_flush();
    return to->vt->tell_body(to, type, body, ctx ? &ctx->cell->ref : NULL);
}
static __attribute__((noinline)) void tell_any(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type,
                                               const void *body) {
    if (!tell_body(ctx, to, type, body)) tell(ctx, to, make(type, body));
}
/* May this thread make a message of p for that cell on the spot? All that could be in the way is looked
   at first, so that the rest is short. */
static inline bool is_small(const uk_plain *p, const uk_cell *from) {
    return p->words <= 2 && uk_pool_has(p->list) && from->spare;
}
static inline bool is_owned(uk_cell *to) {
    return atomic_load_explicit(&to->inbox, memory_order_acquire) == UK_INBOX_OWNED;
}
/* Or to keep it back behind another one? With true the worker is inside. */
static inline bool may_keep_back(uk_worker *w) {
    uint32_t n = atomic_load_explicit(&w->out.n, memory_order_relaxed);
    if (!n || n >= UK_CHAIN_MAX - 1 || !uk_asym_try(&w->own)) return false;
    if (w->out.first) return true;
    uk_asym_leave(&w->own);
    return false;
}
static inline ukko_msg *small_message(const uk_plain *p, uk_cell *from, const void *body) {
    ukko_msg *m = uk_pool_pop(p->list, sizeof *m + p->size);
    from->spare--;
    m->env = (uk_envelope){NULL, m, &from->ref};
    m->h = p->head;
    m->type = p->type;
    m->list = p->list;
    if (p->words == 1) memcpy(m->body, body, 8);
    else if (p->words) memcpy(m->body, body, 16);
    return m;
}
static inline void append_kept(uk_worker *w, ukko_msg *m) {
    m->h.env_used = UK_ENV_USED;
    m->extra = NULL;
    w->out.last->next = &m->env;
    w->out.last = &m->env;
    uint32_t n = atomic_load_explicit(&w->out.n, memory_order_relaxed);
    atomic_store_explicit(&w->out.n, n + 1, memory_order_relaxed);
    uk_asym_leave(&w->own);
}
static inline __attribute__((always_inline)) void tell_value(ukko_ctx *ctx, ukko_ref *r,
                                                             const ukko_type *type,
                                                             const void *body) {
    uk_worker *w = uk_here.w;
    if (__builtin_expect(!w || !ctx || r->vt != &uk_cell_vt, 0)) {
        tell_any(ctx, r, type, body);
        return;
    }
    const uk_plain *p = uk_plain_of(w, type);
    uk_cell *to = uk_cell_of(r), *from = ctx->cell;
    if (__builtin_expect(p->type != type || (p->words && !body), 0)) {
        tell_any(ctx, r, type, body);
        return;
    }
    if (to->disp == w->sole && is_small(p, from) && is_owned(to))
        uk_sole_append(w, to, &small_message(p, from, body)->env);
    else if (w->out.to == to && is_small(p, from) && may_keep_back(w))
        append_kept(w, small_message(p, from, body));
    else tell_plain(w, p, ctx, to, body);
}
void ukko_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body) {
    tell_value(ctx, to, type, body);
}
void ukko_tell_text(ukko_ctx *ctx, ukko_ref *to, const char *text) {
    if (!tell_body(ctx, to, &ukko_string_type, &(ukko_string){text, 0}))
        tell(ctx, to, ukko_msg_string(text));
}
void ukko_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *from) { uk_ref_tell(to, msg, from); }
int ukko_try_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *from, ukko_error *err) {
    if (to->vt->try_tell) return to->vt->try_tell(to, msg, from, err);
    if (to->vt->kind == UK_REF_EMPTY || uk_ref_stopped(to)) {
        ukko_msg_release(msg);
        return uk_error(err, UKKO_ESTOPPED, "%s: no such actor", ukko_ref_path(to));
    }
    uk_ref_tell(to, msg, from);
    return UKKO_OK;
}
int ukko_try_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                  ukko_error *err) {
    return ukko_try_tell_from(to, ukko_msg_copy(type, body), ctx ? &ctx->cell->ref : NULL, err);
}
void ukko_reply_msg(ukko_ctx *ctx, ukko_msg *msg) { tell(ctx, sender(ctx), msg); }
void ukko_reply(ukko_ctx *ctx, const ukko_type *type, const void *body) {
    tell_value(ctx, sender(ctx), type, body);
}
void ukko_reply_text(ukko_ctx *ctx, const char *text) { ukko_tell_text(ctx, sender(ctx), text); }
void ukko_forward(ukko_ctx *ctx, ukko_ref *to) {
    if (ctx->current) uk_ref_tell(to, ukko_msg_retain(ctx->current->msg), sender(ctx));
}
