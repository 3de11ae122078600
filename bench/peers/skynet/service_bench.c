/* SPDX-License-Identifier: Apache-2.0 */
/* skynet peer of the actor benchmarks: a C service (skynet's own actor unit, no
 * Lua VM). The service's name argument is its role; the first one launched is
 * the driver and its argument is the workload. Messages go through skynet_send
 * with a malloc'd payload handed over (PTYPE_TAG_DONTCOPY), skynet's usual path
 * for small C messages. */
#include "../../common/bench.h"
#include "skynet.h"
#include "skynet_server.h"

#define SYS "skynet"
enum kind { K_START, K_PING, K_PONG, K_INT, K_LAST, K_ACK, K_DONE, K_NEXT, K_SKY };
struct msg {
    int32_t kind;
    uint32_t who;
    int64_t a, b;
};
struct bench {
    int (*on)(struct skynet_context *, struct bench *, uint32_t from, const struct msg *);
    uint32_t self, peer, parent;
    uint64_t left, batch, rng;
    int64_t sum;
    int outstanding, count;
};

static const char *workload;
static uint64_t t0;
static uint32_t driver, all[L6_ACTORS];
static uint64_t rss0;

static void put(struct skynet_context *ctx, uint32_t to, enum kind kind, int64_t a, int64_t b) {
    struct msg *m = skynet_malloc(sizeof *m);
    m->kind = kind;
    m->a = a;
    m->b = b;
    skynet_send(ctx, 0, to, PTYPE_TEXT | PTYPE_TAG_DONTCOPY, 0, m, sizeof *m);
}
static void finish(double n) {
    double s = (double)(now_ns() - t0) / 1e9;
    char extra[64] = "";
    if (!strcmp(workload, "L4")) {
        snprintf(extra, sizeof extra, ",\"peak_rss_mb\":%.1f", (double)rss_peak() / 1e6);
        report(SYS, workload, s * 1e3, "ms", extra);
    } else if (!strcmp(workload, "L5"))
        report(SYS, workload, s, "s", "");
    else
        report(SYS, workload, n / s, "msgs/s", "");
    _exit(0);
}

static int on_pong(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    (void)b;
    (void)m;
    put(c, from, K_PONG, 0, 0);
    return 0;
}
static int on_ping(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    (void)from;
    (void)m;
    if (b->left-- == 0) finish(L1_MSGS);
    put(c, b->peer, K_PING, 0, 0);
    return 0;
}
static int on_recv(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    b->sum += m->a;
    if (m->kind == K_LAST) put(c, from, K_ACK, 0, 0);
    return 0;
}
static void burst(struct skynet_context *c, struct bench *b) {
    uint64_t n = b->left < b->batch ? b->left : b->batch;
    if (!n) return;
    b->left -= n;
    b->outstanding++;
    for (uint64_t i = 1; i < n; i++) put(c, b->peer, K_INT, (int64_t)i, 0);
    put(c, b->peer, K_LAST, (int64_t)n, 0);
}
static int on_send(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    (void)from;
    if (m->kind == K_START)
        burst(c, b);
    else
        b->outstanding--;
    burst(c, b);
    if (!b->outstanding) put(c, driver, K_DONE, 0, 0);
    return 0;
}
static int on_ring(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    (void)from;
    if (m->a == 0) finish(1);
    put(c, b->peer, K_INT, m->a - 1, 0);
    return 0;
}
static int on_idle(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    (void)b;
    (void)m;
    put(c, from, K_DONE, 0, 0);
    return 0;
}
static int on_big(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    if (m->kind == K_PING)
        put(c, from, K_PONG, 0, 0);
    else if (m->kind == K_START || --b->left)
        put(c, all[xorshift64(&b->rng) % L7_ACTORS], K_PING, 0, 0);
    else
        put(c, driver, K_DONE, 0, 0);
    return 0;
}

/* Launches one more service of this module; cb runs in the new service's init. */
static uint32_t make(struct bench **out);
static int on_sky(struct skynet_context *c, struct bench *b, uint32_t from, const struct msg *m) {
    if (m->kind == K_SKY) {
        int64_t num = m->a, size = m->b;
        b->parent = from;
        if (size == 1) {
            put(c, from, K_INT, num, 0);
            skynet_command(c, "EXIT", NULL);
            return 0;
        }
        for (int64_t i = 0; i < 10; i++) {
            struct bench *child;
            uint32_t h = make(&child);
            child->on = on_sky;
            put(c, h, K_SKY, num + i * (size / 10), size / 10);
        }
        return 0;
    }
    b->sum += m->a;
    if (++b->count == 10) {
        put(c, b->parent, K_INT, b->sum, 0);
        skynet_command(c, "EXIT", NULL);
    }
    return 0;
}

static void start_stream(struct skynet_context *c, int senders, uint64_t msgs, uint64_t batch) {
    struct bench *b;
    uint32_t r = make(&b);
    b->on = on_recv;
    for (int i = 0; i < senders; i++) {
        uint32_t s = make(&b);
        b->on = on_send;
        b->peer = r;
        b->left = msgs / (uint64_t)senders;
        b->batch = batch;
        put(c, s, K_START, 0, 0);
    }
}
static int on_driver(struct skynet_context *c, struct bench *me, uint32_t from,
                     const struct msg *m) {
    struct bench *b;
    (void)from;
    if (m->kind == K_INT) {
        if (m->a != (int64_t)L4_LEAVES * (L4_LEAVES - 1) / 2) abort();
        finish(1);
    }
    if (m->kind == K_DONE) {
        me->count++;
        if (!strcmp(workload, "L2")) finish(L2_MSGS);
        if (!strcmp(workload, "L3") && me->count == L3_SENDERS) finish(L3_MSGS);
        if (!strcmp(workload, "L7") && me->count == L7_ACTORS) finish(2.0 * L7_ACTORS * L7_PINGS);
        if (!strcmp(workload, "L6") && me->count == 2) {
            report(SYS, workload, (double)(rss_now() - rss0) / L6_ACTORS, "bytes/actor", "");
            _exit(0);
        }
        return 0;
    }
    t0 = now_ns();
    if (!strcmp(workload, "L1")) {
        uint32_t pong = make(&b);
        b->on = on_pong;
        uint32_t ping = make(&b);
        b->on = on_ping;
        b->peer = pong;
        b->left = L1_MSGS / 2;
        put(c, ping, K_START, 0, 0);
    } else if (!strcmp(workload, "L2"))
        start_stream(c, 1, L2_MSGS, L2_BATCH);
    else if (!strcmp(workload, "L3"))
        start_stream(c, L3_SENDERS, L3_MSGS, L3_BATCH);
    else if (!strcmp(workload, "L4")) {
        uint32_t s = make(&b);
        b->on = on_sky;
        put(c, s, K_SKY, 0, L4_LEAVES);
    } else if (!strcmp(workload, "L5")) {
        struct bench *ring[L5_RING];
        for (int i = 0; i < L5_RING; i++) {
            all[i] = make(&ring[i]);
            ring[i]->on = on_ring;
        }
        for (int i = 0; i < L5_RING; i++) ring[i]->peer = all[(i + 1) % L5_RING];
        put(c, all[0], K_INT, L5_HOPS, 0);
    } else if (!strcmp(workload, "L6")) {
        memset(all, 1, sizeof all);
        rss0 = rss_now();
        for (int i = 0; i < L6_ACTORS; i++) {
            all[i] = make(&b);
            b->on = on_idle;
        }
        put(c, all[0], K_START, 0, 0);
        put(c, all[L6_ACTORS - 1], K_START, 0, 0);
    } else if (!strcmp(workload, "L7")) {
        for (int i = 0; i < L7_ACTORS; i++) {
            all[i] = make(&b);
            b->on = on_big;
            b->left = L7_PINGS;
            b->rng = (uint64_t)(i + 1) * 0x9E3779B97F4A7C15ull;
        }
        for (int i = 0; i < L7_ACTORS; i++) put(c, all[i], K_START, 0, 0);
    } else
        _exit(2);
    return 0;
}

/* ---- the skynet module ---- */
static int dispatch(struct skynet_context *ctx, void *ud, int type, int session, uint32_t source,
                    const void *msg, size_t sz) {
    (void)session;
    if (type != PTYPE_TEXT || sz != sizeof(struct msg)) return 0;
    struct bench *b = ud;
    return b->on(ctx, b, source, msg);
}
struct bench *bench_create(void) {
    return calloc(1, sizeof(struct bench));
}
void bench_release(struct bench *b) { free(b); }
static __thread struct bench *newest;
int bench_init(struct bench *b, struct skynet_context *ctx, const char *args) {
    skynet_callback(ctx, b, dispatch);
    b->self = skynet_context_handle(ctx);
    newest = b;
    if (args && *args) {
        workload = strdup(args);
        driver = b->self;
        b->on = on_driver;
        put(ctx, b->self, K_START, 0, 0);
    }
    return 0;
}
static uint32_t make(struct bench **out) {
    if (!skynet_context_new("bench", NULL)) abort();
    *out = newest;
    return newest->self;
}
