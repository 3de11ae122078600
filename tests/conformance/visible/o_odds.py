# SPDX-License-Identifier: Apache-2.0
"""Turns that few programs take: wrong names, frozen and leaving nodes, routers afar that are told what cannot travel, paths that lead there and back."""
import re, time
from conform import scenario, has, anyof, remote_path, local_part, deploy, same_ask, QUICK_FD, SLOW_FD, started, gone, made, anew

G1 = ('--gate', '1s')
TERMINATED = 'terminated-msg'
NO_BEAT = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 60s, acceptable-heartbeat-pause = 120s }')
IDENTITY = 'org.apache.pekko.actor.ActorIdentity'
DEBUG = ('--loglevel', 'DEBUG')


def beating(p, q):
    """waits until p (with DEBUG) has had an answer to a heartbeat from q, so that it knows its uid"""
    p.expect('log', level='DEBUG', msg=has('heartbeat rsp from [%s]' % q.address))


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


@scenario('SEL', 'what is sent to an incarnation that is gone: questions of identity are answered, orders to end are not, all else is a dead letter there', 'RemotingSpec 7; ActorSelectionSpec 7', timeout=60)
def past_incarnation(s):
    a, b = s.both()
    old = b.spawn('Collector', 'one')
    b.cmds(['watchref ' + old, 'stop /user/one'])
    b.expect(TERMINATED, ref=old)
    anew(s, b, 'Collector', 'one')
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


# ---------------------------------------------------------------- time
@scenario('LINK', 'a quarantine ends by itself when its marker is pruned: the same incarnation gets through again', 'EndpointRegistrySpec 7', timeout=60)
def pruned_marker(s):
    a, b = s.both(('--gate', '500ms', '--hocon', 'pekko.remote.classic.prune-quarantine-marker-after = 3s'), ('--gate', '500ms'))
    s.ping(a, b)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)
    t = s.token()
    b.cmd('select %s %s' % (a.u('/user/collector'), t))
    a.quiet(5, 'recv', value=t)                            # nobody speaks: a probe would renew the marker
    s.link(a, b)
    s.link(b, a)


@scenario('LINK', 'a node that stands still for a moment: nothing is reported, and what was sent meanwhile arrives in order', 'RemoteDeliverySpec 1', timeout=60)
def stands_still(s):
    a, b = s.both(SLOW_FD, SLOW_FD)
    s.ping(a, b)
    s.reset(b)
    b.pause()
    try:
        n = a.here()
        a.cmd('numbered %s 20000' % b.u('/user/order'))
        a.expect('ok', since=n, cmd='numbered')
    finally:
        b.pause(False)
    def done():
        v = same_ask(a, b.u('/user/order'), 'report')
        return v if 'count=20000 ' in str(v) else None
    s.equal(s.until(done, 20, what='20000 messages'), 'count=20000 next=20000 skipped=0 late=0 other=0', 'report')
    for p in (a, b):
        p.absent('lifecycle', kind=anyof('DisassociatedEvent', 'AssociationErrorEvent', 'QuarantinedEvent'))


@scenario('WATCH', 'a node is frozen until it counts as lost, and thaws: it is quarantined and told so, and must be started anew', 'RemoteWatcherSpec 2; RemoteQuarantinePiercingSpec 1', timeout=60)
def frozen_and_thawed(s):
    a, b = s.both(QUICK_FD + G1 + DEBUG, G1)
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    beating(a, b)
    s.fence(a, b)
    b.pause()
    try:
        a.expect(TERMINATED, ref=ref, existenceConfirmed=False, addressTerminated=True)
        a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
    finally:
        b.pause(False)
    b.expect('lifecycle', kind='DisassociatedEvent', remote=a.address)   # what it says before it has read that may get through
    t, n = s.token(), [0]
    def told():
        n[0] += 1
        b.cmd('select %s %s-%d' % (a.u('/user/collector'), t, n[0]))
        return b.find('lifecycle', kind='ThisActorSystemQuarantinedEvent', local=b.address, remote=a.address)
    s.until(told, every=0.3, what='b is told')
    a.absent('recv', value=has(t))
    a.cmd('watchref ' + ref)                               # again: refused, and so answered
    a.expect_n(2, TERMINATED, 20, ref=ref, existenceConfirmed=False)
    b.kill()
    b = s.again(b)
    s.link(b, a)
    s.link(a, b)


@scenario('WATCH', 'a heartbeat that comes late, but not too late, is a warning in the log', '', timeout=60)
def late_heartbeat(s):
    fd = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 300ms, acceptable-heartbeat-pause = 3s }')
    a, b = s.both(fd + DEBUG, fd)
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    a.expect_n(5, 'log', level='DEBUG', msg=has('heartbeat rsp from [%s]' % b.address))
    b.pause()
    try:
        time.sleep(2.4)
    finally:
        b.pause(False)
    e = a.expect('log', level='WARN', msg=has('heartbeat interval is growing too large'))
    s.check(b.address in e['msg'] and re.search(r' \d+ millis', e['msg']), 'text %r' % e['msg'])
    a.absent(TERMINATED)


@scenario('DEP', 'the creator is frozen until it counts as lost: its children end; when it thaws it finds itself cut off, and is told that they are gone', 'RemoteNodeDeathWatchSpec 7', timeout=60)
def creator_frozen(s):
    a, b = s.both(QUICK_FD + G1, QUICK_FD + G1 + DEBUG)
    ref = started(a, b, 'w')
    same_ask(a, ref, 'get')
    beating(b, a)
    a.pause()
    try:
        b.expect('worker-stop', actor=local_part(a, 'w'))
        b.expect('lifecycle', kind='QuarantinedEvent', remote=a.address, uid=a.uid)
    finally:
        a.pause(False)
    gone(a, ref, timeout=20)
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('deadletter', value=t)


@scenario('EVENT', 'log-remote-lifecycle-events as a level: what is above it is logged, the events all come', 'MessageLoggingSpec 1', timeout=60)
def lifecycle_levels(s):
    for level, assoc, quarantine in (('INFO', False, True), ('WARNING', False, True), ('ERROR', False, False), ('DEBUG', True, True)):
        b = s.shared('y')
        a = s.x('--loglevel', 'DEBUG', '--hocon', 'pekko.remote.classic.log-remote-lifecycle-events = ' + level)
        s.ping(a, b)
        a.cmd('quarantine %s %d' % (b.address, b.uid))
        e = a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address, uid=b.uid)
        a.expect('lifecycle', kind='AssociatedEvent')
        a.expect('lifecycle', kind='DisassociatedEvent')
        a.cmd('select pekko.tcp://Nobody@127.0.0.1:%d/user/x y' % s.free_port())
        a.expect('lifecycle', kind='AssociationErrorEvent')
        a.expect('log', level='WARN', msg=has('Nobody'))       # the gate is said whatever the setting is
        a.sync()
        s.equal(bool(a.find('log', level='DEBUG', msg=lambda m: m.startswith('Associated ['))), assoc, level + ': Associated')
        s.equal(bool(a.find('log', level='WARN', msg=lambda m: m.startswith(e['text']))), quarantine, level + ': Quarantined')
        a.kill()


# ---------------------------------------------------------------- more routers
@scenario('ROUT', 'a pool over the own node and another: the own routees are local children, in their turn', 'RemoteRouterSpec 2', timeout=60)
def pool_over_own_node(s):
    a, b = s.both()
    name, ref = s.router(a, 'pool rr NAME 4 %s,%s Worker str:x' % (a.address, b.address), {a: 2, b: 2})
    for i, path in ((1, '/user/deployer/%s/c1'), (3, '/user/deployer/%s/c3')):
        a.expect('worker-start', actor=path % name, args=['x'])
    for i in (2, 4):
        b.expect('worker-start', actor=local_part(a, '%s/c%d' % (name, i)), args=['x'])
    t = s.token()
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(8)])
    for node, paths in ((a, ['/user/deployer/%s/c%d' % (name, i) for i in (1, 3)]), (b, [local_part(a, '%s/c%d' % (name, i)) for i in (2, 4)])):
        for p in paths:
            node.expect_n(2, 'recv', actor=p, value=has(t))
    a.cmd('stop-child ' + name)
    for node in (a, b):
        node.expect_n(2, 'worker-stop', actor=has(name))
    gone(a, ref, addressTerminated=False)


@scenario('ROUT', 'a pool of which one node does not exist: those routees leave it when that is noticed, the others work', '', timeout=60)
def pool_over_nowhere(s):
    a, b = s.both(QUICK_FD + G1, QUICK_FD)
    nowhere = 'pekko.tcp://Nobody@127.0.0.1:%d' % s.free_port()
    name = s.token('p')
    ref = made(a, 'pool rr %s 4 %s,%s Worker' % (name, b.address, nowhere), name)
    for i in (1, 3):
        b.expect('worker-start', actor=local_part(a, '%s/c%d' % (name, i)))
    def two():
        n = a.here()
        a.cmd('routees /user/deployer/' + name)
        e = a.expect('routees', since=n, path='/user/deployer/' + name)
        return e.get('count') == 2 and [r.split('#')[0] for r in e['list']] == [remote_path(a, b, 'c%d' % i, '/user/deployer/' + name) for i in (1, 3)]
    s.until(two, 25, what='two routees')
    t = s.token()
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(6)])
    for i in (1, 3):
        b.expect_n(3, 'recv', actor=local_part(a, '%s/c%d' % (name, i)), value=has(t))
    a.absent(TERMINATED, ref=ref)


@scenario('ROUT', 'the node of a router that was made there crashes: the parent is told of the router, with its address terminated', '', timeout=60)
def far_router_lost(s):
    a, b = s.both(QUICK_FD + G1 + DEBUG, QUICK_FD)
    ref = made(a, 'pool-at broadcast p 3 %s Worker' % b.address, 'p')
    b.expect_n(3, 'worker-start', actor=has(local_part(a, 'p')))
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect_n(3, 'recv', actor='/user/collector', value=has(t))
    beating(a, b)
    s.fence(a, b)
    b.kill()
    gone(a, ref, timeout=20, addressTerminated=True)
    a.cmd('tell %s %s-late' % (ref, t))
    a.expect('deadletter', value=t + '-late')


@scenario('ROUT', 'consistent hashing over remote routees of which one ends: its keys go to others, all others stay where they were', 'ConsistentHashingSpec 21', timeout=60)
def hash_after_a_loss(s):
    a, b = s.both()
    name, _ = s.router(a, 'pool hash NAME 4 %s Worker' % b.address, {b: 4})
    keys = ['k%d' % i for i in range(150)]
    def where(t):
        a.cmds(['hashed /user/deployer/%s %s %s-%d' % (name, k, t, i) for i, k in enumerate(keys)])
        return {int(e['value'].rsplit('-', 1)[1]): e['actor'].rsplit('/', 1)[1] for e in b.expect_n(len(keys), 'recv', value=has(t))}
    before = where(s.token())
    s.equal(set(before.values()), {'c1', 'c2', 'c3', 'c4'}, 'routees')
    a.cmd('select /user/deployer/%s/c2 stop' % name)
    def three():
        n = a.here()
        a.cmd('routees /user/deployer/' + name)
        return a.expect('routees', since=n, path='/user/deployer/' + name)['count'] == 3
    s.until(three, what='three routees')
    after = where(s.token())
    for i in before:
        s.check(after[i] != 'c2' and (before[i] in (after[i], 'c2')), 'key %s went from %s to %s' % (keys[i], before[i], after[i]))


@scenario('DEP', 'a remote child as a sender: the answer goes to it, from its own node and from others', 'NewRemoteActorSpec 2', timeout=60)
def child_as_sender(s):
    a, b, c = s.many(('x',), ('y',), ('x',))
    ref = started(a, b, 'w')
    for node in (a, b, c):
        for by in (a, c):
            t = s.token()
            by.cmd('tell-as %s %s %s' % (ref, node.lookup('/user/echo'), t))
            b.expect('recv', actor=local_part(a, 'w'), value=t, sender=node.ref('/user/echo'))


# ---------------------------------------------------------------- configuration
@scenario('SUP', 'a guardian that stops what fails: an actor that fails from afar ends, its watcher there is told', 'SupervisorMiscSpec', timeout=60)
def stopping_guardian(s):
    a, b = s.both(NO_BEAT, NO_BEAT + ('--hocon', 'pekko.actor.guardian-supervisor-strategy = "org.apache.pekko.actor.StoppingSupervisorStrategy"'))
    ref = b.lookup('/user/failing')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    t = s.token()
    a.cmds(['tell %s throw %s' % (ref, t), 'tell %s %s-late' % (ref, t)])
    b.expect('poststop', actor='/user/failing')
    a.expect(TERMINATED, ref=ref, existenceConfirmed=True, addressTerminated=False)
    b.expect('deadletter', value=t + '-late', recipient=ref)
    b.expect('log', level='ERROR', msg=t)
    b.absent('prerestart', actor='/user/failing')


@scenario('DEP', 'a dispatcher that the creator knows and the other node does not: nothing is made there, it says why, the parent is told; a mailbox is not sent at all', 'DeployerSpec 3,4', timeout=60)
def unknown_over_there(s):
    b = s.y()
    a = s.x('--hocon', '''my-dispatcher { type = Dispatcher, executor = fork-join-executor }, my-mailbox { mailbox-type = "org.apache.pekko.dispatch.UnboundedMailbox" }
        pekko.actor.deployment { "/deployer/d" { remote = "%s", dispatcher = my-dispatcher }, "/deployer/m" { remote = "%s", mailbox = my-mailbox } }''' % (b.address, b.address))
    ref = made(a, 'make Worker d', 'd')
    gone(a, ref, existenceConfirmed=False, addressTerminated=False)
    b.expect('log', level='ERROR', msg=has('my-dispatcher'))
    b.absent('worker-start')
    ref = made(a, 'make Worker m', 'm')
    b.expect('worker-start', actor=local_part(a, 'm'))
    s.equal(same_ask(a, ref, 'get'), 0, 'answer')


@scenario('LINK', 'a host that no resolver knows: an association error, dead letters, and no harm to others', 'RemotingSpec 2', timeout=60)
def no_such_host(s):
    a, b = s.both(G1, ())
    s.ping(a, b)
    t, where = s.token(), 'pekko.tcp://X@no-such-host.invalid:2552'
    a.cmd('tell %s/user/x %s' % (where, t))
    e = a.expect('lifecycle', 20, kind='AssociationErrorEvent', local=a.address, remote=where, inbound=False)
    s.equal(e['cause']['message'], 'Association failed with [%s]' % where, 'cause')
    a.expect('deadletter', value=t, recipient=where + '/user/x')
    a.cmd('identify %s/user/x %s' % (where, t))
    a.expect('recv', cls=IDENTITY, value=lambda v: v['id'] == t and v['ref'] is None)
    s.ping(a, b)
