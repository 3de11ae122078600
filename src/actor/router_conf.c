/* SPDX-License-Identifier: Apache-2.0 */
/* What a router is told to be: from code, from a deployment section, from another node, and how
   these go together. Pure data; a conf is filled by one thread and then shared by count. */
#include "actor/cell.h"
#include "actor/router.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdlib.h>

static const struct {
    ukko_router_kind kind;
    const char *name;       /* in settings */
    const char *class_name; /* without package and "Pool" or "Group" */
    bool pool, group;
} kinds[] = {
    {UKKO_ROUTER_ROUND_ROBIN, "round-robin", "RoundRobin", true, true},
    {UKKO_ROUTER_RANDOM, "random", "Random", true, true},
    {UKKO_ROUTER_BALANCING, "balancing", "Balancing", true, false},
    {UKKO_ROUTER_SMALLEST_MAILBOX, "smallest-mailbox", "SmallestMailbox", true, false},
    {UKKO_ROUTER_BROADCAST, "broadcast", "Broadcast", true, true},
    {UKKO_ROUTER_SCATTER_GATHER, "scatter-gather", "ScatterGatherFirstCompleted", true, true},
    {UKKO_ROUTER_TAIL_CHOPPING, "tail-chopping", "TailChopping", true, true},
    {UKKO_ROUTER_CONSISTENT_HASHING, "consistent-hashing", "ConsistentHashing", true, true},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], MAX_FOREIGN_INSTANCES = 100000 };

static char **copy_list(const char *const *from, size_t n) {
    char **to = n ? uk_alloc(n * sizeof *to) : NULL;
    for (size_t i = 0; i < n; i++) to[i] = uk_strdup(from[i]);
    return to;
}
static uk_router_conf *conf_new(ukko_router_kind kind) {
    uk_router_conf *c = uk_zalloc(sizeof *c);
    atomic_init(&c->refs, 1);
    c->kind = kind;
    c->within_ms = 5000;
    c->interval_ms = 10;
    return c;
}
uk_router_conf *uk_router_conf_retain(const uk_router_conf *conf) {
    uk_router_conf *c = (uk_router_conf *)(uintptr_t)conf;
    if (c) atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}
void uk_router_conf_release(uk_router_conf *c) {
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < c->n_paths; i++) uk_free(c->paths[i]);
    for (size_t i = 0; i < c->n_nodes; i++) uk_free(c->nodes[i]);
    uk_free(c->paths);
    uk_free(c->nodes);
    uk_free(c->dispatcher);
    uk_free(c->pool_dispatcher);
    uk_free(c);
}
static uk_router_conf *conf_copy(const uk_router_conf *from) {
    uk_router_conf *c = uk_alloc(sizeof *c);
    *c = *from;
    atomic_init(&c->refs, 1);
    c->paths = copy_list((const char *const *)(void *)from->paths, from->n_paths);
    c->nodes = copy_list((const char *const *)(void *)from->nodes, from->n_nodes);
    c->dispatcher = uk_strdup(from->dispatcher);
    c->pool_dispatcher = uk_strdup(from->pool_dispatcher);
    return c;
}

/* ---- checks that code, configuration and other nodes share ---- */

static int check_default(const ukko_default_resizer *r, const char **why) {
    *why = r->lower_bound > INT32_MAX        ? "lower-bound must be >= 0"
           : r->upper_bound > INT32_MAX      ? "upper-bound must be >= 0"
           : r->upper_bound < r->lower_bound ? "upper-bound must be >= lower-bound"
           : !(r->rampup_rate >= 0)          ? "rampup-rate must be >= 0.0"
           : !(r->backoff_threshold <= 1.0)  ? "backoff-threshold must be <= 1.0"
           : !(r->backoff_rate >= 0)         ? "backoff-rate must be >= 0.0"
           : !r->messages_per_resize || r->messages_per_resize > INT32_MAX
               ? "messages-per-resize must be > 0"
               : NULL;
    return *why ? UKKO_EINVAL : UKKO_OK;
}
static bool chance(double v) { return v >= 0 && v <= 1; }

static int check_exploring(const ukko_exploring_resizer *r, const char **why) {
    *why = r->lower_bound < 0                ? "lower-bound must be >= 0"
           : r->upper_bound < r->lower_bound ? "upper-bound must be >= lower-bound"
           : r->optimization_range < 2       ? "optimization-range must be >= 2"
           : !chance(r->chance_of_ramping_down_when_full)
               ? "chance-of-ramping-down-when-full must be between 0 and 1"
           : !chance(r->chance_of_exploration)   ? "chance-of-exploration must be between 0 and 1"
           : !chance(r->weight_of_latest_metric) ? "weight-of-latest-metric must be between 0 and 1"
           : !(r->explore_step_size >= 0)        ? "explore-step-size must be >= 0"
           : !(r->downsize_ratio >= 0)           ? "downsize-ratio must be >= 0"
                                                 : NULL;
    return *why ? UKKO_EINVAL : UKKO_OK;
}
static int check_kind(ukko_router_kind kind, bool group) {
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind)
            return (group ? kinds[i].group : kinds[i].pool) ? UKKO_OK : UKKO_EINVAL;
    return kind == UKKO_ROUTER_FROM_CONFIG ? UKKO_OK : UKKO_EINVAL;
}

/* ---- from code ---- */

static int check_opts(const ukko_router_opts *o, const char **why) {
    uk_path a;
    *why = "size";
    if (o->size < sizeof *o) return UKKO_EINVAL;
    *why = o->group ? "kind: there is no such group" : "kind: there is no such pool";
    if (check_kind(o->kind, o->group)) return UKKO_EINVAL;
    for (size_t i = 0; i < o->n_nodes; i++) {
        *why = "nodes: expected addresses as pekko.tcp://system@host:port";
        if (uk_address_parse(ukko_str(o->nodes[i]), &a) || !a.host.len) return UKKO_EINVAL;
    }
    *why = "n_nodes: a group makes no routees, and FROM_CONFIG takes its nodes from there";
    if (o->n_nodes && (o->group || o->kind == UKKO_ROUTER_FROM_CONFIG)) return UKKO_EINVAL;
    *why = "resizer: either this or exploring";
    if (o->resizer && o->exploring) return UKKO_EINVAL;
    *why = "within_ms, interval_ms, virtual_nodes: must not be negative";
    if (o->within_ms < 0 || o->interval_ms < 0 || o->virtual_nodes < 0) return UKKO_EINVAL;
    if (o->resizer && check_default(o->resizer, why)) return UKKO_EINVAL;
    return o->exploring ? check_exploring(o->exploring, why) : UKKO_OK;
}
static uk_router_conf *conf_of_opts(const ukko_router_opts *o) {
    uk_router_conf *c = conf_new(o->kind);
    c->group = o->group;
    c->instances = o->instances;
    c->paths = copy_list(o->paths, o->n_paths);
    c->n_paths = o->n_paths;
    c->nodes = copy_list(o->nodes, o->n_nodes);
    c->n_nodes = o->n_nodes;
    c->within_ms = o->within_ms;
    c->interval_ms = o->interval_ms;
    c->virtual_nodes = o->virtual_nodes;
    c->hash_key = o->hash_key;
    c->hash_data = o->hash_data;
    c->supervision = o->supervision;
    c->dispatcher = uk_strdup(o->dispatcher);
    c->use_pool_dispatcher = o->use_pool_dispatcher;
    c->resizer = o->resizer     ? UK_RESIZER_DEFAULT
                 : o->exploring ? UK_RESIZER_EXPLORING
                                : UK_RESIZER_NONE;
    if (o->resizer) c->fixed = *o->resizer;
    if (o->exploring) c->exploring = *o->exploring;
    return c;
}
static const ukko_actor no_routee = {.size = sizeof(ukko_actor),
                                     .name = "org.apache.pekko.actor.Actor$emptyBehavior$"};

int ukko_router_props(ukko_props **out, const ukko_router_opts *o, ukko_props *routee,
                      ukko_error *err) {
    const char *why = "opts";
    *out = NULL;
    int rc = o ? check_opts(o, &why) : UKKO_EINVAL;
    if (!rc && !routee && !o->group && o->kind != UKKO_ROUTER_FROM_CONFIG) {
        why = "a pool needs the props of its routees";
        rc = UKKO_EINVAL;
    }
    if (rc) {
        ukko_props_release(routee);
        return uk_error(err, rc, "ukko_router_opts: %s", why);
    }
    ukko_props *p = routee ? uk_props_copy(routee) : ukko_props_new(&no_routee);
    ukko_props_release(routee);
    uk_props_set_router(p, conf_of_opts(o));
    *out = p;
    return UKKO_OK;
}

/* ---- from a deployment section ---- */

typedef struct reader {
    const ukko_config *all;
    const char *path;
    ukko_error *err;
} reader;

static int refuse(const reader *r, const char *name, int code, const char *expected) {
    ukko_error inner = {0};
    ukko_config_explain(r->all, name, code, expected, &inner);
    return uk_error(r->err, UKKO_ECONFIG, "%s: %s", r->path, inner.message);
}
static int get_int(const reader *r, const char *name, int32_t *out) {
    int rc = ukko_config_int32(r->all, name, out);
    return rc ? refuse(r, name, rc, "a number") : UKKO_OK;
}
static int get_count(const reader *r, const char *name, uint32_t *out) {
    int32_t v = 0;
    int rc = get_int(r, name, &v);
    if (!rc && v < 0)
        return uk_error(r->err, UKKO_ECONFIG, "%s.%s = %d: must not be negative", r->path, name, v);
    *out = (uint32_t)v;
    return rc;
}
static int get_double(const reader *r, const char *name, double *out) {
    int rc = ukko_config_double(r->all, name, out);
    return rc ? refuse(r, name, rc, "a number") : UKKO_OK;
}
static int get_ms(const reader *r, const char *name, int64_t *out) {
    int rc = ukko_config_duration_ms(r->all, name, out);
    return rc ? refuse(r, name, rc, "a duration, as 5 s") : UKKO_OK;
}
static int get_bool(const reader *r, const char *name, bool *out) {
    int rc = ukko_config_bool(r->all, name, out);
    return rc ? refuse(r, name, rc, "on or off") : UKKO_OK;
}
static int read_default(const reader *r, ukko_default_resizer *d) {
    const char *why;
    int rc = get_count(r, "resizer.lower-bound", &d->lower_bound);
    if (!rc) rc = get_count(r, "resizer.upper-bound", &d->upper_bound);
    if (!rc) rc = get_int(r, "resizer.pressure-threshold", (int32_t *)&d->pressure_threshold);
    if (!rc) rc = get_double(r, "resizer.rampup-rate", &d->rampup_rate);
    if (!rc) rc = get_double(r, "resizer.backoff-threshold", &d->backoff_threshold);
    if (!rc) rc = get_double(r, "resizer.backoff-rate", &d->backoff_rate);
    if (!rc) rc = get_count(r, "resizer.messages-per-resize", &d->messages_per_resize);
    if (!rc && check_default(d, &why))
        rc = uk_error(r->err, UKKO_ECONFIG, "%s.resizer: %s", r->path, why);
    return rc;
}
#define X(name) "optimal-size-exploring-resizer." name
static int read_exploring(const reader *r, ukko_exploring_resizer *e) {
    const char *why;
    e->size = sizeof *e;
    int rc = get_int(r, X("lower-bound"), &e->lower_bound);
    if (!rc) rc = get_int(r, X("upper-bound"), &e->upper_bound);
    if (!rc)
        rc = get_double(r, X("chance-of-ramping-down-when-full"),
                        &e->chance_of_ramping_down_when_full);
    if (!rc) rc = get_ms(r, X("action-interval"), &e->action_interval_ms);
    if (!rc)
        rc = get_ms(r, X("downsize-after-underutilized-for"), &e->downsize_after_underutilized_ms);
    if (!rc) rc = get_double(r, X("explore-step-size"), &e->explore_step_size);
    if (!rc) rc = get_double(r, X("downsize-ratio"), &e->downsize_ratio);
    if (!rc) rc = get_double(r, X("chance-of-exploration"), &e->chance_of_exploration);
    if (!rc) rc = get_double(r, X("weight-of-latest-metric"), &e->weight_of_latest_metric);
    if (!rc) rc = get_int(r, X("optimization-range"), &e->optimization_range);
    if (!rc && check_exploring(e, &why))
        rc = uk_error(r->err, UKKO_ECONFIG, "%s.optimal-size-exploring-resizer: %s", r->path, why);
    return rc;
}
static int read_resizer(const reader *r, const ukko_config *own, uk_router_conf *c) {
    bool fixed = false, exploring = false;
    int rc = get_bool(r, "resizer.enabled", &fixed);
    if (!rc) rc = get_bool(r, X("enabled"), &exploring);
    if (rc) return rc;
    if (ukko_config_has(own, "resizer")) fixed = true; /* any of its keys switches it on */
    if (fixed && exploring)
        return uk_error(r->err, UKKO_ECONFIG,
                        "%s: cannot enable both resizer and optimal-size-exploring-resizer",
                        r->path);
    c->resizer = fixed ? UK_RESIZER_DEFAULT : exploring ? UK_RESIZER_EXPLORING : UK_RESIZER_NONE;
    return fixed       ? read_default(r, &c->fixed)
           : exploring ? read_exploring(r, &c->exploring)
                       : UKKO_OK;
}
#undef X
static int read_paths(const reader *r, uk_router_conf *c) {
    size_t n = 0;
    int rc = ukko_config_count(r->all, "routees.paths", &n);
    if (rc) return refuse(r, "routees.paths", rc, "a list of paths");
    c->paths = uk_zalloc((n + 1) * sizeof *c->paths);
    for (size_t i = 0; i < n; i++) {
        const char *text;
        if ((rc = ukko_config_string_at(r->all, "routees.paths", i, &text)))
            return refuse(r, "routees.paths", rc, "a list of paths");
        c->paths[c->n_paths++] = uk_strdup(text);
    }
    return UKKO_OK;
}
/* The class that a router type means: through the mapping, then with "-pool" or "-group". */
static int class_of(const reader *r, const ukko_config *root, const char *type, const char **out) {
    size_t n = 0;
    int rc = UKKO_ENOTFOUND;
    ukko_config_count(r->all, "routees.paths", &n);
    const char *const tails[] = {"", n ? "-group" : "-pool"};
    for (int i = 0; i < 2 && rc; i++) {
        char *name = uk_format("%s%s", type, tails[i]), *quoted = ukko_config_quote(name);
        char *path = uk_format("pekko.actor.router.type-mapping.%s", quoted);
        rc = ukko_config_string(root, path, out);
        ukko_free(quoted);
        uk_free(path);
        uk_free(name);
    }
    if (rc) *out = type;
    return rc;
}
static int find_kind(const char *class_name, ukko_router_kind *kind, bool *group) {
    static const char package[] = "org.apache.pekko.routing.";
    if (strncmp(class_name, package, sizeof package - 1)) return UKKO_ENOTFOUND;
    const char *name = class_name + sizeof package - 1;
    for (size_t i = 0; i < KINDS; i++) {
        size_t len = strlen(kinds[i].class_name);
        if (strncmp(name, kinds[i].class_name, len)) continue;
        *group = !strcmp(name + len, "Group");
        *kind = kinds[i].kind;
        if (*group ? kinds[i].group : kinds[i].pool && !strcmp(name + len, "Pool")) return UKKO_OK;
    }
    return UKKO_ENOTFOUND;
}
static int read_numbers(const reader *r, const ukko_config *own, uk_router_conf *c) {
    int rc = c->group ? read_paths(r, c) : get_count(r, "nr-of-instances", &c->instances);
    if (!rc && !c->group && c->kind != UKKO_ROUTER_BALANCING) rc = read_resizer(r, own, c);
    bool waits = c->kind == UKKO_ROUTER_SCATTER_GATHER || c->kind == UKKO_ROUTER_TAIL_CHOPPING;
    if (!rc && waits) rc = get_ms(r, "within", &c->within_ms);
    if (!rc && c->kind == UKKO_ROUTER_TAIL_CHOPPING)
        rc = get_ms(r, "tail-chopping-router.interval", &c->interval_ms);
    c->use_pool_dispatcher = !c->group && ukko_config_has(r->all, "pool-dispatcher");
    if (c->use_pool_dispatcher) c->pool_dispatcher = uk_format("%s.pool-dispatcher", r->path);
    return rc;
}
int uk_router_conf_read(uk_router_conf **out, const ukko_config *root, const ukko_config *own,
                        const ukko_config *all, const char *path, ukko_error *err) {
    reader r = {all, path, err};
    const char *type, *class_name;
    ukko_router_kind kind;
    bool group;
    *out = NULL;
    int rc = ukko_config_string(all, "router", &type);
    if (rc) return refuse(&r, "router", rc, "a router type");
    if (!strcmp(type, "from-code")) return UKKO_OK;
    class_of(&r, root, type, &class_name);
    if (!strcmp(class_name, "org.apache.pekko.routing.NoRouter")) return UKKO_OK;
    if (find_kind(class_name, &kind, &group))
        return uk_error(err, UKKO_ECONFIG, "%s.router = \"%s\": there is no such router here [%s]",
                        path, type, class_name);
    uk_router_conf *c = conf_new(kind);
    c->group = group;
    if ((rc = read_numbers(&r, own, c))) uk_router_conf_release(c);
    else *out = c;
    return rc;
}

/* ---- together ---- */

static bool pool_like(const uk_router_conf *c) { return !c->group; }

/* Members that a configured pool leaves open stay those of the code's pool. */
static void fill_unset(uk_router_conf *c, const uk_router_conf *code) {
    if (!pool_like(c) || !pool_like(code)) return;
    if (!c->supervision) c->supervision = code->supervision;
    if (c->kind == UKKO_ROUTER_BALANCING || c->resizer) return;
    c->resizer = code->resizer;
    c->fixed = code->fixed;
    c->exploring = code->exploring;
}
int uk_router_conf_merge(uk_router_conf **out, const uk_router_conf *conf,
                         const uk_router_conf *code, ukko_error *err) {
    *out = NULL;
    if (!conf || !code) {
        *out = uk_router_conf_retain(conf ? conf : code);
        return UKKO_OK;
    }
    bool hashing = conf->kind == UKKO_ROUTER_CONSISTENT_HASHING;
    bool same = code->kind == conf->kind && code->group == conf->group;
    if (hashing && !same && code->kind != UKKO_ROUTER_FROM_CONFIG)
        return uk_error(err, UKKO_ECONFIG,
                        "Expected ConsistentHashing%s, got a router of another kind from code",
                        conf->group ? "Group" : "Pool");
    uk_router_conf *c = conf_copy(conf);
    if (hashing && same) {
        c->hash_key = code->hash_key;
        c->hash_data = code->hash_data;
    }
    fill_unset(c, code);
    *out = c;
    return UKKO_OK;
}
static int merge_step(uk_router_conf **have, const uk_deploy *d, ukko_error *err) {
    uk_router_conf *merged;
    if (!d || !d->router) return UKKO_OK;
    int rc = uk_router_conf_merge(&merged, d->router, *have, err);
    if (rc) return rc;
    uk_router_conf_release(*have);
    *have = merged;
    return UKKO_OK;
}
/* Code wants the dispatcher that the section of the router's path has: its id is the same whether the
   section is there or not, and without it the routees cannot be made. */
static void name_pool_dispatcher(uk_router_conf **c, const char *path) {
    if (!(*c)->use_pool_dispatcher || (*c)->pool_dispatcher || (*c)->group || !path) return;
    uk_router_conf *own = conf_copy(*c);
    char *key = ukko_config_quote(path);
    own->pool_dispatcher = uk_format("pekko.actor.deployment.%s.pool-dispatcher", key);
    ukko_free(key);
    uk_router_conf_release(*c);
    *c = own;
}
int uk_router_prepare(const char *path, ukko_props **props, const uk_deploy *given,
                      const uk_deploy *found, ukko_error *err) {
    const uk_router_conf *code = uk_props_router(*props);
    if (!code) return UKKO_OK;
    uk_router_conf *c = uk_router_conf_retain(code);
    int rc = merge_step(&c, given, err);
    if (!rc) rc = merge_step(&c, found, err);
    if (!rc && c->kind == UKKO_ROUTER_FROM_CONFIG)
        rc = uk_error(err, UKKO_ECONFIG,
                      "Configuration missing for router in 'pekko.actor.deployment' section");
    if (!rc) name_pool_dispatcher(&c, path);
    if (rc || c == code) {
        uk_router_conf_release(c);
        return rc;
    }
    ukko_props *p = uk_props_copy(*props);
    uk_props_set_router(p, c);
    ukko_props_release(*props);
    *props = p;
    return UKKO_OK;
}

/* ---- as they travel ---- */

static const struct {
    ukko_router_kind kind;
    ukko_pool_kind pool;
} wire[] = {
    {UKKO_ROUTER_BALANCING, UKKO_POOL_BALANCING},
    {UKKO_ROUTER_BROADCAST, UKKO_POOL_BROADCAST},
    {UKKO_ROUTER_RANDOM, UKKO_POOL_RANDOM},
    {UKKO_ROUTER_ROUND_ROBIN, UKKO_POOL_ROUND_ROBIN},
    {UKKO_ROUTER_SCATTER_GATHER, UKKO_POOL_SCATTER_GATHER},
    {UKKO_ROUTER_TAIL_CHOPPING, UKKO_POOL_TAIL_CHOPPING},
};
enum { WIRED = sizeof wire / sizeof wire[0], UNIT_MS = 3 };

static ukko_msg *resizer_msg(const uk_router_conf *c) {
    return c->resizer == UK_RESIZER_DEFAULT ? ukko_msg_copy(&ukko_default_resizer_type, &c->fixed)
                                            : NULL;
}
static ukko_msg *pool_msg(const uk_router_conf *c, ukko_pool_kind kind) {
    ukko_pool body = {.kind = kind,
                      .instances = c->instances,
                      .dispatcher = c->dispatcher,
                      .use_pool_dispatcher = c->use_pool_dispatcher,
                      .resizer = resizer_msg(c),
                      .within = {c->within_ms, UNIT_MS},
                      .interval = {c->interval_ms, UNIT_MS}};
    ukko_msg *m = ukko_msg_copy(&ukko_pool_type, &body);
    ukko_msg_release(body.resizer);
    return m;
}
static ukko_msg *spread_msg(const uk_router_conf *c, ukko_msg *local) { /* takes local */
    ukko_msg *m = ukko_msg_new(&ukko_remote_router_config_type);
    ukko_remote_router_config *body = ukko_msg_body(m);
    body->local = local;
    body->n_nodes = c->n_nodes;
    body->nodes = ukko_msg_alloc(m, c->n_nodes * sizeof *body->nodes);
    for (size_t i = 0; i < c->n_nodes; i++) {
        uk_path a;
        uk_address_parse(ukko_str(c->nodes[i]), &a);
        ukko_address *n = &body->nodes[i];
        char *text = ukko_msg_strdup(m, c->nodes[i]); /* its parts are cut from one copy */
        size_t proto = a.protocol.len, sys = (size_t)(a.system.ptr - (const uint8_t *)c->nodes[i]);
        size_t host = (size_t)(a.host.ptr - (const uint8_t *)c->nodes[i]);
        text[proto] = text[sys + a.system.len] = text[host + a.host.len] = 0;
        *n = (ukko_address){
            .protocol = text, .system = text + sys, .host = text + host, .port = a.port};
    }
    return m;
}
int uk_router_conf_to_msg(const uk_router_conf *c, ukko_msg **out, ukko_error *err) {
    *out = NULL;
    if (c->kind == UKKO_ROUTER_FROM_CONFIG) {
        ukko_from_config body = {resizer_msg(c), c->dispatcher};
        *out = ukko_msg_copy(&ukko_from_config_type, &body);
        ukko_msg_release(body.resizer);
        return UKKO_OK;
    }
    if (c->resizer == UK_RESIZER_EXPLORING)
        return uk_error(err, UKKO_ENOTSERIAL,
                        "a pool with an exploring resizer cannot travel to another node");
    for (size_t i = 0; i < WIRED && !c->group; i++)
        if (wire[i].kind == c->kind) *out = pool_msg(c, wire[i].pool);
    if (!*out)
        return uk_error(err, UKKO_ENOTSERIAL,
                        "this router cannot travel to another node: groups, smallest-mailbox and "
                        "consistent-hashing pools have no form on the wire");
    if (c->n_nodes) *out = spread_msg(c, *out);
    return UKKO_OK;
}
static int64_t duration_ms(ukko_duration d) {
    static const int64_t per_unit[] = {0, 0, 0, 1, 1000, 60000, 3600000, 86400000};
    if (d.value < 0) return 0;
    if (d.unit == 1) return d.value / 1000000;
    if (d.unit == 2) return d.value / 1000;
    int64_t f = d.unit >= 3 && d.unit <= 7 ? per_unit[d.unit] : 1;
    return d.value > INT64_C(1000000000000) / f ? INT64_C(1000000000000)
                                                : d.value * f; /* 31 years will do */
}
static int take_resizer(uk_router_conf *c, const ukko_msg *m, ukko_error *err) {
    const ukko_default_resizer *r = ukko_msg_get(m, &ukko_default_resizer_type);
    const char *why = "not a default resizer";
    if (!m) return UKKO_OK;
    if (!r || check_default(r, &why)) return uk_error(err, UKKO_EINVAL, "resizer: %s", why);
    if (r->upper_bound > MAX_FOREIGN_INSTANCES)
        return uk_error(err, UKKO_EINVAL, "resizer: upper-bound is too large");
    c->resizer = UK_RESIZER_DEFAULT;
    c->fixed = *r;
    return UKKO_OK;
}
static int pool_from(const ukko_pool *p, uk_router_conf *c, ukko_error *err) {
    for (size_t i = 0; i < WIRED; i++)
        if ((int32_t)wire[i].pool == p->kind) c->kind = wire[i].kind;
    if (c->kind == UKKO_ROUTER_FROM_CONFIG)
        return uk_error(err, UKKO_EINVAL, "unknown kind of pool");
    if (p->instances > MAX_FOREIGN_INSTANCES)
        return uk_error(err, UKKO_EINVAL, "%u routees asked for: more than %d", p->instances,
                        MAX_FOREIGN_INSTANCES);
    c->instances = p->instances;
    c->dispatcher = uk_strdup(p->dispatcher);
    c->use_pool_dispatcher = p->use_pool_dispatcher;
    c->within_ms = p->within.unit ? duration_ms(p->within) : c->within_ms;
    c->interval_ms = p->interval.unit ? duration_ms(p->interval) : c->interval_ms;
    return take_resizer(c, p->resizer, err);
}
static int nodes_from(const ukko_remote_router_config *r, uk_router_conf *c, ukko_error *err) {
    const ukko_pool *p = ukko_msg_get(r->local, &ukko_pool_type);
    if (!p) return uk_error(err, UKKO_EINVAL, "a router over nodes must be a pool");
    c->nodes = uk_zalloc((r->n_nodes + 1) * sizeof *c->nodes);
    for (size_t i = 0; i < r->n_nodes; i++) {
        const ukko_address *a = &r->nodes[i];
        uk_path check;
        char *text =
            uk_format("%s://%s@%s:%d", a->protocol, a->system, a->host ? a->host : "", a->port);
        c->nodes[c->n_nodes++] = text;
        if (uk_address_parse(ukko_str(text), &check) || !check.host.len)
            return uk_error(err, UKKO_EINVAL, "bad address of a node: %.200s", text);
    }
    return pool_from(p, c, err);
}
int uk_router_conf_from_msg(const ukko_msg *m, uk_router_conf **out, ukko_error *err) {
    const ukko_pool *p = ukko_msg_get(m, &ukko_pool_type);
    const ukko_from_config *f = ukko_msg_get(m, &ukko_from_config_type);
    const ukko_remote_router_config *r = ukko_msg_get(m, &ukko_remote_router_config_type);
    *out = NULL;
    if (!p && !f && !r) return uk_error(err, UKKO_EINVAL, "not a router configuration");
    uk_router_conf *c = conf_new(UKKO_ROUTER_FROM_CONFIG);
    int rc = p   ? pool_from(p, c, err)
             : r ? nodes_from(r, c, err)
                 : take_resizer(c, f->resizer, err);
    if (f) c->dispatcher = uk_strdup(f->dispatcher);
    if (rc) uk_router_conf_release(c);
    else *out = c;
    return rc;
}
