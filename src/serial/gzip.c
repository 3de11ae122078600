/* SPDX-License-Identifier: Apache-2.0 */
/* gzip of Jackson payloads: the one file that knows zlib. Any thread. */
#include "serial/compress.h"
#include <limits.h>
#include <zlib.h>

enum { WINDOW_GZIP = 15 + 16, MAX_RATIO = 1100, TRAILER = 8 };

bool uk_is_gzip(ukko_slice in) { return in.len >= 2 && in.ptr[0] == 0x1f && in.ptr[1] == 0x8b; }

int uk_gzip(ukko_slice in, uk_buf *out) {
    z_stream z = {0};
    if (in.len > INT_MAX) return UKKO_ETOOBIG;
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return UKKO_EINTERNAL;
    uLong room = deflateBound(&z, (uLong)in.len);
    uk_buf_reserve(out, room);
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    z.next_out = out->ptr + out->len;
    z.avail_out = (uInt)room;
    int rc = deflate(&z, Z_FINISH);
    out->len += room - z.avail_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? UKKO_OK : UKKO_EINTERNAL;
}

static int inflate_into(ukko_slice in, size_t size, uk_buf *out) {
    z_stream z = {0};
    if (inflateInit2(&z, WINDOW_GZIP) != Z_OK) return UKKO_EINTERNAL;
    uk_buf_reserve(out, size + 1); /* one more, so that a longer one shows */
    z.next_in = (Bytef *)(uintptr_t)in.ptr;
    z.avail_in = (uInt)in.len;
    z.next_out = out->ptr;
    z.avail_out = (uInt)(size + 1);
    int rc = inflate(&z, Z_FINISH);
    out->len = size + 1 - z.avail_out;
    inflateEnd(&z);
    return rc == Z_STREAM_END && out->len == size ? UKKO_OK : UKKO_EPARSE;
}
/* The trailer says how much it is; what it says is held against the limits, then the stream
   against what it says. */
int uk_gunzip(ukko_slice in, size_t max, uk_buf *out) {
    if (in.len < 10 + TRAILER || in.len > INT_MAX) return UKKO_EPARSE;
    const uint8_t *t = in.ptr + in.len - 4;
    size_t size = (size_t)t[0] | (size_t)t[1] << 8 | (size_t)t[2] << 16 | (size_t)t[3] << 24;
    if (size > max || max >= INT_MAX) return UKKO_ETOOBIG;
    if (size / MAX_RATIO > in.len) return UKKO_EPARSE; /* deflate cannot shrink that far */
    return inflate_into(in, size, out);
}
