/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, addresses, names and globs; and the text of references. Single-threaded but for the one
   system that gives references. */
#include "actor/path.h"
#include "support/probe.h"

static uk_path parsed(const char *text) {
    uk_path p;
    assert_int_equal(uk_path_parse(ukko_str(text), &p), UKKO_OK);
    return p;
}
static void is(ukko_slice s, const char *text) {
    if (!uk_slice_is(s, text))
        fail_msg("\"%.*s\" is not \"%s\"", (int)s.len, (const char *)s.ptr, text);
}
static int parse_code(const char *text) {
    uk_path p;
    return uk_path_parse(ukko_str(text), &p);
}

/* spec: ActorPathSpec 1 */
static void parses_and_prints(void **state) {
    (void)state;
    uk_path p = parsed("pekko://mysys/user/foo/bar");
    is(p.protocol, "pekko");
    is(p.system, "mysys");
    is(p.elements, "/user/foo/bar");
    is(p.address, "pekko://mysys");
    assert_int_equal(p.host.len, 0);
    assert_int_equal(p.uid, 0);
}
/* spec: ActorPathSpec 2 */
static void parses_remote_paths(void **state) {
    (void)state;
    uk_path p = parsed("pekko.tcp://my_sys-1@host.name:2552/user/foo#-17");
    is(p.protocol, "pekko.tcp");
    is(p.system, "my_sys-1");
    is(p.host, "host.name");
    assert_int_equal(p.port, 2552);
    assert_int_equal(p.uid, -17);
    p = parsed("pekko.ssl.tcp://s@[::1]:65535/");
    is(p.host, "[::1]");
    assert_int_equal(p.port, 65535);
    is(p.elements, "/");
}
/* spec: ActorPathSpec 3 */
static void refuses_malformed_paths(void **state) {
    static const char *const bad[] = {"",
                                      "http:",
                                      "pekko",
                                      "pekko:/a/b",
                                      "://a@b:1/x",
                                      "pekko.tcp://a@b/x",
                                      "pekko.tcp://a@b:/x",
                                      "pekko.tcp://a@b:2147483648/x",
                                      "pekko.tcp://a@127.1:1/x",
                                      "pekko.tcp://a@256.0.0.1:1/x",
                                      "pekko.tcp://a@b-:1/x",
                                      "pekko.tcp://a@b..c:1/x",
                                      "pekko.tcp://a@b.1:1/x",
                                      "pekko.tcp://a@[::g]:1/x",
                                      "pekko.tcp://a@b:1/x# 5",
                                      "pekko.tcp://a@b:1/x#5#6",
                                      "pekko.tcp://a@:1/x",
                                      "pekko.tcp://a b@c:1/x",
                                      "pekko.tcp://a@b:1/x y",
                                      "pekko.tcp://a@b:1/x%2",
                                      "9p://a/b",
                                      "user/a"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!parse_code(bad[i])) fail_msg("accepted \"%s\"", bad[i]);
    assert_int_equal(parse_code("pekko.tcp://a@b:1/x#abc"), UKKO_EINVAL);
    assert_int_equal(parse_code("pekko.tcp://a@b:1/x#2147483648"), UKKO_EINVAL);
    assert_int_equal(parse_code("pekko.tcp://a@b:1/x#-2147483649"), UKKO_EINVAL);
    assert_int_equal(parsed("pekko.tcp://a@b:1/x#-2147483648").uid, INT32_MIN);
    assert_int_equal(parsed("pekko.tcp://a@b:1/x#+5").uid, 5);
    assert_int_equal(parsed("pekko.tcp://@b:1/x").system.len, 0); /* java.net.URI takes it */
    assert_int_equal(parsed("pekko.tcp://\xc3\xbc@b:1/x").system.len, 2);
    assert_int_equal(parsed("pekko.tcp://a@1b:99999/x").port, 99999); /* nobody's, but a path */
    uk_path p;
    assert_int_equal(uk_address_parse(ukko_str("pekko.tcp://a@b:99999"), &p), UKKO_EPARSE);
    is(parsed("pekko.tcp://a@[fe80::1%eth0]:1/x").host, "[fe80::1%eth0]");
}
static int echo_any(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_actor = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_any}};

/* spec: ActorPathSpec 4,6,8 */
static void text_of_root_child_and_uid(void **state) {
    (void)state;
    ukko_system *sys = test_system("mysys", NULL, NULL, NULL);
    ukko_ref *root = ukko_system_ref(sys, "/"), *user = ukko_system_ref(sys, "/user"), *a;
    char buf[128];
    assert_string_equal(ukko_ref_path(root), "pekko://mysys/");
    assert_string_equal(ukko_ref_path(user), "pekko://mysys/user");
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&echo_actor), "a", &a), UKKO_OK);
    assert_int_equal(ukko_ref_print(a, buf, sizeof buf), strlen("/user/a"));
    assert_string_equal(buf, "/user/a"); /* without address */
    assert_int_equal(strncmp(ukko_ref_path(a), "pekko://mysys/user/a#", 21), 0);
    assert_true(atoi(ukko_ref_path(a) + 21) != 0);
    assert_string_equal(ukko_ref_name(a), "a");
    ukko_ref *again = ukko_system_ref(sys, ukko_ref_path(a)); /* the text leads back to it */
    assert_true(ukko_ref_equal(a, again));
    ukko_ref_release(again);
    ukko_ref_release(a);
    ukko_ref_release(user);
    ukko_ref_release(root);
    ukko_system_free(sys);
}
/* spec: ActorPathSpec 5 */
static void elements_are_walked(void **state) {
    (void)state;
    ukko_slice rest = ukko_str("//user/a//b/"), e;
    assert_true(uk_path_next(&rest, &e));
    is(e, "user");
    assert_true(uk_path_next(&rest, &e));
    is(e, "a");
    assert_true(uk_path_next(&rest, &e));
    is(e, "b");
    assert_false(uk_path_next(&rest, &e));
}
/* spec: ActorPathSpec 7 */
static void names_are_checked(void **state) {
    static const char *const good[] = {"a",   "A0-_.*+:@&=,!~';", "x$y",
                                       "%20", "a%C3%BCb",         "very-long-name-0123456789"};
    static const char *const bad[] = {"",    "$a",       "a/b", "a b", "%",   "%2",  "%zz",
                                      "a#b", "\xc3\xbc", "a?",  "a[",  "<a>", "a\"b"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!uk_path_element_valid(ukko_str(good[i]))) fail_msg("refused \"%s\"", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (uk_path_element_valid(ukko_str(bad[i]))) fail_msg("accepted \"%s\"", bad[i]);
}
/* spec: ActorPathSpec 9 */
static void separator_in_the_system_name_is_refused(void **state) {
    static const char *const bad[] = {"a/b", "/", "", "-a", "_a", "a b", "a.b", "a#"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ukko_system *sys = NULL;
        ukko_error err = {0};
        ukko_system_opts o = UKKO_SYSTEM_OPTS(bad[i], NULL);
        assert_int_equal(ukko_system_new(&sys, &o, &err), UKKO_EINVAL);
        assert_null(sys);
        assert_non_null(strstr(err.message, "system name"));
    }
    assert_true(uk_system_name_valid("A1-b_c"));
}
/* spec: ActorPathSpec 10,12 */
static void bad_hosts_are_detected(void **state) {
    static const char *const bad[] = {"ho_st", "a.b_c", "",   "a b", "h\xc3\xb6st",
                                      "::1",   "[",     "[]", "a/b", "a:b"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (uk_host_valid(ukko_str(bad[i]))) fail_msg("accepted \"%s\"", bad[i]);
}
/* spec: ActorPathSpec 11 */
static void good_hosts_pass(void **state) {
    static const char *const good[] = {"localhost", "127.0.0.1",      "a-b.c", "my_host.example",
                                       "[::1]",     "[fe80::1%eth0]", "x"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!uk_host_valid(ukko_str(good[i]))) fail_msg("refused \"%s\"", good[i]);
}
static void relative(const char *text, size_t n, const char *const *want) {
    ukko_slice rest = ukko_str(text), e;
    for (size_t i = 0; i < n; i++) {
        assert_true(uk_path_next(&rest, &e));
        is(e, want[i]);
    }
    assert_false(uk_path_next(&rest, &e));
}
/* spec: RelativeActorPathSpec 1 */
static void relative_single_name(void **state) {
    (void)state;
    relative("foo", 1, (const char *const[]){"foo"});
}
/* spec: RelativeActorPathSpec 2 */
static void relative_names(void **state) {
    (void)state;
    relative("foo/bar/baz", 3, (const char *const[]){"foo", "bar", "baz"});
    relative("../a", 2, (const char *const[]){"..", "a"});
}
/* spec: RelativeActorPathSpec 3 */
static void relative_url_encoded(void **state) {
    (void)state;
    relative("%C3%A4/b", 2, (const char *const[]){"%C3%A4", "b"});
    assert_true(uk_path_element_valid(ukko_str("%C3%A4")));
}
/* spec: RelativeActorPathSpec 4 */
static void relative_with_uid(void **state) {
    (void)state;
    relative("foo/bar#1234", 2, (const char *const[]){"foo", "bar#1234"});
    uk_path p = parsed("/foo/bar#1234");
    assert_int_equal(p.uid, 1234);
    is(p.elements, "/foo/bar");
}
static void addresses(void **state) {
    uk_path p;
    (void)state;
    assert_int_equal(uk_address_parse(ukko_str("pekko.tcp://s@h:1"), &p), UKKO_OK);
    assert_int_equal(uk_address_parse(ukko_str("pekko://s"), &p), UKKO_OK);
    assert_true(uk_address_parse(ukko_str("pekko.tcp://s@h:1/"), &p) != UKKO_OK);
    assert_true(uk_address_parse(ukko_str("no address"), &p) != UKKO_OK);
    assert_true(uk_address_parse(ukko_str(""), &p) != UKKO_OK);
}
static void globs(void **state) {
    static const struct {
        const char *pattern, *name;
        bool match;
    } rows[] = {{"*", "", true},         {"*", "abc", true},    {"a*", "abc", true},
                {"*c", "abc", true},     {"a*c", "abc", true},  {"a*d", "abc", false},
                {"?", "a", true},        {"?", "", false},      {"??", "abc", false},
                {"a?c", "abc", true},    {"a**c", "abc", true}, {"", "", true},
                {"", "a", false},        {"c.*", "c1", false},  {"[ab]*", "a1", false},
                {"*b*b*", "abab", true}, {"*x*", "abab", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (uk_glob_match(ukko_str(rows[i].pattern), ukko_str(rows[i].name)) != rows[i].match)
            fail_msg("%s against %s", rows[i].pattern, rows[i].name);
    char stars[30002];
    memset(stars, '*', 30000); /* no peer's pattern may take long */
    strcpy(stars + 30000, "x");
    assert_false(
        uk_glob_match(ukko_str(stars), ukko_str("a-name-of-some-length-that-does-not-match")));
}
static void generated_names(void **state) {
    static const struct {
        uint64_t n;
        const char *name;
    } rows[] = {{0, "$a"}, {1, "$b"}, {63, "$~"}, {64, "$ab"}, {65, "$bb"}, {64 * 64, "$aab"}};
    char buf[16];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uk_base64_name(rows[i].n, "$", buf, sizeof buf);
        assert_string_equal(buf, rows[i].name);
    }
}
static void canonical_spelling(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"pekko.tcp://s@h:5/user/x", NULL},
        {"pekko.tcp://s@h:5", NULL},
        {"pekko.tcp://s@h:5/", NULL},
        {"pekko.tcp://s@[::1]:0/user/x#-7", NULL},
        {"pekko.tcp://s@h:05/user/x", "pekko.tcp://s@h:5/user/x"},
        {"pekko.tcp://s@h:5//user///x/", "pekko.tcp://s@h:5/user/x"},
        {"pekko.tcp://s@h:5//", "pekko.tcp://s@h:5/"},
        {"pekko.tcp://s@h:5/user/x?q#+7", "pekko.tcp://s@h:5/user/x#7"},
        {"pekko.tcp://s@h:5/user/x#0", "pekko.tcp://s@h:5/user/x"},
        {"pekko.tcp://s@h:5/user/x#-2147483648", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uk_path p;
        uk_buf b = {0};
        ukko_slice text = ukko_str(cases[i][0]);
        assert_int_equal(uk_path_parse(text, &p), UKKO_OK);
        assert_int_equal(uk_path_is_canonical(text, &p), !cases[i][1]);
        uk_path_put_canonical(&b, &p);
        assert_string_equal(uk_buf_text(&b), cases[i][1] ? cases[i][1] : cases[i][0]);
        uk_buf_fini(&b);
    }
}

static void names_are_split(void **state) {
    (void)state;
    static const struct {
        const char *text, *name;
        int32_t uid;
    } good[] = {{"a", "a", 0}, {"a#5", "a", 5}, {"a#+5", "a", 5}, {"#-5", "", -5}, {"", "", 0}};
    static const char *const bad[] = {"a/b", "/", "a#", "a#b", "a#1#2", "a#2147483648", "a/b#1", "#"};
    ukko_slice name;
    int32_t uid;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(uk_path_name_split(ukko_str(good[i].text), &name, &uid), UKKO_OK);
        assert_true(uk_slice_is(name, good[i].name));
        assert_int_equal(uid, good[i].uid);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(uk_path_name_split(ukko_str(bad[i]), &name, &uid), UKKO_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_prints),
        cmocka_unit_test(parses_remote_paths),
        cmocka_unit_test(refuses_malformed_paths),
        cmocka_unit_test(text_of_root_child_and_uid),
        cmocka_unit_test(elements_are_walked),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(separator_in_the_system_name_is_refused),
        cmocka_unit_test(bad_hosts_are_detected),
        cmocka_unit_test(good_hosts_pass),
        cmocka_unit_test(relative_single_name),
        cmocka_unit_test(relative_names),
        cmocka_unit_test(relative_url_encoded),
        cmocka_unit_test(relative_with_uid),
        cmocka_unit_test(addresses),
        cmocka_unit_test(globs),
        cmocka_unit_test(generated_names),
        cmocka_unit_test(canonical_spelling),
        cmocka_unit_test(names_are_split),
    };
    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
