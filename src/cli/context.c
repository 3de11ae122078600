/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko context`: saved targets with their options, in $XDG_CONFIG_HOME/ukko/contexts.conf (JSON, which
   HOCON is as well). Main thread. */
#include "tables.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void path_of(char *path, size_t len) {
    const char *given = getenv("UKKO_CONTEXTS"), *xdg = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    if (given) snprintf(path, len, "%s", given);
    else if (xdg && *xdg) snprintf(path, len, "%s/ukko/contexts.conf", xdg);
    else snprintf(path, len, "%s/.config/ukko/contexts.conf", home ? home : "");
}

static json_t *load(void) {
    char path[600];
    path_of(path, sizeof path);
    json_t *all = json_load_file(path, 0, NULL);
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }
    if (!json_is_object(json_object_get(all, "contexts")))
        json_object_set_new(all, "contexts", json_object());
    return all;
}

static int save(cli *c, const json_t *all) {
    char path[600], dir[600];
    path_of(path, sizeof path);
    snprintf(dir, sizeof dir, "%s", path);
    for (char *p = dir + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        mkdir(dir, 0700);
        *p = '/';
    }
    problem p = {CLI_IO, "FILE", "context", NULL, NULL};
    mode_t old = umask(077);
    int rc = json_dump_file(all, path, JSON_INDENT(2));
    umask(old);
    return rc == 0 ? CLI_OK : cli_fail(c, &p, "%s: %s", path, strerror(errno));
}

static int no_such(cli *c, const char *name) {
    problem p = {CLI_USAGE, "NO_SUCH_CONTEXT", "context", name, "ukko context ls shows them"};
    return cli_fail(c, &p, "no context is called '%s'", name);
}

/* ---- The commands -------------------------------------------------------------------- */

static bool is_of_system(const option *o) {
    for (const option *s = system_options; s->name; s++)
        if (s == o && strcmp(o->name, "context") != 0) return true;
    return false;
}

int run_context_add(cli *c) {
    target t;
    if (strpbrk(c->args[0], "/@: ") || !*c->args[0])
        return cli_usage(c, "'%s' is no name for a context", c->args[0]);
    int status = target_parse(c, c->args[1], &t);
    if (status != CLI_OK) return status;
    json_t *all = load(), *one = json_object(), *options = json_array();
    json_object_set_new(one, "target", output_text(c->args[1]));
    for (int i = 0; i < c->n_given; i++)
        if (is_of_system(c->given[i].option))
            json_array_append_new(options,
                                  json_pack("[s, s]", c->given[i].option->name, c->given[i].value));
    json_object_set_new(one, "options", options);
    json_object_set_new(json_object_get(all, "contexts"), c->args[0], one);
    status = save(c, all);
    json_decref(all);
    if (status == CLI_OK) output_note(c, "saved; use it as @%s", c->args[0]);
    return status;
}

int run_context_ls(cli *c) {
    json_t *all = load(), *one;
    const char *name, *current = json_string_value(json_object_get(all, "current"));
    json_object_foreach(json_object_get(all, "contexts"), name, one) {
        bool used = current && strcmp(current, name) == 0;
        const char *to = json_string_value(json_object_get(one, "target"));
        json_t *j = json_object();
        json_object_set_new(j, "name", output_text(name));
        json_object_set_new(j, "target", output_text(to));
        json_object_set_new(j, "current", json_boolean(used));
        output_record(c, j, "%s %-16s %s", used ? "*" : " ", name, to ? to : "");
    }
    json_decref(all);
    return CLI_OK;
}

int run_context_use(cli *c) {
    json_t *all = load();
    int status = json_object_get(json_object_get(all, "contexts"), c->args[0])
                     ? CLI_OK
                     : no_such(c, c->args[0]);
    if (status == CLI_OK) {
        json_object_set_new(all, "current", output_text(c->args[0]));
        status = save(c, all);
    }
    json_decref(all);
    return status;
}

int run_context_rm(cli *c) {
    json_t *all = load();
    const char *current = json_string_value(json_object_get(all, "current"));
    bool used = current && strcmp(current, c->args[0]) == 0;
    int status = json_object_del(json_object_get(all, "contexts"), c->args[0]) == 0
                     ? CLI_OK
                     : no_such(c, c->args[0]);
    if (used) json_object_del(all, "current");
    if (status == CLI_OK) status = save(c, all);
    json_decref(all);
    return status;
}

/* ---- Using one ----------------------------------------------------------------------- */

static const option *system_option(const char *name) {
    for (const option *o = system_options; o->name; o++)
        if (strcmp(o->name, name) == 0) return o;
    return NULL;
}

/* What a context says counts less than what was given: it comes first, and the last one wins. */
static void take_options(cli *c, const json_t *options) {
    json_t *pair;
    size_t i;
    json_array_foreach(options, i, pair) {
        const option *o = system_option(json_string_value(json_array_get(pair, 0)));
        const char *value = json_string_value(json_array_get(pair, 1));
        if (!o || !value || c->n_given == MAX_GIVEN) continue;
        memmove(c->given + 1, c->given, sizeof c->given[0] * (size_t)c->n_given);
        c->given[0].option = o;
        c->given[0].value = strdup(value); /* as long as the command runs */
        c->n_given++;
    }
}

int context_target(cli *c, const char *text, char *whole, size_t len) {
    char name[100];
    const char *path = strchr(text, '/'), *chosen = args_value(c, "context");
    json_t *all = load();
    if (!chosen) chosen = getenv("UKKO_CONTEXT");
    if (!chosen) chosen = json_string_value(json_object_get(all, "current"));
    if (text[0] == '@' && text[1] && text[1] != '/')
        snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 1, "/"), text + 1);
    else snprintf(name, sizeof name, "%s", chosen ? chosen : "");
    json_t *one = json_object_get(json_object_get(all, "contexts"), name);
    const char *to = json_string_value(json_object_get(one, "target"));
    int status = to ? CLI_OK : no_such(c, name);
    if (to) {
        snprintf(whole, len, "%s%s", to, path ? path : "");
        if (!c->context_taken) take_options(c, json_object_get(one, "options"));
        c->context_taken = true;
    }
    json_decref(all);
    return status;
}

void context_names(void (*fn)(const char *name, void *data), void *data) {
    json_t *all = load(), *one;
    const char *name;
    json_object_foreach(json_object_get(all, "contexts"), name, one) fn(name, data);
    json_decref(all);
}
