/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko tell`, `ukko ask` and `ukko identify`. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

/* ---- What tell and ask begin with ---------------------------------------------------- */

static int need_path(cli *c, const session *s) {
    problem p = {CLI_USAGE, "NO_PATH", "usage", s->target.address,
                 "an actor has a path behind the address, as /user/echo"};
    return *s->target.path ? CLI_OK : cli_fail(c, &p, "no actor named");
}

static int need_one(cli *c, const session *s) {
    problem p = {CLI_USAGE, "PATTERN", "usage", s->target.address, "identify takes patterns"};
    return strpbrk(s->target.path, "*?") ? cli_fail(c, &p, "one actor is needed, not a pattern")
                                         : need_path(c, s);
}

int session_reach(session *s, cli *c, ukko_ref **to) {
    *to = NULL;
    int status = session_open(s, c, c->args[0], message_types(c));
    if (status == CLI_OK) status = need_one(c, s);
    if (status == CLI_OK) status = session_find(s, s->target.path, to, NULL);
    return status == CLI_OK && !*to ? session_not_found(s) : status;
}

/* ---- tell ---------------------------------------------------------------------------- */

/* Messages of one sender to one actor keep their order: when the look-up behind them is answered,
   they have arrived. */
static int arrived(session *s, ukko_ref *to, int64_t count) {
    ukko_ref *still = NULL;
    int status = session_find(s, s->target.path, &still, NULL);
    if (status == CLI_INTERRUPTED) /* which may have ended the lines, and came to the inbox too */
        status = session_find(s, s->target.path, &still, NULL);
    ukko_ref_release(still);
    if (status != CLI_OK) return status;
    json_t *j = json_object();
    json_object_set_new(j, "to", output_text(ukko_ref_path(to)));
    json_object_set_new(j, "sent", json_true());
    json_object_set_new(j, "count", json_integer(count));
    if (count == 1) output_record(s->cli, j, "sent to %s", ukko_ref_path(to));
    else output_record(s->cli, j, "%lld sent to %s", (long long)count, ukko_ref_path(to));
    return CLI_OK;
}

enum { SYNC_EACH = 1000 }; /* then it is waited until they have arrived: no more are kept here */

static int send_line(session *s, ukko_ref *to, const char *line, int64_t n) {
    ukko_msg *msg = NULL;
    ukko_ref *still = NULL;
    int status = message_of_line(s->cli, line, &msg);
    if (status == CLI_OK) ukko_tell_from(to, msg, s->self);
    if (status == CLI_OK && n % SYNC_EACH == 0)
        status = session_find(s, s->target.path, &still, NULL);
    ukko_ref_release(still);
    return status;
}

/* An interrupt ends standard input: what was sent until then arrives. */
static int tell_lines(session *s, ukko_ref *to, int64_t rate) {
    FILE *in = interrupt_input(stdin);
    char *line = NULL;
    size_t cap = 0;
    int64_t n = 0, start = clock_ns();
    int status = CLI_OK;
    for (ssize_t len; status == CLI_OK && (len = getline(&line, &cap, in)) >= 0;) {
        if (len && line[len - 1] == '\n') line[len - 1] = '\0';
        if (rate && !interrupt_pause((start + n * 1000000000 / rate - clock_ns()) / 1000000)) break;
        status = send_line(s, to, line, ++n);
        output_progress(s->cli, "%lld sent", (long long)n);
    }
    free(line);
    fclose(in);
    if (status != CLI_OK && status != CLI_INTERRUPTED) return status;
    int end = arrived(s, to, n);
    return interrupt_came() ? CLI_INTERRUPTED : end;
}

static int check_tell(cli *c, int64_t *rate, ukko_msg **msg) {
    bool lines = args_count(c, "lines") > 0;
    int status = args_number(c, "rate", 1, 1000000000, rate);
    if (status == CLI_OK && *rate && !lines) return cli_usage(c, "--rate goes with --lines");
    if (status == CLI_OK && lines && c->n_args > 1)
        return cli_usage(c, "--lines reads the messages from standard input");
    return status == CLI_OK && !lines ? message_build(c, 1, msg) : status;
}

int run_tell(cli *c) {
    session s = {0};
    ukko_msg *msg = NULL;
    ukko_ref *to = NULL;
    int64_t rate = 0;
    int status = check_tell(c, &rate, &msg);
    if (status != CLI_OK) return status;
    status = session_reach(&s, c, &to);
    if (status == CLI_OK && msg) {
        ukko_tell_from(to, ukko_msg_retain(msg), s.self);
        status = arrived(&s, to, 1);
    } else if (status == CLI_OK) {
        status = tell_lines(&s, to, rate);
    }
    ukko_msg_release(msg);
    ukko_ref_release(to);
    session_close(&s);
    return status;
}

/* ---- ask ----------------------------------------------------------------------------- */

static bool is_failure(const ukko_msg *msg) {
    const ukko_type *t = ukko_msg_type(msg);
    return t == &ukko_status_failure_type || t == &ukko_reply_error_type ||
           t == &ukko_reply_exception_type;
}

static int show_failure(session *s, const arrival *a) {
    problem p = {CLI_NEGATIVE, "ANSWERED_FAILURE", "reply", ukko_ref_path(a->sender), NULL};
    char *line = show_line(a->msg);
    int status = cli_fail(s->cli, &p, "%s", line);
    free(line);
    return status;
}

static int show_reply(session *s, const arrival *a, int64_t ns) {
    char *text;
    if (is_failure(a->msg)) return show_failure(s, a);
    int status = proto_text(s->cli, a->msg, &text);
    if (status != CLI_OK) return status;
    json_t *j = json_object();
    json_object_set_new(j, "from", output_text(ukko_ref_path(a->sender)));
    json_object_set_new(j, "type", output_text(show_type(a->msg)));
    json_object_set_new(j, "value", show_value(a->msg));
    json_object_set_new(j, "ms", output_ms(ns));
    if (text && *text) /* it ends with a line */
        text[strlen(text) - 1] = '\0';
    json_object_set_new(j, "text", output_text(text));
    char *line = text ? text : show_line(a->msg);
    output_record(s->cli, j, "%s", line);
    free(line);
    return CLI_OK;
}

static int too_few(session *s, const ukko_ref *to, int64_t got, int64_t count) {
    long long ms = (long long)s->cli->timeout_ms;
    problem p = {CLI_TIMEOUT, "TIMEOUT", "reply", ukko_ref_path(to),
                 got ? "the others did not come"
                     : "the actor is there; it did not answer this message"};
    return got ? cli_fail(s->cli, &p, "%lld of %lld replies; none more within %lld ms",
                          (long long)got, (long long)count, ms)
               : cli_fail(s->cli, &p, "no reply within %lld ms", ms);
}

static int ask(session *s, ukko_ref *to, ukko_msg *msg, int64_t count) {
    int64_t start = clock_ns(), got = 0;
    int status = CLI_OK;
    ukko_tell_from(to, msg, s->self);
    while (got < count && status == CLI_OK) {
        arrival *a;
        status = session_next(s, session_deadline(s->cli->timeout_ms), &a);
        if (status != CLI_OK) break;
        status = show_reply(s, a, a->at_ns - start);
        arrival_free(a);
        got++;
        if (count > 1)
            output_progress(s->cli, "%lld of %lld replies", (long long)got, (long long)count);
    }
    return status == CLI_TIMEOUT ? too_few(s, to, got, count) : status;
}

int run_ask(cli *c) {
    session s = {0};
    ukko_msg *msg = NULL;
    ukko_ref *to = NULL;
    int64_t count = 1;
    int status = args_number(c, "count", 1, 1000000000, &count);
    if (status == CLI_OK) status = proto_check(c);
    if (status == CLI_OK) status = show_java(c);
    if (status == CLI_OK) status = message_build(c, 1, &msg);
    if (status != CLI_OK) return status;
    status = session_reach(&s, c, &to);
    if (status == CLI_OK) status = ask(&s, to, ukko_msg_retain(msg), count);
    ukko_msg_release(msg);
    ukko_ref_release(to);
    session_close(&s);
    return status;
}

/* ---- identify ------------------------------------------------------------------------ */

static void show_ref(session *s, ukko_ref *ref) {
    json_t *j = json_object();
    json_object_set_new(j, "ref", output_text(ukko_ref_path(ref)));
    output_record(s->cli, j, "%s", ukko_ref_path(ref));
}

/* Prints the references that come until the deadline. */
static int collect(session *s, int64_t deadline, int *found) {
    arrival *a;
    int status;
    while ((status = session_next(s, deadline, &a)) == CLI_OK) {
        const ukko_identity *i = ukko_msg_get(a->msg, &ukko_identity_type);
        if (i && i->ref) {
            show_ref(s, i->ref);
            ++*found;
        }
        arrival_free(a);
    }
    return status == CLI_TIMEOUT ? CLI_OK : status;
}

/* The system is looked up first: what it does not answer at all is no empty result. */
static int identify_pattern(session *s, int64_t within_ms) {
    ukko_ref *guardian = NULL;
    int found = 0, status = session_find(s, "/user", &guardian, NULL);
    ukko_ref_release(guardian);
    if (status != CLI_OK) return status;
    session_identify(s, s->target.path);
    status = collect(s, session_deadline(within_ms), &found);
    return status == CLI_OK && found == 0 ? session_not_found(s) : status;
}

static int identify_one(session *s, const char *path) {
    ukko_ref *ref = NULL;
    int status = session_find(s, path, &ref, NULL);
    if (status == CLI_OK && !ref) status = session_not_found(s);
    else if (status == CLI_OK) show_ref(s, ref);
    ukko_ref_release(ref);
    return status;
}

int run_identify(cli *c) {
    session s = {0};
    int64_t within_ms = 1000;
    int status = args_duration(c, "all-within", &within_ms);
    if (status != CLI_OK) return status;
    status = session_open(&s, c, c->args[0], NULL);
    const char *path = *s.target.path ? s.target.path : "/user";
    if (status == CLI_OK)
        status = strpbrk(path, "*?") ? identify_pattern(&s, within_ms) : identify_one(&s, path);
    session_close(&s);
    return status;
}
