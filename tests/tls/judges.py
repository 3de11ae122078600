# SPDX-License-Identifier: Apache-2.0
"""Our TLS port as openssl s_client, gnutls-cli, sslscan and testssl.sh see it: nothing below 1.2, no weak suite, a client
certificate is demanded, no renegotiation."""
import json, re, shutil, subprocess
from failing import SSL, node, prepare

SUITES = ('TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256,TLS_CHACHA20_POLY1305_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,'
          'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_DHE_RSA_WITH_AES_256_GCM_SHA384')


def run_tool(s, argv, stdin=b'', timeout=240):
    p = subprocess.run([str(a) for a in argv], cwd=s.d, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    return p.returncode, p.stdout.decode('utf-8', 'replace')


# ---------------------------------------------------------------- openssl
def openssl(report, s, port):
    at = ['openssl', 's_client', '-connect', '127.0.0.1:%d' % port, '-CAfile', 'ca.crt', '-verify_return_error']
    cert = ['-cert', 'node1.crt', '-key', 'node1.key']
    weak = ['-cipher', 'ALL:@SECLEVEL=0']
    def refused(*more):
        rc, out = run_tool(s, at + list(more), b'Q\n')
        return '' if rc and re.search(r'Cipher is \(NONE\)', out) else 'rc %d\n%s' % (rc, out[-600:])
    for version in ('-tls1', '-tls1_1'):
        report.case('openssl:refused%s' % version, refused, version, *weak, *cert)
    for suite in ('AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'DHE-RSA-AES256-SHA', 'aNULL', 'eNULL', 'ECDHE-RSA-AES128-SHA256'):
        report.case('openssl:refused:' + suite, refused, '-tls1_2', '-cipher', suite + ':@SECLEVEL=0', *cert)
    def accepted(*more):
        """stays open until we leave: a server that does not like us ends the connection at once"""
        p = subprocess.Popen(at + cert + ['-brief', *more], cwd=s.d, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        for line in p.stdout:
            lines.append(line)
            if line.startswith(('Server Temp Key', 'Peer Temp Key')):
                break
        p.stdin.write('Q\n')
        p.stdin.close()
        lines += p.stdout.readlines()
        rc = p.wait(20)
        p.stdout.close()
        return '' if rc == 0 and any('Verification: OK' in l for l in lines) else 'rc %d %s' % (rc, lines)
    report.case('openssl:accepted-1.2-ecdhe', accepted, '-tls1_2')
    report.case('openssl:accepted-1.2-dhe', accepted, '-tls1_2', '-cipher', 'DHE-RSA-AES256-GCM-SHA384')
    report.case('openssl:accepted-1.3', accepted, '-tls1_3')
    def demanded(version):
        p = subprocess.Popen(at + [version], cwd=s.d, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out = p.stdout.read()   # its input stays open: it ends when we end the connection
        p.wait()
        p.stdin.close()
        p.stdout.close()
        named = 'Acceptable client certificate CA names' in out and 'CN = ca' in out
        alert = re.search('alert (handshake failure|certificate required|bad certificate)|number (40|42|116)', out)
        return '' if named and alert else out[-800:]
    report.case('openssl:certificate-demanded-1.2', demanded, '-tls1_2')
    report.case('openssl:certificate-demanded-1.3', demanded, '-tls1_3')
    def renegotiate():
        p = subprocess.Popen(at + cert + ['-tls1_2'], cwd=s.d, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        for line in p.stdout:
            lines.append(line)
            if 'Verify return code' in line:
                p.stdin.write('R\n')
                p.stdin.flush()
            if 'no renegotiation' in line:
                break
        p.kill()
        p.wait()
        p.stdin.close()
        p.stdout.close()
        return '' if 'no renegotiation' in lines[-1] else ''.join(lines[-10:])
    report.case('openssl:no-renegotiation', renegotiate)
    def no_tickets():
        _, out = run_tool(s, at + cert + ['-tls1_2'], b'Q\n')
        return '' if 'TLS session ticket:' not in out else out
    report.case('openssl:no-session-tickets', no_tickets)


# ---------------------------------------------------------------- gnutls
def gnutls(report, s, port):
    at = ['gnutls-cli', '--x509cafile', 'ca.crt', '--port', port, '127.0.0.1']
    cert = ['--x509certfile', 'node1.crt', '--x509keyfile', 'node1.key']
    def talk(priority, *more):
        return run_tool(s, at + cert + ['--priority', priority, *more], b'')
    def good(version):
        rc, out = talk('NORMAL:-VERS-ALL:+VERS-TLS' + version)
        return '' if 'Handshake was completed' in out and 'The certificate is trusted' in out and '(TLS' + version in out else 'rc %d %s' % (rc, out[-800:])
    def bad(priority):
        rc, out = talk(priority)
        return '' if rc and 'Handshake was completed' not in out else out[-800:]
    report.case('gnutls:1.2', good, '1.2')
    report.case('gnutls:1.3', good, '1.3')
    report.case('gnutls:no-1.1', bad, 'LEGACY:-VERS-ALL:+VERS-TLS1.1')
    report.case('gnutls:no-1.0', bad, 'LEGACY:-VERS-ALL:+VERS-TLS1.0')
    report.case('gnutls:no-cbc', bad, 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC')
    report.case('gnutls:no-rsa-key-exchange', bad, 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA')
    def demanded():
        rc, out = run_tool(s, at + ['--priority', 'NORMAL:-VERS-ALL:+VERS-TLS1.2'], b'')
        return '' if rc and re.search('alert|closed|terminated', out) and 'Handshake was completed' not in out else out[-600:]
    report.case('gnutls:certificate-demanded', demanded)
    def renegotiate():
        rc, out = talk('NORMAL:-VERS-ALL:+VERS-TLS1.2', '--rehandshake')
        return '' if re.search('ReHandshake (has failed|failed)|[Nn]o renegotiation', out) else 'rc %d %s' % (rc, out[-600:])
    report.case('gnutls:no-renegotiation', renegotiate)


# ---------------------------------------------------------------- sslscan
def sslscan(report, s, port):
    # its list of suites ends early when a certificate is demanded, so a certificate is given
    _, out = run_tool(s, ['sslscan', '--no-colour', '--certs=node1.crt', '--pk=node1.key', '127.0.0.1:%d' % port])
    for version, want in (('SSLv2', 'disabled'), ('SSLv3', 'disabled'), ('TLSv1.0', 'disabled'), ('TLSv1.1', 'disabled'), ('TLSv1.2', 'enabled'), ('TLSv1.3', 'enabled')):
        report.check('sslscan:%s-%s' % (version, want), '' if re.search(r'^%s +%s' % (re.escape(version), want), out, re.M) else out[:800])
    suites = re.findall(r'^(?:Preferred|Accepted) +(TLSv\S+) +(\d+) bits +(\S+)', out, re.M)
    weak = [x for x in suites if int(x[1]) < 128 or not re.search('GCM|CHACHA20', x[2])]
    report.check('sslscan:no-weak-suite', str(weak) if weak else '' if suites else 'no suites: ' + out[:800])
    report.check('sslscan:no-renegotiation', '' if 'Session renegotiation not supported' in out else out)
    report.check('sslscan:no-heartbleed', '' if not re.search('^TLSv.* vulnerable to heartbleed', out.replace('not vulnerable', ''), re.M) else out)


# ---------------------------------------------------------------- testssl.sh
def testssl(report, s, port, program):
    run_tool(s, [program, '--quiet', '--color', '0', '--warnings', 'off', '-p', '-s', '-f', '-R', '-C', '--jsonfile', 'testssl.json', '127.0.0.1:%d' % port])
    found = {e['id']: e for e in json.loads(s.read('testssl.json'))}
    for name in ('SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'cipherlist_NULL', 'cipherlist_aNULL', 'cipherlist_EXPORT', 'cipherlist_LOW', 'cipherlist_3DES_IDEA', 'cipherlist_AVERAGE'):
        e = found.get(name, {'finding': 'not tested'})
        report.check('testssl:no-' + name, '' if e['finding'] == 'not offered' else str(e))
    for name in ('TLS1_2', 'TLS1_3', 'cipherlist_STRONG', 'PFS'):
        e = found.get(name, found.get(name.replace('PFS', 'FS'), {'finding': 'not tested'}))
        report.check('testssl:' + name, '' if e['finding'].startswith('offered') else str(e))
    bad = [e for e in found.values() if e['severity'] in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')]
    report.check('testssl:nothing-of-any-severity', str(bad) if bad else '')


def run(report, s):
    prepare(s)
    a = node(s, 'node2', SSL + '.security.protocol = "TLS"', SSL + '.connection-timeout = 15s', suites=SUITES)
    try:
        openssl(report, s, a.port)
        for name, package, fn in (('gnutls-cli', 'gnutls-bin', gnutls), ('sslscan', 'sslscan', sslscan)):
            if shutil.which(name):
                fn(report, s, a.port)
            else:
                report.skip(name, 'not installed (Debian package %s)' % package)
        program = shutil.which('testssl') or shutil.which('testssl.sh')
        if program:
            testssl(report, s, a.port, program)
        else:
            report.skip('testssl', 'not installed (Debian package testssl.sh)')
        b = node(s, 'node1', SSL + '.security.protocol = "TLS"', suites=SUITES, name='Friend')
        try:
            b.cmd('select %s/user/echo alive' % a.address)
            report.case('judges:the-node-lives-on', lambda: '' if b.recv('alive') else 'no answer')
        finally:
            b.end()
    finally:
        a.end()
