/* SPDX-License-Identifier: Apache-2.0 */
/* Actors created on another node: two systems over loopback, one of them in a process of its own
   where it has to crash. */
#include "support/deploy_rig.h"
#include <netinet/in.h>

/* How the failure of "w" looks from afar. */
#define FAILED "failed w: Serialization of [java.lang.IllegalStateException] failed. fail"
#define LOCAL_ONLY "configuration requested remote deployment for local-only Props at "

/* The path that a child of a's boss has at b, without uid. */
static void path_at(char *out, size_t len, const node *a, const char *b, const char *name) {
    snprintf(out, len, "%s/remote/pekko.tcp/%s/user/boss/%s", b, strstr(a->address, "://") + 3,
             name);
}
static void expect_path(ukko_ref *ref, const node *a, const char *b, const char *name) {
    char path[500];
    path_at(path, sizeof path, a, b, name);
    size_t n = strlen(path);
    assert_memory_equal(ukko_ref_path(ref), path, n);
    assert_int_equal(ukko_ref_path(ref)[n], '#');
}
static void expect_answer(ukko_ref *w) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(w, ukko_msg_string("who?"), 60000, &answer), UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), ukko_ref_path(w));
    ukko_msg_release(answer);
}

/* Made, found, restarted, stopped; own: how the path tells the address of the maker. */
static void life_of_a_child(const char *more, const char *own) {
    node a = node_begin("A", more, NULL, NULL), b = node_begin("B", more, NULL, NULL);
    char path[500];
    atomic_store(&decision, UKKO_RESTART);
    ukko_ref *w = make(&a, b.address, "w");
    snprintf(path, sizeof path, "%s/remote/pekko.tcp/A@%s%s/user/boss/w#", b.address, own,
             strrchr(a.address, ':'));
    assert_memory_equal(ukko_ref_path(w), path, strlen(path));
    probe_expect_text(b.log, "start w");
    expect_answer(w);
    say(w, "inc");
    assert_int_equal(count_of(w), 1);
    say(w, "fail once");
    probe_expect_text(a.log, FAILED " once");
    probe_expect_text(b.log, "before w");
    probe_expect_text(b.log, "after w");
    assert_int_equal(count_of(w), 0);
    say(a.boss, "stop w");
    probe_expect_text(b.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

/* spec: NewRemoteActorSpec 1 */
/* spec: RemotingSpec 6 */
static void a_child_lives_on_another_node(void **state) {
    (void)state;
    life_of_a_child("", "127.0.0.1");
}

static bool has_ipv6(void) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool ok = fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof a);
    close(fd);
    return ok;
}
/* Brackets may not stand in the path of a child: they are written as a URI has them elsewhere. */
static void between_addresses_of_ipv6(void **state) {
    (void)state;
    if (!has_ipv6()) skip();
    life_of_a_child("pekko.remote.classic.netty.tcp.hostname = \"::1\"\n", "%5B::1%5D");
}

/* spec: NewRemoteActorSpec 2 */
static void arguments_of_every_kind(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_props *p = props_at(&worker, b.address);
    uint8_t bytes[] = {0, 255, 16};
    ukko_props_arg_msg(p, NULL);
    ukko_props_arg_msg(p, ukko_msg_string("text"));
    ukko_props_arg(p, &ukko_long_type, &(int64_t){-5});
    ukko_props_arg(p, &ukko_int_type, &(int32_t){7});
    ukko_props_arg(p, &ukko_bool_type, &(bool){true});
    ukko_props_arg(p, &ukko_bytes_type, &(ukko_slice){bytes, sizeof bytes});
    ukko_props_arg(p, &ukko_ref_type, &(ukko_ref_body){a.boss});
    ukko_props_arg(p, &ukko_option_type, &(ukko_boxed){NULL});
    char want[1000] = "start w";
    ukko_props *here = ukko_props_retain(p); /* what they print as where they were made */
    ukko_ref *w = make_props(&a, p, "w", NULL);
    assert_non_null(w);
    ukko_msg *m = probe_expect(b.log, &ukko_string_type);
    assert_memory_equal(ukko_msg_text(m), want, strlen(want));
    assert_non_null(strstr(ukko_msg_text(m), " null text -5 7 true "));
    assert_non_null(strstr(ukko_msg_text(m), ukko_ref_path(a.boss)));
    ukko_msg_release(m);
    ukko_props_release(here);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

static void each_directive(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    atomic_store(&decision, UKKO_RESUME);
    say(w, "inc");
    say(w, "fail");
    probe_expect_text(a.log, FAILED);
    assert_int_equal(count_of(w), 1);
    atomic_store(&decision, UKKO_STOP);
    say(w, "fail");
    probe_expect_text(a.log, FAILED);
    probe_expect_text(b.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref_release(w);
    w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    atomic_store(&decision, UKKO_ESCALATE);
    say(w, "fail");
    probe_expect_text(a.log, FAILED);
    probe_expect_text(a.log, "boss restarts");
    probe_expect_text(b.log, "stop w");
    ukko_ref_release(w);
    w = make(&a, b.address, "w"); /* the restarted boss has it no more */
    probe_expect_text(b.log, "start w");
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

static void a_start_that_fails(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    atomic_store(&decision, UKKO_STOP);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_arg_msg(p, ukko_msg_string("fail"));
    ukko_ref *w = make_props(&a, p, "w", NULL);
    probe_expect_text(b.log, "start w fail");
    ukko_msg *m = probe_expect(a.log, &ukko_string_type);
    assert_memory_equal(ukko_msg_text(m), "failed w: ", 10);
    ukko_msg_release(m);
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

/* spec: RemotingSpec 7 */
static void an_old_reference_stays_dead(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    probe *dead = probe_new(b.sys, "dead");
    char path[500];
    ukko_subscribe(b.sys, &ukko_dead_letter_type, dead->ref);
    ukko_ref *old = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    say(old, "stop");
    probe_expect_text(b.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref *w = make(&a, b.address, "w");
    assert_false(ukko_ref_equal(old, w));
    probe_expect_text(b.log, "start w");
    say(old, "inc");
    assert_int_equal(count_of(w), 0);
    ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
    ukko_msg_release(m);
    path_at(path, sizeof path, &a, b.address, "w");
    ukko_selection *sel = ukko_select(a.sys, path);
    ukko_selection_tell(sel, ukko_msg_string("inc"), NULL);
    assert_int_equal(count_of(w), 1);
    ukko_selection_release(sel);
    ukko_ref_release(old);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
    probe_free(dead);
}

/* What a selection's Identify gives; owned, or NULL. */
static ukko_ref *found(ukko_system *sys, const char *format, const char *base) {
    char path[600];
    ukko_ref *ref = NULL;
    snprintf(path, sizeof path, format, base);
    return ukko_find_wait(sys, path, 60000, &ref) ? NULL : ref;
}
static void expect_found(ukko_system *sys, const char *format, const char *base, ukko_ref *want) {
    ukko_ref *ref = found(sys, format, base);
    if (want) assert_true(ref && ukko_ref_equal(ref, want));
    else assert_null(ref);
    ukko_ref_release(ref);
}

/* spec: RemotingSpec 8 */
static void selections_over_deployed_children(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    char base[500];
    path_at(base, sizeof base, &a, b.address, "w");
    ukko_ref *w = make(&a, b.address, "w");
    say(w, "child kid");
    probe_expect_text(b.log, "start w");
    probe_expect_text(b.log, "start kid");
    expect_found(a.sys, "%s", "/user/boss/w", w);
    expect_found(a.sys, "%s", "/user/*/w", w);
    expect_found(a.sys, "%s", base, w);
    expect_found(a.sys, "%s/kid/..", base, w);
    expect_found(a.sys, "%s/kid/../../w", base, w);
    expect_found(a.sys, "%s/no/../kid/..", base, w); /* what is taken back need not be there */
    expect_found(b.sys, "%s", base, w);
    ukko_ref *kid = found(a.sys, "%s/kid", base);
    assert_non_null(kid);
    expect_answer(kid);
    expect_found(a.sys, "%s/k*", base, kid);
    expect_found(a.sys, "%s", "/user/boss/w/kid", kid);
    expect_found(a.sys, "%s/none", base, NULL);
    expect_found(a.sys, "%s#1", base, NULL);
    say(a.boss, "stop w");
    probe_expect_text(b.log, "stop kid");
    probe_expect_text(b.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    expect_found(a.sys, "%s/kid", base, NULL);
    ukko_ref *again = make(&a, b.address, "w");
    expect_found(a.sys, "%s", base, again);
    ukko_ref_release(again);
    ukko_ref_release(kid);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

/* ---- allow list ---- */

typedef struct refusals {
    _Atomic int n; /* records about a class that is not listed; seq_cst */
} refusals;
static void count_refusals(void *data, const ukko_log_record *r) {
    bool all = r->level == UKKO_LOG_ERROR && r->marker && !strcmp(r->marker, "SECURITY") &&
               strstr(r->text, "test.rig.Unlisted") && strstr(r->text, "Target path:") &&
               r->cause && strstr(r->cause, "NotAllowedClassRemoteDeploymentAttemptException");
    if (all) atomic_fetch_add(&((refusals *)data)->n, 1);
}
static void with_allow_list(const char *settings) {
    refusals log = {0};
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", settings, count_refusals, &log);
    probe *dead = probe_new(b.sys, "dead");
    ukko_subscribe(b.sys, &ukko_dead_letter_type, dead->ref);
    atomic_store(&decision, UKKO_RESTART);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    say(w, "fail");
    probe_expect_text(b.log, "before w");
    probe_expect_text(b.log, "after w");
    ukko_msg_release(probe_expect(a.log, &ukko_string_type));
    ukko_ref *bad = make_props(&a, props_at(&unlisted, b.address), "bad", NULL);
    probe_expect_text(a.log, "terminated bad unconfirmed");
    say(bad, "lost");
    ukko_msg_release(probe_expect(dead, &ukko_dead_letter_type));
    assert_int_equal(atomic_load(&log.n), 1);
    say(a.boss, "stop w");
    probe_expect_text(b.log, "stop w");
    probe_expect_nothing(b.log);
    ukko_ref_release(w);
    ukko_ref_release(bad);
    node_end(&a);
    node_end(&b);
    probe_free(dead);
}

/* spec: RemoteDeploymentAllowListSpec 1 */
/* spec: RemoteDeploymentAllowListSpec 2 */
static void only_listed_classes_are_deployed(void **state) {
    (void)state;
    with_allow_list("pekko.remote.deployment { enable-allow-list = on\n"
                    " allowed-actor-classes = [\"test.rig.Other\", \"test.rig.Actors.Worker\"] }");
}
static void the_old_spelling_of_the_allow_list(void **state) {
    (void)state;
    with_allow_list("pekko.remote.deployment { enable-whitelist = on\n"
                    " whitelist = [\"test.rig.Actors.Worker\"] }");
}

/* ---- where ---- */

static void expect_refused(node *a, ukko_props *props, const char *name, const char *why) {
    ukko_msg *text = NULL;
    assert_null(make_props(a, props, name, &text));
    if (!strstr(ukko_msg_text(text), why)) fail_msg("%s", ukko_msg_text(text));
    ukko_msg_release(text);
}
static void what_cannot_travel_is_refused(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_arg_msg(p, ukko_msg_string("fine"));
    ukko_props_arg(p, &ukko_double_type, &(double){1});
    expect_refused(&a, p, "w", "argument 2 of [" WORKER "] cannot travel");
    p = props_at(&worker, b.address);
    ukko_props_dispatcher(p, "no.such.dispatcher");
    expect_refused(&a, p, "w",
                   "Dispatcher [no.such.dispatcher] not configured for path pekko://A/user/boss/w");
    p = props_at(&worker, "akka.udp://X@127.0.0.1:1");
    expect_refused(&a, p, "w", "remote deployment failed for [pekko://A/user/boss/w]");
    ukko_ref *w = make(&a, b.address, "w"); /* the name was not taken by those */
    expect_refused(&a, props_at(&worker, b.address), "w", "actor name [w] is not unique!");
    probe_expect_text(b.log, "start w");
    probe_expect_nothing(b.log);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}
static void local_props_stay(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_props *p = props_at(&worker, b.address);
    ukko_props_local(p);
    expect_refused(&a, p, "w",
                   LOCAL_ONLY "[pekko://A/user/boss/w]");
    ukko_ref *w = make(&a, a.address, "here"); /* the own address */
    assert_true(ukko_ref_is_local(w));
    probe_expect_text(a.log, "start here");
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}
/* spec: RemoteFeaturesSpec(remote) 6 */
static void without_the_unsafe_features_it_stays_here(void **state) {
    (void)state;
    char text[500];
    node b = node_begin("B", "", NULL, NULL);
    snprintf(text, sizeof text,
             "pekko.remote.use-unsafe-remote-features-outside-cluster = off\n"
             "pekko.actor.deployment.\"/boss/w\" { remote = \"%s\" }",
             b.address);
    node a = node_begin("A", text, NULL, NULL);
    atomic_store(&decision, UKKO_RESTART);
    ukko_ref *w = make(&a, b.address, "v");
    probe_expect_text(a.log, "start v");
    ukko_ref *v = make_props(&a, ukko_props_new(&worker), "w", NULL);
    probe_expect_text(a.log, "start w");
    assert_true(ukko_ref_is_local(w) && ukko_ref_is_local(v));
    say(v, "fail");
    probe_expect_text(a.log, "failed w: fail");
    probe_expect_text(a.log, "before w");
    probe_expect_text(a.log, "after w");
    ukko_ref_release(v);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}
static void an_unknown_class_makes_nothing(void **state) {
    (void)state;
    static const ukko_actor nowhere = {.size = sizeof(ukko_actor), .name = "no.such.Actor"};
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_ref *w = make_props(&a, props_at(&nowhere, b.address), "w", NULL);
    probe_expect_text(a.log, "terminated w unconfirmed");
    ukko_ref *other = make(&a, b.address, "other"); /* the link lives */
    probe_expect_text(b.log, "start other");
    ukko_ref_release(other);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

/* ---- by configuration ---- */

static ukko_ref *make_here(node *at, const char *name) {
    ukko_ref *ref = make_props(at, ukko_props_new(&worker), name, NULL);
    assert_non_null(ref);
    return ref;
}

/* spec: NewRemoteActorSpec 3 */
/* spec: RemoteDeployerSpec 2 */
/* spec: RemoteFeaturesSpec(multi-jvm) 5,9 */
static void the_configuration_decides(void **state) {
    (void)state;
    char text[1000];
    node b = node_begin("B", "", NULL, NULL), c = node_begin("C", "", NULL, NULL);
    snprintf(text, sizeof text,
             "pekko.actor.deployment { \"/boss/w\" { remote = \"%s\" }\n"
             " \"/boss/n*\" { remote = \"%s\" } }",
             b.address, c.address);
    node a = node_begin("A", text, NULL, NULL);
    ukko_ref *w = make_here(&a, "w"), *n = make_here(&a, "north"), *x = make_here(&a, "x");
    expect_path(w, &a, b.address, "w");
    probe_expect_text(b.log, "start w");
    expect_path(n, &a, c.address, "north");
    probe_expect_text(c.log, "start north");
    assert_true(ukko_ref_is_local(x));
    probe_expect_text(a.log, "start x");
    ukko_ref *south = make(&a, b.address, "nsouth"); /* configuration beats code */
    expect_path(south, &a, c.address, "nsouth");
    ukko_props *p = ukko_props_new(&worker);
    ukko_props_local(p);
    expect_refused(&a, p, "nlocal",
                   LOCAL_ONLY "[pekko://A/user/boss/nlocal]");
    ukko_ref_release(w);
    ukko_ref_release(n);
    ukko_ref_release(x);
    ukko_ref_release(south);
    node_end(&a);
    node_end(&b);
    node_end(&c);
}

/* A child that lives on b has a child on c, because b's configuration says so of the path it has
   at a. */
static void children_of_children_elsewhere(void **state) {
    (void)state;
    char text[1000], base[600];
    node c = node_begin("C", "", NULL, NULL);
    snprintf(text, sizeof text, "pekko.actor.deployment.\"/boss/w/kid\" { remote = \"%s\" }",
             c.address);
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", text, NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    say(w, "child kid");
    probe_expect_text(c.log, "start kid");
    snprintf(base, sizeof base, "%s/remote/pekko.tcp/%s/remote/pekko.tcp/%s/user/boss/w/kid",
             c.address, strstr(b.address, "://") + 3, strstr(a.address, "://") + 3);
    ukko_ref *kid = found(a.sys, "%s", "/user/boss/w/kid");
    assert_non_null(kid);
    assert_memory_equal(ukko_ref_path(kid), base, strlen(base));
    expect_found(a.sys, "%s", base, kid);
    expect_found(a.sys, "%s/..", base, NULL); /* only the names are walked back, as in Pekko */
    expect_answer(kid);
    say(a.boss, "stop w"); /* waits for the one on c */
    probe_expect_text(c.log, "stop kid");
    probe_expect_text(b.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref_release(kid);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
    node_end(&c);
}

/* The configuration of the node that was asked has the last word: the child is made on a third one,
   and messages to its path here are passed on. */
static void the_node_that_was_asked_passes_it_on(void **state) {
    (void)state;
    char text[600], base[600];
    node c = node_begin("C", "", NULL, NULL);
    snprintf(text, sizeof text, "pekko.actor.deployment.\"/boss/w\" { remote = \"%s\" }",
             c.address);
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", text, NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    expect_path(w, &a, b.address, "w");
    probe_expect_text(c.log, "start w");
    say(w, "inc");
    assert_int_equal(count_of(w), 1);
    ukko_ref *there = found(a.sys, "%s", "/user/boss/w");
    snprintf(base, sizeof base, "%s/remote/pekko.tcp/%s/remote/pekko.tcp/%s/user/boss/w", c.address,
             strstr(b.address, "://") + 3, strstr(a.address, "://") + 3);
    assert_non_null(there);
    assert_memory_equal(ukko_ref_path(there), base, strlen(base));
    say(a.boss, "stop w");
    probe_expect_text(c.log, "stop w");
    probe_expect_text(a.log, "terminated w confirmed");
    probe_expect_nothing(b.log);
    ukko_ref *again = make(&a, b.address, "w"); /* the name is free on all three */
    probe_expect_text(c.log, "start w");
    ukko_ref_release(again);
    ukko_ref_release(there);
    ukko_ref_release(w);
    node_end(&a);
    probe_expect_text(c.log, "stop w");
    node_end(&b);
    node_end(&c);
}
/* Two nodes whose configurations name each other: the first that sees it again keeps it. */
static void passing_on_ends_in_a_circle(void **state) {
    (void)state;
    char text[600], port[100];
    node b = node_begin("B", "", NULL, NULL);
    snprintf(port, sizeof port, "pekko.remote.classic.netty.tcp.port = %s",
             strrchr(b.address, ':') + 1);
    node c0 = node_begin("C", "", NULL, NULL);
    snprintf(text, sizeof text, "%s\npekko.actor.deployment.\"/boss/w\" { remote = \"%s\" }", port,
             c0.address);
    node_end(&b);
    b = node_begin("B", text, NULL, NULL);
    snprintf(text, sizeof text,
             "pekko.remote.classic.netty.tcp.port = %s\n"
             "pekko.actor.deployment.\"/boss/w\" { remote = \"%s\" }",
             strrchr(c0.address, ':') + 1, b.address);
    node_end(&c0);
    node c = node_begin("C", text, NULL, NULL), a = node_begin("A", "", NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    assert_int_equal(count_of(w), 0);
    ukko_ref_release(w);
    node_end(&a);
    probe_expect_text(b.log, "stop w");
    node_end(&b);
    node_end(&c);
}

/* ---- ends ---- */

/* spec: NewRemoteActorSpec 4 */
static void the_end_of_the_creator(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    ukko_ref_release(w);
    node_end(&a);
    probe_expect_text(b.log, "stop w");
    node_end(&b);
}
static void the_end_of_the_node_of_a_child(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w");
    probe_expect_text(b.log, "start w");
    /* The watch goes by the I/O thread, which comes to it before it reads a second answer, if not a first. */
    expect_answer(w);
    expect_answer(w);
    node_end(&b);
    probe_expect_text(a.log, "terminated w confirmed");
    ukko_ref_release(w);
    node_end(&a);
}

/* spec: RemoteDeploymentDeathWatchSpec 1 */
static void a_child_on_a_crashed_node(void **state) {
    (void)state;
    /* long enough that what comes before the crash is not taken for it */
    static const char watch[] = "pekko.remote.watch-failure-detector {\n"
                                " heartbeat-interval = 100 ms, acceptable-heartbeat-pause = 3 s }";
    victim b = victim_begin("B", watch);
    node a = node_begin("A", watch, NULL, NULL);
    ukko_ref *w = make(&a, b.address, "w"), *v = make(&a, b.address, "v");
    assert_int_equal(count_of(w), 0);
    victim_crash(&b);
    for (int i = 0; i < 2; i++) {
        ukko_msg *m = probe_expect(a.log, &ukko_string_type);
        assert_memory_equal(ukko_msg_text(m), "terminated ", 11);
        assert_non_null(strstr(ukko_msg_text(m), " lost"));
        ukko_msg_release(m);
    }
    ukko_ref *again = make(&a, a.address, "w"); /* its name is free */
    probe_expect_text(a.log, "start w");
    ukko_ref_release(again);
    ukko_ref_release(w);
    ukko_ref_release(v);
    node_end(&a); /* does not wait for them */
}

static void a_node_that_is_not_there(void **state) {
    (void)state;
    node a = node_begin("A", QUICK_WATCH, NULL, NULL);
    probe *dead = probe_new(a.sys, "dead");
    ukko_subscribe(a.sys, &ukko_dead_letter_type, dead->ref);
    ukko_ref *w = make(&a, "pekko.tcp://B@127.0.0.1:1", "w");
    say(w, "lost");
    bool order = false, said = false;
    while (!order || !said) {
        ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
        const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
        order |= !strcmp(ukko_msg_class(d->message), "org.apache.pekko.remote.DaemonMsgCreate");
        said |= ukko_msg_text(d->message) && !strcmp(ukko_msg_text(d->message), "lost");
        ukko_msg_release(m);
    }
    ukko_msg *m = probe_expect(a.log, &ukko_string_type);
    assert_memory_equal(ukko_msg_text(m), "terminated w ", 13);
    assert_non_null(strstr(ukko_msg_text(m), " lost"));
    ukko_msg_release(m);
    ukko_ref_release(w);
    node_end(&a);
    probe_free(dead);
}

/* It is frozen before it can answer a heartbeat: nothing is known of it but its address. */
/* spec: RemoteNodeDeathWatchSpec 6 */
static void a_watched_node_that_never_answers(void **state) {
    (void)state;
    victim b = victim_begin("B", QUICK_WATCH);
    node a = node_begin("A", QUICK_WATCH, NULL, NULL);
    char path[300];
    ukko_ref *boss = NULL;
    snprintf(path, sizeof path, "%s/user/boss", b.address);
    assert_int_equal(ukko_find_wait(a.sys, path, 60000, &boss), UKKO_OK);
    kill(b.pid, SIGSTOP);
    probe_watch(a.log, boss);
    victim_crash(&b);
    ukko_msg *m = probe_expect(a.log, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_true(ukko_ref_equal(t->ref, boss));
    assert_true(t->address_terminated && !t->existence_confirmed);
    ukko_msg_release(m);
    probe_expect_nothing(a.log);
    ukko_ref_release(boss);
    node_end(&a);
}

/* spec: RemoteNodeDeathWatchSpec 7 */
static void a_crashed_creator(void **state) {
    (void)state;
    victim a = victim_begin("A", QUICK_WATCH);
    node b = node_begin("B", QUICK_WATCH, NULL, NULL);
    victim_make(&a, b.address);
    probe_expect_text(b.log, "start w");
    victim_crash(&a);
    probe_expect_text(b.log, "stop w");
    node_end(&b);
}

/* spec: RemoteReDeploymentSpec 1 */
static void a_creator_that_comes_back(void **state) {
    (void)state;
    victim first = victim_begin("A", "");
    node b = node_begin("B", "", NULL, NULL);
    char port[100];
    victim_make(&first, b.address);
    probe_expect_text(b.log, "start w");
    victim_crash(&first);
    snprintf(port, sizeof port, "pekko.remote.classic.netty.tcp.port = %s",
             strrchr(first.address, ':') + 1);
    node a = node_begin("A", port, NULL, NULL);
    assert_string_equal(a.address, first.address);
    ukko_ref *w = make(&a, b.address, "w"); /* replaces the old one, before its end was noticed */
    bool started = false, stopped = false;
    while (!started || !stopped) {
        ukko_msg *m = probe_expect(b.log, &ukko_string_type);
        started |= !strcmp(ukko_msg_text(m), "start w");
        stopped |= !strcmp(ukko_msg_text(m), "stop w");
        ukko_msg_release(m);
    }
    expect_answer(w);
    ukko_ref_release(w);
    node_end(&a);
    node_end(&b);
}

/* ---- many ---- */

enum { MANY = 1000 };

static void many_children(void **state) {
    (void)state;
    node a = node_begin("A", "", NULL, NULL), b = node_begin("B", "", NULL, NULL);
    ukko_ref *all[MANY];
    char name[30], path[500];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "w%d", i);
        all[i] = make(&a, b.address, name);
        say(all[i], i % 2 ? "inc" : "stop");
    }
    for (int i = 1; i < MANY; i += 2) {
        assert_int_equal(count_of(all[i]), 1);
        snprintf(path, sizeof path, "stop w%d", i);
        say(a.boss, path);
    }
    for (int i = 0; i < 2 * MANY; i++) ukko_msg_release(probe_expect(b.log, &ukko_string_type));
    for (int i = 0; i < MANY; i++) ukko_msg_release(probe_expect(a.log, &ukko_string_type));
    for (int i = 0; i < MANY; i++) ukko_ref_release(all[i]);
    path_at(path, sizeof path, &a, b.address, "w1");
    expect_found(a.sys, "%s", path, NULL);
    node_end(&a);
    node_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_on_a_crashed_node),
        cmocka_unit_test(a_watched_node_that_never_answers),
        cmocka_unit_test(a_crashed_creator),
        cmocka_unit_test(a_creator_that_comes_back),
        cmocka_unit_test(a_child_lives_on_another_node),
        cmocka_unit_test(between_addresses_of_ipv6),
        cmocka_unit_test(arguments_of_every_kind),
        cmocka_unit_test(each_directive),
        cmocka_unit_test(a_start_that_fails),
        cmocka_unit_test(an_old_reference_stays_dead),
        cmocka_unit_test(selections_over_deployed_children),
        cmocka_unit_test(only_listed_classes_are_deployed),
        cmocka_unit_test(the_old_spelling_of_the_allow_list),
        cmocka_unit_test(what_cannot_travel_is_refused),
        cmocka_unit_test(local_props_stay),
        cmocka_unit_test(without_the_unsafe_features_it_stays_here),
        cmocka_unit_test(an_unknown_class_makes_nothing),
        cmocka_unit_test(the_configuration_decides),
        cmocka_unit_test(children_of_children_elsewhere),
        cmocka_unit_test(the_node_that_was_asked_passes_it_on),
        cmocka_unit_test(passing_on_ends_in_a_circle),
        cmocka_unit_test(a_node_that_is_not_there),
        cmocka_unit_test(the_end_of_the_creator),
        cmocka_unit_test(the_end_of_the_node_of_a_child),
        cmocka_unit_test(many_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
