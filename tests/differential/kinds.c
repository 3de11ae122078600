/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of messages that the differential test makes: values, Pekko's own messages, selections,
   system messages, deployments. */
#include "diff.h"
#include <stdio.h>

void sample_free(sample *s) {
    ukko_msg_release(s->msg);
    if (s->sys) uk_sysmsg_free(s->sys);
    uk_daemon_free(s->daemon);
}
static sample of(ukko_msg *m) { return (sample){.msg = m}; }

/* ---- values ---- */

#define PLAIN(name, type)                                                                          \
    static sample make_##name(uint64_t *seed) { return of(random_of(&type, seed)); }
PLAIN(string, ukko_string_type)
PLAIN(long, ukko_long_type)
PLAIN(int, ukko_int_type)
PLAIN(bool, ukko_bool_type)
static sample make_bytes_of(const ukko_type *type, uint64_t *seed) {
    ukko_msg *m = random_of(type, seed);
    ukko_slice *b = uk_msg_body(m);
    if (!b->ptr) *b = ukko_str("");
    return of(m);
}
static sample make_bytes(uint64_t *seed) { return make_bytes_of(&ukko_bytes_type, seed); }
static sample make_bytestring(uint64_t *seed) { return make_bytes_of(&ukko_bytestring_type, seed); }

/* ---- boxes ---- */

static sample box(const ukko_type *type, ukko_msg *value) {
    ukko_boxed b = {value};
    ukko_msg *m = ukko_msg_copy(type, &b);
    ukko_msg_release(value);
    return of(m);
}
static sample make_option(uint64_t *seed) {
    return box(&ukko_option_type, below(seed, 5) ? random_payload(seed, 0) : NULL);
}
static sample make_optional(uint64_t *seed) {
    return box(&ukko_optional_type, below(seed, 5) ? random_payload(seed, 0) : NULL);
}
static sample make_success(uint64_t *seed) {
    return box(&ukko_status_success_type, below(seed, 9) ? random_payload(seed, 0) : NULL);
}
static sample make_failure(uint64_t *seed) {
    return box(&ukko_status_failure_type, random_throwable(seed, true));
}
static sample make_failure_unbound(uint64_t *seed) {
    return box(&ukko_status_failure_type, random_throwable(seed, false));
}
static sample make_reply(uint64_t *seed) {
    return box(&ukko_reply_success_type, below(seed, 9) ? random_payload(seed, 0) : NULL);
}
static sample make_reply_error(uint64_t *seed) {
    return of(random_of(&ukko_reply_error_type, seed));
}
static sample make_reply_exception(uint64_t *seed) {
    return box(&ukko_reply_exception_type, random_throwable(seed, below(seed, 2)));
}
static sample make_throwable(uint64_t *seed) { return of(random_throwable(seed, true)); }
static sample make_actor_init(uint64_t *seed) {
    ukko_msg *m = random_throwable(seed, true);
    ukko_throwable *t = uk_msg_body(m);
    t->class_name = "org.apache.pekko.actor.ActorInitializationException";
    t->n_frames = 0; /* no actor: a JVM puts its path in front of the text, each time anew */
    t->cause = below(seed, 5) ? random_throwable(seed, below(seed, 2)) : NULL;
    return of(m);
}
static sample make_identify(uint64_t *seed) {
    ukko_identify i = {below(seed, 9) ? random_payload(seed, 0) : NULL};
    ukko_msg *m = ukko_msg_copy(&ukko_identify_type, &i);
    ukko_msg_release(i.id);
    return of(m);
}
static sample make_identity(uint64_t *seed) {
    ukko_identity i = {random_payload(seed, 0), below(seed, 3) ? random_ref(seed) : NULL};
    ukko_msg *m = ukko_msg_copy(&ukko_identity_type, &i);
    ukko_msg_release(i.id);
    uk_ref_release(i.ref);
    return of(m);
}
static sample make_ref(uint64_t *seed) {
    ukko_ref_body b = {random_ref(seed)};
    ukko_msg *m = ukko_msg_copy(&ukko_ref_type, &b);
    uk_ref_release(b.ref);
    return of(m);
}

/* ---- addresses and deployment ---- */

static sample make_address_of(const ukko_type *type, uint64_t *seed) {
    ukko_msg *m = ukko_msg_new(type);
    ukko_address *a = uk_msg_body(m);
    *a = random_address(m, seed);
    if (type == &ukko_unique_address_type) a->uid = (int64_t)roll(seed) >> below(seed, 60);
    return of(m);
}
static sample make_address(uint64_t *seed) { return make_address_of(&ukko_address_type, seed); }
static sample make_unique(uint64_t *seed) {
    return make_address_of(&ukko_unique_address_type, seed);
}
static sample make_scope(uint64_t *seed) { return make_address_of(&ukko_remote_scope_type, seed); }
/* Keys in the order that the JVM writes them in. */
static void put_config(uk_buf *out, uint64_t *seed, int depth) {
    uk_buf_byte(out, '{');
    bool first = true;
    for (char key = 'a'; key < 'g'; key++) {
        if (below(seed, 3)) continue;
        uk_buf_printf(out, "%s\"%c\":", first ? "" : ",", key);
        first = false;
        switch (below(seed, depth > 2 ? 5 : 6)) {
        case 0: uk_buf_printf(out, "%d", (int)below(seed, 100000) - 50000); break;
        case 1: uk_buf_printf(out, "\"text %zu\"", below(seed, 1000)); break;
        case 2: uk_buf_str(out, below(seed, 2) ? "true" : "false"); break;
        case 3: uk_buf_printf(out, "[%zu,\"x\"]", below(seed, 10)); break;
        case 4: uk_buf_printf(out, "%zu.5", below(seed, 100)); break;
        default: put_config(out, seed, depth + 1);
        }
    }
    uk_buf_byte(out, '}');
}
static sample make_config(uint64_t *seed) {
    uk_buf text = {0};
    put_config(&text, seed, 0);
    ukko_string s = {uk_buf_text(&text), text.len};
    ukko_msg *m = ukko_msg_copy(&ukko_config_type, &s);
    uk_buf_fini(&text);
    return of(m);
}
static ukko_msg *random_resizer(uint64_t *seed) {
    ukko_default_resizer r = {(uint32_t)below(seed, 10),        (uint32_t)(10 + below(seed, 100)),
                              (uint32_t)below(seed, 1000),      (double)below(seed, 1000) / 7,
                              (double)below(seed, 100) / 101,   (double)below(seed, 100) / 3,
                              (uint32_t)(1 + below(seed, 1000))};
    return ukko_msg_copy(&ukko_default_resizer_type, &r);
}
static sample make_resizer(uint64_t *seed) { return of(random_resizer(seed)); }
static ukko_msg *random_pool(uint64_t *seed) {
    ukko_msg *m = ukko_msg_new(&ukko_pool_type);
    ukko_pool *p = uk_msg_body(m);
    p->kind = (int32_t)(1 + below(seed, 6));
    p->instances = (uint32_t)(1 + below(seed, 1000));
    if (below(seed, 2)) p->dispatcher = ukko_msg_strdup(m, "my-dispatcher");
    bool whole = p->kind != UKKO_POOL_BALANCING; /* a JVM leaves these two out there */
    if (whole && p->kind != UKKO_POOL_SCATTER_GATHER) p->use_pool_dispatcher = below(seed, 2);
    if (whole && below(seed, 2)) p->resizer = random_resizer(seed);
    if (p->kind == UKKO_POOL_BALANCING) p->dispatcher = below(seed, 2) ? p->dispatcher : NULL;
    if (p->kind >= UKKO_POOL_SCATTER_GATHER)
        p->within = (ukko_duration){(int64_t)below(seed, 10000), (int32_t)(1 + below(seed, 7))};
    if (p->kind == UKKO_POOL_TAIL_CHOPPING)
        p->interval = (ukko_duration){(int64_t)below(seed, 10000), (int32_t)(1 + below(seed, 7))};
    return m;
}
static sample make_pool(uint64_t *seed) { return of(random_pool(seed)); }
static sample make_from_config(uint64_t *seed) {
    ukko_msg *m = ukko_msg_new(&ukko_from_config_type);
    ukko_from_config *c = uk_msg_body(m);
    if (below(seed, 2)) c->resizer = random_resizer(seed);
    if (below(seed, 2)) c->dispatcher = ukko_msg_strdup(m, "d1");
    return of(m);
}
static sample make_router_config(uint64_t *seed) {
    ukko_msg *m = ukko_msg_new(&ukko_remote_router_config_type);
    ukko_remote_router_config *c = uk_msg_body(m);
    c->local = random_pool(seed);
    c->n_nodes = 1 + below(seed, 4);
    c->nodes = ukko_msg_alloc(m, c->n_nodes * sizeof *c->nodes);
    for (size_t i = 0; i < c->n_nodes; i++) c->nodes[i] = random_address(m, seed);
    return of(m);
}
static sample make_constant(uint64_t *seed) {
    static const ukko_type *const types[] = {
        &ukko_poison_pill_type, &ukko_kill_type,      &ukko_done_type,   &ukko_not_used_type,
        &ukko_local_scope_type, &ukko_reply_ack_type, &uk_heartbeat_type};
    return of(ukko_msg_new(types[below(seed, 7)]));
}
static sample make_heartbeat(uint64_t *seed) {
    uk_heartbeat_rsp h = {(int32_t)roll(seed)};
    return of(ukko_msg_copy(&uk_heartbeat_rsp_type, &h));
}

/* ---- selections ---- */

static sample make_selection(uint64_t *seed) {
    uk_step steps[6];
    ukko_msg *memory = ukko_msg_new(&ukko_null_type);
    uk_selection_body s = {random_payload(seed, 0), steps, below(seed, 6), below(seed, 2)};
    for (size_t i = 0; i < s.n_steps; i++) {
        char text[40];
        size_t which = below(seed, 3);
        snprintf(text, sizeof text, which == 2 ? "a*%zu?" : "name%zu", below(seed, 100));
        steps[i] = (uk_step){(int32_t)which, which ? ukko_str(ukko_msg_strdup(memory, text))
                                                   : (ukko_slice){NULL, 0}};
    }
    ukko_msg *m = ukko_msg_copy(&uk_selection_type, &s);
    ukko_msg_release(s.message);
    ukko_msg_release(memory);
    return of(m);
}

/* ---- system messages ---- */

static sample make_system(uint64_t *seed) {
    static const uk_sys_kind kinds[] = {
        UK_SYS_CREATE,    UK_SYS_RECREATE, UK_SYS_SUSPEND, UK_SYS_RESUME, UK_SYS_TERMINATE,
        UK_SYS_SUPERVISE, UK_SYS_WATCH,    UK_SYS_UNWATCH, UK_SYS_FAILED, UK_SYS_NOTIFY};
    uk_sys_kind k = kinds[below(seed, 10)];
    bool two = k == UK_SYS_WATCH || k == UK_SYS_UNWATCH;
    bool one = two || k == UK_SYS_SUPERVISE || k == UK_SYS_FAILED || k == UK_SYS_NOTIFY;
    ukko_ref *a = one ? random_ref(seed) : NULL, *b = two ? random_ref(seed) : NULL;
    uk_sysmsg *m = uk_sysmsg_new(k, a, b);
    uk_ref_release(a);
    uk_ref_release(b);
    m->flag = below(seed, 2);
    m->flag2 = below(seed, 2);
    m->uid = (int32_t)roll(seed);
    if (k == UK_SYS_RECREATE || k == UK_SYS_FAILED || (k == UK_SYS_RESUME && below(seed, 2)))
        m->cause = random_throwable(seed, below(seed, 2));
    if (k == UK_SYS_CREATE && below(seed, 2)) m->cause = make_actor_init(seed).msg;
    return (sample){.sys = m};
}

/* ---- deployments ---- */

static void fill_deploy(uk_daemon_create *c, uk_daemon_deploy *d, bool scoped, uint64_t *seed) {
    uk_buf config = {0};
    put_config(&config, seed, 1);
    d->path = "";
    d->config = ukko_msg_strdup(c->memory, below(seed, 2) ? uk_buf_text(&config) : "{}");
    uk_buf_fini(&config);
    if (!below(seed, 3)) d->router = random_pool(seed);
    if (scoped) d->scope = make_scope(seed).msg;
    if (!below(seed, 3)) d->dispatcher = "other-dispatcher";
    d->n_tags = below(seed, 3) ? 0 : 1 + below(seed, 2);
    d->tags = ukko_msg_alloc(c->memory, 4 * sizeof *d->tags);
    for (size_t i = 0; i < d->n_tags; i++) d->tags[i] = i ? "t2" : "t1";
}
static sample make_daemon(uint64_t *seed) {
    uk_daemon_create *c = uk_zalloc(sizeof *c);
    ukko_ref *path = random_ref(seed), *supervisor = random_ref(seed);
    c->memory = ukko_msg_new(&ukko_null_type);
    c->class_name = "ukko.oracle.Actors$Worker";
    c->path = ukko_msg_strdup(c->memory, uk_ref_text(path));
    c->supervisor = ukko_msg_strdup(c->memory, uk_ref_text(supervisor));
    uk_ref_release(path);
    uk_ref_release(supervisor);
    fill_deploy(c, &c->props, false, seed);
    fill_deploy(c, &c->deploy, true, seed);
    c->n_args = below(seed, 4);
    c->args = uk_zalloc((c->n_args + 1) * sizeof *c->args);
    for (size_t i = 0; i < c->n_args; i++)
        c->args[i] = below(seed, 5) ? random_payload(seed, 1) : NULL;
    return (sample){.daemon = c};
}

static const kind pekko_kinds[] = {
    {"string", make_string, true, false, NULL, NULL},
    {"long", make_long, true, false, NULL, NULL},
    {"int", make_int, true, false, NULL, NULL},
    {"bool", make_bool, true, false, NULL, NULL},
    {"bytes", make_bytes, true, false, NULL, NULL},
    {"bytestring", make_bytestring, true, false, NULL, NULL},
    {"identify", make_identify, true, false, NULL, NULL},
    {"identity", make_identity, true, false, NULL, NULL},
    {"option", make_option, true, false, NULL, NULL},
    {"optional", make_optional, true, false, NULL, NULL},
    {"status-success", make_success, true, false, NULL, NULL},
    {"status-failure", make_failure, true, false, NULL, NULL},
    {"status-failure-unbound", make_failure_unbound, true, true, NULL, NULL},
    {"reply-success", make_reply, true, false, NULL, NULL},
    {"reply-error", make_reply_error, true, false, NULL, NULL},
    {"reply-exception", make_reply_exception, true, true, NULL, NULL},
    {"throwable", make_throwable, true, false, NULL, NULL},
    {"actor-init-exception", make_actor_init, true, true, NULL, NULL},
    {"actor-ref", make_ref, true, false, NULL, NULL},
    {"address", make_address, true, false, NULL, NULL},
    {"unique-address", make_unique, true, false, NULL, NULL},
    {"remote-scope", make_scope, true, false, NULL, NULL},
    {"config", make_config, true, false, NULL, NULL},
    {"resizer", make_resizer, true, false, NULL, NULL},
    {"pool", make_pool, true, false, NULL, NULL},
    {"from-config", make_from_config, true, false, NULL, NULL},
    {"remote-router-config", make_router_config, true, false, NULL, NULL},
    {"constants", make_constant, true, false, NULL, NULL},
    {"heartbeat", make_heartbeat, true, false, NULL, NULL},
    {"selection", make_selection, true, false, NULL, NULL},
    {"system", make_system, true, true, NULL, NULL},
    {"daemon-create", make_daemon, true, false, NULL, NULL},
    {NULL, NULL, false, false, NULL, NULL},
};
extern const kind user_kinds[]; /* users.c: types that ukko gen has made */
const kind *const kind_lists[] = {pekko_kinds, user_kinds, NULL};
