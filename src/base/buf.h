/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer, owned by one thread at a time. Zero-initialized is empty. */
#ifndef UK_BASE_BUF_H
#define UK_BASE_BUF_H
#include "base/mem.h"
#include <stdbool.h>
#include <string.h>
#include <ukko/base.h>

typedef struct uk_buf {
    uint8_t *ptr;
    size_t len, cap;
} uk_buf;

void uk_buf_grow(uk_buf *b, size_t more); /* room for `more` bytes past len */
static inline void uk_buf_reserve(uk_buf *b, size_t more) {
    if (b->cap - b->len < more) uk_buf_grow(b, more);
}
static inline void uk_buf_put(uk_buf *b, const void *bytes, size_t n) {
    uk_buf_reserve(b, n);
    if (n) memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
}
/* As memcpy(), for what is mostly short: two copies of a fixed size that overlap. */
static inline void uk_copy_short(void *to, const void *from, size_t n) {
    uint8_t *t = to;
    const uint8_t *f = from;
    if (n > 32) {
        memcpy(t, f, n);
    } else if (n >= 16) {
        uint64_t a, b, c, d;
        memcpy(&a, f, 8), memcpy(&b, f + 8, 8), memcpy(&c, f + n - 16, 8), memcpy(&d, f + n - 8, 8);
        memcpy(t, &a, 8), memcpy(t + 8, &b, 8), memcpy(t + n - 16, &c, 8), memcpy(t + n - 8, &d, 8);
    } else if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, f, 8), memcpy(&b, f + n - 8, 8);
        memcpy(t, &a, 8), memcpy(t + n - 8, &b, 8);
    } else {
        for (; n; n--) *t++ = *f++;
    }
}
static inline void uk_buf_byte(uk_buf *b, uint8_t c) {
    uk_buf_reserve(b, 1);
    b->ptr[b->len++] = c;
}
static inline void uk_buf_str(uk_buf *b, const char *text) { uk_buf_put(b, text, strlen(text)); }
void uk_buf_printf(uk_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text so far, with a terminator that does not count in len. */
static inline char *uk_buf_text(uk_buf *b) {
    uk_buf_reserve(b, 1);
    b->ptr[b->len] = 0;
    return (char *)b->ptr;
}
static inline ukko_slice uk_buf_slice(const uk_buf *b) { return (ukko_slice){b->ptr, b->len}; }
static inline void uk_buf_clear(uk_buf *b) { b->len = 0; }
void uk_buf_fini(uk_buf *b);

static inline bool uk_slice_eq(ukko_slice a, ukko_slice b) {
    return a.len == b.len && (!a.len || !memcmp(a.ptr, b.ptr, a.len));
}
static inline bool uk_slice_is(ukko_slice a, const char *text) {
    return a.len == strlen(text) && (!a.len || !memcmp(a.ptr, text, a.len));
}
#endif
