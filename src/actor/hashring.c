/* SPDX-License-Identifier: Apache-2.0 */
/* MurmurHash as org.apache.pekko.routing.MurmurHash has it, and the ring of points. Pure. */
#include "actor/hashring.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static const uint32_t visible_magic = 0x971E137B, magic_a = 0x95543787, magic_b = 0x2AD7EB25,
                      visible_mixer = 0x52DCE729, mixer_a = 0x7B7D159C, mixer_b = 0x6BCE6396,
                      final_1 = 0x85EBCA6B, final_2 = 0xC2B2AE35, seed_text = 0xF7CA7FD2,
                      seed_array = 0x3C074A61;

typedef struct hasher {
    uint32_t h, a, b;
} hasher;

static uint32_t rotl(uint32_t v, int by) { return v << by | v >> (32 - by); }
static hasher start(uint32_t seed) { return (hasher){seed ^ visible_magic, magic_a, magic_b}; }
static void extend(hasher *s, uint32_t value) {
    s->h = (s->h ^ rotl(value * s->a, 11) * s->b) * 3 + visible_mixer;
    s->a = s->a * 5 + mixer_a;
    s->b = s->b * 5 + mixer_b;
}
static int32_t finish(const hasher *s) {
    uint32_t i = s->h ^ s->h >> 16;
    i *= final_1;
    i ^= i >> 13;
    i *= final_2;
    return (int32_t)(i ^ i >> 16);
}

/* The next code point of UTF-8; a broken byte counts as U+FFFD, as a JVM decodes it. */
static uint32_t code_point(ukko_slice *s) {
    uint8_t c = s->ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0, i;
    uint32_t v = n == 1 ? c : c & (0x7Fu >> n);
    for (i = 1; i < n && i < s->len && (s->ptr[i] & 0xC0) == 0x80; i++)
        v = v << 6 | (s->ptr[i] & 0x3Fu);
    if (!n || i < n) {
        v = 0xFFFD;
        n = n ? i : 1;
    }
    *s = (ukko_slice){s->ptr + n, s->len - n};
    return v;
}
static size_t utf16_len(ukko_slice s) {
    size_t n = 0;
    while (s.len) n += code_point(&s) > 0xFFFF ? 2 : 1;
    return n;
}
int32_t uk_murmur_text(ukko_slice text) {
    hasher s = start((uint32_t)utf16_len(text) * seed_text);
    uint32_t high = 0;
    bool half = false; /* units go in by pairs, the last may be alone */
    while (text.len) {
        uint32_t cp = code_point(&text), units[2] = {cp, 0};
        int n = 1;
        if (cp > 0xFFFF) {
            units[0] = 0xD800 + ((cp - 0x10000) >> 10);
            units[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
            n = 2;
        }
        for (int i = 0; i < n; i++) {
            if (half) extend(&s, (high << 16) + units[i]);
            high = units[i];
            half = !half;
        }
    }
    if (half) extend(&s, high);
    return finish(&s);
}
int32_t uk_murmur_bytes(ukko_slice bytes) {
    hasher s = start((uint32_t)bytes.len * seed_array);
    for (size_t i = 0; i < bytes.len; i++) extend(&s, (uint32_t)(int32_t)(int8_t)bytes.ptr[i]);
    return finish(&s);
}

/* ---- the ring ---- */

typedef struct point {
    int32_t hash;
    size_t node;
} point;
struct uk_ring {
    size_t n;
    point points[];
};
static int by_hash(const void *a, const void *b) {
    const point *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node; /* the later last: it wins below */
}
uk_ring *uk_ring_new(const char *const *names, size_t n, int32_t per_node) {
    size_t points = per_node > 0 ? (size_t)per_node : 1, kept = 0;
    uk_ring *r = uk_alloc(sizeof *r + (n * points + 1) * sizeof r->points[0]);
    for (size_t i = 0; i < n; i++) {
        uint32_t node = (uint32_t)uk_murmur_text(ukko_str(names[i]));
        for (size_t v = 1; v <= points; v++) {
            hasher s = start(node);
            extend(&s, (uint32_t)v);
            r->points[i * points + v - 1] = (point){finish(&s), i};
        }
    }
    qsort(r->points, n * points, sizeof r->points[0], by_hash);
    for (size_t i = 0; i < n * points; i++) {
        if (kept && r->points[kept - 1].hash == r->points[i].hash) kept--;
        r->points[kept++] = r->points[i];
    }
    r->n = kept;
    return r;
}
void uk_ring_free(uk_ring *r) { uk_free(r); }

size_t uk_ring_find(const uk_ring *r, int32_t hash) {
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->points[mid].hash < hash) low = mid + 1;
        else high = mid;
    }
    return r->points[low == r->n ? 0 : low].node;
}
