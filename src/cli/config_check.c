/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config check|diff`. Main thread. */
#include "config_cmd.h"
#include <string.h>

typedef struct findings {
    bool json;
    int n;
} findings;

static void show_finding(void *data, const ukko_config_finding *f) {
    findings *all = data;
    if (!all->json) {
        fprintf(stderr, "%s\n", f->text);
    } else {
        printf("%s\n {\"path\":", all->n ? "," : "[");
        uk_cli_json_string(stdout, f->path, strlen(f->path));
        fputs(",\"nearest\":", stdout);
        if (f->nearest)
            uk_cli_json_string(stdout, f->nearest, strlen(f->nearest));
        else
            fputs("null", stdout);
        fputs(",\"file\":", stdout);
        uk_cli_json_string(stdout, f->origin.file, strlen(f->origin.file));
        printf(",\"line\":%d}", f->origin.line);
    }
    all->n++;
}

int uk_cli_config_check(int argc, char **argv) {
    uk_cli_options o = {0};
    if (!uk_cli_config_options(&o, argc, argv)) return 1;
    if (!o.n_files) {
        fputs("usage: ukko config check [--json] FILE...\n", stderr);
        return 1;
    }
    o.reference = true;
    ukko_config *all;
    int rc = uk_cli_config_stack(&all, &o);
    if (rc) return rc;
    ukko_config_release(all);
    findings found = {.json = o.json};
    for (int i = 0; i < o.n_files; i++) {
        ukko_config *file;
        if (ukko_config_parse_file(&file, o.files[i], NULL)) continue; /* it was fine above */
        ukko_config_check(file, show_finding, &found);
        ukko_config_release(file);
    }
    if (o.json)
        fputs(found.n ? "\n]\n" : "[]\n", stdout);
    else if (!found.n)
        puts("no misspelt settings");
    return found.n ? 1 : 0;
}

/* ---- diff ---- */

typedef struct diff {
    const ukko_config *a, *b;
    bool json, second; /* second: the walk over b, for what a lacks */
    int n;
} diff;

static void side(const ukko_config *c, const char *path, const char *value, const char *mark) {
    ukko_config_origin at = {"", 0, 0};
    if (!value) return;
    ukko_config_origin_of(c, path, &at);
    printf("%s %s = %s  # %s:%d\n", mark, path, value, at.file, at.line);
}

static bool compare(void *data, const char *path, const ukko_config_origin *at) {
    diff *d = data;
    (void)at;
    char *x = ukko_config_render_value(d->a, path), *y = ukko_config_render_value(d->b, path);
    bool same = x && y && !strcmp(x, y);
    if (!same && !(d->second && x)) {
        if (d->json) {
            printf("%s\n {\"path\":", d->n ? "," : "[");
            uk_cli_json_string(stdout, path, strlen(path));
            printf(",\"first\":%s,\"second\":%s}", x ? x : "null", y ? y : "null");
        } else {
            side(d->a, path, x, "-");
            side(d->b, path, y, "+");
        }
        d->n++;
    }
    ukko_free(x);
    ukko_free(y);
    return true;
}

int uk_cli_config_diff(int argc, char **argv) {
    uk_cli_options o = {0};
    if (!uk_cli_config_options(&o, argc, argv)) return 1;
    if (o.n_files != 2) {
        fputs("usage: ukko config diff [--json] [--with-reference] FILE FILE\n", stderr);
        return 1;
    }
    ukko_config *c[2] = {NULL, NULL};
    int rc = 0;
    for (int i = 0; i < 2 && !rc; i++) {
        uk_cli_options one = {.n_files = 1, .files = {o.files[i]}, .reference = o.reference};
        rc = uk_cli_config_stack(&c[i], &one);
    }
    if (!rc) {
        diff d = {.a = c[0], .b = c[1], .json = o.json};
        ukko_config_each(c[0], NULL, compare, &d);
        d.second = true;
        ukko_config_each(c[1], NULL, compare, &d);
        if (o.json) fputs(d.n ? "\n]\n" : "[]\n", stdout);
        rc = d.n ? 1 : 0;
    }
    ukko_config_release(c[0]);
    ukko_config_release(c[1]);
    return rc;
}
