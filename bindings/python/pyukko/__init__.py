# SPDX-License-Identifier: Apache-2.0
"""Actors of Pekko, Akka and ukko systems from asyncio.

    async with pyukko.System('python') as system:
        echo = await system.find('pekko.tcp://app@127.0.0.1:7355/user/echo')
        print(await echo.ask('hello'))

Messages are Python values: str, bytes, bool, int (a Java Long; Int(n) is an Integer), float only inside Json, None, Json for a Jackson
class, Ref. Others arrive as Other. Everything here belongs to the event loop's thread; what comes from ukko's threads is brought there.
"""
import asyncio, itertools, json, logging, threading

from ._ukko import ffi, lib

__all__ = ['Actor', 'ActorRef', 'AskTimeout', 'Error', 'Identity', 'Int', 'Json', 'NotFound', 'Other', 'RemoteFailure', 'Selection', 'System', 'Terminated',
           'DONE', 'version']
log = logging.getLogger('pyukko')


def version():
    """the version of the library"""
    return ffi.string(lib.ukko_version_text()).decode()


# ---- what can go wrong ----

class Error(Exception):
    """what ukko says went wrong; code is its UKKO_E… number"""
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class AskTimeout(Error):
    """no answer in time"""


class NotFound(Error):
    """nobody lives at the path, or nobody answered in time"""


class RemoteFailure(Error):
    """the answer was a Status.Failure; class_name is that of the exception"""
    def __init__(self, class_name, text):
        super().__init__(lib.UKKO_EANSWER, '%s: %s' % (class_name, text) if text else class_name)
        self.class_name, self.text = class_name, text


# ---- messages ----

class Int(int):
    """a java.lang.Integer; a plain int is a Long"""


class Json:
    """a message of a Jackson class: its name, and a JSON value. cbor: it travels as CBOR"""
    def __init__(self, class_name, value, cbor=False):
        self.class_name, self.value, self.cbor = class_name, value, cbor

    def __eq__(self, other):
        return isinstance(other, Json) and (self.class_name, self.value) == (other.class_name, other.value)

    def __repr__(self):
        return 'Json(%r, %r)' % (self.class_name, self.value)


class _Done:
    def __repr__(self):
        return 'DONE'


DONE = _Done()  # org.apache.pekko.Done


class Terminated:
    """a watched actor has ended"""
    def __init__(self, ref, existence_confirmed, address_terminated):
        self.ref, self.existence_confirmed, self.address_terminated = ref, existence_confirmed, address_terminated

    def __repr__(self):
        return 'Terminated(%s)' % self.ref.path


class Identity:
    """an ActorIdentity: what was asked, and who is there (or None)"""
    def __init__(self, id, ref):
        self.id, self.ref = id, ref


class Other:
    """a message that has no form in Python: the name of its type, and its text"""
    def __init__(self, name, text):
        self.name, self.text = name, text

    def __repr__(self):
        return 'Other(%r, %r)' % (self.name, self.text)


def _copy(type_, declaration, *value):
    return lib.ukko_msg_copy(ffi.addressof(lib, type_), ffi.new(declaration, *value))


def _bytes_msg(value):
    held = ffi.from_buffer(value)
    return _copy('ukko_bytes_type', 'ukko_slice *', {'ptr': ffi.cast('const uint8_t *', held), 'len': len(held)})


def _json_msg(value):
    name, text = ffi.new('char[]', value.class_name.encode()), json.dumps(value.value, ensure_ascii=False).encode()
    held = ffi.new('char[]', text)
    return _copy('ukko_json_type', 'ukko_json *', {'class_name': name, 'text': held, 'len': len(text), 'cbor': value.cbor})


def _text_msg(value):
    text = value.encode()
    held = ffi.new('char[]', text)
    return _copy('ukko_string_type', 'ukko_string *', {'text': held, 'len': len(text)})


def _message(value):
    """the message of a Python value; owned by whoever gets it"""
    if value is None:
        return lib.ukko_msg_new(ffi.addressof(lib, 'ukko_null_type'))
    if value is DONE:
        return lib.ukko_msg_new(ffi.addressof(lib, 'ukko_done_type'))
    if isinstance(value, bool):
        return _copy('ukko_bool_type', 'bool *', value)
    if isinstance(value, Int):
        return _copy('ukko_int_type', 'int32_t *', int(value))
    if isinstance(value, int):
        return _copy('ukko_long_type', 'int64_t *', value)
    if isinstance(value, str):
        return _text_msg(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes_msg(value)
    if isinstance(value, Json):
        return _json_msg(value)
    if isinstance(value, ActorRef):
        return _copy('ukko_ref_type', 'ukko_ref_body *', {'ref': value._ref})
    raise TypeError('%s cannot be a message; use str, bytes, bool, int, None, Json or an ActorRef' % type(value).__name__)


def _string(p):
    return ffi.string(p).decode('utf-8', 'replace') if p else ''


def _failure(body, system):
    t = lib.ukko_msg_get(body.value, ffi.addressof(lib, 'ukko_throwable_type')) if body.value else ffi.NULL
    if not t:
        return RemoteFailure('java.lang.Throwable', '')
    t = ffi.cast('const ukko_throwable *', t)
    return RemoteFailure(_string(t.class_name), _string(t.message))


def _identity(body, system):
    return Identity(_value(body.id, system) if body.id else None, ActorRef(system, lib.ukko_ref_retain(body.ref)) if body.ref else None)


# by the name of the type's symbol: what its body is, and how a value is made of it
_READERS = {
    'ukko_null_type': (None, lambda b, s: None),
    'ukko_done_type': (None, lambda b, s: DONE),
    'ukko_reply_ack_type': (None, lambda b, s: DONE),
    'ukko_string_type': ('const ukko_string *', lambda b, s: bytes(ffi.buffer(b.text, b.len)).decode('utf-8', 'replace')),
    'ukko_int_type': ('const int32_t *', lambda b, s: Int(b[0])),
    'ukko_long_type': ('const int64_t *', lambda b, s: int(b[0])),
    'ukko_double_type': ('const double *', lambda b, s: float(b[0])),
    'ukko_bool_type': ('const bool *', lambda b, s: bool(b[0])),
    'ukko_bytes_type': ('const ukko_slice *', lambda b, s: bytes(ffi.buffer(b.ptr, b.len)) if b.len else b''),
    'ukko_bytestring_type': ('const ukko_slice *', lambda b, s: bytes(ffi.buffer(b.ptr, b.len)) if b.len else b''),
    'ukko_option_type': ('const ukko_boxed *', lambda b, s: _value(b.value, s) if b.value else None),
    'ukko_optional_type': ('const ukko_boxed *', lambda b, s: _value(b.value, s) if b.value else None),
    'ukko_status_success_type': ('const ukko_boxed *', lambda b, s: _value(b.value, s) if b.value else None),
    'ukko_reply_success_type': ('const ukko_boxed *', lambda b, s: _value(b.value, s) if b.value else None),
    'ukko_status_failure_type': ('const ukko_boxed *', _failure),
    'ukko_reply_error_type': ('const ukko_string *', lambda b, s: RemoteFailure('org.apache.pekko.pattern.StatusReply$ErrorMessage', _string(b.text))),
    'ukko_json_type': ('const ukko_json *', lambda b, s: Json(_string(b.class_name), json.loads(bytes(ffi.buffer(b.text, b.len)) or b'null'), bool(b.cbor))),
    'ukko_ref_type': ('const ukko_ref_body *', lambda b, s: ActorRef(s, lib.ukko_ref_retain(b.ref)) if b.ref else None),
    'ukko_identity_type': ('const ukko_identity *', _identity),
    'ukko_terminated_type': ('const ukko_terminated *', lambda b, s: Terminated(ActorRef(s, lib.ukko_ref_retain(b.ref)), bool(b.existence_confirmed),
                                                                                 bool(b.address_terminated))),
}
_BY_ADDRESS = {int(ffi.cast('uintptr_t', ffi.addressof(lib, name))): reader for name, reader in _READERS.items()}


def _value(msg, system):
    """the Python value of a message, which stays its owner's"""
    type_ = lib.ukko_msg_type(msg)
    cast, read = _BY_ADDRESS.get(int(ffi.cast('uintptr_t', type_)), (None, None))
    if read:
        return read(ffi.cast(cast, lib.ukko_msg_get(msg, type_)) if cast else None, system)
    n = lib.ukko_msg_print(msg, ffi.NULL, 0)
    buf = ffi.new('char[]', n + 1)
    lib.ukko_msg_print(msg, buf, n + 1)
    return Other(_string(type_.name), _string(buf))


# ---- references ----

def _ms(timeout):
    return max(1, int(timeout * 1000))


class ActorRef:
    """an actor, here or elsewhere; equal when path and uid are"""
    def __init__(self, system, owned):
        self.system, self._ref = system, ffi.gc(owned, lib.ukko_ref_release)

    @property
    def path(self):
        """the whole path with address and #uid"""
        return _string(lib.ukko_ref_path(self._ref))

    def tell(self, message, sender=None):
        """sends; what cannot be delivered is a dead letter of the system"""
        lib.ukko_tell_from(self._ref, _message(message), sender._ref if sender else ffi.NULL)

    async def ask(self, message, timeout=5):
        """sends, and gives the answer. AskTimeout, RemoteFailure"""
        msg = _message(message)
        return await self.system._promise(lambda handle: lib.ukko_ask_async(self._ref, msg, _ms(timeout), lib.pyukko_answered, handle))

    def stop(self):
        """sends a poison pill"""
        lib.ukko_tell_from(self._ref, lib.ukko_msg_new(ffi.addressof(lib, 'ukko_poison_pill_type')), ffi.NULL)

    async def watch(self):
        """death watch: when this returns, it is being watched; the future it gives is done, with Terminated, when it has ended"""
        return await self.system._watch(self)

    async def terminated(self):
        """waits until it has ended; gives Terminated"""
        return await (await self.watch())

    def __eq__(self, other):
        return isinstance(other, ActorRef) and bool(lib.ukko_ref_equal(self._ref, other._ref))

    def __hash__(self):
        return hash(self.path)

    def __repr__(self):
        return 'ActorRef(%s)' % self.path


class Selection:
    """a path, with * and ? if need be; whoever lives there when a message arrives"""
    def __init__(self, system, path):
        self.system, self.path = system, path
        self._sel = ffi.gc(lib.ukko_select(system._live(), path.encode()), lib.ukko_selection_release)

    def tell(self, message, sender=None):
        lib.ukko_selection_tell(self._sel, _message(message), sender._ref if sender else ffi.NULL)

    async def ask(self, message, timeout=5):
        """the first answer"""
        msg = _message(message)
        return await self.system._promise(lambda handle: lib.ukko_selection_ask_async(self._sel, msg, _ms(timeout), lib.pyukko_answered, handle))


# ---- actors in Python ----

class Actor:
    """Derive from it and write `async def receive(self, message, sender)`. Messages are handled one after the other on the event loop; an
    exception is logged, and the next message follows."""
    ref = None     # of this actor, once it is spawned
    system = None

    async def receive(self, message, sender):
        raise NotImplementedError

    async def stopped(self):
        """after the last message"""

    async def watch(self, ref):
        """a Terminated will come as a message"""
        await self.system._in_turn(self, lambda ctx: lib.ukko_watch(ctx, ref._ref))

    async def unwatch(self, ref):
        await self.system._in_turn(self, lambda ctx: lib.ukko_unwatch(ctx, ref._ref))


class _Life:
    """what runs an Actor: its queue, its task, and what is to be done in its turn"""
    def __init__(self, system, actor):
        self.system, self.actor = system, actor
        self.queue, self.commands, self.numbers = asyncio.Queue(), {}, itertools.count(1)
        self.handle, self.kind, self.over = ffi.new_handle(self), ffi.NULL, asyncio.Event()

    async def run(self):
        while (item := await self.queue.get()) is not None:
            try:
                await self.actor.receive(*item)
            except Exception:
                log.exception('%s failed while it handled %r', self.actor.ref, item[0])
        try:
            await self.actor.stopped()
        except Exception:
            log.exception('%s failed while it stopped', self.actor.ref)
        self.over.set()


@ffi.def_extern()
def pyukko_received(handle, ctx, msg):  # on a thread of ukko's, in the actor's turn
    life = ffi.from_handle(handle)
    number = lib.pyukko_command_id(msg)
    if number:
        command, future = life.commands.pop(number)
        command(ctx)
        life.system._call(lambda: future.done() or future.set_result(None))
        return
    sender = lib.pyukko_sender(ctx)
    item = (_value(msg, life.system), ActorRef(life.system, lib.ukko_ref_retain(sender)) if sender else None)
    life.system._call(lambda: life.queue.put_nowait(item))


@ffi.def_extern()
def pyukko_ended(handle):
    life = ffi.from_handle(handle)
    life.system._call(lambda: life.queue.put_nowait(None))


class _Promise:
    def __init__(self, system):
        self.system, self.future = system, system._loop.create_future()
        self.handle = ffi.new_handle(self)

    def settle(self, value, error):
        def here():
            self.system._promises.discard(self)
            if not self.future.done():
                self.future.set_exception(error) if error else self.future.set_result(value)
        self.system._call(here)


@ffi.def_extern()
def pyukko_answered(data, status, answer):
    promise = ffi.from_handle(data)
    if status in (lib.UKKO_OK, lib.UKKO_EANSWER):
        value = _value(answer, promise.system)
        failed = isinstance(value, RemoteFailure)
        promise.settle(None if failed else value, value if failed else None)
    else:
        kind = AskTimeout if status == lib.UKKO_ETIMEOUT else Error
        promise.settle(None, kind(status, _string(lib.ukko_strerror(status))))


@ffi.def_extern()
def pyukko_found(data, status, ref):
    promise = ffi.from_handle(data)
    if status == lib.UKKO_OK:
        promise.settle(ActorRef(promise.system, lib.ukko_ref_retain(ref)), None)
    else:
        promise.settle(None, NotFound(status, 'nobody answers at the path'))


# ---- systems ----

_DEFAULTS = '''
pekko.actor.provider = remote
pekko.remote.artery.enabled = off
pekko.remote.warn-about-direct-use = off
pekko.remote.use-unsafe-remote-features-outside-cluster = on
pekko.remote.classic.netty.tcp { hostname = "127.0.0.1", port = 0 }
pekko.loglevel = WARNING
'''


class System:
    """An actor system in this process, a peer of Pekko systems. config: HOCON text over the defaults (loopback, any port, remote death
    watch on); config_file: the same in a file, below the text. Use it with `async with`, or call start() and close()."""
    def __init__(self, name, config='', config_file=None):
        self.name, self._text, self._file = name, config, config_file
        self._sys, self._loop, self._promises, self._lives, self._closed = ffi.NULL, None, set(), [], threading.Event()
        self._watcher = None

    def _configuration(self):
        err, parts = ffi.new('ukko_error *'), []
        for text in (self._text, None, _DEFAULTS):
            out = ffi.new('ukko_config **')
            if text is None:
                if not self._file:
                    continue
                rc = lib.ukko_config_parse_file(out, str(self._file).encode(), err)
            else:
                raw = text.encode()
                held = ffi.new('char[]', raw)
                rc = lib.ukko_config_parse(out, {'ptr': ffi.cast('const uint8_t *', held), 'len': len(raw)}, b'System(config)', err)
            self._check(rc, err)
            parts.append(ffi.gc(out[0], lib.ukko_config_release))
        whole = parts[0]
        for lower in parts[1:]:
            whole = ffi.gc(lib.ukko_config_with_fallback(whole, lower), lib.ukko_config_release)
        out = ffi.new('ukko_config **')
        self._check(lib.ukko_config_load_from(out, whole, err), err)
        return ffi.gc(out[0], lib.ukko_config_release)

    @staticmethod
    def _check(rc, err):
        if rc:
            text = _string(err.message)
            raise Error(rc, text or _string(lib.ukko_strerror(rc)))

    def _new(self):
        out, err = ffi.new('ukko_system **'), ffi.new('ukko_error *')
        self._check(lib.pyukko_system_new(out, self.name.encode(), self._configuration(), err), err)
        self._sys = out[0]

    async def start(self):
        """listens and can be talked to. Error names the setting at fault"""
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(None, self._new)
        return self

    async def close(self):
        """ends all actors and the system, and waits until that is done"""
        if self._sys:
            sys, self._sys = self._sys, ffi.NULL
            await self._loop.run_in_executor(None, lib.ukko_system_free, sys)
            await asyncio.gather(*(life.over.wait() for life in self._lives))
            for life in self._lives:
                lib.pyukko_free_kind(life.kind)
            self._lives = []

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *exc):
        await self.close()

    def _live(self):
        if not self._sys:
            raise Error(0, 'the system %s is not running' % self.name)
        return self._sys

    def _call(self, fn):
        """fn, on the loop's thread"""
        try:
            self._loop.call_soon_threadsafe(fn)
        except RuntimeError:  # the loop is closed: nobody waits any more
            pass

    async def _promise(self, begin):
        self._live()
        promise = _Promise(self)
        self._promises.add(promise)  # keeps the handle alive until it is settled
        begin(promise.handle)
        return await promise.future

    @property
    def address(self):
        """pekko.tcp://name@host:port"""
        return _string(lib.ukko_remote_address(self._live()))

    def ref(self, path):
        """the reference that a path stands for; nothing is sent"""
        return ActorRef(self, lib.ukko_system_ref(self._live(), path.encode()))

    def select(self, path):
        return Selection(self, path)

    async def find(self, path, timeout=5):
        """who lives at the path: Identify. NotFound"""
        selection = Selection(self, path)
        return await self._promise(lambda handle: lib.ukko_selection_find_async(selection._sel, _ms(timeout), lib.pyukko_found, handle))

    def spawn(self, actor, name=None):
        """runs an Actor under /user; gives its reference"""
        life = _Life(self, actor)
        out, kind = ffi.new('ukko_ref **'), ffi.new('void **')
        actor.system = self
        rc = lib.pyukko_spawn(self._live(), life.handle, name.encode() if name else ffi.NULL, out, kind)
        if rc:
            lib.pyukko_free_kind(kind[0])
            raise Error(rc, 'cannot spawn %s: %s' % (name or 'an actor', _string(lib.ukko_strerror(rc))))
        life.kind, actor.ref, actor._life = kind[0], ActorRef(self, out[0]), life
        self._lives.append(life)
        life.task = self._loop.create_task(life.run())
        return actor.ref

    async def _in_turn(self, actor, command):
        life, future = actor._life, self._loop.create_future()
        number = next(life.numbers)
        life.commands[number] = (command, future)
        lib.pyukko_command(actor.ref._ref, number)
        await future

    async def _watch(self, ref):
        if not self._watcher:
            self._watcher = _Watcher()
            self.spawn(self._watcher)
        return await self._watcher.begin(ref)


class _Watcher(Actor):
    """watches in the name of ActorRef.watch()"""
    def __init__(self):
        self.waiting = {}

    async def begin(self, ref):
        future = self.system._loop.create_future()
        self.waiting.setdefault(ref, []).append(future)
        await self.watch(ref)
        return future

    async def receive(self, message, sender):
        if isinstance(message, Terminated):
            for future in self.waiting.pop(message.ref, ()):
                if not future.done():
                    future.set_result(message)
