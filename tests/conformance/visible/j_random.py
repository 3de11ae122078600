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


@scenario('ROUT', 'whoever still has a router that has ended reaches the places of its routees')
def ended_routers(s):
    a = s.x()
    me, path = a.ref('/user/collector'), lambda name: '/user/deployer/' + name
    pool, group, t = s.token('p'), s.token('g'), s.token()
    a.cmds(['pool rr %s 1 - Worker' % pool, 'group rr %s /user/parent/c1' % group])
    a.expect_n(2, 'deployed')
    a.cmds(['tell %s %s-1' % (path(pool), t), 'tell %s %s-2' % (path(group), t)])
    a.expect('recv', actor=has(path(pool)), value=t + '-1')
    a.expect('recv', actor='/user/parent/c1', value=t + '-2')
    for name in (pool, group):
        a.cmd('stop-child ' + name)
        a.expect('terminated-msg', ref=has(path(name)))
    a.cmds(['tell %s %s-3' % (path(pool), t), 'broadcast %s %s-4' % (path(pool), t), 'tell %s %s-5' % (path(group), t)])
    for text in ('-3', '-4'):
        a.expect('deadletter', value=t + text, sender=me, recipient=has(path(pool) + '/$a'))
    a.expect('recv', actor='/user/parent/c1', value=t + '-5', sender=me)


@scenario('ROUT', 'a router that asks answers dead letters when nobody has sent the message, and says of a routee that it has ended')
def asking_for_nobody(s):
    a = s.x()
    name, t = s.token('sc'), s.token()
    path = '/user/deployer/' + name
    a.cmd('pool scatter %s 1 - Echo' % name)
    a.expect('deployed', name=name)
    a.cmd('tell-nosender %s %s' % (path, t))
    a.expect('deadletter', value=t, recipient=a.u('/deadLetters'))
    a.cmds(['tell %s %s-here' % (path, t), 'stop-child ' + name])
    a.expect('terminated-msg', ref=has(path))
    a.cmd('tell %s %s-late' % (path, t))
    e = a.expect('recv', actor='/user/collector', cls='org.apache.pekko.actor.Status$Failure')
    s.check(e['value']['message'].startswith('Recipient [Actor[pekko://%s%s/$a' % (a.name, path)), 'text %r' % e['value']['message'])


# ---------------------------------------------------------------- senders
@scenario('SEL', 'what nobody sent is passed on to another node in the name of the dead letters of the one that passes it on')
def passed_on_for_nobody(s):
    a, b = s.pair()
    name, router, t = s.token('w'), s.token('r'), s.token()
    a.cmd('deploy Worker %s %s' % (name, b.address))
    a.expect('deployed', name=name)
    b.expect('worker-start', actor=has(name))
    a.cmd('group rr %s %s' % (router, b.u('/user/parent/c2')))
    a.expect('deployed', name=router)
    a.cmd('forward-to ' + b.u('/user/parent/c1'))
    a.expect('ok', cmd='forward-to')
    mine, theirs = a.u('/deadLetters'), b.u('/deadLetters')
    a.cmds(['tell-nosender /user/deployer/%s %s-1' % (name, t), 'tell-nosender /user/deployer/%s %s-2' % (router, t), 'tell-nosender /user/forwarder %s-3' % t])
    b.cmds(['tell-nosender %s %s-4' % (a.u('/user/deployer/' + name), t), 'select-nosender %s %s-5' % (a.u('/user/deployer/' + name), t), 'tell-nosender %s %s-6' % (a.u('/user/deployer/' + router), t), 'tell-nosender %s %s-7' % (a.u('/user/forwarder'), t)])
    for n, sender in ((1, theirs), (2, mine), (3, mine), (4, mine), (5, mine), (6, mine), (7, mine)):
        b.expect('recv', value='%s-%d' % (t, n), sender=sender)


@scenario('SEL', '/temp takes what it is sent and says nothing')
def temp_is_silent(s):
    a = s.x()
    t = s.token()
    a.cmds(['tell /temp %s-1' % t, 'select /temp %s-2' % t, 'kill /temp', 'poison-ref /temp', 'tell /user/echo %s-3' % t])
    a.expect('recv', actor='/user/collector', value=t + '-3')
    a.absent('deadletter', recipient=a.u('/temp'))


# ---------------------------------------------------------------- stash, timers, behaviours
@scenario('SUP', 'a full stash, and what is stashed twice, fail the actor with the texts of Pekko')
def stash_failures(s):
    a = s.x('--hocon', 'two { mailbox-type = "org.apache.pekko.dispatch.UnboundedDequeBasedMailbox", stash-capacity = 2 }, pekko.actor.deployment."/deployer/two".mailbox = two')
    a.cmds(['strategy stop', 'make Stashing two', 'make Stashing again'])
    a.expect_n(2, 'prestart')
    a.cmds(['tell /user/deployer/two hold', 'tell /user/deployer/two a', 'tell-nosender /user/deployer/two b', 'tell /user/deployer/two c'])
    e = a.expect('child-failed', child=has('/user/deployer/two'))
    me = 'Actor[pekko://%s/user/collector#' % a.name
    s.equal(e['cause']['class'], 'org.apache.pekko.actor.StashOverflowException', 'class')
    s.check(e['cause']['message'].startswith("Couldn't enqueue message java.lang.String from " + me) and '] to stash of Actor[pekko://%s/user/deployer/two#' % a.name in e['cause']['message'], 'text %r' % e['cause']['message'])
    for text in ('a', 'b'):
        a.expect('deadletter', value=text, recipient=has('/user/deployer/two'))
    a.cmd('tell /user/deployer/again twice')
    e = a.expect('child-failed', child=has('/user/deployer/again'))
    s.check(e['cause']['class'] == 'java.lang.IllegalStateException' and e['cause']['message'].startswith("Can't stash the same message Envelope(twice," + me), 'text %r' % e['cause']['message'])
    a.expect('deadletter', value='twice', recipient=has('/user/deployer/again'))


@scenario('SUP', 'stashed messages come first, in their order; behaviours lie one above the other')
def stash_and_behaviours(s):
    a = s.x()
    a.spawn('Stashing', 'st')
    a.cmds(['tell /user/st hold', 'tell /user/st one', 'tell /user/st push a', 'tell /user/st two', 'tell /user/st open', 'tell /user/st become b', 'tell /user/st three', 'tell /user/st unbecome', 'tell /user/st four', 'tell /user/st unbecome', 'tell /user/st five'])
    for text in ('base got "one"', 'a got "two"', 'b got "three"', 'base got "four"', 'base got "five"'):
        a.expect('recv', actor='/user/collector', value=text)


@scenario('SUP', 'timers: once, again and again, replaced, cancelled, and ended by a restart; receive timeouts')
def timers(s):
    a = s.x()
    a.spawn('Timed', 'tm')
    a.cmds(['tell /user/tm timer 1 8000 never', 'tell /user/tm timer 2 8000 gone', 'tell /user/tm cancel 2', 'tell /user/tm timer 1 20 once', 'tell /user/tm ticks 3 20 3'])
    a.expect('recv', actor='/user/tm', value='once')
    for left in (2, 1, 0):
        a.expect('tick', actor='/user/tm', key=3, left=left)
    a.cmd('tell /user/tm idle 30 2')
    a.expect_n(2, 'recv', actor='/user/tm', cls='org.apache.pekko.actor.ReceiveTimeout$')
    n = a.here()
    a.cmds(['tell /user/tm timer 1 50 lost', 'tell /user/tm throw it', 'tell /user/tm timer 2 100 after'])
    a.expect('recv', since=n, actor='/user/tm', value='after')
    a.absent('recv', since=n, actor='/user/tm', value='lost')
