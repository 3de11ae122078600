/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of plain members, which are written and read by a plan made once for their type: the same
   bytes and the same values as without one, whatever comes. Single-threaded. */
#include "helper.h"
#include "serial/plan.h"

typedef struct inner {
    int32_t n;
    const char *word;
} inner;
static const ukko_field inner_fields[] = {UKKO_FIELD_TAG(inner, n, UKKO_I32, 1),
                                          UKKO_FIELD_TAG(inner, word, UKKO_STR, 2)};
static const ukko_type inner_type = UKKO_TYPE_LOCAL(inner, inner_fields);
static const char *const colours[] = {"RED", "GREEN", NULL};

typedef struct plain { /* of each kind that is written on the spot, and others between them */
    bool yes;
    int32_t small, colour;
    uint32_t count;
    int64_t large;
    uint64_t size;
    double real;
    const char *text;
    ukko_string any;
    inner in;
    inner *at;
    int32_t *list;
    size_t n_list;
    bool has_maybe;
    int64_t maybe;
    float single;
    const char *last;
    int32_t signs;
    const char *a_name_of_more_than_sixteen_bytes;
} plain;
static const ukko_field plain_fields[] = {
    UKKO_FIELD_TAG(plain, yes, UKKO_BOOL, 1),
    UKKO_FIELD_TAG(plain, small, UKKO_I32, 2),
    UKKO_FIELD_ALL(plain, colour, "colour", UKKO_ENUM, 0, 3, colour, NULL, colours),
    UKKO_FIELD_TAG(plain, count, UKKO_U32, 4),
    UKKO_FIELD_TAG(plain, large, UKKO_I64, 5),
    UKKO_FIELD_TAG(plain, size, UKKO_U64, 6),
    UKKO_FIELD_TAG(plain, real, UKKO_F64, 7),
    UKKO_FIELD_TAG(plain, text, UKKO_STR, 8),
    UKKO_FIELD_TAG(plain, any, UKKO_TEXT, 9),
    UKKO_FIELD_ALL(plain, in, "in", UKKO_STRUCT, 0, 10, in, &inner_type, NULL),
    UKKO_FIELD_ALL(plain, at, "\xc3\xa4t \"quoted\"", UKKO_STRUCTP, 0, 11, at, &inner_type, NULL),
    UKKO_FIELD_ALL(plain, list, "list", UKKO_I32, UKKO_REPEATED, 12, n_list, NULL, NULL),
    UKKO_FIELD_ALL(plain, maybe, "maybe", UKKO_I64, UKKO_PRESENT, 13, has_maybe, NULL, NULL),
    UKKO_FIELD_TAG(plain, single, UKKO_F32, 14),
    UKKO_FIELD_TAG(plain, last, UKKO_STR, 200),
    UKKO_FIELD_ALL(plain, signs, "signs", UKKO_I32, UKKO_ZIGZAG, 16, signs, NULL, NULL),
    UKKO_FIELD_TAG(plain, a_name_of_more_than_sixteen_bytes, UKKO_STR, 15),
};
static const ukko_type json_type = UKKO_JACKSON(plain, "t.Json", plain_fields);
static const ukko_type cbor_type = UKKO_JACKSON_CBOR_TYPE(plain, "t.Cbor", plain_fields);
static const ukko_type pb_type = UKKO_TYPE(plain, "t.Pb", UKKO_SER_PROTOBUF, plain_fields);
static const ukko_type *const kinds[] = {&json_type, &cbor_type, &pb_type, NULL};

/* The same types in two systems, of which one has lost its plans. */
static ukko_system *sys[2];
static uk_serial *ser[2];

static int open_both(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        ukko_error err;
        ukko_system_opts opts = UKKO_SYSTEM_OPTS(i ? "without" : "with", NULL);
        opts.types = kinds;
        opts.threads = 0;
        if (ukko_system_new(&sys[i], &opts, &err)) return -1;
        if (!(ser[i] = uk_serial_of(sys[i]))) return -1;
    }
    uk_plans_free(ser[1]);
    return 0;
}
static int close_both(void **state) {
    (void)state;
    ukko_system_free(sys[0]);
    ukko_system_free(sys[1]);
    return 0;
}
static void has_plans(void **state) {
    (void)state;
    for (int i = 0; kinds[i]; i++) {
        assert_non_null(uk_plan_of(ser[0], kinds[i]));
        assert_null(uk_plan_of(ser[1], kinds[i]));
    }
    assert_non_null(uk_plan_of(ser[0], &inner_type));
}

static void encode_in(int i, const ukko_msg *m, uk_buf *out) {
    int32_t id;
    ukko_slice manifest;
    ukko_error err = {0, ""};
    if (uk_serial_encode(ser[i], m, out, &id, &manifest, &err)) fail_msg("%s", err.message);
}
static void writes_the_same(const ukko_msg *m, uk_buf *bytes) {
    uk_buf without = {0};
    uk_buf_clear(bytes);
    encode_in(0, m, bytes);
    encode_in(1, m, &without);
    same_bytes(m->type->manifest, uk_buf_slice(&without), uk_buf_slice(bytes));
    uk_buf_fini(&without);
}
/* Both refuse it with the same code, or both give the same message. */
static bool reads_the_same(const ukko_type *t, ukko_slice in) {
    ukko_msg *got[2];
    int rc[2];
    for (int i = 0; i < 2; i++)
        rc[i] = uk_serial_decode(ser[i], t->serializer, ukko_str(t->manifest), in, &got[i], NULL);
    if (rc[0] != rc[1])
        fail_msg("%s: %d with a plan, %d without: %s", t->manifest, rc[0], rc[1], to_hex(in));
    if (!rc[0] && !ukko_msg_equal(got[0], got[1])) {
        char a[2000], b[2000];
        ukko_msg_print(got[0], a, sizeof a);
        ukko_msg_print(got[1], b, sizeof b);
        fail_msg("%s: %s\n with a plan %s\n without %s", t->manifest, to_hex(in), a, b);
    }
    for (int i = 0; i < 2; i++)
        if (!rc[i]) ukko_msg_release(got[i]);
    return !rc[0];
}

static uint64_t draw(uint64_t *seed) { /* xorshift */
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}
/* A byte changed, taken out, put in, or the end cut off. */
static void spoil(uk_buf *b, uint64_t *seed) {
    static const uint8_t common[] = "{}[]\",:0129.-eE\\ ntf\x00\x7f\x80\xbf\xff\xf6\xfb\x1b";
    size_t at = draw(seed) % b->len, end;
    uint8_t c = draw(seed) % 2 ? common[draw(seed) % sizeof common] : (uint8_t)draw(seed);
    switch (draw(seed) % 4) {
    case 0: b->ptr[at] = c; break;
    case 1: memmove(b->ptr + at, b->ptr + at + 1, --b->len - at); break;
    case 2:
        uk_buf_byte(b, 0);
        memmove(b->ptr + at + 1, b->ptr + at, b->len - 1 - at);
        b->ptr[at] = c;
        break;
    default: /* a part comes again */
        end = at + draw(seed) % (b->len - at);
        if (end > at) {
            uk_buf_reserve(b, end - at);
            memmove(b->ptr + end, b->ptr + at, b->len - at);
            b->len += end - at;
        }
    }
}
static void same_as_without_a_plan(void **state) {
    (void)state;
    uk_buf bytes = {0};
    for (int k = 0; kinds[k]; k++) {
        uint64_t seed = 17 + (uint64_t)k;
        size_t whole = 0, fine = 0;
        for (int n = 0; n < 1500; n++) {
            ukko_msg *m = ukko_msg_random(sys[0], kinds[k], &seed);
            writes_the_same(m, &bytes);
            ukko_msg_release(m);
            whole += reads_the_same(kinds[k], uk_buf_slice(&bytes));
            for (int i = 0; i < 12 && bytes.len; i++) {
                spoil(&bytes, &seed);
                if (bytes.len) fine += reads_the_same(kinds[k], uk_buf_slice(&bytes));
            }
        }
        assert_true(whole > 1400); /* some texts have NULs, which a const char * refuses */
        assert_true(fine > 100);   /* also spoiled ones are often taken */
    }
    uk_buf_fini(&bytes);
}
/* What the plan takes itself, at its ends. */
static void numbers_at_their_ends(void **state) {
    (void)state;
    static const char *const texts[] = {
        "-0", "0", "00", "-", "01", "1.", "1.5", "0.1", "-0.0", "123456789012345678",
        "1234567890123456789", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
        "9007199254740993", "9007199254740993.0", "900719925474099.25", "0.30000000000000004", "1e3",
        "1E400", "18446744073709551615", "\"7\"", "\"x\"", "true", "false", "null", " 1", "1 ", "{}",
        "\"\\u00e4\"", "\"\xc3\xa4\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xf0\x9f\x98\x80\""};
    static const char *const names[] = {"yes", "small", "count", "large", "size", "real", "text", "any"};
    char json[200];
    size_t taken = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            snprintf(json, sizeof json, "{\"%s\":%s}", names[k], texts[i]);
            taken += reads_the_same(&json_type, ukko_str(json));
            snprintf(json, sizeof json, "{\"%s\":%s,\"small\":3,\"last\":\"x\"}", names[k], texts[i]);
            taken += reads_the_same(&json_type, ukko_str(json));
        }
    assert_true(taken > 100);
}
/* Numbers of each width, to the tenth byte; texts of each length around those that are copied at once;
   and all of it cut off anywhere. */
static void every_width(void **state) {
    (void)state;
    char text[80];
    uk_buf bytes = {0};
    for (int n = 0; n < 64; n++)
        for (int off = -1; off <= 1; off++) {
            uint64_t v = (1ull << n) + (uint64_t)(int64_t)off;
            memset(text, 'a' + n % 26, sizeof text);
            text[n] = 0;
            plain t = {.small = (int32_t)v, .count = (uint32_t)v, .large = (int64_t)(off ? v : 0 - v),
                       .size = v, .text = text, .any = {text, (size_t)n}, .last = ""};
            ukko_msg *m = ukko_msg_copy(&pb_type, &t), *back;
            writes_the_same(m, &bytes);
            assert_int_equal(uk_serial_decode(ser[0], UKKO_SER_PROTOBUF, ukko_str("t.Pb"),
                                              uk_buf_slice(&bytes), &back, NULL), UKKO_OK);
            const plain *p = ukko_msg_get(back, &pb_type);
            assert_true(p->small == t.small && p->count == t.count && p->large == t.large &&
                        p->size == t.size && !strcmp(p->text, text) && p->any.len == (size_t)n);
            ukko_msg_release(back);
            for (size_t cut = bytes.len; cut-- > 0;)
                reads_the_same(&pb_type, (ukko_slice){bytes.ptr, cut});
            ukko_msg_release(m);
        }
    uk_buf_fini(&bytes);
}
static void a_message_owns_its_texts(void **state) {
    (void)state;
    ukko_msg *m;
    char json[] = "{\"yes\":true,\"text\":\"abc\",\"last\":\"z\"}";
    assert_int_equal(uk_serial_decode(ser[0], UKKO_SER_JACKSON_JSON, ukko_str("t.Json"),
                                      ukko_str(json), &m, NULL), UKKO_OK);
    memset(json, 'x', sizeof json - 1);
    const plain *p = ukko_msg_get(m, &json_type);
    assert_string_equal(p->text, "abc");
    assert_string_equal(p->last, "z");
    ukko_msg_release(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_plans),
        cmocka_unit_test(same_as_without_a_plan),
        cmocka_unit_test(numbers_at_their_ends),
        cmocka_unit_test(every_width),
        cmocka_unit_test(a_message_owns_its_texts),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
