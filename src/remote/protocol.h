/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of one connection as a state machine: handshake from either side, heartbeats,
   silence, and the ways to end. It is told what happens and what time it is, and tells through a
   table of functions what to do. Pure; one thread at a time (the I/O thread of the connection). */
#ifndef UK_REMOTE_PROTOCOL_H
#define UK_REMOTE_PROTOCOL_H
#include "remote/detector.h"
#include "remote/pdu.h"

typedef enum uk_proto_state {
    UK_PROTO_CONNECTING, /* active only: the transport is not up */
    UK_PROTO_WAITING,    /* for the peer's ASSOCIATE */
    UK_PROTO_OPEN,
    UK_PROTO_CLOSED
} uk_proto_state;

/* Why it ended. "Invalid" in the comments: do not try again soon; all else may be retried. */
typedef enum uk_proto_end {
    UK_PROTO_END_NONE,
    UK_PROTO_END_LOCAL,           /* uk_proto_disassociate() */
    UK_PROTO_END_LOST,            /* the transport is gone, or never came up */
    UK_PROTO_END_DISASSOCIATED,   /* the peer said so, without a reason */
    UK_PROTO_END_PEER_SHUTDOWN,   /* the peer said it shuts down (invalid) */
    UK_PROTO_END_PEER_QUARANTINE, /* the peer said it has quarantined us (invalid) */
    UK_PROTO_END_REFUSED_UID,     /* the peer is the one we refuse (invalid) */
    UK_PROTO_END_HANDSHAKE,       /* the peer's first PDU was not a handshake */
    UK_PROTO_END_TIMEOUT,         /* no handshake in time */
    UK_PROTO_END_SILENCE,         /* the failure detector */
    UK_PROTO_END_UNDECODABLE,     /* a frame that is no PDU */
    UK_PROTO_END_TOO_LONG         /* a frame over the limit */
} uk_proto_end;

typedef struct uk_proto_settings {
    uk_origin self; /* our address, as the peer is to know it; slices borrowed for the lifetime */
    int32_t uid;    /* ours */
    bool refuse;    /* active: end the handshake when the peer's uid is refused_uid */
    int32_t refused_uid;
    int64_t handshake_ms; /* 15000 */
    int64_t heartbeat_ms; /* 4000 */
    int64_t pause_ms;     /* 120000 */
    const uk_detector_kind *detector; /* NULL: a deadline of these two; borrowed */
} uk_proto_settings;

/* What the machine wants done. open() and payload() may call uk_proto_disassociate(); send() may
   not call into the machine: a write that fails is told later, with uk_proto_lost(). The machine's
   memory may be given up in closed(), as nothing touches it afterwards. No slot may be NULL. */
typedef struct uk_proto_events {
    void (*send)(void *data, ukko_slice bytes); /* whole frames; copy them or write them now */
    void (*open)(void *data, const uk_origin *peer, int32_t uid); /* views valid during the call */
    void (*payload)(void *data, ukko_slice payload); /* for uk_envelope_decode(); open before */
    /* Once, and nothing after it. flush: write what was sent before closing; else close at once. */
    void (*closed)(void *data, uk_proto_end end, bool flush, const char *text);
} uk_proto_events;

typedef struct uk_proto {
    uk_proto_settings settings;
    const uk_proto_events *events;
    void *data;
    uk_proto_state state;
    bool active, was_open;
    uk_proto_end end;
    int64_t handshake_at, heartbeat_at; /* INT64_MAX: not running */
    uk_deadline deadline;
    uk_detector *own; /* used instead; owned, until the end */
} uk_proto;

/* active: before the connect; otherwise at the accept. Starts the handshake timer. */
void uk_proto_init(uk_proto *p, bool active, const uk_proto_settings *settings,
                   const uk_proto_events *events, void *data, int64_t now);
/* Active: the transport is up (TLS included). */
void uk_proto_connected(uk_proto *p, int64_t now);
/* The body of a frame; empty ones are ignored. */
void uk_proto_frame(uk_proto *p, ukko_slice body, int64_t now);
/* The cutter refused a length. */
void uk_proto_too_long(uk_proto *p, uint32_t length);
/* The transport ended by itself; text says how, or NULL. */
void uk_proto_lost(uk_proto *p, const char *text);
/* The peer could not be heard, by our own doing: its silence so far does not count. */
void uk_proto_excuse(uk_proto *p, int64_t now);
/* Time has passed. Call at uk_proto_deadline() or later. */
void uk_proto_tick(uk_proto *p, int64_t now);
int64_t uk_proto_deadline(const uk_proto *p); /* INT64_MAX: none */
/* Ends it from this side. kind is one of the UK_PDU_DISASSOCIATE ones. */
void uk_proto_disassociate(uk_proto *p, uk_pdu_kind kind, const char *text);
/* Hands the events to somebody else, who also learns of an end that has been. */
void uk_proto_listen(uk_proto *p, const uk_proto_events *events, void *data);
const char *uk_proto_end_name(uk_proto_end end);
#endif
