/* SPDX-License-Identifier: Apache-2.0 */
/* The command `ukko gen`: reads a description of messages, writes three files. Main thread. */
#include "gen.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_SOURCE = 16 << 20 };

static int io_failed(cli *c, const char *file) {
    problem what = {CLI_IO, "IO", "gen", NULL, NULL};
    return cli_fail(c, &what, "%s: %s", file, strerror(errno));
}
/* The whole of a file, terminated and kept. */
static int read_file(gen_model *m, const char *file, char **out) {
    FILE *in = fopen(file, "rb");
    if (!in) return io_failed(m->cli, file);
    char *text = gen_keep(m, malloc(MAX_SOURCE + 1));
    size_t n = fread(text, 1, MAX_SOURCE + 1, in);
    bool bad = ferror(in);
    fclose(in);
    if (bad) return io_failed(m->cli, file);
    if (n > MAX_SOURCE || memchr(text, 0, n)) return gen_fail(m, 0, "too long, or no text");
    text[n] = 0;
    *out = text;
    return CLI_OK;
}
static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n >= k && !strcmp(text + n - k, end);
}
static int read_sample(gen_model *m, const char *file) {
    const char *class_name = args_value(m->cli, "class");
    char *text;
    if (!class_name)
        return cli_usage(m->cli,
                         "a JSON sample does not name its class: --class com.example.Thing");
    int status = read_file(m, file, &text);
    return status ? status : gen_read_sample(m, text, class_name);
}
static int read_classes(gen_model *m, const char *file) {
    char *text;
    int status = read_file(m, file, &text);
    return status ? status : gen_read_classes(m, text);
}
static int read_source(gen_model *m, const char *file) {
    m->serializer = args_count(m->cli, "cbor") ? UKKO_SER_JACKSON_CBOR : UKKO_SER_JACKSON_JSON;
    if (ends_with(file, ".proto")) return gen_read_proto(m, file);
    if (ends_with(file, ".desc") || ends_with(file, ".pb")) return gen_read_descriptors(m, file);
    if (ends_with(file, ".json")) return read_sample(m, file);
    if (ends_with(file, ".java") || ends_with(file, ".scala") || ends_with(file, ".class.txt"))
        return read_classes(m, file);
    return cli_usage(
        m->cli,
        "%s: a source ends in .proto, .desc (descriptor set), .json (sample), .java or "
        ".scala",
        file);
}

/* ---- writing ---- */

static int write_one(gen_model *m, const char *directory, const char *end, const char *what,
                     char *text) {
    char *path = gen_text(m, "%s/%s%s", directory, m->base, end);
    FILE *out = fopen(path, "w");
    bool bad = !out || fputs(text, out) < 0;
    if (out && fclose(out)) bad = true;
    free(text);
    if (bad) return io_failed(m->cli, path);
    json_t *record = json_object();
    json_object_set_new(record, "file", output_text(path));
    json_object_set_new(record, "what", output_text(what));
    output_record(m->cli, record, "%s", path);
    return CLI_OK;
}
static int write_all(gen_model *m) {
    const char *directory = args_value(m->cli, "dir");
    if (!directory) directory = ".";
    if (mkdir(directory, 0777) && errno != EEXIST) return io_failed(m->cli, directory);
    int status = write_one(m, directory, ".h", "header", gen_header(m));
    if (!status) status = write_one(m, directory, ".c", "source", gen_source(m));
    if (!status) status = write_one(m, directory, "_test.c", "test", gen_test(m));
    return status;
}
static const char *base_of(gen_model *m, const char *file) {
    const char *name = args_value(m->cli, "name"), *slash = strrchr(file, '/');
    if (name) return gen_snake(m, name);
    char *base = gen_text(m, "%s", slash ? slash + 1 : file);
    base[strcspn(base, ".")] = 0;
    return gen_snake(m, base);
}
int run_gen(cli *c) {
    gen_model m = {.cli = c};
    const char *file = c->args[0], *prefix = args_value(c, "prefix"), *slash = strrchr(file, '/');
    m.source = slash ? slash + 1 : file;
    m.prefix = prefix ? prefix : "";
    m.base = base_of(&m, file);
    int status = read_source(&m, file);
    if (!status && !m.n_types) status = gen_fail(&m, 0, "there is no message in it");
    if (!status) status = write_all(&m);
    gen_model_fini(&m);
    return status;
}
