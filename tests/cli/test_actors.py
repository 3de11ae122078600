# SPDX-License-Identifier: Apache-2.0
"""listen, watch and tree."""
import json, os, re, signal, subprocess, tempfile
from support import *


@test
def listen_prints_what_arrives():
    r = Running('-o', 'jsonl', 'listen', '-v', '-v', '/user/box', '--as', 'box@127.0.0.1:0', '-C', '4')
    address = re.search(rb'listening on addresses :\[(.*?)\]', read_until(r.p.stderr, b'listening on addresses'))[1].decode()
    ukko('tell', address + '/user/box', 'hello')
    ukko('tell', address + '/user/box', '--long', '7')
    ukko('tell', address + '/user/box', '--json-class', 'com.example.Hello', '{"a":1}')
    # it ends with the fourth message, perhaps before this command has heard that it came
    subprocess.run([UKKO, 'tell', address + '/user/box', '--bytes-hex', '00ff'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT)
    rows = [r.record() for _ in range(4)]
    assert [x['value'] for x in rows] == ['hello', 7, {'a': 1}, '00ff'], rows
    assert [x['serializer'] for x in rows] == [20, 18, 31, 4] and rows[2]['manifest'] == 'com.example.Hello', rows
    assert rows[0]['bytes'] == 5 and rows[0]['to'].startswith(address + '/user/box#') and '/user/cli#' in rows[0]['from'], rows
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', rows[0]['ts']), rows
    for row in rows:
        fits(row, {'$ref': '#/$defs/record'}, schema_of(['listen']))
    assert r.end()[0] == 0


def read_until(stream, word):
    seen = b''
    while word not in seen:
        part = stream.read(1)
        assert part, seen
        seen += part
    while not seen.endswith(b'\n'):
        seen += stream.read(1)
    return seen


def listening(*args):
    r = Running('listen', *args)
    m = re.fullmatch(r'listening as (pekko\.tcp://\S+?)#-?\d+', r.line())
    return r, m[1]


@test
def listen_answers():
    for args, answer in ((['--reply', 'pong'], 'pong'), (['--echo'], 'ping'), (['--reply-cmd', 'tr a-z A-Z; echo " $UKKO_TYPE"'], 'PING java.lang.String')):
        r, path = listening(*args, '-C', '1')
        assert ukko('ask', path, 'ping').out == answer + '\n', args
        assert r.end()[0] == 0


@test
def listen_prints_in_a_format_and_ends_on_interrupt():
    r, path = listening('/user/x', '-F', r'%t\t%m\t%b\n')
    ukko('tell', path, 'hi')
    assert r.line() == 'java.lang.String\thi\t2'
    assert r.end(signal.SIGINT)[0] == 130


@test
def listen_refuses_what_is_no_actor_and_a_taken_port():
    for path in ('x', '/user/', '/user/a/b', '/system/x'):
        assert error('listen', path, code=2)['code'] == 'USAGE', path
    assert error('listen', '--as', 'a@127.0.0.1:%d' % node().port, code=9)['code'] == 'LISTEN'


@test
def watch_tells_when_actors_end():
    r, path = listening('/user/mortal')
    w = Running('-v', '-v', '-v', '-o', 'jsonl', 'watch', path)
    read_until(w.p.stderr, b'Associated [')
    other = Running('watch', '--once', '--exec', 'echo "gone $UKKO_REF $UKKO_ADDRESS_TERMINATED" >&2', path.replace('mortal', '*'))
    watching = Running('watch', path)
    assert watching.line().startswith('watching ' + path) and other.line().startswith('watching ' + path)
    ukko('identify', path)   # the Watch of w is sent right behind its look-up
    ukko('stop', path)
    row = w.record()
    fits(row, {'$ref': '#/$defs/record'}, schema_of(['watch']))
    assert row['ref'].startswith(path + '#') and row['existence_confirmed'] is True and row['address_terminated'] is False, row
    assert w.end()[0] == 0
    assert 'it has stopped' in watching.line() and watching.end()[0] == 0
    status, out, err = other.end()
    assert status == 0 and 'terminated ' + path in out, (status, out, err)
    assert 'gone %s#' % path in err and err.rstrip().endswith('false'), err
    r.end(signal.SIGINT)


@test
def watch_sees_a_node_that_ends():
    n = Node()
    w = Running('watch', n.address + '/user/*')
    assert all(w.line().startswith('watching ') for _ in range(4))
    started = Running('watch', n.address + '/user/echo', '/user/sink')
    assert started.line().startswith('watching ') and started.line().startswith('watching ')
    assert n.end()[0] == 0
    rows = [w.line() for _ in range(4)]
    assert sorted(re.sub(r'.*/user/|#.*', '', r) for r in rows) == ['counter', 'echo', 'router', 'sink'] and all('it has stopped' in r for r in rows), rows
    assert w.end()[:2] == (0, '') and started.end()[0] == 0


@test
def watch_expects_life():
    assert ukko('watch', '--expect-alive', '300ms', node().address + '/user/echo').out.startswith('watching ')
    r, path = listening('/user/mortal')
    w = Running('watch', '--expect-alive', '1h', path)
    assert w.line().startswith('watching')
    ukko('stop', path)
    assert w.end()[0] == 1
    r.end(signal.SIGINT)


@test
def watch_of_nobody_is_status_1():
    for path in ('/user/nobody', '/user/nob*'):
        assert error('watch', '--all-within', '200ms', node().address + path, code=1)['code'] == 'NO_SUCH_ACTOR'
    assert error('watch', node().address, code=2)['code'] == 'USAGE'


@test
def a_node_has_a_router_that_the_configuration_can_change():
    n = Node()
    assert [ukko_json('ask', n.address + '/user/router', 'x')['value'] for _ in range(6)] == [1, 1, 1, 2, 2, 2]
    n.end()
    n = Node('-D', 'pekko.actor.deployment { "/router" { router = broadcast-pool, nr-of-instances = 5 } }')
    assert [r['value'] for r in ukko_json('ask', n.address + '/user/router', '-C', 5, 'x')] == [1] * 5
    n.end()
    assert 'router' in error('node', '-p', '0', '-D', 'pekko.actor.deployment { "/router" { router = no-such-pool } }', code=2)['detail']


@test
def tree_shows_the_actors_of_a_node():
    rows = ukko_json('tree', node().address)
    paths = [r['path'] for r in rows]
    assert [x for x in paths if x.startswith('/user')] == ['/user', '/user/counter', '/user/echo', '/user/router', '/user/router/$a', '/user/router/$b', '/user/router/$c', '/user/sink'] and '/system' in paths, paths
    assert all(r['ref'].startswith(node().address + r['path']) and r['depth'] == r['path'].count('/') for r in rows), rows
    assert ukko('tree', node().address + '/user').out == '/user\n  counter\n  echo\n  router\n    $a\n    $b\n    $c\n  sink\n'
    assert ukko('-o', 'tsv', 'tree', '--depth', '0', node().address + '/user/echo').out.startswith('/user/echo\t2\t')
    assert in_time(lambda *t: error('tree', node().address + '/user/nobody', *t, code=1))['code'] == 'NO_SUCH_ACTOR'
    assert error('tree', node().address + '/user/*', code=2)['code'] == 'USAGE'
