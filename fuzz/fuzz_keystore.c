/* SPDX-License-Identifier: Apache-2.0 */
/* Key stores: whatever a file holds, reading it gives entries that hold together or an error in words.
   Input: a byte of how, then the file. With bit 0 the digest at the end of a JKS file is made right
   first, so that what lies before it is looked at. One thread. */
#include "net/jks.h"
#include "net/keystore.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 << 10 };

static void check(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_keystore: %s\n", what);
    abort();
}

static void sign(uint8_t *file, size_t n) {
    static const char password[] = "changeme", salt[] = "Mighty Aphrodite";
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_DigestInit_ex(c, EVP_sha1(), NULL);
    for (const char *p = password; *p; p++) EVP_DigestUpdate(c, (const uint8_t[]){0, (uint8_t)*p}, 2);
    EVP_DigestUpdate(c, salt, sizeof salt - 1);
    EVP_DigestUpdate(c, file, n - UK_JKS_DIGEST);
    EVP_DigestFinal_ex(c, digest, NULL);
    EVP_MD_CTX_free(c);
    memcpy(file + n - UK_JKS_DIGEST, digest, UK_JKS_DIGEST);
}

/* Each view that is given lies in the file. */
static void cut(ukko_slice file) {
    uk_jks j;
    uk_jks_entry e;
    const char *why = NULL;
    int rc = uk_jks_open(&j, file, &why);
    check(!rc || (why && *why), "an error without words");
    for (int n = 0; !rc && (rc = uk_jks_next(&j, &e, &why)) == 1; n++) {
        check(n < UK_JKS_ENTRIES && e.n_certs <= UK_JKS_CHAIN, "more entries than allowed");
        for (size_t i = 0; i < e.n_certs; i++)
            check(e.certs[i].ptr >= file.ptr && e.certs[i].ptr + e.certs[i].len <= file.ptr + file.len,
                  "a certificate outside of the file");
        ukko_slice sealed;
        if (e.key.ptr) (void)!uk_jks_sealed(e.key, &sealed, &why);
        rc = 0;
    }
}

static void look(const uk_keystore *s, const uk_keystore_opts *o) {
    char text[300];
    check(s->n <= UK_STORE_ENTRIES, "more entries than allowed");
    for (size_t i = 0; i < s->n; i++) {
        const uk_store_entry *e = &s->entries[i];
        X509 *cert = NULL;
        STACK_OF(X509) *chain = NULL;
        ukko_error err = {0};
        check(!o->keys || e->key || e->cert, "an entry of nothing");
        if (e->cert) check(strlen(uk_subject_text(e->cert, text, sizeof text)) < sizeof text, "a subject");
        (void)uk_keystore_is_anchor(s, i);
        if (!e->key) continue;
        int rc = uk_keystore_identity(s, i, o, &cert, &chain, NULL, &err);
        check(rc ? err.message[0] != 0 : cert != NULL, "an identity of nothing");
        sk_X509_pop_free(chain, X509_free);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > MOST) return 0;
    size_t n = size - 1;
    uint8_t *file = malloc(n);
    if (!file) abort();
    memcpy(file, data + 1, n);
    ukko_slice bytes = {file, n};
    if (data[0] & 1 && uk_jks_is(bytes) && n >= 12 + UK_JKS_DIGEST) sign(file, n);
    if (uk_jks_is(bytes)) cut(bytes);
    uk_keystore_opts o = {.path = "store", .password = data[0] & 2 ? NULL : "changeme",
                          .key_password = "changeme", .keys = data[0] & 4, .section = "fuzz"};
    uk_keystore s = {0};
    ukko_error err = {0};
    int rc = uk_keystore_parse(&s, bytes, &o, &err);
    check(!rc || err.message[0], "an error without words");
    if (!rc) look(&s, &o);
    uk_keystore_fini(&s);
    free(file);
    return 0;
}
