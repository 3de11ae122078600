/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko tls show|suites|check`: what a key store or a PEM file holds, the names of cipher suites, and
   whether a configuration can be used. Main thread. */
#include "tls_link.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_STORE = 8 << 20, MAX_ENTRIES = 10000, DIGEST = 20 };

typedef struct shown {
    cli *c;
    const char *file, *kind; /* PEM, PKCS#12, JKS */
    int n;
} shown;

/* ---- One entry ----------------------------------------------------------------------- */

static void one_line(const X509_NAME *name, char *to, size_t len) {
    BIO *out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    int n = BIO_read(out, to, (int)len - 1);
    to[n > 0 ? n : 0] = '\0';
    BIO_free(out);
}

static void when(const ASN1_TIME *t, char *to, size_t len) {
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(t, &tm) == 1) strftime(to, len, "%Y-%m-%dT%H:%M:%SZ", &tm);
    else snprintf(to, len, "?");
}

static void fingerprint(X509 *x, char *to, size_t len) {
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    size_t at = 0;
    *to = '\0';
    X509_digest(x, EVP_sha256(), md, &n);
    for (unsigned i = 0; i < n && at + 4 < len; i++)
        at += (size_t)snprintf(to + at, len - at, "%s%02X", i ? ":" : "", md[i]);
}

static json_t *names_of(X509 *x) {
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    json_t *list = json_array();
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        char text[300];
        BIO *out = BIO_new(BIO_s_mem());
        GENERAL_NAME_print(out, (GENERAL_NAME *)(uintptr_t)g);
        int n = BIO_read(out, text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
        json_array_append_new(list, output_text(text));
        BIO_free(out);
    }
    GENERAL_NAMES_free(names);
    return list;
}

static const char *state_of(X509 *x) {
    return X509_cmp_current_time(X509_get0_notAfter(x)) < 0    ? "expired"
           : X509_cmp_current_time(X509_get0_notBefore(x)) > 0 ? "not yet valid"
                                                               : "valid";
}

/* A certificate; key: "private key" of it is there too, "trusted", or "certificate". */
static void show_cert(shown *s, const char *alias, const char *entry, X509 *x) {
    char subject[400], issuer[400], from[32], to[32], print[128], key[64] = "?";
    EVP_PKEY *public = X509_get0_pubkey(x);
    one_line(X509_get_subject_name(x), subject, sizeof subject);
    one_line(X509_get_issuer_name(x), issuer, sizeof issuer);
    when(X509_get0_notBefore(x), from, sizeof from);
    when(X509_get0_notAfter(x), to, sizeof to);
    fingerprint(x, print, sizeof print);
    if (public)
        snprintf(key, sizeof key, "%s %d", EVP_PKEY_get0_type_name(public),
                 EVP_PKEY_get_bits(public));
    json_t *j = json_object();
    json_object_set_new(j, "file", output_text(s->file));
    json_object_set_new(j, "kind", output_text(s->kind));
    json_object_set_new(j, "alias", output_text(alias));
    json_object_set_new(j, "entry", output_text(entry));
    json_object_set_new(j, "subject", output_text(subject));
    json_object_set_new(j, "issuer", output_text(issuer));
    json_object_set_new(j, "names", names_of(x));
    json_object_set_new(j, "from", output_text(from));
    json_object_set_new(j, "until", output_text(to));
    json_object_set_new(j, "state", output_text(state_of(x)));
    json_object_set_new(j, "key", output_text(key));
    json_object_set_new(j, "sha256", output_text(print));
    output_record(
        s->c, j, "%s%s%s\n  subject %s\n  issuer  %s\n  valid   %s to %s (%s)\n  key     %s",
        alias ? alias : "", alias ? ": " : "", entry, subject, issuer, from, to, state_of(x), key);
    s->n++;
}

/* ---- The three kinds of files -------------------------------------------------------- */

static bool show_pem(shown *s, const unsigned char *bytes, size_t len) {
    BIO *in = BIO_new_mem_buf(bytes, (int)len);
    bool key = memmem(bytes, len, "PRIVATE KEY-----", 16) != NULL;
    s->kind = "PEM";
    for (X509 *x; s->n < MAX_ENTRIES && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL;) {
        show_cert(s, NULL, key && s->n == 0 ? "private key" : "certificate", x);
        X509_free(x);
    }
    BIO_free(in);
    ERR_clear_error();
    return s->n > 0;
}

static bool show_p12(shown *s, const unsigned char *bytes, size_t len, const char *password) {
    const unsigned char *p = bytes;
    PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)len);
    EVP_PKEY *key = NULL;
    X509 *x = NULL;
    STACK_OF(X509) *others = NULL;
    s->kind = "PKCS#12";
    bool mac = p12 && PKCS12_verify_mac(p12, password, -1);
    bool good = mac && PKCS12_parse(p12, password, &key, &x, &others);
    if (mac && !good && OSSL_PROVIDER_try_load(NULL, "legacy", 1))
        good = PKCS12_parse(p12, password, &key, &x, &others);
    int n = 0;
    if (good && x)
        show_cert(s, (const char *)X509_alias_get0(x, &n), key ? "private key" : "certificate", x);
    for (int i = 0; good && i < sk_X509_num(others); i++) {
        X509 *one = sk_X509_value(others, i);
        show_cert(s, (const char *)X509_alias_get0(one, &n), key ? "certificate" : "trusted", one);
    }
    EVP_PKEY_free(key);
    X509_free(x);
    sk_X509_pop_free(others, X509_free);
    PKCS12_free(p12);
    ERR_clear_error();
    return good;
}

typedef struct jks { /* a reader that never passes the end */
    const unsigned char *p, *end;
    bool bad;
} jks;

static uint32_t take_number(jks *r, int width) {
    uint32_t v = 0;
    if (r->end - r->p < width) {
        r->bad = true;
        return 0;
    }
    for (int i = 0; i < width; i++) v = v << 8 | *r->p++;
    return v;
}

static const unsigned char *take_bytes(jks *r, uint32_t n) {
    const unsigned char *p = r->p;
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return p;
}

static void jks_cert(shown *s, jks *r, const char *alias, const char *entry, bool show) {
    take_bytes(r, take_number(r, 2)); /* "X.509" */
    uint32_t n = take_number(r, 4);
    const unsigned char *der = take_bytes(r, n);
    X509 *x = der ? d2i_X509(NULL, &der, (long)n) : NULL;
    if (x && show) show_cert(s, alias, entry, x);
    X509_free(x);
}

static bool jks_entry(shown *s, jks *r) {
    char alias[200];
    uint32_t tag = take_number(r, 4), n = take_number(r, 2);
    const unsigned char *name = take_bytes(r, n);
    snprintf(alias, sizeof alias, "%.*s", name ? (int)n : 0, name ? (const char *)name : "");
    take_bytes(r, 8); /* when it was made */
    if (tag == 2) {
        jks_cert(s, r, alias, "trusted", true);
    } else if (tag == 1) {
        take_bytes(r, take_number(r, 4)); /* the key, encrypted */
        uint32_t chain = take_number(r, 4);
        for (uint32_t i = 0; i < chain && !r->bad; i++)
            jks_cert(s, r, alias, "private key", i == 0);
    } else {
        r->bad = true;
    }
    return !r->bad;
}

static bool show_jks(shown *s, const unsigned char *bytes, size_t len) {
    jks r = {bytes + 4, bytes + len, false};
    s->kind = "JKS";
    uint32_t version = take_number(&r, 4), entries = take_number(&r, 4);
    for (uint32_t i = 0; i < entries && i < MAX_ENTRIES && jks_entry(s, &r); i++)
        ;
    return version == 2 && !r.bad && r.end - r.p == DIGEST;
}

static unsigned char *read_file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    unsigned char *bytes = f ? malloc(MAX_STORE) : NULL;
    *len = bytes ? fread(bytes, 1, MAX_STORE, f) : 0;
    if (f) fclose(f);
    return bytes;
}

static int show_one(cli *c, const char *path, const char *password) {
    size_t len;
    shown s = {.c = c, .file = path};
    unsigned char *bytes = read_file(path, &len);
    problem io = {CLI_IO, "FILE", "tls", NULL, NULL};
    problem bad = {CLI_TLS, "STORE", "tls", NULL,
                   "--storepass-file names a file with the password"};
    if (!bytes) return cli_fail(c, &io, "%s cannot be read", path);
    bool good = len > 12 && memcmp(bytes, "\xfe\xed\xfe\xed", 4) == 0 ? show_jks(&s, bytes, len)
                : memmem(bytes, len, "-----BEGIN ", 11)               ? show_pem(&s, bytes, len)
                                                        : show_p12(&s, bytes, len, password);
    free(bytes);
    return good ? CLI_OK : cli_fail(c, &bad, "%s cannot be opened as a store (%s)", path, s.kind);
}

int run_tls_show(cli *c) {
    tls_material m;
    int status = keys_of(c, NULL, &m);
    for (int i = 0; i < c->n_args && status == CLI_OK; i++)
        status = show_one(c, c->args[i], m.keystore_password ? m.keystore_password : "");
    return status;
}

/* ---- Suites -------------------------------------------------------------------------- */

int run_tls_suites(cli *c) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    SSL *ssl = SSL_new(ctx);
    STACK_OF(SSL_CIPHER) *list = SSL_get_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *k = sk_SSL_CIPHER_value(list, i);
        const char *java = SSL_CIPHER_standard_name(k);
        json_t *j = json_object();
        json_object_set_new(j, "java", output_text(java));
        json_object_set_new(j, "openssl", output_text(SSL_CIPHER_get_name(k)));
        json_object_set_new(j, "version", output_text(SSL_CIPHER_get_version(k)));
        json_object_set_new(j, "bits", json_integer(SSL_CIPHER_get_bits(k, NULL)));
        output_record(c, j, "%-48s %-32s %s", java ? java : "", SSL_CIPHER_get_name(k),
                      SSL_CIPHER_get_version(k));
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return CLI_OK;
}

/* ---- Check --------------------------------------------------------------------------- */

typedef struct trial {
    cli *c;
    ukko_error err; /* what a node only warns of: a certificate out of its time */
} trial;

static void trial_log(void *data, const ukko_log_record *r) {
    trial *t = data;
    if (r->level == UKKO_LOG_WARN && strstr(r->text, ".key-store: ") &&
        strstr(r->text, ": the certificate ") && !t->err.code) {
        t->err.code = UKKO_ETLS;
        snprintf(t->err.message, sizeof t->err.message, "%s", r->text);
    }
    settings_log(t->c, r);
}

/* A node with this configuration is started and ended: it loads and checks all material. */
static int try_node(cli *c, const ukko_config *config) {
    ukko_error err = {0};
    trial t = {.c = c};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("ukko-tls-check", NULL);
    opts.config = config;
    opts.log = trial_log;
    opts.log_data = &t;
    int rc = ukko_system_new(&sys, &opts, &err);
    if (rc == UKKO_OK) rc = ukko_remote_enable(sys, &err);
    if (rc == UKKO_OK) rc = ukko_system_start(sys, &err);
    ukko_system_free(sys);
    if (rc == UKKO_OK && !t.err.code) return CLI_OK;
    return settings_failed(c, rc == UKKO_OK ? &t.err : &err);
}

int run_tls_check(cli *c) {
    ukko_config *config = NULL, *over = NULL, *both = NULL;
    static const char quiet[] =
        "pekko.remote.artery.enabled = off\n"
        "pekko.actor.provider = remote\n"
        "pekko.remote.classic.enabled-transports = [\"pekko.remote.classic.netty.ssl\"]\n"
        "pekko.remote.classic.netty.ssl { hostname = \"127.0.0.1\", port = 0, bind-hostname = \"\", "
        "bind-port = \"\" }\n";
    ukko_error err = {0};
    int rc = ukko_config_parse_file(&config, c->args[0], &err);
    if (rc == UKKO_OK) rc = ukko_config_parse(&over, ukko_str(quiet), "ukko", &err);
    if (rc != UKKO_OK) {
        ukko_config_release(config);
        return settings_failed(c, &err);
    }
    both = ukko_config_with_fallback(over, config);
    int status = try_node(c, both);
    ukko_config_release(config);
    ukko_config_release(over);
    ukko_config_release(both);
    if (status != CLI_OK) return status;
    json_t *j = json_object();
    json_object_set_new(j, "file", output_text(c->args[0]));
    json_object_set_new(j, "usable", json_true());
    output_record(c, j, "%s: its key and trust store can be used", c->args[0]);
    return CLI_OK;
}
