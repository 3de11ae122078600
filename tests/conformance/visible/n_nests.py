# SPDX-License-Identifier: Apache-2.0
"""Children on other nodes and routers over them, where several things meet: links that are cut, nests over nodes and back, watchers beside the
parent, orders in unusual turns."""
import collections, re
from conform import scenario, has, refto, anyof, remote_path, local_part, deploy, same_ask, system_kind, QUICK_FD, SLOW_FD, started, gone, made

G1 = ('--gate', '1s')
TERMINATED = 'terminated-msg'
PATHS = ['/user/parent/c1', '/user/parent/c2', '/user/parent/c3']
NO_BEAT = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 60s, acceptable-heartbeat-pause = 120s }')


def decide(a, decision):
    n = a.here()
    a.cmd('strategy ' + decision)
    a.expect('ok', since=n, cmd='strategy', value=decision)


def routees(a, name):
    n = a.here()
    a.cmd('routees /user/deployer/' + name)
    return a.expect('routees', since=n, path='/user/deployer/' + name)


def received(node, n, t):
    return collections.Counter(e['actor'] for e in node.expect_n(n, 'recv', value=has(t)))


# ---------------------------------------------------------------- nests
@scenario('DEP', 'a child at another node whose own child is configured back to the first: names, parents, messages, restart and end', 'NewRemoteActorSpec 3', timeout=60)
def there_and_back(s):
    pa, pb = s.free_port(), s.free_port()
    a = s.x(port=pa)
    b = s.y('--hocon', 'pekko.actor.deployment { "/deployer/*/back*" { remote = "%s" } }' % a.address, port=pb)
    ref = started(a, b, 'w', 'str:x')
    a.cmd('tell %s child backed' % ref)
    path = '/remote/pekko.tcp/%s%s/backed' % (b.address.split('://')[1], local_part(a, 'w'))
    s.equal(a.expect('worker-start', actor=path)['parent'], ref, 'parent')
    t = s.token()
    a.cmd('select /user/deployer/w/backed ' + t)
    a.expect('recv', actor=path, value=t, sender=a.ref('/user/collector'))
    b.cmd('select %s %s-b' % (local_part(a, 'w') + '/b*', t))
    a.expect('recv', actor=path, value=t + '-b', sender=b.ref('/user/collector'))
    kid = a.lookup('/user/deployer/w/backed')
    s.check(a.ref(path)(kid), 'reference %r' % kid)
    a.cmd('tell %s throw once' % ref)                      # the worker keeps its children: they are restarted with it
    a.expect('worker-postrestart', actor=path)
    s.equal(a.lookup('/user/deployer/w/backed'), kid, 'reference after the restart')
    a.cmd('stop-child w')
    a.expect('worker-stop', actor=path)
    b.expect('worker-stop', actor=local_part(a, 'w'))
    gone(a, ref, addressTerminated=False)


@scenario('DEP', 'a nest of three below a remote child: stopped in the middle, the lower ones end and the upper one lives', 'SupervisorTreeSpec', timeout=60)
def cut_in_the_middle(s):
    a, b = s.pair()
    name = s.token('w')
    ref = started(a, b, name)
    base = local_part(a, name)
    a.cmd('tell %s child one' % ref)
    b.expect('worker-start', actor=base + '/one')
    a.cmd('select /user/deployer/%s/one child two' % name)
    b.expect('worker-start', actor=base + '/one/two')
    refs = {p: a.lookup('/user/deployer/%s%s' % (name, p)) for p in ('/one', '/one/two')}
    for p, r in refs.items():
        s.equal(r.split('#')[0], b.u(base + p), 'path')
        a.cmd('watchref ' + r)
    s.fence(a, b)
    a.cmd('stop ' + refs['/one'])
    for p, r in refs.items():
        b.expect('worker-stop', actor=base + p)
        a.expect(TERMINATED, by='/user/watcher', ref=r, addressTerminated=False)
    stops = [e['actor'] for e in b.find('worker-stop', actor=has(base))]
    s.equal(stops, [base + '/one/two', base + '/one'], 'order of the ends')
    a.cmd('tell %s child one' % ref)                       # the name is free again
    b.expect_n(2, 'worker-start', actor=base + '/one')
    s.check(a.lookup('/user/deployer/%s/one' % name) != refs['/one'], 'a new uid')
    s.equal(same_ask(a, ref, 'get'), 0, 'the upper one')
    a.cmd('stop-child ' + name)


@scenario('DEP', 'other classes as remote children: Echo, Sink, Collector and Failing do there what they do here', 'NewRemoteActorSpec 1')
def other_classes(s):
    a, b = s.pair()
    names = {c: s.token(c.lower()) for c in ('Echo', 'Sink', 'Collector', 'Failing')}
    refs = {c: deploy(a, b, n, cls=c) for c, n in names.items()}
    for c, n in names.items():
        s.check(refto(remote_path(a, b, n))(refs[c]), 'reference %r' % refs[c])
    t = s.token()
    a.cmd('tell %s %s' % (refs['Echo'], t))
    a.expect('recv', actor='/user/collector', value=t, sender=refs['Echo'])
    a.cmds(['tell %s x' % refs['Sink']] * 3)
    s.equal(same_ask(a, '/user/deployer/' + names['Sink'], 'count'), 3, 'count')
    a.cmd('tell %s some:long:4' % refs['Collector'])
    b.expect('recv', actor=local_part(a, names['Collector']), cls='scala.Some', sender=a.ref('/user/collector'))
    b.expect('prestart', actor=local_part(a, names['Failing']))
    a.cmd('tell %s throw it' % refs['Failing'])
    e = a.expect('child-failed', child=refs['Failing'], decision='restart')
    s.check('it' in e['cause']['message'], 'cause %r' % e['cause'])
    # the cause comes back as it went
    s.equal(b.expect('prerestart', actor=local_part(a, names['Failing']))['cause']['class'], 'org.apache.pekko.remote.serialization.ThrowableNotSerializableException', 'cause there')
    b.expect('postrestart', actor=local_part(a, names['Failing']))
    for c in names:
        a.cmd('stop-child ' + names[c])
        gone(a, refs[c], addressTerminated=False)
    b.expect('poststop', actor=local_part(a, names['Failing']))


@scenario('DEP', 'wildcards in the middle of a path of configuration; an exact name beside a wildcard shuts it out; who is not named stays here', 'DeployerSpec 14,15; WildcardIndexSpec 3,4', timeout=60)
def wildcards_in_the_middle(s):
    b = s.shared('y')
    a = s.x('--hocon', 'pekko.actor.deployment { "/deployer/*/far" { remote = "%s" }, "/deployer/*/k*" { remote = "%s" }, "/*/top" { remote = "%s" } }' % ((b.address,) * 3))
    a.cmd('make Worker here')
    a.expect('worker-start', actor='/user/deployer/here')
    for name, far in (('far', True), ('kid', True), ('k', True), ('near', False)):
        a.cmd('tell /user/deployer/here child ' + name)
        path = local_part(a, name, '/user/deployer/here')
        if far:
            s.check(a.ref('/user/deployer/here')(b.expect('worker-start', actor=path)['parent']), 'parent')
        else:
            a.expect('worker-start', actor='/user/deployer/here/' + name)
    a.cmd('make Worker top')
    a.expect('worker-start', actor='/user/deployer/top')   # "deployer" is exact: "*" beside it is no more looked at
    t = s.token()
    a.cmd('select /user/deployer/here/* ' + t)
    for name in ('far', 'kid', 'k'):
        b.expect('recv', actor=local_part(a, name, '/user/deployer/here'), value=t)
    a.expect('recv', actor='/user/deployer/here/near', value=t)
    a.cmd('stop-child here')
    for name in ('far', 'kid', 'k'):
        b.expect('worker-stop', actor=local_part(a, name, '/user/deployer/here'))
    a.expect('worker-stop', actor='/user/deployer/here')


# ---------------------------------------------------------------- beside the parent
@scenario('DEP', 'a remote child is watched by its parent, by others of that node, of its own node and of a third: each is told once', 'DeathWatchSpec 3', timeout=60)
def watched_by_all(s):
    a, b, c = s.many(('x', *NO_BEAT), ('y', *NO_BEAT), ('x', *NO_BEAT))
    ref = started(a, b, 'w')
    for p in (a, b, c):
        p.cmd('watchref ' + ref)
    for p in (a, c):
        s.fence(p, b)
    a.cmd('tell %s stop' % ref)
    gone(a, ref, existenceConfirmed=True, addressTerminated=False)
    for p in (a, b, c):
        p.expect(TERMINATED, by='/user/watcher', ref=ref, existenceConfirmed=True, addressTerminated=False)
    s.ping(b, a)
    s.ping(b, c)
    s.equal([len(p.find(TERMINATED, ref=ref)) for p in (a, b, c)], [2, 1, 1], 'notifications')


@scenario('DEP', 'the parent is killed: its remote children on two nodes end, who watches the parent is told after', 'SupervisorSpec 4', timeout=60)
def parent_killed(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    started(a, b, 'one')
    started(a, c, 'two')
    boss = a.lookup('/user/deployer')
    b.cmd('watchref ' + boss)
    s.fence(b, a)
    a.cmd('kill /user/deployer')
    b.expect('worker-stop', actor=local_part(a, 'one'))
    c.expect('worker-stop', actor=local_part(a, 'two'))
    b.expect(TERMINATED, by='/user/watcher', ref=boss, addressTerminated=False)
    t = s.token()
    a.cmd('select /user/deployer/one ' + t)
    a.expect('deadletter', value=t, sender=a.ref('/user/collector'))


@scenario('SUP', 'the parent escalates twice: children on two nodes end before it goes on, the names are free, the strategy is that of a new one', 'SupervisorHierarchySpec 1', timeout=60)
def escalated_twice(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    for life in range(2):
        n = {p: p.here() for p in (a, b, c)}
        decide(a, 'escalate')
        one, two = started(a, b, 'one'), started(a, c, 'two')
        a.cmd('tell %s throw up%d' % (one, life))
        a.expect('child-failed', since=n[a], child=one, decision='escalate', cause=lambda e: 'up%d' % life in e['message'])
        b.expect('worker-stop', since=n[b], actor=local_part(a, 'one'))
        c.expect('worker-stop', since=n[c], actor=local_part(a, 'two'))
        e = a.expect('postrestart', since=n[a], actor='/user/deployer')
        s.check('up%d' % life in e['cause']['message'], 'cause %r' % e['cause'])
        b.absent('worker-prerestart')
    three = started(a, b, 'one')
    a.cmd('tell %s throw again' % three)
    a.expect('child-failed', child=three, decision='restart')
    b.expect('worker-postrestart', actor=local_part(a, 'one'))


# ---------------------------------------------------------------- over links that are cut
@scenario('DEP', 'a remote child fails while nothing gets through: it waits, its parent hears of it later, once, and it goes on', 'AttemptSysMsgRedeliverySpec 1', timeout=60)
def fails_in_silence(s):
    b, px = s.proxied('y', *SLOW_FD)
    a = s.x('--hocon', 'pekko.remote.classic.resend-interval = 500ms', *SLOW_FD)
    ref = started(a, b, 'w')
    same_ask(a, ref, 'get')
    px.drop = system_kind('Failed', 'Recreate')
    t = s.token()
    a.cmds(['tell %s inc' % ref, 'tell %s throw %s' % (ref, t), 'tell %s %s-after' % (ref, t)])
    px.frame(dir='s2c', system='Failed', dropped=True)
    s.ping(a, b)
    b.absent('recv', value=t + '-after')
    a.absent('child-failed')
    px.drop = system_kind('Recreate')
    a.expect('child-failed', child=ref)
    px.expect_n(2, 'frame', dir='c2s', system='Recreate', dropped=True)
    b.absent('worker-prerestart')
    px.drop = None
    b.expect('worker-postrestart', actor=local_part(a, 'w'))
    b.expect('recv', actor=local_part(a, 'w'), value=t + '-after')
    s.equal(same_ask(a, ref, 'get'), 0, 'state')
    s.equal((len(a.find('child-failed')), len(b.find('worker-postrestart'))), (1, 1), 'failures and restarts')


@scenario('DEP', 'a remote child is stopped while the link is gated: it lives until the link is back, then it ends and the name is free', 'TransportFailSpec 1', timeout=60)
def stopped_behind_the_gate(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x(*G1, *SLOW_FD)
    ref = started(a, b, 'w', 'str:old')
    same_ask(a, ref, 'get')
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    a.cmd('stop-child w')
    a.sync()
    n = a.here()
    a.cmd('make Worker w')
    e = a.expect('error', since=n, what='deploy', name='w')
    s.check('InvalidActorName' in e['cause']['class'], 'cause %r' % e['cause'])
    b.absent('worker-stop')
    px.listen()
    b.expect('worker-stop', 20, actor=local_part(a, 'w'))
    gone(a, ref, timeout=20, addressTerminated=False)
    s.link(a, b)
    new = started(a, b, 'w', 'str:new')
    s.check(new != ref, 'a new uid')
    s.equal(same_ask(a, new, 'get'), 0, 'answer')


@scenario('DEP', 'deployed while the link is gated: the order is lost, the watch is not, so the parent is told that there is nobody', 'RemoteDeliverySpec 1', timeout=60)
def deployed_behind_the_gate(s):
    b, px = s.proxied('y', *G1, *SLOW_FD)
    a = s.x('--gate', '2s', *SLOW_FD)
    s.ping(a, b)
    px.unlisten()
    px.cut()
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    ref = deploy(a, b, 'w')
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('deadletter', value=t, recipient=ref)
    px.listen()
    gone(a, ref, timeout=20, existenceConfirmed=False, addressTerminated=False)
    b.absent('worker-start')
    s.link(a, b)
    again = started(a, b, 'w')
    s.equal(same_ask(a, again, 'get'), 0, 'answer')


@scenario('DEP', 'the node of the children leaves in order while others live elsewhere: only its own are reported, and made anew when it is back', 'RemoteDeploymentDeathWatchSpec 1', timeout=60)
def node_leaves(s):
    a, b, c = s.many(('x', *G1), ('y',), ('y',))
    one, two, three = started(a, b, 'one'), started(a, c, 'two'), started(a, b, 'three')
    for r in (one, two, three):
        same_ask(a, r, 'get')
    s.fence(a, b)
    b.terminate()
    for r in (one, three):
        gone(a, r, addressTerminated=False)
    b.expect('terminated')
    s.equal(b.join(), 0, 'exit status')
    s.equal(same_ask(a, two, 'get'), 0, 'the child elsewhere')
    a.absent(TERMINATED, ref=two)
    b = s.again(b)
    s.link(a, b)
    anew = started(a, b, 'one', 'str:anew')
    s.check(anew.split('#')[0] == one.split('#')[0] and anew != one, 'same path, new uid')


# ---------------------------------------------------------------- supervision
@scenario('SUP', 'two remote children on two nodes fail at the same time: each is decided upon for itself', 'SupervisorSpec 9,10', timeout=60)
def two_at_once(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    one, two = started(a, b, 'one'), started(a, c, 'two')
    for i in range(10):
        a.cmds(['tell %s throw one%d' % (one, i), 'tell %s throw two%d' % (two, i)])
    b.expect_n(10, 'worker-postrestart', actor=local_part(a, 'one'))
    c.expect_n(10, 'worker-postrestart', actor=local_part(a, 'two'))
    for ref, k in ((one, 'one'), (two, 'two')):
        causes = [e['cause']['message'] for e in a.find('child-failed', child=ref)]
        s.equal([re.search(k + r'\d', m).group() for m in causes], ['%s%d' % (k, i) for i in range(10)], 'failures')
        s.equal(same_ask(a, ref, 'get'), 0, 'answer')


@scenario('SUP', 'an actor that is suspended twice from afar needs two orders to go on; what came meanwhile waits', 'SystemMessageSerializationSpec 2')
def suspended_twice(s):
    a, b = s.pair()
    name, t = s.token('c'), s.token()
    ref = b.spawn('Collector', name)
    a.cmds(['suspend ' + ref, 'suspend ' + ref])
    s.fence(a, b)
    a.cmd('tell %s %s-1' % (ref, t))
    s.ping(a, b)
    a.cmd('resume ' + ref)
    s.fence(a, b)
    a.cmd('tell %s %s-2' % (ref, t))
    s.ping(a, b)
    b.absent('recv', value=has(t))
    a.cmd('resume ' + ref)
    s.equal([e['value'] for e in b.expect_n(2, 'recv', actor='/user/' + name, value=has(t))], [t + '-1', t + '-2'], 'messages')
    b.cmd('stop /user/' + name)


@scenario('SUP', 'a suspended actor can be stopped; what waited in its mailbox becomes dead letters', 'SupervisorSpec 18')
def suspended_then_stopped(s):
    a, b = s.pair()
    name, t = s.token('c'), s.token()
    ref = b.spawn('Collector', name)
    a.cmd('suspend ' + ref)
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    a.cmds(['tell %s %s-%d' % (ref, t, i) for i in range(3)] + ['poison-ref ' + ref])
    s.ping(a, b)
    b.absent('recv', value=has(t))
    a.absent(TERMINATED, ref=ref)
    a.cmd('stop ' + ref)
    a.expect(TERMINATED, by='/user/watcher', ref=ref, addressTerminated=False)
    s.equal([e['value'] for e in b.expect_n(3, 'deadletter', value=has(t), recipient=ref, sender=a.ref('/user/collector'))], ['%s-%d' % (t, i) for i in range(3)], 'dead letters')
    b.absent('recv', value=has(t))


@scenario('SUP', 'an actor with children is restarted from afar: the children are others afterwards, it is the same', 'SupervisorSpec 16', timeout=60)
def restarted_with_children(s):
    a, b = s.both(NO_BEAT, NO_BEAT)
    c1, g = b.lookup('/user/parent/c1'), b.lookup('/user/parent/c1/g')
    for r in (c1, g):
        a.cmd('watchref ' + r)
    s.fence(a, b)
    a.cmds(['suspend ' + c1, 'restart ' + c1])
    a.expect(TERMINATED, by='/user/watcher', ref=g, existenceConfirmed=True, addressTerminated=False)
    s.until(lambda: b.lookup('/user/parent/c1/g') != g, what='a new child')
    s.equal(b.lookup('/user/parent/c1'), c1, 'the restarted one')
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/parent/c1/g'), t))
    b.expect('recv', actor='/user/parent/c1/g', value=t)
    a.cmd('tell %s %s-old' % (g, t))
    b.expect('deadletter', value=t + '-old')
    a.absent(TERMINATED, ref=c1)


# ---------------------------------------------------------------- routers
@scenario('ROUT', 'the routees of a pool over nodes end one by one, by their own will and by the end of nodes; with the last one the router ends', 'RoutingSpec 1; RemoteRouterSpec 2', timeout=60)
def pool_dies_slowly(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, ref = s.router(a, 'pool rr NAME 4 %s,%s Worker' % (b.address, c.address), {b: 2, c: 2})
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    s.fence(a, c)
    a.cmd('select /user/deployer/%s/c1 stop' % name)
    s.until(lambda: routees(a, name)['count'] == 3, what='three routees')
    c.terminate()
    s.until(lambda: routees(a, name)['count'] == 1, what='one routee')
    c.expect('terminated')
    s.equal([r.split('#')[0] for r in routees(a, name)['list']], [remote_path(a, b, 'c3', '/user/deployer/' + name)], 'routees')
    t = s.token()
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(5)])
    s.equal(received(b, 5, t), {local_part(a, name + '/c3'): 5}, 'messages')
    a.absent(TERMINATED, ref=ref)
    a.cmd('select /user/deployer/%s/c3 poison' % name)
    for by in ('/user/deployer', '/user/watcher'):
        a.expect(TERMINATED, by=by, ref=ref, existenceConfirmed=True, addressTerminated=False)


@scenario('ROUT', 'PoisonPill to a router ends it with its remote routees; in a Broadcast it ends the routees, and so the router', 'RoutingSpec 1', timeout=60)
def pool_poisoned(s):
    a, b = s.both()
    for how in ('poison-ref REF', 'broadcast /user/deployer/NAME poison', 'stop REF'):
        name, ref = s.router(a, 'pool broadcast NAME 3 %s Worker' % b.address, {b: 3})
        t = s.token()
        a.cmds(['tell /user/deployer/%s %s' % (name, t), how.replace('REF', ref).replace('NAME', name)])
        b.expect_n(3, 'worker-stop', actor=has(local_part(a, name) + '/c'))
        gone(a, ref, addressTerminated=False)
        if how.startswith('broadcast'):                    # an order to stop may overtake ordinary messages
            s.equal(len(received(b, 3, t)), 3, 'routees that got what came before')


@scenario('ROUT', 'the only node of a pool crashes: no routee is left, so the router ends; another may take its name', 'RoutingSpec 1', timeout=60)
def pool_loses_all(s):
    a, b = s.both(QUICK_FD + G1, QUICK_FD)
    name, ref = s.router(a, 'pool rr NAME 3 %s Worker' % b.address, {b: 3})
    s.until(lambda: same_ask(a, '/user/deployer/' + name, 'get') == 0, what='an answer')
    b.kill()
    gone(a, ref, timeout=25, existenceConfirmed=True, addressTerminated=False)
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('deadletter', value=t, recipient=anyof(ref, a.u('/deadLetters')))
    made(a, 'pool rr %s 1 - Worker' % name, name)
    def answered():                                        # through selections: a JVM keeps what it has resolved
        a.cmd('select /user/deployer/%s %s-new' % (name, t))
        return a.find('recv', actor='/user/collector', value=has(t + '-new'))
    s.until(answered, what='an answer of its routee')


@scenario('ROUT', 'remote actors are added to a pool: it watches them, so those that end leave it; removed ones live on', 'RoundRobinSpec 4', timeout=60)
def pool_with_guests(s):
    a, b = s.pair()
    name, t = s.token('p'), s.token()
    guests = [b.spawn('Collector', s.token('guest')) for _ in range(2)]
    ref = made(a, 'pool rr %s 1 - Worker' % name, name)
    a.cmds(['add-routee /user/deployer/%s %s' % (name, g) for g in guests])
    s.until(lambda: routees(a, name)['count'] == 3, what='three routees')
    s.equal(routees(a, name)['list'][1:], guests, 'guests')
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(6)])
    s.equal(sorted(received(b, 4, t).values()), [2, 2], 'messages to guests')
    s.fence(a, b)
    b.cmd('stop ' + guests[0])
    s.until(lambda: routees(a, name)['count'] == 2, what='two routees')
    a.cmd('remove-routee /user/deployer/%s %s' % (name, guests[1]))
    s.until(lambda: routees(a, name)['count'] == 1, what='one routee')
    s.ping(a, b)
    u = s.token()
    a.cmd('tell %s %s' % (guests[1], u))
    # a pool poisons the routees that are taken from it
    b.expect(ev=anyof('recv', 'deadletter'), value=u)
    a.absent(TERMINATED, ref=ref)
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'groups in which one path leads nowhere: whom they ask still answers', 'ScatterGatherSpec 14; TailChoppingSpec 17', timeout=60)
def groups_with_a_hole(s):
    a, b = s.pair()
    paths = [b.u('/user/' + s.token('nobody')), b.u(PATHS[0]), b.u(PATHS[1])]
    for kind, answers in (('scatter', 6), ('tail', 6), ('rr', 4)):
        name, t = s.token('g'), s.token()
        made(a, 'group %s %s %s' % (kind, name, ','.join(paths)), name)
        n = a.here()
        a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(6)])
        a.expect_n(answers, 'recv', since=n, actor='/user/collector', value=anyof(*PATHS[:2]))
        if kind == 'rr':
            b.expect_n(2, 'deadletter', value=has(t), recipient=paths[0], sender=a.ref('/user/collector'))
        s.equal(routees(a, name)['count'], 3, 'routees')
        a.cmd('stop-child ' + name)


@scenario('ROUT', 'consistent hashing on two nodes after the same change of routees: the keys of those that stay have stayed, and both agree', 'RemoteConsistentHashingRouterSpec 1', timeout=60)
def ring_after_a_change(s):
    a, b = s.pair()
    refs = [p.spawn('Collector', s.token('r')) for p in (a, b, a, b)]
    name, keys = s.token('ring'), ['key%d' % i for i in range(120)]
    for p in (a, b):
        made(p, 'group hash %s %s' % (name, ','.join(p.u('/user/nobody%d' % i) for i in (1,))), name)
        p.cmds(['add-routee /user/deployer/%s %s' % (name, r) for r in refs])
        p.cmd('remove-routee /user/deployer/%s %s' % (name, p.u('/user/nobody1')))
        s.until(lambda: routees(p, name)['count'] >= 4, what='routees')
    def where(p):
        t = s.token()
        p.cmds(['hashed /user/deployer/%s %s %s-%d' % (name, k, t, i) for i, k in enumerate(keys)])
        got = {}
        def all_there():
            for q in (a, b):
                for e in q.find('recv', value=has(t)):
                    got[int(e['value'].rsplit('-', 1)[1])] = q.address + e['actor']
                for e in q.find('deadletter', value=has(t)):
                    got[int(e['value'].rsplit('-', 1)[1])] = 'nobody'
            return len(got) == len(keys)
        s.until(all_there, what='all messages')
        return [got[i] for i in range(len(keys))]
    before = {p: where(p) for p in (a, b)}
    s.check(len(set(before[a]) - {'nobody'}) == 4, 'places %r' % set(before[a]))
    for p in (a, b):
        p.cmd('remove-routee /user/deployer/%s %s' % (name, refs[3]))
    lost = refs[3].split('#')[0]
    after = {}
    for p in (a, b):
        routees(p, name)                                   # it has been removed by then
        after[p] = where(p)
        s.check(lost not in after[p], 'the one that was removed')
        for i, (x, y) in enumerate(zip(before[p], after[p])):
            s.check(x == y or x == lost, 'key %s went from %s to %s' % (keys[i], x, y))
        p.cmd('stop-child ' + name)


@scenario('ROUT', 'a router on another node and the decisions of its parent: a failed routee is resumed, or ends with the router', 'RemoteRouterSpec 9', timeout=60)
def far_router_decisions(s):
    a, b = s.both()
    for decision in ('resume', 'stop'):
        decide(a, decision)
        name = s.token('p')
        ref = made(a, 'pool-at rr %s 1 %s Worker' % (name, b.address), name)
        b.expect('worker-start', actor=has(local_part(a, name)))
        s.fence(a, b)
        n = a.here()
        a.cmds(['tell %s inc' % ref, 'tell %s throw ouch' % ref])
        a.expect('child-failed', since=n, child=ref, decision=decision)
        if decision == 'resume':
            a.cmd('tell %s get' % ref)
            a.expect('recv', since=n, actor='/user/collector', value=1)
            b.absent('worker-stop', actor=has(name))
            a.cmd('stop-child ' + name)
        b.expect('worker-stop', actor=has(local_part(a, name)))
        gone(a, ref, addressTerminated=False)
        b.absent('worker-prerestart', actor=has(name))


@scenario('ROUT', 'all-for-one over a pool with remote routees and a plain remote child: one failure restarts them all', 'SupervisorHierarchySpec 1', timeout=60)
def all_for_one_with_router(s):
    a, b = s.both(('--all-for-one',), ())
    name, ref = s.router(a, 'pool rr NAME 2 %s Worker' % b.address, {b: 2})
    plain = started(a, b, 'plain')
    a.cmds(['tell %s inc' % plain] * 3)
    s.equal(same_ask(a, plain, 'get'), 3, 'state')
    n = b.here()
    a.cmd('select /user/deployer/%s/c1 throw all' % name)
    a.expect('child-failed', child=ref, decision='restart')
    for path in ('plain', name + '/c1', name + '/c2'):
        b.expect('worker-postrestart', since=n, actor=local_part(a, path))
    s.equal(same_ask(a, plain, 'get'), 0, 'state')
    s.equal(len(a.find('child-failed')), 1, 'failures')
    a.cmd('tell %s throw more' % plain)
    a.expect('child-failed', child=plain, decision='restart')
    for path in ('plain', name + '/c1', name + '/c2'):
        b.expect_n(2, 'worker-postrestart', since=n, actor=local_part(a, path))
    b.absent('worker-stop')


@scenario('ROUT', 'a pool that is to resize within bounds over two nodes: never below the lower one, also after routees have ended', 'ResizerSpec 1', timeout=60)
def pool_refills(s):
    b, c = s.many(('y',), ('y',))
    a = s.x('--hocon', '''pekko.actor.deployment { "/deployer/p*" { router = round-robin-pool, nr-of-instances = 2, target.nodes = ["%s", "%s"]
        resizer { enabled = on, lower-bound = 2, upper-bound = 5, messages-per-resize = 2 } } }''' % (b.address, c.address))
    name, ref = s.router(a, 'make-router NAME Worker', {b: 1, c: 1})
    s.fence(a, b)
    a.cmd('select /user/deployer/%s/c1 stop' % name)
    b.expect('worker-stop', actor=local_part(a, name + '/c1'))
    t, i = s.token(), [0]
    def refilled():
        i[0] += 1
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i[0]))
        return b.find('worker-start', actor=local_part(a, name + '/c3'))
    s.until(refilled, what='another routee on the node whose turn it is')
    s.until(lambda: routees(a, name)['count'] == 2, what='two routees')
    a.absent(TERMINATED, ref=ref)
