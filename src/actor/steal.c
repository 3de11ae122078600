/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking from another worker what it does not get to. A claim is dear for both sides, and so is
 * running cells on another core than those they talk to; so it is done late, by the one worker that
 * looks (rest.c), for
 * - cells that have waited in a ring since an earlier look: at once when turns are long there (or
 *   were, a moment ago), else after LONG_NS. A ring that drains between two looks is left alone,
 *   however full it always is;
 * - a cell in the last-in slot, and messages in the outbox, behind a turn that has lasted for
 *   LATE_NS.
 * Runs on workers.
 */
#include "actor/crew.h"
#include "actor/inbox.h"
#include "base/os.h"

/* Turns of less than COARSE_NS are not worth another core before LONG_NS; of HEAVY_NS always
   are. */
enum { SOON_NS = 100000, LONG_NS = 1000000, LATE_NS = 1000000, COARSE_NS = 1000, HEAVY_NS = 4000 };
enum { HEAVY_KEPT_NS = 20000000 };

typedef uk_worker worker;

/* ---- taking ---- */

/* Half of another's ring; the first one is given back, the others go into w's ring. */
uk_cell *uk_ring_steal(worker *w, worker *from) {
    uk_cell *got[UK_STEAL_MAX];
    if (!uk_ring_count(from) || !uk_asym_claim(&from->own)) return NULL;
    uint32_t n = uk_ring_count(from), h = atomic_load_explicit(&from->head, memory_order_relaxed);
    n -= n / 2;
    if (n > UK_STEAL_MAX) n = UK_STEAL_MAX;
    for (uint32_t i = 0; i < n; i++) got[i] = from->ring[(h + i) % UK_RING];
    atomic_store_explicit(&from->head, h + n, memory_order_relaxed);
    uk_asym_unclaim(&from->own);
    if (!n) return NULL;
    uk_asym_enter(&w->own);
    for (uint32_t i = 1; i < n; i++) uk_ring_put(w, got[i]);
    uk_asym_leave(&w->own);
    return got[0];
}
/* What a handler has kept back and goes on keeping. Its number falls when all of it is pushed:
   until then the owner waits for the end of the claim before it sends anything else, so that the
   order is kept. */
void uk_push_late(worker *o) {
    if (!atomic_load_explicit(&o->out.n, memory_order_relaxed) || !uk_asym_claim(&o->own)) return;
    uk_envelope *first = o->out.first, *last = o->out.last;
    uk_cell *to = first ? o->out.to : NULL; /* without any the owner writes it as it likes */
    if (to) {
        o->out.first = o->out.last = NULL;
        uk_cell_push_chain(to, first, last);
        /* pairs with the acquire in uk_outbox_any() */
        atomic_store_explicit(&o->out.n, 0, memory_order_release);
    }
    uk_asym_unclaim(&o->own);
    if (to) uk_ref_release(&to->ref); /* the count of keep_back() */
}
static uk_cell *slot_steal(worker *o) {
    if (!atomic_load_explicit(&o->next, memory_order_relaxed) || !uk_asym_claim(&o->own)) return NULL;
    uk_cell *got = uk_slot_take(o);
    uk_asym_unclaim(&o->own);
    return got;
}

/* ---- looking ---- */

/* How long its present turn has lasted at least. */
static int64_t turn_lasts(worker *o, int64_t now) {
    uint64_t turns = atomic_load_explicit(&o->turns, memory_order_relaxed);
    bool runs = atomic_load_explicit(&o->turn, memory_order_relaxed);
    if (!runs || turns != o->seen.turns) {
        o->seen.turns = turns;
        o->seen.since = now;
    }
    return now - o->seen.since;
}
/* How long the oldest in its ring has waited at least; -1: there is none. After turn_lasts(). */
static int64_t ring_waits(worker *o, int64_t now) {
    uint32_t head = atomic_load_explicit(&o->head, memory_order_relaxed),
             tail = atomic_load_explicit(&o->tail, memory_order_relaxed);
    if ((int32_t)(head - o->seen.mark) >= 0) { /* all that was there at the last mark has been run */
        o->seen.mark = tail;
        o->seen.mark_ns = now;
        o->seen.mark_turns = o->seen.turns;
    }
    return head == tail ? -1 : now - o->seen.mark_ns;
}
static bool is_worth_it(worker *o, int64_t lasts, int64_t waits, int64_t now) {
    int64_t turns = (int64_t)(o->seen.turns - o->seen.mark_turns); /* while it waited */
    bool soon = waits >= SOON_NS;
    if (waits < 0) return false;
    if (lasts >= SOON_NS || (soon && turns * HEAVY_NS < waits)) o->d->heavy_ns = now;
    return now - o->d->heavy_ns < HEAVY_KEPT_NS || waits >= LONG_NS ||
           (soon && turns * COARSE_NS < waits);
}
static uk_cell *look_at(worker *w, worker *o, int64_t now) {
    int64_t lasts = turn_lasts(o, now), waits = ring_waits(o, now);
    uk_cell *got = NULL;
    if (waits >= 0) w->quiet_ns = now;
    if (is_worth_it(o, lasts, waits, now)) got = uk_ring_steal(w, o);
    if (lasts < LATE_NS) return got;
    uk_push_late(o);
    return got ? got : slot_steal(o);
}
uk_cell *uk_look(worker *w) {
    uk_dispatcher *d = w->d;
    int64_t now = uk_now_ns();
    uk_cell *got = NULL;
    for (unsigned i = 0; i < d->n && !got; i++)
        if (&d->workers[i] != w) got = look_at(w, &d->workers[i], now);
    if (got) w->stole_ns = now;
    return got;
}
bool uk_something_late(worker *w) {
    uk_dispatcher *d = w->d;
    int64_t now = uk_now_ns();
    bool late = false;
    for (unsigned i = 0; i < d->n; i++) {
        worker *o = &d->workers[i];
        late |= o != w && turn_lasts(o, now) >= LATE_NS &&
                (atomic_load_explicit(&o->next, memory_order_relaxed) ||
                 atomic_load_explicit(&o->out.n, memory_order_relaxed));
    }
    return late;
}
