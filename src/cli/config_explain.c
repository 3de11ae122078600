/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config get|explain`: effective values, where they were written, what they override.
   Main thread. */
#include "config_cmd.h"
#include <stdlib.h>
#include <string.h>

static int not_there(cli *c, const ukko_config *cfg, const char *path) {
    ukko_error err = {0};
    ukko_config_explain(cfg, path, UKKO_ENOTFOUND, "a value", &err);
    return uk_cli_config_failed(c, "NO_SUCH_SETTING", CLI_NEGATIVE, &err);
}

int run_config_get(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    const char *path = o.files[0];
    memmove(o.files, o.files + 1, sizeof *o.files * (size_t)--o.n_files);
    o.reference = true;
    ukko_config *cfg;
    int rc = uk_cli_config_stack(&cfg, &o);
    if (rc) return rc;
    ukko_slice text;
    char *json = ukko_config_render_value(cfg, path);
    rc = json ? CLI_OK : not_there(c, cfg, path);
    if (json && !o.json && !ukko_config_slice(cfg, path, &text))
        printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    else if (json) puts(json);
    ukko_free(json);
    ukko_config_release(cfg);
    return rc;
}

/* ---- explain ---- */

typedef struct explain {
    const uk_cli_options *o;
    /* As written, the first wins: the environment's, the files', the reference. */
    ukko_config *layers[MAX_GIVEN + 2];
    int n_layers;
    ukko_config *all;
    bool every; /* also settings that only the reference sets */
} explain;

/* One setting: what it is, and the layers that set it. */
typedef struct setting {
    const char *path, *value;
    char *written;           /* what the file says when that is not yet the value: ${x} */
    ukko_config_origin at;   /* where it is written */
    ukko_config_origin from; /* where its value is written */
    ukko_config_use use;
    char *meaning;
    int found[MAX_GIVEN + 2], n;
} setting;

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

/* "value, file, line" of each setting below the first. */
static json_t *overridden(const explain *e, const setting *s) {
    json_t *list = json_array();
    for (int i = 1; i < s->n; i++) {
        ukko_config_origin low = {"", 0, 0};
        char *text = ukko_config_render_value(e->layers[s->found[i]], s->path);
        ukko_config_origin_of(e->layers[s->found[i]], s->path, &low);
        json_array_append_new(list, json_pack("{s:o, s:o, s:i}", "value", uk_cli_config_value(text),
                                              "file", output_text(low.file), "line", low.line));
        ukko_free(text);
    }
    return list;
}

static void place(FILE *out, const ukko_config_origin *at) {
    if (at->line) fprintf(out, "%s:%d", at->file, at->line);
    else fputs(at->file, out);
}

/* What people read: owned, free(). */
static char *as_text(const explain *e, const setting *s) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    fprintf(out, "%s = %s\n    set in ", s->path, s->value);
    place(out, &s->at);
    if (s->written) {
        fprintf(out, " as %s", s->written);
        if (s->from.line != s->at.line || strcmp(s->from.file, s->at.file)) {
            fputs(", value from ", out);
            place(out, &s->from);
        }
    }
    if (s->use == UKKO_CONFIG_ACCEPTED) fputs("\n    known to Pekko, without effect here", out);
    if (s->use == UKKO_CONFIG_UNKNOWN) fputs("\n    unknown: misspelt?", out);
    if (s->meaning) fprintf(out, "\n    %s", s->meaning);
    for (int i = 1; i < s->n; i++) {
        ukko_config_origin low = {"", 0, 0};
        char *below = ukko_config_render_value(e->layers[s->found[i]], s->path);
        ukko_config_origin_of(e->layers[s->found[i]], s->path, &low);
        fprintf(out, "\n    overrides %s of ", below ? below : "a substitution");
        place(out, &low);
        ukko_free(below);
    }
    fclose(out);
    return text;
}

static void show(const explain *e, const setting *s) {
    char *text = as_text(e, s);
    json_t *j = json_object();
    json_object_set_new(j, "path", output_text(s->path));
    json_object_set_new(j, "value", uk_cli_config_value(s->value));
    json_object_set_new(j, "file", output_text(s->at.file));
    json_object_set_new(j, "line", json_integer(s->at.line));
    json_object_set_new(j, "written", output_text(s->written));
    json_object_set_new(j, "use", output_text(use_word(s->use)));
    json_object_set_new(j, "meaning", output_text(s->meaning));
    json_object_set_new(j, "overrides", overridden(e, s));
    output_record(e->o->cli, j, "%s", text ? text : "");
    free(text);
}

static bool explain_one(void *data, const char *path, const ukko_config_origin *at) {
    explain *e = data;
    setting s = {.path = path, .at = *at, .from = *at};
    s.n = setters(e, path, s.found);
    if (!e->every && (!s.n || s.found[0] == e->n_layers - 1)) return true;
    char *value = ukko_config_render_value(e->all, path);
    if (!value) return true;
    s.value = value;
    ukko_config_kind kind;
    const ukko_config *top = s.n ? e->layers[s.found[0]] : e->all;
    if (ukko_config_kind_of(top, path, &kind) == UKKO_ECONFIG)
        s.written = ukko_config_written(top, path);
    ukko_config_origin_of(top, path, &s.at);
    s.use = ukko_config_use_of(path, &s.meaning);
    show(e, &s);
    ukko_free(s.meaning);
    ukko_free(s.written);
    ukko_free(value);
    return true;
}

static bool is_file(const char *name) {
    FILE *f = fopen(name, "r");
    if (f) fclose(f);
    return f != NULL;
}

static int open_layers(explain *e) {
    ukko_error err = {0};
    e->layers[e->n_layers++] = ukko_config_forced();
    for (int i = 0; i < e->o->n_files; i++) {
        if (ukko_config_parse_file(&e->layers[e->n_layers], e->o->files[i], &err))
            return uk_cli_config_broken(e->o->cli, e->o->files[i], &err);
        e->n_layers++;
    }
    e->layers[e->n_layers++] = ukko_config_reference();
    return 0;
}

static int explain_path(explain *e, const char *path) {
    ukko_config_kind kind;
    ukko_config_origin at;
    if (ukko_config_kind_of(e->all, path, &kind)) return not_there(e->o->cli, e->all, path);
    e->every = true;
    if (kind == UKKO_CONFIG_OBJECT) ukko_config_each(e->all, path, explain_one, e);
    else if (!ukko_config_origin_of(e->all, path, &at)) explain_one(e, path, &at);
    return 0;
}

int run_config_explain(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    const char *path = o.n_files > 0 && !is_file(o.files[0]) ? o.files[0] : NULL;
    if (path) memmove(o.files, o.files + 1, sizeof *o.files * (size_t)--o.n_files);
    o.reference = true;
    explain e = {.o = &o};
    int rc = uk_cli_config_stack(&e.all, &o);
    if (rc) return rc;
    rc = open_layers(&e);
    if (!rc) {
        if (path) rc = explain_path(&e, path);
        else ukko_config_each(e.all, NULL, explain_one, &e);
    }
    for (int i = 0; i < e.n_layers; i++) ukko_config_release(e.layers[i]);
    ukko_config_release(e.all);
    return rc;
}
