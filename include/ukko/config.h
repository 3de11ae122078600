/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_CONFIG_H
#define UKKO_CONFIG_H

/*
 * HOCON configuration, as the JVM's reference reader understands it.
 *
 * A config is immutable and shared by reference count; any thread may use it, also
 * several at once. All functions are [any]. A path is a dotted expression whose
 * elements may be quoted: a.b."c.d". Getters work on resolved configs.
 *
 * A returned string or child lives as long as the config it came from (or any config
 * derived from that one). Functions with an `out` leave it untouched when they fail;
 * `err`, which may be NULL, then names setting, value and file:line.
 */
#include <ukko/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_config ukko_config; /* settings, and where each was written */

/* How a text is to be read. AUTO goes by the extension of its name, HOCON when unknown. */
typedef enum ukko_config_syntax {
    UKKO_CONFIG_AUTO = 0,  /* .json, .properties, or else HOCON */
    UKKO_CONFIG_HOCON,     /* what JSON is a part of */
    UKKO_CONFIG_JSON,      /* strict */
    UKKO_CONFIG_PROPERTIES /* Java's */
} ukko_config_syntax;

/* What a value is. Getters convert: a string "5" is read as a number too. (ConfigValueType) */
typedef enum ukko_config_kind {
    UKKO_CONFIG_NULL = 0,  /* null: there, but without a value */
    UKKO_CONFIG_BOOL,      /* true or false; on, off, yes and no are strings that read as such */
    UKKO_CONFIG_NUMBER,    /* with or without a fraction */
    UKKO_CONFIG_STRING,    /* also durations and sizes with a unit */
    UKKO_CONFIG_LIST,      /* [..] */
    UKKO_CONFIG_OBJECT,    /* {..} */
    UKKO_CONFIG_UNRESOLVED /* a ${substitution}; ukko_config_kind_of() gives UKKO_ECONFIG for it */
} ukko_config_kind;

/* Where a value was written. line is 0 when unknown, as for the environment. */
typedef struct ukko_config_origin {
    const char *file; /* file name, resource name or description; never NULL */
    int line;
    int end_line; /* differs from line when the value was merged from several lines */
} ukko_config_origin;

/* ---- Making configurations: ukko_config(3) ----------------------------------------- */

/* Each success gives an owned config, ended by ukko_config_release(). On failure *out stays as it
   was. */

/* A config without settings. Never fails. */
UKKO_API ukko_config *ukko_config_empty(void);
/* Reads HOCON from memory; includes are looked up from the working directory. origin names
   the text in messages, NULL is "text". UKKO_EPARSE, UKKO_ETYPE (root is no object),
   UKKO_EIO (a required include), UKKO_ETOOBIG (limits of docs/configuration.md). */
UKKO_API UKKO_NODISCARD int ukko_config_parse(ukko_config **out, ukko_slice text,
                                              const char *origin, ukko_error *err);
/* The same in a given syntax; AUTO is HOCON. Errors as ukko_config_parse(). */
UKKO_API UKKO_NODISCARD int ukko_config_parse_as(ukko_config **out, ukko_slice text,
                                                 ukko_config_syntax syntax,
                                                 const char *origin, ukko_error *err);
/* Reads a file: .json is strict JSON, .properties Java properties, all others HOCON.
   UKKO_EIO when it cannot be read; else as ukko_config_parse(). */
UKKO_API UKKO_NODISCARD int ukko_config_parse_file(ukko_config **out, const char *path,
                                                   ukko_error *err);
/* What a node starts from: CONFIG_FORCE_* variables of the environment over the file over the
   built-in reference over what the JVM calls system properties (user.dir, user.home, user.name,
   java.io.tmpdir, os.name, and the separators), resolved. path may be NULL. Errors as
   ukko_config_parse_file() and ukko_config_resolve(). (ConfigFactory.load) */
UKKO_API UKKO_NODISCARD int ukko_config_load(ukko_config **out, const char *path,
                                             ukko_error *err);
/* The same around a config made by code. cfg may be NULL; it stays the caller's. Errors as
   ukko_config_resolve(). */
UKKO_API UKKO_NODISCARD int ukko_config_load_from(ukko_config **out, const ukko_config *cfg,
                                                  ukko_error *err);
/* The CONFIG_FORCE_* variables of the environment as settings: _ is a dot, __ a dash, ___ an
   underscore. Values are strings. Empty when there are none. Never fails. */
UKKO_API ukko_config *ukko_config_forced(void);
/* The built-in reference.conf, not resolved. Parsed once per process. Never fails. */
UKKO_API ukko_config *ukko_config_reference(void);
/* cfg over fallback: objects merge, other values of cfg win. Either may be unresolved or NULL; both
   stay the caller's. Never fails. (withFallback) */
UKKO_API ukko_config *ukko_config_with_fallback(const ukko_config *cfg,
                                                const ukko_config *fallback);
/* Puts substitutions in place, from the config itself and then the environment.
   UKKO_ECONFIG when one cannot be resolved, UKKO_ETYPE when a concatenation mixes types,
   UKKO_ETOOBIG past the limits. A resolved config is given back as it is, retained. */
UKKO_API UKKO_NODISCARD int ukko_config_resolve(ukko_config **out, const ukko_config *cfg,
                                                ukko_error *err);
/* cfg with one more setting; value is HOCON text, as `on`, `[1, 2]`, `{ a = ${b} }`.
   UKKO_EPARSE for a bad path or value. */
UKKO_API UKKO_NODISCARD int ukko_config_with_value(ukko_config **out, const ukko_config *cfg,
                                                   const char *path, const char *value,
                                                   ukko_error *err);
/* cfg with one more setting; value is taken as it is, a string. UKKO_EPARSE for a bad path. */
UKKO_API UKKO_NODISCARD int ukko_config_with_string(ukko_config **out, const ukko_config *cfg,
                                                    const char *path, const char *value,
                                                    ukko_error *err);
/* cfg with one more setting, a number. UKKO_EPARSE for a bad path. */
UKKO_API UKKO_NODISCARD int ukko_config_with_int(ukko_config **out, const ukko_config *cfg,
                                                 const char *path, int64_t value,
                                                 ukko_error *err);
/* cfg less the value at path. UKKO_EPARSE for a bad path; an absent one is fine. */
UKKO_API UKKO_NODISCARD int ukko_config_without(ukko_config **out, const ukko_config *cfg,
                                                const char *path, ukko_error *err);

/* One more owner of the same config: owned. NULL gives NULL. */
UKKO_API ukko_config *ukko_config_retain(const ukko_config *cfg);
/* Gives an owned config up; with its last owner it ends, and all that was borrowed from it. NULL is
   fine. */
UKKO_API void ukko_config_release(ukko_config *cfg);

/* ---- Reading configurations: ukko_config_get(3) ------------------------------------ */

/* All give UKKO_OK, UKKO_ENOTFOUND: absent or null; UKKO_ETYPE: another type, a bad unit, or it
   does not fit; UKKO_EPARSE: bad path; UKKO_ECONFIG: not resolved yet. On failure *out stays as it
   was. Which setting and where is told by ukko_config_explain(). Strings, slices and origins are
   borrowed: they live as long as cfg. */

/* true when path leads to a value other than null. */
UKKO_API bool ukko_config_has(const ukko_config *cfg, const char *path);
/* true, yes, on; false, no, off: as words or in strings. */
UKKO_API int ukko_config_bool(const ukko_config *cfg, const char *path, bool *out);
/* A 64-bit integer; fractions are cut, numbers in strings are read. What is beyond its ends gives
   the nearest end, as Java converts. */
UKKO_API int ukko_config_int(const ukko_config *cfg, const char *path, int64_t *out);
/* The same; UKKO_ETYPE when it does not fit into 32 bits. */
UKKO_API int ukko_config_int32(const ukko_config *cfg, const char *path, int32_t *out);
/* A number; numbers in strings are read. */
UKKO_API int ukko_config_double(const ukko_config *cfg, const char *path, double *out);
/* Numbers and booleans come as they were written. The text ends with a NUL. */
UKKO_API int ukko_config_string(const ukko_config *cfg, const char *path, const char **out);
/* The same with its length, for texts that hold a NUL. */
UKKO_API int ukko_config_slice(const ukko_config *cfg, const char *path, ukko_slice *out);
/* Durations in nanoseconds: `10 s`, `3 minutes`; a bare number is milliseconds. */
UKKO_API int ukko_config_duration_ns(const ukko_config *cfg, const char *path, int64_t *out);
/* The same in milliseconds, cut towards zero. */
UKKO_API int ukko_config_duration_ms(const ukko_config *cfg, const char *path, int64_t *out);
/* Calendar periods: `2 weeks`, `3 mo`; a bare number is days. Weeks come as days. */
UKKO_API int ukko_config_period(const ukko_config *cfg, const char *path, int32_t *years,
                                int32_t *months, int32_t *days);
/* Sizes: `128 KiB`, `10 MB`; a bare number is bytes. Never negative. */
UKKO_API int ukko_config_bytes(const ukko_config *cfg, const char *path, int64_t *out);
/* The object at path as a config, owned: ukko_config_release(). */
UKKO_API int ukko_config_object(const ukko_config *cfg, const char *path, ukko_config **out);
/* What the value at path is; null is found here. */
UKKO_API int ukko_config_kind_of(const ukko_config *cfg, const char *path, ukko_config_kind *out);
/* Where the value at path was written; in a config that is not resolved, where the substitution
   stands that will give it: no UKKO_ECONFIG then. out->file lives as long as cfg. */
UKKO_API int ukko_config_origin_of(const ukko_config *cfg, const char *path,
                                   ukko_config_origin *out);
/* Puts the failure of a getter into words: path, what is there, file and line. code is what the
   getter gave; expected says what would be right and may be NULL. Fills err, gives code. */
UKKO_API int ukko_config_explain(const ukko_config *cfg, const char *path, int code,
                                 const char *expected, ukko_error *err);

/* ---- Lists ------------------------------------------------------------------------- */

/* An object whose keys are numbers counts as a list. Results and errors as above; UKKO_ENOTFOUND
   also for an index past the end, UKKO_ETYPE for an element that is null. index counts from 0. */

/* Number of elements. */
UKKO_API int ukko_config_count(const ukko_config *cfg, const char *path, size_t *out);
/* An element as ukko_config_string() has it. */
UKKO_API int ukko_config_string_at(const ukko_config *cfg, const char *path, size_t index,
                                   const char **out);
/* The same with its length, for texts that hold a NUL. */
UKKO_API int ukko_config_slice_at(const ukko_config *cfg, const char *path, size_t index,
                                  ukko_slice *out);
/* An element as ukko_config_int() has it. */
UKKO_API int ukko_config_int_at(const ukko_config *cfg, const char *path, size_t index,
                                int64_t *out);
/* An element as ukko_config_double() has it. */
UKKO_API int ukko_config_double_at(const ukko_config *cfg, const char *path, size_t index,
                                   double *out);
/* An element as ukko_config_bool() has it. */
UKKO_API int ukko_config_bool_at(const ukko_config *cfg, const char *path, size_t index,
                                 bool *out);
/* An element as ukko_config_duration_ns() has it. */
UKKO_API int ukko_config_duration_ns_at(const ukko_config *cfg, const char *path, size_t index,
                                        int64_t *out);
/* An element as ukko_config_bytes() has it. */
UKKO_API int ukko_config_bytes_at(const ukko_config *cfg, const char *path, size_t index,
                                  int64_t *out);
/* An element that is an object, as a config. Owned: ukko_config_release(). */
UKKO_API int ukko_config_object_at(const ukko_config *cfg, const char *path, size_t index,
                                   ukko_config **out);

/* ---- Objects ----------------------------------------------------------------------- */

/* path "" or NULL is the root. Results and errors as above. */

/* Number of keys of the object at path. */
UKKO_API int ukko_config_key_count(const ukko_config *cfg, const char *path, size_t *out);
/* Key number index (not quoted), in the order they were first written; borrowed. */
UKKO_API int ukko_config_key_at(const ukko_config *cfg, const char *path, size_t index,
                                const char **out);
/* Quotes a key where needed, so that it can stand in a path. Owned: ukko_free(). */
UKKO_API char *ukko_config_quote(const char *key);

/* Called for each value that is no object, with its full path; both are valid during the call.
   false ends the walk. */
typedef bool (*ukko_config_visit_fn)(void *data, const char *path,
                                     const ukko_config_origin *origin);
/* Walks all leaves below path, in the order of their keys, on the calling thread. UKKO_ENOTFOUND,
   UKKO_ETYPE for the start. */
UKKO_API int ukko_config_each(const ukko_config *cfg, const char *path,
                              ukko_config_visit_fn visit, void *data);

/* ---- What settings mean: ukko_config_check(3) -------------------------------------- */

/* What ukko makes of a setting. */
typedef enum ukko_config_use {
    UKKO_CONFIG_USER = 0, /* an application's own */
    UKKO_CONFIG_HONOURED, /* it changes what ukko does */
    UKKO_CONFIG_ACCEPTED, /* Pekko's, without effect here */
    UKKO_CONFIG_UNKNOWN   /* in a section of Pekko or ukko, but neither knows it */
} ukko_config_use;

/* What ukko makes of the setting at path. *text, when text is not NULL, becomes its meaning in
   one line, owned: ukko_free(), or NULL when it has none of its own. */
UKKO_API ukko_config_use ukko_config_use_of(const char *path, char **text);

/* A setting that is probably misspelt. All pointers are valid during the call only. */
typedef struct ukko_config_finding {
    const char *path;    /* the unknown setting */
    const char *nearest; /* the known one that is most like it, or NULL */
    ukko_config_origin origin; /* where it was written */
    const char *text;    /* one line that says it all */
} ukko_config_finding;
/* Takes what ukko_config_check() finds, on its caller's thread. */
typedef void (*ukko_config_finding_fn)(void *data, const ukko_config_finding *finding);

/* Calls found (may be NULL) for each setting of cfg in pekko.actor, pekko.remote, pekko core and
   ukko that neither Pekko nor ukko knows; gives their number. cfg is the application's own, with
   or without the reference, resolved or not. The application's own sections, deployment paths,
   dispatchers and mailboxes are not looked at. */
UKKO_API size_t ukko_config_check(const ukko_config *cfg, ukko_config_finding_fn found, void *data);

/* ---- Configurations as text: ukko_config_render(3) --------------------------------- */

/* JSON, keys sorted; indent 0 gives one line. Owned: ukko_free(). NULL only when the text
   would pass the size limit. Substitutions that are left appear as in HOCON. */
UKKO_API char *ukko_config_render(const ukko_config *cfg, int indent);
/* HOCON, keys sorted, readable by ukko_config_parse() as an equal config. Owned: ukko_free(). NULL
   as above. */
UKKO_API char *ukko_config_render_hocon(const ukko_config *cfg, int indent);
/* The value at path as HOCON on one line, as it stands when it is not resolved: ${x}. Owned:
   ukko_free(). NULL when there is none, or only a substitution above it. */
UKKO_API char *ukko_config_written(const ukko_config *cfg, const char *path);
/* The value at path as JSON on one line. Owned: ukko_free(). NULL when there is none. */
UKKO_API char *ukko_config_render_value(const ukko_config *cfg, const char *path);
/* true when both hold the same values; origins do not count. */
UKKO_API bool ukko_config_equal(const ukko_config *a, const ukko_config *b);

#ifdef __cplusplus
}
#endif
#endif
