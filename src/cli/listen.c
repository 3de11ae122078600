/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko listen`: be an actor; print what arrives, answer if asked to. Main thread. */
#include "cli.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_ANSWER = 65536 };

typedef struct letter { /* one message, as it is shown */
    char now[40];
    const char *from, *to, *type;
    char *line;
    int32_t serializer;
    const char *manifest;
    size_t bytes;
} letter;

/* ---- Showing ------------------------------------------------------------------------- */

/* %T time, %s sender, %r recipient, %t type, %m message, %S serializer, %b bytes; \n \t */
static void print_format(const letter *l, const char *format) {
    for (const char *p = format; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            putchar(*p == 'n' ? '\n' : *p == 't' ? '\t' : *p);
        } else if (*p == '%' && p[1]) {
            p++;
            switch (*p) {
            case 'T': fputs(l->now, stdout); break;
            case 's': fputs(l->from, stdout); break;
            case 'r': fputs(l->to, stdout); break;
            case 't': fputs(l->type, stdout); break;
            case 'm': fputs(l->line, stdout); break;
            case 'S': printf("%d", (int)l->serializer); break;
            case 'b': printf("%zu", l->bytes); break;
            default: putchar(*p);
            }
        } else {
            putchar(*p);
        }
    }
    fflush(stdout);
}

static void show_letter(session *s, const arrival *a, const letter *l) {
    cli *c = s->cli;
    const char *format = args_value(c, "format");
    if (format && c->mode == HUMAN) {
        print_format(l, format);
        return;
    }
    json_t *j = json_object();
    json_object_set_new(j, "ts", output_text(l->now));
    json_object_set_new(j, "from", output_text(l->from));
    json_object_set_new(j, "to", output_text(l->to));
    json_object_set_new(j, "serializer", json_integer(l->serializer));
    json_object_set_new(j, "manifest", output_text(l->manifest));
    json_object_set_new(j, "type", output_text(l->type));
    json_object_set_new(j, "value", show_value(a->msg));
    json_object_set_new(j, "bytes", json_integer((json_int_t)l->bytes));
    output_record(c, j, "%s %s", l->from, l->line);
}

/* ---- Answering ----------------------------------------------------------------------- */

/* The message is the command's standard input, its output the answer, without the last line end. */
static char *answer_of(const char *line, const letter *l) {
    int out[2], in = memfd_create("ukko-message", MFD_CLOEXEC);
    pid_t pid;
    if (in < 0 || pipe2(out, O_CLOEXEC) != 0) return NULL;
    char *text = calloc(1, MAX_ANSWER + 1);
    size_t n = 0;
    setenv("UKKO_SENDER", l->from, 1);
    setenv("UKKO_TYPE", l->type, 1);
    bool started = write(in, l->line, strlen(l->line)) >= 0 && lseek(in, 0, SEEK_SET) == 0 &&
                   shell_start(line, in, out[1], &pid);
    close(in);
    close(out[1]);
    for (ssize_t got = 1; started && n < MAX_ANSWER && got > 0; n += got > 0 ? (size_t)got : 0)
        got = read(out[0], text + n, MAX_ANSWER - n);
    close(out[0]);
    if (started) shell_wait(pid);
    if (n && text[n - 1] == '\n') text[n - 1] = '\0';
    return text;
}

static void answer(session *s, const arrival *a, const letter *l) {
    cli *c = s->cli;
    const char *reply = args_value(c, "reply"), *line = args_value(c, "reply-cmd");
    char *made = line ? answer_of(line, l) : NULL;
    if (args_count(c, "echo")) ukko_tell_from(a->sender, ukko_msg_retain(a->msg), s->self);
    else if (made || reply)
        ukko_tell_from(a->sender, ukko_msg_string(made ? made : reply), s->self);
    free(made);
}

/* ---- The command --------------------------------------------------------------------- */

static void take(session *s, const arrival *a) {
    ukko_serialized bytes;
    bool written = ukko_serialize(s->sys, a->msg, &bytes, NULL) == UKKO_OK;
    letter l = {.from = ukko_ref_path(a->sender),
                .to = ukko_ref_path(s->self),
                .type = show_type(a->msg),
                .line = show_line(a->msg),
                .serializer = written ? bytes.serializer : -1,
                .manifest = written ? bytes.manifest : "",
                .bytes = written ? bytes.len : 0};
    time_text(l.now, sizeof l.now);
    show_letter(s, a, &l);
    answer(s, a, &l);
    free(l.line);
    if (written) ukko_serialized_fini(&bytes);
}

static int listen_on(session *s, int64_t most) {
    arrival *a;
    int status = CLI_OK;
    output_note(s->cli, "listening as %s", ukko_ref_path(s->self));
    for (int64_t n = 0; n < most && status == CLI_OK;) {
        status = session_next(s, INT64_MAX, &a);
        if (status != CLI_OK) break;
        take(s, a);
        n++;
        arrival_free(a);
    }
    return status;
}

int run_listen(cli *c) {
    session s = {.name = "listen"};
    own_system own;
    char buf[400];
    int64_t most = INT64_MAX;
    int status = args_number(c, "count", 1, INT64_MAX, &most);
    if (status == CLI_OK) status = show_java(c);
    if (status == CLI_OK) status = own_parse(c, &own, buf, sizeof buf);
    if (status != CLI_OK) return status;
    if (!own.hostname) own.hostname = "127.0.0.1";
    const char *path = c->n_args ? c->args[0] : "/user/listen";
    if (strncmp(path, "/user/", 6) != 0 || !path[6] || strchr(path + 6, '/'))
        return cli_usage(c, "'%s' is not /user/NAME", path);
    s.name = path + 6;
    status = session_host(&s, c, &own, NULL);
    if (status == CLI_OK) status = listen_on(&s, most);
    session_close(&s);
    return status;
}
