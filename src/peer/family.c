/* SPDX-License-Identifier: Apache-2.0 */
/* The actors that have children or watch others: parent, watcher, deployer and the deployable
   Worker. Their callbacks run on the threads of the system. */
#include "peer.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- parent -------------------------------------------------------------------------- */

/* A child that cannot be made is a failure of the parent. */
static int parent_child(ukko_ctx *ctx, const char *name, int32_t depth) {
    ukko_props *props = ukko_props_new(&parent_actor);
    ukko_props_arg(props, &ukko_int_type, &depth);
    return ukko_spawn(ctx, props, name, NULL);
}

/* The children that the scenarios name from the first line on: c1, c2, c3, other, each with its g. */
enum { FAMILY = 1 + 4 + 4, FAMILY_MS = 10000 };
static pthread_mutex_t family_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t family_grew = PTHREAD_COND_INITIALIZER;
static int family_size; /* under family_lock; goes up only */

static void family_grows(void) {
    pthread_mutex_lock(&family_lock);
    family_size++;
    pthread_cond_signal(&family_grew);
    pthread_mutex_unlock(&family_lock);
}

bool family_wait(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FAMILY_MS / 1000;
    int rc = 0;
    pthread_mutex_lock(&family_lock);
    while (family_size < FAMILY && !rc)
        rc = pthread_cond_timedwait(&family_grew, &family_lock, &until);
    pthread_mutex_unlock(&family_lock);
    return rc == 0;
}

static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    static const char *const children[] = {"c1", "c2", "c3", "other"};
    (void)state;
    const int32_t *depth = n ? ukko_msg_get(args[0], &ukko_int_type) : NULL;
    int32_t here = depth ? *depth : 0;
    if (here == 0)
        for (size_t i = 0; i < 4; i++) parent_child(ctx, children[i], 1);
    if (here == 1) parent_child(ctx, "g", 2);
    family_grows();
    return UKKO_OK;
}

static int parent_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (text && strncmp(text, "spawn ", 6) == 0) {
        return parent_child(ctx, text + 6, 2);
    } else if (text && strcmp(text, "die") == 0) {
        ukko_stop(ctx, ukko_self(ctx));
    } else {
        char path[512];
        actor_recv(ctx, msg);
        ukko_ref_print(ukko_self(ctx), path, sizeof path);
        if (ukko_msg_type(msg) != &ukko_identity_type) ukko_reply_text(ctx, path);
    }
    return UKKO_OK;
}

const ukko_actor parent_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Parent",
    .receive = {NULL, parent_receive},
    .start = parent_start,
};

/* ---- watcher ------------------------------------------------------------------------- */

static const ukko_field watch_fields[] = {
    UKKO_FIELD(watch_order, ref, UKKO_REF),
    UKKO_FIELD(watch_order, undo, UKKO_BOOL),
};
const ukko_type watch_order_type = UKKO_TYPE_LOCAL(watch_order, watch_fields);

static int watcher_order(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    const watch_order *o = body;
    if (o->undo) ukko_unwatch(ctx, o->ref);
    else ukko_watch(ctx, o->ref);
    out_emit(o->undo ? "unwatched" : "watching", "ref", value_ref(o->ref), NULL);
    return UKKO_OK;
}

static int show_terminated(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    const ukko_terminated *t = body;
    out_emit("terminated-msg", "by", value_path(ukko_self(ctx)), "ref", value_ref(t->ref),
             "existenceConfirmed", json_boolean(t->existence_confirmed), "addressTerminated",
             json_boolean(t->address_terminated), NULL);
    return UKKO_OK;
}

static int show_message(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    actor_recv(ctx, msg);
    return UKKO_OK;
}

static const ukko_case watcher_cases[] = {
    {&watch_order_type, watcher_order}, {&ukko_terminated_type, show_terminated}, {NULL, NULL}};
const ukko_actor watcher_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Watcher",
    .receive = {watcher_cases, show_message},
};

/* ---- deployer ------------------------------------------------------------------------ */

static const ukko_field make_fields[] = {
    UKKO_FIELD(make_order, class_name, UKKO_STR),
    UKKO_FIELD(make_order, name, UKKO_STR),
    UKKO_FIELD(make_order, address, UKKO_STR),
    UKKO_FIELD(make_order, local, UKKO_BOOL),
    UKKO_FIELD_LIST(make_order, args, n_args, UKKO_MSG, NULL),
    UKKO_FIELD(make_order, router, UKKO_STR),
    UKKO_FIELD(make_order, instances, UKKO_I32),
    UKKO_FIELD_LIST(make_order, places, n_places, UKKO_STR, NULL),
    UKKO_FIELD(make_order, group, UKKO_BOOL),
};
const ukko_type make_order_type = UKKO_TYPE_LOCAL(make_order, make_fields);
static const ukko_field text_fields[] = {UKKO_FIELD(text_order, text, UKKO_STR)};
const ukko_type stop_child_type = UKKO_TYPE_LOCAL(text_order, text_fields);
const ukko_type strategy_type = UKKO_TYPE_LOCAL(text_order, text_fields);

/* The order is that of the names. */
static const char *const decisions[] = {"restart", "resume", "stop", "escalate"};
static const ukko_directive directives[] = {UKKO_RESTART, UKKO_RESUME, UKKO_STOP, UKKO_ESCALATE};

typedef struct deployer {
    size_t decision; /* an index of decisions[] */
    ukko_ref **children;
    size_t n_children;
} deployer;

static void deployer_keep(deployer *d, ukko_ref *child) {
    d->children = realloc(d->children, (d->n_children + 1) * sizeof(ukko_ref *));
    d->children[d->n_children++] = child;
}

static void deployer_drop(deployer *d, const ukko_ref *child) {
    for (size_t i = 0; i < d->n_children; i++) {
        if (ukko_ref_equal(d->children[i], child)) {
            ukko_ref_release(d->children[i]);
            d->children[i] = d->children[--d->n_children];
            return;
        }
    }
}

static void deployer_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    deployer *d = state;
    for (size_t i = 0; i < d->n_children; i++) ukko_ref_release(d->children[i]);
    free(d->children);
}

/* As Pekko's preRestart: the children go, unwatched. */
static void deployer_before(ukko_ctx *ctx, void *state, const ukko_failure *why,
                            const ukko_msg *msg) {
    (void)msg;
    deployer *d = state;
    out_emit("prerestart", "actor", value_path(ukko_self(ctx)), "cause", value_failure(why), NULL);
    for (size_t i = 0; i < d->n_children; i++) {
        ukko_unwatch(ctx, d->children[i]);
        ukko_stop(ctx, d->children[i]);
    }
    deployer_stop(ctx, state);
}

static int deployer_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                          const ukko_failure *why) {
    (void)state;
    (void)args;
    (void)n;
    out_emit("postrestart", "actor", value_path(ukko_self(ctx)), "cause", value_failure(why), NULL);
    return UKKO_OK;
}

static ukko_router_kind router_kind(const char *name) {
    static const struct {
        const char *name;
        ukko_router_kind kind;
    } kinds[] = {
        {"config", UKKO_ROUTER_FROM_CONFIG},
        {"broadcast", UKKO_ROUTER_BROADCAST},
        {"random", UKKO_ROUTER_RANDOM},
        {"balancing", UKKO_ROUTER_BALANCING},
        {"smallest", UKKO_ROUTER_SMALLEST_MAILBOX},
        {"scatter", UKKO_ROUTER_SCATTER_GATHER},
        {"tail", UKKO_ROUTER_TAIL_CHOPPING},
        {"hash", UKKO_ROUTER_CONSISTENT_HASHING},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0) return kinds[i].kind;
    return UKKO_ROUTER_ROUND_ROBIN;
}

/* Takes routee, which may be NULL; gives those of the router, or NULL: err says why. */
static ukko_props *router_props(const make_order *o, ukko_props *routee, ukko_error *err) {
    ukko_router_opts opts = UKKO_POOL(router_kind(o->router), (uint32_t)o->instances);
    ukko_props *props;
    opts.interval_ms = 20;
    opts.group = o->group;
    if (o->group) {
        opts.paths = o->places;
        opts.n_paths = o->n_places;
    } else {
        opts.nodes = o->places;
        opts.n_nodes = o->n_places;
    }
    return ukko_router_props(&props, &opts, routee, err) == UKKO_OK ? props : NULL;
}

static ukko_props *order_props(const make_order *o, ukko_error *err) {
    if (!o->class_name) return router_props(o, NULL, err);
    ukko_props *props = ukko_props_new(actor_by_class(o->class_name));
    for (size_t i = 0; i < o->n_args; i++) ukko_props_arg_msg(props, ukko_msg_retain(o->args[i]));
    if (o->local) ukko_props_local(props);
    return o->router ? router_props(o, props, err) : props;
}

void spawn_problem(ukko_error *out) {
    size_t cause = ukko_spawn_cause();
    ukko_spawn_error(out);
    if (cause) out->message[cause - 2] = '\0';
}

static void emit_not_made(const char *name, int code, const char *text) {
    bool bad_name = code == UKKO_EEXISTS || code == UKKO_EINVAL;
    bool no_way = strncmp(text, "remote deployment failed", 24) == 0;
    out_emit("error", "what", out_text("deploy"), "name", out_text(name), "cause",
             out_failure(no_way     ? "java.lang.IllegalArgumentException"
                         : bad_name ? "org.apache.pekko.actor.InvalidActorNameException"
                                    : "org.apache.pekko.ConfigurationException",
                         text),
             NULL);
}

static int deployer_make(ukko_ctx *ctx, void *state, const void *body) {
    const make_order *o = body;
    ukko_error err = {0};
    ukko_props *props = order_props(o, &err);
    ukko_ref *child = NULL;
    if (!props) {
        emit_not_made(o->name, err.code, err.message);
        return UKKO_OK;
    }
    int rc = o->address ? ukko_props_deploy(props, o->address) : UKKO_OK;
    if (rc != UKKO_OK) {
        ukko_props_release(props);
        emit_not_made(o->name, rc, ukko_strerror(rc));
        return UKKO_OK;
    }
    rc = ukko_spawn(ctx, props, o->name, &child);
    if (rc != UKKO_OK) {
        ukko_error why;
        spawn_problem(&why);
        emit_not_made(o->name, rc, why.message);
        return UKKO_OK;
    }
    ukko_watch(ctx, child);
    out_emit("deployed", "name", out_text(o->name), "ref", value_ref(child), NULL);
    deployer_keep(state, child);
    return UKKO_OK;
}

static int deployer_stop_child(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    const char *name = ((const text_order *)body)->text;
    ukko_ref *child = ukko_child(ctx, name);
    if (child) {
        ukko_stop(ctx, child);
        return UKKO_OK;
    }
    char cmd[300];
    snprintf(cmd, sizeof cmd, "stop-child %s", name);
    out_emit("error", "cmd", out_text(cmd), "cause",
             out_map("message", out_text("no such child"), NULL), NULL);
    return UKKO_OK;
}

static int deployer_strategy(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    const char *text = ((const text_order *)body)->text;
    deployer *d = state;
    d->decision = 0;
    for (size_t i = 1; i < 4; i++)
        if (strcmp(text, decisions[i]) == 0) d->decision = i;
    out_emit("ok", "cmd", out_text("strategy"), "value", out_text(text), NULL);
    return UKKO_OK;
}

static int deployer_terminated(ukko_ctx *ctx, void *state, const void *body) {
    deployer_drop(state, ((const ukko_terminated *)body)->ref);
    return show_terminated(ctx, state, body);
}

static ukko_directive deployer_decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)ctx;
    const deployer *d = state;
    out_emit("child-failed", "child", value_ref(why->child), "cause", value_failure(why),
             "decision", out_text(decisions[d->decision]), NULL);
    return directives[d->decision];
}

static const ukko_supervision deployer_supervision = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = deployer_decide, .quiet = true};
static const ukko_supervision all_for_one = {.size = sizeof(ukko_supervision),
                                             .all_for_one = true,
                                             .max_restarts = -1,
                                             .decide = deployer_decide,
                                             .quiet = true};
static const ukko_case deployer_cases[] = {
    {&make_order_type, deployer_make},
    {&stop_child_type, deployer_stop_child},
    {&strategy_type, deployer_strategy},
    {&ukko_terminated_type, deployer_terminated},
    {NULL, NULL},
};
#define DEPLOYER(strategy)                                                                         \
    {                                                                                              \
        .size = sizeof(ukko_actor), .state_size = sizeof(deployer),                                \
        .name = "ukko.oracle.Actors$Deployer", .receive = {deployer_cases, show_message},          \
        .stop = deployer_stop, .before_restart = deployer_before, .after_restart = deployer_after, \
        .supervision = strategy                                                                    \
    }
const ukko_actor deployer_actor = DEPLOYER(&deployer_supervision);
const ukko_actor all_for_one_deployer_actor = DEPLOYER(&all_for_one);

/* ---- Worker -------------------------------------------------------------------------- */

typedef struct worker {
    int64_t n;
    json_t *args; /* an array of values */
} worker;

static void worker_take(worker *w, const ukko_msg *const *args, size_t n) {
    w->args = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(w->args, value_of(args[i]));
}

static int worker_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    worker *w = state;
    worker_take(w, args, n);
    out_emit("worker-start", "actor", value_path(ukko_self(ctx)), "args", json_deep_copy(w->args),
             "parent", value_ref(ukko_parent(ctx)), NULL);
    return UKKO_OK;
}

static void worker_stop(ukko_ctx *ctx, void *state) {
    out_emit("worker-stop", "actor", value_path(ukko_self(ctx)), NULL);
    json_decref(((worker *)state)->args);
}

static void worker_before(ukko_ctx *ctx, void *state, const ukko_failure *why,
                          const ukko_msg *msg) {
    (void)msg;
    out_emit("worker-prerestart", "actor", value_path(ukko_self(ctx)), "cause", value_failure(why),
             NULL);
    json_decref(((worker *)state)->args);
}

static int worker_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                        const ukko_failure *why) {
    (void)why;
    worker_take(state, args, n);
    out_emit("worker-postrestart", "actor", value_path(ukko_self(ctx)), NULL);
    return UKKO_OK;
}

static void worker_answer(ukko_ctx *ctx, const worker *w, const ukko_msg *msg) {
    char path[512], *text = NULL;
    char *args = out_plain(json_deep_copy(w->args)), *value = out_plain(value_of(msg));
    actor_recv(ctx, msg);
    ukko_ref_print(ukko_self(ctx), path, sizeof path);
    if (asprintf(&text, "worker%s at %s got %s", args, path, value) >= 0)
        ukko_reply_text(ctx, text);
    free(text);
    free(args);
    free(value);
}

static int worker_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    worker *w = state;
    const char *text = ukko_msg_text(msg);
    if (text && strncmp(text, "throw", 5) == 0) return actor_throw(ctx, text);
    if (text && strcmp(text, "stop") == 0) ukko_stop(ctx, ukko_self(ctx));
    else if (text && strcmp(text, "inc") == 0) w->n++;
    else if (text && strcmp(text, "get") == 0) ukko_reply(ctx, &ukko_long_type, &w->n);
    else if (text && strncmp(text, "child ", 6) == 0)
        return ukko_spawn(ctx, ukko_props_new(&worker_actor), text + 6, NULL);
    else worker_answer(ctx, w, msg);
    return UKKO_OK;
}

const ukko_actor worker_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(worker),
    .name = "ukko.oracle.Actors$Worker",
    .receive = {NULL, worker_receive},
    .start = worker_start,
    .stop = worker_stop,
    .before_restart = worker_before,
    .after_restart = worker_after,
};

/* ---- By class ------------------------------------------------------------------------ */

const ukko_actor *const peer_actors[] = {
    &worker_actor,       &echo_actor,    &sink_actor,
    &collector_actor,    &failing_actor, &forwarder_actor,
    &parent_actor,       &order_actor,   &caller_actor,
    &receptionist_actor, &watcher_actor, &deployer_actor,
    &listener_actor,     &timed_actor,   &stashing_actor,
    NULL,
};

const ukko_actor *actor_by_class(const char *name) {
    for (size_t i = 0; peer_actors[i]; i++) {
        const char *whole = peer_actors[i]->name;
        if (strcmp(whole, name) == 0 || strcmp(strchr(whole, '$') + 1, name) == 0)
            return peer_actors[i];
    }
    return NULL;
}
