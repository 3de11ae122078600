/* SPDX-License-Identifier: Apache-2.0 */
/* Java .properties files, and objects from flat names. One thread per parse. */
#include "config/internal.h"

/* ---- Flat names to objects. ---- */

static uk_value *level(uk_arena *a, uk_origin at, uk_value *object, const uk_key *key) {
    uk_value *child = uk_object_get(object->object, key);
    if (child && child->kind == UK_V_OBJECT) return child;
    child = uk_value_object(a, at, 0);
    uk_object_put(a, object, key, child);
    return child;
}

/* Objects win over values of the same name; of equal names the last counts. */
static void put_flat(uk_arena *a, uk_origin at, uk_value *object, const uk_flat *pair) {
    const uint8_t *s = pair->name.ptr, *end = s + pair->name.len, *dot;
    uint32_t depth = 0;
    while ((dot = s < end ? memchr(s, '.', (size_t)(end - s)) : NULL) &&
           ++depth < UK_CONFIG_MAX_DEPTH) {
        object = level(a, at, object, uk_key_of(a, s, (size_t)(dot - s)));
        s = dot + 1;
    }
    const uk_key *key = uk_key_of(a, s, (size_t)(end - s));
    const uk_value *old = uk_object_get(object->object, key);
    if (old && old->kind == UK_V_OBJECT) return;
    uk_object_put(a, object, key, uk_value_string(a, at, pair->value.ptr, pair->value.len));
}

uk_value *uk_object_from_flat(uk_arena *a, const uk_source *source, const uk_flat *pairs,
                              size_t n) {
    uk_origin at = {source, -1, -1};
    uk_value *root = uk_value_object(a, at, (uint32_t)(n < 64 ? n : 64));
    for (size_t i = 0; i < n; i++) put_flat(a, at, root, &pairs[i]);
    return root;
}

/* ---- The file format. ---- */

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\f'; }
static bool line_end(uint8_t c) { return c == '\n' || c == '\r'; }

/* Past a line end, \r\n being one. */
static const uint8_t *next_line(const uint8_t *p, const uint8_t *end) {
    if (p < end && *p == '\r' && p + 1 < end && p[1] == '\n') p++;
    return p < end ? p + 1 : p;
}

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end) {
    while (p < end && blank(*p)) p++;
    return p;
}

static const uint8_t *skip_comment(const uint8_t *p, const uint8_t *end) {
    while (p < end && !line_end(*p)) p++;
    return p;
}

/* The next logical line, its continuations joined, its escapes kept; false at the end. Blank
   and comment lines are skipped also after a continuation that brought nothing. */
static bool logical_line(const uint8_t **at, const uint8_t *end, uk_buf *line) {
    const uint8_t *p = skip_blanks(*at, end);
    uk_buf_clear(line);
    bool got = false;
    while (p < end) {
        if (!line->len && (*p == '#' || *p == '!')) p = skip_comment(p, end);
        if (p == end) break;
        if (line_end(*p)) {
            if (line->len) break;
            p = skip_blanks(next_line(p, end), end);
        } else if (*p != '\\') {
            uk_buf_byte(line, *p++);
        } else if (p + 1 < end && !line_end(p[1])) {
            uk_buf_put(line, p, 2);
            p += 2;
        } else {
            got = end - p <= 2; /* a backslash at the very end makes a line, an empty one */
            p = skip_blanks(next_line(p + 1, end), end);
        }
    }
    *at = p;
    return line->len || got;
}

static bool unicode4(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    uint32_t v = 0;
    if (end - p < 4) return false;
    for (int i = 0; i < 4; i++) {
        uint32_t c = p[i], low = c | 32;
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (low - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

static bool unescape_u(const uint8_t **at, const uint8_t *end, uk_buf *out) {
    const uint8_t *p = *at;
    uint32_t c, low;
    if (!unicode4(p, end, &c)) return false;
    p += 4;
    if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        unicode4(p + 2, end, &low) && low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    } else if (c >= 0xD800 && c < 0xE000) {
        c = 0xFFFD;
    }
    uk_buf_reserve(out, 4);
    out->len += uk_utf8_put(out->ptr + out->len, c);
    *at = p;
    return true;
}

static bool unescaped(const uint8_t *p, const uint8_t *end, uk_buf *out) {
    uk_buf_clear(out);
    while (p < end) {
        uint8_t c = *p++;
        if (c == '\\' && p < end) {
            c = *p++;
            if (c == 'u') {
                if (!unescape_u(&p, end, out)) return false;
                continue;
            }
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
        }
        uk_buf_byte(out, c);
    }
    return true;
}

/* Where the key of a line ends and its value starts. */
static void split(const uint8_t *p, const uint8_t *end, const uint8_t **key_end,
                  const uint8_t **value) {
    while (p < end && *p != '=' && *p != ':' && !blank(*p)) p += *p == '\\' && p + 1 < end ? 2 : 1;
    *key_end = p;
    while (p < end && blank(*p)) p++;
    if (p < end && (*p == '=' || *p == ':')) p++;
    while (p < end && blank(*p)) p++;
    *value = p;
}

static ukko_slice saved(uk_arena *a, const uk_buf *b) {
    return (ukko_slice){(uint8_t *)uk_arena_text(a, b->ptr, b->len), b->len};
}

static int line_number(const uint8_t *from, const uint8_t *to) {
    int n = 1;
    for (; from < to; from++) n += *from == '\n';
    return n;
}

uk_value *uk_parse_properties(uk_arena *a, ukko_slice text, const uk_source *source,
                              uk_config_fault *f) {
    uk_buf line = {0}, word = {0}, pairs = {0};
    bool ok = true;
    uk_buf_reserve(&line, 1); /* an empty line has an address too */
    const uint8_t *p = text.ptr, *end = p + text.len;
    while (ok && logical_line(&p, end, &line)) {
        const uint8_t *key_end, *value, *line_stop = line.ptr + line.len;
        uk_flat pair;
        split(line.ptr, line_stop, &key_end, &value);
        ok = unescaped(line.ptr, key_end, &word);
        pair.name = saved(a, &word);
        ok = ok && unescaped(value, line_stop, &word);
        pair.value = saved(a, &word);
        uk_buf_put(&pairs, &pair, sizeof pair);
    }
    uk_value *v = NULL;
    if (ok)
        v = uk_object_from_flat(a, source, (const uk_flat *)(const void *)pairs.ptr,
                                pairs.len / sizeof(uk_flat));
    else
        uk_config_fail(f, UK_FAULT_PARSE, source->name, line_number(text.ptr, p), 0,
                       "expected four hexadecimal digits after \\u");
    uk_buf_fini(&line);
    uk_buf_fini(&word);
    uk_buf_fini(&pairs);
    return v;
}
