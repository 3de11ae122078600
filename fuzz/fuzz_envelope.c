/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes and acknowledgements: any bytes are decoded or refused; a message that was read can be
   written and read again with the same result; a second envelope that is said to be like a first one
   is. */
#include "remote/alike.h"
#include "remote/frame.h"
#include <stdlib.h>

static void count_nacks(const uk_wire *e) {
    uk_nacks it = uk_envelope_nacks(e);
    int64_t seq;
    size_t n = 0;
    while (uk_nacks_next(&it, &seq)) {
        if (++n > e->payload.len) abort();
    }
}

static void write_and_read(const uk_wire *e) {
    uk_outgoing m = {.recipient = e->recipient,
                     .sender = e->has_sender ? e->sender : (ukko_slice){NULL, 0},
                     .message = e->message,
                     .manifest = e->manifest,
                     .serializer = e->serializer,
                     .has_seq = e->has_seq,
                     .seq = e->seq};
    uk_buf out = {0};
    uk_pdu pdu;
    uk_wire again;
    if (uk_envelope_put(&out, &m, 1 << 20) == UKKO_OK) {
        ukko_slice in = uk_buf_slice(&out), body;
        if (in.len != uk_envelope_frame_size(&m)) abort();
        if (uk_frame_cut(&in, SIZE_MAX, &body) != 1 || in.len != 0) abort();
        if (uk_pdu_decode(body, &pdu) != UKKO_OK || pdu.kind != UK_PDU_PAYLOAD) abort();
        if (uk_envelope_decode(pdu.payload, &again) != UKKO_OK || !again.has_message) abort();
        if (!uk_slice_eq(again.recipient, e->recipient) || again.serializer != e->serializer ||
            !uk_slice_eq(again.message, e->message) || !uk_slice_eq(again.manifest, e->manifest) ||
            again.has_seq != e->has_seq || (e->has_seq && again.seq != e->seq))
            abort();
    }
    uk_buf_fini(&out);
}

/* The input is cut in two by its first byte: a payload, and the body of a frame. */
static void compare(const uint8_t *data, size_t size) {
    uk_alike a = {0};
    uk_wire first, second;
    uk_pdu pdu;
    ukko_slice message, body;
    size_t n = size ? data[0] : 0;
    if (n >= size || uk_envelope_decode((ukko_slice){data + 1, n}, &first)) return;
    body = (ukko_slice){data + 1 + n, size - 1 - n};
    if (uk_alike_learn(&a, &first) && uk_alike_match(&a, body, &message)) {
        if (uk_pdu_decode(body, &pdu) || uk_envelope_decode(pdu.payload, &second)) abort();
        if (second.message.ptr != message.ptr || second.message.len != message.len ||
            !uk_slice_eq(first.recipient, second.recipient) || second.has_ack || second.has_seq ||
            first.has_sender != second.has_sender ||
            (first.has_sender && !uk_slice_eq(first.sender, second.sender)) ||
            !uk_slice_eq(first.manifest, second.manifest) ||
            first.serializer != second.serializer)
            abort();
    }
    uk_alike_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uk_wire e;
    compare(data, size);
    if (uk_envelope_decode((ukko_slice){data, size}, &e) != UKKO_OK) return 0;
    if (e.has_ack) count_nacks(&e);
    if (e.has_message) write_and_read(&e);
    return 0;
}
