/* SPDX-License-Identifier: Apache-2.0 */
/* Free lists by size class, one set per thread; blocks may be freed on another thread than they
   came from, and travel back in batches through a shared depot. Any thread. Under a sanitizer
   every block comes from malloc, so that misuse is seen. */
#ifndef UK_BASE_POOL_H
#define UK_BASE_POOL_H
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define UK_POOL_OFF 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define UK_POOL_OFF 1
#  endif
#endif

enum { UK_POOL_CLASSES = 9, UK_POOL_NONE = 255, UK_POOL_LINE = 64 };

#ifdef UK_POOL_OFF
void *uk_pool_alloc(size_t size, uint8_t *cls);
void uk_pool_free(void *ptr, uint8_t cls);
#else

typedef struct uk_pool_node uk_pool_node;
struct uk_pool_node {
    uk_pool_node *next;
    uk_pool_node *batch; /* in the depot: the next batch; only in the first node of a batch */
};
typedef struct uk_pool_list {
    uk_pool_node *head;
    uint32_t room; /* how many more it takes before it is a full batch */
    uint32_t unused;
} uk_pool_list;

/* Initial-exec: no call to find them, in the shared library either. */
extern _Thread_local uk_pool_list uk_pool_lists[UK_POOL_CLASSES]
    __attribute__((tls_model("initial-exec")));
extern const uint8_t uk_pool_class_of[257]; /* by (size + 15) / 16 */
void *uk_pool_alloc_slow(size_t size, uint8_t *cls);
void uk_pool_free_slow(void *ptr, uint8_t cls);

/* At least `size` bytes, aligned to a cache line when it is 64 or more (16 otherwise; always 16 for
   sizes above 4096), not zeroed. *cls goes to uk_pool_free(). */
static inline void *uk_pool_alloc(size_t size, uint8_t *cls) {
    if (__builtin_expect(size > 4096, 0)) return uk_pool_alloc_slow(size, cls);
    uint8_t c = uk_pool_class_of[(size + 15) / 16];
    uk_pool_list *l = &uk_pool_lists[c];
    uk_pool_node *n = l->head;
    if (__builtin_expect(!n, 0)) return uk_pool_alloc_slow(size, cls);
    l->head = n->next;
    l->room++;
    *cls = c;
    return n;
}
static inline void uk_pool_free(void *ptr, uint8_t cls) {
    if (__builtin_expect(cls >= UK_POOL_CLASSES || !uk_pool_lists[cls].room, 0)) {
        uk_pool_free_slow(ptr, cls);
        return;
    }
    uk_pool_list *l = &uk_pool_lists[cls];
    uk_pool_node *n = (uk_pool_node *)ptr;
    n->next = l->head;
    l->head = n;
    l->room--;
}
#endif
#endif
