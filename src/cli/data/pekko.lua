-- SPDX-License-Identifier: Apache-2.0
-- Wireshark dissector of Pekko (and Akka) classic remoting, over TCP and, with a key log, over TLS.
-- Written by `ukko dissector`. Put it into the folder of personal Lua plugins, or: tshark -X lua_script:pekko.lua
-- Conversations are found by their first frame; ports are needed only for captures that begin later than the handshake.

local pekko = Proto("pekko", "Pekko classic remoting")

local kinds = {[0] = "PAYLOAD", "ASSOCIATE", "DISASSOCIATE", "HEARTBEAT", "DISASSOCIATE_SHUTTING_DOWN", "DISASSOCIATE_QUARANTINED"}
local f = {
  length = ProtoField.uint32("pekko.length", "Length"),
  kind = ProtoField.uint8("pekko.kind", "Kind", base.DEC, kinds),
  system = ProtoField.string("pekko.origin.system", "System"),
  host = ProtoField.string("pekko.origin.host", "Host"),
  port = ProtoField.uint32("pekko.origin.port", "Port"),
  protocol = ProtoField.string("pekko.origin.protocol", "Transport"),
  uid = ProtoField.int32("pekko.uid", "System uid"),
  ack = ProtoField.int64("pekko.ack", "Acknowledged"),
  nack = ProtoField.int64("pekko.nack", "Missing"),
  seq = ProtoField.int64("pekko.seq", "Sequence number"),
  recipient = ProtoField.string("pekko.recipient", "Recipient"),
  sender = ProtoField.string("pekko.sender", "Sender"),
  serializer = ProtoField.int32("pekko.serializer", "Serializer"),
  manifest = ProtoField.string("pekko.manifest", "Manifest"),
  message = ProtoField.string("pekko.message", "Message"),
  bytes = ProtoField.bytes("pekko.bytes", "Bytes"),
  dialect = ProtoField.string("pekko.dialect", "Dialect"),
}
pekko.fields = f
local e_bad = ProtoExpert.new("pekko.undecodable", "This is no frame of classic remoting", expert.group.MALFORMED, expert.severity.ERROR)
pekko.experts = {e_bad}

-- ---------------------------------------------------------------- protobuf

-- A field at `at`: number, wire type, value (varint: its low 32 bits, as a signed number) or nil, offset and length of
-- its content, and where the next one begins. nil: malformed.
local function field(buf, at, stop)
  local function varint(i)
    local v, shift = 0, 0
    while i < stop do
      local b = buf(i, 1):uint()
      if shift < 32 then v = v + bit32.lshift(bit32.band(b, 127), shift) % 4294967296 end
      i, shift = i + 1, shift + 7
      if b < 128 then return v % 4294967296, i end
      if shift > 63 then return nil end
    end
  end
  local tag, i = varint(at)
  if not tag or tag < 8 then return nil end
  local number, wire = math.floor(tag / 8), tag % 8
  if wire == 0 then
    local v, j = varint(i)
    if not v then return nil end
    if v >= 2147483648 then v = v - 4294967296 end
    return number, wire, v, i, j - i, j
  end
  local n = wire == 1 and 8 or wire == 5 and 4
  if wire == 2 then
    n, i = varint(i)
  end
  if not n or not i or i + n > stop then return nil end
  return number, wire, nil, i, n, i + n
end

-- {number, wire, value, offset, length} of each field; nil: malformed
local function fields_of(buf, at, len)
  local out, stop = {}, at + len
  while at < stop do
    local number, wire, value, i, n, after = field(buf, at, stop)
    if not number then return nil end
    out[#out + 1] = {number = number, wire = wire, value = value, at = i, len = n}
    at = after
  end
  return out
end

local function last(list, number, wire)
  local found
  for _, x in ipairs(list or {}) do
    if x.number == number and x.wire == wire then found = x end
  end
  return found
end

local function text(buf, x)
  if not x or x.len == 0 then return "" end
  return (buf:raw(x.at, x.len):gsub("[%z\1-\31\127]", "?"))
end

-- ---------------------------------------------------------------- what a message says

local S = {} -- shapes: {number, name, kind, shape}
S.ref = {{1, "", "path"}}
S.identify = {{1, "messageId", "payload"}}
S.identity = {{1, "correlationId", "payload"}, {2, "ref", "shape", S.ref}}
S.option = {{1, "", "payload"}}
S.heartbeat = {{1, "uid", "int"}}
S.throwable = {{1, "class", "text"}, {2, "message", "text"}, {3, "cause", "payload"}}
S.tns = {{2, "message", "text"}, {3, "class", "text"}}
S.init = {{1, "actor", "shape", S.ref}, {2, "message", "text"}, {3, "cause", "payload"}}
S.error = {{1, "message", "text"}}
S.address = {{1, "system", "text"}, {2, "host", "text"}, {3, "port", "int"}, {4, "protocol", "text"}}
S.scope = {{1, "node", "shape", S.address}}
S.pool = {{1, "instances", "int"}, {2, "dispatcher", "text"}, {4, "resizer", "payload"}}
S.watch = {{1, "watchee", "shape", S.ref}, {2, "watcher", "shape", S.ref}}
S.supervise = {{1, "child", "shape", S.ref}, {2, "async", "int"}}
S.failed = {{1, "child", "shape", S.ref}, {2, "uid", "int"}}
S.notice = {{1, "actor", "shape", S.ref}, {2, "existenceConfirmed", "int"}, {3, "addressTerminated", "int"}}
S.system = {{2, "", "shape", S.watch}, {3, "cause", "payload"}, {5, "", "shape", S.supervise}, {6, "", "shape", S.failed}, {7, "", "shape", S.notice}}
S.props = {{3, "class", "text"}, {5, "arg", "text"}}
S.create = {{3, "path", "text"}, {4, "supervisor", "shape", S.ref}, {1, "props", "shape", S.props}}

local misc = {
  A = {"Identify", S.identify}, B = {"ActorIdentity", S.identity}, C = {"Option", S.option}, D = {"Status.Success", "payload"},
  E = {"Status.Failure", "payload"}, F = {"Throwable", S.throwable}, G = {"ActorRef", S.ref}, H = {"Optional", S.option}, P = {"PoisonPill"}, K = {"Kill"},
  RWHB = {"Heartbeat"}, RWHR = {"HeartbeatRsp", S.heartbeat}, DONE = {"Done"}, NU = {"NotUsed"}, AD = {"Address", S.address}, UD = {"UniqueAddress"},
  AIEX = {"ActorInitializationException", S.init}, TNSEX = {"ThrowableNotSerializableException", S.tns}, LS = {"LocalScope"}, RS = {"RemoteScope", S.scope},
  CF = {"Config"}, FC = {"FromConfig"}, DR = {"DefaultResizer"}, ROBAP = {"BalancingPool", S.pool}, ROBP = {"BroadcastPool", S.pool}, RORP = {"RandomPool", S.pool},
  RORRP = {"RoundRobinPool", S.pool}, ROSGP = {"ScatterGatherFirstCompletedPool"}, ROTCP = {"TailChoppingPool"}, RORRC = {"RemoteRouterConfig"},
  S = {"StatusReply.Success", "payload"}, SM = {"StatusReply.Error", S.error}, SE = {"StatusReply.Error", "payload"}, SA = {"StatusReply.Ack"},
}
local system = {[0] = "Create", "Recreate", "Suspend", "Resume", "Terminate", "Supervise", "Watch", "Unwatch", "Failed", "DeathWatchNotification"}
local plain = {[4] = "byte[]", [21] = "ByteString"}
local classes = {[2] = "protobuf:", [31] = "jackson-json:", [33] = "jackson-cbor:"}

local say

local function say_shape(buf, shape, at, len, depth)
  local parts, list = {}, fields_of(buf, at, len)
  if not list then return "?" end
  if depth > 10 then return "..." end
  for _, part in ipairs(shape) do
    for _, x in ipairs(list) do
      if x.number == part[1] then
        local said
        if part[3] == "int" and x.wire == 0 then said = tostring(x.value)
        elseif part[3] == "text" and x.wire == 2 then said = '"' .. text(buf, x) .. '"'
        elseif part[3] == "path" and x.wire == 2 then said = text(buf, x)
        elseif part[3] == "shape" and x.wire == 2 then said = say_shape(buf, part[4], x.at, x.len, depth + 1)
        elseif part[3] == "payload" and x.wire == 2 then
          local inner = fields_of(buf, x.at, x.len)
          local id, bytes = last(inner, 2, 0), last(inner, 1, 2)
          said = say(buf, id and id.value or 0, text(buf, last(inner, 4, 2)), bytes and bytes.at or x.at, bytes and bytes.len or 0, depth + 1)
        end
        if said then parts[#parts + 1] = (part[2] ~= "" and part[2] .. "=" or "") .. said end
      end
    end
  end
  return table.concat(parts, ", ")
end

local function say_selection(buf, at, len, depth)
  local list, path = fields_of(buf, at, len), ""
  for _, x in ipairs(list or {}) do
    if x.number == 3 and x.wire == 2 then
      local step = fields_of(buf, x.at, x.len)
      local kind = last(step, 1, 0)
      path = path .. "/" .. (kind and kind.value == 0 and ".." or text(buf, last(step, 2, 2)))
    end
  end
  local id, bytes = last(list, 2, 0), last(list, 1, 2)
  return path .. ", " .. say(buf, id and id.value or 0, text(buf, last(list, 4, 2)), bytes and bytes.at or at, bytes and bytes.len or 0, depth + 1)
end

-- the class that a Java-serialized stream begins with
local function java_class(buf, at, len)
  if len >= 8 and buf(at, 6):bytes():tohex() == "ACED00057372" then
    local n = buf(at + 6, 2):uint()
    if n <= len - 8 and n > 0 then return buf:raw(at + 8, n) end
  end
  return "?"
end

-- One line, as `ukko decode` has it.
say = function(buf, id, manifest, at, len, depth)
  if depth > 10 then return "..." end
  local x = {at = at, len = len}
  if id == 0 then return "null" end
  if id == 20 then return '"' .. text(buf, x) .. '"' end
  if id == 18 and len == 8 then return tostring(buf(at, 8):le_int64()) end
  if id == 19 and len == 4 then return tostring(buf(at, 4):le_int()) end
  if id == 35 then return len == 1 and buf(at, 1):uint() ~= 0 and "true" or "false" end
  if id == 6 then return "ActorSelectionMessage(" .. say_selection(buf, at, len, depth) .. ")" end
  if id == 3 then return "DaemonMsgCreate(" .. say_shape(buf, S.create, at, len, depth) .. ")" end
  if id == 22 then
    local kind = last(fields_of(buf, at, len), 1, 0)
    return (system[kind and kind.value or -1] or "?") .. "(" .. say_shape(buf, S.system, at, len, depth) .. ")"
  end
  if id == 16 and misc[manifest] then
    local name, shape = misc[manifest][1], misc[manifest][2]
    if manifest == "CF" then return name .. "(" .. text(buf, x) .. ")" end
    if not shape then return name end
    if shape == "payload" then return name .. "(" .. say_shape(buf, {{1, "", "payload"}}, at, len, depth) .. ")" end
    return name .. "(" .. say_shape(buf, shape, at, len, depth) .. ")"
  end
  if id == 1 then return "java:" .. java_class(buf, at, len) end
  if classes[id] then return classes[id] .. manifest .. (id == 31 and len > 0 and buf(at, 1):uint() == 123 and "(" .. text(buf, x) .. ")" or "") end
  return (plain[id] or "serializer-" .. id .. (manifest ~= "" and ":" .. manifest or "")) .. "(" .. len .. " bytes)"
end

-- ---------------------------------------------------------------- frames

local function dissect_control(buf, pinfo, tree, x)
  local list = fields_of(buf, x.at, x.len)
  local command = last(list, 1, 0)
  if not command or not kinds[command.value] or command.value < 1 then return nil end
  tree:add(f.kind, buf(command.at, command.len), command.value)
  local said = kinds[command.value]
  if command.value == 1 then
    local info = last(list, 2, 2)
    local inner = info and fields_of(buf, info.at, info.len)
    local origin, uid = last(inner, 1, 2), last(inner, 2, 1)
    local o = origin and fields_of(buf, origin.at, origin.len)
    local sys, host, port, proto = last(o, 1, 2), last(o, 2, 2), last(o, 3, 0), last(o, 4, 2)
    if not sys or not host or not port or not uid then return nil end
    tree:add(f.system, buf(sys.at, sys.len), text(buf, sys))
    tree:add(f.host, buf(host.at, host.len), text(buf, host))
    tree:add(f.port, buf(port.at, port.len), port.value)
    if proto then tree:add(f.protocol, buf(proto.at, proto.len), text(buf, proto)) end
    tree:add(f.uid, buf(uid.at, 4), buf(uid.at, 4):le_int())
    said = said .. " " .. text(buf, sys) .. "@" .. text(buf, host) .. ":" .. port.value .. " uid " .. buf(uid.at, 4):le_int()
  end
  return said
end

local function dissect_ack(buf, tree, x)
  local list = fields_of(buf, x.at, x.len)
  local upto = last(list, 1, 1)
  if not upto then return nil end
  tree:add(f.ack, buf(upto.at, 8), buf(upto.at, 8):le_int64())
  local said, n = "ACK " .. tostring(buf(upto.at, 8):le_int64()), 0
  for _, y in ipairs(list) do
    if y.number == 2 and y.wire == 1 then
      tree:add(f.nack, buf(y.at, 8), buf(y.at, 8):le_int64())
      n = n + 1
    end
  end
  return n > 0 and said .. " (" .. n .. " missing)" or said
end

local function path_of(buf, x)
  return x and last(fields_of(buf, x.at, x.len), 1, 2)
end

local function dissect_envelope(buf, tree, x)
  local list = fields_of(buf, x.at, x.len)
  local to, message, from, seq = path_of(buf, last(list, 1, 2)), last(list, 2, 2), path_of(buf, last(list, 4, 2)), last(list, 5, 1)
  if not to or not message then return nil end
  local m = fields_of(buf, message.at, message.len)
  local bytes, id, manifest = last(m, 1, 2), last(m, 2, 0), last(m, 3, 2)
  if not bytes or not id then return nil end
  tree:add(f.recipient, buf(to.at, to.len), text(buf, to))
  if from then tree:add(f.sender, buf(from.at, from.len), text(buf, from)) end
  if seq then tree:add(f.seq, buf(seq.at, 8), buf(seq.at, 8):le_int64()) end
  tree:add(f.serializer, buf(id.at, id.len), id.value)
  if manifest then tree:add(f.manifest, buf(manifest.at, manifest.len), text(buf, manifest)) end
  local said = say(buf, id.value, text(buf, manifest), bytes.at, bytes.len, 0)
  tree:add(f.message, buf(message.at, message.len), said)
  if bytes.len > 0 then tree:add(f.bytes, buf(bytes.at, bytes.len)) end
  local dialect = text(buf, to):match("^(%w+)[.:]")
  if dialect then tree:add(f.dialect, buf(to.at, to.len), dialect):set_generated() end
  return said .. " -> " .. text(buf, to):gsub("^%w+[%w.]*://[^/]*", "") .. (seq and " #" .. tostring(buf(seq.at, 8):le_int64()) or "")
end

local function dissect_payload(buf, tree, x)
  local list = fields_of(buf, x.at, x.len)
  if not list then return nil end
  tree:add(f.kind, buf(x.at, x.len), 0):set_generated()
  local said = {}
  for number, fn in ipairs({dissect_ack, dissect_envelope}) do
    local part = last(list, number, 2)
    if part then
      local one = fn(buf, tree, part)
      if not one then return nil end
      said[#said + 1] = one
    end
  end
  return table.concat(said, "; ")
end

local function dissect_frame(buf, pinfo, root)
  local tree = root:add(pekko, buf())
  tree:add(f.length, buf(0, 4))
  local said
  if buf:len() == 4 then
    said = "(empty frame)"
  else
    local list = fields_of(buf, 4, buf:len() - 4)
    local payload, control = last(list, 1, 2), last(list, 2, 2)
    if payload then said = dissect_payload(buf, tree, payload)
    elseif control then said = dissect_control(buf, pinfo, tree, control) end
  end
  if not said then
    tree:add_proto_expert_info(e_bad)
    said = "undecodable"
  end
  tree:append_text(": " .. said)
  pinfo.cols.protocol = "PEKKO"
  local info = tostring(pinfo.cols.info)
  pinfo.cols.info = info:find("^%[pekko%]") and info .. " | " .. said or "[pekko] " .. said
  pinfo.cols.info:fence()
  return buf:len()
end

local function length_of(buf, pinfo, at)
  return 4 + buf(at, 4):uint()
end

function pekko.dissector(buf, pinfo, tree)
  pinfo.cols.info:clear_fence()
  pinfo.cols.info = ""
  dissect_tcp_pdus(buf, tree, 4, length_of, dissect_frame)
  return buf:len()
end

-- A frame of ours: the handshake, a control PDU, or a payload that begins with an envelope or an acknowledgement.
local function looks_right(buf)
  if buf:len() < 8 then return false end
  local n = buf(0, 4):uint()
  if n < 4 or n > 64 * 1024 * 1024 then return false end
  local tag, second = buf(4, 1):uint(), buf(6, 1):uint()
  if tag == 0x12 and n == 4 then
    return buf(5, 1):uint() == 2 and second == 8 and buf(7, 1):uint() >= 2 and buf(7, 1):uint() <= 5
  end
  if tag == 0x12 then return second == 8 and buf(7, 1):uint() == 1 or buf(7, 1):uint() == 8 and buf:len() > 8 and buf(8, 1):uint() == 1 end
  return false
end

local stream_of = Field.new("tcp.stream")
local ours = {} -- streams that began with a frame of ours

local function heuristic(buf, pinfo, tree)
  if not looks_right(buf) then return false end
  pinfo.conversation = pekko
  pekko.dissector(buf, pinfo, tree)
  return true
end

-- Inside TLS the conversation is that of TLS, and records are not put together for us: what is left of a frame at the end
-- of a record waits for the next record of that direction.
local pending, before = {}, {}

local function tls_frames(buf, pinfo, tree, direction)
  local record = pinfo.number .. " " .. direction .. " " .. buf:len() .. " " .. buf(0, math.min(buf:len(), 24)):bytes():tohex()
  if not pinfo.visited then before[record] = pending[direction] end
  local all, at = buf, 0
  if before[record] then
    local joined = before[record]:subset(0, before[record]:len())
    joined:append(buf:bytes())
    all = joined:tvb("Frames of classic remoting")
  end
  pinfo.cols.info:clear_fence()
  pinfo.cols.protocol = "PEKKO"
  while all:len() - at >= 4 do
    local n = length_of(all, pinfo, at)
    if n > all:len() - at then break end
    dissect_frame(all(at, n):tvb(), pinfo, tree)
    at = at + n
  end
  if not pinfo.visited then pending[direction] = at < all:len() and all(at):bytes() or nil end
  if at == 0 then pinfo.cols.info = "[pekko] (part of a longer frame)" end
end

local function tls_heuristic(buf, pinfo, tree)
  local stream = stream_of()
  if not stream or buf:len() == 0 then return false end
  if not ours[stream.value] and not looks_right(buf) then return false end
  ours[stream.value] = true
  tls_frames(buf, pinfo, tree, stream.value .. ":" .. pinfo.src_port)
  return true
end

pekko:register_heuristic("tcp", heuristic)
pekko:register_heuristic("tls", tls_heuristic)

pekko.prefs.ports = Pref.range("TCP ports", "2552,7355,6123", "Ports of classic remoting, for captures without the handshake", 65535)
local ports = ""
local function use_ports()
  local tcp = DissectorTable.get("tcp.port")
  if ports ~= "" then tcp:remove(ports, pekko) end
  ports = pekko.prefs.ports
  if ports ~= "" then tcp:add(ports, pekko) end
end
pekko.prefs_changed = use_ports
use_ports()
