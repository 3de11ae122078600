/* SPDX-License-Identifier: Apache-2.0 */
/* The structure of Java's JKS key stores: entries as views of the file's bytes, cut with bounds and
   without memory of its own. Digests and keys are for the caller. Pure; any thread. */
#ifndef UK_NET_JKS_H
#define UK_NET_JKS_H
#include <stdbool.h>
#include <ukko/base.h>

enum { UK_JKS_CHAIN = 16, UK_JKS_ENTRIES = 10000, UK_JKS_DIGEST = 20 };

typedef struct uk_jks {
    ukko_slice body;   /* what the digest at the end is about */
    ukko_slice digest; /* SHA-1 of password, "Mighty Aphrodite" and body */
    ukko_slice rest;
    uint32_t version, left;
} uk_jks;

typedef struct uk_jks_entry {
    ukko_slice alias; /* modified UTF-8 */
    ukko_slice key;   /* EncryptedPrivateKeyInfo; ptr NULL: a trusted certificate */
    ukko_slice certs[UK_JKS_CHAIN]; /* DER; the first belongs to the key */
    size_t n_certs;
} uk_jks_entry;

bool uk_jks_is(ukko_slice file);
/* UKKO_EPARSE, and *why says in words what is wrong. */
int uk_jks_open(uk_jks *j, ukko_slice file, const char **why);
/* 1: *e is the next entry; 0: no more; UKKO_EPARSE as above. */
int uk_jks_next(uk_jks *j, uk_jks_entry *e, const char **why);
/* What a key entry is wrapped in: gives the encrypted bytes when the algorithm is Java's own
   (1.3.6.1.4.1.42.2.17.1.1): salt of 20, the key in disguise, digest of 20. */
int uk_jks_sealed(ukko_slice key, ukko_slice *sealed, const char **why);
#endif
