/* SPDX-License-Identifier: Apache-2.0 */
/* The status page: whatever a connection says, what comes back is nothing or begins as HTTP does, and
   the page goes on to answer others. Input: what is said; the node has a few actors to show. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <ukko/status.h>
#include <ukko/ukko.h>
#include <unistd.h>

static struct sockaddr_in page;

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_http: %s\n", what);
    abort();
}

static int receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)ctx, (void)state, (void)msg;
    return UKKO_OK;
}
static const ukko_actor kind = {
    .size = sizeof(ukko_actor), .name = "fuzz.Actor", .receive = {NULL, receive}};

static void begin(void) {
    ukko_system *sys = NULL;
    ukko_status *status = NULL;
    ukko_error err = {0};
    ukko_system_opts o = UKKO_SYSTEM_OPTS("fuzz", NULL);
    ukko_status_opts so = UKKO_STATUS_OPTS;
    so.port = 0;
    o.threads = 1;
    check(!ukko_system_new(&sys, &o, &err) && !ukko_system_start(sys, &err), err.message);
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof name, "a<&%d", i);
        (void)!ukko_system_spawn(sys, ukko_props_new(&kind), i ? name + 3 : "plain", NULL);
    }
    check(!ukko_status_start(&status, sys, &so, &err), err.message);
    page = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)atoi(strrchr(ukko_status_url(status), ':') + 1))};
}

/* libFuzzer's alarm may interrupt it. */
static int dial(void) {
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (struct sockaddr *)&page, sizeof page)) return fd;
        check(errno == EINTR, strerror(errno));
        close(fd);
    }
}

/* Says it all, and hears the answer's beginning; its length, 0: none. */
static size_t talk(const uint8_t *said, size_t n, char *heard, size_t len) {
    int fd = dial();
    size_t got = 0;
    char rest[4096];
    if (n) (void)!send(fd, said, n, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    for (struct pollfd p = {fd, POLLIN, 0};;) {
        int ready = poll(&p, 1, 5000);
        if (ready < 0 && errno == EINTR) continue;
        if (ready != 1) break;
        ssize_t k = recv(fd, got < len ? heard + got : rest, got < len ? len - got : sizeof rest, 0);
        if (k <= 0) break;
        if (got < len) got += (size_t)k;
    }
    /* else ports would run out: those of closed connections stay taken for a minute */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned n;
    static const char healthy[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char heard[16];
    if (size > 16384) return 0;
    if (!n) begin();
    size_t got = talk(data, size, heard, sizeof heard);
    check(got < 7 || !memcmp(heard, "HTTP/1.", 7), "an answer that is no HTTP");
    if (n++ % 16) return 0;
    got = talk((const uint8_t *)healthy, sizeof healthy - 1, heard, sizeof heard);
    check(got >= 12 && !memcmp(heard, "HTTP/1.1 200", 12), "it does not answer others");
    return 0;
}
