# SPDX-License-Identifier: Apache-2.0
"""Who answers, who is named as the recipient, what errors say: places that are not ordinary actors, odd names, wrong words."""
from conform import scenario, has, refto, anyof, local_part, remote_path, deploy

IDENTITY = 'org.apache.pekko.actor.ActorIdentity'


# ---------------------------------------------------------------- identities
@scenario('SEL', 'an ActorIdentity comes without a sender, but from dead letters and from /remote in the name of the asker', 'ActorSelectionSpec 1')
def identity_senders(s):
    a, b = s.pair()
    for path, sender in (('/user/echo', a.u('/deadLetters')), ('/user/parent/c1/..', a.u('/deadLetters')), ('/', a.u('/deadLetters')), ('/user', a.u('/deadLetters')),
                         ('/system/remote-watcher', a.u('/deadLetters')), ('/user/nobody', a.u('/deadLetters')),
                         ('/remote', a.ref('/user/collector')), ('/deadLetters', a.ref('/user/collector'))):
        for node in (a, b):
            t = s.token()
            a.cmd('identify %s %s' % (node.u(path), t))
            a.expect('recv', cls=IDENTITY, actor='/user/collector', value=lambda v: v['id'] == t, sender=sender)
    t = s.token()
    a.cmd('select %s identify:%s' % (b.u('/user/parent/*/g'), t))
    a.expect_n(4, 'recv', cls=IDENTITY, value=lambda v: v['id'] == t, sender=a.u('/deadLetters'))


# ---------------------------------------------------------------- dead letters
@scenario('SEL', 'the dead letter of a selection names the whole way, from where it was begun or last fanned out', 'ActorSelectionSpec 25')
def missing_names_the_way(s):
    a, b = s.pair()
    for path, named in (('/user/parent/c1/../none/x', None), ('/user/parent/none*', None), ('/temp/none', None), ('/user/../../none', None), ('/user/parent/c1/*/x/y', '/user/parent/c1/g/x/y'),
                        ('/remote/pekko.tcp/X@h:1/user/w/../v', None)):
        t = s.token()
        a.cmd('select %s %s' % (b.u(path), t))
        b.expect('deadletter', value=t, recipient=b.u(named or path), sender=a.ref('/user/collector'))
        a.cmd('select %s %s-here' % (path, t))
        a.expect('deadletter', value=t + '-here', recipient=a.u(named or path), sender=a.ref('/user/collector'))
    t = s.token()
    a.cmd('select-at %s ../c2/none %s' % (b.lookup('/user/parent/c1'), t))
    b.expect('deadletter', value=t, recipient=b.u('/user/parent/c1/../c2/none'))


@scenario('SEL', 'what cannot be sent to another node: a dead letter of its recipient, through a selection one of dead letters; at once and behind a gate', 'RemotingSpec 2')
def unsent_recipients(s):
    a = s.shared('x')
    nowhere = 'pekko.tcp://Nowhere@127.0.0.1:%d/user/echo' % s.free_port()
    for how in ('select', 'tell', 'select', 'tell'):
        t = s.token()
        a.cmd('%s %s %s' % (how, nowhere, t))
        a.expect('deadletter', value=t, recipient=nowhere if how == 'tell' else a.u('/deadLetters'), sender=a.ref('/user/collector'))


@scenario('SEL', 'answers that come after the first one are dead letters, each once', 'AskSpec')
def second_answers(s):
    a = s.shared('x')
    name, t = s.token('p'), s.token()
    a.cmd('pool broadcast %s 3 - Echo' % name)
    a.expect('deployed', name=name)
    a.cmd('ask /user/deployer/%s %s' % (name, t))
    a.expect('reply', value=t)
    # one that comes while the first is being taken still has the name of the question
    a.expect_n(2, 'deadletter', value=t, recipient=anyof(a.u('/deadLetters'), has('/temp/')), sender=has('/user/deployer/%s/$' % name))
    s.equal(len(a.find('deadletter', value=t)), 2, 'dead letters')
    a.cmd('stop-child ' + name)


@scenario('SEL', 'what errors say of a selection and of the question: a local place without host, the class of the message')
def texts_of_questions(s):
    a, b = s.pair()
    here = a.address.split('@')[0].replace('pekko.tcp', 'pekko')
    a.cmd('resolve /user/nobody')
    a.expect('resolved', path='/user/nobody', ref=None, cause={'class': 'org.apache.pekko.actor.ActorNotFound', 'message': 'Actor not found for: ActorSelection[Anchor(%s/), Path(/user/nobody)]' % here})
    for msg, cls in (('some:long:1', 'scala.Some'), ('none', 'scala.None$'), ('ref:/user/echo', 'org.apache.pekko.actor.RepointableActorRef'), ('ref:/user/parent/c1', 'org.apache.pekko.actor.LocalActorRef'),
                     ('json:x,1', 'ukko.oracle.Greeting')):
        n = a.here()
        a.cmd('ask-ms 50 /user/nobody ' + msg)
        e = a.expect('reply', since=n, path='/user/nobody')
        s.check(e['error']['message'].startswith('Ask timed out on [ActorSelection[Anchor(%s/), Path(/user/nobody)]] after [50 ms]. Message of type [%s].' % (here, cls)), 'text %r' % e['error'])
    n = a.here()
    a.cmd('ask-ms 50 %s x' % b.address)
    s.check('Path(/)' in a.expect('reply', since=n, path=b.address)['error']['message'], 'the path of the root')


# ---------------------------------------------------------------- names
@scenario('DEP', 'names with every character that a name may have: local, deployed, selected, watched')
def odd_names(s):
    a, b = s.pair()
    for rest in ("a-_.$+=&,!~';:@*z", '%20x%C3%BC', 'A' * 120):
        first = s.token('n')
        name = first + rest
        ref = b.spawn('Collector', name)
        t = s.token()
        a.cmd('tell %s %s' % (ref, t))
        b.expect('recv', actor='/user/' + name, value=t)
        a.cmd('select %s %s-s' % (b.u('/user/' + first + '*'), t))
        b.expect('recv', actor='/user/' + name, value=t + '-s')
        far = deploy(a, b, name, 'str:x')
        s.check(refto(remote_path(a, b, name))(far), 'reference %r' % far)
        b.expect('worker-start', actor=local_part(a, name), args=['x'])
        s.fence(a, b)
        a.cmd('tell %s %s-f' % (far, t))
        b.expect('recv', actor=local_part(a, name), value=t + '-f')
        a.cmd('stop-child ' + name)
        a.expect('terminated-msg', by='/user/deployer', ref=far, addressTerminated=False)
        b.cmd('stop /user/' + name)


@scenario('DEP', 'a name that cannot be is refused with the same words by every command that makes actors')
def impossible_names(s):
    a, b = s.pair()
    words = 'Invalid actor path element [%s], illegal character [%s] at position: %d. Actor paths MUST: not start with `$`, include only ASCII letters and can only contain these special characters: -_.*$+:@&=,!~\';.'
    for name, char, at in (('a/b', '/', 1), ('$x', '$', 0), ('ab%x', '%', 2), ('x(y', '(', 1), ('na\u00efve', '\u00ef', 2)):
        cause = {'class': 'org.apache.pekko.actor.InvalidActorNameException', 'message': words % (name, char, at)}
        for cmd in ('spawn Echo ' + name, 'make Echo ' + name, 'deploy Echo %s %s' % (name, b.address), 'pool rr %s 2 - Echo' % name):
            n = a.here()
            a.cmd(cmd)
            a.expect('error', since=n, cause=cause)


# ---------------------------------------------------------------- failures of parents
@scenario('SUP', 'a child whose name is taken cannot be made: the maker fails, its parent on another node decides', 'SupervisorHierarchySpec 1')
def child_twice(s):
    a, b = s.pair()
    name = s.token('w')
    n = b.here()
    ref = deploy(a, b, name)
    b.expect('worker-start', since=n, actor=local_part(a, name))
    a.cmds(['tell %s child kid' % ref, 'tell %s child kid' % ref])
    a.expect('child-failed', child=ref, decision='restart', cause={'class': 'org.apache.pekko.actor.InvalidActorNameException', 'message': 'actor name [kid] is not unique!'})
    b.expect('worker-postrestart', actor=local_part(a, name))
    b.expect('worker-postrestart', actor=local_part(a, name) + '/kid')
    t = s.token()
    a.cmd('select /user/deployer/%s/kid %s' % (name, t))
    b.expect('recv', actor=local_part(a, name) + '/kid', value=t)
    a.absent('log', level='ERROR', msg=has('[kid]'))       # the deployer's strategy does not log
    a.cmd('stop-child ' + name)
    b.expect('worker-stop', since=n, actor=local_part(a, name))


@scenario('SUP', 'a parent that fails over a taken name is restarted by the guardian: its children anew, the log says why')
def parent_fails(s):
    b = s.y()
    a = s.x()
    old = b.lookup('/user/parent/c1')
    a.cmd('watchref ' + old)
    a.expect('watching', ref=old)
    s.fence(a, b)
    a.cmd('select %s spawn c1' % b.u('/user/parent'))
    b.expect('log', level='ERROR', msg='actor name [c1] is not unique!', cause='org.apache.pekko.actor.InvalidActorNameException: actor name [c1] is not unique!')
    a.expect('terminated-msg', ref=old, addressTerminated=False)
    s.until(lambda: b.lookup('/user/parent/c1') != old, what='a new child')
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/parent/c*/g'), t))
    b.expect_n(3, 'recv', value=t)


# ---------------------------------------------------------------- ends of links
@scenario('EVENT', 'the exception in an association error tells a shutdown from a quarantine', 'RemotingSpec 19', timeout=60)
def exceptions_of_errors(s):
    a, b, c = s.many(('x', '--gate', '1s'), ('y',), ('y', '--gate', '1s'))
    s.ping(a, b)
    s.ping(a, c)
    a.cmd('quarantine %s %d' % (c.address, c.uid))
    a.expect('lifecycle', kind='QuarantinedEvent', remote=c.address)
    def told():
        c.cmd('select %s x' % a.u('/user/echo'))
        return c.find('lifecycle', kind='AssociationErrorEvent', remote=a.address, cause={'class': 'org.apache.pekko.remote.InvalidAssociation', 'message': 'Invalid address: ' + a.address})
    s.until(told, 20, 0.4, 'InvalidAssociation')
    b.terminate()
    b.expect('terminated')
    b.absent('lifecycle', kind='RemotingShutdownEvent')    # the listener has ended before
    s.equal(b.join(), 0, 'exit status')


# ---------------------------------------------------------------- routers
@scenario('ROUT', 'the routees of a group are listed as they were named, relative ones below the router without its uid')
def group_lists_its_paths(s):
    a, b = s.pair()
    name = s.token('g')
    a.cmd('group rr %s %s,foo,/user/parent/*' % (name, b.u('/user/echo')))
    a.expect('deployed', name=name)
    a.cmd('routees /user/deployer/' + name)
    e = a.expect('routees', path='/user/deployer/' + name)
    s.equal(e['list'], [b.u('/user/echo'), a.u('/user/deployer/%s/foo' % name), a.u('/user/parent/*')], 'routees')
    a.cmd('stop-child ' + name)


@scenario('ROUT', 'a pool that begins with nobody grows when it is told, shrinks to nobody, and lives on', 'ResizerSpec 1')
def pool_of_nobody(s):
    a, b = s.pair()
    for line in ('pool rr NAME 0 - Worker', 'pool rr NAME 0 %s Worker' % b.address):
        name, t = s.token('p'), s.token()
        path = '/user/deployer/' + name
        n = a.here()
        a.cmd(line.replace('NAME', name))
        a.expect('deployed', since=n, name=name)
        a.cmd('tell %s %s-none' % (path, t))
        a.expect('deadletter', value=t + '-none', recipient=a.u('/deadLetters'), sender=a.ref('/user/collector'))
        a.cmd('adjust %s 2' % path)
        def count(k):
            m = a.here()
            a.cmd('routees ' + path)
            return a.expect('routees', since=m, path=path)['count'] == k
        s.until(lambda: count(2), what='two routees')
        a.cmds(['tell %s %s-%d' % (path, t, i) for i in range(4)])
        a.expect_n(4, 'recv', actor='/user/collector', value=has(t + '-'))
        a.cmd('adjust %s -100' % path)
        s.until(lambda: count(0), what='no routees')
        a.absent('terminated-msg', ref=has(path))
        a.cmd('stop-child ' + name)
        a.expect('terminated-msg', ref=has(path))


# ---------------------------------------------------------------- words
@scenario('CFG', 'commands with missing or wrong words: the errors of the JVM, and the system lives on')
def wrong_words(s):
    a, b = s.pair()
    for line, cls, text in (('spawn', 'java.lang.IndexOutOfBoundsException', 'Index 0 out of bounds for length 0'), ('spawn Echo', 'java.lang.IllegalArgumentException', 'fromIndex(2) > toIndex(1)'),
                            ('deploy Worker w', 'java.lang.IllegalArgumentException', 'fromIndex(3) > toIndex(2)'), ('pool rr p 2', 'java.lang.IndexOutOfBoundsException', 'Index 3 out of bounds for length 3'),
                            ('group rr', 'java.lang.IndexOutOfBoundsException', 'Index 2 out of bounds for length 1'), ('spawn Nope n', 'java.lang.ClassNotFoundException', 'ukko.oracle.Actors$Nope'),
                            ('numbered /user/sink', 'java.lang.NumberFormatException', 'For input string: ""'), ('quarantine x', 'java.net.MalformedURLException', 'x'), ('sleep -1', 'java.lang.IllegalArgumentException', 'timeout value is negative'),
                            ('spawn Echo e x', 'java.lang.IllegalArgumentException', 'no matching constructor found on class ukko.oracle.Actors$Echo for arguments [class java.lang.String]'),
                            ('deploy Worker w %s a b long:3 d' % b.address, 'java.lang.IllegalArgumentException',
                             'no matching constructor found on class ukko.oracle.Actors$Worker for arguments [class java.lang.String, class java.lang.String, class java.lang.Long, class java.lang.String]'),
                            ('tell /user/echo bytes:zz', 'java.lang.NumberFormatException', 'For input string: "zz" under radix 16')):
        n = a.here()
        a.cmd(line)
        a.expect('error', since=n, cmd=line, cause={'class': cls, 'message': text})
    n = a.here()
    a.cmd('select')                                        # no words: the root, and an empty text
    a.expect('unhandled', since=n, cls='java.lang.String', recipient=a.u('/'))
    a.cmd('tell')
    a.expect('deadletter', since=n, value='', recipient=a.u('/deadLetters'))
    a.cmd('stop-child nobody')
    a.expect('error', since=n, cmd='stop-child nobody', cause={'message': 'no such child'})
    s.ping(a, b)


@scenario('WATCH', 'places that never end give no Terminated; a name that nobody has gives one')
def watch_places(s):
    a, b = s.pair()
    for node in (a, b):
        for path in ('/', '/temp', '/deadLetters', '/remote'):
            a.cmd('watchref ' + node.u(path))
        gone = node.u('/user/' + s.token('none'))
        a.cmd('watchref ' + gone)
        a.expect('terminated-msg', ref=gone, existenceConfirmed=False, addressTerminated=False)
        if node is b:
            s.fence(a, b)
        for path in ('/', '/temp', '/remote'):
            a.absent('terminated-msg', ref=node.u(path))
            a.cmd('unwatchref ' + node.u(path))


# ---------------------------------------------------------------- the root
@scenario('SUP', 'stop, PoisonPill and Kill of the root guardian end the system, from inside and from another node', '', timeout=120)
def root_ended(s):
    for cmd in ('stop', 'poison', 'kill'):
        b = s.y()
        b.cmd('%s /' % cmd)
        b.expect('poststop', actor='/user/failing')
    for cmd in ('stop', 'poison', 'kill', 'poison-ref', 'kill-ref'):
        a, b = s.both()
        s.ping(a, b)
        a.cmd('%s %s' % (cmd, b.u('/')))
        b.expect('poststop', actor='/user/failing')
        a.absent('poststop')


@scenario('SEC', 'untrusted: another node cannot end the root guardian, whatever it sends and however', 'UntrustedSpec 3', timeout=60)
def untrusted_root(s):
    a, b = s.both((), ('--untrusted', '--trusted-paths', '/user/receptionist,/'))
    for cmd in ('stop', 'poison', 'kill', 'poison-ref', 'kill-ref'):
        a.cmd('%s %s' % (cmd, b.u('/')))
    t = s.token()
    a.cmd('select %s %s' % (b.u('/user/receptionist'), t))
    b.expect('recv', actor='/user/receptionist', value=t)
    t = s.token()
    b.cmd('select /user/collector ' + t)
    b.expect('recv', actor='/user/collector', value=t)
    b.absent('poststop')
