/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol versions and cipher suites by the names that Java's configuration uses. Runs on the
   thread that loads the keys. */
#include "net/tls_internal.h"
#include "base/error.h"
#include <openssl/err.h>
#include <string.h>

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

int uk_tls_use_protocol(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err) {
    int low = TLS1_2_VERSION, high = TLS1_3_VERSION;
    if (!strcmp(o->protocol, "TLSv1.2")) high = TLS1_2_VERSION;
    else if (!strcmp(o->protocol, "TLSv1.3")) low = TLS1_3_VERSION;
    else if (strcmp(o->protocol, "TLS"))
        return uk_error(err, UKKO_ECONFIG,
                        "%s.protocol = \"%.40s\": %s; expected TLSv1.2, TLSv1.3 or TLS (both)",
                        o->section, o->protocol,
                        begins(o->protocol, "TLSv1") || begins(o->protocol, "SSL")
                            ? "is broken and not spoken any more"
                            : "is no protocol");
    SSL_CTX_set_min_proto_version(ctx, low);
    SSL_CTX_set_max_proto_version(ctx, high);
    return UKKO_OK;
}

/* ---- suites ---- */

typedef struct suites {
    const uk_tls_opts *o;
    uk_buf *notes;
    SSL *all; /* offers every suite that this OpenSSL has */
    uk_buf old, new13; /* lists by OpenSSL's names */
} suites;

static bool is_13(const char *name) {
    static const char *const names[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
                                        "TLS_AES_128_CCM_8_SHA256"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

/* Java calls some "SSL_…", which the registry calls "TLS_…". OpenSSL's own names are fine, too. */
static const SSL_CIPHER *find(const suites *s, const char *name) {
    const char *tail = begins(name, "SSL_") || begins(name, "TLS_") ? name + 4 : name;
    STACK_OF(SSL_CIPHER) *list = SSL_get_ciphers(s->all);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); i++) {
        const SSL_CIPHER *c = sk_SSL_CIPHER_value(list, i);
        const char *iana = SSL_CIPHER_standard_name(c);
        if ((iana && !strcmp(iana + 4, tail)) || !strcmp(SSL_CIPHER_get_name(c), name)) return c;
    }
    return NULL;
}

/* What a JVM may have in its list, and OpenSSL has not: no reason to refuse the list. */
static bool is_java_only(const char *name) {
    static const char *const parts[] = {"TLS_ECDH_ECDSA_", "TLS_ECDH_RSA_", "TLS_KRB5_", "_DHE_DSS_",
                                        "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(name, parts[i])) return true;
    return false;
}

static bool is_weak(const char *name) {
    static const char *const parts[] = {"NULL", "EXPORT", "anon", "ADH-", "AECDH-", "RC4", "RC2",
                                        "DES", "MD5", "IDEA", "SEED"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(name, parts[i])) return true;
    return false;
}

static int add(suites *s, const char *name, ukko_error *err) {
    uk_buf *list = is_13(name) ? &s->new13 : &s->old;
    const SSL_CIPHER *c = is_13(name) ? NULL : find(s, name);
    if (is_weak(name))
        return uk_error(err, UKKO_ECONFIG, "%s.enabled-algorithms: \"%.80s\" is broken and not used",
                        s->o->section, name);
    if (!c && !is_13(name) && is_java_only(name)) {
        uk_buf_printf(s->notes, "%s.enabled-algorithms: \"%.80s\" does not exist here, left out\n",
                      s->o->section, name);
        return UKKO_OK;
    }
    if (!c && !is_13(name))
        return uk_error(err, UKKO_ECONFIG,
                        "%s.enabled-algorithms: \"%.80s\" is no cipher suite known here",
                        s->o->section, name);
    uk_buf_printf(list, "%s%s", list->len ? ":" : "", c ? SSL_CIPHER_get_name(c) : name);
    return UKKO_OK;
}

static int use(SSL_CTX *ctx, suites *s, ukko_error *err) {
    const char *protocol = s->o->protocol;
    bool have12 = s->old.len && strcmp(protocol, "TLSv1.3");
    bool have13 = s->new13.len && strcmp(protocol, "TLSv1.2");
    if (!have12 && !have13)
        return uk_error(err, UKKO_ECONFIG, "%s.enabled-algorithms has no suite for protocol %s",
                        s->o->section, protocol);
    if (!have12) SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    if (!have13) SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    if ((s->old.len && SSL_CTX_set_cipher_list(ctx, uk_buf_text(&s->old)) != 1) ||
        (s->new13.len && SSL_CTX_set_ciphersuites(ctx, uk_buf_text(&s->new13)) != 1))
        return uk_error(err, UKKO_ETLS, "%s.enabled-algorithms: %s", s->o->section,
                        uk_openssl_reason());
    return UKKO_OK;
}

int uk_tls_use_suites(SSL_CTX *ctx, const uk_tls_opts *o, uk_buf *notes, ukko_error *err) {
    SSL_CTX *any = SSL_CTX_new(TLS_method());
    SSL_CTX_set_cipher_list(any, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
    suites s = {.o = o, .notes = notes, .all = SSL_new(any)};
    int rc = UKKO_OK;
    for (size_t i = 0; i < o->n_suites && !rc; i++) rc = add(&s, o->suites[i], err);
    if (!o->n_suites)
        SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20");
    else if (!rc) rc = use(ctx, &s, err);
    uk_buf_fini(&s.old);
    uk_buf_fini(&s.new13);
    SSL_free(s.all);
    SSL_CTX_free(any);
    ERR_clear_error();
    return rc;
}
