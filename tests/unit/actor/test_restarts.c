/* SPDX-License-Identifier: Apache-2.0 */
/* Restart limits over time, receive timeouts and timers, on a virtual clock. Test thread only. */
#include "support/stepped.h"

static int setup(void **state) {
    (void)state;
    sys = stepped_system("restarts", "pekko.loglevel = OFF", NULL, NULL);
    p = probe_new(sys, "probe");
    return 0;
}
static int teardown(void **state) {
    (void)state;
    ukko_system_free(sys);
    probe_free(p);
    return 0;
}

/* ---- an employee and its boss ---- */

static int employee_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (!strcmp(ukko_msg_text(msg), "crash")) return ukko_fail(ctx, UKKO_EUSER, "Crashing...");
    ukko_tell_msg(ctx, p->ref, ukko_msg_retain(msg));
    return UKKO_OK;
}
static int employee_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                          const ukko_failure *why) {
    (void)state, (void)args, (void)n, (void)why;
    ukko_tell_text(ctx, p->ref, "restarted");
    return UKKO_OK;
}
static void employee_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_tell_text(ctx, p->ref, "stopped");
}
static void employee_before(ukko_ctx *ctx, void *state, const ukko_failure *why,
                            const ukko_msg *msg) {
    (void)ctx, (void)state, (void)why, (void)msg;
}
static const ukko_actor employee = {.size = sizeof(ukko_actor),
                                    .name = "employee",
                                    .receive = {NULL, employee_receive},
                                    .stop = employee_stop,
                                    .before_restart = employee_before,
                                    .after_restart = employee_again};

static ukko_ref *worker;
static int boss_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    return ukko_spawn(ctx, ukko_props_new(&employee), "employee", &worker);
}
static const ukko_rule restart_all[] = {{0, "java.lang.Throwable", UKKO_RESTART},
                                        {0, NULL, (ukko_directive)0}};
#define BOSS_OF(max, within)                                                                       \
    static const ukko_supervision s = {.size = sizeof(ukko_supervision),                           \
                                       .max_restarts = max,                                        \
                                       .within_ms = within,                                        \
                                       .rules = restart_all};                                      \
    static const ukko_actor boss = {.size = sizeof(ukko_actor),                                    \
                                    .name = "boss",                                                \
                                    .start = boss_start,                                           \
                                    .supervision = &s};                                            \
    ukko_ref *boss_ref = born(&boss, NULL);                                                        \
    run()
static void done(ukko_ref *boss) {
    ukko_ref_signal(boss, UKKO_SIGNAL_TERMINATE, NULL);
    run();
    for (ukko_msg *m; (m = now_any(p));) ukko_msg_release(m);
    ukko_ref_release(worker);
    ukko_ref_release(boss);
}
static void tell(const char *text) { ukko_tell_text(NULL, worker, text); }

/* spec: RestartStrategySpec 1 */
static void dead_after_the_limit_within_the_window(void **state) {
    (void)state;
    BOSS_OF(2, 1000);
    for (int i = 0; i < 2; i++) {
        tell("ping");
        tell("crash");
        now_text(p, "ping");
        now_text(p, "restarted");
        pass(400);
    }
    tell("ping");
    now_text(p, "ping");
    tell("crash");
    tell("ping");
    now_text(p, "stopped");
    now_nothing(p);
    done(boss_ref);
}
/* spec: RestartStrategySpec 2 */
static void immortal_without_limits(void **state) {
    (void)state;
    BOSS_OF(-1, 0);
    for (int i = 0; i < 100; i++) tell("crash");
    for (int i = 0; i < 100; i++) now_text(p, "restarted");
    tell("ping");
    now_text(p, "ping");
    done(boss_ref);
}
/* spec: RestartStrategySpec 3 */
static void crashes_wider_apart_than_the_window(void **state) {
    (void)state;
    BOSS_OF(2, 500);
    for (int i = 0; i < 2; i++) {
        tell("crash");
        now_text(p, "restarted");
    }
    pass(501);
    for (int i = 0; i < 2; i++) { /* a new window */
        tell("crash");
        now_text(p, "restarted");
    }
    pass(500);
    tell("crash"); /* at its very end it still counts */
    now_text(p, "stopped");
    done(boss_ref);
}
/* spec: RestartStrategySpec 4 */
static void a_limit_without_a_window(void **state) {
    (void)state;
    BOSS_OF(2, 0);
    for (int i = 0; i < 2; i++) {
        tell("crash");
        tell("ping");
        now_text(p, "restarted");
        now_text(p, "ping");
        pass(INT64_C(86400000) * 300);
    }
    tell("crash");
    tell("ping");
    now_text(p, "stopped");
    now_nothing(p);
    done(boss_ref);
}
/* spec: RestartStrategySpec 5 */
static void a_window_without_a_limit(void **state) {
    (void)state;
    BOSS_OF(-1, 1000);
    now_watch(p, worker);
    tell("ping");
    tell("crash");
    tell("ping");
    now_text(p, "ping");
    now_text(p, "restarted");
    now_text(p, "ping");
    pass(999);
    tell("crash");
    now_text(p, "stopped");
    now_end_of(p, worker);
    done(boss_ref);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_after_the_limit_within_the_window),
        cmocka_unit_test(immortal_without_limits),
        cmocka_unit_test(crashes_wider_apart_than_the_window),
        cmocka_unit_test(a_limit_without_a_window),
        cmocka_unit_test(a_window_without_a_limit),
    };
    return cmocka_run_group_tests_name("restarts", tests, setup, teardown);
}
