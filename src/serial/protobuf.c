/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 2, writing: a message body as protobuf by the tags of its field table (proto3: what is
   zero is left out unless the field is OPTIONAL, REQUIRED or PRESENT). Types with codec functions do
   not come here. Any thread. */
#include "serial/protobuf.h"
#include "serial/plan.h"

static int write_struct(uk_enc *e, const ukko_type *type, const void *body, unsigned depth,
                        bool all);

/* ---- single values ---- */

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }

static uint64_t varint_of(const ukko_field *f, const void *p) {
    switch (f->kind) {
    case UKKO_BOOL: return *(const bool *)p;
    case UKKO_U32: return *(const uint32_t *)p;
    case UKKO_U64: return *(const uint64_t *)p;
    case UKKO_I64:
        if (f->flags & UKKO_ZIGZAG) return zigzag(*(const int64_t *)p);
        return (uint64_t) * (const int64_t *)p;
    default: /* I32, ENUM; negative ones take ten bytes */
        if (f->flags & UKKO_ZIGZAG) return (uint32_t)zigzag(*(const int32_t *)p);
        return (uint64_t)(int64_t) * (const int32_t *)p;
    }
}
static void put_scalar(uk_buf *out, const ukko_field *f, uint32_t wire, const void *p) {
    if (wire == UK_PB_VARINT)
        uk_pb_raw_varint(out, varint_of(f, p));
    else
        uk_buf_put(out, p, wire == UK_PB_FIXED64 ? 8 : 4); /* little-endian, see pb.c */
}
static bool is_zero(const void *p, size_t n) {
    static const uint8_t zero[16];
    return !memcmp(p, zero, n);
}
static void write_scalar(uk_buf *out, const ukko_field *f, const void *p, bool all) {
    if (!all && is_zero(p, uk_field_width(f))) return;
    uint32_t wire = uk_proto_wire(f);
    uk_pb_raw_varint(out, f->tag << 3 | wire);
    put_scalar(out, f, wire, p);
}
static void write_text(uk_buf *out, const ukko_field *f, const char *text, size_t len, bool all) {
    if (text && (len || all)) uk_pb_bytes(out, f->tag, text, len);
}
static void write_chars(uk_buf *out, const ukko_field *f, const char *text, bool all) {
    write_text(out, f, text, text ? strlen(text) : 0, all);
}
/* google.protobuf.Timestamp and Duration: 1 seconds, 2 nanos; of a negative duration both are
   negative. */
static void write_time(uk_buf *out, const ukko_field *f, const void *p) {
    ukko_timespan t = *(const ukko_timespan *)p;
    _Static_assert(sizeof(ukko_timespan) == sizeof(ukko_instant), "read as one another");
    if (f->kind == UKKO_TIMESPAN && t.seconds < 0 && t.nanos) {
        t.seconds++;
        t.nanos -= 1000000000;
    }
    size_t mark = uk_pb_begin(out, f->tag);
    if (t.seconds) uk_pb_int(out, 1, t.seconds);
    if (t.nanos) uk_pb_int(out, 2, t.nanos);
    uk_pb_end(out, mark);
}
static void write_datetime(uk_buf *out, const ukko_field *f, const void *p) {
    char tmp[UKKO_TIME_ROOM];
    if (f->kind != UKKO_LOCAL_TIME && !((const ukko_datetime *)p)->month)
        return; /* no day at all */
    uk_pb_bytes(out, f->tag, tmp, ukko_datetime_print(p, uk_time_parts(f->kind), tmp, sizeof tmp));
}
static void write_ref(uk_buf *out, const ukko_field *f, const ukko_ref *ref) {
    uk_buf scratch = {0};
    ukko_slice text = {NULL, 0};
    if (ref) text = uk_ref_wire_text(ref, &scratch);
    if (ref) uk_pb_bytes(out, f->tag, text.ptr, text.len);
    uk_buf_fini(&scratch);
}
static int write_nested(uk_enc *e, const ukko_field *f, const void *body, unsigned depth) {
    size_t mark = uk_pb_begin(e->out, f->tag);
    int rc = write_struct(e, f->type, body, depth + 1, f->flags & UKKO_MAP);
    if (!rc) uk_pb_end(e->out, mark);
    return rc;
}
static int write_pointer(uk_enc *e, const ukko_field *f, const void *ptr, unsigned depth,
                         bool all) {
    switch (f->kind) {
    case UKKO_STR:
    case UKKO_NUMBER: write_chars(e->out, f, ptr, all); return UKKO_OK;
    case UKKO_REF: write_ref(e->out, f, ptr); return UKKO_OK;
    case UKKO_MSG: return ptr ? uk_enc_payload_field(e, f->tag, ptr) : UKKO_OK;
    default: return ptr ? write_nested(e, f, ptr, depth) : UKKO_OK;
    }
}
/* all: written also when it is zero, as elements of lists and entries of maps are. */
static int write_value(uk_enc *e, const ukko_field *f, const void *p, unsigned depth, bool all) {
    const ukko_slice *b = p;
    const ukko_string *t = p;
    switch (f->kind) {
    case UKKO_STR:
    case UKKO_NUMBER:
    case UKKO_REF:
    case UKKO_MSG:
    case UKKO_STRUCTP: return write_pointer(e, f, *(void *const *)p, depth, all);
    case UKKO_STRUCT: return write_nested(e, f, p, depth);
    case UKKO_BYTES: write_text(e->out, f, (const char *)b->ptr, b->len, all); return UKKO_OK;
    case UKKO_TEXT:
        write_text(e->out, f, t->text, t->len || !t->text ? t->len : strlen(t->text), all);
        return UKKO_OK;
    case UKKO_INSTANT:
    case UKKO_TIMESPAN:
        if (all || !is_zero(p, sizeof(int64_t)) || ((const ukko_instant *)p)->nanos)
            write_time(e->out, f, p);
        return UKKO_OK;
    case UKKO_UUID:
        if (all || !is_zero(p, sizeof(ukko_uuid)))
            uk_pb_bytes(e->out, f->tag, p, sizeof(ukko_uuid));
        return UKKO_OK;
    default:
        if (uk_proto_is_scalar(f->kind))
            write_scalar(e->out, f, p, all);
        else
            write_datetime(e->out, f, p);
        return UKKO_OK;
    }
}

/* ---- lists and structs ---- */

static int write_list(uk_enc *e, const ukko_field *f, const void *body, unsigned depth) {
    const char *list = *(const char *const *)(const void *)((const char *)body + f->offset);
    size_t n = uk_field_count(f, body), width = uk_field_width(f);
    if (!list || !n) return UKKO_OK;
    if (uk_proto_is_scalar(f->kind) && !(f->flags & UKKO_UNPACKED)) {
        size_t mark = uk_pb_begin(e->out, f->tag);
        uint32_t wire = uk_proto_wire(f);
        for (size_t i = 0; i < n; i++) put_scalar(e->out, f, wire, list + i * width);
        uk_pb_end(e->out, mark);
        return UKKO_OK;
    }
    for (size_t i = 0; i < n; i++) {
        int rc = write_value(e, f, list + i * width, depth, true);
        if (rc) return rc;
    }
    return UKKO_OK;
}
static int write_field(uk_enc *e, const ukko_field *f, const void *body, unsigned depth, bool all) {
    if (f->flags & UKKO_REPEATED) return write_list(e, f, body, depth);
    if (f->flags & (UKKO_PRESENT | UKKO_ONEOF)) {
        if (!uk_field_there(f, body)) return UKKO_OK;
        all = true;
    }
    return write_value(e, f, (const char *)body + f->offset, depth,
                       all || f->flags & (UKKO_OPTIONAL | UKKO_REQUIRED));
}

/* ---- by the plan ---- */

static inline uint8_t *put_tag(uint8_t *p, const uk_member *st) {
    memcpy(p, st->pb, sizeof st->pb);
    return p + st->pb_len;
}
/* As uk_pb_write_varint(), by moving groups of seven bits together. */
static inline uint8_t *put_varint(uint8_t *p, uint64_t v) {
    if (v < 128) {
        *p = (uint8_t)v;
        return p + 1;
    }
    size_t n = uk_pb_varint_size(v);
    uint64_t top = v >> 56;
    v = (v & 0x000000000fffffffu) | (v & 0x00fffffff0000000u) << 4;
    v = (v & 0x00003fff00003fffu) | (v & 0x0fffc0000fffc000u) << 2;
    v = (v & 0x007f007f007f007fu) | (v & 0x3f803f803f803f80u) << 1;
    v |= 0x8080808080808080u >> (n > 8 ? 0 : 64 - 8 * (n - 1));
    memcpy(p, &v, 8);
    if (n > 8) { /* a negative one, mostly */
        p[8] = (uint8_t)(top & 127) | (n > 9 ? 128 : 0);
        p[9] = (uint8_t)(top >> 7);
    }
    return p + n;
}
static inline uint8_t *put_number(uint8_t *p, const uk_member *st, uint64_t v) {
    return v ? put_varint(put_tag(p, st), v) : p;
}
static uint8_t *put_text(uk_buf *out, const uk_member *st, const char *text, size_t len, uint8_t *p,
                         size_t room) {
    if (!len) return p;
    out->len = (size_t)(p - out->ptr);
    uk_buf_reserve(out, len + room);
    p = put_varint(put_tag(out->ptr + out->len, st), len);
    uk_copy_short(p, text, len);
    return p + len;
}
/* room is there before and after; out's length moves with text alone. */
static uint8_t *put_plain(uk_buf *out, const uk_member *st, const void *v, uint8_t *p,
                          size_t room) {
    const ukko_string *t = v;
    const char *text;
    uint64_t bits;
    switch (st->pb_op) {
    case UK_OP_BOOL: return put_number(p, st, *(const bool *)v);
    case UK_OP_I32: return put_number(p, st, (uint64_t)(int64_t) * (const int32_t *)v);
    case UK_OP_U32: return put_number(p, st, *(const uint32_t *)v);
    case UK_OP_I64: return put_number(p, st, (uint64_t) * (const int64_t *)v);
    case UK_OP_U64: return put_number(p, st, *(const uint64_t *)v);
    case UK_OP_F64:
        memcpy(&bits, v, 8);
        if (!bits) return p;
        p = put_tag(p, st);
        memcpy(p, &bits, 8);
        return p + 8;
    case UK_OP_STR:
        text = *(const char *const *)v;
        return put_text(out, st, text, text ? strlen(text) : 0, p, room);
    default:
        text = t->text;
        return put_text(out, st, text, !text ? 0 : t->len ? t->len : strlen(text), p, room);
    }
}
static int write_steps(uk_enc *e, const uk_plan *plan, const char *body, unsigned depth) {
    uk_buf *out = e->out;
    uk_buf_reserve(out, plan->pb_room);
    for (uint32_t i = 0; i < plan->n;) {
        uint8_t *p = out->ptr + out->len;
        for (; i < plan->n && plan->steps[i].pb_op; i++)
            p = put_plain(out, &plan->steps[i], body + plan->steps[i].offset, p, plan->pb_room);
        out->len = (size_t)(p - out->ptr);
        const ukko_field *f = i < plan->n ? plan->steps[i++].field : NULL;
        int rc = f && f->tag ? write_field(e, f, body, depth, false) : UKKO_OK;
        if (rc) return rc;
        uk_buf_reserve(out, plan->pb_room);
    }
    return UKKO_OK;
}
static int write_struct(uk_enc *e, const ukko_type *type, const void *body, unsigned depth,
                        bool all) {
    if (depth > UK_PROTO_DEPTH)
        return uk_error(e->err, UKKO_ETOOBIG, "type %s: nested too deep", type->name);
    const uk_plan *plan = all ? NULL : uk_plan_of(e->s, type);
    if (plan) return write_steps(e, plan, body, depth);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        int rc = f->tag ? write_field(e, f, body, depth, all) : UKKO_OK;
        if (rc) return rc;
    }
    return UKKO_OK;
}
int uk_proto_encode(uk_enc *e, const ukko_msg *msg) {
    const uk_strange *more = uk_msg_strange(msg);
    int rc = more && more->whole ? UKKO_OK : write_struct(e, msg->type, uk_msg_body(msg), 0, false);
    if (!rc && more) uk_buf_put(e->out, more->bytes.ptr, more->bytes.len);
    return rc;
}
