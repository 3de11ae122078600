/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers of serializers share: a system with messages that have a member of every kind and
   form, for JSON, CBOR and protobuf, one with a migration; and the test of one input: what can be
   read is printed and copied, can be written, and comes back as the same value and the same bytes.
   One thread. */
#ifndef FUZZ_SHAPES_H
#define FUZZ_SHAPES_H
#include "serial/plan.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct point {
    int32_t x;
    double y;
    const char *name;
} point;
typedef struct row { /* an array inside an array */
    int32_t *cells;
    size_t n;
} row;
typedef struct numbered {
    int64_t key;
    bool value;
} numbered;
typedef struct pick { /* one of two structs */
    uint32_t which;
    union {
        point point;
        row row;
    } as;
} pick;
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
    /* the rest is not in every form of the message */
    uint32_t u32;
    uint64_t u64;
    ukko_string any_text;
    const char *number;
    ukko_instant instant;
    ukko_timespan span;
    ukko_datetime date, time, both, offset, zoned;
    ukko_uuid id;
    int32_t maybe;
    bool has_maybe;
    row *rows;
    size_t n_rows;
    numbered *by_number;
    size_t n_by_number;
    pick picked;
    int32_t zigzag;
    uint64_t fixed;
    int32_t *unpacked;
    size_t n_unpacked;
    uint32_t group;
    union {
        const char *text;
        int64_t number;
        point at;
    } one;
    ukko_msg *msg;
    double *reals;
    size_t n_reals;
};

/* ---- tables ---- */

static const ukko_field point_fields[] = {UKKO_FIELD_TAG(point, x, UKKO_I32, 1),
                                          UKKO_FIELD_TAG(point, y, UKKO_F64, 2),
                                          UKKO_FIELD_TAG(point, name, UKKO_STR, 3)};
static const ukko_type point_type = UKKO_TYPE_LOCAL(point, point_fields);
static const ukko_field entry_fields[] = {UKKO_FIELD_TAG(point, name, UKKO_STR, 1),
                                          UKKO_FIELD_TAG(point, x, UKKO_I32, 2)};
static const ukko_type entry_type = UKKO_TYPE_LOCAL(point, entry_fields);
static const ukko_field row_fields[] = {UKKO_FIELD_LIST(row, cells, n, UKKO_I32, NULL)};
static const ukko_type row_type = UKKO_VALUE_TYPE(row, row_fields);
static const ukko_field row_object_fields[] = {
    UKKO_FIELD_ALL(row, cells, "cells", UKKO_I32, UKKO_REPEATED, 1, n, NULL, NULL)};
static const ukko_type row_object = UKKO_TYPE_LOCAL(row, row_object_fields);
static const ukko_field numbered_fields[] = {UKKO_FIELD_TAG(numbered, key, UKKO_I64, 1),
                                             UKKO_FIELD_TAG(numbered, value, UKKO_BOOL, 2)};
static const ukko_type numbered_type = UKKO_TYPE_LOCAL(numbered, numbered_fields);
static const ukko_field pick_fields[] = {
    UKKO_FIELD_ALL(pick, as.point, "point", UKKO_STRUCT, UKKO_ONEOF, 1, which, &point_type, NULL),
    UKKO_FIELD_ALL(pick, as.row, "row", UKKO_STRUCT, UKKO_ONEOF, 2, which, &row_object, NULL)};
static const ukko_type pick_type = UKKO_CHOICE_TYPE(pick, "type", pick_fields);

static const char *const colors[] = {"RED", "GREEN", NULL};
static const ukko_type json_shape, proto_shape;
#define ALL(m, kind, flags, tag, n, type)                                                          \
    UKKO_FIELD_ALL(shape, m, #m, kind, flags, tag, n, type, NULL)
#define SHAPE_FIELDS(self)                                                                         \
    UKKO_FIELD_TAG(shape, flag, UKKO_BOOL, 1), UKKO_FIELD_TAG(shape, large, UKKO_I64, 2),          \
        UKKO_FIELD_TAG(shape, real, UKKO_F32, 3), UKKO_FIELD_TAG(shape, text, UKKO_STR, 4),        \
        UKKO_FIELD_TAG(shape, blob, UKKO_BYTES, 5),                                                \
        UKKO_FIELD_ALL(shape, color, "color", UKKO_ENUM, 0, 6, color, NULL, colors),               \
        ALL(at, UKKO_STRUCT, 0, 7, at, &point_type),                                               \
        ALL(points, UKKO_STRUCT, UKKO_REPEATED, 8, n_points, &point_type),                         \
        ALL(numbers, UKKO_I32, UKKO_REPEATED | UKKO_OPTIONAL, 9, n_numbers, NULL),                 \
        ALL(names, UKKO_STR, UKKO_REPEATED, 10, n_names, NULL),                                    \
        ALL(map, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 11, n_map, &entry_type),                   \
        ALL(next, UKKO_STRUCTP, 0, 12, next, self), UKKO_FIELD_TAG(shape, ref, UKKO_REF, 13),      \
        ALL(u32, UKKO_U32, 0, 14, u32, NULL), ALL(u64, UKKO_U64, 0, 15, u64, NULL),                \
        ALL(any_text, UKKO_TEXT, 0, 16, any_text, NULL),                                           \
        ALL(maybe, UKKO_I32, UKKO_PRESENT, 17, has_maybe, NULL),                                   \
        ALL(by_number, UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 18, n_by_number, &numbered_type),    \
        ALL(one.text, UKKO_STR, UKKO_ONEOF, 19, group, NULL),                                      \
        ALL(one.number, UKKO_I64, UKKO_ONEOF, 20, group, NULL),                                    \
        ALL(one.at, UKKO_STRUCT, UKKO_ONEOF, 21, group, &point_type),                              \
        ALL(reals, UKKO_F64, UKKO_REPEATED, 22, n_reals, NULL)
static const ukko_field jackson_fields[] = {
    SHAPE_FIELDS(&json_shape),
    UKKO_FIELD(shape, number, UKKO_NUMBER),
    UKKO_FIELD(shape, instant, UKKO_INSTANT),
    UKKO_FIELD(shape, span, UKKO_TIMESPAN),
    UKKO_FIELD(shape, date, UKKO_LOCAL_DATE),
    UKKO_FIELD(shape, time, UKKO_LOCAL_TIME),
    UKKO_FIELD(shape, both, UKKO_LOCAL_DATE_TIME),
    UKKO_FIELD(shape, offset, UKKO_OFFSET_DATE_TIME),
    UKKO_FIELD(shape, zoned, UKKO_ZONED_DATE_TIME),
    UKKO_FIELD(shape, id, UKKO_UUID),
    UKKO_FIELD_LIST(shape, rows, n_rows, UKKO_STRUCT, &row_type),
    UKKO_FIELD_OF(shape, picked, UKKO_STRUCT, &pick_type),
};
static const ukko_field proto_fields[] = {
    SHAPE_FIELDS(&proto_shape),
    ALL(zigzag, UKKO_I32, UKKO_ZIGZAG, 23, zigzag, NULL),
    ALL(fixed, UKKO_U64, UKKO_FIXED, 24, fixed, NULL),
    ALL(unpacked, UKKO_I32, UKKO_REPEATED | UKKO_UNPACKED, 25, n_unpacked, NULL),
    ALL(msg, UKKO_MSG, 0, 26, msg, NULL),
};
static const ukko_type json_shape = UKKO_JACKSON(shape, "J", jackson_fields);
static const ukko_type moved_shape = UKKO_JACKSON(shape, "M", jackson_fields);
static const ukko_type cbor_shape = UKKO_JACKSON_CBOR_TYPE(shape, "C", jackson_fields);
static const ukko_type proto_shape = UKKO_TYPE(shape, "P", UKKO_SER_PROTOBUF, proto_fields);
static const ukko_type *const types[] = {&json_shape, &moved_shape, &cbor_shape, &proto_shape,
                                         NULL};

/* ---- a migration that does a bit of everything ---- */

static int transform(int32_t from, ukko_tree *tree, void *data) {
    ukko_node *root = ukko_tree_root(tree), *text = ukko_node_get(root, "text");
    (void)data;
    if (from == 9) return UKKO_EINVAL;
    (void)ukko_node_rename(tree, root, "old", "large");
    (void)ukko_node_set(tree, root, "text", ukko_node_new_copy(tree, text));
    (void)ukko_node_set(tree, root, "large", ukko_node_new_int(tree, ukko_node_int(text, from)));
    (void)ukko_node_set(tree, root, "number",
                        ukko_node_new_number(tree, ukko_node_text(text, "1")));
    (void)ukko_node_remove(root, "blob");
    ukko_node *list = ukko_node_get(root, "numbers");
    (void)ukko_node_add(tree, list, ukko_node_new_int(tree, (int64_t)ukko_node_count(list)));
    (void)ukko_node_remove_at(list, 1);
    if (ukko_node_find(root, "at.x")) ukko_tree_set_root(tree, root);
    return UKKO_OK;
}
static const ukko_migration migration = {.size = sizeof(ukko_migration),
                                         .version = 3,
                                         .forward = 9,
                                         .class_name = "M",
                                         .transform = transform};
static const ukko_migration *const migrations[] = {&migration, NULL};

/* ---- the system ---- */

static ukko_system *sys;
static uk_serial *serial;
static uk_serial *bare; /* the same without plans: everything goes the general way */

static void no_log(void *data, const ukko_log_record *record) {
    (void)data;
    (void)record;
}
static void open_system(void) {
    static char *prefix = "tree.";
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("fuzz", NULL);
    ukko_error err;
    opts.types = types;
    opts.migrations = migrations;
    opts.threads = 0;
    opts.log = no_log;
    if (ukko_system_new(&sys, &opts, &err) || !(serial = uk_serial_of(sys))) abort();
    if (uk_serial_new(&bare, sys, ukko_system_config(sys), &err)) abort();
    for (size_t i = 0; types[i]; i++)
        if (uk_serial_add(bare, types[i], &err)) abort();
    uk_plans_free(bare);
    serial->set.max_inflated = bare->set.max_inflated = 1 << 20;
    serial->set.prefixes = bare->set.prefixes = &prefix;
    serial->set.n_prefixes = bare->set.n_prefixes = 1;
}

/* ---- one input ---- */

static void die(const char *what, const ukko_error *err) {
    fprintf(stderr, "%s: %s\n", what, err ? err->message : "");
    abort();
}
/* Writes m and gives what is read from that; a reference that this system cannot hold becomes dead
   letters on the way, so that value and bytes settle at the second time only. */
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
    ukko_msg *before = ukko_msg_retain(m);
    m = again(m, &b);
    if (!uk_slice_eq(uk_buf_slice(&a), uk_buf_slice(&b))) die("other bytes", NULL);
    if (!ukko_msg_equal(before, m)) die("another value", NULL);
    ukko_msg_release(before);
    ukko_msg_release(m);
    uk_buf_fini(&a);
    uk_buf_fini(&b);
}
static void check_copy(const ukko_msg *m) {
    if (!m) return;
    ukko_msg *copy = ukko_msg_copy(m->type, uk_msg_body(m));
    if (!ukko_msg_equal(m, copy)) die("another copy", NULL);
    ukko_msg_release(copy);
}
/* Without plans it is the same message, or refused for the same reason. */
static void check_plain(int32_t id, ukko_slice manifest, ukko_slice in, int code, ukko_msg *m) {
    ukko_msg *other;
    ukko_error err = {0, ""};
    int rc = uk_serial_decode(bare, id, manifest, in, &other, &err);
    if (rc != code) die("with a plan it is otherwise", &err);
    if (!rc && !ukko_msg_equal(m, other)) die("with a plan another message", NULL);
    ukko_msg_release(other);
}
static void check_message(int32_t id, ukko_slice manifest, ukko_slice in) {
    ukko_msg *m;
    ukko_error err;
    uk_buf out = {0}, plain = {0};
    char text[64];
    int code = uk_serial_decode(serial, id, manifest, in, &m, &err);
    check_plain(id, manifest, in, code, m);
    if (code) {
        if (m) die("refused, and yet a message", &err);
        return;
    }
    (void)ukko_msg_print(m, text, sizeof text);
    (void)ukko_msg_class(m);
    check_copy(m);
    int rc = uk_serial_encode(serial, m, &out, &id, &manifest, &err);
    if (uk_serial_encode(bare, m, &plain, &id, &manifest, &err) != rc ||
        !uk_slice_eq(uk_buf_slice(&out), uk_buf_slice(&plain)))
        die("with a plan other bytes", NULL);
    uk_buf_fini(&plain);
    uk_buf_fini(&out);
    if (!rc) {
        check_bytes(m);
        return;
    }
    if (rc != UKKO_ETOOBIG)
        die("cannot be written", &err); /* a class that lives here only is deeper */
    ukko_msg_release(m);
}
#endif
