/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of system messages to and from one address, and the incarnation they are for: what
   survives a connection, what begins anew, and what an acknowledgement that fits nothing means.
   Pure; one thread at a time, in a system the one with the peer's lock. */
#ifndef UK_REMOTE_NUMBERS_H
#define UK_REMOTE_NUMBERS_H
#include "remote/acked.h"

/* What a new connection of the same incarnation means for the numbers that come in. */
typedef enum uk_numbers_turn {
    UK_NUMBERS_GO_ON,
    UK_NUMBERS_OVER,  /* they begin anew; but an open connection may bring more of the old ones */
    UK_NUMBERS_MAYBE, /* the peer has given up what was under way: it may begin anew, as a JVM does, */
    UK_NUMBERS_ASK    /* which its first number tells */
} uk_numbers_turn;

typedef struct uk_numbers {
    uk_acked_send send;
    uk_acked_recv recv;
    int64_t ever; /* the highest number ever sent to this address; -1: none */
    bool known;   /* those of send are for uid */
    int32_t uid;
    bool taking;  /* those of recv are of from_uid */
    int32_t from_uid;
    uk_numbers_turn turn;
} uk_numbers;

/* data goes to both functions: release_out for items to send, release_in for items that came. */
void uk_numbers_init(uk_numbers *n, size_t capacity, uk_item_fn release_out,
                     uk_acked_recv_limits limits, uk_item_fn release_in, void *data);
void uk_numbers_fini(uk_numbers *n);
/* seq is written now. */
static inline void uk_numbers_wrote(uk_numbers *n, int64_t seq) {
    if (uk_seq_compare(seq, n->ever) > 0) n->ever = seq;
}
/* Something waits that was never written: earlier ones had to be acknowledged first. */
static inline bool uk_numbers_unwritten(const uk_numbers *n) {
    return uk_seq_compare(n->send.next, uk_seq_add(n->ever, 1)) > 0;
}
/* What was not acknowledged goes to fn, which owns it then. The numbers go on, for the incarnation
   may have some of it and keeps its own count; where none has answered yet they begin anew. */
void uk_numbers_give_up(uk_numbers *n, uk_item_fn fn, void *data);
/* The same, when the peer has given up, too: one of the two refuses the other. */
void uk_numbers_part(uk_numbers *n, uk_item_fn fn, void *data);
/* This incarnation is over: the numbers begin anew. */
void uk_numbers_restart(uk_numbers *n, uk_item_fn fn, void *data);
/* This node is a new incarnation for the peer: both directions begin anew, and nothing is given
   up. */
void uk_numbers_renumber(uk_numbers *n);
/* Are they for another incarnation than uid? Then restart, before uk_numbers_for(). */
static inline bool uk_numbers_foreign(const uk_numbers *n, int32_t uid) {
    return n->known && n->uid != uid;
}
/* A handshake with uid is done, and its connection taken into use. older: there are older ones,
   which may bring again what came before. */
void uk_numbers_for(uk_numbers *n, int32_t uid, bool older);
/* May what a connection of this uid brings be taken? Not before an incarnation with it is in
   use. */
bool uk_numbers_takes(uk_numbers *n, int32_t uid, int64_t seq);

/* Nothing is lost if they are forgotten. */
static inline bool uk_numbers_unused(const uk_numbers *n) {
    return uk_acked_send_empty(&n->send) && n->send.next == 0 &&
           (n->recv.highest == -1 || n->turn == UK_NUMBERS_OVER);
}

typedef enum uk_acked_what {
    UK_ACKED,        /* fine */
    UK_ACKED_RESEND, /* items are nacked: write them at once */
    UK_ACKED_STALE,  /* of an older incarnation or connection: ignore it */
    UK_ACKED_BAD     /* what it wants is gone, or was never sent: there is no hope */
} uk_acked_what;
uk_acked_what uk_numbers_ack(uk_numbers *n, int64_t cumulative, uk_nacks nacks);
/* The acknowledgement for a connection by which `seen` was the highest number that came. What
   another connection has seen is not spoken of: a peer that has begun anew would take it for an
   acknowledgement of the future. Its nacks are valid until the next call on n. */
uk_ack uk_numbers_ack_for(uk_numbers *n, int64_t seen);
#endif
