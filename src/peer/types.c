/* SPDX-License-Identifier: Apache-2.0 */
/* The sample message types, as tables: the Jackson classes of the reference peer, one protobuf
   message, and one type that has no serializer. Immutable data; any thread. */
#include "peer.h"
#include <stdio.h>
#include <string.h>

/* A list or map that keeps JSON's null apart from an empty one, as Java does. */
#define MANY_OR_NULL(S, m, n, kind, how, type)                                                     \
    {#m, kind, (how) | UKKO_OPTIONAL, 0, (uint32_t)offsetof(S, m),                                 \
     (uint32_t)sizeof(((S *)0)->m), (uint32_t)offsetof(S, n), type, NULL}

static const ukko_field greeting_fields[] = {
    UKKO_FIELD(greeting, text, UKKO_TEXT),
    UKKO_FIELD(greeting, number, UKKO_I64),
};
const ukko_type greeting_type = UKKO_JACKSON(greeting, "ukko.oracle.Greeting", greeting_fields);
const ukko_type cbor_greeting_type =
    UKKO_JACKSON_CBOR_TYPE(greeting, "ukko.oracle.CborGreeting", greeting_fields);

static const ukko_field big_doc_fields[] = {
    UKKO_FIELD(big_doc, title, UKKO_STR),
    MANY_OR_NULL(big_doc, lines, n_lines, UKKO_STR, UKKO_REPEATED, NULL),
};
const ukko_type big_doc_type = UKKO_JACKSON(big_doc, "ukko.oracle.BigDoc", big_doc_fields);

static const ukko_field pair_fields[] = {
    UKKO_FIELD(pair, key, UKKO_STR),
    UKKO_FIELD(pair, value, UKKO_STR),
};
static const ukko_type pair_type = UKKO_TYPE_LOCAL(pair, pair_fields);

#define MIXED_FIELDS                                                                               \
    UKKO_FIELD(mixed, flag, UKKO_BOOL), UKKO_FIELD(mixed, small, UKKO_I32),                        \
        UKKO_FIELD(mixed, large, UKKO_I64), UKKO_FIELD(mixed, real, UKKO_F64),                     \
        UKKO_FIELD(mixed, text, UKKO_TEXT), UKKO_FIELD(mixed, nothing, UKKO_STR),                   \
        UKKO_FIELD(mixed, blob, UKKO_BYTES),                                                       \
        MANY_OR_NULL(mixed, list, n_list, UKKO_I32, UKKO_REPEATED, NULL),                          \
        MANY_OR_NULL(mixed, map, n_map, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, &pair_type)

static const ukko_field mixed_fields[] = {
    MIXED_FIELDS,
    UKKO_FIELD(mixed, maybe, UKKO_TEXT),
    UKKO_FIELD(mixed, when, UKKO_STR),
    UKKO_FIELD(mixed, howLong, UKKO_STR),
    UKKO_FIELD_OF(mixed, nested, UKKO_STRUCTP, &greeting_type),
    UKKO_FIELD(mixed, replyTo, UKKO_REF),
};
const ukko_type mixed_type = UKKO_JACKSON(mixed, "ukko.oracle.Mixed", mixed_fields);

static const ukko_field mixed_cbor_fields[] = {MIXED_FIELDS};
const ukko_type mixed_cbor_type =
    UKKO_JACKSON_CBOR_TYPE(mixed, "ukko.oracle.MixedCbor", mixed_cbor_fields);

static const ukko_field string_value_fields[] = {
    UKKO_FIELD_TAG(string_value, value, UKKO_TEXT, 1),
};
const ukko_type string_value_type = UKKO_TYPE(string_value, "com.google.protobuf.StringValue",
                                              UKKO_SER_PROTOBUF, string_value_fields);

static const ukko_field java_thing_fields[] = {UKKO_FIELD(java_thing, text, UKKO_STR)};
const ukko_type java_thing_type =
    UKKO_TYPE(java_thing, "ukko.oracle.JavaThing", UKKO_SER_LOCAL, java_thing_fields);

const ukko_type *const peer_types[] = {
    &greeting_type,   &cbor_greeting_type, &big_doc_type, &mixed_type,
    &mixed_cbor_type, &string_value_type,  NULL,
};

static size_t print_line(char *buf, size_t len, size_t number) {
    int n = snprintf(buf, len, "line %zu of a large document that compresses well", number);
    return (size_t)n;
}

/* Lines of text until there are that many characters. */
ukko_msg *sample_big_doc(size_t chars) {
    char line[80];
    size_t n = 0;
    for (size_t done = 0; done < chars; n++) done += print_line(line, sizeof line, n);
    ukko_msg *msg = ukko_msg_new(&big_doc_type);
    big_doc *doc = ukko_msg_body(msg);
    doc->title = ukko_msg_strdup(msg, "big");
    doc->lines = ukko_msg_alloc(msg, (n ? n : 1) * sizeof *doc->lines);
    doc->n_lines = n;
    for (size_t i = 0; i < n; i++) {
        print_line(line, sizeof line, i);
        doc->lines[i] = ukko_msg_strdup(msg, line);
    }
    return msg;
}

ukko_msg *sample_mixed(const ukko_type *type, ukko_ref *reply_to) {
    static const uint8_t blob[] = {0, 1, 0xff};
    int32_t list[] = {1, 2, 3};
    pair map[] = {{"a", "x"}, {"b", "y"}};
    greeting nested = {{"inner", 0}, 1};
    bool json = type == &mixed_type;
    mixed m = {
        .flag = true,
        .small = -7,
        .large = INT64_C(1) << 40,
        .real = 2.5,
        .text = {json ? "gr\u00fc\u00df \u2603 \U0001f680" : "gr\u00fc\u00df \u2603", 0},
        .blob = {blob, sizeof blob},
        .list = list,
        .n_list = 3,
        .map = map,
        .n_map = 2,
        .maybe = {"yes", 0},
        .when = "2023-11-14T22:13:20.123456789Z",
        .howLong = "PT1M30.5S",
        .nested = &nested,
        .replyTo = reply_to,
    };
    return ukko_msg_copy(type, &m);
}
