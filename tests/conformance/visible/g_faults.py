# SPDX-License-Identifier: Apache-2.0
"""Links under the test adapters of Pekko: throttled, silent, lossy, cut; injected on either side."""
import time
from conform import scenario, has, QUICK_FD, SLOW_FD

ADAPTERS = ('--hocon', 'pekko.remote.classic.netty.tcp.applied-adapters = [trttl, gremlin]')
G1 = ('--gate', '1s')


def fault(p, other, what):
    n = p.here()
    p.cmd('fault %s %s' % (other.address, what))
    p.expect('ok', since=n, cmd='fault')


@scenario('LINK', 'test adapters: the scheme of the addresses names them, and both sides talk', '')
def adapters_scheme(s):
    a, b = s.both(ADAPTERS, ADAPTERS)
    for p in (a, b):
        s.check(p.address.startswith('pekko.trttl.gremlin.tcp://'), 'address %s' % p.address)
    s.ping(a, b)
    s.ping(b, a)
    a.expect('lifecycle', kind='AssociatedEvent', local=a.address, remote=b.address)


@scenario('LINK', 'a link that is made silent for a while: what was sent meanwhile is lost, then it works on', 'AttemptSysMsgRedeliverySpec 1')
def adapters_blackhole(s):
    a, b = s.both(ADAPTERS, ADAPTERS)
    s.ping(a, b)
    for way in ('send', 'receive', 'both'):
        fault(a, b, 'blackhole ' + way)
        t = s.token()
        a.cmd('ask-ms 700 %s %s' % (b.u('/user/echo'), t))
        a.expect('reply', path=b.u('/user/echo'), error=lambda e: e and 'Timeout' in e['class'])
        fault(a, b, 'pass ' + way)
        s.ping(a, b)
        a.absent('lifecycle', kind='QuarantinedEvent')


@scenario('LINK', '300 numbered messages through a throttle arrive completely and in order, and not faster than it lets them', '')
def adapters_throttle(s):
    a, b = s.both(ADAPTERS, ADAPTERS)
    s.ping(a, b)
    s.reset(b)
    fault(a, b, 'throttle send 30000')
    t0 = time.monotonic()
    a.cmd('numbered %s 300' % b.u('/user/order'))
    def done():
        b.cmd('ask %s report' % b.u('/user/order'))
        n = b.here()
        v = b.expect('reply', path=b.u('/user/order'), since=n - 1)['value']
        return v if v.startswith('count=300 ') else None
    s.equal(s.until(done, 25, what='300 messages'), 'count=300 next=300 skipped=0 late=0 other=0', 'report')
    dt = time.monotonic() - t0
    s.check(dt > 0.8, '300 messages in %.1f s' % dt)   # each takes more than 100 bytes
    fault(a, b, 'pass send')
    s.ping(a, b)


@scenario('ACK', 'death watch over a link that loses a third of its frames: one notification for each actor', 'SystemMessageDeliveryStressTest 1', timeout=90)
def adapters_loss(s):
    quick = SLOW_FD + ('--hocon', 'pekko.remote.classic { resend-interval = 200ms, system-message-ack-piggyback-timeout = 100ms }')
    a, b = s.both(ADAPTERS + quick + G1, ADAPTERS + quick + G1)
    s.ping(a, b)
    refs = [b.spawn('Echo', 'w%d' % i) for i in range(30)]
    fault(a, b, 'loss 0.33 0.33')
    a.cmds(['watchref ' + r for r in refs])
    a.expect_n(30, 'watching', ref=lambda r: r in refs)
    time.sleep(1)
    for i in range(30):
        b.cmd('stop /user/w%d' % i)
    a.expect_n(30, 'terminated-msg', 60, ref=lambda r: r in refs)
    fault(a, b, 'loss 0 0')
    s.link(a, b)
    s.equal(len(a.find('terminated-msg')), 30, 'number of Terminated')
    s.check(not [e for e in a.find('terminated-msg') if e['addressTerminated']], 'wrong flags')
    for p in (a, b):
        p.absent('lifecycle', kind='QuarantinedEvent')


@scenario('WATCH', 'a watched node that has gone silent both ways is found by its missing heartbeats', 'RemoteWatcherSpec 2', timeout=60)
def adapters_silent_node(s):
    a, b = s.both(ADAPTERS + QUICK_FD, ADAPTERS + QUICK_FD)
    ref = b.lookup('/user/echo')
    a.cmd('watchref ' + ref)
    a.expect('watching', ref=ref)
    s.fence(a, b)
    time.sleep(1.5)
    fault(a, b, 'blackhole both')
    a.expect('terminated-msg', ref=ref, existenceConfirmed=False, addressTerminated=True)
    a.expect('lifecycle', kind='QuarantinedEvent', remote=b.address)
