/* SPDX-License-Identifier: Apache-2.0 */
/* The settings below ukko.remote, which Pekko does not know. Runs on the thread that starts the
   system. */
#include "remote/reader.h"
#include "base/error.h"
#include "base/mem.h"
#include <string.h>

enum { MAX_RULES = 10000 };

/* ---- ukko.remote.tls ---- */

static void read_rule(uk_peer_rule *rule, const ukko_config *cfg, uk_reader *outer) {
    static const char base[] = "ukko.remote.tls.peers";
    const char *subject = NULL;
    size_t n = 0;
    if (ukko_config_string(cfg, "subject", &subject))
        uk_read_wrong(outer, base, "each rule needs a subject");
    else rule->subject = uk_strdup(subject);
    if (ukko_config_bool(cfg, "untrusted", &rule->untrusted) == UKKO_ETYPE)
        uk_read_wrong(outer, base, "untrusted must be on or off");
    if (ukko_config_count(cfg, "addresses", &n) == UKKO_ETYPE)
        uk_read_wrong(outer, base, "addresses must be a list");
    rule->addresses = uk_zalloc((n + 1) * sizeof *rule->addresses);
    for (size_t i = 0; i < n; i++) {
        const char *address;
        if (ukko_config_string_at(cfg, "addresses", i, &address))
            uk_read_wrong(outer, base, "addresses must be a list of strings");
        else rule->addresses[rule->n_addresses++] = uk_strdup(address);
    }
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
        if (ukko_config_object_at(r->cfg, "ukko.remote.tls.peers", i, &rule))
            uk_read_wrong(r, "ukko.remote.tls.peers", "must be a list of rules");
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

/* ---- all ---- */

void uk_read_own(uk_remote_settings *s, uk_reader *r) {
    read_tls(s, r);
}

void uk_own_settings_fini(uk_remote_settings *s) {
    uk_free(s->key_log);
    for (size_t i = 0; i < s->n_rules; i++) {
        uk_free(s->rules[i].subject);
        uk_free_list(s->rules[i].addresses, s->rules[i].n_addresses);
    }
    uk_free(s->rules);
}
