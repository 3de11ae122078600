/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config …`: looking at configuration files. Main thread. */
#ifndef UK_CLI_CONFIG_CMD_H
#define UK_CLI_CONFIG_CMD_H
#include "cli.h"
#include <stdio.h>

typedef struct uk_cli_options {
    bool json, hocon, reference;
    cli *cli;
    int n_files;
    const char *files[MAX_GIVEN];
} uk_cli_options;
/* --json means -o json, also for the output that follows. */
void uk_cli_config_options(cli *c, uk_cli_options *o);
/* files[0] over files[1] over …, over the reference when asked; resolved. Reports failures; *out
   owned. Exit status 0, 2, or 9 for a file that cannot be read. */
int uk_cli_config_stack(ukko_config **out, const uk_cli_options *o);
/* FILE:LINE: TEXT for people, as compilers have it. */
int uk_cli_config_failed(cli *c, const char *code, int status, const ukko_error *err);
/* A file that could not be parsed, or not be read. */
int uk_cli_config_broken(cli *c, const char *file, const ukko_error *err);
/* text in JSON quotes. */
/* The value of a setting, rendered as JSON; null for NULL. */
json_t *uk_cli_config_value(const char *text);
void uk_cli_json_string(FILE *out, const char *text, size_t len);
#endif
