/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `ukko doctor` share: an examination of one target, and its findings. Main
   thread. */
#ifndef DOCTOR_H
#define DOCTOR_H
#include "probe.h"
#include "tls_link.h"

typedef enum verdict { FINE, WARN, FAIL, SKIPPED } verdict;

typedef struct exam {
    cli *c;
    target t;
    ukko_config *config; /* --config and -D; NULL: none */
    own_system own;      /* --as */
    bool as;             /* it was given */
    tls_material keys;
    tls_setup *tls; /* for connections; NULL: plain */
    probe p;
    verdict worst;
    cli_exit status; /* of the first failure */
    bool untrusted, replies;
    char own_issuer[256]; /* of the own certificate; "" without one */
    bool own_bad;         /* it is not valid now */
    json_t *fixes;        /* for --fix-hints: ["here" or "peer", line] */
} exam;

typedef struct finding {
    const char *check;
    verdict verdict;
    cli_exit status;   /* FAIL: what the command ends with */
    const char *code;  /* for programs; NULL: when it is fine */
    const char *where; /* to change something: "here", "peer"; NULL: nothing to change */
    const char *fix;   /* the line of configuration, or what to do; NULL: none */
} finding;

void find(exam *e, const finding *f, const char *format, ...) UKKO_PRINTF(3, 4);
/* A connection to the target, with TLS when the exam has it. */
bool exam_connect(exam *e, channel *ch, int64_t deadline);
/* A probe that calls itself own (a fresh identity, when as is false), with a listener where it can
   have one; connected. */
bool exam_probe(exam *e, probe *p, bool as, int64_t deadline);
int64_t exam_deadline(const exam *e);

bool exam_tls(exam *e);     /* doctor_tls.c; false: no use to go on */
bool exam_refused(exam *e, const tls_link *l); /* was this side's certificate? Then it is found */
void exam_replies(exam *e); /* doctor_reply.c */
void exam_frames(exam *e);
void exam_reverse(exam *e);
#define CLASSIC  "pekko.remote.classic."
#define SECURITY CLASSIC "netty.ssl.security."
#endif
