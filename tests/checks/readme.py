#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The README: its example is examples/echo_server.c word for word, was built, runs, and answers; its links point at files."""
import os, re, signal, subprocess, tempfile, time
from common import *

text = read('README.md')
blocks = re.findall(r'^```c\n(.*?)^```', text, re.M | re.S)
source = re.sub(r'^/\* SPDX.*?\*/\n(/\*.*?\*/\n)?', '', read('examples/echo_server.c'), flags=re.S).strip()
check('example-is-the-file', [] if any(b.strip() == source for b in blocks) else ['no C block of README.md is examples/echo_server.c (without its head comment)'])
check('example-is-short', [] if source.count('\n') < 60 else ['the example has %d lines' % (source.count('\n') + 1)])
missing = []
for f in [f for f in files() if f.endswith('.md')]:
    for target in re.findall(r'\]\(([^)#\s]+)', read(f)):
        if not re.match(r'[a-z]+:', target) and not os.path.exists(os.path.join(ROOT, os.path.dirname(f), target)):
            missing.append('%s links to %s' % (f, target))
check('links', missing)

program, ukko = os.path.join(BUILD, 'examples', 'echo_server'), os.path.join(BUILD, 'bin', 'ukko')
if not os.path.exists(program) or not os.path.exists(ukko):
    fail('example-runs', 'not built: ' + ', '.join(os.path.relpath(p, ROOT) for p in (program, ukko) if not os.path.exists(p)))
    done()
with tempfile.TemporaryDirectory() as d:
    import socket
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
    s.close()
    with open(os.path.join(ROOT, 'examples', 'echo.conf')) as f:
        conf = re.sub(r'port\s*=\s*\d+', 'port = %d' % port, f.read())
    with open(os.path.join(d, 'echo.conf'), 'w') as f:
        f.write(conf)
    log = open(os.path.join(d, 'log'), 'w+')
    p = subprocess.Popen([program], cwd=d, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        out, rc = '', 1
        for _ in range(40):
            out, rc = run([ukko, 'ping', 'pekko.tcp://hello@127.0.0.1:%d/user/echo' % port], timeout=20)
            if rc == 0 or p.poll() is not None:
                break
            time.sleep(0.25)
        log.seek(0)
        check('example-runs', [] if rc == 0 else ['ukko ping gave %d: %s\nthe example said: %s' % (rc, out, log.read())])
    finally:
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            p.kill()
        log.close()
done()
