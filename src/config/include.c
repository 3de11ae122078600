/* SPDX-License-Identifier: Apache-2.0 */
/* Include statements and reading files. A plain name is looked up beside the including file,
   then in the search path (HOCON_CLASSPATH, folders between colons). Blocking file I/O. */
#include "config/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const extensions[] = {".conf", ".json", ".properties"};
static const ukko_config_syntax syntaxes[] = {UKKO_CONFIG_HOCON, UKKO_CONFIG_JSON,
                                              UKKO_CONFIG_PROPERTIES};

static bool ends_with(const char *name, const char *tail) {
    size_t n = strlen(name), m = strlen(tail);
    return n >= m && !strcmp(name + n - m, tail);
}

ukko_config_syntax uk_syntax_of(const char *name) {
    for (int i = 0; i < 3; i++)
        if (ends_with(name, extensions[i])) return syntaxes[i];
    return UKKO_CONFIG_HOCON;
}

/* ---- Files. ---- */

static bool read_all(int fd, uk_buf *out) {
    for (;;) {
        uk_buf_reserve(out, 16384);
        ssize_t n = read(fd, out->ptr + out->len, out->cap - out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0;
        out->len += (size_t)n;
        if (out->len > UK_CONFIG_MAX_SIZE) {
            errno = EFBIG;
            return false;
        }
    }
}

/* 0, or an errno. The text is the caller's to uk_buf_fini(). */
static int slurp(const char *path, uk_buf *out) {
    /* Not blocking: a FIFO without a writer must not hang a node's start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return errno;
    struct stat st;
    int rc = fstat(fd, &st) ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    fcntl(fd, F_SETFL, 0); /* reading from a pipe that has a writer may wait for it */
    if (!rc && S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size <= UK_CONFIG_MAX_SIZE)
        uk_buf_reserve(out, (size_t)st.st_size + 1);
    if (!rc && !read_all(fd, out)) rc = errno;
    close(fd);
    return rc;
}

/* The thing asked for is not there; a caller may forgive that. */
static void absent(uk_config_fault *f, const char *name, const char *why, const char *detail) {
    if (f->kind) return;
    uk_config_fail(f, UK_FAULT_IO, name, 0, 0, "%s%s", why, detail);
    f->absent = true;
}

/* Parses one existing file. depth counts what the reference counts. */
static uk_value *parse_file(uk_arena *a, const char *path, const uk_parse_options *o,
                            uk_config_fault *f) {
    uk_buf text = {0};
    int rc = slurp(path, &text);
    uk_value *v = NULL;
    if (rc) {
        absent(f, path, "cannot read the file: ", strerror(rc));
    } else {
        /* Tokens point into the text, values do not. */
        v = uk_parse_text(a, uk_buf_slice(&text), path, o, f);
        if (v && v->kind != UK_V_OBJECT && !o->resource) {
            uk_config_fail(f, UK_FAULT_TYPE, path, v->origin.line, 0,
                           "expected an object at the root, not a list");
            v = NULL;
        }
    }
    uk_buf_fini(&text);
    return v;
}

static char *directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    return slash == path ? uk_strdup("/") : uk_strndup(path, (size_t)(slash - path));
}

static uk_value *parse_beside(uk_arena *a, const char *path, const uk_parse_options *outer,
                              ukko_config_syntax syntax, const char *resource, uk_config_fault *f) {
    uk_parse_options o = *outer;
    char *directory = directory_of(path);
    o.syntax = syntax;
    o.directory = resource ? NULL : directory;
    o.resource = resource;
    o.include_depth = outer->include_depth + 1;
    uk_value *v = parse_file(a, path, &o, f);
    uk_free(directory);
    return v;
}

uk_value *uk_parse_path(uk_arena *a, const char *path, const uk_parse_options *o,
                        uk_config_fault *f) {
    uk_parse_options inner = *o;
    char *directory = directory_of(path);
    inner.directory = directory ? directory : ".";
    inner.include_depth = 1;
    if (inner.syntax == UKKO_CONFIG_AUTO) inner.syntax = uk_syntax_of(path);
    uk_value *v = parse_file(a, path, &inner, f);
    uk_free(directory);
    return v;
}

/* ---- The search path. ---- */

static uk_value *empty_object(uk_arena *a) {
    static const uk_source nothing = {"nothing", false};
    return uk_value_object(a, (uk_origin){&nothing, -1, -1}, 0);
}

/* A class loader does not follow a name out of its folder. */
static bool inside(const char *path, const char *folder, size_t len) {
    if (!strstr(path, "..")) return true;
    char *dir = uk_strndup(folder, len), *base = realpath(dir, NULL), *real = realpath(path, NULL);
    size_t n = base ? strlen(base) : 0;
    bool in = base && real && !strncmp(real, base, n) && real[n] == '/';
    free(base);
    free(real);
    uk_free(dir);
    return in;
}

/* All resources of that name, the first folder wins. NULL: none (UK_FAULT_IO) or malformed. */
static uk_value *parse_resource(uk_arena *a, const char *name, const uk_parse_options *o,
                                ukko_config_syntax syntax, uk_config_fault *f) {
    const char *folders = getenv("HOCON_CLASSPATH");
    uk_value *merged = NULL;
    /* A class loader's URL tells a content type, which counts more than the including file's. */
    if (ends_with(name, ".json")) syntax = UKKO_CONFIG_JSON;
    while (folders && *folders && *name != '/') {
        size_t n = strcspn(folders, ":");
        char *path = uk_format("%.*s/%s", (int)n, folders, name);
        struct stat st;
        bool there = n && !stat(path, &st) && !S_ISDIR(st.st_mode) && inside(path, folders, n);
        folders += n + (folders[n] == ':');
        if (there) {
            uk_value *v = parse_beside(a, path, o, syntax, name, f);
            /* A list counts as an object that hides what would follow. */
            if (v && v->kind != UK_V_OBJECT && !merged) merged = empty_object(a);
            if (v) merged = merged ? uk_merge(a, merged, v) : v;
        }
        uk_free(path);
        if (merged && merged->kind != UK_V_OBJECT)
            uk_config_fail(f, UK_FAULT_UNRESOLVED, name, 0, 0,
                           "an object in the search path depends on what a list would hide");
        if (f->kind) return NULL;
    }
    if (!merged) absent(f, name, "not found in the search path (HOCON_CLASSPATH)", "");
    return merged;
}

static uk_value *parse_relative_resource(uk_arena *a, const char *name, const uk_parse_options *o,
                                         ukko_config_syntax syntax, uk_config_fault *f) {
    const char *slash = o->resource ? strrchr(o->resource, '/') : NULL;
    if (*name == '/') return parse_resource(a, name + 1, o, syntax, f);
    if (!slash) return parse_resource(a, name, o, syntax, f);
    char *full = uk_format("%.*s/%s", (int)(slash - o->resource), o->resource, name);
    uk_value *v = parse_resource(a, full, o, syntax, f);
    uk_free(full);
    return v;
}

/* ---- Looking names up. ---- */

typedef struct lookup {
    uk_arena *arena;
    uk_include_kind kind;
    const uk_parse_options *options;
} lookup;

static uk_value *look_beside(const lookup *l, const char *name, ukko_config_syntax syntax,
                             uk_config_fault *f) {
    const uk_parse_options *o = l->options;
    if (o->resource) return parse_relative_resource(l->arena, name, o, syntax, f);
    if (*name != '/' && !o->directory) {
        /* As the reference: a file included by a bare name knows no neighbours. */
        absent(f, name, "include was not found", "");
        return NULL;
    }
    char *path = *name == '/' ? uk_strdup(name) : uk_format("%s/%s", o->directory, name);
    bool there = !access(path, F_OK);
    uk_value *v = there ? parse_beside(l->arena, path, o, syntax, NULL, f)
                        : parse_relative_resource(l->arena, name, o, syntax, f);
    uk_free(path);
    return v;
}

static uk_value *look(const lookup *l, const char *name, ukko_config_syntax syntax,
                      uk_config_fault *f) {
    if (l->options->flags & UK_CONFIG_NO_FILES) {
        absent(f, name, "include was not found", "");
        return NULL;
    }
    if (l->kind == UK_INCLUDE_FILE)
        return parse_beside(l->arena, name, l->options, syntax, NULL, f);
    if (l->kind == UK_INCLUDE_CLASSPATH)
        return parse_resource(l->arena, name, l->options, syntax, f);
    return look_beside(l, name, syntax, f);
}

/* name.conf over name.json over name.properties. */
static uk_value *look_all(const lookup *l, const char *name, uk_config_fault *f) {
    uk_value *merged = NULL;
    for (int i = 0; i < 3; i++) {
        uk_config_fault one = {0};
        char *full = uk_format("%s%s", name, extensions[i]);
        uk_value *v = look(l, full, syntaxes[i], &one);
        uk_free(full);
        if (v) merged = merged ? uk_merge(l->arena, merged, v) : v;
        /* A file that is not there, or needs one that is not, does not count. */
        else if (one.kind != UK_FAULT_IO) {
            *f = one;
            return NULL;
        }
    }
    if (!merged)
        uk_config_fail(f, UK_FAULT_IO, name, 0, 0, "found with none of .conf, .json, .properties");
    return merged;
}

static bool known_extension(const char *name) {
    for (int i = 0; i < 3; i++)
        if (ends_with(name, extensions[i])) return true;
    return false;
}

static uk_value *missing_or(uk_arena *a, bool required, uk_value *v, bool io_only_here,
                            uk_config_fault *f) {
    if (v || f->kind != UK_FAULT_IO || required || !io_only_here) return v;
    f->kind = UK_FAULT_NONE;
    return empty_object(a);
}

/* With an extension only the file's own absence is forgiven, not one of a required include in it. */
static uk_value *look_one(const lookup *l, const char *name, bool required, uk_config_fault *f) {
    /* Plain includes keep the including file's syntax, which is always HOCON. */
    ukko_config_syntax syntax =
        l->kind == UK_INCLUDE_PLAIN ? UKKO_CONFIG_HOCON : uk_syntax_of(name);
    uk_value *v = look(l, name, syntax, f);
    return missing_or(l->arena, required, v, f->absent, f);
}

/* ---- URLs. ---- */

static bool known_scheme(const char *name) {
    static const char *const schemes[] = {
        "http:", "https:", "file:", "ftp:", "jar:", "mailto:", "jrt:", "jmod:"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (!strncasecmp(name, schemes[i], strlen(schemes[i]))) return true;
    return false;
}

/* As Java: a port is a number, or left out. */
static bool good_port(const char *url) {
    const char *host = strstr(url, "//");
    if (!host) return true;
    host += 2;
    size_t n = strcspn(host, "/?#");
    const char *at = memchr(host, '@', n), *colon = at ? at + 1 : host;
    colon = memchr(colon, *colon == '[' ? ']' : ':', (size_t)(host + n - colon));
    if (colon && *colon == ']') colon++;
    if (!colon || colon >= host + n || *colon != ':' || colon + 1 == host + n) return true;
    int64_t port;
    ukko_slice digits = {(const uint8_t *)colon + 1, (size_t)(host + n - colon - 1)};
    return uk_parse_long(digits, &port) && port >= -1 && port <= INT32_MAX;
}

static uk_value *look_url(const lookup *l, const char *url, bool required, uk_config_fault *f) {
    if (!strncasecmp(url, "file:", 5) && !(l->options->flags & UK_CONFIG_NO_FILES)) {
        lookup file = *l;
        file.kind = UK_INCLUDE_FILE;
        const char *path = url + 5;
        if (!strncmp(path, "//", 2)) {
            const char *slash = strchr(path + 2, '/');
            path = slash ? slash : "/";
        }
        return look_one(&file, path, required, f);
    }
    uk_config_fail(f, UK_FAULT_IO, url, 0, 0, "nothing is fetched from the network for an include");
    return NULL;
}

uk_value *uk_include(uk_arena *a, uk_include_kind kind, bool required, ukko_slice name,
                     const uk_parse_options *o, int line, const char *file, uk_config_fault *f) {
    if (o->include_depth >= UK_CONFIG_INCLUDE_DEPTH) {
        uk_config_fail(f, UK_FAULT_PARSE, file, 0, 0,
                       "includes nested more than %d deep: a file probably includes itself",
                       UK_CONFIG_INCLUDE_DEPTH);
        return NULL;
    }
    char *text = uk_strndup(name.ptr, name.len);
    lookup l = {a, kind, o};
    uk_value *v = NULL;
    if (kind == UK_INCLUDE_URL && (!known_scheme(text) || !good_port(text)))
        uk_config_fail(f, UK_FAULT_PARSE, file, line, 0, "'%s' is no URL", text);
    else if (kind == UK_INCLUDE_URL || (kind == UK_INCLUDE_PLAIN && known_scheme(text)))
        v = look_url(&l, text, required, f);
    else if (known_extension(text))
        v = look_one(&l, text, required, f);
    else
        v = missing_or(a, required, look_all(&l, text, f), true, f);
    uk_free(text);
    return v;
}
