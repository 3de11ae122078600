/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the reference implementation visits the keys of an object: that of the
   JVM's hash table. With circles of substitutions, and with several failures in one file, the
   outcome depends on it. One thread. */
#include "config/resolve.h"
#include <stdlib.h>

/* String.hashCode(): over UTF-16 units. */
static uint32_t jvm_hash(const uk_key *k) {
    uint32_t h = 0;
    const uint8_t *p = (const uint8_t *)k->text, *end = p + k->len;
    while (p < end) {
        uint32_t c = *p++;
        int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        if (more) c &= 0x3Fu >> more;
        while (more-- && p < end) c = c << 6 | (*p++ & 0x3F);
        if (c >= 0x10000) {
            h = h * 31 + (0xD7C0 + (c >> 10));
            c = 0xDC00 + (c & 0x3FF);
        }
        h = h * 31 + c;
    }
    return h ^ h >> 16;
}

typedef struct slot {
    uint32_t hash, bucket, index;
    int64_t before; /* among those in one bucket */
} slot;

static int slot_order(const void *x, const void *y) {
    const slot *a = x, *b = y;
    if (a->bucket != b->bucket) return a->bucket < b->bucket ? -1 : 1;
    return a->before < b->before ? -1 : 1;
}

/* Java's: 16, doubled when more than three quarters are taken. */
static uint32_t grown_size(uint32_t n) {
    uint32_t size = 16;
    while (size / 4 * 3 < n) size *= 2;
    return size;
}

uint32_t uk_table_copy_size(uint32_t n) {
    uint32_t want = (uint32_t)((float)n / 0.75f + 1.0f), size = 1;
    while (size < want) size *= 2;
    return size;
}

static void visit_as_in(slot *slots, uint32_t n, uint32_t size) {
    for (uint32_t i = 0; i < n; i++) slots[i].bucket = slots[i].hash & (size - 1);
    qsort(slots, n, sizeof *slots, slot_order);
    for (uint32_t i = 0; i < n; i++) slots[i].before = i;
}

/* Oldest table first. */
static void replay(slot *slots, uint32_t n, const uk_table *last) {
    uint32_t count = 0, i = 0;
    for (const uk_table *t = last; t; t = t->before) count++;
    uint32_t *sizes = uk_alloc((count + 1) * sizeof *sizes);
    for (const uk_table *t = last; t; t = t->before) sizes[i++] = t->size;
    while (i-- > 0) visit_as_in(slots, n, sizes[i] ? sizes[i] : grown_size(n));
    uk_free(sizes);
}

void uk_object_order(const uk_object *o, uint32_t *out) {
    slot few[16], *slots = o->n <= 16 ? few : uk_alloc(o->n * sizeof *slots);
    for (uint32_t i = 0; i < o->n; i++)
        slots[i] = (slot){.hash = jvm_hash(o->entries[i].key), .index = i, .before = o->seq ? o->seq[i] : (int64_t)i};
    visit_as_in(slots, o->n, grown_size(o->n));
    if (o->tables) replay(slots, o->n, o->tables);
    for (uint32_t i = 0; i < o->n; i++) out[i] = slots[i].index;
    if (slots != few) uk_free(slots);
}

/* ---- What the order depends on. ---- */

void uk_object_copied(uk_arena *a, uk_object *o, uint32_t size) {
    if (o->tables ? o->tables->size == size : !size) return;
    uk_table *t = uk_arena_alloc(a, sizeof *t);
    *t = (uk_table){size, o->tables};
    o->tables = t;
}

void uk_object_front(uk_arena *a, uk_object *o, uint32_t index) {
    if (o->n < 2) return;
    if (!o->seq) {
        o->seq = uk_arena_alloc(a, o->cap * sizeof *o->seq);
        for (uint32_t i = 0; i < o->n; i++) o->seq[i] = (int32_t)i;
        o->low = 0;
        o->high = (int32_t)o->n;
    }
    o->seq[index] = --o->low;
}

typedef struct put {
    int32_t seq;
    uint32_t index;
} put;

static int put_order(const void *x, const void *y) {
    const put *a = x, *b = y;
    return a->seq < b->seq ? -1 : 1;
}

void uk_object_front_all(uk_arena *a, uk_object *o, const uk_object *news) {
    put few[16], *puts = news->n <= 16 ? few : uk_alloc(news->n * sizeof *puts);
    for (uint32_t i = 0; i < news->n; i++) puts[i] = (put){news->seq ? news->seq[i] : (int32_t)i, i};
    if (news->seq) qsort(puts, news->n, sizeof *puts, put_order);
    for (uint32_t i = news->n; i-- > 0;) {
        int32_t at = uk_object_index(o, news->entries[puts[i].index].key);
        if (at >= 0) uk_object_front(a, o, (uint32_t)at);
    }
    if (puts != few) uk_free(puts);
}
