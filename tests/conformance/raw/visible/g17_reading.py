# SPDX-License-Identifier: Apache-2.0
"""What a node makes of values inside messages: what cannot be read at all, configurations, exceptions."""

import pekkowire as w
from speclib import case


def unanswered(t, path, serializer, data, manifest, what):
    link = t.link()
    me = link.peer.path("/user/me", 1)
    link.tell(t.node.path(path), serializer, data, manifest, sender=me)
    t.lives_or_closes(link)
    t.eq("answers to " + what, [], link.all(lambda p: p.to == me))


def comes_back(t, link, what, data, manifest, expected, as_manifest=None):
    p = t.echo(link, w.SER_MISC, data, manifest)
    t.eq("echo of " + what, (w.SER_MISC, as_manifest or manifest, expected), (p.serializer, p.manifest, p.message))


UNREADABLE = (("an unknown serializer", w.encode("Payload", w.nested(999, b"x"))), ("an unknown manifest", w.encode("Payload", w.nested(w.SER_MISC, b"x", "ZZ"))),
              ("an unknown class", w.encode("Payload", w.nested(w.SER_JSON, b"{}", "no.such.Class"))))


@case("unreadable-correlation-ids")
def _(t):
    """Identify and ActorIdentity whose correlation id cannot be read are dropped whole: nobody answers, not even for a path where nobody is."""
    for what, payload in UNREADABLE:
        for path in ("/user/echo", "/user/nobody", "/"):
            unanswered(t, path, w.SER_MISC, w.f_bytes(1, payload), "A", "Identify with %s to %s" % (what, path))
        unanswered(t, "/user/echo", w.SER_MISC, w.f_bytes(1, payload), "B", "ActorIdentity with " + what)
        link = t.link()
        me = link.peer.path("/user/me", 1)
        link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("user/echo", w.SER_MISC, w.f_bytes(1, payload), "A"), sender=me)
        t.lives_or_closes(link)
        t.eq("answers to a selection of Identify with " + what, [], link.all(lambda p: p.to == me))


@case("configurations-are-hocon")
def _(t):
    """CF is HOCON: it is read without being resolved, and written as JSON on one line, keys sorted; an include of a file that is not there is empty."""
    link = t.link()
    for text, expected in (("", "{}"), (" ", "{}"), ("a = 1", '{"a":1}'), ("b=1,a.x=5 s # c", '{"a":{"x":"5 s"},"b":1}'), ('{"b":1, "a":2}', '{"a":2,"b":1}'), ('{"a":1,"a":2}', '{"a":2}'), ("a={x:1}\na={y:2}", '{"a":{"x":1,"y":2}}'),
                           ("a=1\nb=${a}", '{"a":1,"b":${a}}'), ("a=${?HOME}", '{"a":${?HOME}}'), ("a += 1", '{"a":${?a}[1]}'), ("a = x y ${b} z", '{"a":"x y "${b}" z"}'), ("a=[1] [2]", '{"a":[1,2]}'), ("a={x:1} ${b}", '{"a":{"x":1}${b}}'),
                           ("a = 1e3, b=1.0, c=010, d=1.50", '{"a":1000,"b":1,"c":10,"d":1.5}'), ('a."b.c".d = 1', '{"a":{"b.c":{"d":1}}}'), ("\ufeffa=\u00fc", '{"a":"\u00fc"}'), ('"" = 1', '{"":1}'),
                           ('include "nosuch"\na=1', '{"a":1}'), ('include file("/nosuch")\na=1', '{"a":1}'), ('include "nosuch.conf"', "{}")):
        comes_back(t, link, text, text.encode(), "CF", expected.encode())
    comes_back(t, link, "bad UTF-8", b'{"a":"\xff"}', "CF", '{"a":"\ufffd"}'.encode())
    for text in ("[1]", '{"a":', "{} x", "x", 'include required(file("/nosuch"))\na=1', 'include url("file:///etc/hostname")'):
        unanswered(t, "/user/echo", w.SER_MISC, text.encode(), "CF", text)


ASK, TIMEOUT, KILLED = "org.apache.pekko.pattern.AskTimeoutException", "java.util.concurrent.TimeoutException", "org.apache.pekko.actor.ActorKilledException"
TNSEX, AIEX = "org.apache.pekko.remote.serialization.ThrowableNotSerializableException", "org.apache.pekko.actor.ActorInitializationException"


def throwable(name, message=None, cause=None):
    return w.f_bytes(1, name.encode()) + (b"" if message is None else w.f_bytes(2, message.encode())) + (b"" if cause is None else w.f_bytes(3, cause))


def replaced(name, message):
    return w.f_bytes(1, ("Serialization of [%s] failed. %s" % (name, message)).encode()) + w.f_bytes(2, message.encode()) + w.f_bytes(3, name.encode())


@case("exceptions-made-or-replaced")
def _(t):
    """An exception without message has the empty one; one whose class is not there, is bound to nothing, or cannot be made with what came, is replaced; only an AskTimeoutException keeps its cause."""
    link = t.link()
    cause = w.encode("Payload", w.nested(w.SER_MISC, throwable(TIMEOUT, "in"), "F"))
    frame = w.f_bytes(4, w.f_bytes(1, b"c") + w.f_bytes(2, b"m") + w.f_bytes(3, b"f") + w.f_varint(4, 7))
    for name in (ASK, TIMEOUT, KILLED):
        comes_back(t, link, name + " without message", throwable(name), "F", throwable(name, ""))
        comes_back(t, link, name + " with a frame", throwable(name, "m") + frame, "F", throwable(name, "m") + frame)
    comes_back(t, link, "a cause that is kept", throwable(ASK, "m", cause), "F", throwable(ASK, "m", cause))
    bad = [c for what, c in UNREADABLE] + [w.encode("Payload", w.text("x"))]
    for name in (TIMEOUT, KILLED, TNSEX, AIEX, "no.such.Class", "", "java.lang.String", TIMEOUT + " "):
        for c in [cause] + bad:
            comes_back(t, link, name + " with a cause", throwable(name, "m", c), "F", replaced(name, "m"), "TNSEX")
    for c in bad:
        comes_back(t, link, "a cause that is none", throwable(ASK, "m", c), "F", replaced(ASK, "m"), "TNSEX")
    for name in ("java.lang.IllegalStateException", "java.lang.Throwable", "org.apache.pekko.actor.StashOverflowException"):
        for c in [None, cause] + bad:
            comes_back(t, link, name, throwable(name, None, c), "F", replaced("unknown", ""), "TNSEX")
    for name in (ASK, TIMEOUT, "no.such.Class"):
        for what, more in (("a broken cause", w.f_bytes(3, b"\xff")), ("an empty cause", w.f_bytes(3, b"")), ("an empty frame", w.f_bytes(4, b"")), ("a frame without line", w.f_bytes(4, w.f_bytes(1, b"c") + w.f_bytes(2, b"m") + w.f_bytes(3, b"f")))):
            unanswered(t, "/user/echo", w.SER_MISC, throwable(name, "m") + more, "F", what)


@case("text-that-is-not-utf-8")
def _(t):
    """A StringValue, as all of proto3, whose text is not UTF-8 is no message; its neighbours are."""
    name = "com.google.protobuf.StringValue"
    for data in (b"a\xffb", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe2\x98"):
        unanswered(t, "/user/echo", w.SER_PROTO, w.f_bytes(1, data), name, "the text %s" % data.hex())
    link = t.link()
    for data in (w.f_bytes(1, "\u2603\U0001f680".encode()), b""):
        p = t.echo(link, w.SER_PROTO, data, name)
        t.eq("echo", (w.SER_PROTO, name, data), (p.serializer, p.manifest, p.message))
