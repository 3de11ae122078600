/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, booleans, strings and byte strings: serializers 4, 18 to 21 and 35. */
#include "helper.h"

typedef struct row { /* a value and its bytes */
    const ukko_type *type;
    int64_t number;
    const char *text;
    const char *hex;
} row;
static char long_text[30001], long_hex[60001];
static const row numbers[] = {
    {&ukko_long_type, 0, NULL, "0000000000000000"},
    {&ukko_long_type, 1, NULL, "0100000000000000"},
    {&ukko_long_type, -1, NULL, "ffffffffffffffff"},
    {&ukko_long_type, INT64_MIN, NULL, "0000000000000080"},
    {&ukko_long_type, INT64_MIN + 1, NULL, "0100000000000080"},
    {&ukko_long_type, INT64_MAX, NULL, "ffffffffffffff7f"},
    {&ukko_long_type, INT64_MAX - 1, NULL, "feffffffffffff7f"},
    {&ukko_int_type, 0, NULL, "00000000"},
    {&ukko_int_type, 1, NULL, "01000000"},
    {&ukko_int_type, -1, NULL, "ffffffff"},
    {&ukko_int_type, INT32_MIN, NULL, "00000080"},
    {&ukko_int_type, INT32_MIN + 1, NULL, "01000080"},
    {&ukko_int_type, INT32_MAX, NULL, "ffffff7f"},
    {&ukko_int_type, INT32_MAX - 1, NULL, "feffff7f"},
};
static const row texts[] = {
    {&ukko_string_type, 0, "", ""},
    {&ukko_string_type, 0, "hello", "68656c6c6f"},
    {&ukko_string_type, 0, "\xc3\xa5rdvark \xe2\x98\x83", "c3a57264766172 6b20e29883"},
    {&ukko_string_type, 0, long_text, long_hex},
    {&ukko_bytestring_type, 0, "", ""},
    {&ukko_bytestring_type, 0, "hello", "68656c6c6f"},
    {&ukko_bytestring_type, 0, "a,b,c", "612c622c63"},
};
static const row booleans[] = {
    {&ukko_bool_type, 1, NULL, "01"},
    {&ukko_bool_type, 0, NULL, "00"},
    {&ukko_bool_type, 1, NULL, "01"}, /* boxed and plain are one here */
    {&ukko_bool_type, 0, NULL, "00"},
};
static ukko_msg *make(const row *r) {
    if (r->type == &ukko_string_type) return ukko_msg_string(r->text);
    if (r->type == &ukko_bytestring_type) {
        ukko_slice s = ukko_str(r->text);
        return ukko_msg_copy(r->type, &s);
    }
    ukko_msg *m = ukko_msg_new(r->type);
    memcpy(ukko_msg_body(m), &r->number, r->type->body_size); /* little endian */
    return m;
}
typedef void (*row_fn)(const row *r);
static void each(const row *rows, size_t n, row_fn fn) {
    for (size_t i = 0; i < n; i++) fn(&rows[i]);
}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static void each_remote(row_fn fn) {
    each(numbers, COUNT(numbers), fn);
    each(texts, COUNT(texts), fn);
}
static void each_actor(row_fn fn) {
    each_remote(fn);
    each(booleans, COUNT(booleans), fn);
}

static void chosen(const row *r) {
    ukko_msg *m = make(r);
    coded c = encode(m);
    assert_int_equal(c.rc, UKKO_OK);
    assert_int_equal(c.id, r->type->serializer);
    assert_int_equal(c.manifest.len, 0);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
static void comes_back(const row *r) {
    ukko_msg *m = make(r), *back = round_trip(m, r->type->serializer, "");
    assert_ptr_equal(ukko_msg_type(back), r->type);
    if (r->type == &ukko_string_type) {
        assert_string_equal(ukko_msg_text(back), r->text);
    } else if (r->type == &ukko_bytestring_type) {
        const ukko_slice *s = ukko_msg_get(back, r->type);
        assert_true(uk_slice_is(*s, r->text));
    } else {
        assert_memory_equal(ukko_msg_get(back, r->type), &r->number, r->type->body_size);
    }
    ukko_msg_release(m);
    ukko_msg_release(back);
}
static void little_endian(const row *r) {
    ukko_msg *m = make(r);
    uk_buf want = {0}, out = {0};
    int32_t id;
    ukko_slice manifest;
    from_hex(r->hex, &want);
    uk_buf_str(&out, "before"); /* into a buffer that others write to as well */
    assert_int_equal(uk_serial_encode(the_serial, m, &out, &id, &manifest, NULL), UKKO_OK);
    same_bytes(r->hex, uk_buf_slice(&want), (ukko_slice){out.ptr + 6, out.len - 6});
    uk_buf_fini(&want);
    uk_buf_fini(&out);
    ukko_msg_release(m);
}

/* spec: PrimitivesSerializationSpec(remote) 1 x21 */
static void serializer_is_chosen(void **state) {
    (void)state;
    each_remote(chosen);
}
/* spec: PrimitivesSerializationSpec(remote) 2 x21 */
static void values_come_back(void **state) {
    (void)state;
    each_remote(comes_back);
}
/* spec: PrimitivesSerializationSpec(remote) 3 x21 */
static void bytes_are_little_endian(void **state) {
    (void)state;
    each_remote(little_endian);
}
/* spec: PrimitivesSerializationSpec(remote) 4 x4 */
static void ids(void **state) {
    (void)state;
    assert_int_equal(ukko_long_type.serializer, 18);
    assert_int_equal(ukko_int_type.serializer, 19);
    assert_int_equal(ukko_string_type.serializer, 20);
    assert_int_equal(ukko_bytestring_type.serializer, 21);
}
/* spec: PrimitivesSerializationSpec(actor) 1 x25 */
static void serializer_is_chosen_with_booleans(void **state) {
    (void)state;
    each_actor(chosen);
}
/* spec: PrimitivesSerializationSpec(actor) 2 x25 */
static void values_come_back_with_booleans(void **state) {
    (void)state;
    each_actor(comes_back);
}
/* spec: PrimitivesSerializationSpec(actor) 3 x25 */
static void bytes_with_booleans(void **state) {
    (void)state;
    each_actor(little_endian);
}
/* spec: PrimitivesSerializationSpec(actor) 4 x8 */
static void ids_with_booleans(void **state) {
    ids(state);
    for (size_t i = 0; i < COUNT(booleans); i++) {
        ukko_msg *m = make(&booleans[i]);
        coded c = encode(m);
        assert_int_equal(c.id, 35);
        uk_buf_fini(&c.bytes);
        ukko_msg_release(m);
    }
}

static void null_is_serializer_0(void **state) {
    (void)state;
    ukko_msg *m = ukko_msg_new(&ukko_null_type), *back = m;
    coded a = encode(NULL), b = encode(m);
    assert_int_equal(a.id | b.id, 0);
    assert_int_equal(a.bytes.len | b.bytes.len, 0);
    assert_int_equal(decode(0, NULL, (ukko_slice){NULL, 0}, &back, NULL), UKKO_OK);
    assert_null(back);
    ukko_msg_release(m);
}
static void longer_numbers_are_accepted(void **state) {
    static const struct { int32_t id; const char *hex; int64_t want; } rows[] = {
        {18, "050000000000000099", 5}, {19, "0700000099", 7}, {35, "0155", 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_msg *m;
        assert_int_equal(decode_hex(rows[i].id, "", rows[i].hex, &m, NULL), UKKO_OK);
        assert_memory_equal(m->body, &rows[i].want, m->type->body_size);
        ukko_msg_release(m);
    }
}
static void short_ones_are_refused(void **state) {
    static const struct { int32_t id; const char *hex; } rows[] = {
        {18, ""}, {18, "0102"}, {18, "01020304050607"}, {19, "010203"}, {35, ""}, {35, "02"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_msg *m;
        ukko_error err = {0, ""};
        assert_int_equal(decode_hex(rows[i].id, "", rows[i].hex, &m, &err), UKKO_EPARSE);
        assert_null(m);
        assert_non_null(strstr(err.message, "serializer id ["));
    }
}
/* What new String(bytes, UTF_8) makes of each. */
static void invalid_utf8_is_replaced_as_a_jvm_does(void **state) {
    static const struct { const char *hex, *want; } rows[] = {
        {"61ff62", "61efbfbd62"},       {"c080", "efbfbdefbfbd"},
        {"e282", "efbfbd"},             {"e28261", "efbfbd61"},
        {"eda080", "efbfbd"},           {"f09f9a", "efbfbd"},
        {"f09f9a80", "f09f9a80"},       {"f5808080", "efbfbdefbfbdefbfbdefbfbd"},
        {"e08080", "efbfbdefbfbdefbfbd"}, {"80", "efbfbd"},
        {"61626364656667686970ff", "61626364656667686970efbfbd"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_msg *m;
        uk_buf want = {0};
        assert_int_equal(decode_hex(20, "", rows[i].hex, &m, NULL), UKKO_OK);
        from_hex(rows[i].want, &want);
        const ukko_string *s = ukko_msg_get(m, &ukko_string_type);
        same_bytes(rows[i].hex, uk_buf_slice(&want),
                   (ukko_slice){(const uint8_t *)s->text, s->len});
        uk_buf_fini(&want);
        ukko_msg_release(m);
    }
}
static void nuls_in_text_are_kept(void **state) {
    ukko_msg *m;
    (void)state;
    assert_int_equal(decode_hex(20, "", "610062", &m, NULL), UKKO_OK);
    ukko_msg *copy = ukko_msg_copy(&ukko_string_type, m->body);
    const ukko_string *s = ukko_msg_get(copy, &ukko_string_type);
    assert_int_equal(s->len, 3);
    assert_memory_equal(s->text, "a\0b", 4);
    ukko_msg_release(round_trip(copy, 20, ""));
    ukko_msg_release(copy);
    ukko_msg_release(m);
}
/* spec: SerializeSpec 5 */
/* spec: AllowJavaSerializationOffSpec 3 */
static void java_streams_are_refused_by_name(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    int rc = decode_hex(1, "", "aced00057372 0015 756b6b6f2e6f7261636c652e4a6176615468696e67 0102",
                        &m, &err);
    assert_int_equal(rc, UKKO_ENOTSERIAL);
    assert_non_null(strstr(err.message, "serializer id [1]"));
    assert_non_null(strstr(err.message, "ukko.oracle.JavaThing"));
    assert_int_equal(decode_hex(1, "", "aced00057372ffff", &m, &err), UKKO_ENOTSERIAL);
    assert_non_null(strstr(err.message, "[?]"));
}
static void unknown_serializers_are_not_found(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    assert_int_equal(decode_hex(4711, "man", "0102", &m, &err), UKKO_ENOTFOUND);
    assert_non_null(strstr(err.message, "serializer id [4711], manifest [man], 2 bytes"));
    assert_int_equal(decode_hex(-5, "", "", &m, &err), UKKO_ENOTFOUND);
}
static void doubles_stay_at_home(void **state) {
    double d = 1.5;
    (void)state;
    ukko_msg *m = ukko_msg_copy(&ukko_double_type, &d);
    coded c = encode(m);
    assert_int_equal(c.rc, UKKO_ENOTSERIAL);
    assert_int_equal(c.bytes.len, 0);
    assert_non_null(strstr(c.err.message, "java.lang.Double"));
    ukko_msg_release(m);
}

int main(void) {
    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i < sizeof long_hex - 1; i++) long_hex[i] = "78"[i % 2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serializer_is_chosen),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(bytes_are_little_endian),
        cmocka_unit_test(ids),
        cmocka_unit_test(serializer_is_chosen_with_booleans),
        cmocka_unit_test(values_come_back_with_booleans),
        cmocka_unit_test(bytes_with_booleans),
        cmocka_unit_test(ids_with_booleans),
        cmocka_unit_test(null_is_serializer_0),
        cmocka_unit_test(longer_numbers_are_accepted),
        cmocka_unit_test(short_ones_are_refused),
        cmocka_unit_test(invalid_utf8_is_replaced_as_a_jvm_does),
        cmocka_unit_test(nuls_in_text_are_kept),
        cmocka_unit_test(java_streams_are_refused_by_name),
        cmocka_unit_test(unknown_serializers_are_not_found),
        cmocka_unit_test(doubles_stay_at_home),
    };
    return cmocka_run_group_tests_name("primitives", tests, open_system, close_system);
}
