#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed can be used: a program built with pkg-config, one with find_package, shared and static."""
import os, shutil, subprocess, tempfile
from common import *

PROGRAM = '''#include <stdio.h>
#include <ukko/ukko.h>
int main(void) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("installed", NULL);
    int rc = ukko_system_new(&sys, &opts, &err);
    if (rc) fprintf(stderr, "%s: %s\\n", ukko_strerror(rc), err.message);
    else printf("%s\\n", ukko_system_name(sys));
    ukko_system_free(sys);
    return rc != 0;
}
'''
CMAKE = '''cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(ukko REQUIRED)
add_executable(a main.c)
target_link_libraries(a PRIVATE ukko::ukko)
add_executable(b main.c)
target_link_libraries(b PRIVATE ukko::static)
add_executable(c kit.c)
target_link_libraries(c PRIVATE ukko::ukko_testkit)
'''

KIT = '''#include <stdio.h>
#include <ukko/testkit.h>
#include <ukko/ukko.h>
int main(void) {
    ukko_error err = {0, ""};
    ukko_system *sys = NULL;
    ukko_probe *p = NULL;
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("installed", NULL);
    opts.threads = 0;
    int rc = ukko_system_new(&sys, &opts, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (!rc) rc = ukko_probe_new(&p, sys, NULL);
    if (!rc) ukko_probe_tell_text(p, ukko_probe_ref(p), "kit");
    if (!rc) rc = ukko_probe_expect_text(p, "kit", 0);
    printf("%s\\n", rc ? "failed" : "installed");
    ukko_probe_free(p);
    ukko_system_free(sys);
    return rc != 0;
}
'''
d = tempfile.mkdtemp(prefix='ukko-install-')
try:
    prefix = os.path.join(d, 'prefix')
    out, rc = run(['cmake', '--install', BUILD, '--prefix', prefix])
    check('install', [] if rc == 0 else [out[-3000:]])
    if rc:
        done()
    libdir = next((x for x, _, fs in os.walk(prefix) if 'libukko.so' in fs), prefix)
    for name in ('man1/ukko.1', 'man3/ukko_tell.3', 'man3/ukko_tell_msg.3', 'man5/ukko.conf.5', 'man7/ukko.7'):
        check('manual-' + name[5:], [] if os.path.exists(os.path.join(prefix, 'share', 'man', name)) else ['not installed'])
    check('headers', [h for h in os.listdir(os.path.join(ROOT, 'include', 'ukko')) if not os.path.exists(os.path.join(prefix, 'include', 'ukko', h))])
    main = os.path.join(d, 'main.c')
    with open(main, 'w') as f:
        f.write(PROGRAM)
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(libdir, 'pkgconfig'), LD_LIBRARY_PATH=libdir)
    for name, flags in (('pkg-config-shared', ''), ('pkg-config-static', '--static')):
        link = '-lukko' if not flags else ''
        command = ('cc -std=c99 -Wall -Werror main.c -o %s $(pkg-config --cflags --libs ukko)' % name if not flags else
                   'cc -std=c99 -Wall -Werror main.c -o %s $(pkg-config --cflags ukko) %s/libukko.a $(pkg-config --static --libs-only-l ukko | sed "s/-lukko//")' % (name, libdir))
        out, rc = run(['sh', '-c', command], cwd=d, env=env)
        if rc == 0:
            out, rc = run([os.path.join(d, name)], cwd=d, env=env)
        check(name, [] if rc == 0 and out.strip().endswith('installed') else ['%s\nstatus %d: %s' % (command, rc, out[-3000:])])
    with open(os.path.join(d, 'kit.c'), 'w') as f:
        f.write(KIT)
    command = 'cc -std=c99 -Wall -Werror kit.c -o kit $(pkg-config --cflags --libs ukko-testkit)'
    out, rc = run(['sh', '-c', command], cwd=d, env=env)
    if rc == 0:
        out, rc = run([os.path.join(d, 'kit')], cwd=d, env=env)
    check('pkg-config-testkit', [] if rc == 0 and out.strip().endswith('installed') else ['%s\nstatus %d: %s' % (command, rc, out[-3000:])])
    os.mkdir(os.path.join(d, 'user'))
    shutil.copy(os.path.join(d, 'kit.c'), os.path.join(d, 'user'))
    shutil.copy(main, os.path.join(d, 'user', 'main.c'))
    with open(os.path.join(d, 'user', 'CMakeLists.txt'), 'w') as f:
        f.write(CMAKE)
    out, rc = run(['cmake', '-S', os.path.join(d, 'user'), '-B', os.path.join(d, 'out'), '-DCMAKE_PREFIX_PATH=' + prefix])
    if rc == 0:
        out, rc = run(['cmake', '--build', os.path.join(d, 'out')])
    for name in ('a', 'b', 'c') if rc == 0 else ():
        out, rc = run([os.path.join(d, 'out', name)])
        if rc:
            break
    check('find-package', [] if rc == 0 else [out[-3000:]])
finally:
    shutil.rmtree(d, ignore_errors=True)
done()
