/* SPDX-License-Identifier: Apache-2.0 */
/* Acked delivery against a plain model of it: the same items are held, the same errors are given,
   and acknowledgements survive the wire. Input: steps of a byte each; an acknowledgement is
   followed by its number, the count of its nacks, and these. */
#include "remote/acked.h"
#include "remote/frame.h"
#include <stdlib.h>

enum { CAPACITY = 40, GAP = 50, NUMBERS = 4096 };

typedef struct model {
    char held[NUMBERS]; /* 0, 'p' pending, 'n' nacked */
    bool seen[NUMBERS];
    int64_t next, acked, delivered;
    size_t pending, released;
} model;
static model m;
static char item; /* one for all: what counts is how often it is given back */

static void check(bool holds) {
    if (!holds) abort();
}
static void released(void *data, void *p) {
    check(p == &item);
    ++*(size_t *)data;
}
static bool holds(int64_t seq) { return seq >= 0 && seq < m.next && m.held[seq]; }

static int model_ack(int64_t cumulative, const int64_t *nacks, size_t n) {
    if (cumulative >= m.next) return UKKO_EPROTO;
    for (size_t i = 0; i < n; i++)
        if (!holds(nacks[i])) return UKKO_ENOTFOUND;
    for (int64_t s = 0; s <= cumulative; s++) {
        bool named = false;
        for (size_t i = 0; i < n; i++) named |= nacks[i] == s;
        if (m.held[s] == 'p') m.pending--;
        if (m.held[s] && !named) m.released++;
        m.held[s] = m.held[s] && named ? 'n' : 0;
    }
    bool stale = cumulative < m.acked, any = false;
    if (!stale) m.acked = cumulative;
    for (int64_t s = 0; s < m.next; s++) any |= m.held[s] == 'n';
    return any && !stale;
}
static void check_item(void *data, int64_t seq, void *p) {
    int64_t *last = data;
    check(p == &item && seq > *last && holds(seq));
    *last = seq;
}
static void do_ack(uk_acked_send *b, const uint8_t *in, size_t n) {
    int64_t nacks[64];
    uk_buf frame = {0};
    ukko_slice body;
    uk_pdu pdu;
    uk_envelope e;
    for (size_t i = 0; i + 2 < n && i < 64; i++) nacks[i] = in[2 + i] == 255 ? -1 : in[2 + i];
    size_t count = n > 66 ? 64 : n - 2;
    uk_ack a = {(int8_t)in[0] + (in[1] & 128), nacks, count};
    check(!uk_ack_put(&frame, &a, 128000));
    ukko_slice all = uk_buf_slice(&frame);
    check(uk_frame_cut(&all, 128000, &body) == 1 && !uk_pdu_decode(body, &pdu));
    check(!uk_envelope_decode(pdu.payload, &e) && e.has_ack && e.cumulative == a.cumulative);
    check(e.nack_count == count && !e.has_message);
    check(uk_acked_send_ack(b, e.cumulative, uk_envelope_nacks(&e)) ==
          model_ack(a.cumulative, nacks, count));
    uk_buf_fini(&frame);
}
static void do_push(uk_acked_send *b) {
    int64_t seq;
    int rc = uk_acked_send_push(b, &item, &seq);
    check(rc == (m.pending == CAPACITY ? UKKO_ETOOBIG : UKKO_OK));
    if (rc) {
        m.released++;
        return;
    }
    check(seq == m.next);
    m.held[m.next++] = 'p';
    m.pending++;
}
static void do_receive(uk_acked_recv *b, int64_t seq) {
    int rc = uk_acked_recv_put(b, seq, &item, 1);
    int want = seq <= m.delivered ? 0 : seq > m.delivered + GAP ? UKKO_ETOOBIG : !m.seen[seq];
    check(rc == want);
    if (rc == 1) m.seen[seq] = true;
    while (uk_acked_recv_next(b)) {
        m.delivered++;
        check(m.seen[m.delivered]);
    }
    check(b->delivered == m.delivered);
    uk_ack a = uk_acked_recv_ack(b);
    size_t missing = 0;
    for (int64_t s = m.delivered + 1; s <= a.cumulative; s++)
        if (!m.seen[s]) check(missing < a.count && a.nacks[missing++] == s);
    check(missing == a.count && (a.cumulative < 0 || m.seen[a.cumulative]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uk_acked_send send;
    uk_acked_recv recv;
    size_t back = 0, dropped = 0;
    m = (model){.acked = -1, .delivered = -1};
    uk_acked_send_init(&send, CAPACITY, released, &back);
    uk_acked_recv_init(&recv, (uk_acked_recv_limits){GAP, 1000}, released, &dropped);
    for (size_t at = 0; at < size && at < 600;) {
        uint8_t op = data[at++];
        if (op < 100) do_push(&send);
        else if (op < 200) do_receive(&recv, m.delivered + (op - 130));
        else if (size - at >= 2) {
            size_t n = 2 + data[at + 1] % 64;
            if (n > size - at) break;
            do_ack(&send, data + at, n);
            at += n;
        }
        int64_t last = -1;
        uk_acked_send_each(&send, SIZE_MAX, check_item, &last);
        check(back == m.released && send.pending == m.pending);
    }
    uk_acked_send_fini(&send);
    uk_acked_recv_fini(&recv);
    size_t held = 0;
    for (int64_t s = 0; s < m.next; s++) held += m.held[s] != 0;
    check(back == m.released + held);
    return 0;
}
