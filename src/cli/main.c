/* SPDX-License-Identifier: Apache-2.0 */
/* The command `ukko`: from the command line to the exit status. Main thread. */
#include "cli.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int run_version(cli *c) {
    json_t *record = json_object();
    if (args_count(c, "json")) c->mode = JSON;
    json_object_set_new(record, "ukko", output_text(ukko_version_text()));
    output_record(c, record, "ukko %s", ukko_version_text());
    return CLI_OK;
}

/* ---- main ---------------------------------------------------------------------------- */

static int run(cli *c) {
    if (args_count(c, "help")) {
        if (c->command) help_of(c, c->outer, c->command);
        else help_all(c);
        return CLI_OK;
    }
    if (!c->command) {
        help_all(c);
        return CLI_USAGE;
    }
    if (c->command->local && !c->command->attends) interrupt_ends();
    return c->command->run(c);
}

static int finish(cli *c, int status) {
    keys_end();
    status = tap_end(c, status);
    output_end(c, status);
    if (fflush(stdout) != 0 || ferror(stdout)) return status == CLI_OK ? CLI_IO : status;
    return status;
}

void cli_leave(cli *c, int status) {
    c->tap = NULL; /* its systems go on */
    _exit(finish(c, status));
}

int main(int argc, char **argv) {
    cli c = {.program = argc > 0 ? argv[0] : "ukko"};
    interrupt_prepare();
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) argv[1] = "version";
    int status = args_parse(&c, argc, argv);
    if (status == CLI_OK) status = run(&c);
    return finish(&c, status);
}
