/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be who, and say what: whether a peer's address is credible, whether the names in its
   certificate allow it (ukko.remote.tls.peers), and which classes of messages are let in. I/O thread
   only. */
#include "remote/internal.h"
#include <stdio.h>

static void tell(uk_conn *c, const char *text) {
    uk_log(c->remote->sys,
           uk_sniff_first(c->remote, c->from, text) ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           UK_LOG_MANAGER, "SECURITY", NULL, "Remote connection to [%s]: %s; disassociating",
           c->from, text);
}

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

bool uk_access_allowed(uk_conn *c, const char *address) {
    question q = {.set = &c->remote->set, .address = address};
    c->untrusted = q.set->untrusted;
    if (!c->transport->tls || !q.set->n_rules) return true;
    uk_tls_each_name(c->tls, try_name, &q);
    c->rule = q.rule;
    if (q.rule) {
        c->untrusted |= q.rule->untrusted;
        return true;
    }
    char text[700];
    snprintf(text, sizeof text, "no rule of ukko.remote.tls.peers lets the peer with the "
             "certificate of [%s] be [%s]", q.subject[0] ? q.subject : "nobody", address);
    tell(c, text);
    return false;
}

/* ---- classes ---- */

/* What the runtimes say to one another, whatever actors may say. */
static bool is_ours(const char *name) {
    static const char *const names[] = {
        "org.apache.pekko.actor.Identify", "org.apache.pekko.actor.ActorIdentity",
        "org.apache.pekko.dispatch.sysmsg.SystemMessage"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return !strncmp(name, "org.apache.pekko.remote.RemoteWatcher$", 38);
}

static bool listed(char *const *patterns, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (uk_tls_name_matches(patterns[i], name)) return true;
    return n == 0;
}

bool uk_access_takes(uk_conn *c, const uk_wire *e) {
    const uk_remote_settings *s = &c->remote->set;
    char buf[300];
    if (!s->n_classes && !(c->rule && c->rule->n_classes)) return true;
    const char *name = uk_serial_class(c->remote->serial, e->serializer, e->manifest, e->message,
                                       buf, sizeof buf);
    if (is_ours(name)) return true;
    bool all = listed(s->classes, s->n_classes, name);
    if (all && (!c->rule || listed(c->rule->classes, c->rule->n_classes, name))) return true;
    uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_READER, "SECURITY", NULL,
           "dropping inbound message of class [%s] from [%s]: it is not in %s", name,
           c->peer ? c->peer->address : c->from,
           all ? "the classes of its rule in ukko.remote.tls.peers"
               : "ukko.remote.accepted-classes");
    return false;
}

/* A peer may call itself what it likes, but for what only this node is, and what only those who come
   in by another transport can be: else plain bytes would answer for one behind TLS. */
bool uk_access_credible(uk_conn *c, const char *address) {
    uk_path path;
    if (address) {
        uk_peer_parse(ukko_str(address), &path);
        uk_transport *t = uk_transport_for(c->remote, path.protocol);
        if (!uk_remote_is_own(c->remote, &path) && (!t || t->set->tls == c->transport->set->tls))
            return true;
    }
    char text[400];
    snprintf(text, sizeof text, "the peer calls itself [%s], which cannot be",
             address ? address : "something that is no address");
    tell(c, text);
    return false;
}
