/* SPDX-License-Identifier: Apache-2.0 */
/* The phases in which a system ends. Most of it on a stepped system with a virtual clock, on the test
   thread; what is about threads, and about the end of the process, on real ones. */
#include "support/stepped.h"
#include "actor/coordinate.h"
#include "support/logs.h"
#include <sys/wait.h>
#include <unistd.h>

#define SECTION "pekko.coordinated-shutdown"
/* Phases of a test, before the one that ends the system. */
#define PHASES(text)                                                                        \
    "pekko.loglevel = DEBUG\n" SECTION ".phases {" text                                     \
    "\n actor-system-terminate.depends-on = [before-actor-system-terminate, a, b, c] }"
/* The system lives on: its end would overtake what the tasks tell. */
#define STAYS                                                                               \
    SECTION " { terminate-actor-system = off, run-by-actor-system-terminate = off }\n"
#define ABC STAYS ABC_ENDS
#define ABC_ENDS PHASES("a {}, b { depends-on = [a] }, c { depends-on = [b, a] }")

static logs records;
static void open_system(const char *text) {
    logs_init(&records);
    sys = stepped_system("ends", text, logs_sink, &records);
    p = probe_new(sys, "probe");
}
static void close_system(void) {
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&records);
}
/* A task that tells the probe its name, which is data. */
static int tell(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)task;
    ukko_tell_text(ctx, p->ref, data);
    return UKKO_OK;
}
static int pending(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    tell(ctx, data, task);
    return UKKO_SHUTDOWN_PENDING;
}
static int fails(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    tell(ctx, data, task);
    return ukko_fail(ctx, UKKO_EUSER - 1, "boom");
}
static ukko_shutdown_task *add(const char *phase, const char *name, ukko_shutdown_fn fn) {
    ukko_shutdown_task *t = NULL;
    assert_int_equal(ukko_shutdown_task_add(sys, phase, name, fn, (void *)(uintptr_t)name, &t),
                     UKKO_OK);
    return t;
}
static void added(const char *phase, const char *name, ukko_shutdown_fn fn) {
    ukko_shutdown_task_release(add(phase, name, fn));
}
typedef struct result {
    int calls, code;
    char text[200];
} result;
static void note_result(void *data, int code, const char *text) {
    result *r = data;
    r->calls++;
    r->code = code;
    snprintf(r->text, sizeof r->text, "%s", text ? text : "");
}
static void end_with(const char *reason) {
    assert_int_equal(ukko_shutdown_run(sys, reason, NULL), UKKO_OK);
    run();
}

/* ---- the order of phases ---- */

static int read_phases(const char *text, uk_phases *out, ukko_error *err) {
    ukko_config *c = test_config(text);
    int rc = uk_phases_read(out, c, err);
    ukko_config_release(c);
    return rc;
}
/* Their names in order, with spaces between. */
static const char *sorted(const char *phases) {
    static char names[200];
    char text[500];
    uk_phases all;
    ukko_error err = {0, ""};
    snprintf(text, sizeof text, SECTION " { default-phase-timeout = 10s, phases { %s } }", phases);
    if (read_phases(text, &all, &err)) fail_msg("%s", err.message);
    names[0] = 0;
    for (size_t i = 0; i < all.n; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? " " : "",
                 all.items[i].name);
    for (size_t i = 0; i < all.n; i++)
        for (size_t k = 0; k < all.items[i].n_after; k++)
            assert_true((int)i > uk_phases_find(&all, all.items[i].after[k]));
    uk_phases_fini(&all);
    return names;
}
/* spec: CoordinatedShutdownSpec 1 */
static void phases_are_sorted(void **state) {
    (void)state;
    assert_string_equal(sorted(""), "");
    assert_string_equal(sorted("a {}"), "a");
    assert_string_equal(sorted("b.depends-on = [a]"), "a b");
    assert_int_equal(strncmp(sorted("c.depends-on = [a], b.depends-on = [a]"), "a ", 2), 0);
    assert_string_equal(sorted("c.depends-on = [b], b.depends-on = [a]"), "a b c");
    assert_string_equal(sorted("b.depends-on = [a], c.depends-on = [a, b]"), "a b c");
    assert_string_equal(sorted("c.depends-on = [a, b]") + 4, "c");
    assert_string_equal(sorted("e.depends-on = [d], d.depends-on = [b, c], c.depends-on = [b],"
                               "b.depends-on = [a]"),
                        "a b c d e");
    assert_int_equal(strlen(sorted("a2.depends-on = [a1], a3.depends-on = [a2],"
                                   "b2.depends-on = [b1], b3.depends-on = [b2]")), 17);
}
static void refused(const char *phases, const char *why) {
    char text[500];
    uk_phases all;
    ukko_error err = {0, ""};
    snprintf(text, sizeof text, SECTION " { default-phase-timeout = 10s, phases { %s } }", phases);
    assert_true(read_phases(text, &all, &err) < 0);
    assert_int_equal(all.n, 0);
    if (!strstr(err.message, why)) fail_msg("\"%s\" does not say \"%s\"", err.message, why);
}
/* spec: CoordinatedShutdownSpec 1 */
static void cycles_are_refused(void **state) {
    (void)state;
    refused("a.depends-on = [a]", "[a] depends on itself");
    refused("b.depends-on = [a], a.depends-on = [b]", "depends on itself");
    refused("c.depends-on = [a, b], b.depends-on = [c]", "depends on itself");
    refused("d.depends-on = [a, c], c.depends-on = [b], b.depends-on = [d]", "depends on itself");
}
/* spec: CoordinatedShutdownSpec 1 */
static void phases_are_read(void **state) {
    (void)state;
    uk_phases all;
    ukko_error err = {0, ""};
    assert_int_equal(read_phases(SECTION " { default-phase-timeout = 10s, phases { a = {}\n"
                                 "b { depends-on = [a], timeout = 15s }\n"
                                 "c { depends-on = [a, b], recover = off }\n"
                                 "d { depends-on = [c], enabled = off } } }", &all, &err), UKKO_OK);
    assert_int_equal(all.n, 4);
    const uk_end_phase *i = all.items;
    assert_int_equal(i[0].timeout_ms, 10000);
    assert_true(i[0].recover && i[0].enabled && !i[0].n_after);
    assert_int_equal(i[1].timeout_ms, 15000);
    assert_string_equal(i[1].after[0], "a");
    assert_int_equal(i[2].n_after, 2);
    assert_false(i[2].recover);
    assert_true(i[2].enabled);
    assert_false(i[3].enabled);
    uk_phases_fini(&all);
    refused("a = 5", SECTION ".phases.a");
    refused("a.timeout = often", SECTION ".phases.a.timeout");
    refused("a.timeout = -1s", SECTION ".phases.a.timeout must not be negative");
    refused("a.depends-on = [{}]", SECTION ".phases.a.depends-on");
    refused("a.recover = perhaps", SECTION ".phases.a.recover");
}
/* spec: CoordinatedShutdownSpec 1 */
static void phases_that_are_there(void **state) {
    static const char *const want[] = {
        UKKO_PHASE_BEFORE_SERVICE_UNBIND, UKKO_PHASE_SERVICE_UNBIND,
        UKKO_PHASE_SERVICE_REQUESTS_DONE, UKKO_PHASE_SERVICE_STOP,
        UKKO_PHASE_BEFORE_CLUSTER_SHUTDOWN, UKKO_PHASE_CLUSTER_SHARDING_SHUTDOWN_REGION,
        UKKO_PHASE_CLUSTER_LEAVE, UKKO_PHASE_CLUSTER_EXITING, UKKO_PHASE_CLUSTER_EXITING_DONE,
        UKKO_PHASE_CLUSTER_SHUTDOWN, UKKO_PHASE_BEFORE_ACTOR_SYSTEM_TERMINATE,
        UKKO_PHASE_ACTOR_SYSTEM_TERMINATE};
    (void)state;
    open_system("");
    for (size_t i = 0; i < 12; i++) assert_string_equal(ukko_shutdown_phase_at(sys, i), want[i]);
    assert_null(ukko_shutdown_phase_at(sys, 12));
    assert_int_equal(ukko_shutdown_timeout(sys, UKKO_PHASE_SERVICE_STOP), 5000);
    assert_int_equal(ukko_shutdown_timeout(sys, UKKO_PHASE_CLUSTER_EXITING), 10000);
    assert_int_equal(ukko_shutdown_timeout(sys, UKKO_PHASE_ACTOR_SYSTEM_TERMINATE), 10000);
    assert_int_equal(ukko_shutdown_timeout(sys, "lunch"), UKKO_ENOTFOUND);
    close_system();
    open_system(SECTION ".default-phase-timeout = 2 s");
    assert_int_equal(ukko_shutdown_timeout(sys, UKKO_PHASE_SERVICE_STOP), 2000);
    close_system();
}

/* ---- running them ---- */

/* spec: CoordinatedShutdownSpec 1 */
static void phases_run_in_order(void **state) {
    (void)state;
    open_system(ABC);
    added("c", "C", tell);
    ukko_shutdown_task *slow = add("b", "B slow", pending);
    added("b", "B", tell);
    added("a", "A", tell);
    end_with("test");
    now_text(p, "A");
    ukko_msg *one = now_msg(p, &ukko_string_type), *two = now_msg(p, &ukko_string_type);
    assert_int_equal(ukko_msg_text(one)[0], 'B');
    assert_int_equal(ukko_msg_text(two)[0], 'B');
    ukko_msg_release(one);
    ukko_msg_release(two);
    now_nothing(p); /* c waits for the slow one */
    pass(50);
    now_nothing(p);
    ukko_shutdown_task_done(slow, UKKO_OK, NULL);
    now_text(p, "C");
    assert_int_equal(logs_count(&records, "Running CoordinatedShutdown with reason [test]"), 1);
    assert_int_equal(logs_count(&records, "Performing phase [b] with [2] tasks."), 1);
    assert_int_equal(logs_count(&records, "timed out"), 0);
    ukko_shutdown_task_release(slow);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void cancelled_tasks_are_not_done(void **state) {
    (void)state;
    open_system(ABC);
    ukko_shutdown_task *t[3] = {add("a", "copy1", tell), add("a", "copy2", tell),
                                add("a", "copy3", tell)};
    for (int i = 0; i < 3; i++) assert_false(ukko_shutdown_task_cancelled(t[i]));
    assert_true(ukko_shutdown_task_cancel(t[1]));
    assert_true(ukko_shutdown_task_cancelled(t[1]));
    assert_true(ukko_shutdown_task_cancel(t[1])); /* still */
    end_with("test");
    ukko_msg *one = now_msg(p, &ukko_string_type), *two = now_msg(p, &ukko_string_type);
    assert_string_not_equal(ukko_msg_text(one), ukko_msg_text(two));
    assert_string_not_equal(ukko_msg_text(one), "copy2");
    assert_string_not_equal(ukko_msg_text(two), "copy2");
    now_nothing(p);
    assert_false(ukko_shutdown_task_cancel(t[0])); /* it is done */
    assert_false(ukko_shutdown_task_cancelled(t[0]));
    ukko_msg_release(one);
    ukko_msg_release(two);
    for (int i = 0; i < 3; i++) ukko_shutdown_task_release(t[i]);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_same_task_again(void **state) {
    (void)state;
    open_system(ABC);
    ukko_shutdown_task *first = add("a", "labor", tell);
    added("a", "labor", tell);
    added("a", "labor", tell);
    assert_true(ukko_shutdown_task_cancel(first));
    end_with("test");
    now_text(p, "labor");
    now_text(p, "labor");
    now_nothing(p);
    ukko_shutdown_task_release(first);
    close_system();
}
static ukko_shutdown_task *task_a, *task_b;
static int cancels_b(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    assert_true(ukko_shutdown_task_cancel(task_b));
    return tell(ctx, data, task);
}
static int cancels_a(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    ukko_shutdown_task_cancel(task_a);
    return tell(ctx, data, task);
}
static int adds_b(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)ctx, (void)task;
    added("b", data, tell);
    return UKKO_OK;
}
static int adds_a(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)ctx, (void)task;
    added("a", data, tell);
    return UKKO_OK;
}
/* spec: CoordinatedShutdownSpec 1 */
static void tasks_of_later_phases(void **state) {
    (void)state;
    open_system(ABC);
    task_a = add("a", "A cancels B", cancels_b);
    task_b = add("b", "B cancels A", cancels_a);
    added("a", "A adds B", adds_b);
    added("a", "A adds A", adds_a); /* too late for that */
    added("b", "B adds A", adds_a);
    end_with("test");
    now_text(p, "A cancels B");
    now_text(p, "A adds B");
    now_nothing(p);
    ukko_shutdown_task_release(task_a);
    ukko_shutdown_task_release(task_b);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void a_task_adds_one_to_a_later_phase(void **state) {
    (void)state;
    open_system(ABC);
    added("a", "B", adds_b);
    end_with("test");
    now_text(p, "B");
    close_system();
}
static void *cancel_all(void *arg) {
    ukko_shutdown_task **t = arg;
    for (int i = 0; i < 20; i += 2) assert_true(ukko_shutdown_task_cancel(t[i]));
    return NULL;
}
static _Atomic int n_a, n_b; /* relaxed: looked at when all is over */
static int counts(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)ctx, (void)data, (void)task;
    atomic_fetch_add_explicit(&n_b, 1, memory_order_relaxed);
    return UKKO_OK;
}
static int counts_and_adds(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)ctx, (void)data, (void)task;
    atomic_fetch_add_explicit(&n_a, 1, memory_order_relaxed);
    added("b", "concurrentB", counts);
    return UKKO_OK;
}
/* spec: CoordinatedShutdownSpec 1 */
static void cancelling_on_many_threads(void **state) {
    pthread_t threads[8];
    ukko_shutdown_task *t[20];
    (void)state;
    sys = test_system("ends", "pekko.coordinated-shutdown.phases { a {}, b { depends-on = [a] },"
                      "actor-system-terminate.depends-on = [b] }", NULL, NULL);
    for (int i = 0; i < 20; i++) t[i] = add("a", "concurrentA", counts_and_adds);
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, cancel_all, t);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    assert_int_equal(ukko_shutdown_run(sys, "test", NULL), UKKO_OK);
    assert_int_equal(ukko_shutdown_wait(sys, 20000, NULL), UKKO_OK);
    assert_int_equal(atomic_load_explicit(&n_a, memory_order_relaxed), 10);
    assert_int_equal(atomic_load_explicit(&n_b, memory_order_relaxed), 10);
    for (int i = 0; i < 20; i++) ukko_shutdown_task_release(t[i]);
    ukko_system_free(sys);
}
/* spec: CoordinatedShutdownSpec 1 */
static void from_a_given_phase(void **state) {
    (void)state;
    open_system(ABC);
    added("a", "A", tell);
    added("b", "B", tell);
    added("c", "C", tell);
    assert_int_equal(ukko_shutdown_run(sys, "custom", "lunch"), UKKO_ENOTFOUND);
    assert_null(ukko_shutdown_reason(sys));
    assert_int_equal(ukko_shutdown_run(sys, "custom", "b"), UKKO_OK);
    now_text(p, "B");
    now_text(p, "C");
    now_nothing(p);
    assert_string_equal(ukko_shutdown_reason(sys), "custom");
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void only_once(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system(ABC);
    added("a", "A", tell);
    ukko_shutdown_on_done(sys, note_result, &r);
    assert_null(ukko_shutdown_reason(sys));
    end_with("custom");
    assert_string_equal(ukko_shutdown_reason(sys), "custom");
    now_text(p, "A");
    end_with("another");
    now_nothing(p);
    assert_string_equal(ukko_shutdown_reason(sys), "custom");
    assert_int_equal(r.calls, 1);
    assert_int_equal(r.code, UKKO_OK);
    ukko_shutdown_on_done(sys, note_result, &r); /* at once */
    assert_int_equal(r.calls, 2);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void goes_on_after_failures_and_timeouts(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system(STAYS PHASES("a {}, b { depends-on = [a], timeout = 100ms }, c { depends-on = [b, a] }"));
    ukko_shutdown_on_done(sys, note_result, &r);
    added("a", "a1", fails);
    ukko_shutdown_task *slow = add("a", "a2", pending);
    added("b", "B", pending);
    added("c", "C", tell);
    end_with("test");
    ukko_msg_release(now_msg(p, &ukko_string_type));
    ukko_msg_release(now_msg(p, &ukko_string_type)); /* a1, a2 */
    now_nothing(p); /* b waits also after a failure */
    assert_int_equal(logs_count(&records, "WARN CoordinatedShutdown | Task [a1] failed in phase [a]: boom"), 1);
    ukko_shutdown_task_done(slow, UKKO_OK, NULL);
    now_text(p, "B");
    pass(99);
    now_nothing(p);
    pass(1);
    now_text(p, "C");
    assert_int_equal(logs_count(&records, "WARN CoordinatedShutdown | Coordinated shutdown phase "
                                          "[b] timed out after 100 milliseconds"), 1);
    run();
    assert_int_equal(r.calls, 1);
    assert_int_equal(r.code, UKKO_OK);
    ukko_shutdown_task_release(slow);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void ends_early_without_recovery(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system(PHASES("a {}, b { depends-on = [a], timeout = 100ms, recover = off },"
                       "c { depends-on = [b, a] }"));
    ukko_shutdown_on_done(sys, note_result, &r);
    added("b", "B", pending);
    added("c", "C", tell);
    end_with("test");
    now_text(p, "B");
    pass(100);
    assert_int_equal(r.code, UKKO_ETIMEOUT);
    assert_string_equal(r.text, "Coordinated shutdown phase [b] timed out after 100 milliseconds");
    pass(60000);
    now_nothing(p);
    ukko_error err;
    assert_int_equal(ukko_shutdown_wait(sys, 0, &err), UKKO_ETIMEOUT);
    assert_string_equal(err.message, r.text);
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_ETIMEOUT); /* the system lives */
    ukko_system_terminate(sys);                                /* that ends it all the same */
    run();
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    close_system();
}
static void a_failure_ends_it_without_recovery(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system(PHASES("a.recover = off"));
    ukko_shutdown_on_done(sys, note_result, &r);
    added("a", "a1", fails);
    added("before-actor-system-terminate", "later", tell);
    ukko_system_terminate(sys);
    run();
    now_text(p, "a1");
    assert_int_equal(r.code, UKKO_EUSER - 1);
    assert_string_equal(r.text, "Task [a1] failed in phase [a]: boom");
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK); /* it was to terminate */
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void phases_that_are_off(void **state) {
    (void)state;
    open_system(PHASES("a {}, b { depends-on = [a], timeout = 100ms, recover = off, enabled = off },"
                       "c { depends-on = [b, a] }"));
    added("b", "B", fails);
    added("c", "C", tell);
    end_with("test");
    now_text(p, "C");
    now_nothing(p);
    assert_int_equal(logs_count(&records, "INFO CoordinatedShutdown | Phase [b] disabled through "
                                          "configuration, skipping [1] tasks."), 1);
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    close_system();
}
static void tasks_that_cannot_be(void **state) {
    ukko_shutdown_task *t = (ukko_shutdown_task *)(void *)sys;
    (void)state;
    open_system(ABC);
    assert_int_equal(ukko_shutdown_task_add(sys, "lunch", "x", tell, NULL, &t), UKKO_ENOTFOUND);
    assert_null(t);
    assert_int_equal(ukko_shutdown_task_add(sys, "a", "", tell, NULL, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_shutdown_task_add(sys, "a", "x", NULL, NULL, NULL), UKKO_EINVAL);
    assert_int_equal(ukko_shutdown_task_add_actor(sys, "a", "x", NULL, ukko_msg_string("s")), UKKO_EINVAL);
    assert_int_equal(ukko_shutdown_task_add_actor(sys, "lunch", "x", p->ref, ukko_msg_string("s")), UKKO_ENOTFOUND);
    close_system();
}

/* ---- tasks are actors ---- */

static int answered(ukko_ctx *ctx, void *state, int status, const ukko_msg *answer, void *data) {
    (void)state, (void)answer;
    if (status) return ukko_fail(ctx, UKKO_EUSER - 2, "nobody answered");
    ukko_tell_text(ctx, p->ref, "answered");
    ukko_shutdown_task_done(data, UKKO_OK, NULL);
    return UKKO_OK;
}
static const ukko_type question_type = {.size = sizeof(ukko_type), .body_size = 8, .name = "Question", .serializer = UKKO_SER_LOCAL};
static int asks(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    ukko_ask(ctx, data, &question_type, &(int64_t){1}, 50, answered, task);
    return UKKO_SHUTDOWN_PENDING;
}
static int stops_itself(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    ukko_stop(ctx, ukko_self(ctx));
    pending(ctx, data, task);
    return UKKO_SHUTDOWN_PENDING;
}
static int echo(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_actor = {.size = sizeof(ukko_actor), .name = "echo", .receive = {NULL, echo}};
static const ukko_actor mute_actor = {.size = sizeof(ukko_actor), .name = "mute"};
static void tasks_may_ask_and_end_as_actors_do(void **state) {
    (void)state;
    open_system(ABC_ENDS);
    ukko_ref *echoes = born(&echo_actor, "echo"), *mute = born(&mute_actor, "mute");
    ukko_shutdown_task_add(sys, "a", "asks", asks, echoes, NULL);
    ukko_shutdown_task_add(sys, "b", "asks in vain", asks, mute, NULL);
    added("c", "stops itself", stops_itself);
    end_with("test");
    now_text(p, "answered");
    now_nothing(p);
    pass(50);
    assert_int_equal(logs_count(&records, "Task [asks in vain] failed in phase [b]: nobody answered"), 1);
    now_text(p, "stops itself");
    run();
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    ukko_ref_release(echoes);
    ukko_ref_release(mute);
    close_system();
}

/* ---- the end of the system ---- */

/* spec: CoordinatedShutdownSpec 1 */
static void the_run_ends_the_system(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system("");
    ukko_shutdown_on_done(sys, note_result, &r);
    end_with("custom");
    assert_int_equal(r.code, UKKO_OK);
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    assert_string_equal(ukko_shutdown_reason(sys), "custom");
    assert_int_equal(ukko_shutdown_run(sys, "late", NULL), UKKO_OK);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void termination_runs_the_phases(void **state) {
    (void)state;
    open_system(ABC_ENDS);
    added("a", "A", tell);
    ukko_system_terminate(sys);
    now_text(p, "A");
    run();
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    assert_string_equal(ukko_shutdown_reason(sys), UKKO_SHUTDOWN_TERMINATE);
    assert_int_equal(logs_count(&records, "with reason [ActorSystemTerminateReason]"), 1);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void termination_without_phases(void **state) {
    result r = {0, 1, ""};
    (void)state;
    open_system(SECTION ".run-by-actor-system-terminate = off\n" ABC_ENDS);
    added("a", "A", tell);
    ukko_shutdown_on_done(sys, note_result, &r);
    ukko_system_terminate(sys);
    run();
    assert_int_equal(ukko_system_wait(sys, 0), UKKO_OK);
    assert_null(ukko_shutdown_reason(sys));
    assert_int_equal(r.code, UKKO_ESTOPPED);
    assert_null(probe_take(p, 0));
    assert_int_equal(ukko_shutdown_run(sys, "late", NULL), UKKO_ESTOPPED);
    close_system();
}
static void not_made(const char *text, const char *why) {
    ukko_error err = {0, ""};
    ukko_system *none = NULL;
    ukko_config *c = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("none", NULL);
    o.config = c;
    assert_true(ukko_system_new(&none, &o, &err) < 0);
    assert_null(none);
    if (!strstr(err.message, why)) fail_msg("\"%s\" does not say \"%s\"", err.message, why);
    ukko_config_release(c);
}
/* spec: CoordinatedShutdownSpec 1 */
static void settings_that_contradict_each_other(void **state) {
    (void)state;
    not_made(SECTION ".terminate-actor-system = off", "terminate-actor-system = off does not go with");
    not_made(SECTION ".exit-code = none", SECTION ".exit-code");
    not_made(SECTION ".reason-overrides.mine.exit-jvm = 7s", SECTION ".reason-overrides.mine.exit-jvm");
    not_made(SECTION ".phases.service-unbind.depends-on = [service-unbind]", "depends on itself");
}
static void callbacks_wait_for_tasks(void **state) { /* free runs them, too */
    (void)state;
    open_system(ABC_ENDS);
    added("a", "A", pending); /* never over: its phase has a timeout, which passes */
    ukko_system_free(sys);
    ukko_msg *m = probe_take(p, 0);
    assert_string_equal(ukko_msg_text(m), "A");
    ukko_msg_release(m);
    assert_int_equal(logs_count(&records, "phase [a] timed out after 5000 milliseconds"), 1);
    probe_free(p);
    logs_fini(&records);
}

/* ---- the end of actors ---- */

#define LAST UKKO_PHASE_BEFORE_ACTOR_SYSTEM_TERMINATE
static void end_of(const char *stop, const char *phase) {
    assert_int_equal(ukko_shutdown_task_add_actor(sys, phase, "a1", p->ref, stop ? ukko_msg_string(stop) : NULL), UKKO_OK);
}
static void not_over_before_it_ends(void) {
    assert_int_equal(ukko_shutdown_wait(sys, 0, NULL), UKKO_ETIMEOUT);
    ukko_tell_msg(NULL, p->ref, ukko_msg_new(&ukko_poison_pill_type));
    run();
    assert_int_equal(ukko_shutdown_wait(sys, 0, NULL), UKKO_OK);
    assert_int_equal(logs_count(&records, "timed out"), 0);
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_end_of_an_actor(void **state) {
    (void)state;
    open_system("");
    end_of("stop", LAST);
    end_with(NULL);
    assert_string_equal(ukko_shutdown_reason(sys), UKKO_SHUTDOWN_UNKNOWN);
    now_text(p, "stop");
    not_over_before_it_ends();
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_end_of_an_actor_that_is_not_told(void **state) {
    (void)state;
    open_system("");
    end_of(NULL, LAST);
    end_with("test");
    now_nothing(p);
    not_over_before_it_ends();
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_end_of_an_actor_that_has_ended(void **state) {
    (void)state;
    open_system("");
    ukko_tell_msg(NULL, p->ref, ukko_msg_new(&ukko_poison_pill_type));
    run();
    end_of(NULL, LAST);
    end_with("test");
    assert_int_equal(ukko_shutdown_wait(sys, 0, NULL), UKKO_OK);
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_end_of_one_actor_twice(void **state) {
    (void)state;
    open_system("");
    end_of("stop1", LAST);
    end_of("stop2", LAST);
    end_with("test");
    now_text(p, "stop1");
    now_text(p, "stop2");
    not_over_before_it_ends();
    close_system();
}
/* spec: CoordinatedShutdownSpec 1 */
static void the_end_of_one_actor_in_two_phases(void **state) {
    (void)state;
    open_system("");
    end_of("stopa", UKKO_PHASE_SERVICE_STOP);
    end_of(NULL, LAST);
    end_with("test");
    now_text(p, "stopa");
    now_nothing(p);
    not_over_before_it_ends();
    close_system();
}

/* ---- the end of the process ---- */

/* How a process ends that runs the phases of a system with these settings. */
static int exit_status(const char *text, const char *reason) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        ukko_system *child = test_system("exits", text, NULL, NULL);
        ukko_shutdown_run(child, reason, NULL);
        ukko_shutdown_wait(child, 20000, NULL);
        ukko_system_free(child);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}
static void exit_codes(void **state) {
    (void)state;
    open_system(SECTION ".reason-overrides.mine.exit-code = 5");
    assert_int_equal(ukko_shutdown_exit_code(sys, NULL), 0);
    assert_int_equal(ukko_shutdown_exit_code(sys, "another"), 0);
    assert_int_equal(ukko_shutdown_exit_code(sys, "mine"), 5);
    assert_int_equal(ukko_shutdown_exit_code(sys, UKKO_SHUTDOWN_CLUSTER_DOWNING), -1);
    assert_int_equal(ukko_shutdown_exit_code(sys, "org.apache.pekko.actor.CoordinatedShutdown$ClusterJoinUnsuccessfulReason$"), -1);
    close_system();
}
static void the_process_ends_when_told(void **state) {
    (void)state;
    assert_int_equal(exit_status("", "x"), 99);
    assert_int_equal(exit_status(SECTION " { exit-jvm = on, exit-code = 7 }", "x"), 7);
    assert_int_equal(exit_status(SECTION " { exit-jvm = on, exit-code = 7, terminate-actor-system = off,"
                                 "run-by-actor-system-terminate = off }", "x"), 7);
    assert_int_equal(exit_status(SECTION ".reason-overrides.mine { exit-jvm = on, exit-code = 8 }", "mine"), 8);
    assert_int_equal(exit_status(SECTION ".reason-overrides.mine { exit-jvm = on, exit-code = 8 }", "x"), 99);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_ends_when_told), /* first: it forks */
        cmocka_unit_test(phases_are_sorted),
        cmocka_unit_test(cycles_are_refused),
        cmocka_unit_test(phases_are_read),
        cmocka_unit_test(phases_that_are_there),
        cmocka_unit_test(phases_run_in_order),
        cmocka_unit_test(cancelled_tasks_are_not_done),
        cmocka_unit_test(the_same_task_again),
        cmocka_unit_test(tasks_of_later_phases),
        cmocka_unit_test(a_task_adds_one_to_a_later_phase),
        cmocka_unit_test(cancelling_on_many_threads),
        cmocka_unit_test(from_a_given_phase),
        cmocka_unit_test(only_once),
        cmocka_unit_test(goes_on_after_failures_and_timeouts),
        cmocka_unit_test(ends_early_without_recovery),
        cmocka_unit_test(a_failure_ends_it_without_recovery),
        cmocka_unit_test(phases_that_are_off),
        cmocka_unit_test(tasks_that_cannot_be),
        cmocka_unit_test(tasks_may_ask_and_end_as_actors_do),
        cmocka_unit_test(the_run_ends_the_system),
        cmocka_unit_test(termination_runs_the_phases),
        cmocka_unit_test(termination_without_phases),
        cmocka_unit_test(settings_that_contradict_each_other),
        cmocka_unit_test(callbacks_wait_for_tasks),
        cmocka_unit_test(the_end_of_an_actor),
        cmocka_unit_test(the_end_of_an_actor_that_is_not_told),
        cmocka_unit_test(the_end_of_an_actor_that_has_ended),
        cmocka_unit_test(the_end_of_one_actor_twice),
        cmocka_unit_test(the_end_of_one_actor_in_two_phases),
        cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
