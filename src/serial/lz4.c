/* SPDX-License-Identifier: Apache-2.0 */
/* LZ4 of Jackson payloads in Pekko's framing: magic, length, one raw block; the one file that
   knows liblz4. Any thread. */
#include "serial/compress.h"
#include <lz4.h>

enum { HEADER = 8, MAX_RATIO = 260 };
static const uint8_t magic[4] = {0x87, 0xd9, 0x6d, 0xf6};

bool uk_is_lz4(ukko_slice in) { return in.len >= HEADER && !memcmp(in.ptr, magic, 4); }

int uk_lz4(ukko_slice in, uk_buf *out) {
    if (in.len > LZ4_MAX_INPUT_SIZE) return UKKO_ETOOBIG;
    int room = LZ4_compressBound((int)in.len);
    uint32_t n = (uint32_t)in.len;
    uk_buf_put(out, magic, 4);
    uk_buf_put(out, (uint8_t[]){(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                                (uint8_t)n}, 4);
    uk_buf_reserve(out, (size_t)room);
    int got = LZ4_compress_default((const char *)in.ptr, (char *)out->ptr + out->len, (int)in.len,
                                   room);
    if (got <= 0) return UKKO_EINTERNAL;
    out->len += (size_t)got;
    return UKKO_OK;
}
int uk_unlz4(ukko_slice in, size_t max, uk_buf *out) {
    const uint8_t *h = in.ptr + 4;
    size_t size = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
    size_t block = in.len - HEADER;
    if (size > max || max >= LZ4_MAX_INPUT_SIZE) return UKKO_ETOOBIG;
    if (size / MAX_RATIO > block) return UKKO_EPARSE; /* a block cannot shrink that far */
    uk_buf_reserve(out, size + 1);
    int got = LZ4_decompress_safe((const char *)in.ptr + HEADER, (char *)out->ptr, (int)block,
                                  (int)size);
    if (got < 0 || (size_t)got != size) return UKKO_EPARSE;
    out->len = size;
    return UKKO_OK;
}
