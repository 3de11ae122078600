/* SPDX-License-Identifier: Apache-2.0 */
/* Random kills, restarts and watch storms in a system with threads, in rounds of a second each.
   Nothing may be lost: each message is handled, is the one that failed, or is a dead letter; each
   watch is answered by one Terminated; after a round no memory is held that the rounds before did
   not hold. Runs STRESS_SECONDS (2); `make stress` sets 600. Test thread and a worker a core, in every other
   round a single one. */
#include "support/probe.h"
#include <malloc.h>
#include <stdatomic.h>
#include <time.h>

enum { BOSSES = 8, CHILDREN = 16, ROUND_MS = 1000, WAVE = 4 };

typedef struct counts {
    _Atomic uint64_t sent, handled, failed, letters; /* relaxed: read when all is quiet */
    _Atomic uint64_t spawned, stopped, restarts;
    _Atomic uint64_t watches, ends;
} counts;
static counts now, all;
static _Atomic bool ending; /* relaxed: a boss sees it at its next message */

static void add(_Atomic uint64_t *n) { atomic_fetch_add_explicit(n, 1, memory_order_relaxed); }
static uint64_t get(_Atomic uint64_t *n) { return atomic_load_explicit(n, memory_order_relaxed); }
static uint32_t draw(uint64_t *rng, uint32_t below) {
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return (uint32_t)((*rng >> 16) % below);
}

/* ---- children: count, fail or stop as told ---- */

typedef struct number {
    int32_t n;
} number;
static const ukko_field work_fields[] = {UKKO_FIELD(number, n, UKKO_I32)};
static const ukko_type work_type = UKKO_TYPE_LOCAL(number, work_fields);
static int child_work(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    if (((const number *)body)->n % 50 == 49) {
        add(&now.failed);
        return ukko_fail(ctx, UKKO_EUSER - 1, "as told");
    }
    add(&now.handled);
    return UKKO_OK;
}
static int child_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)ctx, (void)state, (void)args, (void)n;
    add(&now.spawned);
    return UKKO_OK;
}
static void child_stop(ukko_ctx *ctx, void *state) {
    (void)ctx, (void)state;
    add(&now.stopped);
}
static int child_again(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n,
                       const ukko_failure *why) {
    (void)why;
    add(&now.restarts);
    return child_start(ctx, state, args, n);
}
static const ukko_case child_cases[] = {{&work_type, child_work}, {NULL, NULL}};
static const ukko_actor child_actor = {.size = sizeof(ukko_actor),
                                       .name = "child",
                                       .receive = {child_cases, NULL},
                                       .start = child_start,
                                       .stop = child_stop,
                                       .after_restart = child_again};

/* ---- mourners: each watches one actor and ends with it ---- */

static int mourner_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)n;
    ukko_watch(ctx, ((const ukko_ref_body *)ukko_msg_get(args[0], &ukko_ref_type))->ref);
    return UKKO_OK;
}
static int mourner_ends(ukko_ctx *ctx, void *state, const void *body) {
    (void)state, (void)body;
    add(&now.ends);
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_case mourner_cases[] = {{&ukko_terminated_type, mourner_ends}, {NULL, NULL}};
static const ukko_actor mourner_actor = {.size = sizeof(ukko_actor),
                                         .name = "mourner",
                                         .receive = {mourner_cases, NULL},
                                         .start = mourner_start};
static void mourn(ukko_system *sys, ukko_ref *who) {
    ukko_props *props = ukko_props_new(&mourner_actor);
    ukko_props_arg(props, &ukko_ref_type, &(ukko_ref_body){who});
    add(&now.watches);
    assert_int_equal(ukko_system_spawn(sys, props, NULL, NULL), UKKO_OK);
}

/* ---- bosses: do all this to their children, and have them anew ---- */

typedef struct boss {
    uint64_t rng;
    ukko_ref *children[CHILDREN]; /* owned; NULL: none now */
    int32_t n;
} boss;
static void hire(ukko_ctx *ctx, boss *b, int k) {
    if (b->children[k] || ukko_spawn(ctx, ukko_props_new(&child_actor), NULL, &b->children[k]))
        return;
    add(&now.watches);
    ukko_watch(ctx, b->children[k]);
}
static void fire(ukko_ctx *ctx, boss *b, int k) {
    ukko_ref *c = b->children[k];
    switch (draw(&b->rng, 4)) {
    case 0: ukko_stop(ctx, c); break;
    case 1: ukko_tell(ctx, c, &ukko_poison_pill_type, NULL); break;
    case 2: ukko_tell(ctx, c, &ukko_kill_type, NULL); break;
    default: ukko_ref_signal(c, UKKO_SIGNAL_TERMINATE, NULL);
    }
}
static void act(ukko_ctx *ctx, boss *b) {
    int k = (int)draw(&b->rng, CHILDREN);
    hire(ctx, b, k);
    uint32_t what = draw(&b->rng, 100);
    if (what < 2) fire(ctx, b, k);
    else if (what < 6)
        for (uint32_t i = draw(&b->rng, 10); i > 0; i--) mourn(ukko_ctx_system(ctx), b->children[k]);
    else
        for (uint32_t i = draw(&b->rng, 30); i > 0; i--) {
            add(&now.sent);
            ukko_tell(ctx, b->children[k], &work_type, &(number){b->n++});
        }
}
static int boss_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)n;
    ((boss *)state)->rng = (uint64_t)*(const int64_t *)ukko_msg_get(args[0], &ukko_long_type) | 1;
    ukko_tell(ctx, ukko_self(ctx), &ukko_done_type, NULL);
    return UKKO_OK;
}
static int boss_goes_on(ukko_ctx *ctx, void *state, const void *body) {
    (void)body;
    if (atomic_load_explicit(&ending, memory_order_relaxed)) {
        ukko_stop(ctx, ukko_self(ctx));
        return UKKO_OK;
    }
    for (int i = 0; i < WAVE; i++) act(ctx, state);
    ukko_tell(ctx, ukko_self(ctx), &ukko_done_type, NULL);
    return UKKO_OK;
}
static int boss_hears(ukko_ctx *ctx, void *state, const void *body) {
    boss *b = state;
    ukko_ref *who = ((const ukko_terminated *)body)->ref;
    (void)ctx;
    add(&now.ends);
    for (int k = 0; k < CHILDREN; k++)
        if (b->children[k] && ukko_ref_equal(b->children[k], who)) {
            ukko_ref_release(b->children[k]);
            b->children[k] = NULL;
            return UKKO_OK;
        }
    fail_msg("Terminated of an unknown child %s", ukko_ref_path(who));
    return UKKO_OK;
}
static void boss_stop(ukko_ctx *ctx, void *state) { /* its own watches end with it */
    boss *b = state;
    (void)ctx;
    for (int k = 0; k < CHILDREN; k++) {
        if (b->children[k]) add(&now.ends);
        ukko_ref_release(b->children[k]);
    }
}
static ukko_directive boss_decides(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    boss *b = state;
    (void)ctx;
    if (why->code == UKKO_EKILLED) return UKKO_STOP;
    return draw(&b->rng, 4) ? UKKO_RESTART : UKKO_RESUME;
}
static const ukko_supervision boss_strategy = {.size = sizeof(ukko_supervision),
                                               .max_restarts = -1,
                                               .decide = boss_decides};
static const ukko_case boss_cases[] = {
    {&ukko_done_type, boss_goes_on}, {&ukko_terminated_type, boss_hears}, {NULL, NULL}};
static const ukko_actor boss_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(boss),
                                      .name = "boss",
                                      .receive = {boss_cases, NULL},
                                      .start = boss_start,
                                      .stop = boss_stop,
                                      .supervision = &boss_strategy};

/* ---- rounds ---- */

static void on_letter(void *data, const ukko_msg *msg, ukko_ref *sender) {
    const ukko_dead_letter *d = ukko_msg_get(msg, ukko_msg_type(msg));
    (void)data, (void)sender;
    if (ukko_msg_type(d->message) == &work_type) add(&now.letters);
}
static int64_t real_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static bool all_mourned(void *data) {
    (void)data;
    return get(&now.ends) == get(&now.watches);
}
static void wait_until(bool (*fn)(void *), const char *what) {
    int64_t end = real_ms() + 60000;
    while (!fn(NULL)) {
        if (real_ms() > end)
            fail_msg("%s: %llu watches, %llu ends", what, (unsigned long long)get(&now.watches),
                     (unsigned long long)get(&now.ends));
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}
static void one_round(uint64_t seed, int64_t ms) {
    const char *one = "pekko.loglevel = OFF, pekko.actor.default-dispatcher.fork-join-executor { "
                      "parallelism-min = 1, parallelism-factor = 1.0, parallelism-max = 1 }";
    ukko_system *sys =
        test_system("stress", seed % 2 ? "pekko.loglevel = OFF" : one, NULL, NULL);
    ukko_ref *bosses[BOSSES], *letters = ukko_function_ref(sys, on_letter, NULL);
    probe *p = probe_new(sys, "probe");
    memset(&now, 0, sizeof now);
    atomic_store_explicit(&ending, false, memory_order_relaxed);
    ukko_subscribe(sys, &ukko_all_dead_letters_type, letters);
    for (int i = 0; i < BOSSES; i++) {
        ukko_props *props = ukko_props_new(&boss_actor);
        ukko_props_arg(props, &ukko_long_type, &(int64_t){(int64_t)(seed * 977 + (uint64_t)i * 31)});
        assert_int_equal(ukko_system_spawn(sys, props, NULL, &bosses[i]), UKKO_OK);
        probe_watch(p, bosses[i]);
    }
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* the load, not a wait */
    atomic_store_explicit(&ending, true, memory_order_relaxed);
    for (int i = 0; i < BOSSES; i++) ukko_msg_release(probe_expect(p, &ukko_terminated_type));
    wait_until(all_mourned, "a Terminated was lost");
    for (int i = 0; i < BOSSES; i++) ukko_ref_release(bosses[i]);
    ukko_system_free(sys);
    ukko_ref_release(letters);
    probe_free(p);
    assert_int_equal(get(&now.sent), get(&now.handled) + get(&now.failed) + get(&now.letters));
    assert_int_equal(get(&now.spawned), get(&now.stopped));
}
static void sum(void) {
    _Atomic uint64_t *from = &now.sent, *to = &all.sent;
    for (size_t i = 0; i < sizeof all / sizeof *to; i++)
        atomic_fetch_add_explicit(&to[i], get(&from[i]), memory_order_relaxed);
}
static size_t held(void) { /* bytes of malloc in use; the pools keep theirs */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0; /* the sanitizer looks itself */
#else
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
#endif
}
static void nothing_is_lost(void **state) {
    (void)state;
    const char *text = getenv("STRESS_SECONDS");
    int64_t seconds = text ? atoll(text) : 2, end = real_ms() + seconds * 1000;
    uint64_t rounds = 0;
    size_t before = 0, most = 0;
    for (; real_ms() < end || rounds < 2; rounds++) {
        int64_t left = end - real_ms();
        one_round(rounds + 1, left < ROUND_MS && left > 100 ? left : ROUND_MS / (seconds < 5 ? 2 : 1));
        sum();
        if (rounds < 5) before = before > held() ? before : held();
        most = held();
    }
    printf("%llu rounds: %llu messages sent = %llu handled + %llu failed + %llu dead letters; "
           "%llu actors started and stopped, %llu restarts; %llu watches = %llu ends; "
           "memory held after 5 rounds %zu, at the end %zu bytes\n",
           (unsigned long long)rounds, (unsigned long long)get(&all.sent),
           (unsigned long long)get(&all.handled), (unsigned long long)get(&all.failed),
           (unsigned long long)get(&all.letters), (unsigned long long)get(&all.spawned),
           (unsigned long long)get(&all.restarts), (unsigned long long)get(&all.watches),
           (unsigned long long)get(&all.ends), before, most);
    assert_true(get(&all.failed) > 0 && get(&all.letters) > 0 && get(&all.restarts) > 0);
    /* pools grow with the largest round; a leak of each round would be far more than twice */
    if (rounds > 50) assert_true(most < 2 * before + ((size_t)1 << 20));
}
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
