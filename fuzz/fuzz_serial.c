/* SPDX-License-Identifier: Apache-2.0 */
/* Serializers: the first byte picks serializer and manifest, the rest is the payload. What is read
   can be written, and what was written comes back as the same bytes. */
#include "serial/codec.h"
#include "serial/daemon.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct point { int32_t x; double y; const char *name; } point;
typedef struct shape shape;
struct shape {
    bool flag;
    int64_t large;
    float real;
    const char *text;
    ukko_slice blob;
    int32_t color;
    point at;
    point *points;
    size_t n_points;
    int32_t *numbers;
    size_t n_numbers;
    const char **names;
    size_t n_names;
    point *map;
    size_t n_map;
    shape *next;
    ukko_ref *ref;
};
static const ukko_field point_fields[] = {UKKO_FIELD_TAG(point, x, UKKO_I32, 1),
                                          UKKO_FIELD_TAG(point, y, UKKO_F64, 2),
                                          UKKO_FIELD_TAG(point, name, UKKO_STR, 3)};
static const ukko_type point_type = UKKO_TYPE_LOCAL(point, point_fields);
static const ukko_field entry_fields[] = {UKKO_FIELD_TAG(point, name, UKKO_STR, 1),
                                          UKKO_FIELD_TAG(point, x, UKKO_I32, 2)};
static const ukko_type entry_type = UKKO_TYPE_LOCAL(point, entry_fields);
static const char *const colors[] = {"RED", "GREEN", NULL};
static const ukko_type json_shape;
#define LIST(m, n, kind, flags, tag, type)                                                  \
    {#m, kind, UKKO_REPEATED | (flags), tag, offsetof(shape, m), sizeof(void *),            \
     offsetof(shape, n), type, NULL}
static const ukko_field shape_fields[] = {
    UKKO_FIELD_TAG(shape, flag, UKKO_BOOL, 1),
    UKKO_FIELD_TAG(shape, large, UKKO_I64, 2),
    UKKO_FIELD_TAG(shape, real, UKKO_F32, 3),
    UKKO_FIELD_TAG(shape, text, UKKO_STR, 4),
    UKKO_FIELD_TAG(shape, blob, UKKO_BYTES, 5),
    {"color", UKKO_ENUM, 0, 6, offsetof(shape, color), 4, 0, NULL, colors},
    {"at", UKKO_STRUCT, 0, 7, offsetof(shape, at), sizeof(point), 0, &point_type, NULL},
    LIST(points, n_points, UKKO_STRUCT, 0, 8, &point_type),
    LIST(numbers, n_numbers, UKKO_I32, UKKO_OPTIONAL, 9, NULL),
    LIST(names, n_names, UKKO_STR, 0, 10, NULL),
    LIST(map, n_map, UKKO_STRUCT, UKKO_MAP, 11, &entry_type),
    {"next", UKKO_STRUCTP, 0, 12, offsetof(shape, next), sizeof(void *), 0, &json_shape, NULL},
    UKKO_FIELD_TAG(shape, ref, UKKO_REF, 13),
};
static const ukko_type json_shape = UKKO_JACKSON(shape, "J", shape_fields);
static const ukko_type cbor_shape = UKKO_JACKSON_CBOR_TYPE(shape, "C", shape_fields);
static const ukko_type proto_shape = UKKO_TYPE(shape, "P", UKKO_SER_PROTOBUF, shape_fields);
static const ukko_type *const types[] = {&json_shape, &cbor_shape, &proto_shape, NULL};

static const struct { int32_t id; const char *manifest; } picks[] = {
    {16, "A"}, {16, "B"}, {16, "C"}, {16, "D"}, {16, "E"}, {16, "F"}, {16, "G"}, {16, "H"},
    {16, "AD"}, {16, "UD"}, {16, "AIEX"}, {16, "TNSEX"}, {16, "RWHR"}, {16, "RS"}, {16, "CF"},
    {16, "FC"}, {16, "DR"}, {16, "ROBAP"}, {16, "RORRP"}, {16, "ROSGP"}, {16, "ROTCP"},
    {16, "RORRC"}, {16, "S"}, {16, "SM"}, {16, "SE"}, {6, ""}, {31, "J"}, {33, "C"}, {32, "C"},
    {2, "P"}, {31, "tree.X"}, {33, "tree.X"}, {20, ""}, {18, ""}, {19, ""}, {35, ""}, {4, ""},
    {21, ""}, {1, ""}, {22, ""}, {3, ""}};
enum { PICKS = sizeof picks / sizeof picks[0] };

static ukko_system *sys;
static uk_serial *serial;

static void no_log(void *data, const ukko_log_record *record) {
    (void)data;
    (void)record;
}
static void open_system(void) {
    static char *prefix = "tree.";
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("fuzz", NULL);
    ukko_error err;
    opts.types = types;
    opts.threads = 0;
    opts.log = no_log;
    if (ukko_system_new(&sys, &opts, &err) || !(serial = uk_serial_of(sys))) abort();
    serial->set.max_inflated = 1 << 20;
    serial->set.prefixes = &prefix;
    serial->set.n_prefixes = 1;
}

static void die(const char *what, const ukko_error *err) {
    fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
    abort();
}
/* Writes m and gives what is read from that; a reference that this system cannot hold becomes dead
   letters on the way, so that the bytes settle at the second time only. */
static ukko_msg *again(ukko_msg *m, uk_buf *out) {
    ukko_msg *back;
    ukko_error err;
    int32_t id;
    ukko_slice manifest;
    uk_buf_clear(out);
    if (uk_serial_encode(serial, m, out, &id, &manifest, &err))
        die("cannot be written again", &err);
    if (uk_serial_decode(serial, id, manifest, uk_buf_slice(out), &back, &err))
        die("cannot be read again", &err);
    ukko_msg_release(m);
    return back;
}
static void check_bytes(ukko_msg *m) {
    uk_buf a = {0}, b = {0};
    m = again(again(m, &a), &a);
    m = again(m, &b);
    if (!uk_slice_eq(uk_buf_slice(&a), uk_buf_slice(&b))) die("other bytes", NULL);
    ukko_msg_release(m);
    uk_buf_fini(&a);
    uk_buf_fini(&b);
}
static void check_message(int32_t id, ukko_slice manifest, ukko_slice in) {
    ukko_msg *m;
    ukko_error err;
    uk_buf out = {0};
    char text[64];
    if (uk_serial_decode(serial, id, manifest, in, &m, &err)) {
        if (m) die("refused, and yet a message", &err);
        return;
    }
    (void)ukko_msg_print(m, text, sizeof text);
    (void)ukko_msg_class(m);
    if (m) ukko_msg_release(ukko_msg_copy(m->type, uk_msg_body(m)));
    int rc = uk_serial_encode(serial, m, &out, &id, &manifest, &err);
    uk_buf_fini(&out);
    if (!rc) {
        check_bytes(m);
        return;
    }
    if (rc != UKKO_ETOOBIG) die("cannot be written", &err); /* a class that lives here only is deeper */
    ukko_msg_release(m);
}
static uk_sysmsg *again_system(uk_sysmsg *m, uk_buf *out) {
    uk_sysmsg *back;
    ukko_error err;
    uk_buf_clear(out);
    if (uk_sysmsg_encode(serial, m, out)) die("cannot be written", NULL);
    if (uk_sysmsg_decode(serial, uk_buf_slice(out), &back, &err)) die("cannot be read again", &err);
    uk_sysmsg_free(m);
    return back;
}
static void check_system(ukko_slice in) {
    uk_sysmsg *m;
    uk_buf a = {0}, b = {0};
    if (uk_sysmsg_decode(serial, in, &m, NULL)) return;
    m = again_system(again_system(m, &a), &a);
    m = again_system(m, &b);
    if (!uk_slice_eq(uk_buf_slice(&a), uk_buf_slice(&b))) die("other bytes", NULL);
    uk_sysmsg_free(m);
    uk_buf_fini(&a);
    uk_buf_fini(&b);
}
static void check_daemon(ukko_slice in) {
    uk_daemon_create *c;
    uk_buf out = {0};
    if (uk_daemon_decode(serial, in, &c, NULL)) return;
    if (!uk_daemon_open(serial, c, NULL)) (void)uk_daemon_encode(serial, c, &out, NULL);
    uk_daemon_free(c);
    uk_buf_fini(&out);
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!sys) open_system();
    if (!size) return 0;
    size_t pick = data[0] % PICKS;
    ukko_slice in = {data + 1, size - 1};
    if (picks[pick].id == UKKO_SER_SYSTEM) check_system(in);
    else if (picks[pick].id == UKKO_SER_DAEMON_CREATE) check_daemon(in);
    else check_message(picks[pick].id, ukko_str(picks[pick].manifest), in);
    return 0;
}
