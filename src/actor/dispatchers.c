/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of dispatchers: found by id, aliases followed, read once. Any thread; the lock guards the
   list, whose entries are constant. */
#include "actor/dispatchers.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"

enum { MOST_ALIASES = 20 };

struct uk_dispatchers {
    pthread_mutex_t lock; /* guards first; leaf */
    uk_dispatcher_conf *first;
};

uk_dispatchers *uk_dispatchers_new(void) {
    uk_dispatchers *d = uk_zalloc(sizeof *d);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}
static void conf_free(uk_dispatcher_conf *c) {
    ukko_config_release(c->config);
    uk_free(c->id);
    uk_free(c);
}
void uk_dispatchers_free(uk_dispatchers *d) {
    if (!d) return;
    for (uk_dispatcher_conf *c = d->first, *next; c; c = next) {
        next = c->next;
        conf_free(c);
    }
    pthread_mutex_destroy(&d->lock);
    uk_free(d);
}

/* ---- reading one ---- */

static int bad(const uk_dispatcher_conf *c, const char *member, int code, const char *expected,
               ukko_error *err) {
    ukko_error inner;
    ukko_config_explain(c->config, member, code, expected, &inner);
    return uk_error(err, UKKO_ECONFIG, "%.200s: %.250s", c->id, inner.message);
}
static int read_type(uk_dispatcher_conf *c, ukko_error *err) {
    static const struct {
        const char *name;
        uk_dispatcher_type type;
    } types[] = {
        {"Dispatcher", UK_DISPATCHER_SHARED},
        {"PinnedDispatcher", UK_DISPATCHER_PINNED},
        {"BalancingDispatcher", UK_DISPATCHER_BALANCING},
        {"org.apache.pekko.dispatch.DispatcherConfigurator", UK_DISPATCHER_SHARED},
        {"org.apache.pekko.dispatch.PinnedDispatcherConfigurator", UK_DISPATCHER_PINNED},
        {"org.apache.pekko.dispatch.BalancingDispatcherConfigurator", UK_DISPATCHER_BALANCING},
        {"org.apache.pekko.testkit.CallingThreadDispatcherConfigurator", UK_DISPATCHER_CALLING}};
    const char *name;
    int rc = ukko_config_string(c->config, "type", &name);
    if (rc) return bad(c, "type", rc, "a type of dispatcher", err);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name)) {
            c->type = types[i].type;
            return UKKO_OK;
        }
    return uk_error(err, UKKO_ECONFIG, "%.200s.type = \"%.200s\": there is no such dispatcher here",
                    c->id, name);
}
static int read_mailbox(uk_dispatcher_conf *c, ukko_error *err) {
    const char *text = "";
    int rc = ukko_config_string(c->config, "mailbox-requirement", &text);
    if (rc && rc != UKKO_ENOTFOUND) return bad(c, "mailbox-requirement", rc, "a class name", err);
    c->requirement = *text ? text : NULL;
    if (!c->requirement && c->type == UK_DISPATCHER_BALANCING)
        c->requirement = "org.apache.pekko.dispatch.MultipleConsumerSemantics";
    text = "";
    rc = ukko_config_string(c->config, "mailbox-type", &text);
    if (rc && rc != UKKO_ENOTFOUND) return bad(c, "mailbox-type", rc, "a class name", err);
    c->has_mailbox = *text;
    return UKKO_OK;
}
static int read_conf(ukko_system *sys, const char *id, uk_dispatcher_conf **out, ukko_error *err) {
    ukko_config *own = NULL, *defaults = NULL;
    if (ukko_config_object(sys->config, id, &own))
        return uk_error(err, UKKO_ECONFIG,
                        "Expected either a dispatcher config or an alias at [%.200s]", id);
    ukko_config_object(sys->config, UK_DEFAULT_DISPATCHER, &defaults);
    uk_dispatcher_conf *c = uk_zalloc(sizeof *c);
    c->id = uk_strdup(id);
    c->config = ukko_config_with_fallback(own, defaults);
    ukko_config_release(own);
    ukko_config_release(defaults);
    int rc = read_type(c, err);
    if (!rc) rc = read_mailbox(c, err);
    if (rc) conf_free(c);
    else *out = c;
    return rc;
}

/* ---- finding ---- */

static uk_dispatcher_conf *known(const uk_dispatchers *d, const char *id) {
    for (uk_dispatcher_conf *c = d->first; c; c = c->next)
        if (!strcmp(c->id, id)) return c;
    return NULL;
}
/* The id of the section that id stands for. */
static int follow(ukko_system *sys, const char **id, ukko_error *err) {
    const char *asked = *id;
    for (int i = 0; i < MOST_ALIASES; i++) {
        ukko_config_kind kind;
        int rc = ukko_config_kind_of(sys->config, *id, &kind);
        if (rc || kind == UKKO_CONFIG_NULL)
            return uk_error(err, UKKO_ECONFIG, "Dispatcher [%.200s] not configured", *id);
        if (kind != UKKO_CONFIG_STRING) return UKKO_OK;
        ukko_config_string(sys->config, *id, id);
    }
    return uk_error(err, UKKO_ECONFIG,
                    "Dispatcher [%.200s] is an alias of an alias ...: is there a loop?", asked);
}
int uk_dispatcher_find(ukko_system *sys, const char *id, const uk_dispatcher_conf **out,
                       ukko_error *err) {
    uk_dispatchers *d = sys->dispatchers;
    uk_dispatcher_conf *c = NULL;
    int rc = follow(sys, &id, err);
    if (rc) return rc;
    pthread_mutex_lock(&d->lock);
    *out = known(d, id);
    if (!*out && !(rc = read_conf(sys, id, &c, err))) {
        c->next = d->first;
        d->first = c;
        *out = c;
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}
