# SPDX-License-Identifier: Apache-2.0
"""DeathWatch across the wire, from both sides."""

import time

import pekkowire as w
from speclib import case


def watcher(link, n=1):
    return link.peer.path("/user/watcher%d" % n, n)


def watch(t, link, target, n=1):
    return t.sysmsg(link, w.sys_watch(target, watcher(link, n)), target)


def notifications(link):
    return {p.seq: p for p in link.all(lambda p: p.is_system(w.NOTIFICATION))}


def heartbeat_rsp(link, to, uid):
    link.tell(to, w.SER_MISC, w.encode("WatcherHeartbeatResponse", {"uid": uid}), "RWHR", sender=link.peer.path("/system/remote-watcher", 1))


@case("watch-then-stop")
def _(t):
    """Watch is acknowledged; when the actor stops, its watcher gets DeathWatchNotification(actor with uid, confirmed, not address-terminated), numbered 0, without sender."""
    link = t.link()
    victim = t.victim(link)
    watch(t, link, victim)
    t.wait_ack(link, 0, [])
    link.say(victim, "die")
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("message", w.sys_notification(victim, True, False), p.message)
    t.eq("recipient, sender, number, manifest", (watcher(link), None, 0, ""), (p.to, p.sender, p.seq, p.manifest))


@case("watch-without-uid")
def _(t):
    """A Watch by path without uid reaches the living actor; the notification names it with its uid."""
    link = t.link()
    victim = t.victim(link)
    path = victim.split("#")[0]
    t.sysmsg(link, w.sys_watch(path, watcher(link)), path)
    t.wait_ack(link, 0, [])
    link.say(victim, "die")
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("message", w.sys_notification(victim, True, False), p.message)


@case("watch-of-nobody")
def _(t):
    """Watch of a missing actor, and of one with another uid, is answered at once with existence not confirmed, for the path as it was written."""
    link = t.link()
    target = t.node.path("/user/nobody", 17)
    watch(t, link, target)
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("message", w.sys_notification(target, False, False), p.message)
    ref = t.identify(link, "/user/echo")
    wrong = ref.split("#")[0] + "#%d" % (int(ref.split("#")[1]) ^ 1)
    watch(t, link, wrong)
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("message", w.sys_notification(wrong, False, False), p.message)


@case("watch-of-the-dead")
def _(t):
    """Watch of an actor that has stopped meanwhile is answered with existence not confirmed."""
    link = t.link()
    victim = t.victim(link)
    watch(t, link, victim)
    link.say(victim, "die")
    t.wait_sys(link, w.NOTIFICATION)
    watch(t, link, victim, 2)
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("recipient and message", (watcher(link, 2), w.sys_notification(victim, False, False)), (p.to, p.message))


@case("unwatch")
def _(t):
    """After Unwatch there is no notification."""
    link = t.link()
    a, b = t.victim(link), t.victim(link)
    watch(t, link, a)
    watch(t, link, b)
    t.sysmsg(link, w.sys_unwatch(a, watcher(link)), a)
    t.wait_ack(link, 2, [])
    link.say(a, "die")
    link.say(b, "die")
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("notification", w.sys_notification(b, True, False), p.message)
    while t.identify(link, a[len(t.node.address):]) is not None:
        pass
    t.fence(link)
    t.eq("notifications", 1, len(notifications(link)))


@case("several-watchers")
def _(t):
    """Each watcher is notified, once, also if it watched twice."""
    link = t.link()
    victim = t.victim(link)
    for n in (1, 2, 3, 2, 1):
        seq = watch(t, link, victim, n)
    t.wait_ack(link, seq, [])
    link.say(victim, "die")
    for _ in range(3):
        t.wait_sys(link, w.NOTIFICATION)
    while t.identify(link, victim[len(t.node.address):]) is not None:
        pass
    t.fence(link)
    got = notifications(link)
    t.eq("watchers notified", sorted(watcher(link, n) for n in (1, 2, 3)), sorted(p.to for p in got.values()))
    t.eq("messages", {w.sys_notification(victim, True, False)}, {p.message for p in got.values()})


@case("answers-heartbeats")
def _(t):
    """A heartbeat to /system/remote-watcher, by selection, is answered to its sender with the node's uid, and the node's own watcher as sender."""
    link = t.link()
    rw = t.identify(link, "/system/remote-watcher")
    me = link.peer.path("/system/remote-watcher", 4711)
    link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("system/remote-watcher", w.SER_MISC, b"", "RWHB"), sender=me)
    p = link.wait(lambda p: p.to == me)
    t.eq("message", w.encode("WatcherHeartbeatResponse", {"uid": t.node.uid}), p.message)
    t.eq("serializer, manifest, sender, number", (w.SER_MISC, "RWHR", rw, None), (p.serializer, p.manifest, p.sender, p.seq))


@case("no-watcher-without-unsafe-features", profile="safe")
def _(t):
    """With use-unsafe-remote-features-outside-cluster off there is no /system/remote-watcher, heartbeats are not answered, and the node watches nobody remote; being watched works."""
    link = t.link()
    t.eq("/system/remote-watcher", None, t.identify(link, "/system/remote-watcher"))
    me = link.peer.path("/system/remote-watcher", 4711)
    link.tell(t.node.address + "/", w.SER_SELECTION, w.selection("system/remote-watcher", w.SER_MISC, b"", "RWHB"), sender=me)
    t.node.cmd("watchref %s" % link.peer.path("/user/x", 7))
    t.event("watching", ref=link.peer.path("/user/x", 7))
    t.node.cmd("tell %s after" % link.peer.path("/user/x", 7))
    link.wait(lambda p: p.string == "after")
    t.eq("other frames", [], [p for p in link.pdus if p.has_message and p.string != "after" and p.identity is None])
    watch(t, link, t.node.path("/user/nobody"))
    t.wait_sys(link, w.NOTIFICATION)


@case("node-watches", profile="watch")
def _(t):
    """The node watching our actor: Watch from its /system/remote-watcher with number 0, then heartbeats to our /system/remote-watcher, and Watch again once it knows our uid."""
    peer = t.peer()
    target = peer.path("/user/x", 7)
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    rw = t.identify(link, "/system/remote-watcher")
    t.node.cmd("watchref " + target)
    p = t.wait_sys(link, w.WATCH)
    t.eq("Watch", (target, None, 0, w.sys_watch(target, rw)), (p.to, p.sender, p.seq, p.message))
    for _ in range(2):
        p = link.wait(lambda p: p.watch_heartbeat, what="a heartbeat")
        t.eq("heartbeat", (peer.address + "/", rw, None, w.selection("system/remote-watcher", w.SER_MISC, b"", "RWHB")), (p.to, p.sender, p.seq, p.message))
    link.answer_watch_heartbeat(p)
    p = t.wait_sys(link, w.WATCH, where=lambda p: p.seq == 1)
    t.eq("second Watch", w.sys_watch(target, rw), p.message)
    link.auto_rw = True
    t.sysmsg(link, w.sys_notification(target, True, False), p.system["watchData"]["watcher"]["path"])
    t.event("terminated-msg", ref=target, existenceConfirmed=True, addressTerminated=False)


@case("node-unwatches", profile="watch")
def _(t):
    """Watch comes from /system/remote-watcher; after unwatch so does Unwatch, and the heartbeats to us stop."""
    peer = t.peer()
    target = peer.path("/user/x", 8)
    link = peer.connect(t.node, auto_rw=True)
    t.lifecycle("AssociatedEvent", peer)
    rw = t.identify(link, "/system/remote-watcher")
    t.node.cmd("watchref " + target)
    p = t.wait_sys(link, w.WATCH)
    t.eq("Watch", (target, w.sys_watch(target, rw)), (p.to, p.message))
    link.wait(lambda p: p.watch_heartbeat)
    t.node.cmd("unwatchref " + target)
    p = t.wait_sys(link, w.UNWATCH)
    t.eq("Unwatch", (target, w.sys_unwatch(target, rw)), (p.to, p.message))
    t.fence(link)
    n = len(link.all(lambda p: p.watch_heartbeat))
    time.sleep(1.2)                                # four heartbeat intervals
    t.fence(link)
    t.ok(len(link.all(lambda p: p.watch_heartbeat)) <= n + 1, "no more heartbeats", link.tail_text())


@case("uid-change-watches-again", profile="watch")
def _(t):
    """When the heartbeat response carries a new uid the node sends Watch again; with the same uid it does not."""
    peer = t.peer()
    target = peer.path("/user/x", 9)
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("watchref " + target)
    for uid in (peer.uid, peer.uid, -12345, -12345, peer.uid, peer.uid):
        p = link.wait(lambda p: p.watch_heartbeat)
        heartbeat_rsp(link, p.sender, uid)
    p = link.wait(lambda p: p.watch_heartbeat)      # what the last answer caused came before this one
    watches = {p.seq for p in link.all(lambda p: p.is_system(w.WATCH))}
    t.eq("Watch messages (at first, then for the first uid, the second, the first again)", {0, 1, 2, 3}, watches)
    t.sysmsg(link, w.sys_notification(target, True, False), p.sender)
    t.event("terminated-msg", ref=target)


@case("silent-peer-is-unreachable", profile="watch")
def _(t):
    """When we stop answering heartbeats, the watcher gets Terminated(not confirmed, address terminated), and we are quarantined."""
    peer = t.peer()
    target = peer.path("/user/x", 10)
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("watchref " + target)
    for _ in range(3):
        p = link.wait(lambda p: p.watch_heartbeat)
        link.answer_watch_heartbeat(p)
    t.event("terminated-msg", ref=target, existenceConfirmed=False, addressTerminated=True)
    t.lifecycle_kind("QuarantinedEvent", peer)
    t.closes(link)


@case("never-answered-watch", profile="watch")
def _(t):
    """If we never answer a heartbeat at all, the watcher gets Terminated(address terminated) too."""
    peer = t.peer()
    target = peer.path("/user/x", 11)
    link = peer.connect(t.node)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("watchref " + target)
    t.event("terminated-msg", ref=target, existenceConfirmed=False, addressTerminated=True)


@case("lost-connection-is-no-death", profile="watch")
def _(t):
    """A lost connection alone is no Terminated: the node reconnects, goes on with heartbeats, and the notification that comes later counts."""
    peer = t.peer()
    target = peer.path("/user/x", 12)
    link = peer.connect(t.node, auto_rw=True)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd("watchref " + target)
    link.wait(lambda p: p.watch_heartbeat)
    link.close()
    link = peer.accept(auto_rw=True)
    p = link.wait(lambda p: p.watch_heartbeat)
    link.wait(lambda p: p.watch_heartbeat)
    t.eq("terminated so far", [], [e for e in t.node.since(t.start, "terminated-msg") if e["ref"] == target])
    t.sysmsg(link, w.sys_notification(target, True, False), p.sender)
    t.event("terminated-msg", ref=target, existenceConfirmed=True, addressTerminated=False)
