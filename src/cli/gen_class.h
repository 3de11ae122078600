/* SPDX-License-Identifier: Apache-2.0 */
/* Java and Scala classes as they are written: what gen_class.c reads and gen_java.c makes types of.
   Main thread. */
#ifndef GEN_CLASS_H
#define GEN_CLASS_H
#include "gen.h"

typedef struct jtype jtype;
struct jtype { /* List<String>; byte[] is an Array of byte */
    const char *name;
    jtype *args[2];
    size_t n;
};
typedef struct jfield {
    const char *name;
    jtype *type;
    bool nullable;
    int line;
    bool scala;
} jfield;
typedef struct marks { /* what annotations and modifiers say of a field */
    bool nullable, ignored;
    const char *json; /* its name there; NULL: as in Java */
} marks;
typedef struct jclass {
    int type; /* in the model */
    jfield *fields;
    size_t n;
} jclass;

typedef struct source {
    gen_model *m;
    const char *p, *token; /* "" at the end */
    int line, at;          /* of p; of the token */
    bool scala;
    const char *package;
    jclass **classes;
    size_t n_classes;
    struct { const char *name; int type, labels; } *names; /* declared here */
    size_t n_names;
} source;

void gen_next(source *s);
bool gen_is(const source *s, const char *token);
bool gen_take(source *s, const char *token); /* passes over it, when it is that */

/* gen_java.c */
void gen_note_name(source *s, const char *name, int type, int labels);
int gen_resolve(source *s); /* fills the types of the model; gives a status */
#endif
