/* SPDX-License-Identifier: Apache-2.0 */
/* Which mailbox and dispatcher an actor gets on a node with remoting, and when another node asked for
   it. Test thread and worker threads. */
#include "actor/dispatchers.h"
#include "actor/system.h"
#include "support/deploy_rig.h"
#include "support/mailbox_cases.h"

/* spec: RemoteActorMailboxSpec 1 x33 */
static void as_without_remoting(void **state) {
    (void)state;
    ukko_system *s = NULL;
    ukko_error err = {0};
    char text[8192];
    snprintf(text, sizeof text,
             "pekko { loglevel = OFF, actor.provider = remote\n"
             "remote { artery.enabled = off, warn-about-direct-use = off\n"
             "classic.netty.tcp { hostname = 127.0.0.1, port = 0 } } }\n%s",
             mailbox_sections);
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("boxes", NULL);
    o.config = cfg;
    o.threads = 2;
    if (ukko_system_new(&s, &o, &err)) fail_msg("%s", err.message);
    assert_int_equal(ukko_system_add_mailbox(s, &own_mailbox), UKKO_OK);
    if (ukko_remote_enable(s, &err)) fail_msg("%s", err.message);
    if (ukko_system_start(s, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    probe *q = probe_new(s, "probe");
    assert_int_equal(MAILBOX_CASES, 33);
    for (size_t i = 0; i < MAILBOX_CASES; i++) mailbox_check(s, q, i);
    ukko_system_free(s);
    probe_free(q);
}

/* ---- for another node ---- */

#define OWN_POOL                                                                            \
    "mine { executor = thread-pool-executor, thread-pool-executor.fixed-pool-size = 1 }\n"  \
    "small { mailbox-type = \"" DISPATCH "BoundedMailbox\", mailbox-capacity = 7 }\n"

/* The cell behind a reference of a to what lives at b; owned. */
static ukko_ref *there(node *b, ukko_ref *w) {
    const char *path = strchr(strstr(ukko_ref_path(w), "://") + 3, '/');
    ukko_ref *ref = ukko_system_ref(b->sys, path);
    assert_int_equal(ref->vt->kind, UK_REF_CELL);
    return ref;
}
static void what_its_section_there_says(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL);
    node b = node_begin("B", OWN_POOL
                        "pekko.actor.deployment.\"/boss/w\" { dispatcher = mine, mailbox = small }",
                        NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    ukko_ref *v = make(&a, b.address, "v"); /* on other threads than w */
    probe_expect_text(b.log, "start v");
    ukko_ref *cell = there(&b, w), *other = there(&b, v);
    assert_string_equal(uk_dispatcher_id(uk_cell_of(cell)->disp), "mine");
    assert_non_null(mailbox_kind(cell));
    assert_int_equal(mailbox_kind(cell)->capacity, 7);
    assert_ptr_equal(uk_cell_of(other)->disp, b.sys->dispatcher);
    assert_null(mailbox_kind(other));
    ukko_ref_release(cell);
    ukko_ref_release(other);
    ukko_ref_release(w);
    ukko_ref_release(v);
    node_end(&a);
    node_end(&b);
}
static void what_its_props_say_travels(void **state) {
    (void)state;
    node a = node_begin("A", OWN_POOL, NULL, NULL), b = node_begin("B", OWN_POOL, NULL, NULL);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_dispatcher(p, "mine");
    ukko_ref *w = make_props(&a, p, "w", NULL);
    probe_expect_text(b.log, "start w");
    ukko_ref *cell = there(&b, w);
    assert_string_equal(uk_dispatcher_id(uk_cell_of(cell)->disp), "mine");
    ukko_ref_release(cell);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}
/* The dispatcher is known at A alone: B makes nothing, and A hears that it never was. */
static void what_is_not_there(void **state) {
    (void)state;
    node a = node_begin("A", OWN_POOL, NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_dispatcher(p, "mine");
    ukko_ref *w = make_props(&a, p, "w", NULL);
    probe_expect_text(a.log, "terminated w unconfirmed");
    probe_expect_nothing(b.log);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_without_remoting),
        cmocka_unit_test(what_its_section_there_says),
        cmocka_unit_test(what_its_props_say_travels),
        cmocka_unit_test(what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
