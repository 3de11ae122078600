/* SPDX-License-Identifier: Apache-2.0 */
/* Help and lines to try, from the table of commands. Main thread. */
#include "tables.h"
#include <stdio.h>
#include <string.h>

enum { WIDTH = 79 };

static const char target_text[] =
    "TARGET is pekko.tcp://SYSTEM@HOST:PORT, with /user/NAME behind it for an actor; HOST:PORT,\n"
    "whose system is asked for its name; or @NAME, a saved one (ukko help context).\n"
    "TIME is 300ms, 5s or 1m.";

/* ---- Help ---------------------------------------------------------------------------- */

/* One paragraph, broken into lines. */
static void wrap(const char *text, size_t len) {
    size_t column = 0;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && text[i + n] != ' ' && text[i + n] != '\n') n++;
        if (n && column && column + 1 + n > WIDTH) {
            putchar('\n');
            column = 0;
        }
        if (n) column += (size_t)printf("%s%.*s", column ? " " : "", (int)n, text + i);
        i += n + 1;
    }
    putchar('\n');
}

/* Calls fn for each paragraph of text. */
static void paragraphs(const char *text, void (*fn)(const char *text, size_t len)) {
    while (text && *text) {
        const char *gap = strstr(text, "\n\n");
        fn(text, gap ? (size_t)(gap - text) : strlen(text));
        text = gap ? gap + 2 : NULL;
    }
}

static void say_paragraph(const char *text, size_t len) {
    putchar('\n');
    wrap(text, len);
}

static void print_options(const char *title, const option *table) {
    if (!table || !table->name) return;
    printf("\n%s:\n", title);
    for (; table->name; table++) {
        char text[64];
        snprintf(text, sizeof text, "%c%c%s--%s%s%s", table->letter ? '-' : ' ',
                 table->letter ? table->letter : ' ', table->letter ? ", " : "  ", table->name,
                 table->value ? " " : "", table->value ? table->value : "");
        printf("  %-30s %s\n", text, table->help);
    }
}

static void print_exit_codes(void) {
    puts("\nExit codes:");
#define CLI_X(name, status, text) printf("  %3d  %s\n", status, text);
    CLI_EXIT_MAP(CLI_X)
#undef CLI_X
}

static void print_commands(const command *k) {
    for (; k->name; k++) printf("  %-10s %-16s %s\n", k->name, k->args, k->help);
}

static void print_examples(const cli *c, const command *k) {
    if (!k->examples) return;
    puts("\nExamples:");
    for (const example *e = k->examples; e->line; e++)
        printf("  # %s\n  %s %s\n", e->what, c->program, e->line);
}

void help_all(const cli *c) {
    printf("ukko %s: actors in C that talk to Apache Pekko classic remoting\n\n"
           "usage: %s [OPTIONS] COMMAND [ARGS]\n\nCommands:\n",
           ukko_version_text(), c->program);
    print_commands(commands);
    print_options("Options", output_options);
    print_options("Options of the system that a command runs", system_options);
    printf("\n%s\n", target_text);
    print_exit_codes();
    printf("\n%s help COMMAND tells more; %s cheat has lines to try.\n", c->program, c->program);
}

void help_of(const cli *c, const command *outer, const command *k) {
    printf("usage: %s %s%s%s%s%s\n\n%s\n", c->program, outer ? outer->name : "", outer ? " " : "",
           k->name, *k->args ? " " : "", k->args, k->help);
    paragraphs(k->about, say_paragraph);
    if (k->sub) {
        puts("\nCommands:");
        print_commands(k->sub);
    }
    print_options("Options", k->options);
    print_options("The message", k->messages);
    print_options("Options of every command", output_options);
    if (!k->local) print_options("Options of the system that the command runs", system_options);
    print_examples(c, k);
}

int run_help(cli *c) {
    const command *outer = NULL, *k = NULL;
    for (int i = 0; i < c->n_args; i++) {
        const command *table = i == 0 ? commands : k->sub;
        outer = k;
        k = table ? command_named(table, c->args[i]) : NULL;
        if (!k) return args_unknown(c, outer, c->args[i]);
    }
    if (args_count(c, "man")) man_page(outer, k);
    else if (k) help_of(c, outer, k);
    else help_all(c);
    return CLI_OK;
}

static void cheat(cli *c, const command *outer, const command *k) {
    char name[60];
    snprintf(name, sizeof name, "%s%s%s", outer ? outer->name : "", outer ? " " : "", k->name);
    for (const example *e = k->examples; e && e->line; e++) {
        json_t *j = json_object();
        json_object_set_new(j, "command", output_text(name));
        json_object_set_new(j, "line", output_text(e->line));
        json_object_set_new(j, "what", output_text(e->what));
        output_record(c, j, "# %s: %s\n%s %s\n", name, e->what, c->program, e->line);
    }
    for (const command *sub = k->sub; sub && sub->name; sub++) cheat(c, k, sub);
}

int run_cheat(cli *c) {
    const command *only = c->n_args ? command_named(commands, c->args[0]) : NULL;
    if (c->n_args && !only) return args_unknown(c, NULL, c->args[0]);
    for (const command *k = only ? only : commands; k->name; k++) {
        cheat(c, NULL, k);
        if (only) break;
    }
    return CLI_OK;
}
