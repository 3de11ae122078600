/* SPDX-License-Identifier: Apache-2.0 */
/* A message body from JSON or CBOR by its field table, with Jackson's leniency: unknown fields are
   passed over, absent ones are zero, numbers come in strings too. Any thread; foreign bytes. */
#include "serial/jackson.h"
#include <math.h>

enum {
    LIST_BUDGET = 64 << 20, /* bytes that the lists of one message may take */
    MAX_STRUCTS = 500       /* structs within structs: this part is recursive */
};

typedef struct walk {
    uk_dec *d;
    uk_reader r;
    ukko_msg *m;
    char *arena; /* texts are no longer than what they were read from */
    size_t room, arena_size;
    size_t budget;
    unsigned depth;
    const char *field; /* being read */
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

/* ---- memory for texts ---- */

static char *take(walk *s, size_t n) {
    if (n > s->room) {
        if (s->arena || n > s->arena_size) return ukko_msg_alloc(s->m, n);
        s->arena = ukko_msg_alloc(s->m, s->arena_size);
        s->room = s->arena_size;
    }
    char *p = s->arena;
    s->arena += n;
    s->room -= n;
    return p;
}
static int take_text(walk *s, ukko_slice t, const char **out) {
    if (t.len && memchr(t.ptr, 0, t.len)) return wrong(s, "text without NUL");
    char *p = take(s, t.len + 1);
    if (t.len) memcpy(p, t.ptr, t.len);
    p[t.len] = 0;
    *out = p;
    return UKKO_OK;
}

/* ---- scalars ---- */

/* A number in a string, as Jackson takes it. */
static bool text_number(walk *s, double *out, int64_t *whole) {
    uk_reader r;
    uk_reader_init(&r, s->r.text, false, 1);
    bool ok = s->r.text.len && !uk_reader_next(&r) && r.p == r.end &&
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
static int read_i32(walk *s, int32_t *out) {
    int64_t v;
    int rc = read_int(s, INT32_MIN, INT32_MAX, &v);
    if (!rc) *out = (int32_t)v;
    return rc;
}
static int text_real(walk *s, double *out) {
    int64_t whole;
    ukko_slice t = s->r.text;
    if (!t.len) *out = 0;
    else if (uk_slice_is(t, "NaN")) *out = NAN;
    else if (uk_slice_is(t, "Infinity") || uk_slice_is(t, "INF")) *out = INFINITY;
    else if (uk_slice_is(t, "-Infinity") || uk_slice_is(t, "-INF")) *out = -INFINITY;
    else if (!text_number(s, out, &whole)) return wrong(s, "a number");
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
static int read_str(walk *s, const char **out) {
    char tmp[UK_NUMBER_ROOM];
    ukko_slice t = s->r.text;
    switch (s->r.tok) {
    case UK_TOK_NULL: *out = NULL; return UKKO_OK;
    case UK_TOK_STR: break;
    case UK_TOK_TRUE: t = ukko_str("true"); break;
    case UK_TOK_FALSE: t = ukko_str("false"); break;
    case UK_TOK_INT:
        if (s->r.cbor) t = (ukko_slice){(uint8_t *)tmp, uk_print_int(tmp, s->r.integer)};
        break;
    case UK_TOK_REAL:
        if (s->r.cbor && isfinite(s->r.real))
            t = (ukko_slice){(uint8_t *)tmp, uk_print_f64(tmp, s->r.real)};
        else if (s->r.cbor)
            return wrong(s, "text");
        break;
    default: return wrong(s, "text");
    }
    return take_text(s, t, out);
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
    char *p = take(s, from.len + 1);
    if (from.len) memcpy(p, from.ptr, from.len);
    *out = (ukko_slice){(uint8_t *)p, from.len};
    uk_buf_fini(&raw);
    return UKKO_OK;
}
static int read_ref(walk *s, ukko_ref **out) {
    uk_ref_release(*out);
    *out = NULL;
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (s->r.tok != UK_TOK_STR) return wrong(s, "the path of an actor");
    *out = uk_system_resolve(s->d->s->sys, s->r.text);
    return UKKO_OK;
}
static int read_enum(walk *s, const ukko_field *f, int32_t *out) {
    int32_t n = 0;
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

static int read_struct_value(walk *s, const ukko_type *type, void *body) {
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (s->r.tok != UK_TOK_OBJ) return wrong(s, "an object");
    return read_struct(s, type, body);
}
static int read_struct_ptr(walk *s, const ukko_type *type, void **out) {
    if (*out) uk_type_drop(type, *out);
    *out = NULL;
    if (s->r.tok == UK_TOK_NULL) return UKKO_OK;
    if (s->r.tok != UK_TOK_OBJ) return wrong(s, "an object");
    if (type->body_size > s->budget) return uk_dec_fail(s->d, UKKO_ETOOBIG, "too many objects");
    s->budget -= type->body_size;
    *out = ukko_msg_alloc(s->m, type->body_size);
    return read_struct(s, type, *out);
}
static int read_value(walk *s, const ukko_field *f, void *p) {
    switch (f->kind) {
    case UKKO_BOOL: return read_bool(s, p);
    case UKKO_I32: return read_i32(s, p);
    case UKKO_I64: return read_int(s, INT64_MIN, INT64_MAX, p);
    case UKKO_F32: return read_f32(s, p);
    case UKKO_F64: return read_real(s, p);
    case UKKO_STR: return read_str(s, p);
    case UKKO_BYTES: return read_bytes(s, p);
    case UKKO_REF: return read_ref(s, p);
    case UKKO_ENUM: return read_enum(s, f, p);
    case UKKO_STRUCT: return read_struct_value(s, f->type, p);
    case UKKO_STRUCTP: return read_struct_ptr(s, f->type, p);
    default: return wrong(s, "something that can be read");
    }
}
static int add_element(walk *s, const ukko_field *f, uk_buf *list, size_t width) {
    if (width > s->budget) return uk_dec_fail(s->d, UKKO_ETOOBIG, "list [%s] is too long", f->name);
    s->budget -= width;
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
static int add_entry(walk *s, const ukko_type *type, uk_buf *list) {
    if (type->body_size > s->budget) return uk_dec_fail(s->d, UKKO_ETOOBIG, "a map is too long");
    s->budget -= type->body_size;
    uk_buf_reserve(list, type->body_size);
    char *p = (char *)list->ptr + list->len;
    memset(p, 0, type->body_size);
    list->len += type->body_size;
    int rc = take_text(s, s->r.text, (const char **)(void *)(p + type->fields[0].offset));
    if (rc || (rc = advance(s))) return rc;
    return read_value(s, &type->fields[1], p + type->fields[1].offset);
}
static int read_entries(walk *s, const ukko_field *f, uk_buf *list) {
    for (;;) {
        int rc = advance(s);
        if (rc || s->r.tok == UK_TOK_OBJ_END) return rc;
        if ((rc = add_entry(s, f->type, list))) return rc;
    }
}
static void drop_old_list(const ukko_field *f, void *body) {
    ukko_type one = {.n_fields = 1, .fields = f};
    uk_type_drop(&one, body);
}
static int read_list(walk *s, const ukko_field *f, void *body) {
    void **out = (void **)((char *)body + f->offset);
    size_t *count = (size_t *)((char *)body + f->count_offset);
    bool map = f->flags & UKKO_MAP;
    if (*out) drop_old_list(f, body);
    *out = NULL;
    *count = 0;
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
static int read_member(walk *s, const ukko_type *type, void *body, uint32_t *hint) {
    const ukko_field *f = find_field(type, s->r.text, hint);
    if (f) s->field = f->name;
    int rc = advance(s);
    if (rc) return rc;
    if (!f) return skip(s);
    if (f->flags & UKKO_REPEATED) return read_list(s, f, body);
    return read_value(s, f, (char *)body + f->offset);
}
static int read_struct(walk *s, const ukko_type *type, void *body) {
    uint32_t hint = 0;
    if (s->depth >= MAX_STRUCTS) return uk_dec_fail(s->d, UKKO_ETOOBIG, "nested too deep");
    s->depth++;
    for (;;) {
        int rc = advance(s);
        if (!rc && s->r.tok != UK_TOK_OBJ_END) rc = read_member(s, type, body, &hint);
        else if (!rc) break;
        if (rc) return rc;
    }
    s->depth--;
    return UKKO_OK;
}

static bool is_case_object(const ukko_type *type) {
    size_t n = type->class_name ? strlen(type->class_name) : 0;
    return n && type->class_name[n - 1] == '$';
}
int uk_jackson_read(uk_dec *d, const ukko_type *type, ukko_slice in, bool cbor, ukko_msg **out) {
    walk s = {.d = d, .m = ukko_msg_new(type), .arena_size = in.len + 8, .budget = LIST_BUDGET,
              .field = "(root)"};
    if (is_case_object(type)) { /* a Scala singleton: what is written of it does not matter */
        *out = s.m;
        return UKKO_OK;
    }
    uk_reader_init(&s.r, in, cbor, UK_MAX_TREE);
    int rc = advance(&s);
    if (!rc && s.r.tok != UK_TOK_OBJ) rc = wrong(&s, "an object");
    if (!rc) rc = read_struct(&s, type, s.m->body);
    uk_reader_fini(&s.r);
    if (rc) {
        ukko_msg_release(s.m);
        return rc;
    }
    *out = s.m;
    return UKKO_OK;
}
