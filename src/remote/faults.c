/* SPDX-License-Identifier: Apache-2.0 */
/* The filter that injects faults. It cuts the frames of both directions and lets each pass, wait or
   vanish, as the table says for the peer. Filters run on the I/O thread; the table is shared with the
   threads that set faults. Lock: `lock` of the table; leaf. */
#include "remote/faults.h"
#include "actor/provider.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/os.h"
#include "remote/faults_table.h"
#include "remote/frame.h"
#include "remote/wire.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HELD_MAX = 1 << 20 };

/* ---- token bucket ---- */

void uk_bucket_init(uk_bucket *b, double per_second, double capacity, int64_t now) {
    *b = (uk_bucket){per_second / 1000, capacity, capacity, now};
}
static double filled(const uk_bucket *b, int64_t now) {
    double t = b->tokens + (double)(now - b->at_ms) * b->per_ms;
    return t < b->capacity ? t : b->capacity;
}
static double needed(const uk_bucket *b, size_t n) {
    return (double)n < b->capacity ? (double)n : b->capacity;
}
bool uk_bucket_take(uk_bucket *b, size_t n, int64_t now) {
    double t = filled(b, now);
    if (t < needed(b, n)) return false;
    b->tokens = t - (double)n;
    b->at_ms = now;
    return true;
}
int64_t uk_bucket_wait(const uk_bucket *b, size_t n, int64_t now) {
    double lack = needed(b, n) - filled(b, now);
    return lack <= 0 ? 0 : (int64_t)ceil(lack / b->per_ms);
}

/* ---- the filter ---- */

typedef struct side { /* one direction */
    uk_bucket bucket;
    uint64_t version; /* of the fault it was made for */
    uk_fault_mode mode;
} side;

typedef struct fault_filter {
    uk_filter f;
    uk_faults *faults;
    uk_filter *inner;
    char *peer; /* NULL: not known yet */
    size_t max_frame;
    ukko_system *sys;
    bool debug;
    uk_loop *loop;
    uk_stream *stream;
    side out, in;
    uk_buf raw;  /* frames that came in and are not whole yet */
    uk_buf held; /* whole frames that wait */
    bool paused; /* the socket is not read meanwhile */
    uk_alarm wake;
} fault_filter;

static fault_filter *of(uk_filter *f) { return (fault_filter *)(void *)f; }

typedef enum fate { PASS, WAIT, VANISH } fate;

static fate decide(fault_filter *x, side *s, int way, size_t n, int64_t *wait) {
    uk_fault_view v;
    int64_t now = uk_now_ms();
    if (!x->peer || !uk_faults_look(x->faults, x->peer, way, &v)) return PASS;
    if (v.version != s->version) {
        s->version = v.version;
        s->mode = v.mode;
        uk_bucket_init(&s->bucket, v.per_second, v.burst, now);
    }
    if (v.mode == UK_FAULT_BLACKHOLE || v.lose) return VANISH;
    if (v.mode != UK_FAULT_THROTTLE || uk_bucket_take(&s->bucket, n, now)) return PASS;
    *wait = uk_bucket_wait(&s->bucket, n, now);
    return WAIT;
}

static void log_loss(fault_filter *x, const char *way, ukko_slice body) {
    uk_pdu pdu;
    if (!x->debug) return;
    uk_log(x->sys, UKKO_LOG_DEBUG, "remoting",
           "org.apache.pekko.remote.transport.FailureInjectorTransportAdapter", NULL, NULL,
           "Dropping %s [%s] for [%s]", way,
           uk_pdu_decode(body, &pdu) ? "?" : uk_pdu_name(pdu.kind), x->peer);
}

static void come_back(fault_filter *x, int64_t ms) {
    if (!x->wake.slot || x->wake.at_ms > uk_loop_now(x->loop) + ms)
        uk_alarm_start(x->loop, &x->wake, ms);
}

static void on_wake(uk_alarm *a) {
    fault_filter *x = (fault_filter *)(void *)((char *)a - offsetof(fault_filter, wake));
    uk_stream_kick(x->stream);
}

/* ---- out ---- */

static int pass_out(fault_filter *x, const uint8_t *p, size_t n, uk_buf *cipher) {
    if (!x->inner) {
        uk_buf_put(cipher, p, n);
        return UKKO_OK;
    }
    while (n) {
        size_t used = 0;
        int rc = x->inner->out(x->inner, p, n, &used, cipher);
        if (rc < 0) return rc;
        p += used;
        n -= used;
    }
    return UKKO_OK;
}

static int filter_out(uk_filter *f, const uint8_t *bytes, size_t n, size_t *used, uk_buf *cipher) {
    fault_filter *x = of(f);
    while (n - *used >= UK_FRAME_HEADER) {
        const uint8_t *p = bytes + *used;
        size_t len = uk_frame_length(p), whole = len + UK_FRAME_HEADER;
        int64_t wait = 0;
        if (whole > n - *used) break;
        fate what = len ? decide(x, &x->out, UKKO_FAULT_SEND, whole, &wait) : PASS;
        if (what == WAIT) {
            come_back(x, wait);
            return UKKO_OK;
        }
        int rc = what == PASS ? pass_out(x, p, whole, cipher) : UKKO_OK;
        if (rc < 0) return rc;
        if (what == VANISH) log_loss(x, "outbound", (ukko_slice){p + UK_FRAME_HEADER, len});
        *used += whole;
    }
    return UKKO_OK;
}

/* ---- in ---- */

/* A peer that dials in says who it is. */
static void learn_peer(fault_filter *x, ukko_slice body) {
    uk_pdu pdu;
    if (x->peer || uk_pdu_decode(body, &pdu) || pdu.kind != UK_PDU_ASSOCIATE) return;
    ukko_slice host = pdu.origin.host;
    bool bare6 = host.len && *host.ptr != '[' && memchr(host.ptr, ':', host.len);
    x->peer = uk_format("%s%.*s%s:%u", bare6 ? "[" : "", (int)host.len, (const char *)host.ptr,
                        bare6 ? "]" : "", pdu.origin.port);
}

static bool is_dark(fault_filter *x) {
    uk_fault_view v;
    return uk_faults_look(x->faults, x->peer, UKKO_FAULT_RECEIVE, &v) &&
           v.mode == UK_FAULT_BLACKHOLE;
}

/* Reads no more while much waits, so that the sender's socket fills up. */
static void pace(fault_filter *x) {
    bool pause = x->held.len > HELD_MAX;
    if (pause == x->paused) return;
    x->paused = pause;
    uk_stream_resume(x->stream, !pause);
}

/* What waits goes first. */
static void release_held(fault_filter *x, uk_buf *plain) {
    size_t at = 0;
    int64_t wait = 0;
    fate what = PASS;
    while (at < x->held.len && what != WAIT) {
        const uint8_t *p = x->held.ptr + at;
        size_t whole = uk_frame_length(p) + UK_FRAME_HEADER;
        what = decide(x, &x->in, UKKO_FAULT_RECEIVE, whole, &wait);
        if (what == WAIT) break;
        if (what == PASS) uk_buf_put(plain, p, whole);
        at += whole;
    }
    if (at) memmove(x->held.ptr, x->held.ptr + at, x->held.len - at);
    x->held.len -= at;
    if (x->held.len) come_back(x, wait);
    pace(x);
}

static void take_frame(fault_filter *x, const uint8_t *p, size_t whole, uk_buf *plain) {
    ukko_slice body = {p + UK_FRAME_HEADER, whole - UK_FRAME_HEADER};
    int64_t wait = 0;
    if (!body.len) {
        if (!x->held.len) uk_buf_put(plain, p, whole);
        return;
    }
    learn_peer(x, body);
    fate what = x->held.len ? WAIT : decide(x, &x->in, UKKO_FAULT_RECEIVE, whole, &wait);
    if (what == PASS) uk_buf_put(plain, p, whole);
    if (what == VANISH) log_loss(x, "inbound", body);
    if (what != WAIT) return;
    if (!x->held.len) come_back(x, wait);
    uk_buf_put(&x->held, p, whole);
}

/* A length that is too large is the cutter's to complain about. */
static bool is_nonsense(const fault_filter *x) {
    return x->raw.len >= UK_FRAME_HEADER &&
           (size_t)uk_frame_length(x->raw.ptr) + UK_FRAME_HEADER > x->max_frame;
}

static int take_frames(fault_filter *x, uk_buf *plain, const char **why) {
    size_t at = 0;
    bool known = x->peer;
    while (x->raw.len - at >= UK_FRAME_HEADER) {
        size_t whole = (size_t)uk_frame_length(x->raw.ptr + at) + UK_FRAME_HEADER;
        if (whole > x->max_frame || whole > x->raw.len - at) break;
        take_frame(x, x->raw.ptr + at, whole, plain);
        at += whole;
        if (!known && x->peer && is_dark(x)) {
            *why = "the association was blackholed (a fault was injected)";
            return UKKO_EIO;
        }
    }
    memmove(x->raw.ptr, x->raw.ptr + at, x->raw.len - at);
    x->raw.len -= at;
    if (is_nonsense(x)) {
        uk_buf_put(plain, x->raw.ptr, x->raw.len);
        x->raw.len = 0;
    }
    pace(x);
    return UKKO_OK;
}

static int filter_in(uk_filter *f, const uint8_t *bytes, size_t n, uk_buf *plain, uk_buf *cipher,
                     bool *up, const char **why) {
    fault_filter *x = of(f);
    int rc = UKKO_OK;
    if (!x->inner) {
        uk_buf_put(&x->raw, bytes, n);
        *up = true;
    } else {
        rc = x->inner->in(x->inner, bytes, n, &x->raw, cipher, up, why);
    }
    if (x->held.len) release_held(x, plain);
    int bad = x->raw.len ? take_frames(x, plain, why) : UKKO_OK;
    return rc < 0 ? rc : bad;
}

/* ---- life ---- */

static void filter_bye(uk_filter *f, uk_buf *cipher) {
    fault_filter *x = of(f);
    if (x->inner && x->inner->bye) x->inner->bye(x->inner, cipher);
}

static const char *filter_stuck(uk_filter *f) {
    fault_filter *x = of(f);
    return x->inner && x->inner->stuck ? x->inner->stuck(x->inner) : NULL;
}

static void filter_ended(uk_filter *f) {
    fault_filter *x = of(f);
    uk_alarm_stop(x->loop, &x->wake);
    if (x->inner && x->inner->ended) x->inner->ended(x->inner);
}

static void filter_free(uk_filter *f) {
    fault_filter *x = of(f);
    if (x->inner) x->inner->free(x->inner);
    uk_buf_fini(&x->raw);
    uk_buf_fini(&x->held);
    uk_free(x->peer);
    uk_free(x);
}

uk_filter *uk_fault_filter(uk_faults *faults, uk_filter *inner, const char *peer, size_t max_frame,
                           ukko_system *sys, bool debug) {
    fault_filter *x = uk_zalloc(sizeof *x);
    x->f = (uk_filter){.in = filter_in, .out = filter_out, .bye = filter_bye,
                       .stuck = filter_stuck, .free = filter_free, .ended = filter_ended};
    x->faults = faults;
    x->inner = inner;
    x->peer = peer ? uk_strdup(peer) : NULL;
    x->max_frame = max_frame;
    x->sys = sys;
    x->debug = debug;
    x->wake.fire = on_wake;
    return &x->f;
}

void uk_fault_filter_attach(uk_filter *f, uk_loop *loop, uk_stream *s) {
    of(f)->loop = loop;
    of(f)->stream = s;
}
