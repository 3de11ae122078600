# SPDX-License-Identifier: Apache-2.0
"""The fine print of protobuf: what a reader has to take, and what it must not, in each message of the wire."""

import struct

import pekkowire as w
from speclib import case

KEY9 = w.tag(9, 0)


def long_varint(n, size):
    """A varint of so many bytes, most of them needless."""
    n &= w.M64
    return bytes((n >> 7 * i & 0x7F) | (0x80 if i < size - 1 else 0) for i in range(size))


def group(depth, number=9):
    return w.tag(number, 3) * depth + w.tag(number, 4) * depth


# Each stands for one or more fields that nobody knows.
TAKEN = {
    "a group": w.tag(9, 3) + w.f_varint(1, 5) + w.f_bytes(2, b"x") + w.tag(9, 4),
    "groups within a group": w.tag(9, 3) + group(3, 10) + w.tag(9, 4),
    "the highest field number": w.varint(536870911 << 3) + b"\x01",
    "a key of six bytes": long_varint(9 << 3, 6) + b"\x01",
    "a key of ten bytes": long_varint(9 << 3, 10) + b"\x01",
    "a key with bits above the 32nd": w.varint((1 << 32) + (9 << 3)) + b"\x01",
    "a varint of ten bytes": KEY9 + long_varint(5, 10),
    "a varint with bits above the 64th": KEY9 + b"\xff" * 9 + b"\x7f",
    "a length of five bytes": w.tag(9, 2) + long_varint(2, 5) + b"ab",
    "a length of ten bytes": w.tag(9, 2) + long_varint(2, 10) + b"ab",
    "a length with bits above the 32nd": w.tag(9, 2) + w.varint((1 << 32) + 2) + b"ab",
    "eighty groups within each other": group(80),
}
REFUSED = {
    "a group without an end": w.tag(9, 3) + w.f_varint(1, 1),
    "a group with the end of another": w.tag(9, 3) + w.tag(10, 4),
    "the end of a group that has not begun": w.tag(9, 4),
    "wire type 6": w.tag(9, 6),
    "wire type 7": w.tag(9, 7),
    "field number 0": b"\x00\x01",
    "a key of eleven bytes": long_varint(9 << 3, 11) + b"\x01",
    "a varint of eleven bytes": KEY9 + long_varint(5, 11),
    "half a varint": KEY9 + b"\xff",
    "half a key": b"\x80",
    "a negative length": w.tag(9, 2) + w.varint(-1),
    "a length of 2 GB": w.tag(9, 2) + w.varint(1 << 31),
    "a length beyond the end": w.tag(9, 2) + w.varint(50),
    "a length of eleven bytes": w.tag(9, 2) + long_varint(2, 11) + b"ab",
    "half a fixed32": w.tag(9, 5) + b"ab",
    "half a fixed64": w.tag(9, 1) + b"abc",
    "a thousand groups within each other": group(1000),
}


def envelope(t, me, text, **extra):
    """An envelope for /user/echo with bytes added to its messages: pdu, container, env, recipient, message, sender."""
    x = lambda k: extra.get(k, b"")
    env = w.f_bytes(1, x("recipient") + w.f_bytes(1, t.node.path("/user/echo"))) + w.f_bytes(2, w.f_bytes(1, text) + x("message") + w.f_varint(2, 20)) + \
        x("env") + w.f_bytes(4, w.f_bytes(1, me) + x("sender"))
    return w.f_bytes(1, x("container") + w.f_bytes(2, env)) + x("pdu")


PLACES = ("pdu", "container", "env", "recipient", "message", "sender")


def echoed(t, link, what, body, text="odd"):
    link.send(body)
    p = link.wait(lambda p: p.has_message and p.to == link.peer.path("/user/me", 7), what="the echo of a message with " + what)
    t.eq("echo of a message with " + what, text, p.string)


def closes(t, what, body, handshake=True):
    link = t.peer().connect(t.node, handshake=handshake)
    link.send(body(link))
    t.closes(link, expected="%s to end the association" % what)
    t.eq("messages after " + what, [], link.all(lambda p: p.has_message))


@case("unknown-fields-of-every-make")
def _(t):
    """Groups, keys, lengths and numbers written longer than needed or wider than 32 bits are skipped as unknown fields, wherever they stand."""
    link = t.link()
    for what, b in TAKEN.items():
        for place in PLACES:
            echoed(t, link, "%s in its %s" % (what, place), envelope(t, link.peer.path("/user/me", 7), b"odd", **{place: b}))


@case("broken-fields-of-every-make")
def _(t):
    """What is no protobuf ends the association, wherever it stands in an envelope; nothing is delivered."""
    for i, (what, b) in enumerate(REFUSED.items()):
        place = PLACES[i % len(PLACES)]
        for place in {PLACES[i % len(PLACES)], "pdu"}:
            closes(t, "%s in the %s" % (what, place), lambda link: envelope(t, link.peer.path("/user/me", 7), b"odd", **{place: b}))
    t.alive()


@case("handshake-of-every-make")
def _(t):
    """The same in the messages of the handshake: taken, or refused without an ASSOCIATE."""
    def associate(b):
        def body(link):
            p = link.peer
            origin = b + w.encode("AddressData", {"system": p.system, "hostname": p.host, "port": p.port, "protocol": "tcp"})
            return w.f_bytes(2, w.f_varint(1, 1) + w.f_bytes(2, w.f_bytes(1, origin) + w.f_fixed64(2, p.uid) + b) + b)
        return body
    for what, b in TAKEN.items():
        link = t.peer().connect(t.node, handshake=False)
        link.send(associate(b)(link))
        link.wait("ASSOCIATE", what="ASSOCIATE after one with " + what)
        t.is_open(link)
    for what, b in REFUSED.items():
        closes(t, what, associate(b), handshake=False)
    t.alive()


@case("payloads-of-every-make")
def _(t):
    """The same inside payloads: selections, Identify and Some with such unknown fields arrive; broken ones do not, whether the association lives or ends."""
    link = t.link()
    me = link.peer.path("/user/me", 7)
    name = lambda s, b: w.f_bytes(3, w.f_varint(1, 1) + b + w.f_bytes(2, s))
    def messages(b):
        yield w.tell(t.node.address + "/", w.SER_SELECTION, w.selection("", w.SER_STRING, b"odd") + name("user", b) + b + name("echo", b), sender=me), w.SER_STRING
        yield w.tell(t.node.path("/user/echo"), w.SER_MISC, w.identify("odd") + b, "A", sender=me), w.SER_MISC
        yield w.tell(t.node.path("/user/echo"), w.SER_MISC, b + w.f_bytes(1, w.encode("Payload", w.text("odd")) + b), "C", sender=me), w.SER_MISC
    for what, b in TAKEN.items():
        for body, serializer in messages(b):
            link.send(body)
            p = link.wait(lambda p: p.has_message and p.to == me, what="an answer to a message with " + what)
            t.eq("serializer of the answer to a message with " + what, serializer, p.serializer)
    for i, (what, b) in enumerate(REFUSED.items()):
        link = t.link()
        me = link.peer.path("/user/me", 7)
        for body, _ in list(messages(b))[i % 3:i % 3 + 1]:
            link.send(body)
        t.lives_or_closes(link)
        t.eq("answers to a message with " + what, [], link.all(lambda p: p.to == me))


@case("numbers-of-every-width")
def _(t):
    """A serializer id counts with its lower 32 bits; given twice the last one counts; with another wire type it is an unknown field, so it is missing."""
    link = t.link()
    me = link.peer.path("/user/me", 7)
    def with_id(b):
        return w.f_bytes(1, w.f_bytes(2, w.f_bytes(1, w.f_bytes(1, t.node.path("/user/echo"))) + w.f_bytes(2, w.f_bytes(1, b"odd") + b) + w.f_bytes(4, w.f_bytes(1, me))))
    for what, b in (("64 bits", w.f_varint(2, (5 << 40) + 20)), ("ten bytes", w.tag(2, 0) + long_varint(20, 10)), ("two values", w.f_varint(2, 99) + w.f_varint(2, 20)),
                    ("a fixed32 behind it", w.f_varint(2, 20) + w.f_fixed32(2, 99)), ("bytes behind it", w.f_varint(2, 20) + w.f_bytes(2, b"\x63"))):
        echoed(t, link, "an id of " + what, with_id(b))
    for what, b in (("a fixed32", w.f_fixed32(2, 20)), ("bytes", w.f_bytes(2, b"\x14"))):
        closes(t, "a serializer id that is " + what, lambda link: with_id(b))


@case("messages-in-pieces")
def _(t):
    """A message that comes in several pieces is merged: the fields of recipient, message, sender and of the whole envelope; bytes are not merged, the last ones count."""
    link = t.link()
    me = link.peer.path("/user/me", 7)
    to, frm = w.f_bytes(1, w.f_bytes(1, t.node.path("/user/echo"))), w.f_bytes(4, w.f_bytes(1, me))
    text = w.f_bytes(2, w.f_bytes(1, b"odd") + w.f_varint(2, 20))
    wrong = w.f_bytes(1, w.f_bytes(1, t.node.path("/user/nobody")))
    pieces = {
        "two recipients": w.f_bytes(2, wrong + to + text + frm),
        "a recipient and an empty one": w.f_bytes(2, to + w.f_bytes(1, b"") + text + frm),
        "a message in two pieces": w.f_bytes(2, to + w.f_bytes(2, w.f_bytes(1, b"odd")) + w.f_bytes(2, w.f_varint(2, 20)) + frm),
        "two senders": w.f_bytes(2, to + text + w.f_bytes(4, w.f_bytes(1, "junk")) + frm),
        "an envelope in three pieces": w.f_bytes(2, to) + w.f_bytes(2, text) + w.f_bytes(2, frm),
        "texts one after the other": w.f_bytes(2, to + w.f_bytes(2, w.f_bytes(1, b"first") + w.f_varint(2, 20) + w.f_bytes(1, b"odd")) + frm),
    }
    for what, body in pieces.items():
        echoed(t, link, what, w.f_bytes(1, body))
    echoed(t, link, "two payloads", w.payload(b"\xff") + w.payload(pieces["two senders"]))
    echoed(t, link, "a HEARTBEAT before the payload", w.control(w.HEARTBEAT) + w.payload(pieces["two senders"]))
    echoed(t, link, "an unknown command behind the payload", w.payload(pieces["two senders"]) + w.f_bytes(2, w.f_varint(1, 77) + w.f_varint(1, 3)))


@case("controls-in-pieces")
def _(t):
    """The last known command counts; an unknown one is an unknown field; a HEARTBEAT may carry handshake data, if it is whole."""
    link = t.link()
    link.send(w.f_bytes(2, w.f_varint(1, 77) + w.f_varint(1, 3)))
    link.send(w.f_bytes(2, w.f_varint(1, 3) + w.f_varint(1, 77)))
    link.send(w.f_bytes(2, w.f_varint(1, 2) + w.f_varint(1, 3)))
    link.send(w.f_bytes(2, w.f_varint(1, (1 << 32) + 3)))
    link.send(w.f_bytes(2, w.f_varint(1, 3)) + w.f_bytes(2, w.f_varint(1, 3)))
    link.send(w.f_bytes(2, w.f_varint(1, 3) + w.f_bytes(2, w.handshake_info("x", "y", 1, 2))))
    t.is_open(link)
    closes(t, "a HEARTBEAT with half a handshake", lambda link: w.f_bytes(2, w.f_varint(1, 3) + w.f_bytes(2, b"")))
    link.send(w.f_bytes(2, w.f_varint(1, 3)) + w.f_bytes(2, w.f_varint(1, 2)))
    t.no_goodbye(link)


@case("acks-of-every-make")
def _(t):
    """Acks in two pieces, and with nacks that are packed, are read; half a packed nack, or an ack that is a varint, ends the association."""
    link = t.link()
    me = link.peer.path("/user/me", 7)
    minus = w.f_fixed64(1, -1)
    env = w.f_bytes(2, w.f_bytes(1, w.f_bytes(1, t.node.path("/user/echo"))) + w.f_bytes(2, w.f_bytes(1, b"odd") + w.f_varint(2, 20)) + w.f_bytes(4, w.f_bytes(1, me)))
    echoed(t, link, "two acks", w.f_bytes(1, w.f_bytes(1, w.f_fixed64(1, 9)) + w.f_bytes(1, minus) + env))
    echoed(t, link, "an empty list of packed nacks", w.f_bytes(1, w.f_bytes(1, minus + w.f_bytes(2, b"")) + env))
    for what, ack in (("half a packed nack", minus + w.f_bytes(2, b"123")), ("an ack that is a varint", w.f_varint(1, 0)), ("an ack without a number", b""), ("only nacks", w.f_bytes(2, struct.pack("<q", 0)))):
        closes(t, what, lambda link: w.f_bytes(1, w.f_bytes(1, ack)))
    t.alive()


@case("embedded-messages-in-pieces")
def _(t):
    """An embedded message that comes in several fields is one: what a later piece holds replaces, what it lacks stays."""
    link = t.link()
    pieces = lambda field, parts: b"".join(w.f_bytes(field, p) for p in parts)
    text, number, other = w.f_bytes(1, b"odd"), w.f_varint(2, w.SER_STRING), w.f_bytes(1, b"another")
    for parts in ((text, number), (number, text), (text + number, b""), (b"", text + number), (other + number, text), (text, w.f_varint(2, 0), number)):
        what = " in the pieces %s" % (parts,)
        p = t.echo(link, w.SER_MISC, pieces(1, parts), "C")
        t.eq("Some" + what, w.encode("Option", {"value": w.text("odd")}), p.message)
        p = t.echo(link, w.SER_MISC, pieces(1, parts), "A")
        t.eq("the correlation id" + what, (b"odd", w.SER_STRING), tuple(w.decode("ActorIdentity", p.message)["correlationId"][k] for k in ("enclosedMessage", "serializerId")))
    full = {"protocol": "pekko.tcp", "system": "s", "hostname": "h", "port": 7}
    fields = [w.f_bytes(1, "pekko.tcp"), w.f_bytes(2, "s"), w.f_bytes(3, "h"), w.f_varint(4, 7)]
    p = t.echo(link, w.SER_MISC, pieces(1, fields[2:] + [w.f_bytes(3, "no")] + fields[:3]) + w.f_varint(2, 5), "UD")
    t.eq("a unique address in pieces", w.encode("UniqueAddress", {"address": full, "uid": 5}), p.message)
    data = [w.f_bytes(1, "s"), w.f_bytes(2, "h"), w.f_varint(3, 7), w.f_bytes(4, "pekko.tcp")]
    p = t.echo(link, w.SER_MISC, pieces(1, data), "RS")
    t.eq("a scope in pieces", w.encode("RemoteScope", {"node": w.address_data("pekko.tcp://s@h:7")}), p.message)
    generic = [w.f_varint(1, 3), w.f_varint(3, 0)]
    times = [w.f_varint(1, 5), w.f_varint(2, 4)]
    p = t.echo(link, w.SER_MISC, pieces(1, generic) + pieces(2, times), "ROSGP")
    pool = w.decode("ScatterGatherPool", p.message)
    t.eq("a pool in pieces", (3, False, {"value": 5, "unit": 4}), (pool["generic"]["nrOfInstances"], pool["generic"]["usePoolDispatcher"], pool["within"]))
