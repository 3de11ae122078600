/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON and CBOR as Jackson does: compact, escapes in upper case, characters beyond the
   basic plane as surrogate escapes. One thread at a time. */
#include "serial/codec.h"
#include "serial/json.h"
#include <math.h>

static void sep(uk_writer *w) {
    if (w->comma) uk_buf_byte(w->out, ',');
    w->comma = true;
}

/* ---- text ---- */

static void unit_escape(uk_buf *out, uint32_t c) {
    static const char hex[] = "0123456789ABCDEF";
    uk_buf_put(
        out,
        (char[]){'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]}, 6);
}
static void control_escape(uk_buf *out, uint8_t c) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *hit = c ? strchr(from, c) : NULL;
    if (!hit) {
        unit_escape(out, c);
        return;
    }
    uk_buf_put(out, (char[]){'\\', to[hit - from]}, 2);
}
static void wide_escape(uk_buf *out, const uint8_t *p) {
    uint32_t c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
                 (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
    c -= 0x10000;
    unit_escape(out, 0xd800 | c >> 10);
    unit_escape(out, 0xdc00 | (c & 0x3ff));
}
static bool needs_escape(uint8_t c) { return c < 0x20 || c == '"' || c == '\\' || c >= 0xf0; }
static void json_valid_text(uk_buf *out, const uint8_t *p, const uint8_t *end) {
    const uint8_t *from = p;
    for (; p < end; p++) {
        if (!needs_escape(*p)) continue;
        uk_buf_put(out, from, (size_t)(p - from));
        if (*p >= 0xf0) {
            wide_escape(out, p);
            p += 3;
        } else {
            control_escape(out, *p);
        }
        from = p + 1;
    }
    uk_buf_put(out, from, (size_t)(end - from));
}
static void careful_text(uk_buf *out, const char *text, size_t len) {
    ukko_slice s = {(const uint8_t *)text, len};
    uk_buf fixed = {0};
    if (!uk_utf8_valid(s)) {
        uk_utf8_repair(s, &fixed);
        s = uk_buf_slice(&fixed);
    }
    uk_buf_reserve(out, s.len + 2);
    uk_buf_byte(out, '"');
    if (s.len) json_valid_text(out, s.ptr, s.ptr + s.len);
    uk_buf_byte(out, '"');
    uk_buf_fini(&fixed);
}

/* Mostly there is nothing to escape. */
static void json_text(uk_buf *out, const char *text, size_t len) {
    const uint8_t *from = (const uint8_t *)text;
    if (uk_json_plain(from, from + len) != from + len) {
        careful_text(out, text, len);
        return;
    }
    uk_buf_reserve(out, len + 3);
    uint8_t *p = out->ptr + out->len;
    *p++ = '"';
    if (len) memcpy(p, text, len);
    p[len] = '"';
    out->len += len + 2;
}

/* ---- structure ---- */

void uk_w_obj(uk_writer *w) {
    if (w->cbor) {
        uk_cbor_head(w->out, UK_CBOR_MAP_OPEN, 0);
        return;
    }
    sep(w);
    uk_buf_byte(w->out, '{');
    w->comma = false;
}
void uk_w_obj_end(uk_writer *w) {
    if (w->cbor) {
        uk_cbor_head(w->out, UK_CBOR_BREAK, 0);
        return;
    }
    uk_buf_byte(w->out, '}');
    w->comma = true;
}
void uk_w_arr(uk_writer *w, uint64_t n) {
    if (w->cbor) {
        uk_cbor_head(w->out, n == UINT64_MAX ? UK_CBOR_ARRAY_OPEN : UK_CBOR_ARRAY, n);
        return;
    }
    sep(w);
    uk_buf_byte(w->out, '[');
    w->comma = false;
}
void uk_w_arr_end(uk_writer *w, uint64_t n) {
    if (w->cbor) {
        if (n == UINT64_MAX) uk_cbor_head(w->out, UK_CBOR_BREAK, 0);
        return;
    }
    uk_buf_byte(w->out, ']');
    w->comma = true;
}
void uk_w_key(uk_writer *w, const char *name, size_t len) {
    if (w->cbor) {
        uk_cbor_text(w->out, name, len);
        return;
    }
    sep(w);
    json_text(w->out, name, len);
    uk_buf_byte(w->out, ':');
    w->comma = false;
}

/* ---- values ---- */

static void raw(uk_writer *w, const char *text, size_t len) {
    sep(w);
    uk_buf_put(w->out, text, len);
}
void uk_w_str(uk_writer *w, const char *text, size_t len) {
    if (w->cbor) {
        uk_cbor_text(w->out, text, len);
        return;
    }
    sep(w);
    json_text(w->out, text, len);
}
void uk_w_int(uk_writer *w, int64_t v) {
    if (w->cbor) {
        if (v < 0)
            uk_cbor_head(w->out, UK_CBOR_NEG, ~(uint64_t)v);
        else
            uk_cbor_head(w->out, UK_CBOR_UINT, (uint64_t)v);
        return;
    }
    uk_buf_reserve(w->out, UK_NUMBER_ROOM);
    sep(w);
    w->out->len += uk_print_int((char *)w->out->ptr + w->out->len, v);
}
void uk_w_uint(uk_writer *w, uint64_t v) {
    if (v <= INT64_MAX) {
        uk_w_int(w, (int64_t)v);
        return;
    }
    if (w->cbor) {
        uk_cbor_head(w->out, UK_CBOR_UINT, v);
        return;
    }
    char tmp[UK_NUMBER_ROOM];
    raw(w, tmp, uk_print_uint(tmp, v));
}
void uk_w_number(uk_writer *w, ukko_slice text) {
    if (w->cbor)
        uk_cbor_number(w->out, text);
    else
        raw(w, (const char *)text.ptr, text.len);
}
static bool not_finite(uk_writer *w, double v) {
    if (isfinite(v)) return false;
    const char *text = isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    raw(w, text, strlen(text));
    return true;
}
void uk_w_f64(uk_writer *w, double v) {
    char tmp[UK_NUMBER_ROOM];
    if (w->cbor)
        uk_cbor_f64(w->out, v);
    else if (!not_finite(w, v))
        raw(w, tmp, uk_print_f64(tmp, v));
}
void uk_w_f32(uk_writer *w, float v) {
    char tmp[UK_NUMBER_ROOM];
    if (w->cbor)
        uk_cbor_f32(w->out, v);
    else if (!not_finite(w, (double)v))
        raw(w, tmp, uk_print_f32(tmp, v));
}
void uk_w_bool(uk_writer *w, bool v) {
    if (w->cbor)
        uk_cbor_head(w->out, UK_CBOR_BOOL, v);
    else
        raw(w, v ? "true" : "false", v ? 4 : 5);
}
void uk_w_null(uk_writer *w) {
    if (w->cbor)
        uk_cbor_head(w->out, UK_CBOR_NULL, 0);
    else
        raw(w, "null", 4);
}
void uk_w_bytes(uk_writer *w, ukko_slice bytes) {
    if (w->cbor) {
        uk_cbor_head(w->out, UK_CBOR_BYTES, bytes.len);
        uk_buf_put(w->out, bytes.ptr, bytes.len);
        return;
    }
    sep(w);
    uk_buf_byte(w->out, '"');
    uk_base64_put(w->out, bytes);
    uk_buf_byte(w->out, '"');
}

/* ---- from one form into the other ---- */

/* A number that may say more than a double; a fraction from JSON is one in CBOR, as Jackson has it. */
void uk_w_number_token(uk_writer *w, ukko_slice text, double value) {
    bool whole = false;
    if (!text.len || (w->cbor && !(uk_number_valid(text, &whole) && whole)))
        uk_w_f64(w, value);
    else
        uk_w_number(w, text);
}
static void copy_token(uk_reader *r, uk_writer *w) {
    const char *text = (const char *)r->text.ptr;
    switch (r->tok) {
    case UK_TOK_OBJ: uk_w_obj(w); break;
    case UK_TOK_OBJ_END: uk_w_obj_end(w); break;
    case UK_TOK_ARR: uk_w_arr(w, UINT64_MAX); break;
    case UK_TOK_ARR_END: uk_w_arr_end(w, UINT64_MAX); break;
    case UK_TOK_KEY: uk_w_key(w, text, r->text.len); break;
    case UK_TOK_STR: uk_w_str(w, text, r->text.len); break;
    case UK_TOK_INT: uk_w_int(w, r->integer); break;
    case UK_TOK_REAL: uk_w_number_token(w, r->text, r->real); break;
    case UK_TOK_TRUE: uk_w_bool(w, true); break;
    case UK_TOK_FALSE: uk_w_bool(w, false); break;
    case UK_TOK_BYTES: uk_w_bytes(w, r->text); break;
    default: uk_w_null(w);
    }
}
int uk_transcode(uk_reader *r, uk_writer *w) {
    unsigned level = r->depth;
    bool nested = r->tok == UK_TOK_OBJ || r->tok == UK_TOK_ARR;
    copy_token(r, w);
    while (nested && r->depth >= level) {
        int rc = uk_reader_next(r);
        if (rc) return rc;
        copy_token(r, w);
    }
    return UKKO_OK;
}
