/* SPDX-License-Identifier: Apache-2.0 */
/* Every message that a JVM's own serializers wrote is read here and written again: the bytes must
   be the same, for both versions of Pekko. */
#include "helper.h"
#include "serial/compress.h"
#include <jansson.h>

static const char *text_of(json_t *v, const char *name) {
    const char *s = json_string_value(json_object_get(v, name));
    return s ? s : "";
}
static void check_sysmsg(const char *name, ukko_slice in) {
    uk_sysmsg *m;
    ukko_error err = {0, ""};
    uk_buf out = {0};
    if (uk_sysmsg_decode(the_serial, in, &m, &err)) fail_msg("%s: %s", name, err.message);
    assert_int_equal(uk_sysmsg_encode(the_serial, m, &out), UKKO_OK);
    same_bytes(name, in, uk_buf_slice(&out));
    uk_buf_fini(&out);
    uk_sysmsg_free(m);
}
static void check_daemon(const char *name, ukko_slice in) {
    uk_daemon_create *c;
    ukko_error err = {0, ""};
    uk_buf out = {0};
    if (uk_daemon_decode(the_serial, in, &c, &err)) fail_msg("%s: %s", name, err.message);
    assert_null(c->args);
    if (uk_daemon_open(the_serial, c, &err)) fail_msg("%s: %s", name, err.message);
    if (uk_daemon_encode(the_serial, c, &out, &err)) fail_msg("%s: %s", name, err.message);
    same_bytes(name, in, uk_buf_slice(&out));
    uk_buf_fini(&out);
    uk_daemon_free(c);
}
static void check_class(const char *name, const char *want, const ukko_msg *m) {
    const char *got = ukko_msg_class(m);
    if (strstr(want, "ActorRef") && strstr(got, "ActorRef")) return;
    if (!strcmp(name, "actorref-noone")) return;
    if (strcmp(want, got)) fail_msg("%s: class %s, not %s", name, got, want);
}
static void check_message(json_t *v, int32_t id, ukko_slice in) {
    const char *name = text_of(v, "name"), *manifest = text_of(v, "manifest");
    ukko_msg *m;
    ukko_error err = {0, ""};
    if (decode(id, manifest, in, &m, &err)) fail_msg("%s: %s", name, err.message);
    check_class(name, text_of(v, "class"), m);
    coded c = encode(m);
    if (c.rc) fail_msg("%s: %s", name, c.err.message);
    assert_int_equal(c.id, id);
    assert_true(uk_slice_is(c.manifest, manifest));
    if (uk_is_gzip(in)) { /* another zlib: what is inside counts */
        uk_buf want = {0}, got = {0};
        assert_int_equal(uk_gunzip(in, 1 << 20, &want), 0);
        assert_int_equal(uk_gunzip(uk_buf_slice(&c.bytes), 1 << 20, &got), 0);
        assert_true(want.len > 32768);
        same_bytes(name, uk_buf_slice(&want), uk_buf_slice(&got));
        uk_buf_fini(&want);
        uk_buf_fini(&got);
    } else {
        same_bytes(name, in, uk_buf_slice(&c.bytes));
    }
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
static int check_vector(json_t *v) {
    json_t *id = json_object_get(v, "serializer_id");
    uk_buf in = {0};
    if (strcmp(text_of(v, "kind"), "message") || !json_is_integer(id)) return 0;
    from_hex(text_of(v, "hex"), &in);
    uk_buf_reserve(&in, 1);
    if (json_integer_value(id) == UKKO_SER_SYSTEM)
        check_sysmsg(text_of(v, "name"), uk_buf_slice(&in));
    else if (json_integer_value(id) == UKKO_SER_DAEMON_CREATE)
        check_daemon(text_of(v, "name"), uk_buf_slice(&in));
    else
        check_message(v, (int32_t)json_integer_value(id), uk_buf_slice(&in));
    uk_buf_fini(&in);
    return 1;
}
static void check_file(const char *file) {
    json_error_t bad;
    json_t *root = json_load_file(file, 0, &bad), *v;
    size_t i;
    int n = 0;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "vectors"), i, v) n += check_vector(v);
    assert_true(n >= 100);
    json_decref(root);
}

static void vectors_of_1_0_2(void **state) {
    (void)state;
    check_file(UKKO_TEST_DIR "/peer/vectors/messages-1.0.2.json");
}
static void vectors_of_1_7_0(void **state) {
    (void)state;
    check_file(UKKO_TEST_DIR "/peer/vectors/messages-1.7.0.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_1_0_2),
        cmocka_unit_test(vectors_of_1_7_0),
    };
    return cmocka_run_group_tests_name("golden vectors", tests, open_system, close_system);
}
