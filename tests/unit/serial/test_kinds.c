/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of member, in JSON, CBOR and protobuf: bytes that Jackson wrote, random values there and
   back, and what the special forms (optional, one of a group, required, bare values, choices) do. */
#include "helper.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what Jackson wrote: one object of a Java class with these fields ---- */

typedef struct ints {
    int32_t *items;
    size_t n;
} ints;
static const ukko_field ints_fields[] = {UKKO_FIELD_LIST(ints, items, n, UKKO_I32, NULL)};
static const ukko_type ints_type = UKKO_VALUE_TYPE(ints, ints_fields);
typedef struct by_long {
    int64_t key;
    bool value;
} by_long;
static const ukko_field by_long_fields[] = {UKKO_FIELD(by_long, key, UKKO_I64),
                                            UKKO_FIELD(by_long, value, UKKO_BOOL)};
static const ukko_type by_long_type = UKKO_TYPE_LOCAL(by_long, by_long_fields);

typedef struct times {
    ukko_instant i;
    ukko_datetime d, t, dt, o, z;
    ukko_timespan u;
    const char *bd, *bi;
    ukko_uuid id;
    float f;
    const char *c;
    int32_t s;
    ints *ll;
    size_t n_ll;
    by_long *ml;
    size_t n_ml;
    int32_t oi;
    bool has_oi;
    int64_t ol;
    bool has_ol;
    int32_t ob;
    bool has_ob;
    ukko_timespan fd;
} times;
static const ukko_field times_fields[] = {
    UKKO_FIELD(times, i, UKKO_INSTANT),
    UKKO_FIELD(times, d, UKKO_LOCAL_DATE),
    UKKO_FIELD(times, t, UKKO_LOCAL_TIME),
    UKKO_FIELD(times, dt, UKKO_LOCAL_DATE_TIME),
    UKKO_FIELD(times, o, UKKO_OFFSET_DATE_TIME),
    UKKO_FIELD(times, z, UKKO_ZONED_DATE_TIME),
    UKKO_FIELD(times, u, UKKO_TIMESPAN),
    UKKO_FIELD(times, bd, UKKO_NUMBER),
    UKKO_FIELD(times, bi, UKKO_NUMBER),
    UKKO_FIELD(times, id, UKKO_UUID),
    UKKO_FIELD(times, f, UKKO_F32),
    UKKO_FIELD(times, c, UKKO_STR),
    UKKO_FIELD(times, s, UKKO_I32),
    UKKO_FIELD_LIST(times, ll, n_ll, UKKO_STRUCT, &ints_type),
    UKKO_FIELD_MAP(times, ml, n_ml, &by_long_type),
    UKKO_FIELD_OPT(times, oi, has_oi, UKKO_I32),
    UKKO_FIELD_OPT(times, ol, has_ol, UKKO_I64),
    UKKO_FIELD_OPT(times, ob, has_ob, UKKO_I32),
    UKKO_FIELD(times, fd, UKKO_TIMESPAN),
};
static const ukko_type times_json = UKKO_JACKSON(times, "t.Json", times_fields);
static const ukko_type times_cbor = UKKO_JACKSON_CBOR_TYPE(times, "t.Cbor", times_fields);

static const char jackson_json[] =
    "{\"i\":\"2023-11-14T22:13:20.123456789Z\",\"d\":\"-0005-12-03\",\"t\":\"10:15:30.123456789\","
    "\"dt\":\"-0005-12-03T10:15:30.123456789\",\"o\":\"-0005-12-03T10:15:30.123456789-05:30:15\","
    "\"z\":\"-0005-12-03T10:15:30.123456789+00:09:21\",\"u\":\"PT25H1M1.123456789S\","
    "\"bd\":-123456789012345678901234567890.5,\"bi\":123456789012345678901234567890,"
    "\"id\":\"00000000-0000-0001-0000-000000000002\",\"f\":3.4028235E38,\"c\":\"x\",\"s\":-7,"
    "\"ll\":[[1,2],[]],\"ml\":{\"5\":true},\"oi\":3,\"ol\":null,\"ob\":3,\"fd\":\"PT1.5S\"}";
static const char jackson_cbor[] =
    "bf6169781e323032332d31312d31345432323a31333a32302e3132333435363738395a61646b2d303030352d31322d30"
    "33617472"
    "31303a31353a33302e313233343536373839626474781e2d303030352d31322d30335431303a31353a3330"
    "2e313233343536373839616f78272d303030352d31322d30335431303a31353a33302e3132333435363738392d30353a"
    "33303a3135617a78272d303030352d31322d30335431303a31353a33302e3132333435363738392b30303a30393a3231"
    "6175735054323548314d312e31323334353637383953626264c48220c34d0f951a9fa3a286c94f0e766c39626269c24d"
    "018ee90ff6c373e0ee4e3f0ad262696450000000000000000100000000000000026166fa7f7fffff6163617861732662"
    "6c6c8282010280626d6cbf05f5ff626f6903626f6cf6626f6203626664665054312e3553ff";
/* The same object, but that CBOR's map has a number as its key, as an old Jackson writes it. */
static void check_times(const times *v) {
    assert_int_equal(v->i.seconds, 1700000000);
    assert_int_equal(v->d.year, -5);
    assert_int_equal(v->t.nanos, 123456789);
    assert_int_equal(v->o.offset_seconds, -(5 * 3600 + 30 * 60 + 15));
    assert_int_equal(v->u.seconds, 25 * 3600 + 61);
    assert_string_equal(v->bd, "-123456789012345678901234567890.5");
    assert_string_equal(v->bi, "123456789012345678901234567890");
    assert_int_equal(v->id.bytes[15], 2);
    assert_int_equal(v->n_ll, 2);
    assert_int_equal(v->ll[0].items[1], 2);
    assert_int_equal(v->ll[1].n, 0);
    assert_int_equal(v->ml[0].key, 5);
    assert_true(v->ml[0].value && v->has_oi && v->oi == 3 && !v->has_ol && v->has_ob);
    assert_int_equal(v->fd.nanos, 500000000);
}
static void what_jackson_wrote_as_json(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    if (decode(31, "t.Json", ukko_str(jackson_json), &m, &err)) fail_msg("%s", err.message);
    check_times(UK_BODY(times, m));
    coded c = encode(m);
    assert_string_equal(uk_buf_text(&c.bytes), jackson_json);
    uk_buf_fini(&c.bytes);
    ukko_msg *cbor = ukko_msg_copy(&times_cbor, m->body);
    ukko_msg_release(round_trip(cbor, 33, "t.Cbor"));
    ukko_msg_release(cbor);
    ukko_msg_release(m);
}
static void what_jackson_wrote_as_cbor(void **state) {
    ukko_msg *m;
    uk_buf in = {0};
    ukko_error err = {0, ""};
    (void)state;
    from_hex(jackson_cbor, &in);
    if (decode(33, "t.Cbor", uk_buf_slice(&in), &m, &err)) fail_msg("%s", err.message);
    check_times(UK_BODY(times, m));
    coded c = encode(m);
    uk_buf want = {0}; /* our keys are texts: 05 is 61 35 */
    size_t at = (size_t)((uint8_t *)memmem(in.ptr, in.len, "ml\xbf\x05", 4) - in.ptr) + 3;
    uk_buf_put(&want, in.ptr, at);
    uk_buf_put(&want, "a5", 2);
    uk_buf_put(&want, in.ptr + at + 1, in.len - at - 1);
    same_bytes("times", uk_buf_slice(&want), uk_buf_slice(&c.bytes));
    uk_buf_fini(&want);
    uk_buf_fini(&in);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}
static void dates_as_numbers_are_read(void **state) {
    static const char json[] =
        "{\"i\":1700000000.120000000,\"d\":[2007,12,3],\"t\":[10,15],"
        "\"dt\":[2007,12,3,10,15,30,120000000],\"o\":1700000000,\"z\":-1.5,\"u\":90.500000000}";
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    if (decode(31, "t.Json", ukko_str(json), &m, &err)) fail_msg("%s", err.message);
    const times *v = UK_BODY(times, m);
    assert_true(v->i.seconds == 1700000000 && v->i.nanos == 120000000);
    assert_true(v->d.year == 2007 && v->d.month == 12 && v->d.day == 3);
    assert_true(v->t.hour == 10 && v->t.minute == 15 && v->t.second == 0);
    assert_true(v->dt.second == 30 && v->dt.nanos == 120000000);
    assert_true(v->o.year == 2023 && v->o.second == 20);
    assert_true(v->z.year == 1969 && v->z.second == 58 && v->z.nanos == 500000000);
    assert_true(v->u.seconds == 90 && v->u.nanos == 500000000);
    ukko_msg_release(m);
    static const char *const bad[] = {
        "{\"i\":\"yesterday\"}", "{\"i\":1e300}",   "{\"d\":[2007,13,3]}",      "{\"d\":[2007]}",
        "{\"d\":[1,2,3,4]}",     "{\"t\":[25,0]}",  "{\"dt\":[2007,2,30,0,0]}", "{\"i\":true}",
        "{\"o\":[2007,12,3]}",   "{\"u\":\"1 s\"}", "{\"id\":\"x\"}",           "{\"id\":5}",
        "{\"bd\":\"x\"}",        "{\"bd\":true}",   "{\"dt\":\"2007-12-03\"}",  "{\"i\":\"\"}"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (decode(31, "t.Json", ukko_str(bad[i]), &m, NULL) != UKKO_EPARSE)
            fail_msg("taken: %s", bad[i]);
}

/* ---- everything at once ---- */

typedef struct leaf {
    int32_t x;
    const char *name;
} leaf;
static const ukko_field leaf_fields[] = {UKKO_FIELD_TAG(leaf, x, UKKO_I32, 1),
                                         UKKO_FIELD_TAG(leaf, name, UKKO_STR, 2)};
static const ukko_type leaf_type = UKKO_TYPE_LOCAL(leaf, leaf_fields);
typedef struct by_name {
    const char *key;
    leaf value;
} by_name;
static const ukko_field by_name_fields[] = {
    UKKO_FIELD_ALL(by_name, key, "key", UKKO_STR, 0, 1, key, NULL, NULL),
    UKKO_FIELD_ALL(by_name, value, "value", UKKO_STRUCT, 0, 2, value, &leaf_type, NULL)};
static const ukko_type by_name_type = UKKO_TYPE_LOCAL(by_name, by_name_fields);
typedef struct by_u64 {
    uint64_t key;
    double value;
} by_u64;
static const ukko_field by_u64_fields[] = {UKKO_FIELD_TAG(by_u64, key, UKKO_U64, 1),
                                           UKKO_FIELD_TAG(by_u64, value, UKKO_F64, 2)};
static const ukko_type by_u64_type = UKKO_TYPE_LOCAL(by_u64, by_u64_fields);
static const char *const colors[] = {"RED", "GREEN", "BLUE", NULL};

typedef struct every every;
struct every {
    bool flag, has_opt, has_when;
    int32_t small, sint, sfixed, opt;
    uint32_t u32, fixed32, which;
    int64_t large, slong, sfixed64;
    uint64_t u64, fixed64;
    float f32;
    double f64;
    const char *text, *number, *maybe;
    ukko_string raw;
    ukko_slice blob;
    int32_t color;
    leaf part;
    leaf *part_ptr;
    union {
        int32_t number;
        const char *text;
        leaf part;
        ukko_ref *ref;
    } one;
    ukko_instant at, when;
    ukko_timespan span;
    ukko_datetime date, time, datetime, offset, zoned;
    ukko_uuid id;
    int32_t *ints;
    size_t n_ints;
    int64_t *unpacked;
    size_t n_unpacked;
    uint32_t *fixeds;
    size_t n_fixeds;
    double *reals;
    size_t n_reals;
    const char **texts;
    size_t n_texts;
    leaf *parts;
    size_t n_parts;
    by_name *names;
    size_t n_names;
    by_u64 *numbers;
    size_t n_numbers;
    ukko_uuid *ids;
    size_t n_ids;
    every *next;
    ukko_ref *ref;
};
#define F(m, kind, tag)        UKKO_FIELD_TAG(every, m, kind, tag)
#define X(m, kind, flags, tag) UKKO_FIELD_ALL(every, m, #m, kind, flags, tag, m, NULL, NULL)
#define L(m, kind, flags, tag, type)                                                               \
    UKKO_FIELD_ALL(every, m, #m, kind, UKKO_REPEATED | (flags), tag, n_##m, type, NULL)
#define O(m, kind, tag, type)                                                                      \
    UKKO_FIELD_ALL(every, one.m, "one_" #m, kind, UKKO_ONEOF, tag, which, type, NULL)
static const ukko_type every_json;
static const ukko_field every_fields[] = {
    F(flag, UKKO_BOOL, 1),
    F(small, UKKO_I32, 2),
    X(sint, UKKO_I32, UKKO_ZIGZAG, 3),
    X(sfixed, UKKO_I32, UKKO_FIXED, 4),
    F(u32, UKKO_U32, 5),
    X(fixed32, UKKO_U32, UKKO_FIXED, 6),
    F(large, UKKO_I64, 7),
    X(slong, UKKO_I64, UKKO_ZIGZAG, 8),
    X(sfixed64, UKKO_I64, UKKO_FIXED, 9),
    F(u64, UKKO_U64, 10),
    X(fixed64, UKKO_U64, UKKO_FIXED, 11),
    F(f32, UKKO_F32, 12),
    F(f64, UKKO_F64, 13),
    X(text, UKKO_STR, UKKO_OPTIONAL, 14),
    X(number, UKKO_NUMBER, UKKO_OPTIONAL, 15),
    X(maybe, UKKO_STR, UKKO_OPTIONAL, 16),
    X(raw, UKKO_TEXT, UKKO_OPTIONAL, 17),
    X(blob, UKKO_BYTES, UKKO_OPTIONAL, 18),
    UKKO_FIELD_ALL(every, color, "color", UKKO_ENUM, 0, 19, color, NULL, colors),
    UKKO_FIELD_ALL(every, part, "part", UKKO_STRUCT, 0, 20, part, &leaf_type, NULL),
    UKKO_FIELD_ALL(every, part_ptr, "part_ptr", UKKO_STRUCTP, 0, 21, part_ptr, &leaf_type, NULL),
    UKKO_FIELD_ALL(every, opt, "opt", UKKO_I32, UKKO_PRESENT, 22, has_opt, NULL, NULL),
    UKKO_FIELD_ALL(every, when, "when", UKKO_INSTANT, UKKO_PRESENT, 23, has_when, NULL, NULL),
    O(number, UKKO_I32, 24, NULL),
    O(text, UKKO_STR, 25, NULL),
    O(part, UKKO_STRUCT, 26, &leaf_type),
    O(ref, UKKO_REF, 27, NULL),
    F(at, UKKO_INSTANT, 28),
    F(span, UKKO_TIMESPAN, 29),
    F(date, UKKO_LOCAL_DATE, 30),
    F(time, UKKO_LOCAL_TIME, 31),
    F(datetime, UKKO_LOCAL_DATE_TIME, 32),
    F(offset, UKKO_OFFSET_DATE_TIME, 33),
    F(zoned, UKKO_ZONED_DATE_TIME, 34),
    F(id, UKKO_UUID, 35),
    L(ints, UKKO_I32, 0, 36, NULL),
    L(unpacked, UKKO_I64, UKKO_UNPACKED | UKKO_ZIGZAG, 37, NULL),
    L(fixeds, UKKO_U32, UKKO_FIXED, 38, NULL),
    L(reals, UKKO_F64, 0, 39, NULL),
    L(texts, UKKO_STR, 0, 40, NULL),
    L(parts, UKKO_STRUCT, 0, 41, &leaf_type),
    L(names, UKKO_STRUCT, UKKO_MAP, 42, &by_name_type),
    L(numbers, UKKO_STRUCT, UKKO_MAP, 43, &by_u64_type),
    L(ids, UKKO_UUID, 0, 44, NULL),
    UKKO_FIELD_ALL(every, next, "next", UKKO_STRUCTP, 0, 45, next, &every_json, NULL),
    F(ref, UKKO_REF, 536870911),
};
static const ukko_type every_json = UKKO_JACKSON(every, "e.Json", every_fields);
static const ukko_type every_cbor = UKKO_JACKSON_CBOR_TYPE(every, "e.Cbor", every_fields);
static const ukko_type every_proto = UKKO_TYPE(every, "e.Proto", UKKO_SER_PROTOBUF, every_fields);

static void random_values_come_back(void **state) {
    static const ukko_type *const types[] = {&every_json, &every_cbor, &every_proto};
    uint64_t seed = 20240229;
    char x[6000], y[6000];
    (void)state;
    for (size_t i = 0; i < 6000; i++) {
        const ukko_type *t = types[i % 3];
        ukko_msg *m = ukko_msg_random(the_system, t, &seed);
        ukko_msg *back = round_trip(m, t->serializer, t->manifest);
        ukko_msg *copy = ukko_msg_copy(t, back->body);
        ukko_msg_print(m, x, sizeof x);
        ukko_msg_print(back, y, sizeof y);
        if (!ukko_msg_equal(m, back) || !ukko_msg_equal(back, copy))
            fail_msg("%s %zu:\n%s\n%s", t->name, i, x, y);
        assert_string_equal(x, y);
        ukko_msg_release(copy);
        ukko_msg_release(back);
        ukko_msg_release(m);
    }
}
static void the_same_seed_gives_the_same_message(void **state) {
    uint64_t a = 7, b = 7, c = 8;
    (void)state;
    ukko_msg *x = ukko_msg_random(the_system, &every_json, &a);
    ukko_msg *y = ukko_msg_random(the_system, &every_json, &b);
    ukko_msg *z = ukko_msg_random(the_system, &every_json, &c);
    assert_true(ukko_msg_equal(x, y));
    assert_false(ukko_msg_equal(x, z));
    assert_true(a == b && a != 7);
    ukko_msg_release(x);
    ukko_msg_release(y);
    ukko_msg_release(z);
    assert_true(ukko_msg_equal(NULL, NULL));
}
/* Each member matters to ukko_msg_equal(). */
static void one_other_member_is_another_message(void **state) {
    uint64_t seed = 99;
    (void)state;
    for (size_t i = 0; i < COUNT(every_fields); i++) {
        const ukko_field *f = &every_fields[i];
        size_t told = 0;
        for (int k = 0; k < 40; k++) {
            ukko_msg *a = ukko_msg_random(the_system, &every_json, &seed);
            ukko_msg *b = ukko_msg_random(the_system, &every_json, &seed);
            ukko_msg *mix = ukko_msg_copy(&every_json, a->body);
            uk_field_clear(f, mix->body); /* a's, but for this member */
            told += !ukko_msg_equal(a, mix);
            ukko_msg_release(a);
            ukko_msg_release(b);
            ukko_msg_release(mix);
        }
        if (!told && strcmp(f->name, "ref")) fail_msg("%s does not count", f->name);
    }
}

/* ---- protobuf on the wire ---- */

static void writes_hex(const ukko_msg *m, const char *hex) {
    uk_buf want = {0};
    from_hex(hex, &want);
    coded c = encode(m);
    assert_int_equal(c.rc, 0);
    same_bytes(hex, uk_buf_slice(&want), uk_buf_slice(&c.bytes));
    uk_buf_fini(&want);
    uk_buf_fini(&c.bytes);
}
typedef struct wire {
    int32_t sint, sfixed, opt;
    bool has_opt;
    uint32_t fixed, which;
    ukko_timespan span;
    ukko_instant at;
    union {
        int32_t number;
        const char *text;
    } one;
    int32_t *list;
    size_t n_list;
    const char *must;
} wire;
#define W(m, kind, flags, tag) UKKO_FIELD_ALL(wire, m, #m, kind, flags, tag, m, NULL, NULL)
static const ukko_field wire_fields[] = {
    W(sint, UKKO_I32, UKKO_ZIGZAG, 1),
    W(sfixed, UKKO_I32, UKKO_FIXED, 2),
    W(fixed, UKKO_U32, UKKO_FIXED, 3),
    UKKO_FIELD_ALL(wire, opt, "opt", UKKO_I32, UKKO_PRESENT, 4, has_opt, NULL, NULL),
    W(span, UKKO_TIMESPAN, 0, 5),
    W(at, UKKO_INSTANT, 0, 6),
    UKKO_FIELD_ALL(wire, one.number, "n", UKKO_I32, UKKO_ONEOF, 7, which, NULL, NULL),
    UKKO_FIELD_ALL(wire, one.text, "t", UKKO_STR, UKKO_ONEOF, 8, which, NULL, NULL),
    UKKO_FIELD_ALL(wire, list, "list", UKKO_I32, UKKO_REPEATED | UKKO_UNPACKED, 9, n_list, NULL,
                   NULL),
};
static const ukko_type wire_type = UKKO_TYPE(wire, "p.Wire", UKKO_SER_PROTOBUF, wire_fields);
static const ukko_field strict_fields[] = {W(must, UKKO_STR, UKKO_REQUIRED, 1),
                                           W(sint, UKKO_I32, UKKO_REQUIRED, 2)};
static const ukko_type strict_proto = UKKO_TYPE(wire, "p.Strict", UKKO_SER_PROTOBUF, strict_fields);
static const ukko_type strict_json = UKKO_JACKSON(wire, "j.Strict", strict_fields);
typedef struct holder {
    wire *inner;
    int32_t n;
} holder;
static const ukko_field holder_fields[] = {
    UKKO_FIELD_ALL(holder, inner, "inner", UKKO_STRUCTP, 0, 1, inner, &strict_proto, NULL),
    UKKO_FIELD_TAG(holder, n, UKKO_I32, 2)};
static const ukko_type holder_type = UKKO_TYPE(holder, "p.Holder", UKKO_SER_PROTOBUF, holder_fields);

static void protobuf_forms(void **state) {
    int32_t list[] = {1, 300};
    wire v = {.sint = -1,
              .sfixed = -2,
              .fixed = 5,
              .opt = 0,
              .has_opt = true,
              .which = 8,
              .span = {-1, 500000000},
              .at = {1, 0},
              .list = list,
              .n_list = 2};
    (void)state;
    v.one.text = "";
    ukko_msg *m = ukko_msg_copy(&wire_type, &v);
    writes_hex(
        m,
        "0801 15feffffff 1d05000000 2000 2a0b 10 80b6ca91feffffffff01 3202 0801 4200 4801 48ac02");
    ukko_msg_release(round_trip(m, 2, "p.Wire"));
    ukko_msg_release(m);
    /* the later member of a group replaces the earlier one */
    assert_int_equal(decode_hex(2, "p.Wire", "420161 3805", &m, NULL), UKKO_OK);
    assert_true(UK_BODY(wire, m)->which == 7 && UK_BODY(wire, m)->one.number == 5);
    ukko_msg_release(m);
    assert_int_equal(decode_hex(2, "p.Wire", "3805 420161", &m, NULL), UKKO_OK);
    assert_true(UK_BODY(wire, m)->which == 8 && !UK_BODY(wire, m)->has_opt);
    assert_string_equal(UK_BODY(wire, m)->one.text, "a");
    ukko_msg_release(m);
    /* an unknown group of an old sender is passed over, a packed list is read all the same */
    assert_int_equal(decode_hex(2, "p.Wire", "53 08ff01 5b 5c 54 4a02 0102", &m, NULL), UKKO_OK);
    assert_int_equal(UK_BODY(wire, m)->n_list, 2);
    ukko_msg_release(m);
    static const char *const bad[] = {
        "53",      "53 5c", "54", "1501", "2a021001ff", "2a06 10ffffffff07", "3206 10ffffffff0f",
        "4201 00", "4a0180"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (decode_hex(2, "p.Wire", bad[i], &m, NULL) >= 0) fail_msg("taken: %s", bad[i]);
}
/* A message of a newer peer that is sent on loses nothing on its way. */
static void strange_fields_travel_on(void **state) {
    static const struct {
        const char *class_name, *in, *out;
    } cases[] = {{"p.Strict", "7a0178 0a00 900105 1000", "0a00 1000 7a0178 900105"},
                 {"p.Strict", "0a00 1000 1205", NULL}, /* half a field */
                 {"p.Strict", "0a00 1000 1201ff", "0a00 1000 1201ff"}, /* another wire type */
                 {"p.Holder", "1007 0a04 0a001000", "0a04 0a001000 1007"},
                 {"p.Holder", "1007 0a07 0a001000 7a0178", "1007 0a07 0a001000 7a0178"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ukko_msg *m;
        int rc = decode_hex(2, cases[i].class_name, cases[i].in, &m, NULL);
        assert_int_equal(rc < 0, cases[i].out == NULL);
        if (rc) continue;
        writes_hex(m, cases[i].out);
        ukko_msg *copy = ukko_msg_copy(ukko_msg_type(m), uk_msg_body(m)); /* it is another message */
        coded c = encode(copy);
        assert_true(c.bytes.len <= strlen(cases[i].out) / 2);
        uk_buf_fini(&c.bytes);
        ukko_msg_release(copy);
        ukko_msg_release(m);
    }
}
static void what_must_be_there(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    assert_int_equal(decode_hex(2, "p.Strict", "0a00 1000", &m, NULL), UKKO_OK);
    writes_hex(m, "0a00 1000");
    ukko_msg_release(m);
    assert_int_equal(decode_hex(2, "p.Strict", "1000", &m, &err), UKKO_EPARSE);
    assert_non_null(strstr(err.message, "[must]"));
    assert_int_equal(decode_hex(2, "p.Strict", "", &m, NULL), UKKO_EPARSE);
    assert_int_equal(decode(31, "j.Strict", ukko_str("{\"must\":null,\"sint\":0}"), &m, NULL),
                     UKKO_OK);
    ukko_msg_release(m);
    assert_int_equal(decode(31, "j.Strict", ukko_str("{\"must\":\"x\"}"), &m, &err), UKKO_EPARSE);
    assert_non_null(strstr(err.message, "[sint]"));
}

/* ---- choices, as @JsonTypeInfo writes them ---- */

typedef struct lion {
    const char *name;
} lion;
typedef struct elephant {
    const char *name;
    int32_t age;
    ukko_ref *keeper;
} elephant;
static const ukko_field lion_fields[] = {UKKO_FIELD(lion, name, UKKO_STR)};
static const ukko_field elephant_fields[] = {UKKO_FIELD(elephant, name, UKKO_STR),
                                             UKKO_FIELD(elephant, age, UKKO_I32),
                                             UKKO_FIELD(elephant, keeper, UKKO_REF)};
static const ukko_type lion_type = UKKO_TYPE_LOCAL(lion, lion_fields);
static const ukko_type elephant_type = UKKO_TYPE_LOCAL(elephant, elephant_fields);
typedef struct animal {
    uint32_t which;
    union {
        lion lion;
        elephant *elephant;
    } is;
} animal;
static const ukko_field animal_fields[] = {
    UKKO_FIELD_ALL(animal, is.lion, "lion", UKKO_STRUCT, UKKO_ONEOF, 1, which, &lion_type, NULL),
    UKKO_FIELD_ALL(animal, is.elephant, "elephant", UKKO_STRUCTP, UKKO_ONEOF, 2, which,
                   &elephant_type, NULL)};
static const ukko_type animal_type = UKKO_CHOICE_TYPE(animal, "type", animal_fields);
typedef struct zoo {
    animal first;
    animal *all;
    size_t n;
} zoo;
static const ukko_field zoo_fields[] = {UKKO_FIELD_OF(zoo, first, UKKO_STRUCT, &animal_type),
                                        UKKO_FIELD_LIST(zoo, all, n, UKKO_STRUCT, &animal_type)};
static const ukko_type zoo_type = UKKO_JACKSON(zoo, "z.Zoo", zoo_fields);
static const ukko_type zoo_cbor = UKKO_JACKSON_CBOR_TYPE(zoo, "z.Cbor", zoo_fields);

static void one_of_several_structs(void **state) {
    static const char json[] =
        "{\"first\":{\"type\":\"elephant\",\"name\":\"Nellie\",\"age\":40,\"keeper\":null},"
        "\"all\":[{\"type\":\"lion\",\"name\":\"Simba\"},null]}";
    static const char late[] =
        "{\"first\":{\"name\":\"Nellie\",\"deep\":[{\"type\":\"lion\"}],\"age\":40,\"type\":\"elephant\"},"
        "\"all\":[{\"name\":\"Simba\",\"type\":\"lion\"},null],\"first\":null,\"first\":{\"type\":\"lion\"}}";
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    if (decode(31, "z.Zoo", ukko_str(json), &m, &err)) fail_msg("%s", err.message);
    const zoo *z = UK_BODY(zoo, m);
    assert_int_equal(z->first.which, 2);
    assert_int_equal(z->first.is.elephant->age, 40);
    assert_string_equal(z->all[0].is.lion.name, "Simba");
    assert_int_equal(z->all[1].which, 0);
    coded c = encode(m);
    assert_string_equal(uk_buf_text(&c.bytes), json);
    uk_buf_fini(&c.bytes);
    ukko_msg *cbor = ukko_msg_copy(&zoo_cbor, z);
    ukko_msg_release(round_trip(cbor, 33, "z.Cbor"));
    ukko_msg_release(cbor);
    ukko_msg_release(m);
    if (decode(31, "z.Zoo", ukko_str(late), &m, &err)) fail_msg("%s", err.message);
    assert_int_equal(UK_BODY(zoo, m)->first.which, 1); /* what comes last counts */
    ukko_msg_release(m);
    static const char *const bad[] = {"{\"first\":{\"name\":\"x\"}}",
                                      "{\"first\":{\"type\":\"tiger\"}}",
                                      "{\"first\":5}",
                                      "{\"first\":{\"type\":7}}",
                                      "{\"first\":{\"type\":\"lion\",\"name\":{}}}",
                                      "{\"first\":{\"type\"}}"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (decode(31, "z.Zoo", ukko_str(bad[i]), &m, NULL) != UKKO_EPARSE)
            fail_msg("taken: %s", bad[i]);
    uint64_t seed = 5;
    for (int i = 0; i < 500; i++) {
        m = ukko_msg_random(the_system, &zoo_type, &seed);
        ukko_msg *back = round_trip(m, 31, "z.Zoo");
        assert_true(ukko_msg_equal(m, back));
        ukko_msg_release(m);
        ukko_msg_release(back);
    }
}

/* ---- tables that do not fit ---- */

static void tables_are_checked(void **state) {
    static const ukko_field
        no_tag[] = {UKKO_FIELD_ALL(wire, one.number, "n", UKKO_I32, UKKO_ONEOF, 0, which, NULL,
                                   NULL)},
        both[] = {UKKO_FIELD_ALL(wire, opt, "o", UKKO_I32, UKKO_PRESENT | UKKO_ONEOF, 1, has_opt,
                                 NULL, NULL)},
        list[] = {UKKO_FIELD_ALL(wire, list, "l", UKKO_I32, UKKO_REPEATED | UKKO_PRESENT, 1, n_list,
                                 NULL, NULL)},
        outside[] = {{"o", UKKO_I32, UKKO_PRESENT, 1, 0, 4, sizeof(wire), NULL, NULL}},
        two[] = {UKKO_FIELD(leaf, x, UKKO_I32), UKKO_FIELD(leaf, name, UKKO_STR)},
        plain[] = {UKKO_FIELD(leaf, x, UKKO_I32)};
    static const ukko_type types[] = {UKKO_TYPE_LOCAL(wire, no_tag),
                                      UKKO_TYPE_LOCAL(wire, both),
                                      UKKO_TYPE_LOCAL(wire, list),
                                      UKKO_TYPE_LOCAL(wire, outside),
                                      UKKO_VALUE_TYPE(leaf, two),
                                      UKKO_CHOICE_TYPE(leaf, "type", plain),
                                      UKKO_CHOICE_TYPE(animal, NULL, animal_fields)};
    ukko_error err;
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++)
        if (uk_type_check(&types[i], &err) != UKKO_EINVAL) fail_msg("taken: %zu", i);
}

/* ---- texts with a NUL, enums without a value, numbers without a sign ---- */

static void values_c_has_no_literal_for(void **state) {
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    if (decode(
            31, "e.Json",
            ukko_str(
                "{\"raw\":\"a\\u0000b\",\"color\":null,\"u64\":18446744073709551615,\"u32\":\"7\"}"),
            &m, &err))
        fail_msg("%s", err.message);
    const every *v = UK_BODY(every, m);
    assert_int_equal(v->raw.len, 3);
    assert_memory_equal(v->raw.text, "a\0b", 4);
    assert_int_equal(v->color, -1);
    assert_true(v->u64 == UINT64_MAX && v->u32 == 7);
    ukko_msg *cbor = ukko_msg_copy(&every_cbor, v), *back = round_trip(cbor, 33, "e.Cbor");
    assert_true(ukko_msg_equal(cbor, back));
    ukko_msg_release(back);
    ukko_msg_release(cbor);
    ukko_msg_release(m);
    static const char twice[] =
        "{\"part\":{\"x\":1,\"name\":\"a\"},\"date\":\"2020-01-01\",\"part\":{\"x\":2},\"date\":null}";
    assert_int_equal(decode(31, "e.Json", ukko_str(twice), &m, NULL), UKKO_OK);
    assert_true(UK_BODY(every, m)->part.x == 2 && !UK_BODY(every, m)->part.name);
    assert_int_equal(UK_BODY(every, m)->date.month, 0);
    ukko_msg_release(m);
    static const char *const bad[] = {"{\"u64\":-1}",           "{\"u64\":18446744073709551616}",
                                      "{\"u32\":4294967296}",   "{\"u32\":-1}",
                                      "{\"text\":\"\\u0000\"}", "{\"color\":\"PINK\"}"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (decode(31, "e.Json", ukko_str(bad[i]), &m, NULL) != UKKO_EPARSE)
            fail_msg("taken: %s", bad[i]);
}

static int setup(void **state) {
    static const ukko_type *const types[] = {&times_json,  &times_cbor, &every_json,   &every_cbor,
                                             &every_proto, &wire_type,  &strict_proto, &strict_json, &holder_type,
                                             &zoo_type,    &zoo_cbor};
    ukko_error err = {0, ""};
    if (open_system(state)) return -1;
    for (size_t i = 0; i < COUNT(types); i++)
        if (uk_serial_add(the_serial, types[i], &err))
            return fprintf(stderr, "%s\n", err.message), -1;
    return 0;
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_jackson_wrote_as_json),
        cmocka_unit_test(what_jackson_wrote_as_cbor),
        cmocka_unit_test(dates_as_numbers_are_read),
        cmocka_unit_test(random_values_come_back),
        cmocka_unit_test(the_same_seed_gives_the_same_message),
        cmocka_unit_test(one_other_member_is_another_message),
        cmocka_unit_test(protobuf_forms),
        cmocka_unit_test(strange_fields_travel_on),
        cmocka_unit_test(what_must_be_there),
        cmocka_unit_test(one_of_several_structs),
        cmocka_unit_test(tables_are_checked),
        cmocka_unit_test(values_c_has_no_literal_for),
    };
    return cmocka_run_group_tests_name("kinds", tests, setup, close_system);
}
