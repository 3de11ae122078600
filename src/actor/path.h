/* SPDX-License-Identifier: Apache-2.0 */
/* Actor paths and addresses as text: parsing into views, validation, printing. Pure; any thread.
   Takes foreign bytes. (wire.md 6: proto://system@host:port/a/b#uid, proto://system/a/b, /a/b) */
#ifndef UK_ACTOR_PATH_H
#define UK_ACTOR_PATH_H
#include "base/buf.h"

typedef struct uk_path {
    ukko_slice address;  /* "proto://sys@host:port", empty for a path without address */
    ukko_slice protocol; /* "pekko.tcp" */
    ukko_slice system;
    ukko_slice host;     /* empty: local form; an IPv6 literal keeps its brackets */
    int32_t port;        /* -1 when there is none */
    ukko_slice elements; /* "/a/b", without the fragment; empty when there is no slash at all */
    int32_t uid;         /* 0: none */
} uk_path;

/* UKKO_EPARSE: not a path. A "#uid" that is no signed 32-bit decimal gives UKKO_EINVAL. */
int uk_path_parse(ukko_slice text, uk_path *out);
/* An address alone ("proto://sys@host:port" or "proto://sys"), of any name of a host and a port that
   exists; *out is right also where only the port is not. */
int uk_address_parse(ukko_slice text, uk_path *out);
/* A path without an address ("/a/b", "a/../b", "//ignored/a"), as java.net.URI takes what is relative:
   *path is what stands before a query, which is left out, and a fragment, which is *uid ("#5"; empty:
   none). false: it has a scheme, or is no such path. */
bool uk_path_relative(ukko_slice text, ukko_slice *path, ukko_slice *uid);
/* Is the text of this path, which has a host, as Pekko writes it: no empty elements but for the root's,
   no query, port and uid as plain numbers? */
bool uk_path_is_canonical(ukko_slice text, const uk_path *p);
void uk_path_put_canonical(uk_buf *out, const uk_path *p);
/* "name#uid" of one element, as Pekko splits it; UKKO_EINVAL: the uid is no number, or a '/' in it. */
int uk_path_name_split(ukko_slice text, ukko_slice *name, int32_t *uid);
/* The next element of "/a//b": skips empty ones. false at the end. */
bool uk_path_next(ukko_slice *rest, ukko_slice *element);
/* May an actor be called so? URI characters and %XX, not empty, no leading '$' (unless generated). */
/* Where its first wrong byte is, s.len when something is missing; -1: it is right. */
int uk_path_element_fault(ukko_slice s);
bool uk_path_element_valid(ukko_slice name);
bool uk_system_name_valid(const char *name);
/* A host that can stand in an address (no '_' in its last label, IPv6 in brackets). */
bool uk_host_valid(ukko_slice host);
/* Does a name match a glob of '*' and '?'? Linear-time bounded: never backtracks exponentially. */
bool uk_glob_match(ukko_slice pattern, ukko_slice name);
/* Generated names: 0 -> "$a", 64 -> "$ab"; buf has 16 bytes. Gives the length. */
size_t uk_base64_name(uint64_t n, const char *prefix, char *buf, size_t len);
#endif
