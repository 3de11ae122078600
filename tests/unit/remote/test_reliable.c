/* SPDX-License-Identifier: Apache-2.0 */
/* System messages between a node and a bare socket that acknowledges what it likes: warnings about a
   buffer that fills, a buffer that is full, stale acknowledgements both ways, a time to give up. Over
   loopback. */
#include "support/dumb_peer.h"
#include <stdatomic.h>

static _Atomic int half, most, stale; /* relaxed: counters of log lines */

static void count_log(void *data, const ukko_log_record *r) {
    (void)data;
    if (strstr(r->text, "are not acknowledged: 50 %")) atomic_fetch_add(&half, 1);
    if (strstr(r->text, "are not acknowledged: 80 %")) atomic_fetch_add(&most, 1);
    if (strstr(r->text, "Ignoring a stale ack")) atomic_fetch_add(&stale, 1);
}
static ukko_system *logging_node(const char *config) {
    char all[1000];
    snprintf(all, sizeof all, "pekko.loglevel = INFO\npekko.log-dead-letters = off\n%s", config);
    atomic_store(&half, 0);
    atomic_store(&most, 0);
    atomic_store(&stale, 0);
    return node_with("A", (node_opts){.config = all, .log = count_log});
}

/* Nothing beats and nothing is repeated: only what a test sends is numbered. */
#define CALM                                                                                \
    "pekko.remote.watch-failure-detector { heartbeat-interval = 1 h }\n"                    \
    "pekko.remote.classic.resend-interval = 1 h\n"

typedef struct count_case {
    _Atomic int *counter;
    int n;
} count_case;
static bool counted(void *data) {
    count_case *c = data;
    return atomic_load(c->counter) == c->n;
}
#define COUNTED(counter, n) until(counted, &(count_case){&counter, n}, #counter " " #n)

static void watch_there(probe *watcher, ukko_system *a, const dumb *d, int n) {
    char path[60];
    snprintf(path, sizeof path, "/user/w%d#%d", n, n + 1000);
    ukko_ref *ref = ref_at(a, d->address, path);
    probe_watch(watcher, ref);
    ukko_ref_release(ref);
}
static int64_t expect_seq(dumb *d) {
    uk_wire e;
    assert_true(dumb_numbered(d, &e, false, 60000));
    return e.seq;
}

static void warnings_and_the_end(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM "pekko.remote.classic.system-message-buffer-size = 20");
    dumb d = dumb_new();
    probe *watcher = probe_new(a, "watcher"), *events = probe_new(a, "events");
    ukko_subscribe(a, &ukko_quarantined_type, events->ref);
    watch_there(watcher, a, &d, 0);
    dumb_accept(&d);
    dumb_answer(&d);
    assert_int_equal(expect_seq(&d), 0);
    for (int i = 1; i < 9; i++) watch_there(watcher, a, &d, i);
    for (int i = 1; i < 9; i++) assert_int_equal(expect_seq(&d), i);
    assert_int_equal(atomic_load(&half), 0);
    watch_there(watcher, a, &d, 9);
    assert_int_equal(expect_seq(&d), 9);
    COUNTED(half, 1);
    dumb_ack(&d, 9); /* all is well again; then the same once more, and further */
    for (int i = 10; i < 26; i++) watch_there(watcher, a, &d, i);
    for (int i = 10; i < 26; i++) assert_int_equal(expect_seq(&d), i);
    COUNTED(half, 2);
    COUNTED(most, 1);
    for (int i = 26; i < 30; i++) watch_there(watcher, a, &d, i);
    probe_expect_nothing(events);
    watch_there(watcher, a, &d, 30); /* one too many */
    ukko_msg *m = probe_expect(events, &ukko_quarantined_type);
    const ukko_quarantined *q = ukko_msg_get(m, &ukko_quarantined_type);
    assert_int_equal(q->uid, d.uid);
    assert_int_equal(q->code, UKKO_REASON_BUFFER_FULL);
    assert_non_null(strstr(q->remedy, "system-message-buffer-size"));
    ukko_msg_release(m);
    for (int i = 10; i <= 30; i++) { /* each that was not delivered has its answer, the last one too */
        m = probe_expect(watcher, &ukko_terminated_type);
        assert_false(((const ukko_terminated *)ukko_msg_get(m, &ukko_terminated_type))->existence_confirmed);
        ukko_msg_release(m);
    }
    probe_expect_nothing(watcher);
    ukko_system_free(a);
    dumb_close(&d);
    probe_free(watcher);
    probe_free(events);
}

/* What an older incarnation of the peer would acknowledge is no reason to give the link up. */
static void stale_acks_are_survived(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM);
    dumb d = dumb_new();
    probe *watcher = probe_new(a, "watcher"), *events = probe_new(a, "events");
    ukko_subscribe(a, &ukko_quarantined_type, events->ref);
    for (int i = 0; i < 5; i++) watch_there(watcher, a, &d, i);
    dumb_accept(&d);
    dumb_answer(&d);
    for (int i = 0; i < 5; i++) assert_int_equal(expect_seq(&d), i);
    dumb_ack(&d, 4);
    d.uid++; /* another incarnation dials in: numbers begin at 0 */
    dumb_dial(&d, ukko_remote_address(a));
    uk_pdu pdu;
    assert_true(dumb_next(&d, &pdu, 10000) && pdu.kind == UK_PDU_ASSOCIATE);
    dumb_ack(&d, 4); /* stale */
    dumb_ack(&d, 2);
    watch_there(watcher, a, &d, 10);
    assert_int_equal(expect_seq(&d), 0);
    dumb_ack(&d, 3); /* stale, in the midst of it */
    dumb_ack(&d, 0);
    watch_there(watcher, a, &d, 11);
    assert_int_equal(expect_seq(&d), 1);
    COUNTED(stale, 3);
    probe_expect_nothing(events);
    dumb_ack(&d, 99); /* but this was never sent to anybody */
    ukko_msg *m = probe_expect(events, &ukko_quarantined_type);
    assert_int_equal(((const ukko_quarantined *)ukko_msg_get(m, &ukko_quarantined_type))->code,
                     UKKO_REASON_BAD_ACK);
    ukko_msg_release(m);
    ukko_system_free(a);
    dumb_close(&d);
    probe_free(watcher);
    probe_free(events);
}

static int64_t expect_ack(dumb *d) {
    uk_wire e;
    assert_true(dumb_numbered(d, &e, true, 60000));
    return e.cumulative;
}
/* The peer forgets its numbers, as a JVM does behind a gate, and begins at 0 under the same uid. It never
   gets an acknowledgement of what it has not sent on that connection: it would give the link up. */
static void no_stale_ack_goes_out(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM);
    dumb d = dumb_new();
    ukko_ref *ref;
    assert_int_equal(ukko_system_spawn(a, ukko_props_new(&echo_kind), NULL, &ref), 0);
    char watcher[150];
    snprintf(watcher, sizeof watcher, "%s/user/watcher#77", d.address);
    dumb_dial(&d, ukko_remote_address(a));
    for (int i = 0; i < 3; i++) dumb_watch(&d, i, false, ukko_ref_path(ref), watcher);
    while (expect_ack(&d) < 2) {}
    for (int round = 0; round < 3; round++) { /* the same connection lost */
        dumb_dial(&d, ukko_remote_address(a));
        for (int i = 0; i < 4; i++) {
            dumb_watch(&d, i, false, ukko_ref_path(ref), watcher);
            assert_int_equal(expect_ack(&d), i);
        }
    }
    ukko_ref_release(ref);
    ukko_system_free(a);
    dumb_close(&d);
}

/* A sender that has as many under way as resend-limit lets it does not wait for the pause of an ack. */
static void a_full_window_is_answered_at_once(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM
        "pekko.remote.classic.system-message-ack-piggyback-timeout = 1 h");
    dumb d = dumb_new();
    ukko_ref *ref;
    assert_int_equal(ukko_system_spawn(a, ukko_props_new(&echo_kind), NULL, &ref), 0);
    char watcher[150];
    snprintf(watcher, sizeof watcher, "%s/user/watcher#77", d.address);
    dumb_dial(&d, ukko_remote_address(a));
    int64_t acked = -1, next = 0;
    while (acked < 999) {
        for (; next - acked <= 200; next++)
            dumb_watch(&d, next, next % 2, ukko_ref_path(ref), watcher);
        acked = expect_ack(&d);
    }
    ukko_ref_release(ref);
    ukko_system_free(a);
    dumb_close(&d);
}

static bool is_quarantined(void *data) {
    ukko_link l;
    void **x = data;
    return !ukko_remote_link(x[0], ((dumb *)x[1])->address, &l) &&
           l.state == UKKO_LINK_QUARANTINED && l.reason == UKKO_REASON_UNDELIVERED && l.refuses &&
           l.refused_uid == ((dumb *)x[1])->uid && l.left_ms > 1000;
}
/* The peer is gone and system messages for it wait: after the time given the incarnation is refused, and
   who waited gets his answer. */
static void giving_up(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM
        "pekko.remote.classic { retry-gate-closed-for = 50 ms\n"
        " initial-system-message-delivery-timeout = 400 ms }");
    dumb d = dumb_new();
    probe *watcher = probe_new(a, "watcher");
    watch_there(watcher, a, &d, 0);
    dumb_accept(&d);
    dumb_answer(&d);
    assert_int_equal(expect_seq(&d), 0);
    ukko_link l;
    assert_int_equal(ukko_remote_link(a, d.address, &l), UKKO_OK);
    assert_int_equal(l.state, UKKO_LINK_ACTIVE);
    assert_int_equal(l.unacknowledged, 1);
    assert_true(l.uid_known && l.uid == d.uid && !l.inbound && l.reason == UKKO_REASON_NONE);
    dumb_hang_up(&d);
    close(d.listening); /* from now on it refuses */
    until(is_quarantined, (void *[]){a, &d}, "quarantine after the time to give up");
    ukko_msg *m = probe_expect(watcher, &ukko_terminated_type);
    ukko_msg_release(m);
    assert_int_equal(ukko_remote_link(a, d.address, &l), UKKO_OK);
    assert_int_equal(l.unacknowledged, 0);
    ukko_system_free(a);
    d.listening = dup(0);
    dumb_close(&d);
    probe_free(watcher);
}

static bool is_gated(void *data) {
    ukko_link l;
    void **x = data;
    return !ukko_remote_link(x[0], ((dumb *)x[1])->address, &l) && l.state == UKKO_LINK_GATED;
}
static bool is_active(void *data) {
    ukko_link l;
    void **x = data;
    return !ukko_remote_link(x[0], ((dumb *)x[1])->address, &l) && l.state == UKKO_LINK_ACTIVE;
}
/* Nobody was ever there, and what waited was given up. Whoever comes then begins at number 0: from another
   number on it would miss what was before, for good. */
static void a_peer_that_comes_after_all(void **state) {
    (void)state;
    ukko_system *a = logging_node(CALM
        "pekko.remote.classic { retry-gate-closed-for = 50 ms\n"
        " initial-system-message-delivery-timeout = 200 ms }");
    dumb d = dumb_new();
    int door = d.listening;
    struct sockaddr_in at;
    socklen_t n = sizeof at;
    getsockname(door, (struct sockaddr *)&at, &n);
    close(door);
    probe *watcher = probe_new(a, "watcher");
    for (int i = 0; i < 3; i++) watch_there(watcher, a, &d, i);
    until(is_gated, (void *[]){a, &d}, "the gate after the time to give up");
    for (int i = 0; i < 3; i++) ukko_msg_release(probe_expect(watcher, &ukko_terminated_type));
    d.listening = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(d.listening, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    assert_int_equal(bind(d.listening, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(d.listening, 5), 0);
    uk_pdu pdu;
    dumb_dial(&d, ukko_remote_address(a));
    assert_true(dumb_next(&d, &pdu, 10000) && pdu.kind == UK_PDU_ASSOCIATE);
    until(is_active, (void *[]){a, &d}, "the link is active");
    watch_there(watcher, a, &d, 10);
    assert_int_equal(expect_seq(&d), 0);
    ukko_system_free(a);
    dumb_close(&d);
    probe_free(watcher);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_and_the_end), cmocka_unit_test(stale_acks_are_survived),
        cmocka_unit_test(no_stale_ack_goes_out), cmocka_unit_test(giving_up),
        cmocka_unit_test(a_full_window_is_answered_at_once),
        cmocka_unit_test(a_peer_that_comes_after_all),
    };
    return cmocka_run_group_tests_name("reliable", tests, NULL, NULL);
}
