/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a byte stream into frames, in place wherever a frame lies in one piece. Pure; runs on the
   I/O thread of the connection. */
#include "remote/frame.h"
#include <assert.h>

void uk_frame_put_empty(uk_buf *out) { uk_buf_put(out, "\0\0\0\0", UK_FRAME_HEADER); }

int uk_frame_cut(ukko_slice *in, size_t max, ukko_slice *body) {
    while (in->len >= UK_FRAME_HEADER) {
        size_t n = uk_frame_length(in->ptr);
        if (!uk_frame_fits(n, max)) return UKKO_ETOOBIG;
        if (in->len - UK_FRAME_HEADER < n) return 0;
        *body = (ukko_slice){in->ptr + UK_FRAME_HEADER, n};
        in->ptr += UK_FRAME_HEADER + n;
        in->len -= UK_FRAME_HEADER + n;
        if (n) return 1;
    }
    return 0;
}

void uk_cutter_init(uk_cutter *c, size_t max) { *c = (uk_cutter){.max = max}; }
void uk_cutter_fini(uk_cutter *c) {
    uk_buf_fini(&c->part);
    *c = (uk_cutter){0};
}
size_t uk_cutter_pending(const uk_cutter *c) { return c->done ? 0 : c->part.len; }

void uk_cutter_feed(uk_cutter *c, const void *bytes, size_t len) {
    assert(!c->chunk.len); /* the last feed was used up, or a frame was refused */
    if (!c->broken) c->chunk = (ukko_slice){bytes, len};
}
static int refuse(uk_cutter *c, const uint8_t *header) {
    c->broken = true;
    c->refused = uk_frame_length(header);
    c->chunk = (ukko_slice){NULL, 0};
    uk_buf_fini(&c->part);
    return UKKO_ETOOBIG;
}
/* Moves bytes from the chunk until part has `want`; true when it has. */
static bool fill(uk_cutter *c, size_t want) {
    size_t n = want - c->part.len;
    if (n > c->chunk.len) n = c->chunk.len;
    if (n) {
        uk_buf_put(&c->part, c->chunk.ptr, n);
        c->chunk.ptr += n;
        c->chunk.len -= n;
    }
    return c->part.len == want;
}
/* The frame whose start lies in part. As uk_cutter_next(), and 0 with an empty part: skip it. */
static int complete(uk_cutter *c, ukko_slice *body) {
    if (c->part.len < UK_FRAME_HEADER) {
        if (!fill(c, UK_FRAME_HEADER)) return 0;
        if (!uk_frame_fits(uk_frame_length(c->part.ptr), c->max)) return refuse(c, c->part.ptr);
    }
    size_t n = uk_frame_length(c->part.ptr);
    if (!n) uk_buf_clear(&c->part);
    if (!n || !fill(c, UK_FRAME_HEADER + n)) return 0;
    *body = (ukko_slice){c->part.ptr + UK_FRAME_HEADER, n};
    c->done = true;
    return 1;
}
int uk_cutter_next(uk_cutter *c, ukko_slice *body) {
    if (c->broken) return UKKO_ETOOBIG;
    if (c->done) uk_buf_clear(&c->part);
    c->done = false;
    if (c->part.len) {
        int rc = complete(c, body);
        if (rc || c->part.len) return rc;
    }
    int rc = uk_frame_cut(&c->chunk, c->max, body);
    if (rc < 0) return refuse(c, c->chunk.ptr);
    if (!rc) fill(c, c->chunk.len); /* part was empty */
    return rc;
}
