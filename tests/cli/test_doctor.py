# SPDX-License-Identifier: Apache-2.0
"""`ukko doctor` finds each planted fault from outside, names the setting to change, and ends with the right code."""
import http.server, os, signal, socket, ssl, struct, threading
from certs import made, tls_server, client
from support import *

STEPS = 'dns tcp handshake name scheme reply select watch frame'.split()


def examine(target, *args, code=0):
    """{check: finding}"""
    rows = ukko_json('doctor', *args, target, code=code)
    assert all(r['target'] for r in rows)
    for r in rows:
        assert (r['fix'] is None) == (r['where'] is None) and (r['code'] is None) == (r['status'] in ('ok', 'skipped')), r
        assert r['where'] in (None, 'here', 'peer'), r
    return {r['check']: r for r in rows}


def fault(target, check, error, setting, *args, code, where=None):
    """the one finding; its line of configuration names the setting"""
    f = examine(target, *args, code=code)
    got = f.get(check)
    assert got and got['code'] == error, f
    assert got['status'] == ('warn' if code == 1 else 'fail'), got
    assert setting in got['fix'], got
    assert where is None or got['where'] == where, got
    people = ukko('doctor', *args, target, code=code).out
    assert setting in people and ('warn' if code == 1 else 'FAIL') in people, people
    return f


@test
def doctor_finds_nothing_at_a_healthy_node():
    f = examine(node().address + '/user/echo')
    assert list(f) == STEPS and all(r['status'] == 'ok' for r in f.values()), f
    assert f['select']['text'].startswith(node().address + '/user/echo#')
    f = examine('127.0.0.1:%d' % node().port)
    assert list(f) == STEPS and all(r['status'] == 'ok' for r in f.values()), f
    p = ukko('doctor', '--reverse', node().address)
    assert ' reverse   ok' in p.out and p.err == '' and '\033' not in p.out, p.out


@test
def doctor_planted_unknown_host():
    fault('pekko.tcp://s@no-such-host.invalid:2552', 'dns', 'UNKNOWN_HOST', 'pekko.remote.classic.netty.tcp.hostname', code=3)
    fault('pekko.ssl.tcp://s@no-such-host.invalid:2552', 'dns', 'UNKNOWN_HOST', '/etc/hosts', code=3)


@test
def doctor_planted_closed_port():
    port = free_port()
    f = fault('pekko.tcp://s@127.0.0.1:%d' % port, 'tcp', 'CONNECT_REFUSED', 'pekko.remote.classic.netty.tcp.port = %d' % port, code=3, where='peer')
    assert list(f) == ['dns', 'tcp'], f


@test
def doctor_planted_wrong_dialect():
    f = fault('akka.tcp://ukko@127.0.0.1:%d' % node().port, 'scheme', 'WRONG_DIALECT', 'protocol-name = "pekko"', code=5)
    assert f['reply']['status'] == 'ok' and 'address it as ' + node().address in f['scheme']['fix'], f
    n = Node('-D', 'pekko.remote.protocol-name = akka', '-D', 'pekko.remote.accept-protocol-names = [akka]')
    assert n.address.startswith('akka.tcp://')
    fault(n.address.replace('akka.tcp', 'pekko.tcp'), 'scheme', 'WRONG_DIALECT', 'protocol-name = "akka"', code=5)
    assert examine(n.address)['scheme']['status'] == 'ok'
    assert 'akka.tcp' in examine('127.0.0.1:%d' % n.port)['scheme']['text']
    n.end()


@test
def doctor_planted_artery_address():
    e = error('doctor', 'pekko://s@127.0.0.1:%d' % node().port, code=2)
    assert e['code'] == 'PROTOCOL' and e['detail'].startswith('pekko:// is Artery'), e
    assert error('doctor', 'akka://s@127.0.0.1:1', code=2)['detail'].startswith('akka:// is Artery')


@test
def doctor_planted_artery():
    def talk(c):   # as Artery TCP: its magic is kept, all else is hung up on
        if c.recv(4, socket.MSG_WAITALL) == b'AKKA':
            while c.recv(100):
                pass
    with server(talk) as port:
        fault('127.0.0.1:%d' % port, 'bytes', 'ARTERY', 'pekko.remote.artery.enabled = off', code=5, where='peer')


@test
def doctor_planted_http():
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *a):
            pass
    s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    fault('127.0.0.1:%d' % s.server_address[1], 'bytes', 'HTTP_PORT', 'netty.tcp', code=5)
    s.shutdown()


@test
def doctor_planted_other_protocol():
    with server(lambda c: (c.sendall(b'SSH-2.0-x\r\n'), c.recv(4096))) as port:
        f = fault('127.0.0.1:%d' % port, 'bytes', 'NOT_PEKKO', 'netty.tcp', code=5)
    assert 'SSH-2.0-x' in f['bytes']['text'], f


@test
def doctor_planted_akka_net():
    def talk(c):   # lengths with the small end first
        head = c.recv(4, socket.MSG_WAITALL)
        n = struct.unpack('<I', head)[0] if len(head) == 4 else 0
        if 0 < n < 1000 and len(c.recv(n, socket.MSG_WAITALL)) == n:
            c.sendall(struct.pack('<I', 4) + bytes([0x12, 2, 8, 1]))
        c.recv(100)
    with server(talk) as port:
        fault('127.0.0.1:%d' % port, 'bytes', 'AKKA_NET', 'Akka.NET', code=5)


@test
def doctor_planted_stopped_process():
    n = Node()
    n.p.send_signal(signal.SIGSTOP)
    fault(n.address, 'bytes', 'SILENT', 'SIGSTOP', '-t', '500ms', code=6, where='peer')
    n.p.send_signal(signal.SIGCONT)
    n.end()


@test
def doctor_planted_wrong_system_name():
    f = fault('pekko.tcp://wrong@127.0.0.1:%d' % node().port, 'name', 'WRONG_SYSTEM', node().address, code=5, where='here')
    assert '"ukko"' in f['name']['text'] and '"wrong"' in f['name']['text'], f


@test
def doctor_planted_published_is_not_dialled():
    n = Node('--hostname', 'localhost', '-D', 'pekko.remote.classic.netty.tcp.bind-hostname = "127.0.0.1"')
    port = n.port
    f = fault('pekko.tcp://ukko@127.0.0.1:%d' % port, 'name', 'WRONG_HOST', 'hostname = "127.0.0.1", port = %d' % port, code=5, where='peer')
    assert 'publishes ukko@localhost:%d' % port in f['name']['text'], f
    assert examine('pekko.tcp://ukko@localhost:%d' % port)['name']['status'] == 'ok'
    assert ukko('ask', '127.0.0.1:%d/user/echo' % port, 'x').out.endswith('x\n')   # learns the published name
    n.end()


@test
def doctor_planted_mapped_port():
    published = free_port()
    n = Node('-D', 'pekko.remote.classic.netty.tcp.port = %d' % published, '-D', 'pekko.remote.classic.netty.tcp.bind-port = 0', '-v', '-v')
    assert n.port == published
    bound = None
    while not bound:   # the log says where it is bound; the address only what is published
        with open('/proc/%d/net/tcp' % n.p.pid) as t:
            inodes = {os.readlink('/proc/%d/fd/%s' % (n.p.pid, fd)) for fd in os.listdir('/proc/%d/fd' % n.p.pid) if os.path.lexists('/proc/%d/fd/%s' % (n.p.pid, fd))}
            for l in t.read().splitlines()[1:]:
                cells = l.split()
                if cells[3] == '0A' and 'socket:[%s]' % cells[9] in inodes:
                    bound = int(cells[1].split(':')[1], 16)
    fault('127.0.0.1:%d' % bound, 'name', 'WRONG_HOST', 'port = %d' % bound, code=5, where='peer')
    n.end()


@test
def doctor_planted_untrusted_mode():
    n = Node('-D', 'pekko.remote.classic { untrusted-mode = on, trusted-selection-paths = ["/user/echo", "/system/remote-watcher"] }')
    fault(n.address + '/user/sink', 'select', 'UNTRUSTED_MODE', 'pekko.remote.classic.trusted-selection-paths = ["/user/sink"]', code=1, where='peer')
    f = examine(n.address + '/user/echo')
    assert f['select']['status'] == f['watch']['status'] == 'ok', f
    n.end()
    n = Node('-D', 'pekko.remote.classic.untrusted-mode = on')   # one line for both
    fault(n.address + '/user/sink', 'watch', 'NO_HEARTBEATS', 'pekko.remote.classic.trusted-selection-paths = ["/user/sink", "/system/remote-watcher"]', code=1)
    n.end()


@test
def doctor_planted_busy_actor():
    """look-ups of an actor are not answered, and neither is a question to its reference: that is no untrusted mode"""
    def talk(c):
        def frame():
            head = c.recv(4, socket.MSG_WAITALL)
            return c.recv(struct.unpack('>I', head)[0], socket.MSG_WAITALL) if len(head) == 4 else b''
        if frame():
            c.sendall(associate('peer', '127.0.0.1', port, 5))
        for body in iter(frame, b''):
            sender = re.search(rb'pekko\.tcp://[^/]+/temp/q\d+', body)
            about_an_actor = b'/user/slow' in body or (b'user' in body and b'slow' in body)
            if sender and not about_an_actor:   # ActorIdentity of nobody
                c.sendall(envelope(sender.group().decode(), '', 16, 'B', pb(1, bytes.fromhex('0a01691014'))))
    with server(talk) as port:
        f = fault(at(port, '/user/slow'), 'select', 'BUSY', 'dispatcher', '-t', '2s', code=1, where='peer')
    assert f['watch']['status'] == f['reply']['status'] == 'ok', f


@test
def doctor_sums_up_what_to_change():
    n = Node('-D', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 50000b')
    p = ukko('doctor', '--fix-hints', n.address.replace('ukko@', 'wrong@'), code=5)
    assert p.out.endswith('to change at the peer:\n    pekko.remote.classic.netty.tcp.maximum-frame-size = 128000b\n'
                          'to change here:\n    address it as %s\n' % n.address), p.out
    assert 'to change' not in ukko('doctor', '--fix-hints', node().address).out
    assert {r['check'] for r in ukko_json('doctor', '--fix-hints', n.address, code=8)} == set(STEPS)
    n.end()


@test
def doctor_planted_no_death_watch():
    n = Node('-D', 'pekko.remote.use-unsafe-remote-features-outside-cluster = off')
    fault(n.address, 'watch', 'NO_HEARTBEATS', 'pekko.remote.use-unsafe-remote-features-outside-cluster = on', code=1, where='peer')
    n.end()


@test
def doctor_planted_frame_limit():
    n = Node('-D', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 50000b')
    f = fault(n.address, 'frame', 'FRAME_LIMIT', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 128000b', code=8, where='peer')
    assert 'frames of 50000 bytes' in f['frame']['text'], f
    f = examine(n.address, '-D', 'pekko.remote.classic.netty.tcp.maximum-frame-size = 50000b')
    assert f['frame']['status'] == 'ok', f
    f = examine(n.address, '--frame', '50001', code=8)
    assert f['frame']['code'] == 'FRAME_LIMIT', f
    n.end()


@test
def doctor_planted_missing_actor():
    f = examine(node().address + '/user/nobody', code=1)
    assert f['select']['code'] == 'NO_SUCH_ACTOR', f


@test
def doctor_planted_no_way_back():
    """the node answers only by dialling, and the published address takes no connections"""
    n = Node('-D', 'pekko.remote.classic.use-passive-connections = off')
    with server(lambda c: None) as port:   # who dials there is hung up on
        f = in_time(lambda *t: fault(n.address, 'reply', 'NO_WAY_BACK', 'pekko.remote.classic.use-passive-connections = on', '--as', 'me@127.0.0.1:%d' % port, *t, code=6))
    assert '127.0.0.1:%d' % port in f['reply']['text'], f
    f = fault(n.address, 'reply', 'DIALS_BACK', 'pekko.remote.classic.use-passive-connections = on', code=1, where='peer')
    n.end()


@test
def doctor_planted_gate():
    """the node has failed to reach an address; what calls itself so gets no answers, others do"""
    port = free_port()
    n = Node('-D', 'pekko.remote.classic.retry-gate-closed-for = 1h')
    sender = Running('-o', 'jsonl', 'ping', '-n', '1', n.address)   # the node is up
    assert sender.record()['n'] == 1 and sender.end()[0] == 0
    # an answer for an address that nobody listens at: the node dials, fails, and gates it
    with contextlib.closing(Raw(n.port, 'me', '127.0.0.1', port)) as r:
        r.identify(n.address + '/user', 'pekko.tcp://gated@127.0.0.1:%d/temp/x' % port)
        r.identify(n.address + '/user', 'pekko.tcp://me@127.0.0.1:%d/temp/y' % port)
        assert r.next_payload()   # the second answer: the first one is on its way
        f = None
        for _ in range(20):   # the connect that fails is the node's own
            f = {x['check']: x for x in json.loads(subprocess.run([UKKO, '-o', 'json', 'doctor', '-t', '1s', '--as', 'gated@127.0.0.1:%d' % port, n.address],
                                                                  stdout=subprocess.PIPE).stdout)}
            if f.get('reply', {}).get('code') == 'GATED':
                break
    assert f['reply']['code'] == 'GATED' and f['reply']['status'] == 'fail', f
    assert 'retry-gate-closed-for' in f['reply']['fix'], f
    p = in_time(lambda *t: ukko('doctor', *t, '--as', 'gated@127.0.0.1:%d' % port, n.address, code=7))
    assert 'gated' in p.out, p.out
    n.end()


@test
def doctor_planted_quarantine():
    def talk(c):   # shakes hands, then says that this incarnation is quarantined
        head = c.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            return
        body = c.recv(struct.unpack('>I', head)[0], socket.MSG_WAITALL)
        hello = associate('peer', '127.0.0.1', port, 5)
        c.sendall(hello)
        if bytes([0x11]) + struct.pack('<q', 42) in body:
            c.sendall(struct.pack('>I', 4) + bytes([0x12, 2, 8, 5]))
        c.recv(1000)
    with server(talk) as port:
        f = fault('pekko.tcp://peer@127.0.0.1:%d' % port, 'quarantine', 'QUARANTINED', 'new incarnation', '--as', 'me@127.0.0.1:%d' % free_port(), '--uid', '42',
                  code=7, where='here')
        assert 'uid 42' in f['quarantine']['text'], f


# ---------------------------------------------------------------- TLS
def tls_node(*args, cert='node', trust=True):
    d = made()
    return Node('--tls', '--cert', '%s/%s.pem' % (d, cert), '--key', '%s/%s-key.pem' % (d, cert), '--ca', d + '/ca.pem', *args)


@test
def doctor_finds_nothing_at_a_healthy_tls_node():
    n = tls_node()
    assert n.address.startswith('pekko.ssl.tcp://')
    f = examine(n.address, *client())
    assert all(r['status'] == 'ok' for r in f.values()), f
    assert list(f) == ['dns', 'tcp', 'tls', 'cert', 'trust', 'certname', 'owncert', 'versions'] + STEPS[2:], list(f)
    f = examine('--tls', '127.0.0.1:%d' % n.port, *client())
    assert all(r['status'] == 'ok' for r in f.values()), f
    tls = ukko_json('ping', '-n', '1', *client(), n.address)['tls']   # and what a system sees of it
    assert tls['version'] == 'TLSv1.3' and tls['cipher'].startswith('TLS_') and tls['certificate'] == 'CN = localhost' and tls['valid_until'] > '2026', tls
    assert 'TLSv1.3, ' + tls['cipher'] in ukko('ping', '--handshake-only', *client(), n.address).out
    assert ukko_json('ping', '-n', '1', node().address)['tls'] is None
    n.end()


@test
def doctor_planted_tls_on_the_port():
    n = tls_node()
    fault(n.address.replace('ssl.tcp', 'tcp'), 'bytes', 'TLS_PORT', 'pekko.remote.classic.enabled-transports = ["pekko.remote.classic.netty.ssl"]', code=4)
    n.end()


@test
def doctor_planted_plain_port_for_tls():
    f = fault(node().address.replace('pekko.tcp', 'pekko.ssl.tcp'), 'tls', 'TLS_NO_TLS', 'address it as ' + node().address, *client(), code=4, where='here')
    assert 'netty.ssl' in f['tls']['fix'] and 'without TLS' in f['tls']['text'], f
    with server(lambda c: (c.recv(4096), c.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n'))) as port:
        f = fault('pekko.ssl.tcp://s@127.0.0.1:%d' % port, 'tls', 'TLS_NO_TLS', 'take the port of pekko.remote.classic.netty.ssl', *client(), code=4, where='here')
    assert 'an HTTP server' in f['tls']['text'], f


@test
def doctor_planted_tls_that_hangs_up_on_an_old_hello():
    """as netty 3 does with TLS 1.3 alone: no alert, nothing that looks like TLS, but to a hello of TLS 1.3"""
    d, context = made(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(d + '/node.pem', d + '/node-key.pem')

    def talk(c):
        if bytes([0, 0x2b]) in c.recv(4096, socket.MSG_PEEK)[:600]:   # the extension supported_versions
            context.wrap_socket(c, server_side=True).recv(100)
    with server(talk) as port:
        f = examine('127.0.0.1:%d' % port, code=4)
    assert f['bytes']['code'] == 'TLS_PORT', f


@test
def doctor_planted_own_certificate_expired():
    d = made()
    n = tls_node()
    f = fault(n.address, 'owncert', 'OWN_CERT_EXPIRED', 'pekko.remote.classic.netty.ssl.security.key-store', '--ca', d + '/ca.pem', '--cert', d + '/expired.pem',
              '--key', d + '/expired-key.pem', code=4, where='here')
    assert 'expired on' in f['owncert']['text'] and f['tls']['code'] == 'TLS_CLIENT_CERT_REFUSED' and f['tls']['where'] == 'here', f
    f = examine(n.address, '--ca', d + '/ca.pem', '--cert', d + '/foreign/node.pem', '--key', d + '/foreign/node-key.pem', code=4)
    assert f['owncert']['status'] == 'ok' and f['cert']['status'] == 'ok' and 'a store that holds CN = ' in f['tls']['fix'], f
    n.end()


@test
def doctor_planted_keys_that_cannot_be_used():
    d = made()
    f = fault('pekko.ssl.tcp://s@127.0.0.1:%d' % node().port, 'keys', 'KEYS', 'key-store', '--ca', d + '/ca.pem', '--cert', d + '/node.pem', '--key', d + '/other-key.pem',
              code=4, where='here')
    assert list(f) == ['dns', 'tcp', 'keys'], f
    for command in ('doctor', 'ping'):
        e = error(command, '--ca', d + '/no-such.pem', 'pekko.ssl.tcp://s@127.0.0.1:%d' % node().port, code=9)
        assert e['code'] == 'FILE' and 'no-such.pem: No such file' in e['detail'], e


@test
def doctor_planted_expired_certificate():
    p, port = tls_server('expired')
    in_time(lambda *t: fault('pekko.ssl.tcp://s@127.0.0.1:%d' % port, 'cert', 'CERT_EXPIRED', 'pekko.remote.classic.netty.ssl.security.key-store', *client(*t), code=4, where='peer'))
    p.kill()


@test
def doctor_planted_early_certificate():
    p, port = tls_server('early')
    in_time(lambda *t: fault('pekko.ssl.tcp://s@127.0.0.1:%d' % port, 'cert', 'CERT_NOT_YET_VALID', 'clock', *client(*t), code=4))
    p.kill()


@test
def doctor_planted_untrusted_issuer():
    d = made()
    n = tls_node('-D', 'pekko.remote.classic.netty.ssl.security.require-mutual-authentication = off')
    fault(n.address, 'trust', 'CERT_UNTRUSTED', 'pekko.remote.classic.netty.ssl.security.trust-store', '--ca', d + '/self.pem', code=4, where='here')
    n.end()


@test
def doctor_planted_self_signed():
    p, port = tls_server('self')
    in_time(lambda *t: fault('pekko.ssl.tcp://s@127.0.0.1:%d' % port, 'trust', 'CERT_SELF_SIGNED', 'trust-store', *client(*t), code=4, where='here'))
    p.kill()


@test
def doctor_planted_certificate_for_another_host():
    n = tls_node(cert='other')
    f = fault(n.address, 'certname', 'CERT_HOSTNAME', 'names 127.0.0.1', *client(), code=1, where='peer')
    assert 'b.example.com' in f['certname']['text'], f
    n.end()


@test
def doctor_planted_client_certificate_is_wanted():
    n = tls_node()
    for version in ('TLSv1.2', 'TLSv1.3'):
        m = tls_node('-D', 'pekko.remote.classic.netty.ssl.security.protocol = "%s"' % version)
        fault(m.address, 'tls', 'TLS_CLIENT_CERT', 'pekko.remote.classic.netty.ssl.security.key-store', '--ca', made() + '/ca.pem', code=4, where='here')
        m.end()
    n.end()


@test
def doctor_planted_client_certificate_is_refused():
    d = made() + '/foreign'
    for version in ('TLSv1.2', 'TLSv1.3'):
        n = tls_node('-D', 'pekko.remote.classic.netty.ssl.security.protocol = "%s"' % version)
        fault(n.address, 'tls', 'TLS_CLIENT_CERT_REFUSED', 'trust-store', '--ca', made() + '/ca.pem', '--cert', d + '/node.pem', '--key', d + '/node-key.pem', code=4,
              where='peer')
        n.end()


@test
def doctor_planted_tls_version():
    for peer, own in (('TLSv1.2', 'TLSv1.3'), ('TLSv1.3', 'TLSv1.2')):
        n = tls_node('-D', 'pekko.remote.classic.netty.ssl.security.protocol = "%s"' % peer)
        fault(n.address, 'versions', 'TLS_VERSION', 'pekko.remote.classic.netty.ssl.security.protocol = "%s"' % peer,
              *client('-D', 'pekko.remote.classic.netty.ssl.security.protocol = "%s"' % own), code=4, where='here')
        n.end()


@test
def doctor_planted_cipher_suite():
    n = tls_node('-D', 'pekko.remote.classic.netty.ssl.security { protocol = "TLSv1.2", enabled-algorithms = [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384] }')
    fault(n.address, 'suites', 'TLS_CIPHER', 'enabled-algorithms = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]',
          *client('-D', 'pekko.remote.classic.netty.ssl.security { protocol = "TLSv1.2", enabled-algorithms = [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256] }'), code=4,
          where='here')
    # suites of TLS 1.2 alone, and no word of a version: that is fine
    f = examine(n.address, *client('-D', 'pekko.remote.classic.netty.ssl.security.enabled-algorithms = [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]'))
    assert f['suites']['text'] == 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', f
    n.end()


@test
def doctor_takes_keys_from_the_configuration_of_a_node():
    d = made()
    n = tls_node()
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('''pekko.remote.classic.netty.ssl.security { key-store = "%s/node.p12", trust-store = "%s/trust.p12", protocol = "TLSv1.3",
                   enabled-algorithms = [TLS_AES_128_GCM_SHA256] }''' % (d, d))
        f.flush()
        r = examine(n.address, '--config', f.name, '-D', 'pekko.remote.classic.netty.ssl.security { key-store-password = changeme, key-password = changeme, trust-store-password = changeme }')
        assert r['suites']['text'] == 'TLS_AES_128_GCM_SHA256' and all(x['status'] == 'ok' for x in r.values()), r
        assert ukko_json('ask', n.address + '/user/echo', 'hi', '--config', f.name, '-D',
                         'pekko.remote.classic.netty.ssl.security { key-store-password = changeme, key-password = changeme, trust-store-password = changeme }')['value'] == 'hi'
    n.end()
