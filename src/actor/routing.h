/* SPDX-License-Identifier: Apache-2.0 */
/* A running router. Senders route on their own threads over an immutable table of routees; the
   router's cell changes it by putting another table in its place. */
#ifndef UK_ACTOR_ROUTING_H
#define UK_ACTOR_ROUTING_H
#include "actor/cell.h"
#include "actor/hashring.h"
#include "actor/router.h"

typedef struct uk_routee { /* one of the two; retained */
    ukko_ref *ref;
    ukko_selection *sel;
    char *key; /* of sel: its storable form */
} uk_routee;

typedef struct uk_table uk_table;
struct uk_table {
    uk_table *next; /* retired */
    uk_ring *ring;  /* consistent hashing only */
    size_t n;
    uk_routee list[];
};

/* How loaded a local routee is; in its props, which it shares with nobody. */
struct uk_load {
    _Atomic uint32_t queued; /* relaxed: an estimate */
    _Atomic uint32_t busy;   /* 1 while a message is being handled; relaxed */
};

typedef struct uk_shared uk_shared; /* the mailbox in common of a balancing pool */

typedef struct uk_explorer { /* of the exploring resizer; the router's own turn */
    _Atomic int64_t check_ns; /* relaxed: senders look whether it is time */
    int64_t streak_start_ms;  /* 0: no streak of underutilization */
    int32_t streak_highest;
    uint64_t messages;
    int64_t queue;
    struct { int32_t size; double ns; } *log; /* time per message by pool size */
    size_t n_log;
} uk_explorer;

struct uk_routing {
    uk_router_conf *conf;  /* retained */
    ukko_actor kind;       /* of the router's cell */
    ukko_props *routee;    /* recipe; owned */
    _Atomic(uk_table *) table; /* NULL before the first routees; see routing.c for the orders */
    _Atomic uint64_t readers;  /* senders inside the table */
    _Atomic uint64_t next;     /* round robin; relaxed, only the spread counts */
    _Atomic uint64_t count;    /* messages, for the resizer; relaxed */
    _Atomic int resizing;      /* 0 -> 1 by a sender (acq_rel), 1 -> 0 by the router (release) */
    /* the router's own turn, or before it runs */
    uk_table *retired;
    uint64_t names; /* c1, c2, ... */
    uk_shared *shared;
    uk_explorer explorer;
    uk_timer end; /* armed when the router has ended and tables are still in use */
};
typedef struct uk_routing uk_routing;

extern const ukko_type uk_resize_type;

/* router.c */
ukko_props *uk_routing_props(ukko_props *props); /* takes props with a router; those of its cell */
void uk_routing_free(uk_routing *r);             /* with the props of the router's cell */
void uk_router_begin(uk_cell *c);                /* first routees; before the cell is scheduled */

/* routing.c: any thread */
void uk_router_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender);
void uk_route(uk_cell *c, ukko_msg *msg, ukko_ref *sender); /* takes msg */
const uk_load *uk_routee_load(const uk_routee *r); /* NULL: not known here */
/* routing.c: the router's own turn. Takes list (allocated) and what is in it. */
void uk_table_set(uk_cell *c, uk_routee *list, size_t n);
void uk_table_free(uk_table *t);
void uk_table_end(uk_cell *c); /* the router ends: keeps the places of its routees, which hold it */
void uk_routee_fini(uk_routee *r);
uk_routee uk_routee_copy(const uk_routee *r);

/* router_ask.c: any thread; msg borrowed */
void uk_scatter(uk_cell *router, const uk_table *t, ukko_msg *msg, ukko_ref *sender);
void uk_chop(uk_cell *router, const uk_table *t, ukko_msg *msg, ukko_ref *sender);

/* resizer.c: senders ask whether it is time; the router's turn asks for the change */
bool uk_resizer_time(uk_routing *r, uint64_t count);
int32_t uk_resizer_change(uk_routing *r, const uk_table *t, ukko_system *sys);
int32_t uk_default_resizer_capacity(const ukko_default_resizer *r, int32_t pressure, int32_t size);

/* shared.c: any thread, but take and leave: the routee's own turn */
uk_shared *uk_shared_new(void);
/* Before it is used, of uk_shared_give(): what it holds, and how long that waits (negative: for ever). */
void uk_shared_limit(uk_shared *s, int64_t capacity, int64_t push_ns);
void uk_shared_join(uk_shared *s); /* one more that leaves some day: uk_shared_give() counts them */
/* As push, for `to`, one of those who joined; waits for room. A dead letter when it stays full or all
   have left. */
void uk_shared_give(uk_shared *s, ukko_ref *to, ukko_msg *msg, ukko_ref *sender);
uk_shared *uk_shared_retain(uk_shared *s);
void uk_shared_release(uk_shared *s);
void uk_shared_push(uk_shared *s, ukko_msg *msg, ukko_ref *sender); /* takes msg */
uk_envelope *uk_shared_take(uk_shared *s, uk_cell *c); /* NULL: none; then push wakes c */
void uk_shared_leave(uk_shared *s, uk_cell *c);        /* c stops */
void uk_shared_drain(uk_shared *s, ukko_ref *router);  /* what is left: to dead letters */
#endif
