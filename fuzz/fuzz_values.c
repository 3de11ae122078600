/* SPDX-License-Identifier: Apache-2.0 */
/* Single values from text: times, numbers, base64, UTF-8. What is understood prints, and its text means
   the same value. The first byte picks. */
#include "base/buf.h"
#include "base/pb.h"
#include "serial/codec.h"
#include <stdlib.h>
#include <ukko/time.h>

static char text[UKKO_TIME_ROOM];

static void instant(const char *in) {
    ukko_instant a, b;
    if (ukko_instant_parse(in, &a)) return;
    if (ukko_instant_print(a, text, sizeof text) >= sizeof text) abort();
    if (ukko_instant_parse(text, &b) || a.seconds != b.seconds || a.nanos != b.nanos) abort();
}
static void timespan(const char *in) {
    ukko_timespan a, b;
    if (ukko_timespan_parse(in, &a)) return;
    if (ukko_timespan_print(a, text, sizeof text) >= sizeof text) abort();
    if (ukko_timespan_parse(text, &b) || a.seconds != b.seconds || a.nanos != b.nanos) abort();
}
static void datetime(const char *in, int parts) {
    ukko_datetime a, b;
    char second[UKKO_TIME_ROOM];
    if (ukko_datetime_parse(in, parts, &a)) return;
    if (ukko_datetime_print(&a, parts, text, sizeof text) >= sizeof text) abort();
    if (ukko_datetime_parse(text, parts, &b)) abort();
    (void)ukko_datetime_print(&b, parts, second, sizeof second);
    if (strcmp(text, second)) abort();
    if (!(parts & UKKO_PART_DATE)) return;
    ukko_instant t = ukko_datetime_to_instant(&a);
    b = ukko_datetime_from_instant(t, a.offset_seconds);
    (void)ukko_datetime_print(&b, parts, second, sizeof second);
    if (strcmp(text, second)) abort();
}
static void uuid(const char *in) {
    ukko_uuid a, b;
    if (ukko_uuid_parse(in, &a)) return;
    if (ukko_uuid_print(a, text, sizeof text) != 36 || ukko_uuid_parse(text, &b)) abort();
    if (memcmp(&a, &b, sizeof a)) abort();
}
static void number(ukko_slice in) {
    bool whole;
    char shortest[UK_NUMBER_ROOM];
    uk_buf out = {0};
    if (in.len > 400 || !uk_number_valid(in, &whole)) return;
    double v = uk_parse_f64(in);
    uk_cbor_number(&out, in);
    uk_buf_fini(&out);
    if (v - v != 0) return; /* larger than any double */
    size_t n = uk_print_f64(shortest, v);
    if (n > sizeof shortest) abort();
    if (uk_parse_f64((ukko_slice){(uint8_t *)shortest, n}) != v) abort();
}
static void base64(ukko_slice in) {
    uk_buf bytes = {0}, again = {0}, back = {0};
    if (!uk_base64_get(&bytes, in)) {
        uk_base64_put(&again, uk_buf_slice(&bytes));
        if (uk_base64_get(&back, uk_buf_slice(&again))) abort();
        if (!uk_slice_eq(uk_buf_slice(&bytes), uk_buf_slice(&back))) abort();
    }
    uk_buf_fini(&bytes);
    uk_buf_fini(&again);
    uk_buf_fini(&back);
}
static void utf8(ukko_slice in) {
    uk_buf out = {0};
    uk_utf8_repair(in, &out);
    if (!uk_utf8_valid(uk_buf_slice(&out))) abort();
    if (uk_utf8_valid(in) && !uk_slice_eq(in, uk_buf_slice(&out))) abort();
    uk_buf_fini(&out);
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int parts[] = {UKKO_PART_DATE, UKKO_PART_TIME, UKKO_PART_DATE | UKKO_PART_TIME,
                                UKKO_PART_DATE | UKKO_PART_TIME | UKKO_PART_OFFSET};
    if (!size) return 0;
    ukko_slice in = {data + 1, size - 1};
    char *terminated = strndup((const char *)data + 1, size - 1);
    switch (data[0] % 10) {
    case 0: instant(terminated); break;
    case 1: timespan(terminated); break;
    case 2: uuid(terminated); break;
    case 3: number(in); break;
    case 4: base64(in); break;
    case 5: utf8(in); break;
    default: datetime(terminated, parts[data[0] % 10 - 6]);
    }
    free(terminated);
    return 0;
}
