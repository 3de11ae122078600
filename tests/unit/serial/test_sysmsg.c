/* SPDX-License-Identifier: Apache-2.0 */
/* System messages (22) and remote deployments (3). */
#include "helper.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TIMEOUT "java.util.concurrent.TimeoutException"
#define TNSEX "org.apache.pekko.remote.serialization.ThrowableNotSerializableException"
#define CHILD "pekko.tcp://peer@127.0.0.1:2552/user/child#7"
#define OTHER "pekko.tcp://other@127.0.0.1:2554/user/x#-5678"

typedef struct row {
    uk_sys_kind kind;
    const char *a, *b, *cause; /* cause: class of the exception */
    bool flag, flag2;
    int32_t uid;
} row;
static const row rows[] = {
    {.kind = UK_SYS_CREATE},
    {.kind = UK_SYS_RECREATE, .cause = TIMEOUT},
    {.kind = UK_SYS_SUSPEND},
    {.kind = UK_SYS_RESUME, .cause = TIMEOUT},
    {.kind = UK_SYS_TERMINATE},
    {.kind = UK_SYS_SUPERVISE, .a = CHILD, .flag = true},
    {.kind = UK_SYS_WATCH, .a = CHILD, .b = OTHER},
    {.kind = UK_SYS_UNWATCH, .a = CHILD, .b = OTHER},
    {.kind = UK_SYS_FAILED, .a = CHILD, .cause = TIMEOUT, .uid = -42},
    {.kind = UK_SYS_NOTIFY, .a = CHILD, .flag = true, .flag2 = true},
};
static uk_sysmsg *make(const row *r) {
    ukko_ref *a = r->a ? ref_to(r->a) : NULL, *b = r->b ? ref_to(r->b) : NULL;
    uk_sysmsg *m = uk_sysmsg_new(r->kind, a, b);
    m->cause = r->cause ? ukko_msg_throwable(r->cause, "text") : NULL;
    m->flag = r->flag;
    m->flag2 = r->flag2;
    m->uid = r->uid;
    uk_ref_release(a);
    uk_ref_release(b);
    return m;
}
static uk_sysmsg *through_the_wire(const row *r) {
    uk_sysmsg *m = make(r), *back;
    uk_buf a = {0}, b = {0};
    ukko_error err = {0, ""};
    assert_int_equal(uk_sysmsg_encode(the_serial, m, &a), UKKO_OK);
    if (uk_sysmsg_decode(the_serial, uk_buf_slice(&a), &back, &err)) fail_msg("%s", err.message);
    assert_int_equal(uk_sysmsg_encode(the_serial, back, &b), UKKO_OK);
    same_bytes("system message", uk_buf_slice(&a), uk_buf_slice(&b));
    uk_buf_fini(&a);
    uk_buf_fini(&b);
    uk_sysmsg_free(m);
    return back;
}
static void same_ref(const ukko_ref *ref, const char *path) {
    if (path) assert_string_equal(uk_ref_text(ref), path);
    else assert_null(ref);
}

/* spec: SystemMessageSerializationSpec 1 x10 */
static void kinds_are_those_of_the_wire(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uk_sysmsg *m = make(&rows[i]);
        uk_buf b = {0};
        assert_int_equal(uk_sysmsg_encode(the_serial, m, &b), UKKO_OK);
        assert_int_equal(b.ptr[0], 8); /* field 1: the type */
        assert_int_equal(b.ptr[1], i);
        uk_buf_fini(&b);
        uk_sysmsg_free(m);
    }
}
/* spec: SystemMessageSerializationSpec 2 x10 */
static void messages_come_back(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const row *r = &rows[i];
        uk_sysmsg *m = through_the_wire(r);
        assert_int_equal(m->kind, r->kind);
        same_ref(m->a, r->a);
        same_ref(m->b, r->b);
        assert_int_equal(m->flag, r->flag);
        assert_int_equal(m->flag2, r->flag2);
        assert_int_equal(m->uid, r->uid);
        if (r->cause) assert_string_equal(ukko_msg_class(m->cause), r->cause);
        else assert_null(m->cause);
        uk_sysmsg_free(m);
    }
}
static void cause_survives(uk_sys_kind kind, const char *class_name, const char *want) {
    row r = {.kind = kind, .a = kind == UK_SYS_FAILED ? CHILD : NULL, .cause = class_name};
    uk_sysmsg *m = through_the_wire(&r);
    assert_string_equal(ukko_msg_class(m->cause), want);
    uk_sysmsg_free(m);
}
/* spec: SystemMessageSerializationSpec 3 x2 */
static void create_carries_its_exception(void **state) {
    (void)state;
    cause_survives(UK_SYS_CREATE, "org.apache.pekko.actor.ActorInitializationException",
                   "org.apache.pekko.actor.ActorInitializationException");
    cause_survives(UK_SYS_CREATE, "com.example.Unknown", TNSEX);
}
/* spec: SystemMessageSerializationSpec 4 x2 */
static void failed_carries_its_exception(void **state) {
    (void)state;
    cause_survives(UK_SYS_FAILED, TIMEOUT, TIMEOUT);
    cause_survives(UK_SYS_FAILED, "com.example.Unknown", TNSEX);
}
/* What is embedded may come in several fields: a later piece replaces, what it lacks stays. */
static void pieces_of_what_is_embedded_are_one(void **state) {
    enum { WATCH = 2, CAUSE, SUPERVISE = 5, FAILED, NOTIFY };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const row *r = &rows[i];
        uk_sysmsg *m = make(r), *back;
        uk_buf whole = {0}, cut = {0};
        assert_int_equal(uk_sysmsg_encode(the_serial, m, &whole), UKKO_OK);
        uk_pb in = uk_pb_of(uk_buf_slice(&whole));
        for (uk_pb_field f; uk_pb_next(&in, &f) > 0;) {
            if (f.wire != UK_PB_BYTES) {
                uk_pb_int(&cut, f.number, (int64_t)f.value);
                continue;
            }
            uk_pb inner = uk_pb_of(f.bytes);
            uk_pb_bytes(&cut, f.number, "", 0);
            for (uk_pb_field x; uk_pb_next(&inner, &x) > 0;) { /* a field of its own for each */
                size_t mark = uk_pb_begin(&cut, f.number);
                if (x.wire == UK_PB_VARINT) uk_pb_int(&cut, x.number, (int64_t)x.value);
                else uk_pb_bytes(&cut, x.number, x.bytes.ptr, x.bytes.len);
                uk_pb_end(&cut, mark);
            }
        }
        ukko_error err = {0, ""};
        if (uk_sysmsg_decode(the_serial, uk_buf_slice(&cut), &back, &err)) fail_msg("%zu: %s", i, err.message);
        uk_buf_clear(&cut);
        assert_int_equal(uk_sysmsg_encode(the_serial, back, &cut), UKKO_OK);
        same_bytes("pieces", uk_buf_slice(&whole), uk_buf_slice(&cut));
        uk_buf_fini(&whole);
        uk_buf_fini(&cut);
        uk_sysmsg_free(back);
        uk_sysmsg_free(m);
    }
}
static void malformed_ones_are_refused(void **state) {
    static const char *const hex[] = {"", "08", "080a", "0820", "08ffffffffffffffffff01", "0801",
                                      "0803", "0805", "0806", "0807", "0808", "0809", "080612020a00",
                                      "08011a00", "08011a0408051000", "1000", "0a00",
                                      "08011a060a02 7878 1014"};
    (void)state;
    for (size_t i = 0; i < COUNT(hex); i++) {
        uk_buf b = {0};
        uk_sysmsg *m;
        from_hex(hex[i], &b);
        uk_buf_reserve(&b, 1);
        if (!uk_sysmsg_decode(the_serial, uk_buf_slice(&b), &m, NULL))
            fail_msg("accepted: %s", hex[i]);
        assert_null(m);
        uk_buf_fini(&b);
    }
    uk_sysmsg *half = uk_sysmsg_new(UK_SYS_WATCH, NULL, NULL);
    uk_buf b = {0};
    assert_int_equal(uk_sysmsg_encode(the_serial, half, &b), UKKO_ENOTSERIAL);
    half->kind = UK_SYS_ADDRESS_TERMINATED; /* local only */
    assert_int_equal(uk_sysmsg_encode(the_serial, half, &b), UKKO_ENOTSERIAL);
    uk_sysmsg_free(half);
}
static void damaged_ones_do_no_harm(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uk_sysmsg *m = make(&rows[i]), *back;
        uk_buf b = {0};
        assert_int_equal(uk_sysmsg_encode(the_serial, m, &b), UKKO_OK);
        for (size_t n = 0; n < b.len * 8; n++) {
            b.ptr[n / 8] ^= (uint8_t)(1 << n % 8);
            if (!uk_sysmsg_decode(the_serial, uk_buf_slice(&b), &back, NULL)) uk_sysmsg_free(back);
            b.ptr[n / 8] ^= (uint8_t)(1 << n % 8);
        }
        uk_buf_fini(&b);
        uk_sysmsg_free(m);
    }
}

/* ---- deployments ---- */

static uk_daemon_create order(void) {
    return (uk_daemon_create){.class_name = "ukko.oracle.Actors$Worker",
                              .path = "pekko.tcp://b@h:2/remote/pekko.tcp/a@h:1/user/p/w#9",
                              .supervisor = "pekko.tcp://a@h:1/user/p#42"};
}
/* Encodes, decodes (the arguments only when asked), encodes again: same bytes. */
static uk_daemon_create *deployed(const uk_daemon_create *c) {
    uk_daemon_create *back;
    ukko_error err = {0, ""};
    static uk_buf a; /* raw arguments are views into it */
    uk_buf b = {0};
    uk_buf_fini(&a);
    if (uk_daemon_encode(the_serial, c, &a, &err)) fail_msg("%s", err.message);
    if (uk_daemon_decode(the_serial, uk_buf_slice(&a), &back, &err)) fail_msg("%s", err.message);
    assert_null(back->args);
    assert_int_equal(back->n_args, c->n_args);
    if (uk_daemon_open(the_serial, back, &err)) fail_msg("%s", err.message);
    if (uk_daemon_encode(the_serial, back, &b, &err)) fail_msg("%s", err.message);
    same_bytes("deployment", uk_buf_slice(&a), uk_buf_slice(&b));
    uk_buf_fini(&b);
    assert_string_equal(back->class_name, c->class_name);
    assert_string_equal(back->path, c->path);
    assert_string_equal(back->supervisor, c->supervisor);
    return back;
}
/* spec: DaemonMsgCreateSerializerSpec 1 */
static void it_is_serializer_3(void **state) {
    (void)state;
    assert_int_equal(UKKO_SER_DAEMON_CREATE, 3);
    ukko_msg *m; /* and no message to an ordinary actor */
    assert_int_equal(decode_hex(3, "", "0a00", &m, NULL), UKKO_ENOTFOUND);
}
/* spec: DaemonMsgCreateSerializerSpec 5 */
static void class_comes_back(void **state) {
    (void)state;
    uk_daemon_create c = order(), *back = deployed(&c);
    assert_string_equal(back->deploy.path, "");
    assert_string_equal(back->deploy.config, "{}");
    assert_null(back->deploy.scope);
    assert_null(back->deploy.router);
    assert_null(back->deploy.dispatcher);
    uk_daemon_free(back);
}
/* spec: DaemonMsgCreateSerializerSpec 6 */
static void null_arguments_come_back(void **state) {
    (void)state;
    ukko_msg *args[] = {ukko_msg_string("a"), NULL};
    uk_daemon_create c = order(), *back;
    c.args = args;
    c.n_args = 2;
    back = deployed(&c);
    assert_string_equal(ukko_msg_text(back->args[0]), "a");
    assert_null(back->args[1]);
    assert_true(uk_slice_is(back->raw[1].manifest, "null"));
    uk_daemon_free(back);
    ukko_msg_release(args[0]);
}
/* spec: DaemonMsgCreateSerializerSpec 7 */
/* spec: MessageContainerSerializerSpec 3 */
static void deploys_come_back_whole(void **state) {
    (void)state;
    const char *tags[] = {"t1", "t2"};
    ukko_address node = {"pekko.tcp", "b", "h", 2, 0};
    ukko_pool pool = {.kind = UKKO_POOL_ROUND_ROBIN, .instances = 5};
    uk_daemon_create c = order(), *back;
    c.deploy = (uk_daemon_deploy){.path = "/user/p/w", .config = "{\"a\":1}",
                                  .router = ukko_msg_copy(&ukko_pool_type, &pool),
                                  .scope = ukko_msg_copy(&ukko_remote_scope_type, &node),
                                  .dispatcher = "my-disp", .tags = tags, .n_tags = 2};
    c.props = (uk_daemon_deploy){.scope = ukko_msg_new(&ukko_local_scope_type)};
    back = deployed(&c);
    assert_string_equal(back->deploy.path, "/user/p/w");
    assert_string_equal(back->deploy.config, "{\"a\":1}");
    assert_string_equal(back->deploy.dispatcher, "my-disp");
    assert_int_equal(back->deploy.n_tags, 2);
    assert_string_equal(back->deploy.tags[1], "t2");
    assert_int_equal(UK_BODY(ukko_pool, back->deploy.router)->instances, 5);
    assert_string_equal(UK_BODY(ukko_address, back->deploy.scope)->system, "b");
    assert_ptr_equal(ukko_msg_type(back->props.scope), &ukko_local_scope_type);
    uk_daemon_free(back);
    ukko_msg_release(c.deploy.router);
    ukko_msg_release(c.deploy.scope);
    ukko_msg_release(c.props.scope);
}
/* spec: DaemonMsgCreateSerializerSpec 8 */
static void arguments_of_all_serializers(void **state) {
    (void)state;
    greeting g = {"hi", 3};
    int64_t number = 5;
    ukko_msg *args[] = {ukko_msg_string("s"), ukko_msg_copy(&ukko_long_type, &number),
                        ukko_msg_copy(&greeting_type, &g), ukko_msg_new(&ukko_done_type)};
    uk_daemon_create c = order(), *back;
    c.args = args;
    c.n_args = COUNT(args);
    back = deployed(&c);
    for (size_t i = 0; i < COUNT(args); i++) {
        assert_ptr_equal(ukko_msg_type(back->args[i]), ukko_msg_type(args[i]));
        assert_int_equal(back->raw[i].has_manifest, i >= 2);
        ukko_msg_release(args[i]);
    }
    assert_true(uk_slice_is(back->raw[1].manifest, "java.lang.Long"));
    uk_daemon_free(back);
}
static void old_arguments_are_found_by_class(void **state) {
    uk_buf b = {0};
    uk_daemon_create *c;
    ukko_error err = {0, ""};
    (void)state;
    size_t props = uk_pb_begin(&b, 1);
    uk_pb_bytes(&b, 2, "\x0a\x00", 2);
    uk_pb_str(&b, 3, "a.B");
    uk_pb_str(&b, 4, "s");
    uk_pb_str(&b, 4, "");
    uk_pb_str(&b, 4, "{\"text\":\"x\"}");
    uk_pb_str(&b, 5, "java.lang.String");
    uk_pb_str(&b, 5, "null");
    uk_pb_str(&b, 5, "ukko.oracle.Greeting");
    uk_pb_end(&b, props);
    uk_pb_bytes(&b, 2, "\x0a\x00", 2);
    uk_pb_str(&b, 3, "pekko.tcp://b@h:2/remote/x#1");
    uk_pb_bytes(&b, 4, "\x0a\x01x", 3);
    if (uk_daemon_decode(the_serial, uk_buf_slice(&b), &c, &err)) fail_msg("%s", err.message);
    if (uk_daemon_open(the_serial, c, &err)) fail_msg("%s", err.message);
    assert_string_equal(ukko_msg_text(c->args[0]), "s");
    assert_null(c->args[1]);
    assert_string_equal(UK_BODY(greeting, c->args[2])->text, "x");
    uk_daemon_free(c);
    for (size_t n = 0; n < b.len; n++) { /* cut and damaged ones */
        if (!uk_daemon_decode(the_serial, (ukko_slice){b.ptr, n}, &c, NULL)) uk_daemon_free(c);
        for (int bit = 0; bit < 8; bit++) {
            b.ptr[n] ^= (uint8_t)(1 << bit);
            if (!uk_daemon_decode(the_serial, uk_buf_slice(&b), &c, NULL)) {
                uk_daemon_open(the_serial, c, NULL);
                uk_daemon_free(c);
            }
            b.ptr[n] ^= (uint8_t)(1 << bit);
        }
    }
    uk_buf_fini(&b);
}

static void lists_of_other_lengths_are_refused(void **state) {
    static const char *const props[] = {
        "12020a00 1a0161 220173 2a0173 3800 3800",  /* old, but with hasManifest */
        "12020a00 1a0161 3800",
        "12020a00 1a0161 220173 2a0173 3014",
        "12020a00 1a0161 220173 3014 3800",
        "12020a00 1a0161 220173 2a0173 3014 3014 3800",
        "12020a00 1a0161 2a0173 2a0173"};
    (void)state;
    for (size_t i = 0; i < COUNT(props); i++) {
        uk_buf raw = {0}, b = {0};
        uk_daemon_create *c;
        from_hex(props[i], &raw);
        uk_pb_bytes(&b, 1, raw.ptr, raw.len);
        uk_pb_bytes(&b, 2, "\x0a\x00", 2);
        uk_pb_str(&b, 3, "pekko.tcp://b@h:2/remote/x#1");
        uk_pb_bytes(&b, 4, "\x0a\x01x", 3);
        if (uk_daemon_decode(the_serial, uk_buf_slice(&b), &c, NULL) != UKKO_EPARSE)
            fail_msg("accepted: %s", props[i]);
        uk_buf_fini(&raw);
        uk_buf_fini(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_those_of_the_wire),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(create_carries_its_exception),
        cmocka_unit_test(failed_carries_its_exception),
        cmocka_unit_test(pieces_of_what_is_embedded_are_one),
        cmocka_unit_test(malformed_ones_are_refused),
        cmocka_unit_test(damaged_ones_do_no_harm),
        cmocka_unit_test(it_is_serializer_3),
        cmocka_unit_test(class_comes_back),
        cmocka_unit_test(null_arguments_come_back),
        cmocka_unit_test(deploys_come_back_whole),
        cmocka_unit_test(arguments_of_all_serializers),
        cmocka_unit_test(old_arguments_are_found_by_class),
        cmocka_unit_test(lists_of_other_lengths_are_refused),
    };
    return cmocka_run_group_tests_name("system messages", tests, open_system, close_system);
}
