/* SPDX-License-Identifier: Apache-2.0 */
/* System messages: numbered, kept until acknowledged, written again; and on the other side put in
   order and acknowledged on the connection they came by. Sending is for any thread, the rest is
   the I/O thread's. Locks: peer.lock guards the send buffer and the ack that waits. */
#include "remote/internal.h"
#include "base/mem.h"
#include "base/os.h"
#include <inttypes.h>
#include <stdio.h>

void uk_sys_item_free(void *data, void *item) {
    uk_sys_item *i = item;
    (void)data;
    if (i->msg) uk_sysmsg_free(i->msg);
    uk_ref_release(i->to);
    uk_buf_fini(&i->bytes);
    uk_free(i);
}

/* ---- out ---- */

typedef struct writing {
    uk_peer *peer;
    uk_buf frames;
    int64_t count;
} writing;

static void put_item(void *data, int64_t seq, void *item) {
    writing *w = data;
    uk_sys_item *i = item;
    uk_outgoing m = {.recipient = uk_remote_ref_text(i->to),
                     .message = uk_buf_slice(&i->bytes),
                     .serializer = UKKO_SER_SYSTEM,
                     .has_seq = true,
                     .seq = seq};
    uk_envelope_put(&w->frames, &m, w->peer->transport->set->max_frame);
    w->count++;
    uk_numbers_wrote(&w->peer->numbers, seq);
}

/* Under the lock; gives it back. Writes w on the current connection. */
static void write_out(uk_peer *p, writing *w) {
    uk_stream *out = NULL;
    if (w->frames.len && p->out) {
        out = uk_stream_retain(p->out);
        if (p->out_conn) uk_send_carry_ack(p, p->out_conn, &w->frames);
    }
    pthread_mutex_unlock(&p->lock);
    if (out) {
        uk_stream_send(out, w->frames.ptr, w->frames.len);
        uk_stream_release(out);
    }
    uk_buf_fini(&w->frames);
}

void uk_sys_resend(uk_peer *p, size_t limit) {
    writing w = {.peer = p};
    pthread_mutex_lock(&p->lock);
    uk_acked_send_each(&p->numbers.send, limit, put_item, &w);
    int64_t n = w.count, last = p->numbers.ever;
    write_out(p, &w);
    if (n) uk_flight_of(p->remote, p, UKKO_FLIGHT_RESENT, n, last, NULL);
}

/* Under the lock: is it time to say that many wait? At 50 % and at 80 % of the buffer; again after it
   was less than half full. Gives how many, or 0. */
static size_t filling(uk_peer *p) {
    size_t cap = p->remote->set.sys_buffer, n = p->numbers.send.pending;
    uint8_t level = n >= cap - cap / 5 ? 2 : n >= cap - cap / 2;
    if (!level) p->send_warned = 0;
    if (level <= p->send_warned) return 0;
    p->send_warned = level;
    return n;
}

static void warn_filling(uk_peer *p, size_t n) {
    size_t cap = p->remote->set.sys_buffer;
    uk_log(p->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_SUPERVISOR, NULL, NULL,
           "[%zu] system messages to [%s] are not acknowledged: %zu %% of "
           "pekko.remote.classic.system-message-buffer-size = %zu; when it is full the peer is "
           "quarantined. Watch fewer actors there at once, or raise the setting",
           n, p->address, n * 100 / cap, cap);
}

static uk_sys_item *make_item(ukko_ref *to, uk_peer *p, uk_sysmsg *m) {
    uk_sys_item *i = uk_zalloc(sizeof *i);
    i->msg = m;
    i->to = uk_ref_retain(to);
    uk_transport_speak(p->transport);
    int rc = uk_sysmsg_encode(p->remote->serial, m, &i->bytes);
    uk_transport_hush(p->transport);
    if (!rc) return i;
    uk_log(p->remote->sys, UKKO_LOG_ERROR, "remoting", UK_LOG_WRITER, NULL, NULL,
           "A system message of kind %d to [%s] cannot be serialized", m->kind, ukko_ref_path(to));
    uk_sys_item_free(NULL, i);
    return NULL;
}

static void push_item(uk_peer *p, uk_sys_item *i, uk_out_mode mode, writing *w) {
    int64_t seq;
    if (uk_acked_send_push(&p->numbers.send, i, &seq)) return; /* cannot be: there is room */
    if (mode == UK_OUT_OPEN) {
        if (uk_acked_send_open(&p->numbers.send, p->remote->set.resend_limit)) put_item(w, seq, i);
    } else if (mode == UK_OUT_WAKE) {
        /* relaxed: the lock orders it */
        atomic_store_explicit(&p->mode, UK_OUT_KEEP, memory_order_relaxed);
        uk_peer_wake(p, UK_TODO_CONNECT);
    }
}

void uk_send_system(ukko_ref *to, uk_peer *p, uk_sysmsg *m) {
    uk_send_flush(); /* what this thread said before goes first */
    uk_sys_item *i = make_item(to, p, m);
    if (!i) return;
    writing w = {.peer = p};
    pthread_mutex_lock(&p->lock);
    uk_out_mode mode = atomic_load_explicit(&p->mode, memory_order_relaxed);
    bool full = p->numbers.send.pending >= p->numbers.send.capacity;
    if (mode == UK_OUT_DEAD || full) {
        if (full) uk_peer_wake(p, UK_TODO_HOPELESS);
        pthread_mutex_unlock(&p->lock);
        i->msg = NULL;
        uk_traffic_dropped(p);
        uk_dead_system(p->remote->sys, m, to);
        uk_sys_item_free(NULL, i);
        return;
    }
    push_item(p, i, mode, &w);
    size_t n = filling(p);
    write_out(p, &w);
    if (n) warn_filling(p, n);
}

typedef struct dead_list {
    uk_sys_item **items;
    size_t n, cap;
} dead_list;

static void collect(void *data, void *item) {
    dead_list *d = data;
    if (d->n == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 16;
        d->items = uk_realloc(d->items, d->cap * sizeof *d->items);
    }
    d->items[d->n++] = item;
}

static void give_up(uk_peer *p, const char *reason,
                    void (*how)(uk_numbers *n, uk_item_fn fn, void *data)) {
    dead_list d = {0};
    pthread_mutex_lock(&p->lock);
    how(&p->numbers, collect, &d);
    p->send_warned = 0;
    pthread_mutex_unlock(&p->lock);
    if (d.n) uk_flight_of(p->remote, p, UKKO_FLIGHT_UNACKED_DEAD, (int64_t)d.n, 0, reason);
    for (size_t i = 0; i < d.n; i++) {
        uk_sysmsg *m = d.items[i]->msg;
        d.items[i]->msg = NULL;
        /* at the end of the system what was not acked is just forgotten */
        if (!reason || p->remote->stopping) {
            uk_sysmsg_free(m);
        } else {
            uk_traffic_dropped(p);
            uk_dead_system(p->remote->sys, m, d.items[i]->to);
        }
        uk_sys_item_free(NULL, d.items[i]);
    }
    uk_free(d.items);
}

void uk_sys_bury(uk_peer *p, const char *reason) { give_up(p, reason, uk_numbers_give_up); }
void uk_sys_part(uk_peer *p, const char *reason) { give_up(p, reason, uk_numbers_part); }
void uk_sys_restart(uk_peer *p, const char *reason) { give_up(p, reason, uk_numbers_restart); }

void uk_sys_renumber(uk_peer *p) {
    pthread_mutex_lock(&p->lock);
    uk_numbers_renumber(&p->numbers);
    pthread_mutex_unlock(&p->lock);
}

void uk_sys_incarnation(uk_peer *p, int32_t uid, bool older) {
    /* none of what waits means the new incarnation; what was made before any answered may */
    if (uk_numbers_foreign(&p->numbers, uid)) uk_sys_restart(p, NULL);
    uk_numbers_for(&p->numbers, uid, older);
}

/* ---- acks that come in ---- */

static void put_unsent(void *data, int64_t seq, void *item) {
    if (uk_seq_compare(seq, ((writing *)data)->peer->numbers.ever) > 0) put_item(data, seq, item);
}

/* Under the lock: what waited for earlier ones to be acknowledged goes now, not with the next
   resend as in Pekko; no more than resend-limit are under way at any time. */
static void put_waiting(uk_peer *p, writing *w) {
    if (p->link.state == UK_LINK_OPEN && uk_numbers_unwritten(&p->numbers))
        uk_acked_send_each(&p->numbers.send, p->remote->set.resend_limit, put_unsent, w);
}

void uk_sys_ack_in(uk_conn *c, const uk_wire *e) {
    uk_peer *p = c->peer;
    if (!p || p->link.writer != c) return; /* the numbers of another stream are none of ours */
    writing w = {.peer = p};
    pthread_mutex_lock(&p->lock);
    int64_t ever = p->numbers.ever;
    uk_acked_what what =
        uk_numbers_ack(&p->numbers, e->cumulative, uk_envelope_nacks((const void *)e));
    if (what == UK_ACKED_RESEND) uk_acked_send_each(&p->numbers.send, 0, put_item, &w);
    if (what == UK_ACKED) put_waiting(p, &w);
    write_out(p, &w);
    bool fits = what == UK_ACKED || what == UK_ACKED_RESEND;
    uk_flight_of(p->remote, p, fits ? UKKO_FLIGHT_ACK_IN : UKKO_FLIGHT_STALE_ACK, e->cumulative,
                 (int64_t)e->nack_count, NULL);
    if (fits) return;
    if (what == UK_ACKED_STALE) {
        uk_log(p->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_SUPERVISOR, NULL, NULL,
               "Ignoring a stale acknowledgement [%" PRId64 ", %zu nacks] of [%s]", e->cumulative,
               e->nack_count, p->address);
        return;
    }
    char text[200];
    snprintf(text, sizeof text,
             "Error encountered while processing system message acknowledgement buffer: highest "
             "sent [%" PRId64 "] ack: ACK[%" PRId64 ", %zu nacks]",
             ever, e->cumulative, e->nack_count);
    uk_peer_event(p, &(uk_link_event){.kind = UK_LINK_HOPELESS, .reason = UKKO_REASON_BAD_ACK,
                                      .text = text});
}

/* ---- acks that go out ---- */

enum { STUCK_MS = 200 }; /* an ack that finds no room is tried again after that time */

/* Under the lock: the ack waits in c->ack_bytes. */
static void note_ack(uk_conn *c) {
    uk_ack a = uk_numbers_ack_for(&c->peer->numbers, c->seq_seen);
    uk_buf frame = {0};
    uk_flight_of(c->remote, c->peer, UKKO_FLIGHT_ACK_OUT, a.cumulative, (int64_t)a.count, NULL);
    uk_buf_clear(&c->ack_bytes);
    if (!uk_ack_put(&frame, &a, c->transport->set->max_frame)) {
        size_t at = 5; /* behind the length and the tag of the payload: its length */
        while (frame.ptr[at] & 128) at++;
        at++;
        uk_buf_put(&c->ack_bytes, frame.ptr + at, frame.len - at);
    }
    uk_buf_fini(&frame);
}

/* Under the lock: the ack that waits, alone, goes to out. */
static void put_pure(uk_conn *c, uk_buf *out) {
    uint8_t head[16];
    if (!c->ack_bytes.len || uk_marks_stuck(c)) return;
    head[4] = 0x0a;
    size_t h = (size_t)(uk_pb_write_varint(head + 5, c->ack_bytes.len) - head);
    uk_frame_put_length(head, (uint32_t)(h - UK_FRAME_HEADER + c->ack_bytes.len));
    uk_buf_put(out, head, h);
    uk_buf_put(out, c->ack_bytes.ptr, c->ack_bytes.len);
    uk_buf_clear(&c->ack_bytes);
    uk_ack_timer_wrote(&c->ack, true, uk_now_ms());
}

void uk_sys_last_ack(uk_conn *c) {
    uk_buf out = {0};
    if (!c->peer) return;
    pthread_mutex_lock(&c->peer->lock);
    put_pure(c, &out);
    pthread_mutex_unlock(&c->peer->lock);
    uk_conn_write(c, &out);
    uk_buf_fini(&out);
}

void uk_sys_ack_tick(uk_alarm *alarm) {
    uk_conn *c = UK_OWNER(uk_conn, alarm, ack_alarm);
    int64_t now = uk_now_ms();
    uk_buf out = {0};
    pthread_mutex_lock(&c->peer->lock);
    if (uk_ack_timer_due(&c->ack, now)) put_pure(c, &out);
    bool waits = c->ack_bytes.len > 0;
    int64_t at = uk_ack_timer_deadline(&c->ack);
    pthread_mutex_unlock(&c->peer->lock);
    uk_conn_write(c, &out);
    uk_buf_fini(&out);
    if (waits && at != INT64_MAX)
        uk_alarm_start(c->remote->loop, alarm, at > now ? at - now + 1 : STUCK_MS);
}

static void acknowledge(uk_conn *c) {
    uk_buf out = {0};
    int64_t now = uk_now_ms();
    pthread_mutex_lock(&c->peer->lock);
    note_ack(c);
    if (uk_ack_timer_add(&c->ack, now)) put_pure(c, &out);
    int64_t at = uk_ack_timer_deadline(&c->ack);
    pthread_mutex_unlock(&c->peer->lock);
    uk_conn_write(c, &out);
    uk_buf_fini(&out);
    if (at != INT64_MAX && !c->ack_alarm.slot)
        uk_alarm_start(c->remote->loop, &c->ack_alarm, at - now + 1);
}

/* ---- numbered messages that come in ---- */

typedef struct uk_arrival uk_arrival;
struct uk_arrival {
    uk_arrival *next; /* among the early ones */
    size_t len;
    uint8_t payload[];
};

static uk_arrival *arrival_of(const uk_wire *e) {
    uk_arrival *a = uk_alloc(sizeof *a + e->payload.len);
    a->next = NULL;
    a->len = e->payload.len;
    memcpy(a->payload, e->payload.ptr, e->payload.len);
    return a;
}

enum { EARLY_MAX = 64 };

/* Whose numbers they are is not settled: while an attempt of our own is under way an association that
   comes in waits for its outcome. What finds no room is not acknowledged, so it comes again. */
static void keep_early(uk_conn *c, const uk_wire *e) {
    uk_arrival **end = &c->early;
    if (c->n_early == EARLY_MAX) return;
    while (*end) end = &(*end)->next;
    *end = arrival_of(e);
    c->n_early++;
}

void uk_sys_early(uk_conn *c) {
    uk_arrival *a = c->early, *next;
    c->early = NULL;
    c->n_early = 0;
    for (; a; a = next) {
        uk_wire w;
        next = a->next;
        if (!c->ended && !uk_envelope_decode((ukko_slice){a->payload, a->len}, &w))
            uk_sys_arrived(c, &w);
        uk_free(a);
    }
}

void uk_sys_forget_early(uk_conn *c) {
    for (uk_arrival *a; (a = c->early) != NULL; uk_free(a)) c->early = a->next;
    c->n_early = 0;
}

void uk_sys_arrived(uk_conn *c, const uk_wire *e) {
    uk_peer *p = c->peer;
    if (!uk_numbers_takes(&p->numbers, c->uid, e->seq)) {
        keep_early(c, e);
        return;
    }
    int rc = uk_acked_recv_check(&p->numbers.recv, e->seq, e->payload.len);
    if (rc < 0) {
        uk_log(c->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_READER, NULL, NULL,
               "Dropping system message number %" PRId64
               " of [%s]: too far ahead of number %" PRId64,
               e->seq, p->address, p->numbers.recv.delivered);
        return;
    }
    if (!c->seq_any || uk_seq_compare(e->seq, c->seq_seen) > 0) c->seq_seen = e->seq;
    c->seq_any = true;
    if (rc == 1)
        uk_acked_recv_put(&p->numbers.recv, e->seq, arrival_of(e), e->payload.len);
    acknowledge(c);
    for (uk_arrival *a; !c->ended && (a = uk_acked_recv_next(&p->numbers.recv)) != NULL; uk_free(a)) {
        uk_wire w;
        if (!uk_envelope_decode((ukko_slice){a->payload, a->len}, &w)) uk_recv_deliver(c, &w);
    }
}
