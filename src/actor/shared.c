/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox that the routees of a balancing pool have in common. A routee that finds it empty is
   put down as idle; a push takes one idle routee off that list and wakes it by a system message,
   which is never lost. A woken routee that cannot take the message (it is suspended, or has ended)
   passes the wake on. That of a balancing dispatcher may be bounded: who gives then waits for room.
   push and give on any thread, take and leave in the routee's own turn. */
#include "actor/inbox.h"
#include "actor/mailbox.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "base/mem.h"
#include "base/os.h"

enum { LOOK_NS = 1000000 };

struct uk_shared {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    pthread_mutex_t lock;  /* guards what follows; leaf */
    uk_envelope *head, *tail;
    int64_t n, capacity; /* messages in it; 0: no limit */
    int64_t push_ns;     /* how long to wait for room; negative: without limit */
    size_t waiting;      /* for room */
    pthread_cond_t room;
    size_t members;      /* of a balancing dispatcher */
    uk_cell **idle; /* each retained */
    size_t n_idle, cap;
};

uk_shared *uk_shared_new(void) {
    uk_shared *s = uk_zalloc(sizeof *s);
    atomic_init(&s->refs, 1);
    pthread_mutex_init(&s->lock, NULL);
    uk_cond_init(&s->room);
    return s;
}
uk_shared *uk_shared_retain(uk_shared *s) {
    if (s) atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}
void uk_shared_release(uk_shared *s) {
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    for (uk_envelope *e = s->head, *next; e; e = next) {
        next = e->next;
        uk_envelope_free(e);
    }
    for (size_t i = 0; i < s->n_idle; i++) uk_ref_release(&s->idle[i]->ref);
    pthread_cond_destroy(&s->room);
    pthread_mutex_destroy(&s->lock);
    uk_free(s->idle);
    uk_free(s);
}
static void woken(void *cell, void *data);

static void wake(uk_shared *s, uk_cell *c) { /* takes c's count; NULL is fine */
    if (!c) return;
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_RUN, NULL, NULL);
    m->fn = woken;
    m->data = s; /* lives as long as c's props */
    uk_ref_system(&c->ref, m);
    uk_ref_release(&c->ref);
}
static uk_cell *idle_one(uk_shared *s) { return s->n_idle ? s->idle[--s->n_idle] : NULL; }

/* When something waits, the next idle routee is to see to it. */
static void pass_on(uk_shared *s) {
    pthread_mutex_lock(&s->lock);
    uk_cell *c = s->head ? idle_one(s) : NULL;
    pthread_mutex_unlock(&s->lock);
    wake(s, c);
}
static void woken(void *cell, void *data) {
    if (((uk_cell *)cell)->suspended) pass_on(data); /* else its turn takes the message next */
}
static uk_cell *put(uk_shared *s, uk_envelope *e) { /* under lock; who is to be woken */
    if (s->tail) s->tail->next = e;
    else s->head = e;
    s->tail = e;
    s->n++;
    return idle_one(s);
}
void uk_shared_push(uk_shared *s, ukko_msg *msg, ukko_ref *sender) {
    uk_envelope *e = uk_envelope_new(msg, sender);
    e->next = NULL;
    pthread_mutex_lock(&s->lock);
    uk_cell *c = put(s, e);
    pthread_mutex_unlock(&s->lock);
    wake(s, c);
}
void uk_shared_limit(uk_shared *s, int64_t capacity, int64_t push_ns) {
    s->capacity = capacity;
    s->push_ns = push_ns;
}
void uk_shared_join(uk_shared *s) {
    pthread_mutex_lock(&s->lock);
    s->members++;
    pthread_mutex_unlock(&s->lock);
}
typedef enum given { GIVEN, FULL, LEFT } given;

/* Under the lock. */
static given try_put(uk_shared *s, uk_envelope *e, uk_cell **woken) {
    if (!s->members) return LEFT;
    if (s->capacity && s->n >= s->capacity) return FULL;
    *woken = put(s, e);
    return GIVEN;
}
/* Under the lock, which is given up meanwhile: until there may be room, or `until` has come. A worker
   looks a little later what else it can run. */
static void wait_a_little(uk_shared *s, int64_t until) {
    int64_t end = uk_here.w ? uk_now_ns() + LOOK_NS : until;
    if (until < end) end = until;
    s->waiting++;
    uk_cond_wait_until(&s->room, &s->lock, end);
    s->waiting--;
}
static given put_or_wait(uk_shared *s, uk_envelope *e, bool may_wait, uk_cell **woken) {
    int64_t until = may_wait ? uk_wait_end(s->push_ns) : 0;
    pthread_mutex_lock(&s->lock);
    given g = try_put(s, e, woken);
    while (g == FULL && until && uk_now_ns() < until) {
        pthread_mutex_unlock(&s->lock);
        bool helped = uk_sched_help();
        pthread_mutex_lock(&s->lock);
        g = try_put(s, e, woken);
        if (g != FULL || helped) continue;
        wait_a_little(s, until);
        g = try_put(s, e, woken);
    }
    pthread_mutex_unlock(&s->lock);
    return g;
}
void uk_shared_give(uk_shared *s, ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_envelope *e = uk_envelope_new(msg, sender);
    uk_cell *c = NULL;
    e->next = NULL;
    given g = put_or_wait(s, e, s->push_ns && uk_may_wait_for(uk_cell_of(to)), &c);
    if (g != GIVEN) {
        uk_dead_letter(to->sys, ukko_msg_retain(msg), sender, to,
                       g == FULL ? "the mailbox is full" : "the actor has stopped");
        uk_envelope_free(e);
    }
    wake(s, c);
}
static void put_idle(uk_shared *s, uk_cell *c) {
    for (size_t i = 0; i < s->n_idle; i++)
        if (s->idle[i] == c) return;
    if (s->n_idle == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 8;
        s->idle = uk_realloc(s->idle, s->cap * sizeof(uk_cell *));
    }
    uk_ref_retain(&c->ref);
    s->idle[s->n_idle++] = c;
}
uk_envelope *uk_shared_take(uk_shared *s, uk_cell *c) {
    pthread_mutex_lock(&s->lock);
    uk_envelope *e = s->head;
    if (e) {
        s->head = e->next;
        if (!s->head) s->tail = NULL;
        s->n--;
        e->next = NULL;
        if (s->waiting) pthread_cond_signal(&s->room);
    } else {
        put_idle(s, c);
    }
    pthread_mutex_unlock(&s->lock);
    return e;
}
void uk_shared_leave(uk_shared *s, uk_cell *c) {
    bool was = false;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_idle && !was; i++) {
        was = s->idle[i] == c;
        if (was) s->idle[i] = s->idle[--s->n_idle];
    }
    pthread_mutex_unlock(&s->lock);
    if (was) uk_ref_release(&c->ref);
    if (!c->props->balanced) {
        pass_on(s);
        return;
    }
    pthread_mutex_lock(&s->lock);
    bool last = !--s->members;
    if (last) pthread_cond_broadcast(&s->room);
    pthread_mutex_unlock(&s->lock);
    if (last) uk_shared_drain(s, &c->ref);
    else pass_on(s);
}
void uk_shared_drain(uk_shared *s, ukko_ref *router) {
    pthread_mutex_lock(&s->lock);
    uk_envelope *e = s->head;
    s->head = s->tail = NULL;
    s->n = 0;
    pthread_cond_broadcast(&s->room);
    pthread_mutex_unlock(&s->lock);
    for (uk_envelope *next; e; e = next) {
        next = e->next;
        uk_dead_letter(router->sys, ukko_msg_retain(e->msg), e->sender, router,
                       "the routees have stopped");
        uk_envelope_free(e);
    }
}
