# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the files of the project, and results as lines `ok NAME`, `FAIL NAME: why`, `skip NAME: why`."""
import os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('UKKO_BUILD', os.path.join(ROOT, 'build'))
_failed = []


def ok(name):
    print('ok ' + name, flush=True)


def fail(name, why):
    _failed.append(name)
    print('FAIL %s: %s' % (name, str(why).strip().replace('\n', '\n    ')), flush=True)


def skip(name, why):
    print('skip %s: %s' % (name, why), flush=True)


def check(name, problems):
    """one test: passes when the list of problems is empty"""
    if problems:
        fail(name, '\n'.join(problems[:40]) + ('\n... and %d more' % (len(problems) - 40) if len(problems) > 40 else ''))
    else:
        ok(name)


def done():
    sys.exit(1 if _failed else 0)


def files():
    """the tracked files, relative; without git (a source archive): all that is not a build product"""
    try:
        out = subprocess.run(['git', '-c', 'safe.directory=*', 'ls-files', '-z'], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        names = [f for f in out.stdout.decode().split('\0') if f] if out.returncode == 0 else []
    except OSError:
        names = []
    if not names:
        for d, dirs, fs in os.walk(ROOT):
            dirs[:] = [x for x in dirs if not x.startswith(('build', '.', 'lib-', 'classes-', 'certs', '__pycache__'))]
            names += [os.path.relpath(os.path.join(d, f), ROOT) for f in fs if not f.endswith(('.jsa', '.jar', '.pyc'))]
    return sorted(f for f in names if os.path.isfile(os.path.join(ROOT, f)))


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8', errors='replace') as f:
        return f.read()


def run(argv, **kw):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    return p.stdout.decode('utf-8', 'replace'), p.returncode
