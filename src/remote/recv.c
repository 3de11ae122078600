/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving: a payload becomes a message in the mailbox of its actor, or an acknowledgement. Paths
   are looked up in caches by their bytes. What cannot be read is reported and dropped; only an
   envelope or a path that is malformed ends the association. I/O thread only. */
#include "remote/deploy.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdio.h>

enum { CACHE_KEY_MAX = 512 };

typedef struct cached {
    ukko_ref *ref; /* retained */
    size_t len;
    uint8_t key[];
} cached;

/* ---- caches ---- */

static void empty(uk_remote *r, uk_map *m, size_t *n) {
    size_t pos = 0;
    void *v;
    while (uk_map_next(m, &pos, &v)) {
        cached *c = v;
        uk_map_remove(m, c->key, c->len);
        uk_ref_release(c->ref);
        uk_free(c);
    }
    r->n_cached -= *n;
    *n = 0;
}

void uk_recv_forget(uk_conn *c) {
    empty(c->remote, &c->recipients, &c->n_recipients);
    empty(c->remote, &c->senders, &c->n_senders);
}

static ukko_ref *look(const uk_map *m, ukko_slice key) {
    cached *c = uk_map_get(m, key.ptr, key.len);
    return c ? c->ref : NULL;
}

static void forget(uk_remote *r, uk_map *m, size_t *n, ukko_slice key) {
    cached *c = uk_map_remove(m, key.ptr, key.len);
    if (!c) return;
    uk_ref_release(c->ref);
    uk_free(c);
    (*n)--;
    r->n_cached--;
}

/* What all connections remember is bounded, too: many of them shall not fill the memory. */
static void remember(uk_remote *r, uk_map *m, size_t *n, ukko_slice key, ukko_ref *ref) {
    if (key.len > CACHE_KEY_MAX) return;
    if (*n >= UK_CACHE_MAX || r->n_cached >= UK_CACHE_ALL) empty(r, m, n);
    if (r->n_cached >= UK_CACHE_ALL) return;
    r->n_cached++;
    cached *c = uk_alloc(sizeof *c + key.len);
    c->ref = uk_ref_retain(ref);
    c->len = key.len;
    memcpy(c->key, key.ptr, key.len);
    uk_map_put(m, c->key, c->len, c);
    (*n)++;
}

/* ---- paths ---- */

static bool is_ours(uk_remote *r, const uk_path *p) {
    if (p->host.len) return uk_remote_is_own(r, p);
    return uk_slice_is(p->protocol, "pekko") && uk_slice_is(p->system, ukko_system_name(r->sys));
}

static int resolve(uk_conn *c, ukko_slice text, ukko_ref **ref) {
    uk_path path;
    int rc = uk_path_parse(text, &path);
    if (rc) return rc;
    if (!path.address.len) return UKKO_EPARSE;
    if (!is_ours(c->remote, &path)) {
        if (!path.host.len) *ref = uk_system_nobody(c->remote->sys, path.elements);
        return 0;
    }
    if (!path.elements.len) {
        *ref = uk_ref_retain(ukko_dead_letters(c->remote->sys));
        return 0;
    }
    *ref = uk_system_resolve_local(c->remote->sys, path.elements, path.uid);
    return 0;
}
/* *ref is retained, NULL when the recipient is not local. Negative: no path at all. */
static int recipient(uk_conn *c, ukko_slice text, ukko_ref **ref) {
    ukko_ref *known = look(&c->recipients, text);
    if (known && !uk_ref_stopped(known)) {
        *ref = uk_ref_retain(known);
        return 0;
    }
    if (known) forget(c->remote, &c->recipients, &c->n_recipients, text);
    *ref = NULL;
    uk_buf fit = {0};
    if (!uk_utf8_valid(text)) uk_utf8_repair(text, &fit);
    int rc = resolve(c, fit.len ? uk_buf_slice(&fit) : text, ref);
    uk_buf_fini(&fit);
    if (!rc && *ref && (*ref)->vt->kind == UK_REF_CELL)
        remember(c->remote, &c->recipients, &c->n_recipients, text, *ref);
    return rc;
}

/* *ref is retained, or NULL: none. Only a uid that is no number is an error. */
static int sender(uk_conn *c, const uk_wire *e, ukko_ref **ref) {
    uk_path path;
    *ref = NULL;
    if (!e->has_sender) return 0;
    ukko_ref *known = look(&c->senders, e->sender);
    if (known && (known->vt->kind == UK_REF_REMOTE || !uk_ref_stopped(known))) {
        *ref = uk_ref_retain(known);
        return 0;
    }
    if (known) forget(c->remote, &c->senders, &c->n_senders, e->sender);
    int rc = uk_path_parse(e->sender, &path);
    if (rc) return rc == UKKO_EINVAL ? rc : 0;
    if (!path.address.len) return 0;
    *ref = uk_system_resolve(c->remote->sys, e->sender);
    uk_ref_kind kind = (*ref)->vt->kind;
    if (kind == UK_REF_REMOTE || kind == UK_REF_CELL)
        remember(c->remote, &c->senders, &c->n_senders, e->sender, *ref);
    return 0;
}

bool uk_recv_check_paths(uk_conn *c, const uk_wire *e) {
    ukko_ref *to, *from = NULL;
    int rc = recipient(c, e->recipient, &to);
    if (!rc) rc = sender(c, e, &from);
    uk_ref_release(to);
    uk_ref_release(from);
    if (rc) uk_conn_broken(c, "Error while decoding incoming Pekko PDU: a path cannot be parsed");
    return !rc;
}

/* ---- what is dropped ---- */

static void not_local(uk_conn *c, const uk_wire *e) {
    uk_remote *r = c->remote;
    ukko_msg *msg = NULL;
    uk_path path;
    char class_name[200];
    if (uk_path_parse(e->recipient, &path) || !uk_guard_may_complain(c)) return;
    if (uk_serial_decode(r->serial, e->serializer, e->manifest, e->message, &msg, NULL) || !msg)
        snprintf(class_name, sizeof class_name, "serializer %d, manifest %.*s", e->serializer,
                 (int)(e->manifest.len < 100 ? e->manifest.len : 100),
                 (const char *)e->manifest.ptr);
    else snprintf(class_name, sizeof class_name, "%s", ukko_msg_class(msg));
    int n = e->recipient.len < 400 ? (int)e->recipient.len : 400;
    int a = path.address.len < 300 ? (int)path.address.len : 300;
    uk_log(r->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_WRITER, NULL, NULL,
           "dropping message [class %s] for non-local recipient [Actor[%.*s]] arriving at [%.*s] "
           "inbound addresses are [%s]: the peer must spell this node as %s.hostname and .port do, or "
           "as ukko.remote.accepted-addresses lists it",
           class_name, n, (const char *)e->recipient.ptr, a, (const char *)path.address.ptr,
           c->transport->address, c->transport->set->path);
    ukko_msg_release(msg);
}

static void untrusted(uk_conn *c, const char *what, const char *name, const char *more) {
    uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_READER, "SECURITY", NULL,
           "operating in UntrustedMode, dropping inbound %s %s%s", what, name, more);
}

/* ---- untrusted mode ---- */

static bool is_root(const ukko_ref *ref) {
    return ref->vt->kind == UK_REF_CONTAINER && !strcmp(ukko_ref_name(ref), "");
}

static bool trusted_selection(uk_conn *c, ukko_ref *anchor, const uk_selection_body *s) {
    uk_buf b = {0};
    bool found = false;
    for (size_t i = 0; i < s->n_steps && b.len < 4096; i++) {
        uk_buf_byte(&b, '/');
        if (s->steps[i].kind == UK_STEP_PARENT) uk_buf_str(&b, "..");
        else uk_buf_put(&b, s->steps[i].text.ptr, s->steps[i].text.len);
    }
    for (size_t i = 0; i < c->remote->set.n_trusted && is_root(anchor); i++)
        found |= uk_slice_is(uk_buf_slice(&b), c->remote->set.trusted[i]);
    if (!found) {
        char path[200];
        snprintf(path, sizeof path, "[%.*s]", (int)(b.len < 190 ? b.len : 190), (char *)b.ptr);
        untrusted(c, "actor selection to", path,
                  ", allow it by adding the path to "
                  "'pekko.remote.trusted-selection-paths' configuration");
    }
    uk_buf_fini(&b);
    return found;
}

/* As a trait is, it is inherited. */
static bool is_harmful(const ukko_type *t) {
    if (!t) return false;
    if (t->flags & UKKO_TYPE_HARMFUL || is_harmful(t->super)) return true;
    for (const ukko_type *const *a = t->also; a && *a; a++)
        if (is_harmful(*a)) return true;
    return false;
}

static bool harmless(uk_conn *c, const ukko_msg *m) {
    if (!m || !is_harmful(m->type)) return true;
    char name[200];
    snprintf(name, sizeof name, "[%s]", ukko_msg_class(m));
    untrusted(c, "PossiblyHarmful message of type", name, "");
    return false;
}

bool uk_recv_allowed(uk_conn *c, ukko_ref *to, const ukko_msg *m) {
    if (!c->untrusted) return true;
    if (to->vt->kind == UK_REF_REMOTE) {
        if (!uk_guard_may_complain(c)) return false;
        uk_log(c->remote->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_READER, NULL, NULL,
               "dropping message [class %s] for unknown recipient [Actor[%s]]", ukko_msg_class(m),
               ukko_ref_path(to));
        return false;
    }
    if (m->type != &uk_selection_type) return harmless(c, m);
    const uk_selection_body *s = UK_BODY(uk_selection_body, m);
    return trusted_selection(c, to, s) && harmless(c, s->message);
}

/* ---- delivery ---- */

static void log_received(uk_conn *c, ukko_ref *to, const ukko_msg *m, ukko_ref *from) {
    uk_buf text = {0};
    if (!uk_log_enabled(c->remote->sys, UKKO_LOG_DEBUG)) return;
    uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_WRITER, NULL, NULL,
           "received %s message %s",
           to->vt->kind == UK_REF_DAEMON   ? "daemon"
           : to->vt->kind == UK_REF_REMOTE ? "remote-destined"
                                           : "local",
           uk_news_message(c->remote, &text, m, to, from));
    uk_buf_fini(&text);
}

/* Who watches by an alias of this node is to hear by that alias. Gives ref, or another for it; owned. */
static ukko_ref *knowing(uk_conn *c, const uk_wire *e, ukko_ref *ref) {
    uk_path path;
    if (!ref || !c->remote->set.n_aliases || !uk_remote_ref_peer(ref) ||
        uk_path_parse(e->recipient, &path) || !path.host.len ||
        uk_remote_is_published(c->remote, &path))
        return uk_ref_retain(ref);
    return uk_remote_ref_knowing(ref, path.address);
}

static void deliver_system(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from) {
    uk_sysmsg *m;
    ukko_error err = {0};
    int rc = uk_sysmsg_decode(c->remote->serial, e->message, &m, &err);
    if (rc) {
        uk_unread_report(c, e, to, from, rc, &err);
    } else if (c->untrusted) {
        untrusted(c, "PossiblyHarmful message of type", "[system message]", "");
        uk_sysmsg_free(m);
    } else {
        if (m->kind == UK_SYS_WATCH) {
            ukko_ref *watcher = m->b;
            m->b = knowing(c, e, watcher);
            uk_ref_release(watcher);
        }
        uk_ref_system(to, m);
    }
}

static bool selection_sound(const ukko_msg *m, ukko_error *err) {
    ukko_slice fault;
    if (uk_selection_sound(UK_BODY(uk_selection_body, m), &fault)) return true;
    uk_error(err, UKKO_EPARSE, "the selection names [%.*s], and no actor is called so",
             (int)(fault.len < 100 ? fault.len : 100), (const char *)fault.ptr);
    return false;
}

static void deliver_message(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from) {
    ukko_msg *m;
    ukko_error err;
    int rc = uk_serial_decode(c->remote->serial, e->serializer, e->manifest, e->message, &m, &err);
    if (!rc && !m) rc = uk_error(&err, UKKO_EPARSE, "the message is null"); /* no actor takes one */
    if (rc) {
        uk_unread(c, e, to, from, rc, &err);
        return;
    }
    if (m->type == &uk_selection_type && !selection_sound(m, &err)) {
        ukko_msg_release(m);
        uk_unread_report(c, e, to, from, UKKO_EPARSE, &err);
        return;
    }
    if (c->remote->set.log_received) log_received(c, to, m, from);
    bool mute = uk_daemon_is(to) && m->type == &ukko_identify_type; /* /remote answers a selection only */
    if (mute || !uk_recv_allowed(c, to, m)) {
        ukko_msg_release(m);
        return;
    }
    uk_guard_arrives(c, m, e->payload.len);
    /* nobody is dead letters here, also where it is passed on; an actor knows that by itself */
    bool selected = m->type == &uk_selection_type;
    if (!from && (selected || to->vt->kind != UK_REF_CELL)) from = uk_system_dead(c->remote->sys);
    if (selected) {
        const ukko_msg *inner = UK_BODY(uk_selection_body, m)->message;
        from = inner->type == &uk_heartbeat_type ? knowing(c, e, from) : uk_ref_retain(from);
        uk_selection_deliver(to, m, from);
        uk_ref_release(from);
        return;
    }
    uk_ref_tell(to, m, from);
    uk_again_learn(c, e, to, from);
}

void uk_recv_deliver(uk_conn *c, const uk_wire *e) {
    ukko_ref *to, *from = NULL;
    int rc = recipient(c, e->recipient, &to);
    if (!rc) rc = sender(c, e, &from);
    if (rc) {
        uk_conn_broken(c, "Error while decoding incoming Pekko PDU: a path cannot be parsed");
    } else if (!to) {
        not_local(c, e);
    } else if (uk_daemon_is(to) && c->untrusted) {
        uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_READER, "SECURITY", NULL,
               "dropping daemon message in untrusted mode");
    } else if (!uk_access_takes(c, e)) {
        /* said there */
    } else if (e->serializer == UKKO_SER_SYSTEM) {
        deliver_system(c, e, to, from);
    } else if (uk_daemon_is(to) && e->serializer == UKKO_SER_DAEMON_CREATE) {
        uk_daemon_ordered(c->remote, e->message, c->peer->address, c->uid);
    } else {
        deliver_message(c, e, to, uk_daemon_is(to) ? NULL : from); /* it answers nobody directly */
    }
    uk_ref_release(to);
    uk_ref_release(from);
}

void uk_recv_payload(uk_conn *c, ukko_slice payload) {
    uk_wire e;
    if (uk_envelope_decode(payload, &e)) {
        uk_conn_broken(c, "Error while decoding incoming Pekko PDU of length: %zu", payload.len);
        return;
    }
    if (e.has_message && !e.has_seq) uk_recv_deliver(c, &e);
    else if (e.has_message && uk_recv_check_paths(c, &e)) uk_sys_arrived(c, &e);
    /* last: an acknowledgement that ends the link does not take back the message it came with */
    if (e.has_ack && !c->ended) uk_sys_ack_in(c, &e);
}
