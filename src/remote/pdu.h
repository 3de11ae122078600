/* SPDX-License-Identifier: Apache-2.0 */
/* What a frame holds: control PDUs, and payloads with an envelope (one message), an acknowledgement
   of system messages, or both. Decoding takes any foreign bytes, allocates nothing and gives views
   of the input. Encoding appends whole frames, length included, and moves nothing once written.
   Pure; any thread. */
#ifndef UK_REMOTE_PDU_H
#define UK_REMOTE_PDU_H
#include "base/pb.h"

/* The numbers of the control PDUs are those of the wire. */
typedef enum uk_pdu_kind {
    UK_PDU_PAYLOAD = 0,
    UK_PDU_ASSOCIATE = 1,
    UK_PDU_DISASSOCIATE = 2,
    UK_PDU_HEARTBEAT = 3,
    UK_PDU_DISASSOCIATE_SHUTDOWN = 4,
    UK_PDU_DISASSOCIATE_QUARANTINED = 5
} uk_pdu_kind;

/* Where a system says it lives. protocol is that of the transport below: "tcp", "ssl.tcp". */
typedef struct uk_origin {
    ukko_slice system, host, protocol;
    uint32_t port;
} uk_origin;

typedef struct uk_pdu {
    uk_pdu_kind kind;
    uk_origin origin;   /* ASSOCIATE */
    int32_t uid;        /* ASSOCIATE: the low 32 bits of the number sent */
    ukko_slice payload; /* PAYLOAD: for uk_envelope_decode() */
} uk_pdu;

/* body of a frame -> *out. UKKO_EPARSE: malformed, something required is missing, an unknown
   command, or an origin that is not UTF-8 or has control characters in it. */
int uk_pdu_decode(ukko_slice body, uk_pdu *out);
const char *uk_pdu_name(uk_pdu_kind kind); /* as in the protocol: "ASSOCIATE" */

/* Whole frames. */
void uk_pdu_put_associate(uk_buf *out, const uk_origin *origin, int32_t uid);
void uk_pdu_put_control(uk_buf *out, uk_pdu_kind kind); /* not PAYLOAD, not ASSOCIATE */

/* Sequence numbers that were not received: in a packed array, or all over a received payload. */
typedef struct uk_nacks {
    uk_pb outer, inner;
    ukko_slice packed;
} uk_nacks;
static inline uk_nacks uk_nacks_of(const int64_t *seqs, size_t count) {
    return (uk_nacks){.packed = {(const uint8_t *)seqs, count * 8}};
}
bool uk_nacks_next(uk_nacks *it, int64_t *seq); /* may give the same number twice */

/* A received payload. All slices are views of the frame. */
typedef struct uk_envelope {
    bool has_ack, has_message, has_sender, has_seq;
    int64_t cumulative; /* has_ack: highest number seen by the peer; -1: none */
    size_t nack_count;  /* has_ack */
    int64_t seq;        /* has_seq: a system message that wants to be acknowledged */
    ukko_slice recipient, sender; /* paths as text; not checked, not even for UTF-8 */
    int32_t serializer;
    ukko_slice manifest, message;
    ukko_slice payload; /* the whole of it */
} uk_envelope;

/* UKKO_EPARSE: malformed or something required is missing. Unknown fields are skipped, fields may
   come in any order, of a scalar that comes twice the last counts, and of messages the parts. */
int uk_envelope_decode(ukko_slice payload, uk_envelope *out);
uk_nacks uk_envelope_nacks(const uk_envelope *e);

/* An acknowledgement to send. */
typedef struct uk_ack {
    int64_t cumulative;
    const int64_t *nacks;
    size_t count;
} uk_ack;

/* A message to send. Everything is borrowed. */
typedef struct uk_outgoing {
    ukko_slice recipient;  /* path text, with the #uid if there is one */
    ukko_slice sender;     /* ptr NULL: no sender */
    ukko_slice message;    /* not read by uk_envelope_begin() and _end() */
    ukko_slice manifest;   /* empty: no manifest field */
    int32_t serializer;
    bool has_seq;
    int64_t seq;
    const uk_ack *ack;     /* or NULL */
} uk_outgoing;

/* Length of the whole frame, header included. */
size_t uk_envelope_frame_size(const uk_outgoing *m);
/* What Pekko calls the size of a message: the frame without its header and that of the payload. */
size_t uk_envelope_size(size_t frame);
size_t uk_envelope_front(const uk_outgoing *m); /* of what is before the message's bytes */
/* Appends the frame. UKKO_ETOOBIG: it would be longer than max, which the peer's decoder would not
   take; out is as
   before. (Pekko as sender lets up to 8 bytes more pass and loses the link.) */
int uk_envelope_put(uk_buf *out, const uk_outgoing *m, size_t max);

/* The same in two steps, for a serializer that writes straight into out:
       begin; append the message bytes to out; fill serializer and manifest; end.
   expect is a guess of the message's length: when the lengths in front of the message turn out as
   wide as guessed, nothing moves; otherwise the message moves by a few bytes. recipient, sender,
   seq and ack must not change in between. On UKKO_ETOOBIG out is as before begin. */
typedef struct uk_frame_mark {
    size_t start, body;
} uk_frame_mark;
uk_frame_mark uk_envelope_begin(uk_buf *out, const uk_outgoing *m, size_t expect);
int uk_envelope_end(uk_buf *out, uk_frame_mark mark, const uk_outgoing *m, size_t max);

/* A payload that is only an acknowledgement. UKKO_ETOOBIG as above. */
int uk_ack_put(uk_buf *out, const uk_ack *ack, size_t max);
/* So many nacks fit in a frame of max bytes, alone. */
size_t uk_ack_nack_limit(size_t max);
#endif
