/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_CONFIG_H
#define UKKO_CONFIG_H

/* HOCON. A config is immutable and shared by reference count. */
#include <ukko/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ukko_config ukko_config;

/* [any] All four give an owned config, ended by ukko_config_release(). */
UKKO_API UKKO_NODISCARD int ukko_config_parse(ukko_config **out, ukko_slice text,
                                              const char *origin, ukko_error *err);
UKKO_API UKKO_NODISCARD int ukko_config_parse_file(ukko_config **out, const char *path,
                                                   ukko_error *err);
/* Overrides from the environment, then the file, then the built-in reference; resolved. */
UKKO_API UKKO_NODISCARD int ukko_config_load(ukko_config **out, const char *path,
                                             ukko_error *err);
UKKO_API ukko_config *ukko_config_with_fallback(const ukko_config *cfg,
                                                const ukko_config *fallback);
UKKO_API UKKO_NODISCARD int ukko_config_resolve(ukko_config **out, const ukko_config *cfg,
                                                ukko_error *err);

UKKO_API ukko_config *ukko_config_retain(const ukko_config *cfg); /* [any] owned */
UKKO_API void ukko_config_release(ukko_config *cfg);              /* [any] NULL is fine */

/* [any] UKKO_ENOTFOUND or UKKO_ETYPE; *out is untouched on failure. */
UKKO_API bool ukko_config_has(const ukko_config *cfg, const char *path);
UKKO_API int ukko_config_bool(const ukko_config *cfg, const char *path, bool *out);
UKKO_API int ukko_config_int(const ukko_config *cfg, const char *path, int64_t *out);
UKKO_API int ukko_config_double(const ukko_config *cfg, const char *path, double *out);
UKKO_API int ukko_config_string(const ukko_config *cfg, const char *path, const char **out);
UKKO_API int ukko_config_duration_ns(const ukko_config *cfg, const char *path, int64_t *out);
UKKO_API int ukko_config_bytes(const ukko_config *cfg, const char *path, int64_t *out);
UKKO_API int ukko_config_object(const ukko_config *cfg, const char *path, ukko_config **out);
UKKO_API int ukko_config_count(const ukko_config *cfg, const char *path, size_t *out);
UKKO_API int ukko_config_string_at(const ukko_config *cfg, const char *path, size_t index,
                                   const char **out);
UKKO_API char *ukko_config_render(const ukko_config *cfg, int indent); /* owned: ukko_free() */


#ifdef __cplusplus
}
#endif
#endif
