# SPDX-License-Identifier: Apache-2.0
"""Remote deployment, supervision across the network, remote routers."""
import re, time
from conform import scenario, has, refto, anyof, remote_path, local_part, deploy, same_ask, QUICK_FD, SLOW_FD

G1 = ('--gate', '1s')
WORKER = 'ukko.oracle.Actors.Worker'


# ---------------------------------------------------------------- DEP
@scenario('DEP', 'an actor deployed to another system: its path there, its parent, a message and the answer', 'NewRemoteActorSpec 1; RemotingSpec 6')
def deploy_basic(s):
    a, b = s.pair()
    name = s.token('w')
    ref = deploy(a, b, name, 'str:arg')
    s.check(refto(remote_path(a, b, name))(ref), 'reference %r' % ref)
    e = b.expect('worker-start', actor=local_part(a, name))
    s.equal(e['args'], ['arg'], 'arguments')
    s.check(a.ref('/user/deployer')(e['parent']), 'parent %r' % e['parent'])
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    b.expect('recv', actor=local_part(a, name), value=t, sender=a.ref('/user/collector'))
    a.expect('recv', value='worker["arg"] at %s got "%s"' % (local_part(a, name), t), sender=ref)
    a.cmd('stop-child ' + name)
    b.expect('worker-stop', actor=local_part(a, name))


@scenario('DEP', 'constructor arguments of every kind arrive', 'NewRemoteActorSpec 2; DaemonMsgCreateSerializer*Spec 5,6,8')
def deploy_arguments(s):
    a, b = s.pair()
    cases = [('str:x', 'x'), ('long:-5', -5), ('int:7', 7), ('bool:true', True), ('bytes:00ff10', '00ff10'), ('bstr:0a0b', '0a0b'), ('null', None),
             ('json:hi,3', {'text': 'hi', 'number': 3}), ('cbor:ho,-4', {'text': 'ho', 'number': -4}), ('none', 'None'),
             ('some:long:9', {'class': 'java.lang.Long', 'value': 9}), ('address:pekko.tcp://S@h.example:1', 'pekko.tcp://S@h.example:1')]
    for k in range(0, len(cases), 3):
        name = s.token('w')
        deploy(a, b, name, *[c[0] for c in cases[k:k + 3]])
        s.equal(b.expect('worker-start', actor=local_part(a, name))['args'], [c[1] for c in cases[k:k + 3]], 'arguments')
        a.cmd('stop-child ' + name)
    name = s.token('w')
    deploy(a, b, name)
    s.equal(b.expect('worker-start', actor=local_part(a, name))['args'], [], 'arguments')
    name = s.token('w')
    deploy(a, b, name, 'ref:/user/collector')
    s.check(a.ref('/user/collector')(b.expect('worker-start', actor=local_part(a, name))['args'][0]), 'reference argument')


@scenario('DEP', 'a failing remote child is restarted by its parent: hooks at the child, fresh state, same reference', 'RemotingSpec 6; RemoteDeploymentAllowListSpec 1')
def supervise_restart(s):
    a, b = s.pair()
    name = s.token('w')
    ref = deploy(a, b, name)
    for _ in range(3):
        a.cmd('tell %s inc' % ref)
    s.equal(same_ask(a, ref, 'get'), 3, 'state')
    a.cmd('tell %s throw ouch' % ref)
    e = a.expect('child-failed', child=ref, decision='restart')
    s.equal(e['cause']['class'], 'org.apache.pekko.remote.serialization.ThrowableNotSerializableException', 'class of the cause')
    s.check('ouch' in e['cause']['message'], 'message of the cause %r' % e['cause']['message'])
    b.expect('worker-prerestart', actor=local_part(a, name))
    b.expect('worker-postrestart', actor=local_part(a, name))
    s.equal(same_ask(a, ref, 'get'), 0, 'state after the restart')
    b.absent('worker-stop', actor=local_part(a, name))
    a.absent('terminated-msg', ref=ref)
    a.cmd('stop-child ' + name)


@scenario('DEP', 'the parent decides to resume: the remote child keeps its state and goes on', 'SupervisorHierarchySpec 1')
def supervise_resume(s):
    a, b = s.both()
    a.cmd('strategy resume')
    ref = deploy(a, b, 'w')
    a.cmd('tell %s inc' % ref)
    a.cmd('tell %s throw ouch' % ref)
    a.cmd('tell %s inc' % ref)
    a.expect('child-failed', child=ref, decision='resume')
    s.equal(same_ask(a, ref, 'get'), 2, 'state')
    b.absent('worker-prerestart')
    b.absent('worker-stop')


@scenario('DEP', 'the parent decides to stop: the remote child ends and the parent is told', 'RemotingSpec 6')
def supervise_stop(s):
    a, b = s.both()
    a.cmd('strategy stop')
    ref = deploy(a, b, 'w')
    s.fence(a, b)
    a.cmd('tell %s throw ouch' % ref)
    a.expect('child-failed', child=ref, decision='stop')
    b.expect('worker-stop', actor=local_part(a, 'w'))
    a.expect('terminated-msg', by='/user/deployer', ref=ref, addressTerminated=False)


@scenario('DEP', 'the parent escalates: it is restarted by its own parent and the remote child is stopped', '')
def supervise_escalate(s):
    a, b = s.both()
    a.cmd('strategy escalate')
    ref = deploy(a, b, 'w')
    a.cmd('tell %s throw ouch' % ref)
    a.expect('child-failed', child=ref, decision='escalate')
    a.expect('prerestart', actor='/user/deployer')
    b.expect('worker-stop', actor=local_part(a, 'w'))
    a.expect('postrestart', actor='/user/deployer')
    deploy(a, b, 'w2')
    b.expect('worker-start', actor=local_part(a, 'w2'))


@scenario('DEP', 'a remote child that stops itself: the parent is told; the name can be used again with a new uid; the old reference stays dead', 'RemotingSpec 7; UidClashTest')
def redeploy_same_name(s):
    a, b = s.pair()
    name = s.token('w')
    old = deploy(a, b, name, 'str:one')
    s.fence(a, b)
    a.cmd('tell %s stop' % old)
    a.expect('terminated-msg', by='/user/deployer', ref=old, addressTerminated=False)
    new = deploy(a, b, name, 'str:two')
    s.check(new != old, 'same reference')
    a.cmd('tell %s to-old' % old)
    t = s.token()
    a.cmd('tell %s %s' % (new, t))
    b.expect('recv', actor=local_part(a, name), value=t)
    b.expect('deadletter', value='to-old')
    a.expect('recv', value=has('worker["two"]'), sender=new)
    b.absent('recv', value='to-old')


@scenario('DEP', 'a selection by the logical path at the creator reaches the remote child and its own children', 'RemotingSpec 8')
def select_through_deployment(s):
    a, b = s.pair()
    name = s.token('w')
    ref = deploy(a, b, name)
    a.cmd('tell %s child kid' % ref)
    t = s.token()
    a.cmd('select /user/deployer/%s %s-1' % (name, t))
    b.expect('recv', actor=local_part(a, name), value=t + '-1')
    a.cmd('select /user/deployer/%s/kid %s-2' % (name, t))
    b.expect('recv', actor=local_part(a, name) + '/kid', value=t + '-2')
    a.cmd('select /user/deployer/%s/k* %s-3' % (name, t))
    b.expect('recv', actor=local_part(a, name) + '/kid', value=t + '-3')
    b.cmd('select %s %s-4' % (a.u('/user/deployer/' + name), t))
    b.expect('recv', actor=local_part(a, name), value=t + '-4', sender=b.ref('/user/collector'))
    a.cmd('select %s/kid/../../%s %s-5' % (b.u(local_part(a, name)), name, t))
    a.cmd('stop-child ' + name)
    b.expect('worker-stop', actor=local_part(a, name) + '/kid')
    b.expect('worker-stop', actor=local_part(a, name))


@scenario('DEP', 'the creating node crashes: its children on the other node are stopped', 'RemoteNodeDeathWatchSpec 7', timeout=60)
def creator_crash(s):
    a, b = s.both((), QUICK_FD)
    ref = deploy(a, b, 'w')
    b.expect('worker-start')
    s.equal(same_ask(a, ref, 'get'), 0, 'answer')
    time.sleep(1.2)
    a.kill()
    b.expect('worker-stop', actor=local_part(a, 'w'))


@scenario('DEP', 'the node of a remote child crashes: the parent gets Terminated with address terminated, and still shuts down', 'RemoteDeploymentDeathWatchSpec 1', timeout=60)
def child_node_crash(s):
    a, b = s.both(QUICK_FD)
    ref = deploy(a, b, 'w')
    b.expect('worker-start')
    s.equal(same_ask(a, ref, 'get'), 0, 'answer')
    time.sleep(1.2)
    b.kill()
    a.expect('terminated-msg', by='/user/deployer', ref=ref, addressTerminated=True)   # existenceConfirmed: a race of two notifications
    a.terminate()
    a.expect('terminated')
    s.equal(a.join(), 0, 'exit status')


@scenario('DEP', 'orderly shutdown of the creator stops its remote child', 'NewRemoteActorSpec 4', timeout=60)
def creator_shutdown(s):
    a, b = s.both()
    deploy(a, b, 'w')
    b.expect('worker-start')
    a.terminate()
    b.expect('worker-stop', actor=local_part(a, 'w'))
    a.expect('terminated')
    s.equal(a.join(), 0, 'exit status')


@scenario('DEP', 'orderly shutdown of the node of a remote child: the parent is told', '', timeout=60)
def child_node_shutdown(s):
    a, b = s.both()
    ref = deploy(a, b, 'w')
    b.expect('worker-start')
    b.terminate()
    b.expect('worker-stop')
    a.expect('terminated-msg', by='/user/deployer', ref=ref)
    b.expect('terminated')


@scenario('DEP', 'deployment by configuration: exact path, `*`, prefix and `**`; the more exact entry wins; code without an entry stays local', 'NewRemoteActorSpec 3; RemoteDeployerSpec 1; DeployerSpec 14,15; WildcardIndexSpec', timeout=60)
def deploy_by_config(s):
    b = s.y()
    c = s.y()
    a = s.x('--hocon', '''pekko.actor.deployment {
        "/deployer/exact" { remote = "%s" }
        "/deployer/pre*" { remote = "%s" }
        "/other/**" { remote = "%s" }
        "/deployer/*" { remote = "%s" }
      }''' % (b.address, b.address, b.address, c.address))
    for name, node in (('exact', b), ('anything', c)):
        a.cmd('make Worker %s str:%s' % (name, name))
        s.equal(node.expect('worker-start', actor=local_part(a, name))['args'], [name], 'arguments')
    a2 = s.x('--hocon', 'pekko.actor.deployment { "/deployer/pre*" { remote = "%s" } }' % b.address)
    a2.cmd('make Worker prefixed')
    b.expect('worker-start', actor=local_part(a2, 'prefixed'))
    a2.cmd('make Worker local')
    a2.expect('worker-start', actor='/user/deployer/local')
    a3 = s.x('--hocon', 'pekko.actor.deployment { "/deployer/**" { remote = "%s" } }' % c.address)
    a3.cmd('make Worker deep')
    c.expect('worker-start', actor=local_part(a3, 'deep'))


@scenario('DEP', 'configuration beats the deployment given in code', 'RemoteRouterSpec 6', timeout=60)
def config_beats_code(s):
    b, c = s.many(('y',), ('y',))
    a = s.x('--hocon', 'pekko.actor.deployment { "/deployer/w" { remote = "%s" } }' % c.address)
    ref = deploy(a, b, 'w')
    s.check(refto(remote_path(a, c, 'w'))(ref), 'reference %r' % ref)
    c.expect('worker-start', actor=local_part(a, 'w'))
    deploy(a, b, 'v')
    b.expect('worker-start', actor=local_part(a, 'v'))
    b.absent('worker-start', actor=local_part(a, 'w'))


@scenario('DEP', 'configured remote deployment of local-only Props is a configuration error', 'RemoteDeployerSpec 2', timeout=60)
def local_only_props(s):
    b = s.shared('y')
    a = s.x('--hocon', 'pekko.actor.deployment { "/deployer/w" { remote = "%s" } }' % b.address)
    a.cmd('make-local Worker w')
    e = a.expect('error', what='deploy', name='w')
    s.check('ConfigurationException' in e['cause']['class'], 'class of the error %r' % e['cause']['class'])
    a.cmd('make-local Worker v')
    a.expect('worker-start', actor='/user/deployer/v')


@scenario('DEP', 'with the unsafe features switched off a configured remote child is created locally', 'RemoteFeaturesSpec (remote) 6; RemoteFeaturesSpec (multi-jvm) 2,9', timeout=60)
def deploy_unsafe_off(s):
    b = s.shared('y')
    a = s.x('--safe', '--hocon', 'pekko.actor.deployment { "/deployer/w" { remote = "%s" } }' % b.address)
    a.cmd('make Worker w')
    a.expect('worker-start', actor='/user/deployer/w')
    deploy(a, b, 'v')
    a.expect('worker-start', actor='/user/deployer/v')
    s.ping(a, b)
    b.absent('worker-start', actor=has(a.hostport))


@scenario('DEP', 'deployment to the own address is local', '')
def deploy_to_self(s):
    a = s.shared('x')
    name = s.token('w')
    ref = deploy(a, a, name)
    s.check(a.ref('/user/deployer/' + name)(ref), 'reference %r' % ref)
    a.expect('worker-start', actor='/user/deployer/' + name)


@scenario('SEC', 'allow list: a listed class is deployed, an unlisted one is refused; the creator learns of the death, messages become dead letters', 'RemoteDeploymentAllowListSpec 1,2', timeout=60)
def allow_list(s):
    a, b = s.both((), ('--allow-list', WORKER + ',ukko.oracle.Actors.Echo'))
    name = s.token('w')
    ref = deploy(a, b, name)
    b.expect('worker-start', actor=local_part(a, name))
    a.cmd('tell %s throw ouch' % ref)
    b.expect('worker-postrestart', actor=local_part(a, name))
    n = b.here()
    bad = deploy(a, b, name + 'x', cls='Sink')
    a.expect('terminated-msg', by='/user/deployer', ref=bad, existenceConfirmed=False, addressTerminated=False)
    b.expect('log', since=n, level='ERROR', msg=has('Sink'))
    a.cmd('tell %s lost' % bad)
    b.expect('deadletter', value='lost')
    s.equal(same_ask(a, ref, 'get'), 0, 'answer')


# ---------------------------------------------------------------- ROUT
@scenario('ROUT', 'round-robin pool over two nodes: routee names and places, even distribution', 'RemoteRouterSpec 2; RemoteRoundRobinSpec 1', timeout=60)
def pool_round_robin(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, ref = s.router(a, 'pool rr NAME 4 %s,%s Worker str:x' % (b.address, c.address), {b: 2, c: 2})
    where = {}
    for i, node in ((1, b), (2, c), (3, b), (4, c)):
        node.expect('worker-start', actor=local_part(a, name + '/c%d' % i), args=['x'])
        where['c%d' % i] = node
    t = s.token()
    for i in range(20):
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i))
    for r, node in where.items():
        node.expect_n(5, 'recv', actor=local_part(a, name + '/' + r), value=has(t))
    a.expect_n(20, 'recv', value=has(t))
    b.cmd('mark x')
    s.equal((len(b.find('recv', value=has(t))), len(c.find('recv', value=has(t)))), (10, 10), 'messages per node')
    a.cmd('stop-child ' + name)
    b.expect_n(2, 'worker-stop', actor=has(name))
    c.expect_n(2, 'worker-stop', actor=has(name))
    a.expect('terminated-msg', by='/user/deployer', ref=ref)


@scenario('ROUT', 'broadcast pool, and Broadcast through a round-robin pool, reach every remote routee', 'RoundRobin/... 3; RemoteRouterSpec 2')
def pool_broadcast(s):
    a, b = s.pair()
    for kind, cmd in (('broadcast', 'tell'), ('rr', 'broadcast')):
        t = s.token()
        name, ref = s.router(a, 'pool %s NAME 3 %s Worker' % (kind, b.address), {b: 3})
        a.cmd('%s /user/deployer/%s %s' % (cmd, name, t))
        for i in (1, 2, 3):
            b.expect('recv', actor=local_part(a, '%s/c%d' % (name, i)), value=t)
        a.cmd('stop-child ' + name)


@scenario('ROUT', 'random pool over remote routees: every routee gets something, nothing is lost', 'RemoteRandomSpec 1')
def pool_random(s):
    a, b = s.pair()
    t = s.token()
    name, ref = s.router(a, 'pool random NAME 3 %s Worker' % b.address, {b: 3})
    for i in range(90):
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i))
    got = b.expect_n(90, 'recv', value=has(t))
    s.equal(len({e['value'] for e in got}), 90, 'distinct messages')
    s.equal(len({e['actor'] for e in got}), 3, 'routees that got something')
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'group over remote paths: round-robin in turn; broadcast to all', 'RemoteRoundRobinSpec 3; RemoteFeaturesSpec (multi-jvm) 7')
def group_remote_paths(s):
    a, b = s.pair()
    name, t = s.token('g'), s.token()
    paths = ['/user/parent/c1', '/user/parent/c2', '/user/parent/c3']
    a.cmd('group rr %s %s' % (name, ','.join(b.u(p) for p in paths)))
    a.expect('deployed', name=name)
    for i in range(9):
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i))
    for p in paths:
        b.expect_n(3, 'recv', actor=p, value=has(t))
    name, t = s.token('g'), s.token()
    a.cmd('group broadcast %s %s' % (name, ','.join(b.u(p) for p in paths)))
    a.expect('deployed', name=name)
    a.cmd('tell /user/deployer/%s %s' % (name, t))
    for p in paths:
        b.expect('recv', actor=p, value=t, sender=a.ref('/user/collector'))


@scenario('ROUT', 'a routee that stops is removed from the router; the others get the messages', 'RoundRobin/... 4')
def routee_stops(s):
    a, b = s.pair()
    t = s.token()
    name, ref = s.router(a, 'pool rr NAME 3 %s Worker' % b.address, {b: 3})
    a.cmd('select /user/deployer/%s/c2 stop' % name)
    b.expect('worker-stop', actor=local_part(a, name + '/c2'))
    def gone():
        n = a.here()
        a.cmd('routees /user/deployer/' + name)
        return a.expect('routees', since=n, path='/user/deployer/' + name)['count'] == 2
    s.until(gone, what='routee removed')
    for i in range(6):
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i))
    for r in ('c1', 'c3'):
        b.expect_n(3, 'recv', actor=local_part(a, '%s/%s' % (name, r)), value=has(t))
    a.expect_n(6, 'recv', actor='/user/collector', value=has(t))   # the answers: none may fall into the next scenario
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'a pool from configuration with target.nodes; its number of routees comes from configuration', 'RemoteRouterSpec 1; DeployerSpec 9', timeout=60)
def pool_from_config(s):
    b = s.y()
    a = s.x('--hocon', 'pekko.actor.deployment { "/deployer/p*" { router = round-robin-pool, nr-of-instances = 3, target.nodes = ["%s"] }, '
            '"/deployer/q" { router = broadcast-pool, nr-of-instances = 2 } }' % b.address)
    name, ref = s.router(a, 'make-router NAME Worker str:x', {b: 3})
    for i in (1, 2, 3):
        b.expect('worker-start', actor=local_part(a, name + '/c%d' % i), args=['x'])
    # code asks for 5 round-robin routees, configuration for 2 with broadcast
    a.cmd('pool rr q 5 - Worker')
    a.expect('deployed', name='q')
    a.expect_n(2, 'worker-start', actor=has('/user/deployer/q/'))
    t = s.token()
    a.cmd('tell /user/deployer/q ' + t)
    a.expect_n(2, 'recv', value=t, actor=has('/user/deployer/q/'))
    s.equal(len(a.find('worker-start', actor=has('/user/deployer/q/'))), 2, 'routees')


@scenario('ROUT', 'the router itself is deployed to the other node; its routees are its children there', 'RemoteRouterSpec 4,5')
def router_deployed(s):
    a, b = s.pair()
    name, t = s.token('p'), s.token()
    a.cmd('pool-at rr %s 3 %s Worker' % (name, b.address))
    ref = a.expect('deployed', name=name)['ref']
    s.check(refto(remote_path(a, b, name))(ref), 'reference %r' % ref)
    got = b.expect_n(3, 'worker-start', actor=has(name))
    s.check(all(re.fullmatch(re.escape(local_part(a, name)) + r'/\$[a-c]', e['actor']) for e in got), 'routee names %r' % [e['actor'] for e in got])
    for i in range(6):
        a.cmd('tell %s %s-%d' % (ref, t, i))
    for e in got:
        b.expect_n(2, 'recv', actor=e['actor'], value=has(t))
    a.cmd('stop-child ' + name)
    b.expect_n(3, 'worker-stop', actor=has(name))
