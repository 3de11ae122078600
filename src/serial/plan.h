/* SPDX-License-Identifier: Apache-2.0 */
/* What a table says, worked out once: for each member the bytes in front of it in each form, and
   whether its value is of a plain kind, which is written and read on the spot. Everything else
   takes the way that needs no plan. Made with the registry, then read by any thread. */
#ifndef UK_SERIAL_PLAN_H
#define UK_SERIAL_PLAN_H
#include "serial/codec.h"

typedef enum uk_op { /* of a value */
    UK_OP_OTHER = 0, /* not plain */
    UK_OP_BOOL,
    UK_OP_I32,
    UK_OP_U32,
    UK_OP_I64,
    UK_OP_U64,
    UK_OP_F64,
    UK_OP_STR,
    UK_OP_TEXT
} uk_op;

enum { UK_KEY_SLACK = 16 }; /* a key may be read and written that far in one go */

typedef struct uk_member { /* one member */
    uint8_t op;          /* in JSON and CBOR */
    uint8_t pb_op;       /* in protobuf */
    uint8_t pb_len;      /* of pb */
    uint8_t pb[8];       /* the tag: 5 bytes at most, copied in one go */
    uint32_t offset;     /* of the member */
    uint32_t json_len, cbor_len;
    const uint8_t *json; /* ,"name": */
    const uint8_t *cbor; /* the name */
    const ukko_field *field;
} uk_member;

typedef struct uk_by_byte { /* op 0: none */
    uint8_t op, step;    /* pb_op and number of the step, which is below 64 */
    uint32_t offset;     /* of the member */
} uk_by_byte;

typedef struct uk_plan {
    const ukko_type *type;
    uk_buf keys;
    size_t json_room, cbor_room, pb_room; /* for all members, texts apart */
    bool owns;         /* something in it must be released */
    bool texts;        /* some member is text or bytes */
    bool structs;      /* some member is a struct by value */
    bool required;     /* some member is */
    uint64_t absent;   /* members that an absence means something for, in protobuf, by bit */
    uk_by_byte by_byte[128]; /* first byte of a field in protobuf -> its step, if it is plain */
    uint32_t n;
    uk_member steps[];
} uk_plan;

/* Plans of the type and of all types inside it; those there are stay. */
void uk_plan_add(uk_serial *s, const ukko_type *type);
void uk_plans_free(uk_serial *s);
const uk_plan *uk_plan_find(uk_serial *s, const ukko_type *type);
/* NULL: none. */
static inline const uk_plan *uk_plan_of(uk_serial *s, const ukko_type *type) {
    /* relaxed, as the store in uk_plan_find(): see near_plans */
    const uk_plan *p = atomic_load_explicit(&s->near_plans[uk_near(type)], memory_order_relaxed);
    return p && p->type == type ? p : uk_plan_find(s, type);
}

/* Where texts of a message go: a block that is long enough for nearly all of them. */
typedef struct uk_texts {
    char *at;
    size_t room;
} uk_texts;
/* A message, with room for texts behind its body unless that is much. */
ukko_msg *uk_plan_msg(const ukko_type *type, const uk_plan *plan, size_t room, uk_texts *texts);
/* A message that was read whole and owns nothing need not be looked through at its end. */
void uk_plan_settle(const uk_plan *plan, ukko_msg *m);

/* ASCII without NUL. */
static inline bool uk_is_plain(const uint8_t *p, size_t n) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const uint8_t *end = p + n;
    uint64_t v, bad = 0;
    for (; end - p >= 8; p += 8) {
        memcpy(&v, p, 8);
        bad |= v | (v - ones); /* without high bits, a borrow comes from a zero byte alone */
    }
    if (n >= 8) { /* the last ones again */
        memcpy(&v, end - 8, 8);
        bad |= v | (v - ones);
    } else {
        for (; p < end; p++) bad |= (uint64_t)(*p >= 0x80 || !*p) << 7;
    }
    return !(bad & high);
}
/* Is key what stands at p? It is followed by UK_KEY_SLACK readable bytes. */
static inline bool uk_same_key(const uint8_t *p, const uint8_t *end, const uint8_t *key, size_t n) {
    uint64_t a[2], b[2];
    if (n > 16 || end - p < 16) return (size_t)(end - p) >= n && !memcmp(p, key, n);
    memcpy(a, p, 16);
    memcpy(b, key, 16);
    if (n <= 8) return !((a[0] ^ b[0]) << (64 - 8 * n)); /* little-endian, see pb.c; n is not 0 */
    return a[0] == b[0] && !((a[1] ^ b[1]) << (128 - 8 * n));
}
/* Writes it with UK_KEY_SLACK bytes of room behind; gives the end. */
static inline uint8_t *uk_put_key(uint8_t *p, const uint8_t *key, size_t n) {
    memcpy(p, key, 16);
    if (n > 16) memcpy(p + 16, key + 16, n - 16);
    return p + n;
}

/* How a format reads a whole number within least and most, and a floating point number; NULL: it is
   left to others. */
typedef const uint8_t *uk_get_int_fn(const uint8_t *p, const uint8_t *end, int64_t least,
                                     int64_t most, int64_t *out);
typedef const uint8_t *uk_get_f64_fn(const uint8_t *p, const uint8_t *end, double *out);
/* The number that a member is. Always inlined: the compiler is to know both functions. */
__attribute__((always_inline)) static inline const uint8_t *
uk_get_number(const uk_member *st, const uint8_t *p, const uint8_t *end, void *v,
              uk_get_int_fn *get_int, uk_get_f64_fn *get_f64) {
    int64_t n;
    switch (st->op) {
    case UK_OP_I32:
        if ((p = get_int(p, end, INT32_MIN, INT32_MAX, &n))) *(int32_t *)v = (int32_t)n;
        return p;
    case UK_OP_U32:
        if ((p = get_int(p, end, 0, UINT32_MAX, &n))) *(uint32_t *)v = (uint32_t)n;
        return p;
    case UK_OP_U64:
        if ((p = get_int(p, end, 0, INT64_MAX, &n))) *(uint64_t *)v = (uint64_t)n;
        return p;
    case UK_OP_I64: return get_int(p, end, INT64_MIN, INT64_MAX, v);
    default: return get_f64(p, end, v);
    }
}

/* Members that come in the order of the plan, from step `from` on, with values of their own kind:
   how many were read. The reader stands behind them, as after uk_reader_next(). */
uint32_t uk_plan_read_json(uk_reader *r, const uk_plan *plan, uint32_t from, void *body,
                           uk_texts *t);
uint32_t uk_plan_read_cbor(uk_reader *r, const uk_plan *plan, uint32_t from, void *body,
                           uk_texts *t);
/* One plain value at p; gives the end. room: see uk_plan; out's length is the caller's to set, and
   only text moves it. */
uint8_t *uk_plan_put_json(uk_buf *out, const uk_member *st, const void *v, uint8_t *p, size_t room);
uint8_t *uk_plan_put_cbor(uk_buf *out, const uk_member *st, const void *v, uint8_t *p, size_t room);
#endif
