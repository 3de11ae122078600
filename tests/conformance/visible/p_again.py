# SPDX-License-Identifier: Apache-2.0
"""Orders and watches in a row: over links that are cut again and again, without passive connections, to incarnations that come and go."""
from conform import scenario, has, local_part, same_ask, SLOW_FD, started, gone, anew

G1 = ('--gate', '1s')
TERMINATED = 'terminated-msg'
NO_BEAT = ('--hocon', 'pekko.remote.watch-failure-detector { heartbeat-interval = 60s, acceptable-heartbeat-pause = 120s }')
NO_PASSIVE = ('--hocon', 'pekko.remote.classic.use-passive-connections = off')


@scenario('SUP', 'what fails below a remote child is logged at its own node, with the local form of its path there', '', timeout=60)
def logged_where_it_failed(s):
    a, b = s.both()
    ref = started(a, b, 'w')
    a.cmd('tell %s child kid' % ref)
    b.expect('worker-start', actor=local_part(a, 'w') + '/kid')
    n = b.here()
    a.cmd('select /user/deployer/w/kid throw kaputt')
    e = b.expect('log', since=n, level='ERROR', msg='kaputt')
    s.equal(e['source'], 'pekko://%s%s/kid' % (b.name, local_part(a, 'w')), 'source')
    n = b.here()
    a.cmd('kill-ref %s' % a.lookup('/user/deployer/w/kid'))
    b.expect('log', since=n, level='ERROR', msg='Kill')
    b.expect('worker-stop', actor=local_part(a, 'w') + '/kid')


@scenario('WATCH', 'the node of the watcher leaves in order before the watched actor ends; its next incarnation watches afresh', 'RemoteNodeShutdownAndComesBackSpec 1', timeout=60)
def watcher_node_leaves(s):
    a, b = s.both(G1, G1)
    ref = b.spawn('Collector', 'one')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    a.terminate()
    a.expect('terminated')
    b.cmds(['watchref ' + ref, 'stop ' + ref])
    b.expect(TERMINATED, ref=ref)
    a2 = s.again(a)
    s.link(a2, b)
    ref2 = anew(s, b, 'Collector', 'one')
    a2.cmd('watchref ' + ref2)
    s.fence(a2, b)
    b.cmd('stop ' + ref2)                                  # a JVM keeps what it has resolved of a path
    a2.expect(TERMINATED, ref=ref2, addressTerminated=False)
    b.absent('lifecycle', kind='QuarantinedEvent')


@scenario('WATCH', 'of a node that is quarantined those watches are answered at once that it has not acknowledged, and those made later; the others are not', 'RemoteQuarantinePiercingSpec 1', timeout=60)
def unacked_watch_in_quarantine(s):
    b, px = s.proxied('y', *NO_BEAT, *G1)
    a = s.x(*NO_BEAT, *G1)
    r1, r2 = b.spawn('Echo', 'one'), b.spawn('Echo', 'two')
    a.cmd('watchref ' + r1)
    s.fence(a, b)
    s.until(lambda: [f for f in px.frames(dir='s2c') if f.get('ack', -1) >= 1], what='acks')
    px.blackhole('s2c')
    a.cmd('watchref ' + r2)
    px.frame(dir='c2s', system='Watch', to=r2)
    a.cmd('quarantine %s %d' % (b.address, b.uid))
    a.expect('lifecycle', kind='QuarantinedEvent')
    a.expect(TERMINATED, ref=r2, existenceConfirmed=False, addressTerminated=False)
    a.absent(TERMINATED, ref=r1)
    px.blackhole()
    r3 = b.u('/user/x#77')
    a.cmd('watchref ' + r3)
    a.expect(TERMINATED, ref=r3, existenceConfirmed=False, addressTerminated=False)


@scenario('SUP', 'orders to suspend, restart and resume in a row are obeyed in their order', 'SystemMessageSerializationSpec 2', timeout=60)
def orders_in_a_row(s):
    a, b = s.both()
    ref = b.lookup('/user/failing')
    n = b.here()
    a.cmds(['suspend ' + ref, 'restart ' + ref, 'suspend ' + ref, 'restart ' + ref, 'suspend ' + ref, 'resume ' + ref])
    b.expect_n(2, 'postrestart', since=n, actor='/user/failing')
    t = s.token()
    a.cmd('tell %s %s' % (ref, t))
    a.expect('recv', value=t, sender=ref)
    e = b.find('prerestart', since=n)[0]
    s.check('restarted by command' in e['cause']['message'], '%r' % e)


@scenario('ACK', 'two incarnations in a row go with watches that they have not acknowledged: each is answered, the third one works', 'RemoteNodeShutdownAndComesBackSpec 1', timeout=60)
def two_incarnations(s):
    b, px = s.proxied('y', *G1)
    a = s.x(*G1, *SLOW_FD)
    s.ping(a, b)
    for life in range(2):
        old = b.spawn('Echo', 'one')
        px.blackhole('c2s')
        a.cmd('watchref ' + old)
        px.frame(dir='c2s', system='Watch', to=old)
        b.kill()
        px.blackhole()
        b = s.start(b.side, *b.args, name=b.name, port=px.port)
        s.link(a, b, 25)
        a.expect(TERMINATED, 25, ref=old, existenceConfirmed=False, addressTerminated=False)
    ref = b.spawn('Echo', 'one')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    b.cmd('stop /user/one')
    a.expect(TERMINATED, ref=ref, addressTerminated=False)
    a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', 'a link that is cut fifteen times: it comes back each time, and a watch has outlived it all', 'TransportFailSpec 1', timeout=60)
def many_cuts(s):
    b, px = s.proxied('y', '--gate', '100ms')
    a = s.x('--gate', '100ms')
    ref = b.spawn('Echo', 'one')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    for i in range(15):
        px.cut()
        s.link(a, b)
    s.fence(a, b)
    a.absent(TERMINATED, ref=ref)
    b.cmd('stop /user/one')
    a.expect(TERMINATED, ref=ref, addressTerminated=False)
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', 'without passive connections: watch, the end of a node, its next incarnation, deployment', '', timeout=60)
def no_passive_restart(s):
    a, b = s.both(NO_PASSIVE + G1, NO_PASSIVE + G1)
    s.link(a, b)
    s.link(b, a)
    ref = b.spawn('Echo', 'one')
    a.cmd('watchref ' + ref)
    s.fence(a, b)
    b.cmd('stop /user/one')
    a.expect(TERMINATED, ref=ref, addressTerminated=False)
    b.kill()
    b = s.again(b)
    s.link(b, a)
    s.link(a, b)
    w = started(a, b, 'w')
    a.cmd('tell %s stop' % w)
    gone(a, w, addressTerminated=False)
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


@scenario('DEP', 'without passive connections: a remote child fails, is restarted and stopped, and its creator ends in order', '', timeout=60)
def no_passive_deploy(s):
    a, b = s.both(NO_PASSIVE + G1, NO_PASSIVE + G1)
    ref = started(a, b, 'w')
    for i in range(3):
        a.cmd('tell %s throw no%d' % (ref, i))
        b.expect_n(i + 1, 'worker-postrestart')
    s.equal(same_ask(a, ref, 'get'), 0)
    a.cmd('stop-child w')
    gone(a, ref, addressTerminated=False)
    a.terminate()
    a.expect('terminated')
    s.equal(a.join(), 0)


@scenario('ROUT', 'a router is killed: its parent decides, its remote routees are restarted with it', 'RoutingSpec 1', timeout=60)
def router_killed(s):
    a, b = s.both()
    name, ref = s.router(a, 'pool rr NAME 2 %s Worker' % b.address, {b: 2})
    n = b.here()
    a.cmd('kill-ref ' + ref)
    a.expect('child-failed', child=ref, decision='restart')
    t = s.token()
    b.expect_n(2, 'worker-postrestart', since=n, actor=has(name))
    a.cmds(['tell /user/deployer/%s %s-%d' % (name, t, i) for i in range(4)])
    b.expect_n(4, 'recv', value=has(t))
    b.absent('worker-stop')
