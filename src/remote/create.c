/* SPDX-License-Identifier: Apache-2.0 */
/* An order to create an actor for another node: who may, what is made, with which arguments. What
   is wrong is logged and nothing is made; the connection lives. I/O thread only; foreign bytes. */
#include "remote/deploy.h"
#include "actor/router.h"
#include "base/mem.h"
#include "serial/daemon.h"
#include <stdio.h>

#define LOG_DAEMON "org.apache.pekko.remote.RemoteSystemDaemon"

typedef struct creation {
    uk_remote *remote;
    uk_daemon_create *order;
    const char *from; /* address of the peer */
    int32_t uid;      /* its uid */
    uk_path path;
} creation;

static void log_refusal(const creation *c, ukko_log_level level, const char *why,
                        const char *detail) {
    uk_log(c->remote->sys, level, "/remote", LOG_DAEMON, NULL, detail,
           "%s class [%s] at [%s], asked for by [%s]: nothing is created%s%s", why,
           c->order->class_name, c->order->path, c->from, detail ? ". " : "",
           detail ? detail : "");
}
static void tell(const creation *c, const char *reason, const char *detail) {
    char text[400];
    if (!uk_uid_is_kin(c->uid)) return;
    snprintf(text, sizeof text, "%s%s%.300s", reason, detail ? ": " : "", detail ? detail : "");
    uk_refusal_tell(c->remote, c->from, c->order->path, c->order->class_name, text);
}
static void refuse(const creation *c, const char *why, const char *reason, const char *detail) {
    log_refusal(c, UKKO_LOG_ERROR, why, detail);
    tell(c, reason, detail);
}

/* ---- the allow list ---- */

/* Java's canonical name: nested classes are separated by dots. */
static bool same_class(const char *listed, const char *name) {
    while (*listed && (*name == '$' ? '.' : *name) == *listed) {
        listed++;
        name++;
    }
    return !*listed && !*name;
}

static bool is_allowed(const creation *c) {
    const uk_remote_settings *s = &c->remote->set;
    if (!s->allow_list) return true;
    for (size_t i = 0; i < s->n_allowed; i++)
        if (same_class(s->allowed[i], c->order->class_name)) return true;
    uk_buf list = {0};
    for (size_t i = 0; i < s->n_allowed; i++)
        uk_buf_printf(&list, "%s%s", i ? ", " : "", s->allowed[i]);
    char *why = uk_format("NotAllowedClassRemoteDeploymentAttemptException: Attempted to deploy "
                          "not allowed Actor class: class %s, allowed classes: [%s]",
                          c->order->class_name, uk_buf_text(&list));
    uk_log(c->remote->sys, UKKO_LOG_ERROR, "/remote", LOG_DAEMON, "SECURITY", why,
           "Received command to create remote Actor, but class [class %s] is not white-listed! "
           "Target path: [%s]",
           c->order->class_name, c->order->path);
    tell(c, "the class is not on the allow list of the node", NULL); /* what is, is its own affair */
    uk_buf_fini(&list);
    uk_free(why);
    return false;
}

/* ---- the path ---- */

/* Its elements behind "/remote", one slash each. false: it does not begin so, or ends there. */
static bool canonical_path(const creation *c, uk_buf *out) {
    ukko_slice rest = c->path.elements, e;
    size_t n = 0;
    if (!uk_path_next(&rest, &e) || !uk_slice_is(e, "remote")) return false;
    uk_buf_str(out, "/remote");
    for (; uk_path_next(&rest, &e); n++) {
        uk_buf_byte(out, '/');
        uk_buf_put(out, e.ptr, e.len);
    }
    uk_buf_byte(out, 0);
    return n > 0;
}

/* ---- making ---- */

static ukko_props *plain_props(const creation *c, const ukko_actor *actor) {
    ukko_props *props = ukko_props_new(actor);
    uk_daemon_create *o = c->order;
    for (size_t i = 0; i < o->n_args; i++) ukko_props_arg_msg(props, ukko_msg_retain(o->args[i]));
    const char *dispatcher = o->deploy.dispatcher ? o->deploy.dispatcher : o->props.dispatcher;
    if (dispatcher) ukko_props_dispatcher(props, dispatcher);
    return props;
}

/* The router that was ordered, with what the configuration here says of its path. */
static int add_router(const creation *c, ukko_props **props, const char *path, ukko_error *err) {
    uk_router_conf *code = NULL, *decided = NULL;
    int rc = uk_router_conf_from_msg(c->order->props.router, &code, err);
    if (rc) return rc;
    uk_props_set_router(*props, code);
    if (c->order->deploy.router)
        rc = uk_router_conf_from_msg(c->order->deploy.router, &decided, err);
    uk_deploy given = {.router = decided};
    const uk_deploy *found = uk_deploy_lookup(c->remote->sys, ukko_str(path));
    if (!rc) rc = uk_router_prepare(NULL, props, &given, found, err);
    uk_router_conf_release(decided);
    return rc;
}

static ukko_props *props_of(const creation *c, const ukko_actor *actor, const char *path) {
    ukko_error err = {0};
    ukko_props *props = plain_props(c, actor);
    if (!c->order->props.router || !add_router(c, &props, path, &err)) return props;
    refuse(c, "The router cannot be made for", "its router cannot be made", err.message);
    ukko_props_release(props);
    return NULL;
}

/* It has been here before: two configurations send it in a circle. */
static bool passed_here(const creation *c, const char *path) {
    bool found = false;
    for (size_t i = 0; i < c->remote->n_transports && !found; i++) {
        char *own = uk_format("/%s/", strstr(c->remote->transports[i].address, "://") + 3);
        found = strstr(path, own) != NULL;
        uk_free(own);
    }
    return found;
}

/* 1: the configuration here has it made on a third node. 0: it is to live here. */
static int make_elsewhere(const creation *c, const char *path, const ukko_props *props,
                          ukko_ref *supervisor, bool *ok) {
    uk_remote *r = c->remote;
    uk_deployment d = {.parent = supervisor,
                       .props = props,
                       .path = path,
                       .uid = c->path.uid,
                       .found = uk_deploy_lookup(r->sys, ukko_str(path))};
    ukko_ref *child;
    ukko_msg *order;
    ukko_error err = {0};
    if (!d.found || !d.found->remote || passed_here(c, path)) return 0;
    int rc = uk_deploy_child(r, &d, &child, &order, &err);
    *ok = true;
    if (rc > 0) *ok = uk_daemon_pass_on(r->daemon, child, supervisor, order);
    if (rc < 0) refuse(c, "It cannot be passed on:", "it cannot be passed on", err.message);
    return rc != 0;
}

/* As a message that cannot be read: for a JVM this is a part of it. */
static void unread(const creation *c, int rc, const char *what, const char *why) {
    uk_log(c->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_READER, NULL, NULL,
           "%s serializer id [%d] and manifest [] from [%s]. Transient association error (association "
           "remains live). Nothing is created at [%s] of class [%s]: %s. %s",
           rc == UKKO_ENOTFOUND ? "Serializer not defined for message with"
                                : "Could not deserialize message with",
           UKKO_SER_DAEMON_CREATE, c->from, c->order->path, c->order->class_name, what, why);
    tell(c, what, why);
}

/* A supervisor that is nobody's is as good as another, as for a JVM: the child just has nobody above. */
static void make(const creation *c, const char *path, ukko_props *props) { /* takes props */
    uk_remote *r = c->remote;
    bool ok;
    ukko_ref *supervisor = uk_system_resolve_foreign(r->sys, ukko_str(c->order->supervisor));
    if (!supervisor) {
        unread(c, UKKO_ENOTFOUND, "its supervisor cannot be read", "the uid is no number");
        ukko_props_release(props);
        return;
    }
    if (make_elsewhere(c, path, props, supervisor, &ok)) {
        ukko_props_release(props);
    } else {
        ukko_error err = {0};
        ukko_ref *child = uk_system_place(r->sys, supervisor, props, path, c->path.uid, &err);
        ok = !child || uk_daemon_adopt(r->daemon, child, supervisor);
        if (!child) refuse(c, "No dispatcher or mailbox for", "it cannot be run there", err.message);
    }
    if (!ok) refuse(c, "Skipping while terminating:", "the node is terminating", NULL);
    uk_ref_release(supervisor);
}

static void make_kind(const creation *c, const char *path, const ukko_actor *actor) {
    ukko_error err = {0};
    int rc = uk_daemon_open(c->remote->serial, c->order, &err);
    if (rc) {
        unread(c, rc, "its arguments cannot be read", err.message);
        return;
    }
    ukko_props *props = props_of(c, actor, path);
    if (props) make(c, path, props);
}

static void create(creation *c) {
    uk_buf path = {0};
    const ukko_actor *actor = uk_system_find_actor(c->remote->sys, c->order->class_name);
    if (!is_allowed(c)) return;
    if (uk_path_parse(ukko_str(c->order->path), &c->path) || !canonical_path(c, &path))
        log_refusal(c, UKKO_LOG_DEBUG, "The path does not begin with /remote:", NULL);
    else if (!actor)
        refuse(c, "No actor is registered here (ukko_system_add_actor) for",
               "no actor of this class is registered there", NULL);
    else
        make_kind(c, uk_buf_text(&path), actor);
    uk_buf_fini(&path);
}

void uk_daemon_ordered(uk_remote *r, ukko_slice bytes, const char *from, int32_t uid) {
    creation c = {.remote = r, .from = from, .uid = uid};
    ukko_error err = {0};
    if (uk_daemon_decode(r->serial, bytes, &c.order, &err)) {
        uk_log(r->sys, UKKO_LOG_ERROR, "/remote", LOG_DAEMON, NULL, err.message,
               "An order to create an actor, from [%s], cannot be read: %s", from, err.message);
        return;
    }
    uk_log(r->sys, UKKO_LOG_DEBUG, "/remote", LOG_DAEMON, NULL, NULL,
           "Received command to create [%s] of class [%s] from [%s]", c.order->path,
           c.order->class_name, from);
    create(&c);
    uk_daemon_free(c.order);
}
