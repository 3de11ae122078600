/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_REMOTE_H
#define UKKO_REMOTE_H

/*
 * Classic remoting: an actor system becomes a node that others reach. pekko.remote.classic.* of the
 * system's configuration says where it listens and how. Links to others: link.h.
 */
#include <ukko/actor.h>
#include <ukko/link.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Being a node: ukko_remote(3) -------------------------------------------------- */

/* [setup] Without this call a system is local and opens no socket. The transports start with
   ukko_system_start(), which fails when one cannot listen. UKKO_ECONFIG: artery left on,
   frame limit too small, ...; err names the setting; UKKO_ESTATE: enabled already, or started.
   (provider = remote) */
UKKO_API UKKO_NODISCARD int ukko_remote_enable(ukko_system *sys, ukko_error *err);
/* [any] pekko.tcp://name@host:port of the first transport once started, else NULL. Borrowed: valid
   until the system is freed. (defaultAddress) */
UKKO_API const char *ukko_remote_address(ukko_system *sys);
/* [any] The published addresses of all transports, in the order of enabled-transports: fills
   list with up to max of them, valid until the system is freed, and gives their number; 0 before
   the start. (transport.addresses) */
UKKO_API size_t ukko_remote_addresses(ukko_system *sys, const char **list, size_t max);
/* [any] The published address of the transport that reaches a remote address: how this node is
   called over there. NULL when no transport has its scheme. Borrowed, likewise.
   (localAddressForRemote) */
UKKO_API const char *ukko_remote_address_for(ukko_system *sys, const char *remote);
/* [any] Where the socket is bound: the same form with bind-hostname and the port that was bound.
   Differs from the published address behind NAT. NULL before the start, and with
   ukko.remote.client, which listens nowhere. Borrowed, likewise.
   (boundAddresses) */
UKKO_API const char *ukko_remote_bound_address(ukko_system *sys);
/* [any] Quarantines an incarnation of a peer: this node says no more to it and lets it say nothing,
   until its system is restarted. uid NULL: only gates. Returns before it is done. UKKO_EINVAL:
   address; UKKO_ESTATE: remoting is not running. (RARP.provider.quarantine) */
UKKO_API int ukko_remote_quarantine(ukko_system *sys, const char *address, const int32_t *uid);
/* [any] Lifts the quarantine of an incarnation on this side, as prune-quarantine-marker-after would in
   time: the next message to the address may connect to it again, and it may dial in. uid NULL:
   whichever incarnation is quarantined there. What the peer thinks of this node stays as it is: a
   peer that has quarantined this node refuses it until one of the two is restarted or does the same.
   What was given up does not come back: messages that became dead letters, watches that ended with
   Terminated, children there that were taken for dead. Returns before it is done, and goes by
   the quarantine that it found: one that begins meanwhile stays. UKKO_ENOTFOUND: no such incarnation is
   quarantined there (a gate opens by itself); UKKO_EINVAL: address is NULL; UKKO_ESTATE: remoting is
   not running. (Pekko has no such call.) */
UKKO_API int ukko_remote_quarantine_clear(ukko_system *sys, const char *address,
                                          const int32_t *uid);

/* ---- Keys and TLS: ukko_tls(3) ----------------------------------------------------- */

/* The last word on a TLS context, after the settings: ssl_ctx is an SSL_CTX * of OpenSSL 3, server
   tells which of the two of a transport it is. It stays the library's; its application data, key
   log callback and session settings must stay as they are. Negative: the start, or the loading
   anew, fails. Called by whatever thread loads the keys. */
typedef int (*ukko_tls_fn)(void *data, void *ssl_ctx, bool server);
/* [setup] After ukko_remote_enable(), before the start: fn is called for each TLS context that is
   made. NULL: none. UKKO_ESTATE: remoting is not enabled, or has started. */
UKKO_API int ukko_remote_tls_hook(ukko_system *sys, ukko_tls_fn fn, void *data);
/* [any] Loads the key and trust stores of all TLS transports anew; connections from then on use
   them, open ones go on. Blocks for the files. On failure all stays as it was: UKKO_ETLS or
   UKKO_ECONFIG, err names setting, file and alias; UKKO_ESTATE: remoting is not running. By itself
   a node does this with ukko.remote.tls.reload-interval. */
UKKO_API UKKO_NODISCARD int ukko_remote_tls_reload(ukko_system *sys, ukko_error *err);

/* ---- Events of remoting: ukko_remote_events(3) ------------------------------------- */

/* What remoting publishes on the event stream, for ukko_subscribe(). ukko_remoting_event_type is
   above all of Pekko's own. In all of them local is this node's published address of the transport,
   remote the peer's; everything is borrowed from the message. The types are constant, and for any
   thread. */

/* A connection was made, has ended, or could not be made. */
typedef struct ukko_association {
    const char *local, *remote; /* addresses */
    bool inbound;    /* the peer made it */
    ukko_msg *cause; /* AssociationErrorEvent: a throwable; else NULL */
    int32_t level;   /* ukko_log_level it is logged at */
    int32_t uid;     /* of the peer; 0: not known */
    int32_t reason;  /* ukko_link_reason; UKKO_REASON_NONE with AssociatedEvent */
} ukko_association;
/* An incarnation is quarantined: the peer's, or with ukko_this_quarantined_type this one, over
   there. */
typedef struct ukko_quarantined {
    const char *local, *remote; /* addresses */
    int32_t uid;        /* of the incarnation */
    const char *reason; /* in words */
    int32_t code;       /* ukko_link_reason */
    const char *remedy; /* the way out */
} ukko_quarantined;
/* A link has closed its gate: what is sent until it opens becomes dead letters. Pekko only logs
   this; here it is an event too. It is none of RemotingLifecycleEvent. */
typedef struct ukko_gated {
    const char *local, *remote; /* addresses */
    int32_t uid;        /* of the peer; 0: not known */
    const char *reason; /* in words, with the system's text where there is one */
    int32_t code;       /* ukko_link_reason */
    const char *remedy; /* the way out */
    int64_t gate_ms;    /* retry-gate-closed-for */
} ukko_gated;
/* What waits for a remote address has crossed a mark: write-buffer-high-water-mark upwards, or
   write-buffer-low-water-mark down again (0b: 64 and 32 KiB). In order, one after the other; a
   crossing that was undone at once may be left out. Beyond ukko.remote.send-queue.* messages become
   dead letters. It is none of RemotingLifecycleEvent. */
typedef struct ukko_backpressure {
    const char *local, *remote; /* addresses */
    bool high;          /* true: it has risen above the high mark: send less; false: go on */
    int64_t bytes;      /* that wait now */
    int64_t messages;   /* that wait for a connection */
    int64_t mark_bytes; /* the mark that was crossed */
} ukko_backpressure;
/* The transports listen. */
typedef struct ukko_listening {
    const char **addresses; /* published, in the order of enabled-transports */
    size_t n_addresses;     /* how many */
} ukko_listening;

/* A node did not create a child, and said why; only ukko nodes do. The parent has been told of the
   child's end (existence not confirmed), or is about to be. */
typedef struct ukko_deploy_refused {
    ukko_ref *child, *parent;        /* child: as ukko_spawn() gave it */
    const char *class_name, *reason; /* what it was to be; why not, in words */
} ukko_deploy_refused;

UKKO_API extern const ukko_type ukko_deploy_refused_type;    /* ukko_deploy_refused */
UKKO_API extern const ukko_type ukko_remoting_event_type;    /* RemotingLifecycleEvent */
UKKO_API extern const ukko_type ukko_association_event_type; /* super of the next three */
UKKO_API extern const ukko_type ukko_associated_type;        /* ukko_association: it was made */
UKKO_API extern const ukko_type ukko_disassociated_type;     /* ukko_association: it has ended */
UKKO_API extern const ukko_type ukko_association_error_type; /* ukko_association: it failed */
UKKO_API extern const ukko_type ukko_quarantined_type;       /* ukko_quarantined: the peer */
UKKO_API extern const ukko_type ukko_this_quarantined_type;  /* ukko_quarantined: this node */
UKKO_API extern const ukko_type ukko_gated_type;             /* ukko_gated; no super type */
UKKO_API extern const ukko_type ukko_backpressure_type;      /* ukko_backpressure; likewise */
UKKO_API extern const ukko_type ukko_remoting_listen_type;   /* ukko_listening */
UKKO_API extern const ukko_type ukko_remoting_shutdown_type; /* no body: remoting has ended */
UKKO_API extern const ukko_type ukko_remoting_error_type;    /* ukko_boxed: throwable */

#ifdef __cplusplus
}
#endif
#endif
