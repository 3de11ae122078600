# SPDX-License-Identifier: Apache-2.0
"""repl: lines from a file, and typed on a terminal."""
import os, pty, select, tempfile, time
from support import *


def lines(*text, args=(), code=0):
    return ukko('repl', *args, code=code, stdin=('\n'.join(text) + '\n').encode())


@test
def repl_runs_lines():
    p = lines('# a comment', '', "ask /user/echo 'two words'", 'identify /user/echo', 'ask $ref again', 'version', args=[node().address])
    out = p.out.splitlines()
    assert out[0] == 'two words' and out[1].startswith(node().address + '/user/echo#') and out[2] == 'again' and out[3].startswith('ukko '), out
    assert lines('version', 'quit', 'nonsense').out.startswith('ukko ')


@test
def repl_ends_with_the_last_code():
    assert lines('ask /user/nobody x', args=[node().address], code=1).err.startswith('ukko: ')
    assert 'quote' in lines("ask 'x", code=2).err
    assert error('repl', node().address + '/user/x', code=2)['code'] == 'USAGE'


@test
def repl_on_a_terminal_remembers():
    with tempfile.TemporaryDirectory() as home:
        address = node().address   # not in the child
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(HOME=home, TERM='xterm')
            os.environ.pop('XDG_STATE_HOME', None)
            os.execv(UKKO, [UKKO, 'repl', address])
        seen = b''

        def until(word):
            nonlocal seen
            deadline = time.monotonic() + LIMIT
            while word not in seen:
                assert time.monotonic() < deadline, seen
                if select.select([fd], [], [], 1)[0]:
                    seen += os.read(fd, 4096)
            seen = b''
        try:
            until(b'ukko> ')
            os.write(fd, b'ask /user/echo "he""llo"\r')
            until(b'\nhello')
            os.write(fd, b'\x1b[A\r')   # the line before, once more
            until(b'\nhello')
            os.write(fd, b'quit\r')
            assert os.waitpid(pid, 0)[1] == 0
        finally:
            os.close(fd)
        assert 'ask' in open(home + '/.ukko_history').read()

