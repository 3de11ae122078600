/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a message and of an envelope. A message carries one envelope inside it, which is
   used when it is sent by its only owner; a shared message gets envelopes of their own. */
#ifndef UK_ACTOR_MSG_H
#define UK_ACTOR_MSG_H
#include "base/pool.h"
#include <stdatomic.h>
#include <string.h>
#include <ukko/messages.h>
#include <ukko/type.h>

typedef struct uk_envelope uk_envelope;
struct uk_envelope {
    uk_envelope *next; /* in a mailbox; owned by whoever holds the envelope */
    ukko_msg *msg;     /* owned */
    ukko_ref *sender;  /* owned, or NULL */
};

struct uk_msg_extra; /* further memory of ukko_msg_alloc() */

enum {
    UK_OWNS_BODY = 1,   /* its body may hold what has to be released, or there is extra */
    UK_OWNS_ARRIVAL = 2, /* `arrival` is to be looked at */
    UK_OWNS_STRANGE = 4  /* it came with fields that nobody here knows, see uk_msg_keep_strange() */
};

/* uk_msg_head.env_used: the envelope in the message is in use. OWN: by a plain message, no AUTO, between
   two cells of one worker, made in tell.c with a block of that thread's list. */
enum { UK_ENV_FREE = 0, UK_ENV_USED = 1, UK_ENV_OWN = 2 };
typedef struct uk_msg_head {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down: the last owner sees all writes */
    uint8_t pool_class, env_used;
    uint8_t owns; /* UK_OWNS_…: not 0, and its end takes longer */
    _Atomic uint8_t arrival; /* not 0: it came from another node and waits; see arrival.h */
} uk_msg_head;

struct ukko_msg {
    uk_envelope env;
    uk_msg_head h;
    const ukko_type *type;
    union {
        struct uk_msg_extra *extra; /* when h.owns */
        uk_pool_list *list;         /* when h.env_used is OWN: where the block came from */
    };
    _Alignas(16) uint8_t body[];
};

static inline void *uk_msg_body(const ukko_msg *m) { return (void *)(uintptr_t)m->body; }
/* The body, when m has that type. */
#define UK_BODY(S, m) ((const S *)(const void *)(m)->body)

/* A message of the type whose body is not zeroed (only for types without owned fields until all
   of them are set). */
static inline ukko_msg *uk_msg_new_raw(const ukko_type *type, size_t body_size) {
    uint8_t cls = uk_pool_class(sizeof(ukko_msg) + body_size);
    ukko_msg *m = (ukko_msg *)uk_pool_take(cls, sizeof(ukko_msg) + body_size);
    atomic_init(&m->h.refs, 1);
    m->h.pool_class = cls;
    m->h.env_used = 0;
    m->h.owns = type->n_fields ? UK_OWNS_BODY : 0;
    atomic_init(&m->h.arrival, 0);
    m->type = type;
    m->extra = NULL;
    return m;
}
void uk_msg_free(ukko_msg *m); /* the last count is gone */
static inline void uk_msg_release(ukko_msg *m) {
    /* the only owner needs no atomic write; acquire pairs with the releases of earlier owners */
    if (atomic_load_explicit(&m->h.refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&m->h.refs, 1, memory_order_acq_rel) != 1)
        return;
    if (__builtin_expect(m->h.owns, 0)) uk_msg_free(m);
    else uk_pool_free(m, m->h.pool_class);
}
/* What a protobuf message came with and its type does not know goes on with it, as on a JVM. whole:
   the bytes are all of it, and not only what has to be put behind the rest. */
typedef struct uk_strange {
    ukko_slice bytes;
    bool whole;
} uk_strange;
void uk_msg_keep_strange(ukko_msg *m, ukko_slice bytes, bool whole); /* once; copies */
const uk_strange *uk_msg_strange(const ukko_msg *m);                 /* NULL: nothing */
/* A string or bytes message in one block. */
ukko_msg *uk_msg_string(const char *text, size_t len);
ukko_msg *uk_msg_bytes(const ukko_type *type, const void *ptr, size_t len);

/* Takes msg; sender is retained. */
uk_envelope *uk_envelope_new(ukko_msg *msg, ukko_ref *sender);
uk_envelope *uk_envelope_lone(ukko_msg *msg); /* for a message that others hold too */
void uk_envelope_free(uk_envelope *e); /* releases message and sender */
/* Takes msg and sender's count. */
static inline uk_envelope *uk_envelope_of(ukko_msg *msg, ukko_ref *sender) {
    uk_envelope *e = &msg->env;
    /* acquire pairs with the release of former owners, who may have used the inner envelope */
    if (__builtin_expect(
            atomic_load_explicit(&msg->h.refs, memory_order_acquire) == 1 && !msg->h.env_used, 1)) {
        msg->h.env_used = 1;
        e->msg = msg;
    } else {
        e = uk_envelope_lone(msg);
    }
    e->next = NULL;
    e->sender = sender;
    return e;
}
void uk_envelope_drop_slow(uk_envelope *e);
static inline void uk_envelope_drop(uk_envelope *e) { /* releases the message */
    ukko_msg *m = e->msg;
    if (__builtin_expect(e == &m->env, 1)) {
        m->h.env_used = 0;
        uk_msg_release(m);
    } else {
        uk_envelope_drop_slow(e);
    }
}

/* ---- type.c: walking a body by its fields ---- */
/* Checks the table once: kinds against widths, offsets inside the body. */
int uk_type_check(const ukko_type *type, ukko_error *err);
/* Size of one value of a field: of the member itself, or of one element of a list. */
size_t uk_field_width(const ukko_field *f);
/* What a text of one of the kinds of ukko_datetime shows: UKKO_PART_*. */
int uk_time_parts(uint32_t kind);
/* The number that counts a list; the bool or the tag that tells whether a member is there. */
static inline size_t uk_field_count(const ukko_field *f, const void *body) {
    return *(const size_t *)(const void *)((const char *)body + f->count_offset);
}
static inline bool uk_field_there(const ukko_field *f, const void *body) {
    const char *at = (const char *)body + f->count_offset;
    if (!(f->flags & (UKKO_PRESENT | UKKO_ONEOF))) return true;
    if (f->flags & UKKO_PRESENT) return *(const bool *)at;
    return *(const uint32_t *)(const void *)at == f->tag;
}
/* Says that the member is there from now on; its place holds nothing of another one. */
static inline void uk_field_set_there(const ukko_field *f, void *body, bool there) {
    char *at = (char *)body + f->count_offset;
    if (f->flags & UKKO_PRESENT) *(bool *)at = there;
    else if (f->flags & UKKO_ONEOF) *(uint32_t *)(void *)at = there ? f->tag : 0;
}
/* A member of a group is about to be set: drops the one that is there. */
void uk_field_choose(const ukko_type *type, const ukko_field *f, void *body);
/* Drops what the member holds and clears it. */
void uk_field_clear(const ukko_field *f, void *body);
/* Deep copy of from into dst, which belongs to `into`; dst is body_size bytes. */
int uk_type_copy(const ukko_type *type, ukko_msg *into, void *dst, const void *from);
/* Can its body be copied as it is, and owns nothing? */
static inline bool uk_type_flat(const ukko_type *t) {
    if (t->codec) return false;
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].flags & UKKO_REPEATED ||
            (t->fields[i].kind > UKKO_F64 && t->fields[i].kind != UKKO_ENUM))
            return false;
    return true;
}
ukko_msg *uk_msg_copy_deep(const ukko_type *type, const void *body);
static inline ukko_msg *uk_msg_copy(const ukko_type *type, const void *body) {
    size_t n = type->body_size;
    if (__builtin_expect((n && !body) || !uk_type_flat(type), 0))
        return uk_msg_copy_deep(type, body);
    ukko_msg *m = uk_msg_new_raw(type, n);
    m->h.owns = 0;
    if (n == 8) memcpy(m->body, body, 8); /* one move */
    else if (n) memcpy(m->body, body, n);
    return m;
}
/* Releases the refs and messages that a body owns. */
void uk_type_drop(const ukko_type *type, void *body);
#endif
