/* SPDX-License-Identifier: Apache-2.0 */
/* What a node costs: its start, its memory at rest, a million references to actors of another node,
   and the watch of a hundred thousand of them. On the public headers.

       ukko_scale start           time and processor time until a node listens, memory at rest
       ukko_scale refs N          N references to actors elsewhere: bytes and time each
       ukko_scale watch N         a parent with N children on one node, watched by an actor on another in
                                  the same process, and stopped: watches and ends a second          */
#include "common/bench.h"
#include "common/process.h"
#include <pthread.h>
#include <ukko/ukko.h>

static double rss(void) {
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2) abort();
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}
static ukko_system *node(const char *name) {
    static const char text[] =
        "pekko.actor.provider = remote, pekko.remote.artery.enabled = off, pekko.loglevel = ERROR\n"
        "pekko.remote.warn-about-direct-use = off\n"
        "pekko.remote.use-unsafe-remote-features-outside-cluster = on\n"
        "pekko.remote.classic.system-message-buffer-size = 1000000\n"
        "pekko.remote.classic.netty.tcp { hostname = \"127.0.0.1\", port = 0 }\n";
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_config *parsed = NULL, *config = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    int rc = ukko_config_parse(&parsed, ukko_str(text), "bench", &err);
    if (!rc) rc = ukko_config_load_from(&config, parsed, &err);
    opts.config = config;
    if (!rc) rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (rc) {
        fprintf(stderr, "ukko_scale: %s: %s\n", ukko_strerror(rc), err.message);
        exit(1);
    }
    ukko_config_release(parsed);
    ukko_config_release(config);
    return sys;
}

static int start(void) {
    char extra[80];
    double c = cpu_of(RUSAGE_SELF);
    uint64_t t = now_ns();
    ukko_system *sys = node("start");
    snprintf(extra, sizeof extra, ",\"wall_ms\":%.3f", (double)(now_ns() - t) / 1e6);
    report("ukko", "node_start", (cpu_of(RUSAGE_SELF) - c) * 1e3, "ms cpu", extra);
    report("ukko", "node_memory", rss() / 1048576.0, "MiB", "");
    ukko_system_free(sys);
    return 0;
}

static int refs(size_t n) {
    ukko_system *sys = node("refs");
    ukko_ref **all = malloc(n * sizeof *all);
    if (!all) abort();
    memset(all, 0, n * sizeof *all); /* its pages are there before */
    double before = rss();
    uint64_t t = now_ns();
    for (size_t i = 0; i < n; i++) {
        char path[128];
        snprintf(path, sizeof path, "pekko.tcp://there@127.0.0.1:7355/user/parent/child%zu#%zu", i, i + 1);
        all[i] = ukko_system_ref(sys, path);
    }
    report("ukko", "remote_refs", (rss() - before) / (double)n, "bytes/ref", "");
    report("ukko", "remote_refs_rate", (double)n / ((double)(now_ns() - t) / 1e9), "refs/s", "");
    for (size_t i = 0; i < n; i++) ukko_ref_release(all[i]);
    free(all);
    ukko_system_free(sys);
    return 0;
}

/* ---- watching ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t n, spawned, ended;
    ukko_ref **children; /* as the other node knows them */
} w = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void count(size_t *what) {
    pthread_mutex_lock(&w.lock);
    if (++*what == w.n) pthread_cond_broadcast(&w.changed);
    pthread_mutex_unlock(&w.lock);
}
static void wait_for(size_t *what) {
    pthread_mutex_lock(&w.lock);
    while (*what < w.n) pthread_cond_wait(&w.changed, &w.lock);
    pthread_mutex_unlock(&w.lock);
}
static const ukko_actor child = {.size = sizeof(ukko_actor), .name = "Child"};
static char (*paths)[160];

static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args) {
    (void)state, (void)args, (void)n_args;
    for (size_t i = 0; i < w.n; i++) {
        ukko_ref *ref;
        if (ukko_spawn(ctx, ukko_props_new(&child), NULL, &ref)) abort();
        snprintf(paths[i], sizeof paths[i], "%s", ukko_ref_path(ref));
        ukko_ref_release(ref);
        count(&w.spawned);
    }
    return UKKO_OK;
}
static const ukko_actor parent = {
    .size = sizeof(ukko_actor), .name = "Parent", .start = parent_start};

static int on_go(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    for (size_t i = 0; i < w.n; i++) ukko_watch(ctx, w.children[i]);
    return UKKO_OK;
}
static int on_end(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx, (void)state, (void)body;
    count(&w.ended);
    return UKKO_OK;
}
static const ukko_case watcher_cases[] = {
    {&ukko_string_type, on_go}, {&ukko_terminated_type, on_end}, {NULL, NULL}};
static const ukko_actor watcher = {
    .size = sizeof(ukko_actor), .name = "Watcher", .receive = {watcher_cases, NULL}};

static int watch(size_t n) {
    ukko_system *here = node("here"), *there = node("there");
    ukko_ref *p, *watching;
    w.n = n;
    paths = malloc(n * sizeof *paths);
    w.children = malloc(n * sizeof *w.children);
    if (!paths || !w.children) abort();
    if (ukko_system_spawn(there, ukko_props_new(&parent), "parent", &p) ||
        ukko_system_spawn(here, ukko_props_new(&watcher), "watcher", &watching))
        abort();
    wait_for(&w.spawned);
    for (size_t i = 0; i < n; i++) w.children[i] = ukko_system_ref(here, paths[i]);
    uint64_t t = now_ns();
    double c = cpu_of(RUSAGE_SELF);
    ukko_tell_text(NULL, watching, "go");
    /* the watches are acknowledged before any of the ends, as both go in order */
    ukko_tell_msg(NULL, p, ukko_msg_new(&ukko_poison_pill_type));
    wait_for(&w.ended);
    char extra[80];
    snprintf(extra, sizeof extra, ",\"cpu_us_each\":%.3f", (cpu_of(RUSAGE_SELF) - c) / (double)n * 1e6);
    report("ukko", "remote_watch", (double)n / ((double)(now_ns() - t) / 1e9), "watches/s", extra);
    for (size_t i = 0; i < n; i++) ukko_ref_release(w.children[i]);
    ukko_ref_release(p);
    ukko_ref_release(watching);
    ukko_system_free(here);
    ukko_system_free(there);
    free(paths);
    free(w.children);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (!strcmp(what, "start")) return start();
    if (!strcmp(what, "refs") && n) return refs(n);
    if (!strcmp(what, "watch") && n) return watch(n);
    fputs("usage: ukko_scale start | refs N | watch N\n", stderr);
    return 2;
}
