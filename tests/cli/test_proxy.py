# SPDX-License-Identifier: Apache-2.0
"""proxy and context."""
import os, re, signal, tempfile
from certs import made, client
from test_doctor import tls_node
from support import *


def between(*args):
    """(node that publishes the proxy's address, proxy)"""
    published = free_port()
    conf = 'pekko.remote.classic.netty.tcp { port = %d, bind-port = %d }'
    bound = free_port()
    n = Node('-D', conf % (published, bound))
    p = Running('-o', 'jsonl', 'proxy', '127.0.0.1:%d' % published, '127.0.0.1:%d' % bound, *args)
    deadline = threading.Event()
    for _ in range(600):   # it has no line to wait for in this mode
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', published), timeout=LIMIT).close()
            return n, p
        deadline.wait(0.05)
    raise AssertionError('no proxy')


@test
def proxy_shows_what_passes():
    n, p = between()
    assert ukko('ask', n.address + '/user/echo', 'hello').out == 'hello\n'
    rows = [p.record() for _ in range(6)]
    for row in rows:
        fits(row, {'$ref': '#/$defs/record'}, schema_of(['proxy']))
    assert [r['kind'] for r in rows] == ['control.associate', 'control.associate', 'message.ActorSelectionMessage:Identify', 'message.ActorIdentity', 'message.String',
                                         'message.String'], rows
    assert [r['direction'] for r in rows] == ['there', 'back'] * 3 and not any(r['dropped'] for r in rows)
    assert p.end(signal.SIGINT)[0] == 130
    n.end()


@test
def proxy_drops_delays_and_splits():
    n, p = between('--drop', 'message.String', '-Y', 'message.String')
    assert in_time(lambda *t: error(*t, 'ask', n.address + '/user/echo', 'hello', code=6))['stage'] == 'reply'
    row = p.record()
    assert row['dropped'] is True and row['direction'] == 'there', row
    p.end(signal.SIGINT)
    n.end()
    n, p = between('--delay', '50ms', '--split', '3', '-q')
    j = ukko_json('ask', n.address + '/user/echo', 'x' * 500)
    assert j['value'] == 'x' * 500 and j['ms'] >= 100, j
    p.end(signal.SIGINT)
    n.end()


@test
def proxy_holds_frames_of_a_kind():
    """what is held is overtaken by all else, in either order of its pieces, and comes in the end"""
    ack, texts = framed(pb(1, pb(1, struct.pack('<BQ', 0x09, 5)))), [envelope('pekko.tcp://b@h:1/user/x', '', 20, '', b'%d' % i) for i in range(20)]
    hello, got = associate('a', '127.0.0.1', 1, 7), []
    with server(lambda c: got.append(c.makefile('rb').read())) as port:
        listen = free_port()
        p = Running('proxy', str(listen), '127.0.0.1:%d' % port, '--delay', '500ms', '--delayed', 'ack,control.heartbeat', '--split', '5')
        p.line()
        with socket.create_connection(('127.0.0.1', listen), timeout=LIMIT) as s:
            s.sendall(hello + ack + b''.join(texts[:10]) + ack + b''.join(texts[10:]))
            s.shutdown(socket.SHUT_WR)
            s.recv(1)   # the end comes when all has passed
        assert p.end(signal.SIGINT)[0] == 130
    assert got == [hello + b''.join(texts) + ack + ack], got
    assert 'goes with --delay' in error('proxy', '1', '127.0.0.1:1', '--delayed', 'ack', code=2)['detail']


@test
def proxy_cuts_and_counts():
    published, bound = free_port(), free_port()
    n = Node('-D', 'pekko.remote.classic.netty.tcp { port = %d, bind-port = %d }' % (published, bound))
    p = Running('proxy', str(published), '127.0.0.1:%d' % bound, '--cut-after', '4')
    assert p.line() == 'proxy at 127.0.0.1:%d for 127.0.0.1:%d' % (published, bound)
    ukko('ask', n.address + '/user/echo', 'hello', code=5)
    status, out, err = p.end(signal.SIGINT)
    assert status == 130 and re.search(r' 2 passed +0 dropped  control.associate', out), out
    n.end()
    assert error('proxy', 'x', '127.0.0.1:1', code=2)['code'] == 'USAGE'
    assert error('proxy', str(node().port), '127.0.0.1:1', code=9)['code'] == 'LISTEN'


@test
def proxy_lets_tls_pass():
    published, bound = free_port(), free_port()
    n = tls_node('-D', 'pekko.remote.classic.netty.ssl { port = %d, bind-port = %d }' % (published, bound))
    p = Running('proxy', str(published), '127.0.0.1:%d' % bound)
    p.line()
    assert ukko_json('ask', *client(), n.address + '/user/echo', 'hi')['value'] == 'hi'
    p.end(signal.SIGINT)
    n.end()


@test
def contexts_are_saved_used_and_forgotten():
    with tempfile.TemporaryDirectory() as d:
        env = {'UKKO_CONTEXTS': d + '/a/contexts.conf'}
        assert ukko_json('context', 'ls', env=env) == []
        ukko('context', 'add', 'here', node().address, '-t', '7s', '--as', 'me@127.0.0.1:0', env=env)
        ukko('context', 'add', 'short', '127.0.0.1:%d' % node().port, env=env)
        assert os.stat(env['UKKO_CONTEXTS']).st_mode & 0o77 == 0
        assert [(r['name'], r['target'], r['current']) for r in ukko_json('context', 'ls', env=env)] == [('here', node().address, False), ('short', '127.0.0.1:%d' % node().port, False)]
        for target in ('@here/user/echo', '@short/user/echo'):
            assert ukko('ask', target, 'hi', env=env).out == 'hi\n'
        assert ukko('ask', '-c', 'here', '/user/echo', 'hi', env=env).out == 'hi\n'
        assert ukko('ask', '/user/echo', 'hi', env=dict(env, UKKO_CONTEXT='here')).out == 'hi\n'
        ukko('context', 'use', 'here', env=env)
        assert ukko('ask', '/user/echo', 'hi', env=env).out == 'hi\n'
        # its options are taken: an own address that the peer sees
        assert error('ask', '/user/sink', 'x', '-t', '300ms', code=6, env=env)['detail'].endswith('300 ms')
        assert 'me@' in ukko('-v', '-v', 'ping', '-n', '1', '@here', env=env).err
        words = ukko('completion', '--words', '--', 'ping', '@', env=env).out.split('\n')
        assert [w.split('\t')[0] for w in words if w] == ['@here', '@short'], words
        ukko('context', 'rm', 'here', env=env)
        assert [r['name'] for r in ukko_json('context', 'ls', env=env)] == ['short']
        for args in (['ask', '@here/user/echo', 'x'], ['ask', '/user/echo', 'x'], ['context', 'use', 'no'], ['context', 'rm', 'no']):
            assert error(*args, code=2, env=env)['code'] == 'NO_SUCH_CONTEXT', args
        assert error('context', 'add', 'a/b', node().address, code=2, env=env)['code'] == 'USAGE'
