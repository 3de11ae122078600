/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config get|explain`: effective values, where they were written, what they override.
   Main thread. */
#include "config_cmd.h"
#include <stdlib.h>
#include <string.h>

int uk_cli_config_get(int argc, char **argv) {
    uk_cli_options o = {0};
    if (!uk_cli_config_options(&o, argc, argv)) return 1;
    if (o.n_files < 2) {
        fputs("usage: ukko config get [--json] PATH FILE...\n", stderr);
        return 1;
    }
    const char *path = o.files[0];
    memmove(o.files, o.files + 1, sizeof *o.files * (size_t)--o.n_files);
    o.reference = true;
    ukko_config *cfg;
    int rc = uk_cli_config_stack(&cfg, &o);
    if (rc) return rc;
    ukko_slice text;
    char *json = ukko_config_render_value(cfg, path);
    if (!json) {
        ukko_error err = {0};
        ukko_config_explain(cfg, path, UKKO_ENOTFOUND, "a value", &err);
        fprintf(stderr, "%s\n", err.message);
    } else if (!o.json && !ukko_config_slice(cfg, path, &text)) {
        printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    } else {
        puts(json);
    }
    rc = json ? 0 : 1;
    ukko_free(json);
    ukko_config_release(cfg);
    return rc;
}

/* ---- explain ---- */

typedef struct explain {
    const uk_cli_options *o;
    ukko_config *layers[65]; /* as written, the first wins; the reference last */
    int n_layers;
    ukko_config *all;
    bool every; /* also settings that only the reference sets */
    int shown;
} explain;

static const char *use_word(ukko_config_use use) {
    static const char *const words[] = {"own", "honoured", "accepted", "unknown"};
    return words[use];
}

/* The layers that set path, from the top; gives how many, [0] is the effective one. */
static int setters(const explain *e, const char *path, int *found) {
    int n = 0;
    for (int i = 0; i < e->n_layers; i++) {
        ukko_config_kind kind;
        int rc = ukko_config_kind_of(e->layers[i], path, &kind);
        if (!rc || rc == UKKO_ECONFIG) found[n++] = i;
    }
    return n;
}

/* The value that a layer writes; a substitution is shown as resolved where it won. */
static char *value_in(const explain *e, int layer, const char *path) {
    return ukko_config_render_value(e->layers[layer], path);
}

static void place(FILE *out, const ukko_config_origin *at) {
    if (at->line)
        fprintf(out, "%s:%d", at->file, at->line);
    else
        fputs(at->file, out);
}

static void explain_json(explain *e, const char *path, const char *value,
                         const ukko_config_origin *at, const int *found, int n) {
    char *meaning;
    const char *use = use_word(ukko_config_use_of(path, &meaning));
    fputs(e->shown ? ",\n {\"path\":" : "\n {\"path\":", stdout);
    uk_cli_json_string(stdout, path, strlen(path));
    printf(",\"value\":%s,\"file\":", value);
    uk_cli_json_string(stdout, at->file, strlen(at->file));
    printf(",\"line\":%d,\"use\":\"%s\"", at->line, use);
    if (meaning) {
        fputs(",\"meaning\":", stdout);
        uk_cli_json_string(stdout, meaning, strlen(meaning));
    }
    fputs(",\"overrides\":[", stdout);
    for (int i = 1; i < n; i++) {
        ukko_config_origin low = {"", 0, 0};
        char *text = value_in(e, found[i], path);
        ukko_config_origin_of(e->layers[found[i]], path, &low);
        printf("%s{\"value\":%s,\"file\":", i > 1 ? "," : "", text ? text : "null");
        uk_cli_json_string(stdout, low.file, strlen(low.file));
        printf(",\"line\":%d}", low.line);
        ukko_free(text);
    }
    fputs("]}", stdout);
    ukko_free(meaning);
}

static void explain_text(explain *e, const char *path, const char *value,
                         const ukko_config_origin *at, const int *found, int n) {
    char *meaning;
    ukko_config_use use = ukko_config_use_of(path, &meaning);
    printf("%s = %s\n    set in ", path, value);
    place(stdout, at);
    if (use == UKKO_CONFIG_ACCEPTED) fputs("\n    known to Pekko, without effect here", stdout);
    if (use == UKKO_CONFIG_UNKNOWN) fputs("\n    unknown: misspelt?", stdout);
    if (meaning) printf("\n    %s", meaning);
    for (int i = 1; i < n; i++) {
        ukko_config_origin low = {"", 0, 0};
        char *text = value_in(e, found[i], path);
        ukko_config_origin_of(e->layers[found[i]], path, &low);
        printf("\n    overrides %s of ", text ? text : "a substitution");
        place(stdout, &low);
        ukko_free(text);
    }
    putchar('\n');
    ukko_free(meaning);
}

static bool explain_one(void *data, const char *path, const ukko_config_origin *at) {
    explain *e = data;
    int found[65], n = setters(e, path, found);
    if (!e->every && (!n || found[0] == e->n_layers - 1)) return true;
    char *value = ukko_config_render_value(e->all, path);
    if (value) (e->o->json ? explain_json : explain_text)(e, path, value, at, found, n);
    ukko_free(value);
    e->shown++;
    return true;
}

static bool is_file(const char *name) {
    FILE *f = fopen(name, "r");
    if (f) fclose(f);
    return f != NULL;
}

static int open_layers(explain *e) {
    ukko_error err = {0};
    for (int i = 0; i < e->o->n_files; i++) {
        if (!ukko_config_parse_file(&e->layers[i], e->o->files[i], &err)) {
            e->n_layers++;
            continue;
        }
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    e->layers[e->n_layers++] = ukko_config_reference();
    return 0;
}

static int explain_path(explain *e, const char *path) {
    ukko_config_kind kind;
    ukko_config_origin at;
    if (ukko_config_kind_of(e->all, path, &kind)) {
        ukko_error err = {0};
        ukko_config_explain(e->all, path, UKKO_ENOTFOUND, "a value", &err);
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    e->every = true;
    if (kind == UKKO_CONFIG_OBJECT)
        ukko_config_each(e->all, path, explain_one, e);
    else if (!ukko_config_origin_of(e->all, path, &at))
        explain_one(e, path, &at);
    return 0;
}

int uk_cli_config_explain(int argc, char **argv) {
    uk_cli_options o = {0};
    if (!uk_cli_config_options(&o, argc, argv)) return 1;
    const char *path = o.n_files > 0 && !is_file(o.files[0]) ? o.files[0] : NULL;
    if (path) memmove(o.files, o.files + 1, sizeof *o.files * (size_t)--o.n_files);
    if (!path && !o.n_files) {
        fputs("usage: ukko config explain [--json] [PATH] FILE...\n", stderr);
        return 1;
    }
    o.reference = true;
    explain e = {.o = &o};
    int rc = uk_cli_config_stack(&e.all, &o);
    if (rc) return rc;
    rc = open_layers(&e);
    if (!rc) {
        if (o.json) putchar('[');
        if (path)
            rc = explain_path(&e, path);
        else
            ukko_config_each(e.all, NULL, explain_one, &e);
        if (o.json) fputs("\n]\n", stdout);
    }
    for (int i = 0; i < e.n_layers; i++) ukko_config_release(e.layers[i]);
    ukko_config_release(e.all);
    return rc;
}
