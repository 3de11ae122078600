/* SPDX-License-Identifier: Apache-2.0 */
/* The getters behind reader.h. On the thread that starts the system. */
#include "remote/reader.h"
#include "base/error.h"
#include "base/mem.h"
#include <limits.h>
#include <string.h>
#include <stdio.h>

const char *uk_read_at(uk_reader *r, const char *name) {
    snprintf(r->path, sizeof r->path, "%s.%s", r->base, name);
    return r->path;
}

void uk_read_wrong(uk_reader *r, const char *path, const char *what) {
    if (r->rc) return;
    char *value = strstr(path, "password") ? NULL : ukko_config_render_value(r->cfg, path);
    r->rc = uk_error(r->err, UKKO_ECONFIG, "%s = %s: %s", path, value ? value : "?", what);
    ukko_free(value);
}

bool uk_read_is_off(uk_reader *r, const char *path) {
    const char *t;
    return !ukko_config_string(r->cfg, path, &t) && (!strcmp(t, "off") || !strcmp(t, "false"));
}

bool uk_read_found(uk_reader *r, const char *path, int rc, const char *expected) {
    if (rc && rc != UKKO_ENOTFOUND) uk_read_wrong(r, path, expected);
    return rc == 0;
}

void uk_read_bool(uk_reader *r, const char *name, bool *out) {
    const char *p = uk_read_at(r, name);
    uk_read_found(r, p, ukko_config_bool(r->cfg, p, out), "must be on or off");
}

void uk_read_ms(uk_reader *r, const char *name, int64_t min, int64_t *out) {
    const char *p = uk_read_at(r, name);
    int64_t v;
    if (!uk_read_found(r, p, ukko_config_duration_ms(r->cfg, p, &v), "must be a duration")) return;
    if (v < min) uk_read_wrong(r, p, min ? "must be greater than zero" : "must not be negative");
    else *out = v;
}

void uk_read_ms_or_off(uk_reader *r, const char *name, int64_t *out) {
    if (uk_read_is_off(r, uk_read_at(r, name))) *out = 0;
    else uk_read_ms(r, name, 1, out);
}

void uk_read_count(uk_reader *r, const char *name, int64_t min, int64_t max, int64_t *out) {
    const char *p = uk_read_at(r, name);
    int64_t v;
    if (!uk_read_found(r, p, ukko_config_int(r->cfg, p, &v), "must be a number")) return;
    if (v < min || v > max) uk_read_wrong(r, p, "is out of range");
    else *out = v;
}

void uk_read_size(uk_reader *r, const char *name, size_t *out) {
    int64_t v = (int64_t)*out;
    uk_read_count(r, name, 1, INT_MAX, &v);
    *out = (size_t)v;
}

void uk_read_bytes(uk_reader *r, const char *name, int64_t *out) {
    const char *p = uk_read_at(r, name);
    int64_t v;
    if (uk_read_found(r, p, ukko_config_bytes(r->cfg, p, &v), "must be a number of bytes")) *out = v;
}

void uk_read_string(uk_reader *r, const char *name, char **out) {
    const char *p = uk_read_at(r, name), *v;
    if (!uk_read_found(r, p, ukko_config_string(r->cfg, p, &v), "must be a string")) return;
    uk_free(*out);
    *out = uk_strdup(v);
}

void uk_read_list(uk_reader *r, const char *name, char ***out, size_t *n) {
    const char *p = uk_read_at(r, name), *v;
    size_t count = 0;
    if (!uk_read_found(r, p, ukko_config_count(r->cfg, p, &count), "must be a list")) return;
    for (size_t i = 0; i < *n; i++) uk_free((*out)[i]);
    uk_free(*out);
    *out = uk_zalloc((count + 1) * sizeof **out);
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (!ukko_config_string_at(r->cfg, p, i, &v)) (*out)[(*n)++] = uk_strdup(v);
        else uk_read_wrong(r, p, "must be a list of strings");
}

void uk_free_list(char **list, size_t n) {
    for (size_t i = 0; i < n; i++) uk_free(list[i]);
    uk_free(list);
}
