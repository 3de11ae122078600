/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the settings of classic remoting. A missing setting has Pekko's default, so that
   a bare configuration works; a wrong one is an error that names it. Runs on the thread that starts
   the system. */
#include "remote/reader.h"
#include "base/error.h"
#include "base/mem.h"
#include <limits.h>
#include <string.h>

/* ---- the sections ---- */

static void defaults(uk_remote_settings *s) {
    *s = (uk_remote_settings){
        .heartbeat_ms = 4000, .heartbeat_pause_ms = 120000, .startup_ms = 10000,
        .shutdown_ms = 10000, .flush_ms = 2000,
        .link = {5000, 5LL * 86400000, 2LL * 86400000, 180000, true}, .sys_buffer = 20000,
        .resend_limit = 200, .ack_ms = 300, .resend_ms = 2000, .lifecycle = UKKO_LOG_DEBUG,
        .queue_messages = 1000000, .queue_bytes = (size_t)512 << 20, .max_idle_links = 10000,
        .flight_entries = 2048,
        .log_frame_size = -1, .log_buffer = 50000, .warn_unsafe = true, .warn_direct = true,
        .watch = {10.0, 200, 100, 10000, 1000}, .transport_phi = {10.0, 200, 100, 0, 0},
        .watch_heartbeat_ms = 1000,
        .watch_reaper_ms = 1000, .watch_first_ms = 1000};
    s->protocol_name = uk_strdup("pekko");
    s->flight_directory = uk_strdup("");
    s->watch_class = uk_strdup(UK_PHI_CLASS);
    s->transport_class = uk_strdup(UK_DEADLINE_CLASS);
}

static void read_lifecycle(uk_remote_settings *s, uk_reader *r) {
    static const struct { const char *name; ukko_log_level level; } names[] = {
        {"off", UKKO_LOG_OFF}, {"false", UKKO_LOG_OFF}, {"on", UKKO_LOG_DEBUG},
        {"true", UKKO_LOG_DEBUG}, {"debug", UKKO_LOG_DEBUG}, {"info", UKKO_LOG_INFO},
        {"warning", UKKO_LOG_WARN}, {"error", UKKO_LOG_ERROR}};
    const char *p = uk_read_at(r, "log-remote-lifecycle-events"), *v;
    if (!uk_read_found(r, p, ukko_config_string(r->cfg, p, &v), "must be a string")) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(v, names[i].name)) continue;
        s->lifecycle = names[i].level;
        return;
    }
    uk_read_wrong(r, p, "must be on, off, error, warning, info or debug");
}

/* They have no effect here, but must be what the JVM takes. */
static void check_unused(uk_reader *r) {
    static const char *const times[] = {"backoff-interval", "command-ack-timeout", "handshake-timeout"};
    char *dispatcher = NULL;
    int64_t ms = 1;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) uk_read_ms(r, times[i], 1, &ms);
    uk_read_string(r, "use-dispatcher", &dispatcher);
    if (dispatcher && *dispatcher && !ukko_config_has(r->cfg, dispatcher))
        uk_read_wrong(r, uk_read_at(r, "use-dispatcher"), "names a section that does not exist");
    uk_free(dispatcher);
}

static void read_phi(uk_phi_settings *s, uk_reader *r) {
    const char *p = uk_read_at(r, "threshold");
    uk_read_found(r, p, ukko_config_double(r->cfg, p, &s->threshold), "must be a number");
    if (!(s->threshold > 0)) uk_read_wrong(r, p, "must be greater than zero");
    uk_read_size(r, "max-sample-size", &s->max_samples);
    uk_read_ms(r, "min-std-deviation", 1, &s->min_deviation);
}

static void read_transport_detector(uk_remote_settings *s, uk_reader *r) {
    uk_read_string(r, "implementation-class", &s->transport_class);
    uk_read_ms(r, "heartbeat-interval", 1, &s->heartbeat_ms);
    uk_read_ms(r, "acceptable-heartbeat-pause", 0, &s->heartbeat_pause_ms);
    read_phi(&s->transport_phi, r);
    s->transport_phi.first_interval = s->heartbeat_ms;
    s->transport_phi.pause = s->heartbeat_pause_ms;
}

static void read_classic(uk_remote_settings *s, uk_reader *r) {
    uk_read_ms(r, "startup-timeout", 1, &s->startup_ms);
    uk_read_ms(r, "shutdown-timeout", 1, &s->shutdown_ms);
    uk_read_ms(r, "flush-wait-on-shutdown", 1, &s->flush_ms);
    uk_read_bool(r, "use-passive-connections", &s->link.passive);
    uk_read_ms(r, "retry-gate-closed-for", 0, &s->link.gate_ms);
    uk_read_ms(r, "prune-quarantine-marker-after", 1, &s->link.quarantine_ms);
    uk_read_ms_or_off(r, "quarantine-after-silence", &s->link.silence_ms);
    uk_read_ms(r, "initial-system-message-delivery-timeout", 1, &s->link.give_up_ms);
    uk_read_size(r, "system-message-buffer-size", &s->sys_buffer);
    uk_read_size(r, "resend-limit", &s->resend_limit);
    uk_read_ms(r, "system-message-ack-piggyback-timeout", 1, &s->ack_ms);
    uk_read_ms(r, "resend-interval", 1, &s->resend_ms);
    uk_read_bool(r, "untrusted-mode", &s->untrusted);
    uk_read_list(r, "trusted-selection-paths", &s->trusted, &s->n_trusted);
    check_unused(r);
    uk_read_bool(r, "log-received-messages", &s->log_received);
    uk_read_bool(r, "log-sent-messages", &s->log_sent);
    read_lifecycle(s, r);
    if (uk_read_is_off(r, uk_read_at(r, "log-frame-size-exceeding"))) s->log_frame_size = -1;
    else uk_read_bytes(r, "log-frame-size-exceeding", &s->log_frame_size);
    if (uk_read_is_off(r, uk_read_at(r, "log-buffer-size-exceeding"))) s->log_buffer = -1;
    else uk_read_count(r, "log-buffer-size-exceeding", 0, INT_MAX, &s->log_buffer);
}

static void read_watch(uk_remote_settings *s, uk_reader *r) {
    uk_read_string(r, "implementation-class", &s->watch_class);
    read_phi(&s->watch, r);
    uk_read_ms(r, "heartbeat-interval", 1, &s->watch_heartbeat_ms);
    s->watch.first_interval = s->watch_heartbeat_ms;
    uk_read_ms(r, "acceptable-heartbeat-pause", 0, &s->watch.pause);
    uk_read_ms(r, "unreachable-nodes-reaper-interval", 1, &s->watch_reaper_ms);
    uk_read_ms(r, "expected-response-after", 1, &s->watch_first_ms);
}

static void read_queue(uk_remote_settings *s, uk_reader *r) {
    int64_t bytes = (int64_t)s->queue_bytes;
    uk_read_size(r, "max-messages", &s->queue_messages);
    uk_read_bytes(r, "max-bytes", &bytes);
    if (bytes < 1) uk_read_wrong(r, uk_read_at(r, "max-bytes"), "must be greater than zero");
    s->queue_bytes = (size_t)bytes;
}

static void read_flight(uk_remote_settings *s, uk_reader *r) {
    uk_read_string(r, "directory", &s->flight_directory);
    if (uk_read_is_off(r, uk_read_at(r, "directory"))) {
        uk_free(s->flight_directory);
        s->flight_directory = uk_strdup("off");
    }
    uk_read_size(r, "entries", &s->flight_entries);
}

static void read_names(uk_remote_settings *s, uk_reader *r) {
    char **names = NULL;
    size_t n = 0;
    uk_read_string(r, "protocol-name", &s->protocol_name);
    if (strcmp(s->protocol_name, "pekko") && strcmp(s->protocol_name, "akka"))
        uk_read_wrong(r, uk_read_at(r, "protocol-name"), "must be pekko or akka");
    uk_read_list(r, "accept-protocol-names", &names, &n);
    if (names && !n) uk_read_wrong(r, uk_read_at(r, "accept-protocol-names"), "must not be empty");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], "pekko") && strcmp(names[i], "akka"))
            uk_read_wrong(r, uk_read_at(r, "accept-protocol-names"), "may hold pekko and akka only");
        if (s->n_accept < UK_MAX_NAMES) s->accept_names[s->n_accept++] = names[i];
        else uk_free(names[i]);
    }
    uk_free(names);
}

static void read_shared(uk_remote_settings *s, uk_reader *r) {
    uk_read_bool(r, "use-unsafe-remote-features-outside-cluster", &s->unsafe);
    uk_read_bool(r, "warn-unsafe-watch-outside-cluster", &s->warn_unsafe);
    uk_read_bool(r, "warn-about-direct-use", &s->warn_direct);
    uk_read_bool(r, "deployment.enable-whitelist", &s->allow_list);
    uk_read_bool(r, "deployment.enable-allow-list", &s->allow_list);
    uk_read_list(r, "deployment.whitelist", &s->allowed, &s->n_allowed);
    uk_read_list(r, "deployment.allowed-actor-classes", &s->allowed, &s->n_allowed);
    read_names(s, r);
}

static void check_artery(uk_reader *r) {
    bool artery = true;
    ukko_config_bool(r->cfg, "pekko.remote.artery.enabled", &artery);
    if (artery)
        r->rc = uk_error(r->err, UKKO_ECONFIG,
                         "pekko.remote.artery.enabled is on, but ukko speaks classic remoting: set "
                         "pekko.remote.artery.enabled = off");
}

int uk_remote_settings_read(uk_remote_settings *s, const ukko_config *cfg, ukko_error *err) {
    uk_reader r = {.cfg = cfg, .base = "pekko.remote", .err = err};
    defaults(s);
    check_artery(&r);
    read_shared(s, &r);
    r.base = "pekko.remote.classic";
    read_classic(s, &r);
    r.base = UK_TRANSPORT_DETECTOR;
    read_transport_detector(s, &r);
    r.base = UK_WATCH_DETECTOR;
    read_watch(s, &r);
    r.base = "ukko.remote";
    uk_read_size(&r, "max-idle-links", &s->max_idle_links);
    r.base = "ukko.remote.flight-recorder";
    read_flight(s, &r);
    r.base = "ukko.remote.faults";
    uk_read_bool(&r, "enabled", &s->faults);
    uk_read_count(&r, "seed", 0, INT64_MAX, &s->faults_seed);
    r.base = "pekko.remote.classic.gremlin";
    uk_read_bool(&r, "debug", &s->gremlin_debug);
    r.base = "ukko.remote.send-queue";
    read_queue(s, &r);
    uk_read_transports(s, &r);
    uk_read_own(s, &r);
    return r.rc;
}

void uk_remote_settings_fini(uk_remote_settings *s) {
    for (size_t i = 0; i < s->n_transports; i++) uk_transport_settings_fini(&s->transports[i]);
    uk_own_settings_fini(s);
    uk_free(s->protocol_name);
    uk_free(s->watch_class);
    uk_free(s->flight_directory);
    uk_free(s->transport_class);
    for (size_t i = 0; i < s->n_accept; i++) uk_free(s->accept_names[i]);
    uk_free_list(s->trusted, s->n_trusted);
    uk_free_list(s->allowed, s->n_allowed);
}
