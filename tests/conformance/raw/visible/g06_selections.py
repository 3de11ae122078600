# SPDX-License-Identifier: Apache-2.0
"""ActorSelection and Identify."""

import pekkowire as w
from speclib import Fail, case


def select(t, link, elements, text, me=None, anchor="/", fan_out=False):
    link.tell(t.node.address + anchor, w.SER_SELECTION, w.selection(elements, w.SER_STRING, text.encode(), None, fan_out), sender=me)


def select_identify(t, link, elements, anchor="/", fan_out=False):
    """Identify in a selection; the reference that comes back, or None."""
    c = t.unique("sel")
    link.tell(t.node.address + anchor, w.SER_SELECTION, w.selection(elements, w.SER_MISC, w.identify(c), "A", fan_out), sender=link.peer.path("/temp/asker"))
    return link.wait(lambda p: p.identity is not None and p.identity[0] == c, what="ActorIdentity(%s)" % c).identity[1]


def answers(t, link, elements, count, anchor="/"):
    """The answers of the actors under /user/parent to a message by selection (each answers its own path), sorted."""
    me = link.peer.path("/user/me-" + t.unique("s"), 3)
    select(t, link, elements, "who", me, anchor)
    out = [link.wait(lambda p: p.to == me, what="%d answers to %s, have %d" % (count, elements, i)).string for i in range(count)]
    t.fence(link)
    t.eq("answers beyond the expected", count, len(link.all(lambda p: p.to == me)))
    return sorted(out)


@case("names")
def _(t):
    """A selection of names from the root reaches the actor, with our sender."""
    link = t.link()
    me = link.peer.path("/user/me", 12)
    select(t, link, "/user/collector", "by name", me)
    t.eq("sender", me, t.received("by name")["sender"])


@case("parent-steps")
def _(t):
    """PARENT goes up one step, and stays at the root there."""
    link = t.link()
    t.eq("/user/parent/c1/../c2", ["/user/parent/c2"], answers(t, link, "user/parent/c1/../c2", 1))
    t.eq("../../user/parent", ["/user/parent"], answers(t, link, "../../user/parent", 1))
    t.eq("user/parent/c1/g/../../../parent", ["/user/parent"], answers(t, link, "user/parent/c1/g/../../../parent", 1))


@case("patterns")
def _(t):
    """CHILD_PATTERN reaches each child whose name matches: * any run, ? one character, everything else literally."""
    link = t.link()
    p = "/user/parent/"
    t.eq("c*", [p + "c1", p + "c2", p + "c3"], answers(t, link, "user/parent/c*", 3))
    t.eq("c?", [p + "c1", p + "c2", p + "c3"], answers(t, link, "user/parent/c?", 3))
    t.eq("*", [p + "c1", p + "c2", p + "c3", p + "other"], answers(t, link, "user/parent/*", 4))
    t.eq("?2", [p + "c2"], answers(t, link, "user/parent/?2", 1))
    t.eq("o*r", [p + "other"], answers(t, link, "user/parent/o*r", 1))
    t.eq("c.* is no regular expression", None, select_identify(t, link, ["user", "parent", (w.CHILD_PATTERN, "c.*")]))
    t.eq("[ab]* is no class", None, select_identify(t, link, ["user", "parent", (w.CHILD_PATTERN, "[co]*")]))


@case("patterns-in-the-middle")
def _(t):
    """A pattern with elements after it fans out: /user/parent/*/g reaches four grandchildren."""
    link = t.link()
    t.eq("*/g", ["/user/parent/%s/g" % c for c in ("c1", "c2", "c3", "other")], answers(t, link, "user/parent/*/g", 4))
    t.eq("c?/*", ["/user/parent/%s/g" % c for c in ("c1", "c2", "c3")], answers(t, link, "user/parent/c?/*", 3))
    t.eq("c*/../other", ["/user/parent/other"] * 3, answers(t, link, "user/parent/c*/../other", 3))


@case("other-anchor")
def _(t):
    """The recipient of the selection is its anchor: /user/parent with the element c1; with no element it is the target."""
    link = t.link()
    t.eq("c1 below the anchor", ["/user/parent/c1"], answers(t, link, "c1", 1, anchor="/user/parent"))
    t.eq("nothing below the anchor", ["/user/parent"], answers(t, link, "", 1, anchor="/user/parent"))
    t.eq("up from the anchor", ["/user/parent/c3"], answers(t, link, "../c3", 1, anchor="/user/parent/c1"))


@case("identify-found")
def _(t):
    """Identify by selection and straight to a path give the same reference, full path with uid; the answer is canonical."""
    link = t.link()
    ref = select_identify(t, link, "user/echo")
    t.eq("the two references", t.identify(link, "/user/echo"), ref)
    t.ok(ref.startswith(t.node.path("/user/echo") + "#"), "a path with uid", ref)
    me = link.peer.path("/temp/$a")
    link.tell(t.node.path("/user/echo"), w.SER_MISC, w.identify("exact"), "A", sender=me)
    p = link.wait(lambda p: p.to == me)
    t.eq("message", w.encode("ActorIdentity", {"correlationId": w.text("exact"), "ref": {"path": ref}}), p.message)
    t.eq("serializer and manifest", (w.SER_MISC, "B"), (p.serializer, p.manifest))


@case("identify-missing")
def _(t):
    """Identify of a missing actor is answered with none: by selection, straight, below a missing one, with a wrong uid, by a pattern without match."""
    link = t.link()
    t.eq("selection", None, select_identify(t, link, "user/nobody"))
    t.eq("straight", None, t.identify(link, "/user/nobody"))
    t.eq("below a missing one", None, select_identify(t, link, "user/nobody/child"))
    t.eq("below a leaf", None, select_identify(t, link, "user/echo/child"))
    t.eq("pattern", None, select_identify(t, link, "user/parent/z*"))
    uid = int(t.identify(link, "/user/echo").split("#")[1])
    t.eq("wrong uid", None, t.identify(link, "/user/echo#%d" % (uid ^ 1)))
    t.eq("unknown top", None, t.identify(link, "/nowhere/x"))
    me = link.peer.path("/temp/$b")
    link.tell(t.node.path("/user/nobody"), w.SER_MISC, w.identify("none"), "A", sender=me)
    p = link.wait(lambda p: p.to == me)
    t.eq("message of ActorIdentity(none)", w.encode("ActorIdentity", {"correlationId": w.text("none")}), p.message)


@case("identify-guardians")
def _(t):
    """Identify of /, /user and /system gives references without uid; of /deadLetters none; of /temp none or no answer."""
    link = t.link()
    for path in ("/", "/user", "/system"):
        direct = t.identify(link, path)
        t.eq("reference to " + path, t.node.address + path, direct)
        t.eq("by selection", direct, select_identify(t, link, path))
    t.eq("Identify of /deadLetters", None, t.identify(link, "/deadLetters"))
    t.eq("by selection", None, select_identify(t, link, "deadLetters"))
    me = link.peer.path("/temp/$e")
    link.tell(t.node.path("/temp"), w.SER_MISC, w.identify("temp"), "A", sender=me)
    t.fence(link)
    t.eq("references in answers to Identify of /temp", [], [p.identity for p in link.pdus if p.to == me and p.identity[1] is not None])
    t.eq("a missing one below /temp", None, t.identify(link, "/temp/$zz"))


@case("identify-keeps-its-id")
def _(t):
    """The correlation of an Identify comes back as it was: a number, null, an Option."""
    link = t.link()
    ids = [w.nested(w.SER_LONG, w.long_bytes(-9)), dict(w.NULL_PAYLOAD), w.nested(w.SER_MISC, b"", "C"), w.nested(w.SER_BYTES, b"\x00\xff")]
    for i, c in enumerate(ids):
        me = link.peer.path("/temp/$c%d" % i)
        link.tell(t.node.path("/user/echo"), w.SER_MISC, w.encode("Identify", {"messageId": c}), "A", sender=me)
        p = link.wait(lambda p: p.to == me, what="ActorIdentity")
        got = w.decode("ActorIdentity", p.message)["correlationId"]
        t.eq("correlation", w.encode("Payload", c), w.encode("Payload", got))


@case("fan-out-flag-silences")
def _(t):
    """With wildcardFanOut an Identify that finds nothing is not answered with none."""
    link = t.link()
    me = link.peer.path("/temp/$d")
    link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("user/nobody", w.SER_MISC, w.identify("quiet"), "A", True), sender=me)
    t.fence(link)
    t.eq("answers", [], link.all(lambda p: p.to == me))
    t.eq("and one that finds is answered", t.identify(link, "/user/echo"), select_identify(t, link, "user/echo", fan_out=True))


@case("node-selects")
def _(t):
    """What the node writes for a selection of ours: recipient is our root, elements and patterns in order, wildcardFanOut written."""
    link = t.link()
    t.lifecycle("AssociatedEvent", link.peer)
    t.node.cmd("select %s hello" % link.peer.path("/user/a/*/../b*/c"))
    p = link.wait(lambda p: p.serializer == w.SER_SELECTION)
    t.eq("recipient", link.peer.address + "/", p.to)
    t.eq("message", w.selection("user/a/*/../b*/c", w.SER_STRING, b"hello"), p.message)
    t.ok((p.sender or "").startswith(t.node.path("/user/collector") + "#"), "the collector as sender", p.sender)


@case("node-identifies")
def _(t):
    """What the node writes for an Identify, and it takes our ActorIdentity, with a reference and with none."""
    link = t.link()
    t.lifecycle("AssociatedEvent", link.peer)
    t.node.cmd("resolve %s" % link.peer.path("/user/target"))
    p = link.wait(lambda p: p.serializer == w.SER_SELECTION)
    t.eq("elements", "/user/target", p.selection_path)
    inner = p.selection
    t.eq("inner message", (w.SER_MISC, b"A"), (inner["serializerId"], inner["messageManifest"]))
    ref = link.peer.path("/user/target", 99)
    link.tell(p.sender, w.SER_MISC, w.encode("ActorIdentity", {"correlationId": w.decode("Identify", inner["enclosedMessage"])["messageId"], "ref": {"path": ref}}), "B")
    t.event("resolved", path=link.peer.path("/user/target"), ref=ref)
    t.node.cmd("resolve %s" % link.peer.path("/user/missing"))
    p = link.wait(lambda p: p.serializer == w.SER_SELECTION)
    link.tell(p.sender, w.SER_MISC, w.encode("ActorIdentity", {"correlationId": w.decode("Identify", p.selection["enclosedMessage"])["messageId"]}), "B")
    t.event("resolved", path=link.peer.path("/user/missing"), ref=None)
