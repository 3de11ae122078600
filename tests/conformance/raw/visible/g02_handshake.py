# SPDX-License-Identifier: Apache-2.0
"""The first frames of a connection, from both sides."""

import pekkowire as w
from speclib import Fail, case


@case("passive-waits-and-answers")
def _(t):
    """The node says nothing before our ASSOCIATE and answers it with its own: bytes exact, protocol 'tcp', uid sign-extended."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    other = t.link()      # the node is busy with something else meanwhile
    t.fence(other)
    t.eq("frames before our ASSOCIATE", [], link.pdus)
    link.associate()
    p = link.wait()
    t.eq("first frame", w.associate(t.node.system, t.node.host, t.node.port, t.node.uid), p.body)
    t.is_open(link)


@case("active-speaks-first")
def _(t):
    """The node, connecting to us, sends ASSOCIATE at once, nothing but HEARTBEATs before our answer, and then the waiting messages."""
    peer = t.peer()
    t.node.cmd("tell %s first" % peer.path("/user/x"))
    t.node.cmd("tell %s second" % peer.path("/user/x"))
    link = peer.accept(handshake=False)
    p = link.wait(skip=False)
    t.eq("first frame", w.associate(t.node.system, t.node.host, t.node.port, t.node.uid), p.body)
    t.fence(t.link())
    t.eq("frames before our answer", [], [p for p in link.pdus[1:] if p.kind != "HEARTBEAT"])
    link.associate()
    p = link.next_real()
    t.eq("first message", ("first", peer.path("/user/x")), (p.string, p.to))
    t.eq("second message", "second", link.next_real().string)
    t.lifecycle("AssociatedEvent", peer, inbound=False)


@case("passive-connection-is-used-for-writing")
def _(t):
    """After we connected, the node's own messages to us come over that connection; it makes none of its own."""
    peer = t.peer()
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer, inbound=True)
    t.node.cmd("tell %s over-yours" % peer.path("/user/x"))
    p = link.next_real()
    t.eq("message", "over-yours", p.string)
    peer.lsock.settimeout(0.2)
    try:
        peer.lsock.accept()
        raise Fail("no connection from the node", "one")
    except (TimeoutError, BlockingIOError):
        pass


@case("first-frame-heartbeat")
def _(t):
    """A passive node whose first frame is HEARTBEAT sends DISASSOCIATE and closes."""
    link = t.peer().connect(t.node, handshake=False)
    link.heartbeat()
    t.says_goodbye(link, "DISASSOCIATE")
    t.eq("ASSOCIATE was not sent", [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    t.alive()


@case("first-frame-payload")
def _(t):
    """A passive node whose first frame is a payload sends DISASSOCIATE and closes; the message is not delivered."""
    mark = t.mark()
    link = t.peer().connect(t.node, handshake=False)
    link.say(t.node.path("/user/collector"), "too early")
    t.says_goodbye(link, "DISASSOCIATE")
    other = t.link()
    t.collector_fence(other)
    t.eq("messages delivered", [], [e for e in t.node.since(mark, "recv") if e["value"] == "too early"])


@case("first-frame-disassociate")
def _(t):
    """DISASSOCIATE of each kind as the first frame ends the connection, and is not answered with ASSOCIATE."""
    for command in (w.DISASSOCIATE, w.SHUTTING_DOWN, w.QUARANTINED):
        link = t.peer().connect(t.node, handshake=False)
        link.send(w.control(command))
        t.closes(link)
        t.eq("ASSOCIATE was not sent", [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    t.alive()


@case("missing-parts")
def _(t):
    """ASSOCIATE without handshakeInfo, or with a required part of it missing, ends the connection."""
    peer = t.peer()
    origin = w.encode("AddressData", {"system": peer.system, "hostname": peer.host, "port": peer.port, "protocol": "tcp"})
    no_system = w.encode("AddressData", {"hostname": peer.host, "port": peer.port, "protocol": "tcp"})
    no_host = w.encode("AddressData", {"system": peer.system, "port": peer.port, "protocol": "tcp"})
    no_port = w.encode("AddressData", {"system": peer.system, "hostname": peer.host, "protocol": "tcp"})
    infos = {
        "no handshakeInfo": None,
        "empty handshakeInfo": b"",
        "no origin": w.f_fixed64(2, 1),
        "no uid": w.f_bytes(1, origin),
        "no system": w.f_bytes(1, no_system) + w.f_fixed64(2, 1),
        "no host": w.f_bytes(1, no_host) + w.f_fixed64(2, 1),
        "no port": w.f_bytes(1, no_port) + w.f_fixed64(2, 1),
    }
    for what, info in infos.items():
        link = peer.connect(t.node, handshake=False)
        link.send(w.encode("PekkoProtocolMessage", {"instruction": {"commandType": 1, "handshakeInfo": info}}))
        t.closes(link, expected="close after ASSOCIATE with " + what)
        t.eq("ASSOCIATE after " + what, [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    t.alive()


@case("unknown-command")
def _(t):
    """An unknown command, first or later, ends the connection."""
    for command in (0, 6, 99, -1):
        link = t.peer().connect(t.node, handshake=False)
        link.send(w.control(command))
        t.closes(link)
        t.eq("ASSOCIATE after command %d" % command, [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    link = t.link()
    link.send(w.control(9))
    t.closes(link)
    t.alive()


@case("undecodable-first-frame")
def _(t):
    """A first frame that is no protobuf, or a PDU with neither payload nor instruction, ends the connection."""
    for body in (b"\xff" * 20, b"\x12\x7f\x01", b"\x0b", w.f_bytes(9, b"only an unknown field"), b"\x12\x00"):
        link = t.peer().connect(t.node, handshake=False)
        link.send(body)
        t.closes(link)
        t.eq("ASSOCIATE after %s" % body.hex(), [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    t.alive()


@case("cookie-is-ignored")
def _(t):
    """A cookie in the handshake is accepted and has no effect."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    link.associate(cookie="chocolate")
    p = link.wait("ASSOCIATE", skip=False)
    t.eq("cookie of the node", None, p.cookie)
    t.is_open(link)


@case("unknown-fields-are-skipped")
def _(t):
    """Unknown fields of every wire type in each message of the handshake are skipped."""
    peer = t.peer()
    extra = w.f_varint(77, 5) + w.f_fixed64(78, 6) + w.f_bytes(79, b"new") + w.f_fixed32(80, 7)
    origin = w.encode("AddressData", {"system": peer.system, "hostname": peer.host, "port": peer.port, "protocol": "tcp"}) + extra
    info = extra + w.f_bytes(1, origin) + w.f_fixed64(2, peer.uid) + extra
    body = extra + w.f_bytes(2, w.f_varint(1, 1) + w.f_bytes(2, info) + extra) + extra
    link = peer.connect(t.node, handshake=False)
    link.send(body)
    link.wait("ASSOCIATE", skip=False)
    t.is_open(link)
    t.lifecycle("AssociatedEvent", peer)


@case("second-associate-is-ignored")
def _(t):
    """Another ASSOCIATE on an open connection is neither answered nor obeyed, even with another uid."""
    peer = t.peer()
    link = peer.connect(t.node)
    link.associate()
    link.associate(uid=peer.uid + 1)
    t.is_open(link)
    t.eq("ASSOCIATEs from the node", 1, len(link.all(lambda p: p.kind == "ASSOCIATE")))


@case("passive-handshake-timeout", profile="handshake")
def _(t):
    """A client that connects and stays silent gets DISASSOCIATE and the connection closed after the connection-timeout (here 1 s)."""
    link = t.peer().connect(t.node, handshake=False)
    t.says_goodbye(link, "DISASSOCIATE")
    t.alive()


@case("active-handshake-timeout", profile="handshake")
def _(t):
    """If we accept the node's connection and do not answer, it gives up with DISASSOCIATE after the connection-timeout; the message becomes a dead letter."""
    peer = t.peer()
    t.node.cmd("tell %s lost" % peer.path("/user/x"))
    link = peer.accept(handshake=False)
    link.wait("ASSOCIATE", skip=False)
    t.says_goodbye(link, "DISASSOCIATE")
    t.event("deadletter", value="lost")
    t.lifecycle("AssociationErrorEvent", peer, inbound=False)


@case("negative-uid")
def _(t):
    """A negative uid, sign-extended to 64 bits, is the uid the node knows us by (quarantining it works)."""
    peer = t.peer(uid=-5)
    link = peer.connect(t.node)
    t.eq("eight bytes of the uid", b"\xfb" + b"\xff" * 7, peer.associate()[-8:])
    t.lifecycle("AssociatedEvent", peer)
    t.is_open(link)
    t.node.cmd("quarantine %s -5" % peer.address)
    t.closes(link)
    again = peer.connect(t.node)
    t.says_goodbye(again, "DISASSOCIATE_QUARANTINED")


@case("active-refused-by-disassociate", profile="quick")
def _(t):
    """When the node's handshake is answered by DISASSOCIATE, of any kind, it closes without a DISASSOCIATE of its own, and reports AssociationErrorEvent."""
    for command in (w.DISASSOCIATE, w.SHUTTING_DOWN, w.QUARANTINED):
        peer = t.peer()
        t.node.cmd("tell %s lost-%d" % (peer.path("/user/x"), command))
        link = peer.accept(handshake=False)
        link.wait("ASSOCIATE", skip=False)
        link.send(w.control(command))
        t.no_goodbye(link)
        t.lifecycle("AssociationErrorEvent", peer)
        t.event("deadletter", value="lost-%d" % command)


@case("other-protocols-on-the-port")
def _(t):
    """A TLS hello, an HTTP request, the magic of Artery and an SSH banner are closed without harm."""
    hello = bytes.fromhex("160301020001 0001fc0303".replace(" ", "")) + bytes(range(256)) * 2
    for name, b in (("TLS", hello), ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("Artery", b"AKKA\x01" + bytes(28)), ("Artery", b"PEKK\x02" + bytes(28)), ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n")):
        link = t.peer().connect(t.node, handshake=False)
        link.send_raw(b)
        t.closes(link, expected="close after " + name)
        t.eq("ASSOCIATE after " + name, [], [p for p in link.pdus if p.kind == "ASSOCIATE"])
    t.alive()


@case("wrong-protocol-string")
def _(t):
    """An origin whose protocol is not 'tcp' is never taken for our address: the node either closes, or knows a peer of another address."""
    peer = t.peer()
    link = peer.connect(t.node, handshake=False)
    link.associate(protocol="pekko.tcp")
    try:
        link.wait("ASSOCIATE", skip=False)
    except w.Timeout:
        t.closes(link)
        return
    e = t.event("lifecycle", kind="AssociatedEvent", where=lambda e: e.get("remote", "").endswith("%s@%s:%d" % (peer.system, peer.host, peer.port)))
    t.eq("address of the peer", "pekko.pekko.tcp://%s@%s:%d" % (peer.system, peer.host, peer.port), e["remote"])


@case("refused-then-back", profile="quick")
def _(t):
    """If nobody listens at our address the message is a dead letter with an AssociationErrorEvent; once we listen, and the gate (300 ms) is over, a later message comes through."""
    peer = t.peer()
    peer.stop_listening()
    t.node.cmd("tell %s lost" % peer.path("/user/x"))
    t.event("deadletter", value="lost")
    t.lifecycle("AssociationErrorEvent", peer, inbound=False)
    peer.listen_again()
    for n in range(60):
        t.node.cmd("tell %s try-%d" % (peer.path("/user/x"), n))
        try:
            link = peer.accept(timeout=0.3)
            break
        except w.Timeout:
            pass
    else:
        raise Fail("a connection from the node after the gate", "none")
    p = link.next_real()
    t.ok((p.string or "").startswith("try-"), "one of the messages", p)
