/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that the one table of commands is put together from: options.c and fields.c. */
#ifndef TABLES_H
#define TABLES_H
#include "cli.h"

extern const option node_options[];
extern const option clear_options[];
extern const option ping_options[];
extern const option stat_options[];
extern const option top_options[];
extern const option doctor_options[];
extern const option message_options[];
extern const option tell_options[];
extern const option ask_options[];
extern const option listen_options[];
extern const option watch_options[];
extern const option tree_options[];
extern const option identify_options[];
extern const option deploy_options[];
extern const option stop_options[];
extern const option proxy_options[];
extern const option send_raw_options[];
extern const option bench_options[];
extern const option decode_options[];
extern const option dissector_options[];
extern const option config_options[];
extern const option store_options[];
extern const option gen_options[];
extern const option source_options[];
extern const option completion_options[];
extern const option version_options[];
extern const option help_options[];

extern const field node_fields[];
extern const field ping_fields[];
extern const field stat_fields[];
extern const field shut_fields[];
extern const field clear_fields[];
extern const field cheat_fields[];
extern const field ping_whole[];
extern const field doctor_fields[];
extern const field tell_fields[];
extern const field ask_fields[];
extern const field letter_fields[];
extern const field ended_fields[];
extern const field tree_fields[];
extern const field ref_fields[];
extern const field deploy_fields[];
extern const field stop_fields[];
extern const field proxy_fields[];
extern const field send_raw_fields[];
extern const field bench_fields[];
extern const field context_fields[];
extern const field frame_fields[];
extern const field finding_fields[];
extern const field diff_fields[];
extern const field explain_fields[];
extern const field store_fields[];
extern const field gen_fields[];
extern const field source_fields[];
extern const field check_fields[];
extern const field suite_fields[];
extern const field version_fields[];

/* man.c: k NULL: the page of the command itself */
void man_page(const command *outer, const command *k);
#endif
