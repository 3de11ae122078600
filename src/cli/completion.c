/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko completion`: the scripts of three shells. They ask the command itself (--words) what may
   stand where the cursor is: a line for each word, with a tab and a text behind it, or ":file".
   Main thread. */
#include "tables.h"
#include <stdio.h>
#include <string.h>

static const char bash_script[] =
    "# completion of ukko for bash\n"
    "_ukko() {\n"
    "    local i w word cut all=()\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        w=${COMP_WORDS[i]}\n"
    "        # '=' and ':' end a word of readline, not one of ours\n"
    "        if ((${#all[@]})) && [[ $w == [=:]* || ${all[-1]} == *[=:] ]]; then\n"
    "            all[-1]+=$w\n"
    "        else\n"
    "            all+=(\"$w\")\n"
    "        fi\n"
    "    done\n"
    "    cut=${all[-1]%\"${all[-1]##*[=:]}\"}\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r word _; do\n"
    "        if [[ $word == :file ]]; then\n"
    "            compopt -o filenames 2> /dev/null\n"
    "            while read -r w; do COMPREPLY+=(\"$w\"); done < <(compgen -f -- "
    "\"${all[-1]#\"$cut\"}\")\n"
    "        else\n"
    "            COMPREPLY+=(\"${word#\"$cut\"}\")\n"
    "        fi\n"
    "    done < <(\"${COMP_WORDS[0]}\" completion --words -- \"${all[@]}\" 2> /dev/null)\n"
    "}\n"
    "complete -F _ukko ukko\n";

static const char zsh_script[] =
    "#compdef ukko\n"
    "# completion of ukko for zsh\n"
    "_ukko() {\n"
    "    local line file\n"
    "    local -a found\n"
    "    for line in \"${(@f)$(\"${words[1]}\" completion --words -- \"${(@)words[2,CURRENT]}\" "
    "2> /dev/null)}\"; do\n"
    "        if [[ $line == :file ]]; then\n"
    "            file=1\n"
    "        elif [[ -n $line ]]; then\n"
    "            found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
    "        fi\n"
    "    done\n"
    "    (( ${#found} )) && _describe -t words ukko found\n"
    "    [[ -n $file ]] && _files\n"
    "}\n"
    "if [[ $funcstack[1] == _ukko ]]; then _ukko; else compdef _ukko ukko; fi\n";

static const char fish_script[] =
    "# completion of ukko for fish\n"
    "function __ukko_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    for line in ($words[1] completion --words -- $words[2..] \"$current\" 2> /dev/null)\n"
    "        if test \"$line\" = ':file'\n"
    "            __fish_complete_path \"$current\"\n"
    "        else\n"
    "            echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c ukko -f -a '(__ukko_complete)'\n";

/* ---- What may stand at the cursor ---------------------------------------------------- */

typedef struct place { /* what the words before the cursor say */
    const command *outer, *command;
    const option *option; /* whose value stands at the cursor; NULL: none */
    bool ended;           /* "--" was there */
    int n_args;
} place;

static void offer(const char *cursor, const char *before, const char *word, size_t len,
                  const char *help) {
    char whole[300];
    snprintf(whole, sizeof whole, "%s%.*s", before, (int)len, word);
    if (strncmp(whole, cursor, strlen(cursor)) == 0) printf("%s\t%s\n", whole, help);
}

static void offer_commands(const char *cursor, const command *k) {
    for (; k && k->name; k++) offer(cursor, "", k->name, strlen(k->name), k->help);
}

typedef struct context_offer {
    const char *cursor, *before, *help;
} context_offer;

static void offer_context(const char *name, void *data) {
    const context_offer *o = data;
    offer(o->cursor, o->before, name, strlen(name), o->help);
}

static void offer_values(const char *cursor, const char *before, const char *values,
                         const char *help) {
    if (!values) return;
    if (strcmp(values, "@context") == 0 || strcmp(values, "@target") == 0)
        context_names(offer_context, &(context_offer){cursor, values[1] == 't' ? "@" : "", help});
    if (strcmp(values, "@file") == 0) puts(":file");
    if (strcmp(values, "@command") == 0) offer_commands(cursor, commands);
    for (const char *p = values; *values != '@' && *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        offer(cursor, before, p, n, help);
        p += n;
    }
}

static void offer_options(const char *cursor, const option *o) {
    for (; o && o->name; o++) offer(cursor, "--", o->name, strlen(o->name), o->help);
}

static const option *option_in(const option *table, const char *word, size_t len) {
    for (; table && table->name; table++)
        if (strlen(table->name) == len && strncmp(table->name, word, len) == 0) return table;
    return NULL;
}

static const option *letter_in(const option *table, char letter) {
    for (; table && table->name; table++)
        if (table->letter == letter) return table;
    return NULL;
}

/* "--name", "--name=...", or the last letter of "-abc" */
static const option *option_of(const place *at, const char *word) {
    const command *k = at->command;
    const option *const tables[] = {output_options, system_options, k ? k->options : NULL,
                                    k ? k->messages : NULL};
    const option *o = NULL;
    for (size_t i = 0; !o && i < sizeof tables / sizeof tables[0]; i++)
        o = word[1] == '-' ? option_in(tables[i], word + 2, strcspn(word + 2, "="))
                           : letter_in(tables[i], word[strlen(word) - 1]);
    return o;
}

static void step(place *at, const char *word) {
    bool value = at->option != NULL;
    at->option = NULL;
    if (value) return;
    if (!at->ended && strcmp(word, "--") == 0) {
        at->ended = true;
    } else if (!at->ended && word[0] == '-' && word[1]) {
        const option *o = strchr(word, '=') ? NULL : option_of(at, word);
        at->option = o && o->value ? o : NULL;
    } else if (!at->command || at->command->sub) {
        const command *k = command_named(at->command ? at->command->sub : commands, word);
        at->outer = k ? at->command : at->outer;
        at->command = k ? k : at->command;
    } else {
        at->n_args++;
    }
}

static void offer_all_options(const place *at, const char *cursor) {
    const char *equals = strchr(cursor, '=');
    const option *o = equals ? option_of(at, cursor) : NULL;
    if (o) {
        char before[100];
        snprintf(before, sizeof before, "%.*s", (int)(equals - cursor) + 1, cursor);
        offer_values(cursor, before, o->values, o->help);
        return;
    }
    offer_options(cursor, at->command ? at->command->options : NULL);
    offer_options(cursor, at->command ? at->command->messages : NULL);
    offer_options(cursor, output_options);
    if (!at->command || !at->command->local) offer_options(cursor, system_options);
}

static void offer_arguments(const place *at, const char *cursor) {
    const command *k = at->command;
    if (!k || k->sub) offer_commands(cursor, k ? k->sub : commands);
    else if (at->n_args < k->most) offer_values(cursor, "", k->complete, k->help);
}

static int offer_words(const cli *c) {
    place at = {NULL};
    const char *cursor = c->n_args ? c->args[c->n_args - 1] : "";
    for (int i = 0; i + 1 < c->n_args; i++) step(&at, c->args[i]);
    if (at.option) offer_values(cursor, "", at.option->values, at.option->help);
    else if (cursor[0] == '-' && !at.ended) offer_all_options(&at, cursor);
    else offer_arguments(&at, cursor);
    return CLI_OK;
}

int run_completion(cli *c) {
    static const struct {
        const char *shell, *script;
    } scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
    if (args_count(c, "words")) return offer_words(c);
    for (size_t i = 0; c->n_args == 1 && i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(c->args[0], scripts[i].shell) == 0) {
            fputs(scripts[i].script, stdout);
            return CLI_OK;
        }
    }
    return cli_usage(c, "completion needs one of bash, zsh and fish");
}
