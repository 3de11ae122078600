/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that wait for a socket, in the order they came: a queue of buffers that are passed on whole where
   that saves a copy. Its buffers of full size, like those in which a sender stages, come from the pool
   and go back there, so that the one used last, which is still in a cache, is used next. Each queue has
   one user at a time; buffers are taken and given back by any thread. */
#ifndef UK_NET_CHUNKS_H
#define UK_NET_CHUNKS_H
#include "base/buf.h"

/* The full size: that of the pool's largest blocks. */
enum { UK_CHUNK = 256 * 1024 + 512 };

typedef struct uk_chunks {
    uk_buf *list; /* those from `first` up to `n` hold bytes */
    size_t first, n, cap;
    size_t bytes; /* in all of them */
} uk_chunks;

static inline bool uk_chunks_empty(const uk_chunks *q) { return q->first == q->n; }
void uk_chunks_put(uk_chunks *q, const void *bytes, size_t n);
/* Takes the bytes of b, with its memory where that pays; b is empty then and may be used again. One with
   cap 0 lends its bytes only. */
void uk_chunks_give(uk_chunks *q, uk_buf *b);
uk_buf uk_chunks_next(uk_chunks *q); /* the first buffer; empty when there is none */
void uk_chunks_fini(uk_chunks *q);

/* An empty buffer of full size. */
uk_buf uk_chunk_take(void);
/* The same with an empty buffer in place of a queue. */
void uk_chunk_move(uk_buf *to, uk_buf *b);
/* The bytes are not needed any more: frees what is larger than `keep`, else only clears it. */
void uk_chunk_done(uk_buf *b, size_t keep);
#endif
