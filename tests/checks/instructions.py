#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many instructions the hot paths take, counted by callgrind, against a kept budget: a loss shows on the busiest machine.

    tests/checks/instructions.py             fails when a path takes more than its budget
    tests/checks/instructions.py --write     measures anew and writes tests/checks/instructions.tsv (5 % more than measured, 15 % for what goes through sockets)

Each path runs twice with different numbers of rounds; the difference is what the rounds cost."""
import os, platform, re, shutil, sys, tempfile
from common import *

BUDGET = os.path.join(ROOT, 'tests', 'checks', 'instructions.tsv')
PROGRAM = os.path.join(BUILD, 'bench', 'ukko_paths')
PATHS = {'tell-to-handler': 20000, 'ping-pong': 20000, 'spawn-and-stop': 4000, 'encode': 4000, 'decode': 4000,
         'tell-to-handler/2': 20000, 'ping-pong/2': 20000, 'remote-one-way': 61440}  # /2: of two workers
EASE = {'remote-one-way': 1.15}  # how much comes with one read is the kernel's choice


def count(path, rounds):
    name, _, workers = path.partition('/')
    with tempfile.TemporaryDirectory() as d:
        out, rc = run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + os.path.join(d, 'out'), PROGRAM, name, str(rounds), workers or '1'])
    m = re.search(r'refs:\s+([\d,]+)', out)
    if rc or not m:
        raise RuntimeError('%s gave %d: %s' % (path, rc, out[-500:]))
    return int(m.group(1).replace(',', ''))


def measure(path):
    n = PATHS[path]
    return (count(path, 3 * n) - count(path, n)) / (2.0 * n)


write = '--write' in sys.argv
if not shutil.which('valgrind'):
    print('skip instructions: valgrind is not installed (Debian package valgrind)')
    sys.exit(0)
if platform.machine() != 'x86_64' or not run(['gcc', '-dumpversion'])[0].startswith('12'):
    print('skip instructions: the budget is of gcc 12 on x86-64')
    sys.exit(0)
out, rc = run(['cmake', '--build', BUILD, '--target', 'bench_ukko_paths'])
if rc:
    fail('instructions', out[-2000:])
    done()
GRACE = 1.01  # how often a thread looks at its clock varies a little
budget = {}
if os.path.exists(BUDGET):
    for line in open(BUDGET):
        if line.strip() and not line.startswith('#'):
            name, most = line.split('\t')[:2]
            budget[name] = float(most)
lines = []
for path in PATHS:
    try:
        took = measure(path)
    except RuntimeError as x:
        check(path, [str(x)])
        continue
    lines.append('%s\t%.0f' % (path, took * EASE.get(path, 1.05)))
    if write:
        print('%-18s %.0f instructions' % (path, took))
    elif path not in budget:
        check(path, ['no budget in tests/checks/instructions.tsv'])
    else:
        check(path, ['%.1f instructions a round, the budget is %.0f and 1 %% of grace' % (took, budget[path])] if took > budget[path] * GRACE else [])
if write:
    with open(BUDGET, 'w') as f:
        f.write('# SPDX-License-Identifier: Apache-2.0\n# Most instructions that a round of each hot path may take, gcc 12 -O2 on x86-64; see instructions.py\n' + '\n'.join(lines) + '\n')
    sys.exit(0)
done()
