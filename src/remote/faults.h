/* SPDX-License-Identifier: Apache-2.0 */
/* Injected faults: what holds for which address, a token bucket, and the filter that sits between
   the frames of a connection and its socket (or its TLS). The table is for any thread, filters for
   the I/O thread. */
#ifndef UK_REMOTE_FAULTS_H
#define UK_REMOTE_FAULTS_H
#include "net/stream.h"
#include <ukko/faults.h>

typedef struct uk_faults uk_faults;

typedef enum uk_fault_mode { UK_FAULT_NONE, UK_FAULT_THROTTLE, UK_FAULT_BLACKHOLE } uk_fault_mode;

/* Tokens are bytes. */
typedef struct uk_bucket {
    double per_ms, capacity, tokens;
    int64_t at_ms;
} uk_bucket;
void uk_bucket_init(uk_bucket *b, double per_second, double capacity, int64_t now_ms); /* full */
/* Takes n tokens if there are so many; of a full one also more than it holds, which it then
   owes. */
bool uk_bucket_take(uk_bucket *b, size_t n, int64_t now_ms);
/* In how many ms n could be taken; 0: now. */
int64_t uk_bucket_wait(const uk_bucket *b, size_t n, int64_t now_ms);

/* seed 0: by chance. */
uk_faults *uk_faults_new(uint64_t seed);
void uk_faults_free(uk_faults *f); /* after all filters; NULL is fine */

/* Takes inner (TLS, or NULL). peer is "host:port"; NULL: it says so itself, in its handshake. sys
   and debug: to log what is lost. Ends with the stream. */
uk_filter *uk_fault_filter(uk_faults *f, uk_filter *inner, const char *peer, size_t max_frame,
                           ukko_system *sys, bool debug);
void uk_fault_filter_attach(uk_filter *f, uk_loop *loop, uk_stream *s); /* at once after it is made */
/* Does gremlin let a connect to "host:port" fail? */
bool uk_faults_fail_connect(uk_faults *f, const char *peer);
/* "host:port" of an address text; owned. NULL: it has none. */
char *uk_fault_key(const char *address);
#endif
