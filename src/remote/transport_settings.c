/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of the transports: where each listens and what it publishes, its socket options, and
   its TLS. Runs on the thread that starts the system. */
#include "remote/reader.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NETTY "org.apache.pekko.remote.transport.netty."
enum { JAVA_BACKLOG = 50 }; /* what Java takes for 0 */

static void read_port(uk_reader *r, const char *name, bool empty_ok, int *out) {
    const char *p = uk_read_at(r, name), *text;
    int64_t v = *out;
    if (empty_ok && !ukko_config_string(r->cfg, p, &text) && !*text) return;
    uk_read_count(r, name, 0, 65535, &v);
    *out = (int)v;
}

static void defaults(uk_transport_settings *t, const char *path) {
    *t = (uk_transport_settings){
        .path = uk_strdup(path), .port = 7355, .bind_port = -1,
        .connect_ms = 15000, .max_frame = 128000, .send_buffer = 256000, .receive_buffer = 256000,
        .backlog = 4096, .nodelay = true, .keepalive = true, .reuse_addr = true};
    t->hostname = uk_strdup("");
    t->bind_hostname = uk_strdup("");
}

static void read_sizes(uk_transport_settings *t, uk_reader *r) {
    int64_t frame = (int64_t)t->max_frame, send = t->send_buffer, receive = t->receive_buffer;
    int64_t backlog = t->backlog;
    uk_read_bytes(r, "maximum-frame-size", &frame);
    if (!r->rc && frame < 32000)
        uk_read_wrong(r, uk_read_at(r, "maximum-frame-size"), "must be at least 32000 bytes");
    if (!r->rc && frame > 1 << 30)
        uk_read_wrong(r, uk_read_at(r, "maximum-frame-size"), "must be at most 1 GiB");
    uk_read_bytes(r, "send-buffer-size", &send);
    uk_read_bytes(r, "receive-buffer-size", &receive);
    uk_read_count(r, "backlog", 0, INT_MAX, &backlog);
    t->max_frame = (size_t)frame;
    t->send_buffer = send > INT_MAX ? INT_MAX : (int)send;
    t->receive_buffer = receive > INT_MAX ? INT_MAX : (int)receive;
    t->backlog = backlog ? (int)backlog : JAVA_BACKLOG;
}

/* 0b: netty's own, which makes a low mark above the high one half of it. */
static void read_marks(uk_transport_settings *t, uk_reader *r) {
    int64_t high = 0, low = 0;
    uk_read_bytes(r, "write-buffer-high-water-mark", &high);
    uk_read_bytes(r, "write-buffer-low-water-mark", &low);
    if (high < 0) uk_read_wrong(r, uk_read_at(r, "write-buffer-high-water-mark"), "is negative");
    if (low < 0) uk_read_wrong(r, uk_read_at(r, "write-buffer-low-water-mark"), "is negative");
    if (!high) high = 64 * 1024;
    if (!low) low = high > 64 * 1024 ? high / 2 : 32 * 1024;
    if (low > high) low = high / 2;
    t->high_mark = (size_t)high;
    t->low_mark = (size_t)low;
}

/* Which of the two test adapters is called so in pekko.remote.classic.adapters? NULL: neither. */
static bool *adapter(uk_transport_settings *t, uk_reader *r, const char *name) {
    char path[200];
    const char *class_name = NULL;
    snprintf(path, sizeof path, "pekko.remote.classic.adapters.\"%s\"", name);
    ukko_config_string(r->cfg, path, &class_name);
    if (!class_name) return NULL;
    if (!strcmp(class_name, "org.apache.pekko.remote.transport.ThrottlerProvider"))
        return &t->trttl;
    if (!strcmp(class_name, "org.apache.pekko.remote.transport.FailureInjectorProvider"))
        return &t->gremlin;
    return NULL;
}

/* The first of the list is the outermost, and the first word of the scheme. */
static void read_adapters(uk_transport_settings *t, uk_reader *r) {
    char **names = NULL;
    size_t n = 0;
    uk_buf scheme = {0};
    uk_read_list(r, "applied-adapters", &names, &n);
    for (size_t i = 0; i < n; i++) {
        bool *which = adapter(t, r, names[i]);
        if (!which || *which)
            uk_read_wrong(r, uk_read_at(r, "applied-adapters"),
                          "may name, once each, adapters of pekko.remote.classic.adapters that are "
                          "ThrottlerProvider or FailureInjectorProvider");
        else *which = true;
        uk_buf_printf(&scheme, "%s.", which == &t->trttl ? "trttl" : "gremlin");
    }
    uk_free_list(names, n);
    uk_buf_str(&scheme, t->tls ? "ssl.tcp" : "tcp");
    t->scheme = uk_strdup(uk_buf_text(&scheme));
    uk_buf_fini(&scheme);
}

/* off-for-windows is on here. */
static void read_reuse(uk_transport_settings *t, uk_reader *r) {
    const char *p = uk_read_at(r, "tcp-reuse-addr"), *v;
    bool on = true;
    if (!ukko_config_string(r->cfg, p, &v) && !strcmp(v, "off-for-windows")) return;
    if (uk_read_found(r, p, ukko_config_bool(r->cfg, p, &on), "must be on, off or off-for-windows"))
        t->reuse_addr = on;
}

/* Classes and dispatchers of the JVM have no effect, but others than these would have had one there. */
static void check_classes(uk_reader *r) {
    char *dispatcher = NULL, *class_name = NULL;
    uk_read_string(r, "transport-class", &class_name);
    if (class_name && strcmp(class_name, NETTY "NettyTransport"))
        uk_read_wrong(r, uk_read_at(r, "transport-class"), "is no transport of this program");
    uk_read_string(r, "use-dispatcher-for-io", &dispatcher);
    if (dispatcher && *dispatcher && !ukko_config_has(r->cfg, dispatcher))
        uk_read_wrong(r, uk_read_at(r, "use-dispatcher-for-io"), "names a section that does not exist");
    uk_free(dispatcher);
    uk_free(class_name);
}

static void read_transport(uk_transport_settings *t, uk_reader *r) {
    check_classes(r);
    uk_read_string(r, "hostname", &t->hostname);
    uk_read_string(r, "bind-hostname", &t->bind_hostname);
    read_port(r, "port", false, &t->port);
    read_port(r, "bind-port", true, &t->bind_port);
    uk_read_bool(r, "enable-ssl", &t->tls);
    uk_read_ms(r, "connection-timeout", 1, &t->connect_ms);
    read_sizes(t, r);
    read_marks(t, r);
    uk_read_bool(r, "tcp-nodelay", &t->nodelay);
    uk_read_bool(r, "tcp-keepalive", &t->keepalive);
    read_reuse(t, r);
    read_adapters(t, r);
}

static void read_tls(uk_transport_settings *t, uk_reader *r) {
    uk_tls_settings *s = &t->security;
    s->mutual = true;
    uk_read_string(r, "ssl-engine-provider", &s->provider);
    s->section = uk_format("%s.security", t->path);
    r->base = s->section;
    uk_read_string(r, "key-store", &s->key_store);
    uk_read_string(r, "key-store-password", &s->key_store_password);
    uk_read_string(r, "key-password", &s->key_password);
    uk_read_string(r, "trust-store", &s->trust_store);
    uk_read_string(r, "trust-store-password", &s->trust_store_password);
    uk_read_string(r, "protocol", &s->protocol);
    uk_read_list(r, "enabled-algorithms", &s->suites, &s->n_suites);
    uk_read_bool(r, "require-mutual-authentication", &s->mutual);
    uk_read_bool(r, "hostname-verification", &s->verify_host);
    if (!r->rc && (!s->key_store || !s->trust_store || !s->protocol))
        r->rc = uk_error(r->err, UKKO_ECONFIG,
                         "%s: key-store, trust-store and protocol must be set", s->section);
}

static void add(uk_remote_settings *s, uk_reader *r, const char *path) {
    static const char list[] = "pekko.remote.classic.enabled-transports";
    if (!ukko_config_has(r->cfg, path)) {
        if (strcmp(path, "pekko.remote.classic.netty.tcp"))
            uk_read_wrong(r, list, "names a section that does not exist");
    }
    for (size_t i = 0; i < s->n_transports; i++)
        if (!strcmp(s->transports[i].path, path)) uk_read_wrong(r, list, "names a section twice");
    if (s->n_transports == UK_TRANSPORTS) uk_read_wrong(r, list, "names more than four transports");
    if (r->rc) return;
    uk_transport_settings *t = &s->transports[s->n_transports++];
    defaults(t, path);
    r->base = t->path;
    read_transport(t, r);
    if (t->tls && !r->rc) read_tls(t, r);
}

void uk_read_transports(uk_remote_settings *s, uk_reader *r) {
    static const char list[] = "pekko.remote.classic.enabled-transports";
    size_t n = 0;
    const char *path;
    if (!uk_read_found(r, list, ukko_config_count(r->cfg, list, &n), "must be a list")) {
        if (!r->rc) add(s, r, "pekko.remote.classic.netty.tcp");
        return;
    }
    if (!n) uk_read_wrong(r, list, "must name a transport");
    for (size_t i = 0; i < n && !r->rc; i++)
        if (ukko_config_string_at(r->cfg, list, i, &path))
            uk_read_wrong(r, list, "must be a list of sections");
        else add(s, r, path);
}

static void wipe(char *secret) {
    if (secret) explicit_bzero(secret, strlen(secret));
    uk_free(secret);
}

void uk_transport_settings_fini(uk_transport_settings *t) {
    uk_tls_settings *s = &t->security;
    char *const texts[] = {t->path,      t->scheme,      t->hostname,    t->bind_hostname, s->section,
                           s->key_store, s->trust_store, s->protocol,   s->provider};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) uk_free(texts[i]);
    wipe(s->key_store_password);
    wipe(s->key_password);
    wipe(s->trust_store_password);
    uk_free_list(s->suites, s->n_suites);
}
