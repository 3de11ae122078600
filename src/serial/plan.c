/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the plans of a registry, and the messages that are read by them. Plans are made before the
   system starts; any thread reads them afterwards. */
#include "serial/plan.h"

enum {
    OWNS_DEPTH = 8,
    VALUE_ROOM = UK_NUMBER_ROOM,
    TEXTS_INLINE = 2048 /* more is only set aside when there is a text */
};

static uk_op op_of(const ukko_field *f) {
    if (f->flags & (UKKO_REPEATED | UKKO_MAP | UKKO_PRESENT | UKKO_ONEOF)) return UK_OP_OTHER;
    switch (f->kind) {
    case UKKO_BOOL: return UK_OP_BOOL;
    case UKKO_I32: return UK_OP_I32;
    case UKKO_U32: return UK_OP_U32;
    case UKKO_I64: return UK_OP_I64;
    case UKKO_U64: return UK_OP_U64;
    case UKKO_F64: return UK_OP_F64;
    case UKKO_STR: return UK_OP_STR;
    case UKKO_TEXT: return UK_OP_TEXT;
    default: return UK_OP_OTHER;
    }
}
static uint32_t wire_of(uk_op op) {
    return op == UK_OP_F64                        ? UK_PB_FIXED64
           : op == UK_OP_STR || op == UK_OP_TEXT ? UK_PB_BYTES
                                                  : UK_PB_VARINT;
}
static bool owns(const ukko_type *type, unsigned depth) {
    if (!depth || type->codec) return true;
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->kind == UKKO_REF || f->kind == UKKO_MSG) return true;
        if (f->type && owns(f->type, depth - 1)) return true;
    }
    return false;
}
static bool is_text(uint32_t kind) {
    return kind == UKKO_STR || kind == UKKO_TEXT || kind == UKKO_BYTES || kind == UKKO_NUMBER;
}

/* The keys lie in one buffer, which moves as it grows: offsets at first. */
static void add_keys(uk_plan *p, uk_member *st, uint32_t *at) {
    uk_writer json = {&p->keys, false, true}, cbor = {&p->keys, true, false};
    at[0] = (uint32_t)p->keys.len;
    uk_w_key(&json, st->field->name, strlen(st->field->name));
    at[1] = (uint32_t)p->keys.len;
    uk_w_key(&cbor, st->field->name, strlen(st->field->name));
    st->json_len = at[1] - at[0];
    st->cbor_len = (uint32_t)p->keys.len - at[1];
}
static void add_tag(uk_plan *p, uk_member *st) {
    const ukko_field *f = st->field;
    if (f->tag && !f->flags) st->pb_op = op_of(f);
    if (!st->pb_op) return;
    uint32_t tag = f->tag << 3 | wire_of(st->pb_op);
    st->pb_len = (uint8_t)(uk_pb_write_varint(st->pb, tag) - st->pb);
    size_t i = (size_t)(st - p->steps);
    if (tag < 128 && i < 64) p->by_byte[tag] = (uk_by_byte){st->pb_op, (uint8_t)i, f->offset};
}
static void note(uk_plan *p, const ukko_field *f) {
    p->texts |= is_text(f->kind);
    p->required |= (f->flags & UKKO_REQUIRED) != 0;
    p->structs |= f->kind == UKKO_STRUCT && !(f->flags & UKKO_REPEATED);
}
static uk_plan *make(const ukko_type *type) {
    uk_plan *p = uk_zalloc(sizeof *p + type->n_fields * sizeof p->steps[0]);
    uint32_t *at = uk_zalloc((type->n_fields + 1) * 2 * sizeof *at);
    p->type = type;
    p->n = type->n_fields;
    p->owns = owns(type, OWNS_DEPTH);
    for (uint32_t i = 0; i < p->n; i++) {
        const ukko_field *f = &type->fields[i];
        uk_member *st = &p->steps[i];
        *st = (uk_member){.op = op_of(f), .offset = f->offset, .field = f};
        add_keys(p, st, at + 2 * i);
        add_tag(p, st);
        note(p, f);
        if (!st->pb_op || st->pb_op >= UK_OP_STR || i >= 64) p->absent |= 1ull << i % 64;
    }
    if (p->n > 64) p->absent = UINT64_MAX;
    size_t keys = p->keys.len;
    uk_buf_reserve(&p->keys, UK_KEY_SLACK);
    memset(p->keys.ptr + keys, 0, UK_KEY_SLACK);
    for (uint32_t i = 0; i < p->n; i++) {
        p->steps[i].json = p->keys.ptr + at[2 * i];
        p->steps[i].cbor = p->keys.ptr + at[2 * i + 1];
    }
    p->json_room = p->cbor_room = keys + p->n * VALUE_ROOM + UK_KEY_SLACK;
    p->pb_room = p->n * (sizeof p->steps[0].pb + 10) + UK_KEY_SLACK;
    uk_free(at);
    return p;
}
void uk_plan_add(uk_serial *s, const ukko_type *type) {
    if (uk_map_get(&s->plans, &type, sizeof type)) return;
    uk_plan *p = make(type);
    uk_map_put(&s->plans, &p->type, sizeof p->type, p);
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].type) uk_plan_add(s, type->fields[i].type);
}
void uk_plans_free(uk_serial *s) {
    size_t pos = 0;
    void *value;
    while (uk_map_next(&s->plans, &pos, &value)) {
        uk_buf_fini(&((uk_plan *)value)->keys);
        uk_free(value);
    }
    uk_map_fini(&s->plans);
}
const uk_plan *uk_plan_find(uk_serial *s, const ukko_type *type) {
    const uk_plan *p = uk_map_get(&s->plans, &type, sizeof type);
    /* relaxed, as the load in uk_plan_of(): plans were made before the threads that look for them */
    if (p) atomic_store_explicit(&s->near_plans[uk_near(type)], p, memory_order_relaxed);
    return p;
}

ukko_msg *uk_plan_msg(const ukko_type *type, const uk_plan *plan, size_t room, uk_texts *texts) {
    *texts = (uk_texts){NULL, 0};
    if (!plan || !plan->texts || room > TEXTS_INLINE) return ukko_msg_new(type);
    ukko_msg *m = uk_msg_new_raw(type, type->body_size + room);
    memset(m->body, 0, type->body_size);
    *texts = (uk_texts){(char *)m->body + type->body_size, room};
    return m;
}
void uk_plan_settle(const uk_plan *plan, ukko_msg *m) {
    if (plan && !plan->owns && !m->extra) m->h.owns = 0;
}
