/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko gen` from .proto files: protoc reads them, its descriptors become the model, with the class
   names that protobuf's Java generator gives. Main thread. */
#include "gen.h"
#include "gen_descriptor.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- names ---- */

typedef struct names { /* full names of the source: ".pkg.Outer.Inner" */
    struct {
        const char *full;
        int index;
        bool is_enum;
        const pb_message *map;
    } * list;
    size_t n, cap;
} names;

static void note(names *all, const char *full, int index, bool is_enum, const pb_message *map) {
    if (all->n == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 32;
        all->list = realloc(all->list, all->cap * sizeof *all->list);
    }
    all->list[all->n].full = full;
    all->list[all->n].index = index;
    all->list[all->n].is_enum = is_enum;
    all->list[all->n++].map = map;
}
static size_t find(const names *all, const char *full) {
    size_t i = 0;
    while (i < all->n && strcmp(all->list[i].full, full)) i++;
    return i;
}

/* "order_service-v2" gives "OrderServiceV2", as protobuf's Java generator has it. */
static char *camel(gen_model *m, const char *name) {
    char *out = gen_text(m, "%s", name), *to = out;
    bool upper = true;
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (islower(c)) *to++ = (char)(upper ? toupper(c) : c);
        else if (isupper(c) || isdigit(c)) *to++ = (char)c;
        upper = !islower(c) && !isupper(c);
    }
    *to = 0;
    return out;
}
static bool message_has_name(const pb_message *p, const char *name) {
    if (!strcmp(p->name, name)) return true;
    for (size_t i = 0; i < p->n_enums; i++)
        if (!strcmp(p->enums[i].name, name)) return true;
    for (size_t i = 0; i < p->n_nested; i++)
        if (message_has_name(&p->nested[i], name)) return true;
    return false;
}
static bool file_has_name(const pb_file *f, const char *name) {
    for (size_t i = 0; i < f->n_messages; i++)
        if (message_has_name(&f->messages[i], name)) return true;
    for (size_t i = 0; i < f->n_enums; i++)
        if (!strcmp(f->enums[i].name, name)) return true;
    for (size_t i = 0; i < f->n_services; i++)
        if (!strcmp(f->services[i].name, name)) return true;
    return false;
}
static const char *outer_class(gen_model *m, const pb_file *f) {
    if (f->options && *f->options->outer_class) return f->options->outer_class;
    const char *slash = strrchr(f->name, '/');
    char *base = gen_text(m, "%s", slash ? slash + 1 : f->name);
    char *dot = strrchr(base, '.');
    if (dot) *dot = 0;
    char *name = camel(m, base);
    return file_has_name(f, name) ? gen_text(m, "%sOuterClass", name) : name;
}
/* What stands before the name of a message of the top level: "com.shop.Orders$". */
static const char *java_prefix(gen_model *m, const pb_file *f) {
    const char *package =
        f->options && *f->options->java_package ? f->options->java_package : f->package;
    const char *dot = *package ? "." : "";
    if (f->options && f->options->multiple_files) return gen_text(m, "%s%s", package, dot);
    return gen_text(m, "%s%s%s$", package, dot, outer_class(m, f));
}

/* ---- first all names, then the members ---- */

static bool is_map_entry(const pb_message *p) { return p->options && p->options->map_entry; }

static void note_enum(gen_model *m, names *all, const pb_enum *e, const char *full,
                      const char *from) {
    int index = gen_add_enum(m, from);
    for (size_t i = 0; i < e->n_values; i++)
        gen_add_label(m, index, e->values[i].name, e->values[i].number);
    note(all, full, index, true, NULL);
}
static void note_message(gen_model *m, names *all, const pb_message *p, const char *full,
                         const char *from, const char *java) {
    if (is_map_entry(p)) {
        note(all, full, -1, false, p);
        return;
    }
    note(all, full, gen_add_type(m, from, java), false, NULL);
    for (size_t i = 0; i < p->n_enums; i++)
        note_enum(m, all, &p->enums[i], gen_text(m, "%s.%s", full, p->enums[i].name),
                  gen_text(m, "%s_%s", from, p->enums[i].name));
    for (size_t i = 0; i < p->n_nested; i++) {
        const char *name = p->nested[i].name;
        note_message(m, all, &p->nested[i], gen_text(m, "%s.%s", full, name),
                     gen_text(m, "%s_%s", from, name), gen_text(m, "%s$%s", java, name));
    }
}
static bool is_time(const char *full) {
    return !strcmp(full, ".google.protobuf.Timestamp") ||
           !strcmp(full, ".google.protobuf.Duration");
}
static void note_file(gen_model *m, names *all, const pb_file *f) {
    const char *prefix = java_prefix(m, f);
    const char *package = *f->package ? gen_text(m, ".%s.", f->package) : ".";
    for (size_t i = 0; i < f->n_enums; i++)
        note_enum(m, all, &f->enums[i], gen_text(m, "%s%s", package, f->enums[i].name),
                  f->enums[i].name);
    for (size_t i = 0; i < f->n_messages; i++) {
        const char *name = f->messages[i].name, *full = gen_text(m, "%s%s", package, name);
        if (!is_time(full))
            note_message(m, all, &f->messages[i], full, name, gen_text(m, "%s%s", prefix, name));
    }
}

/* ---- members ---- */

typedef struct place { /* where a member is */
    gen_model *m;
    const names *all;
    const pb_file *file;
    int type;
} place;

static ukko_kind scalar_kind(int32_t type, uint32_t *flags) {
    *flags = 0;
    switch (type) {
    case PB_DOUBLE: return UKKO_F64;
    case PB_FLOAT: return UKKO_F32;
    case PB_INT64: return UKKO_I64;
    case PB_UINT64: return UKKO_U64;
    case PB_INT32: return UKKO_I32;
    case PB_FIXED64: *flags = UKKO_FIXED; return UKKO_U64;
    case PB_FIXED32: *flags = UKKO_FIXED; return UKKO_U32;
    case PB_BOOL: return UKKO_BOOL;
    case PB_STRING: return UKKO_STR;
    case PB_BYTES: return UKKO_BYTES;
    case PB_UINT32: return UKKO_U32;
    case PB_SFIXED32: *flags = UKKO_FIXED; return UKKO_I32;
    case PB_SFIXED64: *flags = UKKO_FIXED; return UKKO_I64;
    case PB_SINT32: *flags = UKKO_ZIGZAG; return UKKO_I32;
    case PB_SINT64: *flags = UKKO_ZIGZAG; return UKKO_I64;
    default: return (ukko_kind)0;
    }
}
/* *map: the entry type when the field is a map. */
static int use_of(const place *p, const pb_field *f, gen_use *use, uint32_t *flags,
                  const pb_message **map) {
    *use = (gen_use){scalar_kind(f->type, flags), -1, -1};
    *map = NULL;
    if (use->kind) return CLI_OK;
    if (f->type == PB_GROUP)
        return gen_fail(p->m, 0, "field %s is a group, which ukko gen does not write", f->name);
    if (is_time(f->type_name)) {
        use->kind = strstr(f->type_name, "Timestamp") ? UKKO_INSTANT : UKKO_TIMESPAN;
        return CLI_OK;
    }
    size_t i = find(p->all, f->type_name);
    if (i == p->all->n)
        return gen_fail(p->m, 0, "field %s: type %s is not in the descriptors", f->name,
                        f->type_name);
    int index = p->all->list[i].index;
    *map = p->all->list[i].map;
    if (*map) return CLI_OK;
    if (!p->all->list[i].is_enum) *use = (gen_use){UKKO_STRUCTP, index, -1};
    else *use = (gen_use){gen_is_dense(&p->m->enums[index]) ? UKKO_ENUM : UKKO_I32, -1, index};
    return CLI_OK;
}
static bool is_pointer(ukko_kind kind) {
    return kind == UKKO_STR || kind == UKKO_BYTES || kind == UKKO_STRUCTP;
}
static bool packs(const place *p, const pb_field *f) {
    if (f->options && f->options->has_packed) return f->options->packed;
    return !strcmp(p->file->syntax, "proto3");
}
/* What tells whether it is there. */
static uint32_t presence_of(const place *p, const pb_field *f, ukko_kind kind) {
    bool proto2 = strcmp(p->file->syntax, "proto3") != 0;
    bool time = kind == UKKO_INSTANT || kind == UKKO_TIMESPAN;
    if (f->label == PB_REQUIRED) return UKKO_REQUIRED;
    if (!proto2 && !f->proto3_optional) return time ? UKKO_PRESENT : 0;
    if (kind == UKKO_STRUCTP) return 0;
    return is_pointer(kind) ? UKKO_OPTIONAL : UKKO_PRESENT;
}
static int add_map(const place *p, gen_member *member, const pb_message *entry) {
    uint32_t key_flags, value_flags;
    gen_use key, value;
    const pb_message *none;
    size_t at = (size_t)(member - p->m->types[p->type].members);
    int status = use_of(p, &entry->fields[0], &key, &key_flags, &none);
    if (!status) status = use_of(p, &entry->fields[1], &value, &value_flags, &none);
    if (status) return status;
    gen_make_map(p->m, p->type, member, key.kind, value, value_flags);
    int made = p->m->types[p->type].members[at].use.type;
    p->m->types[made].members[0].flags = key_flags;
    return CLI_OK;
}
static int add_field(const place *p, const pb_message *msg, const pb_field *f, const int *groups) {
    gen_use use;
    uint32_t flags;
    const pb_message *map;
    int status = use_of(p, f, &use, &flags, &map);
    if (status) return status;
    (void)msg;
    gen_member *member = gen_add_member(p->m, p->type, f->name);
    member->tag = (uint32_t)f->number;
    if (map) return add_map(p, member, map);
    if (f->label == PB_REPEATED) {
        bool scalar =
            !is_pointer(use.kind) && use.kind != UKKO_INSTANT && use.kind != UKKO_TIMESPAN;
        if (use.kind == UKKO_STRUCTP) use.kind = UKKO_STRUCT;
        flags |= UKKO_REPEATED | (scalar && !packs(p, f) ? UKKO_UNPACKED : 0);
    } else if (f->has_oneof_index && !f->proto3_optional) {
        member->group = groups[f->oneof_index];
        flags |= UKKO_ONEOF;
    } else {
        flags |= presence_of(p, f, use.kind);
    }
    member->use = use;
    member->flags = flags;
    return CLI_OK;
}
/* A group for each oneof that is one; those that stand for `optional` have a single member. */
static int *add_groups(const place *p, const pb_message *msg) {
    int *groups = gen_keep(p->m, calloc(msg->n_oneofs + 1, sizeof *groups));
    for (size_t i = 0; i < msg->n_oneofs; i++) {
        bool real = false;
        for (size_t k = 0; k < msg->n_fields; k++)
            real |= msg->fields[k].has_oneof_index && (size_t)msg->fields[k].oneof_index == i &&
                    !msg->fields[k].proto3_optional;
        groups[i] = real ? gen_add_group(p->m, p->type, msg->oneofs[i].name) : -1;
    }
    return groups;
}
static int add_members(place *p, const pb_message *msg, const char *full) {
    int status = CLI_OK;
    if (is_map_entry(msg) || is_time(full)) return CLI_OK;
    p->type = p->all->list[find(p->all, full)].index;
    int *groups = add_groups(p, msg);
    for (size_t i = 0; i < msg->n_fields && !status; i++) {
        const pb_field *f = &msg->fields[i];
        if (f->has_oneof_index && (f->oneof_index < 0 || (size_t)f->oneof_index >= msg->n_oneofs))
            return gen_fail(p->m, 0, "the descriptors make no sense");
        status = add_field(p, msg, f, groups);
    }
    for (size_t i = 0; i < msg->n_nested && !status; i++)
        status =
            add_members(p, &msg->nested[i], gen_text(p->m, "%s.%s", full, msg->nested[i].name));
    return status;
}
static int add_file(gen_model *m, const names *all, const pb_file *f) {
    place p = {m, all, f, -1};
    const char *package = *f->package ? gen_text(m, ".%s.", f->package) : ".";
    int status = CLI_OK;
    for (size_t i = 0; i < f->n_messages && !status; i++)
        status =
            add_members(&p, &f->messages[i], gen_text(m, "%s%s", package, f->messages[i].name));
    return status;
}
static void mark_used(gen_model *m, int type) {
    gen_type *t = &m->types[type];
    if (!t->unused) return;
    t->unused = false;
    for (size_t i = 0; i < t->n; i++)
        if (t->members[i].use.type >= 0) mark_used(m, t->members[i].use.type);
}
/* main_only: of imports only what the last file refers to. */
int gen_add_descriptors(gen_model *m, const pb_set *set, bool main_only) {
    names all = {0};
    size_t from = 0;
    int status = CLI_OK;
    m->serializer = UKKO_SER_PROTOBUF;
    for (size_t i = 0; i < set->n_files; i++) {
        from = m->n_types;
        note_file(m, &all, &set->files[i]);
    }
    size_t end = m->n_types;
    for (size_t i = 0; i < set->n_files && !status; i++) status = add_file(m, &all, &set->files[i]);
    free(all.list);
    for (size_t i = 0; main_only && i < m->n_types; i++) m->types[i].unused = true;
    for (size_t i = from; main_only && i < end; i++) mark_used(m, (int)i);
    return status;
}

/* ---- descriptors ---- */

static int decode(gen_model *m, ukko_slice bytes, bool main_only) {
    static const ukko_type *const types[] = {&pb_set_type, NULL};
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("gen", NULL);
    ukko_system *sys = NULL;
    ukko_msg *msg = NULL;
    ukko_error err = {0, ""};
    opts.types = types;
    opts.threads = 0;
    int rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_deserialize(sys, UKKO_SER_PROTOBUF, pb_set_type.manifest, bytes, &msg, &err);
    int status = rc ? gen_fail(m, 0, "no descriptor set: %s", err.message)
                    : gen_add_descriptors(m, ukko_msg_get(msg, &pb_set_type), main_only);
    ukko_msg_release(msg);
    ukko_system_free(sys);
    return status;
}
static int read_set(gen_model *m, const char *file, bool main_only) {
    static const problem what = {CLI_IO, "IO", "gen", NULL, NULL};
    enum { MAX = 16 << 20 };
    FILE *in = fopen(file, "rb");
    if (!in) return cli_fail(m->cli, &what, "%s: %s", file, strerror(errno));
    uint8_t *bytes = gen_keep(m, malloc(MAX));
    size_t n = fread(bytes, 1, MAX, in);
    fclose(in);
    return decode(m, (ukko_slice){bytes, n}, main_only);
}
int gen_read_descriptors(gen_model *m, const char *file) { return read_set(m, file, false); }

/* ---- protoc ---- */

static int run_protoc(gen_model *m, char *const *argv) {
    static const problem missing = {CLI_USAGE, "NO_PROTOC", "gen", NULL,
                                    "install protoc (Debian package protobuf-compiler), or give a "
                                    "descriptor set that it made elsewhere"};
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(errno == ENOENT ? 127 : 126);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) return gen_fail(m, 0, "protoc did not start");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return cli_fail(m->cli, &missing, "protoc is not installed");
    return status ? gen_fail(m, 0, "protoc refused it") : CLI_OK;
}
static const char *folder_of(gen_model *m, const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? gen_text(m, "%.*s", (int)(slash - file), file) : ".";
}
int gen_read_proto(gen_model *m, const char *file) {
    char set[] = "/tmp/ukko-gen-XXXXXX";
    char *argv[MAX_GIVEN + 8];
    size_t n = 0;
    int fd = mkstemp(set);
    if (fd < 0) return gen_fail(m, 0, "no temporary file: %s", strerror(errno));
    close(fd);
    argv[n++] = gen_text(m, "protoc");
    argv[n++] = gen_text(m, "--include_imports");
    argv[n++] = gen_text(m, "--descriptor_set_out=%s", set);
    for (int i = 0; i < m->cli->n_given; i++)
        if (!strcmp(m->cli->given[i].option->name, "include"))
            argv[n++] = gen_text(m, "-I%s", m->cli->given[i].value);
    argv[n++] = gen_text(m, "-I%s", folder_of(m, file));
    argv[n++] = gen_text(m, "%s", file);
    argv[n] = NULL;
    int status = run_protoc(m, argv);
    if (!status) status = read_set(m, set, true);
    unlink(set);
    return status;
}

int gen_proto_class(cli *c, const char *file, const char *type, char *name, size_t len) {
    gen_model m = {
        .cli = c, .source = file, .base = "", .prefix = "", .serializer = UKKO_SER_PROTOBUF};
    const gen_type *best = NULL;
    int status = gen_read_proto(&m, file);
    for (size_t i = 0; i < m.n_types && !status; i++) { /* "Outer_Inner" of ".pkg.Outer.Inner" */
        const gen_type *t = &m.types[i];
        size_t n = strlen(t->from), all = strlen(type);
        bool fits = t->java && n <= all && (n == all || type[all - n - 1] == '.');
        for (size_t k = 0; k < n && fits; k++) {
            char at = type[all - n + k];
            fits = t->from[k] == at || (t->from[k] == '_' && at == '.');
        }
        if (fits && (!best || n > strlen(best->from))) best = t;
    }
    if (!status && !best) status = gen_fail(&m, 0, "there is no message %s in it", type);
    if (!status) snprintf(name, len, "%s", best->java);
    gen_model_fini(&m);
    return status;
}
