/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a byte filter of a stream: key material is loaded and checked once, then each connection
   gets a filter of its own. The only door to OpenSSL. uk_tls is constant after it was made and may
   be used on any thread; a filter belongs to the loop's thread. */
#ifndef UK_NET_TLS_H
#define UK_NET_TLS_H
#include "net/stream.h"

typedef struct uk_tls uk_tls;

typedef struct uk_tls_opts {
    const char
        *section; /* "pekko.remote.classic.netty.ssl.security": put before settings in errors */
    const char *key_store, *key_store_password, *key_password; /* PKCS#12 or PEM */
    const char *trust_store, *trust_store_password;
    const char *protocol; /* "TLSv1.2", "TLSv1.3", or "TLS" for both */
    char **suites;        /* by Java (IANA) name */
    size_t n_suites;
    bool mutual; /* a server asks for the client's certificate */
} uk_tls_opts;

/* UKKO_ETLS: err names the setting, the file and what is wrong with it. *out is owned. */
int uk_tls_new(uk_tls **out, const uk_tls_opts *opts, ukko_error *err);
void uk_tls_free(uk_tls *t); /* NULL is fine */
uk_filter *uk_tls_filter(uk_tls *t, bool server); /* owned; uk_stream_set_filter() takes it */
#endif
