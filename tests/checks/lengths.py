#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lengths: no function of more than 100 lines, no source file of more than 800, prints the medians and the
number of lines of more than 100 columns."""
import re, statistics
from common import *

MAX_FUNCTION, MAX_FILE, MAX_COLUMNS = 100, 800, 100


def functions(text):
    """(name, first line, number of lines) of each function defined at the left margin"""
    lines = text.split('\n')
    i = 0
    while i < len(lines):
        # a definition: something that is no declaration, and an opening brace at the end of a line, at depth 0
        m = re.match(r'[A-Za-z_].*', lines[i])
        if m and not re.match(r'(typedef|struct\s+\w+\s*\{|union\s+\w+\s*\{|enum\b|extern\s+"C"|#)', lines[i]):
            j, head = i, lines[i]
            while j + 1 < len(lines) and not re.search(r'[;{]\s*(/\*.*\*/\s*)?$', lines[j]) and j - i < 12:
                j += 1
                head += ' ' + lines[j]
            name = re.search(r'(\w+)\s*\(', head)
            if '{' in lines[j] and name and '=' not in head.split('(')[0]:
                depth, k = 0, j
                while k < len(lines):
                    code = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'|/\*.*?\*/|//.*', '', lines[k])
                    depth += code.count('{') - code.count('}')
                    if depth <= 0:
                        break
                    k += 1
                yield name.group(1), i + 1, k - i + 1
                i = k + 1
                continue
            i = j + 1
            continue
        i += 1


all_functions, all_files, wide, counted = [], [], [], [f for f in files() if f.endswith(('.c', '.h')) and f.startswith(('src/', 'include/', 'examples/', 'bench/', 'fuzz/', 'tests/'))]
for f in counted:
    text = read(f)
    n = text.count('\n')
    all_files.append((n, f))
    for name, line, length in functions(text):
        all_functions.append((length, '%s:%d %s' % (f, line, name)))
    if not f.startswith('bench/raw/'):
        wide += ['%s:%d has %d columns' % (f, i, len(l)) for i, l in enumerate(text.split('\n'), 1) if len(l) > MAX_COLUMNS]
own = [x for x in all_files if x[1].startswith('src/') and x[1].endswith('.c')]
mine = [x[0] for x in all_functions if x[1].startswith('src/')]
if mine:
    mine.sort()
    print('functions in src: %d, median %d lines, p95 %d, longest %d; files: %d, median %d lines, longest %d' % (
        len(mine), statistics.median(mine), mine[len(mine) * 95 // 100], mine[-1], len(own), statistics.median(x[0] for x in own), max(own)[0]))
print('lines over %d columns: %d' % (MAX_COLUMNS, len(wide)))
check('functions', ['%s: %d lines' % (w, n) for n, w in sorted(all_functions, reverse=True) if n > MAX_FUNCTION])
check('files', ['%s: %d lines' % (f, n) for n, f in sorted(all_files, reverse=True) if n > MAX_FILE])
done()
