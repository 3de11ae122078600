/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the port that does not speak our protocol? Says so once for each source host, in words
   that name the cause. I/O thread only. */
#include "remote/internal.h"
#include "base/map.h"
#include <stdio.h>

typedef struct magic {
    const char *bytes;
    size_t n;
    const char *what;
} magic;

static const magic magics[] = {
    {"\x16\x03", 2, "a TLS hello: the peer uses TLS (ssl.tcp), this node does not"},
    {"\x15\x03", 2, "a TLS alert: the peer uses TLS (ssl.tcp), this node does not"},
    {"AKKA", 4, "the magic of Artery TCP: the peer needs pekko.remote.artery.enabled = off"},
    {"PEKK", 4, "the magic of Artery TCP: the peer needs pekko.remote.artery.enabled = off"},
    {"SSH-", 4, "an SSH client"},
    {"GET ", 4, "an HTTP request"},
    {"POST", 4, "an HTTP request"},
    {"HEAD", 4, "an HTTP request"},
    {"PUT ", 4, "an HTTP request"},
    {"OPTI", 4, "an HTTP request"},
    {"PRI ", 4, "an HTTP/2 request"},
};

static const char *name_it(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (n >= magics[i].n && !memcmp(bytes, magics[i].bytes, magics[i].n)) return magics[i].what;
    /* a length that is small when read the other way round */
    if (n >= 4 && bytes[3] == 0 && bytes[2] == 0 && (bytes[0] || bytes[1]))
        return "frames with little-endian lengths: Akka.NET?";
    return NULL;
}

static bool seen_before(uk_remote *r, ukko_slice from, const char *what) {
    uint32_t h = uk_hash(from.ptr, from.len) ^ uk_hash(what, strlen(what));
    size_t known = r->n_sources < UK_SOURCES ? r->n_sources : UK_SOURCES;
    for (size_t i = 0; i < known; i++)
        if (r->sources[i] == h) return true;
    r->sources[r->n_sources++ % UK_SOURCES] = h;
    return false;
}

/* The host of "/127.0.0.1:5555", so that the ports of one client count as one source. */
static ukko_slice host_of(const char *from) {
    const char *colon = strrchr(from, ':');
    return (ukko_slice){(const uint8_t *)from, colon ? (size_t)(colon - from) : strlen(from)};
}

bool uk_sniff_first(uk_remote *r, const char *from, const char *what) {
    return !seen_before(r, host_of(from), what);
}

void uk_sniff(uk_conn *c, const uint8_t *bytes, size_t n, const char *otherwise) {
    const char *what = c->proto.was_open ? NULL : name_it(bytes, n);
    /* whom we dial ourselves is at its port */
    ukko_slice from = c->active ? ukko_str(c->from) : host_of(c->from);
    bool known = !c->proto.was_open && seen_before(c->remote, from, what ? what : otherwise);
    uk_log(c->remote->sys, known ? UKKO_LOG_DEBUG : UKKO_LOG_WARN, "remoting", UK_LOG_TRANSPORT,
           NULL, NULL, "Remote connection to [%s] failed with %s", c->from,
           what ? what : otherwise);
}
