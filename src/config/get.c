/* SPDX-License-Identifier: Apache-2.0 */
/* Typed getters with the conversions of the reference implementation. Any thread. */
#include "config/internal.h"

/* ---- Finding. ---- */

/* A path without quotes or odd characters, walked without making it; -1: needs the parser. */
static int plain_path(const char *path) {
    bool dot = true;
    for (const char *p = path; *p; p++) {
        bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
                    (!dot && (*p == '-' || (*p >= '0' && *p <= '9')));
        if (!word && (*p != '.' || dot)) return -1;
        dot = *p == '.';
    }
    return dot ? -1 : 0;
}

static int step_into(const uk_value **v, const char *key, size_t len) {
    if ((*v)->kind == UK_V_NULL) return UKKO_ENOTFOUND;
    if ((*v)->kind > UK_V_OBJECT) return UKKO_ECONFIG;
    if ((*v)->kind != UK_V_OBJECT) return UKKO_ETYPE;
    const uk_value *child = uk_object_get_text((*v)->object, key, len);
    if (!child) return UKKO_ENOTFOUND;
    *v = child;
    return UKKO_OK;
}

static int find_parsed(const uk_value **v, const char *path) {
    uk_arena *scratch = uk_arena_new(0);
    uk_config_fault f = {0};
    int rc = UKKO_EPARSE;
    for (uk_keypath *p = uk_keypath_parse(scratch, path, strlen(path), &f); p; p = p->next)
        if ((rc = step_into(v, p->key->text, p->key->len))) break;
    uk_arena_release(scratch);
    return rc;
}

/* *v becomes the value at path, or the last one on the way that is there. */
static int walk(const uk_value **v, const char *path) {
    if (plain_path(path)) return find_parsed(v, path);
    for (;;) {
        size_t n = strcspn(path, ".");
        int rc = step_into(v, path, n);
        if (rc || !path[n]) return rc;
        path += n + 1;
    }
}

const uk_value *uk_config_find(const ukko_config *cfg, const char *path, int *code) {
    const uk_value *v = cfg->root;
    int rc = walk(&v, path);
    if (!rc && v->kind > UK_V_OBJECT) rc = UKKO_ECONFIG;
    if (code) *code = rc;
    return rc ? NULL : v;
}

/* ---- Values. ---- */

static int wrong(const uk_value *v) {
    return v->kind == UK_V_NULL    ? UKKO_ENOTFOUND
           : v->kind > UK_V_OBJECT ? UKKO_ECONFIG
                                   : UKKO_ETYPE;
}

int uk_value_get_slice(const uk_value *v, ukko_slice *out) {
    if (v->kind == UK_V_NULL || !uk_value_text(v, out)) return wrong(v);
    return UKKO_OK;
}

int uk_value_get_bool(const uk_value *v, bool *out) {
    if (v->kind == UK_V_BOOL) {
        *out = v->boolean;
        return UKKO_OK;
    }
    ukko_slice s;
    if (v->kind != UK_V_STRING || !uk_value_text(v, &s)) return wrong(v);
    bool yes = uk_slice_is(s, "true") || uk_slice_is(s, "yes") || uk_slice_is(s, "on");
    if (!yes && !uk_slice_is(s, "false") && !uk_slice_is(s, "no") && !uk_slice_is(s, "off"))
        return UKKO_ETYPE;
    *out = yes;
    return UKKO_OK;
}

int uk_value_get_int(const uk_value *v, int64_t *out) {
    ukko_slice s;
    double d;
    if (v->kind == UK_V_INT) {
        *out = v->number.i;
    } else if (v->kind == UK_V_DOUBLE) {
        *out = uk_double_to_long(v->number.d);
    } else {
        if (v->kind != UK_V_STRING || !uk_value_text(v, &s)) return wrong(v);
        if (uk_parse_long(s, out)) return UKKO_OK;
        if (!uk_parse_double(s, &d)) return UKKO_ETYPE;
        *out = uk_double_to_long(d);
    }
    return UKKO_OK;
}

int uk_value_get_double(const uk_value *v, double *out) {
    ukko_slice s;
    int64_t i;
    if (v->kind == UK_V_INT) {
        *out = (double)v->number.i;
    } else if (v->kind == UK_V_DOUBLE) {
        *out = v->number.d;
    } else {
        if (v->kind != UK_V_STRING || !uk_value_text(v, &s)) return wrong(v);
        if (uk_parse_long(s, &i))
            *out = (double)i;
        else if (!uk_parse_double(s, out))
            return UKKO_ETYPE;
    }
    return UKKO_OK;
}

/* Elements that are numbers count as milliseconds without a look at their text. */
int uk_value_get_duration(const uk_value *v, bool element, int64_t *ns) {
    ukko_slice s;
    int64_t ms;
    if (element && (v->kind == UK_V_INT || v->kind == UK_V_DOUBLE)) {
        uk_value_get_int(v, &ms);
        if (__builtin_mul_overflow(ms, (int64_t)1000000, ns)) *ns = ms < 0 ? INT64_MIN : INT64_MAX;
        return UKKO_OK;
    }
    if (element && v->kind == UK_V_BOOL) return UKKO_ETYPE;
    int rc = uk_value_get_slice(v, &s);
    if (rc) return rc;
    return uk_parse_duration(s, ns) ? UKKO_OK : UKKO_ETYPE;
}

int uk_value_get_bytes(const uk_value *v, bool element, int64_t *out) {
    ukko_slice s;
    int64_t n;
    if (element && v->kind == UK_V_BOOL) return UKKO_ETYPE;
    int rc = uk_value_get_slice(v, &s);
    if (rc) return rc;
    bool number = v->kind == UK_V_INT || v->kind == UK_V_DOUBLE;
    if ((number || !element) && !uk_value_get_int(v, &n)) {
        if (n < 0) return UKKO_ETYPE;
        *out = n;
        return UKKO_OK;
    }
    return uk_parse_size(s, out) ? UKKO_OK : UKKO_ETYPE;
}

const uk_value *uk_value_get_list(const uk_value *v, uk_arena **scratch) {
    *scratch = NULL;
    if (v->kind == UK_V_LIST) return v;
    if (v->kind != UK_V_OBJECT) return NULL;
    *scratch = uk_arena_new(0);
    const uk_value *list = uk_object_as_list(*scratch, v);
    if (!list) {
        uk_arena_release(*scratch);
        *scratch = NULL;
    }
    return list;
}

/* ---- By path. ---- */

bool ukko_config_has(const ukko_config *cfg, const char *path) {
    const uk_value *v = uk_config_find(cfg, path, NULL);
    return v && v->kind != UK_V_NULL;
}

int ukko_config_bool(const ukko_config *cfg, const char *path, bool *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_bool(v, out) : rc;
}

int ukko_config_int(const ukko_config *cfg, const char *path, int64_t *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_int(v, out) : rc;
}

int ukko_config_int32(const ukko_config *cfg, const char *path, int32_t *out) {
    int64_t n;
    int rc = ukko_config_int(cfg, path, &n);
    if (!rc && (n < INT32_MIN || n > INT32_MAX)) rc = UKKO_ETYPE;
    if (!rc) *out = (int32_t)n;
    return rc;
}

int ukko_config_double(const ukko_config *cfg, const char *path, double *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_double(v, out) : rc;
}

int ukko_config_slice(const ukko_config *cfg, const char *path, ukko_slice *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_slice(v, out) : rc;
}

int ukko_config_string(const ukko_config *cfg, const char *path, const char **out) {
    ukko_slice s;
    int rc = ukko_config_slice(cfg, path, &s);
    if (!rc) *out = (const char *)s.ptr;
    return rc;
}

int ukko_config_duration_ns(const ukko_config *cfg, const char *path, int64_t *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_duration(v, false, out) : rc;
}

int ukko_config_duration_ms(const ukko_config *cfg, const char *path, int64_t *out) {
    int64_t ns;
    int rc = ukko_config_duration_ns(cfg, path, &ns);
    if (!rc) *out = ns / 1000000;
    return rc;
}

int ukko_config_period(const ukko_config *cfg, const char *path, int32_t *years, int32_t *months,
                       int32_t *days) {
    ukko_slice s;
    int32_t y, m, d;
    int rc = ukko_config_slice(cfg, path, &s);
    if (rc) return rc;
    if (!uk_parse_period(s, &y, &m, &d)) return UKKO_ETYPE;
    *years = y;
    *months = m;
    *days = d;
    return UKKO_OK;
}

int ukko_config_bytes(const ukko_config *cfg, const char *path, int64_t *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    return v ? uk_value_get_bytes(v, false, out) : rc;
}

static ukko_config *config_at(const ukko_config *cfg, const uk_value *v) {
    uk_arena_retain(cfg->arena);
    return uk_config_new(cfg->arena, (uk_value *)(uintptr_t)v);
}

int ukko_config_object(const ukko_config *cfg, const char *path, ukko_config **out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    if (!v) return rc;
    if (v->kind != UK_V_OBJECT) return wrong(v);
    *out = config_at(cfg, v);
    return UKKO_OK;
}

static ukko_config_kind kind_of(const uk_value *v) {
    switch (v->kind) {
    case UK_V_NULL: return UKKO_CONFIG_NULL;
    case UK_V_BOOL: return UKKO_CONFIG_BOOL;
    case UK_V_INT:
    case UK_V_DOUBLE: return UKKO_CONFIG_NUMBER;
    case UK_V_STRING: return UKKO_CONFIG_STRING;
    case UK_V_LIST: return UKKO_CONFIG_LIST;
    case UK_V_OBJECT: return UKKO_CONFIG_OBJECT;
    default: return UKKO_CONFIG_UNRESOLVED;
    }
}

int ukko_config_kind_of(const ukko_config *cfg, const char *path, ukko_config_kind *out) {
    int rc;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    if (v) *out = kind_of(v);
    return rc;
}

static void fill_origin(const uk_value *v, ukko_config_origin *out) {
    out->file = v->origin.source->name;
    out->line = v->origin.line > 0 ? v->origin.line : 0;
    out->end_line = v->origin.end_line > 0 ? v->origin.end_line : out->line;
}

int ukko_config_origin_of(const ukko_config *cfg, const char *path, ukko_config_origin *out) {
    const uk_value *v = cfg->root;
    int rc = walk(&v, path);
    if (rc && rc != UKKO_ECONFIG) return rc;
    fill_origin(v, out);
    return UKKO_OK;
}

char *ukko_config_written(const ukko_config *cfg, const char *path) {
    const uk_value *v = cfg->root;
    if (walk(&v, path)) return NULL;
    uk_buf text = {0};
    uk_render(&text, v, false, 0);
    char *s = uk_strdup(uk_buf_text(&text));
    uk_buf_fini(&text);
    return s;
}

int ukko_config_explain(const ukko_config *cfg, const char *path, int code, const char *expected,
                        ukko_error *err) {
    const uk_value *v = uk_config_find(cfg, path, NULL);
    const char *before = expected ? ", expected " : "";
    expected = expected ? expected : "";
    if (code == UKKO_ENOTFOUND || !v) {
        const char *what = code == UKKO_EPARSE ? "is no path" : v ? "is null" : "is not set";
        if (code == UKKO_ETYPE) what = "leads through a value that is no object";
        return uk_error(err, code, "setting %s %s%s%s", path, what, before, expected);
    }
    uk_buf text = {0};
    uk_render(&text, v, true, 0);
    ukko_config_origin at;
    fill_origin(v, &at);
    int rc = uk_error(err, code, "%s:%d: setting %s = %.120s%s%s", at.file, at.line, path,
                      uk_buf_text(&text), before, expected);
    uk_buf_fini(&text);
    return rc;
}

/* ---- Lists. ---- */

int ukko_config_count(const ukko_config *cfg, const char *path, size_t *out) {
    int rc;
    uk_arena *scratch;
    const uk_value *v = uk_config_find(cfg, path, &rc);
    if (!v) return rc;
    const uk_value *list = uk_value_get_list(v, &scratch);
    if (!list) return wrong(v);
    *out = list->list.n;
    uk_arena_release(scratch);
    return UKKO_OK;
}

/* Elements belong to the config also when the list around them is a converted one. */
static const uk_value *element(const ukko_config *cfg, const char *path, size_t index, int *rc) {
    uk_arena *scratch;
    const uk_value *v = uk_config_find(cfg, path, rc);
    if (!v) return NULL;
    const uk_value *list = uk_value_get_list(v, &scratch), *item = NULL;
    *rc = !list ? wrong(v) : index >= list->list.n ? UKKO_ENOTFOUND : UKKO_OK;
    if (!*rc) item = list->list.items[index];
    uk_arena_release(scratch);
    /* A null element is of the wrong type, not missing. */
    if (item && item->kind == UK_V_NULL) {
        *rc = UKKO_ETYPE;
        return NULL;
    }
    return item;
}

int ukko_config_slice_at(const ukko_config *cfg, const char *path, size_t index, ukko_slice *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_slice(v, out) : rc;
}

int ukko_config_string_at(const ukko_config *cfg, const char *path, size_t index,
                          const char **out) {
    ukko_slice s;
    int rc = ukko_config_slice_at(cfg, path, index, &s);
    if (!rc) *out = (const char *)s.ptr;
    return rc;
}

int ukko_config_int_at(const ukko_config *cfg, const char *path, size_t index, int64_t *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_int(v, out) : rc;
}

int ukko_config_double_at(const ukko_config *cfg, const char *path, size_t index, double *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_double(v, out) : rc;
}

int ukko_config_bool_at(const ukko_config *cfg, const char *path, size_t index, bool *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_bool(v, out) : rc;
}

int ukko_config_duration_ns_at(const ukko_config *cfg, const char *path, size_t index,
                               int64_t *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_duration(v, true, out) : rc;
}

int ukko_config_bytes_at(const ukko_config *cfg, const char *path, size_t index, int64_t *out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    return v ? uk_value_get_bytes(v, true, out) : rc;
}

int ukko_config_object_at(const ukko_config *cfg, const char *path, size_t index,
                          ukko_config **out) {
    int rc;
    const uk_value *v = element(cfg, path, index, &rc);
    if (!v) return rc;
    if (v->kind != UK_V_OBJECT) return wrong(v);
    *out = config_at(cfg, v);
    return UKKO_OK;
}
