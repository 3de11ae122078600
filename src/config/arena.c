/* SPDX-License-Identifier: Apache-2.0 */
/* Bump memory of configurations and the table of interned keys. Built by one thread; the
   reference counts are shared by all. */
#include "config/internal.h"

struct uk_chunk {
    uk_chunk *next;
    uint8_t bytes[];
};

uk_arena *uk_arena_new(size_t first) {
    uk_arena *a = uk_zalloc(sizeof *a);
    atomic_init(&a->refs, 1);
    if (first) {
        uk_chunk *c = uk_alloc(sizeof *c + first);
        c->next = NULL;
        a->chunks = c;
        a->p = c->bytes;
        a->end = c->bytes + first;
    }
    return a;
}

/* Relaxed: whoever retains already holds a reference, so nothing is published here. */
void uk_arena_retain(uk_arena *a) { atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed); }

static void arena_destroy(uk_arena *a) {
    for (uk_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        uk_free(c);
    }
    uk_free(a->deps);
    uk_free(a->keys);
    uk_free(a);
}

/* Release pairs with the acquire below: the last one sees every other holder's reads done. */
static bool arena_drop(uk_arena *a) {
    if (atomic_fetch_sub_explicit(&a->refs, 1, memory_order_release) != 1) return false;
    atomic_thread_fence(memory_order_acquire);
    return true;
}

void uk_arena_release(uk_arena *a) {
    if (!a || !arena_drop(a)) return;
    /* A worklist, not recursion: configs derived from each other make long chains. */
    a->next_dead = NULL;
    for (uk_arena *dead = a; dead;) {
        uk_arena *x = dead;
        dead = x->next_dead;
        for (uint32_t i = 0; i < x->n_deps; i++) {
            if (!arena_drop(x->deps[i])) continue;
            x->deps[i]->next_dead = dead;
            dead = x->deps[i];
        }
        arena_destroy(x);
    }
}

void uk_arena_depend(uk_arena *a, uk_arena *dep) {
    if (a == dep) return;
    for (uint32_t i = 0; i < a->n_deps; i++)
        if (a->deps[i] == dep) return;
    if (a->n_deps == a->cap_deps) {
        a->cap_deps = a->cap_deps ? a->cap_deps * 2 : 4;
        a->deps = uk_realloc(a->deps, a->cap_deps * sizeof *a->deps);
    }
    uk_arena_retain(dep);
    a->deps[a->n_deps++] = dep;
}

void *uk_arena_slow(uk_arena *a, size_t size) {
    size_t want = a->used / 2 < 4096 ? 4096 : a->used / 2;
    if (want > (4u << 20)) want = 4u << 20;
    if (want < size) want = size;
    uk_chunk *c = uk_alloc(sizeof *c + want);
    c->next = a->chunks;
    a->chunks = c;
    a->p = c->bytes + size;
    a->end = c->bytes + want;
    a->used += size;
    return c->bytes;
}

char *uk_arena_text(uk_arena *a, const void *text, size_t len) {
    char *p = uk_arena_alloc(a, len + 1);
    if (len) memcpy(p, text, len);
    p[len] = 0;
    return p;
}

bool uk_arena_over(const uk_arena *a) {
    return a->budget && (a->used > a->budget || a->work > a->budget / 16);
}

/* FNV-1a over words would need alignment; names are short, so bytes do. */
uint32_t uk_key_hash(const void *text, size_t len) {
    const uint8_t *p = text;
    uint64_t h = 0x9e3779b97f4a7c15u ^ len;
    while (len >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        p += 8;
        len -= 8;
    }
    if (len) {
        uint64_t w = 0;
        memcpy(&w, p, len);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(h >> 32);
}

static void keys_grow(uk_arena *a) {
    size_t cap = a->cap_keys ? a->cap_keys * 2 : 256;
    uk_key **table = uk_zalloc(cap * sizeof *table);
    for (size_t i = 0; i < a->cap_keys; i++) {
        if (!a->keys[i]) continue;
        size_t at = a->keys[i]->hash & (cap - 1);
        while (table[at]) at = (at + 1) & (cap - 1);
        table[at] = a->keys[i];
    }
    uk_free(a->keys);
    a->keys = table;
    a->cap_keys = cap;
}

const uk_key *uk_key_of(uk_arena *a, const void *text, size_t len) {
    if ((a->n_keys + 1) * 4 > a->cap_keys * 3) keys_grow(a);
    uint32_t hash = uk_key_hash(text, len);
    size_t mask = a->cap_keys - 1, at = hash & mask;
    for (uk_key *k; (k = a->keys[at]); at = (at + 1) & mask)
        if (k->hash == hash && k->len == len && !memcmp(k->text, text, len)) return k;
    uk_key *k = uk_arena_alloc(a, sizeof *k + len + 1);
    k->hash = hash;
    k->len = (uint32_t)len;
    if (len) memcpy(k->text, text, len);
    k->text[len] = 0;
    a->keys[at] = k;
    a->n_keys++;
    return k;
}
