# SPDX-License-Identifier: Apache-2.0
"""TLS versions, suites and stores; addresses and transports; frames at their limit; untrusted mode; the settings of links, logs and ends."""
import re, time
from conform import scenario, has, anyof, tls, CERTS, QUICK_FD, SLOW_FD, system_kind

C, TCP, SSL = 'pekko.remote.classic.', 'pekko.remote.classic.netty.tcp.', 'pekko.remote.classic.netty.ssl.'
G1 = ('--gate', '1s')
SHORT = ('--hocon', SSL + 'connection-timeout = 3s') + G1


def set_to(*settings):
    return sum((('--hocon', x) for x in settings), ())


def refused(s, a, b):
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address, inbound=False)
    a.expect('deadletter', value=t)
    b.absent('recv', value=t)
    b.absent('lifecycle', kind='AssociatedEvent', remote=a.address)


def arrive(s, a, b, n, path='/user/order'):
    """numbers from 0 to n-1 reach b in order"""
    s.reset(b)
    a.cmd('numbered %s %d' % (b.u(path), n))
    def done():
        k = b.here()
        b.cmd('ask %s report' % path)
        v = b.expect('reply', since=k, path=path)['value']
        return v if v.startswith('count=%d ' % n) else None
    s.equal(s.until(done, 20, what='%d messages' % n), 'count=%d next=%d skipped=0 late=0 other=0' % (n, n), 'report')


def large(n):
    return lambda v: isinstance(v, dict) and v.get('length') == n


# ---------------------------------------------------------------- TLS
@scenario('TLS', 'version 1.3 on both sides: whoever dials, messages of 100 KB, an actor made and watched over it', '', timeout=60)
def tls_13(s):
    a, b, c = s.many(('x', *tls('node1', '--tls', '1.3')), ('y', *tls('node2', '--tls', '1.3')), ('x', *tls('node2', '--tls', '1.3')))
    s.ping(a, b)
    s.ping(b, c)
    a.cmd('ask %s bytesn:100000' % b.u('/user/echo'))
    a.expect('reply', value=large(100000))
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start', args=['x'])
    s.fence(a, b)
    a.cmd('tell %s stop' % ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('TLS', 'version 1.3: a client without a certificate and one of a foreign authority are refused, the others go on', '', timeout=60)
def tls_13_refusals(s):
    b, c, f, n = s.many(('y', *tls('node2', '--tls', '1.3')), ('x', *tls('node1', '--tls', '1.3')), ('x', *tls('foreign', '--tls', '1.3', *SHORT)),
                        ('x', *tls('none', '--tls', '1.3', '--tls-no-mutual', *SHORT)))
    for p in (f, n):
        t = s.token()
        p.cmd('select %s %s' % (b.u('/user/collector'), t))
        p.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address)
        p.expect('deadletter', value=t)
        b.absent('recv', value=t)
    s.ping(c, b)
    b.absent('lifecycle', kind='AssociatedEvent', remote=anyof(f.address, n.address))


@scenario('TLS', 'a node of version 1.2 and one of 1.3 do not meet, whoever dials; each meets its like', '', timeout=90)
def tls_versions_apart(s):
    a, b, c = s.many(('x', *tls('node1', '--tls', '1.3', *SHORT)), ('y', *tls('node2', *SHORT)), ('y', *tls('node2', '--tls', '1.3')))
    refused(s, a, b)
    refused(s, b, a)
    s.ping(c, a)


@scenario('TLS', 'cipher suites: one in common is enough, in whatever order; none in common is a refusal', '', timeout=90)
def tls_suites(s):
    one, two, three = 'TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'
    a, b, c = s.many(('x', *tls('node1', '--ciphers', '%s,%s' % (one, three), *SHORT)), ('y', *tls('node2', '--ciphers', '%s,%s' % (two, one))), ('y', *tls('node2', '--ciphers', two)))
    s.link(a, b)
    s.ping(b, a)
    refused(s, a, c)
    s.ping(c, b)


@scenario('TLS', 'stores of JKS, with a password of its own for the key, beside PKCS#12', '', timeout=60)
def tls_jks(s):
    tls()
    a, b = s.both(('--transport', 'ssl', '--key-store', CERTS + '/keypass.jks', '--trust-store', CERTS + '/trust-ca.jks', *set_to(SSL + 'security.key-password = another1')), tls('node2'))
    s.ping(a, b)
    s.ping(b, a)


@scenario('TLS', 'a certificate that has expired: no start is refused, but a server with it, and a client with it where certificates are asked for', '', timeout=90)
def tls_expired(s):
    old, new, lax = s.many(('y', *tls('expired', '--tls-no-mutual', *SHORT)), ('x', *tls('node1', *SHORT)), ('x', *tls('node2', '--tls-no-mutual')))
    refused(s, new, old)
    refused(s, old, new)
    s.link(old, lax)


@scenario('TLS', 'a store that trusts two authorities: nodes of both talk to it and are talked to; they do not talk to one another', '', timeout=90)
def tls_two_authorities(s):
    mid, one, other = s.many(('y', *tls('node2', '--trust', 'two')), ('x', *tls('node1', *SHORT)), ('x', *tls('foreign', '--trust', 'two', *SHORT)))
    s.link(one, mid)
    s.link(mid, other)
    refused(s, other, one)
    s.ping(other, mid)


@scenario('TLS', 'who asks for no certificate shows its own all the same where one is asked for', '', timeout=60)
def tls_mutual_on_one_side(s):
    a, b = s.both(tls('node1', '--tls-no-mutual'), tls('node2'))
    s.ping(a, b)
    c = s.y(*tls('node2'))
    s.ping(c, a)


@scenario('TLS', 'a section of TLS whose enable-ssl is off is a plain transport', '')
def tls_switched_off(s):
    a, b = s.both(('--transport', 'ssl', *set_to(SSL + 'enable-ssl = off')), ())
    s.check(a.address.startswith('pekko.tcp://'), 'address %r' % a.address)
    s.ping(a, b)
    s.ping(b, a)


@scenario('TLS', 'a plain client at a port of TLS: it is told in the end, the server logs it and serves others', '', timeout=60)
def tls_plain_client(s):
    a, b, c = s.many(('x', *G1), ('y', *tls('node2')), ('y', *tls('node1')))
    at = b.address.replace('pekko.ssl.tcp', 'pekko.tcp')
    t = s.token()
    a.cmd('select %s/user/collector %s' % (at, t))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=at, inbound=False)
    a.expect('deadletter', value=t)
    b.expect('log', level='WARN', msg=has('/127.0.0.1:'))
    s.ping(c, b)
    b.absent('recv', value=t)


@scenario('TLS', 'a protocol without a transport: nothing is sent, the log names it and those that there are', '')
def tls_no_transport(s):
    a, b = s.both((), tls('node2'))
    for cmd, at in (('select', '/'), ('tell', '/user/collector')):      # where it was to begin; to whom it was
        n = a.here()
        a.cmd('%s %s x' % (cmd, b.u('/user/collector')))
        a.expect('deadletter', since=n, value='x', recipient=b.u(at))
    a.expect('log', level='ERROR', msg='No root guardian at [%s]' % b.address,
             cause='org.apache.pekko.remote.RemoteTransportException: No transport is loaded for protocol: [pekko.ssl.tcp], available protocols: [pekko.tcp]')
    a.expect('log', level='WARN', msg=has('Error while resolving ActorRef [%s]' % b.u('/user/collector')))
    b.absent('lifecycle', kind='AssociatedEvent')
    a.absent('lifecycle', kind='AssociationErrorEvent')


@scenario('TLS', 'a cut link comes back, with a new handshake, and a watch through it holds', '', timeout=60)
def tls_cut(s):
    a, b = s.start('x', *tls('node1', *G1, *SLOW_FD), wait=False), None
    bind = s.free_port()
    px = s.proxy(('127.0.0.1', bind), raw=True)
    b = s.y(*tls('node2', '--bind-port', bind, *G1, *SLOW_FD), port=px.port)
    a.wait_started()
    ref = b.spawn('Echo', 'target')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    px.cut()
    for p, other in ((a, b), (b, a)):
        p.expect('lifecycle', kind='DisassociatedEvent', remote=other.address)
    s.link(a, b)
    b.cmd('stop /user/target')
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('SEC', 'untrusted mode behind TLS: a certificate does not make a node trusted', 'UntrustedSpec 1,5', timeout=60)
def tls_untrusted(s):
    a, b = s.both(tls('node1'), tls('node2', '--untrusted', '--trusted-paths', '/user/receptionist'))
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    a.cmd('poison %s' % b.u('/user/receptionist'))
    a.cmd('select %s %s' % (b.u('/user/receptionist'), t))
    b.expect('recv', actor='/user/receptionist', value=t)
    a.expect('recv', value='hello from receptionist')
    b.absent('recv', actor='/user/collector', value=t)


# ---------------------------------------------------------------- SEC
@scenario('SEC', 'untrusted: a trusted path is compared as it is written: no slash behind it, one before it, no wildcards', 'UntrustedSpec 5')
def trusted_spelling(s):
    a, b = s.both((), ('--untrusted', '--trusted-paths', 'user/echo,/user/sink/,/user/par*,/user/parent/c1,/user/receptionist'))
    t = s.token()
    for p in ('/user/echo', '/user/sink', '/user/parent', '/user/parent/c2', '/user/parent/c1/g'):
        a.cmd('ask-ms 400 %s %s' % (b.u(p), t))
    a.cmd('select %s %s-c1' % (b.u('/user/parent/c1'), t))
    b.expect('recv', actor='/user/parent/c1', value=t + '-c1')
    a.cmd('select %s %s-slash' % (b.u('/user//receptionist'), t))
    b.expect('recv', actor='/user/receptionist', value=t + '-slash')
    a.expect_n(5, 'reply', error=lambda e: e and 'Timeout' in e['class'])
    b.absent('recv', value=t)


@scenario('SEC', 'untrusted: a trusted path is found by Identify and asked, others are neither found nor told apart from none', '')
def trusted_resolve(s):
    a, b = s.both((), ('--untrusted', '--trusted-paths', '/user/receptionist'))
    a.cmd('resolve %s 15000' % b.u('/user/receptionist'))
    a.expect('resolved', path=b.u('/user/receptionist'), ref=b.ref('/user/receptionist'))
    a.cmd('ask %s x' % b.u('/user/receptionist'))
    a.expect('reply', value='hello from receptionist')
    for p in ('/user/echo', '/user/nobody'):
        a.cmd('resolve %s 700' % b.u(p))
        e = a.expect('resolved', path=b.u(p), ref=None)
        s.check('ActorNotFound' in e['cause']['class'], 'cause %r' % e['cause'])


@scenario('SEC', 'untrusted: heartbeats come through only where the path of the watcher is trusted: such a node stays reachable, another is given up', '', timeout=60)
def untrusted_heartbeats(s):
    a, b, c = s.many(('x', *QUICK_FD, *G1), ('y', '--untrusted', '--trusted-paths', '/system/remote-watcher'), ('y', '--untrusted'))
    refs = {p: p.lookup('/user/echo') for p in (b, c)}
    for p in (b, c):
        a.cmd('watchref ' + refs[p])
        a.expect('watching', ref=refs[p])
    a.expect('terminated-msg', ref=refs[c], addressTerminated=True)
    a.absent('terminated-msg', ref=refs[b])
    a.absent('log', msg=lambda m: 'unreachable' in m and b.address in m)


# ---------------------------------------------------------------- NET
@scenario('NET', 'a name as the published host: links both ways, and the number of the same host is not its name', '')
def net_named(s):
    a, b = s.both(('--hostname', 'localhost'), ())
    s.check(a.address.endswith('@localhost:%d' % a.port), 'address %r' % a.address)
    s.ping(b, a)
    s.ping(a, b)
    t = s.token()
    b.cmd('select pekko.tcp://%s@127.0.0.1:%d/user/collector %s' % (a.name, a.port, t))
    a.expect('log', level='ERROR', msg=has('non-local recipient'))
    a.absent('recv', value=t)


@scenario('NET', 'port 0 with a bind-port: the port that is bound is the one that is published', '')
def net_bind_port_only(s):
    port = s.free_port()
    a, b = s.both(('--bind-port', port), ())
    s.equal(a.port, port, 'port')
    s.ping(b, a)
    s.ping(a, b)


@scenario('NET', 'nodes of both families of addresses talk: one at ::1, one at 127.0.0.1', '')
def net_families(s):
    import socket
    try:
        with socket.socket(socket.AF_INET6) as x:
            x.bind(('::1', 0))
    except OSError:
        s.skip('no IPv6 here')
    a, b = s.both(('--hostname', '[::1]'), ())
    s.ping(a, b)
    c = s.y()
    s.ping(c, a)
    arrive(s, c, a, 500)


@scenario('NET', 'small buffers of sockets, no delay off, a backlog of one: all arrives in order both ways', '')
def net_small_buffers(s):
    small = set_to(TCP + 'send-buffer-size = 2048b', TCP + 'receive-buffer-size = 2048b', TCP + 'tcp-nodelay = off', TCP + 'tcp-keepalive = off', TCP + 'backlog = 1')
    a, b = s.both(small, small)
    arrive(s, a, b, 2000)
    arrive(s, b, a, 2000)
    a.cmd('ask %s bytesn:100000' % b.u('/user/echo'))
    a.expect('reply', value=large(100000))


@scenario('NET', 'water marks of the write buffer far below a message, and crossed ones: nothing is lost', '')
def net_marks(s):
    a, b = s.both(set_to(TCP + 'write-buffer-high-water-mark = 100b'), set_to(TCP + 'write-buffer-high-water-mark = 3000b', TCP + 'write-buffer-low-water-mark = 9000b'))
    for p, q in ((a, b), (b, a)):
        arrive(s, p, q, 1000)
        p.cmd('ask %s bytesn:50000' % q.u('/user/echo'))
        p.expect('reply', value=large(50000))


@scenario('NET', 'use-passive-connections off on one side: that side answers over a connection of its own', '')
def net_no_passive(s):
    a, b = s.both((), set_to(C + 'use-passive-connections = off'))
    s.ping(a, b)
    b.expect('lifecycle', kind='AssociatedEvent', remote=a.address, inbound=True)
    b.expect('lifecycle', kind='AssociatedEvent', remote=a.address, inbound=False)
    a.expect('lifecycle', kind='AssociatedEvent', remote=b.address, inbound=True)
    arrive(s, a, b, 300)
    arrive(s, b, a, 300)
    for p in (a, b):
        p.absent('lifecycle', kind=anyof('DisassociatedEvent', 'QuarantinedEvent'))


@scenario('NET', 'use-passive-connections off on both sides: deployment, watch and the notice of the end', '')
def net_no_passive_at_all(s):
    off = set_to(C + 'use-passive-connections = off')
    a, b = s.both(off, off)
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start', args=['x'])
    s.fence(a, b)
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=has(t), sender=ref)
    a.cmd('tell %s stop' % ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('NET', 'two transports in one node, one of them with an adapter: each peer uses the one of its own scheme', '', timeout=60)
def net_two_schemes(s):
    port = s.free_port()
    b = s.y(*set_to(C + 'enabled-transports = ["pekko.remote.classic.netty.tcp", "second"]',
                    'second = ${pekko.remote.classic.netty.tcp} { hostname = 127.0.0.1, port = %d, applied-adapters = [trttl] }' % port))
    other = 'pekko.trttl.tcp://%s@127.0.0.1:%d' % (b.name, port)
    a, c = s.many(('x',), ('x', *set_to(TCP + 'applied-adapters = [trttl]')))
    s.check(c.address.startswith('pekko.trttl.tcp://'), 'address %r' % c.address)
    for p, at in ((a, b.address), (c, other)):
        t = s.token()
        p.cmd('select %s/user/echo %s' % (at, t))
        p.expect('recv', actor='/user/collector', value=t, sender=lambda x: x.startswith(at + '/user/echo#'))
        s.ping(b, p)
    c.cmd('select %s x' % b.u('/user/collector'))
    c.expect('log', level='ERROR', cause=has('No transport is loaded for protocol: [pekko.tcp], available protocols: [pekko.trttl.tcp]'))


@scenario('NET', 'adapters over TLS: their scheme, and a silence that they make', '', timeout=60)
def net_adapters_tls(s):
    on = set_to(SSL + 'applied-adapters = [gremlin, trttl]')
    a, b = s.both(tls('node1', *on), tls('node2', *on))
    s.check(a.address.startswith('pekko.gremlin.trttl.ssl.tcp://'), 'address %r' % a.address)
    s.ping(a, b)
    n = a.here()
    a.cmd('fault %s blackhole both' % b.address)
    a.expect('ok', since=n, cmd='fault')
    t = s.token()
    a.cmd('ask-ms 500 %s %s' % (b.u('/user/echo'), t))
    a.expect('reply', error=lambda e: e and 'Timeout' in e['class'])
    n = a.here()
    a.cmd('fault %s pass both' % b.address)
    a.expect('ok', since=n, cmd='fault')
    s.ping(b, a)
    b.absent('recv', value=t)


# ---------------------------------------------------------------- frames
LIMIT = 64000


def overhead(s, a, path):
    """what the envelope adds to a byte array for this recipient, as the log of an oversized one tells"""
    n = a.here()
    a.cmd('tell-nosender %s bytesn:%d' % (path, LIMIT + 1))
    e = a.expect('log', since=n, level='ERROR', cause=has('max allowed size %d bytes' % LIMIT))
    a.expect('dropped', since=n, cls='[B')
    return int(re.search(r'was (\d+) bytes', e['cause']).group(1)) - LIMIT - 1


@scenario('NET', 'messages at the limit of a frame: the largest that passes, and one that is dropped; the size that is told is that of the envelope', 'RemotingSpec 13,14,15', timeout=60)
def frame_at_its_limit(s):
    limit = ('--max-frame', '%db' % LIMIT) + G1
    a, b = s.both(limit, limit)
    s.ping(a, b)
    path = b.lookup('/user/collector')
    more = overhead(s, a, path)
    for size in (LIMIT - 8, LIMIT + 1):
        n = a.here()
        a.cmd('tell-nosender %s bytesn:%d' % (path, size - more))
        if size <= LIMIT:
            b.expect('recv', actor='/user/collector', value=large(size - more))
        else:
            a.expect('dropped', since=n, cls='[B', recipient=path)
    s.ping(a, b)
    a.absent('lifecycle', kind='DisassociatedEvent')


@scenario('NET', 'the limit is each one\'s own: what one node may not send, another of larger frames may', '')
def frame_of_each(s):
    a, b = s.both(('--max-frame', '300000b'), ('--max-frame', '300000b'))
    s.ping(a, b)
    c = s.y('--max-frame', '64000b')
    c.cmd('ask %s bytesn:60000' % b.u('/user/echo'))
    c.expect('reply', value=large(60000))
    n = c.here()
    c.cmd('ask-ms 700 %s bytesn:64000' % b.u('/user/echo'))
    c.expect('dropped', since=n, cls='org.apache.pekko.actor.ActorSelectionMessage')
    c.expect('reply', since=n, error=lambda e: e and 'Timeout' in e['class'])
    a.cmd('ask %s bytesn:200000' % b.u('/user/echo'))
    a.expect('reply', value=large(200000))


@scenario('DEP', 'an actor whose arguments are larger than a frame is not made: the order is dropped, its maker is told that it is not there', '')
def frame_of_an_order(s):
    a, b = s.both(('--max-frame', '64000b'), ())
    a.cmd('deploy Worker w %s bytesn:70000' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    a.expect('dropped', cls=has('DaemonMsgCreate'))
    a.expect('terminated-msg', ref=ref, addressTerminated=False)
    b.absent('worker-start')
    s.ping(a, b)


# ---------------------------------------------------------------- CFG
@scenario('CFG', 'a gate of no time: the peer is talked to as soon as it is there', '')
def gate_of_nothing(s):
    b, px = s.proxied('y', listening=False)
    a = s.x('--gate', '0s')
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address)
    a.expect('deadletter', value=t)
    a.expect('log', level='WARN', msg=has('address is now gated for [0] ms'))
    px.listen()
    s.link(a, b, 5)


@scenario('CFG', 'prune-quarantine-marker-after: a quarantine is forgotten after its time, and the same incarnation is talked to again', '', timeout=60)
def quarantine_forgotten(s):
    a, b = s.both(('--gate', '500ms', *set_to(C + 'prune-quarantine-marker-after = 1s')), ('--gate', '500ms'))
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    time.sleep(3.5)      # whoever knocks meanwhile is refused and remembered anew
    s.link(a, b, 10)
    s.link(b, a, 10)
    s.equal(len(a.find('lifecycle', kind='QuarantinedEvent')), 1, 'quarantines')


@scenario('CFG', 'system-message-buffer-size: more unacknowledged system messages than it holds quarantine the node', '', timeout=60)
def system_buffer(s):
    b, px = s.proxied('y', *SLOW_FD)
    a = s.x(*SLOW_FD, *set_to(C + 'system-message-buffer-size = 5'))
    s.ping(a, b)
    px.blackhole('c2s', 's2c')
    a.cmds(['watchref ' + b.u('/user/none%d' % i) for i in range(8)])
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)


@scenario('CFG', 'initial-system-message-delivery-timeout: a node that is away longer with a system message waiting for it is quarantined', '', timeout=60)
def system_delivery(s):
    b, px = s.proxied('y', *SLOW_FD)
    a = s.x('--gate', '300ms', *SLOW_FD, *set_to(C + 'initial-system-message-delivery-timeout = 2s'))
    s.ping(a, b)
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    a.cmd('watchref ' + b.u('/user/none'))
    t0 = time.monotonic()
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    s.check(time.monotonic() - t0 > 1, 'at once')


@scenario('CFG', 'resend-interval: a system message that is lost is sent again after it', '')
def resent_soon(s):
    b, px = s.proxied('y')
    a = s.x(*set_to(C + 'resend-interval = 300ms'))
    s.ping(a, b)
    px.drop_next(3, system_kind('Watch'))
    t0 = time.monotonic()
    p = b.u('/user/none')
    a.cmd('watchref ' + p)
    a.expect('terminated-msg', ref=p, existenceConfirmed=False)
    dt = time.monotonic() - t0
    s.check(0.3 < dt < 4, 'after %.1f s' % dt)


@scenario('CFG', 'log-sent-messages and log-received-messages: each side logs its part at DEBUG, and nothing where it is off', 'MessageLoggingSpec 1')
def log_of_messages(s):
    a, b = s.both(('--loglevel', 'DEBUG', *set_to(C + 'log-sent-messages = on')), ('--loglevel', 'DEBUG', *set_to(C + 'log-received-messages = on')))
    s.ping(a, b)
    t = s.token()
    ref = b.lookup('/user/collector')
    a.cmd('tell %s %s' % (ref, t))
    b.expect('recv', value=t)
    a.expect('log', level='DEBUG', msg=lambda m: t in m and m.startswith('sending message RemoteMessage: [%s] to [Actor[%s]]<+[%s] from [Actor[pekko://%s/user/collector#' % (t, ref, b.u('/user/collector'), a.name)))
    b.expect('log', level='DEBUG', msg=lambda m: t in m and m.startswith('received local message RemoteMessage: [%s] to [Actor[pekko://%s/user/collector#' % (t, b.name)))
    a.absent('log', msg=has('received local message'))
    b.absent('log', msg=has('sending message'))


@scenario('CFG', 'log-frame-size-exceeding: a class of messages is logged when it grows by a tenth, and each class by itself', 'MessageLoggingSpec 1')
def log_of_sizes(s):
    a, b = s.both(set_to(C + 'log-frame-size-exceeding = 10000b'), ())
    sizes = []
    for msg, logged in (('bytesn:5000', False), ('bytesn:20000', True), ('bytesn:20500', False), ('bytesn:30000', True), ('bytesn:20000', False), ('strn:15000', True)):
        n = a.here()
        a.cmd('%s %s %s' % ('select' if msg == 'bytesn:30000' else 'tell', b.u('/user/echo'), msg))
        a.expect('recv', since=n, actor='/user/collector')
        found = a.find('log', since=n, level='INFO', msg=lambda m: 'ayload size for [' in m)
        s.equal(len(found), 1 if logged else 0, 'lines about ' + msg)
        sizes += [f['msg'] for f in found]
    for text, kind, size in zip(sizes, ('[B', '[B', 'java.lang.String'), (20000, 30000, 15000)):
        m = re.fullmatch(r'(?:P|New maximum p)ayload size for \[(.*)\] is \[(\d+)\] bytes', text)
        s.check(m and m.group(1) == kind and size + 100 < int(m.group(2)) < size + 200, 'text %r' % text)


@scenario('CFG', 'the levels of log-remote-lifecycle-events: warning lets no event of DEBUG into the log, debug all', 'MessageLoggingSpec 1', timeout=60)
def log_of_levels(s):
    level = lambda v: ('--loglevel', 'DEBUG', *set_to(C + 'log-remote-lifecycle-events = ' + v))
    a, c, b = s.many(('x', *level('warning')), ('x', *level('debug')), ('y',))
    for p in (a, c):
        s.ping(p, b)
        p.expect('lifecycle', kind='AssociatedEvent', remote=b.address)
    c.expect('log', level='DEBUG', msg=lambda m: m.startswith('Associated ['))
    a.absent('log', msg=lambda m: m.startswith('Associated ['))


@scenario('CFG', 'what is queued when a node ends goes out before it says goodbye', '', timeout=60)
def flushed_at_the_end(s):
    a, b = s.both(set_to(C + 'flush-wait-on-shutdown = 8s'))
    s.ping(a, b)
    s.reset(b)
    a.cmds(['numbered %s 1000' % b.u('/user/order'), 'terminate'])
    a.expect('terminated')
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    n = b.here()
    b.cmd('ask /user/order report')
    s.equal(b.expect('reply', since=n, path='/user/order')['value'], 'count=1000 next=1000 skipped=0 late=0 other=0', 'report')


@scenario('CFG', 'flush-wait-on-shutdown: a peer that takes nothing holds up the end no longer than that', '', timeout=60)
def flush_gives_up(s):
    b, px = s.proxied('y')
    a = s.x(*set_to(C + 'flush-wait-on-shutdown = 500ms'))
    s.ping(a, b)
    px.hold()
    a.cmd('flood %s 300 strn:20000' % b.u('/user/sink'))
    a.sync()
    t0 = time.monotonic()
    a.terminate()
    a.expect('terminated')
    s.equal(a.join(), 0, 'exit status')
    s.check(time.monotonic() - t0 < 9, 'it took %.1f s' % (time.monotonic() - t0))


@scenario('CFG', 'a transport that cannot be keeps a system from starting: adapters, options of sockets, classes, dispatchers', '', timeout=90)
def transports_refused(s):
    quick = set_to(C + 'startup-timeout = 1s')
    wrong = (TCP + 'applied-adapters = [nobody]', TCP + 'tcp-reuse-addr = maybe', TCP + 'transport-class = no.such.Transport', C + 'use-dispatcher = nobody', C + 'enabled-transports = []',
             C + 'backoff-interval = 0s')
    for p in [s.start('x', *quick, '--hocon', w, wait=False) for w in wrong]:
        p.expect('start-failed', 60)
        s.equal(p.join(), 3, 'exit status of ' + str(p.args))


@scenario('CFG', 'a transport is started by what it says of itself: no backlog, no buffers, trusted paths that name nothing', '')
def transports_taken(s):
    odd = set_to(TCP + 'backlog = 0', TCP + 'send-buffer-size = 0b', TCP + 'receive-buffer-size = 0b', TCP + 'tcp-reuse-addr = off', C + 'trusted-selection-paths = [user/x]', C + 'log-buffer-size-exceeding = off',
                 C + 'quarantine-after-silence = off')
    a, b = s.both(odd, odd)
    s.ping(a, b)
    s.ping(b, a)
