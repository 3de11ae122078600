#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header alone compiles as C99, C17, C++11 and C++17 without a warning, with every compiler that is there."""
import glob, os, shutil
from common import *

headers = sorted(glob.glob(os.path.join(ROOT, 'include', 'ukko', '*.h')))
pairs = [p for p in (('gcc', 'g++'), ('clang', 'clang++')) if shutil.which(p[0]) and shutil.which(p[1])]
if not headers or not pairs:
    fail('headers', 'no headers or no compiler')
for h in headers:
    problems = []
    for cc, cxx in pairs:
        for std, compiler, language in (('c99', cc, 'c'), ('c17', cc, 'c'), ('c++11', cxx, 'c++'), ('c++17', cxx, 'c++')):
            name = os.path.basename(h)
            source = '#include <ukko/%s>\n#include <ukko/%s>\n' % (name, name)
            import subprocess
            p = subprocess.run([compiler, '-x', language, '-std=' + std, '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only',
                                '-I', os.path.join(ROOT, 'include'), '-'], input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if p.returncode:
                problems.append('%s as %s:\n%s' % (compiler, std, p.stdout.decode('utf-8', 'replace')[:1500]))
    check(os.path.basename(h), problems)
done()
