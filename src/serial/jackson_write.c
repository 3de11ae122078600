/* SPDX-License-Identifier: Apache-2.0 */
/* A message body as Jackson writes it: fields in the order of the table, nulls included. Any
   thread. */
#include "serial/jackson.h"

typedef struct walk {
    uk_enc *e;
    uk_writer w;
    unsigned depth;
} walk;

static int write_struct(walk *s, const ukko_type *type, const void *body);

static int write_enum(walk *s, const ukko_field *f, int32_t v) {
    for (int32_t i = 0; f->labels[i]; i++) {
        if (i != v) continue;
        uk_w_str(&s->w, f->labels[i], strlen(f->labels[i]));
        return UKKO_OK;
    }
    return uk_error(s->e->err, UKKO_ENOTSERIAL, "field %s: %d is none of the enum's values",
                    f->name, v);
}
static int write_text(walk *s, const char *text) {
    if (text)
        uk_w_str(&s->w, text, strlen(text));
    else
        uk_w_null(&s->w);
    return UKKO_OK;
}
static int write_bytes(walk *s, ukko_slice b) {
    if (b.ptr)
        uk_w_bytes(&s->w, b);
    else
        uk_w_null(&s->w);
    return UKKO_OK;
}
static int write_struct_ptr(walk *s, const ukko_type *type, const void *body) {
    if (body) return write_struct(s, type, body);
    uk_w_null(&s->w);
    return UKKO_OK;
}
static int write_value(walk *s, const ukko_field *f, const void *p) {
    switch (f->kind) {
    case UKKO_BOOL: uk_w_bool(&s->w, *(const bool *)p); return UKKO_OK;
    case UKKO_I32: uk_w_int(&s->w, *(const int32_t *)p); return UKKO_OK;
    case UKKO_I64: uk_w_int(&s->w, *(const int64_t *)p); return UKKO_OK;
    case UKKO_F32: uk_w_f32(&s->w, *(const float *)p); return UKKO_OK;
    case UKKO_F64: uk_w_f64(&s->w, *(const double *)p); return UKKO_OK;
    case UKKO_STR: return write_text(s, *(const char *const *)p);
    case UKKO_BYTES: return write_bytes(s, *(const ukko_slice *)p);
    case UKKO_REF: {
        const ukko_ref *ref = *(ukko_ref *const *)p;
        return write_text(s, ref ? uk_ref_text(ref) : NULL);
    }
    case UKKO_ENUM: return write_enum(s, f, *(const int32_t *)p);
    case UKKO_STRUCT: return write_struct(s, f->type, p);
    case UKKO_STRUCTP: return write_struct_ptr(s, f->type, *(const void *const *)p);
    default:
        return uk_error(s->e->err, UKKO_ENOTSERIAL, "field %s cannot be written", f->name);
    }
}
static int write_array(walk *s, const ukko_field *f, const char *list, size_t n) {
    size_t width = uk_field_width(f);
    uk_w_arr(&s->w, n);
    for (size_t i = 0; i < n; i++) {
        int rc = write_value(s, f, list + i * width);
        if (rc) return rc;
    }
    uk_w_arr_end(&s->w, n);
    return UKKO_OK;
}
static int write_map(walk *s, const ukko_field *f, const char *list, size_t n) {
    const ukko_field *kf = &f->type->fields[0], *vf = &f->type->fields[1];
    uk_w_obj(&s->w);
    for (size_t i = 0; i < n; i++) {
        const char *entry = list + i * f->type->body_size;
        const char *key = *(const char *const *)(entry + kf->offset);
        if (!key) return uk_error(s->e->err, UKKO_ENOTSERIAL, "map %s: a key is null", f->name);
        uk_w_key(&s->w, key, strlen(key));
        int rc = write_value(s, vf, entry + vf->offset);
        if (rc) return rc;
    }
    uk_w_obj_end(&s->w);
    return UKKO_OK;
}
static int write_field(walk *s, const ukko_field *f, const void *body) {
    const char *p = (const char *)body + f->offset;
    if (!(f->flags & UKKO_REPEATED)) return write_value(s, f, p);
    const char *list = *(const char *const *)p;
    size_t n = *(const size_t *)((const char *)body + f->count_offset);
    if (!list && (f->flags & UKKO_OPTIONAL)) {
        uk_w_null(&s->w);
        return UKKO_OK;
    }
    if (!list) n = 0;
    return f->flags & UKKO_MAP ? write_map(s, f, list, n) : write_array(s, f, list, n);
}
static int write_struct(walk *s, const ukko_type *type, const void *body) {
    if (s->depth >= UK_MAX_TREE)
        return uk_error(s->e->err, UKKO_ETOOBIG, "type %s: nested too deep", type->name);
    s->depth++;
    uk_w_obj(&s->w);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        uk_w_key(&s->w, f->name, strlen(f->name));
        int rc = write_field(s, f, body);
        if (rc) return rc;
    }
    uk_w_obj_end(&s->w);
    s->depth--;
    return UKKO_OK;
}
int uk_jackson_write(uk_enc *e, const ukko_type *type, const void *body, bool cbor) {
    walk s = {e, {e->out, cbor, false}, 0};
    return write_struct(&s, type, body);
}
