/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of ukko-peer share. The program is one actor system that is driven by commands on
   its standard input and reports JSON lines on its standard output; the contract is
   tests/conformance/CONTRACT.md. It uses the public headers only. */
#ifndef PEER_H
#define PEER_H
#include <jansson.h>
#include <ukko/ukko.h>

/* ---- out.c: the only writer of standard output; any thread --------------------------- */

void out_begin(void); /* first of all: the time of events counts from here */
/* Prints {"ev":ev,"t":..,key:value,..}: pairs of const char * and json_t * (taken), then NULL. */
void out_emit(const char *ev, ...) __attribute__((sentinel));
json_t *out_text(const char *text); /* NULL gives null; broken UTF-8 becomes U+FFFD */
json_t *out_text_n(const char *text, size_t len);
json_t *out_map(const char *key, ...) __attribute__((sentinel)); /* pairs as for out_emit() */
json_t *out_failure(const char *class_name, const char *message);
char *out_compact(json_t *value); /* takes value; JSON text, ended by free() */
char *out_plain(json_t *value); /* the same with the escapes of the reference peer */
uint32_t out_code_point(const char *text, size_t len, size_t *used); /* the first one of UTF-8 */
void out_unsupported(const char *what, const char *name); /* what: "cmd" or "option" */

/* ---- features.c: what the library offers by now -------------------------------------- */

typedef enum feature {
    FEATURE_BASE,      /* always there */
    FEATURE_DEPLOY,    /* remote deployment */
    FEATURE_ROUTERS,   /* pools and groups */
    FEATURE_TLS,       /* --transport ssl */
    FEATURE_JVM        /* Java serialization, Artery, Cluster: never */
} feature;
bool feature_built(feature f);

/* ---- options.c ----------------------------------------------------------------------- */

typedef struct options {
    const char *name;     /* of the system */
    ukko_config *config;  /* owned, not yet resolved */
    bool all_for_one;     /* of the deployer */
} options;
/* UKKO_OK, UKKO_EINVAL (wrong usage, said on stderr), UKKO_EUNSUPPORTED (event printed), or what
   the configuration gave, then err tells. */
int options_parse(options *o, int argc, char **argv, ukko_error *err);
void options_fini(options *o);

/* ---- types.c: the sample messages ---------------------------------------------------- */

typedef struct greeting { ukko_string text; int64_t number; } greeting;
typedef struct big_doc { const char *title; const char **lines; size_t n_lines; } big_doc;
typedef struct pair { const char *key, *value; } pair;
typedef struct mixed {
    bool flag;
    int32_t small;
    int64_t large;
    double real;
    ukko_string text;
    const char *nothing;
    ukko_slice blob;
    int32_t *list;
    size_t n_list;
    pair *map;
    size_t n_map;
    ukko_string maybe; /* MixedCbor ends before this */
    const char *when, *howLong;
    greeting *nested;
    ukko_ref *replyTo;
} mixed;
typedef struct string_value { ukko_string value; } string_value;
typedef struct java_thing { const char *text; } java_thing;

extern const ukko_type greeting_type, cbor_greeting_type, big_doc_type, mixed_type,
    mixed_cbor_type, string_value_type, java_thing_type;
extern const ukko_type *const peer_types[]; /* ends with NULL */

ukko_msg *sample_big_doc(size_t chars);
ukko_msg *sample_mixed(const ukko_type *type, ukko_ref *reply_to); /* borrows; NULL for CBOR */

/* ---- messages.c: KIND:VALUE ---------------------------------------------------------- */

/* Why a command failed, as the Java exception that it would be. */
typedef struct fault { const char *class_name; char message[400]; } fault;
int fault_set(fault *f, const char *class_name, const char *format, ...) UKKO_PRINTF(3, 4);

/* Owned; *out NULL is null. Nonzero: f says why. text is not changed. */
int message_parse(ukko_system *sys, const char *text, ukko_msg **out, fault *f);
int number_parse(const char *text, int64_t min, int64_t max, int64_t *out, fault *f);
int hex_parse(const char *text, uint8_t **bytes, size_t *len, fault *f); /* *bytes: free() */
int address_check(const char *text, fault *f);

/* ---- values.c: messages as JSON ------------------------------------------------------ */

json_t *value_of(const ukko_msg *msg); /* NULL gives null */
json_t *value_class(const ukko_msg *msg);
json_t *value_ref(const ukko_ref *ref);  /* full path with uid; NULL gives null */
json_t *value_path(const ukko_ref *ref); /* path without address and uid */
json_t *value_failure(const ukko_failure *why);
json_t *value_throwable(const ukko_msg *msg); /* of a throwable or of what holds one */

/* ---- actors.c, family.c, listener.c: the actors under /user -------------------------- */

typedef struct watch_order { ukko_ref *ref; bool undo; } watch_order;
typedef struct forward_order { ukko_ref *ref; } forward_order;
typedef struct make_order {
    const char *class_name, *name;
    const char *address; /* where to deploy; NULL: as configured */
    bool local;          /* LocalScope */
    ukko_msg **args;
    size_t n_args;
    const char *router;  /* "rr", "random", ..., "config"; NULL: a plain actor */
    int32_t instances;   /* of a pool */
    const char **places; /* nodes of a pool, or paths of a group */
    size_t n_places;
    bool group;
} make_order;
typedef struct text_order { const char *text; } text_order;
extern const ukko_type watch_order_type, forward_order_type, make_order_type,
    stop_child_type /* text_order */, strategy_type /* text_order */;

extern const ukko_actor echo_actor, sink_actor, collector_actor, forwarder_actor, failing_actor,
    order_actor, caller_actor, receptionist_actor;                  /* actors.c */
extern const ukko_actor parent_actor, watcher_actor, deployer_actor, all_for_one_deployer_actor,
    worker_actor;                                                   /* family.c */
extern const ukko_actor timed_actor, stashing_actor;                /* moods.c */
bool family_wait(void); /* until /user/parent and all below it have started; false: not in 10 s */
void spawn_problem(ukko_error *out); /* ukko_spawn_error() without what is in the cause */
extern const ukko_actor listener_actor;                             /* listener.c */
extern const ukko_actor *const peer_actors[];                       /* by class; ends with NULL */
const ukko_actor *actor_by_class(const char *name); /* "Worker" or the whole class name; or NULL */
int actor_throw(ukko_ctx *ctx, const char *text); /* "throw TEXT": fails as Java would */
void actor_recv(ukko_ctx *ctx, const ukko_msg *msg); /* prints the event recv */
int listener_subscribe(ukko_system *sys, ukko_ref *listener);

/* ---- commands.c ---------------------------------------------------------------------- */

typedef struct peer {
    ukko_system *sys;
    ukko_ref *collector, *watcher, *deployer, *forwarder, *listener;
} peer;
void command_run(peer *p, const char *line); /* one line, trimmed; prints what comes of it */
ukko_ref *ref_of(ukko_system *sys, const char *path); /* owned; on the command thread */
void refs_forget(void); /* what ref_of() has found: before the system is freed */
#endif
