/* SPDX-License-Identifier: Apache-2.0 */
/* Substitution: every ${path} becomes the value found there, lazily along the paths that are
   asked for, with look-back through the layers of a value that refers to itself. One thread. */
#include "config/resolve.h"

static uk_step failed(uk_run *r, const uk_value *at) {
    uk_config_fail(r->fault, UK_FAULT_LIMIT, at->origin.source->name, at->origin.line, 0,
                   "substitutions need more memory or depth than is allowed");
    return UK_STEP_FAILED;
}

uk_step uk_run_tangled(uk_run *r, const uk_value *at, const char *what) {
    uk_config_fail(r->fault, UK_FAULT_TANGLE, at->origin.source->name, at->origin.line, 0,
                   "substitutions refer to each other in a way that cannot be untangled: %s", what);
    return UK_STEP_FAILED;
}

static uk_step unresolved(uk_run *r, const uk_value *ref, const char *why) {
    uk_buf path = {0};
    uk_keypath_print(ref->path, &path);
    uk_config_fail(r->fault, UK_FAULT_UNRESOLVED, ref->origin.source->name, ref->origin.line, 0,
                   "${%.150s} %s", uk_buf_text(&path), why);
    uk_buf_fini(&path);
    return UK_STEP_FAILED;
}

/* ---- References. ---- */

static uk_step look_up(uk_run *r, uk_context c, const uk_value *ref, uk_value *root, uk_value **out,
                       uk_trail **trail) {
    uint32_t mark = r->n_memos;
    uk_step step = uk_scope_find(r, c, root, ref->path, out, trail);
    if (step != UK_STEP_OK || *out) return step;
    const uk_keypath *bare = ref->path;
    for (uint32_t i = 0; i < ref->prefix; i++) bare = bare->next;
    if (ref->prefix) {
        step = uk_scope_find(r, c, root, bare, out, trail);
        if (step != UK_STEP_OK || *out) return step;
    }
    if (r->flags & UK_CONFIG_NO_ENV) return step;
    uk_memo_rewind(r, mark);
    if (!r->env) r->env = uk_env_object(r->arena);
    return uk_scope_find(r, c, r->env, bare, out, trail);
}

static uk_value *last_of(const uk_trail *t) {
    while (t->up) t = t->up;
    return t->value;
}

static uk_step resolve_ref(uk_run *r, uk_context c, uk_value *ref, uk_scope s, uk_value **out) {
    uint32_t mark = r->n_memos;
    uk_marker here = {ref, c.markers};
    uk_trail *trail;
    c.markers = &here;
    *out = NULL;
    uk_value *found = NULL;
    uk_step step = look_up(r, c, ref, s.root, &found, &trail);
    if (step == UK_STEP_OK) mark = r->n_memos;
    if (step == UK_STEP_OK && found)
        step = uk_resolve_value(r, c, found, (uk_scope){last_of(trail), trail}, out);
    if (step == UK_STEP_FAILED) return step;
    bool optional = ref->flags & UK_VF_OPTIONAL;
    if (step == UK_STEP_CYCLE) {
        /* What was learnt inside the circle is not kept; what was on the way to it, is. */
        uk_memo_rewind(r, mark);
        *out = NULL;
        if (!optional) return unresolved(r, ref, "refers to itself in a circle");
    }
    if (!*out && !optional) return unresolved(r, ref, "is not set");
    return UK_STEP_OK;
}

/* ---- Concatenations and lists. ---- */

static uk_step resolve_concat(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    uk_value **pieces = uk_arena_alloc(r->arena, v->list.n * sizeof *pieces);
    size_t n = 0;
    c.only = NULL;
    for (size_t i = 0; i < v->list.n; i++) {
        uk_value *piece;
        uk_step step = uk_resolve_value(r, c, v->list.items[i], s, &piece);
        if (step != UK_STEP_OK) return step;
        if (piece) pieces[n++] = piece;
    }
    n = uk_join(r->arena, pieces, n, r->fault);
    if (r->fault->kind) return UK_STEP_FAILED;
    if (n > 1) return uk_run_tangled(r, v, "a concatenation did not become one value");
    *out = n ? pieces[0] : NULL;
    return UK_STEP_OK;
}

static uk_step resolve_list(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    *out = v;
    if (c.only) return UK_STEP_OK;
    s = uk_scope_push(r, s, v);
    uk_value *list = uk_value_copy(r->arena, v);
    list->list.items = uk_arena_alloc(r->arena, v->list.n * sizeof *v->list.items);
    list->list.n = 0;
    list->resolved = true;
    for (size_t i = 0; i < v->list.n; i++) {
        uk_value *item;
        uk_step step = uk_resolve_value(r, c, v->list.items[i], s, &item);
        if (step != UK_STEP_OK) return step;
        if (!item) continue;
        list->list.items[list->list.n++] = item;
        uk_height_add(list, item);
    }
    *out = list;
    return UK_STEP_OK;
}

/* ---- Objects. ---- */

static uk_step resolve_on_path(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    *out = v;
    int32_t i = uk_object_index(v->object, c.only->key);
    uk_value *child = i < 0 ? NULL : uk_object_at(v->object, (uint32_t)i);
    c.only = c.only->next;
    if (!child || !c.only) return UK_STEP_OK;
    uk_value *now;
    uk_step step = uk_resolve_value(r, c, child, s, &now);
    if (step == UK_STEP_OK && now != child) {
        *out = uk_object_patch(r->arena, v, (uint32_t)i, now);
        uk_object_copied(r->arena, (*out)->object, 0);
    }
    return step;
}

static uk_step resolve_object(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    s = uk_scope_push(r, s, v);
    if (c.only) return resolve_on_path(r, c, v, s, out);
    const uk_object *o = v->object;
    uk_value **now = uk_zalloc((o->n + 1) * (sizeof *now + sizeof(uint32_t)));
    uint32_t *order = (uint32_t *)(void *)(now + o->n + 1);
    uk_step step = UK_STEP_OK;
    uk_object_order(o, order);
    for (uint32_t k = 0; k < o->n && step == UK_STEP_OK; k++) {
        uk_value *child = uk_object_at(o, order[k]);
        if (child) step = uk_resolve_value(r, c, child, s, &now[order[k]]);
    }
    if (step == UK_STEP_OK) {
        *out = uk_value_object(r->arena, v->origin, o->n);
        (*out)->flags = v->flags;
        for (uint32_t i = 0; i < o->n; i++)
            if (now[i]) uk_object_put(r->arena, *out, o->entries[i].key, now[i]);
    }
    uk_free(now);
    return step;
}

/* ---- Stacks of layers. ---- */

/* The value of the layers from l on. Mostly a stack that shares them. */
static uk_value *remainder_of(uk_run *r, const uk_value *stack, uk_layer *l) {
    if (!l || !l->next) return l ? l->value : NULL;
    uk_value *first = l->value, *second = l->next->value;
    bool plain = !uk_is_object(first) || uk_is_unmergeable(second);
    if (plain && !uk_value_ignores_fallbacks(first)) {
        uk_value *rest = uk_value_new(
            r->arena, uk_is_object(first) ? UK_V_MERGE_OBJECT : UK_V_MERGE, stack->origin);
        rest->layers = l;
        return rest;
    }
    uk_value *merged = first;
    for (l = l->next; l; l = l->next) merged = uk_merge(r->arena, merged, l->value);
    return merged;
}

static uk_step scope_of_layer(uk_run *r, uk_value *stack, const uk_layer *l, uk_scope s,
                              uk_scope *out) {
    if (!uk_is_unmergeable(l->value)) {
        *out = uk_scope_push(r, s, stack);
        return UK_STEP_OK;
    }
    uk_step step = uk_scope_replace(r, s, stack, remainder_of(r, stack, l->next), out);
    out->trail = NULL; /* the layer itself is not in that tree */
    return step;
}

static uk_step resolve_stack(uk_run *r, uk_context c, uk_value *stack, uk_scope s, uk_value **out) {
    uk_value *merged = NULL;
    bool ours = false; /* merged is a copy that may grow in place */
    for (const uk_layer *l = stack->layers; l; l = l->next) {
        uk_scope scope;
        uk_value *layer;
        uk_step step = scope_of_layer(r, stack, l, s, &scope);
        if (step == UK_STEP_OK) step = uk_resolve_value(r, c, l->value, scope, &layer);
        if (step != UK_STEP_OK) return step;
        if (!layer) continue;
        uk_value *before = merged;
        if (!merged)
            merged = layer;
        else
            merged =
                ours ? uk_merge_onto(r->arena, merged, layer) : uk_merge(r->arena, merged, layer);
        if (before && merged != before)
            ours = merged->kind == UK_V_OBJECT && layer->kind == UK_V_OBJECT &&
                   before->kind == UK_V_OBJECT && merged->object != before->object;
    }
    if (stack->kind == UK_V_MERGE_OBJECT && (!merged || !uk_is_object(merged)))
        return uk_run_tangled(r, stack, "an object became none");
    *out = merged;
    return UK_STEP_OK;
}

/* ---- All of them. ---- */

static uk_step dispatch(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    switch (v->kind) {
    case UK_V_LIST: return resolve_list(r, c, v, s, out);
    case UK_V_OBJECT: return resolve_object(r, c, v, s, out);
    case UK_V_REF: return resolve_ref(r, c, v, s, out);
    case UK_V_CONCAT: return resolve_concat(r, c, v, s, out);
    default: return resolve_stack(r, c, v, s, out);
    }
}

static bool in_circle(const uk_context *c, const uk_value *v) {
    if (v->kind != UK_V_REF) return false;
    for (const uk_marker *m = c->markers; m; m = m->up)
        if (m->value == v) return true;
    return false;
}

uk_step uk_resolve_value(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out) {
    if (v->resolved) {
        *out = v;
        if (r->exact && !uk_memo_get(r, v, NULL, out)) uk_memo_put(r, v, NULL, v);
        return UK_STEP_OK;
    }
    if (uk_memo_get(r, v, NULL, out)) return UK_STEP_OK;
    if (c.only && uk_memo_get(r, v, c.only, out)) return UK_STEP_OK;
    if (r->again) return UK_STEP_FAILED;
    if (in_circle(&c, v)) return UK_STEP_CYCLE;
    if (r->depth >= UK_CONFIG_RESOLVE_DEPTH || uk_arena_over(r->arena)) return failed(r, v);
    r->depth++;
    uk_step step = dispatch(r, c, v, s, out);
    r->depth--;
    if (step != UK_STEP_OK) return step;
    if (uk_arena_over(r->arena)) return failed(r, v);
    if (*out && uk_height_over(*out) > UK_CONFIG_MAX_HEIGHT) return failed(r, v);
    bool whole = !*out || (*out)->resolved;
    if (!whole && !c.only) return uk_run_tangled(r, v, "a value stayed unresolved");
    uk_memo_put(r, v, whole ? NULL : c.only, *out);
    return UK_STEP_OK;
}

static uk_step run(uk_run *r, uk_value *root, uk_value **out) {
    uk_step step = uk_resolve_value(r, (uk_context){0}, root, (uk_scope){root, NULL}, out);
    uk_free(r->memos);
    uk_free(r->slots);
    return step;
}

uk_value *uk_resolve(uk_arena *a, uk_value *root, uint32_t flags, uk_config_fault *f) {
    uk_run r = {.arena = a, .fault = f, .flags = flags};
    uk_value *out = NULL;
    uk_step step = run(&r, root, &out);
    if (r.again) {
        r = (uk_run){.arena = a, .fault = f, .flags = flags, .exact = true};
        step = run(&r, root, &out);
    }
    if (step == UK_STEP_CYCLE) uk_run_tangled(&r, root, "the root is part of a circle");
    return step == UK_STEP_OK ? out : NULL;
}
