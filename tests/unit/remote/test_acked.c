/* SPDX-License-Identifier: Apache-2.0 */
/* Acked delivery: both buffers alone, and two endpoints over networks that lose, repeat and break.
   Items are small counted integers, so that a leak or a double release is seen. One thread. */
#include "remote/acked.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int live; /* items that somebody owns */

static void *item_new(int value) {
    int *p = malloc(sizeof *p);
    *p = value;
    live++;
    return p;
}
static void item_free(void *data, void *item) {
    (void)data;
    live--;
    free(item);
}
static int no_leak(void **state) {
    (void)state;
    int was = live;
    live = 0;
    return was;
}

/* --- helpers for the sending side --- */
static uk_acked_send new_send(size_t capacity) {
    uk_acked_send b;
    uk_acked_send_init(&b, capacity, item_free, NULL);
    return b;
}
static int64_t push(uk_acked_send *b, int value) {
    int64_t seq;
    assert_int_equal(uk_acked_send_push(b, item_new(value), &seq), 0);
    return seq;
}
static int ack_list(uk_acked_send *b, int64_t cumulative, const int64_t *nacks, size_t n) {
    return uk_acked_send_ack(b, cumulative, uk_nacks_of(nacks, n));
}
#define ACK(b, cumulative, ...) \
    ack_list(b, cumulative, (const int64_t[]){__VA_ARGS__}, \
             sizeof((const int64_t[]){__VA_ARGS__}) / 8)
#define ACK0(b, cumulative) ack_list(b, cumulative, NULL, 0)

static void print_item(void *data, int64_t seq, void *item) {
    char *text = data;
    size_t n = strlen(text);
    assert_non_null(item);
    snprintf(text + n, 256 - n, "%s%lld", n ? " " : "", (long long)seq);
}
/* "nacked | pending" */
static void check_send(const uk_acked_send *b, const char *nacked, const char *all) {
    char text[256] = "";
    uk_acked_send_each(b, 0, print_item, text);
    assert_string_equal(text, nacked);
    text[0] = 0;
    uk_acked_send_each(b, SIZE_MAX, print_item, text);
    assert_string_equal(text, all);
}

/* spec: AckedDeliverySpec 1 */
static void numbers_follow_one_another(void **state) {
    (void)state;
    assert_true(uk_seq_compare(0, 1) < 0 && uk_seq_compare(1, 0) > 0 && !uk_seq_compare(5, 5));
    assert_true(uk_seq_compare(-1, 0) < 0);
    assert_int_equal(uk_seq_add(-1, 1), 0);
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 5; i++) assert_int_equal(push(&b, i), i);
    uk_acked_send_fini(&b);
}
/* spec: AckedDeliverySpec 2 */
static void order_holds_across_the_wrap(void **state) {
    (void)state;
    assert_int_equal(uk_seq_add(INT64_MAX, 1), INT64_MIN);
    assert_true(uk_seq_compare(INT64_MAX, INT64_MIN) < 0);
    assert_true(uk_seq_compare(INT64_MIN, INT64_MAX) > 0);
    assert_true(uk_seq_compare(INT64_MAX - 5, INT64_MIN + 5) < 0);
}
/* spec: AckedDeliverySpec 3 */
static void order_holds_with_large_gaps(void **state) {
    (void)state;
    assert_true(uk_seq_compare(0, INT64_MAX) < 0);
    assert_true(uk_seq_compare(-1, 1ll << 62) < 0);
    assert_true(uk_seq_compare(-1, INT64_MAX) > 0 && uk_seq_compare(INT64_MAX, -1) < 0);
    assert_true(uk_seq_compare(-2, INT64_MAX) > 0); /* further than half way round: before */
    assert_true(uk_seq_compare(INT64_MIN / 2, INT64_MAX / 2) < 0);
}
/* spec: AckedDeliverySpec 4 */
static void unacked_items_are_kept_in_order(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    check_send(&b, "", "");
    assert_true(uk_acked_send_empty(&b));
    push(&b, 0);
    check_send(&b, "", "0");
    push(&b, 1);
    push(&b, 2);
    check_send(&b, "", "0 1 2");
    assert_false(uk_acked_send_empty(&b));
    uk_acked_send_fini(&b);
}
/* spec: AckedDeliverySpec 5 */
static void capacity_is_a_limit_of_unacked_items(void **state) {
    (void)state;
    uk_acked_send b = new_send(4);
    int64_t seq;
    for (int i = 0; i < 4; i++) push(&b, i);
    assert_int_equal(uk_acked_send_push(&b, item_new(4), &seq), UKKO_ETOOBIG);
    check_send(&b, "", "0 1 2 3");
    assert_int_equal(ACK(&b, 1, 1), 1); /* nacked ones do not count */
    push(&b, 4);
    push(&b, 5);
    assert_int_equal(uk_acked_send_push(&b, item_new(6), &seq), UKKO_ETOOBIG);
    check_send(&b, "1", "1 2 3 4 5");
    uk_acked_send_fini(&b);
}
/* spec: AckedDeliverySpec 6 */
static void cumulative_ack_releases(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 5; i++) push(&b, i);
    assert_int_equal(ACK0(&b, -1), 0); /* nothing received yet */
    check_send(&b, "", "0 1 2 3 4");
    assert_int_equal(ACK0(&b, 1), 0);
    check_send(&b, "", "2 3 4");
    assert_int_equal(ACK0(&b, 1), 0);
    assert_int_equal(ACK0(&b, 0), 0);
    assert_int_equal(ACK0(&b, -1), 0);
    check_send(&b, "", "2 3 4");
    assert_int_equal(live, 3);
    assert_int_equal(ACK0(&b, 4), 0);
    check_send(&b, "", "");
    assert_int_equal(push(&b, 5), 5);
    uk_acked_send_fini(&b);
}
/* spec: AckedDeliverySpec 7 */
static void nacked_items_are_kept_apart(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 5; i++) push(&b, i);
    assert_int_equal(ACK(&b, 1, 0), 1);
    check_send(&b, "0", "0 2 3 4");
    assert_int_equal(ACK(&b, 3, 2, 0), 1);
    check_send(&b, "0 2", "0 2 4");
    assert_int_equal(ACK(&b, 4, 2, 2, 2), 1); /* a number twice is that number */
    check_send(&b, "2", "2");
    assert_int_equal(ACK0(&b, 4), 0);
    check_send(&b, "", "");
    uk_acked_send_fini(&b);
}
/* spec: AckedDeliverySpec 8 */
static void nack_of_what_is_not_held_is_an_error(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    assert_int_equal(ACK(&b, -1, 0), UKKO_ENOTFOUND);
    for (int i = 0; i < 5; i++) push(&b, i);
    assert_int_equal(ACK0(&b, 2), 0);
    assert_int_equal(ACK(&b, 3, 3, 2), UKKO_ENOTFOUND);
    check_send(&b, "", "3 4"); /* as before */
    assert_int_equal(ACK(&b, 4, 4, 17), UKKO_ENOTFOUND);
    assert_int_equal(ACK(&b, 4, INT64_MIN, INT64_MAX), UKKO_ENOTFOUND);
    assert_int_equal(ACK0(&b, 4), 0); /* no mark was left */
    check_send(&b, "", "");
    uk_acked_send_fini(&b);
}
static void ack_of_the_future_is_another_error(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    assert_int_equal(ACK0(&b, 0), UKKO_EPROTO);
    push(&b, 0);
    assert_int_equal(ACK0(&b, 1), UKKO_EPROTO);
    assert_int_equal(ACK0(&b, 1ll << 62), UKKO_EPROTO);
    assert_int_equal(ACK(&b, 1000, 7), UKKO_EPROTO);
    check_send(&b, "", "0");
    assert_int_equal(ACK0(&b, 0), 0);
    uk_acked_send_fini(&b);
}
static void a_stale_ack_loses_nothing(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 6; i++) push(&b, i);
    assert_int_equal(ACK(&b, 4, 1, 3), 1);
    assert_int_equal(ACK0(&b, 2), 0); /* was overtaken: speaks of 1, not of 3 */
    check_send(&b, "3", "3 5");
    assert_int_equal(ACK(&b, 2, 5), 0);
    assert_int_equal(ACK(&b, 2, 3), 0); /* and starts no resend */
    check_send(&b, "3", "3 5");
    uk_acked_send_fini(&b);
}
static void the_sender_works_across_the_wrap(void **state) {
    (void)state;
    uk_acked_send b = new_send(10);
    b.next = INT64_MAX - 1;
    for (int i = 0; i < 4; i++) push(&b, i);
    assert_int_equal(b.next, INT64_MIN + 2);
    assert_int_equal(ACK(&b, INT64_MIN, INT64_MAX - 1, INT64_MIN), 1);
    assert_int_equal(b.pending, 1);
    assert_int_equal(b.nacked_count, 2);
    assert_int_equal(ACK0(&b, INT64_MIN + 2), UKKO_EPROTO);
    assert_int_equal(ACK0(&b, INT64_MIN + 1), 0);
    assert_true(uk_acked_send_empty(&b));
    uk_acked_send_fini(&b);
}
static void the_resend_limit(void **state) {
    (void)state;
    char text[256] = "";
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 4; i++) {
        push(&b, i);
        assert_int_equal(uk_acked_send_open(&b, 2), i < 2);
    }
    ACK(&b, 0, 0);
    uk_acked_send_each(&b, 2, print_item, text);
    assert_string_equal(text, "0 1 2");
    uk_acked_send_fini(&b);
}
static void take_item(void *data, void *item) {
    *(int *)data = *(int *)data * 10 + *(int *)item;
    item_free(NULL, item);
}
static void a_new_peer_starts_at_zero(void **state) {
    (void)state;
    int digits = 0;
    uk_acked_send b = new_send(10);
    for (int i = 0; i < 5; i++) push(&b, i);
    ACK(&b, 2, 1);
    uk_acked_send_reset(&b, take_item, &digits);
    assert_int_equal(digits, 134);
    assert_int_equal(push(&b, 0), 0);
    uk_acked_send_reset(&b, NULL, NULL);
    uk_acked_send_fini(&b);
}

/* --- helpers for the receiving side --- */
static uk_acked_recv new_recv(size_t gap, size_t bytes) {
    uk_acked_recv b;
    uk_acked_recv_init(&b, (uk_acked_recv_limits){gap, bytes}, item_free, NULL);
    return b;
}
static void put(uk_acked_recv *b, int64_t seq) {
    int rc = uk_acked_recv_check(b, seq, 1);
    assert_int_equal(uk_acked_recv_put(b, seq, item_new((int)seq), 1), rc);
}
/* "delivered / cumulative nacks" */
static void check_recv(uk_acked_recv *b, const char *want) {
    char text[256] = "";
    int *item;
    size_t n = 0;
    while ((item = uk_acked_recv_next(b))) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d ", *item);
        item_free(NULL, item);
    }
    uk_ack a = uk_acked_recv_ack(b);
    n += (size_t)snprintf(text + n, sizeof text - n, "/ %lld", (long long)a.cumulative);
    for (size_t i = 0; i < a.count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " %lld", (long long)a.nacks[i]);
    assert_string_equal(text, want);
}
static void check_row(uk_acked_recv *b, int64_t seq, const char *want) {
    put(b, seq);
    check_recv(b, want);
}
/* spec: AckedDeliverySpec 9 */
static void out_of_order_arrivals(void **state) {
    (void)state;
    uk_acked_recv b = new_recv(100, 100);
    check_recv(&b, "/ -1");
    check_row(&b, 1, "/ 1 0");
    check_row(&b, 0, "0 1 / 1");
    check_row(&b, 4, "/ 4 2 3");
    check_row(&b, 2, "2 / 4 3");
    check_row(&b, 5, "/ 5 3");
    check_row(&b, 3, "3 4 5 / 5");
    check_row(&b, 70, "/ 70 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 "
                      "31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 "
                      "56 57 58 59 60 61 62 63 64 65 66 67 68 69");
    uk_acked_recv_fini(&b);
}
/* spec: AckedDeliverySpec 10 */
static void duplicates(void **state) {
    (void)state;
    uk_acked_recv b = new_recv(100, 100);
    check_row(&b, 0, "0 / 0");
    check_row(&b, 2, "/ 2 1");
    for (int64_t seq = 2; seq >= -1; seq -= 2) check_row(&b, seq, "/ 2 1");
    check_row(&b, -100, "/ 2 1");
    check_row(&b, INT64_MIN, "/ 2 1");
    check_row(&b, 1, "1 2 / 2");
    for (int64_t seq = -1; seq <= 2; seq++) check_row(&b, seq, "/ 2");
    uk_acked_recv_fini(&b);
}
/* spec: AckedDeliverySpec 11 */
static void merging(void **state) {
    (void)state;
    uk_acked_recv a = new_recv(100, 100), b = new_recv(100, 100);
    put(&a, 0), put(&a, 1), put(&a, 3), put(&a, 6);
    check_recv(&a, "0 1 / 6 2 4 5");
    put(&b, 0), put(&b, 4), put(&b, 3), put(&b, 9);
    check_recv(&b, "0 / 9 1 2 5 6 7 8");
    uk_acked_recv_merge(&a, &b);
    check_recv(&a, "/ 9 2 5 7 8");
    check_recv(&b, "/ -1"); /* as new */
    put(&b, 0), put(&b, 1), put(&b, 2), put(&b, 3), put(&b, 4), put(&b, 5), put(&b, 7);
    check_recv(&b, "0 1 2 3 4 5 / 7 6");
    uk_acked_recv_merge(&a, &b); /* the other one is further: 6 and 7 follow */
    check_recv(&a, "6 7 / 9 8");
    uk_acked_recv_merge(&a, &b);
    check_recv(&a, "/ 9 8");
    uk_acked_recv_fini(&a);
    uk_acked_recv_fini(&b);
}
static void merging_keeps_the_limits(void **state) {
    (void)state;
    uk_acked_recv a = new_recv(10, 2), b = new_recv(1000, 1000);
    for (int i = 1; i < 6; i++) put(&b, i);
    put(&b, 500);
    put(&a, 7);
    uk_acked_recv_merge(&a, &b);
    assert_true(a.held == 2 && a.bytes <= 2); /* 7 and 1; the rest comes again */
    check_recv(&a, "/ 7 0 2 3 4 5 6");
    uk_acked_recv_reset(&a);
    for (int i = 1; i < 6; i++) put(&b, i);
    uk_acked_recv_merge(&a, &b); /* 3 to 5 were acknowledged, and are gone: ask for them again */
    check_recv(&a, "/ 5 0 3 4 5");
    uk_acked_recv_fini(&a);
    uk_acked_recv_fini(&b);
}
static void the_receiver_works_across_the_wrap(void **state) {
    (void)state;
    uk_acked_recv b = new_recv(100, 100);
    b.delivered = b.highest = INT64_MAX - 1;
    put(&b, INT64_MIN + 1);
    put(&b, INT64_MIN);
    uk_ack a = uk_acked_recv_ack(&b);
    assert_int_equal(a.cumulative, INT64_MIN + 1);
    assert_true(a.count == 1 && a.nacks[0] == INT64_MAX);
    put(&b, INT64_MAX);
    for (int i = 0; i < 3; i++) item_free(NULL, uk_acked_recv_next(&b));
    assert_null(uk_acked_recv_next(&b));
    assert_int_equal(b.delivered, INT64_MIN + 1);
    uk_acked_recv_fini(&b);
}
static void far_numbers_set_no_memory_aside(void **state) {
    (void)state;
    static const int64_t far[] = {100000, 1ll << 62, INT64_MAX - 1, 14219, 20000};
    uk_acked_recv b;
    uk_acked_recv_init(&b, uk_acked_recv_limits_for(128000), item_free, NULL);
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        assert_int_equal(uk_acked_recv_put(&b, far[i], item_new(0), 1), UKKO_ETOOBIG);
        assert_int_equal(b.ring_cap, 0);
        check_recv(&b, "/ -1");
    }
    assert_int_equal(uk_acked_recv_put(&b, 5000, item_new(0), 1), 1); /* what Pekko takes easily */
    uk_ack a = uk_acked_recv_ack(&b);
    assert_int_equal(a.count, 5000);
    for (size_t i = 0; i < a.count; i++) assert_int_equal(a.nacks[i], i);
    put(&b, (int64_t)b.limits.gap - 1); /* the furthest: its ack still fits in one frame */
    a = uk_acked_recv_ack(&b);
    uk_buf out = {0};
    assert_int_equal(uk_ack_put(&out, &a, 128000), 0);
    uk_buf_fini(&out);
    uk_acked_recv_fini(&b);
}
static void waiting_bytes_are_limited(void **state) {
    (void)state;
    uk_acked_recv b = new_recv(1000, 100);
    assert_int_equal(uk_acked_recv_put(&b, 2, item_new(2), 60), 1);
    assert_int_equal(uk_acked_recv_put(&b, 3, item_new(3), 60), UKKO_ETOOBIG);
    assert_int_equal(uk_acked_recv_put(&b, 3, item_new(3), SIZE_MAX), UKKO_ETOOBIG);
    assert_int_equal(uk_acked_recv_put(&b, 3, item_new(3), 40), 1);
    assert_int_equal(uk_acked_recv_put(&b, 0, item_new(0), 1000000), 1); /* does not wait */
    check_recv(&b, "0 / 3 1");
    assert_int_equal(uk_acked_recv_put(&b, 1, item_new(1), 1000), 1);
    check_recv(&b, "1 2 3 / 3");
    assert_int_equal(b.bytes, 0);
    uk_acked_recv_fini(&b);
}
static void a_drained_receiver_gives_memory_back(void **state) {
    (void)state;
    uk_acked_recv b = new_recv(20000, 20000);
    for (int i = 9999; i >= 0; i--) put(&b, i); /* backwards */
    assert_true(b.ring_cap >= 10000);
    for (int i = 0; i < 10000; i++) {
        int *item = uk_acked_recv_next(&b);
        assert_int_equal(*item, i);
        item_free(NULL, item);
    }
    assert_int_equal(b.ring_cap, 0);
    uk_acked_recv_reset(&b);
    check_recv(&b, "/ -1");
    uk_acked_recv_fini(&b);
}

/* --- cost: these take seconds when an operation is quadratic --- */
static void count_items(void *data, int64_t seq, void *item) {
    (void)seq, (void)item;
    ++*(size_t *)data;
}
static void large_acks_are_cheap(void **state) {
    (void)state;
    enum { N = 20000, NACKS = 14000 };
    static int64_t nacks[NACKS];
    uk_acked_send b = new_send(N);
    for (int i = 0; i < N; i++) push(&b, i);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < NACKS; i++) nacks[i] = (int64_t)i * 6151 % NACKS; /* no order */
        assert_int_equal(ack_list(&b, N - 1, nacks, NACKS), 1);
        assert_int_equal(b.nacked_count, NACKS);
        nacks[NACKS - 1] = N + 5; /* found at the very end */
        assert_int_equal(ack_list(&b, N - 1, nacks, NACKS), UKKO_ENOTFOUND);
    }
    for (int i = 0; i < 100000; i++) assert_int_equal(ACK0(&b, -1), 0); /* tiny and stale */
    size_t count = 0;
    uk_acked_send_each(&b, 200, count_items, &count);
    assert_int_equal(count, NACKS);
    for (int i = 0; i < NACKS; i++) { /* acked one by one, from the lowest */
        assert_int_equal(ACK0(&b, i), 0);
    }
    assert_true(uk_acked_send_empty(&b));
    uk_acked_send_fini(&b);
}
static void a_full_buffer_is_cheap(void **state) {
    (void)state;
    enum { N = 20000 };
    uk_acked_send b = new_send(N);
    for (int i = 0; i < N; i++) push(&b, i);
    for (int64_t i = 0; i < 200000; i++) { /* a window that slides over the ring */
        assert_int_equal(ACK0(&b, i), 0);
        push(&b, 1);
    }
    assert_int_equal(b.pending, N);
    assert_true(b.ring_cap < 2 * 32768);
    uk_acked_send_fini(&b);
}

/* --- the two sides over a bad network --- */
typedef struct dice {
    uint64_t state;
} dice;
static uint32_t roll(dice *d, uint32_t n) { /* splitmix64 */
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % n);
}
typedef struct packet {
    int64_t seq; /* or the cumulative ack */
    int value;
    int64_t *nacks;
    size_t count;
} packet;
typedef struct net {
    packet q[2][4096]; /* 0: to the receiver; 1: back. In order */
    size_t from[2], to[2];
    unsigned loss, dup; /* in percent */
    dice *d;
} net;
static void packet_fini(packet *p) { free(p->nacks); }

static void net_send(net *n, int dir, packet p) {
    if (roll(n->d, 100) < n->loss || n->to[dir] == 4096) {
        packet_fini(&p);
        return;
    }
    bool twice = roll(n->d, 100) < n->dup && n->to[dir] < 4095;
    n->q[dir][n->to[dir]++] = p;
    if (!twice) return;
    packet again = p;
    again.nacks = malloc((p.count + 1) * 8);
    memcpy(again.nacks, p.nacks, p.count * 8);
    n->q[dir][n->to[dir]++] = again;
}
static bool net_take(net *n, int dir, packet *out) {
    if (n->from[dir] == n->to[dir]) {
        n->from[dir] = n->to[dir] = 0;
        return false;
    }
    *out = n->q[dir][n->from[dir]++];
    return true;
}
static void net_break(net *n) { /* all that is under way is lost */
    packet p;
    for (int dir = 0; dir < 2; dir++)
        while (net_take(n, dir, &p)) packet_fini(&p);
}

enum { WINDOW = 20, CAPACITY = 64, GAP = 64 };
typedef struct link {
    net *n;
    uk_acked_send send;
    uk_acked_recv recv;
    int sent, got, written;
} link_;

static void write_item(void *data, int64_t seq, void *item) {
    link_ *l = data;
    l->written++;
    net_send(l->n, 0, (packet){.seq = seq, .value = *(int *)item, .nacks = malloc(8)});
}
static void link_push(link_ *l) {
    int64_t seq;
    int value = l->sent;
    if (l->send.pending == CAPACITY) return;
    assert_int_equal(uk_acked_send_push(&l->send, item_new(value), &seq), 0);
    assert_int_equal(seq, l->sent++);
    if (uk_acked_send_open(&l->send, WINDOW)) write_item(l, seq, &value);
}
static void link_arrive(link_ *l, const packet *p) {
    int rc = uk_acked_recv_put(&l->recv, p->seq, item_new(p->value), 1);
    assert_true(rc == 0 || rc == 1 || rc == UKKO_ETOOBIG);
    assert_true(l->recv.held <= GAP && l->recv.bytes <= GAP && l->recv.ring_cap <= GAP);
    if (rc < 0) return;
    int *item;
    while ((item = uk_acked_recv_next(&l->recv))) {
        assert_int_equal(*item, l->got++); /* once, and in order */
        item_free(NULL, item);
    }
    uk_ack a = uk_acked_recv_ack(&l->recv);
    int64_t *nacks = malloc((a.count + 1) * 8);
    if (a.count) memcpy(nacks, a.nacks, a.count * 8);
    net_send(l->n, 1, (packet){.seq = a.cumulative, .nacks = nacks, .count = a.count});
}
static void link_acked(link_ *l, const packet *p) {
    int rc = ack_list(&l->send, p->seq, p->nacks, p->count);
    assert_true(rc >= 0);
    if (rc) uk_acked_send_each(&l->send, 0, write_item, l);
    assert_true(l->send.nacked_count <= GAP);
}
static void link_step(link_ *l, unsigned breaks) {
    packet p;
    dice *d = l->n->d;
    switch (roll(d, 6)) {
    case 0:
    case 1: link_push(l); break;
    case 2:
    case 3:
        if (net_take(l->n, 0, &p)) link_arrive(l, &p), packet_fini(&p);
        break;
    case 4:
        if (net_take(l->n, 1, &p)) link_acked(l, &p), packet_fini(&p);
        break;
    case 5:
        if (roll(d, 100) < breaks) net_break(l->n);
        else if (!roll(d, 8)) uk_acked_send_each(&l->send, WINDOW, write_item, l);
        break;
    }
}
/* With a network that works again, a few resends bring all over. */
static void link_settle(link_ *l) {
    packet p;
    l->n->loss = 0;
    for (int round = 0; !uk_acked_send_empty(&l->send); round++) {
        assert_true(round < 40);
        uk_acked_send_each(&l->send, WINDOW, write_item, l);
        while (net_take(l->n, 0, &p)) link_arrive(l, &p), packet_fini(&p);
        while (net_take(l->n, 1, &p)) link_acked(l, &p), packet_fini(&p);
    }
    assert_int_equal(l->got, l->sent);
}
static void run_model(uint64_t seed, int steps) {
    static net n; /* large */
    dice d = {seed};
    n.d = &d;
    n.loss = roll(&d, 60);
    n.dup = roll(&d, 30);
    unsigned breaks = roll(&d, 40);
    link_ l = {.n = &n};
    uk_acked_send_init(&l.send, CAPACITY, item_free, NULL);
    uk_acked_recv_init(&l.recv, (uk_acked_recv_limits){GAP, GAP}, item_free, NULL);
    for (int i = 0; i < steps; i++) link_step(&l, breaks);
    link_settle(&l);
    net_break(&n);
    uk_acked_send_fini(&l.send);
    uk_acked_recv_fini(&l.recv);
    if (live) fail_msg("seed %llu: %d items leaked", (unsigned long long)seed, live);
}
static void a_hundred_thousand_short_runs(void **state) {
    (void)state;
    const char *text = getenv("UKKO_ACKED_RUNS");
    long runs = text ? atol(text) : 100000;
    for (long seed = 0; seed < runs; seed++) run_model((uint64_t)seed, 60);
    for (uint64_t seed = 0; seed < 20; seed++) run_model(~seed, 20000);
}
/* spec: AckedDeliverySpec 12 */
static void a_thousand_items_over_half_a_network(void **state) {
    (void)state;
    static net n;
    dice d = {42};
    n.d = &d;
    n.loss = 50;
    link_ l = {.n = &n};
    packet p;
    uk_acked_send_init(&l.send, CAPACITY, item_free, NULL);
    uk_acked_recv_init(&l.recv, (uk_acked_recv_limits){GAP, GAP}, item_free, NULL);
    while (l.got < 1000) {
        if (l.sent < 1000) link_push(&l);
        if (!roll(&d, 10)) uk_acked_send_each(&l.send, WINDOW, write_item, &l);
        while (net_take(&n, 0, &p)) link_arrive(&l, &p), packet_fini(&p);
        while (net_take(&n, 1, &p)) link_acked(&l, &p), packet_fini(&p);
    }
    assert_true(l.written < 20000);
    link_settle(&l);
    net_break(&n);
    uk_acked_send_fini(&l.send);
    uk_acked_recv_fini(&l.recv);
}
/* Random acknowledgements and numbers, as a hostile peer sends them: errors, but no harm. */
static void hostile_numbers(void **state) {
    (void)state;
    static const int64_t odd[] = {0, -1, 1, INT64_MIN, INT64_MAX, 1ll << 62, -(1ll << 62), 100000};
    dice d = {7};
    for (int run = 0; run < 2000; run++) {
        uk_acked_send s = new_send(32);
        uk_acked_recv r = new_recv(50, 1000);
        for (int i = 0; i < 100; i++) {
            int64_t nacks[5], seq = roll(&d, 2) ? odd[roll(&d, 8)] : (int64_t)roll(&d, 60);
            size_t n = roll(&d, 6);
            for (size_t k = 0; k < n; k++)
                nacks[k] = roll(&d, 3) ? (int64_t)roll(&d, 60) : odd[roll(&d, 8)];
            if (s.pending < 32 && roll(&d, 2)) push(&s, 1);
            ack_list(&s, seq, nacks, n);
            assert_true(s.nacked_count + s.pending <= (size_t)s.next);
            uk_acked_recv_put(&r, seq, item_new(1), roll(&d, 200));
            assert_true(uk_acked_recv_ack(&r).count <= 50 && r.bytes <= 1200);
            void *item = roll(&d, 2) ? uk_acked_recv_next(&r) : NULL;
            if (item) item_free(NULL, item);
        }
        uk_acked_send_fini(&s);
        uk_acked_recv_fini(&r);
    }
}

/* --- when an acknowledgement travels --- */
static void acks_ride_or_go_alone(void **state) {
    (void)state;
    uk_ack_timer t;
    uk_ack_timer_init(&t, 300, 200, 1000);
    assert_int_equal(uk_ack_timer_deadline(&t), INT64_MAX);
    assert_false(uk_ack_timer_due(&t, 99999));      /* nothing to send */
    assert_false(uk_ack_timer_add(&t, 1100));       /* there may be a message to ride on */
    assert_int_equal(uk_ack_timer_deadline(&t), 1300);
    assert_false(uk_ack_timer_due(&t, 1299));
    assert_true(uk_ack_timer_due(&t, 1300));
    uk_ack_timer_wrote(&t, true, 1300);
    assert_false(uk_ack_timer_due(&t, 5000));       /* once */
    assert_true(uk_ack_timer_add(&t, 1600));        /* idle for long: at once */
    uk_ack_timer_wrote(&t, true, 1600);
    assert_false(uk_ack_timer_add(&t, 1700));
    uk_ack_timer_wrote(&t, false, 1800);            /* a frame without it only renews */
    assert_true(t.waiting);
    assert_int_equal(uk_ack_timer_deadline(&t), 2100);
    assert_false(uk_ack_timer_add(&t, 2099));       /* a later one replaces it */
    uk_ack_timer_wrote(&t, true, 2099);             /* rode on a message */
    assert_int_equal(uk_ack_timer_deadline(&t), INT64_MAX);
}

/* A sender writes no more than its window before it hears of them: none may wait for the pause. */
static void acks_come_before_a_window_is_full(void **state) {
    (void)state;
    static const size_t windows[] = {1, 2, 10, 200, 1000};
    for (size_t k = 0; k < 5; k++) {
        uk_ack_timer t;
        size_t alone = 0, n = windows[k];
        uk_ack_timer_init(&t, 300, n, 0);
        for (size_t i = 0; i < n; i++) {
            if (!uk_ack_timer_add(&t, 1)) continue;
            alone++;
            uk_ack_timer_wrote(&t, true, 1);
        }
        assert_true(alone >= (n < 4 ? 1 : 3) && alone <= (n < 8 ? n : 16));
    }
    uk_ack_timer t; /* what rode on a message is not owed any more */
    uk_ack_timer_init(&t, 300, 200, 0);
    for (int i = 0; i < 1000; i++) {
        assert_false(uk_ack_timer_add(&t, 1));
        if (i % 49 == 48) uk_ack_timer_wrote(&t, true, 1);
    }
}

#define TEST(f) cmocka_unit_test_teardown(f, no_leak)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(numbers_follow_one_another), TEST(order_holds_across_the_wrap),
        TEST(order_holds_with_large_gaps), TEST(unacked_items_are_kept_in_order),
        TEST(capacity_is_a_limit_of_unacked_items), TEST(cumulative_ack_releases),
        TEST(nacked_items_are_kept_apart), TEST(nack_of_what_is_not_held_is_an_error),
        TEST(ack_of_the_future_is_another_error), TEST(a_stale_ack_loses_nothing),
        TEST(the_sender_works_across_the_wrap), TEST(the_resend_limit),
        TEST(a_new_peer_starts_at_zero), TEST(out_of_order_arrivals), TEST(duplicates),
        TEST(merging), TEST(merging_keeps_the_limits), TEST(the_receiver_works_across_the_wrap),
        TEST(far_numbers_set_no_memory_aside), TEST(waiting_bytes_are_limited),
        TEST(a_drained_receiver_gives_memory_back), TEST(large_acks_are_cheap),
        TEST(a_full_buffer_is_cheap), TEST(a_thousand_items_over_half_a_network),
        TEST(a_hundred_thousand_short_runs), TEST(hostile_numbers), TEST(acks_ride_or_go_alone),
        TEST(acks_come_before_a_window_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
