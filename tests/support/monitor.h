/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of death watch: an actor that does what the test thread tells it, and tells /user/probe
   of its node what else comes. Test thread and worker threads. */
#ifndef TESTS_SUPPORT_MONITOR_H
#define TESTS_SUPPORT_MONITOR_H
#include "support/probe.h"

typedef struct deed {
    void (*fn)(ukko_ctx *ctx, void *data);
    void *data;
} deed;
static const ukko_type deed_type = {.size = sizeof(ukko_type),
                                    .body_size = sizeof(deed),
                                    .name = "Deed",
                                    .serializer = UKKO_SER_LOCAL};

static inline int on_deed(ukko_ctx *ctx, void *state, const void *body) {
    const deed *d = body;
    (void)state;
    d->fn(ctx, d->data);
    ukko_reply_text(ctx, "done");
    return UKKO_OK;
}
static inline int on_other(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    char text[200];
    const ukko_terminated *t = ukko_msg_get(msg, &ukko_terminated_type);
    (void)state;
    snprintf(text, sizeof text, "%s: %s%s", ukko_ref_name(ukko_self(ctx)), t ? "end of " : "",
             t ? ukko_ref_name(t->ref) : ukko_msg_text(msg));
    ukko_tell_path(ctx, "/user/probe", &ukko_string_type, &(ukko_string){text, 0});
    return UKKO_OK;
}
static const ukko_case deeds[] = {{&deed_type, on_deed}, {NULL, NULL}};
static const ukko_actor monitor = {
    .size = sizeof(ukko_actor), .name = "monitor", .receive = {deeds, on_other}};

static inline ukko_ref *monitor_at(ukko_system *sys, const char *name) {
    ukko_ref *r = NULL;
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&monitor), name, &r), UKKO_OK);
    return r;
}
static inline void tell_deed(ukko_ref *who, void (*fn)(ukko_ctx *, void *), void *data) {
    ukko_tell(NULL, who, &deed_type, &(deed){fn, data});
}
/* When it returns it is done. */
static inline void does(ukko_ref *who, void (*fn)(ukko_ctx *, void *), void *data) {
    assert_int_equal(ukko_ask_wait(who, &deed_type, &(deed){fn, data}, 60000, NULL), UKKO_OK);
}
static inline void watch(ukko_ctx *ctx, void *ref) { assert_int_equal(ukko_watch(ctx, ref), UKKO_OK); }
static inline void unwatch(ukko_ctx *ctx, void *ref) { ukko_unwatch(ctx, ref); }
#endif
