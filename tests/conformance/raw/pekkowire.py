# SPDX-License-Identifier: Apache-2.0
"""Pekko Classic Remoting on the wire, byte by byte, with the Python 3 standard library only.

What is here
    protobuf primitives       varint, tag, f_* (one encoded field each), raw_fields
    SCHEMA, encode, decode    every message of the protocol as a table; `encode` is canonical, `decode` is strict:
                              it accepts what a proto2 reader must accept and *notes* what a canonical writer
                              would not have produced (unknown fields, fields out of order, longer varints, ...)
    PDUs and messages         associate, control, envelope, ack_pdu, tell, selection, sys_*, daemon_create, ...
    Pdu                       one received frame, decoded
    Link                      one TCP connection to the node under test, with a reader thread
    Peer                      a fake actor system: name, listening address, uid; connects and accepts

Nothing here interprets what a node does; that is left to the test cases.
"""

import json
import os
import random
import select
import socket
import struct
import threading
import time

M64 = (1 << 64) - 1


# --------------------------------------------------------------------------------------------------------------------
# protobuf primitives

def varint(n):
    """Encodes an integer; negative numbers become the ten byte form of their 64 bit two's complement."""
    n &= M64
    out = bytearray()
    while n > 0x7F:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def tag(field, wire_type):
    return varint((field << 3) | wire_type)


def f_varint(field, n):
    return tag(field, 0) + varint(n)


def f_fixed64(field, n):
    return tag(field, 1) + struct.pack("<Q", n & M64)


def f_double(field, x):
    return tag(field, 1) + struct.pack("<d", x)


def f_bytes(field, b):
    if isinstance(b, str):
        b = b.encode("utf-8", "surrogateescape")
    return tag(field, 2) + varint(len(b)) + bytes(b)


def f_fixed32(field, n):
    return tag(field, 5) + struct.pack("<I", n & 0xFFFFFFFF)


class WireError(Exception):
    """Bytes that no protobuf reader can accept."""


def read_varint(b, i, notes=None, where=""):
    n = shift = 0
    start = i
    while True:
        if i >= len(b):
            raise WireError("truncated varint in " + where)
        c = b[i]
        i += 1
        n |= (c & 0x7F) << shift
        if c < 0x80:
            break
        shift += 7
        if shift > 63:
            raise WireError("varint longer than ten bytes in " + where)
    if notes is not None and len(varint(n)) != i - start:
        notes.append(where + ": varint longer than needed")
    return n & M64, i


def raw_fields(b, notes=None, where=""):
    """The fields of a message as (number, wire type, value) in their order; values are int or bytes."""
    out = []
    i = 0
    while i < len(b):
        t, i = read_varint(b, i, notes, where)
        num, wt = t >> 3, t & 7
        if num == 0:
            raise WireError("field number 0 in " + where)
        if wt == 0:
            v, i = read_varint(b, i, notes, where)
        elif wt == 1:
            if i + 8 > len(b):
                raise WireError("truncated fixed64 in " + where)
            v, i = b[i:i + 8], i + 8
        elif wt == 2:
            n, i = read_varint(b, i, notes, where)
            if i + n > len(b):
                raise WireError("truncated field in " + where)
            v, i = b[i:i + n], i + n
        elif wt == 5:
            if i + 4 > len(b):
                raise WireError("truncated fixed32 in " + where)
            v, i = b[i:i + 4], i + 4
        else:
            raise WireError("wire type %d in %s" % (wt, where))
        out.append((num, wt, v))
    return out


# --------------------------------------------------------------------------------------------------------------------
# the messages of the protocol: number -> (name, type, R required / O optional / * repeated)

SCHEMA = {
    # the connection
    "PekkoProtocolMessage": {1: ("payload", "bytes", "O"), 2: ("instruction", "PekkoControlMessage", "O")},
    "PekkoControlMessage": {1: ("commandType", "enum", "R"), 2: ("handshakeInfo", "PekkoHandshakeInfo", "O")},
    "PekkoHandshakeInfo": {1: ("origin", "AddressData", "R"), 2: ("uid", "fixed64", "R"), 3: ("cookie", "string", "O")},
    "AddressData": {1: ("system", "string", "R"), 2: ("hostname", "string", "R"), 3: ("port", "uint32", "R"), 4: ("protocol", "string", "O")},
    "AckAndEnvelopeContainer": {1: ("ack", "AcknowledgementInfo", "O"), 2: ("envelope", "RemoteEnvelope", "O")},
    "AcknowledgementInfo": {1: ("cumulativeAck", "fixed64", "R"), 2: ("nacks", "fixed64", "*")},
    "RemoteEnvelope": {1: ("recipient", "ActorRefData", "R"), 2: ("message", "SerializedMessage", "R"), 4: ("sender", "ActorRefData", "O"), 5: ("seq", "fixed64", "O")},
    "ActorRefData": {1: ("path", "string", "R")},
    "SerializedMessage": {1: ("message", "bytes", "R"), 2: ("serializerId", "int32", "R"), 3: ("messageManifest", "bytes", "O")},
    # containers
    "Payload": {1: ("enclosedMessage", "bytes", "R"), 2: ("serializerId", "int32", "R"), 4: ("messageManifest", "bytes", "O")},
    "Option": {1: ("value", "Payload", "O")},
    "ActorRef": {1: ("path", "string", "R")},
    "SelectionEnvelope": {1: ("enclosedMessage", "bytes", "R"), 2: ("serializerId", "int32", "R"), 3: ("pattern", "Selection", "*"), 4: ("messageManifest", "bytes", "O"), 5: ("wildcardFanOut", "bool", "O")},
    "Selection": {1: ("type", "enum", "R"), 2: ("matcher", "string", "O")},
    "Identify": {1: ("messageId", "Payload", "R")},
    "ActorIdentity": {1: ("correlationId", "Payload", "R"), 2: ("ref", "ActorRef", "O")},
    "WatcherHeartbeatResponse": {1: ("uid", "uint64", "R")},
    "Throwable": {1: ("className", "string", "R"), 2: ("message", "string", "O"), 3: ("cause", "Payload", "O"), 4: ("stackTrace", "StackTraceElement", "*")},
    "StackTraceElement": {1: ("className", "string", "R"), 2: ("methodName", "string", "R"), 3: ("fileName", "string", "R"), 4: ("lineNumber", "int32", "R")},
    "ThrowableNotSerializable": {1: ("message", "string", "R"), 2: ("originalMessage", "string", "R"), 3: ("originalClassName", "string", "R")},
    "ActorInitializationException": {1: ("actor", "ActorRef", "O"), 2: ("message", "string", "R"), 3: ("cause", "Payload", "R")},
    "StatusReplyErrorMessage": {1: ("errorMessage", "string", "R")},
    # routers and scopes
    "FiniteDuration": {1: ("value", "int64", "R"), 2: ("unit", "enum", "R")},
    "RemoteScope": {1: ("node", "AddressData", "R")},
    "DefaultResizer": {1: ("lowerBound", "uint32", "R"), 2: ("upperBound", "uint32", "R"), 3: ("pressureThreshold", "uint32", "R"), 4: ("rampupRate", "double", "R"), 5: ("backoffThreshold", "double", "R"), 6: ("backoffRate", "double", "R"), 7: ("messagesPerResize", "uint32", "R")},
    "FromConfig": {1: ("resizer", "Payload", "O"), 2: ("routerDispatcher", "string", "O")},
    "GenericRoutingPool": {1: ("nrOfInstances", "uint32", "R"), 2: ("routerDispatcher", "string", "O"), 3: ("usePoolDispatcher", "bool", "R"), 4: ("resizer", "Payload", "O")},
    "ScatterGatherPool": {1: ("generic", "GenericRoutingPool", "R"), 2: ("within", "FiniteDuration", "R")},
    "TailChoppingPool": {1: ("generic", "GenericRoutingPool", "R"), 2: ("within", "FiniteDuration", "R"), 3: ("interval", "FiniteDuration", "R")},
    "RemoteRouterConfig": {1: ("local", "Payload", "R"), 2: ("nodes", "AddressData", "*")},
    "Address": {1: ("protocol", "string", "R"), 2: ("system", "string", "R"), 3: ("hostname", "string", "R"), 4: ("port", "uint32", "R")},
    "UniqueAddress": {1: ("address", "Address", "R"), 2: ("uid", "uint64", "R")},
    # system messages
    "SystemMessage": {1: ("type", "enum", "R"), 2: ("watchData", "WatchData", "O"), 3: ("causeData", "Payload", "O"), 5: ("superviseData", "SuperviseData", "O"), 6: ("failedData", "FailedData", "O"), 7: ("dwNotificationData", "DeathWatchNotificationData", "O")},
    "WatchData": {1: ("watchee", "ActorRef", "R"), 2: ("watcher", "ActorRef", "R")},
    "SuperviseData": {1: ("child", "ActorRef", "R"), 2: ("async", "bool", "R")},
    "FailedData": {1: ("child", "ActorRef", "R"), 2: ("uid", "uint64", "R")},
    "DeathWatchNotificationData": {1: ("actor", "ActorRef", "R"), 2: ("existenceConfirmed", "bool", "R"), 3: ("addressTerminated", "bool", "R")},
    # remote deployment
    "DaemonMsgCreateData": {1: ("props", "PropsData", "R"), 2: ("deploy", "DeployData", "R"), 3: ("path", "string", "R"), 4: ("supervisor", "ActorRefData", "R")},
    "PropsData": {2: ("deploy", "DeployData", "R"), 3: ("clazz", "string", "R"), 4: ("args", "bytes", "*"), 5: ("manifests", "string", "*"), 6: ("serializerIds", "int32", "*"), 7: ("hasManifest", "bool", "*")},
    "DeployData": {1: ("path", "string", "R"), 2: ("config", "bytes", "O"), 3: ("routerConfig", "bytes", "O"), 4: ("scope", "bytes", "O"), 5: ("dispatcher", "string", "O"), 6: ("scopeSerializerId", "int32", "O"), 7: ("scopeManifest", "string", "O"), 8: ("configSerializerId", "int32", "O"), 9: ("configManifest", "string", "O"), 10: ("routerConfigSerializerId", "int32", "O"), 11: ("routerConfigManifest", "string", "O"), 12: ("tags", "string", "*")},
}

_WIRE_TYPE = {"bytes": 2, "string": 2, "int32": 0, "int64": 0, "uint32": 0, "uint64": 0, "bool": 0, "enum": 0, "fixed64": 1, "double": 1}


def encode(name, values):
    """Canonical bytes of a message: fields in order of their numbers, absent (None) ones left out."""
    out = bytearray()
    for num, (fname, ftype, card) in sorted(SCHEMA[name].items()):
        v = values.get(fname)
        for x in (v or []) if card == "*" else ([] if v is None else [v]):
            if ftype in ("bytes", "string"):
                out += f_bytes(num, x)
            elif ftype == "fixed64":
                out += f_fixed64(num, x)
            elif ftype == "double":
                out += f_double(num, x)
            elif ftype in _WIRE_TYPE:
                out += f_varint(num, int(x))
            else:
                out += f_bytes(num, x if isinstance(x, (bytes, bytearray)) else encode(ftype, x))
    return bytes(out)


def _signed64(n):
    return n - (1 << 64) if n >> 63 else n


def decode(name, b, notes=None, where=None):
    """A message as a dict (absent fields are missing, repeated ones are lists). `notes` collects what is not canonical."""
    where = where or name
    if notes is None:
        notes = []
    schema = SCHEMA[name]
    out = {}
    last = 0
    for num, wt, v in raw_fields(b, notes, where):
        if num not in schema:
            notes.append("%s: unknown field %d" % (where, num))
            continue
        if num < last:
            notes.append("%s: field %d after field %d" % (where, num, last))
        last = max(num, last)
        fname, ftype, card = schema[num]
        if wt != _WIRE_TYPE.get(ftype, 2):
            notes.append("%s.%s: wire type %d" % (where, fname, wt))
            continue
        if ftype == "string":
            try:
                v = v.decode("utf-8")
            except UnicodeDecodeError:
                notes.append("%s.%s: not UTF-8" % (where, fname))
                v = v.decode("latin-1")
        elif ftype == "fixed64":
            v = struct.unpack("<q", v)[0]
        elif ftype == "double":
            v = struct.unpack("<d", v)[0]
        elif ftype in ("int32", "int64", "enum"):
            v = _signed64(v)
        elif ftype == "bool":
            if v > 1:
                notes.append("%s.%s: bool %d" % (where, fname, v))
            v = bool(v)
        elif ftype not in _WIRE_TYPE:
            v = decode(ftype, v, notes, where + "." + fname)
        if card == "*":
            out.setdefault(fname, []).append(v)
        else:
            if fname in out:
                notes.append("%s.%s: given twice" % (where, fname))
            out[fname] = v
    for num, (fname, ftype, card) in schema.items():
        if card == "R" and fname not in out:
            notes.append("%s.%s: missing" % (where, fname))
    return out


# --------------------------------------------------------------------------------------------------------------------
# frames and protocol data units

ASSOCIATE, DISASSOCIATE, HEARTBEAT, SHUTTING_DOWN, QUARANTINED = 1, 2, 3, 4, 5
COMMANDS = {1: "ASSOCIATE", 2: "DISASSOCIATE", 3: "HEARTBEAT", 4: "DISASSOCIATE_SHUTTING_DOWN", 5: "DISASSOCIATE_QUARANTINED"}
GOODBYES = ("DISASSOCIATE", "DISASSOCIATE_SHUTTING_DOWN", "DISASSOCIATE_QUARANTINED")


def frame(body):
    """The four byte length, big endian, and the body."""
    return struct.pack(">I", len(body)) + body


ZERO_FRAME = frame(b"")


def handshake_info(system, host, port, uid, protocol="tcp", cookie=None):
    return encode("PekkoHandshakeInfo", {"origin": {"system": system, "hostname": host, "port": port, "protocol": protocol}, "uid": uid, "cookie": cookie})


def associate(system, host, port, uid, protocol="tcp", cookie=None):
    return encode("PekkoProtocolMessage", {"instruction": {"commandType": ASSOCIATE, "handshakeInfo": handshake_info(system, host, port, uid, protocol, cookie)}})


def control(command):
    """HEARTBEAT or one of the DISASSOCIATEs."""
    return encode("PekkoProtocolMessage", {"instruction": {"commandType": command}})


def payload(container):
    return encode("PekkoProtocolMessage", {"payload": container})


def ack_info(cumulative, nacks=()):
    return {"cumulativeAck": cumulative, "nacks": list(nacks)}


def ack_pdu(cumulative, nacks=()):
    """A pure acknowledgement."""
    return payload(encode("AckAndEnvelopeContainer", {"ack": ack_info(cumulative, nacks)}))


def container(to, serializer, message, manifest=None, sender=None, seq=None, ack=None):
    if isinstance(manifest, str):
        manifest = manifest.encode()
    return encode("AckAndEnvelopeContainer", {
        "ack": None if ack is None else ack_info(*ack) if isinstance(ack, tuple) else ack_info(ack),
        "envelope": {
            "recipient": {"path": to},
            "message": {"message": message, "serializerId": serializer, "messageManifest": manifest or None},
            "sender": None if sender is None else {"path": sender},
            "seq": seq}})


def tell(to, serializer, message, manifest=None, sender=None, seq=None, ack=None):
    """A PDU with one message."""
    return payload(container(to, serializer, message, manifest, sender, seq, ack))


# --------------------------------------------------------------------------------------------------------------------
# messages

SER_NULL, SER_JAVA, SER_PROTO, SER_DAEMON, SER_BYTES, SER_SELECTION = 0, 1, 2, 3, 4, 6
SER_MISC, SER_LONG, SER_INT, SER_STRING, SER_BYTESTRING, SER_SYSTEM = 16, 18, 19, 20, 21, 22
SER_JSON, SER_CBOR, SER_BOOLEAN = 31, 33, 35
PARENT, CHILD_NAME, CHILD_PATTERN = 0, 1, 2
CREATE, RECREATE, SUSPEND, RESUME, TERMINATE, SUPERVISE, WATCH, UNWATCH, FAILED, NOTIFICATION = range(10)
SYSTEM_NAMES = ("CREATE", "RECREATE", "SUSPEND", "RESUME", "TERMINATE", "SUPERVISE", "WATCH", "UNWATCH", "FAILED", "DEATHWATCH_NOTIFICATION")


def nested(serializer, message, manifest=None):
    """A `Payload`."""
    return {"enclosedMessage": message, "serializerId": serializer, "messageManifest": manifest.encode() if isinstance(manifest, str) else manifest}


def text(s):
    return nested(SER_STRING, s.encode())


NULL_PAYLOAD = {"enclosedMessage": b"", "serializerId": SER_NULL}


def identify(correlation):
    """The bytes of Identify(correlation), a string."""
    return encode("Identify", {"messageId": text(correlation)})


def selection(elements, serializer, message, manifest=None, fan_out=False):
    """ActorSelectionMessage. Elements: a name, '..' (PARENT), or text with ? or * (CHILD_PATTERN); a pair (type, matcher) is used as it is."""
    pattern = []
    for e in elements.split("/") if isinstance(elements, str) else elements:
        if isinstance(e, tuple):
            pattern.append({"type": e[0], "matcher": e[1]})
        elif e == "..":
            pattern.append({"type": PARENT})
        elif e:
            pattern.append({"type": CHILD_PATTERN if "?" in e or "*" in e else CHILD_NAME, "matcher": e})
    return encode("SelectionEnvelope", {"enclosedMessage": message, "serializerId": serializer, "pattern": pattern,
                                        "messageManifest": manifest.encode() if isinstance(manifest, str) else manifest, "wildcardFanOut": fan_out})


def sys_msg(kind, **data):
    return encode("SystemMessage", dict(type=kind, **data))


def sys_watch(watchee, watcher):
    return sys_msg(WATCH, watchData={"watchee": {"path": watchee}, "watcher": {"path": watcher}})


def sys_unwatch(watchee, watcher):
    return sys_msg(UNWATCH, watchData={"watchee": {"path": watchee}, "watcher": {"path": watcher}})


def sys_notification(actor, confirmed=True, address_terminated=False):
    return sys_msg(NOTIFICATION, dwNotificationData={"actor": {"path": actor}, "existenceConfirmed": confirmed, "addressTerminated": address_terminated})


def sys_supervise(child, is_async=False):
    return sys_msg(SUPERVISE, superviseData={"child": {"path": child}, "async": is_async})


def sys_failed(child, uid, cause):
    return sys_msg(FAILED, causeData=cause, failedData={"child": {"path": child}, "uid": uid})


def throwable_not_serializable(original_class, message):
    """The Payload that stands for an exception which its own system could not serialize."""
    return nested(SER_MISC, encode("ThrowableNotSerializable", {"message": "Serialization of [%s] failed. %s" % (original_class, message),
                                                                "originalMessage": message, "originalClassName": original_class}), "TNSEX")


def address_data(address):
    """AddressData with the full protocol, from pekko.tcp://system@host:port."""
    protocol, rest = address.split("://", 1)
    system, hp = rest.split("@", 1)
    host, port = hp.rsplit(":", 1)
    return {"system": system, "hostname": host, "port": int(port), "protocol": protocol}


def deploy_data(scope=None, dispatcher=None, config=b"{}", tags=(), path=""):
    d = {"path": path, "config": config, "dispatcher": dispatcher, "tags": list(tags)}
    if config is not None:
        d.update(configSerializerId=SER_MISC, configManifest="CF")
    if scope is not None:
        d.update(scope=encode("RemoteScope", {"node": address_data(scope)}), scopeSerializerId=SER_MISC, scopeManifest="RS")
    return d


JAVA_NAMES = {SER_STRING: "java.lang.String", SER_LONG: "java.lang.Long", SER_INT: "java.lang.Integer", SER_BOOLEAN: "java.lang.Boolean", SER_BYTES: "[B"}


def daemon_create(clazz, path, supervisor, scope, args=(), dispatcher=None):
    """DaemonMsgCreate. `args`: (serializer id, bytes) or (serializer id, bytes, manifest); None is null."""
    values, manifests, ids, has = [], [], [], []
    for a in args:
        if a is None:
            values.append(b""), manifests.append("null"), ids.append(0), has.append(False)
        else:
            values.append(a[1]), ids.append(a[0]), has.append(len(a) > 2)
            manifests.append(a[2] if len(a) > 2 else JAVA_NAMES.get(a[0], "java.lang.Object"))
    return encode("DaemonMsgCreateData", {
        "props": {"deploy": deploy_data(dispatcher=dispatcher), "clazz": clazz, "args": values, "manifests": manifests, "serializerIds": ids, "hasManifest": has},
        "deploy": deploy_data(scope, dispatcher), "path": path, "supervisor": {"path": supervisor}})


def long_bytes(n):
    return struct.pack("<q", n)


def int_bytes(n):
    return struct.pack("<i", n)


def golden(directory=None):
    """name -> {serializer_id, manifest, bytes, ...} of the golden vectors."""
    directory = directory or os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
    with open(os.path.join(directory, "messages.json"), encoding="utf-8") as f:
        vectors = json.load(f)["vectors"]
    return {v["name"]: dict(v, data=bytes.fromhex(v["hex"])) for v in vectors if "hex" in v}


# --------------------------------------------------------------------------------------------------------------------
# what comes back

class Pdu:
    """One frame from the node. kind: a command name, PAYLOAD, ZERO, or BAD. Other attributes are None where they do not apply."""

    def __init__(self, body, t):
        self.body, self.t, self.notes = body, t, []
        self.kind = "ZERO" if not body else None
        self.origin = self.uid = self.cookie = self.ack = self.nacks = self.to = self.sender = self.seq = self.serializer = self.manifest = self.message = None
        self.has_message = False
        if not body:
            return
        try:
            m = decode("PekkoProtocolMessage", body, self.notes)
            if "payload" in m:
                self.kind = "PAYLOAD"
                if "instruction" in m:
                    self.notes.append("both payload and instruction")
                self._payload(m["payload"])
            elif "instruction" in m:
                c = m["instruction"]
                self.kind = COMMANDS.get(c.get("commandType"), "BAD")
                h = c.get("handshakeInfo")
                if h is not None:
                    self.origin, self.uid, self.cookie = h.get("origin"), h.get("uid"), h.get("cookie")
                if (h is not None) != (self.kind == "ASSOCIATE"):
                    self.notes.append("handshakeInfo in the wrong command" if h is not None else "ASSOCIATE without handshakeInfo")
            else:
                self.kind = "BAD"
        except WireError as e:
            self.kind = "BAD"
            self.notes.append(str(e))

    def _payload(self, b):
        c = decode("AckAndEnvelopeContainer", b, self.notes)
        if "ack" in c:
            self.ack, self.nacks = c["ack"].get("cumulativeAck"), c["ack"].get("nacks", [])
        e = c.get("envelope")
        if e is None:
            if "ack" not in c:
                self.notes.append("neither ack nor envelope")
            return
        m = e.get("message", {})
        self.has_message = True
        self.to = e.get("recipient", {}).get("path")
        self.sender = e["sender"].get("path") if "sender" in e else None
        self.seq = e.get("seq")
        self.serializer, self.message = m.get("serializerId"), m.get("message")
        manifest = m.get("messageManifest")
        if manifest == b"":
            self.notes.append("empty manifest is written")
        self.manifest = (manifest or b"").decode("utf-8", "replace")

    # views of the message; each returns None where the message is something else
    def _as(self, serializer, manifest, schema):
        if self.serializer != serializer or self.manifest != manifest or self.message is None:
            return None
        try:
            return decode(schema, self.message, self.notes)
        except WireError as e:
            self.notes.append(str(e))
            return None

    @property
    def string(self):
        return self.message.decode("utf-8") if self.serializer == SER_STRING and self.message is not None else None

    @property
    def system(self):
        return self._as(SER_SYSTEM, "", "SystemMessage")

    def is_system(self, kind):
        s = self.system
        return s is not None and s.get("type") == kind

    @property
    def selection(self):
        return self._as(SER_SELECTION, "", "SelectionEnvelope")

    @property
    def selection_path(self):
        """The path elements of a selection as text: names and patterns, '..' for PARENT."""
        s = self.selection
        return None if s is None else "/" + "/".join(p.get("matcher", "..") if p.get("type") else ".." for p in s.get("pattern", []))

    @property
    def identity(self):
        """(correlation string, ref or None) of an ActorIdentity."""
        i = self._as(SER_MISC, "B", "ActorIdentity")
        return None if i is None else (i["correlationId"]["enclosedMessage"].decode("utf-8", "replace"), i["ref"]["path"] if "ref" in i else None)

    @property
    def watch_heartbeat(self):
        """True for a RemoteWatcher heartbeat, which is a selection."""
        s = self.selection
        return s is not None and s.get("messageManifest") == b"RWHB"

    @property
    def watch_heartbeat_rsp(self):
        r = self._as(SER_MISC, "RWHR", "WatcherHeartbeatResponse")
        return None if r is None else _signed64(r["uid"])

    @property
    def daemon_create(self):
        return self._as(SER_DAEMON, "", "DaemonMsgCreateData")

    def __repr__(self):
        if self.kind == "ASSOCIATE":
            return "ASSOCIATE(%s uid=%s)" % (self.origin, self.uid)
        if self.kind != "PAYLOAD":
            return self.kind or "?"
        s = "PAYLOAD("
        if self.ack is not None:
            s += "ack=%d%s " % (self.ack, "" if not self.nacks else " nacks=%s" % (self.nacks if len(self.nacks) < 20 else "%d of them" % len(self.nacks)))
        if self.has_message:
            what = self.message[:40]
            if self.serializer == SER_SYSTEM:
                try:
                    what = SYSTEM_NAMES[self.system["type"]]
                except (KeyError, IndexError, TypeError):
                    pass
            elif self.serializer == SER_SELECTION:
                what = "%s %s" % (self.selection_path, (self.selection or {}).get("messageManifest"))
            s += "to=%s from=%s%s serializer=%s manifest=%r %s" % (self.to, self.sender, "" if self.seq is None else " seq=%d" % self.seq, self.serializer, self.manifest, what)
        return s + ")"


class Timeout(Exception):
    pass


class AckState:
    """The receiver's side of the reliable delivery: what is delivered, and the ack that is due after each arrival."""

    def __init__(self):
        self.delivered = self.highest = -1
        self.buffer = {}

    def receive(self, seq, item=None):
        """Returns (items now deliverable, cumulative ack, sorted nacks)."""
        self.highest = max(self.highest, seq)
        if seq > self.delivered:
            self.buffer.setdefault(seq, item)
        out = []
        while self.delivered + 1 in self.buffer:
            self.delivered += 1
            out.append(self.buffer.pop(self.delivered))
        return out, self.highest, [n for n in range(self.delivered + 1, self.highest + 1) if n not in self.buffer]


class Link:
    """One connection. A thread reads all frames into `pdus`; `wait` looks for the next one that fits, from a moving cursor.

    auto_ack   acknowledge sequenced messages as they arrive (default)
    auto_rw    answer the node's death watch heartbeats (default off), with the peer's uid
    """

    def __init__(self, sock, peer, auto_ack=True, auto_rw=False):
        self.sock, self.peer = sock, peer
        self.auto_ack, self.auto_rw = auto_ack, auto_rw
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(None)
        self.cv = threading.Condition()
        self.pdus = []
        self.eof = None          # None while open, then "fin" or "reset"
        self.eof_t = None
        self.bytes_in = 0
        self.tail = b""          # bytes of an incomplete last frame
        self.cursor = 0
        self.send_lock = threading.Lock()
        self.closed = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    # reading ----------------------------------------------------------------------------------------------------
    def _read(self):
        buf = bytearray()
        how = "fin"
        while True:
            try:
                b = self.sock.recv(1 << 16)
            except OSError:
                how = "reset"
                break
            if not b:
                break
            self.bytes_in += len(b)
            buf += b
            while len(buf) >= 4:
                n = struct.unpack(">I", buf[:4])[0]
                if len(buf) < 4 + n:
                    break
                p = Pdu(bytes(buf[4:4 + n]), time.monotonic())
                del buf[:4 + n]
                with self.cv:
                    self.pdus.append(p)
                    self.cv.notify_all()
                self._react(p)
        with self.cv:
            self.tail = bytes(buf)
            self.eof, self.eof_t = how, time.monotonic()
            self.cv.notify_all()

    def _react(self, p):
        try:
            if p.seq is not None and self.auto_ack:
                _, cum, nacks = self.peer.acks.receive(p.seq)
                self.send(ack_pdu(cum, nacks))
            if self.auto_rw and p.watch_heartbeat:
                self.answer_watch_heartbeat(p)
        except OSError:
            pass

    def answer_watch_heartbeat(self, p):
        self.tell(p.sender, SER_MISC, encode("WatcherHeartbeatResponse", {"uid": self.peer.uid}), "RWHR", sender=self.peer.path("/system/remote-watcher", 1))

    def wait(self, pred=None, timeout=20.0, what="a frame", skip=True):
        """The next frame after the cursor for which `pred` (a function or the name of a kind) holds. Moves the cursor behind it."""
        if isinstance(pred, str):
            kind, what = pred, pred
            pred = lambda p: p.kind == kind
        end = time.monotonic() + timeout
        with self.cv:
            i = self.cursor
            while True:
                while i < len(self.pdus):
                    p = self.pdus[i]
                    i += 1
                    if pred is None or pred(p):
                        self.cursor = i
                        return p
                    if not skip:
                        raise Timeout("waited for %s, came %r" % (what, p))
                if self.eof:
                    raise Timeout("waited for %s, connection ended (%s); got %s" % (what, self.eof, self.tail_text()))
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout("waited %.0f s for %s; got %s" % (timeout, what, self.tail_text()))
                self.cv.wait(left)

    def next_real(self, timeout=20.0):
        """The next frame that is neither empty nor a HEARTBEAT."""
        return self.wait(lambda p: p.kind not in ("ZERO", "HEARTBEAT"), timeout, "a frame other than HEARTBEAT")

    def tail_text(self, n=6):
        return "[" + ", ".join(repr(p) for p in self.pdus[-n:]) + "]"

    def all(self, pred, start=0):
        with self.cv:
            return [p for p in self.pdus[start:] if pred(p)]

    def wait_eof(self, timeout=20.0):
        end = time.monotonic() + timeout
        with self.cv:
            while self.eof is None:
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout("waited %.0f s for the node to close the connection; got %s" % (timeout, self.tail_text()))
                self.cv.wait(left)
            return self.eof

    @property
    def is_open(self):
        return self.eof is None and not self.closed

    # writing ----------------------------------------------------------------------------------------------------
    def send_raw(self, b):
        with self.send_lock:
            self.sock.sendall(b)

    def send(self, *bodies):
        self.send_raw(b"".join(frame(b) for b in bodies))

    def flushed(self, timeout=20.0):
        """Waits until the kernel of the other side has taken all that was sent, so that what follows is a segment of its own."""
        import fcntl
        import termios
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if struct.unpack("i", fcntl.ioctl(self.sock, termios.TIOCOUTQ, b"\0\0\0\0"))[0] == 0:
                return
            time.sleep(0.0002)

    def associate(self, **kw):
        """Sends our ASSOCIATE; keywords replace parts of it."""
        self.send(self.peer.associate(**kw))

    def tell(self, to, serializer, message, manifest=None, sender=None, seq=None, ack=None):
        self.send(tell(to, serializer, message, manifest, sender, seq, ack))

    def say(self, to, s, sender=None):
        self.tell(to, SER_STRING, s.encode(), None, sender)

    def heartbeat(self):
        self.send(control(HEARTBEAT))

    def close(self, reset=False):
        if self.closed:
            return
        self.closed = True
        try:
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if reset:
            # a blocked recv() keeps the descriptor alive: end it first, then close with a reset
            self.sock.close()
        else:
            self.thread.join(2)
            self.sock.close()

    def notes(self):
        """What was not canonical in any frame of this connection."""
        return sorted({n for p in self.pdus for n in p.notes})


_serial = [0]
_serial_lock = threading.Lock()


class Peer:
    """A fake actor system at an address of its own. It always listens at the address it publishes."""

    def __init__(self, system=None, uid=None, host="127.0.0.1", port=0, listen=True):
        with _serial_lock:
            _serial[0] += 1
            n = _serial[0]
        self.system = system or "fake%d" % n
        self.host = host
        self.uid = random.Random(n * 7919).randint(1, 0x7FFFFFFF) if uid is None else uid
        self.acks = AckState()
        self.links = []
        self.seq = 0
        self.lsock = socket.socket()
        self.lsock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.lsock.bind((host, port))
        self.port = self.lsock.getsockname()[1]
        if listen:
            self.lsock.listen(64)

    @property
    def address(self):
        return "pekko.tcp://%s@%s:%d" % (self.system, self.host, self.port)

    def path(self, elements, uid=None):
        return self.address + elements + ("" if uid is None else "#%d" % uid)

    def associate(self, **kw):
        a = dict(system=self.system, host=self.host, port=self.port, uid=self.uid)
        a.update(kw)
        return associate(**a)

    def restart(self, uid):
        """The same address, a new incarnation."""
        self.uid, self.acks, self.seq = uid, AckState(), 0

    def next_seq(self):
        self.seq += 1
        return self.seq - 1

    def raw_connect(self, host, port, timeout=20):
        return socket.create_connection((host, port), timeout)

    def connect(self, node, handshake=True, **kw):
        """Connects to the node and, unless told otherwise, does the handshake; the node's ASSOCIATE is then the first of `pdus`."""
        link = Link(self.raw_connect(node.host, node.port), self, **kw)
        self.links.append(link)
        if handshake:
            link.associate()
            link.wait("ASSOCIATE", skip=False)
        return link

    def accept(self, timeout=20.0, handshake=True, **kw):
        """Takes a connection that the node makes to us. With `handshake` its ASSOCIATE is awaited and answered."""
        r, _, _ = select.select([self.lsock], [], [], timeout)
        if not r:
            raise Timeout("waited %.0f s for the node to connect to %s" % (timeout, self.address))
        link = Link(self.lsock.accept()[0], self, **kw)
        self.links.append(link)
        if handshake:
            link.wait("ASSOCIATE", skip=False)
            link.associate()
        return link

    def serve(self, **kw):
        """From now on takes every connection the node makes to us, in the background; see wait_any."""
        def run():
            while True:
                try:
                    s = self.lsock.accept()[0]
                except OSError:
                    return
                link = Link(s, self, **kw)
                try:
                    link.wait("ASSOCIATE", skip=False)
                    link.associate()
                except (Timeout, OSError):
                    continue
                self.links.append(link)
        self.lsock.settimeout(None)
        threading.Thread(target=run, daemon=True).start()

    def everything(self, pred):
        """All frames of all connections that fit, in the order of arrival."""
        return sorted((p for link in list(self.links) for p in link.all(pred)), key=lambda p: p.t)

    def wait_any(self, pred, timeout=20.0, what="a frame", count=1):
        """Waits until `count` frames that fit have come, on whichever connection; returns the last of them."""
        end = time.monotonic() + timeout
        while True:
            found = self.everything(pred)
            if len(found) >= count:
                return found[count - 1]
            if time.monotonic() > end:
                raise Timeout("waited %.0f s for %s on any connection; got %s" % (timeout, what, [link.tail_text() for link in self.links]))
            time.sleep(0.005)

    def stop_listening(self):
        self.lsock.close()

    def listen_again(self):
        """Listens at the same port again, after stop_listening."""
        self.lsock = socket.socket()
        self.lsock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.lsock.bind((self.host, self.port))
        self.lsock.listen(64)

    def close(self):
        try:
            self.lsock.shutdown(socket.SHUT_RDWR)      # wakes a waiting accept
        except OSError:
            pass
        self.lsock.close()
        for link in list(self.links):
            link.close()
