/* SPDX-License-Identifier: Apache-2.0 */
/* nng peer of the remote benchmarks: REQ/REP for R1, PAIR0 for R2 (data one way,
 * acks the other way). Usage: bench WORKLOAD */
#include "../../common/bench.h"
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <sys/wait.h>

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        int rv_ = (x);                                                                             \
        if (rv_) {                                                                                 \
            fprintf(stderr, "%s: %s\n", #x, nng_strerror(rv_));                                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* The peer listens on a port the system picks and writes it to the pipe. */
static nng_socket listen_on(int (*open)(nng_socket *), int fd) {
    nng_socket s;
    nng_listener l;
    int port = 0;
    CHECK(open(&s));
    nng_socket_set_int(s, NNG_OPT_RECVBUF, 4096);
    CHECK(nng_listener_create(&l, s, "tcp://127.0.0.1:0"));
    nng_listener_set_bool(l, NNG_OPT_TCP_NODELAY, true);
    CHECK(nng_listener_start(l, 0));
    CHECK(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port));
    if (write(fd, &port, sizeof port) != sizeof port) abort();
    return s;
}
static nng_socket dial(int (*open)(nng_socket *), int fd) {
    nng_socket s;
    int port;
    char url[64];
    if (read(fd, &port, sizeof port) != sizeof port) abort();
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port);
    CHECK(open(&s));
    nng_socket_set_int(s, NNG_OPT_SENDBUF, 4096);
    CHECK(nng_dial(s, url, NULL, 0));
    return s;
}

static void r1(void) {
    int fd[2];
    if (pipe(fd)) abort();
    enum { ROUNDS = R1_WARMUP + R1_ROUNDS };
    pid_t pid = fork();
    if (pid == 0) {
        nng_socket s = listen_on(nng_rep0_open, fd[1]);
        for (int i = 0; i < ROUNDS; i++) {
            nng_msg *m;
            CHECK(nng_recvmsg(s, &m, 0));
            CHECK(nng_sendmsg(s, m, 0));
        }
        usleep(200000);
        _exit(0);
    }
    nng_socket s = dial(nng_req0_open, fd[0]);
    static uint32_t lat[R1_ROUNDS];
    nng_msg *m;
    CHECK(nng_msg_alloc(&m, R1_PAYLOAD));
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t t = now_ns();
        CHECK(nng_sendmsg(s, m, 0));
        CHECK(nng_recvmsg(s, &m, 0));
        if (i >= R1_WARMUP) lat[i - R1_WARMUP] = (uint32_t)(now_ns() - t);
    }
    waitpid(pid, NULL, 0);
    report_lat("nng", "R1", lat, R1_ROUNDS);
}

/* First payload byte: 1 data, 2 data that wants an ack, 3 stop. */
static void send_one(nng_socket s, size_t size, const char *payload, char kind) {
    nng_msg *m;
    CHECK(nng_msg_alloc(&m, size));
    memcpy(nng_msg_body(m), payload, size);
    *(char *)nng_msg_body(m) = kind;
    CHECK(nng_sendmsg(s, m, 0));
}
static void run(nng_socket s, const struct r2 *w, const char *payload, uint64_t left) {
    int out = 0;
    while (left || out) {
        if (left && out < 2) {
            uint64_t n = left < w->batch ? left : w->batch;
            for (uint64_t i = 1; i < n; i++) send_one(s, w->size, payload, 1);
            send_one(s, w->size, payload, 2);
            left -= n;
            out++;
            continue;
        }
        nng_msg *m;
        CHECK(nng_recvmsg(s, &m, 0));
        nng_msg_free(m);
        out--;
    }
}
static void r2(const struct r2 *w) {
    int fd[2];
    if (pipe(fd)) abort();
    pid_t pid = fork();
    if (pid == 0) {
        nng_socket s = listen_on(nng_pair0_open, fd[1]);
        for (;;) {
            nng_msg *m;
            CHECK(nng_recvmsg(s, &m, 0));
            char kind = *(char *)nng_msg_body(m);
            if (kind == 3) _exit(0);
            if (kind == 2) {
                nng_msg_clear(m);
                CHECK(nng_sendmsg(s, m, 0));
            } else
                nng_msg_free(m);
        }
    }
    nng_socket s = dial(nng_pair0_open, fd[0]);
    char *payload = calloc(1, w->size);
    uint64_t msgs = w->size < 10000 ? w->msgs / 2 : w->msgs;
    run(s, w, payload, w->batch * 8);
    uint64_t t = now_ns();
    run(s, w, payload, msgs);
    double sec = (double)(now_ns() - t) / 1e9;
    send_one(s, w->size, payload, 3);
    waitpid(pid, NULL, 0);
    report("nng", w->name, (double)msgs / sec, "msgs/s", "");
}

int main(int argc, char **argv) {
    const char *wl = argc > 1 ? argv[1] : "";
    if (!strcmp(wl, "R1"))
        r1();
    else if (r2_find(wl))
        r2(r2_find(wl));
    else
        return 2;
    fflush(stdout);
    _exit(0);
}
