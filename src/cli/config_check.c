/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config check|diff`. Main thread. */
#include "config_cmd.h"
#include <stdlib.h>
#include <string.h>

typedef struct findings {
    cli *cli;
    int n;
} findings;

static void show_finding(void *data, const ukko_config_finding *f) {
    findings *all = data;
    json_t *j = json_object();
    json_object_set_new(j, "path", output_text(f->path));
    json_object_set_new(j, "nearest", output_text(f->nearest));
    json_object_set_new(j, "file", output_text(f->origin.file));
    json_object_set_new(j, "line", json_integer(f->origin.line));
    output_record(all->cli, j, "%s", f->text);
    all->n++;
}

int run_config_check(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    o.reference = true;
    ukko_config *all;
    int rc = uk_cli_config_stack(&all, &o);
    if (rc) return rc;
    ukko_config_release(all);
    findings found = {.cli = c};
    ukko_config *forced = ukko_config_forced();
    ukko_config_check(forced, show_finding, &found);
    ukko_config_release(forced);
    for (int i = 0; i < o.n_files; i++) {
        ukko_config *file;
        if (ukko_config_parse_file(&file, o.files[i], NULL)) continue; /* it was fine above */
        ukko_config_check(file, show_finding, &found);
        ukko_config_release(file);
    }
    if (!found.n) output_note(c, "no misspelt settings");
    return found.n ? CLI_NEGATIVE : CLI_OK;
}

/* ---- diff ---- */

typedef struct diff {
    cli *cli;
    const ukko_config *a, *b;
    bool second; /* the walk over b, for what a lacks */
    int n;
} diff;

static int side(char *to, size_t len, const ukko_config *c, const char *path, const char *value,
                const char *mark) {
    ukko_config_origin at = {"", 0, 0};
    if (!value) return 0;
    ukko_config_origin_of(c, path, &at);
    return snprintf(to, len, "%s %s = %s  # %s:%d\n", mark, path, value, at.file, at.line);
}

/* What - and + lines say, without the last line end. Owned: free(). */
static char *both_sides(const diff *d, const char *path, const char *x, const char *y) {
    int n = side(NULL, 0, d->a, path, x, "-") + side(NULL, 0, d->b, path, y, "+");
    char *text = malloc((size_t)n + 1);
    int first = side(text, (size_t)n + 1, d->a, path, x, "-");
    side(text + first, (size_t)(n - first) + 1, d->b, path, y, "+");
    if (n) text[n - 1] = 0;
    return text;
}

static bool compare(void *data, const char *path, const ukko_config_origin *at) {
    diff *d = data;
    (void)at;
    char *x = ukko_config_render_value(d->a, path), *y = ukko_config_render_value(d->b, path);
    bool same = x && y && !strcmp(x, y);
    if (!same && !(d->second && x)) {
        json_t *j = json_object();
        json_object_set_new(j, "path", output_text(path));
        json_object_set_new(j, "first", uk_cli_config_value(x));
        json_object_set_new(j, "second", uk_cli_config_value(y));
        char *text = both_sides(d, path, x, y);
        output_record(d->cli, j, "%s", text);
        free(text);
        d->n++;
    }
    ukko_free(x);
    ukko_free(y);
    return true;
}

int run_config_diff(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    ukko_config *f[2] = {NULL, NULL};
    int rc = 0;
    for (int i = 0; i < 2 && !rc; i++) {
        uk_cli_options one = {
            .n_files = 1, .files = {o.files[i]}, .reference = o.reference, .cli = c};
        rc = uk_cli_config_stack(&f[i], &one);
    }
    if (!rc) {
        diff d = {.cli = c, .a = f[0], .b = f[1]};
        ukko_config_each(f[0], NULL, compare, &d);
        d.second = true;
        ukko_config_each(f[1], NULL, compare, &d);
        rc = d.n ? CLI_NEGATIVE : CLI_OK;
    }
    ukko_config_release(f[0]);
    ukko_config_release(f[1]);
    return rc;
}
