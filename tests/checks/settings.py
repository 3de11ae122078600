#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Settings: docs/settings.md is what tools/settings-doc makes; a setting that is marked as honoured is named in the code,
and one that is marked as without effect is not; and each honoured setting has a test that shows that it changes something.

tests/settings.tsv says which: SETTING or SECTION.*, a tab, tests between commas, as unit programs and functions
(test_link.silent_too_long), scenarios (conform.gate-holds), byte-level cases (raw.larger-frame-closes), tests of the command
(cli.NAME), of TLS (tls.NAME) and checks (check.NAME.py). Each test named there exists, and the file of at least one of them
mentions the last part of the setting. tests/settings-untested.txt lists the settings of which no test shows yet that their
mark is right; it only ever gets shorter."""
import importlib.machinery, importlib.util, re
from common import *

loader = importlib.machinery.SourceFileLoader('settings_doc', os.path.join(ROOT, 'tools', 'settings-doc'))
doc = importlib.util.module_from_spec(importlib.util.spec_from_loader('settings_doc', loader))
loader.exec_module(doc)

# Sections whose entries are names: one of them stands for all.
SECTIONS = ('pekko.actor.serializers', 'pekko.actor.serialization-bindings', 'pekko.actor.serialization-identifiers',
            'pekko.actor.router.type-mapping', 'pekko.actor.mailbox.requirements')


def rows(name):
    """{what: rest} of the lines of a list"""
    out = {}
    for line in read(name).split('\n'):
        if line.strip() and not line.startswith('#'):
            what, _, rest = line.partition('\t')
            out[what] = rest
    return out


def sources():
    """{kind: {name of a test: the file it is in}}"""
    found = {'unit': {}, 'conform': {}, 'cli': {}, 'raw': {}, 'tls': {}, 'check': {}}
    for f in files():
        if re.match(r'tests/unit/.*/test_\w+\.c$', f):
            for name in re.findall(r'^static void (\w+)\(void \*\*\w+\)', read(f), re.M):
                found['unit'][os.path.basename(f)[:-2] + '.' + name] = f
        elif re.match(r'tests/conformance/visible/\w+\.py$', f):
            for name in re.findall(r'^def (\w+)\(', read(f), re.M):
                found['conform'][name.strip('_').replace('_', '-')] = f
        elif re.match(r'tests/conformance/raw/visible/\w+\.py$', f):
            for name in re.findall(r'^@case\(["\']([\w-]+)', read(f), re.M):
                found['raw'][name] = f
        elif re.match(r'tests/cli/test_\w+\.py$', f):
            for name in re.findall(r'^@test\ndef (\w+)\(', read(f), re.M):
                found['cli'][name] = f
        elif re.match(r'tests/tls/\w+\.py$', f):
            for name in re.findall(r"^ +report\.case\('([\w:.-]+)'", read(f), re.M):
                found['tls'][name] = f
        elif re.match(r'tests/checks/\w+\.py$', f):
            found['check'][os.path.basename(f)] = f
    return found


def source_of(test, found):
    kind, _, rest = test.partition('.')
    return found[kind].get(rest) if kind in found and kind != 'unit' else found['unit'].get(test)


def mentions(f, word):
    """in the file, or in what it includes from the tests"""
    texts = [read(f)] + [read('tests/' + i) for i in re.findall(r'#include "(support/\w+\.h)"', read(f))]
    return any(re.search(r'(?<![\w-])' + re.escape(word) + r'(?![\w-])', t) for t in texts)


def of_row(what, tests, found):
    """what is wrong with a line of settings.tsv"""
    word = what.removesuffix('.*').split('.')[-1].strip('"')
    where = {test: source_of(test, found) for test in tests}
    missing = [t for t, f in where.items() if not f]
    if missing:
        return ['tests/settings.tsv: %s: there is no test %s' % (what, t) for t in missing]
    if not any(mentions(f, word) for f in where.values()):
        return ['tests/settings.tsv: %s: none of %s mentions %s' % (what, ', '.join(sorted(set(where.values()))), word)]
    return []


def proofs():
    problems, found = [], sources()
    tested, untested = rows('tests/settings.tsv'), rows('tests/settings-untested.txt')
    honoured = {path for path, default, mark, _ in doc.settings() if mark == '+' and default not in ('', '{}')}
    covered = set()
    for what, tests in tested.items():
        whole = what.endswith('.*') and what[:-2] in SECTIONS
        mine = {p for p in honoured if p == what or whole and p.startswith(what[:-1])}
        if not mine:
            problems.append('tests/settings.tsv: %s is not marked as honoured in src/config/reference.conf: '
                            'mark it there with #+, or remove the line' % what)
        problems += of_row(what, [t.strip() for t in tests.split(',')], found)
        covered |= mine
    missing = sorted(honoured - covered - set(untested))
    if missing:
        problems.append('%d settings are marked as honoured (#+ in src/config/reference.conf) and name no test. Write one that '
                        'shows that the setting changes something, and add to tests/settings.tsv, with a tab between:' % len(missing))
        problems[-1] += ''.join(['\n    %s\ttest_PROGRAM.FUNCTION, conform.NAME, raw.NAME, cli.NAME or tls.NAME' % p for p in missing])
    problems += ['tests/settings-untested.txt: remove %s: it %s' % (p, 'has a test' if p in covered else 'is not honoured, nor read')
                 for p in sorted(untested) if p in covered or p not in honoured | read_in_vain]
    print('settings: %d honoured, %d shown by tests, %d not yet' % (len(honoured), len(covered), len(untested)))
    return problems


text, rc = run([sys.executable, os.path.join(ROOT, 'tools', 'settings-doc'), '--check'])
check('settings.page', [text] if rc else [])
known = rows('tests/settings-untested.txt')
wrong = list(doc.disagreements())
read_in_vain = {path for path, _ in wrong}
check('settings.marks', ['%s is %s' % w for w in wrong if w[0] not in known])
check('settings.tests', proofs())
done()
