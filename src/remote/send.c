/* SPDX-License-Identifier: Apache-2.0 */
/* Sending messages: the sender's own thread encodes them as frames. Inside an actor's turn they are
   staged and leave together at its end; otherwise they leave at once. When a turn lasts, another thread
   sends what it has staged (uk_send_late). While there is no connection they are kept as messages, so
   that they can become dead letters. Any thread, but for [io].
   Locks: stages_lock, then a thread's stages, then peer.lock, and a stream's lock by itself or under it. */
#include "remote/internal.h"
#include "base/asym.h"
#include "base/mem.h"
#include "base/os.h"
#include "net/chunks.h"
#include <stdio.h>
#include <stdlib.h>

/* A write of three segments of a loopback, whose largest are of 65483 bytes: fewer are more wake-ups, and
   a little more than three is one more segment. */
enum { STAGES = 8, STAGE_LIMIT = 3 * 65483, STAGE_KEEP = 32 * 1024, KEPT_WARN_MS = 5000 };

/* ---- what a thread has staged ---- */

/* The frame that was staged last: one that differs in the message's bytes alone is made from it. */
typedef struct pattern {
    ukko_ref *to, *sender; /* retained; to NULL: there is none. sender may be NULL */
    int32_t serializer;
    size_t message, front, whole; /* lengths: of the message, of what is before it, of the frame */
} pattern;

typedef struct stage {
    uk_peer *peer; /* retained; NULL: free */
    uk_buf frames;
    size_t guess; /* length of the last message */
    size_t count; /* of frames */
    bool much; /* the last time it was more than a thread keeps room for */
    pattern last;
} stage;

typedef struct stages {
    uk_asym own; /* guards list, used; its owner is the thread that stages */
    unsigned depth; /* of what the owner does inside: a dead letter may be answered through it */
    stage list[STAGES];
    _Atomic unsigned used;  /* slots 0 .. used - 1 may hold something; relaxed: peeked at by others */
    _Atomic unsigned flushes; /* so far; relaxed, likewise */
    /* what was seen by the last look from another thread; under stages_lock */
    unsigned seen;
    int64_t seen_ms;
    struct stages *next;
} stages;

static _Thread_local stages *mine;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t stages_lock = PTHREAD_MUTEX_INITIALIZER;
static stages *all_stages; /* of all threads; under stages_lock */

static void free_stages(void *arg) {
    stages *s = arg, **at = &all_stages;
    uk_send_flush();
    pthread_mutex_lock(&stages_lock);
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    pthread_mutex_unlock(&stages_lock);
    for (size_t i = 0; i < STAGES; i++) uk_chunk_done(&s->list[i].frames, 0);
    uk_free(s);
    mine = NULL;
}

static void make_key(void) { pthread_key_create(&key, free_stages); }

static stages *my_stages(void) {
    if (mine) return mine;
    pthread_once(&once, make_key);
    mine = uk_zalloc(sizeof *mine);
    pthread_setspecific(key, mine);
    pthread_mutex_lock(&stages_lock);
    mine->next = all_stages;
    all_stages = mine;
    pthread_mutex_unlock(&stages_lock);
    return mine;
}

static void enter(stages *s) {
    if (!s->depth++) uk_asym_enter(&s->own);
}
static void leave(stages *s) {
    if (!--s->depth) uk_asym_leave(&s->own);
}

static void write_frames(uk_peer *p, uk_buf *frames, size_t count);
static void warn_kept(uk_peer *p, size_t n);

static void forget_pattern(pattern *f) {
    ukko_ref *to = f->to, *sender = f->sender;
    f->to = f->sender = NULL;
    uk_ref_release(to);
    uk_ref_release(sender);
}

static void flush_stage(stage *s) {
    uk_peer *p = s->peer;
    if (!p) return;
    pattern last = s->last;
    s->last.to = s->last.sender = NULL;
    uk_buf frames = s->frames; /* a dead letter may be answered through this very stage */
    size_t count = s->count;
    s->peer = NULL;
    s->frames = (uk_buf){0};
    s->count = 0;
    s->much = frames.len > STAGE_KEEP && frames.len <= UK_CHUNK;
    if (frames.len) write_frames(p, &frames, count);
    uk_chunk_done(&frames, s->frames.cap ? 0 : STAGE_KEEP);
    if (!s->frames.cap) s->frames = frames;
    forget_pattern(&last);
    uk_peer_release(p);
}

static void flush_all(stages *s) { /* by its owner inside, or with the claim */
    /* what is answered to a dead letter may use one more */
    for (unsigned i = 0; i < atomic_load_explicit(&s->used, memory_order_relaxed); i++)
        flush_stage(&s->list[i]);
    atomic_store_explicit(&s->used, 0, memory_order_relaxed);
    unsigned n = atomic_load_explicit(&s->flushes, memory_order_relaxed) + 1;
    atomic_store_explicit(&s->flushes, n, memory_order_relaxed);
}
void uk_send_flush(void) {
    if (!mine || !atomic_load_explicit(&mine->used, memory_order_relaxed)) return;
    enter(mine);
    flush_all(mine);
    leave(mine);
}

/* Has it waited? The claim stays until it is written: the order of a thread's messages is kept. */
static void look_late(stages *s, int64_t now, int64_t ms) {
    unsigned n = atomic_load_explicit(&s->flushes, memory_order_relaxed);
    bool some = atomic_load_explicit(&s->used, memory_order_relaxed);
    if (!some || n != s->seen) s->seen_ms = now;
    s->seen = n;
    if (!some || now - s->seen_ms < ms || !uk_asym_claim(&s->own)) return;
    flush_all(s);
    uk_asym_unclaim(&s->own);
}
void uk_send_late(int64_t ms) {
    int64_t now = uk_now_ms();
    stages *own = my_stages(); /* before the lock: a dead letter may be answered from here */
    pthread_mutex_lock(&stages_lock);
    for (stages *s = all_stages; s; s = s->next)
        if (s != own) look_late(s, now, ms);
    pthread_mutex_unlock(&stages_lock);
}

/* Comes back inside; leave_soon() leaves. */
static stage *find_stage(uk_peer *p) {
    stages *s = my_stages();
    enter(s);
    unsigned used = atomic_load_explicit(&s->used, memory_order_relaxed);
    for (unsigned i = 0; i < used; i++)
        if (s->list[i].peer == p) return &s->list[i];
    if (used == STAGES) {
        flush_all(s);
        used = atomic_load_explicit(&s->used, memory_order_relaxed);
    }
    stage *n = &s->list[used];
    atomic_store_explicit(&s->used, used + 1, memory_order_relaxed);
    n->peer = uk_peer_retain(p);
    if (n->much) {
        uk_chunk_done(&n->frames, 0);
        n->frames = uk_chunk_take();
    }
    return n;
}

/* ---- a connection to write on ---- */

/* Under the lock: the ack goes into the first frame, in front of its envelope. */
void uk_send_carry_ack(uk_peer *p, uk_conn *c, uk_buf *frames) {
    bool carried = false;
    size_t a = c->ack_bytes.len;
    if (a && frames->len > 6 && frames->ptr[4] == 0x0a) {
        uint32_t body = uk_frame_length(frames->ptr);
        uint64_t n = 0;
        size_t at = 5, shift = 0;
        while (frames->ptr[at] & 128) n |= (uint64_t)(frames->ptr[at++] & 127) << shift, shift += 7;
        n |= (uint64_t)frames->ptr[at++] << shift;
        uint8_t head[16];
        head[4] = 0x0a;
        size_t h = (size_t)(uk_pb_write_varint(head + 5, n + a) - head);
        uint64_t longer = body + a + (h - at);
        if (uk_frame_fits(longer, p->transport->set->max_frame)) {
            size_t more = a + h - at;
            uk_frame_put_length(head, (uint32_t)longer);
            uk_buf_reserve(frames, more);
            memmove(frames->ptr + at + more, frames->ptr + at, frames->len - at);
            memcpy(frames->ptr, head, h);
            memcpy(frames->ptr + h, c->ack_bytes.ptr, a);
            frames->len += more;
            uk_buf_clear(&c->ack_bytes);
            carried = true;
        }
    }
    uk_ack_timer_wrote(&c->ack, carried, uk_now_ms());
}

static void write_frames(uk_peer *p, uk_buf *frames, size_t count) {
    uk_stream *out = NULL;
    size_t pending = 0;
    pthread_mutex_lock(&p->lock);
    /* relaxed: the lock orders it */
    if (atomic_load_explicit(&p->mode, memory_order_relaxed) == UK_OUT_OPEN) {
        out = uk_stream_retain(p->out);
        if (p->out_conn) uk_send_carry_ack(p, p->out_conn, frames);
    }
    pthread_mutex_unlock(&p->lock);
    size_t n = frames->len;
    uk_sent sent = out ? uk_stream_send_within(out, frames, p->remote->set.queue_bytes, &pending)
                       : UK_SENT_ENDED;
    if (out) uk_stream_release(out);
    if (pending > p->transport->stream_opts.high_mark) {
        pthread_mutex_lock(&p->lock);
        if (!p->above) uk_marks_look(p, pending);
        pthread_mutex_unlock(&p->lock);
        warn_kept(p, pending / (n / (count ? count : 1) + 1)); /* about so many */
    }
    char why[300] = "the association has ended";
    if (sent == UK_SENT_FULL) uk_marks_full(p, pending, n, false, why, sizeof why);
    if (sent != UK_SENT) uk_send_bury_bytes(p, frames, 0, why);
}

static void bury(uk_peer *p, ukko_msg *msg, ukko_ref *sender, ukko_ref *to, const char *reason) {
    uk_traffic_dropped(p);
    uk_dead_letter(p->remote->sys, msg, sender, to, reason);
}

/* ---- encoding ---- */

static void report_unsent(uk_peer *p, ukko_ref *to, ukko_msg *msg, ukko_ref *sender, int rc,
                          const ukko_error *err) {
    ukko_system *sys = p->remote->sys;
    uk_traffic_dropped(p);
    bool sized = err->message[0] >= '0' && err->message[0] <= '9'; /* else nested too deep */
    if (rc != UKKO_ETOOBIG || !sized) {
        uk_unwritten_report(p->remote, to, msg, sender, err);
        ukko_msg_release(msg);
        return;
    }
    char why[1200];
    snprintf(why, sizeof why,
             "Discarding oversized payload sent to Actor[%s]: max allowed size %zu bytes, "
             "actual size of encoded class %s was %s bytes. (maximum-frame-size)",
             ukko_ref_path(to), p->transport->set->max_frame, ukko_msg_class(msg),
             err->message[0] ? err->message : "more");
    char *cause = uk_format("org.apache.pekko.remote.OversizedPayloadException: %s", why);
    uk_log_frame_size(p->remote, msg, strtoul(err->message, NULL, 10));
    uk_log(sys, UKKO_LOG_ERROR, "remoting", UK_LOG_WRITER, NULL, cause,
           "Transient association error (association remains live)");
    uk_free(cause);
    uk_dropped(sys, msg, sender, to, why);
}

static void log_sent(uk_remote *r, ukko_ref *to, const ukko_msg *msg, ukko_ref *sender, size_t n) {
    if (r->set.log_sent && uk_log_enabled(r->sys, UKKO_LOG_DEBUG)) {
        uk_buf text = {0};
        uk_log(r->sys, UKKO_LOG_DEBUG, "remoting", UK_LOG_WRITER, NULL, NULL, "sending message %s",
               uk_news_message(r, &text, msg, to, sender));
        uk_buf_fini(&text);
    }
    if (r->set.log_frame_size >= 0) uk_log_frame_size(r, msg, uk_envelope_size(n));
}

/* Appends the frame of a message to out; msg stays the caller's. *size tells how long the envelope
   would be when it is too big. */
static int encode_from(uk_peer *p, ukko_ref *to, const ukko_msg *msg, ukko_slice sender,
                       uk_buf *out, size_t guess, ukko_error *err) {
    uk_remote *r = p->remote;
    uk_outgoing m = {.recipient = uk_remote_ref_text(to), .sender = sender};
    size_t before = out->len;
    uk_frame_mark mark = uk_envelope_begin(out, &m, guess);
    size_t body = out->len;
    err->message[0] = 0;
    int rc = uk_serial_encode(r->serial, msg, out, &m.serializer, &m.manifest, err);
    if (rc) {
        out->len = before;
        return rc;
    }
    size_t n = out->len - body;
    rc = uk_envelope_end(out, mark, &m, p->transport->set->max_frame);
    if (rc) {
        m.message.len = n;
        snprintf(err->message, sizeof err->message, "%zu",
                 uk_envelope_size(uk_envelope_frame_size(&m)));
    }
    return rc;
}

/* Appends a frame like the last one with a message of the same length. */
static void put_again(uk_buf *out, const pattern *f, ukko_slice message) {
    uk_buf_reserve(out, f->whole);
    uint8_t *p = out->ptr + out->len;
    const uint8_t *last = p - f->whole;
    size_t back = f->front + f->message;
    memcpy(p, last, f->front);
    if (message.len) memcpy(p + f->front, message.ptr, message.len);
    memcpy(p + back, last + back, f->whole - back);
    out->len += f->whole;
}
static int put_anew(stage *s, ukko_ref *to, int32_t serializer, ukko_slice message,
                    ukko_ref *sender) {
    uk_peer *p = s->peer;
    uk_buf scratch = {0};
    uk_outgoing m = {
        .recipient = uk_remote_ref_text(to), .message = message, .serializer = serializer};
    size_t before = s->frames.len;
    uk_transport_speak(p->transport);
    if (sender) m.sender = uk_ref_wire_text(sender, &scratch);
    int rc = uk_envelope_put(&s->frames, &m, p->transport->set->max_frame);
    uk_transport_hush(p->transport);
    pattern last = s->last;
    s->last = (pattern){NULL};
    if (!rc)
        s->last = (pattern){uk_ref_retain(to), uk_ref_retain(sender), serializer, message.len,
                            uk_envelope_front(&m), s->frames.len - before};
    forget_pattern(&last);
    uk_buf_fini(&scratch);
    return rc;
}
/* Stages a message whose serialized bytes lie there already. false: it is too large. */
static bool put_plain(stage *s, ukko_ref *to, int32_t serializer, ukko_slice message,
                      ukko_ref *sender) {
    const pattern *f = &s->last;
    if (f->to == to && f->sender == sender && f->serializer == serializer &&
        f->message == message.len)
        put_again(&s->frames, f, message);
    else if (put_anew(s, to, serializer, message, sender)) return false;
    s->guess = s->last.whole;
    s->count++;
    return true;
}

static int encode(uk_peer *p, ukko_ref *to, const ukko_msg *msg, ukko_ref *sender, uk_buf *out,
                  size_t guess, ukko_error *err) {
    ukko_slice from = {NULL, 0};
    uk_buf scratch = {0};
    uk_transport_speak(p->transport);
    if (sender) from = uk_ref_wire_text(sender, &scratch);
    int rc = encode_from(p, to, msg, from, out, guess, err);
    uk_transport_hush(p->transport);
    uk_buf_fini(&scratch);
    return rc;
}

static void leave_soon(const stage *s) { /* at the end of the turn, unless there is much, or none */
    if (uk_in_turn() && s->frames.len + s->guess <= STAGE_LIMIT) uk_turn_dirty();
    else flush_all(mine);
    leave(mine);
}
static bool is_logged(const uk_peer *p) {
    return p->remote->set.log_sent || p->remote->set.log_frame_size >= 0;
}
/* In any way; the stage's pattern is that of its last frame, or none. */
static int put_any(stage *s, ukko_ref *to, const ukko_msg *msg, ukko_ref *sender,
                   ukko_error *err) {
    ukko_slice bytes;
    if (uk_serial_lies(s->peer->remote->serial, msg->type, uk_msg_body(msg), &bytes) &&
        put_plain(s, to, msg->type->serializer, bytes, sender))
        return UKKO_OK;
    size_t before = s->frames.len;
    forget_pattern(&s->last);
    int rc = encode(s->peer, to, msg, sender, &s->frames, s->guess, err);
    if (rc) return rc;
    s->guess = s->frames.len - before;
    s->count++;
    return UKKO_OK;
}
static void send_open(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender) {
    stage *s = find_stage(p);
    ukko_error err;
    int rc = put_any(s, to, msg, sender, &err);
    if (rc) {
        report_unsent(p, to, msg, sender, rc, &err);
    } else {
        if (is_logged(p)) log_sent(p->remote, to, msg, sender, s->guess);
        ukko_msg_release(msg);
    }
    leave_soon(s);
}

/* A message for as long as it takes to write it: its body is that of the caller, and what that points
   to stays where it is. */
enum { LEAN_BODY = 240 };
typedef union lean {
    ukko_msg msg;
    _Alignas(16) uint8_t room[sizeof(ukko_msg) + LEAN_BODY];
} lean;

/* Who copies in a way of its own may change what is there. */
static bool copies_plainly(const ukko_type *type) {
    return !type->codec || !type->codec->copy || type == &ukko_string_type;
}
static bool put_lean(stage *s, ukko_ref *to, const ukko_type *type, const void *body,
                     ukko_ref *sender) {
    lean l;
    ukko_error err;
    l.msg = (ukko_msg){.type = type};
    memcpy(l.room + offsetof(ukko_msg, body), body, type->body_size);
    return !put_any(s, to, &l.msg, sender, &err);
}
bool uk_send_body(ukko_ref *to, uk_peer *p, const ukko_type *type, const void *body,
                  ukko_ref *sender) {
    ukko_slice bytes;
    /* relaxed: a hint; what is written is checked under the lock */
    if (atomic_load_explicit(&p->mode, memory_order_relaxed) != UK_OUT_OPEN || !body ||
        is_logged(p) || !copies_plainly(type))
        return false;
    bool plain = uk_serial_lies(p->remote->serial, type, body, &bytes);
    if (!plain && type->body_size > LEAN_BODY) return false;
    stage *s = find_stage(p);
    bool written = plain ? put_plain(s, to, type->serializer, bytes, sender)
                         : put_lean(s, to, type, body, sender);
    leave_soon(s);
    return written; /* what went wrong is found out once more, with a message to show */
}

/* ---- keeping ---- */

static bool is_urgent(const ukko_msg *m) {
    while (m && m->type == &uk_selection_type) m = UK_BODY(uk_selection_body, m)->message;
    return m && (m->type->flags & UKKO_TYPE_PRIORITY);
}

static void keep(uk_peer *p, ukko_ref *to, ukko_msg *msg, ukko_ref *sender, size_t bytes) {
    uk_kept *k = uk_alloc(sizeof *k);
    *k = (uk_kept){NULL, msg, uk_ref_retain(to), uk_ref_retain(sender), bytes};
    uk_kept_list *l = is_urgent(msg) ? &p->urgent : &p->kept;
    *l->last = k;
    l->last = &k->next;
    p->n_kept++;
    p->kept_bytes += bytes;
    uk_marks_look(p, 0);
}

static void warn_kept(uk_peer *p, size_t n) {
    int64_t now = uk_now_ms(), limit = p->remote->set.log_buffer;
    pthread_mutex_lock(&p->lock);
    bool warn = limit >= 0 && (int64_t)n > limit && now - p->kept_warned_ms >= KEPT_WARN_MS;
    if (warn) p->kept_warned_ms = now;
    pthread_mutex_unlock(&p->lock);
    if (warn)
        uk_log(p->remote->sys, UKKO_LOG_WARN, "remoting", UK_LOG_WRITER, NULL, NULL,
               "[%zu] buffered messages in EndpointWriter for [%s]. You should probably implement "
               "flow control to avoid flooding the remote connection.",
               n, p->address);
}

static bool is_keeping(uk_out_mode mode) { return mode == UK_OUT_WAKE || mode == UK_OUT_KEEP; }

/* Not open, as it seems; bytes: how long its frame will be. false: it is open after all. */
static bool send_closed(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender, size_t bytes) {
    char full[300];
    pthread_mutex_lock(&p->lock);
    /* relaxed: the lock orders it */
    uk_out_mode mode = atomic_load_explicit(&p->mode, memory_order_relaxed);
    const char *reason = p->dead_reason;
    bool kept = is_keeping(mode);
    if (kept && uk_marks_full(p, 0, bytes, true, full, sizeof full)) {
        kept = false;
        reason = full;
    }
    if (kept) keep(p, to, msg, sender, bytes);
    size_t n = p->n_kept;
    if (mode == UK_OUT_WAKE) {
        atomic_store_explicit(&p->mode, UK_OUT_KEEP, memory_order_relaxed);
        uk_peer_wake(p, UK_TODO_CONNECT);
    }
    pthread_mutex_unlock(&p->lock);
    if (mode == UK_OUT_OPEN) return false;
    if (kept) warn_kept(p, n);
    else bury(p, msg, sender, to, reason);
    return true;
}

int uk_send_size(uk_peer *p, ukko_ref *to, const ukko_msg *msg, ukko_ref *sender, size_t *size,
                 ukko_error *err) {
    uk_buf frame = {0};
    int rc = encode(p, to, msg, sender, &frame, 256, err);
    *size = frame.len;
    uk_buf_fini(&frame);
    return rc;
}

void uk_send_message(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender) {
    for (;;) {
        /* relaxed: a hint; what is written is checked under the lock */
        if (atomic_load_explicit(&p->mode, memory_order_relaxed) == UK_OUT_OPEN) {
            send_open(to, p, msg, sender);
            return;
        }
        uk_send_flush(); /* earlier messages of this thread first */
        size_t bytes = 0;
        ukko_error err;
        /* what cannot be sent is told now, not when the link opens */
        int rc = is_keeping(atomic_load_explicit(&p->mode, memory_order_relaxed))
                     ? uk_send_size(p, to, msg, sender, &bytes, &err)
                     : 0;
        if (rc) {
            report_unsent(p, to, msg, sender, rc, &err);
            return;
        }
        if (send_closed(to, p, msg, sender, bytes)) return;
    }
}

/* ---- the link opens ---- */

static uk_kept *take_kept(uk_peer *p) { /* under the lock; urgent ones first */
    uk_kept *first = p->urgent.first;
    *p->urgent.last = p->kept.first;
    if (!first) first = p->kept.first;
    p->kept = (uk_kept_list){NULL, &p->kept.first};
    p->urgent = (uk_kept_list){NULL, &p->urgent.first};
    p->n_kept = p->kept_bytes = 0;
    return first;
}

static void free_kept(uk_kept *k) {
    uk_ref_release(k->to);
    uk_ref_release(k->sender);
    uk_free(k);
}

/* Writes the messages of a list; gives those that cannot be encoded, though they could when they were
   told: they are reported later, for then the lock may not be held. */
static uk_kept *encode_kept(uk_peer *p, uk_conn *c, uk_kept *k) {
    uk_buf frames = {0};
    uk_kept *bad = NULL;
    while (k) {
        uk_kept *next = k->next;
        size_t before = frames.len;
        ukko_error err;
        if (encode(p, k->to, k->msg, k->sender, &frames, 256, &err)) {
            k->next = bad;
            bad = k;
        } else {
            log_sent(p->remote, k->to, k->msg, k->sender, frames.len - before);
            ukko_msg_release(k->msg);
            free_kept(k);
        }
        k = next;
        if (frames.len > STAGE_LIMIT || !k) {
            uk_conn_write(c, &frames);
            uk_buf_clear(&frames);
        }
    }
    uk_buf_fini(&frames);
    return bad;
}

static void report_kept(uk_peer *p, uk_kept *k) {
    while (k) {
        uk_kept *next = k->next;
        ukko_error err;
        size_t size;
        int rc = uk_send_size(p, k->to, k->msg, k->sender, &size, &err);
        report_unsent(p, k->to, k->msg, k->sender, rc, &err);
        free_kept(k);
        k = next;
    }
}

enum { OPEN_ROUNDS = 3 };

/* What is kept goes out before anything new may. Senders go on meanwhile; the last round holds them
   up, so that there is a last one. */
void uk_send_opened(uk_peer *p, uk_conn *c) {
    uk_kept *k = NULL, *bad;
    for (int round = 0; round < OPEN_ROUNDS; round++) {
        pthread_mutex_lock(&p->lock);
        k = take_kept(p);
        if (!k || round == OPEN_ROUNDS - 1) break; /* with the lock */
        pthread_mutex_unlock(&p->lock);
        report_kept(p, encode_kept(p, c, k));
    }
    bad = encode_kept(p, c, k);
    uk_stream *old = p->out;
    p->out = uk_stream_retain(c->stream);
    p->out_conn = c;
    /* relaxed: the lock orders it */
    atomic_store_explicit(&p->mode, UK_OUT_OPEN, memory_order_relaxed);
    uk_marks_look(p, uk_stream_pending(c->stream));
    pthread_mutex_unlock(&p->lock);
    if (old) uk_stream_release(old);
    report_kept(p, bad);
}

/* ---- the link fails ---- */

/* true: it was a message. */
static bool bury_frame(uk_peer *p, ukko_slice body, const char *reason) {
    uk_pdu pdu;
    uk_wire e;
    ukko_msg *msg;
    if (uk_pdu_decode(body, &pdu) || pdu.kind != UK_PDU_PAYLOAD) return false;
    if (uk_envelope_decode(pdu.payload, &e) || !e.has_message || e.has_seq) return false;
    if (uk_serial_decode(p->remote->serial, e.serializer, e.manifest, e.message, &msg, NULL) || !msg)
        return false;
    ukko_ref *to = uk_system_resolve(p->remote->sys, e.recipient);
    ukko_ref *sender = e.has_sender ? uk_system_resolve(p->remote->sys, e.sender) : NULL;
    bury(p, msg, sender, to, reason);
    uk_ref_release(to);
    uk_ref_release(sender);
    return true;
}

/* Frames that begin before `from` were given to the socket, at least in part. */
size_t uk_send_bury_bytes(uk_peer *p, const uk_buf *frames, size_t from, const char *reason) {
    ukko_slice in = uk_buf_slice(frames), body;
    size_t n = 0;
    while (uk_frame_cut(&in, SIZE_MAX, &body) == 1)
        if ((size_t)(body.ptr - frames->ptr) >= from + UK_FRAME_HEADER)
            n += bury_frame(p, body, reason);
    return n;
}

void uk_send_bury_kept(uk_peer *p, const char *reason) {
    uk_buf unsent = {0};
    size_t sent = 0;
    pthread_mutex_lock(&p->lock);
    uk_kept *k = take_kept(p);
    uk_stream *out = p->out;
    p->out = NULL;
    uk_marks_look(p, 0);
    pthread_mutex_unlock(&p->lock);
    if (out && uk_stream_ended(out)) sent = uk_stream_unsent(out, &unsent);
    if (out) uk_stream_release(out);
    int64_t n = (int64_t)uk_send_bury_bytes(p, &unsent, sent, reason);
    uk_buf_fini(&unsent);
    while (k) {
        uk_kept *next = k->next;
        bury(p, k->msg, k->sender, k->to, reason);
        free_kept(k);
        k = next;
        n++;
    }
    if (n) uk_flight_of(p->remote, p, UKKO_FLIGHT_DEAD, n, 0, reason);
}
