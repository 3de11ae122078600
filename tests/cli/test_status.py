# SPDX-License-Identifier: Apache-2.0
"""The status page of a node: the page in a real browser, status.json, metrics by promtool and by Prometheus itself, healthz; stat, top and
quarantine, which read it."""
import http.client, os, pty, re, select, shutil, signal, subprocess, tempfile, time
from support import *


def get(url, path, method='GET', **headers):
    host = re.match(r'http://([^/]+)/', url)[1]
    c = http.client.HTTPConnection(host, timeout=LIMIT)
    c.request(method, path, headers=headers)
    r = c.getresponse()
    return r.status, r.read().decode(), {k.lower(): v for k, v in r.getheaders()}


class Page(Node):
    """a node with a status page, another that it has a link to, and a dead letter"""
    def __init__(self, *args):
        super().__init__('--status', '0', *args)
        self.url = self.started['status']
        self.place = self.url[7:-1]
        self.peer = Node()
        self.kept = Running('-o', 'jsonl', 'deploy', '--stay', self.address, '--class', 'ukko.node.Counter')
        self.kept.record()

    def until(self, fits):
        """status.json, once it shows what is waited for"""
        deadline = time.monotonic() + LIMIT
        while True:
            s = json.loads(get(self.url, '/status.json')[1])
            if fits(s):
                return s
            assert time.monotonic() < deadline, s

    def end(self, *a):
        self.kept.end(signal.SIGINT)
        self.peer.end()
        return super().end(*a)


@test
def status_page_is_off_by_default_and_on_loopback():
    assert node().started['status'] is None
    n = Page()
    assert re.fullmatch(r'http://127\.0\.0\.1:\d+/', n.url), n.url
    assert error('node', '--port', '0', '--status', n.place, code=9)['code'] == 'LISTEN'
    m = Node('-D', 'ukko.status { enabled = on, port = 0 }')
    assert m.started['status'].startswith('http://127.0.0.1:')
    m.end()
    m = Node('-D', 'ukko.status { enabled = on, hostname = "127.0.0.2", port = 0 }')
    assert m.started['status'].startswith('http://127.0.0.2:')
    m.end()
    n.end()
    assert error('node', '--port', '0', '--status', 'x', code=2)['code'] == 'USAGE'


@test
def status_json_has_links_actors_and_events():
    n = Page()
    s = n.until(lambda s: any(l['phi'] is not None for l in s['links']) and len(s['links'][0]['in_rate']) > 2)
    l = next(l for l in s['links'] if l['phi'] is not None)
    assert l['state'] == 'active' and l['in_bytes'] > 100 and l['in_frames'] > 1 and len(l['phi_history']) == len(l['in_rate']), l
    assert {'/user', '/user/echo', '/system'} <= {a['path'] for a in s['actors']}, s['actors']
    assert next(a for a in s['actors'] if a['path'] == '/user/echo')['kind'] == 'ukko.node.Echo'
    assert any(e['kind'] == 'AssociatedEvent' for e in s['events']) and s['address'] == n.address
    assert {'listening', 'inbound'} <= {e['kind'] for e in s['flight']}, s['flight']
    n.end()


@test
def status_server_only_shows():
    n = Page()
    assert get(n.url, '/healthz')[:2] == (200, 'ok\n')
    assert get(n.url, '/nowhere')[0] == 404
    assert get(n.url, '/status.json', 'POST')[0] == 405
    status, text, headers = get(n.url, '/')
    assert status == 200 and '<title>ukko</title>' in text and "frame-ancestors 'none'" in headers['content-security-policy']
    with socket.create_connection(tuple([n.place.split(':')[0], int(n.place.split(':')[1])]), timeout=LIMIT) as s:
        s.sendall(b'\x16\x03\x01 nonsense\r\n\r\n' * 100)   # answered or hung up on; the next one is served
    assert get(n.url, '/healthz')[0] == 200
    n.end()


@test
def metrics_pass_promtool():
    if not shutil.which('promtool'):
        raise Skip('promtool is not installed (Debian package prometheus)')
    n = Page()
    n.until(lambda s: s['links'] and s['links'][0]['in_rate'])
    status, text, headers = get(n.url, '/metrics')
    assert status == 200 and headers['content-type'].startswith('text/plain; version=0.0.4')
    p = subprocess.run(['promtool', 'check', 'metrics'], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (p.returncode, p.stdout) == (0, b''), p.stdout
    for name in ('ukko_link_received_bytes_total', 'ukko_link_phi', 'ukko_link_state', 'ukko_actors', 'ukko_dropped_total'):
        assert re.search('^%s[{ ]' % name, text, re.M), name
    n.end()


@test
def prometheus_scrapes_openmetrics():
    if not shutil.which('prometheus'):
        raise Skip('prometheus is not installed (Debian package prometheus)')
    n = Page()
    n.until(lambda s: s['links'] and s['links'][0]['in_rate'])
    text = get(n.url, '/metrics', Accept='application/openmetrics-text; version=1.0.0')
    assert text[2]['content-type'].startswith('application/openmetrics-text') and text[1].endswith('# EOF\n')
    with tempfile.TemporaryDirectory() as d:
        with open(d + '/p.yml', 'w') as f:
            f.write("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: u, static_configs: [{targets: ['%s']}]}]\n" % n.place)
        port = free_port()
        p = subprocess.Popen(['prometheus', '--config.file=' + d + '/p.yml', '--storage.tsdb.path=' + d + '/data', '--web.listen-address=127.0.0.1:%d' % port],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline, found = time.monotonic() + LIMIT, None
            while not found:
                assert time.monotonic() < deadline
                try:
                    found = json.loads(get('http://127.0.0.1:%d/' % port, '/api/v1/query?query=ukko_link_state')[1])['data']['result']
                except (OSError, ValueError, KeyError):
                    time.sleep(0.2)
            assert {r['metric']['ukko_link_state'] for r in found} == {'idle', 'connecting', 'active', 'gated', 'quarantined'}, found
        finally:
            p.terminate()
            p.wait()
    n.end()


@test
def status_page_in_a_browser():
    chromium = shutil.which('chromium')
    if not chromium:
        raise Skip('chromium is not installed (Debian package chromium)')
    n = Page()
    n.until(lambda s: any(l['phi'] is not None for l in s['links']) and len(s['links'][0]['in_rate']) > 2)
    with tempfile.TemporaryDirectory() as home:
        common = [chromium, '--headless', '--no-sandbox', '--disable-gpu', '--window-size=1400,1300', '--virtual-time-budget=3000', '--user-data-dir=' + home]
        p = subprocess.run([*common, '--dump-dom', n.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
        dom = p.stdout.decode()
        assert 'data-shown="yes"' in dom and '<h1 id="system">ukko</h1>' in dom and n.address in dom, dom[-2000:]
        rows = re.search(r'<tbody id="links">(.*?)</tbody>', dom, re.S)[1]
        assert 'state active' in rows and rows.count('<svg') >= 2 and re.search(r'<path d="M\d', rows), rows[:1500]
        assert '>echo</td>' in dom and 'ukko.node.Echo' in dom and 'AssociatedEvent' in dom and re.search(r'<tbody id="flight"><tr>.*inbound', dom), dom[-1500:]
        subprocess.run([*common, '--screenshot=' + home + '/page.png', n.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
        assert open(home + '/page.png', 'rb').read(8) == b'\x89PNG\r\n\x1a\n' and os.path.getsize(home + '/page.png') > 20000
    n.end()


@test
def stat_and_quarantine_read_the_page():
    n = Page()
    n.until(lambda s: s['links'] and s['links'][0]['state'] == 'active')
    row = ukko_json('stat', n.url)[0]
    assert row['state'] == 'active' and row['in_bytes'] > 0 and row['reason'] == 'NONE', row
    assert row['dropped_messages'] == 0 and 0 < row['round_trip_us'] < 60e6, row
    assert 'active' in ukko('stat', n.place.split(':')[1]).out
    r = Running('-o', 'jsonl', 'stat', '--watch', '10ms', n.place)
    assert r.record()['state'] and r.record()['state'] and r.end(signal.SIGINT)[0] == 130
    assert ukko_json('quarantine', 'ls', n.place) == []
    ukko('ask', n.address + '/user/echo', 'x')   # a peer that comes and goes is gated for a while
    n.until(lambda s: any(l['state'] == 'gated' for l in s['links']))
    rows = ukko_json('quarantine', 'explain', n.place)
    assert rows[0]['reason'] == 'PEER_SHUTDOWN' and rows[0]['remedy'] and 'what helps' in ukko('quarantine', 'explain', n.place).out, rows
    n.end()
    assert error('stat', '127.0.0.1:%d' % free_port(), code=3)['code'] == 'CONNECT_REFUSED'
    assert error('stat', 'x', code=2)['code'] == 'USAGE'
    with server(lambda c: (c.recv(1000), c.sendall(b'HTTP/1.0 404 x\r\n\r\n'))) as port:
        assert error('stat', str(port), code=5)['code'] == 'NOT_A_STATUS_PAGE'


@test
def quarantine_clear_lets_the_same_incarnation_associate_again():
    d = tempfile.mkdtemp()
    control = d + '/n.sock'
    n = Node('--control', control)
    assert n.started['control'] == control and n.started['status'] is None and os.stat(control).st_mode & 0o777 == 0o600
    peer = 'pekko.tcp://x@127.0.0.1:%d' % free_port()
    assert error('quarantine', 'clear', control, peer, code=1)['code'] == 'NOT_QUARANTINED'
    # a peer that acknowledges what was never sent is quarantined
    port = int(peer.rsplit(':', 1)[1])
    r = Raw(n.port, 'x', '127.0.0.1', port, uid=77)
    r.s.sendall(framed(pb(1, pb(1, struct.pack('<BQ', 0x09, 1 << 40)))))
    deadline = time.monotonic() + LIMIT
    while not (rows := ukko_json('quarantine', 'ls', control)) or rows[0]['refused_uid'] is None:
        assert time.monotonic() < deadline, rows
    assert rows[0]['address'] == peer and rows[0]['refused_uid'] == 77 and rows[0]['state'] == 'quarantined', rows
    with socket.create_connection(('127.0.0.1', n.port), timeout=LIMIT) as refused:
        refused.sendall(associate('x', '127.0.0.1', port, 77))
        said = refused.makefile("rb").read()
        assert framed(pb(2, pb(1, 5))) in said, said   # DISASSOCIATE_QUARANTINED
    assert error('quarantine', 'clear', control, peer, '--uid', 78, code=1)['code'] == 'NOT_QUARANTINED'
    row = ukko_json('quarantine', 'clear', control, peer, '--uid', 77)
    assert row == {'address': peer, 'uid': 77, 'cleared': True}, row
    while ukko_json('quarantine', 'ls', control):   # the books are a second old at most
        assert time.monotonic() < deadline
    again = Raw(n.port, 'x', '127.0.0.1', port, uid=77)
    again.identify(n.address + '/user/echo', peer + '/user/me')
    assert b'/user/echo' in again.next_payload()
    while ukko_json('stat', control)[0]['state'] != 'active':
        assert time.monotonic() < deadline
    n.end()
    assert not os.path.exists(control)
    os.rmdir(d)


@test
def the_control_socket_is_for_this_user_and_the_page_only_shows():
    with tempfile.TemporaryDirectory() as d:
        control, peer = d + '/n.sock', at(1)
        assert error('quarantine', 'clear', control, peer, code=3)['code'] == 'CONNECT_REFUSED'
        n = Page('-D', 'ukko.status.control = "%s"' % control)
        assert n.started['control'] == control
        assert error('quarantine', 'clear', n.place, peer, code=5)['code'] == 'NOT_A_CONTROL_SOCKET'
        with server(lambda c: (c.recv(1000), c.sendall(b'HTTP/1.0 404 x\r\n\r\n'))) as port:
            assert error('quarantine', 'clear', port, peer, code=5)['code'] == 'NOT_A_CONTROL_SOCKET'
        assert error('node', '--port', '0', '--control', control, code=9)['code'] == 'LISTEN'   # in use: not taken away
        n.until(lambda s: s['links'])
        assert ukko_json('stat', control)[0]['address'] == ukko_json('stat', n.place)[0]['address']
        n.p.kill()
        n.end()
        m = Node('--control', control)   # left over: taken
        assert ukko_json('quarantine', 'ls', control) == []
        m.end()
        with open(control, 'w') as f:
            f.write('mine')
        assert error('node', '--port', '0', '--control', control, code=9)['code'] == 'LISTEN'
        assert open(control).read() == 'mine'
        assert error('node', '--port', '0', '--control', d + '/' + 'x' * 120, code=9)['code'] == 'LISTEN'


@test
def top_as_text_and_on_a_terminal():
    n = Page()
    n.until(lambda s: s['links'] and s['links'][0]['state'] == 'active')
    p = ukko('top', '--plain', '-n', '2', '-i', '10ms', n.place)
    for word in ('LINKS', 'rtt ms', 'drops', 'ACTORS', 'DEAD LETTERS', 'EVENTS', 'active', '/user/echo', 'AssociatedEvent', n.address):
        assert p.out.count(word) >= 2, (word, p.out)
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM='xterm', LINES='40', COLUMNS='140')
        os.execv(UKKO, [UKKO, 'top', '-i', '100ms', n.place])
    seen = b''

    def until(word):
        nonlocal seen
        deadline = time.monotonic() + LIMIT
        while word not in seen:
            assert time.monotonic() < deadline, seen[-600:]
            if select.select([fd], [], [], 1)[0]:
                seen += os.read(fd, 65536)
        seen = b''
    try:
        until(b'LINKS')
        os.write(fd, b'a/')
        until(b'only with')
        os.write(fd, b'echo\n')
        os.write(fd, b'q')
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        os.close(fd)
    n.end()


@test
def node_takes_its_configuration_as_an_argument():
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as f:
        f.write('pekko.remote.classic.netty.tcp { hostname = localhost, bind-hostname = "127.0.0.1" }\n')
        f.flush()
        n = Node(f.name, '--metrics', ':0')
        assert n.started['address'].startswith('pekko.tcp://ukko@localhost:') and n.started['status'].startswith('http://127.0.0.1:'), n.started
        ukko('stat', n.started['status'])
        n.end()
        assert 'given twice' in error('node', f.name, '--config', f.name, code=2)['detail']
    assert error('node', '/nowhere.conf', code=9)['code'] == 'FILE'
