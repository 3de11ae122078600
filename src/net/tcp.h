/* SPDX-License-Identifier: Apache-2.0 */
/* Listening and connecting. [loop] unless said otherwise. */
#ifndef UK_NET_TCP_H
#define UK_NET_TCP_H
#include "net/stream.h"

typedef struct uk_listener uk_listener;
/* fd is non-blocking and the callee's; from is the peer as "/127.0.0.1:5555". */
typedef void (*uk_accept_fn)(void *owner, int fd, const char *from);
/* Binds and listens; blocks for the name look-up, so before the loop runs. UKKO_EIO names the
   address. *port is the bound one. Connections are accepted from uk_listener_start() on. [any] */
int uk_listener_new(uk_listener **out, uk_loop *loop, const char *host, int port, int backlog,
                    bool reuse, int *bound_port, ukko_error *err);
void uk_listener_start(uk_listener *l, uk_accept_fn fn, void *owner);
void uk_listener_close(uk_listener *l); /* frees; NULL is fine */

typedef struct uk_connect uk_connect;
/* fd >= 0: connected. Else error tells why: "Connection refused: /127.0.0.1:1". Called once. */
typedef void (*uk_connected_fn)(void *owner, int fd, const char *error);
/* Resolves the name anew each time and tries the addresses in turn. The timeout is for each name
   look-up and connect together. */
uk_connect *uk_connect_start(uk_loop *loop, const char *host, int port, int64_t timeout_ms,
                             uk_connected_fn fn, void *owner);
void uk_connect_cancel(uk_connect *c); /* before fn was called; fn will not be */
/* The address that packets of this host usually come from, as "10.0.0.5"; false when unknown. [any] */
bool uk_own_address(char *buf, size_t len);
/* The addresses of this machine's interfaces, as "10.0.0.5, 192.168.1.7, ::1". [any] */
void uk_own_addresses(char *buf, size_t len);
/* Can the name be looked up? UKKO_EIO with the system's text. Blocks. [any] */
int uk_host_check(const char *host, ukko_error *err);
#endif
