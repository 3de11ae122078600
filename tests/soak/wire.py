# SPDX-License-Identifier: Apache-2.0
"""The wire between the two nodes of the soak: a TCP proxy that injects faults and notes which numbered messages came by on which connection.
A thread for each way of each connection; the notes are guarded by the lock of the wire."""
import re, socket, struct, threading, time

MARK = re.compile(rb'm([uj])(\d+)-(\d+);')


class Connection:
    def __init__(self, opener, peers):
        self.opener, self.peers, self.opened = opener, peers, time.monotonic()
        self.broken, self.why = None, ''
        self.seen = {'u': [], 'j': []}   # by the side that sends: (incarnation, number, when)


class Wire:
    """hold, swallow and slow are set for a way: 'u' is what ukko sends, 'j' what the JVM sends"""
    def __init__(self):
        self.connections, self.lock = [], threading.Lock()
        self.hold = {'u': False, 'j': False}
        self.swallow = {'u': False, 'j': False}
        self.slow = {'u': 0, 'j': 0}     # bytes a second
        self.refuse, self.targets, self.ports = False, {}, {}
        self.listeners = []

    def listen(self, side):
        """a port that stands for this node; its own port is set later"""
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('127.0.0.1', 0))
        s.listen(64)
        self.listeners.append(s)
        self.ports[side] = s.getsockname()[1]
        threading.Thread(target=self._accept, args=(s, side), daemon=True).start()
        return self.ports[side]

    def _accept(self, listener, side):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                if self.refuse or not self.targets[side]:
                    raise OSError('refused')
                far = socket.create_connection(('127.0.0.1', self.targets[side]), 2)
                far.settimeout(None)
            except OSError:
                reset(near)
                continue
            opener = 'j' if side == 'u' else 'u'
            c = Connection(opener, {opener: near, side: far})
            with self.lock:
                self.connections.append(c)
            for frm, to in ((opener, side), (side, opener)):
                threading.Thread(target=self._carry, args=(c, frm, to), daemon=True).start()

    def _carry(self, c, frm, to):
        source, sink, rest, why = c.peers[frm], c.peers[to], b'', 'closed by ' + frm
        try:
            while True:
                while self.hold[frm] and not c.broken:
                    time.sleep(0.02)
                speed = self.slow[frm]
                data = source.recv(min(65536, max(64, speed // 20)) if speed else 65536)
                if not data:
                    break
                rest = self._note(c, frm, rest + data)
                while self.hold[frm] and not c.broken:
                    time.sleep(0.02)
                if not self.swallow[frm]:
                    sink.sendall(data)
                if speed:
                    time.sleep(len(data) / speed)
        except OSError as e:
            why = 'error at %s: %s' % (frm, e.strerror or e)
        self.end(c, why)

    def _note(self, c, frm, data):
        now, last = time.monotonic(), 0
        for m in MARK.finditer(data):
            last = m.end()
            if m.group(1).decode() == frm:
                with self.lock:
                    c.seen[frm].append((int(m.group(2)), int(m.group(3)), now))
        return data[max(last, len(data) - 48):]

    def end(self, c, why, hard=False):
        with self.lock:
            if c.broken:
                return
            c.broken, c.why = time.monotonic(), why
        for s in c.peers.values():
            if hard:
                reset(s)
            else:
                shut(s)

    def cut(self, why, hard):
        with self.lock:
            live = [c for c in self.connections if not c.broken]
        for c in live:
            self.end(c, why, hard)
        return len(live)

    def heal(self):
        for way in 'uj':
            self.hold[way] = self.swallow[way] = False
            self.slow[way] = 0
        self.refuse = False

    def close(self):
        for s in self.listeners:
            s.close()
        self.cut('end', True)


def shut(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    s.close()


def reset(s):
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.shutdown(socket.SHUT_RD)  # wakes the thread that reads; the close then sends RST
    except OSError:
        pass
    s.close()
