/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the actors of a system while it runs. Any thread; each actor by itself, the whole is no
   snapshot. */
#include "actor/cell.h"
#include "actor/mailbox.h"
#include "actor/system.h"
#include <ukko/inspect.h>

typedef struct walk {
    ukko_actor_info_fn fn;
    void *data;
    size_t left;
    int n;
} walk;

/* acquire is not needed: the value itself is all that is looked at */
static bool is_busy(uk_cell *c) {
    uintptr_t inbox = atomic_load_explicit(&c->inbox, memory_order_relaxed);
    if (inbox == UK_INBOX_OWNED) return atomic_load_explicit(&c->active, memory_order_relaxed);
    return inbox != UK_INBOX_IDLE && inbox != UK_INBOX_CLOSED;
}

static const char *mailbox_of(uk_cell *c) {
    return c->traits & UK_TRAIT_BOXED ? uk_box_of(c)->kind->type
                                      : "org.apache.pekko.dispatch.UnboundedMailbox";
}

static void visit(walk *w, ukko_ref *ref, int32_t depth, int32_t most) {
    char path[1024];
    if (!w->left || ref->vt->kind == UK_REF_REMOTE) return;
    uk_cell *c = ref->vt->kind == UK_REF_CELL ? uk_cell_of(ref) : NULL;
    ukko_ref_print(ref, path, sizeof path);
    ukko_actor_info info = {.size = sizeof info,
                            .path = path,
                            .kind = c ? c->props->actor->name : NULL,
                            .depth = depth,
                            .children = c ? uk_kids_count(c) : 0,
                            .busy = c && is_busy(c),
                            .mailbox = c ? mailbox_of(c) : NULL,
                            .dispatcher = c ? uk_dispatcher_id(c->disp) : NULL};
    w->left--;
    w->n++;
    w->fn(w->data, &info);
    if (!c || depth == most || !info.children) return;
    size_t n;
    ukko_ref **kids = uk_kids_list(c, &n);
    for (size_t i = 0; i < n; i++) visit(w, kids[i], depth + 1, most);
    uk_refs_free(kids, n);
}

int ukko_inspect_actors(ukko_system *sys, const char *path, int32_t depth, size_t most,
                        ukko_actor_info_fn fn, void *data) {
    walk w = {fn, data, most, 0};
    if (path[0] != '/' || depth < 0) return UKKO_EINVAL;
    ukko_ref *top = uk_system_resolve_local(sys, ukko_str(path + 1), 0);
    bool there = top->vt->kind == UK_REF_CELL;
    if (there) visit(&w, top, 0, depth < 64 ? depth : 64); /* so deep goes the stack */
    uk_ref_release(top);
    return there ? w.n : UKKO_ENOTFOUND;
}
