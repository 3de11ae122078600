/* SPDX-License-Identifier: Apache-2.0 */
/* The token stream over CBOR (RFC 8949), and single items when writing: the one file that knows
   libcbor. Its streaming calls allocate nothing. */
#include "serial/codec.h"
#include "serial/json.h"
#include <cbor.h>

enum { CHUNK_NONE, CHUNK_TEXT, CHUNK_BYTES };

/* ---- reading: one item through libcbor's callbacks ---- */

typedef struct item {
    uk_reader *r;
    uint64_t count; /* of a definite array or map */
    uint64_t tag;   /* the last one before the item; 0: none of interest */
    bool open, is_tag, brk;
} item;
enum { TAG_BIG = 2, TAG_BIG_NEGATIVE = 3, TAG_DECIMAL = 4 };

static void on_int(item *it, uint64_t v, bool neg) {
    uk_reader *r = it->r;
    r->tok = v > INT64_MAX ? UK_TOK_REAL : UK_TOK_INT;
    r->integer = neg ? (int64_t)~v : (int64_t)v;
    r->real = neg ? -1.0 - (double)v : (double)v;
    r->text = (ukko_slice){NULL, 0};
    if (r->tok == UK_TOK_INT) return;
    uint64_t be = __builtin_bswap64(v);
    uk_buf_clear(&r->scratch);
    (void)uk_big_text((ukko_slice){(uint8_t *)&be, 8}, neg, neg, &r->scratch);
    r->text = uk_buf_slice(&r->scratch);
}
static void on_uint8(void *c, uint8_t v) { on_int(c, v, false); }
static void on_uint16(void *c, uint16_t v) { on_int(c, v, false); }
static void on_uint32(void *c, uint32_t v) { on_int(c, v, false); }
static void on_uint64(void *c, uint64_t v) { on_int(c, v, false); }
static void on_neg8(void *c, uint8_t v) { on_int(c, v, true); }
static void on_neg16(void *c, uint16_t v) { on_int(c, v, true); }
static void on_neg32(void *c, uint32_t v) { on_int(c, v, true); }
static void on_neg64(void *c, uint64_t v) { on_int(c, v, true); }
static void on_real(item *it, double v) {
    it->r->tok = UK_TOK_REAL;
    it->r->real = v;
    it->r->text = (ukko_slice){NULL, 0};
}
static void on_float(void *c, float v) { on_real(c, (double)v); }
static void on_double(void *c, double v) { on_real(c, v); }
static void on_bytes(void *c, cbor_data p, size_t n) {
    item *it = c;
    it->r->tok = UK_TOK_BYTES;
    it->r->text = (ukko_slice){p, n};
}
static void on_text(void *c, cbor_data p, size_t n) {
    item *it = c;
    it->r->tok = UK_TOK_STR;
    it->r->text = (ukko_slice){p, n};
}
static void on_bytes_start(void *c) {
    item *it = c;
    it->open = true;
    it->r->tok = UK_TOK_BYTES;
}
static void on_text_start(void *c) {
    item *it = c;
    it->open = true;
    it->r->tok = UK_TOK_STR;
}
static void on_array(void *c, size_t n) {
    item *it = c;
    it->r->tok = UK_TOK_ARR;
    it->count = n;
}
static void on_map(void *c, size_t n) {
    item *it = c;
    it->r->tok = UK_TOK_OBJ;
    it->count = n;
}
static void on_array_start(void *c) { on_array(c, SIZE_MAX); }
static void on_map_start(void *c) { on_map(c, SIZE_MAX); }
static void on_tag(void *c, uint64_t v) {
    item *it = c;
    it->is_tag = true;
    it->tag = v >= TAG_BIG && v <= TAG_DECIMAL ? v : 0;
}
static void on_null(void *c) { ((item *)c)->r->tok = UK_TOK_NULL; }
static void on_bool(void *c, bool v) { ((item *)c)->r->tok = v ? UK_TOK_TRUE : UK_TOK_FALSE; }
static void on_break(void *c) { ((item *)c)->brk = true; }

static const struct cbor_callbacks callbacks = {.uint8 = on_uint8,
                                                .uint16 = on_uint16,
                                                .uint32 = on_uint32,
                                                .uint64 = on_uint64,
                                                .negint8 = on_neg8,
                                                .negint16 = on_neg16,
                                                .negint32 = on_neg32,
                                                .negint64 = on_neg64,
                                                .byte_string_start = on_bytes_start,
                                                .byte_string = on_bytes,
                                                .string = on_text,
                                                .string_start = on_text_start,
                                                .indef_array_start = on_array_start,
                                                .array_start = on_array,
                                                .indef_map_start = on_map_start,
                                                .map_start = on_map,
                                                .tag = on_tag,
                                                .float2 = on_float,
                                                .float4 = on_float,
                                                .float8 = on_double,
                                                .undefined = on_null,
                                                .null = on_null,
                                                .boolean = on_bool,
                                                .indef_break = on_break};

/* What most items are, without the library: small integers, short text, true, false,
   null, doubles, objects of any length and their ends. false: leave it to libcbor. */
static bool read_common(item *it) {
    uk_reader *r = it->r;
    const uint8_t *p = r->p;
    size_t room = (size_t)(r->end - p) - 1;
    uint8_t c = *p++, low = c & 31;
    if (c >= 0x60 && c <= 0x78) {
        size_t n = low;
        if (c == 0x78) {
            if (!room--) return false;
            n = *p++;
        }
        if (n > room) return false;
        r->tok = UK_TOK_STR;
        r->text = (ukko_slice){p, n};
        p += n;
    } else if (c < 0x40 && low < 24) {
        r->tok = UK_TOK_INT;
        r->integer = c & 0x20 ? -1 - low : low;
        r->real = (double)r->integer;
        r->text = (ukko_slice){NULL, 0};
    } else if (c == 0xf4 || c == 0xf5 || c == 0xf6) {
        r->tok = c == 0xf4 ? UK_TOK_FALSE : c == 0xf5 ? UK_TOK_TRUE : UK_TOK_NULL;
    } else if (c == 0xbf) {
        on_map_start(it);
    } else if (c == 0xff) {
        on_break(it);
    } else if (c == 0xfb && room >= 8) {
        uint64_t bits;
        memcpy(&bits, p, 8);
        bits = __builtin_bswap64(bits);
        memcpy(&r->real, &bits, 8);
        r->tok = UK_TOK_REAL;
        r->text = (ukko_slice){NULL, 0};
        p += 8;
    } else {
        return false;
    }
    r->p = p;
    return true;
}
static int read_item(item *it, uk_reader *r) {
    *it = (item){.r = r};
    do {
        it->is_tag = false;
        if (r->p == r->end) return UKKO_EPARSE;
        if (read_common(it)) return UKKO_OK;
        struct cbor_decoder_result res =
            cbor_stream_decode(r->p, (size_t)(r->end - r->p), &callbacks, it);
        if (res.status != CBOR_DECODER_FINISHED || !res.read) return UKKO_EPARSE;
        r->p += res.read;
    } while (it->is_tag);
    return UKKO_OK;
}
/* Chunks of a string of indefinite length, up to the break. */
static int join_chunks(uk_reader *r, uk_tok tok) {
    item it;
    uk_buf_clear(&r->scratch);
    for (;;) {
        int rc = read_item(&it, r);
        if (rc) return rc;
        if (it.brk) break;
        if (it.open || r->tok != tok) return UKKO_EPARSE;
        uk_buf_put(&r->scratch, r->text.ptr, r->text.len);
    }
    r->tok = tok;
    r->text = (ukko_slice){(uint8_t *)uk_buf_text(&r->scratch), r->scratch.len};
    return UKKO_OK;
}
static int check_text(uk_reader *r) {
    if (uk_check_chars(r->text, r->limits->string)) return UKKO_ETOOBIG;
    return uk_utf8_valid(r->text) ? UKKO_OK : UKKO_EPARSE;
}

/* ---- numbers of any size ---- */

static int take_number(uk_reader *r, uk_buf *text) {
    uk_buf_fini(&r->scratch);
    r->scratch = *text;
    r->text = uk_buf_slice(&r->scratch);
    r->tok = UK_TOK_REAL;
    if (r->text.len > r->limits->number) return UKKO_ETOOBIG;
    r->real = uk_parse_f64(r->text);
    return UKKO_OK;
}
/* Small ones, which are written so too, are plain integers. */
static int take_whole(uk_reader *r, uk_buf *text) {
    uk_reader n;
    if (text->len > 20) return take_number(r, text);
    uk_reader_init(&n, uk_buf_slice(text), false, 1);
    int rc = uk_json_next(&n);
    if (rc || n.tok != UK_TOK_INT) return take_number(r, text);
    r->tok = UK_TOK_INT;
    r->integer = n.integer;
    r->real = n.real;
    r->text = (ukko_slice){NULL, 0};
    uk_buf_fini(text);
    return UKKO_OK;
}
static int big_number(uk_reader *r, const item *it) {
    uk_buf text = {0};
    int rc = uk_big_text(r->text, it->tag == TAG_BIG_NEGATIVE, false, &text);
    if (!rc) return take_whole(r, &text);
    uk_buf_fini(&text);
    return rc;
}
/* Behind the head of an array of two: exponent and unscaled value. */
static int decimal(uk_reader *r) {
    item it;
    uk_buf unscaled = {0}, text = {0};
    char tmp[UK_NUMBER_ROOM];
    int rc = read_item(&it, r);
    if (rc || it.open || it.brk || r->tok != UK_TOK_INT) return UKKO_EPARSE;
    int64_t exponent = r->integer;
    if (exponent > INT32_MAX || exponent < INT32_MIN) return UKKO_ETOOBIG;
    rc = read_item(&it, r);
    if (rc || it.open || it.brk) return UKKO_EPARSE;
    if (r->tok == UK_TOK_INT)
        uk_buf_put(&unscaled, tmp, uk_print_int(tmp, r->integer));
    else if (r->tok == UK_TOK_REAL && r->text.len)
        uk_buf_put(&unscaled, r->text.ptr, r->text.len);
    else if (r->tok == UK_TOK_BYTES && (it.tag == TAG_BIG || it.tag == TAG_BIG_NEGATIVE))
        rc = uk_big_text(r->text, it.tag == TAG_BIG_NEGATIVE, false, &unscaled);
    else
        rc = UKKO_EPARSE;
    if (!rc) uk_decimal_text(uk_buf_slice(&unscaled), -exponent, &text);
    uk_buf_fini(&unscaled);
    return rc ? rc : take_number(r, &text);
}

static void finish_value(uk_reader *r) {
    if (!r->depth) {
        r->state = UK_CBOR_DONE;
        return;
    }
    uk_level *l = &r->levels[r->depth - 1];
    if (l->left != UINT64_MAX) l->left--;
}
static int open_level(uk_reader *r, uint64_t count) {
    bool object = r->tok == UK_TOK_OBJ;
    if (count == SIZE_MAX)
        count = UINT64_MAX;
    else if (count > (uint64_t)(r->end - r->p)) /* each item is a byte at least */
        return UKKO_EPARSE;
    return uk_reader_push(r, object, count); /* counts values: a key takes no part */
}
/* What comes behind a value in an object, unless that was the last of all. */
static void await_key(uk_reader *r) {
    if (r->state != UK_CBOR_DONE && r->depth && r->levels[r->depth - 1].object)
        r->state = UK_CBOR_AWAIT_KEY;
}
static int close_level(uk_reader *r) {
    r->tok = r->levels[--r->depth].object ? UK_TOK_OBJ_END : UK_TOK_ARR_END;
    r->state = UK_CBOR_VALUE;
    finish_value(r);
    return UKKO_OK;
}
static int read_key(uk_reader *r, const item *it) {
    if (it->open) return UKKO_EPARSE;
    if (r->tok == UK_TOK_INT) { /* Jackson takes numbers as names too */
        uk_buf_clear(&r->scratch);
        uk_buf_reserve(&r->scratch, UK_NUMBER_ROOM);
        r->text = (ukko_slice){r->scratch.ptr, uk_print_int((char *)r->scratch.ptr, r->integer)};
    } else if (r->tok != UK_TOK_STR) {
        return UKKO_EPARSE;
    } else if (!uk_utf8_valid(r->text)) {
        return UKKO_EPARSE;
    }
    if (uk_check_chars(r->text, r->limits->name)) return UKKO_ETOOBIG;
    r->tok = UK_TOK_KEY;
    r->state = UK_CBOR_VALUE;
    return UKKO_OK;
}
static int read_value(uk_reader *r, item *it) {
    uk_tok tok = r->tok;
    if (it->tag == TAG_DECIMAL && tok == UK_TOK_ARR && it->count == 2) {
        int bad = decimal(r);
        if (bad) return bad;
        tok = r->tok;
    }
    if (tok == UK_TOK_ARR || tok == UK_TOK_OBJ) {
        int rc = open_level(r, it->count);
        r->state = r->tok == UK_TOK_OBJ ? UK_CBOR_AWAIT_KEY : UK_CBOR_VALUE;
        return rc;
    }
    int rc = it->open ? join_chunks(r, tok) : UKKO_OK;
    if (!rc && tok == UK_TOK_STR) rc = check_text(r);
    if (!rc && tok == UK_TOK_BYTES && (it->tag == TAG_BIG || it->tag == TAG_BIG_NEGATIVE))
        rc = big_number(r, it);
    finish_value(r);
    await_key(r);
    return rc;
}
int uk_cbor_next(uk_reader *r) {
    item it;
    if (r->state == UK_CBOR_DONE) {
        r->tok = UK_TOK_END;
        return UKKO_OK;
    }
    uk_level *l = r->depth ? &r->levels[r->depth - 1] : NULL;
    if (l && !l->left && !(l->object && r->state == UK_CBOR_VALUE)) {
        close_level(r);
        await_key(r);
        return UKKO_OK;
    }
    int rc = read_item(&it, r);
    if (rc) return rc;
    if (it.brk) {
        if (!l || l->left != UINT64_MAX || (l->object && r->state != UK_CBOR_AWAIT_KEY))
            return UKKO_EPARSE;
        close_level(r);
        await_key(r);
        return UKKO_OK;
    }
    if (l && l->object && r->state == UK_CBOR_AWAIT_KEY) {
        if (it.open && r->tok == UK_TOK_STR && (rc = join_chunks(r, UK_TOK_STR))) return rc;
        it.open = false;
        return read_key(r, &it);
    }
    return read_value(r, &it);
}

/* ---- writing ---- */

static size_t encode_head(int what, uint64_t v, unsigned char *p, size_t room) {
    switch (what) {
    case UK_CBOR_UINT: return cbor_encode_uint(v, p, room);
    case UK_CBOR_NEG: return cbor_encode_negint(v, p, room);
    case UK_CBOR_BYTES: return cbor_encode_bytestring_start(v, p, room);
    case UK_CBOR_TEXT: return cbor_encode_string_start(v, p, room);
    case UK_CBOR_ARRAY: return cbor_encode_array_start(v, p, room);
    case UK_CBOR_ARRAY_OPEN: return cbor_encode_indef_array_start(p, room);
    case UK_CBOR_MAP_OPEN: return cbor_encode_indef_map_start(p, room);
    case UK_CBOR_TEXT_OPEN: return cbor_encode_indef_string_start(p, room);
    case UK_CBOR_BREAK: return cbor_encode_break(p, room);
    case UK_CBOR_NULL: return cbor_encode_null(p, room);
    case UK_CBOR_TAG: return cbor_encode_tag(v, p, room);
    default: return cbor_encode_bool(v != 0, p, room);
    }
}
void uk_cbor_head(uk_buf *out, int what, uint64_t v) {
    uk_buf_reserve(out, 9);
    if (what == UK_CBOR_TEXT && v < 24) { /* names and short texts */
        out->ptr[out->len++] = (uint8_t)(0x60 | v);
        return;
    }
    out->len += encode_head(what, v, out->ptr + out->len, 9);
}
void uk_cbor_f64(uk_buf *out, double v) {
    uk_buf_reserve(out, 9);
    out->len += cbor_encode_double(v, out->ptr + out->len, 9);
}
void uk_cbor_f32(uk_buf *out, float v) {
    uk_buf_reserve(out, 9);
    out->len += cbor_encode_single(v, out->ptr + out->len, 9);
}

enum { JACKSON_CHUNK = 3996 }; /* in UTF-16 units: longer text is written in pieces */
/* Bytes of text that are at most JACKSON_CHUNK units; text is valid UTF-8. */
static size_t chunk(const char *text, size_t len, bool *more) {
    size_t units = 0, i = 0;
    while (i < len) {
        uint8_t c = (uint8_t)text[i];
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, u = n == 4 ? 2 : 1;
        if (units + u > JACKSON_CHUNK) break;
        units += u;
        i += n;
    }
    *more = i < len;
    return i;
}
static void put_chunk(uk_buf *out, const char *text, size_t n) {
    uk_cbor_head(out, UK_CBOR_TEXT, n);
    uk_buf_put(out, text, n);
}
static void put_text(uk_buf *out, const char *text, size_t len) {
    bool more = false;
    size_t n = len > JACKSON_CHUNK ? chunk(text, len, &more) : len;
    if (!more) {
        put_chunk(out, text, len);
        return;
    }
    uk_cbor_head(out, UK_CBOR_TEXT_OPEN, 0);
    for (; len; text += n, len -= n) {
        n = chunk(text, len, &more);
        put_chunk(out, text, n);
    }
    uk_cbor_head(out, UK_CBOR_BREAK, 0);
}
void uk_cbor_text(uk_buf *out, const char *text, size_t len) {
    ukko_slice s = {(const uint8_t *)text, len};
    if (uk_utf8_valid(s)) {
        put_text(out, text, len);
        return;
    }
    uk_buf fixed = {0};
    uk_utf8_repair(s, &fixed);
    put_text(out, (const char *)fixed.ptr, fixed.len);
    uk_buf_fini(&fixed);
}
