/* SPDX-License-Identifier: Apache-2.0 */
/* Growth of byte buffers: doubling, from 64 bytes. Owned by one thread at a time. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>

void uk_buf_grow(uk_buf *b, size_t more) {
    size_t cap = b->cap ? b->cap : 64;
    while (cap - b->len < more) cap *= 2;
    b->ptr = uk_realloc(b->ptr, cap);
    b->cap = cap;
}
void uk_buf_printf(uk_buf *b, const char *format, ...) {
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    uk_buf_reserve(b, (size_t)n + 1);
    vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, format, again);
    va_end(again);
    b->len += (size_t)n;
}
void uk_buf_fini(uk_buf *b) {
    uk_free(b->ptr);
    *b = (uk_buf){0};
}
