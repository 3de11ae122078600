# SPDX-License-Identifier: Apache-2.0
"""`ukko tls`, and TLS of the commands that talk to a node."""
import os, re, shutil, subprocess, tempfile
from certs import made, openssl, client
from test_doctor import tls_node
from support import *


@test
def tls_gen_makes_what_openssl_verifies():
    with tempfile.TemporaryDirectory() as d:
        rows = ukko_json('tls', 'gen', d, 'b.example.com', '10.1.2.3')
        names = {os.path.basename(r['file']) for r in rows}
        assert names == {'ca.pem', 'ca-key.pem', 'trust.p12', 'node.pem', 'node-key.pem', 'node-both.pem', 'node.p12'}, names
        assert openssl('verify', '-CAfile', d + '/ca.pem', '-purpose', 'sslserver', d + '/node.pem').strip().endswith('OK')
        text = openssl('x509', '-in', d + '/node.pem', '-noout', '-text')
        assert 'DNS:b.example.com, IP Address:10.1.2.3' in text, text
        openssl('pkcs12', '-in', d + '/node.p12', '-passin', 'pass:changeme', '-noout')
        for f in names:
            assert os.stat(os.path.join(d, f)).st_mode & 0o077 == 0, f
        ca = open(d + '/ca.pem').read()
        ukko('tls', 'gen', d, '--name', 'second')
        assert open(d + '/ca.pem').read() == ca
        openssl('verify', '-CAfile', d + '/ca.pem', d + '/second.pem')
    assert error('tls', 'gen', '/proc/nowhere', code=9)['code'] == 'FILE'


@test
def tls_gen_makes_what_keytool_reads():
    if not shutil.which('keytool'):
        raise Skip('keytool is not installed (Debian package openjdk-17-jdk-headless)')
    d = made()
    for store, entry in (('trust.p12', 'trustedCertEntry'), ('node.p12', 'PrivateKeyEntry')):
        p = subprocess.run(['keytool', '-list', '-keystore', os.path.join(d, store), '-storepass', 'changeme'], stdout=subprocess.PIPE)
        assert entry in p.stdout.decode(), p.stdout


@test
def tls_show_reads_pem_pkcs12_and_jks():
    d = made()
    rows = ukko_json('tls', 'show', d + '/node-both.pem')
    assert [r['entry'] for r in rows] == ['private key', 'certificate'] and rows[0]['names'] == ['DNS:localhost', 'IP Address:127.0.0.1'], rows
    assert rows[0]['sha256'] in openssl('x509', '-in', d + '/node.pem', '-noout', '-fingerprint', '-sha256')
    assert rows[0]['issuer'] == rows[1]['subject'] and rows[0]['state'] == 'valid', rows
    assert ukko_json('tls', 'show', d + '/expired.pem')[0]['state'] == 'expired'
    assert error('tls', 'show', d + '/node.p12', code=4)['code'] == 'STORE'
    with tempfile.NamedTemporaryFile('w') as f:
        f.write('changeme\n')
        f.flush()
        rows = ukko_json('tls', 'show', '--storepass-file', f.name, d + '/trust.p12', d + '/node.p12')
    assert [(r['entry'], r['alias']) for r in rows][:2] == [('trusted', 'ca'), ('private key', 'node')], rows
    assert error('tls', 'show', '/nowhere', code=9)['code'] == 'FILE'
    if not shutil.which('keytool'):
        raise Skip('the JKS part: keytool is not installed (Debian package openjdk-17-jdk-headless)')
    with tempfile.TemporaryDirectory() as t:
        jks = os.path.join(t, 'a.jks')
        for args in (['-genkeypair', '-alias', 'one', '-keyalg', 'EC', '-dname', 'CN=one.example.com'],
                     ['-importcert', '-noprompt', '-alias', 'ca', '-file', d + '/ca.pem']):
            subprocess.run(['keytool', *args, '-storetype', 'JKS', '-keystore', jks, '-storepass', 'secret', *(['-keypass', 'secret'] if 'one' in args else [])],
                           check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        rows = ukko_json('tls', 'show', jks)
        assert sorted((r['alias'], r['entry']) for r in rows) == [('ca', 'trusted'), ('one', 'private key')], rows
        data = open(jks, 'rb').read()
        for n in range(0, len(data), 7):   # cut anywhere: refused, no crash
            with open(jks, 'wb') as f:
                f.write(data[:n])
            ukko('tls', 'show', jks, code=4)


@test
def tls_suites_have_both_names():
    rows = {r['java']: r for r in ukko_json('tls', 'suites')}
    assert rows['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256']['openssl'] == 'ECDHE-RSA-AES128-GCM-SHA256'
    assert rows['TLS_AES_256_GCM_SHA384']['version'] == 'TLSv1.3'


@test
def tls_check_tries_a_configuration():
    d = made()
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        def check(key, password, code=0):
            f.seek(0)
            f.truncate()
            f.write('''pekko.remote.classic.netty.ssl { hostname = "198.51.100.1", port = 1
                security { key-store = "%s/%s", trust-store = "%s/trust.p12", key-store-password = %s, key-password = %s, trust-store-password = changeme,
                protocol = "TLSv1.3", enabled-algorithms = [TLS_AES_128_GCM_SHA256] } }''' % (d, key, d, password, password))
            f.flush()
            return ukko_json('tls', 'check', f.name, code=code)
        assert check('node.p12', 'changeme') == {'file': f.name, 'usable': True}
        for key, password, word in (('node.p12', 'wrong', 'password'), ('nothing.p12', 'changeme', 'nothing.p12'), ('expired.p12', 'changeme', 'expired')):
            e = check(key, password, code=4)['error']
            assert word in e['detail'] and 'key-store' in e['detail'], e


@test
def commands_talk_tls():
    n = tls_node()
    assert ukko_json('ask', *client(), n.address + '/user/echo', 'hi')['value'] == 'hi'
    assert ukko_json('ask', '--tls', *client(), '127.0.0.1:%d/user/echo' % n.port, 'hi')['value'] == 'hi'
    d = made()
    with tempfile.NamedTemporaryFile('w') as f:
        f.write('changeme\n')
        f.flush()
        args = ['--keystore', d + '/node.p12', '--truststore', d + '/trust.p12', '--storepass-file', f.name]
        assert ukko_json('ask', *args, n.address + '/user/echo', 'hi')['value'] == 'hi'
        assert error('ask', *args[:4], n.address + '/user/echo', 'hi', code=4)['code'] == 'TLS'
    with tempfile.TemporaryDirectory() as t:   # the files that are put together are gone at the end
        for args in (['--insecure', '--cert', d + '/node-both.pem'], ['--insecure', '--cert', d + '/node.pem', '--key', d + '/node-key.pem']):
            assert ukko_json('ask', *args, n.address + '/user/echo', 'hi', env={'TMPDIR': t})['value'] == 'hi'
        assert os.listdir(t) == []
    assert error('ask', n.address + '/user/echo', 'hi', code=2)['code'] == 'USAGE'
    e = error('ask', '--ca', d + '/self.pem', '--cert', d + '/node-both.pem', n.address + '/user/echo', 'hi', code=4)
    assert e['code'] == 'TLS', e
    n.end()


@test
def a_wrong_passphrase_file_is_status_9():
    assert error('ping', '--storepass-file', '/nowhere', 'pekko.ssl.tcp://s@127.0.0.1:1', code=9)['code'] in ('FILE',)


@test
def rules_for_certificates_hold_where_faults_can_be_injected():
    """the filter of the faults stands between a connection and its TLS"""
    for rule, code in (('subject = "CN=localhost"', 0), ('subject = "CN=somebody"', 5)):
        n = tls_node('-D', 'ukko.remote { faults.enabled = on, tls.peers = [{ %s }] }' % rule)
        for args in ([], ['--record', '/dev/null'], ['-D', 'ukko.remote.faults.enabled = on']):
            ukko('ping', '-n', '1', n.address, *args, *client(), code=code)
        n.end()
