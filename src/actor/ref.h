/* SPDX-License-Identifier: Apache-2.0 */
/* What all references have in common. A reference is a table of functions over a place that takes
   messages: a cell (local actor), a promise (ask), dead letters, a missing path, or, installed by
   remoting, an actor elsewhere. Any thread; the count is atomic. */
#ifndef UK_ACTOR_REF_H
#define UK_ACTOR_REF_H
#include "actor/msg.h"
#include "actor/path.h"
#include <ukko/actor.h>

/* System messages: they overtake ordinary ones and are never lost locally. The numbers are those
   of the wire (serializer 22). */
typedef enum uk_sys_kind {
    UK_SYS_CREATE = 0,
    UK_SYS_RECREATE = 1,
    UK_SYS_SUSPEND = 2,
    UK_SYS_RESUME = 3,
    UK_SYS_TERMINATE = 4,
    UK_SYS_SUPERVISE = 5, /* a: child; flag: async */
    UK_SYS_WATCH = 6,     /* a: watchee, b: watcher */
    UK_SYS_UNWATCH = 7,   /* a: watchee, b: watcher */
    UK_SYS_FAILED = 8,    /* a: child, cause, uid of the child */
    UK_SYS_NOTIFY =
        9, /* DeathWatchNotification a: who; flag: existence confirmed; flag2: address terminated */
    /* from here on local only */
    UK_SYS_ADDRESS_TERMINATED = 32, /* cause: a ukko_string with the address */
    UK_SYS_RUN = 33,                /* fn(cell, data) in the cell's turn */
    UK_SYS_GONE = 34                /* to the parent: the node lies in the cell that has ended */
} uk_sys_kind;

typedef struct uk_sysmsg uk_sysmsg;
struct uk_sysmsg {
    uk_sysmsg *next;
    uint8_t kind; /* uk_sys_kind */
    bool flag, flag2;
    uint8_t pool_class;
    int32_t uid;
    int32_t code;    /* FAILED: the negative code of the failure; not on the wire */
    ukko_ref *a, *b; /* owned */
    ukko_msg *cause; /* owned: a throwable, or NULL */
    void (*fn)(void *cell, void *data);
    void *data;
};
uk_sysmsg *uk_sysmsg_new(uk_sys_kind kind, ukko_ref *a, ukko_ref *b); /* retains a and b */
void uk_sysmsg_free(uk_sysmsg *m);
/* What a UK_SYS_GONE begins with, and all there is of it. */
typedef struct uk_gone {
    uk_sysmsg *next;
    uint8_t kind;
} uk_gone;

typedef enum uk_ref_kind {
    UK_REF_CELL = 1, /* a local actor */
    UK_REF_PROMISE,  /* /temp/$x of an ask */
    UK_REF_DEAD,     /* /deadLetters */
    UK_REF_EMPTY,    /* a local path where nobody lives */
    UK_REF_CONTAINER, /* "/", "/temp" */
    UK_REF_IGNORE,   /* pekko://local/ignore */
    UK_REF_DAEMON,   /* /remote */
    UK_REF_REMOTE,   /* an actor of another system */
    UK_REF_FUNCTION  /* calls a function of the program */
} uk_ref_kind;

typedef struct uk_ref_vt {
    uk_ref_kind kind;
    void (*tell)(ukko_ref *to, ukko_msg *msg,
                 ukko_ref *sender); /* takes msg; sender borrowed, or NULL */
    void (*system)(ukko_ref *to, uk_sysmsg *msg);                /* takes msg */
    ukko_ref *(*parent)(ukko_ref *ref); /* owned, or NULL for the root; NULL slot: none */
    ukko_ref *(*child)(ukko_ref *ref, ukko_slice name,
                       int32_t uid); /* owned, or NULL: no such child; uid 0: any */
    void (*print)(ukko_ref *ref, uk_buf *out);          /* "/user/a", without address and uid */
    void (*free)(ukko_ref *ref);
    const char *(*name)(const ukko_ref *ref); /* last element without uid; remote refs only */
    /* Like tell, or gives a negative code and why: then nobody has heard of it. Takes msg. NULL: tell
       it, unless the reference has stopped. */
    int (*try_tell)(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, ukko_error *err);
    /* Sends a body that stays the caller's, when that can be done without making a message of it.
       false: nothing was done. NULL: never. */
    bool (*tell_body)(ukko_ref *to, const ukko_type *type, const void *body, ukko_ref *sender);
    bool foreign; /* its text has an address of its own, whatever kind it is */
} uk_ref_vt;

struct ukko_ref {
    _Atomic uint32_t refs; /* relaxed up, acq_rel down */
    int32_t uid;           /* 0: none */
    const uk_ref_vt *vt;
    ukko_system *sys;
    _Atomic(char *) text;  /* full path, made on demand; release on set, acquire on get */
};

void uk_ref_init(ukko_ref *ref, const uk_ref_vt *vt, ukko_system *sys, int32_t uid);
void uk_ref_fini(ukko_ref *ref); /* frees the cached text */
static inline ukko_ref *uk_ref_retain(ukko_ref *r) {
    if (r) atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}
static inline void uk_ref_release(ukko_ref *r) {
    if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1) r->vt->free(r);
}
static inline void uk_ref_release_n(ukko_ref *r, uint32_t n) {
    if (atomic_fetch_sub_explicit(&r->refs, n, memory_order_acq_rel) == n) r->vt->free(r);
}
/* What the running handler has sent before, and the worker keeps back, leaves now (inbox.c). */
void uk_outbox_flush(void);
static inline void uk_ref_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_outbox_flush();
    to->vt->tell(to, msg, sender);
}
static inline void uk_ref_system(ukko_ref *to, uk_sysmsg *m) {
    uk_outbox_flush();
    to->vt->system(to, m);
}
/* Full text: for a local ref with this system's published address, or `address` when given. */
const char *uk_ref_text(const ukko_ref *ref);
void uk_ref_text_with(const ukko_ref *ref, const char *address, uk_buf *out);
/* As Pekko's texts show a reference: a local one with the address without host. */
void uk_ref_show(const ukko_ref *ref, uk_buf *out);
/* Local references are written with this address on this thread until NULL is given: a node has one
   for each way to reach it. Borrowed. */
void uk_ref_speak_as(const char *address);
/* The text to write into a message: as uk_ref_text(), or in scratch when another address is spoken. */
ukko_slice uk_ref_wire_text(const ukko_ref *ref, uk_buf *scratch);
#endif
