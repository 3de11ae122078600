/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times, spans and UUIDs as java.time and Jackson write them, by the proleptic Gregorian
   calendar. Pure; any thread. */
#include <ukko/time.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, MAX_YEAR = 999999999, MAX_OFFSET = 18 * 3600, MAX_NANOS = 999999999 };

/* ---- the calendar ---- */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days since 1970-01-01; years of 400 are a cycle of 146097 days, which begins in March. */
static int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = floor_div(year, 400), in_era = year - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}
static void date_of(int64_t days, int64_t *year, uint8_t *month, uint8_t *day) {
    days += 719468;
    int64_t era = floor_div(days, 146097), in_era = days - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100), m = (5 * in_year + 2) / 153;
    *day = (uint8_t)(in_year - (153 * m + 2) / 5 + 1);
    *month = (uint8_t)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}
static int days_in(int64_t year, int month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* ---- printing ---- */

typedef struct sink {
    char text[UKKO_TIME_ROOM];
    size_t len;
} sink;

__attribute__((format(printf, 2, 3))) static void put(sink *s, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->len, sizeof s->text - s->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof s->text - s->len) s->len += (size_t)n;
}
static size_t give(const sink *s, char *buf, size_t len) {
    if (len) snprintf(buf, len, "%s", s->text);
    return s->len;
}
static void put_year(sink *s, int64_t year) {
    if (year < 0)
        put(s, "-%04lld", (long long)-year);
    else
        put(s, year > 9999 ? "+%lld" : "%04lld", (long long)year);
}
/* ".12": without zeros at the end; step 3: in groups of three digits. */
static void put_fraction(sink *s, int32_t nanos, int step) {
    char digits[16];
    int n = 9;
    if (!nanos) return;
    snprintf(digits, sizeof digits, "%09d", (int)(nanos % 1000000000));
    while (n > 0 && digits[n - 1] == '0') n--;
    n = (n + step - 1) / step * step;
    put(s, ".%.*s", n, digits);
}
static void put_date(sink *s, const ukko_datetime *t) {
    put_year(s, t->year);
    put(s, "-%02u-%02u", t->month, t->day);
}
static void put_offset(sink *s, int32_t offset) {
    int32_t a = offset < 0 ? -offset : offset;
    if (!a) {
        put(s, "Z");
        return;
    }
    put(s, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(a / 3600), (int)(a / 60 % 60));
    if (a % 60) put(s, ":%02d", (int)(a % 60));
}
size_t ukko_datetime_print(const ukko_datetime *t, int parts, char *buf, size_t len) {
    sink s = {{0}, 0};
    if (parts & UKKO_PART_DATE) put_date(&s, t);
    if (parts & UKKO_PART_DATE && parts & UKKO_PART_TIME) put(&s, "T");
    if (parts & UKKO_PART_TIME) {
        put(&s, "%02u:%02u:%02u", t->hour, t->minute, t->second);
        put_fraction(&s, t->nanos, 1);
    }
    if (parts & UKKO_PART_OFFSET) put_offset(&s, t->offset_seconds);
    return give(&s, buf, len);
}
size_t ukko_instant_print(ukko_instant t, char *buf, size_t len) {
    sink s = {{0}, 0};
    int64_t days = floor_div(t.seconds, DAY), year;
    int rest = (int)(t.seconds % DAY + (t.seconds % DAY < 0 ? DAY : 0));
    uint8_t month, day;
    date_of(days, &year, &month, &day);
    put_year(&s, year);
    put(&s, "-%02u-%02uT%02d:%02d:%02d", month, day, rest / 3600, rest / 60 % 60, rest % 60);
    put_fraction(&s, t.nanos, 3);
    put(&s, "Z");
    return give(&s, buf, len);
}
/* As java.time.Duration.toString: hours and minutes towards zero, the fraction's sign with the
   seconds. */
size_t ukko_timespan_print(ukko_timespan t, char *buf, size_t len) {
    sink s = {{0}, 0};
    bool borrow = t.seconds < 0 && t.nanos > 0;
    int64_t whole = t.seconds + borrow, hours = whole / 3600;
    int minutes = (int)(whole % 3600 / 60), seconds = (int)(whole % 60);
    put(&s, "PT");
    if (hours) put(&s, "%lldH", (long long)hours);
    if (minutes) put(&s, "%dM", minutes);
    if (seconds || t.nanos || s.len == 2) {
        put(&s, borrow && !seconds ? "-%d" : "%d", seconds);
        put_fraction(&s, borrow ? 1000000000 - t.nanos : t.nanos, 1);
        put(&s, "S");
    }
    return give(&s, buf, len);
}
size_t ukko_uuid_print(ukko_uuid id, char *buf, size_t len) {
    sink s = {{0}, 0};
    for (int i = 0; i < 16; i++)
        put(&s, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id.bytes[i]);
    return give(&s, buf, len);
}

/* ---- reading ---- */

/* Exactly n digits, or -1. */
static int digits(const char **at, int n) {
    int v = 0;
    for (const char *p = *at, *end = p + n; p < end; p++) {
        if (*p < '0' || *p > '9') return -1;
        v = v * 10 + (*p - '0');
    }
    *at += n;
    return v;
}
static bool skip(const char **at, char c) {
    if (**at != c) return false;
    ++*at;
    return true;
}
/* Up to nine digits of a second, as nanoseconds; further ones are refused as Java does. */
static int fraction(const char **at, int32_t *nanos) {
    int n = 0;
    int32_t v = 0;
    for (; **at >= '0' && **at <= '9'; ++*at, n++) {
        if (n == 9) return UKKO_EPARSE;
        v = v * 10 + (**at - '0');
    }
    for (; n < 9; n++) v *= 10;
    *nanos = v;
    return UKKO_OK;
}
static int parse_date(const char **at, ukko_datetime *t) {
    bool minus = skip(at, '-'), sign = minus || skip(at, '+');
    int64_t year = 0;
    int n = 0;
    for (; **at >= '0' && **at <= '9' && n < 10; ++*at, n++) year = year * 10 + (**at - '0');
    if (n < 4 || (n > 4 && !sign) || year > MAX_YEAR || !skip(at, '-')) return UKKO_EPARSE;
    t->year = (int32_t)(minus ? -year : year);
    int month = digits(at, 2), dash = skip(at, '-'), day = digits(at, 2);
    if (month < 1 || month > 12 || !dash || day < 1 || day > days_in(t->year, month))
        return UKKO_EPARSE;
    t->month = (uint8_t)month;
    t->day = (uint8_t)day;
    return UKKO_OK;
}
static int parse_time(const char **at, ukko_datetime *t) {
    int hour = digits(at, 2), colon = skip(at, ':'), minute = digits(at, 2), second = 0;
    if (hour < 0 || hour > 23 || !colon || minute < 0 || minute > 59) return UKKO_EPARSE;
    if (skip(at, ':')) second = digits(at, 2);
    if (second < 0 || second > 59) return UKKO_EPARSE;
    t->hour = (uint8_t)hour;
    t->minute = (uint8_t)minute;
    t->second = (uint8_t)second;
    t->nanos = 0;
    return skip(at, '.') ? fraction(at, &t->nanos) : UKKO_OK;
}
/* Z, +hh, +hh:mm, +hhmm, +hh:mm:ss */
static int parse_offset(const char **at, int32_t *out) {
    *out = 0;
    if (skip(at, 'Z') || skip(at, 'z')) return UKKO_OK;
    bool minus = skip(at, '-');
    if (!minus && !skip(at, '+')) return UKKO_EPARSE;
    int hour = digits(at, 2), minute = 0, second = 0;
    if (skip(at, ':') || (**at >= '0' && **at <= '9')) {
        minute = digits(at, 2);
        if (skip(at, ':')) second = digits(at, 2);
    }
    int all = hour * 3600 + minute * 60 + second;
    if (hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 59 || all > MAX_OFFSET)
        return UKKO_EPARSE;
    *out = minus ? -all : all;
    return UKKO_OK;
}
static int parse_zone(const char **at, char *zone, size_t room) {
    size_t n = strcspn(*at, "]");
    if (!n || n >= room || (*at)[n] != ']') return UKKO_EPARSE;
    memcpy(zone, *at, n);
    zone[n] = 0;
    *at += n + 1;
    return UKKO_OK;
}
int ukko_datetime_parse(const char *text, int parts, ukko_datetime *out) {
    ukko_datetime t;
    const char *p = text;
    int rc = UKKO_OK;
    memset(&t, 0, sizeof t);
    if (!text) return UKKO_EPARSE;
    if (parts & UKKO_PART_DATE) rc = parse_date(&p, &t);
    if (!rc && parts & UKKO_PART_DATE && parts & UKKO_PART_TIME && !skip(&p, 'T') && !skip(&p, 't'))
        rc = UKKO_EPARSE;
    if (!rc && parts & UKKO_PART_TIME) rc = parse_time(&p, &t);
    if (!rc && parts & UKKO_PART_OFFSET) rc = parse_offset(&p, &t.offset_seconds);
    if (!rc && parts & UKKO_PART_OFFSET && skip(&p, '['))
        rc = parse_zone(&p, t.zone, sizeof t.zone);
    if (rc || *p) return UKKO_EPARSE;
    *out = t;
    return UKKO_OK;
}
int ukko_instant_parse(const char *text, ukko_instant *out) {
    ukko_datetime t;
    int rc = ukko_datetime_parse(text, UKKO_PART_DATE | UKKO_PART_TIME | UKKO_PART_OFFSET, &t);
    if (!rc) *out = ukko_datetime_to_instant(&t);
    return rc;
}

/* ---- spans ---- */

/* [-+]digits; false: none. */
static int read_number(const char **at, int64_t *out, bool *minus) {
    *minus = skip(at, '-');
    if (!*minus) skip(at, '+');
    if (**at < '0' || **at > '9') return UKKO_EPARSE;
    for (*out = 0; **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, **at - '0', out))
            return UKKO_ETOOBIG;
    return UKKO_OK;
}
typedef struct span_state {
    const char *p;
    int64_t seconds;
    int32_t nanos; /* signed */
    int last;      /* which unit was last: they come in order */
    bool time;     /* behind the T */
} span_state;

static int add_unit(span_state *s, int64_t n, bool minus, int64_t factor) {
    int64_t v;
    if (__builtin_mul_overflow(n, minus ? -factor : factor, &v)) return UKKO_ETOOBIG;
    return __builtin_add_overflow(s->seconds, v, &s->seconds) ? UKKO_ETOOBIG : UKKO_OK;
}
static int read_unit(span_state *s) {
    static const char names[] = "DHMS";
    static const int factors[] = {DAY, 3600, 60, 1};
    int64_t n;
    int32_t nanos = 0;
    bool minus;
    int rc = read_number(&s->p, &n, &minus);
    if (rc) return rc;
    bool part = skip(&s->p, '.') || skip(&s->p, ',');
    if (part && fraction(&s->p, &nanos)) return UKKO_EPARSE;
    char c = (char)(*s->p & ~0x20);
    const char *hit = c ? strchr(names, c) : NULL;
    int unit = hit ? (int)(hit - names) : -1;
    if (unit < s->last || (unit > 0) != s->time || (part && unit != 3)) return UKKO_EPARSE;
    s->last = unit + 1;
    s->p++;
    s->nanos = minus ? -nanos : nanos;
    return add_unit(s, n, minus, factors[unit]);
}
static int read_units(span_state *s) {
    int rc = UKKO_OK, units = 0;
    for (; !rc && *s->p; units++) {
        if (!s->time && (skip(&s->p, 'T') || skip(&s->p, 't'))) s->time = true;
        rc = read_unit(s);
    }
    return rc ? rc : units ? UKKO_OK : UKKO_EPARSE;
}
int ukko_timespan_parse(const char *text, ukko_timespan *out) {
    span_state s = {text, 0, 0, 0, false};
    if (!text) return UKKO_EPARSE;
    bool minus = skip(&s.p, '-');
    if (!minus) skip(&s.p, '+');
    if (!skip(&s.p, 'P') && !skip(&s.p, 'p')) return UKKO_EPARSE;
    int rc = read_units(&s);
    if (rc) return rc;
    if (minus && __builtin_sub_overflow(0, s.seconds, &s.seconds)) return UKKO_ETOOBIG;
    if (minus) s.nanos = -s.nanos;
    bool borrow = s.nanos < 0;
    if (borrow && __builtin_sub_overflow(s.seconds, 1, &s.seconds)) return UKKO_ETOOBIG;
    *out = (ukko_timespan){s.seconds, borrow ? s.nanos + 1000000000 : s.nanos};
    return UKKO_OK;
}
ukko_timespan ukko_timespan_from_ms(int64_t ms) {
    int64_t s = floor_div(ms, 1000);
    return (ukko_timespan){s, (int32_t)(ms - s * 1000) * 1000000};
}
int64_t ukko_timespan_to_ms(ukko_timespan t) {
    int64_t ms;
    if (__builtin_mul_overflow(t.seconds, 1000, &ms) ||
        __builtin_add_overflow(ms, t.nanos / 1000000, &ms))
        return t.seconds < 0 ? INT64_MIN : INT64_MAX;
    return ms;
}

/* ---- between them ---- */

ukko_instant ukko_instant_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (ukko_instant){t.tv_sec, (int32_t)t.tv_nsec};
}
ukko_instant ukko_datetime_to_instant(const ukko_datetime *t) {
    int64_t days = days_of(t->year, t->month ? t->month : 1, t->day ? t->day : 1);
    int64_t clock = t->hour * 3600 + t->minute * 60 + t->second;
    return (ukko_instant){days * DAY + clock - t->offset_seconds, t->nanos};
}
ukko_datetime ukko_datetime_from_instant(ukko_instant i, int32_t offset) {
    ukko_datetime t;
    int64_t year, limit = (int64_t)(MAX_YEAR + 1LL) * 366 * DAY;
    int64_t s = i.seconds > limit ? limit : i.seconds < -limit ? -limit : i.seconds;
    int64_t days = floor_div(s + offset, DAY), clock = s + offset - days * DAY;
    memset(&t, 0, sizeof t);
    date_of(days, &year, &t.month, &t.day);
    t.year = (int32_t)(year > MAX_YEAR ? MAX_YEAR : year < -MAX_YEAR ? -MAX_YEAR : year);
    t.hour = (uint8_t)(clock / 3600);
    t.minute = (uint8_t)(clock / 60 % 60);
    t.second = (uint8_t)(clock % 60);
    t.nanos = i.nanos;
    t.offset_seconds = offset;
    return t;
}
static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
int ukko_uuid_parse(const char *text, ukko_uuid *out) {
    ukko_uuid id;
    const char *p = text;
    if (!p) return UKKO_EPARSE;
    for (int i = 0; i < 16; i++, p += 2) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *p++ != '-') return UKKO_EPARSE;
        int high = hex_value(p[0]), low = high < 0 ? -1 : hex_value(p[1]);
        if (low < 0) return UKKO_EPARSE;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (*p) return UKKO_EPARSE;
    *out = id;
    return UKKO_OK;
}
