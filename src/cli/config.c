/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config`: dispatch, options, and the render subcommand. Main thread. */
#include "config_cmd.h"
#include <string.h>

static const char usage[] =
    "usage: ukko config COMMAND [options] FILE...\n"
    "  render FILE...         the files (the first wins), resolved, as JSON\n"
    "  query FILE             reads lines \"TYPE PATH\", answers each with one JSON value\n"
    "  check FILE...          reads the files as a node would and reports misspelt settings\n"
    "  get PATH FILE...       the value at PATH\n"
    "  explain [PATH] FILE... where settings come from and what they override\n"
    "  diff FILE FILE         the settings in which two files differ\n"
    "options: --json, --hocon (render), --with-reference\n"
    "exit status: 0 fine, 1 wrong use, a finding or no such setting, 2 a file is in error\n";

bool uk_cli_config_options(uk_cli_options *o, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (!strcmp(a, "--json"))
            o->json = true;
        else if (!strcmp(a, "--hocon"))
            o->hocon = true;
        else if (!strcmp(a, "--with-reference"))
            o->reference = true;
        else if (!strncmp(a, "--", 2) || o->n_files == 64) {
            fprintf(stderr, "ukko config: unknown option or too many files: %s\n%s", a, usage);
            return false;
        } else
            o->files[o->n_files++] = argv[i];
    }
    return true;
}

static int report(const ukko_error *err) {
    fprintf(stderr, "%s\n", err->message);
    return 2;
}

/* below becomes: this file over it. */
static int put_over(ukko_config **below, const char *path) {
    ukko_error err = {0};
    ukko_config *file = NULL;
    if (ukko_config_parse_file(&file, path, &err)) return report(&err);
    ukko_config *both = ukko_config_with_fallback(file, *below);
    ukko_config_release(file);
    ukko_config_release(*below);
    *below = both;
    return 0;
}

int uk_cli_config_stack(ukko_config **out, const uk_cli_options *o) {
    ukko_error err = {0};
    ukko_config *all = o->reference ? ukko_config_reference() : NULL;
    int rc = 0;
    for (int i = o->n_files; i-- > 0 && !rc;) rc = put_over(&all, o->files[i]);
    if (!rc && !all) all = ukko_config_empty();
    if (!rc && ukko_config_resolve(out, all, &err)) rc = report(&err);
    ukko_config_release(all);
    return rc;
}

int uk_cli_config_render(int argc, char **argv) {
    uk_cli_options o = {0};
    if (!uk_cli_config_options(&o, argc, argv)) return 1;
    if (!o.n_files && !o.reference) {
        fputs(usage, stderr);
        return 1;
    }
    ukko_config *cfg;
    int rc = uk_cli_config_stack(&cfg, &o);
    if (rc) return rc;
    char *text = o.hocon ? ukko_config_render_hocon(cfg, 2) : ukko_config_render(cfg, 2);
    if (text)
        fputs(text, stdout);
    else
        fprintf(stderr, "%s:0: limit: the rendered text is too large\n",
                o.n_files ? o.files[0] : "reference.conf");
    ukko_free(text);
    ukko_config_release(cfg);
    return text ? 0 : 2;
}

int uk_cli_config(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int, char **);
    } commands[] = {{"render", uk_cli_config_render},   {"query", uk_cli_config_query},
                    {"check", uk_cli_config_check},     {"get", uk_cli_config_get},
                    {"explain", uk_cli_config_explain}, {"diff", uk_cli_config_diff}};
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(name, commands[i].name)) return commands[i].run(argc - 1, argv + 1);
    bool help = !strcmp(name, "--help") || !strcmp(name, "help");
    fputs(usage, help ? stdout : stderr);
    return help ? 0 : 1;
}
