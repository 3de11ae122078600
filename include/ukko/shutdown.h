/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_SHUTDOWN_H
#define UKKO_SHUTDOWN_H

/*
 * Ending in good order: tasks in phases. (CoordinatedShutdown)
 *
 * A program says what is to be done before its system ends, and in which phase of
 * `pekko.coordinated-shutdown.phases`. ukko_system_terminate() and ukko_system_free() run the
 * phases one after the other (unless `run-by-actor-system-terminate` is off), and the tasks of a
 * phase side by side. A phase is over when its tasks are, or when its timeout has gone by. With
 * `recover = off` a task that fails or is late is the end of the run: the phases after it are left
 * out. The task that ends the actor system is there from the beginning, in the last phase.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Phases of the end: ukko_shutdown(3) ------------------------------------------- */

/* The phases that are there without further settings, in their order. */
#define UKKO_PHASE_BEFORE_SERVICE_UNBIND "before-service-unbind"   /* the first */
#define UKKO_PHASE_SERVICE_UNBIND "service-unbind"                 /* take no new requests */
#define UKKO_PHASE_SERVICE_REQUESTS_DONE "service-requests-done"   /* answer those that came */
#define UKKO_PHASE_SERVICE_STOP "service-stop"                     /* close what served them */
#define UKKO_PHASE_BEFORE_CLUSTER_SHUTDOWN "before-cluster-shutdown" /* after the services */
/* Those of a cluster have no tasks of ukko's own. */
#define UKKO_PHASE_CLUSTER_SHARDING_SHUTDOWN_REGION "cluster-sharding-shutdown-region"
#define UKKO_PHASE_CLUSTER_LEAVE "cluster-leave"                   /* of a cluster, too */
#define UKKO_PHASE_CLUSTER_EXITING "cluster-exiting"               /* likewise */
#define UKKO_PHASE_CLUSTER_EXITING_DONE "cluster-exiting-done"     /* likewise */
#define UKKO_PHASE_CLUSTER_SHUTDOWN "cluster-shutdown"             /* likewise */
/* For what needs actors up to the end. */
#define UKKO_PHASE_BEFORE_ACTOR_SYSTEM_TERMINATE "before-actor-system-terminate"
#define UKKO_PHASE_ACTOR_SYSTEM_TERMINATE "actor-system-terminate" /* the last: ends the system */

/* Reasons, as `reason-overrides` names them; programs have their own as well. This one: none given. */
#define UKKO_SHUTDOWN_UNKNOWN "org.apache.pekko.actor.CoordinatedShutdown$UnknownReason$"
/* ukko_system_terminate(), or ukko_system_free(). */
#define UKKO_SHUTDOWN_TERMINATE                                                             \
    "org.apache.pekko.actor.CoordinatedShutdown$ActorSystemTerminateReason$"
/* The process is to end: a signal has come. */
#define UKKO_SHUTDOWN_PROCESS_EXIT "org.apache.pekko.actor.CoordinatedShutdown$JvmExitReason$"
/* A cluster has excluded the node; its exit code is -1 by default. */
#define UKKO_SHUTDOWN_CLUSTER_DOWNING                                                       \
    "org.apache.pekko.actor.CoordinatedShutdown$ClusterDowningReason$"

/* [any] Name of phase number index, in the order in which they run; NULL past the end. Borrowed:
   lives as long as the system. */
UKKO_API const char *ukko_shutdown_phase_at(ukko_system *sys, size_t index);
/* [any] Milliseconds that a phase may take; UKKO_ENOTFOUND: there is none of that name. (timeout) */
UKKO_API int64_t ukko_shutdown_timeout(ukko_system *sys, const char *phase);
/* [any] Why the system ends, as it was given to ukko_shutdown_run(); NULL: the phases have not
   begun. Lives as long as the system. (shutdownReason) */
UKKO_API const char *ukko_shutdown_reason(ukko_system *sys);
/* [any] The `exit-code` for that reason, which a program may give to exit(); reason NULL: the
   general one. */
UKKO_API int32_t ukko_shutdown_exit_code(ukko_system *sys, const char *reason);

/* ---- Tasks: ukko_shutdown_task(3) -------------------------------------------------- */

typedef struct ukko_shutdown_task ukko_shutdown_task; /* something to be done in a phase; counted */

/* What a task gives when it is not over yet: ukko_shutdown_task_done() says when it is. */
enum { UKKO_SHUTDOWN_PENDING = 1 };

/* [actor] Called once, when the phase has come, in an actor of the task's own: it may tell, ask and
   spawn, and must not block. UKKO_OK: it is over; UKKO_SHUTDOWN_PENDING: not yet; a negative code,
   best by ukko_fail(): it has failed. task is borrowed, and lives as long as the system. The actor
   lives until the task is over; when it stops itself, the task is over, and when it fails later on,
   in the answer to a question say, the task has failed. */
typedef int (*ukko_shutdown_fn)(ukko_ctx *ctx, void *data, ukko_shutdown_task *task);

/* [any] Adds a task to a phase. data must live until the system has ended. *out (may be NULL) is
   owned: ukko_shutdown_task_release(). A task that is added while the phases run is done if its
   phase is still to come. UKKO_ENOTFOUND: there is no such phase; UKKO_EINVAL: no name, or no fn;
   *out is NULL then. (addTask, addCancellableTask) */
UKKO_API int ukko_shutdown_task_add(ukko_system *sys, const char *phase, const char *name,
                                    ukko_shutdown_fn fn, void *data, ukko_shutdown_task **out);
/* [any] Adds a task that tells an actor stop_msg (taken, also on failure; NULL: nothing) and is over
   when the actor has ended, here or elsewhere. Errors as ukko_shutdown_task_add().
   (addActorTerminationTask) */
UKKO_API int ukko_shutdown_task_add_actor(ukko_system *sys, const char *phase, const char *name,
                                          ukko_ref *actor, ukko_msg *stop_msg);
/* [any] Tells that a task that was pending is over: UKKO_OK, or a negative code with a text (may be
   NULL). Only the first time counts. */
UKKO_API void ukko_shutdown_task_done(ukko_shutdown_task *task, int code, const char *text);
/* [any] true: the task will not be done, or not any more. false: it has begun. (cancel) */
UKKO_API bool ukko_shutdown_task_cancel(ukko_shutdown_task *task);
/* [any] Whether it was cancelled. (isCancelled) */
UKKO_API bool ukko_shutdown_task_cancelled(ukko_shutdown_task *task);
/* [any] Gives an owned task up; it is done all the same. NULL is fine. Before ukko_system_free(). */
UKKO_API void ukko_shutdown_task_release(ukko_shutdown_task *task);

/* ---- Running the phases: ukko_shutdown_run(3) --------------------------------------- */

/* [any] Runs the phases from from_phase on (NULL: all), and does not wait. reason (NULL:
   UKKO_SHUTDOWN_UNKNOWN) is copied. They run once: afterwards this does nothing, and gives UKKO_OK.
   With `exit-jvm = on` the process then ends by exit(). UKKO_ENOTFOUND: there is no such phase;
   UKKO_ESTATE: the system has not started; UKKO_ESTOPPED: it ends without phases. (run) */
UKKO_API int ukko_shutdown_run(ukko_system *sys, const char *reason, const char *from_phase);
/* Called once, on any thread, when the phases are over: UKKO_OK, or the code of what ended them
   early, with its text (NULL: none). Must not block. */
typedef void (*ukko_shutdown_done_fn)(void *data, int code, const char *text);
/* [any] Calls fn when the phases are over; at once when they are. When they never ran it is called as
   the system ends, with UKKO_ESTOPPED. */
UKKO_API void ukko_shutdown_on_done(ukko_system *sys, ukko_shutdown_done_fn fn, void *data);
/* [outside] Waits until the phases are over; negative: no limit. Gives their code; err (may be NULL)
   says which task or phase it was. UKKO_ETIMEOUT also when the limit has passed; UKKO_EDEADLOCK: in
   an actor. */
UKKO_API int ukko_shutdown_wait(ukko_system *sys, int64_t timeout_ms, ukko_error *err);

#ifdef __cplusplus
}
#endif
#endif
