/* SPDX-License-Identifier: Apache-2.0 */
/* A target of the command: its parts, what the peer itself must be asked, and a first connection that
   times and checks name and port. Main thread. */
#include "probe.h"
#include "tls_link.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Parsing ------------------------------------------------------------------------- */

static const char full_form[] =
    "pekko.tcp://SYSTEM@HOST:PORT, or HOST:PORT; for an actor with /user/NAME";

static int wrong(cli *c, const char *text, const char *code, const char *what, const char *hint) {
    problem p = {CLI_USAGE, code, "usage", text, hint};
    return cli_fail(c, &p, "%s", what);
}

/* host:port, cut out of [at, end) */
static bool take_host(target *t, const char *at, const char *end) {
    const char *colon = end > at ? memrchr(at, ':', (size_t)(end - at)) : NULL;
    if (!colon || colon == at || (size_t)(colon - at) >= sizeof t->host) return false;
    memcpy(t->host, at, (size_t)(colon - at));
    t->host[colon - at] = '\0';
    char *stop;
    long port = strtol(colon + 1, &stop, 10);
    t->port = (int)port;
    return stop == end && stop != colon + 1 && port > 0 && port < 65536 && !strchr(t->host, '@') &&
           (t->host[0] == '[' || !strchr(t->host, ':'));
}

/* What is most likely missing, of [text, end) behind the scheme. */
static const char *address_fault(const char *text, const char *end, bool scheme) {
    const char *at = memchr(text, '@', (size_t)(end - text)), *host = at ? at + 1 : text;
    const char *colon = end > host ? memrchr(host, ':', (size_t)(end - host)) : NULL;
    const char *bracket = end > host ? memrchr(host, ']', (size_t)(end - host)) : NULL;
    if (scheme && !at) return "not an address: the name of the system is missing";
    if (host == end || host == colon) return "not an address: the host is missing";
    if (!colon || (bracket && colon < bracket)) return "not an address: the port is missing";
    if (memchr(host, ':', (size_t)(colon - host)) && *host != '[')
        return "not an address: an IPv6 address stands in [ ]";
    if (strspn(colon + 1, "0123456789") != (size_t)(end - colon - 1) || colon + 1 == end)
        return "not an address: what stands behind the colon is no port";
    return "not an address: a port is between 1 and 65535";
}

/* "pekko.tcp://" and its kin: the length, 0: none of them */
static size_t take_scheme(target *t, const char *text) {
    static const struct {
        const char *text, *name;
        bool tls;
    } schemes[] = {{"pekko.tcp://", "pekko", false},
                   {"pekko.ssl.tcp://", "pekko", true},
                   {"akka.tcp://", "akka", false},
                   {"akka.ssl.tcp://", "akka", true}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].text);
        if (strncmp(text, schemes[i].text, n) != 0) continue;
        snprintf(t->name, sizeof t->name, "%s", schemes[i].name);
        t->tls = schemes[i].tls;
        return n;
    }
    return 0;
}

static int not_a_scheme(cli *c, const char *text) {
    static const char *const artery[][2] = {
        {"pekko://", "pekko:// is Artery (or a local path); this command speaks classic remoting"},
        {"akka://", "akka:// is Artery (or a local path); this command speaks classic remoting"}};
    for (int i = 0; i < 2; i++)
        if (strncmp(text, artery[i][0], strlen(artery[i][0])) == 0)
            return wrong(c, text, "PROTOCOL", artery[i][1], full_form);
    return wrong(c, text, "PROTOCOL", "not a protocol of classic remoting", full_form);
}

/* SYSTEM@HOST:PORT, or HOST:PORT without scheme */
static bool take_system(target *t, const char *text, const char *end, bool scheme) {
    const char *at = memchr(text, '@', (size_t)(end - text));
    if (!at && !scheme) return take_host(t, text, end);
    if (!at || at == text || (size_t)(at - text) >= sizeof t->system) return false;
    memcpy(t->system, text, (size_t)(at - text));
    t->system[at - text] = '\0';
    return take_host(t, at + 1, end);
}

void target_complete(target *t) {
    snprintf(t->address, sizeof t->address, "%s%s://%s@%s:%d", t->name,
             t->tls ? ".ssl.tcp" : ".tcp", t->system, t->host, t->port);
    snprintf(t->text, sizeof t->text, "%s%s", t->address, t->path);
}

int target_parse(cli *c, const char *text, target *t) {
    char whole[900];
    *t = (target){.port = 0};
    if (text[0] == '@' || text[0] == '/') {
        int status = context_target(c, text, whole, sizeof whole);
        if (status != CLI_OK) return status;
        text = whole;
    }
    size_t n = take_scheme(t, text);
    if (!n && strstr(text, "://")) return not_a_scheme(c, text);
    const char *system = text + n, *path = strchr(system, '/');
    const char *end = path ? path : text + strlen(text), *dialect = args_value(c, "dialect");
    if (end - text >= 400 || (path && strlen(path) >= 200))
        return wrong(c, text, "ADDRESS", "the address is too long", NULL);
    if (!take_system(t, system, end, n > 0))
        return wrong(c, text, "ADDRESS", address_fault(system, end, n > 0), full_form);
    snprintf(t->path, sizeof t->path, "%s", path ? path : "");
    if (!n && dialect && strcmp(dialect, "auto") != 0)
        snprintf(t->name, sizeof t->name, "%s", dialect);
    t->tls |= !n && args_count(c, "tls") > 0;
    snprintf(t->text, sizeof t->text, "%s", text);
    if (*t->name && *t->system) target_complete(t);
    return CLI_OK;
}

/* ---- Dialling ------------------------------------------------------------------------ */

static const char *peer_of(const target *t) { return *t->address ? t->address : t->text; }

static int not_resolved(cli *c, const target *t, int code) {
    problem p = {CLI_CONNECT, "UNKNOWN_HOST", "resolve", peer_of(t),
                 "check the spelling of the host name"};
    return cli_fail(c, &p, "cannot resolve %s: %s", t->host, gai_strerror(code));
}

static int not_connected(cli *c, const target *t, int error) {
    problem p = {CLI_CONNECT, "CONNECT", "connect", peer_of(t), NULL};
    if (error == ECONNREFUSED) {
        p.code = "CONNECT_REFUSED";
        p.hint = "nothing listens at this port: is the system up, is it pekko.remote.classic.netty"
                 ".tcp.port (not Artery's canonical.port)?";
    } else if (error == ETIMEDOUT) {
        p.code = "CONNECT_TIMEOUT";
        p.hint = "a firewall may drop the packets, or the host is down";
    }
    return cli_fail(c, &p, "cannot connect to %s:%d: %s", t->host, t->port, strerror(error));
}

int target_dial(cli *c, const target *t, int64_t *resolve_ns, int64_t *connect_ns, char *own,
                size_t len) {
    struct addrinfo *list;
    channel ch;
    uint16_t port;
    int64_t start = clock_ns();
    int code = channel_look_up(t->host, t->port, &list);
    if (code != 0) return not_resolved(c, t, code);
    int64_t resolved = clock_ns();
    bool connected = channel_dial(&ch, list, session_deadline(c->timeout_ms));
    freeaddrinfo(list);
    if (!connected) return not_connected(c, t, ch.error);
    *resolve_ns = resolved - start;
    *connect_ns = clock_ns() - resolved;
    channel_own(&ch, own, len, &port);
    channel_close(&ch);
    return CLI_OK;
}

/* ---- What host:port leaves open ------------------------------------------------------ */

int target_not_classic(cli *c, const target *t, port_kind kind, const char *first,
                       const char *otherwise) {
    static const struct {
        cli_exit status;
        const char *code, *hint, *text;
    } kinds[] = {
        [PORT_HTTP] = {CLI_HANDSHAKE, "NOT_PEKKO",
                       "take the port of pekko.remote.classic.netty.tcp", "an HTTP server answers"},
        [PORT_OTHER] = {CLI_HANDSHAKE, "NOT_PEKKO",
                        "take the port of pekko.remote.classic.netty.tcp",
                        "another protocol is spoken"},
        [PORT_TLS] = {CLI_TLS, "TLS_PORT",
                      "the peer's transport is netty.ssl: take PROTOCOL.ssl.tcp:// or --tls, with "
                      "--ca, --cert and --key",
                      "TLS is spoken"},
        [PORT_ARTERY] = {CLI_HANDSHAKE, "ARTERY",
                         "the peer needs pekko.remote.artery.enabled = off and "
                         "pekko.remote.classic.enabled-transports = "
                         "[\"pekko.remote.classic.netty.tcp\"]",
                         "Artery, not classic remoting, listens"},
        [PORT_LITTLE_ENDIAN] = {CLI_HANDSHAKE, "AKKA_NET",
                                "Akka.NET has other frames, serializers and names; it cannot be "
                                "talked to",
                                "frames with little-endian lengths (Akka.NET?) are spoken"},
    };
    if (kind == PORT_SILENT || kind == PORT_CLOSED) {
        problem p = {CLI_HANDSHAKE, "HANDSHAKE", "handshake", peer_of(t),
                     "the peer accepts connections and ends them before the handshake is over: is "
                     "it classic remoting, not Artery, and does it let this host in?"};
        return cli_fail(c, &p, "%s", otherwise);
    }
    problem p = {kinds[kind].status, kinds[kind].code, "handshake", peer_of(t), kinds[kind].hint};
    return kind == PORT_OTHER && *first
               ? cli_fail(c, &p, "%s at %s:%d; it begins with \"%s\"", kinds[kind].text, t->host,
                          t->port, first)
               : cli_fail(c, &p, "%s at %s:%d", kinds[kind].text, t->host, t->port);
}

static int learn_failed(cli *c, const target *t, outcome out, int64_t timeout_ms) {
    problem p = {CLI_TIMEOUT, "TIMEOUT", "handshake", t->text,
                 "the port takes connections but does not answer the handshake: is it classic "
                 "remoting (not Artery), is the process stopped?"};
    char first[100];
    if (out == OUT_QUARANTINED || out == OUT_SHUTDOWN || out == OUT_LEFT) {
        p = (problem){out == OUT_QUARANTINED ? CLI_QUARANTINED : CLI_HANDSHAKE,
                      out == OUT_QUARANTINED ? "QUARANTINED" : "HANDSHAKE", "handshake", t->text,
                      NULL};
        return cli_fail(c, &p, "the peer %s",
                        out == OUT_SHUTDOWN ? "is shutting down"
                        : out == OUT_LEFT   ? "ended the handshake"
                                            : "has quarantined this system");
    }
    port_kind kind = classify_port(t->host, t->port, first, sizeof first);
    if (kind != PORT_SILENT && (kind != PORT_CLOSED || out != OUT_SILENCE))
        return target_not_classic(c, t, kind, first, "the link was closed");
    return cli_fail(c, &p, "no answer within %lld ms", (long long)timeout_ms);
}

static int open_tls(cli *c, const target *t, channel *ch, int64_t deadline) {
    tls_material m;
    tls_report r;
    char why[300];
    int status = keys_of(c, NULL, &m);
    if (status != CLI_OK) return status;
    tls_setup *setup = tls_setup_new(&m, false, why, sizeof why);
    if (!setup) return cli_usage(c, "TLS: %s", why);
    bool up = channel_tls(ch, setup, t->host, deadline, &r);
    tls_setup_free(setup);
    problem bad = {CLI_TLS, tls_fault_name(r.fault), "tls", t->text,
                   "ukko doctor says more about it"};
    char detail[sizeof r.detail];
    snprintf(detail, sizeof detail, "%s", r.detail);
    tls_report_fini(&r);
    return up ? CLI_OK : cli_fail(c, &bad, "TLS failed: %s", detail);
}

int target_connect(cli *c, const target *t, channel *ch) {
    struct addrinfo *list;
    int64_t deadline = session_deadline(c->timeout_ms);
    *ch = (channel){.fd = -1};
    int code = channel_look_up(t->host, t->port, &list);
    if (code != 0) return not_resolved(c, t, code);
    bool up = channel_dial(ch, list, deadline);
    freeaddrinfo(list);
    if (!up) return not_connected(c, t, ch->error);
    return t->tls ? open_tls(c, t, ch, deadline) : CLI_OK;
}

/* pekko or akka: the wrong one is dropped by the peer without a word to us. */
static int learn_name(cli *c, target *t, probe *p) {
    static const char *const names[] = {"pekko", "akka"};
    for (int i = 0; i < 2; i++) {
        p->name = names[i];
        int64_t limit = c->timeout_ms / 2 < 2000 ? c->timeout_ms / 2 : 2000;
        outcome out = probe_ask(p, &p->peer, "/user", HOW_DIRECT, session_deadline(limit), NULL);
        if (out == OUT_YES || out == OUT_NOBODY) {
            snprintf(t->name, sizeof t->name, "%s", p->name);
            return CLI_OK;
        }
        if (out != OUT_SILENCE) return learn_failed(c, t, out, limit);
    }
    problem bad = {CLI_TIMEOUT, "TIMEOUT", "lookup", t->text,
                   "the handshake was fine, but nothing came back under pekko or akka: ukko doctor "
                   "says more. A peer that dials back needs --listen and the whole address, "
                   "pekko.tcp://SYSTEM@HOST:PORT"};
    return cli_fail(c, &bad, "no answer within %lld ms", (long long)c->timeout_ms);
}

static int learn_from(cli *c, target *t, probe *p, int64_t deadline) {
    char host[64];
    channel_own(&p->ch, host, sizeof host, &p->self.port);
    snprintf(p->self.host, sizeof p->self.host, "%s", host);
    snprintf(p->self.protocol, sizeof p->self.protocol, "%s", t->tls ? "ssl.tcp" : "tcp");
    int status = t->tls ? open_tls(c, t, &p->ch, deadline) : CLI_OK;
    outcome out = status == CLI_OK ? probe_handshake(p, deadline) : OUT_YES;
    if (status == CLI_OK && out != OUT_YES) status = learn_failed(c, t, out, c->timeout_ms);
    if (status == CLI_OK && !*t->name) status = learn_name(c, t, p);
    return status;
}

int target_learn(cli *c, target *t) {
    struct addrinfo *list;
    probe p;
    if (*t->address) return CLI_OK;
    int64_t deadline = session_deadline(c->timeout_ms);
    int code = channel_look_up(t->host, t->port, &list);
    if (code != 0) return not_resolved(c, t, code);
    probe_init(&p);
    int status = channel_dial(&p.ch, list, deadline) ? learn_from(c, t, &p, deadline)
                                                     : not_connected(c, t, p.ch.error);
    freeaddrinfo(list);
    probe_close(&p);
    if (status != CLI_OK) return status;
    snprintf(t->system, sizeof t->system, "%s", p.peer.system);
    if (strcmp(p.peer.host, t->host) != 0 || p.peer.port != t->port)
        snprintf(t->published, sizeof t->published, "%.250s:%d", p.peer.host, p.peer.port);
    snprintf(t->host, sizeof t->host, "%s", p.peer.host);
    t->port = p.peer.port;
    target_complete(t);
    return CLI_OK;
}

/* ---- Where it really is -------------------------------------------------------------- */

enum { PEEK_MS = 500 };

static void peek(cli *c, const target *t, probe *p, target *real) {
    char host[64];
    int64_t deadline = session_deadline(PEEK_MS);
    channel_own(&p->ch, host, sizeof host, &p->self.port);
    snprintf(p->self.host, sizeof p->self.host, "%s", host);
    snprintf(p->self.protocol, sizeof p->self.protocol, "%s", t->tls ? "ssl.tcp" : "tcp");
    if (t->tls && open_tls(c, t, &p->ch, deadline) != CLI_OK) return;
    if (probe_handshake(p, deadline) != OUT_YES) return;
    static const char *const names[] = {"pekko", "akka"};
    outcome out = OUT_SILENCE;
    for (int i = 0; i < 2 && out == OUT_SILENCE; i++) {
        p->name = names[i];
        out = probe_ask(p, &p->peer, "/user", HOW_DIRECT, session_deadline(PEEK_MS), NULL);
    }
    if (out != OUT_YES && out != OUT_NOBODY) p->name = t->name;
    snprintf(real->name, sizeof real->name, "%s", p->name);
    snprintf(real->system, sizeof real->system, "%s", p->peer.system);
    snprintf(real->host, sizeof real->host, "%s", p->peer.host);
    real->port = p->peer.port;
    target_complete(real);
}

bool target_is_elsewhere(cli *c, const target *t, target *real) {
    struct addrinfo *list;
    probe p;
    *real = *t;
    if (channel_look_up(t->host, t->port, &list) != 0) return false;
    probe_init(&p);
    if (channel_dial(&p.ch, list, session_deadline(PEEK_MS))) peek(c, t, &p, real);
    freeaddrinfo(list);
    probe_close(&p);
    return strcmp(real->address, t->address) != 0;
}
