/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko tls gen`: a throw-away CA and the certificates of nodes, as PEM for C and PKCS#12 for the
   JVM. Main thread. */
#include "tls_link.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct gen {
    cli *c;
    const char *dir, *password;
    int64_t days, begin; /* begin: days from now */
    EVP_PKEY *ca_key;
    X509 *ca;
} gen;

/* ---- Files --------------------------------------------------------------------------- */

static int io_failed(gen *g, const char *path) {
    problem p = {CLI_IO, "FILE", "tls", NULL, NULL};
    return cli_fail(g->c, &p, "%s: %s", path, strerror(errno));
}

/* Readable by its owner only, for each holds or may hold a key. */
static FILE *open_new(gen *g, const char *name, char *path, size_t len) {
    snprintf(path, len, "%s/%s", g->dir, name);
    unlink(path);
    mode_t old = umask(077);
    FILE *f = fopen(path, "wb");
    umask(old);
    return f;
}

static void told(gen *g, const char *path, const char *what) {
    json_t *j = json_object();
    json_object_set_new(j, "file", output_text(path));
    json_object_set_new(j, "what", output_text(what));
    output_record(g->c, j, "%-28s %s", path, what);
}

static int write_pem(gen *g, const char *name, EVP_PKEY *key, X509 *first, X509 *second,
                     const char *what) {
    char path[600];
    FILE *f = open_new(g, name, path, sizeof path);
    if (!f) return io_failed(g, path);
    if (key) PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    if (first) PEM_write_X509(f, first);
    if (second) PEM_write_X509(f, second);
    if (fclose(f) != 0) return io_failed(g, path);
    told(g, path, what);
    return CLI_OK;
}

static int write_p12(gen *g, const char *name, PKCS12 *p12, const char *what) {
    char path[600];
    FILE *f = p12 ? open_new(g, name, path, sizeof path) : NULL;
    problem bad = {CLI_INTERNAL, "PKCS12", "tls", NULL, NULL};
    if (!p12) return cli_fail(g->c, &bad, "PKCS#12: %s", ERR_reason_error_string(ERR_peek_error()));
    if (!f) return io_failed(g, path);
    i2d_PKCS12_fp(f, p12);
    if (fclose(f) != 0) return io_failed(g, path);
    told(g, path, what);
    return CLI_OK;
}

/* ---- Certificates -------------------------------------------------------------------- */

static EVP_PKEY *new_key(void) { return EVP_RSA_gen(2048); }

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (e) X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

static X509 *new_cert(const gen *g, EVP_PKEY *key, const char *name, X509 *issuer) {
    X509 *x = X509_new();
    unsigned char serial[16];
    RAND_bytes(serial, sizeof serial);
    serial[0] &= 0x7f;
    BIGNUM *n = BN_bin2bn(serial, sizeof serial, NULL);
    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), (long)(g->begin * 86400 - 300));
    X509_gmtime_adj(X509_getm_notAfter(x), (long)((g->begin + g->days) * 86400));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
    X509_set_pubkey(x, key);
    return x;
}

static X509 *make_ca(const gen *g) {
    char name[64];
    unsigned char id[3];
    RAND_bytes(id, sizeof id); /* two CAs of one name are hard to tell apart when things go wrong */
    snprintf(name, sizeof name, "ukko throw-away CA %02x%02x%02x", id[0], id[1], id[2]);
    X509 *x = new_cert(g, g->ca_key, name, NULL);
    add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(x, x, NID_subject_key_identifier, "hash");
    X509_sign(x, g->ca_key, EVP_sha256());
    return x;
}

/* "DNS:a,IP:1.2.3.4" of the names */
static void alternative(const char *const *names, int n, char *to, size_t len) {
    size_t at = 0;
    *to = '\0';
    for (int i = 0; i < n && at < len; i++) {
        const char *text = names[i];
        bool ip = !text[strspn(text, "0123456789.")] || strchr(text, ':');
        at += (size_t)snprintf(to + at, len - at, "%s%s:%s", i ? "," : "", ip ? "IP" : "DNS", text);
    }
}

static X509 *make_node(const gen *g, EVP_PKEY *key, const char *const *names, int n) {
    char san[2000];
    X509 *x = new_cert(g, key, names[0], g->ca);
    alternative(names, n, san, sizeof san);
    add_extension(x, g->ca, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x, g->ca, NID_key_usage, "critical,digitalSignature,keyEncipherment");
    add_extension(x, g->ca, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(x, g->ca, NID_subject_alt_name, san);
    X509_sign(x, g->ca_key, EVP_sha256());
    return x;
}

/* ---- Stores -------------------------------------------------------------------------- */

/* Java takes a certificate without key as trusted only with this attribute. */
static PKCS12 *trust_store(const gen *g) {
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(&bags, g->ca);
    ASN1_OBJECT *any = OBJ_txt2obj("2.5.29.37.0", 1);
    PKCS12_add_friendlyname_utf8(bag, "ca", -1);
    PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT,
                            (const unsigned char *)any, -1);
    ASN1_OBJECT_free(any);
    PKCS12_add_safe(&safes, bags, NID_aes_256_cbc, PKCS12_DEFAULT_ITER, g->password);
    PKCS12 *p12 = PKCS12_add_safes(safes, 0);
    if (p12) PKCS12_set_mac(p12, g->password, -1, NULL, 0, PKCS12_DEFAULT_ITER, EVP_sha256());
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return p12;
}

static PKCS12 *key_store(const gen *g, const char *alias, EVP_PKEY *key, X509 *x) {
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, g->ca);
    PKCS12 *p12 = PKCS12_create(g->password, alias, key, x, chain, 0, 0, 0, 0, 0);
    sk_X509_free(chain);
    return p12;
}

/* ---- The command --------------------------------------------------------------------- */

static int write_ca(gen *g) {
    int status =
        write_pem(g, "ca.pem", NULL, g->ca, NULL, "the CA: --ca, or trust-store of a C node");
    if (status == CLI_OK)
        status = write_pem(g, "ca-key.pem", g->ca_key, NULL, NULL, "its key; keep it apart");
    PKCS12 *p12 = status == CLI_OK ? trust_store(g) : NULL;
    if (status == CLI_OK) status = write_p12(g, "trust.p12", p12, "trust-store, for JVM and C");
    PKCS12_free(p12);
    return status;
}

static int write_node(gen *g, const char *const *names, int n) {
    char file[300];
    const char *name = args_value(g->c, "name");
    name = name ? name : "node";
    EVP_PKEY *key = new_key();
    X509 *x = make_node(g, key, names, n);
    PKCS12 *p12 = key_store(g, name, key, x);
    snprintf(file, sizeof file, "%s.pem", name);
    int status = write_pem(g, file, NULL, x, g->ca, "certificate and chain: --cert");
    snprintf(file, sizeof file, "%s-key.pem", name);
    if (status == CLI_OK) status = write_pem(g, file, key, NULL, NULL, "its key: --key");
    snprintf(file, sizeof file, "%s-both.pem", name);
    if (status == CLI_OK)
        status = write_pem(g, file, key, x, g->ca, "both in one: key-store of a C node");
    snprintf(file, sizeof file, "%s.p12", name);
    if (status == CLI_OK) status = write_p12(g, file, p12, "key-store, for JVM and C");
    PKCS12_free(p12);
    X509_free(x);
    EVP_PKEY_free(key);
    return status;
}

/* The CA that lies in the folder already, so that certificates can be added. */
static bool open_ca(gen *g) {
    char path[600];
    snprintf(path, sizeof path, "%s/ca.pem", g->dir);
    FILE *f = fopen(path, "r");
    g->ca = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    if (f) fclose(f);
    snprintf(path, sizeof path, "%s/ca-key.pem", g->dir);
    f = fopen(path, "r");
    g->ca_key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    if (f) fclose(f);
    ERR_clear_error();
    return g->ca && g->ca_key;
}

static int generate(gen *g, const char *const *names, int n) {
    int status = CLI_OK;
    if (!open_ca(g)) {
        X509_free(g->ca);
        EVP_PKEY_free(g->ca_key);
        g->ca_key = new_key();
        int64_t days = g->days, begin = g->begin;
        g->days = days > 0 ? days + 3650 : 3650; /* it outlives what it issues */
        g->begin = begin < 0 ? begin : 0;
        g->ca = make_ca(g);
        g->days = days;
        g->begin = begin;
        status = write_ca(g);
    }
    return status == CLI_OK ? write_node(g, names, n) : status;
}

int run_tls_gen(cli *c) {
    static const char *const local[] = {"localhost", "127.0.0.1"};
    tls_material m;
    gen g = {.c = c, .dir = c->args[0], .days = 365};
    int status = keys_of(c, NULL, &m);
    if (status == CLI_OK) status = args_number(c, "days", 0, 36500, &g.days);
    if (status == CLI_OK) status = args_number(c, "begin", -36500, 36500, &g.begin);
    if (status != CLI_OK) return status;
    g.password = m.keystore_password ? m.keystore_password : "changeme";
    if (mkdir(g.dir, 0700) != 0 && errno != EEXIST) return io_failed(&g, g.dir);
    bool given = c->n_args > 1;
    status = generate(&g, given ? c->args + 1 : local, given ? c->n_args - 1 : 2);
    if (status == CLI_OK && !m.keystore_password)
        output_note(c, "The password of the .p12 files is changeme.");
    X509_free(g.ca);
    EVP_PKEY_free(g.ca_key);
    return status;
}
