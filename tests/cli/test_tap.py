# SPDX-License-Identifier: Apache-2.0
"""What the commands themselves say and hear: -vvv and --record; and what Wireshark makes of the same conversation over TLS with its key log."""
import os, re, signal, tempfile
from certs import client
from relay import Relay, frames_in_tls, kinds_of, same_talk
from test_doctor import tls_node
from support import *


@test
def vvv_prints_each_frame():
    p = ukko('-vvv', '-o', 'json', 'ask', node().address + '/user/echo', 'hello')
    assert json.loads(p.out)['value'] == 'hello'
    lines = [l for l in p.err.splitlines() if re.match(r'\d\d:\d\d:\d\d\.\d{3} [<>] 127\.0\.0\.1:%d ' % node().port, l)]
    for mark, word in (('>', 'ASSOCIATE'), ('<', 'ASSOCIATE'), ('>', 'Identify'), ('<', 'ActorIdentity'), ('>', '"hello" ->'), ('<', '"hello" ->'), ('>', 'DISASSOCIATE')):
        assert any(l[13] == mark and word in l for l in lines), (mark, word, p.err)
    assert ' > 127' not in ukko('-vv', 'ask', node().address + '/user/echo', 'hello').err
    n = Node('-v', '-v', '-v')
    ukko('ask', n.address + '/user/echo', 'hello')
    assert re.search(r' < 127\.0\.0\.1:\d+ "hello" ->', n.end()[2])


@test
def record_is_what_travels_without_tls():
    n = tls_node()
    with tempfile.TemporaryDirectory() as d:
        path = d + '/own.pcapng'
        ukko('--record', path, 'ask', n.address + '/user/echo', 'hello', *client())
        kinds = kinds_of(path)
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert kinds[:2] == ['control.associate'] * 2 and kinds.count('message.String') == 2 and kinds[-1] == 'control.shutdown', kinds
        big = 'x' * 100000   # more than a packet holds
        ukko('--record', path, 'ask', node().address + '/user/echo', big)
        assert sorted(r['bytes'] for r in ukko_lines('decode', path, '-Y', 'message.String'))[0] > 100000
        ukko('--record', path, 'bench', node().address + '/user/echo', '--links', '3', '-s', '10', '-f', '1', '-d', '10ms')
        rows = ukko_lines('decode', path, '-Y', 'control.associate')
        assert len(rows) == 6 and len({r['from'] for r in rows}) == 4, rows
        m = Node('--record', path)
        ukko('tell', m.address + '/user/sink', 'x')
        m.end()
        assert 'message.String' in kinds_of(path)
        six = Node('--hostname', '::1')
        ukko('--record', path, 'ask', six.address + '/user/echo', 'hello')
        assert {r['to'] for r in ukko_lines('decode', path, '-Y', 'message.String')} >= {'[::1]:%d' % six.port}
        six.end()
        assert error('--record', d + '/none/x', 'ping', node().address, code=9)['stage'] == 'record'
    n.end()


@test
def dissector_sees_in_tls_with_a_key_log_what_the_command_says():
    for version in ('TLSv1.2', 'TLSv1.3'):
        with tempfile.TemporaryDirectory() as d:
            own, cipher, keys = d + '/own.pcapng', d + '/cipher.pcap', d + '/keys'
            relay, bound = Relay(cipher), free_port()
            both = 'pekko.remote.classic.netty.ssl.security.%s'
            suites = '[TLS_AES_256_GCM_SHA384]' if version == 'TLSv1.3' else '[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'
            say = ['-D', both % 'protocol = "%s"' % version, '-D', both % 'enabled-algorithms = %s' % suites]
            n = tls_node('-D', 'pekko.remote.classic.netty.ssl { hostname = 127.0.0.1, port = %d, bind-hostname = 127.0.0.1, bind-port = %d }' % (relay.port, bound), *say)
            relay.start(bound)
            assert n.port == relay.port
            for args in (['ask', n.address + '/user/echo', 'hello'], ['identify', n.address + '/user/*'], ['deploy', n.address, '--class', 'ukko.node.Counter']):
                ukko('--record', own, '--tls-keylog', keys, *args, *say, *client())
            n.end()
            relay.end()
            got = frames_in_tls(cipher, keys)
            assert same_talk(got[-1], own) and len(got) == 3, (version, got, kinds_of(own))


@test
def decode_follows_tls_whose_key_log_grows():
    with tempfile.TemporaryDirectory() as d:
        trace, keys = d + '/trace.pcap', d + '/keys'
        open(keys, 'w').close()
        n, relay = tls_node(), Relay(trace)
        relay.start(n.port)
        relay.f.flush()
        follow = Running('-o', 'jsonl', 'decode', '--follow', '--tls-keylog', keys, '-Y', 'control.associate', trace)
        ukko('ping', '--handshake-only', '--tls-keylog', keys, *client(), 'pekko.ssl.tcp://ukko@127.0.0.1:%d' % relay.port)
        relay.f.flush()
        assert [follow.record()['text'].split('@')[0] for _ in range(2)] == ['ASSOCIATE ukko-cli', 'ASSOCIATE ukko']
        assert follow.end(signal.SIGINT)[0] == 130
        n.end()
        relay.end()
