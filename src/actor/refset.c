/* SPDX-License-Identifier: Apache-2.0 */
/* A set of references by path and uid: a small array, with an index by path text once it is
   large. Owned by one thread at a time. */
#include "actor/cell.h"
#include "base/mem.h"
#include <string.h>

enum { INDEX_FROM = 16 };

static void index_all(uk_ref_set *s) {
    for (uint32_t i = 0; i < s->n; i++) {
        const char *t = uk_ref_text(s->items[i]);
        uk_map_put(&s->index, t, strlen(t), (void *)(uintptr_t)(i + 1));
    }
}
static uint32_t find(const uk_ref_set *s, ukko_ref *r) { /* position + 1, or 0 */
    if (s->index.live) {
        const char *t = uk_ref_text(r);
        return (uint32_t)(uintptr_t)uk_map_get(&s->index, t, strlen(t));
    }
    for (uint32_t i = 0; i < s->n; i++)
        if (s->items[i] == r || ukko_ref_equal(s->items[i], r)) return i + 1;
    return 0;
}
bool uk_set_has(const uk_ref_set *s, ukko_ref *r) { return find(s, r) != 0; }

bool uk_set_add(uk_ref_set *s, ukko_ref *r) {
    if (find(s, r)) return false;
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 2;
        s->items = uk_realloc(s->items, s->cap * sizeof *s->items);
    }
    s->items[s->n++] = uk_ref_retain(r);
    if (s->index.live) {
        const char *t = uk_ref_text(r);
        uk_map_put(&s->index, t, strlen(t), (void *)(uintptr_t)s->n);
    } else if (s->n == INDEX_FROM) {
        index_all(s);
    }
    return true;
}
bool uk_set_remove(uk_ref_set *s, ukko_ref *r) {
    uint32_t at = find(s, r);
    if (!at) return false;
    ukko_ref *gone = s->items[at - 1], *last = s->items[s->n - 1];
    if (s->index.live) {
        const char *t = uk_ref_text(gone), *l = uk_ref_text(last);
        uk_map_remove(&s->index, t, strlen(t));
        if (last != gone) uk_map_put(&s->index, l, strlen(l), (void *)(uintptr_t)at);
    }
    s->items[at - 1] = last;
    s->n--;
    uk_ref_release(gone);
    return true;
}
void uk_set_fini(uk_ref_set *s) {
    for (uint32_t i = 0; i < s->n; i++) uk_ref_release(s->items[i]);
    uk_free(s->items);
    uk_map_fini(&s->index);
    *s = (uk_ref_set){0};
}
