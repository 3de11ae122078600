/* SPDX-License-Identifier: Apache-2.0 */
/* Links as programs see them: names of states and reasons, a snapshot of each link. Any thread. */
#include "remote/internal.h"
#include "base/mem.h"
#include "base/os.h"

/* ---- names ---- */

static const struct {
    const char *name, *text, *remedy;
} reasons[] = {
#define UKKO_X(name, number, what, remedy) [number] = {#name, what, remedy},
    UKKO_LINK_REASON_MAP(UKKO_X)
#undef UKKO_X
};

static bool known(int32_t reason) {
    return reason >= 0 && (size_t)reason < sizeof reasons / sizeof *reasons;
}
const char *ukko_link_reason_name(int32_t reason) {
    return known(reason) ? reasons[reason].name : "?";
}
const char *ukko_link_reason_text(int32_t reason) {
    return known(reason) ? reasons[reason].text : "a reason this version does not know";
}
const char *ukko_link_reason_remedy(int32_t reason) {
    return known(reason) ? reasons[reason].remedy : "see the documentation of a newer version";
}
const char *ukko_link_state_name(int32_t state) {
    static const char *const names[] = {"idle", "connecting", "active", "gated", "quarantined"};
    return (uint32_t)state < sizeof names / sizeof *names ? names[state] : "?";
}

/* ---- the flight recorder ---- */

void uk_flight_of(uk_remote *r, const uk_peer *p, int32_t kind, int64_t a, int64_t b,
                  const char *text) {
    uk_flight_record(r->flight, &(uk_flight_note){.kind = kind, .a = a, .b = b, .text = text,
                                                  .address = p ? p->address : NULL});
}

void uk_flight_step(const uk_peer *p, const uk_link_event *ev, uk_link_state from) {
    static const uint8_t kinds[UK_LINK_EVENTS] = {
        [UK_LINK_WANTED] = UKKO_FLIGHT_WANTED,         [UK_LINK_CONNECTED] = UKKO_FLIGHT_CONNECTED,
        [UK_LINK_REFUSED] = UKKO_FLIGHT_REFUSED,       [UK_LINK_INBOUND] = UKKO_FLIGHT_INBOUND,
        [UK_LINK_LOST] = UKKO_FLIGHT_LOST,             [UK_LINK_BROKEN] = UKKO_FLIGHT_BROKEN,
        [UK_LINK_HOPELESS] = UKKO_FLIGHT_HOPELESS,     [UK_LINK_TIME] = UKKO_FLIGHT_TIME,
        [UK_LINK_QUARANTINE] = UKKO_FLIGHT_QUARANTINE,
        [UK_LINK_CLEAR] = UKKO_FLIGHT_CLEARED};
    const uk_link *l = &p->link;
    bool dull = ev->kind == UK_LINK_WANTED || ev->kind == UK_LINK_TIME;
    const uk_conn *c = ev->conn;
    if (dull && from == l->state) return;
    uk_flight_record(p->remote->flight,
                     &(uk_flight_note){.kind = kinds[ev->kind],
                                       .address = p->address,
                                       .text = ev->text,
                                       .from = uk_link_state_name(from),
                                       .to = uk_link_state_name(l->state),
                                       .reason = from == l->state ? 0 : l->reason,
                                       .has_uid = c || ev->has_uid,
                                       .inbound = c && !c->active,
                                       .uid = c ? c->uid : ev->uid});
}

int ukko_flight_read(ukko_system *sys, ukko_flight_fn fn, void *data) {
    uk_remote *r = uk_remote_of(sys);
    if (!fn) return UKKO_EINVAL;
    return r && r->flight ? uk_flight_each(r->flight, fn, data) : UKKO_ESTATE;
}

const char *ukko_flight_file(ukko_system *sys) {
    uk_remote *r = uk_remote_of(sys);
    return r && r->flight ? uk_flight_path(r->flight) : NULL;
}

/* ---- snapshots ---- */

static int32_t public_state(uk_link_state state) {
    switch (state) {
    case UK_LINK_CONNECTING: return UKKO_LINK_CONNECTING;
    case UK_LINK_OPEN: return UKKO_LINK_ACTIVE;
    case UK_LINK_FAILED:
    case UK_LINK_GATED: return UKKO_LINK_GATED;
    case UK_LINK_QUARANTINED: return UKKO_LINK_QUARANTINED;
    default: return UKKO_LINK_IDLE;
    }
}

/* The link is stepped under the lock, so that it can be read here. */
static void look(uk_peer *p, ukko_link *out) {
    int64_t now = uk_now_ms();
    pthread_mutex_lock(&p->lock);
    const uk_link *l = &p->link;
    bool limited = l->state == UK_LINK_FAILED || l->state == UK_LINK_GATED ||
                   l->state == UK_LINK_QUARANTINED;
    *out = (ukko_link){.size = sizeof *out,
                       .state = public_state(l->state),
                       .reason = l->reason,
                       .uid_known = l->uid_known,
                       .inbound = l->writer && l->writer_inbound,
                       .also_read = l->reader != NULL,
                       .refuses = l->refuse,
                       .above_mark = p->above,
                       .uid = l->uid_known ? l->uid : 0,
                       .refused_uid = l->refuse ? l->refuse_uid : 0,
                       .state_ms = l->since ? now - l->since : 0,
                       .left_ms = limited && l->until != INT64_MAX ? l->until - now : -1,
                       .kept_messages = (int64_t)p->n_kept,
                       .kept_bytes = (int64_t)p->kept_bytes,
                       .unsent_bytes = p->out ? (int64_t)uk_stream_pending(p->out) : 0,
                       .unacknowledged = (int64_t)(p->numbers.send.pending +
                                                   p->numbers.send.nacked_count)};
    pthread_mutex_unlock(&p->lock);
    if (limited && out->left_ms < 0 && out->left_ms != -1) out->left_ms = 0;
    if (p->remote->watcher) out->watched = uk_watcher_phi(p->remote->watcher, p->address, &out->phi);
}

typedef struct tour {
    ukko_link_fn fn;
    void *data;
    int n;
} tour;

static void visit(uk_peer *p, void *data) {
    tour *t = data;
    ukko_link link;
    look(p, &link);
    link.address = p->address;
    link.local = p->transport->address;
    t->fn(t->data, &link);
    t->n++;
}

int ukko_remote_links(ukko_system *sys, ukko_link_fn fn, void *data) {
    uk_remote *r = uk_remote_of(sys);
    tour t = {fn, data, 0};
    if (!r || !r->loop) return UKKO_ESTATE;
    uk_peers_each(r, visit, &t);
    return t.n;
}

int ukko_remote_link(ukko_system *sys, const char *address, ukko_link *out) {
    uk_remote *r = uk_remote_of(sys);
    if (!address || !out) return UKKO_EINVAL;
    if (!r || !r->loop) return UKKO_ESTATE;
    uk_peer *p = uk_peer_find(r, ukko_str(address));
    if (!p) return UKKO_ENOTFOUND;
    look(p, out);
    uk_peer_release(p);
    return UKKO_OK;
}
