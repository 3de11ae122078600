/* SPDX-License-Identifier: Apache-2.0 */
/* Deployment sections and the index that finds them by path: two trees of path elements, one for
   keys that end in "**" and one for all others, walked as Pekko's WildcardIndex does. Written by
   the thread that makes the system, read by any. */
#include "actor/deploy.h"
#include "actor/router.h"
#include "actor/system.h"
#include "base/error.h"
#include "base/mem.h"

typedef struct tree tree;
typedef struct prefix { /* "pre*" */
    ukko_slice text;
    tree *branch;
} prefix;
struct tree {
    const uk_deploy *data; /* NULL: no key ends here */
    uk_map children;       /* element (also "*" and "**") -> tree */
    prefix *prefixes;
    size_t n_prefixes;
};
typedef struct entry {
    uk_deploy d;
    struct entry *next;
    ukko_config *config;
    char *key;
    const char **nodes;
} entry;
struct uk_deployments {
    tree single, twice; /* keys that end in "**" are in twice */
    entry *entries;
    bool any;
};

/* ---- the trees ---- */

static bool ends_with(ukko_slice s, const char *tail) {
    size_t n = strlen(tail);
    return s.len >= n && !memcmp(s.ptr + s.len - n, tail, n);
}
static tree *child_of(tree *t, ukko_slice element) {
    tree *c = uk_map_get(&t->children, element.ptr, element.len);
    if (c) return c;
    c = uk_zalloc(sizeof *c);
    uk_map_put(&t->children, element.ptr, element.len, c); /* the key lives in the entry */
    return c;
}
static void tree_free(tree *t);

/* As in Pekko, a second key with this prefix starts a branch of its own and hides the first. */
static tree *prefix_of(tree *t, ukko_slice text) {
    for (size_t i = 0; i < t->n_prefixes; i++) {
        if (!uk_slice_eq(t->prefixes[i].text, text)) continue;
        tree_free(t->prefixes[i].branch);
        uk_free(t->prefixes[i].branch);
        t->prefixes[i] = (prefix){text, uk_zalloc(sizeof(tree))};
        return t->prefixes[i].branch;
    }
    t->prefixes = uk_realloc(t->prefixes, (t->n_prefixes + 1) * sizeof *t->prefixes);
    t->prefixes[t->n_prefixes] = (prefix){text, uk_zalloc(sizeof(tree))};
    return t->prefixes[t->n_prefixes++].branch;
}
static void insert(tree *t, ukko_slice below, const uk_deploy *d) {
    ukko_slice e;
    while (uk_path_next(&below, &e)) {
        bool whole = uk_slice_is(e, "*") || uk_slice_is(e, "**");
        if (!whole && ends_with(e, "*")) t = prefix_of(t, (ukko_slice){e.ptr, e.len - 1});
        else t = child_of(t, e);
    }
    t->data = d;
}
/* The branch for one element: its own name first, then "*", then a prefix. No way back later. */
static const tree *branch(const tree *t, ukko_slice e) {
    const tree *c = uk_map_get(&t->children, e.ptr, e.len);
    if (!c) c = uk_map_get(&t->children, "*", 1);
    for (size_t i = 0; !c && i < t->n_prefixes; i++) {
        ukko_slice p = t->prefixes[i].text;
        if (e.len >= p.len && !memcmp(e.ptr, p.ptr, p.len)) c = t->prefixes[i].branch;
    }
    return c;
}
static bool is_empty(const tree *t) { return !t->data && !t->children.live && !t->n_prefixes; }

static const tree *find_single(const tree *t, ukko_slice below) {
    ukko_slice e;
    while (t && uk_path_next(&below, &e)) t = branch(t, e);
    return t;
}
static const tree *find_twice(const tree *t, ukko_slice below) {
    const tree *best = NULL;
    ukko_slice e;
    while (uk_path_next(&below, &e)) {
        const tree *rest = uk_map_get(&t->children, "**", 2), *next = branch(t, e);
        if (rest) best = rest;
        if (!next) return best;
        t = next;
    }
    return t;
}
const uk_deploy *uk_deployments_find(const uk_deployments *d, ukko_slice below) {
    const tree *t = find_single(&d->single, below);
    if (!t || is_empty(t)) t = find_twice(&d->twice, below);
    return t ? t->data : NULL;
}
static void tree_free(tree *t) {
    void *v;
    for (size_t pos = 0; uk_map_next(&t->children, &pos, &v);) {
        tree_free(v);
        uk_free(v);
    }
    for (size_t i = 0; i < t->n_prefixes; i++) {
        tree_free(t->prefixes[i].branch);
        uk_free(t->prefixes[i].branch);
    }
    uk_map_fini(&t->children);
    uk_free(t->prefixes);
}
static void entry_free(entry *e) {
    uk_router_conf_release((uk_router_conf *)(uintptr_t)e->d.router);
    ukko_config_release(e->config);
    uk_free(e->nodes);
    uk_free(e->key);
    uk_free(e);
}
void uk_deployments_free(uk_deployments *d) {
    if (!d) return;
    tree_free(&d->single);
    tree_free(&d->twice);
    for (entry *e = d->entries, *next; e; e = next) {
        next = e->next;
        entry_free(e);
    }
    uk_free(d);
}

/* ---- sections ---- */

static const char where[] = "pekko.actor.deployment";

typedef struct section {
    const ukko_config *root;
    ukko_config *own, *all; /* without and with the defaults */
    char *path;             /* of the section, quoted */
    entry *e;
} section;

static int bad(const section *s, const char *member, ukko_error *err, const char *what,
               const char *value) {
    char *path = member ? uk_format("%s.%s", s->path, member) : uk_strdup(s->path);
    ukko_config_origin o = {"?", 0, 0};
    if (ukko_config_origin_of(s->root, path, &o)) ukko_config_origin_of(s->root, s->path, &o);
    int rc = uk_error(err, UKKO_ECONFIG, "%s: %d: %s: %s [%s]", o.file, o.line, path, what, value);
    uk_free(path);
    return rc;
}
static bool element_ok(ukko_slice e) { return uk_path_element_valid(e); }

static int check_key(const section *s, ukko_slice *below, ukko_error *err) {
    const char *key = s->e->key, *p = strchr(key, '/');
    *below = ukko_str(p ? p : "");
    while (below->len && below->ptr[below->len - 1] == '/') below->len--;
    for (ukko_slice rest = *below; rest.len;) {
        const uint8_t *slash = memchr(rest.ptr + 1, '/', rest.len - 1);
        size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
        ukko_slice e = {rest.ptr + 1, len - 1};
        if (!e.len) return bad(s, NULL, err, "an element of the path is empty", key);
        if (!element_ok(e))
            return bad(s, NULL, err, "no actor can have an element of this path as its name", key);
        if (e.len > 2 && ends_with(e, "**"))
            return bad(s, NULL, err,
                       "\"**\" must be an element by itself, as in /a/**, not the end of one", key);
        rest = (ukko_slice){rest.ptr + len, rest.len - len};
    }
    return UKKO_OK;
}
static int get_text(const section *s, const char *name, const char **out, ukko_error *err) {
    ukko_error inner;
    int rc = ukko_config_string(s->all, name, out);
    if (!rc) {
        if (!**out) *out = NULL;
        return UKKO_OK;
    }
    ukko_config_explain(s->all, name, rc, "text", &inner);
    return uk_error(err, UKKO_ECONFIG, "%s: %s", s->path, inner.message);
}
static int check_address(const section *s, const char *member, const char *text, ukko_error *err) {
    uk_path a; /* without a host: this very node */
    if (!uk_address_parse(ukko_str(text), &a)) return UKKO_OK;
    return bad(s, member, err,
               "unparsable address of a remote node, expected pekko.tcp://system@host:port,", text);
}
static int read_nodes(section *s, ukko_error *err) {
    uk_deploy *d = &s->e->d;
    size_t n = 0;
    int rc = ukko_config_count(s->all, "target.nodes", &n);
    if (rc && rc != UKKO_ENOTFOUND)
        return bad(s, "target.nodes", err, "expected a list of addresses", "");
    s->e->nodes = uk_zalloc((n + 1) * sizeof *s->e->nodes);
    for (size_t i = 0; i < n; i++) {
        if (ukko_config_string_at(s->all, "target.nodes", i, &s->e->nodes[i]))
            return bad(s, "target.nodes", err, "expected a list of addresses", "");
        if ((rc = check_address(s, "target.nodes", s->e->nodes[i], err))) return rc;
    }
    d->nodes = s->e->nodes;
    d->n_nodes = n;
    return UKKO_OK;
}
static void spread(section *s, uk_router_conf *r) { /* RemoteRouterConfig */
    const uk_deploy *d = &s->e->d;
    if (!r || r->group || d->remote || !d->n_nodes) return;
    r->nodes = uk_zalloc(d->n_nodes * sizeof *r->nodes);
    for (size_t i = 0; i < d->n_nodes; i++) r->nodes[i] = uk_strdup(d->nodes[i]);
    r->n_nodes = d->n_nodes;
}
static int read_section(section *s, ukko_error *err) {
    uk_deploy *d = &s->e->d;
    uk_router_conf *router = NULL;
    d->key = s->e->key;
    d->has_config = true;
    d->config = s->e->config = ukko_config_retain(s->all);
    int rc = get_text(s, "remote", &d->remote, err);
    if (!rc && d->remote) rc = check_address(s, "remote", d->remote, err);
    if (!rc) rc = get_text(s, "dispatcher", &d->dispatcher, err);
    if (!rc) rc = get_text(s, "mailbox", &d->mailbox, err);
    if (!rc && !d->remote) rc = read_nodes(s, err);
    if (!rc) rc = uk_router_conf_read(&router, s->root, s->own, s->all, s->path, err);
    d->router = router;
    if (!rc) spread(s, router);
    return rc;
}
static int add_section(uk_deployments *d, section *s, ukko_error *err) {
    ukko_slice below, rest, e, last = {NULL, 0};
    int rc = check_key(s, &below, err);
    if (!rc) rc = read_section(s, err);
    if (rc) return rc;
    for (rest = below; uk_path_next(&rest, &e);) last = e;
    if (last.len) insert(uk_slice_is(last, "**") ? &d->twice : &d->single, below, &s->e->d);
    return UKKO_OK;
}
/* In the reference, for actors of the JVM. */
static bool built_in(const char *key) { return !strncmp(key, "/IO-DNS/", 8); }

static int add_key(uk_deployments *d, const ukko_config *cfg, const ukko_config *defaults,
                   const char *key, ukko_error *err) {
    char *quoted = ukko_config_quote(key);
    section s = {.root = cfg, .path = uk_format("%s.%s", where, quoted)};
    int rc = UKKO_OK;
    ukko_free(quoted);
    if (!ukko_config_object(cfg, s.path, &s.own)) { /* what is no object is passed over */
        s.all = ukko_config_with_fallback(s.own, defaults);
        s.e = uk_zalloc(sizeof *s.e);
        s.e->key = uk_strdup(key);
        d->any |= !built_in(key);
        s.e->next = d->entries;
        d->entries = s.e;
        rc = add_section(d, &s, err);
    }
    ukko_config_release(s.own);
    ukko_config_release(s.all);
    uk_free(s.path);
    return rc;
}
int uk_deployments_new(uk_deployments **out, const ukko_config *cfg, ukko_error *err) {
    uk_deployments *d = uk_zalloc(sizeof *d);
    ukko_config *defaults = NULL;
    size_t n = 0;
    int rc = ukko_config_object(cfg, "pekko.actor.deployment.default", &defaults);
    if (rc == UKKO_ENOTFOUND) rc = UKKO_OK;
    if (rc) rc = ukko_config_explain(cfg, "pekko.actor.deployment.default", rc, "an object", err);
    else if (ukko_config_key_count(cfg, where, &n)) n = 0;
    for (size_t i = 0; i < n && !rc; i++) {
        const char *key;
        if (ukko_config_key_at(cfg, where, i, &key) || !strcmp(key, "default")) continue;
        rc = add_key(d, cfg, defaults, key, err);
    }
    ukko_config_release(defaults);
    if (rc) uk_deployments_free(d);
    else *out = d;
    return rc;
}

/* ---- looking up ---- */

bool uk_deployments_any(const uk_deployments *d) { return d && d->any; }

const uk_deploy *uk_deploy_lookup(ukko_system *sys, ukko_slice path) {
    ukko_slice e;
    bool any = uk_path_next(&path, &e), remote = false;
    if (!sys->deployments) return NULL;
    for (; any && uk_slice_is(e, "remote");
         remote = true) { /* remote/protocol/address, once a layer */
        any = uk_path_next(&path, &e) && uk_path_next(&path, &e) && uk_path_next(&path, &e);
    }
    if (!any || !(uk_slice_is(e, "user") || (uk_slice_is(e, "system") && !remote))) return NULL;
    return uk_deployments_find(sys->deployments, path);
}
const uk_deploy *uk_deploy_of_child(ukko_system *sys, ukko_ref *parent, const char *name) {
    uk_buf path = {0};
    if (!sys->deployments) return NULL;
    if (parent->vt->print) parent->vt->print(parent, &path);
    uk_buf_byte(&path, '/');
    uk_buf_str(&path, name);
    const uk_deploy *d = uk_deploy_lookup(sys, uk_buf_slice(&path));
    uk_buf_fini(&path);
    return d;
}
void uk_deploy_over(uk_deploy *into, const uk_deploy *over) {
    if (!over) return;
    if (over->key) into->key = over->key;
    if (over->remote || over->local_scope) {
        into->remote = over->remote;
        into->local_scope = over->local_scope;
    }
    if (over->n_nodes) {
        into->nodes = over->nodes;
        into->n_nodes = over->n_nodes;
    }
    if (over->dispatcher) into->dispatcher = over->dispatcher;
    if (over->mailbox) into->mailbox = over->mailbox;
    if (over->router) into->router = over->router;
    if (over->has_config) {
        into->has_config = true;
        into->config = over->config;
    }
}
void uk_deploy_of_props(const ukko_props *p, uk_deploy *out) {
    *out = (uk_deploy){.remote = p->deploy,
                       .local_scope = p->local,
                       .dispatcher = p->dispatcher,
                       .mailbox = p->mailbox,
                       .router = p->router};
}
