/* SPDX-License-Identifier: Apache-2.0 */
/* Configs with one setting more or less. Any thread. */
#include "config/internal.h"

static const uk_source code_source = {"program", false};
static const uk_origin in_code = {&code_source, -1, -1};

/* object with v at path: objects on the way are kept, other values there give way. */
static uk_value *put_at(uk_arena *a, const uk_value *object, const uk_keypath *path, uk_value *v) {
    uk_value *base = object ? uk_object_clone(a, object, 1) : uk_value_object(a, in_code, 1);
    if (path->next) {
        const uk_value *child = uk_object_get(base->object, path->key);
        bool open = child && child->kind == UK_V_OBJECT;
        v = put_at(a, open ? child : NULL, path->next, v);
    }
    uk_object_put(a, base, path->key, v);
    return base;
}

static uk_value *take_at(uk_arena *a, const uk_value *object, const uk_keypath *path) {
    int32_t i = uk_object_index(object->object, path->key);
    uk_value *child = i < 0 ? NULL : uk_object_at(object->object, (uint32_t)i);
    if (!child || (path->next && child->kind != UK_V_OBJECT)) return (uk_value *)(uintptr_t)object;
    if (path->next) {
        uk_value *base = uk_object_clone(a, object, 0);
        uk_object_put(a, base, path->key, take_at(a, child, path->next));
        return base;
    }
    return uk_object_patch(a, object, (uint32_t)i, NULL);
}

static uk_keypath *path_for(uk_arena *a, const char *path, uk_config_fault *f) {
    uk_keypath *p = uk_keypath_parse(a, path, strlen(path), f);
    size_t n = 0;
    for (const uk_keypath *e = p; e; e = e->next) n++;
    if (n <= UK_CONFIG_FOREIGN_DEPTH) return p;
    uk_config_fail(f, UK_FAULT_LIMIT, "path", 0, 0, "more than %d elements",
                   UK_CONFIG_FOREIGN_DEPTH);
    return NULL;
}

/* Ends what is not needed; v NULL: *f says why. */
static int edited(ukko_config **out, uk_arena *a, const ukko_config *cfg, const char *path,
                  uk_value *v, uk_config_fault *f, ukko_error *err) {
    uk_keypath *p = v ? path_for(a, path, f) : NULL;
    if (!p) {
        uk_arena_release(a);
        return uk_config_fault_error(f, err);
    }
    uk_arena_depend(a, cfg->arena);
    *out = uk_config_new(a, put_at(a, cfg->root, p, v));
    return UKKO_OK;
}

int ukko_config_with_value(ukko_config **out, const ukko_config *cfg, const char *path,
                           const char *value, ukko_error *err) {
    uk_config_fault f = {0};
    uk_parse_options o = {.directory = "."};
    uk_arena *a = uk_arena_new(512);
    /* As the value of a field, so that concatenations work; brackets keep it one value. */
    uk_buf text = {0};
    uk_buf_printf(&text, "[%s\n]", value);
    uk_value *list = uk_parse_text(a, uk_buf_slice(&text), path, &o, &f), *v = NULL;
    uk_buf_fini(&text);
    if (list && list->kind == UK_V_LIST && list->list.n == 1)
        v = list->list.items[0];
    else
        uk_config_fail(&f, UK_FAULT_PARSE, path, 1, 0, "expected one value, not '%.100s'", value);
    return edited(out, a, cfg, path, v, &f, err);
}

int ukko_config_with_string(ukko_config **out, const ukko_config *cfg, const char *path,
                            const char *value, ukko_error *err) {
    uk_config_fault f = {0};
    uk_arena *a = uk_arena_new(512);
    return edited(out, a, cfg, path, uk_value_string(a, in_code, value, strlen(value)), &f, err);
}

int ukko_config_with_int(ukko_config **out, const ukko_config *cfg, const char *path, int64_t value,
                         ukko_error *err) {
    uk_config_fault f = {0};
    uk_arena *a = uk_arena_new(512);
    uk_buf text = {0};
    uk_buf_printf(&text, "%lld", (long long)value);
    uk_value *v = uk_value_int(a, in_code, value, (const char *)text.ptr, text.len);
    uk_buf_fini(&text);
    return edited(out, a, cfg, path, v, &f, err);
}

int ukko_config_without(ukko_config **out, const ukko_config *cfg, const char *path,
                        ukko_error *err) {
    uk_config_fault f = {0};
    uk_arena *a = uk_arena_new(512);
    uk_keypath *p = path_for(a, path, &f);
    if (!p) {
        uk_arena_release(a);
        return uk_config_fault_error(&f, err);
    }
    uk_arena_depend(a, cfg->arena);
    *out = uk_config_new(a, take_at(a, cfg->root, p));
    return UKKO_OK;
}
