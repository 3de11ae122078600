# SPDX-License-Identifier: Apache-2.0
"""The end of a connection and the end of the node."""

import pekkowire as w
from speclib import case


@case("we-disassociate", profile="quick")
def _(t):
    """Our DISASSOCIATE ends the connection: the node closes without answering, DisassociatedEvent; we may come again."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    link.send(w.control(w.DISASSOCIATE))
    t.no_goodbye(link)
    t.lifecycle("DisassociatedEvent", peer)
    mark = t.mark()
    peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer, since=mark)


@case("we-shut-down", profile="quick")
def _(t):
    """Our DISASSOCIATE_SHUTTING_DOWN ends the connection: the node closes without answering; AssociationErrorEvent; we may come again with a new uid."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    link.send(w.control(w.SHUTTING_DOWN))
    t.no_goodbye(link)
    t.lifecycle("AssociationErrorEvent", peer)
    peer.restart(peer.uid ^ 0x99)
    link = peer.connect(t.node)
    t.say_echo(link, "again")


@case("node-shuts-down", fresh=True)
def _(t):
    """The last frames of a node that terminates are DISASSOCIATE_SHUTTING_DOWN and empty ones, on each connection; then it ends."""
    t.may_end = True
    links = [t.link() for _ in range(3)]
    for link in links:
        t.lifecycle("AssociatedEvent", link.peer)
    t.node.cmd("terminate")
    for link in links:
        t.ends_orderly(link)
        t.eq("goodbyes", 1, len(link.all(lambda p: p.kind in w.GOODBYES)))
        kinds = [p.kind for p in link.pdus]
        after = kinds[kinds.index("DISASSOCIATE_SHUTTING_DOWN") + 1:]
        t.eq("frames after it", [], [k for k in after if k != "ZERO"])
    t.event("terminated")


@case("pending-messages-are-flushed", fresh=True)
def _(t):
    """2000 messages sent just before the node terminates all arrive, in order, before its goodbye."""
    t.may_end = True
    link = t.link()
    t.lifecycle("AssociatedEvent", link.peer)
    t.node.cmd("numbered %s 2000" % link.peer.path("/user/in"))
    t.node.cmd("terminate")
    t.ends_orderly(link)
    got = [int.from_bytes(p.message, "little") for p in link.pdus if p.serializer == w.SER_LONG]
    t.eq("messages", list(range(2000)), got)


@case("last-ack-and-last-system-messages", fresh=True)
def _(t):
    """Before its goodbye the node sends the ack it owes, the notifications of its stopping actors, and what was not acknowledged once more."""
    t.may_end = True
    link = t.link(auto_ack=False)
    peer = link.peer
    t.lifecycle("AssociatedEvent", peer)
    me = peer.path("/user/w", 1)
    victim = t.victim(link)
    t.sysmsg(link, w.sys_watch(victim, me), victim)
    t.wait_ack(link, 0)
    t.sysmsg(link, w.sys_watch(t.node.path("/user/none"), me), t.node.path("/user/none"))
    t.wait_sys(link, w.NOTIFICATION)
    t.node.cmd("terminate")
    t.ends_orderly(link)
    t.eq("last ack", 1, [p.ack for p in link.pdus if p.ack is not None][-1])
    system = [p for p in link.pdus if p.seq is not None]
    t.ok(sum(p.seq == 0 for p in system) >= 2, "number 0 at least twice", system)
    t.eq("number 1", {w.sys_notification(victim, True, False)}, {p.message for p in system if p.seq == 1})
