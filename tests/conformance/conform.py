#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Conformance runner: two implementations of the `run` contract (CONTRACT.md) are driven against each other.

    ./conform.py --a 'CMD' --b 'CMD' [--set visible|hidden] [--only PATTERN]... [--list] [--jobs N] [--json FILE]

CMD is a command prefix; `run --name N --port P ...` is appended to it. A scenario with two directions is run twice:
NAME>ab (the A side is the one that initiates) and NAME>ba. Only the Python standard library is needed.
Exit status: 0 when no scenario failed, 1 when one did, 2 for wrong usage."""
import argparse, array, atexit, fcntl, fnmatch, importlib.util, itertools, json, os, queue, random, re, select, shlex, signal, socket, struct
import subprocess, sys, termios, threading, time, traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.modules.setdefault('conform', sys.modules[__name__])
AREAS = 'SEL LINK ACK WATCH DEP ROUT SER SEC TLS NET SUP EVENT CFG'.split()
SHOWN_EVENTS = 30


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


# ---------------------------------------------------------------- scenario registry
class Scenario:
    def __init__(self, fn, area, what, cases, timeout, both):
        if area not in AREAS:
            raise ValueError('unknown area ' + area)
        self.fn, self.name, self.area, self.what = fn, fn.__name__.strip('_').replace('_', '-'), area, what
        self.cases, self.timeout, self.both = cases, timeout, both


REGISTRY = []


def scenario(area, what, cases='', timeout=40, both=True):
    """Decorator. `both`: the scenario is run in both directions. `timeout`: seconds for the whole scenario.
    `cases`: the cases of the project's conformance list it stands for."""
    def deco(fn):
        REGISTRY.append(Scenario(fn, area, what, cases, timeout, both))
        return fn
    return deco


# ---------------------------------------------------------------- matching
def matches(event, fields):
    for k, want in fields.items():
        k = {'cls': 'class', 'frm': 'from'}.get(k, k)
        if k not in event:
            return False
        got = event[k]
        if callable(want):
            try:
                if not want(got):
                    return False
            except Exception:
                return False
        elif isinstance(want, re.Pattern):
            if not isinstance(got, str) or not want.search(got):
                return False
        elif type(want) is bool or type(got) is bool or want is None:
            if got is not want:
                return False
        elif got != want:
            return False
    return True


def has(text):
    def f(got):
        return text in (got if isinstance(got, str) else json.dumps(got, ensure_ascii=False))
    f.text = 'has(%r)' % text
    return f


def refto(path):
    """matches a reference text: the path, with a uid"""
    def f(got):
        return re.fullmatch(re.escape(path) + r'#-?[1-9]\d*', got) is not None
    f.text = path + '#UID'
    return f


def anyof(*values):
    def f(got):
        return any(matches({'v': got}, {'v': v}) for v in values)
    f.text = 'one of %s' % (values,)
    return f


def show(v):
    return getattr(v, 'text', None) or (v.pattern if isinstance(v, re.Pattern) else repr(v))


class Log:
    """A growing list of dicts that one can wait on."""
    def __init__(self, label, ctx=None):
        self.label, self.ctx, self.items, self.cv, self.base = label, ctx, [], threading.Condition(), 0
        self.unsupported = None

    def add(self, e):
        with self.cv:
            self.items.append(e)
            self.cv.notify_all()

    def here(self):
        """a position; events before it can be left out with since="""
        with self.cv:
            return len(self.items)

    def find(self, ev=None, since=None, **fields):
        if ev is not None:
            fields['ev'] = ev
        with self.cv:
            return [e for e in self.items[self.base if since is None else since:] if matches(e, fields)]

    def describe(self, ev, fields):
        return '%s%s' % (ev or '', ''.join(' %s=%s' % (k, show(v)) for k, v in fields.items()))

    def ended(self):
        return False

    def expect_n(self, n, ev=None, timeout=15, since=None, **fields):
        """waits until n matching events are there; returns them"""
        f = dict(fields)
        if ev is not None:
            f['ev'] = ev
        end = time.monotonic() + timeout * SCALE
        if self.ctx:
            end = min(end, self.ctx.deadline)
        pos, got = self.base if since is None else since, []
        with self.cv:
            while True:
                while pos < len(self.items):
                    e = self.items[pos]
                    pos += 1
                    if matches(e, f):
                        got.append(e)
                        if len(got) == n:
                            return got
                if self.unsupported:
                    raise Skipped('%s: unsupported: %s' % (self.label, self.unsupported))
                left = end - time.monotonic()
                if left <= 0 or (self.ended() and pos >= len(self.items)):
                    raise Failed('%s: no %s%s%s' % (self.label, self.describe(ev, fields), '' if n == 1 else ' (%d of %d)' % (len(got), n),
                                                    ' (process ended)' if left > 0 else ' within %.0f s' % (timeout * SCALE)))
                self.cv.wait(min(left, 0.5))

    def expect(self, ev=None, timeout=15, since=None, **fields):
        return self.expect_n(1, ev, timeout, since, **fields)[0]

    def absent(self, ev=None, since=None, **fields):
        """fails when such an event is there now; call it after a later event proved that it would have come"""
        bad = self.find(ev, since, **fields)
        if bad:
            raise Failed('%s: unexpected %s: %s' % (self.label, self.describe(ev, fields), json.dumps(bad[0], ensure_ascii=False)[:400]))

    def quiet(self, seconds, ev=None, since=None, **fields):
        """fails when such an event comes within this time"""
        if since is None:
            since = self.base
        f = dict(fields)
        if ev is not None:
            f['ev'] = ev
        end = time.monotonic() + seconds
        with self.cv:
            while True:
                for e in self.items[since:]:
                    if matches(e, f):
                        raise Failed('%s: unexpected %s: %s' % (self.label, self.describe(ev, fields), json.dumps(e, ensure_ascii=False)[:400]))
                left = end - time.monotonic()
                if left <= 0:
                    return
                self.cv.wait(left)

    def tail(self, n=SHOWN_EVENTS):
        """what a report shows: the last events, of a longer scenario also its first ones"""
        with self.cv:
            l = [e for e in self.items[self.base:] if not (e['ev'] == 'deadletter' and 'Heartbeat' in str(e.get('value'))) and not e.get('manifest') == 'RWHR']
        if len(l) > n:
            l = l[:n // 3] + [{'ev': '...', 'left out': len(l) - n}] + l[-(n - n // 3):]
        return l


# ---------------------------------------------------------------- systems
ALIVE = set()
SCALE = 1.0


def _cleanup():
    for p in list(ALIVE):
        p.kill()


atexit.register(_cleanup)


class System(Log):
    """One actor system: a process of the contract."""
    def __init__(self, ctx, side, prefix, name, port, args, wait=True):
        Log.__init__(self, side + ':' + name, ctx)
        self.side, self.name, self.args, self.stderr, self.exit = side, name, list(args), [], None
        env = dict(os.environ)
        env.setdefault('PEER_JAVA_OPTS', '-Xms64m -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto')
        argv = shlex.split(prefix) + ['run', '--name', name, '--port', str(port)] + [str(a) for a in args]
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, start_new_session=True)
        ALIVE.add(self)
        self.started = None
        self._done = False
        self.lock, self.reading = threading.Lock(), threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._err, daemon=True).start()
        if wait:
            self.wait_started()

    def wait_started(self):
        e = self.expect(timeout=60, ev=anyof('started', 'start-failed'))
        if e['ev'] != 'started':
            raise Failed('%s did not start: %s' % (self.label, json.dumps(e)[:500]))
        self.started = e
        self.address, self.uid = e['address'], e['uid']
        self.port = int(self.address.rsplit(':', 1)[1])
        self.hostport = self.address.split('@', 1)[1]
        return self

    def _read(self):
        fd, rest, ready = self.p.stdout.fileno(), b'', select.poll()
        ready.register(fd, select.POLLIN)
        while True:
            ready.poll()
            with self.reading:
                data = os.read(fd, 1 << 16)
                lines = (rest + data).split(b'\n')
                rest = lines.pop()
                for raw in lines + ([rest] if not data else []):
                    self._line(raw.decode('utf-8', 'replace').strip())
            if not data:
                break
        self.p.wait()
        with self.cv:
            self._done, self.exit = True, self.p.returncode
            self.cv.notify_all()
        ALIVE.discard(self)

    def _line(self, line):
        if not line:
            return
        try:
            e = json.loads(line)
            if not isinstance(e, dict) or 'ev' not in e:
                raise ValueError
        except ValueError:
            e = {'ev': 'garbage', 'line': line}
        if e['ev'] == 'unsupported':
            with self.cv:
                self.unsupported = e.get('cmd') or e.get('option') or '?'
        self.add(e)

    def _catch_up(self):
        """takes in what the process has printed already: an event of another process may be here first"""
        end, waiting = time.monotonic() + 2, array.array('i', [0])
        while time.monotonic() < end:
            with self.reading:
                try:
                    fcntl.ioctl(self.p.stdout.fileno(), termios.FIONREAD, waiting)
                except (OSError, ValueError):
                    return
                if not waiting[0]:
                    return
            time.sleep(0.0005)

    def find(self, ev=None, since=None, **fields):
        self._catch_up()
        return Log.find(self, ev, since, **fields)

    def _err(self):
        for raw in self.p.stderr:
            self.stderr.append(raw.decode('utf-8', 'replace').rstrip())
            del self.stderr[:-40]

    def ended(self):
        return self._done

    # --- driving
    def cmd(self, line):
        if self.unsupported:
            raise Skipped('%s: unsupported: %s' % (self.label, self.unsupported))
        self.add({'ev': '<stdin', 'line': line if len(line) < 300 else line[:300] + '...'})
        try:
            with self.lock:
                self.p.stdin.write(line.encode() + b'\n')
                self.p.stdin.flush()
        except (OSError, ValueError):
            raise Failed('%s: process is gone (exit %s)' % (self.label, self.exit))

    def cmds(self, lines):
        with self.lock:
            self.p.stdin.write(''.join(x + '\n' for x in lines).encode())
            self.p.stdin.flush()

    def sync(self):
        """returns when every command given so far was taken up"""
        t = token()
        self.cmd('mark ' + t)
        self.expect('mark', text=t)

    def u(self, path):
        """the full text of a path here"""
        return self.address + path

    def ref(self, path):
        """matches a reference to an actor here"""
        return refto(self.address + path)

    def lookup(self, path):
        """asks the system itself for the reference with uid; a few times, as children start on their own"""
        for _ in range(10):
            n = self.here()
            self.cmd('resolve ' + path)
            e = self.expect('resolved', since=n, path=path)
            if e['ref']:
                return e['ref']
            time.sleep(0.2)
        raise Failed('%s: %s does not exist' % (self.label, path))

    def spawn(self, cls, name, *args):
        n = self.here()
        self.cmd(' '.join(['spawn', cls, name, *args]))
        return self.expect('spawned', since=n, ref=self.ref('/user/' + name))['ref']

    def close(self, wait=20):
        """orderly shutdown by end of input; returns the exit status"""
        try:
            self.p.stdin.close()
        except OSError:
            pass
        return self.join(wait)

    def terminate(self):
        self.cmd('terminate')

    def join(self, wait=20):
        end = time.monotonic() + wait * SCALE
        with self.cv:
            while not self._done:
                if time.monotonic() > end:
                    raise Failed('%s did not end' % self.label)
                self.cv.wait(0.5)
        return self.exit

    def kill(self):
        """kill -9, of this process only"""
        for f, pid in ((os.killpg, self.p.pid), (os.kill, (self.started or {}).get('pid'))):
            if pid and self.p.poll() is None:
                try:
                    f(pid, signal.SIGKILL)
                except OSError:
                    pass
        try:
            self.p.wait(10)
        except subprocess.TimeoutExpired:
            pass
        ALIVE.discard(self)

    crash = kill

    def pause(self, on=True):
        """SIGSTOP/SIGCONT of this process; when it returns all its threads have stopped"""
        pid = self.started.get('pid') or self.p.pid
        os.kill(pid, signal.SIGSTOP if on else signal.SIGCONT)
        while on and any(self._state('%d/task/%s' % (pid, t)) not in 'Tt' for t in os.listdir('/proc/%d/task' % pid)):
            time.sleep(0.001)

    @staticmethod
    def _state(task):
        try:
            with open('/proc/%s/stat' % task) as f:
                return f.read().rsplit(')', 1)[1].split()[0]
        except OSError:
            return 'T'


# ---------------------------------------------------------------- frames (the bytes of the remoting protocol)
def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while True:
        b = n & 127
        n >>= 7
        if n:
            out.append(b | 128)
        else:
            out.append(b)
            return bytes(out)


def pb(*fields):
    """protobuf: (number, bytes | str | int | ('fixed64', int))"""
    out = b''
    for num, v in fields:
        if v is None:
            continue
        if isinstance(v, str):
            v = v.encode()
        if isinstance(v, bytes):
            out += varint(num << 3 | 2) + varint(len(v)) + v
        elif isinstance(v, tuple):
            out += varint(num << 3 | 1) + struct.pack('<Q', v[1] & (1 << 64) - 1)
        else:
            out += varint(num << 3) + varint(v)
    return out


def unpb(b):
    """[(number, value)]: bytes for length-delimited, int for varint and fixed64"""
    out, i = [], 0
    def vi():
        nonlocal i
        n = s = 0
        while True:
            c = b[i]
            i += 1
            n |= (c & 127) << s
            s += 7
            if c < 128:
                return n
    while i < len(b):
        k = vi()
        num, wt = k >> 3, k & 7
        if wt == 0:
            out.append((num, vi()))
        elif wt == 1:
            out.append((num, struct.unpack('<q', b[i:i + 8])[0]))
            i += 8
        elif wt == 2:
            n = vi()
            if i + n > len(b):
                raise ValueError('short')
            out.append((num, b[i:i + n]))
            i += n
        elif wt == 5:
            out.append((num, struct.unpack('<i', b[i:i + 4])[0]))
            i += 4
        else:
            raise ValueError('wire type')
    return out


def one(fields, num, default=None):
    for n, v in fields:
        if n == num:
            return v
    return default


CONTROL = {1: 'ASSOCIATE', 2: 'DISASSOCIATE', 3: 'HEARTBEAT', 4: 'DISASSOCIATE_SHUTTING_DOWN', 5: 'DISASSOCIATE_QUARANTINED'}
SYSTEM_KINDS = {0: 'Create', 1: 'Recreate', 2: 'Suspend', 3: 'Resume', 4: 'Terminate', 5: 'Supervise', 6: 'Watch', 7: 'Unwatch', 8: 'Failed', 9: 'DeathWatchNotification'}


def decode(body):
    """one frame body as a dict"""
    try:
        if not body:
            return {'pdu': 'EMPTY'}
        f = unpb(body)
        if one(f, 1) is None:
            c = unpb(one(f, 2))
            d = {'pdu': CONTROL.get(one(c, 1), '?')}
            h = one(c, 2)
            if h is not None:
                h = unpb(h)
                o = unpb(one(h, 1))
                uid = one(h, 2) & 0xffffffff
                d['origin'] = '%s://%s@%s:%d' % (one(o, 4, b'').decode(), one(o, 1).decode(), one(o, 2).decode(), one(o, 3))
                d['uid'] = uid - (1 << 32) if uid & 1 << 31 else uid
            return d
        d = {'pdu': 'PAYLOAD'}
        p = unpb(one(f, 1))
        a = one(p, 1)
        if a is not None:
            a = unpb(a)
            d['ack'], d['nacks'] = one(a, 1), [v for n, v in a if n == 2]
        e = one(p, 2)
        if e is not None:
            e = unpb(e)
            m = unpb(one(e, 2))
            sid = one(m, 2)
            d['to'] = one(unpb(one(e, 1)), 1).decode()
            s = one(e, 4)
            d['from'] = one(unpb(s), 1).decode() if s is not None else None
            if one(e, 5) is not None:
                d['seq'] = one(e, 5)
            d['serializer'] = sid - (1 << 64) if sid >> 63 else sid
            d['manifest'] = one(m, 3, b'').decode()
            data = one(m, 1, b'')
            if sid == 22:
                d['system'] = SYSTEM_KINDS.get(one(unpb(data), 1), '?')
            d['data'] = data.hex() if len(data) <= 400 else '%d bytes' % len(data)
        return d
    except Exception as x:
        return {'pdu': 'UNDECODABLE', 'why': repr(x)}


def frame(body):
    return struct.pack('>I', len(body)) + body


def associate(origin, uid):
    m = re.fullmatch(r'([\w.]+)://([^@]+)@(.+):(\d+)', origin)
    proto = m.group(1)
    proto = proto[6:] if proto.startswith('pekko.') else proto
    org = pb((1, m.group(2)), (2, m.group(3)), (3, int(m.group(4))), (4, proto))
    return pb((2, pb((1, 1), (2, pb((1, org), (2, ('fixed64', uid)))))))


def control(code):
    return pb((2, pb((1, code))))


def payload(to=None, data=b'', serializer=20, manifest=None, frm=None, seq=None, ack=None, nacks=()):
    a = e = None
    if ack is not None:
        a = pb((1, ('fixed64', ack)), *[(2, ('fixed64', n)) for n in nacks])
    if to is not None:
        e = pb((1, pb((1, to))), (2, pb((1, data), (2, serializer), (3, manifest))), (4, pb((1, frm)) if frm else None), (5, ('fixed64', seq) if seq is not None else None))
    return pb((1, pb((1, a), (2, e))))


def refdata(path):
    return pb((1, path))


def sys_watch(watchee, watcher, kind=6):
    return pb((1, kind), (2, pb((1, refdata(watchee)), (2, refdata(watcher)))))


def selection_envelope(data, serializer, manifest, *elements):
    return pb((1, data), (2, serializer), *[(3, pb((1, 0)) if x == '..' else pb((1, 2 if '*' in x or '?' in x else 1), (2, x))) for x in elements], (4, manifest), (5, 0))


def recvall(sock, n):
    b = b''
    while len(b) < n:
        c = sock.recv(n - len(b))
        if not c:
            raise EOFError
        b += c
    return b


class Raw(Log):
    """A peer made by hand: one connection, frames in and out. Frames it gets are its events (with ev 'frame')."""
    def __init__(self, ctx, target=None, listen=False, host='127.0.0.1'):
        Log.__init__(self, 'raw', ctx)
        self.closed = False
        if listen:
            self.ls = socket.socket()
            self.ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.ls.bind((host, free_port()))
            self.ls.listen(8)
            self.port = self.ls.getsockname()[1]
            self.sock = None
            threading.Thread(target=self._accept, daemon=True).start()
        else:
            self.ls = None
            self.sock = socket.create_connection(target, 10)
            self.sock.settimeout(None)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._read, args=(self.sock,), daemon=True).start()

    def _accept(self):
        try:
            while True:
                s, _ = self.ls.accept()
                self.sock = s
                self.add({'ev': 'accepted'})
                threading.Thread(target=self._read, args=(s,), daemon=True).start()
        except OSError:
            pass

    def _read(self, s):
        how = 'fin'
        try:
            while True:
                n = struct.unpack('>I', recvall(s, 4))[0]
                b = recvall(s, n)
                d = decode(b)
                d['ev'] = 'frame'
                self.add(d)
        except EOFError:
            pass
        except OSError as x:
            how = str(x)
        self.add({'ev': 'closed', 'how': how})

    def send(self, body):
        self.sock.sendall(frame(body))

    def bytes(self, b):
        self.sock.sendall(b)

    def frame(self, timeout=15, since=None, **fields):
        return self.expect('frame', timeout, since, **fields)

    def close(self):
        for s in (self.sock, self.ls):
            try:
                if s:
                    s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            try:
                if s:
                    s.close()
            except OSError:
                pass


# ---------------------------------------------------------------- proxy
class Proxy(Log):
    """Stands between the systems that dial (HOST, PORT) and the one that is bound to target. Knows frames unless raw=True.
    Its events (ev 'frame', dir 'c2s' or 's2c', conn N) are the frames in order of arrival; 'open' and 'close' are connections."""
    def __init__(self, ctx, target, port=None, host='127.0.0.1', raw=False, listening=True):
        Log.__init__(self, 'proxy', ctx)
        self.target, self.host, self.port, self.raw = target, host, port or free_port(host), raw
        self.conns, self.n, self.ls = {}, 0, None
        self.drop = self.dup = None      # predicates over a frame
        self.keep = None                 # predicate: held back until release()
        self._held, self._gate = [], threading.Event()
        self._gate.set()
        self.hole, self.wait, self.chop, self.refusing = set(), 0.0, 0, False
        self.swap = None
        if listening:
            self.listen()

    def listen(self):
        ls = socket.socket()
        ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ls.bind((self.host, self.port))
        ls.listen(64)
        self.ls = ls
        threading.Thread(target=self._accept, args=(ls,), daemon=True).start()

    def unlisten(self):
        """from now on a connection attempt is refused"""
        ls, self.ls = self.ls, None
        if ls:
            try:
                ls.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            ls.close()

    def _accept(self, ls):
        while True:
            try:
                c, _ = ls.accept()
            except OSError:
                return
            if self.refusing:
                c.close()
                continue
            try:
                t = socket.create_connection(self.target, 5)
                t.settimeout(None)
            except OSError:
                c.close()
                self.add({'ev': 'target-refused'})
                continue
            for k in (c, t):
                k.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.n += 1
            i = self.n
            self.conns[i] = (c, t)
            self.add({'ev': 'open', 'conn': i})
            threading.Thread(target=self._pump, args=(i, 'c2s', c, t), daemon=True).start()
            threading.Thread(target=self._pump, args=(i, 's2c', t, c), daemon=True).start()

    def _out(self, sock, b):
        if self.chop:
            for k in range(0, len(b), self.chop):
                sock.sendall(b[k:k + self.chop])
                time.sleep(0.0005)
        else:
            sock.sendall(b)

    def _pump(self, i, way, src, dst):
        try:
            while True:
                if self.raw:
                    b = src.recv(65536)
                    if not b:
                        break
                    self._gate.wait()
                    if way not in self.hole:
                        dst.sendall(b)
                    continue
                n = struct.unpack('>I', recvall(src, 4))[0]
                if n > 1 << 26:
                    break
                b = recvall(src, n)
                f = decode(b)
                f.update(ev='frame', conn=i, dir=way)
                self._gate.wait()
                if self.wait:
                    time.sleep(self.wait)
                keep = self.keep
                if keep and keep(f):
                    f['held'] = True
                    self.add(f)
                    self._held.append((dst, b))
                    continue
                drop = self.drop
                if way in self.hole or (drop and drop(f)):
                    f['dropped'] = True
                    self.add(f)
                    continue
                dup = self.dup
                twice = dup and dup(f)
                self.add(f)
                self._out(dst, frame(b) * (2 if twice else 1))
        except (EOFError, OSError):
            pass
        self._close(i)

    def _close(self, i):
        c = self.conns.pop(i, None)
        if c:
            self.add({'ev': 'close', 'conn': i})
            for s in c:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()

    def cut(self):
        for i in list(self.conns):
            self._close(i)

    def hold(self):
        self._gate.clear()

    def release(self):
        """passes on what was held back (in the order of arrival) and stops holding"""
        self.keep = None
        self._gate.set()
        held, self._held = self._held, []
        for dst, b in held:
            try:
                self._out(dst, frame(b))
            except OSError:
                pass

    def blackhole(self, *ways):
        """swallows all frames of these directions; without arguments: of none"""
        self.hole = set(ways)

    def drop_next(self, n, pred):
        """swallows the next n frames for which pred holds"""
        left = [n]
        lock = threading.Lock()
        def f(fr):
            with lock:
                if left[0] > 0 and pred(fr):
                    left[0] -= 1
                    return True
            return False
        self.drop = f

    def frames(self, **fields):
        return self.find('frame', **fields)

    def frame(self, timeout=15, since=None, **fields):
        return self.expect('frame', timeout, since, **fields)

    def close(self):
        self.unlisten()
        self._gate.set()
        self.cut()


def sequenced(f):
    return 'seq' in f


def system_kind(*kinds):
    return lambda f: f.get('system') in kinds


_ports = random.Random(os.getpid() * 7919 + int(time.time()))
_port_lock = threading.Lock()
_given = {}


def free_port(host='127.0.0.1'):
    """a port that is free now, below the ephemeral range, not handed out lately"""
    with _port_lock:
        while True:
            p = _ports.randrange(12000, 31000)
            if p in _given:
                continue
            s = socket.socket()
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((host, p))
                if host != '0.0.0.0':
                    z = socket.socket()
                    try:
                        z.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        z.bind(('0.0.0.0', p))
                    finally:
                        z.close()
            except OSError:
                continue
            finally:
                s.close()
            _given[p] = True
            return p


_tokens = itertools.count(1)


def token(prefix='t'):
    return '%s%d-%04x' % (prefix, next(_tokens), random.randrange(1 << 16))


# ---------------------------------------------------------------- what a scenario gets
# short failure detection, for scenarios about crashed nodes
QUICK_FD = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 400ms, acceptable-heartbeat-pause = 1s, min-std-deviation = 100ms, unreachable-nodes-reaper-interval = 300ms, expected-response-after = 400ms }')
# patient one, for scenarios in which a node is away for a while and must not be given up
SLOW_FD = ('--hocon', 'pekko.remote.watch-failure-detector.acceptable-heartbeat-pause = 60s')


class Ctx:
    def __init__(self, worker, sc, direction):
        self.worker, self.sc, self.direction = worker, sc, direction
        self.deadline = time.monotonic() + sc.timeout * SCALE
        self.systems, self.shared_used, self.logs = [], [], []
        self.sides = {'x': direction[0], 'y': direction[1]}
        self.count = itertools.count(1)
        self.tmp = []

    # --- systems of this scenario alone
    def start(self, side, *args, name=None, port=0, wait=True):
        """side 'x' (the initiator of this direction) or 'y'; args are further options of `run`"""
        real = self.sides.get(side, side)
        name = name or '%s%d' % (side.upper(), next(self.count))
        p = System.__new__(System)
        self.systems.append(p)
        try:
            System.__init__(p, self, real, self.worker.prefix[real], name, port, args, wait)
        except BaseException:
            if not hasattr(p, 'p'):
                self.systems.remove(p)
            raise
        return p

    def x(self, *args, **kw):
        return self.start('x', *args, **kw)

    def y(self, *args, **kw):
        return self.start('y', *args, **kw)

    def both(self, xargs=(), yargs=()):
        """a fresh pair; they start side by side"""
        a, b = self.start('x', *xargs, wait=False), self.start('y', *yargs, wait=False)
        return a.wait_started(), b.wait_started()

    def many(self, *specs):
        """starts several at once: each spec is (side, args...)"""
        l = [self.start(sp[0], *sp[1:], wait=False) for sp in specs]
        return [p.wait_started() for p in l]

    def again(self, old, *args):
        """a new incarnation of a system: same side, name, port and options"""
        return self.start(old.side, *old.args, *args, name=old.name, port=old.port)

    # --- systems that live on for later scenarios
    def shared(self, side, *args):
        real = self.sides[side]
        p = self.worker.shared(real, args)
        p.ctx, p.base = self, p.here()
        if p not in self.shared_used:
            self.shared_used.append(p)
        return p

    def pair(self, *args):
        """the shared pair; a scenario must leave it as it found it"""
        return self.shared('x', *args), self.shared('y', *args)

    # --- between them
    def proxy(self, target, **kw):
        p = Proxy(self, target, **kw)
        self.logs.append(p)
        return p

    def proxied(self, side, *args, listening=True, raw=False, **kw):
        """a system that publishes the port of a proxy and is bound elsewhere: (system, proxy)"""
        bind = free_port()
        px = self.proxy(('127.0.0.1', bind), listening=listening, raw=raw)
        return self.start(side, '--bind-port', bind, *args, port=px.port, **kw), px

    def raw(self, system=None, listen=False):
        r = Raw(self, None if listen else ('127.0.0.1', system.port), listen)
        self.logs.append(r)
        return r

    def handshake(self, system, uid=77, origin=None, name='RAW'):
        """a hand-made peer with an open association: (raw, its address)"""
        r = self.raw(system)
        origin = origin or 'pekko.tcp://%s@127.0.0.1:%d' % (name + str(next(_tokens)), free_port())
        r.send(associate(origin, uid))
        r.frame(pdu='ASSOCIATE')
        return r, origin

    # --- everyday steps
    def ping(self, a, b, timeout=15):
        """a message from a to b and back"""
        t = token('ping')
        a.cmd('select %s %s' % (b.u('/user/echo'), t))
        a.expect('recv', timeout, actor='/user/collector', value=t, sender=b.ref('/user/echo'))

    def link(self, a, b, timeout=20):
        """pings until an answer comes (for links that are gated for a while)"""
        end = min(time.monotonic() + timeout * SCALE, self.deadline)
        seen = a.here()
        t = token('link')
        while True:
            a.cmd('select %s %s' % (b.u('/user/echo'), t))
            try:
                return a.expect('recv', 0.4, since=seen, actor='/user/collector', value=t)
            except Failed:
                if time.monotonic() > end:
                    raise Failed('%s: no answer from %s within %.0f s' % (a.label, b.address, timeout * SCALE))

    def fence(self, a, b):
        """when this returns, the watches (and unwatches) that a has reported so far are known at b: system messages arrive in
        order, so another watch of a missing actor there is answered after them. An ordinary message may overtake a watch."""
        p = b.u('/user/' + token('fence'))
        a.cmd('watchref ' + p)
        a.expect('terminated-msg', by='/user/watcher', ref=p, existenceConfirmed=False, addressTerminated=False)

    def reset(self, p):
        """sets the counters of /user/order and /user/sink to zero"""
        for actor, ask in (('/user/order', 'report'), ('/user/sink', 'count')):
            p.cmd('select %s reset' % actor)
            n = p.here()
            p.cmd('ask %s %s' % (actor, ask))
            p.expect('reply', since=n, path=actor, value=lambda v: v in (0, 'count=0 next=0 skipped=0 late=0 other=0'))

    def router(self, a, line, places):
        """makes a pool with remote routees; line is the command with NAME in it, places {system: number of routees}.
        Pekko has a race here: the routees are created before the router can be found as a child of its parent; when the
        other node's watch of the router comes back first, the router counts as dead and its routees are stopped again.
        So: another try, with another name, when that happened."""
        for _ in range(6):
            name = token('p')
            at = {p: p.here() for p in places}
            a.cmd(line.replace('NAME', name))
            ref = a.expect('deployed', name=name)['ref']
            for p, n in places.items():
                p.expect_n(n, 'worker-start', since=at[p], actor=has('/' + name + '/'))
            for p in places:
                self.ping(a, p)
                self.ping(p, a)
                self.ping(a, p)
            for p in places:
                p.sync()
            if a.find('terminated-msg', ref=ref):
                continue
            k = a.here()
            a.cmd('routees /user/deployer/' + name)
            try:
                if a.expect('routees', 5, since=k, path='/user/deployer/' + name)['count'] == sum(places.values()):
                    return name, ref
            except Failed:
                pass
        raise Failed('%s: the pool was not created: %s' % (a.label, line))

    def until(self, f, timeout=15, every=0.1, what='condition'):
        end = min(time.monotonic() + timeout * SCALE, self.deadline)
        while True:
            v = f()
            if v:
                return v
            if time.monotonic() > end:
                raise Failed('not reached within %.0f s: %s' % (timeout * SCALE, what))
            time.sleep(every)

    def check(self, ok, what):
        if not ok:
            raise Failed(what)

    def equal(self, got, want, what='value'):
        if got != want:
            raise Failed('%s is %r, expected %r' % (what, got, want))

    def file(self, name, text):
        import tempfile
        d = tempfile.mkdtemp(prefix='conform-')
        self.tmp.append(d)
        f = os.path.join(d, name)
        with open(f, 'w') as w:
            w.write(text)
        return f

    def skip(self, why):
        raise Skipped(why)

    def token(self, prefix='t'):
        return token(prefix)

    def free_port(self, host='127.0.0.1'):
        return free_port(host)

    def finish(self, ok):
        for p in self.logs:
            p.close()
        for p in self.systems:
            p.kill()
        if not ok:
            for p in self.shared_used:
                self.worker.discard(p)
        for p in self.shared_used:
            p.ctx = None
        import shutil
        for d in self.tmp:
            shutil.rmtree(d, ignore_errors=True)


CERTS = os.path.join(HERE, 'certs')


def tls(cert='node1', *more):
    """options of a system that talks TLS with one of the throw-away certificates"""
    if not os.path.exists(os.path.join(CERTS, '.stamp2')):
        with _port_lock:
            if not os.path.exists(os.path.join(CERTS, '.stamp2')):
                subprocess.run([os.path.join(HERE, 'certs.sh'), CERTS], check=True, stdout=subprocess.DEVNULL)
    return ('--transport', 'ssl', '--cert-dir', CERTS, '--cert', cert) + more


# ---------------------------------------------------------------- children on another system
def remote_path(a, b, name, parent='/user/deployer'):
    """the path of a's child `name` that lives at b"""
    return '%s/remote/pekko.tcp/%s%s/%s' % (b.address, a.address.split('://')[1], parent, name)


def local_part(a, name, parent='/user/deployer'):
    return '/remote/pekko.tcp/%s%s/%s' % (a.address.split('://')[1], parent, name)


def deploy(a, b, name, *args, cls='Worker'):
    n = a.here()
    a.cmd(' '.join(['deploy', cls, name, b.address, *args]))
    return a.expect('deployed', since=n, name=name)['ref']


def started(a, b, name, *args):
    """a child of a's deployer that is running at b"""
    n = b.here()
    ref = deploy(a, b, name, *args)
    b.expect('worker-start', since=n, actor=local_part(a, name))
    return ref


def made(a, line, name):
    """the reference of what a's deployer has made by this command"""
    n = a.here()
    a.cmd(line)
    return a.expect('deployed', since=n, name=name)['ref']


def gone(a, ref, **fields):
    """waits until a's deployer is told that a child has ended"""
    return a.expect('terminated-msg', by='/user/deployer', ref=ref, **fields)


def anew(s, p, cls, name):
    """spawns it under the name of one that has ended: whoever watched that may know it before its parent does"""
    def f():
        n = p.here()
        p.cmd('spawn %s %s' % (cls, name))
        return p.expect(since=n, ev=anyof('spawned', 'error')).get('ref')
    return s.until(f, what='another ' + name)


def same_ask(p, path, msg):
    n = p.here()
    p.cmd('ask %s %s' % (path, msg))
    e = p.expect('reply', since=n, path=path)
    return e.get('value', e.get('error'))


# ---------------------------------------------------------------- running
class Worker(threading.Thread):
    MAX_SHARED = 4

    def __init__(self, prefix, q, report):
        threading.Thread.__init__(self, daemon=True)
        self.prefix, self.q, self.report, self.pool = prefix, q, report, {}

    def shared(self, side, args):
        key = (side, args)
        p = self.pool.pop(key, None)
        if p is None or p.ended():
            while len(self.pool) >= self.MAX_SHARED:
                self.pool.pop(next(iter(self.pool))).kill()
            p = System(None, side, self.prefix[side], 'Node' + side.upper(), 0, args)
        self.pool[key] = p
        return p

    def discard(self, p):
        for k, v in list(self.pool.items()):
            if v is p:
                del self.pool[k]
        p.kill()

    def run(self):
        while True:
            try:
                sc, direction = self.q.get_nowait()
            except queue.Empty:
                break
            ctx = Ctx(self, sc, direction)
            t0, result, why = time.monotonic(), 'ok', ''
            try:
                sc.fn(ctx)
            except Skipped as x:
                result, why = 'skip', str(x)
            except Failed as x:
                line = next((f.lineno for f in reversed(traceback.extract_tb(x.__traceback__)) if os.path.basename(f.filename) != os.path.basename(__file__)), 0)
                result, why = 'FAIL', '%s [line %d]' % (x, line)
            except Exception:
                result, why = 'FAIL', traceback.format_exc()
            if result == 'FAIL':   # a side that said "unsupported" is why
                u = next((p for p in ctx.systems + ctx.shared_used if p.unsupported), None)
                if u:
                    result, why = 'skip', '%s: unsupported: %s' % (u.label, u.unsupported)
            dt = time.monotonic() - t0
            tails = [(p.label, p.tail(), list(getattr(p, 'stderr', []))[-8:]) for p in ctx.systems + ctx.shared_used + ctx.logs] if result == 'FAIL' else []
            try:
                ctx.finish(result != 'FAIL')
            except Exception:
                traceback.print_exc()
            self.report(sc, direction, result, why, dt, tails)
        for p in self.pool.values():
            p.kill()


def load(which):
    out = []
    d = os.path.join(HERE, which)
    for f in sorted(os.listdir(d) if os.path.isdir(d) else ()):
        if f.endswith('.py') and not f.startswith('_'):
            del REGISTRY[:]
            spec = importlib.util.spec_from_file_location('%s_%s' % (which, f[:-3]), os.path.join(d, f))
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
            out += REGISTRY
    del REGISTRY[:]
    names = [s.name for s in out]
    for n in names:
        if names.count(n) > 1:
            raise SystemExit('two scenarios named ' + n)
    return out


def main():
    global SCALE
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--a', help='command prefix of the A side')
    ap.add_argument('--b', help='command prefix of the B side')
    ap.add_argument('--set', default='visible', help='visible (default), hidden, or both separated by a comma')
    ap.add_argument('--only', action='append', default=[], help='glob over NAME, NAME>ab or AREA; a plain text matches as a part of the name (repeatable)')
    ap.add_argument('--list', action='store_true', help='list the scenarios and end')
    ap.add_argument('--jobs', type=int, default=1, help='scenarios at a time')
    ap.add_argument('--json', help='write the results to this file')
    ap.add_argument('--scale', type=float, default=1.0, help='factor for all time limits')
    ap.add_argument('--repeat', type=int, default=1, help='run everything this often')
    ap.add_argument('--fail-fast', action='store_true')
    o = ap.parse_args()
    SCALE = o.scale
    scs = [(w, s) for w in o.set.split(',') for s in load(w)]
    todo = []
    for w, s in scs:
        for d in ('ab', 'ba') if s.both else ('ab',):
            full = s.name + ('>' + d if s.both else '')
            if not o.only or any(fnmatch.fnmatch(full, p) or fnmatch.fnmatch(s.name, p) or s.area == p or (not re.search(r'[*?\[]', p) and p.lower() == p and p in full) for p in o.only):
                todo.append((s, d))
    if o.list:
        for s in dict.fromkeys(s for s, _ in todo):
            print('%-34s %-5s %2d run%s %3d s  %s%s' % (s.name, s.area, 1 + s.both, ' ' if not s.both else 's', s.timeout, s.what, '  [%s]' % s.cases if s.cases else ''))
        n = len({s.name for s, _ in todo})
        print('%d scenarios, %d runs' % (n, len(todo)))
        return 0
    if not o.a or not o.b:
        ap.error('--a and --b are needed')
    if not todo:
        print('nothing matches')
        return 2
    q, lock, results, t0 = queue.Queue(), threading.Lock(), [], time.monotonic()
    for _ in range(o.repeat):
        for t in todo:
            q.put(t)

    def report(sc, direction, result, why, dt, tails):
        full = sc.name + ('>' + direction if sc.both else '')
        with lock:
            first, *rest = (why.strip().split('\n') or [''])
            print('%-4s %-36s %-5s %5.1f s%s' % (result, full, sc.area, dt, '  ' + first if first else ''), flush=True)
            for r in rest:
                print('        ' + r)
            for label, items, err in tails:
                print('    --- last events of %s' % label)
                for e in items:
                    print('    ' + json.dumps(e, ensure_ascii=False)[:420])
                for l in err:
                    if 'SLF4J' not in l:
                        print('    stderr: ' + l[:300])
            sys.stdout.flush()
            results.append({'name': full, 'area': sc.area, 'what': sc.what, 'cases': sc.cases, 'result': result, 'why': why, 'seconds': round(dt, 2)})
            if result == 'FAIL' and o.fail_fast:
                while not q.empty():
                    q.get_nowait()

    ws = [Worker({'a': o.a, 'b': o.b}, q, report) for _ in range(max(1, o.jobs))]
    for w in ws:
        w.start()
    try:
        for w in ws:
            while w.is_alive():
                w.join(0.5)
    except KeyboardInterrupt:
        return 2
    if o.json:
        with open(o.json, 'w') as f:
            json.dump({'a': o.a, 'b': o.b, 'set': o.set, 'seconds': round(time.monotonic() - t0, 1), 'results': results}, f, indent=1, ensure_ascii=False)
    n = {k: sum(r['result'] == k for r in results) for k in ('ok', 'FAIL', 'skip')}
    print('%.0f s' % (time.monotonic() - t0))
    print('%d passed, %d failed%s' % (n['ok'], n['FAIL'], ', %d skipped' % n['skip'] if n['skip'] else ''))
    return 1 if n['FAIL'] else 0


if __name__ == '__main__':
    sys.exit(main())
