/* SPDX-License-Identifier: Apache-2.0 */
/* Configs as the public interface shows them: making, sharing, merging, resolving. Any thread. */
#include "config/internal.h"
#include <stdarg.h>
#include <stdio.h>

extern const unsigned char uk_reference_conf[];
extern const size_t uk_reference_conf_len;

/* ---- Failures. ---- */

void uk_config_fail(uk_config_fault *f, uk_config_fault_kind kind, const char *file, int line,
                    int column, const char *format, ...) {
    if (f->kind) return;
    f->kind = kind;
    f->line = line > 0 ? line : 0;
    f->column = column;
    snprintf(f->file, sizeof f->file, "%s", file);
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    for (char *c = f->text; *c; c++)
        if ((unsigned char)*c < 32) *c = ' ';
}

const char *uk_config_fault_word(uk_config_fault_kind kind) {
    static const char *const words[] = {"ok",         "parse", "io", "wrongtype",
                                        "unresolved", "limit", "bug"};
    return words[kind];
}

int uk_config_fault_error(const uk_config_fault *f, ukko_error *err) {
    static const int codes[] = {UKKO_OK,      UKKO_EPARSE,  UKKO_EIO,    UKKO_ETYPE,
                                UKKO_ECONFIG, UKKO_ETOOBIG, UKKO_ECONFIG};
    const char *word = uk_config_fault_word(f->kind);
    if (f->column)
        return uk_error(err, codes[f->kind], "%s:%d:%d: %s: %s", f->file, f->line, f->column, word,
                        f->text);
    return uk_error(err, codes[f->kind], "%s:%d: %s: %s", f->file, f->line, word, f->text);
}

/* ---- Sharing. ---- */

ukko_config *uk_config_new(uk_arena *arena, uk_value *root) {
    ukko_config *c = uk_zalloc(sizeof *c);
    atomic_init(&c->refs, 1);
    c->arena = arena;
    c->root = root;
    return c;
}

/* Relaxed: the caller's own reference already keeps the config whole. */
ukko_config *ukko_config_retain(const ukko_config *cfg) {
    ukko_config *c = (ukko_config *)(uintptr_t)cfg;
    if (c) atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void ukko_config_release(ukko_config *cfg) {
    if (!cfg) return;
    /* Release pairs with the acquire fence of whoever drops the last reference. */
    if (atomic_fetch_sub_explicit(&cfg->refs, 1, memory_order_release) != 1) return;
    atomic_thread_fence(memory_order_acquire);
    uk_arena_release(cfg->arena);
    uk_free(cfg);
}

ukko_config *ukko_config_empty(void) {
    static const uk_source nothing = {"empty config", false};
    uk_arena *a = uk_arena_new(256);
    return uk_config_new(a, uk_value_object(a, (uk_origin){&nothing, -1, -1}, 0));
}

/* ---- Parsing. ---- */

/* Gives the config, or ends the arena and reports. */
static int finished(ukko_config **out, uk_arena *a, uk_value *root, const uk_config_fault *f,
                    ukko_error *err) {
    if (!root) {
        uk_arena_release(a);
        return uk_config_fault_error(f, err);
    }
    *out = uk_config_new(a, root);
    return UKKO_OK;
}

static uk_value *object_root(uk_value *root, uk_config_fault *f) {
    if (!root || uk_is_object(root)) return root;
    uk_config_fail(f, UK_FAULT_TYPE, root->origin.source->name, root->origin.line, 0,
                   "expected an object at the root, not a list");
    return NULL;
}

int ukko_config_parse_as(ukko_config **out, ukko_slice text, ukko_config_syntax syntax,
                         const char *origin, ukko_error *err) {
    uk_config_fault f = {0};
    uk_parse_options o = {.syntax = syntax, .directory = "."};
    uk_arena *a = uk_arena_new(text.len < 65536 ? 2048 + text.len * 2 : 131072);
    uk_value *root = uk_parse_text(a, text, origin ? origin : "text", &o, &f);
    return finished(out, a, object_root(root, &f), &f, err);
}

int ukko_config_parse(ukko_config **out, ukko_slice text, const char *origin, ukko_error *err) {
    return ukko_config_parse_as(out, text, UKKO_CONFIG_HOCON, origin, err);
}

int ukko_config_parse_file(ukko_config **out, const char *path, ukko_error *err) {
    uk_config_fault f = {0};
    uk_parse_options o = {.syntax = UKKO_CONFIG_AUTO};
    uk_arena *a = uk_arena_new(16384);
    uk_value *root = uk_parse_path(a, path, &o, &f);
    return finished(out, a, root, &f, err);
}

static int parse_bounded(ukko_config **out, ukko_slice text, const char *origin, uint32_t flags,
                         bool resolved, ukko_error *err) {
    uk_config_fault f = {0};
    uk_parse_options o = {.flags = flags, .max_depth = UK_CONFIG_FOREIGN_DEPTH};
    if (text.len > UK_CONFIG_FOREIGN_SIZE)
        return uk_error(err, UKKO_ETOOBIG, "%s: configuration of %zu bytes, the limit is %zu",
                        origin, text.len, UK_CONFIG_FOREIGN_SIZE);
    uk_arena *a = uk_arena_new(2048);
    a->budget = 65536 + text.len * 64;
    uk_value *root = object_root(uk_parse_text(a, text, origin, &o, &f), &f);
    if (root && resolved) root = uk_resolve(a, root, flags, &f);
    return finished(out, a, root, &f, err);
}
int uk_config_parse_foreign(ukko_config **out, ukko_slice text, const char *origin,
                            ukko_error *err) {
    return parse_bounded(out, text, origin, UK_CONFIG_NO_INCLUDE | UK_CONFIG_NO_ENV, true, err);
}
int uk_config_parse_message(ukko_config **out, ukko_slice text, const char *origin,
                            ukko_error *err) {
    return parse_bounded(out, text, origin, UK_CONFIG_NO_FILES, false, err);
}

/* ---- Merging and resolving. ---- */

static uk_arena *derived_arena(const ukko_config *a, const ukko_config *b) {
    uk_arena *arena = uk_arena_new(1024);
    uk_arena_depend(arena, a->arena);
    if (b) uk_arena_depend(arena, b->arena);
    return arena;
}

ukko_config *ukko_config_with_fallback(const ukko_config *cfg, const ukko_config *fallback) {
    if (!cfg || !fallback)
        return cfg || fallback ? ukko_config_retain(cfg ? cfg : fallback) : ukko_config_empty();
    uk_arena *a = derived_arena(cfg, fallback);
    return uk_config_new(a, uk_merge(a, cfg->root, fallback->root));
}

static int resolve_with(ukko_config **out, const ukko_config *cfg, uint32_t flags,
                        ukko_error *err) {
    if (cfg->root->resolved) {
        *out = ukko_config_retain(cfg);
        return UKKO_OK;
    }
    uk_config_fault f = {0};
    uk_arena *a = derived_arena(cfg, NULL);
    size_t size = cfg->arena->used;
    for (uint32_t i = 0; i < cfg->arena->n_deps; i++) size += cfg->arena->deps[i]->used;
    a->budget = ((size_t)32 << 20) + size * 64;
    uk_value *root = uk_resolve(a, cfg->root, flags, &f);
    a->budget = 0;
    return finished(out, a, root, &f, err);
}

int ukko_config_resolve(ukko_config **out, const ukko_config *cfg, ukko_error *err) {
    return resolve_with(out, cfg, 0, err);
}

/* ---- The reference and what a node starts from. ---- */

static ukko_config *parse_reference(void) {
    ukko_config *c = NULL;
    ukko_error err;
    ukko_slice text = {uk_reference_conf, uk_reference_conf_len};
    if (!ukko_config_parse(&c, text, "reference.conf", &err)) return c;
    /* Built in and tested; a broken one must not pass unseen. */
    fprintf(stderr, "ukko: built-in %s\n", err.message);
    return ukko_config_empty();
}

ukko_config *ukko_config_reference(void) {
    /* Immutable and never ended: parsing it is most of what loading a configuration costs. */
    static _Atomic(ukko_config *) cached;
    ukko_config *c = atomic_load_explicit(&cached, memory_order_acquire), *none = NULL;
    if (!c) {
        c = parse_reference();
        /* Release pairs with the acquire loads: the tree is whole when another thread sees it. */
        if (!atomic_compare_exchange_strong_explicit(&cached, &none, c, memory_order_acq_rel,
                                                     memory_order_acquire)) {
            ukko_config_release(c);
            c = none;
        }
    }
    return ukko_config_retain(c);
}

ukko_config *ukko_config_forced(void) {
    uk_arena *a = uk_arena_new(0);
    uk_value *v = uk_env_overrides(a);
    if (v) return uk_config_new(a, v);
    uk_arena_release(a);
    return ukko_config_empty();
}

static ukko_config *properties(void) {
    uk_arena *a = uk_arena_new(0);
    return uk_config_new(a, uk_env_properties(a));
}

int ukko_config_load_from(ukko_config **out, const ukko_config *cfg, ukko_error *err) {
    ukko_config *forced = ukko_config_forced(), *reference = ukko_config_reference(),
                *last = properties();
    const ukko_config *layers[] = {cfg, reference, last};
    ukko_config *all = ukko_config_retain(forced);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        ukko_config *both = ukko_config_with_fallback(all, layers[i]);
        ukko_config_release(all);
        all = both;
    }
    int rc = ukko_config_resolve(out, all, err);
    ukko_config_release(all);
    ukko_config_release(forced);
    ukko_config_release(reference);
    ukko_config_release(last);
    return rc;
}

int ukko_config_load(ukko_config **out, const char *path, ukko_error *err) {
    ukko_config *file = NULL;
    int rc = path ? ukko_config_parse_file(&file, path, err) : UKKO_OK;
    if (!rc) rc = ukko_config_load_from(out, file, err);
    ukko_config_release(file);
    return rc;
}
