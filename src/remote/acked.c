/* SPDX-License-Identifier: Apache-2.0 */
/* Reliable delivery of system messages, both sides, in memory. Both buffers are rings, because the
   numbers in them follow one another; what is nacked is a sorted run in front of the ring. So each
   operation costs O(1), and an acknowledgement O(log n) for each number in it. Pure; runs on the
   thread that owns the link. */
#include "remote/acked.h"
#include <assert.h>

/* --- the sending side --- */
void uk_acked_send_init(uk_acked_send *b, size_t capacity, uk_item_fn release, void *data) {
    assert(release);
    *b = (uk_acked_send){.capacity = capacity, .release = release, .data = data};
}
static uk_acked_slot *pending_at(const uk_acked_send *b, size_t i) {
    return &b->ring[(b->head + i) & (b->ring_cap - 1)];
}
static int64_t first_pending(const uk_acked_send *b) {
    return uk_seq_add(b->next, 0 - (uint64_t)b->pending);
}
static void grow_pending(uk_acked_send *b) {
    size_t cap = b->ring_cap ? b->ring_cap * 2 : 16;
    uk_acked_slot *ring = uk_alloc(cap * sizeof *ring);
    for (size_t i = 0; i < b->pending; i++) ring[i] = *pending_at(b, i);
    uk_free(b->ring);
    b->ring = ring;
    b->ring_cap = cap;
    b->head = 0;
}
int uk_acked_send_push(uk_acked_send *b, void *item, int64_t *seq) {
    assert(item);
    if (b->pending >= b->capacity) {
        b->release(b->data, item);
        return UKKO_ETOOBIG;
    }
    if (b->pending == b->ring_cap) grow_pending(b);
    *seq = b->next;
    *pending_at(b, b->pending++) = (uk_acked_slot){.seq = b->next, .item = item};
    b->next = uk_seq_add(b->next, 1);
    return UKKO_OK;
}

static uk_acked_slot *find_nacked(const uk_acked_send *b, int64_t seq) {
    size_t lo = b->nacked_at, hi = lo + b->nacked_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = uk_seq_compare(b->nacked[mid].seq, seq);
        if (!order) return &b->nacked[mid];
        if (order < 0) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}
static uk_acked_slot *find(const uk_acked_send *b, int64_t seq) {
    uint64_t i = (uint64_t)seq - (uint64_t)first_pending(b);
    return i < b->pending ? pending_at(b, i) : find_nacked(b, seq);
}
/* false: one of them is not held; those before it are marked. */
static bool mark_all(uk_acked_send *b, uk_nacks nacks, bool mark) {
    int64_t seq;
    while (uk_nacks_next(&nacks, &seq)) {
        uk_acked_slot *s = find(b, seq);
        if (!s) return false;
        s->marked = mark;
    }
    return true;
}
static void append_nacked(uk_acked_send *b, uk_acked_slot s) {
    if (b->nacked_at + b->nacked_count == b->nacked_cap) {
        if (b->nacked_at <= b->nacked_cap / 2) {
            b->nacked_cap = b->nacked_cap ? b->nacked_cap * 2 : 16;
            b->nacked = uk_realloc(b->nacked, b->nacked_cap * sizeof *b->nacked);
        }
        if (b->nacked_at && b->nacked_count)
            memmove(b->nacked, b->nacked + b->nacked_at, b->nacked_count * sizeof *b->nacked);
        b->nacked_at = 0;
    }
    b->nacked[b->nacked_at + b->nacked_count++] = s;
}
/* Of the nacked items that `cumulative` speaks of, those not named again have arrived. An old
   acknowledgement that was overtaken says nothing of higher ones: they stay. */
static void sweep_nacked(uk_acked_send *b, int64_t cumulative) {
    if (!b->nacked_count) return;
    uk_acked_slot *s = b->nacked + b->nacked_at;
    size_t n = 0, keep;
    while (n < b->nacked_count && uk_seq_compare(s[n].seq, cumulative) <= 0) n++;
    keep = n;
    for (size_t i = n; i-- > 0;) {
        if (s[i].marked) s[--keep] = s[i];
        else b->release(b->data, s[i].item);
    }
    b->nacked_at += keep;
    b->nacked_count -= keep;
}
static void sweep_pending(uk_acked_send *b, int64_t cumulative) {
    while (b->pending) {
        uk_acked_slot s = *pending_at(b, 0);
        if (uk_seq_compare(s.seq, cumulative) > 0) break;
        b->head = (b->head + 1) & (b->ring_cap - 1);
        b->pending--;
        if (s.marked) append_nacked(b, s);
        else b->release(b->data, s.item);
    }
}
int uk_acked_send_ack(uk_acked_send *b, int64_t cumulative, uk_nacks nacks) {
    if (uk_seq_compare(cumulative, b->next) >= 0) return UKKO_EPROTO;
    bool stale = uk_seq_compare(uk_seq_add(cumulative, 1), first_pending(b)) < 0;
    if (!mark_all(b, nacks, true)) {
        mark_all(b, nacks, false);
        return UKKO_ENOTFOUND;
    }
    sweep_nacked(b, cumulative);
    sweep_pending(b, cumulative);
    mark_all(b, nacks, false);
    return b->nacked_count && !stale;
}
void uk_acked_send_each(const uk_acked_send *b, size_t limit, uk_seq_item_fn fn, void *data) {
    for (size_t i = 0; i < b->nacked_count; i++) {
        const uk_acked_slot *s = &b->nacked[b->nacked_at + i];
        fn(data, s->seq, s->item);
    }
    for (size_t i = 0; i < b->pending && i < limit; i++)
        fn(data, pending_at(b, i)->seq, pending_at(b, i)->item);
}
void uk_acked_send_reset(uk_acked_send *b, uk_item_fn fn, void *data) {
    uk_acked_send old = *b;
    if (!fn) fn = old.release, data = old.data;
    uk_acked_send_init(b, old.capacity, old.release, old.data);
    for (size_t i = 0; i < old.nacked_count; i++) fn(data, old.nacked[old.nacked_at + i].item);
    for (size_t i = 0; i < old.pending; i++) fn(data, pending_at(&old, i)->item);
    uk_free(old.nacked);
    uk_free(old.ring);
}
void uk_acked_send_fini(uk_acked_send *b) {
    uk_acked_send_reset(b, NULL, NULL);
    *b = (uk_acked_send){0};
}

/* --- the receiving side --- */
enum { SMALL_RING = 64, BYTES_IN_FRAMES = 64 };

void uk_acked_recv_init(uk_acked_recv *b, uk_acked_recv_limits limits, uk_item_fn release,
                        void *data) {
    assert(release && limits.gap > 0);
    *b = (uk_acked_recv){
        .limits = limits, .delivered = -1, .highest = -1, .release = release, .data = data};
}
uk_acked_recv_limits uk_acked_recv_limits_for(size_t max_frame) {
    size_t gap = uk_ack_nack_limit(max_frame);
    return (uk_acked_recv_limits){gap ? gap : 1, max_frame * BYTES_IN_FRAMES};
}
static uk_acked_arrival *arrival_at(const uk_acked_recv *b, size_t i) {
    return &b->ring[(b->head + i) & (b->ring_cap - 1)];
}
/* How far after the next expected number; only for seq after delivered. */
static uint64_t offset_of(const uk_acked_recv *b, int64_t seq) {
    return (uint64_t)seq - (uint64_t)b->delivered - 1;
}
int uk_acked_recv_check(const uk_acked_recv *b, int64_t seq, size_t bytes) {
    if (uk_seq_compare(seq, b->delivered) <= 0) return 0;
    uint64_t i = offset_of(b, seq);
    if (i >= b->limits.gap) return UKKO_ETOOBIG;
    if (i < b->ring_cap && arrival_at(b, i)->item) return 0;
    bool room = b->bytes <= b->limits.bytes && bytes <= b->limits.bytes - b->bytes;
    return i && !room ? UKKO_ETOOBIG : 1; /* the next one in order does not wait */
}
static void grow_arrivals(uk_acked_recv *b, size_t index) {
    size_t cap = b->ring_cap ? b->ring_cap : 8;
    while (cap <= index) cap *= 2;
    if (cap == b->ring_cap) return;
    uk_acked_arrival *ring = uk_zalloc(cap * sizeof *ring);
    for (size_t i = 0; i < b->ring_cap; i++) ring[i] = *arrival_at(b, i);
    uk_free(b->ring);
    b->ring = ring;
    b->ring_cap = cap;
    b->head = 0;
}
int uk_acked_recv_put(uk_acked_recv *b, int64_t seq, void *item, size_t bytes) {
    assert(item);
    int rc = uk_acked_recv_check(b, seq, bytes);
    if (rc != 1) {
        b->release(b->data, item);
        return rc;
    }
    size_t i = (size_t)offset_of(b, seq);
    grow_arrivals(b, i);
    *arrival_at(b, i) = (uk_acked_arrival){item, bytes};
    b->held++;
    b->bytes += bytes;
    if (uk_seq_compare(seq, b->highest) > 0) b->highest = seq;
    return 1;
}
/* Moves one number on; gives the item of that number, if it is there. */
static void *step(uk_acked_recv *b) {
    void *item = NULL;
    if (b->ring_cap) {
        uk_acked_arrival *a = arrival_at(b, 0);
        item = a->item;
        if (item) b->held--, b->bytes -= a->bytes;
        *a = (uk_acked_arrival){0};
        b->head = (b->head + 1) & (b->ring_cap - 1);
    }
    b->delivered = uk_seq_add(b->delivered, 1);
    return item;
}
static void shrink(uk_acked_recv *b) {
    assert(!b->held && !b->bytes);
    uk_free(b->ring);
    uk_free(b->nacks);
    b->ring = NULL;
    b->nacks = NULL;
    b->ring_cap = b->head = b->nacks_cap = 0;
}
void *uk_acked_recv_next(uk_acked_recv *b) {
    if (!b->held || !arrival_at(b, 0)->item) return NULL;
    void *item = step(b);
    if (!b->held && b->ring_cap > SMALL_RING) shrink(b);
    return item;
}
uk_ack uk_acked_recv_ack(uk_acked_recv *b) {
    size_t span = (size_t)((uint64_t)b->highest - (uint64_t)b->delivered), n = 0;
    assert(span <= b->limits.gap && b->held <= span);
    size_t count = span - b->held;
    if (count > b->nacks_cap) {
        b->nacks_cap = count * 2;
        b->nacks = uk_realloc(b->nacks, b->nacks_cap * sizeof *b->nacks);
    }
    for (size_t i = 0; i < span && n < count; i++)
        if (i >= b->ring_cap || !arrival_at(b, i)->item)
            b->nacks[n++] = uk_seq_add(b->delivered, i + 1);
    assert(n == count);
    return (uk_ack){b->highest, b->nacks, count};
}
/* Drops all up to and including `seq`. */
static void advance(uk_acked_recv *b, int64_t seq) {
    while (b->held && uk_seq_compare(b->delivered, seq) < 0) {
        void *item = step(b);
        if (item) b->release(b->data, item);
    }
    if (uk_seq_compare(b->delivered, seq) < 0) b->delivered = seq;
    if (uk_seq_compare(b->highest, b->delivered) < 0) b->highest = b->delivered;
}
void uk_acked_recv_merge(uk_acked_recv *b, uk_acked_recv *from) {
    assert(b != from);
    if (uk_seq_compare(from->delivered, b->delivered) > 0) advance(b, from->delivered);
    int64_t seq = from->delivered;
    while (from->held) {
        uk_acked_arrival a = *arrival_at(from, 0);
        seq = uk_seq_add(seq, 1);
        if (step(from)) uk_acked_recv_put(b, seq, a.item, a.bytes);
    }
    /* What was refused for its size is missing now: it must be nacked, so that it comes again. */
    if (uk_seq_compare(from->highest, b->highest) > 0 &&
        (uint64_t)from->highest - (uint64_t)b->delivered <= b->limits.gap)
        b->highest = from->highest;
    uk_acked_recv_reset(from);
}
void uk_acked_recv_reset(uk_acked_recv *b) {
    while (b->held) {
        void *item = step(b);
        if (item) b->release(b->data, item);
    }
    shrink(b);
    b->delivered = b->highest = -1;
}
void uk_acked_recv_fini(uk_acked_recv *b) {
    uk_acked_recv_reset(b);
    *b = (uk_acked_recv){0};
}

/* --- when an acknowledgement travels --- */
void uk_ack_timer_init(uk_ack_timer *t, int64_t piggyback_ms, size_t window, int64_t now) {
    size_t quarter = window / 4; /* so that three are on their way before the window is full */
    if (quarter > 64) quarter = 64;
    *t = (uk_ack_timer){.piggyback = piggyback_ms, .deadline = now + piggyback_ms,
                        .enough = quarter ? quarter : 1};
}
bool uk_ack_timer_add(uk_ack_timer *t, int64_t now) {
    t->waiting = true;
    return ++t->owed >= t->enough || now >= t->deadline;
}
void uk_ack_timer_wrote(uk_ack_timer *t, bool carried, int64_t now) {
    t->deadline = now + t->piggyback;
    if (!carried) return;
    t->waiting = false;
    t->owed = 0;
}
bool uk_ack_timer_due(const uk_ack_timer *t, int64_t now) {
    return t->waiting && now >= t->deadline;
}
int64_t uk_ack_timer_deadline(const uk_ack_timer *t) {
    return t->waiting ? t->deadline : INT64_MAX;
}
