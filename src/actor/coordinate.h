/* SPDX-License-Identifier: Apache-2.0 */
/* The orderly end of a system: its tasks and the run of its phases (<ukko/shutdown.h>). What is
   shared lies under a lock of its own, a leaf; the run itself belongs to an actor, the coordinator,
   which is made when there are tasks to be done. */
#ifndef UK_ACTOR_COORDINATE_H
#define UK_ACTOR_COORDINATE_H
#include "actor/phases.h"
#include "actor/timer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <ukko/shutdown.h>

typedef enum uk_task_state { UK_TASK_PENDING, UK_TASK_CANCELLED, UK_TASK_RUNNING, UK_TASK_OVER } uk_task_state;

struct ukko_shutdown_task {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    ukko_shutdown_task *next; /* in the list of its phase, later of those that run */
    struct uk_coordinate *co;
    char *name;
    int phase;
    ukko_shutdown_fn fn;
    void *data;
    ukko_ref *actor; /* whose end it waits for; retained */
    ukko_msg *stop;  /* is told that; owned */
    uk_task_state state; /* the next three: under the lock */
    int code;
    char *text;
    ukko_ref *runner; /* the actor of its own; retained, the coordinator's */
};
typedef struct uk_end_waiter {
    struct uk_end_waiter *next;
    ukko_shutdown_done_fn fn;
    void *data;
} uk_end_waiter;

typedef struct uk_coordinate {
    ukko_system *sys;
    uk_phases phases;
    bool by_terminate; /* run-by-actor-system-terminate */
    pthread_mutex_t lock; /* guards all below; leaf */
    pthread_cond_t changed;
    ukko_shutdown_task **lists; /* of each phase: those that are to be done */
    size_t n_tasks;             /* in them */
    int taken;                  /* the phases before this one have begun */
    char *reason;               /* NULL: no run yet; constant then */
    bool over, ending; /* the run is over; the system has been told to end */
    bool end_wanted;   /* it is to end after the run, whatever becomes of that */
    int code;          /* of the run */
    char *text;        /* likewise; NULL: none */
    uk_end_waiter *waiters;
    ukko_ref *ref;     /* the coordinator; retained */
    bool exits;        /* exit-jvm; constant once ending */
    int32_t exit_code;
    ukko_shutdown_task *running; /* the coordinator's: all that have begun */
    uk_timer alarm; /* of the last phase when there is no coordinator */
} uk_coordinate;

int uk_coordinate_new(ukko_system *sys, ukko_error *err); /* into sys->coordinate */
void uk_coordinate_free(uk_coordinate *co);               /* NULL is fine */
/* The system is to terminate. false: without phases, now. */
bool uk_coordinate_terminate(uk_coordinate *co);
void uk_coordinate_last(uk_coordinate *co);  /* all has ended: maybe the end of the process */
void uk_coordinate_ended(uk_coordinate *co); /* the system has ended */
bool uk_coordinate_runs(uk_coordinate *co);
/* For the coordinator. */
extern const ukko_actor uk_coordinator_actor;
ukko_shutdown_task *uk_tasks_take(uk_coordinate *co, int phase); /* now running; it owns them */
void uk_coordinate_finish(uk_coordinate *co, int code, const char *text);
void uk_coordinate_late(uk_coordinate *co, int phase); /* logs it; maybe the end of the process */
void uk_task_tell(ukko_ref *coordinator, ukko_shutdown_task *task); /* that it is over */
void uk_task_free(ukko_shutdown_task *task); /* gives a count up */
#endif
