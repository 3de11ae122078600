# SPDX-License-Identifier: Apache-2.0
"""Stores that must be read: each is the key store of a node that another one with plain PEM files talks to."""
import os
import stores
from node import Node, Report

SUITES = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'


def options(key_store, trust_store, password='changeit', hocon=()):
    more = [x for h in hocon for x in ('--hocon', h)]
    return ['--transport', 'ssl', '--key-store', key_store, '--trust-store', trust_store, '--store-password', password, '--ciphers', SUITES,
            '--hocon', 'pekko.remote.classic.netty.ssl.connection-timeout = 60s', *more]


def talks(other, key_store, trust_store, password='changeit', hocon=()):
    """'' when a node with these stores starts, and messages go both ways"""
    n = Node(*options(key_store, trust_store, password, hocon), name='Store')
    try:
        n.cmd('select %s/user/echo there' % other.address)
        n.recv('there')
        at = other.here()
        other.cmd('select %s/user/echo back' % n.address)
        other.recv('back', at)
    finally:
        n.end()
    return ''


def make_openssl(s):
    """name -> (key store, trust store, password, settings)"""
    s.text('ca.pem', 'ca.crt')
    s.p12('openssl.p12', 'node1')
    s.p12('openssl-chain.p12', 'node1', '-certfile', 'ca.crt')
    s.p12('openssl-no-mac.p12', 'node1', '-nomac')
    s.p12('openssl-plain.p12', 'node1', '-keypbe', 'NONE', '-certpbe', 'NONE')
    s.p12('openssl-3des.p12', 'node1', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1')
    s.p12('openssl-rc2.p12', 'node1', '-legacy')
    s.p12('openssl-rsa.p12', 'node2')
    s.p12('openssl-empty-password.p12', 'node1', password='')
    s.p12('openssl-umlaut.p12', 'node1', password='pässwörd☃')
    s.run('openssl', 'pkcs12', '-export', '-nokeys', '-in', 'ca.crt', '-passout', 'pass:changeit', '-out', 'openssl-trust.p12')
    s.text('two-ca.pem', 'ca.crt', 'foreign-ca.crt')
    s.run('openssl', 'pkcs12', '-export', '-nokeys', '-in', 'two-ca.pem', '-passout', 'pass:changeit', '-out', 'openssl-trust-two.p12')
    s.text('plain.pem', 'node1.key', 'node1.crt')
    s.run('openssl', 'pkcs8', '-topk8', '-in', 'node1.key', '-passout', 'pass:changeit', '-out', 'node1.p8')
    s.text('sealed.pem', 'node1.crt', 'node1.p8')
    s.run('openssl', 'ec', '-in', 'node1.key', '-aes128', '-passout', 'pass:changeit', '-out', 'node1.old')
    s.text('traditional.pem', 'node1.old', 'node1.crt')
    os.makedirs(s.f('mount'), exist_ok=True)
    s.text('mount/tls.key', 'node1.key')
    s.text('mount/tls.crt', 'node1.crt')
    s.text('mount/ca.crt', 'ca.crt')
    f, ca = s.f, s.f('ca.pem')
    names = ['openssl.p12', 'openssl-chain.p12', 'openssl-no-mac.p12', 'openssl-plain.p12', 'openssl-3des.p12', 'openssl-rc2.p12', 'openssl-rsa.p12', 'plain.pem', 'sealed.pem',
             'traditional.pem']
    out = {n: (f(n), ca, 'changeit', ()) for n in names}
    out['openssl-empty-password.p12'] = (f('openssl-empty-password.p12'), ca, '', ())
    out['openssl-umlaut.p12'] = (f('openssl-umlaut.p12'), ca, 'pässwörd☃', ())
    for n in ('openssl-trust.p12', 'openssl-trust-two.p12', 'two-ca.pem'):
        out['trust:' + n] = (f('openssl.p12'), f(n), 'changeit', ())
    out['folder'] = (f('mount'), f('mount'), 'changeit', ())
    # ${ENV}: the password is not in the file
    os.environ['UKKO_TEST_STORE_PASSWORD'] = 'changeit'
    out['password-from-the-environment'] = (f('openssl.p12'), ca, 'wrong', [
        'pekko.remote.classic.netty.ssl.security { key-store-password = ${UKKO_TEST_STORE_PASSWORD}, key-password = ${UKKO_TEST_STORE_PASSWORD} }'])
    return out


def make_keytool(s):
    imp = ('-importkeystore', '-noprompt', '-srckeystore', 'openssl.p12', '-srcstorepass', 'changeit')
    def trust(out, kind, *names):
        for n in names:
            s.keytool('-importcert', '-noprompt', '-alias', n, '-file', n + '.crt', '-keystore', out, '-storetype', kind, '-storepass', 'changeit')
    s.keytool(*imp, '-destkeystore', 'java.p12', '-deststoretype', 'PKCS12', '-deststorepass', 'changeit')
    s.keytool('-J-Dkeystore.pkcs12.legacy', *imp, '-destkeystore', 'java-legacy.p12', '-deststoretype', 'PKCS12', '-deststorepass', 'changeit')
    s.keytool(*imp, '-destkeystore', 'java.jks', '-deststoretype', 'JKS', '-deststorepass', 'changeit')
    s.keytool(*imp, '-destkeystore', 'java-two-passwords.jks', '-deststoretype', 'JKS', '-deststorepass', 'changeit', '-srcalias', 'node1', '-destkeypass', 'another1')
    trust('java-trust.p12', 'PKCS12', 'ca')
    trust('java-trust.jks', 'JKS', 'ca')
    trust('java-trust-two.p12', 'PKCS12', 'foreign-ca', 'ca')
    trust('java-trust-two.jks', 'JKS', 'foreign-ca', 'ca')
    for kind, out in (('PKCS12', 'java-many.p12'), ('JKS', 'java-many.jks')):
        trust(out, kind, 'ca', 'foreign-ca')
        s.keytool('-importkeystore', '-noprompt', '-srckeystore', 'openssl-rsa.p12', '-srcstorepass', 'changeit', '-destkeystore', out, '-deststoretype', kind, '-deststorepass', 'changeit')
        s.keytool(*imp, '-destkeystore', out, '-deststoretype', kind, '-deststorepass', 'changeit')
    f, ca = s.f, s.f('ca.pem')
    out = {n: (f(n), ca, 'changeit', ()) for n in ('java.p12', 'java-legacy.p12', 'java.jks', 'java-many.p12', 'java-many.jks')}
    out['java-two-passwords.jks'] = (f('java-two-passwords.jks'), ca, 'changeit', ['pekko.remote.classic.netty.ssl.security.key-password = another1'])
    for n in ('java-trust.p12', 'java-trust.jks', 'java-trust-two.p12', 'java-trust-two.jks', 'java-many.p12', 'java-many.jks'):
        out['trust:' + n] = (f('openssl.p12'), f(n), 'changeit', ())
    return out


def not_an_anchor(s):
    """As in Java: the certificates above a key are part of its chain, not authorities. A node whose trust store is such a key
    store accepts that very certificate, but no other of the same authority."""
    n = Node(*options(s.f('openssl.p12'), s.f('openssl-chain.p12')), name='Strict')
    other = Node(*options(s.f('openssl-rsa.p12'), s.f('ca.pem')), name='Other')
    try:
        other.cmd('select %s/user/echo hello' % n.address)
        n.log('TLS: [untrusted] the peer\'s certificate is not trusted here (CN=node2')
    finally:
        n.end()
        other.end()
    return ''


def run(report, s):
    s.text('node2.pem', 'node2.key', 'node2.crt')
    every = make_openssl(s)
    other = Node(*options(s.f('node2.pem'), s.f('ca.pem')), name='Pem')
    try:
        for name, args in every.items():
            report.case('store:' + name, talks, other, *args)
        report.case('store:chain-is-no-authority', not_an_anchor, s)
        if not stores.HAVE_KEYTOOL:
            report.skip('stores-of-keytool', 'keytool is not installed')
            return
        for name, args in make_keytool(s).items():
            report.case('store:' + name, talks, other, *args)
    finally:
        other.end()
