/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a byte filter of a stream: key material is loaded and checked once, then each connection
   gets a filter of its own. The only door to OpenSSL. uk_tls is constant after it was made and may
   be used on any thread; a filter belongs to the loop's thread. */
#ifndef UK_NET_TLS_H
#define UK_NET_TLS_H
#include "net/stream.h"

typedef struct uk_tls uk_tls;
/* The program's last word on an SSL_CTX; negative refuses it. */
typedef int (*uk_tls_hook_fn)(void *data, void *ssl_ctx, bool server);

typedef struct uk_tls_opts {
    /* "pekko.remote.classic.netty.ssl.security": put before settings in errors */
    const char *section;
    const char *key_store, *key_store_password, *key_password; /* PKCS#12, JKS, PEM or a folder */
    const char *trust_store, *trust_store_password;
    const char *protocol; /* "TLSv1.2", "TLSv1.3", or "TLS" for both */
    char **suites;        /* by Java (IANA) or OpenSSL name */
    size_t n_suites;
    bool mutual; /* a server asks for the client's certificate */
    bool verify_host; /* a client compares the server's certificate with the name it connects to */
    const char *key_log; /* a file that gets the session secrets, for a protocol analyser; or NULL */
    uk_tls_hook_fn hook; /* may be NULL */
    void *hook_data;
} uk_tls_opts;

/* UKKO_ETLS or UKKO_ECONFIG: err names the setting, the file, the alias and what is wrong. What is
   odd but not fatal is put into `notes`, a line each. *out is owned. */
int uk_tls_new(uk_tls **out, const uk_tls_opts *opts, uk_buf *notes, ukko_error *err);
bool uk_tls_has_key(const uk_tls *t); /* can it be a server? */
void uk_tls_free(uk_tls *t); /* NULL is fine; filters that are left go on */
/* Owned; uk_stream_set_filter() takes it. host: whom a client connects to, or NULL. */
uk_filter *uk_tls_filter(uk_tls *t, bool server, const char *host);
/* [loop] Before uk_stream_set_filter(): the stream that it will be of, if within other filters, too. */
void uk_tls_filter_attach(uk_filter *f, uk_loop *loop, uk_stream *s);
/* [loop] The names in the certificate of the other side, once it is up: the subject as "CN=a,O=b",
   then the alternative ones as "DNS:a", "IP:1.2.3.4", "URI:x". false when each() gave false, or there
   is no certificate. */
bool uk_tls_each_name(uk_filter *f, bool (*each)(void *data, const char *name), void *data);
/* Does a name have this form? '*' stands for any run of characters. Any thread. */
bool uk_tls_name_matches(const char *pattern, const char *name);
#endif
