/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the link machine: a machine with its books, which are checked at every step: each open
   connection is the writer, the reader or parked, and nothing else is. Test thread. */
#ifndef TESTS_SUPPORT_LINK_RIG_H
#define TESTS_SUPPORT_LINK_RIG_H
#include "remote/link.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GATE = 5000, QUARANTINE = 400000, SILENCE = 200000, GIVE_UP = 180000, CONNS = 64 };

typedef struct rig {
    uk_link_settings set;
    uk_link link;
    uk_link_actions out;
    int64_t now;
    bool open[CONNS];   /* a connection the link has to care for */
    bool dialing;
} rig;

static inline rig new_rig(bool passive) {
    return (rig){.set = {GATE, QUARANTINE, SILENCE, GIVE_UP, passive}, .now = 1000};
}

static inline void *conn(int i) { return (void *)(intptr_t)(i + 1); }
static inline int number(const void *c) { return (int)(intptr_t)c - 1; }

static inline bool known(const uk_link *l, const void *c) {
    if (l->writer == c || l->reader == c) return true;
    for (size_t i = 0; i < l->n_parked; i++)
        if (l->parked[i].conn == c) return true;
    return false;
}

/* The books: each open connection is the writer, the reader or parked; nothing else is. */
static inline void check(rig *r) {
    const uk_link *l = &r->link;
    for (int i = 0; i < CONNS; i++) assert_int_equal(r->open[i], known(l, conn(i)));
    assert_int_equal(r->dialing, l->state == UK_LINK_CONNECTING);
    assert_int_equal(l->writer != NULL, l->state == UK_LINK_OPEN);
    if (l->writer) assert_ptr_not_equal(l->writer, l->reader);
    if (l->state == UK_LINK_OPEN) assert_true(l->uid_known);
    if (l->n_parked) assert_int_equal(l->state, UK_LINK_CONNECTING);
}

static inline void book(rig *r, const uk_link_event *ev) {
    bool comes = ev->kind == UK_LINK_INBOUND || ev->kind == UK_LINK_CONNECTED;
    if (comes) r->open[number(ev->conn)] = true;
    if (ev->kind == UK_LINK_LOST) r->open[number(ev->conn)] = false;
    if (ev->kind == UK_LINK_CONNECTED || ev->kind == UK_LINK_REFUSED) r->dialing = false;
    if (!r->dialing) r->link.reached = false;
    for (size_t i = 0; i < r->out.n; i++) {
        const uk_link_action *a = &r->out.list[i];
        if (a->what == UK_DO_END) {
            assert_true(r->open[number(a->conn)]); /* never twice */
            r->open[number(a->conn)] = false;
        }
        if (a->what == UK_DO_CONNECT) {
            assert_false(r->dialing);
            r->dialing = true;
        }
        if (a->what == UK_DO_ABANDON) r->dialing = false;
    }
}

static inline void step(rig *r, uk_link_event ev) {
    if (!r->link.set) uk_link_init(&r->link, &r->set);
    uk_link_step(&r->link, &ev, r->now, &r->out);
    book(r, &ev);
    check(r);
}

static inline void wanted(rig *r) { step(r, (uk_link_event){.kind = UK_LINK_WANTED}); }
static inline void inbound(rig *r, int c, int32_t uid) {
    step(r, (uk_link_event){.kind = UK_LINK_INBOUND, .conn = conn(c), .uid = uid});
}
static inline void connected(rig *r, int c, int32_t uid) {
    step(r, (uk_link_event){.kind = UK_LINK_CONNECTED, .conn = conn(c), .uid = uid});
}
static inline void refused(rig *r, uk_proto_end end) {
    step(r, (uk_link_event){.kind = UK_LINK_REFUSED, .end = end, .text = "no"});
}
static inline void lost(rig *r, int c, uk_proto_end end) {
    step(r, (uk_link_event){.kind = UK_LINK_LOST, .conn = conn(c), .end = end, .text = "gone"});
}
static inline void quarantine(rig *r, int32_t uid) {
    step(r, (uk_link_event){.kind = UK_LINK_QUARANTINE, .has_uid = true, .uid = uid, .text = "q"});
}
static inline void quarantine_no_uid(rig *r) {
    step(r, (uk_link_event){.kind = UK_LINK_QUARANTINE, .text = "q"});
}
static inline void clear_quarantine(rig *r, bool has_uid, int32_t uid) {
    step(r, (uk_link_event){.kind = UK_LINK_CLEAR, .has_uid = has_uid, .uid = uid});
}
static inline void hopeless(rig *r) {
    step(r, (uk_link_event){.kind = UK_LINK_HOPELESS, .text = "no hope"});
}
static inline void later(rig *r, int64_t ms) {
    r->now += ms;
    step(r, (uk_link_event){.kind = UK_LINK_TIME});
}

static inline const uk_link_action *find(const rig *r, uk_link_do what) {
    for (size_t i = 0; i < r->out.n; i++)
        if (r->out.list[i].what == what) return &r->out.list[i];
    return NULL;
}
static inline const uk_link_action *event(const rig *r, uk_link_news news) {
    for (size_t i = 0; i < r->out.n; i++)
        if (r->out.list[i].what == UK_DO_EVENT && r->out.list[i].news == news)
            return &r->out.list[i];
    return NULL;
}
static inline const uk_link_action *logged(const rig *r, uk_link_log log) {
    for (size_t i = 0; i < r->out.n; i++)
        if (r->out.list[i].what == UK_DO_LOG && r->out.list[i].log == log) return &r->out.list[i];
    return NULL;
}
static inline void ended(const rig *r, int c, uk_pdu_kind pdu) {
    for (size_t i = 0; i < r->out.n; i++) {
        const uk_link_action *a = &r->out.list[i];
        if (a->what != UK_DO_END || a->conn != conn(c)) continue;
        assert_int_equal(a->pdu, pdu);
        return;
    }
    fail_msg("connection %d was not ended", c);
}
#define STATE(r, s) assert_string_equal(uk_link_state_name((r)->link.state), uk_link_state_name(s))
#endif
