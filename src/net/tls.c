/* SPDX-License-Identifier: Apache-2.0 */
/* TLS contexts: keys, authorities, protocol and suites of one transport, loaded and checked as a
   whole. Runs on the thread that starts the system, or that asks for keys to be loaded anew. */
#include "net/tls_internal.h"
#include "base/error.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- keys ---- */

static int use_identity(SSL_CTX *ctx, const uk_keystore *s, size_t i, const uk_keystore_opts *o,
                        uk_buf *notes, ukko_error *err) {
    X509 *cert;
    STACK_OF(X509) *chain;
    int rc = uk_keystore_identity(s, i, o, &cert, &chain, notes, err);
    if (!rc && SSL_CTX_use_cert_and_key(ctx, cert, s->entries[i].key, chain, 1) != 1)
        rc = uk_error(err, UKKO_ETLS, "%s.key-store: \"%s\": alias \"%s\": cannot be used: %s",
                      o->section, o->path, s->entries[i].alias ? s->entries[i].alias : "(none)",
                      uk_openssl_reason());
    sk_X509_free(chain);
    return rc;
}

/* The first key of each kind (RSA, EC, …) is the one that is shown. */
static int use_keys(SSL_CTX *ctx, const uk_keystore *s, const uk_keystore_opts *o, uk_buf *notes,
                    ukko_error *err) {
    int kinds[8], n = 0, rc = UKKO_OK;
    for (size_t i = 0; i < s->n && !rc && n < 8; i++) {
        if (!s->entries[i].key) continue;
        int kind = EVP_PKEY_get_base_id(s->entries[i].key);
        bool again = false;
        for (int k = 0; k < n; k++) again |= kinds[k] == kind;
        kinds[n] = kind;
        if (again) continue;
        n++;
        rc = use_identity(ctx, s, i, o, notes, err);
    }
    if (!rc && !n && notes)
        uk_buf_printf(notes, "%s.key-store: no private key in \"%s\": this node can only connect, "
                      "not be connected to\n", o->section, o->path);
    return rc;
}

static int load_keys(uk_tls *t, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    uk_keystore_opts k = {.path = o->key_store, .password = o->key_store_password,
                          .key_password = o->key_password, .keys = true, .section = o->section};
    uk_keystore s;
    int rc = uk_keystore_load(&s, &k, err);
    if (!rc) rc = use_keys(t->client, &s, &k, NULL, err);
    if (!rc) rc = use_keys(t->server, &s, &k, notes, err);
    uk_keystore_fini(&s);
    return rc;
}

static int add_anchors(SSL_CTX *ctx, const uk_keystore *s, size_t *n, size_t *live) {
    X509_STORE *trusted = SSL_CTX_get_cert_store(ctx);
    *n = *live = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!uk_keystore_is_anchor(s, i)) continue;
        X509 *x = s->entries[i].cert;
        *live += X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
        (*n)++;
        X509_STORE_add_cert(trusted, x);
        SSL_CTX_add_client_CA(ctx, x);
    }
    X509_STORE_set_flags(trusted, X509_V_FLAG_PARTIAL_CHAIN); /* what is in the store is trusted */
    ERR_clear_error();
    return UKKO_OK;
}

static int load_trust(uk_tls *t, const uk_tls_opts *o, ukko_error *err) {
    uk_keystore_opts k = {.path = o->trust_store, .password = o->trust_store_password,
                          .section = o->section};
    uk_keystore s;
    size_t n = 0, live = 0;
    int rc = uk_keystore_load(&s, &k, err);
    if (!rc) rc = add_anchors(t->client, &s, &n, &live);
    if (!rc) rc = add_anchors(t->server, &s, &n, &live);
    if (!rc && !live)
        rc = uk_error(err, UKKO_ETLS, "%s.trust-store: \"%s\" %s", o->section, o->trust_store,
                      n ? "has expired certificates only" : "has no trusted certificate");
    uk_keystore_fini(&s);
    return rc;
}

/* ---- key log ---- */

/* Lines for Wireshark and the like: one write each, so that lines of several threads stay whole. */
static void log_key(const SSL *ssl, const char *line) {
    const uk_tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct iovec v[2] = {{(void *)(uintptr_t)line, strlen(line)}, {"\n", 1}};
    if (writev(t->key_log, v, 2) < 0) ERR_clear_error();
}

static int open_key_log(uk_tls *t, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    if (!o->key_log || !*o->key_log) return UKKO_OK;
    t->key_log = open(o->key_log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (t->key_log < 0)
        return uk_error(err, UKKO_ETLS, "ukko.remote.tls.key-log-file: \"%s\" cannot be opened: %s",
                        o->key_log, strerror(errno));
    SSL_CTX_set_keylog_callback(t->client, log_key);
    SSL_CTX_set_keylog_callback(t->server, log_key);
    uk_buf_printf(notes, "ukko.remote.tls.key-log-file: the secrets of all connections go to "
                  "\"%s\": whoever reads it reads them\n", o->key_log);
    return UKKO_OK;
}

/* ---- contexts ---- */

static SSL_CTX *new_context(uk_tls *t, const uk_tls_opts *o, bool server) {
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL_CTX_set_app_data(ctx, t);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_dh_auto(ctx, 1);
    int mode = !server     ? SSL_VERIFY_PEER
               : o->mutual ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                           : SSL_VERIFY_NONE;
    SSL_CTX_set_verify(ctx, mode, NULL);
    if (server) SSL_CTX_set_client_hello_cb(ctx, uk_tls_on_hello, NULL);
    return ctx;
}

static int configure(uk_tls *t, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    SSL_CTX *const both[] = {t->client, t->server};
    int rc = UKKO_OK;
    for (int i = 0; i < 2 && !rc; i++) {
        uk_buf same = {0}; /* said once */
        rc = uk_tls_use_protocol(both[i], o, err);
        if (!rc) rc = uk_tls_use_suites(both[i], o, i ? &same : notes, err);
        uk_buf_fini(&same);
    }
    if (!rc) rc = load_keys(t, o, notes, err);
    if (!rc) rc = load_trust(t, o, err);
    if (!rc) rc = open_key_log(t, o, notes, err);
    for (int i = 0; i < 2 && !rc && o->hook; i++)
        if (o->hook(o->hook_data, both[i], i == 1) < 0)
            rc = uk_error(err, UKKO_ETLS, "%s: the program's TLS hook refused the %s side",
                          o->section, i ? "server" : "client");
    return rc ? rc : uk_tls_self_test(t, o, notes, err);
}

int uk_tls_new(uk_tls **out, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    uk_tls *t = uk_zalloc(sizeof *t);
    t->io = uk_tls_io_method();
    atomic_store_explicit(&t->refs, 1, memory_order_relaxed); /* nobody else has it */
    t->key_log = -1;
    t->verify_host = o->verify_host;
    t->client = new_context(t, o, false);
    t->server = new_context(t, o, true);
    int rc = configure(t, o, notes, err);
    if (rc) {
        uk_tls_free(t);
        t = NULL;
    }
    ERR_clear_error();
    *out = t;
    return rc;
}

bool uk_tls_has_key(const uk_tls *t) { return SSL_CTX_get0_certificate(t->server) != NULL; }

void uk_tls_free(uk_tls *t) {
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
    SSL_CTX_free(t->client);
    SSL_CTX_free(t->server);
    BIO_meth_free(t->io);
    if (t->key_log >= 0) close(t->key_log);
    uk_free(t);
}
