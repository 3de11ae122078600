/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a handshake of TLS 1.3 with a JVM: netty 3 drops what it reads together with the
   hello of the server, so nothing may follow it before the client has answered by a
   change_cipher_spec. Other clients answer when they have all, and are not kept waiting; one that only
   looks like a JVM gets the rest after a while. The client is OpenSSL with memory buffers. Test thread. */
#include "support/certificate.h"
#include "support/dumb_peer.h"
#include <poll.h>

static const uint8_t ccs[] = {20, 3, 3, 0, 1, 1};

static ukko_system *node(const char *protocol, const char *suites) {
    char text[1000];
    snprintf(text, sizeof text,
             "pekko.remote.classic.enabled-transports = [pekko.remote.classic.netty.ssl]\n"
             "pekko.remote.classic.netty.ssl { hostname = 127.0.0.1, port = 0, security {\n"
             " key-store = \"%s\", trust-store = \"%s\", protocol = %s\n"
             " enabled-algorithms = [%s]\n require-mutual-authentication = on } }\n",
             pem, pem, protocol, suites);
    return node_with("A", (node_opts){.config = text});
}

/* ---- the client ---- */

typedef struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out;
    int fd;
} client;

static int add_signatures(SSL *s, unsigned type, unsigned context, const unsigned char **out, size_t *len,
                       X509 *x, size_t chain, int *alert, void *data) {
    (void)s, (void)type, (void)context, (void)x, (void)chain, (void)alert, (void)data;
    *out = (const unsigned char *)"\0\2\4\3"; /* ecdsa_secp256r1_sha256 */
    *len = 4;
    return 1;
}

static void say(client *c) {
    char buf[8192];
    int n = BIO_read(c->out, buf, sizeof buf);
    if (n > 0) assert_int_equal(send(c->fd, buf, (size_t)n, MSG_NOSIGNAL), n);
}

static client client_begin(ukko_system *sys, bool like_java) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(strrchr(ukko_remote_address(sys), ':') + 1))};
    client c = {.ctx = SSL_CTX_new(TLS_client_method()), .fd = socket(AF_INET, SOCK_STREAM, 0)};
    SSL_CTX_use_certificate(c.ctx, cert);
    SSL_CTX_use_PrivateKey(c.ctx, key);
    if (like_java)
        assert_int_equal(SSL_CTX_add_custom_ext(c.ctx, TLSEXT_TYPE_signature_algorithms_cert,
                                                SSL_EXT_CLIENT_HELLO, add_signatures, NULL, NULL,
                                                NULL, NULL), 1);
    c.ssl = SSL_new(c.ctx);
    c.in = BIO_new(BIO_s_mem());
    c.out = BIO_new(BIO_s_mem());
    SSL_set_bio(c.ssl, c.in, c.out);
    assert_int_equal(connect(c.fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_true(SSL_connect(c.ssl) < 1);
    say(&c);
    return c;
}

static void client_end(client *c) {
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
}

/* The next bytes of the server, in one read. */
static size_t hear(client *c, uint8_t *buf, size_t size) {
    struct pollfd p = {c->fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 10000), 1);
    ssize_t n = recv(c->fd, buf, size, 0);
    assert_true(n > 0);
    BIO_write(c->in, buf, (int)n);
    return (size_t)n;
}

/* Until both have what they need. */
static void finish(client *c) {
    uint8_t buf[8192];
    while (SSL_connect(c->ssl) < 1) {
        say(c);
        hear(c, buf, sizeof buf);
    }
    say(c);
}

static bool is_alone(const uint8_t *record, size_t n) {
    return n > 5 && record[0] == 22 && n == 5u + ((size_t)record[3] << 8 | record[4]);
}

/* ---- */

#define SUITES13 "TLS_AES_128_GCM_SHA256"

static void a_jvm_gets_the_hello_alone(void **state) {
    (void)state;
    ukko_system *sys = node("TLSv1.3", SUITES13);
    client c = client_begin(sys, true);
    uint8_t buf[8192];
    size_t n = hear(&c, buf, sizeof buf);
    assert_true(is_alone(buf, n));
    send(c.fd, ccs, sizeof ccs, MSG_NOSIGNAL);
    finish(&c);
    client_end(&c);
    ukko_system_free(sys);
}

static void who_looks_like_a_jvm_and_does_not_answer(void **state) {
    (void)state;
    ukko_system *sys = node("TLSv1.3", SUITES13);
    client c = client_begin(sys, true);
    uint8_t buf[8192];
    assert_true(is_alone(buf, hear(&c, buf, sizeof buf)));
    finish(&c);
    client_end(&c);
    ukko_system_free(sys);
}

static void others_get_all_at_once(void **state) {
    (void)state;
    static const char *const how[][2] = {{"TLSv1.3", SUITES13},
                                         {"TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}};
    for (int java = 0; java < 2; java++) {
        ukko_system *sys = node(how[java][0], how[java][1]);
        client c = client_begin(sys, java);
        uint8_t buf[8192];
        assert_false(is_alone(buf, hear(&c, buf, sizeof buf)));
        finish(&c);
        client_end(&c);
        ukko_system_free(sys);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jvm_gets_the_hello_alone),
        cmocka_unit_test(who_looks_like_a_jvm_and_does_not_answer),
        cmocka_unit_test(others_get_all_at_once),
    };
    return cmocka_run_group_tests_name("tls hello", tests, make_certificate, remove_certificate);
}
