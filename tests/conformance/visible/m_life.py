# SPDX-License-Identifier: Apache-2.0
"""Who is told of whose end, and when: rings and crowds of watchers, watches that meet gates, quarantines and other incarnations; what the two
sides of a link say and do on the way."""
import re
from conform import scenario, has, anyof, sequenced, same_ask, QUICK_FD, SLOW_FD, anew

G1 = ('--gate', '1s')
# Pekko repeats each watch with the first heartbeat that is answered, and the answer to that may overtake the true notification; without
# heartbeats there is one watch only
NO_BEAT = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 60s, acceptable-heartbeat-pause = 120s }')
NO_PASSIVE = ('--hocon', 'pekko.remote.classic.use-passive-connections = off')
TERMINATED = 'terminated-msg'


def watch_by(a, who, ref):
    n = a.here()
    a.cmd('watch-by %s %s' % (who, ref))
    a.expect('watching', since=n, ref=ref)


def settled(s, px):
    """waits until every sequenced message that has gone through the proxy is acknowledged"""
    def f():
        for way, back in (('c2s', 's2c'), ('s2c', 'c2s')):
            last = max([k['seq'] for k in px.frames(dir=way) if 'seq' in k], default=-1)
            if last >= 0 and not px.frames(dir=back, ack=lambda v: v >= last, nacks=[]):
                return False
        return True
    s.until(f, what='everything acknowledged')


def reported(p):
    """the events of associations, each as its kind and whether it is inbound; what is said twice in a row once"""
    out = []
    for e in p.find('lifecycle', kind=anyof('AssociatedEvent', 'DisassociatedEvent', 'AssociationErrorEvent')):
        one = (e['kind'], e['inbound'])
        if not out or out[-1] != one:
            out.append(one)
    return out


# ---------------------------------------------------------------- rings and crowds
@scenario('WATCH', 'a ring of three watchers over two nodes: each end is told to the one before, in whatever order they die', 'RemoteNodeDeathWatchSpec 3; DeathWatchSpec 3,4')
def ring_of_watchers(s):
    a, b = s.pair()
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        nodes, names = (a, b, a), [s.token('ring') for _ in range(3)]
        refs = [p.spawn('Watcher', n) for p, n in zip(nodes, names)]
        for i in range(3):
            watch_by(nodes[i], names[i], refs[(i + 1) % 3])
        s.fence(a, b)
        s.fence(b, a)
        dead, want = set(), 0
        for i in order:
            before = (i + 2) % 3
            nodes[i].cmds(['watchref ' + refs[i], 'stop /user/' + names[i]])
            nodes[i].expect(TERMINATED, by='/user/watcher', ref=refs[i])
            dead.add(i)
            if before not in dead:
                want += 1
                nodes[before].expect(TERMINATED, by='/user/' + names[before], ref=refs[i], addressTerminated=False)
        s.ping(a, b)
        s.ping(b, a)
        # whose watcher was dead has nobody to tell; nobody is told twice
        told = sum(len(p.find(TERMINATED, by=has('/user/ring'), ref=r)) for p in (a, b) for r in refs)
        s.equal(told, want, 'notifications in the order %r' % (order,))


@scenario('WATCH', 'one actor with watchers on three nodes, its own among them: each is told once, on no node a stranger', 'DeathWatchSpec 3', timeout=60)
def watchers_everywhere(s):
    a, b, c = s.many(('x', *NO_BEAT), ('y', *NO_BEAT), ('x', *NO_BEAT))
    ref, other = b.spawn('Echo', 'one'), b.spawn('Echo', 'two')
    for p in (a, b, c):
        p.spawn('Watcher', 'w1')
        p.spawn('Watcher', 'w2')
        p.spawn('Watcher', 'w3')
        watch_by(p, 'w1', ref)
        watch_by(p, 'w2', ref)
        watch_by(p, 'w3', other)
    s.fence(a, b)
    s.fence(c, b)
    b.cmd('stop /user/one')
    for p in (a, b, c):
        for w in ('w1', 'w2'):
            p.expect(TERMINATED, by='/user/' + w, ref=ref, existenceConfirmed=True, addressTerminated=False)
    for p in (a, c):
        s.ping(b, p)
    for p in (a, b, c):
        s.equal(len(p.find(TERMINATED, by=re.compile('/user/w[123]$'))), 2, 'notifications on one node')


@scenario('WATCH', 'several watchers of one node share one Watch; one Unwatch follows when the last has let go, or has died', 'RemoteWatcherSpec 1', timeout=60)
def watchers_share_a_watch(s):
    b, px = s.proxied('y', *NO_BEAT)
    a = s.x(*NO_BEAT)
    ref = b.spawn('Echo', 'target')
    for w in ('w1', 'w2', 'w3'):
        a.spawn('Watcher', w)
        watch_by(a, w, ref)
    watch_by(a, 'w1', ref)                                 # once more: nothing new
    s.fence(a, b)
    s.equal(len({f['seq'] for f in px.frames(dir='c2s', system='Watch', to=ref)}), 1, 'watches on the wire')
    n = a.here()
    a.cmd('unwatch-by w1 ' + ref)
    a.expect('unwatched', since=n, ref=ref)
    a.cmd('stop /user/w2')
    s.fence(a, b)
    s.equal(len(px.frames(system='Unwatch', to=ref)), 0, 'too early an Unwatch')
    a.cmd('stop /user/w3')
    px.frame(dir='c2s', system='Unwatch', to=ref)
    s.fence(a, b)
    b.cmd('stop /user/target')
    s.ping(b, a)
    s.fence(a, b)
    a.absent(TERMINATED, ref=ref)
    s.equal(len(px.frames(system='DeathWatchNotification', dir='s2c', data=has(b'target'.hex()))), 0, 'notifications on the wire')


@scenario('WATCH', 'watched, unwatched and watched again many times in a row: one Terminated, or none when it ends unwatched', 'DeathWatchSpec 4,9')
def watch_flicker(s):
    a, b = s.pair()
    for last in (True, False):
        name = s.token('f')
        ref = b.spawn('Echo', name)
        lines = ['watchref ' + ref, 'unwatchref ' + ref] * 6 + (['watchref ' + ref] if last else [])
        n = a.here()
        a.cmds(lines)
        a.expect_n(7 if last else 6, 'watching', since=n, ref=ref)
        a.expect_n(6, 'unwatched', since=n, ref=ref)
        s.fence(a, b)
        b.cmd('stop /user/' + name)
        if last:
            a.expect(TERMINATED, ref=ref, addressTerminated=False)
        s.ping(b, a)
        s.fence(a, b)
        s.equal(len(a.find(TERMINATED, ref=ref)), 1 if last else 0, 'notifications')


@scenario('WATCH', 'an actor that has ended can be watched again: each time one more Terminated, its existence no longer confirmed', 'DeathWatchSpec 2', timeout=60)
def watch_the_dead_again(s):
    a, b = s.both(NO_BEAT, NO_BEAT)
    ref = b.spawn('Echo', 'target')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    b.cmd('stop /user/target')
    s.equal(a.expect(TERMINATED, ref=ref, addressTerminated=False)['existenceConfirmed'], True, 'the first')
    anew(s, b, 'Echo', 'target')
    for _ in range(3):
        n = a.here()
        a.cmd('watchref ' + ref)
        a.expect(TERMINATED, since=n, by='/user/watcher', ref=ref, existenceConfirmed=False, addressTerminated=False)
    s.ping(a, b)
    s.equal(len(a.find(TERMINATED, ref=ref)), 4, 'notifications')


@scenario('WATCH', 'the reference of a question can be watched from afar: it ends with the answer, or with its time', 'AskSpec', timeout=60)
def watch_a_question(s):
    a, b = s.both(NO_BEAT, NO_BEAT)
    for ms, answered in ((9000, True), (700, False)):
        t = s.token()
        a.cmd('ask-ms %d %s %s' % (ms, b.u('/user/collector'), t))
        temp = b.expect('recv', actor='/user/collector', value=t)['sender']
        s.check(temp.startswith(a.u('/temp/')), 'sender %r' % temp)
        b.cmd('watchref ' + temp)
        b.expect('watching', ref=temp)
        if answered:
            s.fence(b, a)
            b.cmd('tell %s answer-%s' % (temp, t))
            a.expect('reply', value='answer-' + t)
        else:
            a.expect('reply', error=has('Timeout'))
        b.expect(TERMINATED, by='/user/watcher', ref=temp, existenceConfirmed=True, addressTerminated=False)
        b.cmd('watchref ' + temp)
        b.expect(TERMINATED, by='/user/watcher', ref=temp, existenceConfirmed=False, addressTerminated=False)


@scenario('WATCH', 'a whole family is watched and its parent stopped: everyone of it is told, once each', 'DeathWatchSpec 3', timeout=60)
def watch_a_family(s):
    a, b = s.both(NO_BEAT, NO_BEAT)
    refs = [b.lookup('/user/parent' + p) for p in ('', '/c1', '/c1/g', '/c2', '/other/g')]
    for r in refs:
        a.cmd('watchref ' + r)
    s.fence(a, b)
    a.cmd('stop ' + refs[1])
    for r in refs[1:3]:
        a.expect(TERMINATED, ref=r, existenceConfirmed=True, addressTerminated=False)
    b.cmd('stop /user/parent')
    for r in refs:
        a.expect(TERMINATED, ref=r, existenceConfirmed=True, addressTerminated=False)
    s.fence(a, b)
    for r in refs:
        s.equal(len(a.find(TERMINATED, ref=r)), 1, 'notifications of ' + r)


# ---------------------------------------------------------------- watches that meet a gate
@scenario('WATCH', 'the watched actor ends while its watcher has gated the link: its own node brings the notification', 'RemoteNodeRestartGateSpec 1', timeout=60)
def ends_behind_the_gate(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x('--gate', '60s', *SLOW_FD)
    ref = b.spawn('Echo', 'target')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    b.cmd('stop /user/target')
    a.expect(TERMINATED, 20, ref=ref, addressTerminated=False)
    a.expect('lifecycle', kind='AssociatedEvent', remote=b.address, inbound=True)
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('WATCH', 'watched and unwatched while the link is gated: both wait, in their order, and so do the ends of others', 'AttemptSysMsgRedeliverySpec 1', timeout=60)
def orders_behind_the_gate(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x(*G1, *SLOW_FD)
    refs = [b.spawn('Echo', 'e%d' % i) for i in range(4)]
    for r in refs[:2]:
        a.cmd('watchref ' + r)
    s.fence(a, b)
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    for line in ('unwatchref ' + refs[0], 'watchref ' + refs[2], 'watchref ' + refs[3], 'unwatchref ' + refs[3], 'stop ' + refs[1]):
        a.cmd(line)
    a.sync()
    px.listen()
    a.expect(TERMINATED, 20, ref=refs[1], addressTerminated=False)
    s.fence(a, b)
    for i in (0, 2, 3):
        b.cmd('stop /user/e%d' % i)
    a.expect(TERMINATED, ref=refs[2], addressTerminated=False)
    s.fence(a, b)
    for i in (0, 3):
        a.absent(TERMINATED, ref=refs[i])


@scenario('WATCH', 'a watch without a uid lives on when the node is replaced and the name is there again', 'RemoteNodeRestartDeathWatchSpec 1', timeout=60)
def watch_of_a_name_outlives_the_node(s):
    a, b = s.both(SLOW_FD + G1 + ('--loglevel', 'DEBUG'))
    full, bare = b.lookup('/user/echo'), b.u('/user/echo')
    a.cmds(['watchref ' + full, 'watchref ' + bare])
    s.fence(a, b)
    a.expect('log', level='DEBUG', msg=has('heartbeat rsp from [%s]' % b.address))
    s.fence(a, b)
    b.kill()
    s.again(b)
    a.expect(TERMINATED, 25, ref=full, existenceConfirmed=False, addressTerminated=False)
    s.link(a, b)
    s.fence(a, b)
    a.absent(TERMINATED, ref=bare)


# ---------------------------------------------------------------- quarantine
@scenario('LINK', 'a quarantined node: what becomes of messages, questions, identities and watches of it; a third node is not concerned', 'RemoteQuarantinePiercingSpec 1', timeout=60)
def quarantined_for_everything(s):
    a, b, c = s.many(('x', *G1), ('y', *G1), ('y', *G1))
    echo = b.lookup('/user/echo')
    for p, q in ((a, b), (a, c), (b, c)):
        s.ping(p, q)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    e = a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    s.check(b.address in e['text'] and str(b.uid) in e['text'], 'text %r' % e['text'])
    t = s.token()
    me = a.ref('/user/collector')
    a.cmd('select %s %s-sel' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t + '-sel', sender=me, recipient=a.u('/deadLetters'))
    a.cmd('tell %s %s-tell' % (echo, t))
    a.expect('deadletter', value=t + '-tell', sender=me, recipient=echo)
    a.cmd('identify %s %s-id' % (b.u('/user/echo'), t))
    a.expect('recv', actor='/user/collector', value=lambda v: v['id'] == t + '-id' and v['ref'] is None)
    a.cmd('resolve %s 3000' % b.u('/user/echo'))
    a.expect('resolved', path=b.u('/user/echo'), ref=None, cause=has('ActorNotFound'))
    s.ping(a, c)
    s.ping(c, a)
    s.ping(b, c)
    b.absent('recv', value=has(t))


@scenario('LINK', 'a uid is put into quarantine before its node was ever met: it gets nowhere, another incarnation of it does', 'EndpointRegistrySpec 8,9; RemotingSpec 19', timeout=60)
def quarantined_before_met(s):
    a, b = s.both(G1, G1)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    a.expect('deadletter', value=t)
    def dead():                                            # one that is written before the refusal has been read is lost
        u = s.token(t)
        b.cmd('select %s %s' % (a.u('/user/collector'), u))
        return b.find('deadletter', value=has(t))
    s.until(dead, every=0.3, what='a dead letter at b')
    b.absent('recv', value=has(t))
    a.absent('recv', value=has(t))
    b.kill()
    b = s.again(b)
    s.link(b, a)
    s.link(a, b)


@scenario('LINK', 'quarantine of another uid than the one that comes: no hindrance', 'EndpointRegistrySpec 8', timeout=60)
def quarantined_somebody_else(s):
    a, b = s.both(G1, G1)
    wrong = b.uid ^ 1
    a.cmd('quarantine %s %d' % (b.address, wrong))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=wrong)
    s.ping(a, b)
    s.ping(b, a)
    b.absent('lifecycle', kind='ThisActorSystemQuarantinedEvent')


@scenario('LINK', 'both sides have quarantined each other: one that is started anew gets through both ways', 'PiercingShouldKeepQuarantineSpec 1', timeout=60)
def quarantined_each_other(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    b.cmd('quarantine %s %d' % (a.address, a.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    b.expect('lifecycle', kind='QuarantinedEvent', remote=a.address, uid=a.uid)
    t = s.token()
    for p, q in ((a, b), (b, a)):
        p.cmd('select %s %s' % (q.u('/user/collector'), t))
        p.expect('deadletter', value=t)
    a.kill()
    a = s.again(a)
    b.absent('recv', value=t)
    s.link(a, b)                       # the new one has quarantined nobody, and its uid is not in quarantine
    s.link(b, a)


@scenario('WATCH', 'quarantine itself tells no watcher; the missing heartbeats do, on both sides', 'RemoteQuarantinePiercingSpec 1; RemoteWatcherSpec 2', timeout=60)
def watchers_of_a_quarantined_node(s):
    b, px = s.proxied('y', *QUICK_FD, *G1, '--loglevel', 'DEBUG')
    a = s.x(*QUICK_FD, *G1, '--loglevel', 'DEBUG')
    ra, rb = a.lookup('/user/echo'), b.lookup('/user/echo')
    a.cmd('watchref ' + rb)
    b.cmd('watchref ' + ra)
    for p, q in ((a, b), (b, a)):
        p.expect('log', level='DEBUG', msg=has('heartbeat rsp from [%s]' % q.address))
    # the watches that are repeated then: one that is not acknowledged would be answered like any that cannot be delivered
    s.fence(a, b)
    s.fence(b, a)
    settled(s, px)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    a.absent(TERMINATED, ref=rb)
    a.expect(TERMINATED, ref=rb, existenceConfirmed=False, addressTerminated=True)
    b.expect(TERMINATED, ref=ra, existenceConfirmed=False)                          # of either kind: it goes on sending, and that is undeliverable


# ---------------------------------------------------------------- events
@scenario('EVENT', 'the life of a link as both sides report it: dialled, cut, dialled again from the other side', 'TransportFailSpec 1', timeout=60)
def events_of_a_cut(s):
    b, px = s.proxied('y', *G1)
    a = s.x('--gate', '60s')
    s.ping(a, b)
    px.unlisten()
    px.cut()
    for p, q, inbound in ((a, b, False), (b, a, True)):
        e = p.expect('lifecycle', kind='DisassociatedEvent', local=p.address, remote=q.address, inbound=inbound)
        s.equal(e['text'], 'Disassociated [%s] %s [%s]' % (p.address, '<-' if inbound else '->', q.address), 'text')
    px.listen()
    s.link(b, a)                                           # lifts the gate, and is answered over one more connection
    for p, want in ((a, [('AssociatedEvent', False), ('DisassociatedEvent', False), ('AssociatedEvent', True), ('AssociatedEvent', False)]),
                    (b, [('AssociatedEvent', True), ('DisassociatedEvent', True), ('AssociatedEvent', False), ('AssociatedEvent', True)])):
        p.expect_n(3, 'lifecycle', kind='AssociatedEvent')
        s.equal(reported(p), want, 'events of ' + p.label)


@scenario('EVENT', 'a connection that is refused: its error comes first and names the address; while gated nothing more is reported; after the gate it is tried again', 'RemotingSpec 2', timeout=60)
def events_of_a_refusal(s):
    a = s.x(*G1)
    dead = 'pekko.tcp://Nobody@127.0.0.1:%d' % s.free_port()
    for attempt in (1, 2):
        n, t = a.here(), s.token()
        def dialled():
            a.cmd('tell %s/user/x %s' % (dead, t))
            return a.find('lifecycle', since=n, kind='AssociationErrorEvent', local=a.address, remote=dead, inbound=False)
        e = s.until(dialled, every=0.2, what='an attempt')[0]
        s.equal(e['cause'], {'class': 'org.apache.pekko.remote.EndpointAssociationException', 'message': 'Association failed with [%s]' % dead}, 'cause')
        a.expect('deadletter', since=n, value=t, recipient=dead + '/user/x')
        a.expect('lifecycle', since=n, kind='DisassociatedEvent', remote=dead)
        n = a.here()
        for i in range(3):
            a.cmd('tell %s/user/x %s-%d' % (dead, t, i))
        a.expect_n(3, 'deadletter', since=n, value=has(t + '-'))
        a.absent('lifecycle', since=n, kind='AssociationErrorEvent')
        s.equal(len(a.find('lifecycle', kind='AssociationErrorEvent', remote=dead)), attempt, 'attempts')
    a.absent('lifecycle', kind='AssociatedEvent')


@scenario('EVENT', 'a node leaves: the order of what the other side reports, and that its next message is a dead letter at once', 'Ticket15109Spec 1', timeout=60)
def events_of_a_leave(s):
    a, b = s.both()
    s.ping(a, b)
    s.ping(b, a)
    b.terminate()
    b.expect('terminated')
    a.expect('lifecycle', kind='DisassociatedEvent', local=a.address, remote=b.address)
    t = s.token()
    a.cmd('tell %s %s' % (b.u('/user/echo'), t))
    a.expect('deadletter', value=t, recipient=b.u('/user/echo'))
    got = reported(a)
    # the word that it shuts down is lost now and then
    s.check(got in ([('AssociatedEvent', False), ('AssociationErrorEvent', False), ('DisassociatedEvent', False)], [('AssociatedEvent', False), ('DisassociatedEvent', False)]), 'events %r' % got)
    for e in a.find('lifecycle', kind='AssociationErrorEvent'):
        s.equal(e['cause'], {'class': 'org.apache.pekko.remote.ShutDownAssociation', 'message': 'Shut down address: ' + b.address}, 'cause')


@scenario('EVENT', 'without passive connections each direction has its own: both sides report an inbound and an outbound one', 'RemotingSpec 18', timeout=60)
def two_connections(s):
    a, pa = s.proxied('x', *NO_PASSIVE)
    b, pb = s.proxied('y', *NO_PASSIVE)
    s.link(a, b)
    s.link(b, a)
    pa.expect('open')
    pb.expect('open')
    for p, q in ((a, b), (b, a)):
        p.expect('lifecycle', kind='AssociatedEvent', local=p.address, remote=q.address, inbound=True)
        p.expect('lifecycle', kind='AssociatedEvent', local=p.address, remote=q.address, inbound=False)
    t = s.token()
    a.cmds(['tell %s %s-%d' % (b.u('/user/echo'), t, i) for i in range(20)])
    a.expect_n(20, 'recv', actor='/user/collector', value=has(t))
    s.equal([e['value'] for e in a.find('recv', value=has(t))], ['%s-%d' % (t, i) for i in range(20)], 'order')


# ---------------------------------------------------------------- links of an odd shape
@scenario('LINK', 'a node that cannot be dialled is answered and spoken to over the connection it has made; when that is lost, it is not reached', '', timeout=60)
def outbound_only(s):
    b = s.y(*G1)
    a = s.x(*G1, '--bind-port', s.free_port(), port=s.free_port())   # nobody listens at what it publishes
    s.ping(a, b)
    t = s.token()
    b.cmd('select %s %s' % (a.u('/user/collector'), t))
    a.expect('recv', actor='/user/collector', value=t, sender=b.ref('/user/collector'))
    a.cmd('quarantine ' + b.address)                       # without a uid: closes and gates
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address, inbound=True)
    u = s.token()
    b.cmd('tell %s %s' % (a.u('/user/collector'), u))
    b.expect('deadletter', value=u, recipient=a.u('/user/collector'))
    def tried():
        b.cmd('tell %s x' % a.u('/user/collector'))
        return b.find('lifecycle', kind='AssociationErrorEvent', remote=a.address, inbound=False)
    s.until(tried, every=0.3, what='an attempt to dial')
    b.absent('lifecycle', kind='QuarantinedEvent')
    a.absent('recv', value=u)


@scenario('LINK', 'killed and started again in the middle of a stream: the new incarnation gets the rest of it in order, the old one a part in order', 'RemoteNodeShutdownAndComesBackSpec 1', timeout=60)
def restart_in_a_stream(s):
    a, b = s.both(G1, G1)
    s.ping(a, b)
    n = a.here()
    a.cmd('flood %s 200 bytesn:20000' % b.u('/user/sink'))
    a.cmd('numbered %s 40000' % b.u('/user/order'))
    b.kill()
    a.expect('ok', since=n, cmd='numbered')
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b = s.again(b)
    s.link(a, b)
    a.cmd('numbered %s 300' % b.u('/user/order'))
    def report():
        v = same_ask(a, b.u('/user/order'), 'report')
        return v if 'count=300 ' in v else None
    s.equal(s.until(report, what='300 messages'), 'count=300 next=300 skipped=0 late=0 other=0', 'report')
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', 'what was sent before the orderly end of the sender arrives', 'RemotingSpec 12', timeout=60)
def sent_before_the_end(s):
    a, b = s.both(('--hocon', 'pekko.remote.classic.flush-wait-on-shutdown = 8s'))
    s.ping(a, b)
    s.reset(b)
    n = a.here()
    a.cmd('numbered %s 500' % b.u('/user/order'))
    a.expect('ok', since=n, cmd='numbered')
    a.terminate()
    a.expect('terminated')
    s.equal(s.until(lambda: (lambda v: v if 'count=500 ' in v else None)(same_ask(b, '/user/order', 'report')), what='500 messages'), 'count=500 next=500 skipped=0 late=0 other=0', 'report')


@scenario('LINK', 'another system takes over the address: it has another name, and nothing that was for the first one reaches it', 'RemotingSpec 19', timeout=60)
def another_name_at_the_port(s):
    a, b = s.both(G1 + SLOW_FD, G1)
    s.ping(a, b)
    ref = b.lookup('/user/collector')
    b.kill()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    other = s.start(b.side, *G1, name='Other', port=b.port)
    s.link(a, other)
    s.link(other, a)
    t = s.token()
    def dropped():
        for line in ('tell %s %s-tell' % (ref, t), 'select %s %s-sel' % (b.u('/user/collector'), t)):
            a.cmd(line)
        return other.find('log', level='ERROR', msg=has(b.address + '/'))
    s.until(dropped, every=0.4, what='a message that was dropped')
    other.absent('recv', value=has(t))
    other.absent('deadletter', value=has(t))


@scenario('LINK', 'a triangle of nodes that all dial each other at the same moment: every pair talks, both ways', 'RemotingSpec 18', timeout=60)
def triangle(s):
    l = [s.proxied(side, *G1) for side in ('x', 'y', 'x')]
    for _, px in l:
        px.hold()
    nodes, t = [p for p, _ in l], s.token()
    for p in nodes:
        for q in nodes:
            if p is not q:
                p.cmd('select %s %s-%s' % (q.u('/user/collector'), t, p.name))
    for _, px in l:
        px.expect_n(2, 'open')
    for _, px in l:
        px.release()
    for p in nodes:
        for q in nodes:
            if p is not q:
                p.expect('recv', actor='/user/collector', value='%s-%s' % (t, q.name), sender=q.ref('/user/collector'))
    for p in nodes:
        for q in nodes:
            if p is not q:
                s.link(p, q)
        p.absent('lifecycle', kind='QuarantinedEvent')


# ---------------------------------------------------------------- reliable delivery
@scenario('ACK', 'more system messages than the buffer holds, none of them acknowledged: the peer is quarantined', 'AckedDeliverySpec 5', timeout=60)
def buffer_overflow(s):
    b, px = s.proxied('y', *G1)
    a = s.x(*G1, *NO_BEAT, '--hocon', 'pekko.remote.classic.system-message-buffer-size = 20')
    refs = [b.spawn('Echo', 'e%d' % i) for i in range(40)]
    s.ping(a, b)
    px.blackhole('s2c')
    a.cmds(['watchref ' + r for r in refs[:20]])
    a.sync()
    px.expect_n(20, 'frame', dir='c2s', system='Watch')
    a.absent('lifecycle', kind='QuarantinedEvent')
    a.cmds(['watchref ' + r for r in refs[20:]])
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    px.blackhole()
    t = s.token()
    a.cmd('tell %s %s' % (refs[0], t))
    a.expect('deadletter', value=t, recipient=refs[0])


@scenario('ACK', 'no acknowledgement comes through for a while: the watch is repeated, has its effect once, and the repeats end', 'AckedDeliverySpec 6,10', timeout=60)
def acks_lost(s):
    b, px = s.proxied('y', *NO_BEAT)
    a = s.x('--hocon', 'pekko.remote.classic.resend-interval = 400ms', *NO_BEAT)
    s.ping(a, b)
    ref = b.spawn('Echo', 'target')
    px.drop = lambda f: f['dir'] == 's2c' and 'ack' in f
    a.cmd('watchref ' + ref)
    px.expect_n(3, 'frame', dir='c2s', system='Watch', to=ref)
    px.drop = None
    first = px.frames(dir='c2s', system='Watch', to=ref)[0]['seq']
    s.until(lambda: [f for f in px.frames(dir='s2c') if f.get('ack', -1) >= first and not f.get('dropped')], what='an ack')
    n = px.here()
    px.quiet(1.2, 'frame', since=n, dir='c2s', system='Watch', to=ref)
    s.equal({f['seq'] for f in px.frames(dir='c2s', system='Watch', to=ref)}, {first}, 'numbers of the watch')
    b.cmd('stop /user/target')
    a.expect(TERMINATED, ref=ref, existenceConfirmed=True, addressTerminated=False)
    s.ping(b, a)
    s.equal(len(a.find(TERMINATED, ref=ref)), 1, 'notifications')


@scenario('ACK', 'a system message that cannot be delivered within its time: the peer, whose uid is known, is quarantined', 'RemotingSpec 20', timeout=60)
def delivery_deadline(s):
    b, px = s.proxied('y', *G1)
    a = s.x('--gate', '500ms', *NO_BEAT, '--hocon', 'pekko.remote.classic.initial-system-message-delivery-timeout = 2s')
    ref = b.spawn('Echo', 'target')
    s.ping(a, b)
    px.blackhole('c2s')
    a.cmd('watchref ' + ref)
    px.frame(dir='c2s', system='Watch')
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    s.check(a.find('lifecycle', kind='AssociationErrorEvent', remote=b.address), 'it had tried again')


@scenario('ACK', 'the connection is cut in the middle of a burst of watches: each actor is watched all the same', 'AttemptSysMsgRedeliverySpec 1; TransportFailSpec 1', timeout=60)
def cut_in_a_burst(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x(*G1, *SLOW_FD)
    refs = [b.spawn('Echo', 'e%d' % i) for i in range(60)]
    s.ping(a, b)
    px.drop = lambda f: f.get('seq', 0) >= 30               # what comes after these is lost with the connection
    a.cmds(['watchref ' + r for r in refs])
    px.frame(dir='c2s', system='Watch', dropped=True)
    px.cut()
    px.drop = None
    a.expect_n(60, 'watching')
    s.link(a, b)
    s.fence(a, b)
    a.cmd('poison ' + b.u('/user/e*'))
    a.expect_n(60, TERMINATED, 20, ref=lambda r: r in refs, addressTerminated=False)
    s.fence(a, b)
    s.equal(len(a.find(TERMINATED, ref=lambda r: r in refs)), 60, 'notifications')
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')
