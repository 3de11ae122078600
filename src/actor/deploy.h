/* SPDX-License-Identifier: Apache-2.0 */
/* Deployment: pekko.actor.deployment, parsed once when the system is made, and looked up by the
   path of an actor that is about to be created. Read-only afterwards: any thread. */
#ifndef UK_ACTOR_DEPLOY_H
#define UK_ACTOR_DEPLOY_H
#include <ukko/actor.h>

typedef struct uk_router_conf uk_router_conf; /* actor/router.h */
typedef struct uk_deployments uk_deployments;

/* What a section says, defaults included. All texts belong to the system. */
typedef struct uk_deploy {
    const char *key;    /* of the section, as "/a/b*"; NULL: made by code */
    const char *remote; /* address to create on (RemoteScope); NULL: no scope given */
    bool local_scope;   /* LocalScope; only code can say so */
    const char **nodes; /* target.nodes: for pools, when remote is NULL */
    size_t n_nodes;
    const char *dispatcher, *mailbox; /* NULL: not given */
    const uk_router_conf *router;     /* NULL: from-code */
    bool has_config;
    const ukko_config *config; /* the whole section over the defaults; NULL: empty */
} uk_deploy;

/* UKKO_ECONFIG, err names the key and its origin: bad path element, bad address, wrong type,
   unknown router, "x**". */
int uk_deployments_new(uk_deployments **out, const ukko_config *cfg, ukko_error *err);
void uk_deployments_free(uk_deployments *d); /* NULL is fine */
bool uk_deployments_any(const uk_deployments *d); /* of the program's, besides the built-in ones */
/* By the elements below the guardian: "/a/b". NULL: none. */
const uk_deploy *uk_deployments_find(const uk_deployments *d, ukko_slice below);
/* By a whole path: "/user/a", "/system/a", "/remote/pekko.tcp/A@h:1/user/a" (any number of remote
   layers). NULL: none. */
const uk_deploy *uk_deploy_lookup(ukko_system *sys, ukko_slice path);
/* Of a child that is about to be created. NULL: none. */
const uk_deploy *uk_deploy_of_child(ukko_system *sys, ukko_ref *parent, const char *name);

/* into = over where over says something, else as it was. Apply in the order props, deployment
   given by the caller, configuration. Borrows all texts. The router is over's when it has one;
   how it merges with that of the props is uk_router_prepare()'s matter. */
void uk_deploy_over(uk_deploy *into, const uk_deploy *over);
/* What code said by ukko_props_deploy(), _local(), _dispatcher(), _mailbox() and a router. */
void uk_deploy_of_props(const ukko_props *props, uk_deploy *out);
#endif
