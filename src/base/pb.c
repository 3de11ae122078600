/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded protobuf reader and nested lengths of the writer. Pure; one thread at a time. */
#include "base/pb.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fixed64 is written as it lies in memory");

/* The length is written in front of a body of unknown size: one byte is kept free, and the body
   moves when it needs more. */
size_t uk_pb_begin(uk_buf *b, uint32_t field) {
    uk_pb_raw_varint(b, field << 3 | UK_PB_BYTES);
    uk_buf_byte(b, 0);
    return b->len;
}
void uk_pb_end(uk_buf *b, size_t mark) {
    size_t len = b->len - mark, extra = uk_pb_varint_size(len) - 1;
    if (extra) {
        uk_buf_reserve(b, extra);
        memmove(b->ptr + mark + extra, b->ptr + mark, len);
        b->len += extra;
    }
    uk_pb_write_varint(b->ptr + mark - 1, len);
}

static int varint(uk_pb *in, uint64_t *out) {
    uint64_t v = 0;
    if (in->p < in->end && *in->p < 128) {
        *out = *in->p++;
        return UKKO_OK;
    }
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (in->p == in->end) return UKKO_EPARSE;
        uint8_t c = *in->p++;
        v |= shift < 64 ? (uint64_t)(c & 127) << shift : 0;
        if (c < 128) {
            *out = v;
            return UKKO_OK;
        }
    }
    return UKKO_EPARSE;
}
static int fixed(uk_pb *in, size_t n, uint64_t *out) {
    if ((size_t)(in->end - in->p) < n) return UKKO_EPARSE;
    *out = 0;
    memcpy(out, in->p, n);
    in->p += n;
    return UKKO_OK;
}
/* Of a length, as of a key, the lower 32 bits count. */
static int bytes(uk_pb *in, ukko_slice *out) {
    uint64_t n;
    if (varint(in, &n) || (uint32_t)n > (uint64_t)(in->end - in->p)) return UKKO_EPARSE;
    *out = (ukko_slice){in->p, (uint32_t)n};
    in->p += (uint32_t)n;
    return UKKO_OK;
}
enum { GROUP = 3, GROUP_END = 4, MAX_GROUPS = 100 };

static int any_field(uk_pb *in, uk_pb_field *f) {
    uint64_t key;
    if (varint(in, &key)) return UKKO_EPARSE;
    f->number = (uint32_t)key >> 3;
    f->wire = key & 7;
    if (!f->number) return UKKO_EPARSE;
    f->value = 0;
    f->bytes = (ukko_slice){NULL, 0};
    switch (f->wire) {
    case UK_PB_VARINT: return varint(in, &f->value);
    case UK_PB_FIXED64: return fixed(in, 8, &f->value);
    case UK_PB_FIXED32: return fixed(in, 4, &f->value);
    case UK_PB_BYTES: return bytes(in, &f->bytes);
    case GROUP:
    case GROUP_END: return UKKO_OK;
    default: return UKKO_EPARSE;
    }
}
/* Behind the beginning of a group, which no message of ours has: to its end. */
static int skip_group(uk_pb *in, uint32_t number) {
    uint32_t open[MAX_GROUPS];
    unsigned n = 0;
    uk_pb_field f;
    open[n++] = number;
    while (n) {
        if (any_field(in, &f)) return UKKO_EPARSE;
        if (f.wire == GROUP && n == MAX_GROUPS) return UKKO_EPARSE;
        if (f.wire == GROUP)
            open[n++] = f.number;
        else if (f.wire == GROUP_END && open[--n] != f.number)
            return UKKO_EPARSE;
    }
    return UKKO_OK;
}
int uk_pb_next(uk_pb *in, uk_pb_field *f) {
    while (in->p != in->end) {
        int rc = any_field(in, f);
        if (rc) return rc;
        if (f->wire < GROUP || f->wire > GROUP_END) return 1;
        if (f->wire == GROUP_END || skip_group(in, f->number)) return UKKO_EPARSE;
    }
    return 0;
}

int uk_pb_last(ukko_slice bytes, ukko_slice *last, size_t n) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    int rc;
    for (size_t i = 0; i < n; i++) last[i] = (ukko_slice){NULL, 0};
    while ((rc = uk_pb_next(&in, &f)) > 0)
        if (f.wire == UK_PB_BYTES && f.number <= n) last[f.number - 1] = f.bytes;
    return rc;
}

static size_t utf8_length(uint8_t c) {
    return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}
static bool utf8_second(uint8_t c, uint8_t d) { /* over-long forms, surrogates, > U+10FFFF */
    if (c == 0xe0) return d >= 0xa0;
    if (c == 0xed) return d < 0xa0;
    if (c == 0xf0) return d >= 0x90;
    if (c == 0xf4) return d < 0x90;
    return true;
}
bool uk_utf8_valid(ukko_slice s) {
    for (size_t i = 0; i < s.len;) {
        uint64_t eight;
        while (s.len - i >= 8 && (memcpy(&eight, s.ptr + i, 8), !(eight & 0x8080808080808080u)))
            i += 8; /* plain ASCII in strides */
        for (; i < s.len && s.ptr[i] < 0x80; i++) {}
        if (i == s.len) break;
        if (s.ptr[i] >= 0xc2 && s.ptr[i] < 0xe0 && s.len - i > 1 && (s.ptr[i + 1] & 0xc0) == 0x80) {
            i += 2;
            continue;
        }
        size_t n = utf8_length(s.ptr[i]);
        if (!n || s.len - i < n) return false;
        for (size_t k = 1; k < n; k++)
            if ((s.ptr[i + k] & 0xc0) != 0x80) return false;
        if (n > 1 && !utf8_second(s.ptr[i], s.ptr[i + 1])) return false;
        i += n;
    }
    return true;
}
static bool is_tail(const uint8_t *p, const uint8_t *end) { return p < end && (*p & 0xc0) == 0x80; }
static bool second_ok(uint8_t first, uint8_t second) {
    if (first == 0xe0) return second >= 0xa0;
    if (first == 0xf0) return second >= 0x90;
    if (first == 0xf4) return second < 0x90;
    return true;
}
/* Length of the sequence at p; *good: a character. A JVM shows one U+FFFD per bad sequence. */
static size_t sequence(const uint8_t *p, const uint8_t *end, bool *good) {
    uint8_t c = *p;
    size_t want = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    *good = want == 1;
    if (want < 2 || !is_tail(p + 1, end) || !second_ok(c, p[1])) return 1;
    for (size_t i = 2; i < want; i++)
        if (!is_tail(p + i, end)) return i;
    *good = !(c == 0xed && p[1] >= 0xa0); /* a surrogate: all three bytes are replaced at once */
    return want;
}
void uk_utf8_repair(ukko_slice bytes, uk_buf *out) {
    const uint8_t *p = bytes.ptr, *end = bytes.len ? p + bytes.len : p;
    while (p < end) {
        bool good;
        size_t n = sequence(p, end, &good);
        if (good)
            uk_buf_put(out, p, n);
        else
            uk_buf_put(out, "\xef\xbf\xbd", 3);
        p += n;
    }
}
void uk_utf8_to_c(ukko_slice bytes, uk_buf *out) {
    uk_buf whole = {0};
    uk_utf8_repair(bytes, &whole);
    for (size_t i = 0; i < whole.len; i++) {
        if (whole.ptr[i]) uk_buf_byte(out, whole.ptr[i]);
        else uk_buf_put(out, UK_C_NUL, 2);
    }
    uk_buf_fini(&whole);
}
void uk_pb_text(uk_buf *b, uint32_t field, const char *text) {
    const char *nul = strstr(text, UK_C_NUL);
    size_t mark = uk_pb_begin(b, field);
    for (; nul; text = nul + 2, nul = strstr(text, UK_C_NUL)) {
        uk_buf_put(b, text, (size_t)(nul - text));
        uk_buf_byte(b, 0);
    }
    uk_buf_put(b, text, strlen(text));
    uk_pb_end(b, mark);
}
bool uk_pb_last_varint(ukko_slice bytes, uint32_t number, uint64_t *value) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field f;
    bool found = false;
    int rc;
    while ((rc = uk_pb_next(&in, &f)) > 0) {
        if (f.number != number || f.wire != UK_PB_VARINT) continue;
        *value = f.value;
        found = true;
    }
    return found && !rc;
}
