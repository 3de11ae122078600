/* SPDX-License-Identifier: Apache-2.0 */
/* What a node with remoting writes to its log, and that its links leave no actors behind. Nodes in one
   process, over loopback; the test's thread waits for answers. */
#include "support/logs.h"
#include "support/dumb_peer.h"
#include "support/nodes.h"

static logs lines;

/* An actor that writes to the log when it gets a message. */
static int speaks(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_log(ctx, UKKO_LOG_WARN, "heard %s", ukko_msg_text(msg));
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor speaker = {.size = sizeof(ukko_actor), .name = "speaker", .receive = {NULL, speaks}};

/* spec: LogSourceSpec 1 */
static void the_source_is_the_whole_address(void **state) {
    char want[300];
    ukko_ref *to = NULL;
    (void)state;
    logs_init(&lines);
    ukko_system *sys = node_with("Speaks", (node_opts){"pekko.loglevel = WARNING", logs_sink, &lines, NULL});
    probe *p = probe_new(sys, "probe");
    ukko_subscribe(sys, &ukko_log_warning_type, p->ref);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&speaker), "speaker", &to), UKKO_OK);
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string("you"), 60000, NULL), UKKO_OK);
    ukko_msg *m = probe_expect(p, &ukko_log_warning_type); /* as an event ... */
    const ukko_log_event *e = ukko_msg_get(m, &ukko_log_warning_type);
    snprintf(want, sizeof want, "%s/user/speaker", ukko_remote_address(sys));
    assert_int_equal(strncmp(want, "pekko.tcp://Speaks@127.0.0.1:", 29), 0);
    assert_string_equal(e->source, want);
    assert_string_equal(e->text, "heard you");
    ukko_msg_release(m);
    snprintf(want, sizeof want, "WARN %s/user/speaker | heard you", ukko_remote_address(sys));
    assert_int_equal(logs_count(&lines, want), 1); /* ... and as a line */
    ukko_ref_release(to);
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&lines);
}

/* ---- messages ---- */

static void say(ukko_ref *to, size_t len) {
    char *text = calloc(1, len + 1);
    memset(text, 'x', len);
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string(text), 60000, NULL), UKKO_OK);
    free(text);
}
/* How often the sender's log says "sending message" and "received message" at that level. */
static size_t logged_at(const char *level) {
    char config[300];
    logs_init(&lines);
    snprintf(config, sizeof config, "pekko { loglevel = %s, remote.classic { log-sent-messages = on,"
             "log-received-messages = on } }", level);
    ukko_system *a = node_with("A", (node_opts){config, logs_sink, &lines, NULL}), *b = node_new("B", NULL);
    spawn_echo(b, "echo");
    ukko_ref *to = ref_at(a, ukko_remote_address(b), "/user/echo");
    say(to, 10);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    size_t n = logs_count(&lines, "received local message RemoteMessage: [xxxxxxxxxx") +
               logs_count(&lines, "sending message RemoteMessage: [xxxxxxxxxx");
    logs_fini(&lines);
    return n;
}
/* spec: MessageLoggingSpec 1 */
static void messages_are_logged_at_debug_only(void **state) {
    (void)state;
    assert_int_equal(logged_at("INFO"), 0);
    assert_true(logged_at("DEBUG") >= 2);
}
static size_t sizes(const char *what) { return logs_count(&lines, what); }
/* spec: MessageLoggingSpec 2 */
static void sizes_that_grow_are_logged(void **state) {
    (void)state;
    logs_init(&lines);
    ukko_system *a = node_with("A", (node_opts){"pekko { loglevel = INFO, remote.classic.log-frame-size-exceeding = 1000b }",
                                                logs_sink, &lines, NULL});
    ukko_system *b = node_new("B", NULL);
    spawn_echo(b, "echo");
    ukko_ref *to = ref_at(a, ukko_remote_address(b), "/user/echo");
    say(to, 100);
    assert_int_equal(sizes("ayload size for ["), 0);
    say(to, 2000);
    assert_int_equal(sizes(" Payload size for [java.lang.String] is [2"), 1);
    say(to, 2000);
    say(to, 2050); /* less than a tenth more */
    assert_int_equal(sizes("ayload size for ["), 1);
    say(to, 4000);
    assert_int_equal(sizes("New maximum payload size for [java.lang.String] is [4"), 1);
    say(to, 4100);
    say(to, 2000);
    assert_int_equal(sizes("ayload size for ["), 2);
    uint8_t *zeros = calloc(1, 3000);
    ukko_slice big = {zeros, 3000}; /* another class has a size of its own */
    assert_int_equal(ukko_ask_wait(to, &ukko_bytes_type, &big, 60000, NULL), UKKO_OK);
    assert_int_equal(sizes("Payload size for [byte[]] is [3") + sizes("Payload size for [[B] is [3"), 1);
    free(zeros);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    logs_fini(&lines);
}

/* ---- the end ---- */

/* The terminator speaks in any case, of the remoting's own line only lifecycle logging decides. */
static void the_end_is_logged(const char *lifecycle, size_t own) {
    char config[200], want[400];
    static const char *const says[] = {
        "Shutting down remote daemon.",
        "Remote daemon shut down; proceeding with flushing remote transports.", "Remoting shut down."};
    logs_init(&lines);
    snprintf(config, sizeof config, "pekko { loglevel = INFO, remote.classic.log-remote-lifecycle-events = %s }",
             lifecycle);
    ukko_system *sys = node_with("Ends", (node_opts){config, logs_sink, &lines, NULL});
    char address[100];
    snprintf(address, sizeof address, "%s", ukko_remote_address(sys));
    ukko_system_free(sys);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        snprintf(want, sizeof want, "INFO %s/system/remoting-terminator | %s", address, says[i]);
        assert_int_equal(logs_count(&lines, want), 1);
    }
    assert_int_equal(logs_count(&lines, "INFO remoting | Remoting shut down"), own);
    logs_fini(&lines);
}
static void the_end_of_remoting_is_logged(void **state) {
    (void)state;
    the_end_is_logged("on", 1);
    the_end_is_logged("off", 0);
}

/* ---- what is left of links ---- */

enum { ROUNDS = 3 };
typedef struct census {
    ukko_system *sys;
    size_t want, now;
} census;
static void count_one(void *data, const ukko_actor_info *info) {
    (void)info;
    ((census *)data)->now++;
}
static size_t actors(census *c) { /* of the runtime's own */
    c->now = 0;
    ukko_inspect_actors(c->sys, "/system", 64, SIZE_MAX, count_one, c);
    ukko_inspect_actors(c->sys, "/remote", 64, SIZE_MAX, count_one, c);
    return c->now;
}
static bool as_before(void *data) {
    census *c = data;
    return actors(c) == c->want;
}
static void meet(ukko_system *a, ukko_system *b) {
    spawn_echo(b, "echo");
    ukko_ref *to = ref_at(a, ukko_remote_address(b), "/user/echo");
    wait_answer(to);
    ukko_ref_release(to);
}
/* spec: ActorsLeakSpec 1 */
static void links_leave_no_actors_behind(void **state) {
    (void)state;
    ukko_system *a = node_new("Stays", NULL), *first = node_new("Guest", NULL);
    char address[100];
    snprintf(address, sizeof address, "%s", ukko_remote_address(first));
    meet(a, first);
    ukko_system_free(first);
    census c = {a, 0, 0};
    c.want = actors(&c);
    assert_true(c.want > 0);
    for (int i = 0; i < ROUNDS; i++) { /* it comes again at its address, and shuts down */
        ukko_system *b = node_at("Guest", address, NULL);
        meet(a, b);
        ukko_system_free(b);
    }
    until(as_before, &c, "no more actors after peers that came and went");
    for (int i = 0; i < ROUNDS; i++) { /* it is quarantined */
        ukko_system *b = node_at("Guest", address, NULL);
        meet(a, b);
        int32_t uid = ukko_system_uid(b);
        assert_int_equal(ukko_remote_quarantine(a, address, &uid), UKKO_OK);
        ukko_system_free(b);
    }
    until(as_before, &c, "no more actors after quarantines");
    for (int i = 0; i < ROUNDS; i++) { /* nobody is there: gates */
        ukko_ref *to = ref_at(a, address, "/user/echo");
        assert_false(does_answer(to, 50));
        ukko_ref_release(to);
    }
    until(as_before, &c, "no more actors after gates");
    for (int i = 0; i < ROUNDS; i++) { /* a handshake fails: something else is spoken there */
        dumb d = dumb_new();
        ukko_ref *to = ref_at(a, d.address, "/user/nobody");
        ukko_tell_text(NULL, to, "hello");
        dumb_accept(&d);
        assert_int_equal(send(d.fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL), 28);
        dumb_read(&d, SIZE_MAX); /* until it is closed */
        dumb_hang_up(&d);
        close(d.listening);
        ukko_ref_release(to);
    }
    until(as_before, &c, "no more actors after failed handshakes");
    ukko_system_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_is_the_whole_address),
        cmocka_unit_test(messages_are_logged_at_debug_only),
        cmocka_unit_test(sizes_that_grow_are_logged),
        cmocka_unit_test(the_end_of_remoting_is_logged),
        cmocka_unit_test(links_leave_no_actors_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
