/* SPDX-License-Identifier: Apache-2.0 */
/* A message body from JSON or CBOR by its field table, with Jackson's leniency: unknown fields are
   passed over, absent ones are zero, numbers come in strings too. Any thread; foreign bytes. */
#include "serial/jackson.h"
#include "serial/plan.h"
#include <math.h>

enum {
    LIST_BUDGET = 64 << 20, /* bytes that the lists of one message may take */
    TEXT_BLOCK = 4096,
    REF_COST = 256,    /* of an actor reference, of the same budget */
    MAX_STRUCTS = 1000 /* structs within structs: this part is recursive */
};

typedef struct walk {
    uk_dec *d;
    uk_reader r;
    ukko_msg *m;
    uk_texts texts; /* mostly no longer than what they were read from */
    size_t arena_size;
    bool has_arena;
    size_t budget;
    unsigned depth;
    const char *field; /* being read */
    const uk_serializer *ser;
} walk;

static int read_struct(walk *s, const ukko_type *type, void *body);

static int wrong(walk *s, const char *want) {
    return uk_dec_fail(s->d, UKKO_EPARSE, "field [%s] is not %s", s->field, want);
}
static int reader_fail(walk *s, int rc) {
    if (rc == UKKO_ETOOBIG)
        return uk_dec_fail(s->d, rc, "nested too deep, or a name or number too long");
    return uk_dec_fail(s->d, rc, "malformed %s near field [%s]", s->r.cbor ? "CBOR" : "JSON",
                       s->field);
}
static int advance(walk *s) {
    int rc = uk_reader_next(&s->r);
    return rc ? reader_fail(s, rc) : UKKO_OK;
}
static int skip(walk *s) {
    int rc = uk_reader_skip(&s->r);
    return rc ? reader_fail(s, rc) : UKKO_OK;
}

/* ---- memory, of which a message gets so much ---- */

static int charge(walk *s, size_t n) {
    if (n > s->budget)
        return uk_dec_fail(s->d, UKKO_ETOOBIG, "more elements than a message may have");
    s->budget -= n;
    return UKKO_OK;
}
/* Texts are mostly no longer than what they were read from: one block holds them. */
static char *take(walk *s, size_t n) {
    if (n > s->texts.room) {
        size_t block = s->has_arena ? TEXT_BLOCK : s->arena_size;
        if (s->has_arena && charge(s, n > block ? n : block)) return NULL;
        if (n > block) return ukko_msg_alloc(s->m, n);
        s->texts = (uk_texts){ukko_msg_alloc(s->m, block), block};
        s->has_arena = true;
    }
    char *p = s->texts.at;
    s->texts.at += n;
    s->texts.room -= n;
    return p;
}
static char *copy_text(walk *s, ukko_slice t) {
    char *p = take(s, t.len + 1);
    if (!p) return NULL;
    if (t.len) memcpy(p, t.ptr, t.len);
    p[t.len] = 0;
    return p;
}
static int take_text(walk *s, ukko_slice t, const char **out) {
    if (t.len && memchr(t.ptr, 0, t.len)) return wrong(s, "text without NUL");
    return (*out = copy_text(s, t)) ? UKKO_OK : UKKO_ETOOBIG;
}

/* ---- scalars ---- */

/* A number in a string, as Jackson takes it. */
static bool text_number(walk *s, double *out, int64_t *whole) {
    uk_reader r;
    ukko_slice t = s->r.text; /* as Java trims it */
    while (t.len && t.ptr[0] <= ' ') t = (ukko_slice){t.ptr + 1, t.len - 1};
    while (t.len && t.ptr[t.len - 1] <= ' ') t.len--;
    uk_reader_init(&r, t, false, 1);
    bool ok = t.len && !uk_reader_next(&r) && r.p == r.end &&
              (r.tok == UK_TOK_INT || r.tok == UK_TOK_REAL);
    *out = r.real;
    *whole = r.tok == UK_TOK_INT ? r.integer : 0;
    bool is_int = r.tok == UK_TOK_INT;
    uk_reader_fini(&r);
    if (ok && !is_int && fabs(*out) < 9.2e18) *whole = (int64_t)*out;
    return ok;
}
static int read_int(walk *s, int64_t min, int64_t max, int64_t *out) {
    int64_t v = 0;
    double real;
    switch (s->r.tok) {
    case UK_TOK_NULL: break;
    case UK_TOK_INT: v = s->r.integer; break;
    case UK_TOK_REAL:
        if (!(fabs(s->r.real) < 9.2e18)) return wrong(s, "an integer in its range");
        v = (int64_t)s->r.real;
        break;
    case UK_TOK_STR:
        if (s->r.text.len && !text_number(s, &real, &v)) return wrong(s, "an integer");
        break;
    default: return wrong(s, "an integer");
    }
    if (v < min || v > max) return wrong(s, "an integer in its range");
    *out = v;
    return UKKO_OK;
}
static int read_u64(walk *s, uint64_t max, uint64_t *out) {
    int64_t v = 0;
    ukko_slice t = s->r.text;
    bool text = s->r.tok == UK_TOK_REAL || s->r.tok == UK_TOK_STR;
    uint64_t n = 0;
    if (text && t.len >= 19 && t.len <= 20) { /* what an int64_t does not hold */
        bool fits = true;
        for (size_t i = 0; i < t.len; i++)
            fits &= t.ptr[i] >= '0' && t.ptr[i] <= '9' && !__builtin_mul_overflow(n, 10, &n) &&
                    !__builtin_add_overflow(n, (uint64_t)(t.ptr[i] - '0'), &n);
        if (!fits || n > max) return wrong(s, "an integer in its range");
        *out = n;
        return UKKO_OK;
    }
    int rc = read_int(s, 0, max > INT64_MAX ? INT64_MAX : (int64_t)max, &v);
    if (!rc) *out = (uint64_t)v;
    return rc;
}
static int read_u32(walk *s, uint32_t *out) {
    uint64_t v;
    int rc = read_u64(s, UINT32_MAX, &v);
    if (!rc) *out = (uint32_t)v;
    return rc;
}
static int read_i32(walk *s, int32_t *out) {
    int64_t v;
    int rc = read_int(s, INT32_MIN, INT32_MAX, &v);
    if (!rc) *out = (int32_t)v;
    return rc;
}
static int text_real(walk *s, double *out) {
    int64_t whole;
    ukko_slice t = s->r.text;
    if (!t.len)
        *out = 0;
    else if (uk_slice_is(t, "NaN"))
        *out = NAN;
    else if (uk_slice_is(t, "Infinity") || uk_slice_is(t, "INF"))
        *out = INFINITY;
    else if (uk_slice_is(t, "-Infinity") || uk_slice_is(t, "-INF"))
        *out = -INFINITY;
    else if (!text_number(s, out, &whole))
        return wrong(s, "a number");
    return UKKO_OK;
}
static int read_real(walk *s, double *out) {
    switch (s->r.tok) {
    case UK_TOK_NULL: *out = 0; return UKKO_OK;
    case UK_TOK_INT:
    case UK_TOK_REAL: *out = s->r.real; return UKKO_OK;
    case UK_TOK_STR: return text_real(s, out);
    default: return wrong(s, "a number");
    }
}
static int read_f32(walk *s, float *out) {
    double v;
    int rc = read_real(s, &v);
    if (!rc) *out = (float)v;
    return rc;
}
static int read_bool(walk *s, bool *out) {
    ukko_slice t = s->r.text;
    switch (s->r.tok) {
    case UK_TOK_NULL:
    case UK_TOK_FALSE: *out = false; return UKKO_OK;
    case UK_TOK_TRUE: *out = true; return UKKO_OK;
    case UK_TOK_INT: *out = s->r.integer != 0; return UKKO_OK;
    case UK_TOK_STR:
        if (!uk_slice_is(t, "true") && !uk_slice_is(t, "false") && t.len) break;
        *out = uk_slice_is(t, "true");
        return UKKO_OK;
    default: break;
    }
    return wrong(s, "a boolean");
}
/* The text of a scalar; tmp has UK_NUMBER_ROOM. ptr NULL: null. */
static int scalar_text(walk *s, char *tmp, ukko_slice *out) {
    ukko_slice t = s->r.text;
    switch (s->r.tok) {
    case UK_TOK_NULL: t = (ukko_slice){NULL, 0}; break;
    case UK_TOK_STR: break;
    case UK_TOK_TRUE: t = ukko_str("true"); break;
    case UK_TOK_FALSE: t = ukko_str("false"); break;
    case UK_TOK_INT:
        if (!t.len) t = (ukko_slice){(uint8_t *)tmp, uk_print_int(tmp, s->r.integer)};
        break;
    case UK_TOK_REAL:
        if (t.len) break;
        if (!isfinite(s->r.real)) return wrong(s, "text");
        t = (ukko_slice){(uint8_t *)tmp, uk_print_f64(tmp, s->r.real)};
        break;
    default: return wrong(s, "text");
    }
    *out = t;
    return UKKO_OK;
}
static int read_str(walk *s, const char **out) {
    char tmp[UK_NUMBER_ROOM];
    ukko_slice t;
    int rc = scalar_text(s, tmp, &t);
    if (rc) return rc;
    if (s->r.tok != UK_TOK_NULL) return take_text(s, t, out);
    *out = NULL;
    return UKKO_OK;
}
static int read_text(walk *s, ukko_string *out) {
    char tmp[UK_NUMBER_ROOM];
    ukko_slice t;
    int rc = scalar_text(s, tmp, &t);
    if (rc) return rc;
    *out = (ukko_string){NULL, 0};
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    char *p = copy_text(s, t);
    if (!p) return UKKO_ETOOBIG;
    *out = (ukko_string){p, t.len};
    return UKKO_OK;
}
static int read_number(walk *s, const char **out) {
    bool whole, number = s->r.tok == UK_TOK_INT || s->r.tok == UK_TOK_REAL;
    if (s->r.tok == UK_TOK_STR && uk_number_valid(s->r.text, &whole)) number = true;
    if (!number && s->r.tok != UK_TOK_NULL) return wrong(s, "a number");
    return read_str(s, out);
}

/* ---- times ---- */

/* The text of a date or a number, terminated. */
static int time_text(walk *s, char *tmp) {
    if (s->r.tok != UK_TOK_STR || s->r.text.len >= UKKO_TIME_ROOM || !s->r.text.len ||
        memchr(s->r.text.ptr, 0, s->r.text.len))
        return wrong(s, "a date, time or duration");
    memcpy(tmp, s->r.text.ptr, s->r.text.len);
    tmp[s->r.text.len] = 0;
    return UKKO_OK;
}
/* Seconds as a number, with a fraction: what Jackson writes as "timestamps". */
static int time_number(walk *s, int64_t *seconds, int32_t *nanos) {
    double v = s->r.real, whole = floor(v);
    if (!(fabs(v) < 1e18)) return wrong(s, "a time in its range");
    *seconds = s->r.tok == UK_TOK_INT ? s->r.integer : (int64_t)whole;
    *nanos = 0;
    const uint8_t *point = s->r.text.len ? memchr(s->r.text.ptr, '.', s->r.text.len) : NULL;
    if (s->r.tok == UK_TOK_INT) return UKKO_OK;
    if (!point || v < 0) {
        *nanos = (int32_t)((v - whole) * 1e9);
        return UKKO_OK;
    }
    const uint8_t *end = s->r.text.ptr + s->r.text.len;
    int n = 0;
    for (point++; point < end && n < 9 && *point >= '0' && *point <= '9'; point++, n++)
        *nanos = *nanos * 10 + (*point - '0');
    for (; n < 9; n++) *nanos *= 10;
    return UKKO_OK;
}
static bool is_number(const walk *s) { return s->r.tok == UK_TOK_INT || s->r.tok == UK_TOK_REAL; }
static int read_instant(walk *s, ukko_instant *out) {
    char tmp[UKKO_TIME_ROOM];
    if (is_number(s)) return time_number(s, &out->seconds, &out->nanos);
    int rc = time_text(s, tmp);
    if (rc) return rc;
    return ukko_instant_parse(tmp, out) ? wrong(s, "an instant") : UKKO_OK;
}
static int read_timespan(walk *s, ukko_timespan *out) {
    char tmp[UKKO_TIME_ROOM];
    if (is_number(s)) return time_number(s, &out->seconds, &out->nanos);
    int rc = time_text(s, tmp);
    if (rc) return rc;
    return ukko_timespan_parse(tmp, out) ? wrong(s, "a duration") : UKKO_OK;
}
/* [year, month, day, hour, minute, second, nanos], each but the first ones as far as given. */
static int read_time_parts(walk *s, int parts, ukko_datetime *out) {
    int64_t v[7] = {0, 1, 1, 0, 0, 0, 0};
    int from = parts & UKKO_PART_DATE ? 0 : 3, end = parts & UKKO_PART_TIME ? 7 : 3, n = from;
    for (;; n++) {
        int rc = advance(s);
        if (rc) return rc;
        if (s->r.tok == UK_TOK_ARR_END) break;
        if (n == end || s->r.tok != UK_TOK_INT) return wrong(s, "a date or time in parts");
        v[n] = s->r.integer;
    }
    char tmp[UKKO_TIME_ROOM];
    ukko_datetime t = {.year = (int32_t)v[0]};
    bool fits =
        n - from >= 2 && v[0] >= -999999999 && v[0] <= 999999999 && v[6] >= 0 && v[6] <= 999999999;
    for (int i = 1; i < 6; i++) fits &= v[i] >= 0 && v[i] < 60;
    t.month = (uint8_t)v[1], t.day = (uint8_t)v[2], t.hour = (uint8_t)v[3];
    t.minute = (uint8_t)v[4], t.second = (uint8_t)v[5], t.nanos = (int32_t)v[6];
    if (fits) ukko_datetime_print(&t, parts, tmp, sizeof tmp);
    return fits && !ukko_datetime_parse(tmp, parts, out) ? UKKO_OK
                                                         : wrong(s, "a date or time in parts");
}
static int read_datetime(walk *s, uint32_t kind, ukko_datetime *out) {
    char tmp[UKKO_TIME_ROOM];
    int parts = uk_time_parts(kind);
    ukko_instant i;
    if (is_number(s) && parts & UKKO_PART_OFFSET) {
        int bad = time_number(s, &i.seconds, &i.nanos);
        if (!bad) *out = ukko_datetime_from_instant(i, 0);
        return bad;
    }
    if (s->r.tok == UK_TOK_ARR && !(parts & UKKO_PART_OFFSET))
        return read_time_parts(s, parts, out);
    int rc = time_text(s, tmp);
    if (rc) return rc;
    return ukko_datetime_parse(tmp, parts, out) ? wrong(s, "a date or time") : UKKO_OK;
}
static int read_uuid(walk *s, ukko_uuid *out) {
    char tmp[UKKO_TIME_ROOM];
    if (s->r.tok == UK_TOK_BYTES && s->r.text.len == sizeof out->bytes) {
        memcpy(out->bytes, s->r.text.ptr, sizeof out->bytes);
        return UKKO_OK;
    }
    int rc = time_text(s, tmp);
    if (rc) return rc;
    return ukko_uuid_parse(tmp, out) ? wrong(s, "a UUID") : UKKO_OK;
}
/* null: a value of zeros. */
static int read_special(walk *s, const ukko_field *f, void *out) {
    uint32_t kind = f->kind;
    if (s->r.tok == UK_TOK_NULL) {
        memset(out, 0, uk_field_width(f));
        return UKKO_OK;
    }
    if (kind == UKKO_INSTANT) return read_instant(s, out);
    if (kind == UKKO_TIMESPAN) return read_timespan(s, out);
    if (kind == UKKO_UUID) return read_uuid(s, out);
    return read_datetime(s, kind, out);
}
static int read_bytes(walk *s, ukko_slice *out) {
    uk_buf raw = {0};
    ukko_slice from = s->r.text;
    if (s->r.tok == UK_TOK_NULL) {
        *out = (ukko_slice){NULL, 0};
        return UKKO_OK;
    }
    if (s->r.tok == UK_TOK_STR) {
        int rc = uk_base64_get(&raw, from);
        from = uk_buf_slice(&raw);
        if (rc) {
            uk_buf_fini(&raw);
            return wrong(s, "base64");
        }
    } else if (s->r.tok != UK_TOK_BYTES) {
        return wrong(s, "bytes");
    }
    char *p = copy_text(s, from);
    size_t n = from.len;
    uk_buf_fini(&raw);
    if (!p) return UKKO_ETOOBIG;
    *out = (ukko_slice){(uint8_t *)p, n};
    return UKKO_OK;
}
static int read_ref(walk *s, ukko_ref **out) {
    uk_ref_release(*out);
    *out = NULL;
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (s->r.tok != UK_TOK_STR) return wrong(s, "the path of an actor");
    int rc = charge(s, REF_COST);
    if (!rc) *out = uk_system_resolve_foreign(s->d->s->sys, s->r.text);
    return rc || *out ? rc : wrong(s, "the path of an actor");
}
static int read_enum(walk *s, const ukko_field *f, int32_t *out) {
    int32_t n = 0;
    if (s->r.tok == UK_TOK_NULL) {
        *out = -1;
        return UKKO_OK;
    }
    for (; f->labels[n]; n++) {
        if (s->r.tok != UK_TOK_STR || !uk_slice_is(s->r.text, f->labels[n])) continue;
        *out = n;
        return UKKO_OK;
    }
    if (s->r.tok != UK_TOK_INT || s->r.integer < 0 || s->r.integer >= n)
        return wrong(s, "a value of its enum");
    *out = (int32_t)s->r.integer;
    return UKKO_OK;
}

/* ---- structs and lists ---- */

static int read_list(walk *s, const ukko_field *f, void *body);
static int read_bare(walk *s, const ukko_type *type, void *body);
static int read_choice(walk *s, const ukko_type *type, void *body);

/* At the value of a struct that is not null. */
static int read_form(walk *s, const ukko_type *type, void *body) {
    if (type->flags & UKKO_TYPE_VALUE) return read_bare(s, type, body);
    if (s->r.tok != UK_TOK_OBJ) return wrong(s, "an object");
    return type->flags & UKKO_TYPE_CHOICE ? read_choice(s, type, body) : read_struct(s, type, body);
}
/* One that comes again takes the place of the first. */
static int read_struct_value(walk *s, const ukko_type *type, void *body) {
    uk_type_drop(type, body);
    memset(body, 0, type->body_size);
    return s->r.tok == UK_TOK_NULL ? UKKO_OK : read_form(s, type, body);
}
static int new_struct(walk *s, const ukko_type *type, void **out) {
    int rc = charge(s, type->body_size + 32);
    if (!rc) *out = ukko_msg_alloc(s->m, type->body_size);
    return rc;
}
static int read_struct_ptr(walk *s, const ukko_type *type, void **out) {
    void *place = *out;
    *out = NULL;
    if (place) uk_type_drop(type, place);
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (!place) {
        int rc = new_struct(s, type, out);
        return rc ? rc : read_form(s, type, *out);
    }
    memset(place, 0, type->body_size);
    *out = place;
    return read_form(s, type, place);
}
static int read_value(walk *s, const ukko_field *f, void *p) {
    switch (f->kind) {
    case UKKO_BOOL: return read_bool(s, p);
    case UKKO_I32: return read_i32(s, p);
    case UKKO_I64: return read_int(s, INT64_MIN, INT64_MAX, p);
    case UKKO_U32: return read_u32(s, p);
    case UKKO_U64: return read_u64(s, UINT64_MAX, p);
    case UKKO_F32: return read_f32(s, p);
    case UKKO_F64: return read_real(s, p);
    case UKKO_STR: return read_str(s, p);
    case UKKO_TEXT: return read_text(s, p);
    case UKKO_NUMBER: return read_number(s, p);
    case UKKO_BYTES: return read_bytes(s, p);
    case UKKO_REF: return read_ref(s, p);
    case UKKO_ENUM: return read_enum(s, f, p);
    case UKKO_STRUCT: return read_struct_value(s, f->type, p);
    case UKKO_STRUCTP: return read_struct_ptr(s, f->type, p);
    case UKKO_MSG: return wrong(s, "something that can be read");
    default: return read_special(s, f, p);
    }
}
/* A member that may be missing, or that takes the place of another one. */
static int read_maybe(walk *s, const ukko_type *type, const ukko_field *f, void *body) {
    if (s->r.tok == UK_TOK_NULL) {
        uk_field_clear(f, body);
        return UKKO_OK;
    }
    if (f->flags & UKKO_ONEOF) uk_field_choose(type, f, body);
    if (!uk_field_there(f, body)) memset((char *)body + f->offset, 0, f->width);
    uk_field_set_there(f, body, true); /* now, so that what it owns is dropped after a failure */
    return read_value(s, f, (char *)body + f->offset);
}
static int read_field(walk *s, const ukko_type *type, const ukko_field *f, void *body) {
    if (f->flags & UKKO_REPEATED) return read_list(s, f, body);
    if (f->flags & (UKKO_PRESENT | UKKO_ONEOF)) return read_maybe(s, type, f, body);
    return read_value(s, f, (char *)body + f->offset);
}
static int read_bare(walk *s, const ukko_type *type, void *body) {
    if (s->depth >= MAX_STRUCTS) return uk_dec_fail(s->d, UKKO_ETOOBIG, "nested too deep");
    s->depth++;
    int rc = read_field(s, type, &type->fields[0], body);
    s->depth--;
    return rc;
}
static int add_element(walk *s, const ukko_field *f, uk_buf *list, size_t width) {
    int rc = charge(s, width);
    if (rc) return rc;
    uk_buf_reserve(list, width);
    void *p = list->ptr + list->len;
    memset(p, 0, width);
    list->len += width; /* counted now, so that what it owns is dropped after a failure */
    return read_value(s, f, p);
}
static int read_elements(walk *s, const ukko_field *f, uk_buf *list) {
    size_t width = uk_field_width(f);
    for (;;) {
        int rc = advance(s);
        if (rc || s->r.tok == UK_TOK_ARR_END) return rc;
        if ((rc = add_element(s, f, list, width))) return rc;
    }
}
/* A name of an object as the key of a map: texts, or whole numbers and booleans as texts. */
static int read_key(walk *s, const ukko_field *f, void *p) {
    if (f->kind == UKKO_STR) return take_text(s, s->r.text, p);
    s->r.tok = UK_TOK_STR;
    if (!s->r.text.len) return wrong(s, "a map with such keys");
    return read_value(s, f, p);
}
static int add_entry(walk *s, const ukko_type *type, uk_buf *list) {
    const ukko_field *key = &type->fields[0], *value = &type->fields[1];
    int rc = charge(s, type->body_size);
    if (rc) return rc;
    uk_buf_reserve(list, type->body_size);
    char *p = (char *)list->ptr + list->len;
    memset(p, 0, type->body_size);
    list->len += type->body_size;
    rc = read_key(s, key, p + key->offset);
    if (rc || (rc = advance(s))) return rc;
    return read_field(s, type, value, p);
}
static int read_entries(walk *s, const ukko_field *f, uk_buf *list) {
    for (;;) {
        int rc = advance(s);
        if (rc || s->r.tok == UK_TOK_OBJ_END) return rc;
        if ((rc = add_entry(s, f->type, list))) return rc;
    }
}
static int read_list(walk *s, const ukko_field *f, void *body) {
    void **out = (void **)((char *)body + f->offset);
    size_t *count = (size_t *)((char *)body + f->count_offset);
    bool map = f->flags & UKKO_MAP;
    uk_field_clear(f, body);
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (s->r.tok != (map ? UK_TOK_OBJ : UK_TOK_ARR)) return wrong(s, map ? "an object" : "a list");
    uk_buf list = {0};
    int rc = map ? read_entries(s, f, &list) : read_elements(s, f, &list);
    *out = ukko_msg_alloc(s->m, list.len);
    if (list.len) memcpy(*out, list.ptr, list.len);
    *count = list.len / uk_field_width(f);
    uk_buf_fini(&list);
    return rc;
}

/* ---- the members of an object ---- */

/* Names are short: one pass without strlen. */
static inline bool same_name(const char *want, ukko_slice name) {
    for (size_t i = 0; i < name.len; i++)
        if (want[i] != (char)name.ptr[i] || !want[i]) return false;
    return !want[name.len];
}
/* Fields mostly come in the order of the table: *hint is where to look first. */
static const ukko_field *find_field(const ukko_type *type, ukko_slice name, uint32_t *hint) {
    for (uint32_t n = 0; n < type->n_fields; n++) {
        uint32_t i = *hint + n < type->n_fields ? *hint + n : *hint + n - type->n_fields;
        if (!same_name(type->fields[i].name, name)) continue;
        *hint = i + 1 < type->n_fields ? i + 1 : 0;
        return &type->fields[i];
    }
    return NULL;
}
typedef struct members { /* of the object that is being read */
    const ukko_type *type;
    const uk_plan *plan;  /* NULL: none */
    const char *property; /* that told which struct it is; NULL: none */
    uint64_t *seen;       /* a bit for each field; NULL: nobody asks */
    uint32_t hint;
} members;

static int unknown_member(walk *s, const members *o, ukko_slice name) {
    if (!s->ser->strict_names || (o->property && uk_slice_is(name, o->property))) return UKKO_OK;
    return uk_dec_fail(s->d, UKKO_EPARSE, "unknown field [%.*s] of [%s]",
                       (int)(name.len < 100 ? name.len : 100), (const char *)name.ptr,
                       o->type->name);
}
static int note_seen(walk *s, const members *o, const ukko_field *f) {
    size_t i = (size_t)(f - o->type->fields);
    uint64_t bit = 1ull << i % 64, *word = &o->seen[i / 64];
    if (*word & bit && s->ser->strict_duplicates)
        return uk_dec_fail(s->d, UKKO_EPARSE, "field [%s] comes twice", f->name);
    *word |= bit;
    return UKKO_OK;
}
static int read_member(walk *s, members *o, void *body) {
    const ukko_field *f = find_field(o->type, s->r.text, &o->hint);
    int rc = UKKO_OK;
    if (f)
        s->field = f->name;
    else
        rc = unknown_member(s, o, s->r.text);
    if (!rc && f && o->seen) rc = note_seen(s, o, f);
    if (!rc) rc = advance(s);
    if (rc) return rc;
    return f ? read_field(s, o->type, f, body) : skip(s);
}
/* As many as come as they mostly do. */
static void read_plain(walk *s, members *o, void *body) {
    if (!o->plan || s->ser->strict_duplicates) return;
    uint32_t n = s->r.cbor ? uk_plan_read_cbor(&s->r, o->plan, o->hint, body, &s->texts)
                           : uk_plan_read_json(&s->r, o->plan, o->hint, body, &s->texts);
    if (!n) return;
    for (uint32_t i = o->hint; o->seen && i < o->hint + n; i++) o->seen[i / 64] |= 1ull << i % 64;
    o->hint += n;
    s->field = o->type->fields[o->hint - 1].name;
}
static int check_required(walk *s, const members *o) {
    for (uint32_t i = 0; i < o->type->n_fields; i++) {
        const ukko_field *f = &o->type->fields[i];
        if (f->flags & UKKO_REQUIRED && !(o->seen[i / 64] >> i % 64 & 1))
            return uk_dec_fail(s->d, UKKO_EPARSE, "field [%s] is missing", f->name);
    }
    return UKKO_OK;
}
static bool has_required(const ukko_type *type) {
    for (uint32_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].flags & UKKO_REQUIRED) return true;
    return false;
}
static int read_members(walk *s, members *o, void *body) {
    uint64_t few = 0;
    if ((o->plan ? o->plan->required : has_required(o->type)) || (s->ser->strict_duplicates))
        o->seen = o->type->n_fields <= 64 ? &few : ukko_msg_alloc(s->m, o->type->n_fields / 8 + 8);
    for (;;) {
        read_plain(s, o, body);
        int rc = advance(s);
        if (!rc && s->r.tok != UK_TOK_OBJ_END)
            rc = read_member(s, o, body);
        else if (!rc)
            return o->seen ? check_required(s, o) : UKKO_OK;
        if (rc) return rc;
    }
}
static int read_object(walk *s, const ukko_type *type, const char *property, void *body) {
    members o = {type, uk_plan_of(s->d->s, type), property, NULL, 0};
    if (s->depth >= MAX_STRUCTS) return uk_dec_fail(s->d, UKKO_ETOOBIG, "nested too deep");
    s->depth++;
    int rc = read_members(s, &o, body);
    s->depth--;
    return rc;
}
static int read_struct(walk *s, const ukko_type *type, void *body) {
    return read_object(s, type, NULL, body);
}

/* ---- one of several structs ---- */

/* The value of a property further on in the object whose beginning r is at. */
static int find_property(uk_reader *r, const char *property, const ukko_type *type,
                         const ukko_field **out) {
    for (;;) {
        int rc = uk_reader_next(r);
        if (rc || r->tok == UK_TOK_OBJ_END) return rc ? rc : UKKO_EPARSE;
        bool hit = uk_slice_is(r->text, property);
        if ((rc = uk_reader_next(r))) return rc;
        uint32_t hint = 0;
        if (hit) return (*out = find_field(type, r->text, &hint)) ? UKKO_OK : UKKO_EPARSE;
        if ((rc = uk_reader_skip(r))) return rc;
    }
}
static int read_choice(walk *s, const ukko_type *type, void *body) {
    uk_reader ahead;
    const ukko_field *f = NULL;
    uk_reader_fork(&s->r, &ahead);
    int rc = find_property(&ahead, type->manifest, type, &f);
    s->r.tokens = ahead.tokens; /* what was looked at twice counts twice */
    uk_reader_fini(&ahead);
    if (rc)
        return uk_dec_fail(s->d, rc, "[%s] of a [%s] is missing or unknown", type->manifest,
                           type->name);
    uk_field_choose(type, f, body);
    uk_field_clear(f, body);
    void *p = (char *)body + f->offset;
    memset(p, 0, f->width);
    if (f->kind == UKKO_STRUCTP) {
        if ((rc = new_struct(s, f->type, p))) return rc;
        uk_field_set_there(f, body, true);
        return read_object(s, f->type, type->manifest, *(void **)p);
    }
    uk_field_set_there(f, body, true);
    return read_object(s, f->type, type->manifest, p);
}

/* ---- the message ---- */

static bool is_case_object(const ukko_type *type) {
    size_t n = type->class_name ? strlen(type->class_name) : 0;
    return n && type->class_name[n - 1] == '$';
}
static int read_root(walk *s, const ukko_type *type) {
    int rc = advance(s);
    if (!rc && s->r.tok == UK_TOK_NULL) rc = wrong(s, "an object");
    if (!rc) rc = read_form(s, type, s->m->body);
    return rc;
}
int uk_jackson_read(uk_dec *d, const ukko_type *type, const uk_serializer *ser, ukko_slice in,
                    bool cbor, ukko_msg **out) {
    const uk_plan *plan = uk_plan_of(d->s, type);
    walk s; /* its reader is large, so not cleared */
    s.d = d;
    s.arena_size = in.len + 8;
    s.budget = LIST_BUDGET;
    s.depth = 0;
    s.field = "(root)";
    s.ser = ser;
    s.m = uk_plan_msg(type, plan, s.arena_size, &s.texts);
    s.has_arena = s.texts.room;
    if (is_case_object(type)) { /* a Scala singleton: what is written of it does not matter */
        *out = s.m;
        return UKKO_OK;
    }
    int rc = uk_reader_open(&s.r, in, cbor, &ser->limits);
    rc = rc ? uk_dec_fail(d, rc, "longer than max-document-length") : read_root(&s, type);
    uk_reader_fini(&s.r);
    if (rc) {
        ukko_msg_release(s.m);
        return rc;
    }
    uk_plan_settle(plan, s.m);
    *out = s.m;
    return UKKO_OK;
}
