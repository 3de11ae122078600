/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_ROUTER_H
#define UKKO_ROUTER_H

/*
 * Routers: one reference in front of many actors. A message sent to a router goes to one of its
 * routees (or several) on the sender's own thread; nothing waits in a mailbox of the router.
 *
 * A pool makes its routees itself, as its children; a group sends to actors that live at given
 * paths. The configuration of the router's path (pekko.actor.deployment) beats what code says.
 *
 *     ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 5);
 *     ukko_props *props;
 *     if (ukko_router_props(&props, &opts, ukko_props_new(&worker), &err) == UKKO_OK)
 *         ukko_spawn(ctx, props, "workers", &router);
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Making routers: ukko_router(3) ------------------------------------------------ */

/* Who gets a message. */
typedef enum ukko_router_kind {
    UKKO_ROUTER_FROM_CONFIG = 0,  /* all of it comes from the configuration (FromConfig) */
    UKKO_ROUTER_ROUND_ROBIN,      /* one after the other */
    UKKO_ROUTER_RANDOM,           /* any one */
    UKKO_ROUTER_BALANCING,        /* pool only: the routees share one mailbox */
    UKKO_ROUTER_SMALLEST_MAILBOX, /* pool only: the one with the fewest waiting; remote ones last */
    UKKO_ROUTER_BROADCAST,        /* all of them */
    UKKO_ROUTER_SCATTER_GATHER,   /* asks all, passes the first answer on */
    UKKO_ROUTER_TAIL_CHOPPING,    /* asks one after the other, passes the first answer on */
    UKKO_ROUTER_CONSISTENT_HASHING /* always the same one for a key, see ukko_hash_key_fn */
} ukko_router_kind;

/* The key of a message for consistent hashing, owned by the caller: a string, bytes, or any message
   that can be serialized, whose bytes are the key then. What cannot is logged, and the message a
   dead letter. NULL: the mapping knows none for msg. On any thread that sends. */
typedef ukko_msg *(*ukko_hash_key_fn)(const ukko_msg *msg, void *data);

/* Searches the pool size with the best throughput. (OptimalSizeExploringResizer) */
typedef struct ukko_exploring_resizer {
    uint32_t size; /* sizeof(ukko_exploring_resizer) */
    int32_t lower_bound, upper_bound; /* routees */
    double chance_of_ramping_down_when_full; /* 0 to 1: tries fewer though all are busy */
    double explore_step_size;       /* the largest step, as a share of the size; >= 0 */
    double downsize_ratio;          /* of the most that were in use, after a time of little; >= 0 */
    double chance_of_exploration;   /* 0 to 1: a try instead of the best size so far */
    double weight_of_latest_metric; /* 0 to 1: of the latest speed against the earlier ones */
    int64_t action_interval_ms;     /* between two changes of size */
    int64_t downsize_after_underutilized_ms; /* so long not all were in use: shrink */
    int32_t optimization_range;     /* known sizes around it that are looked at; >= 2 */
} ukko_exploring_resizer;

/* A ukko_exploring_resizer with Pekko's defaults, for lower to upper routees. */
#define UKKO_EXPLORING_RESIZER(lower, upper)                                                \
    {sizeof(ukko_exploring_resizer), lower, upper, 0.2, 0.1, 0.8, 0.4, 0.5, 5000,           \
     INT64_C(72) * 3600 * 1000, 16}

/* What a router is to be; begin with UKKO_POOL or UKKO_GROUP. */
typedef struct ukko_router_opts {
    uint32_t size; /* sizeof(ukko_router_opts) */
    ukko_router_kind kind; /* BALANCING and SMALLEST_MAILBOX: pools only */
    bool group;               /* routees are the actors at paths, none is made */
    uint32_t instances;       /* pool: routees to begin with */
    const char *const *paths; /* group: selections, relative ones start at the router; copied */
    size_t n_paths;           /* how many there are */
    const char *const *nodes; /* pool: addresses over which the routees are spread; copied */
    size_t n_nodes;           /* how many there are; 0: all live here */
    int64_t within_ms;        /* scatter-gather, tail-chopping: how long to wait for an answer */
    int64_t interval_ms;      /* tail-chopping: pause before the next routee is asked */
    int32_t virtual_nodes;    /* consistent hashing: points per routee; 0: as configured */
    ukko_hash_key_fn hash_key; /* consistent hashing; NULL: only keys in the messages */
    void *hash_data;          /* passed to hash_key */
    const ukko_default_resizer *resizer; /* pool; copied; NULL: fixed size */
    const ukko_exploring_resizer *exploring; /* pool; copied; not with resizer */
    /* pool: what the router does about failed routees; must live as long as the program.
       NULL: escalate, so that the parent of the router decides. */
    const ukko_supervision *supervision;
    const char *dispatcher; /* of the router itself; copied; NULL: default */
    bool use_pool_dispatcher; /* pool: the routees run on the pool-dispatcher that the deployment
                                 section of its path has to have, or it is not made */
} ukko_router_opts;

/* Options of a pool of so many routees; 5 s for answers, 10 ms between those who are asked. */
#define UKKO_POOL(kind, instances)                                                          \
    {sizeof(ukko_router_opts), kind, false, instances, NULL, 0, NULL, 0, 5000, 10, 0, NULL, \
     NULL, NULL, NULL, NULL, NULL, false}
/* Options of a group of the actors at these paths; times as UKKO_POOL. */
#define UKKO_GROUP(kind, paths, n_paths)                                                    \
    {sizeof(ukko_router_opts), kind, true, 0, paths, n_paths, NULL, 0, 5000, 10, 0, NULL,   \
     NULL, NULL, NULL, NULL, NULL, false}

/* [any] Props of a router, for ukko_spawn() or ukko_system_spawn(). Takes routee, the recipe of
   the routees; NULL for a group or when the configuration names a group. *out is owned.
   UKKO_EINVAL: err says which member is wrong. Spawning gives UKKO_ECONFIG when the configuration
   has no router for UKKO_ROUTER_FROM_CONFIG or disagrees with the code in kind. */
UKKO_API UKKO_NODISCARD int ukko_router_props(ukko_props **out, const ukko_router_opts *opts,
                                              ukko_props *routee, ukko_error *err);

/* ---- Messages to a router: ukko_routees(3) ----------------------------------------- */

/* A message for all routees of a router of any kind. (Broadcast) */
typedef struct ukko_broadcast { ukko_msg *message; } ukko_broadcast;
UKKO_API extern const ukko_type ukko_broadcast_type; /* ukko_broadcast: to every routee */
/* [any] A ukko_broadcast of message, which it takes. Owned: ended by sending it or
   ukko_msg_release(). */
UKKO_API ukko_msg *ukko_msg_broadcast(ukko_msg *message);

/* A message with the key by which consistent hashing picks its routee. (ConsistentHashableEnvelope) */
typedef struct ukko_hash_envelope { ukko_msg *message, *key; } ukko_hash_envelope;
UKKO_API extern const ukko_type ukko_hash_envelope_type; /* ukko_hash_envelope: the routee of key
                                                            gets message */
/* [any] A ukko_hash_envelope of message and key, which it takes. Owned, likewise. */
UKKO_API ukko_msg *ukko_msg_hashed(ukko_msg *message, ukko_msg *key);

/* A routee: an actor, or a selection. */
typedef struct ukko_routee {
    ukko_ref *ref;    /* NULL: path says where */
    const char *path; /* selection in its storable form; NULL when there is a ref */
} ukko_routee;
/* The n routees that a router has now. */
typedef struct ukko_routees {
    ukko_routee *list; /* borrowed from the message */
    size_t n;
} ukko_routees;

/* These go to the router itself. They stay in this process. */
UKKO_API extern const ukko_type ukko_get_routees_type; /* no body; answered by the next */
UKKO_API extern const ukko_type ukko_routees_type;     /* ukko_routees */
UKKO_API extern const ukko_type ukko_add_routee_type;  /* ukko_routee */
/* ukko_routee. A child of the router gets a poison pill after 100 ms; a router that is left
   without routees stops, unless it has a resizer. */
UKKO_API extern const ukko_type ukko_remove_routee_type;
/* change routees more (or less, when negative) for a pool. (AdjustPoolSize) */
typedef struct ukko_adjust_pool_size { int32_t change; } ukko_adjust_pool_size;
UKKO_API extern const ukko_type ukko_adjust_pool_size_type; /* ukko_adjust_pool_size */

#ifdef __cplusplus
}
#endif
#endif
