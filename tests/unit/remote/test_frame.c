/* SPDX-License-Identifier: Apache-2.0 */
/* The frame cutter: whatever the cuts of the stream, the same frames come out. One thread. */
#include "remote/frame.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX = 128000 };

static void put_frame(uk_buf *b, size_t n, uint8_t fill) {
    uint8_t head[4];
    uk_frame_put_length(head, (uint32_t)n);
    uk_buf_put(b, head, 4);
    for (size_t i = 0; i < n; i++) uk_buf_byte(b, (uint8_t)(fill + i));
}
static void check_body(ukko_slice body, size_t n, uint8_t fill) {
    assert_int_equal(body.len, n);
    for (size_t i = 0; i < n; i++) assert_int_equal(body.ptr[i], (uint8_t)(fill + i));
}
/* Feeds a copy of exactly n bytes, so that a sanitizer sees any step over its end. */
static uint8_t *feed(uk_cutter *c, const uint8_t *bytes, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    uk_cutter_feed(c, copy, n);
    return copy;
}

static const size_t SIZES[] = {1, 0, 5, 0, 0, 130, 1, 300, 0, 7};
enum { COUNT = sizeof SIZES / sizeof *SIZES, FULL = 6 };

static uk_buf sample(void) {
    uk_buf b = {0};
    for (size_t i = 0; i < COUNT; i++) put_frame(&b, SIZES[i], (uint8_t)i);
    return b;
}
/* Takes what is there; `seen` frames came before. */
static size_t take(uk_cutter *c, size_t at) {
    ukko_slice body;
    while (uk_cutter_next(c, &body) == 1) {
        while (!SIZES[at]) at++;
        check_body(body, SIZES[at], (uint8_t)at);
        at++;
    }
    return at;
}
static void cut_at_every_pair_of_places(void **state) {
    (void)state;
    uk_buf b = sample();
    for (size_t i = 0; i <= b.len; i++) {
        for (size_t k = i; k <= b.len; k += 7) {
            uk_cutter c;
            uk_cutter_init(&c, MAX);
            const size_t ends[] = {i, k, b.len};
            size_t from = 0, at = 0;
            for (int part = 0; part < 3; part++) {
                uint8_t *copy = feed(&c, b.ptr + from, ends[part] - from);
                from = ends[part];
                at = take(&c, at);
                free(copy);
            }
            assert_int_equal(at, COUNT);
            assert_int_equal(uk_cutter_pending(&c), 0);
            uk_cutter_fini(&c);
        }
    }
    uk_buf_fini(&b);
}
static void byte_by_byte(void **state) {
    (void)state;
    uk_buf b = sample();
    uk_cutter c;
    uk_cutter_init(&c, MAX);
    size_t at = 0;
    for (size_t i = 0; i < b.len; i++) {
        uint8_t *copy = feed(&c, b.ptr + i, 1);
        at = take(&c, at);
        free(copy);
    }
    assert_int_equal(at, COUNT);
    uk_cutter_fini(&c);
    uk_buf_fini(&b);
}
static void whole_frames_are_views_of_the_feed(void **state) {
    (void)state;
    uk_buf b = sample();
    uk_cutter c;
    uk_cutter_init(&c, MAX);
    uk_cutter_feed(&c, b.ptr, b.len);
    ukko_slice body;
    size_t n = 0;
    while (uk_cutter_next(&c, &body) == 1) {
        assert_true(body.ptr > b.ptr && body.ptr + body.len <= b.ptr + b.len);
        n++;
    }
    assert_int_equal(n, FULL);
    assert_int_equal(c.part.cap, 0); /* nothing was copied */
    uk_cutter_fini(&c);
    uk_buf_fini(&b);
}
static void the_limit_is_on_header_and_body(void **state) {
    (void)state;
    static const struct { size_t max, n; bool ok; } cases[] = {
        {128000, 127996, true}, {128000, 127997, false}, {32000, 31996, true},
        {32000, 31997, false},  {4, 1, false},           {5, 1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uk_buf b = {0};
        put_frame(&b, cases[i].n, 3);
        for (int split = 0; split < 2; split++) { /* both ways through the cutter */
            uk_cutter c;
            ukko_slice body;
            uk_cutter_init(&c, cases[i].max);
            size_t head = split ? 3 : 0;
            uk_cutter_feed(&c, b.ptr, head);
            assert_int_equal(uk_cutter_next(&c, &body), 0);
            uk_cutter_feed(&c, b.ptr + head, b.len - head);
            assert_int_equal(uk_cutter_next(&c, &body), cases[i].ok ? 1 : UKKO_ETOOBIG);
            if (cases[i].ok) check_body(body, cases[i].n, 3);
            uk_cutter_fini(&c);
        }
        uk_buf_fini(&b);
    }
}
static void too_long_is_refused_at_four_bytes_without_memory(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0x7fffffff, 0x80000000, 0xffffffff, 0x10000000, 127997};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t first = 0; first <= 4; first++) {
            uint8_t head[4];
            ukko_slice body;
            uk_cutter c;
            uk_cutter_init(&c, MAX);
            uk_frame_put_length(head, lengths[i]);
            uk_cutter_feed(&c, head, first);
            if (first < 4) assert_int_equal(uk_cutter_next(&c, &body), 0);
            if (first < 4) uk_cutter_feed(&c, head + first, 4 - first);
            assert_int_equal(uk_cutter_next(&c, &body), UKKO_ETOOBIG);
            assert_int_equal(c.refused, lengths[i]);
            assert_int_equal(c.part.cap, 0);
            uk_cutter_feed(&c, "abcdefgh", 8); /* and nothing is taken any more */
            assert_int_equal(uk_cutter_next(&c, &body), UKKO_ETOOBIG);
            uk_cutter_fini(&c);
        }
    }
}
static void memory_follows_what_came_not_what_was_promised(void **state) {
    (void)state;
    uint8_t bytes[10] = {0};
    ukko_slice body;
    uk_cutter c;
    uk_cutter_init(&c, MAX);
    uk_frame_put_length(bytes, 100000);
    uk_cutter_feed(&c, bytes, sizeof bytes);
    assert_int_equal(uk_cutter_next(&c, &body), 0);
    assert_int_equal(uk_cutter_pending(&c), 10);
    assert_true(c.part.cap <= 64);
    uk_cutter_fini(&c);
}
static void frames_before_a_refused_one_come_out(void **state) {
    (void)state;
    uk_buf b = {0};
    ukko_slice body;
    uk_cutter c;
    put_frame(&b, 3, 1);
    uk_buf_put(&b, "\xff\xff\xff\xff", 4);
    uk_cutter_init(&c, MAX);
    uk_cutter_feed(&c, b.ptr, b.len);
    assert_int_equal(uk_cutter_next(&c, &body), 1);
    check_body(body, 3, 1);
    assert_int_equal(uk_cutter_next(&c, &body), UKKO_ETOOBIG);
    uk_cutter_fini(&c);
    uk_buf_fini(&b);
}
static void other_protocols_are_too_long(void **state) {
    (void)state;
    static const char *const hello[] = {"GET / HTTP/1.1\r\n", "\x16\x03\x01\x02\x00\x01",
                                        "AKKA\x01", "PEKK\x02", "SSH-2.0-OpenSSH"};
    for (size_t i = 0; i < sizeof hello / sizeof *hello; i++) {
        ukko_slice in = {(const uint8_t *)hello[i], 5}, body;
        assert_int_equal(uk_frame_cut(&in, MAX, &body), UKKO_ETOOBIG);
    }
}
static void one_buffer_can_be_cut_without_a_cutter(void **state) {
    (void)state;
    uk_buf b = sample();
    ukko_slice in = {b.ptr, b.len - 1}, body;
    size_t n = 0;
    while (uk_frame_cut(&in, MAX, &body) == 1) n++;
    assert_int_equal(n, FULL - 1);
    assert_int_equal(in.len, 4 + 7 - 1); /* the unfinished one */
    uk_buf_fini(&b);
}
static void the_empty_frame_is_four_zeros(void **state) {
    (void)state;
    uk_buf b = {0};
    uk_frame_put_empty(&b);
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.ptr, "\0\0\0\0", 4);
    uk_buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_every_pair_of_places),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(whole_frames_are_views_of_the_feed),
        cmocka_unit_test(the_limit_is_on_header_and_body),
        cmocka_unit_test(too_long_is_refused_at_four_bytes_without_memory),
        cmocka_unit_test(memory_follows_what_came_not_what_was_promised),
        cmocka_unit_test(frames_before_a_refused_one_come_out),
        cmocka_unit_test(other_protocols_are_too_long),
        cmocka_unit_test(one_buffer_can_be_cut_without_a_cutter),
        cmocka_unit_test(the_empty_frame_is_four_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
