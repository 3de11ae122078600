#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Optional: class-data archives (peer-V.jsa, 30 MB each) so that ./peer starts in half the time.
#   ./cds.sh [VERSION]...      those that are missing; build.sh removes the archive of what it compiles anew
set -eu
cd "$(dirname "$0")"
export PEER_JAVA_OPTS='-Xms64m -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
for v in ${*:-1.0.2 1.7.0}; do
  [ -d "classes-$v" ] || { echo "tests/peer/cds.sh: run build.sh first (no classes-$v)" >&2; exit 2; }
  [ -f "peer-$v.jsa" ] && [ -f "peer-$v.jar" ] && continue
  rm -f "peer-$v.jsa" "peer-$v.jar"
  jar cf "peer-$v.jar.tmp" -C "classes-$v" .
  mv "peer-$v.jar.tmp" "peer-$v.jar"
  # two systems talk for a moment; the second one writes the archive when it ends
  tmp="cds-$v.$$"; mkdir "$tmp"
  ( sleep 8; echo terminate ) | ./peer --pekko "$v" run --name B --port 0 > "$tmp/b" 2> /dev/null &
  b=$!
  n=0
  until address=$(sed -n 's/.*"ev":"started".*"address":"\([^"]*\)".*/\1/p' "$tmp/b" 2> /dev/null) && [ -n "$address" ]; do
    n=$((n + 1))
    [ "$n" -lt 60 ] || { echo "tests/peer/cds.sh: the peer does not start" >&2; rm -rf "$tmp" "peer-$v.jar"; exit 1; }
    sleep 0.5
  done
  ( echo "select $address/user/echo json:a,1"; echo "watch $address/user/echo"
    echo "deploy Worker w $address str:a"; sleep 3 ) | PEER_CDS_DUMP="$PWD/$tmp/jsa" ./peer --pekko "$v" run --name A --port 0 > /dev/null 2>&1 || true
  wait "$b" || true
  if [ -s "$tmp/jsa" ]; then mv "$tmp/jsa" "peer-$v.jsa"; else rm -f "peer-$v.jar"; echo "tests/peer/cds.sh: no archive was made for $v" >&2; fi
  rm -rf "$tmp"
done
