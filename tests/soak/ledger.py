# SPDX-License-Identifier: Apache-2.0
"""What became of each message of the soak. A message is delivered, a dead letter, or lost, and a loss has to follow a rule:

- `lost on a connection`: it came by the wire on a connection that broke, and behind it on that connection nothing was delivered
  (a contiguous tail);
- `lost in a socket`: it never came by the wire, and lies where a connection broke: the sender learned of that not before it wrote the
  message (NOTICE after the break, or after it was thawed), and the break was before the next number came by on another connection.
  Each connection explains one such run;
- `lost with the process`: its sender was killed or ended, and nothing with a higher number of it came by.

All else is unaccounted for, and so is what was delivered twice, out of its order on a connection, or is a dead letter too, and what could
not be set up: a command that was refused, a node that ended by itself. Runs in the script's main thread, after the end of the traffic."""
from collections import Counter

NOTICE = 0.5   # seconds within which a process that runs learns that a connection has ended; what it writes till then is lost


class Stream:
    """one way of the traffic: the numbers of one incarnation of a sender"""
    def __init__(self, way, incarnation):
        self.way, self.incarnation, self.sent, self.died = way, incarnation, {}, None
        self.frozen = []   # (from, to)
        self.got, self.order, self.dead = Counter(), [], {}


def key(way, c, incarnation):
    return [(n, t) for i, n, t in c.seen[way] if i == incarnation]


def tails(stream, connections, bad):
    """the losses that came by the wire"""
    lost = 0
    for c in connections:
        gone = None
        for n, _ in key(stream.way, c, stream.incarnation):
            if n in stream.got:
                if gone is not None:
                    bad.append('m%s%d-%d was lost, but %d behind it on the same connection was delivered' % (stream.way, stream.incarnation, gone, n))
                    gone = None
            elif n not in stream.dead:
                lost, gone = lost + 1, n if gone is None else gone
        if gone is not None and not c.broken:
            bad.append('m%s%d-%d was lost on a connection that did not break' % (stream.way, stream.incarnation, gone))
    return lost


def in_order(stream, connections, bad):
    """on one connection what was sent first arrives first"""
    of, last = {n: id(c) for c in connections for n, _ in key(stream.way, c, stream.incarnation)}, {}
    for n in stream.order:
        if n < last.get(of.get(n), -1):
            bad.append('m%s%d-%d was delivered behind %d' % (stream.way, stream.incarnation, n, last[of.get(n)]))
        last[of.get(n)] = n


def runs_of(numbers):
    runs = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return runs


def noticed(c, stream):
    thawed = [b for a, b in stream.frozen if a <= c.broken <= b]
    return max([c.broken] + thawed) + NOTICE


def explains(c, stream, run, after):
    """whether this connection may have taken the run with it"""
    mine = key(stream.way, c, stream.incarnation)
    return c.broken and noticed(c, stream) >= stream.sent[run[0]] and c.broken <= after + 1 and not any(n > run[0] for n, _ in mine)


def around(stream, connections, run):
    """what became of the neighbours, and the connections of that time"""
    fate = lambda n: 'delivered' if n in stream.got else stream.dead[n] or 'dead letter' if n in stream.dead else 'lost'
    near = ['%d %s' % (n, fate(n)) for n in range(run[0] - 3, run[-1] + 4) if n in stream.sent and (n <= run[0] + 1 or n > run[-1])]
    t, links = stream.sent[run[0]], []
    for c in connections:
        mine = key(stream.way, c, stream.incarnation)
        if (c.broken or t) >= t - 15 and c.opened <= t + 15:
            links.append('opened by %s at %+.2f s, %s at %+.2f s, carried %s' % (c.opener, c.opened - t, c.why or 'open', (c.broken or t) - t,
                                                                              '%d to %d' % (mine[0][0], mine[-1][0]) if mine else 'none'))
    return '; '.join(near + links)


def unseen(stream, connections, bad):
    """the losses that never came by: in a socket, or with the process"""
    seen = {n: t for c in connections for n, t in key(stream.way, c, stream.incarnation)}
    missing = sorted(n for n in stream.sent if n not in stream.got and n not in stream.dead and n not in seen)
    used, socket, process = set(), 0, 0
    for run in runs_of(missing):
        later = [t for n, t in seen.items() if n > run[-1]]
        if stream.died and not later:
            process += len(run)
            continue
        after = min(later) if later else float('inf')
        by = [c for c in connections if id(c) not in used and explains(c, stream, run, after)]
        if not by:
            bad.append('m%s%d-%d to %d vanished without a trace: %s' % (stream.way, stream.incarnation, run[0], run[-1], around(stream, connections, run)))
            continue
        used.add(id(by[0]))
        socket += len(run)
    return socket, process


def settle(streams, connections):
    """(a line of figures for each way, what is unaccounted for)"""
    bad, totals = [], {'u': Counter(), 'j': Counter()}
    for s in streams:
        t = totals[s.way]
        in_order(s, connections, bad)
        wire = tails(s, connections, bad)
        socket, process = unseen(s, connections, bad)
        double = [n for n, times in s.got.items() if times > 1]
        bad += ['m%s%d-%d was delivered %d times' % (s.way, s.incarnation, n, s.got[n]) for n in double]
        bad += ['m%s%d-%d was delivered and is a dead letter' % (s.way, s.incarnation, n) for n in s.dead if n in s.got]
        t.update({'sent': len(s.sent), 'delivered': len(s.got), 'dead letters': len([n for n in s.dead if n not in s.got]),
                  'lost on a connection': wire, 'lost in a socket': socket, 'lost with the process': process})
    for way, t in totals.items():
        rest = t['sent'] - sum(t[k] for k in t if k != 'sent')
        if rest and not bad:
            bad.append('the figures of way %s differ by %d' % (way, rest))
    return totals, bad


def refused(nodes):
    """commands that a node did not carry out: what they were to set up is missing from the books; nodes: (name, its events)"""
    return ['%s did not carry out "%s": %s' % (name, e.get('cmd'), e.get('cause') or e.get('reason') or e['ev']) for name, events in nodes
            for e in events if e['ev'] in ('error', 'unsupported')]


def ended(nodes):
    """nodes that should live: (name, exit status or None while it lives, its last words)"""
    return ['%s has ended by itself, status %s: %s' % (name, status, ' | '.join(words[-5:])) for name, status, words in nodes if status is not None]
