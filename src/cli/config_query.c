/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko config query`: typed questions on stdin, one JSON value a line. Main thread. */
#include "config_cmd.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void uk_cli_json_string(FILE *out, const char *text, size_t len) {
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c < 32 || c == 127) fprintf(out, "\\u%04x", c);
        else fputc(c, out);
    }
    fputc('"', out);
}

typedef int (*answer_fn)(const ukko_config *cfg, const char *path);
typedef int (*element_fn)(const ukko_config *cfg, const char *path, size_t i);

static void put_double(double d) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d) break;
    }
    fputs(d - d != 0 ? d > 0 ? "1e999" : d < 0 ? "-1e999" : "null" : text, stdout);
}

static int answer_int(const ukko_config *cfg, const char *path) {
    int32_t v;
    int rc = ukko_config_int32(cfg, path, &v);
    if (!rc) printf("%" PRId32, v);
    return rc;
}
static int answer_long(const ukko_config *cfg, const char *path) {
    int64_t v;
    int rc = ukko_config_int(cfg, path, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int answer_double(const ukko_config *cfg, const char *path) {
    double v;
    int rc = ukko_config_double(cfg, path, &v);
    if (!rc) put_double(v);
    return rc;
}
static int answer_boolean(const ukko_config *cfg, const char *path) {
    bool v;
    int rc = ukko_config_bool(cfg, path, &v);
    if (!rc) fputs(v ? "true" : "false", stdout);
    return rc;
}
static int answer_string(const ukko_config *cfg, const char *path) {
    ukko_slice s;
    int rc = ukko_config_slice(cfg, path, &s);
    if (!rc) uk_cli_json_string(stdout, (const char *)s.ptr, s.len);
    return rc;
}
static int answer_duration(const ukko_config *cfg, const char *path) {
    int64_t v;
    int rc = ukko_config_duration_ns(cfg, path, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int answer_duration_ms(const ukko_config *cfg, const char *path) {
    int64_t v;
    int rc = ukko_config_duration_ms(cfg, path, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int answer_bytes(const ukko_config *cfg, const char *path) {
    int64_t v;
    int rc = ukko_config_bytes(cfg, path, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int answer_has(const ukko_config *cfg, const char *path) {
    ukko_config_kind kind;
    int rc = ukko_config_kind_of(cfg, path, &kind);
    if (rc == UKKO_EPARSE) return rc;
    fputs(!rc && kind != UKKO_CONFIG_NULL ? "true" : "false", stdout);
    return 0;
}
static int answer_is_null(const ukko_config *cfg, const char *path) {
    ukko_config_kind kind;
    int rc = ukko_config_kind_of(cfg, path, &kind);
    if (!rc) fputs(kind == UKKO_CONFIG_NULL ? "true" : "false", stdout);
    return rc;
}
static int answer_value(const ukko_config *cfg, const char *path) {
    ukko_config_kind kind;
    int rc = ukko_config_kind_of(cfg, path, &kind);
    if (rc || kind == UKKO_CONFIG_NULL) return rc ? rc : UKKO_ENOTFOUND;
    char *text = ukko_config_render_value(cfg, path);
    if (!text) return UKKO_ETOOBIG;
    fputs(text, stdout);
    ukko_free(text);
    return 0;
}

static int element_int(const ukko_config *cfg, const char *path, size_t i) {
    int64_t v;
    int rc = ukko_config_int_at(cfg, path, i, &v);
    if (!rc && (v < INT32_MIN || v > INT32_MAX)) rc = UKKO_ETYPE;
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int element_long(const ukko_config *cfg, const char *path, size_t i) {
    int64_t v;
    int rc = ukko_config_int_at(cfg, path, i, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int element_double(const ukko_config *cfg, const char *path, size_t i) {
    double v;
    int rc = ukko_config_double_at(cfg, path, i, &v);
    if (!rc) put_double(v);
    return rc;
}
static int element_boolean(const ukko_config *cfg, const char *path, size_t i) {
    bool v;
    int rc = ukko_config_bool_at(cfg, path, i, &v);
    if (!rc) fputs(v ? "true" : "false", stdout);
    return rc;
}
static int element_string(const ukko_config *cfg, const char *path, size_t i) {
    ukko_slice v;
    int rc = ukko_config_slice_at(cfg, path, i, &v);
    if (!rc) uk_cli_json_string(stdout, (const char *)v.ptr, v.len);
    return rc;
}
static int element_duration(const ukko_config *cfg, const char *path, size_t i) {
    int64_t v;
    int rc = ukko_config_duration_ns_at(cfg, path, i, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}
static int element_bytes(const ukko_config *cfg, const char *path, size_t i) {
    int64_t v;
    int rc = ukko_config_bytes_at(cfg, path, i, &v);
    if (!rc) printf("%" PRId64, v);
    return rc;
}

static const struct {
    const char *name;
    answer_fn one;
    element_fn each; /* of a list */
} types[] = {{"int", answer_int, NULL},
             {"long", answer_long, NULL},
             {"double", answer_double, NULL},
             {"boolean", answer_boolean, NULL},
             {"string", answer_string, NULL},
             {"duration", answer_duration, NULL},
             {"duration-ms", answer_duration_ms, NULL},
             {"bytes", answer_bytes, NULL},
             {"has", answer_has, NULL},
             {"is-null", answer_is_null, NULL},
             {"value", answer_value, NULL},
             {"int-list", NULL, element_int},
             {"long-list", NULL, element_long},
             {"double-list", NULL, element_double},
             {"boolean-list", NULL, element_boolean},
             {"string-list", NULL, element_string},
             {"duration-list", NULL, element_duration},
             {"bytes-list", NULL, element_bytes}};

/* Elements go to a memory stream first: one bad element makes the whole answer an error. */
static int answer_list(const ukko_config *cfg, const char *path, element_fn each) {
    size_t n = 0, size;
    char *text = NULL;
    int rc = ukko_config_count(cfg, path, &n);
    if (rc) return rc;
    FILE *real = stdout, *memory = open_memstream(&text, &size);
    if (!memory) return UKKO_EIO;
    stdout = memory;
    for (size_t i = 0; i < n && !rc; i++) {
        if (i) putchar(',');
        rc = each(cfg, path, i);
    }
    stdout = real;
    fclose(memory);
    if (!rc) printf("[%s]", text);
    free(text);
    return rc;
}

static void answer(const ukko_config *cfg, char *line) {
    char *path = line + strcspn(line, " \t");
    size_t n = (size_t)(path - line);
    path += strspn(path, " \t");
    int rc = UKKO_EPARSE;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].name) != n || memcmp(types[i].name, line, n)) continue;
        rc = types[i].one ? types[i].one(cfg, path) : answer_list(cfg, path, types[i].each);
    }
    if (rc)
        printf("{\"error\":\"%s\"}", rc == UKKO_ENOTFOUND ? "missing"
                                     : rc == UKKO_EPARSE  ? "parse"
                                                          : "wrongtype");
    putchar('\n');
    fflush(stdout); /* who asks line by line waits for it */
}

int run_config_query(cli *c) {
    uk_cli_options o;
    uk_cli_config_options(c, &o);
    if (!o.n_files && !o.reference) return cli_usage(c, "query needs FILE, or --with-reference");
    ukko_config *cfg;
    int rc = uk_cli_config_stack(&cfg, &o);
    if (rc) return rc;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) >= 0) {
        if (n && line[n - 1] == '\n') line[--n] = 0;
        if (line[strspn(line, " \t\r")] && *line != '#') answer(cfg, line);
    }
    free(line);
    ukko_config_release(cfg);
    return 0;
}
