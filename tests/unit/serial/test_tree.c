/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents as trees: reading, changing, writing; messages without a struct. */
#include "helper.h"
#include "serial/tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static ukko_tree *parse(const char *json) {
    ukko_tree *t;
    ukko_error err = {0, ""};
    if (ukko_tree_parse(&t, ukko_str(json), &err)) fail_msg("%s: %s", json, err.message);
    return t;
}
static void prints(ukko_tree *t, const char *want) {
    char *text = ukko_tree_print(t);
    assert_string_equal(text, want);
    ukko_free(text);
}

static void reading(void **state) {
    ukko_tree *t = parse(
        "{\"a\":{\"b\":[1,2.50,\"x\\u0000y\",true,null,{}]},\"big\":123456789012345678901234567890}");
    ukko_node *root = ukko_tree_root(t), *list = ukko_node_find(root, "a.b");
    (void)state;
    assert_int_equal(ukko_node_kind_of(root), UKKO_NODE_OBJECT);
    assert_int_equal(ukko_node_count(root), 2);
    assert_string_equal(ukko_node_name_at(root, 1), "big");
    assert_int_equal(ukko_node_count(list), 6);
    assert_int_equal(ukko_node_int(ukko_node_at(list, 0), -1), 1);
    assert_int_equal(ukko_node_int(ukko_node_at(list, 1), -1), -1); /* no whole number */
    assert_true(ukko_node_real(ukko_node_at(list, 1), 0) == 2.5);
    assert_string_equal(ukko_node_text(ukko_node_at(list, 1), "?"), "2.50");
    assert_int_equal(ukko_node_slice(ukko_node_at(list, 2)).len, 3);
    assert_true(ukko_node_bool(ukko_node_at(list, 3), false));
    assert_int_equal(ukko_node_kind_of(ukko_node_at(list, 4)), UKKO_NODE_NULL);
    assert_int_equal(ukko_node_kind_of(ukko_node_at(list, 6)), UKKO_NODE_NONE);
    assert_null(ukko_node_find(root, "a.c"));
    assert_null(ukko_node_find(root, "a.b.c"));
    assert_null(ukko_node_get(NULL, "x"));
    assert_string_equal(ukko_node_text(ukko_node_get(root, "big"), ""),
                        "123456789012345678901234567890");
    assert_null(ukko_node_slice(ukko_node_at(list, 0)).ptr);
    ukko_tree_free(t);
    ukko_tree_free(NULL);
}
static void changing(void **state) {
    ukko_tree *t = parse("{\"a\":1,\"b\":2,\"c\":[1,2,3]}");
    ukko_node *root = ukko_tree_root(t), *list = ukko_node_get(root, "c");
    (void)state;
    assert_int_equal(ukko_node_rename(t, root, "a", "x"), UKKO_OK);
    prints(t, "{\"x\":1,\"b\":2,\"c\":[1,2,3]}");
    assert_int_equal(ukko_node_rename(t, root, "c", "x"), UKKO_OK); /* takes the other's place */
    prints(t, "{\"b\":2,\"x\":[1,2,3]}");
    assert_int_equal(ukko_node_rename(t, root, "no", "x"), UKKO_ENOTFOUND);
    assert_int_equal(ukko_node_rename(t, root, "b", "b"), UKKO_OK);
    assert_int_equal(ukko_node_int(ukko_node_remove(root, "b"), 0), 2);
    assert_null(ukko_node_remove(root, "b"));
    assert_int_equal(ukko_node_int(ukko_node_remove_at(list, 1), 0), 2);
    assert_int_equal(ukko_node_add(t, list, ukko_node_new_real(t, 0.1)), UKKO_OK);
    assert_int_equal(ukko_node_add(t, list, ukko_node_new_number(t, "1E+3")), UKKO_OK);
    assert_int_equal(ukko_node_add(t, list, ukko_node_new_text(t, "q\"")), UKKO_OK);
    assert_int_equal(ukko_node_add(t, list, ukko_node_new_text(t, NULL)), UKKO_OK);
    assert_int_equal(ukko_node_add(t, list, NULL), UKKO_OK);
    assert_int_equal(ukko_node_set(t, root, "o", ukko_node_new_object(t)), UKKO_OK);
    assert_int_equal(ukko_node_set(t, root, "o", ukko_node_new_bool(t, true)), UKKO_OK);
    assert_int_equal(ukko_node_set(t, root, "l", ukko_node_new_copy(t, list)), UKKO_OK);
    assert_int_equal(ukko_node_add(t, root, NULL), UKKO_ETYPE);
    assert_int_equal(ukko_node_set(t, list, "x", NULL), UKKO_ETYPE);
    assert_null(ukko_node_new_number(t, "0x10"));
    assert_null(ukko_node_new_number(t, "1 "));
    prints(t, "{\"x\":[1,3,0.1,1E+3,\"q\\\"\",null,null],\"o\":true,"
              "\"l\":[1,3,0.1,1E+3,\"q\\\"\",null,null]}");
    ukko_tree_set_root(t, ukko_node_new_list(t));
    prints(t, "[]");
    ukko_tree_set_root(t, NULL);
    prints(t, "null");
    ukko_tree_free(t);
    for (t = ukko_tree_new(); ukko_node_count(ukko_tree_root(t)) < 1000;) {
        if (ukko_node_kind_of(ukko_tree_root(t)) != UKKO_NODE_LIST)
            ukko_tree_set_root(t, ukko_node_new_list(t));
        ukko_node_add(t, ukko_tree_root(t), ukko_node_new_int(t, INT64_MIN));
    }
    assert_int_equal(ukko_node_int(ukko_node_at(ukko_tree_root(t), 999), 0), INT64_MIN);
    ukko_tree_free(t);
}
static void the_last_of_twins_counts(void **state) {
    (void)state;
    ukko_tree *t = parse("{\"b\":0,\"a\":1,\"b\":{\"x\":1,\"x\":2},\"a\":3,\"c\":4,\"a\":5}");
    prints(t, "{\"b\":{\"x\":2},\"a\":5,\"c\":4}");
    ukko_tree_free(t);
}
static void what_is_no_json_is_refused(void **state) {
    static const char *const bad[] = {"",    "{",   "[1,]", "{\"a\":1}x", "{\"a\\u0000\":1}",
                                      "nul", "1 2", "[1}"};
    ukko_tree *t;
    ukko_error err = {0, ""};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(ukko_tree_parse(&t, ukko_str(bad[i]), &err), UKKO_EPARSE);
        assert_null(t);
    }
    uk_buf deep = {0};
    for (int i = 0; i < 1001; i++) uk_buf_byte(&deep, '[');
    assert_int_equal(ukko_tree_parse(&t, uk_buf_slice(&deep), &err), UKKO_ETOOBIG);
    uk_buf_fini(&deep);
    uk_buf wide = {0}; /* a node for each two bytes */
    uk_buf_byte(&wide, '[');
    for (int i = 0; i < 2000000; i++) uk_buf_str(&wide, "1,");
    uk_buf_str(&wide, "1]");
    assert_int_equal(ukko_tree_parse(&t, uk_buf_slice(&wide), &err), UKKO_ETOOBIG);
    uk_buf_fini(&wide);
}
static void messages_without_a_struct(void **state) {
    (void)state;
    ukko_tree *t = parse("{\"name\":\"x\",\"sum\":9007199254740993,\"part\":0.10}");
    for (int cbor = 0; cbor < 2; cbor++) {
        ukko_msg *m = ukko_tree_msg(t, "com.tree.Thing", cbor);
        coded c = encode(m);
        assert_int_equal(c.rc, 0);
        assert_int_equal(c.id, cbor ? 33 : 31);
        assert_true(uk_slice_is(c.manifest, "com.tree.Thing"));
        ukko_tree *back;
        assert_int_equal(uk_tree_read(&back, uk_buf_slice(&c.bytes), cbor, &uk_limits_default), 0);
        assert_int_equal(ukko_node_int(ukko_node_get(ukko_tree_root(back), "sum"), 0),
                         9007199254740993);
        assert_true(ukko_node_real(ukko_node_get(ukko_tree_root(back), "part"), 0) == 0.1);
        ukko_tree_free(back);
        uk_buf_fini(&c.bytes);
        back = ukko_tree_of(m);
        prints(back, "{\"name\":\"x\",\"sum\":9007199254740993,\"part\":0.10}");
        ukko_tree_free(back);
        ukko_msg_release(m);
    }
    ukko_tree_free(t);
    ukko_msg *m = ukko_msg_string("no");
    assert_null(ukko_tree_of(m));
    assert_null(ukko_tree_of(NULL));
    ukko_msg_release(m);
}
static void cbor_numbers_of_any_size(void **state) {
    static const struct {
        const char *hex, *json;
    } rows[] = {
        {"1bffffffffffffffff", "18446744073709551615"},
        {"3bffffffffffffffff", "-18446744073709551616"},
        {"c249010000000000000000", "18446744073709551616"},
        {"c349010000000000000001", "-18446744073709551617"},
        {"c24105", "5"},
        {"c240", "0"},
        {"c34105", "-5"},
        {"c4820301", "1E+3"},
        {"c482210a", "0.10"},
        {"c4823301", "1E-20"},
        {"c48220c34d0f951a9fa3a286c94f0e766c39", "-123456789012345678901234567890.5"},
        {"c4820019270f", "9999"},
        {"d9d9f7c24105", "5"},
        {"fb3ff8000000000000", "1.5"},
        {"f93e00", "1.5"},
        {"5f4101420203ff", "\"AQID\""},
    };
    static const char *const bad[] = {
        "c4820001ff", "c48101",    "c4830001", "c482616101", "c4821b7fffffffffffffff01",
        "c482006161", "c4820041ff"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uk_buf in = {0};
        ukko_tree *t;
        from_hex(rows[i].hex, &in);
        if (uk_tree_read(&t, uk_buf_slice(&in), true, &uk_limits_default))
            fail_msg("refused: %s", rows[i].hex);
        prints(t, rows[i].json);
        ukko_tree_free(t);
        uk_buf_fini(&in);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        uk_buf in = {0};
        ukko_tree *t;
        from_hex(bad[i], &in);
        if (!uk_tree_read(&t, uk_buf_slice(&in), true, &uk_limits_default)) {
            char *text = ukko_tree_print(t);
            if (i != 1 && i != 2) fail_msg("taken: %s as %s", bad[i], text); /* those are lists */
            ukko_free(text);
            ukko_tree_free(t);
        }
        uk_buf_fini(&in);
    }
    uk_buf huge = {0}; /* more digits than a number may have */
    from_hex("c2590200", &huge);
    for (int i = 0; i < 512; i++) uk_buf_byte(&huge, 0xff);
    ukko_tree *t;
    assert_int_equal(uk_tree_read(&t, uk_buf_slice(&huge), true, &uk_limits_default), UKKO_ETOOBIG);
    uk_buf_fini(&huge);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(changing),
        cmocka_unit_test(the_last_of_twins_counts),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(messages_without_a_struct),
        cmocka_unit_test(cbor_numbers_of_any_size),
    };
    return cmocka_run_group_tests_name("trees", tests, open_system, close_system);
}
