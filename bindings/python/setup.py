# SPDX-License-Identifier: Apache-2.0
"""The wheel carries libukko. UKKO_PREFIX names where it was installed with its headers (/usr/local); see bindings/python/README.md."""
import glob, os, shutil

from setuptools import setup

here = os.path.dirname(os.path.abspath(__file__))
prefix = os.environ.get('UKKO_PREFIX', '/usr/local')
found = sorted(glob.glob(os.path.join(prefix, 'lib*', '**', 'libukko.so.?'), recursive=True))
if not found:
    raise SystemExit('no libukko.so below %s: set UKKO_PREFIX to where ukko was installed' % prefix)
shutil.copy(found[-1], os.path.join(here, 'pyukko', os.path.basename(found[-1])))
setup(cffi_modules=['build_ffi.py:ffi'])
