/* SPDX-License-Identifier: Apache-2.0 */
/* Names of nodes: other addresses under which a node answers, and names that are looked up anew at
   each connect. The resolver is replaced: it knows the names below, and asks the real one of others. */
#include "support/logs.h"
#include "support/nodes.h"
#include "support/port.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* ---- a resolver that changes its mind ---- */

static _Atomic uint32_t moving_is_at; /* relaxed: set before what makes others ask; 0: not known */
static _Atomic int asked;             /* relaxed: a count */

typedef int (*getaddrinfo_fn)(const char *, const char *, const struct addrinfo *,
                              struct addrinfo **);

/* Visible, so that libuv takes it, too. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **out) {
    getaddrinfo_fn real;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &symbol, sizeof real);
    if (!name || strcmp(name, "moving.example") || (hints && hints->ai_flags & AI_NUMERICHOST))
        return real(name, service, hints, out);
    char text[INET_ADDRSTRLEN];
    struct in_addr at = {atomic_load_explicit(&moving_is_at, memory_order_relaxed)};
    atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
    if (!at.s_addr) return EAI_NONAME;
    return real(inet_ntop(AF_INET, &at, text, sizeof text), service, hints, out);
}
static void move_to(const char *host) {
    atomic_store_explicit(&moving_is_at, host ? inet_addr(host) : 0, memory_order_relaxed);
}

static ukko_system *moving_at(const char *bind, int port) {
    char text[300];
    snprintf(text, sizeof text,
             "pekko.remote.classic.netty.tcp { hostname = moving.example, bind-hostname = \"%s\"\n"
             " port = %d }", bind, port);
    ukko_system *sys = node_new("Moving", text);
    spawn_echo(sys, "echo");
    return sys;
}

/* A service moves to another machine and keeps its name, as in a cluster manager. */
static void names_are_looked_up_at_each_connect(void **state) {
    (void)state;
    move_to("127.0.0.2");
    ukko_system *a = node_new("A", NULL), *first = moving_at("127.0.0.2", free_port());
    char address[100];
    snprintf(address, sizeof address, "%s", ukko_remote_address(first));
    ukko_ref *echo = ref_at(a, address, "/user/echo");
    wait_answer(echo);
    int before = atomic_load_explicit(&asked, memory_order_relaxed);
    ukko_system_free(first);
    assert_false(does_answer(echo, 300));
    move_to("127.0.0.3");
    ukko_system *second = moving_at("127.0.0.3", atoi(strrchr(address, ':') + 1));
    wait_answer(echo);
    assert_true(atomic_load_explicit(&asked, memory_order_relaxed) > before);
    ukko_ref_release(echo);
    ukko_system_free(second);
    ukko_system_free(a);
}

/* The name is not there yet when the first message is sent. */
static void a_name_that_comes_later(void **state) {
    (void)state;
    move_to(NULL);
    logs log;
    logs_init(&log);
    ukko_system *a = node_with("A", (node_opts){.config = "pekko.loglevel = DEBUG",
                                                .log = logs_sink, .log_data = &log});
    ukko_system *b = moving_at("127.0.0.2", 0);
    ukko_ref *echo = ref_at(a, ukko_remote_address(b), "/user/echo");
    assert_false(does_answer(echo, 300));
    logs_wait(&log, "moving.example", 1);
    move_to("127.0.0.2");
    wait_answer(echo);
    ukko_ref_release(echo);
    ukko_system_free(b);
    ukko_system_free(a);
    logs_fini(&log);
}

/* ---- other addresses ---- */

static void talk(ukko_system *from, const char *address, bool answered) {
    ukko_ref *ref = ref_at(from, address, "/user/echo");
    if (!answered) ukko_tell_text(NULL, ref, "there?");
    else if (!does_answer(ref, 60000)) fail_msg("no answer at %s", address);
    ukko_ref_release(ref);
}

static void aliases_are_answered(void **state) {
    char text[400], address[200];
    (void)state;
    ukko_system *a = node_new("A", NULL);
    int port = free_port();
    snprintf(text, sizeof text,
             "pekko.remote.classic.netty.tcp { bind-hostname = \"0.0.0.0\", port = %d }\n"
             "ukko.remote.accepted-addresses = [\"127.0.0.2\", \"localhost:%d\", "
             "\"pekko.tcp://Old@127.0.0.3:%d\"]", port, port, port);
    logs log;
    size_t dropped = 0;
    logs_init(&log);
    strcat(text, "\npekko.loglevel = ERROR");
    ukko_system *b = node_with("B", (node_opts){.config = text, .log = logs_sink, .log_data = &log});
    spawn_echo(b, "echo");
    const struct { const char *form; bool answered; } cases[] = {
        {"pekko.tcp://B@127.0.0.1:%d", true},    {"pekko.tcp://B@127.0.0.2:%d", true},
        {"pekko.tcp://B@localhost:%d", true},    {"pekko.tcp://Old@127.0.0.3:%d", true},
        {"pekko.tcp://B@127.0.0.3:%d", false},   {"pekko.tcp://Old@127.0.0.2:%d", false},
        {"pekko.tcp://B@127.0.0.4:%d", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(address, sizeof address, cases[i].form, port);
        talk(a, address, cases[i].answered);
        if (cases[i].answered) continue;
        snprintf(text, sizeof text, "inbound addresses are [%s]", ukko_remote_address(b));
        logs_wait(&log, text, ++dropped);
    }
    /* here they are this node's own, so nothing leaves it */
    snprintf(address, sizeof address, "pekko.tcp://Old@127.0.0.3:%d/user/echo", port);
    ukko_ref *local = ukko_system_ref(b, address);
    snprintf(address, sizeof address, "%s/user/echo", ukko_remote_address(b));
    ukko_ref *plain = ukko_system_ref(b, address);
    assert_true(ukko_ref_equal(local, plain));
    ukko_ref_release(local);
    ukko_ref_release(plain);
    ukko_system_free(b);
    ukko_system_free(a);
    logs_fini(&log);
}

/* Who was looked up by an alias gives its published address, and its end is told. */
static void watched_when_found_by_an_alias(void **state) {
    char text[200], address[100];
    (void)state;
    ukko_system *a = node_new("A", NULL);
    snprintf(text, sizeof text, "pekko.remote.classic.netty.tcp.bind-hostname = \"0.0.0.0\"\n"
                                "ukko.remote.accepted-addresses = [\"127.0.0.2\"]");
    ukko_system *b = node_new("B", text);
    spawn_echo(b, "echo");
    probe *p = probe_new(a, "watcher");
    snprintf(address, sizeof address, "pekko.tcp://B@127.0.0.2%s",
             strrchr(ukko_remote_address(b), ':'));
    ukko_ref *echo = find_at(a, address, "/user/echo"), *local = ukko_system_ref(b, "/user/echo");
    assert_memory_equal(ukko_ref_path(echo), ukko_remote_address(b), strlen(ukko_remote_address(b)));
    probe_watch(p, echo);
    ukko_ref_signal(local, UKKO_SIGNAL_TERMINATE, NULL);
    assert_false(expect_terminated_of(p, echo).address_terminated);
    ukko_ref_release(echo);
    ukko_ref_release(local);
    ukko_system_free(b);
    ukko_system_free(a);
    probe_free(p);
}

/* Whoever watches by an alias hears by that alias: of life, and of the end. Whoever dialled first. */
static void watches_by_an_alias(bool dialled) {
    char alias[100], text[300];
    logs at_a, at_b;
    logs_init(&at_a);
    logs_init(&at_b);
    static const char *const paths[] = {"/user/stops", "/user/left", "/user/nobody"};
    ukko_system *a = node_with("A", (node_opts){
        .config = "pekko.loglevel = DEBUG\npekko.remote.watch-failure-detector {\n"
                  "heartbeat-interval = 50ms, acceptable-heartbeat-pause = 60s }",
        .log = logs_sink, .log_data = &at_a});
    ukko_system *b = node_with("B", (node_opts){
        .config = "pekko.remote.classic.netty.tcp.bind-hostname = \"0.0.0.0\"\n"
                  "ukko.remote.accepted-addresses = [\"127.0.0.2\"]\n"
                  "pekko.loglevel = DEBUG, pekko.actor.debug.lifecycle = on",
        .log = logs_sink, .log_data = &at_b});
    ukko_ref *there[3], *local[2];
    spawn_echo(a, "echo");
    if (dialled) talk(b, ukko_remote_address(a), true);
    snprintf(alias, sizeof alias, "pekko.tcp://B@127.0.0.2%s",
             strrchr(ukko_remote_address(b), ':'));
    for (int i = 0; i < 3; i++) {
        if (i < 2) spawn_echo(b, strrchr(paths[i], '/') + 1);
        if (i < 2) local[i] = ukko_system_ref(b, paths[i]);
        snprintf(text, sizeof text, "%s%s", paths[i],
                 i < 2 ? strchr(ukko_ref_path(local[i]), '#') : "");
        there[i] = ref_at(a, alias, text);
    }
    probe *p = probe_new(a, "p"), *q = probe_new(a, "q");
    probe_watch(p, there[0]);
    probe_watch(q, there[1]);
    snprintf(text, sizeof text, "heartbeat rsp from [%s]", alias);
    logs_wait(&at_a, text, 5);
    probe_watch(p, there[2]);
    assert_false(expect_terminated_of(p, there[2]).existence_confirmed);
    ukko_ref_signal(local[0], UKKO_SIGNAL_TERMINATE, NULL);
    assert_false(expect_terminated_of(p, there[0]).address_terminated);
    ukko_ref_signal(q->ref, UKKO_SIGNAL_TERMINATE, NULL); /* lets go */
    logs_wait(&at_b, "no longer watched by", 1);
    for (int i = 0; i < 3; i++) ukko_ref_release(there[i]);
    for (int i = 0; i < 2; i++) ukko_ref_release(local[i]);
    ukko_system_free(b);
    ukko_system_free(a);
    probe_free(p);
    probe_free(q);
    logs_fini(&at_a);
    logs_fini(&at_b);
}

static void watched_by_an_alias(void **state) {
    (void)state;
    watches_by_an_alias(false);
    watches_by_an_alias(true);
}

static void wrong_aliases_end_the_start(void **state) {
    static const char *const wrong[] = {"",        "a b",           "host:",          "host:0",
                                        "host:x",  "host:70000",    "pekko.tcp://B",  "://",
                                        "host:1/", "B@host:25520",  "[::1",           "pekko.tcp://@h:1"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[200];
        ukko_system *sys = NULL;
        ukko_error err = {0};
        snprintf(text, sizeof text, "ukko.remote.accepted-addresses = [\"%s\"]", wrong[i]);
        int rc = node_try(&sys, "B", (node_opts){.config = text}, &err);
        if (rc != UKKO_ECONFIG || !strstr(err.message, "ukko.remote.accepted-addresses"))
            fail_msg("[%s] gives %d: %s", wrong[i], rc, err.message);
        ukko_system_free(sys);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_looked_up_at_each_connect),
        cmocka_unit_test(a_name_that_comes_later),
        cmocka_unit_test(aliases_are_answered),
        cmocka_unit_test(watched_when_found_by_an_alias),
        cmocka_unit_test(watched_by_an_alias),
        cmocka_unit_test(wrong_aliases_end_the_start),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
