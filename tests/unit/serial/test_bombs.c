/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes made to cost more than they are: archives that lie, lengths of gigabytes, depth without end,
   one field a million times. Each is answered with a failure or a small message, and the memory that
   the attempt held at its highest, counted by the allocator, stays near what came in. */
#include "helper.h"
#include "serial/compress.h"
#include <malloc.h>
#include <stdatomic.h>

/* ---- memory, counted ---- */

static atomic_size_t held, peak;

static void *counted(void *p, size_t before) {
    size_t now =
        atomic_fetch_add(&held, malloc_usable_size(p) - before) + malloc_usable_size(p) - before;
    if (now > peak) peak = now;
    return p;
}
static void *count_alloc(void *data, size_t size) {
    (void)data;
    return counted(malloc(size), 0);
}
static void *count_realloc(void *data, void *p, size_t size) {
    size_t before = malloc_usable_size(p);
    (void)data;
    return counted(realloc(p, size), before);
}
static void count_free(void *data, void *p) {
    (void)data;
    held -= malloc_usable_size(p);
    free(p);
}

/* ---- one attempt ---- */

enum { KB = 1024, MB = 1024 * KB, SMALL = 640 * KB /* messages come from slabs of 256 KB */ };
static uk_buf in;

static int decode_once(int32_t id, const char *manifest, ukko_error *err) {
    ukko_msg *m = NULL;
    int rc = decode(id, manifest, uk_buf_slice(&in), &m, err);
    if (rc) assert_null(m);
    ukko_msg_release(m);
    return rc;
}
/* Decodes what in holds; the peak above what was held before may be at most `room`, and a second
   time nothing may stay (the pool keeps what it once had). */
static int attempt(int32_t id, const char *manifest, size_t room) {
    ukko_error err = {0, ""};
    size_t before = held;
    peak = before;
    int rc = decode_once(id, manifest, &err);
    if (peak - before > room)
        fail_msg("%zu bytes of [%s] took %zu bytes of memory, not %zu (%s)", in.len, manifest,
                 peak - before, room, err.message);
    before = held;
    assert_int_equal(decode_once(id, manifest, &err), rc);
    if (held > before) fail_msg("%zu bytes leaked", held - before);
    return rc;
}
#define refused(id, manifest, code, room)                                                          \
    do {                                                                                           \
        assert_int_equal(attempt((id), (manifest), (room)), code);                                 \
        uk_buf_clear(&in);                                                                         \
    } while (0)
#define taken(id, manifest, room) refused(id, manifest, UKKO_OK, room)

static int nothing_in(void **state) {
    (void)state;
    uk_buf_clear(&in);
    return 0;
}
static void repeat(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) uk_buf_str(&in, text);
}
static void repeat_bytes(const void *bytes, size_t len, size_t n) {
    for (size_t i = 0; i < n; i++) uk_buf_put(&in, bytes, len);
}
static void varint(uint64_t v) { uk_pb_raw_varint(&in, v); }

/* ---- archives ---- */

static void gzip_of(const char *fill, size_t n) {
    uk_buf plain = {0};
    for (size_t i = 0; i < n; i++) uk_buf_str(&plain, fill);
    assert_int_equal(uk_gzip(uk_buf_slice(&plain), &in), 0);
    uk_buf_fini(&plain);
}
static void gzip_bombs(void **state) {
    (void)state;
    gzip_of("        ", 70 * MB / 8); /* says the truth: 70 MiB, in 70 KB */
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    gzip_of("        ", 8 * MB / 8);
    memcpy(in.ptr + in.len - 4, "\xff\xff\xff\x3f", 4); /* a gigabyte, it says */
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    gzip_of("        ", 8 * MB / 8);
    memcpy(in.ptr + in.len - 4, "\x10\0\0\0", 4); /* says 16 bytes, is 8 MiB */
    refused(31, "ukko.oracle.Greeting", UKKO_EPARSE, SMALL);
    gzip_of("x", 100);
    memcpy(in.ptr + in.len - 4, "\0\0\0\x01", 4); /* 16 MiB out of 32 bytes: not with deflate */
    refused(33, "ukko.oracle.CborGreeting", UKKO_EPARSE, SMALL);
    gzip_of("[", 1 * MB); /* an archive within the limits, with depth inside */
    refused(31, "ukko.oracle.Greeting", UKKO_EPARSE, 4 * MB);
}
static void lz4_bombs(void **state) {
    static const uint8_t two_gb[] = {0x87, 0xd9, 0x6d, 0xf6, 0x7f, 0xff, 0xff, 0xff, 0x10, 'x'};
    static const uint8_t some_mb[] = {0x87, 0xd9, 0x6d, 0xf6, 0x01, 0, 0, 0, 0x1f, 'x', 1, 0, 255};
    static const uint8_t short_one[] = {0x87, 0xd9, 0x6d, 0xf6, 0, 0,   0,
                                        1,    0x1f, 'x',  1,    0, 255, 0};
    (void)state;
    uk_buf_put(&in, two_gb, sizeof two_gb);
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    uk_buf_put(&in, some_mb, sizeof some_mb);
    refused(33, "ukko.oracle.CborGreeting", UKKO_EPARSE, SMALL);
    uk_buf_put(&in, short_one, sizeof short_one);
    refused(31, "ukko.oracle.Greeting", UKKO_EPARSE, SMALL);
}

/* ---- depth ---- */

/* JSON that nobody asked for is passed over, and that has a depth as well. */
static void deep_json(void **state) {
    static const char *const open[] = {"[", "{\"a\":", "[{\"b\":"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uk_buf_str(&in, "{\"unknown\":");
        repeat(open[i], 500000);
        refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    }
    repeat("{\"nested\":", 100000);
    refused(31, "ukko.oracle.Mixed", UKKO_ETOOBIG, SMALL);
}
static void deep_cbor(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const char *const open[] = {"\x9f", "\x81",
                                           "\xbf"
                                           "ax",
                                           "\xa1"
                                           "ax"};
        uk_buf_str(&in, "\xbf"
                        "gunknown");
        repeat(open[i], 300000);
        refused(33, "ukko.oracle.CborGreeting", UKKO_ETOOBIG, SMALL);
    }
    repeat("\xc6", 300000); /* tags of tags */
    refused(33, "ukko.oracle.CborGreeting", UKKO_EPARSE, SMALL);
}
typedef struct chain chain;
struct chain {
    chain *next;
};
static const ukko_type chain_type;
static const ukko_field chain_fields[] = {
    {"next", UKKO_STRUCTP, 0, 1, 0, sizeof(void *), 0, &chain_type, NULL}};
static const ukko_type chain_type = UKKO_TYPE(chain, "t.Chain", UKKO_SER_PROTOBUF, chain_fields);

/* n messages, each a field of the next, from the inside to the outside; behind that field come the
   tails in turn. */
typedef struct layer {
    uint8_t field;
    ukko_slice tail;
} layer;
static void nest(size_t n, const layer *layers, size_t n_layers) {
    uint8_t **heads = malloc(n * sizeof *heads);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) { /* from the inside */
        const layer *l = &layers[i % n_layers];
        heads[i] = malloc(12);
        heads[i][0] = (uint8_t)(l->field << 3 | UK_PB_BYTES);
        uint8_t *end = uk_pb_write_varint(heads[i] + 1, len);
        heads[i][11] = (uint8_t)(end - heads[i]);
        len += heads[i][11] + l->tail.len;
    }
    for (size_t i = n; i-- > 0;) {
        uk_buf_put(&in, heads[i], heads[i][11]);
        free(heads[i]);
    }
    for (size_t i = 0; i < n; i++)
        uk_buf_put(&in, layers[i % n_layers].tail.ptr, layers[i % n_layers].tail.len);
    free(heads);
}
static void deep_protobuf(void **state) {
    static const uint8_t groups[] = {0x0b};
    const layer link = {1, {NULL, 0}};
    (void)state;
    assert_int_equal(uk_serial_add(the_serial, &chain_type, NULL), 0);
    nest(90, &link, 1);
    taken(2, "t.Chain", SMALL);
    nest(100000, &link, 1);
    refused(2, "t.Chain", UKKO_ETOOBIG, SMALL);
    repeat_bytes(groups, 1, 100000);
    refused(2, "t.Chain", UKKO_EPARSE, SMALL);
}
/* An Option of an Option of an Option: Payload is message (1), serializer (2), manifest (4). */
static void deep_payloads(void **state) {
    const layer some[] = {{1, ukko_str("\x10\x10\x22\x01"
                                       "C")},
                          {1, {NULL, 0}}};
    const layer success = {1, ukko_str("\x10\x10\x22\x01"
                                       "D")};
    const layer causes[] = {{1, ukko_str("\x10\x10\x22\x01"
                                         "F")},
                            {3, ukko_str("\x0a,org.apache.pekko.pattern.AskTimeoutException")}};
    (void)state;
    nest(60, some, 2);
    taken(16, "C", SMALL);
    nest(20000, some, 2);
    refused(16, "C", UKKO_ETOOBIG, SMALL);
    nest(10000, &success, 1);
    refused(16, "D", UKKO_ETOOBIG, SMALL);
    nest(20000, causes, 2);
    refused(16, "F", UKKO_ETOOBIG, SMALL);
}
static void deep_selections(void **state) {
    const layer selection = {1, {(const uint8_t *)"\x10\x06\x28\x00", 4}};
    (void)state;
    nest(10000, &selection, 1);
    refused(6, "", UKKO_ETOOBIG, SMALL);
}
static void deep_configuration(void **state) {
    (void)state;
    repeat("{\"a\":", 200000);
    refused(16, "CF", UKKO_ETOOBIG, SMALL);
}

/* ---- lengths ---- */

static void huge_cbor(void **state) {
    static const char *const heads[] = {"\x5b", "\x7b", "\x9b", "\xbb", "\xdb"};
    static const char *const sizes[] = {"\x7f\xff\xff\xff\xff\xff\xff\xff",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff"};
    (void)state;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 2; k++) {
            uk_buf_str(&in, "\xbf"
                            "dtext");
            uk_buf_str(&in, heads[i]);
            uk_buf_put(&in, sizes[k], 8);
            uk_buf_str(&in, "x");
            assert_int_not_equal(attempt(33, "ukko.oracle.CborGreeting", SMALL), 0);
            uk_buf_clear(&in);
        }
    uk_buf_put(&in,
               "\xbf"
               "dlist\x9a\x7f\xff\xff\xff\1",
               12); /* two billion numbers, one there */
    refused(33, "ukko.oracle.MixedCbor", UKKO_EPARSE, SMALL);
}
static void huge_numbers(void **state) {
    (void)state;
    uk_buf_str(&in, "{\"number\":");
    repeat("1234567890", 1 * MB / 10);
    uk_buf_str(&in, "}");
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    uk_buf_str(&in, "{\"unknown\":1e");
    repeat("9", 999);
    uk_buf_str(&in, "}");
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
    uk_buf_put(&in,
               "\xbf"
               "fnumber\xc2\x5a\0\x10\0\0",
               14); /* a bignum of a megabyte */
    repeat("\x77", 1 * MB);
    uk_buf_str(&in, "\xff");
    refused(33, "ukko.oracle.CborGreeting", UKKO_ETOOBIG, SMALL);
    uk_buf_str(&in, "{\"");
    repeat("n", 60000);
    uk_buf_str(&in, "\":1}");
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
}
static void huge_text(void **state) {
    (void)state;
    uk_buf_str(&in, "{\"text\":\"");
    repeat("xxxxxxxxxx", 2100000); /* Jackson's limit is 20 million characters */
    uk_buf_str(&in, "\",\"number\":1}");
    refused(31, "ukko.oracle.Greeting", UKKO_ETOOBIG, SMALL);
}
static void huge_protobuf(void **state) {
    static const uint64_t sizes[] = {1u << 20, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    static const char *const manifests[] = {"A",  "B",  "C",     "D",     "F",
                                            "G",  "AD", "UD",    "AIEX",  "TNSEX",
                                            "SM", "FC", "ROSGP", "RORRC", "RS"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        for (size_t k = 0; k < sizeof manifests / sizeof manifests[0]; k++) {
            varint(1 << 3 | UK_PB_BYTES);
            varint(sizes[i]);
            uk_buf_str(&in, "short");
            refused(16, manifests[k], UKKO_EPARSE, SMALL);
        }
        varint(1 << 3 | UK_PB_BYTES);
        varint(sizes[i]);
        refused(6, "", UKKO_EPARSE, SMALL);
        varint(1 << 3 | UK_PB_BYTES);
        varint(sizes[i]);
        refused(2, "com.google.protobuf.StringValue", UKKO_EPARSE, SMALL);
    }
}

/* ---- one thing many times ---- */

/* The last one counts, or for a strict serializer none; the others leave nothing behind. */
static void duplicates_in_json(void **state) {
    (void)state;
    uk_buf_str(&in, "{");
    repeat("\"text\":\"a text of some length, that is thrown away again\",", 50000);
    uk_buf_str(&in, "\"number\":1}");
    taken(31, "ukko.oracle.Greeting", in.len * 2);
    uk_buf_str(&in, "{");
    repeat("\"nested\":{\"text\":\"t\",\"number\":1},", 50000);
    uk_buf_str(&in, "\"flag\":true}");
    taken(31, "ukko.oracle.Mixed", in.len * 6);
    uk_buf_str(&in, "{");
    repeat("\"list\":[1,2,3,4,5,6,7,8,9,10],", 50000);
    uk_buf_str(&in, "\"flag\":true}");
    taken(31, "ukko.oracle.Mixed", in.len * 4);
    uk_buf_str(&in, "{");
    repeat("\"replyTo\":\"pekko://vec@h:1/user/a\",", 50000);
    uk_buf_str(&in, "\"flag\":true}");
    taken(31, "ukko.oracle.Mixed", in.len * 2);
}
static void duplicates_in_cbor(void **state) {
    (void)state;
    uk_buf_str(&in, "\xbf");
    repeat("dtextx\x1c"
           "a text that is thrown away ",
           50000);
    uk_buf_str(&in, "\xff");
    (void)attempt(33, "ukko.oracle.CborGreeting", in.len * 2);
    uk_buf_clear(&in);
    uk_buf_str(&in, "\xbf");
    for (int i = 0; i < 50000; i++) uk_buf_put(&in, "dlist\x83\1\2\3", 9);
    uk_buf_str(&in, "\xff");
    (void)attempt(33, "ukko.oracle.MixedCbor", in.len * 6);
    uk_buf_clear(&in);
}
static void duplicates_in_protobuf(void **state) {
    (void)state;
    repeat("\x0a\x04text", 100000);
    taken(2, "com.google.protobuf.StringValue", in.len + SMALL);
}
/* Each of these fields once made a copy each time that it came. */
static void duplicates_in_the_runtimes_own(void **state) {
    static const struct {
        int32_t id;
        const char *manifest, *field;
        int code;
    } all[] = {
        {16, "AD", "\x0a\x08the-text", UKKO_EPARSE},
        {16, "AD", "\x12\x08the-text", UKKO_EPARSE},
        {16, "AD", "\x22\x08the-text", UKKO_EPARSE},
        {16, "F", "\x0a\x08the-text", UKKO_OK},
        {16, "F", "\x12\x08the-text", UKKO_EPARSE},
        {16, "TNSEX", "\x0a\x08the-text", UKKO_EPARSE},
        {16, "TNSEX", "\x12\x08the-text", UKKO_EPARSE},
        {16, "TNSEX", "\x1a\x08the-text", UKKO_EPARSE},
        {16, "AIEX", "\x12\x08the-text", UKKO_EPARSE},
        {16, "SM", "\x0a\x08the-text", UKKO_OK},
        {16, "FC", "\x12\x08the-text", UKKO_OK},
        {16, "RORRP", "\x12\x08the-text", UKKO_EPARSE},
        {16, "G", "\x0a\x10pekko://a/user/b", UKKO_OK},
        {16, "RS",
         "\x0a\x12\x0a\x01s\x12\x01h\x22\x0a"
         "protocol!!",
         UKKO_EPARSE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        repeat(all[i].field, 200000);
        refused(all[i].id, all[i].manifest, all[i].code, SMALL);
    }
}
static void duplicates_in_a_deployment(void **state) {
    static const char *const fields[] = {"\x1a\x08the-path", "\x0a\x08the-prop", "\x12\x08the-prop",
                                         "\x22\x08the-prop"};
    uk_daemon_create *c = NULL;
    (void)state;
    for (int i = 0; i < 4; i++) {
        repeat(fields[i], 200000);
        size_t before = held;
        peak = held;
        assert_int_equal(uk_daemon_decode(the_serial, uk_buf_slice(&in), &c, NULL), UKKO_EPARSE);
        assert_true(peak - before < SMALL);
        uk_buf_clear(&in);
    }
    uk_buf props = {
        0}; /* a whole deployment, whose props name the class a hundred thousand times */
    for (int i = 0; i < 100000; i++) uk_buf_str(&props, "\x1a\x09the-class");
    uk_buf_put(&props, "\x12\x02\x0a\x00", 4);
    uk_pb_bytes(&in, 1, props.ptr, props.len);
    uk_pb_bytes(&in, 2, "\x0a\x00", 2);
    uk_pb_str(&in, 3, "/path");
    uk_pb_bytes(&in, 4, "\x0a\x02up", 4);
    size_t before = held;
    peak = held;
    assert_int_equal(uk_daemon_decode(the_serial, uk_buf_slice(&in), &c, NULL), UKKO_OK);
    assert_true(peak - before < SMALL);
    assert_string_equal(c->class_name, "the-class");
    uk_daemon_free(c);
    uk_buf_fini(&props);
    uk_buf_clear(&in);
}

/* ---- many small things ---- */

typedef struct cell {
    const char *a, *b, *c, *d;
    int64_t numbers[12];
} cell;
typedef struct sheet {
    cell *cells;
    size_t n;
} sheet;
static const ukko_field cell_fields[] = {
    UKKO_FIELD_TAG(cell, a, UKKO_STR, 1), UKKO_FIELD_TAG(cell, b, UKKO_STR, 2),
    UKKO_FIELD_TAG(cell, c, UKKO_STR, 3), UKKO_FIELD_TAG(cell, d, UKKO_STR, 4)};
static const ukko_type cell_type = UKKO_TYPE_LOCAL(cell, cell_fields);
static const ukko_field sheet_fields[] = {{"cells", UKKO_STRUCT, UKKO_REPEATED, 1,
                                           offsetof(sheet, cells), sizeof(void *),
                                           offsetof(sheet, n), &cell_type, NULL}};
static const ukko_type sheet_json = UKKO_JACKSON(sheet, "t.Sheet", sheet_fields);
static const ukko_type sheet_cbor = UKKO_JACKSON_CBOR_TYPE(sheet, "t.SheetCbor", sheet_fields);
static const ukko_type sheet_proto =
    UKKO_TYPE(sheet, "t.SheetProto", UKKO_SER_PROTOBUF, sheet_fields);

/* Elements of 128 bytes, each of which comes as two or three: the lists stop at a budget. */
static void small_elements(void **state) {
    (void)state;
    assert_int_equal(uk_serial_add(the_serial, &sheet_json, NULL), 0);
    assert_int_equal(uk_serial_add(the_serial, &sheet_cbor, NULL), 0);
    assert_int_equal(uk_serial_add(the_serial, &sheet_proto, NULL), 0);
    uk_buf_str(&in, "{\"cells\":[{}");
    repeat(",{}", 3000000);
    uk_buf_str(&in, "]}");
    refused(31, "t.Sheet", UKKO_ETOOBIG, 160 * MB);
    uk_buf_str(&in, "\xbf"
                    "ecells\x9f");
    repeat("\xa0", 3000000);
    uk_buf_str(&in, "\xff\xff");
    refused(33, "t.SheetCbor", UKKO_ETOOBIG, 160 * MB);
    repeat_bytes("\x0a\0", 2, 3000000);
    refused(2, "t.SheetProto", UKKO_ETOOBIG, 160 * MB);
}
static void many_parts(void **state) {
    (void)state;
    uk_buf_str(&in, "\x0a\x01x");
    repeat_bytes("\x22\0", 2, 100000); /* stack frames */
    refused(16, "F", UKKO_ETOOBIG, SMALL);
    uk_buf_put(&in, "\x0a\0\x10\4", 4);
    repeat_bytes("\x1a\0", 2, 100000); /* steps of a selection */
    refused(6, "", UKKO_ETOOBIG, SMALL);
    uk_buf_put(&in, "\x0a\x08\x0a\0\x10\x10\x22\2DR", 10);
    repeat_bytes("\x12\0", 2, 100000); /* nodes of a router */
    assert_int_not_equal(attempt(16, "RORRC", SMALL), 0);
    uk_buf_clear(&in);
}

int main(void) {
    const ukko_allocator counting = {count_alloc, count_realloc, count_free, NULL};
    ukko_set_allocator(&counting);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(gzip_bombs, nothing_in),
        cmocka_unit_test_setup(lz4_bombs, nothing_in),
        cmocka_unit_test_setup(deep_json, nothing_in),
        cmocka_unit_test_setup(deep_cbor, nothing_in),
        cmocka_unit_test_setup(deep_protobuf, nothing_in),
        cmocka_unit_test_setup(deep_payloads, nothing_in),
        cmocka_unit_test_setup(deep_selections, nothing_in),
        cmocka_unit_test_setup(deep_configuration, nothing_in),
        cmocka_unit_test_setup(huge_cbor, nothing_in),
        cmocka_unit_test_setup(huge_numbers, nothing_in),
        cmocka_unit_test_setup(huge_text, nothing_in),
        cmocka_unit_test_setup(huge_protobuf, nothing_in),
        cmocka_unit_test_setup(duplicates_in_json, nothing_in),
        cmocka_unit_test_setup(duplicates_in_cbor, nothing_in),
        cmocka_unit_test_setup(duplicates_in_protobuf, nothing_in),
        cmocka_unit_test_setup(duplicates_in_the_runtimes_own, nothing_in),
        cmocka_unit_test_setup(duplicates_in_a_deployment, nothing_in),
        cmocka_unit_test_setup(small_elements, nothing_in),
        cmocka_unit_test_setup(many_parts, nothing_in),
    };
    int rc = cmocka_run_group_tests(tests, open_system, close_system);
    uk_buf_fini(&in);
    return rc;
}
