/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and leaves of objects. Any thread. */
#include "config/internal.h"

static const uk_value *object_at(const ukko_config *cfg, const char *path, int *rc) {
    *rc = UKKO_OK;
    const uk_value *v = path && *path ? uk_config_find(cfg, path, rc) : cfg->root;
    if (!v) return NULL;
    if (v->kind == UK_V_OBJECT) return v;
    *rc = v->kind == UK_V_NULL ? UKKO_ENOTFOUND : v->kind > UK_V_OBJECT ? UKKO_ECONFIG : UKKO_ETYPE;
    return NULL;
}

int ukko_config_key_count(const ukko_config *cfg, const char *path, size_t *out) {
    int rc;
    const uk_value *v = object_at(cfg, path, &rc);
    if (v) *out = uk_object_count(v->object);
    return rc;
}

int ukko_config_key_at(const ukko_config *cfg, const char *path, size_t index, const char **out) {
    int rc;
    const uk_value *v = object_at(cfg, path, &rc);
    if (!v) return rc;
    for (uint32_t i = 0; i < v->object->n; i++) {
        if (!uk_object_at(v->object, i) || index--) continue;
        *out = v->object->entries[i].key->text;
        return UKKO_OK;
    }
    return UKKO_ENOTFOUND;
}

char *ukko_config_quote(const char *key) {
    uk_buf b = {0};
    uk_key_print(key, strlen(key), &b);
    uk_buf_text(&b);
    return (char *)b.ptr;
}

typedef struct walk {
    ukko_config_visit_fn visit;
    void *data;
    uk_buf path;
} walk;

static bool visit_all(walk *w, const uk_value *v) {
    if (v->kind != UK_V_OBJECT) {
        ukko_config_origin at = {v->origin.source->name, v->origin.line > 0 ? v->origin.line : 0,
                                 v->origin.end_line > 0 ? v->origin.end_line : 0};
        return w->visit(w->data, uk_buf_text(&w->path), &at);
    }
    size_t mark = w->path.len;
    for (uint32_t i = 0; i < v->object->n; i++) {
        const uk_key *key = v->object->entries[i].key;
        const uk_value *child = uk_object_at(v->object, i);
        if (!child) continue;
        if (mark) uk_buf_byte(&w->path, '.');
        uk_key_print(key->text, key->len, &w->path);
        if (!visit_all(w, child)) return false;
        w->path.len = mark;
    }
    return true;
}

int ukko_config_each(const ukko_config *cfg, const char *path, ukko_config_visit_fn visit,
                     void *data) {
    int rc;
    const uk_value *v = object_at(cfg, path, &rc);
    if (!v) return rc;
    walk w = {visit, data, {0}};
    if (path) uk_buf_str(&w.path, path);
    visit_all(&w, v);
    uk_buf_fini(&w.path);
    return UKKO_OK;
}
