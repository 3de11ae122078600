/* SPDX-License-Identifier: Apache-2.0 */
/* The table of injected faults by "host:port". Any thread. */
#ifndef UK_REMOTE_FAULTS_TABLE_H
#define UK_REMOTE_FAULTS_TABLE_H
#include "remote/faults.h"

typedef struct uk_fault_view { /* what holds for one direction now */
    uk_fault_mode mode;
    uint64_t version; /* another one: begin with a full bucket */
    double per_second, burst;
    bool lose; /* the dice have fallen: this frame vanishes */
} uk_fault_view;

/* false: no fault holds for this address. way is SEND or RECEIVE. */
bool uk_faults_look(uk_faults *f, const char *key, int way, uk_fault_view *out);
void uk_faults_set(uk_faults *f, const char *key, int way, uk_fault_mode mode, double per_second,
                   double burst);
void uk_faults_lose(uk_faults *f, const char *key, double sent, double received);
void uk_faults_clear(uk_faults *f, const char *key); /* NULL: all */
#endif
