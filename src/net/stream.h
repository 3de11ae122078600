/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection. Reading and its end belong to the loop's thread; any thread may send, and does so
   straight into the socket when nobody else is writing. A byte filter (TLS) can sit between the
   bytes of the owner and those of the socket; then all writing is the loop's. */
#ifndef UK_NET_STREAM_H
#define UK_NET_STREAM_H
#include "base/buf.h"
#include "net/loop.h"
#include <stdatomic.h>

typedef struct uk_stream uk_stream;

/* [loop] all of them. The stream stays valid in each; after closed() no other follows. */
typedef struct uk_stream_events {
    /* Bytes not consumed come again, in front of the next ones, once there are as many as
       uk_stream_want() said. Gives how many were consumed. */
    size_t (*data)(void *owner, const uint8_t *bytes, size_t n);
    /* The end: error NULL when the other side closed, else the cause. Not after uk_stream_close()
       or uk_stream_finish(). */
    void (*closed)(void *owner, const char *error);
    /* Once after more than opts.high_mark bytes waited: no more than opts.low_mark wait any more.
       May be NULL. */
    void (*drained)(void *owner);
} uk_stream_events;

/* The seam for TLS: turns plain bytes into socket bytes and back. [loop] only. */
typedef struct uk_filter uk_filter;
struct uk_filter {
    /* Takes what came from the socket; appends plain bytes to plain, and bytes that the peer must
       get to cipher. Negative: broken, *why says how. *up becomes true when bytes may be sent. */
    int (*in)(uk_filter *f, const uint8_t *bytes, size_t n, uk_buf *plain, uk_buf *cipher, bool *up,
              const char **why);
    /* Takes the first *used of these bytes of the owner; fewer than n: it is called again with the
       others, at once if some were used, else after uk_stream_kick(). Negative: broken. */
    int (*out)(uk_filter *f, const uint8_t *bytes, size_t n, size_t *used, uk_buf *cipher);
    void (*bye)(uk_filter *f, uk_buf *cipher); /* the last bytes of this side; may be NULL */
    /* Why nothing has come through yet, as the cause of an end that says nothing itself; NULL: it is
       up. */
    const char *(*stuck)(uk_filter *f);
    void (*free)(uk_filter *f);
    void (*ended)(uk_filter *f); /* the stream has ended: no other call but free follows; or NULL */
};

typedef struct uk_stream_opts {
    int send_buffer, receive_buffer; /* 0: the system's */
    bool nodelay, keepalive;
    size_t max_unread; /* what data() may leave unconsumed */
    size_t low_mark, high_mark; /* of bytes that wait for the socket; 0: none */
} uk_stream_opts;

/* [loop] Takes the connected socket fd (non-blocking). Owned by the caller: uk_stream_release(). */
uk_stream *uk_stream_new(uk_loop *loop, int fd, const uk_stream_opts *opts,
                         const uk_stream_events *ev, void *owner);
uk_stream *uk_stream_retain(uk_stream *s); /* [any] */
void uk_stream_release(uk_stream *s);      /* [any] after close or finish */
/* [loop] Before anything was sent; takes f, and lets it say its first words. May end the stream. */
void uk_stream_set_filter(uk_stream *s, uk_filter *f);
void uk_stream_kick(uk_stream *s); /* [loop] the filter takes bytes again, or has some to give */
void uk_stream_resume(uk_stream *s, bool reading);     /* [loop] starts (or pauses) reading */

/* [any] Sends or queues all bytes; false when the stream has ended (they are lost). */
bool uk_stream_send(uk_stream *s, const void *bytes, size_t n);
typedef enum uk_sent {
    UK_SENT,
    UK_SENT_ENDED, /* the stream has ended: nothing was taken */
    UK_SENT_FULL   /* more than max would wait: nothing was taken */
} uk_sent;
/* [any] The same, when no more than max bytes wait then. *pending: what waits now. When sent, b is
   empty, and its memory may have been taken, too; else b is as it was. */
uk_sent uk_stream_send_within(uk_stream *s, uk_buf *b, size_t max, size_t *pending);
/* [loop] What is sent from now on is added to *meter, by relaxed additions. It has to live as long as
   anybody may send. */
void uk_stream_meter(uk_stream *s, _Atomic uint64_t *meter);
/* [any] Bytes that wait for the socket. */
size_t uk_stream_pending(uk_stream *s);
/* [any] The kernel's estimate of a round trip in µs; -1: it has none, or the socket is closed. */
int64_t uk_stream_round_trip(uk_stream *s);
/* [loop] Inside data(): it need not be called before this many bytes, with those it leaves, are
   there. Said anew each time; else any number will do. */
void uk_stream_want(uk_stream *s, size_t bytes);
size_t uk_stream_unread(const uk_stream *s); /* [loop] bytes that data() has left */
/* [any] A count that grows with the bytes that the socket takes, and what waits besides. */
uint64_t uk_stream_taken(uk_stream *s, size_t *pending);
/* [loop] Sends what waits, then the end of stream, and closes once the other side has closed too,
   or after linger_ms. Reads and forgets meanwhile. No event follows. */
void uk_stream_finish(uk_stream *s, int64_t linger_ms);
void uk_stream_close(uk_stream *s);  /* [loop] at once; idempotent; no event follows */
/* [loop] After the end: moves what was not sent to out, which begins where a send began; gives how
   many bytes of it the socket had taken. */
size_t uk_stream_unsent(uk_stream *s, uk_buf *out);
bool uk_stream_ended(uk_stream *s); /* [any] closed, by whichever side */
/* [loop] Why the filter is not up yet; NULL: it is, or there is none. */
const char *uk_stream_stuck(const uk_stream *s);
uk_filter *uk_stream_filter(uk_stream *s); /* [loop] borrowed; NULL: none */
const char *uk_stream_peer(const uk_stream *s); /* "/127.0.0.1:5555", for logs */
size_t uk_streams_open(uk_loop *loop);  /* [loop] how many have not ended, lingering ones too */
void uk_streams_close(uk_loop *loop);   /* [loop] all of them, at once and without events */
#endif
