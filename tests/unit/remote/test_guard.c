/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on hostile peers, one by one, with low figures: what is over is refused or ended, the log
   names the limit once for each source, and others are served meanwhile. */
#include "actor/arrival.h"
#include "support/dumb_peer.h"
#include "support/logs.h"
#include <semaphore.h>

typedef struct rig {
    ukko_system *sys;
    logs log;
    const char *address;
} rig;

static rig *begin(const char *config) {
    rig *r = calloc(1, sizeof *r);
    char text[2000];
    logs_init(&r->log);
    snprintf(text, sizeof text, "pekko.loglevel = DEBUG\n%s", config);
    r->sys = node_with("N", (node_opts){.config = text, .log = logs_sink, .log_data = &r->log});
    r->address = ukko_remote_address(r->sys);
    spawn_echo(r->sys, "echo");
    return r;
}
static void end(rig *r) {
    ukko_system_free(r->sys);
    logs_fini(&r->log);
    free(r);
}
static int dial(rig *r) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(strrchr(r->address, ':') + 1))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}
/* Waits until the other side closes; what comes before is read and forgotten. */
static void closes(int fd) {
    uint8_t buf[4096];
    for (struct pollfd p = {fd, POLLIN, 0};;) {
        if (poll(&p, 1, 20000) != 1) fail_msg("it stays open");
        if (recv(fd, buf, sizeof buf, 0) <= 0) break;
    }
    close(fd);
}
static bool is_open(int fd) {
    struct pollfd p = {fd, POLLIN, 0};
    char c;
    return poll(&p, 1, 0) == 0 || recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
/* A whole conversation with a well-behaved node. */
static void others_are_served(rig *r) {
    ukko_system *friend = node_new("Friend", NULL);
    ukko_ref *echo = ref_at(friend, r->address, "/user/echo");
    assert_true(does_answer(echo, 60000));
    ukko_ref_release(echo);
    ukko_system_free(friend);
}
static size_t warnings(rig *r, const char *part) {
    size_t n = 0;
    pthread_mutex_lock(&r->log.lock);
    for (size_t i = 0; i < r->log.n; i++)
        n += !strncmp(r->log.lines[i], "WARN", 4) && strstr(r->log.lines[i], part);
    pthread_mutex_unlock(&r->log.lock);
    return n;
}

static void the_oldest_handshake_gives_way(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.max-handshakes-per-host = 8");
    int fds[20];
    for (int i = 0; i < 20; i++) fds[i] = dial(r);
    for (int i = 0; i < 12; i++) closes(fds[i]);
    logs_wait(&r->log, "max-handshakes-per-host", 12);
    for (int i = 12; i < 20; i++) assert_true(is_open(fds[i]));
    others_are_served(r);
    assert_int_equal(warnings(r, "max-handshakes-per-host"), 1);
    for (int i = 12; i < 20; i++) close(fds[i]);
    end(r);
}

static void handshakes_of_all_hosts_are_limited(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits { max-handshakes = 5, max-handshakes-per-host = 100 }");
    int fds[9];
    for (int i = 0; i < 9; i++) fds[i] = dial(r);
    for (int i = 0; i < 4; i++) closes(fds[i]);
    logs_wait(&r->log, "limits.max-handshakes)", 4);
    others_are_served(r);
    for (int i = 4; i < 9; i++) close(fds[i]);
    end(r);
}

static void open_connections_of_a_host_are_limited(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.max-connections-per-host = 3");
    dumb peers[3];
    uk_pdu pdu;
    for (int i = 0; i < 3; i++) {
        peers[i] = dumb_new();
        dumb_dial(&peers[i], r->address);
        assert_true(dumb_next(&peers[i], &pdu, 20000));
    }
    closes(dial(r));
    closes(dial(r));
    logs_wait(&r->log, "max-connections-per-host", 2);
    assert_int_equal(warnings(r, "max-connections-per-host"), 1);
    dumb_close(&peers[0]);
    logs_wait(&r->log, "Disassociated [", 1);
    others_are_served(r);
    dumb_close(&peers[1]);
    dumb_close(&peers[2]);
    end(r);
}

static void all_connections_are_limited(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.max-connections = 2");
    dumb peers[2];
    uk_pdu pdu;
    for (int i = 0; i < 2; i++) {
        peers[i] = dumb_new();
        dumb_dial(&peers[i], r->address);
        assert_true(dumb_next(&peers[i], &pdu, 20000));
    }
    closes(dial(r));
    logs_wait(&r->log, "limits.max-connections allows", 1);
    for (int i = 0; i < 2; i++) assert_true(is_open(peers[i].fd));
    for (int i = 0; i < 2; i++) dumb_close(&peers[i]);
    end(r);
}

static void bytes_before_the_handshake_are_limited(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.max-handshake-bytes = 1 KiB");
    uint8_t zeros[2048] = {0}, half[2048] = {0, 0, 3, 0xe8};
    int fd = dial(r); /* empty frames, which are otherwise ignored */
    send(fd, zeros, sizeof zeros, MSG_NOSIGNAL);
    closes(fd);
    fd = dial(r); /* 1000 bytes are fine, but they never come whole */
    send(fd, half, 500, MSG_NOSIGNAL);
    int other = dial(r);
    half[2] = 4, half[3] = 0x10; /* 1040 are not; the length alone says it */
    send(other, half, 4, MSG_NOSIGNAL);
    closes(other);
    assert_true(is_open(fd));
    close(fd);
    logs_wait(&r->log, "max-handshake-bytes", 2);
    assert_int_equal(warnings(r, "max-handshake-bytes"), 1);
    others_are_served(r);
    end(r);
}

/* An open link on which something is sent that does not end. */
static void a_frame_has_to_be_whole_in_time(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.frame-timeout = 200 ms");
    dumb d = dumb_new();
    uk_pdu pdu;
    dumb_dial(&d, r->address);
    assert_true(dumb_next(&d, &pdu, 20000));
    uint8_t part[] = {0, 0, 1, 0, 10};
    send(d.fd, part, sizeof part, MSG_NOSIGNAL);
    for (int i = 0; i < 400 && is_open(d.fd); i++) { /* byte by byte does not help it */
        struct timespec t = {0, 5000000};
        send(d.fd, part + 4, 1, MSG_NOSIGNAL);
        nanosleep(&t, NULL);
    }
    logs_wait(&r->log, "frame-timeout", 1);
    closes(dup(d.fd));
    others_are_served(r);
    dumb_close(&d);
    end(r);
}

static void a_peer_has_to_read_in_time(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.write-timeout = 300 ms");
    dumb d = dumb_new();
    uk_pdu pdu;
    dumb_dial(&d, r->address);
    assert_true(dumb_next(&d, &pdu, 20000));
    ukko_ref *to = ref_at(r->sys, d.address, "/user/x");
    char *text = calloc(1, 100001);
    memset(text, 'x', 100000);
    for (int i = 0; i < 200; i++) ukko_tell_text(NULL, to, text); /* 20 MB fit in no socket */
    logs_wait(&r->log, "write-timeout", 1);
    logs_wait(&r->log, "Disassociated [", 1);
    others_are_served(r);
    free(text);
    ukko_ref_release(to);
    dumb_close(&d);
    end(r);
}

/* ---- bytes in flight ---- */

static sem_t go;
static int slow_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int64_t *n = state;
    const char *text = ukko_msg_text(msg);
    if (!*n) sem_wait(&go);
    ++*n;
    if (text && !strcmp(text, "count")) ukko_reply(ctx, &ukko_long_type, n);
    return UKKO_OK;
}
static const ukko_actor slow_kind = {.size = sizeof(ukko_actor), .name = "slow",
                                     .state_size = sizeof(int64_t), .receive = {NULL, slow_receive}};

/* An actor stands still: its peer is not read for a while, nothing is lost, and nothing goes wrong. */
static void what_waits_for_actors_is_limited(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.limits.max-bytes-in-flight = 4 MiB");
    sem_init(&go, 0, 0);
    assert_int_equal(ukko_system_spawn(r->sys, ukko_props_new(&slow_kind), "slow", NULL), UKKO_OK);
    ukko_system *other = node_new("Other", NULL);
    ukko_ref *slow = ref_at(other, r->address, "/user/slow");
    char *text = calloc(1, 10001);
    memset(text, 'x', 10000);
    for (int i = 0; i < 3000; i++) ukko_tell_text(NULL, slow, text); /* 30 MB */
    logs_wait(&r->log, "max-bytes-in-flight", 1);
    uint64_t waits = 0;
    for (unsigned i = 1; i < UK_ARRIVAL_SLOTS; i++) waits += uk_arrival_waits(i);
    assert_true(waits > 4 << 20);
    assert_true(waits < 24 << 20); /* the limit, what one read brings, and rounding up */
    sem_post(&go);
    ukko_msg *answer = NULL;
    assert_int_equal(ukko_ask_wait_msg(slow, ukko_msg_string("count"), 60000, &answer), UKKO_OK);
    assert_int_equal(*(const int64_t *)ukko_msg_get(answer, &ukko_long_type), 3001);
    ukko_msg_release(answer);
    ukko_ref_release(slow);
    free(text);
    ukko_system_free(other);
    end(r);
    waits = 0;
    for (unsigned i = 1; i < UK_ARRIVAL_SLOTS; i++) waits += uk_arrival_waits(i);
    assert_int_equal(waits, 0); /* all were taken, those to stopped actors, too */
    sem_destroy(&go);
}

/* ---- complaints ---- */

static void complaints_about_a_peer_are_limited(void **state) {
    (void)state;
    rig *r = begin("");
    dumb d = dumb_new();
    uk_pdu pdu;
    uk_buf frames = {0};
    dumb_dial(&d, r->address);
    assert_true(dumb_next(&d, &pdu, 20000));
    for (int i = 0; i < 2000; i++) {
        uk_outgoing m = {.recipient = ukko_str("pekko.tcp://Wrong@127.0.0.1:1/user/x"),
                         .message = ukko_str("hello"), .serializer = 20};
        assert_int_equal(uk_envelope_put(&frames, &m, 128000), 0);
    }
    dumb_send(&d, &frames);
    char here[200], me[200];
    snprintf(here, sizeof here, "%s/user/echo", r->address);
    snprintf(me, sizeof me, "%s/user/me", d.address);
    uk_outgoing m = {.recipient = ukko_str(here), .sender = ukko_str(me),
                     .message = ukko_str("fence"), .serializer = 20};
    assert_int_equal(uk_envelope_put(&frames, &m, 128000), 0);
    dumb_send(&d, &frames);
    while (dumb_next(&d, &pdu, 20000) && pdu.kind != UK_PDU_PAYLOAD) {}
    assert_int_equal(pdu.kind, UK_PDU_PAYLOAD); /* the answer: all before it was looked at */
    assert_int_equal(logs_count(&r->log, "dropping message"), 200);
    dumb_close(&d);
    end(r);
}

/* Handshakes as this node itself, or as a host of another scheme, lead to nothing. */
static void nobody_else_can_be_this_node(void **state) {
    (void)state;
    rig *r = begin("ukko.remote.accepted-addresses = [\"alias.example\"]");
    const char *const hosts[] = {"127.0.0.1", "alias.example"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        uk_buf b = {0};
        uk_origin self = {.system = ukko_str("N"), .host = ukko_str(hosts[i]),
                          .protocol = ukko_str("tcp"),
                          .port = (uint32_t)atoi(strrchr(r->address, ':') + 1)};
        uk_pdu_put_associate(&b, &self, 4711);
        int fd = dial(r);
        send(fd, b.ptr, b.len, MSG_NOSIGNAL);
        closes(fd);
        uk_buf_fini(&b);
    }
    logs_wait(&r->log, "the peer calls itself [pekko.tcp://N@127.0.0.1:", 1);
    logs_wait(&r->log, "the peer calls itself [pekko.tcp://N@alias.example:", 1);
    assert_int_equal(logs_count(&r->log, "Associated ["), 0);
    others_are_served(r);
    end(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_handshake_gives_way),
        cmocka_unit_test(handshakes_of_all_hosts_are_limited),
        cmocka_unit_test(open_connections_of_a_host_are_limited),
        cmocka_unit_test(all_connections_are_limited),
        cmocka_unit_test(bytes_before_the_handshake_are_limited),
        cmocka_unit_test(a_frame_has_to_be_whole_in_time),
        cmocka_unit_test(a_peer_has_to_read_in_time),
        cmocka_unit_test(what_waits_for_actors_is_limited),
        cmocka_unit_test(complaints_about_a_peer_are_limited),
        cmocka_unit_test(nobody_else_can_be_this_node),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
