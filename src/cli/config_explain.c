/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config check|get|explain|diff`. Main thread. */
#include "config_cmd.h"

int uk_cli_config_check(int argc, char **argv) { (void)argc; (void)argv; return 1; }
int uk_cli_config_get(int argc, char **argv) { (void)argc; (void)argv; return 1; }
int uk_cli_config_explain(int argc, char **argv) { (void)argc; (void)argv; return 1; }
int uk_cli_config_diff(int argc, char **argv) { (void)argc; (void)argv; return 1; }
