/* SPDX-License-Identifier: Apache-2.0 */
/* Size-class free lists per thread and the depot they exchange batches through. A thread's lists
   are touched by that thread alone; the depot has one lock per class, taken once per batch. Large
   blocks have one lock and go back to the allocator when enough are free: what frees the large
   messages is mostly another thread than the one that makes them, and malloc would give their pages to
   the kernel and fetch new ones all the time. */
#include "base/pool.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef UK_POOL_OFF
void *uk_pool_take_slow(uint8_t cls, size_t size) {
    (void)cls;
    return uk_alloc(size);
}
void uk_pool_free_slow(void *ptr, uint8_t cls) {
    (void)cls;
    uk_free(ptr);
}
#else

enum { BATCH_BYTES = 16384, SLAB_BYTES = 1 << 18 };

/* As many free blocks as make a batch. A thread has one in use (its list) and may keep another
   back; full ones and empty ones wait in the depot. */
typedef struct magazine {
    struct magazine *next; /* in the depot */
    uint32_t n;            /* blocks in it while nobody uses it */
    void *none[UK_POOL_AHEAD];
    void *blocks[];
} magazine;
typedef struct depot {
    pthread_mutex_t lock; /* leaf lock: nothing is taken under it */
    magazine *full, *empty;
    uint8_t *slab, *slab_end; /* memory that was in no magazine yet */
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
#define DEPOT {PTHREAD_MUTEX_INITIALIZER, NULL, NULL, NULL, NULL}
static depot depots[UK_POOL_CLASSES] = {DEPOT, DEPOT, DEPOT, DEPOT, DEPOT,
                                        DEPOT, DEPOT, DEPOT, DEPOT};
_Thread_local uk_pool_list uk_pool_lists[UK_POOL_CLASSES]
    __attribute__((tls_model("initial-exec")));
static _Thread_local magazine *spare[UK_POOL_CLASSES]; /* kept back */
static _Thread_local bool registered;
static pthread_key_t exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t batch_count(unsigned c) { return BATCH_BYTES / class_size[c]; }
static magazine *used(const uk_pool_list *l) {
    return l->bottom ? (magazine *)(void *)((char *)l->bottom - offsetof(magazine, blocks)) : NULL;
}
static void use(unsigned c, magazine *m) {
    uk_pool_lists[c] =
        (uk_pool_list){m->blocks + m->n, m->blocks, m->blocks + batch_count(c)};
}
static void give(unsigned c, magazine *m) {
    if (!m) return;
    magazine **list = m->n ? &depots[c].full : &depots[c].empty;
    pthread_mutex_lock(&depots[c].lock);
    m->next = *list;
    *list = m;
    pthread_mutex_unlock(&depots[c].lock);
}
static void thread_exit(void *unused) {
    (void)unused;
    for (unsigned c = 0; c < UK_POOL_CLASSES; c++) {
        uk_pool_list *l = &uk_pool_lists[c];
        magazine *m = used(l);
        if (m) m->n = (uint32_t)(l->top - l->bottom);
        give(c, m);
        give(c, spare[c]);
        *l = (uk_pool_list){NULL, NULL, NULL};
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
static magazine *empty_one(unsigned c) {
    magazine *m = uk_zalloc(sizeof *m + batch_count(c) * sizeof(void *));
    return m;
}
/* Slabs are never given back: they are the pool. */
static void carve(depot *d, unsigned c, magazine *m) { /* lock held */
    if ((size_t)(d->slab_end - d->slab) < BATCH_BYTES) {
        uint8_t *slab = uk_alloc(SLAB_BYTES + UK_POOL_LINE);
        slab += UK_POOL_LINE - (uintptr_t)slab % UK_POOL_LINE;
        d->slab = slab;
        d->slab_end = slab + SLAB_BYTES;
    }
    m->n = batch_count(c);
    for (uint32_t i = m->n; i-- > 0; d->slab += class_size[c]) m->blocks[i] = d->slab;
}
/* A full magazine for m, which is empty, or NULL. */
static magazine *exchange(unsigned c, magazine *m) {
    depot *d = &depots[c];
    pthread_mutex_lock(&d->lock);
    if (!d->full) {
        if (!m) m = empty_one(c);
        carve(d, c, m);
    } else {
        if (m) {
            m->next = d->empty;
            d->empty = m;
        }
        m = d->full;
        d->full = m->next;
    }
    pthread_mutex_unlock(&d->lock);
    return m;
}
static magazine *fresh(unsigned c) { /* an empty one */
    depot *d = &depots[c];
    pthread_mutex_lock(&d->lock);
    magazine *m = d->empty;
    if (m) d->empty = m->next;
    pthread_mutex_unlock(&d->lock);
    return m ? m : empty_one(c);
}

/* ---- large blocks ---- */

enum { LARGE_CLASSES = 12, LARGE_HEAD = 512, LARGE_KEPT = 8 << 20 };

typedef struct free_block {
    struct free_block *next;
} free_block;
static struct {
    pthread_mutex_t lock; /* leaf lock: guards the rest */
    free_block *free[LARGE_CLASSES];
    size_t kept; /* bytes of them all */
} large = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* 6 KiB, 8, 12, 16, ... 256, and some bytes for what goes around a body of that size. */
static size_t large_size(unsigned k) {
    return ((size_t)(k % 2 ? 8192 : 6144) << k / 2) + LARGE_HEAD;
}
uint8_t uk_pool_large_class(size_t size) {
    for (unsigned k = 0; k < LARGE_CLASSES; k++)
        if (size <= large_size(k)) return (uint8_t)(UK_POOL_LARGE + k);
    return UK_POOL_NONE;
}
size_t uk_pool_large_kept(void) {
    pthread_mutex_lock(&large.lock);
    size_t n = large.kept;
    pthread_mutex_unlock(&large.lock);
    return n;
}
static void *large_take(unsigned k) {
    pthread_mutex_lock(&large.lock);
    free_block *b = large.free[k];
    if (b) {
        large.free[k] = b->next; /* the one freed last: it may be in a cache */
        large.kept -= large_size(k);
    }
    pthread_mutex_unlock(&large.lock);
    return b ? b : uk_alloc(large_size(k));
}
static void large_free(void *ptr, unsigned k) {
    free_block *b = ptr;
    pthread_mutex_lock(&large.lock);
    bool keep = large.kept + large_size(k) <= LARGE_KEPT;
    if (keep) {
        b->next = large.free[k];
        large.free[k] = b;
        large.kept += large_size(k);
    }
    pthread_mutex_unlock(&large.lock);
    if (!keep) uk_free(ptr);
}

/* Half a magazine goes to and from the spare one: whoever frees and takes by turns at an end of his
   list comes here once in that many times. */
void *uk_pool_take_slow(uint8_t c, size_t size) {
    if (c == UK_POOL_NONE) return uk_alloc(size);
    if (c >= UK_POOL_LARGE) return large_take(c - UK_POOL_LARGE);
    uk_pool_list *l = &uk_pool_lists[c];
    magazine *m = used(l), *s = spare[c];
    register_thread();
    if (m) m->n = 0;
    if (!m || !s || !s->n) {
        use(c, exchange(c, m));
        return *--l->top;
    }
    uint32_t half = batch_count(c) / 2, n = s->n < half ? s->n : half;
    s->n -= n;
    memcpy(l->bottom, s->blocks + s->n, n * sizeof *l->bottom);
    l->top = l->bottom + n;
    return *--l->top;
}
static void make_room(unsigned c, magazine *m) { /* m: in use, and full */
    uint32_t all = batch_count(c), half = all / 2;
    uk_pool_list *l = &uk_pool_lists[c];
    if (spare[c] && spare[c]->n + half > all) {
        give(c, spare[c]);
        spare[c] = NULL;
    }
    if (!spare[c]) {
        spare[c] = fresh(c);
        spare[c]->n = 0;
    }
    memcpy(spare[c]->blocks + spare[c]->n, m->blocks, half * sizeof *m->blocks);
    spare[c]->n += half;
    l->top -= half;
    memmove(m->blocks, m->blocks + half, (all - half) * sizeof *m->blocks);
}
void uk_pool_free_slow(void *ptr, uint8_t cls) {
    if (cls == UK_POOL_NONE) {
        uk_free(ptr);
        return;
    }
    if (cls >= UK_POOL_LARGE) {
        large_free(ptr, cls - UK_POOL_LARGE);
        return;
    }
    uk_pool_list *l = &uk_pool_lists[cls];
    magazine *m = used(l);
    register_thread();
    if (m) {
        make_room(cls, m);
    } else {
        m = fresh(cls);
        m->n = 0;
        use(cls, m);
    }
    *l->top++ = ptr;
}
#endif
