/* SPDX-License-Identifier: Apache-2.0 */
/* Setting faults: what programs call, and what has to be done on the I/O thread when something has
   changed. Any thread, but for [io]. */
#include "remote/internal.h"
#include "base/mem.h"
#include "remote/faults_table.h"

typedef struct change { /* for the I/O thread */
    uk_task task;
    uk_remote *remote;
    char *key; /* NULL: all */
    bool end;  /* the connections are to end */
    int32_t reason;
} change;

/* [io] Is the connection one with this "host:port"? */
static bool is_with(const uk_conn *c, const char *key) {
    if (!c->peer) return false;
    char *own = uk_fault_key(c->peer->address);
    bool same = own && !strcmp(own, key);
    uk_free(own);
    return same;
}

static void end_conn(uk_conn *c, int32_t reason) {
    static const struct { int32_t reason; uk_pdu_kind pdu; } said[] = {
        {UKKO_REASON_PEER_SHUTDOWN, UK_PDU_DISASSOCIATE_SHUTDOWN},
        {UKKO_REASON_PEER_QUARANTINED_US, UK_PDU_DISASSOCIATE_QUARANTINED},
        {UKKO_REASON_DISASSOCIATED, UK_PDU_DISASSOCIATE}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (said[i].reason != reason) continue;
        uk_buf frame = {0};
        uk_pdu_put_control(&frame, said[i].pdu);
        uk_proto_frame(&c->proto,
                       (ukko_slice){frame.ptr + UK_FRAME_HEADER, frame.len - UK_FRAME_HEADER},
                       uk_loop_now(c->remote->loop));
        uk_buf_fini(&frame);
        return;
    }
    if (c->stream) uk_stream_close(c->stream);
    uk_proto_lost(&c->proto, "the disassociation was forced");
}

/* [io] Ending one may end others: looks from the start again after each. */
static void end_conns(uk_remote *r, const char *key, int32_t reason) {
    for (uk_conn *c = r->conns; c;) {
        bool hit = !c->ended && is_with(c, key);
        if (hit) end_conn(c, reason);
        c = hit ? r->conns : c->next;
    }
}

static void run_change(uk_task *t) {
    change *x = UK_OWNER(change, t, task);
    uk_remote *r = x->remote;
    if (x->end) end_conns(r, x->key, x->reason);
    for (uk_conn *c = r->conns, *next; c && !x->end; c = next) { /* what waited may go now */
        next = c->next;
        if (c->stream && (!x->key || is_with(c, x->key))) uk_stream_kick(c->stream);
    }
    uk_free(x->key);
    uk_free(x);
}

static void post(uk_remote *r, char *key, bool end, int32_t reason) { /* takes key */
    change *x = uk_alloc(sizeof *x);
    *x = (change){{NULL, run_change}, r, key, end, reason};
    uk_loop_post(r->loop, &x->task);
}

/* The system, if faults of this kind can be injected there; *key is owned then. */
static int prepare(ukko_system *sys, const char *address, bool trttl, uk_remote **r, char **key) {
    *r = uk_remote_of(sys);
    if (!*r || !(*r)->loop || !(*r)->faults) return UKKO_ESTATE;
    bool can = (*r)->set.faults;
    for (size_t i = 0; i < (*r)->set.n_transports; i++)
        can |= trttl ? (*r)->set.transports[i].trttl : (*r)->set.transports[i].gremlin;
    if (!can) return UKKO_ESTATE;
    *key = uk_fault_key(address);
    return *key ? UKKO_OK : UKKO_EINVAL;
}

static void note(uk_remote *r, const char *key, const char *what) {
    uk_flight_record(r->flight,
                     &(uk_flight_note){.kind = UKKO_FLIGHT_FAULT, .address = key, .text = what});
}

static int set_mode(ukko_system *sys, const char *address, int32_t way, uk_fault_mode mode,
                    double per_second, double burst) {
    static const char *const names[] = {"pass", "throttle", "blackhole"};
    uk_remote *r;
    char *key;
    if (way < UKKO_FAULT_SEND || way > UKKO_FAULT_BOTH) return UKKO_EINVAL;
    int rc = prepare(sys, address, true, &r, &key);
    if (rc) return rc;
    uk_faults_set(r->faults, key, way, mode, per_second, burst);
    note(r, key, names[mode]);
    post(r, key, false, 0);
    return UKKO_OK;
}

int ukko_fault_throttle(ukko_system *sys, const char *address, int32_t way,
                        double bytes_per_second, int64_t burst_bytes) {
    if (!(bytes_per_second > 0) || burst_bytes < 1) return UKKO_EINVAL;
    return set_mode(sys, address, way, UK_FAULT_THROTTLE, bytes_per_second, (double)burst_bytes);
}
int ukko_fault_blackhole(ukko_system *sys, const char *address, int32_t way) {
    return set_mode(sys, address, way, UK_FAULT_BLACKHOLE, 0, 0);
}
int ukko_fault_pass(ukko_system *sys, const char *address, int32_t way) {
    return set_mode(sys, address, way, UK_FAULT_NONE, 0, 0);
}

int ukko_fault_loss(ukko_system *sys, const char *address, double sent, double received) {
    uk_remote *r;
    char *key;
    if (!(sent >= 0 && sent <= 1 && received >= 0 && received <= 1)) return UKKO_EINVAL;
    int rc = prepare(sys, address, false, &r, &key);
    if (rc) return rc;
    uk_faults_lose(r->faults, key, sent, received);
    note(r, key, sent > 0 || received > 0 ? "loss" : "no loss");
    uk_free(key);
    return UKKO_OK;
}

int ukko_fault_disassociate(ukko_system *sys, const char *address, int32_t reason) {
    uk_remote *r;
    char *key;
    if (reason != UKKO_REASON_NONE && reason != UKKO_REASON_PEER_SHUTDOWN &&
        reason != UKKO_REASON_PEER_QUARANTINED_US && reason != UKKO_REASON_DISASSOCIATED)
        return UKKO_EINVAL;
    int rc = prepare(sys, address, true, &r, &key);
    if (rc) return rc;
    note(r, key, "disassociate");
    post(r, key, true, reason);
    return UKKO_OK;
}

int ukko_fault_clear(ukko_system *sys, const char *address) {
    uk_remote *r = uk_remote_of(sys);
    if (!r || !r->loop || !r->faults) return UKKO_ESTATE;
    char *key = uk_fault_key(address);
    if (address && !key) return UKKO_EINVAL;
    uk_faults_clear(r->faults, key);
    note(r, key, "clear");
    post(r, key, false, 0);
    return UKKO_OK;
}
