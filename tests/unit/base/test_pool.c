/* SPDX-License-Identifier: Apache-2.0 */
/* Free blocks by size: what a class holds, what is used again, how much is kept. Under a sanitizer
   there is no pool: blocks come from the allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include "base/pool.h"

static void test_writes_all_of_a_block_of_any_size(void **state) {
    (void)state;
    for (size_t size = 1; size < 300 * 1024; size += size / 7 + 1) {
        uint8_t cls, other;
        uint8_t *a = uk_pool_alloc(size, &cls), *b = uk_pool_alloc(size, &other);
        assert_int_equal(cls, other);
        assert_int_equal((uintptr_t)a % 16, 0);
        memset(a, 1, size);
        memset(b, 2, size);
        for (size_t i = 0; i < size; i++) assert_int_equal(a[i], 1);
        uk_pool_free(a, cls);
        uk_pool_free(b, cls);
    }
}
#ifndef UK_POOL_OFF
enum { MOST = 8 << 20 };

static void *free_it(void *block) {
    uk_pool_free(block, uk_pool_class(10000));
    return NULL;
}
static void test_uses_the_large_block_again_that_was_freed_last(void **state) {
    (void)state;
    uint8_t cls;
    pthread_t other;
    void *a = uk_pool_alloc(10000, &cls), *b = uk_pool_alloc(10000, &cls);
    uk_pool_free(b, cls);
    assert_int_equal(pthread_create(&other, NULL, free_it, a), 0);
    pthread_join(other, NULL);
    assert_ptr_equal(uk_pool_alloc(9000, &cls), a);
    assert_ptr_equal(uk_pool_alloc(9000, &cls), b);
    uk_pool_free(a, cls);
    uk_pool_free(b, cls);
}
static void test_keeps_no_more_large_blocks_than_it_may(void **state) {
    (void)state;
    enum { N = 120, SIZE = 100 * 1024 };
    static void *blocks[N];
    uint8_t cls = 0;
    size_t before = uk_pool_large_kept();
    for (int i = 0; i < N; i++) blocks[i] = uk_pool_alloc(SIZE, &cls);
    for (int i = 0; i < N; i++) {
        uk_pool_free(blocks[i], cls);
        assert_true(uk_pool_large_kept() <= MOST);
    }
    assert_true(uk_pool_large_kept() > before);
    assert_true(uk_pool_large_kept() > MOST - 2 * SIZE);
}
static void test_leaves_the_largest_to_the_allocator(void **state) {
    (void)state;
    uint8_t cls;
    size_t before = uk_pool_large_kept();
    void *a = uk_pool_alloc(1 << 20, &cls);
    assert_int_equal(cls, UK_POOL_NONE);
    uk_pool_free(a, cls);
    assert_int_equal(uk_pool_large_kept(), before);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_all_of_a_block_of_any_size),
#ifndef UK_POOL_OFF
        cmocka_unit_test(test_uses_the_large_block_again_that_was_freed_last),
        cmocka_unit_test(test_keeps_no_more_large_blocks_than_it_may),
        cmocka_unit_test(test_leaves_the_largest_to_the_allocator),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
