/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing routees and sending to them, on the sender's thread.
 *
 * The table of routees is immutable. A sender counts itself in (readers, seq_cst), loads the table
 * (seq_cst), sends, and counts itself out (release). The router puts a new table in its place
 * (seq_cst), keeps the old one as retired, and frees the retired ones when it then reads readers
 * as 0 (seq_cst): whoever counts in later loads the new table, and whoever had counted in has
 * counted out (its release pairs with that read). Retired tables that are still in use wait for
 * the next change, or for the end of the router.
 */
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"
#include <ukko/serial.h>

/* ---- the table ---- */

void uk_routee_fini(uk_routee *r) {
    uk_ref_release(r->ref);
    ukko_selection_release(r->sel);
    uk_free(r->key);
}
uk_routee uk_routee_copy(const uk_routee *r) {
    return (uk_routee){uk_ref_retain(r->ref), uk_selection_retain(r->sel), uk_strdup(r->key)};
}
void uk_table_free(uk_table *t) {
    if (!t) return;
    for (size_t i = 0; i < t->n; i++) uk_routee_fini(&t->list[i]);
    uk_ring_free(t->ring);
    uk_free(t);
}
/* What stands for a routee on the ring: its whole path without uid. */
static char *ring_name(const uk_routee *r) {
    uk_buf b = {0};
    if (r->ref) {
        const char *text = uk_ref_text(r->ref);
        uk_buf_put(&b, text, strcspn(text, "#"));
    } else {
        uk_selection_name(r->sel, &b);
    }
    return uk_buf_text(&b);
}
static uk_ring *ring_of(const uk_routing *r, ukko_system *sys, const uk_table *t) {
    int32_t points = r->conf->virtual_nodes;
    if (!points && ukko_config_int32(
                       sys->config, "pekko.actor.deployment.default.virtual-nodes-factor", &points))
        points = 10;
    char **names = uk_alloc((t->n + 1) * sizeof *names);
    for (size_t i = 0; i < t->n; i++) names[i] = ring_name(&t->list[i]);
    uk_ring *ring = uk_ring_new((const char *const *)(void *)names, t->n, points);
    for (size_t i = 0; i < t->n; i++) uk_free(names[i]);
    uk_free(names);
    return ring;
}
static void free_retired(uk_routing *r) {
    if (atomic_load_explicit(&r->readers, memory_order_seq_cst)) return;
    for (uk_table *t = r->retired, *next; t; t = next) {
        next = t->next;
        uk_table_free(t);
    }
    r->retired = NULL;
}
void uk_table_set(uk_cell *c, uk_routee *list, size_t n) {
    uk_routing *r = c->props->routing;
    uk_table *t = uk_zalloc(sizeof *t + n * sizeof *list);
    t->n = n;
    if (n) memcpy(t->list, list, n * sizeof *list);
    uk_free(list);
    if (n && r->conf->kind == UKKO_ROUTER_CONSISTENT_HASHING) t->ring = ring_of(r, c->ref.sys, t);
    uk_table *old = atomic_exchange_explicit(&r->table, t, memory_order_seq_cst);
    if (old) {
        old->next = r->retired;
        r->retired = old;
    }
    free_retired(r);
}

static void free_later(void *cell) { /* owns one count of the cell, whose turns are over */
    uk_cell *c = cell;
    uk_routing *r = c->props->routing;
    free_retired(r);
    if (r->retired) uk_timer_start(c->ref.sys->timers, &r->end, 10, free_later, c);
    else uk_ref_release(&c->ref);
}
/* Whoever still has the router reaches the places of its routees, as in Pekko. */
static uk_routee last_place(const uk_routee *r) {
    uk_path p;
    if (r->sel) return (uk_routee){NULL, uk_selection_rooted(r->sel), uk_strdup(r->key)};
    if (!r->ref || r->ref->vt->kind != UK_REF_CELL || !uk_ref_stopped(r->ref) ||
        uk_path_parse(ukko_str(uk_ref_text(r->ref)), &p))
        return uk_routee_copy(r);
    return (uk_routee){uk_empty_ref(r->ref->sys, p.elements, p.uid), NULL, NULL};
}
void uk_table_end(uk_cell *c) {
    const uk_table *t = atomic_load_explicit(&c->props->routing->table, memory_order_relaxed);
    size_t n = t ? t->n : 0; /* t is the router's own to change */
    uk_routee *list = uk_alloc((n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++) list[i] = last_place(&t->list[i]);
    uk_table_set(c, list, n);
    if (!c->props->routing->retired) return;
    uk_ref_retain(&c->ref);
    uk_timer_start(c->ref.sys->timers, &c->props->routing->end, 10, free_later, c);
}

/* ---- choosing one ---- */

static uint64_t random64(void) {
    static _Thread_local uint64_t state;
    if (!state) state = uk_random64() | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 8;
}
static const uk_routee *round_robin(uk_routing *r, const uk_table *t) {
    uint64_t i = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
    return &t->list[i % t->n];
}
const uk_load *uk_routee_load(const uk_routee *r) {
    if (!r->ref || r->ref->vt->kind != UK_REF_CELL) return NULL;
    return uk_cell_of(r->ref)->props->load;
}
/* The lower the better; 0 is taken at once. What is not known here comes last. */
static int64_t score(const uk_routee *r, bool deep) {
    const uk_load *l = uk_routee_load(r);
    if (!l) return INT64_MAX - 3;
    int64_t queued = atomic_load_explicit(&l->queued, memory_order_relaxed);
    int64_t busy = atomic_load_explicit(&l->busy, memory_order_relaxed) ? 1 : 0;
    if (!queued) return busy;
    return busy + (deep ? queued : INT64_MAX - 4);
}
static const uk_routee *smallest(const uk_table *t) {
    const uk_routee *best = NULL;
    int64_t least = INT64_MAX;
    for (int deep = 0; deep < 2; deep++) {
        for (size_t i = 0; i < t->n; i++) {
            int64_t s = score(&t->list[i], deep);
            if (s >= least) continue;
            best = &t->list[i];
            if (!(least = s)) return best;
        }
    }
    if (best && best->ref && uk_ref_stopped(best->ref)) best = &t->list[random64() % t->n];
    return best;
}

/* ---- consistent hashing ---- */

/* Of numbers, at less cost than writing them with their serializer: little endian. */
static bool hash_of_number(const ukko_msg *key, int32_t *out) {
    const ukko_type *t = ukko_msg_type(key);
    uint8_t le[8];
    size_t n = t == &ukko_int_type ? 4 : t == &ukko_long_type ? 8 : t == &ukko_bool_type ? 1 : 0;
    if (!n) return false;
    uint64_t v = n == 8   ? *UK_BODY(uint64_t, key)
                 : n == 4 ? *UK_BODY(uint32_t, key)
                          : *UK_BODY(bool, key);
    for (size_t i = 0; i < n; i++) le[i] = (uint8_t)(v >> 8 * i);
    *out = uk_murmur_bytes((ukko_slice){le, n});
    return true;
}
/* As in Pekko: of a text or bytes themselves, of all else as it is serialized. */
static int hash_of_key(ukko_system *sys, const ukko_msg *key, int32_t *out, ukko_error *err) {
    const ukko_string *s = ukko_msg_get(key, &ukko_string_type);
    const ukko_slice *b = ukko_msg_get(key, &ukko_bytes_type);
    ukko_serialized as_bytes;
    if (s) *out = uk_murmur_text((ukko_slice){(const uint8_t *)s->text, s->len});
    else if (b) *out = uk_murmur_bytes(*b);
    if (s || b || hash_of_number(key, out)) return UKKO_OK;
    int rc = ukko_serialize(sys, key, &as_bytes, err);
    if (rc) return rc;
    *out = uk_murmur_bytes((ukko_slice){as_bytes.bytes, as_bytes.len});
    ukko_serialized_fini(&as_bytes);
    return UKKO_OK;
}
static void log_no_hash(uk_cell *c, const char *logger, const ukko_msg *key, const char *why) {
    char text[300];
    ukko_msg_print(key, text, sizeof text);
    uk_log(c->ref.sys, UKKO_LOG_WARN, uk_ref_text(&c->ref), logger, NULL, NULL,
           "Couldn't route message with consistent hash key [%s] due to [%s]", text, why);
}
#define HASHING "org.apache.pekko.routing.ConsistentHashingRouter$"
static const uk_routee *hashed(uk_cell *c, const uk_table *t, const ukko_msg *msg) {
    static const char logger[] = "org.apache.pekko.routing.ConsistentHashingRoutingLogic";
    const uk_router_conf *conf = c->props->routing->conf;
    const ukko_hash_envelope *e = ukko_msg_get(msg, &ukko_hash_envelope_type);
    ukko_msg *key = conf->hash_key ? conf->hash_key(msg, conf->hash_data) : NULL;
    ukko_error err = {0};
    int32_t hash;
    if (!key && e) key = ukko_msg_retain(e->key);
    const uk_routee *found = NULL;
    if (!key)
        uk_log(c->ref.sys, UKKO_LOG_WARN, uk_ref_text(&c->ref), logger, NULL, NULL,
               "Message [%s] must be handled by hashMapping, or implement [" HASHING
               "ConsistentHashable] or be wrapped in [" HASHING "ConsistentHashableEnvelope]",
               ukko_msg_class(msg));
    else if (hash_of_key(c->ref.sys, key, &hash, &err)) log_no_hash(c, logger, key, err.message);
    else found = &t->list[uk_ring_find(t->ring, hash)];
    ukko_msg_release(key);
    return found;
}

/* ---- sending ---- */

static void send_to(const uk_routee *r, ukko_msg *msg, ukko_ref *sender) { /* takes msg */
    if (r->ref) uk_ref_tell(r->ref, msg, sender);
    else ukko_selection_tell(r->sel, msg, sender);
}
static void send_all(const uk_table *t, ukko_msg *msg, ukko_ref *sender) { /* takes msg */
    for (size_t i = 0; i < t->n; i++) send_to(&t->list[i], ukko_msg_retain(msg), sender);
    ukko_msg_release(msg);
}
/* What is in an envelope of a router; takes msg. */
static ukko_msg *unwrap(ukko_msg *msg) {
    const ukko_hash_envelope *e = ukko_msg_get(msg, &ukko_hash_envelope_type);
    const ukko_broadcast *b = ukko_msg_get(msg, &ukko_broadcast_type);
    if (!e && !b) return msg;
    ukko_msg *inner = ukko_msg_retain(e ? e->message : b->message);
    ukko_msg_release(msg);
    return inner ? inner : ukko_msg_new(&ukko_null_type);
}
static const uk_routee *choose(uk_cell *c, const uk_table *t, const ukko_msg *msg) {
    uk_routing *r = c->props->routing;
    if (!t->n) return NULL;
    switch (r->conf->kind) {
    case UKKO_ROUTER_RANDOM: return &t->list[random64() % t->n];
    case UKKO_ROUTER_SMALLEST_MAILBOX: return smallest(t);
    case UKKO_ROUTER_CONSISTENT_HASHING: return hashed(c, t, msg);
    default: return round_robin(r, t);
    }
}
static void send_one(uk_cell *c, const uk_table *t, ukko_msg *msg,
                     ukko_ref *sender) { /* takes msg */
    uk_routing *r = c->props->routing;
    const uk_routee *to = choose(c, t, msg);
    msg = unwrap(msg);
    if (!to)
        uk_dead_letter(c->ref.sys, msg, sender, c->ref.sys->dead,
                       "the router has no routee for it");
    else if (r->shared && to->ref && to->ref->vt->kind == UK_REF_CELL)
        uk_shared_push(r->shared, msg, sender);
    else send_to(to, msg, sender);
}
static void route_over(uk_cell *c, const uk_table *t, ukko_msg *msg,
                       ukko_ref *sender) { /* takes msg */
    ukko_router_kind kind = c->props->routing->conf->kind;
    if (msg->type == &ukko_broadcast_type || (kind == UKKO_ROUTER_BROADCAST && t->n)) {
        send_all(t, unwrap(msg), sender);
    } else if (kind == UKKO_ROUTER_SCATTER_GATHER || (kind == UKKO_ROUTER_TAIL_CHOPPING && t->n)) {
        msg = unwrap(msg);
        if (kind == UKKO_ROUTER_SCATTER_GATHER) uk_scatter(c, t, msg, sender);
        else uk_chop(c, t, msg, sender);
        ukko_msg_release(msg);
    } else {
        send_one(c, t, msg, sender);
    }
}
/* Groups may name each other, or themselves: what one message may cost on the sender's thread. */
enum { MAX_NESTED = 64, MAX_ROUTED = 100000 };
static _Thread_local unsigned nested, routed;

void uk_route(uk_cell *c, ukko_msg *msg, ukko_ref *sender) {
    uk_routing *r = c->props->routing;
    if (!sender) sender = c->ref.sys->dead; /* also where a routee is far away, or asked */
    if (!nested) routed = 0;
    if (nested >= MAX_NESTED || routed++ >= MAX_ROUTED) {
        uk_dead_letter(c->ref.sys, unwrap(msg), sender, &c->ref, "the router routes to itself");
        return;
    }
    nested++;
    atomic_fetch_add_explicit(&r->readers, 1, memory_order_seq_cst);
    const uk_table *t = atomic_load_explicit(&r->table, memory_order_seq_cst);
    if (t) route_over(c, t, msg, sender);
    else uk_cell_tell(&c->ref, msg, sender); /* its first routees are being made: it routes then */
    atomic_fetch_sub_explicit(&r->readers, 1, memory_order_release);
    nested--;
}
static bool for_the_router(const ukko_type *t) {
    return t->flags & UKKO_TYPE_AUTO || t == &ukko_get_routees_type || t == &ukko_add_routee_type ||
           t == &ukko_remove_routee_type || t == &ukko_adjust_pool_size_type ||
           t == &uk_resize_type;
}
static void count_for_resizer(uk_cell *c) {
    uk_routing *r = c->props->routing;
    int no = 0;
    if (!uk_resizer_time(r, atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed))) return;
    if (atomic_compare_exchange_strong_explicit(&r->resizing, &no, 1, memory_order_acq_rel,
                                                memory_order_relaxed))
        uk_cell_tell(&c->ref, ukko_msg_new(&uk_resize_type), &c->ref);
}
void uk_router_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    if (for_the_router(msg->type)) {
        uk_cell_tell(to, msg, sender);
        return;
    }
    if (c->props->routing->conf->resizer) count_for_resizer(c);
    uk_route(c, msg, sender);
}
