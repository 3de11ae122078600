/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: two nodes of pure parts (link, protocol, numbers, codecs) and a network between them that
   loses frames, cuts connections, is partitioned, and on which nodes restart. Time is virtual and all
   chance comes from a seed. Each system message is in the books: delivered, dead, forgotten. One thread. */
#ifndef TESTS_SUPPORT_TWO_LINKS_H
#define TESTS_SUPPORT_TWO_LINKS_H
#include "remote/frame.h"
#include "remote/link.h"
#include "remote/numbers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TL_ENDS = 1024, TL_ITEMS = 1024, TL_LIVES = 16, TL_GAP = 64, TL_QUEUE = 2000, TL_FRAME = 4096,
    TL_GATE = 1000, TL_HANDSHAKE = 2000, TL_BEAT = 500, TL_PAUSE = 2000, TL_RESEND = 300,
    TL_PIGGYBACK = 50, TL_WINDOW = 10,
    TL_QUARANTINE = 432000000
};

typedef struct tl_packet tl_packet;
struct tl_packet {
    tl_packet *next;
    bool fin; /* the other end is closed */
    size_t len;
    uint8_t bytes[];
};
typedef struct tl_node tl_node;
typedef struct tl_end tl_end;
struct tl_end { /* one end of a connection */
    tl_node *node;
    tl_end *other; /* NULL: the transport is not up, or is dead without a word */
    uk_proto proto;
    bool active, detached, ended;
    int64_t up_at; /* the connect is done; INT64_MAX: never */
    bool refused;  /* or rather has failed then */
    int32_t uid;   /* of the peer */
    tl_packet *in, **in_end;
    size_t n_in;
    struct {
        int64_t seq;
        uint32_t item;
    } early[TL_WINDOW];
    size_t n_early;
    int64_t seen; /* highest number that came by it */
    uk_ack_timer ack;
    bool has_ack;
    int64_t cumulative, nacks[TL_GAP];
    size_t n_nacks;
};
typedef struct tl_item {
    int node, life; /* whose */
    int peer;       /* the life of the peer that it is for; -1: not known then */
    int serial;
    int taker;      /* the life of the peer that has taken it, in its turn or before; -1: none */
    int got;        /* how often, */
    bool dead, forgotten;
} tl_item;
typedef struct tl_world tl_world;
struct tl_node {
    tl_world *w;
    int index, life;
    int32_t uid;
    uk_link_settings set;
    uk_link link;
    uk_numbers numbers;
    uk_origin self;
    tl_end *out, *dialing;
    int64_t resend_at;
    bool wanted, hopeless; /* tasks on their way */
    int serial;
    int last[TL_LIVES];    /* the last serial that came from each life of the peer */
    int quarantines, given_up;
};
struct tl_world {
    uint64_t seed, dice;
    int64_t now;
    tl_node nodes[2];
    tl_end *live[TL_ENDS];
    size_t n_live, n_made;
    tl_item items[TL_ITEMS];
    size_t n_items;
    unsigned loss;     /* of frames, in percent */
    bool down;         /* partitioned: nothing arrives */
    size_t most_queued;
};

static inline uint32_t tl_roll(tl_world *w, uint32_t n) { /* splitmix64 */
    uint64_t z = w->dice += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % n);
}
#define TL_FAIL(w, ...)                                                                  \
    do {                                                                                 \
        char tl_text[200];                                                               \
        snprintf(tl_text, sizeof tl_text, __VA_ARGS__);                                  \
        fail_msg("seed %llu at %lld: %s", (unsigned long long)(w)->seed, (long long)(w)->now, \
                 tl_text);                                                               \
    } while (0)

/* Set TL_TRACE=1 and run one seed to see what happens. */
static inline bool tl_traced(void) {
    static int on = -1;
    if (on < 0) on = getenv("TL_TRACE") != NULL;
    return on;
}
#define TL_SAY(n, ...)                                                                       \
    do {                                                                                     \
        if (tl_traced()) {                                                                   \
            fprintf(stderr, "%8lld %c%d %-11s ", (long long)(n)->w->now, "AB"[(n)->index],   \
                    (n)->life, uk_link_state_name((n)->link.state));                         \
            fprintf(stderr, __VA_ARGS__);                                                    \
            fputc('\n', stderr);                                                             \
        }                                                                                    \
    } while (0)

/* ---- connections ---- */

static inline void tl_event(tl_node *n, uk_link_event ev);
static inline void tl_payload(tl_end *e, ukko_slice payload);

static inline void tl_put(tl_end *to, const void *bytes, size_t len, bool fin) {
    if (!to || to->ended) return;
    tl_packet *p = malloc(sizeof *p + len);
    p->next = NULL;
    p->fin = fin;
    p->len = len;
    if (len) memcpy(p->bytes, bytes, len);
    *to->in_end = p;
    to->in_end = &p->next;
    to->n_in++;
    if (to->n_in > to->node->w->most_queued) to->node->w->most_queued = to->n_in;
}
static inline tl_packet *tl_take(tl_end *e) {
    tl_packet *p = e->in;
    if (!p) return NULL;
    e->in = p->next;
    if (!e->in) e->in_end = &e->in;
    e->n_in--;
    return p;
}
static inline void tl_write(tl_end *e, const uint8_t *bytes, size_t len) {
    tl_world *w = e->node->w;
    if (!e->other || tl_roll(w, 100) < w->loss) return;
    tl_put(e->other, bytes, len, false);
}
static inline void tl_on_send(void *data, ukko_slice bytes) { tl_write(data, bytes.ptr, bytes.len); }
static inline void tl_on_payload(void *data, ukko_slice payload) { tl_payload(data, payload); }
static inline void tl_on_open(void *data, const uk_origin *peer, int32_t uid) {
    tl_end *e = data;
    (void)peer;
    e->uid = uid;
    if (e->node->dialing == e) e->node->dialing = NULL;
    TL_SAY(e->node, "open %s uid %d", e->active ? "outbound" : "inbound", uid);
    tl_event(e->node, (uk_link_event){.kind = e->active ? UK_LINK_CONNECTED : UK_LINK_INBOUND,
                                      .conn = e, .uid = uid});
}
/* What waits at an end that is over is never read. */
static inline void tl_discard(tl_end *e) {
    tl_packet *p;
    while ((p = tl_take(e))) free(p);
}
static inline void tl_on_closed(void *data, uk_proto_end end, bool flush, const char *text) {
    tl_end *e = data;
    (void)flush;
    if (e->ended) return;
    e->ended = true;
    bool open = e->proto.was_open, mine = open || e->node->dialing == e;
    TL_SAY(e->node, "closed %s: %s", e->active ? "outbound" : "inbound", uk_proto_end_name(end));
    tl_put(e->other, NULL, 0, true);
    tl_discard(e);
    if (e->node->dialing == e) e->node->dialing = NULL;
    if (e->detached || !mine) return;
    tl_event(e->node, (uk_link_event){.kind = open ? UK_LINK_LOST : UK_LINK_REFUSED, .conn = e,
                                      .has_uid = open, .uid = e->uid, .end = end, .text = text});
}
static const uk_proto_events tl_proto_events = {tl_on_send, tl_on_open, tl_on_payload, tl_on_closed};

static inline tl_end *tl_end_new(tl_node *n, bool active, bool refuse, int32_t uid) {
    tl_world *w = n->w;
    if (w->n_live == TL_ENDS) TL_FAIL(w, "too many connections");
    tl_end *e = calloc(1, sizeof *e);
    uk_proto_settings set = {.self = n->self, .uid = n->uid, .refuse = refuse, .refused_uid = uid,
                             .handshake_ms = TL_HANDSHAKE, .heartbeat_ms = TL_BEAT,
                             .pause_ms = TL_PAUSE};
    *e = (tl_end){.node = n, .active = active, .up_at = INT64_MAX, .in_end = &e->in, .seen = -1};
    e->in_end = &e->in;
    uk_ack_timer_init(&e->ack, TL_PIGGYBACK, TL_WINDOW, w->now);
    uk_proto_init(&e->proto, active, &set, &tl_proto_events, e, w->now);
    w->live[w->n_live++] = e;
    w->n_made++;
    return e;
}
static inline tl_node *tl_peer(tl_node *n) { return &n->w->nodes[1 - n->index]; }
static inline void tl_dial(tl_node *n, bool refuse, int32_t uid) {
    tl_world *w = n->w;
    tl_end *e = n->dialing = tl_end_new(n, true, refuse, uid);
    e->refused = w->loss && tl_roll(w, 200) < w->loss;
    e->up_at = w->now + 1 + tl_roll(w, 20);
}
/* The transport is gone; who of the two ends is told? */
static inline void tl_cut(tl_end *e, bool tell_it, bool tell_other) {
    tl_end *o = e->other;
    e->other = NULL;
    if (o) o->other = NULL;
    if (o && !o->ended) tl_discard(o);
    tl_discard(e);
    if (tell_other && o) tl_put(o, NULL, 0, true);
    if (tell_it) tl_put(e, NULL, 0, true);
}
static inline void tl_connect_done(tl_end *e) {
    tl_world *w = e->node->w;
    if (w->down) { /* the SYN is sent again and again */
        e->up_at = w->now + 100;
        return;
    }
    e->up_at = INT64_MAX;
    if (e->refused) {
        uk_proto_lost(&e->proto, "refused");
        return;
    }
    for (size_t i = 0; i < w->n_live; i++) { /* no handshake of a dead life overtakes a younger one's */
        tl_end *o = w->live[i];
        if (o->node == e->node || o->active || o->proto.state != UK_PROTO_WAITING) continue;
        if (!o->other || o->other->ended) tl_cut(o, true, false);
    }
    e->other = tl_end_new(tl_peer(e->node), false, false, 0);
    e->other->other = e;
    uk_proto_connected(&e->proto, w->now);
}
/* Takes one packet off an end's queue. */
static inline void tl_arrive(tl_end *e) {
    tl_packet *p = tl_take(e);
    if (p->fin) uk_proto_lost(&e->proto, NULL);
    ukko_slice in = {p->bytes, p->len}, body;
    while (!e->ended && uk_frame_cut(&in, TL_FRAME, &body) == 1)
        uk_proto_frame(&e->proto, body, e->node->w->now);
    free(p);
}
/* Forgets ends that are over on both sides. */
static inline void tl_sweep(tl_world *w) {
    for (size_t i = w->n_live; i-- > 0;) {
        tl_end *e = w->live[i];
        if (!e->ended || e->node->dialing == e) continue;
        if (e->other) e->other->other = NULL;
        tl_discard(e);
        free(e);
        w->live[i] = w->live[--w->n_live];
    }
}

/* ---- system messages, as the remoting layer sends and takes them ---- */

static inline tl_item *tl_item_of(void *item) { return item; }
static inline void tl_released(void *data, void *item) { (void)data, (void)item; }
static inline void tl_dead(void *data, void *item) { (void)data, tl_item_of(item)->dead = true; }
static inline void tl_forgotten(void *data, void *item) {
    (void)data;
    tl_item_of(item)->forgotten = true;
}

static inline void tl_put_item(void *data, int64_t seq, void *item) {
    tl_node *n = data;
    tl_end *e = n->out;
    uint32_t at = (uint32_t)(tl_item_of(item) - n->w->items);
    uk_ack ack = {e->cumulative, e->nacks, e->n_nacks};
    uk_outgoing m = {.recipient = ukko_str("/user/a"), .message = {(const uint8_t *)&at, sizeof at},
                     .serializer = 22, .has_seq = true, .seq = seq, .ack = e->has_ack ? &ack : NULL};
    uk_buf frame = {0};
    assert_int_equal(uk_envelope_put(&frame, &m, TL_FRAME), 0);
    uk_numbers_wrote(&n->numbers, seq);
    uk_ack_timer_wrote(&e->ack, e->has_ack, n->w->now);
    e->has_ack = false;
    tl_write(e, frame.ptr, frame.len);
    uk_buf_fini(&frame);
}
static inline void tl_resend(tl_node *n, size_t limit) {
    if (n->out) uk_acked_send_each(&n->numbers.send, limit, tl_put_item, n);
}
static inline void tl_put_unwritten(void *data, int64_t seq, void *item) {
    tl_node *n = data;
    if (uk_seq_compare(seq, n->numbers.ever) > 0) tl_put_item(n, seq, item);
}
static inline void tl_push(tl_node *n) {
    tl_world *w = n->w;
    if (w->n_items == TL_ITEMS) return;
    tl_item *i = &w->items[w->n_items++];
    *i = (tl_item){.node = n->index, .life = n->life, .serial = ++n->serial, .taker = -1,
                   .peer = n->numbers.known ? n->numbers.uid % TL_LIVES : -1};
    uk_link_state st = n->link.state;
    bool full = n->numbers.send.pending >= n->numbers.send.capacity;
    if (full) n->hopeless = true;
    if (full || st == UK_LINK_GATED) {
        i->dead = true;
        return;
    }
    int64_t seq;
    assert_int_equal(uk_acked_send_push(&n->numbers.send, i, &seq), 0);
    if (st == UK_LINK_OPEN && n->out && uk_acked_send_open(&n->numbers.send, TL_WINDOW))
        tl_put_item(n, seq, i);
    if (st == UK_LINK_NONE || st == UK_LINK_IDLE || st == UK_LINK_QUARANTINED) n->wanted = true;
}
static inline void tl_ack_in(tl_end *e, const uk_envelope *m) {
    tl_node *n = e->node;
    if (n->link.writer != e) return;
    switch (uk_numbers_ack(&n->numbers, m->cumulative, uk_envelope_nacks(m))) {
    case UK_ACKED_RESEND: tl_resend(n, 0); break;
    case UK_ACKED:
        if (n->link.state == UK_LINK_OPEN && n->out && uk_numbers_unwritten(&n->numbers))
            uk_acked_send_each(&n->numbers.send, TL_WINDOW, tl_put_unwritten, n);
        break;
    case UK_ACKED_STALE: break;
    case UK_ACKED_BAD:
        TL_SAY(n, "bad ack %lld of %lld", (long long)m->cumulative, (long long)n->numbers.ever);
        tl_event(n, (uk_link_event){.kind = UK_LINK_HOPELESS, .reason = UKKO_REASON_BAD_ACK,
                                    .text = "bad ack"});
    }
}
static inline void tl_pure_ack(tl_end *e) {
    uk_buf out = {0};
    uk_ack a = {e->cumulative, e->nacks, e->n_nacks};
    assert_int_equal(uk_ack_put(&out, &a, TL_FRAME), 0);
    e->has_ack = false;
    uk_ack_timer_wrote(&e->ack, true, e->node->w->now);
    tl_write(e, out.ptr, out.len);
    uk_buf_fini(&out);
}
static inline void tl_acknowledge(tl_end *e) {
    uk_ack a = uk_numbers_ack_for(&e->node->numbers, e->seen);
    assert_true(a.count <= TL_GAP);
    e->has_ack = true;
    e->cumulative = a.cumulative;
    e->n_nacks = a.count;
    if (a.count) memcpy(e->nacks, a.nacks, a.count * sizeof *a.nacks);
    if (uk_ack_timer_add(&e->ack, e->node->w->now)) tl_pure_ack(e);
}
/* Once, in order, and by the life that it is for. */
static inline void tl_delivered(tl_node *n, tl_item *i) {
    tl_world *w = n->w;
    if (i->node == n->index) TL_FAIL(w, "a message came back to its sender");
    if (i->got++) TL_FAIL(w, "%c's message %d was delivered twice", "AB"[i->node], i->serial);
    if (i->peer >= 0 && i->peer != n->life)
        TL_FAIL(w, "%c's message %d for life %d came to life %d", "AB"[i->node], i->serial, i->peer,
                n->life);
    if (i->serial <= n->last[i->life])
        TL_FAIL(w, "%c's message %d came after %d", "AB"[i->node], i->serial, n->last[i->life]);
    n->last[i->life] = i->serial;
}
static inline void tl_arrived(tl_end *e, int64_t seq, uint32_t at) {
    tl_node *n = e->node;
    if (!uk_numbers_takes(&n->numbers, e->uid, seq)) {
        if (e->n_early == TL_WINDOW) return;
        e->early[e->n_early].seq = seq;
        e->early[e->n_early++].item = at;
        return;
    }
    int rc = uk_acked_recv_check(&n->numbers.recv, seq, 1);
    if (rc < 0) return;
    if (uk_seq_compare(seq, e->seen) > 0) e->seen = seq;
    if (rc == 1) {
        n->w->items[at].taker = n->life;
        uk_acked_recv_put(&n->numbers.recv, seq, &n->w->items[at], 1);
    }
    tl_acknowledge(e);
    for (void *i; !e->ended && (i = uk_acked_recv_next(&n->numbers.recv));) tl_delivered(n, i);
}
static inline void tl_early(tl_end *e) {
    size_t n = e->n_early;
    e->n_early = 0;
    for (size_t i = 0; i < n && !e->ended; i++) tl_arrived(e, e->early[i].seq, e->early[i].item);
}
static inline void tl_numbered(tl_end *e, const uk_envelope *m) {
    uint32_t at;
    assert_int_equal(m->message.len, sizeof at);
    memcpy(&at, m->message.ptr, sizeof at);
    TL_SAY(e->node, "number %lld (%c%d) by %s", (long long)m->seq,
           "AB"[e->node->w->items[at].node], e->node->w->items[at].serial,
           e->active ? "outbound" : "inbound");
    tl_arrived(e, m->seq, at);
}
static inline void tl_payload(tl_end *e, ukko_slice payload) {
    uk_envelope m;
    assert_int_equal(uk_envelope_decode(payload, &m), 0);
    if (m.has_ack) tl_ack_in(e, &m);
    if (m.has_message && !e->ended) tl_numbered(e, &m);
}

/* ---- what the link asks for ---- */

static inline void tl_carry_out(tl_node *n, const uk_link_action *a) {
    tl_end *c = a->conn;
    switch (a->what) {
    case UK_DO_CONNECT: tl_dial(n, a->has_uid, a->uid); break;
    case UK_DO_ABANDON:
        if (!n->dialing) break;
        c = n->dialing;
        n->dialing = NULL;
        c->detached = true;
        uk_proto_disassociate(&c->proto, UK_PDU_DISASSOCIATE, "not wanted any more");
        break;
    case UK_DO_WRITE:
        n->out = c;
        n->resend_at = n->w->now + TL_RESEND;
        tl_early(c);
        break;
    case UK_DO_READ: tl_early(c); break;
    case UK_DO_END:
        c->detached = true;
        uk_proto_disassociate(&c->proto, a->pdu, a->text);
        break;
    case UK_DO_RESET:
        if (uk_numbers_foreign(&n->numbers, a->uid))
            uk_numbers_restart(&n->numbers, tl_forgotten, NULL);
        uk_numbers_for(&n->numbers, a->uid, a->has_uid);
        break;
    case UK_DO_RESTART: uk_numbers_restart(&n->numbers, tl_dead, NULL); break;
    case UK_DO_PART:
        n->given_up++;
        uk_numbers_part(&n->numbers, tl_dead, NULL);
        break;
    case UK_DO_UNACKED:
        n->given_up++;
        uk_numbers_give_up(&n->numbers, tl_dead, NULL);
        break;
    case UK_DO_RESEND: tl_resend(n, TL_WINDOW); break;
    case UK_DO_EVENT:
        if (a->news == UK_NEWS_QUARANTINED) n->quarantines++;
        break;
    case UK_DO_BURY:
    case UK_DO_LOG: break;
    }
}
static inline void tl_event(tl_node *n, uk_link_event ev) {
    static const char *const names[] = {"wanted", "connected", "refused", "inbound", "lost", "broken",
                                        "hopeless", "quarantine", "time"};
    uk_link_actions todo;
    TL_SAY(n, "event %s", names[ev.kind]);
    n->link.unacked = !uk_acked_send_empty(&n->numbers.send);
    n->link.reached = n->dialing && n->dialing->other;
    uk_link_step(&n->link, &ev, n->w->now, &todo);
    if (n->link.state != UK_LINK_OPEN || n->out != n->link.writer) n->out = NULL;
    for (size_t i = 0; i < todo.n; i++) tl_carry_out(n, &todo.list[i]);
    if (n->link.state != UK_LINK_OPEN) n->out = NULL, n->resend_at = INT64_MAX;
}

/* ---- time ---- */

static inline void tl_tasks(tl_node *n) {
    bool hopeless = n->hopeless, wanted = n->wanted;
    n->hopeless = n->wanted = false;
    if (hopeless)
        tl_event(n, (uk_link_event){.kind = UK_LINK_HOPELESS, .reason = UKKO_REASON_BUFFER_FULL,
                                    .text = "full"});
    if (wanted && !uk_acked_send_empty(&n->numbers.send))
        tl_event(n, (uk_link_event){.kind = UK_LINK_WANTED});
}
static inline int64_t tl_end_due(const tl_end *e) {
    int64_t at = uk_proto_deadline(&e->proto);
    int64_t ack = e->has_ack ? uk_ack_timer_deadline(&e->ack) : INT64_MAX;
    if (e->ended) return INT64_MAX;
    if (ack < at) at = ack;
    return e->up_at < at ? e->up_at : at;
}
static inline void tl_end_time(tl_end *e) {
    int64_t now = e->node->w->now;
    if (!e->ended && e->up_at <= now) tl_connect_done(e);
    if (!e->ended && e->has_ack && uk_ack_timer_due(&e->ack, now)) tl_pure_ack(e);
    if (!e->ended && uk_proto_deadline(&e->proto) <= now) uk_proto_tick(&e->proto, now);
}
static inline int64_t tl_node_due(const tl_node *n) {
    int64_t at = uk_link_deadline(&n->link);
    return n->resend_at < at ? n->resend_at : at;
}
static inline void tl_node_time(tl_node *n) {
    int64_t now = n->w->now;
    if (n->resend_at <= now) {
        n->resend_at = now + TL_RESEND;
        tl_resend(n, TL_WINDOW);
    }
    if (uk_link_deadline(&n->link) <= now) tl_event(n, (uk_link_event){.kind = UK_LINK_TIME});
}
static inline void tl_pass(tl_world *w, int64_t most) { /* at most so long, to what is due next */
    int64_t at = w->now + most;
    for (int i = 0; i < 2; i++) tl_tasks(&w->nodes[i]);
    for (size_t i = 0; i < w->n_live; i++)
        if (tl_end_due(w->live[i]) < at) at = tl_end_due(w->live[i]);
    for (int i = 0; i < 2; i++)
        if (tl_node_due(&w->nodes[i]) < at) at = tl_node_due(&w->nodes[i]);
    if (at > w->now) w->now = at;
    for (size_t i = 0; i < w->n_live; i++) tl_end_time(w->live[i]);
    for (int i = 0; i < 2; i++) tl_node_time(&w->nodes[i]);
    tl_sweep(w);
}
/* One packet of one end, if there is any. */
static inline bool tl_deliver(tl_world *w) {
    size_t first = w->n_live ? tl_roll(w, (uint32_t)w->n_live) : 0;
    for (size_t i = 0; i < w->n_live && !w->down; i++) {
        tl_end *e = w->live[(first + i) % w->n_live];
        if (e->ended || !e->in) continue;
        tl_arrive(e);
        return true;
    }
    return false;
}

/* ---- lives ---- */

static inline void tl_born(tl_world *w, int index, int life, const uk_link_settings *set,
                           size_t capacity) {
    tl_node *n = &w->nodes[index];
    *n = (tl_node){.w = w, .index = index, .life = life, .uid = TL_LIVES * (index + 1) + life,
                   .set = *set, .resend_at = INT64_MAX};
    n->self = (uk_origin){.system = ukko_str(index ? "B" : "A"), .host = ukko_str("h"),
                          .protocol = ukko_str("tcp"), .port = (uint32_t)index + 1};
    uk_link_init(&n->link, &n->set);
    uk_numbers_init(&n->numbers, capacity, tl_released,
                    (uk_acked_recv_limits){TL_GAP, TL_GAP}, tl_released, NULL);
}
/* The process is gone. Its peer hears of it at once (polite: with the goodbye of a shutdown), or not. */
static inline void tl_die(tl_node *n, bool heard, bool polite) {
    tl_world *w = n->w;
    n->dialing = NULL;
    for (size_t i = 0; i < w->n_live; i++) {
        tl_end *e = w->live[i];
        if (e->node != n || e->ended) continue;
        e->detached = true;
        if (polite) uk_proto_disassociate(&e->proto, UK_PDU_DISASSOCIATE_SHUTDOWN, "shutdown");
        else tl_cut(e, false, heard);
        e->ended = true;
        tl_discard(e);
    }
    uk_numbers_fini(&n->numbers);
}
static inline void tl_end_of_world(tl_world *w) {
    for (size_t i = 0; i < w->n_live; i++) {
        tl_discard(w->live[i]);
        free(w->live[i]);
    }
    w->n_live = 0;
    for (int i = 0; i < 2; i++) uk_numbers_fini(&w->nodes[i].numbers);
}
#endif
