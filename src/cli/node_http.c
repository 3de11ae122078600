/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the status page of a node, or its control socket: one HTTP request, one answer. Main thread. */
#include "channel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* A path, rather than a place of the network. */
static bool is_path(const char *place) {
    struct stat st;
    return *place == '/' || *place == '.' || (stat(place, &st) == 0 && S_ISSOCK(st.st_mode));
}

/* The status of an answer, and what it says when that is JSON; 0: it is none. */
static int parse(ukko_slice in, json_t **out) {
    const char *text = (const char *)in.ptr,
               *body = in.len ? memmem(text, in.len, "\r\n\r\n", 4) : NULL;
    if (!body || memcmp(text, "HTTP/1.", 7)) return 0;
    size_t head = (size_t)(body + 4 - text);
    *out = json_loadb(text + head, in.len - head, 0, NULL);
    return atoi(text + 9);
}

static int no_page(cli *c, const char *place, bool path, const channel *ch) {
    problem p = {CLI_CONNECT, "CONNECT_REFUSED", "connect", place,
                 path ? "the node makes it with ukko node --control PATH, or ukko.status.control; "
                        "only its user may open it"
                      : "the node needs its status page: ukko node --status, or "
                        "ukko.status.enabled = on"};
    return path ? cli_fail(c, &p, "no control socket at %s: %s", place, strerror(ch->error))
                : cli_fail(c, &p, "no status page at %s", place);
}

static bool exchange(channel *ch, const char *method, const char *what, const char *host,
                     int64_t deadline) {
    char request[2400];
    int n = snprintf(request, sizeof request,
                     "%s %s HTTP/1.0\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                     method, what, host);
    return n < (int)sizeof request && channel_send(ch, request, (size_t)n, deadline) &&
           fill_all(ch, deadline);
}

int node_request(cli *c, const char *place, const char *method, const char *what, int *http,
                 json_t **out) {
    char host[256] = "localhost";
    bool path = is_path(place);
    int port = 0;
    channel ch;
    *out = NULL;
    if (!path && !take_place(place, host, sizeof host, &port))
        return cli_usage(c,
                         "'%s' is neither PORT, HOST:PORT, http://HOST:PORT/ nor the path of a "
                         "control socket",
                         place);
    int64_t deadline = session_deadline(c->timeout_ms);
    if (path) channel_connect_path(&ch, place);
    else channel_connect(&ch, host, port, deadline);
    if (ch.fd < 0) return no_page(c, place, path, &ch);
    *http = exchange(&ch, method, what, host, deadline) ? parse(channel_pending(&ch), out) : 0;
    channel_close(&ch);
    problem p = {CLI_HANDSHAKE, "NOT_A_STATUS_PAGE", "handshake", place, NULL};
    return *http ? CLI_OK : cli_fail(c, &p, "%s does not answer as a status page", place);
}

int node_status(cli *c, const char *place, json_t **out) {
    int http, status = node_request(c, place, "GET", "/status.json", &http, out);
    if (status != CLI_OK || (http == 200 && *out)) return status;
    json_decref(*out);
    *out = NULL;
    problem p = {CLI_HANDSHAKE, "NOT_A_STATUS_PAGE", "handshake", place, NULL};
    return cli_fail(c, &p, "%s has no /status.json", place);
}
