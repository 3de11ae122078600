/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 2: a message body as protobuf by the tags of its field table (proto3: what is zero is
   left out unless the field is OPTIONAL). Types with codec functions do not come here. Any thread;
   foreign bytes. */
#include "serial/codec.h"

enum { MAX_DEPTH = 100, LIST_BUDGET = 64 << 20 };

/* ---- writing ---- */

static int write_struct(uk_enc *e, const ukko_type *type, const void *body, unsigned depth,
                        bool all);

static bool is_packed(uint32_t kind) {
    return kind == UKKO_BOOL || kind == UKKO_I32 || kind == UKKO_I64 || kind == UKKO_F32 ||
           kind == UKKO_F64 || kind == UKKO_ENUM;
}
static uint64_t varint_of(const ukko_field *f, const void *p) {
    if (f->kind == UKKO_BOOL) return *(const bool *)p;
    if (f->kind == UKKO_I64) return (uint64_t)*(const int64_t *)p;
    return (uint64_t)(int64_t)*(const int32_t *)p; /* negative ones take ten bytes */
}
static void put_scalar(uk_buf *out, const ukko_field *f, const void *p) {
    if (f->kind == UKKO_F64 || f->kind == UKKO_F32)
        uk_buf_put(out, p, f->kind == UKKO_F64 ? 8 : 4);
    else
        uk_pb_raw_varint(out, varint_of(f, p));
}
static uint32_t wire_of(uint32_t kind) {
    return kind == UKKO_F64 ? UK_PB_FIXED64 : kind == UKKO_F32 ? UK_PB_FIXED32 : UK_PB_VARINT;
}
static bool is_zero(const void *p, size_t n) {
    static const uint8_t zero[16];
    return !memcmp(p, zero, n);
}
static void write_text(uk_buf *out, const ukko_field *f, const char *text, bool all) {
    if (text && (*text || all)) uk_pb_str(out, f->tag, text);
}
static int write_nested(uk_enc *e, const ukko_field *f, const void *body, unsigned depth) {
    size_t mark = uk_pb_begin(e->out, f->tag);
    int rc = write_struct(e, f->type, body, depth + 1, f->flags & UKKO_MAP);
    if (!rc) uk_pb_end(e->out, mark);
    return rc;
}
/* all: written also when it is zero, as elements of lists and entries of maps are. */
static int write_value(uk_enc *e, const ukko_field *f, const void *p, unsigned depth, bool all) {
    const void *ptr = NULL;
    if (!is_packed(f->kind) && f->kind != UKKO_STRUCT && f->kind != UKKO_BYTES)
        ptr = *(void *const *)p;
    switch (f->kind) {
    case UKKO_STR: write_text(e->out, f, ptr, all); return UKKO_OK;
    case UKKO_REF: write_text(e->out, f, ptr ? uk_ref_text(ptr) : NULL, all); return UKKO_OK;
    case UKKO_BYTES: {
        const ukko_slice *b = p;
        if (b->ptr && (b->len || all)) uk_pb_bytes(e->out, f->tag, b->ptr, b->len);
        return UKKO_OK;
    }
    case UKKO_STRUCT: return write_nested(e, f, p, depth);
    case UKKO_STRUCTP: return ptr ? write_nested(e, f, ptr, depth) : UKKO_OK;
    case UKKO_MSG: return ptr ? uk_enc_payload_field(e, f->tag, ptr) : UKKO_OK;
    default: break;
    }
    if (!all && is_zero(p, uk_field_width(f))) return UKKO_OK;
    uk_pb_raw_varint(e->out, f->tag << 3 | wire_of(f->kind));
    put_scalar(e->out, f, p);
    return UKKO_OK;
}
static int write_list(uk_enc *e, const ukko_field *f, const char *list, size_t n,
                      unsigned depth) {
    size_t width = uk_field_width(f);
    if (!list || !n) return UKKO_OK;
    if (is_packed(f->kind)) {
        size_t mark = uk_pb_begin(e->out, f->tag);
        for (size_t i = 0; i < n; i++) put_scalar(e->out, f, list + i * width);
        uk_pb_end(e->out, mark);
        return UKKO_OK;
    }
    for (size_t i = 0; i < n; i++) {
        int rc = write_value(e, f, list + i * width, depth, true);
        if (rc) return rc;
    }
    return UKKO_OK;
}
static int write_struct(uk_enc *e, const ukko_type *type, const void *body, unsigned depth,
                        bool all) {
    if (depth > MAX_DEPTH)
        return uk_error(e->err, UKKO_ETOOBIG, "type %s: nested too deep", type->name);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        const char *p = (const char *)body + f->offset;
        int rc;
        if (!f->tag) continue;
        if (f->flags & UKKO_REPEATED)
            rc = write_list(e, f, *(const char *const *)p,
                            *(const size_t *)((const char *)body + f->count_offset), depth);
        else
            rc = write_value(e, f, p, depth, all || f->flags & UKKO_OPTIONAL);
        if (rc) return rc;
    }
    return UKKO_OK;
}
int uk_proto_encode(uk_enc *e, const ukko_type *type, const void *body) {
    return write_struct(e, type, body, 0, false);
}

/* ---- reading ---- */

typedef struct walk {
    uk_dec *d;
    ukko_msg *m;
    size_t budget;
} walk;

static int read_struct(walk *s, const ukko_type *type, ukko_slice in, void *body, unsigned depth);

static int bad(walk *s, const ukko_field *f, const char *why) {
    return uk_dec_fail(s->d, UKKO_EPARSE, "field [%s] (%u): %s", f->name, f->tag, why);
}
static void set_varint(const ukko_field *f, uint64_t v, void *p) {
    if (f->kind == UKKO_BOOL)
        *(bool *)p = v != 0;
    else if (f->kind == UKKO_I64)
        *(int64_t *)p = (int64_t)v;
    else
        *(int32_t *)p = (int32_t)v;
}
static int read_scalar(walk *s, const ukko_field *f, const uk_pb_field *in, void *p) {
    if (in->wire != wire_of(f->kind)) return bad(s, f, "another wire type");
    if (in->wire == UK_PB_VARINT)
        set_varint(f, in->value, p);
    else
        memcpy(p, &in->value, in->wire == UK_PB_FIXED64 ? 8 : 4);
    return UKKO_OK;
}
static int read_bytes(walk *s, ukko_slice in, ukko_slice *out) {
    uint8_t *p = ukko_msg_alloc(s->m, in.len + 1);
    if (in.len) memcpy(p, in.ptr, in.len);
    *out = (ukko_slice){p, in.len};
    return UKKO_OK;
}
static int read_ref(walk *s, ukko_slice in, ukko_ref **out) {
    uk_ref_release(*out);
    *out = uk_system_resolve(s->d->s->sys, in);
    return UKKO_OK;
}
static int read_pointer(walk *s, const ukko_field *f, ukko_slice in, void **out, unsigned depth) {
    if (!*out) { /* one that comes again is merged, as protobuf has it */
        if (f->type->body_size > s->budget) return bad(s, f, "too many messages");
        s->budget -= f->type->body_size;
        *out = ukko_msg_alloc(s->m, f->type->body_size);
    }
    return read_struct(s, f->type, in, *out, depth + 1);
}
static int read_value(walk *s, const ukko_field *f, const uk_pb_field *in, void *p,
                      unsigned depth) {
    if (is_packed(f->kind)) return read_scalar(s, f, in, p);
    if (in->wire != UK_PB_BYTES) return bad(s, f, "another wire type");
    switch (f->kind) {
    case UKKO_STR: *(const char **)p = uk_dec_text(s->m, in->bytes); return UKKO_OK;
    case UKKO_BYTES: return read_bytes(s, in->bytes, p);
    case UKKO_REF: return read_ref(s, in->bytes, p);
    case UKKO_STRUCT: return read_struct(s, f->type, in->bytes, p, depth + 1);
    case UKKO_STRUCTP: return read_pointer(s, f, in->bytes, p, depth);
    default: ukko_msg_release(*(ukko_msg **)p); return uk_dec_payload(s->d, in->bytes, p);
    }
}

/* Lists come scattered over the message: counted first, then filled. */
static int count_packed(const ukko_field *f, ukko_slice in, size_t *n) {
    if (f->kind == UKKO_F64 || f->kind == UKKO_F32) {
        size_t width = uk_field_width(f);
        *n += in.len / width;
        return in.len % width ? UKKO_EPARSE : UKKO_OK;
    }
    for (size_t i = 0; i < in.len; i++) *n += in.ptr[i] < 128;
    return in.len && in.ptr[in.len - 1] >= 128 ? UKKO_EPARSE : UKKO_OK;
}
static bool is_packed_here(const ukko_field *f, const uk_pb_field *in) {
    return is_packed(f->kind) && in->wire == UK_PB_BYTES;
}
static int count_elements(const ukko_field *f, ukko_slice bytes, size_t *n) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    int rc;
    while ((rc = uk_pb_next(&in, &x)) > 0) {
        if (x.number != f->tag) continue;
        if (!is_packed_here(f, &x))
            ++*n;
        else if (count_packed(f, x.bytes, n))
            return UKKO_EPARSE;
    }
    return rc;
}
static int read_packed(walk *s, const ukko_field *f, ukko_slice in, char *p) {
    size_t width = uk_field_width(f);
    const uint8_t *at = in.ptr, *end = in.ptr + in.len;
    if (wire_of(f->kind) != UK_PB_VARINT) {
        memcpy(p, in.ptr, in.len);
        return UKKO_OK;
    }
    for (; at < end; p += width) {
        uint64_t v = 0;
        unsigned shift = 0;
        do {
            if (shift > 63) return bad(s, f, "a number is too long");
            v |= (uint64_t)(*at & 127) << shift;
            shift += 7;
        } while (*at++ >= 128); /* the last byte is below 128: counted so */
        set_varint(f, v, p);
    }
    return UKKO_OK;
}
static int read_list(walk *s, const ukko_field *f, ukko_slice bytes, void *body, unsigned depth) {
    char **list = (char **)((char *)body + f->offset);
    size_t *count = (size_t *)((char *)body + f->count_offset), n = 0;
    size_t width = uk_field_width(f);
    if (count_elements(f, bytes, &n)) return bad(s, f, "malformed");
    if (!n || *list) return UKKO_OK;
    if (n > s->budget / width) return uk_dec_fail(s->d, UKKO_ETOOBIG, "[%s] is too long", f->name);
    s->budget -= n * width;
    *list = ukko_msg_alloc(s->m, n * width);
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    while (uk_pb_next(&in, &x) > 0) {
        if (x.number != f->tag) continue;
        char *p = *list + *count * width;
        size_t before = *count;
        int rc;
        if (is_packed_here(f, &x)) {
            count_packed(f, x.bytes, count);
            rc = read_packed(s, f, x.bytes, p);
        } else {
            *count = before + 1;
            rc = read_value(s, f, &x, p, depth);
        }
        if (rc) return rc;
    }
    return UKKO_OK;
}
static const ukko_field *find_tag(const ukko_type *type, uint32_t tag) {
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].tag == tag) return &type->fields[i];
    return NULL;
}
/* What proto3 leaves out because it is empty is empty, not absent. */
static void fill_absent(const ukko_type *type, char *body) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->flags & (UKKO_REPEATED | UKKO_OPTIONAL)) continue;
        void *p = body + f->offset;
        if (f->kind == UKKO_STR && !*(const char **)p) *(const char **)p = "";
        if (f->kind == UKKO_BYTES && !((ukko_slice *)p)->ptr) *(ukko_slice *)p = ukko_str("");
        if (f->kind == UKKO_STRUCT) fill_absent(f->type, p);
    }
}
static int read_struct(walk *s, const ukko_type *type, ukko_slice bytes, void *body,
                       unsigned depth) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    int rc;
    if (depth > MAX_DEPTH) return uk_dec_fail(s->d, UKKO_ETOOBIG, "nested too deep");
    while ((rc = uk_pb_next(&in, &x)) > 0) {
        const ukko_field *f = find_tag(type, x.number);
        if (!f || f->flags & UKKO_REPEATED) continue;
        if ((rc = read_value(s, f, &x, (char *)body + f->offset, depth))) return rc;
    }
    if (rc < 0) return uk_dec_fail(s->d, rc, "malformed protobuf");
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (!f->tag || !(f->flags & UKKO_REPEATED)) continue;
        if ((rc = read_list(s, f, bytes, body, depth))) return rc;
    }
    fill_absent(type, body);
    return UKKO_OK;
}
int uk_proto_decode(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out) {
    walk s = {d, ukko_msg_new(type), LIST_BUDGET};
    int rc = read_struct(&s, type, in, s.m->body, 0);
    if (rc) {
        ukko_msg_release(s.m);
        return rc;
    }
    *out = s.m;
    return UKKO_OK;
}
