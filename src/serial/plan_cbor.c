/* SPDX-License-Identifier: Apache-2.0 */
/* Members of plain kinds in CBOR, as most messages have them; whatever looks otherwise is left to
   cbor.c, which gives the same. Any thread; foreign bytes. */
#include "serial/plan.h"

/* ---- writing ---- */

enum { UINT = 0x00, NEGATIVE = 0x20, TEXT = 0x60, ONE_CHUNK = 3996 };

static uint8_t *put_big_endian(uint8_t *p, uint64_t v, unsigned bytes) {
    v = __builtin_bswap64(v) >> (64 - 8 * bytes);
    memcpy(p, &v, 8);
    return p + bytes;
}
static inline uint8_t *put_head(uint8_t *p, uint8_t major, uint64_t v) {
    if (v < 24) {
        *p = (uint8_t)(major | v);
        return p + 1;
    }
    unsigned log = v < 0x100 ? 0 : v < 0x10000 ? 1 : v <= UINT32_MAX ? 2 : 3;
    *p++ = (uint8_t)(major | (24 + log));
    return put_big_endian(p, v, 1u << log);
}
static uint8_t *put_int(uint8_t *p, int64_t v) {
    return v < 0 ? put_head(p, NEGATIVE, ~(uint64_t)v) : put_head(p, UINT, (uint64_t)v);
}
static uint8_t *put_text(uk_buf *out, const char *text, size_t len, uint8_t *p, size_t room) {
    const uint8_t *from = (const uint8_t *)text;
    out->len = (size_t)(p - out->ptr);
    if (len <= ONE_CHUNK && (uk_is_plain(from, len) || uk_utf8_valid((ukko_slice){from, len}))) {
        uk_buf_reserve(out, len + 9 + room);
        p = put_head(out->ptr + out->len, TEXT, len);
        if (len) memcpy(p, text, len);
        return p + len;
    }
    uk_cbor_text(out, text, len);
    uk_buf_reserve(out, room);
    return out->ptr + out->len;
}
static uint8_t *put_byte(uint8_t *p, uint8_t byte) {
    *p = byte;
    return p + 1;
}
static uint8_t *put_f64(uint8_t *p, const void *v) {
    uint64_t bits;
    memcpy(&bits, v, 8);
    *p = 0xfb;
    return put_big_endian(p + 1, bits, 8);
}
uint8_t *uk_plan_put_cbor(uk_buf *out, const uk_member *st, const void *v, uint8_t *p,
                          size_t room) {
    const ukko_string *t = v;
    const char *text;
    switch (st->op) {
    case UK_OP_BOOL: return put_byte(p, 0xf4 + *(const bool *)v);
    case UK_OP_I32: return put_int(p, *(const int32_t *)v);
    case UK_OP_U32: return put_head(p, UINT, *(const uint32_t *)v);
    case UK_OP_I64: return put_int(p, *(const int64_t *)v);
    case UK_OP_U64: return put_head(p, UINT, *(const uint64_t *)v);
    case UK_OP_F64: return put_f64(p, v);
    case UK_OP_STR:
        if (!(text = *(const char *const *)v)) return put_byte(p, 0xf6);
        return put_text(out, text, strlen(text), p, room);
    default:
        if (!t->text) return put_byte(p, 0xf6);
        return put_text(out, t->text, t->len ? t->len : strlen(t->text), p, room);
    }
}

/* ---- reading: NULL when it is left to others ---- */

/* The argument of a head of this major type. */
static const uint8_t *get_head(const uint8_t *p, const uint8_t *end, uint8_t major, uint64_t *v) {
    if (p == end || (*p & 0xe0) != major) return NULL;
    uint8_t low = *p++ & 31;
    if (low < 24) {
        *v = low;
        return p;
    }
    if (low > 27) return NULL;
    unsigned bytes = 1u << (low - 24);
    if ((size_t)(end - p) < bytes) return NULL;
    uint64_t n = 0;
    for (unsigned i = 0; i < bytes; i++) n = n << 8 | *p++;
    *v = n;
    return p;
}
static const uint8_t *get_int(const uint8_t *p, const uint8_t *end, int64_t min, int64_t max,
                              int64_t *out) {
    uint64_t v;
    if (p == end || *p >= 0x40) return NULL;
    bool neg = *p & NEGATIVE;
    if (!(p = get_head(p, end, neg ? NEGATIVE : UINT, &v)) || v > INT64_MAX) return NULL;
    *out = neg ? -1 - (int64_t)v : (int64_t)v;
    return *out >= min && *out <= max ? p : NULL;
}
static const uint8_t *get_f64(const uint8_t *p, const uint8_t *end, double *out) {
    uint64_t bits;
    if (end - p < 9 || *p != 0xfb) return NULL;
    memcpy(&bits, p + 1, 8);
    bits = __builtin_bswap64(bits);
    memcpy(out, &bits, 8);
    return p + 9;
}
static const uint8_t *get_text(uk_reader *r, const uint8_t *p, uk_texts *t, ukko_string *out) {
    uint64_t n;
    if (!(p = get_head(p, r->end, TEXT, &n))) return NULL;
    if (n > (size_t)(r->end - p) || n > r->limits->string || n >= t->room) return NULL;
    if (!uk_is_plain(p, n) && (memchr(p, 0, n) || !uk_utf8_valid((ukko_slice){p, n}))) return NULL;
    *out = (ukko_string){memcpy(t->at, p, n), n};
    t->at[n] = 0;
    t->at += n + 1;
    t->room -= n + 1;
    return p + n;
}
static const uint8_t *get_value(uk_reader *r, const uk_member *st, const uint8_t *p, void *v,
                                uk_texts *t) {
    ukko_string text;
    if (p == r->end) return NULL;
    switch (st->op) {
    case UK_OP_OTHER: return NULL;
    case UK_OP_BOOL:
        if (*p != 0xf4 && *p != 0xf5) return NULL;
        *(bool *)v = *p == 0xf5;
        return p + 1;
    case UK_OP_STR:
        if ((p = get_text(r, p, t, &text))) *(const char **)v = text.text;
        return p;
    case UK_OP_TEXT:
        if ((p = get_text(r, p, t, &text))) *(ukko_string *)v = text;
        return p;
    default: return uk_get_number(st, p, r->end, v, get_int, get_f64);
    }
}
uint32_t uk_plan_read_cbor(uk_reader *r, const uk_plan *plan, uint32_t from, void *body,
                           uk_texts *t) {
    uint32_t i = from;
    if (r->limits->tokens > 0 || r->state != UK_CBOR_AWAIT_KEY || !r->depth) return 0;
    uk_level *l = &r->levels[r->depth - 1];
    for (; i < plan->n && l->left; i++) {
        const uk_member *st = &plan->steps[i];
        if (st->cbor_len > r->limits->name ||
            !uk_same_key(r->p, r->end, st->cbor, st->cbor_len))
            break;
        const uint8_t *p = get_value(r, st, r->p + st->cbor_len, (char *)body + st->offset, t);
        if (!p) break;
        r->p = p;
        if (l->left != UINT64_MAX) l->left--;
    }
    return i - from;
}
