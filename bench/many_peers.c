/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of simulated peers of one node: each has a connection, an address of its own and a
   handshake; they answer nothing, but send heartbeats. Measures, on the node's process, what links
   cost: memory each, processor time while nothing is said, and processor time for a message and its
   echo when 1, 10, … all links take turns, by one message and by WINDOW at once. One thread; the node is another process, given by address
   and pid. Not ukko: sockets and bytes by hand.

       many_peers pekko.tcp://SYSTEM@127.0.0.1:PORT PID LINKS [IDLE_SECONDS] [MESSAGES]
       many_peers raw - LINKS 0 [MESSAGES]     on a plain echo server with epoll, for comparison    */
#include "common/bench.h"
#include "common/process.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { WINDOW = 64, READ = 1 << 16, PAYLOAD = 100 };

typedef struct peer {
    int fd;
    uint32_t have; /* bytes of the frame that is coming in, header included */
    uint32_t need; /* of the frame's body, once its header is there */
    uint8_t head[5];
} peer;

static peer *peers;
static int n_peers, poller, node_pid;
static char node_system[64], node_host[64];
static unsigned node_port;
static const char *system_name = "ukko";
static uint64_t answers; /* payload frames that came in */
static int handshakes;

/* ---- frames by hand ---- */

static uint8_t *put_varint(uint8_t *p, uint64_t v) {
    for (; v > 127; v >>= 7) *p++ = (uint8_t)(v | 128);
    *p++ = (uint8_t)v;
    return p;
}
static uint8_t *put_bytes(uint8_t *p, int field, const void *bytes, size_t n) {
    p = put_varint(p, (uint64_t)field << 3 | 2);
    p = put_varint(p, n);
    memcpy(p, bytes, n);
    return p + n;
}
static size_t put_header(uint8_t *out, const uint8_t *body, size_t n) {
    out[0] = (uint8_t)(n >> 24), out[1] = (uint8_t)(n >> 16), out[2] = (uint8_t)(n >> 8);
    out[3] = (uint8_t)n;
    memmove(out + 4, body, n);
    return n + 4;
}
static size_t associate(uint8_t *out, int i) {
    uint8_t origin[128], info[160], control[192], body[256], *p = origin;
    char system[32];
    snprintf(system, sizeof system, "sim%d", i);
    p = put_bytes(p, 1, system, strlen(system));
    p = put_bytes(p, 2, "127.0.0.1", 9);
    *p++ = 3 << 3;
    p = put_varint(p, (uint64_t)(1 + i % 65000));
    p = put_bytes(p, 4, "tcp", 3);
    uint8_t *q = put_bytes(info, 1, origin, (size_t)(p - origin));
    *q++ = 2 << 3 | 1;
    for (int b = 0; b < 8; b++) *q++ = b < 3 ? (uint8_t)((uint32_t)(i + 7) >> 8 * b) : 0;
    uint8_t *r = control;
    *r++ = 1 << 3, *r++ = 1;
    r = put_bytes(r, 2, info, (size_t)(q - info));
    uint8_t *end = put_bytes(body, 2, control, (size_t)(r - control));
    return put_header(out, body, (size_t)(end - body));
}
static size_t question(uint8_t *out, int i) { /* bytes to /user/echo, which come back */
    uint8_t to[160], message[160], from[160], envelope[512], body[600], *p;
    char path[128];
    uint8_t bytes[PAYLOAD] = {0};
    int n = snprintf(path, sizeof path, "pekko.tcp://%s@%s:%u/user/echo", node_system, node_host,
                     node_port);
    size_t to_n = (size_t)(put_bytes(to, 1, path, (size_t)n) - to);
    p = put_bytes(message, 1, bytes, sizeof bytes);
    *p++ = 2 << 3, *p++ = 4;
    size_t message_n = (size_t)(p - message);
    n = snprintf(path, sizeof path, "pekko.tcp://sim%d@127.0.0.1:%d/user/a#1", i, 1 + i % 65000);
    size_t from_n = (size_t)(put_bytes(from, 1, path, (size_t)n) - from);
    p = put_bytes(envelope, 1, to, to_n);
    p = put_bytes(p, 2, message, message_n);
    p = put_bytes(p, 4, from, from_n);
    uint8_t inner[560];
    uint8_t *q = put_bytes(inner, 2, envelope, (size_t)(p - envelope));
    uint8_t *end = put_bytes(body, 1, inner, (size_t)(q - inner));
    return put_header(out, body, (size_t)(end - body));
}

/* ---- sockets ---- */

static void say(peer *s, const uint8_t *bytes, size_t n) {
    for (size_t at = 0; at < n;) {
        ssize_t r = send(s->fd, bytes + at, n - at, MSG_NOSIGNAL);
        if (r < 0 && errno != EAGAIN) die("send");
        if (r > 0) at += (size_t)r;
    }
}
static void take(peer *s, const uint8_t *p, size_t n) {
    while (n) {
        if (s->have < 5) {
            s->head[s->have++] = *p++, n--;
            if (s->have == 4) {
                s->need = (uint32_t)s->head[0] << 24 | (uint32_t)s->head[1] << 16 |
                          (uint32_t)s->head[2] << 8 | s->head[3];
                if (!s->need) s->have = 0;
            } else if (s->have == 5) {
                if (s->head[4] == 0x0a) answers++;
                else if (s->need > 8) handshakes++;
            }
        } else {
            size_t left = s->need + 4 - s->have, k = n < left ? n : left;
            p += k, n -= k, s->have += (uint32_t)k;
        }
        if (s->have >= 5 && s->have == s->need + 4) s->have = 0;
    }
}
static void serve(int wait_ms) {
    static uint8_t buf[READ];
    struct epoll_event ev[256];
    int n = epoll_wait(poller, ev, 256, wait_ms);
    for (int i = 0; i < n; i++) {
        peer *s = &peers[ev[i].data.u32];
        ssize_t r = recv(s->fd, buf, sizeof buf, 0);
        if (r == 0) fprintf(stderr, "many_peers: the node closed link %u\n", ev[i].data.u32);
        if (r == 0 || (r < 0 && errno != EAGAIN)) exit(1);
        if (r > 0) take(s, buf, (size_t)r);
    }
}
static void open_peer(int i) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)node_port)};
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    uint8_t frame[300];
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, node_host, &a.sin_addr);
    if (fd < 0 || connect(fd, (void *)&a, sizeof a)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    peers[i].fd = fd;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev);
    say(&peers[i], frame, associate(frame, i));
}
static void heartbeats(void) {
    static const uint8_t beat[] = {0, 0, 0, 4, 0x12, 2, 8, 3};
    for (int i = 0; i < n_peers; i++) say(&peers[i], beat, sizeof beat);
}

/* ---- what the node's process uses ---- */

static double node_cpu(void) { /* seconds, all threads */
    char path[300];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", node_pid);
    DIR *d = opendir(path);
    if (!d) die(path);
    for (struct dirent *e; (e = readdir(d));) {
        unsigned long long ns = 0;
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", node_pid, e->d_name);
        FILE *f = fopen(path, "r");
        if (f && fscanf(f, "%llu", &ns) == 1) sum += (double)ns / 1e9;
        if (f) fclose(f);
    }
    closedir(d);
    return sum;
}
static double node_rss(void) { /* bytes */
    char path[64];
    long size = 0, pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", node_pid);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2) die(path);
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* ---- the workloads ---- */

static void connect_all(int n) {
    uint64_t t = now_ns();
    double before = node_rss();
    for (n_peers = 0; n_peers < n; n_peers++) {
        open_peer(n_peers);
        while (n_peers - handshakes > 128) serve(10000);
    }
    while (handshakes < n) serve(10000);
    char extra[160];
    snprintf(extra, sizeof extra, ",\"n\":%d,\"rss_mb\":%.1f", n, node_rss() / 1048576.0);
    report(system_name, "link_memory", (node_rss() - before) / n, "bytes/link", extra);
    report(system_name, "link_rate", n / ((double)(now_ns() - t) / 1e9), "links/s", "");
}
static void idle(int seconds) {
    double cpu = node_cpu();
    uint64_t t = now_ns(), end = t + (uint64_t)seconds * 1000000000u, beat = t;
    while (now_ns() < end) {
        if (now_ns() >= beat) heartbeats(), beat += 4000000000u;
        serve(100);
    }
    cpu = (node_cpu() - cpu) / ((double)(now_ns() - t) / 1e9);
    char extra[64];
    snprintf(extra, sizeof extra, ",\"n\":%d", n_peers);
    report(system_name, "links_idle_cpu", cpu * 100, "% of a core", extra);
}
/* One link after the other says `burst` messages at once and gets them back: the same work for each
   message, however many links take turns. */
static void talk(int links, uint64_t messages, unsigned burst) {
    static uint8_t out[WINDOW * 400];
    double cpu = 0;
    uint64_t t = 0, done = 0;
    for (int round = 0; round < 2; round++) { /* the first one warms up */
        uint64_t total = round ? messages : (uint64_t)links * burst;
        cpu = node_cpu(), t = now_ns(), done = 0;
        for (int i = 0; done < total; i = (i + 1) % links, done += burst) {
            size_t n = 0;
            for (unsigned k = 0; k < burst; k++) n += question(out + n, i);
            answers = 0;
            say(&peers[i], out, n);
            while (answers < burst) serve(10000);
        }
        cpu = node_cpu() - cpu;
        t = now_ns() - t;
    }
    char workload[32], extra[80];
    snprintf(workload, sizeof workload, "%s_%d_links", burst == 1 ? "echo" : "burst", links);
    snprintf(extra, sizeof extra, ",\"msgs_per_s\":%.0f", (double)done / ((double)t / 1e9));
    report(system_name, workload, cpu / (double)done * 1e9, "ns cpu/message", extra);
}

/* A server with sockets and epoll alone, that gives every byte back: what the kernel takes for this. */
static void echo_server(int listener) {
    static uint8_t buf[READ];
    struct epoll_event ev[256];
    int poll = epoll_create1(0);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener,
              &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        int n = epoll_wait(poll, ev, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = ev[i].data.fd, one = 1;
            if (fd != listener) {
                ssize_t r = recv(fd, buf, sizeof buf, 0);
                if (r <= 0) _exit(0); /* the first peer that ends, ends it */
                say(&(peer){.fd = fd}, buf, (size_t)r);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0) die("accept");
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            epoll_ctl(poll, EPOLL_CTL_ADD, fd,
                      &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
        }
    }
}
static void start_echo_server(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (void *)&a, len) || listen(fd, 4096) || getsockname(fd, (void *)&a, &len))
        die("listen");
    strcpy(node_system, "raw"), strcpy(node_host, "127.0.0.1"), node_port = ntohs(a.sin_port);
    system_name = "raw";
    if (!(node_pid = fork())) echo_server(fd);
    close(fd);
}
int main(int argc, char **argv) {
    int raw = argc > 3 && !strcmp(argv[1], "raw");
    if (raw) {
        start_echo_server();
    } else if (argc < 4 || sscanf(argv[1], "pekko.tcp://%63[^@]@%63[^:]:%u", node_system, node_host,
                           &node_port) != 3) {
        fputs("usage: many_peers ADDRESS PID LINKS [IDLE_SECONDS] [MESSAGES]\n", stderr);
        return 2;
    }
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    if (!raw) node_pid = atoi(argv[2]);
    int links = atoi(argv[3]), seconds = argc > 4 ? atoi(argv[4]) : 12;
    uint64_t messages = argc > 5 ? strtoull(argv[5], NULL, 10) : 200000;
    peers = calloc((size_t)links, sizeof *peers);
    poller = epoll_create1(0);
    connect_all(links);
    if (seconds) idle(seconds);
    for (int n = 1; n < links; n *= 10) talk(n, messages, 1), talk(n, messages * 4, WINDOW);
    talk(links, messages, 1), talk(links, messages * 4, WINDOW);
    return 0;
}
