/* SPDX-License-Identifier: Apache-2.0 */
/* Injected faults: the token bucket, and two systems over loopback whose link is slow, lossy, silent or
   cut, as adapters with a scheme of their own and without. */
#include "remote/faults.h"
#include "support/nodes.h"
#include <stdatomic.h>

/* ---- the bucket ---- */

static void bucket(void **state) {
    (void)state;
    uk_bucket b;
    uk_bucket_init(&b, 1000, 100, 0); /* a byte a millisecond */
    assert_true(uk_bucket_take(&b, 60, 0));
    assert_false(uk_bucket_take(&b, 60, 0));
    assert_int_equal(uk_bucket_wait(&b, 60, 0), 20);
    assert_false(uk_bucket_take(&b, 60, 19));
    assert_true(uk_bucket_take(&b, 60, 20));
    assert_int_equal(uk_bucket_wait(&b, 1, 20), 1);
    assert_true(uk_bucket_take(&b, 100, 100000)); /* it holds no more than its capacity */
    assert_false(uk_bucket_take(&b, 1, 100000));
    assert_int_equal(uk_bucket_wait(&b, 500, 100000), 100); /* larger than it: a full one will do */
    assert_true(uk_bucket_take(&b, 500, 100100));
    assert_int_equal(uk_bucket_wait(&b, 100, 100100), 500); /* and owes the rest */
    assert_false(uk_bucket_take(&b, 1, 100400));
    assert_true(uk_bucket_take(&b, 100, 100600));
}
/* The rate that comes out is the rate that was set. */
static void rate(void **state) {
    (void)state;
    uk_bucket b;
    uk_bucket_init(&b, 50000, 1000, 0);
    int64_t now = 0;
    size_t sum = 0;
    while (now < 20000) {
        size_t n = 1 + (size_t)(now * 7919 % 1999);
        if (uk_bucket_take(&b, n, now)) sum += n;
        else now += uk_bucket_wait(&b, n, now);
    }
    assert_true(sum > 980000 && sum < 1020000);
}

/* ---- two systems ---- */

static const char on[] = "ukko.remote.faults { enabled = on, seed = 7 }\n"
                         "pekko.log-dead-letters = off\n";

typedef struct pair {
    ukko_system *a, *b;
    const char *to_b, *to_a;
    ukko_ref *echo;
} pair;
static pair pair_new(const char *config) {
    pair p = {node_new("A", config), node_new("B", config), NULL, NULL, NULL};
    p.to_b = ukko_remote_address(p.b);
    p.to_a = ukko_remote_address(p.a);
    spawn_echo(p.b, "echo");
    p.echo = ref_at(p.a, p.to_b, "/user/echo");
    wait_answer(p.echo);
    return p;
}
static void pair_free(pair *p) {
    ukko_ref_release(p->echo);
    ukko_system_free(p->a);
    ukko_system_free(p->b);
}

/* Of numbered bytes messages: how many came, all in order? */
static int in_order(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int64_t *next = state;
    const ukko_slice *b = ukko_msg_get(msg, &ukko_bytes_type);
    if (!b) ukko_reply(ctx, &ukko_long_type, next);
    else if (b->ptr[0] == (uint8_t)*next) ++*next;
    return UKKO_OK;
}
static const ukko_actor order_kind = {.size = sizeof(ukko_actor), .state_size = sizeof(int64_t),
                                      .name = "order", .receive = {NULL, in_order}};
static int64_t ordered(ukko_ref *ref) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(ref, ukko_msg_string("?"), 60000, &answer), UKKO_OK);
    int64_t n = *(const int64_t *)ukko_msg_get(answer, &ukko_long_type);
    ukko_msg_release(answer);
    return n;
}
/* Sends count messages of 1000 bytes; in how many ms are they there? */
static int64_t time_of(pair *p, ukko_ref *to, ukko_ref *there, int count) {
    (void)p;
    uint8_t bytes[1000] = {0};
    int64_t start = probe_now_ms(), from = ordered(there);
    for (int i = 0; i < count; i++) {
        bytes[0] = (uint8_t)(from + i);
        ukko_tell(NULL, to, &ukko_bytes_type, &(ukko_slice){bytes, sizeof bytes});
    }
    while (ordered(there) < from + count) usleep(2000);
    return probe_now_ms() - start;
}

static void throttle(void **state) {
    (void)state;
    pair p = pair_new(on);
    ukko_ref *there;
    assert_int_equal(ukko_system_spawn(p.b, ukko_props_new(&order_kind), "order", &there), 0);
    ukko_ref *to = ref_at(p.a, p.to_b, "/user/order");
    time_of(&p, to, there, 40);
    assert_int_equal(ukko_fault_throttle(p.a, p.to_b, UKKO_FAULT_SEND, 100000, 5000), 0);
    int64_t ms = time_of(&p, to, there, 40); /* 40 KB and more at 100 KB/s */
    assert_true(ms >= 340 && ms < 20000);
    assert_int_equal(ukko_fault_pass(p.a, p.to_b, UKKO_FAULT_SEND), 0);
    assert_true(time_of(&p, to, there, 3000) < 25000); /* throttled it would take 30 s */
    assert_int_equal(ukko_fault_throttle(p.b, p.to_a, UKKO_FAULT_RECEIVE, 100000, 5000), 0);
    ms = time_of(&p, to, there, 40); /* the same on the other side */
    assert_true(ms >= 340 && ms < 20000);
    assert_int_equal(ukko_fault_clear(p.b, NULL), 0);
    assert_true(time_of(&p, to, there, 3000) < 25000);
    ukko_ref_release(to);
    ukko_ref_release(there);
    pair_free(&p);
}

static void blackhole(void **state) {
    (void)state;
    pair p = pair_new(on);
    probe *events = probe_new(p.a, "events");
    ukko_subscribe(p.a, &ukko_disassociated_type, events->ref);
    assert_int_equal(ukko_fault_blackhole(p.a, p.to_b, UKKO_FAULT_SEND), 0);
    assert_false(does_answer(p.echo, 200));
    assert_int_equal(ukko_fault_pass(p.a, p.to_b, UKKO_FAULT_BOTH), 0);
    assert_true(does_answer(p.echo, 60000)); /* on the same connection */
    assert_int_equal(ukko_fault_blackhole(p.a, p.to_b, UKKO_FAULT_RECEIVE), 0);
    assert_false(does_answer(p.echo, 200));
    assert_int_equal(ukko_fault_clear(p.a, p.to_b), 0);
    assert_true(does_answer(p.echo, 60000));
    probe_expect_nothing(events);
    pair_free(&p);
    probe_free(events);
}

/* The watched node falls silent; a node that is not heard cannot dial in either. */
static void blackhole_is_detected(void **state) {
    (void)state;
    char config[500];
    snprintf(config, sizeof config,
             "%s\npekko.remote.watch-failure-detector.acceptable-heartbeat-pause = 500 ms", on);
    pair p = pair_new(config);
    probe *watcher = probe_new(p.a, "watcher");
    ukko_ref *ref = find_at(p.a, p.to_b, "/user/echo");
    probe_watch(watcher, ref);
    assert_int_equal(ukko_fault_blackhole(p.a, p.to_b, UKKO_FAULT_BOTH), 0);
    assert_true(expect_terminated_of(watcher, ref).address_terminated);
    ukko_ref_release(ref);
    pair_free(&p);
    probe_free(watcher);
}

/* A third of all frames is lost, handshakes and acknowledgements too: system messages arrive once. */
static void loss(void **state) {
    (void)state;
    enum { COUNT = 40 };
    pair p = pair_new("ukko.remote.faults { enabled = on, seed = 11 }\npekko.log-dead-letters = off\n"
                      "pekko.remote.classic { resend-interval = 50 ms\n"
                      " system-message-ack-piggyback-timeout = 20 ms }\n");
    probe *watcher = probe_new(p.a, "watcher");
    ukko_ref *refs[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char name[20], path[30];
        snprintf(name, sizeof name, "w%d", i);
        snprintf(path, sizeof path, "/user/%s", name);
        spawn_echo(p.b, name);
        refs[i] = find_at(p.a, p.to_b, path);
    }
    assert_int_equal(ukko_fault_loss(p.a, p.to_b, 0.33, 0.33), 0);
    for (int i = 0; i < COUNT; i++) probe_watch(watcher, refs[i]);
    for (int i = 0; i < COUNT; i++) ukko_ref_signal(refs[i], UKKO_SIGNAL_TERMINATE, NULL);
    bool seen[COUNT] = {false};
    for (int n = 0; n < COUNT; n++) {
        ukko_msg *m = probe_take(watcher, 60000);
        assert_non_null(m);
        const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
        assert_false(t->address_terminated);
        for (int i = 0; i < COUNT; i++) {
            if (!ukko_ref_equal(refs[i], t->ref)) continue;
            assert_false(seen[i]);
            seen[i] = true;
        }
        ukko_msg_release(m);
    }
    assert_int_equal(ukko_fault_loss(p.a, p.to_b, 0, 0), 0);
    wait_answer(p.echo);
    probe_expect_nothing(watcher);
    for (int i = 0; i < COUNT; i++) ukko_ref_release(refs[i]);
    pair_free(&p);
    probe_free(watcher);
}

/* All is lost: a connect fails, and says that it was made to. */
static void connects_fail(void **state) {
    (void)state;
    ukko_system *a = node_new("A", on), *b = node_new("B", on);
    probe *gated = probe_new(a, "gated");
    ukko_subscribe(a, &ukko_gated_type, gated->ref);
    spawn_echo(b, "echo");
    ukko_ref *echo = ref_at(a, ukko_remote_address(b), "/user/echo");
    assert_int_equal(ukko_fault_loss(a, ukko_remote_address(b), 0, 1), 0);
    assert_false(does_answer(echo, 100));
    ukko_msg *m = probe_expect(gated, &ukko_gated_type);
    const ukko_gated *g = ukko_msg_get(m, &ukko_gated_type);
    assert_non_null(strstr(g->reason, "Simulated failure of association"));
    assert_int_equal(g->code, UKKO_REASON_CONNECT_FAILED);
    assert_true(g->gate_ms == 200 && strlen(g->remedy) > 10);
    ukko_msg_release(m);
    assert_int_equal(ukko_fault_loss(a, ukko_remote_address(b), 0, 0), 0);
    wait_answer(echo);
    ukko_ref_release(echo);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(gated);
}

static void disassociate(void **state) {
    (void)state;
    static const struct { int32_t asked, seen; } rows[] = {
        {0, UKKO_REASON_LOST},
        {UKKO_REASON_DISASSOCIATED, UKKO_REASON_DISASSOCIATED},
        {UKKO_REASON_PEER_SHUTDOWN, UKKO_REASON_PEER_SHUTDOWN},
        {UKKO_REASON_PEER_QUARANTINED_US, UKKO_REASON_PEER_QUARANTINED_US}};
    pair p = pair_new(on);
    probe *gated = probe_new(p.a, "gated"), *quarantined = probe_new(p.a, "quarantined");
    ukko_subscribe(p.a, &ukko_gated_type, gated->ref);
    ukko_subscribe(p.a, &ukko_this_quarantined_type, quarantined->ref);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wait_answer(p.echo);
        assert_int_equal(ukko_fault_disassociate(p.a, p.to_b, rows[i].asked), 0);
        ukko_msg *m = probe_expect(gated, &ukko_gated_type);
        assert_int_equal(((const ukko_gated *)ukko_msg_get(m, &ukko_gated_type))->code, rows[i].seen);
        ukko_msg_release(m);
    }
    ukko_msg *m = probe_expect(quarantined, &ukko_this_quarantined_type);
    const ukko_quarantined *q = ukko_msg_get(m, &ukko_this_quarantined_type);
    assert_int_equal(q->code, UKKO_REASON_PEER_QUARANTINED_US);
    assert_non_null(strstr(q->remedy, "restart this actor system"));
    ukko_msg_release(m);
    wait_answer(p.echo);
    assert_int_equal(ukko_fault_disassociate(p.a, p.to_b, UKKO_REASON_BAD_ACK), UKKO_EINVAL);
    pair_free(&p);
    probe_free(gated);
    probe_free(quarantined);
}

static void end_it(ukko_system *sys, const char *path) {
    ukko_ref *own = NULL;
    assert_int_equal(ukko_find_wait(sys, path, 60000, &own), UKKO_OK);
    ukko_ref_signal(own, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(own);
}
/* Heartbeats have told its uid, and the watch is confirmed. */
static bool is_watched(void *data) {
    const pair *p = data;
    double phi;
    ukko_link l = {.size = sizeof l};
    return ukko_remote_phi(p->a, p->to_b, &phi) == UKKO_OK &&
           ukko_remote_link(p->a, p->to_b, &l) == UKKO_OK && !l.unacknowledged;
}
/* The peer's word that it has quarantined us makes the association invalid, but is no death: who
   watches an actor there is told when it ends, and not before. */
/* spec: RemotingSpec 17 */
static void an_invalid_association_is_no_death(void **state) {
    (void)state;
    pair p = pair_new(on);
    probe *watcher = probe_new(p.a, "watcher"), *quarantined = probe_new(p.a, "quarantined");
    ukko_subscribe(p.a, &ukko_this_quarantined_type, quarantined->ref);
    ukko_ref *echo = find_at(p.a, p.to_b, "/user/echo");
    probe_watch(watcher, echo);
    until(is_watched, &p, "a confirmed watch");
    assert_int_equal(ukko_fault_disassociate(p.a, p.to_b, UKKO_REASON_PEER_QUARANTINED_US), 0);
    ukko_msg_release(probe_expect(quarantined, &ukko_this_quarantined_type));
    wait_answer(p.echo); /* the link is there again */
    probe_expect_nothing(watcher);
    end_it(p.b, "/user/echo");
    assert_false(expect_terminated_of(watcher, echo).address_terminated);
    ukko_ref_release(echo);
    pair_free(&p);
    probe_free(watcher);
    probe_free(quarantined);
}

/* ---- adapters ---- */

static const char adapters[] =
    "pekko.remote.classic.netty.tcp.applied-adapters = [trttl, gremlin]\n"
    "pekko.log-dead-letters = off\n";

static void adapters_have_a_scheme(void **state) {
    (void)state;
    pair p = pair_new(adapters);
    assert_memory_equal(p.to_b, "pekko.trttl.gremlin.tcp://B@127.0.0.1:", 38);
    assert_int_equal(ukko_fault_blackhole(p.a, p.to_b, UKKO_FAULT_SEND), 0);
    assert_false(does_answer(p.echo, 200));
    assert_int_equal(ukko_fault_clear(p.a, p.to_b), 0);
    wait_answer(p.echo);
    /* only host and port count */
    char other[200];
    snprintf(other, sizeof other, "pekko.tcp://X@%s", strchr(p.to_b, '@') + 1);
    assert_int_equal(ukko_fault_loss(p.a, other, 1, 0), 0);
    assert_false(does_answer(p.echo, 200));
    assert_int_equal(ukko_fault_clear(p.a, NULL), 0);
    wait_answer(p.echo);
    pair_free(&p);
}

static void what_cannot_be_set(void **state) {
    (void)state;
    ukko_system *plain = node_new("A", NULL);
    ukko_system *trttl = node_new("B", "pekko.remote.classic.netty.tcp.applied-adapters = [trttl]");
    static const char to[] = "pekko.tcp://X@127.0.0.1:1";
    assert_int_equal(ukko_fault_loss(plain, to, 1, 1), UKKO_ESTATE);
    assert_int_equal(ukko_fault_clear(plain, NULL), UKKO_ESTATE);
    assert_int_equal(ukko_fault_loss(trttl, to, 1, 1), UKKO_ESTATE); /* that is gremlin's */
    assert_int_equal(ukko_fault_blackhole(trttl, to, UKKO_FAULT_BOTH), 0);
    assert_int_equal(ukko_fault_blackhole(trttl, to, 0), UKKO_EINVAL);
    assert_int_equal(ukko_fault_blackhole(trttl, "nonsense", UKKO_FAULT_BOTH), UKKO_EINVAL);
    assert_int_equal(ukko_fault_throttle(trttl, to, UKKO_FAULT_BOTH, 0, 1), UKKO_EINVAL);
    assert_memory_equal(ukko_remote_address(trttl), "pekko.trttl.tcp://", 18);
    ukko_system_free(plain);
    ukko_system_free(trttl);
    ukko_system *sys = NULL;
    ukko_error err = {0};
    assert_int_equal(node_try(&sys, "A", (node_opts){
        .config = "pekko.remote.classic.netty.tcp.applied-adapters = [other]"}, &err), UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "applied-adapters"));
    ukko_system_free(sys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket),        cmocka_unit_test(rate),
        cmocka_unit_test(throttle),      cmocka_unit_test(blackhole),
        cmocka_unit_test(blackhole_is_detected), cmocka_unit_test(loss),
        cmocka_unit_test(connects_fail), cmocka_unit_test(disassociate),
        cmocka_unit_test(an_invalid_association_is_no_death),
        cmocka_unit_test(adapters_have_a_scheme), cmocka_unit_test(what_cannot_be_set),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
