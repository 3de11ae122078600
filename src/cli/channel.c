/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of tools, see channel.h. */
#include "channel.h"
#include "tls_link.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include <ukko/wire.h>

enum { CHUNK = 65536, MAX_KEPT = 64 << 20 };

static int left_ms(int64_t deadline) {
    int64_t ms = (deadline - clock_ns() + 999999) / 1000000;
    return ms < 0 ? 0 : ms > 1000000 ? 1000000 : (int)ms;
}

bool wait_fd(int fd, short events, int64_t deadline) {
    struct pollfd p = {fd, events, 0};
    int n;
    do n = interrupt_poll(&p, 1, left_ms(deadline));
    while (((n < 0 && errno == EINTR) || (n == 0 && clock_ns() < deadline)) && !interrupt_came());
    return n > 0;
}

/* ---- Dialling and listening ---------------------------------------------------------- */

/* A look-up has a thread of its own: a name server that is silent is not to hold up an interrupt. */
typedef struct look_up {
    char host[256], port[8];
    struct addrinfo *list;
    int code, fds[2]; /* [1] is closed when it is over; that makes list and code the waiter's */
} look_up;

static void *look_up_name(void *data) {
    look_up *l = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    l->code = getaddrinfo(l->host, l->port, &hints, &l->list);
    close(l->fds[1]);
    return NULL;
}

int channel_look_up(const char *host, int port, struct addrinfo **list) {
    look_up *l = calloc(1, sizeof *l);
    pthread_t thread;
    size_t n = strlen(host);
    bool brackets = n > 2 && host[0] == '[' && host[n - 1] == ']';
    if (!l) abort();
    snprintf(l->host, sizeof l->host, "%.*s", (int)(brackets ? n - 2 : n), host + brackets);
    snprintf(l->port, sizeof l->port, "%d", port);
    if (pipe2(l->fds, O_CLOEXEC) != 0) {
        free(l);
        return EAI_SYSTEM;
    }
    bool alone = pthread_create(&thread, NULL, look_up_name, l) != 0;
    if (alone) look_up_name(l);
    if (!wait_fd(l->fds[0], POLLIN, INT64_MAX)) { /* interrupted: the process ends, l with it */
        pthread_detach(thread);
        return EAI_AGAIN;
    }
    if (!alone) pthread_join(thread, NULL);
    close(l->fds[0]);
    int code = l->code;
    *list = l->list;
    free(l);
    return code;
}

static int connect_to(const struct addrinfo *a, int64_t deadline) {
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t len = sizeof error;
    if (fd < 0) return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) return fd;
    if (errno != EINPROGRESS) error = errno;
    else if (!wait_fd(fd, POLLOUT, deadline)) error = ETIMEDOUT;
    else getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (!error) return fd;
    close(fd);
    errno = error;
    return -1;
}

bool channel_dial(channel *ch, const struct addrinfo *list, int64_t deadline) {
    *ch = (channel){.fd = -1};
    for (; list && ch->fd < 0; list = list->ai_next) {
        ch->fd = connect_to(list, deadline);
        ch->error = ch->fd < 0 ? errno : 0;
    }
    return ch->fd >= 0;
}

void channel_connect(channel *ch, const char *host, int port, int64_t deadline) {
    struct addrinfo *list;
    *ch = (channel){.fd = -1};
    if (channel_look_up(host, port, &list) != 0) return;
    channel_dial(ch, list, deadline);
    freeaddrinfo(list);
}

void channel_connect_path(channel *ch, const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    *ch = (channel){.fd = -1, .error = ENAMETOOLONG};
    if (strlen(path) >= sizeof a.sun_path) return;
    strcpy(a.sun_path, path);
    ch->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ch->error = 0;
    if (ch->fd < 0 || connect(ch->fd, (struct sockaddr *)&a, sizeof a) == 0) return;
    ch->error = errno;
    close(ch->fd);
    ch->fd = -1;
}

static uint16_t port_of(const struct sockaddr_storage *a) {
    return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
                                          : ((const struct sockaddr_in *)a)->sin_port);
}

int channel_listen(const char *host, int port, uint16_t *bound) {
    struct addrinfo *list;
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    int on = 1, error = EADDRNOTAVAIL, fd = -1;
    if (channel_look_up(*host ? host : "0.0.0.0", port, &list) != 0) {
        errno = error;
        return -1;
    }
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (fd >= 0 && (bind(fd, i->ai_addr, i->ai_addrlen) != 0 || listen(fd, 16) != 0)) {
            error = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0) *bound = port_of(&a);
    errno = error;
    return fd;
}

void channel_adopt(channel *ch, int fd) {
    *ch = (channel){.fd = fd};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void channel_own(const channel *ch, char *host, size_t len, uint16_t *port) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char text[INET6_ADDRSTRLEN] = "127.0.0.1";
    *port = 0;
    if (getsockname(ch->fd, (struct sockaddr *)&a, &n) == 0) {
        *port = port_of(&a);
        inet_ntop(a.ss_family,
                  a.ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr
                                          : (void *)&((struct sockaddr_in *)&a)->sin_addr,
                  text, sizeof text);
    }
    snprintf(host, len, strchr(text, ':') ? "[%s]" : "%s", text);
}

bool channel_tls(channel *ch, tls_setup *setup, const char *host, int64_t deadline,
                 tls_report *report) {
    ch->tls = tls_link_open(ch->fd, setup, host, deadline, report);
    return ch->tls != NULL;
}

void channel_close(channel *ch) {
    tls_link_free(ch->tls);
    if (ch->fd >= 0) close(ch->fd);
    free(ch->in);
    *ch = (channel){.fd = -1};
}

/* ---- Bytes --------------------------------------------------------------------------- */

bool channel_send(channel *ch, const void *bytes, size_t len, int64_t deadline) {
    const unsigned char *p = bytes;
    if (ch->fd < 0) return false;
    if (ch->tls) return tls_link_send(ch->tls, bytes, len, deadline);
    while (len > 0) {
        ssize_t n = send(ch->fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN && wait_fd(ch->fd, POLLOUT, deadline)) continue;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            ch->error = errno;
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool make_room(channel *ch) {
    if (ch->at) {
        memmove(ch->in, ch->in + ch->at, ch->len - ch->at);
        ch->len -= ch->at;
        ch->at = 0;
    }
    if (ch->cap - ch->len >= CHUNK) return true;
    if (ch->cap >= MAX_KEPT) return false;
    ch->cap = ch->cap ? ch->cap * 2 : 2 * CHUNK;
    unsigned char *more = realloc(ch->in, ch->cap);
    if (!more) abort();
    ch->in = more;
    return true;
}

static ssize_t receive(channel *ch, int64_t deadline) {
    if (ch->tls) return tls_link_receive(ch->tls, ch->in + ch->len, CHUNK, deadline);
    for (;;) {
        ssize_t n = recv(ch->fd, ch->in + ch->len, CHUNK, 0);
        if (n > 0) return n;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            if (!wait_fd(ch->fd, POLLIN, deadline)) return CHANNEL_TIMEOUT;
            continue;
        }
        ch->error = n < 0 ? errno : 0;
        return CHANNEL_CLOSED;
    }
}

int channel_fill(channel *ch, int64_t deadline) {
    if (ch->fd < 0 || ch->ended) return CHANNEL_CLOSED;
    if (!make_room(ch)) return CHANNEL_TOO_BIG;
    ssize_t n = receive(ch, deadline);
    if (n == CHANNEL_TIMEOUT) return CHANNEL_TIMEOUT;
    if (n < 0) {
        ch->ended = true;
        return CHANNEL_CLOSED;
    }
    ch->len += (size_t)n;
    return (int)n;
}

ukko_slice channel_pending(const channel *ch) {
    return (ukko_slice){ch->in ? ch->in + ch->at : NULL, ch->len - ch->at};
}

int channel_frame(channel *ch, size_t max, int64_t deadline, ukko_slice *body) {
    for (;;) {
        ukko_slice in = channel_pending(ch);
        int rc = in.len ? ukko_wire_cut(&in, max, body) : 0;
        if (rc == 1 || rc == 0) ch->at = ch->len - in.len;
        if (rc == 1) return 1;
        if (rc < 0) return CHANNEL_TOO_BIG;
        int n = channel_fill(ch, deadline);
        if (n <= 0) return n;
    }
}
