/* SPDX-License-Identifier: Apache-2.0 */
/* Who else than classic remoting listens at a port: told from its first bytes, each question on a
   connection of its own. Main thread. */
#include "tls_link.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { PROBE_MS = 400, TLS_MS = 1500 };

/* A TLS 1.2 ClientHello with one cipher suite. */
static const unsigned char client_hello[] = {0x16, 3,  1,  0,  45, 1,  0,  0,  41,   3,  3,  1,  2,
                                             3,    4,  5,  6,  7,  8,  9,  10, 11,   12, 13, 14, 15,
                                             16,   17, 18, 19, 20, 21, 22, 23, 24,   25, 26, 27, 28,
                                             29,   30, 31, 32, 0,  0,  2,  0,  0x2f, 1,  0};
static const char http_get[] = "GET / HTTP/1.0\r\n\r\n";
/* ASSOCIATE of A@h:1 with its length the other way round, as Akka.NET has it */
static const unsigned char little[] = {0x22, 0,    0,    0,   0x12, 0x20, 8,   1,   0x12, 0x1c,
                                       0x0a, 0x11, 0x0a, 1,   'A',  0x12, 1,   'h', 0x18, 1,
                                       0x22, 7,    'a',  'k', 'k',  'a',  '.', 't', 'c',  0x11,
                                       1,    0,    0,    0,   0,    0,    0,   0};

typedef struct reply {
    int rc; /* > 0: so many bytes; CHANNEL_TIMEOUT, CHANNEL_CLOSED */
    unsigned char bytes[64];
    size_t n;
} reply;

static reply exchange(const char *host, int port, const void *bytes, size_t len) {
    reply r = {.rc = CHANNEL_CLOSED};
    struct addrinfo *list;
    channel ch;
    int64_t deadline = clock_ns() + PROBE_MS * 1000000LL;
    if (channel_look_up(host, port, &list) != 0) return r;
    if (channel_dial(&ch, list, deadline) && channel_send(&ch, bytes, len, deadline)) {
        r.rc = channel_fill(&ch, deadline);
        ukko_slice in = r.rc > 0 ? channel_pending(&ch) : (ukko_slice){NULL, 0};
        r.n = in.len < sizeof r.bytes ? in.len : sizeof r.bytes;
        if (r.n) memcpy(r.bytes, in.ptr, r.n);
    }
    freeaddrinfo(list);
    channel_close(&ch);
    return r;
}

static bool begins(const reply *r, const char *text, size_t n) {
    return r->n >= n && memcmp(r->bytes, text, n) == 0;
}

static bool is_tls(const reply *r) {
    return r->n >= 3 && (r->bytes[0] == 0x15 || r->bytes[0] == 0x16) && r->bytes[1] == 3;
}

/* A server that takes TLS 1.3 only, and one that netty 3 carries, hang up on the hello above. */
static bool is_modern_tls(const char *host, int port) {
    tls_material none = {.cert = NULL};
    tls_report r = {.fault = TLS_FINE};
    channel ch;
    char why[100];
    int64_t deadline = clock_ns() + TLS_MS * 1000000LL;
    tls_setup *s = tls_setup_new(&none, false, why, sizeof why);
    channel_connect(&ch, host, port, deadline);
    if (s && ch.fd >= 0) channel_tls(&ch, s, host, deadline, &r);
    bool spoke = r.spoke;
    channel_close(&ch);
    tls_setup_free(s);
    tls_report_fini(&r);
    return spoke;
}

/* A frame of classic remoting begins with a length that is not large. */
static bool is_frame(const reply *r) { return r->n >= 4 && r->bytes[0] == 0 && r->bytes[1] < 16; }

/* Artery keeps a connection that begins with its magic, and hangs up on all else. */
static bool is_artery(const char *host, int port) {
    reply odd = exchange(host, port, "ukko\0", 5);
    if (odd.rc != CHANNEL_CLOSED) return false;
    reply akka = exchange(host, port, "AKKA\1", 5);
    if (akka.rc == CHANNEL_TIMEOUT) return true;
    return exchange(host, port, "PEKK\1", 5).rc == CHANNEL_TIMEOUT;
}

static void keep_bytes(const reply *r, char *text, size_t len) {
    size_t at = 0;
    *text = '\0';
    for (size_t i = 0; i < r->n && i < 16 && at + 5 < len; i++)
        at +=
            (size_t)snprintf(text + at, len - at,
                             r->bytes[i] > 31 && r->bytes[i] < 127 ? "%c" : "\\x%02x", r->bytes[i]);
}

port_kind classify_port(const char *host, int port, char *first, size_t len) {
    reply tls = exchange(host, port, client_hello, sizeof client_hello);
    keep_bytes(&tls, first, len);
    if (is_tls(&tls)) return PORT_TLS;
    if (begins(&tls, "HTTP/", 5)) return PORT_HTTP;
    reply http = exchange(host, port, http_get, sizeof http_get - 1);
    if (begins(&http, "HTTP/", 5)) return PORT_HTTP;
    bool hung_up = tls.rc == CHANNEL_CLOSED || http.rc == CHANNEL_CLOSED;
    if (is_tls(&http) || (hung_up && is_modern_tls(host, port))) return PORT_TLS;
    if (tls.n && !is_frame(&tls)) return PORT_OTHER;
    if (http.n && !is_frame(&http)) {
        keep_bytes(&http, first, len);
        return PORT_OTHER;
    }
    reply net = exchange(host, port, little, sizeof little);
    if (net.n >= 4 && net.bytes[0] && !net.bytes[2] && !net.bytes[3]) return PORT_LITTLE_ENDIAN;
    if (is_artery(host, port)) return PORT_ARTERY;
    return http.rc == CHANNEL_TIMEOUT ? PORT_SILENT : PORT_CLOSED;
}

const char *port_kind_text(port_kind kind) {
    static const char *const texts[] = {[PORT_HTTP] = "an HTTP server",
                                        [PORT_TLS] = "TLS",
                                        [PORT_ARTERY] = "Artery",
                                        [PORT_LITTLE_ENDIAN] =
                                            "frames with little-endian lengths (Akka.NET?)",
                                        [PORT_OTHER] = "another protocol",
                                        [PORT_SILENT] = "nothing",
                                        [PORT_CLOSED] = "nothing"};
    return texts[kind];
}
