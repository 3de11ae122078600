/* SPDX-License-Identifier: Apache-2.0 */
/* What the files tls*.c share. */
#ifndef UK_NET_TLS_INTERNAL_H
#define UK_NET_TLS_INTERNAL_H
#include "net/keystore.h"
#include "net/tls.h"
#include <openssl/ssl.h>
#include <stdatomic.h>

struct uk_tls {
    _Atomic unsigned refs; /* the owner's and one a filter; relaxed up, acq_rel down */
    SSL_CTX *client, *server;
    bool verify_host;
    int key_log; /* a descriptor, -1: none; shared by both contexts */
};

/* tls_suites.c: `protocol` and `enabled-algorithms`. */
int uk_tls_use_protocol(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err);
int uk_tls_use_suites(SSL_CTX *ctx, const uk_tls_opts *o, uk_buf *notes, ukko_error *err);
/* tls_filter.c: a handshake of the two contexts with one another, in memory. Certificates are not
   judged; notes hears whether they would be. */
int uk_tls_self_test(uk_tls *t, const uk_tls_opts *o, uk_buf *notes, ukko_error *err);
#endif
