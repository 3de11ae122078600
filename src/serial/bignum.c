/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of any size between their decimal text and CBOR's bytes: BigInteger (tags 2 and 3) and
   BigDecimal (tag 4), with the texts that Java gives them. As Jackson has it, tag 3 holds the
   magnitude itself, where RFC 8949 wants one less. Bounded by UK_MAX_NUMBER digits; any
   thread. */
#include "serial/json.h"

enum { LIMBS = 128, ROOM = UK_MAX_NUMBER + 16 };

/* ---- bytes to digits and back, by limbs of 9 digits ---- */

typedef struct big {
    uint32_t limb[LIMBS]; /* the lowest first */
    int n;
} big;

static int add_scaled(big *b, uint32_t factor, uint32_t more) { /* b = b * factor + more */
    uint64_t carry = more;
    for (int i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)(carry % 1000000000);
        carry /= 1000000000;
    }
    for (; carry; carry /= 1000000000) {
        if (b->n == LIMBS) return UKKO_ETOOBIG;
        b->limb[b->n++] = (uint32_t)(carry % 1000000000);
    }
    return UKKO_OK;
}
static size_t print_big(const big *b, char *out) {
    size_t len = b->n ? uk_print_int(out, b->limb[b->n - 1]) : uk_print_int(out, 0);
    for (int i = b->n - 2; i >= 0; i--) {
        uint32_t v = b->limb[i];
        for (int k = 8; k >= 0; k--, v /= 10) out[len + (size_t)k] = (char)('0' + v % 10);
        len += 9;
    }
    return len;
}
/* The magnitude plus `more`. */
static int digits_of(ukko_slice bytes, unsigned more, char *out, size_t *len) {
    big b = {.n = 0};
    while (bytes.len && !*bytes.ptr) bytes.ptr++, bytes.len--;
    if (bytes.len > UK_MAX_NUMBER * 5 / 12) return UKKO_ETOOBIG; /* 2.4 digits a byte */
    for (size_t i = 0; i < bytes.len; i++)
        if (add_scaled(&b, 256, bytes.ptr[i])) return UKKO_ETOOBIG;
    if (add_scaled(&b, 1, more)) return UKKO_ETOOBIG;
    *len = print_big(&b, out);
    return *len > UK_MAX_NUMBER ? UKKO_ETOOBIG : UKKO_OK;
}
int uk_big_text(ukko_slice bytes, bool negative, bool less_one, uk_buf *out) {
    char digits[ROOM];
    size_t n;
    int rc = digits_of(bytes, less_one, digits, &n);
    if (rc) return rc;
    if (negative && (n > 1 || digits[0] != '0')) uk_buf_byte(out, '-');
    uk_buf_put(out, digits, n);
    return UKKO_OK;
}

/* ---- BigDecimal's text ---- */

static void put_plain(uk_buf *out, ukko_slice digits, int64_t scale) {
    int64_t whole = (int64_t)digits.len - scale;
    if (whole <= 0)
        uk_buf_str(out, "0");
    else
        uk_buf_put(out, digits.ptr, (size_t)whole);
    if (!scale) return;
    uk_buf_byte(out, '.');
    for (int64_t i = whole; i < 0; i++) uk_buf_byte(out, '0');
    size_t from = whole > 0 ? (size_t)whole : 0;
    uk_buf_put(out, digits.ptr + from, digits.len - from);
}
void uk_decimal_text(ukko_slice unscaled, int64_t scale, uk_buf *out) {
    bool minus = unscaled.len && unscaled.ptr[0] == '-';
    ukko_slice d = {unscaled.ptr + minus, unscaled.len - minus};
    int64_t exponent = (int64_t)d.len - 1 - scale;
    if (minus) uk_buf_byte(out, '-');
    if (scale >= 0 && exponent >= -6) {
        put_plain(out, d, scale);
        return;
    }
    uk_buf_put(out, d.ptr, 1);
    if (d.len > 1) uk_buf_byte(out, '.');
    uk_buf_put(out, d.ptr + 1, d.len - 1);
    if (exponent) uk_buf_printf(out, "E%+lld", (long long)exponent);
}

/* ---- writing ---- */

bool uk_number_valid(ukko_slice text, bool *whole) {
    uk_reader r;
    if (!text.len) return false;
    uk_reader_init(&r, text, false, 1);
    bool number = text.ptr[0] == '-' || (text.ptr[0] >= '0' && text.ptr[0] <= '9');
    bool ok = number && !uk_reader_next(&r) && r.p == r.end;
    uk_reader_fini(&r);
    *whole = ok && !memchr(text.ptr, '.', text.len) && !memchr(text.ptr, 'e', text.len) &&
             !memchr(text.ptr, 'E', text.len);
    return ok;
}
/* The bytes of a number of digits: base 10^9 to base 2^32 by repeated division. */
static void put_magnitude(uk_buf *out, big *b) {
    uint8_t bytes[LIMBS * 4 + 1];
    size_t n = 0;
    while (b->n) {
        uint64_t rest = 0;
        for (int i = b->n - 1; i >= 0; i--) {
            rest = rest * 1000000000 + b->limb[i];
            b->limb[i] = (uint32_t)(rest >> 8);
            rest &= 255;
        }
        bytes[sizeof bytes - ++n] = (uint8_t)rest;
        while (b->n && !b->limb[b->n - 1]) b->n--;
    }
    if (!n || bytes[sizeof bytes - n] & 0x80) bytes[sizeof bytes - ++n] = 0; /* Java's sign byte */
    uk_cbor_head(out, UK_CBOR_BYTES, n);
    uk_buf_put(out, bytes + sizeof bytes - n, n);
}
static void put_big(uk_buf *out, ukko_slice digits, bool negative) {
    big b = {.n = 0};
    bool zero = true;
    for (size_t i = 0; i < digits.len; i++) {
        zero &= digits.ptr[i] == '0';
        (void)add_scaled(&b, 10, digits.ptr[i] - '0'); /* not longer than UK_MAX_NUMBER */
    }
    negative &= !zero;
    uk_cbor_head(out, UK_CBOR_TAG, negative ? 3 : 2);
    put_magnitude(out, &b);
}
static void put_mantissa(uk_buf *out, ukko_slice digits, bool negative) {
    uint64_t v = 0;
    for (size_t i = 0; i < digits.len && digits.len < 20; i++) v = v * 10 + (digits.ptr[i] - '0');
    if (digits.len > 19 || v > (uint64_t)INT64_MAX + negative) {
        put_big(out, digits, negative);
        return;
    }
    uk_cbor_head(out, negative && v ? UK_CBOR_NEG : UK_CBOR_UINT, negative && v ? v - 1 : v);
}
static int64_t exponent_of(const uint8_t *p, const uint8_t *end) {
    int64_t v = 0;
    bool minus = p < end && *p == '-';
    for (p += p < end && (*p == '-' || *p == '+'); p < end && v < 1000000000; p++)
        v = v * 10 + (*p - '0');
    return minus ? -v : v;
}
/* text is a valid number. */
void uk_cbor_number(uk_buf *out, ukko_slice text) {
    uint8_t digits[ROOM];
    size_t n = 0;
    int64_t scale = 0;
    bool minus = text.ptr[0] == '-', point = false, decimal = false;
    const uint8_t *p = text.ptr + minus, *end = text.ptr + text.len;
    for (; p < end && (*p | 0x20) != 'e'; p++) {
        if (*p == '.') {
            point = decimal = true;
            continue;
        }
        if (n < UK_MAX_NUMBER && (n || *p != '0')) digits[n++] = *p;
        scale += point;
    }
    if (p < end) {
        decimal = true;
        scale -= exponent_of(p + 1, end);
    }
    ukko_slice d = {digits, n};
    if (!decimal) {
        put_big(out, d, minus);
        return;
    }
    uk_cbor_head(out, UK_CBOR_TAG, 4);
    uk_cbor_head(out, UK_CBOR_ARRAY, 2);
    if (scale > 0)
        uk_cbor_head(out, UK_CBOR_NEG, (uint64_t)scale - 1);
    else
        uk_cbor_head(out, UK_CBOR_UINT, (uint64_t)-scale);
    put_mantissa(out, d, minus);
}
