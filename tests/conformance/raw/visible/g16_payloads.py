# SPDX-License-Identifier: Apache-2.0
"""Payloads that are well-formed protobuf and yet no message: parts that are missing, values that cannot be, manifests of other classes."""

import pekkowire as w
from speclib import case


def gone(t, messages):
    """Sends each (what, serializer, bytes, manifest) to /user/echo: none is answered, whether the association lives or ends."""
    for what, serializer, data, manifest in messages:
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.path("/user/echo"), serializer, data, manifest, sender=me)
        t.lives_or_closes(link)
        t.eq("answers to " + what, [], link.all(lambda p: p.to == me))


def same(t, link, what, serializer, data, manifest=None):
    p = t.echo(link, serializer, data, manifest)
    t.eq("echo of " + what, (serializer, manifest or "", data), (p.serializer, p.manifest, p.message))


def pool(n=2, **more):
    return w.encode("GenericRoutingPool", dict({"nrOfInstances": n, "usePoolDispatcher": False}, **more))


def resizer(**more):
    return w.encode("DefaultResizer", dict({"lowerBound": 1, "upperBound": 5, "pressureThreshold": 1, "rampupRate": 0.2, "backoffThreshold": 0.3, "backoffRate": 0.1, "messagesPerResize": 10}, **more))


def duration(value, unit=4):
    return w.encode("FiniteDuration", {"value": value, "unit": unit})


TEXT = w.encode("Payload", w.text("x"))


@case("parts-that-are-missing")
def _(t):
    """Misc messages without a required part are no messages: nothing at all, only an unknown field, or only some of their fields."""
    address = w.encode("AddressData", {"system": "s", "hostname": "h", "protocol": "pekko.tcp"})
    messages = [("an empty " + m, w.SER_MISC, b"", m) for m in "A B D E G F RWHR AD UD AIEX TNSEX RS DR ROBAP ROBP RORP RORRP ROSGP ROTCP RORRC S SM SE".split()]
    messages += [("an unknown field as " + m, w.SER_MISC, w.f_varint(15, 3), m) for m in "A B D E G F RWHR AD UD AIEX TNSEX RS DR ROBAP ROBP RORP RORRP ROSGP ROTCP RORRC S SM SE".split()]
    messages += [("an address without port", w.SER_MISC, address, "AD"), ("a scope without port", w.SER_MISC, w.f_bytes(1, address), "RS"),
                 ("a pool without its flag", w.SER_MISC, w.f_varint(1, 3), "RORRP"), ("a pool whose size is a fixed32", w.SER_MISC, w.f_fixed32(1, 3) + w.f_varint(3, 0), "ROBP"),
                 ("a resizer without its last number", w.SER_MISC, resizer()[:-2], "DR"), ("a pool without its time", w.SER_MISC, w.f_bytes(1, pool()), "ROSGP"),
                 ("a pool without its interval", w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, duration(3)), "ROTCP"), ("a time without unit", w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, w.f_varint(1, 3)), "ROSGP")]
    gone(t, messages)


@case("values-that-cannot-be")
def _(t):
    """Values that the constructors of Pekko refuse: resizers, times of more than 292 years, routers without nodes or without a pool, an Optional or an error of null."""
    null = w.encode("Payload", w.NULL_PAYLOAD)
    local = w.encode("Payload", w.nested(w.SER_MISC, pool(), "RORRP"))
    node = w.f_bytes(2, w.encode("AddressData", {"system": "s", "hostname": "h", "port": 1, "protocol": "pekko.tcp"}))
    messages = [("a resizer with %s" % more, w.SER_MISC, resizer(**more), "DR") for more in ({"lowerBound": 9}, {"rampupRate": -1.0}, {"messagesPerResize": 0}, {"backoffThreshold": 2.0}, {"lowerBound": 1 << 31})]
    messages += [("a time of %d" % v, w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, duration(v)), "ROSGP") for v in (1 << 62, -(1 << 63), 9223372037)]
    messages += [("unit %d" % u, w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, duration(3, u)), "ROSGP") for u in (0, 8)]
    messages += [("a router without nodes", w.SER_MISC, w.f_bytes(1, local), "RORRC"), ("a router of a text", w.SER_MISC, w.f_bytes(1, TEXT) + node, "RORRC"),
                 ("a resizer that is a text", w.SER_MISC, w.f_bytes(1, TEXT), "FC"), ("an Optional of null", w.SER_MISC, w.f_bytes(1, null), "H"), ("an error of null", w.SER_MISC, null, "SE"),
                 ("a failure that is a text", w.SER_MISC, TEXT, "E"), ("an error that is a text", w.SER_MISC, TEXT, "SE")]
    gone(t, messages)


@case("values-that-can")
def _(t):
    """Their neighbours come back as they were sent."""
    link = t.link()
    same(t, link, "a resizer of zeros", w.SER_MISC, resizer(lowerBound=0, upperBound=0, pressureThreshold=0, rampupRate=0.0, backoffThreshold=0.0, backoffRate=0.0, messagesPerResize=1), "DR")
    same(t, link, "a pool of 1", w.SER_MISC, pool(1), "RORP")
    for v in (0, -1, 9223372036):
        same(t, link, "a time of %d" % v, w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, duration(v)), "ROSGP")
    for u in range(1, 8):
        same(t, link, "unit %d" % u, w.SER_MISC, w.f_bytes(1, pool()) + w.f_bytes(2, duration(3, u)) + w.f_bytes(3, duration(20, u)), "ROTCP")
    same(t, link, "a failure of null", w.SER_MISC, w.encode("Payload", w.NULL_PAYLOAD), "E")
    p = t.echo(link, w.SER_MISC, w.encode("AddressData", {"system": "s", "hostname": "h", "port": 1}), "AD")
    t.eq("an address without protocol", w.encode("AddressData", {"system": "s", "hostname": "h", "port": 1, "protocol": ""}), p.message)
    p = t.echo(link, w.SER_MISC, w.f_varint(1, (1 << 32) + 5), "RWHR")
    t.eq("the uid of a heartbeat's answer", w.f_varint(1, 5), p.message)
    p = t.echo(link, w.SER_MISC, w.f_varint(1, 1 << 31), "RWHR")
    t.eq("a negative one", w.f_varint(1, -(1 << 31)), p.message)


@case("manifests-of-plain-values")
def _(t):
    """A value whose serializer needs no manifest may come with the name of a class that there is; with any other text it is dropped, also inside a selection; the association lives."""
    link = t.link()
    me = link.peer.path("/user/me", 1)
    values = ((w.SER_STRING, b"str"), (w.SER_LONG, bytes(8)), (w.SER_INT, bytes(4)), (w.SER_BOOLEAN, b"\x01"), (w.SER_BYTES, b"abc"), (w.SER_BYTESTRING, b"abc"))
    for manifest in ("java.lang.String", "java.lang.Long", "[B", "scala.Option", "org.apache.pekko.actor.Actor"):
        for serializer, data in values:
            p = t.echo(link, serializer, data, manifest)
            t.eq("echo with the manifest " + manifest, (serializer, "", data), (p.serializer, p.manifest, p.message))
    for manifest in ("nonsense", "no.such.Class", "int", "java.lang.String#1", "java.lang.String ", "x" * 70000, "\u00fc"):
        for serializer, data in values:
            link.tell(t.node.path("/user/echo"), serializer, data, manifest, sender=me)
        link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("user/echo", w.SER_STRING, b"str", manifest), sender=me)
        link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("user/echo", w.SER_STRING, b"str"), manifest, sender=me)
    t.is_open(link)
    t.eq("answers", [], link.all(lambda p: p.to == me))


@case("null-in-a-selection")
def _(t):
    """The null message is not delivered through a selection either."""
    link = t.link()
    mark = t.mark()
    link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("user/collector", 0, b""), sender=link.peer.path("/user/me", 1))
    t.lives_or_closes(link)
    t.collector_fence(t.link())
    t.eq("messages delivered", [], [e for e in t.node.since(mark, "recv") if e["value"] is None])


@case("system-messages-in-part")
def _(t):
    """System messages that lack a part of their data, or are of an unknown kind, do nothing; a kind that is unknown does not hide a known one."""
    nobody = t.node.path("/user/nobody")
    ref = lambda field, path: w.f_bytes(field, w.f_bytes(1, path))
    for what, data in (("no kind", b""), ("kind 10", w.f_varint(1, 10)), ("no data", w.sys_msg(w.WATCH)), ("no watcher", w.f_varint(1, w.WATCH) + w.f_bytes(2, ref(1, nobody))),
                       ("no flags", w.f_varint(1, w.NOTIFICATION) + w.f_bytes(7, ref(1, nobody))), ("one flag", w.f_varint(1, w.NOTIFICATION) + w.f_bytes(7, ref(1, nobody) + w.f_varint(2, 1))),
                       ("no cause", w.f_varint(1, w.RECREATE)), ("no flag", w.f_varint(1, w.SUPERVISE) + w.f_bytes(5, ref(1, nobody)))):
        link = t.link()
        t.sysmsg(link, data, nobody)
        t.lives_or_closes(link)
        t.eq("messages after a system message with " + what, [], link.all(lambda p: p.is_system(w.NOTIFICATION)))
    for first, last in ((w.f_varint(1, 77) + w.f_varint(1, w.WATCH), b""), (w.f_varint(1, w.WATCH), w.f_varint(1, 77))):
        link = t.link()
        watcher = link.peer.path("/user/w", 3)
        t.sysmsg(link, first + w.f_bytes(2, ref(1, nobody) + ref(2, watcher)) + last, nobody)
        t.eq("notification", w.sys_notification(nobody, False, False), t.wait_sys(link, w.NOTIFICATION).message)


@case("selections-of-nobody")
def _(t):
    """The dead letter of a selection names the path that was meant, without empty elements; one anchored at a missing actor or at dead letters names that."""
    link = t.link()
    for anchor, elements, recipient in (("/", [(1, "user"), (1, ""), (1, "nobody"), (1, "")], "/user/nobody"), ("/user/nobody", [(1, "a"), (1, "b")], "/user/nobody"), ("/deadLetters", [(1, "a")], "/deadLetters"),
                                        ("/user/collector#5", [(1, "a")], "/user/collector#5"), ("/user/collector", [(1, "a"), (1, "b")], "/user/collector/a/b"), ("/", [(1, "temp"), (1, "x")], "/temp/x"),
                                        ("/", [(1, "user"), (2, "")], "/user"), ("//", [(1, "nowhere")], "/nowhere")):
        m = t.unique("sel")
        link.tell(t.node.address + anchor, w.SER_SELECTION, w.selection(elements, w.SER_STRING, m.encode()), sender=link.peer.path("/user/me", 4))
        t.eq("recipient of %s below %s" % (elements, anchor), t.node.path(recipient), t.event("deadletter", value=m)["recipient"])
