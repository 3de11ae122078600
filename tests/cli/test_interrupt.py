# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in the middle of each command that waits: what there is so far is printed, whole, in each mode; the status is 130."""
import contextlib, fcntl, re, signal, socket, struct, tempfile, termios, threading
from test_decode import capture, FRAMES
from test_proxy import between
from test_status import Page
from support import *


def cut(r, *words, status=130, sig=signal.SIGINT):
    """interrupts a command that runs with -o json; its result, which fits the schema of the command in words"""
    got, out, err = r.end(sig)
    assert got == status and err == '', (got, out, err)
    value = json.loads(out)
    schema = schema_of(words)
    if schema:
        fits(value, schema, schema)
    return value


def has_open(pid, name):
    """is the file one of those that the process has opened?"""
    for fd in os.listdir('/proc/%d/fd' % pid):
        with contextlib.suppress(OSError):   # closed meanwhile
            if os.readlink('/proc/%d/fd/%s' % (pid, fd)) == os.path.realpath(name):
                return True
    return False


def end(*running):
    for r in running:
        r.end(signal.SIGINT)


def frames_passed(p, n, kind, direction='back'):
    for _ in range(1000):
        row = p.record()
        n -= row['kind'] == kind and row['direction'] == direction
        if not n:
            return
    raise AssertionError('no such frames')


@test
def interrupt_of_ping_sums_up():
    for mode in ('json', 'human'):
        n, p = between()
        r = Running('-o', mode, 'ping', '-n', '1000000', '-i', '1ms', n.address)
        frames_passed(p, 5, 'message.ActorIdentity')
        if mode == 'json':
            j = cut(r, 'ping')
            assert j['peer'] == n.address and len(j['answers_ms']) >= 3 and j['min_ms'] <= j['max_ms'], j
        else:
            status, out, err = r.end(signal.SIGINT)
            lines = out.splitlines()
            assert (status, err) == (130, '') and lines[-1].startswith('%d answers, min/avg/max' % sum(l.startswith('answer ') for l in lines)), lines
        end(p, n)


@test
def interrupt_before_there_is_anything_is_an_error_for_programs():
    """the connection is made, and nothing comes back; the time-out is far away"""
    for target in (at, lambda port: '127.0.0.1:%d' % port):
        for mode in ('json', 'jsonl', 'human', 'tsv'):
            came, held = threading.Event(), []

            def talk(c):
                if c.recv(4):   # not the connection that only looks
                    held.append(c)
                    came.set()
                    threading.Event().wait()
            with server(talk) as port:
                r = Running('-t', '1h', '-o', mode, 'ping', target(port))
                assert came.wait(LIMIT)
                status, out, err = r.end(signal.SIGINT)
            assert (status, err) == (130, ''), (status, err)
            if mode.startswith('json'):
                e = json.loads(out)['error']
                assert (e['code'], e['stage'], e['detail']) == ('INTERRUPTED', 'wait', 'interrupted'), e
            else:
                assert 'answer ' not in out, out


@test
def interrupt_of_the_doctor_shows_what_was_found():
    came, held = threading.Event(), []

    def talk(c):
        if c.recv(4):
            held.append(c)
            came.set()
            threading.Event().wait()
    with server(talk) as port:
        r = Running('-t', '1h', '-o', 'json', 'doctor', at(port), at(port))
        assert came.wait(LIMIT)
        rows = cut(r, 'doctor')
    assert [(x['check'], x['status']) for x in rows] == [('dns', 'ok'), ('tcp', 'ok')], rows


@test
def interrupt_of_listen_prints_what_came():
    r = Running('-v', '-v', '-o', 'json', 'listen', '/user/box')
    address = None
    while not address:
        line = r.p.stderr.readline().decode()
        m = re.search(r'listening on addresses :\[(.*?)\]', line)
        address = m and m[1]
    ukko('tell', address + '/user/box', 'one')
    ukko('tell', address + '/user/box', 'two')
    status, out, _ = r.end(signal.SIGINT)
    rows = json.loads(out)
    assert status == 130 and [x['value'] for x in rows] == ['one', 'two'], rows
    r = Running('-v', '-v', '-o', 'json', 'listen')
    while b'listening on addresses' not in r.p.stderr.readline():
        pass
    assert r.end(signal.SIGTERM)[:2] == (130, '[]\n')


@test
def interrupt_of_watch_prints_who_ended():
    n = Node()
    w = Running('-v', '-v', '-v', '-o', 'json', 'watch', n.address + '/user/sink', '/user/echo')
    other = Running('watch', n.address + '/user/sink', '/user/echo')
    assert other.line().startswith('watching ') and other.line().startswith('watching ')
    while b'Associated [' not in w.p.stderr.readline():
        pass
    for _ in range(3):   # its two look-ups and the Watch are before these
        ukko('identify', n.address + '/user/echo')
    ukko('stop', n.address + '/user/sink')
    assert ' terminated %s/user/sink#' % n.address in other.line() and other.end(signal.SIGINT)[:2] == (130, '')
    ukko('ask', n.address + '/user/echo', 'Terminated was sent before')
    status, out, _ = w.end(signal.SIGINT)
    rows = json.loads(out)
    assert status == 130 and len(rows) <= 1 and all('/user/sink#' in x['ref'] for x in rows), rows
    end(n)


@test
def interrupt_of_identify_and_tree_prints_what_answered():
    n = node()
    r = Running('identify', '--all-within', '1h', n.address + '/user/*')
    assert sorted(re.sub(r'.*/|#.*', '', r.line()) for _ in range(4)) == ['counter', 'echo', 'router', 'sink']
    assert r.end(signal.SIGINT)[:2] == (130, '')
    for words in (['identify', '--all-within', '1h'], ['tree', '--quiet-for', '1s']):
        n, p = between()
        r = Running('-o', 'json', *words, n.address + '/user/*'[:7 if words[0] == 'identify' else 5])
        frames_passed(p, 2, 'message.ActorIdentity')
        rows = cut(r, *words)
        assert all(x['ref'].startswith(n.address + '/user') for x in rows), rows
        assert words[0] == 'identify' or 1 <= len(rows) <= 5, rows
        end(p, n)


@test
def interrupt_of_bench_shows_the_figures_so_far():
    n, p = between('-Y', 'message.*')
    r = Running('-o', 'json', 'bench', '-s', '100', '-f', '1', '-d', '1h', n.address + '/user/echo')
    for _ in range(20):
        p.record()
    row, = cut(r, 'bench')
    assert row['bytes'] == 100 and row['round_trips'] >= 3 and row['p50_us'] > 0, row
    end(p, n)


@test
def interrupt_of_decode_ends_with_the_figures():
    with open(capture('ukko'), 'rb') as f:
        data = f.read()
    for mode in ('human', 'json'):
        r = Running('-o', mode, 'decode', '-')
        r.p.stdin.write(data)
        if mode == 'human':
            for _ in range(FRAMES['ukko']):
                r.line()
            status, out, err = r.end(signal.SIGINT)
            assert (status, err) == (130, '') and '%d frames, %d shown' % (FRAMES['ukko'], FRAMES['ukko']) in out, (status, out, err)
        else:
            while struct.unpack('i', fcntl.ioctl(r.p.stdin, termios.FIONREAD, b'\0' * 4))[0]:
                pass
            assert len(cut(r, 'decode')) <= FRAMES['ukko']


@test
def interrupt_of_decode_ends_what_follows_a_file():
    with open(capture('ukko'), 'rb') as f:
        data = f.read()
    whole = ukko_lines('decode', capture('ukko'))
    for step in (1000, len(data)):   # in pieces that end within a packet
        with tempfile.TemporaryDirectory() as d:
            with open(d + '/x.pcapng', 'wb', buffering=0) as f:
                r = Running('-o', 'jsonl', 'decode', '--follow', f.name)
                for at in range(0, len(data), step):
                    f.write(data[at:at + step])
                rows = [r.record() for _ in whole]
            assert rows == whole
            assert r.p.poll() is None and r.end(signal.SIGINT) == (130, '', '')
    with tempfile.NamedTemporaryFile() as f:   # nothing ever comes
        r = Running('-o', 'json', 'decode', '-f', f.name)
        while not has_open(r.p.pid, f.name):
            assert r.p.poll() is None
        assert cut(r, 'decode') == []
    assert error('decode', '--follow', '/nowhere', code=9)['code'] == 'FILE'


@test
def interrupt_of_what_watches_a_node():
    n = Page()
    n.until(lambda s: s['links'] and s['links'][0]['state'] == 'active')
    r = Running('-o', 'jsonl', 'stat', '--watch', '1h', n.place)
    row = r.record()
    assert row['state'] == 'active' and r.end(signal.SIGINT)[0] == 130
    r = Running('top', '--plain', '-i', '1h', n.place)
    while 'LINKS' not in r.line():
        pass
    assert r.end(signal.SIGINT)[0] == 130
    end(n)


@test
def interrupt_of_proxy_and_deploy_prints_records():
    published, bound = free_port(), free_port()
    n = Node('-D', 'pekko.remote.classic.netty.tcp { port = %d, bind-port = %d }' % (published, bound))
    p = Running('-o', 'json', 'proxy', str(published), '127.0.0.1:%d' % bound)
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', published), timeout=LIMIT).close()
            break
    ukko('ask', n.address + '/user/echo', 'hello')
    kinds = [x['kind'] for x in cut(p, 'proxy')]
    assert kinds.count('message.String') == 2 and kinds[:2] == ['control.associate'] * 2, kinds
    end(n)
    n, p = between('-Y', 'message.DaemonMsgCreate')
    r = Running('-o', 'json', 'deploy', '--stay', n.address, '--class', 'ukko.node.Counter', '--name', 'c')
    p.record()
    value = cut(r, 'deploy')
    assert value.get('ref', '').endswith('/user/deploy/c') or '#' in value.get('ref', '') or value['error']['code'] == 'INTERRUPTED', value
    end(p, n)


@test
def interrupt_of_a_question_that_nobody_answers():
    n, p = between('-Y', 'message.String')
    r = Running('-t', '1h', '-o', 'json', 'ask', n.address + '/user/sink', 'hello')
    p.record()
    assert cut(r, 'ask')['error']['code'] == 'INTERRUPTED'
    end(p, n)


@test
def interrupt_of_lines_from_standard_input():
    r = Running('repl', node().address)
    r.p.stdin.write(b'ask /user/echo hello\n')
    assert r.line() == 'hello' and r.end(signal.SIGINT)[:2] == (130, '')
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('a = 5\n')
        f.flush()
        r = Running('config', 'query', f.name)
        r.p.stdin.write(b'int a\n')
        assert r.line() == '5' and r.end(signal.SIGINT)[:2] == (130, '')
