/* SPDX-License-Identifier: Apache-2.0 */
/* Which serializer a type gets, protobuf by tags, serializers of an application, the public calls. */
#include "helper.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- protobuf ---- */

typedef struct order_line { const char *item; int32_t count; } order_line;
static const ukko_field line_fields[] = {UKKO_FIELD_TAG(order_line, item, UKKO_STR, 1),
                                         UKKO_FIELD_TAG(order_line, count, UKKO_I32, 2)};
static const ukko_type line_type = UKKO_TYPE(order_line, "shop.Line", UKKO_SER_PROTOBUF, line_fields);
typedef struct order {
    bool paid;
    int32_t level;
    int64_t total;
    float rate;
    double weight;
    const char *who;
    ukko_slice blob;
    order_line *lines;
    size_t n_lines;
    int32_t *numbers;
    size_t n_numbers;
    double *reals;
    size_t n_reals;
    const char **tags;
    size_t n_tags;
    order_line *main;
    ukko_ref *ref;
    entry *map;
    size_t n_map;
    ukko_msg *any;
} order;
#define LIST(m, n, kind, type, tag)                                                         \
    {#m, kind, UKKO_REPEATED, tag, offsetof(order, m), sizeof(void *), offsetof(order, n), type, NULL}
static const ukko_field order_fields[] = {
    UKKO_FIELD_TAG(order, paid, UKKO_BOOL, 1), UKKO_FIELD_TAG(order, level, UKKO_I32, 2),
    UKKO_FIELD_TAG(order, total, UKKO_I64, 3), UKKO_FIELD_TAG(order, rate, UKKO_F32, 4),
    UKKO_FIELD_TAG(order, weight, UKKO_F64, 5), UKKO_FIELD_TAG(order, who, UKKO_STR, 6),
    UKKO_FIELD_TAG(order, blob, UKKO_BYTES, 7), LIST(lines, n_lines, UKKO_STRUCT, &line_type, 8),
    LIST(numbers, n_numbers, UKKO_I32, NULL, 9), LIST(reals, n_reals, UKKO_F64, NULL, 10),
    LIST(tags, n_tags, UKKO_STR, NULL, 11),
    {"main", UKKO_STRUCTP, 0, 12, offsetof(order, main), sizeof(void *), 0, &line_type, NULL},
    UKKO_FIELD_TAG(order, ref, UKKO_REF, 13),
    {"map", UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 14, offsetof(order, map), sizeof(void *),
     offsetof(order, n_map), &entry_type, NULL},
    UKKO_FIELD_TAG(order, any, UKKO_MSG, 15),
};
static const ukko_type order_type = UKKO_TYPE(order, "shop.Order", UKKO_SER_PROTOBUF, order_fields);

/* ---- a serializer of an application ---- */

typedef struct point { int32_t x, y; } point;
static int point_encode(ukko_encoder *out, const void *body) {
    return ukko_encoder_put(out, body, sizeof(point));
}
static int point_decode(ukko_msg *into, void *body, ukko_slice in) {
    (void)into;
    if (in.len != sizeof(point)) return UKKO_EPARSE;
    memcpy(body, in.ptr, in.len);
    return UKKO_OK;
}
static const ukko_codec point_codec = {sizeof(ukko_codec), NULL, point_encode, point_decode};
#define POINT(serializer, manifest, codec)                                                  \
    {sizeof(ukko_type), sizeof(point), "point", "geo.Point", manifest, serializer, 0, 0, NULL, codec, NULL}
static const ukko_type point_type = POINT(77, "P", &point_codec);

static int setup(void **state) {
    return open_system(state) || uk_serial_add(the_serial, &order_type, NULL) ||
           uk_serial_add(the_serial, &point_type, NULL);
}

/* spec: ProtobufSerializerSpec 2 */
/* spec: ProtobufSerializerSpec 3 */
static void protobuf_by_tags(void **state) {
    order_line lines[] = {{"a", 1}, {"", -2}};
    int32_t numbers[] = {0, 1, -1, 300};
    double reals[] = {0, 1.5};
    const char *tags[] = {"", "t"};
    entry map[] = {{"k", "v"}, {"", ""}};
    int64_t five = 5;
    order o = {true, -3, 1LL << 40, 1.5f, -0.25, "me", {(const uint8_t *)"\0\1", 2}, lines, 2,
               numbers, 4, reals, 2, tags, 2, &lines[0], ref_to("pekko.tcp://p@h:1/user/x#7"), map,
               2, ukko_msg_copy(&ukko_long_type, &five)};
    (void)state;
    ukko_msg *m = ukko_msg_copy(&order_type, &o), *back = round_trip(m, 2, "shop.Order");
    const order *b = ukko_msg_get(back, &order_type);
    assert_int_equal(b->n_lines, 2);
    assert_int_equal(b->lines[1].count, -2);
    assert_int_equal(b->n_numbers, 4);
    assert_int_equal(b->numbers[3], 300);
    assert_true(b->reals[1] == 1.5 && b->rate == 1.5f && b->weight == -0.25);
    assert_string_equal(b->tags[0], "");
    assert_string_equal(b->map[0].value, "v");
    assert_string_equal(uk_ref_text(b->ref), "pekko.tcp://p@h:1/user/x#7");
    assert_ptr_equal(ukko_msg_type(b->any), &ukko_long_type);
    char x[1000], y[1000];
    ukko_msg_print(m, x, sizeof x);
    ukko_msg_print(back, y, sizeof y);
    assert_string_equal(x, y);
    ukko_msg_release(back);
    ukko_msg_release(m);
    uk_ref_release(o.ref);
    ukko_msg_release(o.any);
}
static void protobuf_zero_is_nothing(void **state) {
    order o = {0};
    (void)state;
    ukko_msg *m = ukko_msg_copy(&order_type, &o);
    coded c = encode(m);
    assert_int_equal(c.bytes.len, 0);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
    string_value v = {"pb"};
    m = ukko_msg_copy(&string_value_type, &v);
    c = encode(m);
    same_bytes("StringValue", ukko_str("\x0a\x02pb"), uk_buf_slice(&c.bytes));
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
    assert_int_equal(decode_hex(2, "com.google.protobuf.StringValue", "0a 03 61ff62", &m, NULL),
                     UKKO_EPARSE); /* proto3: the text must be UTF-8 */
    assert_int_equal(decode_hex(2, "shop.Order", "48 01 48 02 4a 02 0304", &m, NULL), UKKO_OK);
    assert_int_equal(UK_BODY(order, m)->n_numbers, 4); /* packed and not */
    ukko_msg_release(m);
}
/* spec: ProtobufSerializerSpec 4 */
static void protobuf_classes_must_be_known(void **state) {
    ukko_msg *m;
    (void)state;
    assert_int_equal(decode_hex(2, "java.lang.String", "", &m, NULL), UKKO_ENOTFOUND);
    assert_int_equal(decode_hex(2, "", "", &m, NULL), UKKO_ENOTFOUND);
}
/* spec: ProtobufSerializerSpec 5 */
static void protobuf_classes_are_known_by_name(void **state) {
    ukko_msg *m;
    (void)state;
    assert_int_equal(decode_hex(2, "shop.Order", "0801", &m, NULL), UKKO_OK);
    assert_true(UK_BODY(order, m)->paid);
    ukko_msg_release(m);
}
static void bad_protobuf_is_refused(void **state) {
    static const char *const hex[] = {"08", "0a", "0a01", "4a03808080", "4aff01", "52 0100",
                                      "4a 0b 8080808080808080808001", "620208", "7a0208"};
    ukko_msg *m;
    (void)state;
    for (size_t i = 0; i < COUNT(hex); i++)
        if (decode_hex(2, "shop.Order", hex[i], &m, NULL) >= 0) fail_msg("accepted: %s", hex[i]);
}
/* As for protobuf-java, a known number with another wire type is an unknown field. */
static void another_wire_type_is_unknown(void **state) {
    ukko_msg *m;
    (void)state;
    assert_int_equal(decode_hex(2, "shop.Order", "0a0161 0801 0d00000000 4d01000000 3008", &m, NULL), 0);
    assert_true(UK_BODY(order, m)->paid);
    assert_int_equal(UK_BODY(order, m)->n_numbers, 0);
    ukko_msg_release(m);
}

/* spec: SerializeSpec 1 x22 */
static void bindings_and_conflicts(void **state) {
    static const ukko_type twin = POINT(77, "P", &point_codec), reserved = POINT(16, "PP", &point_codec),
                           bare = POINT(78, "P", NULL), other = POINT(77, "Q", &point_codec),
                           local = POINT(UKKO_SER_LOCAL, NULL, NULL);
    static const struct { const ukko_type *type; int rc; } added[] = {
        {&point_type, UKKO_OK}, {&twin, UKKO_EEXISTS}, {&reserved, UKKO_EINVAL},
        {&bare, UKKO_EINVAL}, {&other, UKKO_OK}, {&local, UKKO_OK}, {&greeting_type, UKKO_OK},
        {&ukko_string_type, UKKO_OK}};
    static const struct { const ukko_type *type; int32_t id; const char *manifest; } bound[] = {
        {&ukko_string_type, 20, ""}, {&ukko_long_type, 18, ""}, {&ukko_int_type, 19, ""},
        {&ukko_bool_type, 35, ""}, {&ukko_bytes_type, 4, ""}, {&ukko_bytestring_type, 21, ""},
        {&ukko_done_type, 16, "DONE"}, {&ukko_poison_pill_type, 16, "P"},
        {&greeting_type, 31, "ukko.oracle.Greeting"},
        {&cbor_greeting_type, 33, "ukko.oracle.CborGreeting"},
        {&string_value_type, 2, "com.google.protobuf.StringValue"}, {&point_type, 77, "P"},
        {&other, 77, "Q"}, {&ukko_null_type, 0, ""}};
    (void)state;
    for (size_t i = 0; i < COUNT(added); i++) {
        ukko_error err = {0, ""};
        assert_int_equal(uk_serial_add(the_serial, added[i].type, &err), added[i].rc);
        assert_int_equal(*err.message != 0, added[i].rc != 0);
    }
    for (size_t i = 0; i < COUNT(bound); i++) {
        ukko_msg *m = ukko_msg_new(bound[i].type);
        coded c = encode(m);
        assert_int_equal(c.id, bound[i].id);
        assert_true(uk_slice_is(c.manifest, bound[i].manifest));
        uk_buf_fini(&c.bytes);
        ukko_msg_release(m);
    }
}
static void applications_bring_their_own(void **state) {
    point p = {3, -4};
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    m = ukko_msg_copy(&point_type, &p);
    ukko_msg *back = round_trip(m, 77, "P");
    assert_int_equal(UK_BODY(point, back)->y, -4);
    ukko_msg_release(back);
    ukko_msg_release(m);
    assert_int_equal(decode_hex(77, "P", "0102", &m, &err), UKKO_EPARSE);
    assert_non_null(strstr(err.message, "serializer id [77], manifest [P], 2 bytes"));
    assert_int_equal(decode_hex(77, "Z", "0102", &m, &err), UKKO_ENOTFOUND);
}
static void the_public_calls(void **state) {
    greeting g = {"hi", 3};
    ukko_serialized s;
    ukko_error err = {0, ""};
    ukko_msg *back;
    (void)state;
    ukko_msg *m = ukko_msg_copy(&greeting_type, &g);
    assert_int_equal(ukko_serialize(the_system, m, &s, &err), UKKO_OK);
    assert_int_equal(s.serializer, 31);
    assert_string_equal(s.manifest, "ukko.oracle.Greeting");
    assert_memory_equal(s.bytes, "{\"text\":\"hi\",\"number\":3}", s.len);
    assert_int_equal(ukko_deserialize(the_system, s.serializer, s.manifest,
                                      (ukko_slice){s.bytes, s.len}, &back, &err), UKKO_OK);
    assert_string_equal(UK_BODY(greeting, back)->text, "hi");
    ukko_msg_release(back);
    ukko_serialized_fini(&s);
    ukko_msg_release(m);
    m = ukko_msg_new(&ukko_terminated_type);
    assert_int_equal(ukko_serialize(the_system, m, &s, &err), UKKO_ENOTSERIAL);
    assert_null(s.bytes);
    ukko_msg_release(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protobuf_by_tags),
        cmocka_unit_test(protobuf_zero_is_nothing),
        cmocka_unit_test(protobuf_classes_must_be_known),
        cmocka_unit_test(protobuf_classes_are_known_by_name),
        cmocka_unit_test(bad_protobuf_is_refused),
        cmocka_unit_test(another_wire_type_is_unknown),
        cmocka_unit_test(bindings_and_conflicts),
        cmocka_unit_test(applications_bring_their_own),
        cmocka_unit_test(the_public_calls),
    };
    return cmocka_run_group_tests_name("registry", tests, setup, close_system);
}
