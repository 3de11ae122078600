/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko watch`: death watch of the actors that targets stand for; a line for each that ends. The
   watcher's callbacks run on the threads of the session's system, the rest on the main thread. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Terminated itself is handled where it arrives: what it says goes on as this. */
typedef struct ended {
    ukko_ref *ref;
    bool existence_confirmed, address_terminated;
} ended;
static const ukko_field ended_parts[] = {UKKO_FIELD(ended, ref, UKKO_REF),
                                         UKKO_FIELD(ended, existence_confirmed, UKKO_BOOL),
                                         UKKO_FIELD(ended, address_terminated, UKKO_BOOL)};
static const ukko_type ended_type = UKKO_TYPE_LOCAL(ended, ended_parts);

/* ---- The actor that watches ---------------------------------------------------------- */

static int watch_one(ukko_ctx *ctx, void *state, const void *body) {
    (void)state;
    ukko_watch(ctx, ((const ukko_ref_body *)body)->ref);
    return UKKO_OK;
}

static int one_ended(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_terminated *t = body;
    ended e = {t->ref, t->existence_confirmed, t->address_terminated};
    (void)state;
    ukko_tell(ctx, ukko_ctx_actor(ctx)->data, &ended_type, &e);
    return UKKO_OK;
}

static const ukko_case watcher_cases[] = {
    {&ukko_ref_type, watch_one}, {&ukko_terminated_type, one_ended}, {NULL, NULL}};

typedef struct watching {
    session s;
    ukko_actor kind;
    ukko_ref *watcher;
    int n, ended;
} watching;

/* ---- What ends ----------------------------------------------------------------------- */

static void run_line(const char *line, const ended *t) {
    pid_t pid;
    setenv("UKKO_REF", ukko_ref_path(t->ref), 1);
    setenv("UKKO_EXISTENCE_CONFIRMED", t->existence_confirmed ? "true" : "false", 1);
    setenv("UKKO_ADDRESS_TERMINATED", t->address_terminated ? "true" : "false", 1);
    fflush(stdout);
    if (shell_start(line, -1, -1, &pid)) shell_wait(pid);
}

static void show_end(watching *w, const ended *t) {
    cli *c = w->s.cli;
    char now[40];
    time_text(now, sizeof now);
    json_t *j = json_object();
    json_object_set_new(j, "ts", output_text(now));
    json_object_set_new(j, "ref", output_text(ukko_ref_path(t->ref)));
    json_object_set_new(j, "existence_confirmed", json_boolean(t->existence_confirmed));
    json_object_set_new(j, "address_terminated", json_boolean(t->address_terminated));
    output_record(c, j, "%s terminated %s%s", now, ukko_ref_path(t->ref),
                  t->address_terminated    ? " (its node is gone or unreachable)"
                  : t->existence_confirmed ? " (it has stopped)"
                                           : " (it was not there)");
    if (args_value(c, "exec")) run_line(args_value(c, "exec"), t);
    w->ended++;
}

static void heard(watching *w, const arrival *a) {
    const ended *t = ukko_msg_get(a->msg, &ended_type);
    if (t) show_end(w, t);
}

/* ---- Finding what to watch ----------------------------------------------------------- */

static void begin(watching *w, ukko_ref *ref) {
    ukko_ref_body body = {ref};
    ukko_tell(NULL, w->watcher, &ukko_ref_type, &body);
    output_note(w->s.cli, "watching %s", ukko_ref_path(ref));
    w->n++;
    w->s.tolerant = true; /* what is watched may end at any time, and its node */
}

/* Until nothing more has come for a while. */
static int find_pattern(watching *w, const char *path, int64_t within_ms) {
    arrival *a;
    int status, before = w->n;
    session_identify(&w->s, path);
    int64_t deadline = session_deadline(within_ms);
    while ((status = session_next(&w->s, deadline, &a)) == CLI_OK) {
        const ukko_identity *i = ukko_msg_get(a->msg, &ukko_identity_type);
        if (i && i->ref) begin(w, i->ref);
        heard(w, a);
        arrival_free(a);
    }
    if (status != CLI_TIMEOUT) return status;
    return w->n > before ? CLI_OK : session_not_found(&w->s);
}

static int find_one(watching *w, const char *path) {
    ukko_ref *ref = NULL;
    int status = session_find(&w->s, path, &ref, NULL);
    if (status == CLI_OK && !ref) return session_not_found(&w->s);
    if (status == CLI_OK) begin(w, ref);
    ukko_ref_release(ref);
    return status;
}

/* The first target opened the session; the others are on the same node, or are paths on it. */
static int find_target(watching *w, const char *text, int64_t within_ms) {
    target t;
    cli *c = w->s.cli;
    if (text[0] == '/') {
        snprintf(w->s.target.path, sizeof w->s.target.path, "%s", text);
    } else {
        int status = target_parse(c, text, &t);
        if (status == CLI_OK && *t.address && strcmp(t.address, w->s.target.address) != 0)
            return cli_usage(c, "'%s' is on another node", text);
        if (status != CLI_OK) return status;
        snprintf(w->s.target.path, sizeof w->s.target.path, "%s", t.path);
    }
    if (!*w->s.target.path) return cli_usage(c, "'%s' names no actor", text);
    return strpbrk(w->s.target.path, "*?") ? find_pattern(w, w->s.target.path, within_ms)
                                           : find_one(w, w->s.target.path);
}

/* ---- Waiting for the end -------------------------------------------------------------- */

static int attend(watching *w, int64_t deadline) {
    cli *c = w->s.cli;
    arrival *a;
    int status = CLI_OK;
    bool once = args_count(c, "once") > 0;
    while (w->ended < (once ? 1 : w->n) && (status = session_next(&w->s, deadline, &a)) == CLI_OK) {
        heard(w, a);
        arrival_free(a);
    }
    return status;
}

/* ---- The command --------------------------------------------------------------------- */

static int spawn_watcher(watching *w) {
    w->kind = (ukko_actor){.size = sizeof w->kind,
                           .name = "ukko.cli.Watcher",
                           .receive = {watcher_cases, NULL},
                           .data = w->s.self};
    int rc = ukko_system_spawn(w->s.sys, ukko_props_new(&w->kind), "watcher", &w->watcher);
    problem p = {CLI_INTERNAL, "SPAWN", "start", NULL, NULL};
    return rc == UKKO_OK ? CLI_OK : cli_fail(w->s.cli, &p, "%s", ukko_strerror(rc));
}

static int watch_all(watching *w, int64_t within_ms, int64_t alive_ms) {
    cli *c = w->s.cli;
    int status = spawn_watcher(w);
    for (int i = 0; i < c->n_args && status == CLI_OK; i++)
        status = i == 0 ? find_target(w, w->s.target.text, within_ms)
                        : find_target(w, c->args[i], within_ms);
    if (status != CLI_OK) return status;
    status = attend(w, alive_ms ? session_deadline(alive_ms) : INT64_MAX);
    if (alive_ms) return status == CLI_TIMEOUT ? CLI_OK : status == CLI_OK ? CLI_NEGATIVE : status;
    return status;
}

int run_watch(cli *c) {
    watching w = {.n = 0};
    int64_t within_ms = 1000, alive_ms = 0;
    int status = args_duration(c, "all-within", &within_ms);
    if (status == CLI_OK) status = args_duration(c, "expect-alive", &alive_ms);
    if (status != CLI_OK) return status;
    status = session_open(&w.s, c, c->args[0], NULL);
    if (status == CLI_OK) status = watch_all(&w, within_ms, alive_ms);
    ukko_ref_release(w.watcher);
    session_close(&w.s); /* kind lives until then */
    return status;
}
