/* SPDX-License-Identifier: Apache-2.0 */
/* The cell: what an actor is to the runtime. Everything behind the two inboxes belongs to the
   thread that runs the cell's turn; senders touch the inboxes only. Children can be looked up by
   any thread under the lock of the children table. */
#ifndef UK_ACTOR_CELL_H
#define UK_ACTOR_CELL_H
#include "actor/ref.h"
#include "actor/sched.h"
#include "actor/timer.h"
#include "base/map.h"
#include <pthread.h>
#include <stddef.h>

typedef struct uk_load uk_load; /* routing.h */
typedef struct uk_mailbox uk_mailbox; /* mailbox.h */

struct ukko_props {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    const ukko_actor *actor;
    ukko_msg **args;
    size_t n_args;
    char *dispatcher, *mailbox, *deploy; /* NULL: not set */
    bool local;
    /* routers; see routing.h */
    const struct uk_router_conf *router; /* asks for a router; retained */
    struct uk_routing *routing; /* of the router's own cell; owned */
    uk_load *load;              /* of a routee whose load is looked at; owned, not shared */
    struct uk_shared *shared;   /* of a routee of a balancing pool; retained */
    bool balanced;              /* the same for an actor on a balancing dispatcher */
};
void uk_props_release_n(ukko_props *props, uint32_t n); /* NULL is fine */
void uk_props_release_late(ukko_props *props); /* some time before this worker sleeps; sched.c */
bool uk_props_take(const ukko_props *props); /* a count that this worker keeps; false: none */
ukko_props *uk_props_copy(const ukko_props *props); /* a recipe of its own, less the last three */

/* Values of an inbox besides a list of envelopes and system messages, newest first. The odd ones:
   who replaces it makes the cell runnable. */
enum { UK_INBOX_BUSY = 0, UK_INBOX_IDLE = 1, UK_INBOX_CLOSED = 2, UK_INBOX_OWNED = 3 };
/* In a pointer of an inbox; blocks are 16-aligned. SYSTEM: it is a uk_sysmsg. CHAIN: it is the
   first of several envelopes in the order they were sent; its msg, which is the message around it,
   stands in for the last of them, whose next leads on. */
enum { UK_INBOX_SYSTEM = 4, UK_INBOX_CHAIN = 8, UK_INBOX_MARKS = 15 };

typedef enum uk_wait { /* what the cell does when its last dying child is gone */
    UK_WAIT_NONE = 0,
    UK_WAIT_RECREATE,
    UK_WAIT_CREATE,
    UK_WAIT_TERMINATE
} uk_wait;

typedef struct uk_ref_set {
    ukko_ref **items; /* each retained */
    uint32_t n, cap;
    uk_map index; /* by path text once there are many; empty before */
} uk_ref_set;

typedef struct uk_child_stat { /* of a child that has failed before */
    ukko_ref *child;
    int32_t restarts;
    int64_t window_start_ms;
    struct uk_child_stat *next;
} uk_child_stat;

typedef struct uk_behaviors {
    const ukko_behavior *stack[14];
    uint32_t n;
} uk_behaviors;

typedef struct uk_cell_timer uk_cell_timer;

/* Who is watched, or has ended, with a message of the watcher's own instead of Terminated. */
typedef struct uk_custom_watch {
    struct uk_custom_watch *next;
    ukko_ref *who; /* retained */
    ukko_msg *msg; /* owned */
    bool queued;   /* it has ended; a Terminated is under way to the watcher */
} uk_custom_watch;

typedef struct uk_kids uk_kids; /* children.c */

typedef struct uk_more { /* what few actors need; made on demand */
    uk_ref_set watching, watched_by, terminated_queued;
    uk_custom_watch *customs;
    uk_ref_set dying;  /* children elsewhere that were told to stop; local ones carry a mark */
    uint32_t n_dying;  /* both kinds */
    uk_envelope *failed; /* what was being handled at the failure; NULL: nothing */
    uk_child_stat *stats;
    ukko_ref *perpetrator;  /* whose failure suspends this cell; NULL: none */
    ukko_msg *wait_cause;   /* for UK_WAIT_RECREATE */
    uk_envelope *stash_head, *stash_tail; /* ukko_stash() */
    int64_t stash_n, stash_max; /* stash_max -1: not asked for yet, 0: no limit */
    uk_sysmsg *sys_stash;   /* system messages held back while waiting; in order */
    uk_behaviors behaviors;
    uk_cell_timer *timers;
    uk_cell_timer *receive_timer;
    int64_t receive_timeout_ms;
    uint8_t wait; /* uk_wait */
    bool address_subscribed;
} uk_more;

enum { /* uk_cell.flags: owner only */
    UK_CELL_CREATED = 1 << 0,    /* the state is alive */
    UK_CELL_FAILED = 1 << 1,     /* a failure has been reported and not been answered */
    UK_CELL_FAILED_FATALLY = 1 << 2, /* the state could not be made */
    UK_CELL_TERMINATING = 1 << 3,
    UK_CELL_GUARDIAN = 1 << 4,
    UK_CELL_BORN = 1 << 5, /* the first turn has been */
    UK_CELL_FAILED_AGAIN = 1 << 6, /* the state could not be made in a restart; children live */
    UK_CELL_QUICK = 1 << 7 /* born, SOLE, and nothing else is special about it; see uk_turns_own() */
};
enum { /* uk_cell.traits: constant */
    UK_TRAIT_COUNTED = 1 << 0, /* its props have a load */
    UK_TRAIT_SHARED = 1 << 1,  /* its props have a shared mailbox */
    UK_TRAIT_ROOTED = 1 << 2,  /* made for another node; the text in this block is the whole path */
    UK_TRAIT_OPAQUE = 1 << 3,  /* takes what nobody here can read */
    UK_TRAIT_BOXED = 1 << 4,   /* a uk_box lies in front of its state (mailbox.h) */
    UK_TRAIT_TAKES = 1 << 5,   /* BOXED, and its messages are taken through that */
    UK_TRAIT_PINNED = 1 << 6,  /* has a dispatcher of its own; counted */
    UK_TRAIT_SOLE = 1 << 7     /* its dispatcher has one worker, whose own it is; see inbox.h */
};
enum { /* uk_cell.marks: never taken back */
    UK_MARK_STOPPED = 1 << 0,   /* the inboxes are closed */
    UK_MARK_SUBSCRIBED = 1 << 1 /* to events, once at least */
};

#define UK_SPARE_NONE UINT32_MAX
struct uk_cell {
    ukko_ref ref; /* first: a cell is a reference */
    /* what senders touch lies on one cache line with the reference, what the turn touches on the
       next */
    _Atomic uintptr_t inbox; /* see cell.c for the orders */
    uk_dispatcher *disp;
    uk_cell *run_next; /* in the injector */
    ukko_ref *parent;  /* retained */
    /* owner */
    union {
        struct {
            uk_envelope *head, *tail; /* taken from the inbox, oldest first */
        };
        uk_gone gone; /* after its end: on the way to the parent, which then owns it */
    };
    uk_sysmsg *sys_last;      /* likewise: the newest, a ring that leads on to the oldest */
    /* the newest node that was taken: still in the inbox; 0: the inbox was emptied. SOLE: always 0,
       but while the cell is runnable and finds no room in the ring: the next of these */
    uintptr_t anchor;
    const ukko_behavior *behavior;
    uk_more *more;
    uint32_t spare;          /* counts of itself that it may hand out; UK_SPARE_NONE: it has ended */
    _Atomic uint8_t active;  /* SOLE: runnable, or in its turn; release down, acquire on the I/O thread */
    uint8_t flags, traits;
    uint8_t pool_class;
    _Atomic uint8_t marks;   /* any thread; relaxed hints, but see events.c */
    uint8_t suspended;       /* nesting depth, saturating */
    uint8_t dying;           /* told to stop by its parent; the parent's own mark */
    uint8_t anchor_done; /* the anchor has been handled: to be freed once it is no anchor */
    uint32_t name_hash;      /* set when it becomes a child; then constant */
    _Atomic(uk_kids *) kids; /* release on creation, acquire by look-ups */
    ukko_props *props;
    const char *name;        /* in this block */
    void *state;             /* likewise */
};

/* The running turn. Lives on the worker's stack. */
struct ukko_ctx {
    uk_cell *cell;
    uk_envelope *current; /* NULL outside a message */
    ukko_msg *failure;    /* text of ukko_fail(): a throwable, owned */
    bool taken;           /* current has moved elsewhere (stash) */
    bool plain;           /* nobody counts or logs the messages of this cell */
};

extern const uk_ref_vt uk_cell_vt;
static inline uk_cell *uk_cell_of(ukko_ref *r) { return (uk_cell *)(void *)r; }
static inline uk_cell *uk_cell_gone(uk_sysmsg *m) { /* whose end a UK_SYS_GONE tells */
    return (uk_cell *)(void *)((char *)m - offsetof(uk_cell, gone));
}
static inline bool uk_cell_stopped(const uk_cell *c) {
    return atomic_load_explicit(&c->marks, memory_order_relaxed) & UK_MARK_STOPPED;
}

/* To the actor's handlers; UKKO_UNHANDLED when there is none. */
static inline int uk_cell_dispatch(ukko_ctx *ctx, uk_cell *c, const ukko_msg *m) {
    const ukko_behavior *b = c->behavior;
    for (const ukko_case *k = b->cases; k && k->type; k++)
        if (k->type == m->type) return k->fn(ctx, c->state, m->body);
    return b->otherwise ? b->otherwise(ctx, c->state, m) : UKKO_UNHANDLED;
}

/* cell.c */
/* Takes a count of parent, props, and a count of a pinned dispatcher; box NULL: none. Not yet
   scheduled; has two counts: its life's, and the caller's. */
uk_cell *uk_cell_new(ukko_system *sys, ukko_ref *parent, ukko_props *props, ukko_slice name,
                     int32_t uid, uk_dispatcher *disp,
                     const uk_mailbox *box, bool pinned);
void uk_cell_start(uk_cell *cell); /* makes the routees of a router; then it may run */
void uk_cell_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender); /* into the inbox, as it is */
void uk_cell_push_chain(uk_cell *to, uk_envelope *first, uk_envelope *last); /* takes them */
void uk_cell_done(uk_cell *c, uk_envelope *e); /* frees an envelope that was handled in c's turn */
void uk_cell_discard(uk_cell *cell); /* one that was never scheduled; takes the caller's count */
void uk_cell_run(uk_cell *cell); /* one turn; called by a worker */
void uk_props_shed(ukko_props *props); /* their actor has ended: its arguments, if nobody else has them */
void uk_cell_close(uk_cell *cell); /* closes the inboxes; what is in them goes to dead letters */
uk_more *uk_cell_more(uk_cell *cell);
int32_t uk_new_uid(void); /* never 0 */

/* children.c: the parent's turn; of a guardian any thread */
/* Takes a count of child, but not with UKKO_EEXISTS. generated: the name is from uk_kids_name(), so
   it is a new one. */
int uk_kids_add(uk_cell *parent, ukko_slice name, bool generated, ukko_ref *child);
ukko_ref *uk_kids_mine(uk_cell *parent, ukko_slice name); /* retained, or NULL */
bool uk_kids_remove(uk_cell *parent, ukko_ref *child);    /* gives its count up; false: no child */
bool uk_kids_has(uk_cell *parent, ukko_ref *child);
ukko_ref **uk_kids_all(uk_cell *parent, size_t *n); /* retained each; owned: uk_refs_free() */
size_t uk_kids_name(uk_cell *parent, char *buf, size_t len); /* the next "$a"; gives its length */
/* children.c: any thread, in no turn of the parent either */
ukko_ref *uk_kids_look(uk_cell *parent, ukko_slice name); /* as uk_kids_mine() */
ukko_ref **uk_kids_list(uk_cell *parent, size_t *n);      /* as uk_kids_all() */
size_t uk_kids_count(uk_cell *parent);
void uk_refs_free(ukko_ref **refs, size_t n);
void uk_kids_free(uk_cell *parent); /* with the parent */
int uk_cell_spawn(ukko_system *sys, uk_cell *parent, ukko_props *props, const char *name,
                  ukko_ref **out);

/* refset.c: owner thread */
bool uk_set_add(uk_ref_set *s, ukko_ref *r);    /* false: was there */
bool uk_set_remove(uk_ref_set *s, ukko_ref *r); /* false: was not there */
bool uk_set_has(const uk_ref_set *s, ukko_ref *r);
void uk_set_fini(uk_ref_set *s);

/* failure.c: what failures are called; any thread */
int uk_failure_code(const ukko_msg *throwable); /* the code that a throwable stands for */
const char *uk_failure_class(int code);         /* the Java class that a code stands for */
bool uk_class_is(const char *class_name, const char *super); /* as far as classes are known */
ukko_failure uk_failure_of(int code, const ukko_msg *cause, ukko_ref *child); /* borrows both */
/* ActorInitializationException and PostRestartException: owned. why: the failure of the start;
   original: what the restart was for, NULL for a first start. */
ukko_msg *uk_failure_init(ukko_ref *actor, ukko_msg *why, const ukko_msg *original);

/* fault.c: life and supervision; owner thread */
void uk_cell_create(ukko_ctx *ctx);
void uk_cell_failed(ukko_ctx *ctx, int code); /* a handler of this turn gave code */
void uk_cell_system(ukko_ctx *ctx, uk_sysmsg *m); /* takes m */
void uk_cell_child_gone(ukko_ctx *ctx, ukko_ref *child);
void uk_cell_terminate(ukko_ctx *ctx);
void uk_cell_stop_child(uk_cell *c, ukko_ref *child);
/* Supervision decided by why; in supervise.c */
void uk_cell_child_failed(ukko_ctx *ctx, uk_sysmsg *m);
void uk_cell_fail_with(ukko_ctx *ctx, int code, ukko_msg *cause, ukko_ref *perpetrator);
void uk_cell_forget_child(uk_cell *c, ukko_ref *child);
ukko_supervision uk_supervision_of(const uk_cell *c); /* defaults for what it leaves out */
/* Logs and forgets what a hook without a result has recorded by ukko_fail(). */
void uk_cell_hook_failed(ukko_ctx *ctx, const char *hook);
/* Why the last spawn of this message failed, as a throwable, when code came from there; owned. */
ukko_msg *uk_spawn_failure(const ukko_ctx *ctx, int code);

/* watch.c: owner thread, but for the first */
void uk_watch_send(ukko_ref *watchee, ukko_ref *watcher, bool on); /* any thread, any watcher */
int uk_cell_watch(uk_cell *c, ukko_ref *who);
/* Takes msg. UKKO_ESTATE: it is watched with another message. */
int uk_cell_watch_with(uk_cell *c, ukko_ref *who, ukko_msg *msg);
/* The message to give in place of a Terminated of who; owned, or NULL. */
ukko_msg *uk_cell_custom_end(uk_cell *c, ukko_ref *who);
void uk_cell_drop_customs(uk_cell *c);
void uk_cell_unwatch(uk_cell *c, ukko_ref *who);
void uk_cell_add_watcher(uk_cell *c, ukko_ref *watchee, ukko_ref *watcher);
void uk_cell_remove_watcher(uk_cell *c, ukko_ref *watchee, ukko_ref *watcher);
void uk_cell_notified(ukko_ctx *ctx, ukko_ref *who, bool existed, bool address_lost);
void uk_cell_address_terminated(ukko_ctx *ctx, const char *address);
void uk_cell_unwatch_all(uk_cell *c);
void uk_cell_tell_watchers(uk_cell *c);

/* receive.c */
void uk_cell_receive(ukko_ctx *ctx, uk_envelope *e); /* handles one message */
void uk_cell_received(ukko_ctx *ctx, int rc); /* the rest of what is rarely to do after a handler */
int uk_cell_handle(ukko_ctx *ctx, ukko_msg *m); /* m in place of the current one; takes m */
/* stash.c */
void uk_cell_unstash(uk_cell *c); /* in front of what waits */
/* celltimer.c */
void uk_cell_stop_timers(uk_cell *c, bool receive_timeout); /* false: that one goes on */
void uk_cell_touch_receive_timeout(uk_cell *c, const ukko_msg *m);
bool uk_promise_done(const ukko_ref *promise); /* answered, or too late; any thread */
/* celltimer.c, ask.c: messages that only the runtime sees */
extern const ukko_type uk_tick_type, uk_answer_type;
int uk_cell_tick(ukko_ctx *ctx, const ukko_msg *m);
int uk_cell_answered(ukko_ctx *ctx, const ukko_msg *m);
#endif
