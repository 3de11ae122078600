# SPDX-License-Identifier: Apache-2.0
"""untrusted-mode = on, with /user/receptionist as the only trusted selection path."""

import pekkowire as w
from speclib import case


def select(t, link, elements, text, anchor="/", serializer=w.SER_STRING, data=None, manifest=None):
    link.tell(t.node.address + anchor, w.SER_SELECTION, w.selection(elements, serializer, text.encode() if data is None else data, manifest), sender=link.peer.path("/user/me", 4))


@case("selections", profile="untrusted")
def _(t):
    """A selection of the trusted path is delivered; of another path, of a child, a parent step or a pattern that means the same, or from another anchor it is dropped."""
    link = t.link()
    select(t, link, "user/receptionist", "welcome")
    t.received("welcome", actor="/user/receptionist")
    for i, (elements, anchor) in enumerate((("user/collector", "/"), ("user/receptionist/x", "/"), ("user/recept*", "/"), ("user/echo/../receptionist", "/"), ("receptionist", "/user"),
                                            ("", "/user/receptionist"), ("user/receptionist#1", "/"))):
        select(t, link, elements, "unwelcome %d" % i, anchor)
    select(t, link, "user/receptionist", "last")
    t.received("last", actor="/user/receptionist")
    t.collector_fence(link)
    t.eq("delivered", [], [e for e in t.node.since(t.start, "recv") if "unwelcome" in str(e["value"])])


@case("plain-messages-and-identify", profile="untrusted")
def _(t):
    """Ordinary messages and Identify to the path of an actor are delivered as always."""
    link = t.link()
    t.say_echo(link, "hello")
    link.say(t.node.path("/user/collector"), "plain")
    t.received("plain")
    t.ok(t.identify(link, "/user/echo") is not None, "a reference")


@case("harmful-messages", profile="untrusted")
def _(t):
    """PoisonPill, Kill, also inside a trusted selection, and every system message are dropped; system messages are still acknowledged."""
    link = t.link()
    victim = t.victim(link)
    for m in ("P", "K"):
        link.tell(victim, w.SER_MISC, b"", m)
        select(t, link, "user/receptionist", "", data=b"", serializer=w.SER_MISC, manifest=m)
    cause = w.throwable_not_serializable("x.Y", "z")
    me = link.peer.path("/user/w", 1)
    for m in (w.sys_watch(victim, me), w.sys_msg(w.SUSPEND), w.sys_msg(w.TERMINATE), w.sys_unwatch(victim, me), w.sys_supervise(link.peer.path("/user/child", 3)),
              w.sys_failed(link.peer.path("/user/child", 3), 3, cause), w.sys_msg(w.RECREATE, causeData=cause), w.sys_notification(me, True, False)):
        seq = t.sysmsg(link, m, victim)
    t.wait_ack(link, seq, [])
    other = link.peer.path("/user/other", 2)
    link.say(victim, "alive?", other)
    t.eq("answer", victim[len(t.node.address):].split("#")[0], link.wait(lambda p: p.to == other).string)
    select(t, link, "user/receptionist", "alive too")
    t.received("alive too", actor="/user/receptionist")
    link.say(victim, "die")
    while t.identify(link, victim[len(t.node.address):]) is not None:
        pass
    t.fence(link)
    t.eq("notifications (the Watch was dropped)", [], link.all(lambda p: p.is_system(w.NOTIFICATION)))


@case("deployment", profile="untrusted")
def _(t):
    """Nothing is deployed, and anything else to /remote is dropped; the association lives."""
    link = t.link()
    ref, _ = t.deploy(link, "w")
    link.say(t.node.path("/remote"), "hello daemon")
    link.tell(t.node.path("/remote"), w.SER_DAEMON, b"\xff\xff")
    t.eq("Identify of the child", None, t.identify(link, ref[len(t.node.address):]))
    t.is_open(link)
    t.eq("workers started", [], t.node.since(t.start, "worker-start"))
