/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of both directions with one address. Pure; runs on the thread that has the peer's
   lock. */
#include "remote/numbers.h"

void uk_numbers_init(uk_numbers *n, size_t capacity, uk_item_fn release_out,
                     uk_acked_recv_limits limits, uk_item_fn release_in, void *data) {
    *n = (uk_numbers){.ever = -1};
    uk_acked_send_init(&n->send, capacity, release_out, data);
    uk_acked_recv_init(&n->recv, limits, release_in, data);
}

void uk_numbers_fini(uk_numbers *n) {
    uk_acked_send_fini(&n->send);
    uk_acked_recv_fini(&n->recv);
}

void uk_numbers_give_up(uk_numbers *n, uk_item_fn fn, void *data) {
    int64_t next = n->send.next;
    uk_acked_send_reset(&n->send, fn, data);
    if (n->known) n->send.next = next;
}

void uk_numbers_part(uk_numbers *n, uk_item_fn fn, void *data) {
    uk_numbers_give_up(n, fn, data);
    if (n->turn != UK_NUMBERS_OVER) n->turn = UK_NUMBERS_MAYBE;
}

void uk_numbers_restart(uk_numbers *n, uk_item_fn fn, void *data) {
    uk_acked_send_reset(&n->send, fn, data);
    n->known = false;
    n->turn = UK_NUMBERS_OVER;
}

typedef struct taken {
    void **items;
    size_t n;
} taken;

static void take(void *data, void *item) {
    taken *t = data;
    t->items[t->n++] = item;
}

void uk_numbers_renumber(uk_numbers *n) {
    size_t capacity = n->send.capacity, count = n->send.pending + n->send.nacked_count;
    taken t = {uk_alloc((count + 1) * sizeof *t.items), 0};
    int64_t seq;
    uk_acked_send_reset(&n->send, take, &t);
    n->ever = -1;
    n->send.capacity = SIZE_MAX; /* those that were nacked did not count */
    for (size_t i = 0; i < t.n; i++) uk_acked_send_push(&n->send, t.items[i], &seq);
    n->send.capacity = capacity;
    uk_free(t.items);
    uk_acked_recv_reset(&n->recv);
    n->turn = UK_NUMBERS_GO_ON;
}

void uk_numbers_for(uk_numbers *n, int32_t uid, bool older) {
    bool foreign = n->taking && n->from_uid != uid;
    uk_numbers_turn turn = older || foreign ? UK_NUMBERS_GO_ON : n->turn;
    if (foreign || turn == UK_NUMBERS_OVER) uk_acked_recv_reset(&n->recv);
    n->turn = turn == UK_NUMBERS_MAYBE ? UK_NUMBERS_ASK : UK_NUMBERS_GO_ON;
    n->known = n->taking = true;
    n->uid = n->from_uid = uid;
}

bool uk_numbers_takes(uk_numbers *n, int32_t uid, int64_t seq) {
    if (!n->taking || n->from_uid != uid) return false;
    if (n->turn == UK_NUMBERS_MAYBE && uk_seq_compare(seq, n->recv.delivered) > 0)
        n->turn = UK_NUMBERS_GO_ON; /* so they go on */
    if (n->turn == UK_NUMBERS_ASK) {
        if (!seq) uk_acked_recv_reset(&n->recv);
        n->turn = UK_NUMBERS_GO_ON;
    }
    return true;
}

uk_acked_what uk_numbers_ack(uk_numbers *n, int64_t cumulative, uk_nacks nacks) {
    int rc = uk_acked_send_ack(&n->send, cumulative, nacks);
    if (rc >= 0) return rc ? UK_ACKED_RESEND : UK_ACKED;
    bool sent = uk_seq_compare(cumulative, n->ever) <= 0; /* to an older incarnation perhaps */
    return rc == UKKO_EPROTO && sent ? UK_ACKED_STALE : UK_ACKED_BAD;
}

uk_ack uk_numbers_ack_for(uk_numbers *n, int64_t seen) {
    uk_ack a = uk_acked_recv_ack(&n->recv);
    if (uk_seq_compare(a.cumulative, seen) <= 0) return a;
    size_t kept = 0;
    for (size_t i = 0; i < a.count; i++)
        if (uk_seq_compare(a.nacks[i], seen) <= 0) n->recv.nacks[kept++] = a.nacks[i];
    return (uk_ack){seen, n->recv.nacks, kept};
}
