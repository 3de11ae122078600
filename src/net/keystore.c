/* SPDX-License-Identifier: Apache-2.0 */
/* Reading key stores. What kind a file is, its first bytes say. Ciphers of old tools (RC2) come
   from OpenSSL's legacy provider in a library context of their own, so that the process as a whole
   stays without them. Runs on the thread that loads the keys. */
#include "net/keystore.h"
#include "base/error.h"
#include "base/mem.h"
#include "net/jks.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

enum { MAX_CHAIN = 16, MAX_BAGS_DEEP = 4 };

/* What one load works on. */
typedef struct loading {
    uk_keystore *s;
    const uk_keystore_opts *o;
    ukko_error *err;
    OSSL_LIB_CTX *lib; /* NULL: the default one */
    int deep;
} loading;

/* ---- words ---- */

const char *uk_openssl_reason(void) {
    unsigned long e = ERR_get_error();
    const char *text = e ? ERR_reason_error_string(e) : NULL;
    ERR_clear_error();
    return text ? text : "unknown reason";
}

const char *uk_subject_text(const X509 *cert, char *buf, size_t len) {
    BIO *out = BIO_new(BIO_s_mem());
    int n = -1;
    if (X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0)
        n = BIO_read(out, buf, (int)len - 1);
    buf[n > 0 ? n : 0] = 0;
    BIO_free(out);
    return buf;
}

static int fail(const loading *l, const char *what, const char *more) {
    ERR_clear_error();
    return uk_error(l->err, UKKO_ETLS, "%.120s.%s: \"%.150s\" %s%s%.80s%s", l->o->section,
                    l->o->keys ? "key-store" : "trust-store", l->o->path, what, more ? " (" : "",
                    more ? more : "", more ? ")" : "");
}

static int fail_at(const uk_keystore_opts *o, ukko_error *err, const char *alias, const char *what,
                   const char *more) {
    ERR_clear_error();
    return uk_error(err, UKKO_ETLS, "%.120s.%s: \"%.120s\": alias \"%.60s\": %s%s%.100s", o->section,
                    o->keys ? "key-store" : "trust-store", o->path, alias ? alias : "(none)", what,
                    more ? ": " : "", more ? more : "");
}

/* A password that does not fit is the fault of its own setting. */
static int wrong_password(const loading *l, bool of_key, const char *alias) {
    const char *setting = of_key          ? "key-password"
                          : l->o->keys ? "key-store-password"
                                       : "trust-store-password";
    ERR_clear_error();
    return uk_error(l->err, UKKO_ETLS,
                    "%.120s.%s: does not open %s%.60s%s\"%.150s\": the password is wrong, or the "
                    "file was changed",
                    l->o->section, setting,
                    !of_key  ? ""
                    : !alias ? "the key in "
                             : "the key of alias \"",
                    alias ? alias : "", alias ? "\" in " : "", l->o->path);
}

/* ---- entries ---- */

static uk_store_entry *add(loading *l) {
    uk_keystore *s = l->s;
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->entries = uk_realloc(s->entries, s->cap * sizeof *s->entries);
    }
    uk_store_entry *e = &s->entries[s->n++];
    *e = (uk_store_entry){0};
    return e;
}

static bool full(const loading *l) { return l->s->n >= UK_STORE_ENTRIES; }

static void set_id(uk_store_entry *e, const void *id, size_t len) {
    if (len > sizeof e->id) len = sizeof e->id;
    if (len) memcpy(e->id, id, len);
    e->id_len = len;
}

void uk_keystore_fini(uk_keystore *s) {
    for (size_t i = 0; i < s->n; i++) {
        uk_free(s->entries[i].alias);
        EVP_PKEY_free(s->entries[i].key);
        X509_free(s->entries[i].cert);
    }
    uk_free(s->entries);
    *s = (uk_keystore){0};
}

static X509 *read_cert(ukko_slice der) {
    const uint8_t *p = der.ptr;
    X509 *x = der.len <= UK_STORE_BYTES ? d2i_X509(NULL, &p, (long)der.len) : NULL;
    if (x && p != der.ptr + der.len) {
        X509_free(x);
        x = NULL;
    }
    return x;
}

/* A key as the default library context knows it, whatever context it was opened in. */
static EVP_PKEY *key_of(PKCS8_PRIV_KEY_INFO *info) {
    uint8_t *der = NULL;
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    const uint8_t *p = der;
    EVP_PKEY *key = n > 0 ? d2i_AutoPrivateKey(NULL, &p, n) : NULL;
    if (n > 0) OPENSSL_clear_free(der, (size_t)n);
    return key;
}

/* ---- PKCS#12 ---- */

/* Rounds that an algorithm asks for: PBES2 with PBKDF2, or the older schemes; 0: not known. */
static long rounds_of(const X509_ALGOR *a) {
    const ASN1_OBJECT *oid;
    const void *v;
    int type;
    long n = 0;
    X509_ALGOR_get0(&oid, &type, &v, a);
    if (type != V_ASN1_SEQUENCE) return 0;
    if (OBJ_obj2nid(oid) == NID_pbes2) {
        PBE2PARAM *two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
        const ASN1_TYPE *kdf = two && two->keyfunc ? two->keyfunc->parameter : NULL;
        PBKDF2PARAM *p =
            kdf && OBJ_obj2nid(two->keyfunc->algorithm) == NID_id_pbkdf2
                ? ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf)
                : NULL;
        if (p) n = ASN1_INTEGER_get(p->iter);
        PBKDF2PARAM_free(p);
        PBE2PARAM_free(two);
        return n;
    }
    PBEPARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), a->parameter);
    if (p && p->iter) n = ASN1_INTEGER_get(p->iter);
    PBEPARAM_free(p);
    return n;
}

static int check_rounds(const loading *l, const X509_ALGOR *a) {
    long n = a ? rounds_of(a) : 0;
    ERR_clear_error();
    return n < 0 || n > UK_STORE_ROUNDS ? fail(l, "asks for too many rounds of key derivation", NULL)
                                        : UKKO_OK;
}

static void read_names(uk_store_entry *e, const PKCS12_SAFEBAG *bag) {
    char *name = PKCS12_get_friendlyname((PKCS12_SAFEBAG *)(uintptr_t)bag);
    const ASN1_TYPE *id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);
    ASN1_OBJECT *mark = OBJ_txt2obj("2.16.840.1.113894.746875.1.1", 1); /* Java: trusted */
    const STACK_OF(X509_ATTRIBUTE) *attrs = PKCS12_SAFEBAG_get0_attrs(bag);
    if (name) e->alias = uk_strdup(name);
    OPENSSL_free(name);
    if (id && id->type == V_ASN1_OCTET_STRING)
        set_id(e, ASN1_STRING_get0_data(id->value.octet_string),
               (size_t)ASN1_STRING_length(id->value.octet_string));
    e->trusted = attrs && X509at_get_attr_by_OBJ(attrs, mark, -1) >= 0;
    ASN1_OBJECT_free(mark);
}

static int take_cert_bag(loading *l, const PKCS12_SAFEBAG *bag) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return UKKO_OK;
    X509 *x = PKCS12_SAFEBAG_get1_cert(bag);
    if (!x) return fail(l, "has a certificate that is malformed", uk_openssl_reason());
    uk_store_entry *e = add(l);
    e->cert = x;
    read_names(e, bag);
    return UKKO_OK;
}

static int take_key_info(loading *l, const PKCS12_SAFEBAG *bag, PKCS8_PRIV_KEY_INFO *info) {
    uk_store_entry *e = add(l);
    read_names(e, bag);
    e->key = key_of(info);
    return e->key ? UKKO_OK
                  : fail_at(l->o, l->err, e->alias, "the private key is of an unknown kind",
                            uk_openssl_reason());
}

/* A key in its own wrapper, opened with its own password. */
static int take_shrouded(loading *l, const PKCS12_SAFEBAG *bag) {
    const X509_ALGOR *a = NULL;
    X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &a, NULL);
    int rc = check_rounds(l, a);
    if (rc) return rc;
    const char *p = l->o->key_password ? l->o->key_password : "";
    PKCS8_PRIV_KEY_INFO *info =
        PKCS12_decrypt_skey_ex(bag, p, (int)strlen(p), l->lib, NULL);
    if (!info) {
        uk_store_entry names = {0};
        read_names(&names, bag);
        rc = wrong_password(l, true, names.alias);
        uk_free(names.alias);
        return rc;
    }
    rc = take_key_info(l, bag, info);
    PKCS8_PRIV_KEY_INFO_free(info);
    return rc;
}

/* The keys of a trust store stay closed; but its certificates of keys are anchors. */
static void note_key(loading *l, const PKCS12_SAFEBAG *bag) {
    uk_store_entry *e = add(l);
    read_names(e, bag);
    e->trusted = false;
}

static int take_bags(loading *l, const STACK_OF(PKCS12_SAFEBAG) *bags);

static int take_bag(loading *l, const PKCS12_SAFEBAG *bag) {
    if (full(l)) return fail(l, "has more than 10000 entries", NULL);
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag: return take_cert_bag(l, bag);
    case NID_keyBag:
        l->s->has_keys = true;
        if (l->o->keys)
            return take_key_info(l, bag,
                                 (PKCS8_PRIV_KEY_INFO *)(uintptr_t)PKCS12_SAFEBAG_get0_p8inf(bag));
        note_key(l, bag);
        return UKKO_OK;
    case NID_pkcs8ShroudedKeyBag:
        l->s->has_keys = true;
        if (l->o->keys) return take_shrouded(l, bag);
        note_key(l, bag);
        return UKKO_OK;
    case NID_safeContentsBag: {
        if (++l->deep > MAX_BAGS_DEEP) return fail(l, "is nested too deep", NULL);
        int rc = take_bags(l, PKCS12_SAFEBAG_get0_safes(bag));
        l->deep--;
        return rc;
    }
    default: return UKKO_OK; /* revocation lists, secrets */
    }
}

static int take_bags(loading *l, const STACK_OF(PKCS12_SAFEBAG) *bags) {
    int rc = UKKO_OK;
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags) && !rc; i++)
        rc = take_bag(l, sk_PKCS12_SAFEBAG_value(bags, i));
    return rc;
}

static int take_safe(loading *l, PKCS7 *safe, const char *password) {
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    int nid = OBJ_obj2nid(safe->type);
    if (nid == NID_pkcs7_data) {
        bags = PKCS12_unpack_p7data(safe);
        if (!bags) return fail(l, "is malformed", uk_openssl_reason());
    } else if (nid == NID_pkcs7_encrypted) {
        const PKCS7_ENCRYPT *e = safe->d.encrypted;
        int rc = check_rounds(l, e && e->enc_data ? e->enc_data->algorithm : NULL);
        if (rc) return rc;
        bags = PKCS12_unpack_p7encdata(safe, password, password ? (int)strlen(password) : 0);
        if (!bags) return fail(l, "cannot be decrypted", uk_openssl_reason());
    } else {
        return fail(l, "is protected by a certificate, not by a password", NULL);
    }
    int rc = take_bags(l, bags);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return rc;
}

static int check_mac(loading *l, PKCS12 *p12, const char **password) {
    const ASN1_INTEGER *rounds = NULL;
    if (!PKCS12_mac_present(p12)) return UKKO_OK;
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p12);
    long n = rounds ? ASN1_INTEGER_get(rounds) : 1;
    if (n < 0 || n > UK_STORE_ROUNDS)
        return fail(l, "asks for too many rounds of key derivation", NULL);
    if (PKCS12_verify_mac(p12, *password, (int)strlen(*password))) return UKKO_OK;
    /* to Java an absent password and an empty one are the same, here they are not */
    if (**password || !PKCS12_verify_mac(p12, NULL, 0)) return wrong_password(l, false, NULL);
    *password = NULL;
    return UKKO_OK;
}

static int parse_p12_in(loading *l, ukko_slice b) {
    const char *password = l->o->password ? l->o->password : "";
    const uint8_t *p = b.ptr;
    PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, l->lib, NULL);
    if (!p12 || !d2i_PKCS12(&p12, &p, (long)b.len)) /* frees it when it fails */
        return fail(l, "is neither PKCS#12, JKS nor PEM", uk_openssl_reason());
    int rc = p != b.ptr + b.len ? fail(l, "has bytes behind its end", NULL)
                                : check_mac(l, p12, &password);
    STACK_OF(PKCS7) *safes = rc ? NULL : PKCS12_unpack_authsafes(p12);
    if (!rc && !safes) rc = fail(l, "is malformed", uk_openssl_reason());
    for (int i = 0; !rc && i < sk_PKCS7_num(safes); i++)
        rc = take_safe(l, sk_PKCS7_value(safes, i), password);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(p12);
    return rc;
}

/* An algorithm that this process does not offer, as RC2 of old tools? */
static bool uses_old_ciphers(ukko_slice b) {
    static const uint8_t rc2_40[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6};
    static const uint8_t rc2_128[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5};
    return memmem(b.ptr, b.len, rc2_40, sizeof rc2_40) ||
           memmem(b.ptr, b.len, rc2_128, sizeof rc2_128);
}

static int parse_p12(loading *l, ukko_slice b) {
    if (!uses_old_ciphers(b)) return parse_p12_in(l, b);
    l->lib = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *old = OSSL_PROVIDER_load(l->lib, "legacy");
    OSSL_PROVIDER *usual = OSSL_PROVIDER_load(l->lib, "default");
    int rc = old && usual
                 ? parse_p12_in(l, b)
                 : fail(l, "is encrypted with RC2, for which OpenSSL's legacy provider is missing",
                        uk_openssl_reason());
    if (old) OSSL_PROVIDER_unload(old);
    if (usual) OSSL_PROVIDER_unload(usual);
    OSSL_LIB_CTX_free(l->lib);
    l->lib = NULL;
    return rc;
}

/* ---- JKS ---- */

/* The password as Java digests it: UTF-16, big endian. What is no UTF-8 counts as Latin-1. */
static void put_utf16(uk_buf *out, const char *text) {
    for (const uint8_t *p = (const uint8_t *)text; *p;) {
        uint32_t c = *p++;
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
        if (more) c &= 0x3fu >> more;
        for (; more && (*p & 0xc0) == 0x80; more--) c = c << 6 | (*p++ & 0x3f);
        if (c >= 0x10000) {
            uint32_t high = 0xd800 + ((c - 0x10000) >> 10 & 0x3ff);
            uk_buf_byte(out, (uint8_t)(high >> 8));
            uk_buf_byte(out, (uint8_t)high);
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        uk_buf_byte(out, (uint8_t)(c >> 8));
        uk_buf_byte(out, (uint8_t)c);
    }
}

static void sha1(uint8_t out[UK_JKS_DIGEST], const uk_buf *password, const char *middle,
                 ukko_slice data) {
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_DigestInit_ex(md, EVP_sha1(), NULL);
    if (password->len) EVP_DigestUpdate(md, password->ptr, password->len);
    EVP_DigestUpdate(md, middle, strlen(middle));
    if (data.len) EVP_DigestUpdate(md, data.ptr, data.len);
    EVP_DigestFinal_ex(md, out, NULL);
    EVP_MD_CTX_free(md);
}

/* Takes the disguise off: a stream of digests, each of the password and the one before. */
static EVP_PKEY *unseal(ukko_slice sealed, const char *text) {
    uk_buf password = {0};
    put_utf16(&password, text ? text : "");
    size_t n = sealed.len - 2 * UK_JKS_DIGEST;
    uint8_t *plain = uk_alloc(n), mask[UK_JKS_DIGEST], check[UK_JKS_DIGEST];
    const uint8_t *in = sealed.ptr + UK_JKS_DIGEST;
    memcpy(mask, sealed.ptr, sizeof mask);
    for (size_t i = 0; i < n; i++) {
        if (i % sizeof mask == 0) sha1(mask, &password, "", (ukko_slice){mask, sizeof mask});
        plain[i] = in[i] ^ mask[i % sizeof mask];
    }
    sha1(check, &password, "", (ukko_slice){plain, n});
    const uint8_t *p = plain;
    EVP_PKEY *key = memcmp(check, in + n, sizeof check) ? NULL
                                                        : d2i_AutoPrivateKey(NULL, &p, (long)n);
    OPENSSL_cleanse(plain, n);
    OPENSSL_cleanse(password.ptr, password.len);
    uk_buf_fini(&password);
    uk_free(plain);
    return key;
}

static int take_jks_certs(loading *l, const uk_jks_entry *e, size_t number) {
    for (size_t i = 0; i < e->n_certs; i++) {
        X509 *x = read_cert(e->certs[i]);
        if (full(l)) return X509_free(x), fail(l, "has more than 10000 entries", NULL);
        uk_store_entry *c = add(l);
        c->alias = uk_strndup(e->alias.ptr, e->alias.len);
        c->cert = x;
        c->trusted = !e->key.ptr;
        if (e->key.ptr && i == 0) set_id(c, &number, sizeof number);
        if (!x)
            return fail_at(l->o, l->err, c->alias, "the certificate is malformed",
                           uk_openssl_reason());
    }
    return UKKO_OK;
}

static int take_jks_key(loading *l, const uk_jks_entry *e, size_t number) {
    const char *why;
    ukko_slice sealed;
    uk_store_entry *k = add(l);
    l->s->has_keys = true;
    k->alias = uk_strndup(e->alias.ptr, e->alias.len);
    set_id(k, &number, sizeof number);
    if (!l->o->keys) return UKKO_OK;
    if (uk_jks_sealed(e->key, &sealed, &why)) return fail(l, why, NULL);
    k->key = unseal(sealed, l->o->key_password);
    return k->key ? UKKO_OK : wrong_password(l, true, k->alias);
}

static int parse_jks(loading *l, ukko_slice b) {
    const char *why;
    uk_jks j;
    uk_jks_entry e;
    uint8_t digest[UK_JKS_DIGEST];
    uk_buf password = {0};
    int rc = uk_jks_open(&j, b, &why), more = 0;
    uk_jks look = j;
    while (!rc && (more = uk_jks_next(&look, &e, &why)) > 0) {}
    if (rc || more < 0) return fail(l, why, NULL);
    put_utf16(&password, l->o->password ? l->o->password : "");
    sha1(digest, &password, "Mighty Aphrodite", j.body);
    if (password.len) OPENSSL_cleanse(password.ptr, password.len);
    uk_buf_fini(&password);
    if (memcmp(digest, j.digest.ptr, sizeof digest)) return wrong_password(l, false, NULL);
    for (size_t i = 0; !rc && uk_jks_next(&j, &e, &why) > 0; i++) {
        if (full(l)) return fail(l, "has more than 10000 entries", NULL);
        if (e.key.ptr) rc = take_jks_key(l, &e, i);
        if (!rc) rc = take_jks_certs(l, &e, i);
    }
    return rc;
}

/* ---- PEM ---- */

static int password_cb(char *buf, int size, int rw, void *password) {
    size_t n = strlen(password);
    (void)rw;
    if (n > (size_t)size) return -1;
    memcpy(buf, password, n);
    return (int)n;
}

static EVP_PKEY *open_pkcs8(loading *l, const uint8_t *der, long n, const char *password, int *rc) {
    const X509_ALGOR *a = NULL;
    const uint8_t *p = der;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &p, n);
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *key = NULL;
    if (sealed) X509_SIG_get0(sealed, &a, NULL);
    if (sealed && !(*rc = check_rounds(l, a)))
        info = PKCS8_decrypt(sealed, password, (int)strlen(password));
    if (info) key = key_of(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    X509_SIG_free(sealed);
    return key;
}

static int take_pem_key(loading *l, const char *name, char *header, uint8_t *der, long n) {
    const char *password = l->o->key_password ? l->o->key_password : "";
    bool sealed = strstr(header, "ENCRYPTED") || !strncmp(name, "ENCRYPTED", 9);
    EVP_CIPHER_INFO cipher;
    EVP_PKEY *key = NULL;
    int rc = UKKO_OK;
    l->s->has_keys = true;
    if (!l->o->keys) return UKKO_OK;
    if (!strcmp(name, "ENCRYPTED PRIVATE KEY")) {
        key = open_pkcs8(l, der, n, password, &rc);
    } else if (PEM_get_EVP_CIPHER_INFO(header, &cipher) &&
               PEM_do_header(&cipher, der, &n, password_cb, (void *)(uintptr_t)password)) {
        const uint8_t *p = der;
        key = d2i_AutoPrivateKey(NULL, &p, n);
    }
    if (rc) return rc;
    if (!key && sealed) return wrong_password(l, true, NULL);
    if (!key) return fail(l, "has a private key that is malformed", uk_openssl_reason());
    add(l)->key = key;
    return UKKO_OK;
}

static int take_pem_cert(loading *l, uint8_t *der, long n) {
    const uint8_t *p = der;
    X509 *x = d2i_X509_AUX(NULL, &p, n);
    if (!x) return fail(l, "has a certificate that is malformed", uk_openssl_reason());
    uk_store_entry *e = add(l);
    e->cert = x;
    e->trusted = !l->o->keys;
    return UKKO_OK;
}

static int parse_pem(loading *l, ukko_slice b) {
    BIO *in = BIO_new_mem_buf(b.ptr, (int)b.len);
    char *name = NULL, *header = NULL;
    uint8_t *der = NULL;
    long n = 0;
    int rc = UKKO_OK;
    while (!rc && PEM_read_bio(in, &name, &header, &der, &n)) {
        if (full(l)) rc = fail(l, "has more than 10000 entries", NULL);
        else if (strstr(name, "PRIVATE KEY")) rc = take_pem_key(l, name, header, der, n);
        else if (!strcmp(name, "CERTIFICATE") || !strcmp(name, "TRUSTED CERTIFICATE") ||
                 !strcmp(name, "X509 CERTIFICATE"))
            rc = take_pem_cert(l, der, n);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)(n > 0 ? n : 0));
    }
    if (!rc && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        rc = fail(l, "has a PEM section that is malformed", uk_openssl_reason());
    ERR_clear_error();
    BIO_free(in);
    return rc;
}

/* ---- all of them ---- */

static int parse_any(loading *l, ukko_slice b) {
    if (!b.len) return fail(l, "is empty", NULL);
    if (b.len > UK_STORE_BYTES) return fail(l, "is larger than 8 MiB", NULL);
    if (uk_jks_is(b)) return parse_jks(l, b);
    if (b.len >= 4 && !memcmp(b.ptr, "\xce\xce\xce\xce", 4))
        return fail(l, "is a JCEKS store; convert it with: keytool -importkeystore -deststoretype "
                       "pkcs12", NULL);
    if (memmem(b.ptr, b.len, "-----BEGIN ", 11)) return parse_pem(l, b);
    return parse_p12(l, b);
}

int uk_keystore_parse(uk_keystore *s, ukko_slice b, const uk_keystore_opts *o, ukko_error *err) {
    loading l = {.s = s, .o = o, .err = err};
    *s = (uk_keystore){0};
    ERR_clear_error();
    int rc = parse_any(&l, b);
    if (!rc && !s->n && o->keys) rc = fail(&l, "holds neither a key nor a certificate", NULL);
    for (size_t i = 0; i < s->n; i++) s->has_marks |= s->entries[i].cert && s->entries[i].trusted;
    return rc;
}

static int read_file(const loading *l, const char *path, uk_buf *out) {
    FILE *f = fopen(path, "rbe");
    struct stat st;
    if (!f) return fail(l, "cannot be opened", strerror(errno));
    if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > UK_STORE_BYTES) {
        bool regular = S_ISREG(st.st_mode);
        fclose(f);
        return fail(l, regular ? "is larger than 8 MiB" : "is no file", NULL);
    }
    uk_buf_reserve(out, (size_t)st.st_size + 1); /* in one piece: nothing is left behind */
    out->len += fread(out->ptr + out->len, 1, (size_t)st.st_size, f);
    int bad = ferror(f);
    fclose(f);
    return bad ? fail(l, "cannot be read", NULL) : UKKO_OK;
}

/* A folder with the files that Kubernetes mounts for a secret of type tls. */
static int read_folder(const loading *l, uk_buf *out) {
    static const char *const names[2][2] = {{"ca.crt", NULL}, {"tls.crt", "tls.key"}};
    int rc = UKKO_OK;
    for (int i = 0; i < 2 && !rc && names[l->o->keys][i]; i++) {
        char *path = uk_format("%s/%s", l->o->path, names[l->o->keys][i]);
        rc = read_file(l, path, out);
        uk_buf_byte(out, '\n');
        uk_free(path);
    }
    return rc;
}

int uk_keystore_load(uk_keystore *s, const uk_keystore_opts *o, ukko_error *err) {
    loading l = {.s = s, .o = o, .err = err};
    struct stat st;
    uk_buf b = {0};
    *s = (uk_keystore){0};
    bool folder = !stat(o->path, &st) && S_ISDIR(st.st_mode);
    int rc = folder ? read_folder(&l, &b) : read_file(&l, o->path, &b);
    if (!rc) rc = uk_keystore_parse(s, uk_buf_slice(&b), o, err);
    if (b.len) OPENSSL_cleanse(b.ptr, b.len);
    uk_buf_fini(&b);
    return rc;
}

/* ---- what a store is good for ---- */

static bool same_id(const uk_store_entry *a, const uk_store_entry *b) {
    return a->id_len && a->id_len == b->id_len && !memcmp(a->id, b->id, a->id_len);
}

/* By the id that the two share; a store without ids: the certificate of the same public key. */
static X509 *own_certificate(const uk_keystore *s, const uk_store_entry *k, bool *mismatch) {
    X509 *first = NULL, *found = NULL;
    *mismatch = false;
    for (size_t i = 0; i < s->n; i++) {
        const uk_store_entry *c = &s->entries[i];
        if (!c->cert) continue;
        if (!first) first = c->cert;
        if (same_id(k, c)) {
            *mismatch = !X509_check_private_key(c->cert, k->key);
            return c->cert;
        }
        if (!found && X509_check_private_key(c->cert, k->key)) found = c->cert;
    }
    *mismatch = !found && first;
    return found ? found : first;
}

static X509 *issuer_of(const uk_keystore *s, X509 *cert) {
    for (size_t i = 0; i < s->n; i++) {
        X509 *x = s->entries[i].cert;
        if (x && x != cert && X509_check_issued(x, cert) == X509_V_OK) return x;
    }
    return NULL;
}

/* A certificate that is too old, or too young, is shown all the same: others may not look at the date,
   or at the certificate at all. */
static void judge_dates(const uk_keystore_opts *o, const uk_store_entry *e, const X509 *cert,
                        uk_buf *notes) {
    char name[256], date[64] = "?";
    bool early = X509_cmp_current_time(X509_get0_notBefore(cert)) > 0;
    bool late = X509_cmp_current_time(X509_get0_notAfter(cert)) < 0;
    if (!notes || (!early && !late)) return;
    BIO *out = BIO_new(BIO_s_mem());
    ASN1_TIME_print(out, early ? X509_get0_notBefore(cert) : X509_get0_notAfter(cert));
    int n = BIO_read(out, date, sizeof date - 1);
    date[n > 0 ? n : 0] = 0;
    BIO_free(out);
    uk_buf_printf(notes, "%s.key-store: \"%s\": alias \"%s\": the certificate %s: %s, %s %s\n",
                  o->section, o->path, e->alias ? e->alias : "(none)",
                  early ? "is not valid yet" : "has expired", uk_subject_text(cert, name, 100),
                  early ? "from" : "on", date);
}

int uk_keystore_identity(const uk_keystore *s, size_t i, const uk_keystore_opts *o, X509 **cert,
                         STACK_OF(X509) **chain, uk_buf *notes, ukko_error *err) {
    const uk_store_entry *k = &s->entries[i];
    char name[256];
    bool mismatch;
    *chain = sk_X509_new_null();
    *cert = own_certificate(s, k, &mismatch);
    ERR_clear_error();
    if (!*cert) return fail_at(o, err, k->alias, "the key has no certificate", NULL);
    if (mismatch)
        return fail_at(o, err, k->alias, "the key does not belong to the certificate",
                       uk_subject_text(*cert, name, sizeof name));
    judge_dates(o, k, *cert, notes);
    for (X509 *x = *cert; sk_X509_num(*chain) < MAX_CHAIN;) {
        if (X509_check_issued(x, x) == X509_V_OK || !(x = issuer_of(s, x))) break;
        judge_dates(o, k, x, notes);
        sk_X509_push(*chain, x);
    }
    ERR_clear_error();
    return UKKO_OK;
}

bool uk_keystore_is_anchor(const uk_keystore *s, size_t i) {
    const uk_store_entry *e = &s->entries[i];
    if (!e->cert) return false;
    if (e->trusted) return true;
    bool of_key = false;
    for (size_t k = 0; k < s->n && s->has_keys && !of_key; k++)
        of_key = !s->entries[k].cert && same_id(&s->entries[k], e);
    return of_key || (!s->has_marks && !s->has_keys);
}
