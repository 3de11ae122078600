/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as tools see them: what is written is read again; a conversation that two JVMs had is read
   to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <ukko/wire.h>

static bool is(ukko_slice s, const char *text) {
    return s.len == strlen(text) && !memcmp(s.ptr, text, s.len);
}

static ukko_wire_pdu read_back(const uint8_t *frame, size_t n) {
    ukko_slice in = {frame, n}, body;
    ukko_wire_pdu pdu;
    assert_int_equal(ukko_wire_cut(&in, SIZE_MAX, &body), 1);
    assert_int_equal(in.len, 0);
    assert_int_equal(ukko_wire_decode(body, &pdu), 0);
    return pdu;
}

static void test_a_handshake(void **state) {
    (void)state;
    uint8_t b[200];
    ukko_wire_origin o = {"A", "127.0.0.1", "tcp", 26552, -5};
    size_t n = ukko_wire_put_associate(b, sizeof b, &o);
    assert_int_equal(ukko_wire_put_associate(NULL, 0, &o), n);
    ukko_wire_pdu p = read_back(b, n);
    assert_int_equal(p.kind, UKKO_WIRE_ASSOCIATE);
    assert_true(is(p.system, "A") && is(p.host, "127.0.0.1") && is(p.protocol, "tcp"));
    assert_int_equal(p.port, 26552);
    assert_int_equal(p.uid, -5);
}

static void test_controls(void **state) {
    (void)state;
    uint8_t b[16];
    for (ukko_wire_kind k = UKKO_WIRE_DISASSOCIATE; k <= UKKO_WIRE_DISASSOCIATE_QUARANTINED; k++)
        assert_int_equal(read_back(b, ukko_wire_put_control(b, sizeof b, k)).kind, k);
    assert_int_equal(ukko_wire_put_control(b, sizeof b, UKKO_WIRE_ASSOCIATE), 0);
    assert_string_equal(ukko_wire_kind_name(UKKO_WIRE_HEARTBEAT), "HEARTBEAT");
    assert_string_equal(ukko_wire_kind_name((ukko_wire_kind)99), "?");
}

static void test_messages_and_acks(void **state) {
    (void)state;
    uint8_t b[300];
    int64_t nacks[] = {3, 7}, seen[4];
    ukko_wire_message m = {.recipient = ukko_str("pekko.tcp://B@h:1/user/x"),
                           .sender = ukko_str("pekko.tcp://A@h:2/user/y#5"),
                           .serializer = 20,
                           .bytes = ukko_str("hi")};
    ukko_wire_pdu p = read_back(b, ukko_wire_put_message(b, sizeof b, &m));
    assert_true(p.has_message && p.has_sender && !p.has_seq && !p.has_ack);
    assert_true(is(p.recipient, "pekko.tcp://B@h:1/user/x") && is(p.message, "hi"));
    assert_true(is(p.sender, "pekko.tcp://A@h:2/user/y#5") && !p.manifest.len);
    m.has_seq = true;
    m.seq = 42;
    m.sender.ptr = NULL;
    p = read_back(b, ukko_wire_put_message(b, sizeof b, &m));
    assert_true(p.has_seq && !p.has_sender);
    assert_int_equal(p.seq, 42);
    p = read_back(b, ukko_wire_put_ack(b, sizeof b, 9, nacks, 2));
    assert_true(p.has_ack && !p.has_message);
    assert_int_equal(p.acked, 9);
    assert_int_equal(p.n_nacks, 2);
    assert_int_equal(ukko_wire_nacks(&p, seen, 4), 2);
    assert_true(seen[0] == 3 && seen[1] == 7);
    assert_int_equal(ukko_wire_nacks(&p, seen, 1), 2);
}

static void test_what_is_no_frame(void **state) {
    (void)state;
    ukko_slice body, in = {(const uint8_t *)"\0\0\0\0\0\0", 6};
    ukko_wire_pdu p;
    assert_int_equal(ukko_wire_cut(&in, SIZE_MAX, &body), 0);
    assert_int_equal(in.len, 2);
    in = (ukko_slice){(const uint8_t *)"GET / HT", 8};
    assert_int_equal(ukko_wire_cut(&in, 128000, &body), UKKO_ETOOBIG);
    assert_int_equal(ukko_wire_decode(ukko_str("nonsense"), &p), UKKO_EPARSE);
}

static void check_conversation(const char *file) {
    char path[300];
    static uint8_t bytes[1 << 18];
    snprintf(path, sizeof path, "%s/peer/vectors/%s", UKKO_TEST_DIR, file);
    json_t *all = json_load_file(path, 0, NULL), *v;
    size_t i, n = 0;
    assert_non_null(all);
    json_array_foreach(json_object_get(all, "vectors"), i, v) {
        const char *hex = json_string_value(json_object_get(v, "hex"));
        size_t len = strlen(hex) / 2;
        for (size_t k = 0; k < len; k++) {
            unsigned byte;
            assert_int_equal(sscanf(hex + 2 * k, "%2x", &byte), 1);
            bytes[k] = (uint8_t)byte;
        }
        ukko_wire_pdu p;
        if (len && ukko_wire_decode((ukko_slice){bytes, len}, &p))
            fail_msg("%s: %s", file, json_string_value(json_object_get(v, "name")));
        n++;
    }
    json_decref(all);
    assert_true(n > 100);
}
static void test_conversations_of_jvms(void **state) {
    (void)state;
    check_conversation("wire-1.0.2.json");
    check_conversation("wire-1.7.0.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_handshake),           cmocka_unit_test(test_controls),
        cmocka_unit_test(test_messages_and_acks),     cmocka_unit_test(test_what_is_no_frame),
        cmocka_unit_test(test_conversations_of_jvms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
