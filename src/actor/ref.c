/* SPDX-License-Identifier: Apache-2.0 */
/* What all references share: counting, text, comparison, system messages' memory. Any thread. */
#include "actor/ref.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/mem.h"
#include "base/pool.h"
#include <stddef.h>
#include <stdio.h>

void uk_ref_init(ukko_ref *r, const uk_ref_vt *vt, ukko_system *sys, int32_t uid) {
    atomic_init(&r->refs, 1);
    r->uid = uid;
    r->vt = vt;
    r->sys = sys;
    atomic_init(&r->text, NULL);
}
void uk_ref_fini(ukko_ref *r) { uk_free(atomic_load_explicit(&r->text, memory_order_relaxed)); }

ukko_ref *ukko_ref_retain(ukko_ref *ref) { return uk_ref_retain(ref); }
void ukko_ref_release(ukko_ref *ref) { uk_ref_release(ref); }
bool ukko_ref_is_local(const ukko_ref *ref) { return ref->vt->kind != UK_REF_REMOTE; }

void uk_ref_text_with(const ukko_ref *ref, const char *address, uk_buf *out) {
    ukko_ref *r = (ukko_ref *)(uintptr_t)ref;
    if (address) uk_buf_str(out, address);
    r->vt->print(r, out);
    if (r->uid) uk_buf_printf(out, "#%d", r->uid);
}
/* Is its text the same for everybody, with an address that is not this system's? */
static bool is_elsewhere(const ukko_ref *ref) {
    uk_ref_kind kind = ref->vt->kind;
    return kind == UK_REF_REMOTE || kind == UK_REF_IGNORE || ref->vt->foreign;
}
void uk_ref_show(const ukko_ref *ref, uk_buf *out) {
    if (!is_elsewhere(ref)) uk_ref_text_with(ref, ref->sys->local_address, out);
    else uk_buf_str(out, uk_ref_text(ref));
}
const char *uk_ref_text(const ukko_ref *ref) {
    ukko_ref *r = (ukko_ref *)(uintptr_t)ref;
    char *text =
        atomic_load_explicit(&r->text, memory_order_acquire); /* pairs with the exchange below */
    if (text) return text;
    uk_buf b = {0};
    uk_ref_text_with(r, r->vt->kind == UK_REF_IGNORE ? "pekko://local" : r->sys->address, &b);
    char *mine = uk_strndup(b.ptr, b.len);
    uk_buf_fini(&b);
    if (atomic_compare_exchange_strong_explicit(&r->text, &text, mine, memory_order_acq_rel,
                                                memory_order_acquire))
        return mine;
    uk_free(mine); /* another thread was first */
    return text;
}
static _Thread_local const char *spoken; /* NULL: the system's own */

void uk_ref_speak_as(const char *address) { spoken = address; }

ukko_slice uk_ref_wire_text(const ukko_ref *ref, uk_buf *scratch) {
    if (!spoken || is_elsewhere(ref)) return ukko_str(uk_ref_text(ref));
    uk_buf_clear(scratch);
    uk_ref_text_with(ref, spoken, scratch);
    return uk_buf_slice(scratch);
}
const char *ukko_ref_path(const ukko_ref *ref) { return uk_ref_text(ref); }

size_t ukko_ref_print(const ukko_ref *ref, char *buf, size_t len) {
    uk_buf b = {0};
    ukko_ref *r = (ukko_ref *)(uintptr_t)ref;
    r->vt->print(r, &b);
    int n = snprintf(buf, len, "%s", uk_buf_text(&b));
    uk_buf_fini(&b);
    return (size_t)n;
}
const char *ukko_ref_name(const ukko_ref *ref) {
    if (ref->vt->kind == UK_REF_CELL) return ((const uk_cell *)(const void *)ref)->name;
    const char *text = uk_ref_text(ref), *slash = strrchr(text, '/');
    if (ref->vt->kind == UK_REF_REMOTE && strchr(text, '#'))
        return ref->vt->name ? ref->vt->name(ref) : slash + 1;
    return slash ? slash + 1 : "";
}
bool ukko_ref_equal(const ukko_ref *a, const ukko_ref *b) {
    if (a == b) return true;
    if (!a || !b || a->uid != b->uid) return false;
    if (a->vt->kind == UK_REF_CELL && b->vt->kind == UK_REF_CELL && a->uid)
        return false; /* one cell a uid */
    return !strcmp(uk_ref_text(a), uk_ref_text(b));
}

_Static_assert(sizeof(uk_sysmsg) <= UK_POOL_LINE, "a line");
_Static_assert(offsetof(uk_sysmsg, kind) == offsetof(uk_gone, kind), "told by its kind");

uk_sysmsg *uk_sysmsg_new(uk_sys_kind kind, ukko_ref *a, ukko_ref *b) {
    uint8_t cls;
    uk_sysmsg *m = uk_pool_alloc(sizeof *m, &cls);
    *m = (uk_sysmsg){.kind = (uint8_t)kind, .pool_class = cls, .a = a, .b = b};
    uk_ref_retain(a);
    uk_ref_retain(b);
    return m;
}
void uk_sysmsg_free(uk_sysmsg *m) {
    if (m->kind == UK_SYS_GONE) { /* it goes with the cell around it */
        uk_ref_release_all(&uk_cell_gone(m)->ref, 1);
        return;
    }
    uk_ref_release(m->a);
    uk_ref_release(m->b);
    ukko_msg_release(m->cause);
    uk_pool_free(m, m->pool_class);
}
