/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream: who is told of which published messages. Subscribing to a type covers the types
   below it; unsubscribing from one of those takes that branch out again. Any thread. */
#include "actor/system.h"
#include "base/mem.h"
#include <stddef.h>

const ukko_type ukko_any_type = {.size = sizeof(ukko_type),
                                 .name = "Any",
                                 .class_name = "java.lang.Object",
                                 .serializer = UKKO_SER_LOCAL};

static const ukko_type *const *also(const ukko_type *t) {
    return t->size >= offsetof(ukko_type, also) + sizeof t->also ? t->also : NULL;
}
static bool covers(const ukko_type *wanted, const ukko_type *type) {
    if (wanted == &ukko_any_type) return true;
    for (; type; type = type->super) {
        if (type == wanted) return true;
        for (const ukko_type *const *a = also(type); a && *a; a++)
            if (covers(wanted, *a)) return true;
    }
    return false;
}
static const char *class_of(const ukko_type *t) { return t->class_name ? t->class_name : t->name; }

static void debug(ukko_system *sys, const char *what, ukko_ref *ref, const char *from,
                  const char *channel) {
    if (sys->debug.event_stream)
        uk_log(sys, UKKO_LOG_DEBUG, "EventStream", "org.apache.pekko.event.EventStream", NULL, NULL,
               "%s Actor[%s] %s %s", what, uk_ref_text(ref), from, channel);
}

/* ---- subscriptions; the lock is held for writing ---- */

static void drop(ukko_system *sys, size_t i) {
    uk_subscription *s = &sys->subs[i];
    if (!s->off && uk_type_is_log(s->type))
        atomic_fetch_sub_explicit(&sys->log_subs, 1, memory_order_relaxed);
    uk_ref_release(s->ref);
    *s = sys->subs[--sys->n_subs];
}
static void add(ukko_system *sys, const ukko_type *type, ukko_ref *ref, bool off) {
    if (sys->n_subs == sys->cap_subs) {
        sys->cap_subs = sys->cap_subs ? sys->cap_subs * 2 : 8;
        sys->subs = uk_realloc(sys->subs, sys->cap_subs * sizeof *sys->subs);
    }
    if (!off && uk_type_is_log(type))
        atomic_fetch_add_explicit(&sys->log_subs, 1, memory_order_relaxed);
    sys->subs[sys->n_subs++] = (uk_subscription){type, uk_ref_retain(ref), off};
}
static bool is_of(const uk_subscription *s, ukko_ref *ref) {
    return s->ref == ref || ukko_ref_equal(s->ref, ref);
}
/* Is what subscription s says of `type` taken back by an exception of the same subscriber? */
static bool excepted(const ukko_system *sys, const uk_subscription *s, const ukko_type *type) {
    for (size_t i = 0; i < sys->n_subs; i++) {
        const uk_subscription *x = &sys->subs[i];
        if (x->off && is_of(x, s->ref) && covers(s->type, x->type) && covers(x->type, type))
            return true;
    }
    return false;
}
static bool gets(const ukko_system *sys, ukko_ref *ref, const ukko_type *type) {
    for (size_t i = 0; i < sys->n_subs; i++) {
        const uk_subscription *s = &sys->subs[i];
        if (!s->off && is_of(s, ref) && covers(s->type, type) && !excepted(sys, s, type))
            return true;
    }
    return false;
}
/* A cell remembers that it has subscriptions, so that they end with it. false: it has ended. */
static bool remember(ukko_ref *ref) {
    if (ref->vt->kind != UK_REF_CELL) return true;
    uk_cell *c = uk_cell_of(ref); /* pairs with the same on both bits in uk_cell_close */
    return !(atomic_fetch_or_explicit(&c->marks, UK_MARK_SUBSCRIBED, memory_order_seq_cst) &
             UK_MARK_STOPPED);
}
static int subscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    bool there = gets(sys, ref, event), own = false;
    if (!remember(ref)) return UKKO_ESTOPPED;
    for (size_t i = sys->n_subs; i-- > 0;) {
        uk_subscription *s = &sys->subs[i];
        if (!is_of(s, ref)) continue;
        if (s->off && covers(event, s->type)) drop(sys, i), there = false;
        else if (!s->off && s->type == event) own = true;
    }
    if (!own) add(sys, event, ref, false);
    return there ? UKKO_EEXISTS : UKKO_OK;
}
static int unsubscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    bool there = gets(sys, ref, event), any = false;
    for (size_t i = sys->n_subs; i-- > 0;) { /* it and all below it */
        uk_subscription *s = &sys->subs[i];
        if (!is_of(s, ref) || !covers(event, s->type)) continue;
        any |= !s->off;
        drop(sys, i);
    }
    if (gets(sys, ref, event)) add(sys, event, ref, true); /* through a type above it */
    return there || any ? UKKO_OK : UKKO_ENOTFOUND;
}
static int unsubscribe_all(ukko_system *sys, ukko_ref *ref) {
    size_t before = sys->n_subs;
    for (size_t i = sys->n_subs; i-- > 0;)
        if (is_of(&sys->subs[i], ref)) drop(sys, i);
    return before > sys->n_subs ? UKKO_OK : UKKO_ENOTFOUND;
}
int ukko_subscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    if (!event || !ref) return UKKO_EINVAL;
    debug(sys, "subscribing", ref, "to channel", class_of(event));
    pthread_rwlock_wrlock(&sys->events_lock);
    int rc = subscribe(sys, event, ref);
    pthread_rwlock_unlock(&sys->events_lock);
    return rc;
}
int ukko_unsubscribe(ukko_system *sys, const ukko_type *event, ukko_ref *ref) {
    if (!ref) return UKKO_EINVAL;
    pthread_rwlock_wrlock(&sys->events_lock);
    int rc = event ? unsubscribe(sys, event, ref) : unsubscribe_all(sys, ref);
    pthread_rwlock_unlock(&sys->events_lock);
    debug(sys, "unsubscribing", ref, event ? "from channel" : "from all",
          event ? class_of(event) : "channels");
    return rc;
}

/* ---- publishing ---- */

enum { AT_ONCE = 64 };
static bool has(ukko_ref *const *list, size_t n, const ukko_ref *ref) {
    for (size_t i = 0; i < n; i++)
        if (list[i] == ref) return true;
    return false;
}
void ukko_publish_msg(ukko_system *sys, ukko_msg *msg) {
    ukko_ref *to[AT_ONCE];
    size_t n, from = 0;
    uk_listen(sys, msg);
    do { /* told outside the lock, some at a time: a subscriber's tell may publish again */
        n = 0;
        pthread_rwlock_rdlock(&sys->events_lock);
        for (; from < sys->n_subs && n < AT_ONCE; from++) {
            const uk_subscription *s = &sys->subs[from];
            if (s->off || !covers(s->type, msg->type) || has(to, n, s->ref)) continue;
            if (!excepted(sys, s, msg->type)) to[n++] = uk_ref_retain(s->ref);
        }
        pthread_rwlock_unlock(&sys->events_lock);
        for (size_t i = 0; i < n; i++) {
            if (!uk_ref_stopped(to[i])) uk_ref_tell(to[i], ukko_msg_retain(msg), NULL);
            uk_ref_release(to[i]);
        }
    } while (n == AT_ONCE);
    ukko_msg_release(msg);
}
void ukko_publish(ukko_system *sys, const ukko_type *event, const void *body) {
    ukko_publish_msg(sys, ukko_msg_copy(event, body));
}
void uk_events_init(ukko_system *sys) {
    pthread_rwlock_init(&sys->events_lock, NULL);
    pthread_mutex_init(&sys->dead_lock, NULL);
}
void uk_events_fini(ukko_system *sys) {
    for (size_t i = 0; i < sys->n_subs; i++) uk_ref_release(sys->subs[i].ref);
    uk_free(sys->subs);
    pthread_rwlock_destroy(&sys->events_lock);
    pthread_mutex_destroy(&sys->dead_lock);
}
