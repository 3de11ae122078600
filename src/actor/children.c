/* SPDX-License-Identifier: Apache-2.0 */
/* The children of a cell: a table by name. The cell's own turn changes it and looks into it; any
   other thread may look into it, and below the guardians any thread makes children.
   A table begins as its owner's: he enters it without an atomic instruction, and without the lock. The
   first other thread that looks takes the lock, raises `shared`, has a barrier run on all threads and
   waits until the owner is not inside; from then on the owner takes the lock, too. When nobody else
   has come for a while he has the table for himself again. */
#include "actor/cell.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pool.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { KIDS_MIN = 8, QUIET_MAX = 256 };

typedef struct kid {
    ukko_ref *ref; /* retained; NULL: free */
    uint32_t hash; /* of its name */
} kid;

struct uk_kids {
    pthread_mutex_t lock; /* guards the rest, when shared; leaf but for ref releases, done outside */
    _Atomic uint32_t inside; /* the owner is; pairs with `shared`, see enter() */
    _Atomic uint32_t shared; /* all take the lock */
    bool public;             /* for ever */
    uint8_t pool_class, slots_class;
    uint32_t quiet;         /* visits of the owner since another's */
    uint64_t names;         /* generated so far */
    kid *slots;             /* open addressing, linear probing */
    uint32_t cap;           /* a power of two, or 0 */
    _Atomic uint32_t count; /* written by who is in; relaxed, read by any thread */
};

/* ---- getting in ---- */

/* The owner's turn, or any thread where the table is public. true: with the lock. */
static inline bool enter(uk_kids *k) {
    /* this store and this load are kept in order by the barrier of enter_as_guest() */
    atomic_store_explicit(&k->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(!atomic_load_explicit(&k->shared, memory_order_relaxed), 1)) return false;
    atomic_store_explicit(&k->inside, 0, memory_order_release);
    pthread_mutex_lock(&k->lock);
    return true;
}
static inline void leave(uk_kids *k, bool locked) {
    if (__builtin_expect(!locked, 1)) { /* release: pairs with the acquire of enter_as_guest() */
        atomic_store_explicit(&k->inside, 0, memory_order_release);
        return;
    }
    if (!k->public && ++k->quiet == QUIET_MAX)
        atomic_store_explicit(&k->shared, 0, memory_order_relaxed); /* guests look under the lock */
    pthread_mutex_unlock(&k->lock);
}
static void enter_as_guest(uk_kids *k) { /* with the lock */
    pthread_mutex_lock(&k->lock);
    k->quiet = 0;
    if (atomic_load_explicit(&k->shared, memory_order_relaxed)) return;
    atomic_store_explicit(&k->shared, 1, memory_order_relaxed);
    uk_barrier_all(); /* the owner sees it when he enters, or we see him inside */
    while (atomic_load_explicit(&k->inside, memory_order_acquire)) sched_yield();
}

/* ---- made with the first child ---- */

static uk_kids *kids_of(uk_cell *p) {
    return atomic_load_explicit(&p->kids, memory_order_acquire); /* pairs with kids_make */
}
static uk_kids *kids_new(const uk_cell *p) {
    const ukko_system *sys = p->ref.sys;
    uint8_t cls;
    uk_kids *k = uk_pool_alloc(sizeof *k, &cls);
    memset(k, 0, sizeof *k);
    k->pool_class = cls;
    pthread_mutex_init(&k->lock, NULL);
    /* below the guardians any thread makes children; without workers nobody readies the barrier */
    k->public = p == sys->user || p == sys->system_guardian || !sys->threads || uk_fences;
    atomic_init(&k->shared, k->public);
    return k;
}
static void kids_end(uk_kids *k) {
    if (k->slots) uk_pool_free(k->slots, k->slots_class);
    pthread_mutex_destroy(&k->lock);
    uk_pool_free(k, k->pool_class);
}
static __attribute__((noinline)) uk_kids *kids_make(uk_cell *p) {
    uk_kids *k = kids_new(p), *none = NULL;
    if (atomic_compare_exchange_strong_explicit(&p->kids, &none, k, memory_order_acq_rel,
                                                memory_order_acquire))
        return k;
    kids_end(k); /* /user can be given children by several threads */
    return none;
}
static uk_kids *kids_at(uk_cell *p) {
    uk_kids *k = kids_of(p);
    return k ? k : kids_make(p);
}
void uk_kids_free(uk_cell *p) {
    uk_kids *k = kids_of(p);
    if (!k) return;
    for (uint32_t i = 0; i < k->cap; i++) uk_ref_release(k->slots[i].ref);
    kids_end(k);
}

/* ---- the table: inside ---- */

static uint32_t count_of(const uk_kids *k) {
    return atomic_load_explicit(&k->count, memory_order_relaxed);
}
static void set_count(uk_kids *k, uint32_t n) {
    atomic_store_explicit(&k->count, n, memory_order_relaxed);
}
static void put(uk_kids *k, kid new) { /* there is room */
    uint32_t i = new.hash & (k->cap - 1);
    while (k->slots[i].ref) i = (i + 1) & (k->cap - 1);
    k->slots[i] = new;
}
static void resize(uk_kids *k, uint32_t cap) {
    kid *old = k->slots;
    uint32_t old_cap = k->cap;
    uint8_t old_class = k->slots_class;
    k->slots = uk_pool_alloc(cap * sizeof *k->slots, &k->slots_class);
    memset(k->slots, 0, cap * sizeof *k->slots);
    k->cap = cap;
    for (uint32_t i = 0; i < old_cap; i++)
        if (old[i].ref) put(k, old[i]);
    if (old) uk_pool_free(old, old_class);
}
static void insert(uk_kids *k, kid new) {
    uint32_t n = count_of(k) + 1;
    if (__builtin_expect(n * 4 > k->cap * 3, 0)) resize(k, k->cap ? k->cap * 2 : KIDS_MIN);
    put(k, new);
    set_count(k, n);
}
/* Those behind it that could not have its place move up: no marks of removed ones are needed. */
static void erase(uk_kids *k, kid *gone) {
    uint32_t mask = k->cap - 1, hole = (uint32_t)(gone - k->slots);
    for (uint32_t i = (hole + 1) & mask; k->slots[i].ref; i = (i + 1) & mask) {
        if (((i - k->slots[i].hash) & mask) < ((i - hole) & mask)) continue;
        k->slots[hole] = k->slots[i];
        hole = i;
    }
    k->slots[hole].ref = NULL;
    set_count(k, count_of(k) - 1);
}
static kid *find_name(const uk_kids *k, ukko_slice name, uint32_t hash) {
    if (!k->cap) return NULL;
    for (uint32_t i = hash & (k->cap - 1);; i = (i + 1) & (k->cap - 1)) {
        kid *at = &k->slots[i];
        if (!at->ref) return NULL;
        if (at->hash == hash && uk_slice_is(name, ukko_ref_name(at->ref))) return at;
    }
}
static inline kid *find_cell(const uk_kids *k, const uk_cell *child) {
    if (!k->cap) return NULL;
    for (uint32_t i = child->name_hash & (k->cap - 1);; i = (i + 1) & (k->cap - 1)) {
        kid *at = &k->slots[i];
        if (at->ref == &child->ref) return at;
        if (!at->ref) return NULL;
    }
}
static kid *find_other(const uk_kids *k, ukko_ref *child) { /* not a cell */
    ukko_slice name = ukko_str(ukko_ref_name(child));
    kid *at = find_name(k, name, uk_hash(name.ptr, name.len));
    return at && ukko_ref_equal(at->ref, child) ? at : NULL;
}

static inline kid *find(const uk_kids *k, ukko_ref *child) {
    return child->vt->kind == UK_REF_CELL ? find_cell(k, uk_cell_of(child)) : find_other(k, child);
}

/* ---- in the turn of p ---- */

int uk_kids_add(uk_cell *p, ukko_slice name, bool generated, ukko_ref *child) {
    uk_kids *k = kids_at(p);
    kid new = {child, uk_hash(name.ptr, name.len)};
    if (child->vt->kind == UK_REF_CELL) uk_cell_of(child)->name_hash = new.hash;
    bool locked = enter(k);
    bool there = !generated && find_name(k, name, new.hash);
    if (!there) insert(k, new);
    leave(k, locked);
    return there ? UKKO_EEXISTS : UKKO_OK;
}
ukko_ref *uk_kids_mine(uk_cell *p, ukko_slice name) {
    uk_kids *k = kids_of(p);
    if (!k) return NULL;
    bool locked = enter(k);
    kid *at = find_name(k, name, uk_hash(name.ptr, name.len));
    ukko_ref *r = at ? uk_ref_retain(at->ref) : NULL;
    leave(k, locked);
    return r;
}
bool uk_kids_has(uk_cell *p, ukko_ref *child) {
    uk_kids *k = kids_of(p);
    if (!k) return false;
    bool locked = enter(k);
    bool there = find(k, child) != NULL;
    leave(k, locked);
    return there;
}
bool uk_kids_remove(uk_cell *p, ukko_ref *child) {
    uk_kids *k = kids_of(p);
    if (!k) return false;
    bool locked = enter(k);
    kid *at = find(k, child);
    ukko_ref *r = at ? at->ref : NULL;
    if (at) erase(k, at);
    leave(k, locked);
    uk_ref_release_late(r);
    return r != NULL;
}
size_t uk_kids_name(uk_cell *p, char *buf, size_t len) {
    uk_kids *k = kids_at(p);
    bool locked = enter(k);
    uint64_t n = k->names++;
    leave(k, locked);
    return uk_base64_name(n, "$", buf, len);
}
static int by_name(const void *a, const void *b) {
    return strcmp(ukko_ref_name(*(ukko_ref *const *)a), ukko_ref_name(*(ukko_ref *const *)b));
}
static ukko_ref **all_of(const uk_kids *k, size_t *n) { /* inside */
    ukko_ref **all = uk_alloc((count_of(k) + 1) * sizeof *all);
    for (uint32_t i = 0; i < k->cap; i++)
        if (k->slots[i].ref) all[(*n)++] = uk_ref_retain(k->slots[i].ref);
    return all;
}
static ukko_ref **in_order(const uk_cell *p, ukko_ref **all, size_t n) {
    /* a stepped run can be repeated: the order of the table differs from process to process */
    if (!p->ref.sys->threads) qsort(all, n, sizeof(ukko_ref *), by_name);
    return all;
}
ukko_ref **uk_kids_all(uk_cell *p, size_t *n) {
    uk_kids *k = kids_of(p);
    *n = 0;
    if (!k || !count_of(k)) return NULL;
    bool locked = enter(k);
    ukko_ref **all = all_of(k, n);
    leave(k, locked);
    return in_order(p, all, *n);
}
void uk_refs_free(ukko_ref **refs, size_t n) {
    for (size_t i = 0; i < n; i++) uk_ref_release(refs[i]);
    uk_free(refs);
}

/* ---- any thread ---- */

ukko_ref *uk_kids_look(uk_cell *p, ukko_slice name) {
    uk_kids *k = kids_of(p);
    if (!k) return NULL;
    enter_as_guest(k);
    kid *at = find_name(k, name, uk_hash(name.ptr, name.len));
    ukko_ref *r = at ? uk_ref_retain(at->ref) : NULL;
    pthread_mutex_unlock(&k->lock);
    return r;
}
ukko_ref **uk_kids_list(uk_cell *p, size_t *n) {
    uk_kids *k = kids_of(p);
    *n = 0;
    if (!k || !count_of(k)) return NULL;
    enter_as_guest(k);
    ukko_ref **all = all_of(k, n);
    pthread_mutex_unlock(&k->lock);
    qsort(all, *n, sizeof(ukko_ref *), by_name); /* as Pekko's children are, for selections */
    return all;
}
size_t uk_kids_count(uk_cell *p) {
    uk_kids *k = kids_of(p);
    return k ? count_of(k) : 0;
}
