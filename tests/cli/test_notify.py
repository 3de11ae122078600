# SPDX-License-Identifier: Apache-2.0
"""A node tells the service manager when it can be reached and when it ends."""
import os, signal, socket, subprocess, tempfile
from support import LIMIT, UKKO, Node, test


def manager_hears(address, name):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.settimeout(LIMIT)
    s.bind(address)
    p = subprocess.Popen([UKKO, 'node', '--port', '0'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                         env=dict(os.environ, NOTIFY_SOCKET=name))
    try:
        assert s.recv(100) == b'READY=1'
        p.send_signal(signal.SIGTERM)
        assert s.recv(100) == b'STOPPING=1'
        assert p.wait(LIMIT) == 0
    finally:
        p.kill()
        s.close()


@test
def node_is_ready_for_a_service_manager():
    with tempfile.TemporaryDirectory() as d:
        manager_hears(d + '/notify', d + '/notify')


@test
def node_is_ready_for_a_manager_with_an_abstract_socket():
    name = 'ukko-test-%d' % os.getpid()
    manager_hears('\0' + name, '@' + name)


def reason_of_the_end(*settings):
    n = Node('-vvv', *[x for s in settings for x in ('-D', s)])
    status, _, log = n.end()
    reasons = [l.rsplit('[', 1)[1].rstrip(']') for l in log.splitlines() if 'Running CoordinatedShutdown with reason' in l]
    assert len(reasons) == 1, log
    return reasons[0], status


@test
def node_ends_in_phases():
    shutdown = 'pekko.coordinated-shutdown.'
    assert reason_of_the_end() == ('JvmExitReason', 0)
    assert reason_of_the_end(shutdown + 'exit-jvm=on', shutdown + 'exit-code=7') == ('JvmExitReason', 7)
    assert reason_of_the_end(shutdown + 'run-by-jvm-shutdown-hook=off') == ('ActorSystemTerminateReason', 0)
    assert reason_of_the_end('pekko.jvm-shutdown-hooks=off') == ('ActorSystemTerminateReason', 0)
