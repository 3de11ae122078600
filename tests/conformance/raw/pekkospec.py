#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Conformance tester for Pekko Classic Remoting, in the spirit of h2spec.

    ./pekkospec.py --node '../../peer/peer --pekko 1.0.2'                run everything against a node
    ./pekkospec.py --node CMD --set visible --only 'framing.*'     a part of it
    ./pekkospec.py --list                                          what there is

The node under test is started as `CMD run --name nut --port 0 [options]` (NODE.md says what it must offer). The tester is
the other end of the wire: it connects to the node, or lets the node connect to it, and checks the exact reactions.
"""

import argparse
import fnmatch
import importlib.util
import json
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import speclib  # noqa: E402


def load(which):
    for s in ("visible", "hidden"):
        d = os.path.join(HERE, s)
        if which not in (s, "all") or not os.path.isdir(d):
            continue
        for f in sorted(os.listdir(d)):
            if f.startswith("g") and f.endswith(".py"):
                speclib.CURRENT.update(set=s, group=f[:-3].split("_", 1)[1].replace("_", "-"))
                spec = importlib.util.spec_from_file_location("%s_%s" % (s, f[:-3]), os.path.join(d, f))
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
    seen = set()
    for c in speclib.CASES:
        if c.id in seen:
            sys.exit("two cases are called " + c.id)
        seen.add(c.id)
    return speclib.CASES


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--node", help="command of the node under test")
    a.add_argument("--set", choices=("visible", "hidden", "all"), default="all")
    a.add_argument("--only", action="append", default=[], help="run only ids that match this pattern (repeatable)")
    a.add_argument("--skip", action="append", default=[], help="leave out ids that match this pattern (repeatable)")
    a.add_argument("--list", action="store_true", help="list the cases and stop")
    a.add_argument("--json", metavar="FILE", help="write the results there")
    a.add_argument("--jobs", type=int, default=1, help="nodes at a time")
    a.add_argument("--beyond", choices=("apart", "count", "no"), default="apart",
                   help="cases that ask for more than the reference gives: counted apart (default), counted like all others, or not run")
    a.add_argument("--rss-limit", type=int, default=256, metavar="MIB", help="how much the node may grow in a hostile case (default 256; a node without a garbage collector should do with far less)")
    a.add_argument("--quiet", action="store_true", help="only failures and the last line")
    o = a.parse_args()

    cases = load(o.set)
    cases = [c for c in cases if (not o.only or any(fnmatch.fnmatch(c.id, p) or p in c.id for p in o.only)) and not any(fnmatch.fnmatch(c.id, p) or p in c.id for p in o.skip)]
    if o.beyond == "no":
        cases = [c for c in cases if not c.beyond]
    if o.list:
        for c in cases:
            print("%-8s %-45s %s%s" % (c.set, c.id, c.statement, " [beyond: the reference %s]" % c.beyond if c.beyond else ""))
        print("%d cases" % len(cases))
        return 0
    if not o.node:
        a.error("--node is needed")

    lock = threading.Lock()

    def report(r):
        with lock:
            if r.state != "ok" or not o.quiet:
                apart = r.case.beyond and o.beyond == "apart"
                print("%-4s %-45s %s%s%s" % (r.state, r.case.id, r.case.statement, " [beyond]" if apart else "", " (%s)" % "; ".join(r.remarks) if r.remarks else ""))
                if r.state == "FAIL":
                    print("     expected %s\n     saw      %s" % (r.expected, r.seen))
                    if apart:
                        print("     the reference %s" % r.case.beyond)
                elif r.state == "skip":
                    print("     skipped: %s" % r.seen)
                sys.stdout.flush()

    runner = speclib.Runner(o.node, o.rss_limit * 1024, max(1, o.jobs), report)
    t0 = time.monotonic()
    results = runner.run(cases)
    counted = [r for r in results if not r.case.beyond or o.beyond == "count"]
    apart = [r for r in results if r.case.beyond and o.beyond != "count"]
    n = {s: sum(r.state == s for r in counted) for s in ("ok", "FAIL", "skip")}
    if o.json:
        with open(o.json, "w", encoding="utf-8") as f:
            json.dump({"node": o.node, "version": runner.version, "seconds": round(time.monotonic() - t0, 1), "passed": n["ok"], "failed": n["FAIL"], "skipped": n["skip"],
                       "beyond_passed": sum(r.state == "ok" for r in apart), "beyond_failed": sum(r.state == "FAIL" for r in apart), "cases": [r.row() for r in results]}, f, indent=1)
            f.write("\n")
    if apart:
        print("beyond the reference: %d passed, %d failed (not counted)" % (sum(r.state == "ok" for r in apart), sum(r.state == "FAIL" for r in apart)))
    print("%d passed, %d failed%s" % (n["ok"], n["FAIL"], ", %d skipped" % n["skip"] if n["skip"] else ""))
    return 1 if n["FAIL"] or not counted and not apart else 0


if __name__ == "__main__":
    sys.exit(main())
