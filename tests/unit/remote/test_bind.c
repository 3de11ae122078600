/* SPDX-License-Identifier: Apache-2.0 */
/* Where a node listens and what it publishes, in every combination of hostname, port and their bind-
   forms, as Pekko's NettyTransportSpec has it; and refusals at start. Loopback only. */
#include "support/port.h"
#include "support/probe.h"

static bool connects(const char *host, int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &a.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = !connect(fd, (struct sockaddr *)&a, sizeof a);
    close(fd);
    return ok;
}
static bool connects6(int port) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port),
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool ok = !connect(fd, (struct sockaddr *)&a, sizeof a);
    close(fd);
    return ok;
}
static bool has_ipv6(void) {
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool ok = fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof a);
    close(fd);
    return ok;
}
static int try_start(const char *netty, ukko_system **out, ukko_error *err) {
    char text[1024];
    snprintf(
        text, sizeof text,
        "pekko { loglevel = OFF, actor.provider = remote, remote { artery.enabled = off, warn-about-direct-use = off\n"
        " classic { netty.tcp { %s } } } }",
        netty);
    ukko_config *cfg = test_config(text);
    ukko_system_opts o = UKKO_SYSTEM_OPTS("bind", NULL);
    o.config = cfg;
    o.threads = 1;
    int rc = ukko_system_new(out, &o, err);
    ukko_config_release(cfg);
    if (!rc) rc = ukko_remote_enable(*out, err);
    if (!rc) rc = ukko_system_start(*out, err);
    if (rc) {
        ukko_system_free(*out);
        *out = NULL;
    }
    return rc;
}
static ukko_system *started(const char *netty) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    if (try_start(netty, &sys, &err)) fail_msg("%s", err.message);
    return sys;
}
static int port_of(const char *address) { return atoi(strrchr(address, ':') + 1); }
static void is_at(const char *address, const char *host, int port) {
    char want[128];
    snprintf(want, sizeof want, "pekko.tcp://bind@%s:%d", host, port);
    assert_string_equal(address, want);
}
/* spec: NettyTransportSpec 1 */
static void random_port(void **state) {
    (void)state;
    ukko_system *sys = started("hostname = 127.0.0.1, port = 0");
    int port = port_of(ukko_remote_address(sys));
    assert_true(port > 0);
    is_at(ukko_remote_address(sys), "127.0.0.1", port);
    assert_string_equal(ukko_remote_address(sys), ukko_remote_bound_address(sys));
    assert_true(connects("127.0.0.1", port));
    ukko_system_free(sys);
    assert_false(connects("127.0.0.1", port));
}
/* spec: NettyTransportSpec 2 */
static void published_port_fixed_bound_random(void **state) {
    char text[128];
    (void)state;
    int published = free_port();
    snprintf(text, sizeof text, "hostname = 127.0.0.1, port = %d, bind-port = 0", published);
    ukko_system *sys = started(text);
    int bound = port_of(ukko_remote_bound_address(sys));
    is_at(ukko_remote_address(sys), "127.0.0.1", published);
    assert_true(bound > 0 && bound != published);
    assert_true(connects("127.0.0.1", bound));
    assert_false(connects("127.0.0.1", published));
    ukko_system_free(sys);
}
/* spec: NettyTransportSpec 3 */
static void published_random_is_the_bound_fixed(void **state) {
    char text[128];
    (void)state;
    int bound = free_port();
    snprintf(text, sizeof text, "hostname = 127.0.0.1, port = 0, bind-port = %d", bound);
    ukko_system *sys = started(text);
    is_at(ukko_remote_address(sys), "127.0.0.1", bound);
    is_at(ukko_remote_bound_address(sys), "127.0.0.1", bound);
    ukko_system_free(sys);
}
/* spec: NettyTransportSpec 4 */
static void bound_to_all_interfaces(void **state) {
    (void)state;
    ukko_system *sys = started("hostname = 127.0.0.1, port = 0, bind-hostname = \"0.0.0.0\"");
    int port = port_of(ukko_remote_address(sys));
    is_at(ukko_remote_address(sys), "127.0.0.1", port);
    is_at(ukko_remote_bound_address(sys), "0.0.0.0", port);
    assert_true(connects("127.0.0.1", port) && connects("127.0.0.2", port));
    ukko_system_free(sys);
}
/* spec: NettyTransportSpec 5 */
static void without_a_host_name_it_is_the_own_address(void **state) {
    (void)state;
    ukko_system *sys = started("port = 0");
    assert_string_equal(ukko_remote_address(sys), ukko_remote_bound_address(sys));
    assert_null(strstr(ukko_remote_address(sys), "@:"));
    assert_null(strstr(ukko_remote_address(sys), "0.0.0.0"));
    ukko_system_free(sys);
}
/* spec: NettyTransportSpec 6 */
static void published_and_bound_apart(void **state) {
    char text[192];
    (void)state;
    int published = free_port(), bound = free_port();
    snprintf(text, sizeof text,
             "hostname = ukko.example, port = %d, bind-hostname = 127.0.0.1, bind-port = %d",
             published, bound);
    ukko_system *sys = started(text);
    is_at(ukko_remote_address(sys), "ukko.example", published);
    is_at(ukko_remote_bound_address(sys), "127.0.0.1", bound);
    assert_true(connects("127.0.0.1", bound));
    ukko_system_free(sys);
}
static void refused(const char *netty, int code, const char *part, const char *setting) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    assert_int_equal(try_start(netty, &sys, &err), code);
    if (!strstr(err.message, part) || !strstr(err.message, setting))
        fail_msg("\"%s\" names neither %s nor %s", err.message, part, setting);
}
/* Every combination of port and bind-port being 0, fixed, or (bind-port) left out. */
static void every_combination_of_ports(void **state) {
    (void)state;
    int fixed = free_port(), other = free_port();
    const struct { int port, bind_port; } cases[] = {{0, -1},     {0, 0},     {0, other},
                                                     {fixed, -1}, {fixed, 0}, {fixed, other}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[192], bind[40] = "";
        if (cases[i].bind_port >= 0) snprintf(bind, sizeof bind, "bind-port = %d", cases[i].bind_port);
        snprintf(text, sizeof text, "hostname = 127.0.0.1, port = %d, %s", cases[i].port, bind);
        ukko_system *sys = started(text);
        int published = port_of(ukko_remote_address(sys)), bound = port_of(ukko_remote_bound_address(sys));
        int wanted = cases[i].bind_port >= 0 ? cases[i].bind_port : cases[i].port;
        assert_true(wanted ? bound == wanted : bound > 0);
        assert_int_equal(published, cases[i].port ? cases[i].port : bound);
        assert_true(connects("127.0.0.1", bound));
        ukko_system_free(sys);
    }
}
static void other_names_of_one_host(void **state) {
    (void)state;
    ukko_system *sys = started("hostname = localhost, port = 0, bind-hostname = 127.0.0.1");
    is_at(ukko_remote_address(sys), "localhost", port_of(ukko_remote_bound_address(sys)));
    ukko_system_free(sys);
    sys = started("hostname = nowhere.invalid, port = 0, bind-hostname = 127.0.0.1, bind-port = 0");
    is_at(ukko_remote_address(sys), "nowhere.invalid", port_of(ukko_remote_bound_address(sys)));
    ukko_system_free(sys);
}
/* Published with brackets, as an address needs them, however the setting has it. */
static void ipv6_literals(void **state) {
    (void)state;
    if (!has_ipv6()) skip();
    const char *const forms[] = {"hostname = \"::1\", port = 0", "hostname = \"[::1]\", port = 0",
                                 "hostname = \"::1\", port = 0, bind-hostname = \"::\"",
                                 "hostname = \"[::1]\", port = 0, bind-hostname = \"[::]\""};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ukko_system *sys = started(forms[i]);
        int port = port_of(ukko_remote_address(sys));
        is_at(ukko_remote_address(sys), "[::1]", port);
        is_at(ukko_remote_bound_address(sys), i < 2 ? "[::1]" : "[::]", port);
        assert_true(connects6(port));
        ukko_system_free(sys);
    }
}
static void a_wildcard_is_no_name(void **state) {
    static const char *const forms[] = {
        "hostname = \"0.0.0.0\", port = 0", "hostname = \"::\", port = 0",
        "hostname = \"[::]\", port = 0", "port = 0, bind-hostname = \"0.0.0.0\"",
        "port = 0, bind-hostname = \"::\""};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        refused(forms[i], UKKO_EIO, "pekko.remote.classic.netty.tcp.hostname", "wildcard");
        refused(forms[i], UKKO_EIO, "this machine has ", "127.0.0.1"); /* a candidate */
    }
}
/* What stands in front of a NAT is no address of this machine: the error says what to do. */
static void an_address_of_another_machine(void **state) {
    (void)state;
    refused("hostname = \"192.0.2.1\", port = 0", UKKO_EIO, "this machine has ", "bind-hostname");
    refused("hostname = only-peers-know.invalid, port = 0", UKKO_EIO, "only-peers-know.invalid",
            "netty.tcp.bind-hostname");
}
static void refusals_name_the_setting(void **state) {
    char text[128], port[16];
    (void)state;
    ukko_system *sys = started("hostname = 127.0.0.1, port = 0");
    snprintf(port, sizeof port, "%d", port_of(ukko_remote_address(sys)));
    snprintf(text, sizeof text, "hostname = 127.0.0.1, port = %s", port);
    refused(text, UKKO_EIO, port, "port");
    ukko_system_free(sys);
    refused("hostname = no-such-host.invalid, port = 0", UKKO_EIO, "no-such-host.invalid",
            "hostname");
    refused("hostname = 127.0.0.1, port = 0, maximum-frame-size = 20000b", UKKO_ECONFIG, "32000",
            "maximum-frame-size");
    refused("hostname = 127.0.0.1, port = 70000", UKKO_ECONFIG, "70000", "port");
    refused("hostname = 127.0.0.1, port = 0, connection-timeout = soon", UKKO_ECONFIG, "soon",
            "connection-timeout");
}
static void artery_left_on_is_an_error(void **state) {
    ukko_system *sys = NULL;
    ukko_error err = {0};
    (void)state;
    ukko_config *cfg = test_config("pekko.actor.provider = remote");
    ukko_system_opts o = UKKO_SYSTEM_OPTS("artery", NULL);
    o.config = cfg;
    assert_int_equal(ukko_system_new(&sys, &o, &err), UKKO_OK);
    int rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    assert_int_equal(rc, UKKO_ECONFIG);
    assert_non_null(strstr(err.message, "pekko.remote.artery.enabled"));
    ukko_system_free(sys);
    ukko_config_release(cfg);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_port),
        cmocka_unit_test(published_port_fixed_bound_random),
        cmocka_unit_test(published_random_is_the_bound_fixed),
        cmocka_unit_test(bound_to_all_interfaces),
        cmocka_unit_test(without_a_host_name_it_is_the_own_address),
        cmocka_unit_test(published_and_bound_apart),
        cmocka_unit_test(every_combination_of_ports),
        cmocka_unit_test(other_names_of_one_host),
        cmocka_unit_test(ipv6_literals),
        cmocka_unit_test(a_wildcard_is_no_name),
        cmocka_unit_test(an_address_of_another_machine),
        cmocka_unit_test(refusals_name_the_setting),
        cmocka_unit_test(artery_left_on_is_an_error),
    };
    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
