/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds for writing and for reading one message of each common kind: the smallest, the median
   and the largest of several rounds, one JSON line each. One thread. */
#include "serial/serial.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15 };
static const char *only; /* a part of the names to measure; NULL: all */

typedef struct ten {
    bool active;
    int32_t count, level;
    int64_t id, time;
    double price, share;
    const char *name, *city, *note;
} ten;
static const ukko_field ten_fields[] = {
    UKKO_FIELD_TAG(ten, active, UKKO_BOOL, 1), UKKO_FIELD_TAG(ten, count, UKKO_I32, 2),
    UKKO_FIELD_TAG(ten, level, UKKO_I32, 3),   UKKO_FIELD_TAG(ten, id, UKKO_I64, 4),
    UKKO_FIELD_TAG(ten, time, UKKO_I64, 5),    UKKO_FIELD_TAG(ten, price, UKKO_F64, 6),
    UKKO_FIELD_TAG(ten, share, UKKO_F64, 7),   UKKO_FIELD_TAG(ten, name, UKKO_STR, 8),
    UKKO_FIELD_TAG(ten, city, UKKO_STR, 9),    UKKO_FIELD_TAG(ten, note, UKKO_STR, 10),
};
static const ukko_type json_type = UKKO_JACKSON(ten, "bench.Json", ten_fields);
static const ukko_type cbor_type = UKKO_JACKSON_CBOR_TYPE(ten, "bench.Cbor", ten_fields);
static const ukko_type proto_type = UKKO_TYPE(ten, "bench.Proto", UKKO_SER_PROTOBUF, ten_fields);
static const ukko_type *const types[] = {&json_type, &cbor_type, &proto_type, NULL};

static uk_serial *serial;

static uint64_t now_ns(void) { /* of this thread's processor time: the machine may be busy */
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static void report(const char *verb, const char *name, double *ns, size_t bytes) {
    qsort(ns, ROUNDS, sizeof *ns, by_size);
    printf("{\"workload\":\"%s-%s\",\"min\":%.1f,\"median\":%.1f,\"max\":%.1f,\"unit\":\"ns\","
           "\"bytes\":%zu}\n",
           verb, name, ns[0], ns[ROUNDS / 2], ns[ROUNDS - 1], bytes);
}

static void write_once(const ukko_msg *m, uk_buf *out) {
    int32_t id;
    ukko_slice manifest;
    uk_buf_clear(out);
    if (uk_serial_encode(serial, m, out, &id, &manifest, NULL)) abort();
}
static void read_once(const ukko_msg *m, ukko_slice in) {
    ukko_msg *back;
    ukko_slice manifest = ukko_str(m->type->manifest);
    if (uk_serial_decode(serial, m->type->serializer, manifest, in, &back, NULL)) abort();
    ukko_msg_release(back);
}
/* n a round, of both verbs. */
static void rounds(const ukko_msg *m, size_t n, uk_buf *out, double *w, double *r) {
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t t0 = now_ns();
        for (size_t i = 0; i < n; i++) write_once(m, out);
        uint64_t t1 = now_ns();
        for (size_t i = 0; i < n; i++) read_once(m, uk_buf_slice(out));
        w[round] = (double)(t1 - t0) / (double)n;
        r[round] = (double)(now_ns() - t1) / (double)n;
    }
}
static void measure(const char *name, ukko_msg *m, size_t n) {
    uk_buf out = {0};
    if (only && !strstr(name, only)) {
        ukko_msg_release(m);
        return;
    }
    double w[ROUNDS], r[ROUNDS];
    rounds(m, n, &out, w, r);
    report("write", name, w, out.len);
    report("read", name, r, out.len);
    uk_buf_fini(&out);
    ukko_msg_release(m);
}

int main(int argc, char **argv) {
    ukko_system *sys;
    ukko_error err;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("bench", NULL);
    static const char hundred[101] =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
    ten t = {true, 42, -7, 1234567890123, 1700000000000, 19.99, 0.125,
             "Aino Virtanen", "Jyv\xc3\xa4skyl\xc3\xa4", "a note of ordinary length"};
    int64_t number = 42;
    opts.types = types;
    opts.threads = 0;
    if (argc > 1) only = argv[1];
    if (ukko_system_new(&sys, &opts, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    serial = uk_serial_of(sys);
    ukko_slice bytes = ukko_str(hundred);
    ukko_msg *id = ukko_msg_string("id");
    ukko_identify identify = {id};
    measure("string-5", ukko_msg_string("hello"), 2000000);
    measure("string-100", ukko_msg_string(hundred), 2000000);
    measure("long", ukko_msg_copy(&ukko_long_type, &number), 2000000);
    measure("bytes-100", ukko_msg_copy(&ukko_bytes_type, &bytes), 2000000);
    measure("identify", ukko_msg_copy(&ukko_identify_type, &identify), 1000000);
    measure("json-10-fields", ukko_msg_copy(&json_type, &t), 200000);
    measure("cbor-10-fields", ukko_msg_copy(&cbor_type, &t), 200000);
    measure("protobuf-10-fields", ukko_msg_copy(&proto_type, &t), 200000);
    ukko_msg_release(id);
    ukko_system_free(sys);
    return 0;
}
