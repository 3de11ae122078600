# SPDX-License-Identifier: Apache-2.0
"""A node tells the service manager when it can be reached and when it ends."""
import os, signal, socket, subprocess, tempfile
from support import LIMIT, UKKO, test


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
