/* SPDX-License-Identifier: Apache-2.0 */
/* Which mailbox an actor gets, as Pekko's Mailboxes has it: what props or deployment name, what the
   dispatcher names, what the actor requires, what the dispatcher requires, the default; and whether it
   can do what is required. Any thread; the lock guards the list, whose entries are constant. */
#include "actor/mailbox.h"
#include "actor/dispatchers.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdlib.h>

#define DISPATCH "org.apache.pekko.dispatch."
#define DEFAULT_MAILBOX "pekko.actor.default-mailbox"
#define CAPACITY_PREFIX "bounded-capacity:"
#define UNREAD INT64_MIN /* push_ns before its setting was read */

struct uk_mailboxes {
    pthread_mutex_t lock; /* guards the rest; leaf */
    uk_mailbox *first;
    bool warned;
};

uk_mailboxes *uk_mailboxes_new(void) {
    uk_mailboxes *m = uk_zalloc(sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}
static void mailbox_free(uk_mailbox *b) {
    uk_free(b->id);
    uk_free(b);
}
void uk_mailboxes_free(uk_mailboxes *m) {
    if (!m) return;
    for (uk_mailbox *b = m->first, *next; b; b = next) {
        next = b->next;
        mailbox_free(b);
    }
    pthread_mutex_destroy(&m->lock);
    uk_free(m);
}

/* ---- what a mailbox can do ---- */

enum {
    UNBOUNDED = UK_QUEUE_UNBOUNDED,
    BOUNDED = UK_QUEUE_BOUNDED,
    DEQUE = UK_QUEUE_DEQUE,
    SHARABLE = UK_QUEUE_SHARABLE,
    CONTROL = UK_QUEUE_CONTROL
};
static const struct {
    const char *name;
    unsigned semantics;
    bool never_waits;
} types[] = {
    {DISPATCH "UnboundedMailbox", UNBOUNDED | SHARABLE, false},
    {DISPATCH "BoundedMailbox", BOUNDED | SHARABLE, false},
    {DISPATCH "SingleConsumerOnlyUnboundedMailbox", UNBOUNDED, false},
    {DISPATCH "NonBlockingBoundedMailbox", BOUNDED | SHARABLE, true},
    {DISPATCH "UnboundedDequeBasedMailbox", UNBOUNDED | DEQUE | SHARABLE, false},
    {DISPATCH "BoundedDequeBasedMailbox", BOUNDED | DEQUE | SHARABLE, false},
    {DISPATCH "UnboundedControlAwareMailbox", UNBOUNDED | CONTROL | SHARABLE, false},
    {DISPATCH "BoundedControlAwareMailbox", BOUNDED | CONTROL | SHARABLE, false},
    {"org.apache.pekko.event.LoggerMailboxType", UNBOUNDED | SHARABLE | UK_QUEUE_LOGGER, false}};
static const struct {
    const char *name;
    unsigned bits;
} requirements[] = {
    {DISPATCH "MessageQueue", 0},
    {DISPATCH "UnboundedMessageQueueSemantics", UNBOUNDED},
    {DISPATCH "BoundedMessageQueueSemantics", BOUNDED},
    {DISPATCH "DequeBasedMessageQueueSemantics", DEQUE},
    {DISPATCH "UnboundedDequeBasedMessageQueueSemantics", UNBOUNDED | DEQUE},
    {DISPATCH "BoundedDequeBasedMessageQueueSemantics", BOUNDED | DEQUE},
    {DISPATCH "MultipleConsumerSemantics", SHARABLE},
    {DISPATCH "ControlAwareMessageQueueSemantics", CONTROL},
    {DISPATCH "UnboundedControlAwareMessageQueueSemantics", UNBOUNDED | CONTROL},
    {DISPATCH "BoundedControlAwareMessageQueueSemantics", BOUNDED | CONTROL},
    {"org.apache.pekko.event.LoggerMessageQueueSemantics", UK_QUEUE_LOGGER}};

static bool fulfills(const uk_mailbox *b, const char *requirement) {
    for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++)
        if (!strcmp(requirements[i].name, requirement))
            return (b->semantics & requirements[i].bits) == requirements[i].bits;
    return b->own && b->own->semantics && !strcmp(b->own->semantics, requirement);
}
static const ukko_mailbox *own_kind(const ukko_system *sys, const char *type) {
    for (size_t i = 0; i < sys->n_mailbox_kinds; i++)
        if (!strcmp(sys->mailbox_kinds[i]->name, type)) return sys->mailbox_kinds[i];
    return NULL;
}
static int of_type(const ukko_system *sys, uk_mailbox *b, const char *type, ukko_error *err) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, type)) continue;
        b->type = types[i].name;
        b->semantics = types[i].semantics;
        b->bounded = b->semantics & BOUNDED;
        b->ordered = b->semantics & CONTROL;
        b->push_ns = types[i].never_waits ? 0 : UNREAD;
        return UKKO_OK;
    }
    if (!(b->own = own_kind(sys, type)))
        return uk_error(err, UKKO_ECONFIG,
                        "%.200s.mailbox-type = \"%.200s\": there is no such mailbox here", b->id,
                        type);
    b->type = b->own->name;
    b->bounded = b->own->flags & UKKO_MAILBOX_BOUNDED;
    b->ordered = b->own->flags & UKKO_MAILBOX_CONTROL || b->own->priority;
    b->semantics = SHARABLE | (b->bounded ? BOUNDED : UNBOUNDED) |
                   (b->own->flags & UKKO_MAILBOX_CONTROL ? CONTROL : 0u);
    b->push_ns = UNREAD;
    return UKKO_OK;
}

/* ---- reading one ---- */

static int bad(const uk_mailbox *b, const ukko_config *all, const char *member, int code,
               const char *expected, ukko_error *err) {
    ukko_error inner;
    ukko_config_explain(all, member, code, expected, &inner);
    return uk_error(err, UKKO_ECONFIG, "%.200s: %.250s", b->id, inner.message);
}
static int read_bounds(uk_mailbox *b, const ukko_config *all, ukko_error *err) {
    int rc = ukko_config_int(all, "mailbox-capacity", &b->capacity);
    if (rc || b->capacity < 1)
        return bad(b, all, "mailbox-capacity", rc ? rc : UKKO_ETYPE, "a number of at least 1", err);
    if (b->push_ns != UNREAD) return UKKO_OK;
    rc = ukko_config_duration_ns(all, "mailbox-push-timeout-time", &b->push_ns);
    return rc ? bad(b, all, "mailbox-push-timeout-time", rc, "a duration", err) : UKKO_OK;
}
static int read_section(const ukko_system *sys, uk_mailbox *b, const ukko_config *all,
                        ukko_error *err) {
    const char *type = NULL;
    int rc = !strcmp(b->id, "bounded") ? UKKO_OK : ukko_config_string(all, "mailbox-type", &type);
    if (rc) return bad(b, all, "mailbox-type", rc, "a class name", err);
    if (!type) type = DISPATCH "BoundedMailbox";
    if (!*type)
        return uk_error(err, UKKO_ECONFIG, "The setting mailbox-type, defined in [%.200s] is empty",
                        b->id);
    rc = ukko_config_int(all, "stash-capacity", &b->stash);
    if (rc && rc != UKKO_ENOTFOUND) return bad(b, all, "stash-capacity", rc, "a number", err);
    if (b->stash < 0) b->stash = 0;
    rc = of_type(sys, b, type, err);
    return rc || !b->bounded ? rc : read_bounds(b, all, err);
}
static int with_capacity(uk_mailbox *b, const ukko_system *sys, ukko_error *err) {
    char *end;
    const char *digits = b->id + sizeof CAPACITY_PREFIX - 1;
    of_type(sys, b, DISPATCH "BoundedMailbox", err);
    b->capacity = strtoll(digits, &end, 10);
    b->push_ns = 0;
    if (end != digits && !*end && b->capacity >= 1) return UKKO_OK;
    return uk_error(err, UKKO_ECONFIG, "Mailbox Type [%.200s]: expected a capacity of at least 1",
                    b->id);
}
static int read_mailbox(const ukko_system *sys, uk_mailbox *b, ukko_error *err) {
    ukko_config *own = NULL, *defaults = NULL;
    if (!strcmp(b->id, "unbounded")) return of_type(sys, b, DISPATCH "UnboundedMailbox", err);
    if (!strncmp(b->id, CAPACITY_PREFIX, sizeof CAPACITY_PREFIX - 1))
        return with_capacity(b, sys, err);
    if (ukko_config_object(sys->config, b->id, &own) && strcmp(b->id, "bounded"))
        return uk_error(err, UKKO_ECONFIG, "Mailbox Type [%.200s] not configured", b->id);
    ukko_config_object(sys->config, DEFAULT_MAILBOX, &defaults);
    ukko_config *all = ukko_config_with_fallback(own, defaults);
    int rc = read_section(sys, b, all, err);
    ukko_config_release(all);
    ukko_config_release(defaults);
    ukko_config_release(own);
    return rc;
}

/* ---- finding ---- */

static void warn_waits(ukko_system *sys, const uk_mailbox *b) {
    uk_log(sys, UKKO_LOG_WARN, "mailboxes", DISPATCH "Mailboxes", NULL, NULL,
           "Configured potentially-blocking mailbox [%s] configured with non-zero pushTimeOut (%lld "
           "ms), which can lead to blocking behavior when sending messages to this mailbox. Avoid "
           "this by setting `%s.mailbox-push-timeout-time` to `0`.",
           b->id, (long long)(b->push_ns / 1000000), b->id);
}
static int lookup(ukko_system *sys, const char *id, const uk_mailbox **out, ukko_error *err) {
    uk_mailboxes *m = sys->mailboxes;
    uk_mailbox *b, *fresh = NULL;
    int rc = UKKO_OK;
    bool warn = false;
    pthread_mutex_lock(&m->lock);
    for (b = m->first; b && strcmp(b->id, id); b = b->next) {}
    if (!b) {
        b = fresh = uk_zalloc(sizeof *b);
        b->id = uk_strdup(id);
        rc = read_mailbox(sys, b, err);
    }
    if (fresh && !rc) {
        b->next = m->first;
        m->first = b;
        warn = b->bounded && b->push_ns && !m->warned;
        m->warned |= warn;
    }
    pthread_mutex_unlock(&m->lock);
    if (rc) mailbox_free(fresh);
    else *out = b;
    if (warn) warn_waits(sys, b);
    return rc;
}
static int by_queue(ukko_system *sys, const char *requirement, const uk_mailbox **out,
                    ukko_error *err) {
    const char *id;
    char *quoted = ukko_config_quote(requirement);
    char *path = uk_format("pekko.actor.mailbox.requirements.%s", quoted);
    int rc = ukko_config_string(sys->config, path, &id);
    ukko_free(quoted);
    uk_free(path);
    if (rc)
        return uk_error(err, UKKO_ECONFIG,
                        "Mailbox Mapping for [%.200s] not configured "
                        "(pekko.actor.mailbox.requirements)",
                        requirement);
    return lookup(sys, id, out, err);
}

/* ---- choosing ---- */

const char *uk_actor_requires(const ukko_actor *a) {
    const char *name = a->size > offsetof(ukko_actor, requires_queue) ? a->requires_queue : NULL;
    return name && *name ? name : NULL;
}
static int verify(const uk_mailbox *b, const uk_dispatcher_conf *on, const ukko_actor *actor,
                  ukko_error *err) {
    const char *required = uk_actor_requires(actor);
    if (on->requirement && !fulfills(b, on->requirement))
        return uk_error(err, UKKO_ECONFIG,
                        "mailbox [%.100s] of type [%.120s] does not fulfill requirement for "
                        "dispatcher [%.100s]: mailbox-requirement = [%.120s]",
                        b->id, b->type, on->id, on->requirement);
    if (required && !fulfills(b, required))
        return uk_error(err, UKKO_ECONFIG,
                        "mailbox [%.100s] of type [%.120s] does not fulfill requirement for actor "
                        "class [%.120s]: [%.120s]",
                        b->id, b->type, actor->name ? actor->name : "", required);
    return UKKO_OK;
}
int uk_mailbox_select(ukko_system *sys, const char *mailbox, const uk_dispatcher_conf *on,
                      bool chosen, const ukko_actor *actor, const uk_mailbox **out,
                      ukko_error *err) {
    const char *required = uk_actor_requires(actor);
    int rc;
    if (mailbox) rc = lookup(sys, mailbox, out, err);
    else if (chosen && on->has_mailbox) rc = lookup(sys, on->id, out, err);
    else if (required) {
        rc = by_queue(sys, required, out, err);
        if (!rc) rc = verify(*out, on, actor, err);
        if (rc && on->requirement) rc = by_queue(sys, on->requirement, out, err);
    } else if (on->requirement) rc = by_queue(sys, on->requirement, out, err);
    else rc = lookup(sys, DEFAULT_MAILBOX, out, err);
    return rc ? rc : verify(*out, on, actor, err);
}

int ukko_system_add_mailbox(ukko_system *sys, const ukko_mailbox *kind) {
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    if (!kind || !kind->name || !*kind->name) return UKKO_EINVAL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, kind->name)) return UKKO_EEXISTS;
    if (own_kind(sys, kind->name)) return UKKO_EEXISTS;
    sys->mailbox_kinds =
        uk_realloc(sys->mailbox_kinds, (sys->n_mailbox_kinds + 1) * sizeof *sys->mailbox_kinds);
    sys->mailbox_kinds[sys->n_mailbox_kinds++] = kind;
    return UKKO_OK;
}
