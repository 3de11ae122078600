/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of serialization share: a system called "vec" at the address that the vectors were
   made with, whose remoting is a stub that makes references to anything; the message classes of
   the reference peer; hex. Single-threaded. */
#ifndef SERIAL_HELPER_H
#define SERIAL_HELPER_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "actor/provider.h"
#include "base/mem.h"
#include "serial/codec.h"
#include "serial/daemon.h"
#include "support/far.h"
#include <stdio.h>
#include <stdlib.h>
#include <ukko/serial.h>

/* ---- the classes of the reference peer ---- */

typedef struct greeting { const char *text; int64_t number; } greeting;
static const ukko_field greeting_fields[] = {
    UKKO_FIELD_TAG(greeting, text, UKKO_STR, 1), UKKO_FIELD_TAG(greeting, number, UKKO_I64, 2)};
static const ukko_type greeting_type =
    UKKO_JACKSON(greeting, "ukko.oracle.Greeting", greeting_fields);
static const ukko_type cbor_greeting_type =
    UKKO_JACKSON_CBOR_TYPE(greeting, "ukko.oracle.CborGreeting", greeting_fields);

typedef struct entry { const char *key, *value; } entry;
static const ukko_field entry_fields[] = {UKKO_FIELD_TAG(entry, key, UKKO_STR, 1),
                                          UKKO_FIELD_TAG(entry, value, UKKO_STR, 2)};
static const ukko_type entry_type = UKKO_TYPE_LOCAL(entry, entry_fields);

typedef struct mixed {
    bool flag;
    int32_t small;
    int64_t large;
    double real;
    const char *text, *nothing;
    ukko_slice blob;
    int32_t *list;
    size_t n_list;
    entry *map;
    size_t n_map;
    const char *maybe, *when, *howLong;
    greeting *nested;
    ukko_ref *replyTo;
} mixed;
#define MIXED_COMMON                                                                        \
    UKKO_FIELD(mixed, flag, UKKO_BOOL), UKKO_FIELD(mixed, small, UKKO_I32),                 \
        UKKO_FIELD(mixed, large, UKKO_I64), UKKO_FIELD(mixed, real, UKKO_F64),              \
        UKKO_FIELD(mixed, text, UKKO_STR), UKKO_FIELD(mixed, nothing, UKKO_STR),            \
        UKKO_FIELD(mixed, blob, UKKO_BYTES),                                                \
        UKKO_FIELD_LIST(mixed, list, n_list, UKKO_I32, NULL),                               \
        UKKO_FIELD_MAP(mixed, map, n_map, &entry_type)
static const ukko_field mixed_fields[] = {
    MIXED_COMMON,
    UKKO_FIELD(mixed, maybe, UKKO_STR),
    UKKO_FIELD(mixed, when, UKKO_STR),
    UKKO_FIELD(mixed, howLong, UKKO_STR),
    UKKO_FIELD_OF(mixed, nested, UKKO_STRUCTP, &greeting_type),
    UKKO_FIELD(mixed, replyTo, UKKO_REF),
};
static const ukko_field mixed_cbor_fields[] = {MIXED_COMMON};
static const ukko_type mixed_type = UKKO_JACKSON(mixed, "ukko.oracle.Mixed", mixed_fields);
static const ukko_type mixed_cbor_type =
    UKKO_JACKSON_CBOR_TYPE(mixed, "ukko.oracle.MixedCbor", mixed_cbor_fields);

typedef struct big_doc { const char *title; const char **lines; size_t n_lines; } big_doc;
static const ukko_field big_doc_fields[] = {
    UKKO_FIELD(big_doc, title, UKKO_STR),
    UKKO_FIELD_LIST(big_doc, lines, n_lines, UKKO_STR, NULL)};
static const ukko_type big_doc_type = UKKO_JACKSON(big_doc, "ukko.oracle.BigDoc", big_doc_fields);

typedef struct string_value { const char *value; } string_value;
static const ukko_field string_value_fields[] = {UKKO_FIELD_TAG(string_value, value, UKKO_STR, 1)};
static const ukko_type string_value_type = UKKO_TYPE(
    string_value, "com.google.protobuf.StringValue", UKKO_SER_PROTOBUF, string_value_fields);

static const ukko_type *const peer_types[] = {
    &greeting_type,  &cbor_greeting_type, &mixed_type, &mixed_cbor_type,
    &big_doc_type, &string_value_type,  NULL};

/* ---- the system ---- */

static ukko_system *the_system;
static uk_serial *the_serial;

static inline int open_system(void **state) {
    (void)state;
    ukko_error err;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("vec", NULL);
    opts.types = peer_types;
    opts.threads = 0;
    if (ukko_system_new(&the_system, &opts, &err)) return -1;
    if (far_install(the_system) || ukko_system_start(the_system, &err)) return -1;
    the_serial = uk_serial_of(the_system);
    return the_serial ? 0 : -1;
}
static inline int close_system(void **state) {
    (void)state;
    ukko_system_free(the_system);
    return 0;
}
static inline ukko_ref *ref_to(const char *path) {
    return uk_system_resolve(the_system, ukko_str(path));
}

/* ---- hex and round trips ---- */

static inline int hex_digit(char c) {
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}
static inline void from_hex(const char *hex, uk_buf *out) {
    uk_buf_clear(out);
    for (; hex[0] && hex[1]; hex += 2)
        if (*hex == ' ') hex--;
        else uk_buf_byte(out, (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1])));
}
static inline const char *to_hex(ukko_slice s) {
    static char text[2][4096];
    static int turn;
    char *p = text[turn ^= 1];
    for (size_t i = 0; i < s.len && i < 2000; i++) sprintf(p + 2 * i, "%02x", s.ptr[i]);
    p[2 * (s.len < 2000 ? s.len : 2000)] = 0;
    return p;
}
static inline void same_bytes(const char *what, ukko_slice want, ukko_slice got) {
    if (!uk_slice_eq(want, got))
        fail_msg("%s:\n want %s\n got  %s", what, to_hex(want), to_hex(got));
}
typedef struct coded { /* an encoded message */
    int32_t id;
    ukko_slice manifest;
    uk_buf bytes;
    int rc;
    ukko_error err;
} coded;
static inline coded encode(const ukko_msg *m) {
    coded c = {0};
    c.rc = uk_serial_encode(the_serial, m, &c.bytes, &c.id, &c.manifest, &c.err);
    return c;
}
static inline int decode(int32_t id, const char *manifest, ukko_slice in, ukko_msg **out,
                         ukko_error *err) {
    return uk_serial_decode(the_serial, id, ukko_str(manifest), in, out, err);
}
static inline int decode_hex(int32_t id, const char *manifest, const char *hex, ukko_msg **out,
                             ukko_error *err) {
    uk_buf b = {0};
    from_hex(hex, &b);
    int rc = decode(id, manifest, uk_buf_slice(&b), out, err);
    uk_buf_fini(&b);
    return rc;
}
/* Encodes, and gives what is decoded from that, owned. */
static inline ukko_msg *one_way(const ukko_msg *m, int32_t id, const char *manifest, coded *a) {
    *a = encode(m);
    if (a->rc) fail_msg("%s", a->err.message);
    assert_int_equal(a->id, id);
    if (!uk_slice_is(a->manifest, manifest))
        fail_msg("manifest [%.*s], not [%s]", (int)a->manifest.len, (const char *)a->manifest.ptr,
                 manifest);
    ukko_msg *back;
    ukko_error err = {0, ""};
    if (uk_serial_decode(the_serial, a->id, a->manifest, uk_buf_slice(&a->bytes), &back, &err))
        fail_msg("%s", err.message);
    return back;
}
/* Encodes, decodes, encodes: the bytes must be the same. Gives what was decoded, owned. */
static inline ukko_msg *round_trip(const ukko_msg *m, int32_t id, const char *manifest) {
    coded a;
    ukko_msg *back = one_way(m, id, manifest, &a);
    coded b = encode(back);
    same_bytes(manifest, uk_buf_slice(&a.bytes), uk_buf_slice(&b.bytes));
    uk_buf_fini(&a.bytes);
    uk_buf_fini(&b.bytes);
    return back;
}
#endif
