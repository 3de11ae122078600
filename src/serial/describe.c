/* SPDX-License-Identifier: Apache-2.0 */
/* What a serialized message says, for people and without a system: ukko_wire_name() and _print() of
   <ukko/wire.h>. A table of the messages of Pekko drives it. Bounded in depth; any thread. */
#include "base/pb.h"
#include "serial/codec.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <ukko/wire.h>

enum { MAX_DEPTH = 10, MAX_HEX = 32, MAX_LABELS = 10 };

/* ---- the output: counts on past its end ---- */

typedef struct sink {
    char *buf;
    size_t cap, len;
} sink;

static void put(sink *s, const char *text, size_t n) {
    if (s->len < s->cap) {
        size_t room = s->cap - s->len;
        memcpy(s->buf + s->len, text, n < room ? n : room);
    }
    s->len += n;
}
static void say(sink *s, const char *text) { put(s, text, strlen(text)); }
__attribute__((format(printf, 2, 3))) static void sayf(sink *s, const char *format, ...) {
    char tmp[96];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(tmp, sizeof tmp, format, args);
    va_end(args);
    if (n > 0) put(s, tmp, (size_t)n < sizeof tmp ? (size_t)n : sizeof tmp - 1);
}
static size_t end(sink *s) {
    if (s->cap) s->buf[s->len < s->cap ? s->len : s->cap - 1] = 0;
    return s->len;
}

/* Text with what would upset a terminal or a line shown as an escape. */
static void put_text(sink *s, ukko_slice t) {
    bool good = uk_utf8_valid(t);
    for (size_t i = 0; i < t.len; i++) {
        uint8_t c = t.ptr[i];
        if (c == '\n')
            say(s, "\\n");
        else if (c == '\t')
            say(s, "\\t");
        else if (c < 32 || c == 127 || (c >= 128 && !good))
            sayf(s, "\\x%02x", c);
        else
            put(s, (const char *)&t.ptr[i], 1);
    }
}
static void put_quoted(sink *s, ukko_slice t) {
    say(s, "\"");
    put_text(s, t);
    say(s, "\"");
}
static void put_hex(sink *s, ukko_slice b) {
    for (size_t i = 0; i < b.len && i < MAX_HEX; i++) sayf(s, "%02x", b.ptr[i]);
    if (b.len > MAX_HEX) sayf(s, "... (%zu bytes)", b.len);
}

/* ---- the messages ---- */

typedef struct shape shape;
typedef enum kind {
    K_TEXT,
    K_BYTES,
    K_INT,
    K_UID,
    K_BOOL,
    K_DOUBLE,
    K_LABEL,
    K_SHAPE,
    K_PAYLOAD,
    K_PATH
} kind;
typedef struct part {
    uint32_t number;
    const char *name;
    kind kind;
    const shape *shape;        /* K_SHAPE */
    const char *const *labels; /* K_LABEL */
} part;
struct shape {
    const part *parts;
    size_t n;
};

#define SHAPE(name, ...)                                                                           \
    static const part name##_parts[] = {__VA_ARGS__};                                              \
    static const shape name = {name##_parts, sizeof name##_parts / sizeof *name##_parts}

static const char *const units[MAX_LABELS + 1] = {"?", "ns",  "us",    "ms",
                                                  "s", "min", "hours", "days"};

SHAPE(s_ref, {1, "", K_PATH, NULL, NULL});
SHAPE(s_identify, {1, "messageId", K_PAYLOAD, NULL, NULL});
SHAPE(s_identity, {1, "correlationId", K_PAYLOAD, NULL, NULL}, {2, "ref", K_SHAPE, &s_ref, NULL});
SHAPE(s_option, {1, "", K_PAYLOAD, NULL, NULL});
SHAPE(s_heartbeat, {1, "uid", K_UID, NULL, NULL});
SHAPE(s_frame, {1, "", K_TEXT, NULL, NULL}, {2, "", K_TEXT, NULL, NULL},
      {4, "", K_INT, NULL, NULL});
SHAPE(s_throwable, {1, "class", K_TEXT, NULL, NULL}, {2, "message", K_TEXT, NULL, NULL},
      {3, "cause", K_PAYLOAD, NULL, NULL}, {4, "at", K_SHAPE, &s_frame, NULL});
SHAPE(s_tns, {2, "message", K_TEXT, NULL, NULL}, {3, "class", K_TEXT, NULL, NULL});
SHAPE(s_init, {1, "actor", K_SHAPE, &s_ref, NULL}, {2, "message", K_TEXT, NULL, NULL},
      {3, "cause", K_PAYLOAD, NULL, NULL});
SHAPE(s_error, {1, "message", K_TEXT, NULL, NULL});
SHAPE(s_address, {1, "system", K_TEXT, NULL, NULL}, {2, "host", K_TEXT, NULL, NULL},
      {3, "port", K_INT, NULL, NULL}, {4, "protocol", K_TEXT, NULL, NULL});
SHAPE(s_artery, {1, "protocol", K_TEXT, NULL, NULL}, {2, "system", K_TEXT, NULL, NULL},
      {3, "host", K_TEXT, NULL, NULL}, {4, "port", K_INT, NULL, NULL});
SHAPE(s_unique, {1, "address", K_SHAPE, &s_artery, NULL}, {2, "uid", K_UID, NULL, NULL});
SHAPE(s_scope, {1, "node", K_SHAPE, &s_address, NULL});
SHAPE(s_duration, {1, "", K_INT, NULL, NULL}, {2, "", K_LABEL, NULL, units});
SHAPE(s_resizer, {1, "lowerBound", K_INT, NULL, NULL}, {2, "upperBound", K_INT, NULL, NULL},
      {3, "pressureThreshold", K_INT, NULL, NULL}, {4, "rampupRate", K_DOUBLE, NULL, NULL},
      {5, "backoffThreshold", K_DOUBLE, NULL, NULL}, {6, "backoffRate", K_DOUBLE, NULL, NULL},
      {7, "messagesPerResize", K_INT, NULL, NULL});
SHAPE(s_from_config, {1, "resizer", K_PAYLOAD, NULL, NULL}, {2, "dispatcher", K_TEXT, NULL, NULL});
SHAPE(s_pool, {1, "instances", K_INT, NULL, NULL}, {2, "dispatcher", K_TEXT, NULL, NULL},
      {3, "usePoolDispatcher", K_BOOL, NULL, NULL}, {4, "resizer", K_PAYLOAD, NULL, NULL});
SHAPE(s_timed_pool, {1, "pool", K_SHAPE, &s_pool, NULL}, {2, "within", K_SHAPE, &s_duration, NULL},
      {3, "interval", K_SHAPE, &s_duration, NULL});
SHAPE(s_remote_router, {1, "local", K_PAYLOAD, NULL, NULL}, {2, "node", K_SHAPE, &s_address, NULL});
SHAPE(s_watch, {1, "watchee", K_SHAPE, &s_ref, NULL}, {2, "watcher", K_SHAPE, &s_ref, NULL});
SHAPE(s_supervise, {1, "child", K_SHAPE, &s_ref, NULL}, {2, "async", K_BOOL, NULL, NULL});
SHAPE(s_failed, {1, "child", K_SHAPE, &s_ref, NULL}, {2, "uid", K_UID, NULL, NULL});
SHAPE(s_notice, {1, "actor", K_SHAPE, &s_ref, NULL}, {2, "existenceConfirmed", K_BOOL, NULL, NULL},
      {3, "addressTerminated", K_BOOL, NULL, NULL});
SHAPE(s_system, {2, "", K_SHAPE, &s_watch, NULL}, {3, "cause", K_PAYLOAD, NULL, NULL},
      {5, "", K_SHAPE, &s_supervise, NULL}, {6, "", K_SHAPE, &s_failed, NULL},
      {7, "", K_SHAPE, &s_notice, NULL});
SHAPE(s_deploy, {1, "path", K_TEXT, NULL, NULL}, {5, "dispatcher", K_TEXT, NULL, NULL},
      {2, "config", K_TEXT, NULL, NULL});
SHAPE(s_props, {3, "class", K_TEXT, NULL, NULL}, {5, "arg", K_TEXT, NULL, NULL},
      {2, "deploy", K_SHAPE, &s_deploy, NULL});
SHAPE(s_create, {3, "path", K_TEXT, NULL, NULL}, {4, "supervisor", K_SHAPE, &s_ref, NULL},
      {1, "props", K_SHAPE, &s_props, NULL});

typedef struct misc {
    const char *manifest, *name;
    const shape *shape; /* NULL: no body */
    bool payload;       /* the body is a Payload itself */
} misc;

static const misc miscs[] = {{"A", "Identify", &s_identify, false},
                             {"B", "ActorIdentity", &s_identity, false},
                             {"C", "Option", &s_option, false},
                             {"D", "Status.Success", NULL, true},
                             {"E", "Status.Failure", NULL, true},
                             {"F", "Throwable", &s_throwable, false},
                             {"G", "ActorRef", &s_ref, false},
                             {"H", "Optional", &s_option, false},
                             {"P", "PoisonPill", NULL, false},
                             {"K", "Kill", NULL, false},
                             {"RWHB", "Heartbeat", NULL, false},
                             {"RWHR", "HeartbeatRsp", &s_heartbeat, false},
                             {"DONE", "Done", NULL, false},
                             {"NU", "NotUsed", NULL, false},
                             {"AD", "Address", &s_address, false},
                             {"UD", "UniqueAddress", &s_unique, false},
                             {"AIEX", "ActorInitializationException", &s_init, false},
                             {"TNSEX", "ThrowableNotSerializableException", &s_tns, false},
                             {"LS", "LocalScope", NULL, false},
                             {"RS", "RemoteScope", &s_scope, false},
                             {"FC", "FromConfig", &s_from_config, false},
                             {"DR", "DefaultResizer", &s_resizer, false},
                             {"ROBAP", "BalancingPool", &s_pool, false},
                             {"ROBP", "BroadcastPool", &s_pool, false},
                             {"RORP", "RandomPool", &s_pool, false},
                             {"RORRP", "RoundRobinPool", &s_pool, false},
                             {"ROSGP", "ScatterGatherFirstCompletedPool", &s_timed_pool, false},
                             {"ROTCP", "TailChoppingPool", &s_timed_pool, false},
                             {"RORRC", "RemoteRouterConfig", &s_remote_router, false},
                             {"S", "StatusReply.Success", NULL, true},
                             {"SM", "StatusReply.Error", &s_error, false},
                             {"SE", "StatusReply.Error", NULL, true},
                             {"SA", "StatusReply.Ack", NULL, false}};

static const char *const sys_names[MAX_LABELS + 1] = {
    "Create",    "Recreate", "Suspend", "Resume", "Terminate",
    "Supervise", "Watch",    "Unwatch", "Failed", "DeathWatchNotification"};

static const misc *misc_of(ukko_slice manifest) {
    for (size_t i = 0; i < sizeof miscs / sizeof *miscs; i++)
        if (uk_slice_is(manifest, miscs[i].manifest)) return &miscs[i];
    return NULL;
}

/* ---- walking ---- */

/* The last field of this number and wire type. */
static bool find(ukko_slice in, uint32_t number, uint32_t wire, uk_pb_field *out) {
    uk_pb r = uk_pb_of(in);
    uk_pb_field f;
    bool found = false;
    while (uk_pb_next(&r, &f) > 0) {
        if (f.number != number || f.wire != wire) continue;
        *out = f;
        found = true;
    }
    return found;
}

typedef struct payload {
    int32_t serializer;
    ukko_slice manifest, bytes;
} payload;

/* A Payload, or the front of a SelectionEnvelope. */
static payload payload_of(ukko_slice in) {
    uk_pb_field f;
    payload p = {0, {NULL, 0}, {NULL, 0}};
    if (find(in, 1, UK_PB_BYTES, &f)) p.bytes = f.bytes;
    if (find(in, 2, UK_PB_VARINT, &f)) p.serializer = (int32_t)f.value;
    if (find(in, 4, UK_PB_BYTES, &f)) p.manifest = f.bytes;
    return p;
}

static void put_message(sink *s, const payload *p, unsigned depth);
static void put_shape(sink *s, const shape *sh, ukko_slice in, unsigned depth);

static void put_part(sink *s, const part *p, const uk_pb_field *f, unsigned depth) {
    switch (p->kind) {
    case K_TEXT: put_quoted(s, f->bytes); break;
    case K_PATH: put_text(s, f->bytes); break;
    case K_BYTES: put_hex(s, f->bytes); break;
    case K_INT: sayf(s, "%" PRId64, (int64_t)f->value); break;
    case K_UID: sayf(s, "%" PRId32, (int32_t)f->value); break;
    case K_BOOL: say(s, f->value ? "true" : "false"); break;
    case K_LABEL:
        say(s, f->value < MAX_LABELS && p->labels[f->value] ? p->labels[f->value] : "?");
        break;
    case K_SHAPE: put_shape(s, p->shape, f->bytes, depth + 1); break;
    case K_DOUBLE: {
        double d;
        memcpy(&d, &f->value, sizeof d);
        sayf(s, "%g", d);
        break;
    }
    case K_PAYLOAD: {
        payload inner = payload_of(f->bytes);
        put_message(s, &inner, depth + 1);
        break;
    }
    }
}
static uint32_t wire_of(kind k) {
    return k == K_INT || k == K_UID || k == K_BOOL || k == K_LABEL ? UK_PB_VARINT
           : k == K_DOUBLE                                         ? UK_PB_FIXED64
                                                                   : UK_PB_BYTES;
}

/* name=value, ...: in the order of the table; repeated ones each. */
static void put_shape(sink *s, const shape *sh, ukko_slice in, unsigned depth) {
    bool first = true;
    if (depth > MAX_DEPTH) {
        say(s, "...");
        return;
    }
    for (size_t i = 0; i < sh->n; i++) {
        const part *p = &sh->parts[i];
        uk_pb r = uk_pb_of(in);
        uk_pb_field f;
        while (uk_pb_next(&r, &f) > 0) {
            if (f.number != p->number || f.wire != wire_of(p->kind)) continue;
            if (!first) say(s, ", ");
            first = false;
            if (*p->name) sayf(s, "%s=", p->name);
            put_part(s, p, &f, depth);
        }
    }
}

static void put_steps(sink *s, ukko_slice in) {
    uk_pb r = uk_pb_of(in);
    uk_pb_field f, g;
    while (uk_pb_next(&r, &f) > 0) {
        if (f.number != 3 || f.wire != UK_PB_BYTES) continue;
        bool parent = find(f.bytes, 1, UK_PB_VARINT, &g) && g.value == 0;
        say(s, parent ? "/.." : "/");
        if (!parent && find(f.bytes, 2, UK_PB_BYTES, &g)) put_text(s, g.bytes);
    }
}

static void put_selection(sink *s, ukko_slice in, unsigned depth) {
    payload inner = payload_of(in);
    put_steps(s, in);
    say(s, ", ");
    put_message(s, &inner, depth + 1);
}

static void put_misc(sink *s, const payload *p, unsigned depth) {
    const misc *m = misc_of(p->manifest);
    if (!m) {
        put_hex(s, p->bytes);
    } else if (m->payload) {
        payload inner = payload_of(p->bytes);
        put_message(s, &inner, depth + 1);
    } else if (m->shape) {
        put_shape(s, m->shape, p->bytes, depth + 1);
    }
}

static void put_number(sink *s, ukko_slice b, size_t width) {
    int64_t v = 0;
    if (b.len != width) {
        put_hex(s, b);
        return;
    }
    memcpy(&v, b.ptr, width); /* little-endian hosts only, checked in base/pb.c */
    sayf(s, "%" PRId64, width == 4 ? (int64_t)(int32_t)v : v);
}

static bool is_text(ukko_slice b) {
    return b.len && (b.ptr[0] == '{' || b.ptr[0] == '[' || b.ptr[0] == '"') && uk_utf8_valid(b);
}

static void put_body(sink *s, const payload *p, unsigned depth) {
    switch (p->serializer) {
    case UKKO_SER_STRING: put_quoted(s, p->bytes); break;
    case UKKO_SER_LONG: put_number(s, p->bytes, 8); break;
    case UKKO_SER_INT: put_number(s, p->bytes, 4); break;
    case UKKO_SER_BOOL: say(s, p->bytes.len == 1 && p->bytes.ptr[0] ? "true" : "false"); break;
    case UKKO_SER_CONTAINER: put_selection(s, p->bytes, depth); break;
    case UKKO_SER_SYSTEM: put_shape(s, &s_system, p->bytes, depth); break;
    case UKKO_SER_DAEMON_CREATE: put_shape(s, &s_create, p->bytes, depth); break;
    case UKKO_SER_MISC: put_misc(s, p, depth); break;
    case UKKO_SER_JACKSON_JSON:
        if (is_text(p->bytes))
            put_text(s, p->bytes);
        else
            put_hex(s, p->bytes);
        break;
    default: put_hex(s, p->bytes);
    }
}

/* ---- names ---- */

static void put_word(sink *s, ukko_slice t) {
    for (size_t i = 0; i < t.len && i < 200; i++) {
        char c = (char)t.ptr[i];
        put(s, c > 32 && c < 127 ? &c : "?", 1);
    }
}

static void put_name(sink *s, const payload *p) {
    static const struct {
        int32_t id;
        const char *name;
    } plain[] = {{UKKO_SER_STRING, "String"},
                 {UKKO_SER_LONG, "Long"},
                 {UKKO_SER_INT, "Integer"},
                 {UKKO_SER_BOOL, "Boolean"},
                 {UKKO_SER_BYTES, "byte[]"},
                 {UKKO_SER_BYTESTRING, "ByteString"},
                 {UKKO_SER_DAEMON_CREATE, "DaemonMsgCreate"},
                 {UKKO_SER_CONTAINER, "ActorSelectionMessage"}};
    static const struct {
        int32_t id;
        const char *prefix;
    } classes[] = {{UKKO_SER_JACKSON_JSON, "jackson-json:"},
                   {UKKO_SER_JACKSON_CBOR, "jackson-cbor:"},
                   {UKKO_SER_PROTOBUF, "protobuf:"}};
    uk_pb_field f;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].id == p->serializer) say(s, plain[i].name);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (classes[i].id != p->serializer) continue;
        say(s, classes[i].prefix);
        put_word(s, p->manifest);
    }
    const misc *m = p->serializer == UKKO_SER_MISC ? misc_of(p->manifest) : NULL;
    if (m)
        say(s, m->name);
    else if (p->serializer == UKKO_SER_MISC && uk_slice_is(p->manifest, "CF"))
        say(s, "Config");
    else if (p->serializer == UKKO_SER_SYSTEM && find(p->bytes, 1, UK_PB_VARINT, &f) &&
             f.value < MAX_LABELS)
        say(s, sys_names[f.value]);
    else if (p->serializer == UKKO_SER_NULL)
        say(s, "null");
    else if (p->serializer == UKKO_SER_JAVA) {
        say(s, "java:");
        put_word(s, uk_java_class(p->bytes));
    }
}

/* What nobody knows. */
static void put_stranger(sink *s, const payload *p) {
    sayf(s, "serializer-%" PRId32, p->serializer);
    if (p->manifest.len) say(s, ":");
    put_word(s, p->manifest);
}

static void name_it(sink *s, const payload *p) {
    size_t before = s->len;
    put_name(s, p);
    if (s->len == before) put_stranger(s, p);
}

static void put_message(sink *s, const payload *p, unsigned depth) {
    if (depth > MAX_DEPTH) {
        say(s, "...");
        return;
    }
    bool bare = p->serializer == UKKO_SER_STRING || p->serializer == UKKO_SER_LONG ||
                p->serializer == UKKO_SER_INT || p->serializer == UKKO_SER_BOOL;
    if (!bare) name_it(s, p);
    if (!bare && p->serializer == UKKO_SER_NULL) return;
    const misc *m = p->serializer == UKKO_SER_MISC ? misc_of(p->manifest) : NULL;
    if (m && !m->shape && !m->payload) return;
    if (!bare) say(s, "(");
    if (p->serializer == UKKO_SER_MISC && uk_slice_is(p->manifest, "CF"))
        put_text(s, p->bytes);
    else
        put_body(s, p, depth);
    if (!bare) say(s, ")");
}

size_t ukko_wire_name(int32_t serializer, ukko_slice manifest, ukko_slice message, char *buf,
                      size_t len) {
    sink s = {buf, len, 0};
    payload p = {serializer, manifest, message};
    name_it(&s, &p);
    if (serializer == UKKO_SER_CONTAINER) {
        payload inner = payload_of(message);
        say(&s, ":");
        name_it(&s, &inner);
    }
    return end(&s);
}

size_t ukko_wire_print(int32_t serializer, ukko_slice manifest, ukko_slice message, char *buf,
                       size_t len) {
    sink s = {buf, len, 0};
    payload p = {serializer, manifest, message};
    put_message(&s, &p, 0);
    return end(&s);
}
