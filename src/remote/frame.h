/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a byte stream: a length N in four bytes, big endian, and N bytes of body; N = 0 is
   legal and means nothing. The cutter gives views of the bytes it was fed; only a frame that is
   split between two feeds is put together in a buffer, which grows with what has arrived and never
   with what a length promises. Pure; one thread at a time (the I/O thread of the connection). */
#ifndef UK_REMOTE_FRAME_H
#define UK_REMOTE_FRAME_H
#include "base/buf.h"

enum { UK_FRAME_HEADER = 4 };

/* The rule for a received frame: header and body together are at most max bytes. */
static inline bool uk_frame_fits(uint64_t body, size_t max) {
    return max >= UK_FRAME_HEADER && body <= max - UK_FRAME_HEADER;
}
static inline uint32_t uk_frame_length(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void uk_frame_put_length(uint8_t *p, uint32_t n) {
    p[0] = (uint8_t)(n >> 24);
    p[1] = (uint8_t)(n >> 16);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
}
/* Appends the empty frame, the last thing that is sent before a connection is closed. */
void uk_frame_put_empty(uk_buf *out);

/* Cuts the first frame that is not empty from *in, whose bytes lie together. 1: *body is a view of
   it and *in is what follows; 0: not all there, *in is the start of that frame; UKKO_ETOOBIG. */
int uk_frame_cut(ukko_slice *in, size_t max, ukko_slice *body);

typedef struct uk_cutter {
    size_t max;       /* the limit on header + body */
    ukko_slice chunk; /* what is left of the last feed; borrowed */
    uk_buf part;      /* the start of a frame, from earlier feeds */
    bool done;        /* part is a whole frame that was handed out */
    bool broken;      /* a length over the limit came */
    uint32_t refused; /* that length */
} uk_cutter;

void uk_cutter_init(uk_cutter *c, size_t max);
/* The bytes of the next read, borrowed until uk_cutter_next() has not given 1. */
void uk_cutter_feed(uk_cutter *c, const void *bytes, size_t len);
/* 1: *body is the next frame, never empty, valid until the next call on c; 0: feed more;
   UKKO_ETOOBIG: a length over the limit (c->refused), now and at every later call. */
int uk_cutter_next(uk_cutter *c, ukko_slice *body);
/* Bytes kept of a frame that is not complete. */
size_t uk_cutter_pending(const uk_cutter *c);
void uk_cutter_fini(uk_cutter *c);
#endif
