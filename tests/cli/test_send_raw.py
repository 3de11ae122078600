# SPDX-License-Identifier: Apache-2.0
"""send-raw: frames of a file arrive as they are, what comes back is shown, and what can be wrong."""
from support import *

IDENTIFY = bytes.fromhex('0a050a01691014')
OWN = 'pekko.tcp://raw@127.0.0.1:1'


def conversation(address):
    """the handshake, a message to /user/sink, and an Identify behind it"""
    return [associate('raw', '127.0.0.1', 1, 4711), envelope(address + '/user/sink', '', 20, '', b'hello'), envelope(address + '/user/sink', OWN + '/user/me', 16, 'A', IDENTIFY)]


@contextlib.contextmanager
def file_of(*frames):
    with tempfile.NamedTemporaryFile(suffix='.bin') as f:
        f.write(b''.join(frames))
        f.flush()
        yield f.name


@test
def send_raw_is_taken_and_answered():
    n = Node()
    with file_of(*conversation(n.address)) as name:
        rows = ukko_lines('send-raw', '127.0.0.1:%d' % n.port, name, '--wait', '300ms')
        there = [r['kind'] for r in rows if r['direction'] == 'there']
        back = [r for r in rows if r['direction'] == 'back']
        assert there == ['control.associate', 'message.String', 'message.Identify'], there
        assert back[0]['kind'] == 'control.associate' and str(n.started['uid']) in back[0]['text'], back
        answer, = [r for r in back if r['kind'] == 'message.ActorIdentity']
        assert answer['recipient'] == OWN + '/user/me', answer
        assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 1
        p = ukko('send-raw', '--pace', '1ms', '--wait', '300ms', n.address, name)
        assert re.search(r' > ASSOCIATE raw@127.0.0.1:1 uid 4711\n', p.out) and re.search(r'^3 frames sent, \d+ came back', p.out, re.M), p.out
    n.end()


@test
def send_raw_says_again_what_was_recorded():
    n = Node()
    with tempfile.TemporaryDirectory() as d:
        path = d + '/own.pcapng'
        ukko('--record', path, 'tell', n.address + '/user/sink', 'hello')
        assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 1
        sent = [r['kind'] for r in ukko_lines('decode', path) if r['from'] != '127.0.0.1:%d' % n.port]
        rows = ukko_lines('send-raw', '127.0.0.1:%d' % n.port, path, '--wait', '300ms')
        assert [r['kind'] for r in rows if r['direction'] == 'there'] == sent and 'message.String' in sent, (rows, sent)
        assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 2
        with open(path, 'rb') as f:
            whole = f.read()
        p = ukko('send-raw', '127.0.0.1:%d' % n.port, '-', '--wait', '300ms', '--link', ':%d' % n.port, stdin=whole)
        assert '%d frames sent' % len(sent) in p.out and ukko_json('ask', n.address + '/user/sink', 'count')['value'] == 3
        assert 'no frames' in error('send-raw', '127.0.0.1:%d' % n.port, path, '--link', '10.9.9.9:1', code=8)['detail']
        with open(path, 'wb') as f:
            f.write(whole[:40])
        assert error('send-raw', '127.0.0.1:%d' % n.port, path, code=8)['code'] == 'CAPTURE'
    n.end()


@test
def send_raw_sends_every_byte():
    """also what is no frame, as the last piece; from standard input too"""
    whole = b''.join(conversation('pekko.tcp://x@127.0.0.1:2')) + b'\x00\x00\x00\x09abc'
    got = []

    def take(c):
        data = b''
        while chunk := c.recv(4096):
            data += chunk
        got.append(data)
        done.release()
    done = threading.Semaphore(0)
    with server(take) as port, file_of(whole) as name:
        assert '7 bytes that are no frame' in ukko('send-raw', '127.0.0.1:%d' % port, name, '--wait', '0').out
        rows = ukko_json('send-raw', '127.0.0.1:%d' % port, '-', '--wait', '0', stdin=whole)
        assert [r['direction'] for r in rows] == ['there'] * 3, rows
        assert done.acquire(timeout=LIMIT) and done.acquire(timeout=LIMIT)
    assert got == [whole, whole], got


@test
def send_raw_says_what_is_wrong():
    with file_of(*conversation('pekko.tcp://x@127.0.0.1:2')) as name, file_of() as empty:
        assert error('send-raw', '127.0.0.1:%d' % free_port(), name, code=3)['code'] == 'CONNECT_REFUSED'
        assert error('send-raw', '127.0.0.1:1', '/nowhere/x', code=9)['code'] == 'FILE'
        assert error('send-raw', '127.0.0.1:1', empty, code=2)['code'] == 'USAGE'
        with server(lambda c: c.recv(1)) as port:
            e = ukko_lines('send-raw', '127.0.0.1:%d' % port, name, '--pace', '60s', code=5)[-1]['error']
        assert e['code'] == 'CLOSED' and 'after 1 frames' in e['detail'], e
