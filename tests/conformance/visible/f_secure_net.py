# SPDX-License-Identifier: Apache-2.0
"""Untrusted mode, TLS, bind addresses, supervision at the receiver, events, logging, configuration."""
import re, socket, time
from conform import scenario, has, refto, anyof, tls, QUICK_FD, SLOW_FD, control

G1 = ('--gate', '1s')
UNTRUSTED = ('--untrusted', '--trusted-paths', '/user/receptionist')


def handled(s, a, b):
    """an untrusted b answers this; what a sent before it has been handled"""
    t = s.token('fence')
    a.cmd('select %s %s' % (b.u('/user/receptionist'), t))
    b.expect('recv', actor='/user/receptionist', value=t)
    return t


# ---------------------------------------------------------------- SEC
@scenario('SEC', 'untrusted: a selection of a trusted path is delivered and answered', 'UntrustedSpec 1')
def untrusted_trusted_path(s):
    a, b = s.shared('x'), s.shared('y', *UNTRUSTED)
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/receptionist'), t))
    b.expect('recv', actor='/user/receptionist', value=t, sender=a.ref('/user/collector'))
    a.expect('recv', value='hello from receptionist', sender=b.ref('/user/receptionist'))


@scenario('SEC', 'untrusted: selections of other paths, of children of a trusted one, by wildcard and over parent steps are dropped', 'UntrustedSpec 5,7,8')
def untrusted_other_paths(s):
    a, b = s.shared('x'), s.shared('y', *UNTRUSTED)
    t = s.token()
    for p in ('/user/collector', '/user/receptionist/child', '/user/recep*', '/user/*', '/user/parent/../receptionist', '/user/parent/c1'):
        a.cmd('select %s %s' % (b.u(p), t))
    handled(s, a, b)
    b.absent('recv', value=t)
    b.absent('deadletter', value=t)


@scenario('SEC', 'untrusted: PoisonPill and Kill are dropped, by reference and inside a trusted selection; ordinary messages to a reference pass', 'UntrustedSpec 3,9')
def untrusted_harmful(s):
    a, b = s.shared('x'), s.shared('y', *UNTRUSTED)
    ref = b.lookup('/user/failing')
    rec = b.lookup('/user/receptionist')
    for line in ('poison-ref ' + ref, 'kill-ref ' + ref, 'poison ' + b.u('/user/receptionist'), 'kill ' + b.u('/user/receptionist')):
        a.cmd(line)
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=t, sender=ref)
    handled(s, a, b)
    b.absent('poststop', actor='/user/failing')
    s.equal(b.lookup('/user/receptionist'), rec, 'receptionist')


@scenario('SEC', 'untrusted: Terminate, Suspend and Recreate system messages are dropped, although they are acknowledged', 'UntrustedSpec 3')
def untrusted_system_messages(s):
    b = s.shared('y', *UNTRUSTED)
    r, me = s.handshake(b)
    from conform import payload, pb
    ref = b.lookup('/user/failing')
    for seq, data in enumerate((pb((1, 2)), pb((1, 4)))):   # Suspend, Terminate
        r.send(payload(ref, data, 22, seq=seq))
    r.frame(ack=1, nacks=[])
    t = s.token()
    r.send(payload(ref, t.encode(), frm=me + '/user/x#1'))
    f = r.frame(to=me + '/user/x#1')
    s.equal(f['data'], t.encode().hex(), 'answer')
    b.absent('poststop', actor='/user/failing')


@scenario('SEC', 'untrusted: a remote watch is dropped, so there is no Terminated when the actor stops', 'UntrustedSpec 4', timeout=60)
def untrusted_watch(s):
    a, b = s.both((), UNTRUSTED)
    ref = b.spawn('Echo', 'target')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    handled(s, a, b)
    b.cmd('stop /user/target')
    b.cmd('watchref ' + ref)
    b.expect('terminated-msg', ref=ref)
    time.sleep(0.5)
    handled(s, a, b)
    a.quiet(1.5, 'terminated-msg', ref=ref)


@scenario('SEC', 'untrusted: nothing reaches the daemon, remote deployment is refused', 'UntrustedSpec 2', timeout=60)
def untrusted_deploy(s):
    a, b = s.both((), UNTRUSTED)
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    a.cmd('tell %s hello' % ref)
    b.expect('deadletter', value='hello')
    handled(s, a, b)
    b.absent('worker-start')


@scenario('SEC', 'untrusted mode affects only what comes in: the untrusted node itself may select, watch and deploy elsewhere', '', timeout=60)
def untrusted_outbound(s):
    a, b = s.both((), UNTRUSTED)
    s.ping(b, a)
    ref = a.spawn('Echo', 'target')
    t = s.token()
    b.cmd('tell %s %s' % (ref, t))
    b.expect('recv', value=t, sender=ref)
    b.cmd('ask %s %s' % (a.u('/user/echo'), t))
    b.expect('reply', value=t)
    b.cmd('deploy Worker w %s str:x' % a.address)
    a.expect('worker-start', args=['x'])


# ---------------------------------------------------------------- TLS
# Pekko 1.0.2 as a client notices a failed TLS handshake only by the time limit of the connection
SHORT = ('--hocon', 'pekko.remote.classic.netty.ssl.connection-timeout = 3s', '--gate', '1s')


def tls_pair(s, xa=('node1',), ya=('node2',)):
    a, b = s.start('x', *tls(*xa), wait=False), s.start('y', *tls(*ya), wait=False)
    return a.wait_started(), b.wait_started()


def refused(s, a, b):
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address, inbound=False)
    a.expect('deadletter', value=t)
    b.absent('recv', value=t)
    b.absent('lifecycle', kind='AssociatedEvent')


@scenario('TLS', 'mutual authentication with certificates of one authority: tell, ask, large messages, deployment and watch; addresses say ssl', 'Ticket1978CommunicationSpec 3,4; RemotingSpec 11', timeout=60)
def tls_mutual(s):
    a, b = tls_pair(s)
    s.check(a.address.startswith('pekko.ssl.tcp://'), 'address %r' % a.address)
    s.ping(a, b)
    s.ping(b, a)
    n = a.here()
    a.cmd('ask %s bytesn:100000' % b.u('/user/echo'))
    s.equal(a.expect('reply', since=n)['value']['length'], 100000, 'length')
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start', args=['x'], parent=a.ref('/user/deployer'))
    s.fence(a, b)
    a.cmd('tell %s stop' % ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('TLS', 'a client with a certificate of a foreign authority is refused, the server lives on', 'Ticket1978ConfigSpec', timeout=60)
def tls_foreign_client(s):
    b = s.y(*tls('node2'))
    c = s.x(*tls('node1'))
    a = s.x(*tls('foreign', *SHORT))
    refused(s, a, b)
    s.ping(c, b)


@scenario('TLS', 'a server with a certificate of a foreign authority is not accepted by the client', '', timeout=60)
def tls_foreign_server(s):
    a, b = tls_pair(s, ('node1',) + SHORT, ('foreign',))
    refused(s, a, b)


@scenario('TLS', 'a client without a certificate is refused when mutual authentication is on, and accepted when it is off', '', timeout=60)
def tls_no_client_certificate(s):
    b, c, a = s.many(('y', *tls('node2')), ('y', *tls('node1', '--tls-no-mutual')), ('x', *tls('none', '--tls-no-mutual', *SHORT)))
    refused(s, a, b)
    s.link(a, c)


@scenario('TLS', 'plain TCP and TLS do not talk: a plain client cannot reach a TLS server and the other way round', '', timeout=60)
def tls_and_plain(s):
    b, c = s.many(('y', *tls('node2')), ('y',))
    r = s.raw(b)
    from conform import associate
    r.send(associate('pekko.tcp://Raw@127.0.0.1:9', 5))
    r.expect('closed')
    r.absent('frame', pdu='ASSOCIATE')
    a = s.x(*tls('node1', *SHORT))
    t = s.token()
    a.cmd('select %s/user/collector %s' % (c.address.replace('pekko.tcp', 'pekko.ssl.tcp'), t))
    a.expect('lifecycle', kind='AssociationErrorEvent', inbound=False)
    a.expect('deadletter', value=t)
    s.link(a, b)
    c.absent('recv', value=t)


BOTH = 'pekko.remote.classic.enabled-transports = ["pekko.remote.classic.netty.tcp", "pekko.remote.classic.netty.ssl"]'


def both_transports(s, side, cert):
    """a system with a plain and an encrypted address: (system, its encrypted address)"""
    port = s.free_port()
    p = s.start(side, *tls(cert, '--hocon', BOTH, '--hocon', 'pekko.remote.classic.netty.ssl.port = %d' % port), wait=False)
    p.wait_started()
    return p, p.address.replace('pekko.tcp', 'pekko.ssl.tcp').rsplit(':', 1)[0] + ':%d' % port


@scenario('TLS', 'plain and encrypted transport in one system: the scheme of an address chooses, senders and the references of answers are spelled for whom they go to', 'RemotingSpec 10,11', timeout=90)
def tls_both_transports(s):
    b, secure = both_transports(s, 'y', 'node2')
    a, c = s.many(('x', *tls('node1')), ('x',))
    s.check(b.address.startswith('pekko.tcp://'), 'address %r' % b.address)
    for p, at, sender in ((c, b.address, b.ref('/user/echo')), (a, secure, lambda r: r.startswith(secure + '/user/echo#'))):
        t = s.token()
        p.cmd('select %s/user/echo %s' % (at, t))
        p.expect('recv', actor='/user/collector', value=t, sender=sender)
    s.ping(b, a)
    s.ping(b, c)
    for p, at in ((a, secure), (c, b.address)):
        p.cmd('identify %s/user/echo' % at)
        ref = p.expect('recv', value=lambda v: isinstance(v, dict) and (v.get('ref') or '').startswith(at + '/user/echo#'))['value']['ref']
        p.cmd('watchref ' + ref)
        p.expect('watching', ref=ref)
        b.cmd('deploy Worker w%d %s str:x' % (p.port, p.address))
        work = b.expect('deployed', name='w%d' % p.port)['ref']
        p.expect('worker-start', args=['x'], parent=lambda r: r.startswith(at + '/user/deployer#'))
        t = s.token()
        b.cmd('tell %s %s' % (work, t))
        b.expect('recv', value=has(t), sender=work)
        b.cmd('tell %s stop' % work)
        b.expect('terminated-msg', ref=work)


# ---------------------------------------------------------------- NET
@scenario('NET', 'port 0: the published port is the bound one', 'NettyTransportSpec 1')
def net_port_zero(s):
    a = s.shared('x')
    s.check(a.port > 0, 'port')
    r = s.raw(a)
    r.close()


@scenario('NET', 'published and bound address differ (a forwarder in between): peers use the published one', 'NettyTransportSpec 6')
def net_nat(s):
    bind = s.free_port()
    px = s.proxy(('127.0.0.1', bind), host='127.0.0.2', raw=True)
    b = s.y('--hostname', '127.0.0.2', '--bind-hostname', '127.0.0.1', '--bind-port', bind, port=px.port, name='Nat')
    s.equal(b.address, 'pekko.tcp://Nat@127.0.0.2:%d' % px.port, 'address')
    a = s.x()
    s.ping(a, b)
    s.ping(b, a)
    px.expect('open')


@scenario('NET', 'both systems sit behind forwarders; death watch and deployment work through them', 'NettyTransportSpec 6', timeout=60)
def net_nat_both(s):
    a, pa = s.proxied('x', raw=True)
    b, pb_ = s.proxied('y', raw=True)
    s.ping(a, b)
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start', parent=a.ref('/user/deployer'))
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=has(t), sender=ref)
    s.fence(a, b)
    b.cmd('stop %s' % ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('NET', 'bound to all interfaces, published as one', 'NettyTransportSpec 4')
def net_bind_all(s):
    a, b = s.both((), ('--bind-hostname', '0.0.0.0'))
    s.ping(a, b)
    socket.create_connection(('127.0.0.3', b.port), 5).close()


@scenario('NET', 'nodes at literals of IPv6: messages both ways; deployment, watch and stop, unless the maker is a JVM, which cannot read its own path then', '')
def net_ipv6(s):
    try:
        with socket.socket(socket.AF_INET6) as x:
            x.bind(('::1', 0))
    except OSError:
        s.skip('no IPv6 here')
    a, b = s.both(('--hostname', '[::1]'), ('--hostname', '[::1]'))
    s.check(a.address.startswith('pekko.tcp://%s@[::1]:' % a.name), 'address %r' % a.address)
    s.ping(a, b)
    s.ping(b, a)
    if not a.expect('started')['pekko'].startswith('ukko'):
        return
    a.cmd('deploy Worker w %s str:x' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start', parent=a.ref('/user/deployer'))
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=has(t), sender=ref)
    a.cmd('tell %s throw ouch' % ref)
    a.expect('child-failed', child=ref, decision='restart')
    b.expect('worker-postrestart')
    a.cmd('stop-child w')
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('NET', 'a client that listens nowhere (ukko.remote.client; others listen all the same): it is answered and spoken to over its connection, also over the next ones, and watched', '', timeout=90)
def net_client(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x('--hocon', 'ukko.remote.client = on', *G1, *SLOW_FD)
    s.ping(a, b)
    s.ping(b, a)
    near, far = a.spawn('Echo', 'near'), b.spawn('Echo', 'far')
    for p, ref in ((a, far), (b, near)):
        p.cmd('watchref ' + ref)
        p.expect('watching', ref=ref)
    s.fence(a, b)
    s.fence(b, a)
    for _ in range(2):
        px.cut()
        b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
        s.link(b, a)
        s.link(a, b)
    b.cmd('stop /user/far')
    a.expect('terminated-msg', ref=far, addressTerminated=False)
    a.cmd('stop /user/near')
    b.expect('terminated-msg', ref=near, addressTerminated=False)


@scenario('NET', 'watched by a spelling that is only accepted (ukko.remote.accepted-addresses; of others by the published one): the node seems alive, an end is told', '', timeout=60)
def net_watched_by_alias(s):
    b = s.y('--bind-hostname', '0.0.0.0', '--hocon', 'ukko.remote.accepted-addresses = ["127.0.0.2"]')
    a = s.x(*QUICK_FD, '--loglevel', 'DEBUG')
    other = b.address.replace('127.0.0.1', '127.0.0.2') if b.started['pekko'].startswith('ukko') else b.address
    refs = [b.spawn('Echo', n).replace(b.address, other) for n in ('ends', 'stays')]
    for r in refs:
        a.cmd('watchref ' + r)
        a.expect('watching', ref=r)
    a.expect_n(8, 'log', level='DEBUG', msg=has('heartbeat rsp from [%s]' % other))    # silence would have been noticed by now
    none = other + '/user/nobody'
    a.cmd('watchref ' + none)
    a.expect('terminated-msg', ref=none, existenceConfirmed=False, addressTerminated=False)
    b.cmd('stop /user/ends')
    a.expect('terminated-msg', ref=refs[0], addressTerminated=False)
    a.cmd('stop ' + refs[1])
    a.expect('terminated-msg', ref=refs[1], addressTerminated=False)


@scenario('NET', 'a message for another spelling of the host arrives but is not delivered; the published spelling works', '')
def net_wrong_host_spelling(s):
    a, b = s.both()
    t = s.token()
    a.cmd('select pekko.tcp://%s@localhost:%d/user/collector %s' % (b.name, b.port, t))
    b.expect('lifecycle', kind='AssociatedEvent', remote=a.address)
    b.expect('log', level='ERROR', msg=has('localhost'))
    s.ping(a, b)
    b.absent('recv', value=t)


@scenario('NET', 'the port is taken: start-failed and exit status 3', 'RemotingFailedToBindSpec 1', both=True)
def net_port_in_use(s):
    a = s.shared('x')
    p = s.x(port=a.port, wait=False)
    p.expect('start-failed', 60)
    s.equal(p.join(), 3, 'exit status')
    r = s.raw(a)


# ---------------------------------------------------------------- SUP
@scenario('SUP', 'a message from afar makes an actor fail: it is restarted and its reference stays valid', 'ActorLifeCycleSpec 1')
def sup_restart(s):
    a, b = s.pair()
    name = s.token('f')
    ref = b.spawn('Failing', name)
    a.cmd('tell %s throw boom' % ref)
    b.expect('prerestart', actor='/user/' + name, cause={'class': 'java.lang.IllegalStateException', 'message': 'boom'})
    b.expect('postrestart', actor='/user/' + name)
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=t, sender=ref)


@scenario('SUP', 'PoisonPill is handled in its turn, Kill makes the guardian stop the actor; later messages are dead letters', 'ActorRefSpec 2')
def sup_poison_kill(s):
    a, b = s.pair()
    for how in ('poison-ref', 'kill-ref'):
        name, t = s.token('f'), s.token()
        ref = b.spawn('Failing', name)
        a.cmd('tell %s %s-before' % (ref, t))
        a.cmd('%s %s' % (how, ref))
        a.cmd('tell %s %s-after' % (ref, t))
        a.expect('recv', value=t + '-before', sender=ref)
        b.expect('poststop', actor='/user/' + name)
        b.expect('deadletter', value=t + '-after')


@scenario('SUP', 'suspend, resume and restart as system messages over the network', 'SystemMessageSerializationSpec 2')
def sup_system_messages(s):
    a, b = s.pair()
    name, t = s.token('f'), s.token()
    ref = b.spawn('Failing', name)
    s.ping(a, b)
    a.cmd('suspend ' + ref)
    s.ping(a, b)
    time.sleep(0.3)
    a.cmd('tell %s %s' % (ref, t))
    s.ping(a, b)
    a.absent('recv', value=t)
    a.cmd('resume ' + ref)
    a.expect('recv', value=t, sender=ref)
    a.cmd('suspend ' + ref)
    a.cmd('restart ' + ref)
    b.expect('postrestart', actor='/user/' + name)
    a.cmd('tell %s %s-2' % (ref, t))
    a.expect('recv', value=t + '-2', sender=ref)


# ---------------------------------------------------------------- EVENT
@scenario('EVENT', 'association events of both sides with addresses and direction; one pair per link', '')
def events_association(s):
    a, b = s.both()
    s.ping(a, b)
    s.equal([(e['local'], e['remote'], e['inbound']) for e in a.find('lifecycle', kind='AssociatedEvent')], [(a.address, b.address, False)], 'events of the dialling side')
    s.equal([(e['local'], e['remote'], e['inbound']) for e in b.find('lifecycle', kind='AssociatedEvent')], [(b.address, a.address, True)], 'events of the listening side')
    s.ping(b, a)   # the same link serves the other direction
    s.equal(len(a.find('lifecycle', kind='AssociatedEvent')), 1, 'events')


@scenario('EVENT', 'the end of remoting in the log: the daemon, the transports, Remoting; the terminator speaks whatever log-remote-lifecycle-events says', '', timeout=60)
def end_in_the_log(s):
    by = 'org.apache.pekko.remote.RemoteActorRefProvider$RemotingTerminator'
    steps = [(by, 'Shutting down remote daemon.'), (by, 'Remote daemon shut down; proceeding with flushing remote transports.'),
             ('org.apache.pekko.remote.Remoting', 'Remoting shut down'), (by, 'Remoting shut down.')]
    for setting, says in (('on', steps), ('off', [e for e in steps if e[0] == by])):
        a = s.x('--loglevel', 'INFO', '--hocon', 'pekko.remote.classic.log-remote-lifecycle-events = ' + setting)
        a.terminate()
        a.expect('terminated')
        logged = [e for e in a.find('log', level='INFO') if 'shut' in e['msg'].lower() and 'emot' in e['msg']]
        said = [(e['class'], e['msg']) for e in logged]
        # a JVM's logger may have stopped before the very last line
        s.check(said in (says, says[:-1]), 'the log of the end with %s: %r' % (setting, said))
        s.equal({e['source'] for e in logged if e['class'] == by}, {a.u('/system/remoting-terminator')}, 'the source')


@scenario('EVENT', 'orderly shutdown seen from the other side: an association error of a shut down address and Disassociated, nothing about quarantine', '')
def events_shutdown(s):
    a, b = s.both()
    s.ping(a, b)
    b.terminate()
    b.expect('terminated')
    a.expect('lifecycle', kind='AssociationErrorEvent', local=a.address, remote=b.address)
    a.expect('lifecycle', kind='DisassociatedEvent', local=a.address, remote=b.address)
    a.absent('lifecycle', kind=anyof('QuarantinedEvent', 'ThisActorSystemQuarantinedEvent'))


@scenario('EVENT', 'lifecycle logging: on by default at DEBUG, silent when switched off, while the events go on', 'MessageLoggingSpec 1')
def events_logging(s):
    a, b = s.both(('--loglevel', 'DEBUG'), ('--loglevel', 'DEBUG', '--hocon', 'pekko.remote.classic.log-remote-lifecycle-events = off'))
    s.ping(a, b)
    a.expect('log', level='DEBUG', msg=lambda m: 'Associated' in m and a.address in m and b.address in m)
    b.expect('lifecycle', kind='AssociatedEvent')
    b.absent('log', msg=lambda m: m.startswith('Associated ['))


@scenario('EVENT', 'loglevel: WARNING lets no INFO through but the gate warning; OFF is silent', 'EventStreamSpec 1')
def events_loglevel(s):
    a, b = s.start('x', '--loglevel', 'WARNING', wait=False), s.start('x', '--loglevel', 'OFF', wait=False)
    for p in (a, b):
        p.wait_started()
        dead = 'pekko.tcp://Gone@127.0.0.1:%d' % s.free_port()
        p.cmd('select %s/user/x lost' % dead)
        p.expect('lifecycle', kind='AssociationErrorEvent', remote=dead)
        p.expect('deadletter', value='lost')
    a.expect('log', level='WARN', msg=has('gated'))
    a.absent('log', level=anyof('INFO', 'DEBUG'))
    b.quiet(0.3, 'log')


@scenario('EVENT', 'dead letters are logged up to the configured number, as events they all appear', 'ActorSystemSpec 1; DeadLetterSuspensionSpec 3')
def events_dead_letter_log(s):
    a = s.x('--hocon', 'pekko.log-dead-letters = 3')
    t = s.token()
    for i in range(8):
        a.cmd('select /user/nobody %s-%d' % (t, i))
    a.expect_n(8, 'deadletter', value=has(t))
    logged = a.expect_n(3, 'log', level='INFO', msg=has('dead letters encountered'))
    a.sync()
    a.quiet(0.3, 'log', since=a.here(), msg=has('dead letters encountered'))
    s.equal(len(a.find('log', msg=has('dead letters encountered'))), 3, 'logged dead letters')


@scenario('EVENT', 'quarantine events: ours names the address and uid, the one of the quarantined system names both addresses', '')
def events_quarantine(s):
    a = s.x()
    r, me = s.handshake(a, uid=987654)
    a.expect('lifecycle', kind='AssociatedEvent', remote=me)
    a.cmd('quarantine %s 987654' % me)
    a.expect('lifecycle', kind='QuarantinedEvent', remote=me, uid=987654)
    r.frame(pdu='DISASSOCIATE')
    r2 = s.raw(a)
    from conform import associate
    r2.send(associate(me, 987654))
    s.equal(r2.frame()['pdu'], 'ASSOCIATE', 'first frame')
    r2.frame(pdu='DISASSOCIATE_QUARANTINED')
    r2.expect('closed')
    r3 = s.raw(a)
    r3.send(associate(me, 987655))   # a new incarnation is let in
    r3.frame(pdu='ASSOCIATE')
    t = s.token()
    from conform import payload
    r3.send(payload(a.u('/user/collector'), t.encode()))
    a.expect('recv', value=t)


# ---------------------------------------------------------------- CFG
@scenario('CFG', 'defaults of the remoting settings', 'RemoteConfigSpec 1,2,3,5,6; RemoteSettingsSpec 1')
def cfg_defaults(s):
    a = s.shared('x')
    R, C = 'pekko.remote.', 'pekko.remote.classic.'
    rows = [('ms', C + 'retry-gate-closed-for', 5000), ('ms', C + 'backoff-interval', 5), ('ms', C + 'shutdown-timeout', 10000), ('ms', C + 'flush-wait-on-shutdown', 2000), ('ms', C + 'startup-timeout', 10000),
            ('ms', C + 'command-ack-timeout', 30000), ('bool', C + 'use-passive-connections', True), ('ms', C + 'transport-failure-detector.heartbeat-interval', 4000),
            ('ms', C + 'transport-failure-detector.acceptable-heartbeat-pause', 120000), ('ms', C + 'resend-interval', 2000), ('int', C + 'resend-limit', 200), ('int', C + 'system-message-buffer-size', 20000),
            ('ms', C + 'system-message-ack-piggyback-timeout', 300), ('ms', C + 'initial-system-message-delivery-timeout', 180000), ('ms', C + 'quarantine-after-silence', 172800000),
            ('ms', C + 'prune-quarantine-marker-after', 432000000), ('str', C + 'log-frame-size-exceeding', 'off'), ('bool', C + 'untrusted-mode', False), ('list', C + 'trusted-selection-paths', []),
            ('ms', C + 'netty.tcp.connection-timeout', 15000), ('bytes', C + 'netty.tcp.maximum-frame-size', 128000), ('bytes', C + 'netty.tcp.send-buffer-size', 256000), ('int', C + 'netty.tcp.backlog', 4096),
            ('bool', C + 'netty.tcp.tcp-nodelay', True), ('bool', C + 'netty.tcp.enable-ssl', False), ('bool', C + 'netty.ssl.enable-ssl', True), ('double', R + 'watch-failure-detector.threshold', 10.0),
            ('int', R + 'watch-failure-detector.max-sample-size', 200), ('ms', R + 'watch-failure-detector.heartbeat-interval', 1000), ('ms', R + 'watch-failure-detector.acceptable-heartbeat-pause', 10000),
            ('ms', R + 'watch-failure-detector.min-std-deviation', 100), ('ms', R + 'watch-failure-detector.expected-response-after', 1000), ('bool', R + 'deployment.enable-allow-list', False)]
    for t, key, want in rows:
        a.cmd('config %s %s' % (t, key))
        s.equal(a.expect('config', key=key)['value'], want, key)


@scenario('CFG', 'a configuration file with substitutions, later `--hocon` text beats it, and it beats the options', 'RemoteSettingsSpec 2')
def cfg_precedence(s):
    f = s.file('app.conf', '''
      my { gate = 7s, size = 200000b }
      pekko.remote.classic { retry-gate-closed-for = ${my.gate}, netty.tcp.maximum-frame-size = ${my.size} }
      pekko { remote { classic { resend-limit = 55 } } }
      pekko.remote.classic.log-frame-size-exceeding = 10k
    ''')
    a = s.x('--gate', '3s', '--max-frame', '64000b', '--config', f, '--hocon', 'pekko.remote.classic.resend-limit = 66')
    for t, key, want in (('ms', 'retry-gate-closed-for', 7000), ('bytes', 'netty.tcp.maximum-frame-size', 200000), ('int', 'resend-limit', 66), ('bytes', 'log-frame-size-exceeding', 10240)):
        a.cmd('config %s pekko.remote.classic.%s' % (t, key))
        s.equal(a.expect('config', key=has(key))['value'], want, key)


@scenario('CFG', 'a frame limit below 32000 bytes, an unparsable configuration or an impossible deployment address keep a system from starting', 'DeployerSpec 6')
def cfg_refused(s):
    for text in ('pekko.remote.classic { startup-timeout = 1s, netty.tcp.maximum-frame-size = 20000b }', 'pekko { remote = ', 'pekko.actor.deployment { "/x" { remote = "no address" } }'):
        p = s.x('--hocon', text, wait=False)
        p.expect('start-failed', 60)
        s.equal(p.join(), 3, 'exit status')
