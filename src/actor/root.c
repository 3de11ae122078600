/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed points of a system: "/", "/temp", dead letters, missing paths, the ignore reference;
   and looking up paths from the root. Any thread. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/pb.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- dead letters and missing paths ---- */

typedef struct empty_ref { /* a local path where nobody lives */
    ukko_ref ref;
    size_t len;
    char elements[];
} empty_ref;

static void dead_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_dead_letter(to->sys, msg, sender, to,
                   to->vt->kind == UK_REF_DEAD ? "sent to dead letters" : "no such actor");
}
static void dead_system(ukko_ref *to, uk_sysmsg *m) { uk_dead_system(to->sys, m, to); }
static void dead_print(ukko_ref *r, uk_buf *out) {
    (void)r;
    uk_buf_str(out, "/deadLetters");
}
static void empty_print(ukko_ref *r, uk_buf *out) {
    empty_ref *e = (empty_ref *)(void *)r;
    uk_buf_put(out, e->elements, e->len);
}
static void plain_free(ukko_ref *r) {
    uk_ref_fini(r);
    uk_free(r);
}
static const uk_ref_vt dead_vt = {UK_REF_DEAD, dead_tell,  dead_system, NULL,
                                  NULL,        dead_print, plain_free,  NULL};
static const uk_ref_vt empty_vt = {UK_REF_EMPTY, dead_tell,   dead_system, NULL,
                                   NULL,         empty_print, plain_free,  NULL};
/* At an address that no transport of ours leads to. */
static const uk_ref_vt nowhere_vt = {.kind = UK_REF_EMPTY,
                                     .tell = dead_tell,
                                     .system = dead_system,
                                     .print = empty_print,
                                     .free = plain_free,
                                     .foreign = true};

ukko_ref *uk_empty_ref(ukko_system *sys, ukko_slice elements, int32_t uid) {
    empty_ref *e = uk_alloc(sizeof *e + elements.len + 1);
    uk_ref_init(&e->ref, &empty_vt, sys, uid);
    ukko_slice one;
    for (e->len = 0; uk_path_next(&elements, &one); e->len += one.len) { /* without empty ones */
        e->elements[e->len++] = '/';
        memcpy(e->elements + e->len, one.ptr, one.len);
    }
    if (!e->len) e->elements[e->len++] = '/';
    return &e->ref;
}
static ukko_ref *nowhere_ref(ukko_system *sys, ukko_slice text, const uk_path *p) {
    ukko_ref *r = uk_empty_ref(sys, p->elements, p->uid);
    r->vt = &nowhere_vt;
    /* relaxed: nobody else has seen r */
    atomic_store_explicit(&r->text, uk_strndup(text.ptr, text.len), memory_order_relaxed);
    return r;
}
ukko_ref *uk_system_nobody(ukko_system *sys, ukko_slice elements) {
    return uk_empty_ref(sys, elements, 0);
}

/* ---- ignore ---- */

static void ignore_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    (void)to, (void)sender;
    ukko_msg_release(msg);
}
static void ignore_system(ukko_ref *to, uk_sysmsg *m) {
    (void)to;
    uk_sysmsg_free(m);
}
static void ignore_print(ukko_ref *r, uk_buf *out) {
    (void)r;
    uk_buf_str(out, "/ignore");
}
static const uk_ref_vt ignore_vt = {UK_REF_IGNORE, ignore_tell,  ignore_system, NULL,
                                    NULL,          ignore_print, plain_free,    NULL};

/* ---- functions ---- */

typedef struct function_ref {
    ukko_ref ref;
    ukko_function_fn fn;
    void *data;
    uint64_t n; /* tells it from others */
} function_ref;

static void function_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    function_ref *f = (function_ref *)(void *)to;
    f->fn(f->data, msg, sender);
    ukko_msg_release(msg);
}
static void function_print(ukko_ref *r, uk_buf *out) {
    uk_buf_printf(out, "/temp/$f%llu", (unsigned long long)((function_ref *)(void *)r)->n);
}
static const uk_ref_vt function_vt = {UK_REF_FUNCTION, function_tell, dead_system, NULL, NULL,
                                      function_print, plain_free, NULL};

ukko_ref *ukko_function_ref(ukko_system *sys, ukko_function_fn fn, void *data) {
    function_ref *f = uk_alloc(sizeof *f);
    uk_ref_init(&f->ref, &function_vt, sys, 0);
    f->fn = fn;
    f->data = data;
    f->n = atomic_fetch_add_explicit(&sys->temp_names, 1, memory_order_relaxed);
    return &f->ref;
}

/* ---- the root and /temp ---- */

static void unhandled(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) { /* takes msg */
    ukko_dead_letter d = {msg, sender ? sender : to->sys->dead, to, "unhandled"};
    ukko_publish(to->sys, &ukko_unhandled_type, &d);
    ukko_msg_release(msg);
}
/* The root is an actor to Pekko: what ends it ends the system, without the phases of an end. */
static bool ends_root(ukko_ref *root, const ukko_msg *msg) {
    if (msg->type == &ukko_poison_pill_type) {
        uk_system_final_terminate(root->sys);
        return true;
    }
    if (msg->type != &ukko_kill_type) return false;
    ukko_msg *cause = ukko_msg_throwable(uk_failure_class(UKKO_EKILLED), "Kill");
    uk_system_guardian_failed(root->sys, cause);
    ukko_msg_release(cause);
    return true;
}
static void container_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    ukko_system *sys = to->sys;
    if (msg->type == &uk_selection_type) {
        uk_selection_deliver(to, msg, sender);
        return;
    }
    if (msg->type == &ukko_identify_type && to == sys->root) {
        uk_answer_identify(sys, msg, sender, to, NULL);
        ukko_msg_release(msg);
        return;
    }
    if (to == sys->root && ends_root(to, msg)) ukko_msg_release(msg);
    else if (to == sys->root) unhandled(to, msg, sender);
    else ukko_msg_release(msg); /* /temp takes all and says nothing, as Pekko's container of paths */
}
static void container_system(ukko_ref *to, uk_sysmsg *m) { /* the root is the guardians' parent */
    if (m->kind == UK_SYS_NOTIFY && to == to->sys->root) uk_system_phase_done(to->sys, m->a);
    else if (m->kind == UK_SYS_FAILED && to == to->sys->root)
        uk_system_guardian_failed(to->sys, m->cause);
    else if (m->kind == UK_SYS_TERMINATE && to == to->sys->root) uk_system_final_terminate(to->sys);
    uk_sysmsg_free(m); /* a Watch, too: these places never end */
}
static ukko_ref *root_parent(ukko_ref *r) { return uk_ref_retain(r->sys->root); }

static ukko_ref *root_child(ukko_ref *r, ukko_slice name, int32_t uid) {
    ukko_system *sys = r->sys;
    if (uid) return NULL;
    if (uk_slice_is(name, "user")) return uk_ref_retain(&sys->user->ref);
    if (uk_slice_is(name, "system")) return uk_ref_retain(&sys->system_guardian->ref);
    if (uk_slice_is(name, "temp")) return uk_ref_retain(sys->temp);
    if (uk_slice_is(name, "deadLetters")) return uk_ref_retain(sys->dead);
    return uk_top_get(sys, name);
}
static void root_print(ukko_ref *r, uk_buf *out) {
    (void)r;
    uk_buf_byte(out, '/');
}
static ukko_ref *temp_child(ukko_ref *r, ukko_slice name, int32_t uid) {
    return uid ? NULL : uk_temp_get(r->sys, name);
}
static void temp_print(ukko_ref *r, uk_buf *out) {
    (void)r;
    uk_buf_str(out, "/temp");
}
static const uk_ref_vt root_vt = {UK_REF_CONTAINER, container_tell, container_system, root_parent,
                                  root_child,       root_print,     plain_free,       NULL};
static const uk_ref_vt temp_vt = {UK_REF_CONTAINER, container_tell, container_system, root_parent,
                                  temp_child,       temp_print,     plain_free,       NULL};

ukko_ref *uk_system_dead(ukko_system *sys) { return sys->dead; }
ukko_ref *uk_top_get(ukko_system *sys, ukko_slice name) {
    pthread_mutex_lock(&sys->lock);
    ukko_ref *top = uk_ref_retain(uk_map_get(&sys->tops, name.ptr, name.len));
    pthread_mutex_unlock(&sys->lock);
    return top;
}
ukko_ref *uk_temp_get(ukko_system *sys, ukko_slice name) {
    pthread_mutex_lock(&sys->lock);
    ukko_ref *r = uk_ref_retain(uk_map_get(&sys->temps, name.ptr, name.len));
    pthread_mutex_unlock(&sys->lock);
    return r;
}
static ukko_ref *plain(ukko_system *sys, const uk_ref_vt *vt) {
    ukko_ref *r = uk_alloc(sizeof *r);
    uk_ref_init(r, vt, sys, 0);
    return r;
}
void uk_root_init(ukko_system *sys) {
    sys->root = plain(sys, &root_vt);
    sys->temp = plain(sys, &temp_vt);
    sys->dead = plain(sys, &dead_vt);
    sys->ignore = plain(sys, &ignore_vt);
}
static void drop_map(uk_map *m) {
    void *v;
    for (size_t pos = 0; uk_map_next(m, &pos, &v);) uk_ref_release(v);
    uk_map_fini(m);
}
void uk_root_fini(ukko_system *sys) {
    drop_map(&sys->temps);
    drop_map(&sys->tops);
    for (size_t i = 0; i < sys->n_top_keys; i++) uk_free(sys->top_keys[i]);
    uk_ref_release(sys->temp);
    uk_ref_release(sys->dead);
    uk_ref_release(sys->ignore);
    uk_ref_release(sys->root);
}
void uk_system_add_top(ukko_system *sys, const char *name, ukko_ref *ref) {
    pthread_mutex_lock(&sys->lock);
    ukko_ref *old = uk_map_put(&sys->tops, name, strlen(name), uk_ref_retain(ref));
    pthread_mutex_unlock(&sys->lock);
    uk_ref_release(old);
}

ukko_ref *uk_system_add_system_ref(ukko_system *sys, const char *name, ukko_ref *ref) {
    char *key = uk_format("system/%s", name);
    if (sys->n_top_keys == sizeof sys->top_keys / sizeof *sys->top_keys)
        abort(); /* a handful by design */
    sys->top_keys[sys->n_top_keys++] = key;
    uk_system_add_top(sys, key, ref);
    return uk_ref_retain(ref);
}

/* ---- looking up ---- */

static ukko_ref *step(ukko_ref *at, ukko_slice name, int32_t uid) { /* takes at */
    ukko_ref *next = NULL;
    if (uk_slice_is(name, "..")) next = at->vt->parent ? at->vt->parent(at) : NULL;
    else if (at->vt->child) next = at->vt->child(at, name, uid);
    uk_ref_release(at);
    return next;
}
ukko_ref *uk_system_resolve_local(ukko_system *sys, ukko_slice elements, int32_t uid) {
    ukko_slice rest = elements, name, more;
    if (!elements.len) return uk_ref_retain(sys->dead);
    ukko_ref *at = uk_ref_retain(sys->root);
    for (bool any = uk_path_next(&rest, &name); any && at; name = more) {
        any = uk_path_next(&rest, &more);
        bool daemon = at->vt->kind == UK_REF_DAEMON;
        if (daemon && any) { /* the daemon's children have slashes in their names */
            ukko_slice whole = {name.ptr, (size_t)(elements.ptr + elements.len - name.ptr)};
            at = step(at, whole, uid);
            break;
        }
        at = step(at, name, any ? 0 : uid);
    }
    return at ? at : uk_empty_ref(sys, elements, uid);
}
static bool own_address(ukko_system *sys, const uk_path *p) {
    if (!p->address.len) return true;
    if (!p->host.len) return uk_slice_is(p->address, sys->local_address);
    return sys->has_provider && sys->provider.is_own(sys->provider.self, p);
}
static void log_unresolved(ukko_system *sys, ukko_slice text, const uk_path *p, const char *why) {
    char local[600], cause[700];
    if (!why) {
        snprintf(local, sizeof local, "Unexpected local address in RemoteActorRef [Actor[%.*s]]",
                 (int)text.len, (const char *)text.ptr);
        why = local;
    }
    if (p->elements.len > 1)
        uk_log(sys, UKKO_LOG_WARN, "ActorRefProvider",
               "org.apache.pekko.remote.RemoteActorRefProvider", NULL, NULL,
               "Error while resolving ActorRef [%.*s] due to [%s]", (int)text.len,
               (const char *)text.ptr, why);
    snprintf(cause, sizeof cause, "org.apache.pekko.remote.RemoteTransportException: %s", why);
    if (p->elements.len <= 1)
        uk_log(sys, UKKO_LOG_ERROR, "ActorRefProvider",
               "org.apache.pekko.remote.RemoteActorRefProvider", NULL, cause,
               "No root guardian at [%.*s]", (int)p->address.len, (const char *)p->address.ptr);
}
/* A path of another system may be spelled in several ways; a reference is written in Pekko's. */
static ukko_ref *resolve_remote(ukko_system *sys, ukko_slice text, const uk_path *p,
                                const char **why) {
    uk_path same;
    if (!p->host.len || !sys->has_provider) return NULL;
    if (uk_path_is_canonical(text, p)) return sys->provider.remote_ref(sys->provider.self, text, p, why);
    uk_buf b = {0};
    uk_path_put_canonical(&b, p);
    int rc = uk_path_parse(uk_buf_slice(&b), &same);
    ukko_ref *r =
        rc ? NULL : sys->provider.remote_ref(sys->provider.self, uk_buf_slice(&b), &same, why);
    uk_buf_fini(&b);
    return r;
}
static ukko_ref *resolve(ukko_system *sys, ukko_slice text, const uk_path *p) {
    const char *why = sys->has_provider ? NULL : "no remoting here";
    if (uk_slice_is(text, "pekko://local/ignore")) return uk_ref_retain(sys->ignore);
    if (own_address(sys, p)) return uk_system_resolve_local(sys, p->elements, p->uid);
    ukko_ref *r = resolve_remote(sys, text, p, &why);
    if (r) return r;
    log_unresolved(sys, text, p, why);
    return p->host.len ? nowhere_ref(sys, text, p) : uk_empty_ref(sys, p->elements, p->uid);
}
static ukko_ref *repaired(ukko_system *sys, ukko_slice text,
                          ukko_ref *(*resolved)(ukko_system *sys, ukko_slice text)) {
    uk_buf b = {0};
    uk_utf8_repair(text, &b);
    ukko_ref *ref = resolved(sys, uk_buf_slice(&b));
    uk_buf_fini(&b);
    return ref;
}
ukko_ref *uk_system_resolve(ukko_system *sys, ukko_slice text) {
    uk_path p;
    if (!uk_utf8_valid(text)) return repaired(sys, text, uk_system_resolve);
    return uk_path_parse(text, &p) ? uk_ref_retain(sys->dead) : resolve(sys, text, &p);
}
ukko_ref *uk_system_resolve_foreign(ukko_system *sys, ukko_slice text) {
    uk_path p;
    if (!uk_utf8_valid(text)) return repaired(sys, text, uk_system_resolve_foreign);
    int rc = uk_path_parse(text, &p);
    if (rc == UKKO_EINVAL) return NULL;
    return rc || !p.address.len ? uk_ref_retain(sys->dead) : resolve(sys, text, &p);
}
ukko_ref *ukko_system_ref(ukko_system *sys, const char *path) {
    return uk_system_resolve(sys, ukko_str(path));
}
