# SPDX-License-Identifier: Apache-2.0
"""Every kind of message, oversize and unserializable ones."""
import struct
from conform import scenario, has, anyof, payload, pb

MISC = 'org.apache.pekko.'


def echo(s, a, b, msg, cls, value, check=None):
    """sends a message to the other side's echo and its collector; both must show the same"""
    for path, p in (('/user/echo', a), ('/user/collector', b)):
        n = p.here()
        a.cmd('select %s %s' % (b.u(path), msg))
        e = p.expect('recv', since=n, actor='/user/collector')
        s.equal(e['class'], cls, 'class of %s at %s' % (msg[:60], p.label))
        if check:
            s.check(check(e['value']), 'value of %s at %s: %r' % (msg[:60], p.label, e['value']))
        else:
            s.equal(e['value'], value, 'value of %s at %s' % (msg[:60], p.label))


def table(s, rows):
    a, b = s.pair()
    for row in rows:
        echo(s, a, b, *row)


L = 'java.lang.'


@scenario('SER', 'strings: empty, ASCII, multi-byte UTF-8, long', 'PrimitivesSerializationSpec 1,2')
def ser_strings(s):
    table(s, [('str:', L + 'String', ''), ('str:hello world', L + 'String', 'hello world'), ('str:gr\u00fc\u00df \u2603 \U0001f680', L + 'String', 'gr\u00fc\u00df \u2603 \U0001f680'),
              ('strn:2000', L + 'String', 'x' * 2000), ('strn:50000', L + 'String', None, lambda v: '50000 chars' in v)])


@scenario('SER', 'integers, longs and booleans with their limits', 'PrimitivesSerializationSpec 1,2')
def ser_numbers(s):
    longs = [0, 1, -1, 255, 1 << 40, (1 << 63) - 1, -(1 << 63)]
    ints = [0, 1, -1, 258, (1 << 31) - 1, -(1 << 31)]
    table(s, [('long:%d' % v, L + 'Long', v) for v in longs] + [('int:%d' % v, L + 'Integer', v) for v in ints] + [('bool:true', L + 'Boolean', True), ('bool:false', L + 'Boolean', False)])


@scenario('SER', 'byte arrays and ByteStrings, empty to 60000 bytes', 'PrimitivesSerializationSpec 1,2')
def ser_bytes(s):
    table(s, [('bytes:', '[B', ''), ('bytes:00ff7f80', '[B', '00ff7f80'), ('bytesn:60000', '[B', None, lambda v: v['length'] == 60000 and v['head'] == '000102030405060708090a0b0c0d0e0f'),
              ('bytesn:1000', '[B', bytes(i & 255 for i in range(1000)).hex())])
    a, b = s.pair()
    for h in ('', '00ff7f80'):
        n = a.here()
        a.cmd('select %s bstr:%s' % (b.u('/user/echo'), h))
        e = a.expect('recv', since=n, actor='/user/collector')
        s.check('ByteString' in e['class'], 'class ' + e['class'])
        s.equal(e['value'], h, 'value')


@scenario('SER', 'Option, Optional, Done, NotUsed, Address', 'MiscMessageSerializerSpec 2')
def ser_misc(s):
    table(s, [('none', 'scala.None$', 'None'), ('some:str:x', 'scala.Some', {'class': L + 'String', 'value': 'x'}), ('some:long:-3', 'scala.Some', {'class': L + 'Long', 'value': -3}),
              ('empty', 'java.util.Optional', None), ('opt:int:4', 'java.util.Optional', {'class': L + 'Integer', 'value': 4}), ('opt:json:a,1', 'java.util.Optional', {'class': 'ukko.oracle.Greeting', 'value': {'text': 'a', 'number': 1}}),
              ('done', MISC + 'Done$', 'Done'), ('address:pekko.tcp://Some-Sys@some.host:2552', MISC + 'actor.Address', 'pekko.tcp://Some-Sys@some.host:2552')])
    a, b = s.pair()
    n = a.here()
    a.cmd('select %s notused' % b.u('/user/echo'))
    a.expect('recv', since=n, actor='/user/collector', cls=has('NotUsed'))


@scenario('SER', 'Status.Success, Status.Failure, StatusReply', 'MiscMessageSerializerSpec 2,7')
def ser_status(s):
    SU, FA, SR, TN = MISC + 'actor.Status$Success', MISC + 'actor.Status$Failure', MISC + 'pattern.StatusReply', MISC + 'remote.serialization.ThrowableNotSerializableException'
    table(s, [('success:str:yes', SU, 'yes'), ('success:long:5', SU, 5), ('success:json:j,2', SU, {'text': 'j', 'number': 2}), ('success:null', SU, None),
              ('failure:boom', FA, None, lambda v: v['class'] == TN and 'boom' in v['message'] and 'IllegalStateException' in v['message']),
              ('timeoutfailure:slow', FA, {'class': 'java.util.concurrent.TimeoutException', 'message': 'slow'}),
              ('replyok:str:fine', SR, {'ok': True, 'value': 'fine'}), ('replyok:json:j,2', SR, {'ok': True, 'value': {'text': 'j', 'number': 2}}), ('replyerr:bad luck', SR, {'ok': False, 'error': 'bad luck'}), ('ack', SR, {'ok': True, 'value': 'Done'})])


@scenario('SER', 'references: own, of the receiver, without uid, of a third system', 'MiscMessageSerializerSpec 2')
def ser_refs(s):
    a, b = s.pair()
    third = 'pekko.tcp://Third@some.host:2552/user/x#-77'
    for given, seen in (('/user/echo', a.lookup('/user/echo')), (b.lookup('/user/sink'), b.lookup('/user/sink')), (third, third)):
        for path, p in (('/user/echo', a), ('/user/collector', b)):
            n = p.here()
            a.cmd('select %s ref:%s' % (b.u(path), given))
            e = p.expect('recv', since=n, actor='/user/collector')
            s.equal(e['value'], seen, 'reference at ' + p.label)
            s.check('ActorRef' in e['class'], 'class ' + e['class'])


@scenario('SER', 'Jackson JSON and CBOR: small objects, all field shapes', '')
def ser_jackson(s):
    mixed = lambda v: (v['flag'], v['small'], v['large'], v['real'], v['text'], v['nothing'], v['blob'], v['list'], v['map']) == \
        (True, -7, 1 << 40, 2.5, v['text'], None, '0001ff', [1, 2, 3], {'a': 'x', 'b': 'y'}) and v['text'].startswith('gr\u00fc\u00df \u2603')
    a, b = s.pair()
    me = a.lookup('/user/collector')
    table(s, [('json:hi,3', 'ukko.oracle.Greeting', {'text': 'hi', 'number': 3}), ('json:"quoted" \\ \u2603,-9000000000', 'ukko.oracle.Greeting', {'text': '"quoted" \\ \u2603', 'number': -9000000000}),
              ('cbor:hi,3', 'ukko.oracle.CborGreeting', {'text': 'hi', 'number': 3}), ('cbor:%s,0' % ('long ' * 100), 'ukko.oracle.CborGreeting', {'text': 'long ' * 100, 'number': 0}),
              ('mixedcbor', 'ukko.oracle.MixedCbor', None, mixed),
              ('mixed', 'ukko.oracle.Mixed', None, lambda v: mixed(v) and v['maybe'] == 'yes' and v['when'] == '2023-11-14T22:13:20.123456789Z' and v['howLong'] == 'PT1M30.5S' and v['nested'] == {'text': 'inner', 'number': 1} and v['replyTo'] == me)])


@scenario('SER', 'JSON above 32 KiB is compressed on the wire and whole at the receiver; a little below it is not', '')
def ser_json_compressed(s):
    b, px = s.proxied('y')
    a = s.x()
    a.cmd('select %s bigjson:20000' % b.u('/user/collector'))
    e = b.expect('recv', actor='/user/collector', cls='ukko.oracle.BigDoc')
    f = px.frame(to=b.u('/'), serializer=6)
    s.check(int(f['data'].split()[0]) > 20000, 'frame of %s' % f['data'])
    n, k = b.here(), px.here()
    a.cmd('select %s bigjson:400000' % b.u('/user/collector'))
    e = b.expect('recv', since=n, actor='/user/collector', cls='ukko.oracle.BigDoc')
    s.check(e['value']['chars'] >= 400000 and e['value']['first'] == 'line 0 of a large document that compresses well', 'value %r' % e['value'])
    f = px.frame(since=k, to=b.u('/'), serializer=6)
    s.check(int(f['data'].split()[0]) < 60000, 'frame of %s' % f['data'])
    n = a.here()
    b.cmd('select %s bigjson:400000' % a.u('/user/collector'))
    s.equal(a.expect('recv', since=n, cls='ukko.oracle.BigDoc')['value'], e['value'], 'value in the other direction')


@scenario('SER', 'protobuf messages travel by their class name', 'ProtobufSerializerSpec 3,5')
def ser_protobuf(s):
    a, b = s.pair()
    for text in ('hello', 'gr\u00fc\u00df'):
        for path, p in (('/user/echo', a), ('/user/collector', b)):
            n = p.here()
            a.cmd('select %s proto:%s' % (b.u(path), text))
            e = p.expect('recv', since=n, actor='/user/collector', cls='com.google.protobuf.StringValue')
            s.equal(e['value'], text, 'value')


@scenario('SER', 'Identify and ActorIdentity as ordinary messages with any id', 'MiscMessageSerializerSpec 2')
def ser_identify(s):
    a, b = s.pair()
    for m, shown in (('identify:str:x', 'x'), ('identify:long:8', 8), ('identify:none', 'None'), ('identify:null', None)):
        n = a.here()
        a.cmd('tell %s %s' % (b.lookup('/user/sink'), m))
        e = a.expect('recv', since=n, cls='org.apache.pekko.actor.ActorIdentity')
        s.equal(e['value'], {'id': shown, 'ref': b.lookup('/user/sink')}, 'ActorIdentity')


@scenario('SER', 'a message without a serializer is dropped with an error in the log; the link lives', 'RemotingSpec 12; TransientSerializationErrorSpec 1')
def ser_unserializable(s):
    a, b = s.pair()
    s.ping(a, b)
    n, t = a.here(), s.token()
    a.cmd('select %s java:%s' % (b.u('/user/collector'), t))
    a.expect('log', since=n, level='ERROR')
    a.cmd('tell %s double:1.5' % b.u('/user/collector'))
    s.ping(a, b)
    b.absent('recv', value=has(t))
    b.absent('recv', value=1.5)
    for p in (a, b):
        p.absent('lifecycle', kind=anyof('DisassociatedEvent', 'AssociationErrorEvent'), remote=(b if p is a else a).address)


@scenario('SER', 'an outgoing message above the frame size is dropped with an event; one close below it passes', 'RemotingSpec 13,14')
def ser_oversize(s):
    a, b = s.both(('--max-frame', '64000b'), ('--max-frame', '64000b'))
    s.ping(a, b)
    a.cmd('tell %s bytesn:63500' % b.u('/user/collector'))
    b.expect('recv', actor='/user/collector', value=lambda v: v['length'] == 63500)
    a.cmd('tell %s bytesn:64001' % b.u('/user/collector'))
    e = a.expect('dropped', cls='[B')
    s.check(e['recipient'].startswith(b.u('/user/collector')), 'recipient %r' % e['recipient'])
    s.ping(a, b)
    b.absent('recv', value=lambda v: v['length'] == 64001)
    a.absent('lifecycle', kind='DisassociatedEvent')


@scenario('SER', 'an incoming frame above the limit breaks the connection; the link recovers after the gate', 'RemotingSpec 15')
def ser_oversize_incoming(s):
    a, b = s.both(('--max-frame', '300000b', '--gate', '1s'), ('--max-frame', '64000b', '--gate', '1s'))
    s.ping(a, b)
    a.cmd('tell %s bytesn:200000' % b.u('/user/collector'))
    a.expect('lifecycle', kind='DisassociatedEvent', remote=b.address)
    s.link(a, b)
    b.absent('recv', value=lambda v: v['length'] == 200000)


@scenario('SER', 'with a larger limit on both sides large messages pass', 'RemotingSpec 13')
def ser_large_frames(s):
    a, b = s.both(('--max-frame', '4000000b'), ('--max-frame', '4000000b'))
    a.cmd('select %s bytesn:3000000' % b.u('/user/echo'))
    e = a.expect('recv', actor='/user/collector', cls='[B')
    s.equal(e['value']['length'], 3000000, 'length')


@scenario('SER', 'unknown serializer ids and manifests from a hand-made peer are dropped with a warning; the link lives', 'MiscMessageSerializerSpec 4; RemoteFeaturesSpec')
def ser_unknown_ids(s):
    a = s.shared('x')
    r, me = s.handshake(a)
    to, n = a.u('/user/collector'), a.here()
    for sid, manifest, data in ((4711, None, b'\0'), (16, 'ZZ', b''), (31, 'no.such.Class', b'{}'), (2, 'java.lang.String', b'')):
        k = a.here()
        r.send(payload(to, data, sid, manifest))
        a.expect('log', since=k, level='WARN')
    t = s.token()
    r.send(payload(to, t.encode(), frm=me + '/user/x#9'))
    a.expect('recv', since=n, actor='/user/collector', value=t, sender=me + '/user/x#9')
    r.absent('closed')
    s.equal(len(a.find('recv', since=n)), 1, 'messages received')


@scenario('SER', 'the bytes of common messages, as a hand-made peer sees them', 'PrimitivesSerializationSpec 1,4; MiscMessageSerializerSpec 1')
def ser_bytes_on_wire(s):
    a = s.shared('x')
    r, me = s.handshake(a)
    a.expect('lifecycle', kind='AssociatedEvent', remote=me)
    rows = [('str:h\u00e9', 20, '', 'h\u00e9'.encode()), ('long:72623859790382856', 18, '', bytes([8, 7, 6, 5, 4, 3, 2, 1])), ('int:258', 19, '', bytes([2, 1, 0, 0])), ('bool:true', 35, '', b'\1'),
            ('bytes:00ff', 4, '', b'\0\xff'), ('bstr:0a0b', 21, '', b'\n\x0b'), ('json:hi,3', 31, 'ukko.oracle.Greeting', b'{"text":"hi","number":3}'),
            ('cbor:hi,3', 33, 'ukko.oracle.CborGreeting', None), ('proto:hi', 2, 'com.google.protobuf.StringValue', b'\n\2hi'), ('done', 16, 'DONE', b''), ('none', 16, 'C', b''), ('empty', 16, 'H', b''),
            ('poison', 16, 'P', b''), ('kill', 16, 'K', b''), ('ack', 16, 'SA', b''), ('success:str:x', 16, 'D', bytes.fromhex('0a01781014')), ('opt:int:1', 16, 'H', bytes.fromhex('0a080a04010000001013')),
            ('identify:str:i', 16, 'A', bytes.fromhex('0a050a01691014')), ('identify:null', 16, 'A', bytes.fromhex('0a040a001000')), ('replyerr:no', 16, 'SM', b'\n\2no'),
            ('address:pekko.tcp://B@h:1', 16, 'AD', bytes.fromhex('0a014212016818012209') + b'pekko.tcp')]
    for msg, sid, manifest, data in rows:
        k = r.here()
        a.cmd('tell %s/user/x#5 %s' % (me, msg))
        f = r.frame(since=k, pdu='PAYLOAD', to=me + '/user/x#5')
        s.equal((f['serializer'], f['manifest']), (sid, manifest), 'serializer and manifest of ' + msg)
        if data is not None:
            s.equal(f['data'], data.hex(), 'bytes of ' + msg)
        s.check(a.ref('/user/collector')(f['from']), 'sender %r' % f['from'])
