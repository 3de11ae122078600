/* SPDX-License-Identifier: Apache-2.0 */
/* On which dispatcher an actor that is about to be made will run, and with which mailbox: the
   configuration of its path over its props, what its kind requires, the defaults. Any thread. */
#include "actor/dispatchers.h"
#include "actor/mailbox.h"
#include "actor/router.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/note.h"

typedef struct wish {
    ukko_system *sys;
    const char *dispatcher, *mailbox; /* NULL: nothing said */
    const ukko_actor *actor;
} wish;

#define SAME_AS_PARENT ".."

static bool is_pinned(const ukko_system *sys, const uk_dispatcher_conf *on) {
    return sys->threads && on->type == UK_DISPATCHER_PINNED;
}
static const ukko_actor router = {.size = sizeof(ukko_actor), .name = "RoutedActorCell"};

static int grant(const wish *w, const uk_dispatcher_conf **on, const uk_mailbox **box,
                 ukko_error *err) {
    int rc =
        uk_dispatcher_find(w->sys, w->dispatcher ? w->dispatcher : UK_DEFAULT_DISPATCHER, on, err);
    return rc ? rc
              : uk_mailbox_select(w->sys, w->mailbox, *on, w->dispatcher != NULL, w->actor, box,
                                  err);
}
static const char *or_default(const char *id, const char *by_default) {
    return id ? id : by_default;
}
static int with_cause(ukko_error *err, int rc, const ukko_error *cause, char *text) { /* takes text */
    uk_note_of(UK_NOTE_SPAWN_CAUSE)->code = (int)strlen(text);
    rc = uk_error(err, rc, "%s%.200s", text, cause->message);
    uk_free(text);
    return rc;
}
/* The text of err says what is wrong; here is added with whom, in Pekko's words. */
static int with_path(const wish *w, ukko_ref *parent, const char *name, int rc, ukko_error *err) {
    ukko_error inner = *err;
    const char *on = or_default(w->dispatcher, UK_DEFAULT_DISPATCHER);
    uk_buf path = {0};
    if (*name == '/') uk_buf_printf(&path, "pekko://%s", ukko_system_name(w->sys));
    else uk_ref_show(parent, &path);
    path.len = strcspn(uk_buf_text(&path), "#");
    uk_buf_printf(&path, "%s%.80s", *name == '/' ? "" : "/", name);
    if (!ukko_config_has(w->sys->config, on))
        rc = uk_error(err, rc, "Dispatcher [%.200s] not configured for path %.200s", on,
                      uk_buf_text(&path));
    else
        rc = with_cause(err, rc, &inner,
                        uk_format("configuration problem while creating [%.120s] with dispatcher "
                                  "[%.60s] and mailbox [%.60s]: ",
                                  uk_buf_text(&path), on,
                                  or_default(w->mailbox, "pekko.actor.default-mailbox")));
    uk_buf_fini(&path);
    return rc;
}
static int place_router(const ukko_props *props, wish w, ukko_ref *parent, const char *name,
                        uk_placement *out, ukko_error *err) {
    const uk_dispatcher_conf *on;
    const uk_mailbox *box; /* the router gets what is for itself, and little of that */
    if (!w.dispatcher) w.dispatcher = props->router->pool_dispatcher;
    int rc = grant(&w, &on, &box, err); /* of the routees, which ask again when they are made */
    w.actor = &router;
    w.dispatcher = props->router->dispatcher;
    if (w.dispatcher && !*w.dispatcher) w.dispatcher = NULL;
    if (!rc) rc = grant(&w, &on, &box, err);
    if (!rc && on->type == UK_DISPATCHER_BALANCING)
        rc = uk_error(err, UKKO_ECONFIG,
                      "Configuration is invalid - you can not use a 'BalancingDispatcher' as a "
                      "Router's dispatcher, you can however use it for the routees: [%.200s]",
                      on->id);
    if (!rc && w.dispatcher) {
        rc = uk_dispatcher_get(w.sys, on, &out->on, err);
        out->pinned = !rc && is_pinned(w.sys, on);
    }
    return rc ? with_path(&w, parent, name, rc, err) : UKKO_OK;
}
/* What is plain needs no box beside the cell. */
static const uk_mailbox *unless_plain(const uk_mailbox *b) {
    bool plain =
        !b->bounded && !b->ordered && b->semantics == (UK_QUEUE_UNBOUNDED | UK_QUEUE_SHARABLE);
    return plain ? NULL : b;
}
int uk_placement_default(ukko_system *sys, ukko_error *err) {
    wish w = {sys, NULL, NULL, &router};
    const uk_dispatcher_conf *on;
    int rc = grant(&w, &on, &sys->mailbox, err);
    if (rc) return rc;
    sys->mailbox = unless_plain(sys->mailbox);
    sys->default_differs = on->type != UK_DISPATCHER_SHARED;
    return UKKO_OK;
}
bool uk_placement_is_plain(const ukko_system *sys, const ukko_ref *parent, const ukko_props *props,
                           const uk_deploy *found) {
    return !props->dispatcher && !props->mailbox && !found && !props->router &&
           !sys->default_differs && parent != &sys->system_guardian->ref &&
           !uk_actor_requires(props->actor);
}
int uk_placement_of(ukko_system *sys, ukko_ref *parent, const ukko_props *props, const char *name,
                    const uk_deploy *found, uk_placement *out, ukko_error *err) {
    wish w = {sys, props->dispatcher, props->mailbox, props->actor};
    const uk_dispatcher_conf *on;
    bool internal = parent == &sys->system_guardian->ref;
    *out = (uk_placement){.on = internal ? sys->internal : sys->dispatcher, .box = sys->mailbox};
    if (internal && !w.dispatcher) w.dispatcher = UK_INTERNAL_DISPATCHER;
    if (props->router) {
        out->box = NULL;
        return place_router(props, w, parent, name, out, err);
    }
    if (found && found->dispatcher) w.dispatcher = found->dispatcher;
    if (found && found->mailbox) w.mailbox = found->mailbox;
    if (w.dispatcher && !strcmp(w.dispatcher, SAME_AS_PARENT))
        w.dispatcher =
            parent->vt->kind == UK_REF_CELL ? uk_dispatcher_id(uk_cell_of(parent)->disp) : NULL;
    bool said = (w.dispatcher && !internal) || props->dispatcher || w.mailbox;
    if (!said && !uk_actor_requires(w.actor) && !sys->default_differs) return UKKO_OK;
    int rc = grant(&w, &on, &out->box, err);
    if (!rc) rc = uk_dispatcher_get(sys, on, &out->on, err);
    if (rc) return with_path(&w, parent, name, rc, err);
    out->pinned = is_pinned(sys, on);
    if (on->type == UK_DISPATCHER_BALANCING) out->shared = uk_dispatcher_shared(sys, on, out->box);
    out->box = unless_plain(out->box);
    return UKKO_OK;
}
