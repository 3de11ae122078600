/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko node`: a system with some actors to talk to, until SIGINT or SIGTERM. */
#include "cli.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/status.h>

/* ---- The actors ---------------------------------------------------------------------- */

/* Named in the tables, so that also what nobody here can read comes: they treat all messages alike. */
#define ALSO_OPAQUE(receive)                                                                       \
    static int receive##_opaque(ukko_ctx *ctx, void *state, const void *body) {                    \
        (void)body;                                                                                \
        return receive(ctx, state, ukko_current(ctx));                                             \
    }                                                                                              \
    static const ukko_case receive##_cases[] = {{&ukko_opaque_type, receive##_opaque}, {NULL, NULL}}

static int echo_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}

ALSO_OPAQUE(echo_receive);
static const ukko_actor echo_actor = {.size = sizeof(ukko_actor),
                                      .name = "ukko.node.Echo",
                                      .receive = {echo_receive_cases, echo_receive}};

static int counter_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)msg;
    int64_t *n = state;
    ++*n;
    ukko_reply(ctx, &ukko_long_type, n);
    return UKKO_OK;
}

ALSO_OPAQUE(counter_receive);
static const ukko_actor counter_actor = {.size = sizeof(ukko_actor),
                                         .state_size = sizeof(int64_t),
                                         .name = "ukko.node.Counter",
                                         .receive = {counter_receive_cases, counter_receive}};

static int sink_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    int64_t *n = state;
    const char *text = ukko_msg_text(msg);
    if (text && strcmp(text, "count") == 0) ukko_reply(ctx, &ukko_long_type, n);
    else ++*n;
    return UKKO_OK;
}

ALSO_OPAQUE(sink_receive);
static const ukko_actor sink_actor = {.size = sizeof(ukko_actor),
                                      .state_size = sizeof(int64_t),
                                      .name = "ukko.node.Sink",
                                      .receive = {sink_receive_cases, sink_receive}};

static const struct {
    const ukko_actor *actor;
    bool routed; /* a router in front of some of them */
    const char *name, *help;
} actors[] = {
    {&echo_actor, false, "echo", "sends each message back"},
    {&counter_actor, false, "counter", "answers how many messages it got"},
    {&sink_actor, false, "sink", "only counts; answers \"count\""},
    {&counter_actor, true, "router", "three counters, one after the other"},
};
enum { N_ACTORS = sizeof actors / sizeof actors[0], ROUTEES = 3 };

/* What other nodes may create here. */
static const ukko_actor *const deployable[] = {&echo_actor, &counter_actor, &sink_actor, NULL};

static int spawn_actors(ukko_system *sys, ukko_error *err) {
    ukko_router_opts opts = UKKO_POOL(UKKO_ROUTER_ROUND_ROBIN, ROUTEES);
    for (size_t i = 0; i < N_ACTORS; i++) {
        ukko_props *props = ukko_props_new(actors[i].actor), *router = props;
        int rc = actors[i].routed ? ukko_router_props(&router, &opts, props, err) : UKKO_OK;
        if (rc == UKKO_OK) rc = ukko_system_spawn(sys, router, actors[i].name, NULL);
        if (rc == UKKO_OK) continue;
        if (!*err->message) ukko_spawn_error(err);
        err->code = rc;
        return rc;
    }
    return UKKO_OK;
}

/* ---- The system ---------------------------------------------------------------------- */

static int own_from_options(cli *c, own_system *own) {
    const char *name = args_value(c, "name"), *host = args_value(c, "hostname");
    if (c->n_args && args_value(c, "config"))
        return cli_usage(c, "the configuration is given twice: '%s' and --config", c->args[0]);
    *own = (own_system){name ? name : "ukko", host ? host : "127.0.0.1", NULL, 7355};
    return args_number(c, "port", 0, 65535, &own->port);
}

static int start(cli *c, const own_system *own, ukko_system **sys) {
    ukko_error err = {0};
    ukko_config *config = NULL;
    int status = settings_build(c, own, NULL, &config);
    if (status != CLI_OK) return status;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(own->name, NULL);
    opts.config = config;
    opts.actors = deployable;
    opts.log = settings_log;
    opts.log_data = c;
    int rc = ukko_system_new(sys, &opts, &err);
    ukko_config_release(config);
    if (rc == UKKO_OK) rc = ukko_remote_enable(*sys, &err);
    if (rc == UKKO_OK && (status = tap_system(c, *sys)) != CLI_OK) return status;
    if (rc == UKKO_OK) rc = ukko_system_start(*sys, &err);
    if (rc == UKKO_OK) rc = spawn_actors(*sys, &err);
    return rc == UKKO_OK ? CLI_OK : settings_failed(c, &err);
}

/* "9464", ":9464", "0.0.0.0:9464" */
static int read_place(cli *c, const char *place, char *host, size_t len, int32_t *port) {
    const char *colon = strrchr(place, ':');
    char *end;
    long n = strtol(colon ? colon + 1 : place, &end, 10);
    if (*end || n < 0 || n > 65535 || end == place)
        return cli_usage(c, "--status: '%s' is not [HOST:]PORT", place);
    bool named = colon && colon > place;
    snprintf(host, len, "%.*s", named ? (int)(colon - place) : 9, named ? place : "127.0.0.1");
    *port = (int32_t)n;
    return CLI_OK;
}

/* What the options leave open is as the configuration says. */
static int start_status(cli *c, ukko_system *sys, ukko_status **page) {
    char host[200];
    const char *metrics = args_value(c, "metrics"), *given = args_value(c, "status");
    const char *place = given ? given : metrics, *control = args_value(c, "control");
    ukko_status_opts opts = UKKO_STATUS_OPTS;
    ukko_error err = {0};
    bool on = false;
    int status = CLI_OK, rc;
    if (place) {
        status = read_place(c, place, host, sizeof host, &opts.port);
        opts.host = host;
    } else if (ukko_config_bool(ukko_system_config(sys), "ukko.status.enabled", &on) || !on) {
        opts.port = UKKO_STATUS_NO_PORT;
    }
    opts.control = control;
    if (status != CLI_OK) return status;
    rc = place || control ? ukko_status_start(page, sys, &opts, &err)
                          : ukko_status_start_configured(page, sys, &err);
    return rc == UKKO_OK ? CLI_OK : settings_failed(c, &err);
}

static const char *control_of(cli *c, ukko_system *sys) {
    const char *path = args_value(c, "control");
    if (!path && ukko_config_string(ukko_system_config(sys), "ukko.status.control", &path))
        return NULL;
    return *path ? path : NULL;
}

static void show(cli *c, ukko_system *sys, const ukko_status *page) {
    const char *address = ukko_remote_address(sys), *control = control_of(c, sys);
    const char *url = page && *ukko_status_url(page) ? ukko_status_url(page) : NULL;
    json_t *j = json_object();
    json_object_set_new(j, "address", output_text(address));
    json_object_set_new(j, "uid", json_integer(ukko_system_uid(sys)));
    json_object_set_new(j, "status", output_text(url));
    json_object_set_new(j, "control", output_text(control));
    output_record(c, j, "node %s", address);
    if (url) output_note(c, "status page %s", url);
    if (control) output_note(c, "control socket %s", control);
    if (c->mode == JSON) output_end(c, CLI_OK);
    for (size_t i = 0; i < N_ACTORS; i++)
        output_note(c, "  /user/%-8s %s", actors[i].name, actors[i].help);
    output_note(c,
                "\nTry from a second terminal:\n"
                "  %s ping %s\n"
                "  %s ask %s/user/echo --string hello\n"
                "  %s identify '%s/user/*'\n\n"
                "Ctrl-C ends it.",
                c->program, address, c->program, address, c->program, address);
}

static void wait_signal(void) {
    sigset_t set;
    int sig;
    interrupt_set(&set);
    sigwait(&set, &sig);
}

/* As a JVM's hook would: the phases run, if the configuration wants them to. */
static void run_phases(ukko_system *sys) {
    const ukko_config *config = ukko_system_config(sys);
    bool hooks = true, phases = true;
    ukko_config_bool(config, "pekko.jvm-shutdown-hooks", &hooks);
    ukko_config_bool(config, "pekko.coordinated-shutdown.run-by-jvm-shutdown-hook", &phases);
    if (hooks && phases && ukko_shutdown_run(sys, UKKO_SHUTDOWN_PROCESS_EXIT, NULL) == UKKO_OK)
        ukko_shutdown_wait(sys, -1, NULL);
}

int run_node(cli *c) {
    own_system own;
    ukko_system *sys = NULL;
    ukko_status *page = NULL;
    int status = own_from_options(c, &own);
    if (status == CLI_OK) status = start(c, &own, &sys);
    if (status == CLI_OK) status = start_status(c, sys, &page);
    if (status == CLI_OK) {
        show(c, sys, page);
        notify_manager("READY=1");
        wait_signal();
        notify_manager("STOPPING=1");
        output_note(c, "ending");
        run_phases(sys);
    }
    ukko_status_free(page);
    ukko_system_free(sys);
    return status;
}
