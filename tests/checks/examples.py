#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples that run on their own say what they should. (echo_server is run by readme.py; demos are parts of the suite.)"""
import re
from common import *

EXPECTED = {
    'counter': r'pekko://cpp/user/counter#-?\d+ has counted to 3\nafter its restart it begins at 0\n',
}
for name, pattern in EXPECTED.items():
    program = os.path.join(BUILD, 'examples', name)
    if not os.path.exists(program):
        fail(name, '%s was not built' % program)
        continue
    out, rc = run([program], timeout=60)
    check(name, [] if rc == 0 and re.fullmatch(pattern, out) else ['status %d, it said:\n%s' % (rc, out)])
done()
