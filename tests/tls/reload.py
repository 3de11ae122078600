# SPDX-License-Identifier: Apache-2.0
"""Keys that are loaded anew without a restart, the key log, and rules by the names in certificates."""
import os, ssl, socket
from failing import node
from node import Node


def serial(s, port):
    """the serial number of the certificate that a port shows"""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.load_verify_locations(s.f('ca.crt'))
    c.load_cert_chain(s.f('node2.crt'), s.f('node2.key'))
    with socket.create_connection(('127.0.0.1', port), 10) as k, c.wrap_socket(k) as t:
        return t.getpeercert()['serialNumber']


def changed(s):
    """The files are replaced: new connections see the new certificate, the open one goes on; a broken file changes nothing."""
    s.node('rolling', 'ca')
    s.text('rolling.pem', 'rolling.key', 'rolling.crt')
    a = Node('--transport', 'ssl', '--key-store', s.f('rolling.pem'), '--trust-store', s.f('ca-trust.p12'), '--store-password', 'changeit', '--ciphers',
             'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', '--hocon', 'ukko.remote.tls.reload-interval = 50ms', name='Rolling')
    b = node(s, 'node2', name='Friend')
    try:
        b.cmd('select %s/user/echo one' % a.address)
        b.recv('one')
        first = serial(s, a.port)
        n = a.here()
        with open(s.f('rolling.pem'), 'w') as f:
            f.write('-----BEGIN nonsense')
        a.log('TLS keys have changed but cannot be loaded', n)
        if serial(s, a.port) != first:
            return 'another certificate after a broken file'
        n = a.here()
        s.node('rolling', 'ca')
        s.text('rolling.new', 'rolling.key', 'rolling.crt')
        os.rename(s.f('rolling.new'), s.f('rolling.pem'))
        a.log('TLS keys were loaded anew', n)
        second = serial(s, a.port)
        if second == first:
            return 'still the old certificate'
        n = b.here()
        b.cmd('select %s/user/echo two' % a.address)
        b.recv('two', n)
        lost = b.find(lambda e: e['ev'] == 'lifecycle' and e['kind'] == 'DisassociatedEvent')
        return 'the open connection was lost' if lost else ''
    finally:
        a.end()
        b.end()


def key_log(s):
    """Secrets are written only when the setting asks, whatever the environment says; then a warning says so."""
    os.environ['SSLKEYLOGFILE'] = s.f('environment.log')
    a = node(s, 'node1', 'ukko.remote.tls.key-log-file = "%s"' % s.f('asked.log'))
    b = node(s, 'node2', name='Quiet')
    try:
        a.log('ukko.remote.tls.key-log-file')
        b.cmd('select %s/user/echo hello' % a.address)
        b.recv('hello')
    finally:
        del os.environ['SSLKEYLOGFILE']
        a.end()
        b.end()
    if os.path.exists(s.f('environment.log')):
        return 'the environment was obeyed'
    lines = open(s.f('asked.log')).read().split('\n')
    if os.stat(s.f('asked.log')).st_mode & 0o77:
        return 'others may read it'
    return '' if any(l.startswith('CLIENT_RANDOM ') for l in lines) else 'no secret in %r' % lines[:3]


def rules(s):
    """Who may be who, by the names in certificates: in both directions, and less trust for some."""
    peers = 'ukko.remote.tls.peers = [{subject = "CN=node2", addresses = ["pekko.ssl.tcp://Good@127.0.0.1:*"]}, {subject = "CN=half", untrusted = on}]'
    s.node('half', 'ca')
    s.p12('half.p12', 'half')
    a = node(s, 'node1', peers)
    s.p12('client.p12', 'client')
    good, other, half = node(s, 'node2', name='Good'), node(s, 'client', name='Good'), node(s, 'half', name='Half')
    liar = node(s, 'node2', name='Liar')
    try:
        good.cmd('select %s/user/echo hello' % a.address)
        good.recv('hello')
        for b, why in ((other, 'certificate of [CN=client] be [%s]' % other.address), (liar, 'certificate of [CN=node2] be [%s]' % liar.address)):
            n = a.here()
            b.cmd('select %s/user/collector in' % a.address)
            e = a.log(why, n)
            if e['level'] != 'WARN':
                return str(e)
        n = a.here()
        a.cmd('select %s/user/collector out' % liar.address)
        a.log('certificate of [CN=node2] be [%s]' % liar.address, n)
        a.expect(lambda e: e['ev'] == 'deadletter' and e['value'] == 'out', n)
        n = a.here()
        half.cmd('select %s/user/echo dropped' % a.address)
        a.log('operating in UntrustedMode, dropping inbound actor selection to [/user/echo]', n)
        got = a.find(lambda e: e['ev'] == 'recv' and e['value'] == 'in') + liar.find(lambda e: e['ev'] == 'recv' and e['value'] == 'out')
        return 'received %r' % got if got else ''
    finally:
        for p in (a, good, other, half, liar):
            p.end()


def run(report, s):
    import failing
    failing.prepare(s)
    report.case('reload:files-change', changed, s)
    report.case('key-log:only-when-asked', key_log, s)
    report.case('rules:by-certificate', rules, s)
