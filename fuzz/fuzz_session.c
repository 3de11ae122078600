/* SPDX-License-Identifier: Apache-2.0 */
/* A whole node through sessions: up to four peers connect at once, shake hands rightly or wrongly, and
   send control PDUs, envelopes of known and made-up parts, acknowledgements, raw frames and raw bytes,
   to a trusting node or an untrusted one. What the node says must be whole frames that can be decoded;
   afterwards it has no connection left, and a well-behaved peer is answered. Input: a byte for the kind
   of node, then operations of a byte each with their arguments. One thread: the node's I/O is stepped;
   the connections are pairs of sockets. */
#include "remote/internal.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS = 4, INPUTS = 200, STEPS = 4000 };

static void check(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "fuzz_session: %s\n", what);
    abort();
}

/* ---- names are not looked up: no input may reach out of the process, or wait ---- */

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out) {
    static const char local[] = "127.0.0.1";
    if (!name || strcmp(name, local)) return EAI_NONAME;
    struct in_memory {
        struct addrinfo info;
        struct sockaddr_in at;
    } *m = calloc(1, sizeof *m);
    m->at = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)(service ? atoi(service) : 0)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    m->info = (struct addrinfo){.ai_family = AF_INET, .ai_addrlen = sizeof m->at,
                                .ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM,
                                .ai_addr = (struct sockaddr *)&m->at};
    *out = &m->info;
    return 0;
}
__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *a) { free(a); }

/* ---- the node ---- */

typedef struct node {
    ukko_system *sys;
    unsigned inputs;
} node;
static node nodes[2]; /* trusting, untrusted */
static unsigned serial; /* makes each peer of each input another system */

static int echo(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor echo_kind = {
    .size = sizeof(ukko_actor), .name = "fuzz.Echo", .receive = {NULL, echo}};
static const ukko_actor *const kinds[] = {&echo_kind, NULL};

static ukko_system *node_new(bool untrusted) {
    static const char text[] =
        "pekko { loglevel = OFF, log-dead-letters = off, actor.provider = remote\n"
        " remote { artery.enabled = off, warn-about-direct-use = off\n"
        "  use-unsafe-remote-features-outside-cluster = on\n"
        "  classic { untrusted-mode = %s, trusted-selection-paths = [\"/user/echo\"]\n"
        "   flush-wait-on-shutdown = 1 ms, retry-gate-closed-for = 1 ms\n"
        "   netty.tcp { hostname = \"127.0.0.1\", port = 0 } } } }\n"
        "ukko.remote { max-idle-links = 20, flight-recorder.directory = off }\n";
    char all[1000];
    ukko_error err = {0};
    ukko_config *cfg = NULL;
    ukko_system *sys = NULL;
    snprintf(all, sizeof all, text, untrusted ? "on" : "off");
    check(!ukko_config_parse(&cfg, ukko_str(all), "fuzz", &err), "configuration");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("node", NULL);
    o.config = cfg;
    o.threads = UKKO_THREADS_LOOP;
    o.actors = kinds;
    int rc = ukko_system_new(&sys, &o, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    check(!rc, err.message);
    ukko_config_release(cfg);
    return sys;
}

static bool is_over(ukko_system *sys) { return ukko_system_wait(sys, 0) == UKKO_OK; }

static void respawn(ukko_system *sys) {
    static const char *const names[] = {"echo", "victim"};
    for (size_t i = 0; i < 2; i++) (void)!ukko_system_spawn(sys, ukko_props_new(&echo_kind), names[i], NULL);
}

static node *node_for(bool untrusted) {
    node *n = &nodes[untrusted];
    if (n->sys && (n->inputs++ >= INPUTS || is_over(n->sys))) {
        ukko_system_free(n->sys);
        *n = (node){NULL, 0};
    }
    if (!n->sys) n->sys = node_new(untrusted);
    respawn(n->sys);
    return n;
}

/* ---- peers ---- */

typedef struct peer {
    int fd;
    uk_buf in;
    char address[80];
    uint32_t port;
    size_t answers; /* payloads with a message that came */
} peer;

typedef struct hand_over {
    uk_task task;
    uk_remote *remote;
    int fd;
} hand_over;

static void accept_it(uk_task *t) {
    hand_over *h = UK_OWNER(hand_over, t, task);
    if (h->remote->stopping) close(h->fd);
    else uk_conn_accept(&h->remote->transports[0], h->fd, "/127.0.0.1:1");
    free(h);
}

static void dial(peer *p, ukko_system *sys, unsigned k) {
    int fds[2];
    check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), "socketpair");
    hand_over *h = calloc(1, sizeof *h);
    *h = (hand_over){{NULL, accept_it}, uk_remote_of(sys), fds[1]};
    uk_loop_post(h->remote->loop, &h->task);
    p->fd = fds[0];
    p->port = 1 + k;
    snprintf(p->address, sizeof p->address, "pekko.tcp://P%u@127.0.0.1:%u", serial, p->port);
}

static void hang_up(peer *p) {
    if (p->fd >= 0) close(p->fd);
    p->fd = -1;
    uk_buf_fini(&p->in);
}

/* What the node has said so far has to be frames that can be read. */
static void listen_to(peer *p) {
    uint8_t bytes[16384];
    ssize_t n;
    if (p->fd < 0) return;
    while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0) uk_buf_put(&p->in, bytes, (size_t)n);
    ukko_slice in = uk_buf_slice(&p->in), body;
    while (uk_frame_cut(&in, 128000, &body) == 1) {
        uk_pdu pdu;
        uk_wire e;
        if (!body.len) continue;
        check(!uk_pdu_decode(body, &pdu), "the node says what is no PDU");
        if (pdu.kind != UK_PDU_PAYLOAD) continue;
        check(!uk_envelope_decode(pdu.payload, &e), "the node says what is no envelope");
        p->answers += e.has_message;
    }
    if (in.len) memmove(p->in.ptr, in.ptr, in.len);
    p->in.len = in.len;
}

static void say(peer *p, const uint8_t *bytes, size_t n) {
    if (p->fd >= 0 && n) (void)!send(p->fd, bytes, n, MSG_NOSIGNAL);
}
static void say_buf(peer *p, uk_buf *b) {
    say(p, b->ptr, b->len);
    uk_buf_fini(b);
}
static void shake(peer *p, int32_t uid) {
    char name[20];
    uk_buf b = {0};
    snprintf(name, sizeof name, "P%u", serial);
    uk_origin o = {ukko_str(name), ukko_str("127.0.0.1"), ukko_str("tcp"), p->port};
    uk_pdu_put_associate(&b, &o, uid);
    say_buf(p, &b);
}

/* ---- the input ---- */

typedef struct input {
    const uint8_t *at, *end;
} input;
static uint8_t byte(input *i) { return i->at < i->end ? *i->at++ : 0; }
/* Up to 255 bytes, or 65535. */
static ukko_slice some(input *i, bool many) {
    size_t n = byte(i);
    if (many) n = n << 8 | byte(i);
    if (n > (size_t)(i->end - i->at)) n = (size_t)(i->end - i->at);
    ukko_slice s = {i->at, n};
    i->at += n;
    return s;
}
static int64_t number(input *i) { /* small ones mostly */
    uint8_t b = byte(i);
    if (b < 240) return (int64_t)b - 2;
    int64_t n = 0;
    for (int k = 0; k < 8; k++) n = (int64_t)((uint64_t)n << 8 | byte(i));
    return n;
}

/* A path of the node, of the peer, or whatever. */
static ukko_slice path(input *i, const char *own, const char *theirs, char *buf, size_t len) {
    static const char *const ends[] = {
        "/user/echo", "/user/victim", "/", "", "/user", "/remote", "/system/remote-watcher", "/temp/$a",
        "/user/none#1", "/user/victim/child", "/remote/pekko.tcp/P1@127.0.0.1:1/user/x#7", "/deadLetters",
        "/system", "/user/x#1"};
    uint8_t b = byte(i);
    if (b == 255) return some(i, false);
    snprintf(buf, len, "%s%s", b & 128 ? theirs : own, ends[b % (sizeof ends / sizeof *ends)]);
    return ukko_str(buf);
}

static void envelope(peer *p, input *i, const char *own) {
    static const struct { int32_t serializer; const char *manifest; } known[] = {
        {20, ""}, {16, "A"}, {16, "B"}, {16, "PP"}, {16, "K"}, {16, "RWHB"}, {16, "RWHR"}, {22, ""},
        {22, ""}, {22, ""}, {6, ""}, {6, ""}, {3, ""}, {16, "O"}, {16, "C"}, {16, "T"}, {16, "SS"},
        {16, "CF"}, {31, "x.X"}, {33, "x.X"}, {2, "x.X"}, {4, ""}, {18, "L"}, {1, ""}, {0, ""}};
    char to[300], from[300];
    uint8_t kind = byte(i), how = byte(i);
    int64_t nacks[3] = {0};
    uk_ack ack = {.nacks = nacks};
    uk_outgoing m = {.recipient = path(i, own, p->address, to, sizeof to)};
    if (how & 1) m.sender = path(i, own, p->address, from, sizeof from);
    if (how & 2) m.has_seq = true, m.seq = number(i);
    if (how & 4) {
        ack.cumulative = number(i);
        for (ack.count = 0; ack.count < (how >> 6); ack.count++) nacks[ack.count] = number(i);
        m.ack = &ack;
    }
    if (kind < 200) {
        m.serializer = known[kind % (sizeof known / sizeof *known)].serializer;
        m.manifest = ukko_str(known[kind % (sizeof known / sizeof *known)].manifest);
    } else {
        m.serializer = (int32_t)number(i);
        m.manifest = some(i, false);
    }
    m.message = some(i, how & 8);
    uk_buf b = {0};
    for (int n = how & 16 ? 20 : 1; n > 0; n--)
        if (uk_envelope_put(&b, &m, 128000)) break;
    say_buf(p, &b);
}

static void handshake(peer *p, input *i) {
    uk_buf b = {0};
    uint8_t how = byte(i);
    if (!(how & 7)) {
        shake(p, how >> 3);
        return;
    }
    uk_origin o = {some(i, false), some(i, false), how & 1 ? ukko_str("tcp") : some(i, false),
                   (uint32_t)number(i)};
    uk_pdu_put_associate(&b, &o, (int32_t)number(i));
    say_buf(p, &b);
}

static void operation(ukko_system *sys, peer *peers, input *i) {
    uint8_t op = byte(i);
    unsigned k = op >> 6;
    peer *p = &peers[k];
    uk_buf b = {0};
    ukko_slice s;
    switch (op & 15) {
    case 0: /* the usual beginning */
        hang_up(p);
        dial(p, sys, k);
        shake(p, op >> 4 & 3);
        break;
    case 1: hang_up(p), dial(p, sys, k); break;
    case 2: handshake(p, i); break;
    case 3: uk_pdu_put_control(&b, UK_PDU_HEARTBEAT), say_buf(p, &b); break;
    case 4: uk_pdu_put_control(&b, (uk_pdu_kind[]){UK_PDU_DISASSOCIATE, UK_PDU_DISASSOCIATE_SHUTDOWN,
                UK_PDU_DISASSOCIATE_QUARANTINED, UK_PDU_DISASSOCIATE}[op >> 4 & 3]), say_buf(p, &b); break;
    case 5:
        s = some(i, false);
        uk_buf_put(&b, (const uint8_t[]){0, 0, 0, (uint8_t)s.len}, 4);
        uk_buf_put(&b, s.ptr, s.len);
        say_buf(p, &b);
        break;
    case 6: s = some(i, false), say(p, s.ptr, s.len); break;
    case 7: hang_up(p); break;
    case 8: listen_to(p); break;
    case 9: for (int n = 0; n < 8; n++) ukko_system_step(sys, 50); break;
    default: envelope(p, i, ukko_remote_address(sys));
    }
    if (op & 16) ukko_system_step(sys, 50);
}

/* ---- afterwards ---- */

/* All are gone: so must the node's connections be. It may still dial back, for a while. */
static void nobody_is_left(ukko_system *sys) {
    uk_remote *r = uk_remote_of(sys);
    for (int n = 0; r->conns && !is_over(sys); n++) {
        bool inbound = false;
        for (uk_conn *c = r->conns; c; c = c->next) inbound |= !c->active;
        if (!inbound) return;
        check(n < STEPS, "a connection is left");
        ukko_system_step(sys, 50);
    }
}

static void others_are_served(ukko_system *sys) {
    peer p = {.fd = -1};
    char to[200], from[100];
    uint8_t who[] = {0x0a, 0x04, 0x0a, 0x00, 0x10, 0x14}; /* Identify("") */
    serial++;
    dial(&p, sys, 0);
    shake(&p, 1);
    snprintf(to, sizeof to, "%s/user/echo", ukko_remote_address(sys));
    snprintf(from, sizeof from, "%s/user/x#1", p.address);
    uk_outgoing m = {.recipient = ukko_str(to), .sender = ukko_str(from), .serializer = 16,
                     .manifest = ukko_str("A"), .message = {who, sizeof who}};
    uk_buf b = {0};
    check(!uk_envelope_put(&b, &m, 128000), "envelope");
    say_buf(&p, &b);
    for (int n = 0; !p.answers && !is_over(sys); n++) {
        check(n < STEPS, "a well-behaved peer is not answered");
        ukko_system_step(sys, 50);
        listen_to(&p);
    }
    hang_up(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size || size > 8192) return 0;
    input i = {data + 1, data + size};
    node *n = node_for(data[0] & 1);
    peer peers[PEERS];
    for (size_t k = 0; k < PEERS; k++) peers[k] = (peer){.fd = -1};
    serial++;
    for (int ops = 0; i.at < i.end && ops < 200 && !is_over(n->sys); ops++)
        operation(n->sys, peers, &i);
    for (int k = 0; k < 4 && !is_over(n->sys); k++) ukko_system_step(n->sys, 50);
    for (size_t k = 0; k < PEERS; k++) {
        listen_to(&peers[k]);
        hang_up(&peers[k]);
    }
    nobody_is_left(n->sys);
    others_are_served(n->sys);
    return 0;
}
