/* SPDX-License-Identifier: Apache-2.0 */
/* ukko-peer: one actor system that keeps the peer contract (tests/conformance/CONTRACT.md). The
   main thread reads commands; one more thread waits for the end of the system and reports it. */
#include "peer.h"
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_NOT_STARTED = 3, EXIT_STUCK = 4, END_MS = 60000 };

static void log_record(void *data, const ukko_log_record *r) {
    static const char *const levels[] = {"OFF", "ERROR", "WARN", "INFO", "DEBUG"};
    (void)data;
    out_emit("log", "level", out_text(levels[r->level]), "source", out_text(r->source), "class",
             out_text(r->logger), "msg", out_text(r->text), "cause", out_text(r->cause), NULL);
}

/* ---- Starting ------------------------------------------------------------------------ */

static int not_started(const ukko_error *err) {
    const char *class_name = "org.apache.pekko.PekkoException";
    if (err->code == UKKO_EPARSE) class_name = "com.typesafe.config.ConfigException$Parse";
    else if (err->code == UKKO_ECONFIG) class_name = "com.typesafe.config.ConfigException";
    else if (err->code == UKKO_EIO) class_name = "java.net.BindException";
    out_emit("start-failed", "cause", out_failure(class_name, err->message), "root", json_null(),
             NULL);
    return EXIT_NOT_STARTED;
}

static int start_system(ukko_system **sys, const options *o, ukko_error *err) {
    ukko_system_opts opts = UKKO_SYSTEM_OPTS(o->name, NULL);
    opts.config = o->config;
    opts.types = peer_types;
    opts.actors = peer_actors;
    opts.log = log_record;
    int rc = ukko_system_new(sys, &opts, err);
    if (rc != UKKO_OK) return rc;
    rc = ukko_remote_enable(*sys, err);
    if (rc == UKKO_OK) rc = ukko_system_start(*sys, err);
    if (rc != UKKO_OK) ukko_system_free(*sys);
    return rc;
}

static ukko_ref *spawn(ukko_system *sys, const ukko_actor *actor, const char *name) {
    ukko_ref *ref = NULL;
    int rc = ukko_system_spawn(sys, ukko_props_new(actor), name, &ref);
    if (rc != UKKO_OK) {
        fprintf(stderr, "ukko-peer: %s: %s\n", name, ukko_strerror(rc));
        exit(EXIT_FAILURE);
    }
    return ref;
}

static void spawn_actors(peer *p, bool all_for_one) {
    static const struct {
        const ukko_actor *actor;
        const char *name;
    } plain[] = {
        {&echo_actor, "echo"},
        {&sink_actor, "sink"},
        {&failing_actor, "failing"},
        {&parent_actor, "parent"},
        {&order_actor, "order"},
        {&caller_actor, "caller"},
        {&receptionist_actor, "receptionist"},
    };
    p->listener = spawn(p->sys, &listener_actor, "listener");
    listener_subscribe(p->sys, p->listener);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        ukko_ref_release(spawn(p->sys, plain[i].actor, plain[i].name));
    p->collector = spawn(p->sys, &collector_actor, "collector");
    p->forwarder = spawn(p->sys, &forwarder_actor, "forwarder");
    p->watcher = spawn(p->sys, &watcher_actor, "watcher");
    p->deployer =
        spawn(p->sys, all_for_one ? &all_for_one_deployer_actor : &deployer_actor, "deployer");
}

static void emit_started(ukko_system *sys) {
    char version[64];
    snprintf(version, sizeof version, "ukko %s", ukko_version_text());
    out_emit("started", "address", out_text(ukko_remote_address(sys)), "uid",
             json_integer(ukko_system_uid(sys)), "pekko", out_text(version), "pid",
             json_integer(getpid()), NULL);
}

/* ---- Running and ending -------------------------------------------------------------- */

static void *report_end(void *sys) {
    if (ukko_system_wait(sys, -1) == UKKO_OK) out_emit("terminated", NULL);
    return NULL;
}

static char *trim(char *line) {
    while (isspace((unsigned char)*line)) line++;
    size_t n = strlen(line);
    while (n > 0 && isspace((unsigned char)line[n - 1])) line[--n] = '\0';
    return line;
}

static void read_commands(peer *p) {
    char *buf = NULL;
    size_t cap = 0;
    while (getline(&buf, &cap, stdin) >= 0) {
        const char *line = trim(buf);
        if (strcmp(line, "terminate") == 0 || strcmp(line, "quit") == 0) break;
        if (*line && *line != '#') command_run(p, line);
    }
    free(buf);
}

static int end_system(peer *p, pthread_t reporter) {
    ukko_system_terminate(p->sys);
    if (ukko_system_wait(p->sys, END_MS) != UKKO_OK) {
        out_emit("terminate-timeout", NULL);
        _exit(EXIT_STUCK);
    }
    pthread_join(reporter, NULL);
    refs_forget();
    ukko_ref *refs[] = {p->collector, p->watcher, p->deployer, p->forwarder, p->listener};
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) ukko_ref_release(refs[i]);
    ukko_system_free(p->sys);
    return EXIT_SUCCESS;
}

static int run(const options *o) {
    peer p = {0};
    ukko_error err = {0};
    int rc = start_system(&p.sys, o, &err);
    if (rc != UKKO_OK) return not_started(&err);
    spawn_actors(&p, o->all_for_one);
    if (!family_wait()) /* "started" promises everyone whom the contract names */
        fputs("ukko-peer: /user/parent has not made its children in time\n", stderr);
    emit_started(p.sys);
    pthread_t reporter;
    if (pthread_create(&reporter, NULL, report_end, p.sys) != 0) return EXIT_FAILURE;
    read_commands(&p);
    return end_system(&p, reporter);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    out_begin();
    if (argc < 2 || strcmp(argv[1], "run") != 0) {
        fputs("usage: ukko-peer run [--name N] [--hostname H] [--port P] ...\n", stderr);
        return argc < 2 || strcmp(argv[1], "help") == 0 ? EXIT_SUCCESS : EXIT_USAGE;
    }
    options o;
    ukko_error err = {0};
    int rc = options_parse(&o, argc - 2, argv + 2, &err);
    int status = rc == UKKO_OK                                  ? run(&o)
                 : rc == UKKO_EUNSUPPORTED || rc == UKKO_EINVAL ? EXIT_USAGE
                                                                : not_started(&err);
    options_fini(&o);
    return status;
}
