/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages in man(7), from the table of commands: of the command itself and of each of its
   commands. Main thread. */
#include "tables.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char made_on[] = "2026-11-28";

/* ---- Text in which nothing is a macro or an escape ----------------------------------- */

static void text_n(const char *text, size_t len) {
    bool start = true;
    for (size_t i = 0; i < len; i++) {
        if (start && (text[i] == '.' || text[i] == '\'')) fputs("\\&", stdout);
        start = text[i] == '\n';
        if (text[i] == '\\') fputs("\\e", stdout);
        else if (text[i] == '-') fputs("\\-", stdout);
        else if (text[i] == '\'') fputs("\\(aq", stdout);
        else putchar(text[i]);
    }
}

static void text(const char *s) { text_n(s, strlen(s)); }

static void in(char font, const char *s) {
    printf("\\f%c", font);
    text(s);
    fputs("\\fR", stdout);
}

static void line(const char *s) {
    text(s);
    putchar('\n');
}

/* Lines of man pages are broken after a sentence or at a blank before the 80th column. */
static void paragraph(const char *s) {
    while (*s) {
        size_t n = strcspn(s, "\n");
        if (n > 70) { /* escapes make it longer */
            n = 70;
            while (n > 1 && s[n] != ' ') n--;
        }
        text_n(s, n);
        putchar('\n');
        s += n;
        s += *s == '\n' || *s == ' ';
    }
}

static void about(const char *s) {
    for (bool first = true; s && *s; first = false) {
        const char *gap = strstr(s, "\n\n");
        char part[2000];
        snprintf(part, sizeof part, "%.*s", gap ? (int)(gap - s) : (int)strlen(s), s);
        if (!first) puts(".PP");
        paragraph(part);
        s = gap ? gap + 2 : NULL;
    }
}

/* ---- Parts of a page ----------------------------------------------------------------- */

static void section(const char *title) { printf(".SH %s\n", title); }

static void options(const option *o) {
    for (; o && o->name; o++) {
        puts(".TP");
        if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
        fputs("\\fB\\-\\-", stdout);
        text(o->name);
        fputs("\\fR", stdout);
        if (o->value) {
            putchar(' ');
            in('I', o->value);
        }
        putchar('\n');
        paragraph(o->help);
    }
}

static void fields(const char *title, const field *f) {
    if (!f) return;
    line(title);
    for (; f->name; f++) {
        puts(".TP");
        in('B', f->name);
        fputs(" (", stdout);
        text(f->type);
        puts(")");
        paragraph(f->help);
    }
}

static void subcommands(const command *outer, const command *k) {
    for (; k->name; k++) {
        puts(".TP");
        in('B', k->name);
        if (*k->args) {
            putchar(' ');
            in('I', k->args);
        }
        putchar('\n');
        paragraph(k->help);
        if (!outer) continue;
        if (k->about) {
            puts(".RS\n.PP");
            about(k->about);
            puts(".RE");
        }
    }
}

static void examples(const command *k) {
    if (!k->examples) return;
    section("EXAMPLES");
    for (const example *e = k->examples; e->line; e++) {
        if (e != k->examples) puts(".PP");
        line(e->what);
        fputs(".PP\n.nf\n.RS\nukko ", stdout);
        line(e->line);
        puts(".RE\n.fi");
    }
}

static void exit_status(void) {
    section("EXIT STATUS");
#define CLI_X(name, status, what)                                                                  \
    printf(".TP\n\\fB%d\\fR\n", status);                                                           \
    paragraph(what);
    CLI_EXIT_MAP(CLI_X)
#undef CLI_X
}

static void title(const char *name) {
    fputs(".\\\" Made by `ukko help --man` from the table of commands.\n.TH ", stdout);
    for (; *name; name++) putchar(toupper((unsigned char)*name));
    printf(" 1 %s \"ukko %s\" \"ukko manual\"\n", made_on, ukko_version_text());
}

static void output(const command *k) {
    if (!k->fields) return;
    section("OUTPUT");
    fields("A record has these members; with -o tsv they are the columns, in this order.",
           k->fields);
    fields("With -o json one object is printed, with these members.", k->whole);
}

static void surroundings(void) {
    static const char *const variables[][2] = {
        {"UKKO_CONTEXT", "the saved target that is meant where none is named"},
        {"UKKO_CONFIG", "the configuration of the command's own system, as --config"},
        {"SSLKEYLOGFILE", "TLS secrets go there, as --tls-keylog; ukko decode reads them"},
        {"NO_COLOR", "plain text also on a terminal"},
        {"XDG_CONFIG_HOME", "where ukko/contexts.conf is kept, instead of ~/.config"},
        {NULL, NULL}};
    section("ENVIRONMENT");
    for (int i = 0; variables[i][0]; i++) {
        puts(".TP");
        in('B', variables[i][0]);
        putchar('\n');
        paragraph(variables[i][1]);
    }
    section("SEE ALSO");
    puts(
        ".BR ukko\\-doctor (1)\nand a page for each other command,\n.BR ukko.conf (5),\n.BR ukko (7)");
}

/* ---- Pages --------------------------------------------------------------------------- */

static void whole_page(void) {
    title("ukko");
    section("NAME");
    puts("ukko \\- actors in C that talk to Apache Pekko classic remoting");
    section("SYNOPSIS");
    puts(".B ukko\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]");
    section("DESCRIPTION");
    paragraph("ukko runs a node, and talks to nodes of Apache Pekko, Akka and ukko from the shell: "
              "it pings, asks, watches, stops and creates actors, says why a node cannot be "
              "reached, and shows what passes between nodes.");
    puts(".PP");
    paragraph(
        "TARGET is pekko.tcp://SYSTEM@HOST:PORT (or pekko.ssl.tcp, akka.tcp, akka.ssl.tcp), with "
        "/user/NAME behind it for an actor; HOST:PORT, whose system is asked for its name; or "
        "@NAME, a saved one (ukko-context(1)). TIME is 300ms, 5s or 1m.");
    puts(".PP");
    paragraph(
        "Results go to standard output, notes and errors to standard error. With -o json and "
        "jsonl errors are objects on standard output as well. With -o tsv an error is a line on "
        "standard error: the word error, code, stage, peer, detail and hint.");
    section("COMMANDS");
    subcommands(NULL, commands);
    section("OPTIONS");
    options(output_options);
    puts(".SS Options of the system that a command runs");
    options(system_options);
    exit_status();
    surroundings();
}

static void command_page(const command *outer, const command *k) {
    char name[64], call[64];
    snprintf(name, sizeof name, "ukko-%s%s%s", outer ? outer->name : "", outer ? "-" : "", k->name);
    snprintf(call, sizeof call, "ukko %s%s%s", outer ? outer->name : "", outer ? " " : "", k->name);
    title(name);
    section("NAME");
    text(name);
    fputs(" \\- ", stdout);
    line(k->help);
    section("SYNOPSIS");
    in('B', call);
    fputs("\n[\\fIOPTIONS\\fR] ", stdout);
    in('I', k->args);
    putchar('\n');
    section("DESCRIPTION");
    paragraph(k->help);
    if (k->about) {
        puts(".PP");
        about(k->about);
    }
    if (k->sub) {
        section("COMMANDS");
        subcommands(k, k->sub);
    }
    section("OPTIONS");
    options(k->options);
    options(k->messages);
    options(output_options);
    if (!k->local) options(system_options);
    output(k);
    exit_status();
    examples(k);
    section("SEE ALSO");
    puts(".BR ukko (1)");
}

void man_page(const command *outer, const command *k) {
    if (k) command_page(outer, k);
    else whole_page();
}
