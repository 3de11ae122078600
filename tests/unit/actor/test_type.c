/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: checking, deep copy, dropping, log text. Single-threaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "actor/provider.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A reference that counts. */
static void no_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    (void)to;
    (void)sender;
    ukko_msg_release(msg);
}
static void no_print(ukko_ref *ref, uk_buf *out) {
    (void)ref;
    uk_buf_str(out, "/x");
}
static void no_free(ukko_ref *ref) { (void)ref; }
static const uk_ref_vt vt = {
    .kind = UK_REF_REMOTE, .tell = no_tell, .print = no_print, .free = no_free};
static unsigned count_of(ukko_ref *r) { return atomic_load(&r->refs); }

typedef struct pair { const char *key; ukko_ref *value; } pair;
static const ukko_field pair_fields[] = {UKKO_FIELD(pair, key, UKKO_STR),
                                         UKKO_FIELD(pair, value, UKKO_REF)};
static const ukko_type pair_type = UKKO_TYPE_LOCAL(pair, pair_fields);

typedef struct node {
    bool flag;
    int32_t color;
    double real;
    const char *text;
    ukko_slice blob;
    ukko_ref *ref;
    ukko_msg *msg;
    pair one;
    struct node *next;
    const char **names;
    size_t n_names;
    ukko_ref **refs;
    size_t n_refs;
    ukko_msg **msgs;
    size_t n_msgs;
    pair *map;
    size_t n_map;
    struct node **kids;
    size_t n_kids;
} node;
static const char *const colors[] = {"red", "green", NULL};
static const ukko_type node_type;
static const ukko_field node_fields[] = {
    UKKO_FIELD(node, flag, UKKO_BOOL),
    {"color", UKKO_ENUM, 0, 0, offsetof(node, color), 4, 0, NULL, colors},
    UKKO_FIELD(node, real, UKKO_F64),
    UKKO_FIELD(node, text, UKKO_STR),
    UKKO_FIELD(node, blob, UKKO_BYTES),
    UKKO_FIELD(node, ref, UKKO_REF),
    UKKO_FIELD(node, msg, UKKO_MSG),
    UKKO_FIELD_OF(node, one, UKKO_STRUCT, &pair_type),
    UKKO_FIELD_OF(node, next, UKKO_STRUCTP, &node_type),
    UKKO_FIELD_LIST(node, names, n_names, UKKO_STR, NULL),
    UKKO_FIELD_LIST(node, refs, n_refs, UKKO_REF, NULL),
    UKKO_FIELD_LIST(node, msgs, n_msgs, UKKO_MSG, NULL),
    UKKO_FIELD_MAP(node, map, n_map, &pair_type),
    UKKO_FIELD_LIST(node, kids, n_kids, UKKO_STRUCTP, &node_type),
};
static const ukko_type node_type = UKKO_TYPE_LOCAL(node, node_fields);

static void copies_own_what_they_hold(void **state) {
    ukko_ref r;
    (void)state;
    uk_ref_init(&r, &vt, NULL, 7);
    char text[] = "text", name[] = "name";
    const char *names[] = {name, NULL};
    ukko_ref *refs[] = {&r, NULL, &r};
    ukko_msg *inner = ukko_msg_string("inner"), *msgs[] = {inner, NULL};
    pair map[] = {{"k", &r}, {"l", NULL}};
    node leaf = {.ref = &r, .text = text}, *kids[] = {&leaf, NULL};
    node n = {true, 1, 2.5, text, {(const uint8_t *)text, 4}, &r, inner, {name, &r}, &leaf,
              names, 2, refs, 3, msgs, 2, map, 2, kids, 2};
    ukko_msg *m = ukko_msg_copy(&node_type, &n);
    assert_int_equal(count_of(&r), 1 + 7); /* ref, one, next, refs 2, map, kid */
    memset(text, '?', 4);
    memset(name, '?', 4);
    const node *c = ukko_msg_get(m, &node_type);
    assert_string_equal(c->text, "text");
    assert_memory_equal(c->blob.ptr, "text", 4);
    assert_string_equal(c->one.key, "name");
    assert_string_equal(c->names[0], "name");
    assert_null(c->names[1]);
    assert_string_equal(c->next->text, "text");
    assert_ptr_equal(c->msgs[0], inner);
    assert_string_equal(c->map[1].key, "l");
    assert_string_equal(c->kids[0]->text, "text");
    ukko_msg *again = ukko_msg_copy(&node_type, c);
    ukko_msg_release(m);
    assert_int_equal(count_of(&r), 1 + 7);
    ukko_msg_release(again);
    assert_int_equal(count_of(&r), 1);
    ukko_msg_release(inner);
    uk_ref_fini(&r);
}
static void too_deep_a_copy_leaves_nothing_behind(void **state) {
    enum { DEEP = 1500 };
    ukko_ref r;
    (void)state;
    uk_ref_init(&r, &vt, NULL, 7);
    node *all = uk_zalloc(DEEP * sizeof *all);
    for (size_t i = 0; i < DEEP; i++) {
        all[i].ref = &r;
        all[i].next = i + 1 < DEEP ? &all[i + 1] : NULL;
    }
    ukko_msg *m = ukko_msg_new(&node_type);
    assert_int_equal(uk_type_copy(&node_type, m, ukko_msg_body(m), all), UKKO_ETOOBIG);
    ukko_msg_release(m);
    assert_int_equal(count_of(&r), 1);
    uk_free(all);
    uk_ref_fini(&r);
}
static int failing_copy(ukko_msg *into, void *body, const void *from) {
    (void)into;
    (void)body;
    (void)from;
    return -1234;
}
static void a_failing_element_leaves_nothing_behind(void **state) {
    static const ukko_codec codec = {sizeof(ukko_codec), failing_copy, NULL, NULL};
    static const ukko_type bad = {sizeof(ukko_type), 8, "bad", NULL, NULL, UKKO_SER_LOCAL, 0, 0,
                                  NULL, &codec, NULL};
    typedef struct holder { ukko_ref *a; int64_t *list; size_t n; ukko_ref *b; } holder;
    static const ukko_field fields[] = {UKKO_FIELD(holder, a, UKKO_REF),
                                        UKKO_FIELD_LIST(holder, list, n, UKKO_STRUCT, &bad),
                                        UKKO_FIELD(holder, b, UKKO_REF)};
    static const ukko_type type = UKKO_TYPE_LOCAL(holder, fields);
    ukko_ref r;
    (void)state;
    uk_ref_init(&r, &vt, NULL, 7);
    int64_t list[2] = {0};
    holder h = {&r, list, 2, &r};
    ukko_msg *m = ukko_msg_new(&type);
    assert_int_equal(uk_type_copy(&type, m, ukko_msg_body(m), &h), -1234);
    ukko_msg_release(m);
    assert_int_equal(count_of(&r), 1);
    uk_ref_fini(&r);
}
static void tables_are_checked(void **state) {
    typedef struct s { int32_t i; const char *t; size_t n; } s;
    static const ukko_field wrong[] = {
        UKKO_FIELD(s, i, UKKO_I64),                         /* width */
        UKKO_FIELD(s, t, UKKO_I32),
        {"x", UKKO_I32, 0, 0, 100, 4, 0, NULL, NULL},       /* place */
        {"x", UKKO_I32, 0, 0, 22, 4, 0, NULL, NULL},
        {NULL, UKKO_I32, 0, 0, 0, 4, 0, NULL, NULL},        /* name */
        {"x", 99, 0, 0, 0, 4, 0, NULL, NULL},               /* kind */
        {"x", UKKO_ENUM, 0, 0, 0, 4, 0, NULL, NULL},        /* labels */
        {"x", UKKO_STRUCT, 0, 0, 0, 4, 0, NULL, NULL},      /* type */
        {"x", UKKO_STRUCTP, 0, 0, 8, 8, 0, NULL, NULL},
        {"x", UKKO_STR, UKKO_REPEATED, 0, 8, 8, 30, NULL, NULL}, /* count */
        {"x", UKKO_STRUCT, UKKO_MAP, 0, 0, 16, 0, &pair_type, NULL},
        {"x", UKKO_STRUCT, UKKO_MAP | UKKO_REPEATED, 0, 8, 8, 16, &node_type, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ukko_type t = {sizeof(ukko_type), sizeof(s), "s", NULL, NULL, UKKO_SER_LOCAL, 0, 1,
                       &wrong[i], NULL, NULL};
        ukko_error err = {0, ""};
        assert_int_equal(uk_type_check(&t, &err), UKKO_EINVAL);
        assert_non_null(strstr(err.message, "type s"));
    }
    assert_int_equal(uk_type_check(&node_type, NULL), UKKO_OK); /* points to its own kind */
    ukko_type old = node_type;
    old.size = 8;
    assert_int_equal(uk_type_check(&old, NULL), UKKO_EINVAL);
    assert_int_equal(uk_type_check(NULL, NULL), UKKO_EINVAL);
}
static void every_builtin_table_is_sound(void **state) {
    static const ukko_type *const all[] = {
        &ukko_string_type, &ukko_bytes_type, &ukko_option_type, &ukko_throwable_type,
        &ukko_identity_type, &ukko_unique_address_type, &ukko_pool_type, &ukko_from_config_type,
        &ukko_remote_router_config_type, &ukko_terminated_type, &ukko_opaque_type,
        &ukko_json_type, &uk_selection_type, &uk_heartbeat_rsp_type, &ukko_dropped_type};
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) assert_int_equal(uk_type_check(all[i], NULL), UKKO_OK);
}
static void is_printed(ukko_msg *m, const char *want, const char *class_name) {
    char text[200], cut[6];
    assert_int_equal(ukko_msg_print(m, text, sizeof text), strlen(want));
    assert_string_equal(text, want);
    assert_int_equal(ukko_msg_print(m, cut, sizeof cut), strlen(want));
    assert_memory_equal(cut, want, strlen(want) < 5 ? strlen(want) : 5);
    assert_int_equal(ukko_msg_print(m, NULL, 0), strlen(want));
    assert_string_equal(ukko_msg_class(m), class_name);
    ukko_msg_release(m);
}
static void messages_in_logs(void **state) {
    int64_t number = -3;
    ukko_address a = {"pekko.tcp", "s", "h", 1, 0};
    ukko_slice bytes = {(const uint8_t *)"\0\xff", 2};
    node n = {.color = 1, .text = "t"};
    (void)state;
    is_printed(NULL, "null", "null");
    is_printed(ukko_msg_string("hello"), "hello", "java.lang.String");
    is_printed(ukko_msg_copy(&ukko_long_type, &number), "-3", "java.lang.Long");
    is_printed(ukko_msg_copy(&ukko_bytes_type, &bytes), "00ff", "[B");
    is_printed(ukko_msg_new(&ukko_option_type), "None", "scala.None$");
    ukko_boxed b = {ukko_msg_string("x")};
    is_printed(ukko_msg_copy(&ukko_option_type, &b), "Some(x)", "scala.Some");
    is_printed(ukko_msg_copy(&ukko_identify_type, &b), "Identify(x)",
               "org.apache.pekko.actor.Identify");
    ukko_msg_release(b.value);
    is_printed(ukko_msg_copy(&ukko_address_type, &a), "pekko.tcp://s@h:1",
               "org.apache.pekko.actor.Address");
    is_printed(ukko_msg_throwable("a.B", "no"), "a.B: no", "a.B");
    is_printed(ukko_msg_new(&ukko_done_type), "Done", "org.apache.pekko.Done$");
    is_printed(ukko_msg_copy(&pair_type, &(pair){"k", NULL}), "pair(key=k, value=null)", "pair");
    ukko_msg *m = ukko_msg_copy(&node_type, &n);
    char text[400];
    ukko_msg_print(m, text, sizeof text);
    assert_non_null(strstr(text, "color=green"));
    assert_non_null(strstr(text, "names=[]"));
    ukko_msg_release(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_own_what_they_hold),
        cmocka_unit_test(too_deep_a_copy_leaves_nothing_behind),
        cmocka_unit_test(a_failing_element_leaves_nothing_behind),
        cmocka_unit_test(tables_are_checked),
        cmocka_unit_test(every_builtin_table_is_sound),
        cmocka_unit_test(messages_in_logs),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
