/* SPDX-License-Identifier: Apache-2.0 */
/* Making actors: as children here, as children that live on another node, and for parents that do.
   In the turn of the parent, but for children of /user and what other nodes ask for: any thread. */
#include "actor/cell.h"
#include "actor/dispatchers.h"
#include "actor/router.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/error.h"
#include "base/note.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
    const uk_cell *parent; /* compared only, as are the others: they tell one message from others */
    const uk_envelope *current;
    int32_t uid;
} spawn_by; /* who did it, when an actor did */

static ukko_error *spawn_error(void) { return uk_note_of(UK_NOTE_SPAWN); }
void ukko_spawn_error(ukko_error *err) { *err = *spawn_error(); }

static int *spawn_cause(void) { return &uk_note_of(UK_NOTE_SPAWN_CAUSE)->code; }
size_t ukko_spawn_cause(void) { return spawn_error()->code ? (size_t)*spawn_cause() : 0; }

/* Pekko has what is wrong with a mailbox in the cause of the exception, not in its text. */
static ukko_msg *with_detail(const char *class_name, const char *text) {
    size_t detail = ukko_spawn_cause();
    if (!detail) return ukko_msg_throwable(class_name, text);
    char *whole = uk_strndup(text, detail - 2);
    ukko_throwable t = {.class_name = class_name,
                        .message = whole,
                        .cause = ukko_msg_throwable(class_name, text + detail)};
    ukko_msg *m = ukko_msg_copy(&ukko_throwable_type, &t);
    ukko_msg_release(t.cause);
    uk_free(whole);
    return m;
}
ukko_msg *uk_spawn_failure(const ukko_ctx *ctx, int code) {
    if (spawn_by.parent != ctx->cell || spawn_by.uid != ctx->cell->ref.uid ||
        spawn_by.current != ctx->current || spawn_error()->code != code)
        return NULL;
    bool name = code == UKKO_EEXISTS || code == UKKO_EINVAL;
    return with_detail(name                    ? uk_failure_class(UKKO_EEXISTS)
                       : code == UKKO_ESTOPPED ? "java.lang.IllegalStateException"
                                               : uk_failure_class(code),
                       spawn_error()->message);
}
int ukko_spawn(ukko_ctx *ctx, ukko_props *props, const char *name, ukko_ref **out) {
    int rc = uk_cell_spawn(ctx->cell->ref.sys, ctx->cell, props, name, out);
    if (rc < 0) {
        spawn_by.parent = ctx->cell;
        spawn_by.current = ctx->current;
        spawn_by.uid = ctx->cell->ref.uid;
    }
    return rc;
}

static bool is_guardian(const uk_cell *c) {
    return c == c->ref.sys->user || c == c->ref.sys->system_guardian;
}
/* In Pekko's words. What stands before the wrong byte is ASCII: its place counts characters, too. */
static int bad_name(const char *name, size_t at) {
    uint8_t c = (uint8_t)name[at];
    int width = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (!*name) return uk_error(spawn_error(), UKKO_EINVAL, "actor name must not be empty");
    return uk_error(spawn_error(), UKKO_EINVAL,
                    "Invalid actor path element [%.200s], illegal character [%.*s] at position: "
                    "%zu. Actor paths MUST: not start with `$`, include only ASCII letters and can "
                    "only contain these special characters: -_.*$+:@&=,!~';.",
                    name, c ? width : 1, c ? name + at : "", at);
}
static int check(uk_cell *parent, const ukko_props *props, const char *name) {
    *spawn_cause() = 0;
    if (!props || !props->actor || props->actor->size < offsetof(ukko_actor, receive))
        return uk_error(spawn_error(), UKKO_EINVAL, "props without an actor table");
    int wrong = name ? uk_path_element_fault(ukko_str(name)) : -1;
    if (wrong >= 0) return bad_name(name, (size_t)wrong);
    /* other threads spawn under the guardians: their flags are their own turns', the phase speaks */
    if (!is_guardian(parent) && parent->flags & UK_CELL_TERMINATING)
        return uk_error(spawn_error(), UKKO_ESTOPPED, "cannot create children while terminating");
    return UKKO_OK;
}
static int taken(const char *name) {
    return uk_error(spawn_error(), UKKO_EEXISTS, "actor name [%.200s] is not unique!", name);
}

/* serialize-creators: what was given to the actor is as another node would give it. */
static int check_creator(ukko_system *sys, uk_cell *parent, const ukko_props *props,
                         const char *name) {
    ukko_error err;
    if (!sys->serialize_creators || props->local || parent == sys->system_guardian) return UKKO_OK;
    for (size_t i = 0; i < props->n_args; i++) {
        ukko_msg *copy = ukko_msg_retain(props->args[i]);
        int rc = copy ? uk_serialization_check(sys, &copy, &err) : UKKO_OK;
        ukko_msg_release(copy);
        if (rc)
            return uk_error(
                spawn_error(), rc,
                "pre-creation serialization check failed at [%.150s/%.100s], argument %zu: "
                "%.200s",
                ukko_ref_path(&parent->ref), name, i + 1, err.message);
    }
    return UKKO_OK;
}

/* A child that lives on another node when its deployment says so: 1. 0: it lives here. */
static int spawn_elsewhere(ukko_system *sys, const uk_deployment *d, ukko_ref **out) {
    ukko_ref *ref = NULL;
    ukko_msg *order = NULL;
    uk_cell *parent = uk_cell_of(d->parent);
    if (!sys->has_provider || !sys->provider.deploy || parent == sys->system_guardian) return 0;
    int rc = sys->provider.deploy(sys->provider.self, d, &ref, &order, spawn_error());
    if (rc <= 0) return rc;
    /* before the other node can answer */
    if (uk_kids_add(parent, ukko_str(ukko_ref_name(ref)), false, ref)) {
        ukko_msg_release(order);
        uk_ref_release(ref);
        return taken(d->name);
    }
    if (out) *out = uk_ref_retain(ref); /* before the table's count may be gone */
    uk_ref_retain(ref);
    sys->provider.deployed(sys->provider.self, d->parent, ref, order);
    uk_ref_release(ref);
    return 1;
}
/* In its own turn a cell has counts to hand out. */
static ukko_ref *retain_parent(uk_cell *c) {
    return is_guardian(c) ? uk_ref_retain(&c->ref) : uk_cell_retain_self(c);
}
static uk_cell *new_cell(ukko_system *sys, ukko_ref *parent, ukko_props *props, ukko_slice name,
                         int32_t uid, const uk_placement *p) { /* takes a count of parent, props */
    if (p->shared && !props->shared) {
        ukko_props *balanced = uk_props_copy(props);
        balanced->shared = uk_shared_retain(p->shared);
        balanced->balanced = true;
        ukko_props_release(props);
        props = balanced;
    }
    return uk_cell_new(sys, parent, props, name, uid, p->on, p->box, p->pinned);
}
static int spawn_here(ukko_system *sys, uk_cell *parent, ukko_props *props, const uk_deployment *d,
                      ukko_ref **out) { /* takes props, whose router is decided */
    ukko_slice name = {(const uint8_t *)d->name, d->name_len};
    uk_placement p = {.on = sys->dispatcher, .box = sys->mailbox};
    int rc = uk_placement_is_plain(sys, &parent->ref, props, d->found)
                 ? UKKO_OK
                 : uk_placement_of(sys, &parent->ref, props, d->name, d->found, &p, spawn_error());
    if (rc) {
        ukko_props_release(props);
        return rc;
    }
    uk_cell *c = new_cell(sys, retain_parent(parent), props, name, d->uid, &p);
    if (uk_kids_add(parent, name, *c->name == '$', &c->ref)) {
        taken(d->name);
        uk_cell_discard(c);
        return UKKO_EEXISTS;
    }
    if (out) *out = uk_cell_retain_self(c); /* before its first turn */
    if (sys->debug.lifecycle)
        uk_log_of(&parent->ref, UKKO_LOG_DEBUG, parent->props->actor->name, NULL,
                  "now supervising Actor[%s]", uk_ref_text(&c->ref));
    uk_cell_start(c);
    return UKKO_OK;
}
static void warn_of_plain(ukko_system *sys, const uk_deployment *d) {
    if (!d->found->router || d->props->router) return;
    uk_log(sys, UKKO_LOG_WARN, "ukko", "org.apache.pekko.actor.LocalActorRefProvider", NULL, NULL,
           "pekko.actor.deployment.\"%.200s\" makes %.200s/%.200s a router, but its props do not: "
           "remove the section's router, or spawn it with ukko_router_props()",
           d->found->key, uk_ref_text(d->parent), d->name);
}
static int prepare_router(const uk_deployment *d, ukko_props **props) {
    uk_buf path = {0}; /* "/user/a/pool", of which Pekko's sections have "/a/pool" */
    if (uk_props_router(*props)->use_pool_dispatcher && d->parent->vt->print) {
        d->parent->vt->print(d->parent, &path);
        uk_buf_byte(&path, '/');
        uk_buf_str(&path, d->name);
        uk_buf_byte(&path, 0);
    }
    const char *below = path.len ? strchr((const char *)path.ptr + 1, '/') : NULL;
    int rc = uk_router_prepare(below, props, NULL, d->found, spawn_error());
    uk_buf_fini(&path);
    return rc;
}
int uk_cell_spawn(ukko_system *sys, uk_cell *parent, ukko_props *props, const char *name,
                  ukko_ref **out) {
    char generated[32];
    if (out) *out = NULL;
    int rc = check(parent, props, name);
    size_t len = name ? strlen(name) : 0;
    if (!rc && !name) {
        len = uk_kids_name(parent, generated, sizeof generated);
        name = generated;
    }
    if (!rc) rc = check_creator(sys, parent, props, name);
    uk_deployment d = {&parent->ref, props, name, NULL, uk_new_uid(), NULL, len};
    if (!rc && uk_deployments_any(sys->deployments))
        d.found = uk_deploy_of_child(sys, &parent->ref, name);
    if (d.found && sys->debug.router_misconfiguration) warn_of_plain(sys, &d);
    if (!rc) rc = spawn_elsewhere(sys, &d, out);
    if (!rc && props->router) rc = prepare_router(&d, &props);
    if (!rc) return spawn_here(sys, parent, props, &d, out);
    ukko_props_release(props);
    return rc < 0 ? rc : UKKO_OK;
}
int uk_system_spawn(ukko_system *sys, ukko_props *props, const char *name, ukko_ref **out) {
    return uk_cell_spawn(sys, sys->system_guardian, props, name, out);
}

/* ---- for parents elsewhere ---- */

ukko_ref *uk_system_place(ukko_system *sys, ukko_ref *supervisor, ukko_props *props,
                          const char *path, int32_t uid, ukko_error *err) {
    const uk_deploy *found = uk_deploy_lookup(sys, ukko_str(path));
    uk_placement p;
    if (uk_placement_of(sys, supervisor, props, path, found, &p, err)) {
        ukko_props_release(props);
        return NULL;
    }
    return &new_cell(sys, uk_ref_retain(supervisor), props, ukko_str(path), uid, &p)->ref;
}
void uk_system_begin(ukko_ref *placed, ukko_ref *watcher) {
    uk_ref_system(placed, uk_sysmsg_new(UK_SYS_WATCH, placed, watcher));
    uk_ref_system(uk_cell_of(placed)->parent, uk_sysmsg_new(UK_SYS_SUPERVISE, placed, NULL));
    uk_cell_start(uk_cell_of(placed));
}
void uk_system_discard(ukko_ref *placed) { uk_cell_discard(uk_cell_of(placed)); }
