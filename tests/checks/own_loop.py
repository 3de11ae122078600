#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example with a loop of its own runs an actor system in it, without a thread."""
import subprocess
from common import *

p = subprocess.run([os.path.join(BUILD, 'examples', 'own_loop')], input=b'one two three\nfour\n\n', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
out = p.stdout.decode('utf-8', 'replace')
check('own-loop', [] if p.returncode == 0 and out == '3 words\n1 words\n' else ['status %d: %s' % (p.returncode, out)])
done()
