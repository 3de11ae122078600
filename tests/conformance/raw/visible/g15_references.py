# SPDX-License-Identifier: Apache-2.0
"""Texts of references: as recipients, as senders and inside messages; who answers an Identify, and a Watch."""

import pekkowire as w
from speclib import case


def from_us(t, link, sender):
    """What the collector shows as the sender of a message that we send so."""
    m = t.unique("from")
    link.say(t.node.path("/user/collector"), m, sender)
    return t.received(m)["sender"]


def inside(t, link, text):
    """What the collector shows of a reference inside a message; None when the message does not arrive."""
    me = link.peer.path("/user/me", 7)
    mark = t.mark()
    link.tell(t.node.path("/user/collector"), w.SER_MISC, w.encode("ActorRef", {"path": text}), "G", sender=me)
    t.is_open(link)
    t.collector_fence(link)
    seen = [e["value"] for e in t.node.since(mark, "recv") if e.get("sender") == me]
    return seen[0] if seen else None


def answer(t, link, path, serializer, message, manifest=None):
    me = link.peer.path("/user/asker-%s" % t.unique("a"))
    link.tell(path, serializer, message, manifest, sender=me)
    return me, link.wait(lambda p: p.has_message and p.to == me, what="the answer of " + path)


@case("identity-has-no-sender")
def _(t):
    """ActorIdentity comes without a sender from an actor, from a missing one and from a guardian; dead letters answer in the name of who asks."""
    link = t.link()
    for path in ("/user/echo", "/user/nobody", "/user/parent/c1/g", "/user", "/system", "/", "/system/remote-watcher"):
        _, p = answer(t, link, t.node.address + path, w.SER_MISC, w.identify("q"), "A")
        t.eq("sender of the identity of " + path, None, p.sender)
    _, p = answer(t, link, t.node.address + "/", w.SER_SELECTION, w.selection("user/echo", w.SER_MISC, w.identify("q"), "A"))
    t.eq("sender of the identity by selection", None, p.sender)
    me, p = answer(t, link, t.node.path("/deadLetters"), w.SER_MISC, w.identify("q"), "A")
    t.eq("sender of the identity of dead letters", (me, None), (p.sender, p.identity[1]))


@case("other-local-forms")
def _(t):
    """A local form that names another system, or ours with another protocol, is a missing actor: a dead letter, and Identify is answered with none."""
    link = t.link()
    for address in ("pekko://other" + t.node.system, "pekko.tcp://" + t.node.system, "akka://" + t.node.system):
        m = t.unique("stray")
        link.say(address + "/user/collector", m, link.peer.path("/user/me", 7))
        t.event("deadletter", value=m)
        _, p = answer(t, link, address + "/user/echo", w.SER_MISC, w.identify("q"), "A")
        t.eq("reference to %s/user/echo" % address, None, p.identity[1])


@case("hosts-that-are-none")
def _(t):
    """A host that is no host name and no address ends the association as a recipient, and is dead letters as a sender or inside a message."""
    link = t.link()
    for host in ("127.1", "1.2.3", "256.0.0.1", "127.0.0.1.", "-x", "x-", "a..b", "a.1", "[127.0.0.1]", "[::g]", ""):
        path = "pekko.tcp://far@%s:7355/user/x" % host
        t.eq("sender for " + path, t.node.path("/deadLetters"), from_us(t, link, path))
        t.eq("reference for " + path, t.node.path("/deadLetters"), inside(t, link, path))
        other = t.link()
        other.say(path, "x")
        t.closes(other, expected="the recipient %r to end the association" % path)
    for host in ("1a", "a-b.c", "localhost.", "0127.0.0.01", "[::1]", "x1.y2"):
        path = "pekko.tcp://far@%s:7355/user/x#5" % host
        t.eq("sender for " + path, path, from_us(t, link, path))
        t.eq("reference for " + path, path, inside(t, link, path))
    t.alive()


@case("ports-that-are-none")
def _(t):
    """A port above 65535 is part of an address that nobody has: such a recipient is dropped and the association lives; what is sent there is a dead letter."""
    link = t.link()
    for port in (65536, 99999, 2147483647):
        path = "pekko.tcp://%s@127.0.0.1:%d/user/collector" % (t.node.system, port)
        m = t.unique("stray")
        link.say(path, m)
        t.is_open(link)
        t.eq("deliveries", [], [e for e in t.node.since(t.start, "recv") if e.get("value") == m])
        t.eq("sender", path, from_us(t, link, path))
        m = t.unique("lost")
        link.say(t.node.path("/user/echo"), m, path)
        t.event("deadletter", value=m)
    other = t.link()
    other.say("pekko.tcp://%s@127.0.0.1:2147483648/user/collector" % t.node.system, "x")
    t.closes(other)


@case("references-of-other-protocols")
def _(t):
    """A reference with a protocol that the node has no transport for keeps its text as a sender and inside a message, and goes on unchanged."""
    link = t.link()
    for path in ("akka.tcp://far@10.0.0.1:2552/user/x#5", "pekko.ssl.tcp://%s@127.0.0.1:%d/user/echo" % (t.node.system, t.node.port), "pekko.udp://far@h:1/user/x", "http://a@b:80/c"):
        t.eq("sender for " + path, path, from_us(t, link, path))
        t.eq("reference for " + path, path, inside(t, link, path))
        p = t.echo(link, w.SER_MISC, w.encode("ActorRef", {"path": path}), "G")
        t.eq("echo of " + path, w.encode("ActorRef", {"path": path}), p.message)


@case("references-inside-messages")
def _(t):
    """A text that is no path, or one without an address, is dead letters inside a message; a uid that is no number loses the message; a query is left out."""
    link = t.link()
    for text in ("", "x", "/", "/user/echo", "//x@127.0.0.1:1/user/echo", "pekko:/user/echo", "mailto:x@y", "pekko.tcp://a@b:1/user/x y", "pekko.tcp://a@b:1/user/%zz", t.node.path("/user/echo# 5")):
        t.eq("reference for %r" % text, t.node.path("/deadLetters"), inside(t, link, text))
    for uid in ("#", "#abc", "#2147483648", "#0x5", "#5/echo"):
        t.eq("reference for /user/echo" + uid, None, inside(t, link, t.node.path("/user/echo") + uid))
    echo = t.identify(link, "/user/echo")
    for text in ("/user/echo", "/user//echo/", "/user/parent/../echo", "/user/echo?x=1", "/user/echo#0", "/user/echo#" + echo.split("#")[1]):
        t.eq("reference for " + text, echo, inside(t, link, t.node.path(text)))


@case("fragments-of-senders")
def _(t):
    """A fragment with a character that no URI has makes the sender no path (dead letters); one that only is no number ends the association."""
    link = t.link()
    for fragment in ("# 5", "#5 ", "#5#6", "#<5>"):
        t.eq("sender with " + fragment, t.node.path("/deadLetters"), from_us(t, link, link.peer.path("/user/me") + fragment))
    for fragment in ("#", "#5?", "#5/6", "#%35", "#2147483648"):
        other = t.link()
        other.say(t.node.path("/user/sink"), "x", other.peer.path("/user/me") + fragment)
        t.closes(other, expected="a sender with %r to end the association" % fragment)
    t.alive()


@case("watch-of-somebody-else")
def _(t):
    """A Watch that reaches a missing actor is answered only if it is meant: of another one, of dead letters or of nonsense it is not; it is acknowledged all the same."""
    link = t.link()
    nobody = t.node.path("/user/nobody-here")
    for watchee in (t.node.path("/user/echo"), t.node.path("/user/another"), t.node.path("/deadLetters"), nobody + "#5", "nonsense", "pekko.tcp://far@h:1/user/x"):
        t.wait_ack(link, t.sysmsg(link, w.sys_watch(watchee, link.peer.path("/user/w", 3)), nobody), [])
    t.eq("notifications", [], link.all(lambda p: p.is_system(w.NOTIFICATION)))
    t.sysmsg(link, w.sys_watch(nobody, link.peer.path("/user/w", 3)), nobody)
    t.eq("notification", w.sys_notification(nobody, False, False), t.wait_sys(link, w.NOTIFICATION).message)
