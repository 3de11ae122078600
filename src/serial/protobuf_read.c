/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 2, reading, with protobuf's rules: what comes again replaces or is merged, lists come
   scattered, packed or not, unknown fields are kept aside. Texts share one block that is as long
   as the input, so that repeated fields take no memory. Any thread; foreign bytes. */
#include "serial/protobuf.h"
#include "serial/plan.h"

enum { LIST_BUDGET = 64 << 20, OBJECT_COST = 256 };

typedef struct walk {
    uk_dec *d;
    ukko_msg *m;
    const ukko_type *root; /* the message's own type */
    uk_texts texts;
    size_t in_len;
    size_t budget;
    uk_buf strange; /* fields of the message itself that nobody knows */
    bool strange_below; /* there are some in a message within it */
} walk;

static int read_struct(walk *s, const ukko_type *type, ukko_slice in, void *body, unsigned depth);

static int bad(walk *s, const ukko_field *f, const char *why) {
    return uk_dec_fail(s->d, UKKO_EPARSE, "field [%s] (%u): %s", f->name, f->tag, why);
}
static int charge(walk *s, const ukko_field *f, size_t n) {
    if (n > s->budget)
        return uk_dec_fail(s->d, UKKO_ETOOBIG, "[%s]: more than a message may have", f->name);
    s->budget -= n;
    return UKKO_OK;
}

/* ---- single values ---- */

static int64_t unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

static void set_varint(const ukko_field *f, uint64_t v, void *p) {
    switch (f->kind) {
    case UKKO_BOOL: *(bool *)p = v != 0; break;
    case UKKO_I64: *(int64_t *)p = f->flags & UKKO_ZIGZAG ? unzigzag(v) : (int64_t)v; break;
    case UKKO_U64: *(uint64_t *)p = v; break;
    case UKKO_U32: *(uint32_t *)p = (uint32_t)v; break;
    default: *(int32_t *)p = f->flags & UKKO_ZIGZAG ? (int32_t)unzigzag((uint32_t)v) : (int32_t)v;
    }
}
static int read_scalar(walk *s, const ukko_field *f, const uk_pb_field *in, void *p) {
    if (in->wire != uk_proto_wire(f)) return bad(s, f, "another wire type");
    if (in->wire == UK_PB_VARINT)
        set_varint(f, in->value, p);
    else
        memcpy(p, &in->value, in->wire == UK_PB_FIXED64 ? 8 : 4);
    return UKKO_OK;
}
/* A terminated copy. Each byte of it was read, and at least two before it: they all fit. */
static inline char *take(walk *s, ukko_slice in) {
    if (!s->texts.at) s->texts = (uk_texts){ukko_msg_alloc(s->m, s->in_len), s->in_len};
    char *p = s->texts.at;
    uk_copy_short(p, in.ptr, in.len);
    p[in.len] = 0;
    s->texts.at += in.len + 1;
    s->texts.room -= in.len + 1;
    return p;
}
/* proto3 refuses what proto2 repairs. Which of them a type is nobody says, but of Google's own. */
static bool is_proto3(const ukko_type *type) {
    static const char own[] = "com.google.protobuf.";
    return type->class_name && !strncmp(type->class_name, own, sizeof own - 1);
}
static int read_text(walk *s, const ukko_field *f, ukko_slice in, ukko_string *out) {
    if (uk_utf8_valid(in)) {
        *out = (ukko_string){take(s, in), in.len};
        return UKKO_OK;
    }
    if (is_proto3(s->root)) return bad(s, f, "text that is not UTF-8");
    int rc = charge(s, f, in.len * 3 + OBJECT_COST); /* repaired: each bad byte becomes three */
    if (rc) return rc;
    uk_buf fixed = {0};
    uk_utf8_repair(in, &fixed);
    char *copy = ukko_msg_alloc(s->m, fixed.len + 1);
    if (fixed.len) memcpy(copy, fixed.ptr, fixed.len);
    *out = (ukko_string){copy, fixed.len};
    uk_buf_fini(&fixed);
    return UKKO_OK;
}
static int read_chars(walk *s, const ukko_field *f, ukko_slice in, const char **out) {
    ukko_string t;
    if (in.len && memchr(in.ptr, 0, in.len)) return bad(s, f, "text with a NUL inside");
    int rc = read_text(s, f, in, &t);
    if (!rc) *out = t.text;
    return rc;
}
static int read_ref(walk *s, const ukko_field *f, ukko_slice in, ukko_ref **out) {
    int rc = charge(s, f, OBJECT_COST);
    if (rc) return rc;
    uk_ref_release(*out);
    *out = uk_system_resolve_foreign(s->d->s->sys, in);
    return *out ? UKKO_OK : bad(s, f, "a reference with a uid that is no number");
}
static int read_message(walk *s, const ukko_field *f, ukko_slice in, ukko_msg **out) {
    int rc = charge(s, f, OBJECT_COST);
    if (rc) return rc;
    ukko_msg_release(*out);
    return uk_dec_payload(s->d, in, out);
}
/* One that comes again is merged, as protobuf has it. */
static int read_pointer(walk *s, const ukko_field *f, ukko_slice in, void **out, unsigned depth) {
    if (!*out) {
        int rc = charge(s, f, f->type->body_size + 32);
        if (rc) return rc;
        *out = ukko_msg_alloc(s->m, f->type->body_size);
    }
    return read_struct(s, f->type, in, *out, depth + 1);
}
static int read_time(walk *s, const ukko_field *f, ukko_slice bytes, ukko_timespan *out) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    int rc;
    bool back = out->seconds < 0 && out->nanos && f->kind == UKKO_TIMESPAN; /* as it is merged */
    int64_t seconds = back ? out->seconds + 1 : out->seconds;
    int64_t nanos = back ? out->nanos - 1000000000 : out->nanos;
    while ((rc = uk_pb_next(&in, &x)) > 0) {
        if (x.wire != UK_PB_VARINT) continue;
        if (x.number == 1) seconds = (int64_t)x.value;
        if (x.number == 2) nanos = (int32_t)x.value;
    }
    if (rc < 0 || nanos > 999999999 || nanos < -999999999) return bad(s, f, "no time");
    if (nanos < 0 && (seconds == INT64_MIN || f->kind == UKKO_INSTANT)) return bad(s, f, "no time");
    *out =
        (ukko_timespan){seconds - (nanos < 0), (int32_t)(nanos < 0 ? nanos + 1000000000 : nanos)};
    return UKKO_OK;
}
static int read_datetime(walk *s, const ukko_field *f, ukko_slice in, ukko_datetime *out) {
    char tmp[UKKO_TIME_ROOM];
    if (in.len >= sizeof tmp) return bad(s, f, "no date or time");
    if (in.len) memcpy(tmp, in.ptr, in.len);
    tmp[in.len] = 0;
    return ukko_datetime_parse(tmp, uk_time_parts(f->kind), out) ? bad(s, f, "no date or time")
                                                                 : UKKO_OK;
}
static int read_uuid(walk *s, const ukko_field *f, ukko_slice in, ukko_uuid *out) {
    if (in.len != sizeof out->bytes) return bad(s, f, "a UUID has 16 bytes");
    memcpy(out->bytes, in.ptr, sizeof out->bytes);
    return UKKO_OK;
}
static int read_value(walk *s, const ukko_field *f, const uk_pb_field *in, void *p,
                      unsigned depth) {
    if (uk_proto_is_scalar(f->kind)) return read_scalar(s, f, in, p);
    if (in->wire != UK_PB_BYTES) return bad(s, f, "another wire type");
    switch (f->kind) {
    case UKKO_STR:
    case UKKO_NUMBER: return read_chars(s, f, in->bytes, p);
    case UKKO_TEXT: return read_text(s, f, in->bytes, p);
    case UKKO_BYTES:
        *(ukko_slice *)p = (ukko_slice){(uint8_t *)take(s, in->bytes), in->bytes.len};
        return UKKO_OK;
    case UKKO_REF: return read_ref(s, f, in->bytes, p);
    case UKKO_STRUCT: return read_struct(s, f->type, in->bytes, p, depth + 1);
    case UKKO_STRUCTP: return read_pointer(s, f, in->bytes, p, depth);
    case UKKO_MSG: return read_message(s, f, in->bytes, p);
    case UKKO_INSTANT:
    case UKKO_TIMESPAN: return read_time(s, f, in->bytes, p);
    case UKKO_UUID: return read_uuid(s, f, in->bytes, p);
    default: return read_datetime(s, f, in->bytes, p);
    }
}

/* ---- lists: counted first, then filled ---- */

static int count_packed(const ukko_field *f, ukko_slice in, size_t *n) {
    if (uk_proto_wire(f) != UK_PB_VARINT) {
        size_t width = uk_field_width(f);
        *n += in.len / width;
        return in.len % width ? UKKO_EPARSE : UKKO_OK;
    }
    for (size_t i = 0; i < in.len; i++) *n += in.ptr[i] < 128;
    return in.len && in.ptr[in.len - 1] >= 128 ? UKKO_EPARSE : UKKO_OK;
}
static bool is_packed_here(const ukko_field *f, const uk_pb_field *in) {
    return uk_proto_is_scalar(f->kind) && in->wire == UK_PB_BYTES;
}
/* With another wire type it is an unknown field. */
static bool fits(const ukko_field *f, const uk_pb_field *in) {
    if (!uk_proto_is_scalar(f->kind)) return in->wire == UK_PB_BYTES;
    return in->wire == (uint32_t)uk_proto_wire(f) ||
           (in->wire == UK_PB_BYTES && f->flags & UKKO_REPEATED);
}
static int count_elements(const ukko_field *f, ukko_slice bytes, size_t *n) {
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    int rc;
    while ((rc = uk_pb_next(&in, &x)) > 0) {
        if (x.number != f->tag || !fits(f, &x)) continue;
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
    if (uk_proto_wire(f) != UK_PB_VARINT) {
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
static int fill_list(walk *s, const ukko_field *f, ukko_slice bytes, char *list, size_t *count,
                     unsigned depth) {
    size_t width = uk_field_width(f);
    uk_pb in = uk_pb_of(bytes);
    uk_pb_field x;
    while (uk_pb_next(&in, &x) > 0) {
        int rc;
        if (x.number != f->tag || !fits(f, &x)) continue;
        char *p = list + *count * width;
        if (is_packed_here(f, &x)) {
            count_packed(f, x.bytes, count);
            rc = read_packed(s, f, x.bytes, p);
        } else {
            ++*count;
            rc = read_value(s, f, &x, p, depth);
        }
        if (rc) return rc;
    }
    return UKKO_OK;
}
/* A message that is merged may have elements already: these come in front. */
static int read_list(walk *s, const ukko_field *f, ukko_slice bytes, void *body, unsigned depth) {
    char **list = (char **)(void *)((char *)body + f->offset);
    size_t *count = (size_t *)(void *)((char *)body + f->count_offset), n = 0;
    size_t width = uk_field_width(f), before = *list ? *count : 0;
    if (count_elements(f, bytes, &n)) return bad(s, f, "malformed");
    if (!n) return UKKO_OK;
    if (n > s->budget / width || before > s->budget / width - n) return charge(s, f, SIZE_MAX);
    s->budget -= (n + before) * width;
    char *room = ukko_msg_alloc(s->m, (n + before) * width);
    if (before) memcpy(room, *list, before * width);
    *list = room;
    return fill_list(s, f, bytes, room, count, depth);
}

/* ---- structs ---- */

/* Fields mostly come in the order of the table: *hint is where to look first. */
static const ukko_field *find_tag(const ukko_type *type, uint32_t tag, uint32_t *hint) {
    for (uint32_t n = 0; n < type->n_fields; n++) {
        uint32_t i = *hint + n < type->n_fields ? *hint + n : *hint + n - type->n_fields;
        if (type->fields[i].tag != tag) continue;
        *hint = i;
        return &type->fields[i];
    }
    return NULL;
}
static int read_single(walk *s, const ukko_type *type, const ukko_field *f, const uk_pb_field *x,
                       void *body, unsigned depth) {
    if (f->flags & UKKO_ONEOF) uk_field_choose(type, f, body);
    if (f->flags & (UKKO_ONEOF | UKKO_PRESENT)) {
        if (!uk_field_there(f, body)) memset((char *)body + f->offset, 0, f->width);
        uk_field_set_there(f, body, true); /* now: what it owns is dropped after a failure */
    }
    return read_value(s, f, x, (char *)body + f->offset, depth);
}
/* ---- by the plan: NULL when it is left to the general way ---- */

/* Eight groups of seven bits move together. */
static inline uint64_t join_groups(uint64_t v) {
    v = (v & 0x007f007f007f007fu) | (v & 0x7f007f007f007f00u) >> 1;
    v = (v & 0x00003fff00003fffu) | (v & 0x3fff00003fff0000u) >> 2;
    return (v & 0x000000000fffffffu) | (v & 0x0fffffff00000000u) >> 4;
}
static inline const uint8_t *get_wide_varint(const uint8_t *p, const uint8_t *end, uint64_t *out) {
    uint64_t v;
    if (end - p < 10) return NULL;
    memcpy(&v, p, 8);
    uint64_t last = ~v & 0x8080808080808080u;
    if (last) {
        v &= (last ^ (last - 1)) & 0x7f7f7f7f7f7f7f7fu; /* up to the first that is the last */
        *out = join_groups(v);
        return p + (unsigned)__builtin_ctzll(last) / 8 + 1;
    }
    v = join_groups(v & 0x7f7f7f7f7f7f7f7fu) | (uint64_t)(p[8] & 127) << 56;
    if (p[8] < 128) {
        *out = v;
        return p + 9;
    }
    if (p[9] > 1) return NULL;
    *out = v | (uint64_t)p[9] << 63;
    return p + 10;
}
/* p is not the end. */
static inline const uint8_t *get_varint(const uint8_t *p, const uint8_t *end, uint64_t *out) {
    *out = *p;
    return *p < 128 ? p + 1 : get_wide_varint(p, end, out);
}
/* One that need not be repaired; NULs are left to the general way. */
static const char *get_text(walk *s, const uint8_t *p, size_t n) {
    if (!uk_is_plain(p, n) && (memchr(p, 0, n) || !uk_utf8_valid((ukko_slice){p, n}))) return NULL;
    return take(s, (ukko_slice){p, n});
}
/* The end of the value at p. */
static inline const uint8_t *get_plain(walk *s, uint8_t op, const uint8_t *p, const uint8_t *end,
                                       void *out) {
    uint64_t v;
    const char *text;
    if (op == UK_OP_F64) {
        if (end - p < 8) return NULL;
        memcpy(out, p, 8);
        return p + 8;
    }
    if (p == end || !(p = get_varint(p, end, &v))) return NULL;
    switch (op) {
    case UK_OP_BOOL: *(bool *)out = v != 0; return p;
    case UK_OP_I32:
    case UK_OP_U32: *(uint32_t *)out = (uint32_t)v; return p;
    case UK_OP_I64:
    case UK_OP_U64: *(uint64_t *)out = v; return p;
    default: break;
    }
    if (v > (size_t)(end - p) || !(text = get_text(s, p, v))) return NULL;
    if (op == UK_OP_STR) *(const char **)out = text;
    else *(ukko_string *)out = (ukko_string){text, v};
    return p + v;
}
/* Fields of plain kinds, in any order, up to the first that is something else. Gives which. */
static uint64_t read_plain(walk *s, const uk_plan *plan, uk_pb *in, char *body) {
    const uint8_t *p = in->p, *end = in->end;
    uint64_t seen = 0;
    while (p < end && *p < 128) {
        uk_by_byte b = plan->by_byte[*p];
        const uint8_t *next = b.op ? get_plain(s, b.op, p + 1, end, body + b.offset) : NULL;
        if (!next) break;
        seen |= 1ull << b.step;
        p = next;
    }
    in->p = p;
    return seen;
}

/* What proto3 leaves out because it is empty is empty, not absent; what must be there is. */
static int finish(walk *s, const ukko_type *type, const uk_plan *plan, char *body,
                  const uint64_t *seen) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        if (plan && plan->steps[i].pb_op && plan->steps[i].pb_op < UK_OP_STR) continue;
        const ukko_field *f = &type->fields[i];
        void *p = body + f->offset;
        if (f->flags & UKKO_REQUIRED && !(seen[i / 64] >> i % 64 & 1))
            return bad(s, f, "is missing");
        if (f->flags & (UKKO_REPEATED | UKKO_OPTIONAL | UKKO_PRESENT | UKKO_ONEOF)) continue;
        if (f->kind == UKKO_STR && !*(const char **)p) *(const char **)p = "";
        if (f->kind == UKKO_TEXT && !((ukko_string *)p)->text)
            *(ukko_string *)p = (ukko_string){"", 0};
        if (f->kind == UKKO_BYTES && !((ukko_slice *)p)->ptr) *(ukko_slice *)p = ukko_str("");
    }
    return UKKO_OK;
}
/* A struct by value that did not come is one whose members did not come. */
static int fill_absent(walk *s, const ukko_type *type, const uk_plan *plan, char *body,
                       const uint64_t *seen, unsigned depth) {
    if (plan && !(plan->absent & ~seen[0])) return UKKO_OK;
    for (uint32_t i = 0; (!plan || plan->structs) && i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->kind != UKKO_STRUCT || f->flags & (UKKO_REPEATED | UKKO_PRESENT | UKKO_ONEOF))
            continue;
        if (!f->tag || seen[i / 64] >> i % 64 & 1) continue;
        int rc = read_struct(s, f->type, (ukko_slice){NULL, 0}, body + f->offset, depth + 1);
        if (rc) return rc;
    }
    return finish(s, type, plan, body, seen);
}
static int read_lists(walk *s, const ukko_type *type, ukko_slice bytes, void *body,
                      unsigned depth) {
    for (uint32_t i = 0; bytes.len && i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        int rc = f->tag && f->flags & UKKO_REPEATED ? read_list(s, f, bytes, body, depth) : UKKO_OK;
        if (rc) return rc;
    }
    return UKKO_OK;
}
/* in: what of bytes has not been read yet. */
static int read_fields(walk *s, const ukko_type *type, const uk_plan *plan, ukko_slice bytes, uk_pb in,
                       void *body, uint64_t *seen, unsigned depth) {
    uk_pb_field x;
    uint32_t hint = 0;
    int rc;
    bool lists = false;
    for (;;) {
        if (plan) seen[0] |= read_plain(s, plan, &in, body);
        const uint8_t *at = in.p;
        if ((rc = uk_pb_next(&in, &x)) <= 0) break;
        const ukko_field *f = find_tag(type, x.number, &hint);
        if (!f || !fits(f, &x)) {
            if (depth) s->strange_below = true;
            else uk_buf_put(&s->strange, at, (size_t)(in.p - at));
            continue;
        }
        size_t i = (size_t)(f - type->fields);
        seen[i / 64] |= 1ull << i % 64;
        if (f->flags & UKKO_REPEATED)
            lists = true;
        else if ((rc = read_single(s, type, f, &x, body, depth)))
            return rc;
    }
    if (rc < 0) return uk_dec_fail(s->d, rc, "malformed protobuf");
    if (lists && (rc = read_lists(s, type, bytes, body, depth))) return rc;
    return fill_absent(s, type, plan, body, seen, depth);
}
static inline int read_planned(walk *s, const ukko_type *type, const uk_plan *plan, ukko_slice bytes,
                               void *body, unsigned depth) {
    uint64_t few = 0, *seen = &few;
    uk_pb in = uk_pb_of(bytes);
    if (depth > UK_PROTO_DEPTH) return uk_dec_fail(s->d, UKKO_ETOOBIG, "nested too deep");
    if (plan) few = read_plain(s, plan, &in, body);
    if (plan && in.p == in.end && !(plan->absent & ~few)) return UKKO_OK; /* that was all */
    if (type->n_fields > 64) {
        seen = uk_zalloc(type->n_fields / 8 + 8);
        seen[0] = few;
    }
    int rc = read_fields(s, type, plan, bytes, in, body, seen, depth);
    if (seen != &few) uk_free(seen);
    return rc;
}
static int read_struct(walk *s, const ukko_type *type, ukko_slice bytes, void *body,
                       unsigned depth) {
    return read_planned(s, type, uk_plan_of(s->d->s, type), bytes, body, depth);
}
int uk_proto_decode(uk_dec *d, const ukko_type *type, ukko_slice in, ukko_msg **out) {
    const uk_plan *plan = uk_plan_of(d->s, type);
    walk s = {.d = d, .root = type, .in_len = in.len + 1, .budget = LIST_BUDGET};
    s.m = uk_plan_msg(type, plan, s.in_len, &s.texts);
    int rc = read_planned(&s, type, plan, in, s.m->body, 0);
    if (!rc) {
        uk_plan_settle(plan, s.m);
        if (s.strange_below) uk_msg_keep_strange(s.m, in, true);
        else if (s.strange.len) uk_msg_keep_strange(s.m, uk_buf_slice(&s.strange), false);
        *out = s.m;
    } else {
        ukko_msg_release(s.m);
    }
    uk_buf_fini(&s.strange);
    return rc;
}
