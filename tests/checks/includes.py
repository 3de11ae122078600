#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers: a file includes its own layer and those its row names, and nothing else (docs/architecture.md)."""
import os, re
from common import *

LAYERS = {
    'base': set(),
    'config': {'base'},
    'net': {'base'},
    'actor': {'base', 'config'},
    'serial': {'base', 'actor', 'config'},
    'remote': {'base', 'config', 'net', 'actor', 'serial'},
    'testkit': set(),
}
# Users of the library: the public headers and their own folder.
PROGRAMS = ('src/cli', 'src/peer', 'src/status', 'examples', 'bench')
# Foreign libraries, and the folders (or, with _ at the end, the beginnings of file names) that may see them.
FOREIGN = [
    (r'uv\.h|uv/.*', {'src/net', 'src/remote'}),
    (r'openssl/.*', {'src/net/tls', 'src/net/keystore', 'src/cli/tls_'}),
    (r'pcap.*', {'src/cli'}),
    (r'curses\.h', {'src/cli'}),
    (r'microhttpd\.h', {'src/status'}),
    (r'jansson\.h', {'src/serial', 'src/peer', 'src/cli', 'src/status'}),
    (r'cbor\.h', {'src/serial'}),
    (r'zlib\.h', {'src/serial'}),
    (r'lz4\w*\.h', {'src/serial'}),
    (r'protobuf-c/.*', {'include/ukko/protobuf_c'}),
]
# Public headers that bring another library into the program that includes them, and into no other.
BRIDGES = {'include/ukko/protobuf_c.h': r'protobuf-c/protobuf-c\.h'}

wrong = {k: [] for k in ('layers', 'programs', 'foreign', 'sources')}
single = {}
for f in files():
    if f.startswith('bench/peers/'): # programs of other systems
        continue
    if not f.endswith(('.c', '.h')) or not f.startswith(('src/', 'include/', 'examples/', 'bench/', 'fuzz/', 'tests/')):
        continue
    here = os.path.dirname(f)
    for i, line in enumerate(read(f).split('\n'), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not m:
            continue
        name, where = m.group(2), '%s:%d includes %s' % (f, i, m.group(2))
        if name.endswith('.c'):
            wrong['sources'].append(where)
        program = next((p for p in PROGRAMS if f.startswith(p + '/')), None)
        if program and m.group(1) == '"':
            target = os.path.normpath(os.path.join(here, name))
            if not target.startswith(program + '/') or not os.path.exists(os.path.join(ROOT, target)):
                wrong['programs'].append(where)
        part = f.split('/')[1] if f.startswith('src/') else None
        if part in LAYERS:
            top = name.split('/')[0]
            if m.group(1) == '"' and '/' not in name and os.path.exists(os.path.join(ROOT, here, name)):
                top = part
            if top in LAYERS and top != part and top not in LAYERS[part]:
                wrong['layers'].append(where)
            if m.group(1) == '"' and '..' in name:
                wrong['layers'].append(where + ' (write it from src/)')
        if f.startswith('include/') and not re.fullmatch(r'ukko/\w+\.h|std\w+\.h|assert\.h|' + BRIDGES.get(f, 'x^'), name):
            wrong['layers'].append(where)
        for pattern, places in FOREIGN:
            if re.fullmatch(pattern, name):
                if f.startswith('src/') and not any(f.startswith(p if p.endswith(('_', '/tls', '/keystore')) else p + '/') for p in places):
                    wrong['foreign'].append(where)
                single.setdefault(pattern, set()).add(f)
for pattern in (r'cbor\.h', r'zlib\.h', r'lz4\w*\.h'):
    used = sorted(x for x in single.get(pattern, ()) if x.startswith('src/') and not x.startswith('src/cli/'))
    if len(used) > 1:
        wrong['foreign'].append('%s is included in more than one file: %s' % (pattern, ', '.join(used)))
check('layers', wrong['layers'])
check('programs-on-public-headers', wrong['programs'])
check('foreign-libraries', wrong['foreign'])
check('no-source-includes', wrong['sources'])
done()
