/* SPDX-License-Identifier: Apache-2.0 */
/* The phases in which a system ends, as pekko.coordinated-shutdown has them, in the order in which
   they run. Constant once made. */
#ifndef UK_ACTOR_PHASES_H
#define UK_ACTOR_PHASES_H
#include <ukko/config.h>

typedef struct uk_end_phase {
    char *name;
    char **after; /* names of those that come before it */
    size_t n_after;
    int64_t timeout_ms;
    bool recover, enabled;
    int mark; /* while they are sorted */
} uk_end_phase;
typedef struct uk_phases {
    uk_end_phase *items;
    size_t n;
} uk_phases;

/* Reads and sorts them. UKKO_ECONFIG, UKKO_ETYPE: err names the setting; *out is empty then. */
int uk_phases_read(uk_phases *out, const ukko_config *config, ukko_error *err);
void uk_phases_fini(uk_phases *p);
int uk_phases_find(const uk_phases *p, const char *name); /* its index, or -1 */
#endif
