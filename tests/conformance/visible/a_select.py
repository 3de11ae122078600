# SPDX-License-Identifier: Apache-2.0
"""Selection, Identify, resolveOne, ask, references."""
from conform import scenario, has, refto, anyof

TEMP = lambda p: '/temp/' in p


@scenario('SEL', 'a selection by exact path reaches the remote actor; the reply carries its full reference and the sender is kept', 'RemotingSpec 1; LookupRemoteActorSpec 1; ActorSelectionSpec 14,17')
def sel_exact(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/collector'), t))
    b.expect('recv', actor='/user/collector', cls='java.lang.String', value=t, sender=a.ref('/user/collector'))
    a.cmd('select %s %s' % (b.u('/user/echo'), t))
    a.expect('recv', actor='/user/collector', value=t, sender=b.ref('/user/echo'))


@scenario('SEL', 'a message without a sender arrives with deadLetters as its sender')
def sel_nosender(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select-nosender %s %s' % (b.u('/user/collector'), t))
    b.expect('recv', actor='/user/collector', value=t, sender=b.u('/deadLetters'))
    t = s.token()
    a.cmd('tell-nosender %s %s' % (b.u('/user/collector'), t))
    b.expect('recv', actor='/user/collector', value=t, sender=b.u('/deadLetters'))


@scenario('SEL', 'a selection of a missing actor ends in a dead letter of the receiving system, with the message and its sender', 'RemotingSpec 4; ActorSelectionSpec 18,25')
def sel_missing(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/nobody'), t))
    b.expect('deadletter', cls='java.lang.String', value=t, sender=a.ref('/user/collector'))
    a.cmd('tell %s %s' % (b.u('/user/nobody/deeper'), t + 'x'))
    b.expect('deadletter', value=t + 'x')
    s.ping(a, b)


@scenario('SEL', 'a wildcard in the last element reaches the matching children and no others', 'RemotingSpec 8; ActorSelectionSpec 26')
def sel_wildcard(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/parent/c*'), t))
    for c in ('c1', 'c2', 'c3'):
        b.expect('recv', actor='/user/parent/' + c, value=t, sender=a.ref('/user/collector'))
        a.expect('recv', actor='/user/collector', value='/user/parent/' + c, sender=b.ref('/user/parent/' + c))
    s.ping(a, b)
    b.absent('recv', actor='/user/parent/other', value=t)
    b.absent('recv', actor='/user/parent', value=t)


@scenario('SEL', 'a question mark matches one character', 'ActorSelectionSpec 26')
def sel_question_mark(s):
    a, b = s.pair()
    t = s.token()
    root = b.u('/')
    a.cmd('select-at %s user/parent/?ther %s' % (root, t))
    b.expect('recv', actor='/user/parent/other', value=t)
    a.cmd('select-at %s user/paren?/c? %s' % (root, t + 'q'))
    got = b.expect_n(3, 'recv', value=t + 'q')
    s.equal(sorted(e['actor'] for e in got), ['/user/parent/c1', '/user/parent/c2', '/user/parent/c3'], 'receivers')


@scenario('SEL', 'a wildcard in the middle fans out to a name below it', 'RemotingSpec 8')
def sel_wildcard_middle(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/parent/*/g'), t))
    got = b.expect_n(4, 'recv', value=t)
    s.equal(sorted(e['actor'] for e in got), ['/user/parent/%s/g' % c for c in ('c1', 'c2', 'c3', 'other')], 'receivers')
    s.ping(a, b)
    s.equal(len(b.find('recv', value=t)), 4, 'number of receivers')


@scenario('SEL', 'parent steps in a path are walked at the receiver', 'RemotingSpec 8; ActorSelectionSpec 11')
def sel_parent_steps(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/parent/c1/../../collector'), t))
    b.expect('recv', actor='/user/collector', value=t)


@scenario('SEL', 'a selection anchored at a remote reference walks relative to it', 'ActorSelectionSpec 11,16')
def sel_relative(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('select-at %s ../c2/g %s' % (b.lookup('/user/parent/c1'), t))
    b.expect('recv', actor='/user/parent/c2/g', value=t, sender=a.ref('/user/collector'))
    a.cmd('select-at %s * %s' % (b.lookup('/user/parent/c3'), t))
    b.expect('recv', actor='/user/parent/c3/g', value=t)


@scenario('SEL', 'Identify of an existing actor is answered with its reference and the given id', 'ActorSelectionSpec 1,2,4')
def identify_found(s):
    a, b = s.pair()
    for path in ('/user/echo', '/user/parent/c2/g', '/user'):
        for msg, shown in (('str:' + s.token(), None), ('long:77', 77), ('none', 'None')):
            n = a.here()
            a.cmd('identify %s %s' % (b.u(path), msg))
            e = a.expect('recv', since=n, cls='org.apache.pekko.actor.ActorIdentity', actor='/user/collector')
            s.equal(e['value']['id'], shown if shown is not None else msg[4:], 'id')
            s.check(b.ref(path)(e['value']['ref']) or (path == '/user' and e['value']['ref'].startswith(b.u('/user'))), 'reference %r' % e['value']['ref'])


@scenario('SEL', 'Identify of a missing actor is answered with no reference', 'ActorSelectionSpec 7')
def identify_missing(s):
    a, b = s.pair()
    for path in ('/user/nobody', '/user/parent/c1/nobody', '/nothing/at/all', '/user/nob*'):
        t = s.token()
        a.cmd('identify %s %s' % (b.u(path), t))
        a.expect('recv', cls='org.apache.pekko.actor.ActorIdentity', value={'id': t, 'ref': None})


@scenario('SEL', 'Identify over a wildcard is answered once by each match', 'ActorSelectionSpec 26')
def identify_wildcard(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('identify %s %s' % (b.u('/user/parent/c*/g'), t))
    got = a.expect_n(3, 'recv', cls='org.apache.pekko.actor.ActorIdentity', value=lambda v: v['id'] == t)
    for c in ('c1', 'c2', 'c3'):
        s.check(any(b.ref('/user/parent/%s/g' % c)(e['value']['ref']) for e in got), 'no answer from ' + c)
    s.ping(a, b)
    s.equal(len(a.find('recv', value=lambda v: v['id'] == t)), 3, 'number of answers')


@scenario('SEL', 'Identify for a host that does not exist is answered with no reference by the own system', 'RemoteDeathWatchSpec 3')
def identify_nowhere(s):
    a = s.shared('x')
    t = s.token()
    a.cmd('identify pekko.tcp://Nowhere@127.0.0.1:%d/user/echo %s' % (s.free_port(), t))
    a.expect('recv', cls='org.apache.pekko.actor.ActorIdentity', value={'id': t, 'ref': None})


@scenario('SEL', 'resolveOne gives the reference of an existing actor', 'ActorSelectionSpec 19,20')
def resolve_ok(s):
    a, b = s.pair()
    n = a.here()
    a.cmd('resolve ' + b.u('/user/parent/c1'))
    e = a.expect('resolved', since=n, path=b.u('/user/parent/c1'))
    s.equal(e['ref'], b.lookup('/user/parent/c1'), 'reference')


@scenario('SEL', 'resolveOne of a missing actor, or of a system that is not there, fails with ActorNotFound', 'ActorSelectionSpec 21')
def resolve_missing(s):
    a, b = s.pair()
    for path in (b.u('/user/nobody'), 'pekko.tcp://Nowhere@127.0.0.1:%d/user/echo' % s.free_port()):
        n = a.here()
        a.cmd('resolve ' + path)
        a.expect('resolved', since=n, path=path, ref=None, cause=lambda c: c['class'] == 'org.apache.pekko.actor.ActorNotFound')


@scenario('SEL', 'ask: the reply comes back; the question came from a temporary reference that a later message still reaches', 'RemotingSpec 3; AskSpec')
def ask_reply(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('ask %s %s' % (b.u('/user/echo'), t))
    a.expect('reply', path=b.u('/user/echo'), cls='java.lang.String', value=t)
    t = s.token()
    a.cmd('ask %s %s' % (b.u('/user/collector'), t))
    q = b.expect('recv', actor='/user/collector', value=t, sender=lambda x: x.startswith(a.address + '/temp/'))
    b.cmd('tell %s str:answer-%s' % (q['sender'], t))
    a.expect('reply', path=b.u('/user/collector'), value='answer-' + t)


@scenario('SEL', 'ask that nobody answers fails with AskTimeoutException; an answer that comes later is a dead letter', 'AskSpec')
def ask_timeout(s):
    a, b = s.pair()
    t = s.token()
    n = a.here()
    a.cmd('ask-ms 300 %s %s' % (b.u('/user/collector'), t))
    q = b.expect('recv', actor='/user/collector', value=t)
    a.expect('reply', since=n, path=b.u('/user/collector'), error=lambda e: e['class'] == 'org.apache.pekko.pattern.AskTimeoutException')
    b.cmd('tell %s %s' % (q['sender'], t + '-late'))
    a.expect('deadletter', value=t + '-late', sender=b.ref('/user/collector'))


@scenario('SEL', '300 asks at once are all answered', 'RemotingSpec 9')
def ask_many(s):
    a, b = s.pair()
    t = s.token()
    a.cmds(['ask %s str:%s-%d' % (b.u('/user/echo'), t, i) for i in range(300)])
    got = a.expect_n(300, 'reply', 25, value=has(t))
    s.equal(len({e['value'] for e in got}), 300, 'distinct replies')


@scenario('SEL', 'a message to a bare reference with the right uid arrives', 'RemotingSpec 7')
def ref_with_uid(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('tell %s %s' % (b.lookup('/user/collector'), t))
    b.expect('recv', actor='/user/collector', value=t, sender=a.ref('/user/collector'))


@scenario('SEL', 'the reference of a stopped actor never reaches a new actor of the same name; a path without uid does', 'RemotingSpec 7; ActorSelectionSpec 3')
def ref_stale_uid(s):
    a, b = s.pair()
    name = s.token('re')
    path = '/user/' + name
    old = b.spawn('Collector', name)
    a.cmd('tell %s first' % old)
    b.expect('recv', actor=path, value='first')
    a.cmd('watchref ' + old)
    a.expect('watching', ref=old)
    s.fence(a, b)
    a.cmd('poison ' + b.u(path))
    a.expect('terminated-msg', ref=old, addressTerminated=False)
    new = b.spawn('Collector', name)
    s.check(old != new, 'the same uid was given twice')
    a.cmd('tell %s to-the-old' % old)
    a.cmd('tell %s bare-path' % b.u(path))
    a.cmd('select %s by-selection' % b.u(path))
    a.cmd('tell %s to-the-new' % new)
    for t in ('bare-path', 'by-selection', 'to-the-new'):
        b.expect('recv', actor=path, value=t)
    b.expect('deadletter', value='to-the-old', sender=a.ref('/user/collector'))
    b.absent('recv', actor=path, value='to-the-old')


@scenario('SEL', 'forward keeps the original sender: the answer goes straight to it', 'ActorSelectionSpec 27')
def forward_keeps_sender(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('forward-to ' + b.u('/user/echo'))
    a.expect('ok', cmd='forward-to')
    b.cmd('select %s %s' % (a.u('/user/forwarder'), t))
    b.expect('recv', actor='/user/collector', value=t, sender=b.ref('/user/echo'))
    a.cmd('forward-to /user/echo')


@scenario('SEL', 'a message sent in the name of another actor is answered to that one')
def tell_as_other(s):
    a, b = s.pair()
    t = s.token()
    a.cmd('tell-as /user/caller %s %s' % (b.u('/user/echo'), t))
    a.expect('recv', actor='/user/caller', value=t, sender=b.ref('/user/echo'))


@scenario('SEL', 'a reference inside a message is usable by the third system that gets it (three systems)', 'SerializationTransportInformationSpec 1; RemotingSpec 16', timeout=60)
def ref_third_party(s):
    a, b = s.pair()
    c = s.y(name='Third')
    # a tells b about an actor of c; b talks to c
    a.cmd('select %s ref:%s' % (b.u('/user/caller'), c.lookup('/user/receptionist')))
    c.expect('recv', actor='/user/receptionist', value='called', sender=b.ref('/user/caller'))
    b.expect('recv', actor='/user/caller', value='hello from receptionist', sender=c.ref('/user/receptionist'))
    # c tells b about one of its own
    c.cmd('select %s ref:/user/collector' % b.u('/user/caller'))
    c.expect('recv', actor='/user/collector', value='called', sender=b.ref('/user/caller'))


@scenario('SEL', 'a reference inside a JSON message is usable by the receiver', 'SerializationTransportInformationSpec 1')
def ref_in_json(s):
    a, b = s.pair()
    a.cmd('select %s mixed:/user/receptionist' % b.u('/user/caller'))
    a.expect('recv', actor='/user/receptionist', value='called', sender=b.ref('/user/caller'))
    b.expect('recv', actor='/user/caller', value='hello from receptionist', sender=a.ref('/user/receptionist'))
