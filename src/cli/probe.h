/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with a node by single frames, without a system: who is there, under which names does
   it answer, and on which way. Main thread. */
#ifndef PROBE_H
#define PROBE_H
#include "channel.h"
#include <ukko/wire.h>

enum { PROBE_MAX_FRAME = 64 << 20 };

typedef struct identity { /* where a system says it lives */
    char system[256], host[256], protocol[24];
    uint16_t port;
    int32_t uid;
} identity;

typedef enum outcome {
    OUT_YES,        /* what was waited for has come */
    OUT_NOBODY,     /* ActorIdentity without a reference */
    OUT_SILENCE,    /* nothing in time */
    OUT_CLOSED,     /* the connection was closed without a word */
    OUT_STRANGE,    /* what came is no frame, or no PDU of classic remoting */
    OUT_LEFT,       /* DISASSOCIATE */
    OUT_SHUTDOWN,   /* DISASSOCIATE_SHUTTING_DOWN */
    OUT_QUARANTINED /* DISASSOCIATE_QUARANTINED */
} outcome;

typedef struct probe {
    identity self, peer;
    const char *name; /* "pekko" or "akka": what addresses begin with */
    channel ch;
    int listener;                     /* -1: none; for peers that dial back */
    channel back;                     /* the connection of such a peer */
    bool dialled_back, answered_back; /* it did; the last answer came that way */
    int64_t back_ns;                  /* when it did */
    int questions;
    char ref[700];  /* of the last ActorIdentity; "" when it had none */
    char first[32]; /* the first bytes that were strange */
    size_t n_first;
} probe;

void probe_init(probe *p); /* a random uid, system "ukko-probe", protocol tcp */
/* ASSOCIATE there and back; p->peer is filled. */
outcome probe_handshake(probe *p, int64_t deadline);
typedef enum way { HOW_DIRECT, HOW_SELECTION, HOW_HEARTBEAT } way;
/* Asks the actor at path ("/user") of the system at (name of p)://system@host:port to identify
   itself, directly or through a selection; HOW_HEARTBEAT: a heartbeat of death watch. *ns: until the
   answer. */
outcome probe_ask(probe *p, const identity *to, const char *path, way how, int64_t deadline,
                  int64_t *ns);
/* A heartbeat in a frame of size bytes, header included; peers skip what pads it. */
bool probe_padded(probe *p, size_t size, int64_t deadline);
void probe_close(probe *p); /* with DISASSOCIATE_SHUTTING_DOWN: the peer does not gate us loudly */
/* "pekko.tcp://system@host:port" */
void identity_print(const identity *i, const char *name, char *buf, size_t len);
#endif
