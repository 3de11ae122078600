/* SPDX-License-Identifier: Apache-2.0 */
/* The model of `ukko gen` as C: structs in a header, field tables in a source file. Main thread. */
#include "gen.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    ukko_kind kind;
    const char *name, *c;
} kinds[] = {
    {UKKO_BOOL, "UKKO_BOOL", "bool "},
    {UKKO_I32, "UKKO_I32", "int32_t "},
    {UKKO_I64, "UKKO_I64", "int64_t "},
    {UKKO_U32, "UKKO_U32", "uint32_t "},
    {UKKO_U64, "UKKO_U64", "uint64_t "},
    {UKKO_F32, "UKKO_F32", "float "},
    {UKKO_F64, "UKKO_F64", "double "},
    {UKKO_STR, "UKKO_STR", "const char *"},
    {UKKO_NUMBER, "UKKO_NUMBER", "const char *"},
    {UKKO_TEXT, "UKKO_TEXT", "ukko_string "},
    {UKKO_BYTES, "UKKO_BYTES", "ukko_slice "},
    {UKKO_REF, "UKKO_REF", "ukko_ref *"},
    {UKKO_ENUM, "UKKO_ENUM", "int32_t "},
    {UKKO_STRUCT, "UKKO_STRUCT", NULL},
    {UKKO_STRUCTP, "UKKO_STRUCTP", NULL},
    {UKKO_INSTANT, "UKKO_INSTANT", "ukko_instant "},
    {UKKO_TIMESPAN, "UKKO_TIMESPAN", "ukko_timespan "},
    {UKKO_LOCAL_DATE, "UKKO_LOCAL_DATE", "ukko_datetime "},
    {UKKO_LOCAL_TIME, "UKKO_LOCAL_TIME", "ukko_datetime "},
    {UKKO_LOCAL_DATE_TIME, "UKKO_LOCAL_DATE_TIME", "ukko_datetime "},
    {UKKO_OFFSET_DATE_TIME, "UKKO_OFFSET_DATE_TIME", "ukko_datetime "},
    {UKKO_ZONED_DATE_TIME, "UKKO_ZONED_DATE_TIME", "ukko_datetime "},
    {UKKO_UUID, "UKKO_UUID", "ukko_uuid "},
};
const char *gen_kind_name(ukko_kind kind) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind) return kinds[i].name;
    return "?";
}
const char *gen_c_type(gen_model *m, const gen_use *use) {
    /* with struct in front: a member may be called like its type, also in C++ */
    if (use->kind == UKKO_STRUCT) return gen_text(m, "struct %s ", m->types[use->type].c);
    if (use->kind == UKKO_STRUCTP) return gen_text(m, "struct %s *", m->types[use->type].c);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == use->kind) return kinds[i].c;
    return "?";
}

static bool is_message(const gen_type *t) { return t->java && !t->unused; }

/* ---- the header ---- */

static void put_enum(gen_model *m, const gen_enum *e, FILE *out) {
    char *prefix = gen_upper(m, e->c);
    fprintf(out, "\n/* %s */\nenum {\n", e->from);
    for (size_t i = 0; i < e->n; i++)
        fprintf(out, "    %s_%s = %d%s\n", prefix, gen_upper(m, e->labels[i]), (int)e->numbers[i],
                i + 1 < e->n ? "," : "");
    fputs("};\n", out);
}
static void put_note(const gen_member *f, const gen_model *m, FILE *out) {
    const char *of = f->use.labels >= 0 ? m->enums[f->use.labels].from : NULL;
    if (f->group >= 0) fprintf(out, " /* %u%s%s */", f->tag, of ? ": of " : "", of ? of : "");
    else if (of) fprintf(out, " /* of %s */", of);
    else if (f->note) fprintf(out, " /* %s */", f->note);
}
static void put_member(gen_model *m, const gen_member *f, const char *indent, FILE *out) {
    const char *type = gen_c_type(m, &f->use);
    if (f->flags & UKKO_REPEATED) {
        fprintf(out, "%s%s*%s;", indent, type, f->c);
        put_note(f, m, out);
        fprintf(out, "\n%ssize_t n_%s;\n", indent, f->c);
        return;
    }
    fprintf(out, "%s%s%s;", indent, type, f->c);
    put_note(f, m, out);
    fputc('\n', out);
    if (f->flags & UKKO_PRESENT) fprintf(out, "%sbool has_%s;\n", indent, f->c);
}
static void put_group(gen_model *m, const gen_type *t, int group, FILE *out) {
    fprintf(out,
            "    uint32_t which_%s; /* the number of the member that is there; 0: none is */\n"
            "    union {\n",
            t->groups[group]);
    for (size_t i = 0; i < t->n; i++)
        if (t->members[i].group == group) put_member(m, &t->members[i], "        ", out);
    fprintf(out, "    } %s;\n", t->groups[group]);
}
static bool begins_group(const gen_type *t, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (t->members[i].group == t->members[at].group) return false;
    return true;
}
static void put_struct(gen_model *m, const gen_type *t, FILE *out) {
    if (t->java) fprintf(out, "\n/* %s */\n", t->java);
    else fputc('\n', out);
    fprintf(out, "struct %s {\n", t->c);
    for (size_t i = 0; i < t->n; i++) {
        if (t->members[i].group < 0) put_member(m, &t->members[i], "    ", out);
        else if (begins_group(t, i)) put_group(m, t, t->members[i].group, out);
    }
    if (!t->n) fputs("    char none; /* it has no members */\n", out);
    fputs("};\n", out);
}
static void put_guard(gen_model *m, FILE *out) {
    char *guard = gen_upper(m, m->base);
    fprintf(out, "#ifndef %s_H\n#define %s_H\n", guard, guard);
}
char *gen_header(gen_model *m) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "/* Made by ukko gen from %s: make it anew instead of changing it. */\n",
            m->source);
    put_guard(m, out);
    fputs("#include <ukko/type.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n", out);
    for (size_t i = 0; i < m->n_enums; i++) put_enum(m, &m->enums[i], out);
    fputc('\n', out);
    for (size_t i = 0; i < m->n_types; i++)
        if (!m->types[i].unused)
            fprintf(out, "typedef struct %s %s;\n", m->types[i].c, m->types[i].c);
    for (int entries = 0; entries < 2; entries++) /* they hold the others by value */
        for (size_t i = 0; i < m->n_types; i++)
            if (m->types[i].entry == entries && !m->types[i].unused)
                put_struct(m, &m->types[i], out);
    fputc('\n', out);
    for (size_t i = 0; i < m->n_types; i++)
        if (is_message(&m->types[i]))
            fprintf(out, "extern const ukko_type %s_type;\n", m->types[i].c);
    fprintf(out,
            "/* All of them, for ukko_system_opts.types; ends with NULL. */\n"
            "extern const ukko_type *const %s%s_types[];\n",
            m->prefix, m->base);
    fputs("\n#ifdef __cplusplus\n}\n#endif\n#endif\n", out);
    fclose(out);
    return text;
}

/* ---- the source ---- */

static void put_labels(const gen_enum *e, FILE *out) {
    if (!gen_is_dense(e)) return;
    fprintf(out, "static const char *const %s_labels[] = {\n", e->c);
    for (size_t i = 0; i < e->n; i++) fprintf(out, "    \"%s\",\n", e->labels[i]);
    fputs("    NULL,\n};\n", out);
}
static const char *flags_text(gen_model *m, uint32_t flags) {
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{UKKO_OPTIONAL, "UKKO_OPTIONAL"}, {UKKO_REPEATED, "UKKO_REPEATED"},
                 {UKKO_MAP, "UKKO_MAP"},           {UKKO_PRESENT, "UKKO_PRESENT"},
                 {UKKO_ONEOF, "UKKO_ONEOF"},       {UKKO_REQUIRED, "UKKO_REQUIRED"},
                 {UKKO_ZIGZAG, "UKKO_ZIGZAG"},     {UKKO_FIXED, "UKKO_FIXED"},
                 {UKKO_UNPACKED, "UKKO_UNPACKED"}};
    const char *text = "0";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].bit)) continue;
        text = *text == '0' ? names[i].name : gen_text(m, "%s | %s", text, names[i].name);
    }
    return text;
}
/* Text in the quotes of C. */
static const char *quoted(gen_model *m, const char *text) {
    char *out = gen_keep(m, malloc(4 * strlen(text) + 1)), *p = out;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') *p++ = '\\', *p++ = (char)c;
        else if (c < 0x20 || c >= 0x7f) p += sprintf(p, "\\%03o", c);
        else *p++ = (char)c;
    }
    *p = 0;
    return out;
}
static void put_field(gen_model *m, const gen_type *t, const gen_member *f, FILE *out) {
    const char *type = f->use.type >= 0 ? gen_text(m, "&%s_type", m->types[f->use.type].c) : "NULL";
    const char *labels =
        f->use.kind == UKKO_ENUM ? gen_text(m, "%s_labels", m->enums[f->use.labels].c) : "NULL";
    const char *member = f->c, *teller = f->c;
    if (f->group >= 0) {
        member = gen_text(m, "%s.%s", t->groups[f->group], f->c);
        teller = gen_text(m, "which_%s", t->groups[f->group]);
    } else if (f->flags & UKKO_REPEATED) {
        teller = gen_text(m, "n_%s", f->c);
    } else if (f->flags & UKKO_PRESENT) {
        teller = gen_text(m, "has_%s", f->c);
    }
    fprintf(out,
            "    UKKO_FIELD_ALL(%s, %s, \"%s\", %s, %s, %u,\n                   %s, %s, %s),\n",
            t->c, member, quoted(m, f->json), gen_kind_name(f->use.kind), flags_text(m, f->flags),
            f->tag, teller, type, labels);
}
static void put_type(const gen_model *m, const gen_type *t, FILE *out) {
    const char *ser = m->serializer == UKKO_SER_PROTOBUF       ? "UKKO_SER_PROTOBUF"
                      : m->serializer == UKKO_SER_JACKSON_CBOR ? "UKKO_SER_JACKSON_CBOR"
                                                               : "UKKO_SER_JACKSON_JSON";
    if (!t->n && t->java)
        fprintf(
            out,
            "const ukko_type %s_type =\n    UKKO_EMPTY_TYPE(%s, \"%s\",\n                    %s);\n",
            t->c, t->c, t->java, ser);
    else if (!t->n)
        fprintf(out,
                "static const ukko_type %s_type = UKKO_EMPTY_TYPE(%s, NULL, UKKO_SER_LOCAL);\n",
                t->c, t->c);
    else if (t->java)
        fprintf(
            out,
            "const ukko_type %s_type =\n    UKKO_TYPE(%s, \"%s\",\n              %s, %s_fields);\n",
            t->c, t->c, t->java, ser, t->c);
    else
        fprintf(out, "static const ukko_type %s_type = %s(%s, %s_fields);\n", t->c,
                t->value ? "UKKO_VALUE_TYPE" : "UKKO_TYPE_LOCAL", t->c, t->c);
}
static void put_table(gen_model *m, const gen_type *t, FILE *out) {
    fputc('\n', out);
    if (t->n) {
        fprintf(out, "static const ukko_field %s_fields[] = {\n", t->c);
        for (size_t i = 0; i < t->n; i++) put_field(m, t, &t->members[i], out);
        fputs("};\n", out);
    }
    put_type(m, t, out);
}
char *gen_source(gen_model *m) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "/* Made by ukko gen from %s: make it anew instead of changing it. */\n",
            m->source);
    fprintf(out, "#include \"%s.h\"\n\n", m->base);
    for (size_t i = 0; i < m->n_enums; i++) put_labels(&m->enums[i], out);
    for (size_t i = 0; i < m->n_types; i++) /* they may hold one another */
        if (!m->types[i].java && !m->types[i].unused)
            fprintf(out, "static const ukko_type %s_type;\n", m->types[i].c);
    for (size_t i = 0; i < m->n_types; i++)
        if (!m->types[i].unused) put_table(m, &m->types[i], out);
    fprintf(out, "\nconst ukko_type *const %s%s_types[] = {\n", m->prefix, m->base);
    for (size_t i = 0; i < m->n_types; i++)
        if (is_message(&m->types[i])) fprintf(out, "    &%s_type,\n", m->types[i].c);
    fputs("    NULL,\n};\n", out);
    fclose(out);
    return text;
}
