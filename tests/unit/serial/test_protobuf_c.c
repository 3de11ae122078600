/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of protobuf-c's generated code: there and back, the same bytes as ukko's own tables write,
   and foreign bytes within limits. */
#include "helper.h"
#include "order.pb-c.h"
#include <ukko/protobuf_c.h>

UKKO_PROTOBUF_C(order_type, Shop__Order, shop__order, "com.example.shop.Orders$Order")
UKKO_PROTOBUF_C(line_type, Shop__Line, shop__line, "com.example.shop.Orders$Line")

/* The same message as a table. */
typedef struct plain_line plain_line;
struct plain_line {
    const char *item;
    int32_t count;
    plain_line *next;
};
static const ukko_type plain_line_type;
static const ukko_field plain_line_fields[] = {
    UKKO_FIELD_TAG(plain_line, item, UKKO_STR, 1), UKKO_FIELD_TAG(plain_line, count, UKKO_I32, 2),
    UKKO_FIELD_ALL(plain_line, next, "next", UKKO_STRUCTP, 0, 3, next, &plain_line_type, NULL)};
static const ukko_type plain_line_type = UKKO_TYPE_LOCAL(plain_line, plain_line_fields);
typedef struct plain {
    const char *id;
    int64_t total;
    plain_line *lines;
    size_t n_lines;
    double *weights;
    size_t n_weights;
    ukko_slice blob;
    uint32_t which;
    union {
        const char *card;
        plain_line *barter;
    } payment;
} plain;
static const ukko_field plain_fields[] = {
    UKKO_FIELD_TAG(plain, id, UKKO_STR, 1),
    UKKO_FIELD_ALL(plain, total, "total", UKKO_I64, UKKO_ZIGZAG, 2, total, NULL, NULL),
    UKKO_FIELD_ALL(plain, lines, "lines", UKKO_STRUCT, UKKO_REPEATED, 3, n_lines, &plain_line_type,
                   NULL),
    UKKO_FIELD_ALL(plain, weights, "weights", UKKO_F64, UKKO_REPEATED, 4, n_weights, NULL, NULL),
    UKKO_FIELD_TAG(plain, blob, UKKO_BYTES, 5),
    UKKO_FIELD_ALL(plain, payment.card, "card", UKKO_STR, UKKO_ONEOF, 6, which, NULL, NULL),
    UKKO_FIELD_ALL(plain, payment.barter, "barter", UKKO_STRUCTP, UKKO_ONEOF, 7, which,
                   &plain_line_type, NULL),
};
static const ukko_type plain_type =
    UKKO_TYPE(plain, "com.example.shop.Plain", UKKO_SER_PROTOBUF, plain_fields);

#define ORDER "com.example.shop.Orders$Order"

static void there_and_back(void **state) {
    Shop__Line a = SHOP__LINE__INIT, b = SHOP__LINE__INIT, *lines[] = {&a, &b};
    Shop__Order o = SHOP__ORDER__INIT;
    double weights[] = {1.5, -0.0};
    uint8_t blob[] = {0, 255};
    char id[] = "o-7", item[] = "apple";
    (void)state;
    a.item = item;
    a.count = -3;
    a.next = &b;
    o.id = id;
    o.total = -5000000000;
    o.lines = lines;
    o.n_lines = 2;
    o.weights = weights;
    o.n_weights = 2;
    o.blob = (ProtobufCBinaryData){2, blob};
    o.payment_case = SHOP__ORDER__PAYMENT_BARTER;
    o.barter = &a;
    ukko_msg *m = ukko_msg_copy(&order_type, &o);
    memset(item, '?', 5);
    ukko_msg *back = round_trip(m, 2, ORDER);
    const Shop__Order *got = ukko_msg_get(back, &order_type);
    assert_string_equal(got->id, "o-7");
    assert_string_equal(got->lines[0]->item, "apple");
    assert_int_equal(got->lines[0]->count, -3);
    assert_true(got->total == -5000000000 && got->n_weights == 2 &&
                got->payment_case == SHOP__ORDER__PAYMENT_BARTER);
    assert_true(ukko_msg_equal(m, back));
    /* a table of ukko writes and reads the same bytes */
    coded c = encode(m);
    ukko_msg *p;
    ukko_error err = {0, ""};
    if (decode(2, "com.example.shop.Plain", uk_buf_slice(&c.bytes), &p, &err))
        fail_msg("%s", err.message);
    assert_string_equal(UK_BODY(plain, p)->payment.barter->next->item, "");
    coded d = encode(p);
    same_bytes("table", uk_buf_slice(&c.bytes), uk_buf_slice(&d.bytes));
    uk_buf_fini(&c.bytes);
    uk_buf_fini(&d.bytes);
    ukko_msg_release(p);
    ukko_msg_release(back);
    ukko_msg_release(m);
}
static void random_messages_in_both_ways(void **state) {
    uint64_t seed = 11;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        ukko_msg *m = ukko_msg_random(the_system, &plain_type, &seed), *other;
        coded c = encode(m);
        assert_int_equal(c.rc, 0);
        assert_int_equal(decode(2, ORDER, uk_buf_slice(&c.bytes), &other, NULL), 0);
        coded d = encode(other);
        same_bytes("random", uk_buf_slice(&c.bytes), uk_buf_slice(&d.bytes));
        uk_buf_fini(&c.bytes);
        uk_buf_fini(&d.bytes);
        ukko_msg_release(other);
        ukko_msg_release(m);
    }
}
static void foreign_bytes(void **state) {
    static const char *const bad[] = {"08", "0a",     "0a05",     "ff",   "0b",
                                      "0c", "1a0108", "1a020aff", "1d00", "2201"};
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (decode_hex(2, ORDER, bad[i], &m, &err) >= 0) fail_msg("taken: %s", bad[i]);
    uk_buf deep = {0}; /* Line in Line in Line */
    for (int i = 0; i < 300; i++) {
        uk_buf next = {0};
        uk_pb_bytes(&next, 3, deep.ptr, deep.len);
        uk_buf_fini(&deep);
        deep = next;
        int rc = decode(2, "com.example.shop.Orders$Line", uk_buf_slice(&deep), &m, &err);
        if (rc != (i < 100 ? UKKO_OK : UKKO_ETOOBIG)) fail_msg("%d levels: %s", i, err.message);
        ukko_msg_release(m);
    }
    uk_buf_fini(&deep);
    uk_buf wide = {0}; /* an object for each two bytes */
    for (int i = 0; i < 1000000; i++) uk_buf_put(&wide, "\x1a\x00", 2);
    assert_int_equal(decode(2, ORDER, uk_buf_slice(&wide), &m, &err), UKKO_ETOOBIG);
    uk_buf_fini(&wide);
    m = ukko_msg_new(&order_type); /* never filled */
    coded c = encode(m);
    assert_int_equal(c.rc, UKKO_EINVAL);
    uk_buf_fini(&c.bytes);
    ukko_msg_release(m);
}

static int setup(void **state) {
    return open_system(state) || uk_serial_add(the_serial, &order_type, NULL) ||
           uk_serial_add(the_serial, &line_type, NULL) ||
           uk_serial_add(the_serial, &plain_type, NULL);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(random_messages_in_both_ways),
        cmocka_unit_test(foreign_bytes),
    };
    return cmocka_run_group_tests_name("protobuf-c", tests, setup, close_system);
}
