# SPDX-License-Identifier: Apache-2.0
"""What the test cases stand on: the case registry, the node under test as a process, and the context of a running case."""

import json
import os
import queue
import shlex
import subprocess
import tempfile
import threading
import time

import pekkowire as w

TIMEOUT = float(os.environ.get("PEKKOSPEC_TIMEOUT", "20"))   # the longest wait for one frame or event

CASES = []          # in the order of definition
CURRENT = {"set": None, "group": None}

# Options of the nodes that cases share. A case names its profile; the nodes of one profile are all started alike.
# `--hocon` is configuration text; the rest is the option list of the node program (see NODE.md).
CLASSIC = "pekko.remote.classic."
PROFILES = {
    "default": [],
    # a gate of 300 ms and a resend every 500 ms, where the defaults of 5 s and 2 s would only make the tests slow
    "quick": ["--gate", "300ms", "--hocon", CLASSIC + "resend-interval = 500ms"],
    # like quick, but no resend within the length of a test: what is seen twice was not resent by timer
    "noresend": ["--gate", "300ms", "--hocon", CLASSIC + "resend-interval = 60s"],
    "handshake": ["--gate", "300ms", "--hocon", CLASSIC + "netty.tcp.connection-timeout = 1s"],
    "liveness": ["--gate", "300ms", "--hocon", CLASSIC + "transport-failure-detector { heartbeat-interval = 500ms, acceptable-heartbeat-pause = 2s }"],
    "small-frames": ["--max-frame", "32000b"],
    "watch": ["--gate", "300ms", "--hocon", CLASSIC + "resend-interval = 500ms",
              "--hocon", "pekko.remote.watch-failure-detector { heartbeat-interval = 300ms, acceptable-heartbeat-pause = 2s, unreachable-nodes-reaper-interval = 200ms, expected-response-after = 300ms }"],
    "safe": ["--safe"],
    "untrusted": ["--untrusted", "--trusted-paths", "/user/receptionist"],
    "allow-list": ["--allow-list", "ukko.oracle.Actors.Worker"],
    "allow-none": ["--allow-list", "ukko.oracle.Actors.Sink"],
    "no-passive": ["--gate", "300ms", "--hocon", CLASSIC + "use-passive-connections = off"],
}

WORKER = "ukko.oracle.Actors$Worker"     # the class name under which the node offers its deployable actor


class Fail(Exception):
    def __init__(self, expected, seen):
        super().__init__("expected %s, saw %s" % (expected, seen))
        self.expected, self.seen = str(expected), str(seen)


class Skip(Exception):
    pass


class LostGoodbye(Exception):
    """The node closed a connection at its shutdown without DISASSOCIATE_SHUTTING_DOWN. Pekko's own goodbye loses a race now and
    then, so the case is tried again with a new node, six times at most; a node that never says goodbye fails."""


class Case:
    def __init__(self, fn, name, profile, fresh, options, beyond, lenient):
        self.fn, self.profile, self.fresh, self.options, self.beyond, self.lenient = fn, profile, fresh or bool(options), options, beyond, lenient
        self.set, self.group = CURRENT["set"], CURRENT["group"]
        self.id = "%s.%s" % (self.group, name)
        self.statement = " ".join((fn.__doc__ or "").split())


def case(name, profile="default", fresh=False, options=(), beyond=None, lenient=False):
    """Registers a test case; its docstring is the statement.

    profile   the kind of node it needs            fresh    a node of its own
    options   further options for the node (implies fresh)
    beyond    what the reference implementation does instead: such a case asks for more than Pekko gives and is counted apart
    lenient   frames from the node may be non-canonical
    """
    def register(fn):
        CASES.append(Case(fn, name, profile, fresh, list(options), beyond, lenient))
        return fn
    return register


# --------------------------------------------------------------------------------------------------------------------
class Node:
    """The node under test: a child process driven over stdin, reporting JSON lines."""

    def __init__(self, command, name, options):
        self.options = list(options)
        self.name = name
        self.log = tempfile.TemporaryFile()
        argv = shlex.split(command) + ["run", "--name", name, "--port", "0", "--loglevel", "WARNING"] + self.options
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.cv = threading.Condition()
        self.events = []
        self.eof = False
        threading.Thread(target=self._read, daemon=True).start()
        try:
            e = self.wait(lambda e: e["ev"] in ("started", "start-failed"), timeout=90, what="the event started")
        except w.Timeout as x:
            self.kill()
            raise Fail("a node that starts", "%s; stderr: %s" % (x, self.stderr()))
        if e["ev"] != "started":
            self.kill()
            raise Fail("a node that starts", e)
        self.address = e["address"]
        self.uid = e["uid"]
        self.version = e.get("pekko", "")
        self.pid = e.get("pid", self.process.pid)
        self.system, hp = self.address.split("://", 1)[1].split("@", 1)
        self.host, port = hp.rsplit(":", 1)
        self.port = int(port)

    def _read(self):
        for line in self.process.stdout:
            try:
                e = json.loads(line.decode("utf-8", "replace"))
            except ValueError:
                e = {"ev": "unparsable", "text": line.decode("utf-8", "replace")}
            if not isinstance(e, dict) or "ev" not in e:
                e = {"ev": "unparsable", "text": repr(e)}
            with self.cv:
                self.events.append(e)
                self.cv.notify_all()
        with self.cv:
            self.eof = True
            self.cv.notify_all()

    def stderr(self):
        self.log.seek(0)
        return self.log.read()[-2000:].decode("utf-8", "replace")

    def path(self, elements, uid=None):
        return self.address + elements + ("" if uid is None else "#%d" % uid)

    def mark(self):
        with self.cv:
            return len(self.events)

    def wait(self, pred, since=0, timeout=None, what="an event"):
        timeout = TIMEOUT if timeout is None else timeout
        end = time.monotonic() + timeout
        i = since
        with self.cv:
            while True:
                while i < len(self.events):
                    e = self.events[i]
                    i += 1
                    if pred(e):
                        return e
                if since:
                    self.refused(since)
                if self.eof:
                    raise w.Timeout("waited for %s, the node's output ended" % what)
                left = end - time.monotonic()
                if left <= 0:
                    last = [json.dumps(e)[:300] for e in self.events[since:][-4:]]
                    raise w.Timeout("waited %.0f s for %s; last events: %s" % (timeout, what, last))
                self.cv.wait(left)

    def refused(self, since):
        """Skips the case when the node said, from this event on, that it has not got a command or an option."""
        for i, e in enumerate(self.events):
            if e["ev"] == "unsupported" and (i >= since or "option" in e):
                raise Skip("unsupported: %s" % (e.get("cmd") or e.get("option")))

    def since(self, mark, ev=None):
        with self.cv:
            return [e for e in self.events[mark:] if ev is None or e["ev"] == ev]

    def cmd(self, line):
        try:
            self.process.stdin.write(line.encode("utf-8") + b"\n")
            self.process.stdin.flush()
        except OSError as e:
            raise Fail("a node that takes the command %r" % line[:60], "its stdin is closed: %s" % e)

    def alive(self):
        return self.process.poll() is None

    def rss(self):
        """Resident memory in KiB."""
        with open("/proc/%d/status" % self.pid) as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise Fail("a node with memory", "no VmRSS")

    def threads(self):
        with open("/proc/%d/status" % self.pid) as f:
            for line in f:
                if line.startswith("Threads:"):
                    return int(line.split()[1])
        return 0

    def fds(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def stop(self):
        """Ends the node. Between tests nobody is interested in an orderly shutdown."""
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for f in (self.process.stdin, self.process.stdout):
            try:
                f.close()
            except OSError:
                pass


# --------------------------------------------------------------------------------------------------------------------
class Context:
    """What a case gets as `t`."""

    def __init__(self, case, node, runner):
        self.case, self.node, self.runner = case, node, runner
        self.peers = []
        self.remarks = []
        self.start = node.mark()
        self.counter = 0

    # peers and connections -------------------------------------------------------------------------------------------
    def peer(self, *a, **kw):
        p = w.Peer(*a, **kw)
        self.peers.append(p)
        return p

    def link(self, **kw):
        """A connection, handshake done, from a peer of its own."""
        return self.peer().connect(self.node, **kw)

    def restart_node(self, options=None):
        """Ends the node of this case and starts another with the same (or other) options; only for fresh cases."""
        assert self.case.fresh
        self.node.kill()
        self.node = self.runner.start_node(self.case.profile, self.case.options if options is None else options)
        self.start = 0
        return self.node

    def close(self):
        for p in self.peers:
            p.close()

    # judging ---------------------------------------------------------------------------------------------------------
    def eq(self, what, expected, seen):
        if expected != seen:
            raise Fail("%s = %s" % (what, show(expected)), show(seen))

    def ok(self, condition, expected, seen=""):
        if not condition:
            raise Fail(expected, show(seen))

    def note(self, text):
        self.remarks.append(text)

    # events of the node ----------------------------------------------------------------------------------------------
    def mark(self):
        return self.node.mark()

    def event(self, ev, since=None, timeout=None, where=None, **fields):
        """The first event of that kind, since the start of the case, whose fields have these values."""
        def fits(e):
            return e["ev"] == ev and all(e.get(k) == v for k, v in fields.items()) and (where is None or where(e))
        return self.node.wait(fits, self.start if since is None else since, timeout, "the event %s %s" % (ev, fields or ""))

    def received(self, value, actor="/user/collector", since=None):
        """The event of `actor` printing a message with this value."""
        return self.event("recv", since=since, actor=actor, value=value)

    def lifecycle(self, kind, peer, since=None, **kw):
        return self.event("lifecycle", since=since, kind=kind, remote=peer.address, **kw)

    def lifecycle_kind(self, kind, peer, since=None):
        """A lifecycle event of this kind that names the peer's address in its text (events that are no AssociationEvent have no `remote`)."""
        return self.event("lifecycle", since=since, kind=kind, where=lambda e: peer.address in e.get("text", "") or peer.address == e.get("remote"))

    # talking to the node ---------------------------------------------------------------------------------------------
    def unique(self, stem="m"):
        self.counter += 1
        return "%s-%s-%d" % (stem, self.case.id, self.counter)

    def identify(self, link, path="/user/echo", correlation=None, address=None):
        """Sends Identify straight to a path and returns the reference that comes back (None for none)."""
        c = correlation or self.unique("id")
        link.tell((address or self.node.address) + path, w.SER_MISC, w.identify(c), "A", sender=link.peer.path("/temp/asker"))
        return link.wait(lambda p: p.identity is not None and p.identity[0] == c, TIMEOUT, "ActorIdentity(%s)" % c).identity[1]

    def fence(self, link):
        """Returns when the node has dealt with everything sent before on this connection (it answers an Identify)."""
        r = self.identify(link)
        if r is None:
            raise Fail("/user/echo to be there", "ActorIdentity(none)")

    def collector_fence(self, link):
        """Returns when /user/collector has printed everything sent to it before on this connection."""
        m = self.unique("fence")
        link.say(self.node.path("/user/collector"), m)
        self.received(m)

    def echo(self, link, serializer, message, manifest=None, to="/user/echo", sender=None, timeout=None):
        """Sends a message to the echo actor and returns what comes back."""
        me = sender or link.peer.path("/user/me-%s" % self.unique("e"), 77)
        link.tell(self.node.path(to), serializer, message, manifest, sender=me)
        return link.wait(lambda p: p.has_message and p.to == me, timeout or TIMEOUT, "the echo")

    def say_echo(self, link, text):
        p = self.echo(link, w.SER_STRING, text.encode())
        self.eq("echo", text, p.string)

    def alive(self):
        """The node still runs and answers an Identify on a new connection."""
        if not self.node.alive():
            raise Fail("a living node", "the process has ended")
        peer = self.peer()
        link = peer.connect(self.node)
        self.fence(link)
        peer.close()

    def is_open(self, link):
        """The connection still works in both directions."""
        try:
            self.fence(link)
        except w.Timeout as e:
            raise Fail("the connection to stay open", e)
        except OSError as e:
            raise Fail("the connection to stay open", e)

    def closes(self, link, timeout=None, expected="the node to close the connection"):
        """The node closes the connection (with or without a goodbye)."""
        try:
            return link.wait_eof(TIMEOUT if timeout is None else timeout)
        except w.Timeout as e:
            raise Fail(expected, e)

    def says_goodbye(self, link, kind):
        """The node sends this DISASSOCIATE, nothing but empty frames after it, and closes."""
        self.closes(link)
        kinds = [p.kind for p in link.pdus if p.kind not in ("ZERO", "HEARTBEAT")]
        last = kinds[-1] if kinds else None
        if last != kind:
            raise Fail("%s as the last frame, then close" % kind, link.tail_text())

    def ends_orderly(self, link):
        """The node, shutting down, says DISASSOCIATE_SHUTTING_DOWN as its last frame and closes."""
        self.closes(link)
        if not link.all(lambda p: p.kind in w.GOODBYES):
            raise LostGoodbye()
        self.says_goodbye(link, "DISASSOCIATE_SHUTTING_DOWN")

    def no_goodbye(self, link):
        """The node closes without any DISASSOCIATE."""
        self.closes(link)
        said = [p.kind for p in link.pdus if p.kind in w.GOODBYES]
        if said:
            raise Fail("the connection closed without DISASSOCIATE", said)

    def lives_or_closes(self, link):
        """For what may or may not end the association: True if it lives. In both cases the node must go on."""
        try:
            self.fence(link)
            return True
        except OSError:
            link.wait_eof(TIMEOUT)      # we could not write: then the end of the connection is about to be read
        except w.Timeout:
            if link.eof is None:
                raise
        self.alive()
        return False

    def sysmsg(self, link, message, to, seq=None, ack=None):
        """Sends a system message with the next (or the given) sequence number; returns the number."""
        seq = link.peer.next_seq() if seq is None else seq
        link.tell(to, w.SER_SYSTEM, message, seq=seq, ack=ack)
        return seq

    def victim(self, link, parent="/user/parent/other"):
        """Creates an actor that can be stopped (it dies of the message 'die'); returns its reference with uid."""
        self.counter += 1
        name = "v%d-%d" % (link.peer.port, self.counter)
        me = link.peer.path("/user/midwife", 1)
        link.say(self.node.path(parent), "spawn " + name, me)
        link.say(self.node.path(parent), "there?", me)
        link.wait(lambda p: p.to == me, TIMEOUT, "the answer of " + parent)
        ref = self.identify(link, parent + "/" + name)
        if ref is None:
            raise Fail("%s/%s to exist" % (parent, name), "ActorIdentity(none)")
        return ref

    def deploy(self, link, name, args=(), clazz=WORKER, uid=None, supervisor=None, path=None):
        """Sends DaemonMsgCreate for a child of an actor of ours; returns (reference of the child, reference of the supervisor)."""
        p = link.peer
        self.counter += 1
        uid = uid if uid is not None else 100000 + self.counter
        supervisor = supervisor or p.path("/user/parent", 5)
        path = path or "/remote/pekko.tcp/%s@%s:%d/user/parent/%s" % (p.system, p.host, p.port, name)
        ref = self.node.path(path, uid)
        link.tell(self.node.path("/remote"), w.SER_DAEMON, w.daemon_create(clazz, ref, supervisor, self.node.address, args))
        return ref, supervisor

    def wait_sys(self, link, kind, timeout=None, where=None):
        """The next system message of this kind."""
        return link.wait(lambda p: p.is_system(kind) and (where is None or where(p)), timeout or TIMEOUT, "the system message " + w.SYSTEM_NAMES[kind])

    def wait_ack(self, link, cumulative, nacks=None, timeout=None):
        """The next frame with this cumulative ack (and these nacks)."""
        p = link.wait(lambda p: p.ack == cumulative, timeout or TIMEOUT, "ack %d" % cumulative)
        if nacks is not None:
            self.eq("nacks of ack %d" % cumulative, sorted(nacks), sorted(p.nacks))
        return p

    def wait_ack_or_seen(self, link, cumulative):
        """This ack has come already or comes now."""
        if not link.all(lambda p: p.ack == cumulative):
            self.wait_ack(link, cumulative)

    def rss_within(self, before, limit_kib=None, what="resident memory"):
        limit = self.runner.rss_limit if limit_kib is None else limit_kib
        now = self.node.rss()
        self.note("rss %+d KiB" % (now - before))
        if now - before > limit:
            raise Fail("%s to grow by at most %d KiB" % (what, limit), "%d KiB more (%d -> %d)" % (now - before, before, now))


def show(x, limit=700):
    s = x.hex() if isinstance(x, (bytes, bytearray)) else x if isinstance(x, str) else repr(x)
    return s if len(s) <= limit else s[:limit] + "... (%d characters)" % len(s)


# --------------------------------------------------------------------------------------------------------------------
class Result:
    def __init__(self, case):
        self.case, self.state, self.expected, self.seen, self.remarks, self.seconds = case, None, "", "", [], 0.0

    def row(self):
        c = self.case
        return {"id": c.id, "set": c.set, "group": c.group, "statement": c.statement, "result": self.state, "beyond": c.beyond,
                "expected": self.expected, "seen": self.seen, "notes": self.remarks, "seconds": round(self.seconds, 2)}


class Runner:
    def __init__(self, command, rss_limit, jobs=1, report=lambda r: None, batch=40):
        self.command, self.rss_limit, self.jobs, self.report, self.batch = command, rss_limit, jobs, report, batch
        self.version = None

    def start_node(self, profile, options=()):
        n = Node(self.command, "nut", PROFILES[profile] + list(options))
        self.version = self.version or n.version
        return n

    def batches(self, cases):
        """Cases that share a node, and single ones that want their own; longest first."""
        shared, out = {}, []
        for c in cases:
            if c.fresh:
                out.append([c])
            else:
                shared.setdefault(c.profile, []).append(c)
        for l in shared.values():
            for i in range(0, len(l), self.batch):
                out.append(l[i:i + self.batch])
        return sorted(out, key=lambda b: -len(b)) if self.jobs > 1 else out

    def run(self, cases):
        work = queue.Queue()
        for b in self.batches(cases):
            work.put(b)
        results, lock = [], threading.Lock()

        def worker():
            while True:
                try:
                    batch = work.get_nowait()
                except queue.Empty:
                    return
                node = None
                for c in batch:
                    if node is None or not node.alive():
                        try:
                            node = self.start_node(c.profile, c.options)
                        except Fail as f:
                            node = None
                            r = Result(c)
                            r.state, r.expected, r.seen = "FAIL", f.expected, f.seen
                            with lock:
                                results.append(r)
                                self.report(r)
                            continue
                    r, node = self.run_case(c, node)
                    with lock:
                        results.append(r)
                        self.report(r)
                    if r.state == "FAIL":       # whatever it was, the next case shall not suffer from it
                        node.stop()
                if node is not None:
                    node.stop()

        threads = [threading.Thread(target=worker) for _ in range(self.jobs)]
        for th in threads:
            th.start()
        for th in threads:
            th.join()
        order = {id(c): i for i, c in enumerate(cases)}
        return sorted(results, key=lambda r: order[id(r.case)])

    def run_case(self, c, node):
        r = Result(c)
        t = Context(c, node, self)
        t0 = time.monotonic()
        try:
            for attempt in range(6):
                try:
                    c.fn(t)
                    break
                except LostGoodbye:
                    if attempt == 5:
                        raise Fail("DISASSOCIATE_SHUTTING_DOWN before the close, at least once in six shutdowns", "none")
                    t.note("goodbye lost")
                    t.restart_node()
            if not t.node.alive() and not getattr(t, "may_end", False):
                raise Fail("a living node after the case", "the process has ended")
            if not c.lenient:
                notes = sorted({n for p in t.peers for link in p.links for n in link.notes()})
                if notes:
                    raise Fail("canonical frames", notes[:5])
            r.state = "ok"
        except Skip as e:
            r.state, r.seen = "skip", str(e)
        except Fail as e:
            r.state, r.expected, r.seen = "FAIL", e.expected, e.seen
        except w.Timeout as e:
            r.state, r.expected, r.seen = "FAIL", "(see statement)", str(e)
        except OSError as e:
            r.state, r.expected, r.seen = "FAIL", "(see statement)", "socket error: %s" % e
        except Exception as e:   # a bug in the case itself: report it as a failure, with its place
            import traceback
            r.state, r.expected, r.seen = "FAIL", "(see statement)", "%r at %s" % (e, traceback.format_exc().strip().splitlines()[-3].strip())
        finally:
            t.close()
        if r.state == "FAIL":       # what the node said it has not got is why
            try:
                t.node.refused(t.start)
            except Skip as e:
                r.state, r.seen = "skip", str(e)
        r.seconds = time.monotonic() - t0
        r.remarks = t.remarks
        return r, t.node
