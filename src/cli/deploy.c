/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko deploy`: has a node create an actor, whose parent is an actor of this command, and ends it
   with the command; `ukko stop`: ends an actor wherever it lives. The keeper's callbacks run on the
   threads of the session's system, the rest on the main thread. */
#include "cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Arguments: text, or KIND:VALUE -------------------------------------------------- */

static int whole_number(cli *c, const char *text, int64_t least, int64_t most, int64_t *out) {
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (*text && !*end && !errno && *out >= least && *out <= most) return CLI_OK;
    return cli_usage(c, "'%s' is no number between %lld and %lld", text, (long long)least,
                     (long long)most);
}

static int argument_long(cli *c, const char *text, ukko_msg **out) {
    int64_t n;
    int status = whole_number(c, text, INT64_MIN, INT64_MAX, &n);
    *out = status == CLI_OK ? ukko_msg_copy(&ukko_long_type, &n) : NULL;
    return status;
}

static int argument_int(cli *c, const char *text, ukko_msg **out) {
    int64_t n;
    int status = whole_number(c, text, INT32_MIN, INT32_MAX, &n);
    *out = status == CLI_OK ? ukko_msg_copy(&ukko_int_type, &(int32_t){(int32_t)n}) : NULL;
    return status;
}

static int argument_bool(cli *c, const char *text, ukko_msg **out) {
    bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return cli_usage(c, "'%s' is neither true nor false", text);
    *out = ukko_msg_copy(&ukko_bool_type, &yes);
    return CLI_OK;
}

static int argument_string(cli *c, const char *text, ukko_msg **out) {
    (void)c;
    *out = ukko_msg_string(text);
    return CLI_OK;
}

static int argument(cli *c, const char *text, ukko_msg **out) {
    static const struct {
        const char *prefix;
        int (*make)(cli *c, const char *text, ukko_msg **out);
    } kinds[] = {{"long:", argument_long},
                 {"int:", argument_int},
                 {"bool:", argument_bool},
                 {"string:", argument_string}};
    *out = NULL;
    if (strcmp(text, "null") == 0) return CLI_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].make(c, text + strlen(kinds[i].prefix), out);
    return argument_string(c, text, out);
}

/* ---- The keeper: the parent of what is deployed -------------------------------------- */

typedef struct keeper {
    ukko_ref *inbox;   /* retained; hears "gone" or why it failed */
    ukko_props *props; /* taken by the start */
    const char *name;
    ukko_actor actor; /* what the node knows under that class */
    ukko_ref *child;  /* owned by the main thread; set before "created" is told */
    ukko_error why;
} keeper;

static int keeper_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    keeper *k = ukko_ctx_actor(ctx)->data;
    (void)state, (void)args, (void)n;
    int rc = ukko_spawn(ctx, k->props, k->name, &k->child);
    if (rc == UKKO_OK) ukko_watch(ctx, k->child);
    else ukko_spawn_error(&k->why);
    ukko_tell_text(ctx, k->inbox, rc == UKKO_OK ? "created" : "refused");
    return UKKO_OK;
}

static int keeper_terminated(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_terminated *t = body;
    keeper *k = ukko_ctx_actor(ctx)->data;
    (void)state;
    ukko_tell_text(ctx, k->inbox,
                   t->address_terminated     ? "lost"
                   : !t->existence_confirmed ? "never"
                                             : "gone");
    return UKKO_OK;
}

static ukko_directive keeper_decide(ukko_ctx *ctx, void *state, const ukko_failure *why) {
    char text[600];
    keeper *k = ukko_ctx_actor(ctx)->data;
    (void)state;
    snprintf(text, sizeof text, "failed %.100s: %.450s", why->class_name, why->message);
    ukko_tell_text(ctx, k->inbox, text);
    return why->code == UKKO_EINIT || why->code == UKKO_EKILLED ? UKKO_STOP : UKKO_RESTART;
}

static const ukko_supervision keeper_supervision = {
    .size = sizeof(ukko_supervision), .max_restarts = -1, .decide = keeper_decide};
static const ukko_case keeper_cases[] = {{&ukko_terminated_type, keeper_terminated}, {NULL, NULL}};

enum { REASON_MS = 1500, LOST_MS = 500 };
#define REFUSER "/system/ukko-deployments"

/* ---- deploy -------------------------------------------------------------------------- */

static int deploy_failed(session *s, cli_exit status, const char *code, const char *hint,
                         const char *text) {
    problem p = {status, code, "deploy", s->target.address, hint};
    return cli_fail(s->cli, &p, "%s", text);
}

/* Why the node did not: an ukko node says it, which has an actor for that; others do not. One that drops
   look-ups is waited for a moment. */
static void hear_reason(session *s, char *text, size_t len) {
    int64_t deadline = session_deadline(REASON_MS);
    bool ever = true;
    arrival *a;
    if (!s->refusal) session_identify(s, REFUSER);
    while (!s->refusal && ever && session_next(s, deadline, &a) == CLI_OK) {
        const ukko_identity *i = ukko_msg_get(a->msg, &ukko_identity_type);
        if (i && i->ref) deadline = session_deadline(s->cli->timeout_ms);
        ever = !i || i->ref;
        arrival_free(a);
    }
    snprintf(text, len, "the node did not create the actor%s%s", s->refusal ? ": " : "",
             s->refusal ? s->refusal : "");
}

static int not_created(session *s) {
    char text[600];
    hear_reason(s, text, sizeof text);
    return deploy_failed(s, CLI_NEGATIVE, "NOT_CREATED",
                         "its log says more: a class it does not know, an allow list, untrusted "
                         "mode",
                         text);
}

/* What the keeper says. *done: nothing more is waited for. */
static int heard(session *s, const keeper *k, const char *text, bool *done) {
    *done = true;
    if (strcmp(text, "refused") == 0)
        return deploy_failed(s, CLI_USAGE, "REFUSED", NULL, k->why.message);
    if (strcmp(text, "never") == 0) return not_created(s);
    if (strcmp(text, "lost") == 0)
        return deploy_failed(s, CLI_TIMEOUT, "LOST", NULL, "the node does not answer any more");
    *done = strcmp(text, "gone") == 0;
    if (*done) output_note(s->cli, "it has stopped");
    else if (strncmp(text, "failed ", 7) == 0) output_note(s->cli, "it %s", text);
    return CLI_OK;
}

/* Until the child ends; CLI_TIMEOUT at the deadline. */
static int attend(session *s, const keeper *k, int64_t deadline) {
    arrival *a;
    bool done = false;
    int status;
    while (!done && (status = session_next(s, deadline, &a)) == CLI_OK) {
        const char *text = ukko_msg_text(a->msg);
        status = text ? heard(s, k, text, &done) : CLI_OK;
        arrival_free(a);
        if (status != CLI_OK) return status;
    }
    return done ? CLI_OK : status;
}

static void show_child(session *s, const keeper *k, bool stays) {
    const char *ref = ukko_ref_path(k->child);
    json_t *j = json_object();
    json_object_set_new(j, "ref", output_text(ref));
    json_object_set_new(j, "class", output_text(k->actor.name));
    output_record(s->cli, j, "%s", ref);
    if (stays && s->cli->mode == JSON) output_end(s->cli, CLI_OK);
    if (stays) output_note(s->cli, "Ctrl-C stops it");
}

/* Waits for "created"; the look-up behind it is answered when the node has obeyed. */
static int created(session *s, keeper *k) {
    arrival *a;
    ukko_ref *there = NULL;
    bool done = false;
    int64_t deadline = session_deadline(s->cli->timeout_ms);
    int status = CLI_OK;
    s->ended_hint =
        "a JVM ends the link when it cannot load the class or an argument of it: its log "
        "says more";
    for (bool told = false; !told; arrival_free(a)) { /* the refusal may come first */
        status = session_next(s, deadline, &a);
        if (status != CLI_OK)
            return status == CLI_TIMEOUT ? session_no_answer(s, "deploy") : status;
        const char *text = ukko_msg_text(a->msg);
        told = text != NULL;
        if (told) status = heard(s, k, text, &done);
    }
    if (status != CLI_OK) return status;
    if (ukko_ref_is_local(k->child))
        return deploy_failed(s, CLI_USAGE, "LOCAL", "settings of --config or -D keep it here",
                             "the actor would live in this command");
    const char *path = ukko_ref_path(k->child) + strlen(s->target.address);
    char plain[1000];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(path, "#"), path);
    status = session_find(s, plain, &there, NULL);
    s->ended_hint = NULL;
    bool same = there && ukko_ref_equal(there, k->child);
    ukko_ref_release(there);
    return status == CLI_OK && !same ? not_created(s) : status;
}

static int add_arguments(cli *c, ukko_props *props) {
    int status = CLI_OK;
    for (int i = 1; i < c->n_args && status == CLI_OK; i++) {
        ukko_msg *arg;
        status = argument(c, c->args[i], &arg);
        if (status == CLI_OK) ukko_props_arg_msg(props, arg);
    }
    return status;
}

static const char *default_name(const char *class_name) {
    const char *name = class_name;
    for (const char *p = class_name; *p; p++)
        if ((*p == '.' || *p == '$') && p[1]) name = p + 1;
    return name;
}

static int spawn_keeper(session *s, keeper *k, ukko_actor *kind) {
    *kind = (ukko_actor){.size = sizeof *kind,
                         .name = "ukko.cli.Keeper",
                         .receive = {keeper_cases, NULL},
                         .start = keeper_start,
                         .supervision = &keeper_supervision,
                         .data = k};
    if (ukko_props_deploy(k->props, s->target.address) != UKKO_OK) {
        ukko_props_release(k->props);
        return deploy_failed(s, CLI_INTERNAL, "ADDRESS", NULL, "no address to deploy to");
    }
    int rc = ukko_system_spawn(s->sys, ukko_props_new(kind), "deploy", NULL);
    return rc == UKKO_OK ? CLI_OK
                         : deploy_failed(s, CLI_INTERNAL, "SPAWN", NULL, ukko_strerror(rc));
}

/* A system waits for its children until death watch gives their node up, which takes long when that has
   died. The command has told that the link is gone, and a node that lives ends what is ours. */
static void leave_if_lost(session *s, int status) {
    if (!s->lost) return;
    ukko_system_terminate(s->sys);
    if (ukko_system_wait(s->sys, LOST_MS) == UKKO_ETIMEOUT) cli_leave(s->cli, status);
}

static int deploy(session *s, keeper *k) {
    ukko_actor kind;
    bool stays = args_count(s->cli, "stay") > 0;
    k->inbox = s->self;
    ukko_subscribe(s->sys, &ukko_deploy_refused_type, s->self);
    int status = spawn_keeper(s, k, &kind);
    if (status == CLI_OK) status = created(s, k);
    if (status == CLI_OK) {
        show_child(s, k, stays);
        if (stays) status = attend(s, k, INT64_MAX);
    }
    ukko_ref_release(k->child);
    leave_if_lost(s, status);
    session_close(s); /* stops the child; kind lives until then */
    return status;
}

int run_deploy(cli *c) {
    session s = {0};
    const char *class_name = args_value(c, "class"), *name = args_value(c, "name");
    if (!class_name) return cli_usage(c, "--class is needed: what to create");
    keeper k = {.name = name ? name : default_name(class_name),
                .actor = {.size = sizeof(ukko_actor), .name = class_name}};
    k.props = ukko_props_new(&k.actor);
    int status = add_arguments(c, k.props);
    if (status == CLI_OK) status = session_open(&s, c, c->args[0], NULL);
    if (status == CLI_OK && *s.target.path)
        status = cli_usage(c, "deploy takes a node, without a path");
    if (status == CLI_OK) return deploy(&s, &k);
    ukko_props_release(k.props);
    session_close(&s);
    return status;
}

/* ---- stop ---------------------------------------------------------------------------- */

enum { LOOK_AGAIN_MS = 20 };

static int not_stopped(session *s, bool kill) {
    problem p = {CLI_TIMEOUT, "NOT_STOPPED", "stop", s->target.text,
                 kill ? "its supervisor decides what becomes of an actor that fails"
                      : "it handles what came before first; a peer in untrusted mode drops the "
                        "request; --kill is stronger"};
    return cli_fail(s->cli, &p, "the actor is still there after %lld ms",
                    (long long)s->cli->timeout_ms);
}

/* Until the path leads to another actor, or nowhere. */
static int wait_gone(session *s, const ukko_ref *old) {
    int64_t deadline = session_deadline(s->cli->timeout_ms);
    while (clock_ns() < deadline) {
        ukko_ref *now = NULL;
        int status = session_find(s, s->target.path, &now, NULL);
        bool gone = !now || !ukko_ref_equal(now, old);
        ukko_ref_release(now);
        if (status != CLI_OK || gone) return status;
        nanosleep(&(struct timespec){0, LOOK_AGAIN_MS * 1000000}, NULL);
    }
    return CLI_TIMEOUT;
}

static int stop(session *s, ukko_ref *ref) {
    bool kill = args_count(s->cli, "kill") > 0;
    ukko_tell_from(ref, ukko_msg_new(kill ? &ukko_kill_type : &ukko_poison_pill_type), s->self);
    int status = wait_gone(s, ref);
    if (status == CLI_TIMEOUT) return not_stopped(s, kill);
    if (status != CLI_OK) return status;
    json_t *j = json_object();
    json_object_set_new(j, "ref", output_text(ukko_ref_path(ref)));
    json_object_set_new(j, "stopped", json_true());
    output_record(s->cli, j, "stopped %s", ukko_ref_path(ref));
    return CLI_OK;
}

int run_stop(cli *c) {
    session s = {0};
    ukko_ref *ref = NULL;
    int status = session_reach(&s, c, &ref);
    if (status == CLI_OK) status = stop(&s, ref);
    ukko_ref_release(ref);
    session_close(&s);
    return status;
}
