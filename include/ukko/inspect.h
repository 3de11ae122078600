/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_INSPECT_H
#define UKKO_INSPECT_H

/*
 * A look into a system that runs, for status pages and tools: its actors, and what has passed on
 * its links. The states of links are in link.h. Cheap, but not for every message: each call walks.
 */
#include <ukko/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Looking into a system that runs: ukko_inspect(3) ------------------------------ */

/* An actor, as it was when it was looked at. */
typedef struct ukko_actor_info {
    uint32_t size;    /* sizeof(ukko_actor_info) of the library */
    const char *path; /* "/user/a/b"; valid during the call */
    const char *kind; /* name of the actor's table; NULL: no actor but a part of the runtime */
    int32_t depth;    /* 0: where the walk began */
    size_t children;  /* how many it has now, of this node or others */
    bool busy; /* it has messages, or handles one; sampled often it tells the busiest */
    const char *mailbox;    /* class of its mailbox as mailbox-type names it; NULL: no actor */
    const char *dispatcher; /* id of its dispatcher; NULL: no actor */
} ukko_actor_info;

/* Must not block; may call ukko. info is valid during the call. */
typedef void (*ukko_actor_info_fn)(void *data, const ukko_actor_info *info);
/* [any] Calls fn for the actor at path ("/user", "/system", "/user/x") and those below it, parents
   first, depth levels (0: it alone; at most 64), and no more than most. Actors of other nodes are
   left out. No snapshot: actors come and go meanwhile. Gives how many there were; UKKO_ENOTFOUND:
   no actor there; UKKO_EINVAL: path or depth. */
UKKO_API int ukko_inspect_actors(ukko_system *sys, const char *path, int32_t depth, size_t most,
                                 ukko_actor_info_fn fn, void *data);

typedef struct ukko_traffic { /* with one remote address, since the system knows it */
    uint32_t size;            /* sizeof(ukko_traffic) of the library */
    const char *address;      /* "pekko.tcp://s@h:1"; valid during the call */
    uint64_t connections;     /* that were made, in either direction */
    uint64_t in_bytes, in_frames; /* that came, headers included; heartbeats count */
    uint64_t in_largest_bytes; /* the largest frame, without its header */
    uint64_t out_bytes;        /* that were handed to the system */
    uint64_t dropped; /* messages for it that became dead letters here, system messages
                         among them */
    int64_t round_trip_us; /* of the connection that is written on, as the kernel smooths it (TCP);
                              -1: there is none, or the kernel does not tell */
} ukko_traffic;

/* Must not block; may call ukko. traffic is valid during the call. */
typedef void (*ukko_traffic_fn)(void *data, const ukko_traffic *traffic);
/* [any] Calls fn for each remote address that is known; order: none. Handshakes up to the point
   where the peer has said its address are not counted. Gives how many there were; UKKO_ESTATE: no
   remoting. */
UKKO_API int ukko_inspect_traffic(ukko_system *sys, ukko_traffic_fn fn, void *data);

#ifdef __cplusplus
}
#endif
#endif
