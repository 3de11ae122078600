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

/* ---- States and reasons ---------------------------------------------------------------- */

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

typedef enum ukko_link_reason {
#define UKKO_X(name, number, what, remedy) UKKO_REASON_##name = number,
    UKKO_LINK_REASON_MAP(UKKO_X)
#undef UKKO_X
} ukko_link_reason;

/* [any] "CONNECT_FAILED"; "?" for an unknown number. Never NULL. */
UKKO_API const char *ukko_link_reason_name(int32_t reason);
/* [any] One sentence each: what happened, and what helps. Never NULL. */
UKKO_API const char *ukko_link_reason_text(int32_t reason);
UKKO_API const char *ukko_link_reason_remedy(int32_t reason);
/* [any] "idle", "connecting", "active", "gated", "quarantined". Never NULL. */
UKKO_API const char *ukko_link_state_name(int32_t state);

#ifdef __cplusplus
}
#endif
#endif
