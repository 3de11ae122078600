/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: socket, protocol machine and link brought together. I/O thread only. */
#include "remote/internal.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINGER_MS = 1000 };

/* ---- life ---- */

static void gone(uk_task *t) {
    uk_conn *c = UK_OWNER(uk_conn, t, gone);
    uk_recv_forget(c);
    uk_again_fini(c);
    uk_sys_forget_early(c);
    uk_map_fini(&c->recipients);
    uk_map_fini(&c->senders);
    uk_buf_fini(&c->ack_bytes);
    uk_stream_release(c->stream);
    uk_peer_release(c->peer);
    uk_free(c);
}

static void unlink_conn(uk_conn *c) {
    uk_guard_gone(c);
    *c->prev = c->next;
    if (c->next) c->next->prev = c->prev;
    c->remote->n_conns--;
    uk_alarm_stop(c->remote->loop, &c->alarm);
    uk_alarm_stop(c->remote->loop, &c->ack_alarm);
    if (c->dial) uk_connect_cancel(c->dial);
    c->dial = NULL;
    c->gone.run = gone;
    uk_loop_post(c->remote->loop, &c->gone); /* callers up the stack still hold it */
}

static void on_alarm(uk_alarm *a);
static const uk_proto_events proto_events;
static const uk_stream_events stream_events;

static uk_conn *conn_new(uk_transport *t, bool active, const uk_proto_settings *set) {
    uk_remote *r = t->remote;
    uk_conn *c = uk_zalloc(sizeof *c);
    int64_t now = uk_loop_now(r->loop);
    c->remote = r;
    c->transport = t;
    c->active = active;
    c->alarm.fire = on_alarm;
    c->ack_alarm.fire = uk_sys_ack_tick;
    c->armed_for = INT64_MAX;
    uk_ack_timer_init(&c->ack, r->set.ack_ms, r->set.resend_limit, now);
    uk_proto_init(&c->proto, active, set, &proto_events, c, now);
    c->next = r->conns;
    c->prev = &r->conns;
    if (c->next) c->next->prev = &c->next;
    r->conns = c;
    r->n_conns++;
    return c;
}

static void rearm(uk_conn *c) {
    int64_t at = uk_proto_deadline(&c->proto);
    if (c->ended || at == c->armed_for) return;
    c->armed_for = at;
    if (at == INT64_MAX) uk_alarm_stop(c->remote->loop, &c->alarm);
    else uk_alarm_start(c->remote->loop, &c->alarm, at - uk_loop_now(c->remote->loop));
}

static void on_alarm(uk_alarm *a) {
    uk_conn *c = UK_OWNER(uk_conn, a, alarm);
    c->armed_for = INT64_MAX;
    uk_proto_tick(&c->proto, uk_loop_now(c->remote->loop));
    rearm(c);
}

/* ---- from the socket ---- */

static void too_long(uk_conn *c, ukko_slice rest) {
    uint32_t n = uk_frame_length(rest.ptr);
    char text[160];
    snprintf(text, sizeof text,
             "TooLongFrameException: Adjusted frame length exceeds %zu: %llu - discarded",
             c->transport->set->max_frame, (unsigned long long)n + UK_FRAME_HEADER);
    uk_sniff(c, rest.ptr, rest.len, text);
    uk_proto_too_long(&c->proto, n);
}

/* What the next frame needs to be whole. */
static size_t wanted(uk_conn *c, ukko_slice rest) {
    size_t most = c->transport->set->max_frame, n = UK_FRAME_HEADER;
    if (rest.len >= UK_FRAME_HEADER && uk_frame_fits(uk_frame_length(rest.ptr), most))
        n += uk_frame_length(rest.ptr);
    return rest.len ? n : 0;
}

static size_t on_data(void *owner, const uint8_t *bytes, size_t n) {
    uk_conn *c = owner;
    uk_remote *r = c->remote;
    ukko_slice in = {bytes, n}, body;
    int rc = 1;
    uint64_t frames = 0, largest = 0;
    c->got_bytes = true;
    uk_batch_begin(r->sys);
    while (!c->ended && (rc = uk_frame_cut(&in, c->transport->set->max_frame, &body)) == 1) {
        frames++;
        if (body.len > largest) largest = body.len;
        if (uk_again_came(c, body)) continue;
        uk_again_push(c);
        uk_proto_frame(&c->proto, body, uk_loop_now(r->loop));
    }
    uk_again_push(c);
    if (c->peer) uk_traffic_in(&c->peer->traffic, n - in.len, frames, largest);
    if (!c->ended && rc < 0) too_long(c, in);
    size_t want = c->ended ? 0 : wanted(c, in);
    if (!c->ended && uk_guard_data(c, n - in.len, in.len, want)) {
        uk_stream_want(c->stream, want);
        uk_guard_read(c);
    }
    rearm(c);
    uk_batch_end(r->sys);
    return c->ended ? n : n - in.len;
}

static void on_stream_closed(void *owner, const char *error) {
    uk_conn *c = owner;
    bool probe = !c->proto.was_open && !c->active && !c->got_bytes;
    bool mute = !c->proto.was_open && c->active && !c->got_bytes && !error;
    if (mute)
        error = "the peer closed the connection without a word: it may speak TLS there (ssl.tcp), "
                "or be no Pekko node";
    if (mute || (error && !strncmp(error, "TLS: ", 5)))
        uk_sniff(c, NULL, 0, error);
    else if (probe)
        uk_sniff(c, NULL, 0, "closed before a handshake (0 bytes): a port probe?");
    else if (error)
        uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_TRANSPORT, NULL, NULL,
               "Remote connection to [%s] failed with %s", c->from, error);
    else
        uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_TRANSPORT, NULL, NULL,
               "Remote connection to [%s] was disconnected", c->from);
    uk_proto_lost(&c->proto, c->proto.was_open ? NULL : error);
}

static void on_drained(void *owner) { uk_marks_drained(owner); }

static const uk_stream_events stream_events = {on_data, on_stream_closed, on_drained};

/* ---- from the protocol ---- */

/* A peer that does not read gets no more heartbeats than there is room for: what waits for it already
   is sign of life enough. */
static bool idle_talk(uk_conn *c, ukko_slice frame) {
    uk_pdu pdu;
    ukko_slice body = {frame.ptr + UK_FRAME_HEADER, frame.len - UK_FRAME_HEADER};
    return frame.len > UK_FRAME_HEADER && !uk_pdu_decode(body, &pdu) &&
           pdu.kind == UK_PDU_HEARTBEAT && uk_marks_stuck(c);
}

static void on_send(void *data, ukko_slice bytes) {
    uk_conn *c = data;
    if (c->stream && !idle_talk(c, bytes)) uk_stream_send(c->stream, bytes.ptr, bytes.len);
}

static void opened_inbound(uk_conn *c, const uk_origin *o, int32_t uid) {
    char *address = uk_remote_origin_address(c->remote, o);
    if (!uk_access_credible(c, address) || !uk_access_allowed(c, address)) {
        uk_free(address);
        c->detached = true;
        uk_conn_end(c, UK_PDU_DISASSOCIATE, "the peer may not be who it says");
        return;
    }
    c->peer = uk_peer_get(c->remote, ukko_str(address));
    uk_free(address);
    uk_traffic_begin(c);
    uk_peer_event(c->peer, &(uk_link_event){.kind = UK_LINK_INBOUND, .conn = c, .uid = uid});
}

static void opened_outbound(uk_conn *c, int32_t uid) {
    if (!uk_access_allowed(c, c->peer->address)) {
        c->unwelcome = true;
        uk_conn_end(c, UK_PDU_DISASSOCIATE,
                    "the certificate of the peer is not one that ukko.remote.tls.peers names for "
                    "its address");
        return;
    }
    uk_peer *p = c->peer;
    if (p->dialing == c) p->dialing = NULL;
    bool again = c->remote->set.client && p->dear;
    if (again) uk_sys_renumber(p);
    p->dear = c->remote->set.client;
    uk_peer_event(p, &(uk_link_event){.kind = UK_LINK_CONNECTED, .conn = c, .uid = uid});
    if (again && c->remote->watcher) uk_watcher_again(c->remote->watcher, p->address);
}

static void on_open(void *data, const uk_origin *o, int32_t uid) {
    uk_conn *c = data;
    c->uid = uid;
    uk_guard_opened(c);
    if (c->remote->stopping) {
        c->detached = true;
        uk_conn_end(c, UK_PDU_DISASSOCIATE_SHUTDOWN, "shutting down");
    } else if (c->active) {
        opened_outbound(c, uid);
    } else {
        opened_inbound(c, o, uid);
    }
}

static void on_payload(void *data, ukko_slice payload) { uk_recv_payload(data, payload); }

static void log_end(uk_conn *c, uk_proto_end end, const char *text) {
    ukko_system *sys = c->remote->sys;
    const char *stuck = end == UK_PROTO_END_TIMEOUT && c->stream ? uk_stream_stuck(c->stream) : NULL;
    if (stuck) {
        char late[600];
        snprintf(late, sizeof late, "%s (time is up)", stuck);
        uk_sniff(c, NULL, 0, late);
    }
    if (end == UK_PROTO_END_TIMEOUT || end == UK_PROTO_END_SILENCE)
        uk_log(sys, UKKO_LOG_INFO, "remoting", UK_LOG_PROTOCOL, NULL, NULL, "%s", text);
    else if (end == UK_PROTO_END_UNDECODABLE && c->proto.was_open)
        uk_log(sys, UKKO_LOG_ERROR, "remoting", UK_LOG_PROTOCOL, NULL, NULL, "%s", text);
    else if (end == UK_PROTO_END_UNDECODABLE || end == UK_PROTO_END_HANDSHAKE)
        uk_sniff(c, NULL, 0, text);
}

static void tell_link(uk_conn *c, uk_proto_end end, const char *text) {
    bool open = c->proto.was_open && !c->unwelcome;
    uk_link_event ev = {.kind = open ? UK_LINK_LOST : UK_LINK_REFUSED,
                        .conn = c, .uid = c->uid, .has_uid = open, .end = end,
                        .text = text};
    if (c->detached || !c->peer) return;
    if (!open) {
        if (c->peer->dialing != c) return;
        c->peer->dialing = NULL;
    }
    uk_peer_event(c->peer, &ev);
}

static void on_closed(void *data, uk_proto_end end, bool flush, const char *text) {
    uk_conn *c = data;
    (void)flush; /* the socket is closed by halves in any case: a reset would eat our last words */
    if (c->ended) return;
    c->ended = true;
    log_end(c, end, text);
    if (c->stream && end != UK_PROTO_END_LOST) uk_stream_finish(c->stream, LINGER_MS);
    else if (c->stream) uk_stream_close(c->stream);
    tell_link(c, end, text);
    unlink_conn(c);
}

static const uk_proto_events proto_events = {on_send, on_open, on_payload, on_closed};

/* ---- beginnings ---- */

static uk_filter *tls_filter(uk_conn *c) {
    if (!c->transport->tls) return NULL;
    char *host = c->active ? uk_strndup(c->peer->path.host.ptr, c->peer->path.host.len) : NULL;
    uk_filter *f = uk_tls_filter(c->transport->tls, !c->active, host);
    uk_tls_filter_attach(f, c->remote->loop, c->stream);
    uk_free(host);
    return f;
}

static uk_filter *fault_filter(uk_conn *c, uk_filter *inner) {
    uk_remote *r = c->remote;
    char *peer = c->active ? uk_fault_key(c->peer->address) : NULL;
    uk_filter *f = uk_fault_filter(r->faults, inner, peer, c->transport->set->max_frame, r->sys,
                                   r->set.gremlin_debug);
    uk_fault_filter_attach(f, r->loop, c->stream);
    uk_free(peer);
    return f;
}

static void attach(uk_conn *c, int fd) {
    c->stream = uk_stream_new(c->remote->loop, fd, &c->transport->stream_opts, &stream_events, c);
    snprintf(c->from, sizeof c->from, "%s", uk_stream_peer(c->stream));
    uk_stream_resume(c->stream, true);
    uk_filter *f = c->tls = tls_filter(c);
    if (c->remote->tap) f = uk_tap_filter(c, f, fd);
    if (c->remote->faults) f = fault_filter(c, f);
    if (f) uk_stream_set_filter(c->stream, f);
}

void uk_conn_accept(void *transport, int fd, const char *from) {
    uk_transport *t = transport;
    if (t->remote->stopping || !uk_guard_admits(t->remote->guard, from)) {
        close(fd);
        return;
    }
    uk_conn *c = conn_new(t, false, &t->proto);
    snprintf(c->from, sizeof c->from, "%s", from);
    uk_guard_accepted(c);
    attach(c, fd);
    rearm(c);
}

static bool fails_by_fault(uk_conn *c) {
    char *peer = c->remote->faults ? uk_fault_key(c->peer->address) : NULL, text[300];
    bool fails = peer && uk_faults_fail_connect(c->remote->faults, peer);
    uk_free(peer);
    snprintf(text, sizeof text, "Simulated failure of association to %s", c->peer->address);
    if (fails) uk_proto_lost(&c->proto, text);
    return fails;
}

static void on_connected(void *owner, int fd, const char *error) {
    uk_conn *c = owner;
    c->dial = NULL;
    if (fd < 0) {
        uk_log(c->remote->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_TRANSPORT, NULL, NULL,
               "Connecting to [%s] failed: %s", c->peer->address, error);
        uk_proto_lost(&c->proto, error);
        return;
    }
    if (fails_by_fault(c)) {
        close(fd);
        return;
    }
    attach(c, fd);
    uk_traffic_begin(c);
    if (!c->ended) uk_proto_connected(&c->proto, uk_loop_now(c->remote->loop));
    rearm(c);
}

/* A peer that has lost a connection wants to answer by one of its own making, unless whoever comes in
   is another incarnation: then it takes that one's connection. */
static int32_t client_uid(const uk_peer *p) {
    int32_t uid = p->transport->proto.uid;
    while (p->own_uid && (uid == p->transport->proto.uid || !uk_uid_is_kin(uid)))
        uid = (int32_t)uk_random64();
    return uid ? uid : 1;
}

uk_conn *uk_conn_dial(uk_peer *p, bool refuse, int32_t uid) {
    uk_transport *t = p->transport;
    uk_proto_settings set = t->proto;
    set.refuse = refuse;
    set.refused_uid = uid;
    if (p->remote->set.client) set.uid = p->own_uid = client_uid(p);
    uk_conn *c = conn_new(t, true, &set);
    c->peer = uk_peer_retain(p);
    char *host = uk_strndup(p->path.host.ptr, p->path.host.len);
    snprintf(c->from, sizeof c->from, "%s:%d", host, p->path.port);
    c->dial = uk_connect_start(t->remote->loop, host, p->path.port, t->set->connect_ms,
                               on_connected, c);
    uk_free(host);
    rearm(c);
    return c;
}

/* ---- ends ---- */

void uk_conn_abandon(uk_conn *c) {
    c->detached = true;
    uk_conn_end(c, UK_PDU_DISASSOCIATE, "not wanted any more");
}

void uk_conn_end(uk_conn *c, uk_pdu_kind pdu, const char *text) {
    uk_proto_disassociate(&c->proto, pdu, text);
}

void uk_conn_broken(uk_conn *c, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    uk_log(c->remote->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_WRITER, NULL, NULL, "%s", text);
    uk_link_event ev = {.kind = UK_LINK_BROKEN, .conn = c, .uid = c->uid, .text = text};
    uk_peer_event(c->peer, &ev);
    if (!c->ended) uk_conn_end(c, UK_PDU_DISASSOCIATE, text); /* the link did not know it */
}

void uk_conn_refuse(uk_conn *c, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    uk_log(c->remote->sys,
           uk_sniff_first(c->remote, c->from, text) ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           UK_LOG_TRANSPORT, "SECURITY", NULL, "Remote connection to [%s] ended: %s", c->from, text);
    uk_proto_lost(&c->proto, text);
}

void uk_conn_write(uk_conn *c, const uk_buf *frames) {
    if (frames->len && c->stream) uk_stream_send(c->stream, frames->ptr, frames->len);
}
