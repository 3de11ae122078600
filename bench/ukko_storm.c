/* SPDX-License-Identifier: Apache-2.0 */
/* Remote children by the hundred thousand: `host` is the node on which they are made, `drive` has them
   made, says something to each, stops it when it has answered, and makes the next one when it has
   ended. So many live at a time as the window says. Both talk as well to the JVM peer's storm-drive and
   storm-host, and answer each line on stdin with how much they hold: what is left over is a leak.
   Actors run on the system's workers; main waits. */
#include "common/process.h"
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ukko/ukko.h>

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static long resident_kb(void) {
    long pages = 0, size;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
    if (f) fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* ---- the child -------------------------------------------------------------------------- */

static _Atomic long started, stopped; /* relaxed: read when all is quiet */

typedef struct child {
    int unused;
} child;
static int child_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args) {
    (void)ctx, (void)state, (void)args, (void)n_args;
    atomic_fetch_add_explicit(&started, 1, memory_order_relaxed);
    return UKKO_OK;
}
static void child_stop(ukko_ctx *ctx, void *state) {
    (void)ctx, (void)state;
    atomic_fetch_add_explicit(&stopped, 1, memory_order_relaxed);
}
static int child_bytes(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    ukko_reply_msg(ctx, ukko_msg_retain(ukko_current(ctx)));
    return UKKO_OK;
}
static const ukko_case child_cases[] = {{&ukko_bytes_type, child_bytes}, {NULL, NULL}};
static const ukko_actor child_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(child),
                                       .name = "ukko.oracle.Storm$Child",
                                       .receive = {child_cases, NULL},
                                       .start = child_start,
                                       .stop = child_stop};

/* ---- the parent ------------------------------------------------------------------------- */

static struct job { /* one storm; main waits for its end */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const char *to;
    long count, window, made, answered, ended, unconfirmed;
    bool done;
} job = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

typedef struct parent {
    int unused;
} parent;
static int make_one(ukko_ctx *ctx) {
    static uint8_t hundred[100];
    ukko_slice text = {hundred, sizeof hundred};
    ukko_props *props = ukko_props_new(&child_actor);
    ukko_ref *made;
    int rc = ukko_props_deploy(props, job.to);
    if (rc) {
        ukko_props_release(props);
        return rc;
    }
    rc = ukko_spawn(ctx, props, NULL, &made);
    if (rc) return rc;
    ukko_watch(ctx, made);
    ukko_tell(ctx, made, &ukko_bytes_type, &text);
    ukko_ref_release(made);
    job.made++;
    return UKKO_OK;
}
static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args) {
    int rc = UKKO_OK;
    (void)state, (void)args, (void)n_args;
    for (long i = 0; i < job.window && job.made < job.count && !rc; i++) rc = make_one(ctx);
    return rc;
}
static int parent_answer(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    job.answered++;
    ukko_stop(ctx, ukko_sender(ctx));
    return UKKO_OK;
}
static int parent_ended(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    if (!((const ukko_terminated *)body)->existence_confirmed) job.unconfirmed++;
    if (job.made < job.count) {
        int rc = make_one(ctx);
        if (rc) return rc;
    }
    if (++job.ended < job.count) return UKKO_OK;
    ukko_stop(ctx, ukko_self(ctx));
    pthread_mutex_lock(&job.mutex);
    job.done = true;
    pthread_cond_signal(&job.changed);
    pthread_mutex_unlock(&job.mutex);
    return UKKO_OK;
}
static const ukko_case parent_cases[] = {{&ukko_bytes_type, parent_answer},
                                         {&ukko_terminated_type, parent_ended},
                                         {NULL, NULL}};
static const ukko_actor parent_actor = {.size = sizeof(ukko_actor),
                                        .state_size = sizeof(parent),
                                        .name = "Parent",
                                        .receive = {parent_cases, NULL},
                                        .start = parent_start};

/* ---- the two programs ------------------------------------------------------------------- */

static void fail(const char *what, int rc, const char *detail) {
    fprintf(stderr, "ukko_storm: %s: %s%s%s\n", what, ukko_strerror(rc), *detail ? ": " : "", detail);
    exit(1);
}
static ukko_system *start_system(const char *name, const char *hocon) {
    static const char base[] =
        "pekko.actor.provider = remote\n"
        "pekko.remote.artery.enabled = off\n"
        "pekko.remote.use-unsafe-remote-features-outside-cluster = on\n"
        "pekko.loglevel = WARNING\n"
        "pekko.remote.classic.netty.tcp { hostname = \"127.0.0.1\", port = 0 }\n";
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_config *parsed = NULL, *config = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    char text[4096];
    snprintf(text, sizeof text, "%s%s\n", base, hocon ? hocon : "");
    int rc = ukko_config_parse(&parsed, ukko_str(text), "storm", &err);
    if (!rc) rc = ukko_config_load_from(&config, parsed, &err);
    opts.config = config;
    if (!rc) rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_system_add_actor(sys, &child_actor);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    ukko_config_release(parsed);
    ukko_config_release(config);
    if (rc) fail("start", rc, err.message);
    printf("{\"ev\":\"started\",\"address\":\"%s\",\"ukko\":\"%s\",\"pid\":%d}\n",
           ukko_remote_address(sys), ukko_version_text(), (int)getpid());
    fflush(stdout);
    return sys;
}
static void report(void) {
    malloc_trim(0);
    printf("{\"ev\":\"held\",\"bytes\":%ld,\"started\":%ld,\"stopped\":%ld,\"cpu_s\":%.3f}\n",
           resident_kb() * 1024, atomic_load_explicit(&started, memory_order_relaxed),
           atomic_load_explicit(&stopped, memory_order_relaxed), cpu_of(RUSAGE_SELF));
    fflush(stdout);
}
static void storm(ukko_system *sys, const char *to, long count, long window) {
    job.to = to;
    job.count = count;
    job.window = window;
    job.made = job.answered = job.ended = job.unconfirmed = 0;
    job.done = false;
    int64_t t0 = now_ns();
    double cpu = cpu_of(RUSAGE_SELF);
    int rc = ukko_system_spawn(sys, ukko_props_new(&parent_actor), NULL, NULL);
    if (rc) fail("parent", rc, "");
    pthread_mutex_lock(&job.mutex);
    while (!job.done) pthread_cond_wait(&job.changed, &job.mutex);
    pthread_mutex_unlock(&job.mutex);
    double s = (double)(now_ns() - t0) / 1e9;
    printf("{\"ev\":\"storm\",\"made\":%ld,\"answered\":%ld,\"ended\":%ld,\"unconfirmed\":%ld,"
           "\"seconds\":%.3f,\"per_s\":%.1f,\"cpu_s\":%.3f}\n",
           job.made, job.answered, job.ended, job.unconfirmed, s, (double)count / s, cpu_of(RUSAGE_SELF) - cpu);
    fflush(stdout);
}
/* "held" and, of the driver, "storm COUNT WINDOW"; the end of stdin ends it. */
static int obey(ukko_system *sys, const char *to) {
    char line[100];
    long count, window;
    while (fgets(line, sizeof line, stdin)) {
        if (!strcmp(line, "held\n")) report();
        else if (to && sscanf(line, "storm %ld %ld", &count, &window) == 2 && count > 0 && window > 0)
            storm(sys, to, count, window);
        else fprintf(stderr, "ukko_storm: not understood: %s", line);
    }
    ukko_system_free(sys);
    return 0;
}

int main(int argc, char **argv) {
    const char *to = NULL, *hocon = NULL;
    bool drives = argc > 1 && !strcmp(argv[1], "storm-drive");
    bool fine = drives || (argc > 1 && !strcmp(argv[1], "storm-host"));
    for (int i = 2; i < argc && fine; i += 2) {
        if (i + 1 < argc && !strcmp(argv[i], "--to")) to = argv[i + 1];
        else if (i + 1 < argc && !strcmp(argv[i], "--hocon")) hocon = argv[i + 1];
        else fine = false;
    }
    if (!fine || drives == !to) {
        fputs("usage: ukko_storm storm-host [--hocon TEXT]\n"
              "       ukko_storm storm-drive --to ADDRESS [--hocon TEXT]\n",
              stderr);
        return 2;
    }
    return obey(start_system(drives ? "driver" : "host", hocon), to);
}
