/* SPDX-License-Identifier: Apache-2.0 */
/* Telling at a glance that a frame is like an earlier one: the same recipient, sender, serializer
   and manifest, another message. What was decoded once need then not be decoded again. Pure; one
   thread at a time. */
#ifndef UK_REMOTE_ALIKE_H
#define UK_REMOTE_ALIKE_H
#include "remote/wire.h"

/* Of a payload with one message laid out as most are: lengths, the recipient, the message, the
   sender. All but the message's bytes and four lengths is kept. Zero-initialized is empty. */
typedef struct uk_alike {
    uk_buf bytes; /* in front of the message's lengths, then behind the message's bytes */
    size_t front; /* how many of the former */
    size_t tail;  /* how many of the latter belong to the serialized message */
    bool known;
} uk_alike;

/* Is the body of a frame like the one that was learned? Then *message is a view of its message, and
   uk_envelope_decode() would give all else as it did then. */
bool uk_alike_match(const uk_alike *a, ukko_slice body, ukko_slice *message);
/* Learns from a payload that was decoded as e. false: it is laid out in another way, or says
   more. */
bool uk_alike_learn(uk_alike *a, const uk_wire *e);
void uk_alike_fini(uk_alike *a);
#endif
