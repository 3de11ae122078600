/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UKKO_FAULTS_H
#define UKKO_FAULTS_H

/*
 * Faults on purpose, for tests: a link that is slow, loses what it carries, goes silent or breaks. They
 * are injected into the connections of one system, between its protocol and its sockets, so that its
 * peers need not know.
 *
 * As in Pekko, the test adapters are named in the configuration:
 *
 *     pekko.remote.classic.netty.tcp.applied-adapters = [trttl, gremlin]
 *
 * trttl throttles and makes silent, gremlin loses. The scheme of the system's addresses then begins
 * with them ("pekko.trttl.gremlin.tcp://..."), and so must that of its peers: JVM nodes set the same.
 * With ukko.remote.faults.enabled = on all faults can be injected and the scheme stays what it is:
 * the peers need no adapters.
 *
 * A fault is set for an address, of which only host and port count. It holds for connections that exist
 * and for later ones, in either direction of connecting, until it is cleared. All functions may be
 * called by any thread [any]; what is sent after a function has returned is subject to it. They give
 * UKKO_ESTATE when the system has no remoting, or neither the adapter nor the setting is there;
 * UKKO_EINVAL for an address without host and port.
 */
#include <ukko/actor.h>
#include <ukko/link.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Faults on purpose: ukko_faults(3) --------------------------------------------- */

/* Which way a fault lies, seen from the system it is injected into. */
typedef enum ukko_fault_way {
    UKKO_FAULT_SEND = 1,    /* what this system sends */
    UKKO_FAULT_RECEIVE = 2, /* what it receives */
    UKKO_FAULT_BOTH = 3     /* both ways */
} ukko_fault_way;

/* Not more than so many bytes a second, in whole frames; up to burst_bytes at once after a pause, and a
   single frame that is longer all the same. Nothing is lost: frames wait, and the sender's socket fills
   up. Both numbers have to be greater than zero. (trttl: TokenBucket) */
UKKO_API int ukko_fault_throttle(ukko_system *sys, const char *address, int32_t way,
                                 double bytes_per_second, int64_t burst_bytes);
/* Frames vanish, and nobody is told: heartbeats, handshakes and acknowledgements too. What waits because
   of a throttle vanishes as well. A peer that dials in while it is not heard is disconnected. (trttl:
   Blackhole) */
UKKO_API int ukko_fault_blackhole(ukko_system *sys, const char *address, int32_t way);
/* Ends throttle and blackhole. (trttl: Unthrottled) */
UKKO_API int ukko_fault_pass(ukko_system *sys, const char *address, int32_t way);
/* Each frame is lost with this probability, from 0 to 1; an attempt to connect fails with the chance that
   it would lose a frame either way. 0 and 0: nothing is lost any more. (gremlin: Drop, PassThru) */
UKKO_API int ukko_fault_loss(ukko_system *sys, const char *address, double sent, double received);
/* Ends the connections with this address, if there are any: 0 as if the network had failed;
   UKKO_REASON_PEER_SHUTDOWN, UKKO_REASON_PEER_QUARANTINED_US or UKKO_REASON_DISASSOCIATED as if the peer
   had said so. UKKO_EINVAL: another reason. (trttl: ForceDisassociate, ForceDisassociateExplicitly) */
UKKO_API int ukko_fault_disassociate(ukko_system *sys, const char *address, int32_t reason);
/* Ends all faults of an address; NULL: of all. */
UKKO_API int ukko_fault_clear(ukko_system *sys, const char *address);

#ifdef __cplusplus
}
#endif
#endif
