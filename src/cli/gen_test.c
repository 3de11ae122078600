/* SPDX-License-Identifier: Apache-2.0 */
/* The test that `ukko gen` writes beside its types: random messages there and back, and the sample.
   Main thread. */
#include "gen.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#include <ukko/ukko.h>\n"
    "\n"
    "enum { ROUNDS = 1000 };\n"
    "\n"
    "static void quiet(void *data, const ukko_log_record *record) {\n"
    "    (void)data;\n"
    "    (void)record;\n"
    "}\n"
    "static int failed(const ukko_type *type, const char *what, const char *more) {\n"
    "    fprintf(stderr, \"%s: %s %s\\n\", type->name, what, more);\n"
    "    return 1;\n"
    "}\n"
    "/* Written, read again, equal, and written again as the same bytes. */\n"
    "static int there_and_back(ukko_system *sys, ukko_msg *msg) {\n"
    "    const ukko_type *type = ukko_msg_type(msg);\n"
    "    ukko_serialized a, b;\n"
    "    ukko_error err = {0, \"\"};\n"
    "    ukko_msg *back = NULL;\n"
    "    ukko_slice bytes;\n"
    "    int bad;\n"
    "    if (ukko_serialize(sys, msg, &a, &err)) return failed(type, \"is not written:\", err.message);\n"
    "    bytes.ptr = a.bytes;\n"
    "    bytes.len = a.len;\n"
    "    if (ukko_deserialize(sys, a.serializer, a.manifest, bytes, &back, &err)) {\n"
    "        ukko_serialized_fini(&a);\n"
    "        return failed(type, \"is not read:\", err.message);\n"
    "    }\n"
    "    bad = !ukko_msg_equal(msg, back);\n"
    "    if (bad) failed(type, \"comes back as another message\", \"\");\n"
    "    if (!bad && ukko_serialize(sys, back, &b, &err)) bad = failed(type, \"is not written again:\", err.message);\n"
    "    else if (!bad) {\n"
    "        if (a.len != b.len || memcmp(a.bytes, b.bytes, a.len)) bad = failed(type, \"has other bytes\", \"\");\n"
    "        ukko_serialized_fini(&b);\n"
    "    }\n"
    "    ukko_serialized_fini(&a);\n"
    "    ukko_msg_release(back);\n"
    "    return bad;\n"
    "}\n"
    "";
static const char more[] = "static int check_type(ukko_system *sys, const ukko_type *type) {\n"
                           "    uint64_t seed = 1;\n"
                           "    int i, bad = 0;\n"
                           "    for (i = 0; i < ROUNDS && !bad; i++) {\n"
                           "        ukko_msg *msg = ukko_msg_random(sys, type, &seed);\n"
                           "        bad = there_and_back(sys, msg);\n"
                           "        ukko_msg_release(msg);\n"
                           "    }\n"
                           "    if (!bad) printf(\"ok %s\\n\", type->class_name);\n"
                           "    return bad;\n"
                           "}\n";

/* C99 promises 4095 characters of a string only: a longer one is written as an array. */
static void put_text(const char *text, FILE *out) {
    enum { LONG = 3000 };
    if (strlen(text) > LONG) {
        fputs("{", out);
        for (size_t i = 0; text[i]; i++)
            fprintf(out, "%s%d,", i % 20 ? "" : "\n    ", (signed char)text[i]);
        fputs("\n    0}", out);
        return;
    }
    fputs("\n    \"", out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '\n') fputs(p[1] ? "\\n\"\n    \"" : "\\n", out);
        else if (c < 0x20 || c >= 0x7f) fprintf(out, "\\%03o", c);
        else fputc(c, out);
    }
    fputs("\"", out);
}
static void put_sample(const gen_model *m, FILE *out) {
    const gen_type *t = &m->types[0];
    fputs("/* The sample that the types were made from. */\nstatic const char sample[] = ", out);
    put_text(m->sample, out);
    fprintf(
        out,
        ";\n"
        "static int check_sample(ukko_system *sys) {\n"
        "    ukko_error err = {0, \"\"};\n"
        "    ukko_msg *msg = NULL;\n"
        "    int bad;\n"
        "    if (ukko_deserialize(sys, UKKO_SER_JACKSON_JSON, \"%s\", ukko_str(sample), &msg, &err))\n"
        "        return failed(&%s_type, \"the sample is not read:\", err.message);\n"
        "    bad = there_and_back(sys, msg);\n"
        "    ukko_msg_release(msg);\n"
        "    if (!bad) printf(\"ok sample\\n\");\n"
        "    return bad;\n"
        "}\n",
        t->java, t->c);
}
static void put_main(const gen_model *m, FILE *out) {
    fprintf(out,
            "int main(void) {\n"
            "    ukko_system_opts opts = UKKO_SYSTEM_OPTS(\"test\", NULL);\n"
            "    ukko_system *sys = NULL;\n"
            "    ukko_error err = {0, \"\"};\n"
            "    int i, bad = 0;\n"
            "    opts.types = %s%s_types;\n"
            "    opts.threads = 0;\n"
            "    opts.log = quiet;\n"
            "    if (ukko_system_new(&sys, &opts, &err) || ukko_system_start(sys, &err)) {\n"
            "        fprintf(stderr, \"%%s\\n\", err.message);\n"
            "        ukko_system_free(sys);\n"
            "        return 1;\n"
            "    }\n"
            "    for (i = 0; %s%s_types[i]; i++) bad |= check_type(sys, %s%s_types[i]);\n",
            m->prefix, m->base, m->prefix, m->base, m->prefix, m->base);
    if (m->sample) fputs("    bad |= check_sample(sys);\n", out);
    fputs("    ukko_system_free(sys);\n    return bad;\n}\n", out);
}
char *gen_test(gen_model *m) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fprintf(out,
            "/* Made by ukko gen from %s. Random messages of each type are written and read.\n"
            "   cc %s_test.c %s.c $(pkg-config --cflags --libs ukko) && ./a.out */\n"
            "#include \"%s.h\"\n",
            m->source, m->base, m->base, m->base);
    fputs(head, out);
    fputs(more, out);
    if (m->sample) put_sample(m, out);
    put_main(m, out);
    fclose(out);
    return text;
}
