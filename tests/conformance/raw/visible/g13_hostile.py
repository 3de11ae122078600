# SPDX-License-Identifier: Apache-2.0
"""Peers that mean no good. After each of these the node must be there, and must not have grown without bound."""

import random
import socket
import struct
import tempfile
import time

import pekkowire as w
from speclib import Fail, case


def raw(t):
    return socket.create_connection((t.node.host, t.node.port), 20)


def drain(s, timeout=20.0):
    """Reads until the other side closes."""
    s.settimeout(timeout)
    try:
        while s.recv(1 << 16):
            pass
    except (ConnectionError, BrokenPipeError):
        pass
    except TimeoutError:
        raise Fail("the node to close the connection", "still open after %.0f s" % timeout)
    s.close()


def random_message(r, depth=0):
    """A valid protobuf message with random fields."""
    out = b""
    for _ in range(r.randint(0, 5)):
        f = r.choice((1, 2, 3, 4, 5, 6, 7, 12, 100, 536870911))
        k = r.randint(0, 4)
        if k == 0:
            out += w.f_varint(f, r.choice((0, 1, 2, 3, 16, 20, 22, -1, r.getrandbits(64))))
        elif k == 1:
            out += w.f_fixed64(f, r.choice((0, 1, -1, r.getrandbits(64))))
        elif k == 2:
            out += w.f_fixed32(f, r.getrandbits(32))
        elif k == 3 and depth < 5:
            out += w.f_bytes(f, random_message(r, depth + 1))
        else:
            out += w.f_bytes(f, r.randbytes(r.randint(0, 30)))
    return out


@case("half-open-connections")
def _(t):
    """1000 connections that never say anything do not keep the node from serving others."""
    before = t.node.rss()
    socks = [raw(t) for _ in range(1000)]
    t.alive()
    for s in socks:
        s.close()
    t.alive()
    t.rss_within(before)


@case("connection-flood")
def _(t):
    """500 complete handshakes of 500 systems, each connection dropped at once, some with a reset."""
    before = t.node.rss()
    r = random.Random(13)
    for i in range(500):
        s = raw(t)
        s.sendall(w.frame(w.associate("flood%d" % i, "127.0.0.1", 1 + i, r.getrandbits(31))))
        if i % 3 == 0:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif i % 3 == 1:
            s.recv(4)
        s.close()
    t.alive()
    t.rss_within(before)


@case("slow-handshakes", profile="handshake")
def _(t):
    """200 clients that send half an ASSOCIATE and then a byte now and then are all cut off by the handshake timeout, and others are served meanwhile."""
    f = w.frame(w.associate("slow", "127.0.0.1", 1, 1))
    socks = []
    for _ in range(200):
        s = raw(t)
        s.sendall(f[:20])
        socks.append(s)
    t.alive()
    for s in socks:
        try:
            s.sendall(f[20:21])
        except OSError:
            pass
    for s in socks:
        drain(s)
    t.alive()


@case("random-bytes")
def _(t):
    """300 connections with random bytes instead of frames."""
    before = t.node.rss()
    r = random.Random(1)
    for _ in range(300):
        s = raw(t)
        try:
            s.sendall(r.randbytes(r.randint(1, 300)))
        except OSError:
            pass
        s.close()
    t.alive()
    t.rss_within(before)


@case("random-valid-protobuf")
def _(t):
    """2000 well-formed frames with random fields, as handshakes and as messages on open connections."""
    before = t.node.rss()
    r = random.Random(2)
    to = t.victim(t.link()).split("#")[0]           # nobody else depends on this one
    nobody = t.node.path("/user/nobody")            # system messages go there: some of them would be obeyed
    peer = t.peer(listen=False)
    s = None
    for i in range(2000):
        kind = r.randint(0, 4)
        if kind == 0:
            body = random_message(r)
        elif kind == 1:
            body = w.f_bytes(1, random_message(r))
        elif kind == 2:
            body = w.payload(w.f_bytes(2, w.f_bytes(1, w.f_bytes(1, nobody)) + w.f_bytes(2, random_message(r)) + random_message(r)))
        elif kind == 3:
            serializer = r.choice((2, 3, 4, 6, 16, 18, 19, 20, 21, 22, 31, 33, 35))
            body = w.tell(nobody if serializer == w.SER_SYSTEM else to, serializer, random_message(r), r.choice((None, None, "A", "B", "C", "D", "E", "G", "AD", "RORRC", "x")))
        else:
            body = w.f_bytes(2, random_message(r))
        try:
            if s is None:
                peer.uid = r.getrandbits(31)
                s = raw(t)
                if r.random() < 0.9:
                    s.sendall(w.frame(w.associate("fuzz%d" % i, "127.0.0.1", 1 + i, peer.uid)))
            s.sendall(w.frame(body))
            s.settimeout(0.002)
            if s.recv(1 << 16) == b"":
                raise ConnectionError
        except TimeoutError:
            pass
        except OSError:
            if s is not None:
                s.close()
            s = None
    if s is not None:
        s.close()
    t.alive()
    t.rss_within(before)


@case("large-selections")
def _(t):
    """Selections of 10000 names, of 20000 PARENT steps, of 10000 patterns, with a name of 60 KB, and with a pattern of 30000 times '?'."""
    before = t.node.rss()
    for elements in (["x"] * 10000, [".."] * 20000 + ["user", "echo"], ["*"] * 10000, ["user"] + [".."] * 3 + ["y" * 60000], ["user", (w.CHILD_PATTERN, "?" * 30000)]):
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.address + "/", w.SER_SELECTION, w.selection(elements, w.SER_STRING, b"deep"), sender=me)
        t.lives_or_closes(link)
    t.alive()
    t.rss_within(before)


@case("long-paths")
def _(t):
    """Recipients and senders of 100 KB."""
    before = t.node.rss()
    for path in ("/user/" + "a" * 100000, "/" * 100000, "/user/" + "%41" * 30000, "/user/collector#" + "1" * 100000):
        link = t.link()
        link.say(t.node.address + path, "long")
        t.lives_or_closes(link)
        link = t.link()
        link.say(t.node.path("/user/echo"), "long sender", link.peer.address + path)
        t.lives_or_closes(link)
    t.alive()
    t.rss_within(before)


@case("paths-of-many-elements")
def _(t):
    """Recipients and senders of 30000 elements, and of as many '..'."""
    before = t.node.rss()
    for path in ("/user" + "/b" * 30000, "/user/" + "../" * 30000 + "x"):
        link = t.link()
        link.say(t.node.address + path, "long")
        t.lives_or_closes(link)
        link = t.link()
        link.say(t.node.path("/user/echo"), "long sender", link.peer.address + path)
        t.lives_or_closes(link)
    t.alive()
    t.rss_within(before)


@case("ten-megabytes-of-nacks")
def _(t):
    """Acks with 14000 nacks each, 10 MB of them, for messages the node never sent."""
    before = t.node.rss()
    link = t.link()
    body = w.ack_pdu(0, range(1, 14001))
    try:
        for _ in range(80):
            link.send(body)
    except OSError:
        pass
    t.lives_or_closes(link)
    t.alive()
    t.rss_within(before)


@case("far-sequence-numbers")
def _(t):
    """A system message numbered 5000 at first: the ack lists the 5000 missing ones (or the node ends the association); the number -1 does no harm."""
    link = t.link()
    to = t.node.path("/user/echo")
    t.sysmsg(link, w.sys_watch(to, link.peer.path("/user/w", 1)), to, seq=5000)
    if t.lives_or_closes(link):
        t.wait_ack_or_seen(link, 5000)
        t.eq("nacks", list(range(5000)), sorted([p for p in link.pdus if p.ack == 5000][0].nacks))
    link = t.link()
    t.sysmsg(link, w.sys_watch(to, link.peer.path("/user/w", 1)), to, seq=-1)
    t.lives_or_closes(link)
    t.alive()


@case("very-far-sequence-numbers", fresh=True, beyond="answers 100000 with a frame of 900 KB, loses the reply that should have carried that ack, and for 2^62 counts until its memory is full")
def _(t):
    """A system message numbered 100000 or 2^62 at first: no frame larger than the maximum comes, no reply is lost, no memory is set aside for what lies between."""
    before = t.node.rss()
    to = t.node.path("/user/echo")
    for seq in (100000, 1 << 62):
        link = t.link()
        t.sysmsg(link, w.sys_watch(to, link.peer.path("/user/w", 1)), to, seq=seq)
        t.lives_or_closes(link)
        t.ok(max(len(p.body) for p in link.pdus) <= 128000, "frames up to the maximum size", [len(p.body) for p in link.pdus])
    t.alive()
    t.rss_within(before)


def survives(t, send):
    """One message that may be dropped or end its association, but not the node."""
    before = t.node.rss()
    link = t.link()
    send(link)
    t.lives_or_closes(link)
    t.alive()
    time.sleep(1.5)         # a process that is about to end needs a moment
    t.alive()
    t.rss_within(before)


@case("pattern-of-many-stars", fresh=True, beyond="ends its whole JVM with a StackOverflowError")
def _(t):
    """A selection with one pattern of 30000 times '*' and an 'x' at the end."""
    survives(t, lambda link: link.tell(t.node.address + "/", w.SER_SELECTION, w.selection([(w.CHILD_PATTERN, "*" * 30000 + "x")], w.SER_STRING, b"deep")))


@case("recreate-of-a-running-actor", fresh=True, beyond="fails its user guardian with an AssertionError, and the whole system shuts down")
def _(t):
    """Recreate for an actor that has not failed: obeyed or ignored, the node goes on."""
    to = t.node.path("/user/failing")
    survives(t, lambda link: t.sysmsg(link, w.sys_msg(w.RECREATE, causeData=w.throwable_not_serializable("x.Y", "no reason")), to))


@case("options-nested-deeply", fresh=True, beyond="ends its whole JVM with a StackOverflowError")
def _(t):
    """Some(Some(...)) 8000 deep."""
    b = b""
    for _ in range(8000):
        b = w.encode("Option", {"value": w.nested(w.SER_MISC, b, "C")})
    survives(t, lambda link: link.tell(t.node.path("/user/echo"), w.SER_MISC, b, "C", sender=link.peer.path("/user/me", 1)))


@case("lz4-header-of-two-gigabytes", fresh=True, beyond="ends its whole JVM with an OutOfMemoryError")
def _(t):
    """A Jackson message of 30 bytes whose LZ4 header promises 2 GB of text."""
    b = bytes.fromhex("87d96df67fffffff") + bytes(22)
    survives(t, lambda link: link.tell(t.node.path("/user/echo"), w.SER_JSON, b, "ukko.oracle.Greeting", sender=link.peer.path("/user/me", 1)))


@case("message-flood")
def _(t):
    """100000 messages to an actor that counts: all are counted, and the memory stays bounded."""
    before = t.node.rss()
    link = t.link()
    one = w.frame(w.tell(t.node.path("/user/sink"), w.SER_BYTES, bytes(100)))
    me = link.peer.path("/user/me", 1)
    link.say(t.node.path("/user/sink"), "reset")
    for _ in range(100):
        link.send_raw(one * 1000)
    link.say(t.node.path("/user/sink"), "count", me)
    p = link.wait(lambda p: p.to == me, timeout=120, what="the count")
    t.eq("messages counted", 100000, int.from_bytes(p.message, "little"))
    t.rss_within(before)


@case("config-reads-no-files", beyond="reads the file and gives its contents away; it also fetches URLs that are named like this")
def _(t):
    """A Config message that says include file(...) or include url(...) makes the node read neither."""
    with tempfile.NamedTemporaryFile(suffix=".conf") as f, socket.socket() as web:
        f.write(b'leak = "the secret"\n')
        f.flush()
        web.bind(("127.0.0.1", 0))
        web.listen(5)
        link = t.link()
        link.tell(t.node.path("/user/echo"), w.SER_MISC, ('include file("%s")\n' % f.name).encode(), "CF", sender=link.peer.path("/user/me", 1))
        t.lives_or_closes(link)
        t.ok(not any(b"secret" in p.body for p in link.pdus), "an answer without the contents of the file", link.tail_text(2))
        link = t.link()
        link.tell(t.node.path("/user/echo"), w.SER_MISC, ('include url("http://127.0.0.1:%d/x.conf")\n' % web.getsockname()[1]).encode(), "CF", sender=link.peer.path("/user/me", 1))
        web.settimeout(1)
        try:
            web.accept()[0].close()
        except TimeoutError:
            return
        raise Fail("no request to the URL", "one")
