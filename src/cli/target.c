/* SPDX-License-Identifier: Apache-2.0 */
/* A target of the command: its parts, a first connection that times and checks name and port, and
   a look at who else than Pekko may answer there. Plain sockets, main thread. */
#include "cli.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROBE_MS = 400 };

/* ---- Parsing ------------------------------------------------------------------------- */

static int wrong(cli *c, const char *text, const char *code, const char *what, const char *hint) {
    problem p = {CLI_USAGE, code, "usage", text, hint};
    return cli_fail(c, &p, "%s", what);
}

static const char full_form[] = "pekko.tcp://SYSTEM@HOST:PORT, for an actor with /user/NAME";

/* host:port, cut out of [at, end) */
static bool take_host(target *t, const char *at, const char *end) {
    const char *colon = memrchr(at, ':', (size_t)(end - at));
    if (!colon || colon == at || (size_t)(colon - at) >= sizeof t->host)
        return false;
    memcpy(t->host, at, (size_t)(colon - at));
    char *stop;
    long port = strtol(colon + 1, &stop, 10);
    t->port = (int)port;
    return stop == end && stop != colon + 1 && port > 0 && port < 65536;
}

static int check_protocol(cli *c, const char *text) {
    if (strncmp(text, "pekko.tcp://", 12) == 0)
        return CLI_OK;
    if (strncmp(text, "pekko.ssl.tcp://", 16) == 0)
        return wrong(c, text, "TLS_NOT_BUILT", "the command does not speak TLS yet",
                     "reach it by pekko.tcp:// when the peer offers that transport too");
    if (strstr(text, "://"))
        return wrong(c, text, "PROTOCOL", "only pekko.tcp:// is spoken", full_form);
    return wrong(c, text, "FULL_ADDRESS", "the full address is needed, with the system name",
                 full_form);
}

int target_parse(cli *c, const char *text, target *t) {
    *t = (target){.path = ""};
    int rc = check_protocol(c, text);
    if (rc != CLI_OK)
        return rc;
    if (strlen(text) >= sizeof t->address)
        return wrong(c, text, "ADDRESS", "the address is too long", NULL);
    const char *system = strstr(text, "://") + 3, *at = strchr(system, '@');
    const char *path = strchr(system, '/'), *end = path ? path : text + strlen(text);
    if (!at || at > end || at == system || !take_host(t, at + 1, end))
        return wrong(c, text, "ADDRESS", "not an address", full_form);
    strcpy(t->text, text);
    memcpy(t->address, text, (size_t)(end - text));
    t->path = path ? t->text + (path - text) : "";
    return CLI_OK;
}

/* ---- Dialling ------------------------------------------------------------------------ */

static int connect_to(const struct addrinfo *a, int timeout_ms) {
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t len = sizeof error;
    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    struct pollfd p = {fd, POLLOUT, 0};
    if (errno != EINPROGRESS)
        error = errno;
    else if (poll(&p, 1, timeout_ms) <= 0)
        error = ETIMEDOUT;
    else
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int connect_any(const struct addrinfo *list, int timeout_ms) {
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_to(a, timeout_ms);
    return fd;
}

static int look_up(const target *t, struct addrinfo **list) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    snprintf(port, sizeof port, "%d", t->port);
    return getaddrinfo(t->host, port, &hints, list);
}

static int not_resolved(cli *c, const target *t, int code) {
    problem p = {CLI_CONNECT, "UNKNOWN_HOST", "resolve", t->address,
                 "check the spelling of the host name"};
    return cli_fail(c, &p, "cannot resolve %s: %s", t->host, gai_strerror(code));
}

static int not_connected(cli *c, const target *t, int error) {
    problem p = {CLI_CONNECT, "CONNECT", "connect", t->address, NULL};
    if (error == ECONNREFUSED) {
        p.code = "CONNECT_REFUSED";
        p.hint = "nothing listens at this port: is the system up, is it pekko.remote.classic.netty"
                 ".tcp.port (not Artery's canonical.port)?";
    } else if (error == ETIMEDOUT) {
        p.code = "CONNECT_TIMEOUT";
        p.hint = "a firewall may drop the packets, or the host is down";
    }
    return cli_fail(c, &p, "cannot connect to %s:%d: %s", t->host, t->port, strerror(error));
}

int target_dial(cli *c, const target *t, int64_t *resolve_ns, int64_t *connect_ns) {
    struct addrinfo *list;
    int64_t start = clock_ns();
    int code = look_up(t, &list);
    if (code != 0)
        return not_resolved(c, t, code);
    int64_t resolved = clock_ns();
    int fd = connect_any(list, (int)c->timeout_ms), error = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return not_connected(c, t, error);
    *resolve_ns = resolved - start;
    *connect_ns = clock_ns() - resolved;
    close(fd);
    return CLI_OK;
}

/* ---- Who answers there --------------------------------------------------------------- */

/* A TLS 1.2 ClientHello with one cipher suite. */
static const unsigned char client_hello[] = {
    0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3,
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    0, 0, 2, 0, 0x2f, 1, 0};
static const char http_get[] = "GET / HTTP/1.0\r\n\r\n";

/* Sends bytes and gives how many came back: 0 nothing in time; negative: closed. */
static ssize_t exchange(const target *t, const void *bytes, size_t len, unsigned char *answer,
                        size_t cap) {
    struct addrinfo *list;
    if (look_up(t, &list) != 0)
        return -1;
    int fd = connect_any(list, PROBE_MS);
    freeaddrinfo(list);
    if (fd < 0)
        return -1;
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
    struct pollfd p = {fd, POLLIN, 0};
    if (n > 0 && poll(&p, 1, PROBE_MS) > 0) {
        n = recv(fd, answer, cap, 0);
        n = n > 0 ? n : -1;
    } else if (n > 0) {
        n = 0;
    }
    close(fd);
    return n;
}

static port_kind kind_of(const unsigned char *answer, ssize_t n) {
    if (n >= 3 && (answer[0] == 0x15 || answer[0] == 0x16) && answer[1] == 3)
        return PORT_TLS;
    if (n >= 5 && memcmp(answer, "HTTP/", 5) == 0)
        return PORT_HTTP;
    if (n >= 4 && memcmp(answer, "\0\0\0", 3) != 0)
        return PORT_OTHER;
    return n < 0 ? PORT_CLOSED : PORT_SILENT;
}

port_kind target_probe(const target *t) {
    unsigned char answer[256];
    ssize_t n = exchange(t, client_hello, sizeof client_hello, answer, sizeof answer);
    port_kind kind = kind_of(answer, n);
    if (kind == PORT_TLS || kind == PORT_HTTP)
        return kind;
    n = exchange(t, http_get, sizeof http_get - 1, answer, sizeof answer);
    port_kind second = kind_of(answer, n);
    return kind == PORT_OTHER && second != PORT_HTTP ? kind : second;
}
