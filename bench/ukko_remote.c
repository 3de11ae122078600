/* SPDX-License-Identifier: Apache-2.0 */
/* The remote workloads between two processes, on ukko's public API: `server` and `client`, each of
   which talks as well to the JVM peer's bench-client and bench-server, as the actors and messages
   are the same. The client drives one actor at a time: Ping keeps one message in flight; Flood keeps
   windows of messages in flight, each ended by a marker (an Integer) that the server answers with
   its count (a Long). Actors run on the system's workers; main waits. */
#include "common/process.h"
#include <pthread.h>
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

/* ---- The server's actors ---------------------------------------------------------------- */

typedef struct counter {
    int64_t n;
} counter;

static int counter_bytes(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx, (void)body;
    ((counter *)state)->n++;
    return UKKO_OK;
}
static int counter_marker(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    ukko_reply(ctx, &ukko_long_type, &((counter *)state)->n);
    return UKKO_OK;
}
static int counter_text(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_string *text = body;
    if (strcmp(text->text, "reset") != 0) return UKKO_UNHANDLED;
    ((counter *)state)->n = 0;
    ukko_reply_text(ctx, "ok");
    return UKKO_OK;
}
static const ukko_case counter_cases[] = {{&ukko_bytes_type, counter_bytes},
                                          {&ukko_int_type, counter_marker},
                                          {&ukko_string_type, counter_text},
                                          {NULL, NULL}};
static const ukko_actor counter_actor = UKKO_ACTOR(counter, "Counter", counter_cases);

typedef struct pong {
    int unused;
} pong;
static int pong_bytes(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    ukko_reply_msg(ctx, ukko_msg_retain(ukko_current(ctx)));
    return UKKO_OK;
}
static const ukko_case pong_cases[] = {{&ukko_bytes_type, pong_bytes}, {NULL, NULL}};
static const ukko_actor pong_actor = UKKO_ACTOR(pong, "Pong", pong_cases);

/* ---- The client's actors ---------------------------------------------------------------- */

/* What one actor is to do, and what it found. Its kind is a table of its own that points here. */
typedef struct job {
    ukko_actor kind;
    ukko_ref *to;
    ukko_slice message;
    int64_t nanos;
    int32_t window, inflight;
    uint32_t *latencies; /* nanoseconds */
    size_t n, cap;
    double per_second;
    int64_t counted, lost;
} job;

static struct { /* main waits until no job is left */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int left;
} jobs = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static job *job_of(ukko_ctx *ctx) { return ukko_ctx_actor(ctx)->data; }
static int job_done(ukko_ctx *ctx) {
    ukko_stop(ctx, ukko_self(ctx));
    pthread_mutex_lock(&jobs.mutex);
    jobs.left--;
    pthread_cond_signal(&jobs.changed);
    pthread_mutex_unlock(&jobs.mutex);
    return UKKO_OK;
}

typedef struct ping {
    int64_t t0, until;
} ping;
static int ping_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args) {
    ping *self = state;
    job *j = job_of(ctx);
    (void)args, (void)n_args;
    self->t0 = now_ns();
    self->until = self->t0 + j->nanos;
    ukko_tell(ctx, j->to, &ukko_bytes_type, &j->message);
    return UKKO_OK;
}
static int ping_bytes(ukko_ctx *ctx, void *state, const void *body) {
    ping *self = state;
    job *j = job_of(ctx);
    int64_t t = now_ns();
    (void)body;
    if (j->n == j->cap) {
        j->cap = j->cap ? j->cap * 2 : 1 << 20;
        j->latencies = realloc(j->latencies, j->cap * sizeof *j->latencies);
        if (!j->latencies) abort();
    }
    j->latencies[j->n++] = (uint32_t)(t - self->t0);
    if (t >= self->until) return job_done(ctx);
    self->t0 = now_ns();
    ukko_tell(ctx, j->to, &ukko_bytes_type, &j->message);
    return UKKO_OK;
}
static const ukko_case ping_cases[] = {{&ukko_bytes_type, ping_bytes}, {NULL, NULL}};
static const ukko_actor ping_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(ping),
                                      .name = "Ping",
                                      .receive = {ping_cases, NULL},
                                      .start = ping_start};

typedef struct flood {
    int64_t started, sent;
    int32_t out;
} flood;
static void flood_window(ukko_ctx *ctx, flood *self) {
    job *j = job_of(ctx);
    for (int32_t i = 0; i < j->window; i++) ukko_tell(ctx, j->to, &ukko_bytes_type, &j->message);
    ukko_tell(ctx, j->to, &ukko_int_type, &self->out);
    self->sent += j->window;
    self->out++;
}
static int flood_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n_args) {
    (void)state, (void)args, (void)n_args;
    ukko_tell_text(ctx, job_of(ctx)->to, "reset");
    return UKKO_OK;
}
static int flood_ready(ukko_ctx *ctx, void *state, const void *body) {
    flood *self = state;
    (void)body;
    self->started = now_ns();
    for (int32_t i = 0; i < job_of(ctx)->inflight; i++) flood_window(ctx, self);
    return UKKO_OK;
}
static int flood_count(ukko_ctx *ctx, void *state, const void *body) {
    flood *self = state;
    job *j = job_of(ctx);
    int64_t counted = *(const int64_t *)body, t = now_ns() - self->started;
    self->out--;
    if (t < j->nanos) {
        flood_window(ctx, self);
        return UKKO_OK;
    }
    if (self->out > 0) return UKKO_OK;
    j->per_second = (double)counted / ((double)t / 1e9);
    j->counted = counted;
    j->lost = self->sent - counted;
    return job_done(ctx);
}
static const ukko_case flood_cases[] = {{&ukko_string_type, flood_ready},
                                        {&ukko_long_type, flood_count},
                                        {NULL, NULL}};
static const ukko_actor flood_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(flood),
                                       .name = "Flood",
                                       .receive = {flood_cases, NULL},
                                       .start = flood_start};

/* ---- Options, systems -------------------------------------------------------------------- */

typedef struct options {
    const char *to, *hocon, *label;
    double warm, secs;
    int repeat, window, inflight, threads, links, nodes;
    bool rtt_only, one_way_only;
    size_t sizes[8], n_sizes;
} options;

static ukko_system *start_system(const char *name, const options *o) {
    static const char base[] = "pekko.actor.provider = remote\n"
                               "pekko.remote.artery.enabled = off\n"
                               "pekko.loglevel = ERROR\n"
                               "pekko.remote.classic.netty.tcp { hostname = \"127.0.0.1\", port = 0 }\n";
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_config *parsed = NULL, *config = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(name, NULL);
    char text[4096];
    snprintf(text, sizeof text, "%s%s\n", base, o->hocon ? o->hocon : "");
    int rc = ukko_config_parse(&parsed, ukko_str(text), "bench", &err);
    if (!rc) rc = ukko_config_load_from(&config, parsed, &err);
    opts.config = config;
    opts.threads = o->threads;
    if (!rc) rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    ukko_config_release(parsed);
    ukko_config_release(config);
    if (rc) {
        fprintf(stderr, "ukko_remote: %s: %s\n", ukko_strerror(rc), err.message);
        exit(1);
    }
    return sys;
}

/* One sink for each link, so that the counts are apart: /user/bench, /user/bench1, ... */
static ukko_system *start_server(const options *o) {
    ukko_system *sys = start_system("bench", o);
    int rc = ukko_system_spawn(sys, ukko_props_new(&pong_actor), "pong", NULL);
    for (int i = 0; i < o->links && !rc; i++) {
        char name[32];
        snprintf(name, sizeof name, i ? "bench%d" : "bench", i);
        rc = ukko_system_spawn(sys, ukko_props_new(&counter_actor), name, NULL);
    }
    if (rc) {
        fprintf(stderr, "ukko_remote: %s\n", ukko_strerror(rc));
        exit(1);
    }
    return sys;
}
static int server(const options *o) {
    ukko_system **nodes = calloc((size_t)o->nodes, sizeof *nodes);
    if (!nodes) abort();
    printf("{\"ev\":\"started\",\"ukko\":\"%s\",\"pid\":%d,\"address\":\"", ukko_version_text(),
           (int)getpid());
    for (int i = 0; i < o->nodes; i++) {
        nodes[i] = start_server(o);
        printf(i ? ",%s" : "%s", ukko_remote_address(nodes[i]));
    }
    printf("\"}\n");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    for (int i = 0; i < o->nodes; i++) ukko_system_free(nodes[i]);
    free(nodes);
    return 0;
}

typedef struct link {
    ukko_system *sys;
    ukko_ref *pong, *sink;
    job job;
} link_;

static void run_jobs(link_ *links, int n, const ukko_actor *actor, const options *o, size_t size,
                     double secs) {
    static uint8_t pattern[128 * 1024];
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)i;
    jobs.left = n;
    int rc = 0;
    for (int i = 0; i < n && !rc; i++) {
        job *j = &links[i].job;
        uint32_t *latencies = j->latencies;
        size_t cap = j->cap;
        *j = (job){.kind = *actor, .message = {pattern, size}, .nanos = (int64_t)(secs * 1e9),
                   .to = actor == &ping_actor ? links[i].pong : links[i].sink,
                   .window = o->window, .inflight = o->inflight, .latencies = latencies, .cap = cap};
        j->kind.data = j;
        rc = ukko_system_spawn(links[i].sys, ukko_props_new(&j->kind), NULL, NULL);
    }
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += (time_t)secs + 60;
    pthread_mutex_lock(&jobs.mutex);
    while (!rc && jobs.left) rc = pthread_cond_timedwait(&jobs.changed, &jobs.mutex, &limit);
    pthread_mutex_unlock(&jobs.mutex);
    if (rc) {
        fprintf(stderr, "ukko_remote: no result in time (%d)\n", rc);
        exit(1);
    }
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const options *o, link_ *links, int n, bool rtt, size_t size, double cpu) {
    printf("{\"ev\":\"bench\",\"label\":\"%s\",\"what\":\"%s\",\"size\":%zu,", o->label,
           rtt ? "rtt" : "oneway", size);
    if (rtt) {
        job *j = &links[0].job;
        qsort(j->latencies, j->n, sizeof *j->latencies, compare);
        printf("\"n\":%zu,\"median_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,\"cpu_s\":%.4f}\n",
               j->n, j->latencies[j->n / 2] / 1e3, j->latencies[j->n * 99 / 100] / 1e3,
               j->latencies[j->n * 999 / 1000] / 1e3, cpu);
    } else {
        double rate = 0;
        long long lost = 0, counted = 0;
        for (int i = 0; i < n; i++) {
            rate += links[i].job.per_second;
            lost += links[i].job.lost;
            counted += links[i].job.counted;
        }
        printf("\"n\":%lld,\"msgs_per_s\":%.1f,\"lost\":%lld,\"cpu_s\":%.4f}\n", counted, rate,
               lost, cpu);
    }
    fflush(stdout);
}

static ukko_ref *find(ukko_system *sys, const char *address, const char *path) {
    char full[512];
    ukko_ref *ref = NULL;
    snprintf(full, sizeof full, "%s%s", address, path);
    int rc = ukko_find_wait(sys, full, 20000, &ref);
    if (rc) {
        fprintf(stderr, "ukko_remote: %s: %s\n", full, ukko_strerror(rc));
        exit(1);
    }
    return ref;
}
static void measure(const options *o, link_ *links, int n, const ukko_actor *actor, size_t size) {
    double cpu = cpu_of(RUSAGE_SELF);
    run_jobs(links, n, actor, o, size, o->secs);
    report(o, links, n, actor == &ping_actor, size, cpu_of(RUSAGE_SELF) - cpu);
}
/* As long as the JVM's client does for what is measured (Bench.java), so that a JVM that serves both
   has compiled as much. */
static void warm_up(const options *o, link_ *links) {
    double each = o->warm * (o->one_way_only ? 1 : 0.6) / (double)o->n_sizes;
    if (!o->one_way_only)
        run_jobs(links, 1, &ping_actor, o, 100, o->warm * (o->rtt_only ? 1 : 0.4));
    for (size_t i = 0; i < o->n_sizes && !o->rtt_only; i++)
        run_jobs(links, o->links, &flood_actor, o, o->sizes[i], each);
}
/* To one server: each link has a system of its own, as there is but one between two nodes. To as many servers
   as links: all are of one system. */
static void make_links(const options *o, link_ *links) {
    char *to = strdup(o->to), *rest = to;
    bool one_node = strchr(to, ',') != NULL;
    for (int i = 0; i < o->links; i++) {
        char name[32], sink[32], *address = one_node ? strsep(&rest, ",") : to;
        if (!address) exit(2);
        snprintf(name, sizeof name, i ? "benchclient%d" : "benchclient", i);
        snprintf(sink, sizeof sink, i && !one_node ? "/user/bench%d" : "/user/bench", i);
        links[i].sys = i && one_node ? links[0].sys : start_system(name, o);
        links[i].pong = find(links[i].sys, address, "/user/pong");
        links[i].sink = find(links[i].sys, address, sink);
    }
    free(to);
}
static int client(const options *o) {
    link_ *links = calloc((size_t)o->links, sizeof *links);
    if (!links) abort();
    make_links(o, links);
    if (o->warm > 0) warm_up(o, links);
    for (int k = 0; k < o->repeat; k++) {
        if (!o->one_way_only) measure(o, links, 1, &ping_actor, 100);
        for (size_t i = 0; i < o->n_sizes && !o->rtt_only; i++)
            measure(o, links, o->links, &flood_actor, o->sizes[i]);
    }
    for (int i = 0; i < o->links; i++) {
        ukko_ref_release(links[i].pong);
        ukko_ref_release(links[i].sink);
        if (i == o->links - 1 || links[i].sys != links[i + 1].sys) ukko_system_free(links[i].sys);
        free(links[i].job.latencies);
    }
    free(links);
    return 0;
}

static int usage(void) {
    fputs("usage: ukko_remote server [--hocon TEXT] [--threads N] [--links N] [--nodes N]\n"
          "       ukko_remote client --to ADDRESS[,ADDRESS...] [--warm SECONDS] [--secs SECONDS] [--repeat N]\n"
          "                          [--window N] [--inflight N] [--what all|rtt|oneway] [--label TEXT]\n"
          "                          [--hocon TEXT] [--threads N] [--links N] [--sizes N,N...]\n",
          stderr);
    return 2;
}
static void read_sizes(options *o, const char *text) {
    o->n_sizes = 0;
    while (*text && o->n_sizes < sizeof o->sizes / sizeof o->sizes[0]) {
        char *end;
        o->sizes[o->n_sizes++] = strtoull(text, &end, 10);
        text = *end ? end + 1 : end;
    }
}

int main(int argc, char **argv) {
    options o = {.label = "ukko", .warm = 1, .secs = 2, .repeat = 1, .window = 1000, .inflight = 2,
                 .threads = -1, .links = 1, .nodes = 1, .sizes = {100, 1024, 10240}, .n_sizes = 3};
    if (argc < 2) return usage();
    for (int i = 2; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value) return usage();
        if (!strcmp(name, "--to")) o.to = value;
        else if (!strcmp(name, "--hocon")) o.hocon = value;
        else if (!strcmp(name, "--label")) o.label = value;
        else if (!strcmp(name, "--warm")) o.warm = atof(value);
        else if (!strcmp(name, "--secs")) o.secs = atof(value);
        else if (!strcmp(name, "--repeat")) o.repeat = atoi(value);
        else if (!strcmp(name, "--window")) o.window = atoi(value);
        else if (!strcmp(name, "--inflight")) o.inflight = atoi(value);
        else if (!strcmp(name, "--links")) o.links = atoi(value);
        else if (!strcmp(name, "--nodes")) o.nodes = atoi(value);
        else if (!strcmp(name, "--sizes")) read_sizes(&o, value);
        else if (!strcmp(name, "--what"))
            o.rtt_only = !strcmp(value, "rtt"), o.one_way_only = !strcmp(value, "oneway");
        else if (!strcmp(name, "--threads")) o.threads = atoi(value);
        else return usage();
    }
    if (o.links < 1 || o.nodes < 1) return usage();
    if (!strcmp(argv[1], "server")) return server(&o);
    if (!strcmp(argv[1], "client") && o.to) return client(&o);
    return usage();
}
