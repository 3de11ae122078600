#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shared library exports ukko_* and nothing else; the declared functions are all there; the hardening is on; a plug-in can load it."""
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
    # all that glibc holds ready for libraries loaded late, as plug-ins (glibc.rtld.optional_static_tls)
    tls = re.search(r'\sTLS(?:\s+0x\w+){4}\s+(0x\w+)', run(['readelf', '-lW', lib])[0])
    check('thread-local-is-small', [] if tls and int(tls.group(1), 16) <= 512 else ['libukko.so has %s bytes of thread-local memory, more than 512' % (tls and int(tls.group(1), 16))])
    programs = [os.path.join(BUILD, 'bin', n) for n in ('ukko', 'ukko-peer')]
    for f in [lib, lib.replace('libukko.so', 'libukko-status.so'), lib.replace('libukko.so', 'libukko-testkit.so')] + programs:
        if not os.path.exists(f):
            problems.append('%s was not built' % os.path.relpath(f, ROOT))
            continue
        name = os.path.basename(f)
        dyn, _ = run(['readelf', '-d', f])
        seg, _ = run(['readelf', '-lhW', f])
        wants, _ = run(['nm', '-D', '--undefined-only', f])
        stack = re.search(r'GNU_STACK(?:\s+0x\w+){5}\s+(\S+)', seg)
        problems += ['%s %s' % (name, what) for what, good in (
            ('is not bound at start', 'BIND_NOW' in dyn or re.search(r'FLAGS_1.*NOW', dyn)),
            ('has no RELRO', 'GNU_RELRO' in seg),
            ('is not position independent', re.search(r'Type:\s+DYN', seg) and (f not in programs or re.search(r'FLAGS_1.*PIE', dyn))),
            ('has text relocations', 'TEXTREL' not in dyn),
            ('has an executable stack', stack and 'E' not in stack.group(1)),
            ('has memory that can be written and executed', not re.search(r'LOAD.*RWE', seg)),
            ('has no stack protector', '__stack_chk_fail' in wants),
            ('has no checked libc calls (FORTIFY)', re.search(r'__\w+_chk\b', wants.replace('__stack_chk_fail', ''))),
            ('calls what is never safe', not re.search(r' (gets|strcpy|strcat|sprintf|vsprintf|mktemp|tmpnam)(@|$)', wants, re.M))) if not good]
    check('hardening', problems)
else:
    skip('hardening', 'readelf (binutils) is not installed')
done()
