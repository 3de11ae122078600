/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator: the actor below /system that runs the phases of the end, and the actors below it
   in which the tasks are done. Each in its own turns. */
#include "actor/coordinate.h"
#include "actor/system.h"
#include "base/mem.h"

#define LOGGER "org.apache.pekko.actor.CoordinatedShutdown"
enum { TIMER = 1 };

typedef struct about { /* tasks live as long as the system */
    ukko_shutdown_task *task;
    int64_t phase;
} about;
#define MESSAGE(var, text)                                                                  \
    static const ukko_type var = {.size = sizeof(ukko_type),                                \
                                  .body_size = sizeof(about),                               \
                                  .name = text,                                             \
                                  .serializer = UKKO_SER_LOCAL,                             \
                                  .flags = UKKO_TYPE_QUIET}
MESSAGE(begin_type, "BeginTask");
MESSAGE(over_type, "TaskOver");
MESSAGE(late_type, "PhaseLate");

void uk_task_tell(ukko_ref *coordinator, ukko_shutdown_task *task) {
    about a = {task, task->phase};
    ukko_tell(NULL, coordinator, &over_type, &a);
}
static uk_coordinate *of(ukko_ctx *ctx) { return ukko_ctx_system(ctx)->coordinate; }

#define DEBUG(ctx, ...)                                                                     \
    uk_log(ukko_ctx_system(ctx), UKKO_LOG_DEBUG, "CoordinatedShutdown", LOGGER, NULL, NULL, __VA_ARGS__)

/* ---- a task's own actor ---- */

typedef struct runner {
    ukko_shutdown_task *task;
} runner;

static int on_begin(ukko_ctx *ctx, void *state, const void *body) {
    runner *r = state;
    ukko_shutdown_task *t = r->task = ((const about *)body)->task;
    int rc = t->fn(ctx, t->data, t);
    const ukko_throwable *why = rc < 0 ? ukko_msg_get(ctx->failure, &ukko_throwable_type) : NULL;
    if (rc != UKKO_SHUTDOWN_PENDING) ukko_shutdown_task_done(t, rc, why ? why->message : NULL);
    return UKKO_OK;
}
static const ukko_case runner_cases[] = {{&begin_type, on_begin}, {NULL, NULL}};
static const ukko_actor runner_actor = {.size = sizeof(ukko_actor),
                                        .state_size = sizeof(runner),
                                        .name = "org.apache.pekko.actor.CoordinatedShutdown$Task",
                                        .receive = {runner_cases, NULL}};

/* ---- the phases ---- */

typedef struct coordinator {
    int phase, pending; /* the phase that runs; its tasks that are not over */
    bool stopped;       /* the run is over */
} coordinator;

static void finish(ukko_ctx *ctx, coordinator *c, int code, const char *text) {
    c->stopped = true;
    ukko_timer_cancel(ctx, TIMER);
    if (code)
        uk_log(ukko_ctx_system(ctx), UKKO_LOG_WARN, "CoordinatedShutdown", LOGGER, NULL, NULL,
               "Coordinated shutdown ends early: %s", text);
    uk_coordinate_finish(of(ctx), code, text);
}
static void begin(ukko_ctx *ctx, ukko_shutdown_task *t) {
    about a = {t, t->phase};
    DEBUG(ctx, "Performing task [%s] in CoordinatedShutdown phase [%s]", t->name,
          of(ctx)->phases.items[t->phase].name);
    if (t->actor) {
        if (t->stop) ukko_tell_msg(NULL, t->actor, ukko_msg_retain(t->stop));
        ukko_watch(ctx, t->actor);
        return;
    }
    int rc = ukko_spawn(ctx, ukko_props_new(&runner_actor), NULL, &t->runner);
    if (rc) ukko_shutdown_task_done(t, rc, NULL);
    else ukko_tell(NULL, t->runner, &begin_type, &a);
}
/* true: the phase has tasks, and they have begun. */
static bool run_phase(ukko_ctx *ctx, coordinator *c) {
    uk_coordinate *co = of(ctx);
    const uk_end_phase *p = &co->phases.items[c->phase];
    about late = {NULL, c->phase};
    ukko_shutdown_task *list = uk_tasks_take(co, c->phase), *last = list;
    c->pending = 0;
    for (ukko_shutdown_task *t = list; t; last = t, t = t->next) c->pending++;
    if (!list) {
        if (p->enabled) DEBUG(ctx, "Performing phase [%s] with [0] tasks", p->name);
        return false;
    }
    last->next = co->running;
    co->running = list;
    if (!p->enabled) {
        uk_log(ukko_ctx_system(ctx), UKKO_LOG_INFO, "CoordinatedShutdown", LOGGER, NULL, NULL,
               "Phase [%s] disabled through configuration, skipping [%d] tasks.", p->name, c->pending);
        return false;
    }
    DEBUG(ctx, "Performing phase [%s] with [%d] tasks.", p->name, c->pending);
    ukko_timer_start(ctx, TIMER, p->timeout_ms, 0, ukko_msg_copy(&late_type, &late));
    ukko_shutdown_task *end = last->next;
    for (ukko_shutdown_task *t = list; t != end; t = t->next) begin(ctx, t);
    return true;
}
static void advance(ukko_ctx *ctx, coordinator *c) {
    while ((size_t)++c->phase < of(ctx)->phases.n)
        if (run_phase(ctx, c)) return;
    finish(ctx, c, UKKO_OK, NULL);
}
static void task_failed(ukko_ctx *ctx, coordinator *c, const ukko_shutdown_task *t) {
    const uk_end_phase *p = &of(ctx)->phases.items[t->phase];
    char *text = uk_format("Task [%s] failed in phase [%s]: %s", t->name, p->name, t->text);
    if (p->recover)
        uk_log(ukko_ctx_system(ctx), UKKO_LOG_WARN, "CoordinatedShutdown", LOGGER, NULL, NULL, "%s",
               text);
    else if (!c->stopped && t->phase == c->phase) finish(ctx, c, t->code, text);
    uk_free(text);
}
static int on_over(ukko_ctx *ctx, void *state, const void *body) {
    coordinator *c = state;
    ukko_shutdown_task *t = ((const about *)body)->task;
    if (t->code) task_failed(ctx, c, t);
    if (t->runner) ukko_stop(ctx, t->runner);
    if (c->stopped || t->phase != c->phase || --c->pending) return UKKO_OK;
    ukko_timer_cancel(ctx, TIMER);
    advance(ctx, c);
    return UKKO_OK;
}
static int on_late(ukko_ctx *ctx, void *state, const void *body) {
    coordinator *c = state;
    const uk_end_phase *p = &of(ctx)->phases.items[c->phase];
    if (c->stopped || ((const about *)body)->phase != c->phase) return UKKO_OK;
    uk_coordinate_late(of(ctx), c->phase);
    if (p->recover) {
        advance(ctx, c);
        return UKKO_OK;
    }
    char *text = uk_format("Coordinated shutdown phase [%s] timed out after %lld milliseconds",
                           p->name, (long long)p->timeout_ms);
    finish(ctx, c, UKKO_ETIMEOUT, text);
    uk_free(text);
    return UKKO_OK;
}
static int on_terminated(ukko_ctx *ctx, void *state, const void *body) {
    ukko_ref *who = ((const ukko_terminated *)body)->ref;
    (void)state;
    for (ukko_shutdown_task *t = of(ctx)->running; t; t = t->next)
        if (t->actor && ukko_ref_equal(t->actor, who)) ukko_shutdown_task_done(t, UKKO_OK, NULL);
    return UKKO_OK;
}
static ukko_shutdown_task *task_of(ukko_ctx *ctx, ukko_ref *child) {
    ukko_shutdown_task *t = of(ctx)->running;
    while (t && !(t->runner && ukko_ref_equal(t->runner, child))) t = t->next;
    return t;
}
static ukko_directive decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    ukko_shutdown_task *t = task_of(ctx, why->child);
    (void)state;
    if (t) ukko_shutdown_task_done(t, why->code, why->message);
    return UKKO_STOP;
}
static void child_gone(ukko_ctx *ctx, void *state, ukko_ref *child) {
    ukko_shutdown_task *t = task_of(ctx, child);
    (void)state;
    if (t) ukko_shutdown_task_done(t, UKKO_OK, NULL);
}
static int start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    coordinator *c = state;
    uk_coordinate *co = of(ctx);
    (void)args, (void)n;
    pthread_mutex_lock(&co->lock);
    co->ref = ukko_ref_retain(ukko_self(ctx));
    c->phase = co->taken - 1;
    pthread_mutex_unlock(&co->lock);
    advance(ctx, c);
    return UKKO_OK;
}
static const ukko_case cases[] = {{&over_type, on_over},
                                  {&late_type, on_late},
                                  {&ukko_terminated_type, on_terminated},
                                  {NULL, NULL}};
static const ukko_supervision supervision = {.size = sizeof(ukko_supervision),
                                             .max_restarts = -1,
                                             .decide = decide,
                                             .quiet = true,
                                             .child_gone = child_gone};
const ukko_actor uk_coordinator_actor = {.size = sizeof(ukko_actor),
                                         .state_size = sizeof(coordinator),
                                         .name = "org.apache.pekko.actor.CoordinatedShutdown",
                                         .receive = {cases, NULL},
                                         .start = start,
                                         .supervision = &supervision};
