/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatchers from the configuration: on which threads an actor runs, how many there are, and what is
   refused. Test thread and the workers of the systems made here. */
#include "actor/dispatchers.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/os.h"
#include "support/logs.h"
#include "support/probe.h"
#include <semaphore.h>
#include <sys/prctl.h>
#include <ukko/router.h>

#define BALANCING "org.apache.pekko.dispatch.BalancingDispatcherConfigurator"
static const char sections[] =
    "fork { fork-join-executor { parallelism-min = 1, parallelism-factor = 0.01, parallelism-max = 4 } }\n"
    "fork-3 { fork-join-executor { parallelism-min = 3, parallelism-factor = 0.01, parallelism-max = 4 } }\n"
    "fork-max { fork-join-executor { parallelism-min = 1, parallelism-factor = 1000, parallelism-max = 5 } }\n"
    "fixed { executor = thread-pool-executor, thread-pool-executor.fixed-pool-size = 2 }\n"
    "cores { executor = thread-pool-executor, thread-pool-executor { core-pool-size-min = 1\n"
    "  core-pool-size-factor = 0.01, core-pool-size-max = 9 } }\n"
    "queue = ${cores} { thread-pool-executor { task-queue-size = 3, max-pool-size-min = 4\n"
    "  max-pool-size-factor = 0.01, max-pool-size-max = 6 } }\n"
    "queue-factor = ${queue} { thread-pool-executor.max-pool-size-factor = 99 }\n"
    "queue-none = ${queue} { thread-pool-executor.task-queue-size = -1 }\n"
    "queue-fixed = ${queue} { thread-pool-executor.fixed-pool-size = 2 }\n"
    "queue-core = ${queue} { thread-pool-executor.core-pool-size-min = 5 }\n"
    "other-name = fixed\n"
    "affine { executor = affinity-pool-executor, affinity-pool-executor { parallelism-min = 3\n"
    "  parallelism-factor = 0.01, parallelism-max = 3 } }\n"
    "affine-min = ${affine} { affinity-pool-executor { parallelism-min = 1 } }\n"
    "affine-factor = ${affine-min} { affinity-pool-executor { parallelism-factor = 99 } }\n"
    "pinned { type = PinnedDispatcher, executor = thread-pool-executor }\n"
    "calling { type = org.apache.pekko.testkit.CallingThreadDispatcherConfigurator }\n"
    "balancing { type = \"" BALANCING "\", throughput = 1 }\n"
    "balancing-two = ${balancing} { mailbox-type = org.apache.pekko.dispatch.BoundedMailbox\n"
    "  mailbox-capacity = 2, mailbox-push-timeout-time = 0s }\n"
    "balancing-waits = ${balancing-two} { mailbox-push-timeout-time = 20s, mailbox-capacity = 1 }\n"
    "balancing-briefly = ${balancing-waits} { mailbox-push-timeout-time = 100ms }\n"
    "deadline { throughput = 1000000, throughput-deadline-time = 1ms, executor = thread-pool-executor\n"
    "  thread-pool-executor.fixed-pool-size = 1 }\n"
    "no-deadline = ${deadline} { throughput-deadline-time = 0ms }\n"
    "pekko.actor.deployment {\n"
    "  /placed { dispatcher = fixed }, \"/placed/*\" { dispatcher = \"..\" }\n"
    "  /pool { router = round-robin-pool, nr-of-instances = 2, pool-dispatcher = ${fixed} }\n"
    "  /coded { pool-dispatcher = ${fixed} }\n"
    "}\n";

static ukko_system *sys;
static probe *p;

static void begin_with(const char *more) {
    char text[4000];
    snprintf(text, sizeof text, "%s\n%s", sections, more);
    sys = test_system("d", text, NULL, NULL);
    p = probe_new(sys, "probe");
}
static void begin(void) { begin_with(""); }
static void finish(void) {
    ukko_system_free(sys);
    probe_free(p);
}

/* ---- an actor that tells who runs it ---- */

static int tell_thread(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    char name[32] = "", text[80];
    (void)state, (void)m;
    prctl(PR_GET_NAME, name);
    snprintf(text, sizeof text, "%s %lx", name, (unsigned long)pthread_self());
    ukko_tell_text(ctx, p->ref, text);
    return UKKO_OK;
}
static const ukko_actor teller = {
    .size = sizeof(ukko_actor), .name = "teller", .receive = {NULL, tell_thread}};

static ukko_ref *on(const ukko_actor *kind, const char *dispatcher, const char *name) {
    ukko_props *props = ukko_props_new(kind);
    ukko_ref *r = NULL;
    if (dispatcher) ukko_props_dispatcher(props, dispatcher);
    int rc = ukko_system_spawn(sys, props, name, &r);
    ukko_error why = {0};
    if (rc) {
        ukko_spawn_error(&why);
        fail_msg("%s", why.message);
    }
    return r;
}
/* Name and number of the thread; kept until the next call but one. */
static const char *thread_of(ukko_ref *r) {
    static char kept[2][100];
    static int i;
    ukko_tell_text(NULL, r, "who?");
    ukko_msg *m = probe_expect(p, &ukko_string_type);
    snprintf(kept[i ^= 1], sizeof kept[0], "%s", ukko_msg_text(m));
    ukko_msg_release(m);
    return kept[i];
}
static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }
static unsigned threads_on(const char *dispatcher) {
    unsigned n;
    ukko_ref *r = on(&teller, dispatcher, NULL);
    uk_dispatcher_workers(uk_cell_of(r)->disp, &n);
    ukko_ref_release(r);
    return n;
}

/* ---- which threads ---- */

static void how_many_threads(void **state) {
    (void)state;
    begin();
    assert_int_equal(threads_on("fork"), 1);
    assert_int_equal(threads_on("fork-3"), 3);
    assert_int_equal(threads_on("fork-max"), 5);
    assert_int_equal(threads_on("fixed"), 2);
    assert_int_equal(threads_on("cores"), 1);
    assert_int_equal(threads_on("queue"), 4);
    assert_int_equal(threads_on("queue-factor"), 6);
    assert_int_equal(threads_on("queue-none"), 1);
    assert_int_equal(threads_on("queue-fixed"), 2);
    assert_int_equal(threads_on("queue-core"), 5);
    assert_int_equal(threads_on("affine"), 3);
    assert_int_equal(threads_on("affine-min"), 1);
    assert_int_equal(threads_on("affine-factor"), 3);
    assert_int_equal(threads_on("pinned"), 1);
    assert_int_equal(threads_on("calling"), 0);
    assert_int_equal(threads_on("pekko.actor.default-blocking-io-dispatcher"), 16);
    assert_int_equal(threads_on(NULL), 2); /* as the program said */
    finish();
}
static unsigned own_threads(const char *config, bool internal) {
    ukko_config *cfg = test_config(config);
    ukko_system *s = NULL;
    ukko_error err;
    unsigned n;
    ukko_system_opts o = UKKO_SYSTEM_OPTS("own", NULL);
    o.config = cfg;
    if (ukko_system_new(&s, &o, &err)) fail_msg("%s", err.message);
    uk_dispatcher_workers(internal ? s->internal : s->dispatcher, &n);
    ukko_system_free(s);
    ukko_config_release(cfg);
    return n;
}
#define DEFAULT "pekko.actor.default-dispatcher."
static void threads_of_the_systems_own(void **state) {
    (void)state;
    assert_int_equal(own_threads("", false), uk_cpu_count());
    assert_int_equal(own_threads(DEFAULT "fork-join-executor.parallelism-min = 11", false), 11);
    assert_int_equal(own_threads(DEFAULT "fork-join-executor { parallelism-min = 1\n"
                                 "parallelism-max = 1 }", false), 1);
    assert_int_equal(own_threads(DEFAULT "fork-join-executor { parallelism-min = 1\n"
                                 "parallelism-factor = 0.001 }", false), 1);
    assert_int_equal(own_threads(DEFAULT "executor = thread-pool-executor\n"
                                 DEFAULT "thread-pool-executor.fixed-pool-size = 3", false), 3);
    assert_int_equal(own_threads(DEFAULT "executor = thread-pool-executor\n"
                                 DEFAULT "thread-pool-executor.core-pool-size-min = 9", false), 9);
    assert_int_equal(own_threads(DEFAULT "default-executor.fallback = thread-pool-executor\n"
                                 DEFAULT "thread-pool-executor.core-pool-size-max = 1\n"
                                 DEFAULT "thread-pool-executor.core-pool-size-min = 1", false), 1);
    assert_int_equal(own_threads("", true), 1);
    assert_int_equal(own_threads("pekko.actor.internal-dispatcher.fork-join-executor {\n"
                                 "parallelism-min = 3, parallelism-max = 3 }", true), 3);
    assert_int_equal(own_threads("pekko.actor.internal-dispatcher.executor = thread-pool-executor\n"
                                 DEFAULT "thread-pool-executor.fixed-pool-size = 2", true), 2);
}
static void an_actor_runs_where_it_is_told_to(void **state) {
    (void)state;
    begin();
    ukko_ref *plain = on(&teller, NULL, "plain"), *placed = on(&teller, NULL, "placed");
    ukko_ref *props = on(&teller, "fixed", "props"), *alias = on(&teller, "other-name", "alias");
    assert_true(begins(thread_of(plain), "uk-default "));
    assert_true(begins(thread_of(placed), "uk-fixed "));
    assert_true(begins(thread_of(props), "uk-fixed "));
    assert_true(begins(thread_of(alias), "uk-fixed "));
    assert_ptr_equal(uk_cell_of(props)->disp, uk_cell_of(alias)->disp);
    assert_ptr_equal(uk_cell_of(props)->disp, uk_cell_of(placed)->disp);
    ukko_ref *child = NULL; /* its section says "..": as its parent */
    assert_int_equal(uk_cell_spawn(sys, uk_cell_of(placed), ukko_props_new(&teller), "kid", &child), 0);
    assert_ptr_equal(uk_cell_of(child)->disp, uk_cell_of(placed)->disp);
    ukko_ref_release(child);
    ukko_ref_release(plain);
    ukko_ref_release(placed);
    ukko_ref_release(props);
    ukko_ref_release(alias);
    finish();
}
/* Users' actors may hold all workers of theirs: the guardian still makes and ends actors. */
static sem_t gate;
static int hold(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)state, (void)m;
    ukko_tell_text(ctx, p->ref, "holds");
    while (sem_wait(&gate)) {}
    return UKKO_OK;
}
static const ukko_actor holder = {
    .size = sizeof(ukko_actor), .name = "holder", .receive = {NULL, hold}};
static void the_systems_own_actors_run_apart(void **state) {
    (void)state;
    begin();
    sem_init(&gate, 0, 0);
    ukko_ref *held[2], *own = NULL, *after[2];
    assert_int_equal(uk_system_spawn(sys, ukko_props_new(&teller), "own", &own), UKKO_OK);
    assert_ptr_equal(uk_cell_of(own)->disp, sys->internal);
    assert_ptr_not_equal(sys->internal, sys->dispatcher);
    assert_ptr_equal(sys->user->disp, sys->internal);
    ukko_ref_release(p->ref); /* a probe that is not held up */
    p->ref = NULL;
    assert_int_equal(uk_system_spawn(sys, ukko_props_new(&p->kind), "probe", &p->ref), UKKO_OK);
    for (int i = 0; i < 2; i++) {
        held[i] = on(&holder, NULL, NULL);
        ukko_tell_text(NULL, held[i], "hold");
    }
    probe_expect_text(p, "holds");
    probe_expect_text(p, "holds");
    assert_true(begins(thread_of(own), "uk-internal "));
    for (int i = 0; i < 2; i++) after[i] = on(&teller, "pinned", NULL);
    assert_true(begins(thread_of(after[0]), "uk-pinned "));
    for (int i = 0; i < 2; i++) {
        sem_post(&gate);
        ukko_ref_release(after[i]);
    }
    for (int i = 0; i < 2; i++) ukko_ref_release(held[i]);
    ukko_ref_release(own);
    finish();
}

/* ---- pinned ---- */

static size_t live_dispatchers(void) {
    uk_dispatcher **all;
    size_t n = uk_dispatchers_all(sys, &all);
    for (size_t i = 0; i < n; i++) uk_dispatcher_release(all[i]);
    free(all);
    return n;
}
static void a_thread_of_its_own(void **state) {
    (void)state;
    begin();
    size_t before = live_dispatchers();
    ukko_ref *a = on(&teller, "pinned", "a"), *b = on(&teller, "pinned", "b");
    assert_int_equal(live_dispatchers(), before + 2);
    const char *first = thread_of(a);
    char always[100];
    snprintf(always, sizeof always, "%s", first);
    assert_true(begins(always, "uk-pinned "));
    assert_string_not_equal(thread_of(b), always);
    for (int i = 0; i < 20; i++) assert_string_equal(thread_of(a), always);
    ukko_props *props = ukko_props_new(&teller); /* a name in use: no thread is left over */
    ukko_props_dispatcher(props, "pinned");
    assert_int_equal(ukko_system_spawn(sys, props, "a", NULL), UKKO_EEXISTS);
    probe_watch(p, a);
    ukko_tell(NULL, a, &ukko_poison_pill_type, NULL);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    int64_t until = probe_now_ms() + 60000; /* its thread ends with it */
    while (live_dispatchers() != before + 1 && probe_now_ms() < until) sched_yield();
    assert_int_equal(live_dispatchers(), before + 1);
    ukko_ref_release(a);
    ukko_ref_release(b);
    finish();
}

/* ---- on the calling thread ---- */

static pthread_t seen;
static int turns;
static int see(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)ctx, (void)state, (void)m;
    seen = pthread_self();
    turns++;
    return UKKO_OK;
}
static const ukko_actor seer = {.size = sizeof(ukko_actor), .name = "seer", .receive = {NULL, see}};
static ukko_ref *next_seer;
static int see_and_pass_on(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    int before = turns;
    for (int i = 0; i < 3; i++) ukko_tell_msg(ctx, next_seer, ukko_msg_retain(m));
    assert_int_equal(turns, before + 3); /* handled before the send came back */
    return see(ctx, state, m);
}
static const ukko_actor passer = {
    .size = sizeof(ukko_actor), .name = "passer", .receive = {NULL, see_and_pass_on}};
static int count_down(ukko_ctx *ctx, void *state, const void *body) { /* to itself: no recursion */
    int32_t n = *(const int32_t *)body - 1;
    (void)state;
    turns++;
    if (n) ukko_tell(ctx, ukko_self(ctx), &ukko_int_type, &n);
    return UKKO_OK;
}
static const ukko_case counting[] = {{&ukko_int_type, count_down}, {NULL, NULL}};
static const ukko_actor counter = {
    .size = sizeof(ukko_actor), .name = "counter", .receive = {counting, NULL}};

static void the_thread_that_sends(void **state) {
    (void)state;
    begin();
    turns = 0;
    next_seer = on(&seer, "calling", NULL);
    ukko_ref *a = on(&passer, "calling", NULL), *c = on(&counter, "calling", NULL);
    ukko_tell_text(NULL, next_seer, "x");
    assert_int_equal(turns, 1);
    assert_true(pthread_equal(seen, pthread_self()));
    ukko_tell_text(NULL, a, "x");
    assert_int_equal(turns, 5);
    ukko_tell(NULL, c, &ukko_int_type, &(int32_t){100000});
    assert_int_equal(turns, 100005);
    ukko_ref *worker = on(&passer, NULL, NULL); /* on a worker's thread, in the middle of its turn */
    ukko_tell_text(NULL, worker, "x");
    probe_watch(p, worker);
    ukko_tell(NULL, worker, &ukko_poison_pill_type, NULL);
    ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    assert_int_equal(turns, 100009);
    assert_false(pthread_equal(seen, pthread_self()));
    ukko_ref_release(worker);
    ukko_ref_release(c);
    ukko_ref_release(a);
    ukko_ref_release(next_seer);
    finish();
}

/* ---- balancing ---- */

static void whoever_is_free(void **state) {
    (void)state;
    begin();
    sem_init(&gate, 0, 0);
    ukko_ref *a = on(&holder, "balancing", NULL), *b = on(&holder, "balancing", NULL);
    for (int i = 0; i < 2; i++) ukko_tell_text(NULL, a, "x"); /* the second one b takes */
    probe_expect_text(p, "holds");
    probe_expect_text(p, "holds");
    sem_post(&gate);
    sem_post(&gate);
    ukko_ref_release(a);
    ukko_ref_release(b);
    finish();
}
static void what_two_have_in_common_may_be_full(void **state) {
    (void)state;
    begin();
    sem_init(&gate, 0, 0);
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    ukko_ref *a = on(&holder, "balancing-two", NULL);
    ukko_tell_text(NULL, a, "x");
    probe_expect_text(p, "holds");
    for (int i = 0; i < 3; i++) ukko_tell_text(NULL, a, i < 2 ? "y" : "z");
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), "z");
    assert_string_equal(d->reason, "the mailbox is full");
    ukko_msg_release(m);
    uk_ref_system(a, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
    sem_post(&gate); /* and with the last one its messages are dead letters */
    for (int i = 0; i < 2; i++) ukko_msg_release(probe_expect(p, &ukko_dead_letter_type));
    ukko_ref_release(a);
    finish();
}

static ukko_ref *full_one;
static void *tell_the_full_one(void *arg) {
    (void)arg;
    ukko_tell_text(NULL, full_one, "late");
    return NULL;
}
/* Held by its only actor, and full: who tells waits until a message has been taken out. */
static void who_gives_waits_for_room(void **state) {
    (void)state;
    begin();
    sem_init(&gate, 0, 0);
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    full_one = on(&holder, "balancing-waits", NULL);
    ukko_tell_text(NULL, full_one, "x");
    probe_expect_text(p, "holds");
    ukko_tell_text(NULL, full_one, "y");
    pthread_t t;
    pthread_create(&t, NULL, tell_the_full_one, NULL);
    sem_post(&gate);
    pthread_join(t, NULL); /* it has got in, or is a dead letter */
    probe_expect_text(p, "holds");
    sem_post(&gate);
    probe_expect_text(p, "holds");
    sem_post(&gate);
    ukko_ref_release(full_one);
    finish();
}
/* But no longer than its setting says. */
static void who_gives_gives_up(void **state) {
    (void)state;
    begin();
    sem_init(&gate, 0, 0);
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    ukko_ref *a = on(&holder, "balancing-briefly", NULL);
    ukko_tell_text(NULL, a, "x");
    probe_expect_text(p, "holds");
    ukko_tell_text(NULL, a, "y");
    int64_t before = probe_now_ms();
    ukko_tell_text(NULL, a, "z");
    assert_true(probe_now_ms() - before >= 99);
    ukko_msg *m = probe_expect(p, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_get(m, &ukko_dead_letter_type) ?
                        ((const ukko_dead_letter *)ukko_msg_get(m, &ukko_dead_letter_type))->reason
                        : "", "the mailbox is full");
    ukko_msg_release(m);
    sem_post(&gate);
    probe_expect_text(p, "holds");
    sem_post(&gate);
    ukko_ref_release(a);
    finish();
}

/* ---- turns ---- */

static atomic_bool other_ran;
static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static int spin(ukko_ctx *ctx, void *state, const ukko_msg *m) { /* until the other has run, or not */
    (void)state, (void)m;
    int64_t until = now_us() + 3000; /* no less: two of them take more than the deadline */
    while (now_us() < until) {}
    ukko_tell_text(ctx, p->ref, atomic_load(&other_ran) ? "after" : "before");
    return UKKO_OK;
}
static int other(ukko_ctx *ctx, void *state, const ukko_msg *m) {
    (void)ctx, (void)state, (void)m;
    atomic_store(&other_ran, true);
    return UKKO_OK;
}
static const ukko_actor spinner = {
    .size = sizeof(ukko_actor), .name = "spinner", .receive = {NULL, spin}};
static const ukko_actor waiter = {
    .size = sizeof(ukko_actor), .name = "waiter", .receive = {NULL, other}};

static void until_at_rest(ukko_ref *ref) { /* it has started, and its thread goes on to something else */
    ukko_msg *id = ukko_msg_string("there?");
    ukko_identify question = {id};
    assert_int_equal(ukko_ask_wait(ref, &ukko_identify_type, &question, 60000, NULL), UKKO_OK);
    ukko_msg_release(id);
}
/* Of ten messages of 3 ms each: how many one handles before the other has its turn. */
static int handled_before(const char *dispatcher) {
    begin();
    sem_init(&gate, 0, 0);
    atomic_store(&other_ran, false);
    ukko_ref *hold_up = on(&holder, dispatcher, NULL);
    ukko_ref *a = on(&spinner, dispatcher, NULL), *b = on(&waiter, dispatcher, NULL);
    until_at_rest(a); /* else one could wait with the worker, and the other outside */
    until_at_rest(b);
    ukko_tell_text(NULL, hold_up, "x"); /* so that all wait when it begins */
    probe_expect_text(p, "holds");
    for (int i = 0; i < 10; i++) ukko_tell_text(NULL, a, "x");
    ukko_tell_text(NULL, b, "x");
    sem_post(&gate);
    int n = 0;
    for (int i = 0; i < 10; i++) {
        ukko_msg *m = probe_expect(p, &ukko_string_type);
        n += !strcmp(ukko_msg_text(m), "before");
        ukko_msg_release(m);
    }
    ukko_ref_release(hold_up);
    ukko_ref_release(a);
    ukko_ref_release(b);
    finish();
    return n;
}
static void a_turn_ends_in_time(void **state) {
    (void)state;
    assert_int_equal(handled_before("no-deadline"), 10); /* throughput is a million */
    int n = handled_before("deadline");
    if (n > 2) fail_msg("%d messages before the other's turn", n);
}

static void throughputs(void **state) {
    (void)state;
    begin_with("pekko.actor.internal-dispatcher.throughput = 9, " DEFAULT "throughput = 7");
    ukko_ref *a = on(&teller, "pekko.actor.default-blocking-io-dispatcher", NULL);
    ukko_ref *b = on(&teller, "fixed", NULL);
    assert_int_equal(uk_dispatcher_throughput(uk_cell_of(a)->disp), 1);
    assert_int_equal(uk_dispatcher_throughput(uk_cell_of(b)->disp), 7);
    assert_int_equal(uk_dispatcher_throughput(sys->internal), 9);
    ukko_ref_release(a);
    ukko_ref_release(b);
    finish();
}

/* ---- routers, and what is refused ---- */

static int spawn_router(ukko_router_kind kind, const char *head, const char *routees, const char *name,
                        ukko_ref **out) {
    ukko_router_opts o = UKKO_POOL(kind, 2);
    ukko_props *routee = ukko_props_new(&teller), *props;
    ukko_error err;
    if (routees) ukko_props_dispatcher(routee, routees);
    o.dispatcher = head;
    assert_int_equal(ukko_router_props(&props, &o, routee, &err), UKKO_OK);
    return ukko_system_spawn(sys, props, name, out);
}
static void wrong(int rc, const char *named) {
    ukko_error why;
    assert_int_equal(rc, UKKO_ECONFIG);
    ukko_spawn_error(&why);
    if (!strstr(why.message, named)) fail_msg("\"%s\" is not named in: %s", named, why.message);
}
/* use_pool_dispatcher in code names the section of the router's path, which has to be there. */
static void a_pool_from_code_on_its_own_dispatcher(void **state) {
    (void)state;
    begin();
    for (int i = 0; i < 2; i++) {
        ukko_router_opts o = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, 2);
        ukko_props *props;
        ukko_ref *pool = NULL;
        ukko_error err;
        o.use_pool_dispatcher = true;
        assert_int_equal(ukko_router_props(&props, &o, ukko_props_new(&teller), &err), UKKO_OK);
        int rc = ukko_system_spawn(sys, props, i ? "coded" : "bare", &pool);
        if (i) assert_true(begins(thread_of(pool), "uk-pool "));
        else wrong(rc, "Dispatcher [pekko.actor.deployment.\"/bare\".pool-dispatcher] not configured");
        ukko_ref_release(pool);
    }
    finish();
}
/* spec: ActorConfigurationVerificationSpec 2 x10 */
static void what_is_verified(void **state) {
    (void)state;
    begin();
    static const ukko_router_kind kinds[] = {UKKO_ROUTER_ROUND_ROBIN, UKKO_ROUTER_BROADCAST,
                                             UKKO_ROUTER_RANDOM, UKKO_ROUTER_SMALLEST_MAILBOX,
                                             UKKO_ROUTER_SCATTER_GATHER};
    for (int i = 0; i < 5; i++)
        wrong(spawn_router(kinds[i], "balancing", NULL, NULL, NULL), "BalancingDispatcher");
    ukko_ref_release(on(&teller, "balancing", NULL));
    assert_int_equal(spawn_router(UKKO_ROUTER_ROUND_ROBIN, NULL, "pinned", NULL, NULL), UKKO_OK);
    ukko_props *props = ukko_props_new(&teller);
    ukko_props_dispatcher(props, "\"does not exist\"");
    wrong(ukko_system_spawn(sys, props, NULL, NULL), "does not exist");
    wrong(spawn_router(UKKO_ROUTER_ROUND_ROBIN, "\"does not exist\"", NULL, NULL, NULL), "does not exist");
    wrong(spawn_router(UKKO_ROUTER_ROUND_ROBIN, NULL, "\"does not exist\"", NULL, NULL), "does not exist");
    finish();
}
static void routees_run_on_the_pools_dispatcher(void **state) {
    (void)state;
    begin();
    ukko_ref *r = NULL, *head = NULL;
    assert_int_equal(spawn_router(UKKO_ROUTER_ROUND_ROBIN, NULL, NULL, "pool", &r), UKKO_OK);
    assert_true(begins(thread_of(r), "uk-pool "));
    assert_int_equal(spawn_router(UKKO_ROUTER_ROUND_ROBIN, "fixed", NULL, NULL, &head), UKKO_OK);
    assert_string_equal(uk_dispatcher_id(uk_cell_of(head)->disp), "fixed");
    assert_true(begins(thread_of(head), "uk-default "));
    ukko_ref_release(head);
    ukko_ref_release(r);
    finish();
}
static void bad_system(const char *config, const char *named) {
    ukko_config *cfg = test_config(config);
    ukko_system *s = NULL;
    ukko_error err = {0};
    ukko_system_opts o = UKKO_SYSTEM_OPTS("bad", NULL);
    o.config = cfg;
    assert_int_equal(ukko_system_new(&s, &o, &err), UKKO_ECONFIG);
    assert_null(s);
    if (!strstr(err.message, named)) fail_msg("\"%s\" is not named in: %s", named, err.message);
    ukko_config_release(cfg);
}
static void settings_that_are_wrong(void **state) {
    (void)state;
    bad_system(DEFAULT "executor = no.Such", "executor = \"no.Such\"");
    bad_system(DEFAULT "type = no.Such", "type = \"no.Such\"");
    bad_system(DEFAULT "throughput = many", "throughput");
    bad_system(DEFAULT "throughput-deadline-time = soon", "throughput-deadline-time");
    bad_system(DEFAULT "fork-join-executor.parallelism-max = 0", "parallelism-max");
    bad_system("pekko.actor.internal-dispatcher.type = no.Such", "internal-dispatcher.type");
}
static void the_default_may_be_of_another_type(void **state) {
    (void)state;
    begin_with(DEFAULT "type = PinnedDispatcher");
    ukko_ref *a = on(&teller, NULL, NULL), *b = on(&teller, NULL, NULL);
    assert_ptr_not_equal(uk_cell_of(a)->disp, uk_cell_of(b)->disp);
    assert_true(begins(thread_of(a), "uk-default "));
    ukko_ref_release(a);
    ukko_ref_release(b);
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_many_threads),
        cmocka_unit_test(threads_of_the_systems_own),
        cmocka_unit_test(an_actor_runs_where_it_is_told_to),
        cmocka_unit_test(the_systems_own_actors_run_apart),
        cmocka_unit_test(a_thread_of_its_own),
        cmocka_unit_test(the_thread_that_sends),
        cmocka_unit_test(whoever_is_free),
        cmocka_unit_test(what_two_have_in_common_may_be_full),
        cmocka_unit_test(who_gives_waits_for_room),
        cmocka_unit_test(who_gives_gives_up),
        cmocka_unit_test(a_turn_ends_in_time),
        cmocka_unit_test(throughputs),
        cmocka_unit_test(a_pool_from_code_on_its_own_dispatcher),
        cmocka_unit_test(what_is_verified),
        cmocka_unit_test(routees_run_on_the_pools_dispatcher),
        cmocka_unit_test(settings_that_are_wrong),
        cmocka_unit_test(the_default_may_be_of_another_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
