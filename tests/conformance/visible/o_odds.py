# SPDX-License-Identifier: Apache-2.0
"""Turns that few programs take: wrong names, frozen and leaving nodes, routers afar that are told what cannot travel, paths that lead there and back."""
import re, time
from conform import scenario, has, refto, anyof, remote_path, local_part, deploy, same_ask, QUICK_FD, SLOW_FD

G1 = ('--gate', '1s')
TERMINATED = 'terminated-msg'
NO_BEAT = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 60s, acceptable-heartbeat-pause = 120s }')
IDENTITY = 'org.apache.pekko.actor.ActorIdentity'


def started(a, b, name, *args):
    n = b.here()
    ref = deploy(a, b, name, *args)
    b.expect('worker-start', since=n, actor=local_part(a, name))
    return ref


def gone(a, ref, **fields):
    return a.expect(TERMINATED, by='/user/deployer', ref=ref, **fields)


def made(a, line, name):
    n = a.here()
    a.cmd(line)
    return a.expect('deployed', since=n, name=name)['ref']


# ---------------------------------------------------------------- wrong names
@scenario('WATCH', 'watched and deployed under a wrong system name: the node is there and hears nothing of it, so it counts as lost, and nobody is quarantined', 'RemoteWatcherSpec 3', timeout=60)
def wrong_name_is_silence(s):
    a, b = s.both(QUICK_FD + G1, ())
    wrong = 'pekko.tcp://Wrong@127.0.0.1:%d' % b.port
    ref = wrong + '/user/echo#12345'
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    n = a.here()
    a.cmd('deploy Worker w ' + wrong)
    child = a.expect('deployed', since=n, name='w')['ref']
    b.expect('log', level='ERROR', msg=has('Wrong@'))
    a.expect(TERMINATED, 20, by='/user/watcher', ref=ref, existenceConfirmed=False, addressTerminated=True)
    gone(a, child, timeout=20, addressTerminated=True)
    a.absent('lifecycle', kind='QuarantinedEvent')
    b.absent('worker-start')
    s.link(a, b)


@scenario('SEL', 'what is sent to an incarnation that is gone: questions of identity are answered, orders to end are not, all else is a dead letter there', 'RemotingSpec 7; ActorSelectionSpec 7', timeout=60)
def past_incarnation(s):
    a, b = s.both()
    old = b.spawn('Collector', 'one')
    b.cmds(['watchref ' + old, 'stop /user/one'])
    b.expect(TERMINATED, ref=old)
    b.spawn('Collector', 'one')
    t, me = s.token(), a.ref('/user/collector')
    a.cmd('tell %s identify:%s' % (old, t))
    a.expect('recv', actor='/user/collector', cls=IDENTITY, value=lambda v: v['id'] == t and v['ref'] is None)
    for line in ('tell %s %s' % (old, t), 'tell %s ref:/user/echo' % old, 'kill-ref ' + old, 'poison-ref ' + old, 'tell %s some:str:%s' % (old, t), 'tell-nosender %s %s-last' % (old, t)):
        a.cmd(line)
    b.expect('deadletter', value=t + '-last', sender=b.u('/deadLetters'), recipient=old)
    got = [e['class'] for e in b.find('deadletter', recipient=old)]
    s.equal(got, ['java.lang.String', b.find('deadletter', value=a.ref('/user/echo'))[0]['class'], 'org.apache.pekko.actor.Kill$', 'scala.Some', 'java.lang.String'], 'dead letters')   # a PoisonPill is none
    s.check(all(me(e['sender']) for e in b.find('deadletter', recipient=old)[:-1]), 'senders')
    b.absent('recv')


# ---------------------------------------------------------------- there and back
@scenario('SEL', 'a path that leads over a remote child and back up again, with names and patterns on either side', 'RemotingSpec 8; ActorSelectionSpec 11', timeout=60)
def up_from_a_remote_child(s):
    a, b = s.pair()
    w, v = s.token('w'), s.token('v')
    ref = started(a, b, w)
    started(a, b, v)
    a.cmd('tell %s child kid' % ref)
    b.expect('worker-start', actor=local_part(a, w) + '/kid')
    t, me = s.token(), a.ref('/user/collector')
    for i, path in enumerate(('/user/deployer/%s/../%s' % (w, v), '/user/deployer/%s/kid/../../%s' % (w, v), '/user/deployer/%s/*/../../%s*' % (w, v), '/user/deployer/%s/../../deployer/%s' % (w, v))):
        a.cmd('select %s %s-%d' % (path, t, i))
        b.expect('recv', actor=local_part(a, v), value='%s-%d' % (t, i), sender=me)
        b.cmd('select %s %s-b%d' % (a.u(path), t, i))
        b.expect('recv', actor=local_part(a, v), value='%s-b%d' % (t, i), sender=b.ref('/user/collector'))
    a.cmd('select-at %s ../%s %s-at' % (ref, v, t))
    b.expect('recv', actor=local_part(a, v), value=t + '-at', sender=me)
    a.cmd('select /user/deployer/%s/../../collector %s-home' % (w, t))
    a.expect('recv', actor='/user/collector', value=t + '-home', sender=me)
    a.cmd('select /user/deployer/%s/../none %s-none' % (w, t))
    a.expect('deadletter', value=t + '-none', sender=me)
    for n in (w, v):
        a.cmd('stop-child ' + n)


@scenario('SEL', 'identities through a pattern over children of which some live elsewhere: each answers with its own reference', 'ActorSelectionSpec 26', timeout=60)
def identities_of_children(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    one, two = started(a, b, 'w1'), started(a, c, 'w2')
    here = made(a, 'make Worker w3', 'w3')
    for p in (a, b, c):
        t = s.token()
        p.cmd('identify %s %s' % (a.u('/user/deployer/w*'), t))
        got = p.expect_n(3, 'recv', cls=IDENTITY, actor='/user/collector', value=lambda v: v['id'] == t)
        s.equal({e['value']['ref'] for e in got}, {one, two, here}, 'references')


# ---------------------------------------------------------------- frozen and leaving
@scenario('DEP', 'the creator ends while the node of its child is frozen: it waits until that counts as lost, and ends in order', 'RemoteDeploymentDeathWatchSpec 1', timeout=60)
def ends_beside_a_frozen_node(s):
    a, b = s.both(QUICK_FD, QUICK_FD)
    ref = started(a, b, 'w')
    same_ask(a, ref, 'get')
    s.fence(a, b)
    b.pause()
    try:
        a.terminate()
        a.expect('terminated', 30)
        s.equal(a.join(), 0, 'exit status')
    finally:
        b.pause(False)
    b.expect('worker-stop', 20, actor=local_part(a, 'w'))


@scenario('DEP', 'two nodes with children on each other end at the same moment: both end in order, and the children before', 'NewRemoteActorSpec 4', timeout=60)
def end_together(s):
    a, b = s.both()
    for p, q, n in ((a, b, 'w'), (b, a, 'v')):
        same_ask(p, started(p, q, n), 'get')
    a.terminate()
    b.terminate()
    for p, q, n in ((a, b, 'w'), (b, a, 'v')):
        q.expect('worker-stop', 20, actor=local_part(p, n))
    for p in (a, b):
        p.expect('terminated', 25)
        s.equal(p.join(), 0, 'exit status')


@scenario('DEP', 'one name is given again and again: each child is another, each one starts, answers and ends', 'UidClashTest', timeout=60)
def one_name_many_lives(s):
    a, b = s.pair()
    name, refs = s.token('w'), set()
    for life in range(12):
        n = {p: p.here() for p in (a, b)}
        ref = deploy(a, b, name, 'int:%d' % life)
        b.expect('worker-start', since=n[b], actor=local_part(a, name), args=[life])
        a.cmds(['tell %s inc' % ref, 'tell %s life%d' % (ref, life)])
        a.expect('recv', since=n[a], sender=ref, value=has('life%d' % life))
        a.cmd('tell %s stop' % ref if life % 2 else 'stop-child ' + name)
        gone(a, ref, since=n[a], addressTerminated=False)
        refs.add(ref)
    s.equal(len(refs), 12, 'references')
    s.equal(len(b.find('worker-stop', actor=local_part(a, name))), 12, 'ends')


@scenario('LINK', 'a node that stays away longer than quarantine-after-silence is quarantined, although nothing was to be sent to it', '', timeout=60)
def silent_too_long(s):
    a, b = s.both(('--gate', '500ms', '--hocon', 'pekko.remote.classic.quarantine-after-silence = 2s'))
    s.ping(a, b)
    b.kill()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    e = a.expect('lifecycle', 10, kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    s.check(b.address in e['text'], 'text %r' % e['text'])
    a.absent('lifecycle', kind='AssociationErrorEvent', cause=has('Association failed'))    # it did not try
    b = s.again(b)
    s.link(b, a)
    s.link(a, b)


@scenario('LINK', 'a frame that is too long for the other side breaks the link; watches outlive that', 'RemotingSpec 14', timeout=60)
def too_long_for_the_other(s):
    a, b = s.both(G1 + SLOW_FD + ('--max-frame', '1000000b'), G1 + SLOW_FD)
    ra, rb = a.spawn('Echo', 'here'), b.spawn('Echo', 'there')
    a.cmd('watchref ' + rb)
    b.cmd('watchref ' + ra)
    s.fence(a, b)
    s.fence(b, a)
    s.reset(b)
    a.cmd('tell %s bytesn:300000' % b.u('/user/sink'))
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    s.link(a, b)
    s.link(b, a)
    s.equal(same_ask(b, '/user/sink', 'count'), 0, 'messages')
    a.cmd('stop /user/here')
    b.cmd('stop /user/there')
    a.expect(TERMINATED, 20, ref=rb, addressTerminated=False)
    b.expect(TERMINATED, 20, ref=ra, addressTerminated=False)
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


# ---------------------------------------------------------------- routers afar
@scenario('ROUT', 'a router on another node is killed: its parent decides, its routees start afresh; its last routee ends, so does it', 'RemoteRouterSpec 9; RoutingSpec 1', timeout=60)
def far_router_killed(s):
    a, b, c = s.many(('x',), ('y',), ('x',))
    ref = made(a, 'pool-at rr p 2 %s Worker' % b.address, 'p')
    at = [e['actor'] for e in b.expect_n(2, 'worker-start', actor=has(local_part(a, 'p')))]
    c.cmd('watchref ' + ref)
    s.fence(c, b)
    a.cmd('kill-ref ' + ref)
    e = a.expect('child-failed', child=ref, decision='restart')
    s.equal(e['cause']['class'], 'org.apache.pekko.actor.ActorKilledException', 'cause')
    t = s.token()
    a.cmds(['tell %s %s-%d' % (ref, t, i) for i in range(4)])
    got = b.expect_n(4, 'recv', value=has(t))
    s.equal(len({e['actor'] for e in got}), 2, 'routees')
    c.absent(TERMINATED, ref=ref)
    a.cmds(['tell %s stop' % ref] * 2)                     # in turn: each routee gets one
    gone(a, ref, existenceConfirmed=True, addressTerminated=False)
    c.expect(TERMINATED, by='/user/watcher', ref=ref, existenceConfirmed=True, addressTerminated=False)


@scenario('ROUT', 'what a router without routees does with messages and questions, by its kind', 'ScatterGatherSpec 15; RoutingSpec 1', timeout=60)
def routers_of_nobody(s):
    a = s.x()
    me = a.ref('/user/collector')
    for kind in ('rr', 'random', 'smallest', 'hash'):
        name, t = s.token('p'), s.token()
        made(a, 'pool %s %s 0 - Worker' % (kind, name), name)
        a.cmd('hashed /user/deployer/%s key %s' % (name, t))
        a.expect('deadletter', value=t, sender=me)
        n = a.here()
        a.cmd('ask-ms 300 /user/deployer/%s %s-q' % (name, t))
        s.check('AskTimeout' in a.expect('reply', since=n)['error']['class'], 'answer')
        a.cmd('stop-child ' + name)
    for kind in ('scatter', 'tail'):
        name, t = s.token('p'), s.token()
        made(a, 'pool %s %s 0 - Worker' % (kind, name), name)
        n = a.here()
        a.cmd('tell /user/deployer/%s %s' % (name, t))
        e = a.expect(since=n, ev=anyof('recv', 'deadletter'))
        a.cmd('ask-ms 7000 /user/deployer/%s %s-q' % (name, t))
        r = a.expect('reply', since=n)
        s.check('Timeout' in str(r.get('error')), '%s: answer %r after %r' % (kind, r, e))
        a.cmd('stop-child ' + name)


@scenario('ROUT', 'what cannot travel to a router on another node is refused here, and the link lives', 'RemoteRouterSpec 5', timeout=60)
def not_for_far_routers(s):
    a, b = s.pair()
    name = s.token('p')
    ref = made(a, 'pool-at rr %s 2 %s Worker' % (name, b.address), name)
    b.expect_n(2, 'worker-start', actor=has(local_part(a, name)))
    t = s.token()
    n = a.here()
    for line in ('broadcast %s %s' % (ref, t), 'adjust %s 1' % ref):
        k = a.here()
        a.cmd(line)
        a.expect('log', since=k, level='ERROR')
    a.cmd('tell %s %s-fine' % (ref, t))
    a.expect('recv', since=n, actor='/user/collector', value=has(t + '-fine'))
    b.absent('recv', value=t)
    b.absent('worker-start', actor=has(local_part(a, name) + '/$c'))
    a.absent('lifecycle', since=n, kind='DisassociatedEvent')
    a.cmd('stop-child ' + name)
    b.expect_n(2, 'worker-stop', actor=has(local_part(a, name)))
