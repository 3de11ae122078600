/* SPDX-License-Identifier: Apache-2.0 */
/* A client: a node that listens nowhere. Peers answer over its connections; when one is lost it makes
   it anew, and what goes back and forth, death watch included, goes on. */
#include "support/nodes.h"
#include <ukko/faults.h>

typedef struct pair {
    ukko_system *server, *client;
    const char *to_server, *to_client;
    ukko_ref *echo; /* at the server, from the client */
    ukko_ref *back; /* the client's, from the server */
} pair;

static const char client_config[] =
    "ukko.remote { client = on, faults.enabled = on }\n"
    "pekko.remote.classic.netty.tcp.hostname = \"\"\n";

static pair begin(void) {
    pair p = {.server = node_new("Server", NULL), .client = node_new("Client", client_config)};
    p.to_server = ukko_remote_address(p.server);
    p.to_client = ukko_remote_address(p.client);
    spawn_echo(p.server, "echo");
    spawn_echo(p.client, "echo");
    p.echo = ref_at(p.client, p.to_server, "/user/echo");
    p.back = ref_at(p.server, p.to_client, "/user/echo");
    wait_answer(p.echo);
    return p;
}
static void end(pair *p) {
    ukko_ref_release(p->echo);
    ukko_ref_release(p->back);
    ukko_system_free(p->client);
    ukko_system_free(p->server);
}
/* The connection fails, and none can be made until mend(). */
static void cut(pair *p) {
    assert_int_equal(ukko_fault_loss(p->client, p->to_server, 1, 1), UKKO_OK);
    assert_int_equal(ukko_fault_disassociate(p->client, p->to_server, 0), UKKO_OK);
}
static void mend(pair *p) {
    assert_int_equal(ukko_fault_clear(p->client, p->to_server), UKKO_OK);
}
static bool is_gated(void *data) {
    pair *p = data;
    return !does_answer(p->back, 50);
}

static void it_listens_nowhere(void **state) {
    (void)state;
    pair p = begin();
    assert_null(ukko_remote_bound_address(p.client));
    assert_non_null(strstr(p.to_client, "pekko.tcp://Client@ukko-"));
    assert_non_null(strstr(p.to_client, ".invalid:1"));
    assert_true(does_answer(p.back, 60000)); /* over the connection that it has made */
    end(&p);
}

static void a_name_of_its_own(void **state) {
    (void)state;
    ukko_system *c = node_new("Client", "ukko.remote.client = on\n"
                              "pekko.remote.classic.netty.tcp { hostname = laptop.invalid, port = 7 }");
    assert_string_equal(ukko_remote_address(c), "pekko.tcp://Client@laptop.invalid:7");
    ukko_system_free(c);
    ukko_error err = {0};
    assert_int_equal(node_try(&c, "Client", (node_opts){.config = "ukko.remote.client = on\n"
                              "pekko.remote.classic.netty.tcp.hostname = \"0.0.0.0\""}, &err),
                     UKKO_EIO);
    ukko_system_free(c);
}

static bool count_refused(void *data, const ukko_flight_entry *e) {
    *(int *)data += e->kind == UKKO_FLIGHT_REFUSED;
    return true;
}
static int attempts; /* of the server that have failed so far */
static bool has_tried_again(void *data) {
    int n = 0;
    ukko_flight_read(((pair *)data)->server, count_refused, &n);
    (void)does_answer(((pair *)data)->back, 1); /* behind its gate it tries when there is something */
    return n > attempts;
}

/* Whatever happens in between, the server reaches it again without being spoken to. */
static void it_comes_back(void **state) {
    (void)state;
    pair p = begin();
    wait_answer(p.back);
    for (int i = 0; i < 3; i++) {
        cut(&p);
        until(is_gated, &p, "the server has noticed"); /* and tried to connect by itself: in vain */
        attempts = 0;
        ukko_flight_read(p.server, count_refused, &attempts);
        if (i == 1) until(has_tried_again, &p, "behind its gate it has tried once more");
        (void)does_answer(p.back, 50);
        mend(&p);
        wait_answer(p.back);
        wait_answer(p.echo);
    }
    end(&p);
}

/* An actor of the server ends while the client is away, one of the client after it has come back. */
static void watches_outlive_a_connection(void **state) {
    (void)state;
    pair p = begin();
    spawn_echo(p.server, "far");
    spawn_echo(p.client, "near");
    probe *here = probe_new(p.client, "watcher"), *there = probe_new(p.server, "watcher");
    ukko_ref *far = find_at(p.client, p.to_server, "/user/far");
    ukko_ref *near = find_at(p.server, p.to_client, "/user/near");
    ukko_ref *far_local = ukko_system_ref(p.server, "/user/far");
    ukko_ref *near_local = ukko_system_ref(p.client, "/user/near");
    probe_watch(here, far);
    probe_watch(there, near);
    wait_answer(far);
    wait_answer(near);
    cut(&p);
    until(is_gated, &p, "the server has noticed");
    ukko_ref_signal(far_local, UKKO_SIGNAL_TERMINATE, NULL);
    mend(&p);
    assert_false(expect_terminated_of(here, far).address_terminated);
    ukko_ref_signal(near_local, UKKO_SIGNAL_TERMINATE, NULL);
    assert_false(expect_terminated_of(there, near).address_terminated);
    ukko_ref_release(far);
    ukko_ref_release(near);
    ukko_ref_release(far_local);
    ukko_ref_release(near_local);
    end(&p);
    probe_free(here);
    probe_free(there);
}

static bool is_known(void *data) {
    pair *p = data;
    ukko_link link = {.size = sizeof link};
    return !ukko_remote_link(p->server, p->to_client, &link) && link.state == UKKO_LINK_ACTIVE;
}
/* The server is started anew at the same address: its client is there again without a word. */
static void it_finds_a_new_server(void **state) {
    (void)state;
    pair p = begin();
    char address[100];
    snprintf(address, sizeof address, "%s", p.to_server);
    ukko_ref_release(p.back);
    ukko_system_free(p.server);
    p.server = node_at("Server", address, NULL);
    spawn_echo(p.server, "echo");
    p.back = ref_at(p.server, p.to_client, "/user/echo");
    until(is_known, &p, "the client has come by itself");
    assert_true(does_answer(p.back, 60000));
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_listens_nowhere),
        cmocka_unit_test(a_name_of_its_own),
        cmocka_unit_test(it_comes_back),
        cmocka_unit_test(watches_outlive_a_connection),
        cmocka_unit_test(it_finds_a_new_server),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
