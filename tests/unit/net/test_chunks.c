/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of buffers of a stream: order, what is passed on and what is copied, and how much memory it
   takes for what is in it. The test thread alone. */
#include "net/chunks.h"
#include "base/pool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static uk_buf buffer(size_t cap, size_t len, uint8_t first) {
    uk_buf b = {uk_alloc(cap), len, cap};
    for (size_t i = 0; i < len; i++) b.ptr[i] = (uint8_t)(first + i);
    return b;
}
/* Takes all buffers and checks that the bytes count up from 0. */
static size_t drain(uk_chunks *q) {
    size_t n = 0, left = q->bytes;
    while (!uk_chunks_empty(q)) {
        uk_buf b = uk_chunks_next(q);
        assert_true(b.len > 0);
        for (size_t i = 0; i < b.len; i++) assert_int_equal(b.ptr[i], (uint8_t)(n + i));
        n += b.len;
        left -= b.len;
        assert_int_equal(q->bytes, left);
        uk_chunk_done(&b, 0);
    }
    assert_int_equal(left, 0);
    assert_int_equal(uk_chunks_next(q).cap, 0);
    return n;
}

static void test_keeps_the_order_of_large_and_small(void **state) {
    (void)state;
    uk_chunks q = {0};
    for (int round = 0; round < 3; round++) {
        size_t n = 0;
        for (size_t i = 0; i < 300; i++) {
            size_t len = i % 7 == 0 ? 50000 : i % 5 == 0 ? 5000 : 1 + i % 50;
            uk_buf b = buffer(len * (1 + i % 6), len, (uint8_t)n);
            if (i % 2) uk_chunks_put(&q, b.ptr, b.len);
            else uk_chunks_give(&q, &b);
            uk_buf_fini(&b);
            n += len;
            assert_int_equal(q.bytes, n);
        }
        assert_int_equal(drain(&q), n);
    }
    uk_chunks_fini(&q);
}

static void test_takes_what_is_large_and_full_enough(void **state) {
    (void)state;
    static const struct {
        size_t cap, len;
        bool taken;
    } cases[] = {{100, 100, false}, {40000, 40000, true}, {160000, 40001, true}, {200000, 40000, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uk_chunks q = {0};
        uk_buf b = buffer(cases[i].cap, cases[i].len, 0), to = {0};
        const uint8_t *memory = b.ptr;
        uk_chunks_give(&q, &b);
        assert_int_equal(b.len, 0);
        assert_int_equal(b.ptr != memory, cases[i].taken);
        assert_int_equal(drain(&q), cases[i].len);
        uk_buf_fini(&b);
        b = buffer(cases[i].cap, cases[i].len, 0);
        memory = b.ptr;
        uk_chunk_move(&to, &b);
        assert_int_equal(to.len, cases[i].len);
        assert_int_equal(to.ptr == memory, cases[i].taken);
        uk_buf_fini(&b);
        uk_buf_fini(&to);
        uk_chunks_fini(&q);
    }
}

/* Bytes that are only lent are copied, however many. */
static void test_copies_what_is_lent(void **state) {
    (void)state;
    static uint8_t bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)i;
    uk_chunks q = {0};
    uk_buf lent = {bytes, sizeof bytes, 0};
    uk_chunks_give(&q, &lent);
    assert_ptr_equal(lent.ptr, bytes);
    assert_int_equal(drain(&q), sizeof bytes);
    uk_chunks_fini(&q);
}

/* Whatever comes, what waits takes a few times the memory of its bytes at most, and few bytes take little. */
static void test_takes_memory_in_proportion(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 235, 5000, 33000, 70000, 200000};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        uk_chunks q = {0};
        for (int i = 0; i < 20; i++) {
            uk_buf b = uk_chunk_take();
            memset(b.ptr, 1, sizes[k]);
            b.len = sizes[k];
            uk_chunks_give(&q, &b);
            uk_chunk_done(&b, 0);
            size_t memory = 0;
            for (size_t j = q.first; j < q.n; j++) memory += q.list[j].cap;
            assert_true(memory <= (q.bytes < 64 ? 64 : 4 * q.bytes));
        }
        uk_chunks_fini(&q);
    }
}

static void test_uses_the_chunk_again_that_was_done_last(void **state) {
    (void)state;
    uk_buf a = uk_chunk_take(), b = uk_chunk_take();
    const uint8_t *last = a.ptr;
    assert_int_equal(a.cap, UK_CHUNK);
    uk_chunk_done(&b, 1000);
    uk_chunk_done(&a, 1000);
    assert_null(a.ptr);
    a = uk_chunk_take();
#ifndef UK_POOL_OFF
    assert_ptr_equal(a.ptr, last);
#endif
    (void)last;
    uk_chunk_done(&a, 0);
    a = buffer(900, 900, 0);
    uk_chunk_done(&a, 1000); /* small enough to be kept */
    assert_int_equal(a.cap, 900);
    assert_int_equal(a.len, 0);
    uk_buf_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_the_order_of_large_and_small),
        cmocka_unit_test(test_takes_what_is_large_and_full_enough),
        cmocka_unit_test(test_copies_what_is_lent),
        cmocka_unit_test(test_takes_memory_in_proportion),
        cmocka_unit_test(test_uses_the_chunk_again_that_was_done_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
