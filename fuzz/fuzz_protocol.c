/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of a connection: whatever comes, in whatever order, it says nothing before the
   transport is up, opens at most once, ends at most once, and says nothing afterwards. Input: a
   byte that chooses the side, then steps of a byte each; a frame's length is in the next byte. */
#include "remote/frame.h"
#include "remote/protocol.h"
#include <stdlib.h>

typedef struct world {
    uk_proto p;
    bool up, opened, closed, told; /* told: the peer said DISASSOCIATE */
    bool empty_last;
    unsigned leave; /* end it at the so-manieth payload */
} world;

static void check(bool holds) {
    if (!holds) abort();
}
static void on_send(void *data, ukko_slice bytes) {
    world *w = data;
    ukko_slice body;
    uk_pdu pdu;
    check(w->up && !w->closed && !w->empty_last && bytes.len >= UK_FRAME_HEADER);
    w->empty_last = bytes.len == UK_FRAME_HEADER && !uk_frame_length(bytes.ptr);
    if (w->empty_last) return;
    check(uk_frame_cut(&bytes, 128000, &body) == 1 && !bytes.len && !uk_pdu_decode(body, &pdu));
    check(pdu.kind != UK_PDU_PAYLOAD);
    bool goodbye = pdu.kind != UK_PDU_ASSOCIATE && pdu.kind != UK_PDU_HEARTBEAT;
    check(!(goodbye && w->told));
}
static void on_open(void *data, const uk_origin *peer, int32_t uid) {
    world *w = data;
    check(w->up && !w->opened && !w->closed && !(w->p.settings.refuse && uid == 7));
    check(uk_utf8_valid(peer->system) && uk_utf8_valid(peer->host));
    w->opened = true;
}
static void on_payload(void *data, ukko_slice payload) {
    world *w = data;
    uk_envelope e;
    check(w->opened && !w->closed);
    if (uk_envelope_decode(payload, &e) || (w->leave && !--w->leave))
        uk_proto_disassociate(&w->p, UK_PDU_DISASSOCIATE, "no more");
}
static void on_closed(void *data, uk_proto_end end, bool flush, const char *text) {
    world *w = data;
    check(!w->closed && end != UK_PROTO_END_NONE && text && text[0]);
    check(flush == w->empty_last);
    w->closed = true;
}
static void feed(world *w, ukko_slice body, int64_t now) {
    uk_pdu pdu;
    bool heard = w->p.state == UK_PROTO_WAITING || w->p.state == UK_PROTO_OPEN;
    if (heard && !uk_pdu_decode(body, &pdu))
        w->told |= pdu.kind == UK_PDU_DISASSOCIATE || pdu.kind > UK_PDU_HEARTBEAT;
    uk_proto_frame(&w->p, body, now);
}
/* Gives the number of bytes used. */
static size_t step(world *w, const uint8_t *in, size_t size, int64_t *now) {
    uk_proto *p = &w->p;
    switch (in[0] % 8) {
    case 0: *now += in[0] * 20; break;
    case 1:
        if (uk_proto_deadline(p) < INT64_MAX && uk_proto_deadline(p) > *now)
            *now = uk_proto_deadline(p);
        break;
    case 2: w->up = true, uk_proto_connected(p, *now); break;
    case 3: uk_proto_disassociate(p, in[0] & 8 ? UK_PDU_DISASSOCIATE : in[0] & 16 ?
                UK_PDU_DISASSOCIATE_SHUTDOWN : UK_PDU_DISASSOCIATE_QUARANTINED, NULL); break;
    case 4: uk_proto_lost(p, NULL); break;
    case 5: uk_proto_too_long(p, in[0]); break;
    default: {
        size_t n = size > 1 ? in[1] : 0;
        if (size < 2 || n > size - 2) return size;
        feed(w, (ukko_slice){in + 2, n}, *now);
        return 2 + n;
    }
    }
    uk_proto_tick(p, *now);
    check(p->state == UK_PROTO_CLOSED || uk_proto_deadline(p) > *now);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uk_proto_events events = {on_send, on_open, on_payload, on_closed};
    if (!size) return 0;
    uk_proto_settings s = {.self = {ukko_str("A"), ukko_str("h"), ukko_str("tcp"), 1}, .uid = 5,
                           .refuse = data[0] & 2, .refused_uid = 7, .handshake_ms = 15000,
                           .heartbeat_ms = 4000, .pause_ms = 120000};
    world w = {.up = !(data[0] & 1), .leave = data[0] >> 4};
    int64_t now = 0;
    s.refuse = s.refuse && (data[0] & 1); /* only the active side refuses here */
    uk_proto_init(&w.p, data[0] & 1, &s, &events, &w, now);
    for (size_t at = 1; at < size;) at += step(&w, data + at, size - at, &now);
    check(w.closed == (w.p.state == UK_PROTO_CLOSED) && w.opened == w.p.was_open);
    return 0;
}
