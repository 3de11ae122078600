/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_LINK_H
#define UKKO_LINK_H

/*
 * Links: what lies between this node and each remote address. The state of each, why it is so and
 * the way out; how suspicious its silence is; failure detectors of one's own; the flight recorder.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Links to other nodes: ukko_link(3) -------------------------------------------- */

/* The states of a link as Pekko's documentation has them, and CONNECTING apart. */
typedef enum ukko_link_state {
    UKKO_LINK_IDLE = 0,    /* no connection; the next message makes one */
    UKKO_LINK_CONNECTING,  /* connect or handshake under way; messages are kept */
    UKKO_LINK_ACTIVE,      /* messages travel */
    UKKO_LINK_GATED,       /* messages are dead letters until until_ms, or the peer dials in */
    UKKO_LINK_QUARANTINED  /* the incarnation is refused; a message probes for another one */
} ukko_link_state;

/* Why a link is gated or quarantined, or has lost its connection; and the way out. One line each:
   name, number, what happened, what helps. Numbers are ABI; only append. */
#define UKKO_LINK_REASON_MAP(X)                                                             \
    X(NONE, 0, "no failure", "nothing is wrong")                                            \
    X(CONNECT_FAILED, 1, "the connection could not be made",                                \
      "start the peer, or check host, port and firewall; the next message after the gate "  \
      "connects again")                                                                     \
    X(HANDSHAKE_TIMEOUT, 2, "the peer did not answer the handshake in time",                \
      "see what listens there: it accepts connections but speaks no Pekko remoting, or is " \
      "overloaded; the next message after the gate connects again")                         \
    X(HANDSHAKE_REFUSED, 3, "the peer refused the handshake",                               \
      "see the peer's log; the next message after the gate connects again")                 \
    X(LOST, 4, "the connection was lost",                                                   \
      "nothing to do: the next message after the gate connects again")                      \
    X(DISASSOCIATED, 5, "the peer ended the association",                                   \
      "nothing to do: the next message after the gate connects again; the peer's log may "  \
      "tell why")                                                                           \
    X(PEER_SHUTDOWN, 6, "the peer shuts down",                                              \
      "start the peer again: as a new incarnation it is reached at once")                   \
    X(PEER_QUARANTINED_US, 7, "the peer has quarantined this node",                         \
      "restart this actor system: its new incarnation is let in")                           \
    X(REFUSED_UID, 8, "the peer is the incarnation that is quarantined here",               \
      "restart the peer's actor system: its new incarnation is let in")                     \
    X(SILENCE, 9, "no sign of life on the connection (transport-failure-detector)",         \
      "check the network and whether the peer is frozen; the next message after the gate "  \
      "connects again")                                                                     \
    X(BAD_BYTES, 10, "the peer sent what cannot be read",                                   \
      "see which program is at the other end; the next message after the gate connects "    \
      "again")                                                                              \
    X(TOO_LONG, 11, "the peer sent a frame above maximum-frame-size",                       \
      "raise maximum-frame-size here, or lower it at the peer; the next message after the " \
      "gate connects again")                                                                \
    X(REQUESTED, 12, "quarantine was asked for by the program",                             \
      "restart the peer's actor system: its new incarnation is let in")                     \
    X(UNREACHABLE, 13, "a watched node gave no sign of life (watch-failure-detector)",      \
      "restart the peer's actor system: its new incarnation is let in; a longer "           \
      "acceptable-heartbeat-pause tolerates longer silence")                                \
    X(BUFFER_FULL, 14, "more unacknowledged system messages than "                          \
      "system-message-buffer-size",                                                         \
      "restart the peer's actor system; a larger system-message-buffer-size holds longer")  \
    X(BAD_ACK, 15, "the peer acknowledged what was never sent, or wants what is gone",      \
      "restart the peer's actor system: its new incarnation begins with fresh numbers")     \
    X(UNDELIVERED, 16, "system messages could not be delivered within "                     \
      "initial-system-message-delivery-timeout",                                            \
      "restart the peer's actor system: its new incarnation is let in")                     \
    X(SILENT_TOO_LONG, 17, "no connection for quarantine-after-silence",                    \
      "restart the peer's actor system, or raise quarantine-after-silence")                 \
    X(RESTARTED, 18, "the peer was restarted: the old incarnation is over",                 \
      "nothing to do: the new incarnation is linked")                                       \
    X(STOPPED, 19, "this node shuts down", "start this node again")

/* The reasons as constants: UKKO_REASON_CONNECT_FAILED. */
typedef enum ukko_link_reason {
#define UKKO_X(name, number, what, remedy) UKKO_REASON_##name = number,
    UKKO_LINK_REASON_MAP(UKKO_X)
#undef UKKO_X
} ukko_link_reason;

/* [any] "CONNECT_FAILED", static; "?" for an unknown number. Never NULL. */
UKKO_API const char *ukko_link_reason_name(int32_t reason);
/* [any] What happened, in one sentence; static, never NULL, also for an unknown number. */
UKKO_API const char *ukko_link_reason_text(int32_t reason);
/* [any] What helps, in one sentence; static, never NULL. */
UKKO_API const char *ukko_link_reason_remedy(int32_t reason);
/* [any] "idle", "connecting", "active", "gated", "quarantined", static; "?" for another number.
   Never NULL. */
UKKO_API const char *ukko_link_state_name(int32_t state);

/* ---- Links as they are now --------------------------------------------------------- */

/* One link, at one moment. */
typedef struct ukko_link {
    uint32_t size;          /* sizeof(ukko_link) of the library */
    int32_t state;          /* ukko_link_state */
    int32_t reason;         /* ukko_link_reason of the last failure; NONE while it is active */
    bool uid_known;         /* uid is set */
    bool inbound;           /* the connection that is written on was made by the peer */
    bool also_read;         /* a second connection is read: both sides had connected */
    bool refuses;           /* the incarnation refused_uid is quarantined */
    bool above_mark;        /* more waits than write-buffer-high-water-mark; see ukko_backpressure */
    bool watched;           /* phi means something */
    int32_t uid;            /* of the peer's incarnation, if known */
    int32_t refused_uid;    /* of the incarnation that is quarantined; 0 without refuses */
    int64_t state_ms;       /* how long it has been in this state */
    int64_t left_ms;        /* until a gate opens or a quarantine is forgotten; -1: no limit */
    int64_t kept_messages;  /* that wait for a connection */
    int64_t kept_bytes;     /* of those, on the wire */
    int64_t unsent_bytes;   /* that wait for the peer to read */
    int64_t unacknowledged; /* system messages that the peer has not confirmed */
    double phi;             /* suspicion of remote death watch */
    const char *address;    /* of the peer; valid during the call */
    const char *local;      /* of the transport that reaches it; likewise */
} ukko_link;

/* Takes the links one by one, on the caller's thread; may call ukko. link is valid during the call. */
typedef void (*ukko_link_fn)(void *data, const ukko_link *link);
/* [any] Calls fn once for each address that this node has a link to, or remembers; a snapshot, each
   link by itself consistent. Gives the number; UKKO_ESTATE: no remoting, or not started. Order:
   none. */
UKKO_API int ukko_remote_links(ukko_system *sys, ukko_link_fn fn, void *data);
/* [any] The same of one address; *out is the caller's, and filled but for its texts, which are
   NULL. UKKO_ENOTFOUND: no link to it is known; UKKO_EINVAL: an argument is NULL; UKKO_ESTATE as
   above. */
UKKO_API int ukko_remote_link(ukko_system *sys, const char *address, ukko_link *out);

/* ---- Failure detectors: ukko_detector(3) ------------------------------------------- */

/* A kind of failure detector: from the times at which signs of life came it tells whether a peer is
   still there. One static const table each. A detector is made of it for each watched address, or
   for each connection, depending on which implementation-class names it. Its functions are called
   by one thread at a time, on the I/O thread or under a lock of the library: they must not block
   and not call into ukko. Times are milliseconds of a monotonic clock. (Pekko's FailureDetector) */
typedef struct ukko_detector {
    uint32_t size;       /* sizeof(ukko_detector) */
    uint32_t state_size; /* of the memory of one detector, which comes zeroed */
    const char *name;    /* as in watch-failure-detector.implementation-class */
    /* config and the path of the section that named it ("pekko.remote.watch-failure-detector") are
       those of the system, and live as long. Also called once when the system starts, to check the
       settings: an error with its text in err fails the start. May be NULL. */
    int (*start)(void *state, const ukko_config *config, const char *section, ukko_error *err);
    /* A sign of life. Gives 0, or the interval in ms when it was suspiciously long (a WARN). */
    int64_t (*heartbeat)(void *state, int64_t now_ms);
    /* Before the first heartbeat nobody asks: an address that was never heard of is available. */
    bool (*available)(const void *state, int64_t now_ms);
    /* The suspicion for ukko_remote_phi(). NULL: 0 while available, else infinite. */
    double (*phi)(const void *state, int64_t now_ms);
    void (*stop)(void *state); /* before the memory goes; may be NULL */
} ukko_detector;

/* [setup] Makes a kind of detector known, after ukko_remote_enable(). *detector is not copied. It
   is used where pekko.remote.watch-failure-detector.implementation-class (remote death watch) or
   pekko.remote.classic.transport-failure-detector.implementation-class (connections) names it;
   built in are org.apache.pekko.remote.PhiAccrualFailureDetector and
   org.apache.pekko.remote.DeadlineFailureDetector, either of them in either place. UKKO_EINVAL: a
   function or the name is missing; UKKO_EEXISTS: the name is taken; UKKO_ESTATE: no remoting,
   started already, or 16 are there. */
UKKO_API int ukko_remote_add_detector(ukko_system *sys, const ukko_detector *detector);

/* [any] The suspicion against a watched address: with phi accrual -log10 of the chance that a
   heartbeat still comes, 0 before the first. UKKO_ENOTFOUND: nobody here watches anything there, or
   it has not answered yet; UKKO_ESTATE: no remoting, or remote death watch is off; UKKO_EINVAL: an
   argument is NULL. (PhiAccrualFailureDetector.phi) */
UKKO_API int ukko_remote_phi(ukko_system *sys, const char *address, double *phi);

/* ---- What travels: ukko_tap(3) ----------------------------------------------------- */

/* A piece of what one connection carries. Frames are cut by ukko_wire_cut() and read by
   ukko_wire_decode(): a piece may hold several, and begin or end in the middle of one. */
typedef struct ukko_tap {
    uint32_t size;       /* sizeof(ukko_tap) of the library */
    bool out;            /* this node sends it; else it came */
    bool inbound;        /* the connection was made by the peer */
    bool tls;            /* bytes are what is inside TLS */
    uint64_t connection; /* its number, from 1 */
    const char *local, *peer; /* ends of the socket, as "127.0.0.1:2552"; valid during the call */
    ukko_slice bytes;    /* valid during the call; empty: the connection has ended */
} ukko_tap;

/* Called on the I/O thread; must not block and not call into ukko. */
typedef void (*ukko_tap_fn)(void *data, const ukko_tap *piece);
/* [setup] After ukko_remote_enable(), before the start: fn gets all that the connections of this
   system carry from then on, passwords and secrets of the messages included. It costs a call for
   each read and each write, and makes the I/O thread do all writing. NULL: none. UKKO_ESTATE:
   remoting is not enabled, or has started. (ukko -vvv, ukko --record) */
UKKO_API int ukko_remote_tap(ukko_system *sys, ukko_tap_fn fn, void *data);

/* ---- Flight recorder: ukko_flight(3) ----------------------------------------------- */

/* What is recorded. Numbers are those of the file; only append. */
#define UKKO_FLIGHT_MAP(X)                                                                  \
    X(LISTENING, 1, "listening")        /* text: the published address */                   \
    X(STOPPING, 2, "stopping")          /* remoting shuts down */                           \
    X(WANTED, 3, "wanted")              /* a message asked for a connection */              \
    X(CONNECTED, 4, "connected")        /* our handshake is done */                         \
    X(REFUSED, 5, "refused")            /* our attempt failed */                            \
    X(INBOUND, 6, "inbound")            /* a peer has shaken hands */                       \
    X(LOST, 7, "lost")                  /* a connection has ended */                        \
    X(BROKEN, 8, "broken")              /* what came in could not be read */                \
    X(HOPELESS, 9, "hopeless")          /* reliable delivery is not possible any more */    \
    X(QUARANTINE, 10, "quarantine")     /* asked for */                                     \
    X(TIME, 11, "time")                 /* a gate or marker has run out */                  \
    X(ACK_IN, 12, "ack-in")             /* a: cumulative; b: how many are missing */        \
    X(ACK_OUT, 13, "ack-out")           /* likewise */                                      \
    X(STALE_ACK, 14, "stale-ack")       /* likewise; it was ignored */                      \
    X(RESENT, 15, "resent")             /* a: system messages; b: number of the last */     \
    X(UNACKED_DEAD, 16, "unacked-dead") /* a: system messages given up */                   \
    X(DEAD, 17, "dead")                 /* a: messages that waited and are dead letters */  \
    X(MARK, 18, "mark")                 /* a: bytes that wait; b: 1 above, 0 below again */ \
    X(UNREACHABLE, 19, "unreachable")   /* remote death watch has given a node up */        \
    X(FAULT, 20, "fault")               /* an injected fault was switched; text: which */   \
    X(CLEARED, 21, "cleared")           /* a quarantine was lifted by the program */

/* The kinds as constants: UKKO_FLIGHT_LISTENING. */
typedef enum ukko_flight_kind {
#define UKKO_X(name, number, text) UKKO_FLIGHT_##name = number,
    UKKO_FLIGHT_MAP(UKKO_X)
#undef UKKO_X
} ukko_flight_kind;

/* One recorded event. */
typedef struct ukko_flight_entry {
    uint32_t size;        /* sizeof(ukko_flight_entry) of the library */
    int32_t kind;         /* ukko_flight_kind; newer files may hold others */
    const char *what;     /* its name; never NULL */
    uint64_t number;      /* counted from the start of the system, from 0 */
    int64_t time_ms;      /* wall clock, since 1970 */
    const char *address;  /* of the peer, cut to 71 bytes; "" when it is about none */
    const char *text;     /* cause or detail, likewise */
    const char *from, *to; /* states of the link before and after; "" when it has none to do with */
    int32_t reason;       /* ukko_link_reason of the state it led to */
    bool has_uid, inbound; /* uid is set; the connection was made by the peer */
    int32_t uid;          /* of the peer's incarnation */
    int64_t a, b;         /* numbers: see UKKO_FLIGHT_MAP; 0 where it names none */
} ukko_flight_entry;

/* Whose events a file holds. */
typedef struct ukko_flight_info {
    uint32_t size;      /* sizeof(ukko_flight_info) of the library */
    int32_t pid, uid;   /* of the process; of the actor system */
    int64_t started_ms; /* wall clock, since 1970 */
    uint64_t entries;   /* the ring holds so many */
    uint64_t recorded;  /* so many were recorded; the last ones are left */
    char system[64], address[128]; /* its name; where it listened, "" when it did not */
} ukko_flight_info;

/* Takes events, on the caller's thread. Must not block. entry and its texts are valid during the
   call. false ends the tour. */
typedef bool (*ukko_flight_fn)(void *data, const ukko_flight_entry *entry);

/* The recorder is always on: the last ukko.remote.flight-recorder.entries events of all links of a
   system, without a lock. It lies in a file of the directory of that section, which stays when the
   process dies and is removed when the system ends in order; a new system of the same name and port
   keeps the file of a crashed one beside its own, as NAME-PORT.flight.previous. */

/* [any] Calls fn for the recorded events, oldest first. Gives how many; UKKO_ESTATE: no remoting;
   UKKO_EINVAL: fn is NULL. */
UKKO_API int ukko_flight_read(ukko_system *sys, ukko_flight_fn fn, void *data);
/* [any] The file of a running system; NULL: there is none (no remoting, switched off, or it could
   not be made). Valid until the system is freed. */
UKKO_API const char *ukko_flight_file(ukko_system *sys);
/* [any] The same from a file, of a system that runs or has crashed. info may be NULL. Gives how
   many; UKKO_EIO: it cannot be read; UKKO_EPARSE: it is no such file. What is damaged in it is left
   out. */
UKKO_API int ukko_flight_read_file(const char *path, ukko_flight_info *info, ukko_flight_fn fn,
                                   void *data, ukko_error *err);
/* [any] Name of a kind, as "ack-in", static; "?" for an unknown one. */
UKKO_API const char *ukko_flight_kind_name(int32_t kind);
/* [any] One line about an entry, in local time, without an end of line. buf gets as much as fits
   with its terminator; gives the length the whole would take, as snprintf(). */
UKKO_API size_t ukko_flight_print(const ukko_flight_entry *entry, char *buf, size_t len);

#ifdef __cplusplus
}
#endif
#endif
