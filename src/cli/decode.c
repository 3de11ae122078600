/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko decode`: what a capture holds of classic remoting. TCP is put together again for each
   direction of a connection, with bounds; TLS is read with the secrets of a key log; what is of another
   protocol is counted. `ukko dissector` writes the same as a plug-in of Wireshark. Main thread. */
#include "frames.h"
#include "tls_decode.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FLOWS = 4096, MAX_BYTES = 64 << 20, MAX_EARLY = 64, MAX_FRAME = 64 << 20 };

/* ---- One direction of a connection --------------------------------------------------- */

typedef struct end {
    unsigned char address[16];
    uint16_t port;
    bool v6;
} end;

typedef struct early { /* a segment that came before another */
    uint32_t seq;
    size_t len;
    unsigned char *bytes;
} early;

typedef enum talk { TALK_UNKNOWN, TALK_CLASSIC, TALK_TLS, TALK_OTHER } talk;

/* TLS of a connection: of both flows, which come and go by themselves */
typedef struct shared {
    tls_talk *talk;
    int users;
} shared;

typedef struct flow {
    end from, to;
    bool begun;    /* next is known */
    uint32_t next; /* sequence number of the byte to come */
    unsigned char *bytes;
    size_t len, cap;
    early early[MAX_EARLY];
    int n_early;
    talk talk;
    bool told;
    int64_t used; /* number of the packet */
    shared *tls;
    int way;            /* of it: 0, 1 */
    struct flow *inner; /* what is said inside TLS */
} flow;

typedef struct decode {
    cli *c;
    const char *filter, *link;
    tls_secrets *secrets; /* NULL: no key log */
    const char *unread;   /* why TLS could not be read */
    flow *flows[MAX_FLOWS];
    int n_flows;
    int64_t packets, frames, shown, bad, tls, gaps;
    struct timeval now;
    bool raw;          /* frames without a capture around them */
    bool gathers;      /* frames are not shown: those of the first flow that has some are kept */
    const flow *first; /* that one */
    uint8_t *kept;
    size_t n_kept, cap_kept;
} decode;

static void end_text(const end *e, char *buf, size_t len) {
    char host[INET6_ADDRSTRLEN];
    inet_ntop(e->v6 ? AF_INET6 : AF_INET, e->address, host, sizeof host);
    snprintf(buf, len, e->v6 ? "[%s]:%d" : "%s:%d", host, e->port);
}

/* A new connection of the same ends, or none any more. */
static void tls_end(flow *f) {
    if (f->inner) free(f->inner->bytes);
    free(f->inner);
    f->inner = NULL;
    if (f->tls && --f->tls->users == 0) {
        tls_talk_free(f->tls->talk);
        free(f->tls);
    }
    f->tls = NULL;
}

static void flow_free(flow *f) {
    tls_end(f);
    for (int i = 0; i < f->n_early; i++) free(f->early[i].bytes);
    free(f->bytes);
    free(f);
}

static bool same_end(const end *a, const end *b) {
    return a->port == b->port && a->v6 == b->v6 && memcmp(a->address, b->address, 16) == 0;
}

/* The one not used for longest makes room. */
static void forget_one(decode *d) {
    int oldest = 0;
    for (int i = 1; i < d->n_flows; i++)
        if (d->flows[i]->used < d->flows[oldest]->used) oldest = i;
    flow_free(d->flows[oldest]);
    d->flows[oldest] = d->flows[--d->n_flows];
}

static flow *find_flow(const decode *d, const end *from, const end *to) {
    for (int i = 0; i < d->n_flows; i++)
        if (same_end(&d->flows[i]->from, from) && same_end(&d->flows[i]->to, to))
            return d->flows[i];
    return NULL;
}

static flow *flow_of(decode *d, const end *from, const end *to) {
    flow *f = find_flow(d, from, to);
    if (f) return f;
    if (d->n_flows == MAX_FLOWS) forget_one(d);
    f = calloc(1, sizeof *f);
    if (!f) abort();
    f->from = *from;
    f->to = *to;
    d->flows[d->n_flows++] = f;
    return f;
}

/* ---- Frames -------------------------------------------------------------------------- */

static void time_of(const struct timeval *t, char *buf, size_t len) {
    struct tm tm;
    char day[32];
    gmtime_r(&t->tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf, len, "%s.%06ldZ", day, (long)t->tv_usec);
}

/* f NULL: the frame comes without a connection, and without a time */
static void show_frame(decode *d, const flow *f, const ukko_wire_pdu *pdu, size_t size) {
    char text[FRAME_TEXT], kind[FRAME_KIND], from[80] = "", to[80] = "", at[48] = "";
    frame_kind(pdu, kind, sizeof kind);
    if (d->filter && !frame_fits(d->filter, kind)) return;
    if (f) {
        end_text(&f->from, from, sizeof from);
        end_text(&f->to, to, sizeof to);
        time_of(&d->now, at, sizeof at);
    }
    frame_text(pdu, text, sizeof text);
    json_t *j = json_object();
    json_object_set_new(j, "ts", output_text(f ? at : NULL));
    json_object_set_new(j, "from", output_text(f ? from : NULL));
    json_object_set_new(j, "to", output_text(f ? to : NULL));
    frame_members(j, pdu, size);
    if (f) output_record(d->c, j, "%.15s %s > %s %s", at + 11, from, to, text);
    else output_record(d->c, j, "%s", text);
    d->shown++;
}

static talk talk_of(ukko_slice in) {
    ukko_slice body;
    ukko_wire_pdu pdu;
    if (in.len >= 3 && in.ptr[0] == 0x16 && in.ptr[1] == 3) return TALK_TLS;
    if (in.len < 5) return TALK_UNKNOWN;
    if (in.ptr[4] != 0x0a && in.ptr[4] != 0x12) return TALK_OTHER;
    int rc = ukko_wire_cut(&in, MAX_FRAME, &body);
    if (rc == 0) return TALK_UNKNOWN;
    return rc == 1 && ukko_wire_decode(body, &pdu) == UKKO_OK ? TALK_CLASSIC : TALK_OTHER;
}

/* One frame with its length in front. */
static void keep(decode *d, const flow *f, const uint8_t *frame, size_t len) {
    if (!d->first) d->first = f;
    if (d->first != f || d->n_kept + len > MAX_BYTES) return;
    if (d->n_kept + len > d->cap_kept) {
        d->cap_kept = (d->n_kept + len) * 2;
        d->kept = realloc(d->kept, d->cap_kept);
        if (!d->kept) abort();
    }
    memcpy(d->kept + d->n_kept, frame, len);
    d->n_kept += len;
}

static void on_frame(decode *d, const flow *f, ukko_slice body) {
    ukko_wire_pdu pdu;
    d->frames++;
    if (d->gathers) keep(d, f, body.ptr - 4, body.len + 4);
    else if (ukko_wire_decode(body, &pdu) == UKKO_OK) show_frame(d, f, &pdu, body.len + 4);
    else d->bad++;
}

/* ---- TLS ----------------------------------------------------------------------------- */

static void append(decode *d, flow *f, const unsigned char *bytes, size_t len);

/* Its state is where the other direction has it already, or new. */
static void tls_begin(decode *d, flow *f) {
    const flow *back = find_flow(d, &f->to, &f->from);
    f->tls = back && back->tls && back->tls->users == 1 ? back->tls : calloc(1, sizeof *f->tls);
    f->inner = calloc(1, sizeof *f->inner);
    if (!f->tls || !f->inner) abort();
    if (!f->tls->talk) f->tls->talk = tls_talk_new(d->secrets);
    f->way = f->tls->users++ ? 1 - back->way : 0;
    f->inner->from = f->from;
    f->inner->to = f->to;
}

typedef struct inside {
    decode *d;
    flow *f;
} inside;

static void on_plain(void *data, const uint8_t *bytes, size_t len) {
    inside *i = data;
    append(i->d, i->f->inner, bytes, len);
}

static void tls_bytes(decode *d, flow *f, const unsigned char *bytes, size_t len) {
    inside i = {d, f};
    if (f->told) return; /* given up */
    if (d->secrets && !f->tls) tls_begin(d, f);
    if (f->tls && tls_talk_take(f->tls->talk, f->way, bytes, len, on_plain, &i)) return;
    if (f->tls && !d->unread) d->unread = tls_talk_why(f->tls->talk);
    d->tls++;
    f->told = true;
}

static void cut_frames(decode *d, flow *f) {
    ukko_slice in = {f->bytes, f->len}, body;
    int rc;
    if (f->talk == TALK_UNKNOWN) f->talk = talk_of(in);
    if (f->talk == TALK_TLS) tls_bytes(d, f, f->bytes, f->len);
    if (f->talk != TALK_CLASSIC) {
        if (f->talk != TALK_UNKNOWN) f->len = 0;
        return;
    }
    while ((rc = ukko_wire_cut(&in, MAX_FRAME, &body)) == 1) on_frame(d, f, body);
    if (rc < 0) { /* lost: what follows may begin with a frame again */
        d->bad++;
        f->talk = TALK_UNKNOWN;
        in.len = 0;
    }
    if (in.len && in.ptr != f->bytes) memmove(f->bytes, in.ptr, in.len);
    f->len = in.len;
}

/* ---- Segments ------------------------------------------------------------------------ */

static void append(decode *d, flow *f, const unsigned char *bytes, size_t len) {
    f->next += (uint32_t)len;
    if (f->talk == TALK_TLS) tls_bytes(d, f, bytes, len);
    if (f->talk == TALK_TLS || f->talk == TALK_OTHER || f->len + len > MAX_BYTES) {
        f->len = 0;
        return;
    }
    if (f->len + len > f->cap) {
        f->cap = (f->len + len) * 2;
        f->bytes = realloc(f->bytes, f->cap);
        if (!f->bytes) abort();
    }
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
    cut_frames(d, f);
}

/* The part of a segment that is new. */
static bool take(decode *d, flow *f, uint32_t seq, const unsigned char *bytes, size_t len) {
    int32_t ahead = (int32_t)(seq - f->next);
    if (ahead > 0) return false;
    size_t old = (size_t) - (int64_t)ahead;
    if (old < len) append(d, f, bytes + old, len - old);
    return true;
}

static void take_early(decode *d, flow *f) {
    for (int i = 0; i < f->n_early; i++) {
        early e = f->early[i];
        if (!take(d, f, e.seq, e.bytes, e.len)) continue;
        free(e.bytes);
        f->early[i] = f->early[--f->n_early];
        i = -1; /* one may make others fit */
    }
}

/* A hole that stays: the capture lost something; go on behind it. */
static void skip_hole(decode *d, flow *f) {
    int first = 0;
    for (int i = 1; i < f->n_early; i++)
        if ((int32_t)(f->early[i].seq - f->early[first].seq) < 0) first = i;
    d->gaps++;
    f->next = f->early[first].seq;
    f->len = 0;
    f->talk = f->talk == TALK_CLASSIC ? TALK_UNKNOWN : f->talk;
    take_early(d, f);
}

static void keep_early(decode *d, flow *f, uint32_t seq, const unsigned char *bytes, size_t len) {
    if (f->n_early == MAX_EARLY) skip_hole(d, f);
    if (take(d, f, seq, bytes, len)) return;
    early *e = &f->early[f->n_early++];
    *e = (early){seq, len, malloc(len)};
    if (!e->bytes) abort();
    memcpy(e->bytes, bytes, len);
}

static void segment(decode *d, flow *f, uint32_t seq, bool syn, const unsigned char *bytes,
                    size_t len) {
    f->used = d->packets;
    if (syn) { /* a new connection of the same ends */
        for (int i = 0; i < f->n_early; i++) free(f->early[i].bytes);
        f->n_early = 0;
        f->len = 0;
        f->talk = TALK_UNKNOWN;
        f->told = false;
        tls_end(f);
        f->begun = true;
        f->next = seq + 1;
    }
    if (!len) return;
    if (!f->begun) {
        f->begun = true;
        f->next = seq;
    }
    if (take(d, f, seq, bytes, len)) take_early(d, f);
    else keep_early(d, f, seq, bytes, len);
}

/* ---- Packets ------------------------------------------------------------------------- */

typedef struct view { /* of bytes that were captured */
    const unsigned char *p;
    size_t len;
} view;

static bool skip(view *v, size_t n) {
    if (v->len < n) return false;
    v->p += n;
    v->len -= n;
    return true;
}

static unsigned two(const unsigned char *p) { return (unsigned)p[0] << 8 | p[1]; }

static uint32_t four(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool wanted(const decode *d, const end *from, const end *to) {
    char a[80], b[80];
    if (!d->link) return true;
    end_text(from, a, sizeof a);
    end_text(to, b, sizeof b);
    return strstr(a, d->link) || strstr(b, d->link);
}

static void tcp(decode *d, view v, end *from, end *to) {
    if (v.len < 20) return;
    const unsigned char *p = v.p;
    size_t head = (size_t)(p[12] >> 4) * 4;
    from->port = (uint16_t)two(p);
    to->port = (uint16_t)two(p + 2);
    uint32_t seq = four(p + 4);
    bool syn = p[13] & 2;
    if (head < 20 || !skip(&v, head) || !wanted(d, from, to)) return;
    if (!v.len && !syn) return;
    segment(d, flow_of(d, from, to), seq, syn, v.p, v.len);
}

static void ip4(decode *d, view v) {
    end from = {.v6 = false}, to = {.v6 = false};
    if (v.len < 20) return;
    size_t head = (size_t)(v.p[0] & 15) * 4, total = two(v.p + 2);
    bool fragment = two(v.p + 6) & 0x3fff;
    memcpy(from.address, v.p + 12, 4);
    memcpy(to.address, v.p + 16, 4);
    if (v.p[9] != 6 || fragment || head < 20) return;
    if (total >= head && total < v.len) v.len = total; /* what pads a short packet */
    if (skip(&v, head)) tcp(d, v, &from, &to);
}

static void ip6(decode *d, view v) {
    end from = {.v6 = true}, to = {.v6 = true};
    if (v.len < 40 || v.p[6] != 6) return;
    size_t total = two(v.p + 4);
    memcpy(from.address, v.p + 8, 16);
    memcpy(to.address, v.p + 24, 16);
    skip(&v, 40);
    if (total && total < v.len) v.len = total;
    tcp(d, v, &from, &to);
}

static void ip(decode *d, view v) {
    if (v.len && v.p[0] >> 4 == 4) ip4(d, v);
    else if (v.len && v.p[0] >> 4 == 6) ip6(d, v);
}

/* Past the header of the link layer. */
static bool to_ip(int kind, view *v) {
    switch (kind) {
    case DLT_EN10MB:
        while (v->len >= 14 && (two(v->p + 12) == 0x8100 || two(v->p + 12) == 0x88a8))
            if (!skip(v, 4)) return false; /* a VLAN */
        return skip(v, 14);
    case DLT_NULL:
    case DLT_LOOP: return skip(v, 4);
    case DLT_LINUX_SLL: return skip(v, 16);
    case DLT_LINUX_SLL2: return skip(v, 20);
    case DLT_RAW: return true;
    default: return false;
    }
}

/* ---- The command --------------------------------------------------------------------- */

/* A file tells how much of it was read, standard input does not. */
static void tell_progress(const decode *d, pcap_t *in) {
    FILE *f = pcap_file(in);
    struct stat st;
    long at = f ? ftell(f) : -1;
    if (at > 0 && fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        output_progress(d->c, "%lld %%, %lld packets, %lld frames",
                        (long long)at * 100 / (long long)st.st_size, (long long)d->packets,
                        (long long)d->frames);
    else
        output_progress(d->c, "%lld packets, %lld frames", (long long)d->packets,
                        (long long)d->frames);
}

enum { TELL_EACH = 64 }; /* packets: the look at the file is not for free */

static int read_all(decode *d, pcap_t *in, const char *name) {
    struct pcap_pkthdr *head;
    const unsigned char *bytes;
    int rc = 0, kind = pcap_datalink(in);
    view probe = {(const unsigned char *)"", 0};
    if (!to_ip(kind, &probe) && kind != DLT_EN10MB && kind != DLT_NULL && kind != DLT_LOOP &&
        kind != DLT_LINUX_SLL && kind != DLT_LINUX_SLL2) {
        problem p = {CLI_TOO_BIG, "LINK_TYPE", "decode", NULL, NULL};
        return cli_fail(d->c, &p, "%s: packets of link type %s are not understood", name,
                        pcap_datalink_val_to_name(kind));
    }
    while (!interrupt_came() && (rc = pcap_next_ex(in, &head, &bytes)) == 1) {
        view v = {bytes, head->caplen};
        d->packets++;
        d->now = head->ts;
        if (to_ip(kind, &v)) ip(d, v);
        if (d->packets % TELL_EACH == 1) tell_progress(d, in);
    }
    problem p = {CLI_TOO_BIG, "CAPTURE", "decode", NULL, NULL};
    if (interrupt_came())
        return CLI_INTERRUPTED; /* what standard input then ends with is no fault */
    return rc == PCAP_ERROR ? cli_fail(d->c, &p, "%s: %s", name, pcap_geterr(in)) : CLI_OK;
}

static void sum_up(const decode *d) {
    const char *bad = d->bad ? "; some were undecodable" : "";
    if (d->raw)
        output_note(d->c, "%lld frames, %lld shown%s", (long long)d->frames, (long long)d->shown,
                    bad);
    else
        output_note(d->c, "%lld packets, %lld frames, %lld shown%s", (long long)d->packets,
                    (long long)d->frames, (long long)d->shown, bad);
    if (d->tls && !d->secrets)
        output_note(d->c,
                    "%lld directions are TLS: --tls-keylog FILE, what the nodes wrote while they "
                    "talked, decodes them",
                    (long long)d->tls);
    else if (d->tls)
        output_note(d->c, "%lld directions are TLS that cannot be read: %s", (long long)d->tls,
                    d->unread ? d->unread : "?");
    if (d->gaps) output_note(d->c, "%lld times packets are missing", (long long)d->gaps);
}

bool capture_begins(const uint8_t *bytes, size_t len) {
    static const uint32_t magic[] = {0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a};
    uint32_t first;
    if (len < sizeof first) return false;
    memcpy(&first, bytes, sizeof first);
    for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
        if (first == magic[i]) return true;
    return false;
}

int capture_frames(cli *c, const char *name, uint8_t **bytes, size_t *len) {
    char why[PCAP_ERRBUF_SIZE] = "";
    problem bad = {CLI_TOO_BIG, "CAPTURE", "decode", NULL, NULL};
    decode *d = calloc(1, sizeof *d);
    if (!d) abort();
    d->c = c;
    d->link = args_value(c, "link");
    d->gathers = true;
    FILE *f = fmemopen(*bytes, *len, "rb");
    pcap_t *in = f ? pcap_fopen_offline(f, why) : NULL;
    int status = in ? read_all(d, in, name) : cli_fail(c, &bad, "%s: %s", name, why);
    if (in) pcap_close(in); /* f with it */
    if (status == CLI_OK && !d->n_kept) status = cli_fail(c, &bad, "%s: no frames are in it", name);
    free(*bytes);
    *bytes = d->kept;
    *len = d->n_kept;
    for (int i = 0; i < d->n_flows; i++) flow_free(d->flows[i]);
    free(d);
    return status;
}

/* ---- Frames by themselves ------------------------------------------------------------ */

/* 1: a frame came; 0: the end; -1: what comes is none */
static int read_frame(decode *d, FILE *in) {
    unsigned char head[4];
    size_t n = fread(head, 1, sizeof head, in);
    if (n == 0) return 0;
    uint32_t len = n == sizeof head ? four(head) : UINT32_MAX;
    if (len == 0) return 1;
    if (len > MAX_FRAME) return -1;
    unsigned char *body = malloc(len);
    if (!body) abort();
    bool whole = fread(body, 1, len, in) == len;
    ukko_wire_pdu pdu;
    bool first = d->frames == 0;
    bool good = whole && (!first || ukko_wire_decode((ukko_slice){body, len}, &pdu) == UKKO_OK);
    if (good) on_frame(d, NULL, (ukko_slice){body, len});
    free(body);
    return good ? 1 : -1;
}

static int read_frames(decode *d, FILE *in, const char *name) {
    problem bad = {CLI_TOO_BIG, "CAPTURE", "decode", NULL,
                   "it is to be a file of pcap or pcapng, or frames with their lengths in front"};
    int rc = 1;
    while (rc == 1 && !interrupt_came()) {
        rc = read_frame(d, in);
        if (d->frames % TELL_EACH == 1) output_progress(d->c, "%lld frames", (long long)d->frames);
    }
    problem io = {CLI_IO, "FILE", "decode", NULL, NULL};
    if (interrupt_came()) return CLI_INTERRUPTED;
    if (ferror(in)) return cli_fail(d->c, &io, "%s: %s", name, strerror(errno));
    if (rc == 0 && d->frames) return CLI_OK;
    if (d->frames) sum_up(d);
    return cli_fail(d->c, &bad,
                    d->frames ? "%s: what follows is no frame" : "%s: no capture, and no frames",
                    name);
}

/* ---- Opening ------------------------------------------------------------------------- */

static FILE *open_input(const cli *c, const char *name) {
    if (strcmp(name, "-") == 0) return interrupt_input(stdin);
    FILE *f = fopen(name, "rb");
    return f && args_count(c, "follow") ? interrupt_growing(f) : f;
}

/* Looks at the first bytes and puts them back. */
static bool is_capture(FILE *in) {
    unsigned char first[4];
    size_t n = fread(first, 1, sizeof first, in);
    bool capture = capture_begins(first, n);
    while (n > 0) ungetc(first[--n], in);
    return capture;
}

static int decode_input(decode *d, FILE *in, const char *name) {
    char why[PCAP_ERRBUF_SIZE] = "";
    problem bad = {CLI_TOO_BIG, "CAPTURE", "decode", NULL, NULL};
    d->raw = !is_capture(in) && !interrupt_came();
    if (d->raw) {
        int status = read_frames(d, in, name);
        fclose(in);
        return status;
    }
    pcap_t *capture = interrupt_came() ? NULL : pcap_fopen_offline(in, why);
    if (!capture) {
        fclose(in);
        return interrupt_came() ? CLI_INTERRUPTED /* before there was a header */
                                : cli_fail(d->c, &bad, "%s: %s", name, why);
    }
    int status = read_all(d, capture, name);
    pcap_close(capture); /* in with it */
    return status;
}

static int open_secrets(decode *d) {
    const char *given = args_value(d->c, "tls-keylog"), *env = getenv("SSLKEYLOGFILE");
    const char *log = given ? given : env;
    problem io = {CLI_IO, "FILE", "decode", NULL, NULL};
    if (log && *log) d->secrets = tls_secrets_open(log);
    return given && !d->secrets ? cli_fail(d->c, &io, "%s: %s", log, strerror(errno)) : CLI_OK;
}

int run_decode(cli *c) {
    const char *name = c->args[0];
    problem io = {CLI_IO, "FILE", "decode", NULL, NULL};
    decode *d = calloc(1, sizeof *d);
    if (!d) abort();
    d->c = c;
    d->filter = args_value(c, "filter");
    d->link = args_value(c, "link");
    int status = open_secrets(d);
    FILE *in = status == CLI_OK ? open_input(c, name) : NULL;
    if (status == CLI_OK)
        status = in ? decode_input(d, in, name) : cli_fail(c, &io, "%s: %s", name, strerror(errno));
    if (status == CLI_OK || status == CLI_INTERRUPTED) sum_up(d);
    for (int i = 0; i < d->n_flows; i++) flow_free(d->flows[i]);
    tls_secrets_free(d->secrets);
    free(d);
    return status;
}

/* ---- The plug-in of Wireshark -------------------------------------------------------- */

extern const unsigned char cli_dissector[];
extern const size_t cli_dissector_len;

static bool make_folders(char *path) {
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        int rc = mkdir(path, 0755);
        *p = '/';
        if (rc != 0 && errno != EEXIST) return false;
    }
    return true;
}

static int install(cli *c) {
    char path[600];
    const char *home = getenv("HOME");
    problem p = {CLI_IO, "FILE", "dissector", NULL, NULL};
    snprintf(path, sizeof path, "%s/.local/lib/wireshark/plugins/pekko.lua", home ? home : "");
    FILE *f = home && make_folders(path) ? fopen(path, "w") : NULL;
    if (!f) return cli_fail(c, &p, "%s: %s", path, strerror(errno));
    fwrite(cli_dissector, 1, cli_dissector_len, f);
    if (fclose(f) != 0) return cli_fail(c, &p, "%s: %s", path, strerror(errno));
    puts(path);
    return CLI_OK;
}

int run_dissector(cli *c) {
    if (args_count(c, "install")) return install(c);
    fwrite(cli_dissector, 1, cli_dissector_len, stdout);
    return CLI_OK;
}
