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

typedef enum ukko_router_kind {
    UKKO_ROUTER_FROM_CONFIG = 0,  /* all of it comes from the configuration (FromConfig) */
    UKKO_ROUTER_ROUND_ROBIN,
    UKKO_ROUTER_RANDOM,
    UKKO_ROUTER_BALANCING,        /* pool only: the routees share one mailbox */
    UKKO_ROUTER_SMALLEST_MAILBOX, /* pool only */
    UKKO_ROUTER_BROADCAST,
    UKKO_ROUTER_SCATTER_GATHER,   /* asks all, passes the first answer on */
    UKKO_ROUTER_TAIL_CHOPPING,    /* asks one after the other, passes the first answer on */
    UKKO_ROUTER_CONSISTENT_HASHING
} ukko_router_kind;

/* The key of a message for consistent hashing: a message that is a string, bytes, int, long or
   bool; owned by the caller. NULL: the mapping knows none for msg. On any thread that sends. */
typedef ukko_msg *(*ukko_hash_key_fn)(const ukko_msg *msg, void *data);

/* Searches the pool size with the best throughput. (OptimalSizeExploringResizer) */
typedef struct ukko_exploring_resizer {
    uint32_t size; /* sizeof(ukko_exploring_resizer) */
    int32_t lower_bound, upper_bound; /* routees */
    double chance_of_ramping_down_when_full, explore_step_size, downsize_ratio;
    double chance_of_exploration, weight_of_latest_metric;
    int64_t action_interval_ms, downsize_after_underutilized_ms;
    int32_t optimization_range;
} ukko_exploring_resizer;

#define UKKO_EXPLORING_RESIZER(lower, upper)                                                \
    {sizeof(ukko_exploring_resizer), lower, upper, 0.2, 0.1, 0.8, 0.4, 0.5, 5000,           \
     INT64_C(72) * 3600 * 1000, 16}

typedef struct ukko_router_opts {
    uint32_t size; /* sizeof(ukko_router_opts) */
    ukko_router_kind kind;
    bool group;               /* routees are the actors at paths, none is made */
    uint32_t instances;       /* pool: routees to begin with */
    const char *const *paths; /* group: selections, relative ones start at the router; copied */
    size_t n_paths;
    const char *const *nodes; /* pool: addresses over which the routees are spread; copied */
    size_t n_nodes;
    int64_t within_ms;        /* scatter-gather, tail-chopping: how long to wait for an answer */
    int64_t interval_ms;      /* tail-chopping: pause before the next routee is asked */
    int32_t virtual_nodes;    /* consistent hashing: points per routee; 0: as configured */
    ukko_hash_key_fn hash_key; /* consistent hashing; NULL: only keys in the messages */
    void *hash_data;
    const ukko_default_resizer *resizer; /* pool; copied; NULL: fixed size */
    const ukko_exploring_resizer *exploring; /* pool; copied; not with resizer */
    /* pool: what the router does about failed routees; must live as long as the program.
       NULL: escalate, so that the parent of the router decides. */
    const ukko_supervision *supervision;
    const char *dispatcher; /* of the router itself; copied; NULL: default */
    bool use_pool_dispatcher;
} ukko_router_opts;

#define UKKO_POOL(kind, instances)                                                          \
    {sizeof(ukko_router_opts), kind, false, instances, NULL, 0, NULL, 0, 5000, 10, 0, NULL, \
     NULL, NULL, NULL, NULL, NULL, false}
#define UKKO_GROUP(kind, paths, n_paths)                                                    \
    {sizeof(ukko_router_opts), kind, true, 0, paths, n_paths, NULL, 0, 5000, 10, 0, NULL,   \
     NULL, NULL, NULL, NULL, NULL, false}

/* [any] Props of a router, for ukko_spawn() or ukko_system_spawn(). Takes routee, the recipe of
   the routees; NULL for a group or when the configuration names a group. *out is owned.
   UKKO_EINVAL: err says which member is wrong. Spawning gives UKKO_ECONFIG when the configuration
   has no router for UKKO_ROUTER_FROM_CONFIG or disagrees with the code in kind. */
UKKO_API UKKO_NODISCARD int ukko_router_props(ukko_props **out, const ukko_router_opts *opts,
                                              ukko_props *routee, ukko_error *err);

/* ---- Messages to a router ----------------------------------------------------------------- */

typedef struct ukko_broadcast { ukko_msg *message; } ukko_broadcast;
UKKO_API extern const ukko_type ukko_broadcast_type; /* ukko_broadcast: to every routee */
/* [any] Owned. Takes message. */
UKKO_API ukko_msg *ukko_msg_broadcast(ukko_msg *message);

typedef struct ukko_hash_envelope { ukko_msg *message, *key; } ukko_hash_envelope;
UKKO_API extern const ukko_type ukko_hash_envelope_type; /* ukko_hash_envelope: the routee of key
                                                            gets message */
/* [any] Owned. Takes message and key. */
UKKO_API ukko_msg *ukko_msg_hashed(ukko_msg *message, ukko_msg *key);

/* A routee: an actor, or a selection. */
typedef struct ukko_routee {
    ukko_ref *ref;    /* NULL: path says where */
    const char *path; /* selection in its storable form; NULL when there is a ref */
} ukko_routee;
typedef struct ukko_routees {
    ukko_routee *list;
    size_t n;
} ukko_routees;

/* These go to the router itself. They stay in this process. */
UKKO_API extern const ukko_type ukko_get_routees_type; /* no body; answered by the next */
UKKO_API extern const ukko_type ukko_routees_type;     /* ukko_routees */
UKKO_API extern const ukko_type ukko_add_routee_type;  /* ukko_routee */
/* ukko_routee. A child of the router gets a poison pill after 100 ms; a router that is left
   without routees stops, unless it has a resizer. */
UKKO_API extern const ukko_type ukko_remove_routee_type;
typedef struct ukko_adjust_pool_size { int32_t change; } ukko_adjust_pool_size;
UKKO_API extern const ukko_type ukko_adjust_pool_size_type; /* pools: routees more, or less */

#ifdef __cplusplus
}
#endif
#endif
