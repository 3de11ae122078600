# SPDX-License-Identifier: Apache-2.0
"""decode and dissector, on captures of real traffic: two JVMs (Pekko 1.0.2), a Flink 2.3.0 JobManager, Akka 2.6.21, ukko itself, and a JVM
(1.7.0) over TLS 1.3 with its key log; and on captures that are broken."""
import contextlib, json, os, random, shutil, signal, ssl, struct, subprocess, tempfile
from certs import made
from support import *

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures')
FRAMES = {'jvm-jvm': 60, 'ukko': 74, 'flink': 69, 'akka': 15}


def capture(name):
    return os.path.join(HERE, name + '.pcapng')


def survives_damage(name, times, most, seed, *args):
    """up to so many bytes of a capture replaced: there may be nothing to show, but nothing crashes"""
    whole, rng = open(capture(name), 'rb').read(), random.Random(seed)
    with tempfile.NamedTemporaryFile(suffix='.pcapng') as f:
        for i in range(times):
            data = bytearray(whole)
            for _ in range(rng.randint(1, most)):
                data[rng.randrange(200, len(data))] = rng.randrange(256)
            f.seek(0)
            f.truncate()
            f.write(data)
            f.flush()
            p = subprocess.run([UKKO, *args, f.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT)
            assert p.returncode in (0, 8), (i, p)


@test
def decode_shows_every_frame():
    for name, n in FRAMES.items():
        rows = ukko_lines('decode', capture(name))
        assert len(rows) == n, (name, len(rows))
        assert not [r for r in rows if r['kind'].startswith('message.serializer-')], name
        assert rows == ukko_json('decode', capture(name)), name
        assert '%d frames' % n in ukko('decode', capture(name)).out and 'undecodable' not in ukko('decode', capture(name)).out
    kinds = {r['kind'] for r in ukko_lines('decode', capture('jvm-jvm'))}
    for kind in ('control.associate', 'control.shutdown', 'system.Watch', 'system.DeathWatchNotification', 'system.Failed', 'system.Supervise', 'message.DaemonMsgCreate',
                 'message.ActorSelectionMessage:Heartbeat', 'message.HeartbeatRsp', 'message.jackson-json:ukko.oracle.Greeting'):
        assert kind in kinds, (kind, kinds)
    assert {r['recipient'].split(':')[0] for r in ukko_lines('decode', capture('akka')) if r['recipient']} == {'akka.tcp'}


@test
def decode_chooses_kinds_and_links():
    rows = ukko_lines('decode', '-Y', 'control.*,!control.associate', capture('jvm-jvm'))
    assert rows and {r['kind'] for r in rows} <= {'control.heartbeat', 'control.shutdown', 'control.disassociate'}, rows
    rows = ukko_lines('decode', '-Y', '!ack,!control.heartbeat', capture('jvm-jvm'))
    assert rows and not {r['kind'] for r in rows} & {'ack', 'control.heartbeat'}
    assert ukko_lines('decode', '--link', ':1', capture('akka')) == []
    assert len(ukko_lines('decode', '-Y', 'system.Watch', capture('flink'))) == 4


@test
def decode_reads_standard_input():
    with open(capture('ukko'), 'rb') as f:
        assert len(ukko('-o', 'jsonl', 'decode', '-', stdin=f.read()).out.splitlines()) == FRAMES['ukko']


@test
def decode_says_what_is_encrypted():
    p = ukko('decode', capture('tls'))
    assert '9 directions are TLS' in p.out and '--tls-keylog' in p.out, p.out
    with tempfile.NamedTemporaryFile() as f:   # a log without secrets of these
        p = ukko('decode', '--tls-keylog', f.name, capture('tls'))
        assert 'cannot be read: the key log has no secret of the connection' in p.out and ' 0 frames' in p.out, p.out
    assert error('decode', '--tls-keylog', '/nowhere', capture('tls'), code=9)['code'] == 'FILE'


@test
def decode_reads_tls_of_a_jvm_with_its_key_log():
    keys = os.path.join(HERE, 'tls.keys')
    rows = ukko_lines('decode', '--tls-keylog', keys, capture('tls'))
    assert len(rows) == 15 and {r['kind'] for r in rows} >= {'control.associate', 'message.Identify', 'message.ActorIdentity', 'control.shutdown'}, rows
    assert ukko_lines('decode', capture('tls'), env={'SSLKEYLOGFILE': keys}) == rows
    assert not [r for r in ukko_lines('decode', '--tls-keylog', keys, '--link', ':1', capture('tls'))]
    # with what is in it damaged: nothing that is no frame is shown, and nothing crashes
    survives_damage('tls', 40, 100, 11, '-o', 'jsonl', 'decode', '--tls-keylog', keys)


def tls_talk(keys, version, suites=None, curve=None, options=0, pieces=7):
    """what two OpenSSL say over a connection, as segments: STREAM there, its first 5000 bytes back"""
    d, ends, says = made(), [], []
    for side in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
        c = ssl.SSLContext(side)
        c.minimum_version = c.maximum_version = version
        c.options |= options
        if suites:
            c.set_ciphers(suites)
        if side == ssl.PROTOCOL_TLS_SERVER:
            c.load_cert_chain(d + '/node.pem', d + '/node-key.pem')
            if curve:
                c.set_ecdh_curve(curve)
        else:
            c.check_hostname, c.verify_mode, c.keylog_filename = False, ssl.CERT_NONE, keys
        bios = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends.append((c.wrap_bio(*bios, server_side=side == ssl.PROTOCOL_TLS_SERVER), *bios))
    seq, done = [1001, 5001], [False, False]

    def carry(way):
        data = ends[way][2].read()
        ends[1 - way][1].write(data)
        for at in range(0, len(data), pieces * 100):
            part = data[at:at + pieces * 100]
            says.append(((40000, 2552) if way == 0 else (2552, 40000)) + (seq[way], False, part))
            seq[way] += len(part)
    while not all(done):
        for way in (0, 1):
            with contextlib.suppress(ssl.SSLWantReadError):
                ends[way][0].do_handshake()
                done[way] = True
            carry(way)
    for at in range(0, len(STREAM), 500):
        ends[0][0].write(STREAM[at:at + 500])
        carry(0)
    ends[1][0].write(STREAM[:5000])
    carry(1)
    return ends[0][0].cipher()[0], [(40000, 2552, 1000, True, b''), (2552, 40000, 5000, True, b'')] + says


@test
def decode_reads_tls_of_each_version_and_kind_of_suite():
    v2, v3, no_etm = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, 1 << 19
    for version, suites, curve, options in ((v3, None, None, 0), (v3, None, 'secp384r1', 0), (v2, 'ECDHE-RSA-AES128-GCM-SHA256', None, 0),
                                            (v2, 'ECDHE-RSA-AES256-GCM-SHA384', None, 0), (v2, 'ECDHE-RSA-CHACHA20-POLY1305', None, 0), (v2, 'AES128-SHA', None, 0),
                                            (v2, 'AES128-SHA', None, no_etm), (v2, 'ECDHE-RSA-AES256-SHA384', None, 0), (v2, 'AES256-SHA256', None, no_etm)):
        with tempfile.NamedTemporaryFile() as keys:
            suite, segments = tls_talk(keys.name, version, suites, curve, options)
            assert suites in (None, suite), suite
            texts = decoded(segments, '--tls-keylog', keys.name)
            assert texts == TEXTS + TEXTS, (suite, curve, options, texts)
            assert decoded(segments) == []


def pcap(segments):
    """a capture of Ethernet packets: (source port, destination port, seq, syn, bytes)"""
    out = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
    for i, (src, dst, seq, syn, data) in enumerate(segments):
        tcp = struct.pack('>HHIIBBHHH', src, dst, seq & 0xffffffff, 0, 5 << 4, 2 if syn else 24, 1000, 0, 0) + data
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), i, 0, 64, 6, 0, bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1])) + tcp
        eth = b'\0' * 12 + b'\x08\0' + ip
        out += struct.pack('<IIII', i, 0, len(eth), len(eth)) + eth
    return out


def decoded(segments, *args):
    with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
        f.write(pcap(segments))
        f.flush()
        return [r['text'] for r in ukko_lines('decode', *args, f.name)]


STREAM = associate('A', '127.0.0.1', 5, 7) + b''.join(envelope('pekko.tcp://B@h:1/user/x', '', 20, '', b'message %d' % i) for i in range(20))
TEXTS = ['ASSOCIATE A@127.0.0.1:5 uid 7'] + ['"message %d" -> pekko.tcp://B@h:1/user/x' % i for i in range(20)]


@test
def decode_puts_segments_together():
    rng = random.Random(5)
    for base in (1000, 0xffffff00):   # the numbers wrap around
        pieces, at = [], 0
        while at < len(STREAM):
            n = rng.randint(1, 60)
            pieces.append((40000, 2552, base + 1 + at, False, STREAM[at:at + n]))
            at += n
        syn = (40000, 2552, base, True, b'')
        assert decoded([syn] + pieces) == TEXTS
        for i in range(0, len(pieces) - 3, 3):   # out of order, and again
            pieces[i], pieces[i + 2] = pieces[i + 2], pieces[i]
            pieces.insert(i + 1, pieces[i])
        assert decoded([syn] + pieces) == TEXTS
    # the same ends connect anew
    one = [(40000, 2552, 9, True, b''), (40000, 2552, 10, False, STREAM)]
    again = [(40000, 2552, 77, True, b''), (40000, 2552, 78, False, STREAM)]
    assert decoded(one + again) == TEXTS + TEXTS


@test
def decode_goes_on_behind_a_hole():
    frames, rest = [], STREAM
    while rest:
        n = 4 + struct.unpack('>I', rest[:4])[0]
        frames.append(rest[:n])
        rest = rest[n:]
    segments, seq = [(40000, 2552, 99, True, b'')], 100
    for i, x in enumerate(frames * 5):
        if i != 3:   # this one was not captured
            segments.append((40000, 2552, seq, False, x))
        seq += len(x)
    texts = decoded(segments)
    assert texts[:3] == TEXTS[:3] and len(texts) == len(frames) * 5 - 1, len(texts)


@test
def decode_reads_frames_without_a_capture():
    with tempfile.NamedTemporaryFile() as f:
        f.write(STREAM)
        f.flush()
        rows = ukko_lines('decode', f.name)
        assert [r['text'] for r in rows] == TEXTS and {(r['ts'], r['from'], r['to']) for r in rows} == {(None, None, None)}, rows
        assert ukko('-q', 'decode', f.name).out.splitlines() == TEXTS
        assert [json.loads(x)['text'] for x in ukko('-o', 'jsonl', 'decode', '-Y', 'control.*', '-', stdin=STREAM).out.splitlines()] == TEXTS[:1]
        f.write(framed(b'\x7f') + STREAM[:50])
        f.flush()
        p = ukko('decode', f.name, code=8)   # what can be read is shown; then it ends in the middle of a frame
        assert p.out.startswith('\n'.join(TEXTS)) and 'some were undecodable' in p.out and 'what follows is no frame' in p.err, p
    for data in (b'', b'GET / HTTP/1.1\r\n', framed(b'no frame of ours'), bytes(4)):
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            assert error('decode', f.name, code=8)['code'] == 'CAPTURE', data
    assert error('decode', '/', code=9)['code'] == 'FILE'
    with tempfile.NamedTemporaryFile() as f:   # as it grows, by halves of frames
        follow = Running('-o', 'jsonl', 'decode', '--follow', f.name)
        for i in range(0, len(STREAM), 37):
            f.write(STREAM[i:i + 37])
            f.flush()
        assert [follow.record()['text'] for _ in TEXTS] == TEXTS
        assert follow.end(signal.SIGINT)[0] == 130


@test
def decode_survives_broken_captures():
    assert error('decode', '/nowhere', code=9)['code'] == 'FILE'
    with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
        f.write(b'no capture at all')
        f.flush()
        assert error('decode', f.name, code=8)['code'] == 'CAPTURE'
    survives_damage('flink', 30, 200, 7, 'decode')


# ---------------------------------------------------------------- Wireshark
def tshark(*args):
    """the plug-in is not run for root"""
    if not shutil.which('tshark'):
        raise Skip('tshark is not installed (Debian package tshark)')
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        for name in os.listdir(HERE):
            shutil.copy(os.path.join(HERE, name), d)
        with open(os.path.join(d, 'pekko.lua'), 'w') as f:
            f.write(ukko('dissector').out)
        argv = ['tshark', '-X', 'lua_script:%s/pekko.lua' % d, '-o', 'tls.keylog_file:%s/tls.keys' % d, *args]
        if os.getuid() == 0:
            if not shutil.which('setpriv'):
                raise Skip('setpriv is not installed (Debian package util-linux)')
            argv = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', *argv]
        p = subprocess.run([a.replace('CAPTURES', d) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, env=dict(os.environ, HOME=d))
        assert p.returncode == 0, p.stderr
        return p.stdout.decode(), p.stderr.decode()


@test
def dissector_finds_no_malformed_frame():
    for name in [*FRAMES, 'tls']:
        for passes in ([], ['-2']):
            out, err = tshark(*passes, '-r', 'CAPTURES/%s.pcapng' % name, '-V')
            for word in ('Malformed', 'malformed', 'undecodable', 'Lua Error'):
                assert word not in out and word not in err, (name, word, err)
            assert 'Pekko classic remoting' in out, name


@test
def dissector_shows_the_frames_that_decode_shows():
    for name, n in FRAMES.items():
        out, _ = tshark('-r', 'CAPTURES/%s.pcapng' % name, '-Y', 'pekko', '-T', 'fields', '-E', 'aggregator=,', '-e', 'pekko.kind')
        assert sum(1 for x in out.replace(',', '\n').split() if x) == n, (name, out)
    out, _ = tshark('-r', 'CAPTURES/tls.pcapng', '-Y', 'pekko.kind == 1', '-T', 'fields', '-e', 'pekko.origin.system', '-e', 'pekko.origin.protocol')
    assert set(out.split()) == {'ukko-doctor', 'T', 'ssl.tcp'}, out
    out, _ = tshark('-r', 'CAPTURES/jvm-jvm.pcapng', '-Y', 'pekko.message contains "Watch("', '-T', 'fields', '-e', 'pekko.seq', '-e', 'pekko.message')
    assert 'watchee=pekko.tcp://B@127.0.0.1:27002/user/parent/c1#' in out, out
    out, _ = tshark('-r', 'CAPTURES/akka.pcapng', '-Y', 'pekko.dialect == "akka"', '-T', 'fields', '-e', 'pekko.recipient')
    assert 'akka.tcp://akkasys@' in out, out


@test
def dissector_is_installed_for_the_user():
    with tempfile.TemporaryDirectory() as home:
        path = ukko('dissector', '--install', env={'HOME': home}).out.strip()
        assert path == home + '/.local/lib/wireshark/plugins/pekko.lua' and open(path).read() == ukko('dissector').out
    assert 'FILE' == json.loads(ukko('-o', 'json', 'dissector', '--install', env={'HOME': '/proc/1/nowhere'}, code=9).out)['error']['code']
