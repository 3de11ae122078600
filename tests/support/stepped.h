/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a system without threads whose clock is virtual. Nothing happens but in run() and
   pass(), so "nothing came" needs no waiting. Test thread only. */
#ifndef TESTS_SUPPORT_STEPPED_H
#define TESTS_SUPPORT_STEPPED_H
#include "actor/system.h"
#include "support/probe.h"

static ukko_system *sys;
static probe *p __attribute__((unused)); /* not every test has need of it */

static inline ukko_system *stepped_system(const char *name, const char *text, ukko_log_fn log,
                                          void *log_data) {
    ukko_system *made = NULL;
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.log = log;
    o.log_data = log_data;
    o.threads = 0;
    o.seed = 1;
    if (ukko_system_new(&made, &o, &err)) fail_msg("%s", err.message);
    if (ukko_system_start(made, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return made;
}
static inline void run(void) { /* until nobody has anything to do */
    while (ukko_system_step(sys, SIZE_MAX)) {}
}
static inline void pass(int64_t ms) { /* time goes by; who is woken runs at that moment */
    run();
    for (;;) {
        int64_t next = uk_timers_next(sys->timers);
        if (next < 0 || next > ms) break;
        uk_timers_advance(sys->timers, next);
        ms -= next;
        run();
    }
    uk_timers_advance(sys->timers, ms);
}
static inline ukko_msg *now_any(probe *q) { /* what has come, or NULL */
    run();
    return probe_take(q, 0);
}
static inline ukko_msg *now_msg(probe *q, const ukko_type *type) {
    ukko_msg *m = now_any(q);
    assert_non_null(m);
    assert_string_equal(ukko_msg_type(m)->name, type->name);
    return m;
}
static inline void now_text(probe *q, const char *text) {
    ukko_msg *m = now_msg(q, &ukko_string_type);
    assert_string_equal(ukko_msg_text(m), text);
    ukko_msg_release(m);
}
static inline void now_nothing(probe *q) {
    ukko_msg *m = now_any(q);
    char text[256] = "";
    if (m) ukko_msg_print(m, text, sizeof text);
    assert_string_equal(text, "");
    ukko_msg_release(m);
}
static inline void now_end_of(probe *q, ukko_ref *r) {
    ukko_msg *m = now_msg(q, &ukko_terminated_type);
    assert_true(ukko_ref_equal(((const ukko_terminated *)ukko_msg_get(m, &ukko_terminated_type))->ref, r));
    ukko_msg_release(m);
}
static inline void now_watch(probe *q, ukko_ref *r) {
    q->watch = r;
    ukko_tell_text(NULL, q->ref, "\1watch");
    run();
}
static inline ukko_ref *born(const ukko_actor *kind, const char *name) {
    ukko_ref *r = NULL;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(kind), name, &r), UKKO_OK);
    return r;
}
#endif
