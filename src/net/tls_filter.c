/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection over OpenSSL with memory buffers: no socket is touched here. Says why a
   handshake failed in words that tell the causes apart. On the loop's thread, but for the
   self-test, which the thread that loads the keys runs. */
#include "net/tls_internal.h"
#include "base/error.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { WRITE_CHUNK = 65536, READ_CHUNK = 16384, SELF_TEST_ROUNDS = 20 };
enum { RECORD_HEADER = 5, ANSWER_MS = 300 };

typedef struct tls_filter {
    uk_filter f;
    uk_tls *tls;
    SSL *ssl;
    uk_tls_io io;
    bool up, got_bytes;
    bool is_java; /* the client is, and answers a hello of TLS 1.3 at once */
    uk_buf rest;     /* what follows our hello, until it is answered or the alarm fires */
    uk_loop *loop;   /* NULL: there is no stream */
    uk_stream *stream;
    uk_alarm late;
    char refused[240]; /* which certificate was not accepted, and why */
    int verify_error;
    char why[500];
} tls_filter;

/* ---- why ---- */

typedef struct cause {
    int reason; /* of OpenSSL; alerts of the peer are 1000 and their number */
    const char *name, *text;
} cause;

static const cause causes[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "no-certificate",
     "the client showed no certificate, but require-mutual-authentication is on"},
    {SSL_R_WRONG_VERSION_NUMBER, "no-tls", "the peer does not speak TLS"},
    {SSL_R_HTTP_REQUEST, "no-tls", "the peer does not speak TLS but HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "no-tls", "the peer does not speak TLS but HTTP to a proxy"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "no-tls", "the peer does not speak TLS"},
    {SSL_R_UNEXPECTED_MESSAGE, "no-tls", "what the peer sent is no TLS handshake"},
    {SSL_R_BAD_RECORD_TYPE, "no-tls", "the peer does not speak TLS"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "version-mismatch", "the peer has none of our protocol versions"},
    {SSL_R_VERSION_TOO_LOW, "version-mismatch", "the peer's protocol version is too old"},
    {SSL_R_UNKNOWN_PROTOCOL, "version-mismatch", "the peer's hello is of a protocol of old"},
    {SSL_R_INAPPROPRIATE_FALLBACK, "version-mismatch", "the peer fell back to an older version"},
    {SSL_R_WRONG_SSL_VERSION, "version-mismatch", "the peer has none of our protocol versions"},
    {SSL_R_NO_SHARED_CIPHER, "cipher-mismatch", "the peer has none of our enabled-algorithms"},
    {SSL_R_WRONG_CIPHER_RETURNED, "cipher-mismatch", "the peer chose a suite we did not offer"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "cipher-mismatch", "the peer has none of our key exchanges"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "cipher-mismatch", "the peer has none of our signatures"},
    {SSL_R_DH_KEY_TOO_SMALL, "weak-key", "the peer's Diffie-Hellman key is too small"},
    {SSL_R_EE_KEY_TOO_SMALL, "weak-key", "the peer's key is too small"},
    {SSL_R_CA_KEY_TOO_SMALL, "weak-key", "the key of the peer's authority is too small"},
    {1040, "cipher-mismatch", "the peer says it has none of our versions, suites or signatures"},
    {1042, "rejected", "the peer does not accept our certificate"},
    {1043, "rejected", "the peer does not know our kind of certificate"},
    {1044, "rejected", "the peer says our certificate is revoked"},
    {1045, "rejected", "the peer says our certificate has expired"},
    {1046, "rejected", "the peer does not accept our certificate"},
    {1048, "rejected", "the peer does not know the authority of our certificate"},
    {1049, "rejected", "the peer denies us access"},
    {1070, "version-mismatch", "the peer has none of our protocol versions"},
    {1071, "cipher-mismatch", "the peer wants stronger suites"},
    {1112, "wrong-host", "the peer does not know the name we connected to"},
    {1116, "no-certificate", "the peer wants a certificate, and we have none"},
};

static const char *say(tls_filter *t, const char *name, const char *text, const char *more) {
    snprintf(t->why, sizeof t->why, "TLS: [%s] %s%s%s%s", name, text, more && *more ? " (" : "",
             more && *more ? more : "", more && *more ? ")" : "");
    return t->why;
}

static const char *explain_certificate(tls_filter *t) {
    switch (t->verify_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return say(t, "expired", "the peer's certificate has expired", t->refused);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return say(t, "expired", "the peer's certificate is not valid yet", t->refused);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return say(t, "wrong-host", "the peer's certificate is not for the host we connected to",
                   t->refused);
    case X509_V_ERR_INVALID_PURPOSE:
        return say(t, "wrong-purpose", "the peer's certificate is not for this use", t->refused);
    default:
        return say(t, "untrusted", "the peer's certificate is not trusted here", t->refused);
    }
}

static bool shows_certificate(const tls_filter *t) { return SSL_get_certificate(t->ssl) != NULL; }

/* What went wrong; empties OpenSSL's queue. */
static const char *explain(tls_filter *t) {
    unsigned long e = ERR_peek_error();
    int code = ERR_GET_REASON(e);
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    const cause *found = NULL;
    ERR_clear_error();
    if (code == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        if (!t->verify_error) t->verify_error = (int)SSL_get_verify_result(t->ssl);
        return explain_certificate(t);
    }
    /* "bad certificate" is also how a JVM says that it got none */
    if (code == 1042 && !SSL_is_server(t->ssl) && !shows_certificate(t))
        return say(t, "no-certificate", "the peer wants a certificate, and we have none", text);
    for (size_t i = 0; i < sizeof causes / sizeof *causes && !found; i++)
        if (causes[i].reason == code) found = &causes[i];
    if (found) return say(t, found->name, found->text, text);
    return say(t, "failure", t->up ? "the connection broke" : "the handshake failed",
               text ? text : "no reason given");
}

/* Remembers the first certificate that is not accepted; accepts nothing by itself. */
static int on_verify(int ok, X509_STORE_CTX *store) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    tls_filter *t = ssl ? SSL_get_app_data(ssl) : NULL;
    X509 *x = X509_STORE_CTX_get_current_cert(store);
    char name[160] = "no certificate";
    if (ok || !t || t->verify_error) return ok;
    t->verify_error = X509_STORE_CTX_get_error(store);
    if (x) uk_subject_text(x, name, sizeof name);
    snprintf(t->refused, sizeof t->refused, "%s: %s", name,
             X509_verify_cert_error_string(t->verify_error));
    return ok;
}

/* Does the other side have our certificate, and should answer it now? */
static bool shown(const tls_filter *t) {
    OSSL_HANDSHAKE_STATE at = SSL_get_state(t->ssl);
    if (!SSL_is_server(t->ssl)) return at == TLS_ST_CW_FINISHED;
    return at == TLS_ST_SW_SRVR_DONE || at == TLS_ST_SW_FINISHED || at == TLS_ST_EARLY_DATA;
}

static const char *filter_stuck(uk_filter *f) {
    tls_filter *t = (tls_filter *)(void *)f;
    if (t->up) return NULL;
    if (t->why[0]) return t->why;
    if (SSL_is_server(t->ssl) && !t->got_bytes)
        return say(t, "silent", "nothing came: a port probe?", NULL);
    if (t->got_bytes && shown(t))
        return say(t, "rejected", "the peer fell silent when it saw our certificate: it may not trust "
                   "it (Pekko 1.0 then hangs up without an alert)", NULL);
    return say(t, t->got_bytes ? "cut" : "silent",
               t->got_bytes ? "the peer did not finish the handshake"
                            : "no answer to our TLS hello: the peer may not speak TLS there, or have "
                            "none of our versions and suites (Pekko 1.0 then hangs up without an alert)",
               NULL);
}

/* ---- the filter ---- */

/* 0: wants more bytes, -1: broken, -2: the peer has said goodbye. */
static int judge(tls_filter *t, int rc) {
    int e = SSL_get_error(t->ssl, rc);
    if (e == SSL_ERROR_ZERO_RETURN) return -2;
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}
static int read_plain(tls_filter *t, uk_buf *plain) {
    for (;;) {
        uk_buf_reserve(plain, READ_CHUNK);
        int n = SSL_read(t->ssl, plain->ptr + plain->len, READ_CHUNK);
        if (n <= 0) return judge(t, n);
        plain->len += (size_t)n;
    }
}

/* ---- a hello of its own ---- */

/* Hardly a client but Java's sends this extension; without a session's name it sends no
   change_cipher_spec. */
int uk_tls_on_hello(SSL *ssl, int *alert, void *data) {
    tls_filter *t = SSL_get_app_data(ssl);
    const uint8_t *p;
    size_t n;
    (void)alert, (void)data;
    if (t)
        t->is_java = SSL_client_hello_get0_session_id(ssl, &p) &&
                     SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_signature_algorithms_cert, &p, &n);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* JSSE answers the ServerHello of TLS 1.3 by a change_cipher_spec before it takes more records, and
   netty 3 (Pekko 1.0) then drops those that it has read together with the hello. So they go out when
   the answer is here; at: where in cipher our flight begins. */
static void hold_back(tls_filter *t, uk_buf *cipher, size_t at) {
    const uint8_t *p = cipher->ptr + at;
    size_t n = cipher->len - at;
    if (!t->is_java || !t->loop || SSL_version(t->ssl) != TLS1_3_VERSION) return;
    if (n < RECORD_HEADER || p[0] != SSL3_RT_HANDSHAKE) return;
    size_t hello = RECORD_HEADER + ((size_t)p[3] << 8 | p[4]);
    if (n <= hello) return;
    uk_buf_put(&t->rest, p + hello, n - hello);
    cipher->len = at + hello;
    uk_alarm_start(t->loop, &t->late, ANSWER_MS);
}
static void on_late(uk_alarm *a) {
    tls_filter *t = (tls_filter *)(void *)((char *)a - offsetof(tls_filter, late));
    uk_stream_kick(t->stream);
}
static void let_go(tls_filter *t, uk_buf *cipher) {
    if (!t->rest.len) return;
    uk_alarm_stop(t->loop, &t->late);
    uk_buf_put(cipher, t->rest.ptr, t->rest.len);
    uk_buf_fini(&t->rest);
}
static void filter_ended(uk_filter *f) {
    tls_filter *t = (tls_filter *)(void *)f;
    if (t->loop) uk_alarm_stop(t->loop, &t->late);
}

void uk_tls_filter_attach(uk_filter *f, uk_loop *loop, uk_stream *s) {
    tls_filter *t = (tls_filter *)(void *)f;
    t->loop = loop;
    t->stream = s;
}

static int filter_in(uk_filter *f, const uint8_t *bytes, size_t n, uk_buf *plain, uk_buf *cipher,
                     bool *up, const char **why) {
    tls_filter *t = (tls_filter *)(void *)f;
    int rc = 0;
    ERR_clear_error();
    if (n || !t->late.slot) let_go(t, cipher);
    size_t at = cipher->len;
    uk_tls_io_begin(&t->io, bytes, n, cipher);
    t->got_bytes |= n > 0;
    if (!t->up) {
        int done = SSL_do_handshake(t->ssl);
        if (done == 1) t->up = true;
        else rc = judge(t, done);
    }
    if (t->up) rc = read_plain(t, plain);
    *up = t->up;
    if (rc < 0) *why = rc == -2 ? filter_stuck(f) : explain(t);
    uk_tls_io_end(&t->io);
    if (!t->up && !rc) hold_back(t, cipher, at);
    ERR_clear_error();
    return rc < 0 ? UKKO_ETLS : UKKO_OK;
}
static int filter_out(uk_filter *f, const uint8_t *bytes, size_t n, size_t *used, uk_buf *cipher) {
    tls_filter *t = (tls_filter *)(void *)f;
    ERR_clear_error();
    if (n > WRITE_CHUNK) n = WRITE_CHUNK;
    *used = n;
    int rc = UKKO_OK;
    uk_tls_io_begin(&t->io, NULL, 0, cipher);
    for (size_t at = 0; at < n && !rc;) {
        size_t some = n - at < READ_CHUNK ? n - at : READ_CHUNK;
        int done = SSL_write(t->ssl, bytes + at, (int)some);
        if (done <= 0) rc = UKKO_ETLS;
        else at += (size_t)done;
    }
    uk_tls_io_end(&t->io);
    return rc;
}
static void filter_bye(uk_filter *f, uk_buf *cipher) {
    tls_filter *t = (tls_filter *)(void *)f;
    uk_tls_io_begin(&t->io, NULL, 0, cipher);
    if (t->up) SSL_shutdown(t->ssl);
    uk_tls_io_end(&t->io);
    ERR_clear_error();
}
static void filter_free(uk_filter *f) {
    tls_filter *t = (tls_filter *)(void *)f;
    SSL_free(t->ssl);
    uk_tls_io_fini(&t->io);
    uk_buf_fini(&t->rest);
    uk_tls_free(t->tls);
    uk_free(t);
}

/* The name goes along as SNI when it is one, and is compared when the settings say so. */
static void set_host(tls_filter *t, const char *host) {
    char bare[256];
    struct in6_addr any;
    size_t n = strlen(host);
    if (host[0] == '[' && n > 2) snprintf(bare, sizeof bare, "%.*s", (int)n - 2, host + 1);
    else snprintf(bare, sizeof bare, "%s", host);
    bool number = inet_pton(AF_INET, bare, &any) == 1 || inet_pton(AF_INET6, bare, &any) == 1;
    if (!number) SSL_set_tlsext_host_name(t->ssl, bare);
    if (!t->tls->verify_host) return;
    X509_VERIFY_PARAM *p = SSL_get0_param(t->ssl);
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (number) X509_VERIFY_PARAM_set1_ip_asc(p, bare);
    else X509_VERIFY_PARAM_set1_host(p, bare, 0);
}

static tls_filter *filter_new(uk_tls *tls, bool server) {
    tls_filter *t = uk_zalloc(sizeof *t);
    atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
    t->tls = tls;
    t->f = (uk_filter){filter_in, filter_out, filter_bye, filter_stuck, filter_free, filter_ended};
    t->late.fire = on_late;
    t->ssl = SSL_new(server ? tls->server : tls->client);
    BIO *io = uk_tls_io_new(tls->io, &t->io);
    SSL_set_bio(t->ssl, io, io);
    SSL_set_app_data(t->ssl, t);
    if (!SSL_get_verify_callback(t->ssl)) SSL_set_verify(t->ssl, SSL_get_verify_mode(t->ssl), on_verify);
    if (server) SSL_set_accept_state(t->ssl);
    else SSL_set_connect_state(t->ssl);
    return t;
}

uk_filter *uk_tls_filter(uk_tls *tls, bool server, const char *host) {
    tls_filter *t = filter_new(tls, server);
    if (!server && host) set_host(t, host);
    return &t->f;
}

/* ---- names ---- */

bool uk_tls_name_matches(const char *pattern, const char *name) {
    const char *star = NULL, *back = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            back = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return !*pattern;
}

static bool tell_alternative(const GENERAL_NAME *g, bool (*each)(void *, const char *), void *data) {
    char text[300], number[INET6_ADDRSTRLEN];
    int type;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(g, &type);
    const char *kind = type == GEN_DNS ? "DNS" : type == GEN_URI ? "URI" : type == GEN_EMAIL ? "EMAIL"
                                                                                            : NULL;
    if (type == GEN_IPADD) {
        int n = ASN1_STRING_length(s);
        if ((n != 4 && n != 16) || !inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s),
                                              number, sizeof number))
            return true;
        snprintf(text, sizeof text, "IP:%s", number);
        return each(data, text);
    }
    int n = kind ? ASN1_STRING_length(s) : 0;
    if (n <= 0 || n > 255 || memchr(ASN1_STRING_get0_data(s), 0, (size_t)n)) return true;
    snprintf(text, sizeof text, "%s:%.*s", kind, n, (const char *)ASN1_STRING_get0_data(s));
    return each(data, text);
}

bool uk_tls_each_name(uk_filter *f, bool (*each)(void *data, const char *name), void *data) {
    tls_filter *t = (tls_filter *)(void *)f;
    X509 *x = t->up ? SSL_get1_peer_certificate(t->ssl) : NULL;
    char subject[512];
    if (!x) return false;
    bool on = each(data, uk_subject_text(x, subject, sizeof subject));
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; on && i < sk_GENERAL_NAME_num(names); i++)
        on = tell_alternative(sk_GENERAL_NAME_value(names, i), each, data);
    GENERAL_NAMES_free(names);
    X509_free(x);
    ERR_clear_error();
    return on;
}

/* ---- self-test ---- */

static int accept_all(int ok, X509_STORE_CTX *store) {
    on_verify(ok, store);
    return 1;
}

/* true: both are up. */
static bool shake_hands(tls_filter *c, tls_filter *s, const char **why) {
    for (int i = 0; i < SELF_TEST_ROUNDS; i++) {
        tls_filter *t = i % 2 ? s : c, *other = i % 2 ? c : s;
        uk_tls_io_begin(&t->io, NULL, 0, &other->io.rest); /* what it says is what the other reads */
        int done = SSL_do_handshake(t->ssl);
        uk_tls_io_end(&t->io);
        t->up = done == 1;
        if (!t->up && judge(t, done) < 0) {
            *why = uk_openssl_reason();
            return false;
        }
        if (c->up && s->up) return true;
    }
    *why = "no end was reached";
    return false;
}

int uk_tls_self_test(uk_tls *tls, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    if (!SSL_CTX_get0_certificate(tls->server)) return UKKO_OK; /* can only connect */
    tls_filter *c = filter_new(tls, false), *s = filter_new(tls, true);
    const char *why = NULL;
    SSL_set_verify(c->ssl, SSL_get_verify_mode(c->ssl), accept_all);
    SSL_set_verify(s->ssl, SSL_get_verify_mode(s->ssl), accept_all);
    ERR_clear_error();
    bool ok = shake_hands(c, s, &why);
    int rc = UKKO_OK;
    if (!ok && o->hook)
        uk_buf_printf(notes, "%s: this node cannot connect to itself: %s\n", o->section, why);
    else if (!ok)
        rc = uk_error(err, UKKO_ETLS, "%s: no connection is possible with the protocol, the "
                      "enabled-algorithms and the kind of key that are set: %s", o->section, why);
    for (int i = 0; ok && i < 2; i++) {
        const tls_filter *t = i ? c : s;
        if (t->verify_error)
            uk_buf_printf(notes, "%s: the own certificate would not be accepted as a %s's by the own "
                          "trust-store: %s\n", o->section, i ? "server" : "client", t->refused);
    }
    filter_free(&c->f);
    filter_free(&s->f);
    ERR_clear_error();
    return rc;
}
