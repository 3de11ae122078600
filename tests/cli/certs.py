# SPDX-License-Identifier: Apache-2.0
"""Throw-away certificates for the tests, made by openssl(1) and by the command itself; made once, shared by all tests."""
import os, shutil, subprocess, tempfile, threading
from support import *

DIR, LOCK = None, threading.Lock()


def openssl(*args):
    p = subprocess.run(['openssl', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert p.returncode == 0, (args, p.stdout.decode())
    return p.stdout.decode()


def made():
    """a folder with: ca.pem, trust.p12; node (localhost, 127.0.0.1), other (b.example.com), expired, early; foreign/ with another CA; self.pem"""
    global DIR
    with LOCK:
        if DIR:
            return DIR
        if not shutil.which('openssl'):
            raise Skip('openssl is not installed')
        d = tempfile.mkdtemp(prefix='ukko-certs-')
        import atexit
        atexit.register(shutil.rmtree, d, True)
        ukko('tls', 'gen', d)
        ukko('tls', 'gen', d, '--name', 'other', 'b.example.com')
        ukko('tls', 'gen', d, '--name', 'expired', '--begin', '-20', '--days', '10', 'localhost', '127.0.0.1')
        ukko('tls', 'gen', d, '--name', 'early', '--begin', '5', 'localhost', '127.0.0.1')
        ukko('tls', 'gen', d + '/foreign')
        openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
                '-days', '100', '-keyout', d + '/self-key.pem', '-out', d + '/self.pem')
        DIR = d
        return d


def tls_server(name, *args, key=None):
    """openssl s_server with a certificate; gives (process, port). It answers nothing of ours, but shakes hands."""
    d = made()
    port = free_port()
    p = subprocess.Popen(['openssl', 's_server', '-accept', '127.0.0.1:%d' % port, '-cert', '%s/%s.pem' % (d, name), '-key', '%s/%s-key.pem' % (d, name),
                          '-cert_chain', d + '/ca.pem', '-quiet', *args], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while True:   # it has no line to wait for
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', port), timeout=LIMIT).close()
            return p, port
        assert p.poll() is None, p.stderr.read()


def client(*extra):
    d = made()
    return ['--ca', d + '/ca.pem', '--cert', d + '/node.pem', '--key', d + '/node-key.pem', *extra]
