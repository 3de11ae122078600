/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: the first byte says how the rest is cut into reads; what comes out must be the same as
   when it is all fed at once, and no more is kept than has arrived. */
#include "remote/frame.h"
#include <stdlib.h>

enum { MAX = 4096 };

typedef struct digest {
    uint64_t hash, frames;
    int end;
} digest;

static void drain(uk_cutter *c, digest *d) {
    ukko_slice body;
    int rc;
    while ((rc = uk_cutter_next(c, &body)) == 1) {
        if (body.len == 0 || body.len + UK_FRAME_HEADER > MAX) abort();
        for (size_t i = 0; i < body.len; i++) d->hash = d->hash * 31 + body.ptr[i] + 1;
        d->frames++;
    }
    d->end = rc;
}

static digest cut(const uint8_t *data, size_t size, size_t step) {
    digest d = {0, 0, 0};
    uk_cutter c;
    uk_cutter_init(&c, MAX);
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        uk_cutter_feed(&c, data + at, n);
        drain(&c, &d);
        if (uk_cutter_pending(&c) > at + n) abort();
        if (d.end < 0) break;
    }
    uk_cutter_fini(&c);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    digest whole = cut(data + 1, size - 1, size - 1);
    digest parts = cut(data + 1, size - 1, (size_t)data[0] % 64 + 1);
    if (whole.hash != parts.hash || whole.frames != parts.frames || whole.end != parts.end) abort();
    return 0;
}
