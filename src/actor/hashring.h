/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of consistent hashing, with the hashes that Pekko uses, so that a JVM and this runtime
   choose the same routee for a key. Pure; a ring is immutable once made. */
#ifndef UK_ACTOR_HASHRING_H
#define UK_ACTOR_HASHRING_H
#include <stddef.h>
#include <stdint.h>
#include <ukko/base.h>

int32_t uk_murmur_text(ukko_slice utf8);  /* of the text's UTF-16 units, as a JVM sees it */
int32_t uk_murmur_bytes(ukko_slice bytes); /* of a byte[] */

typedef struct uk_ring uk_ring;
/* names[i] is the text of node i; points is the number of points for each, at least 1. Of two
   nodes on one point the later has it. */
uk_ring *uk_ring_new(const char *const *names, size_t n, int32_t points);
void uk_ring_free(uk_ring *r); /* NULL is fine */
/* Index of the node for a hash: the first point at or after it, clockwise. The ring is not empty. */
size_t uk_ring_find(const uk_ring *r, int32_t hash);
#endif
