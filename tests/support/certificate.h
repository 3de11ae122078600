/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a certificate of 127.0.0.1 that signs itself, and its key, in one file of PEM. Set-up and
   tear-down of a group of tests. */
#ifndef TESTS_SUPPORT_CERTIFICATE_H
#define TESTS_SUPPORT_CERTIFICATE_H
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[200], pem[240];
static EVP_PKEY *key;
static X509 *cert;

static int make_certificate(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ukko-test-tls-%d", (int)getpid());
    snprintf(pem, sizeof pem, "%s/both.pem", dir);
    if (mkdir(dir, 0700)) return -1;
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"test", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    if (!X509_sign(cert, key, EVP_sha256())) return -1;
    FILE *f = fopen(pem, "w");
    bool ok = f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && PEM_write_X509(f, cert);
    return f && !fclose(f) && ok ? 0 : -1;
}
static int remove_certificate(void **state) {
    (void)state;
    X509_free(cert);
    EVP_PKEY_free(key);
    return unlink(pem) | rmdir(dir);
}
#endif
