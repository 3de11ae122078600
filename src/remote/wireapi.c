/* SPDX-License-Identifier: Apache-2.0 */
/* <ukko/wire.h>: the codecs of frames and PDUs as tools see them. Pure; any thread. */
#include "remote/frame.h"
#include "remote/pdu.h"
#include <ukko/wire.h>

/* ---- reading ---- */

int ukko_wire_cut(ukko_slice *in, size_t max_bytes, ukko_slice *body) {
    return uk_frame_cut(in, max_bytes, body);
}

static void take_envelope(ukko_wire_pdu *out, const uk_envelope *e) {
    out->has_ack = e->has_ack;
    out->has_message = e->has_message;
    out->has_sender = e->has_sender;
    out->has_seq = e->has_seq;
    out->acked = e->cumulative;
    out->n_nacks = e->nack_count;
    out->seq = e->seq;
    out->recipient = e->recipient;
    out->sender = e->sender;
    out->serializer = e->serializer;
    out->manifest = e->manifest;
    out->message = e->message;
    out->payload = e->payload;
}

int ukko_wire_decode(ukko_slice body, ukko_wire_pdu *out) {
    uk_pdu pdu;
    uk_envelope e;
    *out = (ukko_wire_pdu){0};
    int rc = uk_pdu_decode(body, &pdu);
    if (rc) return rc;
    out->kind = (ukko_wire_kind)pdu.kind;
    if (pdu.kind == UK_PDU_ASSOCIATE) {
        out->system = pdu.origin.system;
        out->host = pdu.origin.host;
        out->protocol = pdu.origin.protocol;
        out->port = pdu.origin.port;
        out->uid = pdu.uid;
    }
    if (pdu.kind != UK_PDU_PAYLOAD) return 0;
    if ((rc = uk_envelope_decode(pdu.payload, &e))) return rc;
    take_envelope(out, &e);
    return 0;
}

size_t ukko_wire_nacks(const ukko_wire_pdu *pdu, int64_t *seqs, size_t cap) {
    uk_envelope e;
    int64_t seq;
    size_t n = 0;
    if (!pdu->has_ack || uk_envelope_decode(pdu->payload, &e)) return 0;
    uk_nacks it = uk_envelope_nacks(&e);
    while (uk_nacks_next(&it, &seq)) {
        if (n < cap) seqs[n] = seq;
        n++;
    }
    return n;
}

const char *ukko_wire_kind_name(ukko_wire_kind kind) { return uk_pdu_name((uk_pdu_kind)kind); }

/* ---- writing ---- */

static size_t give(uk_buf *frame, uint8_t *buf, size_t len) {
    size_t n = frame->len;
    if (n <= len && n) memcpy(buf, frame->ptr, n);
    uk_buf_fini(frame);
    return n;
}

size_t ukko_wire_put_associate(uint8_t *buf, size_t len, const ukko_wire_origin *self) {
    uk_buf frame = {0};
    uk_origin o = {.system = ukko_str(self->system),
                   .host = ukko_str(self->host),
                   .protocol = ukko_str(self->protocol),
                   .port = self->port};
    uk_pdu_put_associate(&frame, &o, self->uid);
    return give(&frame, buf, len);
}

size_t ukko_wire_put_control(uint8_t *buf, size_t len, ukko_wire_kind kind) {
    uk_buf frame = {0};
    if (kind < UKKO_WIRE_DISASSOCIATE || kind > UKKO_WIRE_DISASSOCIATE_QUARANTINED) return 0;
    uk_pdu_put_control(&frame, (uk_pdu_kind)kind);
    return give(&frame, buf, len);
}

size_t ukko_wire_put_message(uint8_t *buf, size_t len, const ukko_wire_message *m) {
    uk_buf frame = {0};
    uk_outgoing out = {.recipient = m->recipient,
                       .sender = m->sender,
                       .message = m->bytes,
                       .manifest = m->manifest,
                       .serializer = m->serializer,
                       .has_seq = m->has_seq,
                       .seq = m->seq};
    uk_envelope_put(&frame, &out, UINT32_MAX);
    return give(&frame, buf, len);
}

size_t ukko_wire_put_ack(uint8_t *buf, size_t len, int64_t acked, const int64_t *nacks,
                         size_t n_nacks) {
    uk_buf frame = {0};
    uk_ack_put(&frame, &(uk_ack){acked, nacks, n_nacks}, UINT32_MAX);
    return give(&frame, buf, len);
}
