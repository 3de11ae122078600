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
    BIO_METHOD *io; /* between OpenSSL and the bytes of a filter; see tls_io.c */
    bool verify_host;
    int key_log; /* a descriptor, -1: none; shared by both contexts */
};

/* tls_io.c: OpenSSL reads from bytes that lie where they came in, and writes to the end of a buffer. */
typedef struct uk_tls_io {
    ukko_slice in; /* borrowed: what is to be read */
    uk_buf rest;   /* what was not, the last time */
    size_t rest_at;
    uk_buf *out;   /* borrowed; NULL: to late */
    uk_buf late;
} uk_tls_io;
BIO_METHOD *uk_tls_io_method(void);                /* owned */
BIO *uk_tls_io_new(BIO_METHOD *method, uk_tls_io *io); /* io outlives it */
/* Bytes that came in: they are borrowed until uk_tls_io_end(), which keeps what was not read. */
void uk_tls_io_begin(uk_tls_io *io, const void *bytes, size_t n, uk_buf *out);
void uk_tls_io_end(uk_tls_io *io);
void uk_tls_io_fini(uk_tls_io *io);
/* tls_suites.c: `protocol` and `enabled-algorithms`. */
int uk_tls_use_protocol(SSL_CTX *ctx, const uk_tls_opts *o, ukko_error *err);
int uk_tls_use_suites(SSL_CTX *ctx, const uk_tls_opts *o, uk_buf *notes, ukko_error *err);
/* tls_filter.c: looks at who the client is. */
int uk_tls_on_hello(SSL *ssl, int *alert, void *data);
/* tls_filter.c: a handshake of the two contexts with one another, in memory. Certificates are not
   judged; notes hears whether they would be. */
int uk_tls_self_test(uk_tls *t, const uk_tls_opts *o, uk_buf *notes, ukko_error *err);
#endif
