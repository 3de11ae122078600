/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel takes for many loopback connections that are all full, in the pattern of ukko_remote:
   on each, windows of frames are in flight, two of them, and the reader answers a window with a few bytes. One
   process writes, another reads, each with one thread and epoll. `raw_links BYTES LINKS MESSAGES [WINDOW]`
   passes frames of that size behind a 4-byte length and tells the rate and the processor time of both. */
#include "../common/bench.h"
#include "../common/process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { INFLIGHT = 2, ANSWER = 100, WRITE = 3 * 65483, READ = 256 * 1024, EVENTS = 256 };

typedef struct conn {
    int fd;
    bool waits;    /* writer: for room in the socket */
    uint64_t seq;  /* of the next frame; writer: that was encoded */
    uint64_t may;  /* writer: frames that may be encoded in all */
    char *kept;    /* writer: what the socket has not taken; reader: the beginning of a frame */
    size_t n_kept, at;
    size_t answer; /* writer: bytes of answers so far */
} conn;

static conn *conns;
static int n_conns, poller;
static size_t frame;
static uint64_t per_link, window = 1000;

static void watch(int i, int op, uint32_t events) {
    struct epoll_event ev = {.events = events, .data.u32 = (uint32_t)i};
    if (epoll_ctl(poller, op, conns[i].fd, &ev)) die("epoll_ctl");
}
static void take_side(int fds[][2], int side) {
    poller = epoll_create1(0);
    for (int i = 0; i < n_conns; i++) {
        int one = 1;
        close(fds[i][!side]);
        conns[i].fd = fds[i][side];
        conns[i].kept = malloc(WRITE + frame);
        fcntl(conns[i].fd, F_SETFL, O_NONBLOCK);
        setsockopt(conns[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(i, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* ---- the writer ---- */

static char out[WRITE], src[WRITE];
static size_t encode(conn *c) {
    size_t n = 0;
    for (; c->seq < c->may && n + frame <= WRITE; n += frame) {
        uint32_t len = (uint32_t)frame - 4;
        memcpy(out + n, &len, 4);
        memcpy(out + n + 4, src, len);
        memcpy(out + n + 4, &c->seq, 8);
        c->seq++;
    }
    return n;
}
static bool push(conn *c, const char *p, size_t n) { /* false: the socket is full, the rest is kept */
    ssize_t r = send(c->fd, p, n, MSG_NOSIGNAL);
    if (r < 0 && errno != EAGAIN) die("send");
    size_t sent = r > 0 ? (size_t)r : 0;
    if (p != out) {
        c->at += sent;
    } else if (sent < n) {
        memcpy(c->kept, p + sent, n - sent);
        c->n_kept = n - sent;
        c->at = 0;
    }
    return sent == n;
}
static void write_on(int i) {
    conn *c = &conns[i];
    bool room = true;
    if (c->at < c->n_kept) room = push(c, c->kept + c->at, c->n_kept - c->at);
    for (size_t n; room && (n = encode(c));) room = push(c, out, n);
    if (room == c->waits) watch(i, EPOLL_CTL_MOD, room ? EPOLLIN : EPOLLIN | EPOLLOUT);
    c->waits = !room;
}
static void write_all(void) {
    uint64_t left = (uint64_t)n_conns * per_link / window; /* answers to come */
    struct epoll_event ev[EVENTS];
    char buf[4096];
    for (int i = 0; i < n_conns; i++) {
        conns[i].may = INFLIGHT * window < per_link ? INFLIGHT * window : per_link;
        write_on(i);
    }
    while (left) {
        int n = epoll_wait(poller, ev, EVENTS, -1);
        for (int k = 0; k < n; k++) {
            conn *c = &conns[ev[k].data.u32];
            if (ev[k].events & EPOLLIN) {
                ssize_t r = recv(c->fd, buf, sizeof buf, 0);
                if (r <= 0) die("recv");
                uint64_t windows = (c->answer + (size_t)r) / ANSWER - c->answer / ANSWER;
                c->answer += (size_t)r;
                left -= windows;
                c->may += windows * window;
                if (c->may > per_link) c->may = per_link;
            }
            write_on((int)ev[k].data.u32);
        }
    }
}

/* ---- the reader ---- */

static char in[WRITE + READ];
static void read_some(conn *c) {
    static const char answer[ANSWER];
    char *p = in + WRITE - c->n_kept;
    ssize_t r = recv(c->fd, in + WRITE, READ, 0);
    if (r <= 0) die("recv");
    memcpy(p, c->kept, c->n_kept);
    size_t have = c->n_kept + (size_t)r;
    for (uint32_t len; have >= 4; p += 4 + len, have -= 4 + len) {
        uint64_t seq;
        memcpy(&len, p, 4);
        if (have < 4 + (size_t)len) break;
        memcpy(&seq, p + 4, 8);
        if (seq != c->seq++) abort();
        if (c->seq % window == 0 && send(c->fd, answer, ANSWER, MSG_NOSIGNAL) != ANSWER) die("send");
    }
    memcpy(c->kept, p, have);
    c->n_kept = have;
}
static void read_all(void) {
    uint64_t left = (uint64_t)n_conns * per_link;
    struct epoll_event ev[EVENTS];
    while (left) {
        int n = epoll_wait(poller, ev, EVENTS, -1);
        for (int k = 0; k < n; k++) {
            conn *c = &conns[ev[k].data.u32];
            uint64_t before = c->seq;
            read_some(c);
            left -= c->seq - before;
        }
    }
}

static void connect_pair(int listener, const struct sockaddr_in *a, int fd[2]) {
    fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd[0], (const void *)a, sizeof *a)) die("connect");
    fd[1] = accept(listener, NULL, NULL);
}
int main(int argc, char **argv) {
    if (argc < 4) {
        fputs("usage: raw_links BYTES LINKS MESSAGES [WINDOW]\n", stderr);
        return 2;
    }
    frame = strtoul(argv[1], NULL, 10) + 4;
    n_conns = atoi(argv[2]);
    if (argc > 4) window = strtoull(argv[4], NULL, 10);
    per_link = (strtoull(argv[3], NULL, 10) / (uint64_t)n_conns / window + 1) * window;
    if (frame < 12 || frame > WRITE || n_conns < 1) die("arguments");
    conns = calloc((size_t)n_conns, sizeof *conns);
    int(*fds)[2] = calloc((size_t)n_conns, sizeof *fds);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int l = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(l, (void *)&a, len) || listen(l, 64) || getsockname(l, (void *)&a, &len)) die("listen");
    for (int i = 0; i < n_conns; i++) connect_pair(l, &a, fds[i]);
    uint64_t start = now_ns();
    pid_t pid = fork();
    take_side(fds, pid != 0);
    if (pid == 0) {
        write_all();
        _exit(0);
    }
    read_all();
    double s = (double)(now_ns() - start) / 1e9, all = (double)per_link * n_conns;
    waitpid(pid, NULL, 0);
    char extra[160], name[64];
    double reader = cpu_of(RUSAGE_SELF) / all * 1e9, writer = cpu_of(RUSAGE_CHILDREN) / all * 1e9;
    snprintf(name, sizeof name, "links_%d", n_conns);
    snprintf(extra, sizeof extra, ",\"cpu_ns\":%.1f,\"reader_ns\":%.1f,\"writer_ns\":%.1f",
             reader + writer, reader, writer);
    report("raw", name, all / s, "msgs/s", extra);
    return 0;
}
