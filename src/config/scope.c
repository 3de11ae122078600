/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up and replacing during substitution. A value that refers to itself must see only
   what lies below it, so the tree is looked at with that value replaced by its remainder; the
   copies are patches, not whole trees. Also the memory of what was resolved. One thread. */
#include "config/resolve.h"

/* ---- Memory of results. ---- */

static uint32_t memo_hash(const uk_value *v, const uk_keypath *path) {
    uint64_t h = (uint64_t)(uintptr_t)v * 0x9e3779b97f4a7c15u;
    for (; path; path = path->next) h = (h ^ path->key->hash) * 0xff51afd7ed558ccdu;
    return (uint32_t)(h >> 32);
}

static void memo_index(uk_run *r, uint32_t i) {
    uint32_t mask = r->n_slots - 1, at = memo_hash(r->memos[i].value, r->memos[i].path) & mask;
    while (r->slots[at]) at = (at + 1) & mask;
    r->slots[at] = i + 1;
}

static void memo_reindex(uk_run *r) {
    memset(r->slots, 0, r->n_slots * sizeof *r->slots);
    for (uint32_t i = 0; i < r->n_memos; i++) memo_index(r, i);
}

/* The reference keeps every result under its key, the newest in front, and turns that order
   round whenever its table grows: of several results it finds the one that is in front by then.
   Sizes at which it grows; n results are written in all, those at `at` under one key. */
static uint32_t found_first(const uint32_t *at, uint32_t count, uint32_t n) {
    static const uint32_t growth[] = {1, 3, 12, 30, 62, 128, 258, 522, 2054, 7104, 16070, 32610, 65868};
    uint32_t head = 0, tail = 0, next = 0;
    for (size_t g = 0; g <= sizeof growth / sizeof *growth; g++) {
        bool grows = g < sizeof growth / sizeof *growth && growth[g] <= n;
        for (; next < count && (!grows || at[next] + 1 < growth[g]); next++) {
            head = at[next];
            if (!next) tail = head;
        }
        if (!grows) break;
        uint32_t swap = head;
        head = tail;
        tail = swap;
    }
    return head;
}

bool uk_memo_get(uk_run *r, const uk_value *v, const uk_keypath *path, uk_value **out) {
    enum { MOST = 64 };
    if (!r->n_memos) return false;
    uint32_t mask = r->n_slots - 1, at[MOST], n = 0, empty = 0;
    for (uint32_t i = memo_hash(v, path) & mask; r->slots[i] && n < MOST; i = (i + 1) & mask) {
        const uk_memo *m = &r->memos[r->slots[i] - 1];
        if (m->value != v || !m->path != !path || !uk_keypath_eq(m->path, path)) continue;
        at[n++] = r->slots[i] - 1;
        empty += !m->result;
    }
    if (n == empty) return false; /* what vanished is looked at anew, as over there */
    if (empty && !r->exact) {
        r->again = true;
        return false;
    }
    *out = r->memos[n > 1 ? found_first(at, n, r->n_memos) : at[0]].result;
    return *out != NULL;
}

void uk_memo_put(uk_run *r, const uk_value *v, const uk_keypath *path, uk_value *result) {
    if (r->n_memos == r->cap_memos) {
        r->cap_memos = r->cap_memos ? r->cap_memos * 2 : 128;
        r->memos = uk_realloc(r->memos, r->cap_memos * sizeof *r->memos);
        uk_free(r->slots);
        r->n_slots = r->cap_memos * 2;
        r->slots = uk_alloc(r->n_slots * sizeof *r->slots);
        memo_reindex(r);
    }
    r->arena->work++;
    r->memos[r->n_memos] = (uk_memo){v, path, result};
    memo_index(r, r->n_memos++);
}

void uk_memo_rewind(uk_run *r, uint32_t n) {
    if (n == r->n_memos) return;
    r->n_memos = n;
    memo_reindex(r);
}

/* ---- Replacing. ---- */

uk_scope uk_scope_push(uk_run *r, uk_scope s, uk_value *parent) {
    if (!s.trail && parent != s.root) return s;
    uk_trail *t = uk_arena_alloc(r->arena, sizeof *t);
    *t = (uk_trail){parent, s.trail};
    return (uk_scope){s.root, t};
}

static bool replace_item(uk_run *r, uk_value *list, uk_value *old, uk_value *replacement,
                         uk_value **out) {
    size_t n = list->list.n, i = 0, k = 0;
    while (i < n && list->list.items[i] != old) i++;
    if (i == n) return false;
    if (n == 1 && !replacement && list->kind != UK_V_LIST) {
        *out = NULL;
        return true;
    }
    uk_value *c = uk_value_copy(r->arena, list);
    c->list.items = uk_arena_alloc(r->arena, n * sizeof *c->list.items);
    for (size_t j = 0; j < n; j++) {
        uk_value *item = j == i ? replacement : list->list.items[j];
        if (item) c->list.items[k++] = item;
    }
    c->list.n = k;
    if (list->kind == UK_V_LIST) {
        c->resolved = true;
        for (size_t j = 0; j < k; j++) c->resolved &= c->list.items[j]->resolved;
        if (!k) c = NULL;
    }
    *out = c;
    return true;
}

static bool replace_layer(uk_run *r, uk_value *stack, uk_value *old, uk_value *replacement,
                          uk_value **out) {
    uk_layer *first = NULL, **at = &first, *l = stack->layers;
    for (; l && l->value != old; l = l->next) {
        uk_layer *c = uk_arena_alloc(r->arena, sizeof *c);
        *c = (uk_layer){l->value, NULL};
        *at = c;
        at = &c->next;
    }
    if (!l) return false;
    *at = l->next;
    if (replacement) {
        uk_layer *c = uk_arena_alloc(r->arena, sizeof *c);
        *c = (uk_layer){replacement, l->next};
        *at = c;
    }
    if (!first) {
        *out = NULL;
        return true;
    }
    *out = uk_value_copy(r->arena, stack);
    (*out)->layers = first;
    return true;
}

/* Index of the entry that holds v; of several the one that a copy of the table shows first. -1:
   none. */
static int32_t holder_of(uk_run *r, const uk_object *o, const uk_value *v, uint32_t size) {
    int32_t found = -1;
    uint32_t holders = 0;
    for (uint32_t i = 0; i < o->n; i++)
        if (uk_object_at(o, i) == v && !holders++) found = (int32_t)i;
    if (holders < 2) return found;
    uint32_t *order = uk_alloc(o->n * sizeof *order), k = 0;
    uk_object copy = *o;
    uk_object_copied(r->arena, &copy, size);
    uk_object_order(&copy, order);
    while (uk_object_at(o, order[k]) != v) k++;
    found = (int32_t)order[k];
    uk_free(order);
    return found;
}

static bool replace_field(uk_run *r, uk_value *object, uk_value *old, uk_value *replacement,
                          uk_value **out) {
    const uk_object *o = object->object;
    uint32_t size = uk_table_copy_size(uk_object_count(o));
    int32_t i = holder_of(r, o, old, size);
    if (i < 0) return false;
    *out = uk_object_patch(r->arena, object, (uint32_t)i, replacement);
    uk_object_copied(r->arena, (*out)->object, size);
    return true;
}

static bool replace_child(uk_run *r, uk_value *parent, uk_value *old, uk_value *replacement,
                          uk_value **out) {
    if (parent->kind == UK_V_OBJECT) return replace_field(r, parent, old, replacement, out);
    if (uk_is_stack(parent)) return replace_layer(r, parent, old, replacement, out);
    if (parent->kind == UK_V_LIST || parent->kind == UK_V_CONCAT)
        return replace_item(r, parent, old, replacement, out);
    return false;
}

static uk_scope root_scope(uk_run *r, uk_value *root) {
    if (root && uk_is_object(root)) return (uk_scope){root, NULL};
    static const uk_source nothing = {"nothing", false};
    return (uk_scope){uk_value_object(r->arena, (uk_origin){&nothing, -1, -1}, 0), NULL};
}

uk_step uk_scope_replace(uk_run *r, uk_scope s, uk_value *old, uk_value *replacement,
                         uk_scope *out) {
    if (old == replacement) {
        *out = s;
        return UK_STEP_OK;
    }
    if (!s.trail) {
        if (old != s.root || !replacement || !uk_is_container(replacement))
            return uk_run_tangled(r, old, "a value would have to replace its own root");
        *out = root_scope(r, replacement);
        return UK_STEP_OK;
    }
    uk_trail *first = NULL, **at = &first;
    for (uk_trail *t = s.trail; t; t = t->up) {
        uk_value *changed;
        if (!replace_child(r, t->value, old, replacement, &changed))
            return uk_run_tangled(r, old, "a value was lost on the way");
        /* What is gone, or no container any more, is left out of the trail. */
        bool stays = changed && uk_is_container(changed);
        if (stays) {
            uk_trail *c = uk_arena_alloc(r->arena, sizeof *c);
            *c = (uk_trail){changed, NULL};
            *at = c;
            at = &c->up;
        }
        old = t->value;
        replacement = stays ? changed : NULL;
    }
    if (!replacement || !uk_is_object(replacement))
        *out = root_scope(r, NULL);
    else
        *out = (uk_scope){replacement, first};
    return UK_STEP_OK;
}

/* ---- Looking up. ---- */

/* A key of an object that may still be a stack: decided by the first layer that hides the rest. */
static uk_step peek(uk_run *r, const uk_value *object, const uk_key *key, uk_value **out) {
    *out = NULL;
    if (object->kind == UK_V_OBJECT) {
        *out = uk_object_get(object->object, key);
        return UK_STEP_OK;
    }
    for (const uk_layer *l = object->layers; l; l = l->next) {
        if (l->value->kind == UK_V_OBJECT) {
            uk_value *v = uk_object_get(l->value->object, key);
            if (!v || !uk_value_ignores_fallbacks(v)) continue;
            *out = v;
            return UK_STEP_OK;
        }
        if (!uk_is_unmergeable(l->value)) return UK_STEP_OK;
        uk_config_fail(r->fault, UK_FAULT_UNRESOLVED, object->origin.source->name,
                       object->origin.line, 0,
                       "'%s' depends on a substitution that is not resolved", key->text);
        return UK_STEP_FAILED;
    }
    return UK_STEP_OK;
}

uk_step uk_scope_find(uk_run *r, uk_context c, uk_value *root, const uk_keypath *path,
                      uk_value **out, uk_trail **trail) {
    uk_value *object, *v = NULL;
    *trail = NULL;
    c.only = path;
    uk_step step = uk_resolve_value(r, c, root, (uk_scope){root, NULL}, &object);
    if (step != UK_STEP_OK) return step;
    if (!object || !uk_is_object(object)) return uk_run_tangled(r, root, "an object became none");
    for (;; path = path->next, object = v) {
        uk_trail *t = uk_arena_alloc(r->arena, sizeof *t);
        *t = (uk_trail){object, *trail};
        *trail = t;
        step = peek(r, object, path->key, &v);
        if (step != UK_STEP_OK) return step;
        if (path->next && v && uk_is_object(v)) continue;
        *out = path->next ? NULL : v;
        return UK_STEP_OK;
    }
}
