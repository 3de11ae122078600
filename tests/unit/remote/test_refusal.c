/* SPDX-License-Identifier: Apache-2.0 */
/* Creations that a node refuses: what is looked at before, and what the creator is told. Two systems
   over loopback; every wait is for a message. */
#include "support/deploy_rig.h"

#define ALLOW "pekko.remote.deployment { enable-allow-list = on, allowed-actor-classes = ["
#define ALLOW_WORKER ALLOW "\"test.rig.Actors.Worker\"] }"

/* ---- a type that counts how often it is read ---- */

enum { SER_COUNTING = 4711 };
static _Atomic int times_read; /* seq_cst */

static int counting_encode(ukko_encoder *out, const void *body) {
    return ukko_encoder_put(out, body, sizeof(int32_t));
}
static int counting_decode(ukko_msg *into, void *body, ukko_slice in) {
    (void)into;
    if (in.len != sizeof(int32_t)) return UKKO_EPARSE;
    memcpy(body, in.ptr, in.len);
    atomic_fetch_add(&times_read, 1);
    return *(int32_t *)body < 0 ? UKKO_EPARSE : UKKO_OK;
}
static const ukko_codec counting_codec = {sizeof(ukko_codec), NULL, counting_encode,
                                          counting_decode};
static const ukko_type counting_type = {.size = sizeof(ukko_type),
                                        .body_size = sizeof(int32_t),
                                        .name = "test.Counting",
                                        .manifest = "C",
                                        .serializer = SER_COUNTING,
                                        .codec = &counting_codec};
static const ukko_type *const types[] = {&counting_type, NULL};

static ukko_ref *make_with(node *a, const ukko_actor *kind, const char *address, int32_t arg,
                           const char *name) {
    ukko_props *p = props_at(kind, address);
    ukko_props_arg(p, &counting_type, &arg);
    ukko_ref *ref = make_props(a, p, name, NULL);
    assert_non_null(ref);
    return ref;
}

/* ---- what the creator hears ---- */

static probe *refusals_of(node *a) {
    probe *p = probe_new(a->sys, "refusals");
    ukko_subscribe(a->sys, &ukko_deploy_refused_type, p->ref);
    return p;
}
static void expect_refusal(probe *p, ukko_ref *child, const node *a, const char *class_name,
                           const char *reason) {
    ukko_msg *m = probe_expect(p, &ukko_deploy_refused_type);
    const ukko_deploy_refused *r = ukko_msg_get(m, &ukko_deploy_refused_type);
    assert_true(ukko_ref_equal(r->child, child));
    assert_true(ukko_ref_equal(r->parent, a->boss));
    assert_string_equal(r->class_name, class_name);
    if (!strstr(r->reason, reason)) fail_msg("%s", r->reason);
    ukko_msg_release(m);
}

/* spec: RemoteDeploymentAllowListSpec 2 */
static void the_list_is_asked_before_anything_is_read(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", ALLOW_WORKER, NULL, NULL);
    probe *heard = refusals_of(&a);
    atomic_store(&times_read, 0);
    ukko_ref *bad = make_with(&a, &unlisted, b.address, 1, "bad");
    probe_expect_text(a.log, "terminated bad unconfirmed");
    expect_refusal(heard, bad, &a, "test.rig.Unlisted", "not on the allow list");
    assert_int_equal(atomic_load(&times_read), 0);
    ukko_ref *good = make_with(&a, &worker, b.address, 1, "good");
    assert_int_equal(count_of(good), 0);
    assert_int_equal(atomic_load(&times_read), 1);
    probe_expect_nothing(heard);
    ukko_ref_release(bad);
    ukko_ref_release(good);
    node_end(&a);
    node_end(&b);
    probe_free(heard);
}
static void a_pool_is_judged_by_its_routees(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", ALLOW_WORKER, NULL, NULL);
    probe *heard = refusals_of(&a);
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 2);
    ukko_props *p;
    assert_int_equal(ukko_router_props(&p, &opts, ukko_props_new(&unlisted), NULL), UKKO_OK);
    assert_int_equal(ukko_props_deploy(p, b.address), UKKO_OK);
    ukko_ref *pool = make_props(&a, p, "pool", NULL);
    probe_expect_text(a.log, "terminated pool unconfirmed");
    expect_refusal(heard, pool, &a, "test.rig.Unlisted", "not on the allow list");
    ukko_ref_release(pool);
    node_end(&a);
    node_end(&b);
    probe_free(heard);
}
static void other_reasons_are_told(void **state) {
    static const ukko_actor nowhere = {.size = sizeof(ukko_actor), .name = "no.such.Actor"};
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    probe *heard = refusals_of(&a);
    ukko_ref *x = make_with(&a, &nowhere, b.address, 1, "x");
    expect_refusal(heard, x, &a, "no.such.Actor", "no actor of this class is registered");
    ukko_ref *y = make_with(&a, &worker, b.address, -1, "y"); /* its argument cannot be read */
    expect_refusal(heard, y, &a, WORKER, "arguments cannot be read");
    probe_expect_nothing(heard);
    ukko_ref_release(x);
    ukko_ref_release(y);
    node_end(&a);
    node_end(&b);
    probe_free(heard);
}
/* Children that live, or that others made, cannot be talked into having been refused. */
static void only_what_was_asked_for_can_be_refused(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", ALLOW_WORKER, NULL, NULL),
         c = node_begin("C", "", NULL, NULL);
    probe *heard_a = refusals_of(&a), *heard_c = refusals_of(&c);
    ukko_ref *bad = make_props(&a, props_at(&unlisted, b.address), "bad", NULL);
    expect_refusal(heard_a, bad, &a, "test.rig.Unlisted", "not on the allow list");
    ukko_ref *at_c = make_props(&c, props_at(&worker, b.address), "w", NULL);
    assert_int_equal(count_of(at_c), 0);
    probe_expect_nothing(heard_a);
    probe_expect_nothing(heard_c);
    ukko_ref_release(bad);
    ukko_ref_release(at_c);
    node_end(&a);
    node_end(&b);
    node_end(&c);
    probe_free(heard_a);
    probe_free(heard_c);
}
/* More at once than a node keeps reasons for: every parent hears of its child, some of the why. */
static void many_refusals(void **state) {
    enum { MANY = 500 };
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", ALLOW "] }", NULL, NULL);
    probe *heard = refusals_of(&a);
    for (int i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof name, "w%d", i);
        ukko_ref_release(make(&a, b.address, name));
    }
    for (int i = 0; i < MANY; i++) ukko_msg_release(probe_expect(a.log, &ukko_string_type));
    ukko_msg_release(probe_expect(heard, &ukko_deploy_refused_type));
    node_end(&a);
    node_end(&b);
    probe_free(heard);
}

/* ---- what does not even leave ---- */

/* As in Pekko: the actor counts as made, its order is dropped, and its watch finds nobody there. */

static void an_order_that_is_too_large(void **state) {
    (void)state;
    node a = node_begin("A", "pekko.remote.classic.netty.tcp.maximum-frame-size = 32000b", NULL,
                        NULL),
         b = node_begin("B", "", NULL, NULL);
    static uint8_t bytes[40000];
    probe *dropped = probe_new(a.sys, "dropped"), *watcher = probe_new(a.sys, "watcher");
    ukko_subscribe(a.sys, &ukko_dropped_type, dropped->ref);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_arg(p, &ukko_bytes_type, &(ukko_slice){bytes, sizeof bytes});
    ukko_ref *w = make_props(&a, p, "w", NULL);
    assert_non_null(w);
    ukko_msg *m = probe_expect(dropped, &ukko_dropped_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dropped_type);
    assert_string_equal(ukko_msg_class(d->message), "org.apache.pekko.remote.DaemonMsgCreate");
    assert_non_null(strstr(d->reason, "max allowed size 32000"));
    ukko_msg_release(m);
    probe_watch(watcher, w);
    m = probe_expect(watcher, &ukko_terminated_type);
    assert_false(((const ukko_terminated *)ukko_msg_get(m, &ukko_terminated_type))->existence_confirmed);
    ukko_msg_release(m);
    ukko_ref_release(w);
    p = props_at(&worker, b.address);
    ukko_props_arg(p, &ukko_bytes_type, &(ukko_slice){bytes, 30000});
    w = make_props(&a, p, "v", NULL);
    assert_non_null(w);
    assert_int_equal(count_of(w), 0);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
    probe_free(dropped);
    probe_free(watcher);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_asked_before_anything_is_read),
        cmocka_unit_test(a_pool_is_judged_by_its_routees),
        cmocka_unit_test(other_reasons_are_told),
        cmocka_unit_test(only_what_was_asked_for_can_be_refused),
        cmocka_unit_test(many_refusals),
        cmocka_unit_test(an_order_that_is_too_large),
    };
    rig_types = types;
    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
