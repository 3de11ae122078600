/* SPDX-License-Identifier: Apache-2.0 */
/* What the systems of a command say and hear: -vvv prints each frame, --record writes a capture of packets
   that might have carried it. Called on the I/O thread of each system, and by the main thread at the
   begin and the end. */
#include "frames.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ukko/link.h>

enum {
    MAX_FRAME = 64 << 20,
    SEGMENT = 32768,
    IP4 = 20,
    IP6 = 40,
    TCP = 20,
    SYN = 2,
    FIN = 1,
    ACK = 16
};

typedef struct direction {
    unsigned char *bytes; /* of a frame that is not whole yet */
    size_t len, cap;
    bool strange; /* it carries what is no frame */
    uint32_t seq;
} direction;

typedef struct wire { /* one connection */
    struct wire *next;
    const struct side *side;
    uint64_t number;
    char local[80], peer[80];
    direction way[2]; /* what comes, what is sent */
} wire;

typedef struct side { /* one system */
    struct side *next;
    tap *tap;
} side;

struct tap {
    cli *c;
    pthread_mutex_t lock; /* all below; leaf */
    FILE *file;           /* NULL: none */
    const char *path;
    bool shows;
    wire *wires;
    side *sides;
};

/* ---- a capture ------------------------------------------------------------------------- */

static void put16(unsigned char *p, unsigned n) {
    p[0] = (unsigned char)(n >> 8), p[1] = (unsigned char)n;
}
static void put32(unsigned char *p, uint32_t n) { put16(p, n >> 16), put16(p + 2, n & 0xffff); }

/* A block of pcapng: its body, without type and lengths, has n bytes and gets filled up. */
static void put_block(FILE *f, uint32_t type, const void *head, size_t n_head, const void *body,
                      size_t n) {
    static const char zeros[4];
    uint32_t len = (uint32_t)(12 + n_head + (n + 3) / 4 * 4);
    fwrite(&type, 4, 1, f);
    fwrite(&len, 4, 1, f);
    fwrite(head, 1, n_head, f);
    fwrite(body, 1, n, f);
    fwrite(zeros, 1, (4 - n % 4) % 4, f);
    fwrite(&len, 4, 1, f);
}

static void put_head(FILE *f) {
    static const struct {
        uint32_t magic;
        uint16_t major, minor;
        int64_t len;
    } section = {0x1a2b3c4d, 1, 0, -1};
    static const struct {
        uint16_t link, reserved;
        uint32_t snap;
    } interface = {101, 0, 0}; /* bare IP */
    put_block(f, 0x0a0d0d0a, &section, sizeof section, "", 0);
    put_block(f, 1, &interface, sizeof interface, "", 0);
}

static void put_packet(FILE *f, const unsigned char *packet, size_t n) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    uint32_t head[5] = {0, (uint32_t)(us >> 32), (uint32_t)us, (uint32_t)n, (uint32_t)n};
    put_block(f, 6, head, sizeof head, packet, n);
}

/* "127.0.0.1:2552", "[::1]:2552"; gives the port. */
static unsigned read_end(const char *text, int family, unsigned char *address) {
    char host[80];
    const char *colon = strrchr(text, ':');
    size_t skip = *text == '[', n = colon ? (size_t)(colon - text) : strlen(text);
    snprintf(host, sizeof host, "%.*s", (int)(n > 2 * skip ? n - 2 * skip : 0), text + skip);
    inet_pton(family, host, address);
    return colon ? (unsigned)atoi(colon + 1) : 0;
}

static void put_checksum(unsigned char *ip) {
    uint32_t sum = 0;
    for (int i = 0; i < IP4; i += 2) sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~sum & 0xffff);
}

/* Writes the IP header; gives its length and both ports. */
static size_t put_ip(unsigned char *p, const char *from, const char *to, size_t n,
                     unsigned *ports) {
    bool v6 = *from == '[' || *to == '[';
    if (v6) {
        p[0] = 0x60;
        put16(p + 4, (unsigned)(TCP + n));
        p[6] = 6, p[7] = 64;
        ports[0] = read_end(from, AF_INET6, p + 8);
        ports[1] = read_end(to, AF_INET6, p + 24);
        return IP6;
    }
    p[0] = 0x45;
    put16(p + 2, (unsigned)(IP4 + TCP + n));
    p[8] = 64, p[9] = 6;
    ports[0] = read_end(from, AF_INET, p + 12);
    ports[1] = read_end(to, AF_INET, p + 16);
    put_checksum(p);
    return IP4;
}

static void put_segment(tap *t, wire *w, bool out, unsigned flags, const uint8_t *bytes, size_t n) {
    unsigned char packet[IP6 + TCP + SEGMENT] = {0}, *p;
    direction *d = &w->way[out], *other = &w->way[!out];
    unsigned ports[2];
    size_t ip = put_ip(packet, out ? w->local : w->peer, out ? w->peer : w->local, n, ports);
    p = packet + ip;
    put16(p, ports[0]);
    put16(p + 2, ports[1]);
    put32(p + 4, d->seq);
    put32(p + 8, flags & ACK ? other->seq : 0);
    p[12] = 0x50, p[13] = (unsigned char)flags;
    put16(p + 14, 65535);
    if (n) memcpy(p + TCP, bytes, n);
    d->seq += (uint32_t)n + (flags & (SYN | FIN) ? 1 : 0);
    put_packet(t->file, packet, ip + TCP + n);
}

static void record(tap *t, wire *w, bool out, ukko_slice bytes) {
    for (size_t at = 0; at < bytes.len;) {
        size_t n = bytes.len - at < SEGMENT ? bytes.len - at : SEGMENT;
        put_segment(t, w, out, ACK, bytes.ptr + at, n);
        at += n;
    }
    if (!bytes.len) put_segment(t, w, out, FIN | ACK, NULL, 0);
    fflush(t->file); /* it is whole whenever the command ends */
}

/* ---- frames for people ----------------------------------------------------------------- */

static void show(const wire *w, bool out, const char *text) {
    char now[40];
    time_text(now, sizeof now);
    fprintf(stderr, "%.12s %s %s %s\n", now + 11, out ? ">" : "<", w->peer, text);
}

static void show_frame(const wire *w, bool out, ukko_slice body) {
    char text[FRAME_TEXT] = "a frame of another kind";
    ukko_wire_pdu pdu;
    if (!body.len) return; /* sent so that a connection is not idle */
    if (ukko_wire_decode(body, &pdu) == UKKO_OK) frame_text(&pdu, text, sizeof text);
    show(w, out, text);
}

static void keep(direction *d, ukko_slice bytes) {
    if (d->len + bytes.len > d->cap) {
        d->cap = 2 * (d->len + bytes.len);
        d->bytes = realloc(d->bytes, d->cap);
        if (!d->bytes) abort();
    }
    memcpy(d->bytes + d->len, bytes.ptr, bytes.len);
    d->len += bytes.len;
}

static void show_frames(wire *w, bool out, ukko_slice bytes) {
    direction *d = &w->way[out];
    int rc;
    if (!bytes.len) show(w, out, "the connection has ended");
    if (d->strange || !bytes.len) return;
    keep(d, bytes);
    ukko_slice in = {d->bytes, d->len}, body;
    while ((rc = ukko_wire_cut(&in, MAX_FRAME, &body)) == 1) show_frame(w, out, body);
    memmove(d->bytes, in.ptr, in.len);
    d->len = in.len;
    d->strange = rc < 0;
    if (d->strange) show(w, out, "what is no frame");
}

/* ---- connections ----------------------------------------------------------------------- */

static wire *wire_of(const side *s, const ukko_tap *p) {
    tap *t = s->tap;
    wire *w = t->wires;
    while (w && (w->side != s || w->number != p->connection)) w = w->next;
    if (w) return w;
    w = calloc(1, sizeof *w);
    if (!w) abort();
    w->next = t->wires;
    w->side = s;
    w->number = p->connection;
    snprintf(w->local, sizeof w->local, "%s", p->local);
    snprintf(w->peer, sizeof w->peer, "%s", p->peer);
    t->wires = w;
    if (t->file) {
        put_segment(t, w, !p->inbound, SYN, NULL, 0);
        put_segment(t, w, p->inbound, SYN | ACK, NULL, 0);
    }
    return w;
}

static void wire_free(tap *t, wire *w) {
    wire **at = &t->wires;
    while (*at != w) at = &(*at)->next;
    *at = w->next;
    free(w->way[0].bytes);
    free(w->way[1].bytes);
    free(w);
}

static void on_piece(void *data, const ukko_tap *p) {
    const side *s = data;
    tap *t = s->tap;
    pthread_mutex_lock(&t->lock);
    wire *w = wire_of(s, p);
    if (t->file) record(t, w, p->out, p->bytes);
    if (t->shows) show_frames(w, p->out, p->bytes);
    if (!p->bytes.len) wire_free(t, w);
    pthread_mutex_unlock(&t->lock);
}

/* ---- begin and end --------------------------------------------------------------------- */

static int open_file(cli *c, tap *t, const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* it may hold secrets */
    t->file = fd < 0 ? NULL : fdopen(fd, "wb");
    t->path = path;
    if (t->file) {
        put_head(t->file);
        return CLI_OK;
    }
    problem p = {CLI_IO, "FILE", "record", NULL, NULL};
    int status = cli_fail(c, &p, "--record: %s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return status;
}

static int begin(cli *c) {
    const char *path = args_value(c, "record");
    tap *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->c = c;
    t->shows = c->verbosity > 2;
    pthread_mutex_init(&t->lock, NULL);
    c->tap = t;
    return path ? open_file(c, t, path) : CLI_OK;
}

int tap_system(cli *c, ukko_system *sys) {
    if (!args_value(c, "record") && c->verbosity < 3) return CLI_OK;
    int status = c->tap ? CLI_OK : begin(c);
    if (status != CLI_OK) return status;
    side *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->tap = c->tap;
    s->next = c->tap->sides;
    c->tap->sides = s;
    ukko_remote_tap(sys, on_piece, s);
    return CLI_OK;
}

int tap_end(cli *c, int status) {
    tap *t = c->tap;
    if (!t) return status;
    bool lost = t->file && ferror(t->file);
    if (t->file) lost |= fclose(t->file) != 0;
    while (t->wires) wire_free(t, t->wires);
    for (side *s = t->sides, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    pthread_mutex_destroy(&t->lock);
    problem p = {CLI_IO, "FILE", "record", NULL, NULL};
    if (lost && status == CLI_OK) status = cli_fail(c, &p, "%s could not be written", t->path);
    free(t);
    c->tap = NULL;
    return status;
}
