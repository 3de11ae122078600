/* SPDX-License-Identifier: Apache-2.0 */
/* The command `ukko`: one table of commands drives parsing, help and usage errors. */
#include "cli.h"
#include "config_cmd.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option *const no_options[] = {NULL};
static const option *const for_node[] = {node_options, NULL};
static const option *const for_ping[] = {ping_options, NULL};
static const option *const for_messages[] = {message_options, NULL};
static const option *const for_identify[] = {identify_options, NULL};
static const option *const for_deploy[] = {deploy_options, NULL};
static const option *const for_stop[] = {stop_options, NULL};

const command commands[] = {
    {"node", "", "run a node with the actors echo, counter and sink", 0, 0, for_node, run_node,
     false, false},
    {"ping", "TARGET", "time each step from the name look-up to an answer", 1, 1, for_ping,
     run_ping, false, false},
    {"tell", "TARGET MESSAGE", "send one message", 1, 2, for_messages, run_tell, false, false},
    {"ask", "TARGET MESSAGE", "send one message and print the reply", 1, 2, for_messages, run_ask,
     false, false},
    {"identify", "TARGET", "print the references that a path stands for; * and ? match", 1, 1,
     for_identify, run_identify, true, false},
    {"deploy", "NODE [ARGS...]",
     "create an actor on a node; ARGS: text, long:N, int:N, bool:B, string:S, null", 1,
     MAX_GIVEN, for_deploy, run_deploy, false, false},
    {"stop", "TARGET", "end an actor and wait until it has gone", 1, 1, for_stop, run_stop, false,
     false},
    {"config", "...", "check, explain and print configuration files", 0, 0, no_options,
     run_config, false, true},
    {"version", "", "print the version", 0, 0, no_options, run_version, false, false},
    {"help", "[COMMAND]", "print this, or about one command", 0, 1, no_options, run_help, false,
     false},
    {NULL, NULL, NULL, 0, 0, NULL, NULL, false, false},
};

const command *command_named(const char *name) {
    for (const command *k = commands; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

/* ---- help and version ---------------------------------------------------------------- */

static void print_options(const char *title, const option *table) {
    printf("\n%s:\n", title);
    for (; table->name; table++) {
        char text[64];
        snprintf(text, sizeof text, "%c%c%s--%s%s%s", table->letter ? '-' : ' ',
                 table->letter ? table->letter : ' ', table->letter ? ", " : "  ", table->name,
                 table->value ? " " : "", table->value ? table->value : "");
        printf("  %-30s %s\n", text, table->help);
    }
}

static void print_exit_codes(void) {
    puts("\nExit codes:");
#define CLI_X(name, status, text) printf("  %3d  %s\n", status, text);
    CLI_EXIT_MAP(CLI_X)
#undef CLI_X
}

static void help_all(const cli *c) {
    printf("ukko %s: actors in C that talk to Apache Pekko classic remoting\n\n"
           "usage: %s [OPTIONS] COMMAND [ARGS]\n\nCommands:\n",
           ukko_version_text(), c->program);
    for (const command *k = commands; k->name; k++)
        printf("  %-9s %-15s %s\n", k->name, k->args, k->help);
    print_options("Options", global_options);
    puts("\nTARGET is pekko.tcp://SYSTEM@HOST:PORT, with /user/NAME behind it for an actor.");
    print_exit_codes();
    printf("\n%s help COMMAND tells more.\n", c->program);
}

static void help_command(const cli *c, const command *k) {
    printf("usage: %s %s%s%s\n\n%s\n", c->program, k->name, *k->args ? " " : "", k->args, k->help);
    for (int i = 0; k->options[i]; i++)
        print_options("Options", k->options[i]);
    if (!k->raw)
        print_options("Options of every command", global_options);
}

int run_help(cli *c) {
    if (c->n_args == 0) {
        help_all(c);
        return CLI_OK;
    }
    const command *k = command_named(c->args[0]);
    if (!k)
        return cli_usage(c, "unknown command '%s'", c->args[0]);
    help_command(c, k);
    return CLI_OK;
}

int run_version(cli *c) {
    json_t *record = json_object();
    json_object_set_new(record, "ukko", output_text(ukko_version_text()));
    output_record(c, record, "ukko %s", ukko_version_text());
    return CLI_OK;
}

int run_config(cli *c) {
    return uk_cli_config(c->argc, c->argv);
}

/* ---- main ---------------------------------------------------------------------------- */

/* SIGINT and SIGTERM come to the thread that waits for them; see session.c and node.c. */
static void prepare_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run(cli *c) {
    if (args_count(c, "help")) {
        if (c->command)
            help_command(c, c->command);
        else
            help_all(c);
        return CLI_OK;
    }
    if (!c->command) {
        help_all(c);
        return CLI_USAGE;
    }
    return c->command->run(c);
}

int main(int argc, char **argv) {
    cli c = {.program = argc > 0 ? argv[0] : "ukko"};
    prepare_signals();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    int status = args_parse(&c, argc, argv);
    if (status == CLI_OK)
        status = run(&c);
    output_end(&c);
    if (fflush(stdout) != 0 || ferror(stdout))
        return status == CLI_OK ? CLI_IO : status;
    return status;
}
