# SPDX-License-Identifier: Apache-2.0
"""Payloads: recipients, senders, and what the node cannot read."""

import pekkowire as w
from speclib import case


def not_delivered(t, link, to, sender=None, text=None):
    """Sends to `to`; the association must live, and the collector must not see it."""
    s = text or t.unique("stray")
    link.say(to, s, sender)
    t.is_open(link)
    t.collector_fence(link)
    t.eq("deliveries to the collector of a message to " + to, [], [e for e in t.node.since(t.start, "recv") if e.get("value") == s])


@case("recipient-full-path")
def _(t):
    """A message to the full path of an actor is delivered with our sender."""
    link = t.link()
    me = link.peer.path("/user/me", 1234567)
    link.say(t.node.path("/user/collector"), "plain", me)
    t.eq("sender", me, t.received("plain")["sender"])


@case("recipient-with-uid")
def _(t):
    """With the right uid it is delivered; with another one it is not, and the association lives."""
    link = t.link()
    ref = t.identify(link, "/user/collector")
    t.ok(ref is not None and "#" in ref, "a reference with a uid", ref)
    link.say(ref, "with uid")
    t.received("with uid")
    base, uid = ref.split("#")
    wrong = base + "#%d" % (int(uid) + 1 if int(uid) < 0x7FFFFFFF else 5)
    not_delivered(t, link, wrong)


@case("recipient-local-form")
def _(t):
    """The local form pekko://system/user/collector is understood."""
    link = t.link()
    link.say("pekko://%s/user/collector" % t.node.system, "local form")
    t.received("local form")


@case("recipient-elsewhere")
def _(t):
    """A recipient with another host name, port, system or protocol is dropped, also if it means the same machine; the association lives."""
    link = t.link()
    n = t.node
    for address in ("pekko.tcp://%s@localhost:%d" % (n.system, n.port), "pekko.tcp://%s@127.0.0.1:%d" % (n.system, n.port % 65535 + 1),
                    "pekko.tcp://other%s@127.0.0.1:%d" % (n.system, n.port), "pekko.udp://%s@127.0.0.1:%d" % (n.system, n.port),
                    "pekko://other" + n.system, "akka.tcp://%s@127.0.0.1:%d" % (n.system, n.port)):
        not_delivered(t, link, address + "/user/collector")


@case("recipient-missing-actor")
def _(t):
    """A message to an actor that does not exist becomes a dead letter of the node; the association lives."""
    link = t.link()
    me = link.peer.path("/user/me", 3)
    link.say(t.node.path("/user/nobody"), "for nobody", me)
    e = t.event("deadletter", value="for nobody")
    t.eq("sender", me, e["sender"])
    t.is_open(link)


@case("recipient-unparsable")
def _(t):
    """A recipient that is no actor path ends the association; the node goes on."""
    for path in ("not a path", "pekko.tcp://", "pekko.tcp://sys@host/user/x"):
        link = t.link()
        link.say(path, "x")
        t.closes(link, expected="the recipient %r to end the association" % path)
    t.alive()


@case("recipient-bad-uid")
def _(t):
    """A uid fragment that is no signed 32 bit decimal ends the association; the node goes on."""
    for uid in ("#abc", "#99999999999", "#1.5"):
        link = t.link()
        link.say(t.node.path("/user/collector") + uid, "x")
        t.closes(link, expected="the uid %r to end the association" % uid)
    t.alive()


@case("recipient-without-path")
def _(t):
    """A recipient that is an address only goes to dead letters; one that is only '/' does no harm either."""
    link = t.link()
    not_delivered(t, link, t.node.address)
    not_delivered(t, link, t.node.address + "/")


@case("recipient-odd-elements")
def _(t):
    """Empty elements are skipped and '..' means the parent."""
    link = t.link()
    for path in ("//user//collector", "/user/parent/../collector", "/user/parent/c1/../../collector"):
        s = t.unique("odd")
        link.say(t.node.address + path, s)
        t.received(s)


@case("sender-absent")
def _(t):
    """Without a sender the message is delivered with dead letters as sender, and an answer to it goes nowhere."""
    link = t.link()
    link.say(t.node.path("/user/collector"), "anonymous")
    e = t.received("anonymous")
    t.eq("sender", t.node.path("/deadLetters"), e["sender"])
    link.say(t.node.path("/user/echo"), "anonymous echo")
    t.event("deadletter", value="anonymous echo")
    t.eq("messages to us", [], link.all(lambda p: p.has_message))


@case("sender-of-another-system")
def _(t):
    """The answer goes to the address of the sender, not back along the connection: the node connects there."""
    a, b = t.peer(), t.peer()
    link = a.connect(t.node)
    link.say(t.node.path("/user/echo"), "to the third", b.path("/user/there", 9))
    other = b.accept()
    p = other.next_real()
    t.eq("echo at the third system", ("to the third", b.path("/user/there", 9)), (p.string, p.to))
    t.eq("messages to the first", [], link.all(lambda p: p.has_message))


@case("sender-unparsable")
def _(t):
    """A sender that is no actor path counts as dead letters and the message is delivered; one with a bad uid fragment ends the association."""
    link = t.link()
    for sender in ("not a path", "pekko.tcp://sys@host/user/x", "/user/echo", ""):
        m = t.unique("from")
        link.say(t.node.path("/user/collector"), m, sender)
        t.eq("sender for %r" % sender, t.node.path("/deadLetters"), t.received(m)["sender"])
    link.say(t.node.path("/user/sink"), "x", link.peer.path("/user/x#abc"))
    t.closes(link)
    t.alive()


@case("answer-has-ids")
def _(t):
    """An answer is addressed to the sender as we wrote it, and comes from the full path with uid of the answering actor."""
    link = t.link()
    ref = t.identify(link, "/user/echo")
    me = link.peer.path("/user/me", -1012835151)
    p = t.echo(link, w.SER_STRING, b"who?", sender=me)
    t.eq("recipient", me, p.to)
    t.eq("sender", ref, p.sender)
    t.eq("bytes of the frame", w.tell(me, w.SER_STRING, b"who?", sender=ref), p.body)


@case("unknown-serializer")
def _(t):
    """A message with an unknown serializer id, also a negative one, is dropped and the association lives."""
    link = t.link()
    me = link.peer.path("/user/me", 1)
    for i in (99, 7777777, -1, -2147483648):
        link.tell(t.node.path("/user/echo"), i, b"data", sender=me)
        link.tell(t.node.path("/user/echo"), i, b"data", "manifest", sender=me)
    t.is_open(link)
    t.eq("answers", [], link.all(lambda p: p.to == me))


@case("unknown-manifest")
def _(t):
    """An unknown manifest of the misc serializer, or none at all, drops the message and the association lives."""
    link = t.link()
    me = link.peer.path("/user/me", 1)
    for m in ("ZZZ", "a", None):
        link.tell(t.node.path("/user/echo"), w.SER_MISC, b"", m, sender=me)
    t.is_open(link)
    t.eq("answers", [], link.all(lambda p: p.to == me))


@case("null-message")
def _(t):
    """The null message (serializer 0) is not delivered to anybody; the association may live (better) or end, the node goes on."""
    for path in ("/user/echo", "/user/nobody", "/", "/remote"):
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.path(path), 0, b"", sender=me)
        t.lives_or_closes(link)
        t.eq("answers", [], link.all(lambda p: p.to == me))
    link = t.link()
    link.tell("pekko.tcp://elsewhere@127.0.0.1:1/user/x", 0, b"")
    t.lives_or_closes(link)
    t.alive()


@case("garbage-payloads")
def _(t):
    """Garbage for each known serializer is not delivered; the association may live (better) or end, the node goes on."""
    garbage = {w.SER_PROTO: ("com.google.protobuf.StringValue", b"\xff\xff\xff"), w.SER_DAEMON: (None, b"\x0a\xff"), w.SER_SELECTION: (None, b"\x0b\x01"),
               w.SER_LONG: (None, b"\x01"), w.SER_INT: (None, b""), w.SER_BOOLEAN: (None, b"\x02"),
               w.SER_SYSTEM: (None, b"\xff\xff"), w.SER_JSON: ("ukko.oracle.Greeting", b'{"text":'), w.SER_CBOR: ("ukko.oracle.CborGreeting", b"\xbf\x64"), w.SER_JAVA: (None, b"\xac\xed\x00\x05")}
    lived = []
    for serializer, (manifest, data) in garbage.items():
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.path("/remote" if serializer == w.SER_DAEMON else "/user/echo"), serializer, data, manifest, sender=me)
        if t.lives_or_closes(link):
            lived.append(serializer)
        t.eq("answers to garbage for serializer %d" % serializer, [], link.all(lambda p: p.to == me))
    t.note("lived: %s" % lived)


@case("garbage-misc-payloads")
def _(t):
    """Garbage for each manifest of the misc serializer is not delivered; the association may live (better) or end, the node goes on."""
    lived = []
    for m in "A B C D E G H F RWHR AD UD AIEX TNSEX RS DR ROBP RORRC S SM SE".split():
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.path("/user/echo"), w.SER_MISC, b"\x0a\x05ab", m, sender=me)
        if t.lives_or_closes(link):
            lived.append(m)
        t.eq("answers to garbage for manifest " + m, [], link.all(lambda p: p.to == me))
    t.note("lived: %s" % " ".join(lived))


@case("malformed-envelopes")
def _(t):
    """A payload that is no AckAndEnvelopeContainer, or lacks a required part, ends the association; the node goes on."""
    to = w.encode("ActorRefData", {"path": t.node.path("/user/sink")})
    msg = w.encode("SerializedMessage", {"message": b"x", "serializerId": 20})
    bad = {
        "no protobuf": w.payload(b"\xff\xff\xff"),
        "no recipient": w.payload(w.f_bytes(2, w.f_bytes(2, msg))),
        "no message": w.payload(w.f_bytes(2, w.f_bytes(1, to))),
        "no serializer id": w.payload(w.f_bytes(2, w.f_bytes(1, to) + w.f_bytes(2, w.f_bytes(1, b"x")))),
        "no message bytes": w.payload(w.f_bytes(2, w.f_bytes(1, to) + w.f_bytes(2, w.f_varint(2, 20)))),
        "ack without number": w.payload(w.f_bytes(1, b"")),
        "truncated inside": w.payload(w.f_bytes(2, w.f_bytes(1, to) + w.f_bytes(2, msg))[:-3]),
    }
    for what, body in bad.items():
        link = t.link()
        link.send(body)
        t.closes(link, expected="a payload with %s to end the association" % what)
    t.alive()


@case("empty-payload-is-harmless")
def _(t):
    """A payload with neither ack nor envelope has no effect, and a PDU with both payload and instruction is a payload."""
    link = t.link()
    link.send(w.payload(b""))
    t.is_open(link)
    link.send(w.tell(t.node.path("/user/collector"), w.SER_STRING, b"payload wins") + w.control(w.DISASSOCIATE))
    t.received("payload wins")
    t.is_open(link)


@case("unknown-fields-in-envelopes")
def _(t):
    """Unknown fields in each message of an envelope, also its unused field 3, are skipped."""
    link = t.link()
    me = link.peer.path("/user/me", 4)
    extra = w.f_varint(3, 1) + w.f_varint(90, 5) + w.f_fixed64(91, 6) + w.f_bytes(92, b"new") + w.f_fixed32(93, 7)
    extra4 = extra[2:]
    ref = lambda p: w.f_bytes(1, p) + extra
    msg = extra4 + w.f_bytes(1, b"odd fields") + w.f_varint(2, 20) + extra4
    env = w.f_bytes(1, ref(t.node.path("/user/echo"))) + w.f_bytes(2, msg) + extra + w.f_bytes(4, ref(me))
    link.send(w.f_bytes(1, extra + w.f_bytes(2, env) + extra4) + extra)
    t.eq("echo", "odd fields", link.wait(lambda p: p.to == me).string)


@case("fields-in-any-order")
def _(t):
    """Fields in another order than canonical, and a scalar given twice (the last one counts), are understood."""
    link = t.link()
    me = link.peer.path("/user/me", 4)
    msg = w.f_varint(2, 18) + w.f_varint(2, 20) + w.f_bytes(1, b"backwards")
    env = w.f_bytes(4, w.f_bytes(1, me)) + w.f_bytes(2, msg) + w.f_bytes(1, w.f_bytes(1, t.node.path("/user/echo")))
    link.send(w.payload(w.f_bytes(2, env)))
    t.eq("echo", "backwards", link.wait(lambda p: p.to == me).string)
