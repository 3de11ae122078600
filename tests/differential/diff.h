/* SPDX-License-Identifier: Apache-2.0 */
/* The differential test: random messages go to Pekko's own serializers and come back. Main thread. */
#ifndef DIFF_H
#define DIFF_H
#include "serial/codec.h"
#include "serial/daemon.h"
#include <ukko/serial.h>

extern ukko_system *diff_system;
extern uk_serial *diff_serial;

/* What is sent, in its three forms; one of them is set. */
typedef struct sample {
    ukko_msg *msg;
    uk_sysmsg *sys;
    uk_daemon_create *daemon;
} sample;
void sample_free(sample *s);

typedef struct kind {
    const char *name;
    sample (*make)(uint64_t *seed);
    bool exact;            /* the JVM gives the very same bytes back */
    bool lossy;            /* reading its own bytes gives another message: replaced exceptions */
    const ukko_type *type; /* of messages whose meaning is compared; NULL: bytes tell */
    const char *proto;     /* full name for protobuf's own parser; NULL: Pekko's serializer */
} kind;
extern const kind *const kind_lists[]; /* each ends with a NULL name; ends with NULL */

/* ---- random pieces: pieces.c ---- */
uint64_t roll(uint64_t *seed);
size_t below(uint64_t *seed, size_t n);
ukko_msg *random_of(const ukko_type *type, uint64_t *seed); /* references to far actors in it */
const char *random_text(ukko_msg *into, uint64_t *seed);
ukko_ref *random_ref(uint64_t *seed);                /* retained */
ukko_msg *random_payload(uint64_t *seed, int depth); /* what others hold; may be NULL */
ukko_msg *random_throwable(uint64_t *seed, bool bound);
ukko_address random_address(ukko_msg *into, uint64_t *seed);

/* ---- canon.c: what a message means, as the peer's Canon says it. Appends. ---- */
void canon_put(uk_buf *out, const ukko_type *type, const void *body, bool proto);
/* Date-times with an offset become the same instants at UTC, as Jackson reads them. */
void canon_to_utc(const ukko_type *type, void *body);
#endif
