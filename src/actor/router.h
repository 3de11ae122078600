/* SPDX-License-Identifier: Apache-2.0 */
/* Routers inside: what a router is told to be (uk_router_conf, immutable, counted), and the running
   one (uk_routing), which belongs to the props of the router's own cell. Senders read the table of
   routees from any thread; only the router's own turn changes it. */
#ifndef UK_ACTOR_ROUTER_H
#define UK_ACTOR_ROUTER_H
#include "actor/deploy.h"
#include "actor/provider.h"
#include <ukko/router.h>

typedef enum uk_resizer_kind {
    UK_RESIZER_NONE = 0,
    UK_RESIZER_DEFAULT,
    UK_RESIZER_EXPLORING
} uk_resizer_kind;

struct uk_router_conf {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    ukko_router_kind kind; /* UKKO_ROUTER_FROM_CONFIG only before the configuration was asked */
    bool group;
    uint32_t instances;
    char **paths;
    size_t n_paths;
    char **nodes; /* RemoteRouterConfig: addresses */
    size_t n_nodes;
    int64_t within_ms, interval_ms;
    int32_t virtual_nodes;
    ukko_hash_key_fn hash_key;
    void *hash_data;
    uk_resizer_kind resizer;
    ukko_default_resizer fixed;
    ukko_exploring_resizer exploring;
    const ukko_supervision *supervision; /* NULL: escalate */
    char *dispatcher;
    bool use_pool_dispatcher;
    char *pool_dispatcher; /* id of its section; NULL: none in the configuration */
};

uk_router_conf *uk_router_conf_retain(const uk_router_conf *c); /* NULL gives NULL */
void uk_router_conf_release(uk_router_conf *c);
/* Router settings of a deployment section; *out NULL: from-code. root: the whole configuration;
   own: the section without defaults; all: with them; path: of the section, for errors. */
int uk_router_conf_read(uk_router_conf **out, const ukko_config *root, const ukko_config *own,
                        const ukko_config *all, const char *path, ukko_error *err);
/* conf's router over code's, as withFallback does it. Either may be NULL. *out owned, may be NULL.
   UKKO_ECONFIG: they do not go together. */
int uk_router_conf_merge(uk_router_conf **out, const uk_router_conf *conf,
                         const uk_router_conf *code, ukko_error *err);

/* ---- for whoever creates cells ---- */

/* Replaces *props (owned) by props with the router that code, given and found (both may be NULL)
   decide together, nodes included. path: below which the configuration may have its pool-dispatcher;
   NULL: nowhere. Nothing happens to props without a router. Afterwards
   uk_cell_new() makes a router's cell of them, and uk_cell_start() its routees.
   UKKO_ECONFIG: configuration missing or in disagreement; *props stays the caller's. */
int uk_router_prepare(const char *path, ukko_props **props, const uk_deploy *given,
                      const uk_deploy *found, ukko_error *err);

/* ---- for remote deployment ---- */

/* A router as it travels: ukko_pool_type, ukko_from_config_type or ukko_remote_router_config_type;
   owned. UKKO_ENOTSERIAL: groups, smallest-mailbox and consistent-hashing pools, as in Pekko. */
int uk_router_conf_to_msg(const uk_router_conf *c, ukko_msg **out, ukko_error *err);
/* The reverse; *out owned. UKKO_EINVAL: no router, or numbers out of bounds. */
int uk_router_conf_from_msg(const ukko_msg *m, uk_router_conf **out, ukko_error *err);
/* Makes props those of a pool; before they are shared. Takes conf. */
void uk_props_set_router(ukko_props *props, uk_router_conf *conf);
const uk_router_conf *uk_props_router(const ukko_props *props); /* NULL: a plain actor */
#endif
