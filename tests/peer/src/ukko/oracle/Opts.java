// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

import java.util.*;

/** --key value options and the Pekko configuration they stand for. */
final class Opts {
  private final Map<String, List<String>> m = new LinkedHashMap<>();
  final List<String> rest = new ArrayList<>();
  private static final Set<String> FLAGS = new HashSet<>(Arrays.asList("untrusted", "java-serialization", "safe", "cluster", "no-quiet", "no-dilate", "log-frames", "tls-no-mutual", "all-for-one"));

  Opts(String[] a, int from) {
    for (int i = from; i < a.length; i++) {
      if (!a[i].startsWith("--")) { rest.add(a[i]); continue; }
      String k = a[i].substring(2), v;
      int eq = k.indexOf('=');
      if (eq >= 0) { v = k.substring(eq + 1); k = k.substring(0, eq); }
      else if (FLAGS.contains(k)) v = "true";
      else if (++i < a.length) v = a[i];
      else throw new IllegalArgumentException("--" + k + " needs a value");
      m.computeIfAbsent(k, x -> new ArrayList<>()).add(v);
    }
  }

  boolean has(String k) { return m.containsKey(k); }
  String get(String k, String d) { List<String> l = m.get(k); return l == null ? d : l.get(l.size() - 1); }
  int num(String k, int d) { return Integer.parseInt(get(k, Integer.toString(d))); }
  List<String> all(String k) { return m.getOrDefault(k, List.of()); }

  static String quote(String s) { return Out.json(s); }

  private static String list(String csv) {
    StringBuilder b = new StringBuilder("[");
    for (String s : csv.split(",")) if (!s.isEmpty()) b.append(b.length() > 1 ? "," : "").append(quote(s));
    return b.append("]").toString();
  }

  Config config() {
    String kit = System.getProperty("ukko.kit", ".");
    StringBuilder h = new StringBuilder();
    String tr = get("transport", "tcp");
    boolean artery = tr.startsWith("artery");
    h.append("pekko.actor.provider = ").append(has("cluster") ? "cluster" : "remote").append('\n');
    h.append("pekko.loggers = [\"ukko.oracle.JsonLogger\"]\n");
    h.append("pekko.loglevel = ").append(get("loglevel", "INFO")).append('\n');
    h.append("pekko.log-dead-letters = off\npekko.log-dead-letters-during-shutdown = off\n");
    h.append("pekko.coordinated-shutdown.exit-jvm = off\npekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off\n");
    h.append("pekko.remote.warn-about-direct-use = off\n");
    if (!has("safe")) h.append("pekko.remote.use-unsafe-remote-features-outside-cluster = on\n");
    if (has("java-serialization")) h.append("pekko.actor.allow-java-serialization = on\npekko.actor.warn-about-java-serializer-usage = off\n");
    h.append("pekko.actor.serialization-bindings { \"ukko.oracle.JsonMessage\" = jackson-json, \"ukko.oracle.CborMessage\" = jackson-cbor }\n");
    h.append("pekko.remote.artery.enabled = ").append(artery ? "on" : "off").append('\n');
    String host = get("hostname", "127.0.0.1"), port = get("port", "0");
    String r = artery ? "pekko.remote.artery." : "pekko.remote.classic.";
    if (artery) {
      h.append("pekko.remote.artery.transport = ").append(tr.equals("artery-udp") ? "aeron-udp" : tr.equals("artery-tls") ? "tls-tcp" : "tcp").append('\n');
      h.append("pekko.remote.artery.canonical { hostname = ").append(quote(host)).append(", port = ").append(port).append(" }\n");
      if (has("bind-hostname")) h.append("pekko.remote.artery.bind.hostname = ").append(quote(get("bind-hostname", ""))).append('\n');
      if (has("bind-port")) h.append("pekko.remote.artery.bind.port = ").append(get("bind-port", "")).append('\n');
    } else {
      h.append("pekko.remote.classic.enabled-transports = [\"pekko.remote.classic.netty.").append(tr).append("\"]\n");
      for (String t : new String[] {"tcp", "ssl"}) {
        String p = "pekko.remote.classic.netty." + t + ".";
        h.append(p).append("hostname = ").append(quote(host)).append('\n').append(p).append("port = ").append(port).append('\n');
        if (has("bind-hostname")) h.append(p).append("bind-hostname = ").append(quote(get("bind-hostname", ""))).append('\n');
        if (has("bind-port")) h.append(p).append("bind-port = ").append(get("bind-port", "")).append('\n');
        if (has("max-frame")) h.append(p).append("maximum-frame-size = ").append(get("max-frame", "")).append('\n');
      }
      if (has("gate")) h.append("pekko.remote.classic.retry-gate-closed-for = ").append(get("gate", "")).append('\n');
    }
    String pw = get("store-password", "changeit");
    String cert = get("cert", "node1");
    String sec = artery ? "pekko.remote.artery.ssl.config-ssl-engine" : "pekko.remote.classic.netty.ssl.security";
    boolean v13 = get("tls", "1.2").equals("1.3");
    String dir = get("cert-dir", kit + "/certs");
    h.append(sec).append(" {\n key-store = ").append(quote(get("key-store", dir + "/" + (cert.equals("none") ? "trust-ca" : cert) + ".p12"))).append("\n trust-store = ").append(quote(get("trust-store", dir + "/trust-" + get("trust", "ca") + ".p12")))
        .append("\n key-store-password = ").append(quote(pw)).append("\n key-password = ").append(quote(pw)).append("\n trust-store-password = ").append(quote(pw))
        .append("\n protocol = \"").append(v13 ? "TLSv1.3" : "TLSv1.2").append("\"\n enabled-algorithms = ")
        .append(list(get("ciphers", v13 ? "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384" : "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")))
        .append("\n require-mutual-authentication = ").append(has("tls-no-mutual") ? "off" : "on").append("\n}\n");
    if (has("untrusted")) h.append(r).append("untrusted-mode = on\n");
    if (has("trusted-paths")) h.append(r).append("trusted-selection-paths = ").append(list(get("trusted-paths", ""))).append('\n');
    if (has("allow-list")) h.append("pekko.remote.deployment { enable-allow-list = on, allowed-actor-classes = ").append(list(get("allow-list", ""))).append(" }\n");
    Config c = ConfigFactory.parseString(h.toString());
    for (String f : all("config")) c = ConfigFactory.parseFile(new java.io.File(f)).withFallback(c);
    for (String s : all("hocon")) c = ConfigFactory.parseString(s).withFallback(c);
    return c.withFallback(ConfigFactory.load()).resolve();
  }
}
