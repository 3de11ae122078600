/* SPDX-License-Identifier: Apache-2.0 */
/* Replies as JSON values and as lines for people. Any thread. */
#include "cli.h"
#include "java_stream.h"
#include <ukko/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void time_text(char *to, size_t len) {
    struct timespec now;
    struct tm tm;
    char day[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(to, len, "%s.%03ldZ", day, now.tv_nsec / 1000000);
}

static json_t *hex(const ukko_slice *bytes) {
    char *text = malloc(2 * bytes->len + 1);
    for (size_t i = 0; i < bytes->len; i++) snprintf(text + 2 * i, 3, "%02x", bytes->ptr[i]);
    json_t *j = json_stringn(text, 2 * bytes->len);
    free(text);
    return j;
}

static json_t *base64(const ukko_slice *bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(bytes->len / 3 * 4 + 5), *to = text;
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t n = bytes->len - i;
        uint32_t v = (uint32_t)bytes->ptr[i] << 16 |
                     (uint32_t)(n > 1 ? bytes->ptr[i + 1] : 0) << 8 |
                     (n > 2 ? bytes->ptr[i + 2] : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *to++ = n > 2 ? digits[v & 63] : '=';
    }
    json_t *j = json_stringn(text, (size_t)(to - text));
    free(text);
    return j;
}

static bool describe; /* what Java has serialized */

/* What cannot be read is shown as it came; a Java-serialized stream says its class. */
static json_t *opaque(const ukko_opaque *o) {
    char name[300];
    json_t *j = json_object();
    ukko_wire_name(o->serializer, ukko_str(o->manifest), o->bytes, name, sizeof name);
    json_object_set_new(j, "serializer", json_integer(o->serializer));
    json_object_set_new(j, "manifest", output_text(o->manifest));
    json_object_set_new(j, "java_class",
                        output_text(strncmp(name, "java:", 5) == 0 ? name + 5 : NULL));
    json_t *java = describe ? java_describe(o->bytes.ptr, o->bytes.len) : NULL;
    if (java) json_object_set_new(j, "java", java);
    json_object_set_new(j, "base64", base64(&o->bytes));
    return j;
}

int show_java(cli *c) {
    const char *mode = args_value(c, "java");
    describe = mode && strcmp(mode, "describe") == 0;
    return !mode || describe ? CLI_OK : cli_usage(c, "--java: '%s' is not describe", mode);
}

const char *show_type(const ukko_msg *msg) {
    return msg && ukko_msg_type(msg) == &ukko_opaque_type ? "opaque" : ukko_msg_class(msg);
}

static json_t *string(const ukko_string *s) {
    json_t *j = json_stringn(s->text, s->len);
    return j ? j : output_text(s->text);
}

static json_t *reference(ukko_ref *ref) { return output_text(ref ? ukko_ref_path(ref) : NULL); }

static json_t *throwable(const ukko_throwable *t) {
    json_t *j = json_object();
    json_object_set_new(j, "class",
                        output_text(t->original_class ? t->original_class : t->class_name));
    json_object_set_new(j, "message",
                        output_text(t->original_class ? t->original_message : t->message));
    return j;
}

static json_t *identity(const ukko_identity *i) {
    json_t *j = json_object();
    json_object_set_new(j, "id", show_value(i->id));
    json_object_set_new(j, "ref", reference(i->ref));
    return j;
}

static json_t *printed(const ukko_msg *msg) {
    size_t len = ukko_msg_print(msg, NULL, 0);
    char *text = malloc(len + 1);
    ukko_msg_print(msg, text, len + 1);
    json_t *j = output_text(text);
    free(text);
    return j;
}

static bool boxes(const ukko_type *t) {
    return t == &ukko_option_type || t == &ukko_optional_type || t == &ukko_status_success_type ||
           t == &ukko_status_failure_type || t == &ukko_reply_success_type ||
           t == &ukko_reply_exception_type;
}

/* A Jackson class that is only known as its JSON, see message.c */
static bool is_raw_json(const ukko_type *t) {
    return t->serializer == UKKO_SER_JACKSON_JSON && t->codec && t->body_size == sizeof(ukko_slice);
}

json_t *show_value(const ukko_msg *msg) {
    const ukko_type *t = msg ? ukko_msg_type(msg) : &ukko_null_type;
    const void *body = msg ? ukko_msg_get(msg, t) : NULL;
    if (t == &ukko_null_type) return json_null();
    if (t == &ukko_string_type || t == &ukko_reply_error_type) return string(body);
    if (t == &ukko_long_type) return json_integer(*(const int64_t *)body);
    if (t == &ukko_int_type) return json_integer(*(const int32_t *)body);
    if (t == &ukko_bool_type) return json_boolean(*(const bool *)body);
    if (t == &ukko_bytes_type || t == &ukko_bytestring_type) return hex(body);
    if (t == &ukko_opaque_type) return opaque(body);
    if (t == &ukko_ref_type) return reference(((const ukko_ref_body *)body)->ref);
    if (t == &ukko_identity_type) return identity(body);
    if (t == &ukko_throwable_type) return throwable(body);
    if (boxes(t)) return show_value(((const ukko_boxed *)body)->value);
    if (is_raw_json(t)) {
        const ukko_slice *s = body;
        json_t *j = json_loadb((const char *)s->ptr, s->len, JSON_DECODE_ANY, NULL);
        return j ? j : hex(s);
    }
    if (t == &ukko_json_type) {
        const ukko_json *doc = body;
        json_t *j = json_loads(doc->text, JSON_DECODE_ANY, NULL);
        return j ? j : output_text(doc->text);
    }
    return printed(msg);
}

char *show_line(const ukko_msg *msg) {
    json_t *j = show_value(msg), *java = json_object_get(j, "java");
    if (java && msg && ukko_msg_type(msg) == &ukko_opaque_type) {
        json_t *whole = j; /* people want to read it, and not its bytes */
        j = json_incref(java);
        json_decref(whole);
    }
    char *line = json_is_string(j) ? strdup(json_string_value(j))
                                   : json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(j);
    return line ? line : strdup("");
}
