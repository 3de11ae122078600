# SPDX-License-Identifier: Apache-2.0
"""How far a command is: on standard error, only when that is a terminal or it is asked for, and gone when the command ends."""
import os, pty
from support import *

JVM = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures', 'jvm-jvm.pcapng')


def on_terminal(*args, term='xterm', code=0):
    """(standard output, what came on a terminal that is standard error)"""
    ours, theirs = pty.openpty()
    with open(ours, 'rb', buffering=0) as screen:
        p = subprocess.Popen([UKKO, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, env=dict(os.environ, TERM=term))
        os.close(theirs)
        seen = b''
        with contextlib.suppress(OSError):  # EIO: the other side has closed it
            while chunk := screen.read(4096):
                seen += chunk
        out = p.communicate(timeout=LIMIT)[0].decode()
    assert p.returncode == code, (p.returncode, out, seen)
    return out, seen.decode()


@test
def progress_is_shown_on_a_terminal_and_taken_away():
    for args, text in ((('-o', 'json', 'ping', '-n', '3', '-i', '110ms', node().address), '3 of 3 answers'), (('-o', 'json', 'decode', JVM), ' packets, '),
                       (('-o', 'json', 'bench', node().address + '/user/echo', '-s', '100,1k', '-f', '2', '-d', '150ms'), '2 of 2: 1000 bytes, 2 in flight'),
                       (('-o', 'json', 'tree', node().address), ' actors, at /')):
        out, seen = on_terminal(*args)
        assert text in seen and seen.endswith('\r\033[K') and '\n' not in seen, (args, seen)
        assert json.loads(out), args


@test
def progress_is_not_shown_elsewhere_or_when_unwanted():
    args = ('-o', 'json', 'decode', JVM)
    plain = ukko(*args)
    assert plain.err == ''
    for more in (['--no-progress'], ['-q'], ['--no-progress', '--progress']):
        assert on_terminal(*args, *more) == (plain.out, ''), more
    assert on_terminal(*args, term='dumb') == (plain.out, '')


@test
def progress_that_is_asked_for_is_lines_in_a_pipe():
    args = ('-o', 'json', 'ping', '-n', '2', '-i', '110ms', node().address, '--progress')
    assert ukko(*args).err == 'ping: 1 of 2 answers\nping: 2 of 2 answers\n'
    p = ukko('decode', '--progress', JVM)
    assert re.match(r'decode: \d+ %, 1 packets, \d+ frames\n', p.err), p.err
    assert p.out == ukko('decode', JVM).out
    p = ukko('tell', '-l', '--progress', node().address + '/user/sink', stdin=b'a\nb\n')
    assert p.err == 'tell: 1 sent\n' and p.out.startswith('2 sent to '), (p.out, p.err)


@test
def an_error_stands_alone_on_the_screen():
    def once(*time):
        seen = on_terminal('bench', node().address + '/user/sink', '-d', '50ms', *time, code=6)[1]
        assert '1 of 6: 100 bytes, 1 in flight\033[K\r\033[Kukko: ' in seen, seen
    in_time(once)
