/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of a tool: plain sockets with deadlines, TLS when asked, frames. No system of ukko is
   behind it, so that it can see what a system would not show. Main thread; deadlines are of
   clock_ns(). */
#ifndef CHANNEL_H
#define CHANNEL_H
#include "cli.h"
#include <sys/socket.h>
#include <sys/types.h>

struct addrinfo;
typedef struct tls_setup tls_setup; /* see tls_link.h */
typedef struct tls_link tls_link;
typedef struct tls_report tls_report;

typedef struct channel {
    int fd; /* -1: none */
    tls_link *tls;
    unsigned char *in; /* what has come and was not taken */
    size_t at, len, cap;
    bool ended; /* the other side has closed */
    int error;  /* errno of the failure, 0: none */
} channel;

enum { CHANNEL_TIMEOUT = 0, CHANNEL_CLOSED = -1, CHANNEL_TOO_BIG = -2 };

/* Addresses of host, for freeaddrinfo(); 0 or a code for gai_strerror(). */
int channel_look_up(const char *host, int port, struct addrinfo **list);
/* Tries each address; false: ch->error says why the last one failed (ETIMEDOUT: the deadline). */
bool channel_dial(channel *ch, const struct addrinfo *list, int64_t deadline);
/* Both: ch->fd < 0 when one fails. */
void channel_connect(channel *ch, const char *host, int port, int64_t deadline);
/* A Unix-domain socket. */
void channel_connect_path(channel *ch, const char *path);
/* A listening socket at host ("" any) and port (0: any free), its port in *port; -1: errno. */
int channel_listen(const char *host, int port, uint16_t *bound);
void channel_adopt(channel *ch, int fd); /* of accept() */
/* Own address of the connection as text, and its port. */
void channel_own(const channel *ch, char *host, size_t len, uint16_t *port);
/* TLS from here on. false: *report says why. setup and report live on. */
bool channel_tls(channel *ch, tls_setup *setup, const char *host, int64_t deadline,
                 tls_report *report);
bool channel_send(channel *ch, const void *bytes, size_t len, int64_t deadline);
/* Waits for bytes: > 0 how many there are now, else CHANNEL_... */
int channel_fill(channel *ch, int64_t deadline);
/* 1: *body is the next frame, valid until the next call; else CHANNEL_... */
int channel_frame(channel *ch, size_t max, int64_t deadline, ukko_slice *body);
/* Bytes that came and are no frame yet. */
ukko_slice channel_pending(const channel *ch);
void channel_close(channel *ch);
/* Waits until fd can be read (or written); false at the deadline, and at an interrupt. */
bool wait_fd(int fd, short events, int64_t deadline);
#endif
