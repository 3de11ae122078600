/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of serialized messages: names and text, of every message that a JVM wrote, and of
   bytes that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/pb.h"
#include <jansson.h>
#include <ukko/wire.h>

static const char *name_of(int32_t id, const char *manifest, ukko_slice in) {
    static char buf[600];
    assert_true(ukko_wire_name(id, ukko_str(manifest), in, buf, sizeof buf) < sizeof buf);
    return buf;
}
static const char *text_of(int32_t id, const char *manifest, ukko_slice in) {
    static char buf[4000];
    ukko_wire_print(id, ukko_str(manifest), in, buf, sizeof buf);
    return buf;
}
static ukko_slice bytes_of(const char *hex, uint8_t *to) {
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        to[i] = (uint8_t)v;
    }
    return (ukko_slice){to, n};
}

static void test_simple_messages(void **state) {
    (void)state;
    uint8_t b[64];
    assert_string_equal(text_of(20, "", ukko_str("a\nb")), "\"a\\nb\"");
    assert_string_equal(text_of(18, "", bytes_of("feffffffffffffff", b)), "-2");
    assert_string_equal(text_of(19, "", bytes_of("02010000", b)), "258");
    assert_string_equal(text_of(35, "", bytes_of("01", b)), "true");
    assert_string_equal(text_of(4, "", bytes_of("00ff", b)), "byte[](00ff)");
    assert_string_equal(text_of(0, "", bytes_of("", b)), "null");
    assert_string_equal(text_of(16, "P", bytes_of("", b)), "PoisonPill");
    assert_string_equal(text_of(16, "A", bytes_of("0a050a01691014", b)),
                        "Identify(messageId=\"i\")");
    assert_string_equal(text_of(31, "com.x.Hello", ukko_str("{\"a\":1}")),
                        "jackson-json:com.x.Hello({\"a\":1})");
    assert_string_equal(text_of(77, "m n", bytes_of("01", b)), "serializer-77:m?n(01)");
    assert_string_equal(text_of(22, "", bytes_of("0804", b)), "Terminate()");
}

static void test_a_selection_shows_path_and_message(void **state) {
    (void)state;
    uint8_t b[200];
    ukko_slice in = bytes_of("0a0a0a080a04636f7272101410101a080801120475736572"
                             "1a070802120375782a220141280"
                             "0",
                             b);
    assert_string_equal(name_of(6, "", in), "ActorSelectionMessage:Identify");
    assert_string_equal(text_of(6, "", in),
                        "ActorSelectionMessage(/user/ux*, Identify(messageId=\"corr\"))");
}

static void test_a_java_stream_shows_its_class(void **state) {
    (void)state;
    uint8_t b[64];
    ukko_slice in = bytes_of("aced0005737200056f2e412e42", b);
    assert_string_equal(name_of(1, "", in), "java:o.A.B");
    assert_string_equal(name_of(1, "", bytes_of("aced", b)), "java:?");
}

static void test_what_is_cut_off_counts_on(void **state) {
    (void)state;
    char small[8];
    assert_int_equal(
        ukko_wire_print(20, ukko_str(""), ukko_str("hello world"), small, sizeof small), 13);
    assert_string_equal(small, "\"hello ");
    assert_int_equal(ukko_wire_print(20, ukko_str(""), ukko_str("hello world"), NULL, 0), 13);
}

/* Each vector has a name that is not a number, and its text holds the paths and strings in it. */
static void check_vectors(const char *file) {
    char path[300];
    snprintf(path, sizeof path, "%s/peer/vectors/%s", UKKO_TEST_DIR, file);
    json_t *all = json_load_file(path, 0, NULL), *v;
    size_t i, n = 0;
    static uint8_t bytes[1 << 20];
    assert_non_null(all);
    json_array_foreach(json_object_get(all, "vectors"), i, v) {
        const char *kind = json_string_value(json_object_get(v, "kind"));
        const char *hex = json_string_value(json_object_get(v, "hex"));
        if (strcmp(kind, "message") || !hex) continue;
        int32_t id = (int32_t)json_integer_value(json_object_get(v, "serializer_id"));
        const char *manifest = json_string_value(json_object_get(v, "manifest"));
        ukko_slice in = bytes_of(hex, bytes);
        const char *name = name_of(id, manifest, in);
        if (!strncmp(name, "serializer-", 11))
            fail_msg("%s: %s", json_string_value(json_object_get(v, "name")), name);
        const char *text = text_of(id, manifest, in);
        assert_true(strlen(text) > 0);
        if (id == 16 && strlen(manifest) && strchr(text, '\xff')) fail_msg("%s", text);
        n++;
    }
    json_decref(all);
    assert_true(n > 100);
}
static void test_every_message_of_a_jvm(void **state) {
    (void)state;
    check_vectors("messages-1.0.2.json");
    check_vectors("messages-1.7.0.json");
}

static void test_nesting_ends(void **state) {
    (void)state;
    uint8_t b[2][4096];
    size_t n = 0;
    for (int i = 0; i < 300; i++) { /* Status.Success of Status.Success of ... */
        uint8_t *to = b[(i + 1) % 2], *p = to;
        *p++ = 0x0a;
        p = uk_pb_write_varint(p, n);
        memcpy(p, b[i % 2], n);
        p += n;
        memcpy(p, "\x10\x10\x22\x01\x44", 5);
        n = (size_t)(p + 5 - to);
    }
    assert_true(strstr(text_of(16, "D", (ukko_slice){b[0], n}), "...") != NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple_messages),
        cmocka_unit_test(test_a_selection_shows_path_and_message),
        cmocka_unit_test(test_a_java_stream_shows_its_class),
        cmocka_unit_test(test_what_is_cut_off_counts_on),
        cmocka_unit_test(test_every_message_of_a_jvm),
        cmocka_unit_test(test_nesting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
