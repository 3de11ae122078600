# SPDX-License-Identifier: Apache-2.0
"""Associations: gate, reconnect, restart, quarantine, order, shutdown."""
import time
from conform import scenario, has, anyof, control, payload, associate, sequenced

G1 = ('--gate', '1s')


@scenario('LINK', 'nothing listens at the address: association error, the message and those sent while gated are dead letters; later it works', 'RemotingSpec 2,20; RemoteGatePiercingSpec 1')
def refused_then_up(s):
    b, px = s.proxied('y', listening=False)
    a = s.x('--gate', '2s')
    t = s.token()
    a.cmd('select %s %s-1' % (b.u('/user/echo'), t))
    a.expect('lifecycle', kind='AssociationErrorEvent', local=a.address, remote=b.address, inbound=False)
    a.expect('deadletter', value=t + '-1', sender=a.ref('/user/collector'))
    a.cmd('select %s %s-2' % (b.u('/user/echo'), t))
    a.cmd('tell %s %s-3' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t + '-2')
    a.expect('deadletter', value=t + '-3')
    px.listen()
    s.link(a, b)
    b.absent('recv', value=has(t))


@scenario('LINK', 'while an address is gated no connection is attempted, although the peer is there', 'RemoteGatePiercingSpec 1')
def gate_holds(s):
    b, px = s.proxied('y', listening=False)
    a = s.x('--gate', '4s')
    a.cmd('select %s first' % b.u('/user/echo'))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address)
    px.listen()
    t0 = time.monotonic()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t)
    px.absent('open')
    s.link(a, b)
    s.check(time.monotonic() - t0 > 2.5, 'the gate opened too early')


@scenario('LINK', 'a peer dials in through our gate: its messages arrive, the gate stays closed until its time is over', 'RemotingSpec 21')
def gate_inbound_first(s):
    b, px = s.proxied('y', *G1, listening=False)
    a = s.x('--gate', '6s')
    a.cmd('select %s first' % b.u('/user/echo'))
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=b.address, inbound=False)
    px.listen()
    t = s.token()
    b.cmd('select %s %s' % (a.u('/user/collector'), t))
    a.expect('recv', actor='/user/collector', value=t, sender=b.ref('/user/collector'))
    s.link(a, b)


@scenario('LINK', 'after a lost connection a long gate is lifted when the same incarnation of the peer dials in', 'RemoteNodeRestartGateSpec 1')
def gate_lifted_by_inbound(s):
    b, px = s.proxied('y', *G1)
    a = s.x('--gate', '60s')
    s.ping(a, b)
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t)
    px.listen()
    s.link(b, a, 25)
    s.link(a, b, 10)


@scenario('LINK', 'a cut connection: both sides report it; after the gate they talk again and nobody is quarantined', 'TransportFailSpec 1; Ticket15109Spec 1')
def cut_and_reconnect(s):
    b, px = s.proxied('y', *G1)
    a = s.x(*G1)
    s.ping(a, b)
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', local=a.address, remote=b.address, inbound=False)
    b.expect('lifecycle', kind='DisassociatedEvent', local=b.address, remote=a.address, inbound=True)
    n = a.here()
    s.link(a, b)
    s.link(b, a)
    a.expect('lifecycle', since=n, kind='AssociatedEvent', remote=b.address)
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', 'a killed peer comes back on the same port with a new uid: the sender reaches it again', 'RemoteNodeShutdownAndComesBackSpec 1', timeout=60)
def restart_same_port(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    b.kill()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b2 = s.again(b)
    s.check(b2.uid != b.uid, 'the uid did not change')
    s.equal(b2.address, b.address, 'address')
    s.link(a, b2)
    s.link(b2, a)


@scenario('LINK', 'a restarted peer dials in before we dial: its messages arrive and are answered', 'RemoteNodeRestartGateSpec 1', timeout=60)
def restart_dials_in(s):
    a, b = s.both(('--gate', '60s'), G1)
    s.ping(a, b)
    b.kill()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b2 = s.again(b)
    s.link(b2, a)
    s.link(a, b2)


@scenario('LINK', 'both sides dial at the same moment: both messages arrive and both directions go on working', 'RemotingSpec 18')
def simultaneous_connect(s):
    a, pa = s.proxied('x')
    b, pb_ = s.proxied('y')
    pa.hold()
    pb_.hold()
    t = s.token()
    a.cmd('select %s %s-a' % (b.u('/user/collector'), t))
    b.cmd('select %s %s-b' % (a.u('/user/collector'), t))
    pa.expect('open')
    pb_.expect('open')
    pa.release()
    pb_.release()
    b.expect('recv', actor='/user/collector', value=t + '-a')
    a.expect('recv', actor='/user/collector', value=t + '-b')
    s.link(a, b)
    s.link(b, a)
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', '10000 numbered messages arrive completely and in order', 'RemoteDeliverySpec 1')
def order_10000(s):
    a, b = s.pair()
    s.reset(b)
    a.cmd('numbered %s 10000' % b.u('/user/order'))
    def done():
        n = a.here()
        a.cmd('ask %s report' % b.u('/user/order'))
        v = a.expect('reply', since=n, path=b.u('/user/order'))['value']
        return v if v.startswith('count=10000 ') else None
    s.equal(s.until(done, 25, what='10000 messages'), 'count=10000 next=10000 skipped=0 late=0 other=0', 'report')


@scenario('LINK', 'a flood of 30000 messages in each direction at the same time is complete', 'RemoteDeliverySpec 1')
def flood_both_ways(s):
    a, b = s.pair()
    for p in (a, b):
        s.reset(p)
    a.cmd('flood %s 30000 strn:100' % b.u('/user/sink'))
    b.cmd('flood %s 30000 strn:100' % a.u('/user/sink'))
    for p in (a, b):
        def done():
            n = p.here()
            p.cmd('count')
            return p.expect('count', since=n)['value'] == 30000
        s.until(done, 30, what='30000 messages at ' + p.label)


@scenario('LINK', 'many connection attempts that fail do not harm a healthy link', 'RemotingSpec 5')
def broken_links_beside(s):
    a, b = s.pair()
    s.ping(a, b)
    bad = ['pekko.tcp://Gone%d@127.0.0.1:%d' % (i, s.free_port()) for i in range(20)]
    n = a.here()
    for x in bad:
        a.cmd('select %s/user/echo lost' % x)
    for x in bad:
        s.ping(a, b)
        a.expect('lifecycle', since=n, kind='AssociationErrorEvent', remote=x)
    s.ping(b, a)


@scenario('LINK', 'a message for a system of another name at this address is not delivered; the right name works', '')
def wrong_system_name(s):
    a, b = s.both()
    t = s.token()
    a.cmd('select pekko.tcp://Wrong@127.0.0.1:%d/user/collector %s' % (b.port, t))
    b.expect('lifecycle', kind='AssociatedEvent', remote=a.address)
    b.expect('log', level='ERROR', msg=has('Wrong@'))
    a.cmd('select %s right-name' % b.u('/user/collector'))
    b.expect('recv', actor='/user/collector', value='right-name')
    b.absent('recv', value=t)


@scenario('LINK', 'quarantine by command: event with address and uid, messages become dead letters, the other side is told and cannot get through', 'RemoteQuarantinePiercingSpec 1; PiercingShouldKeepQuarantineSpec 1', timeout=60)
def quarantine(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    t = s.token()
    a.cmd('select %s %s-a' % (b.u('/user/collector'), t))
    a.expect('deadletter', value=t + '-a')
    n = b.here()
    i = 0
    while not b.find('lifecycle', since=n, kind='ThisActorSystemQuarantinedEvent'):   # one is lost while b is gated
        b.cmd('select %s %s-b%d' % (a.u('/user/collector'), t, i))
        i += 1
        s.check(i < 40, 'b was not told')
        try:
            b.expect('lifecycle', 0.5, since=n, kind='ThisActorSystemQuarantinedEvent', local=b.address, remote=a.address)
        except Exception:
            pass
    for p in (a, b):
        p.absent('recv', value=has(t))
    for k in range(3):   # probing never lets anything through
        a.cmd('select %s %s-probe%d' % (b.u('/user/collector'), t, k))
        a.expect('deadletter', value='%s-probe%d' % (t, k))
    b.absent('recv', value=has(t))


@scenario('LINK', 'a quarantine ends with the restart of the quarantined system', 'RemoteQuarantinePiercingSpec 1', timeout=60)
def quarantine_healed_by_restart(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    b.kill()
    b2 = s.again(b)
    s.link(b2, a)
    s.link(a, b2)


@scenario('LINK', 'a quarantine request for another uid changes nothing', 'RemotingSpec 19; EndpointRegistrySpec 8')
def quarantine_other_uid(s):
    a, b = s.both()
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, 12345 if b.uid != 12345 else 12346))
    a.expect('ok', cmd='quarantine')
    s.ping(a, b)
    s.ping(b, a)
    a.absent('lifecycle', kind='QuarantinedEvent')
    a.absent('lifecycle', kind='DisassociatedEvent')


@scenario('LINK', 'a quarantine request without a uid only gates', '')
def quarantine_without_uid(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    a.cmd('quarantine ' + b.address)
    a.expect('ok', cmd='quarantine')
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    s.link(a, b)
    s.link(b, a)
    a.absent('lifecycle', kind='QuarantinedEvent')
    b.absent('lifecycle', kind='ThisActorSystemQuarantinedEvent')


@scenario('LINK', 'orderly shutdown sends DISASSOCIATE_SHUTTING_DOWN, is no quarantine, ends with status 0, and the next incarnation is reached', 'Ticket15109Spec 1', timeout=60)
def orderly_shutdown(s):
    b, px = s.proxied('y')
    a = s.x(*G1)
    s.ping(a, b)
    b.terminate()
    px.frame(dir='s2c', pdu='DISASSOCIATE_SHUTTING_DOWN')
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b.expect('terminated')
    s.equal(b.join(), 0, 'exit status')
    s.check(not [f for f in px.frames(dir='s2c') if f['pdu'] in ('DISASSOCIATE', 'DISASSOCIATE_QUARANTINED')], 'another DISASSOCIATE was sent')
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t)
    b2 = s.again(b)
    s.link(a, b2)
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', 'a link that goes silent is given up by both failure detectors and comes back later', 'PekkoProtocolSpec 7', timeout=60)
def silent_link(s):
    fd = ('--hocon', 'pekko.remote.classic.transport-failure-detector { heartbeat-interval = 500ms, acceptable-heartbeat-pause = 1500ms }') + G1
    b, px = s.proxied('y', *fd)
    a = s.x(*fd)
    s.ping(a, b)
    px.blackhole('c2s', 's2c')
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    px.blackhole()
    s.link(a, b)
    s.link(b, a)


@scenario('LINK', 'frames that arrive in pieces of a few bytes are put together', '')
def frames_in_pieces(s):
    b, px = s.proxied('y')
    px.chop = 5
    a = s.x()
    s.ping(a, b)
    px.chop = 211
    a.cmd('ask %s bytesn:20000' % b.u('/user/echo'))
    a.expect('reply', cls='[B', value=lambda v: v['length'] == 20000)


@scenario('LINK', 'the handshake as a hand-made peer sees it: origin without the pekko prefix, the published port, the uid of the system', 'PekkoProtocolSpec 2')
def handshake_content(s):
    a = s.shared('x')
    r = s.raw(a)
    r.send(associate('pekko.tcp://RawPeer@127.0.0.1:%d' % s.free_port(), -5))
    f = r.frame()
    s.equal(f['pdu'], 'ASSOCIATE', 'first frame')
    s.equal(f['origin'], a.address.replace('pekko.', '', 1), 'origin')
    s.equal(f['uid'], a.uid, 'uid')
    a.expect('lifecycle', kind='AssociatedEvent', inbound=True, remote=has('RawPeer'))


@scenario('LINK', 'a hand-made peer gets the answer on the connection it opened, with the full reference of the sender', 'PekkoProtocolSpec 2')
def answer_on_same_connection(s):
    a = s.shared('x')
    r, me = s.handshake(a)
    r.send(payload(a.u('/user/echo'), b'hello', frm=me + '/user/someone#77'))
    f = r.frame(pdu='PAYLOAD', to=me + '/user/someone#77')
    s.check(a.ref('/user/echo')(f['from']), 'sender %r' % f['from'])
    s.equal((f['serializer'], f['manifest'], f['data']), (20, '', b'hello'.hex()), 'payload')
    s.check('seq' not in f, 'an ordinary message carries a seq')


@scenario('LINK', 'anything but ASSOCIATE as the first frame closes the connection; the system lives on', 'PekkoProtocolSpec 3')
def no_handshake_no_entry(s):
    a = s.shared('x')
    t = s.token()
    for body in (payload(a.u('/user/collector'), t.encode()), control(3), b'\xff\xff\xff\xff', b'\x0a\x00'):
        r = s.raw(a)
        r.send(body)
        r.expect('closed')
        r.close()
    r, me = s.handshake(a)
    r.send(payload(a.u('/user/collector'), b'fine-' + t.encode()))
    a.expect('recv', value='fine-' + t)
    a.absent('recv', value=t)


@scenario('LINK', 'an empty frame is ignored, before and after the handshake', '')
def empty_frame_ignored(s):
    a = s.shared('x')
    r = s.raw(a)
    r.send(b'')
    r.send(associate('pekko.tcp://Raw0@127.0.0.1:%d' % s.free_port(), 9))
    r.frame(pdu='ASSOCIATE')
    r.send(b'')
    t = s.token()
    r.send(payload(a.u('/user/collector'), t.encode()))
    a.expect('recv', actor='/user/collector', value=t)


@scenario('LINK', 'handshake time limits: a silent client is disconnected, a silent server makes the attempt fail', 'PekkoProtocolSpec 9,10')
def handshake_timeouts(s):
    a = s.x('--hocon', 'pekko.remote.classic.netty.tcp.connection-timeout = 1s')
    r = s.raw(a)
    srv = s.raw(listen=True)
    t = s.token()
    remote = 'pekko.tcp://Silent@127.0.0.1:%d' % srv.port
    a.cmd('select %s/user/echo %s' % (remote, t))
    f = srv.frame()
    s.equal((f['pdu'], f['uid']), ('ASSOCIATE', a.uid), 'first frame of the client')
    a.expect('lifecycle', kind='AssociationErrorEvent', remote=remote, inbound=False)
    a.expect('deadletter', value=t)
    srv.expect('closed')
    r.frame(pdu='DISASSOCIATE')
    r.expect('closed')


@scenario('LINK', 'connection heartbeats are sent at the configured interval', 'PekkoProtocolSpec 4')
def heartbeats(s):
    a = s.x('--hocon', 'pekko.remote.classic.transport-failure-detector.heartbeat-interval = 300ms')
    r, me = s.handshake(a)
    t0 = time.monotonic()
    r.expect_n(5, 'frame', 10, pdu='HEARTBEAT')
    dt = time.monotonic() - t0
    s.check(1.0 < dt < 5, '5 heartbeats took %.1f s' % dt)


@scenario('LINK', 'DISASSOCIATE frames of a hand-made peer: unknown, shutting down, quarantined', 'PekkoProtocolSpec 5')
def disassociate_reasons(s):
    a = s.shared('x')
    for code, kind in ((2, 'DisassociatedEvent'), (4, 'DisassociatedEvent'), (5, 'ThisActorSystemQuarantinedEvent')):
        r, me = s.handshake(a)
        a.expect('lifecycle', kind='AssociatedEvent', remote=me, inbound=True)
        r.send(control(code))
        a.expect('lifecycle', kind=kind, local=a.address, remote=me)
        r.expect('closed')
