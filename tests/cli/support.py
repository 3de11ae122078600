# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: running it, a node of it, servers that misbehave, the form of errors and records."""
import contextlib, json, os, random, re, signal, socket, struct, subprocess, tempfile, threading

signal.signal(signal.SIGINT, signal.default_int_handler)     # children get it, also when this was started in the background of a shell

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('UKKO_BUILD', os.path.join(ROOT, 'build'))
UKKO = os.path.join(BUILD, 'bin', 'ukko')
LIMIT = 60
TESTS = []


class Skip(Exception):
    """what is missing for a test"""


def test(fn):
    TESTS.append(fn)
    return fn


def ukko(*args, code=0, stdout=subprocess.PIPE, stdin=None, env=None, cwd=None):
    """Runs the command to its end; checks the exit status."""
    p = subprocess.run([UKKO, *map(str, args)], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, stdout=stdout, stderr=subprocess.PIPE,
                       timeout=LIMIT, env=dict(os.environ, **env) if env else None, cwd=cwd)
    p.out, p.err = (p.stdout or b'').decode(), p.stderr.decode()
    assert p.returncode == code, 'status %d, not %d: ukko %s\n%s%s' % (p.returncode, code, ' '.join(map(str, args))[:200], p.out[-600:], p.err[-600:])
    return p


def fits(value, schema, root, where='$'):
    """checks a value against the part of JSON Schema that `ukko schema` uses"""
    if '$ref' in schema:
        schema = root['$defs'][schema['$ref'].rsplit('/', 1)[1]]
    if 'oneOf' in schema:
        errors = []
        for s in schema['oneOf']:
            try:
                return fits(value, s, root, where)
            except AssertionError as e:
                errors.append(str(e))
        raise AssertionError('; '.join(errors))
    kinds = {'string': str, 'integer': int, 'number': (int, float), 'boolean': bool, 'object': dict, 'array': list, 'null': type(None)}
    t = schema.get('type')
    if t:
        names = t if isinstance(t, list) else [t]
        ok = any(isinstance(value, kinds[n]) and (n == 'boolean' or not isinstance(value, bool)) for n in names)
        assert ok, '%s: %r is no %s' % (where, value, t)
    if isinstance(value, dict) and 'properties' in schema:
        for name in schema['required']:
            assert name in value, '%s: no %s in %s' % (where, name, value)
        for name, v in value.items():
            assert name in schema['properties'], '%s: %s is not in the schema' % (where, name)
            fits(v, schema['properties'][name], root, where + '.' + name)
    if isinstance(value, list) and 'items' in schema:
        for i, v in enumerate(value):
            fits(v, schema['items'], root, '%s[%d]' % (where, i))


SCHEMAS = None


def schema_of(args):
    """the schema of the command in args, or None"""
    global SCHEMAS
    SCHEMAS = SCHEMAS or json.loads(subprocess.run([UKKO, 'schema'], stdout=subprocess.PIPE, check=True).stdout)
    words = [str(a) for a in args]
    for i in range(len(words)):
        for name in (' '.join(words[i:i + 2]), words[i]):
            if name in SCHEMAS:
                return SCHEMAS[name]
    return None


def ukko_json(*args, code=0, **how):
    """-o json; what comes out fits the schema of the command"""
    value = json.loads(ukko('-o', 'json', *args, code=code, **how).out)
    schema = schema_of(args)
    if schema:
        fits(value, schema, schema)
    return value


def ukko_lines(*args, code=0, **how):
    """-o jsonl; each line fits the schema of a record"""
    rows = [json.loads(line) for line in ukko('-o', 'jsonl', *args, code=code, **how).out.splitlines()]
    schema = schema_of(args)
    for row in rows:
        if schema:
            fits(row, {'oneOf': [{'$ref': '#/$defs/record'}, {'$ref': '#/$defs/error'}]}, schema)
    return rows


def error(*args, code, **how):
    """The error object of a command that fails, after its form was checked."""
    p = ukko('-o', 'json', *args, code=code, **how)
    e = json.loads(p.out)
    assert list(e) == ['error'] and sorted(e['error']) == ['code', 'detail', 'hint', 'peer', 'stage'], e
    assert re.fullmatch(r'[A-Z][A-Z_]+', e['error']['code']), e
    people = ukko(*args, code=code, **how)
    said = lambda text: re.sub(r'(actual size of encoded class \S+ was )\d+', r'\1N', text)  # a sender's name is of chance length
    assert people.out == '' and people.err.startswith('ukko: ') and said(e['error']['detail']) in said(people.err), people.err
    return e['error']


NOT_YET = ('does not answer the handshake', 'the handshake was fine', "'SILENT'", 'TLS_TIMEOUT')


def in_time(fn, first=300):
    """What fn(-t, a time) gives, where the time is to run out, but behind the handshake only. One in which this busy machine cannot shake
    hands shows nothing: a longer one is taken."""
    ms = first
    while True:
        try:
            got = fn('-t', '%dms' % ms)
            early = isinstance(got, dict) and got.get('code') == 'TIMEOUT' and got['stage'] in ('handshake', 'lookup')
            if ms > 20000 or not early:
                return got
        except AssertionError as e:
            if ms > 20000 or not any(text in str(e) for text in NOT_YET):
                raise
        ms *= 4


ALL_RUNNING = []


class Running:
    """A command that goes on; its lines are read as they come."""
    def __init__(self, *args, **how):
        self.p = subprocess.Popen([UKKO, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **how)
        ALL_RUNNING.append(self.p)

    def line(self):
        """the next line; the command is ended when it does not come"""
        alarm = threading.Timer(LIMIT, self.p.kill)
        alarm.start()
        line = self.p.stdout.readline().decode()
        alarm.cancel()
        assert line, 'it ended: ' + self.p.stderr.read().decode()
        return line.rstrip('\n')

    def record(self):
        return json.loads(self.line())

    def end(self, sig=None):
        """(status, the rest of the output, what is on standard error)"""
        if sig:
            self.p.send_signal(sig)
        try:
            out, err = self.p.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.p.kill()
            raise
        return self.p.returncode, out.decode(), err.decode()


class Node(Running):
    """A running `ukko node`; its first line was read."""
    def __init__(self, *args, mode='jsonl'):
        super().__init__('-o', mode, 'node', '--port', '0', *args)
        self.first = self.line() + '\n'
        if mode == 'jsonl':
            self.started = json.loads(self.first)
            self.address = self.started['address']
            self.port = int(self.address.rsplit(':', 1)[1])

    def end(self, sig=signal.SIGTERM):
        return super().end(sig)


SHARED, SHARED_LOCK = None, threading.Lock()


def node():
    """one node for all tests that do not change it"""
    global SHARED
    with SHARED_LOCK:
        SHARED = SHARED or Node()
        return SHARED


def end_shared():
    """and what tests that failed left behind"""
    if SHARED:
        SHARED.end()
    for p in ALL_RUNNING:
        if p.poll() is None:
            p.kill()


@contextlib.contextmanager
def server(talk):
    """A TCP server whose connections are handled by talk(socket); gives its port."""
    s = socket.create_server(('127.0.0.1', 0))

    def one(c):
        with c, contextlib.suppress(OSError):
            talk(c)

    def loop():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    try:
        yield s.getsockname()[1]
    finally:
        s.close()


PORTS = random.SystemRandom().sample(range(12000, 31000), 1000)


def free_port():
    """a port on which nobody listens; below those that are given to who asks for any, so that nobody else comes to have it"""
    while True:
        with contextlib.suppress(OSError), socket.create_server(('', PORTS.pop())) as s:
            return s.getsockname()[1]


def at(port, path=''):
    return 'pekko.tcp://peer@127.0.0.1:%d%s' % (port, path)


# ---------------------------------------------------------------- frames by hand
def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def pb(field, value):
    """a field of bytes or text, or a varint"""
    if isinstance(value, int):
        return varint(field << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def framed(body):
    return struct.pack('>I', len(body)) + body


def associate(system, host, port, uid):
    origin = pb(1, system) + pb(2, host) + pb(3, port) + pb(4, 'tcp')
    return framed(pb(2, pb(1, 1) + pb(2, pb(1, origin) + bytes([0x11]) + struct.pack('<q', uid))))


def envelope(to, sender, serializer, manifest, data):
    message = pb(1, data) + pb(2, serializer) + (pb(3, manifest) if manifest else b'')
    return framed(pb(1, pb(2, pb(1, pb(1, to)) + pb(2, message) + (pb(4, pb(1, sender)) if sender else b''))))


class Raw:
    """a connection to a node, after the handshake"""
    def __init__(self, port, system, host, own_port, uid=77):
        self.s = socket.create_connection(('127.0.0.1', port), timeout=LIMIT)
        self.s.sendall(associate(system, host, own_port, uid))
        assert b'\x08\x01' in self.frame()

    def frame(self):
        while True:
            head = self.s.recv(4, socket.MSG_WAITALL)
            assert len(head) == 4, 'closed'
            n = struct.unpack('>I', head)[0]
            if n:
                return self.s.recv(n, socket.MSG_WAITALL)

    def next_payload(self):
        while True:
            body = self.frame()
            if body[0] == 0x0a:
                return body

    def identify(self, to, sender):
        self.s.sendall(envelope(to, sender, 16, 'A', bytes.fromhex('0a050a01691014')))

    def close(self):
        self.s.close()
