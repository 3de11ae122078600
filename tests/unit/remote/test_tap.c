/* SPDX-License-Identifier: Apache-2.0 */
/* A program sees what its connections carry, in both directions, whole and in order. Test thread; the tap
   is called on the I/O thread of its node. */
#include "support/nodes.h"
#include <ukko/link.h>
#include <ukko/wire.h>

typedef struct tape { /* of one connection */
    pthread_mutex_t lock;
    uint8_t bytes[2][20000]; /* what came, what was sent */
    size_t n[2];
    char local[80], peer[80];
    uint64_t connections;
    bool inbound, ended;
} tape;

static void on_piece(void *data, const ukko_tap *p) {
    tape *t = data;
    pthread_mutex_lock(&t->lock);
    if (p->connection > t->connections) t->connections = p->connection;
    snprintf(t->local, sizeof t->local, "%s", p->local);
    snprintf(t->peer, sizeof t->peer, "%s", p->peer);
    t->inbound = p->inbound;
    t->ended |= !p->bytes.len;
    if (p->bytes.len && t->n[p->out] + p->bytes.len <= sizeof t->bytes[0]) {
        memcpy(t->bytes[p->out] + t->n[p->out], p->bytes.ptr, p->bytes.len);
        t->n[p->out] += p->bytes.len;
    }
    pthread_mutex_unlock(&t->lock);
}

/* How many frames of this kind were carried; all of it has to be frames. */
static int count(tape *t, bool out, ukko_wire_kind kind) {
    ukko_slice in = {t->bytes[out], t->n[out]}, body;
    ukko_wire_pdu pdu;
    int n = 0;
    while (ukko_wire_cut(&in, sizeof t->bytes[0], &body) == 1) {
        if (!body.len) continue;
        assert_int_equal(ukko_wire_decode(body, &pdu), UKKO_OK);
        n += pdu.kind == kind;
    }
    assert_int_equal(in.len, 0);
    return n;
}

static void check(tape *t, const char *at_other, bool inbound) {
    assert_true(t->ended);
    assert_int_equal(t->connections, 1);
    assert_int_equal(t->inbound, inbound);
    assert_int_equal(count(t, true, UKKO_WIRE_ASSOCIATE), 1);
    assert_int_equal(count(t, false, UKKO_WIRE_ASSOCIATE), 1);
    assert_true(count(t, true, UKKO_WIRE_PAYLOAD) >= 3);
    assert_true(count(t, false, UKKO_WIRE_PAYLOAD) >= 3);
    const char *end = strrchr(at_other, '@') + 1;
    if (!inbound) assert_string_equal(t->peer, end);
    pthread_mutex_destroy(&t->lock);
}

static void talk(const char *more) {
    static tape a, b;
    a = b = (tape){.lock = PTHREAD_MUTEX_INITIALIZER};
    char at_a[100], at_b[100];
    ukko_system *x = node_with("A", (node_opts){.config = more, .tap = on_piece, .tap_data = &a});
    ukko_system *y = node_with("B", (node_opts){.tap = on_piece, .tap_data = &b});
    snprintf(at_a, sizeof at_a, "%s", ukko_remote_address(x));
    snprintf(at_b, sizeof at_b, "%s", ukko_remote_address(y));
    assert_int_equal(ukko_remote_tap(x, on_piece, &a), UKKO_ESTATE); /* too late */
    spawn_echo(y, "echo");
    ukko_ref *to = ref_at(x, at_b, "/user/echo");
    for (int i = 0; i < 3; i++) wait_answer(to);
    ukko_ref_release(to);
    ukko_system_free(x);
    ukko_system_free(y);
    check(&a, at_b, false);
    check(&b, at_a, true);
    /* what one has sent is what the other got */
    assert_true(a.n[1] >= b.n[0] && b.n[1] >= a.n[0] && b.n[0] > 100 && a.n[0] > 100);
    assert_memory_equal(a.bytes[1], b.bytes[0], b.n[0]);
    assert_memory_equal(b.bytes[1], a.bytes[0], a.n[0]);
}

static void all_that_travels(void **state) {
    (void)state;
    talk(NULL);
}
static void inside_the_filter_of_faults(void **state) {
    (void)state;
    talk("ukko.remote.faults.enabled = on\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_that_travels),
                                       cmocka_unit_test(inside_the_filter_of_faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
