/* SPDX-License-Identifier: Apache-2.0 */
/* Peers: one object per remote address, shared by references (any thread) and by the link that the
   I/O thread drives. Carries out what the link machine asks for.
   Locks: remote.peers_lock > peer.lock > a stream's lock; see docs/architecture.md. */
#include "remote/internal.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdlib.h>

static void on_alarm(uk_alarm *a) {
    uk_peer_event(UK_OWNER(uk_peer, a, alarm), &(uk_link_event){.kind = UK_LINK_TIME});
}

static void on_resend(uk_alarm *a) {
    uk_peer *p = UK_OWNER(uk_peer, a, resend);
    if (p->link.state != UK_LINK_OPEN) return;
    /* what was sent before has not left yet: once more would only add to it */
    if (!uk_marks_stuck(p->link.writer)) uk_sys_resend(p, p->remote->set.resend_limit);
    uk_alarm_start(p->remote->loop, &p->resend, p->remote->set.resend_ms);
}

/* Under the lock: does anything wait for a connection? */
static bool something_waits(const uk_peer *p) {
    return p->kept.first || p->urgent.first || !uk_acked_send_empty(&p->numbers.send);
}

/* When the link was given up, what had asked for a connection may have gone with it. */
static bool still_wanted(uk_peer *p, int todo) {
    if (!(todo & UK_TODO_CONNECT) || p->remote->stopping) return false;
    if (!(todo & UK_TODO_HOPELESS)) return true;
    pthread_mutex_lock(&p->lock);
    bool waits = something_waits(p);
    pthread_mutex_unlock(&p->lock);
    return waits;
}

static void on_wanted(uk_task *t) {
    uk_peer *p = UK_OWNER(uk_peer, t, wanted);
    pthread_mutex_lock(&p->lock);
    int todo = p->todo;
    p->todo = 0;
    pthread_mutex_unlock(&p->lock);
    if (todo & UK_TODO_HOPELESS)
        uk_peer_event(p, &(uk_link_event){.kind = UK_LINK_HOPELESS,
                                          .reason = UKKO_REASON_BUFFER_FULL,
                                          .text = "more unacknowledged system messages than "
                                                  "system-message-buffer-size allows"});
    if (still_wanted(p, todo)) uk_peer_event(p, &(uk_link_event){.kind = UK_LINK_WANTED});
    if (todo & UK_TODO_MARKS) uk_marks_tell(p);
    uk_peer_release(p);
}

void uk_peer_wake(uk_peer *p, int todo) {
    if (!p->todo) uk_loop_post(p->remote->loop, &uk_peer_retain(p)->wanted);
    p->todo |= (uint8_t)todo;
}

/* ---- the registry ---- */

static void free_item(void *data, void *item) {
    (void)data;
    uk_free(item);
}

/* A peer may call itself by what is no address to anybody else: it is known by this text then, and only
   its own connections lead to it. */
void uk_peer_parse(ukko_slice address, uk_path *out) {
    if (!uk_address_parse(address, out)) return;
    if (out->host.len && out->port >= 0 && out->address.len == address.len) return; /* but for the port */
    ukko_slice scheme = address;
    for (size_t i = 0; i + 3 <= address.len; i++)
        if (!memcmp(address.ptr + i, "://", 3)) {
            scheme.len = i;
            break;
        }
    *out = (uk_path){.address = address, .protocol = scheme, .host = ukko_str("unknown.invalid"),
                     .port = 1};
}

static uk_peer *peer_new(uk_remote *r, ukko_slice address) {
    uk_peer *p = uk_zalloc(sizeof *p);
    p->remote = r;
    atomic_store_explicit(&p->refs, 2, memory_order_relaxed); /* the map's and the caller's */
    p->address = uk_strndup(address.ptr, address.len);
    uk_peer_parse(ukko_str(p->address), &p->path);
    p->transport = uk_transport_for(r, p->path.protocol);
    if (!p->transport) p->transport = r->transports; /* a peer with a scheme of its own */
    pthread_mutex_init(&p->lock, NULL);
    p->kept.last = &p->kept.first;
    p->urgent.last = &p->urgent.first;
    p->wanted.run = on_wanted;
    p->alarm.fire = on_alarm;
    p->resend.fire = on_resend;
    uk_numbers_init(&p->numbers, r->set.sys_buffer, uk_sys_item_free,
                    uk_acked_recv_limits_for(p->transport->set->max_frame), free_item, NULL);
    uk_link_init(&p->link, &r->set.link);
    return p;
}

uk_peer *uk_peer_get(uk_remote *r, ukko_slice address) {
    pthread_mutex_lock(&r->peers_lock);
    uk_peer *p = uk_map_get(&r->peers, address.ptr, address.len);
    if (p) {
        uk_peer_retain(p);
    } else {
        p = peer_new(r, address);
        if (atomic_load_explicit(&r->down, memory_order_relaxed)) {
            /* relaxed, also above: nobody else has p yet; down is checked again by the stop */
            atomic_store_explicit(&p->mode, UK_OUT_DEAD, memory_order_relaxed);
            p->dead_reason = "the system is shutting down";
        }
        uk_map_put(&r->peers, p->address, strlen(p->address), p);
    }
    pthread_mutex_unlock(&r->peers_lock);
    return p;
}

uk_peer *uk_peer_find(uk_remote *r, ukko_slice address) {
    pthread_mutex_lock(&r->peers_lock);
    uk_peer *p = uk_map_get(&r->peers, address.ptr, address.len);
    if (p) uk_peer_retain(p);
    pthread_mutex_unlock(&r->peers_lock);
    return p;
}

uk_peer *uk_peer_retain(uk_peer *p) {
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void uk_peer_release(uk_peer *p) {
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    uk_numbers_fini(&p->numbers);
    if (p->out) uk_stream_release(p->out);
    pthread_mutex_destroy(&p->lock);
    uk_free(p->address);
    uk_free(p);
}

/* Only the map knows it, and it does nothing. Under peers_lock: nobody can get it anew. */
static bool at_rest(uk_peer *p) {
    const uk_link *l = &p->link;
    /* acquire: pairs with the release of whoever gave its reference back */
    return atomic_load_explicit(&p->refs, memory_order_acquire) == 1 && !p->dialing &&
           !p->kept.first && !p->urgent.first && !l->writer && !l->reader && !l->n_parked &&
           uk_acked_send_empty(&p->numbers.send) &&
           (l->state == UK_LINK_NONE || l->state == UK_LINK_IDLE || l->state == UK_LINK_QUARANTINED);
}

/* Nothing would be lost: there are no numbers that could go on, and no incarnation is refused. */
static bool is_idle(uk_peer *p) {
    return at_rest(p) && uk_link_forgettable(&p->link) && uk_numbers_unused(&p->numbers);
}

/* Takes it out of the map; the list is linked by the tasks. */
static void take_out(uk_remote *r, uk_peer *p, uk_peer **list) {
    uk_map_remove(&r->peers, p->address, strlen(p->address));
    uk_alarm_stop(r->loop, &p->alarm);
    uk_alarm_stop(r->loop, &p->resend);
    p->wanted.next = *list ? &(*list)->wanted : NULL;
    *list = p;
}

/* Those that refuse an incarnation last, else those that have been at rest longest first. */
static int by_worth(const void *a, const void *b) {
    const uk_link *x = &(*(uk_peer *const *)a)->link, *y = &(*(uk_peer *const *)b)->link;
    if (x->refuse != y->refuse) return x->refuse ? 1 : -1;
    return x->since < y->since ? -1 : x->since > y->since;
}

/* More addresses than may be remembered: whoever makes us know ever new ones shall not fill the
   memory. Under peers_lock. */
static void take_excess(uk_remote *r, uk_peer **list) {
    size_t excess = r->peers.live > r->set.max_idle_links ? r->peers.live - r->set.max_idle_links
                                                          : 0;
    size_t n = 0, pos = 0;
    if (!excess) return;
    uk_peer **all = uk_alloc(r->peers.live * sizeof *all);
    void *v;
    while (uk_map_next(&r->peers, &pos, &v))
        if (at_rest(v)) all[n++] = v;
    qsort(all, n, sizeof *all, by_worth);
    for (size_t i = 0; i < n && i < excess; i++) take_out(r, all[i], list);
    uk_free(all);
}

void uk_peers_prune(uk_remote *r) {
    uk_peer *gone = NULL; /* ended later: a peer's end may take no lock of ours with it */
    size_t pos = 0;
    void *v;
    pthread_mutex_lock(&r->peers_lock);
    while (uk_map_next(&r->peers, &pos, &v))
        if (is_idle(v)) take_out(r, v, &gone);
    take_excess(r, &gone);
    pthread_mutex_unlock(&r->peers_lock);
    while (gone) {
        uk_peer *p = gone;
        gone = p->wanted.next ? UK_OWNER(uk_peer, p->wanted.next, wanted) : NULL;
        uk_peer_release(p);
    }
}

void uk_peers_each(uk_remote *r, void (*fn)(uk_peer *p, void *data), void *data) {
    pthread_mutex_lock(&r->peers_lock);
    size_t n = 0, pos = 0;
    uk_peer **all = uk_alloc((r->peers.live + 1) * sizeof *all);
    void *v;
    while (uk_map_next(&r->peers, &pos, &v)) all[n++] = uk_peer_retain(v);
    pthread_mutex_unlock(&r->peers_lock);
    for (size_t i = 0; i < n; i++) {
        fn(all[i], data);
        uk_peer_release(all[i]);
    }
    uk_free(all);
}

/* ---- carrying out ---- */

static void do_connect(uk_peer *p, const uk_link_action *a) {
    p->dialing = uk_conn_dial(p, a->has_uid, a->uid);
}

static void do_abandon(uk_peer *p, const uk_link_action *a) {
    (void)a;
    if (p->dialing) uk_conn_abandon(p->dialing);
    p->dialing = NULL;
}

static void do_write(uk_peer *p, const uk_link_action *a) {
    uk_send_opened(p, a->conn);
    uk_alarm_start(p->remote->loop, &p->resend, p->remote->set.resend_ms);
    uk_sys_early(a->conn);
}

static void do_read(uk_peer *p, const uk_link_action *a) {
    (void)p;
    ((uk_conn *)a->conn)->is_reader = true;
    uk_sys_early(a->conn);
}

static void do_end(uk_peer *p, const uk_link_action *a) {
    uk_conn *c = a->conn;
    (void)p;
    c->detached = true;
    uk_conn_end(c, a->pdu, a->text);
}

static void do_reset(uk_peer *p, const uk_link_action *a) { uk_sys_incarnation(p, a->uid, a->has_uid); }
static void do_restart(uk_peer *p, const uk_link_action *a) { uk_sys_restart(p, a->text); }
static void do_part(uk_peer *p, const uk_link_action *a) { uk_sys_part(p, a->text); }
static void do_unacked(uk_peer *p, const uk_link_action *a) { uk_sys_bury(p, a->text); }

static void do_resend(uk_peer *p, const uk_link_action *a) {
    (void)a;
    uk_sys_resend(p, p->remote->set.resend_limit);
}

static void do_bury(uk_peer *p, const uk_link_action *a) { uk_send_bury_kept(p, a->text); }
static void do_event(uk_peer *p, const uk_link_action *a) { uk_news_publish(p->remote, p, a); }
static void do_log(uk_peer *p, const uk_link_action *a) { uk_news_log(p->remote, p, a); }

static void carry_out(uk_peer *p, const uk_link_action *a) {
    static void (*const by_kind[])(uk_peer *, const uk_link_action *) = {
        [UK_DO_CONNECT] = do_connect, [UK_DO_ABANDON] = do_abandon, [UK_DO_WRITE] = do_write,
        [UK_DO_READ] = do_read,       [UK_DO_END] = do_end,         [UK_DO_RESET] = do_reset,
        [UK_DO_RESTART] = do_restart, [UK_DO_UNACKED] = do_unacked, [UK_DO_PART] = do_part,
        [UK_DO_RESEND] = do_resend,
        [UK_DO_BURY] = do_bury,       [UK_DO_EVENT] = do_event,     [UK_DO_LOG] = do_log};
    by_kind[a->what](p, a);
}

/* What senders do from now on. OPEN is set by uk_send_opened() when what was kept is out. */
static void set_mode(uk_peer *p) {
    static const uint8_t modes[UK_LINK_STATES] = {
        [UK_LINK_NONE] = UK_OUT_WAKE, [UK_LINK_CONNECTING] = UK_OUT_KEEP,
        [UK_LINK_OPEN] = UK_OUT_KEEP, [UK_LINK_FAILED] = UK_OUT_GATE,
        [UK_LINK_IDLE] = UK_OUT_WAKE, [UK_LINK_GATED] = UK_OUT_DEAD,
        [UK_LINK_QUARANTINED] = UK_OUT_WAKE};
    bool open_already = p->link.state == UK_LINK_OPEN && p->out_conn == p->link.writer && p->out;
    /* relaxed, both: the lock orders them; others take the mode as a hint */
    if (atomic_load_explicit(&p->mode, memory_order_relaxed) == UK_OUT_DEAD && p->remote->stopping)
        return;
    if (!open_already) atomic_store_explicit(&p->mode, modes[p->link.state], memory_order_relaxed);
    p->dead_reason = p->link.state == UK_LINK_FAILED || p->link.state == UK_LINK_GATED
                         ? "the address is gated"
                         : "there is no association";
    if (p->link.state == UK_LINK_OPEN) return;
    p->out_conn = NULL;
}

static void set_alarm(uk_peer *p) {
    int64_t at = uk_link_deadline(&p->link);
    uk_loop *loop = p->remote->loop;
    if (at == INT64_MAX) uk_alarm_stop(loop, &p->alarm);
    else if (!p->alarm.slot || p->alarm.at_ms != at)
        uk_alarm_start(loop, &p->alarm, at - uk_loop_now(loop));
}

/* A client is only reached while it is connected. */
static void keep_dear(uk_peer *p) {
    if (!p->dear || p->remote->stopping) return;
    if (p->link.state != UK_LINK_IDLE && p->link.state != UK_LINK_NONE) return;
    pthread_mutex_lock(&p->lock);
    uk_peer_wake(p, UK_TODO_CONNECT);
    pthread_mutex_unlock(&p->lock);
}

void uk_peer_event(uk_peer *p, const uk_link_event *ev) {
    uk_link_actions todo;
    uk_peer_retain(p);
    pthread_mutex_lock(&p->lock);
    p->link.unacked = !uk_acked_send_empty(&p->numbers.send);
    p->link.reached = p->dialing && p->dialing->stream;
    uk_link_state from = p->link.state;
    uk_link_step(&p->link, ev, uk_loop_now(p->remote->loop), &todo);
    set_mode(p);
    pthread_mutex_unlock(&p->lock);
    uk_flight_step(p, ev, from);
    for (size_t i = 0; i < todo.n; i++) carry_out(p, &todo.list[i]);
    if (p->link.state != UK_LINK_OPEN) {
        pthread_mutex_lock(&p->lock);
        uk_stream *old = p->out;
        p->out = NULL;
        p->out_conn = NULL;
        /* what came between the last step and now waits for a connection */
        bool stuck = something_waits(p) &&
                     atomic_load_explicit(&p->mode, memory_order_relaxed) == UK_OUT_WAKE;
        if (stuck) uk_peer_wake(p, UK_TODO_CONNECT);
        pthread_mutex_unlock(&p->lock);
        if (old) uk_stream_release(old);
        uk_alarm_stop(p->remote->loop, &p->resend);
    }
    set_alarm(p);
    keep_dear(p);
    uk_peer_release(p);
}
