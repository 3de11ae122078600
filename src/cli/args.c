/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options may stand anywhere, "--" ends them, numbers and durations are checked
   where they are read. */
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const option global_options[] = {
    {"output", 'o', "MODE", "human, json, jsonl or tsv"},
    {"timeout", 't', "TIME", "how long to wait for an answer (5s)"},
    {"config", 0, "FILE", "configuration of the command's own system (HOCON)"},
    {"define", 'D', "KEY=VALUE", "one setting of it; repeatable"},
    {"as", 0, "SYS@HOST:PORT", "own name and address (ukko-cli@127.0.0.1:0)"},
    {"quiet", 'q', NULL, "no notes for people"},
    {"verbose", 'v', NULL, "the log on standard error; -vv, -vvv more of it"},
    {"help", 'h', NULL, "about the command"},
    {NULL, 0, NULL, NULL},
};

static const option *find_in(const option *table, const char *name, size_t len, char letter) {
    for (; table->name; table++)
        if (letter ? table->letter == letter
                   : strlen(table->name) == len && memcmp(table->name, name, len) == 0)
            return table;
    return NULL;
}

static const option *find_option(const cli *c, const char *name, size_t len, char letter) {
    const option *o = find_in(global_options, name, len, letter);
    for (int i = 0; !o && c->command && c->command->options && c->command->options[i]; i++)
        o = find_in(c->command->options[i], name, len, letter);
    return o;
}

static int keep(cli *c, const option *o, const char *value) {
    if (c->n_given == MAX_GIVEN)
        return cli_usage(c, "too many options");
    c->given[c->n_given].option = o;
    c->given[c->n_given++].value = value;
    return CLI_OK;
}

/* The value of o is what stands behind it, or the next word. */
static int take_value(cli *c, const option *o, const char *behind, int argc, char **argv, int *i) {
    if (behind)
        return keep(c, o, behind);
    if (++*i == argc)
        return cli_usage(c, "--%s needs a value: %s", o->name, o->value);
    return keep(c, o, argv[*i]);
}

static int take_long(cli *c, int argc, char **argv, int *i) {
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    const option *o = find_option(c, name, equals ? (size_t)(equals - name) : strlen(name), 0);
    if (!o)
        return cli_usage(c, "unknown option %s", argv[*i]);
    if (o->value)
        return take_value(c, o, equals ? equals + 1 : NULL, argc, argv, i);
    return equals ? cli_usage(c, "--%s takes no value", o->name) : keep(c, o, "");
}

/* "-vq", "-ojson", "-o json" */
static int take_letters(cli *c, int argc, char **argv, int *i) {
    for (const char *p = argv[*i] + 1; *p; p++) {
        const option *o = find_option(c, NULL, 0, *p);
        if (!o)
            return cli_usage(c, "unknown option -%c", *p);
        if (o->value)
            return take_value(c, o, p[1] ? p + 1 : NULL, argc, argv, i);
        int rc = keep(c, o, "");
        if (rc != CLI_OK)
            return rc;
    }
    return CLI_OK;
}

static int take_word(cli *c, const char *word) {
    if (!c->command) {
        c->command = command_named(word);
        return c->command ? CLI_OK : cli_usage(c, "unknown command '%s'", word);
    }
    if (c->n_args == MAX_GIVEN)
        return cli_usage(c, "too many arguments");
    c->args[c->n_args++] = word;
    return CLI_OK;
}

static bool is_option(const char *word) {
    return word[0] == '-' && word[1] != '\0';
}

static int take_all(cli *c, int argc, char **argv) {
    bool ended = false;
    int rc = CLI_OK;
    for (int i = 1; i < argc && rc == CLI_OK; i++) {
        if (ended || !is_option(argv[i]))
            rc = take_word(c, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            ended = true;
        else if (argv[i][1] == '-')
            rc = take_long(c, argc, argv, &i);
        else
            rc = take_letters(c, argc, argv, &i);
        if (c->command && c->command->raw) {
            c->argc = argc - i;
            c->argv = argv + i;
            return rc;
        }
    }
    return rc;
}

static bool mode_named(const char *name, output_mode *mode) {
    static const char *const modes[] = {[HUMAN] = "human", "json", "jsonl", "tsv"};
    for (output_mode m = HUMAN; m <= TSV; m++) {
        if (strcmp(name, modes[m]) == 0) {
            *mode = m;
            return true;
        }
    }
    return false;
}

/* Before all else, so that also a wrong command line is answered in the mode asked for. */
static void guess_mode(cli *c, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0)
            mode_named(next, &c->mode);
        else if (strncmp(argv[i], "--output=", 9) == 0)
            mode_named(argv[i] + 9, &c->mode);
        else if (strncmp(argv[i], "-o", 2) == 0)
            mode_named(argv[i] + 2, &c->mode);
    }
}

static int take_mode(cli *c) {
    const char *mode = args_value(c, "output");
    if (!mode || mode_named(mode, &c->mode))
        return CLI_OK;
    return cli_usage(c, "unknown output mode '%s'", mode);
}

static int check_args(cli *c) {
    const command *k = c->command;
    if (args_count(c, "help") || !k || k->raw)
        return CLI_OK;
    if (c->n_args < k->least)
        return cli_usage(c, "%s needs %s", k->name, k->args);
    if (c->n_args > k->most)
        return cli_usage(c, "%s does not take '%s'", k->name, c->args[k->most]);
    return CLI_OK;
}

int args_parse(cli *c, int argc, char **argv) {
    guess_mode(c, argc, argv);
    int rc = take_all(c, argc, argv);
    c->quiet = args_count(c, "quiet") > 0;
    c->verbosity = args_count(c, "verbose");
    c->timeout_ms = 5000;
    if (rc == CLI_OK)
        rc = take_mode(c);
    if (rc == CLI_OK)
        rc = args_duration(c, "timeout", &c->timeout_ms);
    return rc == CLI_OK ? check_args(c) : rc;
}

const char *args_value(const cli *c, const char *name) {
    for (int i = c->n_given - 1; i >= 0; i--)
        if (strcmp(c->given[i].option->name, name) == 0)
            return c->given[i].value;
    return NULL;
}

int args_count(const cli *c, const char *name) {
    int n = 0;
    for (int i = 0; i < c->n_given; i++)
        n += strcmp(c->given[i].option->name, name) == 0;
    return n;
}

int args_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *n) {
    const char *text = args_value(c, name);
    if (!text)
        return CLI_OK;
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < least || v > most)
        return cli_usage(c, "--%s: '%s' is no number from %lld to %lld", name, text,
                         (long long)least, (long long)most);
    *n = v;
    return CLI_OK;
}

int args_duration(cli *c, const char *name, int64_t *ms) {
    static const struct { const char *unit; double ms; } units[] = {
        {"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}};
    const char *text = args_value(c, name);
    if (!text)
        return CLI_OK;
    char *end;
    double n = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && n >= 0 && n * units[i].ms < 1e12) {
            *ms = (int64_t)(n * units[i].ms);
            return CLI_OK;
        }
    }
    return cli_usage(c, "--%s: '%s' is no duration such as 5s or 300ms", name, text);
}
