/* SPDX-License-Identifier: Apache-2.0 */
/* The one seam between actors and remoting. Remoting installs a uk_provider before the system
   starts; a system without one is local. Also what remoting may call of the actor layer. */
#ifndef UK_ACTOR_PROVIDER_H
#define UK_ACTOR_PROVIDER_H
#include "actor/ref.h"

typedef struct uk_deployment { /* a child to be */
    ukko_ref *parent; /* a cell; or of another node, then there is a path */
    const ukko_props *props;
    const char *name;
    const char *path; /* of the child, as "/remote/..."; NULL: that of the parent and its name */
    int32_t uid;
    const struct uk_deploy *found; /* what the configuration says of its path; NULL: nothing */
    size_t name_len; /* of children made here */
} uk_deployment;

typedef struct uk_provider {
    void *self;
    /* Starts transports; the published address is known afterwards. Called by ukko_system_start()
       before any user actor exists. */
    int (*start)(void *self, ukko_error *err);
    /* Begins the end: flush, DISASSOCIATE, close. Called once /user has stopped, on a thread of the
       system; calls uk_system_remote_down() when done (any thread, possibly at once). */
    void (*shutdown)(void *self);
    void (*free)(void *self); /* after shutdown was done, or when start failed or never ran */
    const char *(*address)(
        void *self); /* published address, "pekko.tcp://s@h:p"; valid after start */
    /* Is this one of our own published addresses? */
    bool (*is_own)(void *self, const uk_path *path);
    /* A reference to a foreign path; owned. NULL: no transport for its protocol (*why says so). */
    ukko_ref *(*remote_ref)(void *self, ukko_slice text, const uk_path *path, const char **why);
    /* The published address to write local refs with, for a peer reached through ref. */
    /* A local actor (watcher) begins or ends watching a remote ref. */
    void (*watch)(void *self, ukko_ref *watchee, ukko_ref *watcher);
    void (*unwatch)(void *self, ukko_ref *watchee, ukko_ref *watcher);
    /* Called by a worker after an actor's turn in which uk_turn_dirty() was called, and before the
       worker parks: what was staged on this thread goes to the links now. */
    void (*flush)(void *self);
    /* Now and then, on the timer thread, while turns last: what waits for their end goes out now. */
    void (*late)(void *self);
    /* Runs the I/O rounds while their thread is held up by an actor; returns when it is back. May be
       NULL when uk_batch_run() is never called. */
    void (*assist)(void *self);
    /* A system that is stepped: one I/O round without waiting; when the next one is due in any case,
       in ms (-1: never). May be NULL. */
    void (*poll)(void *self);
    int64_t (*next_ms)(void *self);
    /* Does a new child live on another node? 1: there, *out is its reference and *order what to
       tell that node, both owned; 0: here; negative: error. */
    int (*deploy)(void *self, const uk_deployment *d, ukko_ref **out, ukko_msg **order,
                  ukko_error *err);
    /* Has it made: the child is in the table of its parent now. Takes order. */
    void (*deployed)(void *self, ukko_ref *parent, ukko_ref *child, ukko_msg *order);
} uk_provider;

/* Takes *p (copied). Before start only; UKKO_ESTATE otherwise. */
int uk_system_set_provider(ukko_system *sys, const uk_provider *p);
uk_provider *uk_system_provider(ukko_system *sys); /* NULL: local */
void uk_system_remote_down(ukko_system *sys);
/* After shutdown() was called: has every actor that has ended sent what it said last, and the news of its
   end to those who watch it? The links must not end before. */
bool uk_system_ends_told(ukko_system *sys);
/* Does a program's loop step the system? Then the provider has no thread of its own, but poll(). */
bool uk_system_is_looped(const ukko_system *sys);
int uk_system_loop_fd(ukko_system *sys, int fd); /* wakes the program's loop when readable */

/* ---- what remoting asks of the actor layer; any thread unless said otherwise ---- */

/* Local look-up from the root: "/user/a/b" with uid (0: any). Owned; a reference to the missing
   path (UK_REF_EMPTY) when nobody lives there. */
ukko_ref *uk_system_resolve_local(ukko_system *sys, ukko_slice elements, int32_t uid);
ukko_ref *uk_system_dead(ukko_system *sys); /* /deadLetters; borrowed, lives as long as the system */
/* Any path text, local or remote. Owned, never NULL. What does not parse gives dead letters. */
ukko_ref *uk_system_resolve(ukko_system *sys, ukko_slice text);
/* A path text that came from another system: one without an address is dead letters, too. NULL: its
   uid is no number. */
/* Of a system: only one uid in 256 is so, and all those of ukko's systems are. What a JVM would
   wonder about is sent to these only; one that has such a uid by chance is none the worse. */
static inline bool uk_uid_is_kin(int32_t uid) { return (uint32_t)uid * 2654435761u >> 24 == 0x75; }
ukko_ref *uk_system_resolve_foreign(ukko_system *sys, ukko_slice text);
/* Has the actor behind a cell reference stopped? A cached look-up is then stale. */
bool uk_ref_stopped(const ukko_ref *ref);
/* Publishes a DeadLetter (or the suppressed kind for quiet types); answers Identify and Watch as
   dead letters do. Takes msg; sender may be NULL. reason is copied. */
void uk_dead_letter(ukko_system *sys, ukko_msg *msg, ukko_ref *sender, ukko_ref *recipient,
                    const char *reason);
/* Answers an Identify with who (NULL: nobody lives there), in the name of another (NULL: no sender, as
   of Pekko's actors). asker NULL: the answer is a dead letter. */
void uk_answer_identify(ukko_system *sys, const ukko_msg *identify, ukko_ref *asker, ukko_ref *who,
                        ukko_ref *in_name_of);
/* An undeliverable system message: a Watch is answered with NOTIFY(not confirmed). Takes m. */
void uk_dead_system(ukko_system *sys, uk_sysmsg *m, ukko_ref *recipient);
/* A Dropped event: never left this node. Takes msg. */
void uk_dropped(ukko_system *sys, ukko_msg *msg, ukko_ref *sender, ukko_ref *recipient,
                const char *reason);
/* Reference registered directly below the root ("remote") or below /system; retained. */
void uk_system_add_top(ukko_system *sys, const char *name, ukko_ref *ref);
ukko_ref *uk_system_add_system_ref(ukko_system *sys, const char *name, ukko_ref *ref);

/* A child of /system. Takes props; *out is owned; out may be NULL. */
int uk_system_spawn(ukko_system *sys, ukko_props *props, const char *name, ukko_ref **out);
/* An actor that another node asked for: at path ("/remote/...", without uid), with a supervisor that
   is elsewhere. Takes props. Owned; it does not run before uk_system_begin(), which has watcher
   watch it and tells the supervisor; or else uk_system_discard(), which takes it. NULL: its
   dispatcher or its mailbox, err says what is wrong. */
ukko_ref *uk_system_place(ukko_system *sys, ukko_ref *supervisor, ukko_props *props,
                          const char *path, int32_t uid, ukko_error *err);
void uk_system_begin(ukko_ref *placed, ukko_ref *watcher);
void uk_system_discard(ukko_ref *placed);
ukko_ref *uk_system_nobody(ukko_system *sys, ukko_slice elements); /* owned: a path without actor */
/* What a system's props say, for the layers that send them elsewhere. */
typedef struct uk_props_view {
    const ukko_actor *actor;
    ukko_msg *const *args;
    size_t n_args;
    const char *dispatcher, *mailbox, *deploy; /* NULL: not set */
    bool local;
} uk_props_view;
uk_props_view uk_props_look(const ukko_props *props);

/* AddressTerminated: to every cell that watches, or is watched by, a ref at that address. */
void uk_system_address_terminated(ukko_system *sys, const char *address);

/* While a batch is open on this thread, actors made runnable by tells are collected and handed to
   the workers at its end, with one wake-up. Nests. */
void uk_batch_begin(ukko_system *sys);
void uk_batch_end(ukko_system *sys);
/* For an I/O thread, after each of its rounds, when it holds nothing: what its batches have collected
   goes on. Quick actors run here and now, while all workers sleep: a conversation over the network then
   costs no change of threads, and what a round has brought does not change caches. From the first
   call on, batches of this thread wait for the next one. When an actor holds the thread up, a worker
   calls provider.assist. much: the round has brought so much that the time of turns is taken exactly. */
void uk_batch_run(ukko_system *sys, bool much);
/* True inside an actor's turn on this thread (then flush() will follow). */
bool uk_in_turn(void);
void uk_turn_dirty(void);

/* Log with Pekko's logger class and an optional marker and cause. */
void uk_log(ukko_system *sys, ukko_log_level level, const char *source, const char *logger,
            const char *marker, const char *cause, const char *format, ...)
    __attribute__((format(printf, 7, 8)));
/* What the runtime says of an actor: its source is the local form of the path, "pekko://sys/user/a",
   where what the actor says itself has the system's address. */
void uk_log_of(const ukko_ref *ref, ukko_log_level level, const char *logger, const char *cause,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
bool uk_log_enabled(ukko_system *sys, ukko_log_level level);

/* What the system was given. */
const ukko_type *const *uk_system_types(ukko_system *sys, size_t *n);
const struct ukko_serializer *const *uk_system_serializers(ukko_system *sys, size_t *n);
const struct ukko_migration *const *uk_system_migrations(ukko_system *sys, size_t *n);
const ukko_actor *uk_system_find_actor(ukko_system *sys, const char *name);

/* A place where an upper layer keeps a thing of this system (slot 0: the serializers). Set before
   start. uk_timers of the system, for layers without a loop of their own. */
void *uk_system_slot(ukko_system *sys, int slot);
void uk_system_set_slot(ukko_system *sys, int slot, void *value);
/* Puts value there when the slot is empty and free(value) to the end of the system; gives what is
   in it then (value NULL: only looks). Any thread, at any time. */
void *uk_system_claim_slot(ukko_system *sys, int slot, void *value, void (*free_fn)(void *));

/* ---- what the layer of serializers does for actors; defined there ---- */
/* Reads the settings of serializers and lays all types out by them: what contradicts itself there
   is told now. */
int uk_serialization_open(ukko_system *sys, ukko_error *err);
/* serialize-messages: puts in the place of *msg what comes back when it is written and read, unless
   its class is exempt. *msg stays as it is after a failure. Any thread. */
int uk_serialization_check(ukko_system *sys, ukko_msg **msg, ukko_error *err);

/* ---- selections as messages (serializer 6) ---- */
typedef enum uk_step_kind {
    UK_STEP_PARENT = 0,
    UK_STEP_NAME = 1,
    UK_STEP_PATTERN = 2
} uk_step_kind;
typedef struct uk_step {
    int32_t kind;
    ukko_slice text; /* in the message's memory */
} uk_step;
typedef struct uk_selection_body {
    ukko_msg *message; /* owned; NULL: null */
    uk_step *steps;
    size_t n_steps;
    bool fan_out;
} uk_selection_body;
extern const ukko_type uk_selection_type; /* ActorSelectionMessage */
/* Walks from anchor on this thread and delivers; remote refs on the way get what is left in a
   message of their own. Takes msg (of uk_selection_type); sender borrowed, or NULL. */
void uk_selection_deliver(ukko_ref *anchor, ukko_msg *msg, ukko_ref *sender);
/* Could the names of the steps of a selection stand in a path? A '/' in one, or a '#' without a number, is a fault: no
   actor is called so, and no path can be made of them for a dead letter. */
bool uk_selection_sound(const uk_selection_body *s, ukko_slice *fault);
/* As uk_selection_deliver(), for one whose message is a ukko_opaque: goes only to local actors that take such ones;
   gives their number. Takes nothing. */
size_t uk_selection_offer(ukko_ref *anchor, ukko_msg *msg, ukko_ref *sender);
bool uk_ref_takes_opaque(ukko_ref *ref); /* an actor here that asks for ukko_opaque_type */

/* Remote watcher heartbeats (serializer 16, RWHB and RWHR). */
typedef struct uk_heartbeat_rsp { int64_t uid; } uk_heartbeat_rsp;
extern const ukko_type uk_heartbeat_type, uk_heartbeat_rsp_type;
/* DaemonMsgCreate (serializer 3). */
typedef struct uk_daemon_create uk_daemon_create;
#endif
