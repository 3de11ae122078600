/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options may stand anywhere, "--" ends them, numbers and durations are checked
   where they are read. */
#include "cli.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const option *find_in(const option *table, const char *name, size_t len, char letter) {
    for (; table->name; table++)
        if (letter ? table->letter == letter
                   : strlen(table->name) == len && memcmp(table->name, name, len) == 0)
            return table;
    return NULL;
}

static const option *find_option(const cli *c, const char *name, size_t len, char letter) {
    const command *k = c->command;
    const option *const tables[] = {output_options, system_options, k ? k->options : NULL,
                                    k ? k->messages : NULL};
    const option *o = NULL;
    for (size_t i = 0; !o && i < sizeof tables / sizeof tables[0]; i++)
        o = tables[i] ? find_in(tables[i], name, len, letter) : NULL;
    return o;
}

static bool is_one_of(const char *value, const char *words) {
    size_t len = strlen(value);
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, value, n) == 0) return true;
        p += n;
    }
    return false;
}

static int keep(cli *c, const option *o, const char *value) {
    if (c->n_given == MAX_GIVEN) return cli_usage(c, "too many options");
    if (o->values && o->values[0] != '@' && !is_one_of(value, o->values))
        return cli_usage(c, "--%s: '%s' is none of: %s", o->name, value, o->values);
    c->given[c->n_given].option = o;
    c->given[c->n_given++].value = value;
    return CLI_OK;
}

/* The value of o is what stands behind it, or the next word. */
static int take_value(cli *c, const option *o, const char *behind, int argc, char **argv, int *i) {
    if (behind) return keep(c, o, behind);
    if (++*i == argc) return cli_usage(c, "--%s needs a value: %s", o->name, o->value);
    return keep(c, o, argv[*i]);
}

static int take_long(cli *c, int argc, char **argv, int *i) {
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    const option *o = find_option(c, name, equals ? (size_t)(equals - name) : strlen(name), 0);
    if (!o) return cli_usage(c, "unknown option %s", argv[*i]);
    if (o->value) return take_value(c, o, equals ? equals + 1 : NULL, argc, argv, i);
    return equals ? cli_usage(c, "--%s takes no value", o->name) : keep(c, o, "");
}

/* "-vq", "-ojson", "-o json" */
static int take_letters(cli *c, int argc, char **argv, int *i) {
    for (const char *p = argv[*i] + 1; *p; p++) {
        const option *o = find_option(c, NULL, 0, *p);
        if (!o) return cli_usage(c, "unknown option -%c", *p);
        if (o->value) return take_value(c, o, p[1] ? p + 1 : NULL, argc, argv, i);
        int rc = keep(c, o, "");
        if (rc != CLI_OK) return rc;
    }
    return CLI_OK;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Few letters are missing, too many, wrong or swapped. */
static bool is_slip(const char *word, const char *name) {
    enum { MOST = 24 };
    size_t n = strlen(word), m = strlen(name), d[MOST][MOST];
    if (n >= MOST || m >= MOST) return false;
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            d[i][j] = i + j;
            if (!i || !j) continue;
            d[i][j] = least(d[i - 1][j - 1] + (word[i - 1] != name[j - 1]),
                            least(d[i - 1][j], d[i][j - 1]) + 1);
            bool swapped =
                i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1];
            if (swapped) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n][m] <= (m < 6 ? 1 : 2);
}

int args_unknown(cli *c, const command *outer, const char *word) {
    const char *near = NULL;
    for (const command *k = outer ? outer->sub : commands; k && k->name; k++)
        if (is_slip(word, k->name)) near = k->name;
    return cli_usage(c, "unknown command '%s%s%s'%s%s%s", outer ? outer->name : "",
                     outer ? " " : "", word, near ? ": did you mean " : "", near ? near : "",
                     near ? "?" : "");
}

static int take_command(cli *c, const char *word) {
    const command *k = command_named(c->command ? c->command->sub : commands, word);
    if (!k) return args_unknown(c, c->command, word);
    c->outer = c->command;
    c->command = k;
    return CLI_OK;
}

static int take_word(cli *c, const char *word) {
    if (!c->command || c->command->sub) return take_command(c, word);
    if (c->n_args == MAX_GIVEN) return cli_usage(c, "too many arguments");
    c->args[c->n_args++] = word;
    return CLI_OK;
}

static bool is_option(const char *word) { return word[0] == '-' && word[1] != '\0'; }

static int take_all(cli *c, int argc, char **argv) {
    bool ended = false;
    int rc = CLI_OK;
    for (int i = 1; i < argc && rc == CLI_OK; i++) {
        if (ended || !is_option(argv[i])) rc = take_word(c, argv[i]);
        else if (strcmp(argv[i], "--") == 0) ended = true;
        else if (argv[i][1] == '-') rc = take_long(c, argc, argv, &i);
        else rc = take_letters(c, argc, argv, &i);
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
        else if (strncmp(argv[i], "--output=", 9) == 0) mode_named(argv[i] + 9, &c->mode);
        else if (strncmp(argv[i], "-o", 2) == 0) mode_named(argv[i] + 2, &c->mode);
    }
}

static int check_args(cli *c) {
    const command *k = c->command;
    if (args_count(c, "help") || !k) return CLI_OK;
    if (k->sub) return cli_usage(c, "%s needs one of its commands", k->name);
    if (c->n_args < k->least) return cli_usage(c, "%s needs %s", k->name, k->args);
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
    c->color = !args_count(c, "no-color") && !getenv("NO_COLOR") && isatty(STDOUT_FILENO);
    if (rc == CLI_OK && args_value(c, "output")) mode_named(args_value(c, "output"), &c->mode);
    if (rc == CLI_OK) rc = args_duration(c, "timeout", &c->timeout_ms);
    return rc == CLI_OK ? check_args(c) : rc;
}

const char *args_value(const cli *c, const char *name) {
    for (int i = c->n_given - 1; i >= 0; i--)
        if (strcmp(c->given[i].option->name, name) == 0) return c->given[i].value;
    return NULL;
}

int args_count(const cli *c, const char *name) {
    int n = 0;
    for (int i = 0; i < c->n_given; i++) n += strcmp(c->given[i].option->name, name) == 0;
    return n;
}

int args_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *n) {
    const char *text = args_value(c, name);
    if (!text) return CLI_OK;
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < least || v > most)
        return cli_usage(c, "--%s: '%s' is no number from %lld to %lld", name, text,
                         (long long)least, (long long)most);
    *n = v;
    return CLI_OK;
}

bool parse_duration(const char *text, int64_t *ms) {
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}};
    char *end;
    double n = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && n >= 0 && n * units[i].ms < 1e12) {
            *ms = (int64_t)(n * units[i].ms);
            return true;
        }
    }
    return false;
}

int args_duration(cli *c, const char *name, int64_t *ms) {
    const char *text = args_value(c, name);
    if (!text || parse_duration(text, ms)) return CLI_OK;
    return cli_usage(c, "--%s: '%s' is no duration such as 5s or 300ms", name, text);
}

bool parse_size(const char *text, int64_t *bytes) {
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {{"", 1},     {"b", 1},      {"B", 1},       {"k", 1000},     {"kB", 1000},
                 {"K", 1024}, {"KiB", 1024}, {"M", 1000000}, {"MB", 1000000}, {"MiB", 1 << 20}};
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; end != text && !errno && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && n >= 0 && n < INT64_MAX / units[i].bytes) {
            *bytes = n * units[i].bytes;
            return true;
        }
    }
    return false;
}

int args_size(cli *c, const char *name, int64_t *bytes) {
    const char *text = args_value(c, name);
    if (!text || parse_size(text, bytes)) return CLI_OK;
    return cli_usage(c, "--%s: '%s' is no size such as 1000, 128k or 1MiB", name, text);
}
