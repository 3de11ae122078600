/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of one connection. Each path calls at most one event that may end the machine
   (open, payload, closed), and that as its last act. Pure; runs on the I/O thread of the
   connection. */
#include "remote/protocol.h"
#include "remote/frame.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

static const int64_t NEVER = INT64_MAX;

void uk_proto_init(uk_proto *p, bool active, const uk_proto_settings *settings,
                   const uk_proto_events *events, void *data, int64_t now) {
    assert(events->send && events->open && events->payload && events->closed);
    *p = (uk_proto){
        .settings = *settings,
        .events = events,
        .data = data,
        .active = active,
        .state = active ? UK_PROTO_CONNECTING : UK_PROTO_WAITING,
        .handshake_at = now + settings->handshake_ms,
        .heartbeat_at = NEVER,
    };
    uk_deadline_init(&p->deadline, settings->heartbeat_ms, settings->pause_ms);
    if (settings->detector) p->own = uk_detector_new(settings->detector);
}
static uk_detector *detector(uk_proto *p) { return p->own ? p->own : &p->deadline.base; }
int64_t uk_proto_deadline(const uk_proto *p) {
    return p->handshake_at < p->heartbeat_at ? p->handshake_at : p->heartbeat_at;
}
const char *uk_proto_end_name(uk_proto_end end) {
    static const char *const names[] = {
        "none", "local", "lost", "disassociated", "peer shutdown", "peer quarantine",
        "refused uid", "handshake", "timeout", "silence", "undecodable", "too long"};
    return (unsigned)end < sizeof names / sizeof *names ? names[end] : "?";
}

/* --- out --- */
static void send_buf(uk_proto *p, uk_buf *b) {
    p->events->send(p->data, uk_buf_slice(b));
    uk_buf_fini(b);
}
static void send_associate(uk_proto *p, int64_t now) {
    uk_buf b = {0};
    uk_pdu_put_associate(&b, &p->settings.self, p->settings.uid);
    send_buf(p, &b);
    p->heartbeat_at = now + p->settings.heartbeat_ms;
}
static void send_control(uk_proto *p, uk_pdu_kind kind) {
    uk_buf b = {0};
    uk_pdu_put_control(&b, kind);
    send_buf(p, &b);
}
static void send_empty(uk_proto *p) {
    uk_buf b = {0};
    uk_frame_put_empty(&b);
    send_buf(p, &b);
}
static void finish(uk_proto *p, uk_proto_end end, bool flush, const char *text) {
    assert(p->state != UK_PROTO_CLOSED && end != UK_PROTO_END_NONE);
    p->state = UK_PROTO_CLOSED;
    p->end = end;
    p->handshake_at = p->heartbeat_at = NEVER;
    uk_detector_free(p->own);
    p->own = NULL;
    p->events->closed(p->data, end, flush, text);
}
/* The orderly end; kind PAYLOAD: say no goodbye, only the empty frame. */
static void leave(uk_proto *p, uk_pdu_kind kind, uk_proto_end end, const char *text) {
    bool up = p->state != UK_PROTO_CONNECTING;
    if (up && kind != UK_PDU_PAYLOAD) send_control(p, kind);
    if (up) send_empty(p);
    finish(p, end, up, text);
}

/* --- in --- */
void uk_proto_connected(uk_proto *p, int64_t now) {
    if (p->state != UK_PROTO_CONNECTING) return;
    p->state = UK_PROTO_WAITING;
    send_associate(p, now);
}
static void told_to_leave(uk_proto *p, uk_pdu_kind kind) {
    if (kind == UK_PDU_DISASSOCIATE_SHUTDOWN)
        leave(p, UK_PDU_PAYLOAD, UK_PROTO_END_PEER_SHUTDOWN,
              "The remote system terminated the association because it is shutting down.");
    else if (kind == UK_PDU_DISASSOCIATE_QUARANTINED)
        leave(p, UK_PDU_PAYLOAD, UK_PROTO_END_PEER_QUARANTINE,
              "The remote system has quarantined this system. No further associations to the "
              "remote system are possible until this system is restarted.");
    else leave(p, UK_PDU_PAYLOAD, UK_PROTO_END_DISASSOCIATED, "Disassociated");
}
static void associated(uk_proto *p, const uk_pdu *pdu, int64_t now) {
    if (p->active && p->settings.refuse && pdu->uid == p->settings.refused_uid) {
        leave(p, UK_PDU_DISASSOCIATE_QUARANTINED, UK_PROTO_END_REFUSED_UID,
              "The remote system has a UID that has been quarantined. Association aborted.");
        return;
    }
    p->handshake_at = NEVER;
    uk_detector_heartbeat(detector(p), now);
    if (!p->active) send_associate(p, now); /* before anything else may be written */
    p->state = UK_PROTO_OPEN;
    p->was_open = true;
    p->events->open(p->data, &pdu->origin, pdu->uid);
}
static void first_pdu(uk_proto *p, const uk_pdu *pdu, int64_t now) {
    char text[96];
    switch (pdu->kind) {
    case UK_PDU_ASSOCIATE: associated(p, pdu, now); return;
    case UK_PDU_DISASSOCIATE:
    case UK_PDU_DISASSOCIATE_SHUTDOWN:
    case UK_PDU_DISASSOCIATE_QUARANTINED: told_to_leave(p, pdu->kind); return;
    case UK_PDU_HEARTBEAT:
    case UK_PDU_PAYLOAD: break;
    }
    snprintf(text, sizeof text, "Expected ASSOCIATE as the first PDU, but received %s",
             uk_pdu_name(pdu->kind));
    leave(p, UK_PDU_DISASSOCIATE, UK_PROTO_END_HANDSHAKE, text);
}
static void later_pdu(uk_proto *p, const uk_pdu *pdu, int64_t now) {
    switch (pdu->kind) {
    case UK_PDU_ASSOCIATE: break; /* neither answered nor obeyed */
    case UK_PDU_HEARTBEAT: uk_detector_heartbeat(detector(p), now); break;
    case UK_PDU_PAYLOAD:
        uk_detector_heartbeat(detector(p), now);
        p->events->payload(p->data, pdu->payload);
        break;
    case UK_PDU_DISASSOCIATE:
    case UK_PDU_DISASSOCIATE_SHUTDOWN:
    case UK_PDU_DISASSOCIATE_QUARANTINED: told_to_leave(p, pdu->kind); break;
    }
}
static void undecodable(uk_proto *p, size_t len) {
    char text[80];
    snprintf(text, sizeof text, "Error while decoding incoming Pekko PDU of length: %zu", len);
    leave(p, UK_PDU_PAYLOAD, UK_PROTO_END_UNDECODABLE, text);
}
void uk_proto_frame(uk_proto *p, ukko_slice body, int64_t now) {
    uk_pdu pdu;
    if (!body.len || (p->state != UK_PROTO_WAITING && p->state != UK_PROTO_OPEN)) return;
    if (uk_pdu_decode(body, &pdu)) undecodable(p, body.len);
    else if (p->state == UK_PROTO_WAITING) first_pdu(p, &pdu, now);
    else later_pdu(p, &pdu, now);
}
void uk_proto_too_long(uk_proto *p, uint32_t length) {
    char text[96];
    if (p->state == UK_PROTO_CLOSED) return;
    snprintf(text, sizeof text, "A frame of %" PRIu32 " bytes exceeds the maximum frame size",
             length);
    finish(p, UK_PROTO_END_TOO_LONG, false, text);
}
void uk_proto_lost(uk_proto *p, const char *text) {
    if (p->state != UK_PROTO_CLOSED)
        finish(p, UK_PROTO_END_LOST, false, text ? text : "Disassociated");
}
void uk_proto_disassociate(uk_proto *p, uk_pdu_kind kind, const char *text) {
    assert(kind == UK_PDU_DISASSOCIATE || kind == UK_PDU_DISASSOCIATE_SHUTDOWN ||
           kind == UK_PDU_DISASSOCIATE_QUARANTINED);
    if (p->state != UK_PROTO_CLOSED)
        leave(p, kind, UK_PROTO_END_LOCAL, text ? text : "Disassociated");
}

/* --- time --- */
void uk_proto_excuse(uk_proto *p, int64_t now) {
    if (p->state == UK_PROTO_OPEN) uk_detector_heartbeat(detector(p), now);
}
static void handshake_timeout(uk_proto *p) {
    char text[160];
    snprintf(text, sizeof text,
             "No response from remote for %s association. Handshake timed out after [%" PRId64
             " ms].",
             p->active ? "outbound" : "inbound", p->settings.handshake_ms);
    leave(p, UK_PDU_DISASSOCIATE, UK_PROTO_END_TIMEOUT, text);
}
static void silence(uk_proto *p) {
    char text[128];
    snprintf(text, sizeof text,
             "No response from remote. Transport failure detector triggered. "
             "(internal state was %s)",
             p->state == UK_PROTO_OPEN ? "Open" : "WaitHandshake");
    leave(p, UK_PDU_DISASSOCIATE, UK_PROTO_END_SILENCE, text);
}
void uk_proto_tick(uk_proto *p, int64_t now) {
    if (now >= p->handshake_at) {
        handshake_timeout(p);
        return;
    }
    if (now < p->heartbeat_at) return;
    if (!uk_detector_available(detector(p), now)) {
        silence(p);
        return;
    }
    p->heartbeat_at = now + p->settings.heartbeat_ms;
    send_control(p, UK_PDU_HEARTBEAT);
}

void uk_proto_listen(uk_proto *p, const uk_proto_events *events, void *data) {
    assert(events->send && events->open && events->payload && events->closed);
    p->events = events;
    p->data = data;
    if (p->state == UK_PROTO_CLOSED) events->closed(data, p->end, false, "Disassociated");
}
