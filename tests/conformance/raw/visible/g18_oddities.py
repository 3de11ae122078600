# SPDX-License-Identifier: Apache-2.0
"""What is seldom seen: why an association ended, odd origins, and parts of messages that hardly anybody writes."""

import json

import pekkowire as w
from speclib import WORKER, case


@case("why-it-ended", profile="quick")
def _(t):
    """The error of an association names Pekko's exception: by what could not be decoded, a shutdown, a quarantine, a handshake that was refused."""
    def cause(peer, exception, message, inbound):
        e = t.lifecycle("AssociationErrorEvent", peer, inbound=inbound)
        t.eq("cause", {"class": "org.apache.pekko.remote." + exception, "message": message}, e["cause"])

    for body in (w.payload(b"\xff"), w.payload(w.f_bytes(2, b"")), w.tell("no path", w.SER_STRING, b"x")):
        link = t.link()
        link.send(body)
        t.closes(link)
        cause(link.peer, "EndpointException", "Error while decoding incoming Pekko PDU", True)
    for command, exception, text in ((w.SHUTTING_DOWN, "ShutDownAssociation", "Shut down address: "), (w.QUARANTINED, "InvalidAssociation", "Invalid address: ")):
        link = t.link()
        link.send(w.control(command))
        t.closes(link)
        cause(link.peer, exception, text + link.peer.address, True)
    peer = t.peer()
    t.node.cmd("tell %s lost" % peer.path("/user/x"))
    link = peer.accept(handshake=False)
    link.wait("ASSOCIATE", skip=False)
    link.send(w.control(w.DISASSOCIATE))
    cause(peer, "EndpointAssociationException", "Association failed with [%s]" % peer.address, False)


@case("identify-from-nobody")
def _(t):
    """An Identify without a sender is answered to dead letters, by whoever is there, or for whoever is not; only /remote answers nothing."""
    link = t.link()
    for how, path in (("direct", "/user/echo"), ("direct", "/user/nobody"), ("direct", "/user"), ("direct", "/"), ("selection", "/user/echo"), ("selection", "/user/nobody"), ("selection", "/remote")):
        i = t.unique("id")
        if how == "direct":
            link.tell(t.node.path(path), w.SER_MISC, w.identify(i), "A")
        else:
            link.tell(t.node.path("/"), w.SER_SELECTION, w.selection(path, w.SER_MISC, w.identify(i), "A"))
        e = t.event("deadletter", where=lambda e: isinstance(e["value"], dict) and e["value"].get("id") == i)
        ref = e["value"]["ref"]
        t.eq("the answer for " + path, None if "nobody" in path else t.node.path(path), ref and ref.split("#")[0])
        t.eq("sender, recipient, class", (t.node.path("/deadLetters"), t.node.path("/deadLetters"), "org.apache.pekko.actor.ActorIdentity"), (e["sender"], e["recipient"], e["class"]))
    mark = t.mark()
    link.tell(t.node.path("/remote"), w.SER_MISC, w.identify("for the daemon"), "A")
    t.collector_fence(link)
    t.eq("dead letters of Identify to /remote", [], [e for e in t.node.since(mark, "deadletter") if e["class"].endswith("ActorIdentity")])


@case("selections-of-names-that-cannot-be")
def _(t):
    """A selection with a '/' in a name, or a '#' without a number, is dropped: no answer to Identify, no dead letter; with a number it is the uid, of which a path shows the last."""
    link = t.link()
    me = link.peer.path("/user/me", 5)
    mark = t.mark()
    for elements in ([(1, "user"), (1, "a/b")], [(1, "user"), (1, "a#b")], [(1, "user"), (1, "echo#")], [(1, "user"), (1, "echo/")], [(1, "user"), (2, "a/*")], [(1, "user"), (2, "a#*")], [(1, "user/echo")],
                     [(1, "a#b"), (0, "")], [(1, "user"), (1, "nobody"), (1, "b#c")], [(1, "user"), (1, "echo#5x")], [(1, "user"), (1, "echo#2147483648")]):
        link.tell(t.node.path("/"), w.SER_SELECTION, w.selection(elements, w.SER_STRING, b"odd"), sender=me)
        link.tell(t.node.path("/"), w.SER_SELECTION, w.selection(elements, w.SER_MISC, w.identify("odd"), "A"), sender=me)
    t.is_open(link)
    t.collector_fence(link)
    t.eq("answers", [], link.all(lambda p: p.to == me))
    t.eq("dead letters", [], [e for e in t.node.since(mark, "deadletter") if e["sender"] == me])
    for elements, recipient in (([(1, "user"), (1, "echo#+5")], "/user/echo#5"), ([(1, "user"), (1, "a#1"), (1, "b#2")], "/user/a/b#2"), ([(1, "user"), (1, "a#1"), (1, "b")], "/user/a/b"), ([(1, "user"), (1, "a#0")], "/user/a")):
        m = t.unique("sel")
        link.tell(t.node.path("/"), w.SER_SELECTION, w.selection(elements, w.SER_STRING, m.encode()), sender=me)
        t.eq("recipient of %s" % elements, t.node.path(recipient), t.event("deadletter", value=m)["recipient"])


@case("message-with-a-fatal-ack", profile="quick")
def _(t):
    """A message that comes with an acknowledgement of what was never sent is delivered; then the peer is quarantined."""
    for ack in ((0, []), (5, []), (-1, [0]), (1 << 62, [])):
        link = t.link()
        m = t.unique("last")
        link.tell(t.node.path("/user/collector"), w.SER_STRING, m.encode(), ack=ack)
        t.received(m)
        t.lifecycle_kind("QuarantinedEvent", link.peer)
        t.closes(link)


@case("references-are-written-plainly")
def _(t):
    """A reference to another system comes back as Pekko writes it: no leading zeros in the port, no empty elements, no query, no uid 0, no sign."""
    link = t.link()
    a = "pekko.tcp://a@127.0.0.1:"
    for text, plain in (("05/user/x", "5/user/x"), ("5/user//x", "5/user/x"), ("5//user/x", "5/user/x"), ("5/user/x/", "5/user/x"), ("5/user/x?y", "5/user/x"), ("5/user/x#0", "5/user/x"), ("5/user/x#+7", "5/user/x#7"),
                        ("5/user/x#-7", "5/user/x#-7"), ("005//user/x?y#07", "5/user/x#7"), ("5", "5/"), ("5/", "5/"), ("5//", "5/"), ("5/user/x", "5/user/x"), ("0/user/x", "0/user/x")):
        p = t.echo(link, w.SER_MISC, w.f_bytes(1, a + text), "G")
        t.eq("echo of " + text, a + plain, w.decode("ActorRef", p.message)["path"])
        m = t.unique("from")
        link.say(t.node.path("/user/collector"), m, a + text)
        t.eq("sender " + text, a + plain, t.received(m)["sender"])


@case("lists-that-are-null")
def _(t):
    """A list or a map that is null, or is not there, comes back as null; an empty one as empty."""
    link = t.link()
    for text, expected in (("{}", (None, None)), ('{"list":null,"map":null}', (None, None)), ('{"list":[],"map":{}}', ([], {})), ('{"list":[5],"map":{"a":"b"}}', ([5], {"a": "b"}))):
        p = t.echo(link, w.SER_JSON, text.encode(), "ukko.oracle.Mixed")
        back = json.loads(p.message)
        t.eq("echo of " + text, expected, (back["list"], back["map"]))
        m = t.mark()
        link.tell(t.node.path("/user/collector"), w.SER_JSON, text.encode(), "ukko.oracle.Mixed")
        e = t.event("recv", since=m, **{"class": "ukko.oracle.Mixed"})
        t.eq("value of " + text, expected, (e["value"]["list"], e["value"]["map"]))


@case("texts-of-configuration-values")
def _(t):
    """Scopes, unique addresses and configurations are shown as Pekko's texts."""
    link = t.link()
    address = "pekko.tcp://s@h:7"
    data = w.address_data(address)
    full = {"protocol": "pekko.tcp", "system": "s", "hostname": "h", "port": 7}
    for manifest, message, text in (("RS", w.encode("RemoteScope", {"node": data}), "RemoteScope(%s)" % address), ("UD", w.encode("UniqueAddress", {"address": full, "uid": 5}), address + "#5"), ("AD", w.encode("AddressData", data), address),
                                    ("UD", w.encode("UniqueAddress", {"address": full, "uid": -5}), address + "#-5"), ("CF", b"a=1", 'Config(SimpleConfigObject({"a":1}))')):
        link.tell(t.node.path("/user/collector"), w.SER_MISC, message, manifest)
        t.received(text)


@case("the-reference-that-ignores")
def _(t):
    """pekko://local/ignore is that one reference, of a class of its own."""
    link = t.link()
    link.tell(t.node.path("/user/collector"), w.SER_MISC, w.f_bytes(1, "pekko://local/ignore"), "G")
    t.eq("class", "org.apache.pekko.actor.IgnoreActorRef", t.received("pekko://local/ignore")["class"])
    p = t.echo(link, w.SER_MISC, w.f_bytes(1, "pekko://local/ignore"), "G")
    t.eq("echo", "pekko://local/ignore", w.decode("ActorRef", p.message)["path"])


@case("origins-that-are-no-addresses")
def _(t):
    """A peer may call itself anything: the handshake is answered, the association is told by that text, and what it sends is delivered; a sender at such an address is nobody."""
    for system, host, port, shown in ((None, "a_b", 7, None), (None, "h h", 7, None), (None, "h/x", 7, None), (None, "\u00fc", 7, None), (None, "", 7, None), (None, "127.0.0.1", 1 << 31, -(1 << 31)), (None, "127.0.0.1", (1 << 32) - 1, -1),
                                      ("a b", "127.0.0.1", 7, None), ("a@b", "127.0.0.1", 7, None)):
        peer = t.peer()
        system = system or peer.system
        link = peer.connect(t.node, handshake=False)
        link.associate(system=system, host=host, port=port)
        link.wait("ASSOCIATE", skip=False)
        address = "pekko.tcp://%s@%s:%d" % (system, host, port if shown is None else shown)
        t.event("lifecycle", kind="AssociatedEvent", remote=address, inbound=True)
        m = t.unique("odd")
        link.say(t.node.path("/user/collector"), m, address + "/user/me#77777")
        t.eq("sender at " + address, t.node.path("/deadLetters"), t.received(m)["sender"])
        t.eq("frames", [], link.all(lambda p: p.kind in w.GOODBYES))


@case("origins-that-are-hardly-addresses")
def _(t):
    """Answers go to a peer at a port that cannot be, or of a system with an odd name, over its own connection."""
    for system, port in ((None, 65536), (None, 70000), (None, 0), ("", 7), ("\u00fc", 7), ("_x", 7), ("-x", 7), ("x.y", 7)):
        peer = t.peer()
        system = peer.system if system is None else system
        link = peer.connect(t.node, handshake=False)
        link.associate(system=system, port=port)
        link.wait("ASSOCIATE", skip=False)
        me = "pekko.tcp://%s@%s:%d/user/me#77777" % (system, peer.host, port)
        t.eq("echo to " + me, b"hi", t.echo(link, w.SER_STRING, b"hi", sender=me).message)


@case("arguments-and-their-lists")
def _(t):
    """A deployment has as many arguments as serializer ids; what the lists of values, manifests and flags hold beyond that means nothing. Too few are no deployment."""
    link = t.link()
    p = link.peer
    values = {"args": [b"a", b"\x05\x00\x00\x00"], "manifests": ["java.lang.String", "java.lang.Integer"], "serializerIds": [w.SER_STRING, w.SER_INT], "hasManifest": [False, False]}
    for n, (more, shown) in enumerate((({}, '["a",5]'), ({"hasManifest": [False, False, True]}, '["a",5]'), ({"manifests": values["manifests"] + ["x"]}, '["a",5]'), ({"args": values["args"] + [b"z"]}, '["a",5]'), ({"serializerIds": [w.SER_STRING]}, '["a"]'),
                                        ({"args": ["\U0001f680\x7f\n\"\\\t\u2028".encode(), values["args"][1]]}, '["\\ud83d\\ude80\\u007f\\n\\"\\\\\\u0009\\u2028",5]'))):
        ref = t.node.path("/remote/pekko.tcp/%s@%s:%d/user/parent/w%d" % (p.system, p.host, p.port, n), 500 + n)
        order = w.encode("DaemonMsgCreateData", {"props": dict(dict(values, **more), deploy=w.deploy_data(), clazz=WORKER),
                                                 "deploy": w.deploy_data(t.node.address), "path": ref, "supervisor": {"path": p.path("/user/parent", 5)}})
        link.tell(t.node.path("/remote"), w.SER_DAEMON, order)
        answer = t.echo(link, w.SER_STRING, b"hi", to=ref[len(t.node.address):])
        t.eq("answer of w%d" % n, 'worker%s at %s got "hi"' % (shown, ref[len(t.node.address):].split("#")[0]), answer.string)
