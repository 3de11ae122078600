# SPDX-License-Identifier: Apache-2.0
"""Frames: a length of four bytes, big endian, and so many bytes."""

import struct

import pekkowire as w
from speclib import case


def echo_request(t, link, text, me):
    return w.frame(w.tell(t.node.path("/user/echo"), w.SER_STRING, text.encode(), sender=me))


def sized_message(body_length, to, sender=None):
    """A byte[] whose PDU has exactly this length."""
    n = body_length - 100
    for _ in range(20):
        b = w.tell(to, w.SER_BYTES, bytes(n), sender=sender)
        if len(b) == body_length:
            return b
        n += body_length - len(b)
    raise AssertionError("no such length")


@case("split-at-every-byte")
def _(t):
    """A message cut into two segments at any of its bytes, the length included, arrives whole."""
    link = t.link()
    me = link.peer.path("/user/me", 5)
    f = echo_request(t, link, "cut me", me)
    for i in range(1, len(f)):
        link.send_raw(f[:i])
        link.flushed()
        link.send_raw(f[i:])
        p = link.wait(lambda p: p.to == me, what="the echo of the message cut at byte %d" % i)
        t.eq("echo of the message cut at byte %d" % i, "cut me", p.string)


@case("many-frames-in-one-segment")
def _(t):
    """300 messages written at once all arrive, in order."""
    link = t.link()
    me = link.peer.path("/user/me", 5)
    link.send_raw(b"".join(echo_request(t, link, "n%d" % i, me) for i in range(300)))
    for i in range(300):
        t.eq("echo %d" % i, "n%d" % i, link.wait(lambda p: p.to == me).string)


@case("handshake-and-messages-in-one-segment")
def _(t):
    """ASSOCIATE and two messages in one segment: the messages are not lost, and the node's ASSOCIATE precedes the answers."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    me = peer.path("/user/me", 5)
    link.send_raw(w.frame(peer.associate()) + echo_request(t, link, "a", me) + echo_request(t, link, "b", me))
    t.eq("first frame", "ASSOCIATE", link.wait().kind)
    t.eq("first echo", "a", link.wait(lambda p: p.to == me).string)
    t.eq("second echo", "b", link.wait(lambda p: p.to == me).string)


@case("zero-length-frames-are-ignored")
def _(t):
    """Frames of length zero before, between and after messages have no effect."""
    link = t.link()
    me = link.peer.path("/user/me", 5)
    link.send_raw(w.ZERO_FRAME * 3 + echo_request(t, link, "a", me) + w.ZERO_FRAME + echo_request(t, link, "b", me) + w.ZERO_FRAME * 2)
    t.eq("first echo", "a", link.wait(lambda p: p.to == me).string)
    t.eq("second echo", "b", link.wait(lambda p: p.to == me).string)
    t.is_open(link)


@case("zero-length-frame-before-associate")
def _(t):
    """A frame of length zero before ASSOCIATE is ignored too."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    link.send_raw(w.ZERO_FRAME + w.frame(peer.associate()))
    t.eq("first frame", "ASSOCIATE", link.wait().kind)
    t.is_open(link)


@case("largest-frame-is-accepted")
def _(t):
    """With maximum-frame-size 128000 a frame of 4 + 127996 bytes is delivered."""
    link = t.link()
    mark = t.mark()
    link.send(sized_message(127996, t.node.path("/user/collector")))
    e = t.event("recv", since=mark, actor="/user/collector", where=lambda e: isinstance(e.get("value"), dict) and "length" in e["value"])
    t.ok(e["value"]["length"] > 127800, "a byte[] of nearly 128000 bytes", e["value"])
    t.is_open(link)


@case("larger-frame-closes")
def _(t):
    """A frame of 4 + 127997 bytes ends the connection at once, without DISASSOCIATE, and is not delivered."""
    link = t.link()
    mark = t.mark()
    link.send_raw(struct.pack(">I", 127997))
    t.no_goodbye(link)
    t.alive()
    t.eq("messages delivered", [], t.node.since(mark, "recv"))


@case("huge-length-closes-without-memory")
def _(t):
    """Lengths 0x7fffffff, 0x80000000 and 0xffffffff end the connection as soon as the four bytes are there; no memory is set aside for them."""
    before = t.node.rss()
    for n in (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000000):
        link = t.link()
        link.send_raw(struct.pack(">I", n))
        t.no_goodbye(link)
    t.alive()
    t.rss_within(before, 64 * 1024)


@case("truncated-frame-then-close")
def _(t):
    """A connection that ends in the middle of a frame is forgotten; nothing of it is delivered."""
    mark = t.mark()
    peer = t.peer()
    link = peer.connect(t.node)
    f = w.frame(w.tell(t.node.path("/user/collector"), w.SER_STRING, b"never to be seen"))
    link.send_raw(f[:-1])
    link.close()
    t.lifecycle("DisassociatedEvent", peer, since=mark)
    t.alive()
    t.eq("messages delivered", [], [e for e in t.node.since(mark, "recv") if e["value"] == "never to be seen"])


@case("slow-sender")
def _(t):
    """Handshake and message sent byte by byte, each in a segment of its own."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    me = peer.path("/user/me", 5)
    for c in w.frame(peer.associate()) + echo_request(t, link, "slowly", me):
        link.send_raw(bytes([c]))
        link.flushed()
    t.eq("first frame", "ASSOCIATE", link.wait().kind)
    t.eq("echo", "slowly", link.wait(lambda p: p.to == me).string)


@case("maximum-frame-size-setting", profile="small-frames")
def _(t):
    """maximum-frame-size = 32000: 4 + 31996 bytes are accepted, 4 + 31997 end the connection."""
    link = t.link()
    me = link.peer.path("/user/me", 5)
    link.send(sized_message(31900, t.node.path("/user/echo"), me))
    link.wait(lambda p: p.to == me, what="the echo of a frame of 31900 bytes")
    link.send(sized_message(31996, t.node.path("/user/echo")))
    t.is_open(link)
    link.send(sized_message(31997, t.node.path("/user/echo")))
    t.no_goodbye(link)
    t.alive()
