# SPDX-License-Identifier: Apache-2.0
"""Quarantine, from both sides."""

import pekkowire as w
from speclib import case


@case("quarantined-uid-is-refused", profile="quick")
def _(t):
    """Quarantining us ends the connection with DISASSOCIATE and a QuarantinedEvent; the same uid is then refused: ASSOCIATE followed by DISASSOCIATE_QUARANTINED."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("quarantine %s %d" % (peer.address, peer.uid))
    t.says_goodbye(link, "DISASSOCIATE")
    e = t.lifecycle_kind("QuarantinedEvent", peer)
    t.ok(str(peer.uid) in e["text"], "the uid in the event", e)
    for _ in range(2):
        again = peer.connect(t.node)
        t.says_goodbye(again, "DISASSOCIATE_QUARANTINED")
        t.eq("frames", ["ASSOCIATE", "DISASSOCIATE_QUARANTINED"], [p.kind for p in again.pdus if p.kind not in ("ZERO", "HEARTBEAT")])


@case("new-uid-is-accepted", profile="quick")
def _(t):
    """After a quarantine the same address with a new uid is a new system: accepted, and it works."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("quarantine %s %d" % (peer.address, peer.uid))
    t.closes(link)
    t.lifecycle_kind("QuarantinedEvent", peer)
    old = peer.uid
    peer.restart(old ^ 0x1234)
    mark = t.mark()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer, since=mark)
    t.say_echo(link, "reborn")
    t.sysmsg(link, w.sys_watch(t.node.path("/user/none"), peer.path("/user/w", 1)), t.node.path("/user/none"))
    t.eq("number", 0, t.wait_sys(link, w.NOTIFICATION).seq)


@case("node-is-told-that-it-is-quarantined", profile="quick")
def _(t):
    """DISASSOCIATE_QUARANTINED from us on an open connection: the node publishes ThisActorSystemQuarantinedEvent, closes, and says nothing more."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    link.send(w.control(w.QUARANTINED))
    t.no_goodbye(link)
    t.lifecycle_kind("ThisActorSystemQuarantinedEvent", peer)
    t.lifecycle("AssociationErrorEvent", peer)
    t.alive()


@case("node-dials-a-quarantined-peer", profile="quick")
def _(t):
    """A message to a quarantined system makes the node try: if the uid is still the same it says DISASSOCIATE_QUARANTINED; if it is a new one the message arrives."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("quarantine %s %d" % (peer.address, peer.uid))
    t.closes(link)
    t.lifecycle_kind("QuarantinedEvent", peer)
    t.node.cmd("tell %s lost" % peer.path("/user/x"))
    probe = peer.accept()
    t.says_goodbye(probe, "DISASSOCIATE_QUARANTINED")
    t.event("deadletter", value="lost")
    peer.restart(peer.uid ^ 0x777)
    t.node.cmd("tell %s found" % peer.path("/user/x"))
    probe = peer.accept()
    t.eq("message", "found", probe.next_real().string)
