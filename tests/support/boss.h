/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a supervisor that makes children on demand and keeps them in a restart, and a child
   that answers, fails as told, and tells the probe why it was restarted. Includer: p is the probe. */
#ifndef TESTS_SUPPORT_BOSS_H
#define TESTS_SUPPORT_BOSS_H
#include "support/probe.h"

static ukko_system *sys;
static probe *p;

/* ---- the boss: "make" a child of a kind, answered with its reference ---- */

typedef struct make {
    const ukko_actor *kind;
    const char *name;       /* NULL: any */
    const char *dispatcher; /* NULL: default */
} make;
static const ukko_type make_type = {
    .size = sizeof(ukko_type), .body_size = sizeof(make), .name = "make", .serializer = UKKO_SER_LOCAL};

static inline int boss_make(ukko_ctx *ctx, void *state, const void *body) {
    const make *m = body;
    ukko_ref_body made = {NULL};
    (void)state;
    ukko_props *props = ukko_props_new(m->kind);
    if (m->dispatcher) ukko_props_dispatcher(props, m->dispatcher);
    int rc = ukko_spawn(ctx, props, m->name, &made.ref);
    if (!rc) ukko_reply(ctx, &ukko_ref_type, &made);
    ukko_ref_release(made.ref);
    return rc;
}
static inline void boss_keeps(ukko_ctx *ctx, void *state, const ukko_failure *why,
                              const ukko_msg *msg) {
    (void)ctx, (void)state, (void)why, (void)msg;
}
static const ukko_case boss_cases[] = {{&make_type, boss_make}, {NULL, NULL}};
#define BOSS(var, strategy)                                                                        \
    static const ukko_actor var = {.size = sizeof(ukko_actor),                                     \
                                   .name = "boss",                                                 \
                                   .receive = {boss_cases, NULL},                                  \
                                   .before_restart = boss_keeps,                                   \
                                   .supervision = &strategy}
/* Exceptions restart, the rest goes up. */
static const ukko_rule restart_exceptions[] = {{0, "java.lang.Exception", UKKO_RESTART},
                                               {0, NULL, UKKO_ESCALATE},
                                               {0, NULL, (ukko_directive)0}};
static const ukko_rule escalate_all[] = {{0, NULL, UKKO_ESCALATE}, {0, NULL, (ukko_directive)0}};
#define STRATEGY_OF(var, all, max, within, table)                                                  \
    static const ukko_supervision var = {.size = sizeof(ukko_supervision),                         \
                                         .all_for_one = all,                                       \
                                         .max_restarts = max,                                      \
                                         .within_ms = within,                                      \
                                         .rules = table}

static inline ukko_ref *spawn(const ukko_actor *kind, const char *name) {
    ukko_ref *r;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &r), UKKO_OK);
    return r;
}
static inline ukko_ref *child_on(ukko_ref *boss, const ukko_actor *kind, const char *name,
                                 const char *dispatcher) {
    make m = {kind, name, dispatcher};
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait(boss, &make_type, &m, 60000, &answer), UKKO_OK);
    const ukko_ref_body *body = ukko_msg_get(answer, &ukko_ref_type);
    assert_non_null(body);
    ukko_ref *r = ukko_ref_retain(body->ref);
    ukko_msg_release(answer);
    return r;
}
static inline ukko_ref *child_of(ukko_ref *boss, const ukko_actor *kind) {
    return child_on(boss, kind, NULL, NULL);
}

/* ---- the child ---- */

static const char expected[] = "Expected exception; to test fault-tolerance";

static inline int pingpong(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (text && !strcmp(text, "ping")) {
        ukko_tell_text(ctx, p->ref, "ping");
        ukko_reply_text(ctx, "pong");
        return UKKO_OK;
    }
    if (text && !strcmp(text, "die-reply")) {
        ukko_boxed why = {ukko_msg_throwable("java.lang.RuntimeException", expected)};
        ukko_reply(ctx, &ukko_status_failure_type, &why);
        ukko_msg_release(why.value);
    } else if (!text || strcmp(text, "die")) {
        return UKKO_UNHANDLED;
    }
    return ukko_fail(ctx, UKKO_EUSER - 1, "%s", expected);
}
static inline int pingpong_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                                 const ukko_failure *why) {
    (void)state, (void)args, (void)n;
    ukko_tell_text(ctx, p->ref, why->message);
    return UKKO_OK;
}
static const ukko_actor pingpong_actor = {.size = sizeof(ukko_actor),
                                          .name = "pingpong",
                                          .receive = {NULL, pingpong},
                                          .after_restart = pingpong_again};

static inline void expect_answer(ukko_ref *to, const char *question, const char *want) {
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(to, ukko_msg_string(question), 60000, &answer), UKKO_OK);
    assert_string_equal(ukko_msg_text(answer), want);
    ukko_msg_release(answer);
}
static inline void ping(ukko_ref *r) {
    expect_answer(r, "ping", "pong");
    probe_expect_text(p, "ping");
}
static inline void die(ukko_ref *r) { /* whatever follows from it */
    assert_int_equal(ukko_ask_wait_msg(r, ukko_msg_string("die-reply"), 60000, NULL), UKKO_EANSWER);
}
static inline void kill_it(ukko_ref *r) { /* it restarts */
    die(r);
    probe_expect_text(p, expected);
}
static inline void expect_end_of(ukko_ref *r) {
    ukko_msg *m = probe_expect(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_true(ukko_ref_equal(t->ref, r));
    ukko_msg_release(m);
}
/* Ends with it: the next that the probe hears is that it is gone. */
static inline void kill_for_good(ukko_ref *r) {
    probe_watch(p, r);
    die(r);
    expect_end_of(r);
}
static inline void stop_and_wait(ukko_ref *r) { /* takes r */
    probe_watch(p, r);
    ukko_ref_signal(r, UKKO_SIGNAL_TERMINATE, NULL);
    expect_end_of(r);
    ukko_ref_release(r);
}
#endif
