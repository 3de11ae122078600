# SPDX-License-Identifier: Apache-2.0
"""The attackers of tests/hostile/run: attack.py PORT COUNT makes so many connections, each in one of the ways below, holds up to AT_ONCE of
them at a time for up to HOLD_S seconds, and prints what became of them. They have little priority: they stand for other machines, which do
not take the node's processor."""
import json, os, random, resource, selectors, socket, struct, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'conformance', 'raw'))
import pekkowire as w  # noqa: E402

AT_ONCE, HOSTS, HOLD_S = 3000, 8, 1.0


def ways(port):
    """name -> what a connection sends, None: it is reset at once. Nobody reads more than the first bytes of what comes back."""
    here = 'pekko.tcp://victim@127.0.0.1:%d' % port
    options = b''
    for _ in range(1000):
        options = w.encode('Option', {'value': w.nested(w.SER_MISC, options, 'C')})
    selections = w.encode('Option', {'value': w.nested(w.SER_STRING, b'x')})
    for _ in range(500):
        selections = w.selection('/user/sink', w.SER_SELECTION, selections)

    def shake(r):
        return w.frame(w.associate('evil%d' % r.getrandbits(30), '127.0.0.1', r.randint(1, 65535), r.getrandbits(31)))

    def says(path, serializer, data, manifest=None, times=1, **kw):
        frames = w.frame(w.tell(path if '://' in path else here + path, serializer, data, manifest, **kw)) * times
        return lambda r: shake(r) + frames

    return {
        'silence': lambda r: b'',
        'half a handshake': lambda r: shake(r)[:r.randint(1, 20)],
        'noise': lambda r: r.randbytes(r.randint(4, 4000)),
        'a TLS hello': lambda r: b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + r.randbytes(506),
        'HTTP': lambda r: b'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
        'a length of 2 GB': lambda r: struct.pack('>I', 0x7fffffff) + bytes(1000),
        'empty frames': lambda r: bytes(4000),
        'a PDU that is none': lambda r: shake(r) + w.frame(r.randbytes(50)),
        'a frame without end': lambda r: shake(r) + struct.pack('>I', 120000) + bytes(60000),
        'unknown recipients': says('/user/nobody', w.SER_STRING, bytes(100), times=50),
        'foreign recipients': says('pekko.tcp://other@10.0.0.1:1/user/x', w.SER_STRING, b'x', times=50),
        'unknown serializers': says('/user/sink', 4711, bytes(100), times=50),
        'nested options': says('/user/sink', w.SER_MISC, options, 'C'),
        'nested selections': says('/', w.SER_SELECTION, selections),
        'a pattern of stars': says('/', w.SER_SELECTION, w.selection([(w.CHILD_NAME, 'user'), (w.CHILD_PATTERN, '*' * 30000 + '!')], w.SER_STRING, b'x')),
        'LZ4 of 2 GB': says('/user/sink', w.SER_JSON, bytes.fromhex('87d96df67fffffff') + bytes(22), 'x.Plain'),
        'answers it does not read': says('/user/echo', w.SER_STRING, b'x' * 20000, times=5, sender='pekko.tcp://evil@127.0.0.1:1/user/x#1'),
        'numbers far ahead': says('/user/sink', w.SER_SYSTEM, b'\x08\x04\x12\x00', seq=1 << 62),
        'a reset': lambda r: None,
    }


class Attack:
    def __init__(self, port):
        self.port, self.r, self.selector = port, random.Random(1), selectors.DefaultSelector()
        self.kinds, self.open = list(ways(port).values()), {}
        self.made = self.refused = self.ended = 0

    def connect(self):
        s = socket.socket()
        s.bind(('127.0.1.%d' % (1 + self.made % HOSTS), 0))
        data = self.kinds[self.made % len(self.kinds)](self.r)
        self.made += 1
        try:
            s.connect(('127.0.0.1', self.port))
            s.setblocking(False)
            if data is None:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                s.close()
                return
            if data:
                s.send(data)
        except OSError:
            self.refused += 1
            s.close()
            return
        self.open[s] = time.monotonic()
        self.selector.register(s, selectors.EVENT_READ)

    def look(self, s):
        """it has sent something, or ended"""
        self.selector.unregister(s)
        try:
            if s.recv(64):
                return
        except OSError:
            pass
        self.ended += 1
        del self.open[s]
        s.close()

    def run(self, count):
        while self.made < count or self.open:
            for _ in range(min(64, count - self.made, AT_ONCE - len(self.open))):
                self.connect()
            for key, _ in self.selector.select(0.01):
                self.look(key.fileobj)
            late = time.monotonic() - HOLD_S
            for s in [s for s, since in self.open.items() if since < late]:
                if s.fileno() in self.selector.get_map():
                    self.selector.unregister(s)
                del self.open[s]
                s.close()


def main():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    os.nice(19)
    a = Attack(int(sys.argv[1]))
    a.run(int(sys.argv[2]))
    print(json.dumps({'made': a.made, 'refused': a.refused, 'ended': a.ended}))


main()
