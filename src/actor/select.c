/* SPDX-License-Identifier: Apache-2.0 */
/* Actor selections: parsing, walking, and delivery as Pekko's ActorSelection.deliverSelection does
   it. The walk runs on the thread that sends or receives, not behind busy actors; its work is
   bounded, because a peer chooses the steps. */
#include "actor/system.h"
#include "base/mem.h"
#include <stdio.h>

enum { MAX_VISITS = 100000, MAX_DEPTH = 100 };

struct ukko_selection {
    _Atomic uint32_t refs;
    ukko_ref *anchor; /* retained */
    uk_step *steps;
    size_t n;
    char *text; /* the steps' memory: "/a/../b*" */
};

/* ---- walking ---- */

typedef struct walk {
    ukko_ref *sender;
    ukko_msg *whole; /* the selection message */
    const uk_selection_body *sel;
    unsigned visits;
    bool offer; /* to those only that take what cannot be read */
    size_t taken;
} walk;

bool uk_each_child(ukko_ref *ref, ukko_ref ***out, size_t *n) {
    if (ref->vt->kind == UK_REF_CELL) {
        *out = uk_kids_list(uk_cell_of(ref), n);
        return true;
    }
    *n = 0;
    *out = NULL;
    if (ref != ref->sys->root) return ref->vt->kind == UK_REF_CONTAINER;
    *out = uk_alloc(2 * sizeof **out);
    (*out)[(*n)++] = uk_ref_retain(&ref->sys->user->ref);
    (*out)[(*n)++] = uk_ref_retain(&ref->sys->system_guardian->ref);
    return true;
}
static ukko_msg *inner(const walk *w) {
    return w->sel->message ? ukko_msg_retain(w->sel->message) : ukko_msg_new(&ukko_null_type);
}
/* Nobody there: Identify is answered with none, the rest is a dead letter of what was meant: all the
   steps from i on, below where they were begun. */
static void missing(walk *w, ukko_ref *from, size_t i, bool fan_out) {
    ukko_system *sys = from->sys;
    uk_buf path = {0};
    int32_t uid = 0; /* a path has that of its last element only */
    if (fan_out || w->offer) return;
    if (from != sys->root) from->vt->print(from, &path);
    for (; i < w->sel->n_steps; i++) {
        const uk_step *s = &w->sel->steps[i];
        uk_path p = {.elements = s->text};
        if (s->kind == UK_STEP_PARENT) p.elements = ukko_str("..");
        else if (s->text.len && uk_path_name_split(s->text, &p.elements, &p.uid))
            p.elements = s->text;
        uk_buf_byte(&path, '/');
        uk_buf_put(&path, p.elements.ptr, p.elements.len);
        if (s->kind == UK_STEP_PARENT || s->text.len) uid = p.uid;
    }
    if (uid) uk_buf_printf(&path, "#%d", uid);
    ukko_ref *nobody = uk_empty_ref(sys, uk_buf_slice(&path), 0);
    uk_dead_letter(sys, inner(w), w->sender, nobody, "no such actor");
    uk_ref_release(nobody);
    uk_buf_fini(&path);
}
/* What is left of the way goes to a place that walks it itself. */
static void pass_on(walk *w, ukko_ref *to, size_t i, bool fan_out) {
    if (w->offer) {
        bool takes = i == w->sel->n_steps && uk_ref_takes_opaque(to);
        if (takes) uk_ref_tell(to, inner(w), w->sender);
        w->taken += takes;
        return;
    }
    if (i == w->sel->n_steps) {
        uk_ref_tell(to, inner(w), w->sender);
        return;
    }
    uk_selection_body rest = {w->sel->message, w->sel->steps + i, w->sel->n_steps - i, fan_out};
    uk_ref_tell(to, ukko_msg_copy(&uk_selection_type, &rest), w->sender);
}
static void go(walk *w, ukko_ref *at, size_t i, bool fan_out, unsigned depth); /* takes at */

/* Where a walk was begun, with which step: Pekko's anchor and elements. */
typedef struct origin {
    ukko_ref *ref;
    size_t i;
} origin;

/* /temp and its like look for what is left on their own. */
static void missing_at(walk *w, const origin *o, ukko_ref *at, size_t i, bool fan_out) {
    bool own = at->vt->kind == UK_REF_CONTAINER && at != at->sys->root;
    missing(w, own ? at : o->ref, own ? i : o->i, fan_out);
}
static void fan(walk *w, const origin *o, ukko_ref *at, size_t i, bool fan_out, unsigned depth) {
    ukko_ref **all;
    size_t n, matches = 0;
    if (!uk_each_child(at, &all, &n)) {
        missing_at(w, o, at, i, fan_out);
        return;
    }
    for (size_t k = 0; k < n; k++) {
        if (uk_glob_match(w->sel->steps[i].text, ukko_str(ukko_ref_name(all[k]))))
            all[matches++] = all[k];
        else uk_ref_release(all[k]);
    }
    if (!matches) missing_at(w, o, at, i, fan_out);
    bool many = fan_out || (matches > 1 && i + 1 < w->sel->n_steps);
    for (size_t k = 0; k < matches; k++) go(w, all[k], i + 1, many, depth + 1);
    uk_free(all);
}
static ukko_ref *named(ukko_ref *at, ukko_slice text) {
    ukko_slice name;
    int32_t uid;
    if (!at->vt->child || uk_path_name_split(text, &name, &uid)) return NULL;
    return at->vt->child(at, name, uid);
}
static void go(walk *w, ukko_ref *at, size_t i, bool fan_out, unsigned depth) {
    const uk_selection_body *sel = w->sel;
    const origin o = {uk_ref_retain(at), i};
    for (; i < sel->n_steps && at; i++) {
        const uk_step *s = &sel->steps[i];
        uk_ref_kind kind = at->vt->kind;
        if (w->visits++ >= MAX_VISITS || depth > MAX_DEPTH) {
            if (!w->offer)
                uk_dead_letter(at->sys, inner(w), w->sender, at,
                               "the selection visits too many actors");
            break;
        }
        if (kind != UK_REF_CELL && kind != UK_REF_CONTAINER)
            break; /* a foreign place goes on by itself */
        if (s->kind == UK_STEP_PATTERN) {
            fan(w, &o, at, i, fan_out, depth);
            break;
        }
        bool leaf = s->kind == UK_STEP_NAME && i + 1 == sel->n_steps;
        ukko_ref *next = at == at->sys->temp && !leaf ? NULL /* names only, and nothing below */
                         : s->kind == UK_STEP_PARENT  ? at->vt->parent(at)
                                                      : named(at, s->text);
        if (!next) missing_at(w, &o, at, i, fan_out);
        uk_ref_release(at);
        at = next;
    }
    uk_ref_release(o.ref);
    if (!at) return;
    uk_ref_kind kind = at->vt->kind;
    if (i == sel->n_steps || (kind != UK_REF_CELL && kind != UK_REF_CONTAINER))
        pass_on(w, at, i, fan_out);
    uk_ref_release(at);
}
bool uk_selection_sound(const uk_selection_body *s, ukko_slice *fault) {
    ukko_slice name;
    int32_t uid;
    for (size_t i = 0; i < s->n_steps; i++) {
        *fault = s->steps[i].text;
        if (s->steps[i].kind != UK_STEP_PARENT && uk_path_name_split(*fault, &name, &uid))
            return false;
    }
    return true;
}
size_t uk_selection_offer(ukko_ref *anchor, ukko_msg *msg, ukko_ref *sender) {
    walk w = {sender, msg, UK_BODY(uk_selection_body, msg), 0, true, 0};
    if (anchor->vt->kind == UK_REF_CELL || anchor->vt->kind == UK_REF_CONTAINER)
        go(&w, uk_ref_retain(anchor), 0, w.sel->fan_out, 0);
    return w.taken;
}
void uk_selection_deliver(ukko_ref *anchor, ukko_msg *msg, ukko_ref *sender) {
    walk w = {sender, msg, UK_BODY(uk_selection_body, msg), 0, false, 0};
    if (anchor->vt->kind == UK_REF_CELL || anchor->vt->kind == UK_REF_CONTAINER)
        go(&w, uk_ref_retain(anchor), 0, w.sel->fan_out, 0);
    else if (anchor->vt->kind == UK_REF_EMPTY || anchor->vt->kind == UK_REF_DEAD)
        uk_ref_tell(anchor, ukko_msg_retain(msg), sender);
    else pass_on(&w, anchor, 0, w.sel->fan_out);
    ukko_msg_release(msg);
}

/* ---- selections as objects ---- */

static bool is_pattern(ukko_slice s) {
    return memchr(s.ptr, '*', s.len) || memchr(s.ptr, '?', s.len);
}

static ukko_selection *make(ukko_ref *anchor, ukko_slice path) { /* takes anchor */
    ukko_selection *s = uk_zalloc(sizeof *s);
    ukko_slice rest, e;
    atomic_init(&s->refs, 1);
    s->anchor = anchor;
    s->text = uk_strndup(path.ptr, path.len);
    rest = ukko_str(s->text);
    s->steps = uk_alloc((path.len / 2 + 2) * sizeof *s->steps);
    while (uk_path_next(&rest, &e))
        s->steps[s->n++] = uk_slice_is(e, "..") ? (uk_step){UK_STEP_PARENT, {NULL, 0}}
                           : is_pattern(e)      ? (uk_step){UK_STEP_PATTERN, e}
                                                : (uk_step){UK_STEP_NAME, e};
    return s;
}
ukko_selection *ukko_select_at(ukko_ref *anchor, const char *relative) {
    return make(uk_ref_retain(anchor), ukko_str(relative));
}
static ukko_selection *select_url(ukko_system *sys, ukko_slice text) {
    uk_path p;
    if (uk_path_parse(text, &p) || !p.address.len)
        return make(uk_ref_retain(sys->dead), (ukko_slice){NULL, 0});
    uk_buf root = {0};
    uk_buf_put(&root, p.address.ptr, p.address.len);
    uk_buf_byte(&root, '/');
    ukko_ref *anchor = uk_system_resolve(sys, uk_buf_slice(&root));
    ukko_slice elements = p.elements;
    uk_buf with_uid = {0};
    uk_buf_put(&with_uid, elements.ptr, elements.len);
    if (p.uid && elements.len) uk_buf_printf(&with_uid, "#%d", p.uid);
    ukko_selection *s = make(anchor, uk_buf_slice(&with_uid));
    uk_buf_fini(&root);
    uk_buf_fini(&with_uid);
    return s;
}
static ukko_selection *select_from(ukko_system *sys, ukko_ref *base, const char *path) {
    ukko_slice elements, uid;
    if (!uk_path_relative(ukko_str(path), &elements, &uid)) return select_url(sys, ukko_str(path));
    bool from_root = elements.len ? elements.ptr[0] == '/' : !uid.len;
    ukko_ref *anchor = uk_ref_retain(from_root ? sys->root : base);
    if (!uid.len) return make(anchor, elements);
    uk_buf whole = {0}; /* without a query in between */
    uk_buf_put(&whole, elements.ptr, elements.len);
    uk_buf_put(&whole, uid.ptr, uid.len);
    ukko_selection *s = make(anchor, uk_buf_slice(&whole));
    uk_buf_fini(&whole);
    return s;
}
ukko_selection *ukko_select(ukko_system *sys, const char *path) {
    return select_from(sys, sys->root, path);
}
ukko_selection *ukko_ctx_select(ukko_ctx *ctx, const char *path) {
    return select_from(ctx->cell->ref.sys, &ctx->cell->ref, path);
}
void ukko_selection_release(ukko_selection *s) {
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    uk_ref_release(s->anchor);
    uk_free(s->steps);
    uk_free(s->text);
    uk_free(s);
}
void ukko_selection_tell(const ukko_selection *s, ukko_msg *msg, ukko_ref *sender) {
    uk_selection_body body = {msg, s->steps, s->n, false};
    ukko_msg *m = ukko_msg_copy(&uk_selection_type, &body);
    ukko_msg_release(msg);
    uk_selection_deliver(s->anchor, m, sender);
}
void ukko_tell_path(ukko_ctx *ctx, const char *path, const ukko_type *type, const void *body) {
    ukko_selection *s = ukko_ctx_select(ctx, path);
    ukko_selection_tell(s, ukko_msg_copy(type, body), &ctx->cell->ref);
    ukko_selection_release(s);
}
static void put_steps(const ukko_selection *s, uk_buf *b) {
    for (size_t i = 0; i < s->n; i++) {
        uk_buf_byte(b, '/');
        if (s->steps[i].kind == UK_STEP_PARENT) uk_buf_str(b, "..");
        else uk_buf_put(b, s->steps[i].text.ptr, s->steps[i].text.len);
    }
}
static size_t give(uk_buf *b, char *buf, size_t len) {
    int n = snprintf(buf, len, "%s", uk_buf_text(b));
    uk_buf_fini(b);
    return (size_t)n;
}
bool ukko_selection_equal(const ukko_selection *a, const ukko_selection *b) {
    if (!ukko_ref_equal(a->anchor, b->anchor) || a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->steps[i].kind != b->steps[i].kind ||
            !uk_slice_eq(a->steps[i].text, b->steps[i].text))
            return false;
    return true;
}
size_t ukko_selection_print(const ukko_selection *s, char *buf, size_t len) {
    uk_buf b = {0};
    uk_buf_str(&b, "ActorSelection[Anchor(");
    uk_ref_show(s->anchor, &b);
    uk_buf_str(&b, "), Path(");
    if (!s->n) uk_buf_byte(&b, '/');
    put_steps(s, &b);
    uk_buf_str(&b, ")]");
    return give(&b, buf, len);
}
size_t ukko_selection_path(const ukko_selection *s, char *buf, size_t len) {
    uk_buf b = {0};
    const char *anchor = uk_ref_text(s->anchor);
    size_t n = strcspn(anchor, "#");
    uk_buf_put(&b, anchor, n && anchor[n - 1] == '/' ? n - 1 : n);
    put_steps(s, &b);
    return give(&b, buf, len);
}
void uk_selection_name(const ukko_selection *s, uk_buf *out) {
    const char *anchor = uk_ref_text(s->anchor);
    uk_buf_put(out, anchor, strcspn(anchor, "#"));
    put_steps(s, out);
}
ukko_selection *uk_selection_retain(const ukko_selection *sel) {
    ukko_selection *s = (ukko_selection *)(uintptr_t)sel;
    if (s) atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}
ukko_selection *uk_selection_rooted(const ukko_selection *s) {
    uk_path p;
    size_t i = 0;
    if (s->anchor->vt->kind != UK_REF_CELL ||
        uk_path_parse(ukko_str(uk_ref_text(s->anchor)), &p))
        return uk_selection_retain(s);
    uk_buf b = {0};
    uk_buf_put(&b, p.elements.ptr, p.elements.len);
    for (; i < s->n && s->steps[i].kind == UK_STEP_PARENT; i++)
        while (b.len && b.ptr[--b.len] != '/') continue;
    for (; i < s->n; i++) {
        uk_buf_byte(&b, '/');
        if (s->steps[i].kind == UK_STEP_PARENT) uk_buf_str(&b, "..");
        else uk_buf_put(&b, s->steps[i].text.ptr, s->steps[i].text.len);
    }
    ukko_selection *rooted = make(uk_ref_retain(s->anchor->sys->root), uk_buf_slice(&b));
    uk_buf_fini(&b);
    return rooted;
}
ukko_system *uk_selection_system(const ukko_selection *s) { return s->anchor->sys; }
