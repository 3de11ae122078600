#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/wire.md tells the truth: each frame in it decodes to what the line above it says, without a note, and encodes to the same bytes
again; each table of fields is that of the codec of the byte-level tests, which is held against live JVMs; no message is left out."""
import re, struct, sys
from common import *

sys.path.insert(0, os.path.join(ROOT, 'tests', 'conformance', 'raw'))
import pekkowire as wire

text = read('docs/wire.md')

problems, blocks = [], re.findall(r'^```frame\n# (.*)\n((?:[0-9a-f ]+\n)+)```', text, re.M)
for said, hex_bytes in blocks:
    b = bytes.fromhex(hex_bytes)
    length, body = struct.unpack('>I', b[:4])[0], b[4:]
    if length != len(body):
        problems.append('%s: the length says %d, there are %d bytes' % (said, length, len(body)))
        continue
    pdu = wire.Pdu(body, 0)
    if pdu.kind == 'BAD' or pdu.notes:
        problems.append('%s: %s %s' % (said, pdu.kind, pdu.notes))
    if repr(pdu).replace(' )', ')') != said:
        problems.append('the frame is %r, the text says %s' % (pdu, said))
    if wire.encode('PekkoProtocolMessage', wire.decode('PekkoProtocolMessage', body)) != body:
        problems.append('%s: encodes to other bytes' % said)
if len(blocks) < 10 or text.count('```frame') != len(blocks):
    problems.append('%d frames, %d of them readable' % (text.count('```frame'), len(blocks)))
check('frames', problems)

tables, name = {}, None
for message, number, field, kind, need in re.findall(r'^\| (\w*) \| (\d+) \| (\w+) \| (\w+) \| ([RO*]) \|$', text, re.M):
    name = message or name
    tables.setdefault(name, {})[int(number)] = (field, kind, need)
problems = ['%s: the codec has %s' % (n, wire.SCHEMA.get(n)) for n, t in tables.items() if wire.SCHEMA.get(n) != t]
problems += ['%s is not described' % n for n in wire.SCHEMA if n not in tables]
check('fields', problems)

commands = {int(v): (n, h) for n, v, h in re.findall(r'^\| (\w+) \| (\d) \| `([0-9a-f ]+)` \|$', text, re.M)}
problems = ['%d: %s' % (v, n) for v, (n, h) in commands.items() if wire.COMMANDS.get(v) != n or wire.frame(wire.control(v)).hex(' ') != h]
check('commands', problems + (['%d of 4 commands' % len(commands)] if len(commands) != 4 else []))
done()
