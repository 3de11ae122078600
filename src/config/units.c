/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, periods and memory sizes. Any thread. */
#include "config/internal.h"
#include <limits.h>

/* Cuts the letters at the end of s off as its unit. */
static ukko_slice cut_unit(ukko_slice *s) {
    size_t n = s->len;
    while (n) {
        uint8_t c = s->ptr[n - 1];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter) break;
        n--;
    }
    ukko_slice unit = {s->ptr + n, s->len - n};
    s->len = n;
    *s = uk_trim(*s);
    return unit;
}

/* Units longer than two letters may lack their s. */
static bool unit_is(ukko_slice unit, const char *name) {
    size_t n = strlen(name);
    if (unit.len == n) return !memcmp(unit.ptr, name, n);
    return unit.len > 2 && unit.len + 1 == n && name[n - 1] == 's' &&
           !memcmp(unit.ptr, name, unit.len);
}

static bool all_digits(ukko_slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.len > 0;
}

static int64_t unit_ns(ukko_slice unit) {
    static const struct {
        const char *names[3];
        int64_t ns;
    } units[] = {
        {{"ms", "millis", "milliseconds"}, 1000000}, {{"us", "micros", "microseconds"}, 1000},
        {{"ns", "nanos", "nanoseconds"}, 1},         {{"s", "seconds", ""}, 1000000000},
        {{"m", "minutes", ""}, 60000000000},         {{"h", "hours", ""}, 3600000000000},
        {{"d", "days", ""}, 86400000000000}};
    if (!unit.len) return 1000000;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (int k = 0; k < 3; k++)
            if (*units[i].names[k] && unit_is(unit, units[i].names[k])) return units[i].ns;
    return 0;
}

static int64_t saturated(int64_t v, int64_t factor) {
    int64_t r;
    if (!__builtin_mul_overflow(v, factor, &r)) return r;
    return v < 0 ? INT64_MIN : INT64_MAX;
}

bool uk_parse_duration(ukko_slice s, int64_t *ns) {
    s = uk_trim(s);
    ukko_slice unit = cut_unit(&s), digits = s;
    int64_t factor = unit_ns(unit), whole;
    double real;
    if (!s.len || !factor) return false;
    if (*s.ptr == '-' || *s.ptr == '+') digits = (ukko_slice){s.ptr + 1, s.len - 1};
    if (all_digits(digits)) {
        if (!uk_parse_long(s, &whole)) return false;
        *ns = saturated(whole, factor);
        return true;
    }
    if (!uk_parse_double(s, &real)) return false;
    *ns = uk_double_to_long(real * (double)factor);
    return true;
}

bool uk_parse_period(ukko_slice s, int32_t *years, int32_t *months, int32_t *days) {
    s = uk_trim(s);
    ukko_slice unit = cut_unit(&s);
    int64_t n, factor = 0;
    int32_t *slot = days;
    if (!unit.len || unit_is(unit, "d") || unit_is(unit, "days"))
        factor = 1;
    else if (unit_is(unit, "w") || unit_is(unit, "weeks"))
        factor = 7;
    else if (unit_is(unit, "m") || unit_is(unit, "mo") || unit_is(unit, "months"))
        factor = 1, slot = months;
    else if (unit_is(unit, "y") || unit_is(unit, "years"))
        factor = 1, slot = years;
    if (!factor || !uk_parse_long(s, &n) || n < INT32_MIN || n > INT32_MAX) return false;
    if (n * factor < INT32_MIN || n * factor > INT32_MAX) return false;
    *years = *months = *days = 0;
    *slot = (int32_t)(n * factor);
    return true;
}

/* ---- Sizes: exact decimal arithmetic, as fractions of a yobibyte do not fit a double. ---- */

typedef struct size_unit {
    int base, power;
} size_unit;

/* 0 for no such unit. */
static bool find_size_unit(ukko_slice u, size_unit *out) {
    static const char *const decimal[] = {"kilo", "mega", "giga",  "tera",
                                          "peta", "exa",  "zetta", "yotta"};
    static const char *const binary[] = {"kibi", "mebi", "gibi", "tebi",
                                         "pebi", "exbi", "zebi", "yobi"};
    static const char letters[] = "KMGTPEZY";
    char word[16];
    *out = (size_unit){1024, 0};
    if (!u.len || uk_slice_is(u, "b") || uk_slice_is(u, "B")) return true;
    if (u.len >= sizeof word) return false;
    memcpy(word, u.ptr, u.len);
    word[u.len] = 0;
    if (u.len >= 4) {
        size_t n = u.len - (word[u.len - 1] == 's');
        if (n < 4 || memcmp(word + n - 4, "byte", 4)) return false;
        word[n - 4] = 0;
        for (int i = 0; i < 8; i++) {
            *out = (size_unit){!strcmp(word, decimal[i]) ? 1000 : 1024, i + 1};
            if (!strcmp(word, decimal[i]) || !strcmp(word, binary[i])) return true;
        }
        *out = (size_unit){1024, 0};
        return !*word;
    }
    for (int i = 0; i < 8; i++) {
        char upper = letters[i], lower = (char)(upper | 32);
        const char *tail = word + 1;
        *out = (size_unit){1024, i + 1};
        if ((*word == upper || *word == lower) && !*tail) return true;
        if (*word == upper && (!strcmp(tail, "i") || !strcmp(tail, "iB"))) return true;
        out->base = 1000;
        if (*word == (i ? upper : lower) && !strcmp(tail, "B")) return true;
    }
    return false;
}

/* A decimal number split in digits and the place of its point; Java's BigDecimal grammar. */
typedef struct decimal {
    uint8_t digits[128];
    size_t n;
    int64_t point; /* digits before the point; may lie outside */
    bool negative;
} decimal;

static bool read_exponent(const uint8_t *p, const uint8_t *end, int64_t *out) {
    ukko_slice s = {p, (size_t)(end - p)};
    return uk_parse_long(s, out) && *out >= INT32_MIN && *out <= INT32_MAX;
}

static bool read_decimal(ukko_slice s, decimal *d) {
    const uint8_t *p = s.ptr, *end = p + s.len;
    bool any = false, dot = false;
    *d = (decimal){.point = 0};
    if (p < end && (*p == '-' || *p == '+')) d->negative = *p++ == '-';
    for (size_t len; p < end; p += len) {
        int digit = uk_digit_at(p, end, &len);
        if (digit < 0 && (*p != '.' || dot)) break;
        if (digit < 0) {
            dot = true;
            continue;
        }
        any = true;
        if (!dot && (d->n || digit)) d->point++;
        if (dot && !d->n && !digit) d->point--;
        /* Digits past the room are below any unit that matters. */
        if ((d->n || digit) && d->n < sizeof d->digits) d->digits[d->n++] = (uint8_t)digit;
    }
    if (!any) return false;
    if (p == end) return true;
    int64_t exponent;
    if ((*p | 32) != 'e' || !read_exponent(p + 1, end, &exponent)) return false;
    d->point += exponent;
    return true;
}

/* trunc(d * base^power), false above int64. The digits are multiplied in place, from the end. */
static bool scale(decimal *d, size_unit u, int64_t *out) {
    for (int k = 0; k < u.power; k++) {
        uint32_t carry = 0;
        uint8_t r[sizeof d->digits + 4];
        for (size_t i = d->n; i-- > 0;) {
            carry += (uint32_t)d->digits[i] * (uint32_t)u.base;
            r[i + 4] = (uint8_t)(carry % 10);
            carry /= 10;
        }
        for (int i = 3; i >= 0; i--, carry /= 10) r[i] = (uint8_t)(carry % 10);
        size_t lead = 0;
        while (lead < 4 && lead < d->n + 4 && !r[lead]) lead++;
        size_t n = d->n + 4 - lead;
        d->point += 4 - (int64_t)lead;
        d->n = n < sizeof d->digits ? n : sizeof d->digits;
        memcpy(d->digits, r + lead, d->n);
    }
    uint64_t v = 0;
    if (d->point > 20 && d->n) return false;
    for (int64_t i = 0; i < d->point; i++) {
        uint64_t digit = (size_t)i < d->n ? d->digits[i] : 0;
        if (v > (INT64_MAX - digit) / 10) return false;
        v = v * 10 + digit;
    }
    if (d->negative && v) return false;
    *out = (int64_t)v;
    return true;
}

bool uk_parse_size(ukko_slice s, int64_t *bytes) {
    s = uk_trim(s);
    ukko_slice unit = cut_unit(&s);
    size_unit u;
    decimal d;
    if (!s.len || !find_size_unit(unit, &u) || !read_decimal(s, &d)) return false;
    return scale(&d, u, bytes);
}
