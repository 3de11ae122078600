/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's look at TLS: versions, cipher suites, the peer's certificate, and what it thinks of
   ours. Main thread. */
#include "doctor.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OWN_FIX SECURITY "key-store = a store with a certificate that is valid now"

enum { LATE_MS = 300 };

static const char *alternative(const exam *e) {
    return e->keys.cert || e->keys.keystore ? "the own one is not trusted there" : "none was given";
}

static bool attempt(exam *e, const tls_material *m, tls_report *r, channel *ch) {
    char why[300];
    tls_setup *s = tls_setup_new(m, false, why, sizeof why);
    *r = (tls_report){.fault = TLS_OTHER};
    *ch = (channel){.fd = -1};
    if (!s) {
        snprintf(r->detail, sizeof r->detail, "%s", why);
        return false;
    }
    int64_t deadline = exam_deadline(e);
    channel_connect(ch, e->t.host, e->t.port, deadline);
    bool up = ch->fd >= 0 && channel_tls(ch, s, e->t.host, deadline, r);
    if (up && strcmp(r->version, "TLSv1.3") == 0) {
        /* what the peer says of our certificate comes with the first answer */
        channel_send(ch, "", 0, deadline);
        channel_fill(ch, session_deadline(LATE_MS));
        up = !tls_link_refused(ch->tls, r);
    }
    tls_setup_free(s);
    return up;
}

/* ---- Failures ------------------------------------------------------------------------ */

/* No TLS: what else is there? Most often classic remoting without it. */
static void find_no_tls(exam *e, const tls_report *r) {
    finding f = {"tls",        FAIL,   CLI_TLS,
                 "TLS_NO_TLS", "peer", CLASSIC "enabled-transports = [\"" CLASSIC "netty.ssl\"]"};
    char fix[1200], first[100] = "", address[700];
    probe p;
    e->t.tls = false;
    outcome out = exam_probe(e, &p, false, exam_deadline(e)) ? probe_handshake(&p, exam_deadline(e))
                                                             : OUT_CLOSED;
    if (out == OUT_YES) {
        identity_print(&p.peer, *e->t.name ? e->t.name : "pekko", address, sizeof address);
        snprintf(fix, sizeof fix, "address it as %s; or at the peer: %s", address, f.fix);
        f.where = "here", f.fix = fix;
        find(e, &f, "classic remoting without TLS is spoken at this port, by the system \"%s\"",
             p.peer.system);
    } else {
        port_kind kind = classify_port(e->t.host, e->t.port, first, sizeof first);
        bool known = kind != PORT_SILENT && kind != PORT_CLOSED;
        if (kind == PORT_ARTERY) f.fix = "pekko.remote.artery.enabled = off";
        else if (known) f.where = "here", f.fix = "take the port of " CLASSIC "netty.ssl";
        find(e, &f, "TLS is not spoken at this port%s%s (%s)", known ? ", but " : "",
             known ? port_kind_text(kind) : "", r->detail);
    }
    probe_close(&p);
    e->t.tls = true;
}

static void find_fault(exam *e, const tls_report *r) {
    finding f = {"tls", FAIL, CLI_TLS, tls_fault_name(r->fault), "peer", NULL};
    char fix[400];
    switch (r->fault) {
    case TLS_NO_TLS:
    case TLS_CLOSED:
    case TLS_SILENT: find_no_tls(e, r); return;
    case TLS_VERSION:
        f.fix = SECURITY "protocol = \"TLSv1.2\" or \"TLSv1.3\", the same on both sides";
        find(e, &f, "no TLS version in common (%s)", r->detail);
        return;
    case TLS_CIPHER:
        f.fix = SECURITY "enabled-algorithms: one suite has to be in the lists of both sides";
        find(e, &f, "no cipher suite in common (%s)", r->detail);
        return;
    case TLS_CLIENT_CERT:
        f.where = "here";
        f.fix =
            SECURITY "key-store = a store with a certificate that the peer trusts (here: --cert, "
                     "--key or --keystore)";
        find(e, &f, "the peer wants a client certificate; %s", alternative(e));
        return;
    case TLS_CLIENT_REFUSED:
        snprintf(fix, sizeof fix, SECURITY "trust-store = a store that holds %s",
                 *e->own_issuer ? e->own_issuer : "the issuer of this side's certificate");
        f.fix = fix;
        if (e->own_bad) f.where = "here", f.fix = OWN_FIX;
        find(e, &f, "the peer does not accept this side's certificate (%s)", r->detail);
        return;
    default: f.where = NULL; find(e, &f, "TLS fails: %s", r->detail);
    }
}

bool exam_refused(exam *e, const tls_link *l) {
    tls_report r = {.had_own = e->keys.cert || e->keys.keystore};
    bool refused = tls_link_refused(l, &r);
    if (refused) find_fault(e, &r);
    return refused;
}

/* ---- The certificate ----------------------------------------------------------------- */

static void day(int64_t seconds, char *buf, size_t len) {
    time_t t = (time_t)seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(buf, len, "%Y-%m-%d", &tm);
}

static void check_dates(exam *e, const tls_report *r) {
    char from[32], to[32];
    day(r->not_before, from, sizeof from);
    day(r->not_after, to, sizeof to);
    int64_t days = (r->not_after - (int64_t)time(NULL)) / 86400;
    finding f = {"cert",  FAIL,
                 CLI_TLS, "CERT_EXPIRED",
                 "peer",  SECURITY "key-store = a store with a certificate that is valid now"};
    if (r->expired) {
        find(e, &f, "%s: expired on %s", r->subject, to);
    } else if (r->early) {
        f.code = "CERT_NOT_YET_VALID";
        f.fix = "set the clock right, or wait: the certificate begins later";
        f.where = "here";
        find(e, &f, "%s: not valid before %s", r->subject, from);
    } else {
        f = (finding){"cert",
                      days < 30 ? WARN : FINE,
                      CLI_OK,
                      days < 30 ? "CERT_EXPIRES" : NULL,
                      days < 30 ? "peer" : NULL,
                      days < 30 ? SECURITY "key-store = a store with a new certificate" : NULL};
        find(e, &f, "%s, valid until %s", r->subject, to);
    }
}

static void check_trust(exam *e, const tls_report *r) {
    char fix[500];
    if (!r->verified) {
        find(e, &(finding){"trust", SKIPPED, CLI_OK, NULL, NULL, NULL},
             "issued by %s; not checked: give --ca or --truststore", r->issuer);
        return;
    }
    bool dates = r->expired || r->early; /* said already */
    if (r->verify == 0 || (dates && !r->untrusted)) {
        find(e, &(finding){"trust", FINE, CLI_OK, NULL, NULL, NULL}, "issued by %s", r->issuer);
        return;
    }
    snprintf(fix, sizeof fix, SECURITY "trust-store = a store that holds %s",
             r->self_signed ? "this certificate" : r->issuer);
    finding f = {
        "trust",
        FAIL,
        CLI_TLS,
        r->self_signed ? "CERT_SELF_SIGNED" : r->untrusted ? "CERT_UNTRUSTED" : "CERT_INVALID",
        "here",
        fix};
    if (r->self_signed) find(e, &f, "it is self-signed, and this side does not trust it");
    else if (r->untrusted)
        find(e, &f, "this side does not trust its issuer, %s (%s)", r->issuer, r->verify_text);
    else find(e, &f, "%s", r->verify_text);
}

static void check_name(exam *e, const tls_report *r) {
    char fix[500];
    if (r->name_fits) {
        find(e, &(finding){"certname", FINE, CLI_OK, NULL, NULL, NULL}, "it is for %s", e->t.host);
        return;
    }
    snprintf(fix, sizeof fix,
             SECURITY "key-store = a store whose certificate names %s (subjectAltName)", e->t.host);
    find(e, &(finding){"certname", WARN, CLI_OK, "CERT_HOSTNAME", "peer", fix},
         "the certificate is for %s, not for %s: nodes that verify host names refuse it",
         *r->names ? r->names : r->subject, e->t.host);
}

/* The own certificate, when there is one: the peer may say no more of it than that it is bad. */
static void check_own(exam *e, const tls_setup *s) {
    tls_report r;
    char from[32], to[32];
    if (tls_setup_own(s, &r)) {
        finding f = {"owncert", FAIL, CLI_TLS, "OWN_CERT_EXPIRED", "here", OWN_FIX};
        finding good = {"owncert", FINE, CLI_OK, NULL, NULL, NULL};
        day(r.not_before, from, sizeof from);
        day(r.not_after, to, sizeof to);
        snprintf(e->own_issuer, sizeof e->own_issuer, "%s", r.issuer);
        e->own_bad = r.expired || r.early;
        if (r.early) f.code = "OWN_CERT_NOT_YET_VALID";
        find(e, e->own_bad ? &f : &good, "%s, issued by %s, %s %s", r.subject, r.issuer,
             r.expired ? "expired on"
             : r.early ? "not valid before"
                       : "valid until",
             r.early ? from : to);
    }
}

/* ---- Versions and suites of this side's own settings --------------------------------- */

static bool speaks(exam *e, int version) {
    tls_material m = e->keys;
    tls_report r;
    channel ch;
    m.least = m.most = version;
    m.ciphers = NULL;
    attempt(e, &m, &r, &ch);
    bool yes = *r.version != '\0';
    channel_close(&ch);
    tls_report_fini(&r);
    return yes;
}

static void check_versions(exam *e) {
    bool old = speaks(e, 12), new = speaks(e, 13);
    const char *text = old && new ? "TLSv1.2 and TLSv1.3" : new ? "TLSv1.3" : "TLSv1.2";
    bool fits = (e->keys.least != 13 || new) && (e->keys.most != 12 || old);
    if (fits) {
        find(e, &(finding){"versions", FINE, CLI_OK, NULL, NULL, NULL}, "%s", text);
        return;
    }
    find(e,
         &(finding){"versions", FAIL, CLI_TLS, "TLS_VERSION", "here",
                    new ? SECURITY "protocol = \"TLSv1.3\"" : SECURITY "protocol = \"TLSv1.2\""},
         "the peer speaks %s only, this side's configuration says TLSv1.%d", text,
         e->keys.least - 10);
}

/* The suites of the configuration, when it names some. */
static bool own_suites(exam *e, char *buf, size_t len) {
    size_t n = 0, at = 0;
    const char *path = SECURITY "enabled-algorithms", *name;
    if (!e->config || ukko_config_count(e->config, path, &n) != UKKO_OK) return false;
    *buf = '\0';
    for (size_t i = 0; i < n && at + 80 < len; i++)
        if (ukko_config_string_at(e->config, path, i, &name) == UKKO_OK)
            at += (size_t)snprintf(buf + at, len - at, "%s%.70s", at ? " " : "", name);
    return n > 0;
}

static void check_suites(exam *e, const tls_report *seen) {
    char list[3000], fix[300];
    tls_material m = e->keys;
    tls_report r;
    channel ch;
    if (!own_suites(e, list, sizeof list)) return;
    m.ciphers = list;
    bool up = attempt(e, &m, &r, &ch);
    if (up || *r.cipher) {
        find(e, &(finding){"suites", FINE, CLI_OK, NULL, NULL, NULL}, "%s", r.cipher);
    } else {
        snprintf(fix, sizeof fix, SECURITY "enabled-algorithms = [\"%s\"]", seen->cipher);
        find(e, &(finding){"suites", FAIL, CLI_TLS, "TLS_CIPHER", "here", fix},
             "none of this side's suites is accepted (%s); the peer would take %s", r.detail,
             seen->cipher);
    }
    channel_close(&ch);
    tls_report_fini(&r);
}

/* ---- The whole ----------------------------------------------------------------------- */

/* What can be made of key and trust store; NULL: they cannot be used at all. */
static tls_setup *check_keys(exam *e, const tls_material *m) {
    char why[300];
    tls_setup *s = tls_setup_new(m, false, why, sizeof why);
    if (!s)
        find(e,
             &(finding){"keys", FAIL, CLI_TLS, "KEYS", "here",
                        SECURITY "key-store, key-store-password, trust-store (ukko tls show, ukko "
                                 "tls check)"},
             "the own keys and certificates cannot be used: %s", why);
    return s;
}

bool exam_tls(exam *e) {
    tls_report r;
    channel ch;
    char why[300];
    tls_material any = e->keys; /* as much as possible, to see as much as possible */
    any.least = any.most = 0;
    tls_setup *own = check_keys(e, &any);
    if (!own) return false;
    bool up = attempt(e, &any, &r, &ch);
    channel_close(&ch);
    if (*r.version)
        find(e, &(finding){"tls", FINE, CLI_OK, NULL, NULL, NULL}, "%s, %s%s", r.version, r.cipher,
             r.asked ? "; asks for a client certificate" : "");
    if (*r.subject) {
        check_dates(e, &r);
        check_trust(e, &r);
        check_name(e, &r);
    }
    check_own(e, own);
    tls_setup_free(own);
    if (!up) {
        find_fault(e, &r);
    } else {
        check_versions(e);
        check_suites(e, &r);
        e->tls = tls_setup_new(&any, false, why, sizeof why);
    }
    tls_report_fini(&r);
    return up;
}
