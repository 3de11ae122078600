/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of remoting: each changes what is read from the configuration, what a socket is like, what
   is logged or how long an end takes. Over loopback; a peer without a brain on the other side. */
#include "support/dumb_peer.h"
#include "support/logs.h"
#include "remote/settings.h"
#include <netinet/tcp.h>
#include <stddef.h>

/* ---- What is read. ---- */

static const char plain[] = "pekko.remote.artery.enabled = off\n"
                            "pekko.remote.classic.netty.tcp.hostname = 127.0.0.1\n";

static void read_with(uk_remote_settings *s, const char *more) {
    ukko_error err = {0};
    ukko_config *own = NULL, *cfg = NULL;
    char text[1000];
    snprintf(text, sizeof text, "%s%s", plain, more);
    if (ukko_config_parse(&own, ukko_str(text), "settings", &err) ||
        ukko_config_load_from(&cfg, own, &err) || uk_remote_settings_read(s, cfg, &err))
        fail_msg("%s: %s", more, err.message);
    ukko_config_release(own);
    ukko_config_release(cfg);
}

#define C   "pekko.remote.classic."
#define TCP "pekko.remote.classic.netty.tcp."
#define AT(f)  offsetof(uk_remote_settings, f), sizeof(((uk_remote_settings *)0)->f)
#define ATT(f) offsetof(uk_remote_settings, transports[0].f), sizeof(((uk_transport_settings *)0)->f)

typedef struct row {
    const char *setting, *value;
    size_t offset, size;
    int64_t expected;
} row;
/* Times in ms, sizes in bytes, switches as 0 and 1. */
static const row rows[] = {
    {C "shutdown-timeout", "1 s", AT(shutdown_ms), 1000},
    {C "flush-wait-on-shutdown", "1 s", AT(flush_ms), 1000},
    {C "use-passive-connections", "off", AT(link.passive), 0},
    {C "retry-gate-closed-for", "1 s", AT(link.gate_ms), 1000},
    {C "prune-quarantine-marker-after", "1 h", AT(link.quarantine_ms), 3600000},
    {C "quarantine-after-silence", "1 h", AT(link.silence_ms), 3600000},
    {C "quarantine-after-silence", "off", AT(link.silence_ms), 0},
    {C "initial-system-message-delivery-timeout", "1 m", AT(link.give_up_ms), 60000},
    {C "system-message-buffer-size", "7", AT(sys_buffer), 7},
    {C "system-message-ack-piggyback-timeout", "1 s", AT(ack_ms), 1000},
    {C "resend-interval", "1 s", AT(resend_ms), 1000},
    {C "resend-limit", "7", AT(resend_limit), 7},
    {C "untrusted-mode", "on", AT(untrusted), 1},
    {C "trusted-selection-paths", "[/user/a]", AT(n_trusted), 1},
    {C "log-received-messages", "on", AT(log_received), 1},
    {C "log-sent-messages", "on", AT(log_sent), 1},
    {C "log-frame-size-exceeding", "1000b", AT(log_frame_size), 1000},
    {C "log-buffer-size-exceeding", "7", AT(log_buffer), 7},
    {C "transport-failure-detector.heartbeat-interval", "1 s", AT(heartbeat_ms), 1000},
    {C "transport-failure-detector.acceptable-heartbeat-pause", "9 s", AT(heartbeat_pause_ms), 9000},
    {TCP "port", "1234", ATT(port), 1234},
    {TCP "bind-port", "1235", ATT(bind_port), 1235},
    {TCP "connection-timeout", "1 s", ATT(connect_ms), 1000},
    {TCP "maximum-frame-size", "40000b", ATT(max_frame), 40000},
    {TCP "send-buffer-size", "40000b", ATT(send_buffer), 40000},
    {TCP "receive-buffer-size", "40000b", ATT(receive_buffer), 40000},
    {TCP "backlog", "7", ATT(backlog), 7},
    {TCP "tcp-nodelay", "off", ATT(nodelay), 0},
    {TCP "tcp-keepalive", "off", ATT(keepalive), 0},
    {TCP "tcp-reuse-addr", "off", ATT(reuse_addr), 0},
    {TCP "write-buffer-high-water-mark", "90000b", ATT(high_mark), 90000},
    {TCP "write-buffer-low-water-mark", "1000b", ATT(low_mark), 1000},
    {"pekko.remote.warn-about-direct-use", "off", AT(warn_direct), 0},
    {"pekko.remote.use-unsafe-remote-features-outside-cluster", "on", AT(unsafe), 1},
    {"pekko.remote.warn-unsafe-watch-outside-cluster", "off", AT(warn_unsafe), 0},
    {"pekko.remote.accept-protocol-names", "[akka]", AT(n_accept), 1},
    {"pekko.remote.watch-failure-detector.heartbeat-interval", "3 s", AT(watch_heartbeat_ms), 3000},
    {"pekko.remote.watch-failure-detector.max-sample-size", "7", AT(watch.max_samples), 7},
    {"pekko.remote.watch-failure-detector.min-std-deviation", "1 s", AT(watch.min_deviation), 1000},
    {"pekko.remote.watch-failure-detector.acceptable-heartbeat-pause", "3 s", AT(watch.pause), 3000},
    {"pekko.remote.watch-failure-detector.unreachable-nodes-reaper-interval", "3 s",
     AT(watch_reaper_ms), 3000},
    {"pekko.remote.watch-failure-detector.expected-response-after", "3 s", AT(watch_first_ms), 3000},
    {"pekko.remote.deployment.enable-allow-list", "on", AT(allow_list), 1},
    {"pekko.remote.deployment.allowed-actor-classes", "[a, b]", AT(n_allowed), 2},
    {"ukko.remote.max-idle-links", "7", AT(max_idle_links), 7},
    {"ukko.remote.send-queue.max-messages", "7", AT(queue_messages), 7},
    {"ukko.remote.send-queue.max-bytes", "7000b", AT(queue_bytes), 7000}};

static int64_t value_of(const uk_remote_settings *s, const row *r) {
    const char *at = (const char *)s + r->offset;
    int64_t l = 0;
    int32_t i;
    bool b;
    if (r->size == sizeof l) memcpy(&l, at, sizeof l);
    if (r->size == sizeof i) memcpy(&i, at, sizeof i), l = i;
    if (r->size == sizeof b) memcpy(&b, at, sizeof b), l = b;
    return l;
}

static void each_is_read(void **state) {
    (void)state;
    uk_remote_settings without;
    read_with(&without, "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uk_remote_settings with;
        char text[300];
        snprintf(text, sizeof text, "%s = %s\n", rows[i].setting, rows[i].value);
        read_with(&with, text);
        int64_t before = value_of(&without, &rows[i]), after = value_of(&with, &rows[i]);
        if (after != rows[i].expected || after == before)
            fail_msg("%s: %ld, without it %ld", text, (long)after, (long)before);
        uk_remote_settings_fini(&with);
    }
    uk_remote_settings_fini(&without);
}

static void texts_are_read(void **state) {
    (void)state;
    uk_remote_settings s;
    read_with(&s, TCP "hostname = a.example, " TCP "bind-hostname = 127.0.0.2\n"
                      "pekko.remote.protocol-name = akka\n"
                      "pekko.remote.watch-failure-detector { implementation-class = x.Y, threshold = 7.5 }\n"
                      C "transport-failure-detector.implementation-class = x.Z\n");
    assert_string_equal(s.transports[0].hostname, "a.example");
    assert_string_equal(s.transports[0].bind_hostname, "127.0.0.2");
    assert_string_equal(s.protocol_name, "akka");
    assert_string_equal(s.watch_class, "x.Y");
    assert_string_equal(s.transport_class, "x.Z");
    assert_true(s.watch.threshold == 7.5);
    uk_remote_settings_fini(&s);
}

/* The two sections of keys: as they are, and in a transport of plain name with enable-ssl. */
static void tls_is_read(void **state) {
    (void)state;
    static const char *const transports[] = {"netty.ssl", "netty.tcp"};
    for (int i = 0; i < 2; i++) {
        char text[900];
        snprintf(text, sizeof text,
                 C "enabled-transports = [pekko.remote.classic.%s]\n" C "%s { enable-ssl = on, security {\n"
                 " key-store = k, key-store-password = kp, key-password = p, trust-store = t\n"
                 " trust-store-password = tp, protocol = TLSv1.3, enabled-algorithms = [x, y]\n"
                 " require-mutual-authentication = off } }\n", transports[i], transports[i]);
        uk_remote_settings s;
        read_with(&s, text);
        const uk_tls_settings *t = &s.transports[0].security;
        assert_int_equal(s.n_transports, 1);
        assert_true(s.transports[0].tls);
        assert_string_equal(s.transports[0].scheme, "ssl.tcp");
        assert_string_equal(t->key_store, "k");
        assert_string_equal(t->key_store_password, "kp");
        assert_string_equal(t->key_password, "p");
        assert_string_equal(t->trust_store, "t");
        assert_string_equal(t->trust_store_password, "tp");
        assert_string_equal(t->protocol, "TLSv1.3");
        assert_int_equal(t->n_suites, 2);
        assert_false(t->mutual);
        uk_remote_settings_fini(&s);
    }
}

/* What a JVM starts with, ukko starts with; what it does not, is an error that names the setting, also
   where the value has no effect here. */
static void as_the_jvm_takes_them(void **state) {
    (void)state;
    static const struct {
        const char *setting, *value;
        bool good;
    } cases[] = {{TCP "backlog", "0", true},
                 {TCP "backlog", "-1", false},
                 {TCP "tcp-reuse-addr", "off-for-windows", true},
                 {TCP "tcp-reuse-addr", "on", true},
                 {TCP "tcp-reuse-addr", "maybe", false},
                 {TCP "write-buffer-high-water-mark", "100b", true},
                 {TCP "write-buffer-low-water-mark", "100k", true},
                 {TCP "write-buffer-low-water-mark", "-1b", false},
                 {TCP "transport-class", "org.apache.pekko.remote.transport.netty.NettyTransport", true},
                 {TCP "transport-class", "no.such.Transport", false},
                 {TCP "use-dispatcher-for-io", "\"\"", true},
                 {TCP "use-dispatcher-for-io", "nobody", false},
                 {C "use-dispatcher", "nobody", false},
                 {C "use-dispatcher", "pekko", true},
                 {C "backoff-interval", "0 s", false},
                 {C "command-ack-timeout", "0 s", false},
                 {C "handshake-timeout", "0 s", false},
                 {C "log-buffer-size-exceeding", "0", true},
                 {C "trusted-selection-paths", "[user/a]", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        uk_remote_settings s;
        ukko_config *cfg = NULL;
        ukko_error err = {0};
        snprintf(text, sizeof text, "pekko.remote.artery.enabled = off\n%s = %s\n", cases[i].setting,
                 cases[i].value);
        assert_int_equal(ukko_config_parse(&cfg, ukko_str(text), "test", &err), 0);
        int rc = uk_remote_settings_read(&s, cfg, &err);
        if ((rc == 0) != cases[i].good) fail_msg("%s%s", text, err.message);
        if (rc && !strstr(err.message, cases[i].setting)) fail_msg("%s%s", text, err.message);
        uk_remote_settings_fini(&s);
        ukko_config_release(cfg);
    }
}

static void marks_that_cross(void **state) {
    (void)state;
    uk_remote_settings s;
    read_with(&s, TCP "write-buffer-high-water-mark = 1000b, " TCP "write-buffer-low-water-mark = 2000b\n");
    assert_int_equal(s.transports[0].high_mark, 1000);
    assert_int_equal(s.transports[0].low_mark, 500);
    uk_remote_settings_fini(&s);
}

/* ---- What the sockets are like. ---- */

static int option(int fd, int level, int name) {
    int v = -1;
    socklen_t n = sizeof v;
    getsockopt(fd, level, name, &v, &n);
    return v;
}
/* The node's own socket that listens (port -1), or that is connected to that port. */
static int socket_of(int port) {
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in a;
        socklen_t n = sizeof a;
        if (port < 0 && option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1) return fd;
        if (port >= 0 && !getpeername(fd, (struct sockaddr *)&a, &n) && ntohs(a.sin_port) == port)
            return fd;
    }
    fail_msg("no such socket");
    return -1;
}

typedef struct sockets {
    int send, receive, nodelay, keepalive, reuse, backlog;
} sockets;

static sockets sockets_with(const char *config) {
    sockets s;
    struct tcp_info info;
    socklen_t n = sizeof info;
    ukko_system *a = node_new("A", config);
    int listening = socket_of(-1);
    s.reuse = option(listening, SOL_SOCKET, SO_REUSEADDR);
    assert_int_equal(getsockopt(listening, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
    s.backlog = (int)info.tcpi_sacked; /* of a listening socket: the bound of its queue */
    dumb d = dumb_new();
    ukko_ref *to = ref_at(a, d.address, "/user/x");
    ukko_tell_text(NULL, to, "hello");
    dumb_accept(&d);
    dumb_answer(&d);
    assert_true(dumb_read(&d, 0) > 0);
    int fd = socket_of(atoi(strrchr(d.address, ':') + 1));
    s.send = option(fd, SOL_SOCKET, SO_SNDBUF);
    s.receive = option(fd, SOL_SOCKET, SO_RCVBUF);
    s.nodelay = option(fd, IPPROTO_TCP, TCP_NODELAY);
    s.keepalive = option(fd, SOL_SOCKET, SO_KEEPALIVE);
    ukko_ref_release(to);
    ukko_system_free(a);
    dumb_hang_up(&d);
    close(d.listening);
    return s;
}

static void options_of_sockets(void **state) {
    (void)state;
    sockets one = sockets_with(NULL);
    sockets two = sockets_with(TCP "send-buffer-size = 40000b\n" TCP "receive-buffer-size = 30000b\n"
                               TCP "tcp-nodelay = off\n" TCP "tcp-keepalive = off\n"
                               TCP "tcp-reuse-addr = off\n" TCP "backlog = 7\n");
    assert_true(one.nodelay && !two.nodelay);
    assert_true(one.keepalive && !two.keepalive);
    assert_true(one.reuse && !two.reuse);
    assert_int_equal(two.backlog, 7);
    assert_true(one.backlog > 7); /* the system's limit may be below 4096 */
    assert_int_equal(two.send, 80000); /* the kernel doubles it for its own needs */
    assert_int_equal(two.receive, 60000);
    assert_true(one.send > two.send && one.receive > two.receive);
}

/* ---- What is logged. ---- */

static void log_settings(void **state) {
    (void)state;
    static const struct {
        const char *config, *line;
    } cases[] = {{C "log-sent-messages = %s", "sending message RemoteMessage: [there?"},
                 {C "log-received-messages = %s", "message RemoteMessage: [there?"},
                 {C "log-frame-size-exceeding = %s", "Payload size for [java.lang.String]"},
                 {"pekko.remote.warn-about-direct-use = %s",
                  "Using the 'remote' ActorRefProvider directly"}};
    static const char *const values[][2] = {{"off", "on"}, {"off", "on"}, {"off", "3b"}, {"off", "on"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int on = 0; on < 2; on++) {
            char setting[200], config[300];
            logs l;
            logs_init(&l);
            snprintf(setting, sizeof setting, cases[i].config, values[i][on]);
            snprintf(config, sizeof config, "pekko.loglevel = DEBUG\n%s\n", setting);
            ukko_system *a = node_with("A", (node_opts){config, logs_sink, &l, NULL});
            ukko_system *b = node_new("B", NULL);
            spawn_echo(b, "echo");
            ukko_ref *to = ref_at(a, ukko_remote_address(b), "/user/echo");
            wait_answer(to); /* to "there?" */
            ukko_ref_release(to);
            ukko_system_free(a); /* all is logged after this */
            ukko_system_free(b);
            size_t n = logs_count(&l, cases[i].line);
            if ((n > 0) != (on > 0)) fail_msg("%s: %zu times \"%s\"", setting, n, cases[i].line);
            logs_fini(&l);
        }
    }
}

static void log_of_a_full_buffer(void **state) {
    (void)state;
    static const char *const values[] = {"off", "10"};
    for (int on = 0; on < 2; on++) {
        char config[200];
        logs l;
        logs_init(&l);
        snprintf(config, sizeof config,
                 "pekko.loglevel = WARNING, pekko.log-dead-letters = off\n" C
                 "log-buffer-size-exceeding = %s\n", values[on]);
        ukko_system *a = node_with("A", (node_opts){config, logs_sink, &l, NULL});
        dumb d = dumb_new(); /* does not answer: all is kept */
        ukko_ref *to = ref_at(a, d.address, "/user/x");
        for (int i = 0; i < 20; i++) ukko_tell_text(NULL, to, "kept");
        ukko_ref_release(to);
        ukko_system_free(a);
        assert_int_equal(logs_count(&l, "buffered messages in EndpointWriter") > 0, on);
        logs_fini(&l);
        close(d.listening);
    }
}

static int watch_it(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)state;
    (void)m;
    ukko_ref *ref = ukko_system_ref(ukko_ctx_system(ctx), "pekko.tcp://B@127.0.0.1:1/user/x");
    ukko_watch(ctx, ref);
    ukko_ref_release(ref);
    ukko_reply_msg(ctx, ukko_msg_string("done"));
    return UKKO_OK;
}
static const ukko_actor watcher = {.size = sizeof(ukko_actor), .name = "w", .receive = {NULL, watch_it}};

static void warning_of_unsafe_watches(void **state) {
    (void)state;
    for (int on = 0; on < 2; on++) {
        char config[300];
        logs l;
        logs_init(&l);
        snprintf(config, sizeof config,
                 "pekko.loglevel = WARNING\n"
                 "pekko.remote.use-unsafe-remote-features-outside-cluster = off\n"
                 "pekko.remote.warn-unsafe-watch-outside-cluster = %s\n", on ? "on" : "off");
        ukko_system *a = node_with("A", (node_opts){config, logs_sink, &l, NULL});
        ukko_ref *w = NULL;
        assert_int_equal(ukko_system_spawn(a, ukko_props_new(&watcher), "w", &w), 0);
        wait_answer(w);
        ukko_ref_release(w);
        ukko_system_free(a);
        assert_int_equal(logs_count(&l, "Dropped remote Watch") > 0, on);
        logs_fini(&l);
    }
}

/* ---- How long an end takes. ---- */

/* The peer reads nothing, so that the end waits for the shorter of the two times and says so. */
static void waits_of_the_end(void **state) {
    (void)state;
    static const char *const times[] = {C "flush-wait-on-shutdown = 50 ms\n" C "shutdown-timeout = 1 h\n",
                                        C "flush-wait-on-shutdown = 1 h\n" C "shutdown-timeout = 50 ms\n"};
    for (int i = 0; i < 2; i++) {
        char config[400];
        logs l;
        logs_init(&l);
        snprintf(config, sizeof config,
                 "pekko.loglevel = WARNING, pekko.log-dead-letters = off\n" TCP
                 "send-buffer-size = 20000b\n%s", times[i]);
        ukko_system *a = node_with("A", (node_opts){config, logs_sink, &l, NULL});
        dumb d = dumb_new();
        ukko_ref *to = ref_at(a, d.address, "/user/x");
        char *text = calloc(1, 50001);
        memset(text, 'x', 50000);
        ukko_tell_text(NULL, to, text);
        dumb_accept(&d);
        dumb_answer(&d);
        for (int k = 0; k < 200; k++) ukko_tell_text(NULL, to, text);
        free(text);
        ukko_ref_release(to);
        ukko_system_free(a); /* returns, not after an hour */
        assert_int_equal(logs_count(&l, "Shutdown finished, but flushing might not have been"), 1);
        logs_fini(&l);
        dumb_hang_up(&d);
        close(d.listening);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_is_read),
                                       cmocka_unit_test(texts_are_read),
                                       cmocka_unit_test(tls_is_read),
                                       cmocka_unit_test(as_the_jvm_takes_them),
                                       cmocka_unit_test(marks_that_cross),
                                       cmocka_unit_test(options_of_sockets),
                                       cmocka_unit_test(log_settings),
                                       cmocka_unit_test(log_of_a_full_buffer),
                                       cmocka_unit_test(warning_of_unsafe_watches),
                                       cmocka_unit_test(waits_of_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
