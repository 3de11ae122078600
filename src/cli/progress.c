/* SPDX-License-Identifier: Apache-2.0 */
/* How far a long command is: one line on standard error that is written over, when that is a terminal;
   lines below each other with --progress elsewhere. Never on standard output. Main thread. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t EVERY_NS = 100000000; /* eyes are no quicker, and a log is not to be filled */

/* The log of -v has lines of its own there. */
static progress_mode choose(const cli *c) {
    const char *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    if (args_count(c, "no-progress")) return PROGRESS_OFF;
    if (args_count(c, "progress"))
        return terminal && !c->verbosity ? PROGRESS_OVER : PROGRESS_LINES;
    return terminal && !c->verbosity && !c->quiet ? PROGRESS_OVER : PROGRESS_OFF;
}

void output_progress(cli *c, const char *format, ...) {
    if (c->progress == PROGRESS_UNKNOWN) c->progress = choose(c);
    if (c->progress == PROGRESS_OFF) return;
    int64_t now = clock_ns();
    if (c->progress_ns && now - c->progress_ns < EVERY_NS) return;
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->progress_ns = now;
    if (c->progress == PROGRESS_LINES) {
        fprintf(stderr, "%s: %s\n", c->command->name, text);
        return;
    }
    fprintf(stderr, "\r%.70s\033[K", text); /* a line that wraps could not be taken back */
    fflush(stderr);
    c->progress_shown = true;
}

void output_progress_end(cli *c) {
    if (!c->progress_shown) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    c->progress_shown = false;
}
