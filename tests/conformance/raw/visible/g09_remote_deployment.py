# SPDX-License-Identifier: Apache-2.0
"""Remote deployment: children that we create on the node, and children that the node creates on us."""

import pekkowire as w
from speclib import WORKER, Fail, case


def bare(t, ref):
    """The path of a reference without address and uid."""
    return ref[len(t.node.address):].split("#")[0]


def created(t, link, name, args=(), **kw):
    ref, sup = t.deploy(link, name, args, **kw)
    e = t.event("worker-start", actor=bare(t, ref))
    t.wait_sys(link, w.SUPERVISE)
    return ref, sup, e


def fails(t, link, ref, text):
    """Makes the worker fail; returns the Failed that comes to its supervisor."""
    link.say(ref, "throw " + text)
    return t.wait_sys(link, w.FAILED)


def node_deploys(t, name, args="", auto_rw=True):
    """Makes the node create a child on a new peer; returns (link, peer, DaemonMsgCreate pdu, its fields, Watch pdu)."""
    peer = t.peer()
    link = peer.connect(t.node, auto_rw=auto_rw)
    t.lifecycle("AssociatedEvent", peer)
    t.node.cmd(("deploy Worker %s %s %s" % (name, peer.address, args)).strip())
    p = link.wait(lambda p: p.serializer == w.SER_DAEMON, what="DaemonMsgCreate")
    watch = t.wait_sys(link, w.WATCH)
    return link, peer, p, p.daemon_create, watch


@case("create")
def _(t):
    """DaemonMsgCreate creates the actor at /remote/... with the uid of the path; Supervise(child, not async) and Watch of the supervisor come back, numbered 0 and 1."""
    peer = t.peer()
    link = peer.connect(t.node, auto_rw=True)
    rw = t.identify(link, "/system/remote-watcher")
    ref, sup = t.deploy(link, "w", uid=-987654)
    e = t.event("worker-start", actor=bare(t, ref))
    t.eq("parent of the child", sup, e.get("parent"))
    p = t.wait_sys(link, w.SUPERVISE)
    t.eq("Supervise", (sup, None, 0, w.sys_supervise(ref, False)), (p.to, p.sender, p.seq, p.message))
    p = t.wait_sys(link, w.WATCH)
    t.eq("Watch", (sup, 1, w.sys_watch(sup, rw)), (p.to, p.seq, p.message))
    link.wait(lambda p: p.watch_heartbeat, what="a heartbeat to the supervisor's node")
    t.eq("Identify of the child", ref, t.identify(link, bare(t, ref)))
    me = peer.path("/user/me", 4)
    link.say(ref, "hello", me)
    p = link.wait(lambda p: p.to == me)
    t.eq("answer", (ref, 'worker[] at %s got "hello"' % bare(t, ref)), (p.sender, p.string))


@case("arguments")
def _(t):
    """The arguments are read with their serializers: String, Long, Integer, Boolean, byte[], Jackson JSON."""
    link = t.link(auto_rw=True)
    greeting = w.golden()["json-greeting"]
    _, _, e = created(t, link, "a1", [(w.SER_STRING, "gr\u00fc\u00df".encode()), (w.SER_LONG, w.long_bytes(-5)), (w.SER_BYTES, b"\x00\xff")])
    t.eq("arguments", ["gr\u00fc\u00df", -5, "00ff"], e["args"])
    _, _, e = created(t, link, "a2", [(w.SER_INT, w.int_bytes(7)), (w.SER_BOOLEAN, b"\x01"), (w.SER_JSON, greeting["data"], greeting["manifest"])])
    t.eq("arguments", [7, True, {"text": "hi", "number": 3}], e["args"])


@case("failed-then-recreate")
def _(t):
    """A failing child sends Failed(child, cause as TNSEX, its uid) to its supervisor and waits; Recreate restarts it, and then it goes on with its messages."""
    link = t.link(auto_rw=True)
    ref, sup, _ = created(t, link, "f", uid=-1234567)
    p = fails(t, link, ref, "boom")
    t.eq("recipient and sender", (sup, None), (p.to, p.sender))
    m = p.system
    t.eq("child and uid", ({"path": ref}, -1234567 & w.M64), (m["failedData"]["child"], m["failedData"]["uid"]))
    cause = m["causeData"]
    t.eq("cause", (w.SER_MISC, b"TNSEX"), (cause["serializerId"], cause["messageManifest"]))
    x = w.decode("ThrowableNotSerializable", cause["enclosedMessage"], p.notes)
    t.eq("original message", "boom", x["originalMessage"])
    me = link.peer.path("/user/me", 4)
    link.say(ref, "while suspended", me)
    t.fence(link)
    t.eq("answers while suspended", [], link.all(lambda p: p.to == me))
    t.sysmsg(link, w.sys_msg(w.RECREATE, causeData=cause), ref)
    t.event("worker-prerestart", actor=bare(t, ref))
    t.event("worker-postrestart", actor=bare(t, ref))
    t.ok("while suspended" in link.wait(lambda p: p.to == me).string, "the message that waited is answered")


@case("failed-then-resume")
def _(t):
    """Resume with the cause lets the failed child go on without a restart; Failed comes again at the next failure."""
    link = t.link(auto_rw=True)
    ref, _, _ = created(t, link, "r")
    for text in ("once", "twice"):
        p = fails(t, link, ref, text)
        t.sysmsg(link, w.sys_msg(w.RESUME, causeData=p.system["causeData"]), ref)
    me = link.peer.path("/user/me", 4)
    link.say(ref, "still there", me)
    t.ok("still there" in link.wait(lambda p: p.to == me).string, "an answer")
    t.eq("restarts", [], [e for e in t.node.since(t.start) if e["ev"] in ("worker-prerestart", "worker-stop") and e["actor"] == bare(t, ref)])


@case("failed-then-terminate")
def _(t):
    """Terminate stops the failed child; its supervisor gets DeathWatchNotification, and so does each watcher."""
    link = t.link(auto_rw=True)
    ref, sup, _ = created(t, link, "t")
    watcher = link.peer.path("/user/w", 9)
    t.sysmsg(link, w.sys_watch(ref, watcher), ref)
    fails(t, link, ref, "enough")
    t.sysmsg(link, w.sys_msg(w.TERMINATE), ref)
    t.event("worker-stop", actor=bare(t, ref))
    got = {}
    for _ in range(2):
        p = t.wait_sys(link, w.NOTIFICATION)
        t.eq("notification", w.sys_notification(ref, True, False), p.message)
        got[p.to] = p
    t.eq("notified", sorted([sup, watcher]), sorted(got))


@case("child-stops-by-itself")
def _(t):
    """A child that stops by itself: DeathWatchNotification to the supervisor, then, as it was the last one, Unwatch of the supervisor."""
    link = t.link(auto_rw=True)
    rw = t.identify(link, "/system/remote-watcher")
    ref, sup, _ = created(t, link, "s")
    link.say(ref, "stop")
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("notification", (sup, w.sys_notification(ref, True, False)), (p.to, p.message))
    p = t.wait_sys(link, w.UNWATCH)
    t.eq("Unwatch", (sup, w.sys_unwatch(sup, rw)), (p.to, p.message))
    t.eq("Identify of the child", None, t.identify(link, bare(t, ref)))


@case("suspend-and-resume")
def _(t):
    """Suspend stops the processing of messages until Resume(null); none is lost."""
    link = t.link(auto_rw=True)
    ref, _, _ = created(t, link, "sr")
    me = link.peer.path("/user/me", 4)
    t.sysmsg(link, w.sys_msg(w.SUSPEND), ref)
    t.wait_ack(link, 0)
    for i in range(3):
        link.say(ref, "m%d" % i, me)
    t.fence(link)
    t.eq("answers while suspended", [], link.all(lambda p: p.to == me))
    t.sysmsg(link, w.sys_msg(w.RESUME, causeData=w.NULL_PAYLOAD), ref)
    for i in range(3):
        s = link.wait(lambda p: p.to == me).string
        t.ok('"m%d"' % i in s, "the answer to m%d" % i, s)


@case("supervisor-dies")
def _(t):
    """DeathWatchNotification of the supervisor stops its children on the node."""
    link = t.link(auto_rw=True)
    rw = t.identify(link, "/system/remote-watcher")
    refs = [created(t, link, n)[0] for n in ("d1", "d2")]
    sup = link.peer.path("/user/parent", 5)
    t.sysmsg(link, w.sys_notification(sup, True, False), rw)
    for ref in refs:
        t.event("worker-stop", actor=bare(t, ref))


@case("supervisor-node-unreachable", profile="watch")
def _(t):
    """When the supervisor's node stops answering heartbeats its children on the node are stopped."""
    link = t.link(auto_rw=True)
    ref, _, _ = created(t, link, "u")
    for _ in range(2):
        link.wait(lambda p: p.watch_heartbeat)
    link.auto_rw = False
    t.event("worker-stop", actor=bare(t, ref))


@case("path-rules")
def _(t):
    """A DaemonMsgCreate whose path does not begin with /remote creates nothing; the association lives."""
    link = t.link(auto_rw=True)
    p = link.peer
    for path in ("/user/intruder", "/system/intruder", "/remotely/intruder", "/temp/intruder"):
        t.deploy(link, "bad", path=path)
        t.is_open(link)
        t.eq(path, None, t.identify(link, path))
    t.eq("Supervise messages", [], link.all(lambda p: p.is_system(w.SUPERVISE)))
    ref, _, _ = created(t, link, "good")
    t.eq("workers started", [bare(t, ref)], [e["actor"] for e in t.node.since(t.start, "worker-start") if "intruder" in e["actor"] or p.system + "@" in e["actor"]])


@case("not-creatable")
def _(t):
    """An unknown class creates nothing; the association may live (better) or end."""
    link = t.link(auto_rw=True)
    ref, _ = t.deploy(link, "bad", clazz="no.such.Actor")
    t.note("lives" if t.lives_or_closes(link) else "ends")
    other = t.link()
    t.eq("Identify of it", None, t.identify(other, bare(t, ref)))
    t.eq("Supervise messages", [], link.all(lambda p: p.is_system(w.SUPERVISE)))


@case("same-name-again")
def _(t):
    """A second child with the same path and another uid replaces the first, which is stopped; its reference no longer reaches anybody."""
    link = t.link(auto_rw=True)
    old, _, _ = created(t, link, "twin", uid=11)
    new, _, _ = created(t, link, "twin", uid=22)
    t.event("worker-stop", actor=bare(t, old))
    t.eq("Identify by path", new, t.identify(link, bare(t, new)))
    t.eq("Identify of the old one", None, t.identify(link, bare(t, old) + "#11"))


@case("allow-list", profile="allow-list")
def _(t):
    """With an allow list a class on it is deployed."""
    link = t.link(auto_rw=True)
    created(t, link, "w")


@case("not-on-the-allow-list", profile="allow-none")
def _(t):
    """A class that is not on the allow list is not deployed: Watch is answered with existence not confirmed, messages are dead letters, the association lives."""
    link = t.link(auto_rw=True)
    ref, _ = t.deploy(link, "w")
    t.sysmsg(link, w.sys_watch(ref, link.peer.path("/user/w", 9)), ref)
    p = t.wait_sys(link, w.NOTIFICATION)
    t.eq("notification", w.sys_notification(ref, False, False), p.message)
    link.say(ref, "into the void")
    t.event("deadletter", value="into the void")
    t.is_open(link)
    t.eq("workers started", [], t.node.since(t.start, "worker-start"))


@case("node-creates")
def _(t):
    """The node creating a child on us: DaemonMsgCreate to our /remote, without sender and number, each field as it has to be; then Watch of the child with number 0."""
    link, peer, p, m, watch = node_deploys(t, "nc", "str:arg1 long:2 json:pojo,3")
    n = t.node
    t.eq("recipient, sender, number", (peer.path("/remote"), None, None), (p.to, p.sender, p.seq))
    props, deploy = m["props"], m["deploy"]
    t.eq("class", WORKER, props["clazz"])
    t.eq("arguments", [b"arg1", w.long_bytes(2), b'{"text":"pojo","number":3}'], props["args"])
    t.eq("manifests", ["java.lang.String", "java.lang.Long", "ukko.oracle.Greeting"], props["manifests"])
    t.eq("serializer ids", [w.SER_STRING, w.SER_LONG, w.SER_JSON], props["serializerIds"])
    t.eq("hasManifest", [False, False, True], props["hasManifest"])
    scope = w.encode("RemoteScope", {"node": w.address_data(peer.address)})
    t.eq("deploy: path, scope", ("", scope, w.SER_MISC, "RS"), (deploy["path"], deploy.get("scope"), deploy.get("scopeSerializerId"), deploy.get("scopeManifest")))
    t.eq("deploy: config", (b"{}", w.SER_MISC, "CF"), (deploy.get("config"), deploy.get("configSerializerId"), deploy.get("configManifest")))
    t.eq("deploy: router, dispatcher, tags", (None, None, None), (deploy.get("routerConfig"), deploy.get("dispatcher"), deploy.get("tags")))
    t.eq("deploy of the props: path and config", ("", b"{}"), (props["deploy"]["path"], props["deploy"].get("config")))
    base, uid = m["path"].split("#")
    t.eq("path", peer.path("/remote/pekko.tcp/%s@%s:%d/user/deployer/nc" % (n.system, n.host, n.port)), base)
    t.ok(uid.lstrip("-").isdigit() and int(uid) != 0, "a uid", uid)
    sup = m["supervisor"]["path"]
    t.eq("supervisor", t.identify(link, "/user/deployer"), sup)
    rw = t.identify(link, "/system/remote-watcher")
    t.eq("Watch", (m["path"], 0, w.sys_watch(m["path"], rw)), (watch.to, watch.seq, watch.message))
    e = t.event("deployed", name="nc")
    t.eq("reference", m["path"], e["ref"])
    t.node.cmd("select /user/deployer/nc hi")
    p = link.wait(lambda p: p.string == "hi")
    t.eq("recipient of a message to the child", m["path"], p.to)


@case("node-decides")
def _(t):
    """The node, as supervisor of a child on us, takes our Supervise and answers Failed with Recreate, Resume or Terminate, as its strategy says."""
    link, peer, _, m, _ = node_deploys(t, "nd")
    ref, sup = m["path"], m["supervisor"]["path"]
    uid = int(ref.split("#")[1])
    t.sysmsg(link, w.sys_supervise(ref), sup)
    cause = w.throwable_not_serializable("java.lang.IllegalStateException", "it broke")
    for strategy, kind in (("restart", w.RECREATE), ("resume", w.RESUME), ("stop", w.TERMINATE)):
        mark = t.mark()
        t.node.cmd("strategy " + strategy)
        t.event("ok", since=mark, cmd="strategy", value=strategy)
        t.sysmsg(link, w.sys_failed(ref, uid, cause), sup)
        t.event("child-failed", since=mark, child=ref, decision=strategy)
        p = t.wait_sys(link, kind)
        t.eq("recipient of " + w.SYSTEM_NAMES[kind], ref, p.to)
        if kind != w.TERMINATE:
            t.eq("cause", w.encode("Payload", cause), w.encode("Payload", p.system["causeData"]))
        else:
            t.eq("Terminate", w.sys_msg(w.TERMINATE), p.message)
    t.sysmsg(link, w.sys_notification(ref, True, False), sup)
    t.node.cmd("strategy restart")


@case("node-child-ends")
def _(t):
    """The notification that a child on us has stopped ends it for the node: Terminated(confirmed), and the name is free again."""
    link, peer, _, m, watch = node_deploys(t, "ne")
    ref, sup = m["path"], m["supervisor"]["path"]
    t.sysmsg(link, w.sys_supervise(ref), sup)
    t.sysmsg(link, w.sys_notification(ref, True, False), sup)
    t.sysmsg(link, w.sys_notification(ref, True, False), watch.system["watchData"]["watcher"]["path"])
    t.event("terminated-msg", ref=ref, existenceConfirmed=True, addressTerminated=False)
    t.node.cmd("deploy Worker ne %s" % peer.address)
    p = link.wait(lambda p: p.serializer == w.SER_DAEMON)
    t.ok(p.daemon_create["path"] != ref and p.daemon_create["path"].split("#")[0] == ref.split("#")[0], "the same path with another uid", p.daemon_create["path"])
