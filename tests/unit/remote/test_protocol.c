/* SPDX-License-Identifier: Apache-2.0 */
/* The connection's state machine: every state with every event, and the timers. Time is a number
   here; what the machine does is written down as text: "A" ASSOCIATE, "D" DISASSOCIATE, "DS"
   shutting down, "DQ" quarantined, "H" HEARTBEAT, "0" the empty frame, "open", "payload",
   "closed:REASON" with "!" when nothing is flushed. One thread. */
#include "remote/frame.h"
#include "remote/protocol.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HANDSHAKE = 15000, BEAT = 4000, PAUSE = 120000, T0 = 1000, PEER_UID = 77, OWN_UID = -5 };

typedef struct world {
    uk_proto *p;
    char log[512], text[256];
    int32_t uid;
    uk_pdu_kind leave_on_open, leave_on_payload; /* what the owner does, unless PAYLOAD */
    bool free_on_close;
    int64_t *count; /* payloads are messages with ascending numbers; the last one */
} world;

static void note(world *w, const char *what) {
    size_t n = strlen(w->log);
    snprintf(w->log + n, sizeof w->log - n, "%s%s", n ? " " : "", what);
}
static void on_send(void *data, ukko_slice bytes) {
    static const char *const names[] = {"P", "A", "D", "H", "DS", "DQ"};
    world *w = data;
    while (bytes.len >= 4) {
        size_t n = uk_frame_length(bytes.ptr);
        uk_pdu pdu;
        ukko_slice body = {bytes.ptr + 4, n};
        assert_true(bytes.len >= 4 + n);
        if (n) assert_int_equal(uk_pdu_decode(body, &pdu), 0);
        note(w, n ? names[pdu.kind] : "0");
        if (n && pdu.kind == UK_PDU_ASSOCIATE) {
            assert_int_equal(pdu.uid, OWN_UID);
            assert_true(uk_slice_is(pdu.origin.protocol, "tcp") && pdu.origin.port == 2552);
        }
        bytes = (ukko_slice){bytes.ptr + 4 + n, bytes.len - 4 - n};
    }
    assert_int_equal(bytes.len, 0);
}
static void on_open(void *data, const uk_origin *peer, int32_t uid) {
    world *w = data;
    w->uid = uid;
    assert_true(uk_slice_is(peer->system, "Peer") && uk_slice_is(peer->host, "10.0.0.7"));
    note(w, "open");
    if (w->leave_on_open) uk_proto_disassociate(w->p, w->leave_on_open, NULL);
}
static void on_payload(void *data, ukko_slice payload) {
    world *w = data;
    if (w->count) {
        uk_envelope e;
        int64_t n;
        assert_int_equal(uk_envelope_decode(payload, &e), 0);
        memcpy(&n, e.message.ptr, sizeof n);
        assert_true(n > *w->count); /* at most once, and in order */
        *w->count = n;
        return;
    }
    assert_int_equal(payload.len, 3);
    note(w, "payload");
    if (w->leave_on_payload) uk_proto_disassociate(w->p, w->leave_on_payload, "enough");
}
static void on_closed(void *data, uk_proto_end end, bool flush, const char *text) {
    world *w = data;
    char line[64];
    snprintf(line, sizeof line, "closed:%s%s", uk_proto_end_name(end), flush ? "" : "!");
    note(w, line);
    snprintf(w->text, sizeof w->text, "%s", text);
    if (w->free_on_close) free(w->p), w->p = NULL;
}
static const uk_proto_events EVENTS = {on_send, on_open, on_payload, on_closed};

static uk_proto_settings settings_of_test(void) {
    return (uk_proto_settings){
        .self = {ukko_str("Me"), ukko_str("127.0.0.1"), ukko_str("tcp"), 2552},
        .uid = OWN_UID, .handshake_ms = HANDSHAKE, .heartbeat_ms = BEAT, .pause_ms = PAUSE};
}
static void feed(world *w, const uk_buf *frame, int64_t now) {
    uk_proto_frame(w->p, (ukko_slice){frame->ptr + 4, frame->len - 4}, now);
}
static void feed_associate(world *w, int32_t uid, int64_t now) {
    const uk_origin peer = {ukko_str("Peer"), ukko_str("10.0.0.7"), ukko_str("tcp"), 1};
    uk_buf b = {0};
    uk_pdu_put_associate(&b, &peer, uid);
    feed(w, &b, now);
    uk_buf_fini(&b);
}
static void feed_control(world *w, uk_pdu_kind kind, int64_t now) {
    uk_buf b = {0};
    uk_pdu_put_control(&b, kind);
    feed(w, &b, now);
    uk_buf_fini(&b);
}
static void feed_payload(world *w, int64_t now) {
    uk_proto_frame(w->p, (ukko_slice){(const uint8_t *)"\x0a\x03xyz", 5}, now);
}

typedef enum start {
    CONNECTING, ACTIVE, ACTIVE_REFUSING, PASSIVE, OPEN_ACTIVE, OPEN_PASSIVE, CLOSED, STARTS
} start;
static const char *const START_NAMES[] = {"connecting", "active", "active refusing", "passive",
                                          "open active", "open passive", "closed"};

static void begin(world *w, uk_proto *p, start s) {
    uk_proto_settings settings = settings_of_test();
    bool active = s == CONNECTING || s == ACTIVE || s == ACTIVE_REFUSING || s == OPEN_ACTIVE;
    settings.refuse = s == ACTIVE_REFUSING;
    settings.refused_uid = PEER_UID;
    *w = (world){.p = p};
    uk_proto_init(p, active, &settings, &EVENTS, w, T0);
    if (active && s != CONNECTING) uk_proto_connected(p, T0);
    if (s == OPEN_ACTIVE || s == OPEN_PASSIVE) feed_associate(w, PEER_UID, T0);
    if (s == CLOSED) uk_proto_lost(p, NULL);
    w->log[0] = 0;
}

typedef enum event {
    E_CONNECTED, E_ASSOCIATE, E_HEARTBEAT, E_PAYLOAD, E_DIS, E_DIS_SHUT, E_DIS_QUAR, E_GARBAGE,
    E_EMPTY, E_TOO_LONG, E_LOST, E_TICK_EARLY, E_TICK_BEAT, E_TICK_LATE, E_ASK, E_ASK_SHUT,
    E_ASK_QUAR, EVENT_COUNT
} event;

static void fire(world *w, event e) {
    uk_proto *p = w->p;
    int64_t now = T0 + 10;
    switch (e) {
    case E_CONNECTED: uk_proto_connected(p, now); break;
    case E_ASSOCIATE: feed_associate(w, PEER_UID, now); break;
    case E_HEARTBEAT: feed_control(w, UK_PDU_HEARTBEAT, now); break;
    case E_PAYLOAD: feed_payload(w, now); break;
    case E_DIS: feed_control(w, UK_PDU_DISASSOCIATE, now); break;
    case E_DIS_SHUT: feed_control(w, UK_PDU_DISASSOCIATE_SHUTDOWN, now); break;
    case E_DIS_QUAR: feed_control(w, UK_PDU_DISASSOCIATE_QUARANTINED, now); break;
    case E_GARBAGE: uk_proto_frame(p, ukko_str("\xff\xff\xff\xff"), now); break;
    case E_EMPTY: uk_proto_frame(p, ukko_str(""), now); break;
    case E_TOO_LONG: uk_proto_too_long(p, 0xffffffff); break;
    case E_LOST: uk_proto_lost(p, "reset"); break;
    case E_TICK_EARLY: uk_proto_tick(p, T0 + BEAT - 1); break;
    case E_TICK_BEAT: uk_proto_tick(p, T0 + BEAT); break;
    case E_TICK_LATE: uk_proto_tick(p, T0 + BEAT + PAUSE); break;
    case E_ASK: uk_proto_disassociate(p, UK_PDU_DISASSOCIATE, NULL); break;
    case E_ASK_SHUT: uk_proto_disassociate(p, UK_PDU_DISASSOCIATE_SHUTDOWN, NULL); break;
    case E_ASK_QUAR: uk_proto_disassociate(p, UK_PDU_DISASSOCIATE_QUARANTINED, NULL); break;
    case EVENT_COUNT: break;
    }
}

#define W_HAND "D 0 closed:handshake"
#define W_TIME "D 0 closed:timeout"
#define GONE "0 closed:disassociated", "0 closed:peer shutdown", "0 closed:peer quarantine"
#define REST "0 closed:undecodable", "", "closed:too long!", "closed:lost!", ""
#define ASKED "D 0 closed:local", "DS 0 closed:local", "DQ 0 closed:local"
static const char *const TABLE[STARTS][EVENT_COUNT] = {
    [CONNECTING] = {"A", "", "", "", "", "", "", "", "", "closed:too long!", "closed:lost!", "", "",
                    "closed:timeout!", "closed:local!", "closed:local!", "closed:local!"},
    [ACTIVE] = {"", "open", W_HAND, W_HAND, GONE, REST, "H", W_TIME, ASKED},
    [ACTIVE_REFUSING] = {"", "DQ 0 closed:refused uid", W_HAND, W_HAND, GONE, REST, "H", W_TIME,
                         ASKED},
    [PASSIVE] = {"", "A open", W_HAND, W_HAND, GONE, REST, "", W_TIME, ASKED},
    [OPEN_ACTIVE] = {"", "", "", "payload", GONE, REST, "H", "D 0 closed:silence", ASKED},
    [OPEN_PASSIVE] = {"", "", "", "payload", GONE, REST, "H", "D 0 closed:silence", ASKED},
    [CLOSED] = {"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", ""},
};
static void every_state_with_every_event(void **state) {
    (void)state;
    for (start s = 0; s < STARTS; s++) {
        for (event e = 0; e < EVENT_COUNT; e++) {
            world w;
            uk_proto p;
            begin(&w, &p, s);
            fire(&w, e);
            if (strcmp(w.log, TABLE[s][e]))
                fail_msg("%s, event %d: \"%s\" for \"%s\"", START_NAMES[s], e, w.log, TABLE[s][e]);
            bool closed = s == CLOSED || strstr(TABLE[s][e], "closed");
            assert_int_equal(p.state == UK_PROTO_CLOSED, closed);
            assert_true(!closed || uk_proto_deadline(&p) == INT64_MAX);
        }
    }
}
/* Two events after another: whatever happens, at most one end, nothing after it, no DISASSOCIATE
   after one was received, and the empty frame last. */
static void every_state_with_every_two_events(void **state) {
    (void)state;
    for (start s = 0; s < STARTS; s++) {
        for (int both = 0; both < EVENT_COUNT * EVENT_COUNT; both++) {
            world w;
            uk_proto p;
            begin(&w, &p, s);
            fire(&w, (event)(both / EVENT_COUNT));
            fire(&w, (event)(both % EVENT_COUNT));
            const char *end = strstr(w.log, "closed:");
            if (!end) continue;
            bool flushed = !strchr(end, '!');
            char want[64];
            snprintf(want, sizeof want, "closed:%s%s", uk_proto_end_name(p.end),
                     flushed ? "" : "!");
            assert_string_equal(end, want);
            if (flushed) assert_true(end - w.log >= 2 && end[-2] == '0');
            bool told = strstr(end, "disassociated") || strstr(end, "peer");
            if (told) assert_null(strchr(w.log, 'D'));
        }
    }
}

/* spec: PekkoProtocolSpec 1 */
static void reads_at_once(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, PASSIVE); /* no further step is needed before frames are taken */
    feed_associate(&w, PEER_UID, T0);
    feed_payload(&w, T0);
    assert_string_equal(w.log, "A open payload");
}
/* spec: PekkoProtocolSpec 2 */
static void inbound_associates_then_passes_payload(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, PASSIVE);
    assert_int_equal(p.state, UK_PROTO_WAITING);
    assert_string_equal(w.log, ""); /* says nothing before */
    feed_associate(&w, PEER_UID, T0 + 100);
    assert_int_equal(w.uid, PEER_UID);
    assert_int_equal(uk_proto_deadline(&p), T0 + 100 + BEAT); /* the handshake timer is gone */
    uk_proto_tick(&p, T0 + 100 + BEAT);
    feed_payload(&w, T0 + 100 + BEAT);
    assert_string_equal(w.log, "A open H payload");
}
/* spec: PekkoProtocolSpec 3 */
static void inbound_anything_before_associate_ends_it(void **state) {
    (void)state;
    for (int heartbeat = 0; heartbeat < 2; heartbeat++) {
        world w;
        uk_proto p;
        begin(&w, &p, PASSIVE);
        if (heartbeat) feed_control(&w, UK_PDU_HEARTBEAT, T0);
        else feed_payload(&w, T0);
        assert_string_equal(w.log, "D 0 closed:handshake");
        assert_non_null(strstr(w.text, heartbeat ? "HEARTBEAT" : "PAYLOAD"));
        feed_associate(&w, PEER_UID, T0); /* too late */
        assert_string_equal(w.log, "D 0 closed:handshake");
    }
}
/* spec: PekkoProtocolSpec 4 */
static void outbound_waits_for_associate_and_beats_meanwhile(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, CONNECTING);
    uk_proto_connected(&p, T0 + 500);
    assert_string_equal(w.log, "A");
    assert_false(p.was_open);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(uk_proto_deadline(&p), T0 + 500 + i * BEAT);
        uk_proto_tick(&p, T0 + 500 + i * BEAT);
    }
    assert_string_equal(w.log, "A H H H");
    feed_associate(&w, PEER_UID, T0 + 13000);
    assert_string_equal(w.log, "A H H H open");
    assert_true(p.was_open && w.uid == PEER_UID);
}
/* spec: PekkoProtocolSpec 5 */
static void disassociate_is_passed_on(void **state) {
    (void)state;
    static const struct { uk_pdu_kind kind; uk_proto_end end; const char *text; } cases[] = {
        {UK_PDU_DISASSOCIATE, UK_PROTO_END_DISASSOCIATED, "Disassociated"},
        {UK_PDU_DISASSOCIATE_SHUTDOWN, UK_PROTO_END_PEER_SHUTDOWN, "shutting down"},
        {UK_PDU_DISASSOCIATE_QUARANTINED, UK_PROTO_END_PEER_QUARANTINE, "quarantined this system"}};
    for (int i = 0; i < 3; i++) {
        world w;
        uk_proto p;
        begin(&w, &p, OPEN_PASSIVE);
        feed_control(&w, cases[i].kind, T0);
        assert_int_equal(p.end, cases[i].end);
        assert_non_null(strstr(w.text, cases[i].text));
    }
}
/* spec: PekkoProtocolSpec 6 */
static void loss_of_the_transport_is_passed_on(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, OPEN_ACTIVE);
    uk_proto_lost(&p, "connection reset by peer");
    assert_string_equal(w.log, "closed:lost!");
    assert_string_equal(w.text, "connection reset by peer");
}
/* spec: PekkoProtocolSpec 7 */
static void silence_ends_it(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, OPEN_PASSIVE);
    int64_t now = T0;
    while (p.state == UK_PROTO_OPEN) uk_proto_tick(&p, now = uk_proto_deadline(&p));
    assert_int_equal(now, T0 + BEAT + PAUSE);
    assert_non_null(strstr(w.log, "H H D 0 closed:silence"));
    assert_non_null(strstr(w.text, "failure detector triggered"));
}
static void run_alive(void (*sign)(world *w, int64_t now)) {
    world w;
    uk_proto p;
    begin(&w, &p, OPEN_ACTIVE);
    int64_t now = T0;
    for (int i = 0; i < 100; i++) {
        uk_proto_tick(&p, now = uk_proto_deadline(&p));
        if (i % 20 == 0) sign(&w, now);
        w.log[0] = 0;
    }
    assert_int_equal(p.state, UK_PROTO_OPEN);
    for (int i = 0; i < 40; i++) { /* neither of these is a sign of life */
        uk_proto_frame(&p, ukko_str(""), now + i * BEAT);
        feed_associate(&w, PEER_UID, now + i * BEAT);
    }
    while (p.state == UK_PROTO_OPEN) uk_proto_tick(&p, now = uk_proto_deadline(&p));
    assert_int_equal(p.end, UK_PROTO_END_SILENCE);
}
static void sign_beat(world *w, int64_t now) { feed_control(w, UK_PDU_HEARTBEAT, now); }
static void heartbeats_and_payload_are_signs_of_life(void **state) {
    (void)state;
    run_alive(sign_beat);
    run_alive(feed_payload);
}
/* spec: PekkoProtocolSpec 8 */
static void a_late_listener_learns_of_the_end(void **state) {
    (void)state;
    world w, late = {0};
    uk_proto p;
    begin(&w, &p, OPEN_PASSIVE);
    feed_control(&w, UK_PDU_DISASSOCIATE_SHUTDOWN, T0);
    late.p = &p;
    uk_proto_listen(&p, &EVENTS, &late);
    assert_string_equal(late.log, "closed:peer shutdown!");
    begin(&w, &p, OPEN_PASSIVE);
    late.log[0] = 0;
    uk_proto_listen(&p, &EVENTS, &late);
    feed_payload(&w, T0);
    assert_string_equal(late.log, "payload");
    assert_string_equal(w.log, "");
}
/* spec: PekkoProtocolSpec 9 */
static void outbound_handshake_timeout(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, ACTIVE);
    int64_t now = T0;
    while (p.state == UK_PROTO_WAITING) uk_proto_tick(&p, now = uk_proto_deadline(&p));
    assert_int_equal(now, T0 + HANDSHAKE);
    assert_string_equal(w.log, "H H H D 0 closed:timeout");
    assert_string_equal(w.text, "No response from remote for outbound association. "
                                "Handshake timed out after [15000 ms].");
    begin(&w, &p, CONNECTING); /* also counts while the transport comes up */
    uk_proto_tick(&p, T0 + HANDSHAKE);
    assert_string_equal(w.log, "closed:timeout!");
}
/* spec: PekkoProtocolSpec 10 */
static void inbound_handshake_timeout(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, PASSIVE);
    assert_int_equal(uk_proto_deadline(&p), T0 + HANDSHAKE);
    uk_proto_tick(&p, T0 + HANDSHAKE - 1);
    assert_string_equal(w.log, "");
    uk_proto_tick(&p, T0 + HANDSHAKE);
    assert_string_equal(w.log, "D 0 closed:timeout");
    assert_non_null(strstr(w.text, "inbound association"));
}

static void a_peer_that_is_refused_at_the_handshake(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, ACTIVE_REFUSING);
    feed_associate(&w, PEER_UID + 1, T0); /* a restarted peer is welcome */
    assert_string_equal(w.log, "open");
    begin(&w, &p, PASSIVE); /* the passive side answers first, and refuses then */
    w.leave_on_open = UK_PDU_DISASSOCIATE_QUARANTINED;
    feed_associate(&w, PEER_UID, T0);
    assert_string_equal(w.log, "A open DQ 0 closed:local");
}
static void the_owner_may_end_it_inside_an_event(void **state) {
    (void)state;
    world w;
    uk_proto p, *heap = malloc(sizeof *heap);
    begin(&w, &p, OPEN_ACTIVE);
    w.leave_on_payload = UK_PDU_DISASSOCIATE;
    feed_payload(&w, T0);
    assert_string_equal(w.log, "payload D 0 closed:local");
    assert_string_equal(w.text, "enough");
    begin(&w, heap, OPEN_ACTIVE);
    w.leave_on_payload = UK_PDU_DISASSOCIATE;
    w.free_on_close = true; /* the sanitizer would see a touch afterwards */
    feed_payload(&w, T0);
    assert_null(w.p);
}
static void beats_have_a_fixed_delay(void **state) {
    (void)state;
    world w;
    uk_proto p;
    begin(&w, &p, OPEN_ACTIVE);
    uk_proto_tick(&p, T0 + BEAT + 700); /* late: no burst follows */
    assert_int_equal(uk_proto_deadline(&p), T0 + 2 * BEAT + 700);
    uk_proto_tick(&p, T0 + BEAT + 701);
    assert_string_equal(w.log, "H");
}
static void names_of_ends(void **state) {
    (void)state;
    assert_string_equal(uk_proto_end_name(UK_PROTO_END_TOO_LONG), "too long");
    assert_string_equal(uk_proto_end_name((uk_proto_end)99), "?");
}

/* Two machines wired to each other. */
typedef struct pair {
    world side[2];
    uk_proto p[2];
    uk_cutter cutter[2];
    uk_buf wire[2]; /* to side i */
} pair;
static pair *THE_PAIR;
static void pair_send(void *data, ukko_slice bytes) {
    int to = data == &THE_PAIR->side[0] ? 1 : 0;
    uk_buf_put(&THE_PAIR->wire[to], bytes.ptr, bytes.len);
}
static void pair_open(void *data, const uk_origin *peer, int32_t uid) {
    assert_true(uk_slice_is(peer->system, "Me") && uid == OWN_UID);
    note(data, "open");
}
static void pump(pair *x, int64_t now) {
    while (x->wire[0].len || x->wire[1].len) {
        for (int i = 0; i < 2; i++) {
            uk_buf in = x->wire[i];
            ukko_slice body;
            x->wire[i] = (uk_buf){0};
            uk_cutter_feed(&x->cutter[i], in.ptr, in.len);
            while (uk_cutter_next(&x->cutter[i], &body) == 1) uk_proto_frame(&x->p[i], body, now);
            uk_buf_fini(&in);
        }
    }
}
static void two_machines_understand_each_other(void **state) {
    (void)state;
    static const uk_proto_events events = {pair_send, pair_open, on_payload, on_closed};
    uk_proto_settings settings = settings_of_test();
    pair x = {0};
    THE_PAIR = &x;
    for (int i = 0; i < 2; i++) {
        uk_cutter_init(&x.cutter[i], 128000);
        uk_proto_init(&x.p[i], i == 0, &settings, &events, &x.side[i], T0);
    }
    uk_proto_connected(&x.p[0], T0);
    pump(&x, T0);
    for (int64_t now = T0; now < T0 + 3600 * 1000; now += 500) { /* an hour, idle */
        for (int i = 0; i < 2; i++) uk_proto_tick(&x.p[i], now);
        pump(&x, now);
    }
    assert_true(x.p[0].state == UK_PROTO_OPEN && x.p[1].state == UK_PROTO_OPEN);
    uk_proto_disassociate(&x.p[1], UK_PDU_DISASSOCIATE_SHUTDOWN, NULL);
    pump(&x, T0);
    assert_string_equal(x.side[0].log, "open closed:peer shutdown");
    assert_string_equal(x.side[1].log, "open closed:local");
    for (int i = 0; i < 2; i++) uk_cutter_fini(&x.cutter[i]);
}

/* spec: PekkoProtocolStressTest 1 */
static void numbered_messages_over_a_lossy_link(void **state) {
    (void)state;
    uint32_t dice = 1;
    int64_t last = -1, lost = 0;
    for (int64_t n = 0; n < 3000;) { /* connections, each of which breaks after a while */
        world w;
        uk_proto p;
        begin(&w, &p, n % 2 ? OPEN_PASSIVE : OPEN_ACTIVE);
        for (int i = 0; i < 100; i++, n++) {
            uk_buf b = {0};
            uk_outgoing m = {.recipient = ukko_str("x"), .message = {(const uint8_t *)&n, 8}};
            assert_int_equal(uk_envelope_put(&b, &m, 1000), 0);
            dice = dice * 1664525 + 1013904223;
            w.count = &last;
            if (dice >> 30) feed(&w, &b, T0);
            else lost++;
            uk_buf_fini(&b);
        }
        uk_proto_lost(&p, NULL);
    }
    assert_true(last > 2900 && lost > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_with_every_event),
        cmocka_unit_test(every_state_with_every_two_events),
        cmocka_unit_test(reads_at_once),
        cmocka_unit_test(inbound_associates_then_passes_payload),
        cmocka_unit_test(inbound_anything_before_associate_ends_it),
        cmocka_unit_test(outbound_waits_for_associate_and_beats_meanwhile),
        cmocka_unit_test(disassociate_is_passed_on),
        cmocka_unit_test(loss_of_the_transport_is_passed_on),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(heartbeats_and_payload_are_signs_of_life),
        cmocka_unit_test(a_late_listener_learns_of_the_end),
        cmocka_unit_test(outbound_handshake_timeout),
        cmocka_unit_test(inbound_handshake_timeout),
        cmocka_unit_test(a_peer_that_is_refused_at_the_handshake),
        cmocka_unit_test(the_owner_may_end_it_inside_an_event),
        cmocka_unit_test(beats_have_a_fixed_delay),
        cmocka_unit_test(names_of_ends),
        cmocka_unit_test(two_machines_understand_each_other),
        cmocka_unit_test(numbered_messages_over_a_lossy_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
