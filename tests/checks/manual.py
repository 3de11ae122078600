#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages that tools/apidoc.py makes: free of faults for mandoc, a page for each name of the interface, references that lead
somewhere, every setting that has an effect, the same bytes each time; and docs/settings.md is that of reference.conf."""
import filecmp, os, re, shutil, subprocess, sys, tempfile
from common import *

sys.path.insert(0, os.path.join(ROOT, 'tools'))
sys.dont_write_bytecode = True
import apidoc, headers

top = tempfile.mkdtemp(prefix='ukko-manual-')
try:
    one, two = os.path.join(top, 'one'), os.path.join(top, 'two')
    problems = []
    for d in (one, two):
        out, rc = run([os.path.join(ROOT, 'packaging', 'generated'), d, os.path.join(BUILD, 'bin', 'ukko')])
        problems += [out[-2000:]] if rc else []
    check('made', problems)
    if problems:
        done()
    pages = {os.path.relpath(os.path.join(d, f), one): os.path.join(d, f) for d, _, fs in os.walk(os.path.join(one, 'man')) for f in fs}
    check('same-each-time', [p for p, f in pages.items() if not os.path.exists(os.path.join(two, p)) or not filecmp.cmp(f, os.path.join(two, p), False)])

    names = {os.path.basename(p) for p in pages}
    wanted = [i.name for h in headers.all_headers() for s in h.sections if not s.private() for i in s.items
              if i.name and i.kind not in ('macro', 'constants', 'forward', 'remark')]
    check('each-name-has-a-page', ['no page %s(3)' % n for n in wanted if n + '.3' not in names] + ([] if len(wanted) > 300 else ['only %d names' % len(wanted)]))
    problems = []
    for p, f in pages.items():
        with open(f, encoding='utf-8') as h:
            text = h.read()
        stem = os.path.basename(p)[:-2]
        for name, section in re.findall(r'^\.Xr (\S+) (\d)', text, re.M):
            if '%s.%s' % (name.replace('\\-', '-'), section) not in names:
                problems.append('%s refers to %s(%s)' % (p, name, section))
        if p.startswith('man/man3') and stem not in text:
            problems.append('%s says nothing of its name' % p)
        macro = [i for i in re.findall(r'@[A-Z]+@', text)]
        problems += ['%s has %s' % (p, m) for m in macro]
    check('references', problems)

    with open(os.path.join(one, 'man/man5/ukko.conf.5'), encoding='utf-8') as f:
        conf = f.read().replace('\\-', '-').replace('\\:', '')
    rows = re.findall(r'^\| `([^`]+)` \| .*? \| yes \|', read('docs/settings.md'), re.M)
    check('settings', ['%s is not in ukko.conf(5)' % r for r in rows if '"%s"' % r.replace('"', '\\(dq') not in conf] + ([] if len(rows) > 100 else ['%d settings' % len(rows)]))
    out, rc = run([os.path.join(ROOT, 'tools', 'settings-doc'), '--check'])
    check('settings-md', [out] if rc else [])

    files = [f for p, f in sorted(pages.items()) if not os.path.islink(f)]
    if shutil.which('mandoc'):
        out, _ = run(['mandoc', '-Tlint', '-Wall', *files])
        # the pages are not installed; the footer names version and program; the line of the name must be one line
        fine = r'referenced manual not found|operating system explicitly specified|/man1/\S+:4:\d+: STYLE: input text line longer'
        check('mandoc', [l for l in out.split('\n') if l and not re.search(fine, l)])
    else:
        skip('mandoc', 'mandoc is not installed')
    if shutil.which('groff'):
        problems = []
        for macros in ('-mdoc', '-man'):   # not both in one document
            these = [f for f in files if ('.Dd ' in open(f, encoding='utf-8').read()) == (macros == '-mdoc')]
            out, rc = run(['groff', macros, '-t', '-Tutf8', '-Kutf8', '-rLL=78n', '-z', '-w', 'w', *these])
            problems += [l for l in out.split('\n') if l] + (['status %d' % rc] if rc else []) + ([] if len(these) > 20 else ['only %d pages' % len(these)])
        check('groff', problems)
    else:
        skip('groff', 'groff is not installed (Debian package groff)')
finally:
    shutil.rmtree(top, ignore_errors=True)
done()
