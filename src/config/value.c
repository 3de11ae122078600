/* SPDX-License-Identifier: Apache-2.0 */
/* Values and objects of a configuration. Built by one thread, then immutable. */
#include "config/internal.h"
#include <stdlib.h>

uk_value *uk_value_new(uk_arena *a, uk_value_kind kind, uk_origin origin) {
    uk_value *v = uk_arena_alloc(a, sizeof *v);
    memset(v, 0, sizeof *v);
    v->kind = (uint8_t)kind;
    v->resolved = kind < UK_V_REF;
    v->origin = origin;
    return v;
}

uk_value *uk_value_string(uk_arena *a, uk_origin origin, const void *text, size_t len) {
    uk_value *v = uk_value_new(a, UK_V_STRING, origin);
    v->string.ptr = uk_arena_text(a, text, len);
    v->string.len = len;
    return v;
}

uk_value *uk_value_int(uk_arena *a, uk_origin origin, int64_t i, const char *text, size_t len) {
    uk_value *v = uk_value_new(a, UK_V_INT, origin);
    v->number.i = i;
    v->number.text = uk_arena_text(a, text, len);
    v->number.text_len = len;
    return v;
}

uk_value *uk_value_double(uk_arena *a, uk_origin origin, double d, const char *text, size_t len) {
    int64_t i = uk_double_to_long(d);
    uk_value *v = uk_value_int(a, origin, i, text, len);
    if ((double)i == d) return v;
    v->kind = UK_V_DOUBLE;
    v->number.d = d;
    return v;
}

uk_value *uk_value_list(uk_arena *a, uk_origin origin, uk_value *const *items, size_t n) {
    uk_value *v = uk_value_new(a, UK_V_LIST, origin);
    v->list.items = n ? uk_arena_alloc(a, n * sizeof *items) : NULL;
    v->list.n = n;
    for (size_t i = 0; i < n; i++) {
        v->list.items[i] = items[i];
        v->resolved &= items[i]->resolved;
        uk_height_add(v, items[i]);
    }
    return v;
}

uk_value *uk_value_object(uk_arena *a, uk_origin origin, uint32_t cap) {
    uk_value *v = uk_value_new(a, UK_V_OBJECT, origin);
    uk_object *o = uk_arena_alloc(a, sizeof *o);
    *o = (uk_object){.cap = cap, .patch = -1};
    if (cap) o->entries = uk_arena_alloc(a, cap * sizeof *o->entries);
    v->object = o;
    return v;
}

uk_value *uk_value_copy(uk_arena *a, const uk_value *v) {
    uk_value *c = uk_arena_alloc(a, sizeof *c);
    *c = *v;
    return c;
}

bool uk_value_text(const uk_value *v, ukko_slice *out) {
    switch (v->kind) {
    case UK_V_NULL: *out = ukko_str("null"); return true;
    case UK_V_BOOL: *out = ukko_str(v->boolean ? "true" : "false"); return true;
    case UK_V_INT:
    case UK_V_DOUBLE:
        *out = (ukko_slice){(const uint8_t *)v->number.text, v->number.text_len};
        return true;
    case UK_V_STRING:
        *out = (ukko_slice){(const uint8_t *)v->string.ptr, v->string.len};
        return true;
    default: return false;
    }
}

static const uk_source merged_source = {"several files", true};

uk_origin uk_origin_merge(uk_arena *a, uk_origin x, uk_origin y) {
    (void)a;
    if (x.source != y.source && strcmp(x.source->name, y.source->name))
        return (uk_origin){&merged_source, -1, -1};
    uk_origin r = {x.source, x.line, x.end_line > y.end_line ? x.end_line : y.end_line};
    if (r.line < 0 || (y.line >= 0 && y.line < r.line)) r.line = y.line;
    return r;
}

/* ---- Objects. ---- */

int32_t uk_object_index(const uk_object *o, const uk_key *key) {
    if (!o->slots) {
        for (uint32_t i = 0; i < o->n; i++)
            if (uk_key_eq(o->entries[i].key, key)) return (int32_t)i;
        return -1;
    }
    uint32_t mask = o->n_slots - 1;
    for (uint32_t at = key->hash & mask; o->slots[at]; at = (at + 1) & mask)
        if (uk_key_eq(o->entries[o->slots[at] - 1].key, key)) return (int32_t)o->slots[at] - 1;
    return -1;
}

uk_value *uk_object_get(const uk_object *o, const uk_key *key) {
    int32_t i = uk_object_index(o, key);
    return i < 0 ? NULL : uk_object_at(o, (uint32_t)i);
}

uk_value *uk_object_get_text(const uk_object *o, const void *text, size_t len) {
    uint32_t hash = uk_key_hash(text, len);
    uint32_t i = 0;
    if (o->slots) {
        uint32_t mask = o->n_slots - 1, at = hash & mask;
        for (; (i = o->slots[at]); at = (at + 1) & mask) {
            const uk_key *k = o->entries[i - 1].key;
            if (k->hash == hash && k->len == len && !memcmp(k->text, text, len))
                return uk_object_at(o, i - 1);
        }
        return NULL;
    }
    for (; i < o->n; i++) {
        const uk_key *k = o->entries[i].key;
        if (k->hash == hash && k->len == len && !memcmp(k->text, text, len))
            return uk_object_at(o, i);
    }
    return NULL;
}

uint32_t uk_object_count(const uk_object *o) {
    return o->n - (o->patch >= 0 && !o->patched ? 1 : 0);
}

static void slots_put(uk_object *o, uint32_t i) {
    uint32_t mask = o->n_slots - 1, at = o->entries[i].key->hash & mask;
    while (o->slots[at]) at = (at + 1) & mask;
    o->slots[at] = i + 1;
}

static void slots_build(uk_arena *a, uk_object *o) {
    if (o->n <= 8) return;
    uint32_t want = 32;
    while (want < o->cap * 2) want *= 2;
    o->n_slots = want;
    o->slots = uk_arena_alloc(a, want * sizeof *o->slots);
    memset(o->slots, 0, want * sizeof *o->slots);
    for (uint32_t i = 0; i < o->n; i++) slots_put(o, i);
}

static void object_append(uk_arena *a, uk_object *o, const uk_key *key, uk_value *value) {
    if (o->n == o->cap) {
        uint32_t cap = o->cap ? o->cap * 2 : 4;
        uk_entry *e = uk_arena_alloc(a, cap * sizeof *e);
        if (o->n) memcpy(e, o->entries, o->n * sizeof *e);
        if (o->seq) {
            int32_t *seq = uk_arena_alloc(a, cap * sizeof *seq);
            memcpy(seq, o->seq, o->n * sizeof *seq);
            o->seq = seq;
        }
        o->entries = e;
        o->cap = cap;
        o->slots = NULL;
    }
    if (o->seq) o->seq[o->n] = o->high++;
    o->entries[o->n++] = (uk_entry){key, value};
    if (o->slots && o->n * 2 <= o->n_slots)
        slots_put(o, o->n - 1);
    else
        slots_build(a, o);
}

void uk_object_put(uk_arena *a, uk_value *object, const uk_key *key, uk_value *value) {
    uk_object *o = object->object;
    int32_t i = uk_object_index(o, key);
    if (i < 0) {
        object_append(a, o, key, value);
    } else {
        o->unresolved -= !o->entries[i].value->resolved;
        o->entries[i].value = value;
    }
    o->unresolved += !value->resolved;
    object->resolved = !o->unresolved;
    uk_height_add(object, value);
}

uk_value *uk_object_clone(uk_arena *a, const uk_value *object, uint32_t more) {
    const uk_object *o = object->object;
    uk_value *v = uk_value_object(a, object->origin, o->n + more);
    uk_object *c = v->object;
    v->flags = object->flags;
    if (o->seq) c->seq = uk_arena_alloc(a, c->cap * sizeof *c->seq);
    for (uint32_t i = 0; i < o->n; i++) {
        uk_value *child = uk_object_at(o, i);
        if (!child) continue;
        if (o->seq) c->seq[c->n] = o->seq[i];
        c->entries[c->n++] = (uk_entry){o->entries[i].key, child};
    }
    c->low = o->low;
    c->high = o->high;
    c->tables = o->tables;
    v->object->unresolved = o->unresolved;
    v->resolved = object->resolved;
    v->height = object->height;
    slots_build(a, v->object);
    return v;
}

uk_value *uk_object_patch(uk_arena *a, const uk_value *object, uint32_t index, uk_value *value) {
    const uk_object *o = object->object;
    uk_value *old = uk_object_at(o, index);
    uint32_t unresolved =
        o->unresolved - (old && !old->resolved) + (uint32_t)(value && !value->resolved);
    uk_value *v;
    if (o->patch >= 0 && (uint32_t)o->patch != index) {
        /* A second patch elsewhere: take a real copy, then patch that. */
        const uk_key *key = o->entries[index].key;
        v = uk_object_clone(a, object, 0);
        index = (uint32_t)uk_object_index(v->object, key);
    } else {
        v = uk_value_copy(a, object);
        v->object = uk_arena_alloc(a, sizeof *v->object);
        *v->object = *o;
    }
    v->object->patch = (int32_t)index;
    v->object->patched = value;
    if (value) uk_height_add(v, value);
    v->object->unresolved = unresolved;
    v->resolved = !unresolved;
    return v;
}

typedef struct numbered {
    int64_t number;
    uint32_t visit;
    uk_value *value;
} numbered;

static int numbered_order(const void *x, const void *y) {
    const numbered *a = x, *b = y;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return a->visit < b->visit ? -1 : 1;
}

/* What Java's Integer.parseInt takes: a sign, decimal digits, 32 bits. */
static bool key_number(const uk_key *k, int64_t *out) {
    ukko_slice s = {(const uint8_t *)k->text, k->len};
    return uk_parse_long(s, out) && *out >= 0 && *out <= INT32_MAX;
}

/* The same index twice, as 1 and 01: the one that is visited last stays. */
static size_t drop_twins(numbered *list, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && list[kept - 1].number == list[i].number) kept--;
        list[kept++] = list[i];
    }
    return kept;
}

uk_value *uk_object_as_list(uk_arena *a, const uk_value *object) {
    const uk_object *o = object->object;
    numbered *found = uk_alloc((o->n + 1) * sizeof *found);
    uint32_t *order = uk_alloc((o->n + 1) * sizeof *order);
    size_t n = 0;
    uk_object_order(o, order);
    for (uint32_t i = 0; i < o->n; i++) {
        uk_value *child = uk_object_at(o, order[i]);
        found[n].visit = i;
        if (child && key_number(o->entries[order[i]].key, &found[n].number)) found[n++].value = child;
    }
    uk_free(order);
    uk_value *list = NULL;
    if (n) {
        qsort(found, n, sizeof *found, numbered_order);
        n = drop_twins(found, n);
        list = uk_value_list(a, object->origin, NULL, 0);
        list->list.items = uk_arena_alloc(a, n * sizeof(uk_value *));
        for (size_t i = 0; i < n; i++) {
            list->list.items[i] = found[i].value;
            list->resolved &= found[i].value->resolved;
            uk_height_add(list, found[i].value);
        }
        list->list.n = n;
    }
    uk_free(found);
    return list;
}
