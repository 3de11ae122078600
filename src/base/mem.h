/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: thin calls over the hook of ukko_set_allocator(). None returns NULL: running out of
   memory ends the process; sizes named by a peer are checked before they come here. Any thread. */
#ifndef UK_BASE_MEM_H
#define UK_BASE_MEM_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
void *uk_alloc(size_t size);
void *uk_zalloc(size_t size);
void *uk_realloc(void *ptr, size_t size);
void uk_free(void *ptr);
char *uk_strdup(const char *text); /* NULL gives NULL */
char *uk_strndup(const void *text, size_t len);
char *uk_format(const char *format, ...) __attribute__((format(printf, 1, 2))); /* owned: uk_free */
char *uk_vformat(const char *format, va_list ap) __attribute__((format(printf, 1, 0))); /* owned */
#endif
