/* SPDX-License-Identifier: Apache-2.0 */
/* Finding misspelt settings: the application's tree is laid beside the known one. Any thread. */
#include "config/internal.h"

/* Sections whose keys are names that applications choose. */
static const char *const open_sections[] = {"pekko.actor.deployment",
                                            "pekko.actor.serializers",
                                            "pekko.actor.serialization-bindings",
                                            "pekko.actor.serialization-identifiers",
                                            "pekko.actor.router.type-mapping",
                                            "pekko.actor.mailbox",
                                            "pekko.coordinated-shutdown.phases",
                                            "pekko.coordinated-shutdown.reason-overrides",
                                            "pekko.circuit-breaker",
                                            "pekko.remote.classic.adapters",
                                            "pekko.serialization.jackson",
                                            "pekko.reliable-delivery",
                                            "pekko.stream",
                                            "pekko.io",
                                            "pekko.actor.typed"};
/* Other modules of Pekko, which own a section of that name. */
static const char *const modules[] = {"cluster",    "persistence",   "http",       "management",
                                      "discovery",  "coordination",  "kafka",      "grpc",
                                      "projection", "test",          "ssl-config", "diagnostics",
                                      "connectors", "testconductor", "testkit",    "insights"};
/* A section with one of these is a dispatcher, a mailbox or a transport of the application. */
static const char *const own_marks[] = {"type",
                                        "executor",
                                        "throughput",
                                        "mailbox-type",
                                        "mailbox-capacity",
                                        "fork-join-executor",
                                        "thread-pool-executor",
                                        "transport-class",
                                        "applied-adapters",
                                        "hostname",
                                        "port",
                                        "fqcn",
                                        "class"};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool among(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, list[i])) return true;
    return false;
}

/* ---- The known tree: the reference, and what it names without a default. ---- */

static bool add_absent(void *data, const char *path, char mark, bool absent, const char *value,
                       const char *text) {
    (void)mark;
    (void)text;
    if (absent) uk_buf_printf(data, "%s = %s\n", path, value ? value : "{}");
    return true;
}

static ukko_config *known_settings(void) {
    uk_buf text = {0};
    ukko_config *absent = NULL, *reference = ukko_config_reference(), *all;
    uk_each_setting(add_absent, &text);
    if (ukko_config_parse(&absent, uk_buf_slice(&text), "known settings", NULL))
        absent = ukko_config_empty();
    all = ukko_config_with_fallback(absent, reference);
    ukko_config_release(absent);
    ukko_config_release(reference);
    uk_buf_fini(&text);
    return all;
}

/* ---- Likeness. ---- */

/* Edits between two names, swaps of neighbours counted as one; 99 for long ones. */
static int distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    int rows[3][64];
    if (n > 62 || m > 62) return 99;
    for (size_t j = 0; j <= m; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = rows[i % 3], *up = rows[(i - 1) % 3], *upper = rows[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = up[j - 1] + (a[i - 1] != b[j - 1]);
            if (up[j] + 1 < best) best = up[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            bool swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swap && upper[j - 2] + 1 < best) best = upper[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

typedef struct search {
    const char *name;
    uk_buf path; /* of the section being looked at */
    uk_buf best;
    int score;
} search;

static void consider(search *s, const uk_key *key, int penalty) {
    int score = distance(s->name, key->text) * 4 + penalty;
    if (score >= s->score) return;
    s->score = score;
    uk_buf_clear(&s->best);
    uk_buf_put(&s->best, s->path.ptr, s->path.len);
    if (s->path.len) uk_buf_byte(&s->best, '.');
    uk_key_print(key->text, key->len, &s->best);
}

/* All names below section: a right name in a wrong place counts too. */
static void search_below(search *s, const uk_value *section, int penalty) {
    if (section->kind != UK_V_OBJECT) return;
    for (uint32_t i = 0; i < section->object->n; i++) {
        const uk_key *key = section->object->entries[i].key;
        const uk_value *child = uk_object_at(section->object, i);
        size_t mark = s->path.len;
        if (!child || *key->text == '/' || strchr(key->text, '.')) continue;
        consider(s, key, penalty);
        if (mark) uk_buf_byte(&s->path, '.');
        uk_key_print(key->text, key->len, &s->path);
        search_below(s, child, penalty < 3 ? penalty + 1 : 3);
        s->path.len = mark;
    }
}

/* ---- The walk. ---- */

typedef struct check {
    const uk_value *known;
    ukko_config_finding_fn found;
    void *data;
    size_t count;
    uk_buf path;
} check;

static const uk_value *nearest(check *c, const uk_value *section, const char *name, uk_buf *out,
                               int *score) {
    int limit = strlen(name) < 5 ? 1 : strlen(name) < 9 ? 2 : 3;
    search s = {.name = name, .score = limit * 4 + 1};
    size_t cut = c->path.len;
    uk_buf_put(&s.path, c->path.ptr, cut);
    search_below(&s, section, 0);
    if (!s.best.len) { /* elsewhere in Pekko's and ukko's settings: the same name only */
        uk_buf_clear(&s.path);
        s.score = 4;
        search_below(&s, c->known, 0);
    }
    *score = s.score;
    *out = s.best;
    uk_buf_fini(&s.path);
    return s.best.len ? section : NULL;
}

static void report(check *c, const uk_value *v, const char *near) {
    const char *path = uk_buf_text(&c->path);
    ukko_config_origin at = {v->origin.source->name, v->origin.line > 0 ? v->origin.line : 0,
                             v->origin.end_line > 0 ? v->origin.end_line : 0};
    char *text = near ? uk_format("%s:%d: unknown setting %s, did you mean %s?", at.file, at.line,
                                  path, near)
                      : uk_format("%s:%d: unknown setting %s", at.file, at.line, path);
    ukko_config_finding finding = {path, near, at, text};
    c->count++;
    if (c->found) c->found(c->data, &finding);
    uk_free(text);
}

/* Does v look like a dispatcher, mailbox or transport that the application defines? */
static bool own_section(const uk_value *v) {
    if (uk_is_stack(v)) {
        for (const uk_layer *l = v->layers; l; l = l->next)
            if (own_section(l->value)) return true;
        return false;
    }
    if (v->kind == UK_V_REF || v->kind == UK_V_CONCAT) return true;
    for (uint32_t i = 0; v->kind == UK_V_OBJECT && i < v->object->n; i++)
        if (among(v->object->entries[i].key->text, own_marks, COUNT(own_marks))) return true;
    return false;
}

static void unknown(check *c, const uk_value *section, const uk_key *key, const uk_value *v,
                    size_t parent) {
    size_t whole = c->path.len;
    uk_buf best;
    int score = 0;
    c->path.len = parent;
    nearest(c, section, key->text, &best, &score);
    c->path.len = whole;
    bool close = best.len && score <= 9;
    if (close || !own_section(v)) report(c, v, best.len ? uk_buf_text(&best) : NULL);
    uk_buf_fini(&best);
}

static void compare(check *c, const uk_value *known, const uk_value *v);

static void compare_key(check *c, const uk_value *known, const uk_key *key, const uk_value *v) {
    size_t parent = c->path.len;
    bool core = parent == 5 && !memcmp(c->path.ptr, "pekko", 5);
    if (parent) uk_buf_byte(&c->path, '.');
    uk_key_print(key->text, key->len, &c->path);
    const uk_value *twin = uk_object_get(known->object, key);
    if (twin)
        compare(c, twin, v);
    else if (!core || !among(key->text, modules, COUNT(modules)))
        unknown(c, known, key, v, parent);
    c->path.len = parent;
}

static void compare(check *c, const uk_value *known, const uk_value *v) {
    if (uk_is_stack(v)) {
        for (const uk_layer *l = v->layers; l; l = l->next) compare(c, known, l->value);
        return;
    }
    /* A known section that is a substitution, as netty.ssl: its layers know together. */
    const uk_value *section = known;
    for (const uk_layer *l = uk_is_stack(known) ? known->layers : NULL; l; l = l->next)
        if (l->value->kind == UK_V_OBJECT) section = l->value;
    if (v->kind != UK_V_OBJECT || section->kind != UK_V_OBJECT || !uk_object_count(section->object))
        return;
    if (among(uk_buf_text(&c->path), open_sections, COUNT(open_sections))) return;
    for (uint32_t i = 0; i < v->object->n; i++) {
        const uk_value *child = uk_object_at(v->object, i);
        if (child) compare_key(c, section, v->object->entries[i].key, child);
    }
}

size_t ukko_config_check(const ukko_config *cfg, ukko_config_finding_fn found, void *data) {
    static const char *const owned[] = {"pekko", "ukko"};
    ukko_config *known = known_settings(), *flat = NULL;
    /* Resolved where possible: sections made of substitutions are then seen whole. */
    if (!ukko_config_resolve(&flat, known, NULL)) {
        ukko_config_release(known);
        known = flat;
    }
    check c = {.known = known->root, .found = found, .data = data};
    for (size_t i = 0; i < COUNT(owned); i++) {
        const uk_value *mine = uk_object_get_text(known->root->object, owned[i], strlen(owned[i]));
        const uk_value *v = cfg->root->kind == UK_V_OBJECT
                                ? uk_object_get_text(cfg->root->object, owned[i], strlen(owned[i]))
                                : NULL;
        uk_buf_clear(&c.path);
        uk_buf_str(&c.path, owned[i]);
        if (v && mine) compare(&c, mine, v);
    }
    uk_buf_fini(&c.path);
    ukko_config_release(known);
    return c.count;
}

/* ---- Strictness and use. ---- */

typedef struct strict {
    ukko_config_finding_fn warn;
    void *data;
    char *first;
} strict;

static void note(void *data, const ukko_config_finding *f) {
    strict *s = data;
    if (!s->first) s->first = uk_strdup(f->text);
    if (s->warn) s->warn(s->data, f);
}

int uk_config_check_strict(const ukko_config *user, const ukko_config *effective,
                           ukko_config_finding_fn warn, void *data, ukko_error *err) {
    strict s = {warn, data, NULL};
    bool on = false;
    ukko_config *forced = ukko_config_forced(), *own = ukko_config_with_fallback(forced, user);
    size_t n = ukko_config_check(own, note, &s);
    int rc = UKKO_OK;
    ukko_config_release(own);
    ukko_config_release(forced);
    ukko_config_bool(effective, "ukko.config.strict", &on);
    if (n && on)
        rc = uk_error(err, UKKO_ECONFIG, "%s (%zu in all; ukko.config.strict is on)", s.first, n);
    uk_free(s.first);
    return rc;
}

typedef struct use {
    const char *path;
    size_t best; /* length of the longest section that matched */
    bool exact;
    char mark;
    char *text;
} use;

static bool match_use(void *data, const char *path, char mark, bool absent, const char *value,
                      const char *text) {
    use *u = data;
    size_t n = strlen(path);
    (void)absent;
    (void)value;
    bool exact = !strcmp(path, u->path);
    bool below = !strncmp(path, u->path, n) && u->path[n] == '.';
    if (!exact && !(below && n >= u->best)) return true;
    u->best = n;
    u->mark = mark;
    u->exact |= exact;
    if (exact) {
        uk_free(u->text);
        u->text = uk_strdup(text);
    }
    return true;
}

static bool in_open_section(const char *path) {
    for (size_t i = 0; i < COUNT(open_sections); i++) {
        size_t n = strlen(open_sections[i]);
        if (!strncmp(path, open_sections[i], n) && path[n] == '.') return true;
    }
    return false;
}

/* A deployment's settings have the meaning of those in its template. Owned; NULL: it is none. */
static char *as_template(const char *path) {
    static const char section[] = "pekko.actor.deployment.";
    size_t n = sizeof section - 1;
    if (strncmp(path, section, n) || path[n] != '"') return NULL;
    const char *end = strstr(path + n, "\".");
    return end ? uk_format("%sdefault%s", section, end + 1) : NULL;
}

ukko_config_use ukko_config_use_of(const char *path, char **text) {
    use u = {.path = path};
    uk_each_setting(match_use, &u);
    char *template = u.exact ? NULL : as_template(path);
    u.path = template ? template : path;
    if (template) uk_each_setting(match_use, &u);
    uk_free(template);
    u.path = path;
    if (text)
        *text = u.text;
    else
        uk_free(u.text);
    if (!u.best) return UKKO_CONFIG_USER;
    if (u.exact || in_open_section(path))
        return u.mark == '+' ? UKKO_CONFIG_HONOURED : UKKO_CONFIG_ACCEPTED;
    /* Not named itself: what the check makes of it decides. */
    ukko_config *one = NULL, *none = ukko_config_empty();
    size_t n = 0;
    if (!ukko_config_with_value(&one, none, path, "x", NULL))
        n = ukko_config_check(one, NULL, NULL);
    ukko_config_release(one);
    ukko_config_release(none);
    return n ? UKKO_CONFIG_UNKNOWN : u.mark == '+' ? UKKO_CONFIG_HONOURED : UKKO_CONFIG_ACCEPTED;
}
