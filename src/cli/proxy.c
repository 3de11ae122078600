/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko proxy`: stands between two nodes, shows each frame, and drops, delays or splits what it is told
   to. What is no frame (TLS) passes as it is. Main thread, one poll loop. */
#include "channel.h"
#include "frames.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MAX_PAIRS = 256, MAX_HELD = 64 << 20, MAX_FRAME = 64 << 20, CHUNK = 65536, MAX_KINDS = 256 };

typedef struct parcel { /* bytes on their way; when they may go on */
    struct parcel *next;
    int64_t due_ns;
    size_t len, at;
    unsigned char bytes[];
} parcel;

typedef struct pipe_end { /* one direction */
    int from, to;
    bool is_reply, ended, raw, closed;
    unsigned char *in;
    size_t len, cap, held;
    parcel *first, **last; /* as they are due */
    int64_t newest_ns;     /* when the last one is */
} pipe_end;

typedef struct pair {
    pipe_end there, back;
    int number;
    int64_t frames;
} pair;

typedef struct kind_count {
    char kind[FRAME_KIND];
    int64_t passed, dropped;
} kind_count;

typedef struct proxy {
    cli *c;
    char host[256];
    int port, listener, signals;
    const char *drop, *delayed, *filter;
    int64_t delay_ms, split, cut_after;
    pair *pairs[MAX_PAIRS];
    int n_pairs, made;
    kind_count kinds[MAX_KINDS];
    int n_kinds;
} proxy;

/* ---- Bytes on their way -------------------------------------------------------------- */

/* Behind all that goes on no later: what waits longer is overtaken, what began goes first. */
static void put_parcel(pipe_end *p, parcel *k) {
    parcel **at = &p->first;
    if (p->first && p->newest_ns <= k->due_ns) at = p->last; /* most often */
    while (*at && (*at)->due_ns <= k->due_ns) at = &(*at)->next;
    k->next = *at;
    *at = k;
    if (!k->next) {
        p->last = &k->next;
        p->newest_ns = k->due_ns;
    }
}

/* kind NULL: of what is no frame */
static void send_on(proxy *x, pipe_end *p, const void *bytes, size_t len, const char *kind) {
    const char *from = bytes;
    size_t piece = x->split ? (size_t)x->split : len;
    bool waits = !x->delayed || (kind && frame_fits(x->delayed, kind));
    int64_t due = clock_ns() + (waits ? x->delay_ms * 1000000 : 0);
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        parcel *k = malloc(sizeof *k + n);
        if (!k) abort();
        *k = (parcel){NULL, due, n, 0};
        memcpy(k->bytes, from + at, n);
        put_parcel(p, k);
        p->held += n;
    }
}

static void drop_parcel(pipe_end *p) {
    parcel *k = p->first;
    p->first = k->next;
    if (!p->first) p->last = &p->first;
    p->held -= k->len;
    free(k);
}

/* Writes what is due; a piece at a time, so that pieces stay apart. */
static void write_due(pipe_end *p) {
    while (p->first && p->first->due_ns <= clock_ns()) {
        parcel *k = p->first;
        ssize_t n = send(p->to, k->bytes + k->at, k->len - k->at, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n < 0) {
            p->closed = true;
            return;
        }
        k->at += (size_t)n;
        if (k->at < k->len) return;
        drop_parcel(p);
    }
    if (p->ended && !p->first && !p->closed) {
        shutdown(p->to, SHUT_WR);
        p->closed = true;
    }
}

/* ---- Frames -------------------------------------------------------------------------- */

static void count(proxy *x, const char *kind, bool dropped) {
    int i = 0;
    while (i < x->n_kinds && strcmp(x->kinds[i].kind, kind) != 0) i++;
    if (i == MAX_KINDS) i--; /* the last one stands for all that came later */
    if (i == x->n_kinds) snprintf(x->kinds[x->n_kinds++].kind, FRAME_KIND, "%s", kind);
    if (dropped) x->kinds[i].dropped++;
    else x->kinds[i].passed++;
}

static void show(proxy *x, const pair *q, const pipe_end *p, const ukko_wire_pdu *pdu, size_t size,
                 bool dropped) {
    char now[40], text[FRAME_TEXT];
    time_text(now, sizeof now);
    frame_text(pdu, text, sizeof text);
    json_t *j = json_object();
    json_object_set_new(j, "ts", output_text(now));
    json_object_set_new(j, "connection", json_integer(q->number));
    json_object_set_new(j, "direction", output_text(p->is_reply ? "back" : "there"));
    json_object_set_new(j, "dropped", json_boolean(dropped));
    frame_members(j, pdu, size);
    output_record(x->c, j, "%.12s %d %s %s%s", now + 11, q->number, p->is_reply ? "<" : ">",
                  dropped ? "DROPPED " : "", text);
}

/* false: the connection is to be cut */
static bool on_frame(proxy *x, pair *q, pipe_end *p, ukko_slice body) {
    ukko_wire_pdu pdu;
    char kind[FRAME_KIND];
    const unsigned char *frame = body.ptr - 4;
    if (ukko_wire_decode(body, &pdu) != UKKO_OK) {
        count(x, "undecodable", false);
        send_on(x, p, frame, body.len + 4, NULL);
        return true;
    }
    frame_kind(&pdu, kind, sizeof kind);
    bool dropped = x->drop && frame_fits(x->drop, kind);
    count(x, kind, dropped);
    if (!x->c->quiet && (!x->filter || frame_fits(x->filter, kind)))
        show(x, q, p, &pdu, body.len + 4, dropped);
    if (!dropped) send_on(x, p, frame, body.len + 4, kind);
    return !x->cut_after || ++q->frames < x->cut_after;
}

/* Four bytes of a length that no frame has: not ours to look into. */
static bool is_foreign(const pipe_end *p) {
    return p->len >= 5 && (p->in[0] > 3 || (p->in[4] != 0x0a && p->in[4] != 0x12 &&
                                            (p->in[0] || p->in[1] || p->in[2] || p->in[3])));
}

static bool cut_frames(proxy *x, pair *q, pipe_end *p) {
    ukko_slice in = {p->in, p->len}, body;
    bool go = true;
    int rc = 0;
    if (p->raw || is_foreign(p)) {
        p->raw = true;
        send_on(x, p, p->in, p->len, NULL);
        p->len = 0;
        return true;
    }
    while (go && (rc = ukko_wire_cut(&in, MAX_FRAME, &body)) == 1) go = on_frame(x, q, p, body);
    if (rc < 0) {
        p->raw = true;
        send_on(x, p, in.ptr, in.len, NULL);
        in.len = 0;
    }
    if (in.len) memmove(p->in, in.ptr, in.len);
    p->len = in.len;
    return go;
}

static bool read_some(proxy *x, pair *q, pipe_end *p) {
    if (p->cap - p->len < CHUNK) {
        p->cap = p->cap ? p->cap * 2 : 2 * CHUNK;
        p->in = realloc(p->in, p->cap);
        if (!p->in) abort();
    }
    ssize_t n = recv(p->from, p->in + p->len, CHUNK, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
        send_on(x, p, p->in, p->len, NULL); /* an empty frame, or half of one */
        p->len = 0;
        p->ended = true;
        return true;
    }
    p->len += (size_t)n;
    return cut_frames(x, q, p);
}

/* ---- Connections --------------------------------------------------------------------- */

static void pipe_begin(pipe_end *p, int from, int to, bool is_reply) {
    int on = 1;
    *p = (pipe_end){.from = from, .to = to, .is_reply = is_reply};
    p->last = &p->first;
    setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void pair_free(pair *q) {
    while (q->there.first) drop_parcel(&q->there);
    while (q->back.first) drop_parcel(&q->back);
    free(q->there.in);
    free(q->back.in);
    close(q->there.from);
    close(q->there.to);
    free(q);
}

static void accept_one(proxy *x) {
    channel in, out;
    int fd = accept(x->listener, NULL, NULL);
    if (fd < 0) return;
    channel_adopt(&in, fd);
    channel_connect(&out, x->host, x->port, session_deadline(x->c->timeout_ms));
    if (out.fd < 0 || x->n_pairs == MAX_PAIRS) {
        output_note(x->c, "%s:%d cannot be reached", x->host, x->port);
        channel_close(&in);
        channel_close(&out);
        return;
    }
    pair *q = calloc(1, sizeof *q);
    if (!q) abort();
    pipe_begin(&q->there, in.fd, out.fd, false);
    pipe_begin(&q->back, out.fd, in.fd, true);
    q->number = ++x->made;
    x->pairs[x->n_pairs++] = q;
}

static short wants(const pipe_end *p) { return p->ended || p->held > MAX_HELD ? 0 : POLLIN; }

static int next_ms(const proxy *x) {
    int64_t first = INT64_MAX;
    for (int i = 0; i < x->n_pairs; i++) {
        const parcel *a = x->pairs[i]->there.first, *b = x->pairs[i]->back.first;
        if (a && a->due_ns < first) first = a->due_ns;
        if (b && b->due_ns < first) first = b->due_ns;
    }
    int64_t ms = first == INT64_MAX ? -1 : (first - clock_ns()) / 1000000 + 1;
    return first == INT64_MAX ? -1 : ms < 1 ? 1 : ms > 60000 ? 60000 : (int)ms;
}

static bool serve(proxy *x, pair *q, const struct pollfd *in, const struct pollfd *out) {
    const short any = POLLIN | POLLHUP | POLLERR;
    bool go = true;
    if ((in->revents & any) && !q->there.ended) go = read_some(x, q, &q->there);
    if (go && (out->revents & any) && !q->back.ended) go = read_some(x, q, &q->back);
    write_due(&q->there);
    write_due(&q->back);
    return go && !(q->there.closed && q->back.closed) && !((in->revents | out->revents) & POLLERR);
}

static bool run_round(proxy *x) {
    struct pollfd fds[2 + 2 * MAX_PAIRS];
    int n = x->n_pairs;
    fds[0] = (struct pollfd){x->listener, POLLIN, 0};
    fds[1] = (struct pollfd){x->signals, POLLIN, 0};
    for (int i = 0; i < n; i++) {
        fds[2 + 2 * i] = (struct pollfd){x->pairs[i]->there.from, wants(&x->pairs[i]->there), 0};
        fds[3 + 2 * i] = (struct pollfd){x->pairs[i]->back.from, wants(&x->pairs[i]->back), 0};
    }
    if (poll(fds, (nfds_t)(2 + 2 * n), next_ms(x)) < 0 && errno != EINTR) return false;
    if (fds[1].revents || interrupt_came()) return false;
    for (int i = n - 1; i >= 0; i--) {
        if (serve(x, x->pairs[i], &fds[2 + 2 * i], &fds[3 + 2 * i])) continue;
        pair_free(x->pairs[i]);
        x->pairs[i] = x->pairs[--x->n_pairs];
    }
    if (fds[0].revents) accept_one(x);
    return true;
}

/* ---- The command --------------------------------------------------------------------- */

static int take_place(cli *c, const char *text, char *host, size_t len, int *port) {
    const char *colon = strrchr(text, ':');
    char *end;
    long n = strtol(colon ? colon + 1 : text, &end, 10);
    if (*end || end == text || n < 0 || n > 65535)
        return cli_usage(c, "'%s' is neither PORT nor HOST:PORT", text);
    snprintf(host, len, "%.*s", colon ? (int)(colon - text) : 9, colon ? text : "127.0.0.1");
    *port = (int)n;
    return CLI_OK;
}

static int listen_there(proxy *x, const char *host, int port) {
    uint16_t bound = 0;
    problem p = {CLI_IO, "LISTEN", "listen", NULL, NULL};
    sigset_t set;
    x->listener = channel_listen(host, port, &bound);
    if (x->listener < 0)
        return cli_fail(x->c, &p, "cannot listen at %s:%d: %s", host, port, strerror(errno));
    interrupt_set(&set);
    x->signals = signalfd(-1, &set, SFD_CLOEXEC);
    output_note(x->c, "proxy at %s:%d for %s:%d", host, bound, x->host, x->port);
    return CLI_OK;
}

static void sum_up(const proxy *x) {
    for (int i = 0; i < x->n_kinds; i++)
        output_note(x->c, "%8lld passed %8lld dropped  %s", (long long)x->kinds[i].passed,
                    (long long)x->kinds[i].dropped, x->kinds[i].kind);
}

static int prepare(proxy *x, char *host, size_t len, int *port) {
    cli *c = x->c;
    target t;
    int status = take_place(c, c->args[0], host, len, port);
    if (status == CLI_OK) status = target_parse(c, c->args[1], &t);
    if (status == CLI_OK) status = args_duration(c, "delay", &x->delay_ms);
    if (status == CLI_OK && args_count(c, "delayed") && !x->delay_ms)
        status = cli_usage(c, "--delayed goes with --delay");
    if (status == CLI_OK) status = args_size(c, "split", &x->split);
    if (status == CLI_OK) status = args_number(c, "cut-after", 1, INT64_MAX, &x->cut_after);
    if (status != CLI_OK) return status;
    snprintf(x->host, sizeof x->host, "%s", t.host);
    x->port = t.port;
    return CLI_OK;
}

int run_proxy(cli *c) {
    char host[256];
    int port = 0;
    proxy *x = calloc(1, sizeof *x);
    x->c = c;
    x->drop = args_value(c, "drop");
    x->delayed = args_value(c, "delayed");
    x->filter = args_value(c, "filter");
    int status = prepare(x, host, sizeof host, &port);
    if (status == CLI_OK) status = listen_there(x, host, port);
    if (status == CLI_OK) {
        while (run_round(x))
            ;
        sum_up(x);
        for (int i = 0; i < x->n_pairs; i++) pair_free(x->pairs[i]);
        close(x->listener);
        close(x->signals);
        status = CLI_INTERRUPTED;
    }
    free(x);
    return status;
}
