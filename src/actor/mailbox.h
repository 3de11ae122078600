/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes: which one an actor gets (mailbox.c), and what those that are more than the inbox keep
   beside the cell (box.c). A uk_mailbox is constant, belongs to the system, and serves many cells. */
#ifndef UK_ACTOR_MAILBOX_H
#define UK_ACTOR_MAILBOX_H
#include "actor/cell.h"
#include <ukko/mailbox.h>

typedef struct uk_mailbox uk_mailbox;
struct uk_mailbox {
    uk_mailbox *next; /* of the system's */
    char *id;         /* of its section */
    const char *type; /* class name */
    bool bounded, ordered;
    unsigned semantics; /* UK_QUEUE_* */
    int64_t capacity;   /* when bounded; at least 1 */
    int64_t stash;      /* messages its actor may put aside; 0: no limit */
    int64_t push_ns;    /* how long a sender waits; negative: without limit */
    const ukko_mailbox *own; /* of the program; NULL: built in */
};

/* What a mailbox can do: the bits that Pekko's names of queue semantics stand for. */
enum {
    UK_QUEUE_UNBOUNDED = 1 << 0,
    UK_QUEUE_BOUNDED = 1 << 1,
    UK_QUEUE_DEQUE = 1 << 2,
    UK_QUEUE_SHARABLE = 1 << 3, /* MultipleConsumerSemantics */
    UK_QUEUE_CONTROL = 1 << 4,
    UK_QUEUE_LOGGER = 1 << 5
};

/* ---- choosing: any thread ---- */

typedef struct uk_dispatcher_conf uk_dispatcher_conf; /* dispatchers.h */

typedef struct uk_mailboxes uk_mailboxes;
uk_mailboxes *uk_mailboxes_new(void);
void uk_mailboxes_free(uk_mailboxes *m);
/* mailbox: what props or deployment say, or NULL; on: what the dispatcher says; chosen: that
   dispatcher was asked for by id. UKKO_ECONFIG, err names the setting. */
int uk_mailbox_select(ukko_system *sys, const char *mailbox, const uk_dispatcher_conf *on,
                      bool chosen, const ukko_actor *actor, const uk_mailbox **out,
                      ukko_error *err);
const char *uk_actor_requires(const ukko_actor *actor); /* NULL: nothing */

/* ---- beside a cell that has UK_TRAIT_BOXED ---- */

typedef struct uk_slot { /* of the heap: the lowest first */
    int32_t priority;
    int64_t order;
    uk_envelope *e;
} uk_slot;

typedef struct uk_box {
    const uk_mailbox *kind;
    /* bounded: senders; see box.c for the orders */
    _Atomic int64_t queued;
    _Atomic uint32_t waiting;
    pthread_mutex_t lock; /* of those who wait; leaf */
    pthread_cond_t room;
    /* ordered: the cell's own turn */
    uk_slot *heap;
    size_t n, cap;
    int64_t next, front; /* orders given to what comes, and to what is put in front */
} uk_box;

static inline uk_box *uk_box_of(uk_cell *c) {
    return (uk_box *)(void *)((uint8_t *)c + ((sizeof(uk_cell) + 15) & ~(size_t)15));
}
void uk_box_init(uk_box *b, const uk_mailbox *kind);
void uk_box_fini(uk_box *b);
/* any thread */
/* false: to wait for room at c would be in vain, or hold up what must go on */
bool uk_may_wait_for(uk_cell *c);
int64_t uk_wait_end(int64_t push_ns); /* when a wait that begins now ends, as uk_now_ns() */
void uk_box_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender); /* for bounded ones; takes msg */
/* the cell's own turn */
bool uk_box_waits(uk_cell *c);          /* is there a message? */
uk_envelope *uk_box_take(uk_cell *c);   /* the next; NULL: none */
void uk_box_unstash(uk_cell *c, uk_envelope *first, uk_envelope *last, int64_t n);
void uk_box_close(uk_cell *c);          /* what is left is in c->head then; nobody waits any more */
#endif
