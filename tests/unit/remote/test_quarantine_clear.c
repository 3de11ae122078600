/* SPDX-License-Identifier: Apache-2.0 */
/* Lifting a quarantine: the incarnation that was refused associates anew, in both directions, and system
   messages have numbers that both sides take. Test thread; the nodes have their own. */
#include "support/nodes.h"
#include <ukko/link.h>

typedef struct pair {
    ukko_system *a, *b;
    const char *at_a, *at_b;
    int32_t uid; /* of b */
    probe *on_a, *on_b;
} pair;

static pair two(void) {
    pair p = {node_new("A", NULL), node_new("B", NULL), NULL, NULL, 0, NULL, NULL};
    p.at_a = ukko_remote_address(p.a);
    p.at_b = ukko_remote_address(p.b);
    p.uid = ukko_system_uid(p.b);
    p.on_a = probe_new(p.a, "watcher");
    p.on_b = probe_new(p.b, "watcher");
    spawn_echo(p.a, "echo");
    spawn_echo(p.b, "echo");
    return p;
}
static void end(pair *p) {
    ukko_system_free(p->a);
    ukko_system_free(p->b);
    probe_free(p->on_a);
    probe_free(p->on_b);
}
static bool refuses(void *data) {
    const pair *p = data;
    ukko_link l;
    return ukko_remote_link(p->a, p->at_b, &l) == UKKO_OK && l.refuses && l.refused_uid == p->uid &&
           l.state == UKKO_LINK_QUARANTINED;
}
static bool refuses_nobody(void *data) {
    const pair *p = data;
    ukko_link l;
    return ukko_remote_link(p->a, p->at_b, &l) == UKKO_OK && !l.refuses;
}
static void shut_out(pair *p) {
    assert_int_equal(ukko_remote_quarantine(p->a, p->at_b, &p->uid), UKKO_OK);
    until(refuses, p, "quarantined");
}
static void talk(ukko_system *from, const char *to) {
    ukko_ref *ref = ref_at(from, to, "/user/echo");
    wait_answer(ref);
    ukko_ref_release(ref);
}
/* Watch, Unwatch and DeathWatchNotification are numbered and acknowledged. */
static void watch_one_end(probe *watcher, ukko_system *there, const char *name) {
    char path[60];
    spawn_echo(there, name);
    snprintf(path, sizeof path, "/user/%s", name);
    ukko_ref *ref = find_at(watcher->sys, ukko_remote_address(there), path);
    probe_watch(watcher, ref);
    wait_answer(ref);
    ukko_ref_signal(ref, UKKO_SIGNAL_TERMINATE, NULL);
    assert_false(expect_terminated_of(watcher, ref).address_terminated);
    ukko_ref_release(ref);
}

static void nothing_to_lift(void **state) {
    (void)state;
    pair p = two();
    int32_t other = p.uid + 1;
    assert_int_equal(ukko_remote_quarantine_clear(p.a, NULL, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_remote_quarantine_clear(p.a, p.at_b, NULL), UKKO_ENOTFOUND);
    talk(p.a, p.at_b);
    assert_int_equal(ukko_remote_quarantine_clear(p.a, p.at_b, &p.uid), UKKO_ENOTFOUND);
    assert_int_equal(ukko_remote_quarantine(p.a, p.at_b, NULL), UKKO_OK); /* a gate */
    assert_int_equal(ukko_remote_quarantine_clear(p.a, p.at_b, NULL), UKKO_ENOTFOUND);
    shut_out(&p);
    assert_int_equal(ukko_remote_quarantine_clear(p.a, p.at_b, &other), UKKO_ENOTFOUND);
    assert_true(refuses(&p));
    ukko_system_terminate(p.a);
    ukko_system_wait(p.a, -1);
    end(&p);
}

static void the_same_incarnation_associates_again(void **state) {
    (void)state;
    pair p = two();
    for (int round = 0; round < 3; round++) {
        char name[20];
        talk(p.a, p.at_b);
        snprintf(name, sizeof name, "there%d", round);
        watch_one_end(p.on_a, p.b, name);
        snprintf(name, sizeof name, "here%d", round);
        watch_one_end(p.on_b, p.a, name);
        shut_out(&p);
        ukko_ref *ref = ref_at(p.a, p.at_b, "/user/echo");
        assert_false(does_answer(ref, 300));
        ukko_ref_release(ref);
        assert_int_equal(ukko_remote_quarantine_clear(p.a, p.at_b, round % 2 ? &p.uid : NULL),
                         UKKO_OK);
        until(refuses_nobody, &p, "lifted");
        if (round != 1) talk(p.b, p.at_a); /* it may dial in, too */
    }
    talk(p.a, p.at_b);
    watch_one_end(p.on_a, p.b, "last");
    watch_one_end(p.on_b, p.a, "least");
    assert_true(refuses_nobody(&p));
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_lift),
        cmocka_unit_test(the_same_incarnation_associates_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
