/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_ACTOR_H
#define UKKO_ACTOR_H

/*
 * Actor systems, actors, sending, asking, watching, supervising.
 *
 * An actor is a table of functions (ukko_actor) and a piece of state; a system runs many of them on
 * its threads, each handling one message at a time. Actors are known by references (ukko_ref),
 * which are counted, immutable and good on any thread, wherever the actor lives.
 */
#include <ukko/config.h>
#include <ukko/messages.h>
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_system ukko_system;       /* an actor system; any thread may use it */
typedef struct ukko_props ukko_props;         /* the recipe of an actor; see ukko_props_new() */
typedef struct ukko_ctx ukko_ctx;             /* an actor at work; valid inside one callback only */
typedef struct ukko_selection ukko_selection; /* a path with wildcards; see ukko_select() */
struct ukko_serializer; /* serial.h */
struct ukko_migration;  /* tree.h */

/* ---- What an actor is: ukko_actor(3) ----------------------------------------------- */

/* Handlers give UKKO_OK, UKKO_UNHANDLED, or a negative code, which is a failure. UKKO_UNHANDLED:
   the message is published as ukko_unhandled_type. */
enum { UKKO_UNHANDLED = 1 };

/* [actor] Handles a message of the type beside it in the table. body is borrowed, and lives during
   the call; so does ctx. state is the actor's own, and no other thread touches it meanwhile. */
typedef int (*ukko_on_fn)(ukko_ctx *ctx, void *state, const void *body);
/* [actor] Handles messages of every type, likewise; ukko_msg_retain() keeps msg longer. */
typedef int (*ukko_receive_fn)(ukko_ctx *ctx, void *state, const ukko_msg *msg);

/* A line of a table of cases. */
typedef struct ukko_case {
    const ukko_type *type; /* exactly this one; NULL ends the table */
    ukko_on_fn fn;         /* what handles it */
} ukko_case;

/* What an actor does with its messages. (Receive) */
typedef struct ukko_behavior {
    const ukko_case *cases;    /* tried first, in order; may be NULL */
    ukko_receive_fn otherwise; /* NULL: unhandled */
} ukko_behavior;

/* What a supervisor does about a failed child. (SupervisorStrategy.Directive) */
typedef enum ukko_directive {
    UKKO_RESUME = 1, /* it goes on with the next message, state as it is */
    UKKO_RESTART,    /* its state is made anew; messages that wait are kept */
    UKKO_STOP,       /* it ends */
    UKKO_ESCALATE    /* the supervisor itself fails with the same */
} ukko_directive;

/* The bits of a directive: which one, and the level it is logged with. */
enum {
    UKKO_DIRECTIVE_MASK = 0xff,      /* the ukko_directive */
    UKKO_DIRECTIVE_LEVEL_SHIFT = 8   /* above it the ukko_log_level; 0: the usual one */
};
/* A directive that is logged with a level of its own choice, as
   UKKO_DIRECTIVE_AT(UKKO_RESTART, UKKO_LOG_INFO). Without: stop and restart are errors, resume is
   a warning, escalate is not logged. */
#define UKKO_DIRECTIVE_AT(directive, level)                                                 \
    ((ukko_directive)((directive) | (level) << UKKO_DIRECTIVE_LEVEL_SHIFT))

/* What has failed. All pointers are valid during the call only. */
typedef struct ukko_failure {
    int code;               /* the negative code the handler gave; of a remote child: the one that its
                               class stands for, or UKKO_EUSER */
    const char *message;    /* text of ukko_fail(); never NULL */
    const char *class_name; /* Java class of the failure; never NULL */
    const ukko_msg *cause;  /* the same as a ukko_throwable_type message */
    ukko_ref *child;        /* who failed; NULL in restart hooks */
} ukko_failure;

/* [any] Is the failure of this Java class or of one below it? Known are the classes of java.lang
   and of Pekko; of all others only that they are a java.lang.Exception, or, when their name ends
   with Error, a java.lang.Error. */
UKKO_API bool ukko_failure_is(const ukko_failure *why, const char *class_name);

/* One line of a decider in the form of a table. */
typedef struct ukko_rule {
    int code;                 /* 0: any */
    const char *class_name;   /* NULL: any; else as ukko_failure_is() has it */
    ukko_directive directive; /* 0 ends the table */
} ukko_rule;

/* What an actor does about its failed children. (OneForOneStrategy, AllForOneStrategy) */
typedef struct ukko_supervision {
    uint32_t size; /* sizeof(ukko_supervision) */
    bool all_for_one; /* the directive is for all children, not only the one that failed */
    int32_t max_restarts; /* -1: no limit, but 1 when there is a window; 0: never; a child that may
                             not be restarted is stopped */
    int64_t within_ms;    /* 0: no window */
    /* Runs in the supervising actor, for what no rule covers. NULL: a child that could not start,
       was killed, or ended by a death pact is stopped, a java.lang.Error escalates, others restart
       (SupervisorStrategy.defaultDecider). When it records a failure by ukko_fail(), the supervisor
       itself fails with that. */
    ukko_directive (*decide)(ukko_ctx *ctx, void *state, const ukko_failure *why);
    const ukko_rule *rules; /* tried first, in order; may be NULL */
    bool quiet;             /* failures are not logged */
    /* A child has ended, and its name is free again. May be NULL. (handleChildTerminated) */
    void (*child_gone)(ukko_ctx *ctx, void *state, ukko_ref *child);
} ukko_supervision;

/* Stops every child that fails. (StoppingSupervisorStrategy) */
UKKO_API extern const ukko_supervision ukko_stopping;

/* A kind of actor: one static const table each, which outlives the systems that use it. Every
   function pointer may be NULL. The functions run one at a time for one actor, on whatever thread
   runs it. */
typedef struct ukko_actor {
    uint32_t size; /* sizeof(ukko_actor) */
    uint32_t state_size; /* bytes of state; zeroed before start; 0: none, state is NULL */
    const char *name; /* factory name: the class name in a remote deployment */
    ukko_behavior receive; /* until ukko_become() */
    /* state comes zeroed; args are those of the props, borrowed. Runs again on restart. A negative
       code: it could not start (ActorInitializationException), and by default is stopped. */
    int (*start)(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args);
    /* The last call on a state, also after a failed start; not when before_restart is given
       and the actor restarts. While a failure is being dealt with, ukko_sender() and
       ukko_current() still are those of the message that it failed on, here and in
       before_restart. ukko_fail() in a hook without a result logs an error. */
    void (*stop)(ukko_ctx *ctx, void *state);
    /* NULL: unwatch and stop the children, then stop(). msg: what was being handled, may be NULL.
       Children that are not stopped here live on, and are restarted too. */
    void (*before_restart)(ukko_ctx *ctx, void *state, const ukko_failure *why,
                           const ukko_msg *msg);
    const ukko_supervision *supervision; /* NULL: Pekko's default, one for one */
    /* With the new, zeroed state. NULL: start(). Failing here is a failure to start
       (PostRestartException), which the parent decides upon. */
    int (*after_restart)(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args,
                         const ukko_failure *why);
    void *data; /* the program's own, see ukko_ctx_actor() */
    /* What its mailbox must be able to do, as Pekko names it:
       "org.apache.pekko.dispatch.BoundedMessageQueueSemantics"; pekko.actor.mailbox.requirements
       says which mailbox that is. NULL: any. (RequiresMessageQueue) */
    const char *requires_queue;
} ukko_actor;

/* An actor that only has state and cases. */
#define UKKO_ACTOR(S, name, cases)                                                          \
    {sizeof(ukko_actor), sizeof(S), name, {cases, NULL}, NULL, NULL, NULL, NULL, NULL, NULL, NULL}

/* ---- Actor systems: ukko_system(3) ------------------------------------------------- */

/* What a system is made of; begin with UKKO_SYSTEM_OPTS. The tables that it points to must outlive
   the system; texts are copied. */
typedef struct ukko_system_opts {
    uint32_t size;             /* sizeof(ukko_system_opts) */
    const char *name;          /* as in pekko://NAME: letters, digits, and inside - and _ */
    const char *config_file;   /* loaded as by ukko_config_load(); NULL: reference only */
    const ukko_config *config; /* used instead of config_file when not NULL; retained */
    const ukko_type *const *types;   /* what may arrive, ends with NULL; may be NULL */
    const ukko_actor *const *actors; /* what may be deployed here, likewise */
    /* -1: from config; 0: only ukko_system_step() runs actors, the clock is virtual;
       UKKO_THREADS_LOOP: the same with the real clock, see "Stepping" */
    int32_t threads;
    uint64_t seed;             /* with threads 0: the order of equal choices */
    ukko_log_fn log;           /* NULL: lines on stderr */
    void *log_data;            /* passed to log */
    const struct ukko_serializer *const *serializers; /* of the program, ends with NULL; may be NULL */
    const struct ukko_migration *const *migrations;   /* of Jackson classes, likewise */
} ukko_system_opts;

/* Options with this name and configuration file (may be NULL), all else as configured. */
#define UKKO_SYSTEM_OPTS(name, config_file)                                                 \
    {sizeof(ukko_system_opts), name, config_file, NULL, NULL, NULL, -1, 0, NULL, NULL, NULL, NULL}

/* [any] Makes a system, and starts no thread. Owned: ukko_system_free(). UKKO_EINVAL: bad name;
   UKKO_ECONFIG, UKKO_EPARSE, UKKO_EIO: the configuration, err names the setting and its origin. On
   failure *out is NULL. Any number of systems live in one process. (ActorSystem.apply) */
UKKO_API UKKO_NODISCARD int ukko_system_new(ukko_system **out, const ukko_system_opts *opts,
                                            ukko_error *err);
/* [setup] Makes a type known, so that such messages can arrive. type must outlive the system.
   UKKO_EINVAL: the table does not fit its struct (the log says where); UKKO_ESTATE: started
   already. */
UKKO_API int ukko_system_add_type(ukko_system *sys, const ukko_type *type);
/* [setup] Makes a kind of actor known by its name, so that other nodes can deploy it here. actor
   must outlive the system. UKKO_EEXISTS: the name is taken; UKKO_EINVAL: no name; UKKO_ESTATE:
   started already. */
UKKO_API int ukko_system_add_actor(ukko_system *sys, const ukko_actor *actor);
/* [setup] Makes a serializer known; it must outlive the system. Conflicts are told by
   ukko_system_start(). UKKO_EINVAL: NULL; UKKO_ESTATE: started already. */
UKKO_API int ukko_system_add_serializer(ukko_system *sys, const struct ukko_serializer *serializer);
/* [setup] The same for a migration of Jackson messages. UKKO_EINVAL, UKKO_ESTATE, likewise. */
UKKO_API int ukko_system_add_migration(ukko_system *sys, const struct ukko_migration *migration);
/* [setup] Starts the threads, then remoting when it was enabled: once, by one thread. UKKO_ECONFIG,
   UKKO_EINVAL, UKKO_EEXISTS: types, serializers or migrations that conflict; UKKO_EIO: it cannot
   listen; UKKO_ETLS: keys; UKKO_ESTATE: started before. err says which. After a failure only
   ukko_system_free() is left to do. */
UKKO_API UKKO_NODISCARD int ukko_system_start(ukko_system *sys, ukko_error *err);
/* [any] Begins the end: runs the phases of shutdown.h, unless the configuration says otherwise, then
   stops the actors of /user, those of the system and remoting. Does not wait.
   (ActorSystem.terminate) */
UKKO_API void ukko_system_terminate(ukko_system *sys);
/* [any] Calls fn once when all actors and remoting have ended, before ukko_system_wait() returns, on
   any thread; those added last are called first. Must not block. Not called when the system never
   started. UKKO_ESTOPPED: it has ended. (registerOnTermination) */
UKKO_API int ukko_system_on_end(ukko_system *sys, void (*fn)(void *data), void *data);
/* [outside] Waits until the system has ended; negative: no limit. UKKO_ETIMEOUT; UKKO_EDEADLOCK: in
   an actor. (whenTerminated) */
UKKO_API int ukko_system_wait(ukko_system *sys, int64_t timeout_ms);
/* [outside] Terminates and waits, and frees all. References and messages of the system may be
   released afterwards, and nothing else. NULL is fine. */
UKKO_API void ukko_system_free(ukko_system *sys);
/* [any] Its name; lives as long as the system. */
UKKO_API const char *ukko_system_name(ukko_system *sys);
/* [any] Its whole configuration, resolved; borrowed, lives as long as the system. */
UKKO_API const ukko_config *ukko_system_config(ukko_system *sys);
/* [any] Where what cannot be delivered goes; borrowed, lives as long as the system. (deadLetters) */
UKKO_API ukko_ref *ukko_dead_letters(ukko_system *sys);
/* [any] The random number that tells this incarnation of the system from others: signed 32 bit. */
UKKO_API int32_t ukko_system_uid(ukko_system *sys);
/* [any] The level of the system's log (pekko.loglevel). */
UKKO_API ukko_log_level ukko_system_log_level(ukko_system *sys);
/* [any] Another level from now on; what is none is ignored. */
UKKO_API void ukko_system_set_log_level(ukko_system *sys, ukko_log_level level);
/* [any] Writes one record to the system's log, if its level lets it through; at most 4095 bytes.
   source says who speaks, as a path. */
UKKO_API void ukko_system_log(ukko_system *sys, ukko_log_level level, const char *source,
                              const char *format, ...) UKKO_PRINTF(4, 5);

/* ---- Stepping: ukko_step(3) -------------------------------------------------------- */

/*
 * A system without threads of its own, for tests that must run the same way twice (threads 0) and
 * for programs with a loop of their own (UKKO_THREADS_LOOP). All calls of this part that are
 * [step], and starting and freeing such a system, on one thread; telling, asking and spawning on
 * any, as ever. The functions that wait (ukko_ask_wait, ukko_system_wait, ...) would wait for ever
 * there.
 *
 * With threads 0 a virtual clock runs all timers: it stands still but in ukko_system_advance(). The
 * order in which actors get their turns is drawn from opts.seed: the same program with the same
 * seed takes the same order.
 *
 * With UKKO_THREADS_LOOP the program waits for ukko_system_fd() to be readable, at most
 * ukko_system_next_ms(), and then calls ukko_system_step(). Remoting, when enabled, does its I/O in
 * the steps as well.
 */

/* For ukko_system_opts.threads: no threads, the real clock, and a file descriptor to wait for. */
enum { UKKO_THREADS_LOOP = -2 };

/* [step] Gives up to max turns to actors; with a loop also fires the timers that are due and moves
   what has come over the network. Gives the number of turns; 0: nobody has anything to do, or the
   system has threads. A turn is up to `throughput` messages of one actor. Not inside an actor. */
UKKO_API size_t ukko_system_step(ukko_system *sys, size_t max);
/* [any] Milliseconds of the system's own clock: virtual with threads 0, else monotonic. */
UKKO_API int64_t ukko_system_now_ms(ukko_system *sys);
/* [step] Milliseconds until there is something to do: 0: now; -1: not before somebody from outside
   does something, or the system has threads. */
UKKO_API int64_t ukko_system_next_ms(ukko_system *sys);
/* [any] A file descriptor that is readable when there is something to do that next_ms did not know
   of. Borrowed: wait for it only (poll, epoll, a loop's watcher). Never fails; -1 without
   UKKO_THREADS_LOOP. */
UKKO_API int ukko_system_fd(ukko_system *sys);
/* [step] threads 0 only: lets ms milliseconds go by. Actors run until nobody has anything to do,
   then the clock jumps to the next timer, and so on. UKKO_ESTATE: another kind of system;
   UKKO_EINVAL: ms is negative. Not inside an actor. */
UKKO_API int ukko_system_advance(ukko_system *sys, int64_t ms);
/* [step] threads 0 only: a signature of the order of turns so far (which actors, one after the
   other). Equal for equal orders. */
UKKO_API uint64_t ukko_system_order(ukko_system *sys);

/* ---- Making actors: ukko_spawn(3) -------------------------------------------------- */

/* The recipe of an actor: its table, arguments, where it lives and how it is run. [any], but filled
   by one thread before it is first spawned from; constant afterwards. */

/* A recipe for actors of this kind. Owned: spawning takes it, or ukko_props_release(). (Props) */
UKKO_API ukko_props *ukko_props_new(const ukko_actor *actor);
/* One more owner, to spawn once more: owned. */
UKKO_API ukko_props *ukko_props_retain(const ukko_props *props);
/* Gives an owned one up. NULL is fine. */
UKKO_API void ukko_props_release(ukko_props *props);
/* Appends a constructor argument, deep-copied; it can travel to another node. UKKO_EINVAL: type is
   NULL. */
UKKO_API int ukko_props_arg(ukko_props *props, const ukko_type *type, const void *body);
/* The same; takes arg, NULL stands for null. Always UKKO_OK. */
UKKO_API int ukko_props_arg_msg(ukko_props *props, ukko_msg *arg);
/* The dispatcher to run on: the id of its section, "my-dispatcher". UKKO_EINVAL: NULL or empty. */
UKKO_API int ukko_props_dispatcher(ukko_props *props, const char *id);
/* The mailbox: the id of its section, or "bounded-capacity:N", which never lets a sender wait.
   UKKO_EINVAL: NULL or empty. */
UKKO_API int ukko_props_mailbox(ukko_props *props, const char *id);
/* The node on which the actor is to be made, "pekko.tcp://system@host:port". UKKO_EINVAL: no such
   address. (RemoteScope) */
UKKO_API int ukko_props_deploy(ukko_props *props, const char *address);
/* Never deployed elsewhere, whatever the configuration says. Always UKKO_OK. (LocalScope) */
UKKO_API int ukko_props_local(ukko_props *props);

/* [actor] Makes a child. Takes props, also on failure. name NULL picks one. out may be NULL; else
   *out is owned: ukko_ref_release(), and NULL on failure. The child starts in its own turn: that it
   failed to start is for supervision, and so is all that happens on another node. UKKO_EINVAL: bad
   name; UKKO_EEXISTS: name in use; UKKO_ESTOPPED: this actor is ending; UKKO_ECONFIG: its
   deployment, its dispatcher or its mailbox. A handler that gives the code on fails as the JVM would (InvalidActorNameException,
   ...). (actorOf) */
UKKO_API int ukko_spawn(ukko_ctx *ctx, ukko_props *props, const char *name, ukko_ref **out);
/* [any] The same under /user; *out is owned, likewise. UKKO_ESTATE: the system has not started;
   UKKO_ESTOPPED: it is ending. */
UKKO_API int ukko_system_spawn(ukko_system *sys, ukko_props *props, const char *name,
                               ukko_ref **out);

/* [any] Detail of the last spawn on this thread that failed: names the argument, path or setting. */
UKKO_API void ukko_spawn_error(ukko_error *err);
/* [any] Where in that text begins what Pekko has in the exception's cause and not in its message; 0:
   nowhere. Bytes. ": " stands before it. */
UKKO_API size_t ukko_spawn_cause(void);

/* ---- References to actors: ukko_ref(3) --------------------------------------------- */

/* [any] One more owner of the same reference: owned, to keep it beyond a handler. NULL gives NULL. */
UKKO_API ukko_ref *ukko_ref_retain(ukko_ref *ref);
/* [any] Gives an owned reference up; the actor lives on. NULL is fine. */
UKKO_API void ukko_ref_release(ukko_ref *ref);
/* [any] The same path and the same uid; both may be NULL. */
UKKO_API bool ukko_ref_equal(const ukko_ref *a, const ukko_ref *b);
/* [any] Full text with address and #uid; borrowed, lives as long as ref. */
UKKO_API const char *ukko_ref_path(const ukko_ref *ref);
/* [any] Path without address and uid: "/user/a". Gives the length the whole would take. */
UKKO_API size_t ukko_ref_print(const ukko_ref *ref, char *buf, size_t len);
/* [any] The last element of its path, "" for the root; borrowed, lives as long as ref. */
UKKO_API const char *ukko_ref_name(const ukko_ref *ref);
/* [any] Whether it lives in this system. */
UKKO_API bool ukko_ref_is_local(const ukko_ref *ref);
/* [any] The reference that a path text stands for: "/user/x", "pekko.tcp://s@h:1/user/x#5".
   Owned, never NULL: what cannot be found gives a reference to dead letters. No message
   is sent. (resolveActorRef) */
UKKO_API ukko_ref *ukko_system_ref(ukko_system *sys, const char *path);

/* ---- Sending: ukko_tell(3) --------------------------------------------------------- */

/* Sending does not fail: what cannot be delivered becomes a dead letter with its reason. Messages
   from one sender to one actor keep their order. */

/* [any] Sends a copy of *body, of this type; what is in body stays yours. With ctx NULL, from
   outside of actors, there is no sender; else the actor of ctx is, inside of whose callback this
   is. (tell) */
UKKO_API void ukko_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body);
/* [any] The same; takes msg, which is not written to any more. */
UKKO_API void ukko_tell_msg(ukko_ctx *ctx, ukko_ref *to, ukko_msg *msg);
/* [any] The same with a String, a copy of text. */
UKKO_API void ukko_tell_text(ukko_ctx *ctx, ukko_ref *to, const char *text);
/* [any] In the name of sender (NULL: none), which need not be the caller. Takes msg. */
UKKO_API void ukko_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender);
/* [any] Sends if it can be sent now, or tells why not: then nobody has heard of the message, and no
   dead letter or Dropped event is published. UKKO_OK: taken; its fate is from now on that of any
   message. UKKO_ETOOBIG: longer than a frame, err names its length, the limit and the setting;
   UKKO_ENOTSERIAL and other codes of serializers; UKKO_EBUSY: the send queue to that address is
   full (ukko.remote.send-queue); UKKO_EGATED: the address is gated; UKKO_ESTOPPED: the actor is
   known to have stopped, or remoting has. err may be NULL. The message is encoded to find out: once
   more than by ukko_tell(). ctx NULL: no sender. */
UKKO_API int ukko_try_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                           ukko_error *err);
/* [any] The same in the name of sender (NULL: none). Takes msg, also on failure. Errors as
   ukko_try_tell(). */
UKKO_API int ukko_try_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, ukko_error *err);
/* [actor] Sends a copy of *body to all that a path stands for, as ukko_ctx_select() has it.
   (ActorSelection.tell) */
UKKO_API void ukko_tell_path(ukko_ctx *ctx, const char *path, const ukko_type *type,
                             const void *body);
/* [actor] ukko_tell() to the sender of the current message; a dead letter when there is none. */
UKKO_API void ukko_reply(ukko_ctx *ctx, const ukko_type *type, const void *body);
/* [actor] The same; takes msg. */
UKKO_API void ukko_reply_msg(ukko_ctx *ctx, ukko_msg *msg);
/* [actor] The same with a String, a copy of text. */
UKKO_API void ukko_reply_text(ukko_ctx *ctx, const char *text);
/* [actor] Sends the current message on, with its sender; nothing outside a message. (forward) */
UKKO_API void ukko_forward(ukko_ctx *ctx, ukko_ref *to);

/* System messages. They overtake others, and go to another node reliably. */
typedef enum ukko_signal {
    UKKO_SIGNAL_TERMINATE = 1, /* stop after the current message */
    UKKO_SIGNAL_SUSPEND,       /* handle no messages until resumed */
    UKKO_SIGNAL_RESUME,        /* the end of that */
    UKKO_SIGNAL_RECREATE       /* restart; an actor that runs ignores it */
} ukko_signal;
/* [any] Sends a system message to an actor here or elsewhere. Takes cause, which is a throwable for
   RECREATE and may be NULL. (Terminate, Suspend, Resume, Recreate) */
UKKO_API void ukko_ref_signal(ukko_ref *ref, ukko_signal signal, ukko_msg *cause);

/* ---- Selections of actors: ukko_select(3) ------------------------------------------ */

/* [any] "/user/a/ *", "../b", "pekko.tcp://s@h:1/user/x". Relative ones start at the root. Owned:
   ukko_selection_release(). Never NULL: what is no URI reference selects dead letters, and a '?'
   begins a query, which is left out; as a wildcard it works in ukko_select_at() only. Nothing is
   sent, and nobody need be there yet. (actorSelection) */
UKKO_API ukko_selection *ukko_select(ukko_system *sys, const char *path);
/* [actor] The same; relative ones start at this actor: "child", "../sibling". Owned, likewise. */
UKKO_API ukko_selection *ukko_ctx_select(ukko_ctx *ctx, const char *path);
/* [any] The same; all start at anchor, here or elsewhere. Owned, likewise. */
UKKO_API ukko_selection *ukko_select_at(ukko_ref *anchor, const char *relative);
/* [any] Gives an owned one up. NULL is fine. */
UKKO_API void ukko_selection_release(ukko_selection *sel);
/* [any] Sends msg, which it takes, to all that are selected now, in the name of sender (NULL:
   none). A dead letter when there is nobody and no wildcard. */
UKKO_API void ukko_selection_tell(const ukko_selection *sel, ukko_msg *msg, ukko_ref *sender);
/* [any] The same anchor and the same elements. */
UKKO_API bool ukko_selection_equal(const ukko_selection *a, const ukko_selection *b);
/* [any] Printed form "ActorSelection[Anchor(..), Path(..)]", cut to fit and terminated. Gives the
   length the whole would take, as snprintf(). */
UKKO_API size_t ukko_selection_print(const ukko_selection *sel, char *buf, size_t len);
/* [any] The form that can be stored and selected again, likewise. (toSerializationFormat) */
UKKO_API size_t ukko_selection_path(const ukko_selection *sel, char *buf, size_t len);

/* ---- Asking: ukko_ask(3) ----------------------------------------------------------- */

/* [actor] Called once, as a message of the asking actor; never before ukko_ask() returns. status:
   UKKO_OK; UKKO_EANSWER: answer is a Status.Failure that came; UKKO_ETIMEOUT: none came in time, or
   the one asked had ended before; UKKO_EINVAL: the question was not sent, for want of a recipient
   or of a positive timeout; UKKO_EKILLED: somebody stopped the promise. With the last three answer
   is a Status.Failure that says why (AskTimeoutException, IllegalArgumentException). A
   Status.Success comes as what is in it. answer is borrowed; data is that of the question. What it
   gives is as for a handler: a negative code fails the actor. */
typedef int (*ukko_answer_fn)(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer,
                              void *data);
/* [actor] Sends a copy of *body as a question, and calls fn with what becomes of it: with the new
   state when the actor was restarted meanwhile, not at all when it has ended. (ask) */
UKKO_API void ukko_ask(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                       int64_t timeout_ms, ukko_answer_fn fn, void *data);
/* [actor] The same, but the answer, or the Status.Failure, is told to recipient, which may be the
   asking actor, as a message of this actor. (pipeTo) */
UKKO_API void ukko_ask_pipe(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                            int64_t timeout_ms, ukko_ref *recipient);
/* [actor] Asks who is at a path, as ukko_ctx_select() has it: answer is a ukko_identity. (Identify) */
UKKO_API void ukko_find(ukko_ctx *ctx, const char *path, int64_t timeout_ms,
                        ukko_answer_fn fn, void *data);

/* Called once, on any thread, possibly before the function that was given it returns; must not
   block. answer is borrowed; status and answer as for ukko_answer_fn. */
typedef void (*ukko_answered_fn)(void *data, int status, const ukko_msg *answer);
/* The same with the reference that was found; NULL unless status is UKKO_OK. */
typedef void (*ukko_found_fn)(void *data, int status, ukko_ref *ref);
/* [any] Sends msg, which it takes, as a question, and calls fn with what becomes of it. */
UKKO_API void ukko_ask_async(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms,
                             ukko_answered_fn fn, void *data);
/* [any] The same to all that are selected; the first answer counts. */
UKKO_API void ukko_selection_ask_async(const ukko_selection *sel, ukko_msg *msg,
                                       int64_t timeout_ms, ukko_answered_fn fn, void *data);
/* [any] Looks for an actor that is selected. status UKKO_ENOTFOUND when nobody (or nobody in time)
   answers with a ref. (resolveOne) */
UKKO_API void ukko_selection_find_async(const ukko_selection *sel, int64_t timeout_ms,
                                        ukko_found_fn fn, void *data);
/* [outside] Asks and waits: for main() and tests. *answer (may be NULL) is owned:
   ukko_msg_release(); NULL unless the result is UKKO_OK or UKKO_EANSWER, as for ukko_answer_fn.
   UKKO_EDEADLOCK: on an actor's thread; UKKO_ETIMEOUT, UKKO_EINVAL, UKKO_EKILLED. (Await.result) */
UKKO_API int ukko_ask_wait(ukko_ref *to, const ukko_type *type, const void *body,
                           int64_t timeout_ms, ukko_msg **answer);
/* [outside] The same; takes msg. *answer is owned, likewise, and errors as ukko_ask_wait(). */
UKKO_API int ukko_ask_wait_msg(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms,
                               ukko_msg **answer);
/* [any] Detail of the last ukko_ask_wait() on this thread that failed: fills *err. */
UKKO_API void ukko_ask_error(ukko_error *err);
/* [outside] Looks for an actor at a path, as ukko_select() has it, and waits. *out is owned:
   ukko_ref_release(); NULL on failure. UKKO_ENOTFOUND: nobody, or nobody in time; UKKO_EDEADLOCK:
   on an actor's thread. */
UKKO_API int ukko_find_wait(ukko_system *sys, const char *path, int64_t timeout_ms,
                            ukko_ref **out);

/* What became of a stop: UKKO_OK, or UKKO_ETIMEOUT when the actor lives on. Called once, on any
   thread; must not block. */
typedef void (*ukko_stopped_fn)(void *data, int status);
/* [any] Sends stop_msg (taken; NULL: a poison pill) and tells when target has ended. status:
   as for ukko_stopped_fn. (gracefulStop) */
UKKO_API void ukko_stop_async(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms,
                              ukko_stopped_fn fn, void *data);
/* [outside] The same for main() and tests; takes stop_msg. UKKO_ETIMEOUT: it lives on;
   UKKO_EDEADLOCK: on an actor's thread. */
UKKO_API int ukko_stop_wait(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms);

/* ---- Sending later: ukko_later(3) -------------------------------------------------- */

/* What is to happen later, or again and again. */
typedef struct ukko_scheduled ukko_scheduled;

/* [any] Sends msg (taken) to `to` after delay_ms and then, when period_ms > 0, every period_ms, in
   the name of sender (may be NULL). It ends when it is cancelled, when `to` has stopped, or with
   the system. *out may be NULL; else owned: ukko_scheduled_release(). (scheduleOnce,
   scheduleAtFixedRate) */
UKKO_API void ukko_tell_later(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, int64_t delay_ms,
                              int64_t period_ms, ukko_scheduled **out);
/* [any] Calls fn likewise, on the timer thread: it must be quick and must not block. *out is owned,
   likewise. */
UKKO_API void ukko_call_later(ukko_system *sys, int64_t delay_ms, int64_t period_ms,
                              void (*fn)(void *data), void *data, ukko_scheduled **out);
/* [any] true: it will not happen (again). false: it was cancelled, or is over. One that is
   happening at this moment is not waited for. */
UKKO_API bool ukko_scheduled_cancel(ukko_scheduled *s);
UKKO_API void ukko_scheduled_release(ukko_scheduled *s); /* [any] does not cancel; NULL is fine */

/* ---- What an actor can do: ukko_ctx(3) --------------------------------------------- */

/* What an actor is in, and what it does with itself. All of it is [actor]; what is given is
   borrowed, and lives as long as the callback. */

UKKO_API ukko_ref *ukko_self(ukko_ctx *ctx);   /* this actor */
UKKO_API ukko_ref *ukko_sender(ukko_ctx *ctx); /* of the message; never NULL: dead letters */
UKKO_API ukko_ref *ukko_parent(ukko_ctx *ctx); /* its supervisor, maybe on another node */
UKKO_API ukko_system *ukko_ctx_system(ukko_ctx *ctx);     /* in which it lives */
UKKO_API const ukko_actor *ukko_ctx_actor(ukko_ctx *ctx); /* the table it was made from */
UKKO_API const ukko_msg *ukko_current(ukko_ctx *ctx);     /* NULL outside a message */
UKKO_API ukko_ref *ukko_child(ukko_ctx *ctx, const char *name); /* a child, or NULL */

/* Another behaviour from the next message on, in place of the one on top. behavior is not copied:
   it must live as long as it is used. (context.become) */
UKKO_API void ukko_become(ukko_ctx *ctx, const ukko_behavior *behavior);
/* The same on top of the others; 14 at most, the oldest is then forgotten and an error logged.
   (become, discardOld = false) */
UKKO_API void ukko_push_behavior(ukko_ctx *ctx, const ukko_behavior *behavior);
/* Back to the behaviour below; at last the table's. (context.unbecome) */
UKKO_API void ukko_unbecome(ukko_ctx *ctx);

/* Stops this actor, or a child: after the message that it is handling. (context.stop) */
UKKO_API void ukko_stop(ukko_ctx *ctx, ukko_ref *ref);
/* Death watch, here or on another node. A ukko_terminated message comes when ref has ended, or at
   once when it is not there. An actor that does not handle it fails (DeathPactException). Watching
   again does nothing. UKKO_ESTATE: watched with a message already. (context.watch) */
UKKO_API int ukko_watch(ukko_ctx *ctx, ukko_ref *ref);
/* msg comes in its place, from ref. Takes msg. UKKO_ESTATE: watched without, or with another.
   (watchWith) */
UKKO_API int ukko_watch_with(ukko_ctx *ctx, ukko_ref *ref, ukko_msg *msg);
/* The end of that; none of them comes afterwards. (context.unwatch) */
UKKO_API void ukko_unwatch(ukko_ctx *ctx, ukko_ref *ref);
/* Records the reason and gives code back, which is an error of the program's own (UKKO_EUSER or
   below) or any UKKO_E…: return ukko_fail(ctx, MY_CODE, "..."). It is the return that fails the
   actor. */
UKKO_API int ukko_fail(ukko_ctx *ctx, int code, const char *format, ...) UKKO_PRINTF(3, 4);
/* The same with the Java class that a JVM supervisor would see; without it is a RuntimeException.
   Gives code, likewise: UKKO_EUSER, ... */
UKKO_API int ukko_fail_as(ukko_ctx *ctx, int code, const char *class_name, const char *format,
                          ...) UKKO_PRINTF(4, 5);

/* Puts the current message aside; its handler then gives UKKO_OK. UKKO_ESTATE: already stashed, or
   no message; UKKO_ETOOBIG: as many as the mailbox's stash-capacity are there; returning the code
   fails the actor. (Stash) */
UKKO_API int ukko_stash(ukko_ctx *ctx);
/* Puts all that was stashed before the messages that wait, oldest first. A restart and a stop do so
   by themselves. (unstashAll) */
UKKO_API void ukko_unstash_all(ukko_ctx *ctx);
/* Sends msg, which it takes, to this actor after delay_ms, and then every period_ms (0: once). One
   timer a key; starting it anew replaces it, and no message of the old one comes then. It ends with
   the actor, also on restart. (Timers) */
UKKO_API void ukko_timer_start(ukko_ctx *ctx, uint64_t key, int64_t delay_ms,
                               int64_t period_ms, ukko_msg *msg);
/* Ends the timer of that key: no message of it comes any more. */
UKKO_API void ukko_timer_cancel(ukko_ctx *ctx, uint64_t key);
/* A ukko_receive_timeout_type message comes when none has for timeout_ms, and again after each such
   time. 0: off. (setReceiveTimeout) */
UKKO_API void ukko_receive_timeout(ukko_ctx *ctx, int64_t timeout_ms);
/* Writes one record to the system's log in the name of this actor, if its level lets it through; at
   most 2047 bytes. (ActorLogging) */
UKKO_API void ukko_log(ukko_ctx *ctx, ukko_log_level level, const char *format, ...)
    UKKO_PRINTF(3, 4);

/* ---- Functions as actors: ukko_function_ref(3) ------------------------------------- */

/* Takes messages on their sender's thread, and before the tell returns. May run on several threads
   at once, must be quick and must not block; msg and sender (NULL: none) are borrowed. */
typedef void (*ukko_function_fn)(void *data, const ukko_msg *msg, ukko_ref *sender);
/* [any] A reference that calls fn for each message: for events that must be seen in their turn.
   Owned: ukko_ref_release(); fn may be called as long as anybody has it. (FunctionRef) */
UKKO_API ukko_ref *ukko_function_ref(ukko_system *sys, ukko_function_fn fn, void *data);

/* ---- The event stream: ukko_subscribe(3) ------------------------------------------- */

/* [any] ref gets every published message of this type, or of one below it (super, also). An actor's
   subscriptions end with it. UKKO_EEXISTS: it gets them already; UKKO_ESTOPPED: it has ended;
   UKKO_EINVAL: an argument is NULL. */
UKKO_API int ukko_subscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref);
/* [any] No more messages of this type and of those below it; through types above it come only the
   others. event NULL: none at all. UKKO_ENOTFOUND: it got none; UKKO_EINVAL: ref is NULL. */
UKKO_API int ukko_unsubscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref);
/* [any] Tells a copy of *body, of this type, to all that are subscribed to it, without a sender.
   (eventStream.publish) */
UKKO_API void ukko_publish(ukko_system *sys, const ukko_type *event, const void *body);
/* [any] The same; takes msg. */
UKKO_API void ukko_publish_msg(ukko_system *sys, ukko_msg *msg);

#ifdef __cplusplus
}
#endif
#endif
