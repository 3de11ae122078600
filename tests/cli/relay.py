# SPDX-License-Identifier: Apache-2.0
"""A relay that writes what it passes on as a capture, without the rights that a sniffer needs; and tshark with the plug-in on a capture of TLS
and its key log, held against what one side has recorded itself."""
import os, shutil, struct, tempfile, time
from test_decode import tshark
from support import *


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
        with contextlib.suppress(ConnectionRefusedError), c, socket.create_connection(('127.0.0.1', self.to)) as t:
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


def frames_in_tls(cipher, keys):
    """the numbers of frames that Wireshark sees in each connection of a capture, there and back; none may be malformed"""
    with tempfile.TemporaryDirectory() as d:   # tshark runs as nobody
        os.chmod(d, 0o755)
        for path, name in ((cipher, 'cipher'), (keys, 'keys')):
            shutil.copy(path, os.path.join(d, name))
            os.chmod(os.path.join(d, name), 0o644)
        log = ['-o', 'tls.keylog_file:%s/keys' % d, '-r', d + '/cipher']
        for passes in ([], ['-2']):
            out, err = tshark(*passes, *log, '-V')
            for word in ('Malformed', 'malformed', 'undecodable', 'Lua Error'):
                assert word not in out and word not in err, (word, err)
        out, _ = tshark(*log, '-Y', 'pekko', '-T', 'fields', '-E', 'aggregator=,', '-e', 'tcp.stream', '-e', 'tcp.srcport', '-e', 'pekko.kind')
    counts = {}
    for line in out.splitlines():
        stream, port, kinds = line.split('\t')
        ways = counts.setdefault(int(stream), {port: 0})   # who speaks first has dialled
        ways[port] = ways.get(port, 0) + len([k for k in kinds.split(',') if k])
    return [(*counts[k].values(), 0)[:2] for k in sorted(counts)]


def same_talk(got, own):
    """is it what a command has recorded itself? It does not hear what comes after it has said goodbye"""
    rows = ukko_lines('decode', own)
    there = sum(r['from'] == rows[0]['from'] for r in rows)
    return got[0] == there and there > 3 and len(rows) - there <= got[1] <= len(rows) - there + 2


def kinds_of(path, *args):
    """of the frames that `ukko decode` finds"""
    return [r['kind'] for r in ukko_lines('decode', path, *args)]
