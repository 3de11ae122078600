/* SPDX-License-Identifier: Apache-2.0 */
/* Random messages by their field tables, for tests: the same seed gives the same message. One
   thread at a time per message. */
#include "serial/codec.h"
#include <float.h>
#include <math.h>
#include <ukko/serial.h>

enum { MAX_DEPTH = 4, MAX_ITEMS = 5, MAX_CHARS = 24 };

typedef struct dice {
    uint64_t *seed;
    ukko_system *sys;
    ukko_msg *m;
    bool proto; /* where an absent text is an empty one */
} dice;

static void roll_body(dice *d, const ukko_type *type, void *body, unsigned depth);

/* splitmix64 */
static uint64_t roll(dice *d) {
    uint64_t z = *d->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static size_t below(dice *d, size_t n) { return (size_t)(roll(d) % n); }

/* ---- scalars: small ones, ends of the range, anything ---- */

static int64_t roll_int(dice *d, int64_t min, int64_t max) {
    switch (below(d, 4)) {
    case 0: return (int64_t)below(d, 201) - 100 < min ? min : (int64_t)below(d, 100);
    case 1: return below(d, 2) ? min : max;
    case 2: return min < 0 ? -1 : 0;
    default: break;
    }
    uint64_t span = (uint64_t)max - (uint64_t)min;
    return (int64_t)((uint64_t)min + (span == UINT64_MAX ? roll(d) : roll(d) % (span + 1)));
}
static double roll_real(dice *d) {
    static const double some[] = {0.0,
                                  -0.0,
                                  1.0,
                                  -1.5,
                                  0.1,
                                  1e-3,
                                  1e7,
                                  9999999.0,
                                  1e21,
                                  1e-300,
                                  1.7976931348623157e308,
                                  4.9e-324,
                                  123456789.125,
                                  2.2250738585072014e-308};
    uint64_t bits = roll(d);
    double v;
    if (below(d, 2)) return some[below(d, sizeof some / sizeof some[0])];
    memcpy(&v, &bits, sizeof v);
    return isfinite(v) ? v : 3.25;
}
static float roll_float(dice *d) {
    static const float some[] = {0.0f,          -0.0f,    1.5f,  0.1f,
                                 3.4028235e38f, 1.4e-45f, 1e10f, 16777216.0f};
    uint32_t bits = (uint32_t)roll(d);
    float v;
    if (below(d, 2)) return some[below(d, sizeof some / sizeof some[0])];
    memcpy(&v, &bits, sizeof v);
    return isfinite(v) ? v : 0.5f;
}
static size_t put_char(char *p, uint32_t c) {
    if (c < 0x80) return *p = (char)c, 1;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i; i--, c >>= 6) p[i] = (char)(0x80 | (c & 63));
    p[0] = (char)(first[n] | c);
    return n;
}
static uint32_t roll_char(dice *d) {
    static const char specials[] = "\"\\/\b\f\n\r\t<>&'{}[],:\x01\x1f\x7f";
    switch (below(d, 12)) {
    case 0: return (uint8_t)specials[below(d, sizeof specials - 1)];
    case 1: return 0x80 + (uint32_t)below(d, 0x780);
    case 2: return 0x800 + (uint32_t)below(d, 0xd000);
    case 3: return 0xe000 + (uint32_t)below(d, 0x1ffe);
    case 4: return 0x10000 + (uint32_t)below(d, 0x100000);
    default: return 0x20 + (uint32_t)below(d, 0x5f);
    }
}
static ukko_string roll_text(dice *d) {
    char tmp[MAX_CHARS * 4];
    size_t n = below(d, 8) ? below(d, 8) : below(d, MAX_CHARS), len = 0;
    for (size_t i = 0; i < n; i++) len += put_char(tmp + len, roll_char(d));
    char *p = ukko_msg_alloc(d->m, len + 1);
    if (len) memcpy(p, tmp, len);
    return (ukko_string){p, len};
}
static ukko_slice roll_bytes(dice *d) {
    size_t n = below(d, 20);
    uint8_t *p = ukko_msg_alloc(d->m, n + 1);
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)roll(d);
    return (ukko_slice){p, n};
}
/* As Java prints it: no exponent unless it must, no zeros in front. */
static const char *roll_number(dice *d) {
    uk_buf digits = {0}, text = {0};
    size_t n = 1 + below(d, below(d, 4) ? 12 : 60);
    for (size_t i = 0; i < n; i++) uk_buf_byte(&digits, (uint8_t)('0' + below(d, 10)));
    if (digits.ptr[0] == '0') digits.ptr[0] = '7';
    if (below(d, 2)) uk_buf_byte(&text, '-');
    int64_t scale = below(d, 2) ? 0 : (int64_t)below(d, 30) - 8;
    uk_decimal_text(uk_buf_slice(&digits), scale, &text);
    const char *p = ukko_msg_strdup(d->m, uk_buf_text(&text));
    uk_buf_fini(&digits);
    uk_buf_fini(&text);
    return p;
}

/* ---- times ---- */

static int32_t roll_nanos(dice *d) {
    switch (below(d, 4)) {
    case 0: return 0;
    case 1: return (int32_t)below(d, 1000) * 1000000;
    case 2: return (int32_t)below(d, 1000000) * 1000;
    default: return (int32_t)below(d, 1000000000);
    }
}
static ukko_datetime roll_datetime(dice *d, int parts) {
    int64_t years = below(d, 8) ? 200 : 20000; /* around 1970 */
    int64_t s = (int64_t)below(d, (size_t)(years * 31556952)) - years / 2 * 31556952;
    ukko_datetime t = ukko_datetime_from_instant((ukko_instant){s, roll_nanos(d)}, 0), out = {0};
    if (parts & UKKO_PART_OFFSET)
        out.offset_seconds = below(d, 2) ? 0 : ((int32_t)below(d, 145) - 72) * 900;
    if (parts & UKKO_PART_DATE) out.year = t.year, out.month = t.month, out.day = t.day;
    if (!(parts & UKKO_PART_TIME)) return out;
    out.hour = t.hour, out.minute = t.minute, out.second = t.second, out.nanos = t.nanos;
    return out;
}
/* Instants up to the year 9999, which google.protobuf.Timestamp ends with. */
static void roll_time(dice *d, const ukko_field *f, void *p) {
    if (f->kind == UKKO_INSTANT) {
        ukko_datetime t = roll_datetime(d, UKKO_PART_DATE | UKKO_PART_TIME);
        t.year = t.year < 1 || t.year > 9999 ? 1999 : t.year;
        if (t.month == 2 && t.day == 29) t.day = 28;
        *(ukko_instant *)p = ukko_datetime_to_instant(&t);
    } else if (f->kind == UKKO_TIMESPAN) {
        int64_t range = below(d, 4) ? 100000 : 315576000000;
        *(ukko_timespan *)p = (ukko_timespan){roll_int(d, -range, range - 1), roll_nanos(d)};
    } else {
        *(ukko_datetime *)p = roll_datetime(d, uk_time_parts(f->kind));
    }
}

/* ---- members ---- */

static bool roll_absent(dice *d, const ukko_field *f) {
    return !(f->flags & UKKO_REQUIRED) && !below(d, 6);
}
static void roll_struct_ptr(dice *d, const ukko_field *f, void **p, unsigned depth) {
    bool deep = depth >= MAX_DEPTH && !(f->flags & (UKKO_REQUIRED | UKKO_ONEOF));
    if (deep || (roll_absent(d, f) && !(f->flags & UKKO_ONEOF))) return;
    *p = ukko_msg_alloc(d->m, f->type->body_size);
    roll_body(d, f->type, *p, depth + 1);
}
static int32_t roll_enum(dice *d, const ukko_field *f) {
    size_t n = 0;
    while (f->labels[n]) n++;
    return n ? (int32_t)below(d, n) : 0;
}
/* one: an element of a list or map, which is never null */
static void roll_value(dice *d, const ukko_field *f, void *p, unsigned depth, bool one) {
    bool empty = d->proto && !(f->flags & UKKO_OPTIONAL) && f->kind != UKKO_NUMBER;
    bool pointer = f->kind == UKKO_REF || f->kind == UKKO_MSG;
    bool absent = !one && (!empty || pointer) && roll_absent(d, f);
    switch (f->kind) {
    case UKKO_BOOL: *(bool *)p = below(d, 2); break;
    case UKKO_I32: *(int32_t *)p = (int32_t)roll_int(d, INT32_MIN, INT32_MAX); break;
    case UKKO_I64: *(int64_t *)p = roll_int(d, INT64_MIN, INT64_MAX); break;
    case UKKO_U32: *(uint32_t *)p = (uint32_t)roll_int(d, 0, UINT32_MAX); break;
    case UKKO_U64: *(uint64_t *)p = below(d, 2) ? roll(d) : (uint64_t)roll_int(d, 0, 1000); break;
    case UKKO_F32: *(float *)p = roll_float(d); break;
    case UKKO_F64: *(double *)p = roll_real(d); break;
    case UKKO_ENUM: *(int32_t *)p = roll_enum(d, f); break;
    case UKKO_UUID:
        for (int i = 0; i < 16; i++) ((uint8_t *)p)[i] = (uint8_t)roll(d);
        break;
    case UKKO_STR:
        if (!absent) *(const char **)p = roll_text(d).text;
        break;
    case UKKO_TEXT:
        if (!absent) *(ukko_string *)p = roll_text(d);
        break;
    case UKKO_NUMBER:
        if (!absent) *(const char **)p = roll_number(d);
        break;
    case UKKO_BYTES:
        if (!absent) *(ukko_slice *)p = roll_bytes(d);
        break;
    case UKKO_REF:
        if (!absent) *(ukko_ref **)p = ukko_ref_retain(ukko_dead_letters(d->sys));
        break;
    case UKKO_MSG:
        if (!absent) *(ukko_msg **)p = ukko_msg_string(roll_text(d).text);
        break;
    case UKKO_STRUCT: roll_body(d, f->type, p, depth + 1); break;
    case UKKO_STRUCTP: roll_struct_ptr(d, f, p, depth); break;
    default: roll_time(d, f, p);
    }
}
static bool key_taken(const ukko_field *f, const char *list, size_t n) {
    const ukko_field *key = &f->type->fields[0];
    size_t width = f->type->body_size;
    const char *mine = list + n * width + key->offset;
    for (size_t i = 0; i < n; i++) {
        const char *other = list + i * width + key->offset;
        if (key->kind == UKKO_STR ? !strcmp(*(const char *const *)(const void *)mine,
                                            *(const char *const *)(const void *)other)
                                  : !memcmp(mine, other, uk_field_width(key)))
            return true;
    }
    return false;
}
static void roll_entry(dice *d, const ukko_field *f, char *entry, unsigned depth) {
    const ukko_field *key = &f->type->fields[0], *value = &f->type->fields[1];
    roll_value(d, key, entry + key->offset, depth, true);
    uk_field_set_there(value, entry, true);
    roll_value(d, value, entry + value->offset, depth + 1, true);
}
static void roll_list(dice *d, const ukko_field *f, void *body, unsigned depth) {
    size_t n = depth >= MAX_DEPTH ? 0 : below(d, MAX_ITEMS), width = uk_field_width(f);
    bool nested = f->kind == UKKO_STRUCTP;
    size_t *count = (size_t *)(void *)((char *)body + f->count_offset);
    if (f->flags & UKKO_OPTIONAL && !n && below(d, 2)) return;
    char *list = ukko_msg_alloc(d->m, n ? n * width : 1);
    *(void **)(void *)((char *)body + f->offset) = list;
    for (size_t i = 0; i < n; i++) {
        char *p = list + i * width;
        if (f->flags & UKKO_MAP) {
            roll_entry(d, f, p, depth);
            if (key_taken(f, list, i)) break;
        } else if (nested) {
            *(void **)(void *)p = ukko_msg_alloc(d->m, f->type->body_size);
            roll_body(d, f->type, *(void **)(void *)p, depth + 1);
        } else {
            roll_value(d, f, p, depth, true);
        }
        *count = i + 1;
    }
}
/* Which member of its group the first one of a group rolls. */
static void roll_group(dice *d, const ukko_type *type, uint32_t first, void *body, unsigned depth) {
    const ukko_field *members[64], *f = &type->fields[first];
    size_t n = 0;
    for (uint32_t i = first; i < type->n_fields && n < 64; i++)
        if (type->fields[i].flags & UKKO_ONEOF && type->fields[i].count_offset == f->count_offset)
            members[n++] = &type->fields[i];
    size_t pick = below(d, n + !(type->flags & UKKO_TYPE_CHOICE));
    if (pick == n || depth > 2 * MAX_DEPTH) return;
    uk_field_set_there(members[pick], body, true);
    roll_value(d, members[pick], (char *)body + members[pick]->offset, depth, true);
}
static bool begins_group(const ukko_type *type, uint32_t at) {
    for (uint32_t i = 0; i < at; i++)
        if (type->fields[i].flags & UKKO_ONEOF &&
            type->fields[i].count_offset == type->fields[at].count_offset)
            return false;
    return true;
}
static void roll_body(dice *d, const ukko_type *type, void *body, unsigned depth) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->flags & UKKO_REPEATED) {
            roll_list(d, f, body, depth);
        } else if (f->flags & UKKO_ONEOF) {
            if (begins_group(type, i)) roll_group(d, type, i, body, depth);
        } else if (f->flags & UKKO_PRESENT) {
            if (!below(d, 3)) continue;
            uk_field_set_there(f, body, true);
            roll_value(d, f, (char *)body + f->offset, depth, true);
        } else {
            roll_value(d, f, (char *)body + f->offset, depth, false);
        }
    }
}

/* ---- types without a table ---- */

static void roll_plain(dice *d, const ukko_type *t, void *body) {
    if (t == &ukko_string_type || t == &ukko_reply_error_type)
        *(ukko_string *)body = roll_text(d);
    else if (t == &ukko_int_type)
        *(int32_t *)body = (int32_t)roll_int(d, INT32_MIN, INT32_MAX);
    else if (t == &ukko_long_type)
        *(int64_t *)body = roll_int(d, INT64_MIN, INT64_MAX);
    else if (t == &ukko_bool_type)
        *(bool *)body = below(d, 2);
    else if (t == &ukko_double_type)
        *(double *)body = roll_real(d);
}
ukko_msg *ukko_msg_random(ukko_system *sys, const ukko_type *type, uint64_t *seed) {
    dice d = {seed, sys, ukko_msg_new(type), type->serializer == UKKO_SER_PROTOBUF};
    if (type->n_fields)
        roll_body(&d, type, d.m->body, 0);
    else
        roll_plain(&d, type, d.m->body);
    return d.m;
}
