/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_TIME_H
#define UKKO_TIME_H

/*
 * The values of java.time and java.util.UUID as plain structs, for members of message structs,
 * and their texts: those that Jackson writes with Pekko's settings (ISO-8601), and all that it
 * reads. None of these functions allocates or depends on the process' locale or time zone; all
 * are [any]. The printing ones write a terminated text, cut to fit, and give the length that
 * the whole takes; a buffer of UKKO_TIME_ROOM bytes holds every text.
 */
#include <ukko/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Times, dates and UUIDs: ukko_time(3) ------------------------------------------ */

/* Bytes of a buffer that holds every text that the printing functions write, with its terminator. */
enum { UKKO_TIME_ROOM = 128 };

/* A point on the time line (java.time.Instant): seconds since 1970-01-01T00:00:00Z, and
   nanoseconds of that second, 0 to 999999999, also before 1970. */
typedef struct ukko_instant {
    int64_t seconds; /* rounded down, so negative before 1970 */
    int32_t nanos;   /* 0 to 999999999 */
} ukko_instant;

/* A length of time (java.time.Duration, scala's FiniteDuration). nanos is 0 to 999999999 also
   when seconds is negative: minus half a second is {-1, 500000000}. */
typedef struct ukko_timespan {
    int64_t seconds;
    int32_t nanos;
} ukko_timespan;

/* LocalDate, LocalTime, LocalDateTime, OffsetDateTime and ZonedDateTime: each uses the members
   that it has, the others are 0. year is -999999999 to 999999999, month and day begin with 1;
   offset_seconds is what the local time is ahead of UTC, -64800 to 64800; zone is the name of
   a time zone when a text has one ("Europe/Paris"), else "". */
typedef struct ukko_datetime {
    int32_t year;
    uint8_t month, day;           /* 1 to 12, 1 to 31 */
    uint8_t hour, minute, second; /* 0 to 23, 59, 59 */
    int32_t nanos;                /* of the second, 0 to 999999999 */
    int32_t offset_seconds;
    char zone[40];
} ukko_datetime;

/* The parts of a ukko_datetime that a text shows, as bits. */
enum {
    UKKO_PART_DATE = 1 << 0,  /* 2007-12-03 */
    UKKO_PART_TIME = 1 << 1,  /* 10:15:30.12; a T before it when there is a date */
    UKKO_PART_OFFSET = 1 << 2 /* +01:00, or Z */
};

/* java.util.UUID: the 16 bytes in the order in which they are printed. */
typedef struct ukko_uuid {
    uint8_t bytes[16];
} ukko_uuid;

/* Now, by the clock of the machine. */
UKKO_API ukko_instant ukko_instant_now(void);
/* "2023-11-14T22:13:20.120Z": no, three, six or nine digits of the second (ISO_INSTANT). */
UKKO_API size_t ukko_instant_print(ukko_instant t, char *buf, size_t len);
/* Also texts with an offset instead of the Z. UKKO_EPARSE: none, or no such day; *out is then as
   it was. */
UKKO_API int ukko_instant_parse(const char *text, ukko_instant *out);

/* "PT1H-0.5S", as java.time.Duration prints itself (JDK 17). */
UKKO_API size_t ukko_timespan_print(ukko_timespan t, char *buf, size_t len);
/* What Duration.parse takes. UKKO_EPARSE; UKKO_ETOOBIG: more than fits. */
UKKO_API int ukko_timespan_parse(const char *text, ukko_timespan *out);
/* So many milliseconds. */
UKKO_API ukko_timespan ukko_timespan_from_ms(int64_t ms);
/* Milliseconds, rounded down; what is beyond 64 bits gives INT64_MIN or INT64_MAX. */
UKKO_API int64_t ukko_timespan_to_ms(ukko_timespan t);

/* "2007-12-03T10:15:30.12+01:00", less the parts that are not asked for; the name of the zone is
   not printed. parts: UKKO_PART_*. */
UKKO_API size_t ukko_datetime_print(const ukko_datetime *t, int parts, char *buf, size_t len);
/* The same texts, seconds and fraction may be left off; with UKKO_PART_OFFSET also "+0100" and
   "[Europe/Paris]" behind the offset. UKKO_EPARSE: malformed, or no such day or time. */
UKKO_API int ukko_datetime_parse(const char *text, int parts, ukko_datetime *out);
/* The instant that date, time and offset stand for. */
UKKO_API ukko_instant ukko_datetime_to_instant(const ukko_datetime *t);
/* The date and time at an offset; offset_seconds -64800 to 64800. An instant outside of the years
   that a ukko_datetime can hold gives the first or last of them. */
UKKO_API ukko_datetime ukko_datetime_from_instant(ukko_instant t, int32_t offset_seconds);

/* "123e4567-e89b-12d3-a456-426614174000", 36 characters. */
UKKO_API size_t ukko_uuid_print(ukko_uuid id, char *buf, size_t len);
/* The same texts, in either case. UKKO_EPARSE: malformed; *out is then as it was. */
UKKO_API int ukko_uuid_parse(const char *text, ukko_uuid *out);

#ifdef __cplusplus
}
#endif
#endif
