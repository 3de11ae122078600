/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times, spans and UUIDs: texts that a JVM printed, what it takes, and what nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { DATE = UKKO_PART_DATE, TIME = UKKO_PART_TIME, OFFSET = UKKO_PART_OFFSET };

static void instants_as_a_jvm_prints_them(void **state) {
    static const struct {
        ukko_instant t;
        const char *text;
    } rows[] = {
        {{1699999980, 0}, "2023-11-14T22:13:00Z"},
        {{1700000000, 120000000}, "2023-11-14T22:13:20.120Z"},
        {{1700000000, 123456789}, "2023-11-14T22:13:20.123456789Z"},
        {{-62135683200, 1000}, "0000-12-31T00:00:00.000001Z"},
        {{0, 0}, "1970-01-01T00:00:00Z"},
        {{-1, 999000000}, "1969-12-31T23:59:59.999Z"},
        {{253402300800, 0}, "+10000-01-01T00:00:00Z"},
        {{951782400, 0}, "2000-02-29T00:00:00Z"},
        {{-62198755200, 0}, "-0001-01-01T00:00:00Z"},
    };
    char text[UKKO_TIME_ROOM];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_instant back = {1, 1};
        assert_int_equal(ukko_instant_print(rows[i].t, text, sizeof text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
        assert_int_equal(ukko_instant_parse(text, &back), UKKO_OK);
        assert_true(back.seconds == rows[i].t.seconds && back.nanos == rows[i].t.nanos);
    }
    ukko_instant at;
    assert_int_equal(ukko_instant_parse("2023-11-14T23:13:20.12+01:00", &at), UKKO_OK);
    assert_int_equal(at.seconds, 1700000000);
    assert_int_equal(at.nanos, 120000000);
    assert_int_equal(ukko_instant_print(rows[2].t, text, 5), 30);
    assert_string_equal(text, "2023");
}
static void instants_at_the_ends_do_no_harm(void **state) {
    static const int64_t ends[] = {INT64_MIN, INT64_MAX, -31557014167219200, 31556889864403199};
    char text[UKKO_TIME_ROOM];
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        ukko_instant t = {ends[i], 999999999};
        assert_true(ukko_instant_print(t, text, sizeof text) < sizeof text);
        ukko_datetime d = ukko_datetime_from_instant(t, 3600);
        assert_true(d.year >= -999999999 && d.year <= 999999999);
    }
}
static void date_times_as_a_jvm_prints_them(void **state) {
    static const struct {
        ukko_datetime t;
        int parts;
        const char *text;
    } rows[] = {
        {{2007, 12, 3, 0, 0, 0, 0, 0, ""}, DATE, "2007-12-03"},
        {{-5, 12, 3, 0, 0, 0, 0, 0, ""}, DATE, "-0005-12-03"},
        {{12345, 12, 3, 0, 0, 0, 0, 0, ""}, DATE, "+12345-12-03"},
        {{0, 0, 0, 10, 15, 0, 0, 0, ""}, TIME, "10:15:00"},
        {{0, 0, 0, 10, 15, 30, 120000000, 0, ""}, TIME, "10:15:30.12"},
        {{2007, 12, 3, 10, 15, 30, 1000, 0, ""}, DATE | TIME, "2007-12-03T10:15:30.000001"},
        {{2007, 12, 3, 10, 15, 0, 0, 0, ""}, DATE | TIME | OFFSET, "2007-12-03T10:15:00Z"},
        {{2007, 12, 3, 10, 15, 30, 120000000, -19800, ""},
         DATE | TIME | OFFSET,
         "2007-12-03T10:15:30.12-05:30"},
        {{-5, 12, 3, 10, 15, 30, 123456789, 561, ""},
         DATE | TIME | OFFSET,
         "-0005-12-03T10:15:30.123456789+00:09:21"},
        {{2007, 12, 3, 10, 15, 0, 0, 3600, ""}, DATE | TIME | OFFSET, "2007-12-03T10:15:00+01:00"},
    };
    char text[UKKO_TIME_ROOM];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_datetime back;
        ukko_datetime_print(&rows[i].t, rows[i].parts, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(ukko_datetime_parse(text, rows[i].parts, &back), UKKO_OK);
        assert_memory_equal(&back, &rows[i].t, sizeof back);
    }
}
static void other_spellings_are_read(void **state) {
    ukko_datetime t;
    (void)state;
    assert_int_equal(
        ukko_datetime_parse("2007-12-03T10:15+01:00[Europe/Paris]", DATE | TIME | OFFSET, &t),
        UKKO_OK);
    assert_string_equal(t.zone, "Europe/Paris");
    assert_int_equal(ukko_datetime_to_instant(&t).seconds, 1196673300);
    assert_int_equal(ukko_datetime_parse("2007-12-03T10:15:00+0130", DATE | TIME | OFFSET, &t), 0);
    assert_int_equal(t.offset_seconds, 5400);
    assert_int_equal(ukko_datetime_parse("2007-12-03T10:15:00+02", DATE | TIME | OFFSET, &t), 0);
    assert_int_equal(t.offset_seconds, 7200);
}
static void what_is_no_time_is_refused(void **state) {
    static const char *const bad[] = {
        "",
        "x",
        "2007-13-01T00:00:00Z",
        "2007-02-29T00:00:00Z",
        "2007-00-01T00:00:00Z",
        "2007-01-32T00:00:00Z",
        "2007-01-01T24:00:00Z",
        "2007-01-01T00:60:00Z",
        "07-01-01T00:00:00Z",
        "12345-01-01T00:00:00Z",
        "2007-01-01T00:00:60Z",
        "2007-01-01T00:00:00",
        "2007-01-01T00:00:00Zx",
        "2007-01-01T00:00:00.1234567890Z",
        "2007-01-01T00:00:00+19:00",
        "2007-01-01T00:00:00+",
        "2007-01-01T00:00:00Z[",
        "2007-01-01T00:00:00Z[]",
        "2007-1-1T00:00:00Z",
        "20070101T000000Z",
        "99999999999-01-01T00:00:00Z",
        "2007-01-01T00:00:00Z[aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd]"};
    ukko_instant t = {7, 7};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (ukko_instant_parse(bad[i], &t) != UKKO_EPARSE) fail_msg("taken: %s", bad[i]);
    assert_int_equal(t.seconds, 7);
    assert_int_equal(ukko_instant_parse(NULL, &t), UKKO_EPARSE);
}
static void spans_as_a_jvm_prints_them(void **state) {
    static const struct {
        ukko_timespan t;
        const char *text;
    } rows[] = {
        {{0, 0}, "PT0S"},
        {{-90, 120000000}, "PT-1M-29.88S"},
        {{3600 * 25 + 61, 123456789}, "PT25H1M1.123456789S"},
        {{1, 1000}, "PT1.000001S"},
        {{-1, 500000000}, "PT-0.5S"},
        {{-3600, 0}, "PT-1H"},
        {{3600, 0}, "PT1H"},
        {{60, 0}, "PT1M"},
        {{-3601, 500000000}, "PT-1H-0.5S"},
        {{90, 500000000}, "PT1M30.5S"},
    };
    char text[UKKO_TIME_ROOM];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ukko_timespan back;
        ukko_timespan_print(rows[i].t, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(ukko_timespan_parse(text, &back), UKKO_OK);
        assert_true(back.seconds == rows[i].t.seconds && back.nanos == rows[i].t.nanos);
    }
}
static void spans_are_parsed_as_by_a_jvm(void **state) {
    static const struct {
        const char *text;
        int64_t seconds;
        int32_t nanos;
    } good[] = {{"P2DT3H4M", 183840, 0},
                {"-PT6H+3M", -21780, 0},
                {"PT20.345S", 20, 345000000},
                {"pt15m", 900, 0},
                {"P-6H3M", 0, -1},
                {"PT-6H3M", -21420, 0},
                {"-PT0.5S", -1, 500000000},
                {"P1D", 86400, 0},
                {"PT1,5S", 1, 500000000},
                {"PT1.S", 1, 0},
                {"+PT1S", 1, 0}};
    static const char *const bad[] = {"",
                                      "P",
                                      "PT",
                                      "1S",
                                      "PT1",
                                      "PTS",
                                      "P1H",
                                      "PT1D",
                                      "PT1M1H",
                                      "PT1S1S",
                                      "PT1.5M",
                                      "PT--1S",
                                      "PT1.1234567890S",
                                      "P1DT",
                                      "PT 1S"};
    ukko_timespan t;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        int rc = ukko_timespan_parse(good[i].text, &t);
        if (good[i].nanos < 0) {
            assert_int_equal(rc, UKKO_EPARSE);
            continue;
        }
        if (rc || t.seconds != good[i].seconds || t.nanos != good[i].nanos)
            fail_msg("%s: %d, %lld s %d ns", good[i].text, rc, (long long)t.seconds, (int)t.nanos);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (ukko_timespan_parse(bad[i], &t) != UKKO_EPARSE) fail_msg("taken: %s", bad[i]);
    assert_int_equal(ukko_timespan_parse("PT99999999999999999999S", &t), UKKO_ETOOBIG);
    assert_int_equal(ukko_timespan_parse("P999999999999999999D", &t), UKKO_ETOOBIG);
}
static void milliseconds_and_spans(void **state) {
    (void)state;
    ukko_timespan t = ukko_timespan_from_ms(-1500);
    assert_true(t.seconds == -2 && t.nanos == 500000000);
    assert_int_equal(ukko_timespan_to_ms(t), -1500);
    assert_true(ukko_timespan_to_ms((ukko_timespan){INT64_MAX, 0}) == INT64_MAX);
    assert_true(ukko_timespan_to_ms((ukko_timespan){INT64_MIN, 0}) == INT64_MIN);
    ukko_instant now = ukko_instant_now();
    assert_true(now.seconds > 1600000000 && now.nanos >= 0 && now.nanos <= 999999999);
}
static void days_count_on_through_the_years(void **state) {
    ukko_datetime t = {.year = -401, .month = 1, .day = 1};
    int64_t day = ukko_datetime_to_instant(&t).seconds / 86400;
    (void)state;
    for (int i = 0; i < 400 * 3 * 366; i++) {
        ukko_datetime d = ukko_datetime_from_instant((ukko_instant){(day + i) * 86400 + 5, 0}, 0);
        assert_int_equal(ukko_datetime_to_instant(&d).seconds, (day + i) * 86400 + 5);
        bool next = d.day == 1 || d.day == t.day + 1 || i == 0;
        if (!next)
            fail_msg("%d-%d-%d after %d-%d-%d", d.year, d.month, d.day, t.year, t.month, t.day);
        t = d;
    }
}
static void uuids(void **state) {
    static const char *const bad[] = {
        "", "123e4567-e89b-12d3-a456-42661417400", "123e4567e89b12d3a456426614174000",
        "123e4567-e89b-12d3-a456-42661417400g", "123e4567-e89b-12d3-a456-4266141740000"};
    char text[UKKO_TIME_ROOM];
    ukko_uuid id;
    (void)state;
    assert_int_equal(ukko_uuid_parse("123E4567-e89b-12d3-a456-426614174000", &id), UKKO_OK);
    assert_int_equal(id.bytes[0], 0x12);
    assert_int_equal(id.bytes[15], 0);
    assert_int_equal(ukko_uuid_print(id, text, sizeof text), 36);
    assert_string_equal(text, "123e4567-e89b-12d3-a456-426614174000");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ukko_uuid_parse(bad[i], &id), UKKO_EPARSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_as_a_jvm_prints_them),
        cmocka_unit_test(instants_at_the_ends_do_no_harm),
        cmocka_unit_test(date_times_as_a_jvm_prints_them),
        cmocka_unit_test(other_spellings_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(spans_as_a_jvm_prints_them),
        cmocka_unit_test(spans_are_parsed_as_by_a_jvm),
        cmocka_unit_test(milliseconds_and_spans),
        cmocka_unit_test(days_count_on_through_the_years),
        cmocka_unit_test(uuids),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
