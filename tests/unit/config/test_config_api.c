/* SPDX-License-Identifier: Apache-2.0 */
/* The public interface of configurations: making, reading, editing, rendering, messages. */
#include "config/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static ukko_config *parsed(const char *text) {
    ukko_config *c = NULL;
    ukko_error err = {0};
    if (ukko_config_parse(&c, ukko_str(text), "t.conf", &err)) fail_msg("%s", err.message);
    return c;
}

static ukko_config *resolved(const char *text) {
    ukko_config *c = parsed(text), *r = NULL;
    ukko_error err = {0};
    if (ukko_config_resolve(&r, c, &err)) fail_msg("%s", err.message);
    ukko_config_release(c);
    return r;
}

static void getters_convert(void **state) {
    (void)state;
    ukko_config *c =
        resolved("b = on, i = 7.9, s = 1e3, d = 10 s, z = 128 KiB, n = null, p = 2 weeks\n"
                 "l = [1, \"2\", x], o { \"a.b\" = 1, c = 2 }, e = {0 : a, 2 : b}");
    bool b;
    int64_t i;
    double d;
    const char *s;
    size_t n;
    int32_t y, m, days;
    assert_int_equal(ukko_config_bool(c, "b", &b), 0);
    assert_true(b);
    assert_int_equal(ukko_config_int(c, "i", &i), 0);
    assert_int_equal(i, 7);
    assert_int_equal(ukko_config_double(c, "i", &d), 0);
    assert_true(d == 7.9);
    assert_int_equal(ukko_config_string(c, "s", &s), 0);
    assert_string_equal(s, "1e3");
    assert_int_equal(ukko_config_duration_ms(c, "d", &i), 0);
    assert_int_equal(i, 10000);
    assert_int_equal(ukko_config_bytes(c, "z", &i), 0);
    assert_int_equal(i, 131072);
    assert_int_equal(ukko_config_period(c, "p", &y, &m, &days), 0);
    assert_int_equal(days, 14);
    assert_int_equal(ukko_config_int(c, "n", &i), UKKO_ENOTFOUND);
    assert_false(ukko_config_has(c, "n"));
    assert_int_equal(ukko_config_int(c, "o", &i), UKKO_ETYPE);
    assert_int_equal(ukko_config_int(c, "o.\"a.b\"", &i), 0);
    assert_int_equal(ukko_config_int(c, "o..c", &i), UKKO_EPARSE);
    assert_int_equal(ukko_config_int(c, "b.x", &i), UKKO_ETYPE);
    assert_int_equal(ukko_config_count(c, "e", &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(ukko_config_string_at(c, "e", 1, &s), 0);
    assert_string_equal(s, "b");
    assert_int_equal(ukko_config_string_at(c, "l", 3, &s), UKKO_ENOTFOUND);
    assert_int_equal(ukko_config_int_at(c, "l", 2, &i), UKKO_ETYPE);
    ukko_config_release(c);
}

static void untouched_on_failure(void **state) {
    (void)state;
    ukko_config *c = resolved("a = x");
    int64_t i = 42;
    assert_int_equal(ukko_config_bytes(c, "a", &i), UKKO_ETYPE);
    assert_int_equal(i, 42);
    ukko_config_release(c);
}

static void editing_from_code(void **state) {
    (void)state;
    ukko_config *c = parsed("a { b = 1, c = 2 }, x = ${a.b}"), *d, *e, *f, *r;
    ukko_error err;
    int64_t i;
    const char *s;
    assert_int_equal(ukko_config_with_int(&d, c, "a.b", 5, &err), 0);
    assert_int_equal(ukko_config_with_string(&e, d, "host.name", "h ${y}", &err), 0);
    assert_int_equal(ukko_config_with_value(&f, e, "l", "[1, ${a.c}]", &err), 0);
    ukko_config_release(c);
    ukko_config_release(d);
    ukko_config_release(e);
    assert_int_equal(ukko_config_resolve(&r, f, &err), 0);
    ukko_config_release(f);
    assert_int_equal(ukko_config_int(r, "x", &i), 0);
    assert_int_equal(i, 5);
    assert_int_equal(ukko_config_string(r, "host.name", &s), 0);
    assert_string_equal(s, "h ${y}");
    assert_int_equal(ukko_config_int_at(r, "l", 1, &i), 0);
    assert_int_equal(i, 2);
    assert_int_equal(ukko_config_with_value(&c, r, "q", "1, 2", &err), UKKO_EPARSE);
    assert_int_equal(ukko_config_with_value(&c, r, "a..b", "1", &err), UKKO_EPARSE);
    assert_int_equal(ukko_config_without(&c, r, "a.b", &err), 0);
    assert_false(ukko_config_has(c, "a.b"));
    assert_true(ukko_config_has(c, "a.c"));
    ukko_config_release(c);
    ukko_config_release(r);
}

static void messages_name_the_place(void **state) {
    (void)state;
    ukko_config *c = NULL;
    ukko_error err;
    assert_int_equal(ukko_config_parse(&c, ukko_str("a = 1\nb = [1, 2"), "f.conf", &err),
                     UKKO_EPARSE);
    assert_non_null(strstr(err.message, "f.conf:2:10: parse: expected"));
    c = resolved("\n\na = 10 parsecs");
    int64_t i;
    int rc = ukko_config_duration_ns(c, "a", &i);
    assert_int_equal(rc, UKKO_ETYPE);
    ukko_config_explain(c, "a", rc, "a duration", &err);
    assert_string_equal(err.message, "t.conf:3: setting a = \"10 parsecs\", expected a duration");
    ukko_config_origin at;
    assert_int_equal(ukko_config_origin_of(c, "a", &at), 0);
    assert_int_equal(at.line, 3);
    assert_string_equal(at.file, "t.conf");
    ukko_config_release(c);
}

static bool collect(void *data, const char *path, const ukko_config_origin *at) {
    (void)at;
    uk_buf_str(data, path);
    uk_buf_byte(data, ' ');
    return true;
}

static void walking(void **state) {
    (void)state;
    ukko_config *c = resolved("z = 1, a { \"x.y\" = 2, b = [1] }");
    uk_buf paths = {0};
    const char *key;
    assert_int_equal(ukko_config_each(c, NULL, collect, &paths), 0);
    assert_string_equal(uk_buf_text(&paths), "z a.\"x.y\" a.b ");
    assert_int_equal(ukko_config_key_at(c, "a", 0, &key), 0);
    assert_string_equal(key, "x.y");
    char *quoted = ukko_config_quote("a b");
    assert_string_equal(quoted, "\"a b\"");
    ukko_free(quoted);
    uk_buf_fini(&paths);
    ukko_config_release(c);
}

static void rendering(void **state) {
    (void)state;
    ukko_config *c = parsed("b = ${a} x, a { 10 = 1, 2 = \"q\\n\" }, \"k k\" = 1.50"), *again;
    char *json, *hocon;
    ukko_config *r = NULL;
    hocon = ukko_config_render_hocon(c, 2);
    again = parsed(hocon);
    assert_true(ukko_config_equal(c, again));
    ukko_free(hocon);
    ukko_config_release(again);
    ukko_config_release(c);
    r = resolved("a { 10 = 1, 2 = \"q\\n\" }, \"k k\" = 1.50");
    json = ukko_config_render(r, 0);
    assert_string_equal(json, "{\"a\":{\"2\":\"q\\n\",\"10\":1},\"k k\":1.5}");
    ukko_free(json);
    ukko_config_release(r);
}

static void not_resolved_is_told(void **state) {
    (void)state;
    ukko_config *c = parsed("a = ${b}, b = 1");
    int64_t i;
    ukko_config_kind kind;
    assert_int_equal(ukko_config_int(c, "a", &i), UKKO_ECONFIG);
    assert_int_equal(ukko_config_kind_of(c, "b", &kind), 0);
    assert_int_equal(kind, UKKO_CONFIG_NUMBER);
    ukko_config_release(c);
}

static void a_part_outlives_the_whole(void **state) {
    (void)state;
    ukko_config *c = resolved("a { b { c = kept } }"), *part = NULL;
    const char *s;
    assert_int_equal(ukko_config_object(c, "a.b", &part), 0);
    ukko_config_release(c);
    assert_int_equal(ukko_config_string(part, "c", &s), 0);
    assert_string_equal(s, "kept");
    ukko_config_release(part);
}

static void loading(void **state) {
    (void)state;
    ukko_config *own = parsed("pekko.remote.classic.netty.tcp.port = 0\nvalue = ${pekko.loglevel}"),
                *c;
    ukko_error err;
    const char *s;
    int64_t i;
    setenv("CONFIG_FORCE_pekko_log__dead__letters", "off", 1);
    assert_int_equal(ukko_config_load_from(&c, own, &err), 0);
    unsetenv("CONFIG_FORCE_pekko_log__dead__letters");
    assert_int_equal(ukko_config_int(c, "pekko.remote.classic.netty.ssl.port", &i), 0);
    assert_int_equal(i, 0);
    assert_int_equal(ukko_config_string(c, "value", &s), 0);
    assert_string_equal(s, "INFO");
    assert_int_equal(ukko_config_string(c, "pekko.log-dead-letters", &s), 0);
    assert_string_equal(s, "off");
    assert_int_equal(ukko_config_duration_ms(c, "pekko.remote.classic.retry-gate-closed-for", &i),
                     0);
    assert_int_equal(i, 5000);
    ukko_config_release(c);
    ukko_config_release(own);
}

/* What a JVM's system properties are to a configuration, below everything else. */
static void system_properties(void **state) {
    (void)state;
    ukko_config *own = parsed("dir = ${user.dir}/x, user.name = me, sep = ${file.separator}"), *c;
    ukko_error err;
    const char *s;
    char here[4096], want[4200];
    assert_int_equal(ukko_config_load_from(&c, own, &err), 0);
    assert_non_null(getcwd(here, sizeof here));
    snprintf(want, sizeof want, "%s/x", here);
    assert_int_equal(ukko_config_string(c, "dir", &s), 0);
    assert_string_equal(s, want);
    assert_int_equal(ukko_config_string(c, "user.name", &s), 0);
    assert_string_equal(s, "me");
    assert_int_equal(ukko_config_string(c, "sep", &s), 0);
    assert_string_equal(s, "/");
    ukko_config_release(c);
    ukko_config_release(own);
}

static void forced_by_the_environment(void **state) {
    (void)state;
    const char *s;
    setenv("CONFIG_FORCE_a_b__c___d", "1 s", 1);
    ukko_config *c = ukko_config_forced();
    unsetenv("CONFIG_FORCE_a_b__c___d");
    assert_int_equal(ukko_config_string(c, "a.b-c_d", &s), 0);
    assert_string_equal(s, "1 s");
    ukko_config_release(c);
    c = ukko_config_forced();
    assert_false(ukko_config_has(c, "a"));
    ukko_config_release(c);
}

static void what_is_written(void **state) {
    (void)state;
    ukko_config *c = parsed("a = 1\nb = ${a} x\nd = ${e} { f = 2 }\ne {}");
    ukko_config_origin at;
    char *text = ukko_config_written(c, "b");
    assert_string_equal(text, "${a}\" x\"");
    ukko_free(text);
    assert_null(ukko_config_written(c, "d.f"));
    assert_null(ukko_config_written(c, "none"));
    assert_int_equal(ukko_config_origin_of(c, "b", &at), 0);
    assert_int_equal(at.line, 2);
    assert_int_equal(ukko_config_origin_of(c, "d.f", &at), 0);
    assert_int_equal(at.line, 3);
    assert_int_equal(ukko_config_origin_of(c, "e.f", &at), UKKO_ENOTFOUND);
    ukko_config_release(c);
}

static void elements_with_nul(void **state) {
    (void)state;
    ukko_config *c = resolved("l = [\"a\\u0000b\", 12]");
    ukko_slice s;
    assert_int_equal(ukko_config_slice_at(c, "l", 0, &s), 0);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.ptr, "a\0b", 3);
    assert_int_equal(ukko_config_slice_at(c, "l", 1, &s), 0);
    assert_int_equal(s.len, 2);
    assert_int_equal(ukko_config_slice_at(c, "l", 2, &s), UKKO_ENOTFOUND);
    ukko_config_release(c);
}

static void *load_many(void *unused) {
    (void)unused;
    for (int i = 0; i < 50; i++) {
        ukko_config *c = NULL;
        const char *s;
        if (ukko_config_load(&c, NULL, NULL)) abort();
        if (ukko_config_string(c, "pekko.loglevel", &s) || strcmp(s, "INFO")) abort();
        ukko_config_release(c);
    }
    return NULL;
}

static void threads_share(void **state) {
    (void)state;
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, load_many, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
}

static void foreign_text_is_bounded(void **state) {
    (void)state;
    ukko_config *c = NULL;
    uk_buf deep = {0};
    const char *s;
    assert_int_equal(uk_config_parse_foreign(&c, ukko_str("include \"x\""), "peer", NULL),
                     UKKO_EPARSE);
    assert_int_equal(uk_config_parse_foreign(&c, ukko_str("a = ${?HOME}"), "peer", NULL), 0);
    assert_false(ukko_config_has(c, "a"));
    ukko_config_release(c);
    for (int i = 0; i < 300; i++) uk_buf_str(&deep, "a{");
    assert_int_equal(uk_config_parse_foreign(&c, uk_buf_slice(&deep), "peer", NULL), UKKO_ETOOBIG);
    uk_buf_fini(&deep);
    ukko_slice big = {uk_zalloc(2 << 20), 2 << 20};
    assert_int_equal(uk_config_parse_foreign(&c, big, "peer", NULL), UKKO_ETOOBIG);
    uk_free((void *)(uintptr_t)big.ptr);
    assert_int_equal(uk_config_parse_foreign(&c, ukko_str("a = 1, b = ${a}"), "peer", NULL), 0);
    assert_int_equal(ukko_config_string(c, "b", &s), 0);
    ukko_config_release(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(getters_convert),
                                       cmocka_unit_test(untouched_on_failure),
                                       cmocka_unit_test(editing_from_code),
                                       cmocka_unit_test(messages_name_the_place),
                                       cmocka_unit_test(walking),
                                       cmocka_unit_test(rendering),
                                       cmocka_unit_test(not_resolved_is_told),
                                       cmocka_unit_test(a_part_outlives_the_whole),
                                       cmocka_unit_test(loading),
                                       cmocka_unit_test(system_properties),
                                       cmocka_unit_test(forced_by_the_environment),
                                       cmocka_unit_test(what_is_written),
                                       cmocka_unit_test(elements_with_nul),
                                       cmocka_unit_test(threads_share),
                                       cmocka_unit_test(foreign_text_is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
