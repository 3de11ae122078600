/* SPDX-License-Identifier: Apache-2.0 */
/* Raw limits of this machine: what the kernel allows over a loopback connection before any actor
   runtime is put on top. Two processes of one thread each. `stream_BYTES N` sends N frames of that
   size behind a 4-byte length; R1_* pass 100 bytes to and fro. With `across` the two processes are
   pinned to cores 0 and 1. */
#include "../common/bench.h"
#include "../common/process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#ifndef SYS_NAME
#define SYS_NAME "raw"
#endif

/* ---- TCP helpers ------------------------------------------------------- */
static void tcp_pair(int fd[2]) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
    if (l < 0 || bind(l, (void *)&a, sizeof a) || listen(l, 1) || getsockname(l, (void *)&a, &len))
        die("listen");
    fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd[0], (void *)&a, sizeof a)) die("connect");
    fd[1] = accept(l, NULL, NULL);
    close(l);
    setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
static void write_full(int fd, const void *p, size_t n) {
    for (size_t o = 0; o < n;) {
        ssize_t r = write(fd, (const char *)p + o, n - o);
        if (r < 0) die("write");
        o += (size_t)r;
    }
}

/* One-way stream of [u32 length][payload] frames: the sender fills one buffer
 * per writev entry set, the receiver reads big blocks and walks the prefixes. */
static void tcp_stream(const char *wl, size_t payload, uint64_t msgs) {
    enum { IOV = 64 };
    int fd[2];
    tcp_pair(fd);
    size_t frame = payload + 4, per_block = (16 * 1024) / frame ? (16 * 1024) / frame : 1;
    uint64_t start = now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[1]);
        /* IOV independent blocks, each a batch of frames encoded ahead of each writev */
        size_t block = per_block * frame;
        char *buf = malloc(block * IOV);
        char *src = calloc(1, payload);
        uint64_t left = msgs, seq = 0;
        while (left) {
            struct iovec iov[IOV];
            int n = 0;
            for (; n < IOV && left; n++) {
                uint64_t k = left < per_block ? left : per_block;
                char *p = buf + block * (size_t)n;
                iov[n].iov_base = p;
                iov[n].iov_len = k * frame;
                for (uint64_t i = 0; i < k; i++, p += frame) {
                    uint32_t len = (uint32_t)payload;
                    memcpy(p, &len, 4);
                    memcpy(p + 4, src, payload);
                    memcpy(p + 4, &seq, 8);
                    seq++;
                }
                left -= k;
            }
            struct iovec *v = iov;
            while (n) {
                ssize_t r = writev(fd[0], v, n);
                if (r < 0) die("writev");
                while (n && (size_t)r >= v->iov_len) {
                    r -= (ssize_t)v->iov_len;
                    v++;
                    n--;
                }
                if (n) {
                    v->iov_base = (char *)v->iov_base + r;
                    v->iov_len -= (size_t)r;
                }
            }
        }
        _exit(0);
    }
    close(fd[0]);
    size_t cap = 256 * 1024, have = 0;
    char *buf = malloc(cap);
    uint64_t got = 0, sum = 0;
    while (got < msgs) {
        ssize_t r = read(fd[1], buf + have, cap - have);
        if (r <= 0) die("read");
        have += (size_t)r;
        size_t o = 0;
        while (have - o >= 4) {
            uint32_t len;
            memcpy(&len, buf + o, 4);
            if (have - o < 4 + (size_t)len) break;
            uint64_t seq;
            memcpy(&seq, buf + o + 4, 8);
            if (seq != got) abort();
            sum += seq;
            got++;
            o += 4 + len;
        }
        memmove(buf, buf + o, have - o);
        have -= o;
    }
    double s = (double)(now_ns() - start) / 1e9;
    waitpid(pid, NULL, 0);
    char extra[96];
    snprintf(extra, sizeof extra, ",\"GBps\":%.3f", (double)msgs * (double)frame / s / 1e9);
    report(SYS_NAME, wl, (double)msgs / s, "msgs/s", extra);
}

static bool across;
static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (across && sched_setaffinity(0, sizeof set, &set)) die("sched_setaffinity");
}

enum wait_mode { BLOCKING, EPOLL, SPIN };
struct conn {
    int fd, ep;
    enum wait_mode mode;
};
static struct conn conn_make(int fd, enum wait_mode mode) {
    struct conn c = {fd, -1, mode};
    if (mode != BLOCKING) fcntl(fd, F_SETFL, O_NONBLOCK);
    if (mode == EPOLL) {
        struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
        c.ep = epoll_create1(0);
        epoll_ctl(c.ep, EPOLL_CTL_ADD, fd, &ev);
    }
    return c;
}
static void conn_read(struct conn *c, void *p, size_t n) {
    for (size_t o = 0; o < n;) {
        if (c->mode == EPOLL) {
            struct epoll_event ev;
            epoll_wait(c->ep, &ev, 1, -1);
        }
        ssize_t r = read(c->fd, (char *)p + o, n - o);
        if (r < 0 && errno == EAGAIN) continue;
        if (r <= 0) die("read");
        o += (size_t)r;
    }
}
static void tcp_pingpong(const char *wl, enum wait_mode mode) {
    int fd[2];
    tcp_pair(fd);
    enum { N = R1_PAYLOAD + 4, ROUNDS = R1_ROUNDS + R1_WARMUP };
    char buf[N] = {0};
    pid_t pid = fork();
    if (pid == 0) {
        pin(1);
        struct conn c = conn_make(fd[1], mode);
        for (int i = 0; i < ROUNDS; i++) {
            conn_read(&c, buf, N);
            write_full(fd[1], buf, N);
        }
        _exit(0);
    }
    pin(0);
    struct conn c = conn_make(fd[0], mode);
    uint32_t *lat = malloc(sizeof *lat * R1_ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t t = now_ns();
        write_full(fd[0], buf, N);
        conn_read(&c, buf, N);
        if (i >= R1_WARMUP) lat[i - R1_WARMUP] = (uint32_t)(now_ns() - t);
    }
    waitpid(pid, NULL, 0);
    report_lat(SYS_NAME, wl, lat, R1_ROUNDS);
}

int main(int argc, char **argv) {
    const char *w = argc > 1 ? argv[1] : "";
    across = argc > 2 && !strcmp(argv[2], "across");
    if (!strncmp(w, "stream_", 7) && argc > 2)
        tcp_stream(w, strtoul(w + 7, NULL, 10), strtoull(argv[2], NULL, 10));
    else if (!strcmp(w, "R1_blocking"))
        tcp_pingpong(w, BLOCKING);
    else if (!strcmp(w, "R1_epoll"))
        tcp_pingpong(w, EPOLL);
    else if (!strcmp(w, "R1_spin"))
        tcp_pingpong(w, SPIN);
    else {
        fprintf(stderr,
                "usage: raw stream_BYTES MESSAGES | R1_blocking|R1_epoll|R1_spin [across]\n");
        return 2;
    }
    return 0;
}
