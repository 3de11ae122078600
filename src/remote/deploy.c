/* SPDX-License-Identifier: Apache-2.0 */
/* Creating actors on other nodes: whether a child lives elsewhere, and the order that has it made
   there. On the thread that spawns, in the turn of the parent as a rule. */
#include "remote/deploy.h"
#include "actor/router.h"
#include "base/error.h"
#include "base/mem.h"
#include "serial/daemon.h"

#define LOG_PROVIDER "org.apache.pekko.remote.RemoteActorRefProvider"

/* ---- the order as a message ---- */

static int copy_order(ukko_msg *into, void *body, const void *from) {
    const ukko_slice *in = from;
    uint8_t *bytes = ukko_msg_alloc(into, in->len);
    memcpy(bytes, in->ptr, in->len);
    *(ukko_slice *)body = (ukko_slice){bytes, in->len};
    return UKKO_OK;
}

static int encode_order(ukko_encoder *out, const void *body) {
    const ukko_slice *bytes = body;
    return ukko_encoder_put(out, bytes->ptr, bytes->len);
}

static const ukko_codec order_codec = {sizeof(ukko_codec), copy_order, encode_order, NULL};
static const ukko_type order_type = {
    .size = sizeof(ukko_type),
    .body_size = sizeof(ukko_slice),
    .name = "DaemonMsgCreate",
    .class_name = "org.apache.pekko.remote.DaemonMsgCreate",
    .serializer = UKKO_SER_DAEMON_CREATE,
    .codec = &order_codec,
};

/* ---- where ---- */

typedef struct place {
    uk_remote *remote;
    const uk_deployment *d;
    uk_props_view props;
    uk_deploy code, all; /* what code says; the configuration over it */
    const char *address;
    uk_path at;     /* the address in parts */
    uk_buf logical; /* "/user/parent/child" */
    ukko_error *err;
} place;

/* "[pekko://A/user/w]", as Pekko's texts name the child to be. */
static int refused(const place *p, int code, const char *before, const char *after) {
    return uk_error(p->err, code, "%s [pekko://%s%s]%s", before, ukko_system_name(p->remote->sys),
                    (const char *)p->logical.ptr, after);
}

static int stays_here(const place *p) {
    uk_log(p->remote->sys, p->remote->set.warn_unsafe ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           LOG_PROVIDER, NULL, NULL,
           "Remote deploy of [pekko://%s%s] is not allowed, falling back to local.",
           ukko_system_name(p->remote->sys), (const char *)p->logical.ptr);
    return 0;
}

static int check_setting(const place *p, const char *what, const char *id) {
    if (!id || ukko_config_has(ukko_system_config(p->remote->sys), id)) return UKKO_OK;
    return uk_error(p->err, UKKO_ECONFIG, "%s [%.200s] not configured for path pekko://%s%s", what,
                    id, ukko_system_name(p->remote->sys), (const char *)p->logical.ptr);
}

static void logical_path(place *p) {
    if (p->d->path) {
        uk_buf_str(&p->logical, p->d->path);
    } else {
        p->d->parent->vt->print(p->d->parent, &p->logical);
        uk_buf_byte(&p->logical, '/');
        uk_buf_str(&p->logical, p->d->name);
    }
    uk_buf_byte(&p->logical, 0);
    p->logical.len--; /* the NUL stays behind the end */
}

/* 1: on p->at. 0: here. */
static int decide(place *p) {
    uk_remote *r = p->remote;
    uk_deploy_of_props(p->d->props, &p->code);
    p->all = p->code;
    uk_deploy_over(&p->all, p->d->found);
    p->address = p->all.remote;
    if (!p->address || uk_address_parse(ukko_str(p->address), &p->at)) return 0;
    if (uk_remote_is_own(r, &p->at)) return 0;
    if (!p->at.host.len && uk_slice_is(p->at.system, ukko_system_name(r->sys))) return 0;
    logical_path(p);
    if (p->code.local_scope)
        return refused(p, UKKO_ECONFIG,
                       "configuration requested remote deployment for local-only Props at", "");
    if (!r->set.unsafe) return stays_here(p);
    if (!uk_transport_for(r, p->at.protocol))
        return refused(p, UKKO_ECONFIG, "remote deployment failed for",
                       ": no transport for the protocol of the address");
    int rc = check_setting(p, "Dispatcher", p->code.dispatcher);
    if (!rc) rc = check_setting(p, "Mailbox Type", p->code.mailbox);
    return rc ? rc : 1;
}

/* ---- the order ---- */

/* Our address as an element of a path, where the brackets of an IPv6 literal may not stand; Pekko
   leaves them there, and cannot read its own path then. */
static void put_own(uk_buf *out, const char *address) {
    for (const char *c = strstr(address, "://") + 3; *c; c++) {
        if (*c == '[') uk_buf_str(out, "%5B");
        else if (*c == ']') uk_buf_str(out, "%5D");
        else uk_buf_byte(out, (uint8_t)*c);
    }
}

static void put_path(const place *p, uk_buf *out) {
    const uk_transport *t = uk_transport_for(p->remote, p->at.protocol);
    uk_buf_printf(out, "%s/remote/%s/", p->address, t->protocol);
    put_own(out, t->address);
    uk_buf_printf(out, "%s#%d", (const char *)p->logical.ptr, p->d->uid);
}

static ukko_msg *scope_of(const char *address) {
    char *parts[3];
    uk_path at;
    if (!address || uk_address_parse(ukko_str(address), &at)) return NULL;
    const ukko_slice from[3] = {at.protocol, at.system, at.host};
    for (int i = 0; i < 3; i++) parts[i] = uk_strndup(from[i].ptr, from[i].len);
    ukko_address a = {parts[0], parts[1], parts[2], at.port, 0};
    ukko_msg *m = ukko_msg_copy(&ukko_remote_scope_type, &a);
    for (int i = 0; i < 3; i++) uk_free(parts[i]);
    return m;
}

/* Which of the arguments was it? */
static int bad_argument(const place *p, int code) {
    ukko_error why = {0};
    for (size_t i = 0; i < p->props.n_args; i++) {
        uk_buf b = {0};
        int32_t id;
        ukko_slice manifest;
        int rc = uk_serial_encode(p->remote->serial, p->props.args[i], &b, &id, &manifest, &why);
        uk_buf_fini(&b);
        if (rc)
            return uk_error(p->err, rc, "argument %zu of [%.120s] cannot travel to %.120s: %.200s",
                            i + 1, p->props.actor->name, p->address, why.message);
    }
    return code;
}

/* What is said of the child, as it travels; ended by drop_said(). */
static int say(const place *p, const uk_deploy *d, const uk_router_conf *router,
               uk_daemon_deploy *out) {
    *out = (uk_daemon_deploy){.path = d->key,
                              .config = d->config ? ukko_config_render(d->config, 0) : NULL,
                              .scope = scope_of(d->remote),
                              .dispatcher = d->dispatcher};
    return router ? uk_router_conf_to_msg(router, &out->router, p->err) : UKKO_OK;
}

static void drop_said(uk_daemon_deploy *d) {
    ukko_free((char *)(uintptr_t)d->config);
    ukko_msg_release(d->scope);
    ukko_msg_release(d->router);
}

static int say_both(const place *p, uk_daemon_create *c) {
    uk_router_conf *router = NULL;
    int rc = say(p, &p->code, p->code.router, &c->props);
    if (!rc && p->code.router) /* a plain actor stays one, whatever its section says */
        rc = uk_router_conf_merge(&router, p->d->found ? p->d->found->router : NULL,
                                  p->code.router, p->err);
    if (!rc) rc = say(p, &p->all, router, &c->deploy);
    uk_router_conf_release(router);
    return rc;
}

static int encode(const place *p, uk_daemon_create *c, uk_buf *out) {
    ukko_msg **args = uk_alloc((c->n_args + 1) * sizeof *args);
    for (size_t i = 0; i < c->n_args; i++) {
        ukko_msg *a = p->props.args[i];
        args[i] = a->type == &ukko_null_type ? NULL : a;
    }
    c->args = args;
    int rc = uk_daemon_encode(p->remote->serial, c, out, p->err);
    uk_free(args);
    return rc ? bad_argument(p, rc) : UKKO_OK;
}

static int make_order(const place *p, const char *path, uk_buf *out) {
    const uk_transport *t = uk_transport_for(p->remote, p->at.protocol);
    uk_buf supervisor = {0};
    uk_transport_speak(t);
    ukko_slice parent = uk_ref_wire_text(p->d->parent, &supervisor);
    if (!supervisor.len) uk_buf_put(&supervisor, parent.ptr, parent.len);
    uk_daemon_create c = {.class_name = p->props.actor->name,
                          .path = path,
                          .supervisor = uk_buf_text(&supervisor),
                          .n_args = p->props.n_args};
    int rc = say_both(p, &c);
    if (!rc) rc = encode(p, &c, out);
    uk_transport_hush(t);
    uk_buf_fini(&supervisor);
    drop_said(&c.props);
    drop_said(&c.deploy);
    return rc;
}

static int make(const place *p, ukko_ref **out, ukko_msg **order) {
    uk_buf path = {0}, bytes = {0};
    uk_path parsed;
    put_path(p, &path);
    int rc = uk_path_parse(uk_buf_slice(&path), &parsed);
    if (rc) refused(p, rc, "remote deployment failed for", ": its path there is malformed");
    if (!rc) rc = make_order(p, uk_buf_text(&path), &bytes);
    if (!rc) {
        ukko_slice body = uk_buf_slice(&bytes);
        *order = ukko_msg_copy(&order_type, &body);
        *out = uk_remote_ref_new(uk_peer_get(p->remote, p->at.address), uk_buf_slice(&path),
                                 &parsed);
    }
    uk_buf_fini(&path);
    uk_buf_fini(&bytes);
    return rc ? rc : 1;
}

int uk_deploy_child(void *self, const uk_deployment *d, ukko_ref **out, ukko_msg **order,
                    ukko_error *err) {
    place p = {.remote = self, .d = d, .props = uk_props_look(d->props), .err = err};
    int rc = decide(&p);
    if (rc > 0) rc = make(&p, out, order);
    uk_buf_fini(&p.logical);
    return rc;
}

/* ---- having it made ---- */

void uk_deploy_ordered(void *self, ukko_ref *parent, ukko_ref *child, ukko_msg *order) {
    uk_remote *r = self;
    uk_peer *p = uk_remote_ref_peer(child);
    uk_path path;
    char *text = uk_format("%s/remote", p->address);
    uk_path_parse(ukko_str(text), &path);
    ukko_ref *daemon = uk_remote_ref_new(uk_peer_retain(p), ukko_str(text), &path);
    uk_log(r->sys, UKKO_LOG_DEBUG, "remoting", LOG_PROVIDER, NULL, NULL,
           "[%s] Instantiating Remote Actor [%s]", p->transport->address, uk_ref_text(child));
    uk_charge_add(r, child, parent); /* before a refusal can come */
    uk_ref_tell(daemon, order, NULL);
    uk_send_flush(); /* before any message of another thread to the child */
    uk_charge_watch(r, child);
    uk_ref_release(daemon);
    uk_free(text);
}
