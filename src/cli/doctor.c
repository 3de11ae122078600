/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko doctor`: why can this node not be talked to? From the name look-up to the last question, each
   check is one finding with the line of configuration to change. Main thread. */
#include "doctor.h"
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Findings ------------------------------------------------------------------------ */

static const char *mark(const cli *c, verdict v) {
    static const char *const plain[] = {"ok  ", "warn", "FAIL", "-   "};
    static const char *const colored[] = {"\033[32mok  \033[0m", "\033[33mwarn\033[0m",
                                          "\033[31;1mFAIL\033[0m", "-   "};
    return (c->color ? colored : plain)[v];
}

static void print_finding(exam *e, const finding *f, const char *text) {
    static const char *const names[] = {"ok", "warn", "fail", "skipped"};
    json_t *j = json_object();
    json_object_set_new(j, "target", output_text(e->t.text));
    json_object_set_new(j, "check", output_text(f->check));
    json_object_set_new(j, "status", output_text(names[f->verdict]));
    json_object_set_new(j, "code", output_text(f->code));
    json_object_set_new(j, "text", output_text(text));
    json_object_set_new(j, "where", output_text(f->where));
    json_object_set_new(j, "fix", output_text(f->fix));
    if (f->fix && e->fixes)
        json_array_append_new(e->fixes, json_pack("[s, s]", f->where ? f->where : "", f->fix));
    if (f->fix)
        output_record(e->c, j, " %-9s %s  %s\n                 %s: %s", f->check,
                      mark(e->c, f->verdict), text,
                      strcmp(f->where, "peer") == 0 ? "at the peer" : "here", f->fix);
    else output_record(e->c, j, " %-9s %s  %s", f->check, mark(e->c, f->verdict), text);
}

void find(exam *e, const finding *f, const char *format, ...) {
    char text[1200];
    va_list args;
    if (interrupt_came()) return; /* and no finding */
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (f->verdict == FAIL && e->worst != FAIL) e->status = f->status;
    if (f->verdict != SKIPPED && f->verdict > e->worst) e->worst = f->verdict;
    print_finding(e, f, text);
}

int64_t exam_deadline(const exam *e) { return session_deadline(e->c->timeout_ms); }

/* ---- Name look-up, connect ----------------------------------------------------------- */

static void print_addresses(const struct addrinfo *list, char *buf, size_t len) {
    size_t at = 0;
    for (; list && at + 48 < len; list = list->ai_next) {
        char host[64];
        if (getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, NULL, 0,
                        NI_NUMERICHOST) == 0)
            at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? ", " : "", host);
    }
}

static void find_unknown(exam *e, int code) {
    char fix[700];
    finding f = {"dns", FAIL, CLI_CONNECT, "UNKNOWN_HOST", "here", fix};
    if (code == EAI_AGAIN)
        snprintf(fix, sizeof fix, "see to the name server in /etc/resolv.conf: it gives no answer");
    else
        snprintf(fix, sizeof fix,
                 "have DNS or /etc/hosts know %s; or at the peer: " CLASSIC
                 "netty.%s.hostname = an address, or a host name that is known everywhere",
                 e->t.host, e->t.tls ? "ssl" : "tcp");
    find(e, &f, "%s: %s", e->t.host, gai_strerror(code));
}

static bool check_dns(exam *e, struct addrinfo **list) {
    char text[400] = "";
    int code = channel_look_up(e->t.host, e->t.port, list);
    if (code != 0) {
        find_unknown(e, code);
        return false;
    }
    print_addresses(*list, text, sizeof text);
    find(e, &(finding){"dns", FINE, CLI_OK, NULL, NULL, NULL}, "%s", text);
    return true;
}

static const char *connect_code(int error) {
    return error == ECONNREFUSED ? "CONNECT_REFUSED"
           : error == ETIMEDOUT  ? "CONNECT_TIMEOUT"
                                 : "CONNECT";
}

static bool check_tcp(exam *e, const struct addrinfo *list) {
    channel ch;
    char fix[300];
    int64_t start = clock_ns();
    bool up = channel_dial(&ch, list, exam_deadline(e));
    int64_t ns = clock_ns() - start;
    int error = ch.error;
    channel_close(&ch);
    if (up) {
        find(e, &(finding){"tcp", FINE, CLI_OK, NULL, NULL, NULL}, "%.1f ms", (double)ns / 1e6);
        return true;
    }
    if (error == ECONNREFUSED)
        snprintf(fix, sizeof fix,
                 CLASSIC "netty.%s.port = %d (is the system up, and bind-hostname not a loopback "
                         "address?)",
                 e->t.tls ? "ssl" : "tcp", e->t.port);
    else
        snprintf(fix, sizeof fix, "let port %d through (firewall, security group, port mapping)",
                 e->t.port);
    find(e, &(finding){"tcp", FAIL, CLI_CONNECT, connect_code(error), "peer", fix},
         "connecting to %s:%d: %s", e->t.host, e->t.port, strerror(error));
    return false;
}

/* ---- Handshake ----------------------------------------------------------------------- */

bool exam_connect(exam *e, channel *ch, int64_t deadline) {
    tls_report r;
    channel_connect(ch, e->t.host, e->t.port, deadline);
    if (ch->fd < 0) return false;
    if (!e->tls) return true;
    bool up = channel_tls(ch, e->tls, e->t.host, deadline, &r);
    tls_report_fini(&r);
    return up;
}

bool exam_probe(exam *e, probe *p, bool as, int64_t deadline) {
    uint16_t port;
    int64_t uid = 0;
    probe_init(p);
    if (!exam_connect(e, &p->ch, deadline)) return false;
    channel_own(&p->ch, p->self.host, sizeof p->self.host, &port);
    snprintf(p->self.system, sizeof p->self.system, "%s", as ? e->own.name : "ukko-doctor");
    snprintf(p->self.protocol, sizeof p->self.protocol, "%s", e->t.tls ? "ssl.tcp" : "tcp");
    if (as) snprintf(p->self.host, sizeof p->self.host, "%s", e->own.hostname);
    p->self.port = as ? (uint16_t)e->own.port : 0;
    p->listener = channel_listen(p->self.host, p->self.port, &p->self.port);
    if (!p->self.port) p->self.port = port;
    if (as && args_value(e->c, "uid") &&
        args_number(e->c, "uid", INT32_MIN, INT32_MAX, &uid) == CLI_OK)
        p->self.uid = (int32_t)uid;
    p->name = *e->t.name ? e->t.name : "pekko";
    return true;
}

/* Something listens that is not what was asked for. */
static void find_kind(exam *e, port_kind kind, const char *first, outcome out) {
    finding f = {"bytes",     FAIL,   CLI_HANDSHAKE,
                 "NOT_PEKKO", "here", "take the port of " CLASSIC "netty.tcp"};
    switch (kind) {
    case PORT_HTTP: f.code = "HTTP_PORT"; break;
    case PORT_TLS:
        f = (finding){"bytes",
                      FAIL,
                      CLI_TLS,
                      "TLS_PORT",
                      "here",
                      CLASSIC "enabled-transports = [\"" CLASSIC
                              "netty.ssl\"], and pekko.ssl.tcp:// "
                              "in addresses (ukko doctor --tls sees more)"};
        break;
    case PORT_ARTERY:
        f = (finding){"bytes",  FAIL,   CLI_HANDSHAKE,
                      "ARTERY", "peer", "pekko.remote.artery.enabled = off"};
        break;
    case PORT_LITTLE_ENDIAN:
        f.code = "AKKA_NET";
        f.fix = "Akka.NET has other frames, serializers and names: it cannot be talked to";
        break;
    case PORT_OTHER: find(e, &f, "%s: it begins with \"%s\"", port_kind_text(kind), first); return;
    default:
        f.where = "peer";
        if (out == OUT_SILENCE) {
            f = (finding){"bytes",
                          FAIL,
                          CLI_TIMEOUT,
                          "SILENT",
                          "peer",
                          "look whether the process hangs or is stopped (SIGSTOP, a debugger, a "
                          "full accept queue)"};
            find(e, &f, "connections are taken, but nothing is answered");
        } else {
            f.code = "HANGS_UP";
            f.fix = "look into its log: it ends connections before the handshake (a proxy without "
                    "a back end, a limit of connections, another protocol)";
            find(e, &f, "connections are ended before the handshake");
        }
        return;
    }
    find(e, &f, "%s answers at this port", port_kind_text(kind));
}

static void find_bye(exam *e, outcome out) {
    if (out == OUT_QUARANTINED)
        find(e,
             &(finding){"quarantine", FAIL, CLI_QUARANTINED, "QUARANTINED", "here",
                        "restart this system: only a new incarnation (uid) is let in; or use "
                        "another name or port"},
             "the peer has quarantined %s@%s:%d with uid %d", e->p.self.system, e->p.self.host,
             e->p.self.port, (int)e->p.self.uid);
    else if (out == OUT_SHUTDOWN)
        find(e,
             &(finding){"handshake", FAIL, CLI_HANDSHAKE, "SHUTTING_DOWN", "peer",
                        "wait until it is up again"},
             "the peer is shutting down");
    else
        find(e,
             &(finding){"handshake", FAIL, CLI_HANDSHAKE, "HANDSHAKE", "peer",
                        "its log says why it ends the handshake"},
             "the peer ends the handshake");
}

/* The handshake, or what stands in its way. */
static bool check_handshake(exam *e) {
    char first[100] = "";
    int64_t start = clock_ns();
    if (!exam_probe(e, &e->p, e->as, exam_deadline(e))) {
        find(e, &(finding){"handshake", FAIL, CLI_CONNECT, "CONNECT", NULL, NULL},
             "a second connection cannot be made");
        return false;
    }
    outcome out = probe_handshake(&e->p, exam_deadline(e));
    if (e->tls && out != OUT_YES && exam_refused(e, e->p.ch.tls)) return false;
    if (out == OUT_YES) {
        find(e, &(finding){"handshake", FINE, CLI_OK, NULL, NULL, NULL},
             "classic remoting over %s, %.1f ms; system \"%s\", uid %d", e->p.peer.protocol,
             (double)(clock_ns() - start) / 1e6, e->p.peer.system, (int)e->p.peer.uid);
        return true;
    }
    if (out == OUT_QUARANTINED || out == OUT_SHUTDOWN || out == OUT_LEFT) {
        find_bye(e, out);
        return false;
    }
    find_kind(e, e->tls ? PORT_CLOSED : classify_port(e->t.host, e->t.port, first, sizeof first),
              first, out);
    return false;
}

/* ---- Names --------------------------------------------------------------------------- */

static void check_system(exam *e) {
    char fix[700];
    if (!*e->t.system || strcmp(e->t.system, e->p.peer.system) == 0) return;
    snprintf(fix, sizeof fix, "address it as %s.%s://%s@%s:%d", *e->t.name ? e->t.name : "pekko",
             e->p.peer.protocol, e->p.peer.system, e->p.peer.host, e->p.peer.port);
    find(e, &(finding){"name", FAIL, CLI_HANDSHAKE, "WRONG_SYSTEM", "here", fix},
         "the system is called \"%s\", not \"%s\": it drops what is addressed to another name",
         e->p.peer.system, e->t.system);
}

static void check_host(exam *e) {
    char fix[1200];
    const identity *i = &e->p.peer;
    if (strcmp(i->host, e->t.host) == 0 && i->port == e->t.port) {
        if (!*e->t.system || strcmp(e->t.system, i->system) == 0)
            find(e, &(finding){"name", FINE, CLI_OK, NULL, NULL, NULL},
                 "it publishes %s@%s:%d, which is what you dial", i->system, i->host, i->port);
        return;
    }
    snprintf(fix, sizeof fix,
             CLASSIC "netty.%s { hostname = \"%s\", port = %d, bind-hostname = \"%s\", bind-port = "
                     "%d }; or address it here as %s:%d",
             e->t.tls ? "ssl" : "tcp", e->t.host, e->t.port, i->host, i->port, i->host, i->port);
    find(
        e, &(finding){"name", FAIL, CLI_HANDSHAKE, "WRONG_HOST", "peer", fix},
        "it publishes %s@%s:%d, you dial %s:%d: it drops what is addressed to another host or port",
        i->system, i->host, i->port, e->t.host, e->t.port);
}

static void check_protocol(exam *e) {
    if (strcmp(e->p.peer.protocol, e->t.tls ? "ssl.tcp" : "tcp") != 0)
        find(e,
             &(finding){"name", WARN, CLI_OK, "ODD_PROTOCOL", "peer",
                        "a proxy that ends TLS between two nodes needs both to be plain"},
             "it says that its transport is %s, but is reached by %s", e->p.peer.protocol,
             e->t.tls ? "ssl.tcp" : "tcp");
}

/* ---- The whole ----------------------------------------------------------------------- */

static int prepare(exam *e, const char *text, char *as, size_t len) {
    int status = target_parse(e->c, text, &e->t);
    if (status == CLI_OK) status = settings_given(e->c, &e->config);
    if (status == CLI_OK) status = own_parse(e->c, &e->own, as, len);
    e->as = args_value(e->c, "as") != NULL;
    if (status == CLI_OK) status = keys_of(e->c, e->config, &e->keys);
    return status;
}

static void examine(exam *e) {
    struct addrinfo *list = NULL;
    bool go = check_dns(e, &list) && check_tcp(e, list);
    if (list) freeaddrinfo(list);
    if (go && e->t.tls) go = exam_tls(e);
    if (go && check_handshake(e)) {
        check_protocol(e);
        check_system(e);
        check_host(e);
        exam_replies(e);
        exam_frames(e);
        if (args_count(e->c, "reverse")) exam_reverse(e);
    }
    probe_close(&e->p);
    tls_setup_free(e->tls);
}

/* For people; programs have the lines in the findings. */
static void print_fixes(const exam *e, const char *where, const char *title) {
    json_t *pair;
    size_t i, n = 0;
    json_array_foreach(e->fixes, i, pair) {
        if (strcmp(json_string_value(json_array_get(pair, 0)), where) != 0) continue;
        if (n++ == 0) output_note(e->c, "%s", title);
        output_note(e->c, "    %s", json_string_value(json_array_get(pair, 1)));
    }
}

static int doctor_one(cli *c, const char *text) {
    char as[400];
    exam e = {.c = c, .status = CLI_OK};
    probe_init(&e.p);
    int status = prepare(&e, text, as, sizeof as);
    if (status == CLI_OK) {
        if (c->n_args > 1) output_note(c, "%s", text);
        if (args_count(c, "fix-hints")) e.fixes = json_array();
        examine(&e);
        print_fixes(&e, "peer", "to change at the peer:");
        print_fixes(&e, "here", "to change here:");
        json_decref(e.fixes);
        status = e.worst == FAIL ? (int)e.status : e.worst == WARN ? CLI_NEGATIVE : CLI_OK;
    }
    ukko_config_release(e.config);
    return status;
}

int run_doctor(cli *c) {
    int status = CLI_OK;
    for (int i = 0; i < c->n_args && !interrupt_came(); i++) {
        int one = doctor_one(c, c->args[i]);
        if (one != CLI_OK && (status == CLI_OK || status == CLI_NEGATIVE)) status = one;
    }
    return interrupt_came() ? CLI_INTERRUPTED : status;
}
