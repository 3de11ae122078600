/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that cannot be read, or not be written: the link lives, one line in the log and one event
   name all there is to know, and an actor that asks for it gets what came and can send it on. Two
   systems of this process over loopback. */
#include "support/probe.h"
#include <stdatomic.h>

static const char base[] = "pekko { loglevel = WARNING, actor.provider = remote\n"
                           " remote { artery.enabled = off, warn-about-direct-use = off\n"
                           "  classic { netty.tcp { hostname = 127.0.0.1, port = 0 } } } }\n";

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[2000];
static int log_count;
static void keep_log(void *data, const ukko_log_record *r) {
    (void)data;
    if (!strstr(r->text, "association remains live")) return;
    pthread_mutex_lock(&log_lock);
    snprintf(log_text, sizeof log_text, "%s", r->text);
    log_count++;
    pthread_mutex_unlock(&log_lock);
}
static ukko_system *node(const char *name) {
    ukko_system *sys = NULL;
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config(base);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
    o.log = keep_log;
    int rc = ukko_system_new(&sys, &o, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (rc) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}

/* ---- actors ---- */

static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_receive}};
/* Forwards what it cannot read to its sender's collector, keeping the sender. */
static ukko_ref *forward_to;
static int on_opaque(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    (void)body;
    ukko_forward(ctx, forward_to);
    return UKKO_OK;
}
static const ukko_case forwarder_cases[] = {{&ukko_opaque_type, on_opaque}, {NULL, NULL}};
static const ukko_actor forwarder = {
    .size = sizeof(ukko_actor), .name = "forwarder", .receive = {forwarder_cases, echo_receive}};
/* A collector that gives what it gets to a probe. */
static probe *collected;
static int on_collected(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    (void)body;
    ukko_tell_from(collected->ref, ukko_msg_retain(ukko_current(ctx)), ukko_sender(ctx));
    return UKKO_OK;
}
static const ukko_case collector_cases[] = {{&ukko_opaque_type, on_collected}, {NULL, NULL}};
static const ukko_actor collector = {
    .size = sizeof(ukko_actor), .name = "collector", .receive = {collector_cases, NULL}};

static ukko_system *a, *b;
static probe *failures, *a_failures, *sender;

static ukko_ref *on_b(const char *path) {
    char text[300];
    snprintf(text, sizeof text, "%s%s", ukko_remote_address(b), path);
    return ukko_system_ref(a, text);
}
static ukko_msg *opaque(int32_t id, const char *manifest, const void *bytes, size_t len) {
    ukko_opaque o = {id, manifest, {bytes, len}};
    return ukko_msg_copy(&ukko_opaque_type, &o);
}
static void the_link_lives(void) {
    ukko_ref *to = on_b("/user/echo");
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string("there?"), 60000, &answer), UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), "there?");
    ukko_msg_release(answer);
    ukko_ref_release(to);
}
static int setup(void **state) {
    (void)state;
    a = node("A");
    b = node("B");
    failures = probe_new(b, "failures");
    a_failures = probe_new(a, "failures");
    collected = probe_new(a, "collected");
    sender = probe_new(a, "sender");
    ukko_subscribe(b, &ukko_serial_failure_type, failures->ref);
    ukko_subscribe(a, &ukko_serial_failure_type, a_failures->ref);
    int rc = ukko_system_spawn(b, ukko_props_new(&echo), "echo", NULL);
    if (!rc) rc = ukko_system_spawn(b, ukko_props_new(&forwarder), "forwarder", NULL);
    if (!rc) rc = ukko_system_spawn(a, ukko_props_new(&collector), "collector", NULL);
    char text[300];
    snprintf(text, sizeof text, "%s/user/collector", ukko_remote_address(a));
    forward_to = ukko_system_ref(b, text);
    return rc;
}
static int teardown(void **state) {
    (void)state;
    ukko_ref_release(forward_to);
    ukko_system_free(a);
    ukko_system_free(b);
    probe *all[] = {failures, a_failures, collected, sender};
    for (size_t i = 0; i < 4; i++) probe_free(all[i]);
    return 0;
}

/* ---- tests ---- */

static const uint8_t java_stream[] = "\xac\xed\x00\x05sr\x00\x0d"
                                     "com.x.Payload"
                                     "\1\2\3\4\5\6\7\10";
typedef struct row {
    int32_t id;
    const char *manifest, *bytes;
    size_t len;
    const char *class_name, *reason;
} row;
static const row rows[] = {
    {4711, "", "\0", 1, "?", "no type is registered"},
    {16, "ZZ", "", 0, "?", "unknown manifest"},
    {31, "no.such.Class", "{}", 2, "no.such.Class", "not registered"},
    {31, "no.such.Class#7", "{}", 2, "no.such.Class", "not registered"},
    {33, "no.such.Cbor", "\xa0", 1, "no.such.Cbor", "not registered"},
    {2, "com.x.Proto", "\x08\x01", 2, "com.x.Proto", "no type is registered"},
    {18, "", "\1\2", 2, "java.lang.Long", "needs 8 bytes"},
    {35, "", "\2", 1, "java.lang.Boolean", "0 or 1"},
    {16, "A", "\xff", 1, "org.apache.pekko.actor.Identify", "correlation id"},
    {16, "RORRP", "\xff", 1, "org.apache.pekko.routing.Pool", "malformed"},
    {1, "", (const char *)java_stream, sizeof java_stream - 1, "com.x.Payload", "com.x.Payload"},
    {1, "", "\xac\xed", 2, "?", "Java serialization"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void check_failure(const row *r, const char *path) {
    ukko_msg *m = probe_take(failures, 60000);
    const ukko_serial_failure *f = ukko_msg_get(m, &ukko_serial_failure_type);
    assert_non_null(f);
    assert_false(f->outgoing);
    assert_int_equal(f->serializer, r->id);
    assert_string_equal(f->manifest, r->manifest);
    assert_string_equal(f->class_name, r->class_name);
    assert_int_equal(f->bytes, r->len);
    if (!strstr(f->reason, r->reason)) fail_msg("%s, not %s", f->reason, r->reason);
    assert_true(f->sender && ukko_ref_equal(f->sender, sender->ref));
    assert_non_null(strstr(ukko_ref_path(f->recipient), path));
    const ukko_opaque *o = ukko_msg_get(f->message, &ukko_opaque_type);
    assert_non_null(o);
    assert_int_equal(o->bytes.len, r->len);
    assert_memory_equal(o->bytes.ptr, r->bytes, r->len);
    ukko_msg_release(m);
    char want[6][200];
    snprintf(want[0], 200, "serializer id [%d] and manifest [%s]", (int)r->id, r->manifest);
    snprintf(want[1], 200, "Class [%s]", r->class_name);
    snprintf(want[2], 200, "%zu bytes", r->len);
    snprintf(want[3], 200, "%s", path);
    snprintf(want[4], 200, "sender [%s]", ukko_ref_path(sender->ref));
    snprintf(want[5], 200, "%s", r->reason);
    pthread_mutex_lock(&log_lock);
    for (int i = 0; i < 6; i++)
        if (!strstr(log_text, want[i])) fail_msg("no %s in: %s", want[i], log_text);
    assert_int_equal(log_count, 1);
    log_count = 0;
    pthread_mutex_unlock(&log_lock);
}
/* spec: TransientSerializationErrorSpec 1 */
static void what_cannot_be_read_is_reported(void **state) {
    ukko_ref *to = on_b("/user/echo");
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        ukko_tell_from(to, opaque(r->id, r->manifest, r->bytes, r->len), sender->ref);
        check_failure(r, "/user/echo");
    }
    the_link_lives();
    ukko_ref_release(to);
}
static void likewise_in_a_selection(void **state) {
    char path[300];
    (void)state;
    snprintf(path, sizeof path, "%s/user/echo", ukko_remote_address(b));
    ukko_selection *sel = ukko_select(a, path);
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        ukko_selection_tell(sel, opaque(r->id, r->manifest, r->bytes, r->len), sender->ref);
        check_failure(r, "/user/echo");
    }
    ukko_selection_release(sel);
    snprintf(path, sizeof path, "%s/user/nobody/*/x", ukko_remote_address(b));
    sel = ukko_select(a, path);
    ukko_selection_tell(sel, opaque(4711, "", "\0", 1), sender->ref);
    check_failure(&rows[0], "/");
    assert_non_null(strstr(log_text, "/user/nobody/*/x"));
    ukko_selection_release(sel);
    the_link_lives();
}
static void came_back_unchanged(const row *r) {
    ukko_msg *m = probe_take(collected, 60000);
    const ukko_opaque *o = ukko_msg_get(m, &ukko_opaque_type);
    assert_non_null(o);
    assert_int_equal(o->serializer, r->id);
    assert_string_equal(o->manifest, r->manifest);
    assert_int_equal(o->bytes.len, r->len);
    assert_memory_equal(o->bytes.ptr, r->bytes, r->len);
    assert_true(ukko_ref_equal(collected->last_sender, sender->ref));
    ukko_msg_release(m);
}
static void who_asks_gets_it_and_sends_it_on(void **state) {
    ukko_ref *to = on_b("/user/forwarder");
    char path[300];
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        ukko_tell_from(to, opaque(r->id, r->manifest, r->bytes, r->len), sender->ref);
        came_back_unchanged(r);
    }
    ukko_ref_release(to);
    /* one of those that a pattern fits asks for it: the others get nothing, and nothing is reported */
    snprintf(path, sizeof path, "%s/user/*", ukko_remote_address(b));
    ukko_selection *sel = ukko_select(a, path);
    for (int i = 0; i < ROWS; i++) {
        const row *r = &rows[i];
        ukko_selection_tell(sel, opaque(r->id, r->manifest, r->bytes, r->len), sender->ref);
        came_back_unchanged(r);
    }
    ukko_selection_release(sel);
    the_link_lives();
    pthread_mutex_lock(&log_lock);
    assert_int_equal(log_count, 0);
    pthread_mutex_unlock(&log_lock);
}
static void what_cannot_be_written_is_reported(void **state) {
    ukko_ref *to = on_b("/user/echo");
    double d = 1.5;
    (void)state;
    the_link_lives();
    for (int i = 0; i < 2; i++) {
        ukko_msg *msg = ukko_msg_copy(&ukko_double_type, &d);
        if (i) {
            char path[300];
            snprintf(path, sizeof path, "%s/user/echo", ukko_remote_address(b));
            ukko_selection *sel = ukko_select(a, path);
            ukko_selection_tell(sel, msg, sender->ref);
            ukko_selection_release(sel);
        } else {
            ukko_tell_from(to, msg, sender->ref);
        }
        ukko_msg *m = probe_take(a_failures, 60000);
        const ukko_serial_failure *f = ukko_msg_get(m, &ukko_serial_failure_type);
        assert_non_null(f);
        assert_true(f->outgoing);
        assert_int_equal(f->serializer, UKKO_SER_LOCAL);
        assert_string_equal(f->class_name, "java.lang.Double");
        assert_non_null(strstr(ukko_ref_path(f->recipient), "/user/echo"));
        assert_true(ukko_ref_equal(f->sender, sender->ref));
        assert_ptr_equal(ukko_msg_type(f->message), &ukko_double_type);
        ukko_msg_release(m);
    }
    the_link_lives();
    pthread_mutex_lock(&log_lock);
    assert_int_equal(log_count, 2);
    assert_non_null(strstr(log_text, "Message of class [java.lang.Double] to ["));
    log_count = 0;
    pthread_mutex_unlock(&log_lock);
    ukko_ref_release(to);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_read_is_reported),
        cmocka_unit_test(likewise_in_a_selection),
        cmocka_unit_test(who_asks_gets_it_and_sends_it_on),
        cmocka_unit_test(what_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests_name("unread", tests, setup, teardown);
}
