/* SPDX-License-Identifier: Apache-2.0 */
/* Who cannot show a certificate is nobody: plain bytes at a port of TLS, TLS without a certificate, and
   plain bytes at a plain port that call themselves one from behind TLS. Each speaks the handshake
   rightly otherwise; none is answered, becomes a link, or makes an event, and the log says why. The
   certificate is made here. Test thread. */
#include "support/certificate.h"
#include "support/dumb_peer.h"
#include "support/logs.h"

/* ---- the node ---- */

#define SSL_PORT "pekko.remote.classic.netty.ssl { hostname = 127.0.0.1, port = 0, security {\n"
typedef struct node {
    ukko_system *sys;
    logs log;
    probe *events;
} node;

static node *node_begin(const char *transports) {
    char text[1500];
    node *n = calloc(1, sizeof *n);
    logs_init(&n->log);
    snprintf(text, sizeof text,
             "pekko.loglevel = WARNING\npekko.remote.classic.enabled-transports = [%s]\n" SSL_PORT
             " key-store = \"%s\", trust-store = \"%s\", protocol = TLSv1.3\n"
             " enabled-algorithms = [TLS_AES_128_GCM_SHA256]\n"
             " require-mutual-authentication = on } }\n", transports, pem, pem);
    n->sys = node_with("A", (node_opts){.config = text, .log = logs_sink, .log_data = &n->log});
    n->events = probe_new(n->sys, "events");
    ukko_subscribe(n->sys, &ukko_associated_type, n->events->ref);
    return n;
}
static void count(void *data, const ukko_link *link) {
    (void)link;
    ++*(int *)data;
}
/* reason: what the log has to say. */
static void node_end(node *n, const char *reason) {
    int links = 0;
    logs_wait(&n->log, reason, 1);
    assert_int_equal(ukko_remote_links(n->sys, count, &links), 0);
    assert_int_equal(links, 0);
    probe_expect_nothing(n->events);
    ukko_system_free(n->sys);
    probe_free(n->events);
    logs_fini(&n->log);
    free(n);
}

/* ---- clients ---- */

/* The handshake of a system that calls itself so. */
static uk_buf greeting_of(const char *protocol) {
    uk_buf b = {0};
    uk_origin self = {.system = ukko_str("Dumb"), .host = ukko_str("127.0.0.1"),
                      .protocol = ukko_str(protocol), .port = 7};
    uk_pdu_put_associate(&b, &self, 4711);
    return b;
}
static int dial(const char *address) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}
/* Whether such a PDU came. */
static bool came(const uk_buf *in, uk_pdu_kind kind) {
    ukko_slice rest = uk_buf_slice(in), body;
    uk_pdu pdu;
    while (uk_frame_cut(&rest, 65536, &body) == 1)
        if (!uk_pdu_decode(body, &pdu) && pdu.kind == kind) return true;
    return false;
}
static bool answered(const uk_buf *in) { return came(in, UK_PDU_ASSOCIATE); }
/* What comes until such a PDU, or the end. */
static uk_buf plain_until(uk_pdu_kind kind, const char *address, const char *protocol) {
    uk_buf out = greeting_of(protocol), in = {0};
    uint8_t buf[4096];
    ssize_t n;
    int fd = dial(address);
    assert_int_equal(send(fd, out.ptr, out.len, MSG_NOSIGNAL), out.len);
    struct pollfd p = {fd, POLLIN, 0};
    int64_t end = probe_now_ms() + 10000; /* heartbeats come too */
    while (probe_now_ms() < end && poll(&p, 1, 10000) == 1 && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
        uk_buf_put(&in, buf, (size_t)n);
        if (came(&in, kind)) break;
    }
    close(fd);
    uk_buf_fini(&out);
    return in;
}
static bool plain_is_answered(const char *address, const char *protocol) {
    uk_buf in = plain_until(UK_PDU_ASSOCIATE, address, protocol);
    bool yes = answered(&in);
    uk_buf_fini(&in);
    return yes;
}
static bool tls_is_answered(const char *address, const char *protocol, bool certified) {
    uk_buf out = greeting_of(protocol), in = {0};
    uint8_t buf[4096];
    int fd = dial(address), n;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (certified) SSL_CTX_use_certificate(ctx, cert), SSL_CTX_use_PrivateKey(ctx, key);
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1); /* with TLS 1.3 the refusal comes behind it */
    SSL_write(ssl, out.ptr, (int)out.len);
    while (!answered(&in) && (n = SSL_read(ssl, buf, sizeof buf)) > 0)
        uk_buf_put(&in, buf, (size_t)n);
    bool yes = answered(&in);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    uk_buf_fini(&out);
    uk_buf_fini(&in);
    return yes;
}

/* ---- */

#define TLS "pekko.remote.classic.netty.ssl"
#define PLAIN "pekko.remote.classic.netty.tcp"

static void plain_bytes_at_a_port_of_tls(void **state) {
    (void)state;
    static const char *const names[] = {"ssl.tcp", "tcp"};
    for (int i = 0; i < 2; i++) {
        node *n = node_begin(TLS);
        assert_false(plain_is_answered(ukko_remote_address(n->sys), names[i]));
        node_end(n, "[no-tls] the peer does not speak TLS");
    }
}
static void tls_without_a_certificate(void **state) {
    (void)state;
    node *n = node_begin(TLS);
    assert_false(tls_is_answered(ukko_remote_address(n->sys), "ssl.tcp", false));
    node_end(n, "[no-certificate] the client showed no certificate, but require-mutual-"
                "authentication is on");
}
/* The name comes with the handshake, so that is answered; what follows is the end. */
static void plain_bytes_that_claim_to_be_from_behind_tls(void **state) {
    (void)state;
    node *n = node_begin(PLAIN ", " TLS);
    uk_buf in = plain_until(UK_PDU_DISASSOCIATE,
                            ukko_remote_address_for(n->sys, "pekko.tcp://X@h:1"), "ssl.tcp");
    assert_true(came(&in, UK_PDU_DISASSOCIATE));
    uk_buf_fini(&in);
    node_end(n, "calls itself [pekko.ssl.tcp://Dumb@127.0.0.1:7], which cannot be");
}
/* All that the others lack is what it says. */
static void with_a_certificate(void **state) {
    (void)state;
    node *n = node_begin(PLAIN ", " TLS);
    assert_true(tls_is_answered(ukko_remote_address_for(n->sys, "pekko.ssl.tcp://X@h:1"), "ssl.tcp",
                                true));
    ukko_msg_release(probe_expect(n->events, &ukko_associated_type));
    assert_true(plain_is_answered(ukko_remote_address_for(n->sys, "pekko.tcp://X@h:1"), "tcp"));
    ukko_msg_release(probe_expect(n->events, &ukko_associated_type));
    ukko_system_free(n->sys);
    probe_free(n->events);
    logs_fini(&n->log);
    free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_at_a_port_of_tls),
        cmocka_unit_test(tls_without_a_certificate),
        cmocka_unit_test(plain_bytes_that_claim_to_be_from_behind_tls),
        cmocka_unit_test(with_a_certificate),
    };
    return cmocka_run_group_tests_name("tls only", tests, make_certificate, remove_certificate);
}
