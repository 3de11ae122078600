#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file: the licence line, no tabs or trailing blanks in C, and the project speaks of itself alone."""
import os, re
from common import *

CODE = ('.c', '.h', '.py', '.sh', '.java', '.cmake', '.map')
NAMED = ('Makefile', 'CMakeLists.txt', 'build.sh', 'run')
# Words in pieces, so that this file does not contain them itself.
WORDS = ['/wo' + 'rk/'] + ['sha' + 'red/' + x for x in ('facts', 'peer', 'conformance', 'design', 'bench', 'market', 'hocon')]

no_licence, words, blanks, merges = [], [], [], []
for f in files():
    base = os.path.basename(f)
    path = os.path.join(ROOT, f)
    try:
        with open(path, 'rb') as h:
            data = h.read()
    except OSError:
        continue
    binary = b'\0' in data[:4096] or f.startswith('fuzz/corpus/')
    text = '' if binary else data.decode('utf-8', 'replace')
    script = data[:2] == b'#!'
    if (f.endswith(CODE) or base in NAMED or script) and not binary:
        if 'SPDX-License-Identifier: Apache-2.0' not in '\n'.join(text.split('\n')[:4]):
            no_licence.append(f)
    if re.search(r'^(<{7}|>{7}) ', text, re.M):
        merges.append(f)
    for w in WORDS:
        if w in text:
            words.append('%s:%d says %s' % (f, text[:text.index(w)].count('\n') + 1, w))
    if f.endswith(('.c', '.h')):
        for i, l in enumerate(text.split('\n'), 1):
            if '\t' in l or l != l.rstrip():
                blanks.append('%s:%d' % (f, i))
        if text and not text.endswith('\n'):
            blanks.append('%s has no line end at its end' % f)
check('licence-lines', no_licence)
check('speaks-of-itself', words)
check('blanks', blanks)
check('no-merge-left-over', merges)
targets = run(['make', '-C', ROOT, '-n', 'test'])
check('front-door', [] if targets[1] == 0 else [targets[0]])
check('licence-text', [] if os.path.exists(os.path.join(ROOT, 'LICENSE')) and 'Apache License' in read('LICENSE') else ['LICENSE is no Apache licence'])
done()
