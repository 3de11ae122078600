/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's questions after the handshake: does an answer come back, under which dialect, on which
   way; what may be asked; how large a frame may be. Main thread. */
#include "doctor.h"
#include <stdio.h>
#include <string.h>

enum { FIRST_MS = 700, AGAIN_MS = 400, AT_ONCE_MS = 250 };

static const finding fine_reply = {"reply", FINE, CLI_OK, NULL, NULL, NULL};

static bool answered(outcome o) { return o == OUT_YES || o == OUT_NOBODY; }

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- Which dialect ------------------------------------------------------------------- */

/* pekko and akka, the likelier one first; the wrong one is dropped by the peer, which only logs it. */
static outcome ask_names(exam *e, int64_t deadline, int64_t *ns) {
    const char *names[2] = {"pekko", "akka"};
    if (strcmp(e->t.name, "akka") == 0) names[0] = "akka", names[1] = "pekko";
    outcome out = OUT_SILENCE;
    for (int i = 0; i < 2 && out == OUT_SILENCE; i++) {
        e->p.name = names[i];
        out = probe_ask(&e->p, &e->p.peer, "/user", HOW_DIRECT,
                        sooner(deadline, session_deadline(FIRST_MS)), ns);
    }
    if (out == OUT_SILENCE) {
        e->p.name = names[0];
        while (out == OUT_SILENCE && clock_ns() < deadline)
            out = probe_ask(&e->p, &e->p.peer, "/user", HOW_DIRECT,
                            sooner(deadline, session_deadline(AGAIN_MS)), ns);
    }
    return out;
}

static void check_dialect(exam *e) {
    char fix[1000], address[700];
    if (!*e->t.name) {
        snprintf(e->t.name, sizeof e->t.name, "%s", e->p.name);
        find(e, &(finding){"scheme", FINE, CLI_OK, NULL, NULL, NULL}, "it answers as %s.%s://",
             e->p.name, e->p.peer.protocol);
        return;
    }
    if (strcmp(e->t.name, e->p.name) == 0) {
        find(e, &(finding){"scheme", FINE, CLI_OK, NULL, NULL, NULL}, "%s.%s://, as addressed",
             e->p.name, e->p.peer.protocol);
        return;
    }
    identity_print(&e->p.peer, e->p.name, address, sizeof address);
    snprintf(
        fix, sizeof fix,
        "address it as %s; a node that calls it %s needs pekko.remote { protocol-name = \"%s\", "
        "accept-protocol-names = [\"pekko\", \"akka\"] }",
        address, e->t.name, e->p.name);
    find(e, &(finding){"scheme", FAIL, CLI_HANDSHAKE, "WRONG_DIALECT", "here", fix},
         "it answers as %s.%s://, not %s: what is addressed otherwise it drops", e->p.name,
         e->p.peer.protocol, e->t.name);
}

/* ---- No answer came ------------------------------------------------------------------ */

/* Another name and port, a new connection: is it us, or does nobody get an answer? */
static outcome ask_afresh(exam *e, bool *dialled_back) {
    probe p;
    outcome out = OUT_CLOSED;
    if (exam_probe(e, &p, false, exam_deadline(e)) &&
        probe_handshake(&p, exam_deadline(e)) == OUT_YES) {
        p.name = e->p.name;
        out = probe_ask(&p, &p.peer, "/user", HOW_DIRECT, session_deadline(2 * FIRST_MS), NULL);
    }
    *dialled_back = p.dialled_back;
    probe_close(&p);
    return out;
}

static void no_answer(exam *e) {
    char fix[500];
    bool back = false;
    outcome afresh = e->as ? ask_afresh(e, &back) : OUT_SILENCE;
    if (answered(afresh) && !back) {
        snprintf(fix, sizeof fix,
                 "make %s:%d reachable from the peer, or wait: " CLASSIC
                 "retry-gate-closed-for (5 s) at the peer",
                 e->p.self.host, e->p.self.port);
        find(
            e, &(finding){"reply", FAIL, CLI_QUARANTINED, "GATED", "here", fix},
            "the peer has gated %s@%s:%d: it could not reach that address, and drops answers to it "
            "(another name gets answers)",
            e->p.self.system, e->p.self.host, e->p.self.port);
        return;
    }
    if (e->p.dialled_back || back) {
        snprintf(fix, sizeof fix, CLASSIC "use-passive-connections = on");
        find(e, &(finding){"reply", FAIL, CLI_TIMEOUT, "NO_WAY_BACK", "peer", fix},
             "the peer answers only by dialling the published address, and cannot reach %s:%d",
             e->p.self.host, e->p.self.port);
        return;
    }
    find(e,
         &(finding){"reply", FAIL, CLI_TIMEOUT, "NO_WAY_BACK", "peer",
                    CLASSIC "use-passive-connections = on; or let this host be dialled at the "
                            "address that it publishes"},
         "no answer within %lld ms, neither on this connection nor at %s:%d",
         (long long)e->c->timeout_ms, e->p.self.host, e->p.self.port);
}

static void answered_by_dialling(exam *e, int64_t asked_ns) {
    double ms = (double)(e->p.back_ns - asked_ns) / 1e6;
    if (ms <= AT_ONCE_MS) {
        find(
            e,
            &(finding){"reply", WARN, CLI_OK, "DIALS_BACK", "peer",
                       CLASSIC "use-passive-connections = on"},
            "the answer comes on a connection that the peer makes to %s:%d: a peer behind NAT or a "
            "firewall would get none",
            e->p.self.host, e->p.self.port);
        return;
    }
    find(e,
         &(finding){"reply", WARN, CLI_OK, "GATED", "peer",
                    CLASSIC "retry-gate-closed-for (how long an address that failed is gated)"},
         "the address %s:%d was gated: answers came after %.0f ms, when the peer dialled it again",
         e->p.self.host, e->p.self.port, ms);
}

static bool check_reply(exam *e) {
    int64_t ns = 0, asked = clock_ns();
    outcome out = ask_names(e, exam_deadline(e), &ns);
    if (out == OUT_QUARANTINED) {
        find(e,
             &(finding){"quarantine", FAIL, CLI_QUARANTINED, "QUARANTINED", "here",
                        "restart this system: only a new incarnation (uid) is let in; or use "
                        "another name or port"},
             "the peer has quarantined %s@%s:%d with uid %d", e->p.self.system, e->p.self.host,
             e->p.self.port, (int)e->p.self.uid);
        return false;
    }
    if (!answered(out)) {
        if (out == OUT_SILENCE) no_answer(e);
        else
            find(e,
                 &(finding){"reply", FAIL, CLI_HANDSHAKE, "DISASSOCIATED", "peer",
                            "its log says why it ends the link"},
                 "the peer ends the link after the handshake");
        return false;
    }
    check_dialect(e);
    if (e->p.answered_back) answered_by_dialling(e, asked);
    else
        find(e, &fine_reply, "%.1f ms, on this connection (nobody has to dial back)",
             (double)ns / 1e6);
    return true;
}

/* ---- What may be asked --------------------------------------------------------------- */

static outcome select_at(exam *e, const char *path, way how) {
    return probe_ask(&e->p, &e->p.peer, path, how,
                     sooner(exam_deadline(e), session_deadline(2 * FIRST_MS)), NULL);
}

/* The path of the target, where it is one actor. */
static const char *path_of(const exam *e) {
    return *e->t.path && !strpbrk(e->t.path, "*?#") ? e->t.path : "/user";
}

/* Untrusted mode drops look-ups alone; an actor that is busy does not answer on its reference either. */
static bool is_busy(exam *e, const char *path) {
    return strcmp(path, "/user") != 0 && !answered(select_at(e, path, HOW_DIRECT));
}

static void check_selection(exam *e) {
    char fix[400];
    const char *path = path_of(e);
    outcome out = select_at(e, path, HOW_SELECTION);
    if (out == OUT_SILENCE && is_busy(e, path)) {
        find(e,
             &(finding){"select", WARN, CLI_OK, "BUSY", "peer",
                        "look into its threads: the actor handles one message for long, or its "
                        "dispatcher has no free thread"},
             "the actor at %s does not answer; the node does", path);
    } else if (out == OUT_SILENCE) {
        e->untrusted = true;
        snprintf(fix, sizeof fix,
                 CLASSIC "trusted-selection-paths = [\"%s\"], or untrusted-mode = "
                         "off",
                 path);
        find(e, &(finding){"select", WARN, CLI_OK, "UNTRUSTED_MODE", "peer", fix},
             "look-ups of %s are dropped: the node runs in untrusted mode", path);
    } else if (out == OUT_NOBODY && *e->t.path) {
        find(e,
             &(finding){"select", FAIL, CLI_NEGATIVE, "NO_SUCH_ACTOR", "here",
                        "ukko tree shows what there is"},
             "no actor at %s", path);
    } else if (answered(out)) {
        find(e, &(finding){"select", FINE, CLI_OK, NULL, NULL, NULL}, "%s",
             out == OUT_YES ? e->p.ref : "look-ups are answered");
    }
}

static void check_watch(exam *e) {
    char fix[400];
    outcome out = select_at(e, "/system/remote-watcher", HOW_HEARTBEAT);
    snprintf(fix, sizeof fix,
             CLASSIC "trusted-selection-paths = [\"%s\", \"/system/remote-watcher\"]", path_of(e));
    if (answered(out))
        find(e, &(finding){"watch", FINE, CLI_OK, NULL, NULL, NULL},
             "heartbeats of death watch are answered");
    else if (e->untrusted)
        find(e, &(finding){"watch", WARN, CLI_OK, "NO_HEARTBEATS", "peer", fix},
             "heartbeats of death watch are dropped: who watches an actor there takes the node for "
             "dead");
    else
        find(
            e,
            &(finding){"watch", WARN, CLI_OK, "NO_HEARTBEATS", "peer",
                       "pekko.remote.use-unsafe-remote-features-outside-cluster = on"},
            "heartbeats of death watch are not answered: who watches an actor there takes the node "
            "for dead");
}

void exam_replies(exam *e) {
    e->replies = check_reply(e);
    if (!e->replies) return;
    check_selection(e);
    check_watch(e);
}

/* ---- How large a frame may be -------------------------------------------------------- */

/* On a connection of its own: what is too large costs it. */
static bool takes(exam *e, size_t size, bool *known) {
    probe p;
    bool good = false;
    *known = exam_probe(e, &p, false, exam_deadline(e)) &&
             probe_handshake(&p, exam_deadline(e)) == OUT_YES;
    if (*known) {
        p.name = e->p.name;
        good = probe_padded(&p, size, exam_deadline(e)) &&
               answered(probe_ask(&p, &p.peer, "/user", HOW_DIRECT, exam_deadline(e), NULL));
    }
    probe_close(&p);
    return good;
}

static int64_t own_limit(exam *e) {
    int64_t limit = 128000;
    const char *path =
        e->t.tls ? CLASSIC "netty.ssl.maximum-frame-size" : CLASSIC "netty.tcp.maximum-frame-size";
    if (e->config) ukko_config_bytes(e->config, path, &limit);
    args_size(e->c, "frame", &limit);
    return limit < 1000 ? 1000 : limit > PROBE_MAX_FRAME ? PROBE_MAX_FRAME : limit;
}

void exam_frames(exam *e) {
    bool known;
    char fix[200];
    int64_t limit = own_limit(e), least = 100, most = limit;
    if (e->p.answered_back || !e->replies) {
        find(e, &(finding){"frame", SKIPPED, CLI_OK, NULL, NULL, NULL}, "not tried");
        return;
    }
    if (takes(e, (size_t)limit, &known)) {
        find(e, &(finding){"frame", FINE, CLI_OK, NULL, NULL, NULL},
             "it takes frames of %lld bytes", (long long)limit);
        return;
    }
    while (known && most - least > 1) {
        int64_t middle = least + (most - least) / 2;
        if (takes(e, (size_t)middle, &known)) least = middle;
        else most = middle;
    }
    snprintf(fix, sizeof fix, CLASSIC "netty.%s.maximum-frame-size = %lldb",
             e->t.tls ? "ssl" : "tcp", (long long)limit);
    find(e, &(finding){"frame", FAIL, CLI_TOO_BIG, "FRAME_LIMIT", "peer", fix},
         "it takes frames of %lld bytes, this side sends up to %lld: a longer one ends the link",
         (long long)least, (long long)limit);
}

/* ---- Can the peer dial this host? ---------------------------------------------------- */

void exam_reverse(exam *e) {
    char text[700];
    probe_close(&e->p);
    if (!exam_probe(e, &e->p, false, exam_deadline(e)) ||
        probe_handshake(&e->p, exam_deadline(e)) != OUT_YES)
        return;
    e->p.name = e->t.name;
    /* an answer for a system that the peer has no connection to: it has to make one */
    snprintf(e->p.self.system, sizeof e->p.self.system, "ukko-doctor-back");
    identity_print(&e->p.self, e->p.name, text, sizeof text);
    probe_ask(&e->p, &e->p.peer, "/user", HOW_DIRECT, exam_deadline(e), NULL);
    if (e->p.dialled_back)
        find(e, &(finding){"reverse", FINE, CLI_OK, NULL, NULL, NULL}, "the peer can dial %s:%d",
             e->p.self.host, e->p.self.port);
    else
        find(e,
             &(finding){"reverse", FAIL, CLI_CONNECT, "NOT_DIALLED", "here",
                        "let the peer through to the address that is published here (" CLASSIC
                        "netty.tcp.hostname and port)"},
             "the peer does not dial %s: it is not reachable from there", text);
}
