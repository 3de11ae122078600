/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that the one table of commands is put together from: options.c and fields.c. */
#ifndef TABLES_H
#define TABLES_H
#include "cli.h"

extern const option node_options[], ping_options[], doctor_options[], message_options[],
    listen_options[], watch_options[], tree_options[], identify_options[], deploy_options[],
    stop_options[], config_options[], store_options[], gen_options[], source_options[], completion_options[],
    help_options[];
extern const field node_fields[], ping_fields[], ping_whole[], doctor_fields[], tell_fields[],
    ask_fields[], letter_fields[], ended_fields[], tree_fields[], ref_fields[], deploy_fields[],
    stop_fields[], finding_fields[], diff_fields[], explain_fields[], store_fields[], gen_fields[], source_fields[],
    check_fields[], suite_fields[], version_fields[];

/* man.c: k NULL: the page of the command itself */
void man_page(const command *outer, const command *k);
#endif
