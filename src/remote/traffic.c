/* SPDX-License-Identifier: Apache-2.0 */
/* How much has passed on the links: counted where bytes come and go, read by any thread. */
#include "remote/internal.h"
#include <ukko/inspect.h>

/* relaxed, all of them: sums that nothing is concluded from */
static uint64_t get(_Atomic uint64_t *n) { return atomic_load_explicit(n, memory_order_relaxed); }
static void set(_Atomic uint64_t *n, uint64_t v) {
    atomic_store_explicit(n, v, memory_order_relaxed);
}

void uk_traffic_begin(uk_conn *c) {
    uk_traffic *t = &c->peer->traffic;
    set(&t->connections, get(&t->connections) + 1);
    if (c->stream) uk_stream_meter(c->stream, &t->out_bytes);
}

void uk_traffic_in(uk_traffic *t, uint64_t bytes, uint64_t frames, uint64_t largest) {
    set(&t->in_bytes, get(&t->in_bytes) + bytes);
    set(&t->in_frames, get(&t->in_frames) + frames);
    if (largest > get(&t->in_largest)) set(&t->in_largest, largest);
}

void uk_traffic_dropped(uk_peer *p) {
    /* relaxed: read by get() above alone */
    atomic_fetch_add_explicit(&p->traffic.dropped, 1, memory_order_relaxed);
}

static int64_t round_trip(uk_peer *p) {
    pthread_mutex_lock(&p->lock);
    int64_t us = p->out ? uk_stream_round_trip(p->out) : -1;
    pthread_mutex_unlock(&p->lock);
    return us;
}

typedef struct walk {
    ukko_traffic_fn fn;
    void *data;
    int n;
} walk;

static void show(uk_peer *p, void *data) {
    walk *w = data;
    uk_traffic *t = &p->traffic;
    ukko_traffic out = {.size = sizeof out,
                        .address = p->address,
                        .connections = get(&t->connections),
                        .in_bytes = get(&t->in_bytes),
                        .in_frames = get(&t->in_frames),
                        .in_largest_bytes = get(&t->in_largest),
                        .out_bytes = get(&t->out_bytes),
                        .dropped = get(&t->dropped),
                        .round_trip_us = round_trip(p)};
    w->fn(w->data, &out);
    w->n++;
}

int ukko_inspect_traffic(ukko_system *sys, ukko_traffic_fn fn, void *data) {
    walk w = {fn, data, 0};
    uk_remote *r = uk_remote_of(sys);
    if (!r) return UKKO_ESTATE;
    uk_peers_each(r, show, &w);
    return w.n;
}
