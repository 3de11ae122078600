#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/dependencies.md has a row for each Debian package that tools/need or cmake/UkkoDeps.cmake asks for, and none that nothing asks for;
the packages that the Debian package and the container are built with are those of the library and the command."""
import re
from common import *

need, deps, page = read('tools/need'), read('cmake/UkkoDeps.cmake'), read('docs/dependencies.md')
PACKAGE = r'[a-z0-9][a-z0-9.+-]+'

libraries = set(re.findall(r'^ukko_need[_a-z]*\(\w+ \S+ (%s)\)' % PACKAGE, deps, re.M)) | set(re.findall(r'install the Debian package (%s) \(make deps' % PACKAGE, deps))
groups = {g: set(w for w in words.replace('$wanted', '').split() if re.fullmatch(PACKAGE, w)) for g, words in re.findall(r'^  ([\w-]+)\) wanted="([^"$]*\$wanted[^"(]*)', need, re.M)}
asked = libraries | set().union(*groups.values())
check('read', ([] if len(libraries) >= 8 else ['only the libraries %s' % sorted(libraries)]) + ([] if len(groups) >= 10 else ['only the groups %s' % sorted(groups)])
      + ['the group %s asks for nothing' % g for g, w in groups.items() if not w])

rows = [line for line in page.split('\n') if re.match(r'\| `', line)]
described = {p for line in rows for p in re.findall(r'`(%s)`' % PACKAGE, line.split('|')[1])}
described_in_words = set(re.findall(r'`(%s)`' % PACKAGE, page))
check('each-has-a-row', ['%s is not in a table of docs/dependencies.md' % p for p in sorted(asked - described)])
# Looked for, and used when somebody has them: a test that needs one says so, and is skipped without it.
looked_for = {'prometheus': 'promtool', 'chromium': 'chromium', 'tshark': 'tshark', 'cffi': 'cffi', 'setuptools': 'setuptools', 'wheel': 'wheel'}
used = ''.join(read(f) for f in files() if f.startswith(('tests/', 'bindings/')) and f.endswith(('run', '.py', '.toml', '.txt')))
check('each-row-is-used', ['nothing asks for %s' % p for p in sorted(described - asked) if looked_for.get(p, '\n') not in used])

control, container = read('packaging/debian/control'), read('packaging/Containerfile')
build = set(re.findall(r'(%s)' % PACKAGE, re.sub(r'\(.*?\)|:any', '', re.search(r'^Build-Depends:(.*?)^\S', control, re.M | re.S).group(1))))
check('debian-builds-with-them', ['Build-Depends lacks %s' % p for p in sorted(libraries - build)]
      + ['Build-Depends has %s, which nothing asks for' % p for p in sorted(build - asked - {'debhelper-compat', 'python3'})])
first = container[:container.index('\nFROM debian:12-slim')]
installed = {w for line in re.findall(r'apt-get install -y --no-install-recommends ((?:[^&]|\\\n)*)', first) for w in line.replace('\\', ' ').split()}
check('container-builds-with-them', ['Containerfile lacks %s' % p for p in sorted(libraries - installed)])
done()
