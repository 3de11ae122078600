/* SPDX-License-Identifier: Apache-2.0 */
/* The orderly end of remoting: what waits is written, the last acks, then the goodbye on each
   connection; bounded in time. I/O thread only. */
#include "remote/internal.h"

enum { LOOK_MS = 5 };

/* From now on nothing is kept for a connection; what was, is dead. */
static void close_peer(uk_peer *p, void *data) {
    (void)data;
    uk_alarm_stop(p->remote->loop, &p->alarm);
    uk_alarm_stop(p->remote->loop, &p->resend);
    if (p->link.state == UK_LINK_OPEN) uk_sys_resend(p, p->remote->set.resend_limit);
    pthread_mutex_lock(&p->lock);
    /* relaxed: the lock orders it */
    atomic_store_explicit(&p->mode, UK_OUT_DEAD, memory_order_relaxed);
    p->dead_reason = "remoting is shutting down";
    p->out_conn = NULL;
    pthread_mutex_unlock(&p->lock);
    if (p->link.state != UK_LINK_OPEN) uk_send_bury_kept(p, "remoting is shutting down");
}

static void say_goodbye(uk_conn *c) {
    bool was_open = c->proto.state == UK_PROTO_OPEN;
    uk_link_action gone = {.news = UK_NEWS_DISASSOCIATED, .inbound = !c->active,
                           .has_uid = was_open, .uid = c->uid};
    uk_sys_last_ack(c);
    c->detached = true;
    if (was_open) uk_conn_end(c, UK_PDU_DISASSOCIATE_SHUTDOWN, "shutting down");
    else uk_proto_lost(&c->proto, "shutting down");
    if (was_open && c->peer) uk_news_publish(c->remote, c->peer, &gone);
}

static void done(uk_remote *r) {
    if (r->stopped) return;
    r->stopped = true;
    uk_alarm_stop(r->loop, &r->stop_alarm);
    uk_news_down(r);
    uk_system_remote_down(r->sys);
}

static void look(uk_alarm *a) {
    uk_remote *r = UK_OWNER(uk_remote, a, stop_alarm);
    bool late = uk_loop_now(r->loop) >= r->stop_until;
    if (uk_streams_open(r->loop) == 0) {
        done(r);
        return;
    }
    if (late) {
        uk_log(r->sys, UKKO_LOG_WARN, "remoting", UK_LOG_MANAGER, NULL, NULL,
               "Shutdown finished, but flushing might not have been successful and some messages "
               "might have been dropped. Increase "
               "pekko.remote.classic.flush-wait-on-shutdown to a larger value to avoid this.");
        uk_streams_close(r->loop);
        done(r);
        return;
    }
    uk_alarm_start(r->loop, a, LOOK_MS);
}

void uk_remote_stop(uk_remote *r) {
    int64_t wait = r->set.flush_ms < r->set.shutdown_ms ? r->set.flush_ms : r->set.shutdown_ms;
    r->stopping = true;
    uk_flight_of(r, NULL, UKKO_FLIGHT_STOPPING, 0, 0, NULL);
    /* relaxed: peers made from now on find it under the lock that uk_peers_each() takes next */
    atomic_store_explicit(&r->down, true, memory_order_relaxed);
    uk_alarm_stop(r->loop, &r->prune);
    uk_alarm_stop(r->loop, &r->renew);
    uk_guard_stop(r->guard);
    if (r->watcher) uk_watcher_stop(r->watcher);
    for (size_t i = 0; i < r->n_transports; i++) {
        uk_listener_close(r->transports[i].listener);
        r->transports[i].listener = NULL;
    }
    uk_peers_each(r, close_peer, NULL);
    for (uk_conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        say_goodbye(c);
    }
    r->stop_until = uk_loop_now(r->loop) + wait;
    r->stop_alarm.fire = look;
    look(&r->stop_alarm);
}
