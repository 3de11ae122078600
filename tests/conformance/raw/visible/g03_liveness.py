# SPDX-License-Identifier: Apache-2.0
"""HEARTBEAT of the connection. The nodes here beat every 500 ms and accept a pause of 2 s (so 2.5 s of silence)."""

import time

import pekkowire as w
from speclib import case


@case("heartbeat-every-interval", profile="liveness")
def _(t):
    """The node sends HEARTBEAT every heartbeat-interval, the first one interval after its ASSOCIATE; the bytes are 12 02 08 03."""
    t0 = time.monotonic()
    link = t.link()
    beats = []
    while len(beats) < 4:
        beats.append(link.wait("HEARTBEAT"))
        link.heartbeat()
    t.eq("bytes of HEARTBEAT", bytes.fromhex("12020803"), beats[0].body)
    took = beats[-1].t - t0
    t.ok(1.9 <= took, "four beats not before 2 s", "%.2f s" % took)
    t.ok(took <= 10, "four beats about 2 s after the handshake", "%.2f s" % took)


@case("silence-ends-the-connection", profile="liveness")
def _(t):
    """When we are silent for longer than interval + pause, not before, the node sends DISASSOCIATE and closes."""
    peer = t.peer()
    t0 = time.monotonic()
    link = peer.connect(t.node)
    t.says_goodbye(link, "DISASSOCIATE")
    took = link.eof_t - t0
    t.ok(took >= 2.4, "the end not before 2.5 s", "%.2f s" % took)
    t.lifecycle("DisassociatedEvent", peer)


@case("heartbeats-keep-it-alive", profile="liveness")
def _(t):
    """HEARTBEATs alone, without any message, keep the connection open for more than twice the limit."""
    link = t.link()
    t0 = time.monotonic()
    while time.monotonic() - t0 < 6:
        link.wait("HEARTBEAT")      # answer each of the node's, which comes every 0.5 s
        link.heartbeat()
    t.is_open(link)


@case("messages-keep-it-alive", profile="liveness")
def _(t):
    """Any payload counts as a sign of life: with messages only, and no HEARTBEAT, the connection stays open."""
    link = t.link()
    t0 = time.monotonic()
    while time.monotonic() - t0 < 6:
        link.wait("HEARTBEAT")
        link.say(t.node.path("/user/sink"), "still here")
    t.is_open(link)


@case("heartbeats-whatever-the-traffic", profile="liveness")
def _(t):
    """The node's HEARTBEATs are not left out while it writes messages all the time."""
    link = t.link()
    t0 = time.monotonic()
    n = 0
    while time.monotonic() - t0 < 3:
        t.say_echo(link, "traffic %d" % n)
        n += 1
    beats = len(link.all(lambda p: p.kind == "HEARTBEAT"))
    t.note("%d beats between %d messages" % (beats, n))
    t.ok(beats >= 3, "at least 3 HEARTBEATs in 3 s", beats)
