/* SPDX-License-Identifier: Apache-2.0 */
/* The settings below ukko.remote, which Pekko does not know. Runs on the thread that starts the
   system. */
#include "remote/reader.h"
#include "base/error.h"
#include "base/mem.h"
#include "actor/path.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_RULES = 10000 };

/* ---- ukko.remote.tls ---- */

static const char RULES[] = "ukko.remote.tls.peers";

static void read_patterns(const ukko_config *cfg, const char *name, char ***out, size_t *n,
                          uk_reader *outer) {
    size_t count = 0;
    int rc = ukko_config_count(cfg, name, &count);
    if (rc && rc != UKKO_ENOTFOUND)
        uk_read_wrong(outer, RULES, "addresses and classes must be lists");
    *out = uk_zalloc((count + 1) * sizeof **out);
    for (size_t i = 0; i < count; i++) {
        const char *text;
        if (ukko_config_string_at(cfg, name, i, &text))
            uk_read_wrong(outer, RULES, "addresses and classes must be lists of strings");
        else (*out)[(*n)++] = uk_strdup(text);
    }
}

static void read_rule(uk_peer_rule *rule, const ukko_config *cfg, uk_reader *outer) {
    const char *subject = NULL;
    if (ukko_config_string(cfg, "subject", &subject))
        uk_read_wrong(outer, RULES, "each rule needs a subject");
    else rule->subject = uk_strdup(subject);
    if (ukko_config_bool(cfg, "untrusted", &rule->untrusted) == UKKO_ETYPE)
        uk_read_wrong(outer, RULES, "untrusted must be on or off");
    read_patterns(cfg, "addresses", &rule->addresses, &rule->n_addresses, outer);
    read_patterns(cfg, "classes", &rule->classes, &rule->n_classes, outer);
}

static void read_rules(uk_remote_settings *s, uk_reader *r) {
    const char *p = uk_read_at(r, "peers");
    size_t n = 0;
    if (!uk_read_found(r, p, ukko_config_count(r->cfg, p, &n), "must be a list of rules")) return;
    if (n > MAX_RULES) uk_read_wrong(r, p, "has more than 10000 rules");
    if (r->rc || !n) return;
    s->rules = uk_zalloc(n * sizeof *s->rules);
    for (size_t i = 0; i < n && !r->rc; i++) {
        ukko_config *rule = NULL;
        if (ukko_config_object_at(r->cfg, RULES, i, &rule))
            uk_read_wrong(r, RULES, "must be a list of rules");
        else read_rule(&s->rules[s->n_rules++], rule, r);
        ukko_config_release(rule);
    }
}

static void read_tls(uk_remote_settings *s, uk_reader *r) {
    r->base = "ukko.remote.tls";
    uk_read_string(r, "key-log-file", &s->key_log);
    uk_read_ms_or_off(r, "reload-interval", &s->reload_ms);
    read_rules(s, r);
}

/* ---- ukko.remote.limits ---- */

static void read_limits(uk_limits *l, uk_reader *r) {
    int64_t bytes = 16 << 10;
    *l = (uk_limits){.connections = 16384, .per_host = 4096, .handshakes = 1024,
                     .handshakes_per_host = 512, .frame_ms = 120000, .write_ms = 120000,
                     .in_flight = (int64_t)512 << 20};
    r->base = "ukko.remote.limits";
    uk_read_size(r, "max-connections", &l->connections);
    uk_read_size(r, "max-connections-per-host", &l->per_host);
    uk_read_size(r, "max-handshakes", &l->handshakes);
    uk_read_size(r, "max-handshakes-per-host", &l->handshakes_per_host);
    uk_read_bytes(r, "max-handshake-bytes", &bytes);
    if (bytes < 1024) uk_read_wrong(r, uk_read_at(r, "max-handshake-bytes"), "must be 1 KiB or more");
    uk_read_ms_or_off(r, "frame-timeout", &l->frame_ms);
    uk_read_ms_or_off(r, "write-timeout", &l->write_ms);
    uk_read_bytes(r, "max-bytes-in-flight", &l->in_flight);
    if (l->in_flight < 1 << 20)
        uk_read_wrong(r, uk_read_at(r, "max-bytes-in-flight"), "must be 1 MiB or more");
    l->handshake_bytes = (size_t)bytes;
}

/* ---- accepted-addresses ---- */

/* "host", "host:port", "[::1]:25520" or "pekko.tcp://sys@host:port". */
static bool is_alias(const char *text) {
    uk_path path;
    if (strstr(text, "://"))
        return !uk_address_parse(ukko_str(text), &path) && path.host.len && path.system.len;
    const char *colon = *text == '[' ? strstr(text, "]:") : strrchr(text, ':');
    if (!colon) return uk_host_valid(ukko_str(text));
    colon += *colon == ']';
    char *end;
    long port = strtol(colon + 1, &end, 10);
    return uk_host_valid((ukko_slice){(const uint8_t *)text, (size_t)(colon - text)}) &&
           colon[1] >= '0' && colon[1] <= '9' && !*end && port > 0 && port <= 65535;
}

static void read_aliases(uk_remote_settings *s, uk_reader *r) {
    uk_read_list(r, "accepted-addresses", &s->aliases, &s->n_aliases);
    for (size_t i = 0; i < s->n_aliases; i++)
        if (!is_alias(s->aliases[i]))
            uk_read_wrong(r, uk_read_at(r, "accepted-addresses"),
                          "must be a list of \"host\", \"host:port\" or whole addresses, as "
                          "\"pekko.tcp://system@host:port\"");
}

/* ---- all ---- */

void uk_read_own(uk_remote_settings *s, uk_reader *r) {
    r->base = "ukko.remote";
    uk_read_list(r, "accepted-classes", &s->classes, &s->n_classes);
    read_aliases(s, r);
    uk_read_bool(r, "client", &s->client);
    read_limits(&s->limits, r);
    read_tls(s, r);
}

void uk_own_settings_fini(uk_remote_settings *s) {
    uk_free(s->key_log);
    uk_free_list(s->classes, s->n_classes);
    uk_free_list(s->aliases, s->n_aliases);
    for (size_t i = 0; i < s->n_rules; i++) {
        uk_free(s->rules[i].subject);
        uk_free_list(s->rules[i].addresses, s->rules[i].n_addresses);
        uk_free_list(s->rules[i].classes, s->rules[i].n_classes);
    }
    uk_free(s->rules);
}
