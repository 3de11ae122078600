/* SPDX-License-Identifier: Apache-2.0 */
/* Serializer 16 and selections (6): the messages of MiscMessageSerializerSpec, exceptions, and
   what a hostile peer could send in their place. */
#include "helper.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PEKKO "org.apache.pekko."
#define TIMEOUT "java.util.concurrent.TimeoutException"
#define ASK PEKKO "pattern.AskTimeoutException"
#define TNSEX PEKKO "remote.serialization.ThrowableNotSerializableException"
#define AIEX PEKKO "actor.ActorInitializationException"

/* ---- making messages; each gives an owned one and takes its parts ---- */

static ukko_msg *boxed(const ukko_type *t, ukko_msg *value) {
    ukko_boxed b = {value};
    ukko_msg *m = ukko_msg_copy(t, &b);
    ukko_msg_release(value);
    return m;
}
static ukko_msg *str(const char *text) { return ukko_msg_string(text); }
static ukko_msg *number(int64_t v) { return ukko_msg_copy(&ukko_long_type, &v); }
static ukko_msg *plain(const ukko_type *t) { return ukko_msg_new(t); }
static ukko_msg *identity(ukko_msg *id, const char *path) {
    ukko_identity i = {id, path ? ref_to(path) : NULL};
    ukko_msg *m = ukko_msg_copy(&ukko_identity_type, &i);
    ukko_msg_release(id);
    uk_ref_release(i.ref);
    return m;
}
static ukko_msg *exception(const char *class_name, const char *message, ukko_msg *cause) {
    ukko_stack_frame frames[] = {{"com.example.Thing", "doIt", "Thing.java", 12},
                                 {"com.example.Main", "main", "", -2}};
    ukko_throwable t = {class_name, message, cause, frames, 2, NULL, NULL, NULL};
    ukko_msg *m = ukko_msg_copy(&ukko_throwable_type, &t);
    ukko_msg_release(cause);
    return m;
}
static ukko_msg *actor_init(const char *path, ukko_msg *cause) {
    ukko_throwable t = {.class_name = AIEX, .message = "no", .cause = cause,
                        .actor = path ? ref_to(path) : NULL};
    ukko_msg *m = ukko_msg_copy(&ukko_throwable_type, &t);
    uk_ref_release(t.actor);
    ukko_msg_release(cause);
    return m;
}
static ukko_msg *ref_msg(const char *path) {
    ukko_ref_body b = {ref_to(path)};
    ukko_msg *m = ukko_msg_copy(&ukko_ref_type, &b);
    uk_ref_release(b.ref);
    return m;
}
static ukko_msg *address(const ukko_type *t, int64_t uid) {
    ukko_address a = {"pekko.tcp", "peer", "127.0.0.1", 2552, uid};
    return ukko_msg_copy(t, &a);
}
static ukko_msg *text_of(const ukko_type *t, const char *text) {
    ukko_string s = {text, 0};
    return ukko_msg_copy(t, &s);
}
static ukko_msg *resizer(uint32_t lower, uint32_t upper) {
    ukko_default_resizer r = {lower, upper, 1, 0.2, 0.3, 0.1, 10};
    return ukko_msg_copy(&ukko_default_resizer_type, &r);
}
static ukko_msg *pool(int32_t kind, const char *dispatcher, bool use, ukko_msg *rs) {
    ukko_pool p = {kind, 3, dispatcher, use, rs, {0, 0}, {0, 0}};
    if (kind >= UKKO_POOL_SCATTER_GATHER) p.within = (ukko_duration){3, 4};
    if (kind == UKKO_POOL_TAIL_CHOPPING) p.interval = (ukko_duration){20, 3};
    ukko_msg *m = ukko_msg_copy(&ukko_pool_type, &p);
    ukko_msg_release(rs);
    return m;
}
static ukko_msg *from_config(const char *dispatcher, ukko_msg *rs) {
    ukko_from_config c = {rs, dispatcher};
    ukko_msg *m = ukko_msg_copy(&ukko_from_config_type, &c);
    ukko_msg_release(rs);
    return m;
}
static ukko_msg *router_config(void) {
    ukko_address nodes[] = {{"pekko.tcp", "a", "h", 1, 0}, {"pekko.tcp", "b", "h", 2, 0}};
    ukko_remote_router_config c = {pool(UKKO_POOL_RANDOM, NULL, false, NULL), nodes, 2};
    ukko_msg *m = ukko_msg_copy(&ukko_remote_router_config_type, &c);
    ukko_msg_release(c.local);
    return m;
}

/* ---- the spec's list ---- */

enum { SPEC_MESSAGES = 47 };
static const struct { const char *name, *manifest; } rows[SPEC_MESSAGES + 1] = {
    {"Identify text", "A"}, {"Identify text with escape", "A"}, {"Identify number", "A"},
    {"Identify value", "A"}, {"ActorIdentity without ref", "B"}, {"ActorIdentity with ref", "B"},
    {"TimeoutException", "F"}, {"AskTimeoutException with cause", "F"},
    {"IllegalActorStateException", "F"}, {"ActorKilledException", "F"},
    {"InvalidActorNameException", "F"}, {"InvalidMessageException", "F"},
    {"AskTimeoutException", "F"}, {"ThrowableNotSerializable", "TNSEX"},
    {"ActorInitializationException", "AIEX"}, {"ActorRef", "G"}, {"ActorRef of dead letters", "G"},
    {"Status.Success", "D"}, {"Status.Failure", "E"}, {"StatusReply ack", "SA"},
    {"StatusReply success", "S"}, {"StatusReply error text", "SM"},
    {"StatusReply error exception", "SE"}, {"PoisonPill", "P"}, {"Kill", "K"},
    {"Heartbeat", "RWHB"}, {"HeartbeatRsp", "RWHR"}, {"Done", "DONE"}, {"NotUsed", "NU"},
    {"Address", "AD"}, {"UniqueAddress", "UD"}, {"LocalScope", "LS"}, {"RemoteScope", "RS"},
    {"Config empty", "CF"}, {"Config", "CF"}, {"FromConfig", "FC"},
    {"FromConfig with dispatcher", "FC"}, {"FromConfig with resizer", "FC"},
    {"FromConfig with both", "FC"}, {"DefaultResizer", "DR"}, {"BalancingPool", "ROBAP"},
    {"BroadcastPool", "ROBP"}, {"RandomPool", "RORP"}, {"RoundRobinPool", "RORRP"},
    {"ScatterGatherPool", "ROSGP"}, {"TailChoppingPool", "ROTCP"}, {"RemoteRouterConfig", "RORRC"},
};
static ukko_msg *make_general(size_t i) {
    switch (i) {
    case 0: return boxed(&ukko_identify_type, str("some-message"));
    case 1: return boxed(&ukko_identify_type, str("with \"\xc3\xa9\""));
    case 2: return boxed(&ukko_identify_type, number(42));
    case 3: return boxed(&ukko_identify_type, boxed(&ukko_option_type, str("value")));
    case 4: return identity(str("id"), NULL);
    case 5: return identity(str("id"), "pekko.tcp://peer@h:1/user/x#7");
    case 6: return exception(TIMEOUT, "slow", NULL);
    case 7: return exception(ASK, "slow", exception(TIMEOUT, "deeper", NULL));
    case 8: return exception(PEKKO "actor.IllegalActorStateException", "m", NULL);
    case 9: return exception(PEKKO "actor.ActorKilledException", "Kill", NULL);
    case 10: return exception(PEKKO "actor.InvalidActorNameException", "m", NULL);
    case 11: return exception(PEKKO "actor.InvalidMessageException", "m", NULL);
    case 12: return exception(PEKKO "pattern.AskTimeoutException", "m", NULL);
    case 13: {
        ukko_throwable t = {.class_name = TNSEX, .original_class = "a.B", .original_message = "b"};
        return ukko_msg_copy(&ukko_throwable_type, &t);
    }
    case 14: return actor_init("pekko.tcp://peer@h:1/user/x#7", exception(TIMEOUT, "t", NULL));
    case 15: return ref_msg("pekko.tcp://peer@h:1/user/x#-7");
    case 16: return ref_msg(VEC_ADDRESS "/deadLetters");
    case 17: return boxed(&ukko_status_success_type, str("ok"));
    case 18: return boxed(&ukko_status_failure_type, exception(TIMEOUT, "m", NULL));
    case 19: return boxed(&ukko_reply_success_type, plain(&ukko_done_type));
    case 20: return boxed(&ukko_reply_success_type, number(1));
    case 21: return text_of(&ukko_reply_error_type, "nope");
    case 22: return boxed(&ukko_reply_exception_type, exception(TIMEOUT, "m", NULL));
    case 23: return plain(&ukko_poison_pill_type);
    default: return NULL;
    }
}
static ukko_msg *make_rest(size_t i) {
    uk_heartbeat_rsp rsp = {INT32_MIN};
    switch (i) {
    case 24: return plain(&ukko_kill_type);
    case 25: return plain(&uk_heartbeat_type);
    case 26: return ukko_msg_copy(&uk_heartbeat_rsp_type, &rsp);
    case 27: return plain(&ukko_done_type);
    case 28: return plain(&ukko_not_used_type);
    case 29: return address(&ukko_address_type, 0);
    case 30: return address(&ukko_unique_address_type, -17);
    case 31: return plain(&ukko_local_scope_type);
    case 32: return address(&ukko_remote_scope_type, 0);
    case 33: return text_of(&ukko_config_type, "");
    case 34: return text_of(&ukko_config_type, "{\"a\":{\"b\":1},\"c\":[\"x\",2.5]}");
    case 35: return from_config(NULL, NULL);
    case 36: return from_config("my-dispatcher", NULL);
    case 37: return from_config(NULL, resizer(4, 23));
    case 38: return from_config("my-dispatcher", resizer(4, 23));
    case 39: return resizer(2, 20);
    case 40: return pool(UKKO_POOL_BALANCING, "d", false, NULL);
    case 41: return pool(UKKO_POOL_BROADCAST, "d", true, resizer(1, 2));
    case 42: return pool(UKKO_POOL_RANDOM, NULL, true, resizer(1, 2));
    case 43: return pool(UKKO_POOL_ROUND_ROBIN, "d", true, resizer(1, 2));
    case 44: return pool(UKKO_POOL_SCATTER_GATHER, "d", false, NULL);
    case 45: return pool(UKKO_POOL_TAIL_CHOPPING, "d", false, NULL);
    default: return router_config();
    }
}
static ukko_msg *make(size_t i) { return i < 24 ? make_general(i) : make_rest(i); }

/* spec: MiscMessageSerializerSpec 1 x47 */
static void serializer_is_chosen(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_MESSAGES; i++) {
        ukko_msg *m = make(i);
        coded c = encode(m);
        if (c.rc || c.id != 16 || !uk_slice_is(c.manifest, rows[i].manifest))
            fail_msg("%s: %d %s", rows[i].name, c.id, c.err.message);
        uk_buf_fini(&c.bytes);
        ukko_msg_release(m);
    }
}
/* spec: MiscMessageSerializerSpec 2 x47 */
static void messages_come_back(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_MESSAGES; i++) {
        bool grows = i == 14; /* by the actor before the text */
        coded c = {0};
        ukko_msg *m = make(i), *back = grows ? one_way(m, 16, rows[i].manifest, &c)
                                             : round_trip(m, 16, rows[i].manifest);
        uk_buf_fini(&c.bytes);
        if (i != 19) assert_ptr_equal(ukko_msg_type(back), ukko_msg_type(m));
        assert_string_equal(ukko_msg_class(back), ukko_msg_class(m));
        char a[2000], b[2000];
        if (i != 13 && i != 19 && i != 33 && !grows) { /* those come back with more than went */
            ukko_msg_print(m, a, sizeof a);
            ukko_msg_print(back, b, sizeof b);
            assert_string_equal(a, b);
        }
        ukko_msg_release(back);
        ukko_msg_release(m);
    }
}
/* spec: MiscMessageSerializerSpec 3 */
static void unknown_classes_are_refused(void **state) {
    (void)state;
    ukko_msg *bad[] = {exception("java.lang.IllegalStateException", "x", NULL),
                       plain(&ukko_terminated_type), plain(&ukko_ref_type),
                       plain(&ukko_address_type), plain(&ukko_remote_scope_type),
                       pool(0, NULL, false, NULL), pool(7, NULL, false, NULL)};
    for (size_t i = 0; i < COUNT(bad); i++) {
        coded c = encode(bad[i]);
        assert_int_equal(c.rc, UKKO_ENOTSERIAL);
        assert_int_equal(c.bytes.len, 0);
        assert_non_null(strstr(c.err.message, ukko_msg_class(bad[i])));
        uk_buf_fini(&c.bytes);
        ukko_msg_release(bad[i]);
    }
}
/* spec: MiscMessageSerializerSpec 4 */
static void unknown_manifests_are_refused(void **state) {
    static const char *const manifests[] = {"INVALID", "", "a", "AA", "RWH", "RWHBX"};
    (void)state;
    for (size_t i = 0; i < COUNT(manifests); i++) {
        ukko_msg *m;
        ukko_error err = {0, ""};
        assert_int_equal(decode_hex(16, manifests[i], "", &m, &err), UKKO_ENOTFOUND);
        assert_non_null(strstr(err.message, "serializer id [16]"));
    }
}
/* spec: MiscMessageSerializerSpec 5 x5 */
static void actor_initialization_exceptions(void **state) {
    (void)state;
    ukko_msg *in[] = {actor_init("pekko.tcp://peer@h:1/user/x#7", exception(TIMEOUT, "t", NULL)),
                      actor_init(NULL, exception(TIMEOUT, "t", NULL)),
                      actor_init("pekko.tcp://peer@h:1/user/x#7", NULL),
                      actor_init("pekko.tcp://peer@h:1/user/x#7", exception("a.B", "b", NULL))};
    for (size_t i = 0; i < COUNT(in); i++) {
        coded c;
        ukko_msg *once = one_way(in[i], 16, "AIEX", &c); /* whoever reads it puts the actor before it */
        ukko_msg *back = round_trip(once, 16, "AIEX");
        const ukko_throwable *t = ukko_msg_get(back, &ukko_throwable_type);
        uk_buf_fini(&c.bytes);
        assert_string_equal(t->class_name, AIEX);
        assert_string_equal(t->message, i == 1 ? "no" : "pekko.tcp://peer@h:1/user/x: no");
        assert_int_equal(t->actor != NULL, i != 1);
        assert_int_equal(t->cause != NULL, i != 2);
        if (i == 3) assert_string_equal(ukko_msg_class(t->cause), TNSEX);
        ukko_msg_release(back);
        ukko_msg_release(once);
        ukko_msg_release(in[i]);
    }
}
/* spec: MiscMessageSerializerSpec 6 */
static void replacement_of_an_exception_comes_back(void **state) {
    (void)state;
    ukko_msg *m = make(13), *back = round_trip(m, 16, "TNSEX");
    const ukko_throwable *t = ukko_msg_get(back, &ukko_throwable_type);
    assert_string_equal(t->message, "Serialization of [a.B] failed. b");
    assert_string_equal(t->original_class, "a.B");
    assert_string_equal(t->original_message, "b");
    ukko_msg_release(back);
    ukko_msg_release(m);
}
/* spec: MiscMessageSerializerSpec 7 */
static void unbound_exception_in_a_failure_is_replaced(void **state) {
    (void)state;
    ukko_msg *m = boxed(&ukko_status_failure_type,
                        exception("java.lang.IllegalStateException", "bad", NULL));
    ukko_msg *back = round_trip(m, 16, "E");
    const ukko_boxed *b = ukko_msg_get(back, &ukko_status_failure_type);
    const ukko_throwable *t = ukko_msg_get(b->value, &ukko_throwable_type);
    assert_string_equal(t->class_name, TNSEX);
    assert_string_equal(t->original_class, "java.lang.IllegalStateException");
    assert_string_equal(t->message,
                        "Serialization of [java.lang.IllegalStateException] failed. bad");
    ukko_msg_release(back);
    ukko_msg_release(m);
}
static void foreign_exception_classes_are_never_believed(void **state) {
    ukko_msg *m;
    (void)state;
    /* className "a.B", message "x" */
    assert_int_equal(decode_hex(16, "F", "0a03612e42 120178", &m, NULL), UKKO_OK);
    const ukko_throwable *t = ukko_msg_get(m, &ukko_throwable_type);
    assert_string_equal(t->class_name, TNSEX);
    assert_string_equal(t->original_class, "a.B");
    ukko_msg_release(m);
}
static ukko_msg *read_exception(const char *class_name, const char *cause_hex) {
    uk_buf b = {0};
    ukko_msg *m;
    uk_pb_str(&b, 1, class_name);
    if (cause_hex) uk_pb_str(&b, 3, cause_hex);
    ukko_error err = {0, ""};
    if (decode(16, "F", uk_buf_slice(&b), &m, &err)) fail_msg("%s: %s", class_name, err.message);
    uk_buf_fini(&b);
    return m;
}
/* As the reference implementation makes them, by reflection, with or without a cause. */
static void exceptions_are_made_or_replaced(void **state) {
    static const char cause[] = "\n\001x\020\024"; /* a Payload: the text "x" */
    static const struct { const char *class_name, *cause, *made, *original; } cases[] = {
        {TIMEOUT, NULL, TIMEOUT, NULL},
        {TIMEOUT, cause, TNSEX, TIMEOUT},
        {ASK, NULL, ASK, NULL},
        {ASK, cause, TNSEX, ASK},
        {AIEX, NULL, TNSEX, AIEX},
        {"java.lang.IllegalStateException", NULL, TNSEX, "unknown"},
        {"no.such.Exception", cause, TNSEX, "no.such.Exception"},
        {"java.lang.String", cause, TNSEX, "java.lang.String"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ukko_msg *m = read_exception(cases[i].class_name, cases[i].cause);
        const ukko_throwable *t = ukko_msg_get(m, &ukko_throwable_type);
        assert_string_equal(t->class_name, cases[i].made);
        if (cases[i].original) assert_string_equal(t->original_class, cases[i].original);
        else assert_string_equal(t->message, "");
        ukko_msg_release(m);
    }
}
static void unreadable_correlation_ids_are_refused(void **state) {
    static const char *const hex[] = {
        "0a 11 0a02beef 10e724 2208 6e6f2e436c617373", /* serializer 4711 */
        "0a 0c 0a06aced00057400 1001 2200",            /* Java serialization */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(hex); i++) {
        ukko_msg *m;
        ukko_error err = {0, ""};
        assert_int_not_equal(decode_hex(16, "A", hex[i], &m, &err), UKKO_OK);
        assert_int_not_equal(decode_hex(16, "B", hex[i], &m, &err), UKKO_OK);
    }
}
static void some_null_is_not_none(void **state) {
    (void)state;
    ukko_msg *m = boxed(&ukko_option_type, plain(&ukko_null_type));
    ukko_msg *back = round_trip(m, 16, "C");
    assert_non_null(((const ukko_boxed *)ukko_msg_get(back, &ukko_option_type))->value);
    ukko_msg_release(back);
    ukko_msg_release(m);
    static const struct {
        const char *manifest, *hex;
        int code;
    } odd[] = {{"C", "7a0178", UKKO_OK},                   /* a field, but not the value */
               {"H", "7a0178", UKKO_EPARSE},               /* Optional.of(null) cannot be */
               {"C", "0a04 0a001000", UKKO_OK},            /* serializer 0 */
               {"C", "0a05 0a017a1000", UKKO_OK},          /* which reads nothing */
               {"C", "0a07 0a001000220144", UKKO_ENOTFOUND}}; /* whose manifest is no class */
    for (size_t i = 0; i < COUNT(odd); i++) {
        ukko_error err = {0, ""};
        if (decode_hex(16, odd[i].manifest, odd[i].hex, &m, &err) != odd[i].code)
            fail_msg("%s: %s", odd[i].hex, err.message);
        if (odd[i].code) continue;
        assert_ptr_equal(ukko_msg_type(((const ukko_boxed *)ukko_msg_get(m, &ukko_option_type))->value),
                         &ukko_null_type);
        ukko_msg_release(m);
    }
    m = boxed(&ukko_status_success_type, NULL);
    back = round_trip(m, 16, "D");
    assert_null(((const ukko_boxed *)ukko_msg_get(back, &ukko_status_success_type))->value);
    ukko_msg_release(back);
    ukko_msg_release(m);
}

/* ---- texts ---- */

/* U+0000 is a character like others for a JVM; in a C string it is C0 80. */
static void texts_may_hold_nul(void **state) {
    static const char nul[] = "a\xc0\x80z";
    ukko_msg *m, *back;
    ukko_error err = {0, ""};
    (void)state;
    assert_int_equal(decode_hex(16, "SM", "0a0361007a", &m, &err), UKKO_OK);
    const ukko_string *s = ukko_msg_get(m, &ukko_reply_error_type);
    assert_int_equal(s->len, 3);
    assert_memory_equal(s->text, "a\0z", 4);
    ukko_msg_release(round_trip(m, 16, "SM"));
    ukko_msg_release(m);
    m = exception(TIMEOUT, nul, NULL);
    coded c = encode(m);
    assert_non_null(memmem(c.bytes.ptr, c.bytes.len, "a\0z", 3));
    uk_buf_fini(&c.bytes);
    back = round_trip(m, 16, "F");
    assert_string_equal(((const ukko_throwable *)ukko_msg_get(back, &ukko_throwable_type))->message, nul);
    ukko_msg_release(back);
    ukko_msg_release(m);
    ukko_address a = {"pekko.tcp", nul, "h", 1, 0};
    m = ukko_msg_copy(&ukko_address_type, &a);
    c = encode(m);
    assert_non_null(memmem(c.bytes.ptr, c.bytes.len, "a\0z", 3));
    uk_buf_fini(&c.bytes);
    back = round_trip(m, 16, "AD");
    assert_string_equal(((const ukko_address *)ukko_msg_get(back, &ukko_address_type))->system, nul);
    ukko_msg_release(back);
    ukko_msg_release(m);
}
/* "…/a<FF>b#5" and a cut character: as a JVM repairs them. */
static void paths_are_repaired(void **state) {
    static const struct {
        const char *bytes, *path;
    } cases[] = {{"pekko.tcp://S@h:1/user/a\xff" "b#5", "pekko.tcp://S@h:1/user/a\uFFFDb#5"},
                 {"pekko.tcp://S@h:1/user/a\xe2\x82#5", "pekko.tcp://S@h:1/user/a\uFFFD#5"},
                 {"pekko.tcp://S@h:1/user/a\xc0\x80", "pekko.tcp://S@h:1/user/a\uFFFD\uFFFD"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uk_buf b = {0};
        ukko_msg *m;
        ukko_error err = {0, ""};
        uk_pb_str(&b, 1, cases[i].bytes);
        assert_int_equal(decode(16, "G", uk_buf_slice(&b), &m, &err), UKKO_OK);
        assert_string_equal(uk_ref_text(((const ukko_ref_body *)ukko_msg_get(m, &ukko_ref_type))->ref),
                            cases[i].path);
        ukko_msg_release(round_trip(m, 16, "G"));
        ukko_msg_release(m);
        uk_buf_fini(&b);
    }
}
static void shows(ukko_msg *m, const char *want) {
    char text[600];
    ukko_msg_print(m, text, sizeof text);
    assert_string_equal(text, want);
    ukko_msg_release(m);
}
static ukko_msg *rates(double a, double b, double c) {
    ukko_default_resizer r = {1, 5, 1, a, b, c, 10};
    return ukko_msg_copy(&ukko_default_resizer_type, &r);
}
static void what_is_deployed_is_shown_as_by_a_jvm(void **state) {
    (void)state;
    shows(pool(UKKO_POOL_BALANCING, NULL, false, NULL),
          "BalancingPool(3,OneForOneStrategy(-1,Duration.Inf,true),pekko.actor.default-dispatcher)");
    shows(pool(UKKO_POOL_ROUND_ROBIN, "dd", true, resizer(1, 5)),
          "RoundRobinPool(3,Some(DefaultResizer(1,5,1,0.2,0.3,0.1,10)),"
          "OneForOneStrategy(-1,Duration.Inf,true),dd,true)");
    shows(pool(UKKO_POOL_TAIL_CHOPPING, NULL, false, NULL),
          "TailChoppingPool(3,None,3 seconds,20 milliseconds,OneForOneStrategy(-1,Duration.Inf,true),"
          "pekko.actor.default-dispatcher,false)");
    shows(router_config(), "RemoteRouterConfig(RandomPool(3,None,OneForOneStrategy(-1,Duration.Inf,true),"
                           "pekko.actor.default-dispatcher,false),ArrayBuffer(pekko.tcp://a@h:1, "
                           "pekko.tcp://b@h:2))");
    shows(rates(1, 100, 1e-5), "DefaultResizer(1,5,1,1.0,100.0,1.0E-5,10)");
    shows(rates(1.5e10, 0, -2.5), "DefaultResizer(1,5,1,1.5E10,0.0,-2.5,10)");
    shows(from_config(NULL, NULL), "FromConfig");
}

/* ---- selections ---- */

static uk_step step(int32_t kind, const char *text) { return (uk_step){kind, ukko_str(text)}; }
static ukko_msg *selection(ukko_msg *inner, bool fan_out) {
    uk_step steps[] = {step(UK_STEP_NAME, "user"), step(UK_STEP_NAME, "b#7"),
                       step(UK_STEP_PARENT, NULL), step(UK_STEP_PATTERN, "x*?")};
    uk_selection_body b = {inner, steps, 4, fan_out};
    ukko_msg *m = ukko_msg_copy(&uk_selection_type, &b);
    ukko_msg_release(inner);
    return m;
}
/* spec: MessageContainerSerializerSpec 1 */
static void selections_have_their_serializer(void **state) {
    (void)state;
    ukko_msg *m = selection(str("hello"), false);
    coded c = encode(m);
    assert_int_equal(c.id, 6);
    assert_int_equal(c.manifest.len, 0);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
/* spec: MessageContainerSerializerSpec 2 */
static void selections_come_back(void **state) {
    (void)state;
    for (int fan = 0; fan < 2; fan++) {
        ukko_msg *m = selection(boxed(&ukko_identify_type, str("x")), fan);
        ukko_msg *back = round_trip(m, 6, "");
        const uk_selection_body *b = ukko_msg_get(back, &uk_selection_type);
        assert_int_equal(b->n_steps, 4);
        assert_int_equal(b->steps[2].kind, UK_STEP_PARENT);
        assert_true(uk_slice_is(b->steps[1].text, "b#7"));
        assert_true(uk_slice_is(b->steps[3].text, "x*?"));
        assert_int_equal(b->fan_out, fan);
        assert_ptr_equal(ukko_msg_type(b->message), &ukko_identify_type);
        ukko_msg_release(back);
        ukko_msg_release(m);
    }
}

/* ---- what must be refused ---- */

/* Wraps payload bytes once more: 16/manifest, or a selection. */
static void wrap(uk_buf *b, int32_t id, const char *manifest, uint32_t field) {
    uk_buf out = {0};
    if (field) {
        size_t outer = uk_pb_begin(&out, field);
        uk_pb_bytes(&out, 1, b->ptr, b->len);
        uk_pb_int(&out, 2, id);
        if (*manifest) uk_pb_str(&out, 4, manifest);
        uk_pb_end(&out, outer);
    } else {
        uk_pb_bytes(&out, 1, b->ptr, b->len);
        uk_pb_int(&out, 2, id);
    }
    uk_buf_fini(b);
    *b = out;
}
static void nesting_is_limited(void **state) {
    ukko_msg *m;
    uk_buf b = {0};
    (void)state;
    uk_buf_reserve(&b, 1);
    for (int i = 0; i < 8000; i++) wrap(&b, 16, "C", 1); /* Some(Some(...)) */
    assert_int_equal(decode(16, "C", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_clear(&b);
    uk_buf_str(&b, "x");
    for (int i = 0; i < 3000; i++) wrap(&b, i ? 6 : 20, "", 0);
    assert_int_equal(decode(6, "", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_clear(&b);
    uk_pb_str(&b, 1, ASK);
    for (int i = 0; i < 1500; i++) {
        uk_buf out = {0};
        uk_pb_str(&out, 1, ASK);
        size_t cause = uk_pb_begin(&out, 3);
        uk_pb_bytes(&out, 1, b.ptr, b.len);
        uk_pb_int(&out, 2, 16);
        uk_pb_str(&out, 4, "F");
        uk_pb_end(&out, cause);
        uk_buf_fini(&b);
        b = out;
    }
    assert_int_equal(decode(16, "F", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_fini(&b);
    ukko_msg *own = str("x");
    for (int i = 0; i < 200; i++) own = boxed(&ukko_option_type, own);
    coded c = encode(own);
    assert_int_equal(c.rc, UKKO_ETOOBIG);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(own);
}
static void lists_are_limited(void **state) {
    ukko_msg *m;
    uk_buf b = {0};
    (void)state;
    uk_pb_str(&b, 1, "x");
    uk_pb_int(&b, 2, 20);
    for (int i = 0; i < 2000; i++) uk_pb_bytes(&b, 3, "\x08", 2); /* parents */
    assert_int_equal(decode(6, "", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_clear(&b);
    uk_pb_str(&b, 1, TIMEOUT);
    for (int i = 0; i < 5000; i++) uk_pb_bytes(&b, 4, "", 0);
    assert_int_equal(decode(16, "F", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_fini(&b);
}
static void reads_configuration(const char *in, const char *out) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    if (decode(16, "CF", ukko_str(in), &m, &err)) fail_msg("%s: %s", in, err.message);
    assert_string_equal(((const ukko_string *)ukko_msg_get(m, &ukko_config_type))->text, out);
    ukko_msg_release(m);
}
static void configurations_are_hocon(void **state) {
    (void)state;
    reads_configuration("", "{}");
    reads_configuration(" ", "{}");
    reads_configuration("# c\nb=1,a.x=5 s", "{\"a\":{\"x\":\"5 s\"},\"b\":1}");
    reads_configuration("{\"a\":1,\"a\":2}", "{\"a\":2}");
    reads_configuration("a=${?HOME}\nb=[1] ${c}", "{\"a\":${?HOME},\"b\":[1]${c}}");
    reads_configuration("a=1e3, b=1.0, c=1.50", "{\"a\":1000,\"b\":1,\"c\":1.5}");
    reads_configuration("a=\"\xff\"", "{\"a\":\"\xef\xbf\xbd\"}");
}
/* What a peer's text names is never opened: it reads as where there is no such file. */
static void configurations_of_peers_include_nothing(void **state) {
    static const char *const bad[] = {"include required(file(\"/etc/passwd\"))", "[1]", "{\"a\":",
                                      "include url(\"http://x\")", "{} x", "x",
                                      "include url(\"file:///etc/passwd\")"};
    ukko_msg *m;
    (void)state;
    reads_configuration("include file(\"/etc/passwd\")\na=1", "{\"a\":1}");
    reads_configuration("include \"/etc/passwd\"\na=1", "{\"a\":1}");
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!decode(16, "CF", ukko_str(bad[i]), &m, NULL)) fail_msg("%s", bad[i]);
    uk_buf b = {0};
    for (int i = 0; i < 15000; i++) uk_buf_str(&b, "{\"a\":");
    assert_int_equal(decode(16, "CF", uk_buf_slice(&b), &m, NULL), UKKO_ETOOBIG);
    uk_buf_fini(&b);
}
/* Every beginning of every message, and every byte of it changed: refused or read, never worse. */
static void damaged_messages_do_no_harm(void **state) {
    (void)state;
    for (size_t i = 0; i < SPEC_MESSAGES; i++) {
        ukko_msg *m = make(i), *back;
        coded c = encode(m);
        for (size_t n = 0; n < c.bytes.len; n++) {
            uint8_t *exact = uk_alloc(n + 1); /* so that a reader past the end is seen */
            memcpy(exact, c.bytes.ptr, n);
            decode(16, rows[i].manifest, (ukko_slice){exact, n}, &back, NULL);
            ukko_msg_release(back);
            uk_free(exact);
        }
        for (size_t n = 0; n < c.bytes.len; n++) {
            uint8_t was = c.bytes.ptr[n];
            for (int bit = 0; bit < 8; bit++) {
                c.bytes.ptr[n] = (uint8_t)(was ^ 1 << bit);
                decode(16, rows[i].manifest, uk_buf_slice(&c.bytes), &back, NULL);
                ukko_msg_release(back);
            }
            c.bytes.ptr[n] = was;
        }
        uk_buf_fini(&c.bytes);
        ukko_msg_release(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serializer_is_chosen),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(unknown_classes_are_refused),
        cmocka_unit_test(unknown_manifests_are_refused),
        cmocka_unit_test(actor_initialization_exceptions),
        cmocka_unit_test(replacement_of_an_exception_comes_back),
        cmocka_unit_test(unbound_exception_in_a_failure_is_replaced),
        cmocka_unit_test(foreign_exception_classes_are_never_believed),
        cmocka_unit_test(exceptions_are_made_or_replaced),
        cmocka_unit_test(unreadable_correlation_ids_are_refused),
        cmocka_unit_test(some_null_is_not_none),
        cmocka_unit_test(texts_may_hold_nul),
        cmocka_unit_test(paths_are_repaired),
        cmocka_unit_test(what_is_deployed_is_shown_as_by_a_jvm),
        cmocka_unit_test(selections_have_their_serializer),
        cmocka_unit_test(selections_come_back),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(lists_are_limited),
        cmocka_unit_test(configurations_are_hocon),
        cmocka_unit_test(configurations_of_peers_include_nothing),
        cmocka_unit_test(damaged_messages_do_no_harm),
    };
    return cmocka_run_group_tests_name("misc messages", tests, open_system, close_system);
}
