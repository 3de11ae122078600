/* SPDX-License-Identifier: Apache-2.0 */
/* A message body as Jackson writes it: fields in the order of the table, nulls included. Any
   thread. */
#include "serial/jackson.h"
#include "serial/plan.h"

typedef struct walk {
    uk_enc *e;
    uk_writer w;
    unsigned depth, max_depth;
} walk;

static int write_field(walk *s, const ukko_field *f, const void *body);
static int write_struct(walk *s, const ukko_type *type, const void *body);

static int write_enum(walk *s, const ukko_field *f, int32_t v) {
    if (v == -1) {
        uk_w_null(&s->w);
        return UKKO_OK;
    }
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
static int write_string(walk *s, const ukko_string *t) {
    if (t->text)
        uk_w_str(&s->w, t->text, t->len ? t->len : strlen(t->text));
    else
        uk_w_null(&s->w);
    return UKKO_OK;
}
static int write_number(walk *s, const ukko_field *f, const char *text) {
    bool whole;
    ukko_slice t = ukko_str(text);
    if (!text)
        uk_w_null(&s->w);
    else if (!uk_number_valid(t, &whole))
        return uk_error(s->e->err, UKKO_ENOTSERIAL, "field %s: [%.40s] is no number", f->name,
                        text);
    else
        uk_w_number(&s->w, t);
    return UKKO_OK;
}
static int write_uuid(walk *s, const ukko_uuid *id) {
    char tmp[UKKO_TIME_ROOM];
    if (s->w.cbor)
        uk_w_bytes(&s->w, (ukko_slice){id->bytes, sizeof id->bytes});
    else
        uk_w_str(&s->w, tmp, ukko_uuid_print(*id, tmp, sizeof tmp));
    return UKKO_OK;
}
static int write_special(walk *s, const ukko_field *f, const void *p) {
    char tmp[UKKO_TIME_ROOM];
    size_t n;
    switch (f->kind) {
    case UKKO_INSTANT: n = ukko_instant_print(*(const ukko_instant *)p, tmp, sizeof tmp); break;
    case UKKO_TIMESPAN: n = ukko_timespan_print(*(const ukko_timespan *)p, tmp, sizeof tmp); break;
    case UKKO_UUID: return write_uuid(s, p);
    case UKKO_LOCAL_DATE:
    case UKKO_LOCAL_DATE_TIME:
    case UKKO_OFFSET_DATE_TIME:
    case UKKO_ZONED_DATE_TIME:
    case UKKO_LOCAL_TIME:
        if (f->kind != UKKO_LOCAL_TIME && !((const ukko_datetime *)p)->month) {
            uk_w_null(&s->w); /* no day at all */
            return UKKO_OK;
        }
        n = ukko_datetime_print(p, uk_time_parts(f->kind), tmp, sizeof tmp);
        break;
    default: return uk_error(s->e->err, UKKO_ENOTSERIAL, "field %s cannot be written", f->name);
    }
    uk_w_str(&s->w, tmp, n);
    return UKKO_OK;
}
static int write_ref(walk *s, const ukko_ref *ref) {
    uk_buf scratch = {0};
    if (!ref) return write_text(s, NULL);
    ukko_slice text = uk_ref_wire_text(ref, &scratch);
    uk_w_str(&s->w, (const char *)text.ptr, text.len);
    uk_buf_fini(&scratch);
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
    case UKKO_U32: uk_w_int(&s->w, *(const uint32_t *)p); return UKKO_OK;
    case UKKO_U64: uk_w_uint(&s->w, *(const uint64_t *)p); return UKKO_OK;
    case UKKO_STR: return write_text(s, *(const char *const *)p);
    case UKKO_TEXT: return write_string(s, p);
    case UKKO_NUMBER: return write_number(s, f, *(const char *const *)p);
    case UKKO_BYTES: return write_bytes(s, *(const ukko_slice *)p);
    case UKKO_REF: return write_ref(s, *(ukko_ref *const *)p);
    case UKKO_ENUM: return write_enum(s, f, *(const int32_t *)p);
    case UKKO_STRUCT: return write_struct(s, f->type, p);
    case UKKO_STRUCTP: return write_struct_ptr(s, f->type, *(const void *const *)p);
    default: return write_special(s, f, p);
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
static int write_key(walk *s, const ukko_field *map, const ukko_field *f, const void *p) {
    char tmp[UK_NUMBER_ROOM];
    const char *text = tmp;
    size_t n;
    if (f->kind == UKKO_STR) {
        text = *(const char *const *)p;
        if (!text) return uk_error(s->e->err, UKKO_ENOTSERIAL, "map %s: a key is null", map->name);
        n = strlen(text);
    } else if (f->kind == UKKO_BOOL) {
        text = *(const bool *)p ? "true" : "false";
        n = strlen(text);
    } else if (f->kind == UKKO_U64) {
        n = uk_print_uint(tmp, *(const uint64_t *)p);
    } else {
        n = uk_print_int(tmp, f->kind == UKKO_I64   ? *(const int64_t *)p
                              : f->kind == UKKO_U32 ? (int64_t) * (const uint32_t *)p
                                                    : (int64_t) * (const int32_t *)p);
    }
    uk_w_key(&s->w, text, n);
    return UKKO_OK;
}
static int write_map(walk *s, const ukko_field *f, const char *list, size_t n) {
    const ukko_field *kf = &f->type->fields[0], *vf = &f->type->fields[1];
    uk_w_obj(&s->w);
    for (size_t i = 0; i < n; i++) {
        const char *entry = list + i * f->type->body_size;
        int rc = write_key(s, f, kf, entry + kf->offset);
        if (!rc) rc = write_field(s, vf, entry);
        if (rc) return rc;
    }
    uk_w_obj_end(&s->w);
    return UKKO_OK;
}
static int write_list(walk *s, const ukko_field *f, const void *body) {
    const char *list = *(const char *const *)(const void *)((const char *)body + f->offset);
    size_t n = uk_field_count(f, body);
    if (!list && (f->flags & UKKO_OPTIONAL)) {
        uk_w_null(&s->w);
        return UKKO_OK;
    }
    if (!list) n = 0;
    return f->flags & UKKO_MAP ? write_map(s, f, list, n) : write_array(s, f, list, n);
}
static int write_field(walk *s, const ukko_field *f, const void *body) {
    if (f->flags & UKKO_REPEATED) return write_list(s, f, body);
    if (uk_field_there(f, body)) return write_value(s, f, (const char *)body + f->offset);
    uk_w_null(&s->w);
    return UKKO_OK;
}
/* A member that is not plain, behind its name. */
static int write_other(walk *s, const uk_member *st, const void *body) {
    const ukko_field *f = st->field;
    if (f->flags & UKKO_ONEOF && !uk_field_there(f, body)) return UKKO_OK;
    if (s->w.cbor)
        uk_buf_put(s->w.out, st->cbor, st->cbor_len);
    else
        uk_buf_put(s->w.out, st->json + !s->w.comma, st->json_len - !s->w.comma);
    s->w.comma = false;
    int rc = write_field(s, f, body);
    s->w.comma = true;
    return rc;
}
static int write_json_steps(walk *s, const uk_plan *plan, const char *body) {
    uk_buf *out = s->w.out;
    size_t room = plan->json_room;
    uk_buf_reserve(out, room);
    for (uint32_t i = 0; i < plan->n;) {
        uint8_t *p = out->ptr + out->len;
        for (; i < plan->n && plan->steps[i].op; i++) {
            const uk_member *st = &plan->steps[i];
            bool bare = !s->w.comma; /* the first one */
            p = uk_put_key(p, st->json + bare, st->json_len - bare);
            p = uk_plan_put_json(out, st, body + st->offset, p, room);
            s->w.comma = true;
        }
        out->len = (size_t)(p - out->ptr);
        int rc = i < plan->n ? write_other(s, &plan->steps[i++], body) : UKKO_OK;
        if (rc) return rc;
        uk_buf_reserve(out, room);
    }
    return UKKO_OK;
}
static int write_cbor_steps(walk *s, const uk_plan *plan, const char *body) {
    uk_buf *out = s->w.out;
    size_t room = plan->cbor_room;
    uk_buf_reserve(out, room);
    for (uint32_t i = 0; i < plan->n;) {
        uint8_t *p = out->ptr + out->len;
        for (; i < plan->n && plan->steps[i].op; i++) {
            const uk_member *st = &plan->steps[i];
            p = uk_put_key(p, st->cbor, st->cbor_len);
            p = uk_plan_put_cbor(out, st, body + st->offset, p, room);
        }
        out->len = (size_t)(p - out->ptr);
        int rc = i < plan->n ? write_other(s, &plan->steps[i++], body) : UKKO_OK;
        if (rc) return rc;
        uk_buf_reserve(out, room);
    }
    return UKKO_OK;
}
static int write_members(walk *s, const ukko_type *type, const void *body) {
    const uk_plan *plan = uk_plan_of(s->e->s, type);
    if (plan) return s->w.cbor ? write_cbor_steps(s, plan, body) : write_json_steps(s, plan, body);
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->flags & UKKO_ONEOF && !uk_field_there(f, body)) continue;
        uk_w_key(&s->w, f->name, strlen(f->name));
        int rc = write_field(s, f, body);
        if (rc) return rc;
    }
    return UKKO_OK;
}
/* The one struct that is there, with the property that tells which it is in front. */
static int write_choice(walk *s, const ukko_type *type, const void *body) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        const void *p = (const char *)body + f->offset;
        if (!uk_field_there(f, body)) continue;
        if (f->kind == UKKO_STRUCTP && !(p = *(const void *const *)p)) break;
        uk_w_obj(&s->w);
        uk_w_key(&s->w, type->manifest, strlen(type->manifest));
        uk_w_str(&s->w, f->name, strlen(f->name));
        int rc = write_members(s, f->type, p);
        uk_w_obj_end(&s->w);
        return rc;
    }
    uk_w_null(&s->w);
    return UKKO_OK;
}
static int write_struct(walk *s, const ukko_type *type, const void *body) {
    int rc;
    if (s->depth >= s->max_depth)
        return uk_error(s->e->err, UKKO_ETOOBIG, "type %s: nested too deep", type->name);
    s->depth++;
    if (type->flags & UKKO_TYPE_VALUE) {
        rc = write_field(s, &type->fields[0], body);
    } else if (type->flags & UKKO_TYPE_CHOICE) {
        rc = write_choice(s, type, body);
    } else {
        uk_w_obj(&s->w);
        rc = write_members(s, type, body);
        uk_w_obj_end(&s->w);
    }
    s->depth--;
    return rc;
}
int uk_jackson_write(uk_enc *e, const ukko_type *type, const uk_serializer *ser, const void *body,
                     bool cbor) {
    walk s = {e, {e->out, cbor, false}, 0, ser->write_depth};
    return write_struct(&s, type, body);
}
