# SPDX-License-Identifier: Apache-2.0
"""Handshakes that fail: what went wrong is told apart by name, on our side, once for each source. Who says something wrong is told of long
before the handshake timer, who says nothing when that ends."""
import os, shutil, socket, subprocess, threading, time
from node import JVM, PATIENCE, Node, jvm
from stores import HAVE_KEYTOOL

SSL = 'pekko.remote.classic.netty.ssl'
SUITES = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'
LONG = 4 * PATIENCE     # a handshake timer that nothing waits for: whatever is told, is told of what has happened
SHORT, DEFAULT = 2, 15  # for those who are silent


def node(s, cert='node1', *hocon, ca='ca', name='Us', tls='1.2', suites=SUITES, argv=None, trust=None, timer=LONG):
    more = [x for h in (SSL + '.connection-timeout = %ds' % timer, 'pekko.remote.classic.retry-gate-closed-for = 200ms') + hocon for x in ('--hocon', h)]
    keys = ['--key-store', s.f(cert + '.p12') if cert else s.f(ca + '-trust.p12'), '--trust-store', s.f((trust or ca) + '-trust.p12')]
    return Node('--transport', 'ssl', '--loglevel', 'DEBUG', '--tls', tls, '--ciphers', suites, *keys, '--store-password', 'changeit', *more, name=name, **({'argv': argv} if argv else {}))


def prepare(s):
    if os.path.exists(s.f('foreign-ca-trust.p12')):
        return
    for n, ca, ext in (('node1', 'ca', None), ('node2', 'ca', None), ('foreign', 'foreign-ca', None)):
        s.p12(n + '.p12', n)
    for n, more in (('old', dict(start='20200101000000Z', end='20200201000000Z')), ('client', dict(ext='client')), ('elsewhere', dict(ext='other'))):
        s.node(n, 'ca', **more)
    for ca in ('ca', 'foreign-ca'):
        if HAVE_KEYTOOL:    # a JVM sees no authority in what openssl makes
            s.keytool('-importcert', '-noprompt', '-alias', ca, '-file', ca + '.crt', '-keystore', ca + '-trust.p12', '-storetype', 'PKCS12', '-storepass', 'changeit')
        else:
            s.run('openssl', 'pkcs12', '-export', '-nokeys', '-in', ca + '.crt', '-passout', 'pass:changeit', '-out', ca + '-trust.p12')


# ---------------------------------------------------------------- who comes to us
def s_client(s, port, *more):
    p = subprocess.Popen(['openssl', 's_client', '-connect', '127.0.0.1:%d' % port, *more], cwd=s.d, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        p.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
    finally:
        p.stdin.close()


def say(port, data, listen=0.5):
    with socket.create_connection(('127.0.0.1', port), 5) as k:
        k.sendall(data)
        k.settimeout(listen)
        try:
            while k.recv(4096):
                pass
        except OSError:
            pass


def comes(s, server, attempt, name, *words):
    """the failure is named with all the words; the same again from this source is no warning"""
    n = server.here()
    attempt()
    e = server.log('TLS: [%s]' % name, n)
    missing = [w for w in words if w not in e['msg']]
    if missing or e['level'] != 'WARN':
        return '%(level)s %(msg)s' % e
    n = server.here()
    attempt()
    server.log('TLS: [%s]' % name, n)
    again = server.find(lambda e: e['ev'] == 'log' and e['level'] == 'WARN' and 'TLS: [' in e['msg'], n)
    return 'warned again: %r' % again if again else ''


def timed(fn, *args):
    """what fn finds, at the time that the short timer says and not at that of the default"""
    t0 = time.monotonic()
    why = fn(*args)
    took = time.monotonic() - t0
    return why or ('' if SHORT - 0.1 < took < DEFAULT else 'told after %.1f s' % took)


def silent(port):
    """says nothing, and waits until the other side closes"""
    say(port, b'', PATIENCE)


HELLO = bytes.fromhex('16030100')
ASSOCIATE = bytes.fromhex('00000030122e08011a2a0a140a014112093132372e302e302e3118d20922037463701105000000000000000a00')


def inbound(report, s):
    def cert(n):
        return '-cert', n + '.crt', '-key', n + '.key'
    a = node(s)
    p = a.port
    def c(*more):
        return lambda: s_client(s, p, '-tls1_2', *more)
    cases = [
        ('plain-to-tls', lambda: say(p, ASSOCIATE), 'no-tls', 'does not speak TLS'),
        ('http-to-tls', lambda: say(p, b'GET / HTTP/1.1\r\n\r\n'), 'no-tls', 'HTTP'),
        ('port-probe', lambda: socket.create_connection(('127.0.0.1', p)).close(), 'silent', 'port probe'),
        ('hello-cut', lambda: say(p, HELLO, 0.05), 'cut', 'did not finish'),
        ('foreign-client', c(*cert('foreign')), 'untrusted', 'CN=foreign', 'issuer'),
        ('client-without-certificate', c(), 'no-certificate', 'require-mutual-authentication'),
        ('expired-client', c(*cert('old')), 'expired', 'CN=old', 'has expired'),
        ('version-1.1', lambda: s_client(s, p, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'), 'version-mismatch', 'protocol version'),
        ('cipher', c('-cipher', 'ECDHE-ECDSA-AES256-SHA384', *cert('node2')), 'cipher-mismatch', 'enabled-algorithms'),
        ('client-rejects-us', c('-CAfile', 'foreign-ca.crt', '-verify_return_error', *cert('node2')), 'rejected', 'the authority of our certificate'),
    ]
    for name, attempt, *words in cases:
        report.case('failing:inbound:' + name, comes, s, a, attempt, *words)
    hasty = node(s, timer=SHORT)
    report.case('failing:inbound:silent-client', timed, comes, s, hasty, lambda: silent(hasty.port), 'silent')
    hasty.end()
    def alive():
        b = node(s, 'node2', name='Them')
        b.cmd('select %s/user/echo still' % a.address)
        b.recv('still')
        b.end()
    report.case('failing:inbound:the-node-lives-on', alive)
    a.end()
    b = node(s)
    report.case('failing:inbound:version-1.3', comes, s, b, lambda: s_client(s, b.port, '-tls1_3'), 'version-mismatch', 'protocol version')
    b.end()
    plain = Node('--loglevel', 'DEBUG', name='Plain')
    def hello():
        s_client(s, plain.port)
        e = plain.log('a TLS hello')
        return '' if e['level'] == 'WARN' else str(e)
    report.case('failing:inbound:tls-to-plain', hello)
    plain.end()


# ---------------------------------------------------------------- whom we go to
class Server:
    """a listening socket whose connections are handed to f, or openssl s_server"""
    def __init__(self, f):
        self.ls = socket.create_server(('127.0.0.1', 0))
        self.port, self.open = self.ls.getsockname()[1], []
        def loop():
            while True:
                try:
                    k, _ = self.ls.accept()
                except OSError:
                    return
                self.open.append(k)
                f(k)
        threading.Thread(target=loop, daemon=True).start()

    def end(self):
        self.ls.shutdown(socket.SHUT_RDWR)
        self.ls.close()
        for k in self.open:
            k.close()


class SServer:
    def __init__(self, s, *more):
        self.p = subprocess.Popen(['openssl', 's_server', '-accept', '127.0.0.1:0', '-naccept', '10', *more], cwd=s.d, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        for line in self.p.stdout:
            if line.startswith(b'ACCEPT'):  # ACCEPT 127.0.0.1:40001
                self.port = int(line.rsplit(b':', 1)[1])
                break
        self.rest = threading.Thread(target=self.p.stdout.read, daemon=True)
        self.rest.start()

    def end(self):
        self.p.kill()
        self.p.wait()
        self.rest.join()
        self.p.stdin.close()
        self.p.stdout.close()


def goes(us, server, name, *words):
    n = us.here()
    to = 'pekko.ssl.tcp://Them@127.0.0.1:%d' % server.port
    try:
        us.cmd('select %s/user/x lost' % to)
        us.expect(lambda e: e['ev'] == 'lifecycle' and e['kind'] == 'AssociationErrorEvent' and e['remote'] == to, n, what='AssociationErrorEvent')
        e = us.log('TLS: [%s]' % name, n)
        warned = us.find(lambda e: e['ev'] == 'log' and e['level'] == 'WARN' and 'Remote connection to' in e['msg'] and 'TLS: [' in e['msg'], n)
        return 'said %r' % (warned or e) if not warned or any(w not in warned[0]['msg'] for w in words) else ''
    finally:
        server.end()


def outbound(report, s):
    def cert(n):
        return '-cert', n + '.crt', '-key', n + '.key'
    def closes(k):
        k.recv(100)
        k.close()
    def http(k):
        k.recv(100)
        k.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
        k.close()
    us = node(s)
    cases = [
        ('plain-server-closes', lambda: Server(closes), 'silent', 'may not speak TLS'),
        ('plain-server-answers', lambda: Server(http), 'no-tls', 'does not speak TLS'),
        ('foreign-server', lambda: SServer(s, *cert('foreign')), 'untrusted', 'CN=foreign'),
        ('expired-server', lambda: SServer(s, *cert('old')), 'expired', 'CN=old'),
        ('certificate-of-a-client', lambda: SServer(s, *cert('client')), 'wrong-purpose', 'CN=client'),
        ('version', lambda: SServer(s, '-tls1_3', *cert('node2')), 'version-mismatch'),
        ('cipher', lambda: SServer(s, '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA384', *cert('node1')), 'cipher-mismatch'),
        ('we-are-foreign', lambda: SServer(s, '-tls1_2', '-Verify', '2', '-verify_return_error', '-CAfile', 'foreign-ca.crt', *cert('node2')), 'rejected'),
    ]
    for name, make, *words in cases:
        report.case('failing:outbound:' + name, goes, us, make(), *words)
    us.end()
    us = node(s, timer=SHORT)
    report.case('failing:outbound:silent-server', timed, goes, us, Server(lambda k: None), 'silent', 'may not speak TLS')
    us.end()
    us = node(s, None)
    report.case('failing:outbound:we-have-no-certificate', goes, us, SServer(s, '-tls1_2', '-Verify', '2', '-verify_return_error', '-CAfile', 'ca.crt', *cert('node2')), 'cipher-mismatch')
    us.end()
    us = node(s, 'node1', SSL + '.security.hostname-verification = on')
    report.case('failing:outbound:wrong-host', goes, us, SServer(s, *cert('elsewhere')), 'wrong-host', 'CN=elsewhere', '127.0.0.1')
    def right_host():
        b = node(s, 'node2', name='Them')
        us.cmd('select %s/user/echo named' % b.address)
        us.recv('named')
        b.end()
    report.case('failing:outbound:right-host', right_host)
    us.end()
    us = node(s, tls='1.3', suites='TLS_AES_128_GCM_SHA256')
    report.case('failing:outbound:1.3-we-are-foreign', goes, us,
                SServer(s, '-tls1_3', '-Verify', '2', '-verify_return_error', '-CAfile', 'foreign-ca.crt', *cert('node2')), 'rejected')
    us.end()
    us = node(s, None, tls='1.3', suites='TLS_AES_128_GCM_SHA256')
    report.case('failing:outbound:1.3-we-have-no-certificate', goes, us,
                SServer(s, '-tls1_3', '-Verify', '2', '-verify_return_error', '-CAfile', 'ca.crt', *cert('node2')), 'no-certificate')
    us.end()
    def plain_to_tls():
        server, us = SServer(s, *cert('node2')), Node('--loglevel', 'DEBUG', name='Plain')
        try:
            us.cmd('select pekko.tcp://Them@127.0.0.1:%d/user/x lost' % server.port)
            e = us.log('without a word: it may speak TLS')
            return '' if e['level'] == 'WARN' else str(e)
        finally:
            server.end()
            us.end()
    report.case('failing:outbound:plain-to-tls', plain_to_tls)


# ---------------------------------------------------------------- and with a JVM
def with_jvm(report, s, version):
    argv, label = jvm(version), 'failing:jvm-%s:' % version
    us = node(s)
    def one(them, to, name, *words):
        frm, at = (us, them) if to is them else (them, us)
        n = us.here()
        frm.cmd('select %s/user/echo lost' % at.address)
        e = us.log('TLS: [%s]' % name, n)
        return '' if all(w in e['msg'] for w in words) else e['msg']
    def both(what, them, outbound, inbound):
        """we connect to it, and it to us"""
        try:
            if outbound:
                report.case(label + what + ':we-connect', one, them, them, *outbound)
            if inbound:
                report.case(label + what + ':it-connects', one, them, us, *inbound)
        finally:
            them.end()
    def j(*a, **k):
        return node(s, *a, argv=argv, name='Jvm', **k)
    def mute(name):     # netty 3 closes without an alert
        return ('silent', 'none of our versions and suites') if version == '1.0.2' else (name,)
    both('foreign', j('foreign'), ('untrusted', 'CN=foreign'), ('no-certificate',))
    both('does-not-trust-us', j('node2', ca='foreign-ca', trust='foreign-ca'), ('rejected',), ('rejected',))
    both('version', j('node2', tls='1.3', suites='TLS_AES_128_GCM_SHA256'), mute('version-mismatch'), ('version-mismatch',))
    both('cipher', j('node2', suites='TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'), mute('cipher-mismatch'), ('cipher-mismatch',))
    them = Node(name='Jvm', argv=argv)
    report.case(label + 'plain:it-connects', plain_client, us, them)
    them.address = them.address.replace('pekko.tcp', 'pekko.ssl.tcp')
    both('plain', them, ('silent', 'may not speak TLS'), None)
    us.end()


def plain_client(us, them):
    n = us.here()
    them.cmd('select %s/user/echo lost' % us.address.replace('pekko.ssl.tcp', 'pekko.tcp'))
    us.log('TLS: [no-tls]', n)


def run(report, s):
    prepare(s)
    inbound(report, s)
    outbound(report, s)
    for v in ('1.0.2', '1.7.0'):
        if shutil.which('java') and os.path.isdir(os.path.join(os.path.dirname(JVM), 'classes-' + v)):
            with_jvm(report, s, v)
        else:
            report.skip('failing:jvm-' + v, 'java is not installed, or tests/peer is not built')
