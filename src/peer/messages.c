/* SPDX-License-Identifier: Apache-2.0 */
/* The KIND:VALUE form of messages in commands, as one table of kinds. What is none of them is a
   String. Runs on the command thread. */
#include "peer.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fault_set(fault *f, const char *class_name, const char *format, ...) {
    va_list args;
    va_start(args, format);
    f->class_name = class_name;
    vsnprintf(f->message, sizeof f->message, format, args);
    va_end(args);
    return -1;
}

int number_parse(const char *text, int64_t min, int64_t max, int64_t *out, fault *f) {
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    bool digits = text[0] == '-' || text[0] == '+' || (text[0] >= '0' && text[0] <= '9');
    if (errno || end == text || *end || !digits || n < min || n > max)
        return fault_set(f, "java.lang.NumberFormatException", "For input string: \"%s\"", text);
    *out = n;
    return 0;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int hex_parse(const char *text, uint8_t **bytes, size_t *len, fault *f) {
    size_t n = strlen(text);
    if (n % 2)
        return fault_set(f, "java.lang.IllegalArgumentException", "odd number of hex digits");
    uint8_t *b = malloc(n / 2 + 1);
    for (size_t i = 0; i < n; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) {
            free(b);
            return fault_set(f, "java.lang.NumberFormatException",
                             "For input string: \"%.2s\" under radix 16", text + i);
        }
        b[i / 2] = (uint8_t)(high << 4 | low);
    }
    *bytes = b;
    *len = n / 2;
    return 0;
}

/* ---- The kinds ----------------------------------------------------------------------- */

/* What a kind is made from: the text behind the colon and what its table line holds. */
typedef struct source {
    ukko_system *sys;
    const char *text;
    const ukko_type *type;
    const char *class_name;
    fault *f;
} source;

static int make_empty(const source *s, ukko_msg **out) {
    *out = ukko_msg_new(s->type);
    return 0;
}

static int make_null(const source *s, ukko_msg **out) {
    (void)s;
    *out = NULL;
    return 0;
}

static int make_string(const source *s, ukko_msg **out) {
    *out = ukko_msg_string(s->text);
    return 0;
}

static int make_repeated(const source *s, ukko_msg **out) {
    int64_t n;
    if (number_parse(s->text, 0, 1 << 30, &n, s->f)) return -1;
    char *text = malloc((size_t)n + 1);
    memset(text, 'x', (size_t)n);
    text[n] = '\0';
    *out = ukko_msg_string(text);
    free(text);
    return 0;
}

static int make_long(const source *s, ukko_msg **out) {
    int64_t n;
    if (number_parse(s->text, INT64_MIN, INT64_MAX, &n, s->f)) return -1;
    *out = ukko_msg_copy(&ukko_long_type, &n);
    return 0;
}

static int make_int(const source *s, ukko_msg **out) {
    int64_t n;
    if (number_parse(s->text, INT32_MIN, INT32_MAX, &n, s->f)) return -1;
    *out = ukko_msg_copy(&ukko_int_type, &(int32_t){(int32_t)n});
    return 0;
}

static int make_bool(const source *s, ukko_msg **out) {
    *out = ukko_msg_copy(&ukko_bool_type, &(bool){strcmp(s->text, "true") == 0});
    return 0;
}

static int make_double(const source *s, ukko_msg **out) {
    char *end;
    double d = strtod(s->text, &end);
    if (end == s->text || *end)
        return fault_set(s->f, "java.lang.NumberFormatException", "For input string: \"%s\"",
                         s->text);
    *out = ukko_msg_copy(&ukko_double_type, &d);
    return 0;
}

/* byte[] or ByteString, as the table line says */
static int make_bytes(const source *s, ukko_msg **out) {
    uint8_t *bytes;
    ukko_slice slice;
    if (hex_parse(s->text, &bytes, &slice.len, s->f)) return -1;
    slice.ptr = bytes;
    *out = ukko_msg_copy(s->type, &slice);
    free(bytes);
    return 0;
}

static int make_pattern(const source *s, ukko_msg **out) {
    int64_t n;
    if (number_parse(s->text, 0, 1 << 30, &n, s->f)) return -1;
    uint8_t *bytes = malloc((size_t)n + 1);
    for (int64_t i = 0; i < n; i++) bytes[i] = (uint8_t)i;
    *out = ukko_msg_copy(s->type, &(ukko_slice){bytes, (size_t)n});
    free(bytes);
    return 0;
}

/* TEXT,N: the number behind the last comma */
static int make_greeting(const source *s, ukko_msg **out) {
    const char *comma = strrchr(s->text, ',');
    int64_t n = 0;
    if (comma && number_parse(comma + 1, INT64_MIN, INT64_MAX, &n, s->f)) return -1;
    char *text = strndup(s->text, comma ? (size_t)(comma - s->text) : strlen(s->text));
    *out = ukko_msg_copy(s->type, &(greeting){{text, 0}, n});
    free(text);
    return 0;
}

static int make_big_doc(const source *s, ukko_msg **out) {
    int64_t n;
    if (number_parse(s->text, 0, 1 << 30, &n, s->f)) return -1;
    *out = sample_big_doc((size_t)n);
    return 0;
}

static int make_mixed(const source *s, ukko_msg **out) {
    ukko_ref *ref = ref_of(s->sys, *s->text ? s->text : "/user/collector");
    *out = sample_mixed(&mixed_type, ref);
    ukko_ref_release(ref);
    return 0;
}

static int make_mixed_cbor(const source *s, ukko_msg **out) {
    (void)s;
    *out = sample_mixed(&mixed_cbor_type, NULL);
    return 0;
}

static int make_proto(const source *s, ukko_msg **out) {
    *out = ukko_msg_copy(s->type, &(string_value){{s->text, 0}});
    return 0;
}

static int make_java(const source *s, ukko_msg **out) {
    *out = ukko_msg_copy(s->type, &(java_thing){s->text});
    return 0;
}

static int make_reply_error(const source *s, ukko_msg **out) {
    *out = ukko_msg_copy(s->type, &(ukko_string){s->text, 0});
    return 0;
}

static int make_ref(const source *s, ukko_msg **out) {
    ukko_ref *ref = ref_of(s->sys, s->text);
    *out = ukko_msg_copy(&ukko_ref_type, &(ukko_ref_body){ref});
    ukko_ref_release(ref);
    return 0;
}

/* A type that holds one message; the body of Identify has the same form. */
static int make_boxed(const source *s, ukko_msg **out) {
    ukko_msg *inner;
    if (message_parse(s->sys, s->text, &inner, s->f)) return -1;
    if (!inner && s->type == &ukko_optional_type)
        return fault_set(s->f, "java.lang.NullPointerException", "null");
    *out = ukko_msg_copy(s->type, &(ukko_boxed){inner});
    ukko_msg_release(inner);
    return 0;
}

static int make_failure(const source *s, ukko_msg **out) {
    ukko_msg *cause = ukko_msg_throwable(s->class_name, s->text);
    *out = ukko_msg_copy(&ukko_status_failure_type, &(ukko_boxed){cause});
    ukko_msg_release(cause);
    return 0;
}

static int bad_address(const char *text, fault *f) {
    return fault_set(f, "java.net.MalformedURLException", "%s", text);
}

/* protocol://system@host:port or protocol://system, cut up in place */
static int address_split(char *text, ukko_address *a) {
    char *system = strstr(text, "://");
    if (!system || system == text) return -1;
    *system = '\0';
    *a = (ukko_address){.protocol = text, .system = system + 3};
    char *host = strchr(system + 3, '@');
    if (!host) return system[3] && !strpbrk(system + 3, "/:") ? 0 : -1;
    *host++ = '\0';
    char *port = strrchr(host, ':'), *end;
    if (!port || port == host || host == system + 4) return -1;
    *port++ = '\0';
    unsigned long n = strtoul(port, &end, 10);
    a->host = host;
    a->port = (int32_t)n;
    return end == port || *end || n > 65535 ? -1 : 0;
}

int address_check(const char *text, fault *f) {
    char *copy = strdup(text);
    ukko_address a;
    int bad = address_split(copy, &a);
    free(copy);
    return bad ? bad_address(text, f) : 0;
}

static int make_address(const source *s, ukko_msg **out) {
    char *copy = strdup(s->text);
    ukko_address a;
    int bad = address_split(copy, &a);
    if (!bad) *out = ukko_msg_copy(&ukko_address_type, &a);
    free(copy);
    return bad ? bad_address(s->text, s->f) : 0;
}

/* ---- The table ----------------------------------------------------------------------- */

typedef enum form { VALUE, WORD } form; /* KIND:VALUE (the colon may be left out), or KIND alone */

typedef struct kind {
    const char *name;
    form form;
    int (*make)(const source *s, ukko_msg **out);
    const ukko_type *type;
    const char *class_name;
} kind;

static const kind kinds[] = {
    {"str", VALUE, make_string, NULL, NULL},
    {"null", WORD, make_null, NULL, NULL},
    {"strn", VALUE, make_repeated, NULL, NULL},
    {"long", VALUE, make_long, NULL, NULL},
    {"int", VALUE, make_int, NULL, NULL},
    {"bool", VALUE, make_bool, NULL, NULL},
    {"double", VALUE, make_double, NULL, NULL},
    {"bytes", VALUE, make_bytes, &ukko_bytes_type, NULL},
    {"bytesn", VALUE, make_pattern, &ukko_bytes_type, NULL},
    {"bstr", VALUE, make_bytes, &ukko_bytestring_type, NULL},
    {"bstrn", VALUE, make_pattern, &ukko_bytestring_type, NULL},
    {"json", VALUE, make_greeting, &greeting_type, NULL},
    {"cbor", VALUE, make_greeting, &cbor_greeting_type, NULL},
    {"bigjson", VALUE, make_big_doc, NULL, NULL},
    {"mixed", VALUE, make_mixed, NULL, NULL},
    {"mixedcbor", VALUE, make_mixed_cbor, NULL, NULL},
    {"proto", VALUE, make_proto, &string_value_type, NULL},
    {"java", VALUE, make_java, &java_thing_type, NULL},
    {"ref", VALUE, make_ref, NULL, NULL},
    {"some", VALUE, make_boxed, &ukko_option_type, NULL},
    {"none", WORD, make_empty, &ukko_option_type, NULL},
    {"opt", VALUE, make_boxed, &ukko_optional_type, NULL},
    {"empty", WORD, make_empty, &ukko_optional_type, NULL},
    {"done", WORD, make_empty, &ukko_done_type, NULL},
    {"notused", WORD, make_empty, &ukko_not_used_type, NULL},
    {"poison", WORD, make_empty, &ukko_poison_pill_type, NULL},
    {"kill", WORD, make_empty, &ukko_kill_type, NULL},
    {"address", VALUE, make_address, NULL, NULL},
    {"success", VALUE, make_boxed, &ukko_status_success_type, NULL},
    {"failure", VALUE, make_failure, NULL, "java.lang.IllegalStateException"},
    {"timeoutfailure", VALUE, make_failure, NULL, "java.util.concurrent.TimeoutException"},
    {"replyok", VALUE, make_boxed, &ukko_reply_success_type, NULL},
    {"replyerr", VALUE, make_reply_error, &ukko_reply_error_type, NULL},
    {"ack", WORD, make_empty, &ukko_reply_ack_type, NULL},
    {"identify", VALUE, make_boxed, &ukko_identify_type, NULL},
};

static const kind *kind_named(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0) return &kinds[i];
    return NULL;
}

int message_parse(ukko_system *sys, const char *text, ukko_msg **out, fault *f) {
    const char *colon = strchr(text, ':');
    const kind *k = kind_named(text, colon ? (size_t)(colon - text) : strlen(text));
    if (!k || (k->form == WORD && colon)) {
        *out = ukko_msg_string(text);
        return 0;
    }
    source s = {sys, colon ? colon + 1 : "", k->type, k->class_name, f};
    return k->make(&s, out);
}
