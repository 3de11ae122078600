/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that come one after another from the same sender to the same actor: their frames are not
   decoded again, and they are pushed into the mailbox as one chain. Anything else that comes in
   between pushes first what has been gathered, so that all stays in order. I/O thread only. */
#include "remote/internal.h"
#include "actor/inbox.h"

enum { CHAIN_MOST = 64 };

void uk_again_push(uk_conn *c) {
    uk_again *a = &c->again;
    uk_envelope *first = a->first;
    if (!first) return;
    a->first = NULL;
    /* relaxed: our own count keeps it alive meanwhile */
    if (a->from) atomic_fetch_add_explicit(&a->from->refs, a->n, memory_order_relaxed);
    uk_guard_sent(c, a->size);
    uk_cell_push_chain(uk_cell_of(a->to), first, a->last);
}

void uk_again_forget(uk_conn *c) {
    uk_again *a = &c->again;
    uk_again_push(c);
    uk_ref_release(a->to);
    uk_ref_release(a->from);
    a->to = a->from = NULL;
    a->alike.known = false;
}

void uk_again_fini(uk_conn *c) {
    uk_again_forget(c);
    uk_alike_fini(&c->again.alike);
}

/* Only what came twice in a row is worth it. */
static bool came_before(uk_again *a, const ukko_ref *to, const ukko_ref *from) {
    bool same = a->last_to == to && a->last_from == from;
    a->last_to = to; /* only compared */
    a->last_from = from;
    return same;
}
void uk_again_learn(uk_conn *c, const uk_wire *e, ukko_ref *to, ukko_ref *from) {
    uk_again *a = &c->again;
    const uk_remote_settings *s = &c->remote->set;
    if (to->vt != &uk_cell_vt || !came_before(a, to, from)) return;
    if (from && from->vt->kind != UK_REF_REMOTE && from->vt->kind != UK_REF_CELL) return;
    if (c->untrusted || s->n_classes || (c->rule && c->rule->n_classes)) return;
    if (s->log_received || s->log_frame_size >= 0) return;
    if (e->serializer == UKKO_SER_CONTAINER) return; /* goes to whom it says */
    uk_again_forget(c);
    if (!uk_alike_learn(&a->alike, e)) return;
    a->to = uk_ref_retain(to);
    a->from = uk_ref_retain(from);
    a->serializer = e->serializer;
    a->manifest = (ukko_slice){NULL, 0};
    if (!e->manifest.len) return;
    /* it lies behind the message, or the frame would not have been learned */
    size_t at = (size_t)(e->manifest.ptr - (e->message.ptr + e->message.len));
    a->manifest = (ukko_slice){a->alike.bytes.ptr + a->alike.front + at, e->manifest.len};
}

static bool gone(const uk_again *a) {
    if (uk_ref_stopped(a->to)) return true;
    return a->from && a->from->vt->kind == UK_REF_CELL && uk_ref_stopped(a->from);
}

static void chain(uk_conn *c, ukko_msg *m, size_t bytes) {
    uk_again *a = &c->again;
    uk_envelope *e = &m->env;
    if (!a->first) a->n = 0, a->size = 0;
    a->size += uk_guard_mark(c, m, bytes);
    if (a->first) a->last->next = e;
    else a->first = e;
    a->last = e;
    if (++a->n == CHAIN_MOST) uk_again_push(c);
}

bool uk_again_came(uk_conn *c, ukko_slice body) {
    uk_again *a = &c->again;
    ukko_slice bytes;
    ukko_error err;
    ukko_msg *m = NULL;
    if (c->proto.state != UK_PROTO_OPEN || !uk_alike_match(&a->alike, body, &bytes)) return false;
    if (gone(a)) {
        uk_again_forget(c);
        return false;
    }
    if (uk_serial_decode(c->remote->serial, a->serializer, a->manifest, bytes, &m, &err) || !m)
        return false; /* is found out once more, to be reported */
    uk_proto_excuse(&c->proto, uk_loop_now(c->remote->loop));
    uk_envelope *e = uk_envelope_of(m, a->from);
    if (e == &m->env) {
        chain(c, m, body.len);
        return true;
    }
    uk_again_push(c); /* the decoder has kept it, too */
    uk_ref_retain(a->from);
    uk_guard_sent(c, uk_guard_mark(c, m, body.len));
    uk_cell_push_chain(uk_cell_of(a->to), e, e);
    return true;
}
