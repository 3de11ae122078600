/* SPDX-License-Identifier: Apache-2.0 */
/* The children of a cell: a table by name that any thread may look into, and spawning. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static uk_kids *kids_of(uk_cell *p) {
    return atomic_load_explicit(&p->kids, memory_order_acquire); /* pairs with kids_make */
}
static uk_kids *kids_make(uk_cell *p) {
    uk_kids *k = kids_of(p), *none = NULL;
    if (k) return k;
    k = uk_zalloc(sizeof *k);
    pthread_mutex_init(&k->lock, NULL);
    if (atomic_compare_exchange_strong_explicit(&p->kids, &none, k, memory_order_acq_rel,
                                                memory_order_acquire))
        return k;
    pthread_mutex_destroy(&k->lock); /* /user can be given children by several threads */
    uk_free(k);
    return none;
}
int uk_kids_add(uk_cell *p, const char *name, ukko_ref *child) {
    uk_kids *k = kids_make(p);
    size_t len = strlen(name);
    pthread_mutex_lock(&k->lock);
    bool there = uk_map_get(&k->map, name, len) != NULL;
    if (!there) uk_map_put(&k->map, name, len, uk_ref_retain(child));
    pthread_mutex_unlock(&k->lock);
    return there ? UKKO_EEXISTS : UKKO_OK;
}
ukko_ref *uk_kids_get(uk_cell *p, ukko_slice name) {
    uk_kids *k = kids_of(p);
    if (!k) return NULL;
    pthread_mutex_lock(&k->lock);
    ukko_ref *r = uk_ref_retain(uk_map_get(&k->map, name.ptr, name.len));
    pthread_mutex_unlock(&k->lock);
    return r;
}
static ukko_ref *find(uk_kids *k, ukko_ref *child) { /* lock held */
    const char *name = ukko_ref_name(child);
    ukko_ref *r = uk_map_get(&k->map, name, strlen(name));
    return r && ukko_ref_equal(r, child) ? r : NULL;
}
bool uk_kids_has(uk_cell *p, ukko_ref *child) {
    uk_kids *k = kids_of(p);
    if (!k) return false;
    pthread_mutex_lock(&k->lock);
    bool there = find(k, child) != NULL;
    pthread_mutex_unlock(&k->lock);
    return there;
}
bool uk_kids_remove(uk_cell *p, ukko_ref *child) {
    uk_kids *k = kids_of(p);
    if (!k) return false;
    pthread_mutex_lock(&k->lock);
    ukko_ref *r = find(k, child);
    if (r) {
        const char *name = ukko_ref_name(child);
        uk_map_remove(&k->map, name, strlen(name));
    }
    pthread_mutex_unlock(&k->lock);
    uk_ref_release(r);
    return r != NULL;
}
size_t uk_kids_count(uk_cell *p) {
    uk_kids *k = kids_of(p);
    if (!k) return 0;
    pthread_mutex_lock(&k->lock);
    size_t n = k->map.live;
    pthread_mutex_unlock(&k->lock);
    return n;
}
static int by_name(const void *a, const void *b) {
    return strcmp(ukko_ref_name(*(ukko_ref *const *)a), ukko_ref_name(*(ukko_ref *const *)b));
}
ukko_ref **uk_kids_all(uk_cell *p, size_t *n) {
    uk_kids *k = kids_of(p);
    *n = 0;
    if (!k) return NULL;
    pthread_mutex_lock(&k->lock);
    ukko_ref **all = uk_alloc((k->map.live + 1) * sizeof *all);
    void *v;
    for (size_t pos = 0; uk_map_next(&k->map, &pos, &v);) all[(*n)++] = uk_ref_retain(v);
    pthread_mutex_unlock(&k->lock);
    /* a stepped run can be repeated: the order of the table differs from process to process */
    if (!p->ref.sys->threads) qsort(all, *n, sizeof(ukko_ref *), by_name);
    return all;
}
void uk_refs_free(ukko_ref **refs, size_t n) {
    for (size_t i = 0; i < n; i++) uk_ref_release(refs[i]);
    uk_free(refs);
}
void uk_kids_name(uk_cell *p, char *buf, size_t len) {
    uk_kids *k = kids_make(p);
    pthread_mutex_lock(&k->lock);
    uint64_t n = k->names++;
    pthread_mutex_unlock(&k->lock);
    uk_base64_name(n, "$", buf, len);
}
void uk_kids_free(uk_cell *p) {
    uk_kids *k = kids_of(p);
    void *v;
    if (!k) return;
    for (size_t pos = 0; uk_map_next(&k->map, &pos, &v);) uk_ref_release(v);
    uk_map_fini(&k->map);
    pthread_mutex_destroy(&k->lock);
    uk_free(k);
}
