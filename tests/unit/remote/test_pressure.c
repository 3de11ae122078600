/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a peer is bounded and told of: a peer that never answers the handshake, one that does
   not read, messages that are too long. The peer is a bare socket here. Over loopback. */
#include "support/dumb_peer.h"

/* ---- what the node tells ---- */

static void expect_mark(probe *p, bool high, const char *remote) {
    ukko_msg *m = probe_expect(p, &ukko_backpressure_type);
    const ukko_backpressure *b = ukko_msg_get(m, &ukko_backpressure_type);
    assert_int_equal(b->high, high);
    assert_string_equal(b->remote, remote);
    assert_int_equal(b->mark_bytes, high ? 10000 : 2000); /* of `small` */
    assert_true(high ? b->bytes > b->mark_bytes : b->bytes <= b->mark_bytes);
    ukko_msg_release(m);
}
/* The next dead letter, whose reason names a setting. */
static void expect_full(probe *p, const char *setting) {
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    if (!strstr(d->reason, setting)) fail_msg("%s", d->reason);
    ukko_msg_release(m);
}
static size_t drain_dead(probe *p) {
    size_t n = 0;
    ukko_tell_text(NULL, p->ref, "\1fence");
    for (;; n++) {
        ukko_msg *m = probe_take(p, 60000);
        assert_non_null(m);
        bool fence = ukko_msg_text(m) != NULL;
        ukko_msg_release(m);
        if (fence) return n;
    }
}

static const char small[] = "ukko.remote.send-queue { max-messages = 100, max-bytes = 50000b }\n"
                            "pekko.remote.classic.netty.tcp { write-buffer-high-water-mark = 10000b\n"
                            " write-buffer-low-water-mark = 2000b, send-buffer-size = 20000b }\n"
                            "pekko.log-dead-letters = off\n";

/* The handshake is not answered: a hundred messages are kept, the others are dead letters; when it is
   answered the hundred arrive. */
static void handshake_that_hangs(void **state) {
    (void)state;
    ukko_system *a = node_new("A", small);
    dumb d = dumb_new();
    probe *dead = probe_new(a, "dead"), *marks = probe_new(a, "marks");
    ukko_subscribe(a, &ukko_dead_letter_type, dead->ref);
    ukko_subscribe(a, &ukko_backpressure_type, marks->ref);
    ukko_ref *to = ref_at(a, d.address, "/user/x");
    char text[200];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    for (int i = 0; i < 130; i++) ukko_tell_text(NULL, to, text);
    expect_full(dead, "ukko.remote.send-queue.max-messages");
    assert_int_equal(drain_dead(dead), 29);
    expect_mark(marks, true, d.address);
    ukko_error err = {0};
    assert_int_equal(ukko_try_tell_from(to, ukko_msg_string("no"), NULL, &err), UKKO_EBUSY);
    assert_non_null(strstr(err.message, "max-messages"));
    assert_int_equal(drain_dead(dead), 0); /* it was only told */
    dumb_accept(&d);
    dumb_answer(&d);
    expect_mark(marks, false, d.address);
    assert_true(dumb_read(&d, 100 * 200) > 100 * 200);
    assert_int_equal(ukko_try_tell_from(to, ukko_msg_string("yes"), NULL, &err), UKKO_OK);
    assert_int_equal(drain_dead(dead), 0);
    ukko_ref_release(to);
    ukko_system_free(a);
    dumb_close(&d);
    probe_free(dead);
    probe_free(marks);
}

/* Nor is it ever answered: what was kept becomes dead letters too. */
static void handshake_that_fails(void **state) {
    (void)state;
    ukko_system *a = node_new("A", small);
    dumb d = dumb_new();
    probe *dead = probe_new(a, "dead"), *marks = probe_new(a, "marks");
    ukko_subscribe(a, &ukko_dead_letter_type, dead->ref);
    ukko_subscribe(a, &ukko_backpressure_type, marks->ref);
    ukko_ref *to = ref_at(a, d.address, "/user/x");
    uint8_t bytes[9000] = {0};
    for (int i = 0; i < 10; i++) ukko_tell(NULL, to, &ukko_bytes_type, &(ukko_slice){bytes, 9000});
    expect_full(dead, "ukko.remote.send-queue.max-bytes");
    assert_int_equal(drain_dead(dead), 4);
    expect_mark(marks, true, d.address);
    dumb_accept(&d);
    close(d.fd);
    d.fd = -1;
    for (int i = 0; i < 5; i++) {
        ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
        assert_string_equal(((const ukko_dead_letter *)ukko_msg_get(m, &ukko_dead_letter_type))->reason,
                            "the association has failed");
        ukko_msg_release(m);
    }
    expect_mark(marks, false, d.address);
    ukko_error err = {0};
    assert_int_equal(ukko_try_tell_from(to, ukko_msg_string("no"), NULL, &err), UKKO_EGATED);
    ukko_ref_release(to);
    ukko_system_free(a);
    dumb_close(&d);
    probe_free(dead);
    probe_free(marks);
}

/* Sends until the queue is full and stays so: what the other node answers has gone through the I/O thread,
   which has had its turn to write to the peer. Gives how many were taken. */
static int fill(ukko_ref *to, ukko_ref *other, ukko_slice bytes) {
    enum { COUNT = 3000 };
    int taken = 0;
    ukko_error err = {0};
    for (int busy = 0; busy < 2;) {
        int rc = ukko_try_tell(NULL, to, &ukko_bytes_type, &bytes, &err);
        busy = rc ? busy + 1 : 0;
        if (!rc && ++taken == COUNT) fail_msg("%d messages were taken, and nobody reads", taken);
        if (!rc) continue;
        assert_int_equal(rc, UKKO_EBUSY);
        assert_non_null(strstr(err.message, "max-bytes"));
        assert_true(does_answer(other, 60000));
    }
    return taken;
}

/* A peer that has shaken hands and then does not read: what waits stays below the limit, every message
   that does not get in is a dead letter, and so is what waits when the connection ends. */
static void peer_that_does_not_read(void **state) {
    (void)state;
    enum { SIZE = 1000 };
    uint8_t zeros[SIZE] = {0};
    ukko_slice bytes = {zeros, SIZE};
    ukko_system *a = node_new("A", small), *b = node_new("B", NULL);
    dumb d = dumb_new();
    probe *dead = probe_new(a, "dead"), *marks = probe_new(a, "marks");
    ukko_subscribe(a, &ukko_dead_letter_type, dead->ref);
    ukko_subscribe(a, &ukko_backpressure_type, marks->ref);
    spawn_echo(b, "echo");
    ukko_ref *to = ref_at(a, d.address, "/user/x");
    ukko_ref *other = ref_at(a, ukko_remote_address(b), "/user/echo");
    ukko_tell_text(NULL, to, "hello");
    dumb_accept(&d);
    dumb_answer(&d);
    size_t taken = (size_t)fill(to, other, bytes);
    expect_mark(marks, true, d.address);
    assert_int_equal(drain_dead(dead), 0);
    for (int i = 0; i < 5; i++) ukko_tell(NULL, to, &ukko_bytes_type, &bytes);
    for (int i = 0; i < 5; i++) expect_full(dead, "ukko.remote.send-queue.max-bytes");
    assert_true(dumb_read(&d, taken * SIZE) > taken * SIZE); /* all that was taken arrives */
    expect_mark(marks, false, d.address);
    /* and once more, but now the connection ends */
    fill(to, other, bytes);
    expect_mark(marks, true, d.address);
    close(d.fd);
    d.fd = -1;
    expect_mark(marks, false, d.address);
    for (int i = 0; i <= 10; i++) /* those that were still here; the event may come before them */
        ukko_msg_release(probe_expect(dead, &ukko_dead_letter_type));
    ukko_ref_release(to);
    ukko_ref_release(other);
    ukko_system_free(a);
    ukko_system_free(b);
    dumb_close(&d);
    probe_free(dead);
    probe_free(marks);
}

/* ---- too long ---- */

static void too_long_is_told_at_once(void **state) {
    (void)state;
    ukko_system *a = node_new("A", NULL), *b = node_new("B", NULL);
    probe *dropped = probe_new(a, "dropped");
    ukko_subscribe(a, &ukko_dropped_type, dropped->ref);
    ukko_subscribe(a, &ukko_dead_letter_type, dropped->ref);
    spawn_echo(b, "echo");
    ukko_ref *to = ref_at(a, ukko_remote_address(b), "/user/echo");
    ukko_slice big = {calloc(1, 200000), 200000};
    for (int open = 0; open < 2; open++) { /* before there is a link, and on it */
        ukko_error err = {0};
        assert_int_equal(ukko_try_tell(NULL, to, &ukko_bytes_type, &big, &err), UKKO_ETOOBIG);
        assert_non_null(strstr(err.message, " takes 2000"));
        assert_non_null(strstr(err.message, "128000"));
        assert_non_null(strstr(err.message, "netty.tcp.maximum-frame-size"));
        assert_int_equal(ukko_try_tell(NULL, to, &ukko_double_type, &(double){1}, NULL),
                         UKKO_ENOTSERIAL);
        probe_expect_nothing(dropped);
        ukko_tell(NULL, to, &ukko_bytes_type, &big); /* the plain form */
        /* by when tell has returned it has been told */
        ukko_msg *m = probe_take(dropped, 60000);
        assert_ptr_equal(ukko_msg_type(m), &ukko_dropped_type);
        ukko_msg_release(m);
        assert_int_equal(ukko_try_tell(NULL, to, &ukko_string_type, &(ukko_string){"small", 0}, &err),
                         UKKO_OK);
        assert_true(does_answer(to, 60000)); /* one question: the answer to another, late, is a dead letter */
    }
    /* local references: taken, or known to have stopped */
    ukko_ref *here = ukko_system_ref(a, "/user/dropped"), *nobody = ukko_system_ref(a, "/user/nobody");
    ukko_error err = {0};
    assert_int_equal(ukko_try_tell(NULL, here, &ukko_string_type, &(ukko_string){"hi", 0}, &err), 0);
    probe_expect_text(dropped, "hi");
    assert_int_equal(ukko_try_tell_from(nobody, ukko_msg_string("hi"), NULL, &err), UKKO_ESTOPPED);
    probe_expect_nothing(dropped);
    free((void *)(uintptr_t)big.ptr);
    ukko_ref_release(here);
    ukko_ref_release(nobody);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(dropped);
}

/* ---- many addresses ---- */

static void count_link(void *data, const ukko_link *l) {
    assert_true(l->size == sizeof *l && strstr(l->address, "pekko.tcp://Dumb@"));
    assert_true(l->left_ms >= -1 && l->state_ms >= 0 && strstr(l->local, "pekko.tcp://A@"));
    ++*(int *)data;
}
static bool few_links(void *sys) {
    int n = 0;
    assert_true(ukko_remote_links(sys, count_link, &n) == n);
    return n <= 5;
}
/* Ever new peers dial in, each is answered for a numbered message, and goes: the node remembers the
   numbers of the last few only. */
static void ever_new_addresses(void **state) {
    (void)state;
    ukko_system *a = node_new("A", "ukko.remote.max-idle-links = 5\n"
                                   "pekko.remote.classic { retry-gate-closed-for = 10 ms\n"
                                   " system-message-ack-piggyback-timeout = 20 ms }\n");
    ukko_ref *nobody = ref_at(a, ukko_remote_address(a), "/user/nobody");
    dumb keep = dumb_new();
    dumb_dial(&keep, ukko_remote_address(a));
    for (int i = 0; i < 30; i++) {
        dumb d = dumb_new();
        uk_wire e;
        d.uid = 100 + i;
        dumb_dial(&d, ukko_remote_address(a));
        dumb_watch(&d, 0, false, ukko_ref_path(nobody), "pekko.tcp://Dumb@127.0.0.1:1/user/x#1");
        assert_true(dumb_numbered(&d, &e, true, 60000));
        dumb_close(&d);
    }
    until(few_links, a, "old links forgotten");
    ukko_link l;
    assert_int_equal(ukko_remote_link(a, keep.address, &l), UKKO_OK); /* it is in use */
    assert_true(l.state == UKKO_LINK_ACTIVE && l.inbound);
    assert_int_equal(ukko_remote_link(a, "pekko.tcp://Dumb@127.0.0.1:2", &l), UKKO_ENOTFOUND);
    ukko_ref_release(nobody);
    ukko_system_free(a);
    dumb_close(&keep);
}

static void bad_marks(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "pekko.remote.classic.netty.tcp.write-buffer-low-water-mark = -1b",
        "ukko.remote.send-queue.max-bytes = 0b", "ukko.remote.send-queue.max-messages = 0"};
    static const char *const named[] = {"write-buffer-low-water-mark", "max-bytes", "max-messages"};
    for (size_t i = 0; i < 3; i++) {
        ukko_system *sys = NULL;
        ukko_error err = {0};
        assert_int_equal(node_try(&sys, "A", (node_opts){.config = wrong[i]}, &err), UKKO_ECONFIG);
        if (!strstr(err.message, named[i])) fail_msg("%s", err.message);
        ukko_system_free(sys);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_that_hangs),    cmocka_unit_test(handshake_that_fails),
        cmocka_unit_test(peer_that_does_not_read), cmocka_unit_test(too_long_is_told_at_once),
        cmocka_unit_test(ever_new_addresses),      cmocka_unit_test(bad_marks),
    };
    return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
