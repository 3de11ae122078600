# SPDX-License-Identifier: Apache-2.0
"""Benchmark programs as processes that print lines of JSON and take lines on stdin; they end with this process."""
import json, os, signal, subprocess, threading

ALIVE = []


class Program:
    """a benchmark program with its lines of JSON; ends with this process"""
    def __init__(self, argv, cpus=None):
        if cpus is not None:
            argv = ['taskset', '-c', cpus] + argv
        env = dict(os.environ)
        env.setdefault('PEER_JAVA_OPTS', '-Xms256m -Xmx2g')
        self.argv, self.err = argv, []
        # a process group, but no session of its own: the scheduler of Linux weighs sessions against one another, and a change
        # between two of them takes longer than between the two processes of `raw`
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True, process_group=0)
        ALIVE.append(self)
        threading.Thread(target=lambda: self.err.extend(self.p.stderr), daemon=True).start()

    def lines(self, limit):
        timer = threading.Timer(limit, self.end)
        timer.start()
        try:
            for line in self.p.stdout:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass
        finally: # also when nobody asks for more
            timer.cancel()

    def end(self):
        try:
            os.killpg(self.p.pid, signal.SIGKILL)
        except OSError:
            pass

    def close(self):
        try:
            self.p.stdin.close()
            self.p.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.end()
        self.p.wait()
        ALIVE.remove(self)

    def ask(self, line, event, limit):
        """writes a line; the first answer of that kind"""
        self.p.stdin.write(line + '\n')
        self.p.stdin.flush()
        return self.wait(event, limit)

    def wait(self, event, limit):
        for e in self.lines(limit):
            if e.get('ev') == event:
                return e
        raise RuntimeError('%s: no [%s] within %d s\n%s' % (' '.join(self.argv), event, limit, ''.join(self.err)[-2000:]))


def end_all():
    for x in list(ALIVE):
        x.end()
