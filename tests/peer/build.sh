#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the jars (once) and compiles the peer for each Pekko version. Quick on a second run.
#   ./build.sh              both versions
#   ./build.sh 1.0.2        one version
# Needs a JDK >= 11 (javac, keytool), Maven 3 with network access (first run only) and openssl for certs/.
set -eu
cd "$(dirname "$0")"
missing=
for tool in java javac jar keytool mvn openssl; do
  command -v "$tool" > /dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "tests/peer/build.sh: not found:$missing (Debian packages: openjdk-17-jdk-headless maven openssl; 'make deps' installs them)" >&2
  exit 3
fi
if [ -z "${PEER_BUILD_LOCKED:-}" ] && command -v flock > /dev/null 2>&1; then
  export PEER_BUILD_LOCKED=1
  exec flock .build.lock "./$(basename "$0")" "$@"
fi
versions="${*:-1.0.2 1.7.0}"
for v in $versions; do
  stamp="lib-$v/.stamp"
  if [ ! -f "$stamp" ] || [ pom.xml -nt "$stamp" ]; then
    echo "fetching the jars of pekko $v with Maven" >&2
    try=1
    rm -rf "lib-$v"
    until mkdir -p "lib-$v" && mvn -B -q -P"pekko-$v" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/lib-$v" < /dev/null > ".mvn-$v.log" 2>&1; do
      if [ "$try" -ge 3 ]; then
        grep -m 4 ERROR ".mvn-$v.log" >&2 || cat ".mvn-$v.log" >&2
        rm -rf "lib-$v"
        echo "tests/peer/build.sh: Maven could not fetch the jars of pekko $v: is there a network?" >&2
        exit 4
      fi
      try=$((try + 1)); sleep 3
    done
    rm -f ".mvn-$v.log"
    touch "$stamp"
  fi
  cstamp="classes-$v/.stamp"
  if [ ! -f "$cstamp" ] || [ -n "$(find src -newer "$cstamp" -name '*.java' | head -n 1)" ] || [ "$stamp" -nt "$cstamp" ]; then
    echo "compiling against pekko $v" >&2
    tmp="classes-$v.tmp.$$"; rm -rf "$tmp"; mkdir -p "$tmp"
    # shellcheck disable=SC2046
    if ! javac --release 11 -parameters -nowarn -Xlint:none -encoding UTF-8 -cp "lib-$v/*" -d "$tmp" $(find src -name '*.java') > "$tmp.log" 2>&1; then
      cat "$tmp.log" >&2; rm -rf "$tmp" "$tmp.log"; echo "tests/peer/build.sh: compilation failed (pekko $v)" >&2; exit 1
    fi
    rm -f "$tmp.log" "peer-$v.jsa" "peer-$v.jar"; touch "$tmp/.stamp"
    rm -rf "classes-$v"; mv "$tmp" "classes-$v"
  fi
done
[ -f certs/.stamp ] || ./certs.sh
