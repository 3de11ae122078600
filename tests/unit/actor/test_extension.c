/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions: one of each for a system, made at the start or when first asked for. */
#include "support/stepped.h"
#include "support/logs.h"
#include <ukko/extension.h>

static _Atomic int n_made; /* relaxed: looked at when all is over */
static int n_gone, gone[8];
static int made(void) { return atomic_load_explicit(&n_made, memory_order_relaxed); }

/* An extension is a number of its own: 1, 2, ... in the order in which they are made. */
static int create(ukko_system *s, void **out, ukko_error *err) {
    int *i = malloc(sizeof *i);
    (void)s, (void)err;
    *i = atomic_fetch_add_explicit(&n_made, 1, memory_order_relaxed) + 1;
    *out = i;
    return UKKO_OK;
}
static void destroy(void *instance) {
    gone[n_gone++] = *(int *)instance;
    free(instance);
}
static const ukko_extension one = {sizeof(ukko_extension), "com.example.One", create, destroy},
                            two = {sizeof(ukko_extension), "com.example.Two", create, destroy},
                            nameless = {sizeof(ukko_extension), NULL, create, destroy};

static ukko_system *with(const char *text, logs *log, const ukko_extension *const *known) {
    ukko_system *s = NULL;
    ukko_error err = {0, ""};
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("extended", NULL);
    o.config = cfg;
    o.threads = 0;
    o.log = log ? logs_sink : NULL;
    o.log_data = log;
    if (ukko_system_new(&s, &o, &err)) fail_msg("%s", err.message);
    for (; known && *known; known++) assert_int_equal(ukko_system_add_extension(s, *known), UKKO_OK);
    ukko_config_release(cfg);
    return s;
}
static void started(ukko_system *s) {
    ukko_error err = {0, ""};
    if (ukko_system_start(s, &err)) fail_msg("%s", err.message);
}
static int setup(void **state) {
    (void)state;
    atomic_store_explicit(&n_made, 0, memory_order_relaxed);
    n_gone = 0;
    return 0;
}
static int get(ukko_system *s, const ukko_extension *e) { /* its number */
    void *out = NULL;
    assert_int_equal(ukko_extension_get(s, e, &out, NULL), UKKO_OK);
    return *(int *)out;
}
static void one_for_each_system(void **state) {
    (void)state;
    ukko_system *a = with("", NULL, NULL), *b = with("", NULL, NULL);
    started(a);
    started(b);
    assert_false(ukko_extension_has(a, &one));
    assert_int_equal(get(a, &one), 1);
    assert_int_equal(get(a, &one), 1);
    assert_true(ukko_extension_has(a, &one));
    assert_false(ukko_extension_has(b, &one));
    assert_int_equal(get(b, &one), 2);
    assert_int_equal(get(a, &nameless), 3);
    ukko_system_free(a);
    assert_int_equal(n_gone, 2);
    assert_int_equal(gone[0], 3); /* the last made first */
    assert_int_equal(gone[1], 1);
    ukko_system_free(b);
    assert_int_equal(n_gone, 3);
}
static void the_configuration_loads_them(void **state) {
    static const ukko_extension *const known[] = {&one, &two, NULL};
    logs l;
    (void)state;
    logs_init(&l);
    ukko_system *s = with("pekko { extensions = [com.example.One, com.example.Unknown]\n"
                          "library-extensions = ${?pekko.library-extensions} [com.example.Two] }", &l, known);
    assert_int_equal(made(), 0);
    started(s);
    assert_true(ukko_extension_has(s, &one));
    assert_true(ukko_extension_has(s, &two));
    assert_int_equal(get(s, &two), 1); /* libraries before the program */
    assert_int_equal(get(s, &one), 2);
    assert_int_equal(logs_count(&l, "WARN extensions | pekko.extensions: this program has no extension "
                                    "[com.example.Unknown], skipping it"), 1);
    assert_int_equal(logs_count(&l, "WARN extensions"), 1);
    ukko_system_free(s);
    logs_fini(&l);
}
static int refuse(ukko_system *s, void **out, ukko_error *err) {
    (void)s, (void)out;
    snprintf(err->message, sizeof err->message, "no licence");
    return UKKO_EUSER - 3;
}
static const ukko_extension refused = {sizeof(ukko_extension), "com.example.Refused", refuse, destroy};
static void one_that_cannot_be_made(void **state) {
    static const ukko_extension *const known[] = {&refused, NULL};
    ukko_error err = {0, ""};
    void *out = &err;
    (void)state;
    ukko_system *s = with("pekko { loglevel = OFF, extensions = [com.example.Refused] }", NULL, known);
    assert_int_equal(ukko_system_start(s, &err), UKKO_EUSER - 3);
    assert_string_equal(err.message, "pekko.extensions: extension \"com.example.Refused\": no licence");
    ukko_system_free(s);
    s = with("", NULL, NULL);
    started(s);
    assert_int_equal(ukko_extension_get(s, &refused, &out, &err), UKKO_EUSER - 3);
    assert_null(out);
    assert_string_equal(err.message, "no licence");
    assert_false(ukko_extension_has(s, &refused));
    ukko_system_free(s);
    assert_int_equal(n_gone, 0);
}
extern const ukko_extension inner, circle;
static int create_outer(ukko_system *s, void **out, ukko_error *err) {
    void *other;
    int rc = ukko_extension_get(s, &inner, &other, err);
    return rc ? rc : create(s, out, err);
}
static int create_circle(ukko_system *s, void **out, ukko_error *err) {
    void *other;
    (void)out;
    return ukko_extension_get(s, &circle, &other, err);
}
const ukko_extension inner = {sizeof(ukko_extension), "inner", create, destroy};
const ukko_extension circle = {sizeof(ukko_extension), "circle", create_circle, NULL};
static const ukko_extension outer = {sizeof(ukko_extension), "outer", create_outer, destroy};
static void they_ask_for_each_other(void **state) {
    ukko_error err = {0, ""};
    void *out;
    (void)state;
    ukko_system *s = with("", NULL, NULL);
    started(s);
    assert_int_equal(get(s, &outer), 2);
    assert_int_equal(get(s, &inner), 1);
    assert_int_equal(ukko_extension_get(s, &circle, &out, &err), UKKO_EDEADLOCK);
    assert_string_equal(err.message, "extension \"circle\" asks for itself while it is being made");
    ukko_system_free(s);
}
static void names_are_taken_once(void **state) {
    static const ukko_extension again = {sizeof(ukko_extension), "com.example.One", create, NULL},
                                empty = {sizeof(ukko_extension), "com.example.Empty", NULL, NULL};
    void *out;
    (void)state;
    ukko_system *s = with("", NULL, NULL);
    assert_int_equal(ukko_system_add_extension(s, &one), UKKO_OK);
    assert_int_equal(ukko_system_add_extension(s, &again), UKKO_EEXISTS);
    assert_int_equal(ukko_system_add_extension(s, &nameless), UKKO_EINVAL);
    assert_int_equal(ukko_system_add_extension(s, &empty), UKKO_EINVAL);
    assert_int_equal(ukko_extension_get(s, &empty, &out, NULL), UKKO_EINVAL);
    started(s);
    assert_int_equal(ukko_system_add_extension(s, &two), UKKO_ESTATE);
    ukko_system_free(s);
}
static void *ask(void *s) {
    return (void *)(intptr_t)get(s, &one);
}
static void made_once_whoever_asks(void **state) {
    pthread_t threads[8];
    (void)state;
    ukko_system *s = test_system("asked", NULL, NULL, NULL);
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, ask, s);
    for (int i = 0; i < 8; i++) {
        void *number;
        pthread_join(threads[i], &number);
        assert_int_equal((intptr_t)number, 1);
    }
    assert_int_equal(made(), 1);
    ukko_system_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_for_each_system, setup),
        cmocka_unit_test_setup(the_configuration_loads_them, setup),
        cmocka_unit_test_setup(one_that_cannot_be_made, setup),
        cmocka_unit_test_setup(they_ask_for_each_other, setup),
        cmocka_unit_test_setup(names_are_taken_once, setup),
        cmocka_unit_test_setup(made_once_whoever_asks, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
