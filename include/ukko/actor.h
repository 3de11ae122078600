/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_ACTOR_H
#define UKKO_ACTOR_H

/* Actor systems, actors, sending, asking, watching, supervising. */
#include <ukko/config.h>
#include <ukko/messages.h>
#include <ukko/type.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_system ukko_system;       /* thread-safe */
typedef struct ukko_props ukko_props;         /* immutable once spawned from */
typedef struct ukko_ctx ukko_ctx;             /* valid inside one callback only */
typedef struct ukko_selection ukko_selection; /* immutable, shared by reference count */
struct ukko_serializer; /* serial.h */
struct ukko_migration;  /* tree.h */

/* ---- What an actor is ------------------------------------------------------------- */

/* Handlers give UKKO_OK, UKKO_UNHANDLED, or a negative code, which is a failure. */
enum { UKKO_UNHANDLED = 1 };

typedef int (*ukko_on_fn)(ukko_ctx *ctx, void *state, const void *body);
typedef int (*ukko_receive_fn)(ukko_ctx *ctx, void *state, const ukko_msg *msg);

typedef struct ukko_case {
    const ukko_type *type; /* NULL ends the table */
    ukko_on_fn fn;
} ukko_case;

typedef struct ukko_behavior {
    const ukko_case *cases;    /* tried first, in order; may be NULL */
    ukko_receive_fn otherwise; /* NULL: unhandled */
} ukko_behavior;

typedef enum ukko_directive {
    UKKO_RESUME = 1,
    UKKO_RESTART,
    UKKO_STOP,
    UKKO_ESCALATE
} ukko_directive;

/* A directive that is logged with a level of its own choice, as
   UKKO_DIRECTIVE_AT(UKKO_RESTART, UKKO_LOG_INFO). Without: stop and restart are errors, resume is
   a warning, escalate is not logged. */
enum { UKKO_DIRECTIVE_MASK = 0xff, UKKO_DIRECTIVE_LEVEL_SHIFT = 8 };
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

/* [any] Is the failure of this Java class or of one below it? Known are the classes of java.lang and
   of Pekko; of all others only that they are a java.lang.Exception, or, when their name ends with
   Error, a java.lang.Error. */
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
    bool all_for_one;
    int32_t max_restarts; /* -1: no limit, but 1 when there is a window; 0: never; a child that may
                             not be restarted is stopped */
    int64_t within_ms;    /* 0: no window */
    /* Runs in the supervising actor, for what no rule covers. NULL: a child that could not start, was
       killed, or ended by a death pact is stopped, a java.lang.Error escalates, others restart
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

/* A kind of actor: one static const table each. Every function pointer may be NULL. */
typedef struct ukko_actor {
    uint32_t size; /* sizeof(ukko_actor) */
    uint32_t state_size;
    const char *name; /* factory name: the class name in a remote deployment */
    ukko_behavior receive;
    /* state comes zeroed; args are those of the props. Runs again on restart. */
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
} ukko_actor;

/* An actor that only has state and cases. */
#define UKKO_ACTOR(S, name, cases)                                                          \
    {sizeof(ukko_actor), sizeof(S), name, {cases, NULL}, NULL, NULL, NULL, NULL, NULL, NULL}

/* ---- Systems ---------------------------------------------------------------------- */

typedef struct ukko_system_opts {
    uint32_t size;             /* sizeof(ukko_system_opts) */
    const char *name;          /* as in pekko://NAME */
    const char *config_file;   /* loaded as by ukko_config_load(); NULL: reference only */
    const ukko_config *config; /* used instead of config_file when not NULL; retained */
    const ukko_type *const *types;   /* what may arrive, ends with NULL; may be NULL */
    const ukko_actor *const *actors; /* what may be deployed here, likewise */
    /* -1: from config; 0: only ukko_system_step() runs actors, the clock is virtual;
       UKKO_THREADS_LOOP: the same with the real clock, see "Stepping" */
    int32_t threads;
    uint64_t seed;             /* with threads 0: the order of equal choices */
    ukko_log_fn log;           /* NULL: lines on stderr */
    void *log_data;
    const struct ukko_serializer *const *serializers; /* of the program, ends with NULL; may be NULL */
    const struct ukko_migration *const *migrations;   /* of Jackson classes, likewise */
} ukko_system_opts;

#define UKKO_SYSTEM_OPTS(name, config_file)                                                 \
    {sizeof(ukko_system_opts), name, config_file, NULL, NULL, NULL, -1, 0, NULL, NULL, NULL, NULL}

/* [any] Starts no thread. Owned: ukko_system_free(). UKKO_EINVAL: bad name;
   UKKO_ECONFIG, UKKO_EPARSE: the configuration, err names the setting and its origin. */
UKKO_API UKKO_NODISCARD int ukko_system_new(ukko_system **out, const ukko_system_opts *opts,
                                            ukko_error *err);
UKKO_API int ukko_system_add_type(ukko_system *sys, const ukko_type *type);    /* [setup] */
UKKO_API int ukko_system_add_actor(ukko_system *sys, const ukko_actor *actor); /* [setup] */
/* [setup] Both must outlive the system. Conflicts are told by ukko_system_start(). */
UKKO_API int ukko_system_add_serializer(ukko_system *sys, const struct ukko_serializer *serializer);
UKKO_API int ukko_system_add_migration(ukko_system *sys, const struct ukko_migration *migration);
UKKO_API UKKO_NODISCARD int ukko_system_start(ukko_system *sys, ukko_error *err);
UKKO_API void ukko_system_terminate(ukko_system *sys); /* [any] asks, does not wait */
/* Waits until the system has ended; negative: no limit. UKKO_ETIMEOUT. Not in an actor. */
UKKO_API int ukko_system_wait(ukko_system *sys, int64_t timeout_ms);
UKKO_API void ukko_system_free(ukko_system *sys); /* terminates and waits; NULL is fine */
UKKO_API const char *ukko_system_name(ukko_system *sys);
UKKO_API const ukko_config *ukko_system_config(ukko_system *sys); /* borrowed, resolved */
UKKO_API ukko_ref *ukko_dead_letters(ukko_system *sys);           /* borrowed */
/* The random number that tells this incarnation of the system from others: signed 32 bit. */
UKKO_API int32_t ukko_system_uid(ukko_system *sys);
/* [any] The level of the system's log (pekko.loglevel), and another one from now on. */
UKKO_API ukko_log_level ukko_system_log_level(ukko_system *sys);
UKKO_API void ukko_system_set_log_level(ukko_system *sys, ukko_log_level level);
/* [any] Writes one record to the system's log, if its level lets it through. */
UKKO_API void ukko_system_log(ukko_system *sys, ukko_log_level level, const char *source,
                              const char *format, ...) UKKO_PRINTF(4, 5);

/* ---- Stepping ------------------------------------------------------------------------ */

/*
 * A system without threads of its own, for tests that must run the same way twice (threads 0) and
 * for programs with a loop of their own (UKKO_THREADS_LOOP). All calls of this part, and starting and
 * freeing such a system, on one thread; telling, asking and spawning on any, as ever. The functions
 * that wait (ukko_ask_wait, ukko_system_wait, ...) would wait for ever there.
 *
 * With threads 0 a virtual clock runs all timers: it stands still but in ukko_system_advance(). The
 * order in which actors get their turns is drawn from opts.seed: the same program with the same seed
 * takes the same order.
 *
 * With UKKO_THREADS_LOOP the program waits for ukko_system_fd() to be readable, at most
 * ukko_system_next_ms(), and then calls ukko_system_step(). Remoting, when enabled, does its I/O in
 * the steps as well.
 */
enum { UKKO_THREADS_LOOP = -2 };

/* Gives up to max turns to actors; with a loop also fires the timers that are due and moves what
   has come over the network. Gives the number of turns; 0: nobody has anything to do, or the system
   has threads. A turn is up to `throughput` messages of one actor. Not inside an actor. */
UKKO_API size_t ukko_system_step(ukko_system *sys, size_t max);
/* [any] Milliseconds of the system's own clock: virtual with threads 0, else monotonic. */
UKKO_API int64_t ukko_system_now_ms(ukko_system *sys);
/* Milliseconds until there is something to do: 0: now; -1: not before somebody from outside does
   something, or the system has threads. */
UKKO_API int64_t ukko_system_next_ms(ukko_system *sys);
/* A file descriptor that is readable when there is something to do that next_ms did not know of.
   Borrowed: wait for it only (poll, epoll, a loop's watcher). -1 without UKKO_THREADS_LOOP. */
UKKO_API int ukko_system_fd(ukko_system *sys);
/* threads 0 only: lets ms milliseconds go by. Actors run until nobody has anything to do, then the
   clock jumps to the next timer, and so on. UKKO_ESTATE: another kind of system; UKKO_EINVAL: ms is
   negative. Not inside an actor. */
UKKO_API int ukko_system_advance(ukko_system *sys, int64_t ms);
/* threads 0 only: a signature of the order of turns so far (which actors, one after the other). Equal
   for equal orders. */
UKKO_API uint64_t ukko_system_order(ukko_system *sys);

/* ---- Props and spawning ------------------------------------------------------------ */

UKKO_API ukko_props *ukko_props_new(const ukko_actor *actor); /* owned: spawning takes it */
UKKO_API ukko_props *ukko_props_retain(const ukko_props *props); /* to spawn once more */
UKKO_API void ukko_props_release(ukko_props *props);
/* Appends a constructor argument, deep-copied; it can travel to another node. */
UKKO_API int ukko_props_arg(ukko_props *props, const ukko_type *type, const void *body);
UKKO_API int ukko_props_arg_msg(ukko_props *props, ukko_msg *arg); /* takes arg; NULL: null */
UKKO_API int ukko_props_dispatcher(ukko_props *props, const char *id);
UKKO_API int ukko_props_mailbox(ukko_props *props, const char *id);
UKKO_API int ukko_props_deploy(ukko_props *props, const char *address); /* remote node */
UKKO_API int ukko_props_local(ukko_props *props); /* LocalScope: never deployed elsewhere */

/* Both take props, also on failure. name NULL picks one. out may be NULL; else owned.
   UKKO_EINVAL: bad name; UKKO_EEXISTS: name in use; UKKO_ESTOPPED; UKKO_ECONFIG. */
UKKO_API int ukko_spawn(ukko_ctx *ctx, ukko_props *props, const char *name,
                        ukko_ref **out); /* [actor] a child */
UKKO_API int ukko_system_spawn(ukko_system *sys, ukko_props *props, const char *name,
                               ukko_ref **out); /* [any] under /user */

/* [any] Detail of the last spawn on this thread that failed: names the argument, path or setting. */
UKKO_API void ukko_spawn_error(ukko_error *err);

/* ---- References -------------------------------------------------------------------- */

UKKO_API ukko_ref *ukko_ref_retain(ukko_ref *ref); /* [any] owned; NULL gives NULL */
UKKO_API void ukko_ref_release(ukko_ref *ref);     /* [any] NULL is fine */
UKKO_API bool ukko_ref_equal(const ukko_ref *a, const ukko_ref *b); /* path and uid */
/* [any] Full text with address and #uid; borrowed, lives as long as ref. */
UKKO_API const char *ukko_ref_path(const ukko_ref *ref);
/* [any] Path without address and uid: "/user/a". Gives the length the whole would take. */
UKKO_API size_t ukko_ref_print(const ukko_ref *ref, char *buf, size_t len);
UKKO_API const char *ukko_ref_name(const ukko_ref *ref); /* last element; "" for the root */
UKKO_API bool ukko_ref_is_local(const ukko_ref *ref);
/* [any] The reference that a path text stands for: "/user/x", "pekko.tcp://s@h:1/user/x#5".
   Owned, never NULL: what cannot be found gives a reference to dead letters. No message
   is sent. (resolveActorRef) */
UKKO_API ukko_ref *ukko_system_ref(ukko_system *sys, const char *path);

/* ---- Sending ------------------------------------------------------------------------ */

/* Never fail: what cannot be delivered goes to dead letters. ctx NULL: no sender. [any] */
UKKO_API void ukko_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body);
UKKO_API void ukko_tell_msg(ukko_ctx *ctx, ukko_ref *to, ukko_msg *msg);    /* takes msg */
UKKO_API void ukko_tell_text(ukko_ctx *ctx, ukko_ref *to, const char *text); /* a String */
/* [any] In the name of sender (NULL: none), which need not be the caller. Takes msg. */
UKKO_API void ukko_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender);
/* [any] Sends if it can be sent now, or tells why not: then nobody has heard of the message, and no
   dead letter or Dropped event is published. UKKO_OK: taken; its fate is from now on that of any
   message. UKKO_ETOOBIG: longer than a frame, err names its length, the limit and the setting;
   UKKO_ENOTSERIAL and other codes of serializers; UKKO_EBUSY: the send queue to that address is full
   (ukko.remote.send-queue); UKKO_EGATED: the address is gated; UKKO_ESTOPPED: the actor is known to
   have stopped, or remoting has. err may be NULL. The message is encoded to find out: once more than
   by ukko_tell(). ctx NULL: no sender. */
UKKO_API int ukko_try_tell(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                           ukko_error *err);
/* [any] The same in the name of sender (NULL: none). Takes msg, also on failure. */
UKKO_API int ukko_try_tell_from(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, ukko_error *err);
UKKO_API void ukko_tell_path(ukko_ctx *ctx, const char *path, const ukko_type *type,
                             const void *body); /* [actor] actor selection */
UKKO_API void ukko_reply(ukko_ctx *ctx, const ukko_type *type, const void *body);
UKKO_API void ukko_reply_msg(ukko_ctx *ctx, ukko_msg *msg); /* takes msg */
UKKO_API void ukko_reply_text(ukko_ctx *ctx, const char *text);
UKKO_API void ukko_forward(ukko_ctx *ctx, ukko_ref *to); /* current message and sender */

/* System messages to a reference, local or remote. Pekko's Terminate, Suspend, Resume, and
   Recreate (with cause; taken, may be NULL). A running actor ignores RECREATE. [any] */
typedef enum ukko_signal {
    UKKO_SIGNAL_TERMINATE = 1,
    UKKO_SIGNAL_SUSPEND,
    UKKO_SIGNAL_RESUME,
    UKKO_SIGNAL_RECREATE
} ukko_signal;
UKKO_API void ukko_ref_signal(ukko_ref *ref, ukko_signal signal, ukko_msg *cause);

/* ---- Selections ----------------------------------------------------------------------- */

/* [any] "/user/a/ *", "../b", "pekko.tcp://s@h:1/user/x". Relative ones start at the root.
   Owned: ukko_selection_release(). Never NULL: what cannot be parsed selects dead letters. */
UKKO_API ukko_selection *ukko_select(ukko_system *sys, const char *path);
UKKO_API ukko_selection *ukko_ctx_select(ukko_ctx *ctx, const char *path); /* [actor] from self */
UKKO_API ukko_selection *ukko_select_at(ukko_ref *anchor, const char *relative);
UKKO_API void ukko_selection_release(ukko_selection *sel);
UKKO_API void ukko_selection_tell(const ukko_selection *sel, ukko_msg *msg,
                                  ukko_ref *sender); /* [any] takes msg; sender may be NULL */
UKKO_API bool ukko_selection_equal(const ukko_selection *a, const ukko_selection *b);
/* [any] Printed form "ActorSelection[Anchor(..), Path(..)]", and the one that can be stored
   and selected again. Give the length the whole would take. */
UKKO_API size_t ukko_selection_print(const ukko_selection *sel, char *buf, size_t len);
UKKO_API size_t ukko_selection_path(const ukko_selection *sel, char *buf, size_t len);

/* ---- Asking ------------------------------------------------------------------------- */

/* Called once, as a message of the asking actor; never before ukko_ask() returns. status:
   UKKO_OK; UKKO_EANSWER: answer is a Status.Failure that came; UKKO_ETIMEOUT: none came in time, or
   the one asked had ended before; UKKO_EINVAL: the question was not sent, for want of a recipient or
   of a positive timeout; UKKO_EKILLED: somebody stopped the promise. With the last three answer is
   a Status.Failure that says why (AskTimeoutException, IllegalArgumentException). A Status.Success
   comes as what is in it. */
typedef int (*ukko_answer_fn)(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer,
                              void *data);
UKKO_API void ukko_ask(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                       int64_t timeout_ms, ukko_answer_fn fn, void *data); /* [actor] */
/* The same, but the answer, or the Status.Failure, is told to recipient, which may be the asking
   actor, as a message of this actor. (pipeTo) */
UKKO_API void ukko_ask_pipe(ukko_ctx *ctx, ukko_ref *to, const ukko_type *type, const void *body,
                            int64_t timeout_ms, ukko_ref *recipient); /* [actor] */
/* Identify: answer is a ukko_identity. */
UKKO_API void ukko_find(ukko_ctx *ctx, const char *path, int64_t timeout_ms,
                        ukko_answer_fn fn, void *data); /* [actor] */

/* Called once, on any thread, possibly before the function returns; must not block. answer and ref
   are borrowed; status and answer as for ukko_answer_fn. */
typedef void (*ukko_answered_fn)(void *data, int status, const ukko_msg *answer);
typedef void (*ukko_found_fn)(void *data, int status, ukko_ref *ref);
UKKO_API void ukko_ask_async(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms,
                             ukko_answered_fn fn, void *data); /* [any] takes msg */
UKKO_API void ukko_selection_ask_async(const ukko_selection *sel, ukko_msg *msg,
                                       int64_t timeout_ms, ukko_answered_fn fn, void *data);
/* resolveOne: status UKKO_ENOTFOUND when nobody (or nobody in time) answers with a ref. */
UKKO_API void ukko_selection_find_async(const ukko_selection *sel, int64_t timeout_ms,
                                        ukko_found_fn fn, void *data);
/* For main() and tests: UKKO_EDEADLOCK on an actor thread. *answer is owned; NULL unless the result
   is UKKO_OK or UKKO_EANSWER. */
UKKO_API int ukko_ask_wait(ukko_ref *to, const ukko_type *type, const void *body,
                           int64_t timeout_ms, ukko_msg **answer);
UKKO_API int ukko_ask_wait_msg(ukko_ref *to, ukko_msg *msg, int64_t timeout_ms,
                               ukko_msg **answer); /* takes msg */
/* [any] Detail of the last ukko_ask_wait() on this thread that failed. */
UKKO_API void ukko_ask_error(ukko_error *err);
UKKO_API int ukko_find_wait(ukko_system *sys, const char *path, int64_t timeout_ms,
                            ukko_ref **out);

/* [any] Sends stop_msg (taken; NULL: a poison pill) and tells when target has ended. status:
   UKKO_OK, or UKKO_ETIMEOUT when it lives on. fn is called once, on any thread. (gracefulStop) */
typedef void (*ukko_stopped_fn)(void *data, int status);
UKKO_API void ukko_stop_async(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms,
                              ukko_stopped_fn fn, void *data);
/* The same for main() and tests: UKKO_EDEADLOCK on an actor thread. */
UKKO_API int ukko_stop_wait(ukko_ref *target, ukko_msg *stop_msg, int64_t timeout_ms);

/* ---- Later --------------------------------------------------------------------------- */

/* What is to happen later, or again and again. */
typedef struct ukko_scheduled ukko_scheduled;

/* [any] Sends msg (taken) to `to` after delay_ms and then, when period_ms > 0, every period_ms, in the
   name of sender (may be NULL). It ends when it is cancelled, when `to` has stopped, or with the
   system. *out may be NULL; else owned: ukko_scheduled_release(). (scheduleOnce, scheduleAtFixedRate) */
UKKO_API void ukko_tell_later(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, int64_t delay_ms,
                              int64_t period_ms, ukko_scheduled **out);
/* [any] Calls fn likewise, on the timer thread: it must be quick and must not block. */
UKKO_API void ukko_call_later(ukko_system *sys, int64_t delay_ms, int64_t period_ms,
                              void (*fn)(void *data), void *data, ukko_scheduled **out);
/* [any] true: it will not happen (again). false: it was cancelled, or is over. One that is happening
   at this moment is not waited for. */
UKKO_API bool ukko_scheduled_cancel(ukko_scheduled *s);
UKKO_API void ukko_scheduled_release(ukko_scheduled *s); /* [any] does not cancel; NULL is fine */

/* ---- The context: everything below is [actor] ---------------------------------------- */

UKKO_API ukko_ref *ukko_self(ukko_ctx *ctx);
UKKO_API ukko_ref *ukko_sender(ukko_ctx *ctx); /* never NULL: dead letters when none */
UKKO_API ukko_ref *ukko_parent(ukko_ctx *ctx);
UKKO_API ukko_system *ukko_ctx_system(ukko_ctx *ctx);
UKKO_API const ukko_actor *ukko_ctx_actor(ukko_ctx *ctx); /* the table it was made from */
UKKO_API const ukko_msg *ukko_current(ukko_ctx *ctx);     /* NULL outside a message */
UKKO_API ukko_ref *ukko_child(ukko_ctx *ctx, const char *name); /* borrowed, or NULL */

UKKO_API void ukko_become(ukko_ctx *ctx, const ukko_behavior *behavior); /* replaces the top */
UKKO_API void ukko_push_behavior(ukko_ctx *ctx, const ukko_behavior *behavior);
UKKO_API void ukko_unbecome(ukko_ctx *ctx);

UKKO_API void ukko_stop(ukko_ctx *ctx, ukko_ref *ref); /* itself or a child */
/* A ukko_terminated message comes when ref has ended, or at once when it is not there. An actor that
   does not handle it fails (DeathPactException). UKKO_ESTATE: watched with a message already. */
UKKO_API int ukko_watch(ukko_ctx *ctx, ukko_ref *ref);
/* msg comes in its place, from ref. Takes msg. UKKO_ESTATE: watched without, or with another. */
UKKO_API int ukko_watch_with(ukko_ctx *ctx, ukko_ref *ref, ukko_msg *msg);
UKKO_API void ukko_unwatch(ukko_ctx *ctx, ukko_ref *ref); /* none of them comes afterwards */
/* Records the reason and gives code back: return ukko_fail(ctx, MY_CODE, "..."). */
UKKO_API int ukko_fail(ukko_ctx *ctx, int code, const char *format, ...) UKKO_PRINTF(3, 4);
/* The same with the Java class that a JVM supervisor would see. */
UKKO_API int ukko_fail_as(ukko_ctx *ctx, int code, const char *class_name, const char *format,
                          ...) UKKO_PRINTF(4, 5);

/* Puts the current message aside. UKKO_ESTATE: already stashed, or no message; UKKO_ETOOBIG: as many
   as the mailbox's stash-capacity are there; returning the code fails the actor. */
UKKO_API int ukko_stash(ukko_ctx *ctx);
UKKO_API void ukko_unstash_all(ukko_ctx *ctx);
/* One timer a key; starting it anew replaces it. period_ms 0: once. Takes msg. */
UKKO_API void ukko_timer_start(ukko_ctx *ctx, uint64_t key, int64_t delay_ms,
                               int64_t period_ms, ukko_msg *msg);
UKKO_API void ukko_timer_cancel(ukko_ctx *ctx, uint64_t key);
UKKO_API void ukko_receive_timeout(ukko_ctx *ctx, int64_t timeout_ms); /* 0: off */
UKKO_API void ukko_log(ukko_ctx *ctx, ukko_log_level level, const char *format, ...)
    UKKO_PRINTF(3, 4);

/* [any] A reference that calls fn for each message, on the sender's thread and before the tell
   returns: for events that must be seen in their turn. fn may run on several threads at once, must
   be quick and must not block; msg and sender (NULL: none) are borrowed. Owned. (FunctionRef) */
typedef void (*ukko_function_fn)(void *data, const ukko_msg *msg, ukko_ref *sender);
UKKO_API ukko_ref *ukko_function_ref(ukko_system *sys, ukko_function_fn fn, void *data);

/* ---- The event stream ------------------------------------------------------------------ */

/* [any] ref gets every published message of this type, or of one below it (super, also). An actor's
   subscriptions end with it. UKKO_EEXISTS: it gets them already; UKKO_ESTOPPED: it has ended;
   UKKO_EINVAL: an argument is NULL. */
UKKO_API int ukko_subscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref);
/* [any] No more messages of this type and of those below it; through types above it come only the
   others. event NULL: none at all. UKKO_ENOTFOUND: it got none; UKKO_EINVAL: ref is NULL. */
UKKO_API int ukko_unsubscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref);
UKKO_API void ukko_publish(ukko_system *sys, const ukko_type *event, const void *body);
UKKO_API void ukko_publish_msg(ukko_system *sys, ukko_msg *msg); /* takes msg */

#ifdef __cplusplus
}
#endif
#endif
