/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko gen` from a Jackson class as it is written in Java (class, record, enum) or Scala (case class):
   names and types of its fields are looked at, everything else is passed over. Main thread. */
#include "gen_class.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokens ---- */

static void skip_space(source *s) {
    for (;;) {
        while (isspace((unsigned char)*s->p)) s->line += *s->p++ == '\n';
        if (s->p[0] == '/' && s->p[1] == '/') {
            s->p += strcspn(s->p, "\n");
        } else if (s->p[0] == '/' && s->p[1] == '*') {
            for (s->p += 2; *s->p && !(s->p[0] == '*' && s->p[1] == '/'); s->p++)
                s->line += *s->p == '\n';
            if (*s->p) s->p += 2;
        } else {
            return;
        }
    }
}
static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$'; }

void gen_next(source *s) {
    skip_space(s);
    s->at = s->line;
    const char *from = s->p;
    if (*s->p == '"' || *s->p == '\'') {
        char quote = *s->p++;
        while (*s->p && *s->p != quote && *s->p != '\n') s->p += *s->p == '\\' && s->p[1] ? 2 : 1;
        s->token = gen_text(s->m, "%.*s", (int)(s->p - from), from); /* with the quote in front */
        if (*s->p == quote) s->p++;
        return;
    }
    if (is_word(*s->p))
        while (is_word(*s->p)) s->p++;
    else if (*s->p) s->p++;
    s->token = gen_text(s->m, "%.*s", (int)(s->p - from), from);
}
bool gen_is(const source *s, const char *token) { return !strcmp(s->token, token); }
bool gen_take(source *s, const char *token) {
    if (!gen_is(s, token)) return false;
    gen_next(s);
    return true;
}
/* At an opening bracket: behind the closing one. What is less or greater counts among types only. */
static void skip_brackets(source *s) {
    const char *open = gen_is(s, "<") ? "([{<" : "([{", *close = gen_is(s, "<") ? ")]}>" : ")]}";
    int depth = 0;
    do {
        if (*s->token && strchr(open, *s->token)) depth++;
        if (*s->token && strchr(close, *s->token)) depth--;
        gen_next(s);
    } while (depth > 0 && *s->token);
}
/* @JsonProperty("name"), @JsonIgnore and @Nullable say something about the field that follows. */
static bool skip_annotation(source *s, marks *about) {
    if (!gen_is(s, "@")) return false;
    const char *name;
    do {
        gen_next(s);
        name = s->token;
        gen_next(s);
    } while (gen_is(s, "."));
    if (!strcmp(name, "Nullable")) about->nullable = true;
    if (!strcmp(name, "JsonIgnore")) about->ignored = true;
    if (!gen_is(s, "(")) return true;
    source inside = *s;
    skip_brackets(s);
    for (gen_next(&inside); !strcmp(name, "JsonProperty") && inside.p < s->p; gen_next(&inside)) {
        if (*inside.token == '"') {
            about->json = inside.token + 1;
            break;
        }
    }
    return true;
}

/* ---- types as they are written ---- */

/* The last word of a.b.C counts. NULL after a failure. */
static jtype *parse_type(source *s, int depth) {
    if (!is_word(*s->token) || depth > 20) {
        gen_fail(s->m, s->at, "a type was expected, not [%s]", s->token);
        return NULL;
    }
    jtype *t = gen_keep(s->m, calloc(1, sizeof *t));
    t->name = s->token;
    gen_next(s);
    while (gen_take(s, ".")) {
        t->name = s->token;
        gen_next(s);
    }
    bool scala = s->scala && gen_is(s, "[");
    if (scala || gen_is(s, "<")) {
        do {
            gen_next(s);
            if (gen_take(s, "?")) gen_take(s, "extends");
            jtype *arg = gen_is(s, ">") || gen_is(s, "]") ? NULL : parse_type(s, depth + 1);
            if (arg && t->n < 2) t->args[t->n++] = arg;
            if (s->m->status) return NULL;
        } while (gen_is(s, ","));
        if (!gen_take(s, scala ? "]" : ">")) gen_fail(s->m, s->at, "[%s] after a type", s->token);
    }
    while (!s->scala && gen_is(s, "[")) { /* an array */
        gen_next(s);
        gen_take(s, "]");
        jtype *array = gen_keep(s->m, calloc(1, sizeof *array));
        array->name = "Array";
        array->args[0] = t;
        array->n = 1;
        t = array;
    }
    return t;
}

/* ---- declarations ---- */

static void add_field(source *s, jclass *c, const char *name, jtype *type, const marks *about) {
    if (!type || s->m->status || about->ignored) return;
    c->fields = realloc(c->fields, (c->n + 1) * sizeof *c->fields);
    c->fields[c->n++] =
        (jfield){about->json ? about->json : name, type, about->nullable, s->at, s->scala};
}
/* "(int a, @X List<B> b)" and "(a: Int, b: List[B] = Nil)" */
static void parse_params(source *s, jclass *c) {
    gen_next(s);
    while (*s->token && !gen_is(s, ")") && !s->m->status) {
        marks about = {0};
        while (skip_annotation(s, &about)) {}
        while (gen_take(s, "final") || gen_take(s, "val") || gen_take(s, "override") ||
               gen_take(s, "private")) {}
        if (s->scala) {
            const char *name = s->token;
            gen_next(s);
            if (!gen_take(s, ":")) gen_fail(s->m, s->at, "%s: a colon was expected", name);
            add_field(s, c, name, parse_type(s, 0), &about);
            while (*s->token && !gen_is(s, ",") && !gen_is(s, ")"))
                if (*s->token && strchr("([{", *s->token)) skip_brackets(s);
                else gen_next(s);
        } else {
            jtype *type = parse_type(s, 0);
            add_field(s, c, s->token, type, &about);
            gen_next(s);
        }
        gen_take(s, ",");
    }
    gen_take(s, ")");
}
static void parse_enum(source *s, const char *outer) {
    gen_next(s);
    int labels = gen_add_enum(s->m, s->token);
    gen_note_name(s, s->token, -1, labels);
    (void)outer;
    gen_next(s);
    while (*s->token && !gen_is(s, "{")) gen_next(s);
    gen_next(s);
    for (int32_t n = 0; *s->token && !gen_is(s, "}") && !gen_is(s, ";"); n++) {
        marks ignored = {0};
        while (skip_annotation(s, &ignored)) {}
        gen_add_label(s->m, labels, s->token, n);
        gen_next(s);
        while (gen_is(s, "(") || gen_is(s, "{")) skip_brackets(s);
        gen_take(s, ",");
    }
    for (int depth = 1; *s->token && depth; gen_next(s)) {
        depth += gen_is(s, "{");
        depth -= gen_is(s, "}");
    }
}

static bool parse_declaration(source *s, const char *outer);

static bool is_modifier(const char *token) {
    static const char *const words[] = {"public", "private",  "protected", "final",    "abstract",
                                        "static", "volatile", "sealed",    "implicit", "lazy"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(words[i], token)) return true;
    return false;
}
/* A field, or a method or constructor, which is passed over. */
static void parse_java_member(source *s, jclass *c) {
    marks about = {0};
    while (is_modifier(s->token) || gen_is(s, "transient") || gen_is(s, "@")) {
        if (skip_annotation(s, &about)) continue;
        if (gen_is(s, "static") || gen_is(s, "transient")) about.ignored = true;
        gen_next(s);
    }
    if (gen_is(s, "{")) {
        skip_brackets(s);
        return;
    }
    if (gen_is(s, "<")) skip_brackets(s); /* of a generic method */
    jtype *type = parse_type(s, 0);
    const char *name = s->token;
    if (!gen_is(s, "(")) gen_next(s);
    if (gen_is(s, "(")) {
        skip_brackets(s);
        while (*s->token && !gen_is(s, "{") && !gen_is(s, ";")) gen_next(s);
        if (gen_is(s, "{")) skip_brackets(s);
        else gen_next(s);
        return;
    }
    for (;;) { /* int a = 1, b; */
        add_field(s, c, name, type, &about);
        while (*s->token && !gen_is(s, ";") && !gen_is(s, ","))
            if (strchr("({[", *s->token)) skip_brackets(s);
            else gen_next(s);
        if (!gen_take(s, ",")) break;
        name = s->token;
    }
    gen_take(s, ";");
}
/* The body of a class; of a record, an interface or anything of Scala's only what is declared
   inside. */
static void parse_body(source *s, jclass *c, const char *outer) {
    gen_next(s);
    while (*s->token && !gen_is(s, "}") && !s->m->status) {
        if (parse_declaration(s, outer) || gen_take(s, ";")) continue;
        if (c) parse_java_member(s, c);
        else if (gen_is(s, "{") || gen_is(s, "(")) skip_brackets(s);
        else gen_next(s);
    }
    gen_take(s, "}");
}
static jclass *new_class(source *s, const char *java, const char *name) {
    s->classes = realloc(s->classes, (s->n_classes + 1) * sizeof *s->classes);
    jclass *c = gen_keep(s->m, calloc(1, sizeof *c));
    s->classes[s->n_classes++] = c;
    c->type = gen_add_type(s->m, name, java);
    gen_note_name(s, name, c->type, -1);
    return c;
}
/* Behind the name and the parameters: to the body, or the end of the declaration. */
static void skip_heritage(source *s) {
    while (*s->token && !gen_is(s, "{") && !gen_is(s, ";") && !gen_is(s, "}")) {
        bool begins = gen_is(s, "case") || gen_is(s, "class") || gen_is(s, "object") ||
                      gen_is(s, "record") || gen_is(s, "enum") || is_modifier(s->token) ||
                      gen_is(s, "@");
        if (begins) return;
        if (gen_is(s, "(") || gen_is(s, "<") || gen_is(s, "[")) skip_brackets(s);
        else gen_next(s);
    }
}
static const char *join(source *s, const char *outer, const char *name) {
    if (*outer) return gen_text(s->m, "%s$%s", outer, name);
    return *s->package ? gen_text(s->m, "%s.%s", s->package, name) : name;
}
/* A record, class or case class; s stands at its name. */
static void parse_class(source *s, const char *outer, bool record, bool fields) {
    const char *name = s->token, *java = join(s, outer, name);
    gen_next(s);
    jclass *c = record || fields ? new_class(s, java, name) : NULL;
    if (gen_is(s, "<") || (s->scala && gen_is(s, "["))) skip_brackets(s);
    if (record && gen_is(s, "(")) parse_params(s, c);
    skip_heritage(s);
    if (gen_is(s, "{")) parse_body(s, fields ? c : NULL, java);
}
/* What a Scala object holds has a $ in front: Outer$Inner. */
static void parse_object(source *s, const char *outer, bool is_case) {
    const char *name = s->token, *java = join(s, outer, name);
    gen_next(s);
    if (is_case) new_class(s, gen_text(s->m, "%s$", java), name);
    skip_heritage(s);
    if (gen_is(s, "{")) parse_body(s, NULL, java);
}
static bool parse_declaration(source *s, const char *outer) {
    source before = *s;
    marks ignored = {0};
    bool is_case = false;
    while (is_modifier(s->token) || gen_is(s, "@"))
        if (!skip_annotation(s, &ignored)) gen_next(s);
    if (gen_is(s, "case")) {
        is_case = s->scala = true;
        gen_next(s);
    }
    if (gen_is(s, "enum")) {
        parse_enum(s, outer);
    } else if (gen_is(s, "record") || gen_is(s, "class")) {
        bool record = gen_is(s, "record") || is_case;
        gen_next(s);
        parse_class(s, outer, record, !record && !s->scala);
    } else if (gen_is(s, "object")) {
        s->scala = true;
        gen_next(s);
        parse_object(s, outer, is_case);
    } else if (gen_is(s, "interface") || gen_is(s, "trait")) {
        gen_next(s);
        parse_class(s, outer, false, false);
    } else {
        before.classes = s->classes; /* nothing of the kind: back */
        *s = before;
        return false;
    }
    return true;
}
static void parse_package(source *s) {
    const char *name = "";
    int line = s->at;
    for (gen_next(s); *s->token && !gen_is(s, ";") && s->at == line; gen_next(s))
        name = gen_text(s->m, "%s%s", name, s->token);
    s->package = name;
}
int gen_read_classes(gen_model *m, const char *text) {
    source s = {.m = m, .p = text, .line = 1, .package = ""};
    size_t n = strlen(m->source);
    s.scala = n > 6 && !strcmp(m->source + n - 6, ".scala");
    gen_next(&s);
    while (*s.token && !m->status) {
        if (gen_is(&s, "package")) parse_package(&s);
        else if (!parse_declaration(&s, "")) gen_next(&s);
    }
    int status = m->status ? m->status : gen_resolve(&s);
    for (size_t i = 0; i < s.n_classes; i++) free(s.classes[i]->fields);
    free(s.classes);
    free(s.names);
    return status;
}
