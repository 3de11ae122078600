/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko repl`: the commands of ukko, line by line, with editing and history on a terminal. Each line is
   a run of the command of its own, so that none can leave something behind. Main thread. */
#include "cli.h"
#include <editline/readline.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
enum { MAX_WORDS = 64, MAX_REF = 800 };

typedef struct repl {
    cli *c;
    const char *target; /* NULL: none */
    char ref[MAX_REF];  /* the last reference that was printed: $ref, $sender */
    char *words[MAX_WORDS];
    int n_words;
    int status;
} repl;

/* ---- Words of a line ----------------------------------------------------------------- */

/* Blanks part words; '...' and "..." hold them together. NULL: a quote is open. */
static char *cut_words(char *line, char **words, int *n) {
    char *to = line;
    for (char *p = line; *p && *n < MAX_WORDS - 1;) {
        while (*p == ' ' || *p == '\t') p++;
        if (!*p || *p == '#') break;
        char quote = 0, *start = to;
        for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
            if (quote && *p == quote) quote = 0;
            else if (!quote && (*p == '\'' || *p == '"')) quote = *p;
            else *to++ = *p;
        }
        if (quote) return NULL;
        p += *p != '\0';
        *to++ = '\0';
        words[(*n)++] = start;
    }
    return line;
}

/* $ref and $sender are the last reference; a path alone is one on the target. Owned. */
static char *whole_word(const repl *r, const char *word, bool first) {
    char *text;
    size_t n = strcmp(word, "$ref") == 0 || strncmp(word, "$ref/", 5) == 0 ? 4
               : strcmp(word, "$sender") == 0                              ? 7
                                                                           : 0;
    const char *before = n ? r->ref : !first && word[0] == '/' && r->target ? r->target : "";
    if (asprintf(&text, "%s%s", before, word + n) < 0) abort();
    return text;
}

/* ---- One line ------------------------------------------------------------------------ */

/* Copies what the command prints, and keeps the last reference in it. */
static void copy_out(repl *r, int fd) {
    char *line = NULL;
    size_t cap = 0;
    FILE *in = fdopen(fd, "r");
    for (ssize_t n; in && (n = getline(&line, &cap, in)) > 0;) {
        fwrite(line, 1, (size_t)n, stdout);
        fflush(stdout);
        for (const char *p = line; (p = strstr(p, "://")) != NULL; p += 3) {
            const char *start = p;
            while (start > line && strchr("abcdefghijklmnopqrstuvwxyz.", start[-1])) start--;
            snprintf(r->ref, sizeof r->ref, "%.*s", (int)strcspn(start, " \t\n\",)"), start);
        }
    }
    free(line);
    if (in) fclose(in);
}

static int run_words(repl *r, char **argv) {
    int out[2], state = 0;
    pid_t pid;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, both;
    sigemptyset(&none);
    interrupt_set(&both);
    if (pipe2(out, O_CLOEXEC) != 0) return CLI_IO;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &both); /* ignored here while lines are edited */
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(&pid, "/proc/self/exe", &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    close(out[1]);
    copy_out(r, out[0]);
    if (!failed) waitpid(pid, &state, 0);
    return failed ? CLI_INTERNAL : WIFEXITED(state) ? WEXITSTATUS(state) : CLI_INTERRUPTED;
}

/* false: the end. */
static bool run_line(repl *r, char *line) {
    char *argv[MAX_WORDS + 1] = {NULL};
    r->n_words = 0;
    if (!cut_words(line, r->words, &r->n_words)) {
        fputs("ukko: a quote is open\n", stderr);
        r->status = CLI_USAGE;
        return true;
    }
    if (r->n_words == 0) return true;
    if (strcmp(r->words[0], "quit") == 0 || strcmp(r->words[0], "exit") == 0) return false;
    argv[0] = strdup("ukko");
    for (int i = 0; i < r->n_words; i++) argv[i + 1] = whole_word(r, r->words[i], i == 0);
    r->status = run_words(r, argv);
    for (int i = 0; i <= r->n_words; i++) free(argv[i]);
    return true;
}

/* ---- The command --------------------------------------------------------------------- */

static void history_path(char *path, size_t len) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    snprintf(path, len, state && *state ? "%s/ukko_history" : "%s/.ukko_history",
             state && *state ? state
             : home          ? home
                             : "");
}

static void talk(repl *r) {
    char path[600];
    bool go = true;
    history_path(path, sizeof path);
    using_history();
    read_history(path);
    for (char *line; go && (line = readline("ukko> ")) != NULL; free(line)) {
        if (*line) add_history(line);
        go = run_line(r, line);
    }
    stifle_history(1000);
    write_history(path);
}

static void read_lines(repl *r) {
    char *line = NULL;
    size_t cap = 0;
    bool go = true;
    FILE *in = interrupt_input(stdin);
    for (ssize_t n; go && !interrupt_came() && (n = getline(&line, &cap, in)) >= 0;) {
        if (n && line[n - 1] == '\n') line[n - 1] = '\0';
        go = run_line(r, line);
    }
    free(line);
}

int run_repl(cli *c) {
    repl r = {.c = c, .status = CLI_OK};
    target t;
    if (c->n_args) {
        int status = target_parse(c, c->args[0], &t);
        if (status != CLI_OK) return status;
        if (*t.path) return cli_usage(c, "repl takes a node, without a path");
        r.target = *t.address ? t.address : t.text;
    }
    if (isatty(STDIN_FILENO)) {
        output_note(c,
                    "Commands as after ukko; /user/x is on the node; $ref is the last reference; "
                    "quit, or Ctrl-D, ends.");
        signal(SIGINT, SIG_IGN);
        talk(&r);
    } else {
        read_lines(&r);
        if (interrupt_came()) return CLI_INTERRUPTED;
    }
    return r.status;
}
