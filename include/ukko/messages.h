/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_MESSAGES_H
#define UKKO_MESSAGES_H

/*
 * The messages that every node understands: values, Pekko's own messages, and the
 * events of the event stream. Each line of a type names the struct of its body, and
 * in parentheses what it is on the wire: the number of its serializer, or the manifest
 * with serializer 16. In a body that you fill for ukko_tell() you keep what you own: refs
 * and nested messages are retained by the copy. In a body that you are given all is
 * borrowed, and lives as long as the message. The types are constant; any thread may use them.
 */
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Messages that every node understands: ukko_messages(3) ------------------------ */

UKKO_API extern const ukko_type ukko_null_type;       /* no body (serializer 0) */
UKKO_API extern const ukko_type ukko_string_type;     /* ukko_string (20) */
UKKO_API extern const ukko_type ukko_int_type;        /* int32_t (19) */
UKKO_API extern const ukko_type ukko_long_type;       /* int64_t (18) */
UKKO_API extern const ukko_type ukko_bool_type;       /* bool (35) */
UKKO_API extern const ukko_type ukko_double_type;     /* double (no serializer: local only) */
UKKO_API extern const ukko_type ukko_bytes_type;      /* ukko_slice (4, byte[]) */
UKKO_API extern const ukko_type ukko_bytestring_type; /* ukko_slice (21, ByteString) */

/* [any] A String message with a copy of text, owned: ended by sending it or ukko_msg_release(). */
UKKO_API ukko_msg *ukko_msg_string(const char *text);
/* [any] The text of a String message, borrowed: it lives as long as msg. NULL when msg is NULL or
   none. */
UKKO_API const char *ukko_msg_text(const ukko_msg *msg);

/* ---- Pekko's general messages (serializer 16) -------------------------------------- */

/* One message in another. value NULL: none, empty, or null, as the type has it. */
typedef struct ukko_boxed { ukko_msg *value; } ukko_boxed;
UKKO_API extern const ukko_type ukko_option_type;           /* ukko_boxed: scala Some, None (C) */
UKKO_API extern const ukko_type ukko_optional_type;         /* ukko_boxed: java.util.Optional (H) */
UKKO_API extern const ukko_type ukko_status_success_type;   /* ukko_boxed (D) */
UKKO_API extern const ukko_type ukko_reply_success_type;    /* ukko_boxed: StatusReply (S) */
UKKO_API extern const ukko_type ukko_reply_ack_type;        /* no body: StatusReply.Ack (SA) */
UKKO_API extern const ukko_type ukko_done_type;             /* no body (DONE) */
UKKO_API extern const ukko_type ukko_not_used_type;         /* no body (NU) */

/* A place in a stack trace. (StackTraceElement) */
typedef struct ukko_stack_frame {
    const char *class_name, *method, *file; /* file "" when unknown */
    int32_t line; /* as Java has it: negative when unknown */
} ukko_stack_frame;

/* An exception. C has no classes: it is its class name, its text, and what it carries. */
typedef struct ukko_throwable {
    const char *class_name;       /* Java class name; never NULL */
    const char *message;          /* may be NULL */
    ukko_msg *cause;              /* a ukko_throwable_type message, or NULL */
    ukko_stack_frame *frames;     /* the stack trace, innermost first; NULL when n_frames is 0 */
    size_t n_frames;              /* at most 4096 arrive */
    const char *original_class;   /* ThrowableNotSerializableException only (TNSEX), else NULL */
    const char *original_message; /* likewise */
    ukko_ref *actor;              /* ActorInitializationException only (AIEX), else NULL */
} ukko_throwable;
UKKO_API extern const ukko_type ukko_throwable_type;      /* ukko_throwable (F, TNSEX, AIEX) */
UKKO_API extern const ukko_type ukko_status_failure_type; /* ukko_boxed of a throwable (E) */
UKKO_API extern const ukko_type ukko_reply_error_type;    /* ukko_string: StatusReply error (SM) */
UKKO_API extern const ukko_type ukko_reply_exception_type; /* ukko_boxed of a throwable (SE) */
/* [any] A throwable message with copies of this class and text, owned: ended by sending it or
   ukko_msg_release(). class_name may not be NULL, message may. */
UKKO_API ukko_msg *ukko_msg_throwable(const char *class_name, const char *message);

/* A reference as a message of its own; ref is never NULL. */
typedef struct ukko_ref_body { ukko_ref *ref; } ukko_ref_body;
UKKO_API extern const ukko_type ukko_ref_type; /* ukko_ref_body (G) */

/* Every actor answers it by itself with a ukko_identity; no handler sees it. id comes back in the
   answer; NULL: null. */
typedef struct ukko_identify { ukko_msg *id; } ukko_identify;
/* The answer to ukko_identify. */
typedef struct ukko_identity {
    ukko_msg *id;  /* of the question */
    ukko_ref *ref; /* NULL: nobody there */
} ukko_identity;
UKKO_API extern const ukko_type ukko_identify_type; /* ukko_identify (A) */
UKKO_API extern const ukko_type ukko_identity_type; /* ukko_identity: ActorIdentity (B) */

/* Where a system lives. (Address, UniqueAddress) */
typedef struct ukko_address {
    const char *protocol; /* "pekko.tcp"; "pekko" for a local address */
    const char *system;   /* its name */
    const char *host; /* NULL: local */
    int32_t port;     /* 0 when local */
    int64_t uid;      /* ukko_unique_address_type only */
} ukko_address;
UKKO_API extern const ukko_type ukko_address_type;        /* ukko_address (AD) */
UKKO_API extern const ukko_type ukko_unique_address_type; /* ukko_address (UD) */

UKKO_API extern const ukko_type ukko_poison_pill_type; /* no body (P): stops who gets it */
UKKO_API extern const ukko_type ukko_kill_type; /* no body (K): who gets it fails (UKKO_EKILLED) */

/* ---- Deployment (serializer 16) ---------------------------------------------------- */

UKKO_API extern const ukko_type ukko_local_scope_type;  /* no body (LS) */
UKKO_API extern const ukko_type ukko_remote_scope_type; /* ukko_address (RS) */
UKKO_API extern const ukko_type ukko_config_type;       /* ukko_string, JSON text (CF) */

/* Resizes a pool by the share of its routees that are under pressure. (DefaultResizer) */
typedef struct ukko_default_resizer {
    uint32_t lower_bound, upper_bound; /* routees, at least and at most */
    uint32_t pressure_threshold;  /* waiting messages that are pressure on a routee; 1: it is busy and
                                     one waits; 0: it is busy */
    double rampup_rate;           /* all under pressure: grow by this share; 0.2 is a fifth */
    double backoff_threshold;     /* fewer than this share are under pressure: shrink; at most 1 */
    double backoff_rate;          /* by this share; 0: never */
    uint32_t messages_per_resize; /* looked at every so many messages; at least 1 */
} ukko_default_resizer;
UKKO_API extern const ukko_type ukko_default_resizer_type; /* ukko_default_resizer (DR) */

/* Pools that can travel to another node, and their manifests. */
typedef enum ukko_pool_kind {
    UKKO_POOL_BALANCING = 1, /* ROBAP */
    UKKO_POOL_BROADCAST,     /* ROBP */
    UKKO_POOL_RANDOM,        /* RORP */
    UKKO_POOL_ROUND_ROBIN,   /* RORRP */
    UKKO_POOL_SCATTER_GATHER, /* ROSGP */
    UKKO_POOL_TAIL_CHOPPING  /* ROTCP */
} ukko_pool_kind;

/* A FiniteDuration as the wire has it: value times unit. unit: 1 ns, 2 us, 3 ms, 4 s, 5 min, 6 h,
   7 d. */
typedef struct ukko_duration { int64_t value; int32_t unit; } ukko_duration;

/* A pool as it travels in a remote deployment; programs make routers by router.h. */
typedef struct ukko_pool {
    int32_t kind; /* ukko_pool_kind */
    uint32_t instances; /* routees to begin with */
    const char *dispatcher; /* of the router; NULL: default */
    bool use_pool_dispatcher; /* the routees get a dispatcher of the pool's own */
    ukko_msg *resizer; /* a ukko_default_resizer, or NULL */
    ukko_duration within, interval; /* scatter-gather: within; tail-chopping: both */
} ukko_pool;
UKKO_API extern const ukko_type ukko_pool_type; /* ukko_pool (RO…P) */

/* A router of which the configuration knows the rest; resizer and dispatcher may be NULL. */
typedef struct ukko_from_config { ukko_msg *resizer; const char *dispatcher; } ukko_from_config;
UKKO_API extern const ukko_type ukko_from_config_type; /* ukko_from_config (FC) */

/* A pool whose routees are spread over nodes. */
typedef struct ukko_remote_router_config {
    ukko_msg *local; /* the pool */
    ukko_address *nodes; /* over which its routees are spread */
    size_t n_nodes;      /* how many; at least one */
} ukko_remote_router_config;
UKKO_API extern const ukko_type ukko_remote_router_config_type; /* its struct (RORRC) */

/* ---- Messages the runtime sends ---------------------------------------------------- */

/* A watched actor has ended; see ukko_watch(). (Terminated) */
typedef struct ukko_terminated {
    ukko_ref *ref;            /* who, with its uid */
    bool existence_confirmed; /* it had been there; false: nobody was found */
    bool address_terminated;  /* its node is not reachable any more, or was quarantined */
} ukko_terminated;
UKKO_API extern const ukko_type ukko_terminated_type;      /* ukko_terminated; local only */
UKKO_API extern const ukko_type ukko_receive_timeout_type; /* no body; see ukko_receive_timeout() */

/* A message of which this program knows no serializer or class, or whose bytes it cannot read.
   An actor gets such messages when its table of cases (ukko_actor.receive) has this type; it can
   forward them or send them elsewhere, and they travel on with the bytes that they came with.
   To all others they are not delivered; see ukko_serial_failure. */
typedef struct ukko_opaque {
    int32_t serializer;   /* its id */
    const char *manifest; /* "" when there is none */
    ukko_slice bytes;     /* as they came */
} ukko_opaque;
UKKO_API extern const ukko_type ukko_opaque_type; /* ukko_opaque */

/* A Jackson message of a class without a C struct: arrives as this when its class begins with
   one of pekko.serialization.jackson.allowed-class-prefix. */
typedef struct ukko_json {
    const char *class_name; /* the Java class; a "#version" behind it stays there */
    const char *text; /* JSON, NUL-terminated; len may be left 0 as in ukko_string */
    size_t len;       /* bytes, without the NUL */
    bool cbor;        /* travels as CBOR (33), not JSON (31) */
} ukko_json;
UKKO_API extern const ukko_type ukko_json_type; /* ukko_json (31, 33); tree.h reads it */

/* ---- Dead letters and log records as events: ukko_events(3) ------------------------ */

UKKO_API extern const ukko_type ukko_any_type; /* super type of all; to subscribe to only */

/* A record of the log that its level let through. (Logging.LogEvent) */
typedef struct ukko_log_event {
    ukko_log_level level; /* never UKKO_LOG_OFF */
    int64_t time_ms;      /* wall clock, since 1970 */
    const char *system, *source, *logger, *marker, *text, *cause; /* as in ukko_log_record */
} ukko_log_event;
UKKO_API extern const ukko_type ukko_log_event_type;   /* super type of the next four */
UKKO_API extern const ukko_type ukko_log_error_type;   /* ukko_log_event, likewise the others */
UKKO_API extern const ukko_type ukko_log_warning_type; /* ukko_log_event */
UKKO_API extern const ukko_type ukko_log_info_type;    /* ukko_log_event */
UKKO_API extern const ukko_type ukko_log_debug_type;   /* ukko_log_event */

/* A message that could not be delivered, or was not handled, and why. (DeadLetter, Dropped,
   UnhandledMessage) */
typedef struct ukko_dead_letter {
    ukko_msg *message;   /* never NULL */
    ukko_ref *sender;    /* never NULL */
    ukko_ref *recipient; /* never NULL */
    const char *reason;  /* why, as "no such actor", "address is gated" */
} ukko_dead_letter;
UKKO_API extern const ukko_type ukko_all_dead_letters_type;       /* super type of the next three */
UKKO_API extern const ukko_type ukko_dead_letter_type;            /* ukko_dead_letter */
UKKO_API extern const ukko_type ukko_suppressed_dead_letter_type; /* ukko_dead_letter */
UKKO_API extern const ukko_type ukko_dropped_type;   /* ukko_dead_letter: no room for it */
UKKO_API extern const ukko_type ukko_unhandled_type; /* ukko_dead_letter: not handled */

/* A message that could not be read or written, and so was dropped; the link lives. ukko's own
   event: a JVM only writes a line to its log, as ukko does as well. */
typedef struct ukko_serial_failure {
    bool outgoing;          /* it was to be sent; false: it arrived */
    int32_t serializer;     /* its id; UKKO_SER_LOCAL: none is bound to an outgoing message's class */
    const char *manifest;   /* "" when there is none */
    const char *class_name; /* Java class, also the one that a Java-serialized stream names; "?" */
    size_t bytes;           /* length of what arrived; 0 of an outgoing one */
    const char *reason;     /* in words */
    ukko_ref *sender;       /* NULL: none */
    ukko_ref *recipient;    /* never NULL */
    ukko_msg *message;      /* what arrived, as a ukko_opaque; or what was to be sent */
} ukko_serial_failure;
UKKO_API extern const ukko_type ukko_serial_failure_type; /* ukko_serial_failure */

#ifdef __cplusplus
}
#endif
#endif
