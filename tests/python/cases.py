# SPDX-License-Identifier: Apache-2.0
"""The cases of pyukko, run by tests/python/run inside its environment, against a peer program (tests/conformance/CONTRACT.md)."""
import asyncio, json, os, shutil, subprocess, sys, traceback

import pyukko

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('UKKO_BUILD', os.path.join(ROOT, 'build'))
CONFIG = 'pekko.serialization.jackson.allowed-class-prefix = ["ukko.oracle"]\npekko.loglevel = OFF\n'
LIMIT = 60
CASES = []


def case(fn):
    CASES.append(fn)
    return fn


class Peer:
    """the other side: its lines of JSON, and commands"""
    @classmethod
    async def start(cls, argv, name):
        self = cls()
        self.p = await asyncio.create_subprocess_exec(*argv, 'run', '--name', name, '--port', '0', stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                      stderr=subprocess.DEVNULL, limit=1 << 22)
        self.address = (await self.expect('started'))['address']
        return self

    async def expect(self, ev, **keys):
        while line := await self.p.stdout.readline():
            try:
                e = json.loads(line)
            except ValueError:
                continue
            if e.get('ev') == ev and all(e.get(k) == v for k, v in keys.items()):
                return e
        raise AssertionError('the peer ended; no %s %s' % (ev, keys))

    def cmd(self, text):
        self.p.stdin.write(text.encode() + b'\n')

    async def close(self):
        self.p.stdin.close()
        await self.p.wait()


@case
async def echo_gives_each_value_back(system, peer):
    echo = await system.find(peer.address + '/user/echo')
    values = ['hello', 'terve 🌍', '', 7, -(1 << 40), pyukko.Int(-3), True, False, b'\x00\xff', b'', pyukko.DONE,
              pyukko.Json('ukko.oracle.Greeting', {'text': 'hi', 'number': 3})]
    for v in values:
        got = await echo.ask(v)
        assert got == v and type(got) is type(v), (v, got)
    assert await echo.ask(echo) == echo
    many = await asyncio.gather(*(echo.ask(i) for i in range(500)))
    assert many == list(range(500))


@case
async def who_is_not_there_is_not_found(system, peer):
    for path in ('/user/nobody', '/user/nobody/*'):
        try:
            await system.find(peer.address + path, timeout=10)
        except pyukko.NotFound:
            continue
        raise AssertionError(path)


@case
async def no_answer_in_time_is_an_error(system, peer):
    sink = await system.find(peer.address + '/user/sink')
    try:
        await sink.ask('x', timeout=0.05)
    except pyukko.AskTimeout as e:
        assert e.code < 0
    else:
        raise AssertionError('the sink answered')


@case
async def what_cannot_be_a_message_is_refused(system, peer):
    try:
        system.ref('/user/x').tell(object())
    except TypeError as e:
        assert 'object' in str(e)
    else:
        raise AssertionError('sent')


class Greeter(pyukko.Actor):
    async def receive(self, message, sender):
        if message == 'fail':
            raise ValueError('told to')
        sender.tell('Hello, %s' % message, self.ref)


@case
async def the_peer_finds_and_asks_an_actor_in_python(system, peer):
    greeter = system.spawn(Greeter(), 'greeter')
    assert greeter.path.startswith(system.address + '/user/greeter#')
    peer.cmd('select %s/user/greeter world' % system.address)
    e = await peer.expect('recv', value='Hello, world')
    assert e['sender'] == greeter.path, e
    peer.cmd('select %s/user/greeter fail' % system.address)
    peer.cmd('select %s/user/greeter again' % system.address)
    await peer.expect('recv', value='Hello, again')


@case
async def the_end_of_a_watched_actor_is_told(system, peer):
    peer.cmd('spawn Echo mortal')
    await peer.expect('spawned')
    ref = await system.find(peer.address + '/user/mortal')
    waiting = [await ref.watch() for _ in range(3)]
    assert await ref.ask('alive') == 'alive'
    ref.stop()
    for t in await asyncio.gather(*waiting):
        assert t.ref == ref and t.existence_confirmed and not t.address_terminated


@case
async def a_selection_reaches_each_match(system, peer):
    got = asyncio.Queue()

    class Collector(pyukko.Actor):
        async def receive(self, message, sender):
            got.put_nowait((message, sender))
    me = system.spawn(Collector())
    system.select(peer.address + '/user/parent/c*').tell('who', me)
    answers = {(await got.get())[0] for _ in range(3)}
    assert answers == {'/user/parent/c1', '/user/parent/c2', '/user/parent/c3'}, answers


@case
async def order_is_kept(system, peer):
    sink = await system.find(peer.address + '/user/sink')
    sink.tell('reset')
    for i in range(5000):
        sink.tell(i)
    assert await sink.ask('count', timeout=30) == 5000


@case
async def a_bad_setting_is_named(system, peer):
    try:
        async with pyukko.System('bad', 'pekko.remote.classic.netty.tcp.port = many'):
            raise AssertionError('it started')
    except pyukko.Error as e:
        assert 'port' in str(e), e


async def one(fn, system, peer, where):
    name = fn.__name__ + '>' + where
    try:
        await asyncio.wait_for(fn(system, peer), LIMIT)
        print('ok ' + name, flush=True)
        return True
    except Exception:
        print('FAIL %s: %s' % (name, traceback.format_exc().strip().replace('\n', '\n    ')), flush=True)
        return False


async def main():
    peers = [('ukko', [os.path.join(BUILD, 'bin', 'ukko-peer')])]
    if shutil.which('java') and shutil.which('javac') and shutil.which('mvn'):
        subprocess.run([os.path.join(ROOT, 'tests', 'peer', 'build.sh'), '1.0.2'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        peers.append(('pekko-1.0.2', [os.path.join(ROOT, 'tests', 'peer', 'peer'), '--pekko', '1.0.2']))
    else:
        print('skip pyukko-with-a-jvm: Java is not installed')
    good = True
    for where, argv in peers:
        peer = await Peer.start(argv, 'Peer')
        async with pyukko.System('python', CONFIG) as system:
            for fn in CASES:
                good &= await one(fn, system, peer, where)
        await peer.close()
    return 0 if good else 1

import logging
logging.getLogger('pyukko').addHandler(logging.NullHandler())
logging.getLogger('pyukko').propagate = False
sys.exit(asyncio.run(main()))
