/* SPDX-License-Identifier: Apache-2.0 */
/* The types of Java and Scala as members of C structs, the way Jackson writes them. Main thread. */
#include "gen_class.h"
#include <stdlib.h>
#include <string.h>

void gen_note_name(source *s, const char *name, int type, int labels) {
    s->names = realloc(s->names, (s->n_names + 1) * sizeof *s->names);
    s->names[s->n_names].name = name;
    s->names[s->n_names].type = type;
    s->names[s->n_names++].labels = labels;
}

/* ---- known names ---- */

enum { BOXED = 1, JAVA = 2, SCALA = 4, ANY = JAVA | SCALA };

static const struct {
    const char *name;
    ukko_kind kind;
    int where;
} scalars[] = {
    {"boolean", UKKO_BOOL, JAVA},
    {"byte", UKKO_I32, JAVA},
    {"short", UKKO_I32, JAVA},
    {"int", UKKO_I32, JAVA},
    {"long", UKKO_I64, JAVA},
    {"float", UKKO_F32, JAVA},
    {"double", UKKO_F64, JAVA},
    {"char", UKKO_STR, JAVA},
    {"Boolean", UKKO_BOOL, JAVA | BOXED},
    {"Boolean", UKKO_BOOL, SCALA},
    {"Byte", UKKO_I32, JAVA | BOXED},
    {"Byte", UKKO_I32, SCALA},
    {"Short", UKKO_I32, JAVA | BOXED},
    {"Short", UKKO_I32, SCALA},
    {"Long", UKKO_I64, JAVA | BOXED},
    {"Long", UKKO_I64, SCALA},
    {"Float", UKKO_F32, JAVA | BOXED},
    {"Float", UKKO_F32, SCALA},
    {"Double", UKKO_F64, JAVA | BOXED},
    {"Double", UKKO_F64, SCALA},
    {"Integer", UKKO_I32, ANY | BOXED},
    {"Int", UKKO_I32, SCALA},
    {"Character", UKKO_STR, ANY},
    {"Char", UKKO_STR, SCALA},
    {"OptionalInt", UKKO_I32, ANY | BOXED},
    {"OptionalLong", UKKO_I64, ANY | BOXED},
    {"OptionalDouble", UKKO_F64, ANY | BOXED},
    {"String", UKKO_STR, ANY},
    {"BigInteger", UKKO_NUMBER, ANY},
    {"BigDecimal", UKKO_NUMBER, ANY},
    {"BigInt", UKKO_NUMBER, SCALA},
    {"UUID", UKKO_UUID, ANY},
    {"Instant", UKKO_INSTANT, ANY},
    {"Duration", UKKO_TIMESPAN, ANY},
    {"FiniteDuration", UKKO_TIMESPAN, ANY},
    {"LocalDate", UKKO_LOCAL_DATE, ANY},
    {"LocalTime", UKKO_LOCAL_TIME, ANY},
    {"LocalDateTime", UKKO_LOCAL_DATE_TIME, ANY},
    {"OffsetDateTime", UKKO_OFFSET_DATE_TIME, ANY},
    {"ZonedDateTime", UKKO_ZONED_DATE_TIME, ANY},
    {"ActorRef", UKKO_REF, ANY},
    {"Address", UKKO_STR, ANY},
    {"Period", UKKO_STR, ANY},
    {"Year", UKKO_STR, ANY},
    {"URI", UKKO_STR, ANY},
    {"URL", UKKO_STR, ANY},
    {"Locale", UKKO_STR, ANY},
    {"Currency", UKKO_STR, ANY},
    {"ZoneId", UKKO_STR, ANY},
    {"Date", UKKO_STR, ANY},
};
static bool among(const char *name, const char *words) {
    size_t n = strlen(name);
    for (const char *p = words; (p = strstr(p, name)); p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return true;
    return false;
}
static bool is_list(const char *name) {
    return among(
        name, "Array List Set Collection Iterable Queue ArrayList LinkedList HashSet Seq "
              "IndexedSeq Vector ImmutableList ImmutableSet SortedSet LinkedHashSet TreeSet Deque "
              "ListSet Stream");
}
static bool is_map(const char *name) {
    return among(name,
                 "Map HashMap TreeMap LinkedHashMap SortedMap ImmutableMap ListMap ConcurrentMap "
                 "ConcurrentHashMap");
}
static bool is_option(const char *name) { return among(name, "Optional Option Some"); }
static bool is_bytes(const jtype *t) {
    return !strcmp(t->name, "Array") && t->n == 1 &&
           (!strcmp(t->args[0]->name, "byte") || !strcmp(t->args[0]->name, "Byte"));
}

/* ---- one value ---- */

typedef struct place {
    source *s;
    const jfield *field;
    int owner; /* the type that the member is of */
} place;

static int unknown(const place *p, const jtype *t) {
    return gen_fail(p->s->m, p->field->line,
                    "field %s: type %s is neither declared here nor one that ukko gen knows",
                    p->field->name, t->name);
}
static bool find_scalar(const place *p, const char *name, gen_use *use, bool *boxed) {
    int where = p->field->scala ? SCALA : JAVA;
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        if (strcmp(scalars[i].name, name) || !(scalars[i].where & where)) continue;
        *use = (gen_use){scalars[i].kind, -1, -1};
        *boxed = scalars[i].where & BOXED;
        return true;
    }
    return false;
}
static bool find_declared(const place *p, const char *name, gen_use *use) {
    for (size_t i = 0; i < p->s->n_names; i++) {
        if (strcmp(p->s->names[i].name, name)) continue;
        int labels = p->s->names[i].labels;
        *use = labels >= 0 ? (gen_use){UKKO_ENUM, -1, labels}
                           : (gen_use){UKKO_STRUCTP, p->s->names[i].type, -1};
        return true;
    }
    return false;
}
/* *flags: UKKO_REPEATED, UKKO_MAP or UKKO_PRESENT; of a map, type is that of its key in key. */
static int use_of(const place *p, const jtype *t, gen_use *use, uint32_t *flags, int depth);

static int fill_value(const place *p, int type, const jtype *t, int depth);

/* What is inside a list or map: one value, or a type that stands for a list or map. */
static int element_of(const place *p, const jtype *t, gen_use *use, int depth) {
    if (depth > 10) return unknown(p, t);
    if ((is_list(t->name) && !is_bytes(t)) || is_map(t->name)) {
        int type = gen_add_value(p->s->m, p->owner, gen_text(p->s->m, "%s_item", p->field->name));
        *use = (gen_use){UKKO_STRUCT, type, -1};
        return fill_value(p, type, t, depth + 1);
    }
    uint32_t flags = 0;
    int status = use_of(p, t, use, &flags, depth + 1);
    if (!status && use->kind == UKKO_STRUCTP) use->kind = UKKO_STRUCT;
    return status;
}
static int use_of(const place *p, const jtype *t, gen_use *use, uint32_t *flags, int depth) {
    bool boxed = false;
    if (is_bytes(t)) {
        *use = (gen_use){UKKO_BYTES, -1, -1};
        return CLI_OK;
    }
    if (is_option(t->name) && t->n == 1) {
        int status = use_of(p, t->args[0], use, flags, depth + 1);
        bool plain = use->kind == UKKO_STR || use->kind == UKKO_STRUCTP ||
                     use->kind == UKKO_BYTES || use->kind == UKKO_REF || use->kind == UKKO_ENUM ||
                     use->kind == UKKO_NUMBER;
        if (!status) *flags |= *flags & UKKO_REPEATED ? UKKO_OPTIONAL : plain ? 0 : UKKO_PRESENT;
        return status;
    }
    if (is_list(t->name) && t->n == 1) {
        *flags |= UKKO_REPEATED;
        return element_of(p, t->args[0], use, depth);
    }
    if (!find_declared(p, t->name, use) && !find_scalar(p, t->name, use, &boxed))
        return unknown(p, t);
    if (boxed) *flags |= UKKO_PRESENT;
    return CLI_OK;
}
static ukko_kind key_kind(const place *p, const jtype *t) {
    gen_use use;
    bool boxed;
    if (!find_scalar(p, t->name, &use, &boxed)) return UKKO_STR; /* its name, or its text */
    bool number = use.kind == UKKO_I32 || use.kind == UKKO_I64 || use.kind == UKKO_BOOL;
    return number ? use.kind : UKKO_STR;
}
static int make_map(const place *p, int type, size_t at, const jtype *t, int depth) {
    gen_use value;
    if (t->n != 2) return unknown(p, t);
    int status = element_of(p, t->args[1], &value, depth);
    if (!status)
        gen_make_map(p->s->m, type, &p->s->m->types[type].members[at], key_kind(p, t->args[0]),
                     value, 0);
    return status;
}
static int fill_member(const place *p, int type, size_t at, const jtype *t, int depth) {
    gen_use use;
    uint32_t flags = 0;
    if (is_map(t->name)) return make_map(p, type, at, t, depth);
    int status = use_of(p, t, &use, &flags, depth);
    if (status) return status;
    gen_member *f = &p->s->m->types[type].members[at];
    bool number = use.kind == UKKO_INSTANT || use.kind == UKKO_TIMESPAN || use.kind == UKKO_UUID ||
                  use.kind == UKKO_LOCAL_TIME;
    if (p->field->nullable && number && !(flags & UKKO_REPEATED)) flags |= UKKO_PRESENT;
    if (p->field->nullable && flags & UKKO_REPEATED) flags |= UKKO_OPTIONAL;
    f->use = use;
    f->flags = flags;
    return CLI_OK;
}
static int fill_value(const place *p, int type, const jtype *t, int depth) {
    (void)gen_add_member(p->s->m, type, "items");
    return fill_member(p, type, 0, t, depth);
}
int gen_resolve(source *s) {
    int status = CLI_OK;
    for (size_t i = 0; i < s->n_classes && !status; i++) {
        const jclass *c = s->classes[i];
        for (size_t k = 0; k < c->n && !status; k++) {
            place p = {s, &c->fields[k], c->type};
            size_t at = s->m->types[c->type].n;
            (void)gen_add_member(s->m, c->type, c->fields[k].name);
            status = fill_member(&p, c->type, at, c->fields[k].type, 0);
        }
    }
    return status;
}
