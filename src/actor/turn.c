/* SPDX-License-Identifier: Apache-2.0 */
/* The turn of a cell: it owns all of the cell but its inbox, whose laws stand in inbox.h. Runs on
   workers, or on a thread that steps. */
#include "actor/arrival.h"
#include "actor/inbox.h"
#include "actor/mailbox.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/os.h"

/* One message; what is not plain goes the long way (receive.c). */
static inline __attribute__((always_inline)) void receive(ukko_ctx *ctx, uk_worker *w,
                                                          uk_envelope *e) {
    uk_cell *c = ctx->cell;
    ukko_msg *m = e->msg;
    uk_msg_taken(m);
    if (__builtin_expect(m->type->flags & UKKO_TYPE_AUTO || c->more || !ctx->plain, 0)) {
        uk_cell_receive(ctx, e);
        return;
    }
    ctx->current = e;
    ctx->taken = false;
    int rc = uk_cell_dispatch(ctx, c, m);
    if (__builtin_expect(rc || ctx->failure || ctx->taken, 0)) {
        uk_cell_received(ctx, rc);
        return;
    }
    if (w) {
        if (uk_outbox_any(w)) uk_outbox_flush();
        w->out.to = NULL;
    }
    ctx->current = NULL;
    uk_inbox_done(c, e);
}
static void run_system(ukko_ctx *ctx) {
    uk_cell *c = ctx->cell;
    while (c->sys_last && !uk_cell_stopped(c)) {
        uk_cell_system(ctx, uk_inbox_pop_system(c));
        uk_inbox_look(c);
    }
}
/* The same for a cell that has its messages from elsewhere too. */
static inline bool waits(uk_cell *c) {
    return (c->traits & UK_TRAIT_TAKES && uk_box_waits(c)) || c->head ||
           c->traits & UK_TRAIT_SHARED;
}
static inline uk_envelope *take(uk_cell *c) {
    uk_envelope *e = c->traits & UK_TRAIT_TAKES ? uk_box_take(c) : c->head;
    if (!e) return c->traits & UK_TRAIT_SHARED ? uk_shared_take(c->props->shared, c) : NULL;
    if (!(c->traits & UK_TRAIT_TAKES)) c->head = e->next;
    return e;
}
/* Handles messages until the budget, the queue or the actor ends. true: there is more to do. */
static inline __attribute__((always_inline)) bool run_some(ukko_ctx *ctx, uk_worker *w,
                                                           unsigned budget, bool plain) {
    unsigned left = budget;
    int64_t until = !plain && w && w->deadline_ns ? uk_now_ns() + w->deadline_ns : 0;
    uk_cell *c = ctx->cell;
    for (;;) {
        uk_inbox_look(c);
        if (c->sys_last) {
            run_system(ctx);
            if (uk_cell_stopped(c)) return false;
        }
        if (c->suspended) return false;
        uk_envelope *e = c->head;
        if (plain ? !e : !waits(c)) return false;
        if (!left-- || (!plain && until && uk_now_ns() >= until)) {
            if (c->ref.sys->has_provider || !uk_sched_alone()) return true;
            if (w) uk_turn_counts(w);
            left = budget - 1;
            if (!plain && until) until = uk_now_ns() + w->deadline_ns;
        }
        if (plain) {
            c->head = e->next;
            __builtin_prefetch(e->next);
        } else if (!(e = take(c))) {
            return false;
        }
        receive(ctx, w, e);
    }
}
static __attribute__((noinline)) bool run_others(ukko_ctx *ctx, uk_worker *w, unsigned budget) {
    return run_some(ctx, w, budget, false);
}
static inline bool run_messages(ukko_ctx *ctx, uk_worker *w, unsigned budget) {
    bool late = w && w->deadline_ns;
    if (__builtin_expect(ctx->cell->traits & (UK_TRAIT_TAKES | UK_TRAIT_SHARED) || late, 0))
        return run_others(ctx, w, budget);
    return run_some(ctx, w, budget, true);
}
/* Nothing is left to do: others may make it runnable. false: something came from this thread. */
static __attribute__((noinline)) bool rest_own(uk_cell *c) {
    bool waits = c->head || (c->traits & UK_TRAIT_TAKES && uk_box_waits(c));
    if (__builtin_expect(c->sys_last || (waits && !c->suspended), 0)) return false;
    atomic_store_explicit(&c->active, 0, memory_order_release);
    return true;
}
static void end_life(uk_cell *c) {
    uint32_t counts = 1u + c->spare;
    if (c->traits & UK_TRAIT_PINNED) uk_dispatcher_end(c->disp);
    c->spare = UK_SPARE_NONE;
    uk_ref_release_n(&c->ref, counts);
}

/* What is staged for other nodes may wait for the next budget of an actor that goes on at once, for
   this long after the first of it. A handler that then lasts is seen by the watchdog. */
enum { STAGED_NS = 50000 };
/* On the I/O thread: messages between looks at the clock, at most, when they are quick. */
enum { INLINE_MOST = 64 };
static void send_staged(ukko_system *sys, bool goes_on, int64_t *since_ns) {
    int64_t now = goes_on ? uk_now_ns() : 0;
    if (goes_on && !*since_ns) *since_ns = now;
    if (goes_on && now - *since_ns < STAGED_NS) return;
    *since_ns = 0;
    uk_turn_flush(sys);
}
static inline bool on_guard(ukko_system *sys) { return sys->has_provider && uk_sched_on_guard(); }

static bool is_quick(const uk_cell *c) {
    return c->traits & UK_TRAIT_SOLE &&
           !(c->traits & (UK_TRAIT_COUNTED | UK_TRAIT_TAKES | UK_TRAIT_SHARED)) &&
           !c->ref.sys->debug.receive && !uk_dispatcher_deadline(c->disp);
}
static __attribute__((noinline)) void begin_life(ukko_ctx *ctx, uk_worker *w) {
    ctx->cell->flags |= is_quick(ctx->cell) ? UK_CELL_BORN | UK_CELL_QUICK : UK_CELL_BORN;
    if (w) uk_turn_counts(w); /* how an actor starts may take long, too */
    uk_cell_create(ctx);
}
void uk_cell_run(uk_cell *c) {
    ukko_ctx ctx = {.cell = c};
    int64_t staged_ns = 0; /* of the first thing that was staged and has not been sent; 0: none */
    ukko_system *sys = c->ref.sys;
    uk_worker *w = uk_here.w;
    unsigned budget = w ? w->throughput : uk_dispatcher_throughput(c->disp);
    ctx.plain = !(c->traits & UK_TRAIT_COUNTED) && !sys->debug.receive;
    if (!(c->flags & UK_CELL_BORN)) {
        begin_life(&ctx, w);
    }
    for (;;) {
        if (w) uk_turn_counts(w);
        bool more = run_messages(&ctx, w, budget);
        uk_outbox_flush();
        if (more && uk_here.inline_end) uk_inline_earn(budget);
        bool stopped = uk_cell_stopped(c);
        bool goes_on = more && !stopped && uk_sched_alone() && !on_guard(sys);
        if (__builtin_expect(uk_here.at_end, 0)) {
            if (!goes_on) uk_arrivals_tell();
            if (uk_here.dirty) send_staged(sys, goes_on, &staged_ns);
        }
        if (stopped) {
            uk_turn_over(w);
            end_life(c);
            return;
        }
        bool guard = on_guard(sys); /* also after what was just written */
        if (goes_on && !guard) {
            if (!w && budget < INLINE_MOST) budget *= 2; /* they were quick */
            continue;
        }
        bool sole = c->traits & UK_TRAIT_SOLE; /* w->turn stays until another begins */
        if (!sole) uk_turn_over(w);
        if (!more && (sole ? rest_own(c) : uk_inbox_idle(c))) return;
        if (more || guard) {
            uk_reschedule(c);
            return;
        }
        if (w) atomic_store_explicit(&w->turn, c, memory_order_relaxed);
    }
}

/* ---- the plain turns of a worker that is the only one ---- */

static inline bool is_own(const ukko_msg *m, const uk_envelope *e) {
    return (const void *)m == e && m->h.env_used == UK_ENV_OWN;
}
static inline __attribute__((always_inline)) void drop_own(uk_worker *w, uk_envelope *e) {
    ukko_msg *m = e->msg;
    uk_cell *from = uk_cell_of(e->sender);
    if (__builtin_expect(is_own(m, e) && from->spare < UK_SPARE_MOST &&
                             atomic_load_explicit(&m->h.refs, memory_order_acquire) == 1 &&
                             uk_pool_push(m->list, m), 1)) {
        from->spare++;
        return;
    }
    uk_sender_release(w, e->sender);
    uk_envelope_drop(e);
}
/* false: the cell needs the long way, from where it is now. */
static inline __attribute__((always_inline)) bool turn_own(ukko_ctx *ctx, uk_worker *w, uk_cell *c) {
    unsigned left = w->throughput;
    if (__builtin_expect(!(c->flags & UK_CELL_QUICK) || c->suspended || c->more, 0)) return false;
    ctx->cell = c;
    for (;;) {
        uintptr_t inbox = atomic_load_explicit(&c->inbox, memory_order_acquire);
        if (__builtin_expect(inbox > UK_INBOX_OWNED || c->sys_last, 0)) return false;
        uk_envelope *e = c->head;
        if (!e) break;
        const ukko_msg *m = e->msg;
        if (__builtin_expect(!is_own(m, e), 0) &&
            (atomic_load_explicit(&m->h.arrival, memory_order_relaxed) ||
             m->type->flags & UKKO_TYPE_AUTO))
            return false;
        if (__builtin_expect(!left--, 0)) {
            if (uk_here.dirty || c->ref.sys->has_provider) return false;
            if (!uk_sched_alone()) {
                uk_reschedule(c);
                return true;
            }
            uk_turn_counts(w);
            left = w->throughput - 1;
        }
        c->head = e->next;
        __builtin_prefetch(e->next);
        ctx->current = e;
        int rc = uk_cell_dispatch(ctx, c, m);
        if (__builtin_expect(rc || ctx->failure || c->more, 0)) { /* more: it may have been stashed */
            uk_cell_received(ctx, rc);
            ctx->taken = false;
            return false;
        }
        drop_own(w, e);
    }
    if (__builtin_expect(uk_here.at_end, 0)) return false;
    atomic_store_explicit(&c->active, 0, memory_order_release);
    return true;
}
static inline __attribute__((always_inline)) uk_cell *next_own(uk_worker *w, unsigned *lifo) {
    uk_cell *c = atomic_load_explicit(&w->next, memory_order_relaxed);
    if (!c || ++*lifo > UK_LIFO_RUNS) {
        uk_cell *first = uk_ring_take(w);
        *lifo = 0;
        if (first || !c) return first;
    }
    atomic_store_explicit(&w->next, NULL, memory_order_relaxed);
    return c;
}
void uk_turns_own(uk_worker *w, uk_cell *c, unsigned runs) {
    ukko_ctx ctx = {.plain = true};
    unsigned lifo = 0;
    do {
        atomic_store_explicit(&w->turn, c, memory_order_relaxed);
        uk_turn_counts(w);
        if (__builtin_expect(turn_own(&ctx, w, c), 1)) continue;
        uk_cell_run(c);
        if (w->flushed) break;
    } while (--runs && (c = next_own(w, &lifo)));
    w->flushed = false;
}
