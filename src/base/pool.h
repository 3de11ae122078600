/* SPDX-License-Identifier: Apache-2.0 */
/* Free lists by size class, one set per thread; blocks may be freed on another thread than they
   came from, and travel back in batches through a shared depot. Blocks of more than 4096 bytes wait in
   one place for all threads, no more than some megabytes of them; they may also be given to uk_realloc() and
   uk_free(). Any thread. Under a sanitizer every
   block comes from malloc, so that misuse is seen. */
#ifndef UK_BASE_POOL_H
#define UK_BASE_POOL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define UK_POOL_OFF 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define UK_POOL_OFF 1
#  endif
#endif

enum { UK_POOL_CLASSES = 9, UK_POOL_LARGE = 16, UK_POOL_NONE = 255, UK_POOL_LINE = 64, UK_POOL_AHEAD = 4 };

/* The class that a size falls into; UK_POOL_NONE: straight from the allocator. */
static inline uint8_t uk_pool_class(size_t size);
/* A block for `size` bytes of that class, aligned to a cache line when it is 64 or more, but to 16 when
   the class is NONE or a large one; not zeroed. */
static inline void *uk_pool_take(uint8_t cls, size_t size);
static inline void uk_pool_free(void *ptr, uint8_t cls);

void *uk_pool_take_slow(uint8_t cls, size_t size);
void uk_pool_free_slow(void *ptr, uint8_t cls);

#ifdef UK_POOL_OFF
static inline uint8_t uk_pool_class(size_t size) {
    (void)size;
    return UK_POOL_NONE;
}
typedef struct uk_pool_list {
    void *none;
} uk_pool_list;
static inline uk_pool_list *uk_pool_list_of(uint8_t cls) {
    (void)cls;
    return NULL;
}
static inline bool uk_pool_has(const uk_pool_list *l) { return !l; }
static inline void *uk_pool_pop(uk_pool_list *l, size_t size) {
    (void)l;
    return uk_pool_take_slow(UK_POOL_NONE, size);
}
static inline bool uk_pool_push(uk_pool_list *l, void *ptr) {
    (void)l;
    uk_pool_free_slow(ptr, UK_POOL_NONE);
    return true;
}
static inline void *uk_pool_take(uint8_t cls, size_t size) { return uk_pool_take_slow(cls, size); }
static inline void uk_pool_free(void *ptr, uint8_t cls) { uk_pool_free_slow(ptr, cls); }
#else

/* Free blocks of one class: a stack of addresses, so that the blocks themselves are left alone and the
   ones to come can be fetched ahead. */
typedef struct uk_pool_list {
    void **top, **bottom, **end; /* all NULL before the first use */
} uk_pool_list;

/* Initial-exec: no call to find them, in the shared library either. */
extern _Thread_local uk_pool_list uk_pool_lists[UK_POOL_CLASSES]
    __attribute__((tls_model("initial-exec")));
extern const uint8_t uk_pool_class_of[257]; /* by (size + 15) / 16 */

uint8_t uk_pool_large_class(size_t size);
size_t uk_pool_large_kept(void); /* bytes of free large blocks, for tests */
static inline uint8_t uk_pool_class(size_t size) {
    if (__builtin_expect(size > 4096, 0)) return uk_pool_large_class(size);
    return uk_pool_class_of[(size + 15) / 16];
}
/* The calling thread's list of a class, which is not NONE; valid on that thread. */
static inline uk_pool_list *uk_pool_list_of(uint8_t cls) { return &uk_pool_lists[cls]; }
static inline bool uk_pool_has(const uk_pool_list *l) { return l->top != l->bottom; }
static inline void *uk_pool_pop(uk_pool_list *l, size_t size) { /* when it has one */
    (void)size;
    void **top = --l->top;
    __builtin_prefetch(top[-UK_POOL_AHEAD], 1); /* below the bottom lie NULLs */
    return *top;
}
static inline bool uk_pool_push(uk_pool_list *l, void *ptr) { /* false: it is full */
    if (__builtin_expect(l->top == l->end, 0)) return false;
    *l->top++ = ptr;
    return true;
}
static inline void *uk_pool_take(uint8_t cls, size_t size) {
    uk_pool_list *l = &uk_pool_lists[cls];
    if (__builtin_expect(cls >= UK_POOL_CLASSES || !uk_pool_has(l), 0))
        return uk_pool_take_slow(cls, size);
    return uk_pool_pop(l, size);
}
static inline void uk_pool_free(void *ptr, uint8_t cls) {
    uk_pool_list *l = &uk_pool_lists[cls];
    if (__builtin_expect(cls >= UK_POOL_CLASSES || l->top == l->end, 0))
        uk_pool_free_slow(ptr, cls);
    else *l->top++ = ptr;
}
#endif
static inline void *uk_pool_alloc(size_t size, uint8_t *cls) {
    *cls = uk_pool_class(size);
    return uk_pool_take(*cls, size);
}
#endif
