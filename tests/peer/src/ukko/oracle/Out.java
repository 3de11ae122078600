// SPDX-License-Identifier: Apache-2.0
package ukko.oracle;

import java.io.PrintStream;
import java.util.*;

/** Prints one JSON object per line on stdout; the only writer of stdout in the process. */
final class Out {
  private static final PrintStream OUT = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, java.nio.charset.StandardCharsets.UTF_8);
  private static final long T0 = System.nanoTime();
  /** when set, every event line is also handed here (used by the capture scenario) */
  static volatile java.util.function.Consumer<Map<String, Object>> tap;

  static void emit(String ev, Object... kv) {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("ev", ev);
    m.put("t", (System.nanoTime() - T0) / 1_000_000); // ms since start of the process
    for (int i = 0; i < kv.length; i += 2) m.put((String) kv[i], kv[i + 1]);
    line(m);
  }

  static synchronized void line(Map<String, Object> m) {
    OUT.println(json(m));
    OUT.flush();
    java.util.function.Consumer<Map<String, Object>> c = tap;
    if (c != null) c.accept(m);
  }

  static Map<String, Object> map(Object... kv) {
    Map<String, Object> m = new LinkedHashMap<>();
    for (int i = 0; i < kv.length; i += 2) m.put((String) kv[i], kv[i + 1]);
    return m;
  }

  static String json(Object o) {
    StringBuilder b = new StringBuilder();
    write(b, o);
    return b.toString();
  }

  private static void write(StringBuilder b, Object o) {
    if (o == null || o instanceof Boolean) b.append(o);
    else if (o instanceof Double && (((Double) o).isNaN() || ((Double) o).isInfinite())) b.append("null");
    else if (o instanceof Number) b.append(o);
    else if (o instanceof Map) {
      b.append('{');
      boolean first = true;
      for (Map.Entry<?, ?> e : ((Map<?, ?>) o).entrySet()) {
        if (!first) b.append(',');
        first = false;
        str(b, String.valueOf(e.getKey()));
        b.append(':');
        write(b, e.getValue());
      }
      b.append('}');
    } else if (o instanceof Iterable) {
      b.append('[');
      boolean first = true;
      for (Object x : (Iterable<?>) o) {
        if (!first) b.append(',');
        first = false;
        write(b, x);
      }
      b.append(']');
    } else str(b, String.valueOf(o));
  }

  private static void str(StringBuilder b, String s) {
    b.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '"' || c == '\\') b.append('\\').append(c);
      else if (c == '\n') b.append("\\n");
      else if (c < 0x20 || c == 0x7f || c == 0x2028 || c == 0x2029 || Character.isSurrogate(c)) b.append(String.format("\\u%04x", (int) c));
      else b.append(c);
    }
    b.append('"');
  }

  private static final char[] HEX = "0123456789abcdef".toCharArray();

  static String hex(byte[] a) { return hex(a, 0, a.length); }

  static String hex(byte[] a, int off, int n) {
    char[] c = new char[n * 2];
    for (int i = 0; i < n; i++) {
      c[2 * i] = HEX[(a[off + i] >> 4) & 15];
      c[2 * i + 1] = HEX[a[off + i] & 15];
    }
    return new String(c);
  }

  static byte[] unhex(String s) {
    s = s.replaceAll("\\s+", "");
    if ((s.length() & 1) != 0) throw new IllegalArgumentException("odd number of hex digits");
    byte[] r = new byte[s.length() / 2];
    for (int i = 0; i < r.length; i++) r[i] = (byte) Integer.parseInt(s.substring(2 * i, 2 * i + 2), 16);
    return r;
  }
}
