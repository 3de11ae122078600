/* SPDX-License-Identifier: Apache-2.0 */
/* The events of ukko-peer: one JSON object a line on standard output, written whole and at once
   under one lock. Any thread. */
#include "peer.h"
#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t start_ms;

void out_begin(void) { start_ms = now_ms(); }

static void write_line(const char *line, size_t len) {
    pthread_mutex_lock(&lock);
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, line, len);
        if (n <= 0) break; /* nobody reads any more */
        line += n;
        len -= (size_t)n;
    }
    pthread_mutex_unlock(&lock);
}

/* Bytes of the UTF-8 character at s, 0 when it is broken. */
static size_t utf8_char(const unsigned char *s, size_t len) {
    static const unsigned char least[5] = {0, 0, 0, 0xa0, 0x90};
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf5 ? 4
                             : 0;
    if (n == 0 || n > len) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < least[n]) return 0;
    if ((s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f)) return 0;
    return n;
}

static json_t *mended_text(const char *text, size_t len) {
    char *copy = malloc(3 * len + 1), *end = copy;
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_char((const unsigned char *)text + i, len - i);
        bool nul = len - i > 1 && memcmp(text + i, "\xc0\x80", 2) == 0; /* of a C string */
        memcpy(end, nul ? "" : n ? text + i : "\xef\xbf\xbd", nul ? 1 : n ? n : 3);
        end += nul ? 1 : n ? n : 3;
        n = nul ? 2 : n ? n : 1;
    }
    json_t *j = json_stringn(copy, (size_t)(end - copy));
    free(copy);
    return j;
}

json_t *out_text_n(const char *text, size_t len) {
    json_t *j = json_stringn(text, len);
    return j ? j : mended_text(text, len);
}

json_t *out_text(const char *text) { return text ? out_text_n(text, strlen(text)) : json_null(); }

static void add_pairs(json_t *map, va_list pairs) {
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;)
        json_object_set_new(map, key, va_arg(pairs, json_t *));
}

json_t *out_map(const char *key, ...) {
    json_t *map = json_object();
    va_list pairs;
    va_start(pairs, key);
    json_object_set_new(map, key, va_arg(pairs, json_t *));
    add_pairs(map, pairs);
    va_end(pairs);
    return map;
}

json_t *out_failure(const char *class_name, const char *message) {
    return out_map("class", out_text(class_name), "message", out_text(message), NULL);
}

char *out_compact(json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    return text;
}

uint32_t out_code_point(const char *text, size_t len, size_t *used) {
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    *used = n < len ? n : len;
    for (size_t i = 1; i < *used; i++) code = code << 6 | (s[i] & 0x3fu);
    return code;
}

char *out_plain(json_t *value) {
    char *text = out_compact(value), *whole = malloc(6 * strlen(text) + 1), *to = whole;
    size_t n;
    for (const char *s = text; *s; s += n) {
        bool short_form = *s == '\\' && strchr("bfrt", s[1]);
        uint32_t cp = out_code_point(s, strnlen(s, 4), &n);
        if (short_form) {
            to += sprintf(to, "\\u%04x", s[1] == 'b' ? 8 : s[1] == 'f' ? 12 : s[1] == 'r' ? 13 : 9);
            n = 2;
        } else if (*s == '\\') {
            for (n = 0; n < (s[1] == 'u' ? 6u : 2u); n++)
                *to++ = n > 1 ? (char)tolower((unsigned char)s[n]) : s[n];
        } else if (cp > 0xffff) {
            cp -= 0x10000;
            to += sprintf(to, "\\u%04x\\u%04x", 0xd800 + (cp >> 10), 0xdc00 + (cp & 0x3ff));
        } else if (cp == 0x7f || cp == 0x2028 || cp == 0x2029) {
            to += sprintf(to, "\\u%04x", cp);
        } else {
            memcpy(to, s, n);
            to += n;
        }
    }
    *to = 0;
    free(text);
    return whole;
}

void out_emit(const char *ev, ...) {
    json_t *map = out_map("ev", out_text(ev), "t", json_integer(now_ms() - start_ms), NULL);
    va_list pairs;
    va_start(pairs, ev);
    add_pairs(map, pairs);
    va_end(pairs);
    char *line = out_compact(map);
    size_t len = strlen(line);
    line[len] = '\n'; /* in the place of the terminator */
    write_line(line, len + 1);
    free(line);
}

void out_unsupported(const char *what, const char *name) {
    out_emit("unsupported", what, out_text(name), NULL);
}
