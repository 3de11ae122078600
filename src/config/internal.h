/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the configuration engine: values, arenas, parser and resolver entry points.
   A value tree is built by one thread and never changes once a ukko_config shows it. */
#ifndef UK_CONFIG_INTERNAL_H
#define UK_CONFIG_INTERNAL_H
#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"
#include <stdatomic.h>
#include <ukko/config.h>

/* Limits. Above them a text is refused with UKKO_ETOOBIG instead of eating stack or memory. */
enum {
    UK_CONFIG_MAX_DEPTH = 1500,     /* nested braces, brackets and ${ */
    UK_CONFIG_FOREIGN_DEPTH = 200,  /* the same for a peer's text */
    UK_CONFIG_RESOLVE_DEPTH = 2400, /* values being resolved inside each other */
    UK_CONFIG_MAX_HEIGHT = 2500,    /* of a tree after substitution */
    UK_CONFIG_INCLUDE_DEPTH = 50    /* what the reference implementation allows */
};
#define UK_CONFIG_FOREIGN_SIZE ((size_t)1 << 20)
#define UK_CONFIG_MAX_SIZE     ((size_t)256 << 20) /* of one source text */
#define UK_CONFIG_RENDER_SIZE  ((size_t)512 << 20) /* of one rendered text */

/* Parse flags. */
enum {
    UK_CONFIG_NO_INCLUDE = 1 << 0, /* an include statement is an error */
    UK_CONFIG_NO_ENV = 1 << 1,     /* resolve: the environment is not asked */
    UK_CONFIG_NO_FILES = 1 << 2    /* an include finds nothing, whatever it names */
};

/* ---- Failures inside the engine. ---- */

typedef enum uk_config_fault_kind {
    UK_FAULT_NONE = 0,
    UK_FAULT_PARSE,
    UK_FAULT_IO,
    UK_FAULT_TYPE,
    UK_FAULT_UNRESOLVED,
    UK_FAULT_LIMIT,
    UK_FAULT_TANGLE /* substitutions that even the reference implementation gives up on */
} uk_config_fault_kind;

typedef struct uk_config_fault {
    uk_config_fault_kind kind;
    int line, column; /* 0: unknown */
    bool absent;      /* what was asked for itself is not there, not something inside it */
    char file[256];
    char text[256];
} uk_config_fault;

/* Fills *f unless it already holds a failure. */
void uk_config_fail(uk_config_fault *f, uk_config_fault_kind kind, const char *file, int line,
                    int column, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Word for kind as `ukko config` prints it: parse, io, wrongtype, unresolved, limit, bug. */
const char *uk_config_fault_word(uk_config_fault_kind kind);
/* The public code and text of *f. */
int uk_config_fault_error(const uk_config_fault *f, ukko_error *err);

/* ---- Memory. ---- */

/* Bump memory for one parse, merge or resolve. Shared by reference count; keeps alive the
   arenas whose values its own values point to. */
typedef struct uk_chunk uk_chunk;
typedef struct uk_key uk_key;
typedef struct uk_arena {
    _Atomic uint32_t refs;
    uint32_t n_deps, cap_deps;
    struct uk_arena **deps;
    uk_chunk *chunks;
    uint8_t *p, *end;
    size_t used;   /* bytes handed out */
    size_t budget; /* limit of used; 0: none */
    size_t work;   /* steps of merging, against inputs that blow up without taking memory */
    uk_key **keys; /* intern table, open addressing */
    size_t n_keys, cap_keys;
    struct uk_arena *next_dead;
} uk_arena;

uk_arena *uk_arena_new(size_t first);
void uk_arena_retain(uk_arena *a);
void uk_arena_release(uk_arena *a);
/* a keeps dep alive from now on. */
void uk_arena_depend(uk_arena *a, uk_arena *dep);
void *uk_arena_slow(uk_arena *a, size_t size);
static inline void *uk_arena_alloc(uk_arena *a, size_t size) {
    size = (size + 7) & ~(size_t)7;
    if ((size_t)(a->end - a->p) < size) return uk_arena_slow(a, size);
    void *p = a->p;
    a->p += size;
    a->used += size;
    return p;
}
char *uk_arena_text(uk_arena *a, const void *text, size_t len); /* adds a NUL */
/* Past the budget: the caller has to give up with UK_FAULT_LIMIT. */
bool uk_arena_over(const uk_arena *a);

struct uk_key {
    uint32_t hash, len;
    char text[]; /* ends with a NUL */
};
uint32_t uk_key_hash(const void *text, size_t len);
const uk_key *uk_key_of(uk_arena *a, const void *text, size_t len);
static inline bool uk_key_eq(const uk_key *a, const uk_key *b) {
    return a == b || (a->hash == b->hash && a->len == b->len && !memcmp(a->text, b->text, a->len));
}

/* ---- Values. ---- */

typedef enum uk_value_kind {
    UK_V_NULL = 0,
    UK_V_BOOL,
    UK_V_INT,
    UK_V_DOUBLE,
    UK_V_STRING,
    UK_V_LIST,
    UK_V_OBJECT,
    /* Unresolved ones; all but lists and objects of these are "unmergeable". */
    UK_V_REF,
    UK_V_CONCAT,
    UK_V_MERGE,       /* a stack of values to merge when they are resolved */
    UK_V_MERGE_OBJECT /* the same, known to become an object */
} uk_value_kind;

enum {
    UK_VF_IGNORE = 1 << 0,  /* objects: lower layers are hidden */
    UK_VF_BARE = 1 << 1,    /* strings: one unquoted token, vanishes beside a list or object */
    UK_VF_OPTIONAL = 1 << 2 /* ${?...} */
};

typedef struct uk_source {
    const char *name;
    bool merged; /* stands for several files: no line is known */
} uk_source;
typedef struct uk_origin {
    const uk_source *source;
    int32_t line, end_line; /* -1: unknown */
} uk_origin;

typedef struct uk_value uk_value;
typedef struct uk_entry {
    const uk_key *key;
    uk_value *value; /* NULL only for a removed one */
} uk_entry;
/* A hash table that the reference implementation would have copied an object's keys to. */
typedef struct uk_table {
    uint32_t size; /* 0: what so many keys make of a new one */
    const struct uk_table *before;
} uk_table;
/* Keys in the order of first appearance. `patch` replaces one value without a copy of the rest. */
typedef struct uk_object {
    uk_entry *entries;
    uint32_t n, cap;
    uint32_t unresolved; /* how many children are not resolved */
    int32_t patch;       /* index, -1: none */
    uk_value *patched;   /* NULL: that entry is gone */
    uint32_t *slots;     /* hash index over entries, NULL while small; index + 1 */
    uint32_t n_slots;
    /* For uk_object_order() only. */
    int32_t *seq; /* when each key was put there; NULL: as entries stand */
    int32_t low, high;
    const uk_table *tables; /* the last copy first */
} uk_object;
/* A list of layers, first wins; tails are shared. */
typedef struct uk_layer {
    uk_value *value;
    struct uk_layer *next;
} uk_layer;
typedef struct uk_keypath {
    const uk_key *key;
    struct uk_keypath *next;
} uk_keypath;

struct uk_value {
    uint8_t kind, flags;
    bool resolved;
    union {
        uint32_t prefix; /* references: elements put in front when the file was included */
        uint32_t height; /* lists and objects: levels below, at least those that are there */
    };
    uk_origin origin;
    union {
        bool boolean;
        struct {
            union {
                int64_t i;
                double d;
            };
            const char *text; /* as written */
            size_t text_len;
        } number;
        struct {
            const char *ptr; /* ends with a NUL */
            size_t len;
        } string;
        struct {
            uk_value **items;
            size_t n;
        } list; /* also the pieces of a concatenation */
        uk_object *object;
        uk_keypath *path;
        uk_layer *layers;
    };
};

static inline uint32_t uk_height_over(const uk_value *child) {
    return (child->kind == UK_V_REF ? 0 : child->height) + 1;
}
static inline void uk_height_add(uk_value *v, const uk_value *child) {
    uint32_t h = uk_height_over(child);
    if (h > v->height) v->height = h;
}
static inline bool uk_is_object(const uk_value *v) {
    return v->kind == UK_V_OBJECT || v->kind == UK_V_MERGE_OBJECT;
}
static inline bool uk_is_stack(const uk_value *v) {
    return v->kind == UK_V_MERGE || v->kind == UK_V_MERGE_OBJECT;
}
static inline bool uk_is_unmergeable(const uk_value *v) { return v->kind >= UK_V_REF; }
static inline bool uk_is_container(const uk_value *v) {
    return v->kind >= UK_V_LIST && v->kind != UK_V_REF;
}

uk_value *uk_value_new(uk_arena *a, uk_value_kind kind, uk_origin origin);
uk_value *uk_value_string(uk_arena *a, uk_origin origin, const void *text, size_t len);
uk_value *uk_value_int(uk_arena *a, uk_origin origin, int64_t v, const char *text, size_t len);
/* A whole double becomes an integer. */
uk_value *uk_value_double(uk_arena *a, uk_origin origin, double v, const char *text, size_t len);
uk_value *uk_value_list(uk_arena *a, uk_origin origin, uk_value *const *items, size_t n);
uk_value *uk_value_object(uk_arena *a, uk_origin origin, uint32_t cap);
uk_value *uk_value_copy(uk_arena *a, const uk_value *v);
/* Text of a null, bool, number or string; false for others. */
bool uk_value_text(const uk_value *v, ukko_slice *out);
uk_origin uk_origin_merge(uk_arena *a, uk_origin x, uk_origin y);

/* ---- Objects. ---- */

static inline uk_value *uk_object_at(const uk_object *o, uint32_t i) {
    return (int32_t)i == o->patch ? o->patched : o->entries[i].value;
}
int32_t uk_object_index(const uk_object *o, const uk_key *key); /* -1: not there */
uk_value *uk_object_get(const uk_object *o, const uk_key *key); /* NULL: not there */
uk_value *uk_object_get_text(const uk_object *o, const void *text, size_t len);
uint32_t uk_object_count(const uk_object *o);
/* Only on an object nobody else sees yet: adds or replaces. */
void uk_object_put(uk_arena *a, uk_value *object, const uk_key *key, uk_value *value);
/* A copy with one entry replaced, or removed when value is NULL. */
uk_value *uk_object_patch(uk_arena *a, const uk_value *object, uint32_t index, uk_value *value);
/* A copy whose entries can be put to; room for `more` further ones. */
uk_value *uk_object_clone(uk_arena *a, const uk_value *object, uint32_t more);
/* Key number index counts as put there before all others, as when an object is laid over. */
void uk_object_front(uk_arena *a, uk_object *o, uint32_t index);
/* news was laid over o: its keys come first, in their order. */
void uk_object_front_all(uk_arena *a, uk_object *o, const uk_object *news);
/* From now on the keys are visited as after a copy to a table of that size. */
void uk_object_copied(uk_arena *a, uk_object *o, uint32_t size);
/* Indices of o's entries in the order in which the JVM would visit them; out holds o->n. */
void uk_object_order(const uk_object *o, uint32_t *out);
/* Size of the JVM's table that is made as a copy of one with n keys. */
uint32_t uk_table_copy_size(uint32_t n);
/* The elements of an object with numeric keys, in their order; NULL when it has none. */
uk_value *uk_object_as_list(uk_arena *a, const uk_value *object);

/* ---- Merging and joining. ---- */

bool uk_value_ignores_fallbacks(const uk_value *v);
/* v over fallback. Neither changes. */
uk_value *uk_merge(uk_arena *a, uk_value *v, uk_value *fallback);
/* The same; fallback may be changed when it is a plain object nobody else sees (parser).
   *changed: there is more now than v alone. */
uk_value *uk_merge_into(uk_arena *a, uk_value *v, uk_value *fallback, bool *changed);
/* The same; v may be changed (resolver). */
uk_value *uk_merge_onto(uk_arena *a, uk_value *v, uk_value *fallback);
/* Joins pieces in place; gives how many are left, or 0 with *f set for incompatible ones. */
size_t uk_join(uk_arena *a, uk_value **pieces, size_t n, uk_config_fault *f);
/* The value of a concatenation of n >= 1 pieces, NULL with *f set. */
uk_value *uk_concat(uk_arena *a, uk_value **pieces, size_t n, uk_config_fault *f);
/* v with `prefix` in front of the path of each reference in it. */
uk_value *uk_relativize(uk_arena *a, uk_value *v, const uk_keypath *prefix);

/* ---- Paths. ---- */

typedef struct uk_keypath_builder {
    uk_arena *arena;
    uk_buf element;
    bool may_be_empty, bad, any;
    uk_keypath *first, **tail;
} uk_keypath_builder;
void uk_keypath_begin(uk_keypath_builder *b, uk_arena *a);
void uk_keypath_add(uk_keypath_builder *b, const void *text, size_t len, bool quoted);
/* NULL when an element is empty and not quoted, or a bad token was met. Frees the builder. */
uk_keypath *uk_keypath_end(uk_keypath_builder *b);
/* Parses a path given by code. NULL: malformed, *f says why. */
uk_keypath *uk_keypath_parse(uk_arena *a, const char *text, size_t len, uk_config_fault *f);
void uk_keypath_print(const uk_keypath *p, uk_buf *out);
void uk_key_print(const char *key, size_t len, uk_buf *out); /* quoted where needed */
bool uk_keypath_eq(const uk_keypath *a, const uk_keypath *b);
/* p's elements, copied, before tail. */
uk_keypath *uk_keypath_join(uk_arena *a, const uk_keypath *p, uk_keypath *tail);

/* ---- Text helpers. ---- */

/* Length of the whitespace character at p, 0 if it is none. '\n' counts. */
size_t uk_space_len(const uint8_t *p, const uint8_t *end);
/* text without whitespace at both ends. */
ukko_slice uk_trim(ukko_slice text);
bool uk_utf8_ok(const uint8_t *p, size_t len);
/* Well-formed UTF-8 from any bytes, wrong ones become U+FFFD; in the arena. */
ukko_slice uk_config_repair(uk_arena *a, ukko_slice text);
size_t uk_utf8_put(uint8_t *out, uint32_t c);   /* at most 4 bytes */
int uk_digit_at(const uint8_t *p, const uint8_t *end, size_t *len);
bool uk_parse_long(ukko_slice s, int64_t *out); /* Java's Long.parseLong */
/* Java's Double.parseDouble: blanks around, d and f suffixes, hexadecimal, NaN, Infinity. */
bool uk_parse_double(ukko_slice s, double *out);
void uk_print_double(uk_buf *out, double d); /* shortest text that reads back as d */
int64_t uk_double_to_long(double d);         /* cut and saturated; NaN is 0 */
/* Durations and sizes; false: malformed, or a size that is negative or above int64. */
bool uk_parse_duration(ukko_slice s, int64_t *ns);
bool uk_parse_size(ukko_slice s, int64_t *bytes);
bool uk_parse_period(ukko_slice s, int32_t *years, int32_t *months, int32_t *days);

/* ---- Parsing and resolving. ---- */

typedef struct uk_parse_options {
    ukko_config_syntax syntax; /* AUTO is HOCON here */
    uint32_t flags;
    uint32_t max_depth;     /* 0: UK_CONFIG_MAX_DEPTH */
    uint32_t depth;         /* how deep this text already lies, when it is included */
    const char *directory;  /* where relative includes are looked up; NULL: nowhere */
    const char *resource;   /* set while a resource is parsed: its name in the search path */
    uint32_t include_depth; /* files being parsed around this one, itself included */
} uk_parse_options;

/* Parses text into the arena. NULL with *f set. The root may be a list for HOCON and JSON. */
uk_value *uk_parse_text(uk_arena *a, ukko_slice text, const char *name, const uk_parse_options *o,
                        uk_config_fault *f);
uk_value *uk_parse_properties(uk_arena *a, ukko_slice text, const uk_source *source,
                              uk_config_fault *f);
/* An object from flat names: dots make levels, objects win over values. */
typedef struct uk_flat {
    ukko_slice name, value;
} uk_flat;
uk_value *uk_object_from_flat(uk_arena *a, const uk_source *source, const uk_flat *pairs, size_t n);

typedef enum uk_include_kind {
    UK_INCLUDE_PLAIN,
    UK_INCLUDE_FILE,
    UK_INCLUDE_CLASSPATH,
    UK_INCLUDE_URL
} uk_include_kind;
/* The object an include statement stands for. NULL with *f set; *f kind NONE never. */
uk_value *uk_include(uk_arena *a, uk_include_kind kind, bool required, ukko_slice name,
                     const uk_parse_options *o, int line, const char *file, uk_config_fault *f);
/* Reads and parses a file; NULL with *f set. */
uk_value *uk_parse_path(uk_arena *a, const char *path, const uk_parse_options *o,
                        uk_config_fault *f);
ukko_config_syntax uk_syntax_of(const char *name);

/* The environment as an object. */
uk_value *uk_env_object(uk_arena *a);
/* The CONFIG_FORCE_* variables as an object; NULL: there are none. */
uk_value *uk_env_overrides(uk_arena *a);
/* user.dir, user.home and the like. */
uk_value *uk_env_properties(uk_arena *a);

/* root with all substitutions in place; NULL with *f set. */
uk_value *uk_resolve(uk_arena *a, uk_value *root, uint32_t flags, uk_config_fault *f);

/* ---- Configs. ---- */

struct ukko_config {
    _Atomic uint32_t refs;
    uk_arena *arena;
    uk_value *root; /* an object, plain or a stack */
};
/* Takes the caller's reference of arena. */
ukko_config *uk_config_new(uk_arena *arena, uk_value *root);

/* Foreign text, as a peer sends it: size and depth limits, no includes, HOCON. The result is
   resolved without the environment. Errors as ukko_config_parse(). */
int uk_config_parse_foreign(ukko_config **out, ukko_slice text, const char *origin,
                            ukko_error *err);
/* The same, not resolved, and an include is that of a file that is not there: what a JVM makes of
   the text where the sender's files are not. */
int uk_config_parse_message(ukko_config **out, ukko_slice text, const char *origin,
                            ukko_error *err);
/* The value at path, NULL with *code: UKKO_ENOTFOUND, UKKO_ETYPE, UKKO_EPARSE, UKKO_ECONFIG.
   A null at the end is found. */
const uk_value *uk_config_find(const ukko_config *cfg, const char *path, int *code);
/* Getters on values, with the conversions of the getters above. */
int uk_value_get_bool(const uk_value *v, bool *out);
int uk_value_get_int(const uk_value *v, int64_t *out);
int uk_value_get_double(const uk_value *v, double *out);
int uk_value_get_slice(const uk_value *v, ukko_slice *out);
int uk_value_get_duration(const uk_value *v, bool element, int64_t *ns);
int uk_value_get_bytes(const uk_value *v, bool element, int64_t *out);
/* v as a list: itself or the numeric object; scratch holds a converted one. */
const uk_value *uk_value_get_list(const uk_value *v, uk_arena **scratch);

/* Rendering into a buffer; false past UK_CONFIG_RENDER_SIZE. */
bool uk_render(uk_buf *out, const uk_value *v, bool json, int indent);
void uk_render_string(uk_buf *out, const char *text, size_t len);
bool uk_value_equal(const uk_value *a, const uk_value *b);

/* ---- Checking names. ---- */

/* ukko_config_check(); with ukko.config.strict = on in `effective` the first finding is an error:
   UKKO_ECONFIG and *err. */
int uk_config_check_strict(const ukko_config *user, const ukko_config *effective,
                           ukko_config_finding_fn warn, void *data, ukko_error *err);

/* The built-in reference line by line: f gets each setting and section with its mark ('+'
   honoured, '-' accepted), whether it lacks a default, and its meaning (NULL: none). */
typedef bool (*uk_setting_fn)(void *data, const char *path, char mark, bool absent,
                              const char *value, const char *text);
void uk_each_setting(uk_setting_fn f, void *data);
#endif
