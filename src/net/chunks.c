/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of buffers of a stream. Small pieces are gathered in its last buffer; a buffer that is full
   enough is taken over. Any thread, one at a time for each queue. */
#include "net/chunks.h"
#include "base/pool.h"

/* What is passed on whole is at least a quarter full, so that what waits takes no more than four times the
   memory that is counted. */
enum { GIVE_FROM = 32 * 1024, GIVE_PART = 4, GATHER = 64 * 1024, KEEP_LIST = 4 };

uk_buf uk_chunk_take(void) {
    uint8_t cls;
    uint8_t *p = uk_pool_alloc(UK_CHUNK, &cls);
    return (uk_buf){p, 0, UK_CHUNK};
}
void uk_chunk_done(uk_buf *b, size_t keep) {
    if (b->cap <= keep) {
        uk_buf_clear(b);
        return;
    }
    if (b->cap == UK_CHUNK) uk_pool_free(b->ptr, uk_pool_class(UK_CHUNK));
    else uk_free(b->ptr);
    *b = (uk_buf){0};
}

static uk_buf *last_of(uk_chunks *q) { return uk_chunks_empty(q) ? NULL : &q->list[q->n - 1]; }

static uk_buf *add(uk_chunks *q, uk_buf b) {
    if (q->n == q->cap && q->first) {
        memmove(q->list, q->list + q->first, (q->n - q->first) * sizeof *q->list);
        q->n -= q->first;
        q->first = 0;
    } else if (q->n == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 2;
        q->list = uk_realloc(q->list, q->cap * sizeof *q->list);
    }
    q->list[q->n] = b;
    return &q->list[q->n++];
}

void uk_chunks_put(uk_chunks *q, const void *bytes, size_t n) {
    uk_buf *last = last_of(q);
    if (!n) return;
    if (!last || (last->cap - last->len < n && last->len >= GATHER)) last = add(q, (uk_buf){0});
    uk_buf_put(last, bytes, n);
    q->bytes += n;
}

static bool worth_taking(const uk_buf *b) {
    return b->cap && b->len >= GIVE_FROM && b->len >= b->cap / GIVE_PART;
}
void uk_chunks_give(uk_chunks *q, uk_buf *b) {
    const uk_buf *last = last_of(q);
    if (worth_taking(b) && !(last && last->cap - last->len >= b->len)) {
        q->bytes += b->len;
        add(q, *b);
        *b = (uk_buf){0};
        return;
    }
    uk_chunks_put(q, b->ptr, b->len);
    uk_buf_clear(b);
}
void uk_chunk_move(uk_buf *to, uk_buf *b) {
    if (worth_taking(b)) {
        uk_chunk_done(to, 0);
        *to = *b;
        *b = (uk_buf){0};
        return;
    }
    uk_buf_put(to, b->ptr, b->len);
    uk_buf_clear(b);
}

uk_buf uk_chunks_next(uk_chunks *q) {
    if (uk_chunks_empty(q)) return (uk_buf){0};
    uk_buf b = q->list[q->first++];
    q->bytes -= b.len;
    if (!uk_chunks_empty(q)) return b;
    q->first = q->n = 0;
    if (q->cap > KEEP_LIST) {
        uk_free(q->list);
        q->list = NULL;
        q->cap = 0;
    }
    return b;
}

void uk_chunks_fini(uk_chunks *q) {
    for (uk_buf b; (b = uk_chunks_next(q)).cap;) uk_chunk_done(&b, 0);
    uk_free(q->list);
    *q = (uk_chunks){0};
}
