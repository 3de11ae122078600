/* SPDX-License-Identifier: Apache-2.0 */
/* The link machine row by row: for each state and each thing that happens, the state it leads to, the
   reason that is kept, and all that is done, in order. No socket, no clock. */
#include "support/link_rig.h"

/* A life in letters: w wanted; c<uid> our handshake is done; i<uid> one dials in; d the peer may have
   seen our attempt; r<end> it fails; l<end> the writer is lost; m<end> the reader is lost; b the writer,
   B the reader sent nonsense; h hopeless; q<uid> or q quarantine with or without uid; x<uid> or x it is
   lifted; u what is unacked remains; t the gate's time; p the marker's time; s the silence; g the time to
   give up. Ends: L lost, D disassociated, S shutdown, Q quarantined us, R refused uid, H no handshake,
   T time, F failure detector, U nonsense,
   X too long. */
static uk_proto_end end_of(char c) {
    switch (c) {
    case 'D': return UK_PROTO_END_DISASSOCIATED;
    case 'S': return UK_PROTO_END_PEER_SHUTDOWN;
    case 'Q': return UK_PROTO_END_PEER_QUARANTINE;
    case 'R': return UK_PROTO_END_REFUSED_UID;
    case 'H': return UK_PROTO_END_HANDSHAKE;
    case 'T': return UK_PROTO_END_TIMEOUT;
    case 'F': return UK_PROTO_END_SILENCE;
    case 'U': return UK_PROTO_END_UNDECODABLE;
    case 'X': return UK_PROTO_END_TOO_LONG;
    default: return UK_PROTO_END_LOST;
    }
}
static void live(rig *r, const char *life) {
    int next = 0;
    for (const char *p = life; *p; p++) {
        uk_link *l = &r->link;
        bool digit = p[1] >= '0' && p[1] <= '9';
        switch (*p) {
        case ' ': break;
        case 'w': wanted(r); break;
        case 'c': connected(r, next++, *++p - '0'); break;
        case 'i': inbound(r, next++, *++p - '0'); break;
        case 'r': refused(r, end_of(*++p)); break;
        case 'l': lost(r, number(l->writer), end_of(*++p)); break;
        case 'm': lost(r, number(l->reader), end_of(*++p)); break;
        case 'b':
        case 'B':
            step(r, (uk_link_event){.kind = UK_LINK_BROKEN,
                                    .conn = *p == 'b' ? l->writer : l->reader, .text = "bytes"});
            break;
        case 'h': hopeless(r); break;
        case 'q': digit ? quarantine(r, *++p - '0') : quarantine_no_uid(r); break;
        case 'x':
            clear_quarantine(r, digit, digit ? p[1] - '0' : 0);
            p += digit;
            break;
        case 'd': l->reached = true; break;
        case 'u': l->unacked = true; break;
        case 't': later(r, GATE); break;
        case 'p': later(r, QUARANTINE); break;
        case 's': later(r, SILENCE); break;
        case 'g': later(r, GIVE_UP + GATE); break;
        default: fail_msg("%c in %s", *p, life);
        }
    }
}

typedef struct row {
    const char *life; /* the last letter is the row's trigger */
    uk_link_state state;
    int32_t reason;    /* of the link afterwards */
    const char *does;  /* actions of the last step, in order; - for what is not looked at */
} row;

/* C connect, A abandon, W write, R read, 2/4/5 end with this DISASSOCIATE, N reset, Z restart, P part,
   U unacked, S resend, K bury, + associated, - disassociated, ! error, q quarantined, Q this system is,
   g gated; logs are left out. */
static char letter(const uk_link_action *a) {
    static const char does[] = {[UK_DO_CONNECT] = 'C', [UK_DO_ABANDON] = 'A', [UK_DO_WRITE] = 'W',
                                [UK_DO_READ] = 'R',    [UK_DO_RESET] = 'N',   [UK_DO_RESTART] = 'Z',
                                [UK_DO_UNACKED] = 'U', [UK_DO_RESEND] = 'S',  [UK_DO_BURY] = 'K',
                                [UK_DO_PART] = 'P'};
    static const char news[] = {[UK_NEWS_ASSOCIATED] = '+', [UK_NEWS_DISASSOCIATED] = '-',
                                [UK_NEWS_ERROR] = '!', [UK_NEWS_QUARANTINED] = 'q',
                                [UK_NEWS_THIS_QUARANTINED] = 'Q', [UK_NEWS_GATED] = 'g'};
    if (a->what == UK_DO_EVENT) return news[a->news];
    if (a->what == UK_DO_LOG) return 0;
    if (a->what != UK_DO_END) return does[a->what];
    return a->pdu == UK_PDU_DISASSOCIATE            ? '2'
           : a->pdu == UK_PDU_DISASSOCIATE_SHUTDOWN ? '4'
                                                    : '5';
}

#define R(name) UKKO_REASON_##name
static const row rows[] = {
    /* which failure goes where */
    {"w rL", UK_LINK_FAILED, R(CONNECT_FAILED), "!gK-"},
    {"w rT", UK_LINK_FAILED, R(HANDSHAKE_TIMEOUT), "!gK-"},
    {"w rD", UK_LINK_FAILED, R(HANDSHAKE_REFUSED), "!gK-"},
    {"w rH", UK_LINK_FAILED, R(BAD_BYTES), "!gK-"},
    {"w rU", UK_LINK_FAILED, R(BAD_BYTES), "!gK-"},
    {"w rX", UK_LINK_FAILED, R(TOO_LONG), "!gK-"},
    {"w c7 lL", UK_LINK_FAILED, R(LOST), "gK-"},
    {"w c7 lD", UK_LINK_FAILED, R(DISASSOCIATED), "gK-"},
    {"w c7 lF", UK_LINK_FAILED, R(SILENCE), "gK-"},
    {"w c7 lX", UK_LINK_FAILED, R(TOO_LONG), "gK-"},
    {"w c7 lU", UK_LINK_FAILED, R(BAD_BYTES), "gK-"},
    {"w c7 b", UK_LINK_FAILED, R(BAD_BYTES), "!2gK-"},
    {"w rS", UK_LINK_GATED, R(PEER_SHUTDOWN), "!gKZ-"},
    {"w rQ", UK_LINK_GATED, R(PEER_QUARANTINED_US), "!gQKP-"},
    {"q7 w rR", UK_LINK_QUARANTINED, R(REFUSED_UID), "!KP-"},
    {"w c7 lS", UK_LINK_GATED, R(PEER_SHUTDOWN), "!gKZ-"},
    {"w c7 lQ", UK_LINK_GATED, R(PEER_QUARANTINED_US), "!gQKP-"},
    {"w c7 h", UK_LINK_QUARANTINED, R(UNDELIVERED), "2KP-q"},
    {"w h", UK_LINK_GATED, R(UNDELIVERED), "AKU-g"},
    {"w c7 i7 mL", UK_LINK_OPEN, R(NONE), "-"},
    {"w c7 i7 mD", UK_LINK_OPEN, R(NONE), "-"},
    {"w c7 i7 mS", UK_LINK_OPEN, R(NONE), "!-"},
    {"w c7 i7 mQ", UK_LINK_OPEN, R(NONE), "!Q-"},
    {"w c7 i7 B", UK_LINK_OPEN, R(NONE), "!2-"},
    /* transitions: none, gated, quarantined */
    {"w", UK_LINK_CONNECTING, R(NONE), "C"},
    {"i7", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"w rS i7", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"q7 i8", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"q7 i7", UK_LINK_QUARANTINED, R(REQUESTED), "5"},
    {"w rS w", UK_LINK_GATED, R(PEER_SHUTDOWN), ""},
    {"w rS t", UK_LINK_NONE, R(PEER_SHUTDOWN), ""},
    {"w rS t w", UK_LINK_CONNECTING, R(PEER_SHUTDOWN), "C"},
    {"q7 w", UK_LINK_CONNECTING, R(REQUESTED), "C"},
    {"q7 w c7", UK_LINK_QUARANTINED, R(REFUSED_UID), "2KP-q"},
    {"q7 x", UK_LINK_NONE, R(REQUESTED), ""},
    {"q7 x7 i7", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"q7 x8 i7", UK_LINK_QUARANTINED, R(REQUESTED), "5"},
    {"q7 w x7", UK_LINK_CONNECTING, R(REQUESTED), "AC"},
    {"q7 w c8", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"q7 w rL", UK_LINK_FAILED, R(CONNECT_FAILED), "!gK-"},
    {"q7 p", UK_LINK_NONE, R(REQUESTED), ""},
    /* a supervisor that connects */
    {"w i7", UK_LINK_CONNECTING, R(NONE), ""},
    {"w i7 c7", UK_LINK_OPEN, R(NONE), "N+WS+NR"},
    {"w i7 rL", UK_LINK_FAILED, R(CONNECT_FAILED), "!gK-+NR"},
    {"w i7 rS", UK_LINK_OPEN, R(NONE), "!gKZ-N+WS"},
    {"w i8 c7", UK_LINK_OPEN, R(NONE), "N+WS2KZ-N+WS"},
    {"w q7", UK_LINK_CONNECTING, R(NONE), ""},
    {"w q7 c7", UK_LINK_QUARANTINED, R(REFUSED_UID), "2KP-q"},
    {"w c7", UK_LINK_OPEN, R(NONE), "N+WS"},
    {"w q", UK_LINK_GATED, R(REQUESTED), "AKU-g"},
    {"w i7 i8 q7", UK_LINK_CONNECTING, R(NONE), "5"},
    /* that is open */
    {"w c7 i7", UK_LINK_OPEN, R(NONE), "+NR"},
    {"w c7 i7 i7", UK_LINK_OPEN, R(NONE), "2+NR"},
    {"w c7 i8", UK_LINK_OPEN, R(NONE), "2KZ-N+WS"},
    {"w c7 w", UK_LINK_OPEN, R(NONE), ""},
    {"w c7 q7", UK_LINK_QUARANTINED, R(REQUESTED), "2KP-q"},
    {"w c7 q8", UK_LINK_OPEN, R(NONE), ""},
    {"w c7 q", UK_LINK_GATED, R(REQUESTED), "2KU-g"},
    {"w c7 i7 q7", UK_LINK_QUARANTINED, R(REQUESTED), "2KP-q2-"},
    /* that has failed */
    {"w rL w", UK_LINK_FAILED, R(CONNECT_FAILED), ""},
    {"w rL i7", UK_LINK_FAILED, R(CONNECT_FAILED), "+NR"},
    {"w rL t", UK_LINK_IDLE, R(CONNECT_FAILED), ""},
    {"w rL t i7", UK_LINK_IDLE, R(CONNECT_FAILED), "+NR"},
    {"w rL t i7 w", UK_LINK_CONNECTING, R(CONNECT_FAILED), "C"},
    {"w rL q7", UK_LINK_FAILED, R(CONNECT_FAILED), ""},
    {"w rL q7 i7", UK_LINK_FAILED, R(CONNECT_FAILED), "5"},
    {"w c7 lL i7", UK_LINK_IDLE, R(LOST), "+NR"},
    {"w c7 u lL i7", UK_LINK_CONNECTING, R(LOST), "+NRC"},
    {"w c7 lL i8", UK_LINK_OPEN, R(NONE), "ZN+WS"},
    {"w c7 lL t i8", UK_LINK_OPEN, R(NONE), "ZN+WS"},
    {"w c7 lL q7", UK_LINK_QUARANTINED, R(REQUESTED), "KPq"},
    {"w c7 lL q", UK_LINK_GATED, R(REQUESTED), "KUg"},
    {"w c7 u lL t", UK_LINK_CONNECTING, R(LOST), "C"},
    {"w c7 u lL g", UK_LINK_QUARANTINED, R(UNDELIVERED), "KPq"},
    {"w u rL g", UK_LINK_GATED, R(UNDELIVERED), "KUg"},
    {"w c7 lL h", UK_LINK_QUARANTINED, R(UNDELIVERED), "KPq"},
    /* that is idle */
    {"w c7 lL t w", UK_LINK_CONNECTING, R(LOST), "C"},
    /* and connects while a new incarnation does: nothing that waits is buried */
    {"w c7 lL t w i8", UK_LINK_OPEN, R(NONE), "AZ-N+WS"},
    {"w c7 lL t w d i8", UK_LINK_CONNECTING, R(LOST), ""},
    {"w c7 lL t w d i8 c8", UK_LINK_OPEN, R(NONE), "Z-N+WS+NR"},
    {"w c7 lL t w d i8 c8 i7", UK_LINK_OPEN, R(NONE), "5"},
    {"w c7 lL t w d i8 c7", UK_LINK_OPEN, R(NONE), "N+WS2KZ-N+WS"},
    {"w c7 lL t w d i8 rL", UK_LINK_OPEN, R(NONE), "!Z-N+WS"},
    {"w c7 lL t w d i8 rT", UK_LINK_OPEN, R(NONE), "!Z-N+WS"},
    {"w c7 lL t w d i8 rS", UK_LINK_OPEN, R(NONE), "!gKZ-N+WS"},
    {"w c7 lL t w d i7 rL", UK_LINK_IDLE, R(CONNECT_FAILED), "!gK-+NR"},
    {"w c7 lL t s", UK_LINK_QUARANTINED, R(SILENT_TOO_LONG), "KPq"},
    {"w rL t s", UK_LINK_GATED, R(SILENT_TOO_LONG), "KUg"},
    /* quarantine without a supervisor */
    {"q7", UK_LINK_QUARANTINED, R(REQUESTED), "q"},
    {"w rS q7", UK_LINK_QUARANTINED, R(REQUESTED), "q"},
    {"q7 q8", UK_LINK_QUARANTINED, R(REQUESTED), "q"},
    {"q7 q7", UK_LINK_QUARANTINED, R(REQUESTED), ""},
    {"q", UK_LINK_NONE, R(NONE), ""},
    {"w rS q", UK_LINK_GATED, R(PEER_SHUTDOWN), ""},
    {"q7 q", UK_LINK_QUARANTINED, R(REQUESTED), ""},
};
#undef R

static void every_row_of_the_table(void **s) {
    (void)s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *x = &rows[i];
        rig r = new_rig(true);
        char does[UK_LINK_ACTIONS + 1];
        size_t n = 0;
        live(&r, x->life);
        for (size_t k = 0; k < r.out.n; k++)
            if (letter(&r.out.list[k])) does[n++] = letter(&r.out.list[k]);
        does[n] = 0;
        if (strcmp(does, x->does) || r.link.state != x->state || r.link.reason != x->reason)
            fail_msg("%s: %s %s %s, expected %s %s %s", x->life, uk_link_state_name(r.link.state),
                     ukko_link_reason_name(r.link.reason), does, uk_link_state_name(x->state),
                     ukko_link_reason_name(x->reason), x->does);
        for (size_t k = 0; k < r.out.n; k++) { /* each gate and quarantine has its reason */
            const uk_link_action *a = &r.out.list[k];
            if (a->what != UK_DO_EVENT) continue;
            if (a->news == UK_NEWS_GATED || a->news == UK_NEWS_QUARANTINED)
                assert_int_not_equal(a->reason, UKKO_REASON_NONE);
        }
    }
}

/* Each reason has a name, a text and a way out; other numbers give something to print. */
static void reasons_have_words(void **s) {
    (void)s;
    for (int32_t i = 0; strcmp(ukko_link_reason_name(i), "?"); i++) {
        assert_true(strlen(ukko_link_reason_text(i)) > 5);
        assert_true(strlen(ukko_link_reason_remedy(i)) > 5);
    }
    assert_string_equal(ukko_link_reason_name(UKKO_REASON_STOPPED), "STOPPED");
    assert_string_equal(ukko_link_reason_name(-1), "?");
    assert_non_null(ukko_link_reason_remedy(1000));
    assert_string_equal(ukko_link_state_name(UKKO_LINK_GATED), "gated");
    assert_string_equal(ukko_link_state_name(17), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table),
        cmocka_unit_test(reasons_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
