/* SPDX-License-Identifier: Apache-2.0 */
/* Jackson messages: tables against JSON and CBOR, leniency, limits, compression, number formats. */
#include "helper.h"
#include "serial/compress.h"
#include "serial/json.h"
#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef struct everything {
    float f;
    double d;
    int32_t color;
    greeting inner;
    greeting *rows;
    size_t n_rows;
    const char **names;
    size_t n_names;
    struct everything *next;
} everything;
static const char *const colors[] = {"RED", "GREEN", NULL};
static const ukko_type everything_type;
static const ukko_field everything_fields[] = {
    UKKO_FIELD(everything, f, UKKO_F32),
    UKKO_FIELD(everything, d, UKKO_F64),
    {"color", UKKO_ENUM, 0, 0, offsetof(everything, color), 4, 0, NULL, colors},
    UKKO_FIELD_OF(everything, inner, UKKO_STRUCT, &greeting_type),
    UKKO_FIELD_LIST(everything, rows, n_rows, UKKO_STRUCT, &greeting_type),
    UKKO_FIELD_LIST(everything, names, n_names, UKKO_STR, NULL),
    UKKO_FIELD_OF(everything, next, UKKO_STRUCTP, &everything_type),
};
static const ukko_type everything_type =
    UKKO_JACKSON(everything, "com.example.Everything", everything_fields);

static int setup(void **state) {
    return open_system(state) || uk_serial_add(the_serial, &everything_type, NULL);
}
static int read_as(const char *class_name, const char *json, ukko_msg **out, ukko_error *err) {
    return decode(31, class_name, ukko_str(json), out, err);
}
static void writes(const ukko_msg *m, const char *want) {
    coded c = encode(m);
    if (c.rc) fail_msg("%s", c.err.message);
    if (!uk_slice_is(uk_buf_slice(&c.bytes), want))
        fail_msg("want %s\n got %s", want, uk_buf_text(&c.bytes));
    uk_buf_fini(&c.bytes);
}

static void unknown_fields_and_other_spellings(void **state) {
    ukko_msg *m;
    (void)state;
    assert_int_equal(read_as("ukko.oracle.Greeting",
                             " { \"number\" : 4 , \"other\" : [1,{\"x\":null}] , \"text\" : "
                             "\"a\\u00e9\\n\" } ", &m, NULL), UKKO_OK);
    writes(m, "{\"text\":\"a\xc3\xa9\\n\",\"number\":4}");
    ukko_msg_release(m);
    assert_int_equal(decode_hex(33, "ukko.oracle.CborGreeting",
                                "a2 6474657874 626869 666e756d626572 03", &m, NULL), UKKO_OK);
    coded c = encode(m);
    uk_buf want = {0};
    from_hex("bf6474657874626869666e756d62657203ff", &want);
    same_bytes("definite map", uk_buf_slice(&want), uk_buf_slice(&c.bytes));
    uk_buf_fini(&want);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
static void lenient_values(void **state) {
    static const struct { const char *in, *out; } rows[] = {
        {"{}", "{\"text\":null,\"number\":0}"},
        {"{\"number\":\"12\"}", "{\"text\":null,\"number\":12}"},
        {"{\"number\":3.9}", "{\"text\":null,\"number\":3}"},
        {"{\"number\":null}", "{\"text\":null,\"number\":0}"},
        {"{\"text\":12}", "{\"text\":\"12\",\"number\":0}"},
        {"{\"text\":1.50}", "{\"text\":\"1.50\",\"number\":0}"},
        {"{\"text\":true}", "{\"text\":\"true\",\"number\":0}"},
        {"{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"b\",\"number\":0}"},
        {"{\"text\":\"\\ud83d\\ude80\\ud800\"}",
         "{\"text\":\"\\uD83D\\uDE80\xef\xbf\xbd\",\"number\":0}"},
        {"{\"text\":\"\\/\\b\\f\\r\\t\\u0001\\\"\\\\\"}",
         "{\"text\":\"/\\b\\f\\r\\t\\u0001\\\"\\\\\",\"number\":0}"},
        {"{\"number\":-9223372036854775808}",
         "{\"text\":null,\"number\":-9223372036854775808}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_msg *m;
        ukko_error err = {0, ""};
        if (read_as("ukko.oracle.Greeting", rows[i].in, &m, &err))
            fail_msg("%s: %s", rows[i].in, err.message);
        writes(m, rows[i].out);
        ukko_msg_release(m);
    }
}
static void bad_texts_are_refused(void **state) {
    static const char *const rows[] = {
        "", " ", "[]", "3", "null", "{", "{\"text\"}", "{\"text\":}", "{\"text\":\"a}",
        "{\"text\":\"a\",}", "{,}", "{\"number\":01}", "{\"number\":1.}", "{\"number\":-}",
        "{\"number\":+1}", "{\"number\":1e}", "{\"number\":NaN}", "{\"number\":\"x\"}",
        "{\"number\":[1]}", "{\"number\":9223372036854775808}", "{\"text\":{}}",
        "{\"text\":\"\\x\"}", "{\"text\":\"\\u12\"}", "{\"text\":\"\x01\"}", "{'text':1}",
        "{\"text\":tru}", "{\"other\":[1,}", "{\"text\":\"\xff\"}", "{\"text\":\"\\u0000\"}",
        "{\"text\":\"a\" \"number\":1}", "{\"other\":{\"a\":[}}", "{\"text\" 1}"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_msg *m;
        ukko_error err = {0, ""};
        if (read_as("ukko.oracle.Greeting", rows[i], &m, &err) != UKKO_EPARSE)
            fail_msg("accepted: %s", rows[i]);
        assert_null(m);
        assert_non_null(strstr(err.message, "ukko.oracle.Greeting"));
    }
}
static void all_kinds_both_forms(void **state) {
    static const char text[] =
        "{\"f\":0.1,\"d\":1.0E10,\"color\":\"GREEN\",\"inner\":{\"text\":\"i\",\"number\":1},"
        "\"rows\":[{\"text\":null,\"number\":2},{\"text\":\"r\",\"number\":3}],"
        "\"names\":[\"a\",null,\"b\"],\"next\":{\"f\":0.0,\"d\":0.0,\"color\":\"RED\","
        "\"inner\":{\"text\":null,\"number\":0},\"rows\":[],\"names\":[],\"next\":null}}";
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    if (read_as("com.example.Everything", text, &m, &err)) fail_msg("%s", err.message);
    writes(m, text);
    ukko_msg *copy = ukko_msg_copy(&everything_type, m->body);
    ukko_msg_release(m);
    writes(copy, text);
    uk_buf cbor = {0}, json = {0};
    uk_enc e = {the_serial, &cbor, NULL, 0};
    assert_int_equal(uk_enc_payload(&e, copy), UKKO_OK);
    uk_buf_clear(&cbor);
    uk_reader r; /* and through CBOR back to the same text */
    uk_writer wc = {&cbor, true, false}, wj = {&json, false, false};
    uk_reader_init(&r, ukko_str(text), false, 100);
    assert_int_equal(uk_reader_next(&r) || uk_transcode(&r, &wc), 0);
    uk_reader_fini(&r);
    uk_reader_init(&r, uk_buf_slice(&cbor), true, 100);
    assert_int_equal(uk_reader_next(&r) || uk_transcode(&r, &wj), 0);
    uk_reader_fini(&r);
    assert_string_equal(uk_buf_text(&json), text);
    uk_buf_fini(&cbor);
    uk_buf_fini(&json);
    ukko_msg_release(copy);
}
static void doubles_as_java_prints_them(void **state) {
    static const struct { double v; const char *want; } rows[] = {
        {0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {-1.5, "-1.5"}, {2.5, "2.5"}, {0.1, "0.1"},
        {100, "100.0"}, {1234567, "1234567.0"}, {9999999.5, "9999999.5"}, {1e7, "1.0E7"},
        {12345678.9, "1.23456789E7"}, {1e10, "1.0E10"}, {0.001, "0.001"}, {0.00123, "0.00123"},
        {1e-4, "1.0E-4"}, {1.0 / 3, "0.3333333333333333"}, {M_PI, "3.141592653589793"},
        {1.7976931348623157e308, "1.7976931348623157E308"}, {4.9e-324, "4.9E-324"},
        {2.2250738585072014e-308, "2.2250738585072014E-308"}, {1e21, "1.0E21"},
        {123456789012345680.0, "1.2345678901234568E17"}, {0.05, "0.05"}, {1e-3, "0.001"},
        {9007199254740993.0, "9.007199254740992E15"}, {0.30000000000000004, "0.30000000000000004"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[UK_NUMBER_ROOM];
        text[uk_print_f64(text, rows[i].v)] = 0;
        assert_string_equal(text, rows[i].want);
        double back = uk_parse_f64(ukko_str(rows[i].want));
        assert_memory_equal(&back, &rows[i].v, sizeof back);
    }
}
static void floats_as_java_prints_them(void **state) {
    static const struct { float v; const char *want; } rows[] = {
        {0.1f, "0.1"}, {1.0f, "1.0"}, {3.4028235e38f, "3.4028235E38"}, {1e10f, "1.0E10"},
        {16777216.0f, "1.6777216E7"}, {0.33333334f, "0.33333334"}, {1.4e-45f, "1.4E-45"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[UK_NUMBER_ROOM];
        text[uk_print_f32(text, rows[i].v)] = 0;
        assert_string_equal(text, rows[i].want);
    }
}
static void not_finite_numbers_are_text(void **state) {
    everything v = {.f = INFINITY, .d = NAN};
    (void)state;
    ukko_msg *m = ukko_msg_copy(&everything_type, &v);
    ukko_msg *back = round_trip(m, 31, "com.example.Everything");
    const everything *e = ukko_msg_get(back, &everything_type);
    assert_true(isnan(e->d) && isinf(e->f));
    ukko_msg_release(back);
    ukko_msg_release(m);
}

/* ---- limits ---- */

static char *repeat(const char *head, const char *each, size_t n, const char *tail) {
    uk_buf b = {0};
    uk_buf_str(&b, head);
    for (size_t i = 0; i < n; i++) uk_buf_str(&b, each);
    uk_buf_str(&b, tail);
    return uk_buf_text(&b);
}
static void refused(const char *class_name, char *json, int code) {
    ukko_msg *m;
    assert_int_equal(read_as(class_name, json, &m, NULL), code);
    uk_free(json);
}
static void nesting_and_sizes_are_limited(void **state) {
    (void)state;
    refused("ukko.oracle.Greeting", repeat("{\"x\":", "[", 5000, ""), UKKO_ETOOBIG);
    refused("com.example.Everything", repeat("", "{\"next\":", 5000, ""), UKKO_ETOOBIG);
    refused("ukko.oracle.Greeting", repeat("{\"number\":", "1", 1001, "}"), UKKO_ETOOBIG);
    refused("ukko.oracle.Greeting", repeat("{\"", "n", 50001, "\":1}"), UKKO_ETOOBIG);
    ukko_msg *m; /* what Jackson takes just so is taken here */
    char *deep = repeat("{\"x\":", "[", 999, "");
    char *both = repeat(deep, "]", 999, "}");
    assert_int_equal(read_as("ukko.oracle.Greeting", both, &m, NULL), UKKO_OK);
    ukko_msg_release(m);
    uk_free(deep);
    uk_free(both);
}
static void lists_are_limited_in_memory(void **state) {
    (void)state; /* 3 bytes each on the wire, a struct each in memory */
    size_t n = (65u << 20) / sizeof(greeting);
    char *json = repeat("{\"rows\":[{}", ",{}", n, "]}");
    refused("com.example.Everything", json, UKKO_ETOOBIG);
}
static void bombs_are_refused(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    assert_int_equal(decode_hex(31, "ukko.oracle.Greeting", "87d96df6 7fffffff 00", &m, &err),
                     UKKO_ETOOBIG);
    assert_int_equal(decode_hex(31, "ukko.oracle.Greeting", "87d96df6 00ffffff 00", &m, &err),
                     UKKO_EPARSE);
    assert_int_equal(decode_hex(31, "ukko.oracle.Greeting", "87d96df6 00000003 00", &m, &err),
                     UKKO_EPARSE);
    uk_buf zeros = {0}, bomb = {0};
    uk_buf_reserve(&zeros, 32 << 20);
    memset(zeros.ptr, ' ', zeros.len = 32 << 20);
    assert_int_equal(uk_gzip(uk_buf_slice(&zeros), &bomb), UKKO_OK);
    assert_int_equal(decode(31, "ukko.oracle.Greeting", uk_buf_slice(&bomb), &m, &err),
                     UKKO_ETOOBIG);
    bomb.ptr[bomb.len - 1] = bomb.ptr[bomb.len - 2] = 0; /* a trailer that lies */
    assert_int_equal(decode(31, "ukko.oracle.Greeting", uk_buf_slice(&bomb), &m, &err),
                     UKKO_EPARSE);
    for (size_t n = 2; n < 40; n++)
        assert_int_equal(decode(31, "ukko.oracle.Greeting", (ukko_slice){bomb.ptr, n}, &m, &err) <
                             0, 1);
    uk_buf_fini(&zeros);
    uk_buf_fini(&bomb);
}
static void both_compressions_are_read(void **state) {
    static const char json[] = "{\"text\":\"packed packed packed packed packed\",\"number\":7}";
    ukko_msg *m;
    (void)state;
    for (int lz4 = 0; lz4 < 2; lz4++) {
        uk_buf packed = {0};
        assert_int_equal(lz4 ? uk_lz4(ukko_str(json), &packed) : uk_gzip(ukko_str(json), &packed),
                         0);
        assert_int_equal(decode(31, "ukko.oracle.Greeting", uk_buf_slice(&packed), &m, NULL), 0);
        writes(m, json);
        ukko_msg_release(m);
        uk_buf_fini(&packed);
    }
}
/* JSON of exactly 32 KiB goes as it is, one byte more is packed; CBOR never, unless it is configured. */
static void more_than_32_kib_is_packed(void **state) {
    static char text[70000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    for (int over = 0; over < 2; over++) {
        greeting g = {text + sizeof text - 1 - (32768 - strlen("{\"text\":\"\",\"number\":7}")) - over, 7};
        ukko_msg *m = ukko_msg_copy(&greeting_type, &g), *back = NULL;
        coded c = encode(m);
        assert_int_equal(c.rc, UKKO_OK);
        assert_int_equal(uk_is_gzip(uk_buf_slice(&c.bytes)), over);
        if (!over) assert_int_equal(c.bytes.len, 32768);
        else assert_true(c.bytes.len < 1000);
        assert_int_equal(decode(31, "ukko.oracle.Greeting", uk_buf_slice(&c.bytes), &back, NULL), 0);
        assert_true(ukko_msg_equal(m, back));
        ukko_msg_release(back);
        ukko_msg_release(m);
        uk_buf_fini(&c.bytes);
    }
    greeting g = {text, 7};
    ukko_msg *m = ukko_msg_copy(&cbor_greeting_type, &g);
    coded c = encode(m);
    assert_true(c.bytes.len > sizeof text);
    ukko_msg_release(m);
    uk_buf_fini(&c.bytes);
}

/* ---- classes ---- */

static void versions_and_other_ids(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    static const char json[] = "{\"text\":\"v\",\"number\":1}";
    (void)state;
    assert_int_equal(read_as("ukko.oracle.Greeting#3", json, &m, NULL), UKKO_OK);
    ukko_msg_release(m);
    assert_int_equal(read_as("ukko.oracle.Greeting#x", json, &m, NULL), UKKO_EPARSE);
    assert_int_equal(decode(32, "ukko.oracle.CborGreeting", ukko_str(json), &m, NULL), UKKO_OK);
    assert_ptr_equal(ukko_msg_type(m), &cbor_greeting_type);
    ukko_msg_release(m);
    assert_int_equal(read_as("no.such.Class", json, &m, &err), UKKO_ENOTFOUND);
    assert_non_null(strstr(err.message, "no.such.Class"));
}
static void classes_without_a_struct(void **state) {
    static const char json[] = "{\"a\":[1,2.5,\"x\",null,true],\"b\":{\"c\":-7}}";
    char *prefix = "com.tree.";
    ukko_msg *m;
    (void)state;
    the_serial->set.prefixes = &prefix;
    the_serial->set.n_prefixes = 1;
    assert_int_equal(read_as("com.tree.Leaf", json, &m, NULL), UKKO_OK);
    assert_string_equal(ukko_msg_class(m), "com.tree.Leaf");
    ukko_msg *back = round_trip(m, 31, "com.tree.Leaf");
    const ukko_json *j = ukko_msg_get(back, &ukko_json_type);
    assert_string_equal(j->text, json);
    ukko_json as_cbor = {"com.tree.Leaf", json, 0, true};
    ukko_msg *c = ukko_msg_copy(&ukko_json_type, &as_cbor);
    ukko_msg *cback = round_trip(c, 33, "com.tree.Leaf");
    assert_string_equal(((const ukko_json *)ukko_msg_get(cback, &ukko_json_type))->text, json);
    ukko_msg_release(c);
    ukko_msg_release(cback);
    ukko_msg_release(back);
    ukko_msg_release(m);
    assert_int_equal(read_as("com.tree.Leaf", "{\"a\":", &m, NULL), UKKO_EPARSE);
    ukko_json broken = {"com.tree.Leaf", "{\"a\":", 0, false};
    m = ukko_msg_copy(&ukko_json_type, &broken);
    coded bad = encode(m);
    assert_int_equal(bad.rc, UKKO_ENOTSERIAL);
    ukko_msg_release(m);
    the_serial->set.prefixes = NULL;
    the_serial->set.n_prefixes = 0;
}
/* spec: SerializationTransportInformationSpec 1 */
static void references_carry_the_address(void **state) {
    mixed v = {.replyTo = ukko_dead_letters(the_system)};
    (void)state;
    ukko_msg *m = ukko_msg_copy(&mixed_type, &v);
    coded c = encode(m);
    assert_non_null(strstr(uk_buf_text(&c.bytes), "\"replyTo\":\"" VEC_ADDRESS "/deadLetters\""));
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
    ukko_ref_body body = {v.replyTo};
    m = ukko_msg_copy(&ukko_ref_type, &body);
    c = encode(m);
    assert_memory_equal(c.bytes.ptr + 2, VEC_ADDRESS "/deadLetters", c.bytes.len - 2);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
static void long_cbor_text_comes_in_chunks(void **state) {
    char *text = repeat("", "0123456789\xc3\xa4", 1000, "");
    greeting v = {text, 1};
    (void)state;
    ukko_msg *m = ukko_msg_copy(&cbor_greeting_type, &v);
    coded c = encode(m);
    assert_int_equal(c.bytes.ptr[6], 0x7f); /* as Jackson: pieces of 3996 characters */
    assert_int_equal(c.bytes.ptr[7], 0x79);
    uk_buf_fini(&c.bytes);
    ukko_msg *back = round_trip(m, 33, "ukko.oracle.CborGreeting");
    assert_string_equal(((const greeting *)ukko_msg_get(back, &cbor_greeting_type))->text, text);
    ukko_msg_release(back);
    ukko_msg_release(m);
    uk_free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_fields_and_other_spellings),
        cmocka_unit_test(lenient_values),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(all_kinds_both_forms),
        cmocka_unit_test(doubles_as_java_prints_them),
        cmocka_unit_test(floats_as_java_prints_them),
        cmocka_unit_test(not_finite_numbers_are_text),
        cmocka_unit_test(nesting_and_sizes_are_limited),
        cmocka_unit_test(lists_are_limited_in_memory),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(both_compressions_are_read),
        cmocka_unit_test(more_than_32_kib_is_packed),
        cmocka_unit_test(versions_and_other_ids),
        cmocka_unit_test(classes_without_a_struct),
        cmocka_unit_test(references_carry_the_address),
        cmocka_unit_test(long_cbor_text_comes_in_chunks),
    };
    return cmocka_run_group_tests_name("Jackson", tests, setup, close_system);
}
