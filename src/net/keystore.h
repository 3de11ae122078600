/* SPDX-License-Identifier: Apache-2.0 */
/* Key and trust stores: PKCS#12 as keytool and openssl write it, JKS, PEM, and folders as Kubernetes
   mounts them (tls.crt and tls.key, ca.crt). Everything is bounded: size, entries, rounds of key
   derivation. For src/net only. Runs on the thread that loads the keys. */
#ifndef UK_NET_KEYSTORE_H
#define UK_NET_KEYSTORE_H
#include "base/buf.h"
#include <openssl/x509.h>

enum {
    UK_STORE_BYTES = 8 << 20,
    UK_STORE_ENTRIES = 10000,
    UK_STORE_ROUNDS = 5000000, /* of key derivation; keytool takes 10000 */
    UK_STORE_ID = 32
};

typedef struct uk_store_entry {
    char *alias;       /* NULL: it has none */
    uint8_t id[UK_STORE_ID]; /* what a key and its certificate have in common */
    size_t id_len;
    EVP_PKEY *key; /* NULL: a certificate */
    X509 *cert;
    bool trusted; /* marked as an anchor */
} uk_store_entry;

typedef struct uk_keystore {
    uk_store_entry *entries;
    size_t n, cap;
    bool has_keys; /* also when they were not opened */
    bool has_marks; /* certificates that are marked as trusted */
} uk_keystore;

typedef struct uk_keystore_opts {
    const char *path, *password; /* NULL: none */
    const char *key_password;    /* of the keys; only with keys */
    bool keys;                   /* a key store; else a trust store, whose keys stay closed */
    const char *section;         /* put before the names of settings in errors */
} uk_keystore_opts;

/* UKKO_ETLS: err names the setting, the file, the alias, and what is wrong. s is to be ended in any
   case. */
int uk_keystore_load(uk_keystore *s, const uk_keystore_opts *opts, ukko_error *err);
/* The same from the bytes of a file that was read. */
int uk_keystore_parse(uk_keystore *s, ukko_slice bytes, const uk_keystore_opts *opts,
                      ukko_error *err);
void uk_keystore_fini(uk_keystore *s);

/* The certificate of key entry i, and the chain above it from the same store (owned, also when
   empty). UKKO_ETLS: none, or not its own. One that has expired, or is not valid yet, is a line in
   notes (NULL: nobody asks). */
int uk_keystore_identity(const uk_keystore *s, size_t i, const uk_keystore_opts *opts, X509 **cert,
                         STACK_OF(X509) **chain, uk_buf *notes, ukko_error *err);
/* Is entry i an authority that this store vouches for? As Java has it: marked certificates and those
   of keys; in a store without either all of them. */
bool uk_keystore_is_anchor(const uk_keystore *s, size_t i);
/* "CN=node1,O=x" (RFC 2253). Gives buf. */
const char *uk_subject_text(const X509 *cert, char *buf, size_t len);
/* The reason of the oldest failure of OpenSSL on this thread; forgets all of them. */
const char *uk_openssl_reason(void);
#endif
