/* SPDX-License-Identifier: Apache-2.0 */
/* The token stream over JSON text (RFC 8259, no extensions), and what both streams share. Never
   recursive, bounded in depth; strings without escapes are views into the input. */
#include "serial/json.h"
#include "base/mem.h"
#include "base/pb.h"
#include "serial/codec.h"

/* ---- shared by JSON and CBOR ---- */

const uk_limits uk_limits_default = {UK_MAX_TREE, UK_MAX_NUMBER, UK_MAX_STRING, 50000, 0, 0};

void uk_reader_init(uk_reader *r, ukko_slice in, bool cbor, unsigned max_depth) {
    r->p = in.ptr;
    r->end = in.len ? in.ptr + in.len : in.ptr;
    r->tok = UK_TOK_END;
    r->text = (ukko_slice){NULL, 0};
    r->depth = 0;
    r->max_depth = max_depth;
    r->limits = &uk_limits_default;
    r->tokens = 0;
    r->state = UK_JSON_VALUE;
    r->cbor = cbor;
    r->levels = r->inl;
    r->levels_cap = UK_LEVELS_INLINE;
    r->scratch = (uk_buf){0};
}
void uk_reader_fini(uk_reader *r) {
    if (r->levels != r->inl) uk_free(r->levels);
    uk_buf_fini(&r->scratch);
}
/* A mark of the byte order is passed over, as Jackson does. */
static ukko_slice without_mark(ukko_slice in) {
    bool marked = in.len >= 3 && !memcmp(in.ptr, "\xef\xbb\xbf", 3);
    return marked ? (ukko_slice){in.ptr + 3, in.len - 3} : in;
}
int uk_reader_open(uk_reader *r, ukko_slice in, bool cbor, const uk_limits *limits) {
    uk_reader_init(r, cbor ? in : without_mark(in), cbor, limits->depth);
    r->limits = limits;
    return limits->document > 0 && in.len > (uint64_t)limits->document ? UKKO_ETOOBIG : UKKO_OK;
}
void uk_reader_fork(const uk_reader *r, uk_reader *out) {
    *out = *r;
    out->scratch = (uk_buf){0};
    out->levels = out->inl;
    if (r->levels == r->inl) return;
    out->levels = uk_alloc(r->levels_cap * sizeof *r->levels);
    memcpy(out->levels, r->levels, r->depth * sizeof *r->levels);
}
int uk_check_chars(ukko_slice text, size_t max) {
    size_t units = 0;
    if (text.len <= max) return UKKO_OK;
    for (size_t i = 0; i < text.len; i++) /* UTF-16 units, which Java counts */
        units += (text.ptr[i] & 0xc0) != 0x80 ? 1 + (text.ptr[i] >= 0xf0) : 0;
    return units > max ? UKKO_ETOOBIG : UKKO_OK;
}
static void more_levels(uk_reader *r) {
    uk_level *old = r->levels;
    r->levels = uk_alloc(r->levels_cap * 2 * sizeof *old);
    memcpy(r->levels, old, r->levels_cap * sizeof *old);
    r->levels_cap *= 2;
    if (old != r->inl) uk_free(old);
}
int uk_reader_push(uk_reader *r, bool object, uint64_t left) {
    if (r->depth >= r->max_depth) return UKKO_ETOOBIG;
    if (r->depth == r->levels_cap) more_levels(r);
    r->levels[r->depth++] = (uk_level){left, object};
    r->tok = object ? UK_TOK_OBJ : UK_TOK_ARR;
    return UKKO_OK;
}
int uk_reader_next(uk_reader *r) {
    if (r->limits->tokens > 0 && ++r->tokens > r->limits->tokens) return UKKO_ETOOBIG;
    return r->cbor ? uk_cbor_next(r) : uk_json_next(r);
}
int uk_reader_skip(uk_reader *r) {
    unsigned level = r->depth;
    if (r->tok != UK_TOK_OBJ && r->tok != UK_TOK_ARR) return UKKO_OK;
    while (r->depth >= level) {
        int rc = uk_reader_next(r);
        if (rc) return rc;
    }
    return UKKO_OK;
}

/* ---- strings ---- */

static int hex4(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    *out = 0;
    if (end - p < 4) return UKKO_EPARSE;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i], low = c | 0x20;
        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            *out = *out << 4 | (uint32_t)(low - 'a' + 10);
        else
            return UKKO_EPARSE;
    }
    return UKKO_OK;
}
static void put_tail(uk_buf *out, uint32_t c) { uk_buf_byte(out, (uint8_t)(0x80 | (c & 63))); }
static void put_char(uk_buf *out, uint32_t c) {
    if (c < 0x80) {
        uk_buf_byte(out, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        uk_buf_byte(out, (uint8_t)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        uk_buf_byte(out, (uint8_t)(0xe0 | c >> 12));
        put_tail(out, c >> 6);
    } else {
        uk_buf_byte(out, (uint8_t)(0xf0 | c >> 18));
        put_tail(out, c >> 12);
        put_tail(out, c >> 6);
    }
    put_tail(out, c);
}
/* After "\u". Half a surrogate pair is no character: U+FFFD. */
static int unicode_escape(uk_reader *r, const uint8_t **at) {
    const uint8_t *p = *at;
    uint32_t c, low;
    if (hex4(p, r->end, &c)) return UKKO_EPARSE;
    p += 4;
    if (c >= 0xd800 && c < 0xdc00 && r->end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        !hex4(p + 2, r->end, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
    }
    put_char(&r->scratch, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    *at = p;
    return UKKO_OK;
}
static int escape(uk_reader *r, const uint8_t **at) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (*at == r->end) return UKKO_EPARSE;
    uint8_t c = *(*at)++;
    if (c == 'u') return unicode_escape(r, at);
    const char *hit = c ? strchr(from, c) : NULL;
    if (!hit) return UKKO_EPARSE;
    uk_buf_byte(&r->scratch, (uint8_t)to[hit - from]);
    return UKKO_OK;
}
static int escaped_string(uk_reader *r, const uint8_t *from, const uint8_t *p) {
    uk_buf_clear(&r->scratch);
    for (;;) {
        uk_buf_put(&r->scratch, from, (size_t)(p - from));
        if (p == r->end || *p < 0x20) return UKKO_EPARSE;
        if (*p == '"') break;
        if (*p == '\\') {
            p++;
            int rc = escape(r, &p);
            if (rc) return rc;
            from = p;
        } else {
            from = p++; /* not ASCII */
        }
        p = uk_json_plain(p, r->end);
    }
    r->p = p + 1;
    r->text = (ukko_slice){r->scratch.ptr ? r->scratch.ptr : p, r->scratch.len};
    return UKKO_OK;
}
/* p is behind the quote. */
static int string(uk_reader *r) {
    const uint8_t *from = r->p, *p = uk_json_plain(from, r->end);
    bool ascii = true;
    while (p < r->end && *p >= 0x80) {
        ascii = false;
        p = uk_json_plain(p + 1, r->end);
    }
    if (p == r->end || *p < 0x20) return UKKO_EPARSE;
    if (*p == '"') {
        r->p = p + 1;
        r->text = (ukko_slice){from, (size_t)(p - from)};
        return ascii || uk_utf8_valid(r->text) ? UKKO_OK : UKKO_EPARSE;
    }
    int rc = escaped_string(r, from, p);
    return rc ? rc : uk_utf8_valid(r->text) ? UKKO_OK : UKKO_EPARSE;
}

/* ---- numbers ---- */

static const uint8_t *digits(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}
static bool to_int(ukko_slice t, int64_t *out) {
    size_t i = t.ptr[0] == '-';
    uint64_t v = 0, limit = (uint64_t)INT64_MAX + i;
    bool neg = i;
    for (; i < t.len; i++) {
        uint64_t digit = t.ptr[i] - '0';
        if (v > (limit - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *out = neg ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}
static int number(uk_reader *r) {
    const uint8_t *from = r->p, *p = from + (*from == '-'), *end = r->end, *first = p;
    bool real = false;
    p = digits(p, end);
    if (p == first || (*first == '0' && p - first > 1)) return UKKO_EPARSE;
    if (p < end && *p == '.') {
        first = p + 1;
        if ((p = digits(first, end)) == first) return UKKO_EPARSE;
        real = true;
    }
    if (p < end && (*p | 0x20) == 'e') {
        first = p + 1;
        if (first < end && (*first == '+' || *first == '-')) first++;
        if ((p = digits(first, end)) == first) return UKKO_EPARSE;
        real = true;
    }
    r->text = (ukko_slice){from, (size_t)(p - from)};
    r->p = p;
    if (r->text.len > r->limits->number) return UKKO_ETOOBIG;
    if (!real && to_int(r->text, &r->integer)) {
        r->real = (double)r->integer;
        r->tok = UK_TOK_INT;
    } else {
        r->real = uk_parse_f64(r->text);
        r->tok = UK_TOK_REAL;
    }
    return UKKO_OK;
}

/* ---- the grammar ---- */

static inline void white(uk_reader *r) {
    if (r->p<r->end && * r->p> ' ') return;
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}
static int word(uk_reader *r, const char *text, size_t n, uk_tok tok) {
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n)) return UKKO_EPARSE;
    r->p += n;
    r->tok = tok;
    return UKKO_OK;
}
static int scalar(uk_reader *r, uint8_t c) {
    switch (c) {
    case '"':
        r->p++;
        r->tok = UK_TOK_STR;
        if (string(r)) return UKKO_EPARSE;
        return uk_check_chars(r->text, r->limits->string);
    case 't': return word(r, "true", 4, UK_TOK_TRUE);
    case 'f': return word(r, "false", 5, UK_TOK_FALSE);
    case 'n': return word(r, "null", 4, UK_TOK_NULL);
    default: return c == '-' || (c >= '0' && c <= '9') ? number(r) : UKKO_EPARSE;
    }
}
static int value(uk_reader *r) {
    uint8_t c = *r->p;
    if (c == '{' || c == '[') {
        r->p++;
        r->state = c == '{' ? UK_JSON_FIRST_KEY : UK_JSON_FIRST_VALUE;
        return uk_reader_push(r, c == '{', 0);
    }
    r->state = r->depth ? UK_JSON_AFTER : UK_JSON_DONE;
    return scalar(r, c);
}
static int close_level(uk_reader *r) {
    r->p++;
    r->tok = r->levels[--r->depth].object ? UK_TOK_OBJ_END : UK_TOK_ARR_END;
    r->state = r->depth ? UK_JSON_AFTER : UK_JSON_DONE;
    return UKKO_OK;
}
static int key(uk_reader *r) {
    if (*r->p != '"') return UKKO_EPARSE;
    r->p++;
    int rc = string(r);
    if (rc) return rc;
    if (uk_check_chars(r->text, r->limits->name)) return UKKO_ETOOBIG;
    white(r);
    if (r->p == r->end || *r->p != ':') return UKKO_EPARSE;
    r->p++;
    r->tok = UK_TOK_KEY;
    r->state = UK_JSON_VALUE;
    return UKKO_OK;
}
int uk_json_next(uk_reader *r) {
    white(r);
    if (r->state == UK_JSON_DONE) {
        r->tok = UK_TOK_END;
        return UKKO_OK;
    }
    if (r->p == r->end) return UKKO_EPARSE;
    bool object = r->depth && r->levels[r->depth - 1].object;
    if (r->state == UK_JSON_AFTER) {
        if (*r->p == (object ? '}' : ']')) return close_level(r);
        if (*r->p != ',') return UKKO_EPARSE;
        r->p++;
        white(r);
        if (r->p == r->end) return UKKO_EPARSE;
        r->state = object ? UK_JSON_KEY : UK_JSON_VALUE;
    }
    if (r->state == UK_JSON_FIRST_KEY && *r->p == '}') return close_level(r);
    if (r->state == UK_JSON_FIRST_VALUE && *r->p == ']') return close_level(r);
    return r->state == UK_JSON_FIRST_KEY || r->state == UK_JSON_KEY ? key(r) : value(r);
}

static int check_value(uk_reader *r, bool object) {
    int rc = uk_reader_next(r);
    if (!rc && object && r->tok != UK_TOK_OBJ) rc = UKKO_EPARSE;
    while (!rc && r->tok != UK_TOK_END) rc = uk_reader_next(r);
    return !rc && r->p != r->end ? UKKO_EPARSE : rc;
}
int uk_json_valid(ukko_slice text, unsigned max_depth, bool object) {
    uk_reader r;
    uk_reader_init(&r, text, false, max_depth);
    int rc = check_value(&r, object);
    uk_reader_fini(&r);
    return rc;
}
int uk_json_fits(ukko_slice text, const uk_limits *limits) {
    uk_reader r;
    int rc = uk_reader_open(&r, text, false, limits);
    if (!rc) rc = check_value(&r, false);
    uk_reader_fini(&r);
    return rc;
}
