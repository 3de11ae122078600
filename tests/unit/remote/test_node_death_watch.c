/* SPDX-License-Identifier: Apache-2.0 */
/* Two nodes that watch each other's actors, in one process, over loopback: who watches is told, and
   when it is over neither node knows of it any more: no heartbeat goes, no end is told. Each case
   at two speeds: at once, before a heartbeat, and when heartbeats were answered. Test thread. */
#include "support/monitor.h"
#include "support/nodes.h"

typedef struct speed {
    const char *config;
    int beat_ms;
    bool answered; /* wait until the watched node has answered a heartbeat */
} speed;
#define BEATS(ms)                                                                           \
    "pekko.remote { watch-failure-detector { heartbeat-interval = " ms "\n"                   \
    " acceptable-heartbeat-pause = 60 s, expected-response-after = 60 s }\n"                  \
    " classic { transport-failure-detector.heartbeat-interval = 60 s\n"                        \
    "  system-message-ack-piggyback-timeout = 20 ms } }"
static const speed fast = {BEATS("150 ms"), 150, false}, slow = {BEATS("50 ms"), 50, true};

/* A node, and what is on it: a monitor, what is watched, a probe that is told. */
typedef struct side {
    ukko_system *sys;
    probe *told, *ends;
    ukko_ref *m, *echo; /* the latter on the other node */
} side;
static side here, there;

static side side_new(const char *name, const speed *v) {
    side s = {.sys = node_new(name, v->config)};
    s.told = probe_new(s.sys, "probe");
    s.ends = probe_new(s.sys, "ends");
    s.m = monitor_at(s.sys, "m");
    spawn_echo(s.sys, "echo");
    return s;
}
static void side_free(side *s) {
    ukko_ref_release(s->m);
    ukko_ref_release(s->echo);
    ukko_system_free(s->sys);
    probe_free(s->told);
    probe_free(s->ends);
}
static int setup(void **state) {
    here = side_new("Here", *state);
    there = side_new("There", *state);
    here.echo = find_at(here.sys, ukko_remote_address(there.sys), "/user/echo");
    there.echo = find_at(there.sys, ukko_remote_address(here.sys), "/user/echo");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    side_free(&here);
    side_free(&there);
    return 0;
}

/* One that is watched: as it is known where it lives, and on the other node. */
typedef struct subject {
    side *at;
    ukko_ref *own, *far;
} subject;
static subject subject_at(side *at, side *from, const char *name) {
    char path[64];
    subject s = {.at = at, .own = monitor_at(at->sys, name)};
    snprintf(path, sizeof path, "/user/%s", name);
    s.far = find_at(from->sys, ukko_remote_address(at->sys), path);
    return s;
}
static void stop(ukko_ctx *ctx, void *data) {
    (void)data;
    ukko_stop(ctx, ukko_self(ctx));
}
/* By its own node, so that nothing goes over the link but what its end sends. */
static void ends(side *at, ukko_ref *own) {
    probe_watch(at->ends, own);
    does(own, stop, NULL);
    expect_terminated_of(at->ends, own);
}
static void subject_ends(subject *s) { ends(s->at, s->own); }
static void subject_free(subject *s) {
    ukko_ref_release(s->own);
    ukko_ref_release(s->far);
}

static bool known_to(side *from, side *of) {
    double phi;
    return ukko_remote_phi(from->sys, ukko_remote_address(of->sys), &phi) == UKKO_OK;
}
static bool here_knows(void *data) {
    (void)data;
    return known_to(&here, &there);
}
static bool there_knows(void *data) {
    (void)data;
    return known_to(&there, &here);
}
static bool both_know(void *data) { return here_knows(data) && there_knows(data); }
static void settle(const speed *v, bool (*is_so)(void *)) {
    if (v->answered) until(is_so, NULL, "an answer to a heartbeat");
}

/* ---- nothing is left ---- */

static void add_frames(void *data, const ukko_traffic *t) { *(uint64_t *)data += t->in_frames; }
static uint64_t frames(void) { /* that came, on either node */
    uint64_t n = 0;
    ukko_inspect_traffic(here.sys, add_frames, &n);
    ukko_inspect_traffic(there.sys, add_frames, &n);
    return n;
}
static void add_unacknowledged(void *data, const ukko_link *l) {
    *(int64_t *)data += l->unacknowledged;
}
static bool all_acknowledged(void *data) {
    int64_t n = 0;
    (void)data;
    ukko_remote_links(here.sys, add_unacknowledged, &n);
    ukko_remote_links(there.sys, add_unacknowledged, &n);
    return n == 0;
}
/* What was on its way has come; then heartbeats would be seen, which never cease. */
static void expect_silence(const speed *v) {
    until(all_acknowledged, NULL, "all system messages are acknowledged");
    assert_true(does_answer(here.echo, 60000) && does_answer(there.echo, 60000));
    for (int i = 0; i < 20; i++) {
        uint64_t before = frames();
        assert_true(before > 0);
        /* nothing to wait for: that in the time of two beats nothing comes is the case */
        usleep((useconds_t)v->beat_ms * 2500);
        if (frames() == before) return;
    }
    fail_msg("the link is never silent");
}
static bool nobody_knows(void *data) { return !here_knows(data) && !there_knows(data); }
static void expect_nothing_left(const speed *v) {
    until(nobody_knows, NULL, "both nodes have forgotten the other");
    expect_silence(v);
    probe_expect_nothing(here.told);
    probe_expect_nothing(there.told);
}
/* The ends of those that are no longer watched go unnoticed: 4 frames, of the two questions and
   answers before the silence. */
static void end_unnoticed(const speed *v, subject *s, subject *t) {
    uint64_t before = frames();
    subject_ends(s);
    if (t) subject_ends(t);
    expect_silence(v);
    assert_int_equal(frames(), before + 4);
    probe_expect_nothing(here.told);
    probe_expect_nothing(there.told);
    subject_free(s);
    if (t) subject_free(t);
}

/* ---- the cases ---- */

static void stopped(const speed *v) {
    subject s = subject_at(&there, &here, "s");
    does(here.m, watch, s.far);
    settle(v, here_knows);
    subject_ends(&s);
    probe_expect_text(here.told, "m: end of s");
    expect_nothing_left(v);
    subject_free(&s);
}
static void unwatched(const speed *v) {
    subject s = subject_at(&there, &here, "s");
    does(here.m, watch, s.far);
    settle(v, here_knows);
    does(here.m, unwatch, s.far);
    expect_nothing_left(v);
    end_unnoticed(v, &s, NULL);
}
static void unwatched_both_ways(const speed *v) {
    subject s = subject_at(&there, &here, "s"), r = subject_at(&here, &there, "r");
    does(here.m, watch, s.far);
    does(there.m, watch, r.far);
    settle(v, both_know);
    does(here.m, unwatch, s.far);
    does(there.m, unwatch, r.far);
    expect_nothing_left(v);
    end_unnoticed(v, &s, &r);
}
static void some_stopped_some_unwatched(const speed *v) {
    subject s = subject_at(&there, &here, "s"), t = subject_at(&there, &here, "t");
    subject q = subject_at(&here, &there, "q"), r = subject_at(&here, &there, "r");
    does(here.m, watch, s.far);
    does(here.m, watch, t.far);
    does(there.m, watch, q.far);
    does(there.m, watch, r.far);
    settle(v, both_know);
    subject_ends(&s);
    subject_ends(&q);
    probe_expect_text(here.told, "m: end of s");
    probe_expect_text(there.told, "m: end of q");
    does(here.m, unwatch, t.far);
    does(there.m, unwatch, r.far);
    expect_nothing_left(v);
    end_unnoticed(v, &t, &r);
    subject_free(&s);
    subject_free(&q);
}
/* Those that are watched end, or those that watch. */
static void all_stopped(const speed *v) {
    subject s = subject_at(&there, &here, "s"), t = subject_at(&there, &here, "t");
    subject r = subject_at(&here, &there, "r");
    ukko_ref *n = monitor_at(here.sys, "n");
    does(here.m, watch, s.far);
    does(n, watch, t.far);
    does(there.m, watch, r.far);
    settle(v, both_know);
    subject_ends(&s);
    probe_expect_text(here.told, "m: end of s");
    ends(&here, n);
    ends(&there, there.m);
    expect_nothing_left(v);
    end_unnoticed(v, &t, &r);
    subject_free(&s);
    ukko_ref_release(n);
}

/* spec: RemoteNodeDeathWatchSpec 1 */
static void stopped_at_once(void **state) { stopped(*state); }
/* spec: RemoteNodeDeathWatchSpec 1 */
static void stopped_later(void **state) { stopped(*state); }
/* spec: RemoteNodeDeathWatchSpec 2 */
static void unwatched_at_once(void **state) { unwatched(*state); }
/* spec: RemoteNodeDeathWatchSpec 2 */
static void unwatched_later(void **state) { unwatched(*state); }
/* spec: RemoteNodeDeathWatchSpec 3 */
static void unwatched_both_ways_at_once(void **state) { unwatched_both_ways(*state); }
/* spec: RemoteNodeDeathWatchSpec 3 */
static void unwatched_both_ways_later(void **state) { unwatched_both_ways(*state); }
/* spec: RemoteNodeDeathWatchSpec 4 */
static void some_stopped_some_unwatched_at_once(void **state) {
    some_stopped_some_unwatched(*state);
}
/* spec: RemoteNodeDeathWatchSpec 4 */
static void some_stopped_some_unwatched_later(void **state) {
    some_stopped_some_unwatched(*state);
}
/* spec: RemoteNodeDeathWatchSpec 5 */
static void all_stopped_at_once(void **state) { all_stopped(*state); }
/* spec: RemoteNodeDeathWatchSpec 5 */
static void all_stopped_later(void **state) { all_stopped(*state); }

int main(void) {
#define AT(f, v) {#f, f, setup, teardown, (void *)(uintptr_t)&(v)}
    const struct CMUnitTest tests[] = {
        AT(stopped_at_once, fast),
        AT(stopped_later, slow),
        AT(unwatched_at_once, fast),
        AT(unwatched_later, slow),
        AT(unwatched_both_ways_at_once, fast),
        AT(unwatched_both_ways_later, slow),
        AT(some_stopped_some_unwatched_at_once, fast),
        AT(some_stopped_some_unwatched_later, slow),
        AT(all_stopped_at_once, fast),
        AT(all_stopped_later, slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
