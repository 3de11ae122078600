/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Java prints them, and reading decimal numbers; the process' locale does not matter.
   Any thread. */
#include "serial/json.h"
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

const double uk_powers[UK_POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";
static size_t count_digits(uint64_t u) {
    static const uint64_t least[] = {
        0,       10,       100,       1000,       10000,       100000,       1000000,
        10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
        100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
        1000000000000000000, 10000000000000000000u};
    size_t about = (size_t)(64 - __builtin_clzll(u | 1)) * 1233 >> 12; /* log10(2) */
    return about + (u >= least[about]);
}
size_t uk_print_uint(char *out, uint64_t u) {
    size_t n = count_digits(u);
    char *p = out + n;
    for (; u >= 100; u /= 100) memcpy(p -= 2, pairs + u % 100 * 2, 2);
    if (u >= 10) memcpy(p - 2, pairs + u * 2, 2);
    else p[-1] = (char)('0' + u);
    return n;
}
size_t uk_print_int(char *out, int64_t v) {
    if (v >= 0) return uk_print_uint(out, (uint64_t)v);
    *out = '-';
    return uk_print_uint(out + 1, 0 - (uint64_t)v) + 1;
}

/* ---- the shortest digits ---- */

typedef struct decimal { /* 0.d1d2d3... x 10^exp */
    char digits[24];
    int n, exp;
} decimal;

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }
static locale_t enter_c(void) {
    pthread_once(&c_locale_once, make_locale);
    return uselocale(c_locale);
}

static void to_decimal(decimal *d, double v, int precision) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", precision - 1, v); /* d.ddde+xx */
    d->n = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p != '.') d->digits[d->n++] = *p;
    d->exp = (*p == 'e' ? atoi(p + 1) : 0) + 1;
    while (d->n > 1 && d->digits[d->n - 1] == '0') d->n--;
}
static bool gives_back(const decimal *d, double v, bool single) {
    char text[40];
    snprintf(text, sizeof text, "0.%.*se%d", d->n, d->digits, d->exp);
    return single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}
static void shortest(decimal *d, double v, bool single) {
    int from = single ? 6 : 15, to = single ? 9 : 17;
    if (v < (single ? 1.2e-38 : 2.3e-308)) from = 2; /* few digits are left there */
    locale_t old = enter_c();
    for (int precision = from; precision <= to; precision++) {
        to_decimal(d, v, precision);
        if (precision == to || gives_back(d, v, single)) break;
    }
    uselocale(old);
}

static size_t put_plain(char *out, const decimal *d) {
    size_t len = 0;
    int i = 0;
    if (d->exp <= 0) {
        out[len++] = '0';
    } else {
        for (; i < d->exp; i++) out[len++] = i < d->n ? d->digits[i] : '0';
    }
    out[len++] = '.';
    for (int zero = d->exp; zero < 0; zero++) out[len++] = '0';
    if (i >= d->n) out[len++] = '0';
    for (; i < d->n; i++) out[len++] = d->digits[i];
    return len;
}
static size_t put_scientific(char *out, const decimal *d) {
    size_t len = 0;
    out[len++] = d->digits[0];
    out[len++] = '.';
    if (d->n == 1) out[len++] = '0';
    for (int i = 1; i < d->n; i++) out[len++] = d->digits[i];
    out[len++] = 'E';
    return len + uk_print_int(out + len, d->exp - 1);
}
/* Decimals with few places need no search: n / 10^k is exact when n < 2^53. */
static bool few_places(char *out, double v, size_t *len) {
    for (int k = 0; k <= 6; k++) {
        double scaled = v * uk_powers[k];
        if (scaled > 1e15) return false;
        int64_t n = (int64_t)scaled;
        if ((double)n != scaled || (double)n / uk_powers[k] != v) continue;
        decimal d;
        d.n = (int)uk_print_int(d.digits, n);
        d.exp = d.n - k;
        while (d.n > 1 && d.digits[d.n - 1] == '0') d.n--;
        *len = put_plain(out, &d);
        return true;
    }
    return false;
}
static size_t print_positive(char *out, double v, bool single) {
    size_t len;
    bool plain = v >= 1e-3 && v < 1e7;
    if (plain && !single && few_places(out, v, &len)) return len;
    decimal d;
    shortest(&d, v, single);
    return plain ? put_plain(out, &d) : put_scientific(out, &d);
}
static size_t print_real(char *out, double v, bool single) {
    size_t sign = signbit(v) ? 1 : 0;
    if (sign) out[0] = '-';
    v = fabs(v);
    if (v == 0) {
        memcpy(out + sign, "0.0", 3);
        return sign + 3;
    }
    return sign + print_positive(out + sign, v, single);
}
size_t uk_print_f64(char *out, double v) { return print_real(out, v, false); }
size_t uk_print_f32(char *out, float v) { return print_real(out, (double)v, true); }

/* ---- reading ---- */

static double parse_slow(ukko_slice text) {
    char tmp[1024];
    size_t n = text.len < sizeof tmp - 1 ? text.len : sizeof tmp - 1;
    memcpy(tmp, text.ptr, n);
    tmp[n] = 0;
    locale_t old = enter_c();
    double v = strtod(tmp, NULL);
    uselocale(old);
    return v;
}
double uk_parse_f64(ukko_slice text) {
    const uint8_t *p = text.ptr, *end = p + text.len;
    bool neg = p < end && *p == '-', frac = false;
    uint64_t m = 0;
    int digits = 0, places = 0, e = 0;
    for (p += neg; p < end && (*p == '.' || (*p >= '0' && *p <= '9')); p++) {
        if (*p == '.') {
            frac = true;
            continue;
        }
        if (++digits > 18) return parse_slow(text);
        m = m * 10 + (uint64_t)(*p - '0');
        places += frac;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        bool eneg = ++p < end && *p == '-';
        for (p += p < end && (*p == '-' || *p == '+'); p < end && e < 1000; p++)
            e = e * 10 + (*p - '0');
        if (eneg) e = -e;
    }
    e -= places;
    if (m > UK_F64_EXACT || e < -22 || e > 22) return parse_slow(text);
    double v = e < 0 ? (double)m / uk_powers[-e] : (double)m * uk_powers[e];
    return neg ? -v : v;
}
