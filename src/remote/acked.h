/* SPDX-License-Identifier: Apache-2.0 */
/* Reliable delivery of system messages: numbering and keeping until acknowledged on one side,
   putting in order and acknowledging on the other, and when an acknowledgement travels. Items are
   opaque and never NULL. Nothing a peer sends makes these grow past the limits given at the start.
   Pure; one thread at a time (the owner of the link). */
#ifndef UK_REMOTE_ACKED_H
#define UK_REMOTE_ACKED_H
#include "remote/pdu.h"

/* Order of sequence numbers, which wrap around: negative, 0 or positive. */
static inline int uk_seq_compare(int64_t a, int64_t b) {
    int64_t d = (int64_t)((uint64_t)a - (uint64_t)b);
    if (d == INT64_MIN) return a < b ? 1 : -1; /* half way round: as Pekko has it */
    return d < 0 ? -1 : d > 0;
}
static inline int64_t uk_seq_add(int64_t a, uint64_t n) { return (int64_t)((uint64_t)a + n); }

typedef void (*uk_item_fn)(void *data, void *item);
typedef void (*uk_seq_item_fn)(void *data, int64_t seq, void *item);

/* --- the sending side --------------------------------------------------------------------- */
typedef struct uk_acked_slot {
    int64_t seq;
    void *item;
    bool marked; /* scratch of uk_acked_send_ack() */
} uk_acked_slot;

typedef struct uk_acked_send {
    size_t capacity;      /* of pending; nacked does not count */
    int64_t next;         /* the number the next item gets; starts at 0 */
    uk_acked_slot *ring;  /* pending: never acknowledged; numbers next - pending .. next - 1 */
    size_t ring_cap, head, pending;
    uk_acked_slot *nacked; /* ascending numbers, all before those in the ring */
    size_t nacked_cap, nacked_at, nacked_count; /* nacked[at .. at + count - 1] */
    uk_item_fn release;
    void *data;
} uk_acked_send;

void uk_acked_send_init(uk_acked_send *b, size_t capacity, uk_item_fn release, void *data);
/* Takes item and gives it the next number (*seq). UKKO_ETOOBIG: capacity is used up, item is
   released, the link is beyond hope. */
int uk_acked_send_push(uk_acked_send *b, void *item, int64_t *seq);
/* May an item just pushed be written at once? Not when more than resend_limit are outstanding. */
static inline bool uk_acked_send_open(const uk_acked_send *b, size_t resend_limit) {
    return b->pending <= resend_limit;
}
/* An acknowledgement came in. Items that arrived are released; the missing ones among them are
   kept aside. 1: items are nacked, write them at once (uk_acked_send_each with limit 0); 0: none.
   UKKO_EPROTO: it acknowledges what was never sent. UKKO_ENOTFOUND: it wants something again that
   is not held any more. After an error nothing has changed; the caller decides what it means. */
int uk_acked_send_ack(uk_acked_send *b, int64_t cumulative, uk_nacks nacks);
/* What a resend writes: all nacked items, then the first `limit` pending ones, ascending. fn may
   not change b. */
void uk_acked_send_each(const uk_acked_send *b, size_t limit, uk_seq_item_fn fn, void *data);
static inline bool uk_acked_send_empty(const uk_acked_send *b) {
    return !b->pending && !b->nacked_count;
}
/* A new peer: hands every item to fn (which then owns it; NULL: released) and starts at 0 again. */
void uk_acked_send_reset(uk_acked_send *b, uk_item_fn fn, void *data);
void uk_acked_send_fini(uk_acked_send *b); /* releases all */

/* --- the receiving side ------------------------------------------------------------------- */
typedef struct uk_acked_recv_limits {
    size_t gap;   /* how far ahead of the last delivered number one may be; also bounds the nacks */
    size_t bytes; /* of all items that wait for an earlier one */
} uk_acked_recv_limits;

typedef struct uk_acked_arrival {
    void *item; /* NULL: not here yet */
    size_t bytes;
} uk_acked_arrival;

typedef struct uk_acked_recv {
    uk_acked_recv_limits limits;
    int64_t delivered; /* last number delivered; starts at -1 */
    int64_t highest;   /* highest number seen = the cumulative acknowledgement; starts at -1 */
    uk_acked_arrival *ring; /* number delivered + 1 + i is at (head + i) % cap */
    size_t ring_cap, head;
    size_t held, bytes; /* items in the ring, and their size */
    int64_t *nacks;     /* scratch of uk_acked_recv_ack() */
    size_t nacks_cap;
    uk_item_fn release;
    void *data;
} uk_acked_recv;

void uk_acked_recv_init(uk_acked_recv *b, uk_acked_recv_limits limits, uk_item_fn release,
                        void *data);
/* Limits for frames of max_frame bytes: as many nacks as one frame takes, and 64 frames' bytes. */
uk_acked_recv_limits uk_acked_recv_limits_for(size_t max_frame);
/* 1: seq is new; 0: it was here before (acknowledge it all the same); UKKO_ETOOBIG: too far ahead,
   or too much waits already: refuse it and do not acknowledge. */
int uk_acked_recv_check(const uk_acked_recv *b, int64_t seq, size_t bytes);
/* Takes item, which counts as so many bytes. Answers as uk_acked_recv_check(); unless 1 the item is
   released. Then deliver with uk_acked_recv_next() until NULL. */
int uk_acked_recv_put(uk_acked_recv *b, int64_t seq, void *item, size_t bytes);
/* The next item in order, now the caller's, or NULL. */
void *uk_acked_recv_next(uk_acked_recv *b);
/* The acknowledgement of now; its nacks are valid until the next call on b. */
uk_ack uk_acked_recv_ack(uk_acked_recv *b);
/* Joins what another reader of the same peer has: the higher state wins, items are moved; *from is
   as after init. */
void uk_acked_recv_merge(uk_acked_recv *b, uk_acked_recv *from);
void uk_acked_recv_reset(uk_acked_recv *b); /* a new peer */
void uk_acked_recv_fini(uk_acked_recv *b);

/* --- when an acknowledgement travels ------------------------------------------------------- */
/* It rides on the next message; alone if no frame was written for `piggyback` ms, or when it speaks for
   `enough` messages: a sender that has filled its window would wait. */
typedef struct uk_ack_timer {
    int64_t piggyback, deadline;
    size_t enough, owed; /* messages that came in since the last one that was sent */
    bool waiting;        /* an acknowledgement is to be sent */
} uk_ack_timer;

/* For a sender that has no more than `window` messages under way (resend-limit). */
void uk_ack_timer_init(uk_ack_timer *t, int64_t piggyback_ms, size_t window, int64_t now_ms);
/* There is something to acknowledge. true: send it alone now. */
bool uk_ack_timer_add(uk_ack_timer *t, int64_t now_ms);
/* A frame was written; carried: with the acknowledgement. */
void uk_ack_timer_wrote(uk_ack_timer *t, bool carried, int64_t now_ms);
/* true: it waited long enough, send it alone. */
bool uk_ack_timer_due(const uk_ack_timer *t, int64_t now_ms);
/* When uk_ack_timer_due() becomes true; INT64_MAX: nothing waits. */
int64_t uk_ack_timer_deadline(const uk_ack_timer *t);
#endif
