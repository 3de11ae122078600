#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger of tests/soak accepts the losses that its rules allow and names those that they do not."""
import os, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'soak'))
sys.dont_write_bytecode = True
from ledger import Stream, ended, refused, settle
from wire import Connection


def connection(numbers, broken=None):
    """what came by, a number a second"""
    c = Connection('u', {})
    c.seen['u'] = [(0, n, float(n)) for n in numbers]
    c.broken = broken
    return c


def stream(sent, got, dead=(), died=None):
    s = Stream('u', 0)
    s.sent = {n: float(n) for n in range(sent)}
    s.order = list(got)
    s.got.update(s.order)
    s.dead = {n: 'gated' for n in dead}
    s.died = died
    return s


CASES = {
    'all delivered': (stream(5, range(5)), [connection(range(5))], None),
    'a tail of a connection that broke': (stream(8, [0, 1, 6, 7], [4, 5]), [connection(range(4), 3.5), connection([6, 7])], None),
    'a hole in a connection that broke': (stream(5, [0, 2, 3, 4]), [connection(range(5), 5.0)], 'behind it'),
    'a tail of a connection that did not break': (stream(5, range(4)), [connection(range(5))], 'did not break'),
    'in the socket of a connection that broke': (stream(8, [0, 1, 5, 6, 7]), [connection([0, 1], 4.5), connection([5, 6, 7])], None),
    'never on a wire that did not break': (stream(5, [0, 1, 4]), [connection([0, 1, 4])], 'without a trace'),
    'written before the sender noticed': (stream(8, [0, 1, 2, 5, 6, 7], [4]), [connection([0, 1, 2], 2.7), connection([5, 6, 7])], None),
    'written when it had to know': (stream(8, [0, 1, 2, 5, 6, 7], [4]), [connection([0, 1, 2], 2.3), connection([5, 6, 7])], 'without a trace'),
    'two runs and one break': (stream(9, [0, 3, 4, 8], [2, 6]), [connection([0], 8.0), connection([3, 4]), connection([8])], 'without a trace'),
    'a break before the message was sent': (stream(9, [0, 1, 2, 3, 8]), [connection([0, 1], 1.5), connection([2, 3, 8])], 'without a trace'),
    'with the process': (stream(5, [0, 1], died=2.0), [connection([0, 1])], None),
    'delivered twice': (stream(2, [0, 1, 1]), [connection([0, 1])], '2 times'),
    'out of order': (stream(3, [0, 2, 1]), [connection([0, 1, 2])], 'behind 2'),
    'delivered and dead': (stream(2, [0, 1], [1]), [connection([0, 1])], 'is a dead letter'),
}


SETUP = {
    'a command that was refused': (refused([('U', [{'ev': 'spawned'}, {'ev': 'error', 'cmd': 'spawn Echo w1', 'cause': 'no such class'}])]), 'U did not carry out "spawn Echo w1": no such class'),
    'none was refused': (refused([('U', [{'ev': 'spawned'}]), ('J', [])]), None),
    'a node that ended by itself': (ended([('U', -11, ['a', 'Segmentation fault'])]), 'U has ended by itself, status -11: a | Segmentation fault'),
    'nodes that live': (ended([('U', None, []), ('J', None, ['warning'])]), None),
}


def main():
    failed = 0
    for name, (bad, why) in SETUP.items():
        right = bad == ([why] if why else [])
        failed += not right
        print('%s the ledger of the soak: %s%s' % ('ok' if right else 'FAIL', name, '' if right else ': %s' % bad))
    for name, (s, connections, why) in CASES.items():
        bad = settle([s], connections)[1]
        right = any(why in b for b in bad) if why else not bad
        failed += not right
        print('%s the ledger of the soak: %s%s' % ('ok' if right else 'FAIL', name, '' if right else ': %s' % bad))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
