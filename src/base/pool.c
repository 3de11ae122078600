/* SPDX-License-Identifier: Apache-2.0 */
/* Size-class free lists per thread and the depot they exchange batches through. A thread's lists
   are touched by that thread alone; the depot has one lock per class, taken once per batch. */
#include "base/pool.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define UK_POOL_OFF 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define UK_POOL_OFF 1
#  endif
#endif

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

enum { BATCH_BYTES = 16384, SLAB_BYTES = 65536, DEPOT_MAX = 4096 };

typedef struct node node;
struct node {
    node *next;
    node *batch; /* in the depot: the next batch; only in the first node of a batch */
};
typedef struct list {
    node *head;
    uint32_t count;
} list;
typedef struct depot {
    pthread_mutex_t lock; /* leaf lock: nothing is taken under it */
    node *batches;
    uint32_t count;
} depot;

static const uint16_t class_size[UK_POOL_CLASSES] = {64, 96, 128, 192, 256, 512, 1024, 2048, 4096};
static depot depots[UK_POOL_CLASSES] = {
    {PTHREAD_MUTEX_INITIALIZER, NULL, 0}, {PTHREAD_MUTEX_INITIALIZER, NULL, 0},
    {PTHREAD_MUTEX_INITIALIZER, NULL, 0}, {PTHREAD_MUTEX_INITIALIZER, NULL, 0},
    {PTHREAD_MUTEX_INITIALIZER, NULL, 0}, {PTHREAD_MUTEX_INITIALIZER, NULL, 0},
    {PTHREAD_MUTEX_INITIALIZER, NULL, 0}, {PTHREAD_MUTEX_INITIALIZER, NULL, 0},
    {PTHREAD_MUTEX_INITIALIZER, NULL, 0}};
static _Thread_local list lists[UK_POOL_CLASSES][2]; /* [0] is used, [1] is a full batch kept back */
static _Thread_local int registered;
static pthread_key_t exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t batch_count(unsigned c) { return BATCH_BYTES / class_size[c]; }

static void give(unsigned c, list *l) { /* a whole list to the depot */
    if (!l->head) return;
    pthread_mutex_lock(&depots[c].lock);
    l->head->batch = depots[c].batches;
    depots[c].batches = l->head;
    depots[c].count++;
    pthread_mutex_unlock(&depots[c].lock);
    *l = (list){0};
}
static void thread_exit(void *unused) {
    (void)unused;
    for (unsigned c = 0; c < UK_POOL_CLASSES; c++)
        for (unsigned k = 0; k < 2; k++) give(c, &lists[c][k]);
}
static void make_key(void) { pthread_key_create(&exit_key, thread_exit); }
static void register_thread(void) {
    pthread_once(&once, make_key);
    pthread_setspecific(exit_key, lists);
    registered = 1;
}
static bool take(unsigned c, list *l) {
    pthread_mutex_lock(&depots[c].lock);
    node *n = depots[c].batches;
    if (n) {
        depots[c].batches = n->batch;
        depots[c].count--;
    }
    pthread_mutex_unlock(&depots[c].lock);
    *l = (list){n, n ? batch_count(c) : 0};
    return n != NULL;
}
static void carve(unsigned c, list *l) { /* slabs are never given back: they are the pool */
    size_t size = class_size[c], n = SLAB_BYTES / size;
    uint8_t *slab = uk_alloc(SLAB_BYTES);
    for (size_t i = n; i-- > 0;) {
        node *b = (node *)(void *)(slab + i * size);
        b->next = l->head;
        l->head = b;
    }
    l->count = (uint32_t)n;
}
static void refill(unsigned c) {
    list *l = lists[c];
    if (!registered) register_thread();
    if (l[1].head) {
        l[0] = l[1];
        l[1] = (list){0};
    } else if (!take(c, &l[0])) {
        carve(c, &l[0]);
    }
}
static unsigned class_of(size_t size) {
    if (size <= 128) return size <= 64 ? 0 : size <= 96 ? 1 : 2;
    if (size <= 256) return size <= 192 ? 3 : 4;
    unsigned c = 5;
    while (class_size[c] < size) c++;
    return c;
}
void *uk_pool_alloc(size_t size, uint8_t *cls) {
    if (size > class_size[UK_POOL_CLASSES - 1]) {
        *cls = UK_POOL_NONE;
        return uk_alloc(size);
    }
    unsigned c = class_of(size);
    list *l = &lists[c][0];
    if (!l->head) refill(c);
    node *n = l->head;
    l->head = n->next;
    if (l->count) l->count--;
    *cls = (uint8_t)c;
    return n;
}
void uk_pool_free(void *ptr, uint8_t cls) {
    if (cls == UK_POOL_NONE) {
        uk_free(ptr);
        return;
    }
    list *l = lists[cls];
    node *n = ptr;
    if (l[0].count >= batch_count(cls)) {
        if (!registered) register_thread();
        give(cls, &l[1]);
        l[1] = l[0];
        l[0] = (list){0};
    }
    n->next = l[0].head;
    l[0].head = n;
    l[0].count++;
}
#endif
