/* SPDX-License-Identifier: Apache-2.0 */
/* The link machine without sockets: each transition of the table, Pekko's registry cases, and random
   lives in which no connection may be lost from the books. */
#include "support/link_rig.h"

/* ---- Pekko's registry ---- */

/* spec: EndpointRegistrySpec 1 */
static void writable_passes(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    STATE(&r, UK_LINK_CONNECTING);
    assert_non_null(find(&r, UK_DO_CONNECT));
    connected(&r, 0, 42);
    STATE(&r, UK_LINK_OPEN);
    assert_ptr_equal(r.link.writer, conn(0));
    assert_int_equal(r.link.uid, 42);
    assert_ptr_equal(find(&r, UK_DO_WRITE)->conn, conn(0));
    assert_false(event(&r, UK_NEWS_ASSOCIATED)->inbound);
    assert_null(r.link.reader);
}

/* spec: EndpointRegistrySpec 2 */
static void read_only_with_uid(void **s) {
    (void)s;
    rig r = new_rig(false); /* use-passive-connections = off */
    inbound(&r, 0, 7);
    STATE(&r, UK_LINK_NONE);
    assert_ptr_equal(r.link.reader, conn(0));
    assert_int_equal(r.link.reader_uid, 7);
    assert_non_null(find(&r, UK_DO_READ));
    assert_true(event(&r, UK_NEWS_ASSOCIATED)->inbound);
}

/* spec: EndpointRegistrySpec 3 */
static void both_kinds(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    inbound(&r, 1, 7);
    assert_ptr_equal(r.link.writer, conn(0));
    assert_ptr_equal(r.link.reader, conn(1));
    inbound(&r, 2, 7); /* the newest is read, the one before it ends */
    ended(&r, 1, UK_PDU_DISASSOCIATE);
    assert_ptr_equal(r.link.reader, conn(2));
    assert_ptr_equal(r.link.writer, conn(0));
}

/* spec: EndpointRegistrySpec 4 */
static void failed_writable_is_gated(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_PEER_SHUTDOWN);
    STATE(&r, UK_LINK_GATED);
    assert_int_equal(uk_link_deadline(&r.link), r.now + GATE);
    assert_non_null(logged(&r, UK_LINK_LOG_INVALID));
    wanted(&r);
    assert_int_equal(r.out.n, 0);
    later(&r, GATE);
    STATE(&r, UK_LINK_NONE);
    wanted(&r);
    STATE(&r, UK_LINK_CONNECTING);
}

/* spec: EndpointRegistrySpec 5 */
static void failed_reader_is_removed(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    inbound(&r, 1, 7);
    lost(&r, 1, UK_PROTO_END_LOST);
    assert_null(r.link.reader);
    STATE(&r, UK_LINK_OPEN);
    assert_true(event(&r, UK_NEWS_DISASSOCIATED)->inbound);
    assert_null(find(&r, UK_DO_BURY));
}

/* spec: EndpointRegistrySpec 6 */
static void tombstones_stay(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    quarantine(&r, 7);
    ended(&r, 0, UK_PDU_DISASSOCIATE);
    STATE(&r, UK_LINK_QUARANTINED);
    later(&r, GATE * 3);
    STATE(&r, UK_LINK_QUARANTINED);
    assert_true(uk_link_quarantined(&r.link, 7));
    assert_false(uk_link_forgettable(&r.link));
}

/* spec: EndpointRegistrySpec 7 */
static void prune_takes_expired_gates(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_PEER_QUARANTINE);
    later(&r, GATE - 1);
    STATE(&r, UK_LINK_GATED);
    assert_false(uk_link_forgettable(&r.link));
    later(&r, 1);
    STATE(&r, UK_LINK_NONE);
    assert_true(uk_link_forgettable(&r.link));
}

/* spec: EndpointRegistrySpec 8 */
static void quarantine_matches_uid(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    quarantine(&r, 8);
    STATE(&r, UK_LINK_OPEN);
    assert_null(event(&r, UK_NEWS_QUARANTINED));
    quarantine(&r, 7);
    assert_int_equal(event(&r, UK_NEWS_QUARANTINED)->uid, 7);
    assert_true(uk_link_quarantined(&r.link, 7));
    assert_false(uk_link_quarantined(&r.link, 8));
    inbound(&r, 1, 7);
    ended(&r, 1, UK_PDU_DISASSOCIATE_QUARANTINED);
    inbound(&r, 2, 8); /* another incarnation heals */
    STATE(&r, UK_LINK_OPEN);
    assert_int_equal(r.link.uid, 8);
}

/* spec: EndpointRegistrySpec 9 */
static void refused_uid_survives(void **s) {
    (void)s;
    rig r = new_rig(true);
    quarantine(&r, 7);
    wanted(&r); /* a probe */
    STATE(&r, UK_LINK_CONNECTING);
    assert_true(find(&r, UK_DO_CONNECT)->has_uid);
    assert_int_equal(find(&r, UK_DO_CONNECT)->uid, 7);
    assert_true(uk_link_quarantined(&r.link, 7));
    refused(&r, UK_PROTO_END_REFUSED_UID);
    STATE(&r, UK_LINK_QUARANTINED);
    assert_non_null(logged(&r, UK_LINK_LOG_KEPT));
    assert_null(event(&r, UK_NEWS_QUARANTINED));
    wanted(&r);
    connected(&r, 0, 9);
    STATE(&r, UK_LINK_OPEN);
    assert_true(uk_link_quarantined(&r.link, 7)); /* still */
}

/* ---- gates ---- */

static void supervisor_gate(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_LOST);
    STATE(&r, UK_LINK_FAILED);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->level, UKKO_LOG_DEBUG);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->error, UK_LINK_ERROR_FAILED);
    assert_non_null(logged(&r, UK_LINK_LOG_GATED));
    assert_int_equal(logged(&r, UK_LINK_LOG_GATED)->error, UK_LINK_ERROR_FAILED);
    assert_non_null(find(&r, UK_DO_BURY));
    assert_null(find(&r, UK_DO_RESTART)); /* system messages are kept */
    wanted(&r);
    STATE(&r, UK_LINK_FAILED);
    later(&r, GATE);
    STATE(&r, UK_LINK_IDLE);
    wanted(&r);
    STATE(&r, UK_LINK_CONNECTING);
}

static void unacked_reconnects(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    r.link.unacked = true;
    lost(&r, 0, UK_PROTO_END_LOST);
    STATE(&r, UK_LINK_FAILED);
    later(&r, GATE);
    STATE(&r, UK_LINK_CONNECTING);
    connected(&r, 1, 7);
    assert_int_equal(find(&r, UK_DO_RESET)->uid, 7);
    assert_non_null(find(&r, UK_DO_RESEND));
}

static void give_up(void **s) {
    (void)s;
    rig r = new_rig(true);
    r.link.unacked = false;
    wanted(&r);
    connected(&r, 0, 7);
    r.link.unacked = true;
    lost(&r, 0, UK_PROTO_END_LOST);
    for (int64_t t = 0; t < GIVE_UP; t += GATE) {
        STATE(&r, UK_LINK_FAILED);
        later(&r, GATE);
        if (r.link.state != UK_LINK_CONNECTING) break;
        refused(&r, UK_PROTO_END_TIMEOUT);
    }
    if (r.link.state == UK_LINK_FAILED) later(&r, GATE);
    STATE(&r, UK_LINK_QUARANTINED);
    assert_true(uk_link_quarantined(&r.link, 7));
    assert_non_null(find(&r, UK_DO_PART));
    assert_non_null(event(&r, UK_NEWS_QUARANTINED));
}

static void ungated_by_inbound(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    lost(&r, 0, UK_PROTO_END_LOST);
    inbound(&r, 1, 7);
    STATE(&r, UK_LINK_IDLE);
    assert_ptr_equal(r.link.reader, conn(1));
    lost(&r, 1, UK_PROTO_END_LOST);
    r.link.unacked = true;
    wanted(&r);
    refused(&r, UK_PROTO_END_LOST);
    inbound(&r, 2, 7);
    STATE(&r, UK_LINK_CONNECTING); /* at once, for the unacked ones */
}

/* spec: RemotingSpec 21 */
static void inbound_behind_a_fresh_gate(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_LOST);
    inbound(&r, 0, 7);
    STATE(&r, UK_LINK_FAILED); /* the gate stays */
    assert_ptr_equal(r.link.reader, conn(0));
    later(&r, GATE);
    STATE(&r, UK_LINK_IDLE);
    assert_ptr_equal(r.link.reader, conn(0));
}

static void inbound_lifts_the_managers_gate(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_PEER_SHUTDOWN);
    inbound(&r, 0, 7);
    STATE(&r, UK_LINK_OPEN);
    assert_ptr_equal(r.link.writer, conn(0));
}

static void shutdown_of_the_peer(void **s) {
    (void)s;
    rig r = new_rig(true);
    inbound(&r, 0, 7);
    lost(&r, 0, UK_PROTO_END_PEER_SHUTDOWN);
    STATE(&r, UK_LINK_GATED);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->level, UKKO_LOG_INFO);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->error, UK_LINK_ERROR_SHUT);
    assert_non_null(logged(&r, UK_LINK_LOG_SHUTDOWN));
    assert_non_null(find(&r, UK_DO_RESTART));
    assert_true(event(&r, UK_NEWS_DISASSOCIATED)->inbound);
    assert_null(event(&r, UK_NEWS_QUARANTINED));
}

static void told_that_we_are_quarantined(void **s) {
    (void)s;
    rig r = new_rig(true);
    inbound(&r, 0, 7);
    lost(&r, 0, UK_PROTO_END_PEER_QUARANTINE);
    STATE(&r, UK_LINK_GATED);
    assert_non_null(event(&r, UK_NEWS_THIS_QUARANTINED));
    assert_int_equal(event(&r, UK_NEWS_ERROR)->level, UKKO_LOG_ERROR);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->error, UK_LINK_ERROR_INVALID);
}

/* ---- parked ---- */

/* spec: RemotingSpec 18 */
static void inbound_waits_for_our_handshake(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    inbound(&r, 0, 7);
    assert_int_equal(r.out.n, 0);
    assert_int_equal(r.link.n_parked, 1);
    connected(&r, 1, 7);
    assert_ptr_equal(r.link.writer, conn(1));
    assert_ptr_equal(r.link.reader, conn(0));
}

static void parked_when_the_attempt_fails(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    inbound(&r, 0, 7);
    refused(&r, UK_PROTO_END_LOST);
    STATE(&r, UK_LINK_FAILED);
    assert_ptr_equal(r.link.reader, conn(0));
    rig g = new_rig(true);
    wanted(&g);
    inbound(&g, 0, 7);
    refused(&g, UK_PROTO_END_PEER_SHUTDOWN);
    STATE(&g, UK_LINK_OPEN); /* the manager's gate is lifted by it */
    assert_ptr_equal(g.link.writer, conn(0));
}

/* spec: RemotingSpec 19 */
static void parked_is_dropped_by_its_uid_only(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    inbound(&r, 0, 7);
    inbound(&r, 1, 8);
    quarantine(&r, 9);
    assert_int_equal(r.link.n_parked, 2);
    quarantine(&r, 7);
    ended(&r, 0, UK_PDU_DISASSOCIATE_QUARANTINED);
    assert_int_equal(r.link.n_parked, 1);
    assert_int_equal(r.link.parked[0].uid, 8);
}

static void parked_are_few(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    for (int i = 0; i < 20; i++) inbound(&r, i, 7);
    assert_int_equal(r.link.n_parked, UK_LINK_PARKED);
    lost(&r, 17, UK_PROTO_END_LOST);
    assert_int_equal(r.link.n_parked, UK_LINK_PARKED - 1);
    connected(&r, 30, 7);
    assert_ptr_equal(r.link.reader, conn(19));
}

/* ---- incarnations, quarantine ---- */

static void another_incarnation_comes_in(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    inbound(&r, 1, 7);
    inbound(&r, 2, 8);
    STATE(&r, UK_LINK_OPEN);
    assert_ptr_equal(r.link.writer, conn(2));
    assert_null(r.link.reader);
    assert_null(event(&r, UK_NEWS_QUARANTINED)); /* the old one, quietly */
    assert_true(uk_link_quarantined(&r.link, 7));
    assert_int_equal(find(&r, UK_DO_RESET)->uid, 8);
    inbound(&r, 3, 7);
    ended(&r, 3, UK_PDU_DISASSOCIATE_QUARANTINED);
}

static void another_incarnation_answers(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    r.link.unacked = true;
    lost(&r, 0, UK_PROTO_END_LOST);
    later(&r, GATE);
    connected(&r, 1, 8);
    STATE(&r, UK_LINK_OPEN);
    assert_int_equal(find(&r, UK_DO_RESET)->uid, 8);
    assert_null(event(&r, UK_NEWS_QUARANTINED));
}

static void quarantine_while_connecting(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    quarantine(&r, 7);
    STATE(&r, UK_LINK_CONNECTING);
    connected(&r, 0, 7);
    STATE(&r, UK_LINK_QUARANTINED);
    ended(&r, 0, UK_PDU_DISASSOCIATE);
    assert_non_null(event(&r, UK_NEWS_QUARANTINED));
    assert_non_null(find(&r, UK_DO_BURY));
}

static void quarantine_without_uid_gates(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    inbound(&r, 1, 7);
    quarantine_no_uid(&r);
    STATE(&r, UK_LINK_GATED);
    ended(&r, 0, UK_PDU_DISASSOCIATE);
    ended(&r, 1, UK_PDU_DISASSOCIATE);
    assert_null(event(&r, UK_NEWS_QUARANTINED));
    assert_non_null(find(&r, UK_DO_UNACKED)); /* it may come back as the same */
    assert_null(find(&r, UK_DO_RESTART));
    assert_non_null(logged(&r, UK_LINK_LOG_NO_UID));
    quarantine_no_uid(&r);
    assert_int_equal(r.out.n, 0);
}

static void quarantine_while_gated(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    refused(&r, UK_PROTO_END_PEER_SHUTDOWN);
    quarantine(&r, 7);
    STATE(&r, UK_LINK_QUARANTINED);
    assert_non_null(event(&r, UK_NEWS_QUARANTINED));
    quarantine(&r, 7); /* it is already */
    assert_null(event(&r, UK_NEWS_QUARANTINED));
    quarantine(&r, 8);
    assert_int_equal(event(&r, UK_NEWS_QUARANTINED)->uid, 8);
}

static void markers_end(void **s) {
    (void)s;
    rig r = new_rig(true);
    quarantine(&r, 7);
    later(&r, QUARANTINE);
    STATE(&r, UK_LINK_NONE);
    assert_true(uk_link_forgettable(&r.link));
    inbound(&r, 0, 7);
    STATE(&r, UK_LINK_OPEN);
}

static void cleared_markers_are_as_ended_ones(void **s) {
    (void)s;
    rig r = new_rig(true);
    clear_quarantine(&r, false, 0); /* there is none */
    assert_int_equal(r.out.n, 0);
    wanted(&r);
    connected(&r, 0, 7);
    quarantine(&r, 7);
    clear_quarantine(&r, true, 8); /* of another incarnation */
    assert_int_equal(r.out.n, 0);
    STATE(&r, UK_LINK_QUARANTINED);
    clear_quarantine(&r, true, 7);
    assert_int_equal(logged(&r, UK_LINK_LOG_CLEARED)->uid, 7);
    STATE(&r, UK_LINK_NONE);
    assert_true(uk_link_forgettable(&r.link));
    inbound(&r, 1, 7);
    STATE(&r, UK_LINK_OPEN);
    clear_quarantine(&r, false, 0);
    assert_int_equal(r.out.n, 0);
    STATE(&r, UK_LINK_OPEN);
}

static void clear_while_another_incarnation_is_there(void **s) {
    (void)s;
    rig r = new_rig(true);
    quarantine(&r, 7);
    inbound(&r, 0, 8);
    clear_quarantine(&r, false, 0);
    STATE(&r, UK_LINK_OPEN);
    assert_int_equal(r.link.uid, 8);
    assert_false(uk_link_quarantined(&r.link, 7));
    quarantine(&r, 8);
    clear_quarantine(&r, true, 8);
    inbound(&r, 1, 7);
    assert_int_equal(r.link.uid, 7);
}

/* The attempt that is under way would refuse it. */
static void clear_while_connecting(void **s) {
    (void)s;
    rig r = new_rig(true);
    quarantine(&r, 7);
    wanted(&r);
    assert_true(find(&r, UK_DO_CONNECT)->has_uid);
    clear_quarantine(&r, true, 7);
    assert_non_null(find(&r, UK_DO_ABANDON));
    assert_false(find(&r, UK_DO_CONNECT)->has_uid);
    STATE(&r, UK_LINK_CONNECTING);
    connected(&r, 0, 7);
    STATE(&r, UK_LINK_OPEN);
}

static void hopeless_with_and_without_uid(void **s) {
    (void)s;
    rig r = new_rig(true);
    inbound(&r, 0, 7);
    hopeless(&r);
    STATE(&r, UK_LINK_QUARANTINED);
    ended(&r, 0, UK_PDU_DISASSOCIATE);
    assert_int_equal(logged(&r, UK_LINK_LOG_HOPELESS)->uid, 7);
    rig u = new_rig(true);
    wanted(&u);
    hopeless(&u);
    STATE(&u, UK_LINK_GATED);
    assert_non_null(find(&u, UK_DO_ABANDON));
    assert_non_null(logged(&u, UK_LINK_LOG_HOPELESS_GATED));
}

static void silent_too_long(void **s) {
    (void)s;
    rig r = new_rig(true);
    inbound(&r, 0, 7);
    lost(&r, 0, UK_PROTO_END_LOST);
    later(&r, GATE);
    STATE(&r, UK_LINK_IDLE);
    later(&r, SILENCE - 1);
    STATE(&r, UK_LINK_IDLE);
    assert_false(uk_link_forgettable(&r.link)); /* or nobody would know */
    later(&r, 1);
    STATE(&r, UK_LINK_QUARANTINED);
    rig off = new_rig(true);
    off.set.silence_ms = 0;
    inbound(&off, 0, 7);
    lost(&off, 0, UK_PROTO_END_LOST);
    later(&off, GATE);
    later(&off, SILENCE * 10);
    STATE(&off, UK_LINK_IDLE);
    assert_true(uk_link_forgettable(&off.link));
    rig never = new_rig(true);
    wanted(&never);
    refused(&never, UK_PROTO_END_LOST);
    later(&never, GATE);
    STATE(&never, UK_LINK_IDLE);
    assert_true(uk_link_forgettable(&never.link)); /* there is no uid to quarantine */
}

static void broken_reader_and_writer(void **s) {
    (void)s;
    rig r = new_rig(true);
    wanted(&r);
    connected(&r, 0, 7);
    inbound(&r, 1, 7);
    step(&r, (uk_link_event){.kind = UK_LINK_BROKEN, .conn = conn(1), .text = "bad bytes"});
    STATE(&r, UK_LINK_OPEN);
    ended(&r, 1, UK_PDU_DISASSOCIATE);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->level, UKKO_LOG_ERROR);
    assert_int_equal(event(&r, UK_NEWS_ERROR)->error, UK_LINK_ERROR_BROKEN);
    step(&r, (uk_link_event){.kind = UK_LINK_BROKEN, .conn = conn(0), .text = "bad bytes"});
    STATE(&r, UK_LINK_FAILED);
    ended(&r, 0, UK_PDU_DISASSOCIATE);
}

static void late_connection(void **s) {
    (void)s;
    rig r = new_rig(true);
    inbound(&r, 0, 7);
    connected(&r, 1, 7);
    ended(&r, 1, UK_PDU_DISASSOCIATE);
    assert_ptr_equal(r.link.writer, conn(0));
}

/* ---- random lives ---- */

static uint32_t seed;
static uint32_t draw(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int free_conn(const rig *r) {
    for (int i = 0; i < CONNS; i++)
        if (!r->open[i]) return i;
    fail_msg("connections pile up");
    return 0;
}

static int any_open(const rig *r) {
    int list[CONNS], n = 0;
    for (int i = 0; i < CONNS; i++)
        if (r->open[i]) list[n++] = i;
    return n ? list[draw((uint32_t)n)] : -1;
}

static void live_a_little(rig *r) {
    static const uk_proto_end ends[] = {UK_PROTO_END_LOST, UK_PROTO_END_DISASSOCIATED,
                                        UK_PROTO_END_PEER_SHUTDOWN, UK_PROTO_END_PEER_QUARANTINE,
                                        UK_PROTO_END_SILENCE, UK_PROTO_END_TOO_LONG};
    int c = any_open(r), n = free_conn(r);
    int32_t uid = (int32_t)draw(3) + 1;
    r->link.unacked = draw(3) == 0;
    switch (draw(9)) {
    case 0: wanted(r); break;
    case 1:
        if (r->dialing) connected(r, n, uid);
        break;
    case 2:
        if (r->dialing) refused(r, draw(4) ? UK_PROTO_END_LOST : UK_PROTO_END_REFUSED_UID);
        break;
    case 3: inbound(r, n, uid); break;
    case 4:
        if (c >= 0) lost(r, c, ends[draw(6)]);
        break;
    case 5:
        if (c >= 0) step(r, (uk_link_event){.kind = UK_LINK_BROKEN, .conn = conn(c), .text = "x"});
        break;
    case 6: draw(4) ? later(r, draw(GATE * 2)) : later(r, draw(SILENCE)); break;
    case 7:
        if (!draw(8)) hopeless(r);
        break;
    case 8:
        if (!draw(4)) draw(2) ? quarantine(r, uid) : quarantine_no_uid(r);
        break;
    }
    size_t n_open = 0;
    for (int i = 0; i < CONNS; i++) n_open += r->open[i];
    assert_true(n_open <= 2 + UK_LINK_PARKED);
}

static void random_lives(void **s) {
    (void)s;
    for (uint32_t life = 0; life < 3000; life++) {
        rig r = new_rig(life % 4 != 0);
        seed = life * 7919 + 1;
        wanted(&r);
        for (int i = 0; i < 200; i++) live_a_little(&r);
        /* left alone, a link comes to rest and is never stuck behind a gate */
        r.link.unacked = false;
        for (int i = 0; i < 10 && r.link.state != UK_LINK_NONE; i++) {
            if (r.dialing) refused(&r, UK_PROTO_END_LOST);
            int c = any_open(&r);
            if (c >= 0) lost(&r, c, UK_PROTO_END_LOST);
            later(&r, QUARANTINE + SILENCE);
        }
        while (any_open(&r) >= 0) lost(&r, any_open(&r), UK_PROTO_END_LOST);
        wanted(&r);
        if (!r.dialing) later(&r, GATE), wanted(&r);
        assert_true(r.dialing);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writable_passes),
        cmocka_unit_test(read_only_with_uid),
        cmocka_unit_test(both_kinds),
        cmocka_unit_test(failed_writable_is_gated),
        cmocka_unit_test(failed_reader_is_removed),
        cmocka_unit_test(tombstones_stay),
        cmocka_unit_test(prune_takes_expired_gates),
        cmocka_unit_test(quarantine_matches_uid),
        cmocka_unit_test(refused_uid_survives),
        cmocka_unit_test(supervisor_gate),
        cmocka_unit_test(unacked_reconnects),
        cmocka_unit_test(give_up),
        cmocka_unit_test(ungated_by_inbound),
        cmocka_unit_test(inbound_behind_a_fresh_gate),
        cmocka_unit_test(inbound_lifts_the_managers_gate),
        cmocka_unit_test(shutdown_of_the_peer),
        cmocka_unit_test(told_that_we_are_quarantined),
        cmocka_unit_test(inbound_waits_for_our_handshake),
        cmocka_unit_test(parked_when_the_attempt_fails),
        cmocka_unit_test(parked_is_dropped_by_its_uid_only),
        cmocka_unit_test(parked_are_few),
        cmocka_unit_test(another_incarnation_comes_in),
        cmocka_unit_test(another_incarnation_answers),
        cmocka_unit_test(quarantine_while_connecting),
        cmocka_unit_test(quarantine_without_uid_gates),
        cmocka_unit_test(quarantine_while_gated),
        cmocka_unit_test(markers_end),
        cmocka_unit_test(cleared_markers_are_as_ended_ones),
        cmocka_unit_test(clear_while_another_incarnation_is_there),
        cmocka_unit_test(clear_while_connecting),
        cmocka_unit_test(hopeless_with_and_without_uid),
        cmocka_unit_test(silent_too_long),
        cmocka_unit_test(broken_reader_and_writer),
        cmocka_unit_test(late_connection),
        cmocka_unit_test(random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
