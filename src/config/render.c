/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON and HOCON text, and their equality. Any thread. */
#include "config/internal.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct writer {
    uk_buf *out;
    bool json, over;
    int indent;
} writer;

static void write_value(writer *w, const uk_value *v, int depth);

void uk_render_string(uk_buf *out, const char *text, size_t len) {
    static const char hex[] = "0123456789abcdef";
    static const char names[32] = {[8] = 'b', [9] = 't', [10] = 'n', [12] = 'f', [13] = 'r'};
    uk_buf_byte(out, '"');
    for (size_t i = 0; i < len;) {
        size_t from = i;
        while (i < len && (uint8_t)text[i] >= 32 && text[i] != '"' && text[i] != '\\' &&
               text[i] != 127)
            i++;
        uk_buf_put(out, text + from, i - from);
        if (i == len) break;
        uint8_t c = (uint8_t)text[i++];
        if (c >= 32 && c != 127) {
            uk_buf_byte(out, '\\');
            uk_buf_byte(out, c);
        } else if (c < 32 && names[c]) {
            uk_buf_byte(out, '\\');
            uk_buf_byte(out, (uint8_t)names[c]);
        } else {
            uk_buf_str(out, "\\u00");
            uk_buf_byte(out, (uint8_t)hex[c >> 4]);
            uk_buf_byte(out, (uint8_t)hex[c & 15]);
        }
    }
    uk_buf_byte(out, '"');
}

static void write_number(writer *w, const uk_value *v) {
    if (!w->json) { /* as it was written: its text counts when it is joined with others */
        uk_buf_put(w->out, v->number.text, v->number.text_len);
    } else if (v->kind == UK_V_INT) {
        uk_buf_printf(w->out, "%lld", (long long)v->number.i);
    } else if (v->number.d - v->number.d != 0) {
        uk_buf_str(w->out, v->number.d < 0 ? "-1e999" : "1e999"); /* JSON has no infinity */
    } else {
        uk_print_double(w->out, v->number.d);
    }
}

static void new_line(writer *w, int depth) {
    if (!w->indent) return;
    uk_buf_byte(w->out, '\n');
    for (int i = 0; i < depth * w->indent; i++) uk_buf_byte(w->out, ' ');
}

static void write_list(writer *w, const uk_value *v, int depth) {
    uk_buf_byte(w->out, '[');
    for (size_t i = 0; i < v->list.n; i++) {
        if (i) uk_buf_byte(w->out, ',');
        new_line(w, depth + 1);
        write_value(w, v->list.items[i], depth + 1);
    }
    if (v->list.n) new_line(w, depth);
    uk_buf_byte(w->out, ']');
}

/* ---- Objects: numeric keys by number, then the others by their bytes. ---- */

static bool digits_only(const uk_key *k) {
    for (uint32_t i = 0; i < k->len; i++)
        if (k->text[i] < '0' || k->text[i] > '9') return false;
    return k->len > 0;
}

static int text_order(const uk_key *a, const uk_key *b) {
    size_t n = a->len < b->len ? a->len : b->len;
    int c = n ? memcmp(a->text, b->text, n) : 0;
    return c ? c : a->len < b->len ? -1 : a->len > b->len;
}

static int number_order(const uk_key *a, const uk_key *b) {
    const char *x = a->text, *y = b->text;
    size_t n = a->len, m = b->len;
    for (; n > 1 && *x == '0'; n--) x++;
    for (; m > 1 && *y == '0'; m--) y++;
    if (n != m) return n < m ? -1 : 1;
    int c = memcmp(x, y, n);
    return c ? c : text_order(a, b);
}

static int key_order(const void *x, const void *y) {
    const uk_key *a = ((const uk_entry *)x)->key, *b = ((const uk_entry *)y)->key;
    bool an = digits_only(a), bn = digits_only(b);
    if (an != bn) return an ? -1 : 1;
    return an ? number_order(a, b) : text_order(a, b);
}

static uk_entry *sorted(const uk_object *o, size_t *n) {
    uk_entry *e = uk_alloc((o->n + 1) * sizeof *e);
    *n = 0;
    for (uint32_t i = 0; i < o->n; i++)
        if (uk_object_at(o, i)) e[(*n)++] = (uk_entry){o->entries[i].key, uk_object_at(o, i)};
    qsort(e, *n, sizeof *e, key_order);
    return e;
}

static void write_key(writer *w, const uk_key *key, const uk_value *v) {
    if (w->json) {
        uk_render_string(w->out, key->text, key->len);
        uk_buf_str(w->out, w->indent ? " : " : ":");
        return;
    }
    /* The word include would start a statement. */
    if (key->len == 7 && !memcmp(key->text, "include", 7))
        uk_buf_str(w->out, "\"include\"");
    else
        uk_key_print(key->text, key->len, w->out);
    if (v->kind == UK_V_OBJECT)
        uk_buf_str(w->out, w->indent ? " " : "");
    else
        uk_buf_str(w->out, w->indent ? " = " : "=");
}

static void write_field(writer *w, const uk_key *key, const uk_value *v, int depth);

/* Layers one by one, the lowest first, so that reading them stacks them again. */
static void write_layers(writer *w, const uk_key *key, const uk_layer *l, int depth) {
    size_t n = 0;
    for (const uk_layer *x = l; x; x = x->next) n++;
    const uk_value **all = uk_alloc(n * sizeof *all);
    for (size_t i = n; l; l = l->next) all[--i] = l->value;
    for (size_t i = 0; i < n; i++) {
        if (i) {
            uk_buf_byte(w->out, ',');
            new_line(w, depth);
        }
        write_field(w, key, all[i], depth);
    }
    uk_free(all);
}

static void write_field(writer *w, const uk_key *key, const uk_value *v, int depth) {
    if (!w->json && uk_is_stack(v)) {
        write_layers(w, key, v->layers, depth);
        return;
    }
    write_key(w, key, v);
    write_value(w, v, depth);
}

static void write_object(writer *w, const uk_value *v, int depth, bool braces) {
    size_t n;
    uk_entry *e = sorted(v->object, &n);
    if (braces) uk_buf_byte(w->out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i && (w->json || !w->indent)) uk_buf_byte(w->out, ',');
        if (i || braces) new_line(w, depth + braces);
        write_field(w, e[i].key, e[i].value, depth + braces);
    }
    if (braces && n) new_line(w, depth);
    if (braces) uk_buf_byte(w->out, '}');
    uk_free(e);
}

static void write_ref(writer *w, const uk_value *v) {
    uk_buf_str(w->out, v->flags & UK_VF_OPTIONAL ? "${?" : "${");
    uk_keypath_print(v->path, w->out);
    uk_buf_byte(w->out, '}');
}

static void write_pieces(writer *w, const uk_value *v, int depth) {
    for (size_t i = 0; i < v->list.n; i++) {
        const uk_value *p = v->list.items[i];
        if (p->kind == UK_V_STRING && p->flags & UK_VF_BARE)
            uk_buf_put(w->out, p->string.ptr, p->string.len);
        else
            write_value(w, p, depth);
    }
}

static void write_value(writer *w, const uk_value *v, int depth) {
    if (w->out->len > UK_CONFIG_RENDER_SIZE) w->over = true;
    if (w->over) return;
    switch (v->kind) {
    case UK_V_NULL: uk_buf_str(w->out, "null"); break;
    case UK_V_BOOL: uk_buf_str(w->out, v->boolean ? "true" : "false"); break;
    case UK_V_INT:
    case UK_V_DOUBLE: write_number(w, v); break;
    case UK_V_STRING: uk_render_string(w->out, v->string.ptr, v->string.len); break;
    case UK_V_LIST: write_list(w, v, depth); break;
    case UK_V_OBJECT: write_object(w, v, depth, true); break;
    case UK_V_REF: write_ref(w, v); break;
    case UK_V_CONCAT: write_pieces(w, v, depth); break;
    default: write_value(w, v->layers->value, depth);
    }
}

bool uk_render(uk_buf *out, const uk_value *v, bool json, int indent) {
    writer w = {out, json, false, indent};
    if (!json && v->kind == UK_V_OBJECT)
        write_object(&w, v, 0, false);
    else
        write_value(&w, v, 0);
    if (indent && out->len) uk_buf_byte(out, '\n');
    return !w.over;
}

static char *rendered(const uk_value *v, bool json, int indent) {
    uk_buf out = {0};
    if (!uk_render(&out, v, json, indent)) {
        uk_buf_fini(&out);
        return NULL;
    }
    return uk_buf_text(&out);
}

char *ukko_config_render(const ukko_config *cfg, int indent) {
    return rendered(cfg->root, true, indent);
}
char *ukko_config_render_hocon(const ukko_config *cfg, int indent) {
    return rendered(cfg->root, false, indent);
}
char *ukko_config_render_value(const ukko_config *cfg, const char *path) {
    const uk_value *v = path && *path ? uk_config_find(cfg, path, NULL) : cfg->root;
    return v ? rendered(v, true, 0) : NULL;
}

/* ---- Equality. ---- */

static bool lists_equal(const uk_value *a, const uk_value *b) {
    if (a->list.n != b->list.n) return false;
    for (size_t i = 0; i < a->list.n; i++)
        if (!uk_value_equal(a->list.items[i], b->list.items[i])) return false;
    return true;
}

static bool objects_equal(const uk_value *a, const uk_value *b) {
    if (uk_object_count(a->object) != uk_object_count(b->object)) return false;
    for (uint32_t i = 0; i < a->object->n; i++) {
        const uk_value *x = uk_object_at(a->object, i);
        const uk_value *y = x ? uk_object_get(b->object, a->object->entries[i].key) : NULL;
        if (x && (!y || !uk_value_equal(x, y))) return false;
    }
    return true;
}

static bool layers_equal(const uk_layer *a, const uk_layer *b) {
    for (; a && b; a = a->next, b = b->next)
        if (!uk_value_equal(a->value, b->value)) return false;
    return !a && !b;
}

bool uk_value_equal(const uk_value *a, const uk_value *b) {
    if (a == b) return true;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case UK_V_NULL: return true;
    case UK_V_BOOL: return a->boolean == b->boolean;
    case UK_V_INT: return a->number.i == b->number.i;
    case UK_V_DOUBLE: return a->number.d == b->number.d;
    case UK_V_STRING:
        return a->string.len == b->string.len &&
               !memcmp(a->string.ptr, b->string.ptr, a->string.len);
    case UK_V_LIST:
    case UK_V_CONCAT: return lists_equal(a, b);
    case UK_V_OBJECT: return objects_equal(a, b);
    case UK_V_REF:
        return (a->flags & UK_VF_OPTIONAL) == (b->flags & UK_VF_OPTIONAL) &&
               uk_keypath_eq(a->path, b->path);
    default: return layers_equal(a->layers, b->layers);
    }
}

bool ukko_config_equal(const ukko_config *a, const ukko_config *b) {
    return uk_value_equal(a->root, b->root);
}
