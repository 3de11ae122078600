/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of tools over OpenSSL, see tls_link.h: verification never stops the handshake, it is
   reported. */
#include "tls_link.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_setup {
    SSL_CTX *ctx;
    bool trusts; /* there is something to verify with */
    bool has_key;
    FILE *keylog;
};

struct tls_link {
    SSL *ssl;
    int fd;
    tls_report *report; /* while it shakes hands */
    tls_report late;    /* what is heard of only behind the handshake: fault and detail */
    int alert;          /* the last one that came; 0: none */
    bool fresh;         /* nothing has come behind the handshake */
};

static const char *reason(void) {
    unsigned long e = ERR_peek_last_error();
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    ERR_clear_error();
    return text ? text : "unknown reason";
}

/* ---- Keys and certificates ----------------------------------------------------------- */

static BIO *open_file(const char *path, char *why, size_t len) {
    BIO *in = BIO_new_file(path, "rb");
    if (!in) snprintf(why, len, "\"%s\": %s", path, strerror(errno));
    ERR_clear_error();
    return in;
}

static int password_of(char *buf, int size, int writing, void *password) {
    (void)writing;
    return password ? snprintf(buf, (size_t)size, "%s", (const char *)password) : 0;
}

static bool use_pem_key(tls_setup *s, const char *path, const char *password, char *why,
                        size_t len) {
    BIO *in = open_file(path, why, len);
    if (!in) return false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, password_of, (void *)(uintptr_t)password);
    bool good = key && SSL_CTX_use_PrivateKey(s->ctx, key) == 1;
    if (!good) snprintf(why, len, "no usable key in \"%s\": %s", path, reason());
    EVP_PKEY_free(key);
    BIO_free(in);
    s->has_key |= good;
    return good;
}

static bool use_pem_cert(tls_setup *s, const char *path, char *why, size_t len) {
    if (SSL_CTX_use_certificate_chain_file(s->ctx, path) == 1) return true;
    snprintf(why, len, "no certificate in \"%s\": %s", path, reason());
    return false;
}

static bool trust_pem(tls_setup *s, const char *path, char *why, size_t len) {
    BIO *in = open_file(path, why, len);
    int n = 0;
    if (!in) return false;
    for (X509 *x; (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL; X509_free(x))
        n += X509_STORE_add_cert(SSL_CTX_get_cert_store(s->ctx), x);
    ERR_clear_error();
    BIO_free(in);
    if (n == 0) snprintf(why, len, "no certificate in \"%s\"", path);
    s->trusts |= n > 0;
    return n > 0;
}

static bool is_pem(const char *path) {
    char head[4096];
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f) fclose(f);
    return n > 11 && memmem(head, n, "-----BEGIN ", 11);
}

typedef struct store {
    EVP_PKEY *key;
    X509 *cert;
    STACK_OF(X509) * others;
} store;

static void store_fini(store *t) {
    EVP_PKEY_free(t->key);
    X509_free(t->cert);
    sk_X509_pop_free(t->others, X509_free);
}

static bool open_p12(const char *path, const char *password, store *t, char *why, size_t len) {
    BIO *in = open_file(path, why, len);
    if (!in) return false;
    PKCS12 *p12 = d2i_PKCS12_bio(in, NULL);
    BIO_free(in);
    if (!p12) {
        snprintf(why, len,
                 "\"%s\" is neither PKCS#12 nor PEM (a JKS store can be converted with: "
                 "keytool -importkeystore -deststoretype pkcs12)",
                 path);
        ERR_clear_error();
        return false;
    }
    bool mac = PKCS12_verify_mac(p12, password ? password : "", -1);
    bool good = mac && PKCS12_parse(p12, password ? password : "", &t->key, &t->cert, &t->others);
    if (mac && !good && OSSL_PROVIDER_try_load(NULL, "legacy", 1)) /* ciphers of old tools */
        good = PKCS12_parse(p12, password ? password : "", &t->key, &t->cert, &t->others);
    if (!good)
        snprintf(why, len, "\"%s\" %s", path,
                 mac ? "cannot be decrypted" : "does not open with this password");
    PKCS12_free(p12);
    ERR_clear_error();
    return good;
}

static bool use_keystore(tls_setup *s, const tls_material *m, char *why, size_t len) {
    if (is_pem(m->keystore))
        return use_pem_cert(s, m->keystore, why, len) &&
               use_pem_key(s, m->keystore, m->key_password, why, len);
    store t = {NULL, NULL, NULL};
    bool good = open_p12(m->keystore, m->keystore_password, &t, why, len);
    if (good && t.key && t.cert) {
        good = SSL_CTX_use_certificate(s->ctx, t.cert) == 1 &&
               SSL_CTX_use_PrivateKey(s->ctx, t.key) == 1;
        for (int i = 0; good && i < sk_X509_num(t.others); i++)
            SSL_CTX_add1_chain_cert(s->ctx, sk_X509_value(t.others, i));
        s->has_key = good;
        if (!good) snprintf(why, len, "\"%s\" cannot be used: %s", m->keystore, reason());
    }
    store_fini(&t);
    return good;
}

static bool use_truststore(tls_setup *s, const tls_material *m, char *why, size_t len) {
    if (is_pem(m->truststore)) return trust_pem(s, m->truststore, why, len);
    store t = {NULL, NULL, NULL};
    bool good = open_p12(m->truststore, m->truststore_password, &t, why, len);
    X509_STORE *trusted = SSL_CTX_get_cert_store(s->ctx);
    int n = good && t.cert ? X509_STORE_add_cert(trusted, t.cert) : 0;
    for (int i = 0; good && i < sk_X509_num(t.others); i++)
        n += X509_STORE_add_cert(trusted, sk_X509_value(t.others, i));
    if (good && n == 0) snprintf(why, len, "no certificate in \"%s\"", m->truststore);
    store_fini(&t);
    s->trusts |= n > 0;
    return n > 0;
}

static bool load(tls_setup *s, const tls_material *m, char *why, size_t len) {
    bool good = true;
    if (m->keystore) good = use_keystore(s, m, why, len);
    if (good && m->cert)
        good = use_pem_cert(s, m->cert, why, len) &&
               use_pem_key(s, m->key ? m->key : m->cert, m->key_password, why, len);
    if (good && m->truststore) good = use_truststore(s, m, why, len);
    if (good && m->ca) good = trust_pem(s, m->ca, why, len);
    return good;
}

/* ---- Contexts ------------------------------------------------------------------------ */

static int link_index(void) {
    static int index = -1;
    if (index < 0) index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

/* All is accepted; what was wrong first is what counts. */
static int on_verify(int good, X509_STORE_CTX *x) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
    tls_link *l = SSL_get_ex_data(ssl, link_index());
    if (!good && l && l->report && !l->report->verify) {
        int code = X509_STORE_CTX_get_error(x);
        tls_report *r = l->report;
        r->verify = code;
        snprintf(r->verify_text, sizeof r->verify_text, "%s", X509_verify_cert_error_string(code));
    }
    return 1;
}

static int on_asked(SSL *ssl, void *unused) {
    (void)unused;
    tls_link *l = SSL_get_ex_data(ssl, link_index());
    if (l && l->report && !SSL_is_server(ssl)) l->report->asked = true;
    return 1;
}

static void on_info(const SSL *ssl, int where, int value) {
    tls_link *l = SSL_get_ex_data(ssl, link_index());
    if (l && (where & SSL_CB_ALERT) && (where & SSL_CB_READ)) l->alert = value & 255;
}

static void on_keylog(const SSL *ssl, const char *line) {
    tls_setup *s = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0);
    if (s && s->keylog) {
        fprintf(s->keylog, "%s\n", line);
        fflush(s->keylog);
    }
}

/* OpenSSL knows the suites of TLS 1.2 by names of its own. */
static void add_cipher(SSL *all, const char *iana, size_t n, char *old, char *modern, size_t len) {
    STACK_OF(SSL_CIPHER) *list = SSL_get_ciphers(all);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(list, i);
        const char *name = SSL_CIPHER_standard_name(c);
        if (!name || strlen(name) != n || memcmp(name, iana, n)) continue;
        bool is13 = strcmp(SSL_CIPHER_get_version(c), "TLSv1.3") == 0;
        char *to = is13 ? modern : old;
        size_t at = strlen(to);
        snprintf(to + at, len - at, "%s%s", at ? ":" : "", SSL_CIPHER_get_name(c));
    }
}

static void limit_ciphers(SSL_CTX *ctx, const char *names) {
    SSL_CTX *any = SSL_CTX_new(TLS_method());
    char old[2000] = "", modern[500] = "";
    SSL_CTX_set_cipher_list(any, "ALL:@SECLEVEL=0");
    SSL *all = SSL_new(any);
    for (const char *p = names; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        add_cipher(all, p, n, old, modern, sizeof modern);
        p += n;
    }
    SSL_CTX_set_cipher_list(ctx, *old ? old : "aNULL:!aNULL");
    SSL_CTX_set_ciphersuites(ctx, modern);
    if (!*modern)
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION); /* or it offers nothing at all */
    if (!*old && *modern) SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    ERR_clear_error();
    SSL_free(all);
    SSL_CTX_free(any);
}

static int version_of(int n) { return n == 13 ? TLS1_3_VERSION : n == 12 ? TLS1_2_VERSION : 0; }

static void tune(tls_setup *s, const tls_material *m) {
    SSL_CTX_set_min_proto_version(s->ctx, m->least ? version_of(m->least) : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(s->ctx, version_of(m->most));
    if (m->ciphers) limit_ciphers(s->ctx, m->ciphers);
    else SSL_CTX_set_cipher_list(s->ctx, "ALL:!aNULL:!eNULL:@SECLEVEL=1");
    SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_cert_cb(s->ctx, on_asked, NULL);
    SSL_CTX_set_info_callback(s->ctx, on_info);
    SSL_CTX_set_ex_data(s->ctx, 0, s);
    if (m->keylog && (s->keylog = fopen(m->keylog, "a")) != NULL)
        SSL_CTX_set_keylog_callback(s->ctx, on_keylog);
}

tls_setup *tls_setup_new(const tls_material *m, bool server, char *why, size_t len) {
    tls_setup *s = calloc(1, sizeof *s);
    s->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    tune(s, m);
    if (load(s, m, why, len)) return s;
    tls_setup_free(s);
    return NULL;
}

void tls_setup_free(tls_setup *s) {
    if (!s) return;
    SSL_CTX_set_keylog_callback(s->ctx, NULL); /* links may live on */
    if (s->keylog) fclose(s->keylog);
    SSL_CTX_free(s->ctx);
    free(s);
}

/* ---- What the other side showed ------------------------------------------------------ */

static void name_text(const X509_NAME *name, char *to, size_t len) {
    BIO *out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    int n = BIO_read(out, to, (int)len - 1);
    to[n > 0 ? n : 0] = '\0';
    BIO_free(out);
}

static int64_t seconds_of(const ASN1_TIME *t) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, epoch, t);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static void alternative_names(X509 *x, char *to, size_t len) {
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    size_t at = 0;
    *to = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && at + 64 < len; i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        const char *gap = at ? ", " : "";
        if (g->type == GEN_DNS) {
            at += (size_t)snprintf(to + at, len - at, "%s%.200s", gap,
                                   (const char *)ASN1_STRING_get0_data(g->d.dNSName));
        } else if (g->type == GEN_IPADD && ASN1_STRING_length(g->d.iPAddress) == 4) {
            const unsigned char *b = ASN1_STRING_get0_data(g->d.iPAddress);
            at += (size_t)snprintf(to + at, len - at, "%s%d.%d.%d.%d", gap, b[0], b[1], b[2], b[3]);
        }
        at = at < len ? at : len - 1;
    }
    GENERAL_NAMES_free(names);
}

static bool fits_host(X509 *x, const char *host) {
    char bare[256];
    size_t n = strlen(host);
    bool brackets = n > 2 && host[0] == '[';
    snprintf(bare, sizeof bare, "%.*s", (int)(brackets ? n - 2 : n), host + brackets);
    return X509_check_ip_asc(x, bare, 0) == 1 || X509_check_host(x, bare, 0, 0, NULL) == 1;
}

static char *pem_of(SSL *ssl) {
    BIO *out = BIO_new(BIO_s_mem());
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    for (int i = 0; i < sk_X509_num(chain); i++) PEM_write_bio_X509(out, sk_X509_value(chain, i));
    char *data;
    long n = BIO_get_mem_data(out, &data);
    char *text = strndup(data, (size_t)n);
    BIO_free(out);
    return text;
}

static void read_certificate(X509 *x, tls_report *r) {
    time_t now = time(NULL);
    name_text(X509_get_subject_name(x), r->subject, sizeof r->subject);
    name_text(X509_get_issuer_name(x), r->issuer, sizeof r->issuer);
    alternative_names(x, r->names, sizeof r->names);
    r->not_before = seconds_of(X509_get0_notBefore(x));
    r->not_after = seconds_of(X509_get0_notAfter(x));
    r->expired = r->not_after < now;
    r->early = r->not_before > now;
}

bool tls_setup_own(const tls_setup *s, tls_report *r) {
    X509 *x = SSL_CTX_get0_certificate(s->ctx);
    *r = (tls_report){.had_own = x != NULL};
    if (x) read_certificate(x, r);
    return x != NULL;
}

static void show_certificate(SSL *ssl, const char *host, tls_report *r) {
    X509 *x = SSL_get0_peer_certificate(ssl);
    if (!x) return;
    read_certificate(x, r);
    r->name_fits = host && fits_host(x, host);
    r->self_signed = r->verify == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
    r->untrusted = r->verify == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                   r->verify == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
                   r->verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
                   r->verify == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                   r->verify == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
                   r->verify == X509_V_ERR_CERT_SIGNATURE_FAILURE;
    r->chain_pem = pem_of(ssl);
}

/* ---- Connections of a system --------------------------------------------------------- */

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
static tls_report watched;

static void on_done(const SSL *ssl, int where, int value) {
    (void)value;
    if (!(where & SSL_CB_HANDSHAKE_DONE)) return;
    X509 *x = SSL_get0_peer_certificate(ssl);
    tls_report r = {.fault = TLS_FINE};
    snprintf(r.version, sizeof r.version, "%s", SSL_get_version(ssl));
    snprintf(r.cipher, sizeof r.cipher, "%s",
             SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)));
    if (x) read_certificate(x, &r);
    pthread_mutex_lock(&watch_lock);
    watched = r;
    pthread_mutex_unlock(&watch_lock);
}

int tls_watch(void *unused, void *ssl_ctx, bool server) {
    (void)unused;
    if (!server) SSL_CTX_set_info_callback(ssl_ctx, on_done);
    return UKKO_OK;
}

bool tls_watched(tls_report *r) {
    pthread_mutex_lock(&watch_lock);
    *r = watched;
    pthread_mutex_unlock(&watch_lock);
    return *r->version != '\0';
}

/* ---- Why it failed ------------------------------------------------------------------- */

enum {
    ALERT_HANDSHAKE = 40,
    ALERT_BAD_CERT = 42,
    ALERT_CERT_UNKNOWN = 46,
    ALERT_UNKNOWN_CA = 48,
    ALERT_DECRYPT = 51,
    ALERT_VERSION = 70,
    ALERT_CERT_REQUIRED = 116
};

static bool about_our_certificate(int alert) {
    return (alert >= ALERT_BAD_CERT && alert <= ALERT_CERT_UNKNOWN) || alert == ALERT_UNKNOWN_CA ||
           alert == ALERT_CERT_REQUIRED;
}

static tls_fault fault_of_alert(const tls_link *l, const tls_report *r) {
    if (l->alert == ALERT_VERSION) return TLS_VERSION;
    /* a signature that does not fit: an issuer of the same name with another key */
    bool vague = l->alert == ALERT_HANDSHAKE || l->alert == ALERT_DECRYPT;
    if (about_our_certificate(l->alert) || (vague && r->asked))
        return r->had_own && l->alert != ALERT_CERT_REQUIRED ? TLS_CLIENT_REFUSED : TLS_CLIENT_CERT;
    return l->alert == ALERT_HANDSHAKE ? TLS_CIPHER : TLS_OTHER;
}

/* A peer that asks for a certificate and hangs up on what it got: netty 3 sends no alert. */
static tls_fault fault_of_close(tls_report *r) {
    if (!r->asked) return TLS_CLOSED;
    snprintf(r->detail, sizeof r->detail, "it asked for a certificate, and hung up");
    return r->had_own ? TLS_CLIENT_REFUSED : TLS_CLIENT_CERT;
}

static void failed(tls_link *l, tls_report *r, int error, bool late) {
    unsigned long e = ERR_peek_error();
    int why = ERR_GET_LIB(e) == ERR_LIB_SSL ? ERR_GET_REASON(e) : 0;
    if (l->alert) {
        r->fault = fault_of_alert(l, r);
        r->alert = l->alert;
        snprintf(r->detail, sizeof r->detail, "alert %d, %s", l->alert,
                 SSL_alert_desc_string_long(l->alert));
    } else if (late) {
        r->fault = TLS_SILENT;
    } else if (why == SSL_R_WRONG_VERSION_NUMBER || why == SSL_R_HTTP_REQUEST ||
               why == SSL_R_RECORD_LENGTH_MISMATCH || why == SSL_R_BAD_RECORD_TYPE) {
        r->fault = TLS_NO_TLS;
    } else if (why == SSL_R_UNSUPPORTED_PROTOCOL) {
        r->fault = TLS_VERSION;
    } else if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN ||
               why == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        r->fault = fault_of_close(r);
    } else {
        r->fault = TLS_OTHER;
    }
    if (!*r->detail) snprintf(r->detail, sizeof r->detail, "%s", late ? "nothing came" : reason());
    ERR_clear_error();
}

const char *tls_fault_name(tls_fault f) {
    static const char *const names[] = {
        "TLS_FINE",    "TLS_NO_TLS", "TLS_CLOSED",      "TLS_SILENT",
        "TLS_VERSION", "TLS_CIPHER", "TLS_CLIENT_CERT", "TLS_CLIENT_CERT_REFUSED",
        "TLS_FAILED"};
    return names[f];
}

/* ---- Links --------------------------------------------------------------------------- */

/* 1: go on; 0: the deadline; -1: it failed */
static int wait_for(tls_link *l, int rc, int64_t deadline, int *error) {
    *error = SSL_get_error(l->ssl, rc);
    if (*error != SSL_ERROR_WANT_READ && *error != SSL_ERROR_WANT_WRITE) return -1;
    return wait_fd(l->fd, *error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
}

/* Also of a handshake that failed behind the certificate of the peer. */
static void show_link(SSL *ssl, const char *host, tls_report *r) {
    const SSL_CIPHER *now = SSL_get_current_cipher(ssl);
    const SSL_CIPHER *cipher = now ? now : SSL_get_pending_cipher(ssl);
    if (!cipher || (!SSL_is_init_finished(ssl) && !SSL_get0_peer_certificate(ssl))) return;
    snprintf(r->version, sizeof r->version, "%s", SSL_get_version(ssl));
    snprintf(r->cipher, sizeof r->cipher, "%s", SSL_CIPHER_standard_name(cipher));
    show_certificate(ssl, host, r);
}

tls_link *tls_link_open(int fd, tls_setup *s, const char *host, int64_t deadline,
                        tls_report *report) {
    tls_link *l = calloc(1, sizeof *l);
    *report = (tls_report){.had_own = s->has_key, .verified = s->trusts};
    l->ssl = SSL_new(s->ctx);
    l->fd = fd;
    l->report = report;
    l->fresh = true;
    SSL_set_ex_data(l->ssl, link_index(), l);
    SSL_set_fd(l->ssl, fd);
    if (host && host[strspn(host, "0123456789.")] && host[0] != '[')
        SSL_set_tlsext_host_name(l->ssl, host);
    int rc, error = 0, go = 1;
    ERR_clear_error();
    while (go == 1 && (rc = host ? SSL_connect(l->ssl) : SSL_accept(l->ssl)) != 1)
        go = wait_for(l, rc, deadline, &error);
    if (go != 1) failed(l, report, error, go == 0);
    show_link(l->ssl, host, report);
    report->spoke = *report->version || l->alert;
    l->late = (tls_report){.asked = report->asked, .had_own = report->had_own};
    l->report = NULL;
    if (go == 1) return l;
    tls_link_free(l);
    return NULL;
}

bool tls_link_send(tls_link *l, const void *bytes, size_t len, int64_t deadline) {
    size_t done = 0;
    while (done < len) {
        int error;
        int n = SSL_write(l->ssl, (const char *)bytes + done, (int)(len - done));
        if (n > 0) done += (size_t)n;
        else if (wait_for(l, n, deadline, &error) != 1) return false;
    }
    return true;
}

ssize_t tls_link_receive(tls_link *l, void *to, size_t len, int64_t deadline) {
    for (;;) {
        int error, n = SSL_read(l->ssl, to, (int)len);
        if (n > 0) l->fresh = false;
        if (n > 0) return n;
        int go = wait_for(l, n, deadline, &error);
        if (go == 0) return CHANNEL_TIMEOUT;
        if (go < 0) { /* in TLS 1.3 a refused certificate is heard of only now */
            if (l->alert || (l->late.asked && l->fresh)) failed(l, &l->late, error, false);
            ERR_clear_error();
            return CHANNEL_CLOSED;
        }
    }
}

bool tls_link_refused(const tls_link *l, tls_report *r) {
    if (!l || l->late.fault == TLS_FINE) return false;
    r->fault = l->late.fault;
    r->alert = l->late.alert;
    memcpy(r->detail, l->late.detail, sizeof r->detail);
    return true;
}

void tls_link_free(tls_link *l) {
    if (!l) return;
    SSL_shutdown(l->ssl);
    SSL_free(l->ssl);
    ERR_clear_error();
    free(l);
}

void tls_report_fini(tls_report *r) {
    free(r->chain_pem);
    *r = (tls_report){.fault = TLS_FINE};
}
