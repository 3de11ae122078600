/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatchers: their sections are found by id, aliases followed, and read once; their threads are
   started when the first actor is to run there. Any thread. */
#include "actor/dispatchers.h"
#include "actor/mailbox.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/os.h"

enum { MOST_ALIASES = 20, MOST_THREADS = 32767 };

typedef struct live { /* a dispatcher with threads */
    struct live *next;
    uk_dispatcher *d; /* one count */
    ukko_system *sys;
    uk_timer end;
    bool taken; /* by the end of the system */
} live;

struct uk_dispatchers {
    pthread_mutex_t lock; /* guards the rest, and what is made on demand in the confs; before timers */
    uk_dispatcher_conf *first;
    live *live, *ended;
    bool closing;
};

uk_dispatchers *uk_dispatchers_new(void) {
    uk_dispatchers *d = uk_zalloc(sizeof *d);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}
static void conf_free(uk_dispatcher_conf *c) {
    uk_dispatcher_release(c->instance);
    uk_shared_release(c->shared);
    ukko_config_release(c->config);
    uk_free(c->id);
    uk_free(c);
}
static void free_live(live *l) {
    for (live *next; l; l = next) {
        next = l->next;
        uk_dispatcher_release(l->d);
        uk_free(l);
    }
}
void uk_dispatchers_free(uk_dispatchers *d) {
    if (!d) return;
    free_live(d->live); /* of a system that never started */
    free_live(d->ended);
    for (uk_dispatcher_conf *c = d->first, *next; c; c = next) {
        next = c->next;
        conf_free(c);
    }
    pthread_mutex_destroy(&d->lock);
    uk_free(d);
}

/* ---- reading one ---- */

static int bad(const uk_dispatcher_conf *c, const char *member, int code, const char *expected,
               ukko_error *err) {
    ukko_error inner;
    ukko_config_explain(c->config, member, code, expected, &inner);
    return uk_error(err, UKKO_ECONFIG, "%.200s: %.250s", c->id, inner.message);
}
static int read_type(uk_dispatcher_conf *c, ukko_error *err) {
    static const struct {
        const char *name;
        uk_dispatcher_type type;
    } types[] = {
        {"Dispatcher", UK_DISPATCHER_SHARED},
        {"PinnedDispatcher", UK_DISPATCHER_PINNED},
        {"BalancingDispatcher", UK_DISPATCHER_BALANCING},
        {"org.apache.pekko.dispatch.DispatcherConfigurator", UK_DISPATCHER_SHARED},
        {"org.apache.pekko.dispatch.PinnedDispatcherConfigurator", UK_DISPATCHER_PINNED},
        {"org.apache.pekko.dispatch.BalancingDispatcherConfigurator", UK_DISPATCHER_BALANCING},
        {"org.apache.pekko.testkit.CallingThreadDispatcherConfigurator", UK_DISPATCHER_CALLING}};
    const char *name;
    int rc = ukko_config_string(c->config, "type", &name);
    if (rc) return bad(c, "type", rc, "a type of dispatcher", err);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name)) {
            c->type = types[i].type;
            return UKKO_OK;
        }
    return uk_error(err, UKKO_ECONFIG, "%.200s.type = \"%.200s\": there is no such dispatcher here",
                    c->id, name);
}
static int read_mailbox(uk_dispatcher_conf *c, ukko_error *err) {
    const char *text = "";
    int rc = ukko_config_string(c->config, "mailbox-requirement", &text);
    if (rc && rc != UKKO_ENOTFOUND) return bad(c, "mailbox-requirement", rc, "a class name", err);
    c->requirement = *text ? text : NULL;
    if (!c->requirement && c->type == UK_DISPATCHER_BALANCING)
        c->requirement = "org.apache.pekko.dispatch.MultipleConsumerSemantics";
    text = "";
    rc = ukko_config_string(c->config, "mailbox-type", &text);
    if (rc && rc != UKKO_ENOTFOUND) return bad(c, "mailbox-type", rc, "a class name", err);
    c->has_mailbox = *text;
    return UKKO_OK;
}
typedef struct scale { /* settings */
    const char *min, *factor, *max;
} scale;
static const scale fork_join = {"fork-join-executor.parallelism-min",
                                "fork-join-executor.parallelism-factor",
                                "fork-join-executor.parallelism-max"},
                   affinity = {"affinity-pool-executor.parallelism-min",
                               "affinity-pool-executor.parallelism-factor",
                               "affinity-pool-executor.parallelism-max"},
                   core_pool = {"thread-pool-executor.core-pool-size-min",
                                "thread-pool-executor.core-pool-size-factor",
                                "thread-pool-executor.core-pool-size-max"},
                   max_pool = {"thread-pool-executor.max-pool-size-min",
                               "thread-pool-executor.max-pool-size-factor",
                               "thread-pool-executor.max-pool-size-max"};

/* As Pekko scales a pool: cores times a factor, within bounds. */
static int scaled(const uk_dispatcher_conf *c, const scale *s, unsigned *out, ukko_error *err) {
    int64_t least, most;
    double factor;
    int rc = ukko_config_int(c->config, s->min, &least);
    if (rc) return bad(c, s->min, rc, "a number", err);
    if ((rc = ukko_config_int(c->config, s->max, &most))) return bad(c, s->max, rc, "a number", err);
    if ((rc = ukko_config_double(c->config, s->factor, &factor)))
        return bad(c, s->factor, rc, "a number", err);
    if (most < 1 || most > MOST_THREADS || least > most)
        return uk_error(err, UKKO_ECONFIG, "%.200s.%s: expected 1 to %d, and no less than %s", c->id,
                        s->max, MOST_THREADS, s->min);
    double n = (double)uk_cpu_count() * factor;
    if (!(n >= (double)least)) n = (double)least;
    if (n > (double)most) n = (double)most;
    if (!(n >= 1)) n = 1;
    *out = (unsigned)n + (n > (unsigned)n);
    return UKKO_OK;
}
/* A pool of the JVM goes beyond its core when its queue is full, which takes a bounded one; here
   those threads are there from the first actor on, and sleep. */
static int core_or_max(const uk_dispatcher_conf *c, unsigned *out, ukko_error *err) {
    static const char size[] = "thread-pool-executor.task-queue-size";
    int64_t queue;
    unsigned most;
    int rc = scaled(c, &core_pool, out, err);
    if (rc) return rc;
    if ((rc = ukko_config_int(c->config, size, &queue))) return bad(c, size, rc, "a number", err);
    if (queue < 1) return UKKO_OK;
    rc = scaled(c, &max_pool, &most, err);
    if (!rc && most > *out) *out = most;
    return rc;
}
static int pool_size(const uk_dispatcher_conf *c, unsigned *out, ukko_error *err) {
    static const char fixed[] = "thread-pool-executor.fixed-pool-size";
    const char *text;
    int64_t n;
    int rc = ukko_config_string(c->config, fixed, &text);
    if (!rc && (!strcmp(text, "off") || !strcmp(text, "false")))
        return core_or_max(c, out, err);
    if (!rc) rc = ukko_config_int(c->config, fixed, &n);
    if (rc || n < 1 || n > MOST_THREADS)
        return bad(c, fixed, rc ? rc : UKKO_ETYPE, "off, or a number of threads", err);
    *out = (unsigned)n;
    return UKKO_OK;
}
static int read_threads(uk_dispatcher_conf *c, ukko_error *err) {
    const char *name, *path = "executor";
    int rc = ukko_config_string(c->config, path, &name);
    if (!rc && !strcmp(name, "default-executor"))
        rc = ukko_config_string(c->config, path = "default-executor.fallback", &name);
    if (rc) return bad(c, path, rc, "an executor", err);
    if (!strcmp(name, "fork-join-executor"))
        return scaled(c, &fork_join, &c->threads, err);
    if (!strcmp(name, "affinity-pool-executor"))
        return scaled(c, &affinity, &c->threads, err);
    if (!strcmp(name, "thread-pool-executor")) return pool_size(c, &c->threads, err);
    return uk_error(err, UKKO_ECONFIG, "%.200s.%s = \"%.200s\": there is no such executor here",
                    c->id, path, name);
}
static int read_turns(uk_dispatcher_conf *c, ukko_error *err) {
    int64_t n;
    int rc = ukko_config_int(c->config, "throughput", &n);
    if (rc) return bad(c, "throughput", rc, "a number of messages", err);
    c->throughput = n < 1 ? 1 : n > INT32_MAX ? INT32_MAX : (unsigned)n;
    rc = ukko_config_duration_ns(c->config, "throughput-deadline-time", &c->deadline_ns);
    if (rc) return bad(c, "throughput-deadline-time", rc, "a duration", err);
    if (c->deadline_ns < 0) c->deadline_ns = 0;
    return UKKO_OK;
}
static int read_conf(ukko_system *sys, const char *id, uk_dispatcher_conf **out, ukko_error *err) {
    ukko_config *own = NULL, *defaults = NULL;
    if (ukko_config_object(sys->config, id, &own))
        return uk_error(err, UKKO_ECONFIG,
                        "Expected either a dispatcher config or an alias at [%.200s]", id);
    ukko_config_object(sys->config, UK_DEFAULT_DISPATCHER, &defaults);
    uk_dispatcher_conf *c = uk_zalloc(sizeof *c);
    c->id = uk_strdup(id);
    c->config = ukko_config_with_fallback(own, defaults);
    ukko_config_release(own);
    ukko_config_release(defaults);
    int rc = read_type(c, err);
    if (!rc) rc = read_mailbox(c, err);
    if (!rc) rc = read_threads(c, err);
    if (!rc) rc = read_turns(c, err);
    if (rc) conf_free(c);
    else *out = c;
    return rc;
}

/* ---- finding ---- */

static uk_dispatcher_conf *known(const uk_dispatchers *d, const char *id) {
    for (uk_dispatcher_conf *c = d->first; c; c = c->next)
        if (!strcmp(c->id, id)) return c;
    return NULL;
}
/* The id of the section that id stands for. */
static int follow(ukko_system *sys, const char **id, ukko_error *err) {
    const char *asked = *id;
    for (int i = 0; i < MOST_ALIASES; i++) {
        ukko_config_kind kind;
        int rc = ukko_config_kind_of(sys->config, *id, &kind);
        if (rc || kind == UKKO_CONFIG_NULL)
            return uk_error(err, UKKO_ECONFIG, "Dispatcher [%.200s] not configured", *id);
        if (kind != UKKO_CONFIG_STRING) return UKKO_OK;
        ukko_config_string(sys->config, *id, id);
    }
    return uk_error(err, UKKO_ECONFIG,
                    "Dispatcher [%.200s] is an alias of an alias ...: is there a loop?", asked);
}
int uk_dispatcher_find(ukko_system *sys, const char *id, const uk_dispatcher_conf **out,
                       ukko_error *err) {
    uk_dispatchers *d = sys->dispatchers;
    uk_dispatcher_conf *c = NULL;
    int rc = follow(sys, &id, err);
    if (rc) return rc;
    pthread_mutex_lock(&d->lock);
    *out = known(d, id);
    if (!*out && !(rc = read_conf(sys, id, &c, err))) {
        c->next = d->first;
        d->first = c;
        *out = c;
    }
    pthread_mutex_unlock(&d->lock);
    return rc;
}

/* ---- running; the lock is held but where it says ---- */

static uk_dispatcher *make(ukko_system *sys, const uk_dispatcher_conf *c, unsigned threads,
                           uint64_t seed) {
    uk_dispatcher_opts o = {.id = c->id,
                            .threads = threads,
                            .throughput = c->throughput,
                            .deadline_ns = c->deadline_ns,
                            .seed = seed,
                            .home = threads ? NULL : sys->dispatcher,
                            .calling = c->type == UK_DISPATCHER_CALLING,
                            .pinned = threads && c->type == UK_DISPATCHER_PINNED};
    return uk_dispatcher_new(sys, &o);
}
static void add_live(ukko_system *sys, uk_dispatcher *d) { /* takes a count */
    live *l = uk_zalloc(sizeof *l);
    *l = (live){.next = sys->dispatchers->live, .d = d, .sys = sys};
    sys->dispatchers->live = l;
}
static int started(const uk_dispatcher_conf *c, uk_dispatcher *d, ukko_error *err) {
    int rc = uk_dispatcher_start(d);
    return rc ? uk_error(err, rc, "cannot start the threads of dispatcher [%.200s]", c->id) : UKKO_OK;
}
static unsigned threads_of(const ukko_system *sys, const uk_dispatcher_conf *c) {
    if (!sys->threads || c->type == UK_DISPATCHER_CALLING) return 0;
    return c->type == UK_DISPATCHER_PINNED ? 1 : c->threads;
}
int uk_dispatcher_get(ukko_system *sys, const uk_dispatcher_conf *conf, uk_dispatcher **out,
                      ukko_error *err) {
    uk_dispatcher_conf *c = (uk_dispatcher_conf *)(uintptr_t)conf;
    uk_dispatchers *all = sys->dispatchers;
    int rc = UKKO_OK;
    pthread_mutex_lock(&all->lock);
    uk_dispatcher *d = c->instance;
    if (!d) {
        unsigned threads = threads_of(sys, c);
        bool pinned = threads && c->type == UK_DISPATCHER_PINNED;
        d = make(sys, c, threads, 0);
        if (threads) add_live(sys, uk_dispatcher_retain(d)); /* also with a part of its threads */
        if (threads) rc = started(c, d, err);
        if (!pinned) c->instance = d;
        else if (rc) uk_dispatcher_release(d);
    }
    pthread_mutex_unlock(&all->lock);
    *out = d;
    return rc;
}
uk_shared *uk_dispatcher_shared(ukko_system *sys, const uk_dispatcher_conf *conf,
                                const uk_mailbox *box) {
    uk_dispatcher_conf *c = (uk_dispatcher_conf *)(uintptr_t)conf;
    pthread_mutex_lock(&sys->dispatchers->lock);
    if (!c->shared) {
        c->shared = uk_shared_new();
        if (box && box->bounded) uk_shared_limit(c->shared, box->capacity, box->push_ns);
    }
    pthread_mutex_unlock(&sys->dispatchers->lock);
    return c->shared;
}

/* ---- the system's own two; no lock is needed yet ---- */

static bool same_numbers(const uk_dispatcher_conf *c, int64_t min, double factor, int64_t max) {
    int64_t n;
    double f;
    const char *executor;
    int rc = ukko_config_string(c->config, "executor", &executor);
    if (!rc && !strcmp(executor, "default-executor"))
        rc = ukko_config_string(c->config, "default-executor.fallback", &executor);
    return !rc && !strcmp(executor, "fork-join-executor") &&
           !ukko_config_int(c->config, fork_join.min, &n) && n == min &&
           !ukko_config_double(c->config, fork_join.factor, &f) &&
           f >= factor && f <= factor &&
           !ukko_config_int(c->config, fork_join.max, &n) && n == max;
}
static int own(ukko_system *sys, const char *id, uk_dispatcher_conf **out, ukko_error *err) {
    const uk_dispatcher_conf *c;
    int rc = uk_dispatcher_find(sys, id, &c, err);
    if (!rc) *out = (uk_dispatcher_conf *)(uintptr_t)c;
    return rc;
}
static uk_dispatcher *open_one(ukko_system *sys, uk_dispatcher_conf *c, uint64_t seed) {
    uk_dispatcher *d = make(sys, c, sys->threads ? c->threads : 0, seed);
    if (c->type == UK_DISPATCHER_SHARED) c->instance = uk_dispatcher_retain(d);
    add_live(sys, d);
    return d;
}
int uk_dispatchers_open(ukko_system *sys, int threads, uint64_t seed, ukko_error *err) {
    uk_dispatcher_conf *d, *i;
    int rc = own(sys, UK_DEFAULT_DISPATCHER, &d, err);
    if (!rc) rc = own(sys, UK_INTERNAL_DISPATCHER, &i, err);
    if (rc) return rc;
    /* what Pekko's reference says is for threads that block; here a thread a core does */
    if (threads > 0) d->threads = (unsigned)threads;
    else if (same_numbers(d, 8, 1.0, 64)) d->threads = (unsigned)uk_cpu_count();
    if (same_numbers(i, 4, 1.0, 64)) i->threads = 1;
    sys->threads = threads ? (int)d->threads : 0;
    sys->dispatcher = open_one(sys, d, seed);
    sys->internal = i == d ? sys->dispatcher : open_one(sys, i, seed);
    return UKKO_OK;
}
int uk_dispatchers_start(ukko_system *sys) {
    int rc = sys->threads ? uk_dispatcher_start(sys->dispatcher) : UKKO_OK;
    if (!rc && sys->threads && sys->internal != sys->dispatcher)
        rc = uk_dispatcher_start(sys->internal);
    return rc;
}

/* ---- their end ---- */

static void reap(void *data) { /* on the timer thread: its thread is about to end */
    live *l = data, **at;
    uk_dispatchers *all = l->sys->dispatchers;
    pthread_mutex_lock(&all->lock);
    bool mine = !l->taken;
    for (at = &all->live; mine && *at != l; at = &(*at)->next) {}
    if (mine) *at = l->next;
    pthread_mutex_unlock(&all->lock);
    if (!mine) return;
    uk_dispatcher_stop(l->d);
    uk_dispatcher_release(l->d);
    uk_free(l);
}
void uk_dispatchers_over(ukko_system *sys, uk_dispatcher *d) {
    uk_dispatchers *all = sys->dispatchers;
    pthread_mutex_lock(&all->lock);
    for (live *l = all->live; l && !all->closing; l = l->next)
        if (l->d == d) {
            uk_timer_start(sys->timers, &l->end, 1, reap, l);
            break;
        }
    pthread_mutex_unlock(&all->lock);
}
void uk_dispatchers_stop(ukko_system *sys) {
    uk_dispatchers *all = sys->dispatchers;
    pthread_mutex_lock(&all->lock);
    all->closing = true;
    all->ended = all->live;
    all->live = NULL;
    for (live *l = all->ended; l; l = l->next) l->taken = true;
    pthread_mutex_unlock(&all->lock);
    for (live *l = all->ended; l; l = l->next) uk_dispatcher_stop(l->d);
}
size_t uk_dispatchers_all(ukko_system *sys, uk_dispatcher ***out) {
    uk_dispatchers *all = sys->dispatchers;
    size_t n = 0;
    pthread_mutex_lock(&all->lock);
    for (live *l = all->live; l; l = l->next) n++;
    *out = uk_alloc((n + 1) * sizeof(uk_dispatcher *));
    n = 0;
    for (live *l = all->live; l; l = l->next) (*out)[n++] = uk_dispatcher_retain(l->d);
    pthread_mutex_unlock(&all->lock);
    return n;
}
