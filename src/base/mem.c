/* SPDX-License-Identifier: Apache-2.0 */
/* The allocation hook and the few string helpers that need it. Any thread; the hook itself is
   set once, before the first call. */
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/base.h>

static ukko_allocator hook; /* all NULL: malloc and friends */

static void *checked(void *ptr, size_t size) {
    if (ptr || !size) return ptr;
    fprintf(stderr, "ukko: out of memory (%zu bytes)\n", size);
    abort();
}
void *uk_alloc(size_t size) {
    return checked(hook.alloc ? hook.alloc(hook.data, size) : malloc(size), size);
}
void *uk_zalloc(size_t size) {
    if (!hook.alloc) return checked(calloc(1, size), size);
    return memset(uk_alloc(size), 0, size);
}
void *uk_realloc(void *ptr, size_t size) {
    return checked(hook.realloc ? hook.realloc(hook.data, ptr, size) : realloc(ptr, size), size);
}
void uk_free(void *ptr) {
    if (!ptr) return;
    if (hook.free) hook.free(hook.data, ptr);
    else free(ptr);
}
char *uk_strndup(const void *text, size_t len) {
    char *out = uk_alloc(len + 1);
    if (len) memcpy(out, text, len);
    out[len] = 0;
    return out;
}
char *uk_strdup(const char *text) { return text ? uk_strndup(text, strlen(text)) : NULL; }

char *uk_vformat(const char *format, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *out = uk_alloc((size_t)n + 1);
    vsnprintf(out, (size_t)n + 1, format, ap);
    return out;
}
char *uk_format(const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    char *out = uk_vformat(format, ap);
    va_end(ap);
    return out;
}
void ukko_free(void *ptr) { uk_free(ptr); }

int ukko_set_allocator(const ukko_allocator *a) {
    if (!a || !a->alloc || !a->realloc || !a->free) return UKKO_EINVAL;
    hook = *a;
    return UKKO_OK;
}
