/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_MESSAGES_H
#define UKKO_MESSAGES_H

/*
 * The messages that every node understands: values, Pekko's own messages, and the
 * events of the event stream. Each line of a type names the struct of its body.
 * In a body that you fill for ukko_tell() you keep what you own: refs and nested
 * messages are retained by the copy. In a body that you are given all is borrowed.
 */
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values ------------------------------------------------------------------------ */

UKKO_API extern const ukko_type ukko_null_type;       /* no body (serializer 0) */
UKKO_API extern const ukko_type ukko_string_type;     /* ukko_string (20) */
UKKO_API extern const ukko_type ukko_int_type;        /* int32_t (19) */
UKKO_API extern const ukko_type ukko_long_type;       /* int64_t (18) */
UKKO_API extern const ukko_type ukko_bool_type;       /* bool (35) */
UKKO_API extern const ukko_type ukko_double_type;     /* double (no serializer: local only) */
UKKO_API extern const ukko_type ukko_bytes_type;      /* ukko_slice (4, byte[]) */
UKKO_API extern const ukko_type ukko_bytestring_type; /* ukko_slice (21, ByteString) */

/* [any] Shorthands; the message is owned. ukko_msg_text gives NULL when msg is no string. */
UKKO_API ukko_msg *ukko_msg_string(const char *text);
UKKO_API const char *ukko_msg_text(const ukko_msg *msg);

/* ---- Pekko's general messages (serializer 16) ---------------------------------------- */

typedef struct ukko_boxed { ukko_msg *value; } ukko_boxed;  /* value NULL: none / empty / null */
UKKO_API extern const ukko_type ukko_option_type;           /* ukko_boxed: scala Some, None (C) */
UKKO_API extern const ukko_type ukko_optional_type;         /* ukko_boxed: java.util.Optional (H) */
UKKO_API extern const ukko_type ukko_status_success_type;   /* ukko_boxed (D) */
UKKO_API extern const ukko_type ukko_reply_success_type;    /* ukko_boxed: StatusReply (S) */
UKKO_API extern const ukko_type ukko_reply_ack_type;        /* no body: StatusReply.Ack (SA) */
UKKO_API extern const ukko_type ukko_done_type;             /* no body (DONE) */
UKKO_API extern const ukko_type ukko_not_used_type;         /* no body (NU) */

typedef struct ukko_stack_frame {
    const char *class_name, *method, *file; /* file "" when unknown */
    int32_t line;
} ukko_stack_frame;

/* An exception. C has no classes: it is its class name, its text, and what it carries. */
typedef struct ukko_throwable {
    const char *class_name;       /* Java class name; never NULL */
    const char *message;          /* may be NULL */
    ukko_msg *cause;              /* a ukko_throwable_type message, or NULL */
    ukko_stack_frame *frames;
    size_t n_frames;
    const char *original_class;   /* ThrowableNotSerializableException only (TNSEX), else NULL */
    const char *original_message; /* likewise */
    ukko_ref *actor;              /* ActorInitializationException only (AIEX), else NULL */
} ukko_throwable;
UKKO_API extern const ukko_type ukko_throwable_type;      /* ukko_throwable (F, TNSEX, AIEX) */
UKKO_API extern const ukko_type ukko_status_failure_type; /* ukko_boxed of a throwable (E) */
UKKO_API extern const ukko_type ukko_reply_error_type;    /* ukko_string: StatusReply error (SM) */
UKKO_API extern const ukko_type ukko_reply_exception_type; /* ukko_boxed of a throwable (SE) */
/* [any] Owned message of a throwable with this class and text. */
UKKO_API ukko_msg *ukko_msg_throwable(const char *class_name, const char *message);

typedef struct ukko_ref_body { ukko_ref *ref; } ukko_ref_body;
UKKO_API extern const ukko_type ukko_ref_type; /* ukko_ref_body (G) */

typedef struct ukko_identify { ukko_msg *id; } ukko_identify; /* id NULL: null */
typedef struct ukko_identity {
    ukko_msg *id;
    ukko_ref *ref; /* NULL: nobody there */
} ukko_identity;
UKKO_API extern const ukko_type ukko_identify_type; /* ukko_identify (A) */
UKKO_API extern const ukko_type ukko_identity_type; /* ukko_identity: ActorIdentity (B) */

typedef struct ukko_address {
    const char *protocol; /* "pekko.tcp"; "pekko" for a local address */
    const char *system;
    const char *host; /* NULL: local */
    int32_t port;     /* 0 when local */
    int64_t uid;      /* ukko_unique_address_type only */
} ukko_address;
UKKO_API extern const ukko_type ukko_address_type;        /* ukko_address (AD) */
UKKO_API extern const ukko_type ukko_unique_address_type; /* ukko_address (UD) */

UKKO_API extern const ukko_type ukko_poison_pill_type; /* no body (P) */
UKKO_API extern const ukko_type ukko_kill_type;        /* no body (K) */

/* ---- Deployment (serializer 16) ------------------------------------------------------- */

UKKO_API extern const ukko_type ukko_local_scope_type;  /* no body (LS) */
UKKO_API extern const ukko_type ukko_remote_scope_type; /* ukko_address (RS) */
UKKO_API extern const ukko_type ukko_config_type;       /* ukko_string, JSON text (CF) */

typedef struct ukko_default_resizer {
    uint32_t lower_bound, upper_bound, pressure_threshold;
    double rampup_rate, backoff_threshold, backoff_rate;
    uint32_t messages_per_resize;
} ukko_default_resizer;
UKKO_API extern const ukko_type ukko_default_resizer_type; /* ukko_default_resizer (DR) */

typedef enum ukko_pool_kind {
    UKKO_POOL_BALANCING = 1, /* ROBAP */
    UKKO_POOL_BROADCAST,     /* ROBP */
    UKKO_POOL_RANDOM,        /* RORP */
    UKKO_POOL_ROUND_ROBIN,   /* RORRP */
    UKKO_POOL_SCATTER_GATHER, /* ROSGP */
    UKKO_POOL_TAIL_CHOPPING  /* ROTCP */
} ukko_pool_kind;

/* A FiniteDuration as the wire has it. unit: 1 ns, 2 us, 3 ms, 4 s, 5 min, 6 h, 7 d */
typedef struct ukko_duration { int64_t value; int32_t unit; } ukko_duration;

typedef struct ukko_pool {
    int32_t kind; /* ukko_pool_kind */
    uint32_t instances;
    const char *dispatcher; /* NULL: default */
    bool use_pool_dispatcher;
    ukko_msg *resizer; /* or NULL */
    ukko_duration within, interval; /* scatter-gather: within; tail-chopping: both */
} ukko_pool;
UKKO_API extern const ukko_type ukko_pool_type; /* ukko_pool (RO…P) */

typedef struct ukko_from_config { ukko_msg *resizer; const char *dispatcher; } ukko_from_config;
UKKO_API extern const ukko_type ukko_from_config_type; /* ukko_from_config (FC) */

typedef struct ukko_remote_router_config {
    ukko_msg *local; /* the pool */
    ukko_address *nodes;
    size_t n_nodes;
} ukko_remote_router_config;
UKKO_API extern const ukko_type ukko_remote_router_config_type; /* (RORRC) */

/* ---- Messages the runtime sends --------------------------------------------------------- */

typedef struct ukko_terminated {
    ukko_ref *ref;
    bool existence_confirmed, address_terminated;
} ukko_terminated;
UKKO_API extern const ukko_type ukko_terminated_type;      /* ukko_terminated; local only */
UKKO_API extern const ukko_type ukko_receive_timeout_type; /* no body; local only */

/* A message of which this program knows no serializer or class, or whose bytes it cannot read.
   An actor gets such messages when its table of cases (ukko_actor.receive) has this type; it can
   forward them or send them elsewhere, and they travel on with the bytes that they came with.
   To all others they are not delivered; see ukko_serial_failure. */
typedef struct ukko_opaque {
    int32_t serializer;
    const char *manifest; /* "" when there is none */
    ukko_slice bytes;
} ukko_opaque;
UKKO_API extern const ukko_type ukko_opaque_type;

/* A Jackson message of a class without a C struct: arrives as this when its class begins with
   one of pekko.serialization.jackson.allowed-class-prefix. */
typedef struct ukko_json {
    const char *class_name;
    const char *text; /* JSON, NUL-terminated; len may be left 0 as in ukko_string */
    size_t len;
    bool cbor; /* travels as CBOR (33), not JSON (31) */
} ukko_json;
UKKO_API extern const ukko_type ukko_json_type;

/* ---- Events of the event stream ----------------------------------------------------------- */

UKKO_API extern const ukko_type ukko_any_type; /* super type of all; to subscribe to only */

/* A record of the log that its level let through. (Logging.LogEvent) */
typedef struct ukko_log_event {
    ukko_log_level level;
    int64_t time_ms; /* and the rest: see ukko_log_record */
    const char *system, *source, *logger, *marker, *text, *cause;
} ukko_log_event;
UKKO_API extern const ukko_type ukko_log_event_type;   /* super type of the next four */
UKKO_API extern const ukko_type ukko_log_error_type;   /* ukko_log_event, likewise the others */
UKKO_API extern const ukko_type ukko_log_warning_type;
UKKO_API extern const ukko_type ukko_log_info_type;
UKKO_API extern const ukko_type ukko_log_debug_type;

typedef struct ukko_dead_letter {
    ukko_msg *message;
    ukko_ref *sender;    /* never NULL */
    ukko_ref *recipient; /* never NULL */
    const char *reason;  /* why, as "no such actor", "address is gated" */
} ukko_dead_letter;
UKKO_API extern const ukko_type ukko_all_dead_letters_type;       /* super type of the next three */
UKKO_API extern const ukko_type ukko_dead_letter_type;            /* ukko_dead_letter */
UKKO_API extern const ukko_type ukko_suppressed_dead_letter_type; /* ukko_dead_letter */
UKKO_API extern const ukko_type ukko_dropped_type;                /* ukko_dead_letter */
UKKO_API extern const ukko_type ukko_unhandled_type;              /* ukko_dead_letter */

/* A message that could not be read or written, and so was dropped; the link lives. ukko's own
   event: a JVM only writes a line to its log, as ukko does as well. */
typedef struct ukko_serial_failure {
    bool outgoing;
    int32_t serializer;     /* its id; UKKO_SER_LOCAL: none is bound to an outgoing message's class */
    const char *manifest;   /* "" when there is none */
    const char *class_name; /* Java class, also the one that a Java-serialized stream names; "?" */
    size_t bytes;           /* length of what arrived; 0 of an outgoing one */
    const char *reason;
    ukko_ref *sender;       /* NULL: none */
    ukko_ref *recipient;
    ukko_msg *message;      /* what arrived, as a ukko_opaque; or what was to be sent */
} ukko_serial_failure;
UKKO_API extern const ukko_type ukko_serial_failure_type; /* ukko_serial_failure */

#ifdef __cplusplus
}
#endif
#endif
