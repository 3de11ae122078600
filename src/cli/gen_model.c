/* SPDX-License-Identifier: Apache-2.0 */
/* The model of `ukko gen`: types, their members, and names in C for all of them. Main thread. */
#include "gen.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

static void *grown(void *list, size_t n, size_t *cap, size_t width) {
    if (n < *cap) return list;
    *cap = *cap ? *cap * 2 : 8;
    void *bigger = realloc(list, *cap * width);
    if (!bigger) abort();
    return bigger;
}
void *gen_keep(gen_model *m, void *memory) {
    m->kept = grown(m->kept, m->n_kept, &m->cap_kept, sizeof *m->kept);
    return m->kept[m->n_kept++] = memory;
}
char *gen_text(gen_model *m, const char *format, ...) {
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) abort();
    return gen_keep(m, text);
}
void gen_model_fini(gen_model *m) {
    for (size_t i = 0; i < m->n_types; i++) {
        free(m->types[i].members);
        free(m->types[i].groups);
    }
    for (size_t i = 0; i < m->n_enums; i++) {
        free(m->enums[i].labels);
        free(m->enums[i].numbers);
    }
    for (size_t i = 0; i < m->n_kept; i++) free(m->kept[i]);
    free(m->types);
    free(m->enums);
    free(m->kept);
}
int gen_fail(gen_model *m, int line, const char *format, ...) {
    static const problem what = {CLI_USAGE, "BAD_SOURCE", "gen", NULL, NULL};
    char text[400];
    va_list args;
    if (m->status) return m->status;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line) m->status = cli_fail(m->cli, &what, "%s:%d: %s", m->source, line, text);
    else m->status = cli_fail(m->cli, &what, "%s: %s", m->source, text);
    return m->status;
}

/* ---- names ---- */

static bool is_reserved(const char *name) {
    static const char words[] =
        " alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl "
        "const const_cast constexpr continue decltype default delete do double dynamic_cast else "
        "enum explicit export extern false float for friend goto if inline int long main mutable "
        "namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
        "register reinterpret_cast restrict return short signed sizeof static static_assert "
        "static_cast struct switch template this thread_local throw true try typedef typeid typename "
        "union unsigned using virtual void volatile wchar_t while xor xor_eq size_t int32_t int64_t "
        "uint32_t uint64_t uint8_t NULL ";
    char padded[40];
    int n = snprintf(padded, sizeof padded, " %s ", name);
    return n > 0 && (size_t)n < sizeof padded && strstr(words, padded);
}
/* A capital begins a word, but not inside a run of them: HTTPServer is http_server. */
static bool begins_word(const char *name, size_t i) {
    unsigned char before = i ? (unsigned char)name[i - 1] : 0, after = (unsigned char)name[i + 1];
    if (!i || !isupper((unsigned char)name[i]) || !isalnum(before)) return false;
    return !isupper(before) || islower(after);
}
char *gen_snake(gen_model *m, const char *name) {
    size_t len = strlen(name), n = 0;
    char *out = gen_keep(m, malloc(2 * len + 4));
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        bool plain = isalnum(c) && c < 128;
        if (begins_word(name, i) && n && out[n - 1] != '_') out[n++] = '_';
        if (!plain && (!n || out[n - 1] == '_')) continue;
        if (!n && isdigit(c)) out[n++] = '_';
        out[n++] = plain ? (char)tolower(c) : '_';
    }
    while (n && out[n - 1] == '_') n--;
    if (!n) out[n++] = 'x';
    out[n] = 0;
    if (is_reserved(out)) strcpy(out + n, "_");
    return out;
}
char *gen_upper(gen_model *m, const char *name) {
    char *out = gen_snake(m, name);
    for (char *p = out; *p; p++) *p = (char)toupper((unsigned char)*p);
    return out;
}
static bool name_taken(const gen_model *m, const char *name) {
    for (size_t i = 0; i < m->n_types; i++)
        if (m->types[i].c && !strcmp(m->types[i].c, name)) return true;
    for (size_t i = 0; i < m->n_enums; i++)
        if (m->enums[i].c && !strcmp(m->enums[i].c, name)) return true;
    return false;
}
static const char *free_name(gen_model *m, const char *from) {
    char *name = gen_snake(m, gen_text(m, "%s%s", m->prefix, from)), *first = name;
    for (int i = 2; name_taken(m, name); i++) name = gen_text(m, "%s_%d", first, i);
    return name;
}

/* ---- types ---- */

int gen_add_type(gen_model *m, const char *from, const char *java) {
    const char *c = free_name(m, from);
    m->types = grown(m->types, m->n_types, &m->cap_types, sizeof *m->types);
    m->types[m->n_types] = (gen_type){.c = c, .java = java, .from = gen_text(m, "%s", from)};
    return (int)m->n_types++;
}
int gen_add_enum(gen_model *m, const char *from) {
    const char *c = free_name(m, from);
    m->enums = grown(m->enums, m->n_enums, &m->cap_enums, sizeof *m->enums);
    m->enums[m->n_enums] = (gen_enum){.c = c, .from = gen_text(m, "%s", from)};
    return (int)m->n_enums++;
}
void gen_add_label(gen_model *m, int labels, const char *label, int32_t number) {
    gen_enum *e = &m->enums[labels];
    size_t cap = e->cap;
    e->labels = grown(e->labels, e->n, &cap, sizeof *e->labels);
    e->numbers = grown(e->numbers, e->n, &e->cap, sizeof *e->numbers);
    e->labels[e->n] = gen_text(m, "%s", label);
    e->numbers[e->n++] = number;
}
bool gen_is_dense(const gen_enum *e) {
    for (size_t i = 0; i < e->n; i++)
        if (e->numbers[i] != (int32_t)i) return false;
    return e->n > 0;
}
static bool member_taken(const gen_type *t, const char *name) {
    for (size_t i = 0; i < t->n; i++) {
        const char *c = t->members[i].c;
        if (!strcmp(c, name)) return true;
        if (!strncmp(name, "n_", 2) && !strcmp(c, name + 2)) return true;
        if (!strncmp(name, "has_", 4) && !strcmp(c, name + 4)) return true;
        if (!strncmp(c, "n_", 2) && !strcmp(name, c + 2)) return true;
        if (!strncmp(c, "has_", 4) && !strcmp(name, c + 4)) return true;
    }
    for (size_t i = 0; i < t->n_groups; i++) {
        if (!strcmp(t->groups[i], name)) return true;
        if (!strncmp(name, "which_", 6) && !strcmp(t->groups[i], name + 6)) return true;
    }
    return false;
}
static const char *free_member(gen_model *m, int type, const char *from) {
    char *name = gen_snake(m, from), *first = name;
    for (int i = 2; member_taken(&m->types[type], name); i++) name = gen_text(m, "%s_%d", first, i);
    return name;
}
gen_member *gen_add_member(gen_model *m, int type, const char *json) {
    const char *c = free_member(m, type, json);
    gen_type *t = &m->types[type];
    t->members = grown(t->members, t->n, &t->cap, sizeof *t->members);
    gen_member *f = &t->members[t->n++];
    *f = (gen_member){.json = gen_text(m, "%s", json),
                      .c = c,
                      .use = {.kind = UKKO_STR, .type = -1, .labels = -1},
                      .group = -1};
    return f;
}
int gen_add_group(gen_model *m, int type, const char *name) {
    const char *c = free_member(m, type, name);
    gen_type *t = &m->types[type];
    t->groups = realloc(t->groups, (t->n_groups + 1) * sizeof *t->groups);
    t->groups[t->n_groups] = c;
    return (int)t->n_groups++;
}
void gen_make_map(gen_model *m, int type, gen_member *member, ukko_kind key, gen_use value,
                  uint32_t value_flags) {
    size_t at = (size_t)(member - m->types[type].members); /* the types move */
    char *name = gen_text(m, "%s_%s_entry", m->types[type].from, member->json);
    int entry = gen_add_type(m, name, NULL);
    m->types[entry].entry = true;
    gen_member *k = gen_add_member(m, entry, "key");
    k->use = (gen_use){key, -1, -1};
    k->tag = 1;
    gen_member *v = gen_add_member(m, entry, "value");
    v->use = value;
    if (v->use.kind == UKKO_STRUCTP) v->use.kind = UKKO_STRUCT; /* it is never null */
    v->flags = value_flags;
    v->tag = 2;
    member = &m->types[type].members[at];
    member->use = (gen_use){UKKO_STRUCT, entry, -1};
    member->flags |= UKKO_REPEATED | UKKO_MAP;
}
int gen_add_value(gen_model *m, int owner, const char *name) {
    char *from = gen_text(m, "%s_%s", m->types[owner].from, name);
    int type = gen_add_type(m, from, NULL);
    m->types[type].value = true;
    return type;
}
