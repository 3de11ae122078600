/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config …`: looking at configuration files. Main thread. */
#ifndef UK_CLI_CONFIG_CMD_H
#define UK_CLI_CONFIG_CMD_H
#include <stdio.h>
#include <ukko/config.h>

/* argv[0] is "config". Gives the exit status: 0 fine, 1 wrong use or findings, 2 bad input. */
int uk_cli_config(int argc, char **argv);

/* One per subcommand; argv[0] is its name. */
int uk_cli_config_render(int argc, char **argv);
int uk_cli_config_query(int argc, char **argv);
int uk_cli_config_check(int argc, char **argv);
int uk_cli_config_get(int argc, char **argv);
int uk_cli_config_explain(int argc, char **argv);
int uk_cli_config_diff(int argc, char **argv);

/* Shared: options and files of a subcommand. */
typedef struct uk_cli_options {
    bool json, hocon, reference;
    int n_files;
    char *files[64];
} uk_cli_options;
/* Takes --json, --hocon, --with-reference; false: an unknown one, reported. */
bool uk_cli_config_options(uk_cli_options *o, int argc, char **argv);
/* files[0] over files[1] over …, over the reference when asked; resolved. Reports failures
   on stderr; *out owned. Exit status 0 or 2. */
int uk_cli_config_stack(ukko_config **out, const uk_cli_options *o);
/* text in JSON quotes. */
void uk_cli_json_string(FILE *out, const char *text, size_t len);
#endif
