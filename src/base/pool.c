/* SPDX-License-Identifier: Apache-2.0 */
/* Size-class free lists per thread and the depot they exchange batches through. A thread's lists
   are touched by that thread alone; the depot has one lock per class, taken once per batch. */
#include "base/pool.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdbool.h>

#ifdef UK_POOL_OFF
void *uk_pool_alloc(size_t size, uint8_t *cls) {
    *cls = UK_POOL_NONE;
    return uk_alloc(size);
}
void uk_pool_free(void *ptr, uint8_t cls) {
    (void)cls;
    uk_free(ptr);
}
#else

enum { BATCH_BYTES = 16384, SLAB_BYTES = 1 << 18, MAX_BLOCK = 4096 };

typedef uk_pool_node node;
typedef struct depot {
    pthread_mutex_t lock; /* leaf lock: nothing is taken under it */
    node *batches;        /* each of batch_count() blocks, but those of threads that ended */
    uint8_t *slab, *slab_end; /* memory that was in no batch yet */
} depot;

static const uint16_t class_size[UK_POOL_CLASSES] = {64, 96, 128, 192, 256, 512, 1024, 2048, 4096};
const uint8_t uk_pool_class_of[257] = {
    0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6,
    6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8};
#define DEPOT {PTHREAD_MUTEX_INITIALIZER, NULL, NULL, NULL}
static depot depots[UK_POOL_CLASSES] = {DEPOT, DEPOT, DEPOT, DEPOT, DEPOT,
                                        DEPOT, DEPOT, DEPOT, DEPOT};
_Thread_local uk_pool_list uk_pool_lists[UK_POOL_CLASSES]
    __attribute__((tls_model("initial-exec")));
static _Thread_local node *spare[UK_POOL_CLASSES]; /* a full batch kept back */
static _Thread_local bool registered;
static pthread_key_t exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t batch_count(unsigned c) { return BATCH_BYTES / class_size[c]; }

static void give(unsigned c, node *batch) {
    if (!batch) return;
    pthread_mutex_lock(&depots[c].lock);
    batch->batch = depots[c].batches;
    depots[c].batches = batch;
    pthread_mutex_unlock(&depots[c].lock);
}
static void thread_exit(void *unused) {
    (void)unused;
    for (unsigned c = 0; c < UK_POOL_CLASSES; c++) {
        give(c, uk_pool_lists[c].head);
        give(c, spare[c]);
        uk_pool_lists[c] = (uk_pool_list){0};
        spare[c] = NULL;
    }
}
static void make_key(void) { pthread_key_create(&exit_key, thread_exit); }
static void register_thread(void) {
    if (registered) return;
    registered = true;
    pthread_once(&once, make_key);
    pthread_setspecific(exit_key, &registered);
}
/* A batch in the order of its addresses. Slabs are never given back: they are the pool. */
static node *carve(depot *d, unsigned c) { /* lock held */
    size_t size = class_size[c];
    if ((size_t)(d->slab_end - d->slab) < BATCH_BYTES) {
        uint8_t *slab = uk_alloc(SLAB_BYTES + UK_POOL_LINE);
        slab += UK_POOL_LINE - (uintptr_t)slab % UK_POOL_LINE;
        d->slab = slab;
        d->slab_end = slab + SLAB_BYTES;
    }
    node *first = (node *)(void *)d->slab;
    for (uint32_t i = 0, n = batch_count(c); i < n; i++, d->slab += size)
        ((node *)(void *)d->slab)->next = i + 1 < n ? (node *)(void *)(d->slab + size) : NULL;
    return first;
}
static node *take(unsigned c) {
    depot *d = &depots[c];
    pthread_mutex_lock(&d->lock);
    node *n = d->batches;
    if (n) d->batches = n->batch;
    else n = carve(d, c);
    pthread_mutex_unlock(&d->lock);
    return n;
}
void *uk_pool_alloc_slow(size_t size, uint8_t *cls) {
    if (size > MAX_BLOCK) {
        *cls = UK_POOL_NONE;
        return uk_alloc(size);
    }
    uint8_t c = uk_pool_class_of[(size + 15) / 16];
    register_thread();
    node *n = spare[c];
    spare[c] = NULL;
    if (!n) n = take(c);
    /* a batch of an ended thread may be short: then the list only fills up a little early */
    uk_pool_lists[c] = (uk_pool_list){n->next, 1, 0};
    *cls = c;
    return n;
}
void uk_pool_free_slow(void *ptr, uint8_t cls) {
    if (cls >= UK_POOL_CLASSES) {
        uk_free(ptr);
        return;
    }
    uk_pool_list *l = &uk_pool_lists[cls];
    register_thread();
    if (l->head) {
        give(cls, spare[cls]);
        spare[cls] = l->head;
    }
    node *n = ptr;
    n->next = NULL;
    *l = (uk_pool_list){n, batch_count(cls) - 1, 0};
}
#endif
