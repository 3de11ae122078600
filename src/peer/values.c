/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as JSON values that a driver can compare with what the JVM peer prints. Any thread. */
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 2048, HEAD_CHARS = 64, HEAD_BYTES = 16 };

/* ---- Text and bytes ------------------------------------------------------------------ */

/* The UTF-16 form of a text, as Java counts and hashes it. */
typedef struct utf16 {
    size_t units; /* length in 16 bit units */
    int32_t hash; /* String.hashCode() */
    size_t head;  /* bytes of UTF-8 that hold the first HEAD_CHARS units */
} utf16;

static void utf16_add(utf16 *u, uint32_t unit) {
    u->hash = (int32_t)((uint32_t)u->hash * 31u + unit);
    u->units++;
}

static utf16 measure(const char *text, size_t len) {
    utf16 u = {0, 0, 0};
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t code = out_code_point(text + i, len - i, &n);
        if (code >= 0x10000) {
            utf16_add(&u, 0xd800 + ((code - 0x10000) >> 10));
            utf16_add(&u, 0xdc00 + ((code - 0x10000) & 0x3ff));
        } else {
            utf16_add(&u, code);
        }
        if (u.units <= HEAD_CHARS) u.head = i + n;
    }
    return u;
}

static json_t *text_value(const char *text, size_t len) {
    if (len <= SHOWN) return out_text_n(text, len);
    utf16 u = measure(text, len);
    if (u.units <= SHOWN) return out_text_n(text, len);
    char shown[4 * HEAD_CHARS + 64];
    memcpy(shown, text, u.head);
    snprintf(shown + u.head, sizeof shown - u.head, "...(%zu chars, hash %x)", u.units,
             (unsigned)u.hash);
    return out_text(shown);
}

static json_t *hex_value(ukko_slice bytes, size_t n) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * SHOWN];
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    return json_stringn(text, 2 * n);
}

static uint32_t crc32(ukko_slice bytes) {
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static json_t *bytes_value(ukko_slice bytes) {
    if (bytes.len <= SHOWN) return hex_value(bytes, bytes.len);
    char crc[9];
    snprintf(crc, sizeof crc, "%x", (unsigned)crc32(bytes));
    return out_map("length", json_integer((json_int_t)bytes.len), "crc32", out_text(crc), "head",
                   hex_value(bytes, HEAD_BYTES), NULL);
}

/* ---- References and failures --------------------------------------------------------- */

json_t *value_ref(const ukko_ref *ref) { return ref ? out_text(ukko_ref_path(ref)) : json_null(); }

json_t *value_path(const ukko_ref *ref) {
    char path[1024];
    size_t n = ukko_ref_print(ref, path, sizeof path);
    return out_text_n(path, n < sizeof path ? n : sizeof path - 1);
}

static json_t *throwable_value(const ukko_throwable *t) {
    return out_failure(t->class_name, t->message);
}

json_t *value_throwable(const ukko_msg *msg) {
    const ukko_boxed *box = ukko_msg_get(msg, &ukko_status_failure_type);
    const ukko_throwable *t = ukko_msg_get(box ? box->value : msg, &ukko_throwable_type);
    return t ? throwable_value(t) : json_null();
}

json_t *value_failure(const ukko_failure *why) {
    const ukko_throwable *t = ukko_msg_get(why->cause, &ukko_throwable_type);
    return t ? throwable_value(t) : out_failure(why->class_name, why->message);
}

static const char *throwable_text(const ukko_msg *msg) {
    const ukko_throwable *t = ukko_msg_get(msg, &ukko_throwable_type);
    return t ? t->message : NULL;
}

/* ---- One function a type ------------------------------------------------------------- */

static json_t *show_null(const void *body) {
    (void)body;
    return json_null();
}

static json_t *out_string(const ukko_string *s) {
    return s->text ? out_text_n(s->text, s->len) : json_null();
}

static json_t *show_string(const void *body) {
    const ukko_string *s = body;
    return text_value(s->text, s->len);
}

static json_t *show_int(const void *body) { return json_integer(*(const int32_t *)body); }

static json_t *show_long(const void *body) { return json_integer(*(const int64_t *)body); }

static json_t *show_bool(const void *body) { return json_boolean(*(const bool *)body); }

static json_t *show_double(const void *body) {
    json_t *real = json_real(*(const double *)body);
    return real ? real : json_null(); /* not a number, infinite */
}

static json_t *show_bytes(const void *body) { return bytes_value(*(const ukko_slice *)body); }

static json_t *class_and_value(const ukko_msg *msg) {
    return out_map("class", value_class(msg), "value", value_of(msg), NULL);
}

static json_t *show_option(const void *body) {
    const ukko_boxed *box = body;
    return box->value ? class_and_value(box->value) : out_text("None");
}

static json_t *show_optional(const void *body) {
    const ukko_boxed *box = body;
    return box->value ? class_and_value(box->value) : json_null();
}

static json_t *show_boxed(const void *body) { return value_of(((const ukko_boxed *)body)->value); }

static json_t *show_reply_success(const void *body) {
    return out_map("ok", json_true(), "value", show_boxed(body), NULL);
}

static json_t *show_reply_ack(const void *body) {
    (void)body;
    return out_map("ok", json_true(), "value", out_text("Done"), NULL);
}

static json_t *show_reply_error(const void *body) {
    const ukko_string *s = body;
    return out_map("ok", json_false(), "error", out_text_n(s->text, s->len), NULL);
}

static json_t *show_reply_exception(const void *body) {
    const char *text = throwable_text(((const ukko_boxed *)body)->value);
    return out_map("ok", json_false(), "error", out_text(text), NULL);
}

static json_t *show_throwable(const void *body) { return throwable_value(body); }

static json_t *show_ref(const void *body) { return value_ref(((const ukko_ref_body *)body)->ref); }

/* "Identify(x)", with the plain text of the id */
static json_t *show_identify(const void *body) {
    json_t *id = value_of(((const ukko_identify *)body)->id);
    char *text = json_is_string(id) ? strdup(json_string_value(id)) : out_compact(json_incref(id));
    size_t size = strlen(text) + sizeof "Identify()";
    char *whole = malloc(size);
    snprintf(whole, size, "Identify(%s)", text);
    json_t *shown = text_value(whole, size - 1);
    free(whole);
    free(text);
    json_decref(id);
    return shown;
}

static json_t *show_identity(const void *body) {
    const ukko_identity *i = body;
    return out_map("id", value_of(i->id), "ref", value_ref(i->ref), NULL);
}

static json_t *show_address(const void *body) {
    const ukko_address *a = body;
    char text[600];
    if (a->host)
        snprintf(text, sizeof text, "%s://%s@%s:%d", a->protocol, a->system, a->host, (int)a->port);
    else snprintf(text, sizeof text, "%s://%s", a->protocol, a->system);
    return out_text(text);
}

/* as texts of Scala's case classes */
static json_t *framed(const char *before, json_t *inner, const char *after) {
    const char *text = json_string_value(inner);
    size_t size = strlen(before) + strlen(text) + strlen(after) + 1;
    char *whole = malloc(size);
    snprintf(whole, size, "%s%s%s", before, text, after);
    json_t *shown = text_value(whole, size - 1);
    free(whole);
    json_decref(inner);
    return shown;
}

static json_t *show_scope(const void *body) {
    return framed("RemoteScope(", show_address(body), ")");
}

static json_t *show_unique_address(const void *body) {
    char uid[24];
    snprintf(uid, sizeof uid, "#%lld", (long long)((const ukko_address *)body)->uid);
    return framed("", show_address(body), uid);
}

static json_t *show_config(const void *body) {
    const ukko_string *s = body;
    return framed("Config(SimpleConfigObject(", out_text_n(s->text, s->len), "))");
}

static json_t *show_terminated(const void *body) {
    const ukko_terminated *t = body;
    return out_map("actor", value_ref(t->ref), "existenceConfirmed",
                   json_boolean(t->existence_confirmed), "addressTerminated",
                   json_boolean(t->address_terminated), NULL);
}

static json_t *show_greeting(const void *body) {
    const greeting *g = body;
    return out_map("text", out_string(&g->text), "number", json_integer(g->number), NULL);
}

static json_t *show_big_doc(const void *body) {
    const big_doc *d = body;
    size_t chars = 0;
    for (size_t i = 0; i < d->n_lines; i++)
        if (d->lines[i]) chars += measure(d->lines[i], strlen(d->lines[i])).units;
    return out_map("title", out_text(d->title), "lines", json_integer((json_int_t)d->n_lines),
                   "chars", json_integer((json_int_t)chars), "first",
                   out_text(d->n_lines ? d->lines[0] : NULL), NULL);
}

static json_t *list_value(const int32_t *list, size_t n) {
    if (!list) return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(array, json_integer(list[i]));
    return array;
}

static json_t *map_value(const pair *map, size_t n) {
    if (!map) return json_null();
    json_t *object = json_object();
    for (size_t i = 0; i < n; i++) json_object_set_new(object, map[i].key, out_text(map[i].value));
    return object;
}

static json_t *show_mixed_cbor(const void *body) {
    const mixed *m = body;
    return out_map("flag", json_boolean(m->flag), "small", json_integer(m->small), "large",
                   json_integer(m->large), "real", show_double(&m->real), "text", out_string(&m->text),
                   "nothing", out_text(m->nothing), "blob",
                   m->blob.ptr ? bytes_value(m->blob) : json_null(), "list",
                   list_value(m->list, m->n_list), "map", map_value(m->map, m->n_map), NULL);
}

static json_t *show_mixed(const void *body) {
    const mixed *m = body;
    json_t *all = show_mixed_cbor(body);
    json_object_set_new(all, "maybe", out_string(&m->maybe));
    json_object_set_new(all, "when", out_text(m->when));
    json_object_set_new(all, "howLong", out_text(m->howLong));
    json_object_set_new(all, "nested", m->nested ? show_greeting(m->nested) : json_null());
    json_object_set_new(all, "replyTo", value_ref(m->replyTo));
    return all;
}

static json_t *show_string_value(const void *body) {
    return out_string(&((const string_value *)body)->value);
}

static json_t *show_adjust(const void *body) {
    char text[40];
    snprintf(text, sizeof text, "AdjustPoolSize(%d)",
             (int)((const ukko_adjust_pool_size *)body)->change);
    return out_text(text);
}

/* ---- The table ----------------------------------------------------------------------- */

typedef struct view {
    const ukko_type *type;
    json_t *(*show)(const void *body); /* NULL: the text is the value */
    const char *text;
} view;

static const view views[] = {
    {&ukko_null_type, show_null, NULL},
    {&ukko_string_type, show_string, NULL},
    {&ukko_int_type, show_int, NULL},
    {&ukko_long_type, show_long, NULL},
    {&ukko_bool_type, show_bool, NULL},
    {&ukko_double_type, show_double, NULL},
    {&ukko_bytes_type, show_bytes, NULL},
    {&ukko_bytestring_type, show_bytes, NULL},
    {&greeting_type, show_greeting, NULL},
    {&cbor_greeting_type, show_greeting, NULL},
    {&big_doc_type, show_big_doc, NULL},
    {&mixed_type, show_mixed, NULL},
    {&mixed_cbor_type, show_mixed_cbor, NULL},
    {&string_value_type, show_string_value, NULL},
    {&ukko_ref_type, show_ref, NULL},
    {&ukko_identify_type, show_identify, NULL},
    {&ukko_identity_type, show_identity, NULL},
    {&ukko_address_type, show_address, NULL},
    {&ukko_unique_address_type, show_unique_address, NULL},
    {&ukko_remote_scope_type, show_scope, NULL},
    {&ukko_config_type, show_config, NULL},
    {&ukko_option_type, show_option, NULL},
    {&ukko_optional_type, show_optional, NULL},
    {&ukko_status_success_type, show_boxed, NULL},
    {&ukko_status_failure_type, show_boxed, NULL},
    {&ukko_reply_success_type, show_reply_success, NULL},
    {&ukko_reply_ack_type, show_reply_ack, NULL},
    {&ukko_reply_error_type, show_reply_error, NULL},
    {&ukko_reply_exception_type, show_reply_exception, NULL},
    {&ukko_throwable_type, show_throwable, NULL},
    {&ukko_terminated_type, show_terminated, NULL},
    {&ukko_adjust_pool_size_type, show_adjust, NULL},
    {&ukko_done_type, NULL, "Done"},
    {&ukko_not_used_type, NULL, "NotUsed"},
    {&ukko_poison_pill_type, NULL, "PoisonPill"},
    {&ukko_kill_type, NULL, "Kill"},
};

static json_t *printed_value(const ukko_msg *msg) {
    char text[SHOWN + 1];
    size_t n = ukko_msg_print(msg, text, sizeof text);
    return out_text_n(text, n < sizeof text ? n : sizeof text - 1);
}

json_t *value_of(const ukko_msg *msg) {
    if (!msg) return json_null();
    const ukko_type *type = ukko_msg_type(msg);
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        const view *v = &views[i];
        if (v->type == type) return v->show ? v->show(ukko_msg_get(msg, type)) : out_text(v->text);
    }
    return printed_value(msg);
}

json_t *value_class(const ukko_msg *msg) {
    return msg ? out_text(ukko_msg_class(msg)) : json_null();
}
