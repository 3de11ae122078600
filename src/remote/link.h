/* SPDX-License-Identifier: Apache-2.0 */
/* The link to one remote address as a state machine: what the endpoint manager of Pekko keeps in its
   registry, and the supervisor of its writer, in one. It is told what happened and what time it is;
   it answers with a list of actions. Connections are opaque. Pure; runs on the I/O thread. */
#ifndef UK_REMOTE_LINK_H
#define UK_REMOTE_LINK_H
#include "remote/protocol.h"
#include <ukko/link.h>

typedef enum uk_link_state {
    UK_LINK_NONE,        /* never talked, or forgotten */
    UK_LINK_CONNECTING,  /* a connect or its handshake is under way; messages are kept */
    UK_LINK_OPEN,        /* there is a connection to write on */
    UK_LINK_FAILED,      /* the supervisor's gate: system messages are kept, others are dead */
    UK_LINK_IDLE,        /* a supervisor without connection; the next message connects */
    UK_LINK_GATED,       /* the manager's gate: all messages are dead */
    UK_LINK_QUARANTINED, /* a message makes one connect that refuses the quarantined uid */
    UK_LINK_STATES
} uk_link_state;

typedef enum uk_link_event_kind {
    UK_LINK_WANTED,     /* there is something to send */
    UK_LINK_CONNECTED,  /* our handshake is done: conn, uid */
    UK_LINK_REFUSED,    /* our connect or handshake failed: end, text */
    UK_LINK_INBOUND,    /* a peer has shaken hands with us: conn, uid */
    UK_LINK_LOST,       /* an adopted or parked connection has ended: conn, end, text */
    UK_LINK_BROKEN,     /* what came in on conn cannot be handled; it is still open: text */
    UK_LINK_HOPELESS,   /* reliable delivery is not possible any more: text */
    UK_LINK_QUARANTINE, /* asked for: has_uid, uid, text */
    UK_LINK_CLEAR,      /* asked for: the quarantine of uid, or with !has_uid whatever there is, ends */
    UK_LINK_TIME,       /* uk_link_deadline() is over */
    UK_LINK_EVENTS
} uk_link_event_kind;

typedef struct uk_link_event {
    uk_link_event_kind kind;
    void *conn;
    bool has_uid;
    int32_t uid;
    uk_proto_end end;
    int32_t reason; /* ukko_link_reason; 0: what follows from kind and end */
    const char *text;
} uk_link_event;

typedef enum uk_link_do {
    UK_DO_CONNECT,   /* open a connection; refuse uid when has_uid */
    UK_DO_ABANDON,   /* give the connect that is under way up */
    UK_DO_WRITE,     /* conn becomes the one to write on; what is kept goes out; uid */
    UK_DO_READ,      /* conn is only read (uid) */
    UK_DO_END,       /* say goodbye with pdu on conn and close it; no UK_LINK_LOST follows */
    UK_DO_RESET,     /* it is this uid: if it was another, forget its numbers and messages; has_uid:
                        what came of it before may come again */
    UK_DO_RESTART,   /* this uid is over: what was not acked is dead (text), numbers begin anew */
    UK_DO_PART,      /* one refuses the other: what was not acked is dead (text) on both sides */
    UK_DO_UNACKED,   /* what was not acked is dead (text), the numbers go on */
    UK_DO_RESEND,    /* write what was not acked again */
    UK_DO_BURY,      /* messages that wait are dead (text) */
    UK_DO_EVENT,     /* publish event */
    UK_DO_LOG        /* write log */
} uk_link_do;

typedef enum uk_link_news {
    UK_NEWS_ASSOCIATED,    /* inbound, uid */
    UK_NEWS_DISASSOCIATED, /* inbound, uid */
    UK_NEWS_ERROR,         /* level, error, inbound */
    UK_NEWS_QUARANTINED,   /* uid, text */
    UK_NEWS_THIS_QUARANTINED,
    UK_NEWS_GATED          /* text, and cause or NULL; until the link's `until` */
} uk_link_news;

typedef enum uk_link_error { /* of UK_NEWS_ERROR, and of what is logged of it */
    UK_LINK_ERROR_NONE,
    UK_LINK_ERROR_FAILED,   /* an attempt came to nothing */
    UK_LINK_ERROR_BROKEN,   /* what came in could not be handled */
    UK_LINK_ERROR_SHUT,     /* the remote system shuts down */
    UK_LINK_ERROR_INVALID   /* one of the two refuses the other */
} uk_link_error;

typedef enum uk_link_log {
    UK_LINK_LOG_GATED,          /* association failed, gated; text: reason, cause; error, if an attempt */
    UK_LINK_LOG_INVALID,        /* tried to associate with an unreachable address; text */
    UK_LINK_LOG_SHUTDOWN,       /* the remote system has shut down */
    UK_LINK_LOG_HOPELESS,       /* irrecoverably failed, quarantining; uid, text */
    UK_LINK_LOG_HOPELESS_GATED, /* the same with unknown uid */
    UK_LINK_LOG_KEPT,           /* still unreachable, keeping it quarantined */
    UK_LINK_LOG_NO_UID,         /* reported as quarantined without uid, gating */
    UK_LINK_LOG_QUARANTINED,    /* uid, text */
    UK_LINK_LOG_CLEARED         /* uid */
} uk_link_log;

typedef struct uk_link_action {
    uk_link_do what;
    void *conn;
    bool has_uid, inbound;
    int32_t uid;
    uk_pdu_kind pdu;
    uk_link_news news;
    uk_link_error error;
    uk_link_log log;
    ukko_log_level level;
    int32_t reason;           /* ukko_link_reason of all of this step */
    const char *text, *cause; /* live as long as the event's text */
} uk_link_action;

enum { UK_LINK_ACTIONS = 96, UK_LINK_PARKED = 4 };
typedef struct uk_link_actions {
    size_t n;
    uk_link_action list[UK_LINK_ACTIONS];
} uk_link_actions;

typedef struct uk_link_settings {
    int64_t gate_ms;       /* retry-gate-closed-for */
    int64_t quarantine_ms; /* prune-quarantine-marker-after */
    int64_t silence_ms;    /* quarantine-after-silence; 0: off */
    int64_t give_up_ms;    /* initial-system-message-delivery-timeout */
    bool passive;          /* use-passive-connections */
} uk_link_settings;

typedef struct uk_parked {
    void *conn;
    int32_t uid;
} uk_parked;

typedef struct uk_link {
    const uk_link_settings *set;
    uk_link_state state;
    int64_t until; /* FAILED, GATED, QUARANTINED: the end of it; IDLE: when silence is too long */
    int64_t since;     /* when the state began */
    int32_t reason;    /* ukko_link_reason of the last failure; 0 again when it opens */
    bool uid_known;    /* of the incarnation this link is to; QUARANTINED: the refused one */
    int32_t uid;
    bool refuse;       /* outlives the other states */
    int32_t refuse_uid;
    int64_t refuse_until;
    void *writer, *reader;
    bool writer_inbound;
    int32_t reader_uid;
    uk_parked parked[UK_LINK_PARKED];
    size_t n_parked;
    bool reached;       /* kept by the owner: the peer may have seen our attempt */
    bool unacked;       /* kept by the owner: system messages wait for an ack */
    int64_t give_up_at; /* INT64_MAX: not running */
} uk_link;

void uk_link_init(uk_link *l, const uk_link_settings *set);
/* out is filled anew. */
void uk_link_step(uk_link *l, const uk_link_event *ev, int64_t now, uk_link_actions *out);
int64_t uk_link_deadline(const uk_link *l); /* INT64_MAX: none */
bool uk_link_quarantined(const uk_link *l, int32_t uid);
/* Nothing would be lost if this link were forgotten (its reliable state aside). */
bool uk_link_forgettable(const uk_link *l);
const char *uk_link_state_name(uk_link_state state);
#endif
