/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults hold for which address, and the dice. Any thread. Lock: `lock` guards all; leaf. */
#include "remote/faults_table.h"
#include "actor/path.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/os.h"
#include <pthread.h>
#include <string.h>

typedef struct fault { /* of one address; index 0: sending, 1: receiving */
    uk_fault_view side[2];
    double loss[2];
    char key[];
} fault;

struct uk_faults {
    pthread_mutex_t lock;
    uk_map map;
    uint64_t versions, random;
};

static int index_of(int way) { return way == UKKO_FAULT_SEND ? 0 : 1; }

uk_faults *uk_faults_new(uint64_t seed) {
    uk_faults *f = uk_zalloc(sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    f->random = (seed ? seed : uk_random64()) | 1;
    return f;
}

static void clear_all(uk_faults *f) {
    size_t pos = 0;
    void *v;
    while (uk_map_next(&f->map, &pos, &v)) {
        fault *x = v;
        uk_map_remove(&f->map, x->key, strlen(x->key));
        uk_free(x);
    }
}

void uk_faults_free(uk_faults *f) {
    if (!f) return;
    clear_all(f);
    uk_map_fini(&f->map);
    pthread_mutex_destroy(&f->lock);
    uk_free(f);
}

/* Under the lock; from 0 up to, but not including, 1. (xorshift64*) */
static double draw(uk_faults *f) {
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return (double)((f->random * 0x2545f4914f6cdd1dull) >> 11) / 9007199254740992.0;
}

static fault *find(uk_faults *f, const char *key) { return uk_map_get(&f->map, key, strlen(key)); }

static fault *find_or_add(uk_faults *f, const char *key) {
    fault *x = find(f, key);
    if (x) return x;
    x = uk_zalloc(sizeof *x + strlen(key) + 1);
    strcpy(x->key, key);
    uk_map_put(&f->map, x->key, strlen(x->key), x);
    return x;
}

bool uk_faults_look(uk_faults *f, const char *key, int way, uk_fault_view *out) {
    int i = index_of(way);
    pthread_mutex_lock(&f->lock);
    fault *x = find(f, key);
    if (x) {
        *out = x->side[i];
        out->lose = x->loss[i] > 0 && draw(f) < x->loss[i];
    }
    pthread_mutex_unlock(&f->lock);
    return x != NULL;
}

bool uk_faults_fail_connect(uk_faults *f, const char *key) {
    uk_fault_view v;
    return (uk_faults_look(f, key, UKKO_FAULT_RECEIVE, &v) && v.lose) ||
           (uk_faults_look(f, key, UKKO_FAULT_SEND, &v) && v.lose);
}

void uk_faults_set(uk_faults *f, const char *key, int way, uk_fault_mode mode, double per_second,
                   double burst) {
    pthread_mutex_lock(&f->lock);
    fault *x = find_or_add(f, key);
    uk_fault_view v = {mode, ++f->versions, per_second, burst, false};
    if (way & UKKO_FAULT_SEND) x->side[0] = v;
    if (way & UKKO_FAULT_RECEIVE) x->side[1] = v;
    pthread_mutex_unlock(&f->lock);
}

void uk_faults_lose(uk_faults *f, const char *key, double sent, double received) {
    pthread_mutex_lock(&f->lock);
    fault *x = find_or_add(f, key);
    x->loss[0] = sent;
    x->loss[1] = received;
    pthread_mutex_unlock(&f->lock);
}

void uk_faults_clear(uk_faults *f, const char *key) {
    pthread_mutex_lock(&f->lock);
    fault *x = key ? uk_map_remove(&f->map, key, strlen(key)) : NULL;
    uk_free(x);
    if (!key) clear_all(f);
    pthread_mutex_unlock(&f->lock);
}

char *uk_fault_key(const char *address) {
    uk_path path;
    if (!address || uk_address_parse(ukko_str(address), &path) || !path.host.len) return NULL;
    return uk_format("%.*s:%u", (int)path.host.len, (const char *)path.host.ptr,
                     (unsigned)path.port);
}
