/* SPDX-License-Identifier: Apache-2.0 */
/* Laying one value over another, and joining the pieces of a concatenation. What cannot be
   decided before substitutions are known becomes a stack of layers. One thread per arena. */
#include "config/internal.h"

typedef enum merge_mode { KEEP_BOTH, INTO_FALLBACK, ONTO_VALUE } merge_mode;

/* *changed: the result is not v as it was. */
static uk_value *merge(uk_arena *a, uk_value *v, uk_value *fallback, merge_mode mode,
                       bool *changed);

bool uk_value_ignores_fallbacks(const uk_value *v) {
    switch (v->kind) {
    case UK_V_OBJECT: return v->flags & UK_VF_IGNORE;
    case UK_V_REF:
    case UK_V_CONCAT: return false;
    case UK_V_MERGE:
    case UK_V_MERGE_OBJECT: {
        const uk_layer *l = v->layers;
        while (l->next) l = l->next;
        return uk_value_ignores_fallbacks(l->value);
    }
    default: return v->resolved;
    }
}

static uk_origin layers_origin(uk_arena *a, const uk_value *v, const uk_value *fallback) {
    return uk_origin_merge(a, v->origin, fallback->origin);
}

static uk_layer *layer(uk_arena *a, uk_value *v, uk_layer *next) {
    uk_layer *l = uk_arena_alloc(a, sizeof *l);
    *l = (uk_layer){v, next};
    return l;
}

/* The layers of v (one unless it is a stack) in front of tail. */
static uk_layer *layers_before(uk_arena *a, uk_value *v, uk_layer *tail) {
    if (!uk_is_stack(v)) return layer(a, v, tail);
    uk_layer *first = tail, **at = &first;
    for (const uk_layer *l = v->layers; l; l = l->next) {
        *at = layer(a, l->value, tail);
        at = &(*at)->next;
    }
    return first;
}

static uk_value *stack_of(uk_arena *a, uk_value *v, uk_value *fallback) {
    uk_layer *tail = uk_is_stack(fallback) ? fallback->layers : layer(a, fallback, NULL);
    uk_value *s = uk_value_new(a, uk_is_object(v) ? UK_V_MERGE_OBJECT : UK_V_MERGE,
                               layers_origin(a, v, fallback));
    s->layers = layers_before(a, v, tail);
    return s;
}

static bool empty_object(const uk_value *v) { return v->resolved && !uk_object_count(v->object); }

static uk_origin object_origin(uk_arena *a, const uk_value *v, const uk_value *fallback) {
    if (empty_object(fallback)) return v->origin;
    if (empty_object(v)) return fallback->origin;
    return uk_origin_merge(a, v->origin, fallback->origin);
}

static uk_value *with_flags(uk_arena *a, uk_value *v, uint8_t flags) {
    if (v->flags == flags) return v;
    v = uk_value_copy(a, v);
    v->flags = flags;
    return v;
}

/* What only fallback has, and the merger of what both have, go into a copy of v, or into v itself
   where mode allows it. v as it was when there is nothing to add. */
static uk_value *merge_objects(uk_arena *a, uk_value *v, uk_value *fallback, merge_mode mode) {
    const uk_object *low = fallback->object;
    uint8_t flags = fallback->flags & UK_VF_IGNORE;
    uk_origin origin = object_origin(a, v, fallback);
    uk_value *r = NULL;
    a->work += 1 + v->object->n / 8;
    for (uint32_t i = 0; i < low->n && !uk_arena_over(a); i++) {
        uk_value *second = uk_object_at(low, i);
        if (!second) continue;
        a->work++;
        const uk_key *key = low->entries[i].key;
        uk_value *first = uk_object_get(v->object, key);
        uk_value *kept = first ? uk_merge(a, first, second) : second;
        if (kept == first) continue;
        if (!r && mode == ONTO_VALUE && v->object->patch < 0) r = v;
        if (!r) {
            r = uk_object_clone(a, v, low->n + v->object->n / 2);
            uk_object_copied(a, r->object, 0);
        }
        uk_object_put(a, r, key, kept);
    }
    if (!r) return with_flags(a, v, flags);
    r->origin = origin;
    r->flags = flags;
    return r;
}

/* The parser's way: fallback is the object that grows, v the news. */
static uk_value *merge_down(uk_arena *a, uk_value *v, uk_value *fallback, bool *changed) {
    const uk_object *news = v->object;
    uk_origin origin = object_origin(a, v, fallback);
    *changed = false;
    for (uint32_t i = 0; i < news->n; i++) {
        uk_value *first = uk_object_at(news, i);
        const uk_key *key = news->entries[i].key;
        uk_value *second = uk_object_get(fallback->object, key);
        bool was = !second || second->resolved;
        bool child = false;
        uk_value *kept = second ? merge(a, first, second, INTO_FALLBACK, &child) : first;
        *changed |= child;
        if (second) {
            /* put() counts the old child as it is now, so first bring its count up to date. */
            fallback->object->unresolved += (uint32_t)was - (uint32_t)second->resolved;
        }
        uk_object_put(a, fallback, key, kept);
    }
    *changed |= fallback->object->n > news->n;
    fallback->origin = *changed ? origin : v->origin;
    *changed |= (fallback->flags ^ v->flags) & UK_VF_IGNORE;
    uk_object_front_all(a, fallback->object, news);
    return fallback;
}

static uk_value *merge_object_over(uk_arena *a, uk_value *v, uk_value *fallback, merge_mode mode) {
    if (fallback->kind == UK_V_OBJECT) return merge_objects(a, v, fallback, mode);
    if (uk_is_unmergeable(fallback) || !v->resolved) return stack_of(a, v, fallback);
    return with_flags(a, v, v->flags | UK_VF_IGNORE);
}

static uk_value *merge(uk_arena *a, uk_value *v, uk_value *fallback, merge_mode mode,
                       bool *changed) {
    uk_value *r;
    bool objects = v->kind == UK_V_OBJECT && fallback->kind == UK_V_OBJECT;
    if (uk_value_ignores_fallbacks(v))
        r = v;
    else if (objects && mode == INTO_FALLBACK && fallback->object->patch < 0)
        return merge_down(a, v, fallback, changed);
    else if (v->kind == UK_V_OBJECT)
        r = merge_object_over(a, v, fallback, mode);
    /* Everything else here waits for a substitution, which may look at the fallback. */
    else
        r = stack_of(a, v, fallback);
    *changed = r != v;
    return r;
}

uk_value *uk_merge(uk_arena *a, uk_value *v, uk_value *fallback) {
    bool changed;
    return merge(a, v, fallback, KEEP_BOTH, &changed);
}
uk_value *uk_merge_into(uk_arena *a, uk_value *v, uk_value *fallback, bool *changed) {
    return merge(a, v, fallback, INTO_FALLBACK, changed);
}
uk_value *uk_merge_onto(uk_arena *a, uk_value *v, uk_value *fallback) {
    bool changed;
    return merge(a, v, fallback, ONTO_VALUE, &changed);
}

/* ---- Concatenation. ---- */

static uk_value *join_lists(uk_arena *a, const uk_value *x, const uk_value *y) {
    size_t n = x->list.n + y->list.n;
    uk_value *v = uk_value_new(a, UK_V_LIST, uk_origin_merge(a, x->origin, y->origin));
    v->resolved = x->resolved && y->resolved;
    v->height = x->height > y->height ? x->height : y->height;
    if (uk_arena_over(a)) return v;
    v->list.items = n ? uk_arena_alloc(a, n * sizeof *v->list.items) : NULL;
    if (x->list.n) memcpy(v->list.items, x->list.items, x->list.n * sizeof *v->list.items);
    if (y->list.n)
        memcpy(v->list.items + x->list.n, y->list.items, y->list.n * sizeof *v->list.items);
    v->list.n = n;
    return v;
}

static const char *kind_name(const uk_value *v) {
    static const char *const names[] = {"null",     "a boolean", "a number", "a number",
                                        "a string", "a list",    "an object"};
    return v->kind <= UK_V_OBJECT ? names[v->kind] : "a substitution";
}

/* Texts from pieces[i] on, as many as follow each other, as one string; *i ends behind them. */
static uk_value *join_texts(uk_arena *a, uk_value **pieces, size_t n, size_t *i) {
    ukko_slice s;
    size_t len = 0, last = *i, first = *i;
    uk_origin origin = pieces[first]->origin;
    for (; last < n && uk_value_text(pieces[last], &s); last++) {
        len += s.len;
        origin = uk_origin_merge(a, origin, pieces[last]->origin);
    }
    *i = last;
    if (last == first + 1) return pieces[first];
    uk_value *v = uk_value_new(a, UK_V_STRING, origin);
    v->string.ptr = "";
    if (a->budget && a->used + len > a->budget) {
        a->used += len; /* over the budget from here on */
        return v;
    }
    char *p = uk_arena_alloc(a, len + 1);
    v->string.ptr = p;
    v->string.len = len;
    for (size_t k = first; k < last; k++, p += s.len) {
        uk_value_text(pieces[k], &s);
        memcpy(p, s.ptr, s.len);
    }
    *p = 0;
    return v;
}

/* Joins right to left in place of it; NULL: they stay apart, or *f is set. */
static uk_value *join_two(uk_arena *a, uk_value *left, uk_value **right, uk_config_fault *f) {
    uk_value *r = *right;
    if (uk_is_object(left) && r->kind == UK_V_LIST && left->kind == UK_V_OBJECT) {
        uk_value *list = uk_object_as_list(a, left);
        if (list) left = list;
    } else if (left->kind == UK_V_LIST && r->kind == UK_V_OBJECT) {
        uk_value *list = uk_object_as_list(a, r);
        if (list) *right = r = list;
    }
    if (uk_is_object(left) && uk_is_object(r)) return uk_merge(a, r, left);
    if (left->kind == UK_V_LIST && r->kind == UK_V_LIST) return join_lists(a, left, r);
    bool structure = left->kind == UK_V_LIST || uk_is_object(left);
    if (structure && r->kind == UK_V_STRING && r->flags & UK_VF_BARE) return left;
    if (uk_is_unmergeable(left) || uk_is_unmergeable(r)) return NULL;
    uk_config_fail(f, UK_FAULT_TYPE, left->origin.source->name, left->origin.line, 0,
                   "cannot join %s and %s", kind_name(left), kind_name(r));
    return NULL;
}

size_t uk_join(uk_arena *a, uk_value **pieces, size_t n, uk_config_fault *f) {
    size_t kept = 0;
    ukko_slice s;
    for (size_t i = 0; i < n;) {
        uk_value *right = pieces[i];
        if (kept && (!uk_value_text(pieces[kept - 1], &s) || !uk_value_text(right, &s))) {
            uk_value *joined = join_two(a, pieces[kept - 1], &right, f);
            if (f->kind) return 0;
            if (joined) {
                pieces[kept - 1] = joined;
                i++;
                continue;
            }
        }
        if (uk_value_text(right, &s))
            right = join_texts(a, pieces, n, &i);
        else
            i++;
        pieces[kept++] = right;
    }
    return kept;
}

uk_value *uk_concat(uk_arena *a, uk_value **pieces, size_t n, uk_config_fault *f) {
    n = uk_join(a, pieces, n, f);
    if (!n) return NULL;
    if (n == 1) return pieces[0];
    uk_origin origin = pieces[0]->origin;
    for (size_t i = 1; i < n; i++) origin = uk_origin_merge(a, origin, pieces[i]->origin);
    uk_value *v = uk_value_list(a, origin, pieces, n);
    v->kind = UK_V_CONCAT;
    v->resolved = false;
    return v;
}

/* ---- Moving references below a prefix. ---- */

static uk_value *relativize_items(uk_arena *a, uk_value *v, const uk_keypath *prefix) {
    uk_value *c = uk_value_copy(a, v);
    c->list.items = uk_arena_alloc(a, (v->list.n + 1) * sizeof *c->list.items);
    for (size_t i = 0; i < v->list.n; i++)
        c->list.items[i] = uk_relativize(a, v->list.items[i], prefix);
    return c;
}

static uk_value *relativize_object(uk_arena *a, uk_value *v, const uk_keypath *prefix) {
    uk_value *c = uk_object_clone(a, v, 0);
    for (uint32_t i = 0; i < c->object->n; i++)
        c->object->entries[i].value = uk_relativize(a, c->object->entries[i].value, prefix);
    return c;
}

static uk_value *relativize_stack(uk_arena *a, uk_value *v, const uk_keypath *prefix) {
    uk_value *c = uk_value_copy(a, v);
    uk_layer **at = &c->layers;
    for (const uk_layer *l = v->layers; l; l = l->next) {
        *at = layer(a, uk_relativize(a, l->value, prefix), NULL);
        at = &(*at)->next;
    }
    return c;
}

uk_value *uk_relativize(uk_arena *a, uk_value *v, const uk_keypath *prefix) {
    if (v->resolved) return v;
    switch (v->kind) {
    case UK_V_LIST:
    case UK_V_CONCAT: return relativize_items(a, v, prefix);
    case UK_V_OBJECT: return relativize_object(a, v, prefix);
    case UK_V_MERGE:
    case UK_V_MERGE_OBJECT: return relativize_stack(a, v, prefix);
    case UK_V_REF: {
        uk_value *c = uk_value_copy(a, v);
        c->path = uk_keypath_join(a, prefix, v->path);
        for (const uk_keypath *p = prefix; p; p = p->next) c->prefix++;
        return c;
    }
    default: return v;
    }
}
