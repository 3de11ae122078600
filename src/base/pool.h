/* SPDX-License-Identifier: Apache-2.0 */
/* Free lists by size class, one set per thread; blocks may be freed on another thread than they
   came from, and travel back in batches through a shared depot. Any thread. Under a sanitizer
   every block comes from malloc, so that misuse is seen. */
#ifndef UK_BASE_POOL_H
#define UK_BASE_POOL_H
#include <stddef.h>
#include <stdint.h>
enum { UK_POOL_CLASSES = 9, UK_POOL_NONE = 255 };
/* At least `size` bytes, 16-aligned, not zeroed. *cls goes to uk_pool_free(). */
void *uk_pool_alloc(size_t size, uint8_t *cls);
void uk_pool_free(void *ptr, uint8_t cls);
#endif
