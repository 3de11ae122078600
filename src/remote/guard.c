/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on what peers may ask of this node: connections, unfinished handshakes, bytes before a
   handshake, slow senders and readers, messages that no actor has taken up. I/O thread only. */
#include "remote/internal.h"
#include "actor/arrival.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/resource.h>

enum {
    LOOK_MS = 1000,
    RESUME_MS = 5,
    COMPLAINTS = 200,
    COMPLAINTS_MS = 10000,
    MESSAGE_OVERHEAD = 128, /* of memory, beside the bytes */
    QUIET_BYTES = 1 << 20   /* below this nobody is asked how much waits in all */
};

struct uk_source { /* a host that peers connect from */
    uint8_t key[16];
    size_t n, n_waiting;
    uk_conn *oldest, *newest; /* of those that wait for their handshake */
};

struct uk_guard {
    uk_remote *remote;
    uk_limits set;
    uk_map sources; /* key -> uk_source */
    size_t n, n_waiting;
    uk_alarm look, resume;
    bool resuming;
};

/* ---- sources ---- */

/* "/10.0.0.1:5555" or "/::1:5555"; of IPv6 the network counts, as one host has all of it. */
static void key_of(const char *from, uint8_t key[16]) {
    char host[64];
    struct in6_addr six;
    memset(key, 0, 16);
    const char *colon = strrchr(from, ':');
    snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - from - 1) : 0, from + 1);
    if (inet_pton(AF_INET, host, key + 12) == 1) return;
    if (inet_pton(AF_INET6, host, &six) != 1) return;
    memcpy(key, &six, IN6_IS_ADDR_V4MAPPED(&six) ? 16 : 8);
    if (IN6_IS_ADDR_V4MAPPED(&six)) memset(key, 0, 12);
}

static uk_source *source_of(uk_guard *g, const char *from, bool make) {
    uint8_t key[16];
    key_of(from, key);
    uk_source *s = uk_map_get(&g->sources, key, sizeof key);
    if (s || !make) return s;
    s = uk_zalloc(sizeof *s);
    memcpy(s->key, key, sizeof key);
    uk_map_put(&g->sources, s->key, sizeof s->key, s);
    return s;
}

static void stop_waiting(uk_conn *c) {
    uk_source *s = c->source;
    if (!c->waiting) return;
    c->waiting = false;
    if (c->older) c->older->newer = c->newer;
    else s->oldest = c->newer;
    if (c->newer) c->newer->older = c->older;
    else s->newest = c->older;
    c->older = c->newer = NULL;
    s->n_waiting--;
    c->remote->guard->n_waiting--;
}

void uk_guard_accepted(uk_conn *c) {
    uk_guard *g = c->remote->guard;
    uk_source *s = source_of(g, c->from, true);
    c->source = s;
    c->waiting = true;
    c->older = s->newest;
    if (s->newest) s->newest->newer = c;
    else s->oldest = c;
    s->newest = c;
    s->n++;
    s->n_waiting++;
    g->n++;
    g->n_waiting++;
}

void uk_guard_opened(uk_conn *c) {
    if (c->source) stop_waiting(c);
}

void uk_guard_gone(uk_conn *c) {
    uk_source *s = c->source;
    if (!s) return;
    stop_waiting(c);
    c->source = NULL;
    c->remote->guard->n--;
    if (--s->n) return;
    uk_map_remove(&c->remote->guard->sources, s->key, sizeof s->key);
    uk_free(s);
}

/* ---- admission ---- */

static void warn(uk_guard *g, const char *from, const char *what) {
    uk_remote *r = g->remote;
    uk_log(r->sys, uk_sniff_first(r, from, what) ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           UK_LOG_TRANSPORT, "SECURITY", NULL, "Remote connection to [%s] refused: %s", from, what);
}

/* Whoever has waited longest gives way: who means it is done long before. */
static bool evict(uk_source *s, const char *setting) {
    uk_conn *c = s ? s->oldest : NULL;
    if (!c) return false;
    uk_conn_refuse(c, "others wait for their handshake, too, and this one has waited longest "
                      "(ukko.remote.limits.%s)", setting);
    return true;
}

static uk_source *most_waiting(uk_guard *g) {
    uk_source *most = NULL;
    size_t pos = 0;
    void *v;
    while (uk_map_next(&g->sources, &pos, &v)) {
        uk_source *s = v;
        if (s->n_waiting && (!most || s->n_waiting > most->n_waiting)) most = s;
    }
    return most;
}

bool uk_guard_admits(uk_guard *g, const char *from) {
    uk_source *s = source_of(g, from, false);
    if (s && s->n_waiting >= g->set.handshakes_per_host) evict(s, "max-handshakes-per-host");
    else if (g->n_waiting >= g->set.handshakes) evict(most_waiting(g), "max-handshakes");
    s = source_of(g, from, false); /* the other may have been its last */
    if (s && s->n >= g->set.per_host && !evict(s, "max-connections-per-host")) {
        warn(g, from, "this host has as many connections as ukko.remote.limits."
                      "max-connections-per-host allows");
        return false;
    }
    /* those that have been ended and linger count, too */
    if (uk_streams_open(g->remote->loop) < g->set.connections) return true;
    if (evict(most_waiting(g), "max-connections")) return true;
    warn(g, from, "there are as many connections as ukko.remote.limits.max-connections allows");
    return false;
}

/* ---- bytes ---- */

bool uk_guard_data(uk_conn *c, size_t used, size_t left, size_t want) {
    const uk_limits *l = &c->remote->guard->set;
    if (!c->proto.was_open && !c->active) {
        c->before += used;
        size_t most = left > want ? left : want;
        if (c->before + most > l->handshake_bytes) {
            uk_conn_refuse(c, "more than %zu bytes before the handshake "
                              "(ukko.remote.limits.max-handshake-bytes)", l->handshake_bytes);
            return false;
        }
    }
    if (!left) c->frame_since = 0;
    else if (used || !c->frame_since) c->frame_since = uk_loop_now(c->remote->loop);
    return true;
}

/* ---- what has arrived and waits ---- */

static unsigned slot_of(const uk_conn *c) {
    const char *colon = strrchr(c->from, ':');
    uint32_t h = uk_hash(c->from, colon ? (size_t)(colon - c->from) : strlen(c->from));
    return 1 + h % (UK_ARRIVAL_SLOTS - 1);
}

/* Does a slot hold more than its share, while all of them together hold too much? */
static bool too_much(const uk_guard *g, unsigned slot, uint64_t limit) {
    uint64_t own = uk_arrival_waits(slot), all = 0;
    unsigned busy = 0;
    (void)g;
    if (own < QUIET_BYTES) return false;
    for (unsigned i = 1; i < UK_ARRIVAL_SLOTS; i++) {
        uint64_t n = uk_arrival_waits(i);
        all += n;
        busy += n > 0;
    }
    return all > limit && own > limit / (busy ? busy : 1);
}

static void pause(uk_conn *c) {
    uk_guard *g = c->remote->guard;
    c->paused = true;
    uk_stream_resume(c->stream, false);
    uk_log(g->remote->sys, uk_guard_may_complain(c) ? UKKO_LOG_WARN : UKKO_LOG_DEBUG, "remoting",
           UK_LOG_READER, NULL, NULL,
           "[%llu] bytes of messages from the host of [%s] wait for actors: reading pauses until "
           "they have taken some up (ukko.remote.limits.max-bytes-in-flight)",
           (unsigned long long)uk_arrival_waits(c->slot), c->peer ? c->peer->address : c->from);
    if (g->resuming) return;
    g->resuming = true;
    uk_alarm_start(g->remote->loop, &g->resume, RESUME_MS);
}

uint64_t uk_guard_mark(uk_conn *c, ukko_msg *m, size_t bytes) {
    if (!c->slot) c->slot = (uint8_t)slot_of(c);
    uint8_t code = uk_arrival_code(bytes + MESSAGE_OVERHEAD);
    m->h.owns |= UK_OWNS_ARRIVAL; /* its end is to be noticed */
    /* relaxed: m is given away later */
    atomic_store_explicit(&m->h.arrival, (uint8_t)(c->slot << 4 | code), memory_order_relaxed);
    return uk_arrival_size(code);
}
void uk_guard_sent(uk_conn *c, uint64_t size) {
    atomic_fetch_add_explicit(&uk_arrivals[c->slot].sent, size, memory_order_relaxed);
}
void uk_guard_arrives(uk_conn *c, ukko_msg *m, size_t bytes) {
    if (m->type == &uk_selection_type) m = UK_BODY(uk_selection_body, m)->message;
    if (m) uk_guard_sent(c, uk_guard_mark(c, m, bytes));
}

void uk_guard_read(uk_conn *c) {
    uk_guard *g = c->remote->guard;
    if (c->slot && !c->paused && !c->ended && c->stream &&
        too_much(g, c->slot, (uint64_t)g->set.in_flight))
        pause(c);
}

static void on_resume(uk_alarm *a) {
    uk_guard *g = UK_OWNER(uk_guard, a, resume);
    bool left = false;
    for (uk_conn *c = g->remote->conns; c; c = c->next) {
        if (!c->paused || c->ended) continue;
        /* a good deal less, so that it is not paused again at once */
        if (too_much(g, c->slot, (uint64_t)g->set.in_flight / 2)) {
            left = true;
            continue;
        }
        c->paused = false;
        uk_proto_excuse(&c->proto, uk_loop_now(g->remote->loop));
        uk_stream_resume(c->stream, true);
    }
    g->resuming = left;
    if (left) uk_alarm_start(g->remote->loop, a, RESUME_MS);
}

/* ---- slow peers ---- */

static void look_at(uk_guard *g, uk_conn *c, int64_t now) {
    const uk_limits *l = &g->set;
    size_t waits;
    if (!c->stream || c->ended) return;
    /* what it says is not read now: that is no silence of its */
    if (c->paused) uk_proto_excuse(&c->proto, now);
    else if (l->frame_ms && c->frame_since && now - c->frame_since >= l->frame_ms) {
        uk_conn_refuse(c, "a frame was not whole after %lld ms (ukko.remote.limits.frame-timeout)",
                       (long long)l->frame_ms);
        return;
    }
    uint64_t taken = uk_stream_taken(c->stream, &waits);
    if (!waits || taken != c->taken || !c->taken_since) {
        c->taken = taken;
        c->taken_since = now;
    } else if (l->write_ms && now - c->taken_since >= l->write_ms) {
        uk_conn_refuse(c, "the peer took none of %zu bytes for %lld ms "
                          "(ukko.remote.limits.write-timeout)", waits, (long long)l->write_ms);
    }
}

static void on_look(uk_alarm *a) {
    uk_guard *g = UK_OWNER(uk_guard, a, look);
    int64_t now = uk_loop_now(g->remote->loop), every = LOOK_MS;
    for (uk_conn *c = g->remote->conns, *next; c; c = next) {
        next = c->next; /* only c itself can go */
        look_at(g, c, now);
    }
    if (g->set.frame_ms && g->set.frame_ms / 4 < every) every = g->set.frame_ms / 4;
    if (g->set.write_ms && g->set.write_ms / 4 < every) every = g->set.write_ms / 4;
    uk_alarm_start(g->remote->loop, a, every > 0 ? every : 1);
}

/* ---- complaints ---- */

bool uk_guard_may_complain(uk_conn *c) {
    uk_remote *r = c->remote;
    int64_t now = uk_loop_now(r->loop);
    if (now - c->complaints_since >= COMPLAINTS_MS) {
        if (c->complaints > COMPLAINTS)
            uk_log(r->sys, UKKO_LOG_WARN, "remoting", UK_LOG_READER, "SECURITY", NULL,
                   "[%u] more complaints about [%s] were not logged", c->complaints - COMPLAINTS,
                   c->peer ? c->peer->address : c->from);
        c->complaints = 0;
        c->complaints_since = now;
    }
    return ++c->complaints <= COMPLAINTS;
}

/* ---- life ---- */

/* A process that has used up its files can neither accept nor connect. */
static size_t files_allow(size_t want) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur == RLIM_INFINITY) return want;
    size_t half = files.rlim_cur > 8 ? (size_t)files.rlim_cur / 2 : 4;
    return want < half ? want : half;
}

uk_guard *uk_guard_new(uk_remote *r) {
    uk_guard *g = uk_zalloc(sizeof *g);
    g->remote = r;
    g->set = r->set.limits;
    g->set.connections = files_allow(g->set.connections);
    if (g->set.handshakes > g->set.connections / 2) g->set.handshakes = g->set.connections / 2;
    g->look.fire = on_look;
    g->resume.fire = on_resume;
    return g;
}

void uk_guard_begin(uk_guard *g) { on_look(&g->look); }

void uk_guard_stop(uk_guard *g) {
    uk_alarm_stop(g->remote->loop, &g->look);
    uk_alarm_stop(g->remote->loop, &g->resume);
}

void uk_guard_free(uk_guard *g) {
    size_t pos = 0;
    void *v;
    if (!g) return;
    while (uk_map_next(&g->sources, &pos, &v)) uk_free(v);
    uk_map_fini(&g->sources);
    uk_free(g);
}
