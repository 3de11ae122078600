/* SPDX-License-Identifier: Apache-2.0 */
/* Reading settings one after another: a missing one leaves the default, a wrong one makes the first
   error, which names it and its value. On the thread that starts the system. */
#ifndef UK_REMOTE_READER_H
#define UK_REMOTE_READER_H
#include "remote/settings.h"

typedef struct uk_reader {
    const ukko_config *cfg;
    const char *base; /* put before each name */
    ukko_error *err;
    int rc;           /* of the first failure */
    char path[256];
} uk_reader;

const char *uk_read_at(uk_reader *r, const char *name); /* the whole path; valid until the next */
void uk_read_wrong(uk_reader *r, const char *path, const char *what);
/* rc of a getter: is there a value? expected tells what is wrong if it is of another kind. */
bool uk_read_found(uk_reader *r, const char *path, int rc, const char *expected);
bool uk_read_is_off(uk_reader *r, const char *path);
void uk_read_bool(uk_reader *r, const char *name, bool *out);
void uk_read_ms(uk_reader *r, const char *name, int64_t min, int64_t *out);
void uk_read_ms_or_off(uk_reader *r, const char *name, int64_t *out); /* off: 0 */
void uk_read_count(uk_reader *r, const char *name, int64_t min, int64_t max, int64_t *out);
void uk_read_size(uk_reader *r, const char *name, size_t *out); /* 1 ... INT_MAX */
void uk_read_bytes(uk_reader *r, const char *name, int64_t *out);
void uk_read_string(uk_reader *r, const char *name, char **out);                /* owned */
void uk_read_list(uk_reader *r, const char *name, char ***out, size_t *n);      /* owned */
void uk_free_list(char **list, size_t n);

/* own_settings.c: ukko.remote. */
void uk_read_own(uk_remote_settings *s, uk_reader *r);
void uk_own_settings_fini(uk_remote_settings *s);

/* transport_settings.c: enabled-transports and the section of each. */
void uk_read_transports(uk_remote_settings *s, uk_reader *r);
void uk_transport_settings_fini(uk_transport_settings *t);
#endif
