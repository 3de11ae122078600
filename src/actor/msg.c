/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of messages and envelopes. Any thread; a message is shared by an atomic count. */
#include "actor/msg.h"
#include "actor/arrival.h"
#include "actor/ref.h"
#include "actor/worker.h"
#include "base/mem.h"
#include <stddef.h>
#include <string.h>

struct uk_msg_extra {
    struct uk_msg_extra *next;
    uint8_t pool_class;
    bool strange; /* it holds a uk_strange */
    _Alignas(16) uint8_t bytes[];
};

ukko_msg *ukko_msg_new(const ukko_type *type) {
    ukko_msg *m = uk_msg_new_raw(type, type->body_size);
    memset(m->body, 0, type->body_size);
    return m;
}
static void drop_extra(ukko_msg *m) {
    for (struct uk_msg_extra *e = m->extra, *next; e; e = next) {
        next = e->next;
        uk_pool_free(e, e->pool_class);
    }
}
ukko_msg *uk_msg_copy_deep(const ukko_type *type, const void *body) {
    ukko_msg *m = ukko_msg_new(type);
    if (type->body_size && body) uk_type_copy(type, m, m->body, body);
    return m;
}
ukko_msg *ukko_msg_copy(const ukko_type *type, const void *body) { return uk_msg_copy(type, body); }
void *ukko_msg_body(ukko_msg *m) { return m->body; }
void *ukko_msg_alloc(ukko_msg *m, size_t len) {
    uint8_t cls;
    struct uk_msg_extra *e = uk_pool_alloc(sizeof *e + (len ? len : 1), &cls);
    e->pool_class = cls;
    e->strange = false;
    if (m->h.env_used == UK_ENV_OWN) m->h.env_used = UK_ENV_USED; /* it is no longer plain */
    e->next = m->h.owns ? m->extra : NULL;
    m->extra = e;
    m->h.owns |= UK_OWNS_BODY;
    memset(e->bytes, 0, len ? len : 1);
    return e->bytes;
}
static struct uk_msg_extra *block_of(void *bytes) {
    return (struct uk_msg_extra *)(void *)((uint8_t *)bytes - offsetof(struct uk_msg_extra, bytes));
}
void uk_msg_keep_strange(ukko_msg *m, ukko_slice bytes, bool whole) {
    uk_strange *s = ukko_msg_alloc(m, sizeof *s + bytes.len);
    uint8_t *copy = (uint8_t *)(s + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    *s = (uk_strange){{copy, bytes.len}, whole};
    block_of(s)->strange = true;
    m->h.owns |= UK_OWNS_STRANGE;
}
const uk_strange *uk_msg_strange(const ukko_msg *m) {
    if (!(m->h.owns & UK_OWNS_STRANGE)) return NULL;
    struct uk_msg_extra *e = m->extra;
    while (e && !e->strange) e = e->next;
    return e ? (const uk_strange *)(const void *)e->bytes : NULL;
}
char *ukko_msg_strdup(ukko_msg *m, const char *text) {
    if (!text) return NULL;
    size_t n = strlen(text) + 1;
    return memcpy(ukko_msg_alloc(m, n), text, n);
}
const ukko_type *ukko_msg_type(const ukko_msg *m) { return m->type; }
const void *ukko_msg_get(const ukko_msg *m, const ukko_type *type) {
    return m && m->type == type ? m->body : NULL;
}
ukko_msg *ukko_msg_retain(const ukko_msg *msg) {
    ukko_msg *m = (ukko_msg *)(uintptr_t)msg;
    if (m) atomic_fetch_add_explicit(&m->h.refs, 1, memory_order_relaxed);
    return m;
}
uk_arrival uk_arrivals[UK_ARRIVAL_SLOTS];

enum { TAKEN_MOST = 16384 };

void uk_arrivals_tell(void) {
    uk_thread *t = &uk_here;
    if (t->taken)
        atomic_fetch_add_explicit(&uk_arrivals[t->taken_slot].taken, t->taken,
                                  memory_order_relaxed);
    t->taken = 0;
    t->has_taken = false;
}
static void count_taken(uint8_t arrival) {
    uk_thread *t = &uk_here;
    uint8_t slot = arrival >> 4;
    if (t->taken_slot != slot) uk_arrivals_tell();
    t->taken_slot = slot;
    t->taken += uk_arrival_size(arrival & 15);
    if (!t->in_turn || t->taken >= TAKEN_MOST) uk_arrivals_tell();
    else t->has_taken = true; /* told at the end of the turn */
}
void uk_msg_taken_from(ukko_msg *m) {
    uint8_t a;
    /* acquire pairs with the releases of former owners */
    if (atomic_load_explicit(&m->h.refs, memory_order_acquire) == 1) {
        a = atomic_load_explicit(&m->h.arrival, memory_order_relaxed);
        atomic_store_explicit(&m->h.arrival, 0, memory_order_relaxed);
        m->h.owns &= (uint8_t)~UK_OWNS_ARRIVAL;
    } else {
        /* relaxed: only the byte itself counts; of several takers of a shared message one gets it */
        a = atomic_exchange_explicit(&m->h.arrival, 0, memory_order_relaxed);
    }
    if (a) count_taken(a);
}

void uk_msg_free(ukko_msg *m) {
    uk_msg_taken(m);
    if (m->h.owns & UK_OWNS_BODY && m->type->n_fields) uk_type_drop(m->type, m->body);
    if (m->extra) drop_extra(m);
    uk_pool_free(m, m->h.pool_class);
}
void ukko_msg_release(ukko_msg *m) {
    if (m) uk_msg_release(m);
}

ukko_msg *uk_msg_string(const char *text, size_t len) {
    ukko_msg *m = uk_msg_new_raw(&ukko_string_type, sizeof(ukko_string) + len + 1);
    ukko_string *s = (ukko_string *)(void *)m->body;
    char *copy = (char *)(s + 1);
    if (len) memcpy(copy, text, len);
    copy[len] = 0;
    *s = (ukko_string){copy, len};
    m->h.owns = 0;
    return m;
}
ukko_msg *uk_msg_bytes(const ukko_type *type, const void *ptr, size_t len) {
    ukko_msg *m = uk_msg_new_raw(type, sizeof(ukko_slice) + len);
    ukko_slice *s = (ukko_slice *)(void *)m->body;
    if (len) memcpy(s + 1, ptr, len);
    *s = (ukko_slice){(const uint8_t *)(s + 1), len};
    m->h.owns = 0;
    return m;
}
ukko_msg *ukko_msg_string(const char *text) { return uk_msg_string(text, text ? strlen(text) : 0); }
const char *ukko_msg_text(const ukko_msg *msg) {
    const ukko_string *s = ukko_msg_get(msg, &ukko_string_type);
    return s ? s->text : NULL;
}
ukko_msg *ukko_msg_throwable(const char *class_name, const char *message) {
    ukko_throwable t = {.class_name = class_name, .message = message};
    return ukko_msg_copy(&ukko_throwable_type, &t);
}

typedef struct lone_envelope { /* for a message that others hold too */
    uk_envelope env;
    uint8_t pool_class;
} lone_envelope;

uk_envelope *uk_envelope_lone(ukko_msg *msg) {
    uint8_t cls;
    lone_envelope *l = uk_pool_alloc(sizeof *l, &cls);
    l->pool_class = cls;
    l->env.msg = msg;
    return &l->env;
}
uk_envelope *uk_envelope_new(ukko_msg *msg, ukko_ref *sender) {
    return uk_envelope_of(msg, uk_ref_retain(sender));
}
void uk_envelope_drop_slow(uk_envelope *e) { /* one of its own */
    ukko_msg *m = e->msg;
    uk_pool_free(e, ((lone_envelope *)(void *)e)->pool_class);
    uk_msg_release(m);
}
void uk_envelope_free(uk_envelope *e) {
    uk_ref_release(e->sender);
    uk_envelope_drop(e);
}
