/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding of PDUs and envelopes as whole frames, byte for byte as Pekko writes them: fields in the
   order of their numbers, no empty manifest, negative serializer ids in ten bytes, nacks unpacked.
   All lengths are known before the first byte is written. Pure; any thread. */
#include "remote/frame.h"
#include "remote/pdu.h"
#include <assert.h>

/* Every field number here is below 16: a tag is one byte. */
static uint8_t *put_tag(uint8_t *p, unsigned field, unsigned wire) {
    *p++ = (uint8_t)(field << 3 | wire);
    return p;
}
static uint8_t *put_head(uint8_t *p, unsigned field, size_t len) {
    return uk_pb_write_varint(put_tag(p, field, UK_PB_BYTES), len);
}
static uint8_t *put_bytes(uint8_t *p, unsigned field, ukko_slice s) {
    p = put_head(p, field, s.len);
    if (s.len) memcpy(p, s.ptr, s.len);
    return p + s.len;
}
static uint8_t *put_fixed64(uint8_t *p, unsigned field, int64_t v) {
    p = put_tag(p, field, UK_PB_FIXED64);
    memcpy(p, &v, 8); /* little-endian hosts only, checked in base/pb.c */
    return p + 8;
}
static size_t field_size(size_t len) { return 1 + uk_pb_varint_size(len) + len; }
static uint64_t extended(int32_t v) { return (uint64_t)(int64_t)v; }

/* --- control PDUs --- */
void uk_pdu_put_control(uk_buf *out, uk_pdu_kind kind) {
    assert(kind >= UK_PDU_DISASSOCIATE && kind <= UK_PDU_DISASSOCIATE_QUARANTINED);
    const uint8_t frame[] = {0, 0, 0, 4, 0x12, 2, 8, (uint8_t)kind};
    uk_buf_put(out, frame, sizeof frame);
}
void uk_pdu_put_associate(uk_buf *out, const uk_origin *o, int32_t uid) {
    size_t origin = field_size(o->system.len) + field_size(o->host.len) + 1 +
                    uk_pb_varint_size(o->port) + field_size(o->protocol.len);
    size_t info = field_size(origin) + 9;
    size_t control = 2 + field_size(info);
    size_t body = field_size(control);
    uk_buf_reserve(out, UK_FRAME_HEADER + body);
    uint8_t *p = out->ptr + out->len;
    uk_frame_put_length(p, (uint32_t)body);
    p = put_head(p + UK_FRAME_HEADER, 2, control);
    p = put_tag(p, 1, UK_PB_VARINT);
    *p++ = UK_PDU_ASSOCIATE;
    p = put_head(p, 2, info);
    p = put_head(p, 1, origin);
    p = put_bytes(p, 1, o->system);
    p = put_bytes(p, 2, o->host);
    p = uk_pb_write_varint(put_tag(p, 3, UK_PB_VARINT), o->port);
    p = put_bytes(p, 4, o->protocol);
    p = put_fixed64(p, 2, uid);
    assert(p == out->ptr + out->len + UK_FRAME_HEADER + body);
    out->len = (size_t)(p - out->ptr);
}

/* --- payloads --- */
/* Lengths of the nested messages, from the inside out. */
typedef struct layout {
    size_t message, recipient, sender; /* SerializedMessage, ActorRefData */
    size_t envelope, ack, container, body;
    size_t prefix; /* from the frame's first byte to the message's first */
} layout;

static size_t ack_size(const uk_ack *a) { return 9 + 9 * a->count; }

static layout measure(const uk_outgoing *m, size_t message_len) {
    layout l = {0};
    l.message = field_size(message_len) + 1 + uk_pb_varint_size(extended(m->serializer)) +
                (m->manifest.len ? field_size(m->manifest.len) : 0);
    l.recipient = field_size(m->recipient.len);
    l.sender = m->sender.ptr ? field_size(m->sender.len) : 0;
    l.envelope = field_size(l.recipient) + field_size(l.message) +
                 (m->sender.ptr ? field_size(l.sender) : 0) + (m->has_seq ? 9 : 0);
    l.ack = m->ack ? ack_size(m->ack) : 0;
    l.container = field_size(l.envelope) + (m->ack ? field_size(l.ack) : 0);
    l.body = field_size(l.container);
    size_t behind = l.message - (1 + uk_pb_varint_size(message_len)) +
                    (m->sender.ptr ? field_size(l.sender) : 0) + (m->has_seq ? 9 : 0);
    l.prefix = UK_FRAME_HEADER + l.body - behind;
    return l;
}
static uint8_t *put_ack(uint8_t *p, const uk_ack *a) {
    p = put_head(p, 1, ack_size(a));
    p = put_fixed64(p, 1, a->cumulative);
    for (size_t i = 0; i < a->count; i++) p = put_fixed64(p, 2, a->nacks[i]);
    return p;
}
/* All up to the message's bytes. */
static uint8_t *put_front(uint8_t *p, const layout *l, const uk_outgoing *m, size_t message_len) {
    uk_frame_put_length(p, (uint32_t)l->body);
    p = put_head(p + UK_FRAME_HEADER, 1, l->container);
    if (m->ack) p = put_ack(p, m->ack);
    p = put_head(p, 2, l->envelope);
    p = put_head(p, 1, l->recipient);
    p = put_bytes(p, 1, m->recipient);
    p = put_head(p, 2, l->message);
    return put_head(p, 1, message_len);
}
/* All behind them. */
static uint8_t *put_back(uint8_t *p, const layout *l, const uk_outgoing *m) {
    p = uk_pb_write_varint(put_tag(p, 2, UK_PB_VARINT), extended(m->serializer));
    if (m->manifest.len) p = put_bytes(p, 3, m->manifest);
    if (m->sender.ptr) p = put_bytes(put_head(p, 4, l->sender), 1, m->sender);
    if (m->has_seq) p = put_fixed64(p, 5, m->seq);
    return p;
}

size_t uk_envelope_frame_size(const uk_outgoing *m) {
    return UK_FRAME_HEADER + measure(m, m->message.len).body;
}
size_t uk_envelope_size(size_t frame) {
    size_t body = frame - UK_FRAME_HEADER, n = body - 2;
    while (field_size(n) > body) n--;
    return n;
}
size_t uk_envelope_front(const uk_outgoing *m) { return measure(m, m->message.len).prefix; }
int uk_envelope_put(uk_buf *out, const uk_outgoing *m, size_t max) {
    layout l = measure(m, m->message.len);
    if (!uk_frame_fits(l.body, max)) return UKKO_ETOOBIG;
    uk_buf_reserve(out, UK_FRAME_HEADER + l.body);
    uint8_t *p = put_front(out->ptr + out->len, &l, m, m->message.len);
    if (m->message.len) memcpy(p, m->message.ptr, m->message.len);
    p = put_back(p + m->message.len, &l, m);
    assert(p == out->ptr + out->len + UK_FRAME_HEADER + l.body);
    out->len = (size_t)(p - out->ptr);
    return UKKO_OK;
}
uk_frame_mark uk_envelope_begin(uk_buf *out, const uk_outgoing *m, size_t expect) {
    layout l = measure(m, expect);
    uk_frame_mark mark = {out->len, out->len + l.prefix};
    uk_buf_reserve(out, UK_FRAME_HEADER + l.body);
    out->len = mark.body;
    return mark;
}
int uk_envelope_end(uk_buf *out, uk_frame_mark mark, const uk_outgoing *m, size_t max) {
    assert(mark.start <= mark.body && mark.body <= out->len);
    size_t len = out->len - mark.body;
    layout l = measure(m, len);
    out->len = mark.start;
    if (!uk_frame_fits(l.body, max)) return UKKO_ETOOBIG;
    /* The serializer's buffer may end right behind the message: make room before anything moves. */
    size_t used = mark.body + len - mark.start, whole = UK_FRAME_HEADER + l.body;
    uk_buf_reserve(out, used > whole ? used : whole);
    uint8_t *start = out->ptr + mark.start, *message = start + l.prefix;
    if (message != out->ptr + mark.body && len) memmove(message, out->ptr + mark.body, len);
    put_front(start, &l, m, len);
    uint8_t *p = put_back(message + len, &l, m);
    assert(p == start + whole);
    out->len = (size_t)(p - out->ptr);
    return UKKO_OK;
}

int uk_ack_put(uk_buf *out, const uk_ack *ack, size_t max) {
    size_t container = field_size(ack_size(ack)), body = field_size(container);
    if (!uk_frame_fits(body, max)) return UKKO_ETOOBIG;
    uk_buf_reserve(out, UK_FRAME_HEADER + body);
    uint8_t *p = out->ptr + out->len;
    uk_frame_put_length(p, (uint32_t)body);
    p = put_ack(put_head(p + UK_FRAME_HEADER, 1, container), ack);
    assert(p == out->ptr + out->len + UK_FRAME_HEADER + body);
    out->len = (size_t)(p - out->ptr);
    return UKKO_OK;
}
size_t uk_ack_nack_limit(size_t max) {
    enum { OVERHEAD = UK_FRAME_HEADER + 1 + 10 + 1 + 10 + 9 };
    return max > OVERHEAD ? (max - OVERHEAD) / 9 : 0;
}
