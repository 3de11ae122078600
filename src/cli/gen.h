/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko gen`: message types in C from other people's descriptions of them. A source (a .proto file, a
   Java or Scala class, a JSON sample) becomes a model; the model is written as a header, a source file
   and a test. Main thread. */
#ifndef GEN_H
#define GEN_H
#include "cli.h"

typedef struct gen_use { /* one value: of a member, an element of a list, of a map */
    ukko_kind kind;
    int type;   /* UKKO_STRUCT, UKKO_STRUCTP: index of the type, else -1 */
    int labels; /* UKKO_ENUM: index of the enumeration, also of an I32 that is one; else -1 */
} gen_use;

typedef struct gen_member {
    const char *json; /* its name on the wire */
    const char *c;    /* its name in C */
    const char *note; /* for a comment; NULL: none */
    gen_use use;
    uint32_t flags, tag; /* as in ukko_field */
    int group;           /* UKKO_ONEOF: index in the groups of the type, else -1 */
} gen_member;

typedef struct gen_type {
    const char *c;    /* its name in C */
    const char *java; /* its class; NULL: a part of others only */
    const char *from; /* its name in the source */
    bool value;       /* written as its only member */
    bool entry;       /* of a map */
    bool unused;      /* of an import, and nothing refers to it: left out */
    gen_member *members;
    size_t n, cap;
    const char **groups;
    size_t n_groups;
} gen_type;

typedef struct gen_enum {
    const char *c, *from;
    const char **labels;
    int32_t *numbers;
    size_t n, cap;
} gen_enum;

typedef struct gen_model {
    cli *cli;
    const char *source;  /* file name, for comments and messages */
    const char *base;    /* of the files to be written, and the list of types */
    const char *prefix;  /* of all names in C; "" */
    int32_t serializer;  /* UKKO_SER_* */
    const char *sample;  /* the JSON sample, for the test; NULL: none */
    gen_type *types;
    size_t n_types, cap_types;
    gen_enum *enums;
    size_t n_enums, cap_enums;
    void **kept; /* memory that goes with the model */
    size_t n_kept, cap_kept;
    int status; /* the first failure, which has been told */
} gen_model;

/* ---- gen_model.c ---- */
void gen_model_fini(gen_model *m);
void *gen_keep(gen_model *m, void *memory); /* takes it */
char *gen_text(gen_model *m, const char *format, ...) UKKO_PRINTF(2, 3); /* kept */
/* Tells what is wrong with the source, once; gives the status. */
int gen_fail(gen_model *m, int line, const char *format, ...) UKKO_PRINTF(3, 4);
/* "HTTPServerName" gives "http_server_name"; never a word of C or C++. */
char *gen_snake(gen_model *m, const char *name);
char *gen_upper(gen_model *m, const char *name); /* "RED_GREEN" */
/* Both give an index; pointers into the model are good until the next one. from: any name, which
   becomes a name in C that no other type has. */
int gen_add_type(gen_model *m, const char *from, const char *java);
int gen_add_enum(gen_model *m, const char *from);
void gen_add_label(gen_model *m, int labels, const char *label, int32_t number);
bool gen_is_dense(const gen_enum *e); /* 0, 1, 2 ...: so its labels can be looked up */
/* Appends a member with a name in C that is free in its type. */
gen_member *gen_add_member(gen_model *m, int type, const char *json);
int gen_add_group(gen_model *m, int type, const char *name);
/* Makes the member a map: of an entry type of its own. key: UKKO_STR, or a number. */
void gen_make_map(gen_model *m, int type, gen_member *member, ukko_kind key, gen_use value,
                  uint32_t value_flags);
/* A type that stands for a list or map inside a list or map; the new type's only member is *member,
   by index. */
int gen_add_value(gen_model *m, int owner, const char *name);

/* ---- the sources; they give a status ---- */
int gen_read_proto(gen_model *m, const char *file); /* gen_proto.c: through protoc */
/* The Java class of a message of a .proto file. */
int gen_proto_class(cli *c, const char *file, const char *type, char *name, size_t len);
int gen_read_descriptors(gen_model *m, const char *file); /* a FileDescriptorSet */
int gen_read_classes(gen_model *m, const char *text); /* gen_class.c: Java and Scala */
int gen_read_sample(gen_model *m, const char *text, const char *class_name); /* gen_sample.c */

/* ---- gen_write.c, gen_test.c: text, owned: free() ---- */
char *gen_header(gen_model *m);
char *gen_source(gen_model *m);
char *gen_test(gen_model *m);
/* What C calls a value of that kind: "int32_t ", "const char *". */
const char *gen_c_type(gen_model *m, const gen_use *use);
const char *gen_kind_name(ukko_kind kind); /* "UKKO_I32" */
#endif
