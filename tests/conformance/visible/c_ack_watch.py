# SPDX-License-Identifier: Apache-2.0
"""Reliable delivery of system messages, death watch."""
import time
from conform import scenario, has, refto, QUICK_FD, SLOW_FD, payload, pb, sys_watch, system_kind, sequenced

G1 = ('--gate', '1s')
FAST_RESEND = ('--hocon', 'pekko.remote.classic.resend-interval = 500ms')


def throwable(text):
    """a cause inside a system message: ThrowableNotSerializable"""
    return pb((1, pb((1, 'made by hand'), (2, text), (3, 'java.lang.IllegalStateException'))), (2, 16), (4, 'TNSEX'))


SUSPEND = pb((1, 2))


def recreate(text):
    return pb((1, 1), (3, throwable(text)))


def acked(s, px, ref, kind='Watch', way='c2s'):
    """waits until a system message to ref has arrived beyond the proxy and was acknowledged"""
    back = 's2c' if way == 'c2s' else 'c2s'
    def f():
        for w in px.frames(dir=way, system=kind, to=ref):
            for k in px.frames(dir=back, ack=lambda v: v >= w['seq']):
                if not [n for n in k['nacks'] if n <= w['seq']] and not k.get('dropped'):
                    return True
    s.until(f, 20, what='%s of %s acked' % (kind, ref))


# ---------------------------------------------------------------- ACK
@scenario('ACK', 'acks of sequenced messages: highest number seen plus the missing ones; delivery in order, duplicates once', 'AckedDeliverySpec 9,10; SystemMessageDeliveryStressTest 1')
def ack_and_nack_sets(s):
    a = s.shared('x')
    r, me = s.handshake(a)
    to = a.u('/user/failing')
    n = a.here()
    def send(seq):   # even: suspend; odd: restart with this cause (a restart without a suspend before is a protocol error)
        k = r.here()
        r.send(payload(to, recreate('n%d' % seq) if seq & 1 else SUSPEND, 22, seq=seq))
        f = r.frame(since=k, pdu='PAYLOAD', ack=lambda v: True)
        return f['ack'], sorted(f['nacks'])
    s.equal(send(0), (0, []), 'ack after 0')
    s.equal(send(3), (3, [1, 2]), 'ack after 3')
    s.equal(send(1), (3, [2]), 'ack after 1')
    s.equal(send(1), (3, [2]), 'ack after 1 again')
    s.equal(send(2), (3, []), 'ack after 2')
    s.equal(send(0), (3, []), 'ack after 0 again')
    a.expect_n(2, 'postrestart', since=n, actor='/user/failing')
    t = s.token()
    r.send(payload(to, t.encode(), frm=me + '/user/x#1'))
    r.frame(to=me + '/user/x#1')   # alive, and no longer suspended
    s.equal([e['cause']['message'][-2:] for e in a.find('prerestart', since=n)], ['n1', 'n3'], 'order of the restarts')


@scenario('ACK', 'a sequenced message is repeated until it is acked, then no more', 'AckedDeliverySpec 6; RemoteDeliverySpec 1')
def resend_until_ack(s):
    a = s.shared('x', *FAST_RESEND)
    r, me = s.handshake(a)
    name = s.token('re')
    w = a.spawn('Echo', name)
    r.send(payload(w, sys_watch(w, me + '/user/watcher#5'), 22, seq=0))
    r.frame(ack=0, nacks=[])
    a.cmd('stop /user/' + name)
    fs = r.expect_n(3, 'frame', 10, system='DeathWatchNotification', to=me + '/user/watcher#5')
    s.equal([f['seq'] for f in fs], [0, 0, 0], 'sequence numbers')
    r.send(payload(ack=0))
    time.sleep(0.2)
    k = r.here()
    r.quiet(1.5, 'frame', since=k, system='DeathWatchNotification')


@scenario('ACK', 'a nacked message is sent again at once', 'AckedDeliverySpec 7')
def nack_resends(s):
    a = s.x('--hocon', 'pekko.remote.classic.resend-interval = 60s')
    r, me = s.handshake(a)
    refs = [a.spawn('Echo', 'e%d' % i) for i in range(2)]
    for i, w in enumerate(refs):
        r.send(payload(w, sys_watch(w, me + '/user/watcher#5'), 22, seq=i))
    r.frame(ack=1, nacks=[])
    for i in range(2):
        a.cmd('stop /user/e%d' % i)
    r.expect_n(2, 'frame', 10, system='DeathWatchNotification')
    k = r.here()
    r.send(payload(ack=1, nacks=[0]))
    r.frame(since=k, seq=0, system='DeathWatchNotification')
    r.absent('frame', since=k, seq=1)


@scenario('ACK', 'an ack for something that was never sent makes the link hopeless: quarantine', 'AckedDeliverySpec 8')
def bogus_ack(s):
    a = s.x()
    r, me = s.handshake(a, uid=4242)
    a.expect('lifecycle', kind='AssociatedEvent', remote=me)
    r.send(payload(ack=44))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=me, uid=4242)
    r.expect('closed')


@scenario('ACK', 'watch messages lost on the way are sent again', 'AttemptSysMsgRedeliverySpec 1')
def watch_lost(s):
    b, px = s.proxied('y')
    a = s.x()
    s.ping(a, b)
    ref = b.spawn('Echo', 'target')
    px.drop_next(3, lambda f: f['dir'] == 'c2s' and sequenced(f))
    a.cmd('watchref ' + ref)
    px.frame(dir='c2s', system='Watch', dropped=True)
    acked(s, px, ref)
    b.cmd('stop /user/target')
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('ACK', 'a lost death notification is sent again', 'AttemptSysMsgRedeliverySpec 1')
def notification_lost(s):
    b, px = s.proxied('y')
    a = s.x()
    ref = b.spawn('Echo', 'target')
    a.cmd('watchref ' + ref)
    acked(s, px, ref)
    px.drop_next(2, system_kind('DeathWatchNotification'))
    b.cmd('stop /user/target')
    e = a.expect('terminated-msg', ref=ref)
    s.equal(e['addressTerminated'], False, 'addressTerminated')
    s.equal(len([f for f in px.frames(system='DeathWatchNotification') if f.get('dropped')]), 2, 'dropped frames')


@scenario('ACK', 'a death notification survives a cut connection', 'TransportFailSpec 1; AttemptSysMsgRedeliverySpec 1')
def notification_across_cut(s):
    b, px = s.proxied('y', *G1)
    a = s.x(*G1, *SLOW_FD)
    ref = b.spawn('Echo', 'target')
    ref2 = b.spawn('Echo', 'target2')
    a.cmd('watchref ' + ref)
    acked(s, px, ref)
    px.blackhole('s2c')
    b.cmd('stop /user/target')
    px.frame(dir='s2c', system='DeathWatchNotification')
    px.cut()
    px.blackhole()
    a.expect('terminated-msg', 25, ref=ref, addressTerminated=False)
    # the same link goes on being reliable
    a.cmd('watchref ' + ref2)
    a.expect('watching', ref=ref2)
    acked(s, px, ref2)
    b.cmd('stop /user/target2')
    a.expect('terminated-msg', 25, ref=ref2, addressTerminated=False)
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('ACK', 'sequenced frames that arrive twice have their effect once', 'AckedDeliverySpec 10')
def duplicated_frames(s):
    b, px = s.proxied('y')
    px.dup = sequenced
    a = s.x()
    a.cmd('deploy Worker w %s' % b.address)
    ref = a.expect('deployed', name='w')['ref']
    b.expect('worker-start')
    for i in range(3):
        a.cmd('tell %s throw no%d' % (ref, i))
        a.expect_n(1, 'child-failed', cause=lambda c: c['message'].endswith('no%d' % i))
        b.expect_n(i + 1, 'worker-postrestart')
    a.cmd('ask %s get' % ref)
    a.expect('reply')
    s.equal((len(a.find('child-failed')), len(b.find('worker-postrestart'))), (3, 3), 'failures and restarts')


@scenario('ACK', '250 watches at once (more than are sent without an ack) all work', 'AckedDeliverySpec 4; RemoteNodeDeathWatchSpec 2', timeout=60)
def many_system_messages(s):
    a, b = s.pair()
    t = s.token('mw')
    refs = {b.spawn('Echo', '%s-%d' % (t, i)) for i in range(250)}
    a.cmds(['watchref ' + r for r in refs])
    a.expect_n(250, 'watching', ref=lambda r: r in refs)
    a.cmd('poison %s' % b.u('/user/%s-*' % t))
    got = a.expect_n(250, 'terminated-msg', 30, ref=lambda r: r in refs)
    # existence is not confirmed where the stop overtook a watch that had to wait for acks
    s.check(not any(e['addressTerminated'] for e in got), 'wrong flags')
    s.equal(len({e['ref'] for e in got}), 250, 'distinct references')


@scenario('ACK', 'the peer is replaced while system messages are unacked: state is reset, no quarantine of the new one, watching works', 'RemoteNodeShutdownAndComesBackSpec 1', timeout=60)
def new_incarnation_resets(s):
    b, px = s.proxied('y', *G1)
    a = s.x(*G1, *SLOW_FD)
    s.ping(a, b)
    px.blackhole('c2s')
    a.cmd('watchref ' + b.lookup('/user/echo'))
    px.frame(dir='c2s', system='Watch')
    b.kill()
    px.blackhole()
    b2 = s.start(b.side, *b.args, name=b.name, port=px.port)
    s.link(a, b2, 25)
    a.absent('lifecycle', kind='QuarantinedEvent', uid=b2.uid)
    ref = b2.spawn('Echo', 'fresh')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b2)
    b2.cmd('stop /user/fresh')
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


# ---------------------------------------------------------------- WATCH
DEBUG = ('--loglevel', 'DEBUG')


def heartbeat(s, a, b, since=0):
    """waits until a (with DEBUG) has got the answer to a heartbeat, which carries the uid of b; and until the watches that it repeats then
    have been answered: one that is not acknowledged when b dies would end as any undeliverable one"""
    a.expect('log', since=since, level='DEBUG', msg=has('heartbeat rsp from [%s]' % b.address))
    s.fence(a, b)


def watched(s, a, b, name):
    ref = b.spawn('Collector', name)
    a.cmd('watch ' + b.u('/user/' + name))
    a.expect('watching', ref=ref)
    s.fence(a, b)
    return ref


@scenario('WATCH', 'Terminated on remote stop, PoisonPill and Kill: existence confirmed, address not terminated, exactly once', 'RemoteNodeDeathWatchSpec 1; DeathWatchSpec 1')
def watch_stop(s):
    # Pekko sends each Watch a second time when the first heartbeat answer tells the uid of the node. When that second one meets an
    # actor that has just stopped, its answer (existence not confirmed) may overtake the true notification. So: wait for both;
    # the other scenarios do not look at existenceConfirmed after a stop.
    b, px = s.proxied('y')
    a = s.x()
    refs = {how: b.spawn('Echo', how) for how in ('stop', 'poison', 'kill')}
    for ref in refs.values():
        a.cmd('watchref ' + ref)
        a.expect('watching', ref=ref)
    for ref in refs.values():
        px.expect_n(2, 'frame', dir='c2s', system='Watch', to=ref)
    last = max(f['seq'] for f in px.frames(dir='c2s', system='Watch'))
    s.until(lambda: [k for k in px.frames(dir='s2c', ack=lambda v: v >= last) if not k['nacks']], what='watches acked')
    s.fence(a, b)
    for how, ref in refs.items():
        if how == 'stop':
            b.cmd('stop /user/stop')
        else:
            a.cmd('%s %s' % (how, b.u('/user/' + how)))
        a.expect('terminated-msg', by='/user/watcher', ref=ref, existenceConfirmed=True, addressTerminated=False)
        s.ping(b, a)
        s.equal(len(a.find('terminated-msg', ref=ref)), 1, 'number of Terminated')


@scenario('WATCH', 'a remote actor can be stopped through its reference', 'RemotingSpec 6')
def stop_remote(s):
    a, b = s.pair()
    name = s.token('w')
    ref = watched(s, a, b, name)
    a.cmd('stop ' + ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)


@scenario('WATCH', 'after unwatch there is no Terminated', 'RemoteNodeDeathWatchSpec 4; DeathWatchSpec 4,9')
def unwatch(s):
    a, b = s.pair()
    n1, n2 = s.token('w'), s.token('w')
    r1, r2 = watched(s, a, b, n1), watched(s, a, b, n2)
    a.cmd('unwatch ' + b.u('/user/' + n1))
    a.expect('unwatched', ref=r1)
    s.fence(a, b)
    b.cmd('stop /user/' + n1)
    b.cmd('stop /user/' + n2)
    a.expect('terminated-msg', ref=r2)
    s.ping(b, a)
    a.absent('terminated-msg', ref=r1)


@scenario('WATCH', 'watching an actor that does not exist, or a past incarnation, ends at once with existence not confirmed', 'DeathWatchSpec 2; RemoteDeathWatchSpec 1')
def watch_missing(s):
    a, b = s.pair()
    p = b.u('/user/' + s.token('never'))
    a.cmd('watchref ' + p)
    a.expect('terminated-msg', ref=p, existenceConfirmed=False, addressTerminated=False)
    name = s.token('w')
    old = b.spawn('Echo', name)
    b.cmd('watchref ' + old)
    b.expect('watching', ref=old)
    b.cmd('stop /user/' + name)
    b.expect('terminated-msg', ref=old)
    b.spawn('Echo', name)
    a.cmd('watchref ' + old)
    a.expect('terminated-msg', ref=old, existenceConfirmed=False, addressTerminated=False)


@scenario('WATCH', 'every one of several watchers gets one Terminated', 'DeathWatchSpec 3')
def many_watchers(s):
    a, b = s.pair()
    name = s.token('w')
    ref = b.spawn('Echo', name)
    ws = [s.token('watcher') for _ in range(5)]
    for w in ws:
        a.spawn('Watcher', w)
        a.cmd('watch-by %s %s' % (w, ref))
    a.expect_n(5, 'watching', ref=ref)
    a.cmd('unwatch-by %s %s' % (ws[0], ref))
    a.expect('unwatched', ref=ref)
    s.fence(a, b)
    b.cmd('stop /user/' + name)
    for w in ws[1:]:
        a.expect('terminated-msg', by='/user/' + w, ref=ref, addressTerminated=False)
    s.ping(b, a)
    s.equal(len(a.find('terminated-msg', ref=ref)), 4, 'number of Terminated')


@scenario('WATCH', 'both systems watch each other', 'RemoteNodeDeathWatchSpec 3')
def watch_both_ways(s):
    a, b = s.pair()
    n1, n2 = s.token('w'), s.token('w')
    r1, r2 = watched(s, a, b, n1), watched(s, b, a, n2)
    a.cmd('stop /user/' + n2)
    b.expect('terminated-msg', ref=r2, addressTerminated=False)
    b.cmd('stop /user/' + n1)
    a.expect('terminated-msg', ref=r1, addressTerminated=False)


@scenario('WATCH', 'a restart of the watched actor gives no Terminated, its end gives one', 'DeathWatchSpec 5')
def watch_across_restart(s):
    a, b = s.pair()
    name = s.token('f')
    ref = b.spawn('Failing', name)
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    t = s.token()
    a.cmd('tell %s throw it' % ref)
    b.expect('postrestart', actor='/user/' + name)
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=t, sender=ref)
    a.absent('terminated-msg', ref=ref)
    a.cmd('poison-ref ' + ref)
    a.expect('terminated-msg', ref=ref, addressTerminated=False)
    b.expect('poststop', actor='/user/' + name)


@scenario('WATCH', 'the watched node crashes: Terminated for each of its actors with address terminated and existence not confirmed; the node is quarantined', 'RemoteNodeDeathWatchSpec 6; RemoteWatcherSpec 2', timeout=60)
def watch_crash(s):
    a, b = s.both(QUICK_FD + G1 + DEBUG)
    refs = [b.lookup(p) for p in ('/user/echo', '/user/sink', '/user/parent/c1/g')]
    for r in refs:
        a.cmd('watchref ' + r)
        a.expect('watching', ref=r)
    s.fence(a, b)
    heartbeat(s, a, b)
    a.absent('terminated-msg', addressTerminated=True)
    b.kill()
    for r in refs:
        a.expect('terminated-msg', ref=r, existenceConfirmed=False, addressTerminated=True)
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)


@scenario('WATCH', 'a node that crashed is back: a new watch is monitored afresh, and told of the next crash, too', 'RemoteWatcherSpec 4', timeout=90)
def watch_crash_again(s):
    a, b = s.both(QUICK_FD + G1 + DEBUG)
    uids = []
    for life in range(2):
        n = a.here()
        ref = b.lookup('/user/echo')
        a.cmd('watchref ' + ref)
        a.expect('watching', ref=ref)
        s.fence(a, b)
        heartbeat(s, a, b, n)
        a.absent('terminated-msg', ref=ref)
        b.kill()
        a.expect('terminated-msg', ref=ref, existenceConfirmed=False, addressTerminated=True)
        a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
        uids.append(b.uid)
        if life == 0:
            b = s.again(b)
            s.link(a, b)
    s.check(uids[0] != uids[1], 'two lives with one uid')
    s.equal(len(a.find('terminated-msg', addressTerminated=True)), 2, 'number of Terminated')


@scenario('WATCH', 'a frozen node (no crash, no closed connection) is found by its missing heartbeats', 'RemoteWatcherSpec 2', timeout=60)
def watch_frozen(s):
    a, b = s.both(QUICK_FD + DEBUG)
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    heartbeat(s, a, b)
    b.pause()
    try:
        a.expect('terminated-msg', ref=ref, existenceConfirmed=False, addressTerminated=True)
    finally:
        b.pause(False)


@scenario('WATCH', 'a node that never existed: Terminated, and no quarantine event since no uid is known', 'RemoteDeathWatchSpec 1,2; RemoteWatcherSpec 3', timeout=60)
def watch_nowhere(s):
    a = s.x(*QUICK_FD, *G1)
    ref = 'pekko.tcp://Nowhere@127.0.0.1:%d/user/echo' % s.free_port()
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    # addressTerminated: a race between the failure detector and the watch that could not be delivered
    a.expect('terminated-msg', 20, ref=ref, existenceConfirmed=False)
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('WATCH', 'a watch made before the node existed is delivered once it is there: the actor does not exist, so Terminated', 'RemotingSpec 20; RemoteDeathWatchSpec 4', timeout=60)
def watch_before_node(s):
    a = s.x(*SLOW_FD, *G1)
    bind = s.free_port()
    px = s.proxy(('127.0.0.1', bind), listening=False)
    path = 'pekko.tcp://Later@127.0.0.1:%d/user/nobody' % px.port
    a.cmd('watchref ' + path)
    a.expect('watching', ref=path)
    a.expect('lifecycle', kind='AssociationErrorEvent')
    b = s.y('--bind-port', bind, name='Later', port=px.port)
    a.absent('terminated-msg')
    px.listen()
    a.expect('terminated-msg', ref=path, existenceConfirmed=False, addressTerminated=False)
    s.ping(a, b)


@scenario('WATCH', 'a reference without uid can be watched, but the notification names the actor with its uid and so does not match: no Terminated', '', timeout=60)
def watch_without_uid(s):
    b, px = s.proxied('y')
    a = s.x(*DEBUG)
    s.ping(a, b)
    ref = b.spawn('Echo', 'target')
    path = b.u('/user/target')
    a.cmd('watchref ' + path)
    a.expect('watching', ref=path)
    acked(s, px, path)
    heartbeat(s, a, b)  # with its answer the watch is repeated: of an actor that has ended that would bring Terminated
    b.cmd('stop /user/target')
    px.frame(dir='s2c', system='DeathWatchNotification', to=has('/system/remote-watcher'))
    acked(s, px, px.frames(system='DeathWatchNotification')[0]['to'], 'DeathWatchNotification', 's2c')
    s.ping(a, b)
    a.absent('terminated-msg', ref=has('/user/target'))


@scenario('WATCH', 'the node is replaced by a new incarnation before its crash was noticed: Terminated all the same', 'RemoteNodeRestartDeathWatchSpec 1', timeout=70)
def watch_quick_restart(s):
    a, b = s.both(SLOW_FD + G1 + DEBUG)
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    heartbeat(s, a, b)
    b.kill()
    b2 = s.again(b)
    a.expect('terminated-msg', 25, ref=ref)
    new = b2.lookup('/user/echo')
    a.cmd('watchref ' + new)
    a.expect('watching', ref=new)
    s.link(a, b2)
    s.fence(a, b2)
    b2.cmd('stop /user/echo')
    a.expect('terminated-msg', ref=new, addressTerminated=False)


@scenario('WATCH', 'orderly shutdown of the watched node: Terminated at once, the address is not declared terminated', 'RemoteNodeDeathWatchSpec 5', timeout=60)
def watch_shutdown(s):
    a, b = s.both()
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    b.terminate()
    a.expect('terminated-msg', 10, ref=ref, addressTerminated=False)
    b.expect('terminated')


@scenario('WATCH', 'with the unsafe features switched off a remote watch does nothing: no Terminated, no Watch on the wire, a warning', 'RemoteFeaturesSpec (remote) 3,4,5; RemoteFeaturesSpec (multi-jvm) 1,3', timeout=60)
def watch_unsafe_off(s):
    b, px = s.proxied('y')
    a = s.x('--safe')
    ref = b.spawn('Echo', 'target')
    n = a.here()
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    a.expect('log', since=n, level='WARN')
    s.ping(a, b)
    b.cmd('stop /user/target')
    s.ping(a, b)
    s.ping(b, a)
    a.absent('terminated-msg')
    s.check(not px.frames(system='Watch'), 'a Watch was sent')
