/* SPDX-License-Identifier: Apache-2.0 */
/* Properties over generated configurations: what is rendered reads back, merging is associative,
   hostile inputs end quickly with bounded memory. UKKO_SEED repeats a run. */
#include "config/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

static uint64_t seed = 1;

static uint32_t roll(uint32_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

static const char *const keys[] = {"a", "b",   "c",     "\"x.y\"", "d e", "0",
                                   "1", "a.b", "b.c.a", "\"\"",    "é"};
static const char *const scalars[] = {"1",
                                      "2.5",
                                      "007",
                                      "1e3",
                                      "true",
                                      "null",
                                      "text here",
                                      "\"q \\\"\\n\\u0001\"",
                                      "\"\"\"tri\nple\"\"\"",
                                      "on",
                                      "\"\"",
                                      "9223372036854775808",
                                      "-0.0",
                                      "10 s"};
static const char *const paths[] = {"a", "b", "c", "a.b", "\"x.y\"", "d e", "nope", "b.c"};

#define PICK(list) list[roll(sizeof(list) / sizeof *(list))]

static void value(uk_buf *b, int depth, bool refs);

static void fields(uk_buf *b, int depth, bool refs) {
    for (uint32_t n = roll(5); n; n--) {
        uk_buf_str(b, PICK(keys));
        uk_buf_str(b, " = ");
        value(b, depth + 1, refs);
        uk_buf_byte(b, '\n');
    }
}

static void value(uk_buf *b, int depth, bool refs) {
    uint32_t kind = roll(depth > 4 ? 2 : 8);
    if (refs && kind == 0) {
        uk_buf_printf(b, "${?%s}", PICK(paths));
        if (roll(2)) uk_buf_printf(b, " %s", PICK(scalars));
    } else if (kind < 4) {
        uk_buf_str(b, PICK(scalars));
    } else if (kind < 6) {
        uk_buf_str(b, "{\n");
        fields(b, depth, refs);
        uk_buf_byte(b, '}');
    } else {
        uk_buf_byte(b, '[');
        for (uint32_t n = roll(4); n; n--) {
            value(b, depth + 1, refs);
            uk_buf_byte(b, '\n');
        }
        uk_buf_byte(b, ']');
    }
}

static ukko_config *generated(bool refs) {
    uk_buf b = {0};
    ukko_config *c = NULL;
    ukko_error err = {0};
    fields(&b, 0, refs);
    if (ukko_config_parse(&c, uk_buf_slice(&b), "generated", &err))
        fail_msg("%s\n%s", err.message, uk_buf_text(&b));
    uk_buf_fini(&b);
    return c;
}

static void reads_back(const ukko_config *c, bool json) {
    char *text = json ? ukko_config_render(c, (int)roll(2) * 2)
                      : ukko_config_render_hocon(c, (int)roll(2) * 2);
    ukko_config *again = NULL;
    ukko_error err = {0};
    ukko_config_syntax syntax = json ? UKKO_CONFIG_JSON : UKKO_CONFIG_HOCON;
    if (ukko_config_parse_as(&again, ukko_str(text), syntax, "again", &err))
        fail_msg("%s\n%s", err.message, text);
    if (!ukko_config_equal(c, again)) fail_msg("not equal: %s", text);
    ukko_config_release(again);
    ukko_free(text);
}

static void rendering_reads_back(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        ukko_config *c = generated(i % 2), *r = NULL;
        if (!ukko_config_resolve(&r, c, NULL)) {
            reads_back(r, false);
            reads_back(r, true);
            ukko_config_release(r);
        }
        ukko_config_release(c);
    }
}

static void merging_is_associative(void **state) {
    (void)state;
    for (int i = 0; i < 2000; i++) {
        ukko_config *a = generated(false), *b = generated(false), *c = generated(false);
        ukko_config *ab = ukko_config_with_fallback(a, b), *bc = ukko_config_with_fallback(b, c);
        ukko_config *left = ukko_config_with_fallback(ab, c),
                    *right = ukko_config_with_fallback(a, bc);
        assert_true(ukko_config_equal(left, right));
        ukko_config *all[] = {a, b, c, ab, bc, left, right};
        for (int k = 0; k < 7; k++) ukko_config_release(all[k]);
    }
}

/* ---- Bounds: the memory of a result is at most this many times its text, plus a base. ---- */

enum { FACTOR = 64, BASE = 64 << 20 };

static size_t live, peak;

static void *count_alloc(void *data, size_t n) {
    (void)data;
    size_t *p = malloc(n + 16);
    *p = n;
    live += n;
    if (live > peak) peak = live;
    return p + 2;
}
static void count_free(void *data, void *ptr) {
    (void)data;
    if (!ptr) return;
    live -= ((size_t *)ptr)[-2];
    free((size_t *)ptr - 2);
}
static void *count_realloc(void *data, void *ptr, size_t n) {
    void *p = count_alloc(data, n);
    size_t old = ptr ? ((size_t *)ptr)[-2] : 0;
    if (old) memcpy(p, ptr, old < n ? old : n);
    count_free(data, ptr);
    return p;
}

/* Sanitizers make frames many times larger. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { STACK = 64 << 20 };
#elif defined __OPTIMIZE__
enum { STACK = 1 << 20 };
#else
enum { STACK = 4 << 20 };
#endif

typedef struct attempt {
    ukko_slice text;
    int rc;
} attempt;

static void *read_whole(void *data) {
    attempt *a = data;
    ukko_config *c = NULL, *r = NULL;
    a->rc = ukko_config_parse(&c, a->text, "hostile", NULL);
    if (!a->rc) a->rc = ukko_config_resolve(&r, c, NULL);
    if (!a->rc) {
        ukko_free(ukko_config_render(r, 0));
        ukko_free(ukko_config_render_hocon(r, 2));
        ukko_config_check(r, NULL, NULL);
    }
    ukko_config_release(c);
    ukko_config_release(r);
    return NULL;
}

/* Parses and resolves; any outcome is fine as long as it comes, within the stack that the
   documentation promises, and takes bounded memory. */
static int survive(uk_buf *text) {
    attempt a = {uk_buf_slice(text), 0};
    pthread_attr_t attr;
    pthread_t thread;
    peak = live;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attr, read_whole, &a), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    int rc = a.rc;
    if (peak > (size_t)BASE * 2 + text->len * FACTOR * 2)
        fail_msg("%zu bytes for a text of %zu", peak, text->len);
    uk_buf_fini(text);
    return rc;
}

static void repeat(uk_buf *b, const char *text, int n) {
    for (int i = 0; i < n; i++) uk_buf_str(b, text);
}

static void deep_nesting(void **state) {
    (void)state;
    static const char *const openers[] = {"a{", "[",      "a=[",  "a.", "a=${",
                                          "{",  "a={b=[", "a+=[", "${"};
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        uk_buf b = {0};
        repeat(&b, openers[i], 200000);
        assert_int_not_equal(survive(&b), 0);
    }
    uk_buf b = {0};
    repeat(&b, "a.", 200000);
    uk_buf_str(&b, "a = 1");
    assert_int_equal(survive(&b), UKKO_ETOOBIG);
    static const struct {
        const char *first, *open, *close;
        int n;
    } nests[] = {{"", "a{", "}", 1500},
                 {"", "a={", "}", 1500},
                 {"a=[", "[", "]", 1499},
                 {"", "a={b=[{", "}]}", 499},
                 {"", "a=${?x}{", "}", 1000},
                 {"", "a=x,a={", "}", 1500}};
    for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
        uk_buf_str(&b, nests[i].first);
        repeat(&b, nests[i].open, nests[i].n);
        repeat(&b, nests[i].close, nests[i].n);
        uk_buf_str(&b, *nests[i].first ? "]" : "");
        if (survive(&b)) fail_msg("%s", nests[i].open);
    }
}

static void many_substitutions(void **state) {
    (void)state;
    uk_buf b = {0};
    for (int i = 0; i < 20000; i++) uk_buf_printf(&b, "k%d = ${k%d}\n", i, i + 1);
    uk_buf_str(&b, "k20000 = 1");
    survive(&b);
    for (int i = 20000; i > 0; i--) uk_buf_printf(&b, "k%d = ${k%d}\n", i, i - 1);
    uk_buf_str(&b, "k0 = 1");
    survive(&b);
    for (int i = 0; i < 20000; i++) uk_buf_printf(&b, "k%d = ${v}\n", i);
    uk_buf_str(&b, "v = [1, {a = b}]");
    assert_int_equal(survive(&b), 0);
    for (int i = 0; i < 5000; i++) uk_buf_printf(&b, "a = ${a}x\n");
    survive(&b);
    uk_buf_str(&b, "l = []\n");
    for (int i = 0; i < 500; i++) uk_buf_printf(&b, "l += %d\n", i);
    assert_int_equal(survive(&b), 0);
    uk_buf_str(&b, "l = []\n");
    for (int i = 0; i < 20000; i++) uk_buf_printf(&b, "l += %d\n", i);
    survive(&b);
}

static void blow_ups(void **state) {
    (void)state;
    uk_buf b = {0};
    uk_buf_str(&b, "a0 = xxxxxxxx\n");
    for (int i = 1; i < 60; i++) uk_buf_printf(&b, "a%d = ${a%d}${a%d}\n", i, i - 1, i - 1);
    assert_int_equal(survive(&b), UKKO_ETOOBIG);
    uk_buf_str(&b, "a0 = [1]\n");
    for (int i = 1; i < 60; i++) uk_buf_printf(&b, "a%d = ${a%d} ${a%d}\n", i, i - 1, i - 1);
    assert_int_equal(survive(&b), UKKO_ETOOBIG);
    /* Shared, not copied; but merging two such trees must not walk all of them. */
    uk_buf_str(&b, "a0 { v = 1 }, b0 { w = 1 }\n");
    for (int i = 1; i < 60; i++)
        uk_buf_printf(&b, "a%d { x = ${a%d}, y = ${a%d} }\nb%d { x = ${b%d}, y = ${b%d} }\n", i,
                      i - 1, i - 1, i, i - 1, i - 1);
    uk_buf_str(&b, "c = ${a59} ${b59}");
    assert_int_equal(survive(&b), UKKO_ETOOBIG);
}

static void tall_trees(void **state) {
    (void)state;
    uk_buf b = {0};
    for (int i = 0; i < 50; i++) {
        uk_buf_printf(&b, "k%d.", i);
        repeat(&b, "x.", 900);
        uk_buf_printf(&b, "x = ${k%d}\n", i + 1);
    }
    uk_buf_str(&b, "k50 = 1");
    assert_int_equal(survive(&b), UKKO_ETOOBIG);
    for (int i = 0; i < 2; i++) {
        uk_buf_printf(&b, "k%d.", i);
        repeat(&b, "x.", 1100);
        uk_buf_printf(&b, "x = ${k%d}\n", i + 1);
    }
    uk_buf_str(&b, "k2 = [1]");
    assert_int_equal(survive(&b), 0);
}

static void wide_objects(void **state) {
    (void)state;
    uk_buf b = {0};
    for (int i = 0; i < 50000; i++) uk_buf_printf(&b, "a.b.k%d = %d\n", i, i);
    assert_int_equal(survive(&b), 0);
    uk_buf_str(&b, "a = ${?z}\n");
    for (int i = 0; i < 5000; i++) uk_buf_printf(&b, "a.k%d = %d\n", i, i);
    assert_int_equal(survive(&b), 0);
    for (int i = 0; i < 50000; i++) uk_buf_str(&b, "word ");
    assert_int_equal(survive(&b), UKKO_EPARSE);
    uk_buf_str(&b, "a = ");
    for (int i = 0; i < 50000; i++) uk_buf_str(&b, "word ");
    assert_int_equal(survive(&b), 0);
}

int main(void) {
    const ukko_allocator counting = {count_alloc, count_realloc, count_free, NULL};
    ukko_set_allocator(&counting);
    const char *given = getenv("UKKO_SEED");
    if (given) seed = strtoull(given, NULL, 10) | 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(rendering_reads_back),
                                       cmocka_unit_test(merging_is_associative),
                                       cmocka_unit_test(deep_nesting),
                                       cmocka_unit_test(many_substitutions),
                                       cmocka_unit_test(blow_ups),
                                       cmocka_unit_test(tall_trees),
                                       cmocka_unit_test(wide_objects)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
