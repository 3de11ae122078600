# SPDX-License-Identifier: Apache-2.0
"""What random commands (tests/differential/actors) have shown to differ: each as a scenario."""
from conform import scenario, has, refto, anyof

STRING = 'java.lang.String'


# ---------------------------------------------------------------- paths
@scenario('SEL', 'a selection is a URI reference: no query, no authority, dead letters for what is none')
def selections_are_references(s):
    a = s.x()
    me = a.ref('/user/collector')
    for path in ('/user/parent/c[12]', '/user/parent/c%4', '/user/"x"', '/user/x\\y', 'receptionist:x', 'user:a/b', ':x', '1a:b', '/user/parent/c1#1#2'):
        t = s.token()
        a.cmd('select %s %s' % (path, t))
        a.expect('deadletter', value=t, recipient=a.u('/deadLetters'), sender=me)
        n = a.here()
        a.cmd('resolve %s 300' % path)
        a.expect('resolved', since=n, path=path, ref=None, cause={'class': 'org.apache.pekko.actor.ActorNotFound', 'message': 'Actor not found for: ActorSelection[Anchor(pekko://%s/deadLetters), Path(/)]' % a.name})
    for path in ('/user/receptionist?', '/user/receptionist?x/y', '//host/user/receptionist', '//ho_st:9/user/receptionist', '///user/receptionist', '//[::1]/user/receptionist', 'user/receptionist', '/user/receptionist/'):
        t = s.token()
        a.cmd('select %s %s' % (path, t))
        a.expect('recv', actor='/user/receptionist', value=t, sender=me)
    t = s.token()
    a.cmd('select /user/parent/c? ' + t)
    a.expect('deadletter', value=t, recipient=a.u('/user/parent/c'), sender=me)
    a.cmd('select-at /user/parent c? ' + t + '-at')
    a.expect_n(3, 'recv', value=t + '-at', sender=me)
    for path in ('//user', '?x'):
        n = a.here()
        a.cmd('select %s x' % path)
        a.expect('unhandled', since=n, cls=STRING, recipient=a.u('/'))


@scenario('SEL', 'the name of a question holds the encoded path that was selected')
def names_of_questions(s):
    a = s.x()
    for path, name in (('/user/collector', '_user_collector'), ('/user/./collector%20', '_user_._collector%2520'), ('/user/none+a', '_user_none%2Ba'), ('/user/n*', '_user_n*'), ('/user/none~(x)', '_user_none%7E%28x%29')):
        t = s.token()
        a.cmd('ask-ms 200 %s %s' % (path, t))
        a.expect(ev=anyof('recv', 'deadletter'), value=t, sender=has(a.u('/temp/' + name + '$')))


# ---------------------------------------------------------------- senders
@scenario('SEL', 'an answer to an Identify that nobody has sent is a dead letter')
def identity_for_nobody(s):
    a = s.x()
    t = s.token()
    a.cmd('tell-nosender /user/caller identify:' + t)
    a.expect('deadletter', cls='org.apache.pekko.actor.ActorIdentity', value=lambda v: v['id'] == t and refto(a.u('/user/caller'))(v['ref']), sender=a.u('/deadLetters'), recipient=a.u('/deadLetters'))


@scenario('CFG', 'the refusal of null names the sender in its local form, or says nothing where there is none')
def null_names_its_sender(s):
    a = s.x()
    for line, sender in (('tell /user/echo null', '/user/collector'), ('tell-as /user/sink /user/echo null', '/user/sink'), ('tell-nosender /user/echo null', None)):
        n = a.here()
        a.cmd(line)
        text = a.expect('error', since=n, cmd=line)['cause']['message']
        want = 'Message is null.' if not sender else 'Message sent from [Actor[pekko://%s%s#' % (a.name, sender)
        s.check(text.startswith(want), 'text %r' % text)


# ---------------------------------------------------------------- the log
@scenario('SUP', 'what the runtime logs of an actor has the local form of its path as its source')
def sources_of_failures(s):
    a, b = s.pair()
    t = s.token()
    for line, source in (('tell /user/failing throw ' + t, '/user/failing'), ('kill /user/receptionist', '/user/receptionist')):
        n = b.here()
        b.cmd(line)
        b.expect('log', since=n, level='ERROR', source='pekko://%s%s' % (b.name, source))
    n = b.here()
    a.cmd('tell %s throw %s-far' % (b.u('/user/failing'), t))
    b.expect('log', since=n, level='ERROR', source='pekko://%s/user/failing' % b.name, msg=t + '-far', cause='java.lang.IllegalStateException: %s-far' % t)
    n = b.here()
    b.cmd('tell /remote ' + t)
    b.expect('log', since=n, level='WARN', source='LocalActorRefProvider', msg='Unknown message [%s] received by [Actor[pekko://%s/remote]]' % (t, b.name))


# ---------------------------------------------------------------- configuration
@scenario('CFG', 'what is said of a dispatcher or a mailbox that is not there')
def missing_sections(s):
    a = s.x('--hocon', 'pekko.actor.deployment { /nomb { mailbox = nowhere }, /nodi { dispatcher = nowhere }, "/deployer/nomb" { mailbox = nowhere }, "/w/nomb" { mailbox = nowhere }, "/deployer/nodi" { dispatcher = nowhere } }')
    for line, text in (('spawn Echo nodi', 'Dispatcher [nowhere] not configured for path pekko://%s/user/nodi'), ('make Echo nodi', 'Dispatcher [nowhere] not configured for path pekko://%s/user/deployer/nodi'),
                       ('spawn Echo nomb', 'configuration problem while creating [pekko://%s/user/nomb] with dispatcher [pekko.actor.default-dispatcher] and mailbox [nowhere]'),
                       ('make Echo nomb', 'configuration problem while creating [pekko://%s/user/deployer/nomb] with dispatcher [pekko.actor.default-dispatcher] and mailbox [nowhere]')):
        n = a.here()
        a.cmd(line)
        a.expect('error', since=n, cause={'class': 'org.apache.pekko.ConfigurationException', 'message': text % a.name})
    a.spawn('Worker', 'w')
    a.cmd('tell /user/w child nomb')
    text = 'configuration problem while creating [pekko://%s/user/w/nomb] with dispatcher [pekko.actor.default-dispatcher] and mailbox [nowhere]' % a.name
    a.expect('worker-prerestart', actor='/user/w', cause={'class': 'org.apache.pekko.ConfigurationException', 'message': text})
    a.expect('log', level='ERROR', source='pekko://%s/user/w' % a.name, msg=text, cause='org.apache.pekko.ConfigurationException: %s <- org.apache.pekko.ConfigurationException: Mailbox Type [nowhere] not configured' % text)


# ---------------------------------------------------------------- routers
@scenario('ROUT', 'what a broadcast pool gets while it has no routees is a dead letter; a Broadcast goes to nobody')
def broadcast_to_nobody(s):
    a = s.x()
    name, t = s.token('p'), s.token()
    path = '/user/deployer/' + name
    a.cmd('pool broadcast %s 0 - Worker' % name)
    a.expect('deployed', name=name)
    a.cmds(['broadcast %s %s-all' % (path, t), 'tell %s %s' % (path, t), 'hashed %s k %s-hashed' % (path, t), 'tell-nosender %s %s-last' % (path, t)])
    me, dead = a.ref('/user/collector'), a.u('/deadLetters')
    for text, sender in ((t, me), (t + '-hashed', me), (t + '-last', dead)):
        a.expect('deadletter', value=text, sender=sender, recipient=dead)
    a.absent('deadletter', value=t + '-all')
    a.cmd('stop-child ' + name)
    a.expect('terminated-msg', ref=has(path))


@scenario('ROUT', 'who asks a router that has ended for its routees is told that it has')
def routees_of_an_ended_router(s):
    a = s.x()
    path = '/user/deployer/' + s.token('none')
    a.cmd('routees ' + path)
    e = a.expect('routees', path=path)
    s.equal(e['error'], {'class': 'org.apache.pekko.pattern.AskTimeoutException', 'message': 'Recipient [Actor[pekko://%s%s]] had already been terminated. Message of type [org.apache.pekko.routing.GetRoutees$].' % (a.name, path)}, 'error')
