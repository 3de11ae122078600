# SPDX-License-Identifier: Apache-2.0
"""Stores and settings that must be refused at the start, each with an error that names the setting, the file where it is one,
the alias where there is one, and the right reason; and certificates out of their time, of which only the log tells, as peers may not
look at them."""
import base64, os, struct
from node import Node
from stores import HAVE_KEYTOOL, jks, jks_key, jks_seal

SSL = 'pekko.remote.classic.netty.ssl.security'


def refused(words, key_store, trust_store, hocon=(), password='changeit'):
    """'' when a node does not start, exits with 3, and its error holds all the words"""
    more = [x for h in hocon for x in ('--hocon', SSL + '.' + h)]
    n = Node('--transport', 'ssl', '--key-store', key_store, '--trust-store', trust_store, '--store-password', password, *more, wait=False)
    e = n.expect(lambda e: e['ev'] in ('started', 'start-failed'), what='start or refusal')
    status = n.end()
    if e['ev'] == 'started':
        return 'it started'
    text = e['cause']['message']
    missing = [w for w in words if w not in text]
    if missing:
        return '%r does not say %r' % (text, missing)
    return '' if status == 3 else 'exit status %r' % status


def warned(words, key_store, trust_store, hocon=()):
    """'' when a node starts, and warns in all the words"""
    more = [x for h in hocon for x in ('--hocon', SSL + '.' + h)]
    n = Node('--transport', 'ssl', '--key-store', key_store, '--trust-store', trust_store, *more)
    try:
        n.expect(lambda e: e['ev'] == 'log' and e['level'] == 'WARN' and all(w in e['msg'] for w in words), what='a warning that says %r' % (words,))
    finally:
        n.end()
    return ''


def make(s):
    """name -> (words of the error, key store, trust store, settings)"""
    s.text('ca.pem', 'ca.crt')
    s.p12('ok.p12', 'node1')
    ok, ca = s.f('ok.p12'), s.f('ca.pem')
    out = {}

    def key(name, file, *words, **more):
        out[name] = (('key-store', os.path.basename(file)) + words, file, ca, more.get('hocon', ()))

    def trust(name, file, *words, **more):
        out[name] = (('trust-store', os.path.basename(file)) + words, ok, file, more.get('hocon', ()))

    # passwords
    key('p12-wrong-password', ok, 'key-store-password', 'password is wrong', hocon=['key-store-password = nonsense'])
    out['p12-wrong-key-password'] = (('security.key-password', 'ok.p12', 'alias "node1"', 'password is wrong'), ok, ca, ['key-password = nonsense'])
    s.run('openssl', 'pkcs12', '-export', '-nokeys', '-in', 'ca.crt', '-passout', 'pass:changeit', '-out', 'trust.p12')
    trust('trust-wrong-password', s.f('trust.p12'), 'trust-store-password', 'password is wrong', hocon=['trust-store-password = nonsense'])
    s.run('openssl', 'pkcs8', '-topk8', '-in', 'node1.key', '-passout', 'pass:other', '-out', 'other.p8')
    out['pem-wrong-key-password'] = (('security.key-password', 'the key in', 'wrong.pem', 'password is wrong'), s.text('wrong.pem', 'node1.crt', 'other.p8'), ca, ())
    s.run('openssl', 'ec', '-in', 'node1.key', '-aes128', '-passout', 'pass:other', '-out', 'other.old')
    out['pem-traditional-wrong-key-password'] = (('security.key-password', 'wrong-old.pem', 'password is wrong'), s.text('wrong-old.pem', 'node1.crt', 'other.old'), ca, ())
    # certificates
    s.node('expired', 'ca', start='20200101000000Z', end='20200201000000Z')
    s.p12('expired.p12', 'expired')
    s.node('early', 'ca', start='20800101000000Z', end='20990101000000Z')
    s.p12('early.p12', 'early')
    key('pem-key-of-another', s.text('mixed.pem', 'node2.key', 'node1.crt'), 'does not belong to the certificate', 'CN=node1')
    os.makedirs(s.f('mixed-mount'), exist_ok=True)
    s.text('mixed-mount/tls.key', 'node2.key')
    s.text('mixed-mount/tls.crt', 'node1.crt')
    key('folder-key-of-another', s.f('mixed-mount'), 'does not belong to the certificate')
    key('pem-without-certificate', s.text('key-only.pem', 'node1.key'), 'the key has no certificate')
    s.node('weak', 'ca', 1024)
    key('key-too-small', s.text('weak.pem', 'weak.key', 'weak.crt'), 'cannot be used', 'too small')
    # files
    key('missing-file', s.f('nowhere.p12'), 'cannot be opened', 'No such file')
    key('empty-file', s.text('empty.p12', b''), 'is empty')
    key('noise', s.text('noise.p12', bytes(range(256)) * 4), 'neither PKCS#12, JKS nor PEM')
    key('a-certificate-in-der', s.text('node1.der', s.run('openssl', 'x509', '-in', 'node1.crt', '-outform', 'DER')), 'neither PKCS#12, JKS nor PEM')
    whole = s.read('ok.p12')
    key('p12-cut-short', s.text('cut.p12', whole[:-40]), 'neither PKCS#12, JKS nor PEM')
    key('p12-with-bytes-behind', s.text('behind.p12', whole + b'more'), 'bytes behind its end')
    key('p12-changed', s.text('changed.p12', whole[:120] + bytes([whole[120] ^ 1]) + whole[121:]), 'password is wrong, or the file was changed')
    with open(s.f('large.p12'), 'wb') as f:
        f.truncate((8 << 20) + 1)
    key('too-large', s.f('large.p12'), 'larger than 8 MiB')
    key('a-device', '/dev/zero', 'is no file')
    os.makedirs(s.f('bare-mount'), exist_ok=True)
    key('folder-without-files', s.f('bare-mount'), 'cannot be opened')
    s.run('openssl', 'pkcs12', '-export', '-inkey', 'node1.key', '-in', 'node1.crt', '-passout', 'pass:changeit', '-nomac', '-iter', '5000001', '-keypbe', 'PBE-SHA1-3DES',
          '-certpbe', 'NONE', '-out', 'rounds.p12')
    key('p12-too-many-rounds', s.f('rounds.p12'), 'too many rounds')
    # PEM
    lines = s.read('node1.crt').split(b'\n')
    lines[2] = b'*' + lines[2][1:]
    key('pem-no-base64', s.text('base64.pem', 'node1.key', b'\n'.join(lines)), 'PEM section that is malformed')
    key('pem-no-certificate-in-it', s.text('nocert.pem', 'node1.key', b'-----BEGIN CERTIFICATE-----\n' + base64.encodebytes(b'0123456789') + b'-----END CERTIFICATE-----\n'),
        'certificate that is malformed')
    key('pem-no-key-in-it', s.text('nokey.pem', 'node1.crt', b'-----BEGIN PRIVATE KEY-----\n' + base64.encodebytes(b'0123456789') + b'-----END PRIVATE KEY-----\n'),
        'private key that is malformed')
    key('pem-without-end', s.text('noend.pem', s.read('node1.key')[:-20]), 'PEM section that is malformed')
    # JKS
    cert = s.run('openssl', 'x509', '-in', 'node1.crt', '-outform', 'DER')
    pkcs8 = s.run('openssl', 'pkcs8', '-topk8', '-nocrypt', '-in', 'node1.key', '-outform', 'DER')
    good = jks([('n', jks_key(pkcs8, 'changeit'), [cert])])
    s.text('good.jks', jks_seal(good))
    key('jks-wrong-password', s.text('password.jks', jks_seal(good, 'secret')), 'key-store-password', 'password is wrong, or the file was changed')
    out['jks-wrong-key-password'] = (('security.key-password', 'key.jks', 'alias "n"', 'password is wrong'),
                                     s.text('key.jks', jks_seal(jks([('n', jks_key(pkcs8, 'secret'), [cert])]))), ca, ())
    whole = jks_seal(good)
    key('jks-changed', s.text('changed.jks', whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]), 'password is wrong, or the file was changed')
    key('jks-cut-short', s.text('cut.jks', whole[:-100]), 'cut short')
    key('jks-version-3', s.text('three.jks', jks_seal(jks([], 3))), 'unknown version of JKS')
    key('jks-too-many-entries', s.text('many.jks', jks_seal(jks([], count=0x7fffffff))), 'more than 10000 entries')
    key('jks-more-claimed-than-there', s.text('claims.jks', jks_seal(jks([('n', None, [cert])], count=5))), 'cut short')
    key('jks-long-chain', s.text('chain.jks', jks_seal(jks([('n', jks_key(pkcs8, 'changeit'), [cert] * 17)]))), 'more than 16 certificates')
    key('jks-unknown-entry', s.text('entry.jks', jks_seal(struct.pack('>III', 0xfeedfeed, 2, 1) + struct.pack('>I', 3) + good[16:])), 'unknown kind')
    key('jks-unknown-algorithm', s.text('algorithm.jks', jks_seal(jks([('n', jks_key(pkcs8, 'changeit').replace(b'\x2a\x02\x11\x01\x01', b'\x2a\x02\x11\x01\x02'), [cert])]))),
        'unknown algorithm')
    key('jks-bytes-behind', s.text('behind.jks', jks_seal(good + b'more')), 'bytes behind its last entry')
    key('jks-key-of-another', s.text('another.jks', jks_seal(jks([('n', jks_key(pkcs8, 'changeit'), [s.run('openssl', 'x509', '-in', 'node2.crt', '-outform', 'DER')])]))),
        'alias "n"', 'does not belong to the certificate', 'CN=node2')
    key('jceks', s.text('store.jceks', b'\xce\xce\xce\xce' + good[4:]), 'JCEKS', 'keytool -importkeystore')
    # trust
    trust('trust-without-certificate', s.f('key-only.pem'), 'no trusted certificate')
    trust('trust-expired', s.text('old-ca.pem', 'expired.crt'), 'expired certificates only')
    trust('trust-jks-empty', s.text('empty.jks', jks_seal(jks([]))), 'no trusted certificate')
    # protocol and suites
    def setting(name, hocon, *words):
        out[name] = (words, ok, ca, hocon)
    setting('protocol-unknown', ['protocol = "TLSv9"'], SSL + '.protocol', 'TLSv9', 'TLSv1.2, TLSv1.3')
    setting('protocol-unknown-word', ['protocol = "QUIC"'], SSL + '.protocol', 'QUIC', 'is no protocol')
    setting('protocol-broken', ['protocol = "TLSv1.1"'], SSL + '.protocol', 'TLSv1.1', 'is broken')
    setting('suite-unknown', ['enabled-algorithms = [TLS_ECDHE_ROT13]'], 'enabled-algorithms', 'TLS_ECDHE_ROT13', 'no cipher suite known')
    setting('suite-unknown-13', ['protocol = "TLSv1.3", enabled-algorithms = [TLS_AES_512_ROT_SHA1]'.replace(', enabled', '\n' + SSL + '.enabled')], 'enabled-algorithms', 'TLS_AES_512_ROT_SHA1')
    for weak in ('TLS_RSA_WITH_NULL_SHA256', 'SSL_RSA_WITH_RC4_128_MD5', 'TLS_DH_anon_WITH_AES_128_GCM_SHA256', 'SSL_RSA_EXPORT_WITH_DES40_CBC_SHA', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'):
        setting('suite-' + weak, ['enabled-algorithms = [%s]' % weak], 'enabled-algorithms', weak, 'is broken and not used')
    setting('suites-of-the-other-protocol', ['enabled-algorithms = [TLS_AES_128_GCM_SHA256]'], 'enabled-algorithms', 'no suite for protocol TLSv1.2')
    setting('suites-for-another-kind-of-key', ['enabled-algorithms = [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'], SSL, 'kind of key', 'no shared cipher')
    return out


def run(report, s):
    cases = make(s)
    for name, (words, key_store, trust_store, hocon) in cases.items():
        suites = ['enabled-algorithms = [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]']
        report.case('broken:' + name, refused, words, key_store, trust_store, suites + list(hocon))
    for name, words in (('expired', ('has expired', 'CN=expired', '2020')), ('early', ('is not valid yet', 'CN=early', '2080'))):
        report.case('broken:warned-of-' + name, warned, ('.key-store', name + '.p12', 'alias "%s"' % name) + words, s.f(name + '.p12'), s.f('ca.pem'), suites)
    report.case('broken:the-good-twin-starts', lambda: '' if refused((), s.f('good.jks'), s.f('ca.pem'), suites) == 'it started' else 'it did not')
    if not HAVE_KEYTOOL:
        report.skip('broken:of-keytool', 'keytool is not installed')
        return
    s.keytool('-genkeypair', '-alias', 'own', '-keyalg', 'EC', '-dname', 'CN=own', '-validity', '1', '-startdate', '-10d', '-keystore', 'old-java.p12', '-storepass', 'changeit')
    report.case('broken:keytool-expired', warned, ('key-store', 'old-java.p12', 'alias "own"', 'has expired'), s.f('old-java.p12'), s.f('ca.pem'), suites)
    s.keytool('-genseckey', '-alias', 'secret', '-keyalg', 'AES', '-keysize', '128', '-storetype', 'JCEKS', '-keystore', 'java.jceks', '-storepass', 'changeit')
    report.case('broken:keytool-jceks', refused, ('key-store', 'java.jceks', 'JCEKS'), s.f('java.jceks'), s.f('ca.pem'), suites)
    report.case('broken:keytool-wrong-password', refused, ('key-store-password', 'old-java.p12', 'password is wrong'), s.f('old-java.p12'), s.f('ca.pem'),
                suites + ['key-store-password = nonsense'])
