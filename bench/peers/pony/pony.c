/* SPDX-License-Identifier: Apache-2.0 */
/* Pony runtime (libponyrt used from C) peer of the actor benchmarks.
 * Usage: bench WORKLOAD [pony runtime flags]
 * Actor references held for the whole run (L1-L3, L5-L7) are kept alive by the
 * main actor, which traces them, so those workloads show the message path
 * without ORCA tracing of each message; L4 traces its references the way
 * compiled Pony code does, because its actors must be collected. */
#include "../../common/bench.h"
#include "mem/pool.h"
#include "actor/actor.h"
#include <pony.h>

#define SYS "pony_rt"
enum { M_START, M_PING, M_PONG, M_INT, M_LAST, M_ACK, M_DONE, M_NEXT };

void Main_runtime_override_defaults_oo(void *opt);
void Main_runtime_override_defaults_oo(void *opt) { (void)opt; }
extern void ponyint_become(pony_ctx_t *ctx, pony_actor_t *actor);

/* The one message layout: an integer and an optional actor. */
typedef struct {
    pony_msg_t msg;
    int64_t i;
    pony_actor_t *who;
} msg_t;
static inline void send(pony_ctx_t *ctx, pony_actor_t *to, uint32_t id, int64_t i,
                        pony_actor_t *who) {
    msg_t *m = (msg_t *)pony_alloc_msg(POOL_INDEX(sizeof(msg_t)), id);
    m->i = i;
    m->who = who;
    pony_sendv(ctx, to, &m->msg, &m->msg, true);
}

/* Every actor uses this record; each workload uses the fields it needs. */
typedef struct {
    pony_actor_pad_t pad;
    pony_actor_t *peer, *parent;
    uint64_t left, batch, rng;
    int64_t sum, size;
    int outstanding, count;
} actor_t;

static const char *workload;
static uint64_t t0;
static pony_actor_t *all[L6_ACTORS];
static int kept; /* actors in all[], traced by the main actor so that they stay alive */

static void main_dispatch(pony_ctx_t *, pony_actor_t *, pony_msg_t *);
static void no_trace(pony_ctx_t *c, void *p) {
    (void)c;
    (void)p;
}

#define TYPE(name, dispatch_fn, trace_fn)                                                          \
    static void dispatch_fn(pony_ctx_t *, pony_actor_t *, pony_msg_t *);                           \
    static pony_type_t name = {.id = 1,                                                            \
                               .size = sizeof(actor_t),                                            \
                               .trace = trace_fn,                                                  \
                               .dispatch = dispatch_fn,                                            \
                               .event_notify = (uint32_t)-1,                                       \
                               .might_reference_actor = true};

static void finish(double value_ops) {
    double s = (double)(now_ns() - t0) / 1e9;
    char extra[64] = "";
    if (!strcmp(workload, "L4")) {
        snprintf(extra, sizeof extra, ",\"peak_rss_mb\":%.1f", (double)rss_peak() / 1e6);
        report(SYS, workload, s * 1e3, "ms", extra);
    } else if (!strcmp(workload, "L5"))
        report(SYS, workload, s, "s", "");
    else
        report(SYS, workload, value_ops / s, "msgs/s", "");
    _exit(0);
}

/* ---- L1 ---- */
TYPE(pong_type, pong_dispatch, no_trace)
static void pong_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    send(ctx, ((msg_t *)m)->who, M_PONG, 0, self);
}
TYPE(ping_type, ping_dispatch, no_trace)
static void ping_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    actor_t *a = (actor_t *)self;
    (void)m;
    if (a->left-- == 0) finish(L1_MSGS);
    send(ctx, a->peer, M_PING, 0, self);
}

/* ---- L2, L3 ---- */
TYPE(recv_type, recv_dispatch, no_trace)
static void recv_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    ((actor_t *)self)->sum += ((msg_t *)m)->i;
    if (m->id == M_LAST) send(ctx, ((msg_t *)m)->who, M_ACK, 0, self);
}
static void burst(pony_ctx_t *ctx, actor_t *a) {
    uint64_t n = a->left < a->batch ? a->left : a->batch;
    if (!n) return;
    a->left -= n;
    a->outstanding++;
    for (uint64_t i = 1; i < n; i++) send(ctx, a->peer, M_INT, (int64_t)i, NULL);
    send(ctx, a->peer, M_LAST, (int64_t)n, (pony_actor_t *)a);
}
TYPE(send_type, send_dispatch, no_trace)
static void send_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    actor_t *a = (actor_t *)self;
    if (m->id == M_START)
        burst(ctx, a);
    else
        a->outstanding--;
    burst(ctx, a);
    if (a->outstanding == 0) send(ctx, a->parent, M_DONE, 0, NULL);
}

/* ---- L4 ---- */
static void sky_trace(pony_ctx_t *ctx, void *p);
TYPE(sky_type, sky_dispatch, sky_trace)
static void sky_trace(pony_ctx_t *ctx, void *p) {
    actor_t *a = p;
    if (a->parent) pony_traceknown(ctx, a->parent, &sky_type, PONY_TRACE_OPAQUE);
}
typedef struct {
    pony_msg_t msg;
    int64_t num, size;
    pony_actor_t *parent;
} sky_msg_t;
static void sky_spawn(pony_ctx_t *ctx, pony_actor_t *parent, int64_t num, int64_t size) {
    pony_actor_t *c = pony_create(ctx, &sky_type, true);
    sky_msg_t *m = (sky_msg_t *)pony_alloc_msg(POOL_INDEX(sizeof(sky_msg_t)), M_START);
    m->num = num;
    m->size = size;
    m->parent = parent;
    pony_gc_send(ctx, c);
    pony_traceknown(ctx, parent, &sky_type, PONY_TRACE_OPAQUE);
    pony_send_done(ctx);
    pony_sendv(ctx, c, &m->msg, &m->msg, true);
}
static void sky_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    actor_t *a = (actor_t *)self;
    if (m->id == M_START) {
        sky_msg_t *s = (sky_msg_t *)m;
        pony_gc_recv(ctx);
        pony_traceknown(ctx, s->parent, &sky_type, PONY_TRACE_OPAQUE);
        pony_recv_done(ctx);
        a->parent = s->parent;
        if (s->size > 1) {
            for (int64_t i = 0; i < 10; i++)
                sky_spawn(ctx, self, s->num + i * (s->size / 10), s->size / 10);
            return;
        }
        send(ctx, a->parent, M_INT, s->num, NULL);
        a->parent = NULL;
        return;
    }
    a->sum += ((msg_t *)m)->i;
    if (++a->count == 10) {
        send(ctx, a->parent, M_INT, a->sum, NULL);
        a->parent = NULL;
    }
}

/* ---- L5 ---- */
TYPE(ring_type, ring_dispatch, no_trace)
static void ring_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    int64_t i = ((msg_t *)m)->i;
    if (i == 0) finish(L5_HOPS);
    send(ctx, ((actor_t *)self)->peer, M_INT, i - 1, NULL);
}

/* ---- L6 ---- */
TYPE(idle_type, idle_dispatch, no_trace)
static void idle_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    (void)self;
    if (((msg_t *)m)->who) send(ctx, ((msg_t *)m)->who, M_DONE, 0, NULL);
}

/* ---- L7 ---- */
TYPE(big_type, big_dispatch, no_trace)
static void big_ping(pony_ctx_t *ctx, actor_t *a) {
    send(ctx, all[xorshift64(&a->rng) % L7_ACTORS], M_PING, 0, (pony_actor_t *)a);
}
static void big_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    actor_t *a = (actor_t *)self;
    if (m->id == M_PING)
        send(ctx, ((msg_t *)m)->who, M_PONG, 0, self);
    else if (m->id == M_START || --a->left)
        big_ping(ctx, a);
    else
        send(ctx, a->parent, M_DONE, 0, NULL);
}

/* ---- main actor ---- */
static uint64_t rss0;
static void main_trace(pony_ctx_t *ctx, void *p) {
    (void)p;
    for (int i = 0; i < kept; i++) pony_traceknown(ctx, all[i], &idle_type, PONY_TRACE_OPAQUE);
}
static pony_type_t main_type = {.id = 2,
                                .size = sizeof(actor_t),
                                .trace = main_trace,
                                .dispatch = main_dispatch,
                                .event_notify = (uint32_t)-1,
                                .might_reference_actor = true};
static actor_t *make(pony_ctx_t *ctx, pony_type_t *t, pony_actor_t *parent) {
    actor_t *a = (actor_t *)pony_create(ctx, t, false);
    a->parent = parent;
    all[kept++] = (pony_actor_t *)a;
    return a;
}
static void start_stream(pony_ctx_t *ctx, pony_actor_t *self, int senders, uint64_t msgs,
                         uint64_t batch) {
    pony_actor_t *r = (pony_actor_t *)make(ctx, &recv_type, self);
    for (int i = 0; i < senders; i++) {
        actor_t *s = make(ctx, &send_type, self);
        s->peer = r;
        s->left = msgs / (uint64_t)senders;
        s->batch = batch;
        send(ctx, (pony_actor_t *)s, M_START, 0, NULL);
    }
}
static void main_dispatch(pony_ctx_t *ctx, pony_actor_t *self, pony_msg_t *m) {
    actor_t *me = (actor_t *)self;
    if (m->id == M_INT) { /* L4 result */
        if (((msg_t *)m)->i != (int64_t)L4_LEAVES * (L4_LEAVES - 1) / 2) abort();
        finish(1);
    }
    if (m->id == M_DONE) {
        if (!strcmp(workload, "L2")) finish(L2_MSGS);
        me->count++;
        if (!strcmp(workload, "L3") && me->count == L3_SENDERS) finish(L3_MSGS);
        if (!strcmp(workload, "L7") && me->count == L7_ACTORS) finish(2.0 * L7_ACTORS * L7_PINGS);
        if (!strcmp(workload, "L6") && me->count == L6_ACTORS) {
            usleep(100000);
            report(SYS, workload, (double)(rss_now() - rss0) / L6_ACTORS, "bytes/actor", "");
            _exit(0);
        }
        return;
    }
    t0 = now_ns();
    if (!strcmp(workload, "L1")) {
        actor_t *p = make(ctx, &ping_type, self);
        p->peer = (pony_actor_t *)make(ctx, &pong_type, self);
        p->left = L1_MSGS / 2;
        send(ctx, (pony_actor_t *)p, M_START, 0, NULL);
    } else if (!strcmp(workload, "L2"))
        start_stream(ctx, self, 1, L2_MSGS, L2_BATCH);
    else if (!strcmp(workload, "L3"))
        start_stream(ctx, self, L3_SENDERS, L3_MSGS, L3_BATCH);
    else if (!strcmp(workload, "L4"))
        sky_spawn(ctx, self, 0, L4_LEAVES);
    else if (!strcmp(workload, "L5")) {
        for (int i = 0; i < L5_RING; i++) make(ctx, &ring_type, self);
        for (int i = 0; i < L5_RING; i++) ((actor_t *)all[i])->peer = all[(i + 1) % L5_RING];
        send(ctx, all[0], M_INT, L5_HOPS, NULL);
    } else if (!strcmp(workload, "L6")) {
        memset(all, 1, sizeof all);
        rss0 = rss_now();
        for (int i = 0; i < L6_ACTORS; i++) {
            make(ctx, &idle_type, self);
            send(ctx, all[i], M_START, 0, self);
        }
    } else if (!strcmp(workload, "L7")) {
        for (int i = 0; i < L7_ACTORS; i++) {
            actor_t *a = make(ctx, &big_type, self);
            a->left = L7_PINGS;
            a->rng = (uint64_t)(i + 1) * 0x9E3779B97F4A7C15ull;
        }
        for (int i = 0; i < L7_ACTORS; i++) send(ctx, all[i], M_START, 0, NULL);
    } else
        _exit(2);
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    workload = strdup(argv[1]);
    pony_init(argc, argv);
    pony_ctx_t *ctx = pony_ctx();
    pony_actor_t *main_actor = pony_create(ctx, &main_type, false);
    main_actor->gc.rc = 1; /* the C program holds it */
    ponyint_become(ctx, main_actor);
    send(ctx, main_actor, M_START, 0, NULL);
    ponyint_become(ctx, NULL);
    int code;
    if (!pony_start(&code, NULL)) return 1;
    fprintf(stderr, "runtime stopped before the workload ended\n");
    return 1;
}
