/* SPDX-License-Identifier: Apache-2.0 */
/* The hash map: linear probing, tombstones, growth at three quarters. The owner locks. */
#include "base/map.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdatomic.h>
#include <string.h>

static char gone; /* its address marks a removed slot */

static uint64_t seed(void) {
    static _Atomic uint64_t value; /* relaxed: any thread may win, all then read the winner */
    uint64_t v = atomic_load_explicit(&value, memory_order_relaxed);
    if (v) return v;
    uint64_t fresh = uk_random64() | 1;
    return atomic_compare_exchange_strong_explicit(&value, &v, fresh, memory_order_relaxed,
                                                   memory_order_relaxed)
               ? fresh : v;
}
static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}
/* The less than 8 bytes at the end as one word: parts of them twice rather than byte by byte. */
static uint64_t last_of(const uint8_t *p, size_t len) {
    uint32_t a, b;
    if (len >= 4) {
        memcpy(&a, p, 4);
        memcpy(&b, p + len - 4, 4);
        return (uint64_t)a << 32 | b;
    }
    return len ? (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1] : 0;
}
uint32_t uk_hash(const void *key, size_t len) {
    const uint8_t *p = key;
    uint64_t h = seed() ^ len, w;
    for (; len >= 8; len -= 8, p += 8) {
        memcpy(&w, p, 8);
        h = mix(h ^ w, 0x9e3779b97f4a7c15u);
    }
    w = last_of(p, len);
    h = mix(h ^ w, 0xd6e8feb86659fd93u);
    return (uint32_t)(h ^ h >> 32);
}
static uk_map_slot *find(const uk_map *m, const void *key, size_t len, uint32_t hash) {
    if (!m->cap) return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        uk_map_slot *s = &m->slots[i];
        if (!s->key && s->value != &gone) return NULL;
        if (s->key && s->hash == hash && s->len == len && !memcmp(s->key, key, len)) return s;
    }
}
void *uk_map_get(const uk_map *m, const void *key, size_t len) {
    uk_map_slot *s = m->live ? find(m, key, len, uk_hash(key, len)) : NULL;
    return s ? s->value : NULL;
}
static void insert(uk_map *m, uk_map_slot slot) {
    size_t i = slot.hash & (m->cap - 1);
    while (m->slots[i].key) i = (i + 1) & (m->cap - 1);
    if (m->slots[i].value != &gone) m->used++;
    m->slots[i] = slot;
    m->live++;
}
static void resize(uk_map *m, size_t cap) {
    uk_map old = *m;
    *m = (uk_map){uk_zalloc(cap * sizeof(uk_map_slot)), cap, 0, 0};
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].key) insert(m, old.slots[i]);
    uk_free(old.slots);
}
void *uk_map_put(uk_map *m, const void *key, size_t len, void *value) {
    uint32_t hash = uk_hash(key, len);
    uk_map_slot *s = find(m, key, len, hash);
    if (s) {
        void *old = s->value;
        s->key = key;
        s->value = value;
        return old;
    }
    if ((m->used + 1) * 4 > m->cap * 3) resize(m, m->live * 2 < 8 ? 8 : m->live * 4 > m->cap * 2 ? m->cap * 2 : m->cap);
    insert(m, (uk_map_slot){key, (uint32_t)len, hash, value});
    return NULL;
}
/* Marks of removed entries before a free slot lead nowhere: they become free slots again. */
static void sweep(uk_map *m, size_t i) {
    const uk_map_slot *next = &m->slots[(i + 1) & (m->cap - 1)];
    if (next->key || next->value) return;
    for (; !m->slots[i].key && m->slots[i].value == &gone; i = (i - 1) & (m->cap - 1)) {
        m->slots[i].value = NULL;
        m->used--;
    }
}
void *uk_map_remove(uk_map *m, const void *key, size_t len) {
    uk_map_slot *s = m->live ? find(m, key, len, uk_hash(key, len)) : NULL;
    if (!s) return NULL;
    void *old = s->value;
    s->key = NULL;
    s->value = &gone;
    m->live--;
    sweep(m, (size_t)(s - m->slots));
    return old;
}
bool uk_map_next(const uk_map *m, size_t *pos, void **value) {
    for (; *pos < m->cap; (*pos)++) {
        if (!m->slots[*pos].key) continue;
        *value = m->slots[(*pos)++].value;
        return true;
    }
    return false;
}
void uk_map_fini(uk_map *m) {
    uk_free(m->slots);
    *m = (uk_map){0};
}
