/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko tree`: the actors of a node, found level by level with Identify to patterns. Main thread. */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ACTORS = 100000 };

typedef struct tree {
    session s;
    char **refs; /* with address and uid */
    size_t n, cap;
    int64_t quiet_ms; /* a level is over when nothing came for so long */
    const char *top;  /* where it begins: what has answered once */
} tree;

/* The path without the address. */
static const char *path_of(const char *ref) {
    const char *system = strstr(ref, "://"), *path = system ? strchr(system + 3, '/') : NULL;
    return path ? path : ref;
}

static void add(tree *t, const char *ref) {
    if (t->n == MAX_ACTORS) return;
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->refs = realloc(t->refs, t->cap * sizeof *t->refs);
        if (!t->refs) abort();
    }
    t->refs[t->n++] = strdup(ref);
}

static bool is_at(const char *ref, const char *path) {
    const char *there = path_of(ref);
    size_t n = strcspn(there, "#");
    return strlen(path) == n && memcmp(there, path, n) == 0;
}

/* One Identify; all answers, until it is quiet. Behind it the top is asked once more: before that
   answer the question may still be on its way, however long it has been quiet. */
static int collect(tree *t, const char *pattern, size_t *found) {
    arrival *a;
    int status = CLI_OK;
    bool one = !strpbrk(pattern, "*?"), over = false, back = t->n == 0;
    *found = 0;
    session_identify(&t->s, pattern);
    if (!back) session_identify(&t->s, t->top);
    while (!over && status == CLI_OK) {
        bool quiet = back && (t->n > 0);
        status =
            session_next(&t->s, session_deadline(quiet ? t->quiet_ms : t->s.cli->timeout_ms), &a);
        if (status != CLI_OK) break;
        const ukko_identity *i = ukko_msg_get(a->msg, &ukko_identity_type);
        if (i && i->ref && !back && is_at(ukko_ref_path(i->ref), t->top)) {
            back = true;
        } else if (i && i->ref) {
            add(t, ukko_ref_path(i->ref));
            ++*found;
            output_progress(t->s.cli, "%zu actors, at %s", t->n, pattern);
        }
        over = one && i && back && (*found || !i->ref);
        arrival_free(a);
    }
    return status == CLI_TIMEOUT ? CLI_OK : status;
}

static int descend(tree *t, const char *root, int64_t depth) {
    char pattern[600];
    size_t found = 1;
    int status = CLI_OK;
    snprintf(pattern, sizeof pattern, "%s", root);
    for (int64_t level = 0; level < depth && found && status == CLI_OK; level++) {
        size_t len = strlen(pattern);
        if (len + 3 > sizeof pattern) break;
        memcpy(pattern + len, "/*", 3);
        status = collect(t, pattern, &found);
    }
    return status;
}

/* "/" comes before all other characters, so that children follow their parent. */
static int by_path(const void *a, const void *b) {
    const char *x = path_of(*(char *const *)a), *y = path_of(*(char *const *)b);
    for (;; x++, y++) {
        int p = *x == '#' ? 0 : *x == '/' ? 1 : (unsigned char)*x;
        int q = *y == '#' ? 0 : *y == '/' ? 1 : (unsigned char)*y;
        if (p != q || !p) return p - q;
    }
}

static int depth_of(const char *path) {
    int n = 0;
    for (; *path; path++) n += *path == '/';
    return n;
}

static void show(tree *t) {
    cli *c = t->s.cli;
    qsort(t->refs, t->n, sizeof *t->refs, by_path);
    for (size_t i = 0; i < t->n; i++) {
        const char *path = path_of(t->refs[i]);
        int len = (int)strcspn(path, "#"), depth = depth_of(path);
        const char *name = path + len;
        while (name > path && name[-1] != '/') name--;
        json_t *j = json_object();
        json_object_set_new(j, "path", json_stringn(path, (size_t)len));
        json_object_set_new(j, "depth", json_integer(depth));
        json_object_set_new(j, "ref", output_text(t->refs[i]));
        output_record(c, j, "%*s%s%.*s%s", 2 * (depth - 1), "", depth == 1 ? "/" : "",
                      (int)(path + len - name), name, path[len] && c->verbosity ? path + len : "");
    }
}

static int grow(tree *t, int64_t depth) {
    static const char *const tops[] = {"/user", "/system"};
    size_t found;
    const char *root = t->s.target.path;
    int status = CLI_OK;
    t->top = *root ? root : tops[0];
    for (size_t i = 0; i < 2 && status == CLI_OK; i++) {
        status = collect(t, *root ? root : tops[i], &found);
        if (status == CLI_OK && !found && i == 0)
            return *root ? session_not_found(&t->s) : session_no_answer(&t->s, "lookup");
        if (status == CLI_OK && found) status = descend(t, *root ? root : tops[i], depth);
        if (*root) break;
    }
    if (status == CLI_OK || status == CLI_INTERRUPTED) show(t);
    return status;
}

int run_tree(cli *c) {
    tree t = {.quiet_ms = 300};
    int64_t depth = 8;
    int status = args_number(c, "depth", 0, 64, &depth);
    if (status == CLI_OK) status = args_duration(c, "quiet-for", &t.quiet_ms);
    if (status != CLI_OK) return status;
    status = session_open(&t.s, c, c->args[0], NULL);
    if (status == CLI_OK && strpbrk(t.s.target.path, "*?"))
        status = cli_usage(c, "tree begins at one actor, not at a pattern");
    if (status == CLI_OK) status = grow(&t, depth);
    session_close(&t.s);
    for (size_t i = 0; i < t.n; i++) free(t.refs[i]);
    free(t.refs);
    return status;
}
