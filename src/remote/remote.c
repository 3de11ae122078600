/* SPDX-License-Identifier: Apache-2.0 */
/* Remoting as the system sees it: enabling, starting (address, listener, I/O thread), references,
   watch requests. Start and free run on the threads of the system, the rest on any. */
#include "remote/deploy.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/note.h"
#include <stdio.h>

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
    for (size_t i = 0; i < r->n_transports && !r->set.client; i++)
        uk_listener_start(r->transports[i].listener, uk_conn_accept, &r->transports[i]);
    uk_keys_watch(r);
    uk_guard_begin(r->guard);
    r->prune.fire = on_prune;
    on_prune(&r->prune);
}

static void announce_paths(uk_remote *r) {
    for (size_t i = 0; i < r->set.n_trusted; i++)
        if (r->set.trusted[i][0] != '/')
            uk_log(r->sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, NULL,
                   "pekko.remote.classic.trusted-selection-paths: [%s] is the path of no actor, as it "
                   "does not begin with a slash", r->set.trusted[i]);
}

static void announce(uk_remote *r) {
    announce_paths(r);
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
    uk_charges_start(r);
}

enum { MUCH = 64 * 1024 };
static void after_round(void *sys, size_t bytes) { uk_batch_run(sys, bytes >= MUCH); }
static void assist(void *self) { /* an actor holds the I/O thread up, perhaps with something staged */
    uk_send_late(0);
    uk_loop_assist(((uk_remote *)self)->loop);
}
enum { LATE_MS = 5 };
static void late(void *self) {
    (void)self;
    uk_send_late(LATE_MS);
}

static void poll_io(void *self) {
    uk_loop_poll(((uk_remote *)self)->loop);
    uk_send_flush();
}
static int64_t next_ms(void *self) { return uk_loop_next_ms(((uk_remote *)self)->loop); }

static void open_flight(uk_remote *r) {
    char why[300];
    uk_flight_opts o = {.directory = r->set.flight_directory,
                        .entries = r->set.flight_entries,
                        .system = ukko_system_name(r->sys),
                        .port = r->set.transports[0].port,
                        .uid = ukko_system_uid(r->sys)};
    r->flight = uk_flight_new(&o, why, sizeof why);
    if (*why)
        uk_log(r->sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "The flight recorder has no file: %s (ukko.remote.flight-recorder.directory)", why);
}

static void open_faults(uk_remote *r) {
    bool any = r->set.faults;
    for (size_t i = 0; i < r->set.n_transports; i++)
        any |= r->set.transports[i].trttl || r->set.transports[i].gremlin;
    if (!any) return;
    r->faults = uk_faults_new((uint64_t)r->set.faults_seed);
    uk_log(r->sys, UKKO_LOG_WARN, "remoting",
           "org.apache.pekko.remote.transport.FailureInjectorTransportAdapter", NULL, NULL,
           "Faults can be injected into the links of this system: it is under test");
}

static int start(void *self, ukko_error *err) {
    uk_remote *r = self;
    open_flight(r);
    open_faults(r);
    int rc = uk_serial_open(r->sys, &r->serial, err);
    if (!rc) rc = uk_serial_add(r->serial, &uk_refusal_type, err);
    uk_log(r->sys, UKKO_LOG_INFO, "remoting", UK_LOG_MANAGER, NULL, NULL, "Starting remoting");
    if (!rc) rc = uk_remote_detectors(r, err);
    if (!rc) rc = uk_loop_new(&r->loop, "ukko-io", err);
    bool looped = uk_system_is_looped(r->sys);
    if (!rc && !looped) uk_loop_after(r->loop, after_round, r->sys);
    for (size_t i = 0; i < r->n_transports && !rc; i++)
        rc = uk_transport_open(&r->transports[i], err);
    if (!rc && looped) {
        uk_loop_start_stepped(r->loop);
        rc = uk_system_loop_fd(r->sys, uk_loop_fd(r->loop));
    } else if (!rc) {
        rc = uk_loop_start(r->loop, err);
    }
    if (rc) {
        uk_news_failed(r, err ? err->message : "remoting cannot start");
        return rc;
    }
    r->guard = uk_guard_new(r);
    add_refs(r);
    r->start_task.run = begin;
    uk_loop_post(r->loop, &r->start_task);
    uk_flight_address(r->flight, uk_remote_address(r));
    for (size_t i = 0; i < r->n_transports; i++)
        uk_flight_of(r, NULL, UKKO_FLIGHT_LISTENING, 0, 0, r->transports[i].address);
    announce(r);
    uk_news_listening(r);
    return 0;
}

/* ---- what the system asks ---- */

static const char *address(void *self) { return uk_remote_address(self); }

static bool is_own(void *self, const uk_path *path) { return uk_remote_is_own(self, path); }

static const char *no_transport(uk_remote *r, const uk_path *path) {
    ukko_error *note = uk_note_of(UK_NOTE_ADDRESS);
    uk_buf all = {0};
    for (size_t i = 0; i < r->n_transports; i++)
        uk_buf_printf(&all, "%s%s", i ? ", " : "", r->transports[i].protocol);
    snprintf(note->message, sizeof note->message,
             "No transport is loaded for protocol: [%.*s], available protocols: [%.200s]",
             (int)path->protocol.len, (const char *)path->protocol.ptr, uk_buf_text(&all));
    uk_buf_fini(&all);
    return note->message;
}

static ukko_ref *remote_ref(void *self, ukko_slice text, const uk_path *path, const char **why) {
    uk_remote *r = self;
    if (!uk_transport_for(r, path->protocol)) {
        *why = no_transport(r, path);
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

enum { TOLD_MS = 1 };
static void stop_when_told(uk_alarm *a) {
    uk_remote *r = UK_OWNER(uk_remote, a, stop_alarm);
    if (uk_system_ends_told(r->sys)) uk_remote_stop(r);
    else uk_alarm_start(r->loop, a, TOLD_MS);
}
static void run_stop(uk_task *t) {
    uk_remote *r = UK_OWNER(uk_remote, t, stop_task);
    r->stop_alarm.fire = stop_when_told;
    stop_when_told(&r->stop_alarm);
}

/* No actor runs for another node any more. */
static void end_links(uk_remote *r) {
    uk_news_terminator(r, "Remote daemon shut down; proceeding with flushing remote transports.");
    uk_send_flush();
    r->stop_task.run = run_stop;
    uk_loop_post(r->loop, &r->stop_task);
}

static void shut_down(void *self) {
    uk_remote *r = self;
    uk_send_flush();
    uk_news_terminator(r, "Shutting down remote daemon.");
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
    for (size_t i = 0; i < r->n_transports; i++) uk_transport_fini(&r->transports[i]);
    if (r->loop) uk_loop_free(r->loop);
    uk_guard_free(r->guard);
    while (uk_map_next(&r->peers, &pos, &v)) free_peer(v);
    uk_map_fini(&r->peers);
    uk_ref_release(r->daemon);
    uk_ref_release(r->deploy_watcher);
    pthread_mutex_destroy(&r->peers_lock);
    pthread_mutex_destroy(&r->sizes_lock);
    uk_flight_free(r->flight);
    uk_faults_free(r->faults);
    uk_remote_settings_fini(&r->set);
    uk_free(r);
}

int ukko_remote_enable(ukko_system *sys, ukko_error *err) {
    uk_remote *r = uk_zalloc(sizeof *r);
    pthread_mutex_init(&r->peers_lock, NULL);
    pthread_mutex_init(&r->sizes_lock, NULL);
    r->sys = sys;
    uk_provider p = {.self = r, .start = start, .shutdown = shut_down, .free = free_remote,
                     .address = address, .is_own = is_own, .remote_ref = remote_ref,
                     .watch = watch, .unwatch = unwatch, .flush = flush, .late = late,
                     .deploy = uk_deploy_child, .deployed = uk_deploy_ordered,
                     .assist = assist,
                     .poll = poll_io,
                     .next_ms = next_ms};
    int rc = uk_remote_settings_read(&r->set, ukko_system_config(sys), err);
    for (; !rc && r->n_transports < r->set.n_transports; r->n_transports++)
        uk_transport_init(&r->transports[r->n_transports], r, &r->set.transports[r->n_transports]);
    if (!rc && (rc = uk_system_set_provider(sys, &p)))
        uk_error(err, rc, "remoting must be enabled once, before the system starts");
    if (rc) free_remote(r);
    return rc;
}

uk_remote *uk_remote_of(ukko_system *sys) {
    uk_provider *p = uk_system_provider(sys);
    return p && p->start == start ? p->self : NULL;
}

const char *ukko_remote_address(ukko_system *sys) {
    uk_remote *r = uk_remote_of(sys);
    return r ? uk_remote_address(r) : NULL;
}

size_t ukko_remote_addresses(ukko_system *sys, const char **list, size_t max) {
    uk_remote *r = uk_remote_of(sys);
    if (!r || !uk_remote_address(r)) return 0;
    for (size_t i = 0; i < r->n_transports && i < max; i++) list[i] = r->transports[i].address;
    return r->n_transports;
}

const char *ukko_remote_address_for(ukko_system *sys, const char *remote) {
    uk_remote *r = uk_remote_of(sys);
    uk_path path;
    if (!r || !remote || uk_address_parse(ukko_str(remote), &path)) return NULL;
    const uk_transport *t = uk_transport_for(r, path.protocol);
    return t ? t->address : NULL;
}

const char *ukko_remote_bound_address(ukko_system *sys) {
    uk_remote *r = uk_remote_of(sys);
    return r ? r->transports[0].bound_address : NULL;
}

/* ---- quarantine ---- */

typedef struct quarantine { /* or the end of one */
    uk_task task;
    uk_link_event_kind kind;
    uk_peer *peer;
    bool has_uid;
    int32_t uid, reason;
    char *why;
} quarantine;

static void run_quarantine(uk_task *t) {
    quarantine *q = UK_OWNER(quarantine, t, task);
    uk_link_event ev = {.kind = q->kind, .has_uid = q->has_uid, .uid = q->uid,
                        .reason = q->reason, .text = q->why};
    if (!q->peer->remote->stopping) uk_peer_event(q->peer, &ev);
    uk_peer_release(q->peer);
    uk_free(q->why);
    uk_free(q);
}

static void post_quarantine(quarantine what) {
    quarantine *q = uk_alloc(sizeof *q);
    uk_loop *loop = what.peer->remote->loop;
    *q = what;
    q->task.run = run_quarantine;
    if (uk_loop_is_here(loop)) run_quarantine(&q->task);
    else uk_loop_post(loop, &q->task);
}

void uk_remote_quarantine(uk_remote *r, const char *to, bool has_uid, int32_t uid, int32_t reason,
                          const char *why) {
    post_quarantine((quarantine){.kind = UK_LINK_QUARANTINE, .peer = uk_peer_get(r, ukko_str(to)),
                                 .has_uid = has_uid, .uid = uid, .reason = reason,
                                 .why = uk_strdup(why)});
}

int ukko_remote_quarantine(ukko_system *sys, const char *to, const int32_t *uid) {
    uk_remote *r = uk_remote_of(sys);
    uk_path path;
    if (!r || !uk_remote_address(r)) return UKKO_ESTATE;
    if (!to || uk_address_parse(ukko_str(to), &path) || !path.host.len) return UKKO_EINVAL;
    uk_remote_quarantine(r, to, uid != NULL, uid ? *uid : 0, UKKO_REASON_REQUESTED,
                         "requested by the program");
    return 0;
}

int ukko_remote_quarantine_clear(ukko_system *sys, const char *address, const int32_t *uid) {
    uk_remote *r = uk_remote_of(sys);
    if (!address) return UKKO_EINVAL;
    if (!r || !r->loop) return UKKO_ESTATE;
    uk_peer *p = uk_peer_find(r, ukko_str(address));
    if (!p) return UKKO_ENOTFOUND;
    pthread_mutex_lock(&p->lock);
    int32_t refused = p->link.refuse_uid;
    bool refuses = p->link.refuse && (!uid || *uid == refused);
    pthread_mutex_unlock(&p->lock);
    if (!refuses) {
        uk_peer_release(p);
        return UKKO_ENOTFOUND;
    }
    post_quarantine((quarantine){.kind = UK_LINK_CLEAR, .peer = p, .has_uid = true, .uid = refused});
    return UKKO_OK;
}
