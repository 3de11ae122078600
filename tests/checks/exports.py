#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shared library exports ukko_* and nothing else; the declared functions are all there; the hardening is on."""
import glob, os, re, shutil
from common import *

lib = os.path.join(BUILD, 'lib', 'libukko.so')
if not os.path.exists(lib):
    fail('exports', '%s was not built' % lib)
    done()


def exported(path):
    out, rc = run(['nm', '-D', '--defined-only', path])
    return {l.split()[-1].split('@')[0] for l in out.split('\n') if len(l.split()) >= 3 and l.split()[-2] in 'TDBRVWiu'} - {'UKKO_0'}


def declarations(headers):
    out = set()
    for h in headers:
        with open(h, encoding='utf-8') as f:
            text = re.sub(r'/\*.*?\*/', ' ', f.read(), flags=re.S)
        out |= {m.group(1) for m in re.finditer(r'^UKKO_API\b[^;{]*?\b(ukko_\w+)\s*(?:\(|;|\[)', text, re.M)}
    return out


headers = glob.glob(os.path.join(ROOT, 'include', 'ukko', '*.h'))
kit = [h for h in headers if h.endswith('testkit.h')]
page = [h for h in headers if h.endswith('status.h')]
for prefix, path, own in (('', lib, [h for h in headers if h not in kit + page]), ('status-', lib.replace('libukko.so', 'libukko-status.so'), page), ('testkit-', lib.replace('libukko.so', 'libukko-testkit.so'), kit)):
    names, declared = exported(path), declarations(own)
    check(prefix + 'only-ukko', sorted('exports ' + n for n in names if not n.startswith('ukko_')) if names else [path + ' exports nothing'])
    check(prefix + 'declared-are-there', sorted('no ' + n for n in declared - names))
    check(prefix + 'exported-are-declared', sorted('not in any header: ' + n for n in names - declared if n.startswith('ukko_')))

if shutil.which('readelf'):
    head, _ = run(['readelf', '-d', lib])
    check('soname', [] if re.search(r'SONAME.*\[libukko\.so\.\d+\]', head) else ['no SONAME libukko.so.N'])
    problems = []
    for f in [lib] + [os.path.join(BUILD, 'bin', n) for n in ('ukko', 'ukko-peer')]:
        if not os.path.exists(f):
            problems.append('%s was not built' % os.path.relpath(f, ROOT))
            continue
        dyn, _ = run(['readelf', '-d', f])
        seg, _ = run(['readelf', '-lh', f])
        if 'BIND_NOW' not in dyn and 'NOW' not in dyn:
            problems.append('%s is not bound at start' % os.path.basename(f))
        if 'GNU_RELRO' not in seg:
            problems.append('%s has no RELRO' % os.path.basename(f))
        if not re.search(r'Type:\s+DYN', seg):
            problems.append('%s is not position independent' % os.path.basename(f))
        stack = re.search(r'GNU_STACK(?:\s+0x\w+){5}\s+(\S+)', seg)
        if stack and 'E' in stack.group(1):
            problems.append('%s has an executable stack' % os.path.basename(f))
    check('hardening', problems)
else:
    skip('hardening', 'readelf (binutils) is not installed')
done()
