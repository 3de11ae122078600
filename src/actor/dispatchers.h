/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatchers of a system by the ids of their sections, read when they are first asked for. Any
   thread. */
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
} uk_dispatcher_conf;

typedef struct uk_dispatchers uk_dispatchers;
uk_dispatchers *uk_dispatchers_new(void);
void uk_dispatchers_free(uk_dispatchers *d); /* NULL is fine */
/* UKKO_ECONFIG: there is no such section, or something in it is wrong; err names it. */
int uk_dispatcher_find(ukko_system *sys, const char *id, const uk_dispatcher_conf **out,
                       ukko_error *err);

/* placement.c */
typedef struct uk_placement {
    uk_dispatcher *on;
    const struct uk_mailbox *box; /* NULL: the inbox alone */
} uk_placement;
/* For an actor of that name (or path from the root) that is about to be made; found: what the
   configuration says of its path, or NULL. Props with a router: of the router itself, and whether
   its routees can be made. UKKO_ECONFIG: err names the setting and the path. */
int uk_placement_of(ukko_system *sys, ukko_ref *parent, const ukko_props *props, const char *name,
                    const uk_deploy *found, uk_placement *out, ukko_error *err);
int uk_placement_default(ukko_system *sys, ukko_error *err); /* sets sys->mailbox */
#endif
