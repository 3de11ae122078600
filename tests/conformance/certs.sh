#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a throw-away CA, two node certificates (SAN localhost, 127.0.0.1) and one certificate from a foreign CA,
# as PEM (for the C side) and PKCS12 (for the JVM side). Password everywhere: changeit. Never use outside tests.
set -eu
mkdir -p "${1:-certs}"; cd "${1:-certs}"
ca() { openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 3650 -subj "/CN=$2" -keyout "$1.key" -out "$1.crt" 2>/dev/null; }
node() { # name cn ca
  openssl req -newkey rsa:2048 -nodes -sha256 -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > ext.tmp
  openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -days 3650 -sha256 -extfile ext.tmp -out "$1.crt" 2>/dev/null
  openssl pkcs12 -export -in "$1.crt" -inkey "$1.key" -certfile "$3.crt" -name "$1" -passout pass:changeit -out "$1.p12"
  rm -f "$1.csr" ext.tmp
}
ca ca "oracle test CA"; ca foreign-ca "foreign CA"
node node1 node1 ca; node node2 node2 ca; node foreign foreign foreign-ca
for c in ca foreign-ca; do
  rm -f "trust-$c.p12"
  keytool -importcert -noprompt -alias "$c" -file "$c.crt" -keystore "trust-$c.p12" -storetype PKCS12 -storepass changeit 2>/dev/null
done
# for the scenarios about stores: out of its time, JKS with a password of its own for the key, two authorities, one that signs itself
node expired expired ca
mkdir -p old; : > old/index; echo 01 > old/serial
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=old/index\nserial=old/serial\nnew_certs_dir=old\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > old/ca.cnf
openssl req -new -key expired.key -subj /CN=expired -out old/csr 2>/dev/null
openssl ca -batch -notext -config old/ca.cnf -cert ca.crt -keyfile ca.key -in old/csr -out expired.crt -startdate 20200101000000Z -enddate 20210101000000Z 2>/dev/null
openssl pkcs12 -export -in expired.crt -inkey expired.key -certfile ca.crt -name expired -passout pass:changeit -out expired.p12
rm -rf old
store() { keytool "$@" > /dev/null 2>&1; }
rm -f keypass.jks trust-ca.jks trust-two.p12
store -importkeystore -noprompt -srckeystore node1.p12 -srcstorepass changeit -srcalias node1 -destkeystore keypass.jks -deststoretype JKS -deststorepass changeit -destkeypass another1
store -importcert -noprompt -alias ca -file ca.crt -keystore trust-ca.jks -storetype JKS -storepass changeit
for c in ca foreign-ca; do store -importcert -noprompt -alias "$c" -file "$c.crt" -keystore trust-two.p12 -storetype PKCS12 -storepass changeit; done
touch .stamp2
