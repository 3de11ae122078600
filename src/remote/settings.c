/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the settings of classic remoting. A missing setting has Pekko's default, so that
   a bare configuration works; a wrong one is an error that names it. Runs on the thread that starts
   the system. */
#include "remote/settings.h"
#include "base/error.h"
#include "base/mem.h"
#include <limits.h>
#include <string.h>
#include <stdio.h>

typedef struct reader {
    const ukko_config *cfg;
    const char *base; /* put before each name */
    ukko_error *err;
    int rc;
    char path[256];
} reader;

static const char *at(reader *r, const char *name) {
    snprintf(r->path, sizeof r->path, "%s.%s", r->base, name);
    return r->path;
}

static void wrong(reader *r, const char *path, const char *what) {
    if (r->rc) return;
    char *value = ukko_config_render_value(r->cfg, path);
    r->rc = uk_error(r->err, UKKO_ECONFIG, "%s = %s: %s", path, value ? value : "?", what);
    ukko_free(value);
}

static bool is_off(reader *r, const char *path) {
    const char *t;
    return !ukko_config_string(r->cfg, path, &t) && (!strcmp(t, "off") || !strcmp(t, "false"));
}

static bool get(reader *r, const char *path, int rc, const char *expected) {
    if (rc && rc != UKKO_ENOTFOUND) wrong(r, path, expected);
    return rc == 0;
}

static void get_bool(reader *r, const char *name, bool *out) {
    const char *p = at(r, name);
    get(r, p, ukko_config_bool(r->cfg, p, out), "must be on or off");
}

static void get_ms(reader *r, const char *name, int64_t min, int64_t *out) {
    const char *p = at(r, name);
    int64_t v;
    if (!get(r, p, ukko_config_duration_ms(r->cfg, p, &v), "must be a duration")) return;
    if (v < min) wrong(r, p, min ? "must be greater than zero" : "must not be negative");
    else *out = v;
}

static void get_ms_or_off(reader *r, const char *name, int64_t *out) {
    if (is_off(r, at(r, name))) *out = 0;
    else get_ms(r, name, 1, out);
}

static void get_count(reader *r, const char *name, int64_t min, int64_t max, int64_t *out) {
    const char *p = at(r, name);
    int64_t v;
    if (!get(r, p, ukko_config_int(r->cfg, p, &v), "must be a number")) return;
    if (v < min || v > max) wrong(r, p, "is out of range");
    else *out = v;
}

static void get_size(reader *r, const char *name, size_t *out) {
    int64_t v = (int64_t)*out;
    get_count(r, name, 1, INT_MAX, &v);
    *out = (size_t)v;
}

static void get_bytes(reader *r, const char *name, int64_t *out) {
    const char *p = at(r, name);
    int64_t v;
    if (get(r, p, ukko_config_bytes(r->cfg, p, &v), "must be a number of bytes")) *out = v;
}

static void get_string(reader *r, const char *name, char **out) {
    const char *p = at(r, name), *v;
    if (!get(r, p, ukko_config_string(r->cfg, p, &v), "must be a string")) return;
    uk_free(*out);
    *out = uk_strdup(v);
}

static void get_list(reader *r, const char *name, char ***out, size_t *n) {
    const char *p = at(r, name), *v;
    size_t count = 0;
    if (!get(r, p, ukko_config_count(r->cfg, p, &count), "must be a list")) return;
    for (size_t i = 0; i < *n; i++) uk_free((*out)[i]);
    uk_free(*out);
    *out = uk_zalloc((count + 1) * sizeof **out);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (!ukko_config_string_at(r->cfg, p, i, &v)) (*out)[(*n)++] = uk_strdup(v);
        else wrong(r, p, "must be a list of strings");
}

/* ---- the sections ---- */

static void defaults(uk_remote_settings *s) {
    *s = (uk_remote_settings){
        .port = 7355, .bind_port = -1, .connect_ms = 15000, .max_frame = 128000,
        .send_buffer = 256000, .receive_buffer = 256000, .backlog = 4096, .nodelay = true,
        .keepalive = true, .reuse_addr = true, .scheme = "tcp", .heartbeat_ms = 4000,
        .heartbeat_pause_ms = 120000, .startup_ms = 10000, .shutdown_ms = 10000, .flush_ms = 2000,
        .link = {5000, 5LL * 86400000, 2LL * 86400000, 180000, true}, .sys_buffer = 20000,
        .resend_limit = 200, .ack_ms = 300, .resend_ms = 2000, .lifecycle = UKKO_LOG_DEBUG,
        .log_frame_size = -1, .log_buffer = 50000, .warn_unsafe = true, .warn_direct = true,
        .watch = {10.0, 200, 100, 10000, 1000}, .watch_heartbeat_ms = 1000,
        .watch_reaper_ms = 1000, .watch_first_ms = 1000};
    s->hostname = uk_strdup("");
    s->bind_hostname = uk_strdup("");
    s->protocol_name = uk_strdup("pekko");
}

static void read_port(reader *r, const char *name, bool empty_ok, int *out) {
    const char *p = at(r, name), *text;
    int64_t v = *out;
    if (empty_ok && !ukko_config_string(r->cfg, p, &text) && !*text) return;
    get_count(r, name, 0, 65535, &v);
    *out = (int)v;
}

static void read_transport(uk_remote_settings *s, reader *r) {
    int64_t frame = (int64_t)s->max_frame, send = s->send_buffer, receive = s->receive_buffer;
    int64_t backlog = s->backlog;
    get_string(r, "hostname", &s->hostname);
    get_string(r, "bind-hostname", &s->bind_hostname);
    read_port(r, "port", false, &s->port);
    read_port(r, "bind-port", true, &s->bind_port);
    get_bool(r, "enable-ssl", &s->tls);
    get_ms(r, "connection-timeout", 1, &s->connect_ms);
    get_bytes(r, "maximum-frame-size", &frame);
    if (!r->rc && frame < 32000)
        wrong(r, at(r, "maximum-frame-size"), "must be at least 32000 bytes");
    if (!r->rc && frame > 1 << 30) wrong(r, at(r, "maximum-frame-size"), "must be at most 1 GiB");
    get_bytes(r, "send-buffer-size", &send);
    get_bytes(r, "receive-buffer-size", &receive);
    get_count(r, "backlog", 1, INT_MAX, &backlog);
    get_bool(r, "tcp-nodelay", &s->nodelay);
    get_bool(r, "tcp-keepalive", &s->keepalive);
    s->reuse_addr = !is_off(r, at(r, "tcp-reuse-addr")); /* off-for-windows is on here */
    s->max_frame = (size_t)frame;
    s->send_buffer = send > INT_MAX ? INT_MAX : (int)send;
    s->receive_buffer = receive > INT_MAX ? INT_MAX : (int)receive;
    s->backlog = (int)backlog;
    s->scheme = s->tls ? "ssl.tcp" : "tcp";
}

static void read_tls(uk_remote_settings *s, reader *r) {
    s->mutual = true;
    s->tls_section = uk_format("%s.security", s->transport_path);
    r->base = s->tls_section;
    get_string(r, "key-store", &s->key_store);
    get_string(r, "key-store-password", &s->key_store_password);
    get_string(r, "key-password", &s->key_password);
    get_string(r, "trust-store", &s->trust_store);
    get_string(r, "trust-store-password", &s->trust_store_password);
    get_string(r, "protocol", &s->tls_protocol);
    get_list(r, "enabled-algorithms", &s->suites, &s->n_suites);
    get_bool(r, "require-mutual-authentication", &s->mutual);
    if (!r->rc && (!s->key_store || !s->trust_store || !s->tls_protocol))
        r->rc = uk_error(r->err, UKKO_ECONFIG,
                         "%s: key-store, trust-store and protocol must be set", s->tls_section);
}

static void read_lifecycle(uk_remote_settings *s, reader *r) {
    static const struct { const char *name; ukko_log_level level; } names[] = {
        {"off", UKKO_LOG_OFF}, {"false", UKKO_LOG_OFF}, {"on", UKKO_LOG_DEBUG},
        {"true", UKKO_LOG_DEBUG}, {"debug", UKKO_LOG_DEBUG}, {"info", UKKO_LOG_INFO},
        {"warning", UKKO_LOG_WARN}, {"error", UKKO_LOG_ERROR}};
    const char *p = at(r, "log-remote-lifecycle-events"), *v;
    if (!get(r, p, ukko_config_string(r->cfg, p, &v), "must be a string")) return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(v, names[i].name)) continue;
        s->lifecycle = names[i].level;
        return;
    }
    wrong(r, p, "must be on, off, error, warning, info or debug");
}

static void check_trusted(uk_remote_settings *s, reader *r) {
    for (size_t i = 0; i < s->n_trusted; i++)
        if (s->trusted[i][0] != '/')
            wrong(r, at(r, "trusted-selection-paths"), "each path must begin with a slash");
}

static void read_classic(uk_remote_settings *s, reader *r) {
    get_ms(r, "transport-failure-detector.heartbeat-interval", 1, &s->heartbeat_ms);
    get_ms(r, "transport-failure-detector.acceptable-heartbeat-pause", 0, &s->heartbeat_pause_ms);
    get_ms(r, "startup-timeout", 1, &s->startup_ms);
    get_ms(r, "shutdown-timeout", 1, &s->shutdown_ms);
    get_ms(r, "flush-wait-on-shutdown", 1, &s->flush_ms);
    get_bool(r, "use-passive-connections", &s->link.passive);
    get_ms(r, "retry-gate-closed-for", 0, &s->link.gate_ms);
    get_ms(r, "prune-quarantine-marker-after", 1, &s->link.quarantine_ms);
    get_ms_or_off(r, "quarantine-after-silence", &s->link.silence_ms);
    get_ms(r, "initial-system-message-delivery-timeout", 1, &s->link.give_up_ms);
    get_size(r, "system-message-buffer-size", &s->sys_buffer);
    get_size(r, "resend-limit", &s->resend_limit);
    get_ms(r, "system-message-ack-piggyback-timeout", 1, &s->ack_ms);
    get_ms(r, "resend-interval", 1, &s->resend_ms);
    get_bool(r, "untrusted-mode", &s->untrusted);
    get_list(r, "trusted-selection-paths", &s->trusted, &s->n_trusted);
    check_trusted(s, r);
    get_bool(r, "log-received-messages", &s->log_received);
    get_bool(r, "log-sent-messages", &s->log_sent);
    read_lifecycle(s, r);
    if (is_off(r, at(r, "log-frame-size-exceeding"))) s->log_frame_size = -1;
    else get_bytes(r, "log-frame-size-exceeding", &s->log_frame_size);
    if (is_off(r, at(r, "log-buffer-size-exceeding"))) s->log_buffer = -1;
    else get_count(r, "log-buffer-size-exceeding", 1, INT_MAX, &s->log_buffer);
}

static void read_watch(uk_remote_settings *s, reader *r) {
    const char *p = at(r, "threshold");
    get(r, p, ukko_config_double(r->cfg, p, &s->watch.threshold), "must be a number");
    if (!(s->watch.threshold > 0)) wrong(r, p, "must be greater than zero");
    get_ms(r, "heartbeat-interval", 1, &s->watch_heartbeat_ms);
    s->watch.first_interval = s->watch_heartbeat_ms;
    get_size(r, "max-sample-size", &s->watch.max_samples);
    get_ms(r, "min-std-deviation", 1, &s->watch.min_deviation);
    get_ms(r, "acceptable-heartbeat-pause", 0, &s->watch.pause);
    get_ms(r, "unreachable-nodes-reaper-interval", 1, &s->watch_reaper_ms);
    get_ms(r, "expected-response-after", 1, &s->watch_first_ms);
}

static void read_names(uk_remote_settings *s, reader *r) {
    char **names = NULL;
    size_t n = 0;
    get_string(r, "protocol-name", &s->protocol_name);
    if (strcmp(s->protocol_name, "pekko") && strcmp(s->protocol_name, "akka"))
        wrong(r, at(r, "protocol-name"), "must be pekko or akka");
    get_list(r, "accept-protocol-names", &names, &n);
    if (names && !n) wrong(r, at(r, "accept-protocol-names"), "must not be empty");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], "pekko") && strcmp(names[i], "akka"))
            wrong(r, at(r, "accept-protocol-names"), "may hold pekko and akka only");
        if (s->n_accept < UK_MAX_NAMES) s->accept_names[s->n_accept++] = names[i];
        else uk_free(names[i]);
    }
    uk_free(names);
}

static void read_shared(uk_remote_settings *s, reader *r) {
    get_bool(r, "use-unsafe-remote-features-outside-cluster", &s->unsafe);
    get_bool(r, "warn-unsafe-watch-outside-cluster", &s->warn_unsafe);
    get_bool(r, "warn-about-direct-use", &s->warn_direct);
    get_bool(r, "deployment.enable-whitelist", &s->allow_list);
    get_bool(r, "deployment.enable-allow-list", &s->allow_list);
    get_list(r, "deployment.whitelist", &s->allowed, &s->n_allowed);
    get_list(r, "deployment.allowed-actor-classes", &s->allowed, &s->n_allowed);
    read_names(s, r);
}

static void check_artery(reader *r) {
    bool artery = true;
    ukko_config_bool(r->cfg, "pekko.remote.artery.enabled", &artery);
    if (artery)
        r->rc = uk_error(r->err, UKKO_ECONFIG,
                         "pekko.remote.artery.enabled is on, but ukko speaks classic remoting: set "
                         "pekko.remote.artery.enabled = off");
}

static void read_transport_path(uk_remote_settings *s, reader *r) {
    static const char p[] = "pekko.remote.classic.enabled-transports";
    size_t n = 0;
    const char *v;
    s->transport_path = uk_strdup("pekko.remote.classic.netty.tcp");
    if (!get(r, p, ukko_config_count(r->cfg, p, &n), "must be a list")) return;
    if (n != 1)
        wrong(r, p, n ? "more than one transport is not supported yet" : "must name a transport");
    else if (!ukko_config_string_at(r->cfg, p, 0, &v)) {
        if (!ukko_config_has(r->cfg, v)) wrong(r, p, "names a section that does not exist");
        uk_free(s->transport_path);
        s->transport_path = uk_strdup(v);
    }
}

int uk_remote_settings_read(uk_remote_settings *s, const ukko_config *cfg, ukko_error *err) {
    reader r = {.cfg = cfg, .base = "pekko.remote", .err = err};
    defaults(s);
    check_artery(&r);
    read_shared(s, &r);
    read_transport_path(s, &r);
    r.base = "pekko.remote.classic";
    read_classic(s, &r);
    r.base = "pekko.remote.watch-failure-detector";
    read_watch(s, &r);
    r.base = s->transport_path;
    read_transport(s, &r);
    if (s->tls && !r.rc) read_tls(s, &r);
    return r.rc;
}

static void free_list(char **list, size_t n) {
    for (size_t i = 0; i < n; i++) uk_free(list[i]);
    uk_free(list);
}

void uk_remote_settings_fini(uk_remote_settings *s) {
    uk_free(s->transport_path);
    uk_free(s->hostname);
    uk_free(s->bind_hostname);
    uk_free(s->protocol_name);
    for (size_t i = 0; i < s->n_accept; i++) uk_free(s->accept_names[i]);
    char *const texts[] = {s->tls_section, s->key_store, s->key_store_password, s->key_password,
                           s->trust_store, s->trust_store_password, s->tls_protocol};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) uk_free(texts[i]);
    free_list(s->suites, s->n_suites);
    free_list(s->trusted, s->n_trusted);
    free_list(s->allowed, s->n_allowed);
}
