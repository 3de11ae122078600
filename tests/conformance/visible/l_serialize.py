# SPDX-License-Identifier: Apache-2.0
"""Messages in less common compositions: containers in containers, references that go on to a third system, serializers by
configuration, texts and numbers at their limits, and what a hand-made peer may put into all of them."""
import struct
from conform import scenario, has, anyof, payload, pb, refto, same_ask

PEKKO, L = 'org.apache.pekko.', 'java.lang.'
TNSEX = PEKKO + 'remote.serialization.ThrowableNotSerializableException'
SV = 'com.google.protobuf.StringValue'


def recv(p, since, **fields):
    return p.expect('recv', since=since, actor='/user/collector', **fields)


def travels(s, a, b, msg):
    """the message is at the other side, and back again, what it is at home: its class and its value"""
    n = a.here()
    a.cmd('tell /user/collector ' + msg)
    home = recv(a, n)
    for path, p in (('/user/collector', b), ('/user/echo', a)):
        n = p.here()
        a.cmd('select %s %s' % (b.u(path), msg))
        e = recv(p, n)
        s.equal((e['class'], e['value']), (home['class'], home['value']), '%s at %s' % (msg[:60], p.label))
    return home


class Hand:
    """a hand-made peer that sends payloads to one system"""
    def __init__(self, s, a):
        self.s, self.a = s, a
        self.r, self.address = s.handshake(a)
        self.me = self.address + '/user/me#7'

    def send(self, to, data, serializer=20, manifest=None):
        self.r.send(payload(self.a.u(to), data, serializer, manifest, frm=self.me))

    def echo(self, data, serializer=20, manifest=None):
        """what the system's echo makes of it: the frame that comes back"""
        k = self.r.here()
        self.send('/user/echo', data, serializer, manifest)
        return self.r.frame(since=k, pdu='PAYLOAD', to=self.me)

    def shown(self, data, serializer=20, manifest=None):
        """what the system's collector prints of it"""
        n = self.a.here()
        self.send('/user/collector', data, serializer, manifest)
        return recv(self.a, n, sender=self.me)


def nested(data, serializer, manifest=None):
    return pb((1, data), (2, serializer), (4, manifest))


# ---------------------------------------------------------------- containers
@scenario('SER', 'containers in containers arrive as what they were, four and twelve deep', 'MiscMessageSerializerSpec 2')
def ser_nested(s):
    a, b = s.pair()
    for m in ('some:some:str:x', 'opt:some:opt:long:5', 'success:replyok:some:json:a,1', 'replyok:success:opt:cbor:b,-2', 'some:none', 'some:empty', 'opt:done', 'success:ack', 'replyok:notused', 'some:success:null', 'opt:replyerr:no',
              'success:proto:pb', 'some:bytes:00ff', 'success:bstr:00ff', 'replyok:some:bool:false', 'some:int:-2147483648', 'some:address:pekko.tcp://S@h:1', 'replyok:bigjson:3000', 'some:replyok:opt:success:some:mixedcbor', 'some:' * 12 + 'str:deep'):
        travels(s, a, b, m)


@scenario('SER', 'PoisonPill and Kill inside containers are data: nobody dies of them', '')
def ser_nested_signals(s):
    a, b = s.pair()
    for m in ('some:poison', 'success:kill', 'replyok:poison', 'opt:kill'):
        travels(s, a, b, m)
    n = b.here()
    a.cmd('select %s some:kill' % b.u('/user/failing'))
    a.cmd('ask %s alive' % b.u('/user/failing'))
    s.equal(a.expect('reply', path=b.u('/user/failing'))['value'], 'alive', 'answer')
    b.absent('prerestart', since=n)


@scenario('SER', 'an exception is replaced wherever it stands: in a Status, an Option, a StatusReply, an Identify, and once only', 'MiscMessageSerializerSpec 7')
def ser_nested_failures(s):
    a, b = s.pair()
    text = 'Serialization of [java.lang.IllegalStateException] failed. boom'
    cause = {'class': TNSEX, 'message': text}
    for m, cls, value in (('failure:boom', PEKKO + 'actor.Status$Failure', cause), ('some:failure:boom', 'scala.Some', {'class': PEKKO + 'actor.Status$Failure', 'value': cause}),
                          ('success:some:failure:boom', PEKKO + 'actor.Status$Success', {'class': PEKKO + 'actor.Status$Failure', 'value': cause}), ('replyok:failure:boom', PEKKO + 'pattern.StatusReply', {'ok': True, 'value': cause}),
                          ('opt:timeoutfailure:late', 'java.util.Optional', {'class': PEKKO + 'actor.Status$Failure', 'value': {'class': 'java.util.concurrent.TimeoutException', 'message': 'late'}}),
                          ('failure:', PEKKO + 'actor.Status$Failure', {'class': TNSEX, 'message': text[:-4]})):
        for path, p in (('/user/collector', b), ('/user/echo', a)):
            n = p.here()
            a.cmd('select %s %s' % (b.u(path), m))
            e = recv(p, n)
            s.equal((e['class'], e['value']), (cls, value), m + ' at ' + p.label)


@scenario('SER', 'an Identify answers with its id, whatever that is', 'MiscMessageSerializerSpec 2')
def ser_nested_ids(s):
    a, b = s.pair()
    there = b.lookup('/user/echo')
    for m, shown in (('json:a,1', {'text': 'a', 'number': 1}), ('some:opt:long:5', None), ('ref:' + there, there), ('bytes:00ff', '00ff'), ('proto:x', 'x'), ('bool:true', True), ('done', 'Done'), ('str:', ''), ('strn:3000', None), ('timeoutfailure:t', {'class': 'java.util.concurrent.TimeoutException', 'message': 't'})):
        n = a.here()
        a.cmd('identify %s %s' % (b.u('/user/echo'), m))
        e = recv(a, n, cls=PEKKO + 'actor.ActorIdentity')
        s.equal(e['value']['ref'], there, 'reference for the id ' + m)
        if shown is not None:
            s.equal(e['value']['id'], shown, 'id ' + m)
        n = a.here()
        a.cmd('identify %s %s' % (b.u('/user/nobody'), m))
        e = recv(a, n, cls=PEKKO + 'actor.ActorIdentity')
        s.equal(e['value']['ref'], None, 'reference of nobody')
        if shown is not None:
            s.equal(e['value']['id'], shown, 'id ' + m)


@scenario('SER', 'containers through a wildcard selection reach each actor whole', 'ActorSelectionSpec 26')
def ser_nested_selected(s):
    a, b = s.pair()
    for m, cls, value in (('some:replyok:json:z,9', 'scala.Some', {'class': PEKKO + 'pattern.StatusReply', 'value': {'ok': True, 'value': {'text': 'z', 'number': 9}}}), ('bigjson:40000', 'ukko.oracle.BigDoc', None), ('success:bytesn:3000', PEKKO + 'actor.Status$Success', None)):
        n, k = b.here(), a.here()
        a.cmd('select %s %s' % (b.u('/user/parent/c*'), m))
        got = b.expect_n(3, 'recv', since=n, cls=cls)
        s.equal(sorted(e['actor'] for e in got), ['/user/parent/c1', '/user/parent/c2', '/user/parent/c3'], 'actors')
        if value is not None:
            s.equal([e['value'] for e in got], [value] * 3, 'values')
        s.equal(len({str(e['value']) for e in got}), 1, 'different values')
        a.expect_n(3, 'recv', since=k, actor='/user/collector', cls=L + 'String')


@scenario('SER', 'what has no serializer is not sent from inside a container either: an error in the log, the link lives', 'RemotingSpec 12')
def ser_nested_unserializable(s):
    a, b = s.pair()
    s.ping(a, b)
    n = b.here()
    for m in ('some:java:x', 'opt:double:1.5', 'success:java:x', 'replyok:some:java:x', 'identify:java:x', 'success:address:pekko://NoHost'):
        k = a.here()
        a.cmd('select %s %s' % (b.u('/user/collector'), m))
        a.expect('log', since=k, level='ERROR')
    s.ping(a, b)
    b.absent('recv', since=n, actor='/user/collector')
    a.absent('lifecycle', kind=anyof('DisassociatedEvent', 'AssociationErrorEvent'), remote=b.address)


@scenario('SER', 'every kind of message answers an ask as what it is; a Status.Failure fails it', '')
def ser_asked(s):
    a, b = s.pair()
    echo = b.u('/user/echo')
    for m in ('str:', 'long:-1', 'bool:true', 'bytes:00ff', 'bstr:0a', 'json:a,1', 'cbor:a,1', 'proto:p', 'some:str:x', 'none', 'empty', 'opt:int:4', 'done', 'notused', 'address:pekko.tcp://S@h:1', 'replyok:str:y', 'replyerr:no', 'ack', 'mixedcbor'):
        n = a.here()
        a.cmd('tell /user/collector ' + m)
        home = recv(a, n)
        n = a.here()
        a.cmd('ask %s %s' % (echo, m))
        e = a.expect('reply', since=n, path=echo)
        s.equal((e['class'], e['value']), (home['class'], home['value']), 'reply to ' + m)
    for m, value in (('success:str:fine', 'fine'), ('success:some:long:3', {'class': L + 'Long', 'value': 3})):
        n = a.here()
        a.cmd('ask %s %s' % (echo, m))
        s.equal(a.expect('reply', since=n, path=echo)['value'], value, 'reply to ' + m)
    for m, cls in (('failure:boom', TNSEX), ('timeoutfailure:slow', 'java.util.concurrent.TimeoutException')):
        n = a.here()
        a.cmd('ask %s %s' % (echo, m))
        e = a.expect('reply', since=n, path=echo)
        s.equal(e['error']['class'], cls, 'error of ' + m)


# ---------------------------------------------------------------- references
@scenario('SER', 'a reference that was sent is used from where it arrived, though its actor lives on a third system', '', timeout=60)
def ser_ref_to_third(s):
    a, b = s.pair()
    c = s.x()
    for m in ('ref:%s', 'mixed:%s'):
        for path in (c.lookup('/user/collector'), c.u('/user/collector')):
            n = c.here()
            a.cmd('select %s %s' % (b.u('/user/caller'), m % path))
            c.expect('recv', since=n, actor='/user/collector', value='called', sender=b.ref('/user/caller'))


@scenario('SER', 'a reference goes round through three systems and is still the same', '', timeout=60)
def ser_ref_round(s):
    a, b = s.pair()
    c = s.y()
    a.cmd('forward-to ' + b.u('/user/forwarder'))
    b.cmd('forward-to ' + c.u('/user/collector'))
    for p in (a, b):
        p.expect('ok', cmd='forward-to')
    for given in (a.lookup('/user/echo'), b.lookup('/user/echo'), c.lookup('/user/sink'), 'pekko.tcp://Gone@some.host:2552/user/x#-77', a.u('/user/no-one')):
        n = c.here()
        a.cmd('tell /user/forwarder ref:' + given)
        e = c.expect('recv', since=n, actor='/user/collector', sender=a.ref('/user/collector'))
        s.equal(e['value'], given, 'reference')
        s.check('ActorRef' in e['class'], 'class ' + e['class'])
    for p in (a, b):
        p.cmd('forward-to /user/echo')


@scenario('SER', 'a reference with the uid of an ended actor does not become its successor, wherever it has been', 'RemoteDeathWatchSpec 4', timeout=60)
def ser_ref_of_ended(s):
    a, b = s.both()
    old = a.spawn('Worker', 'w')
    n = b.here()
    a.cmd('tell %s ref:%s' % (b.u('/user/collector'), old))
    s.equal(recv(b, n)['value'], old, 'reference')
    a.cmd('watchref ' + old)
    a.cmd('stop /user/w')
    a.expect('terminated-msg', ref=old)
    new = a.spawn('Worker', 'w')
    s.check(new != old, 'a new uid')
    t = s.token()
    b.cmd('tell %s %s-old' % (old, t))
    b.cmd('tell %s %s-new' % (new, t))
    b.cmd('tell %s %s-any' % (a.u('/user/w'), t))
    got = a.expect_n(2, 'recv', actor='/user/w', value=has(t))
    s.equal([e['value'] for e in got], [t + '-new', t + '-any'], 'messages')
    a.expect('deadletter', value=t + '-old')
    n = a.here()                                   # the old reference, sent home, is nobody's
    b.cmd('tell %s ref:%s' % (a.u('/user/collector'), old))
    s.equal(recv(a, n)['value'], old, 'reference at home')


@scenario('SER', 'the reference of an ask can be sent on: whoever answers it first ends the ask', '')
def ser_ref_of_ask(s):
    a, b = s.pair()
    n, k = a.here(), b.here()
    a.cmd('ask %s question' % b.u('/user/collector'))
    temp = b.expect('recv', since=k, actor='/user/collector', value='question')['sender']
    s.check(temp.startswith(a.u('/temp/')), 'sender %r' % temp)
    k = b.here()
    b.cmd('tell /user/collector ref:' + temp)      # it is a reference like others
    s.equal(recv(b, k)['value'], temp, 'reference')
    b.cmd('tell %s some:str:answer' % temp)
    e = a.expect('reply', since=n, path=b.u('/user/collector'))
    s.equal((e['class'], e['value']), ('scala.Some', {'class': L + 'String', 'value': 'answer'}), 'reply')
    t = s.token()
    b.cmd('tell %s %s' % (temp, t))
    a.expect('deadletter', since=n, value=t)


@scenario('SER', 'spellings of references: without uid, of another protocol, of nobody, of no path at all', 'MiscMessageSerializerSpec 2')
def ser_ref_spellings(s):
    a = s.shared('x')
    h = Hand(s, a)
    for path, want in (('pekko.tcp://S@h:1/user/x', None), ('pekko.tcp://S@h:1/user/x#-5', None), ('pekko.tcp://S@h:1/user/a%20b', None), ('pekko.tcp://S@h:1/user/$a/$b#9', None), ('pekko.tcp://S@h:1/temp/$a', None), ('pekko.tcp://S@[::1]:1/user/x#3', None),
                       ('pekko.tcp://S@h:1/user//x', 'pekko.tcp://S@h:1/user/x'), (a.u('/user/echo/'), a.lookup('/user/echo')), (a.u('/user/echo'), a.lookup('/user/echo')), (a.u('/user/echo#5'), None), ('/user/echo', a.u('/deadLetters')), ('nonsense', a.u('/deadLetters')), ('', a.u('/deadLetters')),
                       ('pekko.tcp://S@h:1/user/a b', a.u('/deadLetters')), ('pekko.tcp://S@h:1/user/a\0b', a.u('/deadLetters'))):
        e = h.shown(pb((1, path)), 16, 'G')
        s.equal(e['value'], want or path, 'reference %r' % path)
        s.equal(bytes.fromhex(h.echo(pb((1, path)), 16, 'G')['data']), pb((1, want or path)), 'bytes of %r' % path)


@scenario('SER', 'bytes in paths that are no UTF-8 become U+FFFD, in references, senders, recipients and what is watched', '')
def ser_ref_bad_utf8(s):
    a = s.shared('x')
    h = Hand(s, a)
    for raw, want in ((b'a\xffb', 'a\ufffdb'), (b'a\xe2\x82', 'a\ufffd'), (b'\xed\xa0\x80', '\ufffd'), (b'\xc0\x80', '\ufffd\ufffd'), ('\u00e4\u2603'.encode(), '\u00e4\u2603')):
        path = 'pekko.tcp://S@h:1/user/%s#5' % want
        given = b'pekko.tcp://S@h:1/user/' + raw + b'#5'
        s.equal(h.shown(pb((1, given)), 16, 'G')['value'], path, 'reference')
        s.equal(bytes.fromhex(h.echo(pb((1, given)), 16, 'G')['data']), pb((1, path)), 'bytes of the reference')
        t = s.token()
        h.r.send(payload(a.u('/user/collector'), t.encode(), frm=h.address.encode() + b'/user/' + raw + b'#6'))
        s.equal(a.expect('recv', value=t)['sender'], '%s/user/%s#6' % (h.address, want), 'sender')
        h.r.send(payload(a.u('/user/echo'), t.encode(), frm=h.address.encode() + b'/user/' + raw + b'#6'))
        h.r.frame(pdu='PAYLOAD', to='%s/user/%s#6' % (h.address, want), data=t.encode().hex())
        n, t = a.here(), s.token()
        h.r.send(payload(a.address.encode() + b'/user/' + raw, t.encode(), frm=h.me))
        s.equal(a.expect('deadletter', since=n, value=t)['recipient'], a.u('/user/' + want), 'recipient')


# ---------------------------------------------------------------- texts and numbers
@scenario('SER', 'a NUL in a text is a character: in strings, options, error texts, exceptions, addresses, JSON and protobuf', '')
def ser_nul(s):
    h = Hand(s, s.shared('x'))
    t = 'a\0z\0'
    tns = pb((1, 'any'), (2, t), (3, 'java.lang.Foo'))
    js = b'{"text":"a\\u0000z\\u0000","number":3}'
    for data, sid, man, value in ((t.encode(), 20, None, t), (pb((1, nested(t, 20))), 16, 'C', {'class': L + 'String', 'value': t}), (pb((1, t)), 16, 'SM', {'ok': False, 'error': t}), (nested(tns, 16, 'TNSEX'), 16, 'E', {'class': TNSEX, 'message': 'Serialization of [java.lang.Foo] failed. ' + t}),
                                  (pb((1, t), (2, 'h'), (3, 1), (4, 'pekko.tcp')), 16, 'AD', 'pekko.tcp://%s@h:1' % t), (js, 31, 'ukko.oracle.Greeting', {'text': t, 'number': 3}), (pb((1, t)), 2, SV, t), (pb((1, 'java.util.concurrent.TimeoutException'), (2, t)), 16, 'F', {'class': 'java.util.concurrent.TimeoutException', 'message': t})):
        e = h.shown(data, sid, man)
        s.equal(e['value'], value, 'value of %s %s' % (sid, man))
        f = h.echo(data, sid, man)
        s.equal((f['serializer'], f['manifest']), (sid, man or ''), 'serializer of the echo')
        if man == 'E':
            s.check(t.encode().hex() in f['data'], 'echo %r' % f['data'])
        elif man != 'F':
            s.equal(f['data'], data.hex(), 'echo of %s %s' % (sid, man))


@scenario('SER', 'texts at the edges of Unicode arrive whole; what is no UTF-8 is repaired as a JVM does it', 'PrimitivesSerializationSpec 2')
def ser_unicode(s):
    a, b = s.pair()
    for t in ('\ufeffbom', '\u07ff\u0800\uffff', '\U00010000\U0010ffff', 'e\u0301 \u200d \u2028\u2029', '\U0001f468\u200d\U0001f469\u200d\U0001f467' * 50, '\x7f\x80\x9f'):
        for m in ('str:', 'some:str:', 'replyerr:', 'proto:', 'failure:'):
            if 'failure' not in m:
                travels(s, a, b, m + '<' + t + '>')
        travels(s, a, b, 'json:<%s>,1' % t)
        travels(s, a, b, 'cbor:<%s>,1' % t)
    h = Hand(s, a)
    for raw, want in ((b'a\xff\xfeb', 'a\ufffd\ufffdb'), (b'ab\xe2\x82', 'ab\ufffd'), (b'\xed\xa0\x80\xed\xb0\x80', '\ufffd\ufffd'), (b'\xf0\x9f\x98x', '\ufffdx'), (b'\xf4\x90\x80\x80', '\ufffd' * 4), (b'\xf8\x88\x80\x80\x80', '\ufffd' * 5)):
        s.equal(h.shown(raw)['value'], want, 'value of %r' % raw)
        s.equal(h.echo(raw)['data'], want.encode().hex(), 'echo of %r' % raw)
        s.equal(h.shown(pb((1, raw)), 16, 'SM')['value'], {'ok': False, 'error': want}, 'error of %r' % raw)


@scenario('SER', 'empty ones and ones of 100 KB, of each kind that can be either', 'PrimitivesSerializationSpec 2')
def ser_sizes(s):
    a, b = s.pair()
    for m in ('str:', 'bytes:', 'bstr:', 'some:str:', 'opt:bytes:', 'replyok:str:', 'json:,0', 'cbor:,0', 'proto:', 'bigjson:0',
              'strn:100000', 'bytesn:100000', 'bstrn:100000', 'some:strn:100000', 'success:bytesn:100000', 'replyok:opt:strn:100000', 'json:%s,1' % ('q' * 100000), 'cbor:%s,1' % ('q' * 100000), 'proto:' + 'q' * 100000, 'replyerr:' + 'q' * 100000):
        travels(s, a, b, m)


@scenario('SER', 'numbers at their limits, plain, in JSON and in CBOR', 'PrimitivesSerializationSpec 2')
def ser_numbers_extreme(s):
    a, b = s.pair()
    for v in ((1 << 63) - 1, -(1 << 63), (1 << 53) + 1, -(1 << 53) - 1, 1 << 31, -(1 << 31) - 1, 1 << 32, 23, 24, 255, 256, 65535, 65536, -1, -24, -25, -256, -257):
        for m in ('long:%d', 'json:n,%d', 'cbor:n,%d', 'some:long:%d'):
            travels(s, a, b, m % v)
    h = Hand(s, a)
    g = 'ukko.oracle.Greeting'
    for text, number in ((b'1e3', 1000), (b'7.9', 7), (b'-0.9', 0), (b'-0', 0), (b'"12"', 12), (b'null', 0), (b'""', 0), (b'9223372036854775807', (1 << 63) - 1)):
        s.equal(h.shown(b'{"number":' + text + b',"text":"a"}', 31, g)['value'], {'text': 'a', 'number': number}, 'number %r' % text)
    n = a.here()
    m = lambda real: b'{"flag":true,"small":1,"large":2,"real":' + real + b',"text":"t","blob":"","list":[],"map":{}}'
    for real, want in ((b'-0.0', 0), (b'5e-324', 5e-324), (b'1.7976931348623157e308', 1.7976931348623157e308), (b'"NaN"', None), (b'"-Infinity"', None), (b'"INF"', None), (b'0.1', 0.1), (b'1', 1), (b'123456789012345678', 123456789012345678.0)):
        s.equal(h.shown(m(real), 31, 'ukko.oracle.Mixed')['value']['real'], want, 'real %r' % real)


@scenario('SER', 'the same message has the same serializer, manifest and bytes on both systems', 'PrimitivesSerializationSpec 1; MiscMessageSerializerSpec 1')
def ser_same_bytes(s):
    a, b = s.pair()
    for m in ('str:gr\u00fc\u00df', 'long:-2', 'int:7', 'bool:true', 'bytes:00ff', 'bstr:00ff', 'json:"q"\\\u2028\u00e9\U0001f600,-1', 'cbor:text,70000', 'cbor:%s,-70000' % ('c' * 300), 'proto:p\u00e9', 'proto:', 'mixed:pekko.tcp://S@h:1/user/x#5', 'mixedcbor', 'bigjson:500', 'ref:pekko.tcp://S@h:1/user/x#5',
              'some:some:str:x', 'none', 'empty', 'opt:success:null', 'done', 'notused', 'poison', 'kill', 'address:pekko.ssl.tcp://S@h:1', 'success:json:j,1', 'failure:b\u00f6om', 'replyok:some:cbor:c,1', 'replyok:done', 'replyerr:', 'ack', 'identify:some:long:5', 'identify:null'):
        got = []
        for p in (a, b):
            n = p.here()
            p.cmd('serialize ' + m)
            e = p.expect('serialize', since=n)
            data = e['hex']
            got.append((e['class'], e['serializer_id'], e['manifest'], data))
        s.equal(got[1], got[0], 'what is made of %s at %s' % (m, b.label))


# ---------------------------------------------------------------- Jackson
def jackson(name, *lines):
    return '--hocon', 'pekko.serialization.jackson.%s { %s }' % (name, ', '.join(lines))


@scenario('SER', 'compression by configuration: gzip and LZ4, for JSON and CBOR, from a size on; read whatever the reader is set to', '', timeout=90)
def ser_compression(s):
    y, px = s.proxied('y', *jackson('jackson-json', 'compression.algorithm = off'))
    cases = ((('jackson-json', 'compression.algorithm = lz4', 'compression.compress-larger-than = 1 KiB'), 'bigjson:8000', 31, b'\x87\xd9\x6d\xf6', 4000), (('jackson-cbor', 'compression.algorithm = gzip', 'compression.compress-larger-than = 0 KiB'), 'cbor:%s,5' % ('ab' * 150), 33, b'\x1f\x8b', 200),
             (('jackson-cbor', 'compression.algorithm = lz4', 'compression.compress-larger-than = 100 B'), 'cbor:%s,5' % ('ab' * 150), 33, b'\x87\xd9\x6d\xf6', 200), (('jackson-json', 'compression.algorithm = off'), 'bigjson:50000', 31, b'{', None))
    for conf, m, sid, magic, most in cases:
        x = s.x(*jackson(*conf))
        n = x.here()
        x.cmd('tell /user/collector ' + m)
        home = recv(x, n)
        n, k = y.here(), px.here()
        x.cmd('tell %s %s' % (y.u('/user/collector'), m))
        s.equal(recv(y, n)['value'], home['value'], 'value with ' + conf[1])
        f = px.frame(since=k, pdu='PAYLOAD', serializer=sid)
        size = int(f['data'].split()[0]) if 'bytes' in f['data'] else len(f['data']) // 2
        if 'bytes' not in f['data']:
            s.check(bytes.fromhex(f['data']).startswith(magic), 'first bytes of %s' % f['data'][:20])
        s.check(size < most if most else size > 50000, 'size %d with %s' % (size, conf[1]))
        n = x.here()
        y.cmd('tell %s %s' % (x.u('/user/collector'), m))
        s.equal(recv(x, n)['value'], home['value'], 'value back with ' + conf[1])
        x.kill()


@scenario('SER', 'JSON as others write it: order, space, escapes, unknown and missing fields, the other format of a class', '')
def ser_json_foreign(s):
    h = Hand(s, s.shared('x'))
    g, full = 'ukko.oracle.Greeting', {'text': 'a', 'number': 3}
    for t, want in ((b'{"number":3,"text":"a"}', full), (b' \n{ "text" :\t"a" , "number" : 3 }\r\n', full), (b'{"text":"a","number":3,"more":{"x":[1,{"y":null}]}}', full), (b'{}', {'text': None, 'number': 0}), (b'\xef\xbb\xbf{"text":"a","number":3}', full), (b'{"text":"a","number":" 3\\t"}', full), (b'{"text":"b","text":"a","number":3}', full), (b'{"text":"\\u0061","number":3}', full),
                    (b'{"text":"\\"\\\\\\/\\b\\f\\n\\r\\t\\ud83d\\ude00","number":3}', {'text': '"\\/\b\f\n\r\t\U0001f600', 'number': 3}), (b'{"text":5,"number":3}', {'text': '5', 'number': 3}), (b'{"text":true,"number":3}', {'text': 'true', 'number': 3})):
        s.equal(h.shown(t, 31, g)['value'], want, 'value of %r' % t)
        s.equal(h.shown(t, 31, g + '#1')['value'], want, 'value of %r with a version' % t)
    for cbor in ('bf6474657874616' '1666e756d62657203ff', 'a264746578746161666e756d62657203', 'a2666e756d6265721b0000000000000003647465787461' '61', 'a26474657874' '7f6161ff' '666e756d62657203'):
        s.equal(h.shown(bytes.fromhex(cbor), 33, 'ukko.oracle.CborGreeting')['value'], full, 'value of ' + cbor)


@scenario('SER', 'classes that Jackson shall not read: unknown ones, such without a binding, collections, JDK classes; the link lives', '')
def ser_jackson_refused(s):
    a = s.shared('x')
    h = Hand(s, a)
    n = a.here()
    for sid, man in ((31, 'no.such.Class'), (31, 'ukko.oracle.JavaThing'), (31, 'java.util.ArrayList'), (31, 'java.lang.String'), (33, 'java.util.HashMap'), (31, None), (33, 'ukko.oracle.Actors$Worker'), (2, 'java.lang.String'), (2, 'no.such.Proto'), (16, None), (16, 'a'), (4711, 'x'), (-5, None), (20, 'no.such.Class')):
        k = a.here()
        h.send('/user/collector', b'{"text":"a","number":3}', sid, man)
        a.expect('log', since=k, level='WARN')
    t = s.token()
    h.send('/user/collector', t.encode())
    recv(a, n, value=t)
    s.equal(len(a.find('recv', since=n, actor='/user/collector')), 1, 'messages received')
    h.r.absent('closed')


# ---------------------------------------------------------------- serializers by configuration
@scenario('SER', 'a class bound to another serializer by configuration travels by that one, and is read by whoever has the class', '', timeout=60)
def ser_bindings(s):
    y, px = s.proxied('y')
    x = s.x('--hocon', 'pekko.actor.serialization-bindings { "ukko.oracle.Greeting" = jackson-cbor, "ukko.oracle.CborGreeting" = jackson-json }')
    for m, cls, sid in (('json:a,1', 'ukko.oracle.Greeting', 33), ('cbor:b,2', 'ukko.oracle.CborGreeting', 31), ('some:json:c,3', 'scala.Some', 16)):
        n, k = y.here(), px.here()
        x.cmd('tell %s %s' % (y.u('/user/collector'), m))
        recv(y, n, cls=cls)
        px.frame(since=k, pdu='PAYLOAD', to=y.u('/user/collector'), serializer=sid)
        n = x.here()
        x.cmd('tell %s %s' % (y.u('/user/echo'), m))
        recv(x, n, cls=cls)


@scenario('SER', 'serializer ids by configuration: known to both they are used, known to one the message is dropped and the link lives', '', timeout=90)
def ser_identifiers(s):
    ids = '--hocon', 'pekko.actor.serialization-identifiers.jackson-json = 1031'
    y, px = s.proxied('y', *ids)
    x, z = s.many(('x',) + ids, ('x',))
    n, k = y.here(), px.here()
    x.cmd('tell %s json:a,1' % y.u('/user/echo'))
    s.equal(recv(x, 0, cls='ukko.oracle.Greeting')['value'], {'text': 'a', 'number': 1}, 'value')
    px.frame(since=k, pdu='PAYLOAD', to=y.u('/user/echo'), serializer=1031)
    n = y.here()
    z.cmd('tell %s json:b,1' % y.u('/user/collector'))
    y.expect('log', since=n, level='WARN', msg=has('[31]'))
    s.ping(z, y)
    y.absent('recv', since=n, cls='ukko.oracle.Greeting')
    n = z.here()
    y.cmd('tell %s json:c,1' % z.u('/user/collector'))
    z.expect('log', since=n, level='WARN', msg=has('[1031]'))
    s.ping(y, z)


# ---------------------------------------------------------------- what newer or other writers send
@scenario('SER', 'fields that a protobuf message of a newer writer has more go on with it', 'ProtobufSerializerSpec 3')
def ser_unknown_fields(s):
    h = Hand(s, s.shared('x'))
    more = pb((15, 'more'), (16, 7), (17, ('fixed64', 5)))
    for data in (pb((1, 'hi')) + more, more + pb((1, 'hi')), pb((1, 'no')) + more + pb((1, 'hi'))):
        s.equal(h.shown(data, 2, SV)['value'], 'hi', 'value')
        s.equal(h.echo(data, 2, SV)['data'], (pb((1, 'hi')) + more).hex(), 'echo')
    for data, man in ((pb((1, nested('i', 20) + more)) + more, 'C'), (nested('i', 20) + more, 'D'), (more + nested('i', 20), 'S'), (pb((1, nested('i', 20)), (2, pb((1, 'pekko.tcp://S@h:1/user/x#5')) + more)) + more, 'B')):
        s.check(h.shown(data, 16, man)['value'] is not None, 'value of ' + man)


@scenario('SER', 'system messages whose parts come in several fields, or with others among them, are understood', 'SystemMessageSerializationSpec 2')
def ser_system_pieces(s):
    a = s.shared('x')
    more = pb((15, 'more'), (16, 7))
    for pieces in (lambda x, y: [pb((1, pb((1, x)))), pb((2, pb((1, y))))], lambda x, y: [pb((2, pb((1, y)))), pb((1, pb((1, 'junk')))) + pb((1, pb((1, x)))), more], lambda x, y: [pb((1, pb((1, x)) + more), (2, pb((1, 'junk'))), (2, pb((1, y)))), b'']):
        h = Hand(s, a)
        who = a.u('/user/' + s.token())
        h.r.send(payload(who, pb((1, 6), *[(2, p) for p in pieces(who, h.me)]) + more, 22, frm=h.me, seq=0))
        f = h.r.frame(system='DeathWatchNotification', to=h.me)
        s.equal(f['data'], pb((1, 9), (7, pb((1, pb((1, who))), (2, 1), (3, 0)))).hex().replace('10011800', '10001800'), 'notification')
        h.r.close()


@scenario('SER', 'the text of an ActorInitializationException begins with the actor, for whoever reads it', 'MiscMessageSerializerSpec 5')
def ser_initialization(s):
    h = Hand(s, s.shared('x'))
    cls = PEKKO + 'actor.ActorInitializationException'
    cause = nested(pb((1, 'java.util.concurrent.TimeoutException'), (2, 'slow')), 16, 'F')
    for ref, before in ((pb((1, 'pekko.tcp://S@h:1/user/x#5')), 'pekko.tcp://S@h:1/user/x: '), (None, '')):
        data = pb((1, ref), (2, 'not now'), (3, cause))
        e = h.shown(data, 16, 'AIEX')
        s.equal((e['class'], e['value']), (cls, {'class': cls, 'message': before + 'not now'}), 'exception')
        e = h.shown(nested(data, 16, 'AIEX'), 16, 'E')
        s.equal(e['value'], {'class': cls, 'message': before + 'not now'}, 'cause')
        f = h.echo(data, 16, 'AIEX')
        s.check(pb((2, before + 'not now')).hex() in f['data'], 'echo')
        s.equal(h.echo(bytes.fromhex(f['data']), 16, 'AIEX')['data'], f['data'], 'echo of the echo: the actor stands there already')


@scenario('SER', 'pools, resizers and router configurations as messages: read, shown and written alike', 'MiscMessageSerializerSpec 2')
def ser_routers_as_data(s):
    h = Hand(s, s.shared('x'))
    tail = 'OneForOneStrategy(-1,Duration.Inf,true),'
    default = 'pekko.actor.default-dispatcher'
    dr = pb((1, 1), (2, 5), (3, 1)) + b''.join(bytes([n << 3 | 1]) + struct.pack('<d', v) for n, v in ((4, 100.0), (5, 0.3), (6, 1e-5))) + pb((7, 10))
    shown = 'DefaultResizer(1,5,1,100.0,0.3,1.0E-5,10)'
    pool, within = pb((1, 3), (3, 0)), pb((1, 3), (2, 4))
    for data, man, cls, want in ((dr, 'DR', 'routing.DefaultResizer', shown), (pool, 'ROBAP', 'routing.BalancingPool', 'BalancingPool(3,' + tail + default + ')'), (pool, 'RORP', 'routing.RandomPool', 'RandomPool(3,None,' + tail + default + ',false)'),
                                 (pb((1, 3), (2, 'dd'), (3, 1), (4, nested(dr, 16, 'DR'))), 'RORRP', 'routing.RoundRobinPool', 'RoundRobinPool(3,Some(' + shown + '),' + tail + 'dd,true)'),
                                 (pb((1, pool), (2, within)), 'ROSGP', 'routing.ScatterGatherFirstCompletedPool', 'ScatterGatherFirstCompletedPool(3,None,3 seconds,' + tail + default + ',false)'),
                                 (pb((1, pool), (2, pb((1, 1), (2, 4))), (3, pb((1, 20), (2, 3)))), 'ROTCP', 'routing.TailChoppingPool', 'TailChoppingPool(3,None,1 second,20 milliseconds,' + tail + default + ',false)'),
                                 (pb((1, nested(pool, 16, 'ROBP')), (2, pb((1, 'a'), (2, 'h'), (3, 1), (4, 'pekko.tcp')))), 'RORRC', 'remote.routing.RemoteRouterConfig', 'RemoteRouterConfig(BroadcastPool(3,None,' + tail + default + ',false),ArrayBuffer(pekko.tcp://a@h:1))'), (b'', 'FC', 'routing.FromConfig$', 'FromConfig')):
        e = h.shown(data, 16, man)
        s.equal((e['class'], e['value']), (PEKKO + cls, want), 'value of ' + man)
        s.equal(h.echo(data, 16, man)['data'], data.hex(), 'echo of ' + man)


@scenario('SER', 'a frame of exactly the limit, with its length, arrives; a message above it is dropped', 'RemotingSpec 13,14', timeout=60)
def ser_frame_limit(s):
    a, b = s.both(('--max-frame', '40000b'), ('--max-frame', '40000b'))
    s.ping(a, b)
    me = a.lookup('/user/collector')
    for kind, sid in (('bytesn:', 4), ('strn:', 20), ('bstrn:', 21)):
        n = 39000
        size = lambda n: len(payload(b.u('/user/collector'), b'x' * n, sid, frm=me))
        n += 39996 - size(n)                       # with the four bytes of its length that is 40000
        s.equal(size(n), 39996, 'size of the frame')
        k = b.here()
        a.cmd('tell %s %s%d' % (b.u('/user/collector'), kind, n))
        recv(b, k)
        k = a.here()
        a.cmd('tell %s %s%d' % (b.u('/user/collector'), kind, n + 40))
        a.expect('dropped', since=k, recipient=has('/user/collector'))
    s.ping(a, b)
    a.absent('lifecycle', kind='DisassociatedEvent')


@scenario('SER', 'arguments of a remote child that hold references and containers: the child can use them', '', timeout=60)
def ser_arguments(s):
    a, b = s.pair()
    c = s.x()
    third = c.lookup('/user/collector')
    name = s.token('w')
    n = b.here()
    a.cmd('deploy Worker %s %s some:ref:%s success:opt:json:in,2 replyok:mixed:%s' % (name, b.address, third, third))
    args = b.expect('worker-start', since=n)['args']
    s.equal(args[:2], [{'class': PEKKO + 'remote.RemoteActorRef', 'value': third}, {'class': 'ukko.oracle.Greeting', 'value': {'text': 'in', 'number': 2}}], 'arguments')
    s.equal((args[2]['ok'], args[2]['value']['replyTo'], args[2]['value']['nested']), (True, third, {'text': 'inner', 'number': 1}), 'third argument')
    ref = a.expect('deployed', name=name)['ref']
    n = a.here()
    a.cmd('ask-ref %s some:none' % ref)
    s.check(a.expect('reply', since=n, path=ref)['value'].startswith('worker['), 'answer')
    a.cmd('stop-child ' + name)
    b.expect('worker-stop')


# ---------------------------------------------------------------- orders to create, made by hand
def order(h, name, args=(), supervisor=None):
    """a DaemonMsgCreate for a Worker; args are (bytes, serializer, has a manifest, manifest)"""
    deploy = [(1, ''), (2, '{}')]
    node = pb((1, pb((1, h.a.name), (2, '127.0.0.1'), (3, h.a.port), (4, 'pekko.tcp'))))
    lists = [(4 + i, int(x[(0, 3, 1, 2)[i]]) if i > 1 else x[(0, 3, 1, 2)[i]]) for i in range(4) for x in args]
    props = pb((2, pb(*deploy, (8, 16), (9, 'CF'))), (3, 'ukko.oracle.Actors$Worker'), *lists)
    path = h.a.u('/remote/%s/user/p/%s#5' % (h.address.replace('://', '/'), name))
    return pb((1, props), (2, pb(*deploy, (4, node), (6, 16), (7, 'RS'), (8, 16), (9, 'CF'))), (3, path), (4, pb((1, h.address + '/user/p#77' if supervisor is None else supervisor))))


@scenario('DEP', 'a child whose supervisor is nobody is made all the same, and lives', '')
def ser_order_supervisors(s):
    a = s.shared('x')
    h = Hand(s, a)
    for sup, parent in ((None, h.address + '/user/p#77'), ('nonsense', a.u('/deadLetters')), ('', a.u('/deadLetters')), ('/user/p', a.u('/deadLetters')), ('pekko.tcp://S@h:1/user/a b', a.u('/deadLetters')), ('pekko.tcp://S@h:1/user/a\0b', a.u('/deadLetters')), (a.u('/user/nobody'), a.u('/user/nobody')), (a.u('/deadLetters'), a.u('/deadLetters'))):
        name, n = s.token('w'), a.here()
        h.send('/remote', order(h, name, [('x', 20, False, 'java.lang.String')], sup), 3)
        e = a.expect('worker-start', since=n, actor=has(name))
        s.equal((e['parent'], e['args']), (parent, ['x']), 'parent and arguments for the supervisor %r' % sup)
        k = h.r.here()
        h.send('/remote/%s/user/p/%s' % (h.address.replace('://', '/'), name), b'get')
        h.r.frame(since=k, pdu='PAYLOAD', to=h.me, serializer=18)
        a.absent('worker-stop', since=n, actor=has(name))


@scenario('DEP', 'an order with arguments that cannot be read is dropped with a warning; the link lives, and nobody is asked anything', '')
def ser_order_unreadable(s):
    a = s.shared('x')
    h = Hand(s, a)
    for arg in (('', 16, True, 'ZZ'), ('', 16, False, 'ZZ'), ('', 4711, False, 'x'), ('', 0, True, 'null'), ('x', 20, True, 'no.such.Class'), ('{}', 31, True, 'no.such.Class'), ('', 2, True, 'no.such.Proto')):
        name, n = s.token('w'), a.here()
        h.send('/remote', order(h, name, [arg]), 3)
        a.expect('log', since=n, level='WARN', msg=has('serializer id [3]'))
        t = s.token()
        f = h.echo(t.encode())
        s.equal(f['data'], t.encode().hex(), 'echo')
        a.absent('worker-start', since=n)
    s.equal([f for f in h.r.find('frame', pdu='PAYLOAD') if f['to'] != h.me], [], 'other messages')
    h.r.absent('closed')
    for arg, want in ((('', 0, False, 'null'), None), (('abc', 0, False, 'null'), None), (('', 0, True, 'java.lang.String'), None), (('x', 20, True, 'java.lang.String'), 'x'), (('x', 20, False, ''), 'x')):
        name, n = s.token('w'), a.here()
        h.send('/remote', order(h, name, [arg]), 3)
        s.equal(a.expect('worker-start', since=n, actor=has(name))['args'], [want], 'arguments')
