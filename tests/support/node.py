# SPDX-License-Identifier: Apache-2.0
"""A node under test as a process: the peer program of tests/conformance/CONTRACT.md, its commands and events."""
import json, os, subprocess, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UKKO = os.path.join(ROOT, 'build', 'bin', 'ukko-peer')
JVM = os.path.join(ROOT, 'tests', 'peer', 'peer')
LIGHT = '-Xms64m -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto'
PATIENCE = float(os.environ.get('UKKO_TEST_PATIENCE', '30'))


class Lost(Exception):
    """something that had to come did not"""


class Node:
    def __init__(self, *options, name='N', port=0, argv=(UKKO,), wait=True, before=()):
        """before: words in front of the command, as `ip netns exec x`"""
        self.name, self.events, self.stderr = name, [], []
        self._new, self._lock = threading.Condition(), threading.Lock()
        self.p = subprocess.Popen([*before, *argv, 'run', '--name', name, '--port', str(port), *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, start_new_session=True, env=dict(os.environ, PEER_JAVA_OPTS=LIGHT))
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._err, daemon=True).start()
        self.address = None
        if wait:
            self.wait_started()

    def _read(self):
        for line in self.p.stdout:
            try:
                e = json.loads(line)
            except ValueError:
                e = {'ev': '?', 'line': line.decode('utf-8', 'replace')}
            with self._new:
                self.events.append(e)
                self._new.notify_all()
        with self._new:
            self.ended = True
            self._new.notify_all()

    def _err(self):
        for line in self.p.stderr:
            self.stderr.append(line.decode('utf-8', 'replace').rstrip())

    def wait_started(self):
        e = self.expect(lambda e: e['ev'] in ('started', 'start-failed', 'unsupported'))
        if e['ev'] != 'started':
            raise Lost('%s did not start: %s' % (self.name, e))
        self.address, self.uid = e['address'], e['uid']
        self.host, port = self.address.split('@')[1].rsplit(':', 1)
        self.port = int(port)
        return self

    def cmd(self, line):
        self.p.stdin.write(line.encode() + b'\n')
        self.p.stdin.flush()

    def here(self):
        with self._new:
            return len(self.events)

    def find(self, pred, since=0):
        with self._new:
            return [e for e in self.events[since:] if pred(e)]

    def expect(self, pred, since=0, timeout=None, what='an event'):
        """the first event since then for which pred holds"""
        end, i = time.monotonic() + (timeout or PATIENCE), since
        with self._new:
            while True:
                while i < len(self.events):
                    if pred(self.events[i]):
                        return self.events[i]
                    i += 1
                left = end - time.monotonic()
                if self.ended or left <= 0 or not self._new.wait(left):
                    if i < len(self.events):
                        continue
                    raise Lost('%s: %s did not come%s; the last events: %s %s' % (
                        self.name, what, ' before its end' if self.ended else '', json.dumps(self.events[-6:])[-1500:], self.stderr[-3:]))

    def log(self, part, since=0, timeout=None):
        return self.expect(lambda e: e['ev'] == 'log' and part in (e.get('msg') or '') + ' ' + (e.get('cause') or ''), since, timeout, 'a log line with %r' % part)

    def recv(self, value, since=0, timeout=None):
        return self.expect(lambda e: e['ev'] == 'recv' and e['value'] == value, since, timeout, 'message %r' % value)

    def rss_kb(self):
        with open('/proc/%d/status' % self.p.pid) as f:
            return next(int(l.split()[1]) for l in f if l.startswith('VmRSS'))

    def end(self, timeout=20):
        """an orderly end; its exit status"""
        if self.p.poll() is None:
            try:
                self.p.stdin.close()
            except OSError:
                pass
        try:
            return self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        try:
            os.killpg(self.p.pid, 9)
        except OSError:
            pass
        self.p.wait()


def jvm(version):
    """the words that start the JVM peer, when it has been built"""
    return (JVM, '--pekko', version)


class Report:
    """prints what tools/run-tests reads"""
    def __init__(self):
        self.n = {'ok': 0, 'FAIL': 0, 'skip': 0}

    def line(self, result, name, why=''):
        self.n[result] += 1
        print('%s %s%s' % (result, name, ': ' + why.replace('\n', '\n  ') if why else ''), flush=True)

    def ok(self, name):
        self.line('ok', name)

    def fail(self, name, why):
        self.line('FAIL', name, why)

    def skip(self, name, why):
        self.line('skip', name, why)

    def check(self, name, why):
        """why: empty when it is right"""
        self.line('FAIL' if why else 'ok', name, why or '')

    def case(self, name, fn, *args):
        try:
            self.check(name, fn(*args) or '')
        except (Lost, OSError, RuntimeError, subprocess.SubprocessError, AssertionError) as x:
            self.fail(name, '%s: %s' % (type(x).__name__, x))

    def done(self):
        print('%(ok)d passed, %(FAIL)d failed, %(skip)d skipped' % self.n)
        return 1 if self.n['FAIL'] else 0
