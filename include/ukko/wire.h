/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_WIRE_H
#define UKKO_WIRE_H

/*
 * The frames of classic remoting as bytes, for tools: captures, proxies, probes. No system, no
 * socket, no memory of its own: all functions are pure and may run on any thread. Foreign bytes of
 * any kind are fine; nothing is read past a slice, nothing grows with what a length promises.
 */
#include <ukko/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Reading frames: ukko_wire(3) -------------------------------------------------- */

/* [any] Cuts the first frame that is not empty from *in. 1: *body is a view of it, and *in what
   follows; 0: it is not all there, *in is its start; UKKO_ETOOBIG: header and body together are
   longer than max_bytes (SIZE_MAX: no limit). A frame is a length in four bytes, big endian, and
   its body; a length of zero is legal and means nothing. */
UKKO_API int ukko_wire_cut(ukko_slice *in, size_t max_bytes, ukko_slice *body);

/* What a frame is. The numbers but the first are those of the wire. (WireFormats.CommandType) */
typedef enum ukko_wire_kind {
    UKKO_WIRE_PAYLOAD = 0,                 /* a message, an acknowledgement, or both */
    UKKO_WIRE_ASSOCIATE = 1,               /* the handshake: who the sender is */
    UKKO_WIRE_DISASSOCIATE = 2,            /* the association ends */
    UKKO_WIRE_HEARTBEAT = 3,               /* a sign of life of the connection */
    UKKO_WIRE_DISASSOCIATE_SHUTDOWN = 4,   /* it ends, because the sender shuts down */
    UKKO_WIRE_DISASSOCIATE_QUARANTINED = 5 /* it ends: the sender has quarantined the receiver */
} ukko_wire_kind;

/* A decoded frame. All slices are views of it; text is as the peer sent it, not checked. */
typedef struct ukko_wire_pdu {
    ukko_wire_kind kind; /* says which of the others are set */
    /* ASSOCIATE: where the sender says it lives. protocol is that of the transport: "tcp",
       "ssl.tcp", without the "pekko." of addresses. */
    ukko_slice system, host, protocol;
    uint32_t port; /* of ASSOCIATE, as the others here */
    int32_t uid;   /* of the sender's incarnation */
    /* PAYLOAD: an acknowledgement of system messages, a message, or both */
    bool has_ack, has_message, has_sender, has_seq;
    int64_t acked;  /* has_ack: the highest number seen; -1: none */
    size_t n_nacks; /* has_ack: see ukko_wire_nacks() */
    int64_t seq;    /* has_seq: the number of a system message */
    ukko_slice recipient, sender; /* paths */
    int32_t serializer;           /* its identifier */
    ukko_slice manifest, message; /* empty: no manifest; the message's bytes */
    ukko_slice payload;           /* the whole of it */
} ukko_wire_pdu;

/* [any] body of a frame -> *out. UKKO_EPARSE: malformed, something required is missing, an unknown
   command, or an origin with control characters. */
UKKO_API int ukko_wire_decode(ukko_slice body, ukko_wire_pdu *out);
/* [any] Fills seqs with up to cap of the numbers that the acknowledgement reports as missing; gives
   how many there are. */
UKKO_API size_t ukko_wire_nacks(const ukko_wire_pdu *pdu, int64_t *seqs, size_t cap);
/* [any] As in the protocol: "ASSOCIATE", static; "?" for another number. Never NULL. */
UKKO_API const char *ukko_wire_kind_name(ukko_wire_kind kind);

/* [any] What kind of message it is, in one word that has no blanks: the class for people ("String",
   "Identify", "Watch"), "jackson-json:com.example.Hello", "protobuf:com.example.Hello",
   "java:com.example.Hello" (the class that a Java-serialized stream begins with; it is never
   deserialized), or "serializer-77:manifest". Of a selection it is what is inside:
   "ActorSelectionMessage:Identify". Gives the length that the whole would take, as snprintf(). */
UKKO_API size_t ukko_wire_name(int32_t serializer, ukko_slice manifest, ukko_slice message,
                               char *buf, size_t len);
/* [any] The message as one line of text, for people: Identify(messageId="ukko"). What cannot be
   read is shown as bytes. Gives the length that the whole would take, as snprintf(). */
UKKO_API size_t ukko_wire_print(int32_t serializer, ukko_slice manifest, ukko_slice message,
                                char *buf, size_t len);

/* ---- Writing frames: ukko_wire_put(3) ---------------------------------------------- */

/* All give the length of the whole frame, header included, as snprintf() does; when that is more
   than len, buf holds nothing that is of use. buf may be NULL with len 0. */

/* Who a node is, in the handshake. */
typedef struct ukko_wire_origin {
    const char *system, *host, *protocol; /* protocol: "tcp" or "ssl.tcp" */
    uint16_t port; /* that it publishes */
    int32_t uid;   /* of its incarnation */
} ukko_wire_origin;

/* [any] The handshake, the first frame in each direction. */
UKKO_API size_t ukko_wire_put_associate(uint8_t *buf, size_t len, const ukko_wire_origin *self);
/* [any] kind: HEARTBEAT or one of DISASSOCIATE*; 0 for another. */
UKKO_API size_t ukko_wire_put_control(uint8_t *buf, size_t len, ukko_wire_kind kind);

/* A message with its envelope. All slices stay the caller's. */
typedef struct ukko_wire_message {
    ukko_slice recipient; /* a path, "pekko.tcp://s@h:1/user/x#5" */
    ukko_slice sender;    /* ptr NULL: none */
    int32_t serializer;   /* its identifier */
    ukko_slice manifest;  /* empty: no manifest */
    ukko_slice bytes;     /* the message */
    bool has_seq; /* a system message (serializer 22) is numbered; others are not */
    int64_t seq;  /* with has_seq */
} ukko_wire_message;

/* [any] A message. Only what is in UTF-8 is understood as a path by peers; it is not checked here. */
UKKO_API size_t ukko_wire_put_message(uint8_t *buf, size_t len, const ukko_wire_message *m);
/* [any] An acknowledgement: all system messages up to acked have come, but for the nacks. */
UKKO_API size_t ukko_wire_put_ack(uint8_t *buf, size_t len, int64_t acked, const int64_t *nacks,
                                  size_t n_nacks);

#ifdef __cplusplus
}
#endif
#endif
