/* SPDX-License-Identifier: Apache-2.0 */
/* An actor system: guardians, root, dispatchers, timers, event stream, log. Shared by all threads;
   each member says who writes it when. */
#ifndef UK_ACTOR_SYSTEM_H
#define UK_ACTOR_SYSTEM_H
#include "actor/cell.h"
#include "actor/coordinate.h"
#include "actor/deploy.h"
#include "actor/provider.h"

typedef struct uk_subscription {
    const ukko_type *type;
    ukko_ref *ref; /* retained */
    bool off;      /* an exception: not this type, nor those below it */
} uk_subscription;

typedef struct uk_debug { /* pekko.actor.debug; constant once made */
    bool receive, autoreceive, lifecycle, event_stream, unhandled, router_misconfiguration;
} uk_debug;

enum { UK_SLOTS = 4, UK_SLOT_SERIAL = 0 };

typedef enum uk_phase { /* life of a system; guarded by lock */
    UK_PHASE_NEW,
    UK_PHASE_RUNNING,
    UK_PHASE_STOPPING_USER,
    UK_PHASE_STOPPING_REMOTE,
    UK_PHASE_STOPPING_SYSTEM,
    UK_PHASE_DONE
} uk_phase;

typedef struct uk_at_end { /* called when the system has ended */
    struct uk_at_end *next;
    void (*fn)(void *data);
    void *data;
} uk_at_end;

typedef struct uk_stepping { /* of a system that a program's loop steps */
    int event, poll;    /* file descriptors; -1: another kind of system */
    _Atomic bool woken; /* the event was raised and not been lowered; seq_cst */
} uk_stepping;

struct ukko_system {
    char *name;
    int32_t uid;
    ukko_config *config;
    ukko_log_fn log;
    void *log_data;
    _Atomic int log_level; /* relaxed: a level seen late does no harm */
    _Atomic int log_subs;  /* subscriptions to log records; relaxed, likewise */
    uk_debug debug;
    bool has_provider;
    uk_provider provider; /* constant once started */
    const char *address;  /* "pekko://name" or the published one; constant once started */
    const char *local_address; /* "pekko://name" */
    uk_deployments *deployments; /* constant once made */
    uk_dispatcher *dispatcher, *internal;
    struct uk_dispatchers *dispatchers; /* sections; each with a lock of its own */
    struct uk_mailboxes *mailboxes;
    bool default_differs;      /* the default dispatcher is no plain one; likewise */
    const uk_mailbox *mailbox; /* of actors for whom nothing is said; constant once started */
    int threads; /* 0: it is stepped */
    uk_stepping step;
    struct uk_watchdog *watchdog;
    uk_timers *timers;
    ukko_ref *root, *dead, *ignore, *temp;
    uk_cell *user, *system_guardian;
    ukko_actor user_kind; /* what /user is; constant once started */
    const ukko_type **types;
    size_t n_types;
    const struct ukko_mailbox **mailbox_kinds;
    size_t n_mailbox_kinds;
    const ukko_actor **actors;
    size_t n_actors;
    const struct ukko_serializer **serializers;
    size_t n_serializers;
    const struct ukko_migration **migrations;
    size_t n_migrations;
    void *slots[UK_SLOTS]; /* what upper layers keep here; set before start, or under lock */
    void (*slot_free[UK_SLOTS])(void *);

    struct uk_extensions *extensions; /* constant once made; has a lock of its own */
    uk_coordinate *coordinate; /* constant once made; has a lock of its own */
    pthread_mutex_t lock; /* guards phase, temps, tops, address_watchers, at_end; leaf */
    pthread_cond_t changed;
    uk_phase phase;
    uk_at_end *at_end; /* newest first */
    bool at_end_ran;
    uk_map temps;            /* name -> ukko_ref * (promise), retained */
    uk_map tops;             /* "remote", "system/x" -> ukko_ref *, retained */
    char *top_keys[8];       /* the made-up keys among them; owned */
    size_t n_top_keys;
    uk_ref_set address_watchers; /* cells that want AddressTerminated */
    _Atomic uint32_t ends_untold; /* actors whose parent may know of their end, and not yet all watchers */
    _Atomic uint64_t temp_names; /* relaxed: only uniqueness counts */

    pthread_rwlock_t events_lock; /* guards subscriptions; leaf */
    uk_subscription *subs;
    size_t n_subs, cap_subs;

    pthread_mutex_t dead_lock; /* guards the next five; leaf */
    int64_t dead_count;        /* dead letters since the counter was reset */
    int64_t dead_log_max;      /* -1: no limit, 0: off */
    bool dead_suspended;
    int64_t dead_resume_ms;  /* when suspended */
    int64_t dead_suspend_ms; /* 0: for ever */
    bool dead_log_shutdown;
    bool serialize_messages, serialize_creators; /* test aids; constant */
};

/* system.c */
void uk_system_phase_done(ukko_system *sys, ukko_ref *guardian); /* a guardian has stopped */
void uk_system_guardian_failed(ukko_system *sys, ukko_msg *cause);
bool uk_system_ended(ukko_system *sys);
uk_phase uk_system_phase(ukko_system *sys);
void uk_system_final_terminate(ukko_system *sys); /* without further phases of the end */
/* extension.c */
typedef struct uk_extensions uk_extensions;
uk_extensions *uk_extensions_new(void);
void uk_extensions_free(uk_extensions *x); /* ends them; NULL is fine */
int uk_extensions_load(ukko_system *sys, ukko_error *err); /* those that the configuration names */
/* watchdog.c */
typedef struct uk_watchdog uk_watchdog;
int uk_watchdog_new(ukko_system *sys, ukko_error *err); /* reads its setting */
void uk_watchdog_wake(ukko_system *sys);  /* a worker begins to run; any thread */
void uk_watchdog_close(ukko_system *sys); /* after the timer thread has ended */
void uk_watchdog_free(ukko_system *sys);
/* step.c */
int uk_step_open(ukko_system *sys);
int uk_step_add(ukko_system *sys, int fd); /* to what ukko_system_fd() stands for */
void uk_step_close(ukko_system *sys);
void uk_step_wake(ukko_system *sys); /* any thread: there is something to do */
void uk_step_to_end(ukko_system *sys);
/* root.c: "/", "/temp", dead letters, missing paths, look-up */
void uk_root_init(ukko_system *sys);
void uk_root_fini(ukko_system *sys);
ukko_ref *uk_empty_ref(ukko_system *sys, ukko_slice elements, int32_t uid);
ukko_ref *uk_top_get(ukko_system *sys,
                     ukko_slice name); /* "remote", "system/x"; retained, or NULL */
ukko_ref *uk_temp_get(ukko_system *sys, ukko_slice name); /* retained, or NULL */
/* select.c */
bool uk_each_child(ukko_ref *ref, ukko_ref ***out,
                   size_t *n); /* false: cannot have children here */
ukko_system *uk_selection_system(const ukko_selection *s);
ukko_selection *uk_selection_retain(const ukko_selection *s); /* NULL gives NULL */
/* The same from the root: keeps no actor alive. Owned. */
ukko_selection *uk_selection_rooted(const ukko_selection *sel);
void uk_selection_name(const ukko_selection *s,
                       uk_buf *out); /* anchor without uid, then the steps */
/* events.c */
void uk_events_init(ukko_system *sys);
void uk_events_fini(ukko_system *sys);
/* deadletter.c */
void uk_listen(ukko_system *sys, const ukko_msg *event); /* logs dead letters among events */
void uk_listen_no_more(ukko_system *sys);                /* the system ends */
/* log.c */
bool uk_type_is_log(const ukko_type *t); /* does subscribing to it cover log records? */
#endif
