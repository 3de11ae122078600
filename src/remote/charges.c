/* SPDX-License-Identifier: Apache-2.0 */
/* The actor /system/remote-deployment-watcher. It watches the children that were made on other
   nodes, and tells their parents of those whose node is lost. Between ukko nodes it also says, and
   is told, why a child was refused: the node that refuses looks for /system/ukko-deployments at the
   creator, when its uid says that it is of ukko's kin: see uk_uid_is_kin(). In its own turns, but for
   uk_charge_…() and uk_refusal_tell(): any thread. */
#include "remote/deploy.h"
#include "base/mem.h"

#define LOG_WATCHER_ACTOR "org.apache.pekko.remote.RemoteDeploymentWatcher"
#define ALIAS "ukko-deployments"

enum { FIND_MS = 5000, MOST_PENDING = 64, RECENT = 1024 };

/* ---- messages ---- */

typedef struct note_order {
    ukko_ref *child, *supervisor;
} note_order;
static const ukko_field note_fields[] = {
    UKKO_FIELD(note_order, child, UKKO_REF),
    UKKO_FIELD(note_order, supervisor, UKKO_REF),
};
static const ukko_type note_type = UKKO_TYPE_LOCAL(note_order, note_fields);

typedef struct watch_order { /* of a child that is noted, when the order to make it has left */
    ukko_ref *child;
} watch_order;
static const ukko_field watch_fields[] = {UKKO_FIELD(watch_order, child, UKKO_REF)};
static const ukko_type watch_type = UKKO_TYPE_LOCAL(watch_order, watch_fields);

/* What is told to the creator. */
typedef struct refusal {
    const char *path, *className, *reason;
} refusal;
static const ukko_field refusal_fields[] = {
    UKKO_FIELD(refusal, path, UKKO_STR),
    UKKO_FIELD(refusal, className, UKKO_STR),
    UKKO_FIELD(refusal, reason, UKKO_STR),
};
const ukko_type uk_refusal_type = UKKO_JACKSON(refusal, "ukko.remote.Refusal", refusal_fields);

typedef struct tell_order { /* tell it to the node at address */
    const char *address;
    ukko_msg *refusal;
} tell_order;
static const ukko_field tell_fields[] = {
    UKKO_FIELD(tell_order, address, UKKO_STR),
    UKKO_FIELD(tell_order, refusal, UKKO_MSG),
};
static const ukko_type tell_type = UKKO_TYPE_LOCAL(tell_order, tell_fields);

static const ukko_field event_fields[] = {
    UKKO_FIELD(ukko_deploy_refused, child, UKKO_REF),
    UKKO_FIELD(ukko_deploy_refused, parent, UKKO_REF),
    UKKO_FIELD(ukko_deploy_refused, class_name, UKKO_STR),
    UKKO_FIELD(ukko_deploy_refused, reason, UKKO_STR),
};
const ukko_type ukko_deploy_refused_type = UKKO_TYPE_LOCAL(ukko_deploy_refused, event_fields);

/* ---- state ---- */

typedef struct charge { /* a child elsewhere */
    ukko_ref *child, *supervisor; /* retained */
} charge;

typedef struct books {
    uk_map charges; /* path text -> charge */
    charge *recent[RECENT]; /* that never existed: why may still be told; a ring */
    size_t at;
    ukko_msg *pending[MOST_PENDING]; /* refusals whose creators are being looked for */
} books;

static void charge_free(charge *c) {
    if (!c) return;
    uk_ref_release(c->child);
    uk_ref_release(c->supervisor);
    uk_free(c);
}

/* ---- children ---- */

static int on_note(ukko_ctx *ctx, void *state, const void *body) {
    const note_order *o = body;
    books *b = state;
    charge *c = uk_alloc(sizeof *c);
    (void)ctx;
    *c = (charge){uk_ref_retain(o->child), uk_ref_retain(o->supervisor)};
    const char *text = uk_ref_text(c->child);
    uk_map_put(&b->charges, text, strlen(text), c); /* a uid is new each time */
    return UKKO_OK;
}
static int on_watch(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_watch(ctx, ((const watch_order *)body)->child);
    return UKKO_OK;
}

static void remember(books *b, charge *c) { /* takes c */
    charge_free(b->recent[b->at]);
    b->recent[b->at] = c;
    b->at = (b->at + 1) % RECENT;
}

/* The parent hears it once more, so that it forgets a child whose node cannot say it any more. */
static int on_terminated(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_terminated *t = body;
    books *b = state;
    const char *text = uk_ref_text(t->ref);
    charge *c = uk_map_remove(&b->charges, text, strlen(text));
    (void)ctx;
    if (!c) return UKKO_OK;
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, c->child, NULL);
    m->flag = t->existence_confirmed;
    m->flag2 = t->address_terminated;
    uk_ref_system(c->supervisor, m);
    if (t->existence_confirmed || t->address_terminated) charge_free(c);
    else remember(b, c);
    return UKKO_OK;
}

/* ---- refusals: saying ---- */

static int found_creator(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer,
                         void *data) {
    books *b = state;
    size_t slot = (size_t)(uintptr_t)data;
    const ukko_identity *id = ukko_msg_get(answer, &ukko_identity_type);
    ukko_msg *m = b->pending[slot];
    b->pending[slot] = NULL;
    if (status == UKKO_OK && id && id->ref) ukko_tell_msg(ctx, id->ref, m);
    else ukko_msg_release(m); /* not one of ours, or not there any more */
    return UKKO_OK;
}

static int on_tell(ukko_ctx *ctx, void *state, const void *body) {
    const tell_order *o = body;
    books *b = state;
    size_t slot = 0;
    while (slot < MOST_PENDING && b->pending[slot]) slot++;
    if (slot == MOST_PENDING) return UKKO_OK; /* whoever asks for so much gets no reasons */
    b->pending[slot] = ukko_msg_retain(o->refusal);
    char *path = uk_format("%s/system/" ALIAS, o->address);
    ukko_find(ctx, path, FIND_MS, found_creator, (void *)(uintptr_t)slot);
    uk_free(path);
    return UKKO_OK;
}

/* ---- refusals: hearing ---- */

static const charge *charge_of(const books *b, const char *path) {
    const charge *c = uk_map_get(&b->charges, path, strlen(path));
    for (size_t i = 0; i < RECENT && !c; i++)
        if (b->recent[i] && !strcmp(uk_ref_text(b->recent[i]->child), path)) c = b->recent[i];
    return c;
}

/* Only what this node has asked for can be refused: the uid in the path is hard to guess. */
static int on_refusal(ukko_ctx *ctx, void *state, const void *body) {
    const refusal *r = body;
    const charge *c = r->path && r->className && r->reason ? charge_of(state, r->path) : NULL;
    ukko_system *sys = ukko_ctx_system(ctx);
    if (!c) return UKKO_UNHANDLED;
    ukko_deploy_refused ev = {c->child, c->supervisor, r->className, r->reason};
    uk_log(sys, UKKO_LOG_WARN, uk_ref_text(ukko_self(ctx)), LOG_WATCHER_ACTOR, NULL, NULL,
           "The node refused to create [%.200s], an actor of class [%.200s]: %.400s", r->path,
           r->className, r->reason);
    ukko_publish(sys, &ukko_deploy_refused_type, &ev);
    return UKKO_OK;
}

/* ---- the actor ---- */

static void on_stop(ukko_ctx *ctx, void *state) {
    books *b = state;
    size_t pos = 0;
    void *v;
    (void)ctx;
    while (uk_map_next(&b->charges, &pos, &v)) charge_free(v);
    uk_map_fini(&b->charges);
    for (size_t i = 0; i < RECENT; i++) charge_free(b->recent[i]);
    for (size_t i = 0; i < MOST_PENDING; i++) ukko_msg_release(b->pending[i]);
}

static const ukko_case cases[] = {{&note_type, on_note},
                                  {&watch_type, on_watch},
                                  {&ukko_terminated_type, on_terminated},
                                  {&tell_type, on_tell},
                                  {&uk_refusal_type, on_refusal},
                                  {NULL, NULL}};
static const ukko_actor watcher_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(books),
    .name = LOG_WATCHER_ACTOR,
    .receive = {cases, NULL},
    .stop = on_stop,
};

void uk_charges_start(uk_remote *r) {
    uk_system_spawn(r->sys, ukko_props_new(&watcher_actor), "remote-deployment-watcher",
                    &r->deploy_watcher);
    uk_ref_release(uk_system_add_system_ref(r->sys, ALIAS, r->deploy_watcher));
}

void uk_charge_add(uk_remote *r, ukko_ref *child, ukko_ref *parent) {
    note_order o = {child, parent};
    uk_ref_tell(r->deploy_watcher, ukko_msg_copy(&note_type, &o), NULL);
}
void uk_charge_watch(uk_remote *r, ukko_ref *child) {
    watch_order o = {child};
    uk_ref_tell(r->deploy_watcher, ukko_msg_copy(&watch_type, &o), NULL);
}

void uk_refusal_tell(uk_remote *r, const char *address, const char *path, const char *class_name,
                     const char *reason) {
    if (!r->deploy_watcher) return;
    refusal body = {path, class_name, reason};
    tell_order o = {address, ukko_msg_copy(&uk_refusal_type, &body)};
    uk_ref_tell(r->deploy_watcher, ukko_msg_copy(&tell_type, &o), NULL);
    ukko_msg_release(o.refusal);
}
