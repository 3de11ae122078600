/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents as trees, from and to JSON and CBOR through the token streams. A tree belongs to
   one thread at a time; all its memory is that of one message, which is never sent. */
#include "serial/tree.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

enum { BUDGET = 64 << 20 };

struct ukko_node {
    ukko_node_kind kind;
    bool flag;
    bool whole; /* a number: integer holds it */
    int64_t integer;
    double real;
    const char *text; /* terminated; of a number: as it was written */
    size_t len;
    ukko_node **items; /* of lists and objects */
    const char **names;
    size_t n, cap;
};

struct ukko_tree {
    ukko_msg *memory;
    ukko_node *root;
    size_t budget;
};

/* ---- memory ---- */

static void *take(ukko_tree *t, size_t n) {
    t->budget = t->budget > n + 32 ? t->budget - n - 32 : 0;
    return ukko_msg_alloc(t->memory, n);
}
static ukko_node *new_node(ukko_tree *t, ukko_node_kind kind) {
    ukko_node *n = take(t, sizeof *n);
    n->kind = kind;
    return n;
}
static const char *copy_text(ukko_tree *t, const void *text, size_t len) {
    char *p = take(t, len + 1);
    if (len) memcpy(p, text, len);
    return p;
}
ukko_tree *ukko_tree_new(void) {
    ukko_tree *t = uk_zalloc(sizeof *t);
    t->memory = ukko_msg_new(&ukko_null_type);
    t->budget = BUDGET;
    t->root = new_node(t, UKKO_NODE_NULL);
    return t;
}
void ukko_tree_free(ukko_tree *t) {
    if (!t) return;
    ukko_msg_release(t->memory);
    uk_free(t);
}
ukko_node *ukko_tree_root(ukko_tree *t) { return t->root; }
void ukko_tree_set_root(ukko_tree *t, ukko_node *root) {
    t->root = root ? root : new_node(t, UKKO_NODE_NULL);
}

/* ---- making ---- */

ukko_node *ukko_node_new_null(ukko_tree *t) { return new_node(t, UKKO_NODE_NULL); }
ukko_node *ukko_node_new_bool(ukko_tree *t, bool value) {
    ukko_node *n = new_node(t, UKKO_NODE_BOOL);
    n->flag = value;
    return n;
}
static ukko_node *slice_node(ukko_tree *t, ukko_node_kind kind, ukko_slice s) {
    ukko_node *n = new_node(t, kind);
    n->text = copy_text(t, s.ptr, s.len);
    n->len = s.len;
    return n;
}
static ukko_node *number_node(ukko_tree *t, ukko_slice text, bool whole, int64_t integer,
                              double real) {
    ukko_node *n = slice_node(t, UKKO_NODE_NUMBER, text);
    n->whole = whole;
    n->integer = integer;
    n->real = real;
    return n;
}
ukko_node *ukko_node_new_int(ukko_tree *t, int64_t value) {
    char tmp[UK_NUMBER_ROOM];
    ukko_slice text = {(uint8_t *)tmp, uk_print_int(tmp, value)};
    return number_node(t, text, true, value, (double)value);
}
ukko_node *ukko_node_new_real(ukko_tree *t, double value) {
    char tmp[UK_NUMBER_ROOM];
    if (!isfinite(value))
        return ukko_node_new_text(t, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    ukko_slice text = {(uint8_t *)tmp, uk_print_f64(tmp, value)};
    return number_node(t, text, false, 0, value);
}
ukko_node *ukko_node_new_text(ukko_tree *t, const char *text) {
    return text ? slice_node(t, UKKO_NODE_TEXT, ukko_str(text)) : ukko_node_new_null(t);
}
ukko_node *ukko_node_new_number(ukko_tree *t, const char *text) {
    uk_reader r;
    bool whole;
    ukko_slice s = ukko_str(text);
    if (!uk_number_valid(s, &whole)) return NULL;
    uk_reader_init(&r, s, false, 1);
    (void)uk_reader_next(&r); /* valid */
    ukko_node *n = number_node(t, s, r.tok == UK_TOK_INT, r.integer, r.real);
    uk_reader_fini(&r);
    return n;
}
ukko_node *ukko_node_new_list(ukko_tree *t) { return new_node(t, UKKO_NODE_LIST); }
ukko_node *ukko_node_new_object(ukko_tree *t) { return new_node(t, UKKO_NODE_OBJECT); }

/* ---- places ---- */

static void grow(ukko_tree *t, ukko_node *n) {
    if (n->n < n->cap) return;
    size_t cap = n->cap ? n->cap * 2 : 4;
    ukko_node **items = take(t, cap * sizeof *items);
    if (n->n) memcpy(items, n->items, n->n * sizeof *items);
    n->items = items;
    if (n->kind == UKKO_NODE_OBJECT) {
        const char **names = take(t, cap * sizeof *names);
        if (n->n) memcpy(names, n->names, n->n * sizeof *names);
        n->names = names;
    }
    n->cap = cap;
}
static size_t index_of(const ukko_node *n, const char *name) {
    size_t i = 0;
    while (i < n->n && strcmp(n->names[i], name)) i++;
    return i;
}
static void append(ukko_tree *t, ukko_node *n, const char *name, ukko_node *value) {
    grow(t, n);
    if (name) n->names[n->n] = name;
    n->items[n->n++] = value;
}
int ukko_node_set(ukko_tree *t, ukko_node *object, const char *name, ukko_node *value) {
    if (!object || object->kind != UKKO_NODE_OBJECT || !name) return UKKO_ETYPE;
    if (!value) value = ukko_node_new_null(t);
    size_t i = index_of(object, name);
    if (i < object->n)
        object->items[i] = value;
    else
        append(t, object, copy_text(t, name, strlen(name)), value);
    return UKKO_OK;
}
int ukko_node_add(ukko_tree *t, ukko_node *list, ukko_node *value) {
    if (!list || list->kind != UKKO_NODE_LIST) return UKKO_ETYPE;
    append(t, list, NULL, value ? value : ukko_node_new_null(t));
    return UKKO_OK;
}
ukko_node *ukko_node_remove_at(ukko_node *n, size_t i) {
    if (!n || i >= n->n) return NULL;
    ukko_node *out = n->items[i];
    size_t rest = --n->n - i;
    memmove(n->items + i, n->items + i + 1, rest * sizeof *n->items);
    if (n->names) memmove(n->names + i, n->names + i + 1, rest * sizeof *n->names);
    return out;
}
ukko_node *ukko_node_remove(ukko_node *object, const char *name) {
    if (!object || object->kind != UKKO_NODE_OBJECT || !name) return NULL;
    return ukko_node_remove_at(object, index_of(object, name));
}
int ukko_node_rename(ukko_tree *t, ukko_node *object, const char *from, const char *to) {
    if (!object || object->kind != UKKO_NODE_OBJECT || !from || !to) return UKKO_ETYPE;
    size_t i = index_of(object, from);
    if (i == object->n) return UKKO_ENOTFOUND;
    size_t taken = index_of(object, to);
    if (taken == i) return UKKO_OK;
    if (taken < object->n) {
        ukko_node_remove_at(object, taken);
        i -= taken < i;
    }
    object->names[i] = copy_text(t, to, strlen(to));
    return UKKO_OK;
}

/* ---- reading ---- */

ukko_node_kind ukko_node_kind_of(const ukko_node *n) { return n ? n->kind : UKKO_NODE_NONE; }
size_t ukko_node_count(const ukko_node *n) { return n ? n->n : 0; }
ukko_node *ukko_node_at(const ukko_node *n, size_t i) { return n && i < n->n ? n->items[i] : NULL; }
const char *ukko_node_name_at(const ukko_node *n, size_t i) {
    return n && n->names && i < n->n ? n->names[i] : NULL;
}
ukko_node *ukko_node_get(const ukko_node *n, const char *name) {
    if (!n || n->kind != UKKO_NODE_OBJECT || !name) return NULL;
    return ukko_node_at(n, index_of(n, name));
}
ukko_node *ukko_node_find(const ukko_node *n, const char *path) {
    ukko_node *at = NULL;
    while (path) {
        const char *dot = strchr(path, '.');
        char *name = uk_strndup(path, dot ? (size_t)(dot - path) : strlen(path));
        at = ukko_node_get(n, name);
        uk_free(name);
        n = at;
        path = dot ? dot + 1 : NULL;
    }
    return at;
}
bool ukko_node_bool(const ukko_node *n, bool otherwise) {
    return n && n->kind == UKKO_NODE_BOOL ? n->flag : otherwise;
}
int64_t ukko_node_int(const ukko_node *n, int64_t otherwise) {
    return n && n->kind == UKKO_NODE_NUMBER && n->whole ? n->integer : otherwise;
}
double ukko_node_real(const ukko_node *n, double otherwise) {
    return n && n->kind == UKKO_NODE_NUMBER ? n->real : otherwise;
}
const char *ukko_node_text(const ukko_node *n, const char *otherwise) {
    return n && (n->kind == UKKO_NODE_TEXT || n->kind == UKKO_NODE_NUMBER) ? n->text : otherwise;
}
ukko_slice ukko_node_slice(const ukko_node *n) {
    if (!n || (n->kind != UKKO_NODE_TEXT && n->kind != UKKO_NODE_BYTES))
        return (ukko_slice){NULL, 0};
    return (ukko_slice){(const uint8_t *)n->text, n->len};
}

/* ---- from tokens: without recursion, as the depth is a peer's ---- */

typedef struct build {
    ukko_tree *t;
    uk_reader *r;
    ukko_node **open; /* objects and lists around this place */
    size_t n_open, cap;
    const char *name; /* of the member that comes; NULL: none */
    ukko_node *root;
} build;

static ukko_node *scalar(build *b) {
    uk_reader *r = b->r;
    char tmp[UK_NUMBER_ROOM];
    ukko_slice text = r->text;
    switch (r->tok) {
    case UK_TOK_STR: return slice_node(b->t, UKKO_NODE_TEXT, text);
    case UK_TOK_BYTES: return slice_node(b->t, UKKO_NODE_BYTES, text);
    case UK_TOK_TRUE:
    case UK_TOK_FALSE: return ukko_node_new_bool(b->t, r->tok == UK_TOK_TRUE);
    case UK_TOK_INT:
        if (!text.len) text = (ukko_slice){(uint8_t *)tmp, uk_print_int(tmp, r->integer)};
        return number_node(b->t, text, true, r->integer, r->real);
    case UK_TOK_REAL:
        if (!text.len) return ukko_node_new_real(b->t, r->real);
        return number_node(b->t, text, false, 0, r->real);
    case UK_TOK_OBJ: return ukko_node_new_object(b->t);
    case UK_TOK_ARR: return ukko_node_new_list(b->t);
    default: return ukko_node_new_null(b->t);
    }
}
static void place(build *b, ukko_node *n) {
    ukko_node *top = b->n_open ? b->open[b->n_open - 1] : NULL;
    if (!top)
        b->root = n;
    else
        append(b->t, top, b->name, n);
    b->name = NULL;
    if (n->kind != UKKO_NODE_OBJECT && n->kind != UKKO_NODE_LIST) return;
    if (b->n_open == b->cap)
        b->open = uk_realloc(b->open, (b->cap = b->cap ? b->cap * 2 : 16) * sizeof *b->open);
    b->open[b->n_open++] = n;
}
typedef struct named {
    const char *name;
    size_t at;
} named;
static int by_name(const void *a, const void *b) {
    const named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}
/* Of members of the same name the last one stays, in the first one's place. */
static void merge_twins(ukko_node *n) {
    if (n->kind != UKKO_NODE_OBJECT || n->n < 2) return;
    named *all = uk_alloc(n->n * sizeof *all);
    for (size_t i = 0; i < n->n; i++) all[i] = (named){n->names[i], i};
    qsort(all, n->n, sizeof *all, by_name);
    for (size_t i = 0, k; i < n->n; i = k) {
        for (k = i + 1; k < n->n && !strcmp(all[i].name, all[k].name); k++) {
            n->items[all[i].at] = n->items[all[k].at];
            n->names[all[k].at] = NULL;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < n->n; i++) {
        if (!n->names[i]) continue;
        n->names[kept] = n->names[i];
        n->items[kept++] = n->items[i];
    }
    n->n = kept;
    uk_free(all);
}
static int build_tree(build *b) {
    do {
        int rc = uk_reader_next(b->r);
        if (rc) return rc;
        if (b->r->tok == UK_TOK_OBJ_END || b->r->tok == UK_TOK_ARR_END)
            merge_twins(b->open[--b->n_open]);
        else if (b->r->tok == UK_TOK_KEY) {
            if (memchr(b->r->text.ptr, 0, b->r->text.len)) return UKKO_EPARSE;
            b->name = copy_text(b->t, b->r->text.ptr, b->r->text.len);
        } else
            place(b, scalar(b));
        if (!b->t->budget) return UKKO_ETOOBIG;
    } while (b->n_open);
    int rc = uk_reader_next(b->r);
    return rc ? rc : b->r->tok == UK_TOK_END && b->r->p == b->r->end ? UKKO_OK : UKKO_EPARSE;
}
int uk_tree_read(ukko_tree **out, ukko_slice in, bool cbor, const uk_limits *limits) {
    uk_reader r;
    build b = {.t = ukko_tree_new(), .r = &r};
    int rc = uk_reader_open(&r, in, cbor, limits);
    if (!rc) rc = build_tree(&b);
    uk_reader_fini(&r);
    uk_free(b.open);
    if (rc) {
        ukko_tree_free(b.t);
        return rc;
    }
    b.t->root = b.root;
    *out = b.t;
    return UKKO_OK;
}
int ukko_tree_parse(ukko_tree **out, ukko_slice json, ukko_error *err) {
    *out = NULL;
    int rc = uk_tree_read(out, json, false, &uk_limits_default);
    if (rc)
        return uk_error(err, rc, "%s", rc == UKKO_ETOOBIG ? "too deep or too large" : "no JSON");
    return UKKO_OK;
}
ukko_tree *ukko_tree_of(const ukko_msg *msg) {
    const ukko_json *j = ukko_msg_get(msg, &ukko_json_type);
    ukko_tree *t = NULL;
    if (!j) return NULL;
    ukko_slice text = {(const uint8_t *)j->text, j->len ? j->len : strlen(j->text)};
    return uk_tree_read(&t, text, false, &uk_limits_default) ? NULL : t;
}

/* ---- to tokens ---- */

static void write_scalar(const ukko_node *n, uk_writer *w) {
    ukko_slice text = {(const uint8_t *)n->text, n->len};
    switch (n->kind) {
    case UKKO_NODE_BOOL: uk_w_bool(w, n->flag); break;
    case UKKO_NODE_TEXT: uk_w_str(w, n->text, n->len); break;
    case UKKO_NODE_BYTES: uk_w_bytes(w, text); break;
    case UKKO_NODE_NUMBER:
        if (n->whole)
            uk_w_int(w, n->integer);
        else
            uk_w_number_token(w, text, n->real);
        break;
    default: uk_w_null(w);
    }
}
static int write_node(const ukko_node *n, uk_writer *w, unsigned depth) {
    bool object = n->kind == UKKO_NODE_OBJECT;
    if (!object && n->kind != UKKO_NODE_LIST) {
        write_scalar(n, w);
        return UKKO_OK;
    }
    if (depth >= UK_MAX_TREE) return UKKO_ETOOBIG;
    if (object)
        uk_w_obj(w);
    else
        uk_w_arr(w, n->n);
    for (size_t i = 0; i < n->n; i++) {
        if (object) uk_w_key(w, n->names[i], strlen(n->names[i]));
        int rc = write_node(n->items[i], w, depth + 1);
        if (rc) return rc;
    }
    if (object)
        uk_w_obj_end(w);
    else
        uk_w_arr_end(w, n->n);
    return UKKO_OK;
}
int uk_tree_write(const ukko_tree *t, uk_buf *out, bool cbor) {
    uk_writer w = {out, cbor, false};
    return write_node(t->root, &w, 0);
}
char *ukko_tree_print(const ukko_tree *t) {
    uk_buf out = {0};
    if (uk_tree_write(t, &out, false)) {
        uk_buf_fini(&out);
        return uk_strdup("null");
    }
    return uk_buf_text(&out); /* the buffer is theirs now */
}
ukko_msg *ukko_tree_msg(const ukko_tree *t, const char *class_name, bool cbor) {
    char *text = ukko_tree_print(t);
    ukko_json j = {class_name, text, 0, cbor};
    ukko_msg *m = ukko_msg_copy(&ukko_json_type, &j);
    uk_free(text);
    return m;
}
static ukko_node *copy_node(ukko_tree *t, const ukko_node *from, unsigned depth) {
    if (!from || depth >= UK_MAX_TREE) return ukko_node_new_null(t);
    ukko_node *n = new_node(t, from->kind);
    *n = *from;
    if (from->text) n->text = copy_text(t, from->text, from->len);
    n->items = NULL;
    n->names = NULL;
    n->n = n->cap = 0;
    for (size_t i = 0; i < from->n; i++) {
        const char *name =
            from->names ? copy_text(t, from->names[i], strlen(from->names[i])) : NULL;
        append(t, n, name, copy_node(t, from->items[i], depth + 1));
    }
    return n;
}
ukko_node *ukko_node_new_copy(ukko_tree *t, const ukko_node *node) { return copy_node(t, node, 0); }
