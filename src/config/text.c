/* SPDX-License-Identifier: Apache-2.0 */
/* Characters: whitespace as the JVM sees it, UTF-8, and Java's number syntax. Any thread. */
#include "config/internal.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Whitespace above ASCII: 00A0 1680 2000-200A 2028 2029 202F 205F 3000 FEFF. */
static bool wide_space(uint32_t c) {
    return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

size_t uk_space_len(const uint8_t *p, const uint8_t *end) {
    if (p >= end) return 0;
    if (*p < 0x80) return (*p >= 9 && *p <= 13) || (*p >= 0x1C && *p <= 0x20);
    if (*p == 0xC2) return end - p >= 2 && p[1] == 0xA0 ? 2 : 0;
    if (*p < 0xE1 || *p > 0xEF || end - p < 3) return 0;
    uint32_t c = (uint32_t)(*p & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
    return wide_space(c) ? 3 : 0;
}

static size_t space_before(const uint8_t *start, const uint8_t *end) {
    for (size_t n = 1; n <= 3 && n <= (size_t)(end - start); n++)
        if (uk_space_len(end - n, end) == n) return n;
    return 0;
}

ukko_slice uk_trim(ukko_slice s) {
    const uint8_t *p = s.ptr, *end = p + s.len;
    for (size_t n; (n = uk_space_len(p, end));) p += n;
    for (size_t n; (n = space_before(p, end));) end -= n;
    return (ukko_slice){p, (size_t)(end - p)};
}

/* Length of the well-formed sequence at p, or 0 with *bad the bytes to replace by one U+FFFD. */
static size_t utf8_step(const uint8_t *p, const uint8_t *end, size_t *bad) {
    static const uint8_t low[] = {0x80, 0xA0, 0x90}, high[] = {0xBF, 0x9F, 0x8F};
    *bad = 1;
    if (*p < 0x80) return 1;
    if (*p < 0xC2 || *p > 0xF4) return 0;
    size_t n = *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    uint8_t lo = *p == 0xE0 ? low[1] : *p == 0xF0 ? low[2] : low[0];
    uint8_t hi = *p == 0xED ? high[1] : *p == 0xF4 ? high[2] : high[0];
    for (size_t i = 1; i < n; i++) {
        if (p + i >= end || p[i] < lo || p[i] > hi) {
            /* A surrogate in three bytes is one mistake on the JVM, not three. */
            bool surrogate = *p == 0xED && i == 1 && p + 1 < end && p[1] >= 0xA0 && p[1] <= 0xBF;
            *bad = !surrogate ? i : p + 2 < end && (p[2] & 0xC0) == 0x80 ? 3 : 2;
            return 0;
        }
        lo = 0x80;
        hi = 0xBF;
    }
    return n;
}

bool uk_utf8_ok(const uint8_t *p, size_t len) {
    const uint8_t *end = p + len;
    while (p < end) {
        uint64_t w;
        if (end - p >= 8) {
            memcpy(&w, p, 8);
            if (!(w & 0x8080808080808080u)) {
                p += 8;
                continue;
            }
        }
        size_t bad, n = utf8_step(p, end, &bad);
        if (!n) return false;
        p += n;
    }
    return true;
}

ukko_slice uk_config_repair(uk_arena *a, ukko_slice text) {
    uk_buf out = {0};
    for (const uint8_t *p = text.ptr, *end = p + text.len; p < end;) {
        size_t bad, n = utf8_step(p, end, &bad);
        if (n)
            uk_buf_put(&out, p, n);
        else
            uk_buf_put(&out, "\xEF\xBF\xBD", 3);
        p += n ? n : bad;
    }
    ukko_slice fixed = {(uint8_t *)uk_arena_text(a, out.ptr, out.len), out.len};
    uk_buf_fini(&out);
    return fixed;
}

size_t uk_utf8_put(uint8_t *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

/* The decimal digit at p, as Character.digit() of a char knows it; *len its bytes. -1: none. */
int uk_digit_at(const uint8_t *p, const uint8_t *end, size_t *len) {
    static const uint16_t zeros[] = {0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                                     0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090,
                                     0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
                                     0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10};
    *len = 1;
    if (p >= end) return -1;
    if (*p < 0x80) return *p >= '0' && *p <= '9' ? *p - '0' : -1;
    uint32_t c = 0;
    if (*p < 0xE0 && end - p >= 2)
        c = (uint32_t)(*p & 31) << 6 | (p[1] & 63), *len = 2;
    else if (*p < 0xF0 && end - p >= 3)
        c = (uint32_t)(*p & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63), *len = 3;
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        if (c >= zeros[i] && c < zeros[i] + 10u) return (int)(c - zeros[i]);
    return -1;
}

bool uk_parse_long(ukko_slice s, int64_t *out) {
    const uint8_t *p = s.ptr, *end = p + s.len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    uint64_t v = 0, limit = (uint64_t)INT64_MAX + negative;
    for (size_t len; p < end; p += len) {
        int found = uk_digit_at(p, end, &len);
        if (found < 0) return false;
        uint64_t digit = (uint64_t)found;
        if (v > (limit - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end, bool hex) {
    while (p < end && ((*p >= '0' && *p <= '9') || (hex && ((*p | 32) >= 'a' && (*p | 32) <= 'f'))))
        p++;
    return p;
}

/* Checks Java's grammar of a number without sign, blanks and suffix; strtod does the sum. */
static bool double_shape(const uint8_t *p, const uint8_t *end) {
    bool hex = end - p > 2 && p[0] == '0' && (p[1] | 32) == 'x';
    if (hex) p += 2;
    const uint8_t *q = skip_digits(p, end, hex);
    size_t digits = (size_t)(q - p);
    if (q < end && *q == '.') {
        p = ++q;
        q = skip_digits(p, end, hex);
        digits += (size_t)(q - p);
    }
    if (!digits) return false;
    if (q == end) return !hex; /* hexadecimal ones need their exponent */
    if ((*q | 32) != (hex ? 'p' : 'e')) return false;
    q++;
    if (q < end && (*q == '+' || *q == '-')) q++;
    p = q;
    q = skip_digits(p, end, false);
    return q > p && q == end;
}

static double c_strtod(const char *text) {
    /* strtod follows the locale's decimal point; numbers in files do not. */
    static _Atomic(locale_t) cached;
    locale_t c = atomic_load_explicit(&cached, memory_order_acquire);
    if (!c) {
        locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0), none = (locale_t)0;
        /* Release pairs with the acquire above: the locale is whole when another sees it. */
        if (atomic_compare_exchange_strong_explicit(&cached, &none, made, memory_order_acq_rel,
                                                    memory_order_acquire))
            c = made;
        else
            freelocale(made), c = none;
    }
    return strtod_l(text, NULL, c);
}

static double sum_up(const uint8_t *p, size_t len, bool negative) {
    char small[64], *text = len < sizeof small ? small : uk_alloc(len + 1);
    memcpy(text, p, len);
    text[len] = 0;
    double d = c_strtod(text);
    if (text != small) uk_free(text);
    return negative ? -d : d;
}

bool uk_parse_double(ukko_slice s, double *out) {
    const uint8_t *p = s.ptr, *end = p + s.len;
    while (p < end && *p <= ' ') p++; /* String.trim() */
    while (p < end && end[-1] <= ' ') end--;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    ukko_slice rest = {p, (size_t)(end - p)};
    if (uk_slice_is(rest, "NaN"))
        *out = NAN;
    else if (uk_slice_is(rest, "Infinity"))
        *out = negative ? -INFINITY : INFINITY;
    else {
        bool hex = rest.len > 2 && p[0] == '0' && (p[1] | 32) == 'x';
        bool has_p = hex && (memchr(p, 'p', rest.len) || memchr(p, 'P', rest.len));
        if (p < end && ((end[-1] | 32) == 'f' || (end[-1] | 32) == 'd') && (!hex || has_p)) end--;
        if (!double_shape(p, end)) return false;
        *out = sum_up(p, (size_t)(end - p), negative);
    }
    return true;
}

int64_t uk_double_to_long(double d) {
    if (isnan(d)) return 0;
    if (d >= 9223372036854775808.0) return INT64_MAX;
    if (d <= -9223372036854775808.0) return INT64_MIN;
    return (int64_t)d;
}

void uk_print_double(uk_buf *out, double d) {
    char text[40];
    if (isnan(d) || isinf(d)) {
        uk_buf_str(out, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        for (char *c = text; *c; c++)
            if (*c == ',') *c = '.';
        if (c_strtod(text) == d) break;
    }
    uk_buf_str(out, text);
    if (!strpbrk(text, ".eE")) uk_buf_str(out, ".0");
}
