/* SPDX-License-Identifier: Apache-2.0 */
/* TLS over OpenSSL with memory buffers: no socket is touched here. Key and trust stores are PKCS#12
   (as keytool and openssl write them) or PEM. Loading runs on the thread that starts the system, the
   filters on the loop's thread. */
#include "net/tls.h"
#include "base/error.h"
#include "base/mem.h"
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

enum { MAX_STORE_BYTES = 8 << 20, WRITE_CHUNK = 65536, READ_CHUNK = 16384 };

struct uk_tls {
    SSL_CTX *client, *server;
};

typedef struct store { /* what a file holds */
    EVP_PKEY *key;
    X509 *cert;
    STACK_OF(X509) *others;
} store;

static void store_fini(store *s) {
    EVP_PKEY_free(s->key);
    X509_free(s->cert);
    sk_X509_pop_free(s->others, X509_free);
    *s = (store){NULL, NULL, NULL};
}
static const char *reason(void) { /* of the first failure that is queued; empties the queue */
    unsigned long e = ERR_get_error();
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    ERR_clear_error();
    return text ? text : "unknown reason";
}

/* ---- stores ---- */

static int read_file(const char *path, uk_buf *out, const char *setting, ukko_error *err) {
    FILE *f = fopen(path, "rb");
    if (!f) return uk_error(err, UKKO_ETLS, "%s: cannot open \"%s\"", setting, path);
    uint8_t chunk[8192];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) && out->len <= MAX_STORE_BYTES;)
        uk_buf_put(out, chunk, n);
    fclose(f);
    if (!out->len || out->len > MAX_STORE_BYTES)
        return uk_error(err, UKKO_ETLS, "%s: \"%s\" is %s", setting, path,
                        out->len ? "too large" : "empty");
    return UKKO_OK;
}
static int parse_p12(PKCS12 *p12, const char *password, store *s) {
    return PKCS12_parse(p12, password, &s->key, &s->cert, &s->others);
}
static int load_p12(const uk_buf *b, const char *path, const char *password, store *s,
                    const char *setting, ukko_error *err) {
    const uint8_t *p = b->ptr;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)b->len);
    if (!p12) {
        ERR_clear_error();
        bool jks = b->len > 4 && !memcmp(b->ptr, "\xfe\xed\xfe\xed", 4);
        return uk_error(
            err, UKKO_ETLS, "%s: \"%s\" is %s", setting, path,
            jks ? "a JKS store; convert it with: keytool -importkeystore -deststoretype pkcs12"
                : "neither PKCS#12 nor PEM");
    }
    bool mac_ok = PKCS12_verify_mac(p12, password, -1);
    int ok = mac_ok && parse_p12(p12, password, s);
    if (mac_ok && !ok) { /* RC2 of old tools lives in OpenSSL's legacy provider */
        ERR_clear_error();
        OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
        ok = legacy && parse_p12(p12, password, s);
    }
    PKCS12_free(p12);
    if (ok) return UKKO_OK;
    return uk_error(err, UKKO_ETLS, "%s: \"%s\" %s (%s)", setting, path,
                    mac_ok ? "cannot be decrypted" : "does not open with this password", reason());
}
static int password_cb(char *buf, int size, int rw, void *password) {
    (void)rw;
    return snprintf(buf, (size_t)size, "%s", (const char *)password);
}
static int load_pem(const uk_buf *b, const char *path, const char *password, store *s,
                    const char *setting, ukko_error *err) {
    BIO *in = BIO_new_mem_buf(b->ptr, (int)b->len);
    s->key = PEM_read_bio_PrivateKey(in, NULL, password_cb, (void *)(uintptr_t)password);
    BIO_free(in);
    in = BIO_new_mem_buf(b->ptr, (int)b->len);
    s->others = sk_X509_new_null();
    for (X509 *x; (x = PEM_read_bio_X509(in, NULL, password_cb, NULL));) {
        if (s->key && !s->cert) s->cert = x;
        else sk_X509_push(s->others, x);
    }
    BIO_free(in);
    ERR_clear_error();
    if (s->cert || sk_X509_num(s->others)) return UKKO_OK;
    return uk_error(err, UKKO_ETLS, "%s: no certificate in \"%s\"", setting, path);
}
static int load_store(const char *path, const char *password, store *s, const char *setting,
                      ukko_error *err) {
    uk_buf b = {0};
    int rc = read_file(path, &b, setting, err);
    bool pem = b.len > 11 && memmem(b.ptr, b.len, "-----BEGIN ", 11);
    if (!rc) rc = (pem ? load_pem : load_p12)(&b, path, password, s, setting, err);
    if (b.len) OPENSSL_cleanse(b.ptr, b.len);
    uk_buf_fini(&b);
    return rc;
}

/* ---- contexts ---- */

static int check_certificate(const store *s, const char *path, const char *setting,
                             ukko_error *err) {
    char name[256];
    X509_NAME_oneline(X509_get_subject_name(s->cert), name, sizeof name);
    if (!X509_check_private_key(s->cert, s->key))
        return uk_error(err, UKKO_ETLS,
                        "%s: the key in \"%s\" does not belong to the certificate %s", setting,
                        path, name);
    if (X509_cmp_current_time(X509_get0_notAfter(s->cert)) < 0)
        return uk_error(err, UKKO_ETLS, "%s: the certificate %s in \"%s\" has expired", setting,
                        name, path);
    return UKKO_OK;
}
static int use_key(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err) {
    char setting[256];
    store s = {NULL, NULL, NULL};
    snprintf(setting, sizeof setting, "%s.key-store", o->section);
    int rc = load_store(o->key_store, o->key_store_password, &s, setting, err);
    if (!rc && s.key && s.cert) {
        rc = check_certificate(&s, o->key_store, setting, err);
        if (!rc &&
            (SSL_CTX_use_certificate(ctx, s.cert) != 1 || SSL_CTX_use_PrivateKey(ctx, s.key) != 1))
            rc = uk_error(err, UKKO_ETLS, "%s: \"%s\" cannot be used: %s", setting, o->key_store,
                          reason());
        for (int i = 0; !rc && i < sk_X509_num(s.others); i++)
            SSL_CTX_add1_chain_cert(ctx, sk_X509_value(s.others, i));
    } /* a store without a key: this side shows no certificate */
    store_fini(&s);
    return rc;
}
static int use_trust(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err) {
    char setting[256];
    store s = {NULL, NULL, NULL};
    snprintf(setting, sizeof setting, "%s.trust-store", o->section);
    int rc = load_store(o->trust_store, o->trust_store_password, &s, setting, err);
    X509_STORE *trusted = SSL_CTX_get_cert_store(ctx);
    /* as in Java, a certificate of the store is trusted itself, whoever issued it */
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN);
    int n = 0;
    if (!rc && s.cert)
        n += X509_STORE_add_cert(trusted, s.cert), SSL_CTX_add_client_CA(ctx, s.cert);
    for (int i = 0; !rc && i < sk_X509_num(s.others); i++) {
        n += X509_STORE_add_cert(trusted, sk_X509_value(s.others, i));
        SSL_CTX_add_client_CA(ctx, sk_X509_value(s.others, i));
    }
    ERR_clear_error();
    store_fini(&s);
    return rc || n
               ? rc
               : uk_error(err, UKKO_ETLS, "%s: no certificate in \"%s\"", setting, o->trust_store);
}
static int use_protocol(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err) {
    int low = TLS1_2_VERSION, high = TLS1_3_VERSION;
    if (!strcmp(o->protocol, "TLSv1.2")) high = TLS1_2_VERSION;
    else if (!strcmp(o->protocol, "TLSv1.3")) low = TLS1_3_VERSION;
    else if (strcmp(o->protocol, "TLS"))
        return uk_error(err, UKKO_ECONFIG, "%s.protocol = \"%s\": expected TLSv1.2, TLSv1.3 or TLS",
                        o->section, o->protocol);
    SSL_CTX_set_min_proto_version(ctx, low);
    SSL_CTX_set_max_proto_version(ctx, high);
    return UKKO_OK;
}
/* The OpenSSL name of a suite of TLS 1.2; NULL: this OpenSSL has none of that IANA name. */
static const char *openssl_name(SSL *all, const char *iana) {
    const char *tail = !strncmp(iana, "SSL_", 4)   ? iana + 4
                       : !strncmp(iana, "TLS_", 4) ? iana + 4
                                                   : iana;
    STACK_OF(SSL_CIPHER) *list = SSL_get_ciphers(all);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(list, i);
        const char *name = SSL_CIPHER_standard_name(c);
        if (name && !strcmp(name + 4, tail)) return SSL_CIPHER_get_name(c);
    }
    return NULL;
}
static bool is_13(const char *name) {
    return !strncmp(name, "TLS_AES_", 8) || !strncmp(name, "TLS_CHACHA20_POLY1305_SHA256", 28);
}
static int use_suites(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err) {
    SSL_CTX *any = SSL_CTX_new(TLS_method());
    SSL_CTX_set_cipher_list(any, "ALL:@SECLEVEL=0");
    SSL *all = SSL_new(any);
    uk_buf old = {0}, new13 = {0};
    int rc = UKKO_OK;
    for (size_t i = 0; i < o->n_suites && !rc; i++) {
        const char *name = is_13(o->suites[i]) ? o->suites[i] : openssl_name(all, o->suites[i]);
        uk_buf *list = is_13(o->suites[i]) ? &new13 : &old;
        if (!name)
            rc = uk_error(err, UKKO_ECONFIG,
                          "%s.enabled-algorithms: \"%s\" is no cipher suite known here", o->section,
                          o->suites[i]);
        else uk_buf_printf(list, "%s%s", list->len ? ":" : "", name);
    }
    if (!rc && old.len) rc = SSL_CTX_set_cipher_list(ctx, uk_buf_text(&old)) == 1 ? 0 : UKKO_ETLS;
    if (!rc && new13.len)
        rc = SSL_CTX_set_ciphersuites(ctx, uk_buf_text(&new13)) == 1 ? 0 : UKKO_ETLS;
    if (rc == UKKO_ETLS) uk_error(err, rc, "%s.enabled-algorithms: %s", o->section, reason());
    if (!rc && o->n_suites) {
        bool fits = strcmp(o->protocol, "TLSv1.3")
                        ? old.len || (new13.len && strcmp(o->protocol, "TLSv1.2"))
                        : new13.len > 0;
        if (!fits)
            rc = uk_error(err, UKKO_ECONFIG, "%s.enabled-algorithms has no suite for protocol %s",
                          o->section, o->protocol);
    }
    uk_buf_fini(&old);
    uk_buf_fini(&new13);
    SSL_free(all);
    SSL_CTX_free(any);
    return rc;
}
static int make_context(SSL_CTX **out, const uk_tls_opts *o, bool server, ukko_error *err) {
    SSL_CTX *ctx = *out = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_dh_auto(ctx, 1);
    int rc = use_protocol(ctx, o, err);
    if (!rc) rc = use_suites(ctx, o, err);
    if (!rc) rc = use_key(ctx, o, err);
    if (!rc) rc = use_trust(ctx, o, err);
    int mode = !server     ? SSL_VERIFY_PEER
               : o->mutual ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_NONE;
    SSL_CTX_set_verify(ctx, mode, NULL);
    return rc;
}
int uk_tls_new(uk_tls **out, const uk_tls_opts *o, ukko_error *err) {
    uk_tls *t = uk_zalloc(sizeof *t);
    int rc = make_context(&t->client, o, false, err);
    if (!rc) rc = make_context(&t->server, o, true, err);
    if (rc) {
        uk_tls_free(t);
        t = NULL;
    }
    *out = t;
    return rc;
}
void uk_tls_free(uk_tls *t) {
    if (!t) return;
    SSL_CTX_free(t->client);
    SSL_CTX_free(t->server);
    uk_free(t);
}

/* ---- the filter ---- */

typedef struct tls_filter {
    uk_filter f;
    SSL *ssl;
    BIO *from, *to; /* owned by ssl */
    bool up;
    char why[300];
} tls_filter;

static void drain(tls_filter *t, uk_buf *cipher) {
    for (size_t n; (n = BIO_ctrl_pending(t->to));) {
        uk_buf_reserve(cipher, n);
        int got = BIO_read(t->to, cipher->ptr + cipher->len, (int)n);
        if (got <= 0) return;
        cipher->len += (size_t)got;
    }
}
/* What went wrong, in words that tell the cases apart. */
static const char *explain(tls_filter *t) {
    unsigned long e = ERR_peek_error();
    const char *text = e ? ERR_reason_error_string(e) : "connection closed";
    long verify = SSL_get_verify_result(t->ssl);
    int code = ERR_GET_REASON(e);
    if (code == SSL_R_CERTIFICATE_VERIFY_FAILED)
        snprintf(t->why, sizeof t->why, "TLS: the peer's certificate is not trusted: %s",
                 X509_verify_cert_error_string(verify));
    else if (code == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        snprintf(t->why, sizeof t->why,
                 "TLS: the client sent no certificate, but require-mutual-authentication is on");
    else if (code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_HTTP_REQUEST ||
             code == SSL_R_PACKET_LENGTH_TOO_LONG)
        snprintf(t->why, sizeof t->why, "TLS: the peer does not speak TLS (%s)", text);
    else if (code == SSL_R_UNSUPPORTED_PROTOCOL || code == SSL_R_NO_SHARED_CIPHER ||
             code == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
        snprintf(t->why, sizeof t->why, "TLS: no common protocol version or cipher suite (%s)",
                 text);
    else
        snprintf(t->why, sizeof t->why, "TLS: %s", text ? text : "failure");
    ERR_clear_error();
    return t->why;
}
/* 1: goes on, 0: wants more bytes, -1: broken. */
static int judge(tls_filter *t, int rc) {
    int e = SSL_get_error(t->ssl, rc);
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
static int filter_in(uk_filter *f, const uint8_t *bytes, size_t n, uk_buf *plain, uk_buf *cipher,
                     bool *up, const char **why) {
    tls_filter *t = (tls_filter *)(void *)f;
    int rc = 0;
    ERR_clear_error();
    if (n) BIO_write(t->from, bytes, (int)n);
    if (!t->up) {
        int done = SSL_do_handshake(t->ssl);
        if (done == 1) t->up = true;
        else rc = judge(t, done);
    }
    if (t->up) rc = read_plain(t, plain);
    *up = t->up;
    if (rc < 0) *why = SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN ? NULL : explain(t);
    drain(t, cipher);
    ERR_clear_error();
    return rc < 0 ? UKKO_ETLS : UKKO_OK;
}
static int filter_out(uk_filter *f, const uint8_t *bytes, size_t n, size_t *used,
                      uk_buf *cipher) {
    tls_filter *t = (tls_filter *)(void *)f;
    ERR_clear_error();
    if (n > WRITE_CHUNK) n = WRITE_CHUNK;
    *used = n;
    for (size_t at = 0; at < n;) {
        size_t some = n - at < READ_CHUNK ? n - at : READ_CHUNK;
        int done = SSL_write(t->ssl, bytes + at, (int)some);
        if (done <= 0) return UKKO_ETLS;
        at += (size_t)done;
    }
    drain(t, cipher);
    return UKKO_OK;
}
static void filter_bye(uk_filter *f, uk_buf *cipher) {
    tls_filter *t = (tls_filter *)(void *)f;
    if (t->up) SSL_shutdown(t->ssl);
    drain(t, cipher);
    ERR_clear_error();
}
static void filter_free(uk_filter *f) {
    tls_filter *t = (tls_filter *)(void *)f;
    SSL_free(t->ssl);
    uk_free(t);
}
uk_filter *uk_tls_filter(uk_tls *tls, bool server) {
    tls_filter *t = uk_zalloc(sizeof *t);
    t->f = (uk_filter){filter_in, filter_out, filter_bye, filter_free};
    t->ssl = SSL_new(server ? tls->server : tls->client);
    t->from = BIO_new(BIO_s_mem());
    t->to = BIO_new(BIO_s_mem());
    SSL_set_bio(t->ssl, t->from, t->to);
    if (server) SSL_set_accept_state(t->ssl);
    else SSL_set_connect_state(t->ssl);
    return &t->f;
}
