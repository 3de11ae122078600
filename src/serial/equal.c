/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two messages hold the same values, by their field tables. Any thread. */
#include "serial/codec.h"
#include <math.h>
#include <ukko/serial.h>

enum { MAX_DEPTH = 1000 };

static bool same_body(const ukko_type *type, const void *a, const void *b, unsigned depth);
static bool same_msg(const ukko_msg *a, const ukko_msg *b, unsigned depth);

static bool same_real(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    return a == b && signbit(a) == signbit(b);
}
static bool same_chars(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }
static bool same_bytes(ukko_slice a, ukko_slice b) {
    return a.ptr && b.ptr ? uk_slice_eq(a, b) : a.ptr == b.ptr;
}
static ukko_slice text_of(const ukko_string *s) {
    size_t len = s->len || !s->text ? s->len : strlen(s->text);
    return (ukko_slice){(const uint8_t *)s->text, len};
}
static bool same_datetime(const ukko_datetime *a, const ukko_datetime *b, int parts) {
    if (parts & UKKO_PART_DATE && (a->year != b->year || a->month != b->month || a->day != b->day))
        return false;
    if (parts & UKKO_PART_TIME && (a->hour != b->hour || a->minute != b->minute ||
                                   a->second != b->second || a->nanos != b->nanos))
        return false;
    return !(parts & UKKO_PART_OFFSET) || a->offset_seconds == b->offset_seconds;
}
static bool same_struct_ptr(const ukko_type *type, const void *a, const void *b, unsigned depth) {
    return a && b ? same_body(type, a, b, depth + 1) : a == b;
}
static bool same_value(const ukko_field *f, const void *a, const void *b, unsigned depth) {
    const void *pa = a, *pb = b;
    switch (f->kind) {
    case UKKO_BOOL: return *(const bool *)a == *(const bool *)b;
    case UKKO_F32: return same_real((double)*(const float *)a, (double)*(const float *)b);
    case UKKO_F64: return same_real(*(const double *)a, *(const double *)b);
    case UKKO_STR:
    case UKKO_NUMBER: return same_chars(*(const char *const *)a, *(const char *const *)b);
    case UKKO_BYTES: return same_bytes(*(const ukko_slice *)a, *(const ukko_slice *)b);
    case UKKO_TEXT: return same_bytes(text_of(a), text_of(b));
    case UKKO_REF:
        memcpy(&pa, a, sizeof pa), memcpy(&pb, b, sizeof pb);
        return pa && pb ? ukko_ref_equal(pa, pb) : pa == pb;
    case UKKO_MSG: return same_msg(*(ukko_msg *const *)a, *(ukko_msg *const *)b, depth + 1);
    case UKKO_STRUCT: return same_body(f->type, a, b, depth + 1);
    case UKKO_STRUCTP: return same_struct_ptr(f->type, *(void *const *)a, *(void *const *)b, depth);
    case UKKO_INSTANT:
    case UKKO_TIMESPAN: {
        const ukko_instant *x = a, *y = b;
        return x->seconds == y->seconds && x->nanos == y->nanos;
    }
    case UKKO_LOCAL_DATE:
    case UKKO_LOCAL_TIME:
    case UKKO_LOCAL_DATE_TIME:
    case UKKO_OFFSET_DATE_TIME:
    case UKKO_ZONED_DATE_TIME: return same_datetime(a, b, uk_time_parts(f->kind));
    default: return !memcmp(a, b, uk_field_width(f)); /* whole numbers, UUID */
    }
}
static bool same_list(const ukko_field *f, const void *a, const void *b, unsigned depth) {
    const char *x = *(const char *const *)(const void *)((const char *)a + f->offset);
    const char *y = *(const char *const *)(const void *)((const char *)b + f->offset);
    size_t n = x ? uk_field_count(f, a) : 0, m = y ? uk_field_count(f, b) : 0;
    size_t width = uk_field_width(f);
    if (n != m || (f->flags & UKKO_OPTIONAL && !x != !y)) return false;
    for (size_t i = 0; i < n; i++)
        if (!same_value(f, x + i * width, y + i * width, depth)) return false;
    return true;
}
static bool same_field(const ukko_field *f, const void *a, const void *b, unsigned depth) {
    if (f->flags & UKKO_REPEATED) return same_list(f, a, b, depth);
    bool there = uk_field_there(f, a);
    if (there != uk_field_there(f, b)) return false;
    return !there || same_value(f, (const char *)a + f->offset, (const char *)b + f->offset, depth);
}
static bool same_body(const ukko_type *type, const void *a, const void *b, unsigned depth) {
    if (depth > MAX_DEPTH) return false;
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (!same_field(&type->fields[i], a, b, depth)) return false;
    return true;
}
/* Types with functions of their own: what they write tells. */
static bool same_written(const ukko_msg *a, const ukko_msg *b) {
    uk_buf x = {0}, y = {0};
    struct ukko_encoder ex = {&x, UK_MAX_STRING}, ey = {&y, UK_MAX_STRING};
    const ukko_codec *c = a->type->codec;
    bool same = c->encode(&ex, uk_msg_body(a)) >= 0 && c->encode(&ey, uk_msg_body(b)) >= 0 &&
                uk_slice_eq(uk_buf_slice(&x), uk_buf_slice(&y));
    uk_buf_fini(&x);
    uk_buf_fini(&y);
    return same;
}
static bool same_known(const ukko_type *t, const void *a, const void *b) {
    if (t == &ukko_string_type || t == &ukko_config_type || t == &ukko_reply_error_type)
        return uk_slice_eq(text_of(a), text_of(b));
    if (t == &ukko_json_type) {
        const ukko_json *x = a, *y = b;
        ukko_string s = {x->text, x->len}, r = {y->text, y->len};
        return same_chars(x->class_name, y->class_name) && uk_slice_eq(text_of(&s), text_of(&r));
    }
    if (t == &ukko_double_type) return same_real(*(const double *)a, *(const double *)b);
    return !memcmp(a, b, t->body_size);
}
static bool same_msg(const ukko_msg *a, const ukko_msg *b, unsigned depth) {
    if (!a || !b || a == b) return a == b;
    if (a->type != b->type || depth > MAX_DEPTH) return false;
    const void *x = uk_msg_body(a), *y = uk_msg_body(b);
    if (a->type->n_fields) return same_body(a->type, x, y, depth);
    if (a->type->codec && a->type->codec->encode) return same_written(a, b);
    return same_known(a->type, x, y);
}
bool ukko_msg_equal(const ukko_msg *a, const ukko_msg *b) { return same_msg(a, b, 0); }
