/* SPDX-License-Identifier: Apache-2.0 */
/* How much waits for a remote address: the limits beyond which messages become dead letters, the marks
   whose crossing is an event, and the sending that says at once what would become of a message. Any
   thread, but for [io]. Locks: peer.lock, and a stream's under it. */
#include "remote/internal.h"
#include "base/error.h"
#include <stdio.h>

static const ukko_field backpressure_fields[] = {
    UKKO_FIELD(ukko_backpressure, local, UKKO_STR),
    UKKO_FIELD(ukko_backpressure, remote, UKKO_STR),
    UKKO_FIELD(ukko_backpressure, high, UKKO_BOOL),
    UKKO_FIELD(ukko_backpressure, bytes, UKKO_I64),
    UKKO_FIELD(ukko_backpressure, messages, UKKO_I64),
    UKKO_FIELD(ukko_backpressure, mark_bytes, UKKO_I64)};
const ukko_type ukko_backpressure_type = {
    sizeof(ukko_type), sizeof(ukko_backpressure), "BackpressureEvent",
    "ukko.remote.BackpressureEvent", NULL, UKKO_SER_LOCAL, 0,
    sizeof backpressure_fields / sizeof *backpressure_fields, backpressure_fields, NULL, NULL};

/* ---- limits ---- */

bool uk_marks_full(const uk_peer *p, size_t pending, size_t bytes, bool kept, char *why,
                   size_t len) {
    const uk_remote_settings *s = &p->remote->set;
    size_t waits = pending + (kept ? p->kept_bytes : 0);
    if (kept && p->n_kept >= s->queue_messages) {
        snprintf(why, len,
                 "the send queue to this address is full: %zu messages wait for a connection "
                 "(ukko.remote.send-queue.max-messages)", p->n_kept);
        return true;
    }
    if (bytes <= s->queue_bytes && waits <= s->queue_bytes - bytes) return false;
    snprintf(why, len,
             "the send queue to this address is full: %zu bytes wait and %zu would be added to at "
             "most %zu (ukko.remote.send-queue.max-bytes)", waits, bytes, s->queue_bytes);
    return true;
}

/* ---- marks ---- */

void uk_marks_look(uk_peer *p, size_t pending) {
    const uk_stream_opts *o = &p->transport->stream_opts;
    size_t waits = p->kept_bytes + pending;
    bool above = p->above ? waits > o->low_mark : waits > o->high_mark;
    if (above == p->above) return;
    p->above = above;
    p->crossed_bytes = waits;
    p->crossed_messages = p->n_kept;
    uk_peer_wake(p, UK_TODO_MARKS);
}

/* Under the lock. */
static size_t pending_of(uk_peer *p) { return p->out ? uk_stream_pending(p->out) : 0; }

void uk_marks_drained(uk_conn *c) {
    uk_peer *p = c->peer;
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    if (p->out_conn == c) uk_marks_look(p, pending_of(p));
    pthread_mutex_unlock(&p->lock);
}

/* Always from the I/O thread, so that the events come in order; what was only for a moment is left
   out. */
void uk_marks_tell(uk_peer *p) {
    const uk_stream_opts *o = &p->transport->stream_opts;
    ukko_backpressure ev = {.local = p->transport->address, .remote = p->address};
    pthread_mutex_lock(&p->lock);
    bool news = p->above != p->told_above;
    p->told_above = ev.high = p->above;
    ev.bytes = (int64_t)p->crossed_bytes; /* the kernel may have taken some since */
    ev.messages = (int64_t)p->crossed_messages;
    pthread_mutex_unlock(&p->lock);
    ev.mark_bytes = (int64_t)(ev.high ? o->high_mark : o->low_mark);
    if (!news) return;
    uk_flight_of(p->remote, p, UKKO_FLIGHT_MARK, ev.bytes, ev.high, NULL);
    ukko_publish(p->remote->sys, &ukko_backpressure_type, &ev);
}

bool uk_marks_stuck(uk_conn *c) {
    return c->stream && uk_stream_pending(c->stream) > c->transport->stream_opts.high_mark;
}

/* ---- sending that tells ---- */

static int refuse(uk_peer *p, size_t bytes, ukko_error *err) {
    char why[300];
    pthread_mutex_lock(&p->lock);
    /* relaxed: the lock orders it */
    uk_out_mode mode = atomic_load_explicit(&p->mode, memory_order_relaxed);
    bool kept = mode == UK_OUT_WAKE || mode == UK_OUT_KEEP;
    bool gone = mode == UK_OUT_GATE || mode == UK_OUT_DEAD;
    bool full = !gone && uk_marks_full(p, kept ? 0 : pending_of(p), bytes, kept, why, sizeof why);
    const char *reason = p->dead_reason;
    pthread_mutex_unlock(&p->lock);
    if (full) return uk_error(err, UKKO_EBUSY, "%s: %s", p->address, why);
    if (!gone) return UKKO_OK;
    bool down = atomic_load_explicit(&p->remote->down, memory_order_relaxed); /* as in internal.h */
    return uk_error(err, down ? UKKO_ESTOPPED : UKKO_EGATED, "%s: %s", p->address, reason);
}

int uk_send_try(ukko_ref *to, uk_peer *p, ukko_msg *msg, ukko_ref *sender, ukko_error *err) {
    ukko_error why = {0};
    size_t bytes;
    int rc = uk_send_size(p, to, msg, sender, &bytes, &why);
    if (rc == UKKO_ETOOBIG && why.message[0] >= '0' && why.message[0] <= '9')
        uk_error(err, rc, "a message of class %s to %s takes %s bytes, at most %zu are allowed (%s."
                 "maximum-frame-size)", ukko_msg_class(msg), ukko_ref_path(to), why.message,
                 p->transport->set->max_frame, p->transport->set->path);
    else if (rc)
        uk_error(err, rc, "a message of class %s to %s cannot be written: %s", ukko_msg_class(msg),
                 ukko_ref_path(to), why.message[0] ? why.message : ukko_strerror(rc));
    else rc = refuse(p, bytes, err);
    if (rc) ukko_msg_release(msg);
    else uk_send_message(to, p, msg, sender);
    return rc;
}
