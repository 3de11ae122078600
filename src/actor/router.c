/* SPDX-License-Identifier: Apache-2.0 */
/* The router as an actor: it makes its routees, watches them, takes management messages and
   supervises. Runs in the router's own turn; the first routees are made by the thread that spawns
   it, before the router is scheduled. */
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include <stdio.h>

enum { POISON_AFTER_MS = 100 };

static uk_routing *routing_of(const ukko_ctx *ctx) { return ctx->cell->props->routing; }
/* The table as the router itself sees it: only its own turn changes it. */
static const uk_table *table_of(const uk_routing *r) {
    return atomic_load_explicit(&r->table, memory_order_relaxed);
}

/* ---- making routees ---- */

static ukko_props *routee_props(uk_routing *r) {
    const uk_router_conf *conf = r->conf;
    bool counted = conf->kind == UKKO_ROUTER_SMALLEST_MAILBOX || conf->resizer;
    if (!counted && !r->shared && !conf->n_nodes) return ukko_props_retain(r->routee);
    ukko_props *p = uk_props_copy(r->routee);
    if (counted) p->load = uk_zalloc(sizeof *p->load);
    p->shared = uk_shared_retain(r->shared);
    return p;
}
static bool make_routee(uk_cell *c, uk_routee *out) {
    uk_routing *r = c->props->routing;
    ukko_props *p = routee_props(r);
    char name[32];
    *out = (uk_routee){NULL, NULL, NULL};
    if (r->conf->n_nodes) { /* c1, c2, ...: in turn over the nodes, numbers are never used again */
        ukko_props_deploy(p, r->conf->nodes[r->names++ % r->conf->n_nodes]);
        snprintf(name, sizeof name, "c%llu", (unsigned long long)r->names);
    }
    int rc = uk_cell_spawn(c->ref.sys, c, p, r->conf->n_nodes ? name : NULL, &out->ref);
    if (rc)
        uk_log_of(&c->ref, UKKO_LOG_ERROR, r->kind.name, NULL, "cannot create a routee: %s",
                  ukko_strerror(rc));
    return !rc;
}
/* The routees so far and room for `more`; *n is how many are there. */
static uk_routee *copy_routees(const uk_table *t, size_t more, size_t *n) {
    *n = t ? t->n : 0;
    uk_routee *list = uk_alloc((*n + more + 1) * sizeof *list);
    for (size_t i = 0; i < *n; i++) list[i] = uk_routee_copy(&t->list[i]);
    return list;
}
static void add_new(uk_cell *c, size_t count) {
    size_t n;
    uk_routee *list = copy_routees(table_of(c->props->routing), count, &n);
    for (size_t i = 0; i < count; i++) {
        if (!make_routee(c, &list[n])) break;
        uk_cell_watch(c, list[n++].ref);
    }
    uk_table_set(c, list, n);
}
static uk_routee routee_at(uk_cell *c, const char *path) {
    ukko_ctx ctx = {.cell = c};
    char text[1];
    uk_routee r = {NULL, ukko_ctx_select(&ctx, path), NULL};
    size_t len = ukko_selection_path(r.sel, text, sizeof text);
    r.key = uk_alloc(len + 1);
    ukko_selection_path(r.sel, r.key, len + 1);
    return r;
}
static void add_paths(uk_cell *c) {
    const uk_router_conf *conf = c->props->routing->conf;
    uk_routee *list = uk_alloc((conf->n_paths + 1) * sizeof *list);
    for (size_t i = 0; i < conf->n_paths; i++) list[i] = routee_at(c, conf->paths[i]);
    uk_table_set(c, list, conf->n_paths);
}

/* ---- taking routees away ---- */

static bool same_routee(const uk_routee *a, const uk_routee *b) {
    if (a->ref || b->ref) return a->ref && b->ref && ukko_ref_equal(a->ref, b->ref);
    return !strcmp(a->key, b->key);
}
typedef struct poison {
    uk_timer timer;
    ukko_ref *ref; /* retained */
} poison;
static void poison_now(void *data) {
    poison *p = data;
    uk_ref_tell(p->ref, ukko_msg_new(&ukko_poison_pill_type), NULL);
    uk_ref_release(p->ref);
    uk_free(p);
}
/* Later, so that what others are just sending can still arrive before the pill. */
static void stop_if_child(uk_cell *c, const uk_routee *r) {
    if (!r->ref || !uk_kids_has(c, r->ref)) return;
    poison *p = uk_zalloc(sizeof *p);
    p->ref = uk_ref_retain(r->ref);
    uk_timer_start(c->ref.sys->timers, &p->timer, POISON_AFTER_MS, poison_now, p);
}
static void remove_routee(uk_cell *c, const uk_routee *gone, bool stop_child) {
    const uk_table *t = table_of(c->props->routing);
    uk_routee *list = uk_alloc((t->n + 1) * sizeof *list);
    size_t n = 0;
    if (gone->ref) uk_cell_unwatch(c, gone->ref);
    for (size_t i = 0; i < t->n; i++)
        if (!same_routee(&t->list[i], gone)) list[n++] = uk_routee_copy(&t->list[i]);
    if (stop_child) stop_if_child(c, gone);
    uk_table_set(c, list, n);
}
static void remove_last(uk_cell *c, size_t count) {
    const uk_table *t = table_of(c->props->routing);
    size_t keep = count < t->n ? t->n - count : 0;
    uk_routee *list = uk_alloc((keep + 1) * sizeof *list);
    for (size_t i = 0; i < keep; i++) list[i] = uk_routee_copy(&t->list[i]);
    for (size_t i = keep; i < t->n; i++) {
        if (t->list[i].ref) uk_cell_unwatch(c, t->list[i].ref);
        stop_if_child(c, &t->list[i]);
    }
    uk_table_set(c, list, keep);
}
static void stop_if_empty(ukko_ctx *ctx) {
    uk_routing *r = routing_of(ctx);
    if (!table_of(r)->n && !r->conf->resizer) ukko_stop(ctx, &ctx->cell->ref);
}
static void change_size(uk_cell *c, int32_t change) {
    if (change > 0) add_new(c, (size_t)change);
    else if (change < 0) remove_last(c, (size_t) - (int64_t)change);
}

/* ---- messages ---- */

static int get_routees(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    const uk_table *t = table_of(routing_of(ctx));
    ukko_routee *list = uk_alloc((t->n + 1) * sizeof *list);
    for (size_t i = 0; i < t->n; i++) list[i] = (ukko_routee){t->list[i].ref, t->list[i].key};
    ukko_routees all = {list, t->n};
    ukko_reply(ctx, &ukko_routees_type, &all);
    uk_free(list);
    return UKKO_OK;
}
/* A routee as a message names it; owned. false: it names none. */
static bool named_routee(uk_cell *c, const ukko_routee *m, uk_routee *out) {
    if (m->ref) *out = (uk_routee){uk_ref_retain(m->ref), NULL, NULL};
    else if (m->path) *out = routee_at(c, m->path);
    else return false;
    return true;
}
static int add_routee(ukko_ctx *ctx, void *state, const void *body) {
    uk_routee r;
    size_t n;
    (void)state;
    if (!named_routee(ctx->cell, body, &r)) return UKKO_UNHANDLED;
    uk_routee *list = copy_routees(table_of(routing_of(ctx)), 1, &n);
    list[n] = r;
    if (r.ref) uk_cell_watch(ctx->cell, r.ref);
    uk_table_set(ctx->cell, list, n + 1);
    return UKKO_OK;
}
static int remove_named(ukko_ctx *ctx, void *state, const void *body) {
    uk_routee r;
    (void)state;
    if (!named_routee(ctx->cell, body, &r)) return UKKO_UNHANDLED;
    remove_routee(ctx->cell, &r, true);
    uk_routee_fini(&r);
    stop_if_empty(ctx);
    return UKKO_OK;
}
static int terminated(ukko_ctx *ctx, void *state, const void *body) {
    uk_routee r = {((const ukko_terminated *)body)->ref, NULL, NULL};
    (void)state;
    remove_routee(ctx->cell, &r, false);
    stop_if_empty(ctx);
    return UKKO_OK;
}
static int adjust(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    if (routing_of(ctx)->conf->group) return UKKO_UNHANDLED;
    change_size(ctx->cell, ((const ukko_adjust_pool_size *)body)->change);
    return UKKO_OK;
}
static void resize_now(uk_cell *c) {
    uk_routing *r = c->props->routing;
    change_size(c, uk_resizer_change(r, table_of(r), c->ref.sys));
    atomic_store_explicit(&r->resizing, 0, memory_order_release); /* pairs with count_for_resizer */
}
static int resize(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    resize_now(ctx->cell);
    return UKKO_OK;
}
/* Messages that came while the first routees were made. */
static int routed_late(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    uk_route(ctx->cell, ukko_msg_retain(msg), ctx->current->sender);
    return UKKO_OK;
}

/* ---- the actor ---- */

static ukko_directive escalate(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)ctx, (void)state, (void)why;
    return UKKO_ESCALATE;
}
static const ukko_supervision escalating = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = escalate};
static void keep_routees(ukko_ctx *ctx, void *state, const ukko_failure *why, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)why,
        (void)msg; /* they live on, and are restarted with the router */
}
static void end_router(ukko_ctx *ctx, void *state) {
    uk_routing *r = routing_of(ctx);
    (void)state;
    uk_table_end(ctx->cell);
    if (r->shared) uk_shared_drain(r->shared, &ctx->cell->ref);
}
static const ukko_case cases[] = {{&ukko_get_routees_type, get_routees},
                                  {&ukko_add_routee_type, add_routee},
                                  {&ukko_remove_routee_type, remove_named},
                                  {&ukko_terminated_type, terminated},
                                  {&ukko_adjust_pool_size_type, adjust},
                                  {&uk_resize_type, resize},
                                  {NULL, NULL}};

static ukko_actor kind_of(const uk_router_conf *c) {
    const ukko_supervision *s = c->supervision ? c->supervision : &escalating;
    return (ukko_actor){.size = sizeof(ukko_actor),
                        .name = c->group     ? "org.apache.pekko.routing.RouterActor"
                                : c->resizer ? "org.apache.pekko.routing.ResizablePoolActor"
                                             : "org.apache.pekko.routing.RouterPoolActor",
                        .receive = {cases, routed_late},
                        .stop = end_router,
                        .before_restart = keep_routees,
                        .supervision = c->group ? NULL : s};
}
ukko_props *uk_routing_props(ukko_props *props) {
    uk_routing *r = uk_zalloc(sizeof *r);
    r->conf = uk_router_conf_retain(props->router);
    r->kind = kind_of(r->conf);
    r->routee = uk_props_copy(props);
    uk_props_set_router(r->routee, NULL);
    uk_free(r->routee->deploy); /* where the router lives is decided; its routees live there too */
    r->routee->deploy = NULL;
    if (r->conf->pool_dispatcher && !r->routee->dispatcher)
        ukko_props_dispatcher(r->routee, r->conf->pool_dispatcher);
    if (r->conf->kind == UKKO_ROUTER_BALANCING) r->shared = uk_shared_new();
    ukko_props_release(props);
    ukko_props *mine = ukko_props_new(&r->kind);
    mine->routing = r;
    return mine;
}
void uk_routing_free(uk_routing *r) {
    if (!r) return;
    for (uk_table *t = r->retired, *next; t; t = next) {
        next = t->next;
        uk_table_free(t);
    }
    uk_table_free(atomic_load_explicit(&r->table, memory_order_relaxed)); /* no sender is left */
    uk_shared_release(r->shared);
    ukko_props_release(r->routee);
    uk_router_conf_release(r->conf);
    uk_free(r->explorer.log);
    uk_free(r);
}
void uk_router_begin(uk_cell *c) {
    uk_routing *r = c->props->routing;
    if (r->conf->group) {
        add_paths(c);
        return;
    }
    add_new(c, r->conf->instances);
    if (r->conf->resizer &&
        uk_resizer_time(r, atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed)))
        resize_now(c);
}
