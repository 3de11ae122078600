/* SPDX-License-Identifier: Apache-2.0 */
/* Death watch of a cell: whom it watches, who watches it, as Pekko's DeathWatch does it. Runs in
   the cell's own turn. */
#include "actor/cell.h"
#include "actor/system.h"
#include "base/mem.h"
#include <string.h>

static bool remote(const ukko_ref *r) { return r->vt->kind == UK_REF_REMOTE; }

static bool any_remote(const uk_ref_set *s) {
    for (uint32_t i = 0; i < s->n; i++)
        if (remote(s->items[i])) return true;
    return false;
}
/* A cell with a remote ref in either set wants to hear of ended addresses. */
static void update_subscription(uk_cell *c, ukko_ref *changed) {
    uk_more *more = c->more;
    ukko_system *sys = c->ref.sys;
    if (!remote(changed)) return;
    bool want = any_remote(&more->watching) || any_remote(&more->watched_by);
    if (want == more->address_subscribed) return;
    more->address_subscribed = want;
    pthread_mutex_lock(&sys->lock);
    if (want) uk_set_add(&sys->address_watchers, &c->ref);
    else uk_set_remove(&sys->address_watchers, &c->ref);
    pthread_mutex_unlock(&sys->lock);
}
void uk_watch_send(ukko_ref *who, ukko_ref *watcher, bool on) {
    ukko_system *sys = who->sys;
    if (remote(who) && sys->has_provider && sys->provider.watch) {
        (on ? sys->provider.watch : sys->provider.unwatch)(sys->provider.self, who, watcher);
        return;
    }
    uk_ref_system(who, uk_sysmsg_new(on ? UK_SYS_WATCH : UK_SYS_UNWATCH, who, watcher));
}
static void send_watch(uk_cell *c, ukko_ref *who, bool on) { uk_watch_send(who, &c->ref, on); }

/* ---- a message of one's own in place of Terminated ---- */

static uk_custom_watch **find_custom(uk_cell *c, ukko_ref *who, bool queued) {
    uk_custom_watch **p = &c->more->customs;
    while (*p && ((*p)->queued != queued || !ukko_ref_equal((*p)->who, who))) p = &(*p)->next;
    return p;
}
static void add_custom(uk_cell *c, ukko_ref *who, ukko_msg *msg) { /* takes msg */
    uk_custom_watch *w = uk_alloc(sizeof *w);
    *w = (uk_custom_watch){c->more->customs, uk_ref_retain(who), msg, false};
    c->more->customs = w;
}
static ukko_msg *remove_custom(uk_cell *c, ukko_ref *who, bool queued) { /* owned, or NULL */
    uk_custom_watch **p = find_custom(c, who, queued), *w = *p;
    if (!w) return NULL;
    ukko_msg *msg = w->msg;
    *p = w->next;
    uk_ref_release(w->who);
    uk_free(w);
    return msg;
}
void uk_cell_drop_customs(uk_cell *c) {
    while (c->more && c->more->customs) {
        uk_custom_watch *w = c->more->customs;
        ukko_msg_release(remove_custom(c, w->who, w->queued));
    }
}
ukko_msg *uk_cell_custom_end(uk_cell *c, ukko_ref *who) {
    return c->more ? remove_custom(c, who, true) : NULL;
}
/* The same watch again is fine, with another message it is not. */
static int watch_same(uk_cell *c, ukko_ref *who, const ukko_msg *msg) {
    const uk_custom_watch *w = *find_custom(c, who, false);
    if (msg ? w && w->msg == msg : !w) return UKKO_OK;
    uk_log_of(&c->ref, UKKO_LOG_ERROR, c->props->actor->name, NULL,
              "Watch(%s, %s): the message at its end stays as it was. If another one was intended, "
              "unwatch first",
              uk_ref_text(&c->ref), uk_ref_text(who));
    return UKKO_ESTATE;
}
int uk_cell_watch_with(uk_cell *c, ukko_ref *who, ukko_msg *msg) {
    int rc = UKKO_OK;
    if (ukko_ref_equal(who, &c->ref)) {
        ukko_msg_release(msg);
    } else if (!uk_set_add(&uk_cell_more(c)->watching, who)) {
        rc = watch_same(c, who, msg);
        ukko_msg_release(msg);
    } else {
        if (msg) add_custom(c, who, msg);
        update_subscription(c, who);
        send_watch(c, who, true);
    }
    return rc;
}

/* ---- watching ---- */

int uk_cell_watch(uk_cell *c, ukko_ref *who) { return uk_cell_watch_with(c, who, NULL); }

void uk_cell_unwatch(uk_cell *c, ukko_ref *who) {
    if (!c->more) return;
    uk_ref_retain(who); /* the set may hold the last count */
    uk_set_remove(&c->more->terminated_queued, who);
    ukko_msg_release(remove_custom(c, who, true));
    if (uk_set_remove(&c->more->watching, who)) {
        ukko_msg_release(remove_custom(c, who, false));
        send_watch(c, who, false);
        update_subscription(c, who);
    }
    uk_ref_release(who);
}
static void debug_watcher(uk_cell *c, const char *what, ukko_ref *watcher) {
    if (c->ref.sys->debug.lifecycle)
        uk_log_of(&c->ref, UKKO_LOG_DEBUG, c->props->actor->name, NULL, "%s %s", what,
                  uk_ref_text(watcher));
}
void uk_cell_add_watcher(uk_cell *c, ukko_ref *watchee, ukko_ref *watcher) {
    bool to_me = ukko_ref_equal(watchee, &c->ref), from_me = ukko_ref_equal(watcher, &c->ref);
    if (to_me && !from_me) {
        if (!uk_set_add(&uk_cell_more(c)->watched_by, watcher)) return;
        update_subscription(c, watcher);
        debug_watcher(c, "now watched by", watcher);
    } else if (!to_me && from_me) {
        uk_cell_watch(c, watchee);
    } else {
        uk_log_of(&c->ref, UKKO_LOG_WARN, c->props->actor->name, NULL, "BUG: illegal Watch(%s,%s)",
                  uk_ref_text(watchee), uk_ref_text(watcher));
    }
}
void uk_cell_remove_watcher(uk_cell *c, ukko_ref *watchee, ukko_ref *watcher) {
    bool to_me = ukko_ref_equal(watchee, &c->ref), from_me = ukko_ref_equal(watcher, &c->ref);
    if (to_me && !from_me) {
        if (!c->more || !uk_set_remove(&c->more->watched_by, watcher)) return;
        update_subscription(c, watcher);
        debug_watcher(c, "no longer watched by", watcher);
    } else if (!to_me && from_me) {
        uk_cell_unwatch(c, watchee);
    }
}
void uk_cell_notified(ukko_ctx *ctx, ukko_ref *who, bool existed, bool address_lost) {
    uk_cell *c = ctx->cell;
    if (c->more && uk_set_remove(&c->more->watching, who)) {
        update_subscription(c, who);
        if (!(c->flags & UK_CELL_TERMINATING)) {
            ukko_terminated t = {who, existed, address_lost};
            uk_custom_watch *own = *find_custom(c, who, false);
            uk_set_add(&c->more->terminated_queued, who);
            if (own) own->queued = true;
            uk_ref_tell(&c->ref, ukko_msg_copy(&ukko_terminated_type, &t), who);
        }
    }
    bool child =
        who->vt->kind == UK_REF_CELL ? uk_cell_of(who)->parent == &c->ref : uk_kids_has(c, who);
    if (child) uk_cell_child_gone(ctx, who);
}
static bool lives_at(const ukko_ref *r, const char *address) {
    size_t n = strlen(address);
    const char *text = uk_ref_text(r);
    return remote(r) && !strncmp(text, address, n) && text[n] == '/';
}
void uk_cell_address_terminated(ukko_ctx *ctx, const char *address) {
    uk_cell *c = ctx->cell;
    if (!c->more || !address) return;
    for (uint32_t i = c->more->watched_by.n; i-- > 0;) {
        ukko_ref *w = c->more->watched_by.items[i];
        if (!lives_at(w, address)) continue;
        uk_ref_retain(w); /* the set may hold the last count */
        uk_cell_remove_watcher(c, &c->ref, w);
        uk_ref_release(w);
    }
    for (uint32_t i = 0; i < c->more->watching.n; i++) {
        ukko_ref *w = c->more->watching.items[i];
        if (!lives_at(w, address)) continue;
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, w, NULL);
        m->flag = uk_kids_has(c, w);
        m->flag2 = true;
        uk_ref_system(&c->ref, m);
    }
}
void uk_cell_unwatch_all(uk_cell *c) {
    if (!c->more) return;
    while (c->more->watching.n)
        uk_cell_unwatch(c, c->more->watching.items[c->more->watching.n - 1]);
    uk_set_fini(&c->more->terminated_queued);
    uk_cell_drop_customs(c);
}
static void tell_watchers(uk_cell *c, bool remote_ones) {
    uk_ref_set *s = &c->more->watched_by;
    for (uint32_t i = 0; i < s->n; i++) {
        ukko_ref *w = s->items[i];
        if (remote(w) != remote_ones || ukko_ref_equal(w, c->parent)) continue;
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, &c->ref, NULL);
        m->flag = true;
        uk_ref_system(w, m);
    }
}
void uk_cell_tell_watchers(uk_cell *c) {
    if (!c->more || !c->more->watched_by.n) return;
    tell_watchers(c, true);
    tell_watchers(c, false);
    if (c->more->address_subscribed) {
        pthread_mutex_lock(&c->ref.sys->lock);
        uk_set_remove(&c->ref.sys->address_watchers, &c->ref);
        pthread_mutex_unlock(&c->ref.sys->lock);
        c->more->address_subscribed = false;
    }
    uk_set_fini(&c->more->watched_by);
}
void uk_system_address_terminated(ukko_system *sys, const char *address) {
    pthread_mutex_lock(&sys->lock);
    uint32_t n = sys->address_watchers.n;
    ukko_ref **all = uk_alloc((n + 1) * sizeof *all);
    for (uint32_t i = 0; i < n; i++) all[i] = uk_ref_retain(sys->address_watchers.items[i]);
    pthread_mutex_unlock(&sys->lock);
    for (uint32_t i = 0; i < n; i++) {
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_ADDRESS_TERMINATED, NULL, NULL);
        m->cause = ukko_msg_string(address);
        uk_ref_system(all[i], m);
    }
    uk_refs_free(all, n);
}
