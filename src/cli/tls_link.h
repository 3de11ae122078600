/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of tools: a client (or server) that goes on where a node would stop, and tells all that it saw.
   Main thread. */
#ifndef TLS_LINK_H
#define TLS_LINK_H
#include "channel.h"

/* What the command line, or a configuration, says about keys. Any may be NULL. */
typedef struct tls_material {
    const char *cert, *key, *ca;       /* PEM files; key NULL: it is in cert */
    const char *keystore, *truststore; /* PKCS#12 or PEM files */
    const char *keystore_password, *key_password, *truststore_password;
    const char *keylog;  /* file to append to */
    const char *ciphers; /* IANA names, with blanks between; NULL: all */
    int least, most;     /* 12, 13; 0: no limit */
} tls_material;

/* What is wrong with the certificate of the other side, or with TLS at all. */
typedef enum tls_fault {
    TLS_FINE,
    TLS_NO_TLS,         /* what came is no TLS */
    TLS_CLOSED,         /* closed without a word */
    TLS_SILENT,         /* nothing came in time */
    TLS_VERSION,        /* no version in common */
    TLS_CIPHER,         /* no cipher suite in common */
    TLS_CLIENT_CERT,    /* it wants a certificate of ours, and got none */
    TLS_CLIENT_REFUSED, /* it does not accept the one that it got */
    TLS_OTHER
} tls_fault;

enum { TLS_NAMES = 600 };

struct tls_report {
    tls_fault fault;
    char detail[300]; /* of the fault */
    int alert;        /* that told it; 0: none */
    char version[16], cipher[64];
    bool spoke;    /* what answered is TLS */
    bool asked;    /* the other side asked for a certificate */
    bool had_own;  /* and there was one to show */
    bool verified; /* there was something to verify with */
    long verify;   /* code of OpenSSL, 0: fine */
    char verify_text[200];
    bool expired, early, self_signed, untrusted; /* what verify stands for */
    bool name_fits; /* the certificate is for the host that was dialled */
    char subject[256], issuer[256], names[TLS_NAMES];
    int64_t not_before, not_after; /* seconds since 1970 */
    char *chain_pem;               /* what it sent; free() */
};

/* NULL: why says what is wrong. Owned: tls_setup_free(). */
tls_setup *tls_setup_new(const tls_material *m, bool server, char *why, size_t len);
void tls_setup_free(tls_setup *s);
/* Subject, issuer and dates of the own certificate; false: there is none. */
bool tls_setup_own(const tls_setup *s, tls_report *r);
/* Shakes hands as client of host (NULL: as server). NULL: report->fault. */
tls_link *tls_link_open(int fd, tls_setup *s, const char *host, int64_t deadline,
                        tls_report *report);
bool tls_link_send(tls_link *l, const void *bytes, size_t len, int64_t deadline);
ssize_t tls_link_receive(tls_link *l, void *to, size_t len, int64_t deadline); /* CHANNEL_... */
/* In TLS 1.3 what the peer thinks of our certificate is heard of behind the handshake, by a receive
   that fails: true, with fault and detail of *r, when that was so. */
bool tls_link_refused(const tls_link *l, tls_report *r);
void tls_link_free(tls_link *l);
void tls_report_fini(tls_report *r);
/* For ukko_remote_tls_hook(): notes what the connections that a system makes have agreed upon. */
int tls_watch(void *unused, void *ssl_ctx, bool server);
/* Of the last of them: version, cipher and certificate of the peer; false: there was none. Any thread. */
bool tls_watched(tls_report *r);
const char *tls_fault_name(tls_fault f); /* for programs: "TLS_VERSION" */
#endif
