/* SPDX-License-Identifier: Apache-2.0 */
/* The plain actors under /user: echo, sink, collector, forwarder, failing, order, caller and
   receptionist. Their callbacks run on the threads of the system. */
#include "peer.h"
#include <stdio.h>
#include <string.h>

void actor_recv(ukko_ctx *ctx, const ukko_msg *msg) {
    out_emit("recv", "actor", value_path(ukko_self(ctx)), "class", value_class(msg), "value",
             value_of(msg), "sender", value_ref(ukko_sender(ctx)), NULL);
}

static bool is_text(const ukko_msg *msg, const char *text) {
    const char *s = ukko_msg_text(msg);
    return s && strcmp(s, text) == 0;
}

/* ---- echo ---------------------------------------------------------------------------- */

static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}

const ukko_actor echo_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Echo",
    .receive = {NULL, echo_receive},
};

/* ---- sink ---------------------------------------------------------------------------- */

typedef struct sink {
    int64_t n;
} sink;

static int sink_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    sink *s = state;
    if (is_text(msg, "count")) ukko_reply(ctx, &ukko_long_type, &s->n);
    else if (is_text(msg, "reset")) s->n = 0;
    else s->n++;
    return UKKO_OK;
}

const ukko_actor sink_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(sink),
    .name = "ukko.oracle.Actors$Sink",
    .receive = {NULL, sink_receive},
};

/* ---- collector ----------------------------------------------------------------------- */

static int collector_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    actor_recv(ctx, msg);
    return UKKO_OK;
}

const ukko_actor collector_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Collector",
    .receive = {NULL, collector_receive},
};

/* ---- forwarder ----------------------------------------------------------------------- */

typedef struct forwarder {
    ukko_ref *target;
} forwarder;

static const ukko_field forward_fields[] = {UKKO_FIELD(forward_order, ref, UKKO_REF)};
const ukko_type forward_order_type = UKKO_TYPE_LOCAL(forward_order, forward_fields);

static int forwarder_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)args;
    (void)n;
    ((forwarder *)state)->target = ukko_system_ref(ukko_ctx_system(ctx), "/user/echo");
    return UKKO_OK;
}

static void forwarder_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((forwarder *)state)->target);
}

static int forwarder_order(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    forwarder *f = state;
    ukko_ref_release(f->target);
    f->target = ukko_ref_retain(((const forward_order *)body)->ref);
    return UKKO_OK;
}

static int forwarder_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)msg;
    ukko_forward(ctx, ((forwarder *)state)->target);
    return UKKO_OK;
}

static const ukko_case forwarder_cases[] = {{&forward_order_type, forwarder_order}, {NULL, NULL}};
const ukko_actor forwarder_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(forwarder),
    .name = "ukko.oracle.Actors$Forwarder",
    .receive = {forwarder_cases, forwarder_receive},
    .start = forwarder_start,
    .stop = forwarder_stop,
};

/* ---- failing ------------------------------------------------------------------------- */

static void failing_emit(ukko_ctx *ctx, const char *ev, const ukko_failure *why) {
    json_t *actor = value_path(ukko_self(ctx));
    if (why) out_emit(ev, "actor", actor, "cause", value_failure(why), NULL);
    else out_emit(ev, "actor", actor, NULL);
}

static int failing_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state;
    (void)args;
    (void)n;
    failing_emit(ctx, "prestart", NULL);
    return UKKO_OK;
}

static void failing_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    failing_emit(ctx, "poststop", NULL);
}

static void failing_before(ukko_ctx *ctx, void *state, const ukko_failure *why,
                           const ukko_msg *msg) {
    (void)state;
    (void)msg;
    failing_emit(ctx, "prerestart", why);
}

static int failing_after(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                         const ukko_failure *why) {
    (void)state;
    (void)args;
    (void)n;
    failing_emit(ctx, "postrestart", why);
    return UKKO_OK;
}

int actor_throw(ukko_ctx *ctx, const char *text) {
    return ukko_fail_as(ctx, UKKO_EUSER, "java.lang.IllegalStateException", "%s",
                        strlen(text) > 6 ? text + 6 : "told to");
}

static int failing_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    if (text && strncmp(text, "throw", 5) == 0) return actor_throw(ctx, text);
    return echo_receive(ctx, state, msg);
}

const ukko_actor failing_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Failing",
    .receive = {NULL, failing_receive},
    .start = failing_start,
    .stop = failing_stop,
    .before_restart = failing_before,
    .after_restart = failing_after,
};

/* ---- order --------------------------------------------------------------------------- */

typedef struct order {
    int64_t count, next, skipped, late, other;
} order;

static int order_number(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    order *o = state;
    int64_t n = *(const int64_t *)body;
    o->count++;
    if (n >= o->next) {
        o->skipped += n - o->next;
        o->next = n + 1;
    } else {
        o->late++;
    }
    return UKKO_OK;
}

static void order_report(ukko_ctx *ctx, const order *o) {
    char text[160];
    snprintf(text, sizeof text, "count=%lld next=%lld skipped=%lld late=%lld other=%lld",
             (long long)o->count, (long long)o->next, (long long)o->skipped, (long long)o->late,
             (long long)o->other);
    ukko_reply_text(ctx, text);
}

static int order_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    order *o = state;
    if (is_text(msg, "report")) order_report(ctx, o);
    else if (is_text(msg, "reset")) *o = (order){0};
    else o->other++;
    return UKKO_OK;
}

static const ukko_case order_cases[] = {{&ukko_long_type, order_number}, {NULL, NULL}};
const ukko_actor order_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(order),
    .name = "ukko.oracle.Actors$Order",
    .receive = {order_cases, order_receive},
};

/* ---- caller -------------------------------------------------------------------------- */

static int caller_ref(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_tell_text(ctx, ((const ukko_ref_body *)body)->ref, "called");
    return UKKO_OK;
}

static int caller_mixed(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_ref *to = ((const mixed *)body)->replyTo;
    if (!to)
        return ukko_fail_as(ctx, UKKO_EUSER, "java.lang.NullPointerException", "replyTo is null");
    ukko_tell_text(ctx, to, "called");
    return UKKO_OK;
}

static const ukko_case caller_cases[] = {
    {&ukko_ref_type, caller_ref}, {&mixed_type, caller_mixed}, {NULL, NULL}};
const ukko_actor caller_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Caller",
    .receive = {caller_cases, collector_receive},
};

/* ---- receptionist -------------------------------------------------------------------- */

static int receptionist_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    actor_recv(ctx, msg);
    ukko_reply_text(ctx, "hello from receptionist");
    return UKKO_OK;
}

const ukko_actor receptionist_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Receptionist",
    .receive = {NULL, receptionist_receive},
};
