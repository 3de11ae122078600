# SPDX-License-Identifier: Apache-2.0
"""Sequence numbers and acknowledgements of system messages."""

import time

import pekkowire as w
from speclib import Fail, case


def watcher(link, n=1):
    return link.peer.path("/user/watcher%d" % n, n)


def watch(t, link, target="/user/echo", seq=None, n=1):
    """Sends Watch; harmless and idempotent."""
    to = t.node.path(target) if target.startswith("/") else target
    return t.sysmsg(link, w.sys_watch(to, watcher(link, n)), to, seq=seq)


def absent(t, link, seq):
    """A path without an actor, one for each number."""
    return t.node.path("/user/absent-%s-%d" % (link.peer.system, seq))


def provoke(t, link, seq=None, n=1):
    """Watches an actor that does not exist: the node, each time it obeys, sends us a DeathWatchNotification for that path."""
    seq = link.peer.next_seq() if seq is None else seq
    to = absent(t, link, seq)
    t.sysmsg(link, w.sys_watch(to, watcher(link, n)), to, seq=seq)
    return to


def obeyed(link):
    """The notifications so far, in the order of the node's numbers, as the paths they are about."""
    found = {p.seq: p.system["dwNotificationData"]["actor"]["path"] for p in link.all(lambda p: p.is_system(w.NOTIFICATION))}
    return [found[n] for n in sorted(found)]


@case("acks-in-order")
def _(t):
    """Sequence numbers 0, 1, 2 are acknowledged one after the other, without nacks."""
    link = t.link()
    for n in range(3):
        t.eq("number", n, watch(t, link))
        t.wait_ack(link, n, [])


@case("out-of-order")
def _(t):
    """Numbers 1, 0, 4, 2, 5, 3 give the acks 1{0} 1{} 4{2,3} 4{3} 5{3} 5{}."""
    link = t.link()
    for seq, cumulative, nacks in ((1, 1, [0]), (0, 1, []), (4, 4, [2, 3]), (2, 4, [3]), (5, 5, [3]), (3, 5, [])):
        watch(t, link, seq=seq)
        t.wait_ack(link, cumulative, nacks)


@case("delivery-in-order")
def _(t):
    """What arrives out of order is delivered in order: Terminate with number 1, then Watch with number 0, notifies of an existing actor."""
    link = t.link()
    victim = t.victim(link)
    t.sysmsg(link, w.sys_msg(w.TERMINATE), victim, seq=1)
    t.wait_ack(link, 1, [0])
    t.eq("the actor before number 0 is there", victim, t.identify(link, victim[len(t.node.address):].split("#")[0]))
    watch(t, link, victim, seq=0)
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("notification", w.sys_notification(victim, True, False), p.message)


@case("duplicates")
def _(t):
    """A number that comes again is not delivered again, and is acknowledged again."""
    link = t.link()
    first = provoke(t, link, 0)
    t.wait_sys(link, w.NOTIFICATION)
    t.wait_ack_or_seen(link, 0)
    for _ in range(2):
        provoke(t, link, 0)
        t.wait_ack(link, 0, [])
    last = provoke(t, link, 1)
    t.wait_sys(link, w.NOTIFICATION, where=lambda p: p.seq == 1)
    t.fence(link)
    t.eq("delivered", [first, last], obeyed(link))


@case("gap-then-fill")
def _(t):
    """Numbers after a gap wait; when the gap is filled all are delivered, each once and in order."""
    link = t.link()
    for seq in (3, 2, 3, 1):
        provoke(t, link, seq)
        t.wait_ack(link, 3, None)
    t.fence(link)
    t.eq("delivered before number 0 came", [], obeyed(link))
    provoke(t, link, 0)
    t.wait_sys(link, w.NOTIFICATION, where=lambda p: p.seq == 3)
    t.eq("delivered", [absent(t, link, i) for i in range(4)], obeyed(link))


@case("pure-ack-without-traffic")
def _(t):
    """Without anything to send, the ack comes by itself within the piggyback window (0.3 s, checked every 0.15 s), once, and carries nothing else."""
    link = t.link()
    t0 = time.monotonic()
    watch(t, link)
    p = t.wait_ack(link, 0, [])
    t.eq("bytes of the pure ack", bytes.fromhex("0a0b0a09090000000000000000"), p.body)
    took = p.t - t0
    t.ok(took < 3, "the ack well within 3 s", "%.2f s" % took)
    t.note("%.0f ms" % (took * 1000))
    t.fence(link)
    link.wait("HEARTBEAT")          # up to 4 s later
    t.eq("acks for one message", 1, len(link.all(lambda p: p.ack is not None)))


@case("piggyback")
def _(t):
    """An ack that is due rides on the next message to us."""
    link = t.link()
    for attempt in range(10):
        t.say_echo(link, "renews the window %d" % attempt)
        seq = watch(t, link)
        me = link.peer.path("/user/me", seq + 1)
        link.say(t.node.path("/user/echo"), "carrier", me)
        p = link.wait(lambda p: p.ack is not None and p.ack == seq)
        if p.has_message:
            t.eq("message with the ack", ("carrier", me), (p.string, p.to))
            return
        link.wait(lambda p: p.to == me)
    raise Fail("at least one ack in 10 on the message that follows", "ten pure acks")


@case("first-number-is-zero")
def _(t):
    """The node's own system messages to us are numbered 0, 1, 2 from the first connection on; other messages have no number."""
    link = t.link()
    for n in range(3):
        target = provoke(t, link)
        p = t.wait_sys(link, w.NOTIFICATION)
        t.eq("number", n, p.seq)
        t.eq("message", w.sys_notification(target, False, False), p.message)
        t.eq("recipient", watcher(link), p.to)
        t.eq("sender", None, p.sender)
    t.say_echo(link, "no number")
    t.eq("numbered ordinary messages", [], link.all(lambda p: p.seq is not None and p.serializer != w.SER_SYSTEM))


@case("resend-until-acked", profile="quick")
def _(t):
    """An unacknowledged system message comes again each resend-interval (here 500 ms), byte for byte the same; after the ack it does not."""
    link = t.link(auto_ack=False)
    provoke(t, link)
    first = t.wait_sys(link, w.NOTIFICATION)
    for _ in range(3):
        p = t.wait_sys(link, w.NOTIFICATION)
        t.eq("number", 0, p.seq)
        t.eq("message", (first.to, first.message), (p.to, p.message))
    link.send(w.ack_pdu(0))
    t.fence(link)
    n = len(link.all(lambda p: p.seq is not None))
    provoke(t, link)                              # the next one is resent alone
    for _ in range(3):
        t.eq("number after the ack", 1, link.wait(lambda p: p.seq is not None).seq)
    t.ok(len(link.all(lambda p: p.seq == 0)) == n, "no resend after the ack", link.tail_text())
    link.send(w.ack_pdu(1))


@case("nack-resends-at-once", profile="noresend")
def _(t):
    """A nack makes the node send that message, and only that, again at once (the resend-interval is 60 s here)."""
    link = t.link(auto_ack=False)
    sent = []
    for _ in range(4):
        provoke(t, link)
        sent.append(t.wait_sys(link, w.NOTIFICATION))
    t.eq("numbers", [0, 1, 2, 3], [p.seq for p in sent])
    link.send(w.ack_pdu(3, [1, 2]))
    again = [link.wait(lambda p: p.seq is not None) for _ in range(2)]
    t.eq("resent", [(1, sent[1].message), (2, sent[2].message)], [(p.seq, p.message) for p in again])
    t.fence(link)
    t.eq("sequenced frames", 6, len(link.all(lambda p: p.seq is not None)))
    link.send(w.ack_pdu(3))
    t.is_open(link)


@case("ack-minus-one")
def _(t):
    """The ack −1 (nothing received yet) is legal and has no effect."""
    link = t.link(auto_ack=False)
    link.send(w.ack_pdu(-1))
    t.is_open(link)
    provoke(t, link)
    t.eq("number", 0, t.wait_sys(link, w.NOTIFICATION).seq)
    link.send(w.ack_pdu(-1))
    t.is_open(link)
    link.send(w.ack_pdu(0))
    t.is_open(link)


@case("repeated-and-stale-acks")
def _(t):
    """The same ack again, and one lower than an earlier one, have no effect."""
    link = t.link(auto_ack=False)
    for n in range(3):
        provoke(t, link)
        t.eq("number", n, t.wait_sys(link, w.NOTIFICATION).seq)
    for a in (2, 2, 0, 1, -1, 2):
        link.send(w.ack_pdu(a))
    t.is_open(link)
    provoke(t, link)
    t.eq("next number", 3, link.wait(lambda p: p.seq is not None).seq)
    link.send(w.ack_pdu(3))
    t.is_open(link)


@case("ack-of-the-future", profile="quick")
def _(t):
    """An ack higher than what was sent, or a nack of what is not held, is ignored (better) or quarantines us (as 1.x does); the node goes on."""
    lived = []
    for ack in ((1000, ()), (0, (0,)), (5, (7,))):
        link = t.link(auto_ack=False)
        link.send(w.ack_pdu(*ack))
        lived.append(t.lives_or_closes(link))
    t.note("lived: %s" % lived)


@case("resend-after-reconnect", profile="quick")
def _(t):
    """With an unacknowledged message the node reconnects by itself when the connection is lost, and sends it again with its number."""
    peer = t.peer()
    link = peer.connect(t.node, auto_ack=False)
    provoke(t, link)
    first = t.wait_sys(link, w.NOTIFICATION)
    link.close()
    link = peer.accept(auto_ack=False)
    again = t.wait_sys(link, w.NOTIFICATION)
    t.eq("number, recipient, message", (0, first.to, first.message), (again.seq, again.to, again.message))
    link.send(w.ack_pdu(0))
    t.is_open(link)


@case("receiver-state-survives-reconnect", profile="quick")
def _(t):
    """After a reconnect with the same uid the node knows what it had: old numbers are duplicates, the next one is delivered."""
    peer = t.peer()
    link = peer.connect(t.node)
    for n in range(2):
        watch(t, link, seq=n)
        t.wait_ack(link, n)
    mark = t.mark()
    link.close()
    t.lifecycle("DisassociatedEvent", peer, since=mark)
    peer.serve()
    link = peer.connect(t.node)
    provoke(t, link, 1)
    t.wait_ack(link, 1)
    watch(t, link, seq=2)
    t.wait_ack(link, 2, [])
    third = provoke(t, link, 3)
    # the answer may come on this connection, or on one that the node makes
    p = peer.wait_any(lambda p: p.is_system(w.NOTIFICATION))
    t.eq("first notification", (0, w.sys_notification(third, False, False)), (p.seq, p.message))


@case("new-uid-starts-afresh", profile="quick")
def _(t):
    """A new uid at the same address is a new system: numbers start at 0 in both directions."""
    peer = t.peer()
    link = peer.connect(t.node)
    for n in range(2):
        provoke(t, link)
        t.eq("number", n, t.wait_sys(link, w.NOTIFICATION).seq)
    t.fence(link)
    peer.restart(peer.uid ^ 0x55555)
    link2 = peer.connect(t.node)
    target = provoke(t, link2)
    p = t.wait_sys(link2, w.NOTIFICATION)
    t.eq("number and message", (0, w.sys_notification(target, False, False)), (p.seq, p.message))
    t.wait_ack_or_seen(link2, 0)
