/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, outbound connects with name look-up, and questions about host names. All but
   the marked functions run on the loop's thread; look-ups wait in libuv's pool. */
#include "net/tcp.h"
#include "base/error.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { ACCEPTS_A_ROUND = 64, PAUSE_MS = 100 };

static void address_text(const struct sockaddr *a, char *buf, size_t len) {
    char host[INET6_ADDRSTRLEN] = "?";
    int port = 0;
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *v = (const void *)a;
        inet_ntop(AF_INET, &v->sin_addr, host, sizeof host);
        port = ntohs(v->sin_port);
    } else if (a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v = (const void *)a;
        inet_ntop(AF_INET6, &v->sin6_addr, host, sizeof host);
        port = ntohs(v->sin6_port);
    }
    snprintf(buf, len, "/%s:%d", host, port);
}

static void set_flags(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* "[::1]" is how an address writes it, "::1" how the resolver wants it. */
static void bare_host(const char *host, char *buf, size_t len) {
    size_t n = strlen(host);
    if (n > 2 && host[0] == '[' && host[n - 1] == ']')
        snprintf(buf, len, "%.*s", (int)n - 2, host + 1);
    else snprintf(buf, len, "%s", host);
}

static int look_up(const char *host, int port, int flags, struct addrinfo **out) {
    char name[256], service[16];
    bare_host(host, name, sizeof name);
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    return getaddrinfo(name, service, &hints, out);
}

int uk_host_check(const char *host, ukko_error *err) {
    struct addrinfo *a = NULL;
    int rc = look_up(host, 0, 0, &a);
    if (rc) return uk_error(err, UKKO_EIO, "%s", gai_strerror(rc));
    freeaddrinfo(a);
    return 0;
}

/* The first address of a family, as "10.0.0.5" or "::1". */
static bool first_of(const struct addrinfo *a, int family, char *buf, size_t len) {
    for (; a; a = a->ai_next)
        if (a->ai_family == family)
            return !getnameinfo(a->ai_addr, a->ai_addrlen, buf, (socklen_t)len, NULL, 0,
                                NI_NUMERICHOST);
    return false;
}

bool uk_own_address(char *buf, size_t len) {
    char name[256];
    struct addrinfo *a = NULL;
    if (gethostname(name, sizeof name) || look_up(name, 0, 0, &a)) return false;
    bool found = first_of(a, AF_INET, buf, len) || first_of(a, AF_INET6, buf, len);
    freeaddrinfo(a);
    return found;
}

void uk_own_addresses(char *buf, size_t len) {
    struct ifaddrs *all = NULL;
    size_t n = 0;
    snprintf(buf, len, "no addresses");
    if (getifaddrs(&all)) return;
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        char text[64];
        if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
            continue;
        address_text(i->ifa_addr, text, sizeof text); /* "/10.0.0.5:0" */
        *strrchr(text, ':') = 0;
        int more = snprintf(buf + n, len - n, "%s%s", n ? ", " : "", text + 1);
        if (more < 0 || (size_t)more >= len - n) break;
        n += (size_t)more;
    }
    freeifaddrs(all);
}

/* ---- listening ---- */

struct uk_listener {
    uv_poll_t poll;
    uk_loop *loop;
    int fd;
    uk_accept_fn fn;
    void *owner;
    uk_alarm pause;
    bool started;
};

static int bind_one(const struct addrinfo *a, int backlog, bool reuse, int *fd) {
    int on = 1;
    *fd = socket(a->ai_family, SOCK_STREAM, 0);
    if (*fd < 0) return errno;
    set_flags(*fd);
    if (reuse) setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind(*fd, a->ai_addr, a->ai_addrlen) && !listen(*fd, backlog)) return 0;
    int e = errno;
    close(*fd);
    return e;
}

static int bound(int fd) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n)) return 0;
    return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port)
                                   : ntohs(((struct sockaddr_in *)&a)->sin_port);
}

int uk_listener_new(uk_listener **out, uk_loop *loop, const char *host, int port, int backlog,
                    bool reuse, int *bound_port, ukko_error *err) {
    struct addrinfo *a = NULL;
    int rc = look_up(host, port, AI_PASSIVE, &a), fd = -1, e = 0;
    if (rc)
        return uk_error(err, UKKO_EIO, "the host name [%s] cannot be resolved: %s", host,
                        gai_strerror(rc));
    for (struct addrinfo *i = a; i; i = i->ai_next)
        if (!(e = bind_one(i, backlog, reuse, &fd))) break;
    freeaddrinfo(a);
    if (e) return uk_error(err, UKKO_EIO, "cannot listen on [%s:%d]: %s", host, port, strerror(e));
    uk_listener *l = uk_zalloc(sizeof *l);
    l->loop = loop;
    l->fd = fd;
    *bound_port = bound(fd);
    *out = l;
    return 0;
}

static void on_incoming(uv_poll_t *h, int status, int events);

static void pause_over(uk_alarm *t) {
    uk_listener *l = (uk_listener *)((char *)t - offsetof(uk_listener, pause));
    uv_poll_start(&l->poll, UV_READABLE, on_incoming);
}

static void on_incoming(uv_poll_t *h, int status, int events) {
    uk_listener *l = h->data;
    (void)status, (void)events;
    for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
        struct sockaddr_storage a;
        socklen_t n = sizeof a;
        int fd = accept(l->fd, (struct sockaddr *)&a, &n);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            uv_poll_stop(&l->poll); /* else the loop would spin until a descriptor is free */
            l->pause.fire = pause_over;
            uk_alarm_start(l->loop, &l->pause, PAUSE_MS);
            return;
        }
        if (fd < 0) return;
        char from[64];
        address_text((struct sockaddr *)&a, from, sizeof from);
        set_flags(fd);
        l->fn(l->owner, fd, from);
    }
}

void uk_listener_start(uk_listener *l, uk_accept_fn fn, void *owner) {
    l->fn = fn;
    l->owner = owner;
    l->started = true;
    uv_poll_init_socket(uk_loop_uv(l->loop), &l->poll, l->fd);
    l->poll.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_incoming);
}

static void listener_gone(uv_handle_t *h) { uk_free(h->data); }

void uk_listener_close(uk_listener *l) {
    if (!l) return;
    if (!l->started) {
        close(l->fd);
        uk_free(l);
        return;
    }
    uk_alarm_stop(l->loop, &l->pause);
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, listener_gone);
    close(l->fd);
}

/* ---- connecting ---- */

struct uk_connect {
    uv_getaddrinfo_t dns;
    uv_poll_t poll;
    uk_loop *loop;
    struct addrinfo *all, *next; /* what the look-up gave, and the one to try after this */
    int fd;
    bool resolving, polling, over, handle_open;
    uk_alarm limit;
    uk_task begin;
    uk_connected_fn fn; /* NULL: cancelled */
    void *owner;
    char host[256], where[64], error[400];
    int port;
};

#define CONNECT_OF(ptr, member) ((uk_connect *)((char *)(ptr) - offsetof(uk_connect, member)))

static void try_next(uk_connect *c);

static void free_connect(uk_connect *c) {
    if (c->resolving || c->handle_open || !c->over) return;
    if (c->all) freeaddrinfo(c->all);
    uk_free(c);
}

static void poll_gone(uv_handle_t *h) {
    uk_connect *c = h->data;
    c->handle_open = false;
    if (c->over) free_connect(c);
    else try_next(c);
}

/* Ends the attempt on the current address; the socket lives on when keep. */
static void drop_poll(uk_connect *c, bool keep) {
    if (c->polling) {
        uv_poll_stop(&c->poll);
        uv_close((uv_handle_t *)&c->poll, poll_gone);
        c->polling = false;
    }
    if (!keep && c->fd >= 0) close(c->fd);
    c->fd = -1;
}

static void finish(uk_connect *c, int fd, const char *error) {
    uk_connected_fn fn = c->fn;
    c->fn = NULL;
    c->over = true;
    uk_alarm_stop(c->loop, &c->limit);
    drop_poll(c, fd >= 0);
    if (fn) fn(c->owner, fd, error);
    if (!c->resolving && !c->handle_open) free_connect(c);
}

static void on_connected(uv_poll_t *h, int status, int events) {
    uk_connect *c = h->data;
    int e = 0;
    socklen_t n = sizeof e;
    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &n)) e = errno;
    if (!e && status < 0) e = -status;
    if (!e) {
        finish(c, c->fd, NULL);
        return;
    }
    snprintf(c->error, sizeof c->error, "%s: %s", strerror(e), c->where);
    drop_poll(c, false); /* poll_gone() tries the next address */
}

static void try_next(uk_connect *c) {
    while (c->next) {
        struct addrinfo *a = c->next;
        c->next = a->ai_next;
        address_text(a->ai_addr, c->where, sizeof c->where);
        c->fd = socket(a->ai_family, SOCK_STREAM, 0);
        if (c->fd < 0) {
            snprintf(c->error, sizeof c->error, "%s: %s", strerror(errno), c->where);
            continue;
        }
        set_flags(c->fd);
        if (connect(c->fd, a->ai_addr, a->ai_addrlen) && errno != EINPROGRESS) {
            snprintf(c->error, sizeof c->error, "%s: %s", strerror(errno), c->where);
            close(c->fd);
            c->fd = -1;
            continue;
        }
        uv_poll_init_socket(uk_loop_uv(c->loop), &c->poll, c->fd);
        c->poll.data = c;
        c->polling = c->handle_open = true;
        uv_poll_start(&c->poll, UV_WRITABLE, on_connected);
        return;
    }
    finish(c, -1, c->error);
}

static void on_resolved(uv_getaddrinfo_t *r, int status, struct addrinfo *res) {
    uk_connect *c = r->data;
    c->resolving = false;
    c->all = c->next = res;
    if (c->over) {
        free_connect(c);
        return;
    }
    if (status < 0) {
        snprintf(c->error, sizeof c->error, "%s: %s", uv_strerror(status), c->host);
        finish(c, -1, c->error);
        return;
    }
    try_next(c);
}

static void on_limit(uk_alarm *t) {
    uk_connect *c = CONNECT_OF(t, limit);
    if (!c->where[0]) snprintf(c->error, sizeof c->error, "name look-up timed out: %s", c->host);
    else snprintf(c->error, sizeof c->error, "connection timed out: %s", c->where);
    finish(c, -1, c->error);
}

static void begin_connect(uk_task *t) {
    uk_connect *c = CONNECT_OF(t, begin);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[16];
    c->resolving = false;
    if (c->over) {
        free_connect(c);
        return;
    }
    if (c->port < 0 || c->port > 65535) { /* a path may name such a one */
        snprintf(c->error, sizeof c->error, "%s:%d: there is no such port", c->host, c->port);
        finish(c, -1, c->error);
        return;
    }
    snprintf(service, sizeof service, "%d", c->port);
    hints.ai_flags |= AI_NUMERICHOST;
    if (!getaddrinfo(c->host, service, &hints, &c->all)) { /* a number: no thread is needed */
        c->next = c->all;
        try_next(c);
        return;
    }
    hints.ai_flags = AI_NUMERICSERV;
    c->resolving = true;
    int rc = uv_getaddrinfo(uk_loop_uv(c->loop), &c->dns, on_resolved, c->host, service, &hints);
    if (!rc) return;
    c->resolving = false;
    snprintf(c->error, sizeof c->error, "%s: %s", uv_strerror(rc), c->host);
    finish(c, -1, c->error);
}

uk_connect *uk_connect_start(uk_loop *loop, const char *host, int port, int64_t timeout_ms,
                             uk_connected_fn fn, void *owner) {
    uk_connect *c = uk_zalloc(sizeof *c);
    c->loop = loop;
    c->fn = fn;
    c->owner = owner;
    c->fd = -1;
    c->port = port;
    bare_host(host, c->host, sizeof c->host);
    c->dns.data = c;
    c->limit.fire = on_limit;
    uk_alarm_start(loop, &c->limit, timeout_ms);
    c->begin.run = begin_connect; /* later, so that fn is never called from in here */
    c->resolving = true;
    uk_loop_post(loop, &c->begin);
    return c;
}

void uk_connect_cancel(uk_connect *c) {
    if (!c) return;
    c->fn = NULL;
    finish(c, -1, NULL);
}
