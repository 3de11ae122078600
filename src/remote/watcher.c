/* SPDX-License-Identifier: Apache-2.0 */
/* /system/remote-watcher: watches actors of other nodes for the actors here, beats to their nodes
   and answers the beats of others. All state belongs to the I/O thread, so that busy actors never
   make this node look dead; other threads hand in orders. */
#include "remote/deploy.h"
#include "base/mem.h"
#include "base/os.h"
#include "remote/detector.h"

typedef struct watchers { /* of one watchee */
    ukko_ref *watchee;
    ukko_ref **list;
    size_t n, cap;
    struct node *node;
    struct watchers *next, **prev; /* of the same node */
} watchers;

typedef struct node { /* a watched address */
    char *address;
    watchers *watched;
    ukko_ref *beat_to; /* root of that system */
    bool unreachable, uid_known;
    int32_t uid;
    int64_t expect_at; /* fake the first heartbeat then; INT64_MAX: not wanted */
} node;

struct uk_watcher {
    ukko_ref ref; /* first: the watcher is a reference */
    uk_remote *remote;
    uk_map nodes;    /* address -> node */
    uk_map watchees; /* path text -> watchers */
    pthread_mutex_t detect_lock; /* held where detectors change, and by other threads; leaf */
    uk_detectors detectors;
    uk_alarm beat, reap, expect;
    bool beating, stopped;
};

typedef enum order_kind { ORDER_WATCH, ORDER_UNWATCH, ORDER_NOTIFY, ORDER_MESSAGE } order_kind;
typedef struct order {
    uk_task task;
    uk_watcher *w;
    order_kind kind;
    ukko_ref *watchee, *watcher; /* or the sender, of a message */
    bool existed, lost;
    ukko_msg *msg;
} order;

static uk_watcher *of(ukko_ref *ref) { return (uk_watcher *)(void *)ref; }

/* ---- orders from other threads ---- */

static void watch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher);
static void unwatch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher);
static void notified(uk_watcher *w, ukko_ref *watchee, bool existed, bool lost);
static void receive(uk_watcher *w, ukko_msg *msg, ukko_ref *sender);

static void obey(order *o) {
    switch (o->kind) {
    case ORDER_WATCH: watch(o->w, o->watchee, o->watcher); break;
    case ORDER_UNWATCH: unwatch(o->w, o->watchee, o->watcher); break;
    case ORDER_NOTIFY: notified(o->w, o->watchee, o->existed, o->lost); break;
    case ORDER_MESSAGE: receive(o->w, o->msg, o->watcher); break;
    }
}

static void run_order(uk_task *t) {
    order *o = UK_OWNER(order, t, task);
    uk_batch_begin(o->w->remote->sys);
    obey(o);
    uk_batch_end(o->w->remote->sys);
    uk_send_flush();
    uk_ref_release(o->watchee);
    uk_ref_release(o->watcher);
    uk_free(o);
}

static void give(uk_watcher *w, order o) {
    order *n = uk_alloc(sizeof *n);
    *n = o;
    n->w = w;
    uk_ref_retain(n->watchee);
    uk_ref_retain(n->watcher);
    n->task.run = run_order;
    uk_loop_post(w->remote->loop, &n->task);
}

void uk_watcher_watch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher) {
    give(w, (order){.kind = ORDER_WATCH, .watchee = watchee, .watcher = watcher});
}

void uk_watcher_unwatch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher) {
    give(w, (order){.kind = ORDER_UNWATCH, .watchee = watchee, .watcher = watcher});
}

/* ---- the books ---- */

static void tell_remote(uk_watcher *w, uk_sys_kind kind, ukko_ref *watchee) {
    uk_ref_system(watchee, uk_sysmsg_new(kind, watchee, &w->ref));
}

static node *node_of(uk_watcher *w, ukko_ref *watchee) {
    uk_peer *p = uk_remote_ref_peer(watchee);
    node *n = uk_map_get(&w->nodes, p->address, strlen(p->address));
    if (n) return n;
    n = uk_zalloc(sizeof *n);
    n->address = uk_strdup(p->address);
    n->expect_at = INT64_MAX;
    n->beat_to = uk_remote_ref_new(uk_peer_retain(p), ukko_str(n->address), &p->path);
    uk_map_put(&w->nodes, n->address, strlen(n->address), n);
    return n;
}

static void drop_node(uk_watcher *w, node *n) {
    uk_map_remove(&w->nodes, n->address, strlen(n->address));
    pthread_mutex_lock(&w->detect_lock);
    uk_detectors_remove(&w->detectors, ukko_str(n->address));
    pthread_mutex_unlock(&w->detect_lock);
    uk_ref_release(n->beat_to);
    uk_free(n->address);
    uk_free(n);
}

static watchers *find(uk_watcher *w, ukko_ref *watchee) {
    const char *text = ukko_ref_path(watchee);
    return uk_map_get(&w->watchees, text, strlen(text));
}

/* Forgets a watchee. An unreachable node stays in the books until it is watched again. */
static void drop(uk_watcher *w, watchers *x) {
    const char *text = ukko_ref_path(x->watchee);
    uk_map_remove(&w->watchees, text, strlen(text));
    node *n = x->node;
    *x->prev = x->next;
    if (x->next) x->next->prev = x->prev;
    for (size_t i = 0; i < x->n; i++) uk_ref_release(x->list[i]);
    uk_free(x->list);
    uk_ref_release(x->watchee);
    uk_free(x);
    if (!n->watched) drop_node(w, n);
}

static void start_beating(uk_watcher *w);

static watchers *add_watchee(uk_watcher *w, ukko_ref *watchee) {
    watchers *x = uk_zalloc(sizeof *x);
    x->watchee = uk_ref_retain(watchee);
    x->node = node_of(w, watchee);
    x->next = x->node->watched;
    x->prev = &x->node->watched;
    if (x->next) x->next->prev = &x->next;
    *x->prev = x;
    const char *text = ukko_ref_path(x->watchee);
    uk_map_put(&w->watchees, text, strlen(text), x);
    tell_remote(w, UK_SYS_WATCH, watchee);
    start_beating(w);
    return x;
}

static void watch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher) {
    if (w->stopped || !uk_remote_ref_peer(watchee)) return;
    watchers *x = find(w, watchee);
    if (!x) x = add_watchee(w, watchee);
    for (size_t i = 0; i < x->n; i++)
        if (ukko_ref_equal(x->list[i], watcher)) return;
    if (x->n == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 2;
        x->list = uk_realloc(x->list, x->cap * sizeof *x->list);
    }
    x->list[x->n++] = uk_ref_retain(watcher);
}

static void unwatch(uk_watcher *w, ukko_ref *watchee, ukko_ref *watcher) {
    watchers *x = find(w, watchee);
    if (!x) return;
    for (size_t i = 0; i < x->n; i++) {
        if (!ukko_ref_equal(x->list[i], watcher)) continue;
        uk_ref_release(x->list[i]);
        x->list[i] = x->list[--x->n];
        break;
    }
    if (x->n) return;
    tell_remote(w, UK_SYS_UNWATCH, x->watchee);
    drop(w, x);
}

static void notified(uk_watcher *w, ukko_ref *watchee, bool existed, bool lost) {
    watchers *x = find(w, watchee);
    if (!x) return;
    for (size_t i = 0; i < x->n; i++) {
        uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, watchee, NULL);
        m->flag = existed;
        m->flag2 = lost;
        uk_ref_system(x->list[i], m);
    }
    drop(w, x);
}

/* ---- heartbeats ---- */

static int64_t sign_of_life(uk_watcher *w, const node *n) {
    pthread_mutex_lock(&w->detect_lock);
    int64_t late = uk_detectors_heartbeat(&w->detectors, ukko_str(n->address),
                                          uk_loop_now(w->remote->loop));
    pthread_mutex_unlock(&w->detect_lock);
    return late;
}

bool uk_watcher_phi(uk_watcher *w, const char *address, double *phi) {
    pthread_mutex_lock(&w->detect_lock);
    bool there = uk_detectors_monitoring(&w->detectors, ukko_str(address));
    *phi = there ? uk_detectors_phi(&w->detectors, ukko_str(address), uk_now_ms()) : 0;
    pthread_mutex_unlock(&w->detect_lock);
    return there;
}

static void send_beat(uk_watcher *w, node *n) {
    ukko_msg *m = ukko_msg_new(&uk_selection_type);
    uk_selection_body *s = ukko_msg_body(m);
    static const char *const names[] = {"system", "remote-watcher"};
    s->message = ukko_msg_new(&uk_heartbeat_type);
    s->steps = ukko_msg_alloc(m, 2 * sizeof *s->steps);
    s->n_steps = 2;
    for (size_t i = 0; i < 2; i++) s->steps[i] = (uk_step){UK_STEP_NAME, ukko_str(names[i])};
    uk_ref_tell(n->beat_to, m, &w->ref);
}

static void set_expect(uk_watcher *w) {
    size_t pos = 0;
    void *v;
    int64_t first = INT64_MAX;
    while (uk_map_next(&w->nodes, &pos, &v))
        if (((node *)v)->expect_at < first) first = ((node *)v)->expect_at;
    if (first == INT64_MAX) uk_alarm_stop(w->remote->loop, &w->expect);
    else uk_alarm_start(w->remote->loop, &w->expect, first - uk_loop_now(w->remote->loop));
}

static void on_beat(uk_alarm *a) {
    uk_watcher *w = UK_OWNER(uk_watcher, a, beat);
    int64_t now = uk_loop_now(w->remote->loop);
    size_t pos = 0;
    void *v;
    bool new_ones = false;
    while (uk_map_next(&w->nodes, &pos, &v)) {
        node *n = v;
        if (n->unreachable) continue;
        if (!uk_detectors_monitoring(&w->detectors, ukko_str(n->address)) &&
            n->expect_at == INT64_MAX) {
            n->expect_at = now + w->remote->set.watch_first_ms;
            new_ones = true;
        }
        send_beat(w, n);
    }
    uk_send_flush();
    if (new_ones) set_expect(w);
    uk_alarm_start(w->remote->loop, a, w->remote->set.watch_heartbeat_ms);
}

static void on_expect(uk_alarm *a) {
    uk_watcher *w = UK_OWNER(uk_watcher, a, expect);
    int64_t now = uk_loop_now(w->remote->loop);
    size_t pos = 0;
    void *v;
    while (uk_map_next(&w->nodes, &pos, &v)) {
        node *n = v;
        if (n->expect_at > now) continue;
        n->expect_at = INT64_MAX;
        if (!uk_detectors_monitoring(&w->detectors, ukko_str(n->address))) sign_of_life(w, n);
    }
    set_expect(w);
}

static void answered(uk_watcher *w, ukko_ref *sender, int32_t uid) {
    uk_peer *p = sender ? uk_remote_ref_peer(sender) : NULL;
    node *n = p ? uk_map_get(&w->nodes, p->address, strlen(p->address)) : NULL;
    if (!n || n->unreachable) return;
    if (!n->uid_known || n->uid != uid)
        for (watchers *x = n->watched; x; x = x->next) tell_remote(w, UK_SYS_WATCH, x->watchee);
    n->uid_known = true;
    n->uid = uid;
    uk_log(w->remote->sys, UKKO_LOG_DEBUG, ukko_ref_path(&w->ref), UK_LOG_WATCHER, NULL, NULL,
           "Received %sheartbeat rsp from [%s]",
           uk_detectors_monitoring(&w->detectors, ukko_str(n->address)) ? "" : "first ", n->address);
    int64_t late = sign_of_life(w, n);
    if (late)
        uk_log(w->remote->sys, UKKO_LOG_WARN, ukko_ref_path(&w->ref), UK_LOG_WATCHER, NULL, NULL,
               "heartbeat interval is growing too large for address %s: %lld millis", n->address,
               (long long)late);
}

void uk_watcher_again(uk_watcher *w, const char *address) {
    node *n = uk_map_get(&w->nodes, address, strlen(address));
    if (!n || n->unreachable || w->stopped) return;
    for (watchers *x = n->watched; x; x = x->next) tell_remote(w, UK_SYS_WATCH, x->watchee);
}

/* A client is another incarnation on each connection. */
static int32_t own_uid(uk_watcher *w, ukko_ref *to) {
    uk_peer *p = uk_remote_ref_peer(to);
    return p && p->own_uid ? p->own_uid : ukko_system_uid(w->remote->sys);
}

/* ---- nodes that are gone ---- */

static void unreachable(uk_watcher *w, node *n) {
    uk_log(w->remote->sys, UKKO_LOG_WARN, ukko_ref_path(&w->ref), UK_LOG_WATCHER, NULL, NULL,
           "Detected unreachable: [%s]", n->address);
    uk_flight_record(w->remote->flight,
                     &(uk_flight_note){.kind = UKKO_FLIGHT_UNREACHABLE, .address = n->address,
                                       .has_uid = n->uid_known, .uid = n->uid});
    n->unreachable = true;
    uk_remote_quarantine(w->remote, n->address, n->uid_known, n->uid, UKKO_REASON_UNREACHABLE,
                         "Deemed unreachable by remote failure detector");
    char *address = uk_strdup(n->address);
    while (n->watched) {
        bool last = !n->watched->next;
        drop(w, n->watched); /* the last one ends n */
        if (last) break;
    }
    uk_system_address_terminated(w->remote->sys, address);
    uk_daemon_address_terminated(w->remote->daemon, address);
    uk_free(address);
}

static void on_reap(uk_alarm *a) {
    uk_watcher *w = UK_OWNER(uk_watcher, a, reap);
    int64_t now = uk_loop_now(w->remote->loop);
    size_t pos = 0, n_dead = 0;
    void *v;
    node **dead = uk_alloc((w->nodes.live + 1) * sizeof *dead);
    while (uk_map_next(&w->nodes, &pos, &v)) {
        node *n = v;
        if (!uk_detectors_available(&w->detectors, ukko_str(n->address), now)) dead[n_dead++] = n;
    }
    for (size_t i = 0; i < n_dead; i++) unreachable(w, dead[i]);
    uk_free(dead);
    uk_alarm_start(w->remote->loop, a, w->remote->set.watch_reaper_ms);
}

static void start_beating(uk_watcher *w) {
    if (w->beating) return;
    w->beating = true;
    uk_alarm_start(w->remote->loop, &w->beat, w->remote->set.watch_heartbeat_ms);
    uk_alarm_start(w->remote->loop, &w->reap, w->remote->set.watch_reaper_ms);
}

/* ---- as a reference ---- */

static void receive(uk_watcher *w, ukko_msg *msg, ukko_ref *sender) {
    const uk_heartbeat_rsp *rsp = ukko_msg_get(msg, &uk_heartbeat_rsp_type);
    if (rsp) {
        answered(w, sender, (int32_t)rsp->uid);
    } else if (msg->type == &uk_heartbeat_type && sender) {
        ukko_msg *m = ukko_msg_new(&uk_heartbeat_rsp_type);
        ((uk_heartbeat_rsp *)ukko_msg_body(m))->uid = own_uid(w, sender);
        ukko_ref *self = uk_remote_ref_spelled(sender, &w->ref);
        uk_ref_tell(sender, m, self);
        uk_ref_release(self);
    } else if (msg->type == &ukko_identify_type) {
        uk_answer_identify(w->ref.sys, msg, sender, &w->ref, NULL);
    } else if (msg->type != &uk_heartbeat_type) {
        ukko_dead_letter d = {msg, sender ? sender : ukko_dead_letters(w->ref.sys), &w->ref, "unhandled"};
        ukko_publish(w->ref.sys, &ukko_unhandled_type, &d);
    }
    ukko_msg_release(msg);
}

static void tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_watcher *w = of(to);
    if (uk_loop_is_here(w->remote->loop)) receive(w, msg, sender);
    else give(w, (order){.kind = ORDER_MESSAGE, .watcher = sender, .msg = msg});
}

static void system_message(ukko_ref *to, uk_sysmsg *m) {
    /* through the queue, even on the I/O thread: it may come from within our own books */
    if (m->kind == UK_SYS_NOTIFY && m->a)
        give(of(to), (order){.kind = ORDER_NOTIFY, .watchee = m->a, .existed = m->flag,
                             .lost = m->flag2});
    uk_sysmsg_free(m);
}

static ukko_ref *no_child(ukko_ref *ref, ukko_slice name, int32_t uid) {
    (void)ref, (void)name, (void)uid;
    return NULL;
}

static void print(ukko_ref *ref, uk_buf *out) {
    (void)ref;
    uk_buf_str(out, "/system/remote-watcher");
}

static void free_ref(ukko_ref *ref) {
    uk_watcher *w = of(ref);
    uk_ref_fini(ref);
    uk_free(w);
}

static const uk_ref_vt watcher_vt = {.kind = UK_REF_DAEMON, .tell = tell, .system = system_message,
                                     .child = no_child, .print = print, .free = free_ref};

uk_watcher *uk_watcher_new(uk_remote *r) {
    uk_watcher *w = uk_zalloc(sizeof *w);
    int32_t uid = (int32_t)uk_random64();
    uk_ref_init(&w->ref, &watcher_vt, r->sys, uid ? uid : 1);
    w->remote = r;
    w->beat.fire = on_beat;
    w->reap.fire = on_reap;
    w->expect.fire = on_expect;
    pthread_mutex_init(&w->detect_lock, NULL);
    uk_detectors_init(&w->detectors, &r->watch_kind);
    return w;
}

ukko_ref *uk_watcher_ref(uk_watcher *w) { return &w->ref; }

void uk_watcher_stop(uk_watcher *w) {
    w->stopped = true;
    uk_alarm_stop(w->remote->loop, &w->beat);
    uk_alarm_stop(w->remote->loop, &w->reap);
    uk_alarm_stop(w->remote->loop, &w->expect);
}

void uk_watcher_free(uk_watcher *w) {
    size_t pos = 0;
    void *v;
    if (!w) return;
    while (uk_map_next(&w->watchees, &pos, &v)) {
        drop(w, v);
        pos = 0;
    }
    uk_map_fini(&w->watchees);
    uk_map_fini(&w->nodes);
    uk_detectors_fini(&w->detectors);
    pthread_mutex_destroy(&w->detect_lock);
    uk_ref_release(&w->ref);
}
