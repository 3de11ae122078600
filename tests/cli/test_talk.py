# SPDX-License-Identifier: Apache-2.0
"""node, ping, tell, ask, identify, deploy and stop; what can be wrong with a peer; each exit code."""
import base64, contextlib, http.server, json, os, random, re, resource, shutil, signal, socket, struct, subprocess, tempfile, threading, time
from certs import client
from test_doctor import tls_node
from support import *


# ---------------------------------------------------------------- help and usage
@test
def help_names_every_command_and_exit_code():
    p = ukko('help')
    for word in 'node ping tell ask identify deploy stop config version help --timeout --output'.split():
        assert word in p.out, word
    codes = {int(n) for n in re.findall(r'^ +(\d+)  ', p.out[p.out.index('Exit codes'):], re.M)}
    assert codes == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 70, 130}, codes
    assert ukko('--help').out == p.out


@test
def help_of_each_command_shows_its_options():
    for command, word in (('node', '--port'), ('ping', '--count'), ('tell', '--json-class'), ('ask', '--bytes-hex'), ('identify', '--all-within'),
                          ('deploy', '--class'), ('stop', '--kill')):
        p = ukko('help', command)
        assert word in p.out and p.out.startswith('usage: '), p.out
        assert ukko(command, '--help').out == p.out


@test
def version_as_text_and_json():
    v = ukko('version').out
    assert re.fullmatch(r'ukko \d+\.\d+\.\d+\n', v), v
    assert ukko_json('version') == json.loads(ukko('version', '--json').out) == {'ukko': v.split()[1]}
    assert ukko('--version').out == v


@test
def wrong_usage_is_status_2():
    ukko(code=2)
    for args in (['nonsense'], ['ping'], ['ping', 'a', 'b'], ['--nonsense', 'ping', 'x'], ['-Z', 'version'], ['ping', '--count'], ['-t', 'soon', 'version'],
                 ['ping', '-n', '0', at(1)], ['ping', '-n', 'x', at(1)], ['ping', '-i', '3x', at(1)], ['help', 'nonsense'], ['ping', '--quiet=1', at(1)],
                 ['tell', at(1, '/user/x')], ['tell', at(1, '/user/x'), 'a', '--string', 'b'], ['ask', at(1, '/user/x'), '--long', 'x'],
                 ['ask', at(1, '/user/x'), '--bool', 'maybe'], ['ask', at(1, '/user/x'), '--bytes-hex', '0g'], ['ask', at(1, '/user/x'), '--int', '3000000000'],
                 ['ask', at(1, '/user/x'), '--json-class', 'a.B', '{'], ['ask', at(1, '/user/x'), '--json-class', 'a.B'], ['ping', '--as', 'x', at(1)],
                 ['ping', '--as', 's@h:99999', at(1)]):
        e = error(*args, code=2)
        assert e['code'] == 'USAGE' and e['stage'] == 'usage' and 'help' in e['hint'], (args, e)
    assert 'xml' in ukko('-o', 'xml', 'version', code=2).err


@test
def addresses_that_are_none():
    for text, code in (('host', 'ADDRESS'), ('host:x', 'ADDRESS'), (':1', 'ADDRESS'), ('a:1:2', 'ADDRESS'), ('pekko.tcp://host:1', 'ADDRESS'),
                       ('pekko.tcp://s@host', 'ADDRESS'), ('pekko.tcp://s@host:0', 'ADDRESS'), ('pekko.tcp://s@host:70000', 'ADDRESS'), ('pekko.tcp://@host:1', 'ADDRESS'),
                       ('pekko.tcp://s@:1', 'ADDRESS'), ('http://s@host:1', 'PROTOCOL'), ('pekko://s@host:1', 'PROTOCOL'), ('pekko.tcp://s@host:1/' + 'x' * 500, 'ADDRESS')):
        e = error('ping', text, code=2)
        assert e['code'] == code and e['peer'] == text, (text, e)


@test
def host_and_port_are_enough():
    """the rest is asked of the peer"""
    short = '127.0.0.1:%d' % node().port
    assert ukko_json('ping', '-n', '1', short)['peer'] == node().address
    assert ukko('ask', short + '/user/echo', 'hi').out == 'hi\n'
    assert ukko_json('identify', short + '/user/echo')[0]['ref'].startswith(node().address + '/user/echo#')


@test
def the_akka_dialect_is_spoken():
    n = Node('-D', 'pekko.remote.protocol-name = akka', '-D', 'pekko.remote.accept-protocol-names = [akka]')
    assert n.address.startswith('akka.tcp://ukko@'), n.address
    for target in (n.address, '127.0.0.1:%d' % n.port):
        assert ukko('ask', target + '/user/echo', 'hi').out == 'hi\n', target
    assert ukko('ask', '--dialect', 'akka', '127.0.0.1:%d/user/echo' % n.port, 'hi').out == 'hi\n'
    assert in_time(lambda *t: error(*t, 'ping', '--dialect', 'pekko', '127.0.0.1:%d' % n.port, code=5))['code'] == 'WRONG_ADDRESS'
    n.end()


@test
def a_silent_port_and_an_empty_one_without_a_system():
    assert error('ping', '127.0.0.1:%d' % free_port(), code=3)['code'] == 'CONNECT_REFUSED'
    held = []
    with server(lambda c: (held.append(c), threading.Event().wait())) as port:
        assert error('-t', '300ms', 'ping', '127.0.0.1:%d' % port, code=6)['stage'] == 'handshake'
    with server(lambda c: (c.sendall(b'SSH-2.0-x\r\n'), c.recv(4096))) as port:
        assert in_time(lambda *t: error(*t, 'ping', '127.0.0.1:%d' % port, code=5))['code'] == 'NOT_PEKKO'


# ---------------------------------------------------------------- node
@test
def node_prints_its_address_and_three_things_to_try():
    n = Node(mode='human')
    m = re.fullmatch(r'node (pekko\.tcp://ukko@127\.0\.0\.1:\d+)\n', n.first)
    assert m, n.first
    code, out, err = n.end(signal.SIGINT)
    assert code == 0 and err == '', (code, err)
    for text in ('/user/echo', '/user/counter', '/user/sink', 'ping ' + m[1], 'ask %s/user/echo' % m[1], "identify '%s/user/*'" % m[1], 'Ctrl-C'):
        assert text in out, (text, out)


@test
def node_ends_in_order_on_sigterm():
    n = Node('--name', 'other')
    assert n.address.startswith('pekko.tcp://other@127.0.0.1:') and isinstance(n.started['uid'], int)
    assert n.end()[0] == 0


@test
def node_on_a_taken_port_is_status_9():
    e = error('node', '--port', node().port, code=9)
    assert e['code'] == 'LISTEN' and str(node().port) in e['detail'], e


@test
def node_with_a_wrong_configuration_is_status_2():
    for args in (['-D', 'pekko.remote.artery.enabled = on'], ['-D', 'a = {'], ['-D', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 100b']):
        assert error('node', '--port', '0', *args, code=2)['stage'] == 'config', args
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('pekko { remote = \n')
        f.flush()
        e = error('node', '--port', '0', '--config', f.name, code=2)
        assert os.path.basename(f.name) in e['detail'], e


@test
def node_without_its_configuration_file_is_status_9():
    e = error('node', '--port', '0', '--config', '/nowhere/x.conf', code=9)
    assert '/nowhere/x.conf' in e['detail'], e


@test
def node_takes_settings_from_a_file_and_from_the_line():
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('pekko.remote.classic.netty.tcp { hostname = "127.0.0.2", port = 1 }\n')
        f.flush()
        n = Node('--config', f.name, '-D', 'pekko.remote.classic.netty.tcp.port = 0')
    assert n.address.startswith('pekko.tcp://ukko@127.0.0.2:') and n.port != 1, n.address
    assert n.end()[0] == 0


# ---------------------------------------------------------------- ping
@test
def ping_shows_each_stage():
    p = ukko('ping', '-n', '2', '-i', '1ms', node().address)
    for word in ('resolve', 'connect', 'handshake', 'answer 1', 'answer 2', 'min/avg/max'):
        assert word in p.out, (word, p.out)
    assert p.err == ''


@test
def ping_as_json_is_one_object():
    j = ukko_json('ping', '-n', '3', '-i', '1ms', node().address)
    assert j['peer'] == node().address and j['uid'] == node().started['uid'], j
    assert sorted(j['stages']) == ['connect_ms', 'handshake_ms', 'resolve_ms'] and all(v >= 0 for v in j['stages'].values()), j
    assert len(j['answers_ms']) == 3 and 0 < j['min_ms'] <= j['avg_ms'] + 0.001 and j['avg_ms'] <= j['max_ms'] + 0.001, j


@test
def ping_as_jsonl_and_tsv_has_a_line_for_each_answer():
    rows = [json.loads(x) for x in ukko('-o', 'jsonl', 'ping', '-n', '3', '-i', '1ms', node().address).out.splitlines()]
    assert [r['n'] for r in rows] == [1, 2, 3] and all(r['peer'] == node().address for r in rows), rows
    cells = [x.split('\t') for x in ukko('-o', 'tsv', 'ping', '-n', '2', '-i', '1ms', node().address).out.splitlines()]
    assert [(c[0], c[1]) for c in cells] == [(node().address, '1'), (node().address, '2')], cells


@test
def ping_of_a_missing_actor_is_status_1():
    assert error('ping', node().address + '/user/nobody', code=1)['code'] == 'NO_SUCH_ACTOR'


# ---------------------------------------------------------------- tell, ask
@test
def tell_arrives_before_the_command_ends():
    n = Node()
    for i in range(3):
        ukko('tell', n.address + '/user/sink', 'hello')
    assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 3
    j = ukko_json('tell', n.address + '/user/sink', '--long', '7')
    assert j['sent'] is True and j['to'].startswith(n.address + '/user/sink#'), j
    n.end()


@test
def ask_echoes_each_kind_of_message():
    echo = node().address + '/user/echo'
    rows = [(['hello'], 'java.lang.String', 'hello'), (['--string', 'gr\u00fc\u00df'], 'java.lang.String', 'gr\u00fc\u00df'), (['-s', ''], 'java.lang.String', ''),
            (['--long', '-9000000000'], 'java.lang.Long', -9000000000), (['--int', '7'], 'java.lang.Integer', 7), (['--bool', 'true'], 'java.lang.Boolean', True),
            (['--bytes-hex', '00ff10'], '[B', '00ff10'), (['--', '-5'], 'java.lang.String', '-5')]
    for args, cls, value in rows:
        j = ukko_json('ask', echo, *args)
        assert (j['type'], j['value']) == (cls, value) and j['from'].startswith(echo + '#') and j['ms'] > 0, (args, j)
        shown = value if isinstance(value, str) else json.dumps(value)
        assert ukko('ask', echo, *args).out == shown + '\n', args


@test
def ask_of_the_counter_counts():
    n = Node()
    assert [ukko('ask', n.address + '/user/counter', 'x').out for i in range(3)] == ['1\n', '2\n', '3\n']
    n.end()


@test
def ask_that_nobody_answers_is_status_6():
    def once(*time):
        e = error(*time, 'ask', node().address + '/user/sink', 'hello', code=6)
        assert time[1].replace('ms', ' ms') in e['detail'], e
        return e
    e = in_time(once)
    assert (e['code'], e['stage']) == ('TIMEOUT', 'reply'), e


@test
def ask_takes_several_replies():
    name = 'asker@127.0.0.1:%d' % free_port()
    asked = Running('-o', 'jsonl', 'ask', '-C', '3', '--listen', '--as', name, node().address + '/user/echo', 'first')
    rows = [asked.record()]
    for text in ('second', 'third'):
        more = Running('tell', 'pekko.tcp://%s/user/cli' % name, text)
        rows.append(asked.record())
        assert more.end()[0] == 0 or text == 'third', rows  # with the third one ends whom it was sent to
    assert [r['value'] for r in rows] == ['first', 'second', 'third'], rows
    assert rows[0]['ms'] < rows[1]['ms'] < rows[2]['ms'], rows
    assert asked.end() == (0, '', '')
    row, = ukko_json('ask', '-C', '1', node().address + '/user/echo', 'hi')
    assert row['value'] == 'hi', row


@test
def ask_with_too_few_replies_is_status_6():
    def once(*time):
        rows = ukko_lines(*time, 'ask', '--count', '2', node().address + '/user/echo', 'x', code=6)
        assert len(rows) == 2, rows
        return rows
    row, failed = in_time(once)
    assert row['value'] == 'x' and failed['error']['code'] == 'TIMEOUT' and '1 of 2 replies' in failed['error']['detail'], failed
    assert error('ask', '-C', '0', node().address + '/user/echo', 'x', code=2)['code'] == 'USAGE'


@test
def ask_and_tell_of_a_missing_actor_are_status_1():
    for command in ('ask', 'tell'):
        e = error(command, node().address + '/user/nobody', 'x', code=1)
        assert (e['code'], e['stage']) == ('NO_SUCH_ACTOR', 'lookup') and '/user/nobody' in e['detail'], e


@test
def ask_wants_one_actor():
    assert error('ask', node().address, 'x', code=2)['code'] == 'NO_PATH'
    assert error('tell', node().address + '/user/*', 'x', code=2)['code'] == 'PATTERN'


@test
def a_message_above_the_frame_size_is_status_8():
    e = error('-D', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 32000b', 'tell', node().address + '/user/sink', 'x' * 40000, code=8)
    assert e['code'] == 'DROPPED' and 'maximum-frame-size' in e['hint'], e


# ---------------------------------------------------------------- deploy, stop
COUNTER = 'ukko.node.Counter'


class Kept(Running):
    """A running `ukko deploy --stay`; the reference that it printed."""
    def __init__(self, *args):
        super().__init__('-o', 'jsonl', 'deploy', '--stay', *args)
        self.ref = self.record()['ref']
        self.path = self.ref.split('#')[0]

    def end(self, sig=None):
        return super().end(sig)[0]


@test
def deploy_creates_and_ends_with_the_command():
    n = node()
    j = ukko_json('deploy', n.address, '--class', COUNTER, '--name', 'c')
    assert re.fullmatch(re.escape(n.address) + r'/remote/pekko.tcp/ukko-cli@127.0.0.1:\d+/user/deploy/c#-?\d+', j['ref']), j
    ukko('identify', j['ref'].split('#')[0], code=1)


@test
def deploy_stays_until_interrupted():
    k = Kept(node().address, '--class', COUNTER, 'text', 'long:-5', 'int:7', 'bool:true', 'string:null', 'null')
    assert k.path.endswith('/Counter'), k.ref
    assert [ukko_json('ask', k.path, 'x')['value'] for _ in range(2)] == [1, 2]
    assert k.end(signal.SIGINT) == 130
    ukko('identify', k.path, code=1)


@test
def deploy_ends_soon_when_its_node_dies():
    """not when death watch has given the node up, which takes 14 s"""
    n = Node()
    k = Kept(n.address, '--class', COUNTER)
    n.p.kill()
    t0 = time.monotonic()
    status, out, err = Running.end(k)
    assert status == 5 and time.monotonic() - t0 < 10 and json.loads(out)['error']['code'] == 'DISASSOCIATED', (status, out, err)
    n.end()


@test
def deploy_of_a_class_that_the_node_lacks_is_status_1():
    e = error('deploy', node().address, '--class', 'no.such.Actor', code=1)
    assert e['code'] == 'NOT_CREATED' and 'did not create the actor: ' in e['detail'], e
    n = Node('-D', 'pekko.remote.deployment { enable-allow-list = on, allowed-actor-classes = ["ukko.node.Echo"] }')
    ukko('deploy', n.address, '--class', 'ukko.node.Echo')
    assert error('deploy', n.address, '--class', COUNTER, code=1)['code'] == 'NOT_CREATED'
    n.end()


@test
def deploy_to_a_node_that_ends_the_link_tells_what_that_may_mean():
    def talk(c):   # as a JVM that has no such class: it shakes hands, and closes when it is to create one
        head = c.recv(4, socket.MSG_WAITALL)
        while len(head) == 4:
            body = c.recv(struct.unpack('>I', head)[0], socket.MSG_WAITALL)
            if b'no.such.Actor' in body:
                return
            if body[:1] == b'\x12':
                c.sendall(associate('peer', '127.0.0.1', port, 5))
            head = c.recv(4, socket.MSG_WAITALL)
    with server(talk) as port:
        e = error('deploy', at(port), '--class', 'no.such.Actor', code=5)
    assert e['code'] == 'DISASSOCIATED' and 'cannot load the class' in e['hint'], e


@test
def deploy_with_wrong_arguments_is_status_2():
    a = node().address
    for args in ((a,), (a, '--class', COUNTER, 'long:x'), (a, '--class', COUNTER, 'int:2147483648'), (a, '--class', COUNTER, 'bool:maybe'),
                 (a + '/user/x', '--class', COUNTER), (a, '--class', COUNTER, '--name', 'a/b')):
        error('deploy', *args, code=2)


@test
def stop_ends_an_actor_and_waits_for_it():
    for how in ((), ('--kill',)):
        k = Kept(node().address, '--class', COUNTER)
        assert 'stopped ' + k.ref in ukko('stop', k.path, *how).out
        ukko('identify', k.path, code=1)
        assert k.end() == 0
    assert error('stop', node().address + '/user/nobody', code=1)['code'] == 'NO_SUCH_ACTOR'


@test
def stop_that_is_not_obeyed_is_status_6():
    n = Node('-D', 'pekko.remote.classic { untrusted-mode = on, trusted-selection-paths = ["/user/echo"] }')
    assert in_time(lambda *t: error(*t, 'stop', n.address + '/user/echo', code=6))['code'] == 'NOT_STOPPED'
    n.end()


# ---------------------------------------------------------------- identify
@test
def identify_one():
    p = ukko('identify', node().address + '/user/echo')
    assert re.fullmatch(re.escape(node().address) + r'/user/echo#-?\d+\n', p.out), p.out
    assert ukko_json('identify', node().address + '/user/echo') == [{'ref': p.out.strip()}]
    assert ukko('identify', node().address).out.startswith(node().address + '/user')


@test
def identify_a_pattern_finds_all_that_match():
    names = lambda out: sorted(re.fullmatch(r'pekko\.tcp://.*/user/(.+)#-?\d+', line)[1] for line in out.splitlines())
    assert names(ukko('identify', node().address + '/user/*', '--all-within', '500ms').out) == ['counter', 'echo', 'router', 'sink']
    assert names(ukko('-o', 'tsv', 'identify', node().address + '/user/?ink', '--all-within', '500ms').out) == ['sink']
    rows = ukko_json('identify', node().address + '/user/*', '--all-within', '500ms')
    assert len(rows) == 4 and all(list(r) == ['ref'] for r in rows), rows


@test
def identify_of_nothing_is_status_1():
    for path in ('/user/nobody', '/user/nob*'):
        assert error('identify', node().address + path, '--all-within', '200ms', code=1)['code'] == 'NO_SUCH_ACTOR'


# ---------------------------------------------------------------- what can be wrong with a peer
@test
def a_refused_connection_is_status_3():
    port = free_port()
    for args in (['ping', at(port)], ['ask', at(port, '/user/x'), 'x'], ['identify', at(port)]):
        e = error(*args, code=3)
        assert (e['code'], e['stage'], e['peer']) == ('CONNECT_REFUSED', 'connect', at(port)) and str(port) in e['detail'] and e['hint'], e


@test
def an_unknown_host_is_status_3():
    e = error('ping', 'pekko.tcp://peer@no-such-host.invalid:2552', code=3)
    assert (e['code'], e['stage']) == ('UNKNOWN_HOST', 'resolve') and 'no-such-host.invalid' in e['detail'], e


@test
def an_address_that_the_peer_does_not_answer_to_is_status_5():
    for wrong in ('pekko.tcp://wrong@127.0.0.1:%d', 'pekko.tcp://ukko@localhost:%d', 'akka.tcp://ukko@127.0.0.1:%d'):
        for command in (['ping'], ['tree']):
            e = in_time(lambda *t: error(*t, *command, wrong % node().port, code=5))
            assert (e['code'], e['stage']) == ('WRONG_ADDRESS', 'lookup') and e['detail'].endswith(' is ' + node().address), e
    e = in_time(lambda *t: error(*t, 'ask', 'pekko.tcp://wrong@127.0.0.1:%d/user/echo' % node().port, 'hi', code=5))
    assert 'take %s/user/echo;' % node().address in e['hint'], e
    n = tls_node()
    assert in_time(lambda *t: error(*t, 'ping', n.address.replace('ukko@', 'x@'), *client(), code=5))['detail'].endswith(' is ' + n.address)
    n.end()


@test
def protobuf_messages_go_and_come_as_text():
    if not shutil.which('protoc'):
        raise Skip('protoc is not installed (Debian package protobuf-compiler)')
    to = node().address + '/user/echo'
    with tempfile.TemporaryDirectory() as d:
        path = d + '/shop.proto'
        with open(path, 'w') as f:
            f.write('syntax = "proto3"; package shop; option java_package = "com.shop"; message Parcel { int32 id = 1; string to = 2; message Part { repeated int64 n = 1; } }')
        as_parcel = ['--reply-as', path + ':shop.Parcel']
        j = ukko_json('ask', to, '--proto', path + ':shop.Parcel', 'id: 7 to: "Oslo"', *as_parcel)
        assert j['text'] == 'id: 7\nto: "Oslo"' and j['value']['manifest'] == 'com.shop.Shop$Parcel' and j['value']['serializer'] == 2, j
        assert base64.b64decode(j['value']['base64']) == b'\x08\x07\x12\x04Oslo', j
        assert ukko('ask', to, '--proto', path + ':shop.Parcel', 'id: 7 to: "Oslo"', *as_parcel).out == 'id: 7\nto: "Oslo"\n'
        j = ukko_json('ask', to, '--proto', path + ':shop.Parcel.Part', 'n: 1 n: -2', '--reply-as', path + ':shop.Parcel.Part')
        assert j['text'] == 'n: 1\nn: -2' and j['value']['manifest'] == 'com.shop.Shop$Parcel$Part', j
        assert ukko_json('ask', to, '--proto', path + ':shop.Parcel', '', '--manifest', 'my.Name')['value']['manifest'] == 'my.Name'
        assert ukko_json('ask', to, 'a String', *as_parcel)['text'] is None
        assert ukko_json('ask', to, '--bytes-hex', '0803', *as_parcel)['text'] == 'id: 3'
        n = Node()
        ukko('tell', n.address + '/user/sink', '-l', '--proto', path + ':shop.Parcel', stdin=b'id: 1\nid: 2\n')
        assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 2
        n.end()
        for args in (['--proto', path, 'id: 7'], ['--proto', path + ':shop.None', 'id: 7'], ['--proto', path + ':shop.Parcel', 'nonsense: 7'], ['--proto', path + ':shop.Parcel'],
                     ['--proto', path + ':shop.Parcel', 'id: 7', '--reply-as', 'x'], ['x', '--reply-as', ':x']):
            error('ask', to, *args, code=2)
        assert 'shop.None' in error('ask', to, '--proto', path + ':shop.None', 'id: 7', code=2)['detail']
        # what is not of this type
        assert error('ask', to, '--bytes-hex', 'ffff', *as_parcel, code=2)['detail'].startswith('protoc could not decode it')
    assert 'NO_PROTOC' == error('ask', to, '--proto', 'a.proto:x', 'id: 1', code=2, env={'PATH': '/nowhere'})['code']


@test
def slips_are_understood():
    for words, hint in ((['pign', 'x'], 'ping'), (['quarantine', 'cleer'], 'clear'), (['help', 'docter'], 'doctor'), (['schema', 'decod'], 'decode'), (['cheat', 'askk'], 'ask')):
        assert 'did you mean %s?' % hint in error(*words, code=2)['detail'], words
    assert 'did you mean' not in error('frobnicate', code=2)['detail']
    for text, what in (('127.0.0.1', 'the port is missing'), ('pekko.tcp://ukko@127.0.0.1', 'the port is missing'), ('[::1]', 'the port is missing'), ('127.0.0.1:x', 'no port'),
                       ('127.0.0.1:65536', 'between 1 and 65535'), ('pekko.tcp://127.0.0.1:2552', 'the name of the system is missing'), ('::1:2552', 'IPv6'),
                       ('pekko.tcp://ukko@:2552', 'the host is missing')):
        assert what in error('ping', text, code=2)['detail'], text


@test
def an_http_server_is_status_5():
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *a):
            pass
    s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    e = error('ping', at(s.server_address[1]), code=5)
    s.shutdown()
    assert e['code'] == 'NOT_PEKKO' and 'HTTP' in e['detail'], e


@test
def a_tls_port_is_status_4():
    def talk(c):   # a TLS server answers whatever it cannot read with an alert
        if c.recv(64):
            c.sendall(bytes([0x15, 3, 3, 0, 2, 2, 40]))
    with server(talk) as port:
        e = error('ping', at(port), code=4)
    assert e['code'] == 'TLS_PORT', e


@test
def another_protocol_is_status_5():
    with server(lambda c: (c.sendall(b'SSH-2.0-x\r\n'), c.recv(4096))) as port:
        assert error('ping', at(port), code=5)['code'] == 'NOT_PEKKO'


@test
def a_port_that_hangs_up_is_status_5():
    with server(lambda c: None) as port:
        e = error('ping', at(port), code=5)
    assert e['code'] == 'HANDSHAKE' and e['stage'] == 'handshake', e


@test
def a_port_that_stays_silent_is_a_timeout_of_the_handshake():
    held = []
    with server(lambda c: (held.append(c), threading.Event().wait())) as port:
        e = error('-t', '300ms', 'ping', at(port), code=6)
    assert (e['code'], e['stage']) == ('TIMEOUT', 'handshake'), e


@test
def a_peer_that_quarantines_us_is_status_7():
    def talk(c):   # ASSOCIATE is read; DISASSOCIATE_QUARANTINED is the answer
        head = c.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            return   # only looked whether somebody listens
        c.recv(struct.unpack('>I', head)[0], socket.MSG_WAITALL)
        frame = bytes([0x12, 2, 8, 5])
        c.sendall(struct.pack('>I', len(frame)) + frame)
        c.recv(1)
    with server(talk) as port:
        assert error('ping', at(port), code=7)['code'] == 'QUARANTINED'


@test
def the_own_address_can_be_chosen():
    port = free_port()
    p = ukko('-v', '-v', 'ping', '-n', '1', '--as', 'me@127.0.0.1:%d' % port, node().address)
    assert 'pekko.tcp://me@127.0.0.1:%d' % port in p.err, p.err


@test
def what_is_no_fault_of_the_user_is_status_70():
    """no thread can be started"""
    if os.getuid() != 0:
        raise Skip('needs root, to run as another user that has no thread left')
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        shutil.copy(UKKO, d)
        p = subprocess.run([d + '/ukko', '-o', 'json', 'ping', node().address], user=65534, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT,
                           env=dict(os.environ, LD_LIBRARY_PATH=os.path.join(BUILD, 'lib')), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)))
    assert p.returncode == 70 and json.loads(p.stdout)['error']['code'] == 'THREAD', p


@test
def output_that_cannot_be_written_is_status_9():
    with open('/dev/full', 'w') as full:
        ukko('version', code=9, stdout=full)


# ---------------------------------------------------------------- lines, bytes of any serializer, what nobody can read
@test
def tell_sends_lines():
    n = Node()
    p = ukko('tell', '-l', n.address + '/user/sink', stdin=b'one\ntwo\n' + b'more\n' * 2500)
    assert p.out.startswith('2502 sent to ' + n.address + '/user/sink#'), p.out
    assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 2502
    t0 = time.monotonic()
    assert ukko_json('tell', '-l', '--rate', '20', n.address + '/user/sink', stdin=b'a\nb\nc\nd\n')['count'] == 4
    assert time.monotonic() - t0 >= 0.15
    assert ukko_json('tell', '-l', n.address + '/user/sink', stdin=b'')['count'] == 0
    r = Running('-o', 'json', 'tell', '-l', n.address + '/user/counter')
    r.p.stdin.write(b'x\n' * 3)
    while ukko_json('ask', n.address + '/user/counter', 'x')['value'] < 4:
        pass
    status, out, err = r.end(signal.SIGINT)
    assert (status, json.loads(out)['count']) == (130, 3), (status, out, err)
    n.end()
    for args in (['--rate', '5', 'x'], ['-l', 'x'], ['-l', '--rate', '0']):
        assert error('tell', node().address + '/user/sink', *args, code=2)['code'] == 'USAGE', args
    assert error('tell', '-l', '--json-class', 'a.B', node().address + '/user/sink', code=2, stdin=b'{\n')['code'] == 'USAGE'


@test
def bytes_of_any_serializer_go_and_come():
    stream = bytes.fromhex('aced00057372000b636f6d2e6578616d706c65')   # begins as Java serialization does
    r = Running('-o', 'json', 'listen', '-v', '-v', '/user/box', '-C', '3', '--reply', 'got it')
    address = None
    while not address:
        m = re.search(r'listening on addresses :\[(.*?)\]', r.p.stderr.readline().decode())
        address = m and m[1]
    with tempfile.NamedTemporaryFile() as f:
        f.write(stream)
        f.flush()
        assert ukko('ask', address + '/user/box', '--serializer', '1', '--file', f.name).out == 'got it\n'
    assert ukko('ask', address + '/user/box', '--serializer', '99', '--manifest', 'M1', '--bytes-hex', '00ff').out == 'got it\n'
    subprocess.run([UKKO, 'tell', address + '/user/box', '--serializer', '20', '--bytes-hex', '6869'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT)
    status, out, err = r.end()
    rows = json.loads(out)
    for row in rows:
        fits(row, {'$ref': '#/$defs/record'}, schema_of(['listen']))
    assert status == 0 and [(x['type'], x['serializer'], x['manifest'], x['bytes']) for x in rows] == [
        ('opaque', 1, '', 19), ('opaque', 99, 'M1', 2), ('java.lang.String', 20, '', 2)], rows
    assert rows[1]['value'] == {'serializer': 99, 'manifest': 'M1', 'java_class': None, 'base64': 'AP8='} and rows[2]['value'] == 'hi', rows
    assert base64.b64decode(rows[0]['value']['base64']) == stream
    for args in (['--serializer', '5'], ['--serializer', 'x', '--bytes-hex', '00'], ['--serializer', '5', '--bytes-hex', '00', 'text'], ['--manifest', 'M', 'x'],
                 ['--serializer', '5', '--bytes-hex', '0'], ['--serializer', '5', '--bytes-hex', '00', '--file', '/dev/null']):
        assert error('tell', node().address + '/user/sink', *args, code=2)['code'] == 'USAGE', args
    assert error('tell', node().address + '/user/sink', '--serializer', '5', '--file', '/nowhere/x', code=9)['code'] == 'FILE'


@test
def ping_shakes_hands_only():
    n = Node('-D', 'pekko.remote.classic.untrusted-mode = on')
    j = ukko_json('ping', '--handshake-only', n.address)
    assert j['answers_ms'] == [] and j['min_ms'] is None and j['stages']['handshake_ms'] > 0 and j['uid'] == n.started['uid'], j
    assert 'handshake' in ukko('ping', '--handshake-only', n.address).out
    n.end()
    held = []
    with server(lambda c: (held.append(c), threading.Event().wait())) as port:
        assert error('-t', '300ms', 'ping', '--handshake-only', at(port), code=6)['stage'] == 'handshake'


@test
def configuration_comes_from_the_environment_too():
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('pekko.remote.classic.netty.tcp.maximum-frame-size = 32000b\n')
        f.flush()
        env = {'UKKO_CONFIG': f.name}
        assert error('tell', node().address + '/user/sink', 'x' * 40000, code=8, env=env)['code'] == 'DROPPED'
        ukko('tell', node().address + '/user/sink', 'x' * 40000, '--config', '/dev/null', env=env)
        assert ukko('config', 'dump', f.name).out == ukko('config', 'render', f.name).out != ''


# what Java wrote of an object with a superclass, each kind of field, an enum, arrays, a map, a list, itself
JAVA_ORDER = ('aced00057372000753244f726465720000000000000002020010420001624a000362696743000163460001665a00026f6b4400057072696365530001734c0005636f6c6f727400094c5324'
              '436f6c6f723b5b0006636f756e74737400025b494c00016d74000f4c6a6176612f7574696c2f4d61703b4c00046e616d657400124c6a6176612f6c616e672f537472696e673b4c00076e6f'
              '7468696e677400124c6a6176612f6c616e672f4f626a6563743b5b00037261777400025b424c000473656c6671007e00054c0004746167737400104c6a6176612f7574696c2f4c6973743b'
              '4c0004747970657400114c6a6176612f6c616e672f436c6173733b78720006532442617365000000000000000102000249000269644c00046e616d6571007e000478700000000774000462'
              '617365feffffffffffffffff00783fc00000014004000000000000012c7e7200075324436f6c6f7200000000000000001200007872000e6a6176612e6c616e672e456e756d000000000000'
              '00001200007870740005475245454e757200025b494dba602676eab2a5020000787000000003000000010000000200000003737200116a6176612e7574696c2e547265654d61700cc1f63e'
              '2d256ae60300014c000a636f6d70617261746f727400164c6a6176612f7574696c2f436f6d70617261746f723b7870707704000000017400016b737200116a6176612e6c616e672e496e74'
              '6567657212e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870000000057874000568c3b6686570757200025b'
              '42acf317f8060854e00200007870000000030102ff71007e000a737200136a6176612e7574696c2e41727261794c6973747881d21d99c7619d03000149000473697a657870000000037704'
              '00000003740001617400016271007e001e78767200106a6176612e6c616e672e537472696e67a0f0a4387a3bb3420200007870')
JAVA_DATE = 'aced00057372000e6a6176612e7574696c2e44617465686a81014b597419030000787077080000018bcfe5680078'
JAVA_SHOWN = {'class': 'S$Order', 'fields': {
    'id': 7, 'name': 'base', 'b': -2, 'big': -1, 'c': 'x', 'f': 1.5, 'ok': True, 'price': 2.5, 's': 300, 'color': {'class': 'S$Color', 'name': 'GREEN'}, 'counts': [1, 2, 3],
    'm': {'class': 'java.util.TreeMap', 'fields': {'comparator': None}, 'written': ['00000001', 'k', {'class': 'java.lang.Integer', 'fields': {'value': 5}}]},
    'S$Order.name': 'höhe', 'nothing': None, 'raw': '0102ff', 'self': {'again': 'S$Order'},
    'tags': {'class': 'java.util.ArrayList', 'fields': {'size': 3}, 'written': ['00000003', 'a', 'b', 'a']}, 'type': {'class': 'java.lang.Class', 'name': 'java.lang.String'}}}


@test
def listen_and_ask_tell_what_java_has_serialized():
    l = Running('-o', 'jsonl', 'listen', '--java=describe', '--as', 'box@127.0.0.1:%d' % free_port(), '/user/box', '--echo')
    box = 'pekko.tcp://' + next(a for a in l.p.args if a.startswith('box@')) + '/user/box'
    while subprocess.run([UKKO, 'ping', '-n', '1', box], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        assert l.p.poll() is None
    ukko('tell', box, '--serializer', '1', '--bytes-hex', JAVA_ORDER)
    r = l.record()
    assert r['type'] == 'opaque' and r['value']['java_class'] == 'S$Order' and r['value']['java'] == JAVA_SHOWN, r
    date = {'class': 'java.util.Date', 'fields': {}, 'written': ['0000018bcfe56800']}
    args = ['--serializer', '1', '--bytes-hex', JAVA_DATE, box]
    assert json.loads(ukko('ask', '--java=describe', *args).out) == date
    assert ukko_json('ask', '--java=describe', *args)['value']['java'] == date and 'java' not in ukko_json('ask', *args)['value']
    assert 'is not describe' in error('ask', '--java=run', *args, code=2)['detail']
    for _ in range(3):
        l.record()
    # cut short anywhere, and damaged: it is shown as far as it goes, and the command lives
    whole, rng, n = bytes.fromhex(JAVA_ORDER), random.Random(3), 0
    with contextlib.closing(Raw(int(box.split(':')[2].split('/')[0]), 'raw', '127.0.0.1', 1)) as raw:
        for i in range(0, len(whole), 7):
            for data in (whole[:i], whole[:i] + bytes([rng.randrange(256) for _ in range(3)]) + whole[i + 3:]):
                raw.s.sendall(envelope(box, '', 1, '', data))
                n += 1
        shown = [l.record()['value'] for _ in range(n)]
    assert sum(1 for v in shown if 'java' in v and 'incomplete' in v['java']) > n / 2, shown[-1]
    assert l.end(signal.SIGINT)[0] == 130
