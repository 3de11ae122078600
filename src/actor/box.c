/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bounded or an ordered mailbox keeps beside the inbox of its cell.
 *
 * Bounded: senders count a message in before they push it, and wait for room, on their own threads;
 * the cell's turn counts it out when it takes it up. A sender that waits raises `waiting` and then
 * looks at `queued`; the turn lowers `queued` and then looks at `waiting` (all seq_cst): one of the
 * two sees the other. A worker that has to wait runs other actors meanwhile, the full one among them.
 * Ordered: the turn moves what it has taken from the inbox into a heap by priority, then by arrival.
 */
#include "actor/mailbox.h"
#include "actor/inbox.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"

enum { LOOK_NS = 1000000, SMALL_HEAP = 1024 };

void uk_box_init(uk_box *b, const uk_mailbox *kind) {
    memset(b, 0, sizeof *b);
    b->kind = kind;
    uk_cond_init(&b->room);
    pthread_mutex_init(&b->lock, NULL);
}
void uk_box_fini(uk_box *b) { /* the system, and with it b->kind, may have ended before */
    uk_free(b->heap);
    pthread_cond_destroy(&b->room);
    pthread_mutex_destroy(&b->lock);
}

/* ---- bounded: senders ---- */

static bool count_in(uk_box *b) {
    int64_t n = atomic_load_explicit(&b->queued, memory_order_seq_cst);
    while (n < b->kind->capacity)
        if (atomic_compare_exchange_weak_explicit(&b->queued, &n, n + 1, memory_order_seq_cst,
                                                  memory_order_seq_cst))
            return true;
    return false;
}
/* Messages of the runtime to the actor, which must not be lost. */
static bool always_in(const ukko_type *t) {
    return t == &ukko_terminated_type || t == &uk_tick_type || t == &uk_answer_type ||
           t == &ukko_receive_timeout_type;
}
bool uk_may_wait_for(uk_cell *c) {
    const uk_worker *w = uk_here.w;
    if (!c->ref.sys->threads || uk_here.never_waits) return false;
    return !w || atomic_load_explicit(&w->turn, memory_order_relaxed) != c;
}
/* Until there may be room, or `until` has come, a look later when that is sooner. */
static void wait_a_little(uk_cell *c, uk_box *b, int64_t until, bool look) {
    int64_t end = look ? uk_now_ns() + LOOK_NS : until;
    if (until < end) end = until;
    pthread_mutex_lock(&b->lock);
    if (atomic_load_explicit(&b->queued, memory_order_seq_cst) >= b->kind->capacity &&
        !uk_inbox_closed(c))
        uk_cond_wait_until(&b->room, &b->lock, end);
    pthread_mutex_unlock(&b->lock);
}
int64_t uk_wait_end(int64_t push_ns) {
    int64_t now = uk_now_ns();
    return push_ns < 0 || push_ns > INT64_MAX / 2 - now ? INT64_MAX / 2 : now + push_ns;
}
static bool wait_for_room(uk_cell *c, uk_box *b) {
    int64_t until = uk_wait_end(b->kind->push_ns);
    bool in = false;
    atomic_fetch_add_explicit(&b->waiting, 1, memory_order_seq_cst);
    while (!(in = count_in(b)) && !uk_inbox_closed(c) && uk_now_ns() < until)
        if (!uk_sched_help()) wait_a_little(c, b, until, uk_here.w != NULL);
    atomic_fetch_sub_explicit(&b->waiting, 1, memory_order_seq_cst);
    return in;
}
void uk_box_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    uk_box *b = uk_box_of(c);
    bool in = true;
    if (msg->type == &uk_selection_type || uk_inbox_closed(c)) {
        uk_cell_tell(to, msg, sender);
        return;
    }
    if (always_in(msg->type)) atomic_fetch_add_explicit(&b->queued, 1, memory_order_seq_cst);
    else in = count_in(b) || (b->kind->push_ns && uk_may_wait_for(c) && wait_for_room(c, b));
    if (!in && !uk_inbox_closed(c)) {
        uk_dead_letter(to->sys, msg, sender, to, "the mailbox is full");
        return;
    }
    if (c->traits & UK_TRAIT_COUNTED)
        atomic_fetch_add_explicit(&c->props->load->queued, 1, memory_order_relaxed);
    uk_cell_tell(to, msg, sender);
}

/* ---- bounded: the turn ---- */

static void count_out(uk_box *b) {
    atomic_fetch_sub_explicit(&b->queued, 1, memory_order_seq_cst);
    if (!atomic_load_explicit(&b->waiting, memory_order_seq_cst)) return;
    pthread_mutex_lock(&b->lock);
    pthread_cond_broadcast(&b->room);
    pthread_mutex_unlock(&b->lock);
}

/* ---- ordered ---- */

static bool before(const uk_slot *a, const uk_slot *b) {
    return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
}
static void swap(uk_slot *a, uk_slot *b) {
    uk_slot t = *a;
    *a = *b;
    *b = t;
}
static void heap_put(uk_box *b, uk_slot s) {
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 16;
        b->heap = uk_realloc(b->heap, b->cap * sizeof *b->heap);
    }
    size_t i = b->n++;
    b->heap[i] = s;
    for (; i && before(&b->heap[i], &b->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&b->heap[i], &b->heap[(i - 1) / 2]);
}
static uk_envelope *heap_take(uk_box *b) {
    if (!b->n) return NULL;
    uk_envelope *e = b->heap[0].e;
    b->heap[0] = b->heap[--b->n];
    for (size_t i = 0, k; (k = 2 * i + 1) < b->n; i = k) {
        if (k + 1 < b->n && before(&b->heap[k + 1], &b->heap[k])) k++;
        if (!before(&b->heap[k], &b->heap[i])) break;
        swap(&b->heap[k], &b->heap[i]);
    }
    if (!b->n && b->cap > SMALL_HEAP) { /* a flood is over */
        uk_free(b->heap);
        b->heap = NULL;
        b->cap = 0;
    }
    return e;
}
static int32_t priority_of(const uk_box *b, const ukko_msg *m) {
    const ukko_mailbox *own = b->kind->own;
    bool control = b->kind->semantics & UK_QUEUE_CONTROL;
    if (control && m->type->flags & UKKO_TYPE_CONTROL) return INT32_MIN;
    return own && own->priority ? own->priority(m, own->data) : 0;
}
static void sort_in(uk_cell *c, uk_box *b) {
    for (uk_envelope *e = c->head, *next; e; e = next) {
        next = e->next;
        e->next = NULL;
        heap_put(b, (uk_slot){priority_of(b, e->msg), b->next++, e});
    }
    c->head = c->tail = NULL;
}

/* ---- both ---- */

bool uk_box_waits(uk_cell *c) {
    uk_box *b = uk_box_of(c);
    if (b->kind->ordered && c->head) sort_in(c, b);
    return c->head || b->n;
}
uk_envelope *uk_box_take(uk_cell *c) {
    uk_box *b = uk_box_of(c);
    uk_envelope *e = b->kind->ordered ? heap_take(b) : c->head;
    if (!e) return NULL;
    if (!b->kind->ordered) c->head = e->next;
    if (b->kind->bounded) count_out(b);
    return e;
}
void uk_box_unstash(uk_cell *c, uk_envelope *first, uk_envelope *last, int64_t n) {
    uk_box *b = uk_box_of(c);
    if (b->kind->bounded) atomic_fetch_add_explicit(&b->queued, n, memory_order_seq_cst);
    if (!b->kind->ordered) {
        last->next = c->head;
        if (!c->head) c->tail = last;
        c->head = first;
        return;
    }
    sort_in(c, b);
    int64_t order = b->front -= n; /* in front of those of the same priority */
    last->next = NULL;
    for (uk_envelope *e = first, *next; e; e = next) {
        next = e->next;
        e->next = NULL;
        heap_put(b, (uk_slot){priority_of(b, e->msg), order++, e});
    }
}
void uk_box_close(uk_cell *c) {
    uk_box *b = uk_box_of(c);
    if (b->kind->ordered) {
        sort_in(c, b);
        for (uk_envelope *e; (e = heap_take(b)); c->tail = e) {
            if (c->head) c->tail->next = e;
            else c->head = e;
        }
    }
    if (!b->kind->bounded) return;
    pthread_mutex_lock(&b->lock); /* who waits sees that the inbox is closed */
    pthread_cond_broadcast(&b->room);
    pthread_mutex_unlock(&b->lock);
}
