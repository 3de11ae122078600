/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of substitution: the run, and the tree in which names are looked up. */
#ifndef UK_CONFIG_RESOLVE_H
#define UK_CONFIG_RESOLVE_H
#include "config/internal.h"

/* How a step went. CYCLE is no failure yet: the reference nearest to it decides. */
typedef enum uk_step { UK_STEP_OK, UK_STEP_CYCLE, UK_STEP_FAILED } uk_step;

/* The containers from a value up to the root, the value's own parent first. */
typedef struct uk_trail {
    uk_value *value;
    struct uk_trail *up;
} uk_trail;

/* Where names are looked up: a root and, when known, the trail to the place at hand. */
typedef struct uk_scope {
    uk_value *root;
    uk_trail *trail;
} uk_scope;

typedef struct uk_memo {
    const uk_value *value;  /* NULL: free slot */
    const uk_keypath *path; /* NULL: resolved in full */
    uk_value *result;       /* NULL: it vanished */
} uk_memo;

typedef struct uk_run {
    uk_arena *arena;
    uk_config_fault *fault;
    uk_value *env; /* made when first asked for */
    uint32_t flags, depth;
    uk_memo *memos; /* in the order of writing, so that a failed branch can be taken back */
    uint32_t n_memos, cap_memos;
    uint32_t *slots; /* index + 1 */
    uint32_t n_slots;
    bool exact; /* results are written for each value that the reference writes one for */
    bool again; /* it turned out that this is needed: start anew */
} uk_run;

/* What is being resolved: only what lies on `only` (NULL: all), inside which references. */
typedef struct uk_marker {
    const uk_value *value;
    const struct uk_marker *up;
} uk_marker;
typedef struct uk_context {
    const uk_keypath *only;
    const uk_marker *markers;
} uk_context;

uk_step uk_resolve_value(uk_run *r, uk_context c, uk_value *v, uk_scope s, uk_value **out);

uk_scope uk_scope_push(uk_run *r, uk_scope s, uk_value *parent);
/* The scope in which old, a child of the trail's head, is replaced (NULL: removed). */
uk_step uk_scope_replace(uk_run *r, uk_scope s, uk_value *old, uk_value *replacement,
                         uk_scope *out);
/* Looks path up below root, resolving what lies on the way; *out NULL when it is not there. */
uk_step uk_scope_find(uk_run *r, uk_context c, uk_value *root, const uk_keypath *path,
                      uk_value **out, uk_trail **trail);

bool uk_memo_get(uk_run *r, const uk_value *v, const uk_keypath *path, uk_value **out);
void uk_memo_put(uk_run *r, const uk_value *v, const uk_keypath *path, uk_value *result);
void uk_memo_rewind(uk_run *r, uint32_t n); /* forgets all but the first n */

uk_step uk_run_tangled(uk_run *r, const uk_value *at, const char *what);
#endif
