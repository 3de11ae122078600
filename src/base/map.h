/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from byte strings to pointers: open addressing, keys not copied (they live in what
   they point to). Not thread-safe; the owner locks. Zero-initialized is empty. The hash is keyed
   per process, so that a peer cannot choose colliding names. */
#ifndef UK_BASE_MAP_H
#define UK_BASE_MAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct uk_map_slot {
    const void *key; /* NULL: free, or a removed one when value is UK_MAP_GONE */
    uint32_t len, hash;
    void *value;
} uk_map_slot;
typedef struct uk_map {
    uk_map_slot *slots;
    size_t cap, used, live; /* cap a power of two; used counts removed ones too */
} uk_map;

uint32_t uk_hash(const void *key, size_t len);
void *uk_map_get(const uk_map *m, const void *key, size_t len); /* NULL: not there */
/* Adds or replaces; gives the old value or NULL. key must live until it is removed. */
void *uk_map_put(uk_map *m, const void *key, size_t len, void *value);
void *uk_map_remove(uk_map *m, const void *key, size_t len); /* the value, or NULL */
/* Iteration: *pos starts at 0. false at the end. No insertion meanwhile; removing the current
   entry is fine. */
bool uk_map_next(const uk_map *m, size_t *pos, void **value);
void uk_map_fini(uk_map *m);
#endif
