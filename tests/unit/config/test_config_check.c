/* SPDX-License-Identifier: Apache-2.0 */
/* Misspelt settings, what ukko makes of settings, and the built-in reference. */
#include "config/internal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <ukko/actor.h>

typedef struct heard {
    int n;
} heard;

static void hear(void *data, const ukko_log_record *r) {
    heard *h = data;
    if (r->level == UKKO_LOG_WARN && strstr(r->text, "my.conf:1: unknown setting pekko.loglevl"))
        h->n++;
}

typedef struct seen {
    int n;
    char path[256], nearest[256];
    int line;
} seen;

static void see(void *data, const ukko_config_finding *f) {
    seen *s = data;
    s->n++;
    s->line = f->origin.line;
    snprintf(s->path, sizeof s->path, "%s", f->path);
    snprintf(s->nearest, sizeof s->nearest, "%s", f->nearest ? f->nearest : "");
}

static seen checked(const char *text) {
    seen s = {0};
    ukko_config *c = NULL;
    assert_int_equal(ukko_config_parse(&c, ukko_str(text), "t", NULL), 0);
    ukko_config_check(c, see, &s);
    ukko_config_release(c);
    return s;
}

static void misspelt(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"pekko.loglevl = INFO", "pekko.loglevel"},
        {"pekko.remote.clasic { }", "pekko.remote.classic"},
        {"pekko.remote.netty.tcp.port = 1", "pekko.remote.classic.netty"},
        {"pekko.remote.classic.netty.tcp.prot = 1", "pekko.remote.classic.netty.tcp.port"},
        {"pekko.remote.classic.netty.ssl.security.key-stor = x",
         "pekko.remote.classic.netty.ssl.security.key-store"},
        {"pekko.actor.default-dispacher.throughput = 1", "pekko.actor.default-dispatcher"},
        {"pekko.actor.default-dispatcher.troughput = 1",
         "pekko.actor.default-dispatcher.throughput"},
        {"ukko.config.strikt = on", "ukko.config.strict"},
        {"pekko.remote.wholly-unheard-of = 1", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen s = checked(cases[i][0]);
        assert_int_equal(s.n, 1);
        assert_string_equal(s.nearest, cases[i][1]);
        assert_int_equal(s.line, 1);
    }
}

static void fine(void **state) {
    (void)state;
    static const char *const cases[] = {
        "my.own.section = 1",
        "loglevl = 3",
        "pekko.cluster.roles = [a]",
        "pekko.http.x = 1",
        "pekko.actor.my-dispatcher { type = Dispatcher, throughput = 3 }",
        "pekko.actor.deployment { \"/a/*\" { router = x, mine = 1 } }",
        "pekko.actor.serializers.mine = x, pekko.actor.serialization-bindings.\"a.B\" = mine",
        "pekko.remote.protocol-name = pekko",
        "pekko.coordinated-shutdown.phases.mine.timeout = 1 s",
        "pekko.remote.classic.netty.udp2 { transport-class = x, port = 1 }",
        "pekko.remote.classic.netty.tcp.port = ${?PORT}",
        "pekko.jvm-exit-on-fatal-error = off"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen s = checked(cases[i]);
        if (s.n) fail_msg("%s: found %s", cases[i], s.path);
    }
}

static void strictness(void **state) {
    (void)state;
    static const char *const texts[] = {"pekko.loglevl = INFO",
                                        "pekko.loglevl = INFO, ukko.config.strict = on"};
    for (int i = 0; i < 2; i++) {
        ukko_config *c = NULL, *all = NULL;
        ukko_error err = {0};
        seen s = {0};
        assert_int_equal(ukko_config_parse(&c, ukko_str(texts[i]), "t", NULL), 0);
        assert_int_equal(ukko_config_load_from(&all, c, NULL), 0);
        assert_int_equal(uk_config_check_strict(c, all, see, &s, &err), i ? UKKO_ECONFIG : 0);
        assert_int_equal(s.n, 1);
        if (i) assert_non_null(strstr(err.message, "pekko.loglevl, did you mean pekko.loglevel?"));
        ukko_config_release(c);
        ukko_config_release(all);
    }
}

static void misspelt_in_the_environment(void **state) {
    (void)state;
    ukko_config *c = ukko_config_empty();
    seen s = {0};
    setenv("CONFIG_FORCE_pekko_loglevl", "INFO", 1);
    assert_int_equal(uk_config_check_strict(c, c, see, &s, NULL), 0);
    assert_int_equal(uk_config_check_strict(NULL, c, see, &s, NULL), 0);
    unsetenv("CONFIG_FORCE_pekko_loglevl");
    assert_int_equal(s.n, 2);
    ukko_config_release(c);
}

/* At the start of a system: told, or with strictness refused. */
static void a_system_tells(void **state) {
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        ukko_config *c = NULL;
        ukko_error err = {0};
        ukko_system *sys = NULL;
        char *text = uk_format("pekko.loglevl = INFO, ukko.config.strict = %s", strict ? "on" : "off");
        assert_int_equal(ukko_config_parse(&c, ukko_str(text), "my.conf", NULL), 0);
        uk_free(text);
        heard h = {0};
        ukko_system_opts opts = UKKO_SYSTEM_OPTS("strict", NULL);
        opts.config = c;
        opts.log = hear;
        opts.log_data = &h;
        int rc = ukko_system_new(&sys, &opts, &err);
        assert_int_equal(rc, strict ? UKKO_ECONFIG : UKKO_OK);
        assert_int_equal(h.n, 1);
        if (strict) assert_non_null(strstr(err.message, "my.conf:1: unknown setting pekko.loglevl"));
        ukko_system_free(sys);
        ukko_config_release(c);
    }
}

static void uses(void **state) {
    (void)state;
    char *text = NULL;
    assert_int_equal(ukko_config_use_of("pekko.loglevel", &text), UKKO_CONFIG_HONOURED);
    assert_non_null(text);
    ukko_free(text);
    assert_int_equal(ukko_config_use_of("pekko.remote.artery.canonical.port", NULL),
                     UKKO_CONFIG_ACCEPTED);
    assert_int_equal(ukko_config_use_of("pekko.remote.artery.enabled", NULL), UKKO_CONFIG_HONOURED);
    assert_int_equal(ukko_config_use_of("pekko.actor.deployment.\"/a/b\".router", &text),
                     UKKO_CONFIG_HONOURED);
    assert_non_null(text);
    ukko_free(text);
    assert_int_equal(ukko_config_use_of("my.own", NULL), UKKO_CONFIG_USER);
    assert_int_equal(ukko_config_use_of("pekko.loglvel", NULL), UKKO_CONFIG_UNKNOWN);
}

static bool has_meaning(void *data, const char *path, char mark, bool absent, const char *value,
                        const char *text) {
    const ukko_config *reference = data;
    ukko_config_kind kind;
    (void)value;
    (void)text;
    assert_true(mark == '+' || mark == '-');
    if (absent)
        assert_false(ukko_config_has(reference, path));
    else
        assert_int_equal(ukko_config_kind_of(reference, path, &kind), 0);
    return true;
}

/* The line reader of the comments and the parser see the same settings. */
static void reference_lines(void **state) {
    (void)state;
    ukko_config *c = NULL;
    assert_int_equal(ukko_config_load(&c, NULL, NULL), 0);
    uk_each_setting(has_meaning, c);
    ukko_config_release(c);
    c = ukko_config_reference();
    assert_int_equal(ukko_config_check(c, NULL, NULL), 0);
    ukko_config_release(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(misspelt), cmocka_unit_test(fine),
                                       cmocka_unit_test(strictness),
                                       cmocka_unit_test(misspelt_in_the_environment),
                                       cmocka_unit_test(a_system_tells), cmocka_unit_test(uses),
                                       cmocka_unit_test(reference_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
