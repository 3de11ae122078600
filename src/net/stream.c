/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection over a poll handle. The loop's thread reads, and writes what did not fit; senders
   write on their own thread while the socket takes it.
   Locks: `lock` of each stream guards everything in its second part; no other lock is taken under
   it. `writing` is the right to use `wr` and to call send(): taken and given back under the lock,
   held without it. */
#include "net/stream.h"
#include "base/mem.h"
#include "net/chunks.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* More is not in the first two caches any more when it is decoded; less is more calls. */
enum { READ_SIZE = 128 * 1024, LAST_READS = 1024, WRITE_ROUNDS = 16 };
enum { KEEP_BUFFER = 64 * 1024, CIPHER_AHEAD = 64 * 1024 };

struct uk_stream {
    uv_poll_t poll;
    uk_loop *loop;
    uk_stream *next, **prev; /* loop only: those that have not ended */
    _Atomic uint32_t refs; /* relaxed up, acq_rel down: the last one sees all */
    const uk_stream_events *ev;
    void *owner;
    uk_filter *filter;
    size_t max_unread, low_mark, high_mark;
    size_t want;            /* loop only: see uk_stream_want() */
    uk_buf in;              /* loop only: what data() left */
    int events;             /* loop only: what the poll handle waits for; 0: stopped */
    bool reading, finished, draining, busy, filter_up, said_bye;
    bool in_read;           /* loop only: bytes are being read and handed on, further down the stack */
    uk_alarm linger;
    uk_task wake;
    uk_task turn; /* loop only: it is to be read from in one of the next rounds */
    bool turn_waits;
    _Atomic uint64_t *meter; /* set before others send; NULL: nobody counts */
    char peer[64];
    /* under lock */
    pthread_mutex_t lock;
    int fd; /* -1: closed */
    uk_chunks out;
    uk_buf wr; /* with `writing` */
    size_t wr_at;
    uk_buf plain; /* with a filter: what it takes next, from plain_at on */
    size_t plain_at;
    size_t pending; /* bytes in out and wr that the socket has not taken */
    uint64_t taken; /* bytes that it has */
    bool above;     /* more than high_mark waited; not yet told that they have drained */
    bool writing, wake_posted, dead, want_close, broken;
};

const char *uk_stream_peer(const uk_stream *s) { return s->peer; }
const char *uk_stream_stuck(const uk_stream *s) {
    return s->filter ? s->filter->stuck(s->filter) : NULL;
}
uk_filter *uk_stream_filter(uk_stream *s) { return s->filter; }

static void on_poll(uv_poll_t *h, int status, int events);
static void run_wake(uk_task *t);
static void run_turn(uk_task *t);
static void end(uk_stream *s, const char *error);
static void decrypt(uk_stream *s, const uint8_t *p, size_t n);
static void broke(uk_stream *s);

#define STREAM_OF(ptr, member) ((uk_stream *)((char *)(ptr) - offsetof(uk_stream, member)))

static void poll_for(uk_stream *s, int events) {
    if (s->dead || s->events == events) return;
    s->events = events;
    if (events) uv_poll_start(&s->poll, events, on_poll);
    else uv_poll_stop(&s->poll);
}

static void set_options(int fd, const uk_stream_opts *o) {
    int on = 1;
    if (o->nodelay) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (o->keepalive) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (o->send_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &o->send_buffer, sizeof o->send_buffer);
    if (o->receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &o->receive_buffer, sizeof o->receive_buffer);
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

static void name_peer(uk_stream *s, int fd) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN] = "?";
    int port = 0;
    if (!getpeername(fd, (struct sockaddr *)&a, &n)) {
        if (a.ss_family == AF_INET) {
            inet_ntop(AF_INET, &((struct sockaddr_in *)&a)->sin_addr, host, sizeof host);
            port = ntohs(((struct sockaddr_in *)&a)->sin_port);
        } else if (a.ss_family == AF_INET6) {
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&a)->sin6_addr, host, sizeof host);
            port = ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
        }
    }
    snprintf(s->peer, sizeof s->peer, "/%s:%d", host, port);
}

uk_stream *uk_stream_new(uk_loop *loop, int fd, const uk_stream_opts *opts,
                         const uk_stream_events *ev, void *owner) {
    uk_stream *s = uk_zalloc(sizeof *s);
    s->loop = loop;
    atomic_store_explicit(&s->refs, 2, memory_order_relaxed); /* the caller's and the handle's */
    s->ev = ev;
    s->owner = owner;
    s->max_unread = opts->max_unread;
    s->low_mark = opts->low_mark;
    s->high_mark = opts->high_mark;
    s->fd = fd;
    s->wake.run = run_wake;
    s->turn.run = run_turn;
    pthread_mutex_init(&s->lock, NULL);
    set_options(fd, opts);
    name_peer(s, fd);
    uv_poll_init_socket(uk_loop_uv(loop), &s->poll, fd);
    s->poll.data = s;
    uk_stream **list = uk_loop_streams(loop);
    s->next = *list;
    s->prev = list;
    if (s->next) s->next->prev = &s->next;
    *list = s;
    ++*uk_loop_stream_count(loop);
    return s;
}

uk_stream *uk_stream_retain(uk_stream *s) {
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void uk_stream_release(uk_stream *s) {
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    assert(s->fd < 0);
    if (s->filter) s->filter->free(s->filter);
    uk_buf_fini(&s->in);
    uk_chunks_fini(&s->out);
    uk_chunk_done(&s->wr, 0);
    uk_chunk_done(&s->plain, 0);
    pthread_mutex_destroy(&s->lock);
    uk_free(s);
}

void uk_stream_resume(uk_stream *s, bool reading) {
    s->reading = reading;
    poll_for(s, reading ? s->events | UV_READABLE : s->events & ~UV_READABLE);
}

/* ---- writing ---- */

static void close_fd(uk_stream *s) { /* under lock, nobody writing */
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

static void trim(uk_buf *b) { uk_chunk_done(b, KEEP_BUFFER); }

/* What waits longest, into a buffer whose bytes are done. */
static void next_chunk(uk_stream *s, uk_buf *b) {
    if (uk_chunks_empty(&s->out)) return;
    uk_chunk_done(b, 0);
    *b = uk_chunks_next(&s->out);
}

/* Gives wr to the socket. Holds `writing`, not the lock. true: all of it went, *taken bytes. */
static bool write_some(uk_stream *s, bool *broken, size_t *taken) {
    *taken = 0;
    while (s->wr_at < s->wr.len) {
        ssize_t n = send(s->fd, s->wr.ptr + s->wr_at, s->wr.len - s->wr_at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            *broken = errno != EAGAIN && errno != EWOULDBLOCK;
            return false;
        }
        s->wr_at += (size_t)n;
        *taken += (size_t)n;
    }
    trim(&s->wr);
    s->wr_at = 0;
    return true;
}

/* Under lock, nobody writing: writes what waits until the socket is full. true: nothing is left. */
static bool flush(uk_stream *s) {
    for (int round = 0; round < WRITE_ROUNDS && !s->dead && !s->broken; round++) {
        if (!s->wr.len) next_chunk(s, &s->wr);
        if (!s->wr.len) return true;
        s->writing = true;
        pthread_mutex_unlock(&s->lock);
        bool broken = false;
        size_t taken;
        bool all = write_some(s, &broken, &taken);
        pthread_mutex_lock(&s->lock);
        s->pending -= taken;
        s->taken += taken;
        s->writing = false;
        s->broken |= broken;
        if (s->want_close) close_fd(s);
        if (!all) return false;
    }
    return !s->wr.len && uk_chunks_empty(&s->out);
}

static void post_wake(uk_stream *s) { /* under lock */
    if (s->wake_posted || s->dead) return;
    s->wake_posted = true;
    uk_stream_retain(s);
    uk_loop_post(s->loop, &s->wake);
}

void uk_stream_meter(uk_stream *s, _Atomic uint64_t *meter) { s->meter = meter; }

/* Under lock: n more bytes wait. */
static void count_pending(uk_stream *s, size_t n) {
    s->pending += n;
    if (s->high_mark && s->pending > s->high_mark) s->above = true;
}

/* Nobody writes and nothing waits: straight into the socket. Under lock, and in the end again. */
static void send_now(uk_stream *s, uk_buf *b) {
    size_t n = b->len;
    s->writing = true;
    pthread_mutex_unlock(&s->lock);
    ssize_t sent = send(s->fd, b->ptr, n, MSG_NOSIGNAL);
    bool broken = sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    size_t left = broken || sent == (ssize_t)n ? 0 : n - (sent > 0 ? (size_t)sent : 0);
    if (left) {
        uk_chunk_move(&s->wr, b);
        s->wr_at = n - left;
    }
    pthread_mutex_lock(&s->lock);
    s->writing = false;
    s->broken |= broken;
    if (sent > 0) s->taken += (uint64_t)sent;
    if (left) count_pending(s, left);
    if (s->want_close) close_fd(s);
    /* others may have queued behind us; only they see a full socket */
    if (!s->dead && (s->broken || s->wr.len || (!uk_chunks_empty(&s->out) && !flush(s)))) post_wake(s);
}

uk_sent uk_stream_send_within(uk_stream *s, uk_buf *b, size_t max, size_t *pending) {
    uk_sent result = UK_SENT;
    size_t n = b->len;
    /* relaxed: a sum that nothing is concluded from */
    if (s->meter) atomic_fetch_add_explicit(s->meter, n, memory_order_relaxed);
    pthread_mutex_lock(&s->lock);
    if (s->dead || s->broken) {
        result = UK_SENT_ENDED;
    } else if (s->pending > max || n > max - s->pending) {
        result = UK_SENT_FULL;
    } else if (s->writing || s->wake_posted || s->wr.len || !uk_chunks_empty(&s->out) ||
               s->filter) {
        uk_chunks_give(&s->out, b);
        count_pending(s, n);
        if (!s->writing && !s->wr.len) post_wake(s);
    } else {
        send_now(s, b);
    }
    /* whoever drained it, the loop tells of it */
    if (s->above && s->pending <= s->low_mark) post_wake(s);
    *pending = s->pending;
    pthread_mutex_unlock(&s->lock);
    return result;
}

bool uk_stream_send(uk_stream *s, const void *bytes, size_t n) {
    size_t pending;
    uk_buf lent = {(uint8_t *)(uintptr_t)bytes, n, 0}; /* without memory of its own it is copied */
    return uk_stream_send_within(s, &lent, SIZE_MAX, &pending) == UK_SENT;
}

uint64_t uk_stream_taken(uk_stream *s, size_t *pending) {
    pthread_mutex_lock(&s->lock);
    uint64_t taken = s->taken;
    *pending = s->pending;
    pthread_mutex_unlock(&s->lock);
    return taken;
}

size_t uk_stream_pending(uk_stream *s) {
    pthread_mutex_lock(&s->lock);
    size_t n = s->pending;
    pthread_mutex_unlock(&s->lock);
    return n;
}

int64_t uk_stream_round_trip(uk_stream *s) {
    int64_t us = -1;
#if defined(TCP_INFO) && defined(__linux__)
    struct tcp_info info;
    socklen_t len = sizeof info;
    pthread_mutex_lock(&s->lock);
    if (s->fd >= 0 && !getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
        len >= offsetof(struct tcp_info, tcpi_rtt) + sizeof info.tcpi_rtt && info.tcpi_rtt)
        us = info.tcpi_rtt;
    pthread_mutex_unlock(&s->lock);
#else
    (void)s;
#endif
    return us;
}

bool uk_stream_ended(uk_stream *s) {
    pthread_mutex_lock(&s->lock);
    bool ended = s->dead;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

size_t uk_stream_unsent(uk_stream *s, uk_buf *out) {
    pthread_mutex_lock(&s->lock);
    size_t at = 0;
    if (!s->writing && !s->filter) {
        uk_buf_put(out, s->wr.ptr, s->wr.len);
        at = s->wr_at;
    } else if (s->filter) {
        uk_buf_put(out, s->plain.ptr, s->plain.len);
        at = s->plain_at;
        uk_buf_clear(&s->plain);
        s->plain_at = 0;
    }
    while (!uk_chunks_empty(&s->out)) {
        uk_buf b = uk_chunks_next(&s->out);
        uk_buf_put(out, b.ptr, b.len);
        uk_chunk_done(&b, 0);
    }
    if (!s->writing) {
        uk_buf_clear(&s->wr);
        s->wr_at = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return at;
}

/* Loop, under lock: plain bytes that wait become cipher bytes in wr, though not many before the socket
   takes them: what is left can still become a dead letter. false: the filter wants no more now. */
static bool encrypt(uk_stream *s) {
    while (s->filter_up && !s->broken) {
        if (s->plain_at == s->plain.len) {
            trim(&s->plain);
            next_chunk(s, &s->plain);
            s->plain_at = 0;
        }
        size_t n = s->plain.len - s->plain_at, used = 0;
        if (!n || s->wr.len - s->wr_at >= CIPHER_AHEAD) return true;
        if (s->filter->out(s->filter, s->plain.ptr + s->plain_at, n, &used, &s->wr) < 0)
            s->broken = true;
        s->plain_at += used;
        if (!used) return false;
    }
    return true;
}
static bool said_all(const uk_stream *s) {
    return uk_chunks_empty(&s->out) && s->plain_at == s->plain.len;
}
/* Loop, under lock: all was said, so the filter says its last words. */
static void say_bye(uk_stream *s) {
    if (!s->finished || s->said_bye || !said_all(s) || !s->filter->bye) return;
    s->said_bye = true;
    s->filter->bye(s->filter, &s->wr);
}

/* Loop, under lock, through the filter. true: bytes are left that the socket does not take now. */
static bool filter_flush(uk_stream *s) {
    bool all = true, more = true, broken = false;
    size_t taken;
    for (int round = 0; round < WRITE_ROUNDS && all && more && !s->broken; round++) {
        bool wants = encrypt(s);
        say_bye(s);
        s->writing = true; /* only here: with a filter all writing is the loop's */
        all = write_some(s, &broken, &taken);
        s->taken += taken;
        s->writing = false;
        s->broken |= broken;
        more = wants && s->filter_up && !said_all(s);
    }
    s->pending = s->out.bytes + s->plain.len - s->plain_at + s->wr.len - s->wr_at;
    return !all || more;
}

/* Loop: writes what waits and arranges to be called for the rest. */
static void loop_flush(uk_stream *s) {
    pthread_mutex_lock(&s->lock);
    if (s->dead || s->writing) { /* the writer looks again when it is done */
        pthread_mutex_unlock(&s->lock);
        return;
    }
    bool left = s->filter ? filter_flush(s) : !flush(s), broken = s->broken;
    if (s->writing) left = false;
    bool drained = s->above && s->pending <= s->low_mark;
    if (drained) s->above = false;
    bool done = !left && s->finished && !s->draining && !s->writing && !s->wr.len && said_all(s);
    if (done && !s->dead) {
        s->draining = true;
        shutdown(s->fd, SHUT_WR);
    }
    pthread_mutex_unlock(&s->lock);
    if (broken) broke(s);
    else if (drained && !s->finished && s->ev->drained) s->ev->drained(s->owner);
    if (!broken) poll_for(s, left ? s->events | UV_WRITABLE : s->events & ~UV_WRITABLE);
}

void uk_stream_kick(uk_stream *s) {
    if (s->dead || !s->filter) return;
    uk_stream_retain(s);
    decrypt(s, NULL, 0);
    if (!s->dead) loop_flush(s);
    uk_stream_release(s);
}

static void run_wake(uk_task *t) {
    uk_stream *s = STREAM_OF(t, wake);
    pthread_mutex_lock(&s->lock);
    s->wake_posted = false;
    pthread_mutex_unlock(&s->lock);
    loop_flush(s);
    uk_stream_release(s);
}

/* ---- reading ---- */

/* Hands plain bytes to the owner; keeps what it leaves. The bytes lie in the loop's scratch. */
static void give(uk_stream *s, const uint8_t *p, size_t n) {
    if (s->finished) return;
    s->busy = true;
    s->want = 0;
    size_t used = s->ev->data(s->owner, p, n);
    s->busy = false;
    if (s->dead || s->finished) return;
    uk_buf_clear(&s->in);
    if (used < n) uk_buf_put(&s->in, p + used, n - used);
    else trim(&s->in);
    if (s->in.len > s->max_unread) end(s, "too many bytes without a whole frame");
}

/* Bytes that complete nothing are only put aside: a peer that sends a large frame byte by byte must
   not make us carry its beginning about each time. */
static bool put_aside(uk_stream *s, const uint8_t *p, size_t n) {
    if (s->in.len + n >= s->want || s->in.len + n > s->max_unread) return false;
    if (!s->finished) uk_buf_put(&s->in, p, n);
    return true;
}

void uk_stream_want(uk_stream *s, size_t bytes) { s->want = bytes; }
size_t uk_stream_unread(const uk_stream *s) { return s->in.len; }

/* plain: what was left before, when `led` says so, and what the filter gave since. */
static void give_plain(uk_stream *s, uk_buf *plain, size_t led) {
    size_t kept = s->in.len;
    if (put_aside(s, plain->ptr + led, plain->len - led)) return;
    if (kept > led) {
        uk_buf_reserve(plain, kept);
        memmove(plain->ptr + kept, plain->ptr, plain->len);
        memcpy(plain->ptr, s->in.ptr, kept);
        plain->len += kept;
    }
    give(s, plain->ptr, plain->len);
}

/* n more bytes of the socket may complete what is wanted: so what was left goes in front. */
static size_t lead(uk_stream *s, uk_buf *plain, size_t n) {
    if (!s->in_read || !s->in.len || s->finished || s->in.len + n < s->want) return 0;
    uk_buf_put(plain, s->in.ptr, s->in.len);
    return s->in.len;
}

static void decrypt(uk_stream *s, const uint8_t *p, size_t n) {
    uk_buf plain = uk_loop_buf(s->loop), cipher = {0};
    const char *why = "TLS failure";
    bool was_up = s->filter_up;
    size_t led = lead(s, &plain, n);
    int rc = s->filter->in(s->filter, p, n, &plain, &cipher, &s->filter_up, &why);
    pthread_mutex_lock(&s->lock);
    if (!s->dead) uk_buf_put(&s->wr, cipher.ptr, cipher.len);
    pthread_mutex_unlock(&s->lock);
    uk_stream_retain(s);
    if (cipher.len || s->filter_up != was_up) loop_flush(s);
    if (!s->dead && plain.len > led) give_plain(s, &plain, led);
    if (rc < 0 && !s->dead) end(s, why);
    uk_loop_buf_back(s->loop, &plain);
    uk_stream_release(s);
    uk_buf_fini(&cipher);
}

void uk_stream_set_filter(uk_stream *s, uk_filter *f) {
    s->filter = f;
    decrypt(s, NULL, 0);
}

/* One read: 2 there may be more, 1 a short one, 0 nothing for now, -1 this was the end. */
static int read_once(uk_stream *s) {
    size_t kept = s->filter ? 0 : s->in.len;
    uint8_t *b = uk_loop_scratch(s->loop, s->max_unread + READ_SIZE) + s->max_unread;
    ssize_t n = recv(s->fd, b, READ_SIZE, 0);
    if (n > 0) uk_loop_brought(s->loop, (size_t)n);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    if (n < 0 && errno == EINTR) return 2;
    if (n <= 0) {
        if (s->finished) uk_stream_close(s);
        else end(s, uk_stream_stuck(s) ? uk_stream_stuck(s) : n ? strerror(errno) : NULL);
        return -1;
    }
    if (s->finished) return 2; /* only looking for the end */
    if (s->filter) {
        decrypt(s, b, (size_t)n);
    } else if (!put_aside(s, b, (size_t)n)) {
        if (kept) memcpy(b - kept, s->in.ptr, kept);
        give(s, b - kept, kept + (size_t)n);
    }
    return s->dead ? -1 : n == READ_SIZE ? 2 : 1;
}
static bool is_broken(uk_stream *s) {
    pthread_mutex_lock(&s->lock);
    bool broken = s->broken;
    pthread_mutex_unlock(&s->lock);
    return broken;
}
/* Reads what there is, as long as this round and the others have room. */
static void take_turn(uk_stream *s) {
    if (s->turn_waits) return;
    int more = 2;
    s->in_read = true;
    while (more == 2 && !s->dead && (s->reading || s->finished) && !uk_loop_brought(s->loop, 0))
        more = read_once(s);
    s->in_read = false;
    if (more != 2 || s->dead || !(s->reading || s->finished)) return;
    s->turn_waits = true;
    uk_stream_retain(s);
    uk_loop_later(s->loop, &s->turn);
}
static void run_turn(uk_task *t) {
    uk_stream *s = STREAM_OF(t, turn);
    s->turn_waits = false;
    take_turn(s);
    if (!s->dead && is_broken(s)) broke(s);
    uk_stream_release(s);
}
/* Reads while a read gives at least `enough`: 2 takes a short read for the last one. */
static void read_round(uk_stream *s, int reads, int enough) {
    s->in_read = true;
    for (int i = 0; i < reads && !s->dead && (s->reading || s->finished); i++)
        if (read_once(s) < enough) break;
    s->in_read = false;
}
/* The socket takes no more bytes. What the peer said before that is still to be heard. */
static void broke(uk_stream *s) {
    if (s->in_read) return; /* looked at again when that is done */
    read_round(s, LAST_READS, 1);
    if (s->dead) return;
    if (s->finished) uk_stream_close(s);
    else end(s, "Connection reset by peer");
}

static void on_poll(uv_poll_t *h, int status, int events) {
    uk_stream *s = h->data;
    int before = s->events;
    uk_stream_retain(s);
    if (status < 0) { /* libuv has stopped to look: a reset may lie behind what is to be read */
        events = UV_READABLE | UV_WRITABLE;
        s->events = 0;
    }
    if (events & UV_WRITABLE) loop_flush(s);
    if (events & UV_READABLE) take_turn(s);
    if (!s->dead && is_broken(s)) broke(s);
    if (status < 0 && (s->reading || s->finished)) poll_for(s, s->events | before);
    uk_stream_release(s);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *h) { uk_stream_release(h->data); }

static void stop_handle(uk_stream *s) {
    uk_alarm_stop(s->loop, &s->linger);
    pthread_mutex_lock(&s->lock);
    bool first = !s->dead;
    s->dead = true;
    pthread_mutex_unlock(&s->lock);
    if (!first) return;
    if (s->filter && s->filter->ended) s->filter->ended(s->filter);
    *s->prev = s->next;
    --*uk_loop_stream_count(s->loop);
    if (s->next) s->next->prev = s->prev;
    uv_poll_stop(&s->poll);
    uv_close((uv_handle_t *)&s->poll, on_closed);
    pthread_mutex_lock(&s->lock);
    if (s->writing) {
        s->want_close = true; /* the writer closes */
        shutdown(s->fd, SHUT_RDWR);
    } else {
        close_fd(s);
    }
    pthread_mutex_unlock(&s->lock);
}

static void end(uk_stream *s, const char *error) {
    if (s->dead) return;
    uk_stream_retain(s);
    stop_handle(s);
    s->ev->closed(s->owner, error);
    uk_stream_release(s);
}

void uk_stream_close(uk_stream *s) { stop_handle(s); }

static void linger_over(uk_alarm *t) { uk_stream_close(STREAM_OF(t, linger)); }

void uk_stream_finish(uk_stream *s, int64_t linger_ms) {
    if (s->dead || s->finished) return;
    s->finished = true;
    uk_buf_fini(&s->in);
    s->linger.fire = linger_over;
    uk_alarm_start(s->loop, &s->linger, linger_ms);
    poll_for(s, s->events | UV_READABLE);
    loop_flush(s);
}

size_t uk_streams_open(uk_loop *loop) { return *uk_loop_stream_count(loop); }

void uk_streams_close(uk_loop *loop) {
    while (*uk_loop_streams(loop)) uk_stream_close(*uk_loop_streams(loop));
}
