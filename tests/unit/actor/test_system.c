/* SPDX-License-Identifier: Apache-2.0 */
/* Systems as a whole: names, what is logged of dead letters, what is called at the end, guardians that
   fail; and the names of actors. Stepped on the test thread, unless it is about threads. */
#include "support/stepped.h"
#include "actor/msg.h"
#include "support/logs.h"

static logs lines;
static void open_system(const char *text) {
    logs_init(&lines);
    sys = stepped_system("whole", text, logs_sink, &lines);
    p = probe_new(sys, "probe");
    run();
}
static void close_system(void) {
    ukko_system_free(sys);
    probe_free(p);
    logs_fini(&lines);
}
static bool ended(void) { return ukko_system_wait(sys, 0) == UKKO_OK; }

/* ---- names of systems ---- */

static int made(const char *name, ukko_error *err) {
    ukko_system *s = NULL;
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.threads = 0;
    int rc = ukko_system_new(&s, &o, err);
    assert_true((s != NULL) == (rc == UKKO_OK));
    ukko_system_free(s);
    return rc;
}
/* spec: ActorSystemSpec 1 */
static void names_that_are_refused(void **state) {
    static const char *const names[] = {"-hallowelt", "_hallowelt", "hallo welt", "hallo*welt", "hallo@welt",
                                        "hallo#welt", "hallo$welt", "hallo%welt", "hallo/welt", ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ukko_error err = {0, ""};
        assert_int_equal(made(names[i], &err), UKKO_EINVAL);
        assert_non_null(strstr(err.message, names[i]));
    }
}
static bool right(const char *name, size_t len) { /* letters and digits, later also - and _ */
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (!i || (c != '-' && c != '_'))) return false;
    }
    return len > 0;
}
/* spec: ActorSystemSpec 1 */
static void every_other_name_is_refused(void **state) {
    (void)state;
    for (int c = 1; c < 256; c++) { /* every byte, as the first and as the second */
        char one[] = {(char)c, 0}, two[] = {'a', (char)c, 0};
        ukko_error err;
        assert_int_equal(made(one, &err), right(one, 1) ? UKKO_OK : UKKO_EINVAL);
        assert_int_equal(made(two, &err), right(two, 2) ? UKKO_OK : UKKO_EINVAL);
    }
    assert_int_equal(made(NULL, NULL), UKKO_EINVAL);
}
/* spec: ActorSystemSpec 1 */
static void names_that_are_right(void **state) {
    ukko_error err;
    (void)state;
    assert_int_equal(made("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", &err), UKKO_OK);
}

/* ---- dead letters in the log ---- */

static int terminator(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    if (!strcmp(ukko_msg_text(msg), "run")) ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_actor terminator_actor = {
    .size = sizeof(ukko_actor), .name = "terminator", .receive = {NULL, terminator}};
static ukko_ref *gone_actor(void) {
    ukko_ref *r = born(&terminator_actor, "a");
    now_watch(p, r);
    ukko_msg_release(now_any(p)); /* "watching" goes to nobody */
    ukko_tell_text(NULL, r, "run");
    now_end_of(p, r);
    return r;
}
/* spec: ActorSystemSpec 1 */
static void dead_letters_are_logged(void **state) {
    (void)state;
    open_system("pekko.loglevel = INFO");
    ukko_ref *a = gone_actor();
    ukko_tell_from(a, ukko_msg_string("boom"), p->ref);
    run();
    assert_int_equal(logs_count(&lines, "INFO pekko://whole/user/a | Message [java.lang.String] from "
                                        "Actor[pekko://whole/user/probe#"), 1);
    assert_int_equal(logs_count(&lines, " was not delivered. ["), logs_count(&lines, "not delivered"));
    ukko_ref_release(a);
    close_system();
}
/* spec: ActorSystemSpec 1 */
static void dead_letters_without_a_sender_are_logged(void **state) {
    (void)state;
    open_system("pekko.loglevel = INFO");
    ukko_ref *a = gone_actor();
    logs_clear(&lines);
    ukko_tell_text(NULL, a, "boom");
    run();
    assert_int_equal(logs_count(&lines, "Message [java.lang.String] to Actor[pekko://whole/user/a#"), 1);
    assert_int_equal(logs_count(&lines, "not delivered"), 1);
    ukko_ref_release(a);
    close_system();
}
static size_t logged_with(const char *text, bool at_end) {
    open_system(text);
    ukko_ref *a = gone_actor();
    logs_clear(&lines);
    if (at_end) ukko_system_terminate(sys);
    ukko_tell_text(NULL, a, "boom");
    run();
    size_t n = logs_count(&lines, "Message [java.lang.String] to");
    ukko_ref_release(a);
    close_system();
    return n;
}
static void dead_letters_at_the_end(void **state) {
    (void)state;
    assert_int_equal(logged_with("pekko.loglevel = INFO", true), 0);
    assert_int_equal(logged_with("pekko { loglevel = INFO, log-dead-letters-during-shutdown = on }", true), 1);
    assert_int_equal(logged_with("pekko { loglevel = INFO, log-dead-letters = off }", false), 0);
}

/* ---- what is called at the end ---- */

static int order[16];
static _Atomic int n_called; /* relaxed: looked at when all is over */
static void note_order(void *data) {
    int i = atomic_fetch_add_explicit(&n_called, 1, memory_order_relaxed);
    order[i] = *(const int *)data;
}
static int called(void) { return atomic_load_explicit(&n_called, memory_order_relaxed); }
/* spec: ActorSystemSpec 1 */
static void callbacks_run_the_last_one_first(void **state) {
    static const int numbers[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    (void)state;
    atomic_store_explicit(&n_called, 0, memory_order_relaxed);
    sys = test_system("callbacks", NULL, NULL, NULL);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ukko_system_on_end(sys, note_order, (void *)(uintptr_t)&numbers[i]), UKKO_OK);
    assert_int_equal(called(), 0);
    ukko_system_terminate(sys);
    assert_int_equal(ukko_system_wait(sys, 20000), UKKO_OK);
    assert_int_equal(called(), 10);
    for (int i = 0; i < 10; i++) assert_int_equal(order[i], 10 - i);
    ukko_system_free(sys);
}
static void end_system(void *data) {
    (void)data;
    ukko_system_terminate(sys);
}
/* spec: ActorSystemSpec 1 */
static void waiting_waits_for_callbacks(void **state) {
    static const int one = 1;
    (void)state;
    atomic_store_explicit(&n_called, 0, memory_order_relaxed);
    sys = test_system("callbacks", NULL, NULL, NULL);
    ukko_system_on_end(sys, note_order, (void *)(uintptr_t)&one);
    ukko_call_later(sys, 20, 0, end_system, NULL, NULL);
    assert_int_equal(ukko_system_wait(sys, 20000), UKKO_OK);
    assert_int_equal(called(), 1);
    ukko_system_free(sys);
}
/* spec: ActorSystemSpec 1 */
static void callbacks_are_called_once_or_refused(void **state) {
    static const int one = 1;
    (void)state;
    for (int i = 0; i < 50; i++) {
        atomic_store_explicit(&n_called, 0, memory_order_relaxed);
        sys = test_system("callbacks", NULL, NULL, NULL);
        ukko_system_terminate(sys);
        int refused = ukko_system_on_end(sys, note_order, (void *)(uintptr_t)&one) == UKKO_ESTOPPED;
        assert_int_equal(ukko_system_wait(sys, 20000), UKKO_OK);
        assert_int_equal(called() + refused, 1);
        assert_int_equal(ukko_system_on_end(sys, note_order, NULL), UKKO_ESTOPPED);
        ukko_system_free(sys);
    }
}
/* spec: ActorSystemSpec 1 */
static void whether_it_has_ended(void **state) {
    (void)state;
    open_system("");
    assert_false(ended());
    ukko_system_terminate(sys);
    run();
    assert_true(ended());
    ukko_system_terminate(sys); /* nothing more */
    assert_true(ended());
    close_system();
}

/* ---- making actors ---- */

enum { WAVE = 5000 };
typedef struct waves {
    int64_t left;
} waves;
static int waves_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)ctx, (void)args, (void)n;
    ((waves *)state)->left = WAVE;
    for (int i = 0; i < WAVE; i++) {
        ukko_ref *man = NULL;
        int rc = ukko_system_spawn(ukko_ctx_system(ctx), ukko_props_new(&terminator_actor), NULL, &man);
        if (rc) return rc;
        ukko_watch(ctx, man);
        ukko_tell_text(ctx, man, "run");
        ukko_ref_release(man);
    }
    return UKKO_OK;
}
static int waves_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    waves *w = state;
    if (ukko_msg_type(msg) != &ukko_terminated_type || --w->left) return UKKO_OK;
    ukko_tell_text(ctx, p->ref, "done");
    ukko_stop(ctx, ukko_self(ctx));
    return UKKO_OK;
}
static const ukko_actor waves_actor = {.size = sizeof(ukko_actor),
                                       .state_size = sizeof(waves),
                                       .name = "waves",
                                       .receive = {NULL, waves_receive},
                                       .start = waves_start};
/* spec: ActorSystemSpec 1 */
static void waves_of_actors(void **state) {
    (void)state;
    sys = test_system("waves", NULL, NULL, NULL);
    p = probe_new(sys, "probe");
    for (int i = 0; i < 3; i++)
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&waves_actor), NULL, NULL), UKKO_OK);
    for (int i = 0; i < 3; i++) probe_expect_text(p, "done");
    ukko_system_free(sys);
    probe_free(p);
}
static const ukko_actor quiet = {.size = sizeof(ukko_actor), .name = "quiet"};
static int finds_child(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    ukko_ref *child = NULL;
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), NULL, &child);
    ukko_selection *at = ukko_select(ukko_ctx_system(ctx), ukko_ref_path(child));
    ukko_identify who = {NULL};
    ukko_selection_tell(at, ukko_msg_copy(&ukko_identify_type, &who), p->ref);
    ukko_selection_release(at);
    ukko_ref_release(child);
    return rc;
}
static const ukko_actor finder = {.size = sizeof(ukko_actor), .name = "finder", .start = finds_child};
/* spec: ActorSystemSpec 1 */
static void actors_are_found_as_soon_as_they_are_made(void **state) {
    (void)state;
    open_system("");
    ukko_ref_release(born(&finder, NULL));
    ukko_msg *m = now_msg(p, &ukko_identity_type);
    assert_non_null(((const ukko_identity *)ukko_msg_get(m, &ukko_identity_type))->ref);
    ukko_msg_release(m);
    close_system();
}
/* spec: ActorSystemSpec 1 */
static void no_actors_at_the_end(void **state) { /* once refused, always refused; those made have ended */
    enum { MAX = 200000 };
    ukko_ref **refs = calloc(MAX, sizeof *refs);
    int n = 0, rc = UKKO_OK;
    (void)state;
    sys = test_system("deny", NULL, NULL, NULL);
    ukko_call_later(sys, 20, 0, end_system, NULL, NULL);
    while (ukko_system_wait(sys, 0)) {
        ukko_ref *r = NULL;
        int now = ukko_system_spawn(sys, ukko_props_new(&quiet), NULL, &r);
        if (now) assert_null(r);
        else assert_int_equal(rc, UKKO_OK);
        if (now) assert_int_equal(now, UKKO_ESTOPPED);
        rc = now;
        if (r && n < MAX) refs[n++] = r;
        else ukko_ref_release(r);
    }
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        assert_true(uk_ref_stopped(refs[i]));
        ukko_ref_release(refs[i]);
    }
    free(refs);
    ukko_system_free(sys);
}

/* ---- guardians ---- */

static int dies(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    return ukko_fail(ctx, UKKO_EUSER, "hello");
}
static const ukko_actor mortal = {.size = sizeof(ukko_actor), .name = "mortal", .receive = {NULL, dies}};

/* spec: ActorSystemSpec 1 */
static void ends_when_user_is_killed(void **state) {
    (void)state;
    open_system("pekko.loglevel = ERROR");
    ukko_ref *user = ukko_system_ref(sys, "/user");
    ukko_tell(NULL, user, &ukko_kill_type, NULL);
    run();
    assert_true(ended());
    assert_int_equal(logs_count(&lines, "org.apache.pekko.actor.ActorKilledException"), 1);
    ukko_ref_release(user);
    close_system();
}
static ukko_ref *after_death(const char *strategy, const ukko_actor *known) {
    char text[300];
    snprintf(text, sizeof text, "pekko.loglevel = ERROR\npekko.actor.guardian-supervisor-strategy = \"%s\"", strategy);
    logs_init(&lines);
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config(text);
    const ukko_actor *actors[] = {known, NULL};
    ukko_system_opts o = UKKO_SYSTEM_OPTS("whole", NULL);
    o.config = cfg;
    o.actors = actors;
    o.log = logs_sink;
    o.log_data = &lines;
    o.threads = 0;
    if (ukko_system_new(&sys, &o, &err) || ukko_system_start(sys, &err)) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    p = probe_new(sys, "probe");
    ukko_ref *a = born(&mortal, "a");
    now_watch(p, a);
    ukko_tell_text(NULL, a, "die");
    run();
    return a;
}
/* spec: ActorSystemSpec 1 */
static void the_strategy_of_user_is_configured(void **state) {
    (void)state;
    ukko_ref *a = after_death("org.apache.pekko.actor.StoppingSupervisorStrategy", NULL);
    ukko_msg *m = now_msg(p, &ukko_terminated_type);
    const ukko_terminated *t = ukko_msg_get(m, &ukko_terminated_type);
    assert_true(ukko_ref_equal(t->ref, a));
    assert_true(t->existence_confirmed);
    assert_false(t->address_terminated);
    ukko_msg_release(m);
    ukko_ref_release(a);
    assert_int_equal(logs_count(&lines, "hello"), 1);
    close_system();
    a = after_death("org.apache.pekko.actor.DefaultSupervisorStrategy", NULL);
    assert_false(uk_ref_stopped(a)); /* restarted */
    now_nothing(p);
    ukko_ref_release(a);
    close_system();
}
static ukko_directive escalate(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    (void)ctx, (void)state, (void)why;
    return UKKO_ESCALATE;
}
static const ukko_supervision escalating = {.size = sizeof(ukko_supervision), .max_restarts = -1, .decide = escalate};
static const ukko_actor strategy = {.size = sizeof(ukko_actor), .name = "com.example.Strategy", .supervision = &escalating};
/* spec: ActorSystemSpec 1 */
static void ends_when_user_escalates(void **state) {
    (void)state;
    ukko_ref *a = after_death("com.example.Strategy", &strategy);
    assert_true(ended());
    assert_true(logs_count(&lines, "hello") > 0);
    ukko_ref_release(a);
    close_system();
}
static void strategies_that_nobody_knows(void **state) {
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config("pekko.actor.guardian-supervisor-strategy = com.example.Unknown");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("whole", NULL);
    (void)state;
    o.config = cfg;
    o.threads = 0;
    assert_int_equal(ukko_system_new(&sys, &o, &err), UKKO_OK);
    assert_int_equal(ukko_system_start(sys, &err), UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "guardian-supervisor-strategy"));
    assert_non_null(strstr(err.message, "com.example.Unknown"));
    ukko_system_free(sys);
    ukko_config_release(cfg);
}

/* ---- what the local provider promises ---- */

#define ENCODED "pekko%3A%2F%2FClusterSystem%40127.0.0.1%3A7355"
static int looks_up(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    ukko_ref *child = NULL;
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), ENCODED, &child);
    if (rc) return rc;
    assert_string_equal(ukko_ref_name(child), ENCODED);
    ukko_ref *found = ukko_system_ref(ukko_ctx_system(ctx), ukko_ref_path(child));
    if (ukko_ref_equal(found, child)) ukko_tell_text(ctx, p->ref, ukko_ref_name(found));
    ukko_ref_release(found);
    ukko_ref_release(child);
    return UKKO_OK;
}
static const ukko_actor looker = {.size = sizeof(ukko_actor), .name = "looker", .receive = {NULL, looks_up}};
/* spec: LocalActorRefProviderSpec 1 */
static void a_child_with_an_encoded_name(void **state) {
    (void)state;
    open_system("");
    ukko_ref *a = born(&looker, NULL);
    ukko_tell_text(NULL, a, "lookup");
    now_text(p, ENCODED);
    ukko_ref_release(a);
    close_system();
}
static void unhandled_at(const char *path) {
    open_system("pekko { loglevel = DEBUG, actor.debug.unhandled = on }");
    ukko_subscribe(sys, &ukko_unhandled_type, p->ref);
    ukko_subscribe(sys, &ukko_dead_letter_type, p->ref);
    ukko_selection *to = ukko_select(sys, path);
    ukko_selection_tell(to, ukko_msg_string("Hello"), NULL);
    ukko_msg *m = now_msg(p, &ukko_unhandled_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_unhandled_type);
    assert_string_equal(ukko_msg_text(d->message), "Hello");
    assert_true(ukko_ref_equal(d->sender, ukko_dead_letters(sys)));
    ukko_msg_release(m);
    now_nothing(p);
    assert_int_equal(logs_count(&lines, "unhandled message from Actor[pekko://whole/deadLetters]: Hello"), 1);
    ukko_selection_release(to);
    close_system();
}
/* spec: LocalActorRefProviderSpec 1 */
static void the_root_takes_no_messages(void **state) {
    (void)state;
    unhandled_at("/");
}
/* spec: LocalActorRefProviderSpec 1 */
static void user_takes_no_messages(void **state) {
    (void)state;
    unhandled_at("/user");
}
/* spec: LocalActorRefProviderSpec 1 */
static void system_takes_no_messages(void **state) {
    (void)state;
    unhandled_at("/system");
}
/* spec: LocalActorRefProviderSpec 1 */
static void what_has_ended_gives_up_its_recipe(void **state) {
    (void)state;
    open_system("");
    ukko_props *props = ukko_props_new(&quiet);
    ukko_msg *large = ukko_msg_string("a large argument");
    ukko_props_arg_msg(props, ukko_msg_retain(large));
    ukko_ref *a = NULL;
    assert_int_equal(ukko_system_spawn(sys, props, "a", &a), UKKO_OK);
    run();
    assert_int_equal(atomic_load_explicit(&large->h.refs, memory_order_relaxed), 2);
    ukko_ref_signal(a, UKKO_SIGNAL_TERMINATE, NULL);
    run();
    assert_int_equal(atomic_load_explicit(&large->h.refs, memory_order_relaxed), 1); /* though a is held */
    assert_string_equal(ukko_ref_name(a), "a");
    ukko_msg_release(large);
    ukko_ref_release(a);
    close_system();
}
enum { RIVALS = 4, NAMES = 100 };
static _Atomic int winners, losers; /* relaxed: looked at when all is over */
static void *rival(void *arg) {
    char name[32];
    (void)arg;
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "new-actor%d", i);
        int rc = ukko_system_spawn(sys, ukko_props_new(&quiet), name, NULL);
        if (rc == UKKO_OK) atomic_fetch_add_explicit(&winners, 1, memory_order_relaxed);
        if (rc == UKKO_EEXISTS) atomic_fetch_add_explicit(&losers, 1, memory_order_relaxed);
    }
    return NULL;
}
/* spec: LocalActorRefProviderSpec 1 */
static void one_actor_for_a_name_whoever_comes(void **state) {
    pthread_t threads[RIVALS];
    (void)state;
    sys = test_system("rivals", NULL, NULL, NULL);
    for (int i = 0; i < RIVALS; i++) pthread_create(&threads[i], NULL, rival, NULL);
    for (int i = 0; i < RIVALS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load_explicit(&winners, memory_order_relaxed), NAMES);
    assert_int_equal(atomic_load_explicit(&losers, memory_order_relaxed), NAMES * (RIVALS - 1));
    ukko_system_free(sys);
}
static int makes_two(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state, (void)msg;
    int rc = ukko_spawn(ctx, ukko_props_new(&quiet), "duplicate", NULL);
    assert_int_equal(rc, UKKO_OK);
    return ukko_spawn(ctx, ukko_props_new(&quiet), "duplicate", NULL);
}
static const ukko_actor maker = {.size = sizeof(ukko_actor), .name = "maker", .receive = {NULL, makes_two}};
/* spec: LocalActorRefProviderSpec 1 */
static void one_actor_for_a_name_in_one_message(void **state) {
    (void)state;
    open_system("pekko.loglevel = ERROR");
    ukko_ref *a = born(&maker, NULL);
    ukko_tell_text(NULL, a, "");
    run();
    assert_int_equal(logs_count(&lines, "org.apache.pekko.actor.InvalidActorNameException"), 1);
    ukko_ref_release(a);
    close_system();
}
/* spec: LocalActorRefProviderSpec 1 */
static void names_that_no_actor_can_have(void **state) {
    static const struct {
        const char *name, *why;
    } rows[] = {{"", "must not be empty"},
                {"$hallo", "[$] at position: 0. Actor paths MUST: not start with `$`"},
                {"a%", "[%] at position: 1"},
                {"%3", "[%] at position: 0"},
                {"%xx", "[%] at position: 0"},
                {"%0G", "[%] at position: 0"},
                {"%gg", "[%] at position: 0"},
                {"%", "[%] at position: 0"},
                {"%1t", "[%] at position: 0"},
                {"a?", "[?] at position: 1"},
                {"\xc3\xbc\xc3\x9f", "[\xc3\xbc] at position: 0"},
                {"he\"llo", "[\"] at position: 2"},
                {"hell>o", "[>] at position: 4"}};
    (void)state;
    open_system("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ukko_error err = {0, ""};
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&quiet), rows[i].name, NULL), UKKO_EINVAL);
        ukko_spawn_error(&err);
        if (!strstr(err.message, rows[i].why)) fail_msg("\"%s\" does not say \"%s\"", err.message, rows[i].why);
    }
    close_system();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_refused),
        cmocka_unit_test(every_other_name_is_refused),
        cmocka_unit_test(names_that_are_right),
        cmocka_unit_test(dead_letters_are_logged),
        cmocka_unit_test(dead_letters_without_a_sender_are_logged),
        cmocka_unit_test(dead_letters_at_the_end),
        cmocka_unit_test(callbacks_run_the_last_one_first),
        cmocka_unit_test(waiting_waits_for_callbacks),
        cmocka_unit_test(callbacks_are_called_once_or_refused),
        cmocka_unit_test(whether_it_has_ended),
        cmocka_unit_test(waves_of_actors),
        cmocka_unit_test(actors_are_found_as_soon_as_they_are_made),
        cmocka_unit_test(no_actors_at_the_end),
        cmocka_unit_test(ends_when_user_is_killed),
        cmocka_unit_test(the_strategy_of_user_is_configured),
        cmocka_unit_test(ends_when_user_escalates),
        cmocka_unit_test(strategies_that_nobody_knows),
        cmocka_unit_test(a_child_with_an_encoded_name),
        cmocka_unit_test(the_root_takes_no_messages),
        cmocka_unit_test(user_takes_no_messages),
        cmocka_unit_test(system_takes_no_messages),
        cmocka_unit_test(what_has_ended_gives_up_its_recipe),
        cmocka_unit_test(one_actor_for_a_name_whoever_comes),
        cmocka_unit_test(one_actor_for_a_name_in_one_message),
        cmocka_unit_test(names_that_no_actor_can_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
