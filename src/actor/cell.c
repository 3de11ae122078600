/* SPDX-License-Identifier: Apache-2.0 */
/* Making and freeing cells, and what a cell is as a reference. Any thread; closing in its own turn. */
#include "actor/inbox.h"
#include "actor/mailbox.h"
#include "actor/routing.h"
#include "actor/system.h"
#include "actor/worker.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pool.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int32_t uk_new_uid(void) {
    static _Thread_local uint64_t state __attribute__((tls_model("initial-exec")));
    if (!state) state = uk_random64() | 1;
    for (;;) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if ((int32_t)(state >> 16)) return (int32_t)(state >> 16);
    }
}
static const uk_ref_vt router_vt, counted_vt, checked_vt, bounded_vt, balanced_vt;
_Static_assert(offsetof(uk_cell, head) == UK_POOL_LINE, "a line for senders, one for the turn");
enum { SPARE = 16 };
static size_t round_up(size_t n) { return (n + 15) & ~(size_t)15; }

static bool takes_opaque(const ukko_actor *kind) {
    for (const ukko_case *c = kind->receive.cases; c && c->type; c++)
        if (c->type == &ukko_opaque_type) return true;
    return false;
}
bool uk_ref_takes_opaque(ukko_ref *ref) {
    return ref->vt->kind == UK_REF_CELL && uk_cell_of(ref)->traits & UK_TRAIT_OPAQUE;
}
static const uk_ref_vt *vt_of(const ukko_system *sys, const ukko_props *props,
                              const uk_mailbox *box) {
    if (props->routing) return &router_vt; /* its routees look at what they get */
    if (sys->serialize_messages) return &checked_vt;
    if (props->balanced) return &balanced_vt;
    if (box && box->bounded) return &bounded_vt;
    return props->load ? &counted_vt : &uk_cell_vt;
}
uk_cell *uk_cell_new(ukko_system *sys, ukko_ref *parent, ukko_props *props, ukko_slice name,
                     int32_t uid, uk_dispatcher *disp, const uk_mailbox *box,
                     bool pinned) {
    if (props->router) props = uk_routing_props(props);
    size_t head = round_up(sizeof(uk_cell)), state = round_up(props->actor->state_size);
    if (box) head += round_up(sizeof(uk_box));
    uint8_t cls;
    uk_cell *c = uk_pool_alloc(head + state + name.len + 1, &cls);
    *c = (uk_cell){.ref = {.vt = vt_of(sys, props, box), .sys = sys, .uid = uid},
                   .parent = parent,
                   .props = props,
                   .behavior = &props->actor->receive,
                   .disp = disp,
                   .pool_class = cls,
                   .spare = SPARE,
                   .state = (uint8_t *)c + head}; /* the first turn clears it */
    c->traits =
        (uint8_t)((props->load ? UK_TRAIT_COUNTED : 0) | (props->shared ? UK_TRAIT_SHARED : 0) |
                  (takes_opaque(props->actor) ? UK_TRAIT_OPAQUE : 0) |
                  (box ? UK_TRAIT_BOXED : 0) |
                  (uk_dispatcher_is_sole(disp) ? UK_TRAIT_SOLE : 0) | (pinned ? UK_TRAIT_PINNED : 0) |
                  (box && (box->bounded || box->ordered) ? UK_TRAIT_TAKES : 0));
    if (box) uk_box_init(uk_box_of(c), box);
    if (props->balanced) uk_shared_join(props->shared);
    atomic_init(&c->ref.refs, 2 + SPARE); /* its life, the caller's, and what it may hand out */
    atomic_init(&c->inbox, UK_INBOX_BUSY); /* the first turn creates it */
    char *text = (char *)c + head + state;
    memcpy(text, name.ptr, name.len);
    text[name.len] = 0;
    c->name = text;
    if (*text == '/') { /* no name has a slash: it is a path from the root */
        c->traits |= UK_TRAIT_ROOTED;
        c->name = strrchr(c->name, '/') + 1;
    }
    return c;
}
void uk_cell_start(uk_cell *c) {
    uk_outbox_flush();
    if (c->props->routing) uk_router_begin(c);
    uk_schedule(c);
}
void uk_cell_discard(uk_cell *c) {
    if (c->traits & UK_TRAIT_PINNED) uk_dispatcher_end(c->disp);
    if (c->props->balanced) uk_shared_leave(c->props->shared, c);
    uk_ref_release_n(&c->ref, 2u + c->spare); /* with its life, which never was */
}
uk_more *uk_cell_more(uk_cell *c) {
    if (!c->more) {
        c->more = uk_zalloc(sizeof *c->more);
        c->more->stash_max = -1;
    }
    return c->more;
}
static void cell_free(ukko_ref *r) {
    uk_cell *c = uk_cell_of(r);
    uk_kids_free(c);
    if (c->traits & UK_TRAIT_BOXED) uk_box_fini(uk_box_of(c));
    if (c->traits & UK_TRAIT_PINNED) uk_dispatcher_release(c->disp);
    if (c->more) {
        uk_more *m = c->more;
        uk_set_fini(&m->watching);
        uk_set_fini(&m->watched_by);
        uk_set_fini(&m->terminated_queued);
        uk_set_fini(&m->dying);
        for (uk_child_stat *s = m->stats, *next; s; s = next) {
            next = s->next;
            uk_ref_release(s->child);
            uk_free(s);
        }
        uk_ref_release(m->perpetrator);
        ukko_msg_release(m->wait_cause);
        if (m->failed) uk_envelope_free(m->failed);
        uk_cell_drop_customs(c);
        uk_free(m);
    }
    uk_props_release_late(c->props);
    uk_ref_release_late(c->parent); /* most often it is the parent's turn */
    uk_ref_fini(r);
    uk_pool_free(c, c->pool_class);
}

/* ---- as a reference ---- */

static void counted_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_load *l = uk_cell_of(to)->props->load;
    if (msg->type != &uk_selection_type)
        atomic_fetch_add_explicit(&l->queued, 1, memory_order_relaxed);
    uk_cell_tell(to, msg, sender);
}
static bool is_bounded(ukko_ref *r) {
    uk_cell *c = uk_cell_of(r);
    return c->traits & UK_TRAIT_BOXED && uk_box_of(c)->kind->bounded;
}
/* On a balancing dispatcher whoever is free takes the message. */
static void balanced_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_cell *c = uk_cell_of(to);
    bool own = msg->type->flags & UKKO_TYPE_AUTO || msg->type == &ukko_receive_timeout_type;
    if (own || uk_inbox_closed(c)) uk_cell_tell(to, msg, sender);
    else uk_shared_give(c->props->shared, to, msg, sender);
}
/* serialize-messages: the actor gets what a node elsewhere would get. */
static void checked_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    ukko_error err;
    if (msg->type != &uk_selection_type && uk_serialization_check(to->sys, &msg, &err)) {
        uk_log(to->sys, UKKO_LOG_ERROR, ukko_ref_path(to), uk_cell_of(to)->props->actor->name, NULL,
               err.message,
               "swallowing exception during message send: failed to serialize and deserialize message "
               "of type %s for testing; to avoid this error, either disable "
               "pekko.actor.serialize-messages or give its type a serializer",
               ukko_msg_class(msg));
        uk_dead_letter(to->sys, msg, sender, to, "it cannot be serialized (serialize-messages)");
    } else if (uk_cell_of(to)->props->balanced) {
        balanced_tell(to, msg, sender);
    } else if (is_bounded(to)) {
        uk_box_tell(to, msg, sender);
    } else if (uk_cell_of(to)->traits & UK_TRAIT_COUNTED) {
        counted_tell(to, msg, sender);
    } else {
        uk_cell_tell(to, msg, sender);
    }
}
static ukko_ref *cell_parent(ukko_ref *r) { return uk_ref_retain(uk_cell_of(r)->parent); }

static ukko_ref *cell_child(ukko_ref *r, ukko_slice name, int32_t uid) {
    ukko_ref *child = uk_kids_look(uk_cell_of(r), name);
    if (!child &&
        uk_cell_of(r) == r->sys->system_guardian) { /* the runtime's own, which are no cells */
        char key[80];
        int n = snprintf(key, sizeof key, "system/%.*s", (int)(name.len < 64 ? name.len : 64),
                         (const char *)name.ptr);
        child = uk_top_get(r->sys, (ukko_slice){(const uint8_t *)key, (size_t)n});
    }
    if (child && uid && child->uid != uid) {
        uk_ref_release(child);
        return NULL;
    }
    return child;
}
static void cell_print(ukko_ref *r, uk_buf *out) {
    uk_cell *c = uk_cell_of(r);
    if (c->traits & UK_TRAIT_ROOTED) {
        uk_buf_str(out, (const char *)c->state + round_up(c->props->actor->state_size));
        return;
    }
    if (c->parent->vt->print && c->parent->vt->kind != UK_REF_CONTAINER)
        c->parent->vt->print(c->parent, out);
    uk_buf_byte(out, '/');
    uk_buf_str(out, c->name);
}
const uk_ref_vt uk_cell_vt = {UK_REF_CELL, uk_cell_tell, uk_cell_tell_system, cell_parent, cell_child,
                              cell_print, cell_free, NULL};
static const uk_ref_vt router_vt = {UK_REF_CELL, uk_router_tell, uk_cell_tell_system, cell_parent,
                                    cell_child,  cell_print,     cell_free,   NULL};
static const uk_ref_vt checked_vt = {UK_REF_CELL, checked_tell, uk_cell_tell_system, cell_parent,
                                     cell_child,  cell_print,   cell_free,   NULL};
static const uk_ref_vt balanced_vt = {UK_REF_CELL, balanced_tell, uk_cell_tell_system, cell_parent,
                                      cell_child,  cell_print,    cell_free,   NULL};
static const uk_ref_vt bounded_vt = {UK_REF_CELL, uk_box_tell, uk_cell_tell_system, cell_parent,
                                     cell_child,  cell_print,  cell_free,   NULL};
static const uk_ref_vt counted_vt = {UK_REF_CELL, counted_tell, uk_cell_tell_system, cell_parent,
                                     cell_child,  cell_print,   cell_free,   NULL};

bool uk_ref_stopped(const ukko_ref *ref) {
    uk_ref_kind kind = ref->vt->kind;
    if (kind == UK_REF_PROMISE) return uk_promise_done(ref);
    if (kind != UK_REF_CELL) return kind == UK_REF_EMPTY || kind == UK_REF_DEAD;
    const uk_cell *c = (const uk_cell *)(const void *)ref;
    return uk_cell_stopped(c);
}

/* ---- its end ---- */

void uk_cell_close(uk_cell *c) {
    ukko_system *sys = c->ref.sys;
    /* seq_cst: pairs with remember() in events.c, one of the two sees the other */
    if (atomic_fetch_or_explicit(&c->marks, UK_MARK_STOPPED, memory_order_seq_cst) &
        UK_MARK_SUBSCRIBED)
        ukko_unsubscribe(sys, NULL, &c->ref);
    if (c->traits & UK_TRAIT_SHARED) uk_shared_leave(c->props->shared, c);
    uk_inbox_close(c);
    if (c->traits & UK_TRAIT_TAKES) uk_box_close(c);
    for (uk_envelope *e = c->head, *next; e; e = next) {
        next = e->next;
        uk_dead_letter(sys, ukko_msg_retain(e->msg), e->sender, &c->ref, "the actor has stopped");
        uk_envelope_free(e);
    }
    c->head = c->tail = NULL;
    while (c->sys_last) uk_dead_system(sys, uk_inbox_pop_system(c), &c->ref);
    if (__builtin_expect(c->props->n_args != 0, 0)) uk_props_shed(c->props);
}
