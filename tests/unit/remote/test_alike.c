/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are known from an earlier one: what they are said to hold is what a decoder finds in
   them, whatever a peer sends. One thread. */
#include "remote/alike.h"
#include "remote/frame.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX = 1 << 24 };
static const char to[] = "pekko.tcp://B@127.0.0.1:2552/user/sink#1234567";
static const char from[] = "pekko.tcp://A@127.0.0.1:2551/user/$a#-7654321";

static ukko_slice text(const char *s) { return (ukko_slice){(const uint8_t *)s, strlen(s)}; }
static uk_outgoing outgoing(void) {
    return (uk_outgoing){.recipient = text(to), .sender = text(from), .serializer = 4};
}
/* The body of the frame of m with a message of n bytes; owned. */
static ukko_slice body_of(uk_outgoing m, size_t n) {
    uk_buf out = {0};
    uint8_t *bytes = malloc(n + 1);
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(i * 7);
    m.message = (ukko_slice){bytes, n};
    assert_int_equal(uk_envelope_put(&out, &m, MAX), UKKO_OK);
    free(bytes);
    size_t len = out.len - UK_FRAME_HEADER;
    uint8_t *body = malloc(len);
    memcpy(body, out.ptr + UK_FRAME_HEADER, len);
    uk_buf_fini(&out);
    return (ukko_slice){body, len};
}
static bool decode(ukko_slice body, uk_wire *e) {
    uk_pdu pdu;
    return !uk_pdu_decode(body, &pdu) && pdu.kind == UK_PDU_PAYLOAD &&
           !uk_envelope_decode(pdu.payload, e);
}
static bool learn(uk_alike *a, ukko_slice body) {
    uk_wire e;
    assert_true(decode(body, &e));
    return uk_alike_learn(a, &e);
}
static bool learn_and_forget(uk_outgoing m, size_t n) {
    uk_alike a = {0};
    ukko_slice body = body_of(m, n);
    bool known = learn(&a, body);
    free((void *)(uintptr_t)body.ptr);
    uk_alike_fini(&a);
    return known;
}
/* true: a match, and the decoder says the same. */
static bool match(const uk_alike *a, const uk_wire *first, ukko_slice body) {
    uk_wire e;
    ukko_slice message;
    if (!uk_alike_match(a, body, &message)) return false;
    assert_true(decode(body, &e));
    assert_ptr_equal(message.ptr, e.message.ptr);
    assert_int_equal(message.len, e.message.len);
    assert_true(uk_slice_eq(e.recipient, first->recipient));
    assert_int_equal(e.has_sender, first->has_sender);
    if (e.has_sender) assert_true(uk_slice_eq(e.sender, first->sender));
    assert_true(uk_slice_eq(e.manifest, first->manifest));
    assert_int_equal(e.serializer, first->serializer);
    assert_false(e.has_ack || e.has_seq);
    return true;
}

static void test_knows_messages_of_any_length(void **state) {
    (void)state;
    static const size_t lengths[] = {1,     2,     5,     30,      60,      100,     127,    128, 129,
                                     16000, 16383, 16384, 2000000, 2097151, 2097152, 3000000};
    enum { N = sizeof lengths / sizeof *lengths };
    uk_outgoing kinds[4] = {outgoing(), outgoing(), outgoing(), outgoing()};
    kinds[1].sender = (ukko_slice){NULL, 0};
    kinds[2].manifest = text("com.example.Order");
    kinds[2].serializer = 33;
    kinds[3].serializer = -5; /* ten bytes */
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < N; i++) {
            uk_alike a = {0};
            uk_wire first;
            ukko_slice learned = body_of(kinds[k], lengths[i]);
            assert_true(learn(&a, learned));
            assert_true(decode(learned, &first));
            for (size_t j = 0; j < N; j++) {
                ukko_slice body = body_of(kinds[k], lengths[j]);
                assert_true(match(&a, &first, body));
                free((void *)(uintptr_t)body.ptr);
            }
            uk_alike_fini(&a);
            free((void *)(uintptr_t)learned.ptr);
        }
}
static void test_knows_no_others(void **state) {
    (void)state;
    uk_alike a = {0};
    ukko_slice learned = body_of(outgoing(), 50), message;
    uk_outgoing others[5] = {outgoing(), outgoing(), outgoing(), outgoing(), outgoing()};
    uk_ack ack = {3, NULL, 0};
    others[0].recipient = text("pekko.tcp://B@127.0.0.1:2552/user/sunk#1234567");
    others[1].sender = text("pekko.tcp://A@127.0.0.1:2551/user/$b#-7654321");
    others[2].serializer = 20;
    others[3].has_seq = true;
    others[4].ack = &ack;
    assert_true(learn(&a, learned));
    for (int i = 0; i < 5; i++) {
        ukko_slice body = body_of(others[i], 50);
        assert_false(uk_alike_match(&a, body, &message));
        free((void *)(uintptr_t)body.ptr);
    }
    assert_false(uk_alike_match(&a, (ukko_slice){NULL, 0}, &message));
    uk_alike none = {0};
    assert_false(uk_alike_match(&none, learned, &message));
    free((void *)(uintptr_t)learned.ptr);
    uk_alike_fini(&a);
}
static void test_learns_nothing_that_has_numbers_or_acks(void **state) {
    (void)state;
    uk_outgoing numbered = outgoing(), acking = outgoing();
    uk_ack ack = {3, NULL, 0};
    numbered.has_seq = true;
    acking.ack = &ack;
    assert_true(learn_and_forget(outgoing(), 50));
    assert_false(learn_and_forget(numbered, 50));
    assert_false(learn_and_forget(acking, 50));
    assert_false(learn_and_forget(outgoing(), 0));
}
static void test_is_right_about_bytes_changed_by_a_peer(void **state) {
    (void)state;
    uk_outgoing m = outgoing();
    m.manifest = text("abc");
    for (size_t n = 3; n < 400; n += 130) {
        uk_alike a = {0};
        uk_wire first;
        ukko_slice body = body_of(m, n);
        uint8_t *p = (uint8_t *)(uintptr_t)body.ptr;
        uint8_t *kept = malloc(body.len);
        memcpy(kept, p, body.len);
        assert_true(learn(&a, body));
        assert_true(decode((ukko_slice){kept, body.len}, &first));
        size_t known = 0;
        for (size_t i = 0; i < body.len; i++)
            for (int by = 1; by < 256; by++) {
                p[i] = (uint8_t)(kept[i] ^ by);
                known += match(&a, &first, body);
                p[i] = kept[i];
            }
        /* the message's bytes, and a length with a zero behind it */
        assert_in_range(known, n * 255, n * 255 + 3);
        for (size_t cut = 0; cut < body.len; cut++)
            assert_false(match(&a, &first, (ukko_slice){p, cut}));
        free(kept);
        free(p);
        uk_alike_fini(&a);
    }
}
/* A frame whose lengths are written longer than they need be says the same. */
static void test_takes_lengths_as_a_decoder_does(void **state) {
    (void)state;
    uk_alike a = {0};
    uk_wire first;
    ukko_slice body = body_of(outgoing(), 100);
    assert_true(learn(&a, body));
    assert_true(decode(body, &first));
    /* 0a L1 L1' 12 L2 L2' ...: both lengths have two bytes here */
    assert_true(body.ptr[1] >= 128 && body.ptr[4] >= 128);
    uint8_t *wide = malloc(body.len + 1);
    size_t n = (size_t)(body.ptr[1] & 127) + ((size_t)body.ptr[2] << 7) + 1;
    wide[0] = body.ptr[0];
    wide[1] = (uint8_t)(n | 128);
    wide[2] = (uint8_t)(n >> 7);
    wide[3] = body.ptr[3];
    wide[4] = body.ptr[4];
    wide[5] = body.ptr[5] | 128;
    wide[6] = 0;
    memcpy(wide + 7, body.ptr + 6, body.len - 6);
    assert_true(match(&a, &first, (ukko_slice){wide, body.len + 1}));
    free(wide);
    free((void *)(uintptr_t)body.ptr);
    uk_alike_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_messages_of_any_length),
        cmocka_unit_test(test_knows_no_others),
        cmocka_unit_test(test_learns_nothing_that_has_numbers_or_acks),
        cmocka_unit_test(test_is_right_about_bytes_changed_by_a_peer),
        cmocka_unit_test(test_takes_lengths_as_a_decoder_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
