/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be who: whether a peer's address is credible, and whether the names in its certificate
   allow it (ukko.remote.tls.peers). I/O thread only. */
#include "remote/internal.h"
#include <stdio.h>

typedef struct question {
    const uk_remote_settings *set;
    const char *address;
    const uk_peer_rule *rule; /* the first that fits */
    char subject[200];
} question;

static bool fits(const uk_peer_rule *rule, const char *name, const char *address) {
    if (!uk_tls_name_matches(rule->subject, name)) return false;
    for (size_t i = 0; i < rule->n_addresses; i++)
        if (uk_tls_name_matches(rule->addresses[i], address)) return true;
    return rule->n_addresses == 0;
}

static bool try_name(void *data, const char *name) {
    question *q = data;
    if (!q->subject[0]) snprintf(q->subject, sizeof q->subject, "%s", name);
    for (size_t i = 0; i < q->set->n_rules && !q->rule; i++)
        if (fits(&q->set->rules[i], name, q->address)) q->rule = &q->set->rules[i];
    return !q->rule;
}

bool uk_access_allowed(uk_conn *c, const char *address, bool *untrusted) {
    question q = {.set = &c->remote->set, .address = address};
    *untrusted = q.set->untrusted;
    if (!c->transport->tls || !q.set->n_rules) return true;
    uk_tls_each_name(uk_stream_filter(c->stream), try_name, &q);
    if (q.rule) {
        *untrusted |= q.rule->untrusted;
        return true;
    }
    uk_log(c->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, "SECURITY", NULL,
           "No rule of ukko.remote.tls.peers lets the peer at [%s] with the certificate of [%s] be "
           "[%s]; disassociating", c->from, q.subject[0] ? q.subject : "nobody", address);
    return false;
}

/* A peer may call itself what it likes, but for what only this node is, and what only those who come
   in by another transport can be: else plain bytes would answer for one behind TLS. */
bool uk_access_credible(uk_conn *c, const char *address) {
    uk_path path;
    if (address && !uk_address_parse(ukko_str(address), &path)) {
        uk_transport *t = uk_transport_for(c->remote, path.protocol);
        if (!uk_remote_is_own(c->remote, &path) && (!t || t->set->tls == c->transport->set->tls))
            return true;
    }
    uk_log(c->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, NULL,
           "A peer at [%s] calls itself [%s], which cannot be; disassociating", c->from,
           address ? address : "something that is no address");
    return false;
}
