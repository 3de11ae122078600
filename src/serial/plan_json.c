/* SPDX-License-Identifier: Apache-2.0 */
/* Members of plain kinds in JSON, as most messages have them; whatever looks otherwise is left to
   json_read.c and json_write.c, which give the same. Any thread; foreign bytes. */
#include "serial/plan.h"
#include <math.h>

/* ---- writing ---- */

/* The end of what needs no escape; of a text of other letters too, when it is well-formed. */
static const uint8_t *unescaped(const uint8_t *p, const uint8_t *end, bool *ascii) {
    *ascii = true;
    for (p = uk_json_plain(p, end); p < end && *p >= 0x80 && *p < 0xf0;) {
        *ascii = false;
        p = uk_json_plain(p + 1, end);
    }
    return p;
}
static uint8_t *put_text(uk_buf *out, const char *text, size_t len, uint8_t *p, size_t room) {
    const uint8_t *from = (const uint8_t *)text;
    bool ascii;
    out->len = (size_t)(p - out->ptr);
    if (unescaped(from, from + len, &ascii) == from + len &&
        (ascii || uk_utf8_valid((ukko_slice){from, len}))) {
        uk_buf_reserve(out, len + 2 + room);
        p = out->ptr + out->len;
        *p++ = '"';
        if (len) memcpy(p, text, len);
        p += len;
        *p++ = '"';
        return p;
    }
    uk_writer w = {out, false, false};
    uk_w_str(&w, text, len);
    uk_buf_reserve(out, room);
    return out->ptr + out->len;
}
static uint8_t *put_word(uint8_t *p, const char *word, size_t n) {
    memcpy(p, word, n);
    return p + n;
}
static uint8_t *put_f64(uint8_t *p, double v) {
    if (isfinite(v)) return p + uk_print_f64((char *)p, v);
    if (isnan(v)) return put_word(p, "\"NaN\"", 5);
    return v > 0 ? put_word(p, "\"Infinity\"", 10) : put_word(p, "\"-Infinity\"", 11);
}
uint8_t *uk_plan_put_json(uk_buf *out, const uk_member *st, const void *v, uint8_t *p,
                          size_t room) {
    const ukko_string *t = v;
    const char *text;
    switch (st->op) {
    case UK_OP_BOOL:
        return *(const bool *)v ? put_word(p, "true", 4) : put_word(p, "false", 5);
    case UK_OP_I32: return p + uk_print_int((char *)p, *(const int32_t *)v);
    case UK_OP_U32: return p + uk_print_uint((char *)p, *(const uint32_t *)v);
    case UK_OP_I64: return p + uk_print_int((char *)p, *(const int64_t *)v);
    case UK_OP_U64: return p + uk_print_uint((char *)p, *(const uint64_t *)v);
    case UK_OP_F64: return put_f64(p, *(const double *)v);
    case UK_OP_STR:
        if (!(text = *(const char *const *)v)) return put_word(p, "null", 4);
        return put_text(out, text, strlen(text), p, room);
    default:
        if (!t->text) return put_word(p, "null", 4);
        return put_text(out, t->text, t->len ? t->len : strlen(t->text), p, room);
    }
}

/* ---- reading: NULL when it is left to others ---- */

enum { DIGITS = 18 }; /* no int64_t overflows */

static const uint8_t *get_digits(const uint8_t *p, const uint8_t *end, uint64_t *v) {
    uint64_t n = 0;
    for (; p < end && (uint8_t)(*p - '0') < 10; p++) n = n * 10 + (uint64_t)(*p - '0');
    *v = n;
    return p;
}
/* No fraction and no exponent. */
static const uint8_t *get_int(const uint8_t *p, const uint8_t *end, int64_t least, int64_t most,
                              int64_t *out) {
    uint64_t v;
    bool neg = p < end && *p == '-';
    const uint8_t *from = p + neg;
    p = get_digits(from, end, &v);
    if (p == from || p - from > DIGITS || (*from == '0' && p - from > 1)) return NULL;
    *out = neg ? -(int64_t)v : (int64_t)v;
    return *out >= least && *out <= most ? p : NULL;
}
static const uint8_t *get_f64(const uint8_t *p, const uint8_t *end, double *out) {
    uint64_t whole, part;
    bool neg = p < end && *p == '-';
    const uint8_t *from = p + neg, *point = get_digits(from, end, &whole);
    if (point == from || point - from > DIGITS || (*from == '0' && point - from > 1)) return NULL;
    if (point == end || *point != '.') {
        *out = (double)(neg ? -(int64_t)whole : (int64_t)whole);
        return point;
    }
    p = get_digits(point + 1, end, &part);
    size_t places = (size_t)(p - point) - 1;
    if (!places || (size_t)(p - from) > DIGITS) return NULL;
    uint64_t scaled = whole * (uint64_t)uk_powers[places] + part;
    if (scaled > UK_F64_EXACT) return NULL;
    *out = (double)scaled / uk_powers[places];
    if (neg) *out = -*out;
    return p;
}
static const uint8_t *get_bool(const uint8_t *p, const uint8_t *end, bool *out) {
    *out = *p == 't';
    size_t n = *out ? 4 : 5;
    if ((size_t)(end - p) < n || memcmp(p, *out ? "true" : "false", n)) return NULL;
    return p + n;
}
static const uint8_t *get_text(uk_reader *r, const uint8_t *p, uk_texts *t, ukko_string *out) {
    if (*p++ != '"') return NULL;
    const uint8_t *q = uk_json_plain(p, r->end);
    bool ascii = true;
    while (q < r->end && *q >= 0x80) {
        ascii = false;
        q = uk_json_plain(q + 1, r->end);
    }
    size_t n = (size_t)(q - p);
    if (q == r->end || *q != '"' || n > r->limits->string || n >= t->room) return NULL;
    if (!ascii && !uk_utf8_valid((ukko_slice){p, n})) return NULL;
    *out = (ukko_string){memcpy(t->at, p, n), n};
    t->at[n] = 0;
    t->at += n + 1;
    t->room -= n + 1;
    return q + 1;
}
static const uint8_t *get_value(uk_reader *r, const uk_member *st, const uint8_t *p, void *v,
                                uk_texts *t) {
    ukko_string text;
    bool flag;
    if (p == r->end) return NULL;
    switch (st->op) {
    case UK_OP_OTHER: return NULL;
    case UK_OP_BOOL:
        if ((p = get_bool(p, r->end, &flag))) *(bool *)v = flag;
        return p;
    case UK_OP_STR:
        if ((p = get_text(r, p, t, &text))) *(const char **)v = text.text;
        return p;
    case UK_OP_TEXT:
        if ((p = get_text(r, p, t, &text))) *(ukko_string *)v = text;
        return p;
    default: return uk_get_number(st, p, r->end, v, get_int, get_f64);
    }
}
uint32_t uk_plan_read_json(uk_reader *r, const uk_plan *plan, uint32_t from, void *body,
                           uk_texts *t) {
    uint32_t i = from;
    if (r->limits->tokens > 0 || r->limits->number < 2 * DIGITS) return 0;
    if (r->state != UK_JSON_FIRST_KEY && r->state != UK_JSON_AFTER) return 0;
    for (; i < plan->n; i++) {
        const uk_member *st = &plan->steps[i];
        bool first = r->state == UK_JSON_FIRST_KEY; /* there is no comma before it */
        size_t n = st->json_len - first;
        if (n > r->limits->name || !uk_same_key(r->p, r->end, st->json + first, n)) break;
        const uint8_t *p = get_value(r, st, r->p + n, (char *)body + st->offset, t);
        if (!p || p == r->end || (*p != ',' && *p != '}')) break;
        r->p = p;
        r->state = UK_JSON_AFTER;
    }
    return i - from;
}
