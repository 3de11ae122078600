/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as Jackson writes byte arrays (the MIME alphabet, padded, no line breaks). Any thread. */
#include "serial/json.h"

void uk_base64_put(uk_buf *out, ukko_slice in) {
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uk_buf_reserve(out, in.len / 3 * 4 + 4);
    uint8_t *p = out->ptr + out->len;
    size_t i = 0;
    for (; i + 2 < in.len; i += 3) {
        uint32_t v = (uint32_t)in.ptr[i] << 16 | (uint32_t)in.ptr[i + 1] << 8 | in.ptr[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) *p++ = (uint8_t)set[v >> shift & 63];
    }
    if (i < in.len) {
        bool two = i + 1 < in.len;
        uint32_t v = (uint32_t)in.ptr[i] << 16 | (two ? (uint32_t)in.ptr[i + 1] << 8 : 0);
        *p++ = (uint8_t)set[v >> 18 & 63];
        *p++ = (uint8_t)set[v >> 12 & 63];
        *p++ = two ? (uint8_t)set[v >> 6 & 63] : '=';
        *p++ = '=';
    }
    out->len = (size_t)(p - out->ptr);
}
static int value_of(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}
int uk_base64_get(uk_buf *out, ukko_slice text) {
    size_t n = text.len;
    uint32_t v = 0;
    int bits = 0;
    if (n % 4 == 0 && n && text.ptr[n - 1] == '=') n -= text.ptr[n - 2] == '=' ? 2 : 1;
    if (n % 4 == 1) return UKKO_EPARSE;
    uk_buf_reserve(out, n / 4 * 3 + 3);
    for (size_t i = 0; i < n; i++) {
        int six = value_of(text.ptr[i]);
        if (six < 0) return UKKO_EPARSE;
        v = v << 6 | (uint32_t)six;
        if ((bits += 6) >= 8) uk_buf_byte(out, (uint8_t)(v >> (bits -= 8)));
    }
    return UKKO_OK;
}
