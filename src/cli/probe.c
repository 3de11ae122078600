/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with a node by single frames, see probe.h. */
#include "probe.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void probe_init(probe *p) {
    *p = (probe){.ch = {.fd = -1}, .back = {.fd = -1}, .listener = -1, .name = "pekko"};
    if (getrandom(&p->self.uid, sizeof p->self.uid, 0) < 0) p->self.uid = (int32_t)getpid();
    snprintf(p->self.system, sizeof p->self.system, "ukko-probe");
    snprintf(p->self.protocol, sizeof p->self.protocol, "tcp");
}

void identity_print(const identity *i, const char *name, char *buf, size_t len) {
    snprintf(buf, len, "%s.%s://%s@%s:%d", name, i->protocol, i->system, i->host, i->port);
}

/* ---- Frames out ---------------------------------------------------------------------- */

static ukko_wire_origin origin_of(const identity *i) {
    return (ukko_wire_origin){i->system, i->host, i->protocol, i->port, i->uid};
}

static bool send_associate(probe *p, channel *ch, int64_t deadline) {
    uint8_t frame[1200];
    ukko_wire_origin o = origin_of(&p->self);
    size_t n = ukko_wire_put_associate(frame, sizeof frame, &o);
    return n <= sizeof frame && channel_send(ch, frame, n, deadline);
}

static bool send_control(channel *ch, ukko_wire_kind kind, int64_t deadline) {
    uint8_t frame[16];
    return channel_send(ch, frame, ukko_wire_put_control(frame, sizeof frame, kind), deadline);
}

/* Identify("i") as MiscMessageSerializer writes it */
static const uint8_t identify_bytes[] = {0x0a, 0x05, 0x0a, 0x01, 'i', 0x10, 0x14};

static size_t put_step(uint8_t *to, const char *name, size_t len) {
    uint8_t head[] = {0x1a, (uint8_t)(len + 4), 0x08, 0x01, 0x12, (uint8_t)len};
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, name, len);
    return sizeof head + len;
}

/* A SelectionEnvelope; elements of path and manifest are shorter than 100 bytes. */
static size_t put_selection(uint8_t *to, const char *path, const uint8_t *inner, size_t n_inner,
                            const char *manifest) {
    size_t n = 0, m = strlen(manifest);
    to[n++] = 0x0a;
    to[n++] = (uint8_t)n_inner;
    if (n_inner) memcpy(to + n, inner, n_inner);
    n += n_inner;
    to[n++] = 0x10;
    to[n++] = UKKO_SER_MISC;
    for (path += strspn(path, "/"); *path; path += strspn(path, "/")) {
        size_t len = strcspn(path, "/");
        n += put_step(to + n, path, len < 100 ? len : 100);
        path += len;
    }
    to[n++] = 0x22;
    to[n++] = (uint8_t)m;
    memcpy(to + n, manifest, m);
    n += m;
    to[n++] = 0x28;
    to[n++] = 0;
    return n;
}

static ukko_slice slice(const void *p, size_t n) { return (ukko_slice){p, n}; }

static bool send_question(probe *p, const char *to, const char *from, const char *path, way how,
                          int64_t deadline) {
    uint8_t inner[1024], frame[4096];
    ukko_wire_message m = {.recipient = ukko_str(to),
                           .sender = ukko_str(from),
                           .serializer = UKKO_SER_CONTAINER,
                           .manifest = {NULL, 0}};
    if (how == HOW_DIRECT) {
        m.serializer = UKKO_SER_MISC;
        m.manifest = ukko_str("A");
        m.bytes = slice(identify_bytes, sizeof identify_bytes);
    } else if (how == HOW_SELECTION) {
        m.bytes =
            slice(inner, put_selection(inner, path, identify_bytes, sizeof identify_bytes, "A"));
    } else {
        m.bytes = slice(inner, put_selection(inner, path, NULL, 0, "RWHB"));
    }
    size_t n = ukko_wire_put_message(frame, sizeof frame, &m);
    return n <= sizeof frame && channel_send(&p->ch, frame, n, deadline);
}

bool probe_padded(probe *p, size_t size, int64_t deadline) {
    uint8_t *frame = calloc(1, size + 16), *at = frame + 4;
    size_t body = size - 4, pad = body - 4 - 1; /* HEARTBEAT, then the tag of field 15 */
    uint8_t head[] = {0x12, 2, 8, UKKO_WIRE_HEARTBEAT};
    memcpy(at, head, sizeof head);
    at += sizeof head;
    *at++ = 15 << 3 | 2; /* bytes in a field that nobody knows */
    size_t width = 1;
    for (size_t v = pad; v >= 128; v >>= 7) width++;
    pad -= width;
    for (size_t v = pad; width; width--, v >>= 7)
        *at++ = (uint8_t)((v & 127) | (width > 1 ? 128 : 0));
    for (int i = 0; i < 4; i++) frame[i] = (uint8_t)(body >> (24 - 8 * i));
    bool sent = channel_send(&p->ch, frame, size, deadline);
    free(frame);
    return sent;
}

/* ---- Frames in ----------------------------------------------------------------------- */

static void copy_slice(char *to, size_t len, ukko_slice from) {
    snprintf(to, len, "%.*s", (int)from.len, (const char *)from.ptr);
}

static void take_origin(identity *i, const ukko_wire_pdu *pdu) {
    copy_slice(i->system, sizeof i->system, pdu->system);
    copy_slice(i->host, sizeof i->host, pdu->host);
    copy_slice(i->protocol, sizeof i->protocol, pdu->protocol);
    i->port = (uint16_t)pdu->port;
    i->uid = pdu->uid;
}

static outcome outcome_of_bye(ukko_wire_kind kind) {
    return kind == UKKO_WIRE_DISASSOCIATE_QUARANTINED ? OUT_QUARANTINED
           : kind == UKKO_WIRE_DISASSOCIATE_SHUTDOWN  ? OUT_SHUTDOWN
                                                      : OUT_LEFT;
}

static void keep_first(probe *p, ukko_slice bytes) {
    p->n_first = bytes.len < sizeof p->first ? bytes.len : sizeof p->first;
    if (p->n_first) memcpy(p->first, bytes.ptr, p->n_first);
}

outcome probe_handshake(probe *p, int64_t deadline) {
    ukko_slice body;
    ukko_wire_pdu pdu;
    if (!send_associate(p, &p->ch, deadline)) return OUT_CLOSED;
    for (;;) {
        int rc = channel_frame(&p->ch, PROBE_MAX_FRAME, deadline, &body);
        keep_first(p, rc == 1 ? body : channel_pending(&p->ch));
        if (rc == CHANNEL_TIMEOUT) return p->n_first ? OUT_STRANGE : OUT_SILENCE;
        if (rc == CHANNEL_CLOSED) return p->n_first ? OUT_STRANGE : OUT_CLOSED;
        if (rc == CHANNEL_TOO_BIG || ukko_wire_decode(body, &pdu)) return OUT_STRANGE;
        if (pdu.kind == UKKO_WIRE_ASSOCIATE) {
            take_origin(&p->peer, &pdu);
            return OUT_YES;
        }
        if (pdu.kind == UKKO_WIRE_DISASSOCIATE || pdu.kind > UKKO_WIRE_HEARTBEAT)
            return outcome_of_bye(pdu.kind);
    }
}

typedef struct waiting {  /* for an answer to a question */
    const char *for_path; /* the sender that the question had */
    outcome outcome;
    bool done;
} waiting;

/* "ActorIdentity(..., ref=PATH)": the reference, or "" */
static void keep_ref(probe *p, const ukko_wire_pdu *pdu) {
    char text[1500];
    *p->ref = '\0';
    ukko_wire_print(pdu->serializer, pdu->manifest, pdu->message, text, sizeof text);
    const char *ref = strstr(text, "ref=");
    if (ref) snprintf(p->ref, sizeof p->ref, "%.*s", (int)strcspn(ref + 4, ")"), ref + 4);
}

static void on_message(probe *p, channel *ch, const ukko_wire_pdu *pdu, waiting *w) {
    uint8_t ack[32];
    if (pdu->has_seq)
        channel_send(ch, ack, ukko_wire_put_ack(ack, sizeof ack, pdu->seq, NULL, 0), clock_ns());
    if (pdu->recipient.len != strlen(w->for_path) ||
        memcmp(pdu->recipient.ptr, w->for_path, pdu->recipient.len) != 0)
        return;
    char name[80];
    ukko_wire_name(pdu->serializer, pdu->manifest, pdu->message, name, sizeof name);
    keep_ref(p, pdu);
    p->answered_back = ch == &p->back;
    w->outcome = strcmp(name, "ActorIdentity") == 0 && !*p->ref ? OUT_NOBODY : OUT_YES;
    w->done = true;
}

static void on_frame(probe *p, channel *ch, ukko_slice body, waiting *w) {
    ukko_wire_pdu pdu;
    if (ukko_wire_decode(body, &pdu)) {
        w->outcome = OUT_STRANGE;
        w->done = ch == &p->ch;
    } else if (pdu.kind == UKKO_WIRE_ASSOCIATE && ch == &p->back) {
        send_associate(p, ch, clock_ns());
    } else if (pdu.kind == UKKO_WIRE_PAYLOAD && pdu.has_message) {
        on_message(p, ch, &pdu, w);
    } else if ((pdu.kind == UKKO_WIRE_DISASSOCIATE || pdu.kind > UKKO_WIRE_HEARTBEAT) &&
               ch == &p->ch) {
        w->outcome = outcome_of_bye(pdu.kind);
        w->done = true;
    }
}

/* Takes what has come, without waiting. */
static void drain(probe *p, channel *ch, waiting *w) {
    ukko_slice body;
    int rc = CHANNEL_TIMEOUT;
    while (!w->done && ch->fd >= 0 && (rc = channel_frame(ch, PROBE_MAX_FRAME, 0, &body)) == 1)
        on_frame(p, ch, body, w);
    if (w->done || ch->fd < 0 || rc == CHANNEL_TIMEOUT) return;
    if (ch == &p->back) {
        channel_close(ch);
    } else {
        w->outcome = rc == CHANNEL_CLOSED ? OUT_CLOSED : OUT_STRANGE;
        w->done = true;
    }
}

static void accept_back(probe *p) {
    int fd = accept(p->listener, NULL, NULL);
    if (fd < 0) return;
    channel_close(&p->back);
    channel_adopt(&p->back, fd);
    if (!p->dialled_back) p->back_ns = clock_ns();
    p->dialled_back = true;
}

static void wait_answer(probe *p, waiting *w, int64_t deadline) {
    for (;;) {
        drain(p, &p->ch, w);
        if (!w->done) drain(p, &p->back, w);
        int64_t left = deadline - clock_ns();
        if (w->done || left <= 0 || interrupt_came()) return;
        struct pollfd fds[] = {
            {p->ch.fd, POLLIN, 0}, {p->listener, POLLIN, 0}, {p->back.fd, POLLIN, 0}};
        if (interrupt_poll(fds, 3, (int)(left / 1000000 + 1)) > 0 && (fds[1].revents & POLLIN))
            accept_back(p);
    }
}

outcome probe_ask(probe *p, const identity *to, const char *path, way how, int64_t deadline,
                  int64_t *ns) {
    char address[700], own[700], recipient[1000], sender[800];
    identity_print(to, p->name, address, sizeof address);
    identity_print(&p->self, p->name, own, sizeof own);
    snprintf(recipient, sizeof recipient, "%s%.250s", address, how == HOW_DIRECT ? path : "/");
    snprintf(sender, sizeof sender, "%s/temp/q%d", own, ++p->questions);
    waiting w = {.for_path = sender, .outcome = OUT_SILENCE};
    int64_t start = clock_ns();
    if (!send_question(p, recipient, sender, path, how, deadline)) return OUT_CLOSED;
    wait_answer(p, &w, deadline);
    if (ns) *ns = clock_ns() - start;
    return w.outcome;
}

void probe_close(probe *p) {
    if (p->ch.fd >= 0 && !p->ch.ended)
        send_control(&p->ch, UKKO_WIRE_DISASSOCIATE_SHUTDOWN, clock_ns());
    channel_close(&p->ch);
    channel_close(&p->back);
    if (p->listener >= 0) close(p->listener);
    p->listener = -1;
}
