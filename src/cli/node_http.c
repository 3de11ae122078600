/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the status page of a node: one HTTP request, one answer. Main thread. */
#include "channel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ANSWER = 32 << 20 };

/* "9464", "host:9464", "http://host:9464/" */
static bool take_place(const char *text, char *host, size_t len, int *port) {
    const char *start = strncmp(text, "http://", 7) == 0 ? text + 7 : text;
    const char *stop = start + strcspn(start, "/"),
               *colon = memrchr(start, ':', (size_t)(stop - start));
    char *end;
    long n = strtol(colon ? colon + 1 : start, &end, 10);
    if (end != stop || n <= 0 || n > 65535 || (colon && colon == start)) return false;
    *port = (int)n;
    snprintf(host, len, "%.*s", colon ? (int)(colon - start) : 9, colon ? start : "127.0.0.1");
    return true;
}

static bool fill_all(channel *ch, int64_t deadline) {
    int n;
    while ((n = channel_fill(ch, deadline)) > 0)
        if (channel_pending(ch).len > MAX_ANSWER) return false;
    return n == CHANNEL_CLOSED;
}

static json_t *parse(ukko_slice in) {
    const char *text = (const char *)in.ptr,
               *body = in.len ? memmem(text, in.len, "\r\n\r\n", 4) : NULL;
    if (!body || in.len < 12 || memcmp(text, "HTTP/1.", 7) || memcmp(text + 8, " 200", 4))
        return NULL;
    size_t head = (size_t)(body + 4 - text);
    return json_loadb(text + head, in.len - head, 0, NULL);
}

int node_status(cli *c, const char *place, json_t **out) {
    char host[256], request[400];
    int port;
    channel ch;
    *out = NULL;
    if (!take_place(place, host, sizeof host, &port))
        return cli_usage(c, "'%s' is neither PORT, HOST:PORT nor http://HOST:PORT/", place);
    int64_t deadline = session_deadline(c->timeout_ms);
    channel_connect(&ch, host, port, deadline);
    problem p = {CLI_CONNECT, "CONNECT_REFUSED", "connect", place,
                 "the node needs its status page: ukko node --status, or ukko.status.enabled = on"};
    if (ch.fd < 0) return cli_fail(c, &p, "no status page at %s:%d", host, port);
    int n = snprintf(request, sizeof request,
                     "GET /status.json HTTP/1.0\r\nHost: %s:%d\r\nConnection: close\r\n\r\n", host,
                     port);
    if (channel_send(&ch, request, (size_t)n, deadline) && fill_all(&ch, deadline))
        *out = parse(channel_pending(&ch));
    channel_close(&ch);
    p = (problem){CLI_HANDSHAKE, "NOT_A_STATUS_PAGE", "handshake", place, NULL};
    return *out ? CLI_OK : cli_fail(c, &p, "%s:%d does not answer as a status page", host, port);
}
