/* SPDX-License-Identifier: Apache-2.0 */
/* Two systems of this process over loopback: what becomes of messages when there is no link, when
   they are too large or cannot be written, when nodes come, go and flap; and what a start refuses. */
#include "support/port.h"
#include "support/probe.h"
#include <dirent.h>
#include <stdatomic.h>

static const char base[] =
    "pekko { loglevel = WARNING, actor.provider = remote\n"
    " remote { artery.enabled = off, warn-about-direct-use = off\n"
    "  use-unsafe-remote-features-outside-cluster = on\n"
    "  classic { retry-gate-closed-for = 200 ms, resend-interval = 300 ms\n"
    "   netty.tcp { hostname = 127.0.0.1, port = 0 } } } }\n";

static _Atomic int oversize_logs, other_logs; /* relaxed: counters */

static void count_log(void *data, const ukko_log_record *r) {
    (void)data;
    if (r->cause && strstr(r->cause, "OversizedPayloadException")) atomic_fetch_add(&oversize_logs, 1);
    if (strstr(r->text, "cannot be serialized")) atomic_fetch_add(&other_logs, 1);
}

static int try_node(ukko_system **out, const char *name, const char *more, ukko_error *err) {
    char all[2000];
    snprintf(all, sizeof all, "%s%s", base, more);
    ukko_config *cfg = test_config(all);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
    o.log = count_log;
    int rc = ukko_system_new(out, &o, err);
    if (!rc) rc = ukko_remote_enable(*out, err);
    if (!rc) rc = ukko_system_start(*out, err);
    ukko_config_release(cfg);
    return rc;
}
static ukko_system *node(const char *name, const char *more) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    if (try_node(&sys, name, more, &err)) fail_msg("%s", err.message);
    return sys;
}
static ukko_system *node_at(const char *name, const char *address) {
    char more[100];
    snprintf(more, sizeof more, "pekko.remote.classic.netty.tcp.port = %s",
             strrchr(address, ':') + 1);
    return node(name, more);
}

static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static int order_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int64_t *next = state;
    const int64_t *n = ukko_msg_get(msg, &ukko_long_type);
    if (!n) ukko_reply(ctx, &ukko_long_type, next);
    else if (*n == *next) ++*next;
    return UKKO_OK;
}
static const ukko_actor echo = {
    .size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo_receive}};
static const ukko_actor order = {.size = sizeof(ukko_actor), .state_size = sizeof(int64_t),
                                 .name = "order", .receive = {NULL, order_receive}};
static void spawn(ukko_system *sys, const ukko_actor *kind, const char *name) {
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, NULL), UKKO_OK);
}

static ukko_ref *at(ukko_system *from, const char *address, const char *path) {
    char text[300];
    snprintf(text, sizeof text, "%s%s", address, path);
    return ukko_system_ref(from, text);
}
static bool answers(ukko_ref *to, int ms) {
    ukko_msg *answer = NULL;
    int rc = ukko_ask_wait_msg(to, ukko_msg_string("there?"), ms, &answer);
    ukko_msg_release(answer);
    return rc == UKKO_OK;
}
static void until_answered(ukko_ref *to) {
    for (int i = 0; i < 100; i++)
        if (answers(to, 200)) return;
    fail_msg("no answer from %s", ukko_ref_path(to));
}
/* The dead letter of a text, with its reason. */
static void expect_dead(probe *p, const char *text, const char *reason) {
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), text);
    assert_non_null(strstr(d->reason, reason));
    ukko_msg_release(m);
}
static int open_files(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    if (!d) return 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* ---- fates of messages ---- */

/* spec: RemotingSpec 2 */
static void dead_letters_have_a_reason(void **state) {
    (void)state;
    ukko_system *a = node("A", "");
    char address[100];
    snprintf(address, sizeof address, "pekko.tcp://B@127.0.0.1:%d", free_port());
    probe *dead = probe_new(a, "dead");
    ukko_subscribe(a, &ukko_dead_letter_type, dead->ref);
    ukko_ref *to = at(a, address, "/user/echo");
    ukko_tell_text(NULL, to, "one");
    ukko_tell_text(NULL, to, "two");
    expect_dead(dead, "one", "the association has failed");
    expect_dead(dead, "two", "the association has failed");
    ukko_tell_text(NULL, to, "three");
    expect_dead(dead, "three", "gated");
    ukko_system *b = node_at("B", address);
    spawn(b, &echo, "echo");
    until_answered(to);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(dead);
}

/* spec: RemotingSpec 14 */
static void oversized_is_dropped(void **state) {
    (void)state;
    ukko_system *a = node("A", ""), *b = node("B", "");
    spawn(b, &echo, "echo");
    probe *dropped = probe_new(a, "dropped");
    ukko_subscribe(a, &ukko_dropped_type, dropped->ref);
    ukko_ref *to = at(a, ukko_remote_address(b), "/user/echo");
    uint8_t *bytes = calloc(1, 200000);
    atomic_store(&oversize_logs, 0);
    for (int open = 0; open < 2; open++) { /* first while the link is not open yet, then on it */
        ukko_tell(NULL, to, &ukko_bytes_type, &(ukko_slice){bytes, 200000});
        ukko_msg *m = probe_expect(dropped, &ukko_dropped_type);
        const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dropped_type);
        assert_non_null(strstr(d->reason, "max allowed size 128000 bytes"));
        assert_non_null(strstr(d->reason, "maximum-frame-size"));
        const char *was = strstr(d->reason, "was "); /* the envelope, not the message alone */
        assert_true(was && strtol(was + 4, NULL, 10) > 200040 && strtol(was + 4, NULL, 10) < 200200);
        ukko_msg_release(m);
        assert_true(answers(to, 60000)); /* the association remains live */
    }
    assert_int_equal(atomic_load(&oversize_logs), 2);
    free(bytes);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(dropped);
}

/* spec: RemotingSpec 12 */
static void unserializable_is_logged(void **state) {
    (void)state;
    ukko_system *a = node("A", ""), *b = node("B", "");
    spawn(b, &echo, "echo");
    ukko_ref *to = at(a, ukko_remote_address(b), "/user/echo");
    double half = 0.5;
    until_answered(to);
    atomic_store(&other_logs, 0);
    ukko_tell(NULL, to, &ukko_double_type, &half);
    assert_true(answers(to, 60000));
    assert_int_equal(atomic_load(&other_logs), 1);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
}

/* ---- order ---- */

typedef struct flood {
    ukko_ref *to;
    int64_t count;
} flood;
static void *send_numbers(void *arg) {
    flood *f = arg;
    for (int64_t i = 0; i < f->count; i++) ukko_tell(NULL, f->to, &ukko_long_type, &i);
    return NULL;
}
static int64_t in_order(ukko_ref *to) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string("report"), 60000, &answer), UKKO_OK);
    int64_t n = *(const int64_t *)ukko_msg_get(answer, &ukko_long_type);
    ukko_msg_release(answer);
    return n;
}
/* Each thread's messages arrive completely and in order, from before the link was there. */
/* spec: RemoteDeliverySpec 1 */
static void numbers_in_order(void **state) {
    (void)state;
    enum { THREADS = 4, COUNT = 20000 };
    ukko_system *a = node("A", ""), *b = node("B", "");
    pthread_t t[THREADS];
    flood f[THREADS];
    for (int i = 0; i < THREADS; i++) {
        char name[20], path[30];
        snprintf(name, sizeof name, "order%d", i);
        snprintf(path, sizeof path, "/user/%s", name);
        spawn(b, &order, name);
        f[i] = (flood){at(a, ukko_remote_address(b), path), COUNT};
        pthread_create(&t[i], NULL, send_numbers, &f[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(in_order(f[i].to), COUNT);
        ukko_ref_release(f[i].to);
    }
    ukko_system_free(a);
    ukko_system_free(b);
}

/* Of numbers that come while their actor stops those it has not taken are dead letters, none is lost or
   told twice, and the next actor of that name gets what comes later. */
static _Atomic int64_t taken; /* relaxed: a counter */
static int mortal_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const int64_t *n = ukko_msg_get(msg, &ukko_long_type);
    (void)state;
    if (!n) ukko_reply_text(ctx, "here");
    else if (atomic_fetch_add(&taken, 1) == 2999) ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_actor mortal = {
    .size = sizeof(ukko_actor), .name = "mortal", .receive = {NULL, mortal_receive}};
static void none_is_lost_when_their_actor_stops(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    ukko_system *a = node("A", ""), *b = node("B", "");
    probe *dead = probe_new(b, "dead");
    ukko_subscribe(b, &ukko_dead_letter_type, dead->ref);
    spawn(b, &mortal, "mortal");
    ukko_ref *to = at(a, ukko_remote_address(b), "/user/mortal");
    until_answered(to);
    atomic_store(&taken, 0);
    flood f = {to, COUNT};
    send_numbers(&f);
    static bool seen[COUNT];
    for (int left = COUNT - 3000; left > 0; left--) {
        ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
        const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
        int64_t n = *(const int64_t *)ukko_msg_get(d->message, &ukko_long_type);
        assert_in_range(n, 3000, COUNT - 1);
        assert_false(seen[n]);
        seen[n] = true;
        ukko_msg_release(m);
    }
    assert_int_equal(atomic_load(&taken), 3000);
    while (ukko_system_spawn(b, ukko_props_new(&order), "mortal", NULL))
        usleep(1000); /* the name is free soon */
    send_numbers(&f);
    assert_int_equal(in_order(to), COUNT);
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(dead);
}

static bool all_came(void *to) { return in_order(to) >= 5000; }
/* What was said right before the end arrives. */
static void nothing_is_lost_at_the_end(void **state) {
    (void)state;
    ukko_system *a = node("A", "pekko.remote.classic.flush-wait-on-shutdown = 60 s");
    ukko_system *b = node("B", "");
    spawn(b, &order, "order");
    ukko_ref *to = at(a, ukko_remote_address(b), "/user/order");
    assert_int_equal(in_order(to), 0);
    flood f = {to, 5000};
    send_numbers(&f);
    ukko_ref_release(to);
    ukko_system_free(a);
    to = ukko_system_ref(b, "/user/order");
    until(all_came, to, "all 5000 have come");
    assert_int_equal(in_order(to), 5000);
    ukko_ref_release(to);
    ukko_system_free(b);
}

/* ---- incarnations ---- */

static bool few_files(void *most) { return open_files() <= *(int *)most; }
/* A peer that restarts all the time on one port: each incarnation is reached, nothing piles up. */
static void flapping_peer(void **state) {
    (void)state;
    ukko_system *a = node("A", "pekko.remote.classic.retry-gate-closed-for = 10 ms");
    ukko_system *b = node("B", "");
    char address[100];
    int files = 0;
    snprintf(address, sizeof address, "%s", ukko_remote_address(b));
    ukko_ref *to = at(a, address, "/user/echo");
    for (int i = 0; i < 25; i++) {
        spawn(b, &echo, "echo");
        until_answered(to);
        if (i == 2) files = open_files();
        int most = files + 3; /* what an incarnation had open is closed soon after it is gone */
        if (i > 2) until(few_files, &most, "no more files are open than in the beginning");
        ukko_system_free(b);
        ukko_tell_text(NULL, to, "lost");
        b = node_at("B", address);
    }
    ukko_ref_release(to);
    ukko_system_free(a);
    ukko_system_free(b);
}

static ukko_ref *find(ukko_system *from, const char *address, const char *path) {
    char text[300];
    ukko_ref *ref = NULL;
    snprintf(text, sizeof text, "%s%s", address, path);
    for (int i = 0; i < 100 && !ref; i++) /* behind a gate the answer is "nobody", at once */
        if (ukko_find_wait(from, text, 300, &ref)) usleep(20000);
    assert_non_null(ref);
    return ref;
}
/* Whether it existed is not looked at: the Watch that is repeated at the first heartbeat answer may
   meet an actor that is just ending, and its "nobody there" come first, as with Pekko. */
static void expect_terminated(probe *p, ukko_ref *who) {
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_true(ukko_ref_equal(t->ref, who));
    assert_false(t->address_terminated);
    ukko_msg_release(m);
}
static void add_unacknowledged(void *data, const ukko_link *l) {
    *(int64_t *)data += l->unacknowledged;
}
static void until_acknowledged(ukko_system *a, ukko_system *b) {
    int64_t n = 1;
    for (int i = 0; i < 6000 && n; i++) {
        if (i) usleep(10000);
        n = 0;
        ukko_remote_links(a, add_unacknowledged, &n);
        ukko_remote_links(b, add_unacknowledged, &n);
    }
    assert_int_equal(n, 0);
}
static void stop_there(ukko_ref *ref) { ukko_ref_signal(ref, UKKO_SIGNAL_TERMINATE, NULL); }

/* Told to quarantine without a uid a node only gates; the same peer comes back, and the numbers of
   system messages go on where they were, so that nobody has to quarantine anybody. */
static void numbers_survive_a_gate(void **state) {
    (void)state;
    ukko_system *a = node("A", ""), *b = node("B", "");
    probe *watcher = probe_new(a, "watcher"), *bad = probe_new(a, "bad"),
          *worse = probe_new(b, "bad"), *gate = probe_new(a, "gate");
    ukko_subscribe(a, &ukko_quarantined_type, bad->ref);
    ukko_subscribe(a, &ukko_gated_type, gate->ref);
    ukko_subscribe(b, &ukko_quarantined_type, worse->ref);
    for (int round = 0; round < 3; round++) {
        char name[20], path[30];
        snprintf(name, sizeof name, "echo%d", round);
        snprintf(path, sizeof path, "/user/%s", name);
        spawn(b, &echo, name);
        ukko_ref *ref = find(a, ukko_remote_address(b), path);
        probe_watch(watcher, ref);
        until_answered(ref);
        assert_true(answers(ref, 60000)); /* the watch has left before the second question's answer */
        until_acknowledged(a, b);
        stop_there(ref);
        expect_terminated(watcher, ref);
        ukko_ref_release(ref);
        until_acknowledged(a, b);
        assert_int_equal(ukko_remote_quarantine(a, ukko_remote_address(b), NULL), 0);
        /* before that, what is sent is lost with the old link */
        ukko_msg_release(probe_expect(gate, &ukko_gated_type));
    }
    probe_expect_nothing(bad);
    probe_expect_nothing(worse);
    ukko_system_free(a);
    ukko_system_free(b);
    probe_free(watcher);
    probe_free(bad);
    probe_free(worse);
    probe_free(gate);
}

/* A system ends as soon as the parent of its last actor has heard of the end. All who watch that actor
   from elsewhere still hear that it has stopped, and not that its node has gone. */
enum { WATCHED = 40, WATCHERS = 20 };
static void expect_all_stopped(probe *watcher) {
    for (int i = 0; i < WATCHED; i++) {
        ukko_msg *m = probe_expect(watcher, &ukko_terminated_type);
        const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
        if (t->address_terminated) fail_msg("%s: address terminated", ukko_ref_path(t->ref));
        ukko_msg_release(m);
    }
}
static void watchers_hear_before_the_node_ends(void **state) {
    (void)state;
    ukko_system *a = node("A", ""), *b = node("B", "");
    probe *watchers[WATCHERS];
    ukko_ref *refs[WATCHED];
    char name[20], path[30];
    for (int k = 0; k < WATCHERS; k++) {
        snprintf(name, sizeof name, "w%d", k);
        watchers[k] = probe_new(a, name);
    }
    for (int i = 0; i < WATCHED; i++) {
        snprintf(name, sizeof name, "x%d", i);
        snprintf(path, sizeof path, "/user/%s", name);
        spawn(b, &echo, name);
        refs[i] = find(a, ukko_remote_address(b), path);
        for (int k = 0; k < WATCHERS; k++) probe_watch(watchers[k], refs[i]);
    }
    until_answered(refs[0]);
    assert_true(answers(refs[0], 60000)); /* the watches have left before the second answer */
    until_acknowledged(a, b);
    ukko_system_terminate(b);
    for (int k = 0; k < WATCHERS; k++) expect_all_stopped(watchers[k]);
    for (int i = 0; i < WATCHED; i++) ukko_ref_release(refs[i]);
    ukko_system_free(b);
    ukko_system_free(a);
    for (int k = 0; k < WATCHERS; k++) probe_free(watchers[k]);
}

/* ---- what a start refuses ---- */

static void refused(const char *more, int code, const char *text, const char *setting) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    assert_int_equal(try_node(&sys, "A", more, &err), code);
    if (!strstr(err.message, text) || !strstr(err.message, setting)) fail_msg("%s", err.message);
    ukko_system_free(sys);
}
#define CLASSIC "pekko.remote.classic."
static void bad_settings(void **state) {
    (void)state;
    refused("pekko.remote.artery.enabled = on", UKKO_ECONFIG,
            "set pekko.remote.artery.enabled = off", "classic remoting");
    refused(CLASSIC "netty.tcp.maximum-frame-size = 20000b", UKKO_ECONFIG, "32000",
            "maximum-frame-size");
    refused(CLASSIC "netty.tcp.transport-class = no.such.Transport", UKKO_ECONFIG, "no transport",
            "netty.tcp.transport-class");
    refused(CLASSIC "resend-interval = 0s", UKKO_ECONFIG, "greater than zero", "resend-interval");
    refused(CLASSIC "log-remote-lifecycle-events = loud", UKKO_ECONFIG, "loud",
            "log-remote-lifecycle-events");
    refused(CLASSIC "netty.tcp.port = 70000", UKKO_ECONFIG, "70000", "netty.tcp.port");
    refused(CLASSIC "netty.tcp.hostname = no-such-host.invalid", UKKO_EIO, "no-such-host.invalid",
            "hostname");
    refused(CLASSIC "netty.tcp.hostname = \"0.0.0.0\"", UKKO_EIO, "bind-hostname", "hostname");
    refused("pekko.remote.protocol-name = erlang", UKKO_ECONFIG, "erlang", "protocol-name");
}

/* spec: RemotingFailedToBindSpec 1 */
static void port_in_use(void **state) {
    (void)state;
    ukko_system *a = node("A", "");
    char more[100], where[100];
    const char *port = strrchr(ukko_remote_address(a), ':') + 1;
    snprintf(more, sizeof more, CLASSIC "netty.tcp.port = %s", port);
    snprintf(where, sizeof where, "127.0.0.1:%s", port);
    refused(more, UKKO_EIO, where, "netty.tcp");
    ukko_system_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_letters_have_a_reason), cmocka_unit_test(oversized_is_dropped),
        cmocka_unit_test(unserializable_is_logged),   cmocka_unit_test(numbers_in_order),
        cmocka_unit_test(none_is_lost_when_their_actor_stops),
        cmocka_unit_test(nothing_is_lost_at_the_end), cmocka_unit_test(flapping_peer),
        cmocka_unit_test(watchers_hear_before_the_node_ends),
        cmocka_unit_test(numbers_survive_a_gate),     cmocka_unit_test(bad_settings),
        cmocka_unit_test(port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
