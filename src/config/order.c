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
    uint32_t bucket, index;
} slot;

static int slot_order(const void *x, const void *y) {
    const slot *a = x, *b = y;
    if (a->bucket != b->bucket) return a->bucket < b->bucket ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

void uk_jvm_order(const uk_object *o, uint32_t *out) {
    uint32_t size = 16;
    while (size / 4 * 3 < o->n) size *= 2;
    slot *slots = uk_alloc((o->n + 1) * sizeof *slots);
    for (uint32_t i = 0; i < o->n; i++)
        slots[i] = (slot){jvm_hash(o->entries[i].key) & (size - 1), i};
    qsort(slots, o->n, sizeof *slots, slot_order);
    for (uint32_t i = 0; i < o->n; i++) out[i] = slots[i].index;
    uk_free(slots);
}
