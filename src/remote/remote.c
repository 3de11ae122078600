/* SPDX-License-Identifier: Apache-2.0 */
/* Remoting as the system sees it: enabling, starting (address, listener, I/O thread), references,
   watch requests. Start and free run on the threads of the system, the rest on any. */
#include "remote/deploy.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdio.h>

/* ---- addresses ---- */

bool uk_remote_serves(uk_remote *r, ukko_slice protocol) {
    char name[64];
    if (uk_slice_is(protocol, r->protocol)) return true;
    for (size_t i = 0; r->set.n_accept > 1 && i < r->set.n_accept; i++) {
        for (int tls = 0; tls < 2; tls++) {
            snprintf(name, sizeof name, "%s.%s", r->set.accept_names[i], tls ? "ssl.tcp" : "tcp");
            if (uk_slice_is(protocol, name)) return true;
        }
    }
    return false;
}

char *uk_remote_origin_address(uk_remote *r, const uk_origin *o) {
    uk_path path;
    bool bare6 = memchr(o->host.ptr, ':', o->host.len) && o->host.len && o->host.ptr[0] != '[';
    if (o->host.len > 255 || o->system.len > 255 || o->protocol.len > 40 || o->port > 65535)
        return NULL;
    char *text = uk_format("%s.%.*s://%.*s@%s%.*s%s:%u", r->set.protocol_name,
                           (int)o->protocol.len, (const char *)o->protocol.ptr, (int)o->system.len,
                           (const char *)o->system.ptr, bare6 ? "[" : "", (int)o->host.len,
                           (const char *)o->host.ptr, bare6 ? "]" : "", o->port);
    if (!uk_address_parse(ukko_str(text), &path) && path.host.len) return text;
    uk_free(text);
    return NULL;
}

static int host_error(uk_remote *r, const char *key, const char *host, const char *why,
                      ukko_error *err) {
    return uk_error(err, UKKO_EIO, "%s.%s = \"%s\": %s", r->set.transport_path, key, host, why);
}

static int choose_host(uk_remote *r, ukko_error *err) {
    char own[64];
    const char *host = r->set.hostname;
    ukko_error why;
    if (!*host && !uk_own_address(own, sizeof own))
        return host_error(r, "hostname", "", "this host's own address is not known, set one", err);
    if (!*host) host = own;
    if (!strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !strcmp(host, "[::]"))
        return host_error(r, "hostname", host,
                          "peers cannot connect to a wildcard: set the name they use here, and "
                          "the wildcard in bind-hostname", err);
    bool bare6 = strchr(host, ':') && host[0] != '[';
    r->host = bare6 ? uk_format("[%s]", host) : uk_strdup(host);
    if (!uk_host_valid(ukko_str(r->host)))
        return host_error(r, "hostname", host, "is no host name", err);
    if (!*r->set.bind_hostname && uk_host_check(r->host, &why))
        return host_error(r, "hostname", host, why.message, err);
    return 0;
}

static int listen_here(uk_remote *r, ukko_error *err) {
    bool own_bind = *r->set.bind_hostname != 0;
    const char *host = own_bind ? r->set.bind_hostname : r->host;
    int port = r->set.bind_port >= 0 ? r->set.bind_port : r->set.port, bound;
    ukko_error why;
    if (uk_listener_new(&r->listener, r->loop, host, port, r->set.backlog, r->set.reuse_addr,
                        &bound, &why))
        return uk_error(err, UKKO_EIO, "%s (%s.%s, .%s)", why.message, r->set.transport_path,
                        own_bind ? "bind-hostname" : "hostname",
                        r->set.bind_port >= 0 ? "bind-port" : "port");
    r->port = r->set.port ? r->set.port : bound;
    r->address =
        uk_format("%s://%s@%s:%d", r->protocol, ukko_system_name(r->sys), r->host, r->port);
    r->bound_address =
        uk_format("%s://%s@%s:%d", r->protocol, ukko_system_name(r->sys), host, bound);
    return 0;
}

static void fill_settings(uk_remote *r) {
    r->proto = (uk_proto_settings){.self = {.system = ukko_str(ukko_system_name(r->sys)),
                                            .host = ukko_str(r->host),
                                            .protocol = ukko_str(r->set.scheme),
                                            .port = (uint32_t)r->port},
                                   .uid = ukko_system_uid(r->sys),
                                   .handshake_ms = r->set.connect_ms,
                                   .heartbeat_ms = r->set.heartbeat_ms,
                                   .pause_ms = r->set.heartbeat_pause_ms};
    r->stream_opts = (uk_stream_opts){.send_buffer = r->set.send_buffer,
                                      .receive_buffer = r->set.receive_buffer,
                                      .nodelay = r->set.nodelay,
                                      .keepalive = r->set.keepalive,
                                      .max_unread = r->set.max_frame + 64};
}

/* ---- start ---- */

enum { PRUNE_MIN_MS = 1000, PRUNE_MAX_MS = 10000 };

static void on_prune(uk_alarm *a) {
    uk_remote *r = UK_OWNER(uk_remote, a, prune);
    int64_t every = r->set.link.gate_ms * 2;
    uk_peers_prune(r);
    if (every < PRUNE_MIN_MS) every = PRUNE_MIN_MS;
    uk_alarm_start(r->loop, a, every > PRUNE_MAX_MS ? PRUNE_MAX_MS : every);
}

static void begin(uk_task *t) {
    uk_remote *r = UK_OWNER(uk_remote, t, start_task);
    if (r->stopping) return;
    uk_listener_start(r->listener, uk_conn_accept, r);
    r->prune.fire = on_prune;
    on_prune(&r->prune);
}

static void announce(uk_remote *r) {
    if (r->set.warn_direct)
        uk_log(r->sys, UKKO_LOG_WARN, "remoting", "org.apache.pekko.remote.RemoteActorRefProvider",
               NULL, NULL, "Using the 'remote' ActorRefProvider directly, which is a low-level "
               "layer. For most use cases, the 'cluster' abstraction on top of remoting is more "
               "suitable instead.");
    uk_log(r->sys, r->set.unsafe ? UKKO_LOG_INFO : UKKO_LOG_WARN, "remoting",
           "org.apache.pekko.remote.RemoteActorRefProvider", NULL, NULL,
           r->set.unsafe ? "Pekko Cluster not in use - enabling unsafe features anyway because "
                           "`pekko.remote.use-unsafe-remote-features-outside-cluster` has been "
                           "enabled."
                         : "Pekko Cluster not in use - Using Pekko Cluster is recommended if you "
                           "need remote watch and deploy.");
}

static void add_refs(uk_remote *r) {
    r->daemon = uk_daemon_new(r);
    uk_system_add_top(r->sys, "remote", r->daemon);
    if (!r->set.unsafe) return;
    r->watcher = uk_watcher_new(r);
    uk_ref_release(uk_system_add_system_ref(r->sys, "remote-watcher", uk_watcher_ref(r->watcher)));
    uk_deploy_start(r);
}

/* Everything is loaded and checked here, so that a wrong store stops the start, not a connection. */
static int load_tls(uk_remote *r, ukko_error *err) {
    const uk_remote_settings *s = &r->set;
    uk_tls_opts o = {.section = s->tls_section, .key_store = s->key_store,
                     .key_store_password = s->key_store_password, .key_password = s->key_password,
                     .trust_store = s->trust_store, .trust_store_password = s->trust_store_password,
                     .protocol = s->tls_protocol, .suites = s->suites, .n_suites = s->n_suites,
                     .mutual = s->mutual};
    return uk_tls_new(&r->tls, &o, err);
}

static void after_round(void *sys) { uk_batch_run(sys); }
static void assist(void *self) { uk_loop_assist(((uk_remote *)self)->loop); }

static int start(void *self, ukko_error *err) {
    uk_remote *r = self;
    int rc = uk_serial_open(r->sys, &r->serial, err);
    uk_log(r->sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL, "Starting remoting");
    if (!rc && r->set.tls) rc = load_tls(r, err);
    if (!rc) rc = choose_host(r, err);
    if (!rc) rc = uk_loop_new(&r->loop, "ukko-io", err);
    if (!rc) uk_loop_after(r->loop, after_round, r->sys);
    if (!rc) rc = listen_here(r, err);
    if (!rc) rc = uk_loop_start(r->loop, err);
    if (rc) {
        uk_news_failed(r, err ? err->message : "remoting cannot start");
        return rc;
    }
    fill_settings(r);
    add_refs(r);
    r->start_task.run = begin;
    uk_loop_post(r->loop, &r->start_task);
    announce(r);
    uk_news_listening(r);
    return 0;
}

/* ---- what the system asks ---- */

static const char *address(void *self) { return ((uk_remote *)self)->address; }

static bool is_own(void *self, const uk_path *path) {
    uk_remote *r = self;
    return r->address && uk_slice_is(path->address, r->address);
}

static ukko_ref *remote_ref(void *self, ukko_slice text, const uk_path *path, const char **why) {
    uk_remote *r = self;
    if (!uk_remote_serves(r, path->protocol)) {
        *why = "No transport is loaded for the protocol of this address (its scheme differs from "
               "that of this node's own address)";
        return NULL;
    }
    return uk_remote_ref_new(uk_peer_get(r, path->address), text, path);
}

static void watch(void *self, ukko_ref *watchee, ukko_ref *watcher) {
    uk_remote *r = self;
    if (r->watcher) {
        uk_send_flush();
        uk_watcher_watch(r->watcher, watchee, watcher);
        return;
    }
    uk_log(r->sys, r->set.warn_unsafe ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           "org.apache.pekko.remote.RemoteActorRefProvider", NULL, NULL,
           "Dropped remote Watch: disabled for [%s -> %s] (see "
           "pekko.remote.use-unsafe-remote-features-outside-cluster)",
           ukko_ref_path(watcher), ukko_ref_path(watchee));
}

static void unwatch(void *self, ukko_ref *watchee, ukko_ref *watcher) {
    uk_remote *r = self;
    if (r->watcher) uk_watcher_unwatch(r->watcher, watchee, watcher);
}

static void flush(void *self) {
    (void)self;
    uk_send_flush();
}

static void run_stop(uk_task *t) { uk_remote_stop(UK_OWNER(uk_remote, t, stop_task)); }

/* No actor runs for another node any more. */
static void end_links(uk_remote *r) {
    uk_send_flush();
    r->stop_task.run = run_stop;
    uk_loop_post(r->loop, &r->stop_task);
}

static void shut_down(void *self) {
    uk_remote *r = self;
    uk_send_flush();
    uk_daemon_stop(r->daemon, end_links);
}

static void free_peer(uk_peer *p) {
    uk_sys_restart(p,
                   NULL); /* what nobody acknowledged holds references to actors there, and so p */
    uk_map_remove(&p->remote->peers, p->address, strlen(p->address));
    uk_peer_release(p);
}

static void free_remote(void *self) {
    uk_remote *r = self;
    size_t pos = 0;
    void *v;
    uk_send_flush();
    if (r->loop) uk_loop_stop(r->loop);
    uk_watcher_free(r->watcher);
    if (r->listener) uk_listener_close(r->listener);
    if (r->loop) uk_loop_free(r->loop);
    while (uk_map_next(&r->peers, &pos, &v)) free_peer(v);
    uk_map_fini(&r->peers);
    uk_ref_release(r->daemon);
    uk_ref_release(r->deploy_watcher);
    pthread_mutex_destroy(&r->peers_lock);
    pthread_mutex_destroy(&r->sizes_lock);
    uk_remote_settings_fini(&r->set);
    uk_free(r->protocol);
    uk_free(r->host);
    uk_free(r->address);
    uk_free(r->bound_address);
    uk_tls_free(r->tls);
    uk_free(r);
}

int ukko_remote_enable(ukko_system *sys, ukko_error *err) {
    uk_remote *r = uk_zalloc(sizeof *r);
    pthread_mutex_init(&r->peers_lock, NULL);
    pthread_mutex_init(&r->sizes_lock, NULL);
    r->sys = sys;
    uk_provider p = {.self = r, .start = start, .shutdown = shut_down, .free = free_remote,
                     .address = address, .is_own = is_own, .remote_ref = remote_ref,
                     .watch = watch, .unwatch = unwatch, .flush = flush,
                     .deploy = uk_deploy_child, .deployed = uk_deploy_ordered,
                     .assist = assist};
    int rc = uk_remote_settings_read(&r->set, ukko_system_config(sys), err);
    if (!rc) r->protocol = uk_format("%s.%s", r->set.protocol_name, r->set.scheme);
    if (!rc && (rc = uk_system_set_provider(sys, &p)))
        uk_error(err, rc, "remoting must be enabled once, before the system starts");
    if (rc) free_remote(r);
    return rc;
}

static uk_remote *remote_of(ukko_system *sys) {
    uk_provider *p = uk_system_provider(sys);
    return p && p->start == start ? p->self : NULL;
}

const char *ukko_remote_address(ukko_system *sys) {
    uk_remote *r = remote_of(sys);
    return r ? r->address : NULL;
}

const char *ukko_remote_bound_address(ukko_system *sys) {
    uk_remote *r = remote_of(sys);
    return r ? r->bound_address : NULL;
}

/* ---- quarantine ---- */

typedef struct quarantine {
    uk_task task;
    uk_peer *peer;
    bool has_uid;
    int32_t uid;
    char *why;
} quarantine;

static void run_quarantine(uk_task *t) {
    quarantine *q = UK_OWNER(quarantine, t, task);
    uk_link_event ev = {.kind = UK_LINK_QUARANTINE, .has_uid = q->has_uid, .uid = q->uid,
                        .text = q->why};
    if (!q->peer->remote->stopping) uk_peer_event(q->peer, &ev);
    uk_peer_release(q->peer);
    uk_free(q->why);
    uk_free(q);
}

void uk_remote_quarantine(uk_remote *r, const char *to, bool has_uid, int32_t uid,
                          const char *why) {
    quarantine *q = uk_alloc(sizeof *q);
    *q = (quarantine){{NULL, run_quarantine}, uk_peer_get(r, ukko_str(to)), has_uid, uid,
                      uk_strdup(why)};
    if (uk_loop_is_here(r->loop)) run_quarantine(&q->task);
    else uk_loop_post(r->loop, &q->task);
}

int ukko_remote_quarantine(ukko_system *sys, const char *to, const int32_t *uid) {
    uk_remote *r = remote_of(sys);
    uk_path path;
    if (!r || !r->address) return UKKO_ESTATE;
    if (!to || uk_address_parse(ukko_str(to), &path) || !path.host.len) return UKKO_EINVAL;
    uk_remote_quarantine(r, to, uid != NULL, uid ? *uid : 0, "requested by the program");
    return 0;
}
