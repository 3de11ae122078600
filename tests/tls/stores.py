# SPDX-License-Identifier: Apache-2.0
"""Makes keys, certificates and key stores in a folder, with openssl and, where Java is there, keytool. Passwords are
`changeit` where nothing else is said. Nothing here is a secret."""
import hashlib, os, shutil, struct, subprocess

PASS = 'changeit'
HAVE_KEYTOOL = shutil.which('keytool') is not None


class Stores:
    def __init__(self, folder):
        self.d = folder
        os.makedirs(folder, exist_ok=True)
        with open(self.f('ca.cnf'), 'w') as f:
            f.write('[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=p\nunique_subject=no\ncopy_extensions=none\n'
                    '[p]\ncommonName=supplied\n[v3]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n[client]\nextendedKeyUsage=clientAuth\n'
                    '[other]\nsubjectAltName=DNS:elsewhere.example\n')
        open(self.f('index.txt'), 'w').close()
        with open(self.f('serial'), 'w') as f:
            f.write('1000\n')

    def f(self, name):
        return os.path.join(self.d, name)

    def run(self, *argv, stdin=None):
        p = subprocess.run([str(a) for a in argv], cwd=self.d, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode:
            raise RuntimeError('%s gave %d: %s' % (' '.join(map(str, argv)), p.returncode, p.stdout.decode('utf-8', 'replace')[-800:]))
        return p.stdout

    def key(self, name, kind='ec'):
        if kind == 'ec':
            self.run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', name + '.key')
        else:
            self.run('openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:%d' % kind, '-out', name + '.key')

    def ca(self, name, kind='ec'):
        self.key(name, kind)
        self.run('openssl', 'req', '-x509', '-new', '-key', name + '.key', '-sha256', '-days', '36500', '-subj', '/CN=' + name, '-out', name + '.crt')

    def node(self, name, ca, kind='ec', start=None, end='20991231000000Z', ext='v3', subject=None):
        """a key and a certificate of an authority; start and end as YYYYMMDDHHMMSSZ"""
        self.key(name, kind)
        self.run('openssl', 'req', '-new', '-key', name + '.key', '-subj', subject or '/CN=' + name, '-out', name + '.csr')
        self.run('openssl', 'ca', '-batch', '-config', 'ca.cnf', '-cert', ca + '.crt', '-keyfile', ca + '.key', '-in', name + '.csr', '-out', name + '.crt', '-notext',
                 '-startdate', start or '20200101000000Z', '-enddate', end, '-extensions', ext)

    def p12(self, out, name, *more, password=PASS):
        self.run('openssl', 'pkcs12', '-export', '-inkey', name + '.key', '-in', name + '.crt', '-name', name, '-passout', 'pass:' + password, '-out', out, *more)

    def keytool(self, *argv):
        """-J options are for the virtual machine of keytool"""
        return self.run('keytool', '-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC', *argv)

    def text(self, out, *parts):
        with open(self.f(out), 'wb') as f:
            for p in parts:
                f.write(p if isinstance(p, bytes) else self.read(p))
        return self.f(out)

    def read(self, name):
        with open(self.f(name), 'rb') as f:
            return f.read()


def jks_seal(body, password=PASS):
    """the digest at the end of a JKS store"""
    return body + hashlib.sha1(password.encode('utf-16-be') + b'Mighty Aphrodite' + body).digest()


def jks_key(pkcs8, password, salt=bytes(range(20))):
    """a private key in the disguise of JKS: EncryptedPrivateKeyInfo"""
    p, mask, out = password.encode('utf-16-be'), salt, b''
    for i in range(0, len(pkcs8), 20):
        mask = hashlib.sha1(p + mask).digest()
        out += bytes(a ^ b for a, b in zip(pkcs8[i:i + 20], mask))
    sealed = salt + out + hashlib.sha1(p + pkcs8).digest()
    return der(0x30, bytes.fromhex('300e060a2b060104012a021101010500') + der(4, sealed))


def der(tag, b):
    n = len(b)
    head = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82]) + struct.pack('>H', n)
    return bytes([tag]) + head + b


def jks_text(t):
    b = t.encode()
    return struct.pack('>H', len(b)) + b


def jks_cert(c):
    return jks_text('X.509') + struct.pack('>I', len(c)) + c


def jks(entries, version=2, count=None):
    """entries: (alias, sealed key or None, [certificates in DER]); without the digest"""
    out = struct.pack('>III', 0xfeedfeed, version, len(entries) if count is None else count)
    for alias, key, certs in entries:
        out += struct.pack('>I', 1 if key is not None else 2) + jks_text(alias) + struct.pack('>Q', 1700000000000)
        if key is not None:
            out += struct.pack('>I', len(key)) + key + struct.pack('>I', len(certs))
        out += b''.join(jks_cert(c) for c in certs)
    return out
