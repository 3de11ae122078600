#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header alone compiles as C99, C11, C17, C23, C++11, C++14, C++17 and C++20 without a warning, with every compiler that is there."""
import glob, os, shutil
from common import *

headers = sorted(glob.glob(os.path.join(ROOT, 'include', 'ukko', '*.h')))
pairs = [p for p in (('gcc', 'g++'), ('clang', 'clang++')) if shutil.which(p[0]) and shutil.which(p[1])]
if not headers or not pairs:
    fail('headers', 'no headers or no compiler')
for h in headers:
    problems = []
    for cc, cxx in pairs:
        for std, compiler, language in [(x, cc, 'c') for x in ('c99', 'c11', 'c17', 'c2x')] + [(x, cxx, 'c++') for x in ('c++11', 'c++14', 'c++17', 'c++20')]:
            name = os.path.basename(h)
            source = '#include <ukko/%s>\n#include <ukko/%s>\n' % (name, name)
            import subprocess
            p = subprocess.run([compiler, '-x', language, '-std=' + std, '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only',
                                '-I', os.path.join(ROOT, 'include'), '-'], input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if p.returncode:
                problems.append('%s as %s:\n%s' % (compiler, std, p.stdout.decode('utf-8', 'replace')[:1500]))
    check(os.path.basename(h), problems)
done()
