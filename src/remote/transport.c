/* SPDX-License-Identifier: Apache-2.0 */
/* Transports: what each publishes and where it listens, its keys, and which of them an address is
   for. Opened on the thread that starts the system; constant afterwards, for any thread. */
#include "remote/internal.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void uk_transport_init(uk_transport *t, uk_remote *r, const uk_transport_settings *set) {
    *t = (uk_transport){.remote = r, .set = set};
    t->protocol = uk_format("%s.%s", r->set.protocol_name, set->scheme);
}

void uk_transport_fini(uk_transport *t) {
    if (t->listener) uk_listener_close(t->listener);
    uk_free(t->protocol);
    uk_free(t->host);
    uk_free(t->address);
    uk_free(t->bound_address);
    uk_tls_free(t->tls);
}

/* ---- which one ---- */

/* "pekko" of "pekko.ssl.tcp" is a name that is accepted, and the rest the scheme. */
static bool serves(const uk_transport *t, ukko_slice protocol) {
    const uk_remote_settings *s = &t->remote->set;
    size_t n = strlen(t->set->scheme);
    if (uk_slice_is(protocol, t->protocol)) return true;
    if (s->n_accept < 2 || protocol.len <= n + 1) return false;
    ukko_slice name = {protocol.ptr, protocol.len - n - 1};
    if (name.ptr[name.len] != '.' || memcmp(name.ptr + name.len + 1, t->set->scheme, n))
        return false;
    for (size_t i = 0; i < s->n_accept; i++)
        if (uk_slice_is(name, s->accept_names[i])) return true;
    return false;
}

uk_transport *uk_transport_for(uk_remote *r, ukko_slice protocol) {
    for (size_t i = 0; i < r->n_transports; i++)
        if (serves(&r->transports[i], protocol)) return &r->transports[i];
    return NULL;
}

/* A "host" of accepted-addresses goes with the published port; either with the own system's name. */
static bool is_alias(uk_remote *r, const char *alias, const uk_path *path) {
    if (strstr(alias, "://")) return uk_slice_is(path->address, alias);
    const uk_transport *t = uk_transport_for(r, path->protocol);
    const char *colon = *alias == '[' ? strstr(alias, "]:") : strrchr(alias, ':');
    if (colon) colon += *colon == ']';
    size_t n = colon ? (size_t)(colon - alias) : strlen(alias);
    return t && path->host.len == n && !memcmp(path->host.ptr, alias, n) &&
           path->port == (colon ? atoi(colon + 1) : t->port) &&
           uk_slice_is(path->system, ukko_system_name(r->sys));
}

bool uk_remote_is_published(uk_remote *r, const uk_path *path) {
    for (size_t i = 0; i < r->n_transports; i++)
        if (r->transports[i].address && uk_slice_is(path->address, r->transports[i].address))
            return true;
    return false;
}

bool uk_remote_is_own(uk_remote *r, const uk_path *path) {
    if (uk_remote_is_published(r, path)) return true;
    for (size_t i = 0; i < r->set.n_aliases; i++)
        if (is_alias(r, r->set.aliases[i], path)) return true;
    return false;
}

char *uk_remote_origin_address(uk_remote *r, const uk_origin *o) {
    bool bare6 = memchr(o->host.ptr, ':', o->host.len) && o->host.len && o->host.ptr[0] != '[';
    if (o->host.len > 255 || o->system.len > 255 || o->protocol.len > 40) return NULL;
    return uk_format("%s.%.*s://%.*s@%s%.*s%s:%d", r->set.protocol_name,
                     (int)o->protocol.len, (const char *)o->protocol.ptr, (int)o->system.len,
                     (const char *)o->system.ptr, bare6 ? "[" : "", (int)o->host.len,
                     (const char *)o->host.ptr, bare6 ? "]" : "", (int)(int32_t)o->port);
}

/* ---- opening ---- */

static int host_error(uk_transport *t, const char *key, const char *host, const char *why,
                      ukko_error *err) {
    return uk_error(err, UKKO_EIO, "%s.%s = \"%s\": %s", t->set->path, key, host, why);
}

static bool is_wildcard(const char *host) {
    return !strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !strcmp(host, "[::]");
}

/* Peers need a name; a wildcard is none, and which of the addresses they see cannot be known here. */
static int no_name(uk_transport *t, const char *key, const char *host, ukko_error *err) {
    char candidates[256], why[400];
    uk_own_addresses(candidates, sizeof candidates);
    snprintf(why, sizeof why,
             "peers cannot connect to a wildcard: set the name that they use in %s.hostname (this "
             "machine has %s), and the wildcard in bind-hostname",
             t->set->path, candidates);
    return host_error(t, key, host, why, err);
}

/* Nobody can connect to it, so the name is only a name: one that no resolver will ever know. */
static int name_client(uk_transport *t) {
    const char *host = t->set->hostname;
    t->host = *host ? uk_strdup(host)
                    : uk_format("ukko-%016llx.invalid", (unsigned long long)uk_random64());
    t->port = t->set->port ? t->set->port : 1;
    t->address = uk_format("%s://%s@%s:%d", t->protocol, ukko_system_name(t->remote->sys), t->host,
                           t->port);
    return 0;
}

static int choose_host(uk_transport *t, ukko_error *err) {
    char own[64];
    const char *host = t->set->hostname, *bind = t->set->bind_hostname;
    ukko_error why;
    if (is_wildcard(host)) return no_name(t, "hostname", host, err);
    if (!*host && is_wildcard(bind)) return no_name(t, "bind-hostname", bind, err);
    if (!*host && !uk_own_address(own, sizeof own))
        return host_error(t, "hostname", "", "this host's own address is not known, set one", err);
    if (!*host) host = own;
    bool bare6 = strchr(host, ':') && host[0] != '[';
    t->host = bare6 ? uk_format("[%s]", host) : uk_strdup(host);
    if (!uk_host_valid(ukko_str(t->host)))
        return host_error(t, "hostname", host, "is no host name", err);
    if (!*bind && uk_host_check(t->host, &why)) {
        char text[800];
        snprintf(text, sizeof text, "%s: if only peers know this name, say in %s.bind-hostname "
                 "where to listen", why.message, t->set->path);
        return host_error(t, "hostname", host, text, err);
    }
    return 0;
}

static int cannot_listen(uk_transport *t, const ukko_error *why, ukko_error *err) {
    const uk_transport_settings *s = t->set;
    bool own_bind = *s->bind_hostname != 0;
    char hint[400] = "", own[256];
    if (strstr(why->message, strerror(EADDRNOTAVAIL))) {
        uk_own_addresses(own, sizeof own);
        snprintf(hint, sizeof hint, "; this machine has %s%s", own,
                 own_bind ? "" : ": if peers reach it by the other name, say in bind-hostname where "
                                 "to listen");
    }
    return uk_error(err, UKKO_EIO, "%s (%s.%s, .%s)%s", why->message, s->path,
                    own_bind ? "bind-hostname" : "hostname",
                    s->bind_port >= 0 ? "bind-port" : "port", hint);
}

static int listen_here(uk_transport *t, ukko_error *err) {
    const uk_transport_settings *s = t->set;
    uk_remote *r = t->remote;
    bool own_bind = *s->bind_hostname != 0;
    const char *host = own_bind ? s->bind_hostname : t->host;
    int port = s->bind_port >= 0 ? s->bind_port : s->port, bound;
    ukko_error why;
    if (uk_listener_new(&t->listener, r->loop, host, port, s->backlog, s->reuse_addr, &bound, &why))
        return cannot_listen(t, &why, err);
    bool bare6 = strchr(host, ':') && host[0] != '[';
    t->port = s->port ? s->port : bound;
    t->address = uk_format("%s://%s@%s:%d", t->protocol, ukko_system_name(r->sys), t->host, t->port);
    t->bound_address = uk_format("%s://%s@%s%s%s:%d", t->protocol, ukko_system_name(r->sys),
                                 bare6 ? "[" : "", host, bare6 ? "]" : "", bound);
    return 0;
}

static void fill_settings(uk_transport *t) {
    const uk_transport_settings *s = t->set;
    const uk_remote *r = t->remote;
    t->proto = (uk_proto_settings){.self = {.system = ukko_str(ukko_system_name(r->sys)),
                                            .host = ukko_str(t->host),
                                            .protocol = ukko_str(s->scheme),
                                            .port = (uint32_t)t->port},
                                   .uid = ukko_system_uid(r->sys),
                                   .handshake_ms = s->connect_ms,
                                   .heartbeat_ms = r->set.heartbeat_ms,
                                   .pause_ms = r->set.heartbeat_pause_ms,
                                   .detector = r->transport_kind.deadline ? NULL
                                                                          : &r->transport_kind};
    t->stream_opts = (uk_stream_opts){.send_buffer = s->send_buffer,
                                      .receive_buffer = s->receive_buffer,
                                      .nodelay = s->nodelay,
                                      .keepalive = s->keepalive,
                                      .max_unread = s->max_frame + 64,
                                      .low_mark = s->low_mark,
                                      .high_mark = s->high_mark};
}

int uk_transport_open(uk_transport *t, ukko_error *err) {
    int rc = uk_keys_load(t, err); /* a wrong store stops the start, not a connection */
    bool client = t->remote->set.client && !is_wildcard(t->set->hostname);
    if (!rc) rc = client ? name_client(t) : choose_host(t, err);
    if (!rc && !client) rc = listen_here(t, err);
    if (!rc) fill_settings(t);
    return rc;
}
