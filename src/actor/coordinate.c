/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks of the end, who may add and cancel them, and the beginning and the end of their run. Any
   thread; what the settings say is read by the thread that makes the system. */
#include "actor/coordinate.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include <stdio.h>
#include <stdlib.h>

#define SECTION "pekko.coordinated-shutdown"
#define LOGGER "org.apache.pekko.actor.CoordinatedShutdown"

/* ---- settings ---- */

/* The path of a setting, for that reason if there is one of its own; owned. */
static char *path_of(const ukko_config *c, const char *reason, const char *key) {
    char *quoted = reason ? ukko_config_quote(reason) : NULL;
    char *path = quoted ? uk_format(SECTION ".reason-overrides.%s.%s", quoted, key) : NULL;
    ukko_free(quoted);
    if (path && ukko_config_has(c, path)) return path;
    uk_free(path);
    return uk_format(SECTION ".%s", key);
}
static int read_bool(const ukko_config *c, const char *reason, const char *key, bool *out,
                     ukko_error *err) {
    char *path = path_of(c, reason, key);
    int rc = ukko_config_bool(c, path, out);
    if (rc) ukko_config_explain(c, path, rc, NULL, err);
    uk_free(path);
    return rc;
}
static int read_code(const ukko_config *c, const char *reason, int32_t *out, ukko_error *err) {
    char *path = path_of(c, reason, "exit-code");
    int rc = ukko_config_int32(c, path, out);
    if (rc) ukko_config_explain(c, path, rc, NULL, err);
    uk_free(path);
    return rc;
}
typedef struct ending { /* what the last task does */
    bool terminates, exits;
    int32_t code;
} ending;
static int read_ending(const ukko_config *c, const char *reason, ending *e, ukko_error *err) {
    int rc = read_bool(c, reason, "terminate-actor-system", &e->terminates, err);
    if (!rc) rc = read_bool(c, reason, "exit-jvm", &e->exits, err);
    return rc ? rc : read_code(c, reason, &e->code, err);
}
static int check_settings(uk_coordinate *co, const ukko_config *c, ukko_error *err) {
    ending e;
    size_t n = 0;
    const char *key;
    int rc = read_bool(c, NULL, "run-by-actor-system-terminate", &co->by_terminate, err);
    if (!rc) rc = read_ending(c, NULL, &e, err);
    if (!rc && !e.terminates && co->by_terminate)
        return uk_error(err, UKKO_ECONFIG, SECTION ".terminate-actor-system = off does not go with "
                        SECTION ".run-by-actor-system-terminate = on");
    ukko_config_key_count(c, SECTION ".reason-overrides", &n);
    for (size_t i = 0; i < n && !rc; i++) {
        ukko_config_key_at(c, SECTION ".reason-overrides", i, &key);
        rc = read_ending(c, key, &e, err);
    }
    return rc;
}
int32_t ukko_shutdown_exit_code(ukko_system *sys, const char *reason) {
    int32_t code = 0;
    read_code(sys->config, reason, &code, NULL);
    return code;
}
const char *ukko_shutdown_phase_at(ukko_system *sys, size_t index) {
    const uk_phases *p = &sys->coordinate->phases;
    return index < p->n ? p->items[index].name : NULL;
}
int64_t ukko_shutdown_timeout(ukko_system *sys, const char *phase) {
    const uk_phases *p = &sys->coordinate->phases;
    int i = uk_phases_find(p, phase);
    return i < 0 ? UKKO_ENOTFOUND : p->items[i].timeout_ms;
}

/* ---- tasks ---- */

void uk_task_free(ukko_shutdown_task *t) {
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
    ukko_ref_release(t->actor);
    ukko_ref_release(t->runner);
    ukko_msg_release(t->stop);
    uk_free(t->name);
    uk_free(t->text);
    uk_free(t);
}
void ukko_shutdown_task_release(ukko_shutdown_task *t) { uk_task_free(t); }

/* A task with two counts: the list's and the caller's. NULL: *rc says why. */
static ukko_shutdown_task *task_new(uk_coordinate *co, const char *phase, const char *name,
                                    int *rc) {
    int at = uk_phases_find(&co->phases, phase);
    *rc = at < 0 ? UKKO_ENOTFOUND : !name || !*name ? UKKO_EINVAL : UKKO_OK;
    if (*rc) return NULL;
    ukko_shutdown_task *t = uk_zalloc(sizeof *t);
    atomic_init(&t->refs, 2);
    t->co = co;
    t->name = uk_strdup(name);
    t->phase = at;
    return t;
}
static void enlist(ukko_shutdown_task *t) { /* takes one count */
    uk_coordinate *co = t->co;
    pthread_mutex_lock(&co->lock);
    ukko_shutdown_task **end = &co->lists[t->phase];
    while (*end) end = &(*end)->next;
    *end = t;
    co->n_tasks++;
    pthread_mutex_unlock(&co->lock);
}
int ukko_shutdown_task_add(ukko_system *sys, const char *phase, const char *name,
                           ukko_shutdown_fn fn, void *data, ukko_shutdown_task **out) {
    int rc = fn ? UKKO_OK : UKKO_EINVAL;
    ukko_shutdown_task *t = rc ? NULL : task_new(sys->coordinate, phase, name, &rc);
    if (out) *out = t;
    if (!t) return rc;
    t->fn = fn;
    t->data = data;
    enlist(t);
    if (!out) uk_task_free(t);
    return UKKO_OK;
}
int ukko_shutdown_task_add_actor(ukko_system *sys, const char *phase, const char *name,
                                 ukko_ref *actor, ukko_msg *stop) {
    int rc = actor ? UKKO_OK : UKKO_EINVAL;
    ukko_shutdown_task *t = rc ? NULL : task_new(sys->coordinate, phase, name, &rc);
    if (!t) {
        ukko_msg_release(stop);
        return rc;
    }
    t->actor = ukko_ref_retain(actor);
    t->stop = stop;
    enlist(t);
    uk_task_free(t);
    return UKKO_OK;
}
bool ukko_shutdown_task_cancel(ukko_shutdown_task *t) {
    uk_coordinate *co = t->co;
    pthread_mutex_lock(&co->lock);
    bool first = t->state == UK_TASK_PENDING;
    if (first) {
        ukko_shutdown_task **at = &co->lists[t->phase];
        while (*at != t) at = &(*at)->next;
        *at = t->next;
        co->n_tasks--;
        t->state = UK_TASK_CANCELLED;
    }
    bool cancelled = t->state == UK_TASK_CANCELLED;
    pthread_mutex_unlock(&co->lock);
    if (first) uk_task_free(t);
    return cancelled;
}
bool ukko_shutdown_task_cancelled(ukko_shutdown_task *t) {
    pthread_mutex_lock(&t->co->lock);
    bool cancelled = t->state == UK_TASK_CANCELLED;
    pthread_mutex_unlock(&t->co->lock);
    return cancelled;
}
void ukko_shutdown_task_done(ukko_shutdown_task *t, int code, const char *text) {
    uk_coordinate *co = t->co;
    pthread_mutex_lock(&co->lock);
    bool first = t->state == UK_TASK_RUNNING;
    if (first) {
        t->state = UK_TASK_OVER;
        t->code = code < 0 ? code : UKKO_OK;
        t->text = uk_strdup(code < 0 && !text ? ukko_strerror(code) : text);
    }
    ukko_ref *to = first ? ukko_ref_retain(co->ref) : NULL;
    pthread_mutex_unlock(&co->lock);
    if (to) uk_task_tell(to, t);
    ukko_ref_release(to);
}
ukko_shutdown_task *uk_tasks_take(uk_coordinate *co, int phase) {
    pthread_mutex_lock(&co->lock);
    ukko_shutdown_task *list = co->lists[phase];
    co->lists[phase] = NULL;
    co->taken = phase + 1;
    for (ukko_shutdown_task *t = list; t; t = t->next) {
        t->state = UK_TASK_RUNNING;
        co->n_tasks--;
    }
    pthread_mutex_unlock(&co->lock);
    return list;
}

/* ---- the last task ---- */

/* What the settings want for this reason; true: the system ends now. */
static bool end_now(uk_coordinate *co) {
    ending e = {true, false, 0};
    ukko_error err;
    if (read_ending(co->sys->config, co->reason, &e, &err))
        uk_log(co->sys, UKKO_LOG_WARN, "CoordinatedShutdown", LOGGER, NULL, NULL, "%s", err.message);
    if (!e.terminates && e.exits) exit(e.code);
    if (!e.terminates) return false;
    pthread_mutex_lock(&co->lock);
    co->ending = true;
    co->exits = e.exits;
    co->exit_code = e.code;
    pthread_mutex_unlock(&co->lock);
    uk_system_final_terminate(co->sys);
    return true;
}
static int last_task(ukko_ctx *ctx, void *data, ukko_shutdown_task *task) {
    (void)ctx, (void)task;
    return end_now(data) ? UKKO_SHUTDOWN_PENDING : UKKO_OK;
}
static bool exits(uk_coordinate *co) {
    pthread_mutex_lock(&co->lock);
    bool yes = co->ending && co->exits;
    pthread_mutex_unlock(&co->lock);
    return yes;
}
void uk_coordinate_late(uk_coordinate *co, int phase) {
    const uk_end_phase *p = &co->phases.items[phase];
    uk_log(co->sys, UKKO_LOG_WARN, "CoordinatedShutdown", LOGGER, NULL, NULL,
           "Coordinated shutdown phase [%s] timed out after %lld milliseconds", p->name,
           (long long)p->timeout_ms);
    if (!strcmp(p->name, UKKO_PHASE_ACTOR_SYSTEM_TERMINATE) && exits(co)) exit(co->exit_code);
}
void uk_coordinate_last(uk_coordinate *co) {
    if (exits(co)) exit(co->exit_code);
}

/* ---- the run ---- */

void uk_coordinate_finish(uk_coordinate *co, int code, const char *text) {
    pthread_mutex_lock(&co->lock);
    bool first = !co->over;
    uk_end_waiter *w = first ? co->waiters : NULL, *next;
    if (first) {
        co->over = true;
        co->code = code;
        co->text = uk_strdup(text);
        co->waiters = NULL;
    }
    bool ends = first && co->end_wanted && !co->ending;
    pthread_cond_broadcast(&co->changed);
    pthread_mutex_unlock(&co->lock);
    for (; w; w = next) {
        next = w->next;
        w->fn(w->data, code, text);
        uk_free(w);
    }
    if (ends) uk_system_final_terminate(co->sys);
}
void uk_coordinate_ended(uk_coordinate *co) {
    uk_timer_cancel(co->sys->timers, &co->alarm);
    pthread_mutex_lock(&co->lock);
    bool whole = co->ending;
    pthread_mutex_unlock(&co->lock);
    if (whole) uk_coordinate_finish(co, UKKO_OK, NULL);
    else uk_coordinate_finish(co, UKKO_ESTOPPED, "the actor system has ended before");
}
static void alarm(void *data) { /* on the timer thread */
    uk_coordinate *co = data;
    if (!uk_system_ended(co->sys)) uk_coordinate_late(co, (int)co->phases.n - 1);
}
/* Nothing to do but to end the system: needs no coordinator. */
static bool is_plain(const uk_coordinate *co, int from) {
    size_t n = co->phases.n;
    const uk_end_phase *last = n ? &co->phases.items[n - 1] : NULL;
    return co->n_tasks == 1 && last && from <= 0 && last->enabled && last->recover &&
           !strcmp(last->name, UKKO_PHASE_ACTOR_SYSTEM_TERMINATE) && co->lists[n - 1];
}
static void run_plain(uk_coordinate *co) {
    int last = (int)co->phases.n - 1;
    uk_timer_start(co->sys->timers, &co->alarm, co->phases.items[last].timeout_ms, alarm, co);
    ukko_shutdown_task *t = uk_tasks_take(co, last);
    if (!end_now(co)) {
        uk_timer_cancel(co->sys->timers, &co->alarm);
        uk_coordinate_finish(co, UKKO_OK, NULL);
    }
    uk_task_free(t);
}
static const char *short_name(const char *reason, char *buf, size_t len) {
    const char *at = strrchr(reason, '.');
    snprintf(buf, len, "%s", at ? at + 1 : reason);
    size_t n = strlen(buf);
    if (n && buf[n - 1] == '$') buf[n - 1] = 0;
    at = strrchr(buf, '$');
    return at ? at + 1 : buf;
}
/* UKKO_OK also when it has run before. quiet: nobody has asked for phases in so many words. */
static int run(uk_coordinate *co, const char *reason, int from, bool quiet) {
    char text[256];
    pthread_mutex_lock(&co->lock);
    bool first = !co->reason && !co->over;
    if (first) co->reason = uk_strdup(reason);
    if (first && from > 0) co->taken = from;
    bool plain = first && is_plain(co, from);
    pthread_mutex_unlock(&co->lock);
    if (!first) return UKKO_OK;
    uk_log(co->sys, quiet && plain ? UKKO_LOG_DEBUG : UKKO_LOG_INFO, "CoordinatedShutdown", LOGGER,
           NULL, NULL, "Running CoordinatedShutdown with reason [%s]",
           short_name(reason, text, sizeof text));
    if (plain) {
        run_plain(co);
        return UKKO_OK;
    }
    int rc = uk_system_spawn(co->sys, ukko_props_new(&uk_coordinator_actor), "coordinatedShutdown",
                             NULL);
    if (rc) uk_coordinate_finish(co, rc, "the coordinator cannot be made");
    return rc;
}
int ukko_shutdown_run(ukko_system *sys, const char *reason, const char *from_phase) {
    uk_coordinate *co = sys->coordinate;
    int from = from_phase ? uk_phases_find(&co->phases, from_phase) : 0;
    if (from_phase && from < 0) return UKKO_ENOTFOUND;
    pthread_mutex_lock(&co->lock);
    bool ran = co->reason != NULL;
    pthread_mutex_unlock(&co->lock);
    uk_phase at = uk_system_phase(sys);
    if (ran) return UKKO_OK;
    if (at != UK_PHASE_RUNNING) return at == UK_PHASE_NEW ? UKKO_ESTATE : UKKO_ESTOPPED;
    return run(co, reason ? reason : UKKO_SHUTDOWN_UNKNOWN, from, false);
}
bool uk_coordinate_terminate(uk_coordinate *co) {
    if (!co->by_terminate) return false;
    pthread_mutex_lock(&co->lock);
    bool over = co->over;
    co->end_wanted = true;
    pthread_mutex_unlock(&co->lock);
    return !over && !run(co, UKKO_SHUTDOWN_TERMINATE, 0, true);
}
bool uk_coordinate_runs(uk_coordinate *co) {
    pthread_mutex_lock(&co->lock);
    bool yes = co->reason && !co->over;
    pthread_mutex_unlock(&co->lock);
    return yes;
}
const char *ukko_shutdown_reason(ukko_system *sys) {
    uk_coordinate *co = sys->coordinate;
    pthread_mutex_lock(&co->lock);
    const char *reason = co->reason;
    pthread_mutex_unlock(&co->lock);
    return reason;
}
void ukko_shutdown_on_done(ukko_system *sys, ukko_shutdown_done_fn fn, void *data) {
    uk_coordinate *co = sys->coordinate;
    pthread_mutex_lock(&co->lock);
    bool over = co->over;
    if (!over) {
        uk_end_waiter *w = uk_zalloc(sizeof *w);
        *w = (uk_end_waiter){co->waiters, fn, data};
        co->waiters = w;
    }
    pthread_mutex_unlock(&co->lock);
    if (over) fn(data, co->code, co->text);
}
int ukko_shutdown_wait(ukko_system *sys, int64_t timeout_ms, ukko_error *err) {
    uk_coordinate *co = sys->coordinate;
    if (uk_sched_on_worker()) return UKKO_EDEADLOCK;
    int64_t until = timeout_ms < 0 ? INT64_MAX : uk_ns_after(timeout_ms);
    pthread_mutex_lock(&co->lock);
    while (!co->over && uk_cond_wait_until(&co->changed, &co->lock, until)) {}
    bool over = co->over;
    pthread_mutex_unlock(&co->lock);
    if (!over) return uk_error(err, UKKO_ETIMEOUT, "the phases of the end are not over yet");
    return co->code ? uk_error(err, co->code, "%s", co->text ? co->text : "") : UKKO_OK;
}

/* ---- making ---- */

int uk_coordinate_new(ukko_system *sys, ukko_error *err) {
    uk_coordinate *co = uk_zalloc(sizeof *co);
    co->sys = sys;
    int rc = check_settings(co, sys->config, err);
    if (!rc) rc = uk_phases_read(&co->phases, sys->config, err);
    if (rc) {
        uk_free(co);
        return rc;
    }
    pthread_mutex_init(&co->lock, NULL);
    uk_cond_init(&co->changed);
    co->lists = uk_zalloc((co->phases.n + 1) * sizeof *co->lists);
    sys->coordinate = co;
    if (uk_phases_find(&co->phases, UKKO_PHASE_ACTOR_SYSTEM_TERMINATE) >= 0)
        rc = ukko_shutdown_task_add(sys, UKKO_PHASE_ACTOR_SYSTEM_TERMINATE, "terminate-system",
                                    last_task, co, NULL);
    return rc;
}
static void free_list(ukko_shutdown_task *list) {
    for (ukko_shutdown_task *next; list; list = next) {
        next = list->next;
        uk_task_free(list);
    }
}
void uk_coordinate_free(uk_coordinate *co) {
    if (!co) return;
    uk_coordinate_finish(co, UKKO_ESTOPPED, "the actor system has never started");
    for (size_t i = 0; i < co->phases.n; i++) free_list(co->lists[i]);
    free_list(co->running);
    ukko_ref_release(co->ref);
    uk_phases_fini(&co->phases);
    pthread_mutex_destroy(&co->lock);
    pthread_cond_destroy(&co->changed);
    uk_free(co->lists);
    uk_free(co->reason);
    uk_free(co->text);
    uk_free(co);
}
