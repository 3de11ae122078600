/* SPDX-License-Identifier: Apache-2.0 */
/* The filter that shows a program what travels: the bytes of a connection as they are inside TLS, in both
   directions. Only there when the program asks for it. Filters run on the I/O thread. */
#include "remote/internal.h"
#include "base/mem.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef struct tap_filter {
    uk_filter f;
    uk_filter *inner; /* NULL: none */
    uk_remote *remote;
    ukko_tap info;
    char local[80], peer[80];
} tap_filter;

static tap_filter *of(uk_filter *f) { return (tap_filter *)(void *)f; }

static void show(tap_filter *x, bool out, const uint8_t *bytes, size_t n) {
    x->info.out = out;
    x->info.bytes = (ukko_slice){bytes, n};
    x->remote->tap(x->remote->tap_data, &x->info);
}

static int filter_in(uk_filter *f, const uint8_t *bytes, size_t n, uk_buf *plain, uk_buf *cipher,
                     bool *up, const char **why) {
    tap_filter *x = of(f);
    size_t before = plain->len;
    int rc = UKKO_OK;
    if (x->inner) {
        rc = x->inner->in(x->inner, bytes, n, plain, cipher, up, why);
    } else {
        uk_buf_put(plain, bytes, n);
        *up = true;
    }
    if (plain->len > before) show(x, false, plain->ptr + before, plain->len - before);
    return rc;
}

static int filter_out(uk_filter *f, const uint8_t *bytes, size_t n, size_t *used, uk_buf *cipher) {
    tap_filter *x = of(f);
    int rc = UKKO_OK;
    if (x->inner) {
        rc = x->inner->out(x->inner, bytes, n, used, cipher);
    } else {
        uk_buf_put(cipher, bytes, n);
        *used = n;
    }
    if (*used) show(x, true, bytes, *used);
    return rc;
}

static void filter_bye(uk_filter *f, uk_buf *cipher) {
    tap_filter *x = of(f);
    if (x->inner && x->inner->bye) x->inner->bye(x->inner, cipher);
}

static const char *filter_stuck(uk_filter *f) {
    tap_filter *x = of(f);
    return x->inner && x->inner->stuck ? x->inner->stuck(x->inner) : NULL;
}

static void filter_ended(uk_filter *f) {
    tap_filter *x = of(f);
    if (x->inner && x->inner->ended) x->inner->ended(x->inner);
    show(x, false, NULL, 0);
}

static void filter_free(uk_filter *f) {
    tap_filter *x = of(f);
    if (x->inner) x->inner->free(x->inner);
    uk_free(x);
}

static void end_text(int fd, bool peer, char *to, size_t len) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char host[64], port[8];
    int rc = peer ? getpeername(fd, (struct sockaddr *)&a, &n)
                  : getsockname(fd, (struct sockaddr *)&a, &n);
    if (rc || getnameinfo((struct sockaddr *)&a, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV))
        snprintf(to, len, "?:0"); /* it has ended already */
    else
        snprintf(to, len, a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

uk_filter *uk_tap_filter(uk_conn *c, uk_filter *inner, int fd) {
    tap_filter *x = uk_zalloc(sizeof *x);
    x->f = (uk_filter){.in = filter_in, .out = filter_out, .bye = filter_bye,
                       .stuck = filter_stuck, .free = filter_free, .ended = filter_ended};
    x->inner = inner;
    x->remote = c->remote;
    end_text(fd, false, x->local, sizeof x->local);
    end_text(fd, true, x->peer, sizeof x->peer);
    x->info = (ukko_tap){.size = sizeof x->info, .connection = ++c->remote->n_tapped,
                         .inbound = !c->active, .tls = c->transport->tls != NULL,
                         .local = x->local, .peer = x->peer};
    return &x->f;
}

int ukko_remote_tap(ukko_system *sys, ukko_tap_fn fn, void *data) {
    uk_remote *r = uk_remote_of(sys);
    if (!r || r->loop) return UKKO_ESTATE;
    r->tap = fn;
    r->tap_data = data;
    return UKKO_OK;
}
