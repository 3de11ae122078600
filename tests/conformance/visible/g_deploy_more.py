# SPDX-License-Identifier: Apache-2.0
"""Children on other nodes in less common situations: strategies over several nodes, children of children, nodes that come back."""
import time
from conform import Failed, scenario, has, anyof, local_part, deploy, same_ask, QUICK_FD, started, gone

WORKER = 'ukko.oracle.Actors.Worker'


def counted(a, ref, n):
    """makes the worker's counter n"""
    for _ in range(n):
        a.cmd('tell %s inc' % ref)
    if same_ask(a, ref, 'get') != n:
        raise Failed('the counter of %s is not %d' % (ref, n))


# ---------------------------------------------------------------- arguments and names
@scenario('DEP', 'arguments that hold others, large ones, and texts that are not plain', '')
def deploy_arguments_nested(s):
    a, b = s.pair()
    cases = [(['str:', 'str:größe-\u4f60', 'strn:150'], ['', 'größe-\u4f60', 'x' * 150]),
             (['some:str:in', 'empty', 'opt:long:4'], None), (['done', 'notused', 'success:int:3'], None), (['replyok:str:fine', 'bigjson:40000', 'proto:pb'], None), (['strn:20000', 'bstrn:700', 'cbor:x,1'], None),
             (['mixed:/user/collector', 'bytesn:3000', 'ack'], None), (['null', 'null', 'null'], [None, None, None]), (['long:9223372036854775807', 'int:-2147483648', 'bool:false'], [9223372036854775807, -2147483648, False])]
    for line, want in cases:
        name = s.token('w')
        deploy(a, b, name, *line)
        got = b.expect('worker-start', actor=local_part(a, name))['args']
        s.equal(len(got), 3, 'number of arguments')
        if want:
            s.equal(got, want, 'arguments')
        else:                                      # as they are here, after the same journey
            here = s.token('w')
            a.cmd(' '.join(['make', 'Worker', here, *line]))
            s.equal(got, a.expect('worker-start', actor='/user/deployer/' + here)['args'], 'arguments')
            a.cmd('stop-child ' + here)
        a.cmd('stop-child ' + name)


@scenario('DEP', 'an argument that no serializer takes: nothing is created, and the link lives', '')
def deploy_argument_without_serializer(s):
    a, b = s.pair()
    name = s.token('w')
    a.cmd('deploy Worker %s %s str:ok double:1.5' % (name, b.address))
    a.expect(ev=anyof('error', 'deployed'), name=name)
    other = s.token('w')
    deploy(a, b, other)
    b.expect('worker-start', actor=local_part(a, other))
    b.absent('worker-start', actor=local_part(a, name))
    a.cmd('stop-child ' + other)


@scenario('DEP', 'a name that is taken is refused, a name that was is free again after the stop', '')
def deploy_name_taken(s):
    a, b = s.pair()
    name = s.token('w')
    ref = started(a, b, name)
    n = a.here()
    a.cmd('deploy Worker %s %s' % (name, b.address))
    e = a.expect('error', since=n, what='deploy', name=name)
    s.check('InvalidActorName' in e['cause']['class'], 'class of the error %r' % e['cause'])
    s.equal(same_ask(a, ref, 'get'), 0, 'answer of the first')
    a.cmd('stop-child ' + name)
    gone(a, ref, addressTerminated=False)
    again = started(a, b, name)
    s.check(again != ref, 'a new uid')
    a.cmd('stop-child ' + name)


@scenario('DEP', 'messages sent right after the creation arrive, all and in their order')
def deploy_then_flood(s):
    a, b = s.pair()
    name, n = s.token('w'), 500
    a.cmd('deploy Worker %s %s' % (name, b.address))
    a.cmd('select /user/deployer/%s long:-1' % name)       # goes through the deployer's children
    ref = a.expect('deployed', name=name)['ref']
    a.cmd('numbered %s %d' % (ref, n))
    got = [e['value'] for e in b.expect_n(n, 'recv', actor=local_part(a, name), value=lambda v: v != -1)]
    s.equal(got, list(range(n)), 'order')
    a.expect_n(n, 'recv', sender=ref)
    a.cmd('stop-child ' + name)


@scenario('DEP', 'many children at once, a message to each, all stopped', timeout=60)
def deploy_many(s):
    a, b = s.pair()
    t, n = s.token('m'), 150
    a.cmds(['deploy Worker %s-%d %s long:%d' % (t, i, b.address, i) for i in range(n)])
    refs = [e['ref'] for e in a.expect_n(n, 'deployed', timeout=30, name=has(t + '-'))]
    got = b.expect_n(n, 'worker-start', timeout=30, actor=has(t + '-'))
    s.equal(sorted(e['args'][0] for e in got), list(range(n)), 'arguments')
    a.cmds(['tell %s hello' % r for r in refs])
    a.expect_n(n, 'recv', timeout=30, value=has(t + '-'))
    a.cmds(['stop-child %s-%d' % (t, i) for i in range(n)])
    b.expect_n(n, 'worker-stop', timeout=30, actor=has(t + '-'))
    a.expect_n(n, 'terminated-msg', timeout=30, by='/user/deployer', ref=has(t + '-'), addressTerminated=False)


# ---------------------------------------------------------------- supervision
@scenario('DEP', 'all-for-one over two nodes and a local child: one fails, all are restarted with fresh state', 'SupervisorHierarchySpec 1', timeout=60)
def all_for_one_restart(s):
    a, b, c = s.many(('x', '--all-for-one'), ('y',), ('y',))
    one, two = started(a, b, 'one'), started(a, c, 'two')
    a.cmd('make Worker here')
    here = a.expect('deployed', name='here')['ref']
    for r in (one, two, here):
        counted(a, r, 2)
    a.cmd('tell %s throw ouch' % two)
    a.expect('child-failed', child=two, decision='restart')
    for node, path in ((b, local_part(a, 'one')), (c, local_part(a, 'two')), (a, '/user/deployer/here')):
        node.expect('worker-prerestart', actor=path)
        node.expect('worker-postrestart', actor=path)
    for r in (one, two, here):
        s.equal(same_ask(a, r, 'get'), 0, 'state of ' + r)
    for node in (a, b, c):
        s.equal(len(node.find('worker-postrestart')), 1, 'restarts')
        node.absent('worker-stop')
    a.absent('terminated-msg', by='/user/deployer')


@scenario('DEP', 'all-for-one that stops: children on every node end, and the parent is told of each', 'SupervisorHierarchySpec 1', timeout=60)
def all_for_one_stop(s):
    a, b, c = s.many(('x', '--all-for-one'), ('y',), ('y',))
    a.cmd('strategy stop')
    refs = [started(a, b, 'one'), started(a, c, 'two'), started(a, b, 'three')]
    s.fence(a, b)
    s.fence(a, c)
    a.cmd('tell %s throw ouch' % refs[0])
    for r in refs:
        gone(a, r, addressTerminated=False)
    b.expect_n(2, 'worker-stop')
    c.expect('worker-stop', actor=local_part(a, 'two'))
    s.equal(len(a.find('child-failed')), 1, 'failures that were reported')


@scenario('DEP', 'all-for-one that resumes concerns the failed child alone', '', timeout=60)
def all_for_one_resume(s):
    a, b = s.both(('--all-for-one',))
    a.cmd('strategy resume')
    one, two = started(a, b, 'one'), started(a, b, 'two')
    counted(a, one, 1)
    counted(a, two, 1)
    a.cmd('tell %s throw ouch' % one)
    a.expect('child-failed', child=one, decision='resume')
    s.equal((same_ask(a, one, 'get'), same_ask(a, two, 'get')), (1, 1), 'state')
    b.absent('worker-prerestart')
    b.absent('worker-stop')


@scenario('DEP', 'the strategy may change between failures: resume, restart, stop', '')
def strategies_in_turn(s):
    a, b = s.both()
    ref = started(a, b, 'w')
    for decision, state in (('resume', 3), ('restart', 0), ('resume', 3)):
        k = a.here()
        a.cmd('strategy ' + decision)
        a.expect('ok', since=k, cmd='strategy', value=decision)
        have = same_ask(a, ref, 'get')
        counted_to = 3 - have
        for _ in range(counted_to):
            a.cmd('tell %s inc' % ref)
        n = a.here()
        a.cmd('tell %s throw again' % ref)
        a.expect('child-failed', since=n, child=ref, decision=decision)
        s.equal(same_ask(a, ref, 'get'), state, 'state after ' + decision)
    a.cmd('strategy stop')
    a.expect('ok', cmd='strategy', value='stop')
    s.fence(a, b)
    a.cmd('tell %s throw enough' % ref)
    gone(a, ref, addressTerminated=False)


@scenario('DEP', 'what waits in the mailbox of a failing remote child is handled after the restart; the failing message is not', '')
def restart_keeps_the_mailbox(s):
    a, b = s.pair()
    name, t = s.token('w'), s.token()
    ref = started(a, b, name)
    n = b.here()
    a.cmds(['tell %s inc' % ref, 'tell %s throw %s' % (ref, t), 'tell %s inc' % ref, 'tell %s inc' % ref, 'tell %s %s-x' % (ref, t)])
    b.expect('recv', actor=local_part(a, name), value=t + '-x')
    s.equal(same_ask(a, ref, 'get'), 2, 'state: only what came after the failure')
    s.equal(len(b.find('worker-postrestart', since=n, actor=local_part(a, name))), 1, 'restarts')
    a.cmd('stop-child ' + name)


@scenario('DEP', 'Kill fails a remote child: its parent decides, and it starts afresh', 'SupervisorSpec 14')
def kill_remote_child(s):
    a, b = s.pair()
    name = s.token('w')
    ref = started(a, b, name)
    counted(a, ref, 2)
    n = a.here()
    a.cmd('kill-ref ' + ref)
    a.expect('child-failed', since=n, child=ref, decision='restart')
    b.expect('worker-postrestart', actor=local_part(a, name))
    s.equal(same_ask(a, ref, 'get'), 0, 'state')
    a.cmd('stop-child ' + name)


@scenario('DEP', 'PoisonPill ends a remote child after what came before it', '')
def poison_remote_child(s):
    a, b = s.pair()
    name, t = s.token('w'), s.token()
    ref = started(a, b, name)
    s.fence(a, b)
    a.cmds(['tell %s %s-%d' % (ref, t, i) for i in range(5)] + ['poison-ref ' + ref, 'tell %s %s-late' % (ref, t)])
    b.expect_n(5, 'recv', actor=local_part(a, name), value=has(t))
    b.expect('worker-stop', actor=local_part(a, name))
    gone(a, ref, existenceConfirmed=True, addressTerminated=False)
    b.expect('deadletter', value=t + '-late')


@scenario('DEP', 'the child of a remote child fails: its own parent restarts it there, the creator hears nothing', '')
def grandchild_fails(s):
    a, b = s.pair()
    name = s.token('w')
    ref = started(a, b, name)
    a.cmd('tell %s child kid' % ref)
    kid = local_part(a, name) + '/kid'
    b.expect('worker-start', actor=kid)
    n = a.here()
    a.cmd('select /user/deployer/%s/kid throw small' % name)
    b.expect('worker-postrestart', actor=kid)
    s.equal(same_ask(a, '/user/deployer/%s/kid' % name, 'get'), 0, 'answer')
    s.equal(same_ask(a, ref, 'get'), 0, 'answer of its parent')
    a.absent('child-failed', since=n)
    a.cmd('stop-child ' + name)


@scenario('DEP', 'a remote child that keeps its own children through a restart: they are restarted with it', 'SupervisorSpec 16')
def restart_with_children(s):
    a, b = s.pair()
    name = s.token('w')
    ref = started(a, b, name)
    a.cmd('tell %s child kid' % ref)
    kid = local_part(a, name) + '/kid'
    b.expect('worker-start', actor=kid)
    a.cmd('select /user/deployer/%s/kid inc' % name)
    s.equal(same_ask(a, '/user/deployer/%s/kid' % name, 'get'), 1, 'state of the grandchild')
    a.cmd('tell %s throw both' % ref)
    b.expect('worker-postrestart', actor=local_part(a, name))
    b.expect('worker-postrestart', actor=kid)
    s.equal(same_ask(a, '/user/deployer/%s/kid' % name, 'get'), 0, 'state of the grandchild')
    a.cmd('stop-child ' + name)
    b.expect('worker-stop', actor=kid)
    b.expect('worker-stop', actor=local_part(a, name))


@scenario('DEP', 'a remote child stands still while it is suspended from afar, and goes on without loss', '')
def suspend_remote_child(s):
    a, b = s.pair()
    name, t = s.token('w'), s.token()
    ref = started(a, b, name)
    a.cmd('suspend ' + ref)
    s.fence(a, b)
    a.cmds(['tell %s %s-%d' % (ref, t, i) for i in range(3)])
    s.ping(a, b)
    b.absent('recv', actor=local_part(a, name), value=has(t))
    a.cmd('resume ' + ref)
    s.equal([e['value'] for e in b.expect_n(3, 'recv', actor=local_part(a, name), value=has(t))], ['%s-%d' % (t, i) for i in range(3)], 'messages')
    a.cmd('stop-child ' + name)


@scenario('DEP', 'the parent is stopped: its remote children end first', '')
def parent_stops(s):
    a, b = s.both()
    a.cmd('watchref ' + a.lookup('/user/deployer'))
    for n in ('one', 'two'):
        started(a, b, n)
    a.cmd('stop /user/deployer')
    b.expect_n(2, 'worker-stop')
    a.expect('terminated-msg', by='/user/watcher', existenceConfirmed=True)


@scenario('DEP', 'a third node watches a remote child, and is told of its end', '', timeout=60)
def third_node_watches(s):
    a, b, c = s.many(('x',), ('y',), ('x',))
    ref = started(a, b, 'w')
    c.cmd('watchref ' + ref)
    s.fence(c, b)
    c.cmd('tell %s from-c' % ref)
    b.expect('recv', actor=local_part(a, 'w'), value='from-c', sender=c.ref('/user/collector'))
    a.cmd('stop-child w')
    c.expect('terminated-msg', by='/user/watcher', ref=ref, existenceConfirmed=True, addressTerminated=False)


@scenario('DEP', 'a wildcard selection below the creator reaches its children on every node', 'ActorSelectionSpec 26', timeout=60)
def select_all_children(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    started(a, b, 'w1')
    started(a, c, 'w2')
    a.cmd('make Worker w3')
    a.expect('worker-start', actor='/user/deployer/w3')
    t = s.token()
    b.cmd('select %s %s' % (a.u('/user/deployer/w*'), t))
    for node, path in ((b, local_part(a, 'w1')), (c, local_part(a, 'w2')), (a, '/user/deployer/w3')):
        node.expect('recv', actor=path, value=t, sender=b.ref('/user/collector'))


# ---------------------------------------------------------------- children of children elsewhere
def nested(s):
    """w of a at b, its child kid at c, because b is configured so"""
    c = s.x(*QUICK_FD)
    b = s.y('--hocon', 'pekko.actor.deployment { "/deployer/*/kid" { remote = "%s" } }' % c.address, *QUICK_FD)
    a = s.x(*QUICK_FD)
    ref = started(a, b, 'w')
    a.cmd('tell %s child kid' % ref)
    path = '/remote/pekko.tcp/%s%s/kid' % (b.hostport if '@' in b.hostport else b.address.split('://')[1], local_part(a, 'w'))
    e = c.expect('worker-start', actor=path)
    s.equal(e['parent'], ref, 'parent')
    return a, b, c, ref, path


@scenario('DEP', 'the child of a remote child lives on a third node: found through all three, restarted by its parent, stopped with it', '', timeout=60)
def nested_deployment(s):
    a, b, c, ref, path = nested(s)
    t = s.token()
    a.cmd('select /user/deployer/w/kid ' + t)
    c.expect('recv', actor=path, value=t, sender=a.ref('/user/collector'))
    a.cmd('select /user/deployer/w/kid throw up')
    c.expect('worker-postrestart', actor=path)
    b.absent('worker-prerestart')
    a.cmd('stop-child w')
    c.expect('worker-stop', actor=path)
    b.expect('worker-stop', actor=local_part(a, 'w'))
    gone(a, ref, addressTerminated=False)


@scenario('DEP', 'the node in the middle crashes: the grandchild on the third node is stopped, the creator is told', '', timeout=90)
def nested_crash(s):
    a, b, c, ref, path = nested(s)
    time.sleep(1.2)
    b.kill()
    c.expect('worker-stop', timeout=30, actor=path)
    gone(a, ref, timeout=30, addressTerminated=True)


# ---------------------------------------------------------------- nodes that come back
def redeploy(s, wait, *options, linked=False):
    """the creator crashes and comes back at the same address; wait(b, path) says how long nothing happens between; linked: a
    node that was given up is gated for a while, so the new one greets until it is answered"""
    a, b = s.both(options, options)
    first = started(a, b, 'w')
    s.equal(same_ask(a, first, 'get'), 0, 'answer')
    time.sleep(1.2)
    a.kill()
    wait(b, local_part(a, 'w'))
    n = b.here()
    a = s.again(a)
    if linked:
        s.link(a, b, 30)
    a.cmd('deploy Worker w %s str:second' % b.address)
    second = a.expect('deployed', name='w')['ref']
    s.check(second != first, 'a new uid')
    b.expect('worker-start', since=n, timeout=25, actor=local_part(a, 'w'), args=['second'])
    b.expect_n(1, 'worker-stop', timeout=25, actor=local_part(a, 'w'))
    s.until(lambda: same_ask(a, second, 'get') == 0, what='an answer of the second child')
    s.equal(len(b.find('worker-stop')), 1, 'stops: the old one')


@scenario('DEP', 'the creator is replaced at once: its old child is stopped, the new one runs', 'RemoteReDeploymentSpec 1', timeout=90)
def redeploy_fast(s):
    redeploy(s, lambda b, path: None)


@scenario('DEP', 'the creator is replaced after a second: its old child is stopped, the new one runs', 'RemoteReDeploymentSpec 1', timeout=90)
def redeploy_medium(s):
    redeploy(s, lambda b, path: time.sleep(1))


@scenario('DEP', 'the creator is replaced after its loss was noticed: the old child is stopped before, the new one runs', 'RemoteReDeploymentSpec 1', timeout=90)
def redeploy_slow(s):
    def wait(b, path):
        b.expect('worker-stop', timeout=30, actor=path)
        time.sleep(3)       # its last tries to reach the old one: a simultaneous connect can leave two JVMs mute
    redeploy(s, wait, '--gate', '1s', *QUICK_FD, linked=True)


@scenario('DEP', 'the node of the children comes back: the parent, told of the loss, makes them anew under the same names', '', timeout=90)
def child_node_comes_back(s):
    a, b = s.both(('--gate', '1s') + QUICK_FD)
    old = started(a, b, 'w')
    s.equal(same_ask(a, old, 'get'), 0, 'answer')
    time.sleep(1.2)
    b.kill()
    gone(a, old, timeout=30, addressTerminated=True)
    b = s.again(b)
    s.link(a, b, 30)
    new = started(a, b, 'w', 'str:anew')
    s.check(new != old, 'a new uid')
    s.equal(same_ask(a, new, 'get'), 0, 'answer')
    t = s.token()
    a.cmd('tell %s %s' % (old, t))
    b.expect('deadletter', value=t)
    b.absent('recv', value=t)


@scenario('DEP', 'a node that is not there: the parent gets Terminated with address terminated, and the name is free', '', timeout=90)
def deploy_to_nowhere(s):
    a = s.x(*QUICK_FD)
    n = a.here()
    a.cmd('deploy Worker w pekko.tcp://Nobody@127.0.0.1:%d' % s.free_port())
    ref = a.expect('deployed', since=n, name='w')['ref']
    gone(a, ref, timeout=40, addressTerminated=True)
    s.until(lambda: _made_here(a), what='the name is free')


def _made_here(a):
    n = a.here()
    a.cmd('make Worker w')
    return a.expect(since=n, ev=anyof('deployed', 'error'), name='w')['ev'] == 'deployed'


# ---------------------------------------------------------------- configuration
@scenario('DEP', 'configuration that names the own address keeps a child here, whatever code says', 'RemoteRouterSpec 6', timeout=60)
def config_keeps_it_here(s):
    b = s.shared('y')
    name = s.token('Home')
    a = s.start('x', '--hocon', 'pekko.actor.deployment { "/deployer/*" { remote = "pekko://%s" } }' % name, name=name)
    a.cmd('deploy Worker w ' + b.address)
    a.expect('worker-start', actor='/user/deployer/w')
    s.check(a.ref('/user/deployer/w')(a.expect('deployed', name='w')['ref']), 'reference')


@scenario('DEP', 'the more exact key wins at each level, without going back', 'DeployerSpec 14,15; WildcardIndexSpec 2,3,4,7', timeout=60)
def config_priorities(s):
    b, c = s.many(('y',), ('y',))
    a = s.x('--hocon', '''pekko.actor.deployment {
        "/deployer/**" { remote = "%(b)s" }
        "/deployer/a*" { remote = "%(c)s" }
        "/deployer/alone" { dispatcher = "" }
        "/deployer/alone/kid" { remote = "%(c)s" }
        "/other/*" { remote = "%(c)s" }
      }''' % {'b': b.address, 'c': c.address})
    for name, node, path in (('other', b, local_part(a, 'other')), ('apple', c, local_part(a, 'apple')), ('alone', a, '/user/deployer/alone')):
        a.cmd('make Worker ' + name)
        node.expect('worker-start', actor=path)
    a.cmd('tell /user/deployer/alone child kid')
    c.expect('worker-start', actor=local_part(a, 'kid', '/user/deployer/alone'))
    a.cmd('tell /user/deployer/alone child other')         # "alone" is exact, so "**" is no more looked at there
    a.cmd('sleep 1')
    s.ping(a, b)
    s.check(a.find('worker-start', actor='/user/deployer/alone/other') or b.find('worker-start', actor=local_part(a, 'other', '/user/deployer/alone')), 'the other child was made')


@scenario('DEP', 'an address that cannot be read ends the start of the system', 'DeployerSpec 6', timeout=60)
def config_bad_address(s):
    a = s.start('x', '--hocon', 'pekko.actor.deployment { "/deployer/w" { remote = "no address" } }', wait=False)
    e = a.expect(timeout=60, ev=anyof('started', 'start-failed'))
    s.equal(e['ev'], 'start-failed', 'event')
    s.check(a.join() != 0, 'exit status')


@scenario('DEP', 'the configuration of the target node has the last word on where a child is made', '', timeout=60)
def target_config_moves_it_on(s):
    c = s.x()
    b = s.y('--hocon', 'pekko.actor.deployment { "/deployer/moved" { remote = "%s" } }' % c.address)
    a = s.x()
    ref = deploy(a, b, 'moved', 'str:x')
    path = '/remote/pekko.tcp/%s%s' % (b.address.split('://')[1], local_part(a, 'moved'))
    e = c.expect('worker-start', actor=path, args=['x'])
    s.check(a.ref('/user/deployer')(e['parent']), 'parent %r' % e['parent'])
    b.absent('worker-start')
    t = s.token()
    a.cmd('select /user/deployer/moved ' + t)
    c.expect('recv', actor=path, value=t, sender=a.ref('/user/collector'))
    a.cmd('stop-child moved')
    c.expect('worker-stop', actor=path)


# ---------------------------------------------------------------- the allow list
def refused(s, a, b, cls='Worker', name=None):
    name = name or s.token('w')
    n = b.here()
    ref = deploy(a, b, name, cls=cls)
    gone(a, ref, existenceConfirmed=False, addressTerminated=False)
    b.expect('log', since=n, level='ERROR', msg=has(cls))
    b.absent('worker-start', actor=local_part(a, name))
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    b.expect('deadletter', value=t)
    return ref


@scenario('SEC', 'allow list: an empty one refuses everything, a class is named whole, in the spelling with dots and in its case', 'RemoteDeploymentAllowListSpec 2', timeout=90)
def allow_list_spellings(s):
    a = s.shared('x')
    for text in ('', 'Worker', 'ukko.oracle.Actors$Worker', 'ukko.oracle.actors.worker', 'ukko.oracle.Actors.Work', 'ukko.oracle.Actors.*', WORKER + 's'):
        b = s.y('--hocon', 'pekko.remote.deployment { enable-allow-list = on, allowed-actor-classes = [%s] }' % ('"%s"' % text if text else ''))
        refused(s, a, b)
        b.kill()


@scenario('SEC', 'allow list: for a router it is the class of the routees that counts, for routees of a pool over nodes each is checked', 'RemoteDeploymentAllowListSpec 2', timeout=60)
def allow_list_routers(s):
    a, b = s.both((), ('--allow-list', WORKER))
    a.cmd('pool-at rr good 2 %s Worker' % b.address)
    b.expect_n(2, 'worker-start', actor=has(local_part(a, 'good')))
    n = b.here()
    a.cmd('pool-at rr bad 2 %s Echo' % b.address)
    ref = a.expect('deployed', name='bad')['ref']
    gone(a, ref, existenceConfirmed=False, addressTerminated=False)
    b.expect('log', since=n, level='ERROR', msg=has('Echo'))
    n = b.here()
    a.cmd('pool rr spread 2 %s Echo' % b.address)
    b.expect_n(2, 'log', since=n, level='ERROR', msg=has('Echo'))


@scenario('SEC', 'allow list: it is the list of the node where the actor would be, not of the creator', 'RemoteDeploymentAllowListSpec 1', timeout=60)
def allow_list_is_the_targets(s):
    a, b = s.both(('--allow-list', 'no.such.Class'), ())
    ref = started(a, b, 'w')
    s.equal(same_ask(a, ref, 'get'), 0, 'answer')
    refused(s, b, a)
