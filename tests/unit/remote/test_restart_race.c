/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that has been restarted connects to this node while this node connects to it: whichever
   connection comes of it, what waits for one is delivered to the new life. The peer is a bare socket,
   which decides what happens first. Test thread. */
#include "support/dumb_peer.h"

typedef struct stage {
    ukko_system *sys;
    dumb peer, other; /* other: the connection that the new life makes */
    probe *dead;
    ukko_ref *sink;
} stage;

static void expect_text(dumb *d, const char *text) {
    uk_pdu pdu;
    uk_wire e;
    while (dumb_next(d, &pdu, 10000)) {
        if (pdu.kind != UK_PDU_PAYLOAD || uk_envelope_decode(pdu.payload, &e) || !e.has_message)
            continue;
        assert_int_equal(e.message.len, strlen(text));
        assert_memory_equal(e.message.ptr, text, e.message.len);
        return;
    }
    fail_msg("\"%s\" has not come", text);
}
static void expect_greeting(dumb *d) {
    uk_pdu pdu;
    assert_true(dumb_next(d, &pdu, 10000));
    assert_int_equal(pdu.kind, UK_PDU_ASSOCIATE);
}
static ukko_link_state wanted_state;
static bool has_state(void *data) {
    stage *s = data;
    ukko_link l = {.size = sizeof l};
    return !ukko_remote_link(s->sys, s->peer.address, &l) && l.state == (int32_t)wanted_state;
}
static void until_state(stage *s, ukko_link_state state) {
    wanted_state = state;
    until(has_state, s, ukko_link_state_name(state));
}

/* The first life was known and is gone. */
static stage after_the_first_life(void) {
    stage s = {.sys = node_new("A", "pekko.log-dead-letters = off\n"), .peer = dumb_new()};
    s.dead = probe_new(s.sys, "dead");
    ukko_subscribe(s.sys, &ukko_dead_letter_type, s.dead->ref);
    s.sink = ref_at(s.sys, s.peer.address, "/user/sink");
    ukko_tell_text(NULL, s.sink, "first");
    dumb_accept(&s.peer);
    dumb_answer(&s.peer);
    expect_greeting(&s.peer);
    expect_text(&s.peer, "first");
    dumb_hang_up(&s.peer);
    until_state(&s, UKKO_LINK_IDLE);
    return s;
}
/* The new life connects to the node. */
static void come_back(stage *s) {
    s->peer.uid++;
    s->other = (dumb){.listening = -1, .fd = -1, .uid = s->peer.uid};
    memcpy(s->other.address, s->peer.address, sizeof s->other.address);
    dumb_dial(&s->other, ukko_remote_address(s->sys));
    expect_greeting(&s->other);
}
static void end_stage(stage *s) {
    probe_expect_nothing(s->dead);
    ukko_ref_release(s->sink);
    ukko_system_free(s->sys);
    dumb_hang_up(&s->other);
    uk_buf_fini(&s->other.in);
    dumb_close(&s->peer);
    probe_free(s->dead);
}

/* Our attempt has reached the peer when its new life dials in. */
static stage both_under_way(void) {
    stage s = after_the_first_life();
    ukko_tell_text(NULL, s.sink, "second");
    dumb_accept(&s.peer);
    expect_greeting(&s.peer);
    come_back(&s);
    ukko_tell_text(NULL, s.sink, "third");
    return s;
}

/* The new life answers our attempt: it is what is written on, for a JVM reads there from now on. */
static void the_attempt_goes_on(void **state) {
    (void)state;
    stage s = both_under_way();
    dumb_answer(&s.peer);
    expect_text(&s.peer, "second");
    expect_text(&s.peer, "third");
    end_stage(&s);
}

/* Our attempt was made to the first life, and fails: the new life's connection takes its place. */
static void the_attempt_fails(void **state) {
    (void)state;
    stage s = both_under_way();
    dumb_hang_up(&s.peer);
    expect_text(&s.other, "second");
    expect_text(&s.other, "third");
    end_stage(&s);
}

/* Nothing takes connections there, as behind address translation: the new life's does at once. */
static void the_attempt_reaches_nobody(void **state) {
    (void)state;
    stage s = after_the_first_life();
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(strrchr(s.peer.address, ':') + 1))};
    int fill[4];
    assert_int_equal(listen(s.peer.listening, 0), 0);
    for (int i = 0; i < 4; i++) { /* the queue is full: the next one's SYN is dropped */
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fill[i], (struct sockaddr *)&a, sizeof a);
    }
    ukko_tell_text(NULL, s.sink, "second");
    until_state(&s, UKKO_LINK_CONNECTING);
    come_back(&s);
    expect_text(&s.other, "second");
    for (int i = 0; i < 4; i++) close(fill[i]);
    end_stage(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_attempt_goes_on),
        cmocka_unit_test(the_attempt_fails),
        cmocka_unit_test(the_attempt_reaches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
