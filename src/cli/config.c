/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config render`, and what the commands of `ukko config` share. Main thread. */
#include "config_cmd.h"
#include <string.h>

void uk_cli_config_options(cli *c, uk_cli_options *o) {
    if (args_count(c, "json") && c->mode == HUMAN) c->mode = JSON;
    *o = (uk_cli_options){.json = c->mode == JSON || c->mode == JSONL,
                          .hocon = args_count(c, "hocon") > 0,
                          .reference = args_count(c, "with-reference") > 0,
                          .cli = c,
                          .n_files = c->n_args};
    for (int i = 0; i < c->n_args; i++) o->files[i] = c->args[i];
}

int uk_cli_config_failed(cli *c, const char *code, int status, const ukko_error *err) {
    if (c->mode != HUMAN) {
        problem p = {(cli_exit)status, code, "config", NULL, NULL};
        return cli_fail(c, &p, "%s", err->message);
    }
    fprintf(stderr, "%s\n", err->message);
    return status;
}

int uk_cli_config_broken(cli *c, const char *file, const ukko_error *err) {
    return settings_unreadable(file) ? uk_cli_config_failed(c, "FILE", CLI_IO, err)
                                     : uk_cli_config_failed(c, "CONFIG", CLI_USAGE, err);
}

int uk_cli_config_stack(ukko_config **out, const uk_cli_options *o) {
    ukko_error err = {0};
    ukko_config *all = NULL;
    int rc = 0, status = CLI_OK;
    for (int i = 0; i < o->n_files && !rc; i++) {
        ukko_config *file = NULL;
        rc = ukko_config_parse_file(&file, o->files[i], &err);
        if (rc) status = uk_cli_config_broken(o->cli, o->files[i], &err);
        ukko_config *both = ukko_config_with_fallback(all, file);
        ukko_config_release(file);
        ukko_config_release(all);
        all = both;
    }
    if (!rc)
        rc = o->reference ? ukko_config_load_from(out, all, &err)
                          : ukko_config_resolve(out, all, &err);
    ukko_config_release(all);
    if (rc && status == CLI_OK) status = uk_cli_config_failed(o->cli, "CONFIG", CLI_USAGE, &err);
    return status;
}

json_t *uk_cli_config_value(const char *text) {
    json_t *j = text ? json_loads(text, JSON_DECODE_ANY, NULL) : json_null();
    return j ? j : output_text(text);
}

int run_config_render(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    if (!o.n_files && !o.reference) return cli_usage(c, "render needs FILE, or --with-reference");
    ukko_config *cfg;
    int rc = uk_cli_config_stack(&cfg, &o);
    if (rc) return rc;
    char *text = o.hocon ? ukko_config_render_hocon(cfg, 2) : ukko_config_render(cfg, 2);
    if (text) fputs(text, stdout);
    else
        fprintf(stderr, "%s:0: limit: the rendered text is too large\n",
                o.n_files ? o.files[0] : "reference.conf");
    ukko_free(text);
    ukko_config_release(cfg);
    return text ? 0 : 2;
}
