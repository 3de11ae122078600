/* SPDX-License-Identifier: Apache-2.0 */
/* The actors with timers, with a stash, and with behaviours one above the other. Their callbacks run
   on the threads of the system. */
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void emit(ukko_ctx *ctx, const char *ev) {
    out_emit(ev, "actor", value_path(ukko_self(ctx)), NULL);
}

static int mood_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state;
    (void)args;
    (void)n;
    emit(ctx, "prestart");
    return UKKO_OK;
}

static void mood_stop(ukko_ctx *ctx, void *state) {
    (void)state;
    emit(ctx, "poststop");
}

/* ---- behaviours ---------------------------------------------------------------------- */

static int receive_a(ukko_ctx *ctx, void *state, const ukko_msg *msg);
static int receive_b(ukko_ctx *ctx, void *state, const ukko_msg *msg);
static const ukko_behavior behavior_a = {NULL, receive_a}, behavior_b = {NULL, receive_b};

static const ukko_behavior *behavior(const char *name) {
    return strcmp(name, "a") == 0 ? &behavior_a : &behavior_b;
}

static void mood_answer(ukko_ctx *ctx, const ukko_msg *msg, const char *name) {
    char *text = NULL, *value = out_plain(value_of(msg));
    actor_recv(ctx, msg);
    if (asprintf(&text, "%s got %s", name, value) >= 0) ukko_reply_text(ctx, text);
    free(text);
    free(value);
}

static int mood_receive(ukko_ctx *ctx, const ukko_msg *msg, const char *name) {
    const char *text = ukko_msg_text(msg);
    if (text && strncmp(text, "throw", 5) == 0) return actor_throw(ctx, text);
    if (text && strncmp(text, "become ", 7) == 0) ukko_become(ctx, behavior(text + 7));
    else if (text && strncmp(text, "push ", 5) == 0) ukko_push_behavior(ctx, behavior(text + 5));
    else if (text && strcmp(text, "unbecome") == 0) ukko_unbecome(ctx);
    else mood_answer(ctx, msg, name);
    return UKKO_OK;
}

static int receive_a(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    return mood_receive(ctx, msg, "a");
}

static int receive_b(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    return mood_receive(ctx, msg, "b");
}

/* ---- timers -------------------------------------------------------------------------- */

typedef struct timed {
    int idles; /* receive timeouts that are left */
} timed;
typedef struct tick {
    uint64_t key;
    int32_t *left; /* in the message itself, which one timer has */
} tick;

static const ukko_field tick_fields[] = {UKKO_FIELD(tick, key, UKKO_U64)};
static const ukko_type tick_type = UKKO_TYPE_LOCAL(tick, tick_fields);

static bool timed_command(ukko_ctx *ctx, timed *s, const char *text) {
    unsigned long long key, ms;
    int n, end = 0;
    char word[100];
    if (sscanf(text, "timer %llu %llu %99s%n", &key, &ms, word, &end) == 3 && !text[end]) {
        ukko_timer_start(ctx, key, (int64_t)ms, 0, ukko_msg_string(word));
    } else if (sscanf(text, "ticks %llu %llu %d%n", &key, &ms, &n, &end) == 3 && !text[end]) {
        ukko_msg *msg = ukko_msg_new(&tick_type);
        tick *t = ukko_msg_body(msg);
        t->key = key;
        t->left = ukko_msg_alloc(msg, sizeof *t->left);
        *t->left = n;
        ukko_timer_start(ctx, key, (int64_t)ms, (int64_t)ms, msg);
    } else if (sscanf(text, "cancel %llu%n", &key, &end) == 1 && !text[end]) {
        ukko_timer_cancel(ctx, key);
    } else if (sscanf(text, "idle %llu %d%n", &ms, &n, &end) == 2 && !text[end]) {
        s->idles = n;
        ukko_receive_timeout(ctx, (int64_t)ms);
    } else {
        return false;
    }
    return true;
}

static int timed_tick(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    const tick *t = body;
    out_emit("tick", "actor", value_path(ukko_self(ctx)), "key", json_integer((json_int_t)t->key),
             "left", json_integer(--*t->left), NULL);
    if (*t->left <= 0) ukko_timer_cancel(ctx, t->key);
    return UKKO_OK;
}

static int timed_idle(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    timed *s = state;
    actor_recv(ctx, ukko_current(ctx));
    if (--s->idles <= 0) ukko_receive_timeout(ctx, 0);
    return UKKO_OK;
}

static int timed_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    if (text && timed_command(ctx, state, text)) return UKKO_OK;
    return mood_receive(ctx, msg, "base");
}

static const ukko_case timed_cases[] = {
    {&tick_type, timed_tick}, {&ukko_receive_timeout_type, timed_idle}, {NULL, NULL}};
const ukko_actor timed_actor = {
    .size = sizeof(ukko_actor),
    .state_size = sizeof(timed),
    .name = "ukko.oracle.Actors$Timed",
    .receive = {timed_cases, timed_receive},
    .start = mood_start,
    .stop = mood_stop,
};

/* ---- stash --------------------------------------------------------------------------- */

static int holding_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (!text || strcmp(text, "open") != 0) return ukko_stash(ctx);
    ukko_unstash_all(ctx);
    ukko_unbecome(ctx);
    return UKKO_OK;
}

static const ukko_behavior holding = {NULL, holding_receive};

static int stashing_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    const char *text = ukko_msg_text(msg);
    if (text && strcmp(text, "hold") == 0) {
        ukko_push_behavior(ctx, &holding);
    } else if (text && strcmp(text, "twice") == 0) {
        int rc = ukko_stash(ctx);
        return rc == UKKO_OK ? ukko_stash(ctx) : rc;
    } else if (text && strcmp(text, "open") == 0) {
        ukko_unstash_all(ctx);
    } else {
        return mood_receive(ctx, msg, "base");
    }
    return UKKO_OK;
}

const ukko_actor stashing_actor = {
    .size = sizeof(ukko_actor),
    .name = "ukko.oracle.Actors$Stashing",
    .receive = {NULL, stashing_receive},
    .start = mood_start,
    .stop = mood_stop,
};
