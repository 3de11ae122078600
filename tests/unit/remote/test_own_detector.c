/* SPDX-License-Identifier: Apache-2.0 */
/* Failure detectors of the program's own, named in the configuration and used for death watch and for
   connections; Pekko's two in each other's place; the suspicion that can be read. Over loopback. */
#include "support/nodes.h"
#include <math.h>
#include <stdatomic.h>

/* Counts, and finds a peer dead when told so. */
typedef struct mine {
    int64_t beats, limit;
} mine;
static _Atomic int started, stopped, beaten; /* relaxed: counters */
static _Atomic bool dead;                    /* relaxed: a switch */

static int mine_start(void *state, const ukko_config *cfg, const char *section, ukko_error *err) {
    char path[200];
    snprintf(path, sizeof path, "%s.my-limit", section);
    ((mine *)state)->limit = 7;
    int rc = ukko_config_int(cfg, path, &((mine *)state)->limit);
    if (rc == UKKO_ETYPE) snprintf(err->message, sizeof err->message, "my-limit is no number");
    atomic_fetch_add(&started, 1);
    return rc == UKKO_ETYPE ? UKKO_ECONFIG : UKKO_OK;
}
static int64_t mine_heartbeat(void *state, int64_t now_ms) {
    assert_true(now_ms > 0);
    ((mine *)state)->beats++;
    atomic_fetch_add(&beaten, 1);
    return 0;
}
static bool mine_available(const void *state, int64_t now_ms) {
    (void)now_ms;
    assert_true(((const mine *)state)->beats > 0);
    return !atomic_load(&dead);
}
static double mine_phi(const void *state, int64_t now_ms) {
    (void)now_ms;
    return (double)((const mine *)state)->limit;
}
static void mine_stop(void *state) {
    assert_true(((mine *)state)->limit > 0);
    atomic_fetch_add(&stopped, 1);
}
static const ukko_detector mine_kind = {sizeof(ukko_detector), sizeof(mine),  "com.example.Mine",
                                        mine_start,            mine_heartbeat, mine_available,
                                        mine_phi,              mine_stop};
static const ukko_detector *const kinds[] = {&mine_kind, NULL};

static void reset(void) {
    atomic_store(&started, 0);
    atomic_store(&stopped, 0);
    atomic_store(&beaten, 0);
    atomic_store(&dead, false);
}

static bool has_phi(void *data) {
    double phi;
    ukko_system **pair = data;
    return !ukko_remote_phi(pair[0], ukko_remote_address(pair[1]), &phi);
}
static bool beat_thrice(void *data) {
    (void)data;
    return atomic_load(&beaten) >= 3;
}

static void watches_with_ones_own(void **state) {
    (void)state;
    double phi = -1;
    reset();
    ukko_system *a = node_with("A", (node_opts){
        .config = "pekko.remote.watch-failure-detector { implementation-class = com.example.Mine\n"
                  " my-limit = 42 }", .detectors = kinds});
    ukko_system *b = node_new("B", NULL), *pair[] = {a, b};
    probe *watcher = probe_new(a, "watcher");
    spawn_echo(b, "echo");
    ukko_ref *ref = find_at(a, ukko_remote_address(b), "/user/echo");
    assert_int_equal(ukko_remote_phi(a, ukko_remote_address(b), &phi), UKKO_ENOTFOUND);
    probe_watch(watcher, ref);
    until(has_phi, pair, "phi");
    until(beat_thrice, NULL, "heartbeats");
    assert_int_equal(ukko_remote_phi(a, ukko_remote_address(b), &phi), UKKO_OK);
    assert_true(phi == 42); /* the program's own, with the setting of its section */
    probe_expect_nothing(watcher);
    atomic_store(&dead, true);
    ukko_terminated t = expect_terminated_of(watcher, ref);
    assert_true(t.address_terminated && !t.existence_confirmed);
    ukko_ref_release(ref);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(watcher);
    assert_true(atomic_load(&started) >= 2 && atomic_load(&started) == atomic_load(&stopped));
}

static void ends_connections_with_ones_own(void **state) {
    (void)state;
    reset();
    ukko_system *a = node_with("A", (node_opts){
        .config = "pekko.remote.classic.transport-failure-detector { heartbeat-interval = 50 ms\n"
                  " implementation-class = com.example.Mine }", .detectors = kinds});
    ukko_system *b = node_new("B",
        "pekko.remote.classic.transport-failure-detector.heartbeat-interval = 50 ms");
    probe *events = probe_new(a, "events");
    spawn_echo(b, "echo");
    ukko_ref *ref = ref_at(a, ukko_remote_address(b), "/user/echo");
    wait_answer(ref);
    ukko_subscribe(a, &ukko_disassociated_type, events->ref);
    until(beat_thrice, NULL, "heartbeats of the connection");
    probe_expect_nothing(events);
    atomic_store(&dead, true);
    ukko_msg *m = probe_expect(events, &ukko_disassociated_type);
    const ukko_association *d = ukko_msg_get(m, &ukko_disassociated_type);
    assert_int_equal(d->reason, UKKO_REASON_SILENCE);
    ukko_msg_release(m);
    atomic_store(&dead, false);
    wait_answer(ref);
    ukko_ref_release(ref);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(events);
    assert_int_equal(atomic_load(&started), atomic_load(&stopped));
}

/* Pekko's phi accrual on connections, its deadline for death watch. */
static void each_in_the_others_place(void **state) {
    (void)state;
    static const char swapped[] =
        "pekko.remote.watch-failure-detector { acceptable-heartbeat-pause = 4 s\n"
        " implementation-class = org.apache.pekko.remote.DeadlineFailureDetector }\n"
        "pekko.remote.classic.transport-failure-detector { heartbeat-interval = 100 ms\n"
        " implementation-class = org.apache.pekko.remote.PhiAccrualFailureDetector\n"
        " threshold = 8.0, max-sample-size = 100, min-std-deviation = 50 ms\n"
        " acceptable-heartbeat-pause = 10 s }\n";
    double phi = -1;
    ukko_system *a = node_new("A", swapped), *b = node_new("B", swapped), *pair[] = {a, b};
    probe *watcher = probe_new(a, "watcher");
    spawn_echo(b, "echo");
    ukko_ref *ref = find_at(a, ukko_remote_address(b), "/user/echo");
    probe_watch(watcher, ref);
    until(has_phi, pair, "phi");
    assert_int_equal(ukko_remote_phi(a, ukko_remote_address(b), &phi), UKKO_OK);
    assert_true(phi == 0); /* a deadline knows only yes and no */
    wait_answer(ref);
    probe_expect_nothing(watcher);
    ukko_system_free(b);
    expect_terminated_of(watcher, ref);
    ukko_ref_release(ref);
    ukko_system_free(a);
    probe_free(watcher);
}

static bool phi_is_high(void *data) {
    double phi;
    ukko_system **pair = data;
    return !ukko_remote_phi(pair[0], ukko_remote_address(pair[1]), &phi) && phi > 1;
}
/* Nobody answers any more: the suspicion grows to the threshold, and is gone with the last watch. */
static void suspicion_grows(void **state) {
    (void)state;
    double phi;
    ukko_system *a = node_new("A", "pekko.remote.watch-failure-detector { threshold = 300.0\n"
                                   " acceptable-heartbeat-pause = 100 ms }\n"
                                   "pekko.remote.classic.retry-gate-closed-for = 20 s");
    ukko_system *b = node_new("B", NULL), *pair[] = {a, b};
    probe *watcher = probe_new(a, "watcher");
    spawn_echo(b, "echo");
    ukko_ref *ref = find_at(a, ukko_remote_address(b), "/user/echo");
    probe_watch(watcher, ref);
    until(has_phi, pair, "phi");
    assert_int_equal(ukko_remote_phi(a, ukko_remote_address(b), &phi), UKKO_OK);
    assert_true(phi >= 0 && isfinite(phi));
    /* b ends the connection; a, behind its gate, does not make another */
    ukko_remote_quarantine(b, ukko_remote_address(a), &(int32_t){ukko_system_uid(a)});
    until(phi_is_high, pair, "a high phi");
    ukko_terminated t = expect_terminated_of(watcher, ref);
    assert_true(t.address_terminated);
    assert_int_equal(ukko_remote_phi(a, ukko_remote_address(b), &phi), UKKO_ENOTFOUND);
    ukko_ref_release(ref);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(watcher);
}

static void refused(node_opts opts, int code, const char *text, const char *setting) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    assert_int_equal(node_try(&sys, "A", opts, &err), code);
    if (!strstr(err.message, text) || !strstr(err.message, setting)) fail_msg("%s", err.message);
    ukko_system_free(sys);
}
static void what_a_start_refuses(void **state) {
    (void)state;
    refused((node_opts){.config = "pekko.remote.watch-failure-detector.implementation-class = X"},
            UKKO_ECONFIG, "= X", "watch-failure-detector.implementation-class");
    refused((node_opts){.config = "pekko.remote.classic.transport-failure-detector { \n"
                                  "implementation-class = com.example.Mine, my-limit = many }",
                        .detectors = kinds},
            UKKO_ECONFIG, "my-limit is no number", "transport-failure-detector");
    ukko_system *a = node_new("A", NULL);
    double phi;
    assert_int_equal(ukko_remote_add_detector(a, &mine_kind), UKKO_ESTATE); /* it has started */
    assert_int_equal(ukko_remote_phi(a, NULL, &phi), UKKO_EINVAL);
    ukko_system_free(a);
    ukko_system *local = test_system("L", NULL, NULL, NULL);
    assert_int_equal(ukko_remote_phi(local, "pekko.tcp://B@h:1", &phi), UKKO_ESTATE);
    ukko_system_free(local);
    static const ukko_detector *const twice[] = {&mine_kind, &mine_kind, NULL};
    refused((node_opts){.detectors = twice}, UKKO_EEXISTS, "", "");
    ukko_detector bad = mine_kind;
    bad.available = NULL;
    const ukko_detector *const bads[] = {&bad, NULL};
    refused((node_opts){.detectors = bads}, UKKO_EINVAL, "", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watches_with_ones_own), cmocka_unit_test(ends_connections_with_ones_own),
        cmocka_unit_test(each_in_the_others_place), cmocka_unit_test(suspicion_grows),
        cmocka_unit_test(what_a_start_refuses),
    };
    return cmocka_run_group_tests_name("own detectors", tests, NULL, NULL);
}
