/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a peer without a brain. A bare socket that shakes hands, sends what it is told and shows
   what comes, so that a node can be led into situations no real peer gets into at will. Test thread. */
#ifndef TESTS_SUPPORT_DUMB_PEER_H
#define TESTS_SUPPORT_DUMB_PEER_H
#include "remote/wire.h"
#include "base/pb.h"
#include "remote/frame.h"
#include "support/nodes.h"
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

typedef struct dumb {
    int listening, fd;
    char address[100];
    int32_t uid;
    uk_buf in;
} dumb;

static inline dumb dumb_new(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    dumb d = {.listening = socket(AF_INET, SOCK_STREAM, 0), .fd = -1, .uid = 4711};
    setsockopt(d.listening, SOL_SOCKET, SO_RCVBUF, &(int){8192}, sizeof(int));
    assert_int_equal(bind(d.listening, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(d.listening, 5), 0);
    getsockname(d.listening, (struct sockaddr *)&a, &n);
    snprintf(d.address, sizeof d.address, "pekko.tcp://Dumb@127.0.0.1:%d", ntohs(a.sin_port));
    return d;
}
static inline void dumb_accept(dumb *d) {
    struct pollfd p = {d->listening, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 60000), 1);
    d->fd = accept(d->listening, NULL, NULL);
    assert_true(d->fd >= 0);
}
static inline void dumb_answer(dumb *d) {
    uk_buf b = {0};
    uk_origin self = {.system = ukko_str("Dumb"), .host = ukko_str("127.0.0.1"),
                      .protocol = ukko_str("tcp"),
                      .port = (uint32_t)atoi(strrchr(d->address, ':') + 1)};
    uk_pdu_put_associate(&b, &self, d->uid);
    assert_int_equal(send(d->fd, b.ptr, b.len, MSG_NOSIGNAL), b.len);
    uk_buf_fini(&b);
}
/* Reads until more than so many bytes have come, or the other side has closed. */
static inline size_t dumb_read(dumb *d, size_t more_than) {
    static uint8_t buf[65536];
    size_t sum = 0;
    for (struct pollfd p = {d->fd, POLLIN, 0}; sum <= more_than && poll(&p, 1, 60000) == 1;) {
        ssize_t n = recv(d->fd, buf, sizeof buf, 0);
        if (n <= 0) break;
        sum += (size_t)n;
    }
    return sum;
}
static inline void dumb_hang_up(dumb *d) {
    if (d->fd >= 0) close(d->fd);
    d->fd = -1;
    uk_buf_clear(&d->in);
}
static inline void dumb_close(dumb *d) {
    dumb_hang_up(d);
    close(d->listening);
    uk_buf_fini(&d->in);
}
/* Connects to a node and shakes hands. */
static inline void dumb_dial(dumb *d, const char *node) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(strrchr(node, ':') + 1))};
    dumb_hang_up(d);
    d->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(d->fd, (struct sockaddr *)&a, sizeof a), 0);
    dumb_answer(d);
}
static inline void dumb_send(dumb *d, uk_buf *frames) {
    assert_int_equal(send(d->fd, frames->ptr, frames->len, MSG_NOSIGNAL), frames->len);
    uk_buf_fini(frames);
}
/* The next PDU within ms, decoded; its bytes live until the next call. false: none came, or the end. */
static inline bool dumb_next(dumb *d, uk_pdu *pdu, int ms) {
    static uint8_t body_copy[1 << 17];
    for (;;) {
        ukko_slice in = uk_buf_slice(&d->in), body;
        if (uk_frame_cut(&in, sizeof body_copy, &body) == 1) {
            memcpy(body_copy, body.ptr, body.len);
            size_t n = body.len, left = in.len;
            memmove(d->in.ptr, in.ptr, left);
            d->in.len = left;
            if (n && !uk_pdu_decode((ukko_slice){body_copy, n}, pdu)) return true;
            continue;
        }
        struct pollfd p = {d->fd, POLLIN, 0};
        uint8_t buf[4096];
        if (poll(&p, 1, ms) != 1) return false;
        ssize_t n = recv(d->fd, buf, sizeof buf, 0);
        if (n <= 0) return false;
        uk_buf_put(&d->in, buf, (size_t)n);
    }
}
/* The next envelope that carries a number (acks: or an ack). */
static inline bool dumb_numbered(dumb *d, uk_wire *e, bool acks, int ms) {
    uk_pdu pdu;
    int64_t end = probe_now_ms() + ms;
    while (probe_now_ms() < end && dumb_next(d, &pdu, (int)(end - probe_now_ms()) + 1))
        if (pdu.kind == UK_PDU_PAYLOAD && !uk_envelope_decode(pdu.payload, e) &&
            (acks ? e->has_ack : e->has_seq))
            return true;
    return false;
}
static inline void dumb_ack(dumb *d, int64_t cumulative) {
    uk_buf b = {0};
    assert_int_equal(uk_ack_put(&b, &(uk_ack){cumulative, NULL, 0}, 128000), 0);
    dumb_send(d, &b);
}
/* A numbered Watch (or Unwatch) of the actor at `to` by one here. */
static inline void dumb_watch(dumb *d, int64_t seq, bool un, const char *to, const char *watcher) {
    uk_buf message = {0}, frame = {0}, refs[2] = {{0}, {0}}, data = {0};
    uk_pb_str(&refs[0], 1, to);
    uk_pb_str(&refs[1], 1, watcher);
    for (uint32_t i = 0; i < 2; i++) uk_pb_bytes(&data, i + 1, refs[i].ptr, refs[i].len);
    uk_pb_int(&message, 1, un ? 7 : 6); /* UNWATCH, WATCH */
    uk_pb_bytes(&message, 2, data.ptr, data.len);
    uk_outgoing m = {.recipient = ukko_str(to), .message = uk_buf_slice(&message),
                     .serializer = 22, .has_seq = true, .seq = seq};
    assert_int_equal(uk_envelope_put(&frame, &m, 128000), 0);
    dumb_send(d, &frame);
    uk_buf_fini(&message);
    uk_buf_fini(&data);
    uk_buf_fini(&refs[0]);
    uk_buf_fini(&refs[1]);
}
#endif
