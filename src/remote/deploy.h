/* SPDX-License-Identifier: Apache-2.0 */
/* Remote deployment, both sides: children made on other nodes, and the daemon at /remote, which
   makes actors for parents that live elsewhere. Any thread unless said otherwise. */
#ifndef UK_REMOTE_DEPLOY_H
#define UK_REMOTE_DEPLOY_H
#include "remote/internal.h"

/* ---- deploy.c: slots of the provider ---- */
int uk_deploy_child(void *self, const uk_deployment *d, ukko_ref **out, ukko_msg **order,
                    ukko_error *err);
void uk_deploy_ordered(void *self, ukko_ref *parent, ukko_ref *child, ukko_msg *order);

/* ---- charges.c: /system/remote-deployment-watcher ---- */
void uk_charges_start(uk_remote *r); /* spawns it */
/* child, about to be made on another node, is its parent's until it ends or its node is lost. */
void uk_charge_add(uk_remote *r, ukko_ref *child, ukko_ref *parent);
void uk_charge_watch(uk_remote *r, ukko_ref *child); /* once the order has left */
/* Says to the node at address, if it is one of ours, why the child at path is not made. */
void uk_refusal_tell(uk_remote *r, const char *address, const char *path, const char *class_name,
                     const char *reason);
extern const ukko_type uk_refusal_type;

/* ---- daemon.c: the reference /remote and its children ---- */
ukko_ref *uk_daemon_new(uk_remote *r);
/* Is this the daemon itself? */
bool uk_daemon_is(const ukko_ref *ref);
/* Makes child (of uk_system_place(); taken) known and lets it begin. The one that had its path is
   stopped. false: the system is terminating, or this very child is there already; discarded. */
bool uk_daemon_adopt(ukko_ref *daemon, ukko_ref *child, ukko_ref *supervisor);
/* The same for a child that lives on a third node, because the configuration here says so: what comes
   for its path here is passed on. Takes child, a remote reference, and the order to make it. */
bool uk_daemon_pass_on(ukko_ref *daemon, ukko_ref *child, ukko_ref *supervisor, ukko_msg *order);
/* No more children; those there are stopped. done is called once when the last is gone. */
void uk_daemon_stop(ukko_ref *daemon, void (*done)(uk_remote *r));
/* A node is lost: the children of its actors end. */
void uk_daemon_address_terminated(ukko_ref *daemon, const char *address);

/* ---- create.c: [io] a DaemonMsgCreate has come ---- */
void uk_daemon_ordered(uk_remote *r, ukko_slice bytes, const char *from, int32_t uid);
#endif
