/* SPDX-License-Identifier: Apache-2.0 */
/* ZeroMQ peer of the remote benchmarks: REQ/REP for R1, PAIR for R2 (data one
 * way, acks the other way). Usage: bench WORKLOAD */
#include "../../common/bench.h"
#include <sys/wait.h>
#include <zmq.h>

static void *ctx;
static void *sock(int type) {
    void *s = zmq_socket(ctx, type);
    int zero = 0;
    zmq_setsockopt(s, ZMQ_SNDHWM, &zero, sizeof zero);
    zmq_setsockopt(s, ZMQ_RCVHWM, &zero, sizeof zero);
    return s;
}
/* The peer binds a port the system picks and writes the endpoint to the pipe. */
static void *listen_on(int type, int fd) {
    char url[64] = {0};
    size_t len = sizeof url;
    ctx = zmq_ctx_new();
    void *s = sock(type);
    if (zmq_bind(s, "tcp://127.0.0.1:*") || zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, url, &len) ||
        write(fd, url, sizeof url) != sizeof url)
        abort();
    return s;
}
static void *dial(int type, int fd) {
    char url[64];
    if (read(fd, url, sizeof url) != sizeof url) abort();
    ctx = zmq_ctx_new();
    void *s = sock(type);
    if (zmq_connect(s, url)) abort();
    return s;
}

static void r1(void) {
    int fd[2];
    if (pipe(fd)) abort();
    enum { ROUNDS = R1_WARMUP + R1_ROUNDS };
    char buf[R1_PAYLOAD] = {0};
    pid_t pid = fork();
    if (pid == 0) {
        void *s = listen_on(ZMQ_REP, fd[1]);
        for (int i = 0; i < ROUNDS; i++)
            if (zmq_recv(s, buf, sizeof buf, 0) != R1_PAYLOAD ||
                zmq_send(s, buf, sizeof buf, 0) < 0)
                abort();
        usleep(200000);
        _exit(0);
    }
    void *s = dial(ZMQ_REQ, fd[0]);
    static uint32_t lat[R1_ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t t = now_ns();
        if (zmq_send(s, buf, sizeof buf, 0) < 0 || zmq_recv(s, buf, sizeof buf, 0) != R1_PAYLOAD)
            abort();
        if (i >= R1_WARMUP) lat[i - R1_WARMUP] = (uint32_t)(now_ns() - t);
    }
    waitpid(pid, NULL, 0);
    report_lat("zmq", "R1", lat, R1_ROUNDS);
}

/* First payload byte: 1 data, 2 data that wants an ack, 3 stop. */
static void send_one(void *s, char *payload, size_t size, char kind) {
    payload[0] = kind;
    if (zmq_send(s, payload, size, 0) < 0) abort();
}
static void run(void *s, const struct r2 *w, char *payload, uint64_t left) {
    int out = 0;
    char ack;
    while (left || out) {
        if (left && out < 2) {
            uint64_t n = left < w->batch ? left : w->batch;
            for (uint64_t i = 1; i < n; i++) send_one(s, payload, w->size, 1);
            send_one(s, payload, w->size, 2);
            left -= n;
            out++;
            continue;
        }
        if (zmq_recv(s, &ack, 1, 0) != 1) abort();
        out--;
    }
}
static void r2(const struct r2 *w) {
    int fd[2];
    if (pipe(fd)) abort();
    pid_t pid = fork();
    if (pid == 0) {
        void *s = listen_on(ZMQ_PAIR, fd[1]);
        zmq_msg_t m;
        zmq_msg_init(&m);
        for (;;) {
            if (zmq_msg_recv(&m, s, 0) < 0) abort();
            char kind = *(char *)zmq_msg_data(&m);
            if (kind == 3) _exit(0);
            if (kind == 2 && zmq_send(s, "a", 1, 0) < 0) abort();
        }
    }
    void *s = dial(ZMQ_PAIR, fd[0]);
    char *payload = calloc(1, w->size);
    run(s, w, payload, w->batch * 8);
    uint64_t t = now_ns();
    run(s, w, payload, w->msgs);
    double sec = (double)(now_ns() - t) / 1e9;
    send_one(s, payload, w->size, 3);
    waitpid(pid, NULL, 0);
    report("zmq", w->name, (double)w->msgs / sec, "msgs/s", "");
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
