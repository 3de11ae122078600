/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatchers of a system by the ids of their sections, read and started when they are first
   asked for. Any thread. */
#ifndef UK_ACTOR_DISPATCHERS_H
#define UK_ACTOR_DISPATCHERS_H
#include "actor/deploy.h"
#include "actor/sched.h"

#define UK_DEFAULT_DISPATCHER "pekko.actor.default-dispatcher"
#define UK_INTERNAL_DISPATCHER "pekko.actor.internal-dispatcher"

typedef enum uk_dispatcher_type {
    UK_DISPATCHER_SHARED,    /* Dispatcher */
    UK_DISPATCHER_PINNED,    /* PinnedDispatcher */
    UK_DISPATCHER_BALANCING, /* BalancingDispatcherConfigurator */
    UK_DISPATCHER_CALLING    /* CallingThreadDispatcherConfigurator */
} uk_dispatcher_type;

typedef struct uk_dispatcher_conf { /* constant once made; belongs to the system */
    struct uk_dispatcher_conf *next;
    char *id;            /* of the section; an alias has been followed */
    ukko_config *config; /* the section over that of the default dispatcher */
    uk_dispatcher_type type;
    const char *requirement; /* mailbox-requirement; NULL: none */
    bool has_mailbox;        /* mailbox-type is there and says something */
    unsigned threads, throughput;
    int64_t deadline_ns;
    /* made on demand, under the lock */
    uk_dispatcher *instance;   /* NULL: not yet, or each actor has one of its own */
    struct uk_shared *shared;  /* of a balancing one */
} uk_dispatcher_conf;

typedef struct uk_dispatchers uk_dispatchers;
uk_dispatchers *uk_dispatchers_new(void);
void uk_dispatchers_free(uk_dispatchers *d); /* NULL is fine */
/* UKKO_ECONFIG: there is no such section, or something in it is wrong; err names it. */
int uk_dispatcher_find(ukko_system *sys, const char *id, const uk_dispatcher_conf **out,
                       ukko_error *err);

/* The two that every system has: sys->dispatcher with that many threads (negative: as configured)
   and sys->internal. Before the system starts. */
int uk_dispatchers_open(ukko_system *sys, int threads, uint64_t seed, ukko_error *err);
int uk_dispatchers_start(ukko_system *sys); /* those two */
/* Joins all workers; what is queued stays queued. No other thread makes actors any more. */
void uk_dispatchers_stop(ukko_system *sys);
/* The one to run an actor on, started. Pinned: one of its own, and a count of it. */
int uk_dispatcher_get(ukko_system *sys, const uk_dispatcher_conf *c, uk_dispatcher **out,
                      ukko_error *err);
/* The mailbox in common of those who run on a balancing one; the first who asks says how.
   Borrowed. */
struct uk_mailbox;
struct uk_shared *uk_dispatcher_shared(ukko_system *sys, const uk_dispatcher_conf *c,
                                       const struct uk_mailbox *box);
void uk_dispatchers_over(ukko_system *sys, uk_dispatcher *d); /* the thread of a pinned one ends */
/* All that have threads now, each retained; *out is owned. Gives their number. */
size_t uk_dispatchers_all(ukko_system *sys, uk_dispatcher ***out);

/* placement.c */
typedef struct uk_placement {
    uk_dispatcher *on;
    const struct uk_mailbox *box; /* NULL: the inbox alone */
    bool pinned;                  /* on is its own: a count */
    struct uk_shared *shared;     /* NULL: none; borrowed */
} uk_placement;
/* For an actor of that name (or path from the root) that is about to be made; found: what the
   configuration says of its path, or NULL. Props with a router: of the router itself, and whether
   its routees can be made. UKKO_ECONFIG: err names the setting and the path. */
int uk_placement_of(ukko_system *sys, ukko_ref *parent, const ukko_props *props, const char *name,
                    const uk_deploy *found, uk_placement *out, ukko_error *err);
bool uk_placement_is_plain(const ukko_system *sys, const ukko_ref *parent, const ukko_props *props,
                           const uk_deploy *found); /* all as it is by default? Then no need to ask */
int uk_placement_default(ukko_system *sys, ukko_error *err); /* sets sys->mailbox */
#endif
