/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of a message body by its field table, in the words of tests/peer's Canon.java. */
#include "diff.h"
#include <inttypes.h>
#include <stdlib.h>

static void put_body(uk_buf *out, const ukko_type *type, const void *body, bool proto);

static void put_hex(uk_buf *out, ukko_slice s) {
    for (size_t i = 0; i < s.len; i++) uk_buf_printf(out, "%02x", s.ptr[i]);
}
static void put_text(uk_buf *out, const char *text) {
    uk_buf_byte(out, text ? '"' : '-');
    if (text) put_hex(out, ukko_str(text));
}
static void put_real(uk_buf *out, const ukko_field *f, const void *p) {
    uint64_t bits = 0;
    memcpy(&bits, p, uk_field_width(f));
    uk_buf_printf(out, "%c%" PRIx64, f->kind == UKKO_F32 ? 'F' : 'D', bits);
}
static void put_instant(uk_buf *out, char mark, ukko_instant t) {
    uk_buf_printf(out, "%c%" PRId64 ".%d", mark, t.seconds, (int)t.nanos);
}
static void put_datetime(uk_buf *out, uint32_t kind, const ukko_datetime *t) {
    if (kind != UKKO_LOCAL_TIME && !t->month) {
        uk_buf_byte(out, '-');
        return;
    }
    if (uk_time_parts(kind) & UKKO_PART_OFFSET) {
        put_instant(out, 'i', ukko_datetime_to_instant(t));
        return;
    }
    if (kind != UKKO_LOCAL_TIME)
        uk_buf_printf(out, "l%d/%d/%d", (int)t->year, (int)t->month, (int)t->day);
    if (kind != UKKO_LOCAL_DATE)
        uk_buf_printf(out, "h%d.%d", t->hour * 3600 + t->minute * 60 + t->second, (int)t->nanos);
}
static void put_uuid(uk_buf *out, const ukko_uuid *id) {
    char text[UKKO_TIME_ROOM];
    ukko_uuid_print(*id, text, sizeof text);
    uk_buf_printf(out, "u%s", text);
}
static void put_ref(uk_buf *out, const ukko_ref *ref) {
    if (ref)
        uk_buf_printf(out, "r%s", uk_ref_text(ref));
    else
        uk_buf_byte(out, '-');
}
static void put_pointer(uk_buf *out, const ukko_type *type, const void *body, bool proto) {
    if (body)
        put_body(out, type, body, proto);
    else
        uk_buf_byte(out, '-');
}
static void put_value(uk_buf *out, const ukko_field *f, const void *p, bool proto) {
    const ukko_slice *b = p;
    switch (f->kind) {
    case UKKO_BOOL: uk_buf_byte(out, *(const bool *)p ? 't' : 'f'); break;
    case UKKO_ENUM:
    case UKKO_I32: uk_buf_printf(out, "%" PRId32, *(const int32_t *)p); break;
    case UKKO_I64: uk_buf_printf(out, "%" PRId64, *(const int64_t *)p); break;
    case UKKO_U32: uk_buf_printf(out, "%" PRIu32, *(const uint32_t *)p); break;
    case UKKO_U64: uk_buf_printf(out, "%" PRIu64, *(const uint64_t *)p); break;
    case UKKO_F32:
    case UKKO_F64: put_real(out, f, p); break;
    case UKKO_STR: put_text(out, *(const char *const *)p); break;
    case UKKO_NUMBER:
        if (*(const char *const *)p)
            uk_buf_printf(out, "N%s", *(const char *const *)p);
        else
            uk_buf_byte(out, '-');
        break;
    case UKKO_BYTES:
        uk_buf_byte(out, b->ptr ? 'b' : '-');
        put_hex(out, *b);
        break;
    case UKKO_REF: put_ref(out, *(ukko_ref *const *)p); break;
    case UKKO_STRUCT: put_body(out, f->type, p, proto); break;
    case UKKO_STRUCTP: put_pointer(out, f->type, *(void *const *)p, proto); break;
    case UKKO_INSTANT: put_instant(out, 'i', *(const ukko_instant *)p); break;
    case UKKO_TIMESPAN: {
        const ukko_timespan *t = p;
        put_instant(out, 'd', (ukko_instant){t->seconds, t->nanos});
        break;
    }
    case UKKO_UUID: put_uuid(out, p); break;
    default: put_datetime(out, f->kind, p);
    }
}

/* ---- lists and maps ---- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}
static void put_map(uk_buf *out, const ukko_type *entry, const char *list, size_t n, bool proto) {
    char **texts = uk_zalloc((n + 1) * sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        uk_buf one = {0};
        const char *e = list + i * entry->body_size;
        put_value(&one, &entry->fields[0], e + entry->fields[0].offset, proto);
        if (!proto && entry->fields[0].kind != UKKO_STR) {} /* a number, as in Java */
        uk_buf_byte(&one, '=');
        put_value(&one, &entry->fields[1], e + entry->fields[1].offset, proto);
        texts[i] = uk_buf_text(&one);
    }
    qsort(texts, n, sizeof *texts, by_text);
    uk_buf_byte(out, '{');
    for (size_t i = 0; i < n; i++) {
        uk_buf_printf(out, "%s,", texts[i]);
        uk_free(texts[i]);
    }
    uk_buf_byte(out, '}');
    uk_free(texts);
}
static void put_list(uk_buf *out, const ukko_field *f, const void *body, bool proto) {
    const char *list = *(const char *const *)(const void *)((const char *)body + f->offset);
    size_t n = list ? uk_field_count(f, body) : 0, width = uk_field_width(f);
    if (!list && f->flags & UKKO_OPTIONAL) {
        uk_buf_byte(out, '-');
        return;
    }
    if (f->flags & UKKO_MAP) {
        put_map(out, f->type, list, n, proto);
        return;
    }
    uk_buf_byte(out, '[');
    for (size_t i = 0; i < n; i++) {
        put_value(out, f, list + i * width, proto);
        uk_buf_byte(out, ',');
    }
    uk_buf_byte(out, ']');
}
static void put_field(uk_buf *out, const ukko_field *f, const void *body, bool proto) {
    if (f->flags & UKKO_REPEATED) {
        put_list(out, f, body, proto);
    } else if (!uk_field_there(f, body)) {
        uk_buf_byte(out, '-');
    } else {
        if (f->flags & UKKO_ONEOF) uk_buf_printf(out, "%u:", f->tag);
        put_value(out, f, (const char *)body + f->offset, proto);
    }
}
static void put_body(uk_buf *out, const ukko_type *type, const void *body, bool proto) {
    if (type->flags & UKKO_TYPE_VALUE) {
        put_field(out, &type->fields[0], body, proto);
        return;
    }
    uk_buf_byte(out, '(');
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        if (f->flags & UKKO_ONEOF && !uk_field_there(f, body)) continue;
        put_field(out, f, body, proto);
        uk_buf_byte(out, ',');
    }
    uk_buf_byte(out, ')');
}
void canon_put(uk_buf *out, const ukko_type *type, const void *body, bool proto) {
    put_body(out, type, body, proto);
}
void canon_to_utc(const ukko_type *type, void *body) {
    for (uint32_t i = 0; i < type->n_fields; i++) {
        const ukko_field *f = &type->fields[i];
        ukko_datetime *t = (ukko_datetime *)(void *)((char *)body + f->offset);
        if (f->kind != UKKO_OFFSET_DATE_TIME && f->kind != UKKO_ZONED_DATE_TIME) continue;
        if (t->month) *t = ukko_datetime_from_instant(ukko_datetime_to_instant(t), 0);
    }
}
