/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a message body by its field table: checking the table once, deep copy, dropping what a
   body owns. Any thread; a body is only ever touched by its owner. */
#include "actor/msg.h"
#include "actor/ref.h"
#include "base/error.h"
#include <string.h>

enum { MAX_DEPTH = 1000, MAX_TABLE_DEPTH = 32, MAX_BODY = 1 << 20, MAX_FIELDS = 1 << 12 };

/* ---- checking ---- */

typedef struct chain {
    const struct chain *up;
    const ukko_type *type;
} chain;

static size_t scalar_width(uint32_t kind) {
    switch (kind) {
    case UKKO_BOOL: return sizeof(bool);
    case UKKO_I32:
    case UKKO_U32:
    case UKKO_ENUM: return sizeof(int32_t);
    case UKKO_I64:
    case UKKO_U64: return sizeof(int64_t);
    case UKKO_F32: return sizeof(float);
    case UKKO_F64: return sizeof(double);
    case UKKO_BYTES: return sizeof(ukko_slice);
    case UKKO_STR:
    case UKKO_NUMBER:
    case UKKO_REF:
    case UKKO_STRUCTP:
    case UKKO_MSG: return sizeof(void *);
    case UKKO_TEXT: return sizeof(ukko_string);
    case UKKO_INSTANT: return sizeof(ukko_instant);
    case UKKO_TIMESPAN: return sizeof(ukko_timespan);
    case UKKO_LOCAL_DATE:
    case UKKO_LOCAL_TIME:
    case UKKO_LOCAL_DATE_TIME:
    case UKKO_OFFSET_DATE_TIME:
    case UKKO_ZONED_DATE_TIME: return sizeof(ukko_datetime);
    case UKKO_UUID: return sizeof(ukko_uuid);
    default: return 0;
    }
}
size_t uk_field_width(const ukko_field *f) {
    return f->kind == UKKO_STRUCT ? (f->type ? f->type->body_size : 0) : scalar_width(f->kind);
}

int uk_time_parts(uint32_t kind) {
    switch (kind) {
    case UKKO_LOCAL_DATE: return UKKO_PART_DATE;
    case UKKO_LOCAL_TIME: return UKKO_PART_TIME;
    case UKKO_LOCAL_DATE_TIME: return UKKO_PART_DATE | UKKO_PART_TIME;
    default: return UKKO_PART_DATE | UKKO_PART_TIME | UKKO_PART_OFFSET;
    }
}

static int check_type(const chain *c, ukko_error *err);

static int bad(const chain *c, const ukko_field *f, ukko_error *err, const char *why) {
    return uk_error(err, UKKO_EINVAL, "type %s, field %s: %s", c->type->name,
                    f->name ? f->name : "?", why);
}
static bool is_key(uint32_t kind) {
    return kind == UKKO_STR || kind == UKKO_BOOL || kind == UKKO_I32 || kind == UKKO_I64 ||
           kind == UKKO_U32 || kind == UKKO_U64;
}
static int check_map(const chain *c, const ukko_field *f, ukko_error *err) {
    const ukko_field *of = f->type->fields;
    if (!(f->flags & UKKO_REPEATED) || f->kind != UKKO_STRUCT)
        return bad(c, f, err, "a map is a repeated struct");
    if (f->type->n_fields != 2 || !is_key(of[0].kind) || of[0].flags & UKKO_REPEATED)
        return bad(c, f, err,
                   "the elements of a map have two fields, the first one a string or a whole number");
    if (of[1].flags & (UKKO_REPEATED | UKKO_ONEOF))
        return bad(c, f, err, "the value of a map is one value");
    return UKKO_OK;
}
/* The place that says how many there are, or whether there is one. */
static int check_teller(const chain *c, const ukko_field *f, ukko_error *err) {
    uint32_t size = c->type->body_size, teller = f->flags & (UKKO_PRESENT | UKKO_ONEOF);
    if (f->flags & UKKO_REPEATED && teller)
        return bad(c, f, err, "a list is neither PRESENT nor ONEOF");
    if (teller == (UKKO_PRESENT | UKKO_ONEOF)) return bad(c, f, err, "PRESENT or ONEOF, not both");
    if (f->flags & UKKO_ONEOF && !f->tag) return bad(c, f, err, "a member of a group needs a tag");
    size_t room = f->flags & UKKO_REPEATED  ? sizeof(size_t)
                  : f->flags & UKKO_PRESENT ? sizeof(bool)
                  : f->flags & UKKO_ONEOF   ? sizeof(uint32_t)
                                            : 0;
    if (f->count_offset > size || size - f->count_offset < room)
        return bad(c, f, err, "its count is outside of the body");
    return UKKO_OK;
}
static int check_place(const chain *c, const ukko_field *f, size_t width, ukko_error *err) {
    uint32_t size = c->type->body_size;
    if (f->width != width) return bad(c, f, err, "the member's size does not go with its kind");
    if (f->offset > size || size - f->offset < width) return bad(c, f, err, "outside of the body");
    return check_teller(c, f, err);
}
static int check_field(const chain *c, const ukko_field *f, ukko_error *err) {
    bool nested = f->kind == UKKO_STRUCT || f->kind == UKKO_STRUCTP;
    if (!f->name) return bad(c, f, err, "has no name");
    if (nested && !f->type) return bad(c, f, err, "a struct needs its type");
    if (f->kind == UKKO_ENUM && !f->labels) return bad(c, f, err, "an enum needs labels");
    size_t width = uk_field_width(f);
    if (!width) return bad(c, f, err, "unknown kind, or an empty struct");
    if (f->flags & UKKO_REPEATED) width = sizeof(void *);
    int rc = check_place(c, f, width, err);
    if (rc || !nested) return rc;
    chain down = {c, f->type};
    if ((rc = check_type(&down, err))) return rc;
    return f->flags & UKKO_MAP ? check_map(c, f, err) : UKKO_OK;
}
/* What JSON shows otherwise than as an object with these fields. */
static int check_form(const ukko_type *t, ukko_error *err) {
    if (t->flags & UKKO_TYPE_VALUE && (t->n_fields != 1 || t->fields[0].flags & UKKO_ONEOF))
        return uk_error(err, UKKO_EINVAL, "type %s: a value type has one field", t->name);
    if (!(t->flags & UKKO_TYPE_CHOICE)) return UKKO_OK;
    if (!t->manifest)
        return uk_error(err, UKKO_EINVAL, "type %s: a choice needs its property", t->name);
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const ukko_field *f = &t->fields[i];
        bool nested = f->kind == UKKO_STRUCT || f->kind == UKKO_STRUCTP;
        if (!nested || !(f->flags & UKKO_ONEOF) || f->count_offset != t->fields[0].count_offset)
            return uk_error(err, UKKO_EINVAL,
                            "type %s, field %s: a choice has structs of one group only", t->name,
                            f->name);
    }
    return UKKO_OK;
}
static int check_type(const chain *c, ukko_error *err) {
    const ukko_type *t = c->type;
    size_t depth = 0;
    for (const chain *up = c->up; up; up = up->up) {
        if (up->type == t) return UKKO_OK; /* a struct that points to its own kind */
        if (++depth > MAX_TABLE_DEPTH)
            return uk_error(err, UKKO_EINVAL, "type %s: nested too deep", t->name);
    }
    if (t->size != sizeof(ukko_type) || !t->name)
        return uk_error(err, UKKO_EINVAL, "type %s: not a ukko_type of this version",
                        t->name ? t->name : "?");
    if (t->body_size > MAX_BODY || t->n_fields > MAX_FIELDS || (t->n_fields && !t->fields))
        return uk_error(err, UKKO_EINVAL, "type %s: body or table too large", t->name);
    if (t->codec && t->codec->size != sizeof(ukko_codec))
        return uk_error(err, UKKO_EINVAL, "type %s: not a ukko_codec of this version", t->name);
    for (uint32_t i = 0; i < t->n_fields; i++) {
        int rc = check_field(c, &t->fields[i], err);
        if (rc) return rc;
    }
    return check_form(t, err);
}
int uk_type_check(const ukko_type *type, ukko_error *err) {
    chain top = {NULL, type};
    return type ? check_type(&top, err) : uk_error(err, UKKO_EINVAL, "no type given");
}

/* ---- copying ---- */

static int copy_body(const ukko_type *type, ukko_msg *into, void *dst, const void *from,
                     unsigned depth);

static int copy_bytes(ukko_msg *into, ukko_slice *dst) {
    ukko_slice from = *dst;
    if (!from.ptr) return UKKO_OK;
    uint8_t *p = ukko_msg_alloc(into, from.len + 1); /* an empty one is not NULL */
    if (from.len) memcpy(p, from.ptr, from.len);
    dst->ptr = p;
    return UKKO_OK;
}
static int copy_text(ukko_msg *into, ukko_string *dst) {
    size_t len = dst->len || !dst->text ? dst->len : strlen(dst->text);
    if (!dst->text) return len ? UKKO_EINVAL : UKKO_OK;
    char *p = ukko_msg_alloc(into, len + 1);
    if (len) memcpy(p, dst->text, len);
    *dst = (ukko_string){p, len};
    return UKKO_OK;
}
static int copy_struct_ptr(const ukko_type *type, ukko_msg *into, void **dst, unsigned depth) {
    const void *from = *dst;
    if (!from) return UKKO_OK;
    void *to = ukko_msg_alloc(into, type->body_size);
    *dst = to; /* also after a failure: what was copied by then is dropped with the message */
    return copy_body(type, into, to, from, depth + 1);
}
static bool is_struct(const ukko_field *f) {
    return f->kind == UKKO_STRUCT || f->kind == UKKO_STRUCTP;
}

/* p holds the bytes of the original: what it points to is replaced by a copy of its own. */
static int copy_value(const ukko_field *f, ukko_msg *into, void *p, unsigned depth) {
    switch (f->kind) {
    case UKKO_STR:
    case UKKO_NUMBER: *(char **)p = ukko_msg_strdup(into, *(char **)p); return UKKO_OK;
    case UKKO_TEXT: return copy_text(into, p);
    case UKKO_BYTES: return copy_bytes(into, p);
    case UKKO_REF: uk_ref_retain(*(ukko_ref **)p); return UKKO_OK;
    case UKKO_MSG: ukko_msg_retain(*(ukko_msg **)p); return UKKO_OK;
    case UKKO_STRUCTP: return copy_struct_ptr(f->type, into, p, depth);
    default: return UKKO_OK;
    }
}
static int copy_element(const ukko_field *f, ukko_msg *into, void *p, const void *from,
                        unsigned depth) {
    if (f->kind == UKKO_STRUCT) return copy_body(f->type, into, p, from, depth + 1);
    return copy_value(f, into, p, depth);
}
static int copy_list(const ukko_field *f, ukko_msg *into, void *dst, unsigned depth) {
    void **list = (void **)((char *)dst + f->offset);
    size_t *count = (size_t *)((char *)dst + f->count_offset), n = *count;
    size_t width = uk_field_width(f);
    const char *from = *list;
    *count = 0;
    *list = NULL;
    if (!from) return n ? UKKO_EINVAL : UKKO_OK;
    if (n > SIZE_MAX / 2 / width) return UKKO_ETOOBIG;
    char *to = ukko_msg_alloc(into, n ? n * width : 1);
    *list = to;
    memcpy(to, from, n * width);
    for (size_t i = 0; i < n; i++) {
        int rc = copy_element(f, into, to + i * width, from + i * width, depth);
        if (!rc || is_struct(f)) *count = i + 1; /* a struct in part is dropped like a whole one */
        if (rc) return rc;
    }
    return UKKO_OK;
}
static int copy_field(const ukko_field *f, ukko_msg *into, void *dst, const void *from,
                      unsigned depth) {
    if (f->flags & UKKO_REPEATED) return copy_list(f, into, dst, depth);
    if (!uk_field_there(f, dst)) { /* what is there instead is another member's */
        if (f->flags & UKKO_PRESENT) memset((char *)dst + f->offset, 0, f->width);
        return UKKO_OK;
    }
    return copy_element(f, into, (char *)dst + f->offset, (const char *)from + f->offset, depth);
}
/* After a failure the members that were not reached must own nothing. */
static void forget(const ukko_type *type, void *dst, uint32_t first) {
    for (uint32_t i = first; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (!uk_field_there(f, dst)) continue;
        memset((char *)dst + f->offset, 0, f->width);
        if (f->flags & UKKO_REPEATED) memset((char *)dst + f->count_offset, 0, sizeof(size_t));
        else uk_field_set_there(f, dst, false);
    }
}
static int copy_body(const ukko_type *type, ukko_msg *into, void *dst, const void *from,
                     unsigned depth) {
    if (depth > MAX_DEPTH) {
        memset(dst, 0, type->body_size);
        return UKKO_ETOOBIG;
    }
    if (type->codec && type->codec->copy) {
        memset(dst, 0, type->body_size);
        return type->codec->copy(into, dst, from);
    }
    memcpy(dst, from, type->body_size);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        int rc = copy_field(f, into, dst, from, depth);
        if (rc) {
            bool list = f->flags & UKKO_REPEATED;
            if (!list && !is_struct(f)) memset((char *)dst + f->offset, 0, f->width);
            forget(type, dst, i + 1);
            return rc;
        }
    }
    return UKKO_OK;
}
int uk_type_copy(const ukko_type *type, ukko_msg *into, void *dst, const void *from) {
    if (!type->body_size) return UKKO_OK;
    if (!from) return UKKO_EINVAL;
    return copy_body(type, into, dst, from, 0);
}

/* ---- dropping ---- */

static void drop_value(const ukko_field *f, void *p) {
    switch (f->kind) {
    case UKKO_REF: uk_ref_release(*(ukko_ref **)p); break;
    case UKKO_MSG: ukko_msg_release(*(ukko_msg **)p); break;
    case UKKO_STRUCT: uk_type_drop(f->type, p); break;
    case UKKO_STRUCTP:
        if (*(void **)p) uk_type_drop(f->type, *(void **)p);
        break;
    default: break;
    }
}
static void drop_list(const ukko_field *f, void *body) {
    char *list = *(char **)((char *)body + f->offset);
    size_t n = uk_field_count(f, body), width = uk_field_width(f);
    for (size_t i = 0; list && i < n; i++) drop_value(f, list + i * width);
}
static bool owns(uint32_t kind) {
    return kind == UKKO_REF || kind == UKKO_MSG || kind == UKKO_STRUCT || kind == UKKO_STRUCTP;
}
static void drop_field(const ukko_field *f, void *body) {
    if (!owns(f->kind) || !uk_field_there(f, body)) return;
    if (f->flags & UKKO_REPEATED) drop_list(f, body);
    else drop_value(f, (char *)body + f->offset);
}
void uk_type_drop(const ukko_type *type, void *body) {
    for (uint32_t i = 0; i < type->n_fields; i++) drop_field(&type->fields[i], body);
}
void uk_field_clear(const ukko_field *f, void *body) {
    drop_field(f, body);
    if (!uk_field_there(f, body)) return;
    memset((char *)body + f->offset, 0, f->width);
    if (f->flags & UKKO_REPEATED) memset((char *)body + f->count_offset, 0, sizeof(size_t));
    else uk_field_set_there(f, body, false);
}
void uk_field_choose(const ukko_type *type, const ukko_field *f, void *body) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *other = &type->fields[i];
        if (other != f && other->flags & UKKO_ONEOF && other->count_offset == f->count_offset &&
            uk_field_there(other, body))
            uk_field_clear(other, body);
    }
}
