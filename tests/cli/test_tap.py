# SPDX-License-Identifier: Apache-2.0
"""What the commands themselves say and hear: -vvv and --record; and what Wireshark makes of the same conversation over TLS with its key log."""
import os, re, struct, tempfile, time
from certs import client
from test_decode import tshark
from test_doctor import tls_node
from support import *


def kinds_of(path, *args):
    return [r['kind'] for r in ukko_lines('decode', path, *args)]


@test
def vvv_prints_each_frame():
    p = ukko('-vvv', '-o', 'json', 'ask', node().address + '/user/echo', 'hello')
    assert json.loads(p.out)['value'] == 'hello'
    lines = [l for l in p.err.splitlines() if re.match(r'\d\d:\d\d:\d\d\.\d{3} [<>] 127\.0\.0\.1:%d ' % node().port, l)]
    for mark, word in (('>', 'ASSOCIATE'), ('<', 'ASSOCIATE'), ('>', 'Identify'), ('<', 'ActorIdentity'), ('>', '"hello" ->'), ('<', '"hello" ->'), ('>', 'DISASSOCIATE')):
        assert any(l[13] == mark and word in l for l in lines), (mark, word, p.err)
    assert ' > 127' not in ukko('-vv', 'ask', node().address + '/user/echo', 'hello').err
    n = Node('-v', '-v', '-v')
    ukko('ask', n.address + '/user/echo', 'hello')
    assert re.search(r' < 127\.0\.0\.1:\d+ "hello" ->', n.end()[2])


@test
def record_is_what_travels_without_tls():
    n = tls_node()
    with tempfile.TemporaryDirectory() as d:
        path = d + '/own.pcapng'
        ukko('--record', path, 'ask', n.address + '/user/echo', 'hello', *client())
        kinds = kinds_of(path)
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert kinds[:2] == ['control.associate'] * 2 and kinds.count('message.String') == 2 and kinds[-1] == 'control.shutdown', kinds
        big = 'x' * 100000   # more than a packet holds
        ukko('--record', path, 'ask', node().address + '/user/echo', big)
        assert sorted(r['bytes'] for r in ukko_lines('decode', path, '-Y', 'message.String'))[0] > 100000
        ukko('--record', path, 'bench', node().address + '/user/echo', '--links', '3', '-s', '10', '-f', '1', '-d', '10ms')
        rows = ukko_lines('decode', path, '-Y', 'control.associate')
        assert len(rows) == 6 and len({r['from'] for r in rows}) == 4, rows
        m = Node('--record', path)
        ukko('tell', m.address + '/user/sink', 'x')
        m.end()
        assert 'message.String' in kinds_of(path)
        six = Node('--hostname', '::1')
        ukko('--record', path, 'ask', six.address + '/user/echo', 'hello')
        assert {r['to'] for r in ukko_lines('decode', path, '-Y', 'message.String')} >= {'[::1]:%d' % six.port}
        six.end()
        assert error('--record', d + '/none/x', 'ping', node().address, code=9)['stage'] == 'record'
    n.end()


class Relay:
    """passes connections on to a port, and writes all of it as a capture"""
    def __init__(self, path):
        self.s = socket.create_server(('127.0.0.1', 0))
        self.port, self.lock, self.f, self.threads = self.s.getsockname()[1], threading.Lock(), open(path, 'wb'), []
        self.f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))

    def segment(self, source, dest, seq, ack, flags, data):
        tcp = struct.pack('>HHIIBBHHH', source, dest, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags, 65535, 0, 0) + data
        packet = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1])) + tcp
        now = time.time()
        self.f.write(struct.pack('<IIII', int(now), int(now % 1 * 1e6), len(packet), len(packet)) + packet)

    def one(self, c):
        with c, socket.create_connection(('127.0.0.1', self.to)) as t:
            ends, seq = (c.getpeername()[1], self.port), [1, 1]
            with self.lock:
                self.segment(ends[0], ends[1], 0, 0, 2, b'')
                self.segment(ends[1], ends[0], 0, 1, 18, b'')

            def pump(a, b, way):
                data = True
                while data:
                    with contextlib.suppress(ConnectionError):
                        data = b''
                        data = a.recv(16384)
                    with self.lock:
                        self.segment(ends[way], ends[1 - way], seq[way], seq[1 - way], 16 if data else 17, data)
                        seq[way] += len(data) or 1
                    with contextlib.suppress(OSError):
                        b.sendall(data) if data else b.shutdown(socket.SHUT_WR)
            back = threading.Thread(target=pump, args=(t, c, 1))
            back.start()
            pump(c, t, 0)
            back.join()

    def start(self, to):
        self.to = to

        def loop():
            with contextlib.suppress(OSError):
                while True:
                    self.threads.append(threading.Thread(target=self.one, args=(self.s.accept()[0],)))
                    self.threads[-1].start()
        threading.Thread(target=loop, daemon=True).start()

    def end(self):
        self.s.close()
        for t in self.threads:
            t.join(LIMIT)
        self.f.close()


@test
def dissector_sees_in_tls_with_a_key_log_what_the_command_says():
    for version in ('TLSv1.2', 'TLSv1.3'):
        with tempfile.TemporaryDirectory() as d:
            own, cipher, keys = d + '/own.pcapng', d + '/cipher.pcap', d + '/keys'
            relay, bound = Relay(cipher), free_port()
            both = 'pekko.remote.classic.netty.ssl.security.%s'
            suites = '[TLS_AES_256_GCM_SHA384]' if version == 'TLSv1.3' else '[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'
            say = ['-D', both % 'protocol = "%s"' % version, '-D', both % 'enabled-algorithms = %s' % suites]
            n = tls_node('-D', 'pekko.remote.classic.netty.ssl { hostname = 127.0.0.1, port = %d, bind-hostname = 127.0.0.1, bind-port = %d }' % (relay.port, bound), *say)
            relay.start(bound)
            assert n.port == relay.port
            for args in (['ask', n.address + '/user/echo', 'hello'], ['identify', n.address + '/user/*'], ['deploy', n.address, '--class', 'ukko.node.Counter']):
                ukko('--record', own, '--tls-keylog', keys, *args, *say, *client())
            n.end()
            relay.end()
            os.chmod(d, 0o755)
            os.chmod(cipher, 0o644)
            os.chmod(keys, 0o644)
            for passes in ([], ['-2']):
                out, err = tshark(*passes, '-o', 'tls.keylog_file:' + keys, '-r', cipher, '-V')
                for word in ('Malformed', 'malformed', 'undecodable', 'Lua Error'):
                    assert word not in out and word not in err, (version, word, err)
            out, _ = tshark('-o', 'tls.keylog_file:' + keys, '-r', cipher, '-Y', 'pekko', '-T', 'fields', '-E', 'aggregator=,', '-e', 'tcp.stream', '-e', 'pekko.kind')
            rows = [(line.split('\t')[0], len([k for k in line.split('\t')[1].split(',') if k])) for line in out.splitlines()]
            last = rows[-1][0]
            assert sum(k for stream, k in rows if stream == last) == len(kinds_of(own)) > 5, (version, rows, kinds_of(own))
