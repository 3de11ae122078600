# SPDX-License-Identifier: Apache-2.0
"""Routers of every kind over the network: pools over nodes, pools that live elsewhere, groups of remote paths, nodes lost and found."""
import collections, re, time
from conform import scenario, has, refto, anyof, local_part, QUICK_FD

WORKER = 'ukko.oracle.Actors.Worker'
PATHS = ['/user/parent/c1', '/user/parent/c2', '/user/parent/c3']


def received(node, n, t, **fields):
    """who got the n messages whose text has t in it: {path: how many}"""
    return collections.Counter(e['actor'] for e in node.expect_n(n, 'recv', value=has(t), **fields))


def routees(a, name):
    n = a.here()
    a.cmd('routees /user/deployer/' + name)
    return a.expect('routees', since=n, path='/user/deployer/' + name)


def nodes_of(a, name):
    """{node address: number of routees there}"""
    return collections.Counter(p.split('/remote/')[0] for p in routees(a, name)['list'])


def many(a, name, n, t):
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(n)])


def made(a, line, name):
    n = a.here()
    a.cmd(line)
    e = a.expect(since=n, ev=anyof('deployed', 'error'), name=name)
    return e.get('ref')


# ---------------------------------------------------------------- pools over nodes
@scenario('ROUT', 'smallest-mailbox pool over two nodes: nothing is lost', '', timeout=60)
def pool_smallest(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool smallest NAME 4 %s,%s Worker' % (b.address, c.address), {b: 2, c: 2})
    t = s.token()
    many(a, name, 40, t)
    a.expect_n(40, 'recv', value=has(t))
    got = {e['value'] for node in (b, c) for e in node.find('recv', value=has(t))}
    s.equal(len(got), 40, 'distinct messages')


@scenario('ROUT', 'scatter-gather pool over two nodes: each routee is asked, the sender gets one answer', 'RemoteScatterGatherSpec 1', timeout=60)
def pool_scatter(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool scatter NAME 4 %s,%s Worker' % (b.address, c.address), {b: 2, c: 2})
    for _ in range(5):
        t = s.token()
        a.cmd('tell /user/deployer/%s %s' % (name, t))
        s.equal(sorted(len(received(node, 2, t)) for node in (b, c)), [2, 2], 'routees that were asked')
        a.expect('recv', actor='/user/collector', value=has(t))
    a.cmd('mark x')
    a.expect('mark', text='x')
    s.equal(len([e for e in a.find('recv', actor='/user/collector') if 'worker[' in str(e['value'])]), 5, 'answers')


@scenario('ROUT', 'scatter-gather pool: one node is mute, the answer comes from the other', 'RemoteScatterGatherSpec 1', timeout=60)
def pool_scatter_mute(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool scatter NAME 2 %s,%s Worker' % (b.address, c.address), {b: 1, c: 1})
    c.pause()
    try:
        t = s.token()
        a.cmd('tell /user/deployer/%s %s' % (name, t))
        e = a.expect('recv', actor='/user/collector', value=has(t))
        s.check(local_part(a, name + '/c1') in e['value'], 'answer %r' % e['value'])
    finally:
        c.pause(False)


@scenario('ROUT', 'tail-chopping pool over two nodes: an answer for each question, at least one routee asked', '', timeout=60)
def pool_tail(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool tail NAME 2 %s,%s Worker' % (b.address, c.address), {b: 1, c: 1})
    t = s.token()
    for i in range(8):
        a.cmd('tell /user/deployer/%s %s-%d' % (name, t, i))
        a.expect('recv', actor='/user/collector', value=has('%s-%d"' % (t, i)))


@scenario('ROUT', 'tail-chopping pool: a mute node is passed over after its time', '', timeout=60)
def pool_tail_mute(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool tail NAME 2 %s,%s Worker' % (b.address, c.address), {b: 1, c: 1})
    c.pause()
    try:
        for i in range(6):
            t = s.token()
            a.cmd('tell /user/deployer/%s %s' % (name, t))
            e = a.expect('recv', actor='/user/collector', value=has(t))
            s.check(local_part(a, name + '/c1') in e['value'], 'answer %r' % e['value'])
    finally:
        c.pause(False)


@scenario('ROUT', 'consistent hashing over two nodes: one key, one routee; many keys, all routees; without a key none', 'ConsistentHashingSpec 21', timeout=60)
def pool_hash(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool hash NAME 4 %s,%s Worker' % (b.address, c.address), {b: 2, c: 2})
    t, where = s.token(), {}
    for round_ in range(2):  # the share of a routee can be as small as a hundredth, as names and ports make the ring
        for k in range(600):
            a.cmd('hashed /user/deployer/%s key-%d %s-%d-%d' % (name, k, t, round_, k))
    for e in a.expect_n(1200, 'recv', actor='/user/collector', value=has(t)):
        _, k = re.search(t + r'-(\d+)-(\d+)"', e['value']).groups()
        where.setdefault(k, set()).add(e['sender'])
    s.check(all(len(v) == 1 for v in where.values()), 'a key with two routees')
    s.equal(len({x for v in where.values() for x in v}), 4, 'routees that got something')
    n = a.here()
    a.cmd('tell /user/deployer/%s %s-nokey' % (name, t))
    a.expect('log', since=n, level='WARN', msg=has('ConsistentHashable'))
    for node in (b, c):
        s.ping(a, node)
        node.absent('recv', value=has(t + '-nokey'))


@scenario('ROUT', 'consistent hashing: both systems have the same ring over the same remote paths, for texts, numbers, bytes and objects', 'RemoteConsistentHashingRouterSpec 1', timeout=60)
def same_ring(s):
    a, b = s.pair()
    name = s.token('ring')
    paths = ','.join(p.u('/user/parent/' + c) for p in (a, b) for c in ('c1', 'c2', 'c3'))
    for p in (a, b):
        made(p, 'group hash %s %s' % (name, paths), name)
    keys = ['str:k%d' % i for i in range(40)] + ['str:gr\u00f6\u00dfe', 'str:\u4f60\u597d', 'str:\U0001f600x', 'str:'] + ['int:%d' % (i * 7919) for i in range(-6, 6)] + \
           ['long:%d' % (i * 10 ** 12 + 1) for i in range(-4, 5)] + ['bytes:00ff%02x' % i for i in range(8)] + ['bool:true', 'bool:false'] + \
           ['some:str:k%d' % i for i in range(8)] + ['none', 'done', 'bstr:00ff7f', 'address:pekko.tcp://S@h:1'] + ['json:text-%d,%d' % (i, i) for i in range(8)] + ['cbor:x,1', 'proto:x', 'opt:long:5', 'failure:x', 'replyok:str:x']
    where = []
    for p in (a, b):
        t = s.token()
        n = {q: q.here() for q in (a, b)}
        p.cmds(['hashed /user/deployer/%s %s %s-%d' % (name, k, t, i) for i, k in enumerate(keys)])
        p.expect_n(len(keys), 'recv', since=n[p], actor='/user/collector', value=has('/user/parent/'))
        got = {}
        for q in (a, b):
            for e in q.find('recv', since=n[q], value=has(t)):
                got[int(e['value'].rsplit('-', 1)[1])] = q.address + e['actor']
        where.append([got.get(i) for i in range(len(keys))])
        p.cmd('stop-child ' + name)
    for k, x, y in zip(keys, *where):
        s.equal(x, y, 'routee of ' + k)
    s.check(len(set(where[0])) > 3, 'only %d routees got something' % len(set(where[0])))


# ---------------------------------------------------------------- size
@scenario('ROUT', 'AdjustPoolSize: new routees go on with numbers and nodes, fewer are taken from the end', 'RemoteRouterSpec 3', timeout=60)
def pool_adjust(s):
    a, b, c = s.many(('x',), ('y',), ('y',))
    name, _ = s.router(a, 'pool rr NAME 2 %s,%s Worker' % (b.address, c.address), {b: 1, c: 1})
    a.cmd('adjust /user/deployer/%s 3' % name)
    for i, node in ((3, b), (4, c), (5, b)):
        node.expect('worker-start', actor=local_part(a, name + '/c%d' % i))
    s.equal(nodes_of(a, name), {b.address: 3, c.address: 2}, 'routees by node')
    a.cmd('adjust /user/deployer/%s -2' % name)
    s.until(lambda: routees(a, name)['count'] == 3, what='fewer routees')
    c.expect('worker-stop', actor=local_part(a, name + '/c4'))
    b.expect('worker-stop', actor=local_part(a, name + '/c5'))
    a.cmd('adjust /user/deployer/%s 1' % name)
    c.expect('worker-start', actor=local_part(a, name + '/c6'))     # numbers and turns are never taken back
    s.equal(nodes_of(a, name), {b.address: 2, c.address: 2}, 'routees by node')     # the router knows it, too
    t = s.token()
    many(a, name, 8, t)
    s.equal(received(b, 4, t), {local_part(a, name + '/c1'): 2, local_part(a, name + '/c3'): 2}, 'messages at the first node')
    s.equal(received(c, 4, t), {local_part(a, name + '/c2'): 2, local_part(a, name + '/c6'): 2}, 'messages at the second node')


@scenario('ROUT', 'a resizer from configuration fills a pool over nodes to its lower bound', 'RemoteRoundRobinSpec 2', timeout=60)
def pool_resizer(s):
    b, c = s.many(('y',), ('y',))
    a = s.x('--hocon', '''pekko.actor.deployment { "/deployer/p*" { router = round-robin-pool, nr-of-instances = 1, target.nodes = ["%s", "%s"]
        resizer { enabled = on, lower-bound = 4, upper-bound = 6, messages-per-resize = 10 } } }''' % (b.address, c.address))
    name, _ = s.router(a, 'make-router NAME Worker', {b: 2, c: 2})
    t = s.token()
    many(a, name, 8, t)
    for node, r in ((b, ('c1', 'c3')), (c, ('c2', 'c4'))):
        s.equal(received(node, 4, t), {local_part(a, '%s/%s' % (name, x)): 2 for x in r}, 'messages')


@scenario('ROUT', 'AddRoutee and RemoveRoutee with actors of another node', 'RoundRobinSpec 4', timeout=60)
def add_remove_routee(s):
    a, b = s.pair()
    one, two = b.lookup('/user/parent/c1'), b.lookup('/user/parent/c2')
    name, t = s.token('g'), s.token()
    made(a, 'group rr %s %s' % (name, b.u('/user/parent/c3')), name)
    a.cmds(['add-routee /user/deployer/%s %s' % (name, r) for r in (one, two)])
    s.until(lambda: routees(a, name)['count'] == 3, what='three routees')
    many(a, name, 6, t)
    s.equal(received(b, 6, t), {p: 2 for p in PATHS}, 'messages')
    a.cmd('remove-routee /user/deployer/%s %s' % (name, two))
    s.until(lambda: routees(a, name)['count'] == 2, what='two routees')
    t = s.token()
    many(a, name, 4, t)
    s.equal(received(b, 4, t), {PATHS[0]: 2, PATHS[2]: 2}, 'messages')
    a.expect_n(10, 'recv', actor='/user/collector', value=has('/user/parent/'))
    a.cmd('stop-child ' + name)


# ---------------------------------------------------------------- failing routees
@scenario('ROUT', 'a failing remote routee: the failure goes through the router to its parent; a restart restarts all routees, under the same names', 'RoutingSpec 1; RemoteRouterSpec 9', timeout=60)
def routee_fails(s):
    a, b = s.both()
    name, ref = s.router(a, 'pool rr NAME 2 %s Worker' % b.address, {b: 2})
    one = next(r for r in routees(a, name)['list'] if '/c1#' in r)
    a.cmds(['tell %s inc' % one] * 2)
    n = b.here()
    a.cmd('tell %s throw ouch' % one)
    a.expect('child-failed', child=ref, decision='restart')
    for r in ('c1', 'c2'):
        b.expect('worker-postrestart', since=n, actor=local_part(a, '%s/%s' % (name, r)))
    m = a.here()
    a.cmd('ask-ref %s get' % one)
    s.equal(a.expect('reply', since=m, path=one)['value'], 0, 'state of the routee, same reference')
    b.absent('worker-stop')
    t = s.token()
    many(a, name, 4, t)
    s.equal(received(b, 4, t), {local_part(a, name + '/c1'): 2, local_part(a, name + '/c2'): 2}, 'messages')


@scenario('ROUT', 'a failing remote routee whose router is resumed keeps its state', 'RoutingSpec 1', timeout=60)
def routee_resumed(s):
    a, b = s.both()
    a.cmd('strategy resume')
    a.expect('ok', cmd='strategy', value='resume')
    name, ref = s.router(a, 'pool rr NAME 1 %s Worker' % b.address, {b: 1})
    one = routees(a, name)['list'][0]
    a.cmds(['tell %s inc' % one] * 2 + ['tell %s throw ouch' % one])
    a.expect('child-failed', child=ref, decision='resume')
    m = a.here()
    a.cmd('ask-ref %s get' % one)
    s.equal(a.expect('reply', since=m, path=one)['value'], 2, 'state of the routee')
    b.absent('worker-prerestart')


@scenario('ROUT', 'the last remote routee ends: so does the pool', 'RoutingSpec 1', timeout=60)
def last_routee_stops(s):
    a, b = s.both()
    name, ref = s.router(a, 'pool rr NAME 2 %s Worker' % b.address, {b: 2})
    s.fence(a, b)
    a.cmd('broadcast /user/deployer/%s stop' % name)
    b.expect_n(2, 'worker-stop', actor=has(name))
    a.expect('terminated-msg', by='/user/deployer', ref=ref, addressTerminated=False)


# ---------------------------------------------------------------- nodes that are lost
@scenario('ROUT', 'a node of a pool crashes: its routees leave the pool, the others do the work; it comes back and the pool grows over it again', '', timeout=90)
def node_lost_and_found(s):
    a, b, c = s.many(('x', '--gate', '1s') + QUICK_FD, ('y',) + QUICK_FD, ('y',) + QUICK_FD)
    name, _ = s.router(a, 'pool rr NAME 4 %s,%s Worker' % (b.address, c.address), {b: 2, c: 2})
    time.sleep(1.2)
    c.kill()
    s.until(lambda: nodes_of(a, name) == {b.address: 2}, timeout=30, what='only the routees of the node that lives')
    t = s.token()
    many(a, name, 10, t)
    s.equal(received(b, 10, t), {local_part(a, name + '/c1'): 5, local_part(a, name + '/c3'): 5}, 'messages')
    c = s.again(c)
    s.link(a, c, 30)
    a.cmd('adjust /user/deployer/%s 2' % name)
    b.expect('worker-start', actor=local_part(a, name + '/c5'))
    c.expect('worker-start', actor=local_part(a, name + '/c6'))
    s.until(lambda: nodes_of(a, name) == {b.address: 3, c.address: 1}, what='routees on both nodes')
    t = s.token()
    many(a, name, 8, t)
    s.equal(received(c, 2, t), {local_part(a, name + '/c6'): 2}, 'messages at the node that came back')
    s.equal(len(received(b, 6, t)), 3, 'routees at the other')


@scenario('ROUT', 'a group keeps its remote paths while their node is away: they work again when it is back', '', timeout=90)
def group_node_returns(s):
    a, b, c = s.many(('x', '--gate', '1s'), ('y',), ('y',))
    made(a, 'group rr g %s,%s' % (b.u(PATHS[0]), c.u(PATHS[0])), 'g')
    t = s.token()
    many(a, 'g', 4, t)
    for node in (b, c):
        s.equal(received(node, 2, t), {PATHS[0]: 2}, 'messages')
    c.kill()
    s.equal(routees(a, 'g')['count'], 2, 'routees')
    c = s.again(c)
    s.link(a, c, 30)
    t = s.token()
    many(a, 'g', 4, t)
    for node in (b, c):
        s.equal(received(node, 2, t), {PATHS[0]: 2}, 'messages')


# ---------------------------------------------------------------- the router elsewhere
@scenario('ROUT', 'pools of every kind that can travel are made whole on the other node', 'RemoteRouterSpec 4,5', timeout=60)
def pools_elsewhere(s):
    a, b = s.pair()
    for kind, all_ in (('rr', False), ('random', False), ('broadcast', True), ('balancing', False), ('scatter', True), ('tail', None)):
        name, t = s.token('p'), s.token()
        ref = made(a, 'pool-at %s %s 3 %s Worker str:%s' % (kind, name, b.address, kind), name)
        s.check(ref and refto(b.address + local_part(a, name))(ref), '%s: reference %r' % (kind, ref))
        got = b.expect_n(3, 'worker-start', actor=has(local_part(a, name)))
        s.check(all(re.fullmatch(re.escape(local_part(a, name)) + r'/\$[a-c]', e['actor']) and e['args'] == [kind] for e in got), '%s: routees %r' % (kind, got))
        a.cmd('tell %s %s' % (ref, t))
        a.expect('recv', actor='/user/collector', value=has(t))
        if all_ is not None:
            b.expect_n(3 if all_ else 1, 'recv', value=t)
        a.cmd('stop-child ' + name)
        b.expect_n(3, 'worker-stop', actor=has(local_part(a, name)))
        a.expect('terminated-msg', by='/user/deployer', ref=ref, addressTerminated=False)


@scenario('ROUT', 'a router that configuration puts on the other node, with its number of routees', 'RemoteRouterSpec 4', timeout=60)
def router_elsewhere_by_config(s):
    b = s.shared('y')
    a = s.x('--hocon', 'pekko.actor.deployment { "/deployer/r" { router = round-robin-pool, nr-of-instances = 2, remote = "%s" }, '
            '"/deployer/b" { router = broadcast-pool, nr-of-instances = 3, remote = "%s" } }' % (b.address, b.address))
    ref = made(a, 'make-router r Worker str:x', 'r')
    s.check(refto(b.address + local_part(a, 'r'))(ref), 'reference %r' % ref)
    got = b.expect_n(2, 'worker-start', actor=has(local_part(a, 'r')), args=['x'])
    t = s.token()
    many(a, 'r', 4, t)
    s.equal(received(b, 4, t), {e['actor']: 2 for e in got}, 'messages')
    made(a, 'pool rr b 9 - Worker', 'b')                     # configuration beats code: three, and broadcast
    b.expect_n(3, 'worker-start', actor=has(local_part(a, 'b')))
    t = s.token()
    many(a, 'b', 1, t)
    s.equal(len(received(b, 3, t)), 3, 'routees that got it')


@scenario('ROUT', 'the configuration of the target node has the last word on a router that is made there', 'RemoteRouterSpec 8', timeout=60)
def router_config_of_target(s):
    b = s.y('--hocon', 'pekko.actor.deployment { "/deployer/twice" { router = round-robin-pool, nr-of-instances = 4 } }')
    a = s.x()
    made(a, 'pool-at random twice 2 %s Worker' % b.address, 'twice')
    got = b.expect_n(4, 'worker-start', actor=has(local_part(a, 'twice')))
    t = s.token()
    many(a, 'twice', 8, t)
    s.equal(received(b, 8, t), {e['actor']: 2 for e in got}, 'messages: in turn')


@scenario('ROUT', 'a router on another node whose routee fails: its parent decides, all routees there start afresh', '', timeout=60)
def router_elsewhere_fails(s):
    a, b = s.pair()
    name = s.token('p')
    ref = made(a, 'pool-at rr %s 2 %s Worker' % (name, b.address), name)
    b.expect_n(2, 'worker-start', actor=has(local_part(a, name)))
    n = a.here()
    a.cmd('tell %s throw ouch' % ref)
    a.expect('child-failed', since=n, child=ref, decision='restart')
    b.expect_n(2, 'worker-postrestart', actor=has(local_part(a, name)))
    t = s.token()
    many(a, name, 4, t)
    s.equal(sorted(received(b, 4, t).values()), [2, 2], 'messages')
    a.expect_n(4, 'recv', actor='/user/collector', value=has(t))
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'a pool over nodes is made by a node that was itself told to make the router: routees on a third', '', timeout=60)
def router_elsewhere_over_nodes(s):
    c = s.x()
    b = s.y('--hocon', 'pekko.actor.deployment { "/deployer/far" { router = round-robin-pool, nr-of-instances = 2, target.nodes = ["%s"] } }' % c.address)
    a = s.x()
    made(a, 'pool-at rr far 1 %s Worker' % b.address, 'far')
    path = '/remote/pekko.tcp/%s%s' % (b.address.split('://')[1], local_part(a, 'far'))
    for r in ('c1', 'c2'):
        c.expect('worker-start', actor=path + '/' + r)


# ---------------------------------------------------------------- groups
@scenario('ROUT', 'groups of every kind over remote paths', 'RemoteRoundRobinSpec 3; ScatterGatherSpec 13,14', timeout=60)
def groups_remote(s):
    a, b = s.pair()
    for kind in ('rr', 'random', 'broadcast', 'scatter', 'tail'):
        name, t = s.token('g'), s.token()
        made(a, 'group %s %s %s' % (kind, name, ','.join(b.u(p) for p in PATHS)), name)
        n = a.here()
        many(a, name, 30, t)
        if kind == 'rr':
            s.equal(received(b, 30, t), {p: 10 for p in PATHS}, 'messages')
        elif kind == 'random':
            s.equal(set(received(b, 30, t)), set(PATHS), 'routees that got something')
        elif kind != 'tail':
            s.equal(received(b, 90, t), {p: 30 for p in PATHS}, kind + ': messages')
        a.expect_n(90 if kind == 'broadcast' else 30, 'recv', since=n, actor='/user/collector', value=has('/user/parent/'))
        a.cmd('stop-child ' + name)


@scenario('ROUT', 'a group whose remote paths have wildcards: each match gets the message', '', timeout=60)
def group_wildcards(s):
    a, b = s.pair()
    name, t = s.token('g'), s.token()
    made(a, 'group rr %s %s,%s' % (name, b.u('/user/parent/c*'), b.u('/user/*/other')), name)
    n = a.here()
    many(a, name, 4, t)
    s.equal(received(b, 8, t), {**{p: 2 for p in PATHS}, '/user/parent/other': 2}, 'messages')
    a.expect_n(8, 'recv', since=n, actor='/user/collector', value=has('/user/parent/'))
    s.equal(sorted(routees(a, name)['list']), sorted([b.u('/user/parent/c*'), b.u('/user/*/other')]), 'routees')
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'a group from configuration over actors of two nodes; code that asks for a pool yields', 'ConfiguredLocalRoutingSpec 1', timeout=60)
def group_from_config(s):
    b, c = s.shared('y'), s.shared('x')
    a = s.x('--hocon', '''pekko.actor.deployment { "/deployer/g" { router = round-robin-group, routees.paths = ["%s", "%s"] }
        "/deployer/over" { router = broadcast-group, routees.paths = ["%s"] } }''' % (b.u(PATHS[0]), c.u(PATHS[1]), b.u(PATHS[2])))
    made(a, 'make-group g', 'g')
    t = s.token()
    many(a, 'g', 6, t)
    s.equal(received(b, 3, t), {PATHS[0]: 3}, 'messages')
    s.equal(received(c, 3, t), {PATHS[1]: 3}, 'messages')
    made(a, 'pool rr over 3 - Worker', 'over')
    t = s.token()
    many(a, 'over', 1, t)
    s.equal(received(b, 1, t), {PATHS[2]: 1}, 'messages')
    a.absent('worker-start')


@scenario('ROUT', 'a message in Broadcast reaches every routee of every kind; one that a router answers alone stays with the router', '', timeout=60)
def broadcast_through_all(s):
    a, b = s.pair()
    for kind in ('rr', 'random', 'smallest', 'hash'):
        name, ref = s.router(a, 'pool %s NAME 3 %s Worker' % (kind, b.address), {b: 3})
        t = s.token()
        a.cmd('broadcast /user/deployer/%s %s' % (name, t))
        s.equal(received(b, 3, t), {local_part(a, '%s/c%d' % (name, i)): 1 for i in (1, 2, 3)}, kind + ': messages')
        a.expect_n(3, 'recv', actor='/user/collector', value=has(t))
        a.cmd('stop-child ' + name)
        a.expect('terminated-msg', by='/user/deployer', ref=ref)
