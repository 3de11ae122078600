/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a message and of an envelope. A message carries one envelope inside it, which is
   used when it is sent by its only owner; a shared message gets envelopes of their own. */
#ifndef UK_ACTOR_MSG_H
#define UK_ACTOR_MSG_H
#include <stdatomic.h>
#include <ukko/messages.h>
#include <ukko/type.h>

typedef struct uk_envelope uk_envelope;
struct uk_envelope {
    uk_envelope *next; /* in a mailbox; owned by whoever holds the envelope */
    ukko_msg *msg;     /* owned */
    ukko_ref *sender;  /* owned, or NULL */
};

struct uk_msg_extra; /* further memory of ukko_msg_alloc() */

struct ukko_msg {
    uk_envelope env;
    _Atomic uint32_t refs; /* relaxed up, acq_rel down: the last owner sees all writes */
    uint8_t pool_class, env_used, env_class_unused, pad;
    const ukko_type *type;
    struct uk_msg_extra *extra;
    _Alignas(16) uint8_t body[];
};

static inline void *uk_msg_body(const ukko_msg *m) { return (void *)(uintptr_t)m->body; }
/* The body, when m has that type. */
#define UK_BODY(S, m) ((const S *)(const void *)(m)->body)

/* A message of the type whose body is not zeroed (only for types without owned fields until all
   of them are set). */
ukko_msg *uk_msg_new_raw(const ukko_type *type, size_t body_size);
/* A string or bytes message in one block. */
ukko_msg *uk_msg_string(const char *text, size_t len);
ukko_msg *uk_msg_bytes(const ukko_type *type, const void *ptr, size_t len);

/* Takes msg; sender is retained. */
uk_envelope *uk_envelope_new(ukko_msg *msg, ukko_ref *sender);
void uk_envelope_free(uk_envelope *e); /* releases message and sender */

/* ---- type.c: walking a body by its fields ---- */
/* Checks the table once: kinds against widths, offsets inside the body. */
int uk_type_check(const ukko_type *type, ukko_error *err);
/* Size of one value of a field: of the member itself, or of one element of a list. */
size_t uk_field_width(const ukko_field *f);
/* Deep copy of from into dst, which belongs to `into`; dst is body_size bytes. */
int uk_type_copy(const ukko_type *type, ukko_msg *into, void *dst, const void *from);
/* Releases the refs and messages that a body owns. */
void uk_type_drop(const ukko_type *type, void *body);
#endif
