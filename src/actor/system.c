/* SPDX-License-Identifier: Apache-2.0 */
/* Making, starting and ending an actor system. new, start and free on one thread of the program;
   terminate and wait on any. Ending goes by phases: /user, remoting, /system. */
#include "actor/dispatchers.h"
#include "actor/mailbox.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"
#include "config/internal.h"
#include <stddef.h>
#include <time.h>

static const ukko_actor guardian = {sizeof(ukko_actor),
                                    0,
                                    "org.apache.pekko.actor.LocalActorRefProvider$Guardian",
                                    {NULL, NULL},
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL};
static const ukko_actor system_guardian = {
    sizeof(ukko_actor),
    0,
    "org.apache.pekko.actor.LocalActorRefProvider$SystemGuardian",
    {NULL, NULL},
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL};

/* ---- settings ---- */

static int bad_setting(ukko_system *sys, const char *path, int code, ukko_error *err) {
    return ukko_config_explain(sys->config, path, code, NULL, err);
}
static int read_level(ukko_system *sys, ukko_error *err) {
    static const char *const names[] = {"OFF", "ERROR", "WARNING", "INFO", "DEBUG"};
    const char *path = "pekko.loglevel", *text;
    int rc = ukko_config_string(sys->config, path, &text);
    if (rc) return bad_setting(sys, path, rc, err);
    for (int i = 0; i < 5; i++)
        if (!strcasecmp(names[i], text)) {
            atomic_store_explicit(&sys->log_level, i, memory_order_relaxed);
            return UKKO_OK;
        }
    return uk_error(err, UKKO_ECONFIG, "%s = \"%s\": expected OFF, ERROR, WARNING, INFO or DEBUG",
                    path, text);
}
static int read_dead_letters(ukko_system *sys, ukko_error *err) {
    const char *path = "pekko.log-dead-letters", *text;
    bool on;
    int rc;
    if (!ukko_config_int(sys->config, path, &sys->dead_log_max)) {
        if (sys->dead_log_max < 0)
            return uk_error(err, UKKO_ECONFIG, "%s must not be negative", path);
    } else {
        if ((rc = ukko_config_bool(sys->config, path, &on))) return bad_setting(sys, path, rc, err);
        sys->dead_log_max = on ? -1 : 0;
    }
    path = "pekko.log-dead-letters-suspend-duration";
    if ((rc = ukko_config_string(sys->config, path, &text))) return bad_setting(sys, path, rc, err);
    if (!strcmp(text, "infinite")) sys->dead_suspend_ms = 0;
    else if ((rc = ukko_config_duration_ms(sys->config, path, &sys->dead_suspend_ms)))
        return bad_setting(sys, path, rc, err);
    path = "pekko.log-dead-letters-during-shutdown";
    rc = ukko_config_bool(sys->config, path, &sys->dead_log_shutdown);
    return rc ? bad_setting(sys, path, rc, err) : UKKO_OK;
}
static int read_debug(ukko_system *sys, ukko_error *err) {
    const struct {
        const char *path;
        bool *flag;
    } flags[] = {{"pekko.actor.serialize-messages", &sys->serialize_messages},
                 {"pekko.actor.serialize-creators", &sys->serialize_creators},
                 {"pekko.actor.debug.unhandled", &sys->debug.unhandled},
                 {"pekko.actor.debug.lifecycle", &sys->debug.lifecycle},
                 {"pekko.actor.debug.autoreceive", &sys->debug.autoreceive},
                 {"pekko.actor.debug.receive", &sys->debug.receive},
                 {"pekko.actor.debug.event-stream", &sys->debug.event_stream},
                 {"pekko.actor.debug.router-misconfiguration",
                  &sys->debug.router_misconfiguration}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        int rc = ukko_config_bool(sys->config, flags[i].path, flags[i].flag);
        if (rc) return bad_setting(sys, flags[i].path, rc, err);
    }
    return UKKO_OK;
}
static void misspelt(void *data, const ukko_config_finding *f) {
    uk_log(data, UKKO_LOG_WARN, "config", "org.apache.pekko.actor.ActorSystemImpl", NULL, NULL,
           "%s", f->text);
}
/* A setting in our sections that nobody knows is probably misspelt: told, or refused when strict. */
static int check_names(ukko_system *sys, const ukko_system_opts *o, ukko_error *err) {
    ukko_config *user = NULL;
    if (o->config) user = ukko_config_retain(o->config);
    else if (o->config_file && ukko_config_parse_file(&user, o->config_file, err)) return UKKO_OK;
    int rc = uk_config_check_strict(user, sys->config, misspelt, sys, err);
    ukko_config_release(user);
    return rc;
}
static int read_config(ukko_system *sys, const ukko_system_opts *o, ukko_error *err) {
    int rc = o->config ? ukko_config_load_from(&sys->config, o->config, err)
                       : ukko_config_load(&sys->config, o->config_file, err);
    if (!rc) rc = read_level(sys, err);
    if (!rc) rc = read_dead_letters(sys, err);
    if (!rc) rc = read_debug(sys, err);
    if (!rc) rc = uk_watchdog_new(sys, err);
    if (!rc) rc = uk_coordinate_new(sys, err);
    if (!rc) rc = check_names(sys, o, err);
    return rc ? rc : uk_deployments_new(&sys->deployments, sys->config, err);
}

/* ---- making ---- */

static int make_dispatchers(ukko_system *sys, const ukko_system_opts *o, ukko_error *err) {
    int32_t threads = o->size > offsetof(ukko_system_opts, threads) ? o->threads : -1;
    sys->dispatchers = uk_dispatchers_new();
    sys->mailboxes = uk_mailboxes_new();
    return uk_dispatchers_open(sys, threads == UKKO_THREADS_LOOP ? 0 : threads, o->seed, err);
}
/* What /user does about its children. */
static int read_strategy(ukko_system *sys, ukko_error *err) {
    const char *path = "pekko.actor.guardian-supervisor-strategy", *text;
    int rc = ukko_config_string(sys->config, path, &text);
    if (rc) return bad_setting(sys, path, rc, err);
    if (!strcmp(text, "org.apache.pekko.actor.DefaultSupervisorStrategy")) return UKKO_OK;
    const ukko_actor *known = uk_system_find_actor(sys, text);
    sys->user_kind.supervision = known ? known->supervision : NULL;
    if (!strcmp(text, "org.apache.pekko.actor.StoppingSupervisorStrategy"))
        sys->user_kind.supervision = &ukko_stopping;
    if (sys->user_kind.supervision) return UKKO_OK;
    return uk_error(err, UKKO_ECONFIG,
                    "%s = \"%s\": expected ...DefaultSupervisorStrategy, ...StoppingSupervisorStrategy, or "
                    "the name of an actor that this program has registered with a supervision",
                    path, text);
}
static uk_cell *make_guardian(ukko_system *sys, const ukko_actor *kind, const char *name) {
    uk_cell *c = uk_cell_new(sys, uk_ref_retain(sys->root), ukko_props_new(kind), ukko_str(name), 0, sys->internal, NULL,
                             false);
    c->flags |= UK_CELL_GUARDIAN;
    return c;
}
static void add_all(ukko_system *sys, const ukko_system_opts *o) {
    for (size_t i = 0; o->types && o->types[i]; i++) ukko_system_add_type(sys, o->types[i]);
    for (size_t i = 0; o->actors && o->actors[i]; i++) ukko_system_add_actor(sys, o->actors[i]);
    if (o->size <= offsetof(ukko_system_opts, migrations)) return; /* an older program's */
    for (size_t i = 0; o->serializers && o->serializers[i]; i++)
        ukko_system_add_serializer(sys, o->serializers[i]);
    for (size_t i = 0; o->migrations && o->migrations[i]; i++)
        ukko_system_add_migration(sys, o->migrations[i]);
}
static void wake_loop(void *sys) { uk_step_wake(sys); }

int ukko_system_new(ukko_system **out, const ukko_system_opts *o, ukko_error *err) {
    *out = NULL;
    if (!o || !uk_system_name_valid(o->name))
        return uk_error(
            err, UKKO_EINVAL,
            "system name \"%s\": letters, digits, '-' and '_', not beginning with '-' or '_'",
            o && o->name ? o->name : "");
    ukko_system *sys = uk_zalloc(sizeof *sys);
    sys->name = uk_strdup(o->name);
    do sys->uid = uk_new_uid();
    while (!uk_uid_is_kin(sys->uid));
    sys->log = o->log;
    sys->log_data = o->log_data;
    atomic_init(&sys->log_level, UKKO_LOG_WARN);
    sys->step.event = sys->step.poll = -1;
    bool looped = o->size > offsetof(ukko_system_opts, threads) && o->threads == UKKO_THREADS_LOOP;
    int rc = read_config(sys, o, err);
    if (!rc) rc = make_dispatchers(sys, o, err);
    if (!rc && looped && (rc = uk_step_open(sys)))
        uk_error(err, rc, "no file descriptors for the loop of system \"%s\"", sys->name);
    if (rc) {
        uk_dispatchers_free(sys->dispatchers);
        uk_mailboxes_free(sys->mailboxes);
        uk_deployments_free(sys->deployments);
        ukko_config_release(sys->config);
        uk_watchdog_free(sys);
        uk_coordinate_free(sys->coordinate);
        uk_free(sys->name);
        uk_free(sys);
        return rc;
    }
    sys->address = sys->local_address = uk_format("pekko://%s", sys->name);
    pthread_mutex_init(&sys->lock, NULL);
    uk_cond_init(&sys->changed);
    uk_events_init(sys);
    sys->extensions = uk_extensions_new();
    sys->timers = uk_timers_new(sys->threads == 0 && !looped);
    if (looped) uk_timers_on_start(sys->timers, wake_loop, sys);
    uk_root_init(sys);
    sys->user_kind = guardian;
    sys->user = make_guardian(sys, &sys->user_kind, "user");
    sys->system_guardian = make_guardian(sys, &system_guardian, "system");
    add_all(sys, o);
    *out = sys;
    return UKKO_OK;
}
int ukko_system_add_type(ukko_system *sys, const ukko_type *type) {
    ukko_error err;
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    int rc = uk_type_check(type, &err);
    if (rc) {
        uk_log(sys, UKKO_LOG_ERROR, "ukko", "ukko", NULL, NULL, "%s", err.message);
        return rc;
    }
    sys->types = uk_realloc(sys->types, (sys->n_types + 1) * sizeof *sys->types);
    sys->types[sys->n_types++] = type;
    return UKKO_OK;
}
int ukko_system_add_actor(ukko_system *sys, const ukko_actor *actor) {
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    if (!actor || !actor->name) return UKKO_EINVAL;
    if (uk_system_find_actor(sys, actor->name)) return UKKO_EEXISTS;
    sys->actors = uk_realloc(sys->actors, (sys->n_actors + 1) * sizeof *sys->actors);
    sys->actors[sys->n_actors++] = actor;
    return UKKO_OK;
}
int ukko_system_add_serializer(ukko_system *sys, const struct ukko_serializer *serializer) {
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    if (!serializer) return UKKO_EINVAL;
    sys->serializers =
        uk_realloc(sys->serializers, (sys->n_serializers + 1) * sizeof *sys->serializers);
    sys->serializers[sys->n_serializers++] = serializer;
    return UKKO_OK;
}
int ukko_system_add_migration(ukko_system *sys, const struct ukko_migration *migration) {
    if (sys->phase != UK_PHASE_NEW) return UKKO_ESTATE;
    if (!migration) return UKKO_EINVAL;
    sys->migrations =
        uk_realloc(sys->migrations, (sys->n_migrations + 1) * sizeof *sys->migrations);
    sys->migrations[sys->n_migrations++] = migration;
    return UKKO_OK;
}
int uk_system_set_provider(ukko_system *sys, const uk_provider *p) {
    if (sys->phase != UK_PHASE_NEW || sys->has_provider) return UKKO_ESTATE;
    sys->provider = *p;
    sys->has_provider = true;
    return UKKO_OK;
}

/* ---- starting ---- */

static int check_provider(ukko_system *sys, ukko_error *err) {
    const char *text, *path = "pekko.actor.provider";
    int rc = ukko_config_string(sys->config, path, &text);
    if (rc) return bad_setting(sys, path, rc, err);
    if (strcmp(text, "local") && !sys->has_provider)
        return uk_error(
            err, UKKO_ECONFIG,
            "%s = \"%s\", but this program has not enabled remoting (ukko_remote_enable)", path,
            text);
    return UKKO_OK;
}
static void run_guardian(uk_cell *c) { uk_schedule(c); }

int ukko_system_start(ukko_system *sys, ukko_error *err) {
    if (sys->phase != UK_PHASE_NEW)
        return uk_error(err, UKKO_ESTATE, "system \"%s\" was started before", sys->name);
    int rc = check_provider(sys, err);
    if (!rc) rc = read_strategy(sys, err);
    if (!rc) rc = uk_serialization_open(sys, err);
    if (!rc) rc = uk_placement_default(sys, err);
    if (rc) return rc;
    sys->phase = UK_PHASE_RUNNING;
    run_guardian(sys->user);
    run_guardian(sys->system_guardian);
    if (sys->has_provider && sys->provider.start) {
        if ((rc = sys->provider.start(sys->provider.self, err))) {
            sys->has_provider = false;
            sys->provider.free(sys->provider.self);
        } else {
            sys->address = sys->provider.address(sys->provider.self);
        }
    }
    /* last, also after a failure: workers read what was settled above without a lock */
    if (sys->threads && (uk_timers_start(sys->timers) || uk_dispatchers_start(sys)) &&
        !rc)
        rc = uk_error(err, UKKO_EIO, "cannot start threads for system \"%s\"", sys->name);
    return rc ? rc : uk_extensions_load(sys, err);
}

/* ---- ending ---- */

static void stop_guardian(uk_cell *c) {
    uk_ref_system(&c->ref, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
}

static void set_phase(ukko_system *sys, uk_phase phase) {
    pthread_mutex_lock(&sys->lock);
    sys->phase = phase;
    pthread_cond_broadcast(&sys->changed);
    pthread_mutex_unlock(&sys->lock);
}
void ukko_system_terminate(ukko_system *sys) {
    if (uk_system_phase(sys) == UK_PHASE_RUNNING && !uk_coordinate_terminate(sys->coordinate))
        uk_system_final_terminate(sys);
}
void uk_system_final_terminate(ukko_system *sys) {
    pthread_mutex_lock(&sys->lock);
    bool first = sys->phase == UK_PHASE_RUNNING;
    if (first) sys->phase = UK_PHASE_STOPPING_USER;
    pthread_mutex_unlock(&sys->lock);
    if (!first) return;
    uk_listen_no_more(sys);
    stop_guardian(sys->user);
}
void uk_system_remote_down(ukko_system *sys) {
    set_phase(sys, UK_PHASE_STOPPING_SYSTEM);
    stop_guardian(sys->system_guardian);
}
bool uk_system_ends_told(ukko_system *sys) {
    /* acquire: pairs with the release of an actor that has told everyone */
    return !atomic_load_explicit(&sys->ends_untold, memory_order_acquire);
}
int ukko_system_on_end(ukko_system *sys, void (*fn)(void *data), void *data) {
    uk_at_end *e = uk_zalloc(sizeof *e);
    *e = (uk_at_end){NULL, fn, data};
    pthread_mutex_lock(&sys->lock);
    bool late = sys->at_end_ran;
    e->next = sys->at_end;
    if (!late) sys->at_end = e;
    pthread_mutex_unlock(&sys->lock);
    if (late) uk_free(e);
    return late ? UKKO_ESTOPPED : UKKO_OK;
}
/* run false: the system never started. */
static void run_at_end(ukko_system *sys, bool run) {
    pthread_mutex_lock(&sys->lock);
    uk_at_end *e = sys->at_end, *next;
    sys->at_end = NULL;
    sys->at_end_ran = true;
    pthread_mutex_unlock(&sys->lock);
    for (; e; e = next) {
        next = e->next;
        if (run) e->fn(e->data);
        uk_free(e);
    }
}
void uk_system_phase_done(ukko_system *sys, ukko_ref *who) {
    if (who == &sys->user->ref) {
        set_phase(sys, UK_PHASE_STOPPING_REMOTE);
        if (sys->has_provider && sys->provider.shutdown) sys->provider.shutdown(sys->provider.self);
        else uk_system_remote_down(sys);
    } else if (who == &sys->system_guardian->ref) {
        run_at_end(sys, true);
        uk_coordinate_last(sys->coordinate);
        set_phase(sys, UK_PHASE_DONE);
        uk_coordinate_ended(sys->coordinate);
    }
}
void uk_system_guardian_failed(ukko_system *sys, ukko_msg *cause) {
    const ukko_throwable *t = ukko_msg_get(cause, &ukko_throwable_type);
    char *why = t ? uk_format("%s: %s", t->class_name, t->message ? t->message : "null") : NULL;
    uk_log(sys, UKKO_LOG_ERROR, "LocalActorRefProvider",
           "org.apache.pekko.actor.LocalActorRefProvider", NULL, why,
           "guardian failed, shutting down system");
    uk_free(why);
    uk_system_final_terminate(sys);
}
uk_phase uk_system_phase(ukko_system *sys) {
    pthread_mutex_lock(&sys->lock);
    uk_phase phase = sys->phase;
    pthread_mutex_unlock(&sys->lock);
    return phase;
}
bool uk_system_ended(ukko_system *sys) { return uk_system_phase(sys) == UK_PHASE_DONE; }
int ukko_system_wait(ukko_system *sys, int64_t timeout_ms) {
    if (uk_sched_on_worker()) return UKKO_EDEADLOCK;
    int64_t until = timeout_ms < 0 ? INT64_MAX : uk_ns_after(timeout_ms);
    pthread_mutex_lock(&sys->lock);
    while (sys->phase != UK_PHASE_DONE && uk_cond_wait_until(&sys->changed, &sys->lock, until)) {}
    bool done = sys->phase == UK_PHASE_DONE;
    pthread_mutex_unlock(&sys->lock);
    return done ? UKKO_OK : UKKO_ETIMEOUT;
}
static void release_guardian(uk_cell *c) { /* the system's count; its life's when it never ran */
    bool stopped = uk_cell_stopped(c);
    if (!stopped) uk_cell_close(c);
    if (!stopped) uk_ref_release_n(&c->ref, 1u + c->spare);
    uk_ref_release(&c->ref);
}
static void end_running(ukko_system *sys) {
    ukko_system_terminate(sys);
    if (sys->threads) ukko_system_wait(sys, -1);
    else uk_step_to_end(sys);
}
void ukko_system_free(ukko_system *sys) {
    if (!sys) return;
    if (uk_system_phase(sys) >= UK_PHASE_RUNNING) end_running(sys); /* it may be ending right now */
    uk_dispatchers_stop(sys);
    uk_timers_stop(sys->timers);
    uk_watchdog_close(sys);
    uk_timers_drain(sys->timers); /* questions that are still open end now */
    if (sys->has_provider) sys->provider.free(sys->provider.self);
    run_at_end(sys, false);
    uk_extensions_free(sys->extensions);
    uk_coordinate_free(sys->coordinate);
    for (int i = 0; i < UK_SLOTS; i++)
        if (sys->slot_free[i]) sys->slot_free[i](sys->slots[i]);
    release_guardian(sys->user);
    release_guardian(sys->system_guardian);
    uk_events_fini(sys);
    uk_set_fini(&sys->address_watchers);
    uk_root_fini(sys);
    uk_dispatchers_free(sys->dispatchers);
    uk_mailboxes_free(sys->mailboxes);
    uk_free(sys->mailbox_kinds);
    uk_timers_free(sys->timers);
    pthread_mutex_destroy(&sys->lock);
    pthread_cond_destroy(&sys->changed);
    uk_deployments_free(sys->deployments);
    ukko_config_release(sys->config);
    uk_free(sys->types);
    uk_free(sys->actors);
    uk_free(sys->serializers);
    uk_free(sys->migrations);
    uk_free((char *)(uintptr_t)sys->local_address);
    uk_watchdog_free(sys);
    uk_step_close(sys);
    uk_free(sys->name);
    uk_free(sys);
}

/* ---- asking the system ---- */

const char *ukko_system_name(ukko_system *sys) { return sys->name; }
const ukko_config *ukko_system_config(ukko_system *sys) { return sys->config; }
ukko_ref *ukko_dead_letters(ukko_system *sys) { return sys->dead; }
int32_t ukko_system_uid(ukko_system *sys) { return sys->uid; }
uk_provider *uk_system_provider(ukko_system *sys) {
    return sys->has_provider ? &sys->provider : NULL;
}
void *uk_system_slot(ukko_system *sys, int slot) {
    return slot >= 0 && slot < UK_SLOTS ? sys->slots[slot] : NULL;
}
void uk_system_set_slot(ukko_system *sys, int slot, void *value) {
    if (slot >= 0 && slot < UK_SLOTS) sys->slots[slot] = value;
}
void *uk_system_claim_slot(ukko_system *sys, int slot, void *value, void (*free_fn)(void *)) {
    if (slot < 0 || slot >= UK_SLOTS) return NULL;
    pthread_mutex_lock(&sys->lock);
    if (!sys->slots[slot] && value) {
        sys->slots[slot] = value;
        sys->slot_free[slot] = free_fn;
    }
    void *there = sys->slots[slot];
    pthread_mutex_unlock(&sys->lock);
    return there;
}
const ukko_type *const *uk_system_types(ukko_system *sys, size_t *n) {
    *n = sys->n_types;
    return sys->types;
}
const struct ukko_serializer *const *uk_system_serializers(ukko_system *sys, size_t *n) {
    *n = sys->n_serializers;
    return sys->serializers;
}
const struct ukko_migration *const *uk_system_migrations(ukko_system *sys, size_t *n) {
    *n = sys->n_migrations;
    return sys->migrations;
}
const ukko_actor *uk_system_find_actor(ukko_system *sys, const char *name) {
    for (size_t i = 0; i < sys->n_actors; i++)
        if (!strcmp(sys->actors[i]->name, name)) return sys->actors[i];
    return NULL;
}
int ukko_system_spawn(ukko_system *sys, ukko_props *props, const char *name, ukko_ref **out) {
    uk_phase phase = uk_system_phase(sys);
    if (phase == UK_PHASE_RUNNING) return uk_cell_spawn(sys, sys->user, props, name, out);
    ukko_props_release(props);
    if (out) *out = NULL;
    return phase == UK_PHASE_NEW ? UKKO_ESTATE : UKKO_ESTOPPED;
}
