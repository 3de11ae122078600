/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko gen` from one JSON message: objects become types, texts that look like a date, a UUID or the
   path of an actor become that. What a sample does not show (other members, null) it cannot tell.
   Main thread. */
#include "gen.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 60 };

static bool looks_like(const char *text, int parts) {
    ukko_datetime t;
    return !ukko_datetime_parse(text, parts, &t);
}
static ukko_kind kind_of_text(const char *text) {
    ukko_uuid id;
    ukko_timespan span;
    size_t n = strlen(text);
    enum { DATE = UKKO_PART_DATE, TIME = UKKO_PART_TIME, OFFSET = UKKO_PART_OFFSET };
    if (looks_like(text, DATE | TIME | OFFSET))
        return text[n - 1] == 'Z' ? UKKO_INSTANT : UKKO_OFFSET_DATE_TIME;
    if (looks_like(text, DATE | TIME)) return UKKO_LOCAL_DATE_TIME;
    if (looks_like(text, DATE)) return UKKO_LOCAL_DATE;
    if (n >= 8 && looks_like(text, TIME)) return UKKO_LOCAL_TIME;
    if (!strncmp(text, "PT", 2) && !ukko_timespan_parse(text, &span)) return UKKO_TIMESPAN;
    if (!ukko_uuid_parse(text, &id)) return UKKO_UUID;
    if (!strncmp(text, "pekko", 5) && strstr(text, "://")) return UKKO_REF;
    return UKKO_STR;
}
static ukko_kind kind_of_number(const ukko_node *n) {
    const char *text = ukko_node_text(n, "");
    if (ukko_node_int(n, 0) || !strcmp(text, "0") || !strcmp(text, "-0")) return UKKO_I64;
    size_t digits = strspn(text + (*text == '-'), "0123456789.");
    bool large = text[digits + (*text == '-')] == 0 && digits > 17;
    return large ? UKKO_NUMBER : UKKO_F64;
}
/* What both are: of an integer and a fraction the fraction; of anything else text. */
static ukko_kind common(ukko_kind a, ukko_kind b) {
    if (a == b || !b) return a;
    if (!a) return b;
    bool numbers = (a == UKKO_I64 || a == UKKO_F64) && (b == UKKO_I64 || b == UKKO_F64);
    return numbers ? UKKO_F64 : UKKO_STR;
}

static int fill_type(gen_model *m, int type, ukko_node *const *nodes, size_t n, int depth);

static bool is_map(const gen_model *m, const char *name) {
    for (int i = 0; i < m->cli->n_given; i++)
        if (!strcmp(m->cli->given[i].option->name, "map") && !strcmp(m->cli->given[i].value, name))
            return true;
    return false;
}
/* The values of all nodes of a kind: elements of lists, or values of objects. Owned: free(). */
static ukko_node **inner(ukko_node *const *nodes, size_t n, size_t *count) {
    size_t all = 0;
    for (size_t i = 0; i < n; i++) all += ukko_node_count(nodes[i]);
    ukko_node **out = malloc((all + 1) * sizeof *out);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ukko_node_count(nodes[i]); k++)
            out[(*count)++] = ukko_node_at(nodes[i], k);
    return out;
}
/* The kind that all nodes have. list, object: what they are if not scalars. */
static int look(gen_model *m, const char *name, ukko_node *const *nodes, size_t n, ukko_kind *kind,
                bool *list, bool *object) {
    bool scalar = false;
    *kind = (ukko_kind)0;
    *list = *object = false;
    for (size_t i = 0; i < n; i++) {
        switch (ukko_node_kind_of(nodes[i])) {
        case UKKO_NODE_LIST: *list = true; break;
        case UKKO_NODE_OBJECT: *object = true; break;
        case UKKO_NODE_BOOL: scalar = true, *kind = common(UKKO_BOOL, *kind); break;
        case UKKO_NODE_NUMBER:
            scalar = true, *kind = common(kind_of_number(nodes[i]), *kind);
            break;
        case UKKO_NODE_TEXT:
            scalar = true, *kind = common(kind_of_text(ukko_node_text(nodes[i], "")), *kind);
            break;
        default: break;
        }
    }
    if (*list + *object + scalar > 1)
        return gen_fail(m, 0, "[%s] is of several kinds in the sample", name);
    return CLI_OK;
}
static int use_of(gen_model *m, int owner, const char *name, ukko_node *const *nodes, size_t n,
                  gen_use *use, uint32_t *flags, const char **note, int depth);

/* A list inside a list or map needs a type of its own. */
static int value_type(gen_model *m, int owner, const char *name, ukko_node *const *nodes, size_t n,
                      gen_use *use, int depth) {
    gen_use element;
    uint32_t flags = 0;
    const char *note;
    int type = gen_add_value(m, owner, gen_text(m, "%s_item", name));
    (void)gen_add_member(m, type, "items");
    int status = use_of(m, type, "items", nodes, n, &element, &flags, &note, depth + 1);
    if (status) return status;
    gen_member *f = &m->types[type].members[0];
    f->use = element;
    f->flags = flags;
    *use = (gen_use){UKKO_STRUCT, type, -1};
    return CLI_OK;
}
static int list_of(gen_model *m, int owner, const char *name, ukko_node *const *nodes, size_t n,
                   gen_use *use, const char **note, int depth) {
    size_t count;
    ukko_kind kind;
    bool list, object;
    ukko_node **elements = inner(nodes, n, &count);
    uint32_t flags = 0;
    int status = look(m, name, elements, count, &kind, &list, &object);
    if (!status && !count) *note = "empty in the sample";
    if (!status && list) status = value_type(m, owner, name, elements, count, use, depth);
    else if (!status) status = use_of(m, owner, name, elements, count, use, &flags, note, depth);
    if (!status && use->kind == UKKO_STRUCTP) use->kind = UKKO_STRUCT;
    free(elements);
    return status;
}
static int use_of(gen_model *m, int owner, const char *name, ukko_node *const *nodes, size_t n,
                  gen_use *use, uint32_t *flags, const char **note, int depth) {
    ukko_kind kind;
    bool list, object;
    *note = NULL;
    if (depth > MAX_DEPTH) return gen_fail(m, 0, "nested too deep");
    int status = look(m, name, nodes, n, &kind, &list, &object);
    if (status) return status;
    *use = (gen_use){kind ? kind : UKKO_STR, -1, -1};
    if (list) {
        *flags |= UKKO_REPEATED;
        return list_of(m, owner, name, nodes, n, use, note, depth);
    }
    if (object) {
        int type = gen_add_type(m, gen_text(m, "%s_%s", m->types[owner].from, name), NULL);
        *use = (gen_use){UKKO_STRUCTP, type, -1};
        return fill_type(m, type, nodes, n, depth + 1);
    }
    if (!kind) *note = "null in the sample";
    return CLI_OK;
}
static int map_of(gen_model *m, int type, size_t at, const char *name, ukko_node *const *nodes,
                  size_t n, int depth) {
    size_t count;
    ukko_kind kind;
    bool list, object;
    gen_use value;
    uint32_t flags = 0;
    const char *note;
    ukko_node **values = inner(nodes, n, &count);
    int status = look(m, name, values, count, &kind, &list, &object);
    if (!status && list) status = value_type(m, type, name, values, count, &value, depth);
    else if (!status) status = use_of(m, type, name, values, count, &value, &flags, &note, depth);
    free(values);
    if (!status) gen_make_map(m, type, &m->types[type].members[at], UKKO_STR, value, 0);
    return status;
}
static int add_member(gen_model *m, int type, const char *name, ukko_node *const *nodes, size_t n,
                      bool sometimes, int depth) {
    gen_use use;
    uint32_t flags = 0;
    const char *note;
    size_t at = m->types[type].n;
    (void)gen_add_member(m, type, name);
    if (is_map(m, name)) return map_of(m, type, at, name, nodes, n, depth);
    int status = use_of(m, type, name, nodes, n, &use, &flags, &note, depth);
    if (status) return status;
    bool number = use.kind == UKKO_BOOL || use.kind == UKKO_I64 || use.kind == UKKO_F64 ||
                  use.kind == UKKO_INSTANT || use.kind == UKKO_TIMESPAN || use.kind == UKKO_UUID ||
                  use.kind == UKKO_LOCAL_TIME;
    for (size_t i = 0; i < n; i++) sometimes |= ukko_node_kind_of(nodes[i]) == UKKO_NODE_NULL;
    gen_member *f = &m->types[type].members[at];
    f->use = use;
    f->note = note;
    f->flags = flags | (flags & UKKO_REPEATED ? sometimes ? UKKO_OPTIONAL : 0
                        : number && sometimes ? UKKO_PRESENT
                                              : 0);
    return CLI_OK;
}
static bool has_member(const gen_type *t, const char *name) {
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->members[i].json, name)) return true;
    return false;
}
/* The members of all objects that are of the same type. */
static int fill_type(gen_model *m, int type, ukko_node *const *nodes, size_t n, int depth) {
    ukko_node **values = malloc((n + 1) * sizeof *values);
    int status = CLI_OK;
    for (size_t i = 0; i < n && !status; i++) {
        for (size_t k = 0; k < ukko_node_count(nodes[i]) && !status; k++) {
            const char *name = ukko_node_name_at(nodes[i], k);
            size_t count = 0;
            if (!name || has_member(&m->types[type], name)) continue;
            for (size_t j = 0; j < n; j++)
                if ((values[count] = ukko_node_get(nodes[j], name))) count++;
            status = add_member(m, type, name, values, count, count < n, depth);
        }
    }
    free(values);
    return status;
}
int gen_read_sample(gen_model *m, const char *text, const char *class_name) {
    ukko_tree *tree;
    ukko_error err = {0, ""};
    const char *dot = strrchr(class_name, '.'), *name = dot ? dot + 1 : class_name;
    const char *inner_name = strrchr(name, '$');
    if (ukko_tree_parse(&tree, ukko_str(text), &err)) return gen_fail(m, 0, "%s", err.message);
    ukko_node *root = ukko_tree_root(tree);
    int status = CLI_OK;
    if (ukko_node_kind_of(root) != UKKO_NODE_OBJECT)
        status = gen_fail(m, 0, "a message is an object");
    int type = gen_add_type(m, inner_name && inner_name[1] ? inner_name + 1 : name, class_name);
    m->sample = text;
    if (!status) status = fill_type(m, type, &root, 1, 0);
    ukko_tree_free(tree);
    return status;
}
