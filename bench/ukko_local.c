/* SPDX-License-Identifier: Apache-2.0 */
/* The local workloads L1 to L7 on ukko's public headers, and three of ukko's own: what starting and
   stopping an actor costs, and what a message costs with few and with many actors.
   `ukko_local WORKLOAD [THREADS]` prints one JSON line. Actors run on the system's workers; main
   spawns, waits for the driver's end and reports. */
#include "common/bench.h"
#include <pthread.h>
#include <ukko/ukko.h>

#define SYS "ukko"

/* ---- messages ---- */

typedef struct number {
    int64_t n;
} number;
typedef struct range {
    int64_t from, size;
} range;
typedef struct nothing {
    char unused;
} nothing;
static const ukko_field number_fields[] = {UKKO_FIELD(number, n, UKKO_I64)};
static const ukko_field range_fields[] = {UKKO_FIELD(range, from, UKKO_I64),
                                          UKKO_FIELD(range, size, UKKO_I64)};
static const ukko_field address_fields[] = {UKKO_FIELD(ukko_ref_body, ref, UKKO_REF)};
#define SIGNAL(name)                                                                               \
    static const ukko_type name = {                                                                \
        sizeof(ukko_type), 0, #name, NULL, NULL, UKKO_SER_LOCAL, 0, 0, NULL, NULL, NULL}
static const ukko_type integer = UKKO_TYPE_LOCAL(number, number_fields);
static const ukko_type last_of_batch = UKKO_TYPE_LOCAL(number, number_fields);
static const ukko_type leaves = UKKO_TYPE_LOCAL(range, range_fields);
static const ukko_type address = UKKO_TYPE_LOCAL(ukko_ref_body, address_fields);
SIGNAL(start);
SIGNAL(ping);
SIGNAL(pong);
SIGNAL(ack);
SIGNAL(done);

/* ---- what main and the driver share ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t ended_ns; /* 0: it runs */
    int64_t sum;
} job = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static ukko_system *sys;
static ukko_ref *driver;
static ukko_ref **all; /* of L5, L7 and the spread */
static uint64_t t0;

static void finish(int64_t sum) {
    pthread_mutex_lock(&job.lock);
    job.ended_ns = now_ns();
    job.sum = sum;
    pthread_cond_signal(&job.changed);
    pthread_mutex_unlock(&job.lock);
}
/* Counts those that are done; the last one ends the run. */
typedef struct counter {
    int64_t wanted, seen;
} counter;
static int counter_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)ctx, (void)n;
    ((counter *)state)->wanted = ((const number *)ukko_msg_get(args[0], &integer))->n;
    return UKKO_OK;
}
static int counter_done(ukko_ctx *ctx, void *state, const void *body) {
    counter *c = state;
    (void)ctx, (void)body;
    if (++c->seen == c->wanted) finish(c->seen);
    return UKKO_OK;
}
static int counter_sum(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx, (void)state;
    finish(((const number *)body)->n);
    return UKKO_OK;
}
static const ukko_case counter_cases[] = {
    {&done, counter_done}, {&integer, counter_sum}, {NULL, NULL}};
static const ukko_actor counter_actor = {.size = sizeof(ukko_actor),
                                         .state_size = sizeof(counter),
                                         .name = "Counter",
                                         .receive = {counter_cases, NULL},
                                         .start = counter_start};

static ukko_ref *spawn(const ukko_actor *kind) {
    ukko_ref *r;
    if (ukko_system_spawn(sys, ukko_props_new(kind), NULL, &r)) abort();
    return r;
}
static ukko_ref *spawn_with(const ukko_actor *kind, int64_t n) {
    ukko_props *p = ukko_props_new(kind);
    ukko_ref *r;
    ukko_props_arg(p, &integer, &(number){n});
    if (ukko_system_spawn(sys, p, NULL, &r)) abort();
    return r;
}

/* ---- L1: two actors, one message ---- */

typedef struct player {
    ukko_ref *peer;
    uint64_t left;
} player;
static int pong_ping(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    ukko_reply(ctx, &pong, NULL);
    return UKKO_OK;
}
static int ping_pong(ukko_ctx *ctx, void *state, const void *body) {
    player *p = state;
    (void)body;
    if (p->left-- == 0) finish(0);
    else ukko_tell(ctx, p->peer, &ping, NULL);
    return UKKO_OK;
}
static int ping_begin(ukko_ctx *ctx, void *state, const void *body) {
    player *p = state;
    p->peer = ukko_ref_retain(((const ukko_ref_body *)body)->ref);
    p->left = L1_MSGS / 2;
    return ping_pong(ctx, state, NULL);
}
static void player_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((player *)state)->peer);
}
static const ukko_case pong_cases[] = {{&ping, pong_ping}, {NULL, NULL}};
static const ukko_case ping_cases[] = {{&pong, ping_pong}, {&address, ping_begin}, {NULL, NULL}};
static const ukko_actor pong_actor = UKKO_ACTOR(nothing, "Pong", pong_cases);
static const ukko_actor ping_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(player),
                                      .name = "Ping",
                                      .receive = {ping_cases, NULL},
                                      .stop = player_stop};
static void run_l1(void) {
    ukko_ref *a = spawn(&ping_actor), *b = spawn(&pong_actor);
    ukko_tell(NULL, a, &address, &(ukko_ref_body){b});
    ukko_ref_release(a);
    ukko_ref_release(b);
}

/* ---- L2, L3: senders and a receiver ---- */

typedef struct receiver {
    int64_t sum;
} receiver;
static int receiver_integer(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    ((receiver *)state)->sum += ((const number *)body)->n;
    return UKKO_OK;
}
static int receiver_last(ukko_ctx *ctx, void *state, const void *body) {
    ((receiver *)state)->sum += ((const number *)body)->n;
    ukko_reply(ctx, &ack, NULL);
    return UKKO_OK;
}
static const ukko_case receiver_cases[] = {
    {&integer, receiver_integer}, {&last_of_batch, receiver_last}, {NULL, NULL}};
static const ukko_actor receiver_actor = UKKO_ACTOR(receiver, "Receiver", receiver_cases);

typedef struct sender {
    ukko_ref *to;
    int64_t left, batch, outstanding;
} sender;
static int sender_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    sender *s = state;
    (void)ctx, (void)n;
    s->to = ukko_ref_retain(((const ukko_ref_body *)ukko_msg_get(args[0], &address))->ref);
    const range *r = ukko_msg_get(args[1], &leaves);
    s->left = r->from;
    s->batch = r->size;
    return UKKO_OK;
}
static void sender_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((sender *)state)->to);
}
static void burst(ukko_ctx *ctx, sender *s) {
    int64_t n = s->left < s->batch ? s->left : s->batch;
    if (!n) return;
    s->left -= n;
    s->outstanding++;
    for (int64_t i = 1; i < n; i++) ukko_tell(ctx, s->to, &integer, &(number){i});
    ukko_tell(ctx, s->to, &last_of_batch, &(number){n});
}
static int sender_go(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    burst(ctx, state);
    burst(ctx, state);
    return UKKO_OK;
}
static int sender_ack(ukko_ctx *ctx, void *state, const void *body) {
    sender *s = state;
    (void)body;
    s->outstanding--;
    burst(ctx, s);
    if (!s->outstanding) ukko_tell(ctx, driver, &done, NULL);
    return UKKO_OK;
}
static const ukko_case sender_cases[] = {{&start, sender_go}, {&ack, sender_ack}, {NULL, NULL}};
static const ukko_actor sender_actor = {.size = sizeof(ukko_actor),
                                        .state_size = sizeof(sender),
                                        .name = "Sender",
                                        .receive = {sender_cases, NULL},
                                        .start = sender_start,
                                        .stop = sender_stop};
static void run_stream(int senders, int64_t msgs, int64_t batch) {
    ukko_ref *to = spawn(&receiver_actor);
    for (int i = 0; i < senders; i++) {
        ukko_props *p = ukko_props_new(&sender_actor);
        ukko_ref *s;
        ukko_props_arg(p, &address, &(ukko_ref_body){to});
        ukko_props_arg(p, &leaves, &(range){msgs / senders, batch});
        if (ukko_system_spawn(sys, p, NULL, &s)) abort();
        ukko_tell(NULL, s, &start, NULL);
        ukko_ref_release(s);
    }
    ukko_ref_release(to);
}
static void run_l2(void) { run_stream(1, L2_MSGS, L2_BATCH); }
static void run_l3(void) { run_stream(L3_SENDERS, L3_MSGS, L3_BATCH); }

/* ---- L4: a tree of actors ---- */

typedef struct node {
    int64_t sum;
    int seen;
} node;
static ukko_props *node_props;
static int node_leaves(ukko_ctx *ctx, void *state, const void *body) {
    const range *r = body;
    (void)state;
    if (r->size == 1) {
        ukko_tell(ctx, ukko_parent(ctx), &integer, &(number){r->from});
        ukko_stop(ctx, ukko_self(ctx));
        return UKKO_OK;
    }
    for (int64_t i = 0; i < 10; i++) {
        ukko_ref *child;
        if (ukko_spawn(ctx, ukko_props_retain(node_props), NULL, &child)) abort();
        ukko_tell(ctx, child, &leaves, &(range){r->from + i * (r->size / 10), r->size / 10});
        ukko_ref_release(child);
    }
    return UKKO_OK;
}
static int node_sum(ukko_ctx *ctx, void *state, const void *body) {
    node *t = state;
    t->sum += ((const number *)body)->n;
    if (++t->seen < 10) return UKKO_OK;
    ukko_ref *up = ukko_parent(ctx);
    ukko_tell(ctx, strcmp(ukko_ref_name(up), "user") ? up : driver, &integer, &(number){t->sum});
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_case node_cases[] = {
    {&leaves, node_leaves}, {&integer, node_sum}, {NULL, NULL}};
static const ukko_actor node_actor = UKKO_ACTOR(node, "Node", node_cases);
static void run_l4(void) {
    ukko_ref *root;
    node_props = ukko_props_new(&node_actor);
    if (ukko_system_spawn(sys, ukko_props_retain(node_props), "tree", &root)) abort();
    ukko_tell(NULL, root, &leaves, &(range){0, L4_LEAVES});
    ukko_ref_release(root);
}

/* ---- L5: a ring ---- */

typedef struct link_state {
    ukko_ref *next;
} link_state;
static int link_address(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    ((link_state *)state)->next = ukko_ref_retain(((const ukko_ref_body *)body)->ref);
    return UKKO_OK;
}
static int link_token(ukko_ctx *ctx, void *state, const void *body) {
    int64_t n = ((const number *)body)->n;
    if (n == 0) finish(0);
    else ukko_tell(ctx, ((link_state *)state)->next, &integer, &(number){n - 1});
    return UKKO_OK;
}
static void link_stop(ukko_ctx *ctx, void *state) {
    (void)ctx;
    ukko_ref_release(((link_state *)state)->next);
}
static const ukko_case link_cases[] = {
    {&integer, link_token}, {&address, link_address}, {NULL, NULL}};
static const ukko_actor link_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(link_state),
                                      .name = "Link",
                                      .receive = {link_cases, NULL},
                                      .stop = link_stop};
static void make_all(const ukko_actor *kind, size_t n) {
    all = calloc(n + 1, sizeof(ukko_ref *));
    for (size_t i = 0; i < n; i++) all[i] = spawn(kind);
}
static void run_ring(size_t n, int64_t hops) {
    make_all(&link_actor, n);
    for (size_t i = 0; i < n; i++)
        ukko_tell(NULL, all[i], &address, &(ukko_ref_body){all[(i + 1) % n]});
    ukko_tell(NULL, all[0], &integer, &(number){hops});
}
static void run_l5(void) { run_ring(L5_RING, L5_HOPS); }

/* ---- L6: actors that wait ---- */

static int idle_start(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    ukko_tell(ctx, driver, &done, NULL);
    return UKKO_OK;
}
static const ukko_case idle_cases[] = {{&start, idle_start}, {NULL, NULL}};
static const ukko_actor idle_actor = UKKO_ACTOR(nothing, "Idle", idle_cases);
static uint64_t rss_before;
static void run_l6(void) {
    ukko_props *p = ukko_props_new(&idle_actor);
    rss_before = rss_now();
    for (int i = 0; i < L6_ACTORS; i++) {
        ukko_ref *r;
        if (ukko_system_spawn(sys, ukko_props_retain(p), NULL, &r)) abort();
        ukko_tell(NULL, r, &start, NULL);
        ukko_ref_release(r);
    }
    ukko_props_release(p);
}

/* ---- L7: everyone with everyone ---- */

typedef struct big {
    uint64_t rng, left;
} big;
static void big_next(ukko_ctx *ctx, big *b) {
    ukko_tell(ctx, all[xorshift64(&b->rng) % L7_ACTORS], &ping, NULL);
}
static int big_start(ukko_ctx *ctx, void *state, const void *body) {
    big *b = state;
    b->rng = (uint64_t)((const number *)body)->n * 0x9E3779B97F4A7C15ull;
    b->left = L7_PINGS;
    big_next(ctx, b);
    return UKKO_OK;
}
static int big_pong(ukko_ctx *ctx, void *state, const void *body) {
    big *b = state;
    (void)body;
    if (--b->left) big_next(ctx, b);
    else ukko_tell(ctx, driver, &done, NULL);
    return UKKO_OK;
}
static const ukko_case big_cases[] = {
    {&ping, pong_ping}, {&pong, big_pong}, {&integer, big_start}, {NULL, NULL}};
static const ukko_actor big_actor = UKKO_ACTOR(big, "Big", big_cases);
static void run_l7(void) {
    make_all(&big_actor, L7_ACTORS);
    for (int i = 0; i < L7_ACTORS; i++) ukko_tell(NULL, all[i], &integer, &(number){i + 1});
}

/* ---- ukko's own: starting and stopping; few and many ---- */

enum { SPAWN_TOTAL = 2000000, SPAWN_AT_ONCE = 1000 };
typedef struct breeder {
    int64_t left, alive;
} breeder;
static ukko_props *mayfly_props;
static int mayfly_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static void mayfly_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    ukko_tell(ctx, ukko_parent(ctx), &done, NULL);
}
static const ukko_actor mayfly_actor = {.size = sizeof(ukko_actor),
                                        .name = "Mayfly",
                                        .start = mayfly_start,
                                        .stop = mayfly_stop};
static int breeder_start(ukko_ctx *ctx, void *state, const void *body) {
    breeder *b = state;
    b->left = ((const number *)body)->n;
    for (; b->alive < SPAWN_AT_ONCE; b->alive++, b->left--)
        if (ukko_spawn(ctx, ukko_props_retain(mayfly_props), NULL, NULL)) abort();
    return UKKO_OK;
}
static int breeder_done(ukko_ctx *ctx, void *state, const void *body) {
    breeder *b = state;
    (void)body;
    if (b->left) {
        b->left--;
        if (ukko_spawn(ctx, ukko_props_retain(mayfly_props), NULL, NULL)) abort();
    } else if (!--b->alive) {
        ukko_tell(ctx, driver, &done, NULL);
    }
    return UKKO_OK;
}
static const ukko_case breeder_cases[] = {
    {&done, breeder_done}, {&integer, breeder_start}, {NULL, NULL}};
static const ukko_actor breeder_actor = UKKO_ACTOR(breeder, "Breeder", breeder_cases);
static void run_spawn(void) {
    mayfly_props = ukko_props_new(&mayfly_actor);
    ukko_ref *r = spawn(&breeder_actor);
    ukko_tell(NULL, r, &integer, &(number){SPAWN_TOTAL});
    ukko_ref_release(r);
}

/* One sender, n receivers: a round is 64 messages to each of them; only the number of actors
   differs from run to run. */
enum { SPREAD_EACH = 64, SPREAD_TOTAL = 64000000 };
static size_t spread_n;
static uint64_t spread_began;
typedef struct spreader {
    size_t at, acks;
    int64_t rounds;
} spreader;
static void spread_some(ukko_ctx *ctx, spreader *s) {
    for (int k = 0; k < 16; k++) {
        ukko_ref *to = all[s->at++ % spread_n];
        for (int64_t i = 1; i < SPREAD_EACH; i++) ukko_tell(ctx, to, &integer, &(number){i});
        ukko_tell(ctx, to, &last_of_batch, &(number){0});
    }
}
static int spreader_start(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    spread_began = now_ns();
    spread_some(ctx, state);
    return UKKO_OK;
}
static int spreader_ack(ukko_ctx *ctx, void *state, const void *body) {
    spreader *s = state;
    (void)body;
    if (++s->acks % 16) return UKKO_OK;
    if (s->acks * SPREAD_EACH < SPREAD_TOTAL) spread_some(ctx, s);
    else ukko_tell(ctx, driver, &done, NULL);
    return UKKO_OK;
}
static const ukko_case spreader_cases[] = {
    {&ack, spreader_ack}, {&start, spreader_start}, {NULL, NULL}};
static const ukko_actor spreader_actor = UKKO_ACTOR(spreader, "Spreader", spreader_cases);
static void run_spread(void) {
    make_all(&receiver_actor, spread_n);
    ukko_ref *s = spawn(&spreader_actor);
    ukko_tell(NULL, s, &start, NULL);
    ukko_ref_release(s);
}

/* ---- running and reporting ---- */

typedef struct workload {
    const char *name;
    void (*run)(void);
    int64_t wanted;  /* of the counter */
    double messages; /* 0: another unit */
} workload;
static const workload workloads[] = {{"L1", run_l1, 1, L1_MSGS},
                                     {"L2", run_l2, 1, L2_MSGS},
                                     {"L3", run_l3, L3_SENDERS, L3_MSGS},
                                     {"L4", run_l4, 1, 0},
                                     {"L5", run_l5, 1, 0},
                                     {"L6", run_l6, L6_ACTORS, 0},
                                     {"L7", run_l7, L7_ACTORS, 2.0 * L7_ACTORS * L7_PINGS},
                                     {"spawn", run_spawn, 1, 0},
                                     {"spread", run_spread, 1, 0},
                                     {NULL, NULL, 0, 0}};

static void start_system(int threads) {
    ukko_error err = {0, ""};
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("bench", NULL);
    opts.threads = threads;
    int rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (!rc) return;
    fprintf(stderr, "ukko_local: %s: %s\n", ukko_strerror(rc), err.message);
    exit(1);
}
static void wait_end(void) {
    pthread_mutex_lock(&job.lock);
    while (!job.ended_ns) pthread_cond_wait(&job.changed, &job.lock);
    pthread_mutex_unlock(&job.lock);
}
static void report_end(const workload *w, const char *name) {
    double s = (double)(job.ended_ns - t0) / 1e9;
    char extra[64] = "";
    if (w->run == run_l6) {
        usleep(100000);
        report(SYS, name, (double)(rss_now() - rss_before) / L6_ACTORS, "bytes/actor", "");
    } else if (w->run == run_l4) {
        if (job.sum != (int64_t)L4_LEAVES * (L4_LEAVES - 1) / 2) abort();
        snprintf(extra, sizeof extra, ",\"peak_rss_mb\":%.1f", (double)rss_peak() / 1e6);
        report(SYS, name, s * 1e3, "ms", extra);
    } else if (w->run == run_l5) {
        report(SYS, name, s, "s", "");
    } else if (w->run == run_spawn) {
        report(SYS, name, SPAWN_TOTAL / s, "actors/s", "");
    } else if (w->run == run_spread) {
        s = (double)(job.ended_ns - spread_began) / 1e9;
        report(SYS, name, s * 1e9 / SPREAD_TOTAL, "ns/msg", "");
    } else {
        report(SYS, name, w->messages / s, "msgs/s", "");
    }
}
int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "";
    const workload *w = workloads;
    size_t len = strcspn(name, "_");
    while (w->name && (strlen(w->name) != len || strncmp(w->name, name, len))) w++;
    if (!w->name) {
        fputs("usage: ukko_local L1|L2|L3|L4|L5|L6|L7|spawn|spread_ACTORS [THREADS]\n", stderr);
        return 2;
    }
    if (w->run == run_spread) spread_n = name[len] ? strtoul(name + len + 1, NULL, 10) : 10;
    if (w->run == run_spread && !spread_n) return 2;
    start_system(argc > 2 ? atoi(argv[2]) : 2);
    driver = spawn_with(&counter_actor, w->wanted);
    t0 = now_ns();
    w->run();
    wait_end();
    report_end(w, name);
    for (size_t i = 0; all && all[i]; i++) ukko_ref_release(all[i]);
    free(all);
    ukko_ref_release(driver);
    ukko_props_release(node_props);
    ukko_props_release(mayfly_props);
    ukko_system_free(sys);
    return 0;
}
