# SPDX-License-Identifier: Apache-2.0
"""Serializers: what the node makes of golden bytes, and the bytes it makes itself."""

import json

import pekkowire as w
from speclib import Fail, case

G = w.golden()


def echo(t, link, name, also_class=True):
    """Sends the golden bytes to /user/echo, which answers the decoded message itself: what returns must be the same bytes."""
    g = G[name]
    p = t.echo(link, g["serializer_id"], g["data"], g["manifest"] or None)
    t.eq("%s: serializer and manifest" % name, (g["serializer_id"], g["manifest"]), (p.serializer, p.manifest))
    t.eq(name, g["data"], p.message)


def collected(t, link, name, value):
    """Sends the golden bytes to /user/collector, which prints the decoded value."""
    g = G[name]
    mark = t.mark()
    link.tell(t.node.path("/user/collector"), g["serializer_id"], g["data"], g["manifest"] or None)
    e = t.event("recv", since=mark, actor="/user/collector")
    t.eq("%s: class" % name, g["class"].split("$ByteString")[0], str(e.get("class")).split("$ByteString")[0])
    t.eq("%s: value" % name, value, e["value"])


def written(t, link, command, serializer, manifest, data):
    """Makes the node send a message to us and compares the bytes."""
    me = link.peer.path("/user/in-%s" % t.unique("w"))
    t.node.cmd("tell %s %s" % (me, command))
    p = link.wait(lambda p: p.to == me, what="the message " + command)
    t.eq("%s: serializer and manifest" % command, (serializer, manifest), (p.serializer, p.manifest))
    t.eq(command, data, p.message)
    return p


def open_link(t):
    link = t.link()
    t.lifecycle("AssociatedEvent", link.peer)
    return link


def as_golden(t, link, command, name):
    g = G[name]
    return written(t, link, command, g["serializer_id"], g["manifest"], g["data"])


@case("long")
def _(t):
    """18 java.lang.Long: eight bytes little endian, both ways, with the extremes."""
    link = open_link(t)
    for v in (0, 1, -1, 255, 1 << 40, -(1 << 63), (1 << 63) - 1):
        echo(t, link, "long-%d" % v)
        collected(t, link, "long-%d" % v, v)
        as_golden(t, link, "long:%d" % v, "long-%d" % v)


@case("int")
def _(t):
    """19 java.lang.Integer: four bytes little endian, both ways, with the extremes."""
    link = open_link(t)
    for v in (0, 1, -1, 255, -(1 << 31), (1 << 31) - 1):
        echo(t, link, "int-%d" % v)
        collected(t, link, "int-%d" % v, v)
        as_golden(t, link, "int:%d" % v, "int-%d" % v)


@case("boolean")
def _(t):
    """35 java.lang.Boolean: one byte 00 or 01, both ways."""
    link = open_link(t)
    for v in (True, False):
        s = str(v).lower()
        echo(t, link, "boolean-" + s)
        collected(t, link, "boolean-" + s, v)
        as_golden(t, link, "bool:" + s, "boolean-" + s)


@case("string")
def _(t):
    """20 String: UTF-8 without length or terminator, empty and with four byte characters, both ways."""
    link = open_link(t)
    for name, v in (("empty", ""), ("hello", "hello"), ("unicode", "gr\u00fc\u00df \u2603 \U0001f680")):
        echo(t, link, "string-" + name)
        collected(t, link, "string-" + name, v)
        as_golden(t, link, "str:" + v, "string-" + name)


@case("bytes")
def _(t):
    """4 byte[] and 21 ByteString: the bytes themselves, empty too, both ways."""
    link = open_link(t)
    for kind, command in (("bytes", "bytes"), ("bytestring", "bstr")):
        for name, v in (("empty", ""), ("3", "007fff")):
            echo(t, link, "%s-%s" % (kind, name))
            if not (kind == "bytestring" and name == "empty"):
                collected(t, link, "%s-%s" % (kind, name), v)
            as_golden(t, link, "%s:%s" % (command, v), "%s-%s" % (kind, name))


@case("protobuf")
def _(t):
    """2 protobuf: the message bytes, the class name as manifest, both ways."""
    link = open_link(t)
    echo(t, link, "protobuf-stringvalue")
    as_golden(t, link, "proto:pb", "protobuf-stringvalue")


@case("json")
def _(t):
    """31 Jackson JSON: compact text, fields in order of declaration, null fields written; unknown fields are ignored on reading."""
    link = open_link(t)
    echo(t, link, "json-greeting")
    echo(t, link, "json-greeting-null")
    collected(t, link, "json-greeting", {"text": "hi", "number": 3})
    collected(t, link, "json-greeting-null", {"text": None, "number": -1})
    as_golden(t, link, "json:hi,3", "json-greeting")
    p = t.echo(link, w.SER_JSON, b' { "number" : 4 , "other" : [1,{"x":null}] , "text" : "a\\u00e9\\n" } ', "ukko.oracle.Greeting")
    t.eq("echo of other spellings", '{"text":"a\u00e9\\n","number":4}'.encode(), p.message)


@case("json-gzip")
def _(t):
    """31 Jackson JSON above 32 KiB is gzipped when written, and recognized when read; below it is not."""
    import gzip
    link = open_link(t)
    me = link.peer.path("/user/in", 1)
    t.node.cmd("tell %s bigjson:60000" % me)
    p = link.wait(lambda p: p.to == me)
    t.eq("magic", b"\x1f\x8b", p.message[:2])
    plain = gzip.decompress(p.message)
    t.ok(len(plain) > 32768, "more than 32 KiB inside", len(plain))
    t.eq("text", gzip.decompress(G["json-big-gzip"]["data"]), plain)
    q = t.echo(link, w.SER_JSON, G["json-big-gzip"]["data"], p.manifest)
    t.eq("echo of a gzipped one", plain, gzip.decompress(q.message))
    q = t.echo(link, w.SER_JSON, plain, p.manifest)
    t.eq("echo of the same sent plain", plain, gzip.decompress(q.message))
    t.node.cmd("tell %s bigjson:27000" % me)
    p = link.wait(lambda p: p.to == me)
    t.eq("below the limit", G["json-big-uncompressed"]["data"], p.message)


@case("cbor")
def _(t):
    """33 Jackson CBOR: maps of indefinite length when written; maps of definite length are read too."""
    link = open_link(t)
    echo(t, link, "cbor-greeting")
    collected(t, link, "cbor-greeting", {"text": "hi", "number": 3})
    as_golden(t, link, "cbor:hi,3", "cbor-greeting")
    echo(t, link, "cbor-mixed")
    as_golden(t, link, "mixedcbor", "cbor-mixed")
    p = t.echo(link, w.SER_CBOR, bytes.fromhex("a2 6474657874 626869 666e756d626572 03"), "ukko.oracle.CborGreeting")
    t.eq("echo of a definite map", G["cbor-greeting"]["data"], p.message)


@case("json-actor-ref")
def _(t):
    """31 Jackson JSON of every kind of field: an ActorRef is its full path with uid, a local one gets the node's address; durations and instants are ISO 8601 text."""
    link = open_link(t)
    me = link.peer.path("/user/in", 1)
    t.node.cmd("tell %s mixed" % me)
    p = link.wait(lambda p: p.to == me)
    m = json.loads(p.message)
    t.ok(m["replyTo"].startswith(t.node.path("/user/collector") + "#"), "a full path with uid", m["replyTo"])
    t.eq("duration and instant", ("PT1M30.5S", "2023-11-14T22:13:20.123456789Z"), (m["howLong"], m["when"]))
    t.eq("order of the fields", ["flag", "small", "large", "real", "text", "nothing", "blob", "list", "map", "maybe", "when", "howLong", "nested", "replyTo"], list(m))
    t.eq("echo", p.message, t.echo(link, p.serializer, p.message, p.manifest).message)


@case("misc-options")
def _(t):
    """16 C and H: Some, None and java.util.Optional, nested and empty, both ways."""
    link = open_link(t)
    for name in ("some-string", "some-some", "none", "optional-string", "optional-empty"):
        echo(t, link, name)
    for command, name in (("some:x", "some-string"), ("some:some:long:5", "some-some"), ("none", "none"), ("opt:x", "optional-string"), ("empty", "optional-empty")):
        as_golden(t, link, command, name)


@case("misc-status")
def _(t):
    """16 D, E, S, SM, SE, SA: Status and StatusReply, both ways; an exception of an unbound class is written as TNSEX."""
    link = open_link(t)
    for name in ("status-success", "status-success-json", "status-failure-timeout", "statusreply-success", "statusreply-ack", "statusreply-error-text", "statusreply-error-exception"):
        echo(t, link, name)
    for command, name in (("success:ok", "status-success"), ("success:json:hi,3", "status-success-json"), ("replyok:fine", "statusreply-success"), ("ack", "statusreply-ack"), ("replyerr:nope", "statusreply-error-text")):
        as_golden(t, link, command, name)
    as_golden(t, link, "failure:bad", "status-failure-ise")


@case("misc-throwables")
def _(t):
    """16 F, TNSEX, AIEX: the exceptions Pekko can carry come back with message, class, frames and cause as they were sent."""
    link = t.link()
    for name in ("throwable-timeout", "throwable-killed", "throwable-invalidname", "throwable-notserializable", "throwable-actorinit"):
        echo(t, link, name)


@case("misc-refs-and-addresses")
def _(t):
    """16 G, AD, UD: references and addresses both ways; a local reference is written with the node's address and uid."""
    link = open_link(t)
    for name in ("actorref-remote", "address", "uniqueaddress", "uniqueaddress-negative"):
        echo(t, link, name)
    p = "pekko.tcp://peer@127.0.0.1:2552"
    as_golden(t, link, "address:" + p, "address")
    as_golden(t, link, "ref:%s/user/echo#1234" % p, "actorref-remote")
    written(t, link, "ref:/user/echo", w.SER_MISC, "G", w.encode("ActorRef", {"path": t.identify(link, "/user/echo")}))
    mark = t.mark()
    link.tell(t.node.path("/user/collector"), w.SER_MISC, G["actorref-remote"]["data"], "G")
    t.event("recv", since=mark, actor="/user/collector", value=p + "/user/echo#1234")


@case("misc-signals")
def _(t):
    """16 DONE, NU, LS and the heartbeats of DeathWatch as plain messages: empty or a number, both ways."""
    link = open_link(t)
    for name in ("done", "notused", "localscope", "remotewatcher-heartbeat", "remotewatcher-heartbeatrsp", "remotewatcher-heartbeatrsp-negative"):
        echo(t, link, name)
    as_golden(t, link, "done", "done")
    as_golden(t, link, "notused", "notused")
    as_golden(t, link, "poison", "poisonpill")
    as_golden(t, link, "kill", "kill")


@case("misc-identify")
def _(t):
    """16 A and B: Identify and ActorIdentity as the node writes and reads them."""
    link = open_link(t)
    as_golden(t, link, "identify:id", "identify-string")
    as_golden(t, link, "identify:int:7", "identify-int")
    as_golden(t, link, "identify:none", "identify-none")
    collected(t, link, "actoridentity-none", {"id": "id", "ref": None})
    collected(t, link, "actoridentity-ref", {"id": "id", "ref": "pekko.tcp://peer@127.0.0.1:2552/user/echo#1234"})


@case("misc-deployment-parts")
def _(t):
    """16 RS, CF, FC, DR and the router pools: the golden bytes come back as they were sent."""
    link = t.link()
    for name in ("remotescope", "config-empty", "config", "fromconfig", "defaultresizer", "roundrobinpool", "roundrobinpool-resizer", "broadcastpool", "randompool",
                 "balancingpool", "scattergatherpool", "tailchoppingpool", "remoterouterconfig"):
        echo(t, link, name)


@case("misc-poison-and-kill")
def _(t):
    """16 P and K are obeyed: PoisonPill stops the actor; Kill makes it fail."""
    link = t.link()
    for name in ("poisonpill", "kill"):
        victim = t.victim(link)
        t.sysmsg(link, w.sys_watch(victim, link.peer.path("/user/w", 1)), victim)
        link.tell(victim, w.SER_MISC, b"", G[name]["manifest"])
        p = t.wait_sys(link, w.NOTIFICATION)
        t.eq("notification after " + name, w.sys_notification(victim, True, False), p.message)


@case("system-messages-written")
def _(t):
    """22: Terminate, Suspend, Resume(null), Recreate, Watch and Unwatch as the node writes them, numbered in order, without sender or manifest."""
    link = open_link(t)
    target = link.peer.path("/user/far", 42)
    rw = t.identify(link, "/system/remote-watcher")
    expected = []
    for command, data in (("stop", w.sys_msg(w.TERMINATE)), ("suspend", w.sys_msg(w.SUSPEND)), ("resume", w.sys_msg(w.RESUME, causeData=w.NULL_PAYLOAD)),
                          ("watchref", w.sys_watch(target, rw)), ("unwatchref", w.sys_unwatch(target, rw))):
        t.node.cmd("%s %s" % (command, target))
        p = link.wait(lambda p: p.seq == len(expected), what="the system message of " + command)
        expected.append(data)
        t.eq(command, (target, None, w.SER_SYSTEM, ""), (p.to, p.sender, p.serializer, p.manifest))
        t.eq(command, data, p.message)
    t.node.cmd("restart %s" % target)
    p = t.wait_sys(link, w.RECREATE)
    cause = p.system["causeData"]
    t.eq("cause of Recreate", (w.SER_MISC, b"TNSEX"), (cause["serializerId"], cause["messageManifest"]))
    inner = w.decode("ThrowableNotSerializable", cause["enclosedMessage"], p.notes)
    t.eq("original message", "restarted by command", inner["originalMessage"])


@case("selection-of-any-message")
def _(t):
    """6: the golden selections reach their actors, with Jackson and misc messages inside."""
    link = t.link()
    me = link.peer.path("/user/me", 21)
    for name, serializer, data in (("selection-string", w.SER_STRING, b"hello"), ("selection-json", w.SER_JSON, G["json-greeting"]["data"]), ("selection-fanout", w.SER_STRING, b"hello")):
        link.tell(t.node.address + "/", w.SER_SELECTION, G[name]["data"], sender=me)
        p = link.wait(lambda p: p.to == me, what="the echo of " + name)
        t.eq(name, (serializer, data), (p.serializer, p.message))


@case("unserializable-is-dropped")
def _(t):
    """A message the node cannot serialize (Java serialization is off) is dropped on its side; the association lives."""
    link = open_link(t)
    me = link.peer.path("/user/in", 1)
    t.node.cmd("tell %s java:thing" % me)
    t.node.cmd("tell %s after" % me)
    p = link.wait(lambda p: p.to == me)
    t.eq("first message that comes", "after", p.string)
    t.is_open(link)


@case("oversized-is-dropped")
def _(t):
    """A message of the node that does not fit into a frame is dropped on its side, with the event dropped; the association lives."""
    link = open_link(t)
    me = link.peer.path("/user/in", 1)
    t.node.cmd("tell %s bytesn:128000" % me)
    t.node.cmd("tell %s after" % me)
    p = link.wait(lambda p: p.to == me)
    t.eq("first message that comes", "after", p.string)
    t.event("dropped")
    t.is_open(link)
